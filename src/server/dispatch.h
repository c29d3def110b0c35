/* dispatch: judges a request and runs it.
 *
 * Everything about who may do what, and when, is judged here at the moment of
 * execution: existence and arity, authentication, subscribed mode, MULTI, pause.
 * Prefetching before may have looked at none of it. */
#ifndef SERVER_DISPATCH_H
#define SERVER_DISPATCH_H

#include "base/slice.h"
#include "commands/command.h"
#include "server/client.h"

#include <stdbool.h>
#include <stdint.h>

/* The row for a request: the command, or the subcommand that argv[1] names. NULL when there is none. */
const struct command *dispatch_find(const struct slice *argv, uint32_t argc);

/* Fills hashes for the keys that the row's first, last and step name. Returns how many there are. */
uint32_t dispatch_hash(const struct command *command, const struct slice *argv, uint32_t argc,
                       uint64_t *hashes);

/* Judges and runs a request of c. command: dispatch_find's answer; hashes: as dispatch_hash
 * fills them; member_hash: that of argv[command->member], NULL when it wasn't computed. False when it has to wait (CLIENT PAUSE): nothing was done then. */
bool dispatch_request(struct client *c, const struct command *command, struct slice *argv, uint32_t argc,
                      uint64_t *hashes, const uint64_t *member_hash);

/* Runs the command of a blocked client once more: it may find something to do now. blocking_clear
 * counts it. */
void dispatch_again(struct client *c, struct call *call);
/* It did: for slow log and latency monitor. */
void dispatch_served(struct client *c, struct call *call);

/* Runs a command that was judged before (EXEC): with timing, statistics and slow log, without checks. */
void dispatch_run(struct client *c, const struct command *command, struct slice *argv, uint32_t argc);

/* Once a turn: looks whether maxmemory is reached; writes that need memory are refused then. */
void dispatch_measure(void);

/* Starts the clock that requests are timed with; dispatch_request takes the end of one as the start of the next. */
void dispatch_tick(void);

/* Registers what dispatch has to know about settings. */
void dispatch_start(void);

#endif
