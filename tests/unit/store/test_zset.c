/* zset: sorted sets of both forms against a sorted array, at every size around the conversion and far beyond. */
#include "store/zset.h"

#include "store/encoding.h"
#include "tests/unit/support/check.h"
#include "tests/unit/support/script_clock.h"

#include <math.h>
#include <stdio.h>

#define MOST 12000
#define NAMES 16000

static struct keyspace *ks;
static struct slice names[NAMES];
static struct {
    struct slice name;
    double score;
} model[MOST];
static unsigned count;

static struct slice key_name = {"key", 3};

static struct place place(void)
{
    return place_find(ks, 0, key_name, keyspace_hash(key_name));
}

static const struct entry *entry(void)
{
    return place().entry;
}

/* Text, numbers of each width, binary ones with a common start, none at all, long ones. */
static struct slice make_name(unsigned i)
{
    char text[600] = {0};
    if (i == 9 || i == 11) { /* beyond what a page of the arena or an entry holds */
        size_t big = i == 9 ? 5000 : 70000;
        return slice_make(memset(malloc(big), 'x', big), big);
    }
    size_t len = (size_t)sprintf(text, "%u", i);
    if (i == 7)
        len = 0;
    else if (i % 5 == 1)
        len = (size_t)sprintf(text, "member:%09u", i);
    else if (i % 5 == 2)
        len = (size_t)sprintf(text, "%lld", (long long)i * i * i * (i % 2 ? -1000003ll : 77));
    else if (i % 5 == 3)
        len += i % 50 == 3 ? 60 + i % 7 : 1;
    else if (i % 500 == 4)
        len = 250 + (i / 500) % 12;
    char *copy = malloc(len + 1);
    memcpy(copy, text, len);
    return slice_make(copy, len);
}

static void start(void)
{
    arena_init();
    script_clock_start();
    ks = keyspace_create(2);
    for (unsigned i = 0; i < NAMES; i++)
        names[i] = make_name(i);
}

static void finish(void)
{
    keyspace_flush(ks, 0);
    keyspace_destroy(ks);
    check(arena_stats().objects == 0);
    clock_set_source(NULL, NULL);
}

TestSuite(zset, .init = start, .fini = finish, .timeout = 120);

static void limits(uint64_t entries, uint64_t value)
{
    encoding_limits.zset_entries = entries;
    encoding_limits.zset_value = value;
}

/* ---- the model ------------------------------------------------------------ */

static int order(double score_a, struct slice a, double score_b, struct slice b)
{
    if (score_a != score_b)
        return score_a < score_b ? -1 : 1;
    return slice_cmp(a, b);
}

static unsigned model_rank(double score, struct slice name)
{
    unsigned low = 0, n = count;
    while (n) {
        unsigned half = n / 2;
        if (order(model[low + half].score, model[low + half].name, score, name) < 0) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

/* Where name stands, or count. */
static unsigned model_find(struct slice name)
{
    unsigned i = 0;
    while (i < count && !slice_eq(model[i].name, name))
        i++;
    return i;
}

static void model_cut(unsigned at, unsigned n)
{
    count -= n;
    memmove(model + at, model + at + n, (count - at) * sizeof *model);
}

static void model_put(struct slice name, double score)
{
    unsigned at = model_rank(score, name);
    memmove(model + at + 1, model + at, (count - at) * sizeof *model);
    model[at].name = name;
    model[at].score = score;
    count++;
}

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* ---- checks ----------------------------------------------------------------- */

/* A cursor from that rank shows at most `most` members as the model has them. */
static void check_walk(const struct entry *e, unsigned rank, bool down, unsigned most)
{
    struct zset_cursor c;
    struct slice member;
    double score;
    zset_seek(&c, e, rank, down);
    for (unsigned i = rank; i < count && most; i += down ? -1u : 1, most--) {
        check(zset_next(&c, &member, &score));
        check(slice_eq(member, model[i].name) && same_double(score, model[i].score));
    }
    if (most)
        check(!zset_next(&c, &member, &score) && !zset_next(&c, &member, &score));
}

struct seen {
    unsigned shown;
    bool at[MOST];
};

static void see(void *ctx, struct slice member, double score)
{
    struct seen *s = ctx;
    unsigned i = model_rank(score, member);
    check(i < count && slice_eq(model[i].name, member) && same_double(score, model[i].score));
    s->shown += !s->at[i];
    s->at[i] = true;
}

static void check_scan(const struct entry *e)
{
    static struct seen s;
    s = (struct seen){0};
    uint64_t cursor = 0;
    do {
        cursor = zset_scan(e, cursor, see, &s);
    } while (cursor);
    check(s.shown == count);
}

static void check_all(const struct entry *e)
{
    check(zset_count(e) == count);
    check_walk(e, 0, false, UINT32_MAX);
    check_walk(e, count - 1, true, UINT32_MAX);
    check_scan(e);
    for (unsigned i = 0; i < count; i++) {
        uint64_t rank;
        double score;
        check(zset_rank(e, model[i].name, &rank, &score) && rank == i && same_double(score, model[i].score));
        check(zset_score(e, model[i].name, &score) && same_double(score, model[i].score));
    }
}

static double some_score(unsigned sort)
{
    static const double odd[] = {0.0, -0.0, INFINITY, -INFINITY, 127, 128, -1, 1e300, 5e-324, 0.1, 1 << 24};
    if (sort == 1)
        return (double)draw_below(3);
    return sort == 2 ? odd[draw_below(sizeof odd / sizeof *odd)] : (double)draw_below(100000) / 4 - 10000;
}

static void check_reads(const struct entry *e, unsigned sort)
{
    double score = some_score(sort);
    unsigned low = model_rank(score, slice_make("", 0)), high = low;
    while (high < count && model[high].score <= score)
        high++;
    check(zset_rank_of_score(e, score, false) == low);
    check(zset_rank_of_score(e, score, true) == high);
    check_walk(e, (unsigned)draw_below(count + 2), draw_below(2), 70);
    struct slice name = names[draw_below(NAMES)];
    uint64_t rank;
    unsigned at = model_find(name);
    check(zset_rank(e, name, &rank, &score) == (at < count) && (at == count || rank == at));
    struct zset_cursor c;
    check(zset_random(&c, e, &name, &score) == (count > 0));
    check(!count || slice_eq(model[model_rank(score, name)].name, name));
}

/* ---- changes ------------------------------------------------------------------ */

static void put(struct slice name, double score)
{
    struct place p = place();
    unsigned at = model_find(name);
    enum zset_change expect = at == count ? ZSET_ADDED : model[at].score == score ? ZSET_SAME : ZSET_MOVED;
    check(zset_put(&p, name, score) == expect);
    check(p.entry == entry());
    if (expect == ZSET_MOVED)
        model_cut(at, 1);
    if (expect != ZSET_SAME)
        model_put(name, zset_is_table(p.entry) ? score : score + 0.0);
}

static void drop(struct slice name)
{
    struct place p = place();
    unsigned at = model_find(name);
    check(zset_remove(&p, name) == (at < count));
    if (at < count)
        model_cut(at, 1);
    if (p.entry && !zset_count(p.entry))
        place_clear(&p);
}

static void drop_ranks(unsigned first, unsigned n)
{
    struct place p = place();
    unsigned gone = first >= count ? 0 : n < count - first ? n : count - first;
    check(zset_remove_ranks(&p, first, n) == gone);
    if (gone)
        model_cut(first, gone);
    if (p.entry && !zset_count(p.entry))
        place_clear(&p);
}

static void clear(void)
{
    drop_ranks(0, count);
    while (keyspace_work(ks, 1000) == 0)
        ;
    check(!entry() && arena_stats().objects <= 1); /* what the keyspace itself keeps */
}

static void work(unsigned sort, unsigned most)
{
    unsigned range = most + most / 4 + 3; /* names drawn from: some are there, some not */
    for (unsigned step = 0; step < 4 * most + 30; step++) {
        bool grow = step / (most + 3) % 2 == 0;
        struct slice name = names[draw_below(range)];
        if (count < most && draw_below(8) < (grow ? 7 : 2))
            put(name, some_score(sort));
        else if (draw_below(2))
            drop(name);
        if (count)
            put(model[draw_below(count)].name, some_score(sort));
        if (draw_below(most) == 0)
            drop_ranks((unsigned)draw_below(count + 1), (unsigned)draw_below(most / 3 + 2));
        check_reads(entry(), sort);
        if (most <= 40 || step % most == 0)
            check_all(entry());
    }
    check_all(entry());
    clear();
}

/* ---- tests ----------------------------------------------------------------------- */

Test(zset, a_missing_key_is_an_empty_set)
{
    uint64_t rank;
    double score;
    struct place p = place();
    check(!zset_count(NULL) && !zset_score(NULL, SLICE("a"), &score) &&
          !zset_rank(NULL, SLICE("a"), &rank, &score));
    check(!zset_remove(&p, SLICE("a")) && !zset_remove_ranks(&p, 0, 1) && !p.entry);
    check(!zset_rank_of_score(NULL, 1, true) && !zset_rank_of_member(NULL, SLICE("a"), true));
    check_all(NULL);
}

Test(zset, packed_sets_agree_with_a_sorted_array)
{
    limits(10000, 100000);
    static const unsigned sizes[] = {1, 2, 5, 31, 32, 33, 40, 150, 1500 / CHECK_SCALE};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (unsigned sort = 0; sort < 3; sort++)
            work(sort, sizes[i]);
    }
}

Test(zset, tables_agree_with_a_sorted_array)
{
    limits(0, 0);
    static const unsigned sizes[] = {1, 2, 5, 38, 39, 100, 1000, 6000 / CHECK_SCALE};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (unsigned sort = 0; sort < 3; sort++)
            work(sort, sizes[i]);
    }
}

Test(zset, every_size_around_the_conversion_agrees)
{
    for (unsigned limit = 0; limit < 50; limit += limit < 8 ? 1 : 9) {
        limits(limit, 64);
        for (unsigned more = 0; more < 4; more++) {
            for (unsigned sort = 0; sort < 3; sort++)
                work(sort, limit + more + 1);
        }
    }
}

static void put_numbered(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char text[20];
        struct place p = place();
        zset_put(&p, slice_make(text, (size_t)sprintf(text, "m%u", i)), i);
    }
}

static bool is_encoding(const char *name)
{
    return strcmp(zset_encoding(entry()), name) == 0;
}

Test(zset, converts_with_one_member_too_many)
{
    limits(8, 64);
    put_numbered(8);
    check(is_encoding("listpack"));
    struct place p = place();
    check(zset_put(&p, SLICE("m3"), 100) == ZSET_MOVED && is_encoding("listpack"));
    check(zset_put(&p, SLICE("more"), -1) == ZSET_ADDED && is_encoding("skiplist"));
    check(zset_remove(&p, SLICE("more")) && zset_remove_ranks(&p, 0, 5) == 5);
    check(zset_count(entry()) == 3 && is_encoding("skiplist"));
}

Test(zset, converts_with_a_member_too_long)
{
    limits(8, 5);
    struct place p = place();
    check(zset_put(&p, SLICE("12345"), 1) == ZSET_ADDED && is_encoding("listpack"));
    check(zset_put(&p, SLICE("abcdef"), 2) == ZSET_ADDED && is_encoding("skiplist"));
    place_clear(&p);
    check(zset_put(&p, SLICE("abcdef"), 2) == ZSET_ADDED && is_encoding("skiplist"));
}

static struct slice numbered_item(const void *ctx, size_t number, double *score)
{
    const struct slice *all = ctx;
    *score = (double)number - 2;
    return all[number];
}

Test(zset, filling_makes_what_putting_makes)
{
    static const unsigned sizes[] = {1, 8, 9, 128, 129, 3000};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        limits(sizes[i] == 9 ? 9 : 128, sizes[i] == 8 ? 5 : 100000);
        for (unsigned n = 0; n < sizes[i]; n++)
            put(names[n], n - 2.0);
        const char *encoding = zset_encoding(entry());
        struct place p = place();
        place_clear(&p);
        zset_fill(&p, sizes[i], numbered_item, names);
        check(is_encoding(encoding));
        check_all(entry());
        clear();
    }
}

Test(zset, scores_are_kept_to_the_bit)
{
    static const double scores[] = {0.0,
                                    -0.0,
                                    INFINITY,
                                    -INFINITY,
                                    0.1,
                                    1e17,
                                    9007199254740993.0,
                                    -127,
                                    128,
                                    -4097.0,
                                    8388608,
                                    1e19,
                                    -1e19,
                                    2147483648.0,
                                    5e-324,
                                    1.7976931348623157e308,
                                    -9223372036854775808.0};
    for (unsigned form = 0; form < 2; form++) {
        limits(form ? 0 : 128, 64);
        for (unsigned i = 0; i < sizeof scores / sizeof *scores; i++)
            put(names[100 + i], scores[i]);
        check_all(entry());
        clear();
    }
}

Test(zset, members_are_found_by_bytes_among_equal_scores)
{
    for (unsigned form = 0; form < 2; form++) {
        limits(form ? 0 : 10000, 1000);
        for (unsigned n = 0; n < 500; n += 2) {
            put(names[n], 5);
            struct slice name = names[draw_below(600)];
            unsigned rank = model_rank(5, name), there = rank < count && slice_eq(model[rank].name, name);
            check(zset_rank_of_member(entry(), name, false) == rank);
            check(zset_rank_of_member(entry(), name, true) == rank + there);
        }
        clear();
    }
}

Test(zset, members_are_found_by_bytes_whatever_their_scores)
{
    for (unsigned form = 0; form < 2; form++) {
        limits(form ? 0 : 128, 64);
        put(SLICE("a"), -1);
        put(SLICE("b"), 2);
        put(SLICE("d"), 2);
        put(SLICE("e"), 7);
        check(zset_rank_of_member(entry(), SLICE(""), true) == 0);
        check(zset_rank_of_member(entry(), SLICE("b"), false) == 1);
        check(zset_rank_of_member(entry(), SLICE("b"), true) == 2);
        check(zset_rank_of_member(entry(), SLICE("c"), true) == 2);
        check(zset_rank_of_member(entry(), SLICE("e"), false) == 3);
        check(zset_rank_of_member(entry(), SLICE("f"), false) == 4);
        clear();
    }
}

Test(zset, conditions_are_kept)
{
    static const unsigned hows[] = {0,
                                    ZSET_IF_MISSING,
                                    ZSET_IF_THERE,
                                    ZSET_IF_GREATER,
                                    ZSET_IF_LESS,
                                    ZSET_IF_THERE | ZSET_IF_GREATER,
                                    ZSET_IF_THERE | ZSET_IF_LESS};
    for (unsigned n = 0; n < 4000; n++) {
        limits(n < 2000 ? 128 : 0, 64);
        if (n == 2000)
            clear();
        unsigned how = hows[draw_below(7)] | (draw_below(2) ? ZSET_INCREMENT : 0);
        struct slice name = names[draw_below(60)];
        unsigned at = model_find(name);
        bool there = at < count;
        double asked = (double)draw_below(5) - 2, old = there ? model[at].score : 0;
        double want = how & ZSET_INCREMENT ? asked + old : asked;
        bool refused = (there && how & ZSET_IF_MISSING) || (!there && how & ZSET_IF_THERE) ||
                       (there && how & ZSET_IF_GREATER && want <= old) ||
                       (there && how & ZSET_IF_LESS && want >= old);
        struct place p = place();
        enum zset_change change = zset_add(&p, name, how, &asked);
        check(change == (refused       ? ZSET_REFUSED
                         : !there      ? ZSET_ADDED
                         : want == old ? ZSET_SAME
                                       : ZSET_MOVED));
        check(refused || asked == want);
        if (change == ZSET_MOVED)
            model_cut(at, 1);
        if (change == ZSET_ADDED || change == ZSET_MOVED)
            model_put(name, want);
        if (draw_below(4) == 0)
            drop(names[draw_below(60)]);
    }
    check_all(entry());
    clear();
}

Test(zset, a_sum_that_is_no_number_changes_nothing)
{
    for (unsigned form = 0; form < 2; form++) {
        limits(form ? 0 : 128, 64);
        put(SLICE("a"), INFINITY);
        struct place p = place();
        double score = -INFINITY;
        check(zset_add(&p, SLICE("a"), ZSET_INCREMENT, &score) == ZSET_NAN);
        check_all(entry());
        clear();
    }
}

Test(zset, a_refused_member_creates_no_key)
{
    struct place p = place();
    double score = 1;
    check(zset_add(&p, SLICE("a"), ZSET_IF_THERE, &score) == ZSET_REFUSED && !p.entry && !entry());
}

Test(zset, copies_live_on_their_own)
{
    struct slice other = SLICE("other");
    uint64_t hash = keyspace_hash(key_name), other_hash = keyspace_hash(other);
    for (unsigned form = 0; form < 2; form++) {
        limits(form ? 0 : 10000, 1000);
        for (unsigned n = 0; n < 3000 / CHECK_SCALE; n++)
            put(names[n], some_score(0));
        keyspace_copy(ks, 0, key_name, hash, 0, other, other_hash);
        const struct entry *e = keyspace_find(ks, 0, other, other_hash);
        check(e && zset_encoding(e) == zset_encoding(entry()));
        struct place p = place();
        for (unsigned n = 0; n < 100; n++)
            check(zset_put(&p, names[n], 1e9 + n) == ZSET_MOVED);
        check_all(e);
        check(keyspace_delete(ks, 0, key_name, hash));
        check_all(keyspace_find(ks, 0, other, other_hash));
        keyspace_rename(ks, 0, other, other_hash, 0, key_name, hash);
        clear();
    }
}

Test(zset, a_table_tells_its_memory)
{
    limits(0, 0);
    size_t before = arena_stats().live;
    for (unsigned n = 0; n < 5000; n++)
        put(names[n], some_score(0));
    for (unsigned n = 0; n < 5000; n += 3)
        drop(names[n]);
    const struct entry *e = entry();
    size_t told = zset_table_ops.memory(entry_table(e)), real = arena_stats().live - before;
    check(told > real - real / 20 && told < real + real / 10);
    clear();
}

/* Prefetch must not fault or change anything, whatever the hash. */
Test(zset, prefetch_is_harmless)
{
    limits(0, 0);
    for (unsigned n = 0; n < 100; n++)
        put(names[n], n);
    const void *table = entry_table(entry());
    for (unsigned n = 0; n < 200; n++)
        zset_table_ops.prefetch(table, keyspace_hash(names[n]));
    check(zset_table_ops.dict(table)->count == 100 && zset_table_ops.count(table) == 100);
    check_all(entry());
}

Test(zset, every_member_is_drawn)
{
    for (unsigned form = 0; form < 2; form++) {
        limits(form ? 0 : 128, 64);
        for (unsigned n = 0; n < 60; n++)
            put(names[100 + n], n);
        unsigned drawn[60] = {0};
        for (unsigned n = 0; n < 6000; n++) {
            struct zset_cursor c;
            struct slice member;
            double score;
            check(zset_random(&c, entry(), &member, &score));
            drawn[(int)score]++;
        }
        for (unsigned n = 0; n < 60; n++)
            check(drawn[n] > 50 && drawn[n] < 170);
        clear();
    }
}
