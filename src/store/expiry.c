#include "store/expiry.h"

#include "base/mem.h"
#include "base/must.h"

#include <string.h>

#define LEVELS 6
#define SLOTS 256
#define SLOT_BITS 8
#define TIME_MAX ((1ll << (LEVELS * SLOT_BITS)) - 1)
#define NONE UINT32_MAX
#define SET_BACK_MS 1000
#define UNSET ((1ll << 51) - 1) /* what a cell's `at` can hold at most */

/* List numbers: level * SLOTS + slot, then this one. */
enum { LIST_DUE = LEVELS * SLOTS, LISTS };

struct cell {
    int64_t at : 52; /* UNSET: in no list */
    uint64_t list : 12;
    uint32_t prev, next; /* NONE at the ends */
};

struct owner {
    struct expiry_map *map;
    uint32_t segment;
};

struct expiry {
    int64_t now; /* everything at or before it is due or in the slot that is emptied */
    uint32_t head[LISTS];
    uint32_t count[LISTS];             /* cells in each list */
    uint64_t hung;                     /* cells in all of them */
    unsigned moving;                   /* the slot that is being emptied into lower levels; LIST_DUE: none */
    uint64_t busy[LEVELS][SLOTS / 64]; /* bit: the slot's list isn't empty */
    struct cell **block;               /* number to its 64 cells; number 0 is never used */
    struct owner *owner;
    uint32_t blocks, capacity;
    uint32_t free_block; /* numbers to use again, chained through owner[].segment */
};

struct expiry *expiry_create(int64_t now_ms)
{
    struct expiry *x = mem_zalloc(1, sizeof *x);
    x->now = now_ms;
    x->moving = LIST_DUE;
    for (unsigned i = 0; i < LISTS; i++)
        x->head[i] = NONE;
    x->blocks = 1;
    return x;
}

void expiry_destroy(struct expiry *x)
{
    mem_free(x->block);
    mem_free(x->owner);
    mem_free(x);
}

static inline struct cell *cell_at(const struct expiry *x, uint32_t id)
{
    return &x->block[id / EXPIRY_CELLS][id % EXPIRY_CELLS];
}

/* ---- lists -------------------------------------------------------------------- */

static unsigned list_for(const struct expiry *x, int64_t at)
{
    if (at <= x->now)
        return LIST_DUE;
    unsigned level = (63u - (unsigned)__builtin_clzll((uint64_t)(at ^ x->now))) / SLOT_BITS;
    if (level >= LEVELS) /* a clock beyond all bounds */
        level = LEVELS - 1;
    return level * SLOTS + ((uint64_t)at >> (level * SLOT_BITS) & (SLOTS - 1));
}

static void set_busy(struct expiry *x, unsigned list)
{
    if (list == LIST_DUE)
        return;
    uint64_t *word = &x->busy[list / SLOTS][list % SLOTS / 64], bit = 1ull << (list % 64);
    *word = x->head[list] != NONE && list != x->moving ? *word | bit : *word & ~bit;
}

static void link_cell(struct expiry *x, uint32_t id, int64_t at)
{
    if (at > TIME_MAX)
        at = TIME_MAX;
    unsigned list = list_for(x, at);
    struct cell *c = cell_at(x, id);
    *c = (struct cell){.at = at, .list = list, .prev = NONE, .next = x->head[list]};
    if (c->next != NONE)
        cell_at(x, c->next)->prev = id;
    x->head[list] = id;
    x->count[list]++;
    x->hung++;
    set_busy(x, list);
}

static void unlink_cell(struct expiry *x, uint32_t id)
{
    struct cell *c = cell_at(x, id);
    if (c->at == UNSET)
        return;
    unsigned list = c->list;
    if (c->next != NONE)
        cell_at(x, c->next)->prev = c->prev;
    if (c->prev != NONE)
        cell_at(x, c->prev)->next = c->next;
    else
        x->head[list] = c->next;
    x->count[list]--;
    x->hung--;
    set_busy(x, list);
    c->at = UNSET;
}

static void lower_cell(struct expiry *x, uint32_t id, int64_t at)
{
    if (at >= UNSET) /* too early is allowed, and hardly too early in 71,000 years */
        at = UNSET - 1;
    if (cell_at(x, id)->at <= at)
        return;
    unlink_cell(x, id);
    link_cell(x, id, at);
}

/* ---- blocks --------------------------------------------------------------------- */

static uint32_t block_open(struct expiry *x, struct expiry_map *map, uint32_t segment)
{
    uint32_t b = x->free_block;
    if (b) {
        x->free_block = x->owner[b].segment;
    } else {
        if (x->blocks >= x->capacity) {
            x->capacity = x->capacity ? 2 * x->capacity : 64;
            x->block = mem_realloc(x->block, x->capacity * sizeof *x->block);
            x->owner = mem_realloc(x->owner, x->capacity * sizeof *x->owner);
        }
        b = x->blocks++;
    }
    x->block[b] = mem_alloc(EXPIRY_CELLS * sizeof(struct cell));
    for (unsigned i = 0; i < EXPIRY_CELLS; i++)
        x->block[b][i] = (struct cell){.at = UNSET};
    x->owner[b] = (struct owner){map, segment};
    if (segment >= map->segments) {
        uint32_t n = map->segments ? map->segments : 1;
        while (n <= segment)
            n *= 2;
        map->block = mem_realloc(map->block, n * sizeof *map->block);
        memset(map->block + map->segments, 0, (n - map->segments) * sizeof *map->block);
        map->segments = n;
    }
    map->block[segment] = b;
    map->blocks++;
    return b;
}

static void block_close(struct expiry *x, struct expiry_map *map, uint32_t segment)
{
    uint32_t b = map->block[segment];
    for (unsigned i = 0; i < EXPIRY_CELLS; i++)
        unlink_cell(x, b * EXPIRY_CELLS + i);
    mem_free(x->block[b]);
    x->block[b] = NULL;
    x->owner[b] = (struct owner){NULL, x->free_block};
    x->free_block = b;
    map->block[segment] = 0;
    map->blocks--;
}

static uint32_t block_of(const struct expiry_map *map, uint32_t segment)
{
    return segment < map->segments ? map->block[segment] : 0;
}

void expiry_note(struct expiry *x, struct expiry_map *map, uint32_t segment, unsigned cell, int64_t at_ms)
{
    uint32_t b = block_of(map, segment);
    if (unlikely(!b))
        b = block_open(x, map, segment);
    lower_cell(x, b * EXPIRY_CELLS + cell, at_ms);
}

int64_t expiry_cell_time(const struct expiry *x, const struct expiry_map *map, uint32_t segment,
                         unsigned cell)
{
    uint32_t b = block_of(map, segment);
    int64_t at = b ? x->block[b][cell].at : UNSET;
    return at == UNSET ? INT64_MAX : at;
}

void expiry_split(struct expiry *x, struct expiry_map *map, uint32_t from, uint32_t to)
{
    uint32_t a = block_of(map, from);
    if (!a)
        return;
    int64_t at[EXPIRY_CELLS];
    for (unsigned i = 0; i < EXPIRY_CELLS; i++)
        at[i] = x->block[a][i].at;
    uint32_t b = block_open(x, map, to);
    for (unsigned i = 0; i < EXPIRY_CELLS; i++) {
        unlink_cell(x, a * EXPIRY_CELLS + i);
        if (at[i / 2] != UNSET)
            link_cell(x, a * EXPIRY_CELLS + i, at[i / 2]);
        if (at[EXPIRY_CELLS / 2 + i / 2] != UNSET)
            link_cell(x, b * EXPIRY_CELLS + i, at[EXPIRY_CELLS / 2 + i / 2]);
    }
}

void expiry_merge(struct expiry *x, struct expiry_map *map, uint32_t from, uint32_t to)
{
    uint32_t a = block_of(map, from), b = block_of(map, to);
    if (!a && !b)
        return;
    int64_t at[EXPIRY_CELLS];
    for (unsigned i = 0; i < EXPIRY_CELLS; i++) {
        uint32_t block = i < EXPIRY_CELLS / 2 ? a : b;
        const struct cell *c = block ? &x->block[block][i % (EXPIRY_CELLS / 2) * 2] : NULL;
        at[i] = !c ? UNSET : c[0].at < c[1].at ? c[0].at : c[1].at;
    }
    if (b)
        block_close(x, map, to);
    if (!a)
        a = block_open(x, map, from);
    for (unsigned i = 0; i < EXPIRY_CELLS; i++) {
        unlink_cell(x, a * EXPIRY_CELLS + i);
        if (at[i] != UNSET)
            link_cell(x, a * EXPIRY_CELLS + i, at[i]);
    }
}

bool expiry_clear(struct expiry *x, struct expiry_map *map, uint32_t most)
{
    for (; map->segments && most; most--) {
        if (map->block[map->segments - 1])
            block_close(x, map, map->segments - 1);
        map->segments--;
    }
    if (map->segments)
        return false;
    mem_free(map->block);
    *map = (struct expiry_map){.owner = map->owner};
    return true;
}

/* ---- time ------------------------------------------------------------------------ */

/* The next slot with cells after the wheel's position: the lowest level that has
 * one comes first. Returns its list number and when it starts; LIST_DUE for none. */
static unsigned next_slot(const struct expiry *x, int64_t *start)
{
    for (unsigned level = 0; level < LEVELS; level++) {
        unsigned shift = level * SLOT_BITS;
        unsigned from = (unsigned)((uint64_t)x->now >> shift & (SLOTS - 1)) + 1;
        for (unsigned w = from / 64; w < SLOTS / 64; w++) {
            uint64_t busy = x->busy[level][w];
            if (w == from / 64)
                busy &= ~0ull << (from % 64);
            if (!busy)
                continue;
            unsigned slot = w * 64 + (unsigned)__builtin_ctzll(busy);
            uint64_t above = (uint64_t)x->now >> shift >> SLOT_BITS << SLOT_BITS;
            *start = (int64_t)((above | slot) << shift);
            return level * SLOTS + slot;
        }
    }
    return LIST_DUE;
}

void expiry_follow_clock(struct expiry *x, int64_t now_ms)
{
    if (likely(now_ms >= x->now - SET_BACK_MS))
        return;
    x->now = now_ms;
    x->moving = LIST_DUE;
    for (unsigned i = 0; i < LISTS; i++) {
        x->head[i] = NONE;
        x->count[i] = 0;
    }
    x->hung = 0;
    memset(x->busy, 0, sizeof x->busy);
    for (uint32_t b = 1; b < x->blocks; b++) {
        for (unsigned i = 0; x->block[b] && i < EXPIRY_CELLS; i++) {
            int64_t at = x->block[b][i].at;
            if (at != UNSET)
                link_cell(x, b * EXPIRY_CELLS + i, at);
        }
    }
}

bool expiry_step(struct expiry *x, int64_t now_ms, struct expiry_due *due, bool *idle)
{
    *idle = false;
    uint32_t id = x->head[LIST_DUE];
    if (id != NONE && cell_at(x, id)->at > now_ms) { /* the clock was set back: wait for it */
        *idle = true;
        return false;
    }
    if (id != NONE) {
        const struct owner *o = &x->owner[id / EXPIRY_CELLS];
        *due = (struct expiry_due){o->map, o->segment, id % EXPIRY_CELLS, cell_at(x, id)->at};
        unlink_cell(x, id);
        return true;
    }
    if (x->moving != LIST_DUE && (id = x->head[x->moving]) != NONE) {
        int64_t at = cell_at(x, id)->at;
        unlink_cell(x, id);
        link_cell(x, id, at);
        return false;
    }
    x->moving = LIST_DUE;
    int64_t start;
    unsigned list = next_slot(x, &start);
    if (list == LIST_DUE || start > now_ms) {
        if (now_ms > x->now)
            x->now = now_ms;
        *idle = true;
        return false;
    }
    x->now = start;
    x->moving = list;
    set_busy(x, list);
    return false;
}

int64_t expiry_next_ms(const struct expiry *x)
{
    if (likely(!x->hung)) /* asked each turn, most of all where nothing expires */
        return INT64_MAX;
    if (x->head[LIST_DUE] != NONE)
        return cell_at(x, x->head[LIST_DUE])->at;
    if (x->moving != LIST_DUE && x->head[x->moving] != NONE)
        return 0;
    int64_t start;
    return next_slot(x, &start) == LIST_DUE ? INT64_MAX : start;
}

uint64_t expiry_backlog(const struct expiry *x)
{
    return x->count[LIST_DUE] + (x->moving != LIST_DUE ? x->count[x->moving] : 0);
}

size_t expiry_memory(const struct expiry_map *map)
{
    return map->blocks * (EXPIRY_CELLS * sizeof(struct cell) + sizeof(struct owner) + sizeof(void *)) +
           map->segments * sizeof(uint32_t);
}
