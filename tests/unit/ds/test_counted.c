/* counted: inner nodes over leaves of this test, against an array of the same leaves. */
#include "ds/counted.h"

#include "ds/arena.h"
#include "tests/unit/support/check.h"

#include <stdlib.h>
#include <string.h>

struct leaf {
    struct counted_node node;
    uint64_t weight;
    double score;
};

#define LEAVES 8000

static struct counted t;
static struct leaf *model[LEAVES];
static unsigned count;
static double last_score;

static uint64_t weight_of(const struct counted_node *n)
{
    return ((const struct leaf *)n)->weight;
}

TestSuite(counted, .init = arena_init);

static struct counted_key key_of(const struct leaf *l)
{
    return (struct counted_key){l->score, l};
}

/* A new leaf becomes number `at`. */
static void add(unsigned at)
{
    struct leaf *l = malloc(sizeof *l);
    *l = (struct leaf){.weight = 1 + draw_below(100), .score = ++last_score};
    counted_insert(&t, at ? &model[at - 1]->node : NULL, &l->node, l->weight, key_of(l));
    memmove(model + at + 1, model + at, (count - at) * sizeof *model);
    model[at] = l;
    count++;
}

static void drop(unsigned at)
{
    counted_remove(&t, &model[at]->node, model[at]->weight);
    free(model[at]);
    count--;
    memmove(model + at, model + at + 1, (count - at) * sizeof *model);
}

static void change_weight(unsigned at)
{
    uint64_t weight = draw_below(50);
    counted_add(&t, &model[at]->node, (int64_t)(weight - model[at]->weight));
    model[at]->weight = weight;
}

static void change_key(unsigned at)
{
    model[at]->score = ++last_score;
    counted_set_first(&t, &model[at]->node, key_of(model[at]));
}

static void move(unsigned at)
{
    struct leaf *l = malloc(sizeof *l);
    *l = *model[at];
    counted_moved(&t, &l->node);
    free(model[at]);
    model[at] = l;
    counted_set_first(&t, &l->node, key_of(l));
}

/* Each leaf's key is the first of its way down: counted_check goes by the parents' copies. */
static void check_keys(void)
{
    for (unsigned i = 0; i < count; i++) {
        const struct counted_node *n = &model[i]->node;
        struct counted_key key = n->parent ? counted_firsts(n->parent)[n->at] : t.first;
        check(key.item == model[i] && key.score == model[i]->score);
    }
}

static void check_all(void)
{
    counted_check(&t, weight_of);
    check_keys();
    uint64_t before = 0;
    const struct counted_node *n = counted_first(&t), *prev = NULL;
    for (unsigned i = 0; i < count; i++) {
        check(n == &model[i]->node);
        check(counted_rank(&t, n) == before);
        check(counted_prev(n) == prev);
        for (int end = 0; end < 2 && model[i]->weight; end++) {
            uint64_t index = end ? before + model[i]->weight - 1 : before;
            check(counted_find(&t, &index) == n && index == (end ? model[i]->weight - 1 : 0));
        }
        before += model[i]->weight;
        prev = n;
        n = counted_next(n);
    }
    check(n == NULL && t.weight == before && counted_last(&t) == prev);
}

static void drop_all(void)
{
    while (count)
        drop((unsigned)draw_below(count));
    check(t.root == NULL && t.weight == 0 && t.memory == 0);
}

Test(counted, an_empty_tree_has_nothing)
{
    check(!counted_first(&t) && !counted_last(&t) && !t.weight);
    check_all();
}

Test(counted, every_operation_agrees_with_an_array)
{
    size_t live = arena_stats().live;
    for (unsigned most = 1; most <= LEAVES / CHECK_SCALE; most *= 4) {
        /* Up to `most` leaves and down again, with waves between. */
        for (unsigned step = 0; step < 6 * most + 20; step++) {
            bool grow = step / (most + 5) % 2 == 0;
            if (count < most && (!count || draw_below(4) ? grow : !grow))
                add((unsigned)draw_below(count + 1));
            else if (count && draw_below(3))
                drop((unsigned)draw_below(count));
            if (count) {
                change_weight((unsigned)draw_below(count));
                change_key((unsigned)draw_below(count));
                move((unsigned)draw_below(count));
            }
            if (most < 100 || step % most == 0)
                check_all();
        }
        check_all();
        drop_all();
    }
    check(arena_stats().live == live);
}

/* Bytes of inner nodes a leaf after n leaves were added in front, behind, or anywhere. */
static double bytes_a_leaf(int where)
{
    for (unsigned n = 0; n < 6000; n++)
        add(where == 0 ? 0 : where == 1 ? count : (unsigned)draw_below(count + 1));
    check_all();
    double bytes = (double)t.memory / count;
    drop_all();
    return bytes;
}

Test(counted, inner_nodes_are_well_filled_wherever_leaves_come)
{
    double front = bytes_a_leaf(0), back = bytes_a_leaf(1), anywhere = bytes_a_leaf(2);
    check(front < 50);
    check(back < 50);
    check(anywhere < 60);
}

Test(counted, leaves_go_from_either_end)
{
    for (int front = 0; front < 2; front++) {
        for (unsigned n = 0; n < 5000; n++)
            add(count);
        while (count) {
            drop(front ? 0 : count - 1);
            if (count % 500 == 0)
                check_all();
        }
        check(t.root == NULL && t.memory == 0);
    }
}

Test(counted, clear_frees_the_inner_nodes_and_leaves_the_leaves)
{
    size_t live = arena_stats().live;
    for (unsigned n = 0; n < 5000; n++)
        add((unsigned)draw_below(count + 1));
    counted_clear(&t);
    check(t.root == NULL && t.weight == 0 && t.memory == 0);
    check(arena_stats().live == live);
    for (unsigned i = 0; i < count; i++)
        free(model[i]);
    count = 0;
}
