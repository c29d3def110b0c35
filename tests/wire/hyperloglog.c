/* HyperLogLog: bytes and estimates are compared with what Redis 7.0.15 made of the same elements. */
#include "tests/wire/events.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

WIRE_SUITE(hyperloglog);

#define WRONG_TYPE "WRONGTYPE Operation against a key holding the wrong kind of value"
#define NOT_A_LOG "WRONGTYPE Key is not a valid HyperLogLog string value."
#define CORRUPT "INVALIDOBJ Corrupted HLL object detected"

/* The header of a sparse one, its count remembered and 0. */
#define HEADER "HYLL\1\0\0\0\0\0\0\0\0\0\0\0"

/* PFADD key "e<from>" ... "e<to - 1>", 500 at a time. */
static void add_range(redisContext *c, const char *key, int from, int to)
{
    while (from < to) {
        static char elements[500][16];
        const char *argv[502] = {"PFADD", key};
        int argc = 2;
        for (; argc < 502 && from < to; argc++, from++) {
            snprintf(elements[argc - 2], sizeof elements[0], "e%d", from);
            argv[argc] = elements[argc - 2];
        }
        redisReply *reply = redisCommandArgv(c, argc, argv, NULL);
        cr_assert(reply && reply->type == REDIS_REPLY_INTEGER, "PFADD failed");
        freeReplyObject(reply);
    }
}

/* The value's bytes as one number: FNV-1a. */
static void expect_value(redisContext *c, const char *key, size_t len, uint64_t sum)
{
    redisReply *reply = wire_command(c, "GET %s", key);
    uint64_t h = 0xcbf29ce484222325ull;
    for (size_t i = 0; i < reply->len; i++)
        h = (h ^ (uint8_t)reply->str[i]) * 0x100000001b3ull;
    cr_assert_eq(reply->len, len, "%s: %zu bytes, not %zu", key, reply->len, len);
    cr_assert_eq(h, sum, "%s: other bytes than Redis's", key);
    freeReplyObject(reply);
}

/* ---- PFADD and PFCOUNT ------------------------------------------------------------- */

Test(hyperloglog, pfadd_says_whether_anything_changed)
{
    redisContext *c = wire_client();
    expect_int(c, 1, "PFADD k a b c d");
    expect_int(c, 0, "PFADD k a");
    expect_int(c, 0, "PFADD k");
    expect_int(c, 4, "PFCOUNT k");
    expect_int(c, 1, "PFADD k a e");
    expect_int(c, 5, "PFCOUNT k");
    expect_int(c, 1, "PFADD empty");
    expect_int(c, 0, "PFADD empty");
    expect_int(c, 0, "PFCOUNT empty");
    expect_int(c, 0, "PFCOUNT none");
    expect_int(c, 0, "EXISTS none");
    expect_int(c, 1, "PFADD k2 %s", "");
    expect_int(c, 1, "PFADD k2 %b", "\0\0", (size_t)2);
    expect_int(c, 2, "PFCOUNT k2");
    expect(c, "+string", "TYPE k");
    expect_bulk(c, "raw", "OBJECT ENCODING k");
}

Test(hyperloglog, values_have_redis_bytes)
{
    redisContext *c = wire_client();
    expect_int(c, 1, "PFADD k");
    expect_bytes(c, "HYLL\1\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff", 18, "GET k");
    expect_int(c, 0, "PFCOUNT k");
    expect_bytes(c, HEADER "\x7f\xff", 18, "GET k");
    expect_int(c, 1, "PFADD k a b");
    expect_bytes(c,
                 "HYLL\1\0\0\0\0\0\0\0\0\0\0\x80q\xa6\x84K\xfb\x80"
                 "BZ",
                 24, "GET k");
    expect_int(c, 2, "PFCOUNT k");
    expect_bytes(c,
                 "HYLL\1\0\0\0\2\0\0\0\0\0\0\0q\xa6\x84K\xfb\x80"
                 "BZ",
                 24, "GET k");
}

Test(hyperloglog, bytes_and_estimates_are_redis_s)
{
    static const struct {
        const char *sparse_max;
        int elements, count;
        size_t len;
        uint64_t sum;
    } cases[] = {
        {"3000", 1, 1, 21, 0x546d16fdfd2c805a},          {"3000", 2, 2, 24, 0x0487415237f99c33},
        {"3000", 10, 10, 48, 0xd06c25fbeaa23420},        {"3000", 100, 100, 285, 0x40dec5e3b1513cfa},
        {"3000", 1000, 1008, 1906, 0x4ded8ea0046b668d},  {"3000", 1600, 1602, 2869, 0x534e1f7ade0ca08c},
        {"3000", 5000, 4968, 12304, 0x9219c5a2921db657}, {"3000", 60000, 60187, 12304, 0x3eff03f52b7241d3},
        {"0", 1, 1, 12304, 0x08e36f495aa4f8cb},          {"0", 2, 2, 12304, 0xcc806807536b25c8},
        {"0", 1000, 1008, 12304, 0x2390895aa41243f7},    {"100", 10, 10, 48, 0xd06c25fbeaa23420},
        {"100", 100, 100, 12304, 0x019a893d5cd6cdb3},    {"20000", 1600, 1602, 2869, 0x534e1f7ade0ca08c},
        {"20000", 5000, 4968, 7116, 0x730c027419400030}, {"20000", 60000, 60187, 13592, 0xd7521d89608ffcf5},
    };
    redisContext *c = wire_client();
    int before = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (i == 0 || strcmp(cases[i].sparse_max, cases[i - 1].sparse_max) != 0) {
            wire_config("hll-sparse-max-bytes", cases[i].sparse_max);
            expect_ok(c, "FLUSHALL");
            before = 0;
        }
        add_range(c, "k", before, cases[i].elements);
        before = cases[i].elements;
        expect_int(c, cases[i].count, "PFCOUNT k");
        expect_value(c, "k", cases[i].len, cases[i].sum);
        expect_int(c, cases[i].count, "PFCOUNT k"); /* the one that it remembers */
        expect(c, cases[i].len == 12304 ? "+dense" : "+sparse", "PFDEBUG ENCODING k");
    }
}

Test(hyperloglog, pfcount_remembers_and_pfadd_forgets)
{
    redisContext *c = wire_client();
    add_range(c, "k", 0, 100);
    expect(c, "\"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80\"", "GETRANGE k 8 15");
    expect_int(c, 100, "PFCOUNT k");
    expect(c, "\"d\\x00\\x00\\x00\\x00\\x00\\x00\\x00\"", "GETRANGE k 8 15");
    expect_int(c, 0, "PFADD k e1");
    expect(c, "\"d\\x00\\x00\\x00\\x00\\x00\\x00\\x00\"", "GETRANGE k 8 15");
    expect_int(c, 1, "PFADD k other");
    expect(c, "\"d\\x00\\x00\\x00\\x00\\x00\\x00\\x80\"", "GETRANGE k 8 15");
    expect_ok(c, "SET told %b", HEADER "\x7f\xff", (size_t)18);
    expect_int(c, 18, "SETRANGE told 8 %b", "\x39\x30\0\0", (size_t)4);
    expect_int(c, 12345, "PFCOUNT told"); /* what it says is believed */
    expect_int(c, 0, "PFCOUNT told none");
}

Test(hyperloglog, pfcount_of_several_counts_their_union)
{
    redisContext *c = wire_client();
    add_range(c, "a", 0, 300);
    add_range(c, "b", 200, 700);
    add_range(c, "c", 5000, 9000);
    expect(c, "+sparse", "PFDEBUG ENCODING a");
    expect(c, "+dense", "PFDEBUG ENCODING c");
    expect_int(c, 704, "PFCOUNT a b");
    expect_int(c, 704, "PFCOUNT b none a a");
    expect_int(c, 4694, "PFCOUNT a b c");
    expect_int(c, 4005, "PFCOUNT c none");
    expect_int(c, 0, "PFCOUNT none none");
}

/* ---- PFMERGE --------------------------------------------------------------------------- */

Test(hyperloglog, pfmerge_keeps_the_highest_registers)
{
    redisContext *c = wire_client();
    add_range(c, "a", 0, 300);
    add_range(c, "b", 200, 700);
    add_range(c, "c", 5000, 9000);
    expect_ok(c, "PFMERGE d a");
    expect_value(c, "d", 713, 0xa4cfffba965d1718);
    expect_int(c, 302, "PFCOUNT d");
    expect_ok(c, "PFMERGE d b");
    expect_value(c, "d", 1403, 0x48102c5d385c4f0b);
    expect_int(c, 704, "PFCOUNT d");
    expect_ok(c, "PFMERGE a b none");
    expect_value(c, "a", 1403, 0x0ed701849c3106ec);
    expect_int(c, 704, "PFCOUNT a");
    expect_ok(c, "PFMERGE f a b c");
    expect_value(c, "f", 12304, 0x0723e7af9eb94452);
    expect_int(c, 4694, "PFCOUNT f");
    expect_ok(c, "PFMERGE d c"); /* dense because a source is */
    expect_value(c, "d", 12304, 0xa8c6cd0d12e2c2a4);
    expect_int(c, 4694, "PFCOUNT d");
    expect_ok(c, "PFMERGE new none");
    expect_bytes(c, "HYLL\1\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff", 18, "GET new");
    expect_ok(c, "PFMERGE new");
    expect_int(c, 1, "PFADD dest x");
    expect_int(c, 1, "EXPIRE dest 100");
    expect_ok(c, "PFMERGE dest c");
    expect_between(c, 1, 100, "TTL dest");
}

Test(hyperloglog, pfmerge_outgrows_sparse)
{
    redisContext *c = wire_client();
    wire_config("hll-sparse-max-bytes", "400");
    add_range(c, "a", 0, 100);
    add_range(c, "b", 100, 200);
    expect(c, "+sparse", "PFDEBUG ENCODING a");
    expect(c, "+sparse", "PFDEBUG ENCODING b");
    expect_ok(c, "PFMERGE d a b");
    expect(c, "+dense", "PFDEBUG ENCODING d");
    long long count = wire_int(c, "PFCOUNT a b");
    expect_int(c, count, "PFCOUNT d");
}

/* ---- what isn't one ------------------------------------------------------------------- */

Test(hyperloglog, other_values_are_refused)
{
    redisContext *c = wire_client();
    char dense[12305] = "HYLL";
    static const struct {
        const char *bytes;
        size_t len;
    } strings[] = {{"", 0},
                   {"abc", 3},
                   {"12345", 5},
                   {"HYLL", 4},
                   {HEADER, 15},
                   {"HYLM\1\0\0\0\0\0\0\0\0\0\0\0\x7f\xff", 18},
                   {"HYLL\2\0\0\0\0\0\0\0\0\0\0\0\x7f\xff", 18},
                   {"HYLL\0\0\0\0\0\0\0\0\0\0\0\0\x7f\xff", 18}};
    size_t count = sizeof strings / sizeof *strings;
    expect_int(c, 1, "PFADD good a");
    for (size_t i = 0; i < count + 2; i++) {
        if (i < count)
            expect_ok(c, "SET s %b", strings[i].bytes, strings[i].len);
        else
            expect_ok(c, "SET s %b", dense, sizeof dense - (i == count ? 0 : 2));
        expect_error(c, NOT_A_LOG, "PFADD s a");
        expect_error(c, NOT_A_LOG, "PFADD s");
        expect_error(c, NOT_A_LOG, "PFCOUNT s");
        expect_error(c, NOT_A_LOG, "PFCOUNT good s");
        expect_error(c, NOT_A_LOG, "PFMERGE good s");
        expect_error(c, NOT_A_LOG, "PFMERGE s good");
        expect_error(c, NOT_A_LOG, "PFDEBUG ENCODING s");
    }
    expect_ok(c, "SET s %b", dense, sizeof dense - 1);
    expect_int(c, 1, "PFADD s a");
    expect_int(c, 1, "RPUSH l a");
    expect_error(c, WRONG_TYPE, "PFADD l a");
    expect_error(c, WRONG_TYPE, "PFCOUNT l");
    expect_error(c, WRONG_TYPE, "PFCOUNT good l");
    expect_error(c, WRONG_TYPE, "PFMERGE good l");
    expect_error(c, WRONG_TYPE, "PFMERGE l good");
    expect_error(c, WRONG_TYPE, "PFDEBUG DECODE l");
    expect_int(c, 1, "PFCOUNT good");
}

Test(hyperloglog, corrupt_runs_are_an_error)
{
    redisContext *c = wire_client();
    /* Too few, too many, nothing, and too many by the last run alone. The count is stale, so it is needed. */
    static const struct {
        const char *runs;
        size_t len;
    } cases[] = {{"\x7f\xfe", 2}, {"\x7f\xff\0", 3}, {"", 0}, {"\x7f\xfe\x83", 3}, {"\x7f\xff\x7f\xff", 4}};
    expect_int(c, 1, "PFADD good a");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect_ok(c, "SET k %b", "HYLL\1\0\0\0\0\0\0\0\0\0\0\x80", (size_t)16);
        expect_int(c, (long long)(16 + cases[i].len), "APPEND k %b", cases[i].runs, cases[i].len);
        expect_error(c, CORRUPT, "PFCOUNT k");
        expect_error(c, CORRUPT, "PFCOUNT good k");
        expect_error(c, CORRUPT, "PFMERGE good k");
        expect_error(c, CORRUPT, "PFMERGE k good");
        expect_error(c, CORRUPT, "PFDEBUG TODENSE k");
        expect_error(c, CORRUPT, "PFDEBUG GETREG k");
        expect_int(c, (long long)(16 + cases[i].len), "STRLEN k");
    }
    expect_ok(c, "SET k %b", HEADER "\x40\x40", (size_t)18); /* ends before "a" and "b" */
    expect_error(c, CORRUPT, "PFADD k a");
    expect_error(c, CORRUPT, "PFADD k b a");
    expect_bytes(c, HEADER "\x40\x40", 18, "GET k");
    expect_int(c, 1, "PFCOUNT good");
    wire_config("hll-sparse-max-bytes", "0"); /* to become dense it must be right */
    expect_ok(c, "SET k %b", HEADER "\x7f\xfe", (size_t)18);
    expect_error(c, CORRUPT, "PFADD k a");
    char *text = calloc(1, 40000);
    memcpy(text, HEADER, 16);
    expect_ok(c, "SET k %b", text, (size_t)40000);
    free(text);
    expect_error(c, CORRUPT, "PFDEBUG TODENSE k");
    if (!wire_is_redis()) /* which looks only as far as it needs to */
        expect_error(c, CORRUPT, "PFADD k a");
}

Test(hyperloglog, registers_above_all_ranks_are_survived)
{
    redisContext *c = wire_client();
    char dense[12304];
    memset(dense, 0xff, sizeof dense);
    memcpy(dense, "HYLL\0\0\0\0\0\0\0\0\0\0\0\x80", 16);
    expect_ok(c, "SET k %b", dense, sizeof dense);
    wire_int(c, "PFCOUNT k"); /* some number */
    expect_int(c, 0, "PFADD k a b c");
    expect_ok(c, "PFMERGE d k");
    redisReply *reply = wire_command(c, "PFDEBUG GETREG d");
    cr_assert_eq(reply->elements, 16384);
    cr_assert_eq(reply->element[16383]->integer, 63);
    freeReplyObject(reply);
}

Test(hyperloglog, wrong_numbers_of_arguments)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR wrong number of arguments for 'pfadd' command", "PFADD");
    expect_error(c, "ERR wrong number of arguments for 'pfcount' command", "PFCOUNT");
    expect_error(c, "ERR wrong number of arguments for 'pfmerge' command", "PFMERGE");
    expect_error(c, "ERR wrong number of arguments for 'pfdebug' command", "PFDEBUG ENCODING");
    expect_error(c, "ERR wrong number of arguments for 'pfdebug' command", "PFDEBUG ENCODING k k");
    expect_error(c, "ERR wrong number of arguments for 'pfselftest' command", "PFSELFTEST x");
}

/* ---- PFDEBUG and PFSELFTEST -------------------------------------------------------------- */

Test(hyperloglog, pfdebug_shows_runs_and_registers)
{
    redisContext *c = wire_client();
    expect_int(c, 1, "PFADD k");
    expect_bulk(c, "Z:16384", "PFDEBUG DECODE k");
    expect_int(c, 1, "PFADD k a b");
    expect_bulk(c, "Z:12711 v:2,1 Z:3068 v:1,1 Z:603", "PFDEBUG decode k");
    expect(c, "+sparse", "PFDEBUG ENCODING k");
    redisReply *reply = wire_command(c, "PFDEBUG GETREG k");
    cr_assert_eq(reply->elements, 16384);
    for (size_t i = 0; i < reply->elements; i++)
        cr_assert_eq(reply->element[i]->integer, i == 12711 ? 2 : i == 15780 ? 1 : 0, "register %zu", i);
    freeReplyObject(reply);
    expect(c, "+dense", "PFDEBUG ENCODING k"); /* GETREG makes it so */
    expect_error(c, "ERR HLL encoding is not sparse", "PFDEBUG DECODE k");
    expect_int(c, 1, "PFADD k2 a b");
    expect_int(c, 1, "PFDEBUG TODENSE k2");
    expect_int(c, 0, "PFDEBUG todense k2");
    expect_int(c, 12304, "STRLEN k2");
    expect_int(c, 2, "PFCOUNT k2");
    expect_int(c, 0, "PFADD k2 a");
    expect_int(c, 1, "PFADD k2 c");
    expect_error(c, "ERR Unknown PFDEBUG subcommand 'shape'", "PFDEBUG shape k");
    expect_error(c, "ERR The specified key does not exist", "PFDEBUG ENCODING none");
    expect_error(c, "ERR The specified key does not exist", "PFDEBUG shape none");
}

Test(hyperloglog, pfselftest_passes)
{
    redisContext *c = wire_client();
    expect_ok(c, "PFSELFTEST");
    if (wire_is_redis()) /* takes a minute with other settings */
        return;
    wire_config("hll-sparse-max-bytes", "0");
    expect_ok(c, "PFSELFTEST");
    wire_config("hll-sparse-max-bytes", "40000");
    expect_ok(c, "PFSELFTEST");
}

/* ---- who is told ------------------------------------------------------------------------ */

Test(hyperloglog, changes_are_told)
{
    redisContext *c = wire_client(), *listener = events_listener();
    expect_int(c, 1, "PFADD k a");
    expect_event(listener, "pfadd", "k");
    expect_int(c, 0, "PFADD k a");
    expect_int(c, 1, "PFCOUNT k");
    expect_int(c, 1, "PFADD k b c");
    expect_event(listener, "pfadd", "k");
    expect_ok(c, "PFMERGE d k");
    expect_event(listener, "pfadd", "d");
    expect_int(c, 3, "PFCOUNT d k");
    expect_int(c, 1, "PFDEBUG TODENSE d");
    expect_no_event(listener);
}

Test(hyperloglog, watchers_see_what_pfcount_remembers)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_int(c, 1, "PFADD k a");
    for (int round = 0; round < 2; round++) {
        expect_ok(c, "WATCH k");
        expect_int(other, 1, "PFCOUNT k"); /* the second time it is remembered */
        expect_ok(c, "MULTI");
        expect_queued(c, "PFADD k a");
        expect(c, round ? "[0]" : "nil", "EXEC");
    }
}

Test(hyperloglog, resp3_answers_are_the_same)
{
    struct wire_resp3 *c = resp3_client();
    expect3(c, "1", "PFADD k a");
    expect3(c, "1", "PFCOUNT k none");
    expect3(c, "+OK", "PFMERGE d k");
    expect3(c, "+sparse", "PFDEBUG ENCODING d");
    expect3(c, "\"Z:12711 v:2,1 Z:3672\"", "PFDEBUG DECODE d");
    expect3(c, "+OK", "SET s text");
    expect3(c, "-" NOT_A_LOG, "PFCOUNT s k");
}
