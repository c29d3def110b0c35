/* dict: an open-addressing hash table that grows and shrinks in small steps.
 *
 * Words. A *group* is one cache line: seven 8-byte slots, their seven one-byte
 * tags, and an overflow count. A *segment* is 1 to 15 chunks of eight groups
 * and covers one interval of hash space; segment i at level L covers the hashes
 * whose top L bits, reversed, are i. Segments split and merge one at a time, in
 * order (linear hashing), and gain or lose one chunk at a time, so no step
 * touches more than a segment. Within a segment an item's *home* group is
 * proportional to the hash bits below the top L, so all of a dict lies in hash
 * order but for the items that probing moved on. A slot holds 24 hash bits and
 * a 40-bit arena reference.
 *
 * Invariants.
 *  1. An item stands in its home group or in a later one of its segment (cyclic),
 *     and every group that it passed counts it as overflow (255 sticks).
 *  2. A segment's load stays at or below 50/56 unless it has all 15 chunks;
 *     it gives a chunk back when the rest would carry the items at that load.
 *  3. Only slots own items. Whoever moves an item replaces its slot in the same step.
 *  4. A scan cursor is a position in hash space; an item is reported under its
 *     home, so growth and shrink between calls never hide one.
 *
 * The dict knows neither keys nor time: it is given 64-bit hashes (keyed, by the
 * caller) and asks `match` about candidates. Items are arena objects. */
#ifndef DS_DICT_H
#define DS_DICT_H

#include "base/must.h"
#include "ds/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define DICT_GROUP_SLOTS 7
#define DICT_CHUNK_GROUPS 8
#define DICT_SEGMENT_CHUNKS 15
#define DICT_CHUNK_LOAD 50 /* items a chunk, at most, before the segment grows */

struct dict;

struct dict_type {
    /* The hash that the item was inserted under; called when a segment's level crosses a multiple of 8. */
    uint64_t (*hash)(const void *item);
    /* Told after segment `from` gave half of its hash space to the new segment
     * `to`, and before `to` is merged back into `from`. NULL where nobody cares. */
    void (*split)(struct dict *d, uint32_t from, uint32_t to);
    void (*merge)(struct dict *d, uint32_t from, uint32_t to);
};

struct dict_group {
    uint8_t tag[DICT_GROUP_SLOTS]; /* 0: empty */
    uint8_t overflow;              /* items that belong here or before and stand behind */
    uint64_t slot[DICT_GROUP_SLOTS];
};

struct dict_segment {
    uint16_t count;
    uint8_t chunks;
    uint8_t level;
    uint32_t chunk[DICT_SEGMENT_CHUNKS];
};

struct dict {
    uint64_t count;
    uint32_t segments;
    uint16_t level;  /* 2^level <= segments < 2^(level+1); 0 segments: 0 */
    uint16_t widest; /* no segment has more chunks */
    struct dict_segment **block;
    const struct dict_type *type;
};

#define DICT_BLOCK_BITS 8

void dict_init(struct dict *d, const struct dict_type *type);

/* Gives the table's memory back. Items are the caller's: drain first or free them otherwise. */
void dict_deinit(struct dict *d);

static inline uint64_t dict_count(const struct dict *d)
{
    return d->count;
}

/* The bits of x in opposite order. */
static inline uint64_t dict_reverse(uint64_t x)
{
    x = __builtin_bswap64(x);
    x = (x >> 4 & 0x0f0f0f0f0f0f0f0full) | (x & 0x0f0f0f0f0f0f0f0full) << 4;
    x = (x >> 2 & 0x3333333333333333ull) | (x & 0x3333333333333333ull) << 2;
    return (x >> 1 & 0x5555555555555555ull) | (x & 0x5555555555555555ull) << 1;
}

/* Number of the segment that covers a hash. Requires a count of segments above 0. */
static inline uint32_t dict_segment_of(const struct dict *d, uint64_t hash)
{
    /* dict_reverse(hash) as far as segments reach: its low 32 bits. */
    uint32_t r = __builtin_bswap32((uint32_t)(hash >> 32));
    r = (r >> 4 & 0x0f0f0f0f) | (r & 0x0f0f0f0f) << 4;
    r = (r >> 2 & 0x33333333) | (r & 0x33333333) << 2;
    r = (r >> 1 & 0x55555555) | (r & 0x55555555) << 1;
    uint32_t i = r & ((2u << d->level) - 1);
    return i < d->segments ? i : i - (1u << d->level);
}

static inline struct dict_segment *dict_segment(const struct dict *d, uint32_t i)
{
    return &d->block[i >> DICT_BLOCK_BITS][i & ((1u << DICT_BLOCK_BITS) - 1)];
}

/* The interval of hash space that segment i covers: [first, first + 2^(64 - level)). */
uint64_t dict_segment_first(uint32_t i);

/* A candidate is accepted when this says that the item has the key. */
typedef bool dict_match(const void *item, const void *key);

/* The slot of the item, or NULL. Valid until the next insert, remove or dict_step. */
uint64_t *dict_find(const struct dict *d, uint64_t hash, dict_match *match, const void *key);

/* Slot to item, and an item's replacement (invariant 3). */
static inline void *dict_item(const uint64_t *slot)
{
    return arena_deref(*slot & ((1ull << 40) - 1));
}
static inline void dict_replace(uint64_t *slot, const void *item)
{
    *slot = (*slot & ~((1ull << 40) - 1)) | arena_ref(item);
}

/* Adds an item whose key isn't there. May grow, split or re-lay one segment.
 * False when out of memory, or when more than 840 items share all hash bits that tell segments apart. */
bool dict_insert(struct dict *d, uint64_t hash, void *item);

/* Takes the item out and returns it, or NULL when it isn't there. May shrink or merge one segment. */
void *dict_remove(struct dict *d, uint64_t hash, dict_match *match, const void *key);

/* Takes out the item in a slot that dict_find returned. */
void dict_remove_at(struct dict *d, uint64_t hash, uint64_t *slot);

/* Prefetch, in the order of use: the segment, its home group, the first candidate item's first two lines. */
void dict_prefetch_segment(const struct dict *d, uint64_t hash);
void dict_prefetch_group(const struct dict *d, uint64_t hash);
void dict_prefetch_item(const struct dict *d, uint64_t hash);

typedef void dict_visit(void *ctx, void *item);

/* Shows the items of the next non-empty home group at or after cursor; returns
 * the next cursor (48 bits), 0 after the last. The visitor must not change d. */
uint64_t dict_scan(const struct dict *d, uint64_t cursor, dict_visit *visit, void *ctx);

/* Shows every item whose home group meets the hash interval [first, last];
 * items just outside may be shown too. The visitor must not change d. */
void dict_scan_range(const struct dict *d, uint64_t first, uint64_t last, dict_visit *visit, void *ctx);

/* A walk over all items in the order in which they lie, with the next ones on their way into the
 * cache. d must not change meanwhile. */
#define DICT_WALK_AHEAD 16 /* a power of two, above twice DICT_GROUP_SLOTS */
struct dict_walk {
    const struct dict *dict;
    uint32_t segment, group; /* the next group to look at */
    uint32_t head, tail;     /* of the items seen and not given yet */
    uint64_t ahead[DICT_WALK_AHEAD];
};

void dict_walk_begin(struct dict_walk *w, const struct dict *d);

/* The next item; NULL behind the last. */
void *dict_walk_next(struct dict_walk *w);

/* The same walk group by group, without a look at the items (don't mix them): those of the next group that holds
 * any, and what the slots know of their hashes. Returns how many; 0 behind the last. */
unsigned dict_walk_group(struct dict_walk *w, void *items[DICT_GROUP_SLOTS],
                         uint64_t hashes[DICT_GROUP_SLOTS]);

/* True when hashes that dict_walk_group gave of `from` are enough to look for their items in d. */
bool dict_hashes_suffice(const struct dict *from, const struct dict *d);

/* The item that the hash points to, fetched into the cache but not looked at: another one now and then
 * (then dict_find tells). NULL: what has that hash isn't there. */
void *dict_candidate(const struct dict *d, uint64_t hash);

/* An item, all with even odds; draw gives 64 random bits. NULL when d is empty. */
void *dict_random(const struct dict *d, uint64_t (*draw)(void));

/* The slot at a random position, given 64 random bits; NULL when none is taken there (or d is empty): about every
 * other draw. All positions have even odds, so the first item that is met has too. *hash is what of its hash
 * the slot knows, enough for dict_remove_at. */
uint64_t *dict_at(const struct dict *d, uint64_t draw, uint64_t *hash);

/* Fetch what dict_at will look at, and later (the slot has to be there) the item that it will find. */
void dict_prefetch_at(const struct dict *d, uint64_t draw);
void dict_prefetch_item_at(const struct dict *d, uint64_t draw);

/* Takes at most `most` items out in no order, gives each to `take`, and returns how
 * many there were; the table shrinks with them and is empty after a return below `most`.
 * Until it is empty nothing but dict_drain, dict_count, dict_memory and dict_deinit may be called on it. */
uint64_t dict_drain(struct dict *d, uint64_t most, dict_visit *take, void *ctx);

/* Bytes of chunks, segments and blocks. */
size_t dict_memory(const struct dict *d);

struct dict_shape { /* for DEBUG HTSTATS and tests */
    uint64_t items, slots, groups, segments, displaced;
    uint32_t longest_probe; /* groups */
};
struct dict_shape dict_shape(const struct dict *d);

/* Checks every invariant; must() fails on a broken one. For tests. */
void dict_check(const struct dict *d);

#endif
