#include "ds/counted.h"

#include "base/must.h"
#include "ds/arena.h"

#include <stdbool.h>
#include <string.h>

#define CAPACITY_MIN 4
#define FEW (COUNTED_FANOUT / 4)      /* fewer children than this: neighbours help out */
#define MANY (COUNTED_FANOUT / 4 * 3) /* no more than this after a merge */
#define CHILD_BYTES (sizeof(uint64_t) + sizeof(struct counted_node *) + sizeof(struct counted_key))

/* ---- inner nodes ------------------------------------------------------------ */

static inline struct counted_inner *inner_of(struct counted_node *n)
{
    return (struct counted_inner *)n;
}

static size_t inner_size(unsigned capacity)
{
    return sizeof(struct counted_inner) + capacity * CHILD_BYTES;
}

static struct counted_inner *inner_create(struct counted *t, unsigned level, unsigned children)
{
    unsigned capacity = CAPACITY_MIN;
    while (capacity < children)
        capacity *= 2;
    struct counted_inner *n = arena_alloc(inner_size(capacity));
    must(n); /* a tree half changed is worse than none, as in base/mem.h */
    t->memory += arena_size(inner_size(capacity));
    *n = (struct counted_inner){.node.level = (uint16_t)level, .capacity = (uint16_t)capacity};
    return n;
}

static void inner_free(struct counted *t, struct counted_inner *n)
{
    t->memory -= arena_size(inner_size(n->capacity));
    arena_free(n);
}

/* Tells the children from number `from` on where they stand. */
static void renumber(struct counted_inner *n, unsigned from)
{
    struct counted_node **child = counted_children(n);
    for (unsigned i = from; i < n->count; i++) {
        child[i]->parent = n;
        child[i]->at = (uint16_t)i;
    }
}

/* Moves `count` children of n from number `from` on to number `to` of m, which may be n; they aren't told. */
static void move_children(struct counted_inner *m, unsigned to, struct counted_inner *n, unsigned from,
                          unsigned count)
{
    memmove(counted_weights(m) + to, counted_weights(n) + from, count * sizeof(uint64_t));
    memmove(counted_children(m) + to, counted_children(n) + from, count * sizeof(struct counted_node *));
    memmove(counted_firsts(m) + to, counted_firsts(n) + from, count * sizeof(struct counted_key));
}

static uint64_t weigh(const struct counted_inner *n)
{
    return counted_before(n, n->count);
}

void counted_moved(struct counted *t, struct counted_node *leaf)
{
    if (leaf->parent)
        counted_children(leaf->parent)[leaf->at] = leaf;
    else
        t->root = leaf;
}

/* n with a capacity of at least `children`; it may be another one then. */
static struct counted_inner *inner_reserve(struct counted *t, struct counted_inner *n, unsigned children)
{
    if (likely(n->capacity >= children))
        return n;
    struct counted_inner *m = inner_create(t, n->node.level, children);
    m->node = n->node;
    m->count = n->count;
    move_children(m, 0, n, 0, n->count);
    renumber(m, 0);
    counted_moved(t, &m->node);
    inner_free(t, n);
    return m;
}

/* ---- weights and keys ----------------------------------------------------------- */

void counted_add(struct counted *t, struct counted_node *leaf, int64_t delta)
{
    t->weight += (uint64_t)delta;
    for (struct counted_node *n = leaf; n->parent; n = &n->parent->node)
        counted_weights(n->parent)[n->at] += (uint64_t)delta;
}

void counted_set_first(struct counted *t, struct counted_node *leaf, struct counted_key first)
{
    if (!leaf->parent)
        t->first = first;
    for (struct counted_node *n = leaf; n->parent; n = &n->parent->node) {
        counted_firsts(n->parent)[n->at] = first;
        if (n->at)
            return;
    }
}

/* ---- inserting -------------------------------------------------------------------- */

/* Puts a root above the root. */
static void raise_root(struct counted *t)
{
    struct counted_node *old = t->root;
    struct counted_inner *root = inner_create(t, old->level + 1u, 2);
    root->count = 1;
    counted_children(root)[0] = old;
    counted_weights(root)[0] = t->weight;
    counted_firsts(root)[0] = old->level ? counted_firsts(inner_of(old))[0] : t->first;
    t->root = &root->node;
    renumber(root, 0);
}

/* Makes child number `at` of n, which has fewer than COUNTED_FANOUT. Its weight is counted here and above. */
static void put_child(struct counted *t, struct counted_inner *n, unsigned at, struct counted_node *child,
                      uint64_t weight, struct counted_key first)
{
    n = inner_reserve(t, n, n->count + 1u);
    move_children(n, at + 1, n, at, n->count - at);
    n->count++;
    counted_children(n)[at] = child;
    counted_weights(n)[at] = 0;
    renumber(n, at);
    counted_add(t, child, (int64_t)weight);
    counted_set_first(t, child, first);
}

/* As put_child, but n may be full. */
static void add_child(struct counted *t, struct counted_inner *n, unsigned at, struct counted_node *child,
                      uint64_t weight, struct counted_key first)
{
    if (likely(n->count < COUNTED_FANOUT)) {
        put_child(t, n, at, child, weight, first);
        return;
    }
    if (!n->node.parent)
        raise_root(t);
    /* Where children come at one end only, the side that gets no more keeps most. */
    unsigned keep = at == n->count ? MANY : at ? COUNTED_FANOUT / 2 : FEW;
    struct counted_inner *right = inner_create(t, n->node.level, n->count - keep + 1u);
    right->count = (uint16_t)(n->count - keep);
    move_children(right, 0, n, keep, right->count);
    renumber(right, 0);
    n->count = (uint16_t)keep;
    uint64_t moved = weigh(right);
    counted_add(t, &n->node, -(int64_t)moved);
    add_child(t, n->node.parent, n->node.at + 1u, &right->node, moved, counted_firsts(right)[0]);
    if (at <= keep)
        put_child(t, n, at, child, weight, first);
    else
        put_child(t, right, at - keep, child, weight, first);
}

void counted_insert(struct counted *t, struct counted_node *after, struct counted_node *leaf, uint64_t weight,
                    struct counted_key first)
{
    *leaf = (struct counted_node){0};
    if (!t->root) {
        t->root = leaf;
        t->weight = weight;
        t->first = first;
        return;
    }
    if (!t->root->level)
        raise_root(t);
    unsigned at = after ? after->at + 1u : 0;
    add_child(t, after ? after->parent : counted_first(t)->parent, at, leaf, weight, first);
}

/* ---- removing ---------------------------------------------------------------------- */

static void drop_child(struct counted *t, struct counted_inner *n, unsigned at);

/* n has few children: takes some of a neighbour's, or the one of the two that stands right goes. */
static void rebalance(struct counted *t, struct counted_inner *n)
{
    struct counted_inner *parent = n->node.parent;
    unsigned i = n->node.at ? n->node.at - 1u : 0;
    struct counted_inner *left = inner_of(counted_children(parent)[i]);
    struct counted_inner *right = inner_of(counted_children(parent)[i + 1]);
    unsigned had = left->count, total = had + right->count;
    unsigned keep = total <= MANY ? total : total / 2;
    left = inner_reserve(t, left, keep);
    if (keep >= had) {
        unsigned some = keep - had;
        move_children(left, had, right, 0, some);
        move_children(right, 0, right, some, right->count - some);
    } else {
        unsigned some = had - keep;
        right = inner_reserve(t, right, right->count + some);
        move_children(right, some, right, 0, right->count);
        move_children(right, 0, left, keep, some);
    }
    left->count = (uint16_t)keep;
    right->count = (uint16_t)(total - keep);
    renumber(left, keep < had ? keep : had);
    renumber(right, 0);
    counted_weights(parent)[i] = weigh(left);
    counted_weights(parent)[i + 1] = weigh(right);
    if (right->count) {
        counted_firsts(parent)[i + 1] = counted_firsts(right)[0];
        return;
    }
    inner_free(t, right);
    drop_child(t, parent, i + 1);
}

/* Takes child number `at` of n out; its weight isn't counted any more. */
static void drop_child(struct counted *t, struct counted_inner *n, unsigned at)
{
    n->count--;
    move_children(n, at, n, at + 1, n->count - at);
    renumber(n, at);
    if (!at)
        counted_set_first(t, &n->node, counted_firsts(n)[0]);
    if (n->node.parent) {
        if (n->count < FEW)
            rebalance(t, n);
    } else if (n->count == 1) {
        struct counted_node *root = counted_children(n)[0];
        t->first = counted_firsts(n)[0];
        t->root = root;
        *root = (struct counted_node){.level = root->level};
        inner_free(t, n);
    }
}

void counted_remove(struct counted *t, struct counted_node *leaf, uint64_t weight)
{
    counted_add(t, leaf, -(int64_t)weight);
    if (leaf->parent)
        drop_child(t, leaf->parent, leaf->at);
    else
        t->root = NULL;
}

static void free_inner(struct counted *t, struct counted_node *n)
{
    struct counted_inner *inner = inner_of(n);
    for (unsigned i = 0; n->level > 1 && i < inner->count; i++)
        free_inner(t, counted_children(inner)[i]);
    inner_free(t, inner);
}

void counted_clear(struct counted *t)
{
    if (t->root && t->root->level)
        free_inner(t, t->root);
    *t = (struct counted){0};
}

/* ---- looking ------------------------------------------------------------------------- */

struct counted_node *counted_find(const struct counted *t, uint64_t *index)
{
    must(*index < t->weight);
    struct counted_node *n = t->root;
    while (n->level) {
        const struct counted_inner *inner = inner_of(n);
        const uint64_t *weight = counted_weights(inner);
        unsigned i = 0;
        uint64_t left = *index;
        while (left >= weight[i])
            left -= weight[i++];
        *index = left;
        n = counted_children(inner)[i];
    }
    return n;
}

uint64_t counted_rank(const struct counted *t, const struct counted_node *leaf)
{
    (void)t;
    uint64_t rank = 0;
    for (const struct counted_node *n = leaf; n->parent; n = &n->parent->node)
        rank += counted_before(n->parent, n->at);
    return rank;
}

static struct counted_node *leftmost(struct counted_node *n)
{
    while (n->level)
        n = counted_children(inner_of(n))[0];
    return n;
}

static struct counted_node *rightmost(struct counted_node *n)
{
    while (n->level)
        n = counted_children(inner_of(n))[inner_of(n)->count - 1];
    return n;
}

struct counted_node *counted_next(const struct counted_node *leaf)
{
    for (const struct counted_node *n = leaf; n->parent; n = &n->parent->node) {
        if (n->at + 1 < n->parent->count)
            return leftmost(counted_children(n->parent)[n->at + 1]);
    }
    return NULL;
}

struct counted_node *counted_prev(const struct counted_node *leaf)
{
    for (const struct counted_node *n = leaf; n->parent; n = &n->parent->node) {
        if (n->at)
            return rightmost(counted_children(n->parent)[n->at - 1]);
    }
    return NULL;
}

struct counted_node *counted_first(const struct counted *t)
{
    return t->root ? leftmost(t->root) : NULL;
}

struct counted_node *counted_last(const struct counted *t)
{
    return t->root ? rightmost(t->root) : NULL;
}

/* ---- checking -------------------------------------------------------------------------- */

struct audit {
    uint64_t (*weight_of)(const struct counted_node *leaf);
    size_t memory;
};

static bool same_key(struct counted_key a, struct counted_key b)
{
    return a.item == b.item && memcmp(&a.score, &b.score, sizeof a.score) == 0;
}

/* Checks what hangs below n, and that it weighs and starts as told. */
static void audit(struct audit *a, struct counted_node *n, uint64_t weight, struct counted_key first)
{
    if (!n->level) {
        must(a->weight_of(n) == weight);
        return;
    }
    const struct counted_inner *inner = inner_of(n);
    must(inner->count <= inner->capacity && inner->capacity <= COUNTED_FANOUT);
    must(inner->count >= (n->parent ? FEW : 2));
    must(weigh(inner) == weight && same_key(counted_firsts(inner)[0], first));
    a->memory += arena_usable(inner);
    for (unsigned i = 0; i < inner->count; i++) {
        struct counted_node *child = counted_children(inner)[i];
        must(child->parent == inner && child->at == i && child->level == n->level - 1);
        audit(a, child, counted_weights(inner)[i], counted_firsts(inner)[i]);
    }
}

void counted_check(const struct counted *t, uint64_t (*weight_of)(const struct counted_node *leaf))
{
    struct audit a = {.weight_of = weight_of};
    if (t->root) {
        must(!t->root->parent);
        audit(&a, t->root, t->weight, t->root->level ? counted_firsts(inner_of(t->root))[0] : t->first);
    }
    must(t->root || !t->weight);
    must(a.memory == t->memory);
}
