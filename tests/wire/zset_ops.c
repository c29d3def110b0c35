/* Unions, intersections and differences of sorted sets, and of plain ones. */
#include "tests/wire/zset.h"

#include <stdlib.h>
#include <string.h>

WIRE_SUITE(zset_ops);

/* a: x 1, y 2, z 3. b: y 10, z 20, w 30. */
static void fill(redisContext *c)
{
    expect_int(c, 3, "ZADD a 1 x 2 y 3 z");
    expect_int(c, 3, "ZADD b 10 y 20 z 30 w");
}

Test(zset_ops, zunion)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect(c, "[]", "ZUNION 2 a b");
        fill(c);
        expect(c, "[\"x\" \"y\" \"z\" \"w\"]", "ZUNION 2 a b");
        expect(c, "[\"x\" \"1\" \"y\" \"12\" \"z\" \"23\" \"w\" \"30\"]", "ZUNION 2 a b WITHSCORES");
        expect(c, "[\"x\" \"1\" \"y\" \"2\" \"z\" \"3\" \"w\" \"30\"]",
               "ZUNION 2 a b AGGREGATE MIN WITHSCORES");
        expect(c, "[\"x\" \"1\" \"y\" \"10\" \"z\" \"20\" \"w\" \"30\"]",
               "ZUNION 2 a b WITHSCORES AGGREGATE max");
        expect(c, "[\"w\" \"-30\" \"z\" \"-14\" \"y\" \"-6\" \"x\" \"2\"]",
               "ZUNION 2 a b WEIGHTS 2 -1 WITHSCORES");
        expect(c, "[\"x\" \"0.5\" \"y\" \"5\" \"z\" \"10\" \"w\" \"15\"]",
               "ZUNION 2 a b weights 0.5 .5 aggregate MAX withscores");
        expect(c, "[\"x\" \"3\" \"y\" \"6\" \"z\" \"9\"]", "ZUNION 3 a a a WITHSCORES");
        expect(c, "[\"x\" \"1\" \"y\" \"2\" \"z\" \"3\"]", "ZUNION 2 none a WITHSCORES");
        expect(c, "[\"x\" \"2\" \"y\" \"4\" \"z\" \"6\"]", "ZUNION 1 a WEIGHTS 2 WITHSCORES");
    }
}

Test(zset_ops, zinter)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect(c, "[]", "ZINTER 2 a b");
        fill(c);
        expect(c, "[\"y\" \"z\"]", "ZINTER 2 a b");
        expect(c, "[\"y\" \"12\" \"z\" \"23\"]", "ZINTER 2 a b WITHSCORES");
        expect(c, "[\"y\" \"2\" \"z\" \"3\"]", "ZINTER 2 b a WITHSCORES AGGREGATE MIN");
        expect(c, "[\"y\" \"10\" \"z\" \"20\"]", "ZINTER 2 a b AGGREGATE MAX WITHSCORES");
        expect(c, "[\"z\" \"-17\" \"y\" \"-8\"]", "ZINTER 2 a b WEIGHTS 1 -1 WITHSCORES");
        expect(c, "[\"x\" \"2\" \"y\" \"4\" \"z\" \"6\"]", "ZINTER 2 a a WITHSCORES");
        expect(c, "[]", "ZINTER 3 a b none");
        expect(c, "[\"x\" \"y\" \"z\"]", "ZINTER 1 a");
    }
}

Test(zset_ops, zdiff)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect(c, "[]", "ZDIFF 2 a b");
        fill(c);
        expect(c, "[\"x\"]", "ZDIFF 2 a b");
        expect(c, "[\"w\" \"30\"]", "ZDIFF 2 b a WITHSCORES");
        expect(c, "[\"x\" \"1\" \"y\" \"2\" \"z\" \"3\"]", "ZDIFF 1 a WITHSCORES");
        expect(c, "[\"x\" \"1\" \"y\" \"2\" \"z\" \"3\"]", "ZDIFF 3 a none none2 WITHSCORES");
        expect(c, "[]", "ZDIFF 2 a a");
        expect(c, "[]", "ZDIFF 2 none a");
    }
}

Test(zset_ops, zintercard)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 0, "ZINTERCARD 2 a b");
        fill(c);
        expect_int(c, 2, "ZINTERCARD 2 a b");
        expect_int(c, 2, "ZINTERCARD 2 a b LIMIT 0");
        expect_int(c, 1, "ZINTERCARD 2 a b LIMIT 1");
        expect_int(c, 2, "ZINTERCARD 2 a b LIMIT 10");
        expect_int(c, 1, "ZINTERCARD 2 a b LIMIT 10 LIMIT 1");
        expect_int(c, 3, "ZINTERCARD 1 a");
        expect_int(c, 0, "ZINTERCARD 3 a b none");
    }
}

Test(zset_ops, resp3_gives_pairs)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    fill(c);
    expect3(c3, "[\"x\" \"y\" \"z\" \"w\"]", "ZUNION 2 a b");
    expect3(c3, "[[\"x\" ,1] [\"y\" ,12] [\"z\" ,23] [\"w\" ,30]]", "ZUNION 2 a b WITHSCORES");
    expect3(c3, "[[\"y\" ,12] [\"z\" ,23]]", "ZINTER 2 a b WITHSCORES");
    expect3(c3, "[[\"x\" ,1]]", "ZDIFF 2 a b WITHSCORES");
    expect3(c3, "[]", "ZDIFF 2 a a WITHSCORES");
    expect3(c3, "2", "ZINTERCARD 2 a b");
}

Test(zset_ops, stores)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 0, "ZUNIONSTORE d 1 a");
        expect_int(c, 0, "EXISTS d");
        fill(c);
        expect_int(c, 4, "ZUNIONSTORE d 2 a b WEIGHTS 1 2 AGGREGATE SUM");
        expect(c, "[\"x\" \"1\" \"y\" \"22\" \"z\" \"43\" \"w\" \"60\"]", "ZRANGE d 0 -1 WITHSCORES");
        expect_int(c, 2, "ZINTERSTORE d 2 a b AGGREGATE MAX WEIGHTS 1 2");
        expect(c, "[\"y\" \"20\" \"z\" \"40\"]", "ZRANGE d 0 -1 WITHSCORES");
        expect_int(c, 1, "ZDIFFSTORE d 2 a b");
        expect(c, "[\"x\" \"1\"]", "ZRANGE d 0 -1 WITHSCORES");
        expect_int(c, 0, "ZDIFFSTORE d 2 a a");
        expect_int(c, 0, "EXISTS d");
        expect_ok(c, "SET d text EX 100");
        expect_int(c, 3, "ZUNIONSTORE d 1 a");
        expect_int(c, -1, "TTL d");
        expect_ok(c, "SET d text");
        expect_int(c, 0, "ZINTERSTORE d 2 a none");
        expect_int(c, 0, "EXISTS d");
    }
}

Test(zset_ops, a_source_may_be_the_destination)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        fill(c);
        expect_int(c, 4, "ZUNIONSTORE a 2 a b");
        expect(c, "[\"x\" \"1\" \"y\" \"12\" \"z\" \"23\" \"w\" \"30\"]", "ZRANGE a 0 -1 WITHSCORES");
        expect_int(c, 3, "ZINTERSTORE b 2 a b");
        expect(c, "[\"y\" \"22\" \"z\" \"43\" \"w\" \"60\"]", "ZRANGE b 0 -1 WITHSCORES");
        expect_int(c, 1, "ZDIFFSTORE a 2 a b");
        expect(c, "[\"x\" \"1\"]", "ZRANGE a 0 -1 WITHSCORES");
        expect_int(c, 0, "ZDIFFSTORE a 2 a a");
        expect_int(c, 0, "EXISTS a");
    }
}

Test(zset_ops, plain_sets_score_one)
{
    redisContext *c = wire_client();
    static const char *const limits[] = {"128", "0"};
    for (int i = 0; i < 2; i++) {
        wire_config(wire_is_redis() ? "set-max-intset-entries" : "set-max-listpack-entries", limits[i]);
        expect_ok(c, "FLUSHALL");
        fill(c);
        expect_int(c, 3, "SADD s y z q");
        expect_int(c, 3, "SADD n 1 2 3");
        expect(c, "[\"q\" \"1\" \"x\" \"1\" \"y\" \"3\" \"z\" \"4\"]", "ZUNION 2 a s WITHSCORES");
        expect(c, "[\"y\" \"7\" \"z\" \"8\"]", "ZINTER 2 s a WEIGHTS 5 1 WITHSCORES");
        expect(c, "[\"x\" \"1\"]", "ZDIFF 2 a s WITHSCORES");
        expect(c, "[\"q\" \"1\"]", "ZDIFF 2 s a WITHSCORES");
        expect_int(c, 2, "ZINTERCARD 2 s a");
        expect_int(c, 3, "ZUNIONSTORE d 1 n WEIGHTS 2.5");
        expect(c, "[\"1\" \"2.5\" \"2\" \"2.5\" \"3\" \"2.5\"]", "ZRANGE d 0 -1 WITHSCORES");
        expect(c, "[\"1\" \"2\" \"3\"]", "ZINTER 2 n d");
        expect_int(c, 2, "ZINTERSTORE s 2 s a");
        expect(c, "+zset", "TYPE s");
        expect(c, "[\"y\" \"3\" \"z\" \"4\"]", "ZRANGE s 0 -1 WITHSCORES");
    }
}

Test(zset_ops, infinities)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 3, "ZADD a inf x -inf y 0 z");
        expect_int(c, 3, "ZADD b -inf x inf y inf z");
        expect(c, "[\"x\" \"0\" \"y\" \"0\" \"z\" \"inf\"]", "ZUNION 2 a b WITHSCORES");
        expect(c, "[\"x\" \"0\" \"y\" \"0\" \"z\" \"inf\"]", "ZINTER 2 a b WITHSCORES");
        expect(c, "[\"x\" \"-inf\" \"y\" \"-inf\" \"z\" \"0\"]", "ZINTER 2 a b AGGREGATE MIN WITHSCORES");
        expect(c, "[\"x\" \"0\" \"y\" \"0\" \"z\" \"0\"]", "ZUNION 1 a WEIGHTS 0 WITHSCORES");
        expect(c, "[\"x\" \"0\" \"y\" \"0\" \"z\" \"0\"]", "ZINTER 1 b WEIGHTS 0 WITHSCORES");
        expect(c, "[\"x\" \"-inf\" \"z\" \"0\" \"y\" \"inf\"]", "ZUNION 1 a WEIGHTS -inf WITHSCORES");
        expect(c, "[\"y\" \"0\" \"z\" \"0\" \"x\" \"inf\"]",
               "ZUNION 2 a b AGGREGATE MAX WEIGHTS 1 0 WITHSCORES");
        /* A product that isn't a number counts as 0 in a union; in an intersection the sum does. */
        expect_int(c, 2, "ZADD five 5 q 7 r");
        expect_int(c, 3, "ZADD far inf q 1 r 2 s");
        expect(c, "[\"s\" \"0\" \"q\" \"5\" \"r\" \"7\"]", "ZUNION 2 five far WEIGHTS 1 0 WITHSCORES");
        expect(c, "[\"q\" \"0\" \"r\" \"7\"]", "ZINTER 2 five far WEIGHTS 1 0 WITHSCORES");
        expect_int(c, 3, "ZUNIONSTORE d 2 a b WEIGHTS 0 0");
        expect_int(c, 3, "ZCOUNT d 0 0");
    }
}

Test(zset_ops, requests_are_checked)
{
    redisContext *c = wire_client();
    fill(c);
    static const char *const none[] = {"zunion 0 a", "zinter -1 a", "zdiff 0 a", "zintercard 0 a"};
    for (size_t i = 0; i < 4; i++) {
        char text[96];
        snprintf(text, sizeof text, "ERR at least 1 input key is needed for '%.*s' command",
                 (int)strcspn(none[i], " "), none[i]);
        expect_error(c, text, none[i]);
    }
    expect_error(c, "ERR at least 1 input key is needed for 'zunionstore' command", "ZUNIONSTORE d 0 a");
    expect_error(c, "ERR at least 1 input key is needed for 'zinterstore' command", "ZINTERSTORE d 0 a");
    expect_error(c, "ERR at least 1 input key is needed for 'zdiffstore' command", "ZDIFFSTORE d 0 a");
    expect_error(c, NOT_INTEGER, "ZUNION x a");
    expect_error(c, NOT_INTEGER, "ZDIFFSTORE d 1.5 a");
    static const char *const bad[] = {"ZUNION 2 a",
                                      "ZUNION 9223372036854775807 a",
                                      "ZUNION 2 a b WEIGHTS 1",
                                      "ZUNION 2 a b WEIGHTS",
                                      "ZUNION 2 a b WEIGHTS 1 2 3",
                                      "ZUNION 2 a b AGGREGATE",
                                      "ZUNION 2 a b AGGREGATE AVG",
                                      "ZUNION 2 a b LIMIT 1",
                                      "ZUNION 2 a b foo",
                                      "ZINTER 3 a b",
                                      "ZINTERCARD 2 a b WITHSCORES",
                                      "ZINTERCARD 2 a b WEIGHTS 1 2",
                                      "ZINTERCARD 2 a b LIMIT",
                                      "ZDIFF 2 a b WEIGHTS 1 2",
                                      "ZDIFF 2 a b AGGREGATE SUM",
                                      "ZDIFFSTORE d 2 a b WITHSCORES",
                                      "ZUNIONSTORE d 2 a b WITHSCORES",
                                      "ZINTERSTORE d 2 a b WITHSCORES",
                                      "ZINTERSTORE d 3 a b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_error(c, SYNTAX, bad[i]);
    expect_error(c, "ERR weight value is not a float", "ZUNION 2 a b WEIGHTS 1 x");
    expect_error(c, "ERR weight value is not a float", "ZINTERSTORE d 2 a b WEIGHTS nan 1");
    expect_error(c, "ERR LIMIT can't be negative", "ZINTERCARD 2 a b LIMIT -1");
    expect_error(c, "ERR LIMIT can't be negative", "ZINTERCARD 2 a b LIMIT x");
    expect_int(c, 0, "EXISTS d");
}

Test(zset_ops, wrong_types_show_before_wrong_options)
{
    redisContext *c = wire_client();
    fill(c);
    expect_ok(c, "SET s v");
    expect_error(c, WRONG_TYPE, "ZUNION 2 a s");
    expect_error(c, WRONG_TYPE, "ZINTER 2 none s");
    expect_error(c, WRONG_TYPE, "ZDIFF 2 s a");
    expect_error(c, WRONG_TYPE, "ZINTERCARD 1 s LIMIT x");
    expect_error(c, WRONG_TYPE, "ZUNIONSTORE d 2 s a foo");
    expect_error(c, WRONG_TYPE, "ZINTERSTORE d 2 none s");
    expect_error(c, WRONG_TYPE, "ZDIFFSTORE d 2 a s");
    expect_error(c, SYNTAX, "ZUNION 3 a s");
}

Test(zset_ops, arity_is_checked)
{
    redisContext *c = wire_client();
    static const char *const commands[] = {"zunion 1",      "zinter 1",        "zdiff 1",
                                           "zintercard 1",  "zunionstore d 1", "zinterstore d 1",
                                           "zdiffstore d 1"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        expect_wrong_arity(c, commands[i]);
}

Test(zset_ops, stores_are_told)
{
    redisContext *c = wire_client(), *l = events_listener();
    fill(c);
    expect_event(l, "zadd", "a");
    expect_event(l, "zadd", "b");
    expect_int(c, 4, "ZUNIONSTORE d 2 a b");
    expect_event(l, "zunionstore", "d");
    expect_int(c, 2, "ZINTERSTORE d 2 a b");
    expect_event(l, "zinterstore", "d");
    expect_int(c, 1, "ZDIFFSTORE d 2 a b");
    expect_event(l, "zdiffstore", "d");
    expect_int(c, 0, "ZDIFFSTORE d 2 a a");
    expect_event(l, "del", "d");
    expect_int(c, 0, "ZINTERSTORE d 2 a none");
    expect_no_event(l);
}

/* ---- bigger ones ------------------------------------------------------------------- */

/* Adds members first, first + step, ... below end to key, each with its number as score. */
static int add_numbers(redisContext *c, const char *key, int first, int end, int step)
{
    int count = 0;
    for (int i = first; i < end; i += step, count++)
        wire_send(c, "ZADD %s %d m%d", key, i, i);
    for (int i = 0; i < count; i++)
        expect_next(c, "1");
    return count;
}

Test(zset_ops, sets_of_thousands)
{
    redisContext *c = wire_client();
    add_numbers(c, "twos", 0, 6000, 2);
    add_numbers(c, "threes", 0, 6000, 3);
    add_numbers(c, "few", 0, 60, 6);
    expect_int(c, 4000, "ZUNIONSTORE d 2 twos threes");
    expect(c, "[\"m2\" \"2\" \"m3\" \"3\" \"m4\" \"4\" \"m8\" \"8\"]", "ZRANGE d 1 4 WITHSCORES");
    expect(c, "[\"m0\" \"0\"]", "ZRANGE d 0 0 WITHSCORES");
    expect(c, "[\"m5994\" \"11988\"]", "ZREVRANGE d 0 0 WITHSCORES");
    expect_bulk(c, "12", "ZSCORE d m6");
    expect_int(c, 1000, "ZINTERSTORE d 2 twos threes");
    expect(c, "[\"m0\" \"0\" \"m6\" \"12\"]", "ZRANGE d 0 1 WITHSCORES");
    expect_int(c, 1000, "ZINTERCARD 2 threes twos");
    expect_int(c, 10, "ZINTERCARD 3 threes few twos");
    expect_int(c, 2000, "ZDIFFSTORE d 2 twos threes");
    expect(c, "[\"m2\" \"2\" \"m4\" \"4\" \"m8\" \"8\"]", "ZRANGE d 0 2 WITHSCORES");
    expect_int(c, 2990, "ZDIFFSTORE d 2 twos few");
    expect(c, "[\"m2\" \"m4\" \"m8\"]", "ZRANGE d 0 2");
    expect_int(c, 0, "ZDIFFSTORE d 3 few none twos");
    expect_int(c, 1990, "ZDIFFSTORE d 4 threes few none few");
}

Test(zset_ops, many_keys)
{
    redisContext *c = wire_client();
    char command[4096];
    size_t at = (size_t)snprintf(command, sizeof command, "ZUNIONSTORE d 200");
    for (int i = 0; i < 200; i++) {
        expect_int(c, 2, "ZADD k%d 1 all %d m%d", i, i, i);
        at += (size_t)snprintf(command + at, sizeof command - at, " k%d", i);
    }
    expect_int(c, 201, command);
    expect_bulk(c, "200", "ZSCORE d all");
    expect_bulk(c, "137", "ZSCORE d m137");
    expect_int(c, 1, "ZINTERSTORE d 3 k0 k100 k199 WEIGHTS 1 10 100");
    expect(c, "[\"all\" \"111\"]", "ZRANGE d 0 -1 WITHSCORES");
}
