/* listen: the listening sockets that the settings ask for, and how many connections the system allows. */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "loop/socket.h"

#include <stdbool.h>

/* Opens all listeners of config (bind, port, unixsocket) and keeps them as CONFIG SET changes
 * them (bind, port, tcp-keepalive). accepted takes each connection. False: one could not be
 * opened, or none is asked for; the log says why and nothing is open. */
bool listen_open(void (*accepted)(struct socket_conn conn));

/* Says in the log where connections are accepted. */
void listen_announce(void);

/* Stops accepting; removes the Unix socket's file. */
void listen_close(void);

/* Raises the limit of open files to what maxclients needs, or lowers maxclients to what is
 * allowed, and says so in the log. After it CONFIG SET maxclients is judged the same way.
 * False: not even a few connections fit; the log says so. */
bool listen_fit_clients(void);

#endif
