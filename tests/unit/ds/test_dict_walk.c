/* dict: a walk meets every item once, at every size. */
#include "ds/dict.h"

#include "tests/unit/support/check.h"

static uint64_t hash_of(const void *item)
{
    return *(const uint64_t *)item;
}

static const struct dict_type type = {.hash = hash_of};

static void start(void)
{
    arena_init();
}

TestSuite(dict_walk, .init = start, .timeout = 120);

static void drop(void *ctx, void *item)
{
    (void)ctx;
    arena_free(item);
}

static void check_walk(const struct dict *d, uint64_t round)
{
    struct dict_walk w;
    uint64_t *item, met = 0;
    dict_walk_begin(&w, d);
    while ((item = dict_walk_next(&w))) {
        check(item[1] == round);
        item[1]++;
        met++;
    }
    check(met == dict_count(d));
    check(dict_walk_next(&w) == NULL);
}

Test(dict_walk, meets_every_item_once)
{
    struct dict d;
    dict_init(&d, &type);
    check_walk(&d, 0);
    uint64_t walks = 0;
    for (uint64_t n = 1; n <= 20000 / CHECK_SCALE; n++) {
        uint64_t *item = arena_alloc(2 * sizeof *item);
        check(item != NULL);
        item[0] = draw();
        item[1] = walks;
        check(dict_insert(&d, item[0], item));
        if (n < 200 || n % 997 == 0)
            check_walk(&d, walks++);
    }
    check_walk(&d, walks);
    dict_drain(&d, UINT64_MAX, drop, NULL);
    check_walk(&d, 0);
}
