/* Sorted sets, member by member: adding, removing, looking, drawing, scanning. */
#include "tests/wire/zset.h"

#include <stdlib.h>
#include <string.h>

WIRE_SUITE(zset);

#define NX_XX "ERR XX and NX options at the same time are not compatible"
#define GT_LT_NX "ERR GT, LT, and/or NX options at the same time are not compatible"
#define NOT_A_NUMBER "ERR resulting score is not a number (NaN)"

/* ---- ZADD ------------------------------------------------------------------------ */

Test(zset, zadd_adds_and_moves_members)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 2, "ZADD z 1 a 2 b");
        expect_int(c, 1, "ZADD z 3 a 2 b 2.5 c");
        expect(c, "[\"b\" \"2\" \"c\" \"2.5\" \"a\" \"3\"]", "ZRANGE z 0 -1 WITHSCORES");
        expect_int(c, 3, "ZADD z -1 d -inf e +inf f");
        expect_int(c, 0, "ZADD z 0 d");
        expect(c, "[\"e\" \"-inf\" \"d\" \"0\" \"b\" \"2\" \"c\" \"2.5\" \"a\" \"3\" \"f\" \"inf\"]",
               "ZRANGE z 0 -1 WITHSCORES");
        expect_int(c, 6, "ZCARD z");
    }
}

Test(zset, the_last_of_equal_members_in_one_zadd_counts)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 1, "ZADD z 1 a 5 a 3 a");
        expect_bulk(c, "3", "ZSCORE z a");
        expect_int(c, 2, "ZADD z CH 4 a 5 a");
    }
}

Test(zset, equal_scores_are_in_order_of_bytes)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 7, "ZADD z 0 b 0 a 0 ab 0 %s 0 10 0 9 0 %b", "", "a\0", (size_t)2);
        expect(c, "[\"\" \"10\" \"9\" \"a\" \"a\\x00\" \"ab\" \"b\"]", "ZRANGE z 0 -1");
        expect_int(c, 1, "ZADD z -0.0 zero");
        expect_int(c, 7, "ZRANK z zero");
    }
}

Test(zset, minus_zero_is_zero_where_the_set_is_small)
{
    redisContext *c = wire_client();
    wire_config("zset-max-listpack-entries", "2");
    expect_int(c, 2, "ZADD z -0 a 1 b");
    expect_bulk(c, "0", "ZSCORE z a");
    expect_int(c, 1, "ZADD z -0 c");
    expect(c, "[\"a\" \"0\" \"c\" \"-0\" \"b\" \"1\"]", "ZRANGE z 0 -1 WITHSCORES");
}

Test(zset, scores_take_every_form_of_a_float)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 9, "ZADD z 0x10 hex 1e3 e .5 half 5. five +7 plus -1.25 minus inf i -INF j Infinity k");
        expect(c, "[\"16\" \"1000\" \"0.5\" \"5\" \"7\" \"-1.25\" \"inf\" \"-inf\" \"inf\"]",
               "ZMSCORE z hex e half five plus minus i j k");
        expect_int(c, 1, "ZADD z 1e300 big");
        expect_int(c, 1, "ZADD z 9007199254740993 odd");
        expect_bulk(c, "9007199254740992", "ZSCORE z odd");
    }
    static const char *const bad[] = {"abc", "nan", "-nan", "", " 1", "1 ", "1e400", "1,5", "--1", "0x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_error(c, NOT_FLOAT, "ZADD z %s m", bad[i]);
}

Test(zset, scores_are_printed_in_the_shortest_form)
{
    redisContext *c = wire_client();
    if (wire_is_redis())
        return; /* since 7.2 */
    EACH_ENCODING(c)
    {
        expect_int(c, 5, "ZADD z 0.1 a 3.14159 b 1e21 c 5e-324 d 123456789.123 e");
        expect_int(c, 1, "ZADD z -9223372036854775808 f");
        expect(c, "[\"0.1\" \"3.14159\" \"1e+21\" \"5e-324\" \"123456789.123\" \"-9223372036854776000\"]",
               "ZMSCORE z a b c d e f");
        expect_bulk(c, "0.30000000000000004", "ZINCRBY z 0.2 a");
    }
}

Test(zset, zadd_nx_leaves_what_is_there_alone)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 1, "ZADD z NX 1 a");
        expect_int(c, 1, "ZADD z NX 5 a 2 b");
        expect_int(c, 1, "ZADD z nx ch 5 a 6 b 7 c");
        expect(c, "[\"a\" \"1\" \"b\" \"2\" \"c\" \"7\"]", "ZRANGE z 0 -1 WITHSCORES");
    }
}

Test(zset, zadd_xx_adds_nothing)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 0, "ZADD z XX 1 a");
        expect_int(c, 0, "EXISTS z");
        expect_nil(c, "ZADD z XX INCR 1 a");
        expect_int(c, 0, "EXISTS z");
        expect_int(c, 1, "ZADD z 1 a");
        expect_int(c, 0, "ZADD z XX 5 a 6 b");
        expect_int(c, 1, "ZADD z XX CH 7 a 6 b");
        expect(c, "[\"a\" \"7\"]", "ZRANGE z 0 -1 WITHSCORES");
    }
}

Test(zset, zadd_gt_and_lt_move_one_way)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 2, "ZADD z GT 5 a 5 b");
        expect_int(c, 2, "ZADD z GT CH 4 a 6 b 1 c");
        expect(c, "[\"5\" \"6\" \"1\"]", "ZMSCORE z a b c");
        expect_int(c, 2, "ZADD z LT CH 4 a 7 b 9 d");
        expect(c, "[\"4\" \"6\" \"1\" \"9\"]", "ZMSCORE z a b c d");
        expect_int(c, 0, "ZADD z LT CH 4 a");
        expect_int(c, 0, "ZADD z GT CH 4 a");
        expect_int(c, 1, "ZADD z XX GT CH 8 a 1 new");
        expect_int(c, 1, "ZADD z LT XX CH 2 a 1 new");
        expect_nil(c, "ZSCORE z new");
        expect_bulk(c, "2", "ZSCORE z a");
    }
}

Test(zset, zadd_incr_answers_the_score)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_bulk(c, "1.5", "ZADD z INCR 1.5 a");
        expect_bulk(c, "-1", "ZADD z INCR -2.5 a");
        expect_nil(c, "ZADD z NX INCR 1 a");
        expect_bulk(c, "3", "ZADD z NX INCR 3 b");
        expect_nil(c, "ZADD z XX INCR 1 c");
        expect_bulk(c, "4", "ZADD z XX INCR CH 1 b");
        expect_nil(c, "ZADD z GT INCR -1 b");
        expect_nil(c, "ZADD z GT INCR 0 b");
        expect_bulk(c, "5", "ZADD z GT INCR 1 b");
        expect_nil(c, "ZADD z LT INCR 1 b");
        expect_bulk(c, "3", "ZADD z LT INCR -2 b");
        expect_bulk(c, "inf", "ZADD z INCR inf b");
        expect_error(c, NOT_A_NUMBER, "ZADD z INCR -inf b");
        expect_bulk(c, "inf", "ZSCORE z b");
    }
    struct wire_resp3 *c3 = resp3_client();
    expect3(c3, ",0.5", "ZADD z3 INCR 0.5 a");
    expect3(c3, "nil", "ZADD z3 INCR NX 0.5 a");
}

Test(zset, zadd_refuses_what_does_not_go_together)
{
    redisContext *c = wire_client();
    expect_error(c, NX_XX, "ZADD z NX XX 1 a");
    expect_error(c, NX_XX, "ZADD z NX XX GT LT 1 a");
    expect_error(c, NX_XX, "ZADD z INCR NX XX 1 a 2 b");
    expect_error(c, GT_LT_NX, "ZADD z GT NX 1 a");
    expect_error(c, GT_LT_NX, "ZADD z NX LT 1 a");
    expect_error(c, GT_LT_NX, "ZADD z GT LT 1 a");
    expect_error(c, "ERR INCR option supports a single increment-element pair", "ZADD z INCR 1 a 2 b");
    expect_error(c, SYNTAX, "ZADD z NX 1");
    expect_error(c, SYNTAX, "ZADD z NX XX");
    expect_error(c, SYNTAX, "ZADD z 1 a 2");
    expect_error(c, SYNTAX, "ZADD z NX NX NX 1");
    expect_error(c, NOT_FLOAT, "ZADD z 1 a NX b");
    expect_error(c, NOT_FLOAT, "ZADD z ZZ a");
    expect_int(c, 0, "EXISTS z");
}

Test(zset, zadd_with_one_bad_score_does_nothing)
{
    redisContext *c = wire_client();
    expect_error(c, NOT_FLOAT, "ZADD z 1 a 2 b x c");
    expect_int(c, 0, "EXISTS z");
    expect_ok(c, "SET s v");
    expect_error(c, NOT_FLOAT, "ZADD s x a");
    expect_error(c, WRONG_TYPE, "ZADD s 1 a");
}

Test(zset, zadd_of_many_pairs)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        char command[8192];
        size_t at = (size_t)snprintf(command, sizeof command, "ZADD z");
        for (int i = 0; i < 300; i++)
            at += (size_t)snprintf(command + at, sizeof command - at, " %d m%d", (i * 7) % 300, i);
        expect_int(c, 300, command);
        expect_int(c, 0, command);
        expect_int(c, 300, "ZCARD z");
        expect(c, "[\"m0\" \"m43\" \"m86\"]", "ZRANGE z 0 2");
    }
}

/* ---- ZINCRBY --------------------------------------------------------------------- */

Test(zset, zincrby)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_bulk(c, "2", "ZINCRBY z 2 a");
        expect_bulk(c, "1.5", "ZINCRBY z -0.5 a");
        expect_bulk(c, "1.5", "ZINCRBY z 0 a");
        expect_int(c, 3, "ZADD z 1 b 2 c 3 d");
        expect_bulk(c, "inf", "ZINCRBY z inf a");
        expect_bulk(c, "inf", "ZINCRBY z -1e300 a");
        expect_error(c, NOT_A_NUMBER, "ZINCRBY z -inf a");
        expect_int(c, 3, "ZRANK z a");
    }
    expect_error(c, NOT_FLOAT, "ZINCRBY z x a");
    expect_error(c, SYNTAX, "ZINCRBY z NX a");
    expect_ok(c, "SET s v");
    expect_error(c, NOT_FLOAT, "ZINCRBY s x a");
    expect_error(c, WRONG_TYPE, "ZINCRBY s 1 a");
    expect3(resp3_client(), ",3.5", "ZINCRBY z3 3.5 a");
}

/* ---- ZREM ------------------------------------------------------------------------ */

Test(zset, zrem)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 0, "ZREM z a");
        expect_int(c, 5, "ZADD z 1 a 2 b 3 c 4 d 5 e");
        expect_int(c, 2, "ZREM z b d x b");
        expect(c, "[\"a\" \"c\" \"e\"]", "ZRANGE z 0 -1");
        expect_int(c, 3, "ZREM z a c e a x");
        expect_int(c, 0, "EXISTS z");
    }
    expect_ok(c, "SET s v");
    expect_error(c, WRONG_TYPE, "ZREM s a");
}

/* ---- looking --------------------------------------------------------------------- */

Test(zset, zcard_zscore_and_zmscore)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 0, "ZCARD z");
        expect_nil(c, "ZSCORE z a");
        expect(c, "[nil nil]", "ZMSCORE z a b");
        expect_int(c, 4, "ZADD z 1 a 2.5 b -inf c 12345678 12");
        expect_int(c, 4, "ZCARD z");
        expect_bulk(c, "2.5", "ZSCORE z b");
        expect_nil(c, "ZSCORE z x");
        expect(c, "[\"1\" nil \"-inf\" \"12345678\" \"1\"]", "ZMSCORE z a x c 12 a");
    }
    struct wire_resp3 *c3 = resp3_client();
    expect3(c3, ",2.5", "ZSCORE z b");
    expect3(c3, "nil", "ZSCORE z x");
    expect3(c3, "[,1 nil ,-inf]", "ZMSCORE z a x c");
    expect_ok(c, "SET s v");
    expect_error(c, WRONG_TYPE, "ZCARD s");
    expect_error(c, WRONG_TYPE, "ZSCORE s a");
    expect_error(c, WRONG_TYPE, "ZMSCORE s a");
}

Test(zset, zrank_and_zrevrank)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_nil(c, "ZRANK z a");
        expect_nil(c, "ZREVRANK z a");
        expect_int(c, 5, "ZADD z 1 a 2 b 2 c 3 d -1 e");
        expect_int(c, 0, "ZRANK z e");
        expect_int(c, 3, "ZRANK z c");
        expect_int(c, 4, "ZREVRANK z e");
        expect_int(c, 1, "ZREVRANK z c");
        expect_int(c, 0, "ZREVRANK z d");
        expect_nil(c, "ZRANK z x");
        expect_nil(c, "ZREVRANK z x");
    }
    expect_ok(c, "SET s v");
    expect_error(c, WRONG_TYPE, "ZRANK s a");
    expect_error(c, WRONG_TYPE, "ZREVRANK s a");
}

Test(zset, zrank_with_score)
{
    redisContext *c = wire_client();
    if (wire_is_redis())
        return; /* since 7.2 */
    EACH_ENCODING(c)
    {
        expect_int(c, 4, "ZADD z 1 a 2.5 b 2.5 c 3 d");
        expect(c, "[1 \"2.5\"]", "ZRANK z b WITHSCORE");
        expect(c, "[1 \"2.5\"]", "ZREVRANK z c withscore");
    }
    expect3(resp3_client(), "[3 ,3]", "ZRANK z d WITHSCORE");
    expect3(resp3_client(), "nil", "ZRANK z x WITHSCORE");
    int fd = raw_client();
    raw_say(fd, "ZRANK z x WITHSCORE\r\nZREVRANK none x WITHSCORE\r\nZRANK z x\r\n");
    raw_expect(fd, "*-1\r\n*-1\r\n$-1\r\n");
    expect_error(c, SYNTAX, "ZRANK z a WITHSCORES");
    expect_error(c, SYNTAX, "ZREVRANK z a x");
    expect_error(c, "ERR wrong number of arguments for 'zrank' command", "ZRANK z a WITHSCORE x");
}

Test(zset, ranks_hold_in_a_set_of_thousands)
{
    redisContext *c = wire_client();
    for (int i = 0; i < 5000; i++)
        wire_send(c, "ZADD z %d m%d", (i * 2477) % 5000, i);
    for (int i = 0; i < 5000; i++)
        expect_next(c, "1");
    for (int i = 0; i < 5000; i += 37) {
        expect_int(c, (i * 2477) % 5000, "ZRANK z m%d", i);
        expect_int(c, 4999 - (i * 2477) % 5000, "ZREVRANK z m%d", i);
    }
}

/* ---- ZRANDMEMBER ------------------------------------------------------------------ */

/* How many members of a reply differ; each must be one of m0 .. m<size - 1>. */
static int distinct(const redisReply *r, int size)
{
    bool seen[1000] = {false};
    int count = 0;
    for (size_t i = 0; i < r->elements; i++) {
        int n = atoi(r->element[i]->str + 1);
        cr_assert(r->element[i]->str[0] == 'm' && n >= 0 && n < size);
        count += !seen[n];
        seen[n] = true;
    }
    return count;
}

Test(zset, zrandmember_draws_members)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_nil(c, "ZRANDMEMBER z");
        expect(c, "[]", "ZRANDMEMBER z 3");
        expect(c, "[]", "ZRANDMEMBER z -3 WITHSCORES");
        for (int i = 0; i < 100; i++)
            expect_int(c, 1, "ZADD z %d m%d", i, i);
        static const int counts[] = {1, 2, 7, 12, 13, 33, 50, 99, 100, 101, 1000000};
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            redisReply *r = wire_command(c, "ZRANDMEMBER z %d", counts[i]);
            int expected = counts[i] < 100 ? counts[i] : 100;
            cr_assert_eq((int)r->elements, expected);
            cr_assert_eq(distinct(r, 100), expected);
            freeReplyObject(r);
        }
        redisReply *r = wire_command(c, "ZRANDMEMBER z -500");
        cr_assert_eq(r->elements, 500);
        int different = distinct(r, 100);
        cr_assert(different > 50 && different <= 100);
        freeReplyObject(r);
        expect(c, "[]", "ZRANDMEMBER z 0");
    }
}

Test(zset, zrandmember_comes_upon_every_member)
{
    redisContext *c = wire_client();
    static const char *const forms[] = {"ZRANDMEMBER z -40", "ZRANDMEMBER z 2", "ZRANDMEMBER z 30"};
    EACH_ENCODING(c)
    {
        for (int i = 0; i < 40; i++)
            expect_int(c, 1, "ZADD z 1 m%d", i);
        for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
            bool seen[40] = {false};
            int left = 40;
            for (int tries = 0; left && tries < 2000; tries++) {
                redisReply *r = wire_command(c, forms[f]);
                for (size_t i = 0; i < r->elements; i++) {
                    bool *one = &seen[atoi(r->element[i]->str + 1)];
                    left -= !*one;
                    *one = true;
                }
                freeReplyObject(r);
            }
            cr_assert_eq(left, 0, "%s never gave %d members", forms[f], left);
        }
    }
}

Test(zset, zrandmember_with_scores)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 1, "ZADD z 1.5 a");
        expect_bulk(c, "a", "ZRANDMEMBER z");
        expect(c, "[\"a\" \"1.5\"]", "ZRANDMEMBER z 1 WITHSCORES");
        expect(c, "[\"a\" \"1.5\"]", "ZRANDMEMBER z 5 withscores");
        expect(c, "[\"a\" \"1.5\" \"a\" \"1.5\"]", "ZRANDMEMBER z -2 WITHSCORES");
        expect3(c3, "\"a\"", "ZRANDMEMBER z");
        expect3(c3, "[\"a\"]", "ZRANDMEMBER z 1");
        expect3(c3, "[[\"a\" ,1.5]]", "ZRANDMEMBER z 1 WITHSCORES");
        expect3(c3, "[[\"a\" ,1.5] [\"a\" ,1.5]]", "ZRANDMEMBER z -2 WITHSCORES");
        expect_int(c, 4, "ZADD z 2 b 3 c 4 d 5 e");
        expect_unordered(c, "[\"1.5\" \"2\" \"3\" \"4\" \"5\" \"a\" \"b\" \"c\" \"d\" \"e\"]",
                         "ZRANDMEMBER z 9 WITHSCORES");
    }
}

Test(zset, zrandmember_errors)
{
    redisContext *c = wire_client();
    expect_error(c, NOT_INTEGER, "ZRANDMEMBER z x");
    expect_error(c, NOT_INTEGER, "ZRANDMEMBER z x foo");
    expect_error(c, SYNTAX, "ZRANDMEMBER z 1 foo");
    expect_error(c, SYNTAX, "ZRANDMEMBER z 1 WITHSCORES x");
    expect_error(c,
                 "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
                 "ZRANDMEMBER z -9223372036854775808");
    expect_error(c, "ERR value is out of range", "ZRANDMEMBER z 4611686018427387904 WITHSCORES");
    expect_error(c, "ERR value is out of range", "ZRANDMEMBER z -4611686018427387904 WITHSCORES");
    if (!wire_is_redis()) /* it would answer for ever */
        expect_error(c, "ERR value is out of range", "ZRANDMEMBER z -10000001");
    expect_ok(c, "SET s v");
    expect_error(c, WRONG_TYPE, "ZRANDMEMBER s");
    expect_error(c, WRONG_TYPE, "ZRANDMEMBER s 0");
}

/* ---- ZSCAN ------------------------------------------------------------------------ */

Test(zset, zscan_shows_small_sets_at_once)
{
    redisContext *c = wire_client();
    expect(c, "[\"0\" []]", "ZSCAN z 0");
    expect(c, "[\"0\" []]", "ZSCAN z 55 foo bar");
    expect_int(c, 3, "ZADD z 1 a 2.5 b 3 c");
    expect(c, "[\"0\" [\"a\" \"1\" \"b\" \"2.5\" \"c\" \"3\"]]", "ZSCAN z 0");
    expect(c, "[\"0\" [\"a\" \"1\" \"b\" \"2.5\" \"c\" \"3\"]]", "ZSCAN z 0 COUNT 1");
    expect(c, "[\"0\" [\"b\" \"2.5\" \"c\" \"3\"]]", "ZSCAN z 0 MATCH [bc] COUNT 5");
    expect(c, "[\"0\" []]", "ZSCAN z 0 match x*");
    expect3(resp3_client(), "[\"0\" [\"a\" \"1\" \"b\" \"2.5\" \"c\" \"3\"]]", "ZSCAN z 0");
}

Test(zset, zscan_shows_every_member_of_a_big_set)
{
    redisContext *c = wire_client();
    for (int i = 0; i < 1000; i++)
        expect_int(c, 1, "ZADD z %d m%d", i, i);
    for (int half = 0; half < 2; half++) {
        bool seen[1000] = {false};
        int count = 0, rounds = 0;
        unsigned long long cursor = 0;
        do {
            redisReply *r =
                wire_command(c, half ? "ZSCAN z %llu COUNT 20 MATCH *[02468]" : "ZSCAN z %llu", cursor);
            cursor = strtoull(r->element[0]->str, NULL, 10);
            const redisReply *list = r->element[1];
            for (size_t i = 0; i < list->elements; i += 2) {
                int n = atoi(list->element[i]->str + 1);
                cr_assert_eq(n, atoi(list->element[i + 1]->str));
                cr_assert(!half || n % 2 == 0);
                count += !seen[n];
                seen[n] = true;
            }
            cr_assert_lt(list->elements, 400);
            freeReplyObject(r);
            rounds++;
        } while (cursor);
        cr_assert_eq(count, half ? 500 : 1000);
        cr_assert_gt(rounds, 10);
    }
}

Test(zset, zscan_errors)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR invalid cursor", "ZSCAN z x");
    expect_error(c, "ERR invalid cursor", "ZSCAN z 99999999999999999999999");
    expect_int(c, 1, "ZADD z 1 a");
    expect_error(c, SYNTAX, "ZSCAN z 0 foo");
    expect_error(c, SYNTAX, "ZSCAN z 0 MATCH");
    expect_error(c, SYNTAX, "ZSCAN z 0 COUNT 0");
    expect_error(c, NOT_INTEGER, "ZSCAN z 0 COUNT x");
    expect_error(c, SYNTAX, "ZSCAN z 0 TYPE zset");
    expect_error(c, SYNTAX, "ZSCAN z 0 NOVALUES");
    expect_ok(c, "SET s v");
    expect_error(c, WRONG_TYPE, "ZSCAN s 0");
    expect_error(c, WRONG_TYPE, "ZSCAN s 0 foo");
}

/* ---- encodings --------------------------------------------------------------------- */

Test(zset, encoding_follows_the_settings)
{
    redisContext *c = wire_client();
    for (int i = 0; i < 128; i++)
        expect_int(c, 1, "ZADD z %d m%d", i, i);
    expect_bulk(c, "listpack", "OBJECT ENCODING z");
    expect_int(c, 1, "ZADD z 5 more");
    expect_bulk(c, "skiplist", "OBJECT ENCODING z");
    expect_int(c, 1, "ZREM z more");
    expect_bulk(c, "skiplist", "OBJECT ENCODING z");
    char longer[66];
    memset(longer, 'x', 65);
    longer[65] = 0;
    expect_int(c, 1, "ZADD y 1 %b", longer, (size_t)64);
    expect_bulk(c, "listpack", "OBJECT ENCODING y");
    expect_int(c, 1, "ZADD y 1 %s", longer);
    expect_bulk(c, "skiplist", "OBJECT ENCODING y");
    expect(c, "+zset", "TYPE y");
}

Test(zset, many_at_once_decide_the_encoding)
{
    redisContext *c = wire_client();
    wire_config("zset-max-listpack-entries", "2");
    expect_int(c, 1, "ZADD one 1 a 2 a");
    expect_bulk(c, "listpack", "OBJECT ENCODING one");
    expect_int(c, 1, "ZADD new 1 a 1 a 1 a");
    expect_bulk(c, "skiplist", "OBJECT ENCODING new");
    expect_int(c, 0, "ZADD one NX 1 a 1 a 1 a");
    expect_bulk(c, "skiplist", "OBJECT ENCODING one");
    expect_int(c, 0, "ZADD none XX 1 a 1 b 1 c");
    expect_int(c, 1, "GEOADD places 1 1 a 1 1 a 1 1 a");
    expect_bulk(c, "skiplist", "OBJECT ENCODING places");
    expect_int(c, 0, "GEOADD none XX 1 1 a 1 1 b 1 1 c");
    expect_int(c, 0, "EXISTS none");
}

Test(zset, members_of_every_length_survive_the_change_of_encoding)
{
    redisContext *c = wire_client();
    char *member = malloc(70001);
    memset(member, 'y', 70000);
    member[70000] = 0;
    static const int lengths[] = {0, 1, 63, 64, 65, 255, 256, 4095, 4096, 20000, 70000};
    int count = sizeof lengths / sizeof *lengths;
    for (int i = 0; i < count; i++) {
        expect_int(c, 1, "ZADD z %d %b", i, member, (size_t)lengths[i]);
        for (int k = 0; k <= i; k++)
            expect_int(c, k, "ZRANK z %b", member, (size_t)lengths[k]);
    }
    for (int i = 0; i < count; i++)
        expect_int(c, 1, "ZREM z %b", member, (size_t)lengths[i]);
    expect_int(c, 0, "EXISTS z");
    free(member);
}

/* ---- events ------------------------------------------------------------------------- */

Test(zset, changes_are_told)
{
    redisContext *c = wire_client(), *l = events_listener();
    expect_int(c, 1, "ZADD z 1 a");
    expect_event(l, "zadd", "z");
    expect_int(c, 0, "ZADD z 2 a");
    expect_event(l, "zadd", "z");
    expect_int(c, 0, "ZADD z 2 a");
    expect_int(c, 0, "ZADD z NX 3 a");
    expect_int(c, 0, "ZADD z XX 3 b");
    expect_bulk(c, "2", "ZINCRBY z 0 a");
    expect_int(c, 0, "ZREM z x");
    expect_no_event(l);
    expect_bulk(c, "3", "ZINCRBY z 1 a");
    expect_event(l, "zincr", "z");
    expect_bulk(c, "4", "ZADD z INCR 1 a");
    expect_event(l, "zincr", "z");
    expect_int(c, 1, "ZREM z a x");
    expect_event(l, "zrem", "z");
    expect_event(l, "del", "z");
    expect_no_event(l);
}

Test(zset, changes_end_a_watch_and_looks_do_not)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_int(c, 1, "ZADD z 1 a");
    expect_ok(c, "WATCH z");
    expect_int(other, 0, "ZADD z 1 a");
    expect_int(other, 0, "ZREM z x");
    expect_bulk(other, "1", "ZSCORE z a");
    expect_ok(c, "MULTI");
    expect_queued(c, "ZCARD z");
    expect(c, "[1]", "EXEC");
    expect_ok(c, "WATCH z");
    expect_int(other, 0, "ZADD z 2 a");
    expect_ok(c, "MULTI");
    expect_queued(c, "ZCARD z");
    expect_nil(c, "EXEC");
}

Test(zset, arity_is_checked)
{
    redisContext *c = wire_client();
    static const char *const commands[] = {
        "zadd z 1",   "zcard",  "zcard z x",   "zincrby z 1", "zincrby z 1 a b", "zmscore z",   "zrank z",
        "zrevrank z", "zrem z", "zrandmember", "zscan z",     "zscore z",        "zscore z a b"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        expect_wrong_arity(c, commands[i]);
}
