/* client_cmd: CLIENT. */
#ifndef SERVER_CLIENT_CMD_H
#define SERVER_CLIENT_CMD_H

#include "base/buf.h"
#include "commands/command.h"

struct client;

/* Appends c's line of CLIENT LIST, newline included. running: the request that asks, or NULL. */
void client_describe(struct buf *b, const struct client *c, const struct call *running);

extern const struct command client_commands[];

#endif
