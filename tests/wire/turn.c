/* turn: what a client's requests meet when they can't run at once, or when their
 * client goes away or shuts its ears while they wait. */
#include "tests/wire/wire.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

WIRE_SUITE(turn);

struct text {
    char *bytes;
    size_t len, cap;
};

static void say(struct text *t, const char *bytes)
{
    size_t len = strlen(bytes);
    if (t->cap - t->len < len) {
        t->cap = 2 * (t->cap + len);
        t->bytes = realloc(t->bytes, t->cap);
        cr_assert_not_null(t->bytes);
    }
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
}

/* MSET of n keys whose names begin with `prefix`, all of them 1. */
static void say_mset(struct text *t, const char *prefix, int n)
{
    char line[64];
    snprintf(line, sizeof line, "*%d\r\n$4\r\nMSET\r\n", 1 + 2 * n);
    say(t, line);
    for (int i = 0; i < n; i++) {
        snprintf(line, sizeof line, "$%zu\r\n%s%03d\r\n$1\r\n1\r\n", strlen(prefix) + 3, prefix, i);
        say(t, line);
    }
}

Test(turn, a_paused_request_comes_back_whole_with_half_a_big_one_behind_it)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    long long id = raw_id(fd);
    struct text big = {0};
    say_mset(&big, "key", 50);
    for (size_t cut = 300; cut < big.len; cut += 97) {
        /* Half a request, so that the bytes stand in the client's own buffer. */
        raw_say(fd, "*3\r\n$3\r\nSE");
        expect_waiting(c, id, 2);
        expect_ok(c, "CLIENT PAUSE 100000 WRITE");
        raw_say(fd, "T\r\n$1\r\na\r\n$1\r\nb\r\n");
        raw_send(fd, big.bytes, cut);
        expect_waiting(c, id, (long long)cut);
        expect_ok(c, "CLIENT UNPAUSE");
        raw_expect(fd, "+OK\r\n");
        raw_send(fd, big.bytes + cut, big.len - cut);
        raw_expect(fd, "+OK\r\n");
        expect_int(c, 51, "DBSIZE");
        expect_ok(c, "FLUSHALL");
    }
    free(big.bytes);
}

Test(turn, a_pipeline_is_answered_to_its_end_although_nothing_follows)
{
    enum { N = 20000 };
    int fd = raw_client();
    struct text t = {0};
    for (int i = 0; i < N; i++)
        say(&t, "INCR n\r\n");
    raw_send(fd, t.bytes, t.len);
    shutdown(fd, SHUT_WR);
    for (int i = 1; i <= N; i++) {
        char line[24], got[24];
        int len = snprintf(line, sizeof line, ":%d\r\n", i);
        raw_receive(fd, got, (size_t)len);
        cr_assert(memcmp(line, got, (size_t)len) == 0, "%d: %.*s", i, len, got);
    }
    raw_expect_closed(fd);
    free(t.bytes);
}

Test(turn, small_requests_do_not_pile_up_faster_than_they_run)
{
    /* A request of few bytes: a read brings many more than a turn runs. */
    redisContext *c = wire_client();
    wire_config("client-query-buffer-limit", "1mb");
    int fd = raw_client();
    long long id = raw_id(fd);
    struct text t = {0};
    for (int i = 0; i < 50000; i++)
        say(&t, "PING\r\n");
    raw_say(fd, "CLIENT REPLY OFF\r\n");
    for (int i = 0; i < 20; i++) {
        raw_send(fd, t.bytes, t.len);
        char *list = wire_text(c, "CLIENT LIST ID %lld", id);
        char *qbuf = strstr(list, " qbuf=");
        cr_assert_not_null(qbuf);
        cr_assert_lt(atoll(qbuf + 6), 300000, "%s", list);
        free(list);
    }
    raw_say(fd, "CLIENT REPLY ON\r\n");
    raw_expect(fd, "+OK\r\n");
    free(t.bytes);
}

Test(turn, a_client_that_leaves_and_does_not_listen_costs_no_turns)
{
    redisContext *c = wire_client();
    char *big = malloc(16 << 20);
    memset(big, 'x', 16 << 20);
    expect_ok(c, "SET big %b", big, (size_t)16 << 20);
    free(big);
    int fd = raw_client();
    long long id = raw_id(fd);
    raw_say(fd, "GET big\r\n");
    struct pollfd p = {.fd = fd, .events = POLLIN};
    cr_assert_eq(poll(&p, 1, 20000), 1);
    raw_say(fd, "QUIT\r\n");
    for (int i = 0; i < 2000; i++) {
        char *list = wire_text(c, "CLIENT LIST ID %lld", id);
        bool leaving = strstr(list, " cmd=quit") != NULL;
        free(list);
        if (leaving)
            break;
        wire_pause_ms(10);
    }
    raw_say(fd, "PING\r\n");
    expect_int(c, 1, "DBSIZE"); /* a turn in which the PING came */
    long long turns = wire_info_int(c, "eventloop_cycles");
    wire_pause_ms(300);
    long long passed = wire_info_int(c, "eventloop_cycles") - turns;
    cr_assert_lt(passed, 100, "%lld turns", passed);
}

Test(turn, whoever_still_reads_is_not_idle)
{
    if (wire_is_redis())
        return; /* it looks at the clock of the client when it writes too, but writes once here */
    redisContext *c = wire_client();
    char *big = malloc(16 << 20);
    memset(big, 'x', 16 << 20);
    expect_ok(c, "SET big %b", big, (size_t)16 << 20);
    int fd = raw_client();
    raw_say(fd, "GET big\r\n");
    raw_expect(fd, "$16777216\r\n");
    wire_config("timeout", "2");
    size_t left = 16 << 20;
    for (int i = 0; i < 45; i++) {
        raw_receive(fd, big, 320 << 10);
        left -= 320 << 10;
        wire_pause_ms(100);
    }
    raw_receive(fd, big, left);
    raw_expect(fd, "\r\n");
    free(big);
}

Test(turn, what_waits_behind_a_blocked_request_runs_in_order_and_in_good_time)
{
    /* Each turn runs a part of what waits: were the rest moved up each time, this would take a minute. */
    enum { N = 3000000, STEP = 100000 };
    redisContext *c = wire_client();
    int fd = raw_client();
    long long id = raw_id(fd);
    raw_say(fd, "WAIT 1 100000\r\n");
    struct text t = {0};
    for (int i = 0; i < STEP; i++)
        say(&t, "INCR n\r\n");
    raw_say(fd, "CLIENT REPLY OFF\r\n");
    for (int i = 0; i < N / STEP; i++)
        raw_send(fd, t.bytes, t.len);
    raw_say(fd, "CLIENT REPLY ON\r\n");
    expect_waiting(c, id, (long long)8 * N);
    expect_int(c, 1, "CLIENT UNBLOCK %lld", id);
    raw_expect(fd, ":0\r\n+OK\r\n");
    char n[16];
    snprintf(n, sizeof n, "%d", N);
    expect_bulk(c, n, "GET n");
    free(t.bytes);
}

Test(turn, what_one_transaction_publishes_stays_within_the_output_limit)
{
    enum { MESSAGES = 4000, LENGTH = 3000 };
    struct wire_server *s = wire_start("--client-output-buffer-limit", "pubsub 1mb 0 0", NULL);
    redisContext *c = wire_client_of(s);
    int fd = raw_client_of(s);
    raw_say(fd, "SUBSCRIBE ch\r\n");
    raw_expect(fd, "*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n");
    char message[LENGTH + 1];
    memset(message, 'x', LENGTH);
    message[LENGTH] = '\0';
    expect_ok(c, "MULTI");
    for (int i = 0; i < MESSAGES; i++)
        redisAppendCommand(c, "PUBLISH ch %s", message);
    for (int i = 0; i < MESSAGES; i++)
        expect_next(c, "+QUEUED");
    freeReplyObject(wire_command(c, "EXEC"));
    expect_soon(c, "[\"ch\" 0]", "PUBSUB NUMSUB ch");
    if (!wire_is_redis())
        cr_assert_lt(wire_info_int(c, "client_recent_max_output_buffer"), 3 << 20);
    expect_closed(&(redisContext){.fd = fd});
}

Test(turn, an_answer_to_skip_is_skipped_when_it_comes_late)
{
    int fd = raw_client();
    raw_say(fd, "CLIENT REPLY SKIP\r\nWAIT 1 50\r\nECHO next\r\n");
    raw_expect(fd, "$4\r\nnext\r\n");
    raw_say(fd, "CLIENT REPLY SKIP\r\nWAIT 0 50\r\nECHO next\r\n");
    raw_expect(fd, "$4\r\nnext\r\n");
}

Test(turn, what_one_transaction_answers_stays_near_the_output_limit)
{
    enum { READS = 3000, LENGTH = 15000 };
    struct wire_server *s = wire_start("--client-output-buffer-limit", "normal 1mb 0 0", NULL);
    redisContext *c = wire_client_of(s), *reader = wire_client_of(s);
    char *value = malloc(LENGTH);
    memset(value, 'x', LENGTH);
    expect_ok(c, "SET k %b", value, (size_t)LENGTH);
    free(value);
    expect_ok(reader, "MULTI");
    for (int i = 0; i < READS; i++)
        redisAppendCommand(reader, "GET k");
    redisAppendCommand(reader, "INCR n");
    for (int i = 0; i < READS + 1; i++)
        expect_next(reader, "+QUEUED");
    wire_send(reader, "EXEC");
    expect_closed(reader);
    expect_bulk(c, "1", "GET n");
    if (!wire_is_redis())
        cr_assert_lt(wire_info_int(c, "client_recent_max_output_buffer"), 3 << 20);
}

/* Big values that are replaced faster than the budget of a turn frees them don't pile up. */
Test(turn, what_is_replaced_again_and_again_is_freed_in_time)
{
    enum { MEMBERS = 100000, ROUNDS = 40 };
    redisContext *c = wire_client();
    redisReply *r;
    for (int i = 0; i < MEMBERS; i++)
        redisAppendCommand(c, "SADD k member:%d", i);
    for (int i = 0; i < MEMBERS; i++) {
        cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
        freeReplyObject(r);
    }
    long long one = wire_info_int(c, "used_memory");
    for (int i = 0; i < ROUNDS; i++)
        expect_int(c, MEMBERS, "SUNIONSTORE d k");
    long long all = wire_info_int(c, "used_memory");
    cr_assert_leq(all, 4 * one, "%lld bytes with one set, %lld after %d stores", one, all, ROUNDS);
}
