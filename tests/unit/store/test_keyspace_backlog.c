/* backlog: what a strange clock or a strange client leaves for later doesn't stay. */
#include "store/keyspace.h"

#include "store/encoding.h"
#include "store/fields.h"
#include "tests/unit/support/check.h"
#include "tests/unit/support/script_clock.h"

#include <stdio.h>

static struct keyspace *ks;

static void start(void)
{
    arena_init();
    script_clock_start();
    clock_refresh();
    ks = keyspace_create(2);
}

static void finish(void)
{
    keyspace_destroy(ks);
    check(arena_stats().objects == 0);
    clock_set_source(NULL, NULL);
}

TestSuite(keyspace_backlog, .init = start, .fini = finish, .timeout = 120);

static void put(uint64_t id, int64_t expiry)
{
    char text[32];
    struct slice key = slice_make(text, (size_t)sprintf(text, "key:%llu", (unsigned long long)id));
    keyspace_set(ks, 0, key, keyspace_hash(key), SLICE("value"), expiry);
}

static void settle(void)
{
    for (int i = 0; keyspace_work(ks, 1000) == 0; i++)
        check(i < 1000000);
}

static void set_back(int64_t ms)
{
    script_clock.now.wall_us -= ms * 1000;
    clock_refresh();
}

Test(keyspace_backlog, a_clock_that_was_set_back_delays_no_key)
{
    enum { KEYS = 3000, SPAN = 2000, HOUR = 3600000 };
    static unsigned ends_at[SPAN + 1];
    uint64_t left = 0, id = 0;
    /* Keys that were there before, some of which end between the true time and the wrong one. */
    int64_t begin = clock_ms();
    for (; id < 500; id++, left++)
        put(id, begin + HOUR + 1 + (int64_t)draw_below(10 * HOUR));
    put(id++, begin + HOUR - 5);
    script_clock_advance(HOUR);
    settle();
    check(keyspace_count(ks, 0) == left);
    set_back(HOUR);
    settle();
    for (unsigned i = 0; i < KEYS; i++, left++) {
        unsigned after = 1 + (unsigned)draw_below(SPAN - 2);
        ends_at[after]++;
        put(id++, begin + after);
    }
    for (unsigned ms = 1; ms < SPAN; ms++) {
        script_clock_advance(1);
        settle();
        left -= ends_at[ms - 1];
        check(keyspace_count(ks, 0) == left);
    }
    script_clock_advance(11 * HOUR);
    settle();
    cr_assert_eq(keyspace_count(ks, 0), 0);
}

Test(keyspace_backlog, a_clock_that_trembles_delays_no_key_by_more_than_it_trembles)
{
    int64_t begin = clock_ms();
    for (uint64_t id = 0; id < 1000; id++)
        put(id, begin + 1 + (int64_t)draw_below(10000));
    for (int i = 0; i < 200; i++) {
        script_clock_advance(100);
        settle();
        set_back(40);
        settle();
        put(1000, clock_ms() + 1);
        put(1001, clock_ms() + 20);
    }
    script_clock_advance(1000);
    settle();
    cr_assert_eq(keyspace_count(ks, 0), 0);
}

Test(keyspace_backlog, a_big_hash_counts_what_it_shows_after_the_clock_was_set_back)
{
    struct place p = place_find(ks, 0, SLICE("hash"), keyspace_hash(SLICE("hash")));
    encoding_limits.hash_entries = 0;
    put(0, clock_ms() + 500);
    script_clock_advance(1000);
    settle();
    set_back(900);
    int64_t begin = clock_ms();
    for (unsigned i = 0; i < 800; i++) {
        char text[16];
        struct slice field = slice_make(text, (size_t)sprintf(text, "f%u", i));
        fields_set(&p, field, SLICE("value"), begin + 1 + i);
    }
    for (unsigned ms = 0; ms < 800; ms++) {
        struct fields_cursor c;
        uint64_t shown = 0;
        for (fields_begin(&c, p.entry); fields_next(&c, NULL, NULL, NULL);)
            shown++;
        cr_assert_eq(fields_count(p.entry), shown);
        script_clock_advance(1);
        settle();
    }
}

Test(keyspace_backlog, flushing_again_and_again_does_not_pile_up)
{
    /* No turn ends in between. */
    static const uint64_t sizes[] = {1, 100, 1000, 5000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        uint64_t flushed = 0;
        while (flushed < 200000 / CHECK_SCALE) {
            for (uint64_t id = 0; id < sizes[s]; id++)
                put(id, id % 2 ? clock_ms() + 1000 : EXPIRY_NONE);
            cr_assert_eq(keyspace_flush(ks, 0), sizes[s]);
            cr_assert_eq(keyspace_count(ks, 0), 0);
            cr_assert_eq(keyspace_expiring(ks, 0, NULL), 0);
            flushed += sizes[s];
        }
        cr_assert_leq(arena_stats().objects, 4 * 5000 + 2000, "after databases of %llu keys: %zu",
                      (unsigned long long)sizes[s], arena_stats().objects);
    }
    settle();
    cr_assert_eq(arena_stats().objects, 0);
}

Test(keyspace_backlog, a_random_key_is_found_without_removing_all_that_ended)
{
    enum { ENDED = 50000 };
    int64_t begin = clock_ms();
    for (uint64_t id = 0; id < ENDED; id++)
        put(id, begin + 5);
    put(ENDED, EXPIRY_NONE);
    put(ENDED + 1, begin + 100);
    script_clock_advance(6);
    uint64_t before = keyspace_count(ks, 0);
    struct entry *e = keyspace_random(ks, 0);
    check(e && (entry_key(e).ptr[4] == '5') && entry_key(e).len == 9);
    cr_assert_geq(keyspace_count(ks, 0), before - 1000);
    settle();
    cr_assert_eq(keyspace_count(ks, 0), 2);
    check(keyspace_random(ks, 0));
}

/* What a turn gave up may be more than the next one's budget frees. */
Test(keyspace_backlog, more_is_freed_where_a_turn_took_long)
{
    enum { FIELDS = 20000 };
    struct slice key = SLICE("big");
    struct place p = place_find(ks, 0, key, keyspace_hash(key));
    for (unsigned i = 0; i < FIELDS; i++) {
        char name[20];
        fields_set(&p, slice_make(name, (size_t)sprintf(name, "f%u", i)), SLICE("v"), EXPIRY_NONE);
    }
    place_clear(&p);
    script_clock_cost(10);
    check(keyspace_work(ks, 100) == 0);
    uint64_t left = arena_stats().objects;
    check(left > FIELDS / 2);
    keyspace_free_more(ks, 1000);
    check(arena_stats().objects < left && arena_stats().objects > FIELDS / 4);
    keyspace_free_more(ks, 1000000);
    check(arena_stats().objects < 10); /* the database's own table */
    script_clock_cost(1);
}
