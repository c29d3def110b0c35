/* hyperloglog: both forms against an array of registers, the estimator against the truth, and bytes of
 * any kind. What Redis itself makes of the same elements is in tests/wire/hyperloglog.c. */
#include "ds/hyperloglog.h"

#include "base/mem.h"
#include "tests/unit/support/check.h"

#include <stdio.h>
#include <string.h>

static void finish(void)
{
    hyperloglog_sparse_max = 3000;
}

TestSuite(hyperloglog, .fini = finish, .timeout = 120);

/* A sparse one in a block of exactly the room that it may take. */
static struct hyperloglog_sparse sparse_create(void)
{
    struct hyperloglog_sparse s = {.bytes = mem_alloc(hyperloglog_sparse_room(HYPERLOGLOG_EMPTY)),
                                   .len = HYPERLOGLOG_EMPTY};
    hyperloglog_init(s.bytes);
    return s;
}

static struct slice bytes_of(const struct hyperloglog_sparse *s)
{
    return slice_make(s->bytes, s->len);
}

static bool holds(struct slice s, const uint8_t *model)
{
    uint8_t registers[HYPERLOGLOG_REGISTERS] = {0};
    return hyperloglog_valid(s) && hyperloglog_merge(registers, s) &&
           memcmp(registers, model, sizeof registers) == 0;
}

static void write_run(void *ctx, char kind, unsigned value, unsigned length)
{
    char *end = strchr(ctx, 0);
    size_t room = 200 - (size_t)(end - (char *)ctx);
    if (kind == 'v')
        snprintf(end, room, "v%u,%u ", value, length);
    else
        snprintf(end, room, "%c%u ", kind, length);
}

static void expect_runs(const struct hyperloglog_sparse *s, const char *wanted)
{
    char text[200] = "";
    hyperloglog_runs(bytes_of(s), write_run, text);
    cr_expect_str_eq(text, wanted);
}

static enum hyperloglog_change raise(struct hyperloglog_sparse *s, unsigned index, unsigned rank)
{
    return hyperloglog_sparse_raise(
        s, (struct hyperloglog_mark){.index = (uint16_t)index, .rank = (uint8_t)rank});
}

Test(hyperloglog, elements_fall_where_redis_puts_them)
{
    static const struct {
        const char *element;
        struct hyperloglog_mark mark;
    } cases[] = {{"", {5938, 2}},
                 {"a", {12711, 2}},
                 {"b", {15780, 1}},
                 {"foo", {7348, 5}},
                 {"12345678", {10579, 3}},
                 {"123456789", {9293, 2}},
                 {"the quick brown fox", {15795, 1}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hyperloglog_mark mark = hyperloglog_mark(slice_of(cases[i].element));
        cr_expect_eq(mark.index, cases[i].mark.index, "%s", cases[i].element);
        cr_expect_eq(mark.rank, cases[i].mark.rank, "%s", cases[i].element);
    }
}

Test(hyperloglog, runs_are_split_and_joined)
{
    struct hyperloglog_sparse s = sparse_create();
    expect_runs(&s, "Z16384 ");
    check(raise(&s, 0, 1) == HYPERLOGLOG_RAISED);
    expect_runs(&s, "v1,1 Z16383 ");
    check(raise(&s, 0, 1) == HYPERLOGLOG_SAME);
    check(raise(&s, 16383, 3) == HYPERLOGLOG_RAISED);
    check(raise(&s, 64, 2) == HYPERLOGLOG_RAISED);
    expect_runs(&s, "v1,1 z63 v2,1 Z16318 v3,1 ");
    check(raise(&s, 130, 2) == HYPERLOGLOG_RAISED);
    expect_runs(&s, "v1,1 z63 v2,1 Z65 v2,1 Z16252 v3,1 ");
    check(raise(&s, 66, 32) == HYPERLOGLOG_RAISED);
    expect_runs(&s, "v1,1 z63 v2,1 z1 v32,1 z63 v2,1 Z16252 v3,1 ");
    check(raise(&s, 65, 2) == HYPERLOGLOG_RAISED); /* a zero alone, which joins its neighbour */
    expect_runs(&s, "v1,1 z63 v2,2 v32,1 z63 v2,1 Z16252 v3,1 ");
    for (unsigned i = 1; i < 5; i++)
        check(raise(&s, i, 1) == HYPERLOGLOG_RAISED);
    expect_runs(&s, "v1,4 v1,1 z59 v2,2 v32,1 z63 v2,1 Z16252 v3,1 "); /* four is the most */
    check(raise(&s, 2, 5) == HYPERLOGLOG_RAISED);
    expect_runs(&s, "v1,2 v5,1 v1,2 z59 v2,2 v32,1 z63 v2,1 Z16252 v3,1 ");
    check(raise(&s, 2, 5) == HYPERLOGLOG_SAME);
    check(raise(&s, 2, 33) == HYPERLOGLOG_OUTGROWN);
    mem_free(s.bytes);
}

/* Random marks, few registers or all of them, low ranks or all that sparse can hold. */
static struct hyperloglog_mark draw_mark(unsigned registers, unsigned ranks)
{
    unsigned rank = 1;
    while (rank < ranks && draw() & 1)
        rank++;
    return (struct hyperloglog_mark){.index = (uint16_t)draw_below(registers), .rank = (uint8_t)rank};
}

Test(hyperloglog, both_forms_hold_what_a_model_holds)
{
    static const unsigned sizes[] = {18, 19, 24, 64, 200, 3000, 20000};
    for (unsigned round = 0; round < 70 / CHECK_SCALE + 7; round++) {
        hyperloglog_sparse_max = sizes[round % 7];
        struct hyperloglog_sparse s = sparse_create();
        char dense[HYPERLOGLOG_DENSE];
        check(hyperloglog_to_dense(bytes_of(&s), dense));
        uint8_t model[HYPERLOGLOG_REGISTERS] = {0};
        unsigned registers = draw() & 1 ? HYPERLOGLOG_REGISTERS : 100, ranks = draw() & 1 ? 32 : 3;
        unsigned marks = 3000;
        for (unsigned i = 0; i < marks; i++) {
            struct hyperloglog_mark mark = draw_mark(registers, ranks);
            bool raised = mark.rank > model[mark.index];
            check(hyperloglog_dense_raise(dense, mark) == raised);
            enum hyperloglog_change change = hyperloglog_sparse_raise(&s, mark);
            check(s.len <= hyperloglog_sparse_max || s.len == HYPERLOGLOG_EMPTY);
            if (raised)
                model[mark.index] = mark.rank;
            check(hyperloglog_dense_get(dense, mark.index) == model[mark.index]);
            if (change == HYPERLOGLOG_OUTGROWN)
                break;
            check(change == (raised ? HYPERLOGLOG_RAISED : HYPERLOGLOG_SAME));
            if (i % 100 == 0)
                check(holds(bytes_of(&s), model));
        }
        check(holds(slice_make(dense, sizeof dense), model));
        char made[HYPERLOGLOG_DENSE];
        hyperloglog_init(made);
        hyperloglog_dense_put(made, model);
        check(memcmp(made, dense, sizeof made) == 0);
        mem_free(s.bytes);
    }
}

/* Where the last change was is remembered: marks in order go on from there, and leave the same bytes. */
Test(hyperloglog, where_the_search_starts_changes_nothing)
{
    hyperloglog_sparse_max = 20000;
    for (unsigned round = 0; round < 40 / CHECK_SCALE + 2; round++) {
        struct hyperloglog_sparse a = sparse_create(), b = sparse_create();
        unsigned step = 1 + (unsigned)draw_below(20);
        for (unsigned pass = 0; pass < 4; pass++) {
            for (unsigned i = (unsigned)draw_below(step); i < HYPERLOGLOG_REGISTERS;
                 i += 1 + (unsigned)draw_below(step)) {
                unsigned rank = 1 + (unsigned)draw_below(3);
                b.at = b.first = 0;
                check(raise(&a, i, rank) == raise(&b, i, rank));
            }
            check(slice_eq(bytes_of(&a), bytes_of(&b)));
        }
        mem_free(a.bytes);
        mem_free(b.bytes);
    }
}

Test(hyperloglog, counts_are_near_the_truth)
{
    hyperloglog_sparse_max = 3000;
    struct hyperloglog_sparse s = sparse_create();
    char dense[HYPERLOGLOG_DENSE];
    check(hyperloglog_to_dense(bytes_of(&s), dense));
    bool is_sparse = true;
    uint64_t next = 1;
    for (uint64_t i = 1; i <= 1000000 / CHECK_SCALE; i++) {
        struct hyperloglog_mark mark = hyperloglog_mark(slice_make(&i, sizeof i));
        hyperloglog_dense_raise(dense, mark);
        is_sparse = is_sparse && hyperloglog_sparse_raise(&s, mark) != HYPERLOGLOG_OUTGROWN;
        if (i < next)
            continue;
        next += 1 + next / 3;
        uint64_t count, other;
        uint8_t registers[HYPERLOGLOG_REGISTERS] = {0};
        struct slice all = slice_make(dense, sizeof dense);
        check(hyperloglog_count(all, &count) && hyperloglog_merge(registers, all));
        check(hyperloglog_count_registers(registers) == count);
        check(!is_sparse || (hyperloglog_count(bytes_of(&s), &other) && other == count));
        double error = (double)count - (double)i;
        check(error * error <= (double)(i * i) * 0.0081 * 0.0081 * 16);
    }
    mem_free(s.bytes);
}

Test(hyperloglog, merging_keeps_the_highest)
{
    hyperloglog_sparse_max = 20000;
    for (unsigned round = 0; round < 20; round++) {
        uint8_t model[HYPERLOGLOG_REGISTERS] = {0}, merged[HYPERLOGLOG_REGISTERS] = {0};
        for (unsigned k = 0; k < 3; k++) {
            struct hyperloglog_sparse s = sparse_create();
            for (unsigned i = 0; i < 500; i++) {
                struct hyperloglog_mark mark = draw_mark(k ? HYPERLOGLOG_REGISTERS : 300, 32);
                hyperloglog_sparse_raise(&s, mark);
                model[mark.index] = model[mark.index] > mark.rank ? model[mark.index] : mark.rank;
            }
            char dense[HYPERLOGLOG_DENSE];
            check(hyperloglog_to_dense(bytes_of(&s), dense));
            check(hyperloglog_merge(merged, draw() & 1 ? bytes_of(&s) : slice_make(dense, sizeof dense)));
            mem_free(s.bytes);
        }
        check(memcmp(model, merged, sizeof model) == 0);
    }
}

Test(hyperloglog, every_register_of_a_dense_one_holds_every_value)
{
    char bytes[HYPERLOGLOG_DENSE];
    hyperloglog_init(bytes);
    uint8_t registers[HYPERLOGLOG_REGISTERS], back[HYPERLOGLOG_REGISTERS];
    for (unsigned shift = 0; shift < 64; shift++) {
        for (unsigned i = 0; i < HYPERLOGLOG_REGISTERS; i++)
            registers[i] = (i + shift) & 63;
        hyperloglog_dense_put(bytes, registers);
        check(hyperloglog_valid(slice_make(bytes, sizeof bytes)) && hyperloglog_is_dense(bytes));
        for (unsigned i = 0; i < HYPERLOGLOG_REGISTERS; i++)
            check(hyperloglog_dense_get(bytes, i) == registers[i]);
        memset(back, 0, sizeof back);
        check(hyperloglog_merge(back, slice_make(bytes, sizeof bytes)));
        check(memcmp(back, registers, sizeof back) == 0);
    }
}

Test(hyperloglog, the_count_is_remembered_until_it_is_stale)
{
    char bytes[HYPERLOGLOG_EMPTY];
    uint64_t count = 1;
    hyperloglog_init(bytes);
    check(hyperloglog_cached(bytes, &count) && count == 0);
    hyperloglog_set_cached(bytes, 123456789);
    check(hyperloglog_cached(bytes, &count) && count == 123456789);
    hyperloglog_set_stale(bytes);
    check(!hyperloglog_cached(bytes, &count));
    cr_expect_arr_eq(bytes + 8, "\x15\xcd\x5b\x07\0\0\0\x80", 8);
}

Test(hyperloglog, only_its_own_headers_are_valid)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool valid;
    } cases[] = {
        {"", 0, false},
        {"HYLL", 4, false},
        {"HYLL\1\0\0\0\0\0\0\0\0\0\0", 15, false},
        {"HYLL\1\0\0\0\0\0\0\0\0\0\0\0", 16, true}, /* its runs aren't right, which shows later */
        {"HYLM\1\0\0\0\0\0\0\0\0\0\0\0", 16, false},
        {"HYLL\2\0\0\0\0\0\0\0\0\0\0\0", 16, false},
        {"HYLL\xff\0\0\0\0\0\0\0\0\0\0\0", 16, false},
        {"HYLL\0\0\0\0\0\0\0\0\0\0\0\0", 16, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(hyperloglog_valid(slice_make(cases[i].bytes, cases[i].len)), cases[i].valid, "case %zu",
                     i);
    char dense[HYPERLOGLOG_DENSE + 1] = "HYLL";
    cr_expect(hyperloglog_valid(slice_make(dense, sizeof dense - 1)));
    cr_expect(!hyperloglog_valid(slice_make(dense, sizeof dense)));
    cr_expect(!hyperloglog_valid(slice_make(dense, sizeof dense - 2)));
}

Test(hyperloglog, wrong_runs_are_seen)
{
    static const struct {
        const char *runs;
        size_t len;
        bool right;
    } cases[] = {
        {"\x7f\xff", 2, true},
        {"", 0, false},
        {"\x7f", 1, false},
        {"\x7f\xfe", 2, false},
        {"\x7f\xff\0", 3, false},
        {"\x7f\xfe\0", 3, true},
        {"\x7f\xfe\1", 3, false},
        {"\x7f\xfe\x80", 3, true},
        {"\x7f\xfe\x81", 3, false},
        {"\x7f\xfd\x81", 3, true},
        {"\x7f\xfd\x81\x40", 4, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = HYPERLOGLOG_HEADER + cases[i].len;
        char *bytes = mem_alloc(len), dense[HYPERLOGLOG_DENSE];
        memcpy(bytes, "HYLL\1\0\0\0\0\0\0\0\0\0\0\0", HYPERLOGLOG_HEADER);
        memcpy(bytes + HYPERLOGLOG_HEADER, cases[i].runs, cases[i].len);
        struct slice s = slice_make(bytes, len);
        uint8_t registers[HYPERLOGLOG_REGISTERS] = {0};
        uint64_t count;
        cr_expect_eq(hyperloglog_count(s, &count), cases[i].right, "case %zu", i);
        cr_expect_eq(hyperloglog_merge(registers, s), cases[i].right, "case %zu", i);
        cr_expect_eq(hyperloglog_to_dense(s, dense), cases[i].right, "case %zu", i);
        mem_free(bytes);
    }
}

/* Blocks of the exact size: under the sanitizers nothing outside them is touched. */
Test(hyperloglog, any_bytes_are_survived)
{
    for (unsigned round = 0; round < 20000 / CHECK_SCALE; round++) {
        size_t len = HYPERLOGLOG_HEADER + draw_below(round % 2 ? 8 : 200);
        char *bytes = mem_alloc(len), dense[HYPERLOGLOG_DENSE], text[200] = "";
        for (size_t i = HYPERLOGLOG_HEADER; i < len; i++)
            bytes[i] = (char)(draw() & 3 ? 0x40 | draw_below(64) : draw());
        memcpy(bytes, "HYLL\1\0\0\0\0\0\0\0\0\0\0\0", HYPERLOGLOG_HEADER);
        struct slice s = slice_make(bytes, len);
        check(hyperloglog_valid(s));
        uint8_t registers[HYPERLOGLOG_REGISTERS] = {0};
        uint64_t count;
        bool right = hyperloglog_count(s, &count);
        check(hyperloglog_merge(registers, s) == right && hyperloglog_to_dense(s, dense) == right);
        if (round % 2)
            hyperloglog_runs(s, write_run, text);
        hyperloglog_sparse_max = draw_below(300);
        struct hyperloglog_sparse w = {.bytes = mem_alloc(hyperloglog_sparse_room(len)), .len = len};
        memcpy(w.bytes, bytes, len);
        for (unsigned i = 0; i < 20; i++) {
            enum hyperloglog_change change =
                hyperloglog_sparse_raise(&w, draw_mark(HYPERLOGLOG_REGISTERS, 51));
            check(!right || change != HYPERLOGLOG_CORRUPT);
            check(w.len <= hyperloglog_sparse_room(len));
        }
        check(!right || hyperloglog_count(bytes_of(&w), &count));
        mem_free(w.bytes);
        mem_free(bytes);
    }
}
