/* expiry: keys go in the order of their time and on time, whatever else happens
 * to them, and the index that knows it stays small. */
#include "store/keyspace.h"

#include "tests/unit/support/check.h"
#include "tests/unit/support/script_clock.h"

#include <stdio.h>

static struct keyspace *ks;

static void start(void)
{
    arena_init();
    script_clock_start();
    ks = keyspace_create(2);
}

static void finish(void)
{
    keyspace_destroy(ks);
    check(arena_stats().objects == 0);
    clock_set_source(NULL, NULL);
}

TestSuite(expiry, .init = start, .fini = finish, .timeout = 120);

static struct slice name_of(uint64_t id)
{
    static char text[32];
    return slice_make(text, (size_t)sprintf(text, "key:%llu", (unsigned long long)id));
}

static struct entry *put(uint64_t id, int64_t expiry)
{
    struct slice key = name_of(id);
    return keyspace_set(ks, 0, key, keyspace_hash(key), SLICE("value"), expiry);
}

static struct entry *look(uint64_t id)
{
    struct slice key = name_of(id);
    return keyspace_find(ks, 0, key, keyspace_hash(key));
}

static void drop(uint64_t id)
{
    struct slice key = name_of(id);
    keyspace_delete(ks, 0, key, keyspace_hash(key));
}

/* Time stands still until the keyspace wants no more; returns what it wants then. */
static int64_t settle(void)
{
    int64_t next;
    for (int i = 0; (next = keyspace_work(ks, 1000)) == 0; i++)
        check(i < 1000000);
    return next;
}

/* ---- on time, in order ---- */

static int64_t last_expiry, *expiry_by_id;

static void on_event(void *ctx, unsigned db, struct slice key, enum event_class cls, const char *name)
{
    (void)ctx;
    (void)db;
    (void)name;
    if (cls == EVENT_NEW)
        return;
    check(cls == EVENT_EXPIRED);
    int64_t expiry = expiry_by_id[strtoull(key.ptr + 4, NULL, 10)];
    check(expiry >= last_expiry);
    last_expiry = expiry;
}

static const struct keyspace_observer order_observer = {.event = on_event};

Test(expiry, keys_go_in_the_millisecond_after_their_last)
{
    enum { SPAN = 60000 };
    uint64_t n = 20000 / CHECK_SCALE, left = n;
    static uint32_t ends_at[SPAN];
    expiry_by_id = calloc(n, sizeof *expiry_by_id);
    keyspace_observe(ks, &order_observer);
    int64_t begin = clock_ms();
    for (uint64_t id = 0; id < n; id++) {
        int64_t after = 1 + (int64_t)draw_below(SPAN - 2);
        ends_at[after]++;
        expiry_by_id[id] = begin + after;
        put(id, begin + after);
    }
    for (int ms = 1; ms < SPAN; ms++) {
        script_clock_advance(1);
        settle();
        left -= ends_at[ms - 1];
        check(keyspace_count(ks, 0) == left);
    }
    cr_assert_eq(keyspace_count(ks, 0), 0);
    cr_assert_eq(keyspace_stats(ks)->expired, n);
}

Test(expiry, work_says_when_it_wants_to_run_again)
{
    uint64_t n = 5000 / CHECK_SCALE, calls = 0;
    int64_t begin = clock_ms(), last = begin;
    expiry_by_id = calloc(n, sizeof *expiry_by_id);
    for (uint64_t id = 0; id < n; id++) {
        /* A few soon, some in hours, in days, in years. */
        uint64_t bits = 10 + draw_below(28);
        expiry_by_id[id] = begin + 1 + (int64_t)draw_below(1ull << bits);
        if (expiry_by_id[id] > last)
            last = expiry_by_id[id];
        put(id, expiry_by_id[id]);
    }
    cr_assert_gt(settle(), 0);
    int64_t wait;
    while ((wait = keyspace_work(ks, 1000)) >= 0) {
        script_clock_advance(wait);
        check(++calls < 200 * n + 100000); /* it sleeps for what it says, and has something to do after it */
        if (calls % 100 == 0) {
            settle();
            uint64_t left = 0;
            for (uint64_t id = 0; id < n; id++)
                left += expiry_by_id[id] >= clock_ms();
            check(keyspace_count(ks, 0) == left);
        }
    }
    cr_assert_eq(keyspace_count(ks, 0), 0);
    cr_assert_leq(clock_ms(), last + 2, "the last key went %lld ms late", (long long)(clock_ms() - last));
    cr_assert_eq(keyspace_work(ks, 1000), -1);
}

Test(expiry, jumps_of_the_clock_lose_nothing)
{
    uint64_t n = 20000 / CHECK_SCALE;
    int64_t begin = clock_ms();
    expiry_by_id = calloc(n, sizeof *expiry_by_id);
    for (uint64_t id = 0; id < n; id++)
        put(id, expiry_by_id[id] = begin + (int64_t)draw_below(1ull << (8 + draw_below(30))));
    static const int64_t jumps[] = {3,     250,      256,      257, 70000,    -5000, 1,
                                    65536, 16777216, -3600000, 1,   90000000, 1000};
    for (size_t j = 0; j < 3 * sizeof jumps / sizeof *jumps; j++) {
        script_clock_advance(jumps[j % (sizeof jumps / sizeof *jumps)]);
        settle();
        for (uint64_t id = 0; id < n; id++) {
            if (expiry_by_id[id] == 0)
                continue;
            if (expiry_by_id[id] < clock_ms())
                expiry_by_id[id] = 0;
        }
        uint64_t left = 0;
        for (uint64_t id = 0; id < n; id++)
            left += expiry_by_id[id] != 0;
        check(keyspace_count(ks, 0) == left);
    }
    script_clock_advance(1ll << 40);
    settle();
    cr_assert_eq(keyspace_count(ks, 0), 0);
}

Test(expiry, a_key_lives_through_its_last_millisecond)
{
    put(1, clock_ms() + 100);
    script_clock_advance(100);
    settle();
    cr_assert_not_null(look(1)); /* as Redis: gone when now is after the time */
    script_clock_advance(1);
    cr_assert_null(look(1));
    cr_assert_eq(keyspace_count(ks, 0), 0);
}

Test(expiry, times_beyond_all_bounds_are_kept)
{
    static const int64_t ends[] = {INT64_MAX,     INT64_MAX - 1, INT64_MAX / 2,
                                   INT64_MAX / 4, 1ll << 52,     1ll << 48};
    size_t n = sizeof ends / sizeof *ends;
    for (size_t i = 0; i < n; i++)
        put(i, ends[i]);
    for (int i = 0; i < 1000; i++) {
        script_clock_advance(1ll << draw_below(36));
        settle();
    }
    for (size_t i = 0; i < n; i++) {
        cr_assert_not_null(look(i));
        cr_assert_eq(entry_expiry(look(i)), ends[i]);
    }
    int64_t mean;
    cr_assert_eq(keyspace_expiring(ks, 0, &mean), n);
    cr_assert_gt(mean, 1ll << 48);
}

Test(expiry, what_was_prolonged_or_persisted_stays)
{
    uint64_t n = 10000 / CHECK_SCALE;
    for (uint64_t id = 0; id < n; id++)
        put(id, clock_ms() + 100);
    for (uint64_t id = 0; id < n; id++) {
        struct slice key = name_of(id);
        uint64_t hash = keyspace_hash(key);
        if (id % 4 == 0)
            keyspace_set_expiry(ks, 0, look(id), hash, clock_ms() + 1000);
        else if (id % 4 == 1)
            keyspace_set_expiry(ks, 0, look(id), hash, EXPIRY_NONE);
        else if (id % 4 == 2)
            put(id, EXPIRY_NONE);
    }
    script_clock_advance(101);
    settle();
    cr_assert_eq(keyspace_count(ks, 0), n / 4 * 3);
    cr_assert_eq(keyspace_expiring(ks, 0, NULL), n / 4);
    script_clock_advance(1000);
    settle();
    cr_assert_eq(keyspace_count(ks, 0), n / 4 * 2);
    cr_assert_eq(keyspace_expiring(ks, 0, NULL), 0);
}

Test(expiry, what_was_shortened_goes_sooner)
{
    for (uint64_t id = 0; id < 1000; id++) {
        put(id, clock_ms() + 100000000);
        struct slice key = name_of(id);
        keyspace_set_expiry(ks, 0, look(id), keyspace_hash(key), clock_ms() + 10 + (int64_t)(id % 50));
    }
    for (uint64_t ms = 0; ms < 61; ms++) {
        settle();
        check(keyspace_count(ks, 0) == 20 * (ms <= 10 ? 50 : 60 - ms));
        script_clock_advance(1);
    }
}

Test(expiry, follows_the_table_through_growth_and_shrink)
{
    uint64_t n = 100000 / CHECK_SCALE;
    int64_t begin = clock_ms();
    for (uint64_t id = 0; id < n; id++) /* splits under cells that are set */
        put(id, begin + 1000 + (int64_t)(id % 1000));
    for (uint64_t id = 0; id < n; id++) /* merges likewise; every 50th stays */
        if (id % 50)
            drop(id);
    dict_check(keyspace_dict(ks, 0));
    script_clock_advance(1000);
    for (int ms = 0; ms < 1001; ms++) {
        settle();
        uint64_t left = 0;
        for (int r = 0; r < 1000; r += 50)
            left += r >= ms ? n / 1000 : 0;
        check(keyspace_count(ks, 0) == left);
        script_clock_advance(1);
    }
}

Test(expiry, databases_that_trade_places_keep_their_times)
{
    struct slice key = SLICE("key:1");
    put(1, clock_ms() + 50);
    keyspace_swap(ks, 0, 1);
    cr_assert_eq(keyspace_count(ks, 1), 1);
    put(1, clock_ms() + 100);
    script_clock_advance(51);
    settle();
    cr_assert_eq(keyspace_count(ks, 1), 0);
    cr_assert_eq(keyspace_count(ks, 0), 1);
    keyspace_rename(ks, 0, key, keyspace_hash(key), 1, key, keyspace_hash(key));
    script_clock_advance(50);
    settle();
    cr_assert_eq(keyspace_count(ks, 1), 0);
}

/* ---- bounded ---- */

Test(expiry, a_crowd_in_one_millisecond_goes_in_bounded_turns)
{
    uint64_t n = 300000 / CHECK_SCALE, turns = 0, most = 0;
    int64_t end = clock_ms() + 10;
    for (uint64_t id = 0; id < n; id++)
        put(id, end);
    script_clock_cost(100); /* ten looks at the clock fill a turn's budget */
    script_clock_advance(11);
    cr_assert_null(look(5)); /* reads miss before anything was removed */
    uint64_t before = keyspace_count(ks, 0);
    while (keyspace_work(ks, 1000) == 0) {
        uint64_t now = keyspace_count(ks, 0);
        if (before - now > most)
            most = before - now;
        before = now;
        check(now == 0 || keyspace_stats(ks)->expire_due_cells > 0);
        check(look(draw_below(n)) == NULL);
        before = keyspace_count(ks, 0);
        script_clock_advance(1);
        turns++;
        check(turns < n);
    }
    cr_assert_eq(keyspace_count(ks, 0), 0);
    cr_assert_leq(most, 16384, "%llu keys went in one turn", (unsigned long long)most);
    cr_assert_geq(turns, n / 20000);
    cr_assert_geq(keyspace_stats(ks)->expire_turns_cut, turns / 2);
    cr_assert_geq(keyspace_stats(ks)->expire_lag_max_us, turns / 2 * 1000);
    cr_assert_eq(keyspace_stats(ks)->expire_due_cells, 0);
}

Test(expiry, switched_off_it_happens_only_when_looked_at)
{
    keyspace_set_active_expiry(ks, false);
    for (uint64_t id = 0; id < 100; id++)
        put(id, clock_ms() + 5);
    script_clock_advance(1000);
    settle();
    cr_assert_eq(keyspace_count(ks, 0), 100);
    for (uint64_t id = 0; id < 40; id++)
        cr_assert_null(look(id));
    cr_assert_eq(keyspace_count(ks, 0), 60);
    keyspace_set_active_expiry(ks, true);
    settle();
    cr_assert_eq(keyspace_count(ks, 0), 0);
    cr_assert_eq(keyspace_stats(ks)->expired, 100);
}

/* ---- small ---- */

Test(expiry, index_costs_at_most_four_bytes_a_key)
{
    uint64_t n = 0;
    for (uint64_t size = 20000; size <= 400000 / CHECK_SCALE; size += size / 3) {
        for (; n < size; n++)
            put(n, clock_ms() + 1000000 + (int64_t)draw_below(1000000));
        double cost = (double)(keyspace_overhead(ks, 0) - dict_memory(keyspace_dict(ks, 0))) / (double)n;
        check(cost <= 4.0);
    }
}

Test(expiry, setting_and_deleting_leaves_nothing_behind)
{
    uint64_t n = 20000, rounds = 2000000 / CHECK_SCALE;
    for (uint64_t id = 0; id < n; id++)
        put(id, clock_ms() + 1000000);
    size_t overhead = keyspace_overhead(ks, 0), committed = arena_stats().committed;
    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t id = draw_below(n);
        drop(id);
        put(id, clock_ms() + 1000000 + (int64_t)draw_below(1000000));
        if (i % 1000 == 0) {
            script_clock_advance(1);
            keyspace_work(ks, 1000);
        }
    }
    cr_assert_eq(keyspace_count(ks, 0), n);
    cr_assert_eq(keyspace_expiring(ks, 0, NULL), n);
    cr_assert_leq(keyspace_overhead(ks, 0), overhead + overhead / 20);
    cr_assert_leq(arena_stats().committed, committed + committed / 10);
    for (uint64_t id = 0; id < n; id++)
        drop(id);
    cr_assert_leq(keyspace_overhead(ks, 0), 8192, "%zu bytes for no keys", keyspace_overhead(ks, 0));
}

Test(expiry, refreshing_leaves_nothing_behind)
{
    uint64_t n = 5000, rounds = 2000000 / CHECK_SCALE;
    for (uint64_t id = 0; id < n; id++)
        put(id, clock_ms() + 1000);
    size_t overhead = keyspace_overhead(ks, 0);
    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t id = i % n;
        struct slice key = name_of(id);
        struct entry *e = look(id);
        check(e != NULL);
        keyspace_set_expiry(ks, 0, e, keyspace_hash(key), clock_ms() + 1000);
        if (i % 20 == 0) { /* each is refreshed every 250 ms */
            script_clock_advance(1);
            keyspace_work(ks, 1000);
        }
    }
    cr_assert_eq(keyspace_count(ks, 0), n);
    cr_assert_leq(keyspace_overhead(ks, 0), overhead + overhead / 20);
    script_clock_advance(1002);
    settle();
    cr_assert_eq(keyspace_count(ks, 0), 0);
}
