/* limits: settings that commands obey. The server sets them when its configuration changes. */
#ifndef COMMANDS_LIMITS_H
#define COMMANDS_LIMITS_H

#include "commands/command.h"

/* Longest string that a command may make: proto-max-bulk-len. */
extern uint64_t limit_bulk_len;

/* True when a string may be `len + more` bytes long; else answers the error. */
static inline bool limit_allows_string(struct call *c, uint64_t len, uint64_t more)
{
    uint64_t total;
    if (likely(!__builtin_add_overflow(len, more, &total) && total <= limit_bulk_len))
        return true;
    reply_error(c->reply, "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    return false;
}

#endif
