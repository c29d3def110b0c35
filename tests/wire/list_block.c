/* Waiting for elements of lists: order, several keys, time, transactions, chains, and clients that leave. */
#include "tests/wire/list.h"

#include <stdlib.h>
#include <string.h>

WIRE_SUITE(list_block);

#define NO_TIMEOUT "ERR timeout is not a float or out of range"
#define NEGATIVE "ERR timeout is negative"

/* That many clients wait. */
static void expect_waiters(redisContext *c, long long waiting)
{
    for (int tries = 0; wire_info_int(c, "blocked_clients") != waiting; tries++) {
        cr_assert_lt(tries, 2000, "never %lld clients blocked", waiting);
        wire_pause_ms(5);
    }
}

/* ---- what finds something doesn't wait ---------------------------------------------- */

Test(list_block, what_is_there_is_taken_at_once)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_FORM(c)
    {
        expect_int(c, 5, "RPUSH k a b c d e");
        expect(c, "[\"k\" \"a\"]", "BLPOP none k 1");
        expect(c, "[\"k\" \"e\"]", "BRPOP k none 0");
        expect3(c3, "[\"k\" \"b\"]", "BLPOP k 0.5");
        expect_bulk(c, "d", "BLMOVE k to RIGHT LEFT 0");
        expect_bulk(c, "c", "BRPOPLPUSH k to 1");
        expect_int(c, 0, "EXISTS k");
        expect(c, "[\"c\" \"d\"]", "LRANGE to 0 -1");
        expect_int(c, 5, "RPUSH k a b c d e");
        expect(c, "[\"k\" [\"a\"]]", "BLMPOP 0 2 none k LEFT");
        expect3(c3, "[\"k\" [\"e\" \"d\"]]", "BLMPOP 1.5 2 k to right COUNT 2");
        expect(c, "[\"k\" [\"b\" \"c\"]]", "BLMPOP 0 2 k to LEFT COUNT 100");
        expect_int(c, 0, "EXISTS k");
        expect_int(c, 2, "LLEN to");
    }
}

Test(list_block, arguments_are_checked_before_anybody_waits)
{
    redisContext *c = wire_client();
    expect_error(c, NO_TIMEOUT, "BLPOP k x");
    expect_error(c, NO_TIMEOUT, "BRPOP k nan");
    expect_error(c, NEGATIVE, "BLPOP k -1");
    expect_error(c, NEGATIVE, "BRPOP k -0.01");
    expect_error(c, NO_TIMEOUT, "BRPOPLPUSH k to x");
    expect_error(c, NEGATIVE, "BRPOPLPUSH k to -1");
    expect_error(c, SYNTAX, "BLMOVE k to LEFT UP x");
    expect_error(c, SYNTAX, "BLMOVE k to UP LEFT 0");
    expect_error(c, NO_TIMEOUT, "BLMOVE k to LEFT LEFT x");
    expect_error(c, NEGATIVE, "BLMOVE k to LEFT LEFT -1");
    expect_error(c, NO_TIMEOUT, "BLMPOP x 1 k LEFT");
    expect_error(c, NEGATIVE, "BLMPOP -1 1 k LEFT");
    expect_error(c, NO_KEYS, "BLMPOP x 0 k LEFT");
    expect_error(c, NO_KEYS, "BLMPOP 0 x k LEFT");
    expect_error(c, SYNTAX, "BLMPOP x 1 k UP");
    expect_error(c, SYNTAX, "BLMPOP x 2 k LEFT");
    expect_error(c, SYNTAX, "BLMPOP 0 1 k LEFT COUNT");
    expect_error(c, SYNTAX, "BLMPOP 0 1 k LEFT COUNT 1 COUNT 1");
    expect_error(c, NO_COUNT, "BLMPOP x 1 k LEFT COUNT 0");
    expect_ok(c, "SET s v");
    expect_int(c, 1, "RPUSH k a");
    expect_error(c, WRONG_TYPE, "BLPOP none s k 0");
    expect_error(c, WRONG_TYPE, "BRPOP s 0");
    expect_error(c, WRONG_TYPE, "BLMPOP 0 2 none s RIGHT");
    expect_error(c, WRONG_TYPE, "BLMOVE s to LEFT LEFT 0");
    expect_error(c, WRONG_TYPE, "BLMOVE k s LEFT LEFT 0");
    expect_error(c, WRONG_TYPE, "BRPOPLPUSH s to 0");
    expect_error(c, WRONG_TYPE, "BRPOPLPUSH k s 0");
    expect(c, "[\"k\" \"a\"]", "BLPOP none k s 0");
    expect_error(c, WRONG_ARITY("blpop"), "BLPOP k");
    expect_error(c, WRONG_ARITY("brpop"), "BRPOP k");
    expect_error(c, WRONG_ARITY("blmpop"), "BLMPOP 0 1 k");
    expect_error(c, WRONG_ARITY("blmove"), "BLMOVE k to LEFT LEFT");
    expect_error(c, WRONG_ARITY("brpoplpush"), "BRPOPLPUSH k to");
}

/* ---- being served --------------------------------------------------------------------- */

Test(list_block, a_waiting_client_is_served)
{
    redisContext *c = wire_client(), *w = wire_client();
    EACH_FORM(c)
    {
        wire_send(w, "BLPOP none k 0");
        expect_waiters(c, 1);
        expect_int(c, 3, "RPUSH k a b c");
        expect_next(w, "[\"k\" \"a\"]");
        expect(c, "[\"b\" \"c\"]", "LPOP k 2");
        expect_waiters(c, 0);
        wire_send(w, "BRPOP k none 100");
        expect_waiters(c, 1);
        expect_int(c, 2, "LPUSH none x y");
        expect_next(w, "[\"none\" \"x\"]");
        wire_send(w, "BLMPOP 0 2 other k RIGHT COUNT 2");
        expect_waiters(c, 1);
        expect_int(c, 3, "RPUSH k 1 2 3");
        expect_next(w, "[\"k\" [\"3\" \"2\"]]");
        wire_send(w, "BLMOVE other k LEFT RIGHT 0");
        expect_waiters(c, 1);
        expect_int(c, 1, "LPUSH other x");
        expect_next(w, "\"x\"");
        expect_int(c, 0, "EXISTS other");
        wire_send(w, "BRPOPLPUSH other k 0");
        expect_waiters(c, 1);
        expect_int(c, 2, "LPUSH other x y");
        expect_next(w, "\"x\"");
        expect(c, "[\"x\" \"1\" \"x\"]", "LRANGE k 0 -1");
        expect(c, "[\"y\"]", "LRANGE other 0 -1");
        expect_waiters(c, 0);
    }
}

Test(list_block, serving_in_resp3)
{
    redisContext *c = wire_client();
    struct wire_resp3 *w = resp3_client();
    resp3_send(w, "BLPOP k 0");
    expect_waiters(c, 1);
    expect_int(c, 1, "RPUSH k a");
    expect3_next(w, "[\"k\" \"a\"]");
    resp3_send(w, "BLMPOP 0 1 k LEFT");
    expect_waiters(c, 1);
    expect_int(c, 1, "RPUSH k a");
    expect3_next(w, "[\"k\" [\"a\"]]");
    resp3_send(w, "BLPOP k 0.01");
    expect3_next(w, "nil");
    resp3_send(w, "BLMOVE k to LEFT LEFT 0.01");
    expect3_next(w, "nil");
}

Test(list_block, time_ends_the_waiting)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    raw_say(fd, "BLPOP a b 0.01\r\nBRPOP a 0.001\r\nBLMPOP 0.01 2 a b LEFT\r\nPING\r\n");
    raw_expect(fd, "*-1\r\n*-1\r\n*-1\r\n+PONG\r\n");
    /* An array it is here as well, unlike in a transaction. */
    raw_say(fd, "BLMOVE a b LEFT LEFT 0.01\r\nBRPOPLPUSH a b 0.01\r\nPING\r\n");
    raw_expect(fd, "*-1\r\n*-1\r\n+PONG\r\n");
    expect_waiters(c, 0);
    /* Nothing is taken for those whose time was over. */
    expect_int(c, 1, "RPUSH a x");
    expect_int(c, 1, "LLEN a");
}

Test(list_block, waiters_are_served_in_the_order_of_their_coming)
{
    enum { WAITERS = 60 };
    static const char *const commands[] = {"BLPOP k 0", "BLMPOP 0 1 k LEFT", "BLMOVE k to LEFT RIGHT 0"};
    static const char *const replies[] = {"[\"k\" \"m%d\"]", "[\"k\" [\"m%d\"]]", "\"m%d\""};
    redisContext *c = wire_client(), *w[WAITERS];
    for (int i = 0; i < WAITERS; i++) {
        w[i] = wire_client();
        wire_send(w[i], commands[i % 3]);
        expect_waiters(c, i + 1);
    }
    /* One at a time, then all the others at once. */
    char text[64], command[4096];
    for (int i = 0; i < 10; i++) {
        expect_int(c, 1, "RPUSH k m%d", i);
        snprintf(text, sizeof text, replies[i % 3], i);
        expect_next(w[i], text);
    }
    size_t at = (size_t)snprintf(command, sizeof command, "RPUSH k");
    for (int i = 10; i < WAITERS + 2; i++)
        at += (size_t)snprintf(command + at, sizeof command - at, " m%d", i);
    expect_int(c, WAITERS - 8, command);
    for (int i = 10; i < WAITERS; i++) {
        snprintf(text, sizeof text, replies[i % 3], i);
        expect_next(w[i], text);
    }
    expect(c, "[\"m60\" \"m61\"]", "LRANGE k 0 -1");
    expect_int(c, WAITERS / 3, "LLEN to");
    expect_waiters(c, 0);
}

Test(list_block, waiters_at_both_ends_share_what_comes)
{
    redisContext *c = wire_client(), *left = wire_client(), *right = wire_client(), *many = wire_client();
    wire_send(left, "BLPOP k 0");
    expect_waiters(c, 1);
    wire_send(right, "BRPOP k 0");
    expect_waiters(c, 2);
    wire_send(many, "BLMPOP 0 1 k RIGHT COUNT 10");
    expect_waiters(c, 3);
    expect_int(c, 5, "RPUSH k a b c d e");
    expect_next(left, "[\"k\" \"a\"]");
    expect_next(right, "[\"k\" \"e\"]");
    expect_next(many, "[\"k\" [\"d\" \"c\" \"b\"]]");
    expect_int(c, 0, "EXISTS k");
}

Test(list_block, of_several_keys_the_first_that_is_there_counts)
{
    redisContext *c = wire_client(), *w = wire_client(), *both = wire_client();
    wire_send(w, "BLPOP a b a a 0");
    expect_waiters(c, 1);
    wire_send(both, "BRPOP b a 0");
    expect_waiters(c, 2);
    expect_int(c, 1, "RPUSH b 1");
    expect_next(w, "[\"b\" \"1\"]");
    expect_int(c, 1, "RPUSH a 2");
    expect_next(both, "[\"a\" \"2\"]");
    wire_send(w, "BLPOP a b c 0");
    expect_waiters(c, 1);
    expect_ok(c, "MULTI");
    expect_queued(c, "RPUSH c x");
    expect_queued(c, "RPUSH b y");
    expect(c, "[1 1]", "EXEC");
    /* Both are there when the command runs again; Redis 7.0 looked at what came first. */
    expect_next(w, wire_is_redis() ? "[\"c\" \"x\"]" : "[\"b\" \"y\"]");
    expect_int(c, 1, "EXISTS b c");
}

Test(list_block, another_database_is_another_key)
{
    redisContext *c = wire_client(), *w = wire_client();
    expect_ok(w, "SELECT 1");
    wire_send(w, "BLPOP k 0");
    expect_waiters(c, 1);
    expect_int(c, 1, "RPUSH k zero");
    expect_waiters(c, 1);
    expect_int(c, 1, "MOVE k 1");
    expect_next(w, "[\"k\" \"zero\"]");
    wire_send(w, "BLPOP k 0");
    expect_waiters(c, 1);
    expect_int(c, 1, "RPUSH k zero");
    expect_ok(c, "SWAPDB 0 1");
    expect_next(w, "[\"k\" \"zero\"]");
}

Test(list_block, every_way_to_get_elements_wakes_a_waiter)
{
    redisContext *c = wire_client(), *w = wire_client();
    static const char *const ways[] = {
        "RPUSH k a b",           "LPUSH k b a",    "COPY src k", "SORT src ALPHA STORE k",
        "LMOVE src k LEFT LEFT", "RPOPLPUSH one k"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        expect_ok(c, "FLUSHALL");
        expect_int(c, 2, "RPUSH src a b");
        expect_int(c, 1, "RPUSH one a");
        wire_send(w, "BLPOP k 0");
        expect_waiters(c, 1);
        freeReplyObject(wire_command(c, ways[i]));
        expect_next(w, "[\"k\" \"a\"]");
    }
    wire_send(w, "BLPOP k2 0");
    expect_waiters(c, 1);
    expect_int(c, 3, "RPUSH src x");
    expect_ok(c, "RENAME src k2");
    redisReply *r;
    cr_assert_eq(redisGetReply(w, (void **)&r), REDIS_OK);
    cr_assert_eq(r->elements, 2);
    freeReplyObject(r);
}

Test(list_block, what_is_served_is_told)
{
    redisContext *c = wire_client(), *w = wire_client(), *l = events_listener();
    wire_send(w, "BLPOP k 0");
    expect_waiters(c, 1);
    expect_int(c, 1, "RPUSH k a");
    expect_next(w, "[\"k\" \"a\"]");
    expect_event(l, "rpush", "k");
    expect_event(l, "lpop", "k");
    expect_event(l, "del", "k");
    wire_send(w, "BLMOVE k to LEFT RIGHT 0");
    expect_waiters(c, 1);
    expect_int(c, 2, "RPUSH k a b");
    expect_next(w, "\"a\"");
    expect_event(l, "rpush", "k");
    expect_event(l, "rpush", "to");
    expect_event(l, "lpop", "k");
    expect_no_event(l);
}

/* ---- types, transactions, chains ---------------------------------------------------------- */

Test(list_block, other_types_do_not_wake_a_waiter)
{
    redisContext *c = wire_client(), *w = wire_client();
    wire_send(w, "BLPOP k 0");
    expect_waiters(c, 1);
    expect_ok(c, "SET k text");
    expect_waiters(c, 1);
    expect_int(c, 1, "DEL k");
    expect_int(c, 1, "ZADD k 1 m");
    expect_waiters(c, 1);
    expect_int(c, 1, "DEL k");
    expect_int(c, 1, "RPUSH k a");
    expect_next(w, "[\"k\" \"a\"]");
}

Test(list_block, a_destination_of_another_type_is_an_error_and_takes_nothing)
{
    redisContext *c = wire_client(), *w = wire_client(), *second = wire_client();
    expect_ok(c, "SET to text");
    wire_send(w, "BLMOVE k to LEFT LEFT 0");
    expect_waiters(c, 1);
    wire_send(second, "BLPOP k 0");
    expect_waiters(c, 2);
    expect_int(c, 1, "RPUSH k a");
    expect_next(w, "-" WRONG_TYPE);
    expect_next(second, "[\"k\" \"a\"]");
    /* And when it comes while the client waits. */
    expect_int(c, 1, "DEL to");
    wire_send(w, "BRPOPLPUSH k to 0");
    expect_waiters(c, 1);
    expect_ok(c, "SET to text");
    expect_int(c, 1, "RPUSH k a");
    expect_next(w, "-" WRONG_TYPE);
    expect(c, "[\"a\"]", "LRANGE k 0 -1");
}

Test(list_block, in_a_transaction_nobody_waits)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    raw_say(fd, "MULTI\r\nBLPOP k 0\r\nBLMPOP 0 1 k LEFT\r\nBLMOVE k to LEFT LEFT 0\r\nBRPOPLPUSH k to "
                "0\r\nEXEC\r\n");
    raw_expect(fd, "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*4\r\n*-1\r\n*-1\r\n$-1\r\n$-1\r\n");
    expect_ok(c, "MULTI");
    expect_queued(c, "RPUSH k a b c d");
    expect_queued(c, "BLPOP k 0");
    expect_queued(c, "BRPOP k 0");
    expect_queued(c, "BLMOVE k to LEFT LEFT 0");
    expect_queued(c, "BLMPOP 0 1 k LEFT");
    expect_queued(c, "BRPOP k 0");
    expect(c, "[4 [\"k\" \"a\"] [\"k\" \"d\"] \"b\" [\"k\" [\"c\"]] nil]", "EXEC");
}

Test(list_block, a_transaction_is_over_before_anybody_is_served)
{
    redisContext *c = wire_client(), *w = wire_client();
    wire_send(w, "BLPOP k 0");
    expect_waiters(c, 1);
    expect_ok(c, "MULTI");
    expect_queued(c, "RPUSH k gone");
    expect_queued(c, "DEL k");
    expect(c, "[1 1]", "EXEC");
    expect_waiters(c, 1);
    expect_ok(c, "MULTI");
    expect_queued(c, "LPUSH k a");
    expect_queued(c, "LPUSH k b");
    expect_queued(c, "LLEN k");
    expect(c, "[1 2 2]", "EXEC");
    expect_next(w, "[\"k\" \"b\"]");
    expect(c, "[\"a\"]", "LRANGE k 0 -1");
}

Test(list_block, moves_wake_those_that_wait_behind_them)
{
    redisContext *c = wire_client(), *a = wire_client(), *b = wire_client(), *last = wire_client();
    wire_send(last, "BLPOP l3 0");
    expect_waiters(c, 1);
    wire_send(b, "BLMOVE l2 l3 LEFT RIGHT 0");
    expect_waiters(c, 2);
    wire_send(a, "BRPOPLPUSH l1 l2 0");
    expect_waiters(c, 3);
    expect_int(c, 1, "RPUSH l1 x");
    expect_next(a, "\"x\"");
    expect_next(b, "\"x\"");
    expect_next(last, "[\"l3\" \"x\"]");
    expect_int(c, 0, "EXISTS l1 l2 l3");
}

Test(list_block, moves_in_a_circle_end)
{
    redisContext *c = wire_client(), *a = wire_client(), *b = wire_client(), *self = wire_client();
    wire_send(a, "BRPOPLPUSH l1 l2 0");
    expect_waiters(c, 1);
    wire_send(b, "BRPOPLPUSH l2 l1 0");
    expect_waiters(c, 2);
    expect_int(c, 1, "RPUSH l1 x");
    expect_next(a, "\"x\"");
    expect_next(b, "\"x\"");
    expect(c, "[\"x\"]", "LRANGE l1 0 -1");
    expect_int(c, 0, "EXISTS l2");
    wire_send(self, "BLMOVE k k LEFT RIGHT 0");
    expect_waiters(c, 1);
    expect_int(c, 2, "RPUSH k a b");
    expect_next(self, "\"a\"");
    expect(c, "[\"b\" \"a\"]", "LRANGE k 0 -1");
}

/* ---- clients that leave ------------------------------------------------------------------------- */

Test(list_block, who_leaves_takes_nothing)
{
    redisContext *c = wire_client(), *killed = wire_client(), *closing = wire_client(), *w = wire_client();
    long long id = wire_int(killed, "CLIENT ID");
    wire_send(killed, "BLPOP k other 0");
    expect_waiters(c, 1);
    wire_send(closing, "BLMOVE k to LEFT LEFT 0");
    expect_waiters(c, 2);
    wire_send(w, "BLPOP k 0");
    expect_waiters(c, 3);
    expect_int(c, 1, "CLIENT KILL ID %lld", id);
    expect_closed(killed);
    expect_waiters(c, 2);
    wire_close(closing);
    expect_waiters(c, 1);
    expect_int(c, 1, "RPUSH k a");
    expect_next(w, "[\"k\" \"a\"]");
    expect_int(c, 1, "RPUSH other a");
    expect_int(c, 0, "EXISTS to k");
}

Test(list_block, a_waiter_killed_in_a_transaction_that_pushes_takes_nothing)
{
    redisContext *c = wire_client(), *killed = wire_client(), *w = wire_client();
    long long id = wire_int(killed, "CLIENT ID");
    wire_send(killed, "BLPOP k 0");
    expect_waiters(c, 1);
    wire_send(w, "BLPOP k 0");
    expect_waiters(c, 2);
    expect_ok(c, "MULTI");
    expect_queued(c, "RPUSH k a");
    expect_queued(c, "CLIENT KILL ID %lld", id);
    expect(c, "[1 1]", "EXEC");
    expect_next(w, "[\"k\" \"a\"]");
    expect_int(c, 0, "EXISTS k");
}

Test(list_block, a_waiter_can_be_unblocked)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    long long id = raw_id(fd);
    static const char *const commands[] = {"BLPOP a b 0\r\n", "BLMPOP 0 1 a LEFT\r\n",
                                           "BLMOVE a b LEFT LEFT 0\r\n"};
    for (int i = 0; i < 3; i++) {
        raw_send(fd, commands[i], strlen(commands[i]));
        expect_waiters(c, 1);
        expect_int(c, 1, "CLIENT UNBLOCK %lld", id);
        raw_expect(fd, "*-1\r\n");
        raw_send(fd, commands[i], strlen(commands[i]));
        expect_waiters(c, 1);
        expect_int(c, 1, "CLIENT UNBLOCK %lld ERROR", id);
        raw_expect(fd, "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
    }
    expect_int(c, 0, "CLIENT UNBLOCK %lld", id);
    expect_int(c, 1, "RPUSH a x");
    expect_int(c, 1, "LLEN a");
    raw_say(fd, "BLPOP a 0\r\n");
    raw_expect(fd, "*2\r\n$1\r\na\r\n$1\r\nx\r\n");
}

Test(list_block, requests_behind_a_waiting_one_come_after_it)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    raw_say(fd, "BLPOP k 0\r\nLLEN k\r\nBLPOP k 0\r\nRPUSH k z\r\nBLPOP k 0\r\nBLPOP k 0\r\n");
    expect_waiters(c, 1);
    expect_int(c, 2, "RPUSH k a b");
    raw_expect(
        fd,
        "*2\r\n$1\r\nk\r\n$1\r\na\r\n:1\r\n*2\r\n$1\r\nk\r\n$1\r\nb\r\n:1\r\n*2\r\n$1\r\nk\r\n$1\r\nz\r\n");
    expect_waiters(c, 1);
    expect_int(c, 1, "RPUSH k c");
    raw_expect(fd, "*2\r\n$1\r\nk\r\n$1\r\nc\r\n");
}

Test(list_block, many_clients_wait_at_many_keys)
{
    enum { CLIENTS = 40, KEYS = 8 };
    redisContext *c = wire_client(), *w[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        w[i] = wire_client();
        wire_send(w[i], "BLPOP k%d k%d k%d 0", i % KEYS, (i + 1) % KEYS, (i + 3) % KEYS);
        expect_waiters(c, i + 1);
    }
    /* Each push serves exactly one; all are served in the end. */
    for (int i = 0, left = CLIENTS; left > 0; i++) {
        expect_between(c, 1, 1000, "RPUSH k%d x", i % KEYS);
        long long now = wire_info_int(c, "blocked_clients");
        cr_assert_geq(now, left - 1);
        left = (int)now;
        cr_assert_lt(i, CLIENTS * KEYS);
    }
    for (int i = 0; i < CLIENTS; i++) {
        redisReply *r;
        cr_assert_eq(redisGetReply(w[i], (void **)&r), REDIS_OK);
        cr_assert_eq(r->elements, 2);
        freeReplyObject(r);
    }
}

Test(list_block, each_type_has_its_own_queue_at_a_key)
{
    redisContext *c = wire_client(), *lists[3], *sets[3];
    for (int i = 0; i < 3; i++) {
        lists[i] = wire_client();
        wire_send(lists[i], "BLPOP k 0");
        expect_waiters(c, 2 * i + 1);
        sets[i] = wire_client();
        wire_send(sets[i], "BZPOPMIN k 0");
        expect_waiters(c, 2 * i + 2);
    }
    /* Changed often, and of both types on the way: what counts is what it is in the end. */
    expect_ok(c, "MULTI");
    for (int i = 0; i < 500; i++)
        expect(c, "+QUEUED", "RPUSH k l%d", i);
    expect(c, "+QUEUED", "DEL k");
    for (int i = 0; i < 500; i++)
        expect(c, "+QUEUED", "SADD k %d", i);
    expect(c, "+QUEUED", "DEL k");
    expect(c, "+QUEUED", "ZADD k 1 a 2 b");
    freeReplyObject(wire_command(c, "EXEC"));
    expect_next(sets[0], "[\"k\" \"a\" \"1\"]");
    expect_next(sets[1], "[\"k\" \"b\" \"2\"]");
    expect_waiters(c, 4);
    expect_int(c, 4, "RPUSH k 1 2 3 4");
    for (int i = 0; i < 3; i++) {
        char text[32];
        snprintf(text, sizeof text, "[\"k\" \"%d\"]", i + 1);
        expect_next(lists[i], text);
    }
    expect(c, "[\"4\"]", "LRANGE k 0 -1");
    expect_int(c, 1, "DEL k");
    expect_int(c, 1, "ZADD k 3 c");
    expect_next(sets[2], "[\"k\" \"c\" \"3\"]");
    expect_int(c, 0, "EXISTS k");
}

Test(list_block, statistics_count_a_wait_when_it_ends)
{
    redisContext *c = wire_client(), *w = wire_client();
    char *text;
    long long id = wire_int(w, "CLIENT ID");
    expect_ok(c, "CONFIG RESETSTAT");
    wire_send(w, "BLPOP a b a 0");
    expect_waiters(c, 1);
    if (!wire_is_redis())
        cr_assert_eq(wire_info_int(c, "total_blocking_keys"), 2);
    expect_int(c, 1, "RPUSH b x");
    expect_next(w, "[\"b\" \"x\"]");
    expect_ok(c, "SET d x");
    wire_send(w, "BLMOVE a d LEFT LEFT 0");
    expect_waiters(c, 1);
    expect_int(c, 1, "RPUSH a x");
    expect_next(w, "-" WRONG_TYPE);
    expect_int(c, 1, "DEL a");
    wire_send(w, "BLPOP a 0");
    expect_waiters(c, 1);
    expect_int(c, 1, "CLIENT UNBLOCK %lld ERROR", id);
    expect_next(w, "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    if (!wire_is_redis()) /* 7.0 doesn't tell */
        cr_assert_eq(wire_info_int(c, "total_blocking_keys"), 0);
    text = wire_info(c, "errorstat_UNBLOCKED");
    cr_assert_str_eq(text, "count=1");
    free(text);
    text = wire_info(c, "cmdstat_blpop");
    cr_assert(strncmp(text, "calls=2,", 8) == 0 && strstr(text, "failed_calls=1"), "%s", text);
    free(text);
    text = wire_info(c, "cmdstat_blmove");
    cr_assert(strncmp(text, "calls=1,", 8) == 0 && strstr(text, "failed_calls=1"), "%s", text);
    free(text);
}

Test(list_block, memory_that_is_full_refuses_what_would_add)
{
    redisContext *c = wire_client(), *w = wire_client();
    if (wire_is_redis())
        return; /* 7.2 does so, 7.0 doesn't */
    expect_int(c, 1, "RPUSH x 1");
    wire_send(w, "BLMOVE a b LEFT LEFT 0");
    expect_waiters(c, 1);
    wire_config("maxmemory", "1");
    expect_ok(c, "RENAME x a");
    expect_next(w, "-OOM command not allowed when used memory > 'maxmemory'.");
    expect_int(c, 1, "LLEN a");
    wire_send(w, "BLPOP none 0");
    expect_waiters(c, 1);
    expect_ok(c, "RENAME a none"); /* what only takes goes on */
    expect_next(w, "[\"none\" \"1\"]");
}
