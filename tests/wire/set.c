/* Sets: every command in every form, limits, wrong types, events. */
#include "tests/wire/events.h"
#include "tests/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

WIRE_SUITE(set);

#define WRONG_TYPE "WRONGTYPE Operation against a key holding the wrong kind of value"
#define NOT_INTEGER "ERR value is not an integer or out of range"
#define SYNTAX "ERR syntax error"

/* Begins round i with an empty server whose sets stay small, are always tables, or become tables at three members. */
static bool begin_round(redisContext *c, int i)
{
    static const char *const limits[][2] = {{"512", "128"}, {"0", "0"}, {"3", "3"}, {"512", "0"}};
    if (i == sizeof limits / sizeof *limits)
        return false;
    wire_config("set-max-intset-entries", limits[i][0]);
    if (!wire_is_redis())
        wire_config("set-max-listpack-entries", limits[i][1]);
    expect_ok(c, "FLUSHALL");
    return true;
}

/* The block that follows runs once with each of these limits. */
#define EACH_FORM(c) for (int round_ = 0; begin_round(c, round_); round_++)

/* Redis 7.0, which may stand in for the server, has no sets in listpacks. */
static void expect_encoding(redisContext *c, const char *encoding, const char *key)
{
    bool packed = strcmp(encoding, "listpack") == 0;
    expect_bulk(c, packed && wire_is_redis() ? "hashtable" : encoding, "OBJECT ENCODING %s", key);
}

/* Adds the numbers from `from` to `to` - 1, each with this in front. */
static void add_range(redisContext *c, const char *key, const char *prefix, int from, int to)
{
    for (int i = from; i < to; i++)
        wire_send(c, "SADD %s %s%d", key, prefix, i);
    for (int i = from; i < to; i++)
        expect_next(c, "1");
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The bulk strings of an array reply, sorted; and how many of them are different. */
static char **sorted(const redisReply *r, size_t *different)
{
    char **text = malloc((r->elements + 1) * sizeof *text);
    for (size_t i = 0; i < r->elements; i++)
        text[i] = r->element[i]->str;
    qsort(text, r->elements, sizeof *text, by_text);
    *different = r->elements > 0;
    for (size_t i = 1; i < r->elements; i++)
        *different += strcmp(text[i - 1], text[i]) != 0;
    return text;
}

/* ---- one set ----------------------------------------------------------------------- */

Test(set, members_are_added_and_removed_once)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        expect_int(c, 1, "SADD s 1");
        expect_int(c, 0, "SADD s 1");
        expect_int(c, 2, "SADD s 2 1 3 2");
        expect_int(c, 2, "SADD s a -1 3");
        expect_int(c, 5, "SCARD s");
        expect_unordered(c, "[\"-1\" \"1\" \"2\" \"3\" \"a\"]", "SMEMBERS s");
        expect_int(c, 2, "SREM s 1 x 1 a");
        expect_int(c, 0, "SREM s a");
        expect_int(c, 3, "SCARD s");
        expect(c, "+set", "TYPE s");
        expect_int(c, 3, "SREM s -1 2 3 4");
        expect_int(c, 0, "EXISTS s");
        expect_int(c, 0, "SREM s 1");
        expect_int(c, 0, "SCARD s");
        expect(c, "[]", "SMEMBERS s");
    }
}

Test(set, members_are_any_bytes)
{
    redisContext *c = wire_client();
    static char big[100000];
    memset(big, 'b', sizeof big);
    static const size_t lengths[] = {63, 64, 65, 253, 254, 255, 256, 4095, 4096, 70000, 100000};
    EACH_FORM(c)
    {
        expect_int(c, 1, "SADD s %b", "a\0\r\n\xff", (size_t)5);
        expect_int(c, 1, "SADD s %s", "");
        expect_int(c, 1, "SISMEMBER s %b", "a\0\r\n\xff", (size_t)5);
        expect_int(c, 0, "SISMEMBER s %b", "a\0\r\n\xfe", (size_t)5);
        expect_int(c, 1, "SISMEMBER s %s", "");
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            expect_int(c, 1, "SADD s %b", big, lengths[i]);
            expect_int(c, 0, "SADD s %b", big, lengths[i]);
            expect_int(c, 1, "SISMEMBER s %b", big, lengths[i]);
            expect_int(c, 1, "SADD one%d %b", (int)i, big, lengths[i]);
            expect_bytes(c, big, lengths[i], "SPOP one%d", (int)i);
        }
        expect_int(c, 13, "SCARD s");
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
            expect_int(c, 1, "SREM s %b", big, lengths[i]);
        expect_unordered(c, "[\"\" \"a\\x00\\r\\n\\xff\"]", "SMEMBERS s");
    }
}

Test(set, numbers_that_are_not_canonical_stay_as_they_are)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        expect_int(c, 1, "SADD s 1");
        expect_int(c, 6, "SADD s 01 +1 %s 1.0 -0 9223372036854775808", " 1");
        expect_unordered(c, "[\" 1\" \"+1\" \"-0\" \"01\" \"1\" \"1.0\" \"9223372036854775808\"]",
                         "SMEMBERS s");
        expect_int(c, 2, "SADD t 9223372036854775807 -9223372036854775808");
        expect_unordered(c, "[\"-9223372036854775808\" \"9223372036854775807\"]", "SMEMBERS t");
    }
}

Test(set, membership)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        expect_int(c, 0, "SISMEMBER s a");
        expect(c, "[0 0]", "SMISMEMBER s a b");
        expect_int(c, 3, "SADD s a 7 -70000");
        expect_int(c, 1, "SISMEMBER s a");
        expect_int(c, 1, "SISMEMBER s 7");
        expect_int(c, 0, "SISMEMBER s 8");
        expect(c, "[1 0 1 1 0 1]", "SMISMEMBER s a b 7 7 07 -70000");
        expect_int(c, 2, "SADD n 1 2");
        expect(c, "[1 0 0 1]", "SMISMEMBER n 1 x 3 2");
        expect_int(c, 0, "SISMEMBER n x");
    }
}

Test(set, a_single_command_takes_many_members)
{
    redisContext *c = wire_client();
    enum { COUNT = 1000 };
    const char *argv[COUNT + 2] = {"SADD", "s"};
    static char text[COUNT][8];
    for (int i = 0; i < COUNT; i++) {
        snprintf(text[i], sizeof text[i], i < 700 ? "%d" : "m%d", i);
        argv[i + 2] = text[i];
    }
    static const struct {
        const char *name, *after;
    } steps[] = {{"SADD", "1000"}, {"SADD", "0"}, {"SREM", "1000"}, {"SREM", "0"}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        argv[0] = steps[i].name;
        redisAppendCommandArgv(c, COUNT + 2, argv, NULL);
        expect_next(c, steps[i].after);
        expect_int(c, i < 2 ? COUNT : 0, "SCARD s");
    }
    argv[0] = "SADD";
    redisAppendCommandArgv(c, COUNT + 2, argv, NULL);
    expect_next(c, "1000");
    argv[0] = "SMISMEMBER";
    argv[COUNT + 1] = "none";
    redisAppendCommandArgv(c, COUNT + 2, argv, NULL);
    redisReply *r;
    cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
    cr_assert_eq(r->elements, COUNT);
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(r->element[i]->integer, i < COUNT - 1);
    freeReplyObject(r);
}

Test(set, the_encoding_follows_the_limits)
{
    redisContext *c = wire_client();
    add_range(c, "ints", "", 0, 512);
    expect_encoding(c, "intset", "ints");
    expect_int(c, 1, "SADD ints 512");
    expect_encoding(c, "hashtable", "ints");
    expect_int(c, 513, "SCARD ints");
    add_range(c, "few", "", 0, 100);
    expect_encoding(c, "intset", "few");
    expect_int(c, 1, "SADD few x");
    expect_encoding(c, "listpack", "few");
    add_range(c, "few", "", 100, 127);
    expect_encoding(c, "listpack", "few");
    expect_int(c, 1, "SADD few y");
    expect_encoding(c, "hashtable", "few");
    expect_int(c, 1, "SADD long x");
    expect_int(c, 1, "SADD long %s", "0123456789012345678901234567890123456789012345678901234567890123");
    expect_encoding(c, "listpack", "long");
    expect_int(c, 1, "SADD long %s", "01234567890123456789012345678901234567890123456789012345678901234");
    expect_encoding(c, "hashtable", "long");
    /* It never goes back. */
    expect_int(c, 2, "SREM few x y");
    expect_encoding(c, "hashtable", "few");
}

Test(set, many_at_once_decide_the_first_encoding)
{
    if (wire_is_redis())
        return;
    redisContext *c = wire_client();
    wire_config("set-max-intset-entries", "2");
    wire_config("set-max-listpack-entries", "4");
    expect_int(c, 1, "SADD a 1 1");
    expect_encoding(c, "intset", "a");
    expect_int(c, 1, "SADD b 1 1 1");
    expect_encoding(c, "listpack", "b");
    expect_int(c, 1, "SADD c 1 1 1 1 1");
    expect_encoding(c, "hashtable", "c");
    expect_int(c, 0, "SADD a 1 1 1");
    expect_encoding(c, "hashtable", "a");
    expect_int(c, 0, "SADD b 1 1 1 1");
    expect_encoding(c, "listpack", "b");
    expect_int(c, 0, "SADD b 1 1 1 1 1");
    expect_encoding(c, "hashtable", "b");
    wire_config("set-max-listpack-value", "3");
    expect_int(c, 2, "SADD d 1000 x");
    expect_encoding(c, "hashtable", "d");
}

Test(set, integers_are_listed_in_order_and_elements_as_they_came)
{
    redisContext *c = wire_client();
    expect_int(c, 6, "SADD n 5 -3 100000 0 -5000000000 7");
    expect(c, "[\"-5000000000\" \"-3\" \"0\" \"5\" \"7\" \"100000\"]", "SMEMBERS n");
    if (wire_is_redis())
        return;
    expect_int(c, 1, "SADD n b");
    expect_int(c, 2, "SADD n a 1");
    expect(c, "[\"-5000000000\" \"-3\" \"0\" \"5\" \"7\" \"100000\" \"b\" \"a\" \"1\"]", "SMEMBERS n");
    expect_int(c, 1, "SREM n 0");
    expect(c, "[\"-5000000000\" \"-3\" \"5\" \"7\" \"100000\" \"b\" \"a\" \"1\"]", "SMEMBERS n");
}

Test(set, smove)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        expect_int(c, 0, "SMOVE none to a");
        expect_int(c, 0, "EXISTS to");
        expect_int(c, 3, "SADD from a b 1");
        expect_int(c, 2, "SADD to b 2");
        expect_int(c, 0, "SMOVE from to x");
        expect_int(c, 1, "SMOVE from to a");
        expect_int(c, 1, "SMOVE from to b");
        expect_int(c, 1, "SMOVE from from 1");
        expect_int(c, 0, "SMOVE from from 2");
        expect(c, "[\"1\"]", "SMEMBERS from");
        expect_unordered(c, "[\"2\" \"a\" \"b\"]", "SMEMBERS to");
        expect_int(c, 1, "SMOVE from new 1");
        expect_int(c, 0, "EXISTS from");
        expect(c, "[\"1\"]", "SMEMBERS new");
        expect_encoding(c, round_ == 1 ? "hashtable" : "intset", "new");
        /* A wrong destination doesn't matter without a source. */
        expect_ok(c, "SET string x");
        expect_int(c, 0, "SMOVE none string a");
        expect_error(c, WRONG_TYPE, "SMOVE new string 1");
        expect_error(c, WRONG_TYPE, "SMOVE string new 1");
    }
}

/* ---- at random ------------------------------------------------------------------------ */

Test(set, spop_takes_members_until_none_is_left)
{
    redisContext *c = wire_client();
    expect_nil(c, "SPOP s");
    EACH_FORM(c)
    {
        for (int strings = 0; strings < 2; strings++) {
            enum { COUNT = 200 };
            bool seen[COUNT] = {false};
            add_range(c, "s", strings ? "m" : "", 0, COUNT);
            for (int i = 0; i < COUNT; i++) {
                char *member = wire_text(c, "SPOP s");
                int n = atoi(member + strings);
                cr_assert(n >= 0 && n < COUNT && !seen[n]);
                seen[n] = true;
                expect_int(c, 0, "SISMEMBER s %s", member);
                free(member);
                expect_int(c, COUNT - 1 - i, "SCARD s");
            }
            expect_int(c, 0, "EXISTS s");
            expect_nil(c, "SPOP s");
        }
    }
}

Test(set, spop_with_a_count)
{
    redisContext *c = wire_client();
    expect(c, "[]", "SPOP s 5");
    expect(c, "[]", "SPOP s 0");
    EACH_FORM(c)
    {
        for (int count = 0; count <= 160; count += 20) {
            add_range(c, "s", count % 40 ? "m" : "", 0, 140);
            expect_int(c, 140, "SUNIONSTORE all s");
            redisReply *r = wire_command(c, "SPOP s %d", count);
            size_t got = count < 140 ? (size_t)count : 140, different;
            cr_assert_eq(r->elements, got);
            char **text = sorted(r, &different);
            cr_assert_eq(different, got);
            expect_int(c, 140 - (long long)got, "SCARD s");
            for (size_t i = 0; i < got; i++) {
                expect_int(c, 0, "SISMEMBER s %s", text[i]);
                expect_int(c, 1, "SREM all %s", text[i]);
            }
            free(text);
            freeReplyObject(r);
            expect(c, "[]", "SDIFF all s");
            expect_ok(c, "FLUSHALL");
        }
    }
}

Test(set, srandmember_leaves_the_set_alone)
{
    redisContext *c = wire_client();
    expect_nil(c, "SRANDMEMBER s");
    expect(c, "[]", "SRANDMEMBER s 3");
    expect(c, "[]", "SRANDMEMBER s -3");
    expect(c, "[]", "SRANDMEMBER s 0");
    EACH_FORM(c)
    {
        for (int strings = 0; strings < 2; strings++) {
            enum { COUNT = 100 };
            add_range(c, "s", strings ? "m" : "", 0, COUNT);
            for (int i = 0; i < 50; i++) {
                char *member = wire_text(c, "SRANDMEMBER s");
                expect_int(c, 1, "SISMEMBER s %s", member);
                free(member);
            }
            static const int counts[] = {0, 1, 5, 50, 99, 100, 101, 100000, -1, -5, -1000};
            for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
                redisReply *r = wire_command(c, "SRANDMEMBER s %d", counts[i]);
                size_t want = (size_t)abs(counts[i]), different;
                if (counts[i] > COUNT)
                    want = COUNT;
                cr_assert_eq(r->elements, want);
                char **text = sorted(r, &different);
                cr_assert(counts[i] < 0 || different == want);
                cr_assert(counts[i] != -1000 || different > 80);
                for (size_t n = 0; n < want; n++)
                    expect_int(c, 1, "SISMEMBER s %s", text[n]);
                free(text);
                freeReplyObject(r);
            }
            expect_int(c, COUNT, "SCARD s");
            expect_int(c, 1, "DEL s");
        }
    }
}

Test(set, random_ones_come_with_even_odds)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        enum { COUNT = 10, ROUNDS = 300 };
        int one[COUNT] = {0}, few[COUNT] = {0}, many[COUNT] = {0};
        add_range(c, "s", round_ % 2 ? "" : "m", 0, COUNT);
        const char *number = round_ % 2 ? "%d" : "m%d";
        for (int i = 0; i < ROUNDS; i++) {
            wire_send(c, "SRANDMEMBER s -1");
            wire_send(c, "SRANDMEMBER s 2");
            wire_send(c, "SRANDMEMBER s 9");
        }
        for (int i = 0; i < 3 * ROUNDS; i++) {
            redisReply *r;
            cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
            for (size_t n = 0; n < r->elements; n++) {
                int member = -1;
                sscanf(r->element[n]->str, number, &member);
                (i % 3 == 0 ? one : i % 3 == 1 ? few : many)[member]++;
            }
            freeReplyObject(r);
        }
        for (int n = 0; n < COUNT; n++) {
            cr_assert(one[n] > 5 && one[n] < 75, "%d", one[n]);       /* 30 expected, deviation 5.2 */
            cr_assert(few[n] > 20 && few[n] < 110, "%d", few[n]);     /* 60, 6.9 */
            cr_assert(many[n] > 235 && many[n] < 300, "%d", many[n]); /* 270, 5.2 */
        }
    }
}

/* ---- several sets ------------------------------------------------------------------------ */

static void fill_three(redisContext *c)
{
    expect_int(c, 5, "SADD a 1 2 3 x y");
    expect_int(c, 4, "SADD b 2 3 4 5");
    expect_int(c, 3, "SADD c 3 x z");
}

Test(set, union_intersection_and_difference)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        fill_three(c);
        expect_unordered(c, "[\"2\" \"3\"]", "SINTER a b");
        expect(c, "[\"3\"]", "SINTER a b c");
        expect_unordered(c, "[\"2\" \"3\" \"4\" \"5\"]", "SINTER b");
        expect_unordered(c, "[\"2\" \"3\" \"4\" \"5\"]", "SINTER b b");
        expect(c, "[]", "SINTER a none");
        expect(c, "[]", "SINTER none");
        expect_unordered(c, "[\"1\" \"2\" \"3\" \"4\" \"5\" \"x\" \"y\"]", "SUNION a b");
        expect_unordered(c, "[\"1\" \"2\" \"3\" \"4\" \"5\" \"x\" \"y\" \"z\"]", "SUNION a none b c a");
        expect(c, "[]", "SUNION none other");
        expect_unordered(c, "[\"1\" \"x\" \"y\"]", "SDIFF a b");
        expect_unordered(c, "[\"1\" \"y\"]", "SDIFF a b none c");
        expect_unordered(c, "[\"2\" \"3\" \"4\" \"5\"]", "SDIFF b");
        expect(c, "[]", "SDIFF none a b");
        expect(c, "[]", "SDIFF a a");
        expect(c, "[]", "SDIFF a b a");
    }
}

Test(set, sintercard)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        fill_three(c);
        expect_int(c, 2, "SINTERCARD 2 a b");
        expect_int(c, 1, "SINTERCARD 3 a b c");
        expect_int(c, 5, "SINTERCARD 1 a");
        expect_int(c, 0, "SINTERCARD 2 a none");
        expect_int(c, 1, "SINTERCARD 2 a b LIMIT 1");
        expect_int(c, 2, "SINTERCARD 2 a b limit 2");
        expect_int(c, 2, "SINTERCARD 2 a b LIMIT 3");
        expect_int(c, 2, "SINTERCARD 2 a b LIMIT 0");
        expect_int(c, 2, "SINTERCARD 2 a b LIMIT 1 LIMIT 0");
    }
    expect_error(c, "ERR numkeys should be greater than 0", "SINTERCARD 0 a");
    expect_error(c, "ERR numkeys should be greater than 0", "SINTERCARD -1 a");
    expect_error(c, "ERR numkeys should be greater than 0", "SINTERCARD x a");
    expect_error(c, "ERR numkeys should be greater than 0", "SINTERCARD 9223372036854775808 a");
    expect_error(c, "ERR Number of keys can't be greater than number of args", "SINTERCARD 2 a");
    expect_error(c, "ERR Number of keys can't be greater than number of args",
                 "SINTERCARD 9223372036854775807 a");
    expect_error(c, SYNTAX, "SINTERCARD 1 a b");
    expect_error(c, SYNTAX, "SINTERCARD 1 a LIMIT");
    expect_error(c, SYNTAX, "SINTERCARD 1 a LIMIT 1 x");
    expect_error(c, "ERR LIMIT can't be negative", "SINTERCARD 1 a LIMIT -1");
    expect_error(c, "ERR LIMIT can't be negative", "SINTERCARD 1 a LIMIT x");
    expect(c, "[\"a\" \"b\"]", "COMMAND GETKEYS SINTERCARD 2 a b LIMIT 1");
}

Test(set, results_are_stored)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        fill_three(c);
        expect_int(c, 2, "SINTERSTORE to a b");
        expect_unordered(c, "[\"2\" \"3\"]", "SMEMBERS to");
        expect_int(c, 7, "SUNIONSTORE to a b");
        expect_int(c, 7, "SCARD to");
        expect_int(c, 3, "SDIFFSTORE to a b");
        expect_unordered(c, "[\"1\" \"x\" \"y\"]", "SMEMBERS to");
        /* Over one of the operands. */
        expect_int(c, 1, "SINTERSTORE to c to");
        expect(c, "[\"x\"]", "SMEMBERS to");
        expect_int(c, 6, "SUNIONSTORE a a c");
        expect_unordered(c, "[\"1\" \"2\" \"3\" \"x\" \"y\" \"z\"]", "SMEMBERS a");
        expect_int(c, 3, "SDIFFSTORE b b c none x");
        expect_unordered(c, "[\"2\" \"4\" \"5\"]", "SMEMBERS b");
    }
}

Test(set, an_empty_result_removes_the_key)
{
    redisContext *c = wire_client();
    static const char *const commands[] = {"SINTERSTORE to a none", "SUNIONSTORE to none other",
                                           "SDIFFSTORE to a a", "SDIFFSTORE to none a"};
    expect_int(c, 1, "SADD a 1");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        expect_int(c, 0, commands[i]);
        expect_int(c, 0, "EXISTS to");
        expect_ok(c, "SET to string");
        expect_int(c, 0, commands[i]);
        expect_int(c, 0, "EXISTS to");
    }
}

Test(set, a_result_replaces_value_and_expiry)
{
    redisContext *c = wire_client();
    expect_int(c, 2, "SADD a 1 2");
    expect_int(c, 2, "SADD b 2 x");
    expect_ok(c, "SET to string EX 100");
    expect_int(c, 1, "SINTERSTORE to a b");
    expect(c, "+set", "TYPE to");
    expect_int(c, -1, "TTL to");
    expect_encoding(c, "intset", "to");
    expect_int(c, 1, "EXPIRE to 100");
    expect_int(c, 3, "SUNIONSTORE to a b");
    expect_int(c, -1, "TTL to");
    expect_encoding(c, "listpack", "to");
    expect_int(c, 1, "SDIFFSTORE to a b");
    expect_encoding(c, "intset", "to");
}

Test(set, big_sets_are_united_and_intersected)
{
    redisContext *c = wire_client();
    add_range(c, "a", "m", 0, 3000);
    add_range(c, "b", "m", 1000, 6000);
    add_range(c, "n", "", 0, 400);
    expect_int(c, 2000, "SINTERCARD 2 a b");
    expect_int(c, 1500, "SINTERCARD 2 b a LIMIT 1500");
    expect_int(c, 2000, "SINTERSTORE i a b");
    expect_int(c, 6000, "SUNIONSTORE u a b");
    expect_int(c, 1000, "SDIFFSTORE d a b");
    expect_int(c, 3000, "SDIFFSTORE e b a");
    expect_int(c, 0, "SINTERCARD 2 d e");
    expect_int(c, 0, "SINTERCARD 2 n u");
    expect_int(c, 6400, "SUNIONSTORE v n u");
    expect_int(c, 400, "SINTERCARD 2 n v");
    expect_int(c, 400, "SINTERCARD 3 v n v");
    expect_encoding(c, "hashtable", "v");
    expect_int(c, 6000, "SDIFFSTORE v v n");
    expect(c, "[]", "SDIFF v u");
    expect(c, "[]", "SDIFF u i d e");
    expect_int(c, 1, "DEL u");
}

/* ---- SSCAN -------------------------------------------------------------------------------- */

/* Walks the whole of key and returns how many different members were shown; all must begin with the prefix. */
static int scan_all(redisContext *c, const char *key, const char *options, const char *prefix)
{
    char cursor[32] = "0", command[128];
    static bool seen[5000];
    int different = 0;
    memset(seen, 0, sizeof seen);
    do {
        snprintf(command, sizeof command, "SSCAN %s %s %s", key, cursor, options);
        redisReply *r = wire_command(c, command);
        cr_assert_eq(r->elements, 2);
        snprintf(cursor, sizeof cursor, "%s", r->element[0]->str);
        for (size_t i = 0; i < r->element[1]->elements; i++) {
            const char *member = r->element[1]->element[i]->str;
            cr_assert_eq(strncmp(member, prefix, strlen(prefix)), 0);
            int n = atoi(member + strcspn(member, "0123456789"));
            different += !seen[n];
            seen[n] = true;
        }
        freeReplyObject(r);
    } while (strcmp(cursor, "0") != 0);
    return different;
}

Test(set, sscan_shows_every_member)
{
    redisContext *c = wire_client();
    expect(c, "[\"0\" []]", "SSCAN none 0");
    expect(c, "[\"0\" []]", "SSCAN none 5 COUNT x");
    EACH_FORM(c)
    {
        add_range(c, "ints", "", 0, 300);
        add_range(c, "few", "m", 0, 100);
        add_range(c, "many", "m", 0, 3000);
        cr_assert_eq(scan_all(c, "ints", "", ""), 300);
        cr_assert_eq(scan_all(c, "few", "COUNT 7", "m"), 100);
        cr_assert_eq(scan_all(c, "many", "", "m"), 3000);
        cr_assert_eq(scan_all(c, "many", "COUNT 100000", "m"), 3000);
        cr_assert_eq(scan_all(c, "many", "MATCH m1* COUNT 50", "m1"), 1111);
        cr_assert_eq(scan_all(c, "few", "MATCH *", "m"), 100);
        expect(c, "[\"0\" [\"m42\"]]", "SSCAN few 0 MATCH m42 COUNT 1000");
        expect(c, "[\"0\" []]", "SSCAN few 0 MATCH x COUNT 1000");
    }
    expect_error(c, "ERR invalid cursor", "SSCAN few x");
    expect_error(c, SYNTAX, "SSCAN few 0 COUNT 0");
    expect_error(c, NOT_INTEGER, "SSCAN few 0 COUNT x");
    expect_error(c, SYNTAX, "SSCAN few 0 MATCH");
    expect_error(c, SYNTAX, "SSCAN few 0 NOVALUES");
}

Test(set, sscan_shows_what_stays_while_the_set_changes)
{
    redisContext *c = wire_client();
    add_range(c, "s", "stay", 0, 1000);
    char cursor[32] = "0";
    bool seen[1000] = {false};
    int added = 0;
    do {
        redisReply *r = wire_command(c, "SSCAN s %s COUNT 20", cursor);
        snprintf(cursor, sizeof cursor, "%s", r->element[0]->str);
        for (size_t i = 0; i < r->element[1]->elements; i++) {
            int n;
            if (sscanf(r->element[1]->element[i]->str, "stay%d", &n) == 1)
                seen[n] = true;
        }
        freeReplyObject(r);
        if (added < 4000) {
            add_range(c, "s", "come", added, added + 200);
            added += 200;
        } else {
            for (int i = 0; i < 100 && added < 8000; i++, added++)
                expect_int(c, 1, "SREM s come%d", added - 4000);
        }
    } while (strcmp(cursor, "0") != 0);
    for (int i = 0; i < 1000; i++)
        cr_assert(seen[i]);
}

/* ---- whole values ---------------------------------------------------------------------------- */

Test(set, copies_and_renames_hold_the_same)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        for (int size = 1; size <= 2000; size = size * 7 + 3) {
            add_range(c, "s", size % 2 ? "" : "m", 0, size);
            expect_int(c, 1, "COPY s t");
            expect_int(c, size, "SINTERCARD 2 s t");
            expect_int(c, 1, "SADD t new");
            expect_int(c, 0, "SISMEMBER s new");
            expect_ok(c, "RENAME t u");
            expect_int(c, size + 1, "SCARD u");
            expect_int(c, 1, "EXPIRE u 100");
            expect_int(c, 1, "SADD u more");
            expect_between(c, 1, 100, "TTL u");
            expect_ok(c, "FLUSHALL");
        }
    }
}

/* ---- refusals, events, RESP3 ------------------------------------------------------------------ */

Test(set, other_types_are_refused)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k string");
    expect_int(c, 1, "SADD s a");
    static const char *const commands[] = {
        "SADD k a",
        "SREM k a",
        "SCARD k",
        "SISMEMBER k a",
        "SMISMEMBER k a",
        "SMEMBERS k",
        "SMOVE k s a",
        "SMOVE s k a",
        "SPOP k",
        "SPOP k 1",
        "SRANDMEMBER k",
        "SRANDMEMBER k 1",
        "SRANDMEMBER k -1",
        "SSCAN k 0",
        "SINTER k",
        "SINTER s k",
        "SINTER none k",
        "SUNION s k",
        "SDIFF s k",
        "SDIFF none k",
        "SINTERCARD 1 k",
        "SINTERCARD 2 none k",
        "SINTERSTORE s s k",
        "SUNIONSTORE s k",
        "SDIFFSTORE s s k",
    };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        expect_error(c, WRONG_TYPE, commands[i]);
    expect_bulk(c, "string", "GET k");
    expect_int(c, 1, "SCARD s");
    expect_error(c, WRONG_TYPE, "GET s");
    expect_error(c, WRONG_TYPE, "INCR s");
    expect_error(c, WRONG_TYPE, "APPEND s x");
    expect_ok(c, "SET s string");
    expect_bulk(c, "string", "GET s");
}

Test(set, wrong_numbers_of_arguments_are_refused)
{
    redisContext *c = wire_client();
    static const char *const commands[] = {
        "SADD k",       "SREM k",       "SCARD",        "SCARD k x",     "SISMEMBER k",   "SISMEMBER k a b",
        "SMISMEMBER k", "SMEMBERS",     "SMEMBERS k x", "SMOVE a b",     "SMOVE a b c d", "SPOP",
        "SRANDMEMBER",  "SSCAN k",      "SINTER",       "SINTERSTORE a", "SUNION",        "SUNIONSTORE a",
        "SDIFF",        "SDIFFSTORE a", "SINTERCARD 1",
    };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char text[128], name[32];
        sscanf(commands[i], "%31s", name);
        for (char *p = name; *p; p++)
            *p |= 32;
        snprintf(text, sizeof text, "ERR wrong number of arguments for '%s' command", name);
        expect_error(c, text, commands[i]);
    }
}

Test(set, counts_that_make_no_sense_are_refused)
{
    redisContext *c = wire_client();
    expect_int(c, 1, "SADD s a");
    static const char *const pops[] = {"-1", "x", "1.5", "9223372036854775808", ""};
    for (size_t i = 0; i < sizeof pops / sizeof *pops; i++)
        expect_error(c, "ERR value is out of range, must be positive", "SPOP s %s", pops[i]);
    static const char *const counts[] = {"x", "1.5", "9223372036854775808", ""};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        expect_error(c, NOT_INTEGER, "SRANDMEMBER s %s", counts[i]);
    expect_error(c,
                 "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
                 "SRANDMEMBER s -9223372036854775808");
    if (!wire_is_redis()) /* it would answer for ever */
        expect_error(c, "ERR value is out of range", "SRANDMEMBER s -10000001");
    expect_error(c, SYNTAX, "SPOP s 1 2");
    expect_error(c, SYNTAX, "SRANDMEMBER s 1 2");
    expect(c, "[\"a\"]", "SRANDMEMBER s 9223372036854775807");
    expect(c, "[\"a\"]", "SPOP s 9223372036854775807");
}

Test(set, events_tell_what_changed)
{
    redisContext *c = wire_client();
    redisContext *l = events_listener();
    expect_int(c, 2, "SADD s a b");
    expect_event(l, "sadd", "s");
    expect_int(c, 0, "SADD s a");
    expect_int(c, 0, "SREM s x");
    expect_no_event(l);
    expect_int(c, 1, "SREM s a");
    expect_event(l, "srem", "s");
    expect_int(c, 1, "SREM s b");
    expect_event(l, "srem", "s");
    expect_event(l, "del", "s");
    expect_int(c, 3, "SADD s a b c");
    expect_event(l, "sadd", "s");
    expect_int(c, 1, "SMOVE s t a");
    expect_event(l, "srem", "s");
    expect_event(l, "sadd", "t");
    expect_int(c, 1, "SADD t b");
    expect_event(l, "sadd", "t");
    expect_int(c, 1, "SMOVE s t b");
    expect_event(l, "srem", "s");
    expect_int(c, 1, "SMOVE s t c");
    expect_event(l, "srem", "s");
    expect_event(l, "del", "s");
    expect_event(l, "sadd", "t");
    expect_int(c, 1, "SMOVE t t a");
    expect_int(c, 0, "SMOVE t t x");
    expect_no_event(l);
    wire_command(c, "SPOP t");
    expect_event(l, "spop", "t");
    wire_command(c, "SPOP t 1");
    expect_event(l, "spop", "t");
    expect(c, "[]", "SPOP t 0");
    expect_no_event(l);
    wire_command(c, "SPOP t");
    expect_event(l, "spop", "t");
    expect_event(l, "del", "t");
    expect_int(c, 2, "SADD s a b");
    expect_event(l, "sadd", "s");
    wire_command(c, "SPOP s 2");
    expect_event(l, "spop", "s");
    expect_event(l, "del", "s");
    expect_int(c, 2, "SADD s a b");
    expect_event(l, "sadd", "s");
    expect_int(c, 2, "SUNIONSTORE u s");
    expect_event(l, "sunionstore", "u");
    expect_int(c, 2, "SINTERSTORE u s u");
    expect_event(l, "sinterstore", "u");
    expect_int(c, 2, "SDIFFSTORE u u none");
    expect_event(l, "sdiffstore", "u");
    expect_int(c, 0, "SDIFFSTORE u u u");
    expect_event(l, "del", "u");
    expect_int(c, 0, "SDIFFSTORE u u u");
    expect_no_event(l);
}

Test(set, sources_of_what_is_stored_are_read)
{
    redisContext *c = wire_client(), *l = events_listener();
    wire_config("notify-keyspace-events", "Em");
    expect_int(c, 3, "SADD a 1 2 3");
    expect_ok(c, "SET text x");
    expect_ok(c, "CONFIG RESETSTAT");
    expect_int(c, 0, "SINTERSTORE d n1 a n2");
    expect_int(c, 3, "SUNIONSTORE d n3 a n4");
    expect_int(c, 3, "SDIFFSTORE e d n5");
    expect_error_like(c, "WRONGTYPE", "SDIFFSTORE e n6 text n7");
    for (int i = 1; i <= 6; i++) {
        char key[16];
        snprintf(key, sizeof key, "n%d", i);
        expect_event(l, "keymiss", key);
    }
    expect_no_event(l);
    cr_assert_eq(wire_info_int(c, "keyspace_hits"), 4);
    cr_assert_eq(wire_info_int(c, "keyspace_misses"), 6);
}

Test(set, a_watched_set_that_changes_aborts_the_transaction)
{
    redisContext *c = wire_client(), *other = wire_client();
    static const struct {
        const char *command;
        bool aborts;
    } cases[] = {{"SADD s b", true},      {"SADD s a", false},   {"SREM s x", false},
                 {"SREM s a", true},      {"SPOP s", true},      {"SPOP s 1", true},
                 {"SPOP s 0", false},     {"SMOVE t s z", true}, {"SINTERSTORE s t t", true},
                 {"SRANDMEMBER s", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect_ok(c, "FLUSHALL");
        expect_int(c, 2, "SADD s a a2");
        expect_int(c, 1, "SADD t z");
        expect_ok(c, "WATCH s");
        freeReplyObject(wire_command(other, cases[i].command));
        expect_ok(c, "MULTI");
        expect_queued(c, "PING");
        expect(c, cases[i].aborts ? "nil" : "[+PONG]", "EXEC");
    }
}

Test(set, resp3_has_sets)
{
    struct wire_resp3 *c = resp3_client();
    expect3(c, "3", "SADD s 3 1 2");
    expect3(c, "~[\"1\" \"2\" \"3\"]", "SMEMBERS s");
    expect3(c, "~[]", "SMEMBERS none");
    expect3(c, "~[\"1\" \"2\" \"3\"]", "SINTER s s");
    expect3(c, "~[]", "SINTER s none");
    expect3(c, "~[\"1\" \"2\" \"3\"]", "SUNION s");
    expect3(c, "~[]", "SUNION none");
    expect3(c, "~[]", "SDIFF s s");
    expect3(c, "~[\"1\" \"2\" \"3\"]", "SDIFF s none");
    expect3(c, "[\"1\" \"2\" \"3\"]", "SRANDMEMBER s 3");
    expect3(c, "[]", "SRANDMEMBER none 3");
    expect3(c, "[1 0]", "SMISMEMBER s 1 4");
    expect3(c, "1", "SISMEMBER s 1");
    expect3(c, "[\"0\" [\"1\" \"2\" \"3\"]]", "SSCAN s 0");
    expect3(c, "nil", "SPOP none");
    expect3(c, "~[]", "SPOP none 2");
    expect3(c, "~[]", "SPOP s 0");
    expect3_unordered(c, "~[\"1\" \"2\" \"3\"]", "SPOP s 4");
    expect3(c, "nil", "SRANDMEMBER s");
}
