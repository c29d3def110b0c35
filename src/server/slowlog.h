/* slowlog: the commands that took longest to run, most recent first. */
#ifndef SERVER_SLOWLOG_H
#define SERVER_SLOWLOG_H

#include "base/must.h"
#include "base/slice.h"
#include "commands/command.h"

#include <stdint.h>

struct client;

/* Reads the settings and follows their changes. base/cycles.h must be calibrated. */
void slowlog_start(void);
/* Gives everything back. */
void slowlog_stop(void);

/* Commands that take at least so many cycles are noted; UINT64_MAX: none. */
extern uint64_t slowlog_threshold;

void slowlog_add(const struct client *c, const struct command *command, const struct slice *argv,
                 uint32_t argc, uint64_t cycles);

/* `command` ran for c and took `cycles`: notes it when that was long. Borrows. */
static inline void slowlog_note(const struct client *c, const struct command *command,
                                const struct slice *argv, uint32_t argc, uint64_t cycles)
{
    if (unlikely(cycles >= slowlog_threshold))
        slowlog_add(c, command, argv, argc, cycles);
}

extern const struct command slowlog_commands[];

#endif
