/* connection_cmd: AUTH ECHO HELLO PING QUIT RESET SELECT, and what others ask about them. */
#ifndef SERVER_CONNECTION_CMD_H
#define SERVER_CONNECTION_CMD_H

#include "commands/command.h"
#include "server/client.h"

#include <stdbool.h>

/* QUIT and RESET run at once inside MULTI; those and PING in RESP2 even while subscribed.
 * Known by what the row runs, so renamed commands are too. */
bool connection_runs_in_multi(const struct command *command);
bool connection_runs_subscribed(const struct command *command);

/* A fresh connection needs no password (and when a new one stands, is CLIENT_AUTHENTICATED). */
bool connection_is_free(void);

/* True and c is authenticated when they fit; else answers WRONGPASS and returns false. */
bool connection_login(struct client *c, struct slice user, struct slice password);

/* "" takes the name away. Answers the error and returns false when it isn't printable ASCII without blanks. */
bool connection_set_name(struct client *c, struct reply *reply, struct slice name);

/* True when s is printable ASCII without blanks. */
bool connection_name_ok(struct slice s);

/* c's replies go where its CLIENT_REPLY_* flags say; call when they changed. */
static inline void connection_route_replies(struct client *c)
{
    c->reply.output = c->flags & (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP) ? NULL : &c->output;
}

extern const struct command connection_commands[];

#endif
