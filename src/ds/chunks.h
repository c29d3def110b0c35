/* chunks: a long list: runs of elements (ds/run.h) in chunks of bounded size, under a counted tree.
 *
 * Words. A *chunk* is an arena object: header, then room for a run that stands anywhere in it, so
 * that there is free space before and behind. A push at an end writes into the free space there; a chunk
 * that was opened by a push at the head fills downwards. A chunk that isn't at an end any more is
 * cut to its size. An element that is too big for a chunk stands in one alone.
 *
 * Compression. Chunks further than `depth` chunks from both ends are held as LZ4 blocks where that
 * saves an eighth; they are read through one scratch buffer and opened to be changed. Chunks of less than
 * 256 bytes, and those above 64 KiB, stay plain.
 *
 * Invariants.
 *  1. No chunk is empty; the tree's weight of a chunk is its number of elements.
 *  2. The first and the last chunk are plain.
 *  3. No chunk has more than the limits' elements or bytes, but for one of a single element,
 *     and for chunks made under other limits.
 *  4. `memory` is the sum of what the arena gave for everything here.
 * Limits come with each change: they are settings, and may differ from call to call. */
#ifndef DS_CHUNKS_H
#define DS_CHUNKS_H

#include "ds/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest element, in bytes. */
#define CHUNKS_ELEMENT_MAX (UINT32_MAX - 4096u)

struct chunks;
struct chunk;

struct chunks_limits {
    uint32_t bytes; /* of a chunk, its header included */
    uint32_t count; /* elements of a chunk, at least 1 */
    uint64_t depth; /* chunks at each end that stay plain; 0: all do */
};

/* An empty list. Gives. */
struct chunks *chunks_create(void);

/* Frees it all at once. */
void chunks_destroy(struct chunks *t);

/* Frees about `most` elements; true when nothing was left and t is freed too. Once begun nothing else may follow. */
bool chunks_drain(struct chunks *t, uint64_t most);

/* Another list that holds the same. Gives. */
struct chunks *chunks_copy(const struct chunks *t);

uint64_t chunks_count(const struct chunks *t);

/* Bytes in the arena. */
size_t chunks_memory(const struct chunks *t);

/* The bytes of all elements when they stand in one chunk, else an empty slice. Borrowed. */
struct slice chunks_single(const struct chunks *t);

/* ---- walking ------------------------------------------------------------- */

/* A walk over a list, or over one run. Good until the list changes. */
struct chunks_cursor {
    const char *at;            /* the element that comes next; going down: its end */
    const char *stop;          /* where this chunk's run ends that way */
    const struct chunk *chunk; /* NULL: a run alone */
    bool down;
    uint64_t stamp; /* not 0: the run lies in the scratch, as it was filled for that time */
};

/* Element number `index` is what chunks_next gives first; down: towards the head. Beyond the end: nothing. */
void chunks_seek(struct chunks_cursor *c, const struct chunks *t, uint64_t index, bool down);

/* The same over a run of `count` elements that belongs to no list. */
void chunks_seek_run(struct chunks_cursor *c, struct slice run, uint64_t count, uint64_t index, bool down);

/* chunks_next where the chunk ends or the scratch holds another. */
const char *chunks_next_slow(struct chunks_cursor *c);

/* How often the scratch was filled. */
extern uint64_t chunks_scratch_stamp;

/* The next element (ds/pack.h); NULL at the end. Good until the next call of anything here. */
static inline const char *chunks_next(struct chunks_cursor *c)
{
    if (unlikely(c->at == c->stop || (c->stamp && c->stamp != chunks_scratch_stamp)))
        return chunks_next_slow(c);
    const char *p = c->at;
    if (c->down)
        return c->at = run_prev(p);
    c->at = run_next(p);
    return p;
}

/* The first or last element of a list that has some. Good until the next change. */
const char *chunks_end(const struct chunks *t, bool tail);

/* ---- changing ------------------------------------------------------------ */

/* Adds an element at the head or the tail. */
void chunks_push(struct chunks *t, const struct chunks_limits *l, bool tail, const struct pack_plan *plan);

/* Adds the elements of a run behind the tail. */
void chunks_append(struct chunks *t, const struct chunks_limits *l, struct slice run);

/* Removes the outermost `count` elements at the head or the tail; there must be as many. */
void chunks_pop(struct chunks *t, const struct chunks_limits *l, bool tail, uint64_t count);

/* Takes elements [first, first + count) out, as a list of their own. Costs as much as there are chunks of them. Gives. */
struct chunks *chunks_take(struct chunks *t, const struct chunks_limits *l, uint64_t first, uint64_t count);

/* The two trade what they hold. */
void chunks_swap(struct chunks *a, struct chunks *b);

/* Puts the element before number `index`; index may be the count. */
void chunks_insert(struct chunks *t, const struct chunks_limits *l, uint64_t index,
                   const struct pack_plan *plan);

/* Puts the element in place of number `index`. */
void chunks_set(struct chunks *t, const struct chunks_limits *l, uint64_t index,
                const struct pack_plan *plan);

/* Removes the first `most` elements that equal the planned one, seen from the head or the tail. Returns how many. */
uint64_t chunks_remove(struct chunks *t, const struct chunks_limits *l, const struct pack_plan *plan,
                       uint64_t most, bool from_tail);

/* Checks every invariant, that of the limits when they are given and never were others; must() fails on a broken
 * one. For tests. */
void chunks_check(const struct chunks *t, const struct chunks_limits *l);

#endif
