/* intset: against a simple model, at every width. */
#include "ds/intset.h"

#include "tests/unit/support/check.h"

#define MOST 300

static char bytes[8 * MOST + 8]; /* read at an odd address, as sets have it */
static char *const array = bytes + 1;
static int64_t model[MOST];
static uint32_t count;
static unsigned width;

TestSuite(intset);

static void compare(void)
{
    for (uint32_t i = 0; i < count; i++)
        check(intset_at(array, width, i) == model[i]);
}

/* The place of v in the model, or behind the last smaller one. */
static bool model_find(int64_t v, uint32_t *at)
{
    for (*at = 0; *at < count && model[*at] < v; ++*at)
        ;
    return *at < count && model[*at] == v;
}

static void add(int64_t v)
{
    uint32_t at, expected;
    bool there = model_find(v, &expected);
    check(intset_find(array, width, count, v, &at) == there && at == expected);
    if (there || count == MOST)
        return;
    if (intset_width(v) > width) {
        intset_widen(array, count, width, intset_width(v));
        width = intset_width(v);
    }
    intset_insert(array, width, count, at, v);
    memmove(model + at + 1, model + at, (count - at) * sizeof *model);
    model[at] = v;
    count++;
}

static void take(int64_t v)
{
    uint32_t at, expected;
    bool there = model_find(v, &expected);
    check(intset_find(array, width, count, v, &at) == there && at == expected);
    if (!there)
        return;
    intset_remove(array, width, count, at);
    count--;
    memmove(model + at, model + at + 1, (count - at) * sizeof *model);
}

static void restart(void)
{
    count = 0;
    width = 2;
}

Test(intset, width_is_the_least_that_holds_the_number)
{
    static const struct {
        int64_t v;
        unsigned width;
    } cases[] = {
        {0, 2},         {INT16_MAX, 2}, {INT16_MIN, 2},       {INT16_MAX + 1, 4},   {INT16_MIN - 1, 4},
        {INT32_MAX, 4}, {INT32_MIN, 4}, {INT32_MAX + 1ll, 8}, {INT32_MIN - 1ll, 8}, {INT64_MAX, 8},
        {INT64_MIN, 8}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(intset_width(cases[i].v), cases[i].width);
        restart();
        add(-1);
        add(1);
        add(cases[i].v);
        compare();
    }
}

Test(intset, stays_in_order_through_random_changes)
{
    for (unsigned round = 0; round < 60; round++) {
        restart();
        unsigned bits = 1 + (unsigned)draw_below(64);
        for (unsigned i = 0; i < 2000; i++) {
            /* Narrow numbers first, so that each width is met on the way. */
            unsigned shift = 64 - (i < 1000 && bits > 16 ? 16 : bits);
            int64_t v = (int64_t)draw() >> shift;
            if (draw_below(3))
                add(v);
            else
                take(v);
            if (i % 50 == 0)
                compare();
        }
        compare();
        while (count)
            take(model[draw_below(count)]);
    }
}

Test(intset, ascending_and_descending_runs_are_found)
{
    restart();
    for (int64_t v = 0; v < MOST; v++)
        add(v * 1000);
    compare();
    for (int64_t v = 0; v < MOST; v++)
        take(v * 1000);
    cr_assert_eq(count, 0);
    for (int64_t v = MOST; v > 0; v--)
        add(v * -100000000000);
    compare();
}
