/* wire: a test's connections, and expectations over what comes back. */
#include "tests/wire/wire_priv.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 4096, MOST_OWN = 16, SOON_S = 20 };

static struct wire_server shared;
static bool shared_held;
static struct wire_server own[MOST_OWN];
static int own_count;
static redisContext *contexts[MOST_CONNECTIONS];
static int context_count;
static int sockets[MOST_CONNECTIONS];
static int socket_count;

struct wire_resp3 {
    int fd;
    int protocol;
    char *data; /* received and not yet read */
    size_t len, cap;
};
static struct wire_resp3 *threes[MOST_CONNECTIONS];
static int three_count;

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- failing ---------------------------------------------------------- */

static void print_log_tail(const struct wire_server *s, const char *which)
{
    char *log = server_log(s);
    size_t len = strlen(log);
    fprintf(stderr, "--- end of the log of %s:\n%s\n---\n", which, len > 3000 ? log + len - 3000 : log);
    free(log);
}

void wire_fail(const char *file, int line, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    for (int i = 0; i < own_count; i++)
        print_log_tail(&own[i], "a server of this test");
    if (shared_held && server_connect(&shared) < 0)
        print_log_tail(&shared, "the shared server, which is gone");
    cr_assert(false, "%s:%d: %s", file, line, text);
}

#define die(...) wire_fail(__FILE__, __LINE__, __VA_ARGS__)

/* ---- begin and end ---------------------------------------------------- */

redisContext *client_open(const struct wire_server *s)
{
    redisContext *c = redisConnectUnix(s->socket);
    if (c == NULL || c->err) {
        if (c != NULL)
            redisFree(c);
        return NULL;
    }
    redisSetTimeout(c, (struct timeval){WIRE_PATIENCE_S, 0});
    return c;
}

static void run_quietly(redisContext *c, const char *command)
{
    redisReply *r = redisCommand(c, command);
    if (r != NULL)
        freeReplyObject(r);
}

void wire_begin(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (!shared_take(&shared)) {
        shared = *wire_start(NULL, NULL);
        return;
    }
    shared_held = true;
    redisContext *c = client_open(&shared);
    if (c == NULL)
        die("the shared server takes no connection");
    run_quietly(c, "CLIENT UNPAUSE");
    shared_restore(c);
    redisReply *r = redisCommand(c, "FLUSHALL");
    if (r == NULL || r->type != REDIS_REPLY_STATUS)
        die("FLUSHALL of the shared server: %s", r == NULL ? c->errstr : r->str);
    freeReplyObject(r);
    redisFree(c);
}

void clients_end(void)
{
    for (int i = 0; i < context_count; i++)
        if (contexts[i] != NULL)
            redisFree(contexts[i]);
    for (int i = 0; i < socket_count; i++)
        close(sockets[i]);
    for (int i = 0; i < three_count; i++) {
        if (threes[i]->fd >= 0)
            close(threes[i]->fd);
        free(threes[i]->data);
        free(threes[i]);
    }
    context_count = socket_count = three_count = 0;
}

void wire_end(void)
{
    clients_end();
    char *whys[MOST_OWN] = {0};
    int stopped = own_count;
    for (int i = 0; i < stopped; i++)
        whys[i] = own[i].dir[0] != '\0' ? server_stop(&own[i]) : NULL;
    own_count = 0;
    shared_release();
    shared_held = false;
    for (int i = 0; i < stopped; i++) {
        cr_expect(whys[i] == NULL, "%s", whys[i]);
        free(whys[i]);
    }
}

struct wire_server *wire_shared(void)
{
    if (shared.dir[0] == '\0')
        die("no server: the test is in no WIRE_SUITE");
    return &shared;
}

enum { MOST_ARGUMENTS = 60 };

static void collect(const char **arguments, const char *first, va_list rest)
{
    int n = 0;
    for (const char *a = first; a != NULL && n < MOST_ARGUMENTS; a = va_arg(rest, const char *))
        arguments[n++] = a;
    arguments[n] = NULL;
}

struct wire_server *wire_start(const char *argument, ...)
{
    const char *arguments[MOST_ARGUMENTS + 1];
    va_list rest;
    va_start(rest, argument);
    collect(arguments, argument, rest);
    va_end(rest);
    if (own_count == MOST_OWN)
        die("too many servers in one test");
    struct wire_server *s = &own[own_count];
    char *why = server_start(s, arguments, true);
    if (why != NULL)
        die("%s", why);
    own_count++;
    return s;
}

char *wire_start_fails(int *status, const char *argument, ...)
{
    const char *arguments[MOST_ARGUMENTS + 1];
    va_list rest;
    va_start(rest, argument);
    collect(arguments, argument, rest);
    va_end(rest);
    char *text = server_run(status, arguments);
    *status = WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : WEXITSTATUS(*status);
    return text;
}

void wire_stop(struct wire_server *s)
{
    char *why = server_stop(s);
    s->dir[0] = '\0';
    if (why != NULL)
        die("%s", why);
}

void wire_kill(struct wire_server *s)
{
    if (s->pid == 0)
        return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

int wire_wait_exit(struct wire_server *s)
{
    int status = 0;
    double until = seconds_now() + WIRE_PATIENCE_S;
    while (waitpid(s->pid, &status, WNOHANG) == 0) {
        if (seconds_now() > until)
            die("the server has not ended");
        poll(NULL, 0, 1);
    }
    s->pid = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

char *wire_log(const struct wire_server *s)
{
    return server_log(s);
}

/* ---- RESP2 through hiredis -------------------------------------------- */

static redisContext *context_add(redisContext *c)
{
    if (c == NULL || c->err)
        die("cannot connect: %s", c == NULL ? "refused" : c->errstr);
    redisSetTimeout(c, (struct timeval){WIRE_PATIENCE_S, 0});
    if (context_count == MOST_CONNECTIONS)
        die("too many connections in one test");
    return contexts[context_count++] = c;
}

redisContext *wire_client(void)
{
    return wire_client_of(wire_shared());
}

redisContext *wire_client_of(const struct wire_server *s)
{
    return context_add(client_open(s));
}

redisContext *wire_client_tcp(const struct wire_server *s)
{
    return context_add(redisConnect("127.0.0.1", s->port));
}

void wire_close(redisContext *c)
{
    for (int i = 0; i < context_count; i++)
        if (contexts[i] == c)
            contexts[i] = NULL;
    redisFree(c);
}

/* hiredis's reply in our words. RESP2 can't tell its two nulls apart here; raw tests do. */
static struct resp3_value *value_of(const redisReply *r)
{
    struct resp3_value *v = calloc(1, sizeof *v);
    if (v == NULL)
        abort();
    switch (r->type) {
    case REDIS_REPLY_STATUS:
        v->type = RESP3_STATUS;
        break;
    case REDIS_REPLY_ERROR:
        v->type = RESP3_ERROR;
        break;
    case REDIS_REPLY_INTEGER:
        v->type = RESP3_INT;
        v->integer = r->integer;
        break;
    case REDIS_REPLY_STRING:
        v->type = RESP3_BULK;
        break;
    case REDIS_REPLY_ARRAY:
        v->type = RESP3_ARRAY;
        v->items = calloc(r->elements + 1, sizeof *v->items);
        if (v->items == NULL)
            abort();
        for (; v->count < r->elements; v->count++)
            v->items[v->count] = value_of(r->element[v->count]);
        return v;
    default:
        v->type = RESP3_NULL;
        return v;
    }
    if (r->type != REDIS_REPLY_INTEGER) {
        v->len = r->len;
        v->text = malloc(v->len + 1);
        if (v->text == NULL)
            abort();
        memcpy(v->text, r->str, v->len);
        v->text[v->len] = '\0';
    }
    return v;
}

static char *reply_text(const redisReply *r, bool sorted)
{
    struct resp3_value *v = value_of(r);
    char *text = sorted ? resp3_text_sorted(v) : resp3_text(v);
    resp3_destroy(v);
    return text;
}

char *wire_reply_text(const redisReply *reply)
{
    return reply_text(reply, false);
}

static redisReply *command_at(const char *file, int line, redisContext *c, const char *format, va_list args)
{
    redisReply *r = redisvCommand(c, format, args);
    if (r == NULL)
        wire_fail(file, line, "%s: no reply: %s", format, c->errstr[0] ? c->errstr : strerror(errno));
    return r;
}

void wire_expect(const char *file, int line, redisContext *c, const char *text, bool sorted,
                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *r = command_at(file, line, c, format, args);
    va_end(args);
    char *got = reply_text(r, sorted);
    freeReplyObject(r);
    if (strcmp(got, text) != 0)
        wire_fail(file, line, "%s: expected %s, got %s", format, text, got);
    free(got);
}

void wire_expect_soon(const char *file, int line, redisContext *c, const char *text, const char *format, ...)
{
    double until = seconds_now() + SOON_S;
    for (;;) {
        va_list args;
        va_start(args, format);
        redisReply *r = command_at(file, line, c, format, args);
        va_end(args);
        char *got = reply_text(r, false);
        freeReplyObject(r);
        bool same = strcmp(got, text) == 0;
        if (!same && seconds_now() > until)
            wire_fail(file, line, "%s: expected at last %s, got %s", format, text, got);
        free(got);
        if (same)
            return;
        poll(NULL, 0, 2);
    }
}

void wire_expect_int(const char *file, int line, redisContext *c, long long low, long long high,
                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *r = command_at(file, line, c, format, args);
    va_end(args);
    if (r->type != REDIS_REPLY_INTEGER || r->integer < low || r->integer > high) {
        char *got = reply_text(r, false);
        if (low == high)
            wire_fail(file, line, "%s: expected %lld, got %s", format, low, got);
        wire_fail(file, line, "%s: expected %lld to %lld, got %s", format, low, high, got);
    }
    freeReplyObject(r);
}

void wire_expect_bulk(const char *file, int line, redisContext *c, const char *value, size_t len,
                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *r = command_at(file, line, c, format, args);
    va_end(args);
    if (r->type != REDIS_REPLY_STRING || (size_t)r->len != len || memcmp(r->str, value, len) != 0) {
        char *got = reply_text(r, false);
        struct resp3_value wanted = {.type = RESP3_BULK, .text = (char *)value, .len = len};
        char *want = resp3_text(&wanted);
        wire_fail(file, line, "%s: expected %.500s, got %.500s", format, want, got);
    }
    freeReplyObject(r);
}

void wire_expect_error(const char *file, int line, redisContext *c, const char *text, bool prefix,
                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *r = command_at(file, line, c, format, args);
    va_end(args);
    bool same = r->type == REDIS_REPLY_ERROR &&
                (prefix ? strncmp(r->str, text, strlen(text)) == 0 : strcmp(r->str, text) == 0);
    if (!same)
        wire_fail(file, line, "%s: expected error %s, got %s", format, text, reply_text(r, false));
    freeReplyObject(r);
}

void wire_expect_next(const char *file, int line, redisContext *c, const char *text)
{
    void *r = NULL;
    if (redisGetReply(c, &r) != REDIS_OK)
        wire_fail(file, line, "waiting for %s: %s", text, c->errstr);
    char *got = reply_text(r, false);
    freeReplyObject(r);
    if (strcmp(got, text) != 0)
        wire_fail(file, line, "waiting for %s, got %s", text, got);
    free(got);
}

void wire_expect_closed(const char *file, int line, redisContext *c)
{
    wire_raw_expect_closed(file, line, -c->fd - 1);
}

redisReply *wire_command(redisContext *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *r = command_at(__FILE__, __LINE__, c, format, args);
    va_end(args);
    return r;
}

long long wire_int(redisContext *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *r = command_at(__FILE__, __LINE__, c, format, args);
    va_end(args);
    long long v = r->integer;
    if (r->type == REDIS_REPLY_STRING)
        v = atoll(r->str);
    else if (r->type != REDIS_REPLY_INTEGER)
        die("%s: expected an integer, got %s", format, reply_text(r, false));
    freeReplyObject(r);
    return v;
}

char *wire_text(redisContext *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    redisReply *r = command_at(__FILE__, __LINE__, c, format, args);
    va_end(args);
    if (r->type != REDIS_REPLY_STRING && r->type != REDIS_REPLY_STATUS && r->type != REDIS_REPLY_ERROR)
        die("%s: expected a text, got %s", format, reply_text(r, false));
    char *text = strndup(r->str, r->len);
    freeReplyObject(r);
    return text;
}

void wire_send(redisContext *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int failed = redisvAppendCommand(c, format, args) != REDIS_OK;
    va_end(args);
    for (int done = 0; !failed && !done;)
        failed = redisBufferWrite(c, &done) != REDIS_OK;
    if (failed)
        die("sending %s: %s", format, c->errstr);
}

char *wire_info(redisContext *c, const char *field)
{
    char *all = wire_text(c, "INFO everything");
    size_t len = strlen(field);
    char *value = NULL;
    for (char *at = all; at != NULL && value == NULL;) {
        if (strncmp(at, field, len) == 0 && at[len] == ':')
            value = strndup(at + len + 1, strcspn(at + len + 1, "\r\n"));
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    free(all);
    return value;
}

long long wire_info_int(redisContext *c, const char *field)
{
    char *text = wire_info(c, field);
    long long v = text == NULL ? -1 : atoll(text);
    free(text);
    return v;
}

void wire_config_by(redisContext *c, const char *name, const char *value)
{
    redisReply *r = wire_command(c, "CONFIG GET %s", name);
    if (r->type != REDIS_REPLY_ARRAY || r->elements != 2)
        die("CONFIG GET %s: %s", name, reply_text(r, false));
    shared_remember(name, r->element[1]->str);
    freeReplyObject(r);
    expect_ok(c, "CONFIG SET %s %s", name, value);
}

void wire_config(const char *name, const char *value)
{
    redisContext *c = wire_client();
    wire_config_by(c, name, value);
    wire_close(c);
}

/* ---- RESP3 ------------------------------------------------------------ */

struct wire_resp3 *resp3_client_silent(const struct wire_server *s)
{
    struct wire_resp3 *c = calloc(1, sizeof *c);
    if (c == NULL || three_count == MOST_CONNECTIONS)
        abort();
    c->fd = server_connect(s);
    c->protocol = 2;
    if (c->fd < 0)
        die("cannot connect");
    return threes[three_count++] = c;
}

struct wire_resp3 *resp3_client_of(const struct wire_server *s)
{
    struct wire_resp3 *c = resp3_client_silent(s);
    c->protocol = 3;
    struct resp3_value *v = resp3_command(c, "HELLO 3");
    if (v->type != RESP3_MAP)
        die("HELLO 3: got %s", resp3_text(v));
    resp3_destroy(v);
    return c;
}

struct wire_resp3 *resp3_client(void)
{
    return resp3_client_of(wire_shared());
}

void resp3_protocol(struct wire_resp3 *c, int protocol)
{
    c->protocol = protocol;
}

void resp3_close(struct wire_resp3 *c)
{
    close(c->fd);
    c->fd = -1;
}

static void resp3_send_list(struct wire_resp3 *c, const char *format, va_list args)
{
    char *bytes = NULL;
    int len = redisvFormatCommand(&bytes, format, args);
    if (len < 0)
        die("cannot format %s", format);
    raw_send(c->fd, bytes, (size_t)len);
    free(bytes);
}

void resp3_send(struct wire_resp3 *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    resp3_send_list(c, format, args);
    va_end(args);
}

/* Waits for bytes: their number, 0 at the end of the stream, -1 when nothing comes. */
static ssize_t receive_some(int fd, char *bytes, size_t room)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, WIRE_PATIENCE_S * 1000) != 1)
        return -1;
    ssize_t n = read(fd, bytes, room);
    return n < 0 && (errno == ECONNRESET || errno == EPIPE) ? 0 : n;
}

struct resp3_value *resp3_receive(struct wire_resp3 *c)
{
    for (;;) {
        struct resp3_value *v = NULL;
        size_t used = 0;
        const char *why = NULL;
        enum resp3_outcome outcome = resp3_read(c->data, c->len, c->protocol, &v, &used, &why);
        if (outcome == RESP3_COMPLETE) {
            memmove(c->data, c->data + used, c->len - used);
            c->len -= used;
            return v;
        }
        if (outcome == RESP3_MALFORMED) {
            struct resp3_value seen = {.type = RESP3_BULK, .text = c->data, .len = c->len};
            die("malformed reply, %s: %.500s", why, resp3_text(&seen));
        }
        if (c->cap - c->len < 16384) {
            c->cap = c->cap * 2 + 65536;
            c->data = realloc(c->data, c->cap);
            if (c->data == NULL)
                abort();
        }
        ssize_t n = receive_some(c->fd, c->data + c->len, c->cap - c->len);
        if (n <= 0)
            die("%s while waiting for a reply", n == 0 ? "the server closed" : "nothing came");
        c->len += (size_t)n;
    }
}

struct resp3_value *resp3_command(struct wire_resp3 *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    resp3_send_list(c, format, args);
    va_end(args);
    return resp3_receive(c);
}

static void check3(const char *file, int line, struct wire_resp3 *c, const char *text, bool sorted,
                   const char *what)
{
    struct resp3_value *v = resp3_receive(c);
    char *got = sorted ? resp3_text_sorted(v) : resp3_text(v);
    resp3_destroy(v);
    if (strcmp(got, text) != 0)
        wire_fail(file, line, "%s: expected %s, got %s", what, text, got);
    free(got);
}

void wire_expect3(const char *file, int line, struct wire_resp3 *c, const char *text, bool sorted,
                  const char *format, ...)
{
    va_list args;
    va_start(args, format);
    resp3_send_list(c, format, args);
    va_end(args);
    check3(file, line, c, text, sorted, format);
}

void wire_expect3_next(const char *file, int line, struct wire_resp3 *c, const char *text)
{
    check3(file, line, c, text, false, "the next value");
}

/* ---- raw bytes -------------------------------------------------------- */

int raw_client_of(const struct wire_server *s)
{
    int fd = server_connect(s);
    if (fd < 0 || socket_count == MOST_CONNECTIONS)
        die("cannot connect");
    sockets[socket_count++] = fd;
    return fd;
}

int raw_client(void)
{
    return raw_client_of(wire_shared());
}

long long raw_id(int fd)
{
    raw_say(fd, "CLIENT ID\r\n");
    char digits[24];
    size_t n = 0;
    do
        raw_receive(fd, &digits[n], 1);
    while (digits[n++] != '\n');
    return atoll(digits + 1);
}

void expect_waiting(redisContext *c, long long id, long long bytes)
{
    for (int i = 0; i < 4000; i++) {
        char *list = wire_text(c, "CLIENT LIST ID %lld", id);
        char *qbuf = strstr(list, " qbuf=");
        long long have = qbuf ? atoll(qbuf + 6) : -1;
        free(list);
        if (have >= bytes)
            return;
        wire_pause_ms(5);
    }
    cr_assert_fail("%lld bytes never waited", bytes);
}

bool raw_try_send(int fd, const char *bytes, size_t len)
{
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(fd, bytes + sent, len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        sent += (size_t)n;
    }
    return true;
}

void raw_send(int fd, const char *bytes, size_t len)
{
    if (!raw_try_send(fd, bytes, len))
        die("sending %zu bytes: %s", len, strerror(errno));
}

void raw_receive(int fd, char *bytes, size_t len)
{
    for (size_t got = 0; got < len;) {
        ssize_t n = receive_some(fd, bytes + got, len - got);
        if (n <= 0)
            die("%s after %zu of %zu bytes", n == 0 ? "the server closed" : "nothing came", got, len);
        got += (size_t)n;
    }
}

void wire_raw_expect(const char *file, int line, int fd, const char *bytes, size_t len)
{
    char *got = malloc(len + 1);
    if (got == NULL)
        abort();
    for (size_t at = 0; at < len;) {
        ssize_t n = receive_some(fd, got + at, len - at);
        size_t have = n > 0 ? at + (size_t)n : at;
        if (n <= 0 || memcmp(got + at, bytes + at, (size_t)n) != 0) {
            struct resp3_value wanted = {.type = RESP3_BULK, .text = (char *)bytes, .len = len};
            struct resp3_value came = {.type = RESP3_BULK, .text = got, .len = have};
            wire_fail(file, line, "expected %.1000s, got %.1000s%s", resp3_text(&wanted), resp3_text(&came),
                      n == 0  ? " and the end"
                      : n < 0 ? " and then nothing"
                              : "");
        }
        at = have;
    }
    free(got);
}

/* fd is negative for a connection whose unread bytes may be skipped. */
void wire_raw_expect_closed(const char *file, int line, int fd)
{
    bool skip = fd < 0;
    char bytes[4096];
    ssize_t n;
    while ((n = receive_some(skip ? -fd - 1 : fd, bytes, sizeof bytes)) > 0 && skip)
        ;
    if (n == 0)
        return;
    struct resp3_value came = {.type = RESP3_BULK, .text = bytes, .len = n > 0 ? (size_t)n : 0};
    wire_fail(file, line, "expected the end of the connection, got %.1000s",
              n > 0 ? resp3_text(&came) : "nothing");
}
