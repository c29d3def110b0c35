/* wire_server: starts, finds and ends the servers that wire tests talk to.
 *
 * 1. A server lives in a directory of its own: socket, log, sanitizer reports.
 * 2. Ready means that it accepts a connection; nobody sleeps and hopes.
 * 3. No server outlives the process that started it (PR_SET_PDEATHSIG), so a
 *    crashed runner leaves nothing behind.
 * 4. A server ends cleanly or its end is reported: exit status, sanitizer files. */
#include "tests/wire/wire_priv.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ARGUMENTS = 64, MOST_SHARED = 16, PORT_TRIES = 20 };

void wire_pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *text_format(const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    return text;
}

/* The file's bytes with a NUL behind them; "" when there is none. */
static char *file_text(const char *path)
{
    FILE *f = fopen(path, "r");
    size_t len = 0, cap = 4096;
    char *text = malloc(cap);
    while (f != NULL && text != NULL) {
        size_t n = fread(text + len, 1, cap - len - 1, f);
        if (n == 0)
            break;
        len += n;
        if (cap - len < 2)
            text = realloc(text, cap *= 2);
    }
    if (text == NULL)
        abort();
    if (f != NULL)
        fclose(f);
    text[len] = '\0';
    return text;
}

static const char *program(void)
{
    const char *named = getenv("HEARTH_SERVER");
    return named != NULL && named[0] != '\0' ? named : "build/hearth-server";
}

bool wire_is_redis(void)
{
    const char *slash = strrchr(program(), '/');
    return strncmp(slash != NULL ? slash + 1 : program(), "redis-", 6) == 0;
}

/* In the child: becomes the server. */
static void become_server(const struct wire_server *s, const char *const *arguments, bool orphan_ends)
{
    if (orphan_ends)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    char path[160];
    snprintf(path, sizeof path, "%s/log", s->dir);
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int null = open("/dev/null", O_RDONLY);
    if (log < 0 || null < 0)
        _exit(126);
    dup2(null, 0);
    dup2(log, 1);
    dup2(log, 2);
    for (int fd = 3; fd < 256; fd++)
        close(fd);
    for (int i = 0; i < 2; i++) {
        const char *name = i == 0 ? "ASAN_OPTIONS" : "UBSAN_OPTIONS";
        const char *had = getenv(name);
        char *options =
            text_format("%s%slog_path=%s/sanitizer", had ? had : "", had && *had ? ":" : "", s->dir);
        setenv(name, options, 1);
    }
    /* Debian's redis-check-rdb is the server when it is called by that name. */
    const char *name = wire_is_redis() ? "redis-server" : program();
    const char *argv[MOST_ARGUMENTS + 16] = {name};
    for (int i = 0; arguments[i] != NULL; i++)
        argv[i + 1] = arguments[i];
    execv(program(), (char *const *)argv);
    fprintf(stderr, "cannot run %s: %s\n", program(), strerror(errno));
    _exit(127);
}

static void directory_create(struct wire_server *s)
{
    const char *top = getenv("TMPDIR");
    if (top == NULL || strlen(top) > 30)
        top = "/tmp";
    snprintf(s->dir, sizeof s->dir, "%s/hearth-wire-XXXXXX", top);
    if (mkdtemp(s->dir) == NULL) {
        perror("mkdtemp");
        abort();
    }
    snprintf(s->socket, sizeof s->socket, "%s/socket", s->dir);
}

static void directory_remove(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        char *below = text_format("%s/%s", path, e->d_name);
        struct stat st;
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && lstat(below, &st) == 0) {
            if (S_ISDIR(st.st_mode))
                directory_remove(below);
            else
                unlink(below);
        }
        free(below);
    }
    if (d != NULL)
        closedir(d);
    rmdir(path);
}

static int free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0) {
        perror("free port");
        abort();
    }
    close(fd);
    return ntohs(a.sin_port);
}

int server_connect_tcp(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

int server_connect(const struct wire_server *s)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", s->socket);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Waits for a connection or the end. Returns true when it accepts; else it has ended. */
static bool wait_ready(struct wire_server *s, int *status)
{
    double until = seconds_now() + WIRE_PATIENCE_S;
    for (;;) {
        int fd = s->port != 0 ? server_connect_tcp(s->port) : server_connect(s);
        if (fd >= 0) {
            close(fd);
            /* Somebody else may own the port: then ours is ending. */
            if (s->port == 0 || (fd = server_connect(s)) >= 0) {
                if (s->port != 0)
                    close(fd);
                return true;
            }
        }
        if (waitpid(s->pid, status, WNOHANG) == s->pid)
            return false;
        if (seconds_now() > until) {
            kill(s->pid, SIGKILL);
            waitpid(s->pid, status, 0);
            return false;
        }
        wire_pause_ms(1);
    }
}

static pid_t server_fork(const struct wire_server *s, const char *const *arguments, bool orphan_ends)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        abort();
    }
    if (pid == 0)
        become_server(s, arguments, orphan_ends);
    return pid;
}

char *server_start(struct wire_server *s, const char *const *more, bool orphan_ends)
{
    for (int tries = 0;; tries++) {
        *s = (struct wire_server){0};
        directory_create(s);
        const char *usual[] = {
            "--unixsocket",           s->socket, "--dir", s->dir, "--save", "", "--appendonly", "no",
            "--enable-debug-command", "yes"};
        const char *arguments[MOST_ARGUMENTS + 12] = {NULL};
        int n = 0, file = more != NULL && more[0] != NULL && more[0][0] == '/';
        if (file)
            arguments[n++] = more[0];
        for (unsigned i = 0; i < sizeof usual / sizeof usual[0]; i++)
            arguments[n++] = usual[i];
        char port[16] = "0";
        bool port_given = false;
        for (int i = file; more != NULL && more[i] != NULL && i < MOST_ARGUMENTS; i++) {
            port_given |= strcmp(more[i], "--port") == 0;
            if (i > 0 && strcmp(more[i], "auto") == 0 && strcmp(more[i - 1], "--port") == 0) {
                s->port = free_port();
                snprintf(port, sizeof port, "%d", s->port);
                arguments[n++] = port;
            } else {
                arguments[n++] = more[i];
            }
        }
        if (!port_given) {
            arguments[n++] = "--port";
            arguments[n++] = port;
        }
        s->pid = server_fork(s, arguments, orphan_ends);
        int status = 0;
        if (wait_ready(s, &status))
            return NULL;
        char *log = server_log(s);
        bool taken = strstr(log, "in use") != NULL;
        char *why = text_format("%s did not start (status %d):\n%s", program(), status, log);
        free(log);
        directory_remove(s->dir);
        s->pid = 0;
        if (s->port == 0 || !taken || tries == PORT_TRIES)
            return why;
        free(why);
    }
}

char *server_run(int *status, const char *const *arguments)
{
    struct wire_server s = {0};
    directory_create(&s);
    s.pid = server_fork(&s, arguments, true);
    double until = seconds_now() + WIRE_PATIENCE_S;
    while (waitpid(s.pid, status, WNOHANG) != s.pid) {
        if (seconds_now() > until) {
            kill(s.pid, SIGKILL);
            waitpid(s.pid, status, 0);
            break;
        }
        wire_pause_ms(1);
    }
    char *log = server_log(&s);
    directory_remove(s.dir);
    return log;
}

/* All sanitizer files in its directory, one behind the other; "" when there are none. */
static char *sanitizer_reports(const struct wire_server *s)
{
    char *all = text_format("%s", "");
    DIR *d = opendir(s->dir);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strncmp(e->d_name, "sanitizer", 9) != 0)
            continue;
        char *path = text_format("%s/%s", s->dir, e->d_name);
        char *report = file_text(path);
        char *more = text_format("%s%s", all, report);
        free(all);
        free(report);
        free(path);
        all = more;
    }
    if (d != NULL)
        closedir(d);
    return all;
}

char *server_log(const struct wire_server *s)
{
    char *path = text_format("%s/log", s->dir);
    char *log = file_text(path);
    char *reports = sanitizer_reports(s);
    char *both = text_format("%s%s", log, reports);
    free(path);
    free(log);
    free(reports);
    return both;
}

char *server_stop(struct wire_server *s)
{
    int status = 0;
    bool killed = false;
    if (s->pid != 0) {
        kill(s->pid, SIGTERM);
        double until = seconds_now() + WIRE_PATIENCE_S;
        pid_t got;
        while ((got = waitpid(s->pid, &status, WNOHANG)) == 0) {
            if (seconds_now() > until) {
                killed = true;
                kill(s->pid, SIGKILL);
                waitpid(s->pid, &status, 0);
                break;
            }
            wire_pause_ms(1);
        }
        s->pid = 0;
    }
    char *reports = sanitizer_reports(s);
    bool clean = status == 0 && !killed && reports[0] == '\0';
    free(reports);
    char *why = NULL;
    if (!clean) {
        char *log = server_log(s);
        why = text_format("%s %s (status %d):\n%s", program(),
                          killed ? "did not stop" : "did not end cleanly", status, log);
        free(log);
    }
    directory_remove(s->dir);
    return why;
}

/* ---- shared servers --------------------------------------------------- */

static struct wire_server shared[MOST_SHARED]; /* in the runner */
static int shared_count;
static struct wire_server held; /* in a test */
static int held_lock = -1;

void shared_start(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN); /* Criterion runs that many tests at once */
    char names[MOST_SHARED * sizeof held.dir] = "";
    for (int i = 0; i < n && i < MOST_SHARED; i++) {
        char *why = server_start(&shared[i], NULL, true);
        if (why != NULL) {
            fprintf(stderr, "%s\n", why);
            exit(1);
        }
        shared_count++;
        strcat(names, shared[i].dir);
        strcat(names, ":");
    }
    setenv("WIRE_SHARED", names, 1);
}

bool shared_stop(void)
{
    bool clean = true;
    for (int i = 0; i < shared_count; i++) {
        char *why = server_stop(&shared[i]);
        if (why != NULL) {
            fprintf(stderr, "a shared server: %s\n", why);
            clean = false;
        }
        free(why);
    }
    return clean;
}

/* Takes the lock of the server in dir; `wait` for it or not. */
static bool shared_lock(const char *dir, bool wait)
{
    held = (struct wire_server){0};
    snprintf(held.dir, sizeof held.dir, "%s", dir);
    snprintf(held.socket, sizeof held.socket, "%s/socket", dir);
    char path[96];
    snprintf(path, sizeof path, "%s/lock", dir);
    held_lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (held_lock < 0)
        return false;
    int fd = -1;
    if (flock(held_lock, wait ? LOCK_EX : LOCK_EX | LOCK_NB) == 0 && (fd = server_connect(&held)) >= 0) {
        close(fd);
        return true;
    }
    close(held_lock);
    held_lock = -1;
    return false;
}

bool shared_take(struct wire_server *s)
{
    char names[MOST_SHARED * sizeof held.dir];
    const char *dirs[MOST_SHARED], *all = getenv("WIRE_SHARED");
    int count = 0;
    char *rest = NULL;
    snprintf(names, sizeof names, "%s", all == NULL ? "" : all);
    for (char *dir = strtok_r(names, ":", &rest); dir != NULL && count < MOST_SHARED;
         dir = strtok_r(NULL, ":", &rest))
        dirs[count++] = dir;
    /* First whichever is free; then wait, not all for the same one. */
    for (int i = 0; i < 2 * count; i++) {
        bool wait = i >= count;
        if (!shared_lock(dirs[(wait ? getpid() + i : i) % count], wait))
            continue;
        *s = held;
        return true;
    }
    return false;
}

void shared_release(void)
{
    if (held_lock >= 0)
        close(held_lock);
    held_lock = -1;
}

/* The lock's file keeps "name\nlength\nvalue\n" for each setting to undo, the newest last. */
void shared_remember(const char *name, const char *value)
{
    if (held_lock < 0)
        return;
    lseek(held_lock, 0, SEEK_END);
    dprintf(held_lock, "%s\n%zu\n%s\n", name, strlen(value), value);
}

static void restore_backwards(redisContext *c, char *at, const char *end)
{
    char *name_end = memchr(at, '\n', (size_t)(end - at));
    if (name_end == NULL)
        return;
    *name_end = '\0';
    char *value;
    size_t len = strtoul(name_end + 1, &value, 10);
    value++;
    if (value + len + 1 > end)
        return;
    restore_backwards(c, value + len + 1, end);
    redisReply *r = redisCommand(c, "CONFIG SET %s %b", at, value, len);
    if (r != NULL)
        freeReplyObject(r);
}

void shared_restore(redisContext *c)
{
    if (held_lock < 0)
        return;
    off_t len = lseek(held_lock, 0, SEEK_END);
    if (len <= 0)
        return;
    char *text = malloc((size_t)len);
    if (text != NULL && pread(held_lock, text, (size_t)len, 0) == len)
        restore_backwards(c, text, text + len);
    free(text);
    if (ftruncate(held_lock, 0) != 0)
        perror("ftruncate");
}
