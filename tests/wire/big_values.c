/* big values: arguments of 64 KiB and more, which the server takes from the socket into
 * the value itself, are the same as all others, however they arrive and whatever becomes of them. */
#include "tests/wire/wire.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

WIRE_SUITE(big_values);

#define KIB 1024u
#define BIG (64 * KIB)
#define MIB (1024 * KIB)

/* What is sent: requests one after the other. */
struct text {
    char *bytes;
    size_t len, cap;
};

static char *room(struct text *t, size_t len)
{
    if (t->cap - t->len < len) {
        t->cap = 2 * t->cap + len;
        t->bytes = realloc(t->bytes, t->cap);
        cr_assert_not_null(t->bytes);
    }
    t->len += len;
    return t->bytes + t->len - len;
}

static void say(struct text *t, const char *bytes)
{
    size_t len = strlen(bytes);
    memcpy(room(t, len), bytes, len);
}

/* len bytes that look like chance and have CR LF among them; another seed gives others. */
static void fill(char *bytes, size_t len, unsigned seed)
{
    uint64_t x = seed * 0x9e3779b97f4a7c15ull + len;
    for (size_t i = 0; i < len; i++) {
        x = x * 6364136223846793005ull + 1442695040888963407ull;
        bytes[i] = (x >> 60) == 0 ? "\r\n"[x >> 59 & 1] : (char)(x >> 33);
    }
}

static void say_array(struct text *t, unsigned count)
{
    char line[32];
    snprintf(line, sizeof line, "*%u\r\n", count);
    say(t, line);
}

static void say_head(struct text *t, size_t len)
{
    char line[32];
    snprintf(line, sizeof line, "$%zu\r\n", len);
    say(t, line);
}

static void say_word(struct text *t, const char *word)
{
    say_head(t, strlen(word));
    say(t, word);
    say(t, "\r\n");
}

static void say_value(struct text *t, size_t len, unsigned seed)
{
    say_head(t, len);
    fill(room(t, len), len, seed);
    say(t, "\r\n");
}

static void say_set(struct text *t, const char *key, size_t len, unsigned seed)
{
    say_array(t, 3);
    say_word(t, "SET");
    say_word(t, key);
    say_value(t, len, seed);
}

/* Sends what t holds in pieces of odd lengths, and empties it. */
static void send_in_pieces(int fd, struct text *t, size_t piece)
{
    unsigned n = 0;
    for (size_t at = 0; at < t->len; n++) {
        size_t len = piece + n % 7 * 3;
        len = t->len - at < len ? t->len - at : len;
        raw_send(fd, t->bytes + at, len);
        at += len;
        if (n < 20)
            wire_pause_ms(1); /* so that the server sees the pieces */
    }
    t->len = 0;
}

static void send_all(int fd, struct text *t)
{
    raw_send(fd, t->bytes, t->len);
    t->len = 0;
}

static void expect_value(redisContext *c, const char *key, size_t len, unsigned seed)
{
    char *value = malloc(len);
    cr_assert_not_null(value);
    fill(value, len, seed);
    redisReply *r = wire_command(c, "GET %s", key);
    cr_assert_eq(r->type, REDIS_REPLY_STRING, "%s isn't there", key);
    cr_assert_eq(r->len, len, "%s has %zu bytes", key, r->len);
    cr_assert(memcmp(r->str, value, len) == 0, "%s has other bytes", key);
    freeReplyObject(r);
    free(value);
}

/* ---- storing ------------------------------------------------------------------- */

Test(big_values, lengths_around_the_border_come_back_whole)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    static const size_t lens[] = {BIG - 3, BIG - 2, BIG - 1, BIG, BIG + 1,
                                  BIG + 2, 2 * BIG, MIB - 1, MIB, MIB + 1};
    static const size_t pieces[] = {997, 16383, 65536, 65538, 100003, SIZE_MAX};
    struct text t = {0};
    for (unsigned i = 0; i < sizeof lens / sizeof *lens; i++)
        for (unsigned j = 0; j < sizeof pieces / sizeof *pieces; j++) {
            say_set(&t, "k", lens[i], i + j);
            if (pieces[j] == SIZE_MAX)
                send_all(fd, &t);
            else
                send_in_pieces(fd, &t, pieces[j]);
            raw_expect(fd, "+OK\r\n");
            expect_value(c, "k", lens[i], i + j);
        }
    free(t.bytes);
}

Test(big_values, twenty_megabytes)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    struct text t = {0};
    say_set(&t, "k", 20 * MIB, 1);
    send_in_pieces(fd, &t, 777777);
    raw_expect(fd, "+OK\r\n");
    expect_value(c, "k", 20 * MIB, 1);
    expect_int(c, 20 * MIB, "STRLEN k");
    /* Over itself. */
    say_set(&t, "k", 20 * MIB + 1, 2);
    send_all(fd, &t);
    raw_expect(fd, "+OK\r\n");
    expect_value(c, "k", 20 * MIB + 1, 2);
    free(t.bytes);
}

/* Each place where the first piece may end near the borders of the value. */
Test(big_values, cuts_at_the_borders)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    struct text t = {0};
    say_set(&t, "k", BIG, 5);
    size_t begin = t.len - 2 - BIG;
    for (unsigned i = 0; i < 24; i++) {
        size_t cut = i < 12 ? begin - 10 + i : t.len - 24 + i;
        raw_send(fd, t.bytes, cut);
        wire_pause_ms(2);
        raw_send(fd, t.bytes + cut, t.len - cut);
        raw_expect(fd, "+OK\r\n");
        expect_value(c, "k", BIG, 5);
        expect_int(c, 1, "DEL k");
    }
    free(t.bytes);
}

Test(big_values, mset_with_several)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    struct text t = {0};
    for (size_t piece = 12345; piece < 400000; piece += 87654) {
        say_array(&t, 13);
        say_word(&t, "MSET");
        say_word(&t, "a");
        say_value(&t, BIG, 1);
        say_word(&t, "small");
        say_word(&t, "1");
        say_word(&t, "b");
        say_value(&t, 3 * BIG + 1, 2);
        say_word(&t, "c");
        say_value(&t, BIG - 1, 3);
        say_word(&t, "d");
        say_value(&t, MIB, 4);
        say_word(&t, "a2");
        say_value(&t, 40000, 5);
        send_in_pieces(fd, &t, piece);
        raw_expect(fd, "+OK\r\n");
        expect_value(c, "a", BIG, 1);
        expect_bulk(c, "1", "GET small");
        expect_value(c, "b", 3 * BIG + 1, 2);
        expect_value(c, "c", BIG - 1, 3);
        expect_value(c, "d", MIB, 4);
        expect_value(c, "a2", 40000, 5);
        expect_int(c, 6, "DBSIZE");
        expect_ok(c, "FLUSHALL");
    }
    free(t.bytes);
}

Test(big_values, more_of_them_than_stay_with_a_client)
{
    enum { N = 200 };
    redisContext *c = wire_client();
    int fd = raw_client();
    struct text t = {0};
    char key[16];
    for (int round = 0; round < 2; round++) {
        say_array(&t, 1 + 2 * N);
        say_word(&t, round ? "MSETNX" : "MSET");
        for (unsigned i = 0; i < N; i++) {
            snprintf(key, sizeof key, "%d:%u", round, i);
            say_word(&t, key);
            say_value(&t, BIG + i, i);
        }
        send_all(fd, &t);
        if (round)
            raw_expect(fd, ":1\r\n");
        else
            raw_expect(fd, "+OK\r\n");
        for (unsigned i = 0; i < N; i += 9) {
            snprintf(key, sizeof key, "%d:%u", round, i);
            expect_value(c, key, BIG + i, i);
        }
    }
    free(t.bytes);
}

Test(big_values, every_way_to_store_one)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    struct text t = {0};
    say_array(&t, 5);
    say_word(&t, "SET");
    say_word(&t, "ex");
    say_value(&t, BIG, 1);
    say_word(&t, "EX");
    say_word(&t, "10");
    send_in_pieces(fd, &t, 50001);
    raw_expect(fd, "+OK\r\n");
    expect_value(c, "ex", BIG, 1);
    expect_between(c, 9000, 10000, "PTTL ex");

    say_array(&t, 4);
    say_word(&t, "SETEX");
    say_word(&t, "setex");
    say_word(&t, "10");
    say_value(&t, BIG + 5, 2);
    say_array(&t, 4);
    say_word(&t, "PSETEX");
    say_word(&t, "psetex");
    say_word(&t, "10000");
    say_value(&t, BIG + 6, 3);
    say_array(&t, 3);
    say_word(&t, "SETNX");
    say_word(&t, "setnx");
    say_value(&t, BIG + 7, 4);
    say_array(&t, 3);
    say_word(&t, "SETNX");
    say_word(&t, "setnx");
    say_value(&t, BIG + 8, 5);
    say_array(&t, 3);
    say_word(&t, "APPEND");
    say_word(&t, "append");
    say_value(&t, BIG, 6);
    send_all(fd, &t);
    raw_expect(fd, "+OK\r\n+OK\r\n:1\r\n:0\r\n:65536\r\n");
    expect_value(c, "setex", BIG + 5, 2);
    expect_between(c, 9000, 10000, "PTTL setex");
    expect_value(c, "psetex", BIG + 6, 3);
    expect_between(c, 9000, 10000, "PTTL psetex");
    expect_value(c, "setnx", BIG + 7, 4);
    expect_value(c, "append", BIG, 6);

    expect_ok(c, "SET old text");
    say_array(&t, 3);
    say_word(&t, "GETSET");
    say_word(&t, "old");
    say_value(&t, BIG, 7);
    say_array(&t, 4);
    say_word(&t, "SET");
    say_word(&t, "nothing");
    say_value(&t, BIG, 8);
    say_word(&t, "XX");
    say_array(&t, 4);
    say_word(&t, "SET");
    say_word(&t, "old");
    say_value(&t, BIG, 8);
    say_word(&t, "wrong");
    send_all(fd, &t);
    raw_expect(fd, "$4\r\ntext\r\n$-1\r\n-ERR syntax error\r\n");
    expect_value(c, "old", BIG, 7);
    expect_nil(c, "GET nothing");
    free(t.bytes);
}

Test(big_values, what_was_stored_can_be_changed_and_copied)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    struct text t = {0};
    say_set(&t, "k", BIG + 3, 1);
    send_all(fd, &t);
    raw_expect(fd, "+OK\r\n");
    expect_int(c, 1, "COPY k l");
    expect_ok(c, "RENAME k m");
    expect_int(c, BIG + 6, "APPEND m end");
    expect_value(c, "l", BIG + 3, 1);
    expect_int(c, 1, "DEL m");
    expect_value(c, "l", BIG + 3, 1);
    free(t.bytes);
}

Test(big_values, is_an_argument_as_any_other_where_it_is_not_stored)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    struct text t = {0};
    say_array(&t, 2);
    say_word(&t, "ECHO");
    say_value(&t, BIG + 9, 1);
    send_in_pieces(fd, &t, 30000);
    char *value = malloc(BIG + 9);
    fill(value, BIG + 9, 1);
    raw_expect(fd, "$65545\r\n");
    raw_expect_bytes(fd, value, BIG + 9);
    raw_expect(fd, "\r\n");

    /* As a key, and as the value of a key beside it. */
    say_array(&t, 3);
    say_word(&t, "SET");
    say_value(&t, BIG + 9, 1);
    say_value(&t, BIG, 2);
    send_in_pieces(fd, &t, 70000);
    raw_expect(fd, "+OK\r\n");
    char *expected = malloc(BIG);
    fill(expected, BIG, 2);
    redisReply *r = wire_command(c, "GET %b", value, (size_t)BIG + 9);
    cr_assert_eq(r->len, BIG);
    cr_assert(memcmp(r->str, expected, BIG) == 0);
    freeReplyObject(r);
    free(expected);
    free(value);

    /* As a command nobody knows, with too many arguments, and for a key of another kind. */
    say_array(&t, 1);
    say_value(&t, BIG, 3);
    send_all(fd, &t);
    char line[24] = "";
    raw_receive(fd, line, 20);
    cr_assert_str_eq(line, "-ERR unknown command");
    while (line[0] != '\n')
        raw_receive(fd, line, 1);
    say_array(&t, 3);
    say_word(&t, "GET");
    say_word(&t, "k");
    say_value(&t, BIG, 3);
    say(&t, "PING\r\n");
    send_all(fd, &t);
    raw_expect(fd, "-ERR wrong number of arguments for 'get' command\r\n+PONG\r\n");
    free(t.bytes);
}

/* ---- among other requests ---------------------------------------------------------- */

Test(big_values, in_a_pipeline_everything_runs_in_order)
{
    enum { N = 60 };
    redisContext *c = wire_client();
    int fd = raw_client();
    struct text t = {0};
    char key[16];
    static const size_t pieces[] = {11111, 65536, 200000, 1u << 20};
    for (unsigned p = 0; p < sizeof pieces / sizeof *pieces; p++) {
        expect_ok(c, "FLUSHALL");
        for (unsigned i = 0; i < N; i++) {
            say(&t, "INCR n\r\n");
            snprintf(key, sizeof key, "k%u", i);
            say_set(&t, key, BIG - 10 + i, i);
            say(&t, "STRLEN ");
            say(&t, key);
            say(&t, "\r\nINCR n\r\n");
        }
        send_in_pieces(fd, &t, pieces[p]);
        for (unsigned i = 0; i < N; i++) {
            char line[64];
            int len = snprintf(line, sizeof line, ":%u\r\n+OK\r\n:%u\r\n:%u\r\n", 2 * i + 1, BIG - 10 + i,
                               2 * i + 2);
            raw_expect_bytes(fd, line, (size_t)len);
        }
        for (unsigned i = 0; i < N; i += 7) {
            snprintf(key, sizeof key, "k%u", i);
            expect_value(c, key, BIG - 10 + i, i);
        }
    }
    free(t.bytes);
}

Test(big_values, in_a_transaction)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    struct text t = {0};
    say(&t, "MULTI\r\n");
    say_set(&t, "a", 3 * BIG, 1);
    say(&t, "STRLEN a\r\n");
    say_set(&t, "b", BIG, 2);
    say(&t, "EXEC\r\n");
    send_in_pieces(fd, &t, 55555);
    raw_expect(fd, "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n:196608\r\n+OK\r\n");
    expect_value(c, "a", 3 * BIG, 1);
    expect_value(c, "b", BIG, 2);
    free(t.bytes);
}

Test(big_values, behind_a_request_that_blocks)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    struct text t = {0};
    /* WAIT for a replica that never comes holds what is behind it. */
    for (size_t cut = 40; cut < 3 * BIG; cut += BIG - 100) {
        say(&t, "SET a 1\r\nWAIT 1 50\r\n");
        say_set(&t, "k", 2 * BIG, 1);
        say(&t, "PING\r\n");
        size_t first = cut < t.len ? cut : t.len;
        raw_send(fd, t.bytes, first);
        wire_pause_ms(20);
        raw_send(fd, t.bytes + first, t.len - first);
        raw_expect(fd, "+OK\r\n:0\r\n+OK\r\n+PONG\r\n");
        expect_value(c, "k", 2 * BIG, 1);
        expect_ok(c, "FLUSHALL");
        t.len = 0;
    }
    free(t.bytes);
}

Test(big_values, held_by_client_pause_and_released)
{
    if (wire_is_redis()) /* whose qbuf is without the arguments that are complete */
        return;
    redisContext *c = wire_client();
    int fd = raw_client();
    long long id = raw_id(fd);
    struct text t = {0};
    for (int round = 0; round < 6; round++) {
        expect_ok(c, "CLIENT PAUSE 100000 WRITE");
        if (round & 1)
            say(&t, "ECHO before\r\n");
        if (round & 2)
            say(&t, "SET early 1\r\n");
        say_array(&t, 5);
        say_word(&t, "MSET");
        say_word(&t, "a");
        say_value(&t, 3 * BIG, 1);
        say_word(&t, "b");
        say_value(&t, BIG + 1, 2);
        say(&t, "STRLEN a\r\n");
        say_set(&t, "c", 2 * BIG, 3);
        send_in_pieces(fd, &t, 33333);
        expect_waiting(c, id, 6 * BIG);
        expect_int(c, 0, "EXISTS a b c early");
        if (round >= 4) { /* twice */
            expect_ok(c, "CLIENT UNPAUSE");
            expect_soon(c, "3", "EXISTS a b c");
            expect_ok(c, "CLIENT PAUSE 100000 WRITE");
            say_set(&t, "d", MIB, 4);
            send_all(fd, &t);
            expect_waiting(c, id, MIB);
        }
        expect_ok(c, "CLIENT UNPAUSE");
        if (round & 1)
            raw_expect(fd, "$6\r\nbefore\r\n");
        if (round & 2)
            raw_expect(fd, "+OK\r\n");
        raw_expect(fd, "+OK\r\n:196608\r\n+OK\r\n");
        if (round >= 4) {
            raw_expect(fd, "+OK\r\n");
            expect_value(c, "d", MIB, 4);
        }
        expect_value(c, "a", 3 * BIG, 1);
        expect_value(c, "b", BIG + 1, 2);
        expect_value(c, "c", 2 * BIG, 3);
        expect_waiting(c, id, 0);
        expect_ok(c, "FLUSHALL");
    }
    free(t.bytes);
}

/* ---- ends ---------------------------------------------------------------------------- */

/* A server of its own and a client that has sent half of a request with two big values. */
static long long half_way(const struct wire_server *s, redisContext *c, int *fd)
{
    struct text t = {0};
    *fd = raw_client_of(s);
    long long id = raw_id(*fd);
    say_array(&t, 5);
    say_word(&t, "MSET");
    say_word(&t, "a");
    say_value(&t, 4 * MIB, 1);
    say_word(&t, "b");
    say_value(&t, 16 * MIB, 2);
    raw_send(*fd, t.bytes, 12 * MIB);
    free(t.bytes);
    expect_waiting(c, id, 12 * MIB - 100);
    return id;
}

static void expect_memory_back(redisContext *c, long long before)
{
    for (int i = 0; i < 400; i++) {
        if (wire_info_int(c, "used_memory") < before + MIB)
            return;
        wire_pause_ms(10);
    }
    cr_assert_fail("%lld bytes, %lld before", wire_info_int(c, "used_memory"), before);
}

Test(big_values, whoever_goes_half_way_leaves_nothing)
{
    if (wire_is_redis()) /* whose qbuf is without the arguments that are complete */
        return;
    struct wire_server *s = wire_start("--save", "", NULL);
    redisContext *c = wire_client_of(s);
    expect_ok(c, "CONFIG RESETSTAT");
    long long before = wire_info_int(c, "used_memory");
    int fd;
    long long id = half_way(s, c, &fd);
    char *list = wire_text(c, "CLIENT LIST ID %lld", id);
    char *total = strstr(list, " tot-mem=");
    cr_assert_not_null(total);
    cr_assert_geq(atoll(total + 9), 12ll * MIB - 100);
    free(list);
    expect_int(c, 1, "CLIENT KILL ID %lld", id);
    expect_memory_back(c, before);
    /* The other end goes. */
    half_way(s, c, &fd);
    shutdown(fd, SHUT_RDWR);
    expect_memory_back(c, before);
    /* And one that is still there when the server ends. */
    half_way(s, c, &fd);
    expect_int(c, 0, "DBSIZE");
    wire_stop(s);
}

Test(big_values, paused_and_killed)
{
    if (wire_is_redis()) /* whose qbuf is without the arguments that are complete */
        return;
    struct wire_server *s = wire_start("--save", "", NULL);
    redisContext *c = wire_client_of(s);
    long long before = wire_info_int(c, "used_memory");
    expect_ok(c, "CLIENT PAUSE 100000 WRITE");
    int fd = raw_client_of(s);
    long long id = raw_id(fd);
    struct text t = {0};
    say_set(&t, "k", 8 * MIB, 1);
    send_all(fd, &t);
    expect_waiting(c, id, 8 * MIB);
    expect_int(c, 1, "CLIENT KILL ID %lld", id);
    expect_memory_back(c, before);
    expect_ok(c, "CLIENT UNPAUSE");
    expect_int(c, 0, "DBSIZE");
    free(t.bytes);
}

Test(big_values, the_value_has_one_owner_so_that_appending_copies_nothing)
{
    if (wire_is_redis())
        return;
    struct wire_server *s = wire_start("--save", "", NULL);
    redisContext *c = wire_client_of(s);
    long long before = wire_info_int(c, "used_memory");
    int fd = raw_client_of(s);
    struct text t = {0};
    say_set(&t, "k", 32 * MIB, 1);
    send_all(fd, &t);
    raw_expect(fd, "+OK\r\n");
    /* One copy, in the keyspace; none with the client. */
    long long stored = wire_info_int(c, "used_memory");
    cr_assert_lt(stored, before + 42ll * MIB);
    char *allocator = wire_info(c, "mem_allocator");
    if (strncmp(allocator, "jemalloc", 8) == 0) /* not under a sanitizer, where nothing is counted */
        cr_assert_geq(stored, before + 32ll * MIB);
    free(allocator);
    expect_int(c, 32 * MIB + 3, "APPEND k end");
    expect_bulk(c, "end", "GETRANGE k -3 -1");
    expect_int(c, 32 * MIB + 3, "SETRANGE k 0 begin");
    expect_bulk(c, "begin", "GETRANGE k 0 4");
    expect_int(c, 32 * MIB + 10, "SETRANGE k %u .", 32 * MIB + 9);
    expect_bytes(c, "end\0\0\0\0\0\0.", 10, "GETRANGE k -10 -1");
    expect_int(c, 1, "DEL k");
    expect_memory_back(c, before);
    free(t.bytes);
}

Test(big_values, a_value_above_proto_max_bulk_len_is_refused_at_once)
{
    wire_config("proto-max-bulk-len", "1mb");
    int fd = raw_client();
    redisContext *c = wire_client();
    struct text t = {0};
    say_set(&t, "k", MIB, 1);
    send_all(fd, &t);
    raw_expect(fd, "+OK\r\n");
    expect_value(c, "k", MIB, 1);
    /* The second one is too long. */
    say_array(&t, 5);
    say_word(&t, "MSET");
    say_word(&t, "l");
    say_value(&t, BIG, 1);
    say_word(&t, "m");
    say_head(&t, MIB + 1);
    send_all(fd, &t);
    raw_expect(fd, "-ERR Protocol error: invalid bulk length\r\n");
    raw_expect_closed(fd);
    expect_int(c, 1, "DBSIZE");
    free(t.bytes);
}

Test(big_values, whoever_sends_more_than_the_query_buffer_limit_is_closed)
{
    wire_config("client-query-buffer-limit", "2mb");
    redisContext *c = wire_client();
    struct text t = {0};
    /* One that is too long by itself, and several that are together (which Redis lets pass). */
    for (unsigned count = 1; count <= (wire_is_redis() ? 1 : 8); count += 7) {
        int fd = raw_client();
        say_array(&t, 1 + 2 * count);
        say_word(&t, "MSET");
        for (unsigned i = 0; i < count; i++) {
            say_word(&t, "k");
            say_value(&t, 4 * MIB / count, 1);
        }
        raw_try_send(fd, t.bytes, t.len - 10);
        raw_expect_closed(fd);
        t.len = 0;
    }
    expect_int(c, 0, "DBSIZE");
    int fd = raw_client();
    say_set(&t, "k", 2 * MIB - 1000, 1);
    send_all(fd, &t);
    raw_expect(fd, "+OK\r\n");
    expect_value(c, "k", 2 * MIB - 1000, 1);
    free(t.bytes);
}

Test(big_values, nobody_without_the_password_may_send_one)
{
    struct wire_server *s = wire_start("--requirepass", "pw", NULL);
    int fd = raw_client_of(s);
    raw_say(fd, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$65536\r\n");
    raw_expect(fd, "-ERR Protocol error: unauthenticated bulk length\r\n");
    raw_expect_closed(fd);
}

Test(big_values, protocol_error_behind_one)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    struct text t = {0};
    say_array(&t, 4);
    say_word(&t, "SET");
    say_word(&t, "k");
    say_value(&t, 2 * BIG, 1);
    say(&t, "?2\r\nXX\r\n");
    send_all(fd, &t);
    raw_expect(fd, "-ERR Protocol error: expected '$', got '?'\r\n");
    raw_expect_closed(fd);
    expect_int(c, 0, "DBSIZE");
    free(t.bytes);
}
