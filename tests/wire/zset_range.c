/* Ranges of sorted sets: given, counted, removed, stored. */
#include "tests/wire/zset.h"

#include <stdlib.h>
#include <string.h>

WIRE_SUITE(zset_range);

#define NO_SCORE "ERR min or max is not a float"
#define NO_LEX "ERR min or max not valid string range item"
#define NO_LIMIT "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
#define NO_SCORES "ERR syntax error, WITHSCORES not supported in combination with BYLEX"

/* Members a to f with scores 1 to 6. */
static void fill(redisContext *c)
{
    expect_int(c, 6, "ZADD z 1 a 2 b 3 c 4 d 5 e 6 f");
}

/* Members of one score. */
static void fill_lex(redisContext *c)
{
    expect_int(c, 7, "ZADD z 0 alpha 0 bar 0 cool 0 down 0 elephant 0 foo 0 %s", "");
}

/* ---- by rank --------------------------------------------------------------------- */

Test(zset_range, zrange_and_zrevrange_by_rank)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect(c, "[]", "ZRANGE z 0 -1");
        expect(c, "[]", "ZREVRANGE z 0 -1");
        fill(c);
        expect(c, "[\"a\" \"b\" \"c\" \"d\" \"e\" \"f\"]", "ZRANGE z 0 -1");
        expect(c, "[\"a\" \"b\" \"c\"]", "ZRANGE z 0 2");
        expect(c, "[\"e\" \"f\"]", "ZRANGE z -2 -1");
        expect(c, "[\"e\" \"f\"]", "ZRANGE z -2 100");
        expect(c, "[\"a\"]", "ZRANGE z -100 0");
        expect(c, "[\"a\" \"b\" \"c\" \"d\" \"e\" \"f\"]",
               "ZRANGE z -9223372036854775808 9223372036854775807");
        expect(c, "[]", "ZRANGE z 6 7");
        expect(c, "[]", "ZRANGE z 3 2");
        expect(c, "[]", "ZRANGE z -1 -2");
        expect(c, "[]", "ZRANGE z 0 -7");
        expect(c, "[\"f\" \"e\" \"d\"]", "ZREVRANGE z 0 2");
        expect(c, "[\"b\" \"a\"]", "ZREVRANGE z -2 -1");
        expect(c, "[]", "ZREVRANGE z 6 10");
        expect(c, "[\"c\" \"b\"]", "ZRANGE z 3 4 REV");
        expect(c, "[\"f\" \"6\" \"e\" \"5\"]", "ZREVRANGE z 0 1 WITHSCORES");
        expect(c, "[\"f\" \"6\" \"e\" \"5\"]", "ZRANGE z 0 1 rev withscores");
        expect(c, "[\"a\" \"1\"]", "ZRANGE z 0 0 WITHSCORES WITHSCORES");
    }
}

Test(zset_range, resp3_pairs_members_with_double_scores)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_ENCODING(c)
    {
        fill(c);
        expect3(c3, "[\"a\" \"b\"]", "ZRANGE z 0 1");
        expect3(c3, "[[\"a\" ,1] [\"b\" ,2]]", "ZRANGE z 0 1 WITHSCORES");
        expect3(c3, "[[\"f\" ,6]]", "ZREVRANGE z 0 0 WITHSCORES");
        expect3(c3, "[[\"b\" ,2]]", "ZRANGEBYSCORE z 2 2 WITHSCORES");
        expect3(c3, "[[\"b\" ,2]]", "ZREVRANGEBYSCORE z 2 2 WITHSCORES");
        expect3(c3, "[]", "ZRANGE z 9 9 WITHSCORES");
    }
}

/* ---- by score -------------------------------------------------------------------- */

Test(zset_range, zrangebyscore_bounds)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect(c, "[]", "ZRANGEBYSCORE z -inf +inf");
        expect(c, "[]", "ZREVRANGEBYSCORE z +inf -inf");
        fill(c);
        expect_int(c, 2, "ZADD z -inf low inf high");
        expect(c, "[\"b\" \"c\" \"d\"]", "ZRANGEBYSCORE z 2 4");
        expect(c, "[\"c\" \"d\"]", "ZRANGEBYSCORE z (2 4");
        expect(c, "[\"b\" \"c\"]", "ZRANGEBYSCORE z 2 (4");
        expect(c, "[\"c\"]", "ZRANGEBYSCORE z (2 (4");
        expect(c, "[\"c\"]", "ZRANGEBYSCORE z 2.5 3.5");
        expect(c, "[]", "ZRANGEBYSCORE z (3 3");
        expect(c, "[]", "ZRANGEBYSCORE z 3 (3");
        expect(c, "[]", "ZRANGEBYSCORE z 4 2");
        expect(c, "[]", "ZRANGEBYSCORE z 2.1 2.9");
        expect(c, "[\"low\" \"a\"]", "ZRANGEBYSCORE z -inf 1");
        expect(c, "[\"a\"]", "ZRANGEBYSCORE z (-inf 1");
        expect(c, "[\"f\" \"high\"]", "ZRANGEBYSCORE z 6 +inf");
        expect(c, "[\"f\"]", "ZRANGEBYSCORE z 6 (+inf");
        expect(c, "[\"low\"]", "ZRANGEBYSCORE z -inf -inf");
        expect(c, "[\"high\"]", "ZRANGEBYSCORE z inf inf");
        expect(c, "[]", "ZRANGEBYSCORE z inf -inf");
        expect(c, "[\"d\" \"c\" \"b\"]", "ZREVRANGEBYSCORE z 4 2");
        expect(c, "[\"c\" \"b\"]", "ZREVRANGEBYSCORE z (4 2");
        expect(c, "[\"d\" \"c\"]", "ZREVRANGEBYSCORE z 4 (2");
        expect(c, "[]", "ZREVRANGEBYSCORE z 2 4");
        expect(c, "[\"high\" \"f\"]", "ZREVRANGEBYSCORE z inf (5");
        expect(c, "[\"d\" \"4\" \"c\" \"3\"]", "ZREVRANGEBYSCORE z 4 3 WITHSCORES");
        expect(c, "[\"c\" \"3\" \"d\" \"4\"]", "ZRANGE z 3 4 BYSCORE WITHSCORES");
        expect(c, "[\"d\" \"4\" \"c\" \"3\"]", "ZRANGE z 4 3 WITHSCORES REV byscore");
    }
}

Test(zset_range, limit_cuts_what_is_in_the_range)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        fill(c);
        expect(c, "[\"b\" \"c\"]", "ZRANGEBYSCORE z 2 5 LIMIT 0 2");
        expect(c, "[\"d\" \"e\"]", "ZRANGEBYSCORE z 2 5 LIMIT 2 3");
        expect(c, "[\"d\" \"e\"]", "ZRANGEBYSCORE z 2 5 LIMIT 2 -1");
        expect(c, "[\"d\" \"e\"]", "ZRANGEBYSCORE z 2 5 LIMIT 2 -9223372036854775808");
        expect(c, "[]", "ZRANGEBYSCORE z 2 5 LIMIT 2 0");
        expect(c, "[]", "ZRANGEBYSCORE z 2 5 LIMIT 4 10");
        expect(c, "[]", "ZRANGEBYSCORE z 2 5 LIMIT 9223372036854775807 10");
        expect(c, "[]", "ZRANGEBYSCORE z 2 5 LIMIT -1 2");
        expect(c, "[\"e\" \"d\"]", "ZREVRANGEBYSCORE z 5 2 LIMIT 0 2");
        expect(c, "[\"c\" \"b\"]", "ZREVRANGEBYSCORE z 5 2 LIMIT 2 10");
        expect(c, "[\"c\" \"3\"]", "ZRANGEBYSCORE z 2 5 LIMIT 1 1 WITHSCORES");
        expect(c, "[\"c\" \"3\"]", "ZRANGEBYSCORE z 2 5 WITHSCORES LIMIT 1 1");
        expect(c, "[\"f\"]", "ZRANGEBYSCORE z -inf +inf LIMIT 0 2 LIMIT 5 2");
        expect(c, "[\"e\"]", "ZRANGE z 5 2 BYSCORE REV LIMIT 0 1");
        expect(c, "[\"a\" \"b\"]", "ZRANGE z 0 1 LIMIT 7 -1");
    }
}

Test(zset_range, equal_scores_stay_together)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 7, "ZADD z 1 a 2 b 2 c 2 d 2 e 3 f 3 g");
        expect(c, "[\"b\" \"c\" \"d\" \"e\"]", "ZRANGEBYSCORE z 2 2");
        expect(c, "[\"e\" \"d\" \"c\" \"b\"]", "ZREVRANGEBYSCORE z 2 2");
        expect(c, "[\"f\" \"g\"]", "ZRANGEBYSCORE z (2 3");
        expect(c, "[\"a\"]", "ZRANGEBYSCORE z 0 (2");
        expect_int(c, 4, "ZCOUNT z 2 2");
        expect_int(c, 6, "ZCOUNT z (1 3");
    }
}

Test(zset_range, scores_as_bounds_are_read_as_redis_reads_them)
{
    redisContext *c = wire_client();
    fill(c);
    expect(c, "[\"a\" \"b\"]", "ZRANGEBYSCORE z %s 2", "");
    expect(c, "[]", "ZRANGEBYSCORE z 0 (");
    expect(c, "[\"b\" \"c\"]", "ZRANGEBYSCORE z %s %s", "( 1", " 3");
    expect(c, "[\"a\" \"b\"]", "ZRANGEBYSCORE z 0x1 2.0e0");
    expect(c, "[\"f\"]", "ZRANGEBYSCORE z 6 1e400");
    expect(c, "[\"a\"]", "ZRANGEBYSCORE z -1e400 %b", "1\0junk", (size_t)6);
    static const char *const bad[] = {"x", "nan", "(nan", "1 ", "((1", "(x", "1,5", "[1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        expect_error(c, NO_SCORE, "ZRANGEBYSCORE z %s 1", bad[i]);
        expect_error(c, NO_SCORE, "ZRANGEBYSCORE z 1 %s", bad[i]);
        expect_error(c, NO_SCORE, "ZREVRANGEBYSCORE z 1 %s", bad[i]);
        expect_error(c, NO_SCORE, "ZRANGE z 1 %s BYSCORE", bad[i]);
        expect_error(c, NO_SCORE, "ZCOUNT z 1 %s", bad[i]);
        expect_error(c, NO_SCORE, "ZREMRANGEBYSCORE z %s 1", bad[i]);
    }
    expect_int(c, 6, "ZCARD z");
}

/* ---- by bytes -------------------------------------------------------------------- */

Test(zset_range, zrangebylex)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect(c, "[]", "ZRANGEBYLEX z - +");
        fill_lex(c);
        expect(c, "[\"\" \"alpha\" \"bar\" \"cool\"]", "ZRANGEBYLEX z - [cool");
        expect(c, "[\"bar\" \"cool\"]", "ZRANGEBYLEX z [bar [down LIMIT 0 2");
        expect(c, "[\"cool\"]", "ZRANGEBYLEX z (bar (down");
        expect(c, "[\"alpha\" \"bar\" \"cool\" \"down\" \"elephant\" \"foo\"]", "ZRANGEBYLEX z ( +");
        expect(c, "[\"\"]", "ZRANGEBYLEX z [ [");
        expect(c, "[\"elephant\" \"foo\"]", "ZRANGEBYLEX z (down +");
        expect(c, "[\"elephant\"]", "ZRANGEBYLEX z [e [ez");
        expect(c, "[]", "ZRANGEBYLEX z + -");
        expect(c, "[]", "ZRANGEBYLEX z - -");
        expect(c, "[]", "ZRANGEBYLEX z + +");
        expect(c, "[]", "ZRANGEBYLEX z (cool (cool");
        expect(c, "[]", "ZRANGEBYLEX z [foo (bar");
        expect(c, "[\"cool\" \"bar\"]", "ZREVRANGEBYLEX z [cool (alpha");
        expect(c, "[\"foo\" \"elephant\"]", "ZREVRANGEBYLEX z + - LIMIT 0 2");
        expect(c, "[]", "ZREVRANGEBYLEX z - +");
        expect(c, "[\"cool\" \"bar\"]", "ZRANGE z [cool [bar BYLEX REV");
        expect(c, "[\"bar\"]", "ZRANGE z [bar [cool bylex LIMIT 0 1");
        expect_int(c, 7, "ZLEXCOUNT z - +");
        expect_int(c, 3, "ZLEXCOUNT z [bar [down");
        expect_int(c, 1, "ZLEXCOUNT z (bar (down");
        expect_int(c, 0, "ZLEXCOUNT z [down [bar");
        expect_int(c, 0, "ZLEXCOUNT none - +");
    }
}

Test(zset_range, ranges_of_bytes_pass_over_the_scores)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        fill(c);
        expect(c, "[\"b\" \"c\"]", "ZRANGE z [b [c BYLEX");
        expect(c, "[\"c\" \"b\"]", "ZRANGE z [c [b BYLEX REV");
        expect(c, "[\"c\" \"d\" \"e\"]", "ZRANGEBYLEX z (b (f");
        expect(c, "[\"e\" \"d\"]", "ZREVRANGEBYLEX z [ee (c LIMIT 0 2");
        expect_int(c, 3, "ZLEXCOUNT z - [c");
        expect_int(c, 2, "ZRANGESTORE to z [e + BYLEX");
        expect(c, "[\"e\" \"5\" \"f\" \"6\"]", "ZRANGE to 0 -1 WITHSCORES");
        expect_int(c, 4, "ZREMRANGEBYLEX z (a (f");
        expect(c, "[\"a\" \"f\"]", "ZRANGE z 0 -1");
    }
}

Test(zset_range, lex_bounds_are_checked)
{
    redisContext *c = wire_client();
    expect_int(c, 1, "ZADD z 0 a");
    static const char *const bad[] = {"", "a", "1", "+x", "-x", "-inf", "+inf", "\"a", "{a"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        expect_error(c, NO_LEX, "ZRANGEBYLEX z %s +", bad[i]);
        expect_error(c, NO_LEX, "ZREVRANGEBYLEX z + %s", bad[i]);
        expect_error(c, NO_LEX, "ZRANGE z - %s BYLEX", bad[i]);
        expect_error(c, NO_LEX, "ZLEXCOUNT z %s +", bad[i]);
        expect_error(c, NO_LEX, "ZREMRANGEBYLEX z - %s", bad[i]);
    }
}

Test(zset_range, lex_ranges_of_binary_members_and_of_integers)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 8, "ZADD z 5 10 5 9 5 2 5 100 5 -1 5 %b 5 %b 5 ab", "a\0b", (size_t)3, "\xff",
                   (size_t)1);
        expect(c, "[\"-1\" \"10\" \"100\" \"2\" \"9\" \"a\\x00b\" \"ab\" \"\\xff\"]", "ZRANGEBYLEX z - +");
        expect(c, "[\"10\" \"100\"]", "ZRANGEBYLEX z [1 (2");
        expect(c, "[\"100\" \"2\"]", "ZRANGEBYLEX z (10 [2");
        expect(c, "[\"a\\x00b\"]", "ZRANGEBYLEX z [a %b", "(ab", (size_t)3);
        expect(c, "[\"\\xff\"]", "ZRANGEBYLEX z (b +");
    }
}

/* ---- options and errors ------------------------------------------------------------ */

Test(zset_range, options_that_do_not_go_together)
{
    redisContext *c = wire_client();
    expect_error(c, NO_LIMIT, "ZRANGE z 0 -1 LIMIT 0 1");
    expect_error(c, NO_LIMIT, "ZREVRANGE z 0 -1 LIMIT 0 1");
    expect_error(c, NO_SCORES, "ZRANGE z - + BYLEX WITHSCORES");
    expect_error(c, NO_SCORES, "ZRANGEBYLEX z - + WITHSCORES");
    expect_error(c, NO_SCORES, "ZREVRANGEBYLEX z + - WITHSCORES");
    static const char *const bad[] = {"ZRANGE z 0 -1 REV REV",        "ZRANGE z 0 -1 BYSCORE BYSCORE",
                                      "ZRANGE z 0 -1 BYSCORE BYLEX",  "ZRANGE z 0 -1 BYSCORE LIMIT 0",
                                      "ZRANGE z 0 -1 LIMIT",          "ZRANGE z 0 -1 foo",
                                      "ZREVRANGE z 0 -1 REV",         "ZREVRANGE z 0 -1 BYSCORE",
                                      "ZRANGEBYSCORE z 0 1 REV",      "ZRANGEBYSCORE z 0 1 BYSCORE",
                                      "ZREVRANGEBYSCORE z 1 0 BYLEX", "ZRANGEBYLEX z - + BYLEX",
                                      "ZREVRANGEBYLEX z + - REV",     "ZRANGESTORE d z 0 -1 WITHSCORES"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_error(c, SYNTAX, bad[i]);
    expect_error(c, NOT_INTEGER, "ZRANGEBYSCORE z 0 1 LIMIT a 1");
    expect_error(c, NOT_INTEGER, "ZRANGEBYSCORE z 0 1 LIMIT 0 b foo");
    expect_error(c, NOT_INTEGER, "ZRANGE z a 1");
    expect_error(c, NOT_INTEGER, "ZRANGE z 1 1.5");
    expect_error(c, NOT_INTEGER, "ZREVRANGE z (1 2");
    expect_error(c, NOT_INTEGER, "ZRANGESTORE d z 0 x");
    expect_error(c, NOT_INTEGER, "ZREMRANGEBYRANK z 0 x");
}

Test(zset_range, wrong_types_show_after_wrong_arguments)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET s v");
    expect_error(c, NOT_INTEGER, "ZRANGE s a b");
    expect_error(c, NO_SCORE, "ZCOUNT s a b");
    static const char *const commands[] = {
        "ZRANGE s 0 1",           "ZRANGE s - + BYLEX", "ZREVRANGE s 0 1",       "ZRANGEBYSCORE s 0 1",
        "ZREVRANGEBYSCORE s 0 1", "ZRANGEBYLEX s - +",  "ZREVRANGEBYLEX s + -",  "ZRANGESTORE d s 0 1",
        "ZCOUNT s 0 1",           "ZLEXCOUNT s - +",    "ZREMRANGEBYRANK s 0 1", "ZREMRANGEBYSCORE s 0 1",
        "ZREMRANGEBYLEX s - +"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        expect_error(c, WRONG_TYPE, commands[i]);
}

Test(zset_range, arity_is_checked)
{
    redisContext *c = wire_client();
    static const char *const commands[] = {"zrange z 0",
                                           "zrevrange z 0",
                                           "zrangebyscore z 0",
                                           "zrevrangebyscore z 0",
                                           "zrangebylex z -",
                                           "zrevrangebylex z -",
                                           "zrangestore d z 0",
                                           "zcount z 0",
                                           "zcount z 0 1 2",
                                           "zlexcount z -",
                                           "zlexcount z - + +",
                                           "zremrangebyrank z 0",
                                           "zremrangebyrank z 0 1 2",
                                           "zremrangebyscore z 0",
                                           "zremrangebyscore z 0 1 2",
                                           "zremrangebylex z -",
                                           "zremrangebylex z - + +"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        expect_wrong_arity(c, commands[i]);
}

/* ---- counting and removing ---------------------------------------------------------- */

Test(zset_range, zcount)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 0, "ZCOUNT z -inf +inf");
        fill(c);
        expect_int(c, 6, "ZCOUNT z -inf +inf");
        expect_int(c, 3, "ZCOUNT z 2 4");
        expect_int(c, 1, "ZCOUNT z (2 (4");
        expect_int(c, 0, "ZCOUNT z 4 2");
        expect_int(c, 0, "ZCOUNT z 7 9");
        expect_int(c, 0, "ZCOUNT z (6 +inf");
    }
}

Test(zset_range, zremrangebyrank)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 0, "ZREMRANGEBYRANK z 0 -1");
        fill(c);
        expect_int(c, 0, "ZREMRANGEBYRANK z 6 9");
        expect_int(c, 0, "ZREMRANGEBYRANK z 3 2");
        expect_int(c, 2, "ZREMRANGEBYRANK z 1 2");
        expect_int(c, 1, "ZREMRANGEBYRANK z -1 -1");
        expect(c, "[\"a\" \"d\" \"e\"]", "ZRANGE z 0 -1");
        expect_int(c, 3, "ZREMRANGEBYRANK z -100 100");
        expect_int(c, 0, "EXISTS z");
    }
}

Test(zset_range, zremrangebyscore)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 0, "ZREMRANGEBYSCORE z -inf +inf");
        fill(c);
        expect_int(c, 0, "ZREMRANGEBYSCORE z (3 (4");
        expect_int(c, 2, "ZREMRANGEBYSCORE z (2 4");
        expect_int(c, 1, "ZREMRANGEBYSCORE z -inf (2");
        expect(c, "[\"b\" \"e\" \"f\"]", "ZRANGE z 0 -1");
        expect_int(c, 3, "ZREMRANGEBYSCORE z -inf +inf");
        expect_int(c, 0, "EXISTS z");
    }
}

Test(zset_range, zremrangebylex)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 0, "ZREMRANGEBYLEX z - +");
        fill_lex(c);
        expect_int(c, 2, "ZREMRANGEBYLEX z [bar (down");
        expect_int(c, 1, "ZREMRANGEBYLEX z - (alpha");
        expect_int(c, 0, "ZREMRANGEBYLEX z [x +");
        expect(c, "[\"alpha\" \"down\" \"elephant\" \"foo\"]", "ZRANGE z 0 -1");
        expect_int(c, 4, "ZREMRANGEBYLEX z - +");
        expect_int(c, 0, "EXISTS z");
    }
}

Test(zset_range, removals_are_told)
{
    redisContext *c = wire_client(), *l = events_listener();
    fill(c);
    expect_event(l, "zadd", "z");
    expect_int(c, 1, "ZREMRANGEBYRANK z 0 0");
    expect_event(l, "zremrangebyrank", "z");
    expect_int(c, 1, "ZREMRANGEBYSCORE z 2 2");
    expect_event(l, "zremrangebyscore", "z");
    expect_int(c, 0, "ZREMRANGEBYSCORE z 2 2");
    expect_int(c, 0, "ZREMRANGEBYRANK z 9 9");
    expect_int(c, 0, "ZREMRANGEBYLEX z [x [x");
    expect_no_event(l);
    expect_int(c, 4, "ZREMRANGEBYLEX z - +");
    expect_event(l, "zremrangebylex", "z");
    expect_event(l, "del", "z");
    fill(c);
    expect_event(l, "zadd", "z");
    expect_int(c, 6, "ZREMRANGEBYRANK z 0 -1");
    expect_event(l, "zremrangebyrank", "z");
    expect_event(l, "del", "z");
    expect_no_event(l);
}

/* ---- ZRANGESTORE ------------------------------------------------------------------- */

Test(zset_range, zrangestore)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        fill(c);
        expect_int(c, 6, "ZRANGESTORE d z 0 -1");
        expect(c, "[\"a\" \"1\" \"b\" \"2\" \"c\" \"3\" \"d\" \"4\" \"e\" \"5\" \"f\" \"6\"]",
               "ZRANGE d 0 -1 WITHSCORES");
        expect_int(c, 2, "ZRANGESTORE d z 1 2");
        expect(c, "[\"b\" \"c\"]", "ZRANGE d 0 -1");
        expect_int(c, 2, "ZRANGESTORE d z 0 1 REV");
        expect(c, "[\"e\" \"f\"]", "ZRANGE d 0 -1");
        expect_int(c, 3, "ZRANGESTORE d z (1 4 BYSCORE");
        expect(c, "[\"b\" \"c\" \"d\"]", "ZRANGE d 0 -1");
        expect_int(c, 1, "ZRANGESTORE d z 6 1 BYSCORE REV LIMIT 1 1");
        expect(c, "[\"e\" \"5\"]", "ZRANGE d 0 -1 WITHSCORES");
        expect_int(c, 2, "ZRANGESTORE z z 2 3");
        expect(c, "[\"c\" \"3\" \"d\" \"4\"]", "ZRANGE z 0 -1 WITHSCORES");
        expect_int(c, 0, "ZRANGESTORE z z 5 6");
        expect_int(c, 0, "EXISTS z");
        fill_lex(c);
        expect_int(c, 2, "ZRANGESTORE d z [bar [cool BYLEX");
        expect(c, "[\"bar\" \"cool\"]", "ZRANGE d 0 -1");
    }
}

Test(zset_range, zrangestore_replaces_whatever_stood_there)
{
    redisContext *c = wire_client();
    fill(c);
    expect_ok(c, "SET d v EX 100");
    expect_int(c, 1, "ZRANGESTORE d z 0 0");
    expect(c, "+zset", "TYPE d");
    expect_int(c, -1, "TTL d");
    expect_ok(c, "SET d v");
    expect_int(c, 0, "ZRANGESTORE d none 0 0");
    expect_int(c, 0, "EXISTS d");
    expect_ok(c, "SET d v");
    expect_error(c, WRONG_TYPE, "ZRANGESTORE z d 0 0");
    expect_int(c, 6, "ZCARD z");
}

Test(zset_range, zrangestore_chooses_the_encoding_by_the_result)
{
    redisContext *c = wire_client();
    wire_config("zset-max-listpack-entries", "3");
    fill(c);
    expect_bulk(c, "skiplist", "OBJECT ENCODING z");
    expect_int(c, 3, "ZRANGESTORE d z 0 2");
    expect_bulk(c, "listpack", "OBJECT ENCODING d");
    expect_int(c, 4, "ZRANGESTORE d z 0 3");
    expect_bulk(c, "skiplist", "OBJECT ENCODING d");
}

Test(zset_range, zrangestore_is_told)
{
    redisContext *c = wire_client(), *l = events_listener();
    fill(c);
    expect_event(l, "zadd", "z");
    expect_int(c, 1, "ZRANGESTORE d z 0 0");
    expect_event(l, "zrangestore", "d");
    expect_int(c, 0, "ZRANGESTORE d z 9 9");
    expect_event(l, "del", "d");
    expect_int(c, 0, "ZRANGESTORE d z 9 9");
    expect_no_event(l);
}

/* ---- against a model ------------------------------------------------------------------- */

/* The answer to a range of scores over members m000 .. with scores i / 3, as text. */
static void model_range(char *out, size_t size, int members, int low, int high, bool down)
{
    size_t at = (size_t)snprintf(out, size, "[");
    for (int n = 0; n < members; n++) {
        int i = down ? members - 1 - n : n;
        if (i / 3 >= low && i / 3 <= high)
            at += (size_t)snprintf(out + at, size - at, "%s\"m%03d\"", at > 1 ? " " : "", i);
    }
    snprintf(out + at, size - at, "]");
}

Test(zset_range, ranges_of_sets_around_the_change_of_encoding)
{
    redisContext *c = wire_client();
    char text[8192];
    wire_config("zset-max-listpack-entries", "40");
    for (int members = 1; members <= 200; members++) {
        expect_int(c, 1, "ZADD z %d m%03d", (members - 1) / 3, members - 1);
        if (members > 60 && members % 23)
            continue;
        int high = (members - 1) / 3;
        for (int low = -1; low <= high + 1; low += 1 + high / 5)
            for (int top = low; top <= high + 1; top += 1 + high / 4) {
                model_range(text, sizeof text, members, low, top, false);
                expect(c, text, "ZRANGEBYSCORE z %d %d", low, top);
                model_range(text, sizeof text, members, low, top, true);
                expect(c, text, "ZREVRANGEBYSCORE z %d %d", top, low);
            }
    }
}
