/* migrate: MIGRATE: keys move to another server, Redis or Hearth, by RESTORE.
 *
 * The client that asked waits; everybody else is served meanwhile, so a key may
 * change after it was sent. A key is removed here only when it still holds what
 * the target said that it has restored, value and expiry; else it is sent again
 * (with REPLACE), some times, and in the end stays with an error. So no
 * write is lost, and what is removed here is exactly what stands there. A key
 * that was removed by somebody else meanwhile is there on the target.
 *
 * Values are put into RESTORE one after the other as the connection takes them,
 * uncompressed: equal values then give equal bytes, whose checksum is what
 * they are compared by. */
#ifndef SERVER_MIGRATE_H
#define SERVER_MIGRATE_H

#include "commands/command.h"

#include <stddef.h>

struct client;

extern const struct command migrate_commands[];

/* Ends the MIGRATE that c waits for, if there is one, without an answer; client_unblock calls it. */
void migrate_clear(struct client *c);

/* Bytes that it takes. */
size_t migrate_memory(const struct client *c);

#endif
