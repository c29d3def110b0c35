/* scan: what commands that walk with a cursor share; KEYS and SCAN themselves. */
#ifndef COMMANDS_SCAN_H
#define COMMANDS_SCAN_H

#include "commands/command.h"

/* argv[i] as a cursor, read as Redis reads it (strtoul); false when the error is answered. */
bool scan_cursor(struct call *c, uint32_t i, uint64_t *cursor);

#endif
