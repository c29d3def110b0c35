/* socket: listeners of every kind, accepting, addresses, options, and running out of descriptors. */
#include "base/clock.h"
#include "base/log.h"
#include "loop/socket.h"
#include "tests/unit/support/check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { MOST = 64 };
static struct socket_conn conns[MOST];
static unsigned accepted_count;

static void accepted(struct socket_listener *l, struct socket_conn conn)
{
    (void)l;
    if (accepted_count < MOST)
        conns[accepted_count] = conn;
    else
        socket_close(&conn);
    accepted_count++;
}

static char dir[] = "/tmp/hearth-socket-XXXXXX", path[64];

static void setup(void)
{
    loop_init();
    cr_assert(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/s.sock", dir);
}

static void teardown(void)
{
    unlink(path);
    rmdir(dir);
    loop_deinit();
}

TestSuite(socket, .init = setup, .fini = teardown, .timeout = 30);

static unsigned port_of(int fd)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof a;
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    return ntohs(a.ss_family == AF_INET ? ((struct sockaddr_in *)&a)->sin_port
                                        : ((struct sockaddr_in6 *)&a)->sin6_port);
}

static int dial(const char *ip, unsigned port)
{
    struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    bool v6 = inet_pton(AF_INET6, ip, &a6.sin6_addr) == 1;
    int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    if (!v6)
        cr_assert_eq(inet_pton(AF_INET, ip, &a4.sin_addr), 1);
    int rc = v6 ? connect(fd, (void *)&a6, sizeof a6) : connect(fd, (void *)&a4, sizeof a4);
    if (rc == 0)
        return fd;
    close(fd);
    return -1;
}

static int dial_unix(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strcpy(a.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (void *)&a, sizeof a) == 0)
        return fd;
    close(fd);
    return -1;
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    getsockopt(fd, level, name, &value, &len);
    return value;
}

static void one_connection(const char *address, const char *ip, const char *shown)
{
    struct socket_listener l = {.owner = &l};
    char error[SOCKET_ERROR_MAX] = "";
    int fd = socket_listen_tcp(address, 0, 16, error);
    cr_assert_geq(fd, 0, "%s: %s", address, error);
    unsigned port = port_of(fd);
    cr_assert(socket_listener_open(&l, fd, 30, accepted));
    cr_expect_eq(l.owner, &l);
    accepted_count = 0;
    int client = dial(ip, port);
    cr_assert_geq(client, 0);
    loop_turn(1000);
    cr_assert_eq(accepted_count, 1);
    struct socket_conn *c = &conns[0];

    cr_expect_eq(option(c->fd, IPPROTO_TCP, TCP_NODELAY), 1);
    cr_expect_eq(option(c->fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    cr_expect_eq(option(c->fd, IPPROTO_TCP, TCP_KEEPIDLE), 30);
    cr_expect_eq(option(c->fd, IPPROTO_TCP, TCP_KEEPINTVL), 10);
    cr_expect(fcntl(c->fd, F_GETFL) & O_NONBLOCK);
    cr_expect(fcntl(c->fd, F_GETFD) & FD_CLOEXEC);

    char text[SOCKET_ADDRESS_MAX], want[SOCKET_ADDRESS_MAX];
    socket_local(c, text);
    snprintf(want, sizeof want, "%s:%u", shown, port);
    cr_expect_str_eq(text, want);
    socket_peer(c, text);
    snprintf(want, sizeof want, "%s:%u", shown, port_of(client));
    cr_expect_str_eq(text, want);
    cr_expect(socket_peer_is_loopback(c));

    char byte;
    cr_expect_eq(socket_read(c, &byte, 1), -1);
    cr_expect_eq(errno, EAGAIN);
    cr_expect_eq(write(client, "x", 1), 1);
    cr_expect_eq(socket_read(c, &byte, 1), 1);
    struct iovec v[2] = {{"ab", 2}, {"cd", 2}};
    cr_expect_eq(socket_writev(c, v, 2), 4);
    cr_expect_eq(socket_writev(c, v, 1), 2);
    char got[8];
    cr_expect_eq(recv(client, got, 6, MSG_WAITALL), 6);
    cr_expect_eq(memcmp(got, "abcdab", 6), 0);
    close(client);
    cr_expect_eq(socket_read(c, &byte, 1), 0);
    socket_close(c);
    cr_expect_eq(c->fd, -1);
    socket_close(c);

    socket_listener_keepalive(&l, 0);
    client = dial(ip, port);
    loop_turn(1000);
    cr_assert_eq(accepted_count, 2);
    cr_expect_eq(option(conns[1].fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    socket_close(&conns[1]);
    close(client);

    socket_listener_close(&l);
    socket_listener_close(&l);
    cr_expect_lt(dial(ip, port), 0);
}

Test(socket, ipv4)
{
    one_connection("127.0.0.1", "127.0.0.1", "127.0.0.1");
}

Test(socket, all_of_ipv4)
{
    one_connection("*", "127.0.0.1", "127.0.0.1");
}

Test(socket, a_name_is_looked_up)
{
    one_connection("localhost", "127.0.0.1", "127.0.0.1");
}

static bool has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool ok = fd >= 0 && bind(fd, (void *)&a, sizeof a) == 0;
    close(fd);
    if (!ok)
        cr_skip_test("no IPv6 here");
    return ok;
}

Test(socket, ipv6)
{
    if (has_ipv6())
        one_connection("::1", "::1", "[::1]");
}

Test(socket, all_of_ipv6_leaves_ipv4_alone)
{
    if (!has_ipv6())
        return;
    one_connection("::*", "::1", "[::1]");
    char error[SOCKET_ERROR_MAX] = "";
    int six = socket_listen_tcp("::*", 0, 16, error);
    int four = socket_listen_tcp("*", port_of(six), 16, error);
    cr_expect_geq(four, 0, "%s", error);
    close(six);
    close(four);
}

Test(socket, errors_are_told_as_text)
{
    char error[SOCKET_ERROR_MAX] = "";
    int first = socket_listen_tcp("127.0.0.1", 0, 16, error);
    cr_expect_eq(socket_listen_tcp("127.0.0.1", port_of(first), 16, error), -1);
    cr_expect_eq(errno, EADDRINUSE);
    cr_expect_str_eq(error, "bind: Address already in use");
    close(first);
    cr_expect_eq(socket_listen_tcp("203.0.113.1", 0, 16, error), -1);
    cr_expect_eq(errno, EADDRNOTAVAIL);
    cr_expect_str_eq(error, "bind: Cannot assign requested address");
    cr_expect_eq(socket_listen_tcp("300.1.1.1.", 0, 16, error), -1);
    cr_expect_str_neq(error, "");
}

Test(socket, unix_socket_with_permissions_replaces_a_stale_file)
{
    char error[SOCKET_ERROR_MAX] = "", text[SOCKET_ADDRESS_MAX], want[SOCKET_ADDRESS_MAX];
    struct stat st;
    struct socket_listener l = {0};
    mode_t mask = umask(022);
    close(socket_listen_unix(path, 0, 16, error)); /* leaves the file */
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0755);
    int fd = socket_listen_unix(path, 0770, 16, error);
    cr_assert_geq(fd, 0, "%s", error);
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0770);
    cr_expect_eq(umask(mask), 022);

    cr_assert(socket_listener_open(&l, fd, 300, accepted));
    int client = dial_unix();
    loop_turn(1000);
    cr_assert_eq(accepted_count, 1);
    cr_expect(conns[0].is_unix);
    cr_expect(socket_peer_is_loopback(&conns[0]));
    snprintf(want, sizeof want, "%s:0", path);
    socket_peer(&conns[0], text);
    cr_expect_str_eq(text, want);
    socket_local(&conns[0], text);
    cr_expect_str_eq(text, want);
    socket_close(&conns[0]);
    close(client);
    socket_listener_close(&l);
}

Test(socket, unix_socket_never_removes_what_is_no_socket)
{
    char error[SOCKET_ERROR_MAX] = "", longer[300];
    close(open(path, O_CREAT | O_WRONLY, 0600));
    cr_expect_eq(socket_listen_unix(path, 0, 16, error), -1);
    cr_expect_str_eq(error, "bind: Address already in use");
    cr_expect_eq(access(path, F_OK), 0);
    memset(longer, 'x', sizeof longer);
    longer[0] = '/';
    longer[sizeof longer - 1] = 0;
    cr_expect_eq(socket_listen_unix(longer, 0, 16, error), -1);
    cr_expect_str_eq(error, "unix socket path too long (299), must be under 108");
    cr_expect_eq(socket_listen_unix("/nonexistent/x.sock", 0, 16, error), -1);
    cr_expect_str_eq(error, "bind: No such file or directory");
}

Test(socket, a_burst_of_connections_is_accepted_in_a_turn)
{
    char error[SOCKET_ERROR_MAX];
    struct socket_listener l = {0};
    int clients[40];
    socket_listener_open(&l, socket_listen_unix(path, 0, 64, error), 0, accepted);
    for (int i = 0; i < 40; i++)
        clients[i] = dial_unix();
    loop_turn(1000);
    cr_expect_eq(accepted_count, 40);
    for (int i = 0; i < 40; i++) {
        close(clients[i]);
        socket_close(&conns[i]);
    }
    socket_listener_close(&l);
}

static void close_listener(struct socket_listener *l, struct socket_conn conn)
{
    accepted_count++;
    socket_close(&conn);
    socket_listener_close(l);
}

Test(socket, a_listener_may_be_closed_by_its_callback)
{
    char error[SOCKET_ERROR_MAX];
    struct socket_listener l = {0};
    socket_listener_open(&l, socket_listen_unix(path, 0, 64, error), 0, close_listener);
    int a = dial_unix(), b = dial_unix();
    loop_turn(1000);
    cr_expect_eq(accepted_count, 1);
    close(a);
    close(b);
}

Test(socket, without_descriptors_accepting_rests_and_comes_back)
{
    char error[SOCKET_ERROR_MAX], log[80];
    struct socket_listener l = {0};
    snprintf(log, sizeof log, "%s/log", dir);
    cr_assert(log_open(log));
    socket_listener_open(&l, socket_listen_unix(path, 0, 64, error), 0, accepted);
    int client = dial_unix();
    struct rlimit before, none;
    getrlimit(RLIMIT_NOFILE, &before);
    int lowest = dup(0);
    close(lowest);
    int spare = dup(0); /* the log opens its file for each line */
    none = (struct rlimit){(rlim_t)lowest + 1, before.rlim_max};
    int blocker = spare;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    uint64_t start = clock_mono_us_now();
    unsigned turns = 0;
    while (clock_mono_us_now() - start < 250000) {
        loop_turn(250);
        turns++;
    }
    cr_expect_eq(accepted_count, 0);
    cr_expect_leq(turns, 12, "%u turns: it must not spin", turns);
    setrlimit(RLIMIT_NOFILE, &before);
    close(blocker);
    start = clock_mono_us_now();
    while (!accepted_count && clock_mono_us_now() - start < 5000000)
        loop_turn(100);
    cr_expect_eq(accepted_count, 1);
    socket_close(&conns[0]);
    close(client);
    socket_listener_close(&l);
    log_open("");
    unlink(log);
}

/* ---- the seam ----------------------------------------------------------- */

static ssize_t scripted_read(struct socket_conn *c, void *into, size_t most)
{
    (void)most;
    memcpy(into, c->state, 3);
    return 3;
}

static ssize_t scripted_writev(struct socket_conn *c, const struct iovec *v, int count)
{
    (void)c;
    (void)v;
    (void)count;
    return 1;
}

static bool scripted_closed;

static void scripted_close(struct socket_conn *c)
{
    (void)c;
    scripted_closed = true;
}

Test(socket, ops_stand_in_for_the_system)
{
    const struct socket_ops ops = {scripted_read, scripted_writev, scripted_close};
    struct socket_conn c = {.fd = 77, .ops = &ops, .state = "abc"};
    char got[3];
    cr_expect_eq(socket_read(&c, got, 3), 3);
    cr_expect_eq(memcmp(got, "abc", 3), 0);
    struct iovec v = {got, 3};
    cr_expect_eq(socket_writev(&c, &v, 1), 1);
    socket_close(&c);
    cr_expect(scripted_closed);
    cr_expect_eq(c.fd, -1);
}

Test(socket, writing_to_a_closed_peer_is_an_error_not_a_signal)
{
    int fds[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct socket_conn c = {.fd = fds[0]};
    close(fds[1]);
    struct iovec v = {"x", 1};
    cr_expect_eq(socket_writev(&c, &v, 1), -1);
    cr_expect_eq(errno, EPIPE);
    socket_close(&c);
    char text[SOCKET_ADDRESS_MAX];
    c = (struct socket_conn){.fd = -1};
    socket_peer(&c, text);
    cr_expect_str_eq(text, "?:0");
    cr_expect_not(socket_peer_is_loopback(&c));
}

Test(socket, the_file_limit_is_raised_as_far_as_it_may)
{
    struct rlimit low = {64, 128}, now;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    cr_expect_eq(socket_raise_file_limit(50), 64);
    cr_expect_eq(socket_raise_file_limit(100), 100);
    getrlimit(RLIMIT_NOFILE, &now);
    cr_expect_eq(now.rlim_cur, 100);
    uint64_t got = socket_raise_file_limit(1000); /* root may raise the hard limit too */
    cr_expect(got == 128 || got == 1000);
    getrlimit(RLIMIT_NOFILE, &now);
    cr_expect_eq(now.rlim_cur, got);
}
