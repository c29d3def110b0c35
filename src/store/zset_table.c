/* zset_table: the form of big sorted sets: a dict to find members by, an ordered tree for scores and ranks,
 * and one object a member that both refer to. */
#include "base/mem.h"
#include "base/must.h"
#include "store/zset_priv.h"

#include <string.h>

static uint64_t hash_of(const void *item)
{
    return keyspace_hash(ordered_bytes(item));
}

static const struct dict_type members_type = {.hash = hash_of};

static bool match_bytes(const void *item, const void *key)
{
    return slice_eq(ordered_bytes(item), *(const struct slice *)key);
}

static bool match_self(const void *item, const void *key)
{
    return item == key;
}

static bool match_any(const void *item, const void *key)
{
    (void)item;
    (void)key;
    return true;
}

static struct zset_table *table_create(void)
{
    struct zset_table *t = mem_zalloc(1, sizeof *t);
    dict_init(&t->dict, &members_type);
    return t;
}

uint64_t *zset_table_find(const struct zset_table *t, struct slice member, uint64_t hash)
{
    return dict_find(&t->dict, hash, match_bytes, &member);
}

/* A new member in the dict; the tree is the caller's to tell. */
static struct ordered_member *add_member(struct zset_table *t, struct slice bytes, uint64_t hash)
{
    struct ordered_member *m = ordered_create(bytes);
    size_t size = ordered_member_size(bytes.len);
    if (unlikely(!dict_insert(&t->dict, hash, m)))
        entry_out_of_memory(size);
    t->members += size;
    return m;
}

void zset_table_add(struct zset_table *t, struct slice member, uint64_t hash, double score)
{
    ordered_insert(&t->tree, add_member(t, member, hash), score);
}

void zset_table_append(struct zset_table *t, struct slice member, double score)
{
    ordered_append(&t->tree, add_member(t, member, keyspace_hash(member)), score);
}

static void free_member(struct zset_table *t, struct ordered_member *m)
{
    t->members -= ordered_member_size(ordered_bytes(m).len);
    arena_free(m);
}

void zset_table_remove(struct zset_table *t, uint64_t hash, uint64_t *slot)
{
    struct ordered_member *m = dict_item(slot);
    ordered_remove(&t->tree, ordered_find(m));
    dict_remove_at(&t->dict, hash, slot);
    free_member(t, m);
}

/* In steps over all of them, so that the cache misses of one don't wait for those of another. */
static void take_members(void *ctx, struct ordered_member *const members[], unsigned count)
{
    struct zset_table *t = ctx;
    uint64_t hash[ORDERED_LEAF];
    for (unsigned i = 0; i < count; i++)
        __builtin_prefetch(members[i]);
    for (unsigned i = 0; i < count; i++) {
        hash[i] = hash_of(members[i]);
        dict_prefetch_segment(&t->dict, hash[i]);
    }
    for (unsigned i = 0; i < count; i++)
        dict_prefetch_group(&t->dict, hash[i]);
    for (unsigned i = 0; i < count; i++) {
        must(dict_remove(&t->dict, hash[i], match_self, members[i]));
        free_member(t, members[i]);
    }
}

uint64_t zset_table_remove_ranks(struct zset_table *t, uint64_t first, uint64_t count)
{
    return ordered_remove_ranks(&t->tree, first, count, take_members, t);
}

void zset_table_convert(struct place *p)
{
    struct zset_table *t = table_create();
    if (p->entry) {
        struct slice packed = entry_bytes(p->entry);
        const char *at = packed.ptr + PACK_HEADER, *end = packed.ptr + packed.len;
        while (at < end) {
            char scratch[PACK_DIGITS];
            struct slice member;
            double score;
            at = zset_packed_read(at, scratch, &member, &score);
            zset_table_append(t, member, score);
        }
    }
    place_set_table(p, TYPE_ZSET, t);
}

struct scan {
    zset_visit *visit;
    void *ctx;
};

static void show_member(void *ctx, void *item)
{
    const struct scan *s = ctx;
    s->visit(s->ctx, ordered_bytes(item), ordered_score(ordered_find(item)));
}

uint64_t zset_table_scan(const struct zset_table *t, uint64_t cursor, zset_visit *visit, void *ctx)
{
    struct scan s = {visit, ctx};
    return dict_scan(&t->dict, cursor, show_member, &s);
}

/* ---- what the keyspace asks ------------------------------------------------------- */

static uint64_t table_count(const void *table)
{
    return ordered_count(&((const struct zset_table *)table)->tree);
}

static void *table_copy(const void *table)
{
    const struct zset_table *from = table;
    struct zset_table *t = table_create();
    struct ordered_at at = ordered_seek(&from->tree, 0);
    for (; at.leaf; at = (struct ordered_at){ordered_neighbour(at.leaf, false), 0}) {
        for (; at.index < at.leaf->count; at.index++)
            zset_table_append(t, ordered_bytes(ordered_member(at)), ordered_score(at));
    }
    return t;
}

static void free_members(void *ctx, struct ordered_member *const members[], unsigned count)
{
    (void)ctx;
    for (unsigned i = 0; i < count; i++)
        arena_free(members[i]);
}

static void leave(void *ctx, void *item)
{
    (void)ctx;
    (void)item;
}

/* Members go with their leaves, which lie closer to the order in which they came than the dict does. */
static bool table_drain(void *table, unsigned most)
{
    struct zset_table *t = table;
    if (t->tree.leaves) {
        ordered_drain(&t->tree, most, free_members, NULL);
        return false;
    }
    if (dict_drain(&t->dict, most, leave, NULL) == most)
        return false;
    dict_deinit(&t->dict);
    mem_free(t);
    return true;
}

static size_t table_memory(const void *table)
{
    const struct zset_table *t = table;
    return sizeof *t + t->members + ordered_memory(&t->tree) + dict_memory(&t->dict);
}

static const struct dict *table_dict(const void *table)
{
    return &((const struct zset_table *)table)->dict;
}

static void table_prefetch(const void *table, uint64_t hash)
{
    const struct zset_table *t = table;
    const uint64_t *slot = dict_find(&t->dict, hash, match_any, NULL);
    if (slot)
        ordered_prefetch(dict_item(slot));
}

const struct table_ops zset_table_ops = {
    .count = table_count,
    .copy = table_copy,
    .drain = table_drain,
    .memory = table_memory,
    .dict = table_dict,
    .prefetch = table_prefetch,
};
