#include "server/process.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/number.h"
#include "loop/loop.h"
#include "server/config.h"
#include "server/version.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DEFAULT_PIDFILE "/var/run/hearth.pid"
#define FRAMES_MAX 64

static int supervisor = SUPERVISED_NO;
static char pidfile[PATH_MAX]; /* absolute; "" while none was written */
static pid_t pidfile_owner;

/* ---- title -------------------------------------------------------------- */

static struct {
    char *start, *end; /* where argv and the environment lay */
    const char *name;  /* argv[0] */
} title;

extern char **environ;

static char **copy_words(char **words, size_t count)
{
    char **copy = mem_zalloc(count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = mem_dup(words[i], strlen(words[i]));
    return copy;
}

void process_title_init(int argc, char ***argv)
{
    char **args = *argv;
    size_t vars = 0;
    if (argc < 1)
        return;
    /* The kernel lays the words out without gaps; what isn't next to the others isn't ours to write. */
    char *end = args[0];
    for (int i = 0; i < argc && args[i] == end; i++)
        end += strlen(args[i]) + 1;
    for (; environ[vars]; vars++)
        if (environ[vars] == end)
            end += strlen(environ[vars]) + 1;

    title.start = args[0];
    title.end = end;
    static char **kept; /* reachable, so no leak is seen in them */
    *argv = kept = copy_words(args, (size_t)argc);
    environ = copy_words(environ, vars);
    title.name = kept[0];
    program_invocation_name = kept[0];
    const char *slash = strrchr(kept[0], '/');
    program_invocation_short_name = slash ? (char *)slash + 1 : kept[0];
}

static void append_variable(struct buf *out, struct slice name)
{
    if (slice_is(name, "title")) {
        buf_append_slice(out, slice_of(title.name));
    } else if (slice_is(name, "listen-addr")) {
        if (config.port)
            buf_printf(out, "%s:%u", config.bind.count ? config.bind.items[0] : "*", (unsigned)config.port);
        else
            buf_append_slice(out, slice_of(config.unixsocket));
    } else if (slice_is(name, "port")) {
        buf_printf(out, "%u", (unsigned)config.port);
    } else if (slice_is(name, "tls-port")) {
        buf_append_char(out, '0');
    } else if (slice_is(name, "unixsocket")) {
        buf_append_slice(out, slice_of(config.unixsocket));
    } else if (slice_is(name, "config-file")) {
        buf_append_slice(out, slice_of(config_path()));
    } /* server-mode: no mode has a word yet */
}

static void expand(struct buf *out, struct slice text)
{
    const char *p = text.ptr, *end = text.ptr + text.len;
    while (p < end) {
        const char *close = *p == '{' ? memchr(p, '}', (size_t)(end - p)) : NULL;
        if (p + 1 < end && p[0] == '{' && p[1] == '{') {
            buf_append_char(out, '{');
            p += 2;
        } else if (close) {
            append_variable(out, slice_make(p + 1, (size_t)(close - p - 1)));
            p = close + 1;
        } else {
            buf_append_char(out, *p++);
        }
    }
    while (out->len && out->data[out->len - 1] == ' ')
        out->len--;
}

static bool title_changed(const char **error)
{
    (void)error;
    process_title_show();
    return true;
}

static bool setting_is_yes(const char *name)
{
    struct buf value = BUF_EMPTY;
    bool yes = config_get(name, &value) && slice_is(buf_slice(&value), "yes");
    buf_deinit(&value);
    return yes;
}

void process_title_show(void)
{
    static bool registered;
    if (!registered) {
        registered = true;
        config_on_change("proc-title-template", title_changed);
    }
    struct buf template = BUF_EMPTY, text = BUF_EMPTY;
    if (title.start && setting_is_yes("set-proc-title") && config_get("proc-title-template", &template)) {
        expand(&text, buf_slice(&template));
        size_t room = (size_t)(title.end - title.start);
        size_t len = text.len < room ? text.len : room - 1;
        memset(title.start, 0, room);
        if (len)
            memcpy(title.start, text.data, len);
    }
    buf_deinit(&template);
    buf_deinit(&text);
}

/* ---- supervisor --------------------------------------------------------- */

/* One datagram to the socket that systemd names: all that sd_notify(3) does. */
static void notify_systemd(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    if (!path) {
        log_warning("systemd supervision error: NOTIFY_SOCKET not found!");
        return;
    }
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    int fd = -1;
    errno = EINVAL;
    if (len > 1 && len < sizeof a.sun_path && (path[0] == '/' || path[0] == '@')) {
        memcpy(a.sun_path, path, len);
        if (path[0] == '@') /* the abstract namespace: no file, a NUL before the name */
            a.sun_path[0] = 0;
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&a, size) < 0)
        log_warning("systemd supervision error: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void supervise(void)
{
    int mode = config.supervised;
    if (mode == SUPERVISED_AUTO) {
        mode = SUPERVISED_NO;
        if (getenv("UPSTART_JOB")) {
            log_verbose("Upstart supervision detected.");
            mode = SUPERVISED_UPSTART;
        } else if (getenv("NOTIFY_SOCKET")) {
            log_verbose("Systemd supervision detected.");
            mode = SUPERVISED_SYSTEMD;
        }
    }
    if (mode == SUPERVISED_UPSTART && !getenv("UPSTART_JOB")) {
        log_warning("upstart supervision requested, but UPSTART_JOB not found!");
        mode = SUPERVISED_NO;
    }
    if (mode == SUPERVISED_SYSTEMD) {
        if (getenv("NOTIFY_SOCKET")) {
            notify_systemd("STATUS=Hearth is loading...\n");
        } else {
            log_warning("systemd supervision requested, but NOTIFY_SOCKET not found!");
            mode = SUPERVISED_NO;
        }
    }
    supervisor = mode;
}

void process_detach(void)
{
    supervise();
    if (!config.daemonize || supervisor != SUPERVISED_NO)
        return;
    pid_t child = fork();
    if (child < 0) {
        log_warning("Can't go to the background: fork: %s", strerror(errno));
        exit(1);
    }
    if (child)
        _exit(0);
    setsid();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return;
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    if (null > 2)
        close(null);
}

void process_ready(void)
{
    if (supervisor == SUPERVISED_SYSTEMD) {
        notify_systemd("STATUS=Ready to accept connections\nREADY=1\n");
    } else if (supervisor == SUPERVISED_UPSTART) {
        log_notice("supervised by upstart, will stop to signal readiness.");
        raise(SIGSTOP);
        unsetenv("UPSTART_JOB");
    }
}

void process_stopping(void)
{
    if (supervisor == SUPERVISED_SYSTEMD)
        notify_systemd("STOPPING=1\n");
}

/* ---- pid file ----------------------------------------------------------- */

void process_pidfile_create(void)
{
    const char *path = config.pidfile;
    if (!*path) {
        if (!config.daemonize)
            return;
        path = DEFAULT_PIDFILE;
    }
    /* CONFIG SET dir must not make us forget where it is. */
    char here[PATH_MAX] = "";
    if (*path != '/' && !getcwd(here, sizeof here))
        here[0] = 0;
    char full[PATH_MAX];
    int len = snprintf(full, sizeof full, "%s%s%s", here, *here ? "/" : "", path);
    if (len >= (int)sizeof full) {
        log_warning("Failed to write PID file: %s", strerror(ENAMETOOLONG));
        return;
    }
    char text[16];
    len = snprintf(text, sizeof text, "%d\n", (int)getpid());
    int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, (size_t)len) != len)
        log_warning("Failed to write PID file: %s", strerror(errno));
    else
        memcpy(pidfile, full, sizeof full);
    pidfile_owner = getpid();
    if (fd >= 0)
        close(fd);
}

void process_pidfile_remove(void)
{
    if (!*pidfile)
        return;
    log_notice("Removing the pid file.");
    unlink(pidfile);
    pidfile[0] = 0;
}

/* ---- signals ------------------------------------------------------------ */

static volatile sig_atomic_t stop_signal;

/* What follows runs in signal handlers: no allocation, no stdio, no locks. */

static void say(int fd, const char *text)
{
    ssize_t ignored = write(fd, text, strlen(text));
    (void)ignored;
}

/* The log, opened anew since its own functions may not be called here. */
static int log_descriptor(void)
{
    const char *path = config.logfile;
    int fd = path && *path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : STDOUT_FILENO;
    return fd < 0 ? STDERR_FILENO : fd;
}

/* Not by a forked child, whose parent lives on. */
static void unlink_pidfile(void)
{
    if (*pidfile && getpid() == pidfile_owner)
        unlink(pidfile);
}

static void on_stop(int sig)
{
    int saved = errno;
    if (stop_signal) {
        say(log_descriptor(), "You insist... exiting now.\n");
        unlink_pidfile();
        _exit(1);
    }
    stop_signal = sig;
    loop_wake();
    errno = saved;
}

void process_signals_init(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    sigaction(SIGHUP, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL); /* a file that grows too large is a write that fails */
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
}

int process_stop_asked(void)
{
    return stop_signal;
}

void process_stop_forget(void)
{
    stop_signal = 0;
}

/* ---- crash report ------------------------------------------------------- */

#ifndef SANITIZE /* the sanitizers' own reports are better */

static void say_number(int fd, int64_t n)
{
    char digits[NUMBER_I64_MAX + 1];
    digits[number_format_i64(digits, n)] = 0;
    say(fd, digits);
}

static void say_hex(int fd, uintptr_t n)
{
    char text[2 + 2 * sizeof n + 1], *p = text + sizeof text;
    *--p = 0;
    do
        *--p = "0123456789abcdef"[n % 16];
    while (n /= 16);
    *--p = 'x';
    *--p = '0';
    say(fd, p);
}

static void (*crash_tell)(int fd);

static const struct {
    int sig;
    const char *name;
} crashes[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"}, {SIGABRT, "SIGABRT"},
};
#define CRASHES (sizeof crashes / sizeof *crashes)

static void on_crash(int sig, siginfo_t *info, void *context)
{
    (void)context;
    int fd = log_descriptor();
    const char *name = "";
    for (size_t i = 0; i < CRASHES; i++)
        if (crashes[i].sig == sig)
            name = crashes[i].name;
    say(fd,
        "\n=== HEARTH BUG REPORT START: please send it along with what led to it ===\nHearth " HEARTH_VERSION
        ", pid ");
    say_number(fd, getpid());
    say(fd, ", crashed by signal ");
    say_number(fd, sig);
    say(fd, " (");
    say(fd, name);
    say(fd, "), code ");
    say_number(fd, info->si_code);
    if (info->si_code <= 0) {
        say(fd, ", sent by pid ");
        say_number(fd, info->si_pid);
    } else if (sig != SIGABRT) {
        say(fd, ", accessing ");
        say_hex(fd, (uintptr_t)info->si_addr);
    }
    say(fd, "\n--- stack\n");
    void *frames[FRAMES_MAX];
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), fd);
    if (crash_tell) {
        say(fd, "--- state\n");
        crash_tell(fd);
    }
    say(fd, "=== HEARTH BUG REPORT END ===\n");
    unlink_pidfile();
    /* The handler was reset: this ends the process as the signal always does, with a core where wanted. */
    raise(sig);
}

void process_crash_init(void (*tell)(int fd))
{
    if (!setting_is_yes("crash-log-enabled"))
        return;
    crash_tell = tell;
    void *frame[1];
    backtrace(frame, 1); /* loads what it needs now, since it can't later */

    static char stack[64 * 1024]; /* a stack that ran over can't hold its own report */
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&other, NULL);
    struct sigaction act = {.sa_sigaction = on_crash,
                            .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER};
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i].sig, &act, NULL);
}

#else

void process_crash_init(void (*tell)(int fd))
{
    (void)tell;
}

#endif
