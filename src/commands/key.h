/* key: commands for keys of any type (COPY DEL EXISTS KEYS MOVE OBJECT RANDOMKEY
 * RENAME TOUCH TYPE UNLINK) and for whole databases (DBSIZE FLUSHALL FLUSHDB SWAPDB). */
#ifndef COMMANDS_KEY_H
#define COMMANDS_KEY_H

#include "commands/command.h"

/* "string", "list", ... as TYPE answers. */
const char *key_type_name(enum entry_type type);

/* "int", "embstr", "raw", ... as OBJECT ENCODING answers. */
const char *key_encoding_name(const struct entry *e);

/* As keyspace_read (a hit or miss is counted, a miss is told), but the access isn't noted. */
struct entry *key_peek(struct call *c, uint32_t i);

#endif
