/* keyspace_priv: what the files of the keyspace share: its structs, and how an entry is found,
 * put in its slot and given up. */
#ifndef STORE_KEYSPACE_PRIV_H
#define STORE_KEYSPACE_PRIV_H

#include "base/clock.h"
#include "base/must.h"
#include "store/expiry.h"
#include "store/keyspace.h"
#include "store/table.h"

struct database {
    struct dict dict;
    struct expiry_map expiry;
    struct keyspace *keyspace;
    unsigned index;
    bool flushed;          /* only waits to be drained */
    uint64_t expiring;     /* entries with an expiry */
    __int128 expiry_sum;   /* of their times */
    struct database *next; /* the next one to drain */
};

/* A value that is being freed in steps. */
struct doomed {
    void *table;
    const struct table_ops *ops;
    struct doomed *next;
};

struct keyspace {
    struct database **db; /* and behind the last the workshop (store/place.h) */
    unsigned databases;   /* without it */
    bool observed;
    bool active_expiry;
    bool no_touch;
    struct keyspace_observer observer;
    struct expiry *expiry;
    struct database *flushed; /* oldest first */
    struct doomed *doomed;
    uint64_t tables_gone; /* keyspace_tables_gone */
    uint64_t dirty;
    struct keyspace_stats stats;
};

static inline bool keyspace_entry_ended(const struct entry *e)
{
    return unlikely(e->flags & ENTRY_EXPIRES) && entry_expiry(e) < clock_ms();
}

/* An item of d ends at end_ms: its cell hears of it. */
static inline void keyspace_note_end(struct expiry *x, struct expiry_map *map, const struct dict *d,
                                     uint64_t hash, int64_t end_ms)
{
    uint32_t i = dict_segment_of(d, hash);
    unsigned cell = (unsigned)(hash << dict_segment(d, i)->level >> 58);
    expiry_note(x, map, i, cell, end_ms < INT64_MAX / 4 ? end_ms + 1 : end_ms);
}

/* The interval [first, last] of hash space that a cell of d covers. */
static inline void keyspace_cell_range(const struct dict *d, uint32_t segment, unsigned cell, uint64_t *first,
                                       uint64_t *last)
{
    uint64_t width = 1ull << (58 - dict_segment(d, segment)->level);
    *first = dict_segment_first(segment) + cell * width;
    *last = *first + width - 1;
}

/* The entry's time has come: removes it and tells. */
void keyspace_expire_slot(struct database *b, uint64_t hash, uint64_t *slot);

/* The slot of a key that hasn't ended; NULL when there is none. */
static inline uint64_t *keyspace_slot(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash)
{
    struct database *b = ks->db[db];
    uint64_t *slot = dict_find(&b->dict, hash, entry_match, &key);
    if (slot && keyspace_entry_ended(dict_item(slot))) {
        keyspace_expire_slot(b, hash, slot);
        return NULL;
    }
    return slot;
}

/* Puts e in place of the entry in slot, or into the dict where slot is NULL. The old entry is the caller's. */
void keyspace_put_entry(struct database *b, uint64_t hash, uint64_t *slot, struct entry *e);

/* Builds an entry of p over the one in slot (or into the dict) and frees the old one, value included. */
struct entry *keyspace_store(struct database *b, uint64_t hash, uint64_t *slot, const struct entry_parts *p);

/* Frees the entry and its value; a big one bit by bit (keyspace_work). */
void keyspace_free_entry(struct keyspace *ks, struct entry *e);

/* Frees a collection; a big one bit by bit (keyspace_work). */
void keyspace_free_table(struct keyspace *ks, enum entry_type type, void *table);

/* keyspace_free_entry as a dict_visit; ctx is the keyspace. */
void keyspace_take_entry(void *ctx, void *item);

/* The bytes of the string or packed collection at slot (NULL: none yet) become exactly len, what is added
 * zeros. Returns them, writable until the next change; *now becomes the entry. */
char *keyspace_resize(struct keyspace *ks, unsigned db, enum entry_type type, struct slice key, uint64_t hash,
                      uint64_t *slot, size_t len, struct entry **now);

/* Drains flushed databases and doomed tables until `until` (monotonic us); true when nothing is left. */
bool keyspace_drain(struct keyspace *ks, uint64_t until);

/* Entries freed between two looks at the clock: near the end of a big collection each of them may empty a page,
 * which the system takes microseconds to take back. */
#define DRAIN_STEP 32

#endif
