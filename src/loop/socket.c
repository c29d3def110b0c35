#include "loop/socket.h"

#include "base/clock.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ACCEPTS_A_TURN 1000
#define STARVED_PAUSE_US 100000

/* ---- connections -------------------------------------------------------- */

ssize_t socket_writev(struct socket_conn *c, const struct iovec *v, int count)
{
    if (unlikely(c->ops != NULL))
        return c->ops->writev(c, v, count);
    ssize_t n;
    do {
        if (count == 1) {
            n = send(c->fd, v->iov_base, v->iov_len, MSG_NOSIGNAL);
        } else {
            struct msghdr m = {.msg_iov = (struct iovec *)v, .msg_iovlen = (size_t)count};
            n = sendmsg(c->fd, &m, MSG_NOSIGNAL);
        }
    } while (unlikely(n < 0 && errno == EINTR));
    return n;
}

void socket_close(struct socket_conn *c)
{
    if (c->fd < 0)
        return;
    if (c->ops)
        c->ops->close(c);
    else
        close(c->fd);
    c->fd = -1;
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un path;
    struct sockaddr_storage storage;
};

static void print_address(const union address *a, socklen_t len, char out[SOCKET_ADDRESS_MAX])
{
    char ip[INET6_ADDRSTRLEN];
    switch (a->any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &a->v4.sin_addr, ip, sizeof ip);
        snprintf(out, SOCKET_ADDRESS_MAX, "%s:%d", ip, ntohs(a->v4.sin_port));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &a->v6.sin6_addr, ip, sizeof ip);
        snprintf(out, SOCKET_ADDRESS_MAX, "[%s]:%d", ip, ntohs(a->v6.sin6_port));
        break;
    case AF_UNIX: {
        size_t most = len - offsetof(struct sockaddr_un, sun_path);
        snprintf(out, SOCKET_ADDRESS_MAX, "%.*s:0", (int)strnlen(a->path.sun_path, most), a->path.sun_path);
        break;
    }
    default:
        snprintf(out, SOCKET_ADDRESS_MAX, "?:0");
    }
}

static void address_of(const struct socket_conn *c, int (*get)(int, struct sockaddr *, socklen_t *),
                       char out[SOCKET_ADDRESS_MAX])
{
    union address a;
    socklen_t len = sizeof a;
    if (get(c->fd, &a.any, &len) != 0)
        a.any.sa_family = AF_UNSPEC;
    print_address(&a, len, out);
}

void socket_local(const struct socket_conn *c, char out[SOCKET_ADDRESS_MAX])
{
    address_of(c, getsockname, out);
}

void socket_peer(const struct socket_conn *c, char out[SOCKET_ADDRESS_MAX])
{
    address_of(c, c->is_unix ? getsockname : getpeername, out);
}

bool socket_peer_is_loopback(const struct socket_conn *c)
{
    if (c->is_unix)
        return true;
    union address a;
    socklen_t len = sizeof a;
    if (getpeername(c->fd, &a.any, &len) != 0)
        return false;
    if (a.any.sa_family == AF_INET)
        return ntohl(a.v4.sin_addr.s_addr) >> 24 == 127;
    return a.any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr);
}

/* ---- opening listening sockets ------------------------------------------ */

__attribute__((format(printf, 2, 3))) static int refuse(char error[SOCKET_ERROR_MAX], const char *format, ...)
{
    int saved = errno;
    va_list args;
    va_start(args, format);
    vsnprintf(error, SOCKET_ERROR_MAX, format, args);
    va_end(args);
    errno = saved;
    return -1;
}

/* Takes fd. */
static int bind_and_listen(int fd, const struct sockaddr *address, socklen_t len, int backlog,
                           char error[SOCKET_ERROR_MAX])
{
    const char *step = "bind";
    if (bind(fd, address, len) == 0) {
        step = "listen";
        if (listen(fd, backlog) == 0)
            return fd;
    }
    refuse(error, "%s: %s", step, strerror(errno));
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int socket_listen_tcp(const char *address, unsigned port, int backlog, char error[SOCKET_ERROR_MAX])
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    const char *host = address;
    if (strcmp(address, "*") == 0) {
        host = NULL;
        hints.ai_family = AF_INET;
    } else if (strcmp(address, "::*") == 0) {
        host = NULL;
        hints.ai_family = AF_INET6;
    }
    char service[12];
    snprintf(service, sizeof service, "%u", port);
    int code = getaddrinfo(host, service, &hints, &found);
    if (code) {
        if (code != EAI_SYSTEM)
            errno = EINVAL;
        return refuse(error, "%s", gai_strerror(code));
    }

    int fd = -1;
    const struct addrinfo *a;
    for (a = found; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            refuse(error, "unable to bind socket, errno: %d", errno);
            continue;
        }
        int yes = 1;
        if (a->ai_family == AF_INET6)
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        fd = bind_and_listen(fd, a->ai_addr, a->ai_addrlen, backlog, error);
        if (fd < 0)
            break;
    }
    int saved = errno;
    freeaddrinfo(found);
    errno = saved;
    return fd;
}

int socket_listen_unix(const char *path, unsigned perm, int backlog, char error[SOCKET_ERROR_MAX])
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof a.sun_path) {
        errno = ENAMETOOLONG;
        return refuse(error, "unix socket path too long (%zu), must be under %zu", len, sizeof a.sun_path);
    }
    memcpy(a.sun_path, path, len);

    /* Only a socket is taken for a leftover. Redis removes whatever lies there. */
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(path);

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return refuse(error, "creating socket: %s", strerror(errno));
    /* Bound with no rights for others, so that nobody slips in before the chmod. */
    mode_t before = perm ? umask(0777 & ~perm) : 0;
    fd = bind_and_listen(fd, (struct sockaddr *)&a, sizeof a, backlog, error);
    int saved = errno;
    if (perm)
        umask(before);
    errno = saved;
    if (fd >= 0 && perm && chmod(path, perm) != 0) {
        refuse(error, "chmod: %s", strerror(errno));
        saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

/* ---- accepting ---------------------------------------------------------- */

static void resume(struct loop_timer *t)
{
    struct socket_listener *l =
        (struct socket_listener *)((char *)t - offsetof(struct socket_listener, pause));
    loop_modify(&l->watch, EPOLLIN);
}

/* Level-triggered, so without a pause a full queue and no descriptor would be a busy loop. */
static void starve(struct socket_listener *l, int why)
{
    if (!l->starving)
        log_warning("Accepting client connection: accept: %s (trying again until it works)", strerror(why));
    l->starving = true;
    loop_modify(&l->watch, 0);
    loop_timer_start(&l->pause, clock_mono_us() + STARVED_PAUSE_US, resume);
}

static void listener_ready(struct loop_watch *w, uint32_t events)
{
    (void)events;
    struct socket_listener *l =
        (struct socket_listener *)((char *)w - offsetof(struct socket_listener, watch));
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            l->starving = false;
            l->accepted(l, (struct socket_conn){.fd = fd, .is_unix = l->is_unix});
            if (l->fd < 0) /* closed meanwhile */
                return;
            continue;
        }
        if (errno == EAGAIN)
            return;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            starve(l, errno);
            return;
        }
        /* EINTR, ECONNABORTED and the network's own errors concern that one connection. */
    }
}

void socket_listener_keepalive(struct socket_listener *l, int seconds)
{
    if (l->is_unix || l->fd < 0)
        return;
    int on = seconds > 0;
    setsockopt(l->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (!on)
        return;
    int between = seconds / 3 ? seconds / 3 : 1, probes = 3;
    setsockopt(l->fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    setsockopt(l->fd, IPPROTO_TCP, TCP_KEEPINTVL, &between, sizeof between);
    setsockopt(l->fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

bool socket_listener_open(struct socket_listener *l, int fd, int keepalive,
                          void (*accepted)(struct socket_listener *l, struct socket_conn conn))
{
    int family = 0;
    socklen_t len = sizeof family;
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
    void *owner = l->owner;
    *l = (struct socket_listener){
        .owner = owner, .fd = fd, .is_unix = family == AF_UNIX, .accepted = accepted};
    l->watch.ready = listener_ready;
    if (!l->is_unix) {
        /* Linux hands these down to what is accepted: no system calls a connection. */
        int yes = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        socket_listener_keepalive(l, keepalive);
    }
    if (loop_add(&l->watch, fd, EPOLLIN))
        return true;
    int saved = errno;
    close(fd);
    l->fd = -1;
    errno = saved;
    return false;
}

void socket_listener_close(struct socket_listener *l)
{
    if (l->fd < 0)
        return;
    loop_timer_stop(&l->pause);
    loop_remove(&l->watch);
    close(l->fd);
    l->fd = -1;
}

/* ---- files -------------------------------------------------------------- */

uint64_t socket_raise_file_limit(uint64_t wanted)
{
    struct rlimit now;
    if (getrlimit(RLIMIT_NOFILE, &now) != 0)
        return 1024;
    if (now.rlim_cur >= wanted)
        return now.rlim_cur;
    struct rlimit more = {.rlim_cur = wanted, .rlim_max = wanted > now.rlim_max ? wanted : now.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0)
        return wanted;
    more =
        (struct rlimit){.rlim_cur = wanted < now.rlim_max ? wanted : now.rlim_max, .rlim_max = now.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0)
        return more.rlim_cur;
    return now.rlim_cur;
}
