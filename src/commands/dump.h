/* dump: DUMP and RESTORE. */
#ifndef COMMANDS_DUMP_H
#define COMMANDS_DUMP_H

#include "store/keyspace.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether DUMP compresses strings; the server sets it (`rdbcompression`). */
extern bool dump_compress;

/* Passes every key of every database through DUMP and RESTORE (DEBUG RELOAD): value, type, expiry and
 * those of fields must come back. False with the reason in `error` (of `room` bytes). */
bool dump_reload_all(struct keyspace *ks, char *error, size_t room);

#endif
