/* list: random changes beside a plain array, at every limit of a packed list, and where the two forms change. */
#include "store/list.h"

#include "store/encoding.h"
#include "tests/unit/support/check.h"
#include "tests/unit/support/script_clock.h"

#include <stdio.h>

static struct keyspace *ks;
static struct slice key;
static uint64_t hash;

static void start(void)
{
    arena_init();
    script_clock_start();
    ks = keyspace_create(1);
    key = SLICE("a list");
    hash = keyspace_hash(key);
}

static void finish(void)
{
    keyspace_destroy(ks);
    check(arena_stats().objects == 0);
    clock_set_source(NULL, NULL);
}

TestSuite(list, .init = start, .fini = finish, .timeout = 300);

/* ---- the model ------------------------------------------------------------------ */

#define MODEL_MAX 4000
#define TEXT_MAX 9000

struct text {
    size_t len;
    char bytes[TEXT_MAX];
};

static struct text *model[MODEL_MAX];
static uint64_t count;

static void model_insert(uint64_t at, struct slice s)
{
    check(count < MODEL_MAX && s.len <= TEXT_MAX);
    memmove(model + at + 1, model + at, (count - at) * sizeof *model);
    model[at] = malloc(sizeof *model[at]);
    model[at]->len = s.len;
    memcpy(model[at]->bytes, s.ptr, s.len);
    count++;
}

static void model_remove(uint64_t at, uint64_t some)
{
    for (uint64_t i = at; i < at + some; i++)
        free(model[i]);
    count -= some;
    memmove(model + at, model + at + some, (count - at) * sizeof *model);
}

static bool model_is(uint64_t at, struct slice s)
{
    return slice_eq(slice_make(model[at]->bytes, model[at]->len), s);
}

static struct slice some_value(void)
{
    static char text[TEXT_MAX];
    uint64_t kind = draw_below(1000);
    if (kind < 300)
        return slice_make(text, (size_t)sprintf(text, "%lld", (long long)draw_below(200) - 100));
    if (kind < 350)
        return slice_make(text, (size_t)sprintf(text, "%lld", (long long)(draw() >> draw_below(64))));
    size_t len = kind < 900 ? draw_below(24) : kind < 990 ? draw_below(300) : draw_below(TEXT_MAX);
    memset(text, (int)('a' + draw_below(3)), len);
    return slice_make(text, len);
}

/* ---- one list against the model ------------------------------------------------------ */

static struct place find(void)
{
    return place_find(ks, 0, key, hash);
}

static void check_all(void)
{
    struct place p = find();
    check(list_count(p.entry) == count);
    check((p.entry != NULL) == (count > 0));
    struct list_cursor c;
    struct slice value = SLICE("");
    for (int down = 0; down < 2; down++) {
        uint64_t first = count ? draw_below(count) : 0, want = !count ? 0 : down ? first + 1 : count - first;
        list_seek(&c, p.entry, first, down);
        for (uint64_t i = 0; i < want; i++) {
            uint64_t at = down ? first - i : first + i;
            check(list_next(&c, &value));
            check(c.index == at && model_is(at, value));
        }
        check(!list_next(&c, &value));
    }
    char digits[PACK_DIGITS];
    if (count) {
        check(model_is(0, list_peek(p.entry, LIST_HEAD, digits)));
        check(model_is(count - 1, list_peek(p.entry, LIST_TAIL, digits)));
    }
    if (p.entry && entry_encoding(p.entry) == ENC_TABLE) {
        chunks_check(entry_table(p.entry), NULL);
        check(strcmp(list_encoding(p.entry), "quicklist") == 0);
    }
}

static void step_push(struct place *p)
{
    enum list_end end = draw_below(2) ? LIST_TAIL : LIST_HEAD;
    uint64_t some = draw_below(10) ? 1 : 1 + draw_below(20);
    struct slice values[20];
    char *copies[20];
    for (uint64_t i = 0; i < some; i++) {
        struct slice s = some_value();
        copies[i] = malloc(s.len + 1);
        memcpy(copies[i], s.ptr, s.len);
        values[i] = slice_make(copies[i], s.len);
        model_insert(end == LIST_TAIL ? count : 0, s);
    }
    list_push_all(p, end, values, some);
    for (uint64_t i = 0; i < some; i++)
        free(copies[i]);
}

static void step_pop(struct place *p)
{
    enum list_end end = draw_below(2) ? LIST_TAIL : LIST_HEAD;
    uint64_t some = draw_below(20) ? 1 : 1 + draw_below(count);
    list_pop(p, end, some);
    model_remove(end == LIST_TAIL ? count - some : 0, some);
}

static void step_middle(struct place *p)
{
    struct slice s = some_value();
    uint64_t at = draw_below(count + 1);
    if (draw_below(2) || at == count) {
        list_insert(p, at, s);
        model_insert(at, s);
    } else {
        list_set(p, at, s);
        model_remove(at, 1);
        model_insert(at, s);
    }
}

static void step_remove(struct place *p)
{
    struct slice s = some_value();
    enum list_end from = draw_below(2) ? LIST_TAIL : LIST_HEAD;
    uint64_t most = draw_below(2) ? 1 + draw_below(3) : UINT64_MAX, gone = 0;
    uint64_t told = list_remove(p, s, most, from);
    for (uint64_t i = 0; i < count && gone < most;) {
        uint64_t at = from == LIST_TAIL ? count - 1 - i : i;
        if (model_is(at, s)) {
            model_remove(at, 1);
            gone++;
        } else {
            i++;
        }
    }
    check(told == gone);
}

static void step_find(const struct place *p)
{
    struct slice s = some_value();
    struct pack_plan plan = pack_plan(s);
    bool down = draw_below(2);
    uint64_t from = draw_below(count), most = draw_below(2) ? UINT64_MAX : draw_below(count), looked = 0;
    uint64_t left = most;
    struct list_cursor c;
    list_seek(&c, p->entry, from, down);
    bool found = list_find(&c, &plan, &left);
    for (uint64_t at = from; at < count && looked < most; at += down ? (uint64_t)-1 : 1) {
        looked++;
        if (model_is(at, s)) {
            check(found && c.index == at && most - left == looked);
            return;
        }
    }
    check(!found && most - left == looked);
}

static void step(void)
{
    struct place p = find();
    uint64_t what = draw_below(1000);
    if (!p.entry || (what < 380 && count < MODEL_MAX - 100))
        step_push(&p);
    else if (what < 700)
        step_pop(&p);
    else if (what < 900)
        step_middle(&p);
    else if (what < 950)
        step_remove(&p);
    else
        step_find(&p);
    check(list_count(p.entry) == count);
    if (!count && p.entry)
        place_clear(&p);
}

static void run(int64_t size, uint64_t depth, unsigned steps)
{
    struct encoding_limits was = encoding_limits;
    encoding_limits.list_size = size;
    encoding_limits.list_compress_depth = depth;
    for (unsigned i = 0; i < steps; i++) {
        step();
        if (i % 16 == 0 || count < 8)
            check_all();
    }
    check_all();
    struct place p = find();
    if (p.entry)
        place_clear(&p);
    model_remove(0, count);
    keyspace_work(ks, 1000000);
    encoding_limits = was;
}

#define STEPS (12000 / CHECK_SCALE)

static void run_size(int64_t size)
{
    for (uint64_t depth = 0; depth < 3; depth++)
        run(size, depth, STEPS);
}

Test(list, matches_the_model_with_one_element_a_node)
{
    run_size(1);
}

Test(list, matches_the_model_with_two_elements_a_node)
{
    run_size(2);
}

Test(list, matches_the_model_with_five_elements_a_node)
{
    run_size(5);
}

Test(list, matches_the_model_with_128_elements_a_node)
{
    run_size(128);
}

Test(list, matches_the_model_with_4_kib_a_node)
{
    run_size(-1);
}

Test(list, matches_the_model_with_8_kib_a_node)
{
    run_size(-2);
}

Test(list, matches_the_model_with_the_largest_nodes)
{
    run_size(-5);
    run_size(-100);
}

Test(list, matches_the_model_with_sizes_nobody_should_ask_for)
{
    run(0, 0, STEPS);
    run(1ll << 40, 1, STEPS);
}

Test(list, matches_the_model_when_settings_change)
{
    static const int64_t sizes[] = {1, 5, 128, -1, -2, -5};
    for (unsigned i = 0; i < STEPS; i++) {
        if (i % 100 == 0) {
            encoding_limits.list_size = sizes[draw_below(6)];
            encoding_limits.list_compress_depth = draw_below(3);
        }
        step();
        if (i % 16 == 0)
            check_all();
    }
    check_all();
    model_remove(0, count);
}

/* ---- the two forms ----------------------------------------------------------------------- */

static const char *form(void)
{
    return list_encoding(find().entry);
}

static void push(size_t len)
{
    static const char text[100000];
    struct place p = find();
    list_push(&p, LIST_TAIL, slice_make(text, len));
}

static void pop(uint64_t some)
{
    struct place p = find();
    list_pop(&p, LIST_HEAD, some);
}

static void expect_form(const char *name)
{
    cr_assert_str_eq(form(), name);
}

Test(list, stays_packed_while_it_fits_a_node_and_comes_back_at_half)
{
    encoding_limits.list_size = 10;
    for (int i = 0; i < 10; i++)
        push(3);
    expect_form("listpack");
    push(3);
    expect_form("quicklist");
    /* One element is in the second node, so the first has to go. */
    for (int i = 0; i < 5; i++)
        pop(1);
    expect_form("quicklist");
    struct place p = find();
    list_pop(&p, LIST_TAIL, 1);
    expect_form("listpack");
}

Test(list, bytes_are_counted_as_a_listpack_counts_them)
{
    /* 7 bytes around the elements, and of the new one the text alone. */
    encoding_limits.list_size = -1;
    push(1000);
    push(4096 - 7 - 1004);
    expect_form("listpack");
    push(0);
    expect_form("quicklist");
    struct place p = find();
    place_clear(&p);
    push(1000);
    push(4096 - 7 - 1004 + 1);
    expect_form("quicklist");
}

Test(list, a_table_of_bytes_comes_back_at_half_of_them)
{
    encoding_limits.list_size = -1;
    push(4000);
    push(1000);
    for (int i = 0; i < 9; i++)
        push(100);
    expect_form("quicklist");
    pop(1);
    expect_form("listpack");
    push(4000);
    expect_form("quicklist");
    struct place p = find();
    list_pop(&p, LIST_TAIL, 1);
    expect_form("listpack");
    push(1100);
    push(2000);
    p = find();
    list_pop(&p, LIST_TAIL, 1);
    /* One node of more than 2 KiB. */
    expect_form("quicklist");
    pop(1);
    expect_form("listpack");
}

Test(list, nodes_bound_by_number_are_bound_by_8_kib_too)
{
    encoding_limits.list_size = 1000;
    push(4000);
    push(4000);
    expect_form("listpack");
    push(4000);
    expect_form("quicklist");
}

Test(list, many_small_elements_at_once_dont_stay_packed_for_ever)
{
    static struct slice values[40000];
    for (size_t i = 0; i < 40000; i++)
        values[i] = SLICE("");
    struct place p = find();
    list_push_all(&p, LIST_TAIL, values, 2000);
    expect_form("listpack");
    list_push_all(&p, LIST_TAIL, values, 40000);
    expect_form("quicklist");
}

Test(list, one_that_is_made_goes_by_all_that_its_values_take)
{
    enum { FIT = (4096 - 7) / 3 }; /* header, letter and length each */
    static struct slice values[FIT + 1];
    for (unsigned i = 0; i <= FIT; i++)
        values[i] = SLICE("x");
    encoding_limits.list_size = -1;
    for (unsigned n = FIT; n <= FIT + 1; n++) {
        struct place p = place_find(ks, 0, key, hash);
        list_fill(&p, values, n);
        check(list_count(p.entry) == n);
        cr_assert_str_eq(list_encoding(p.entry), n == FIT ? "listpack" : "quicklist");
        place_clear(&p);
    }
}

Test(list, expiry_stays_when_the_form_changes)
{
    encoding_limits.list_size = 4;
    push(1);
    struct place p = find();
    p.entry = keyspace_set_expiry(ks, 0, p.entry, hash, 999999999999999);
    for (int i = 0; i < 20; i++)
        push(1);
    expect_form("quicklist");
    check(entry_expiry(find().entry) == 999999999999999);
    pop(20);
    expect_form("listpack");
    check(entry_expiry(find().entry) == 999999999999999);
}

/* ---- big lists ----------------------------------------------------------------------------- */

#define BIG (1000000 / CHECK_SCALE)

static void push_number(uint64_t n)
{
    char text[32];
    struct place p = find();
    list_push(&p, LIST_TAIL,
              slice_make(text, (size_t)sprintf(text, "element %08llu", (unsigned long long)n)));
}

static void expect_number(uint64_t index, uint64_t n)
{
    char text[32];
    sprintf(text, "element %08llu", (unsigned long long)n);
    struct list_cursor c;
    struct slice value;
    list_seek(&c, find().entry, index, false);
    check(list_next(&c, &value) && slice_eq(value, slice_of(text)));
}

Test(list, big_pops_free_bit_by_bit_and_leave_the_right_elements)
{
    for (uint64_t i = 0; i < BIG; i++)
        push_number(i);
    /* Few stay, at the one end and at the other; many stay. */
    for (int way = 0; way < 4; way++) {
        keyspace_copy(ks, 0, key, hash, 0, SLICE("copy"), keyspace_hash(SLICE("copy")));
        struct place p = place_find(ks, 0, SLICE("copy"), keyspace_hash(SLICE("copy")));
        uint64_t some = way < 2 ? BIG - 1000 : BIG / 3;
        size_t before = arena_stats().objects;
        list_pop(&p, way % 2 ? LIST_TAIL : LIST_HEAD, some);
        check(before - arena_stats().objects < BIG / 5000 + 100 || arena_stats().objects > before);
        check(list_count(p.entry) == BIG - some);
        if (entry_encoding(p.entry) == ENC_TABLE)
            chunks_check(entry_table(p.entry), NULL);
        struct list_cursor c;
        struct slice value;
        list_seek(&c, p.entry, 0, false);
        for (uint64_t i = 0; i < BIG - some; i++) {
            char text[32];
            sprintf(text, "element %08llu", (unsigned long long)(i + (way % 2 ? 0 : some)));
            check(list_next(&c, &value) && slice_eq(value, slice_of(text)));
        }
        place_clear(&p);
        while (keyspace_work(ks, 1000) == 0)
            ;
    }
    expect_number(0, 0);
    expect_number(BIG / 2, BIG / 2);
    expect_number(BIG - 1, BIG - 1);
}

Test(list, fifty_elements_of_16_bytes_take_little_more)
{
    struct slice values[50];
    char texts[50][16];
    for (int i = 0; i < 50; i++) {
        memset(texts[i], 'a' + i % 26, 16);
        values[i] = slice_make(texts[i], 16);
    }
    size_t before = arena_stats().live;
    for (unsigned n = 0; n < 1000; n++) {
        char name[32];
        struct slice k = slice_make(name, (size_t)sprintf(name, "key:%012u", n));
        struct place p = place_find(ks, 0, k, keyspace_hash(k));
        list_push_all(&p, LIST_TAIL, values, 50);
    }
    check((arena_stats().live - before) / 50000.0 < 19);
}

Test(list, a_copy_of_a_big_packed_list_goes_its_own_way)
{
    encoding_limits.list_size = -5;
    for (int i = 0; i < 100; i++)
        push(300 + (size_t)i % 2);
    expect_form("listpack");
    struct slice name = SLICE("copy");
    uint64_t other = keyspace_hash(name);
    keyspace_copy(ks, 0, key, hash, 0, name, other);
    struct place p = place_find(ks, 0, name, other);
    static const char zeros[301];
    check(list_remove(&p, slice_make(zeros, 300), UINT64_MAX, LIST_HEAD) == 50);
    list_pop(&p, LIST_HEAD, 1);
    check(list_count(p.entry) == 49);
    struct list_cursor c;
    struct slice value;
    list_seek(&c, find().entry, 0, false);
    for (size_t i = 0; i < 100; i++)
        check(list_next(&c, &value) && value.len == 300 + i % 2);
}
