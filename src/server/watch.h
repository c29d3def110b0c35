/* watch: the keys that clients WATCH.
 *
 * A change of a watched key marks its watchers CLIENT_DIRTY_CAS and ends all
 * their watches: they can't become cleaner. Rules of Redis: a key that wasn't
 * there (or had expired) when it was watched is touched when it comes, one that
 * was there when it goes, in time or by hand; FLUSHDB and SWAPDB touch what
 * existed before or exists after.
 *
 * The watches of a client are its memory (watch_memory), under its limits. */
#ifndef SERVER_WATCH_H
#define SERVER_WATCH_H

#include "server/topics.h"
#include "store/keyspace.h"

struct client;

/* All watched keys; for the branch in notify.c. tag is the database. */
extern struct topics watch_keys;

static inline bool watch_any(void)
{
    return watch_keys.count != 0;
}

void watch_add(struct client *c, struct keyspace *ks, unsigned db, struct slice key, uint64_t hash);

/* Ends c's watches, without a mark. Also when the client goes. */
void watch_clear(struct client *c);

/* Before EXEC: marks c when a key that was there has run out unseen. */
void watch_check(struct client *c, struct keyspace *ks);

size_t watch_memory(const struct client *c);

/* What keyspace observers tell. */
void watch_changed(unsigned db, struct slice key, uint64_t hash);
void watch_flushing(struct keyspace *ks, unsigned db);
void watch_swapping(struct keyspace *ks, unsigned a, unsigned b);

#endif
