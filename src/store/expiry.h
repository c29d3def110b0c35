/* expiry: which part of which table has something to expire next.
 *
 * Words. Each dict segment's interval of hash space is cut into 64 equal
 * *cells*. A cell remembers one time: no key in it ends before then. The 64
 * cells of a segment stand in a *block*, which exists only once a key of the
 * segment had an expiry. Cells hang in a *wheel*: six levels of 256 slots of
 * 1 ms, 256 ms, 65 s, 4.6 h, 49 d and 34 a.
 *
 * A key that gets an expiry lowers its cell's time; nothing happens when it is
 * refreshed, overwritten or deleted. When a cell's time comes, its keys (five
 * to ten of them) are looked at, the expired ones go, and the cell waits for
 * the earliest of the rest. So the index is 16 bytes a cell, 1.6 to 3.2 a key,
 * whatever is done to the keys, and it holds no pointer to any.
 *
 * Invariants.
 *  1. A cell's time is at or before the end of every key in it.
 *  2. A cell hangs in exactly one list while its time is set, else in none.
 *  3. Every step (firing a cell, moving one down a level) is small and the
 *     caller decides how many to make; a backlog delays, and loses nothing. */
#ifndef STORE_EXPIRY_H
#define STORE_EXPIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPIRY_CELLS 64

struct expiry; /* the wheel */

/* What a map stands in: a database, or a hash whose fields end one by one. */
enum expiry_owner { EXPIRY_OF_KEYS, EXPIRY_OF_FIELDS };

/* One table's blocks. The owner embeds it and keeps it as long as a block lives. */
struct expiry_map {
    uint32_t *block;   /* a segment's block, 0 when it has none */
    uint32_t segments; /* entries of block */
    uint32_t blocks;   /* blocks that live */
    enum expiry_owner owner;
};

/* A wheel that stands at now_ms. Gives. */
struct expiry *expiry_create(int64_t now_ms);
void expiry_destroy(struct expiry *x);

/* A key in that cell ends at at_ms. */
void expiry_note(struct expiry *x, struct expiry_map *map, uint32_t segment, unsigned cell, int64_t at_ms);

/* The time of that cell; INT64_MAX when it isn't set. */
int64_t expiry_cell_time(const struct expiry *x, const struct expiry_map *map, uint32_t segment,
                         unsigned cell);

/* Follow the dict's split and merge. */
void expiry_split(struct expiry *x, struct expiry_map *map, uint32_t from, uint32_t to);
void expiry_merge(struct expiry *x, struct expiry_map *map, uint32_t from, uint32_t to);

/* Frees the blocks of segments from the end on, at most `most`; true when the map is empty and freed. */
bool expiry_clear(struct expiry *x, struct expiry_map *map, uint32_t most);

struct expiry_due {
    struct expiry_map *map;
    uint32_t segment;
    unsigned cell;
    int64_t at_ms; /* the time that was set */
};

/* The clock shows now_ms. When it was set back by more than a second all cells are hung anew
 * (about 20 ns each), else keys would outlive their time by as much. Before other calls of a turn. */
void expiry_follow_clock(struct expiry *x, int64_t now_ms);

/* One step: takes a due cell out (its time is then unset) and returns true with
 * it, or moves the wheel on. *idle is set when nothing is due up to now_ms. */
bool expiry_step(struct expiry *x, int64_t now_ms, struct expiry_due *due, bool *idle);

/* When the wheel wants a step, ms since 1970: the past or 0 at once, INT64_MAX never. */
int64_t expiry_next_ms(const struct expiry *x);

/* Cells that wait to be fired or moved down a level. */
uint64_t expiry_backlog(const struct expiry *x);

/* Bytes of the map's blocks. */
size_t expiry_memory(const struct expiry_map *map);

#endif
