/* ordered: against a sorted array of the same members. */
#include "ds/ordered.h"

#include "tests/unit/support/check.h"

#include <math.h>
#include <stdio.h>

struct pair {
    struct ordered_member *member;
    double score;
};

#define MOST 20000

static struct ordered o;
static struct pair model[MOST];
static unsigned count;
static size_t live;

static void start(void)
{
    arena_init();
    live = arena_stats().live;
}

TestSuite(ordered, .init = start);

static int order(double score_a, struct slice a, double score_b, struct slice b)
{
    if (score_a != score_b)
        return score_a < score_b ? -1 : 1;
    return slice_cmp(a, b);
}

/* Pairs before score and bytes. */
static unsigned model_rank(double score, struct slice bytes)
{
    unsigned low = 0, n = count;
    while (n) {
        unsigned half = n / 2;
        const struct pair *p = &model[low + half];
        if (order(p->score, ordered_bytes(p->member), score, bytes) < 0) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

static void model_put(struct ordered_member *m, double score)
{
    unsigned at = model_rank(score, ordered_bytes(m));
    memmove(model + at + 1, model + at, (count - at) * sizeof *model);
    model[at] = (struct pair){m, score};
    count++;
}

static struct pair model_cut(unsigned at)
{
    struct pair p = model[at];
    count--;
    memmove(model + at, model + at + 1, (count - at) * sizeof *model);
    return p;
}

/* A member that isn't there: numbered, now and then with many bytes, or with a common start and a NUL. */
static struct ordered_member *fresh(void)
{
    static unsigned number;
    char text[400];
    int len = sprintf(text, "%u", (unsigned)(number++ * 2654435761u));
    if (draw_below(20) == 0) {
        size_t pad = 250 + draw_below(10);
        memset(text + len, 0, sizeof text - (size_t)len);
        len = (int)pad;
    }
    return ordered_create(slice_make(text, (size_t)len));
}

/* Scores of one sort: 0: many different, 1: few, so that most are equal, 2: all kinds of zero and infinity. */
static double some_score(unsigned sort)
{
    static const double odd[] = {0.0, -0.0, INFINITY, -INFINITY, 1e308, -1e308, 5e-324, 1};
    if (sort == 2)
        return odd[draw_below(sizeof odd / sizeof *odd)];
    return sort == 1 ? (double)draw_below(3) : (double)draw_below(1000000) / 8 - 50000;
}

static void add(unsigned sort)
{
    struct ordered_member *m = fresh();
    double score = some_score(sort);
    model_put(m, score);
    ordered_insert(&o, m, score);
}

static void drop(unsigned at)
{
    struct pair p = model_cut(at);
    ordered_remove(&o, ordered_find(p.member));
    arena_free(p.member);
}

static void move(unsigned at, double score)
{
    struct pair p = model_cut(at);
    model_put(p.member, score);
    ordered_move(&o, ordered_find(p.member), score);
}

static void take(void *ctx, struct ordered_member *const members[], unsigned n)
{
    unsigned *at = ctx;
    for (unsigned i = 0; i < n; i++, ++*at) {
        check(model[*at].member == members[i]);
        arena_free(members[i]);
    }
}

static void drop_ranks(unsigned first, unsigned n)
{
    unsigned at = first, end = first + n < count ? first + n : count;
    check(ordered_remove_ranks(&o, first, n, take, &at) == (end > first ? end - first : 0));
    check(first >= end || at == end);
    if (first < end) {
        memmove(model + first, model + end, (count - end) * sizeof *model);
        count -= end - first;
    }
}

static void check_all(void)
{
    ordered_check(&o);
    check(ordered_count(&o) == count);
    struct ordered_at at = ordered_seek(&o, 0);
    for (unsigned i = 0; i < count; i++) {
        struct ordered_at found = ordered_find(model[i].member);
        check(found.leaf == at.leaf && found.index == at.index);
        check(ordered_member(at) == model[i].member);
        check(memcmp(&(double){ordered_score(at)}, &model[i].score, 8) == 0);
        check(ordered_rank(&o, at) == i);
        if (++at.index == at.leaf->count)
            at = (struct ordered_at){ordered_neighbour(at.leaf, false), 0};
    }
    check(at.leaf == NULL && ordered_seek(&o, count).leaf == NULL);
}

/* Every search, at a place that exists and at one that doesn't. */
static void check_searches(unsigned sort)
{
    double score = some_score(sort);
    check(ordered_rank_of_score(&o, score, false) == model_rank(score, slice_make("", 0)));
    unsigned to = 0;
    while (to < count && model[to].score <= score)
        to++;
    check(ordered_rank_of_score(&o, score, true) == to);
    if (!count)
        return;
    unsigned i = (unsigned)draw_below(count);
    struct ordered_at at = ordered_seek(&o, i);
    check(ordered_member(at) == model[i].member);
    check(ordered_rank_of_bytes(&o, ordered_bytes(model[i].member), draw_below(2)) <= count);
}

static void drop_all(void)
{
    while (count)
        drop((unsigned)draw_below(count));
    ordered_check(&o);
    check(ordered_memory(&o) == 0 && arena_stats().live == live);
}

static void work(unsigned sort, unsigned most)
{
    for (unsigned step = 0; step < 5 * most + 20; step++) {
        bool grow = step / (most + 3) % 2 == 0;
        if (count < most && (!count || (draw_below(5) ? grow : !grow)))
            add(sort);
        else if (count && draw_below(3))
            drop((unsigned)draw_below(count));
        if (count)
            move((unsigned)draw_below(count), some_score(sort));
        if (count) { /* near by */
            unsigned at = (unsigned)draw_below(count);
            move(at, model[at].score + (double)draw_below(3) - 1);
        }
        if (draw_below(most) == 0)
            drop_ranks((unsigned)draw_below(count + 1), (unsigned)draw_below(most / 2 + 2));
        check_searches(sort);
        if (most <= 64 || step % most == 0)
            check_all();
    }
    check_all();
}

Test(ordered, an_empty_tree_has_nothing)
{
    check(ordered_count(&o) == 0 && !ordered_seek(&o, 0).leaf && !ordered_rank_of_score(&o, 0, true));
    check(ordered_remove_ranks(&o, 0, 5, take, NULL) == 0);
    ordered_check(&o);
}

Test(ordered, every_operation_agrees_with_a_sorted_array)
{
    static const unsigned sizes[] = {1, 2, 20, 38, 39, 64, 120, 1000, 10000 / CHECK_SCALE};
    for (unsigned sort = 0; sort < 3; sort++) {
        for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            work(sort, sizes[i]);
            drop_all();
        }
    }
}

static struct ordered_member *numbered(unsigned n)
{
    char text[16];
    return ordered_create(slice_make(text, (size_t)sprintf(text, "%06u", n)));
}

Test(ordered, members_are_found_by_bytes_where_scores_rise_with_them)
{
    for (unsigned equal = 1; equal <= 10000; equal *= 100) { /* so many members share a score */
        for (unsigned n = 0; n < 5000; n++) {
            struct ordered_member *m = numbered(2 * n);
            model_put(m, n / equal);
            ordered_insert(&o, m, n / equal);
        }
        for (unsigned n = 0; n < 10002; n++) {
            struct ordered_member *m = numbered(n);
            check(ordered_rank_of_bytes(&o, ordered_bytes(m), false) == (n + 1) / 2 - (n == 10001));
            check(ordered_rank_of_bytes(&o, ordered_bytes(m), true) == n / 2 + (n < 10000));
            arena_free(m);
        }
        drop_all();
    }
}

/* Members in order, from either end or anywhere: how full the leaves get. */
static double fill(int where)
{
    for (unsigned n = 0; n < 15000; n++) {
        struct ordered_member *m = fresh();
        double score = where == 0 ? n : where == 1 ? -(double)n : some_score(0);
        model_put(m, score);
        ordered_insert(&o, m, score);
    }
    check_all();
    double full = (double)count / ((double)o.leaves * ORDERED_LEAF);
    drop_ranks(0, count);
    check(!o.tree.root && arena_stats().live == live);
    return full;
}

Test(ordered, leaves_are_full_after_inserts_in_order_and_nearly_so_after_any)
{
    check(fill(0) > 0.99);
    check(fill(1) > 0.99);
    check(fill(2) > 0.78);
}

Test(ordered, appending_fills_leaves)
{
    for (unsigned n = 0; n < 15000; n++) {
        struct ordered_member *m = fresh();
        model[count++] = (struct pair){m, n};
        ordered_append(&o, m, n);
    }
    check_all();
    check(o.leaves == (15000 + ORDERED_LEAF - 1) / ORDERED_LEAF);
    drop_all();
}

Test(ordered, leaves_stay_filled_while_members_move)
{
    for (unsigned n = 0; n < 8000; n++)
        add(0);
    for (unsigned n = 0; n < 80000 / CHECK_SCALE; n++)
        move((unsigned)draw_below(count), some_score(0));
    check_all();
    check((double)count / ((double)o.leaves * ORDERED_LEAF) > 0.65);
    drop_all();
}

Test(ordered, ranges_of_every_size_go)
{
    for (unsigned n = 0; n < 300; n++) {
        while (count < 1500)
            add(n % 2);
        unsigned first = (unsigned)draw_below(count);
        drop_ranks(first, n < 200 ? n : (unsigned)draw_below(count - first + 10));
        check_all();
    }
    drop_ranks(0, count);
    check(!o.tree.root && arena_stats().live == live);
}

/* A queue: in at the top, out at the bottom. */
Test(ordered, a_queue_keeps_its_size)
{
    for (unsigned n = 0; n < 20000; n++) {
        struct ordered_member *m = fresh();
        model[count++] = (struct pair){m, n};
        ordered_insert(&o, m, n);
        if (count > 1000)
            drop_ranks(0, 1);
        if (n % 1000 == 0)
            check_all();
    }
    check(o.leaves <= 1000 / ORDERED_LEAF + 2);
    drop_ranks(0, count);
}

static void take_any(void *ctx, struct ordered_member *const members[], unsigned n)
{
    *(unsigned *)ctx += n;
    for (unsigned i = 0; i < n; i++)
        arena_free(members[i]);
}

Test(ordered, draining_goes_in_steps_and_leaves_nothing)
{
    for (unsigned n = 0; n < 10000; n++)
        add(0);
    unsigned taken = 0, steps = 0;
    for (bool done = false; !done; steps++) {
        unsigned before = taken;
        done = ordered_drain(&o, 100, take_any, &taken);
        check(taken - before < 100 + ORDERED_LEAF);
    }
    check(taken == 10000 && steps >= 10000 / 138);
    check(arena_stats().live == live);
    count = 0;
}
