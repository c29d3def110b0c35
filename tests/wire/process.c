/* process: listening and accepting, limits of connections, and the server as a process
 * (signals, pid file, daemon, supervisor, title, crash report). */
#include "tests/wire/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

WIRE_SUITE(listening);
WIRE_SUITE(process);

enum { PATIENCE_MS = 20000 };

static void rest(void)
{
    nanosleep(&(struct timespec){0, 2000000}, NULL);
}

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Repeats until the condition holds. */
#define until(condition)                                                                                     \
    for (long long end_ = now_ms() + PATIENCE_MS; !(condition); rest())                                      \
        if (now_ms() > end_)                                                                                 \
    wire_fail(__FILE__, __LINE__, "never came true: %s", #condition)

/* A socket connected to ip:port, or -1. */
static int dial(const char *ip, int port)
{
    struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    bool six = inet_pton(AF_INET6, ip, &a6.sin6_addr) == 1;
    if (!six && inet_pton(AF_INET, ip, &a4.sin_addr) != 1)
        wire_fail(__FILE__, __LINE__, "not an address: %s", ip);
    int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc =
        six ? connect(fd, (struct sockaddr *)&a6, sizeof a6) : connect(fd, (struct sockaddr *)&a4, sizeof a4);
    if (rc == 0)
        return fd;
    close(fd);
    return -1;
}

static int dial_unix(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    close(fd);
    return -1;
}

static void expect_pong(int fd)
{
    cr_assert_geq(fd, 0);
    raw_say(fd, "PING\r\n");
    raw_expect(fd, "+PONG\r\n");
}

static bool has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* An IPv4 address of this machine beside loopback; false when there is none. */
static bool outer_address(char out[INET_ADDRSTRLEN])
{
    struct ifaddrs *all = NULL;
    bool found = false;
    if (getifaddrs(&all) != 0)
        return false;
    for (struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || i->ifa_flags & IFF_LOOPBACK)
            continue;
        inet_ntop(AF_INET, &((struct sockaddr_in *)i->ifa_addr)->sin_addr, out, INET_ADDRSTRLEN);
        found = true;
    }
    freeifaddrs(all);
    return found;
}

static char *path_in(const struct wire_server *s, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", s->dir, name) < 0)
        abort();
    return path;
}

/* A directory of the test's own, for what must be known before a server starts. */
static const char *own_dir(void)
{
    static char dir[] = "/tmp/hearth-process-XXXXXX";
    static bool made;
    if (!made && !mkdtemp(dir))
        abort();
    made = true;
    return dir;
}

static char *own_path(const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", own_dir(), name) < 0)
        abort();
    return path;
}

static void own_dir_remove(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", own_dir());
    cr_expect_eq(system(command), 0);
}

static char *slurp(const char *path)
{
    char *text = calloc(1, 1 << 20);
    FILE *f = fopen(path, "r");
    if (f) {
        size_t n = fread(text, 1, (1 << 20) - 1, f);
        for (size_t i = 0; i < n; i++) /* /proc/<pid>/cmdline has NULs */
            if (!text[i])
                text[i] = ' ';
        fclose(f);
    }
    return text;
}

static bool file_has(const char *path, const char *word)
{
    char *text = slurp(path);
    bool has = strstr(text, word) != NULL;
    free(text);
    return has;
}

static bool log_has(const struct wire_server *s, const char *word)
{
    char *text = wire_log(s);
    bool has = strstr(text, word) != NULL;
    free(text);
    return has;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static int pid_from(const char *path)
{
    char *text = slurp(path);
    int pid = strchr(text, '\n') ? atoi(text) : 0;
    free(text);
    return pid;
}

/* Starts a server in the background and waits until it accepts; gives its pid. */
static int start_daemon(const char *socket, const char *pidfile, const char *log)
{
    int status, pid, fd;
    char *said =
        wire_start_fails(&status, "--daemonize", "yes", "--port", "0", "--unixsocket", socket, "--pidfile",
                         pidfile, "--save", "", "--dir", own_dir(), log ? "--logfile" : NULL, log, NULL);
    cr_expect_eq(status, 0, "%s", said);
    free(said);
    until((fd = dial_unix(socket)) >= 0);
    close(fd);
    until((pid = pid_from(pidfile)) > 0);
    return pid;
}

static void end_daemon(int pid)
{
    kill(pid, SIGTERM);
    until(kill(pid, 0) != 0);
}

/* ---- addresses ---------------------------------------------------------- */

Test(listening, several_addresses_ipv6_among_them)
{
    if (!has_ipv6())
        cr_skip_test("no IPv6 here");
    struct wire_server *s = wire_start("--port", "auto", "--bind", "127.0.0.1", "::1", NULL);
    expect_pong(dial("127.0.0.1", s->port));
    int six = dial("::1", s->port);
    expect_pong(six);
    redisContext *c = wire_client_of(s);
    char *list = wire_text(c, "CLIENT LIST"), want[256];
    cr_expect(strstr(list, " addr=[::1]:"), "%s", list);
    snprintf(want, sizeof want, " laddr=[::1]:%d ", s->port);
    cr_expect(strstr(list, want), "%s", list);
    snprintf(want, sizeof want, " addr=%s:0 laddr=%s:0 ", s->socket, s->socket);
    cr_expect(strstr(list, want), "%s", list);
    free(list);
}

Test(listening, all_addresses_of_both_families)
{
    struct wire_server *s = wire_start("--port", "auto", "--bind", "*", "-::*", NULL);
    expect_pong(dial("127.0.0.1", s->port));
    if (has_ipv6())
        expect_pong(dial("::1", s->port));
}

Test(listening, an_address_with_a_dash_may_be_missing)
{
    struct wire_server *s = wire_start("--port", "auto", "--bind", "127.0.0.1", "-203.0.113.77", NULL);
    expect_pong(dial("127.0.0.1", s->port));

    int status;
    char *log = wire_start_fails(&status, "--port", "29871", "--bind", "203.0.113.77", NULL);
    cr_expect_eq(status, 1);
    cr_expect(strstr(log, "Could not create server TCP listening socket 203.0.113.77:29871: "
                          "bind: Cannot assign requested address"),
              "%s", log);
    free(log);
}

Test(listening, a_taken_port_stops_the_start)
{
    struct wire_server *s = wire_start("--port", "auto", NULL);
    char port[12];
    snprintf(port, sizeof port, "%d", s->port);
    int status;
    char *log = wire_start_fails(&status, "--port", port, "--bind", "127.0.0.1", NULL);
    cr_expect_eq(status, 1);
    cr_expect(strstr(log, "bind: Address already in use"), "%s", log);
    cr_expect(strstr(log, "Failed listening on port"), "%s", log);
    free(log);
}

Test(listening, nowhere_stops_the_start)
{
    int status;
    char *log = wire_start_fails(&status, "--port", "0", NULL);
    cr_expect_eq(status, 1);
    cr_expect(strstr(log, "Configured to not listen anywhere, exiting."), "%s", log);
    free(log);
}

Test(listening, a_unix_socket_that_cannot_be_made_stops_the_start)
{
    int status;
    char *log = wire_start_fails(&status, "--port", "0", "--unixsocket", "/nonexistent/dir/s.sock", NULL);
    cr_expect_eq(status, 1);
    cr_expect(strstr(log, "Failed opening Unix socket: bind: No such file or directory"), "%s", log);
    free(log);
}

Test(listening, unix_socket_has_the_permissions_asked_for)
{
    struct wire_server *s = wire_start("--unixsocketperm", "700", NULL);
    struct stat st;
    cr_assert_eq(stat(s->socket, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0700);
    s = wire_start("--unixsocketperm", "777", NULL);
    until(stat(s->socket, &st) == 0 && (st.st_mode & 0777) == 0777);
}

Test(listening, a_stale_unix_socket_is_replaced)
{
    struct wire_server *s = wire_start("--timeout", "0", NULL);
    char *path = own_path("copy"), *pidfile = own_path("pid");
    cr_assert_eq(link(s->socket, path), 0);
    wire_kill(s); /* leaves a socket that nobody listens on */
    cr_assert(exists(path));
    cr_expect_lt(dial_unix(path), 0);
    int pid = start_daemon(path, pidfile, NULL);
    expect_pong(dial_unix(path));
    end_daemon(pid);
    cr_expect_not(exists(path));
    cr_expect_not(exists(pidfile));
    free(path);
    free(pidfile);
    own_dir_remove();
}

static int free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    cr_assert_eq(bind(fd, (struct sockaddr *)&a, len), 0);
    getsockname(fd, (struct sockaddr *)&a, &len);
    close(fd);
    return ntohs(a.sin_port);
}

Test(listening, config_set_port_moves_and_keeps_connections)
{
    struct wire_server *s = wire_start("--port", "auto", NULL), *other = wire_start("--port", "auto", NULL);
    redisContext *c = wire_client_of(s);
    int old = dial("127.0.0.1", s->port), fresh = free_port();
    expect_pong(old);
    expect_ok(c, "CONFIG SET port %d", fresh);
    expect_pong(dial("127.0.0.1", fresh));
    expect_pong(old);
    cr_expect_lt(dial("127.0.0.1", s->port), 0);

    expect_error_like(
        c, "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port",
        "CONFIG SET port %d", other->port);
    expect_pong(dial("127.0.0.1", fresh));
    char want[32];
    snprintf(want, sizeof want, "[\"port\" \"%d\"]", fresh);
    expect(c, want, "CONFIG GET port");

    expect_ok(c, "CONFIG SET port 0");
    cr_expect_lt(dial("127.0.0.1", fresh), 0);
    expect_ok(c, "CONFIG SET port %d", s->port);
    expect_pong(dial("127.0.0.1", s->port));
}

Test(listening, config_set_bind_follows_the_addresses)
{
    struct wire_server *s = wire_start("--port", "auto", "--bind", "127.0.0.1", NULL);
    redisContext *c = wire_client_of(s);
    cr_expect_lt(dial("127.0.0.2", s->port), 0);
    expect_ok(c, "CONFIG SET bind %s", "127.0.0.1 127.0.0.2");
    expect_pong(dial("127.0.0.1", s->port));
    expect_pong(dial("127.0.0.2", s->port));
    expect_ok(c, "CONFIG SET bind %s", "*");
    expect_pong(dial("127.0.0.3", s->port));
    expect_error_like(c, "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind",
                      "CONFIG SET bind %s", "203.0.113.77");
    expect(c, "[\"bind\" \"*\"]", "CONFIG GET bind");
    expect_pong(dial("127.0.0.3", s->port));
    expect_ok(c, "CONFIG SET bind %s", "127.0.0.2");
    expect_pong(dial("127.0.0.2", s->port));
    cr_expect_lt(dial("127.0.0.1", s->port), 0);
    expect_ok(c, "CONFIG SET bind %s", "127.0.0.1");
}

Test(listening, a_backlog_over_the_systems_is_told)
{
    struct wire_server *s = wire_start("--tcp-backlog", "2000000000", NULL);
    until(log_has(s, "WARNING: The TCP backlog setting of 2000000000 cannot be enforced because "
                     "/proc/sys/net/core/somaxconn is set to the lower value of "));
}

Test(listening, protected_mode_lets_only_loopback_in)
{
    char ip[INET_ADDRSTRLEN], byte;
    if (!outer_address(ip))
        cr_skip_test("this machine has no address beside loopback");
    struct wire_server *s = wire_start("--port", "auto", "--bind", "*", NULL);
    redisContext *c = wire_client_of(s);
    expect_pong(dial("127.0.0.1", s->port));
    int fd = dial(ip, s->port);
    cr_assert_geq(fd, 0);
    raw_expect(fd, "-DENIED ");
    while (read(fd, &byte, 1) > 0)
        ;
    close(fd);
    expect_ok(c, "CONFIG SET protected-mode no");
    fd = dial(ip, s->port);
    expect_pong(fd);
    close(fd);
    expect_ok(c, "CONFIG SET protected-mode yes");
    expect_ok(c, "CONFIG SET requirepass secret");
    fd = dial(ip, s->port);
    raw_say(fd, "AUTH secret\r\n");
    raw_expect(fd, "+OK\r\n");
    close(fd);
}

/* ---- limits ------------------------------------------------------------- */

Test(listening, maxclients_turns_away_and_lets_in_again)
{
    struct wire_server *s = wire_start("--maxclients", "3", NULL);
    redisContext *c = wire_client_of(s);
    until(wire_info_int(c, "connected_clients") == 1); /* the harness's probe may still be counted */
    int a = dial_unix(s->socket), b = dial_unix(s->socket);
    expect_pong(a);
    expect_pong(b);
    int none = dial_unix(s->socket);
    raw_expect(none, "-ERR max number of clients reached\r\n");
    raw_expect_closed(none);
    cr_expect_geq(wire_info_int(c, "rejected_connections"), 1);
    close(a);
    until(wire_info_int(c, "connected_clients") == 2);
    expect_pong(dial_unix(s->socket));
    expect_ok(c, "CONFIG SET maxclients 10");
    expect_pong(dial_unix(s->socket));
}

Test(listening, maxclients_beyond_the_system_is_refused)
{
    if (wire_is_redis())
        cr_skip_test("Redis tries four billion limits, one after the other");
    struct wire_server *s = wire_start("--timeout", "0", NULL);
    redisContext *c = wire_client_of(s);
    expect_error_like(
        c,
        "ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating system is "
        "not able to handle the specified number of clients, try with ",
        "CONFIG SET maxclients 4000000000");
    expect(c, "[\"maxclients\" \"10000\"]", "CONFIG GET maxclients");
}

Test(listening, a_low_file_limit_lowers_maxclients)
{
    struct rlimit low = {200, 200};
    prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE); /* else root's server raises the hard limit */
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    struct wire_server *s = wire_start("--timeout", "0", NULL);
    expect(wire_client_of(s), "[\"maxclients\" \"168\"]", "CONFIG GET maxclients");
    until(log_has(s, "You requested maxclients of 10000 requiring at least 10032 max file descriptors."));
    until(log_has(s, "maxclients has been reduced to 168"));
}

Test(listening, idle_clients_are_closed_subscribers_stay)
{
    struct wire_server *s = wire_start("--timeout", "1", NULL);
    int idle = dial_unix(s->socket);
    expect_pong(idle);
    redisContext *sub = wire_client_of(s);
    expect(sub, "[\"subscribe\" \"ch\" 1]", "SUBSCRIBE ch");
    raw_expect_closed(idle);
    redisContext *c = wire_client_of(s);
    expect_int(c, 1, "PUBLISH ch hello");
    expect_next(sub, "[\"message\" \"ch\" \"hello\"]");
    expect_ok(c, "CONFIG SET timeout 0");
    expect(c, "[\"timeout\" \"0\"]", "CONFIG GET timeout");
}

Test(listening, ten_thousand_connections_hold, .timeout = 300)
{
    enum { COUNT = 10000 };
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < COUNT + 200)
        cr_skip_test("the limit of open files is too low here");
    struct wire_server *s = wire_start("--maxclients", "10100", "--tcp-backlog", "4096", NULL);
    redisContext *c = wire_client_of(s);
    static int fds[COUNT];
    for (int i = 0; i < COUNT; i++) {
        fds[i] = dial_unix(s->socket);
        if (fds[i] < 0)
            wire_fail(__FILE__, __LINE__, "connection %d: %s", i, strerror(errno));
    }
    until(wire_info_int(c, "connected_clients") == COUNT + 1);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < COUNT; i++)
            raw_say(fds[i], "PING\r\n");
        for (int i = 0; i < COUNT; i++)
            raw_expect(fds[i], "+PONG\r\n");
    }
    for (int i = 0; i < COUNT; i++)
        close(fds[i]);
    until(wire_info_int(c, "connected_clients") == 1);
}

/* ---- stopping ----------------------------------------------------------- */

static void stops_cleanly_by(int sig)
{
    char *pidfile = own_path("pid");
    struct wire_server *s = wire_start("--pidfile", pidfile, "--port", "auto", NULL);
    char *socket = path_in(s, "socket");
    until(pid_from(pidfile) == s->pid);
    redisContext *c = wire_client_of(s);
    expect_ok(c, "SET k v");
    kill(s->pid, sig);
    cr_expect_eq(wire_wait_exit(s), 0);
    expect_closed(c);
    cr_expect_not(exists(pidfile));
    cr_expect_not(exists(socket));
    free(socket);
    free(pidfile);
    own_dir_remove();
}

Test(process, sigterm_stops_cleanly)
{
    stops_cleanly_by(SIGTERM);
}

Test(process, sigint_stops_cleanly)
{
    stops_cleanly_by(SIGINT);
}

static bool has_ended(pid_t pid)
{
    char file[40];
    snprintf(file, sizeof file, "/proc/%d/stat", (int)pid);
    return !exists(file) || file_has(file, ") Z ");
}

Test(process, a_second_signal_stops_at_once)
{
    if (wire_is_redis())
        cr_skip_test("Redis insists on SIGINT and on finishing the command");
    for (int i = 0; i < 2; i++) {
        char *pidfile = own_path("pid");
        struct wire_server *s = wire_start("--pidfile", pidfile, NULL);
        redisContext *c = wire_client_of(s);
        until(exists(pidfile));
        wire_send(c, "DEBUG SLEEP 100");
        for (int k = 0; k < 20; k++)
            rest();
        long long start = now_ms();
        pid_t pid = s->pid;
        while (!has_ended(pid) && now_ms() < start + 50000) { /* two at the same moment may arrive as one */
            kill(pid, i ? SIGTERM : SIGINT);
            rest();
        }
        cr_expect_lt(now_ms() - start, 50000);
        cr_expect_eq(wire_wait_exit(s), 1);
        cr_expect_not(exists(pidfile));
        free(pidfile);
    }
    own_dir_remove();
}

Test(process, hangups_and_broken_pipes_are_nothing)
{
    struct wire_server *s = wire_start("--timeout", "0", NULL);
    redisContext *c = wire_client_of(s);
    expect(c, "+PONG", "PING");
    kill(s->pid, SIGHUP);
    kill(s->pid, SIGPIPE);
    expect(c, "+PONG", "PING");
    for (int i = 0; i < 50; i++) { /* gone before the reply */
        int fd = dial_unix(s->socket);
        raw_say(fd, "PING\r\nPING\r\n");
        close(fd);
    }
    expect(c, "+PONG", "PING");
    until(wire_info_int(c, "connected_clients") == 1);
}

/* ---- daemon, supervisor ------------------------------------------------- */

Test(process, daemonize_leaves_a_server_in_the_background)
{
    char *socket = own_path("s"), *pidfile = own_path("pid"), *log = own_path("log");
    int pid = start_daemon(socket, pidfile, log), fd = dial_unix(socket);
    expect_pong(fd);
    cr_expect_eq(getsid(pid), pid);
    until(file_has(log, "eady to accept connections"));
    end_daemon(pid);
    raw_expect_closed(fd);
    cr_expect_not(exists(pidfile));
    cr_expect_not(exists(socket));
    free(socket);
    free(pidfile);
    free(log);
    own_dir_remove();
}

/* A socket to be told by; name "@..." is abstract. */
static int notify_socket(const char *name)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    memcpy(a.sun_path, name, len);
    if (*name == '@')
        a.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                 0);
    struct timeval patience = {20, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

/* Reads what is told until a message has word. */
static void expect_told(int fd, const char *word)
{
    char text[512];
    ssize_t n;
    while ((n = recv(fd, text, sizeof text - 1, 0)) > 0) {
        text[n] = 0;
        if (strstr(text, word))
            return;
    }
    wire_fail(__FILE__, __LINE__, "never told %s", word);
}

static void tells(const char *name, const char *mode)
{
    int fd = notify_socket(name);
    /* A supervisor wants it in the foreground, whatever daemonize says. */
    struct wire_server *s = wire_start("--supervised", mode, "--daemonize", "yes", NULL);
    expect_told(fd, "READY=1");
    redisContext *c = wire_client_of(s);
    cr_expect_eq(wire_info_int(c, "process_id"), s->pid);
    char *by = wire_info(c, "process_supervised");
    cr_expect_str_eq(by, "systemd");
    free(by);
    kill(s->pid, SIGTERM);
    expect_told(fd, "STOPPING=1");
    cr_expect_eq(wire_wait_exit(s), 0);
    close(fd);
}

Test(process, systemd_is_told)
{
    char *path = own_path("notify");
    tells(path, "systemd");
    free(path);
    own_dir_remove();
}

Test(process, systemd_is_told_through_an_abstract_socket)
{
    char name[64];
    snprintf(name, sizeof name, "@hearth-notify-%d", (int)getpid());
    tells(name, "auto");
}

Test(process, without_a_supervisor_the_server_starts_all_the_same)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("UPSTART_JOB");
    struct wire_server *s = wire_start("--supervised", "systemd", NULL);
    expect(wire_client_of(s), "+PONG", "PING");
    until(log_has(s, "NOTIFY_SOCKET not found!"));
    s = wire_start("--supervised", "auto", NULL);
    expect(wire_client_of(s), "+PONG", "PING");
}

/* ---- title, log, crash -------------------------------------------------- */

static bool title_has(const struct wire_server *s, const char *text)
{
    char file[40];
    snprintf(file, sizeof file, "/proc/%d/cmdline", (int)s->pid);
    return file_has(file, text);
}

Test(process, the_title_says_where_it_listens)
{
    if (wire_is_redis())
        cr_skip_test("Redis under another program's name shows no title");
    struct wire_server *s = wire_start("--port", "auto", "--bind", "127.0.0.1", NULL);
    char want[40];
    snprintf(want, sizeof want, "-server 127.0.0.1:%d ", s->port);
    until(title_has(s, want));
    redisContext *c = wire_client_of(s);
    expect_ok(c, "CONFIG SET proc-title-template %s", "cache {port} here");
    snprintf(want, sizeof want, "cache %d here", s->port);
    cr_expect(title_has(s, want));
    cr_expect_not(title_has(s, "-server"));
    expect_error_like(c, "ERR CONFIG SET failed", "CONFIG SET proc-title-template %s", "{nothing}");

    s = wire_start("--set-proc-title", "no", NULL);
    expect(wire_client_of(s), "+PONG", "PING");
    cr_expect(title_has(s, "--set-proc-title"));
}

Test(process, the_log_goes_to_its_file)
{
    char *log = own_path("log");
    struct wire_server *s = wire_start("--logfile", log, "--loglevel", "verbose", NULL);
    until(file_has(log, "eady to accept connections"));
    cr_expect_not(log_has(s, "eady to accept connections"));
    char mark[24];
    snprintf(mark, sizeof mark, "%d:M ", (int)s->pid);
    cr_expect(file_has(log, mark));
    free(log);
    own_dir_remove();
}

Test(process, a_crash_leaves_a_report)
{
    if (wire_is_redis() || (getenv("SANITIZE") && *getenv("SANITIZE")))
        cr_skip_test("the report is ours, and not for sanitizers");
    char *pidfile = own_path("pid");
    struct wire_server *s = wire_start("--pidfile", pidfile, NULL);
    char *log_path = path_in(s, "log");
    until(pid_from(pidfile) == s->pid);
    kill(s->pid, SIGSEGV);
    until(file_has(log_path, "=== HEARTH BUG REPORT END ==="));
    cr_expect(file_has(log_path, "crashed by signal 11 (SIGSEGV)"));
    cr_expect(file_has(log_path, "--- stack"));
    cr_expect_eq(wire_wait_exit(s), 128 + SIGSEGV);
    cr_expect_not(exists(pidfile));

    s = wire_start("--crash-log-enabled", "no", NULL);
    expect(wire_client_of(s), "+PONG", "PING");
    kill(s->pid, SIGBUS);
    cr_expect_eq(wire_wait_exit(s), 128 + SIGBUS);
    free(log_path);
    free(pidfile);
    own_dir_remove();
}
