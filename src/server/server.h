/* server: the process's one server, put together from its parts, and its end. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "store/keyspace.h"

#include <stdbool.h>

/* The databases. Stands from server_start to the end. */
extern struct keyspace *server_keyspace;

/* Joins the command tables: before the configuration is read, which may rename commands. */
void server_join_commands(void);

/* Makes everything stand and opens the listeners. False: the reason is in the log. */
bool server_start(void);

/* Turns until somebody asks for the end (a signal, SHUTDOWN). Returns the exit status. */
int server_run(void);

enum server_shutdown_flag {
    SERVER_SHUTDOWN_NOW = 1,
    SERVER_SHUTDOWN_FORCE = 2,
    SERVER_SHUTDOWN_SAVE = 4,
    SERVER_SHUTDOWN_NOSAVE = 8
};

/* Saves where a rule of `save` or SAVE says so (and not NOSAVE), then ends the server after this turn with exit
 * status 0. False, and the log says why, when saving failed: then it goes on, unless it is FORCE. There are no
 * replicas to wait for, so NOW changes nothing. flags: enum server_shutdown_flag. */
bool server_shutdown(unsigned flags);

/* Gives everything back. */
void server_stop(void);

#endif
