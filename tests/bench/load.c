/* load: sends requests made from a template to a RESP server, checks that no
 * reply is an error, and prints one line of JSON: rates and latencies.
 *
 * Closed loop (default): CONNS connections, each sends DEPTH requests, reads
 * their replies, sends again, until REQUESTS are answered. A request's latency
 * runs from its batch's write to the read that held its reply.
 * Open loop (--rate with --seconds): requests are due at even intervals, in turn
 * over the connections, whatever the server does; latency runs from the moment
 * when a request was due, so a stall counts against every request that waited.
 *
 * The template is a command whose words hold what changes from request to request:
 *   {key}    twelve digits, random below KEYS       {seq}   twelve digits, 0, 1, 2, ...
 *   {value}  BYTES fixed bytes                      {random}  BYTES new letters
 *   {A-B}    a random number between, in the digits that B has
 * e.g.  load --port 6379 --pipeline 16 "SET key:{key} {value}" */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define INPUT (256 * 1024)
#define FIELDS 256
#define STALL_SECONDS 60

/* ---- options ---------------------------------------------------------- */

static struct {
    int port;
    unsigned conns, depth;
    uint64_t requests, keys, seq;
    size_t bytes;
    double rate, seconds;
    uint64_t seed;
} option = {
    .port = 6379, .conns = 50, .depth = 1, .requests = 100000, .keys = 1000000, .bytes = 64, .seed = 1};

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    exit(1);
}

static uint64_t random_next(void)
{
    uint64_t z = option.seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t random_below(uint64_t n)
{
    return (uint64_t)(((unsigned __int128)random_next() * n) >> 64);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the template ----------------------------------------------------- */

struct field {
    enum { FIELD_KEY, FIELD_SEQ, FIELD_RANDOM, FIELD_RANGE } kind;
    size_t at, width;
    uint64_t low, high;
};

static struct {
    char *text; /* one encoded request; what changes is overwritten at its fields */
    size_t len;
    struct field fields[FIELDS];
    unsigned count;
} request;

static void request_append(const char *bytes, size_t len)
{
    request.text = realloc(request.text, request.len + len + 1);
    memcpy(request.text + request.len, bytes, len);
    request.len += len;
}

/* Appends one placeholder of a word's expansion to word; gives its length. */
static size_t expand_field(const char *name, size_t name_len, char *word, size_t at)
{
    struct field f = {.kind = FIELD_KEY, .at = at, .width = 12};
    if (name_len == 5 && !memcmp(name, "value", 5)) {
        for (size_t i = 0; i < option.bytes; i++)
            word[i] = (char)('a' + i * 7 % 26);
        return option.bytes;
    }
    if (name_len == 3 && !memcmp(name, "seq", 3)) {
        f.kind = FIELD_SEQ;
    } else if (name_len == 6 && !memcmp(name, "random", 6)) {
        f.kind = FIELD_RANDOM;
        f.width = option.bytes;
    } else if (name_len != 3 || memcmp(name, "key", 3)) {
        char *end;
        f.kind = FIELD_RANGE;
        f.low = strtoull(name, &end, 10);
        if (*end != '-')
            fail("unknown placeholder {%.*s}", (int)name_len, name);
        char *digits = end + 1;
        f.high = strtoull(digits, &end, 10);
        f.width = (size_t)(end - digits);
        if (end != name + name_len || f.high < f.low)
            fail("bad range {%.*s}", (int)name_len, name);
    }
    if (request.count == FIELDS)
        fail("more than %d placeholders", FIELDS);
    request.fields[request.count++] = f;
    memset(word, '0', f.width);
    return f.width;
}

static void request_compile(const char *template)
{
    unsigned words = 0;
    for (const char *p = template; *p;) {
        p += strspn(p, " ");
        words += *p != 0;
        p += strcspn(p, " ");
    }
    char head[32];
    request_append(head, (size_t)snprintf(head, sizeof head, "*%u\r\n", words));
    for (const char *p = template; p += strspn(p, " "), *p;) {
        size_t len = strcspn(p, " "), used = 0;
        char *word = malloc(len + (option.bytes + 24) * (len / 3 + 1));
        unsigned first = request.count;
        for (size_t i = 0; i < len; i++) {
            const char *close = p[i] == '{' ? memchr(p + i, '}', len - i) : NULL;
            if (!close) {
                word[used++] = p[i];
                continue;
            }
            used += expand_field(p + i + 1, (size_t)(close - p) - i - 1, word + used, used);
            i = (size_t)(close - p);
        }
        request_append(head, (size_t)snprintf(head, sizeof head, "$%zu\r\n", used));
        for (unsigned i = first; i < request.count; i++)
            request.fields[i].at += request.len;
        request_append(word, used);
        request_append("\r\n", 2);
        free(word);
        p += len;
    }
}

static void put_digits(char *to, size_t width, uint64_t value)
{
    while (width--) {
        to[width] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* Gives the request at `to` new values in its fields. */
static void request_vary(char *to)
{
    for (unsigned i = 0; i < request.count; i++) {
        const struct field *f = &request.fields[i];
        switch (f->kind) {
        case FIELD_KEY:
            put_digits(to + f->at, f->width, random_below(option.keys));
            break;
        case FIELD_SEQ:
            put_digits(to + f->at, f->width, option.seq++);
            break;
        case FIELD_RANGE:
            put_digits(to + f->at, f->width, f->low + random_below(f->high - f->low + 1));
            break;
        case FIELD_RANDOM:
            for (size_t j = 0; j < f->width;) {
                uint64_t r = random_next();
                for (int k = 0; k < 10 && j < f->width; k++, r >>= 6)
                    to[f->at + j++] =
                        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[r & 63];
            }
            break;
        }
    }
}

/* ---- latencies: 64 buckets for every power of two nanoseconds ---------- */

static struct {
    uint64_t buckets[64 * 64];
    uint64_t count;
    double highest;
} times;

static void times_add(double seconds)
{
    uint64_t ns = seconds > 0 ? (uint64_t)(seconds * 1e9) : 0;
    unsigned bits = ns < 64 ? 0 : 63 - (unsigned)__builtin_clzll(ns) - 5;
    times.buckets[bits * 64 + (ns >> bits)]++;
    times.count++;
    if (seconds > times.highest)
        times.highest = seconds;
}

/* The latency in microseconds that the given share of requests kept within. */
static double times_at(double share)
{
    uint64_t wanted = (uint64_t)(share * (double)times.count), seen = 0;
    for (unsigned i = 0; i < 64 * 64; i++) {
        seen += times.buckets[i];
        if (seen > wanted)
            return ((double)((uint64_t)(i % 64) << (i / 64)) + (double)(1ull << (i / 64)) / 2) / 1e3;
    }
    return times.highest * 1e6;
}

/* ---- connections ------------------------------------------------------ */

struct conn {
    int fd;
    char *out; /* closed loop: the batch, rewritten in place; open loop: a growing buffer */
    size_t out_at, out_len, out_cap;
    double *due; /* ring: when each request in flight was due */
    unsigned head, tail, ring;
    /* the reader: bytes of a bulk still to skip, elements of the reply still to come */
    uint64_t skip, elements;
    char line[128];
    unsigned line_len;
};

static int epoll_fd;
static uint64_t sent, answered, errors;
static char first_error[128];
static char input[INPUT];

static void conn_open(struct conn *c)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)option.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address))
        fail("connect: %s", strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
    c->ring = 1;
    while (c->ring < (option.rate > 0 ? 65536 : option.depth))
        c->ring *= 2;
    c->due = malloc(c->ring * sizeof *c->due);
}

static void conn_write(struct conn *c)
{
    bool waited = c->out_at > 0;
    while (c->out_at < c->out_len) {
        ssize_t n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
            epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
            return;
        }
        if (n < 0)
            fail("send: %s", strerror(errno));
        c->out_at += (size_t)n;
    }
    c->out_at = c->out_len = 0;
    if (waited) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
    }
}

/* Closed loop: the next batch, cut to what is still to be sent. */
static void conn_send_batch(struct conn *c)
{
    uint64_t left = option.requests - sent, count = left < option.depth ? left : option.depth;
    if (!count)
        return;
    if (!c->out) {
        c->out = malloc(request.len * option.depth);
        for (unsigned i = 0; i < option.depth; i++)
            memcpy(c->out + i * request.len, request.text, request.len);
    }
    for (uint64_t i = 0; i < count; i++)
        request_vary(c->out + i * request.len);
    double t = now();
    for (uint64_t i = 0; i < count; i++)
        c->due[c->head++ & (c->ring - 1)] = t;
    sent += count;
    c->out_at = 0;
    c->out_len = count * request.len;
    conn_write(c);
}

/* Open loop: one request that was due at `due`. */
static void conn_send_due(struct conn *c, double due)
{
    if (c->head - c->tail == c->ring)
        fail("more than %u requests in flight on a connection", c->ring);
    if (c->out_cap < c->out_len + request.len) {
        c->out_cap = (c->out_len + request.len) * 2;
        c->out = realloc(c->out, c->out_cap);
    }
    memcpy(c->out + c->out_len, request.text, request.len);
    request_vary(c->out + c->out_len);
    c->out_len += request.len;
    c->due[c->head++ & (c->ring - 1)] = due;
    sent++;
    if (c->out_at == 0)
        conn_write(c);
}

/* One reply element ended; at is when its bytes were read. */
static void element_done(struct conn *c, double at)
{
    if (c->elements) {
        if (--c->elements)
            return;
    }
    if (c->head == c->tail)
        fail("a reply that nobody asked for");
    times_add(at - c->due[c->tail++ & (c->ring - 1)]);
    answered++;
}

static void line_done(struct conn *c, double at)
{
    c->line[c->line_len] = 0;
    c->line_len = 0;
    int64_t n;
    switch (c->line[0]) {
    case '-':
        if (!errors++)
            snprintf(first_error, sizeof first_error, "%s", c->line);
        element_done(c, at);
        break;
    case '+':
    case ':':
        element_done(c, at);
        break;
    case '$':
        n = strtoll(c->line + 1, NULL, 10);
        if (n >= 0)
            c->skip = (uint64_t)n + 2;
        else
            element_done(c, at);
        break;
    case '*':
        n = strtoll(c->line + 1, NULL, 10);
        if (n > 0)
            c->elements = (c->elements ? c->elements - 1 : 0) + (uint64_t)n;
        else
            element_done(c, at);
        break;
    default:
        fail("not a reply: %s", c->line);
    }
}

static void parse(struct conn *c, const char *p, const char *end, double at)
{
    while (p < end) {
        if (c->skip) {
            uint64_t n = c->skip < (uint64_t)(end - p) ? c->skip : (uint64_t)(end - p);
            p += n;
            c->skip -= n;
            if (!c->skip)
                element_done(c, at);
            continue;
        }
        char byte = *p++;
        if (byte == '\n')
            line_done(c, at);
        else if (byte != '\r' && c->line_len < sizeof c->line - 1)
            c->line[c->line_len++] = byte;
    }
}

static void conn_read(struct conn *c)
{
    /* The rest of a big value is dropped in the kernel: the reader must cost little beside the server. */
    bool drop = c->skip > INPUT;
    ssize_t n = recv(c->fd, input, drop ? c->skip : INPUT, MSG_DONTWAIT | (drop ? MSG_TRUNC : 0));
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        fail("the server closed a connection after %" PRIu64 " replies", answered);
    double at = now();
    if (drop) {
        c->skip -= (uint64_t)n;
        if (!c->skip)
            element_done(c, at);
    } else {
        parse(c, input, input + n, at);
    }
    if (option.rate <= 0 && c->head == c->tail)
        conn_send_batch(c);
}

/* ---- main ------------------------------------------------------------- */

static void options_read(int argc, char **argv)
{
    static const struct option known[] = {
        {"port", 1, 0, 'p'},     {"conns", 1, 0, 'c'},
        {"pipeline", 1, 0, 'P'}, {"requests", 1, 0, 'n'},
        {"keys", 1, 0, 'r'},     {"bytes", 1, 0, 'd'},
        {"rate", 1, 0, 'R'},     {"seconds", 1, 0, 'S'},
        {"seed", 1, 0, 's'},     {0},
    };
    for (int o; (o = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (o) {
        case 'p':
            option.port = atoi(optarg);
            break;
        case 'c':
            option.conns = (unsigned)atoi(optarg);
            break;
        case 'P':
            option.depth = (unsigned)atoi(optarg);
            break;
        case 'n':
            option.requests = strtoull(optarg, NULL, 10);
            break;
        case 'r':
            option.keys = strtoull(optarg, NULL, 10);
            break;
        case 'd':
            option.bytes = strtoull(optarg, NULL, 10);
            break;
        case 'R':
            option.rate = atof(optarg);
            break;
        case 'S':
            option.seconds = atof(optarg);
            break;
        case 's':
            option.seed = strtoull(optarg, NULL, 10);
            break;
        default:
            exit(2);
        }
    }
    if (optind + 1 != argc || !option.conns || !option.depth || !option.keys) {
        fputs("usage: load [--port N] [--conns N] [--pipeline N] [--requests N | --rate N --seconds N] "
              "[--keys N]\n"
              "            [--bytes N] [--seed N] \"COMMAND with {key} {value} ...\"\n",
              stderr);
        exit(2);
    }
    request_compile(argv[optind]);
    if (option.rate > 0)
        option.requests = (uint64_t)(option.rate * option.seconds);
}

int main(int argc, char **argv)
{
    options_read(argc, argv);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct conn *conns = calloc(option.conns, sizeof *conns);
    for (unsigned i = 0; i < option.conns; i++)
        conn_open(&conns[i]);
    double start = now(), progress = start;
    uint64_t before = 0;
    if (option.rate <= 0) {
        for (unsigned i = 0; i < option.conns; i++)
            conn_send_batch(&conns[i]);
    }
    while (answered < option.requests) {
        if (option.rate > 0) {
            double t = now(), due;
            while (sent < option.requests && (due = start + (double)sent / option.rate) <= t)
                conn_send_due(&conns[sent % option.conns], due);
        }
        struct epoll_event events[256];
        /* The open loop spins: a wake-up by timer would be late by what it measures. Slow ones may sleep. */
        int wait = option.rate > 0 && sent < option.requests ? (option.rate < 1000 ? 1 : 0) : 1000;
        int n = epoll_wait(epoll_fd, events, 256, wait);
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;
            if (events[i].events & EPOLLOUT)
                conn_write(c);
            if (events[i].events & ~(uint32_t)EPOLLOUT)
                conn_read(c);
        }
        if (answered != before) {
            before = answered;
            progress = n ? now() : progress;
        } else if (now() - progress > STALL_SECONDS) {
            fail("no reply for %d s; %" PRIu64 " of %" PRIu64 " answered", STALL_SECONDS, answered,
                 option.requests);
        }
    }
    double seconds = now() - start;
    for (char *p = first_error; *p; p++)
        *p = *p == '"' || *p == '\\' ? '\'' : *p;
    printf("{\"requests\": %" PRIu64
           ", \"seconds\": %.6f, \"rate\": %.0f, \"p50_us\": %.2f, \"p99_us\": %.2f, "
           "\"p999_us\": %.2f, \"max_us\": %.2f, \"errors\": %" PRIu64 ", \"first_error\": \"%s\"}\n",
           answered, seconds, (double)answered / seconds, times_at(.5), times_at(.99), times_at(.999),
           times.highest * 1e6, errors, first_error);
    return errors ? 1 : 0;
}
