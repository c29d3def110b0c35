/* linkmap: against a model, while it grows and shrinks, and with hashes that collide. */
#include "ds/linkmap.h"

#include "base/random.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct item {
    struct link link;
    uint64_t key;
    bool in;
};

static bool has_key(const struct link *link, const void *key)
{
    return ((const struct item *)link)->key == *(const uint64_t *)key;
}

/* Few of the bits, so that buckets hold several. */
static uint64_t weak_hash(uint64_t key)
{
    return key * 0x9e3779b97f4a7c15ull & 0xff00ffff;
}

static void expect_model(const struct linkmap *m, struct item *items, uint64_t count)
{
    uint64_t in = 0;
    for (uint64_t k = 0; k < count; k++) {
        struct link *found = linkmap_find(m, weak_hash(k), has_key, &k);
        cr_assert_eq(found, items[k].in ? &items[k].link : NULL);
        in += items[k].in;
    }
    cr_assert_eq(m->count, in);
    cr_assert(in == 0 ? m->buckets == 0 : m->low <= m->buckets && m->buckets < 2 * m->low);
}

Test(ds_linkmap, empty)
{
    struct linkmap m = {0};
    uint64_t key = 7;
    cr_assert_null(linkmap_find(&m, 7, has_key, &key));
    cr_assert_eq(linkmap_memory(&m), 0);
    linkmap_deinit(&m);
}

Test(ds_linkmap, grows_and_shrinks_without_losing_any)
{
    enum { COUNT = 20000 };
    struct linkmap m = {0};
    struct item *items = calloc(COUNT, sizeof *items);
    for (uint64_t k = 0; k < COUNT; k++) {
        items[k].key = k;
        linkmap_insert(&m, &items[k].link, weak_hash(k));
        items[k].in = true;
        if ((k & (k - 1)) == 0)
            expect_model(&m, items, k + 1);
    }
    expect_model(&m, items, COUNT);
    cr_assert_geq(m.buckets, COUNT / 2);
    size_t full = linkmap_memory(&m);
    for (uint64_t k = 0; k < COUNT; k++) {
        linkmap_remove(&m, &items[k].link);
        items[k].in = false;
        if (k == COUNT / 2 || k == COUNT - 100)
            expect_model(&m, items, COUNT);
    }
    expect_model(&m, items, COUNT);
    cr_assert_gt(full, 0);
    cr_assert_eq(linkmap_memory(&m), 0);
    free(items);
}

Test(ds_linkmap, random_comings_and_goings)
{
    enum { COUNT = 3000 };
    struct linkmap m = {0};
    struct item *items = calloc(COUNT, sizeof *items);
    for (uint64_t k = 0; k < COUNT; k++)
        items[k].key = k;
    for (int round = 0; round < 20; round++) {
        uint64_t upto = random_below(COUNT) + 1;
        for (int i = 0; i < 2000; i++) {
            struct item *item = &items[random_below(upto)];
            if (item->in)
                linkmap_remove(&m, &item->link);
            else
                linkmap_insert(&m, &item->link, weak_hash(item->key));
            item->in = !item->in;
        }
        expect_model(&m, items, COUNT);
    }
    linkmap_deinit(&m);
    free(items);
}
