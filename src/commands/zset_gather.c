#include "commands/zset_gather.h"

#include "base/mem.h"
#include "store/zset.h"

#include <stdlib.h>

#define ITEMS_FIRST 32

void gather_deinit(struct gather *g)
{
    buf_deinit(&g->text);
    mem_free(g->items);
    mem_free(g->slots);
    *g = (struct gather){0};
}

static struct gathered *add(struct gather *g, struct slice member, uint64_t hash, double score)
{
    if (g->count == g->capacity) {
        g->capacity = g->capacity ? 2 * g->capacity : ITEMS_FIRST;
        g->items = mem_realloc(g->items, g->capacity * sizeof *g->items);
        buf_reserve(&g->text, 1); /* an address, also while all members are empty */
    }
    struct gathered *item = &g->items[g->count++];
    *item = (struct gathered){.at = g->text.len, .len = member.len, .hash = hash, .score = score};
    buf_append_slice(&g->text, member);
    return item;
}

void gather_add(struct gather *g, struct slice member, double score)
{
    add(g, member, 0, score);
}

/* ---- by hash ------------------------------------------------------------------- */

/* The slot of the member, or the empty one where it belongs. There is at least one empty slot. */
static uint64_t *slot_of(const struct gather *g, struct slice member, uint64_t hash)
{
    size_t mask = g->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        if (!g->slots[i])
            return &g->slots[i];
        const struct gathered *item = &g->items[g->slots[i] - 1];
        if (item->hash == hash && slice_eq(gather_member(g, item), member))
            return &g->slots[i];
    }
}

static void grow_slots(struct gather *g)
{
    mem_free(g->slots);
    g->slot_count = g->slot_count ? 2 * g->slot_count : 2 * ITEMS_FIRST;
    g->slots = mem_zalloc(g->slot_count, sizeof *g->slots);
    size_t mask = g->slot_count - 1;
    for (size_t n = 0; n < g->count; n++) {
        size_t i = g->items[n].hash & mask;
        while (g->slots[i])
            i = (i + 1) & mask;
        g->slots[i] = n + 1;
    }
}

struct gathered *gather_put(struct gather *g, struct slice member, double score, bool *is_new)
{
    if (2 * g->count >= g->slot_count)
        grow_slots(g);
    uint64_t hash = keyspace_hash(member), *slot = slot_of(g, member, hash);
    *is_new = *slot == 0;
    if (!*is_new)
        return &g->items[*slot - 1];
    struct gathered *item = add(g, member, hash, score);
    *slot = g->count;
    return item;
}

struct gathered *gather_find(const struct gather *g, struct slice member)
{
    if (!g->slot_count)
        return NULL;
    const uint64_t *slot = slot_of(g, member, keyspace_hash(member));
    return *slot ? &g->items[*slot - 1] : NULL;
}

/* ---- in order ------------------------------------------------------------------ */

static int by_score(const void *left, const void *right, void *ctx)
{
    const struct gather *g = ctx;
    const struct gathered *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? -1 : 1;
    return slice_cmp(gather_member(g, a), gather_member(g, b));
}

void gather_sort(struct gather *g)
{
    if (g->count)
        qsort_r(g->items, g->count, sizeof *g->items, by_score, g);
}

/* A zset_item. */
static struct slice nth_item(const void *ctx, size_t number, double *score)
{
    const struct gather *g = ctx;
    *score = g->items[number].score;
    return gather_member(g, &g->items[number]);
}

void gather_store(struct gather *g, struct call *c, uint32_t key, const char *event)
{
    if (!g->count) {
        if (keyspace_delete(c->keyspace, c->db, c->argv[key], call_key_hash(c, key)))
            call_changed(c, key, EVENT_GENERIC, "del");
        reply_int(c->reply, 0);
        return;
    }
    struct place p = place_workshop(c->keyspace);
    gather_sort(g);
    zset_fill(&p, g->count, nth_item, g);
    place_move(&p, c->db, c->argv[key], call_key_hash(c, key), EXPIRY_NONE);
    call_changed(c, key, EVENT_ZSET, event);
    reply_int(c->reply, (int64_t)g->count);
}
