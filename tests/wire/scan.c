/* SCAN and KEYS. */
#include "tests/wire/wire.h"

#include <stdlib.h>

WIRE_SUITE(scan);

static void fill(redisContext *c, int from, int to)
{
    redisReply *r;
    for (int i = from; i < to; i++)
        redisAppendCommand(c, "SET key:%d v", i);
    for (int i = from; i < to; i++) {
        cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
        freeReplyObject(r);
    }
}

/* One call; counts the keys "key:N" that it shows in seen. Returns the next cursor (0: the round is over). */
static unsigned long long scan_call(redisContext *c, unsigned long long cursor, const char *options,
                                    int *seen)
{
    char text[200];
    snprintf(text, sizeof text, "SCAN %llu %s", cursor, options);
    redisReply *r = wire_command(c, text);
    cr_assert_eq(r->type, REDIS_REPLY_ARRAY, "%s", r->str ? r->str : "no array");
    cr_assert_eq(r->elements, 2);
    cr_assert_eq(r->element[0]->type, REDIS_REPLY_STRING);
    cursor = strtoull(r->element[0]->str, NULL, 10);
    cr_assert_eq(r->element[1]->type, REDIS_REPLY_ARRAY);
    for (size_t i = 0; i < r->element[1]->elements; i++)
        if (strncmp(r->element[1]->element[i]->str, "key:", 4) == 0)
            seen[atoi(r->element[1]->element[i]->str + 4)]++;
    freeReplyObject(r);
    return cursor;
}

static int scan_round(redisContext *c, const char *options, int *seen)
{
    unsigned long long cursor = 0;
    int calls = 0;
    do {
        cursor = scan_call(c, cursor, options, seen);
        cr_assert_lt(++calls, 100000);
    } while (cursor);
    return calls;
}

Test(scan, an_empty_database_is_over_at_once)
{
    redisContext *c = wire_client();
    expect(c, "[\"0\" []]", "SCAN 0");
    expect(c, "[]", "KEYS *");
    struct wire_resp3 *c3 = resp3_client();
    expect3(c3, "[\"0\" []]", "SCAN 0 COUNT 100 MATCH * TYPE string");
    expect3(c3, "[]", "KEYS *");
}

Test(scan, a_round_shows_every_key)
{
    redisContext *c = wire_client();
    static int seen[5000];
    fill(c, 0, 5000);
    static const char *const options[] = {"",
                                          "COUNT 1",
                                          "COUNT 100",
                                          "COUNT 10000",
                                          "MATCH key:*",
                                          "TYPE string",
                                          "MATCH * COUNT 7 TYPE STRING"};
    for (size_t o = 0; o < sizeof options / sizeof *options; o++) {
        memset(seen, 0, sizeof seen);
        scan_round(c, options[o], seen);
        for (int i = 0; i < 5000; i++)
            cr_assert_geq(seen[i], 1, "key:%d is missing with \"%s\"", i, options[o]);
    }
}

Test(scan, count_says_about_how_many)
{
    redisContext *c = wire_client();
    static int seen[5000];
    fill(c, 0, 5000);
    cr_assert_geq(scan_round(c, "COUNT 10", seen), 100);
    cr_assert_leq(scan_round(c, "COUNT 1000", seen), 10);
    cr_assert_eq(scan_round(c, "COUNT 9223372036854775807", seen), 1);
}

Test(scan, what_stays_is_shown_while_others_come_and_go)
{
    redisContext *c = wire_client();
    static int seen[40000];
    fill(c, 0, 1000);
    for (int round = 0; round < 3; round++) {
        memset(seen, 0, sizeof seen);
        unsigned long long cursor = 0;
        int next = 1000, gone = 1000;
        do {
            cursor = scan_call(c, cursor, "COUNT 20", seen);
            for (int i = 0; round > 0 && i < 200; i++, gone++)
                redisAppendCommand(c, "DEL key:%d", gone);
            redisReply *r;
            for (int i = 0; round > 0 && i < 200; i++) {
                cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
                freeReplyObject(r);
            }
            if (round < 2 && next < 39000) { /* grows, then both, then shrinks */
                fill(c, next, next + 300);
                next += 300;
            }
        } while (cursor);
        for (int i = 0; i < 1000; i++)
            cr_assert_geq(seen[i], 1, "key:%d is missing", i);
    }
}

Test(scan, match_filters_by_pattern)
{
    redisContext *c = wire_client();
    expect_ok(c, "MSET hello 1 hallo 2 hxllo 3 hllo 4 other 5 h[ 6");
    expect_ok(c, "SET %b 7", "bin\0ary", (size_t)7);
    expect_unordered(c, "[\"hallo\" \"hello\" \"hxllo\"]", "KEYS h?llo");
    expect_unordered(c, "[\"hallo\" \"hello\"]", "KEYS h[ae]llo");
    expect_unordered(c, "[\"hallo\" \"hxllo\"]", "KEYS h[^e]llo");
    expect_unordered(c, "[\"hallo\"]", "KEYS h[a-b]llo");
    expect_unordered(c, "[\"hallo\" \"hello\" \"hllo\" \"hxllo\"]", "KEYS h*llo");
    expect_unordered(c, "[\"h[\"]", "KEYS h\\[");
    expect_unordered(c, "[\"other\"]", "KEYS other");
    expect_unordered(c, "[]", "KEYS Other");
    expect_unordered(c, "[]", "KEYS %s", "");
    expect_unordered(c, "[\"bin\\x00ary\"]", "KEYS %b", "bin\0ary", (size_t)7);
    expect_unordered(c, "[\"bin\\x00ary\"]", "KEYS bin?ary");
    expect(c, "[\"0\" [\"h[\"]]", "SCAN 0 MATCH h\\[ COUNT 100");
    expect(c, "[\"0\" [\"bin\\x00ary\"]]", "SCAN 0 COUNT 100 MATCH bin*");
}

Test(scan, a_pattern_without_wildcards_is_a_name)
{
    redisContext *c = wire_client();
    static int seen[5000];
    fill(c, 0, 5000);
    scan_round(c, "MATCH key:77", seen);
    for (int i = 0; i < 5000; i++)
        cr_assert_eq(seen[i], i == 77);
    memset(seen, 0, sizeof seen);
    scan_round(c, "MATCH key:77 TYPE list", seen);
    scan_round(c, "MATCH key:5000", seen);
    for (int i = 0; i < 5000; i++)
        cr_assert_eq(seen[i], 0);
    expect(c, "[\"key:4999\"]", "KEYS key:4999");
    expect(c, "[]", "KEYS key:5000");
}

Test(scan, the_last_of_an_option_counts)
{
    redisContext *c = wire_client();
    expect_ok(c, "MSET a 1 b 2");
    expect(c, "[\"0\" [\"b\"]]", "SCAN 0 MATCH a MATCH b COUNT 1 COUNT 100");
}

Test(scan, type_filters_and_an_unknown_one_shows_nothing)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET a 1");
    expect(c, "[\"0\" [\"a\"]]", "SCAN 0 TYPE string");
    expect(c, "[\"0\" [\"a\"]]", "SCAN 0 type STRING");
    expect(c, "[\"0\" []]", "SCAN 0 TYPE hash");
    expect(c, "[\"0\" []]", "SCAN 0 TYPE nosuchtype");
}

Test(scan, cursors_are_read_as_redis_reads_them)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET a 1");
    static const char *const good[] = {"0", "+0", "-0", "", "00000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        expect(c, "[\"0\" [\"a\"]]", "SCAN %s", good[i]);
    static const char *const bad[] = {"a", "1a", " 0", "0 ", "-", "+", "0x0", "1.0", "18446744073709551616"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_error(c, "ERR invalid cursor", "SCAN %s", bad[i]);
    redisReply *r = wire_command(c, "SCAN 18446744073709551615");
    cr_assert(r->type == REDIS_REPLY_ARRAY && strcmp(r->element[0]->str, "0") == 0);
    freeReplyObject(r);
}

Test(scan, errors)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR wrong number of arguments for 'scan' command", "SCAN");
    expect_error(c, "ERR wrong number of arguments for 'keys' command", "KEYS");
    expect_error(c, "ERR wrong number of arguments for 'keys' command", "KEYS a b");
    expect_error(c, "ERR syntax error", "SCAN 0 COUNT");
    expect_error(c, "ERR syntax error", "SCAN 0 COUNT 0");
    expect_error(c, "ERR syntax error", "SCAN 0 COUNT -5");
    expect_error(c, "ERR value is not an integer or out of range", "SCAN 0 COUNT x");
    expect_error(c, "ERR syntax error", "SCAN 0 FOO bar");
    expect_error(c, "ERR syntax error", "SCAN 0 MATCH a TYPE");
    expect_error(c, "ERR invalid cursor", "SCAN x COUNT x");
}

Test(scan, counts_no_hits)
{
    redisContext *c = wire_client();
    if (wire_is_redis())
        return; /* its TYPE filter counts each key that it looks at */
    expect_ok(c, "MSET a 1 b 2");
    long long hits = wire_info_int(c, "keyspace_hits"), misses = wire_info_int(c, "keyspace_misses");
    expect_unordered(c, "[\"a\" \"b\"]", "KEYS *");
    expect(c, "[\"0\" [\"a\"]]", "SCAN 0 MATCH a COUNT 100 TYPE string");
    expect(c, "[\"0\" []]", "SCAN 0 MATCH c COUNT 100");
    cr_assert_eq(wire_info_int(c, "keyspace_hits"), hits);
    cr_assert_eq(wire_info_int(c, "keyspace_misses"), misses);
}

Test(scan, keys_lists_a_hundred_thousand)
{
    redisContext *c = wire_client();
    fill(c, 0, 100000);
    redisReply *r = wire_command(c, "KEYS *");
    cr_assert_eq(r->elements, 100000);
    freeReplyObject(r);
    r = wire_command(c, "KEYS key:1234*");
    cr_assert_eq(r->elements, 11);
    freeReplyObject(r);
}
