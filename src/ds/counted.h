/* counted: the inner nodes of a tree whose leaves belong to somebody else and weigh something.
 *
 * A list's chunks and a sorted set's leaves stand in order under inner nodes that
 * sum up the weights (elements) below each child, so the leaf with the n-th
 * element, and the number of elements before a leaf, take O(log n). A leaf opens
 * with a struct counted_node. Where leaves are ordered by a key the inner nodes
 * keep the first key of each child, for its owner to descend by.
 *
 * Invariants.
 *  1. All leaves stand at level 0, all at the same depth; an inner node has at least a quarter
 *     of COUNTED_FANOUT children, the root at least two.
 *  2. weight[i] is the sum of child i's weights (a leaf's own weight, at level 1).
 *  3. first[i] is the key given for the first leaf below child i.
 * Inner nodes are arena objects that grow with their children (capacities double from 4),
 * so a tree of few leaves is small. It owns them, never the leaves. */
#ifndef DS_COUNTED_H
#define DS_COUNTED_H

#include <stddef.h>
#include <stdint.h>

#define COUNTED_FANOUT 64

struct counted_inner;

/* What a leaf opens with. */
struct counted_node {
    struct counted_inner *parent; /* NULL: this is the root */
    uint16_t at;                  /* which child of the parent */
    uint16_t level;               /* 0: a leaf */
};

struct counted_key {
    double score;
    const void *item;
};

struct counted_inner {
    struct counted_node node;
    uint16_t count; /* children */
    uint16_t capacity;
    /* weight, child and first key of each: three arrays of `capacity` */
    _Alignas(8) char body[];
};

static inline uint64_t *counted_weights(const struct counted_inner *n)
{
    return (uint64_t *)(uintptr_t)n->body;
}

static inline struct counted_node **counted_children(const struct counted_inner *n)
{
    return (struct counted_node **)(uintptr_t)(n->body + 8 * (size_t)n->capacity);
}

static inline struct counted_key *counted_firsts(const struct counted_inner *n)
{
    return (struct counted_key *)(uintptr_t)(n->body + 16 * (size_t)n->capacity);
}

/* What the first `children` of n weigh. */
static inline uint64_t counted_before(const struct counted_inner *n, unsigned children)
{
    const uint64_t *weight = counted_weights(n);
    uint64_t sum = 0;
    for (unsigned i = 0; i < children; i++)
        sum += weight[i];
    return sum;
}

struct counted {
    struct counted_node *root; /* NULL: empty; a leaf: the only one */
    uint64_t weight;           /* of all */
    size_t memory;             /* bytes of inner nodes */
    struct counted_key first;  /* the key of the leaf that is the root */
};

/* Zeroed memory is an empty tree. Adds leaf behind `after` (NULL: before all) with that weight and key. */
void counted_insert(struct counted *t, struct counted_node *after, struct counted_node *leaf, uint64_t weight,
                    struct counted_key first);

/* Takes leaf, of that weight, out. */
void counted_remove(struct counted *t, struct counted_node *leaf, uint64_t weight);

/* The weight of leaf changed by delta. */
void counted_add(struct counted *t, struct counted_node *leaf, int64_t delta);

/* The first key of leaf changed. */
void counted_set_first(struct counted *t, struct counted_node *leaf, struct counted_key first);

/* leaf was moved to another address: tells its parent. */
void counted_moved(struct counted *t, struct counted_node *leaf);

/* The leaf that holds element number *index (below t->weight); *index becomes the number within it. */
struct counted_node *counted_find(const struct counted *t, uint64_t *index);

/* Elements before leaf. */
uint64_t counted_rank(const struct counted *t, const struct counted_node *leaf);

/* The neighbour of leaf, the first and the last; NULL where there is none. */
struct counted_node *counted_next(const struct counted_node *leaf);
struct counted_node *counted_prev(const struct counted_node *leaf);
struct counted_node *counted_first(const struct counted *t);
struct counted_node *counted_last(const struct counted *t);

/* Frees the inner nodes; the leaves are the caller's. */
void counted_clear(struct counted *t);

/* Checks every invariant; must() fails on a broken one. weight_of gives a leaf's weight. For tests. */
void counted_check(const struct counted *t, uint64_t (*weight_of)(const struct counted_node *leaf));

#endif
