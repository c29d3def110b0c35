/* dict: positions at random, and walks that know hashes without looking at items. */
#include "ds/dict.h"

#include "tests/unit/support/check.h"

static uint64_t hash_of(const void *item)
{
    return *(const uint64_t *)item;
}

static bool match(const void *item, const void *key)
{
    return *(const uint64_t *)item == *(const uint64_t *)key;
}

static const struct dict_type type = {.hash = hash_of};

static void start(void)
{
    arena_init();
}

TestSuite(dict_random, .init = start, .timeout = 120);

static void fill(struct dict *d, uint64_t items)
{
    while (dict_count(d) < items) {
        uint64_t hash = draw();
        if (dict_find(d, hash, match, &hash))
            continue;
        uint64_t *item = arena_alloc(2 * sizeof *item);
        check(item != NULL);
        item[0] = hash;
        item[1] = 0; /* how often it was met */
        check(dict_insert(d, hash, item));
    }
}

static void drop(void *ctx, void *item)
{
    (void)ctx;
    arena_free(item);
}

static void empty(struct dict *d)
{
    dict_drain(d, UINT64_MAX, drop, NULL);
    check(arena_stats().objects == 0);
}

static uint64_t *some_slot(const struct dict *d, uint64_t *hash)
{
    for (;;) {
        uint64_t r = draw();
        dict_prefetch_at(d, r);
        dict_prefetch_item_at(d, r);
        uint64_t *slot = dict_at(d, r, hash);
        if (slot)
            return slot;
    }
}

Test(dict_random, nothing_stands_anywhere_in_an_empty_dict)
{
    struct dict d;
    uint64_t hash;
    dict_init(&d, &type);
    for (unsigned i = 0; i < 100; i++)
        check(!dict_at(&d, draw(), &hash));
    fill(&d, 1);
    empty(&d);
    for (unsigned i = 0; i < 100; i++)
        check(!dict_at(&d, draw(), &hash));
}

Test(dict_random, every_item_has_even_odds)
{
    static const uint64_t sizes[] = {1, 7, 60, 330, 1000, 6000, 20000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct dict d;
        dict_init(&d, &type);
        fill(&d, sizes[s]);
        uint64_t draws = 200 * sizes[s] / CHECK_SCALE, hash;
        for (uint64_t i = 0; i < draws; i++)
            ((uint64_t *)dict_item(some_slot(&d, &hash)))[1]++;
        /* The sum of (seen - expected)^2 / expected lies around `items`, with deviation sqrt(2 items). */
        double expected = (double)draws / (double)sizes[s], sum = 0;
        struct dict_walk walk;
        dict_walk_begin(&walk, &d);
        for (const uint64_t *item; (item = dict_walk_next(&walk));)
            sum += ((double)item[1] - expected) * ((double)item[1] - expected) / expected;
        double off = sum - (double)sizes[s];
        check(off * off < 36 * 2 * (double)sizes[s]);
        empty(&d);
    }
}

Test(dict_random, what_was_drawn_can_be_removed_until_none_is_left)
{
    struct dict d;
    dict_init(&d, &type);
    fill(&d, 100000 / CHECK_SCALE);
    for (uint64_t n = dict_count(&d); n; n--) {
        uint64_t hash, *slot = some_slot(&d, &hash);
        void *item = dict_item(slot);
        uint64_t whole = hash_of(item);
        dict_remove_at(&d, hash, slot);
        check(!dict_find(&d, whole, match, &whole));
        arena_free(item);
        if (n % 5000 == 0)
            dict_check(&d);
        if (n % 20000 == 1)
            fill(&d, n + 3); /* and growing again on the way */
    }
    check(dict_count(&d) <= 15);
    empty(&d);
}

Test(dict_random, walked_groups_give_each_item_once_with_a_hash_that_finds_it)
{
    for (uint64_t items = 1; items < 300000 / CHECK_SCALE; items = items * 3 / 2 + 1) {
        struct dict d, other;
        dict_init(&d, &type);
        dict_init(&other, &type);
        fill(&d, items);
        fill(&other, items / 2 + 1); /* strangers */
        struct dict_walk walk;
        void *group[DICT_GROUP_SLOTS];
        uint64_t hashes[DICT_GROUP_SLOTS], seen = 0;
        bool suffice = dict_hashes_suffice(&d, &other);
        check(dict_hashes_suffice(&d, &d) || items > 10000); /* levels differ by one at times */
        dict_walk_begin(&walk, &d);
        for (unsigned n; (n = dict_walk_group(&walk, group, hashes));) {
            for (unsigned i = 0; i < n; i++) {
                uint64_t *item = group[i], whole = item[0];
                check(!item[1]++);
                seen++;
                if (dict_hashes_suffice(&d, &d))
                    check(*dict_find(&d, hashes[i], match, &whole));
                check(dict_candidate(&d, whole) != NULL);
                if (suffice && dict_candidate(&other, hashes[i]))
                    check(!dict_find(&other, hashes[i], match, &whole));
                check(dict_candidate(&other, whole) == NULL || !match(dict_candidate(&other, whole), &whole));
            }
        }
        check(seen == items);
        dict_drain(&other, UINT64_MAX, drop, NULL);
        empty(&d);
    }
}

Test(dict_random, hashes_of_a_bigger_dict_suffice_for_a_smaller_one)
{
    struct dict big, small;
    dict_init(&big, &type);
    dict_init(&small, &type);
    fill(&big, 400000 / CHECK_SCALE);
    fill(&small, 1000);
    check(dict_hashes_suffice(&big, &small));
    check(CHECK_SCALE > 1 || !dict_hashes_suffice(&small, &big));
    /* All of the small one stand in the big one too: each is found by what a walk knows. */
    struct dict_walk walk;
    dict_walk_begin(&walk, &small);
    for (const uint64_t *item; (item = dict_walk_next(&walk));) {
        uint64_t *twin = arena_alloc(2 * sizeof *twin);
        twin[0] = item[0];
        check(dict_insert(&big, twin[0], twin));
    }
    void *group[DICT_GROUP_SLOTS];
    uint64_t hashes[DICT_GROUP_SLOTS], found = 0;
    dict_walk_begin(&walk, &big);
    for (unsigned n; (n = dict_walk_group(&walk, group, hashes));)
        for (unsigned i = 0; i < n; i++) {
            const void *twin = dict_candidate(&small, hashes[i]);
            found += twin && match(twin, group[i]);
        }
    check(found == 1000);
    dict_drain(&small, UINT64_MAX, drop, NULL);
    empty(&big);
}
