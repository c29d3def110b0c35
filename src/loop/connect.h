/* connect: outgoing TCP connections, made without waiting: neither for the peer nor for the
 * look-up of its name, which a thread of its own does. */
#ifndef LOOP_CONNECT_H
#define LOOP_CONNECT_H

#include "loop/loop.h"
#include "loop/socket.h"

#include <stdbool.h>

struct addrinfo;
struct connect_lookup;

/* One connection in the making; embedded in its owner. */
struct connector {
    /* Told once: conn is connected and non-blocking; or (false) no address of the host let us in. */
    void (*done)(struct connector *c, bool connected);
    struct socket_conn conn;
    struct loop_watch watch;       /* of the look-up, then of the connection */
    struct connect_lookup *lookup; /* NULL: none, or over */
    struct addrinfo *addresses, *next;
    bool tried; /* there was an address */
};

/* Starts connecting to host, an address or a name. Borrows c until done is called, which never happens
 * from in here, or connector_stop. False: it's no use. */
bool connector_start(struct connector *c, const char *host, unsigned port,
                     void (*done)(struct connector *c, bool connected));

/* Closes conn; done isn't called any more. May be called at any time after connector_start, also twice. */
void connector_stop(struct connector *c);

#endif
