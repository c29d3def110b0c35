/* keyspace: the databases. Keys, their values, their expiry, and what watches them.
 *
 * Words. A *database* is one dict of entries. The keyspace owns every entry;
 * pointers that it returns are borrowed until its next change. `hash` is always
 * keyspace_hash(key). A *change* is told once, by keyspace_changed, after it
 * was made, by the command that made it; what happens by itself (a key appears,
 * expires or is evicted) the keyspace tells.
 *
 * Invariants.
 *  1. No function here returns an entry whose expiry is before clock_ms(): it is removed first.
 *  2. Expiry of every entry with ENTRY_EXPIRES is known to the expiry index.
 *  3. Freeing what is big never takes the loop's time: blobs go to the background thread,
 *     a flushed database is drained by keyspace_work. */
#ifndef STORE_KEYSPACE_H
#define STORE_KEYSPACE_H

#include "base/slice.h"
#include "ds/dict.h"
#include "store/entry.h"

#include <stdbool.h>
#include <stdint.h>

struct keyspace;

/* Classes of keyspace events: Redis's notify-keyspace-events letters. */
enum event_class {
    EVENT_GENERIC = 1 << 2,   /* g */
    EVENT_STRING = 1 << 3,    /* $ */
    EVENT_LIST = 1 << 4,      /* l */
    EVENT_SET = 1 << 5,       /* s */
    EVENT_HASH = 1 << 6,      /* h */
    EVENT_ZSET = 1 << 7,      /* z */
    EVENT_EXPIRED = 1 << 8,   /* x */
    EVENT_EVICTED = 1 << 9,   /* e */
    EVENT_STREAM = 1 << 10,   /* t */
    EVENT_KEY_MISS = 1 << 11, /* m */
    EVENT_MODULE = 1 << 13,   /* d */
    EVENT_NEW = 1 << 14,      /* n */
};

/* Who wants to hear. Both may be NULL. `key` is borrowed for the call.
 * An observer must not change the keyspace. */
struct keyspace_observer {
    /* A key's value, expiry or existence changed. */
    void (*changed)(void *ctx, unsigned db, struct slice key, uint64_t hash);
    /* All keys of db go (flush) or two databases trade places; called before it happens. */
    void (*flushing)(void *ctx, unsigned db);
    void (*swapping)(void *ctx, unsigned a, unsigned b);
    /* A nameable event: "set", "expired", ... */
    void (*event)(void *ctx, unsigned db, struct slice key, enum event_class cls, const char *name);
    void *ctx;
};

struct keyspace_stats { /* since start or keyspace_reset_stats */
    uint64_t hits;
    uint64_t misses;
    uint64_t expired;        /* keys removed because their time had come */
    uint64_t expired_fields; /* fields of hashes, likewise */
    uint64_t evicted;
    uint64_t expire_lag_us; /* how late the last removal batch was */
    uint64_t expire_lag_max_us;
    uint64_t expire_due_cells; /* backlog: cells of the expiry index that are due now */
    uint64_t expire_turns_cut; /* turns that ended with work left */
};

/* `databases` empty databases. Gives. The arena must stand. */
struct keyspace *keyspace_create(unsigned databases);
void keyspace_destroy(struct keyspace *ks);

unsigned keyspace_databases(const struct keyspace *ks);

/* The hash of a key: keyed with 128 random bits drawn at start. */
uint64_t keyspace_hash(struct slice key);

/* Borrows `o` for as long as the keyspace lives; NULL ends it. */
void keyspace_observe(struct keyspace *ks, const struct keyspace_observer *o);

/* While off, `changed` and `event` aren't called, which saves each write a call: nobody listens. */
void keyspace_attend(struct keyspace *ks, bool on);

/* ---- looking ---------------------------------------------------------- */

/* The entry of key, or NULL. Counts and touches nothing. */
struct entry *keyspace_find(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash);

/* As find, for a command that reads: counts a hit or a miss, notes the access
 * (unless keyspace_set_no_touch), tells EVENT_KEY_MISS. */
struct entry *keyspace_read(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash);

/* Prefetch in three steps, each some requests after the one before: the line that
 * describes the key's part of the table, the slots, the entry. Never changes anything. */
void keyspace_prefetch_segment(const struct keyspace *ks, unsigned db, uint64_t hash);
void keyspace_prefetch_group(const struct keyspace *ks, unsigned db, uint64_t hash);
void keyspace_prefetch_entry(const struct keyspace *ks, unsigned db, uint64_t hash);

/* The entry of key as it stands, ended or not; for prefetching what is behind it. Changes nothing. */
const struct entry *keyspace_peek(const struct keyspace *ks, unsigned db, struct slice key, uint64_t hash);

/* Grows whenever the table of a collection is given up: pointers to tables noted before are good no more. */
uint64_t keyspace_tables_gone(const struct keyspace *ks);

uint64_t keyspace_count(const struct keyspace *ks, unsigned db);
/* Keys that have an expiry, and the mean of what they have left in ms (estimated). */
uint64_t keyspace_expiring(const struct keyspace *ks, unsigned db, int64_t *mean_ttl_ms);

/* A key of db, all with even odds; NULL when it is empty. Where nearly all keys have ended and
 * weren't removed yet the odds are less even, and a few live ones among ten thousands are missed. */
struct entry *keyspace_random(struct keyspace *ks, unsigned db);

/* Visits the entries of the next home group after cursor and returns the next
 * cursor; 0 when the round is over. Expired entries aren't shown. The visitor
 * must not change the keyspace. */
uint64_t keyspace_scan(struct keyspace *ks, unsigned db, uint64_t cursor,
                       void (*visit)(void *ctx, struct entry *e), void *ctx);

/* ---- changing: none of these tells anybody; follow with keyspace_changed -- */

/* Makes key hold the string `value` (as an integer where that is smaller), in
 * place of whatever it held. expiry_ms: ms since 1970, EXPIRY_NONE, or
 * KEEP_EXPIRY. `value` may lie inside the entry that it replaces. Returns the entry. */
#define KEEP_EXPIRY (-2ll)
struct entry *keyspace_set(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash,
                           struct slice value, int64_t expiry_ms);

/* As keyspace_set, with an integer: the value that INCR leaves. */
struct entry *keyspace_set_int(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash,
                               int64_t value, int64_t expiry_ms);

/* As keyspace_set, with a value that is a blob already: takes it. For values above ENTRY_INLINE_MAX. */
struct entry *keyspace_set_blob(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash,
                                struct blob *blob, int64_t expiry_ms);

/* Writes value over the integer of e (ENC_INT), when its bytes suffice; false and no change
 * when they don't. Spares INCR the second look-up. */
bool keyspace_replace_int(struct keyspace *ks, struct entry *e, int64_t value);

/* Makes the string at key (created when missing, expiry kept) exactly `len` bytes long and
 * writable, and returns them: old bytes first, zeros behind. They are valid until
 * the next change. Growth is geometric. The key must not hold another type. */
char *keyspace_edit(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash, size_t len);

/* Sets or (EXPIRY_NONE) removes the expiry of e, an entry of db; returns the entry, which may have moved. */
struct entry *keyspace_set_expiry(struct keyspace *ks, unsigned db, struct entry *e, uint64_t hash,
                                  int64_t expiry_ms);

/* Removes key; false when it wasn't there. */
bool keyspace_delete(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash);

/* Moves the value and expiry of `from` (must exist) to `to` in to_db, over whatever stood there. */
void keyspace_rename(struct keyspace *ks, unsigned db, struct slice from, uint64_t from_hash, unsigned to_db,
                     struct slice to, uint64_t to_hash);

/* Copies the value and expiry of `from` (must exist) to `to` in to_db, over whatever stood there. */
void keyspace_copy(struct keyspace *ks, unsigned db, struct slice from, uint64_t from_hash, unsigned to_db,
                   struct slice to, uint64_t to_hash);

/* Empties db. Its keys are gone at once, their memory follows in keyspace_work. Returns how many. */
uint64_t keyspace_flush(struct keyspace *ks, unsigned db);
void keyspace_swap(struct keyspace *ks, unsigned a, unsigned b);

/* ---- telling ------------------------------------------------------------ */

/* Changes since start (INFO's rdb_changes_since_last_save; DEBUG). */
uint64_t keyspace_dirty(const struct keyspace *ks);

/* A command changed key: counts it, tells observers of the change, and of the event `name`. */
void keyspace_changed(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash, enum event_class cls,
                      const char *name);

/* Tells an event only. "new" (a key appeared where none was) and "keymiss" the keyspace tells itself. */
void keyspace_event(struct keyspace *ks, unsigned db, struct slice key, enum event_class cls,
                    const char *name);

/* ---- time --------------------------------------------------------------- */

/* Once a turn: removes what is due and drains what was flushed, for at most
 * budget_us. Returns the ms until it wants to run again: 0 when work is left,
 * -1 when nothing waits. */
int64_t keyspace_work(struct keyspace *ks, uint64_t budget_us);

/* Drains more of what was given up, for at most budget_us. */
void keyspace_free_more(struct keyspace *ks, uint64_t budget_us);

/* DEBUG SET-ACTIVE-EXPIRE 0: expired keys go only when they are looked at. */
void keyspace_set_active_expiry(struct keyspace *ks, bool on);

/* While set (CLIENT NO-TOUCH), reads leave the access information alone. Commands that
 * only look (TTL, EXISTS, TYPE) set it around their reads. */
bool keyspace_set_no_touch(struct keyspace *ks, bool on); /* returns what was set before */

/* Counters and lag, as of now. Borrowed. */
const struct keyspace_stats *keyspace_stats(const struct keyspace *ks);
void keyspace_reset_stats(struct keyspace *ks);

/* Bytes of the tables themselves (dict chunks, segments, expiry index) of db. */
size_t keyspace_overhead(const struct keyspace *ks, unsigned db);

/* The table of db, for DEBUG HTSTATS. Borrowed. */
const struct dict *keyspace_dict(const struct keyspace *ks, unsigned db);

#endif
