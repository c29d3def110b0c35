/* monitor: MONITOR. */
#ifndef SERVER_MONITOR_H
#define SERVER_MONITOR_H

#include "base/slice.h"
#include "commands/command.h"

#include <stdbool.h>
#include <stdint.h>

struct client;

/* Clients in MONITOR. */
extern unsigned monitor_count;

/* Writes the line to every monitor; call monitor_feed. */
void monitor_write(const struct client *c, const struct command *command, const struct slice *argv,
                   uint32_t argc);

/* c's request ran (its database is read now; EXEC's line follows those of its commands). One branch when nobody looks on. */
static inline void monitor_feed(const struct client *c, const struct command *command,
                                const struct slice *argv, uint32_t argc)
{
    if (__builtin_expect(monitor_count != 0, 0) && !(command->flags & (COMMAND_SKIP_MONITOR | COMMAND_ADMIN)))
        monitor_write(c, command, argv, argc);
}

/* A monitoring client counts as a replica that must not touch keys: false for commands that
 * would, which are refused with MONITOR_ONLY. */
#define MONITOR_ONLY "ERR Replica can't interact with the keyspace"
bool monitor_allows(const struct client *c, const struct command *command);

/* c no longer monitors (RESET, and when it goes). Harmless when it didn't. */
void monitor_remove(struct client *c);

extern const struct command monitor_commands[];

#endif
