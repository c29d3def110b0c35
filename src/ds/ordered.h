/* ordered: members in order of score, equal scores in order of bytes, with their ranks.
 *
 * Words. A *member* is an arena object: the number of the leaf that it stands in, and its bytes. A *leaf* is
 * an arena chunk of up to ORDERED_LEAF scores and references to their members, under counted inner
 * nodes (ds/counted.h). The score stands in the leaf only. So from a member to its score,
 * place and rank there is one step down and a climb, never a search, and a dict of the same
 * members needs no score; a search by score looks at no member unless scores are equal.
 *
 * Invariants.
 *  1. Every leaf holds between a third of ORDERED_LEAF and ORDERED_LEAF members, but the first and
 *     the last leaf may hold fewer, down to one.
 *  2. A member's `leaf` is where it stands.
 *  3. The tree's first keys are the leaves' first members and scores, its weights their counts.
 * Scores are never NaN; minus zero orders as zero. The tree owns leaves and inner nodes, never the members. */
#ifndef DS_ORDERED_H
#define DS_ORDERED_H

#include "base/must.h"
#include "base/slice.h"
#include "ds/arena.h"
#include "ds/counted.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ORDERED_LEAF 38

struct ordered_leaf {
    struct counted_node node;
    double score[ORDERED_LEAF];
    uint32_t ref_low[ORDERED_LEAF]; /* of arena_ref(member): low 32 bits, */
    uint8_t ref_high[ORDERED_LEAF]; /* high 8 */
    uint16_t count;
};

_Static_assert(sizeof(struct ordered_leaf) == 512, "a leaf is an arena chunk");

struct ordered_member {
    uint32_t leaf; /* an arena chunk; undefined while it stands in none */
    uint8_t len;   /* of the bytes; ORDERED_LONG: 8 bytes of length stand before them */
    char rest[];
};

#define ORDERED_LONG 255

/* A member's bytes. Borrowed. */
static inline struct slice ordered_bytes(const struct ordered_member *m)
{
    if (likely(m->len != ORDERED_LONG))
        return slice_make(m->rest, m->len);
    uint64_t len;
    memcpy(&len, m->rest, 8);
    return slice_make(m->rest + 8, len);
}

/* A member with those bytes. Gives; arena_free. Ends the process when memory is out, as the rest of this file. */
struct ordered_member *ordered_create(struct slice bytes);

/* Bytes that a member of that length takes in the arena. */
size_t ordered_member_size(size_t len);

struct ordered {
    struct counted tree;
    uint64_t leaves;
};

/* A place in the tree, good until its next change. leaf NULL: none. */
struct ordered_at {
    struct ordered_leaf *leaf;
    unsigned index;
};

static inline uint64_t ordered_count(const struct ordered *o)
{
    return o->tree.weight;
}

static inline double ordered_score(struct ordered_at at)
{
    return at.leaf->score[at.index];
}

static inline struct ordered_member *ordered_member(struct ordered_at at)
{
    return arena_deref(at.leaf->ref_low[at.index] | (uint64_t)at.leaf->ref_high[at.index] << 32);
}

/* ---- changing: zeroed memory is an empty tree ------------------------------- */

/* Adds m, whose bytes no other member has. The tree keeps the reference; m's owner removes it before it frees it. */
void ordered_insert(struct ordered *o, struct ordered_member *m, double score);

/* Adds m behind all others, where it belongs. */
void ordered_append(struct ordered *o, struct ordered_member *m, double score);

/* The member at that place gets another score, and so another place. */
void ordered_move(struct ordered *o, struct ordered_at at, double score);

void ordered_remove(struct ordered *o, struct ordered_at at);

/* What becomes of the members that ordered_remove_ranks takes out: they are the callee's. At most ORDERED_LEAF. */
typedef void ordered_take(void *ctx, struct ordered_member *const members[], unsigned count);

/* Removes the members from rank `first` on, at most `count`; returns how many they were. Whole leaves go at once. */
uint64_t ordered_remove_ranks(struct ordered *o, uint64_t first, uint64_t count, ordered_take *take,
                              void *ctx);

/* Takes out at most `most` members, in no order, gives them to take, and frees what held them;
 * true when none is left. Nothing else is done with the tree once this was called. */
bool ordered_drain(struct ordered *o, uint64_t most, ordered_take *take, void *ctx);

/* ---- looking ----------------------------------------------------------------- */

/* Where m stands. */
struct ordered_at ordered_find(const struct ordered_member *m);

/* Members before that place. */
uint64_t ordered_rank(const struct ordered *o, struct ordered_at at);

/* The place of that rank; none when it is too high. */
struct ordered_at ordered_seek(const struct ordered *o, uint64_t rank);

/* Members with a score below `score`; `equal`: or with that score. */
uint64_t ordered_rank_of_score(const struct ordered *o, double score, bool equal);

/* Members whose bytes come before these; `equal`: or are these. Where higher scores don't go with
 * higher bytes (equal scores do) it is some number in 0 .. count. */
uint64_t ordered_rank_of_bytes(const struct ordered *o, struct slice bytes, bool equal);

/* The leaf before or behind it; NULL where there is none. */
struct ordered_leaf *ordered_neighbour(const struct ordered_leaf *leaf, bool down);

/* Fetches all of a leaf into the cache; or the leaf that m, which is in it, stands in. */
void ordered_prefetch_leaf(const struct ordered_leaf *leaf);
void ordered_prefetch(const struct ordered_member *m);

/* Bytes of leaves and inner nodes. */
size_t ordered_memory(const struct ordered *o);

/* Checks every invariant; must() fails on a broken one. For tests. */
void ordered_check(const struct ordered *o);

#endif
