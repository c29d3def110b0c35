/* rdb_read: what rdb_write wrote comes back, from one buffer and from a source that gives a few bytes
 * at a time; and what no writer writes is refused. */
#include "redis-compat/rdb_read.h"
#include "redis-compat/rdb_write.h"

#include "base/mem.h"
#include "tests/unit/support/check.h"

#include <math.h>
#include <stdio.h>

/* A source that gives `step` bytes at a time, each time in a block of its own. */
struct trickle {
    struct slice rest;
    size_t step;
    char *block;
};

static bool trickle_fill(struct rdb_reader *r)
{
    struct trickle *t = r->source;
    size_t n = t->rest.len < t->step ? t->rest.len : t->step;
    mem_free(t->block);
    t->block = NULL;
    if (!n)
        return false;
    t->block = mem_dup(t->rest.ptr, n);
    t->rest = slice_make(t->rest.ptr + n, t->rest.len - n);
    r->at = t->block;
    r->end = t->block + n;
    return true;
}

static struct rdb_reader trickle_start(struct trickle *t, struct slice bytes, size_t step)
{
    *t = (struct trickle){.rest = bytes, .step = step};
    return (struct rdb_reader){.fill = trickle_fill, .source = t};
}

static const size_t steps[] = {0, 1, 2, 7, 4096};

/* Calls `good` with a reader over all of w, at once and in steps. */
static void each_way(struct rdb_writer *w, void (*good)(struct rdb_reader *r))
{
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct trickle t = {.step = 0};
        struct rdb_reader r =
            steps[i] ? trickle_start(&t, buf_slice(&w->out), steps[i]) : rdb_reader_of(buf_slice(&w->out));
        uint8_t byte;
        good(&r);
        cr_assert_null(r.error, "%s", r.error);
        cr_expect_not(rdb_read_byte(&r, &byte), "something is left");
        mem_free(t.block);
    }
    rdb_writer_deinit(w);
}

static const uint64_t lengths[] = {0,     1,     63,         64,         300,        16383,
                                   16384, 70000, UINT32_MAX, 1ull << 32, 1ull << 40, UINT64_MAX};

static void good_lengths(struct rdb_reader *r)
{
    uint64_t len;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        cr_assert(rdb_read_len(r, &len));
        cr_expect_eq(len, lengths[i]);
    }
}

Test(rdb_read, lengths_come_back)
{
    struct rdb_writer w = {.compress = false};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        rdb_write_len(&w, lengths[i]);
    cr_expect_eq(w.out.len, 3 * 1 + 3 * 2 + 3 * 5 + 3 * 9);
    each_way(&w, good_lengths);
}

static void good_numbers(struct rdb_reader *r)
{
    double value;
    int64_t ms;
    cr_assert(rdb_read_double(r, &value));
    cr_expect_eq(value, -1.5);
    cr_assert(rdb_read_double(r, &value));
    cr_expect(isinf(value));
    cr_assert(rdb_read_ms(r, &ms));
    cr_expect_eq(ms, 1790000000123);
}

Test(rdb_read, doubles_and_times_come_back)
{
    struct rdb_writer w = {.compress = false};
    rdb_write_double(&w, -1.5);
    rdb_write_double(&w, INFINITY);
    rdb_write_ms(&w, 1790000000123);
    each_way(&w, good_numbers);
}

/* Text number i of those that are tried. */
static struct slice text(int i)
{
    static const char *const short_ones[] = {
        "",     "a",     "0",      "127",         "128",         "-128",
        "-129", "32767", "-32769", "2147483647",  "-2147483648", "2147483648",
        "0012", "-0",    "+1",     "12345678901", "1.5",         "twenty bytes, and no more!"};
    static char long_one[100000];
    const int count = sizeof short_ones / sizeof *short_ones;
    static const size_t sizes[] = {20, 21, 63, 64, 100, 16383, 16384, 65537, 100000};
    if (i < count)
        return slice_of(short_ones[i]);
    i -= count;
    if (i >= 27)
        return slice_make(NULL, 0);
    for (size_t k = 0; k < sizeof long_one; k++) /* all alike, a pattern, noise */
        long_one[k] = (char)(i / 9 == 0 ? 'x' : i / 9 == 1 ? k % 251 : k * k * 2654435761u >> 13);
    return slice_make(long_one, sizes[i % 9]);
}

static void good_strings(struct rdb_reader *r)
{
    struct buf scratch = BUF_EMPTY;
    struct slice got;
    for (int i = 0; text(i).ptr; i++) {
        cr_assert(rdb_read_string(r, &scratch, &got), "%d: %s", i, r->error);
        cr_expect(slice_eq(got, text(i)), "string %d", i);
    }
    buf_deinit(&scratch);
}

Test(rdb_read, strings_come_back)
{
    for (int compress = 0; compress < 2; compress++) {
        struct rdb_writer w = {.compress = compress};
        for (int i = 0; text(i).ptr; i++)
            rdb_write_string(&w, text(i));
        cr_expect(compress ? w.out.len < 300000 : w.out.len > 590000);
        each_way(&w, good_strings);
    }
}

Test(rdb_read, short_integers_are_short)
{
    static const struct {
        const char *text;
        size_t bytes;
    } cases[] = {{"0", 2},           {"-128", 2},        {"128", 3}, {"-32768", 3}, {"32768", 5},
                 {"-2147483648", 5}, {"2147483648", 11}, {"012", 4}, {"-0", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rdb_writer w = {.compress = true};
        rdb_write_string(&w, slice_of(cases[i].text));
        cr_expect_eq(w.out.len, cases[i].bytes, "%s: %zu", cases[i].text, w.out.len);
        rdb_writer_deinit(&w);
    }
}

/* The error that reading a string (or, what 'l': a length, 't': a score as text, 'd': a double) gives; "" for none. */
static const char *error_of(char what, const char *bytes, size_t len)
{
    char *block = mem_dup(bytes, len); /* of the exact size, but for a NUL */
    struct rdb_reader r = rdb_reader_of(slice_make(block, len));
    struct buf scratch = BUF_EMPTY;
    struct slice got;
    uint64_t count;
    double score;
    bool ok = what == 'l'   ? rdb_read_len(&r, &count)
              : what == 't' ? rdb_read_text_double(&r, &score)
              : what == 'd' ? rdb_read_double(&r, &score)
                            : rdb_read_string(&r, &scratch, &got);
    cr_expect_eq(ok, r.error == NULL);
    cr_expect_lt(scratch.cap, 100000, "room was made on the word of a length");
    buf_deinit(&scratch);
    mem_free(block);
    return r.error ? r.error : "";
}

#define expect_wrong(what, text, bytes) cr_expect_str_eq(error_of(what, bytes, sizeof(bytes) - 1), text)

Test(rdb_read, lengths_that_are_none_are_refused)
{
    expect_wrong('l', "the value ends early", "");
    expect_wrong('l', "the value ends early", "\x40");
    expect_wrong('l', "the value ends early", "\x80\x01\x01\x01");
    expect_wrong('l', "the value ends early", "\x81\x01\x01\x01\x01\x01\x01\x01");
    expect_wrong('l', "a length is none", "\x82\x01\x01\x01\x01");
    expect_wrong('l', "a length is none", "\xc0\x01");
}

Test(rdb_read, strings_that_reach_over_the_end_are_refused)
{
    expect_wrong('s', "", "\x02zz");
    expect_wrong('s', "the value ends early", "\x03zz");
    expect_wrong('s', "the value ends early", "\x80\xff\xff\xff\xffzz");
    expect_wrong('s', "the value ends early", "\x81\xff\xff\xff\xff\xff\xff\xff\xffzz");
    expect_wrong('s', "the value ends early", "\xc1\x01");
    expect_wrong('s', "the value ends early", "\xc2\x01\x01\x01");
    expect_wrong('s', "a string has an unknown form", "\xc4\x01\x01\x01");
}

Test(rdb_read, compressed_strings_are_checked)
{
    expect_wrong('s', "", "\xc3\x04\x03\x02zzz");           /* three literals */
    expect_wrong('s', "", "\xc3\x05\x0a\x00z\xe0\x00\x00"); /* one, and it nine times again */
    expect_wrong('s', "a compressed string is damaged", "\xc3\x04\x04\x02zzz");   /* shorter than said */
    expect_wrong('s', "a compressed string is damaged", "\xc3\x04\x02\x02zzz");   /* longer */
    expect_wrong('s', "a compressed string is damaged", "\xc3\x04\x03\x03zzz");   /* over the end */
    expect_wrong('s', "a compressed string is damaged", "\xc3\x03\x04\x00z\x20"); /* ends in a reference */
    expect_wrong('s', "a compressed string is damaged", "\xc3\x04\x04\x00z\x20\x05"); /* before the begin */
    expect_wrong('s', "a compressed string has no such length", "\xc3\x04\x00\x02zzz");
    expect_wrong('s', "a compressed string has no such length", "\xc3\x00\x01");
    expect_wrong('s', "a compressed string has no such length", "\xc3\x04\x80\x7f\xff\xff\xff\x02zzz");
    expect_wrong('s', "a compressed string has no such length", "\xc3\x04\x81\x01\xff\xff\xff\x02zzz\x02zzz");
    expect_wrong('s', "the value ends early", "\xc3\x05\x03\x02zzz");
    expect_wrong('s', "a length is none", "\xc3\xc0\x03\x02zzz");
}

static double text_score(const char *bytes, size_t len)
{
    double score = NAN;
    struct rdb_reader r = rdb_reader_of(slice_make(bytes, len));
    cr_assert(rdb_read_text_double(&r, &score));
    return score;
}

Test(rdb_read, scores_as_text)
{
    cr_expect_eq(text_score("\x03"
                            "1.5",
                            4),
                 1.5);
    cr_expect_eq(text_score("\x04-1e3", 5), -1000);
    cr_expect_eq(text_score("\xfe", 1), INFINITY);
    cr_expect_eq(text_score("\xff", 1), -INFINITY);
    expect_wrong('t', "a score is no number", "\xfd");
    expect_wrong('t', "a score is no number", "\x03nan");
    expect_wrong('t', "a score is no number", "\x01x");
    expect_wrong('t', "a score is no number", "\x00");
    expect_wrong('t', "the value ends early",
                 "\x03"
                 "1.");
    expect_wrong('t', "the value ends early", "");
    expect_wrong('d', "a score is no number", "\0\0\0\0\0\0\xf8\x7f");
    expect_wrong('d', "the value ends early", "\0\0\0\0\0\0\xf0");
}

Test(rdb_read, nothing_is_read_behind_an_error)
{
    struct rdb_reader r = rdb_reader_of(SLICE("\x05zz"));
    struct buf scratch = BUF_EMPTY;
    struct slice got;
    uint8_t byte;
    cr_expect_not(rdb_read_string(&r, &scratch, &got));
    cr_expect_not(rdb_read_byte(&r, &byte));
    cr_expect_not(rdb_read_string(&r, &scratch, &got));
    cr_expect_str_eq(r.error, "the value ends early");
    buf_deinit(&scratch);
}
