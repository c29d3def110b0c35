/* set: against a simple model, in every form and at the sizes where one becomes another. */
#include "store/set.h"

#include "store/encoding.h"
#include "tests/unit/support/check.h"

#include <stdio.h>

#define UNIVERSE 800
#define SETS 3

static struct keyspace *ks;

/* Members that may be in a set: integers of every width, and strings of every length that is held otherwise. */
static struct slice universe[UNIVERSE];
static bool is_int[UNIVERSE];

static const struct encoding_limits usual = {.set_ints = 512, .set_entries = 128, .set_value = 64};

static void make_universe(void)
{
    static const size_t lengths[] = {0, 1, 8, 15, 63, 64, 65, 253, 254, 255, 256, 4095, 4096, 70000};
    for (unsigned i = 0; i < UNIVERSE; i++) {
        char *text;
        int len;
        is_int[i] = i % 2;
        if (is_int[i]) {
            text = malloc(24);
            int64_t v = (int64_t)draw() >> (1 + i % 56);
            len =
                sprintf(text, "%lld", (long long)(v - v % UNIVERSE + i)); /* no two have the same remainder */
        } else {
            unsigned n = i / 2 < sizeof lengths / sizeof *lengths ? i / 2 : 3;
            size_t want = lengths[n] + (n == 3 ? i % 30 : 0);
            text = malloc(want + 24);
            memset(text, 'x', want + 24);
            len = (int)want;
            char number[24];
            size_t digits = (size_t)sprintf(number, "m%u", i);
            if (want >= digits)
                memcpy(text, number, digits);
        }
        universe[i] = slice_make(text, (size_t)len);
    }
    for (unsigned i = 0; i < UNIVERSE; i++)
        for (unsigned j = 0; j < i; j++)
            check(!slice_eq(universe[i], universe[j]));
}

static void start(void)
{
    arena_init();
    ks = keyspace_create(1);
    encoding_limits = usual;
    make_universe();
}

static void finish(void)
{
    keyspace_destroy(ks);
    check(arena_stats().objects == 0);
    for (unsigned i = 0; i < UNIVERSE; i++)
        free((char *)(uintptr_t)universe[i].ptr);
}

TestSuite(set, .init = start, .fini = finish, .timeout = 240);

/* ---- the model ------------------------------------------------------------------------- */

struct model {
    const char *key;
    struct place place;
    bool has[UNIVERSE];
    uint64_t count;
    const char *encoding;
};

static struct model models[SETS] = {{.key = "a"}, {.key = "b"}, {.key = "c"}};

static void clear(struct model *m)
{
    struct slice key = slice_of(m->key);
    m->place = place_find(ks, 0, key, keyspace_hash(key));
    if (m->place.entry)
        place_clear(&m->place);
    memset(m->has, 0, sizeof m->has);
    m->count = 0;
    m->encoding = NULL;
}

static unsigned number_of(struct slice member)
{
    for (unsigned i = 0; i < UNIVERSE; i++)
        if (slice_eq(universe[i], member))
            return i;
    check(!"a member that nobody added");
    return 0;
}

static size_t longest_int(const struct model *m)
{
    size_t longest = 0;
    for (unsigned i = 0; i < UNIVERSE; i++)
        if (m->has[i] && universe[i].len > longest)
            longest = universe[i].len;
    return longest;
}

/* What Redis 7.2 would hold the set as when member i, which isn't in it, is added. */
static const char *encoding_with(const struct model *m, unsigned i)
{
    const struct encoding_limits *l = &encoding_limits;
    const char *now = m->encoding;
    if (!now)
        now = is_int[i] && l->set_ints ? "intset" : l->set_entries ? "listpack" : "hashtable";
    bool short_enough = universe[i].len <= l->set_value;
    if (!strcmp(now, "intset") && is_int[i])
        return m->count + 1 > l->set_ints ? "hashtable" : "intset";
    if (!strcmp(now, "intset"))
        return m->count < l->set_entries && short_enough && longest_int(m) <= l->set_value ? "listpack"
                                                                                           : "hashtable";
    if (!strcmp(now, "listpack"))
        return m->count < l->set_entries && short_enough ? "listpack" : "hashtable";
    return now;
}

static void add(struct model *m, unsigned i)
{
    const char *encoding = m->has[i] ? m->encoding : encoding_with(m, i);
    if (!m->has[i] && draw_below(2))
        set_put(&m->place, universe[i]);
    else
        check(set_add(&m->place, universe[i]) == !m->has[i]);
    m->count += !m->has[i];
    m->has[i] = true;
    m->encoding = encoding;
    check(!strcmp(set_encoding(m->place.entry), encoding));
}

static void take(struct model *m, unsigned i)
{
    check(set_remove(&m->place, universe[i]) == m->has[i]);
    m->count -= m->has[i];
    m->has[i] = false;
}

static void see_popped(void *ctx, struct slice member)
{
    struct model *m = ctx;
    unsigned i = number_of(member);
    check(m->has[i]);
    m->has[i] = false;
    m->count--;
}

static void pop(struct model *m)
{
    uint64_t count = m->count;
    check(set_pop(&m->place, see_popped, m) == (count > 0));
    check(m->count + (count > 0) == count);
}

struct seen {
    const struct model *m;
    uint32_t times[UNIVERSE];
    uint64_t count;
};

static void see(void *ctx, struct slice member)
{
    struct seen *s = ctx;
    unsigned i = number_of(member);
    check(!s->m || s->m->has[i]);
    s->times[i]++;
    s->count++;
}

/* Everything that reads agrees with the model. */
static void compare(const struct model *m)
{
    const struct entry *e = m->place.entry;
    check(e == keyspace_find(ks, 0, slice_of(m->key), keyspace_hash(slice_of(m->key))));
    check(set_count(e) == m->count);
    for (unsigned i = 0; i < UNIVERSE; i++)
        check(set_has(e, universe[i]) == m->has[i]);
    struct seen walked = {.m = m}, scanned = {.m = m};
    struct set_cursor c;
    struct slice member;
    int64_t last = INT64_MIN, v;
    set_begin(&c, e);
    while (set_next(&c, &member)) {
        see(&walked, member);
        if (set_is_ints(e)) {
            check(number_parse_i64(member, &v) && (v > last || walked.count == 1));
            last = v;
        }
    }
    uint64_t cursor = 0;
    do {
        cursor = set_scan(e, cursor, see, &scanned);
    } while (cursor);
    for (unsigned i = 0; i < UNIVERSE; i++)
        check(walked.times[i] == m->has[i] && scanned.times[i] == m->has[i]);
    char scratch[PACK_DIGITS];
    check(set_random(e, scratch, &member) == (m->count > 0));
    check(!m->count || m->has[number_of(member)]);
}

/* A member, of integers with `ints` of 100 odds. */
static unsigned some(unsigned ints, unsigned among)
{
    unsigned i = (unsigned)draw_below(among) & ~1u;
    return draw_below(100) < ints ? i | 1 : i;
}

static void churn(struct model *m, unsigned steps, unsigned ints, unsigned among, unsigned adds)
{
    for (unsigned n = 0; n < steps; n++) {
        uint64_t what = draw_below(100);
        if (what < adds)
            add(m, some(ints, among));
        else if (what < 95)
            take(m, some(ints, among));
        else
            pop(m);
        if (m->place.entry && !m->count)
            clear(m); /* as a command does */
        if (n % 64 == 0)
            compare(m);
    }
    compare(m);
}

static void random_limits(void)
{
    static const uint64_t sizes[] = {0, 1, 2, 5, 20, 127, 128, 512, 1000};
    encoding_limits = usual;
    encoding_limits.set_ints = sizes[draw_below(9)];
    encoding_limits.set_entries = sizes[draw_below(9)];
    encoding_limits.set_value = sizes[draw_below(9)] / 4;
}

Test(set, agrees_with_a_model_through_every_conversion)
{
    static const unsigned ints[] = {0, 50, 90, 99, 100};
    for (unsigned round = 0; round < 200 / CHECK_SCALE; round++) {
        random_limits();
        clear(&models[0]);
        unsigned among = round % 4 ? UNIVERSE : 40;
        churn(&models[0], 300, 100, among, 70);
        churn(&models[0], 500, ints[round % 5], among, 60);
        churn(&models[0], 300, 50, among, 30);
    }
}

Test(set, becomes_another_form_exactly_where_redis_does)
{
    struct model *m = &models[0];
    clear(m);
    /* 512 integers, then one more. */
    for (unsigned i = 0; i < 512; i++) {
        char digits[16];
        check(set_add(&m->place, slice_make(digits, (size_t)sprintf(digits, "%u", i))));
        cr_assert_str_eq(set_encoding(m->place.entry), "intset");
    }
    check(set_add(&m->place, SLICE("512")));
    cr_assert_str_eq(set_encoding(m->place.entry), "hashtable");
    clear(m);
    /* 127 integers and a string: elements in the integers' order, the string last. */
    for (int i = 126; i >= 0; i--) {
        char digits[16];
        check(set_add(&m->place, slice_make(digits, (size_t)sprintf(digits, "%d", i * 1000 - 60000))));
    }
    check(set_add(&m->place, SLICE("x")));
    cr_assert_str_eq(set_encoding(m->place.entry), "listpack");
    struct set_cursor c;
    struct slice member;
    set_begin(&c, m->place.entry);
    for (int i = 0; i < 127; i++) {
        char digits[16];
        check(set_next(&c, &member));
        check(slice_eq(member, slice_make(digits, (size_t)sprintf(digits, "%d", i * 1000 - 60000))));
    }
    check(set_next(&c, &member) && slice_eq(member, SLICE("x")) && !set_next(&c, &member));
    check(set_add(&m->place, SLICE("y")));
    cr_assert_str_eq(set_encoding(m->place.entry), "hashtable");
    clear(m);
    /* 128 integers and a string: one too many. */
    for (unsigned i = 0; i < 128; i++) {
        char digits[16];
        check(set_add(&m->place, slice_make(digits, (size_t)sprintf(digits, "%u", i))));
    }
    check(set_add(&m->place, SLICE("x")));
    cr_assert_str_eq(set_encoding(m->place.entry), "hashtable");
}

Test(set, what_is_expected_decides_the_first_form)
{
    static const struct {
        const char *first;
        uint64_t count;
        const char *encoding;
    } cases[] = {{"1", 1, "intset"},      {"1", 512, "intset"},   {"1", 513, "hashtable"},
                 {"x", 1, "listpack"},    {"x", 128, "listpack"}, {"x", 129, "hashtable"},
                 {"01", 129, "hashtable"}};
    struct model *m = &models[0];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clear(m);
        set_expect(&m->place, slice_of(cases[i].first), cases[i].count);
        check(set_add(&m->place, slice_of(cases[i].first)));
        cr_assert_str_eq(set_encoding(m->place.entry), cases[i].encoding);
    }
    /* Integers when there may be few of those, but many elements. */
    encoding_limits.set_ints = 4;
    clear(m);
    set_expect(&m->place, SLICE("1"), 5);
    check(set_add(&m->place, SLICE("1")));
    cr_assert_str_eq(set_encoding(m->place.entry), "listpack");
    /* A set that is there grows a table when more come than its form holds. */
    clear(m);
    check(set_add(&m->place, SLICE("1")));
    set_expect(&m->place, SLICE("1"), 4);
    cr_assert_str_eq(set_encoding(m->place.entry), "intset");
    set_expect(&m->place, SLICE("1"), 5);
    cr_assert_str_eq(set_encoding(m->place.entry), "hashtable");
    check(set_has(m->place.entry, SLICE("1")) && set_count(m->place.entry) == 1);
    clear(m);
    check(set_add(&m->place, SLICE("x")));
    set_expect(&m->place, SLICE("x"), 128);
    cr_assert_str_eq(set_encoding(m->place.entry), "listpack");
    set_expect(&m->place, SLICE("x"), 129);
    cr_assert_str_eq(set_encoding(m->place.entry), "hashtable");
}

Test(set, a_copy_and_what_it_was_copied_from_change_apart)
{
    /* Beyond what fits an entry, so that the copies share a blob. */
    encoding_limits =
        (struct encoding_limits){.set_ints = 100000, .set_entries = 100000, .set_value = 100000};
    for (unsigned ints = 0; ints <= 101; ints += 50) {
        struct model *m = &models[0], *copy = &models[1];
        encoding_limits.set_entries = ints == 100 ? 0 : 100000;
        clear(m);
        clear(copy);
        for (unsigned i = 0; i < UNIVERSE; i++)
            if (ints == 50 || i % 2 == (ints > 50))
                add(m, i);
        struct slice from = slice_of(m->key), to = slice_of(copy->key);
        keyspace_copy(ks, 0, from, keyspace_hash(from), 0, to, keyspace_hash(to));
        m->place = place_find(ks, 0, from, keyspace_hash(from));
        copy->place = place_find(ks, 0, to, keyspace_hash(to));
        memcpy(copy->has, m->has, sizeof m->has);
        copy->count = m->count;
        copy->encoding = m->encoding;
        compare(copy);
        churn(m, 200, 50, UNIVERSE, 30);
        compare(copy);
        churn(copy, 200, 50, UNIVERSE, 30);
        compare(m);
    }
}

/* ---- several sets ------------------------------------------------------------------------- */

static void check_sift(enum set_keep keep)
{
    const struct entry *sets[SETS];
    for (unsigned n = 0; n < SETS; n++)
        sets[n] = models[n].place.entry;
    for (size_t count = 1; count <= SETS; count++) {
        uint64_t expected = 0;
        bool in[UNIVERSE];
        for (unsigned i = 0; i < UNIVERSE; i++) {
            in[i] = models[0].has[i];
            for (size_t n = 1; n < count; n++)
                in[i] &= models[n].has[i] == (keep == SET_IN_ALL);
            expected += in[i];
        }
        struct seen s = {.m = &models[0]};
        check(set_sift(sets, count, keep, UINT64_MAX, see, &s) == expected);
        for (unsigned i = 0; i < UNIVERSE; i++)
            check(s.times[i] == in[i]);
        check(set_sift(sets, count, keep, expected + 1, NULL, NULL) == expected);
        uint64_t most = 1 + draw_below(expected + 1);
        s = (struct seen){.m = &models[0]};
        check(set_sift(sets, count, keep, most, see, &s) == (most < expected ? most : expected));
        check(s.count == (most < expected ? most : expected));
    }
}

Test(set, intersections_and_differences_agree_with_a_model)
{
    static const unsigned ints[] = {0, 50, 100};
    for (unsigned round = 0; round < 150 / CHECK_SCALE; round++) {
        for (unsigned n = 0; n < SETS; n++) {
            random_limits();
            clear(&models[n]);
            churn(&models[n], (unsigned)draw_below(1200), ints[draw_below(3)], UNIVERSE, 80);
        }
        check_sift(SET_IN_ALL);
        check_sift(SET_IN_NONE);
    }
}

/* Member n of a big set. */
static struct slice big(char text[16], unsigned n)
{
    return slice_make(text, (size_t)sprintf(text, "b%u", n));
}

static void make_big(struct model *m, unsigned from, unsigned to)
{
    char text[16];
    clear(m);
    for (unsigned n = from; n < to; n++)
        check(set_add(&m->place, big(text, n)));
}

Test(set, intersections_of_tables_of_all_sizes_are_right)
{
    static const unsigned sizes[] = {200, 3000, 41000, 45000, 90000, 170000};
    for (unsigned i = 0; i < 6; i++)
        for (unsigned j = 0; j < 6; j++) {
            unsigned a = sizes[i] / CHECK_SCALE, b = sizes[j] / CHECK_SCALE, first = a / 3;
            make_big(&models[0], 0, a);
            make_big(&models[1], first, first + b);
            unsigned expected = a < first + b ? a - first : b;
            const struct entry *sets[] = {models[0].place.entry, models[1].place.entry};
            check(set_sift(sets, 2, SET_IN_ALL, UINT64_MAX, NULL, NULL) == expected);
            check(set_sift(sets, 2, SET_IN_NONE, UINT64_MAX, NULL, NULL) == a - expected);
        }
}

/* ---- at random ------------------------------------------------------------------------------ */

/* Fills models[0] with `count` members in the form wanted. */
static void fill(unsigned form, unsigned count)
{
    static const struct encoding_limits limits[] = {
        {.set_ints = 1000}, {.set_entries = 1000, .set_value = 100000}, {0}};
    encoding_limits = limits[form];
    clear(&models[0]);
    for (unsigned i = 0; i < count; i++)
        add(&models[0], 2 * i + (form == 0));
    static const char *const names[] = {"intset", "listpack", "hashtable"};
    cr_assert_str_eq(set_encoding(models[0].place.entry), names[form]);
}

/* Each of `count` members came about as often as the others. */
static void check_even(const struct seen *s, unsigned form, unsigned count)
{
    double expected = (double)s->count / count, sum = 0;
    for (unsigned i = 0; i < count; i++) {
        double off = s->times[2 * i + (form == 0)] - expected;
        sum += off * off / expected;
    }
    double off = sum - count;
    check(off < 6 * 1.4143 * count / 2); /* generous: a member never seen among few is far beyond */
}

Test(set, random_members_come_with_even_odds)
{
    for (unsigned form = 0; form < 3; form++) {
        for (unsigned count = 1; count <= 300; count = count * 3 + 2) {
            fill(form, count);
            const struct entry *e = models[0].place.entry;
            struct seen one = {.m = &models[0]}, drawn = {.m = &models[0]};
            char scratch[PACK_DIGITS];
            struct slice member;
            for (unsigned n = 0; n < 30 * count; n++) {
                check(set_random(e, scratch, &member));
                see(&one, member);
            }
            set_draw(e, 30 * count, see, &drawn);
            check(drawn.count == 30 * count);
            check_even(&one, form, count);
            check_even(&drawn, form, count);
            static const unsigned parts[] = {1, 2, 15, 300};
            for (unsigned p = 0; p < 4; p++) {
                unsigned want = (count + parts[p] - 1) / parts[p];
                struct seen all = {.m = &models[0]};
                while (all.count < 30 * count) {
                    struct seen sample = {.m = &models[0]};
                    set_sample(e, want, see, &sample);
                    check(sample.count == want);
                    for (unsigned i = 0; i < UNIVERSE; i++) {
                        check(sample.times[i] <= 1);
                        all.times[i] += sample.times[i];
                    }
                    all.count += sample.count;
                }
                check_even(&all, form, count);
            }
            struct seen all = {.m = &models[0]};
            set_sample(e, count + 5, see, &all);
            check(all.count == count);
        }
    }
}

Test(set, popping_takes_each_member_once_with_even_odds)
{
    for (unsigned form = 0; form < 3; form++) {
        struct seen first = {0};
        for (unsigned round = 0; round < 600; round++) {
            fill(form, 10);
            bool had[UNIVERSE];
            memcpy(had, models[0].has, sizeof had);
            check(set_pop(&models[0].place, see_popped, &models[0]));
            for (unsigned i = 0; i < UNIVERSE; i++)
                if (had[i] && !models[0].has[i]) {
                    first.times[i]++;
                    first.count++;
                }
            if (round % 50)
                continue;
            while (models[0].count) {
                check(set_pop(&models[0].place, see_popped, &models[0]));
                compare(&models[0]);
            }
            check(!set_pop(&models[0].place, see_popped, &models[0]));
        }
        check_even(&first, form, 10);
    }
}

/* Members that came out of the big set. */
static bool popped[200000];

static void see_big(void *ctx, struct slice member)
{
    (void)ctx;
    int64_t n;
    check(number_parse_i64(slice_make(member.ptr + 1, member.len - 1), &n) && !popped[n]);
    popped[n] = true;
}

Test(set, a_big_table_can_be_popped_empty_and_filled_again_on_the_way)
{
    unsigned size = 150000 / CHECK_SCALE;
    make_big(&models[0], 0, size);
    char text[16];
    for (unsigned n = 0; n < size - 100; n++)
        check(set_pop(&models[0].place, see_big, NULL));
    check(set_count(models[0].place.entry) == 100);
    for (unsigned n = 0; n < 3000; n++)
        check(set_add(&models[0].place, big(text, n)) == popped[n]);
    memset(popped, 0, 3000 * sizeof *popped);
    while (set_pop(&models[0].place, see_big, NULL))
        ;
    for (unsigned n = 0; n < size; n++)
        check(popped[n]);
}

Test(set, a_missing_set_is_an_empty_one)
{
    struct slice member;
    char scratch[PACK_DIGITS];
    struct set_cursor c;
    struct place p = place_find(ks, 0, SLICE("none"), keyspace_hash(SLICE("none")));
    const struct entry *none[2] = {NULL, NULL};
    struct seen s = {0};
    cr_assert_eq(set_count(NULL), 0);
    cr_assert_not(set_has(NULL, SLICE("x")));
    cr_assert_not(set_random(NULL, scratch, &member));
    set_begin(&c, NULL);
    cr_assert_not(set_next(&c, &member));
    cr_assert_eq(set_scan(NULL, 0, see, &s), 0);
    cr_assert_eq(set_sift(none, 2, SET_IN_ALL, 5, see, &s), 0);
    set_sample(NULL, 5, see, &s);
    cr_assert_eq(s.count, 0);
    cr_assert_not(set_remove(&p, SLICE("x")));
    cr_assert_not(set_pop(&p, see, &s));
    cr_assert_null(p.entry);
}

/* Bytes a member that a table of members of this length takes. */
static double memory_of(int len)
{
    char text[32];
    unsigned members = 100000 / CHECK_SCALE;
    clear(&models[0]);
    for (unsigned n = 0; n < members; n++)
        check(set_add(&models[0].place, slice_make(text, (size_t)sprintf(text, "%0*x", len, n))));
    return (double)entry_memory(models[0].place.entry) / members;
}

Test(set, memory_of_a_table_is_what_its_members_take)
{
    /* A slot takes 9.1 bytes at a load of 0.8 or more; members stand in whole words. */
    for (int len = 9; len <= 30; len++) {
        int words = len < 16 ? 16 : len % 8 ? (len + 8) / 8 * 8 : len;
        double bytes = memory_of(len);
        cr_assert(bytes > words + 9.5 && bytes < words + 12.5, "%d: %g", len, bytes);
    }
}
