/* Taking members from the ends of sorted sets, and waiting for them. */
#include "tests/wire/zset.h"

#include <stdlib.h>
#include <string.h>

WIRE_SUITE(zset_block);

#define NO_KEYS "ERR numkeys should be greater than 0"
#define NO_COUNT "ERR count should be greater than 0"
#define NO_TIMEOUT "ERR timeout is not a float or out of range"
#define NEGATIVE "ERR timeout is negative"

static void fill(redisContext *c)
{
    expect_int(c, 4, "ZADD z 1 a 2 b 3 c 4 d");
}

/* A client that has sent a blocking command and waits; `waiting` clients do now. */
static void expect_waiters(redisContext *c, long long waiting)
{
    for (int tries = 0; wire_info_int(c, "blocked_clients") != waiting; tries++) {
        cr_assert_lt(tries, 2000, "never %lld clients blocked", waiting);
        wire_pause_ms(5);
    }
}

/* ---- ZPOPMIN and ZPOPMAX ------------------------------------------------------------- */

Test(zset_block, zpopmin_and_zpopmax)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect(c, "[]", "ZPOPMIN z");
        expect(c, "[]", "ZPOPMAX z 3");
        fill(c);
        expect(c, "[\"a\" \"1\"]", "ZPOPMIN z");
        expect(c, "[\"d\" \"4\"]", "ZPOPMAX z");
        expect(c, "[]", "ZPOPMIN z 0");
        expect(c, "[\"c\" \"3\" \"b\" \"2\"]", "ZPOPMAX z 10");
        expect_int(c, 0, "EXISTS z");
        fill(c);
        expect(c, "[\"a\" \"1\" \"b\" \"2\" \"c\" \"3\"]", "ZPOPMIN z 3");
        expect(c, "[\"d\" \"4\"]", "ZPOPMIN z 1");
        expect_int(c, 0, "EXISTS z");
        expect_int(c, 3, "ZADD z 1 b 1 a 1 c");
        expect(c, "[\"c\" \"1\"]", "ZPOPMAX z");
        expect(c, "[\"a\" \"1\"]", "ZPOPMIN z");
    }
}

Test(zset_block, zpop_in_resp3)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_ENCODING(c)
    {
        fill(c);
        expect3(c3, "[\"a\" ,1]", "ZPOPMIN z");
        expect3(c3, "[[\"b\" ,2]]", "ZPOPMIN z 1");
        expect3(c3, "[[\"d\" ,4] [\"c\" ,3]]", "ZPOPMAX z 5");
        expect3(c3, "[]", "ZPOPMAX z 5");
        expect3(c3, "[]", "ZPOPMAX z");
    }
}

Test(zset_block, zpop_errors)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET s v");
    static const char *const names[] = {"ZPOPMIN", "ZPOPMAX"};
    for (int i = 0; i < 2; i++) {
        expect_error(c, "ERR value is out of range, must be positive", "%s s -1", names[i]);
        expect_error(c, "ERR value is out of range, must be positive", "%s s x", names[i]);
        expect_error(c, SYNTAX, "%s s 1 2", names[i]);
        expect_error(c, WRONG_TYPE, "%s s", names[i]);
        expect_error(c, WRONG_TYPE, "%s s 0", names[i]);
    }
    expect_wrong_arity(c, "zpopmin");
    expect_wrong_arity(c, "zpopmax");
}

/* ---- ZMPOP ---------------------------------------------------------------------------- */

Test(zset_block, zmpop)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_ENCODING(c)
    {
        expect_nil(c, "ZMPOP 2 none z MIN");
        fill(c);
        expect(c, "[\"z\" [[\"a\" \"1\"]]]", "ZMPOP 2 none z MIN");
        expect(c, "[\"z\" [[\"d\" \"4\"] [\"c\" \"3\"]]]", "ZMPOP 1 z max COUNT 2");
        expect3(c3, "[\"z\" [[\"b\" ,2]]]", "ZMPOP 1 z MIN COUNT 9223372036854775807");
        expect_int(c, 0, "EXISTS z");
        expect3(c3, "nil", "ZMPOP 1 z MIN");
        expect_int(c, 1, "ZADD y 1 m");
        fill(c);
        expect(c, "[\"y\" [[\"m\" \"1\"]]]", "ZMPOP 3 none y z MAX COUNT 3");
    }
    int fd = raw_client();
    raw_say(fd, "ZMPOP 1 none MIN\r\n");
    raw_expect(fd, "*-1\r\n");
}

Test(zset_block, zmpop_errors)
{
    redisContext *c = wire_client();
    expect_int(c, 1, "ZADD z 1 a");
    expect_error(c, NO_KEYS, "ZMPOP 0 z MIN");
    expect_error(c, NO_KEYS, "ZMPOP -1 z MIN");
    expect_error(c, NO_KEYS, "ZMPOP x z MIN");
    expect_error(c, SYNTAX, "ZMPOP 2 z MIN");
    expect_error(c, SYNTAX, "ZMPOP 9223372036854775807 z MIN");
    expect_error(c, SYNTAX, "ZMPOP 1 z MID");
    expect_error(c, SYNTAX, "ZMPOP 1 z MIN COUNT");
    expect_error(c, SYNTAX, "ZMPOP 1 z MIN foo 1");
    expect_error(c, SYNTAX, "ZMPOP 1 z MIN COUNT 1 COUNT 2");
    expect_error(c, NO_COUNT, "ZMPOP 1 z MIN COUNT 0");
    expect_error(c, NO_COUNT, "ZMPOP 1 z MIN COUNT x");
    expect_error(c, NO_COUNT, "ZMPOP 1 z MIN COUNT 0 COUNT 1");
    expect_wrong_arity(c, "zmpop 1 z");
    expect_ok(c, "SET s v");
    expect_error(c, WRONG_TYPE, "ZMPOP 2 s z MIN");
    expect(c, "[\"z\" [[\"a\" \"1\"]]]", "ZMPOP 2 z s MIN");
    expect_error(c, WRONG_TYPE, "ZMPOP 2 none s MIN");
}

Test(zset_block, pops_are_told)
{
    redisContext *c = wire_client(), *l = events_listener();
    fill(c);
    expect_event(l, "zadd", "z");
    expect(c, "[\"a\" \"1\"]", "ZPOPMIN z");
    expect_event(l, "zpopmin", "z");
    expect(c, "[\"z\" \"d\" \"4\"]", "BZPOPMAX z 0");
    expect_event(l, "zpopmax", "z");
    expect(c, "[]", "ZPOPMAX z 0");
    expect_no_event(l);
    expect(c, "[\"z\" [[\"c\" \"3\"] [\"b\" \"2\"]]]", "ZMPOP 1 z MAX COUNT 7");
    expect_event(l, "zpopmax", "z");
    expect_event(l, "del", "z");
    expect_no_event(l);
}

/* ---- blocking commands that find something ----------------------------------------------- */

Test(zset_block, blocking_pops_take_what_is_there)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_ENCODING(c)
    {
        fill(c);
        expect(c, "[\"z\" \"a\" \"1\"]", "BZPOPMIN none z 1");
        expect(c, "[\"z\" \"d\" \"4\"]", "BZPOPMAX z 0");
        expect3(c3, "[\"z\" \"c\" ,3]", "BZPOPMAX z none 0.5");
        expect3(c3, "[\"z\" \"b\" ,2]", "BZPOPMIN z 0");
        expect_int(c, 0, "EXISTS z");
        fill(c);
        expect(c, "[\"z\" [[\"a\" \"1\"]]]", "BZMPOP 0 2 none z MIN");
        expect3(c3, "[\"z\" [[\"d\" ,4] [\"c\" ,3]]]", "BZMPOP 1.5 1 z MAX COUNT 2");
        expect_int(c, 1, "ZCARD z");
    }
}

Test(zset_block, blocking_pops_check_their_arguments)
{
    redisContext *c = wire_client();
    expect_error(c, NO_TIMEOUT, "BZPOPMIN z x");
    expect_error(c, NO_TIMEOUT, "BZPOPMAX z nan");
    expect_error(c, NEGATIVE, "BZPOPMIN z -1");
    expect_error(c, NEGATIVE, "BZPOPMAX z -0.5");
    expect_error(c, NO_TIMEOUT, "BZMPOP x 1 z MIN");
    expect_error(c, NEGATIVE, "BZMPOP -1 1 z MIN");
    expect_error(c, NO_KEYS, "BZMPOP x 0 z MIN");
    expect_error(c, SYNTAX, "BZMPOP x 1 z MID");
    expect_error(c, SYNTAX, "BZMPOP x 2 z MIN");
    expect_error(c, NO_COUNT, "BZMPOP x 1 z MIN COUNT 0");
    expect_ok(c, "SET s v");
    expect_error(c, WRONG_TYPE, "BZPOPMIN none s 0");
    expect_error(c, WRONG_TYPE, "BZPOPMAX s 0");
    expect_error(c, WRONG_TYPE, "BZMPOP 0 2 none s MAX");
    expect_wrong_arity(c, "bzpopmin z");
    expect_wrong_arity(c, "bzpopmax z");
    expect_wrong_arity(c, "bzmpop 0 1 z");
}

/* ---- waiting ------------------------------------------------------------------------- */

Test(zset_block, a_waiting_client_is_served)
{
    redisContext *c = wire_client(), *w = wire_client();
    wire_send(w, "BZPOPMIN y z 0");
    expect_waiters(c, 1);
    expect_int(c, 2, "ZADD z 2 b 1 a");
    expect_next(w, "[\"z\" \"a\" \"1\"]");
    expect(c, "[\"b\"]", "ZRANGE z 0 -1");
    expect_waiters(c, 0);
    wire_send(w, "BZPOPMAX y 0");
    expect_waiters(c, 1);
    expect_bulk(c, "5", "ZINCRBY y 5 m");
    expect_next(w, "[\"y\" \"m\" \"5\"]");
    expect_int(c, 0, "EXISTS y");
    wire_send(w, "BZMPOP 0 2 x y MAX COUNT 2");
    expect_waiters(c, 1);
    expect_int(c, 3, "ZADD y 1 a 2 b 3 c");
    expect_next(w, "[\"y\" [[\"c\" \"3\"] [\"b\" \"2\"]]]");
    expect(c, "[\"a\"]", "ZRANGE y 0 -1");
}

Test(zset_block, waiting_in_resp3)
{
    redisContext *c = wire_client();
    struct wire_resp3 *w = resp3_client();
    resp3_send(w, "BZPOPMIN z 0");
    expect_waiters(c, 1);
    expect_int(c, 1, "ZADD z 2.5 b");
    expect3_next(w, "[\"z\" \"b\" ,2.5]");
    resp3_send(w, "BZMPOP 0 1 z MIN");
    expect_waiters(c, 1);
    expect_int(c, 1, "ZADD z 2.5 b");
    expect3_next(w, "[\"z\" [[\"b\" ,2.5]]]");
    resp3_send(w, "BZPOPMIN z 0.01");
    expect3_next(w, "nil");
}

Test(zset_block, time_ends_the_waiting)
{
    redisContext *c = wire_client();
    static const char *const commands[] = {"BZPOPMIN z 0.01", "BZPOPMAX y z 0.02", "BZMPOP 0.01 2 y z MIN"};
    for (size_t i = 0; i < 3; i++)
        expect_nil(c, commands[i]);
    int fd = raw_client();
    raw_say(fd, "BZPOPMIN z 0.01\r\nBZMPOP 0.01 1 z MIN\r\nPING\r\n");
    raw_expect(fd, "*-1\r\n*-1\r\n+PONG\r\n");
    expect_waiters(c, 0);
}

Test(zset_block, waiters_are_served_in_the_order_of_their_coming)
{
    enum { WAITERS = 50 };
    redisContext *c = wire_client(), *w[WAITERS];
    for (int i = 0; i < WAITERS; i++) {
        w[i] = wire_client();
        wire_send(w[i], i % 2 ? "BZPOPMIN z 0" : "BZMPOP 0 1 z MIN");
        expect_waiters(c, i + 1);
    }
    /* one at a time, then all the others at once */
    for (int i = 0; i < 10; i++) {
        char text[64];
        expect_int(c, 1, "ZADD z %d m%d", i, i);
        snprintf(text, sizeof text, i % 2 ? "[\"z\" \"m%d\" \"%d\"]" : "[\"z\" [[\"m%d\" \"%d\"]]]", i, i);
        expect_next(w[i], text);
    }
    char command[4096];
    size_t at = (size_t)snprintf(command, sizeof command, "ZADD z");
    for (int i = 10; i < WAITERS + 2; i++)
        at += (size_t)snprintf(command + at, sizeof command - at, " %d m%d", i, i);
    expect_int(c, WAITERS - 8, command);
    for (int i = 10; i < WAITERS; i++) {
        char text[64];
        snprintf(text, sizeof text, i % 2 ? "[\"z\" \"m%d\" \"%d\"]" : "[\"z\" [[\"m%d\" \"%d\"]]]", i, i);
        expect_next(w[i], text);
    }
    expect(c, "[\"m50\" \"m51\"]", "ZRANGE z 0 -1");
    expect_waiters(c, 0);
}

Test(zset_block, waiters_for_minimum_and_maximum_share_what_comes)
{
    redisContext *c = wire_client(), *low = wire_client(), *high = wire_client(), *many = wire_client();
    wire_send(low, "BZPOPMIN z 0");
    expect_waiters(c, 1);
    wire_send(high, "BZPOPMAX z 0");
    expect_waiters(c, 2);
    wire_send(many, "BZMPOP 0 1 z MAX COUNT 10");
    expect_waiters(c, 3);
    expect_int(c, 5, "ZADD z 1 a 2 b 3 c 4 d 5 e");
    expect_next(low, "[\"z\" \"a\" \"1\"]");
    expect_next(high, "[\"z\" \"e\" \"5\"]");
    expect_next(many, "[\"z\" [[\"d\" \"4\"] [\"c\" \"3\"] [\"b\" \"2\"]]]");
    expect_int(c, 0, "EXISTS z");
}

Test(zset_block, the_first_key_that_gets_members_counts)
{
    redisContext *c = wire_client(), *w = wire_client();
    wire_send(w, "BZPOPMIN a b c 0");
    expect_waiters(c, 1);
    expect_ok(c, "MULTI");
    expect_queued(c, "ZADD c 1 x");
    expect_queued(c, "ZADD b 2 y");
    expect(c, "[1 1]", "EXEC");
    /* Both are there when the client runs again: its own order decides. */
    redisReply *r = NULL;
    cr_assert_eq(redisGetReply(w, (void **)&r), REDIS_OK);
    cr_assert_eq(r->elements, 3);
    freeReplyObject(r);
    expect_int(c, 1, "EXISTS b c");
}

Test(zset_block, other_types_do_not_wake_a_waiter)
{
    redisContext *c = wire_client(), *w = wire_client();
    wire_send(w, "BZPOPMIN z 0");
    expect_waiters(c, 1);
    expect_ok(c, "SET z text");
    expect_waiters(c, 1);
    expect_int(c, 1, "DEL z");
    expect_int(c, 1, "SADD z x");
    expect_waiters(c, 1);
    expect_int(c, 1, "DEL z");
    expect_int(c, 1, "ZADD z 1 m");
    expect_next(w, "[\"z\" \"m\" \"1\"]");
}

Test(zset_block, members_that_come_and_go_in_a_transaction_wake_nobody)
{
    redisContext *c = wire_client(), *w = wire_client();
    wire_send(w, "BZPOPMIN z 0");
    expect_waiters(c, 1);
    expect_ok(c, "MULTI");
    expect_queued(c, "ZADD z 1 gone");
    expect_queued(c, "DEL z");
    expect(c, "[1 1]", "EXEC");
    expect_waiters(c, 1);
    expect_ok(c, "MULTI");
    expect_queued(c, "ZADD z 1 gone");
    expect_queued(c, "ZREM z gone");
    expect_queued(c, "ZADD z 2 stays");
    expect(c, "[1 1 1]", "EXEC");
    expect_next(w, "[\"z\" \"stays\" \"2\"]");
}

Test(zset_block, in_a_transaction_nobody_waits)
{
    redisContext *c = wire_client();
    expect_ok(c, "MULTI");
    expect_queued(c, "BZPOPMIN z 0");
    expect_queued(c, "BZMPOP 0 1 z MAX");
    expect_queued(c, "ZADD z 1 a 2 b");
    expect_queued(c, "BZPOPMAX z 0");
    expect(c, "[nil nil 2 [\"z\" \"b\" \"2\"]]", "EXEC");
}

Test(zset_block, every_way_to_get_members_wakes_a_waiter)
{
    redisContext *c = wire_client(), *w = wire_client();
    expect_int(c, 2, "ZADD src 1 a 2 b");
    static const char *const ways[] = {"ZUNIONSTORE z 1 src", "ZINTERSTORE z 1 src",
                                       "ZDIFFSTORE z 2 src none", "ZRANGESTORE z src 0 -1"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        wire_send(w, "BZPOPMIN z 0");
        expect_waiters(c, 1);
        expect_int(c, 2, ways[i]);
        expect_next(w, "[\"z\" \"a\" \"1\"]");
        expect_int(c, 1, "DEL z");
    }
    wire_send(w, "BZPOPMIN z 0");
    expect_waiters(c, 1);
    expect_int(c, 1, "COPY src z");
    expect_next(w, "[\"z\" \"a\" \"1\"]");
    expect_int(c, 1, "DEL z");
    wire_send(w, "BZPOPMIN z 0");
    expect_waiters(c, 1);
    expect_ok(c, "RENAME src z");
    expect_next(w, "[\"z\" \"a\" \"1\"]");
}

Test(zset_block, a_waiter_that_leaves_takes_nothing)
{
    redisContext *c = wire_client(), *gone = wire_client(), *w = wire_client();
    long long id = wire_int(gone, "CLIENT ID");
    wire_send(gone, "BZPOPMIN z 0");
    expect_waiters(c, 1);
    wire_send(w, "BZPOPMIN z 0");
    expect_waiters(c, 2);
    expect_int(c, 1, "CLIENT KILL ID %lld", id);
    expect_waiters(c, 1);
    expect_int(c, 1, "ZADD z 1 a");
    expect_next(w, "[\"z\" \"a\" \"1\"]");
    redisContext *closing = wire_client();
    wire_send(closing, "BZPOPMIN z 0");
    expect_waiters(c, 1);
    wire_close(closing);
    expect_waiters(c, 0);
    expect_int(c, 1, "ZADD z 1 a");
    expect_int(c, 1, "ZCARD z");
}

Test(zset_block, a_waiter_can_be_unblocked)
{
    redisContext *c = wire_client(), *w = wire_client();
    long long id = wire_int(w, "CLIENT ID");
    wire_send(w, "BZPOPMIN z 0");
    expect_waiters(c, 1);
    expect_int(c, 1, "CLIENT UNBLOCK %lld", id);
    expect_next(w, "nil");
    wire_send(w, "BZMPOP 0 1 z MIN");
    expect_waiters(c, 1);
    expect_int(c, 1, "CLIENT UNBLOCK %lld ERROR", id);
    expect_next(w, "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    expect_int(c, 1, "ZADD z 1 a");
    expect(w, "[\"z\" \"a\" \"1\"]", "BZPOPMIN z 0");
}

Test(zset_block, requests_behind_a_waiting_one_come_after_it)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    raw_say(fd, "BZPOPMIN z 0\r\nZCARD z\r\nPING\r\n");
    expect_waiters(c, 1);
    expect_int(c, 3, "ZADD z 1 a 2 b 3 c");
    raw_expect(fd, "*3\r\n$1\r\nz\r\n$1\r\na\r\n$1\r\n1\r\n:2\r\n+PONG\r\n");
}
