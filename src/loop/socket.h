/* socket: listeners and connections. Nothing above src/loop/ calls read, write or accept.
 *
 * A connection's `ops` is the seam: NULL is a plain socket, anything else (TLS,
 * a test that scripts short writes) is called instead. */
#ifndef LOOP_SOCKET_H
#define LOOP_SOCKET_H

#include "base/must.h"
#include "loop/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#define SOCKET_ERROR_MAX 256 /* room for an error text */
#define SOCKET_ADDRESS_MAX                                                                                   \
    128 /* room for an address as socket_peer prints it; a unix path has up to 107 bytes */

struct socket_conn;

struct socket_ops {
    ssize_t (*read)(struct socket_conn *c, void *into, size_t most);
    ssize_t (*writev)(struct socket_conn *c, const struct iovec *v, int count);
    void (*close)(struct socket_conn *c);
};

struct socket_conn {
    int fd; /* -1 once closed */
    bool is_unix;
    const struct socket_ops *ops; /* NULL: plain */
    void *state;                  /* of ops */
};

/* As read(2): 0 at the end of the stream, -1 with errno (EAGAIN: nothing now). Never EINTR. */
static inline ssize_t socket_read(struct socket_conn *c, void *into, size_t most)
{
    if (unlikely(c->ops != NULL))
        return c->ops->read(c, into, most);
    ssize_t n;
    do
        n = recv(c->fd, into, most, 0);
    while (unlikely(n < 0 && errno == EINTR));
    return n;
}

/* As writev(2): may write less; -1 with errno (EAGAIN: no room now). Never EINTR, never SIGPIPE. */
ssize_t socket_writev(struct socket_conn *c, const struct iovec *v, int count);

/* Closes it; c->fd becomes -1. May be called twice. The watch is removed before. */
void socket_close(struct socket_conn *c);

/* "127.0.0.1:6379", "[::1]:6379", "/path:0"; of a unix socket the server's path both times, as
 * Redis prints it. "?:0" when it isn't connected any more. */
void socket_peer(const struct socket_conn *c, char out[SOCKET_ADDRESS_MAX]);
void socket_local(const struct socket_conn *c, char out[SOCKET_ADDRESS_MAX]);

/* Unix socket, 127.0.0.0/8 or ::1: what protected mode lets in. */
bool socket_peer_is_loopback(const struct socket_conn *c);

/* ---- listening ---------------------------------------------------------- */

/* Accepts on one listening socket. Embedded in its owner or kept in an array that doesn't move. */
struct socket_listener {
    struct loop_watch watch;
    struct loop_timer pause; /* runs while accepting is suspended for want of descriptors */
    /* Takes conn: non-blocking, with the options of the listener. */
    void (*accepted)(struct socket_listener *l, struct socket_conn conn);
    void *owner; /* the caller's */
    int fd;      /* -1 when closed */
    bool is_unix;
    bool starving; /* told the log already that descriptors ran out */
};

/* Binds and listens; gives the descriptor, or -1 with errno and the reason in `error`.
 * address: IPv4, IPv6, a name, "*" (all of IPv4) or "::*" (all of IPv6). */
int socket_listen_tcp(const char *address, unsigned port, int backlog, char error[SOCKET_ERROR_MAX]);

/* The same for a path. A socket file that lies there is removed first. perm 0: as umask says. */
int socket_listen_unix(const char *path, unsigned perm, int backlog, char error[SOCKET_ERROR_MAX]);

/* Starts accepting on fd (taken). keepalive: seconds, 0 for none. False with errno when the loop refuses. */
bool socket_listener_open(struct socket_listener *l, int fd, int keepalive,
                          void (*accepted)(struct socket_listener *l, struct socket_conn conn));

/* Stops accepting and closes; the file of a unix socket stays. May be called twice. */
void socket_listener_close(struct socket_listener *l);

/* Connections accepted from now on are probed every so many seconds; 0: never. */
void socket_listener_keepalive(struct socket_listener *l, int seconds);

/* Raises the limit of open files towards `wanted` as far as allowed (never lowers it); returns what holds now. */
uint64_t socket_raise_file_limit(uint64_t wanted);

#endif
