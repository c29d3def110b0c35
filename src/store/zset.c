#include "store/zset.h"

#include "base/must.h"
#include "base/random.h"
#include "store/encoding.h"
#include "store/zset_priv.h"

#include <math.h>

static inline struct zset_table *table_of(const struct entry *e)
{
    return entry_table(e);
}

uint64_t zset_count(const struct entry *e)
{
    if (!e)
        return 0;
    return zset_is_table(e) ? ordered_count(&table_of(e)->tree) : pack_count(entry_bytes(e).ptr);
}

const char *zset_encoding(const struct entry *e)
{
    return zset_is_table(e) ? "skiplist" : "listpack";
}

/* ---- one member ----------------------------------------------------------------- */

static inline uint64_t hash_of(struct slice member, uint64_t hash)
{
    return hash ? hash : keyspace_hash(member);
}

/* Where member stands in a table; leaf NULL: nowhere. */
static struct ordered_at find_in_table(const struct entry *e, struct slice member, uint64_t hash)
{
    uint64_t *slot = zset_table_find(table_of(e), member, hash_of(member, hash));
    return slot ? ordered_find(dict_item(slot)) : (struct ordered_at){0};
}

static bool find_packed(const struct entry *e, struct slice member, struct zset_spot *spot)
{
    return e && zset_packed_find(entry_bytes(e), member, spot);
}

bool zset_score_hashed(const struct entry *e, struct slice member, uint64_t hash, double *score)
{
    if (zset_is_table(e)) {
        struct ordered_at at = find_in_table(e, member, hash);
        if (at.leaf)
            *score = ordered_score(at);
        return at.leaf;
    }
    struct zset_spot spot;
    if (!find_packed(e, member, &spot))
        return false;
    *score = spot.score;
    return true;
}

bool zset_score(const struct entry *e, struct slice member, double *score)
{
    return zset_score_hashed(e, member, 0, score);
}

bool zset_rank_hashed(const struct entry *e, struct slice member, uint64_t hash, uint64_t *rank,
                      double *score)
{
    struct zset_spot spot;
    if (zset_is_table(e)) {
        struct ordered_at at = find_in_table(e, member, hash);
        if (!at.leaf)
            return false;
        spot.rank = ordered_rank(&table_of(e)->tree, at);
        spot.score = ordered_score(at);
    } else if (!find_packed(e, member, &spot)) {
        return false;
    }
    *rank = spot.rank;
    *score = spot.score;
    return true;
}

bool zset_rank(const struct entry *e, struct slice member, uint64_t *rank, double *score)
{
    return zset_rank_hashed(e, member, 0, rank, score);
}

/* What becomes of a member, which may be there with the score `old`; *score: see zset_add. */
static enum zset_change decide(unsigned how, bool there, double old, double *score)
{
    if (how & (there ? ZSET_IF_MISSING : ZSET_IF_THERE))
        return ZSET_REFUSED;
    if (!there)
        return ZSET_ADDED;
    if (how & ZSET_INCREMENT) {
        *score += old;
        if (isnan(*score))
            return ZSET_NAN;
    }
    if ((how & ZSET_IF_GREATER && *score <= old) || (how & ZSET_IF_LESS && *score >= old))
        return ZSET_REFUSED;
    return *score == old ? ZSET_SAME : ZSET_MOVED;
}

static enum zset_change add_to_table(struct zset_table *t, struct slice member, uint64_t hash, unsigned how,
                                     double *score)
{
    uint64_t *slot = zset_table_find(t, member, hash);
    struct ordered_at at = slot ? ordered_find(dict_item(slot)) : (struct ordered_at){0};
    enum zset_change change = decide(how, slot, slot ? ordered_score(at) : 0, score);
    if (change == ZSET_MOVED)
        ordered_move(&t->tree, at, *score);
    else if (change == ZSET_ADDED)
        zset_table_add(t, member, hash, *score);
    return change;
}

enum zset_change zset_add_hashed(struct place *p, struct slice member, uint64_t hash, unsigned how,
                                 double *score)
{
    must(!isnan(*score));
    if (zset_is_table(p->entry))
        return add_to_table(table_of(p->entry), member, hash_of(member, hash), how, score);
    struct zset_spot spot = {0};
    bool there = find_packed(p->entry, member, &spot);
    enum zset_change change = decide(how, there, spot.score, score);
    if (change == ZSET_MOVED) {
        zset_packed_put(p, member, *score, &spot);
    } else if (change == ZSET_ADDED && zset_packed_fits(p, member)) {
        zset_packed_put(p, member, *score, NULL);
    } else if (change == ZSET_ADDED) {
        zset_table_convert(p);
        zset_table_add(table_of(p->entry), member, hash_of(member, hash), *score);
    }
    return change;
}

enum zset_change zset_add(struct place *p, struct slice member, unsigned how, double *score)
{
    return zset_add_hashed(p, member, 0, how, score);
}

void zset_expect(struct place *p, uint64_t count)
{
    if (unlikely(count > encoding_limits.zset_entries) && !zset_is_table(p->entry))
        zset_table_convert(p);
}

void zset_fill(struct place *p, size_t count, zset_item *item, const void *ctx)
{
    if (zset_packed_fill(p, count, item, ctx))
        return;
    double score;
    zset_table_convert(p);
    for (size_t i = 0; i < count; i++) {
        struct slice member = item(ctx, i, &score);
        zset_table_append(table_of(p->entry), member, score);
    }
}

enum zset_change zset_put(struct place *p, struct slice member, double score)
{
    return zset_add(p, member, 0, &score);
}

bool zset_remove_hashed(struct place *p, struct slice member, uint64_t hash)
{
    if (zset_is_table(p->entry)) {
        hash = hash_of(member, hash);
        uint64_t *slot = zset_table_find(table_of(p->entry), member, hash);
        if (slot)
            zset_table_remove(table_of(p->entry), hash, slot);
        return slot;
    }
    struct zset_spot spot;
    if (!find_packed(p->entry, member, &spot))
        return false;
    zset_packed_remove(p, spot.rank, 1);
    return true;
}

bool zset_remove(struct place *p, struct slice member)
{
    return zset_remove_hashed(p, member, 0);
}

/* ---- ranges ------------------------------------------------------------------------ */

uint64_t zset_rank_of_score(const struct entry *e, double score, bool above)
{
    if (!e || (score == -INFINITY && !above))
        return 0;
    if (score == INFINITY && above)
        return zset_count(e);
    if (zset_is_table(e))
        return ordered_rank_of_score(&table_of(e)->tree, score, above);
    struct zset_border b = {.score = score, .equal = above};
    return zset_packed_rank(entry_bytes(e), &b);
}

uint64_t zset_rank_of_member(const struct entry *e, struct slice member, bool above)
{
    if (!e)
        return 0;
    if (zset_is_table(e))
        return ordered_rank_of_bytes(&table_of(e)->tree, member, above);
    struct zset_border b = {.any_score = true, .by_bytes = true, .equal = above, .bytes = member};
    return zset_packed_rank(entry_bytes(e), &b);
}

uint64_t zset_remove_ranks(struct place *p, uint64_t first, uint64_t count)
{
    uint64_t all = zset_count(p->entry);
    if (first >= all)
        return 0;
    if (count > all - first)
        count = all - first;
    if (count == all) /* at once, and a table's members later */
        pack_set_header(place_set_packed(p, TYPE_ZSET, PACK_HEADER), 0, 0);
    else if (zset_is_table(p->entry))
        zset_table_remove_ranks(table_of(p->entry), first, count);
    else
        zset_packed_remove(p, first, count);
    return count;
}

/* ---- cursors ------------------------------------------------------------------------- */

#define MEMBERS_AHEAD 8 /* members of a leaf that are fetched into the cache before they are shown */

static inline void fetch_member(const struct ordered_leaf *l, unsigned i)
{
    const char *m = (const char *)ordered_member((struct ordered_at){(struct ordered_leaf *)(uintptr_t)l, i});
    __builtin_prefetch(m);
    __builtin_prefetch(m + 24); /* short members take 24 bytes and more: some reach into a second line */
}

/* Starts in leaf l at number `at`. */
static void enter_leaf(struct zset_cursor *c, const struct ordered_leaf *l, unsigned at)
{
    c->tree.leaf = l;
    c->tree.at = at;
    for (unsigned i = 0; i < MEMBERS_AHEAD && i < c->left; i++) {
        unsigned ahead = c->down ? at - i : at + i;
        if (ahead >= l->count)
            break;
        fetch_member(l, ahead);
    }
}

void zset_seek(struct zset_cursor *c, const struct entry *e, uint64_t rank, bool down)
{
    uint64_t count = zset_count(e);
    c->down = down;
    c->packed = !zset_is_table(e);
    c->left = rank >= count ? 0 : down ? rank + 1 : count - rank;
    if (!c->left)
        return;
    if (c->packed) {
        c->pack.first = entry_bytes(e).ptr;
        c->pack.ahead = 0;
        c->pack.at = down ? 0 : (uint32_t)zset_packed_skip(c->pack.first, PACK_HEADER, 0, rank);
        return;
    }
    struct ordered_at at = ordered_seek(&table_of(e)->tree, rank);
    enter_leaf(c, at.leaf, at.index);
}

/* Notes where the members before the last `left` ones to come stand: packed ones are walked upwards only. */
static void look_back(struct zset_cursor *c)
{
    uint64_t n = c->left < ZSET_CURSOR_AHEAD ? c->left : ZSET_CURSOR_AHEAD, rank = c->left - n;
    size_t at = zset_packed_skip(c->pack.first, PACK_HEADER, 0, rank);
    for (c->pack.ahead = 0; c->pack.ahead < n; rank++) {
        c->pack.offset[c->pack.ahead++] = (uint32_t)at;
        at = zset_packed_skip(c->pack.first, at, rank, rank + 1);
    }
}

static void next_packed(struct zset_cursor *c, struct slice *member, double *score)
{
    if (c->down) {
        if (!c->pack.ahead)
            look_back(c);
        c->pack.at = c->pack.offset[--c->pack.ahead];
    }
    const char *at = c->pack.first + c->pack.at;
    c->pack.at = (uint32_t)(zset_packed_read(at, c->pack.scratch, member, score) - c->pack.first);
}

static void next_in_tree(struct zset_cursor *c, struct slice *member, double *score)
{
    const struct ordered_leaf *l = c->tree.leaf;
    if (c->tree.at >= l->count) {
        l = ordered_neighbour(l, c->down);
        enter_leaf(c, l, c->down ? l->count - 1u : 0);
    }
    unsigned at = c->tree.at, ahead = c->down ? at - MEMBERS_AHEAD : at + MEMBERS_AHEAD;
    c->tree.at = c->down ? at - 1 : at + 1; /* below 0 is beyond the count, too */
    if (c->left > MEMBERS_AHEAD && ahead < l->count)
        fetch_member(l, ahead);
    else if (c->left > MEMBERS_AHEAD && ahead == (c->down ? UINT32_MAX : l->count))
        ordered_prefetch_leaf(ordered_neighbour(l, c->down));
    struct ordered_at here = {(struct ordered_leaf *)(uintptr_t)l, at};
    *member = ordered_bytes(ordered_member(here));
    *score = ordered_score(here);
}

bool zset_next(struct zset_cursor *c, struct slice *member, double *score)
{
    if (!c->left)
        return false;
    if (c->packed)
        next_packed(c, member, score);
    else
        next_in_tree(c, member, score);
    c->left--;
    return true;
}

bool zset_random(struct zset_cursor *c, const struct entry *e, struct slice *member, double *score)
{
    uint64_t count = zset_count(e);
    zset_seek(c, e, count ? random_below(count) : 0, false);
    return zset_next(c, member, score);
}

uint64_t zset_scan(const struct entry *e, uint64_t cursor, zset_visit *visit, void *ctx)
{
    if (zset_is_table(e))
        return zset_table_scan(table_of(e), cursor, visit, ctx);
    struct zset_cursor c;
    struct slice member;
    double score;
    for (zset_seek(&c, e, 0, false); zset_next(&c, &member, &score);)
        visit(ctx, member, score);
    return 0;
}
