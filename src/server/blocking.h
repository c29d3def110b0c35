/* blocking: clients that wait for a key to get a collection (BLPOP and its kin).
 *
 * A command that finds nothing to do asks for it with call_wait. Its arguments
 * are kept, the client is blocked, and stands in a queue at each of its keys. A
 * change of such a key makes the key *ready*; once the request that changed it is
 * done (a whole transaction, never amid one) the queues of ready keys are gone
 * through in the order of coming, and the commands run again: those that still
 * find nothing wait on. Each type has a queue of its own at a key: one of another
 * type than clients wait for isn't shown to them, however many they are.
 *
 * What a client waits with is its memory (blocking_memory), under its limits. */
#ifndef SERVER_BLOCKING_H
#define SERVER_BLOCKING_H

#include "server/topics.h"
#include "store/keyspace.h"

#include <stdbool.h>

struct client;

/* All keys that somebody waits at; tag tells database and type. */
extern struct topics blocking_keys;

static inline bool blocking_any(void)
{
    return blocking_keys.count != 0;
}

/* Some key became ready. */
extern bool blocking_ready;

/* Makes call_wait work. */
void blocking_start(void);

/* Serves the clients at ready keys. After each request, when blocking_ready. */
void blocking_serve(void);

/* Ends c's waiting (it was served, gave up, or goes); client_unblock calls it. */
void blocking_clear(struct client *c);

size_t blocking_memory(const struct client *c);

/* What keyspace observers tell. */
void blocking_changed(unsigned db, struct slice key, uint64_t hash);
void blocking_swapped(unsigned a, unsigned b);

#endif
