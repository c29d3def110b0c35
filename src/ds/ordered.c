#include "ds/ordered.h"

#include <stddef.h>

#define FEW (ORDERED_LEAF / 3)         /* fewer members than this: neighbours help out */
#define MERGED (ORDERED_LEAF * 4 / 5)  /* no more than this after a merge */
#define NEARLY_FULL (ORDERED_LEAF - 3) /* a neighbour with more is no help to a full leaf */

/* ---- members ------------------------------------------------------------------ */

static size_t member_size(size_t len)
{
    return offsetof(struct ordered_member, rest) + (len < ORDERED_LONG ? len : 8 + len);
}

size_t ordered_member_size(size_t len)
{
    return arena_size(member_size(len));
}

struct ordered_member *ordered_create(struct slice bytes)
{
    struct ordered_member *m = arena_alloc(member_size(bytes.len));
    must(m); /* memory is out: as in base/mem.h */
    char *at = m->rest;
    m->len = (uint8_t)(bytes.len < ORDERED_LONG ? bytes.len : ORDERED_LONG);
    if (unlikely(m->len == ORDERED_LONG)) {
        uint64_t len = bytes.len;
        memcpy(at, &len, 8);
        at += 8;
    }
    memcpy(at, bytes.ptr, bytes.len);
    return m;
}

/* ---- leaves --------------------------------------------------------------------- */

static inline uint32_t leaf_chunk(const struct ordered_leaf *l)
{
    return (uint32_t)((size_t)((const char *)l - arena_base - 64) >> 9);
}

static inline struct ordered_leaf *leaf_of(struct counted_node *n)
{
    return (struct ordered_leaf *)n;
}

static struct counted_key leaf_first(const struct ordered_leaf *l)
{
    struct ordered_at at = {(struct ordered_leaf *)(uintptr_t)l, 0};
    return (struct counted_key){l->score[0], ordered_member(at)};
}

static inline void leaf_set(struct ordered_leaf *l, unsigned i, struct ordered_member *m, double score)
{
    uint64_t ref = arena_ref(m);
    l->score[i] = score;
    l->ref_low[i] = (uint32_t)ref;
    l->ref_high[i] = (uint8_t)(ref >> 32);
}

/* Moves `count` members of l from number `from` on to number `to` of k, which may be l; nobody is told. */
static void move_members(struct ordered_leaf *k, unsigned to, const struct ordered_leaf *l, unsigned from,
                         unsigned count)
{
    memmove(k->score + to, l->score + from, count * sizeof *k->score);
    memmove(k->ref_low + to, l->ref_low + from, count * sizeof *k->ref_low);
    memmove(k->ref_high + to, l->ref_high + from, count);
}

/* Tells `count` members from number `from` on where they stand. */
static void tell_members(struct ordered_leaf *l, unsigned from, unsigned count)
{
    uint32_t chunk = leaf_chunk(l);
    for (unsigned i = from; i < from + count; i++)
        ordered_member((struct ordered_at){l, i})->leaf = chunk;
}

/* A new leaf behind `after` (NULL: before all), with m in it. */
static struct ordered_leaf *add_leaf(struct ordered *o, struct ordered_leaf *after, struct ordered_member *m,
                                     double score)
{
    uint32_t chunk = arena_chunk_alloc();
    must(chunk != UINT32_MAX); /* memory is out */
    struct ordered_leaf *l = arena_chunk(chunk);
    leaf_set(l, 0, m, score);
    l->count = 1;
    m->leaf = chunk;
    counted_insert(&o->tree, after ? &after->node : NULL, &l->node, 1, leaf_first(l));
    o->leaves++;
    return l;
}

static void drop_leaf(struct ordered *o, struct ordered_leaf *l)
{
    counted_remove(&o->tree, &l->node, l->count);
    arena_chunk_free(leaf_chunk(l));
    o->leaves--;
}

/* Shares the members of two neighbours so that the left one has `keep`; the right one goes when none is left. */
static void share(struct ordered *o, struct ordered_leaf *left, struct ordered_leaf *right, unsigned keep)
{
    unsigned had = left->count, total = had + right->count;
    if (keep > had) {
        unsigned some = keep - had;
        move_members(left, had, right, 0, some);
        tell_members(left, had, some);
        move_members(right, 0, right, some, right->count - some);
    } else {
        unsigned some = had - keep;
        move_members(right, some, right, 0, right->count);
        move_members(right, 0, left, keep, some);
        tell_members(right, 0, some);
    }
    left->count = (uint16_t)keep;
    right->count = (uint16_t)(total - keep);
    counted_add(&o->tree, &left->node, (int64_t)keep - had);
    counted_add(&o->tree, &right->node, (int64_t)had - keep);
    if (right->count)
        counted_set_first(&o->tree, &right->node, leaf_first(right));
    else
        drop_leaf(o, right);
}

/* Members of the neighbour that stands `by` (-1, 1) from l under the same parent; `none` where there isn't one. */
static inline unsigned beside(const struct ordered_leaf *l, int by, unsigned none)
{
    const struct counted_inner *parent = l->node.parent;
    int at = l->node.at + by;
    return parent && at >= 0 && at < parent->count ? (unsigned)counted_weights(parent)[at] : none;
}

static inline struct ordered_leaf *sibling(const struct ordered_leaf *l, int by)
{
    return leaf_of(counted_children(l->node.parent)[l->node.at + by]);
}

/* l lost members: it joins a neighbour where both are small, or takes some of it. */
static void tend(struct ordered *o, struct ordered_leaf *l)
{
    unsigned count = l->count;
    if (!count) {
        drop_leaf(o, l);
        return;
    }
    const unsigned none = 2 * ORDERED_LEAF;
    unsigned left = beside(l, -1, none), right = beside(l, 1, none);
    if (left + count <= MERGED) {
        share(o, sibling(l, -1), l, left + count);
    } else if (right + count <= MERGED) {
        share(o, l, sibling(l, 1), count + right);
    } else if (unlikely(count < FEW) && counted_next(&l->node) && counted_prev(&l->node)) {
        if (left != none && (right == none || left > right))
            share(o, sibling(l, -1), l, (left + count) / 2);
        else
            share(o, l, sibling(l, 1), (count + right) / 2);
    }
}

/* ---- searching --------------------------------------------------------------------- */

/* What is searched: the border between the members that come before it and the others. */
struct border {
    double score;
    bool any_score; /* scores count for nothing */
    bool by_bytes;  /* of equal scores those come before whose bytes do; else all or none, as `equal` says */
    bool equal;     /* what equals the border comes before it */
    struct slice bytes;
};

static inline bool comes_before(const struct border *b, const struct ordered_member *m)
{
    int order = slice_cmp(ordered_bytes(m), b->bytes);
    return order < 0 || (b->equal && order == 0);
}

/* How many of `n` ascending scores, `stride` doubles apart, are below `score`, or equal to it as told. */
static inline unsigned count_below(const double *at, unsigned stride, unsigned n, double score, bool equal)
{
    unsigned low = 0;
    while (n) {
        unsigned half = n / 2;
        double s = at[(size_t)(low + half) * stride];
        bool below = (s < score) | (equal & (s == score));
        low = below ? low + half + 1 : low;
        n = below ? n - half - 1 : half;
    }
    return low;
}

/* Members of l that come before the border. */
static unsigned leaf_search(const struct ordered_leaf *l, const struct border *b)
{
    unsigned low = 0, n = l->count;
    if (likely(!b->any_score)) {
        low = count_below(l->score, 1, n, b->score, !b->by_bytes & b->equal);
        if (!b->by_bytes || low == n || l->score[low] != b->score)
            return low;
        n = count_below(l->score + low, 1, n - low, b->score, true);
    }
    while (n) {
        unsigned half = n / 2;
        struct ordered_at at = {(struct ordered_leaf *)(uintptr_t)l, low + half};
        if (comes_before(b, ordered_member(at))) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

/* Children of inner that start before the border. */
static unsigned inner_search(const struct counted_inner *inner, const struct border *b)
{
    const struct counted_key *first = counted_firsts(inner);
    const unsigned stride = sizeof *first / sizeof(double);
    unsigned low = 0, n = inner->count;
    if (likely(!b->any_score)) {
        low = count_below(&first->score, stride, n, b->score, !b->by_bytes & b->equal);
        if (!b->by_bytes || low == n || first[low].score != b->score)
            return low;
        n = count_below(&first[low].score, stride, n - low, b->score, true);
    }
    while (n) {
        unsigned half = n / 2;
        if (comes_before(b, first[low + half].item)) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

/* The leaf in which the border lies: all before it belong before the border, those behind it don't. *rank, unless
 * NULL, grows by the members before the leaf. The tree isn't empty. */
static struct ordered_leaf *descend(const struct ordered *o, const struct border *b, uint64_t *rank)
{
    struct counted_node *n = o->tree.root;
    while (n->level) {
        const struct counted_inner *inner = (const struct counted_inner *)n;
        unsigned i = inner_search(inner, b);
        i -= i > 0;
        n = counted_children(inner)[i];
        if (n->level == 0)
            ordered_prefetch_leaf(leaf_of(n));
        if (rank)
            *rank += counted_before(inner, i);
    }
    return leaf_of(n);
}

static uint64_t rank_of(const struct ordered *o, const struct border *b)
{
    if (!o->tree.root)
        return 0;
    uint64_t rank = 0;
    const struct ordered_leaf *l = descend(o, b, &rank);
    return rank + leaf_search(l, b);
}

uint64_t ordered_rank_of_score(const struct ordered *o, double score, bool equal)
{
    struct border b = {.score = score, .equal = equal};
    return rank_of(o, &b);
}

uint64_t ordered_rank_of_bytes(const struct ordered *o, struct slice bytes, bool equal)
{
    struct border b = {.any_score = true, .by_bytes = true, .equal = equal, .bytes = bytes};
    return rank_of(o, &b);
}

struct ordered_at ordered_find(const struct ordered_member *m)
{
    struct ordered_leaf *l = arena_chunk(m->leaf);
    uint64_t ref = arena_ref(m);
    uint32_t low = (uint32_t)ref;
    uint8_t high = (uint8_t)(ref >> 32);
    unsigned i = 0;
    while (i < l->count && (l->ref_low[i] != low || l->ref_high[i] != high))
        i++;
    must(i < l->count);
    return (struct ordered_at){l, i};
}

uint64_t ordered_rank(const struct ordered *o, struct ordered_at at)
{
    return counted_rank(&o->tree, &at.leaf->node) + at.index;
}

struct ordered_at ordered_seek(const struct ordered *o, uint64_t rank)
{
    if (rank >= o->tree.weight)
        return (struct ordered_at){0};
    struct ordered_leaf *l = leaf_of(counted_find(&o->tree, &rank));
    return (struct ordered_at){l, (unsigned)rank};
}

struct ordered_leaf *ordered_neighbour(const struct ordered_leaf *leaf, bool down)
{
    return leaf_of(down ? counted_prev(&leaf->node) : counted_next(&leaf->node));
}

void ordered_prefetch_leaf(const struct ordered_leaf *leaf)
{
    const char *line = (const char *)leaf;
    __asm__ volatile(""); /* keeps the call: a prefetch isn't an effect to the compiler */
    for (size_t i = 0; i < sizeof *leaf; i += 64)
        __builtin_prefetch(line + i, 1);
}

void ordered_prefetch(const struct ordered_member *m)
{
    ordered_prefetch_leaf(arena_chunk(m->leaf));
}

/* ---- inserting and moving ------------------------------------------------------------ */

/* Puts m in as number i of l, which has room. */
static void put(struct ordered *o, struct ordered_leaf *l, unsigned i, struct ordered_member *m, double score)
{
    move_members(l, i + 1, l, i, l->count - i);
    leaf_set(l, i, m, score);
    l->count++;
    m->leaf = leaf_chunk(l);
    counted_add(&o->tree, &l->node, 1);
    if (!i)
        counted_set_first(&o->tree, &l->node, leaf_first(l));
}

/* As put, where l is full: a neighbour takes some of its members, or a new leaf half of them. */
static void put_in_full(struct ordered *o, struct ordered_leaf *l, unsigned i, struct ordered_member *m,
                        double score)
{
    /* Beyond either end nothing is shared: what comes in order fills its leaves. */
    if (i == l->count && !counted_next(&l->node)) {
        add_leaf(o, l, m, score);
        return;
    }
    if (!i && !counted_prev(&l->node)) {
        add_leaf(o, NULL, m, score);
        return;
    }
    unsigned before = beside(l, -1, ORDERED_LEAF), behind = beside(l, 1, ORDERED_LEAF);
    struct ordered_leaf *left = l, *right;
    unsigned keep;
    if (before < behind && before <= NEARLY_FULL) {
        left = sibling(l, -1);
        right = l;
        keep = (before + ORDERED_LEAF + 1) / 2;
        i += before;
        share(o, left, right, keep);
    } else if (behind <= NEARLY_FULL) {
        right = sibling(l, 1);
        keep = (ORDERED_LEAF + behind) / 2;
        share(o, left, right, keep);
    } else {
        keep = ORDERED_LEAF / 2;
        struct ordered_member *moved = ordered_member((struct ordered_at){l, --l->count});
        counted_add(&o->tree, &l->node, -1);
        right = add_leaf(o, l, moved, l->score[l->count]);
        share(o, left, right, keep);
    }
    if (i <= keep)
        put(o, left, i, m, score);
    else
        put(o, right, i - keep, m, score);
}

void ordered_insert(struct ordered *o, struct ordered_member *m, double score)
{
    if (unlikely(!o->tree.root)) {
        add_leaf(o, NULL, m, score);
        return;
    }
    struct border b = {.score = score, .by_bytes = true, .bytes = ordered_bytes(m)};
    struct ordered_leaf *l = descend(o, &b, NULL);
    unsigned i = leaf_search(l, &b);
    if (likely(l->count < ORDERED_LEAF))
        put(o, l, i, m, score);
    else
        put_in_full(o, l, i, m, score);
}

void ordered_append(struct ordered *o, struct ordered_member *m, double score)
{
    struct ordered_leaf *last = leaf_of(counted_last(&o->tree));
    if (last && last->count < ORDERED_LEAF)
        put(o, last, last->count, m, score);
    else
        add_leaf(o, last, m, score);
}

static void remove_members(struct ordered *o, struct ordered_leaf *l, unsigned i, unsigned count)
{
    move_members(l, i, l, i + count, l->count - i - count);
    l->count = (uint16_t)(l->count - count);
    counted_add(&o->tree, &l->node, -(int64_t)count);
    if (!i && l->count)
        counted_set_first(&o->tree, &l->node, leaf_first(l));
}

void ordered_remove(struct ordered *o, struct ordered_at at)
{
    remove_members(o, at.leaf, at.index, 1);
    tend(o, at.leaf);
}

void ordered_move(struct ordered *o, struct ordered_at at, double score)
{
    struct ordered_leaf *l = at.leaf;
    struct ordered_member *m = ordered_member(at);
    double old = l->score[at.index];
    struct border b = {.score = score, .by_bytes = true, .bytes = ordered_bytes(m)};
    unsigned to = leaf_search(l, &b), last = l->count - 1u;
    to -= old < score; /* it stands in its own way */
    bool up_to_first = to > 0 || (!at.index && score >= old),
         down_to_last = to < last || (at.index == last && score <= old);
    if ((up_to_first && down_to_last) || !l->node.parent) {
        if (to < at.index)
            move_members(l, to + 1, l, to, at.index - to);
        else
            move_members(l, at.index, l, at.index + 1, to - at.index);
        leaf_set(l, to, m, score);
        if (!to || !at.index)
            counted_set_first(&o->tree, &l->node, leaf_first(l));
        return;
    }
    ordered_remove(o, at);
    ordered_insert(o, m, score);
}

/* ---- many at once ----------------------------------------------------------------------- */

uint64_t ordered_remove_ranks(struct ordered *o, uint64_t first, uint64_t count, ordered_take *take,
                              void *ctx)
{
    struct ordered_at at = ordered_seek(o, first);
    if (!at.leaf)
        return 0;
    if (count > o->tree.weight - first)
        count = o->tree.weight - first;
    for (uint64_t left = count; left;) {
        struct ordered_member *gone[ORDERED_LEAF];
        unsigned here = at.leaf->count - at.index;
        if (here > left)
            here = (unsigned)left;
        for (unsigned i = 0; i < here; i++)
            gone[i] = ordered_member((struct ordered_at){at.leaf, at.index + i});
        struct ordered_leaf *next = left > here ? ordered_neighbour(at.leaf, false) : NULL;
        if (here == at.leaf->count)
            drop_leaf(o, at.leaf);
        else
            remove_members(o, at.leaf, at.index, here);
        at = (struct ordered_at){next, 0};
        left -= here;
        take(ctx, gone, here);
    }
    /* The leaves on either side of the gap may be small now, and the second be what the first takes. */
    for (unsigned side = 0; side < 2; side++) {
        at = ordered_seek(o, first - (first && !side));
        if (at.leaf)
            tend(o, at.leaf);
    }
    return count;
}

bool ordered_drain(struct ordered *o, uint64_t most, ordered_take *take, void *ctx)
{
    for (uint64_t taken = 0; taken < most;) {
        struct ordered_leaf *l = leaf_of(counted_last(&o->tree));
        if (!l)
            return true;
        struct ordered_member *gone[ORDERED_LEAF];
        for (unsigned i = 0; i < l->count; i++)
            gone[i] = ordered_member((struct ordered_at){l, i});
        take(ctx, gone, l->count);
        taken += l->count;
        drop_leaf(o, l);
    }
    return !o->tree.root;
}

size_t ordered_memory(const struct ordered *o)
{
    return o->leaves * sizeof(struct ordered_leaf) + o->tree.memory;
}

/* ---- checking ------------------------------------------------------------------------------ */

static uint64_t weight_of(const struct counted_node *n)
{
    return ((const struct ordered_leaf *)n)->count;
}

void ordered_check(const struct ordered *o)
{
    counted_check(&o->tree, weight_of);
    uint64_t leaves = 0;
    const struct ordered_member *prev = NULL;
    double score = 0;
    struct ordered_leaf *first = leaf_of(counted_first(&o->tree)), *l = first;
    for (; l; l = ordered_neighbour(l, false), leaves++) {
        must(l->count && l->count <= ORDERED_LEAF);
        must(l->count >= FEW || l == first || !counted_next(&l->node));
        struct counted_key key = l->node.parent ? counted_firsts(l->node.parent)[l->node.at] : o->tree.first;
        struct counted_key mine = leaf_first(l);
        must(key.item == mine.item && memcmp(&key.score, &mine.score, sizeof key.score) == 0);
        for (unsigned i = 0; i < l->count; i++) {
            const struct ordered_member *m = ordered_member((struct ordered_at){l, i});
            must(m->leaf == leaf_chunk(l));
            must(l->score[i] == l->score[i]);
            must(!prev || score < l->score[i] ||
                 (score == l->score[i] && slice_cmp(ordered_bytes(prev), ordered_bytes(m)) < 0));
            prev = m;
            score = l->score[i];
        }
    }
    must(leaves == o->leaves);
}
