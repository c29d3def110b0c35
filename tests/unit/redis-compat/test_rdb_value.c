/* rdb_value: values of every type and size come back as they were, in the encoding that our limits say;
 * what they are written as; and why others are refused. Old forms byte by byte are in tests/wire/dump.c. */
#include "redis-compat/payload.h"
#include "redis-compat/rdb_value.h"

#include "base/number.h"
#include "store/encoding.h"
#include "store/fields.h"
#include "store/list.h"
#include "store/set.h"
#include "store/zset.h"
#include "tests/unit/support/check.h"
#include "tests/unit/support/script_clock.h"

#include <math.h>
#include <stdio.h>

static struct keyspace *ks;
static struct encoding_limits limits;

static void start(void)
{
    arena_init();
    script_clock_start();
    ks = keyspace_create(1);
    limits = encoding_limits;
}

static void finish(void)
{
    encoding_limits = limits;
    keyspace_destroy(ks);
    check(arena_stats().objects == 0);
    clock_set_source(NULL, NULL);
}

TestSuite(rdb_value, .init = start, .fini = finish, .timeout = 120);

static struct place at(const char *key)
{
    struct slice k = slice_of(key);
    return place_find(ks, 0, k, keyspace_hash(k));
}

/* Whether some texts are longer than what stands in packed collections. */
static bool some_long;

/* Text number i: short and long ones, numbers, bytes of any kind; all different. */
static struct slice text(uint64_t i)
{
    static char bytes[20100];
    size_t len = (size_t)snprintf(bytes, sizeof bytes, "%s%llu", i % 3 ? "" : "text ", (unsigned long long)i);
    if (i % 10 == 7) { /* long ones: compressible, and not */
        size_t more = !some_long ? i % 40 : i % 50 == 7 ? 9000 + i % 11000 : i % 150;
        for (size_t n = 0; n < more; n++)
            bytes[len + n] = (char)(i % 20 == 7 ? 'x' : (n * n + i) * 2654435761u >> 11);
        len += more;
    }
    return slice_make(bytes, len);
}

static double score_of(uint64_t i)
{
    static const double odd[] = {INFINITY, -INFINITY, -0.0, 0.1, 1e300, 5e-324, 9007199254740993.0, -1e17};
    return i % 9 == 0 ? odd[i / 9 % 8] : (double)(i * 7919 % 1000) - 500 + (i % 4 == 0 ? 0.25 : 0);
}

#define EXPIRY(i) (i % 5 ? EXPIRY_NONE : clock_ms() + 1 + (int64_t)(i * 37 % 1000))

enum shape { STRING, LIST, SET, INTS, ZSET, HASH, EXPIRING, SHAPES };

static void build(enum shape shape, uint64_t count)
{
    struct place p = at("k");
    for (uint64_t i = 0; i < count; i++) {
        struct slice t = text(i);
        char digits[24];
        switch (shape) {
        case STRING:
            keyspace_set(ks, 0, p.key, p.hash, text(count), EXPIRY_NONE);
            break;
        case LIST:
            list_push(&p, LIST_TAIL, t);
            break;
        case SET:
            set_add(&p, t);
            break;
        case INTS:
            set_add(&p, slice_make(digits,
                                   number_format_i64(digits, ((int64_t)i - 3) * (i > 100 ? 1ll << 40 : 99))));
            break;
        case ZSET:
            zset_expect(&p, count); /* many have no packed beginning, which would lose minus zero */
            zset_put(&p, t, score_of(i));
            break;
        case HASH:
            fields_set(&p, t, i % 2 ? slice_of("value") : t, EXPIRY_NONE);
            break;
        default:
            fields_set(&p, t, slice_of("value"), EXPIRY(i));
        }
    }
}

static const char *encoding_of(const struct entry *e)
{
    switch (entry_type(e)) {
    case TYPE_LIST:
        return list_encoding(e);
    case TYPE_SET:
        return set_encoding(e);
    case TYPE_ZSET:
        return zset_encoding(e);
    case TYPE_HASH:
        return fields_encoding(e);
    default:
        return "string";
    }
}

/* All that build put there, and nothing else. */
static void expect_built(const struct entry *e, enum shape shape, uint64_t count)
{
    char scratch[64];
    struct slice t;
    struct list_cursor c;
    if (shape == LIST)
        list_seek(&c, e, 0, false);
    for (uint64_t i = 0; i < count; i++) {
        double score;
        int64_t expiry;
        switch (shape) {
        case STRING:
            check(slice_eq(entry_string(e, scratch), text(count)));
            return;
        case LIST:
            check(list_next(&c, &t) && slice_eq(t, text(i)));
            break;
        case SET:
            check(set_has(e, text(i)));
            break;
        case INTS:
            t = slice_make(scratch,
                           number_format_i64(scratch, ((int64_t)i - 3) * (i > 100 ? 1ll << 40 : 99)));
            check(set_has(e, t));
            break;
        case ZSET:
            check(zset_score(e, text(i), &score) && score == score_of(i) &&
                  (count <= encoding_limits.zset_entries || signbit(score) == signbit(score_of(i))));
            break;
        case HASH:
            check(fields_get(e, text(i), scratch, &t) && slice_eq(t, i % 2 ? slice_of("value") : text(i)));
            break;
        default:
            check(fields_get_expiry(e, text(i), &expiry) && expiry == EXPIRY(i));
        }
    }
    uint64_t there = shape == LIST   ? list_count(e)
                     : shape == ZSET ? zset_count(e)
                     : shape <= INTS ? set_count(e)
                                     : fields_count(e);
    check(there == count);
}

/* A reader that is shown `step` bytes at a time. */
struct pieces {
    struct slice rest;
    size_t step;
};

static bool next_piece(struct rdb_reader *r)
{
    struct pieces *p = r->source;
    size_t n = p->rest.len < p->step ? p->rest.len : p->step;
    r->at = p->rest.ptr;
    r->end = r->at + n;
    p->rest = slice_make(r->end, p->rest.len - n);
    return n != 0;
}

/* Writes k and reads it back to "copy", at once or (step) in pieces. */
static const struct entry *copy(bool compress, size_t step)
{
    struct rdb_writer w = {.compress = compress};
    const struct entry *e = at("k").entry;
    struct place built, copied = at("copy");
    rdb_value_write(&w, e);
    struct pieces pieces = {buf_slice(&w.out), step};
    struct rdb_reader r = rdb_reader_of(buf_slice(&w.out));
    if (step)
        r = (struct rdb_reader){.fill = next_piece, .source = &pieces};
    bool ok = rdb_value_read(&r, (uint8_t)rdb_value_type(e), ks, &built);
    cr_assert(ok, "%s", r.error);
    cr_assert(r.at == r.end && (!step || !pieces.rest.len));
    rdb_writer_deinit(&w);
    return place_move(&built, 0, copied.key, copied.hash, EXPIRY_NONE).entry;
}

Test(rdb_value, every_type_and_size_comes_back)
{
    static const uint64_t counts[] = {1, 2, 3, 4, 5, 127, 128, 129, 511, 512, 513, 700, 3000};
    for (unsigned small = 0; small < 4; small++) {
        some_long = small == 3;
        if (small == 1 || small == 2)
            encoding_limits = (struct encoding_limits){4, 64, 4, 4, 64, 4, 64, small == 1 ? 3 : -5, small};
        else
            encoding_limits = limits;
        for (enum shape shape = STRING; shape < SHAPES; shape++)
            for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
                if (CHECK_SCALE > 1 && counts[i] > 600)
                    continue;
                build(shape, counts[i]);
                expect_built(at("k").entry, shape, counts[i]);
                for (unsigned how = 0; how < 4; how++) {
                    const struct entry *e = copy(how & 1, how & 2 ? 1000 : 0);
                    expect_built(e, shape, counts[i]);
                    check(strcmp(encoding_of(e), encoding_of(at("k").entry)) == 0);
                }
                struct place p = at("k");
                place_clear(&p);
            }
    }
}

Test(rdb_value, types_that_are_written)
{
    static const struct {
        enum shape shape;
        uint64_t count;
        enum rdb_type type;
    } cases[] = {{STRING, 1, RDB_STRING},
                 {LIST, 3, RDB_LIST_QUICKLIST_2},
                 {LIST, 3000, RDB_LIST_QUICKLIST_2},
                 {SET, 3, RDB_SET},
                 {SET, 3000, RDB_SET},
                 {INTS, 3, RDB_SET_INTSET},
                 {INTS, 512, RDB_SET_INTSET},
                 {INTS, 513, RDB_SET},
                 {ZSET, 3, RDB_ZSET_LISTPACK},
                 {ZSET, 129, RDB_ZSET_2},
                 {HASH, 3, RDB_HASH_LISTPACK},
                 {HASH, 513, RDB_HASH},
                 {EXPIRING, 3, RDB_HASH_METADATA},
                 {EXPIRING, 513, RDB_HASH_METADATA}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        build(cases[i].shape, cases[i].count);
        enum rdb_type type = rdb_value_type(at("k").entry);
        cr_expect_eq(type, cases[i].type, "case %zu: type %d", i, type);
        cr_expect_eq(rdb_type_version(type), cases[i].shape == EXPIRING ? 12 : 10);
        struct place p = at("k");
        place_clear(&p);
    }
}

Test(rdb_value, fields_that_have_ended_are_left_out)
{
    for (uint64_t count = 10; count <= 1000; count *= 10) { /* packed and not */
        build(EXPIRING, count);
        script_clock_advance(2000);
        const struct entry *e = copy(false, 0);
        cr_expect_eq(fields_count(e), count - count / 5);
        cr_expect_eq(rdb_value_type(e), count == 1000 ? RDB_HASH : RDB_HASH_LISTPACK);
        struct place p = at("k");
        place_clear(&p);
    }
}

Test(rdb_value, a_hash_whose_fields_have_ended_is_empty)
{
    struct place p = at("k"), built;
    fields_set(&p, slice_of("f"), slice_of("v"), clock_ms() + 100);
    cr_expect_not(rdb_value_is_empty(p.entry));
    struct rdb_writer w = {.compress = false};
    enum rdb_type type = rdb_value_type(p.entry);
    rdb_value_write(&w, p.entry);
    script_clock_advance(200);
    cr_expect(rdb_value_is_empty(p.entry));
    struct rdb_reader r = rdb_reader_of(buf_slice(&w.out));
    cr_expect(rdb_value_read(&r, (uint8_t)type, ks, &built));
    cr_expect_null(built.entry);
    rdb_writer_deinit(&w);
}

static const char *why(uint8_t type, const char *bytes, size_t len)
{
    struct place built;
    struct rdb_reader r = rdb_reader_of(slice_make(bytes, len));
    bool ok = rdb_value_read(&r, type, ks, &built);
    cr_expect(ok == !r.error);
    cr_expect(ok || !built.entry);
    return r.error ? r.error : "";
}

#define expect_why(type, text, bytes) cr_expect_str_eq(why(type, bytes, sizeof(bytes) - 1), text)
#define MS "\0\xd8\xc3\x2c\xbb\3\0\0" /* in the year 2100 */

Test(rdb_value, refused_for_a_reason)
{
    expect_why(RDB_STRING, "", "\2hi");
    expect_why(RDB_STRING, "the value ends early", "\3hi");
    expect_why(RDB_LIST, "a collection is empty", "\0");
    expect_why(RDB_LIST, "the value ends early", "\x80\xff\xff\xff\xff\1a");
    expect_why(RDB_SET, "a member stands there twice", "\2\1a\1a");
    expect_why(RDB_ZSET, "a score is no number", "\1\1a\xfd");
    expect_why(RDB_ZSET_LISTPACK, "a score is no number",
               "\x0d\x0d\0\0\0\2\0\x81"
               "a\2\x81"
               "b\2\xff");
    expect_why(RDB_HASH, "a field stands there twice", "\2\1a\1x\1a\1y");
    expect_why(RDB_HASH_LISTPACK, "a packed collection is damaged",
               "\x0a\x0a\0\0\0\1\0\x81"
               "a\2\xff");
    expect_why(RDB_LIST_QUICKLIST_2, "a node has an unknown form", "\1\3\1a");
    expect_why(RDB_LIST_QUICKLIST_2, "a node is empty", "\1\1\0");
    expect_why(RDB_HASH_METADATA_PRE_GA, "a hash has a form of release candidates of Redis 7.4 only", "\1");
    expect_why(RDB_STREAM_LISTPACKS_3, "streams aren't supported", "\0");
    expect_why(RDB_MODULE_2, "values of modules aren't supported", "\0");
    expect_why(8, "the type is unknown", "\0");
    expect_why(RDB_HASH_LISTPACK_EX + 1, "the type is unknown", "\0");
}

Test(rdb_value, expiries_of_fields_are_checked)
{
    expect_why(RDB_HASH_METADATA, "", MS "\2\1\1a\1x\0\1b\1y");
    expect_why(RDB_HASH_METADATA, "a field stands there twice", MS "\2\1\1a\1x\0\1a\1y");
    expect_why(RDB_HASH_METADATA, "a collection is empty", MS "\0");
    expect_why(RDB_HASH_METADATA, "an expiry is out of range", "\0\0\0\0\0\0\0\x80\1\1\1a\1x");
    expect_why(RDB_HASH_METADATA, "an expiry is out of range", "\0\0\0\0\0\0\0\x7f\1\1\1a\1x");
    expect_why(RDB_HASH_METADATA, "an expiry is out of range",
               MS "\1\x81\xff\xff\xff\xff\xff\xff\xff\xff\1a\1x");
    expect_why(RDB_HASH_METADATA, "an expiry is out of range", MS "\1\x81\0\1\0\0\0\0\0\0\1a\1x");
/* (a, x, one second later), (b, y, never) and the like */
#define TRIPLE(t)                                                                                            \
    "\x81"                                                                                                   \
    "a\2\x81"                                                                                                \
    "x\2" t
#define LATE "\xf4\xe8\xdb\xc3\x2c\xbb\3\0\0\x09"
#define EARLY "\xf4" MS "\x09"
#define PACKED(len, count, all) MS len len "\0\0\0" count "\0" all "\xff"
    expect_why(RDB_HASH_LISTPACK_EX, "", PACKED("\x17", "\3", TRIPLE(EARLY)));
    expect_why(RDB_HASH_LISTPACK_EX, "",
               PACKED("\x1f", "\6",
                      TRIPLE(EARLY) "\x81"
                                    "b\2\x81"
                                    "y\2"
                                    "\0\1"));
    expect_why(RDB_HASH_LISTPACK_EX, "expiries are out of order",
               PACKED("\x27", "\6",
                      TRIPLE(LATE) "\x81"
                                   "b\2\x81"
                                   "y\2" EARLY));
    expect_why(RDB_HASH_LISTPACK_EX, "expiries are out of order",
               PACKED("\x1f", "\6",
                      TRIPLE("\0\1") "\x81"
                                     "b\2\x81"
                                     "y\2" EARLY));
    expect_why(RDB_HASH_LISTPACK_EX, "a field stands there twice",
               PACKED("\x1f", "\6", TRIPLE(EARLY) TRIPLE("\0\1")));
    expect_why(RDB_HASH_LISTPACK_EX, "an expiry is out of range",
               PACKED("\x10", "\3", TRIPLE("\xdf\xff\2")) "");
    expect_why(RDB_HASH_LISTPACK_EX, "a packed collection is damaged",
               PACKED("\x0d", "\2",
                      "\x81"
                      "a\2\x81"
                      "x\2"));
}

/* What was read before an error came is gone with it. */
Test(rdb_value, nothing_is_left_of_what_was_refused)
{
    size_t before = arena_stats().objects;
    for (enum shape shape = LIST; shape < SHAPES; shape++)
        for (uint64_t count = 3; count <= 600; count += 597) {
            build(shape, count);
            struct rdb_writer w = {.compress = false};
            struct place p = at("k"), built;
            enum rdb_type type = rdb_value_type(p.entry);
            rdb_value_write(&w, p.entry);
            place_clear(&p);
            for (unsigned i = 0; i < 20; i++) {
                struct rdb_reader r = rdb_reader_of(slice_make(w.out.data, draw_below(w.out.len)));
                cr_expect_not(rdb_value_read(&r, (uint8_t)type, ks, &built));
                cr_expect_null(built.entry);
            }
            rdb_writer_deinit(&w);
        }
    while (keyspace_work(ks, 1000000) == 0)
        ;
    cr_expect_leq(arena_stats().objects, before + 10, "%zu objects more", arena_stats().objects - before);
}

Test(rdb_value, payloads_are_whole_and_end_with_the_value)
{
    struct place built;
    const char *error;
    build(ZSET, 100);
    struct rdb_writer w = {.compress = true};
    buf_append(&w.out, "before", 6);
    payload_write(&w, at("k").entry);
    struct slice payload = slice_make(w.out.data + 6, w.out.len - 6);
    cr_expect(payload_is_whole(payload));
    cr_expect(payload_read(payload, ks, &built, &error));
    expect_built(built.entry, ZSET, 100);
    place_clear(&built);
    for (unsigned i = 0; i < 200; i++) {
        char *byte = w.out.data + 6 + draw_below(payload.len), bit = (char)(1 << draw_below(8));
        *byte ^= bit;
        cr_expect_not(payload_is_whole(payload));
        *byte ^= bit;
    }
    cr_expect(payload_is_whole(payload));
    for (size_t len = 0; len < PAYLOAD_FOOTER; len++)
        cr_expect_not(payload_is_whole(slice_make(w.out.data + 6, len)));
    cr_expect_not(payload_read(SLICE("\0\2hi!1234567890"), ks, &built, &error));
    cr_expect_str_eq(error, "something follows the value");
    rdb_writer_deinit(&w);
}
