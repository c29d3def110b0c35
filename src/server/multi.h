/* multi: MULTI, EXEC, DISCARD, WATCH, UNWATCH.
 *
 * What is queued is copied, because requests are borrowed from the client's
 * input. The copies count to the client's query buffer (multi_memory), and
 * client_account bounds that. */
#ifndef SERVER_MULTI_H
#define SERVER_MULTI_H

#include "base/slice.h"
#include "commands/command.h"
#include "server/client.h"

#include <stdbool.h>
#include <stdint.h>

/* For a client in MULTI: queues a copy of the request and answers QUEUED. False, and
 * nothing done, when the command runs at once even there (EXEC, DISCARD, QUIT, ...). */
bool multi_queue(struct client *c, const struct command *command, const struct slice *argv, uint32_t argc);

/* Forgets c's queue and watches and ends its MULTI. Harmless without one; also when the client goes. */
void multi_discard(struct client *c);

/* A request was refused before it ran or was queued: EXEC will abort. */
static inline void multi_refused(struct client *c)
{
    if (c->flags & CLIENT_MULTI)
        c->flags |= CLIENT_DIRTY_EXEC;
}

/* EXEC itself was refused with `error` ("ERR ..."; the code is cut off): discards, and answers EXECABORT. */
void multi_abort(struct client *c, const char *error);

/* EXEC, which takes its flags from what is queued too. */
bool multi_is_exec(const struct command *command);

/* Flags that any queued command has; 0 without a queue. */
uint32_t multi_flags(const struct client *c);

/* Queued requests; -1 outside of MULTI. And the bytes of their copies. */
int64_t multi_count(const struct client *c);
size_t multi_memory(const struct client *c);

extern const struct command multi_commands[];

#endif
