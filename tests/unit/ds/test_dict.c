/* dict: against a simple model, while it grows and shrinks, with hashes of every kind. */
#include "ds/dict.h"

#include "tests/unit/support/check.h"

#include <math.h>

struct item {
    uint64_t hash;
    uint64_t id;
};

static uint64_t hash_calls;

static uint64_t hash_of(const void *item)
{
    hash_calls++;
    return ((const struct item *)item)->hash;
}

static bool match_id(const void *item, const void *key)
{
    return ((const struct item *)item)->id == *(const uint64_t *)key;
}

static const struct dict_type type = {.hash = hash_of};
static struct dict d;

static void start(void)
{
    arena_init();
    dict_init(&d, &type);
}

TestSuite(dict, .init = start);

static struct item *make(uint64_t id, uint64_t hash)
{
    struct item *it = arena_alloc(sizeof *it);
    check(it != NULL);
    *it = (struct item){hash, id};
    return it;
}

static struct item *find(uint64_t id, uint64_t hash)
{
    uint64_t *slot = dict_find(&d, hash, match_id, &id);
    return slot ? dict_item(slot) : NULL;
}

static bool add(uint64_t id, uint64_t hash)
{
    struct item *it = make(id, hash);
    if (dict_insert(&d, hash, it))
        return true;
    arena_free(it);
    return false;
}

static void drop(uint64_t id, uint64_t hash)
{
    struct item *it = dict_remove(&d, hash, match_id, &id);
    check(it != NULL && it->id == id);
    arena_free(it);
}

/* A good hash of an id: the keyspace's is keyed, this one only mixes. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static uint64_t mixed(uint64_t id)
{
    return mix(id * 0x9e3779b97f4a7c15ull + 77);
}

static void free_item(void *ctx, void *item)
{
    (void)ctx;
    arena_free(item);
}

static void fill(uint64_t from, uint64_t to)
{
    for (uint64_t id = from; id < to; id++)
        check(add(id, mixed(id)));
}

/* ---- the empty one ---- */

Test(dict, empty_holds_nothing_and_costs_little)
{
    uint64_t id = 1;
    cr_assert_eq(dict_count(&d), 0);
    cr_assert_null(dict_find(&d, 12345, match_id, &id));
    cr_assert_null(dict_remove(&d, 12345, match_id, &id));
    cr_assert_eq(dict_scan(&d, 0, free_item, NULL), 0);
    cr_assert_eq(dict_scan(&d, 0x123456789abcull, free_item, NULL), 0);
    dict_scan_range(&d, 0, UINT64_MAX, free_item, NULL);
    cr_assert_null(dict_random(&d, draw));
    cr_assert_eq(dict_drain(&d, 100, free_item, NULL), 0);
    dict_prefetch_group(&d, 99);
    dict_prefetch_item(&d, 99);
    dict_check(&d);
    cr_assert_leq(sizeof d + dict_memory(&d), 64);
}

Test(dict, returns_to_empty_after_the_last_removal)
{
    for (int round = 0; round < 3; round++) {
        fill(0, 5000);
        for (uint64_t id = 0; id < 5000; id++)
            drop(id, mixed(id));
        dict_check(&d);
        cr_assert_eq(dict_count(&d), 0);
        cr_assert_leq(dict_memory(&d), 4096, "%zu bytes for nothing", dict_memory(&d));
        cr_assert_eq(dict_scan(&d, 0, free_item, NULL), 0);
        cr_assert_null(dict_random(&d, draw));
    }
    dict_deinit(&d);
    cr_assert_eq(arena_stats().objects, 0);
}

/* ---- against a model ---- */

/* The model: which ids are in. The hash of an id never changes. */
static struct item **in;
static uint64_t *hashes;

static void model_start(size_t ids, uint64_t (*hash)(uint64_t))
{
    in = calloc(ids, sizeof *in);
    hashes = calloc(ids, sizeof *hashes);
    for (size_t i = 0; i < ids; i++)
        hashes[i] = hash(i);
}

static void model_step(uint64_t id, unsigned odds)
{
    uint64_t *slot = dict_find(&d, hashes[id], match_id, &id);
    check((slot != NULL) == (in[id] != NULL));
    check(slot == NULL || dict_item(slot) == in[id]);
    if (slot == NULL) {
        if (draw_below(100) >= odds)
            return;
        struct item *it = make(id, hashes[id]);
        check(dict_insert(&d, hashes[id], it));
        in[id] = it;
    } else if (draw_below(100) >= odds) {
        if (draw_below(2)) {
            check(dict_remove(&d, hashes[id], match_id, &id) == in[id]);
        } else {
            dict_remove_at(&d, hashes[id], slot);
        }
        arena_free(in[id]);
        in[id] = NULL;
    } else if (draw_below(4) == 0) { /* a rewritten entry moves */
        struct item *moved = make(id, hashes[id]);
        dict_replace(slot, moved);
        arena_free(in[id]);
        in[id] = moved;
    }
}

static uint64_t model_check(size_t ids)
{
    uint64_t count = 0;
    for (uint64_t id = 0; id < ids; id++) {
        check(find(id, hashes[id]) == in[id]);
        count += in[id] != NULL;
    }
    check(dict_count(&d) == count);
    dict_check(&d);
    return count;
}

Test(dict, random_use_against_a_model, .timeout = 120)
{
    size_t ids = 100000 / CHECK_SCALE;
    model_start(ids, mixed);
    static const unsigned odds[] = {90, 50, 5, 60, 99, 50, 1, 30, 95, 2};
    for (size_t phase = 0; phase < sizeof odds / sizeof *odds; phase++) {
        for (size_t i = 0; i < 2 * ids; i++)
            model_step(draw_below(ids), odds[phase]);
        model_check(ids);
    }
}

Test(dict, small_tables_against_a_model, .timeout = 120)
{
    /* Around one chunk, one segment, the first splits and merges: checked after each step. */
    static const size_t sizes[] = {1, 8, 60, 130, 900, 1700};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        model_start(sizes[s], mixed);
        unsigned odds = 50;
        for (int i = 0; i < 20000 / CHECK_SCALE; i++) {
            if (i % 1000 == 0)
                odds = (unsigned)draw_below(100);
            model_step(draw_below(sizes[s]), odds);
            if (s < 3 || i % 50 == 0)
                dict_check(&d);
        }
        model_check(sizes[s]);
        dict_drain(&d, UINT64_MAX, free_item, NULL);
        check(dict_count(&d) == 0);
        free(in);
        free(hashes);
    }
}

Test(dict, each_step_rehashes_one_segment_at_most, .timeout = 60)
{
    uint64_t n = 1000000 / CHECK_SCALE, worst = 0;
    for (uint64_t id = 0; id < n; id++) {
        uint64_t before = hash_calls;
        check(add(id, mixed(id)));
        if (hash_calls - before > worst)
            worst = hash_calls - before;
    }
    for (uint64_t id = 0; id < n; id++) {
        uint64_t before = hash_calls;
        drop(id, mixed(id));
        if (hash_calls - before > worst)
            worst = hash_calls - before;
    }
    /* Two segments of 840 slots take part in a merge. */
    cr_assert_leq(worst, 2 * 840, "%llu items were rehashed in one step", (unsigned long long)worst);
}

/* ---- memory ---- */

Test(dict, stays_dense_while_it_grows_and_shrinks, .timeout = 60)
{
    uint64_t n = 400000 / CHECK_SCALE, id = 0;
    for (; id < n; id++) {
        check(add(id, mixed(id)));
        if (id > 20000 && id % 1000 == 0) {
            struct dict_shape s = dict_shape(&d);
            check(s.items == id + 1);
            check((double)s.items >= 0.8 * (double)s.slots);
            check((double)dict_memory(&d) <= 12.5 * (double)s.items);
        }
    }
    while (id-- > 0) {
        drop(id, mixed(id));
        if (id > 20000 && id % 1000 == 0)
            check((double)dict_memory(&d) <= 14.0 * (double)id);
    }
}

Test(dict, insert_and_remove_in_a_loop_leaves_no_trace)
{
    fill(0, 10000);
    size_t before = dict_memory(&d);
    for (uint64_t id = 10000; id < 10000 + 500000 / CHECK_SCALE; id++) {
        check(add(id, mixed(id)));
        drop(id, mixed(id));
    }
    dict_check(&d);
    cr_assert_leq(dict_memory(&d), before + before / 10);
    /* Overflow counts that stick would make every miss walk a whole segment. */
    cr_assert_leq(dict_shape(&d).longest_probe, 60);
}

Test(dict, probes_stay_short)
{
    fill(0, 300000 / CHECK_SCALE);
    struct dict_shape s = dict_shape(&d);
    cr_assert_lt(s.displaced, s.items / 3, "%llu of %llu items are away from home",
                 (unsigned long long)s.displaced, (unsigned long long)s.items);
}

/* ---- hashes that an attacker would like ---- */

static uint64_t only_top_bits(uint64_t id)
{
    return id << 48 | 0x123456789abcull;
}
static uint64_t only_low_bits(uint64_t id)
{
    return 0xfedc000000000000ull | (id & 0xffff);
}
static uint64_t only_middle_bits(uint64_t id)
{
    return 0xaaaa0000000055ull | (id & 0xffff) << 24;
}
static uint64_t four_hashes(uint64_t id)
{
    return mix(id & 3);
}
static uint64_t one_hash(uint64_t id)
{
    (void)id;
    return 0x0123456789abcdefull;
}
static uint64_t zero_hash(uint64_t id)
{
    (void)id;
    return 0;
}
static uint64_t full_hash(uint64_t id)
{
    (void)id;
    return UINT64_MAX;
}

/* Inserts what goes in: some may be refused, but the rest must stay intact. */
static void attack(uint64_t (*hash)(uint64_t), uint64_t n, uint64_t at_least)
{
    fill(1 << 20, (1 << 20) + 3000); /* bystanders */
    uint64_t went_in = 0;
    bool *there = calloc(n, 1);
    for (uint64_t id = 0; id < n; id++)
        went_in += there[id] = add(id, hash(id));
    dict_check(&d);
    check(went_in >= at_least);
    check(dict_count(&d) == 3000 + went_in);
    check(dict_memory(&d) < (size_t)4 << 20);
    for (uint64_t id = 0; id < n; id++)
        check((find(id, hash(id)) != NULL) == there[id]);
    for (uint64_t id = 0; id < n; id++)
        if (there[id] && draw_below(2)) {
            drop(id, hash(id));
            there[id] = false;
            if (id % 64 == 0)
                dict_check(&d);
        }
    for (uint64_t id = 0; id < n; id++)
        check((find(id, hash(id)) != NULL) == there[id]);
    for (uint64_t id = 1 << 20; id < (1 << 20) + 3000; id++)
        check(find(id, mixed(id)) != NULL);
    dict_check(&d);
    free(there);
}

Test(dict, hashes_that_differ_only_on_top)
{
    attack(only_top_bits, 10000, 10000);
}
Test(dict, hashes_that_differ_only_below)
{
    attack(only_low_bits, 2000, 700);
}
Test(dict, hashes_that_differ_only_in_the_middle)
{
    attack(only_middle_bits, 2000, 700);
}
Test(dict, four_hashes_for_all)
{
    attack(four_hashes, 2400, 2000);
}
Test(dict, one_hash_for_all)
{
    attack(one_hash, 1000, 700);
}
Test(dict, all_bits_of_the_hash_clear)
{
    attack(zero_hash, 600, 600);
}
Test(dict, all_bits_of_the_hash_set)
{
    attack(full_hash, 600, 600);
}

Test(dict, refusal_ends_when_room_returns)
{
    uint64_t n = 0;
    while (n < 2000 && add(n, one_hash(n)))
        n++;
    check(n >= 700 && n < 2000);
    drop(0, one_hash(0));
    cr_assert(add(5000, one_hash(0)));
    cr_assert_not(add(5001, one_hash(0)));
    dict_check(&d);
}

/* ---- scan ---- */

static uint32_t *seen;
static uint64_t shown;

static void note(void *ctx, void *item)
{
    (void)ctx;
    seen[((struct item *)item)->id]++;
    shown++;
}

static void scan_start(size_t ids)
{
    free(seen);
    seen = calloc(ids, sizeof *seen);
    shown = 0;
}

Test(dict, scan_of_a_table_at_rest_shows_each_item_once)
{
    for (uint64_t n = 1; n < 300000 / CHECK_SCALE; n *= 3) {
        fill(0, n);
        scan_start(n);
        uint64_t cursor = 0, calls = 0, most = 0;
        do {
            uint64_t before = shown;
            uint64_t next = dict_scan(&d, cursor, note, NULL);
            check(next == 0 || (next > cursor && next >> 48 == 0));
            check(shown > before || next == 0); /* every call but the last makes progress */
            if (shown - before > most)
                most = shown - before;
            cursor = next;
            calls++;
        } while (cursor != 0);
        for (uint64_t id = 0; id < n; id++)
            check(seen[id] == 1);
        check(most <= 64);
        dict_drain(&d, UINT64_MAX, free_item, NULL);
    }
}

/* Ids below `stay` are there all the time, the others come and go between two
 * calls; each that stays must be shown, and nothing that never was there. */
static void scan_under_churn(uint64_t stay, uint64_t churn, unsigned (*odds)(uint64_t call), unsigned steps,
                             uint64_t (*hash)(uint64_t))
{
    uint64_t ids = stay + churn;
    model_start(ids, hash);
    for (uint64_t id = 0; id < stay; id++)
        check(add(id, hashes[id]));
    scan_start(ids);
    bool *was_in = calloc(ids, 1);
    uint64_t cursor = 0, calls = 0;
    do {
        cursor = dict_scan(&d, cursor, note, NULL);
        for (unsigned i = 0; churn > 0 && i < steps; i++) {
            uint64_t id = stay + draw_below(churn);
            model_step(id, odds(calls));
            was_in[id] |= in[id] != NULL;
        }
        check(++calls < 100 * (ids + 100));
    } while (cursor != 0);
    for (uint64_t id = 0; id < stay; id++)
        check(seen[id] >= 1);
    for (uint64_t id = stay; id < ids; id++)
        check(seen[id] == 0 || was_in[id]);
    dict_check(&d);
    dict_drain(&d, UINT64_MAX, free_item, NULL);
    free(was_in);
    free(in);
    free(hashes);
}

static unsigned growing(uint64_t call)
{
    (void)call;
    return 95;
}
static unsigned tides(uint64_t call)
{
    return call / 40 % 2 ? 2 : 98;
}
static unsigned even_odds(uint64_t call)
{
    (void)call;
    return 50;
}

Test(dict, scan_under_growth_misses_nothing, .timeout = 120)
{
    for (unsigned round = 0; round < 6; round++)
        scan_under_churn(500 + round * 700, 60000 / CHECK_SCALE, growing, 20 + 40 * round, mixed);
}

Test(dict, scan_under_growth_and_shrink_misses_nothing, .timeout = 120)
{
    for (unsigned round = 0; round < 6; round++)
        scan_under_churn(300 + round * 300, 40000 / CHECK_SCALE, tides, 500, mixed);
}

Test(dict, scan_of_small_tables_under_churn_misses_nothing, .timeout = 120)
{
    for (unsigned round = 0; round < 400 / CHECK_SCALE; round++)
        scan_under_churn(draw_below(100), draw_below(1500), tides, 60, mixed);
}

Test(dict, scan_under_shrink_misses_nothing, .timeout = 60)
{
    uint64_t n = 100000 / CHECK_SCALE, stay = n / 50, gone = stay;
    fill(0, n);
    scan_start(n);
    uint64_t cursor = 0;
    do {
        cursor = dict_scan(&d, cursor, note, NULL);
        for (int i = 0; i < 10 && gone < n; i++, gone++)
            drop(gone, mixed(gone));
    } while (cursor != 0);
    for (uint64_t id = 0; id < stay; id++)
        check(seen[id] >= 1);
}

static uint64_t crowded(uint64_t id)
{
    return mix(id % 40) ^ (id & 0xff); /* hundreds a home group: most stand far from it */
}

Test(dict, scan_of_displaced_items_misses_nothing, .timeout = 120)
{
    for (unsigned round = 0; round < 5; round++)
        scan_under_churn(400, 4000, even_odds, 30, crowded);
}

Test(dict, scan_range_shows_all_of_a_range)
{
    uint64_t n = 50000;
    fill(0, n);
    for (int round = 0; round < 300 / CHECK_SCALE; round++) {
        uint64_t width = (uint64_t)1 << (40 + draw_below(24));
        uint64_t first = draw(), last = first + width < first ? UINT64_MAX : first + width;
        if (round == 0) {
            first = 0;
            last = UINT64_MAX;
        }
        scan_start(n);
        dict_scan_range(&d, first, last, note, NULL);
        uint64_t inside = 0;
        for (uint64_t id = 0; id < n; id++) {
            bool in_range = mixed(id) >= first && mixed(id) <= last;
            check(!in_range || seen[id] >= 1);
            inside += in_range;
        }
        check(shown <= inside + 200); /* the two groups at the ends */
    }
}

Test(dict, scan_range_of_one_hash)
{
    fill(0, 20000);
    for (uint64_t id = 0; id < 2000; id++) {
        scan_start(20000);
        dict_scan_range(&d, mixed(id), mixed(id), note, NULL);
        check(seen[id] == 1);
        check(shown <= 64);
    }
}

/* ---- segments ---- */

static struct {
    uint64_t splits, merges;
    uint32_t segments;
} told;

static void told_split(struct dict *dict, uint32_t from, uint32_t to)
{
    /* Segments are numbered in order: a split makes the next one. */
    check(to == told.segments);
    check(from < to);
    check(dict->segments == to + 1);
    uint64_t a = dict_segment_first(from), b = dict_segment_first(to);
    unsigned level = dict_segment(dict, to)->level;
    check(dict_segment(dict, from)->level == level);
    check(b == a + ((uint64_t)1 << (64 - level)));
    told.segments = to + 1;
    told.splits++;
}

static void told_merge(struct dict *dict, uint32_t from, uint32_t to)
{
    check(to == told.segments - 1);
    uint64_t a = dict_segment_first(from), b = dict_segment_first(to);
    check(b == a + ((uint64_t)1 << (64 - dict_segment(dict, to)->level)));
    told.segments = to;
    told.merges++;
}

static const struct dict_type told_type = {.hash = hash_of, .split = told_split, .merge = told_merge};

Test(dict, splits_and_merges_are_told)
{
    dict_init(&d, &told_type);
    told.segments = 1;
    uint64_t n = 100000;
    for (uint64_t id = 0; id < n; id++) {
        check(add(id, mixed(id)));
        check(d.segments == told.segments);
    }
    check(told.splits >= n / 840);
    for (uint64_t id = 0; id < 1000; id++) {
        uint32_t s = dict_segment_of(&d, mixed(id));
        uint64_t first = dict_segment_first(s);
        unsigned level = dict_segment(&d, s)->level;
        check(level == 0 || mixed(id) >> (64 - level) == first >> (64 - level));
    }
    for (uint64_t id = 0; id < n; id++) {
        drop(id, mixed(id));
        check(dict_count(&d) == 0 || d.segments == told.segments);
    }
    check(told.merges >= told.splits - 1);
}

/* ---- random ---- */

/* Draws n * each times and compares how often each of the n items came. */
static void check_even(uint64_t n, uint64_t each, uint64_t (*hash)(uint64_t))
{
    for (uint64_t id = 0; id < n; id++)
        check(add(id, hash(id)));
    scan_start(n);
    for (uint64_t i = 0; i < n * each; i++)
        note(NULL, dict_random(&d, draw));
    double chi = 0;
    for (uint64_t id = 0; id < n; id++) {
        double off = (double)seen[id] - (double)each;
        chi += off * off / (double)each;
    }
    /* Mean n - 1, deviation sqrt(2 (n - 1)); five of those above never happen by chance. */
    double limit = (double)(n - 1) + 5 * sqrt(2 * (double)(n - 1)) + 4;
    cr_assert_leq(chi, limit, "chi-square of %llu items is %.1f, above %.1f", (unsigned long long)n, chi,
                  limit);
    dict_drain(&d, UINT64_MAX, free_item, NULL);
}

Test(dict, random_has_even_odds_in_small_tables, .timeout = 60)
{
    static const uint64_t sizes[] = {1, 2, 3, 7, 8, 50, 51, 120, 700, 1000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_even(sizes[i], 400 / (CHECK_SCALE == 1 ? 1 : 4), mixed);
}

Test(dict, random_has_even_odds_in_big_tables, .timeout = 120)
{
    check_even(60000 / CHECK_SCALE, 50, mixed);
}

static uint64_t clustered(uint64_t id)
{
    return id % 3 ? mix(id) >> 8 : mix(id); /* two thirds in one 256th of the space */
}

Test(dict, random_has_even_odds_when_segments_are_uneven, .timeout = 120)
{
    check_even(900, 400 / (CHECK_SCALE == 1 ? 1 : 4), clustered);
}

Test(dict, random_has_even_odds_after_a_shrink, .timeout = 60)
{
    fill(1000, 51000);
    for (uint64_t id = 1000; id < 51000; id++)
        drop(id, mixed(id));
    check_even(500, 400 / (CHECK_SCALE == 1 ? 1 : 4), mixed);
}

/* ---- drain ---- */

static void note_and_free(void *ctx, void *item)
{
    note(ctx, item);
    arena_free(item);
}

Test(dict, drain_gives_each_item_once_in_bounded_steps)
{
    for (uint64_t n = 1; n < 200000 / CHECK_SCALE; n = n * 5 + 3) {
        fill(0, n);
        scan_start(n);
        uint64_t got, left = n;
        size_t full = dict_memory(&d);
        do {
            uint64_t most = 1 + draw_below(2000);
            got = dict_drain(&d, most, note_and_free, NULL);
            check(got <= most);
            check(got == most || got == left);
            left -= got;
            check(dict_count(&d) == left);
            if (left > 5000)
                check((double)dict_memory(&d) <= (double)full * (double)left / (double)n * 1.3 + 65536);
            if (got < most)
                check(left == 0);
        } while (left > 0);
        for (uint64_t id = 0; id < n; id++)
            check(seen[id] == 1);
    }
    fill(0, 100);
    dict_check(&d);
    cr_assert_eq(dict_count(&d), 100);
}

Test(dict, prefetch_changes_nothing)
{
    fill(0, 3000);
    for (int i = 0; i < 10000; i++) {
        uint64_t hash = draw();
        dict_prefetch_group(&d, hash);
        dict_prefetch_item(&d, hash);
    }
    dict_check(&d);
    cr_assert_eq(dict_count(&d), 3000);
}

Test(dict, reverse_turns_bits_around)
{
    cr_assert_eq(dict_reverse(1), 1ull << 63);
    cr_assert_eq(dict_reverse(0xf0ull), 0x0f00000000000000ull);
    for (int i = 0; i < 1000; i++) {
        uint64_t x = draw();
        check(dict_reverse(dict_reverse(x)) == x);
    }
}
