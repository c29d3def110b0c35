/* zset: sorted sets as values of keys: members in order of score, equal scores in order of bytes.
 *
 * Words. The *rank* of a member is its number in that order: 0 is the lowest. Every range of a command
 * is an interval of ranks: two searches give its ends (zset_rank_of_score, zset_rank_of_member),
 * a cursor walks it and zset_remove_ranks removes it.
 *
 * A small sorted set is packed (form 0): member, score, member, score, ... as ds/pack.h elements, in order.
 * When it outgrows encoding_limits it becomes a table: a dict of members and an ordered tree
 * (ds/ordered.h), which share one object a member. It never goes back.
 *
 * Scores are doubles, infinities among them; never NaN. Minus zero orders as zero and is kept by a table only.
 * Functions that read take an entry, NULL for a key that doesn't exist; those that change take a
 * place. `hash` is keyspace_hash(member), or 0 where the caller doesn't know it: only a table
 * (zset_is_table) asks for it. A set may be left with no members: the caller then clears the place. */
#ifndef STORE_ZSET_H
#define STORE_ZSET_H

#include "base/slice.h"
#include "ds/pack.h"
#include "store/entry.h"
#include "store/place.h"
#include "store/table.h"

#include <stdbool.h>
#include <stdint.h>

struct ordered_leaf;

extern const struct table_ops zset_table_ops;

uint64_t zset_count(const struct entry *e);

/* True when members are found by hash. */
static inline bool zset_is_table(const struct entry *e)
{
    return e && entry_encoding(e) == ENC_TABLE;
}

/* "listpack" or "skiplist", as Redis calls what corresponds. */
const char *zset_encoding(const struct entry *e);

/* ---- one member --------------------------------------------------------- */

/* False when member isn't there. */
bool zset_score(const struct entry *e, struct slice member, double *score);
bool zset_score_hashed(const struct entry *e, struct slice member, uint64_t hash, double *score);
bool zset_rank(const struct entry *e, struct slice member, uint64_t *rank, double *score);
bool zset_rank_hashed(const struct entry *e, struct slice member, uint64_t hash, uint64_t *rank,
                      double *score);

enum zset_change {
    ZSET_SAME,    /* the member has that score already */
    ZSET_MOVED,   /* it has it now */
    ZSET_ADDED,   /* the member is new */
    ZSET_REFUSED, /* zset_add: a condition doesn't hold; nothing changed */
    ZSET_NAN,     /* zset_add: the sum isn't a number; nothing changed */
};

/* Gives member, which must not lie in the set itself, that score (not NaN). The key is created when missing. */
enum zset_change zset_put(struct place *p, struct slice member, double score);

/* `count` members are about to be put, at least one of which will be there afterwards: where a packed set may
 * not have so many the set becomes a table at once, as Redis does, however many of them are the same.
 * May be left out. */
void zset_expect(struct place *p, uint64_t count);

/* Makes the missing key at p the set of `count` members that `item` gives by number: in order, no one twice. What
 * it gives stays until zset_fill is done. */
typedef struct slice zset_item(const void *ctx, size_t number, double *score);
void zset_fill(struct place *p, size_t count, zset_item *item, const void *ctx);

/* What zset_add does beyond that, joined by |. */
enum zset_how {
    ZSET_IF_MISSING = 1, /* refuse when the member is there */
    ZSET_IF_THERE = 2,   /* refuse when it isn't */
    ZSET_IF_GREATER = 4, /* refuse to lower or keep the score of one that is there */
    ZSET_IF_LESS = 8,    /* or to raise or keep it */
    ZSET_INCREMENT = 16, /* *score is added to the score that it has */
};

/* ZADD and ZINCRBY: one look-up. *score becomes the score that the member has afterwards;
 * undefined after ZSET_REFUSED and ZSET_NAN. The key is created only for a member that is added. */
enum zset_change zset_add(struct place *p, struct slice member, unsigned how, double *score);
enum zset_change zset_add_hashed(struct place *p, struct slice member, uint64_t hash, unsigned how,
                                 double *score);

/* False when it wasn't there. */
bool zset_remove(struct place *p, struct slice member);
bool zset_remove_hashed(struct place *p, struct slice member, uint64_t hash);

/* ---- ranges ------------------------------------------------------------- */

/* Members before the first one whose score is `score` or more; `above`: more. (0 .. count) */
uint64_t zset_rank_of_score(const struct entry *e, double score, bool above);

/* The same by the members' bytes, whatever the scores. Where higher scores don't go with higher bytes (equal
 * ones do) a packed set is walked from its front, and of a table it is some number in 0 .. count. */
uint64_t zset_rank_of_member(const struct entry *e, struct slice member, bool above);

/* Removes the members from rank `first` on, at most `count`; returns how many they were. */
uint64_t zset_remove_ranks(struct place *p, uint64_t first, uint64_t count);

#define ZSET_CURSOR_AHEAD 32

/* A walk along the ranks. Good until anything changes the keyspace. */
struct zset_cursor {
    bool down;
    bool packed;
    uint64_t left; /* members before the end */
    union {
        struct {
            const char *first;                  /* the packed bytes */
            uint32_t at;                        /* up: offset of the next member */
            uint32_t ahead;                     /* down: offsets still in `offset` */
            uint32_t offset[ZSET_CURSOR_AHEAD]; /* of the members that come next, the last one first to go */
            char scratch[PACK_DIGITS];          /* a member that is held as an integer */
        } pack;
        struct {
            const struct ordered_leaf *leaf;
            uint32_t at; /* the next member in the leaf; from its count on: it is in the next leaf */
        } tree;
    };
};

/* Starts at rank (past the last: nothing comes), towards higher ranks or, `down`, towards 0. */
void zset_seek(struct zset_cursor *c, const struct entry *e, uint64_t rank, bool down);

/* The next member; false after the last. *member is borrowed until the next call or the next change. */
bool zset_next(struct zset_cursor *c, struct slice *member, double *score);

/* A member, all with even odds; false when there is none. The cursor holds what *member borrows. */
bool zset_random(struct zset_cursor *c, const struct entry *e, struct slice *member, double *score);

/* ---- all of it, while it changes ------------------------------------------ */

typedef void zset_visit(void *ctx, struct slice member, double score);

/* SCAN's guarantee: shows some members at or after cursor, returns the next one; 0 after the last. A packed
 * set is shown in one go. The visitor must not change the keyspace; what it is shown is borrowed for the call. */
uint64_t zset_scan(const struct entry *e, uint64_t cursor, zset_visit *visit, void *ctx);

#endif
