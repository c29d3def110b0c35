/* MIGRATE: between two servers, and to a target that the test plays itself, word by word. With Redis at
 * either end it is tested in dump_with_redis.py. */
#include "tests/wire/wire.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

WIRE_SUITE(migrate);

/* Another server, and connections to it and to the shared one. */
struct pair {
    struct wire_server *server;
    redisContext *here, *there;
    int port;
};

static struct pair pair(void)
{
    struct pair p = {.server = wire_start("--port", "auto", NULL), .here = wire_client()};
    p.there = wire_client_of(p.server);
    p.port = p.server->port;
    return p;
}

/* ---- a target played by the test ------------------------------------------------------ */

#define WORDS 8

struct target {
    int listener, port;
    FILE *in;
    int fd;
    char *words[WORDS]; /* of the last request; an empty one behind the last */
    size_t len[WORDS];
};

static struct target target_open(void)
{
    struct target t = {.listener = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    cr_assert_eq(bind(t.listener, (struct sockaddr *)&a, len), 0);
    cr_assert_eq(listen(t.listener, 10), 0);
    getsockname(t.listener, (struct sockaddr *)&a, &len);
    t.port = ntohs(a.sin_port);
    return t;
}

static void target_accept(struct target *t)
{
    t->fd = accept(t->listener, NULL, NULL);
    cr_assert_geq(t->fd, 0);
    t->in = fdopen(dup(t->fd), "r");
}

static void target_forget(struct target *t)
{
    for (int i = 0; i < WORDS; i++) {
        free(t->words[i]);
        t->words[i] = NULL;
    }
}

/* Takes the next request. */
static void target_take(struct target *t)
{
    int count, len;
    target_forget(t);
    cr_assert_eq(fscanf(t->in, "*%d\r\n", &count), 1);
    cr_assert_lt(count, WORDS);
    for (int i = 0; i < count; i++) {
        cr_assert_eq(fscanf(t->in, "$%d", &len), 1);
        cr_assert(getc(t->in) == '\r' && getc(t->in) == '\n');
        t->words[i] = calloc((size_t)len + 1, 1);
        t->len[i] = (size_t)len;
        cr_assert_eq(fread(t->words[i], 1, t->len[i], t->in), t->len[i]);
        cr_assert(getc(t->in) == '\r' && getc(t->in) == '\n');
    }
    for (int i = count; i < WORDS; i++)
        t->words[i] = NULL;
}

/* The next request begins with these words; `last` is its last one, or NULL. */
static void target_expect(struct target *t, const char *name, const char *first, const char *last)
{
    int count = 0;
    target_take(t);
    while (t->words[count])
        count++;
    cr_assert_str_eq(t->words[0], name);
    cr_assert_str_eq(t->words[1], first);
    if (last)
        cr_assert_str_eq(t->words[count - 1], last);
}

static void target_say(struct target *t, const char *text)
{
    raw_send(t->fd, text, strlen(text));
}

static void target_expect_end(struct target *t)
{
    cr_assert_eq(getc(t->in), EOF);
}

static void target_close(struct target *t)
{
    target_forget(t);
    if (t->in)
        fclose(t->in);
    close(t->fd);
    close(t->listener);
}

/* ---- two servers ------------------------------------------------------------------------ */

Test(migrate, a_key_moves_with_its_time_to_live)
{
    struct pair p = pair();
    expect_ok(p.here, "SET k value PX 100000");
    expect_ok(p.here, "MIGRATE 127.0.0.1 %d k 0 5000", p.port);
    expect_int(p.here, 0, "EXISTS k");
    expect_bulk(p.there, "value", "GET k");
    expect_between(p.there, 90000, 100000, "PTTL k");
    expect_ok(p.here, "SET k value");
    expect_ok(p.here, "MIGRATE 127.0.0.1 %d k 0 5000 REPLACE", p.port);
    expect_int(p.there, -1, "PTTL k");
}

Test(migrate, nothing_to_move)
{
    struct pair p = pair();
    expect(p.here, "+NOKEY", "MIGRATE 127.0.0.1 %d none 0 1000", p.port);
    expect(p.here, "+NOKEY", "MIGRATE 127.0.0.1 %d %s 0 1000 KEYS a b", p.port, "");
    expect(p.here, "+NOKEY", "MIGRATE 127.0.0.1 %d %s 0 1000 KEYS", p.port, "");
    expect(p.here, "+NOKEY", "MIGRATE nobody.invalid 1 none 0 1000");
}

Test(migrate, a_copy_stays)
{
    struct pair p = pair();
    expect_ok(p.here, "SET k value");
    expect_ok(p.here, "MIGRATE 127.0.0.1 %d k 0 5000 COPY", p.port);
    expect_bulk(p.here, "value", "GET k");
    expect_bulk(p.there, "value", "GET k");
    expect_ok(p.here, "SET k other");
    expect_error(p.here, "ERR Target instance replied with error: BUSYKEY Target key name already exists.",
                 "MIGRATE 127.0.0.1 %d k 0 5000 COPY", p.port);
    expect_error(p.here, "ERR Target instance replied with error: BUSYKEY Target key name already exists.",
                 "MIGRATE 127.0.0.1 %d k 0 5000", p.port);
    expect_bulk(p.here, "other", "GET k");
    expect_ok(p.here, "MIGRATE 127.0.0.1 %d k 0 5000 COPY REPLACE", p.port);
    expect_bulk(p.there, "other", "GET k");
    expect_ok(p.here, "MIGRATE 127.0.0.1 %d k 0 5000 replace", p.port);
    expect_int(p.here, 0, "EXISTS k");
}

Test(migrate, many_keys_and_some_that_are_not_there)
{
    struct pair p = pair();
    expect_ok(p.here, "MSET a 1 b 2 c 3 d 4");
    expect_ok(p.there, "SET c busy");
    expect_error(p.here, "ERR Target instance replied with error: BUSYKEY Target key name already exists.",
                 "MIGRATE 127.0.0.1 %d %s 0 5000 KEYS a x b c d", p.port, "");
    expect(p.here, "[nil nil \"3\" nil]", "MGET a b c d"); /* the others have moved */
    expect(p.there, "[\"1\" \"2\" \"busy\" \"4\"]", "MGET a b c d");
    expect_int(p.there, 4, "DBSIZE");
}

Test(migrate, more_than_the_buffers_hold)
{
    struct pair p = pair();
    char *big = malloc(3000000);
    memset(big, 'x', 3000000);
    for (int i = 0; i < 30; i++)
        expect_ok(p.here, "SET key:%d %b", i, big, (size_t)100000 * (size_t)(i + 1));
    expect_ok(p.here, "SET last 1");
    expect_ok(
        p.here,
        "MIGRATE 127.0.0.1 %d %s 0 20000 KEYS key:0 key:1 key:2 key:3 key:4 key:5 key:6 key:7 key:8 key:9 "
        "key:10 key:11 key:12 key:13 key:14 key:15 key:16 key:17 key:18 key:19 key:20 key:21 key:22 "
        "key:23 key:24 key:25 key:26 key:27 key:28 key:29 last",
        p.port, "");
    expect_int(p.here, 0, "DBSIZE");
    expect_int(p.there, 31, "DBSIZE");
    for (int i = 0; i < 30; i++)
        expect_bytes(p.there, big, (size_t)100000 * (size_t)(i + 1), "GET key:%d", i);
    free(big);
}

Test(migrate, every_type_moves)
{
    struct pair p = pair();
    expect_int(p.here, 3, "RPUSH list a b 3");
    expect_int(p.here, 2, "HSET hash f v g 2");
    expect_int(p.here, 3, "SADD set a b 3");
    expect_int(p.here, 3, "SADD ints 1 2 3");
    expect_int(p.here, 2, "ZADD zset 1.5 a 2 b");
    expect_ok(p.here, "MIGRATE 127.0.0.1 %d %s 0 5000 KEYS list hash set ints zset", p.port, "");
    expect_int(p.here, 0, "DBSIZE");
    expect(p.there, "[\"a\" \"b\" \"3\"]", "LRANGE list 0 -1");
    expect_unordered(p.there, "[\"2\" \"f\" \"g\" \"v\"]", "HGETALL hash");
    expect_unordered(p.there, "[\"3\" \"a\" \"b\"]", "SMEMBERS set");
    expect_unordered(p.there, "[\"1\" \"2\" \"3\"]", "SMEMBERS ints");
    expect(p.there, "[\"a\" \"1.5\" \"b\" \"2\"]", "ZRANGE zset 0 -1 WITHSCORES");
}

Test(migrate, fields_keep_their_expiry)
{
    if (wire_is_redis())
        return;
    struct pair p = pair();
    expect_int(p.here, 2, "HSET h a 1 b 2");
    expect(p.here, "[1]", "HPEXPIRE h 100000 FIELDS 1 a");
    expect_ok(p.here, "MIGRATE 127.0.0.1 %d h 0 5000", p.port);
    expect(p.there, "[100 -1]", "HTTL h FIELDS 2 a b");
}

Test(migrate, from_and_to_other_databases)
{
    struct pair p = pair();
    expect_ok(p.here, "SELECT 3");
    expect_ok(p.here, "SET k value");
    expect_ok(p.here, "MIGRATE 127.0.0.1 %d k 5 5000", p.port);
    expect_int(p.here, 0, "EXISTS k");
    expect_int(p.there, 0, "EXISTS k");
    expect_ok(p.there, "SELECT 5");
    expect_bulk(p.there, "value", "GET k");
    expect_ok(p.here, "SET k value");
    expect_error(p.here, "ERR Target instance replied with error: ERR DB index is out of range",
                 "MIGRATE 127.0.0.1 %d k 99 5000", p.port);
    expect_int(p.here, 1, "EXISTS k");
}

Test(migrate, passwords)
{
    struct pair p = pair();
    expect_ok(p.here, "MSET a 1 b 2 c 3");
    expect_ok(p.there, "CONFIG SET requirepass secret");
    expect_error_like(p.here, "ERR Target instance replied with error: NOAUTH",
                      "MIGRATE 127.0.0.1 %d a 0 5000", p.port);
    expect_error_like(p.here, "ERR Target instance replied with error: WRONGPASS",
                      "MIGRATE 127.0.0.1 %d a 0 5000 AUTH wrong", p.port);
    expect_error_like(p.here, "ERR Target instance replied with error: WRONGPASS",
                      "MIGRATE 127.0.0.1 %d a 0 5000 AUTH2 default wrong", p.port);
    expect(p.here, "[\"1\" \"2\" \"3\"]", "MGET a b c");
    expect_ok(p.here, "MIGRATE 127.0.0.1 %d a 0 5000 AUTH secret", p.port);
    expect_ok(p.here, "MIGRATE 127.0.0.1 %d b 1 5000 AUTH secret COPY", p.port);
    expect_ok(p.here, "MIGRATE 127.0.0.1 %d %s 0 5000 AUTH2 default secret KEYS b c", p.port, "");
    expect(p.there, "[\"1\" \"2\" \"3\"]", "MGET a b c");
}

Test(migrate, a_kept_connection_asks_for_the_password_again)
{
    struct pair p = pair();
    expect_ok(p.there, "CONFIG SET requirepass secret");
    expect_ok(p.here, "SET k 1");
    expect_ok(p.here, "MIGRATE 127.0.0.1 %d k 0 5000 AUTH secret", p.port);
    expect_ok(p.here, "SET k 2");
    expect_error_like(p.here, "ERR Target instance replied with error: WRONGPASS",
                      "MIGRATE 127.0.0.1 %d k 0 5000 AUTH wrong", p.port);
    expect_ok(p.there, "CONFIG SET requirepass changed");
    expect_error_like(p.here, "ERR Target instance replied with error: WRONGPASS",
                      "MIGRATE 127.0.0.1 %d k 0 5000 AUTH secret", p.port);
    expect_bulk(p.there, "1", "GET k");
    expect_bulk(p.here, "2", "GET k");
}

Test(migrate, passwords_are_not_shown)
{
    struct pair p = pair();
    wire_config("slowlog-log-slower-than", "0");
    expect_ok(p.here, "SET k value");
    expect_ok(p.here, "SLOWLOG RESET");
    expect_error_like(p.here, "ERR Target", "MIGRATE 127.0.0.1 %d k 0 5000 AUTH hidden1", p.port);
    expect_error_like(p.here, "ERR Target",
                      "MIGRATE 127.0.0.1 %d %s 0 5000 AUTH2 hidden2 hidden3 KEYS k auth", p.port, "");
    redisReply *r = wire_command(p.here, "SLOWLOG GET");
    char *text = wire_reply_text(r);
    cr_expect(strstr(text, "MIGRATE") && strstr(text, "\"k\" \"auth\"") && !strstr(text, "hidden"), "%s",
              text);
    free(text);
    freeReplyObject(r);
}

Test(migrate, arguments_are_checked)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k value");
    expect_error(c, "ERR wrong number of arguments for 'migrate' command", "MIGRATE 127.0.0.1 1 k 0");
    expect_error(c, "ERR syntax error", "MIGRATE 127.0.0.1 1 k 0 1000 NONSENSE");
    expect_error(c, "ERR syntax error", "MIGRATE 127.0.0.1 1 k 0 1000 AUTH");
    expect_error(c, "ERR syntax error", "MIGRATE 127.0.0.1 1 k 0 1000 AUTH2 user");
    expect_error(c, "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
                 "MIGRATE 127.0.0.1 1 k 0 1000 KEYS a");
    expect_error(c, "ERR value is not an integer or out of range", "MIGRATE 127.0.0.1 1 k x 1000");
    expect_error(c, "ERR value is not an integer or out of range", "MIGRATE 127.0.0.1 1 k 0 x");
    expect_bulk(c, "value", "GET k");
}

Test(migrate, its_keys_are_known)
{
    redisContext *c = wire_client();
    expect(c, "[\"k\"]", "COMMAND GETKEYS MIGRATE host 1 k 0 1000 COPY");
    expect(c, "[\"a\" \"b\"]", "COMMAND GETKEYS MIGRATE host 1 %s 0 1000 COPY KEYS a b", "");
}

Test(migrate, nobody_listens)
{
    redisContext *c = wire_client();
    struct target t = target_open();
    close(t.listener);
    expect_ok(c, "SET k value");
    expect_error(c, "IOERR error or timeout writing to target instance", "MIGRATE 127.0.0.1 %d k 0 1000",
                 t.port);
    expect_error(c, "IOERR error or timeout connecting to the client",
                 "MIGRATE no.such.host.invalid 1 k 0 5000");
    static const char *const ports[] = {"nonsense", "", "0", "65536", "1.5"};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        expect_error(c, "IOERR error or timeout writing to target instance", "MIGRATE 127.0.0.1 %s k 0 1000",
                     ports[i]);
    expect_error(c, "IOERR error or timeout connecting to the client", "MIGRATE 127.0.0.1 -1 k 0 1000");
    struct pair p = pair();
    expect_ok(c, "MIGRATE 127.0.0.1 %dth k 0 1000 COPY", p.port);
    expect_bulk(c, "value", "GET k");
}

Test(migrate, a_name_is_looked_up)
{
    struct pair p = pair();
    expect_ok(p.here, "SET k value");
    expect_ok(p.here, "MIGRATE localhost %d k 0 5000", p.port);
    expect_bulk(p.there, "value", "GET k");
}

Test(migrate, events_and_watches)
{
    struct pair p = pair();
    redisContext *events = wire_client(), *watcher = wire_client();
    wire_config("notify-keyspace-events", "KA");
    expect_ok(p.here, "SET k value");
    expect_ok(watcher, "WATCH k");
    expect(events, "[\"subscribe\" \"__keyspace@0__:k\" 1]", "SUBSCRIBE __keyspace@0__:k");
    expect_ok(p.here, "MIGRATE 127.0.0.1 %d k 0 5000", p.port);
    expect_next(events, "[\"message\" \"__keyspace@0__:k\" \"del\"]");
    expect_ok(watcher, "MULTI");
    expect_queued(watcher, "PING");
    expect_nil(watcher, "EXEC");
}

/* ---- the others go on ------------------------------------------------------------------------ */

Test(migrate, a_silent_target_holds_up_nobody_else)
{
    redisContext *c = wire_client(), *other = wire_client();
    struct target t = target_open();
    expect_ok(c, "SET k value");
    wire_send(c, "MIGRATE 127.0.0.1 %d k 0 300", t.port);
    target_accept(&t);
    target_expect(&t, "RESTORE", "k", NULL);
    expect_bulk(other, "value", "GET k");
    expect_next(c, "-IOERR error or timeout reading to target instance");
    target_expect_end(&t);
    expect_bulk(c, "value", "GET k");
    target_close(&t);
}

Test(migrate, a_target_that_goes_away)
{
    redisContext *c = wire_client();
    struct target t = target_open();
    expect_ok(c, "MSET a 1 b 2");
    wire_send(c, "MIGRATE 127.0.0.1 %d %s 0 5000 KEYS a b", t.port, "");
    target_accept(&t);
    target_expect(&t, "RESTORE", "a", NULL);
    target_expect(&t, "RESTORE", "b", NULL);
    target_say(&t, "+OK\r\n");
    expect_soon(wire_client(), "0", "EXISTS a"); /* what the target has is gone here */
    target_close(&t);
    expect_next(c, "-IOERR error or timeout reading to target instance");
    expect(c, "[nil \"2\"]", "MGET a b");
}

Test(migrate, a_target_that_speaks_something_else)
{
    redisContext *c = wire_client();
    static const char *const answers[] = {"HTTP/1.1 400 Bad Request\r\n", ":1\r\n", "$2\r\nOK\r\n", "\r\n"};
    expect_ok(c, "SET k value");
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct target t = target_open();
        wire_send(c, "MIGRATE 127.0.0.1 %d k 0 5000", t.port);
        target_accept(&t);
        target_expect(&t, "RESTORE", "k", NULL);
        target_say(&t, answers[i]);
        expect_next(c, "-IOERR error or timeout reading to target instance");
        target_close(&t);
    }
    expect_bulk(c, "value", "GET k");
}

Test(migrate, an_endless_line_is_no_answer)
{
    redisContext *c = wire_client();
    struct target t = target_open();
    char line[5000];
    memset(line, 'x', sizeof line);
    line[0] = '-';
    expect_ok(c, "SET k value");
    wire_send(c, "MIGRATE 127.0.0.1 %d k 0 5000", t.port);
    target_accept(&t);
    target_expect(&t, "RESTORE", "k", NULL);
    raw_try_send(t.fd, line, sizeof line);
    expect_next(c, "-IOERR error or timeout reading to target instance");
    target_close(&t);
}

Test(migrate, greetings_are_answered_before_anything_is_sent)
{
    redisContext *c = wire_client();
    struct target t = target_open();
    expect_ok(c, "SET k value");
    wire_send(c, "MIGRATE 127.0.0.1 %d k 7 5000 AUTH2 me secret", t.port);
    target_accept(&t);
    target_expect(&t, "AUTH", "me", "secret");
    target_expect(&t, "SELECT", "7", NULL);
    target_say(&t, "+OK\r\n+OK\r\n");
    target_expect(&t, "RESTORE", "k", NULL);
    target_say(&t, "+OK\r\n");
    expect_next(c, "+OK");
    expect_int(c, 0, "EXISTS k");
    target_close(&t);
    t = target_open();
    expect_ok(c, "SET k value");
    wire_send(c, "MIGRATE 127.0.0.1 %d k 7 5000 AUTH secret", t.port);
    target_accept(&t);
    target_expect(&t, "AUTH", "secret", NULL);
    target_expect(&t, "SELECT", "7", NULL);
    target_say(&t, "+OK\r\n-ERR no such thing\r\n");
    expect_next(c, "-ERR Target instance replied with error: ERR no such thing");
    target_expect_end(&t);
    expect_bulk(c, "value", "GET k");
    target_close(&t);
}

Test(migrate, what_changed_meanwhile_is_sent_again)
{
    redisContext *c = wire_client(), *other = wire_client();
    struct target t = target_open();
    expect_ok(c, "MSET a 1 b 2");
    wire_send(c, "MIGRATE 127.0.0.1 %d %s 0 5000 KEYS a b", t.port, "");
    target_accept(&t);
    target_expect(&t, "RESTORE", "a", NULL);
    target_expect(&t, "RESTORE", "b", NULL);
    expect_ok(other, "SET a changed");
    expect_ok(other, "SET unrelated 1");
    target_say(&t, "+OK\r\n+OK\r\n");
    target_expect(&t, "RESTORE", "a", "REPLACE");
    cr_expect(memmem(t.words[3], t.len[3], "changed", 7) != NULL);
    expect_soon(other, "[\"changed\" nil \"1\"]", "MGET a b unrelated");
    target_say(&t, "+OK\r\n");
    expect_next(c, "+OK");
    expect(c, "[nil nil]", "MGET a b");
    target_close(&t);
}

Test(migrate, a_changed_time_to_live_is_sent_again)
{
    redisContext *c = wire_client(), *other = wire_client();
    struct target t = target_open();
    expect_ok(c, "SET k value");
    wire_send(c, "MIGRATE 127.0.0.1 %d k 0 5000", t.port);
    target_accept(&t);
    target_expect(&t, "RESTORE", "k", NULL);
    cr_expect_str_eq(t.words[2], "0");
    expect_int(other, 1, "EXPIRE k 100");
    target_say(&t, "+OK\r\n");
    target_expect(&t, "RESTORE", "k", "REPLACE");
    cr_expect_gt(atoi(t.words[2]), 90000);
    target_say(&t, "+OK\r\n");
    expect_next(c, "+OK");
    expect_int(c, 0, "EXISTS k");
    target_close(&t);
}

Test(migrate, what_changes_all_the_time_stays)
{
    redisContext *c = wire_client(), *other = wire_client();
    struct target t = target_open();
    expect_ok(c, "SET k 0");
    wire_send(c, "MIGRATE 127.0.0.1 %d k 0 5000", t.port);
    target_accept(&t);
    for (int i = 1; i <= 3; i++) {
        target_expect(&t, "RESTORE", "k", i > 1 ? "REPLACE" : NULL);
        expect_int(other, i, "INCR k");
        target_say(&t, "+OK\r\n");
    }
    expect_next(c, "-ERR A key changed again and again while it was migrated, and is still here");
    target_expect_end(&t);
    expect_bulk(c, "3", "GET k");
    target_close(&t);
}

Test(migrate, databases_that_trade_places)
{
    redisContext *c = wire_client(), *other = wire_client();
    struct target t = target_open();
    expect_ok(c, "SET k value");
    expect_ok(other, "SELECT 1");
    expect_ok(other, "SET k another");
    wire_send(c, "MIGRATE 127.0.0.1 %d k 0 5000", t.port);
    target_accept(&t);
    target_expect(&t, "RESTORE", "k", NULL);
    expect_ok(other, "SWAPDB 0 1");
    target_say(&t, "+OK\r\n");
    target_expect(&t, "RESTORE", "k", "REPLACE"); /* what stands there now */
    target_say(&t, "-ERR no more\r\n");
    expect_next(c, "-ERR Target instance replied with error: ERR no more");
    expect_bulk(c, "another", "GET k");
    expect_bulk(other, "value", "GET k");
    target_close(&t);
}

Test(migrate, a_key_that_goes_meanwhile_is_on_the_target)
{
    redisContext *c = wire_client(), *other = wire_client();
    struct target t = target_open();
    expect_ok(c, "SET k value");
    wire_send(c, "MIGRATE 127.0.0.1 %d k 0 5000", t.port);
    target_accept(&t);
    target_expect(&t, "RESTORE", "k", NULL);
    expect_int(other, 1, "DEL k");
    target_say(&t, "+OK\r\n");
    expect_next(c, "+OK");
    target_close(&t);
}

Test(migrate, a_client_that_goes_ends_its_migration)
{
    redisContext *c = wire_client(), *other = wire_client();
    struct target t = target_open();
    expect_ok(c, "SET k value");
    wire_send(c, "MIGRATE 127.0.0.1 %d k 0 100000", t.port);
    target_accept(&t);
    target_expect(&t, "RESTORE", "k", NULL);
    cr_expect_eq(wire_info_int(other, "blocked_clients"), 1);
    wire_close(c);
    target_expect_end(&t);
    cr_expect_eq(wire_info_int(other, "blocked_clients"), 0);
    expect_bulk(other, "value", "GET k");
    target_close(&t);
}

Test(migrate, a_client_that_is_killed_or_unblocked)
{
    redisContext *c = wire_client(), *other = wire_client();
    struct target t = target_open();
    long long id = wire_int(c, "CLIENT ID");
    expect_ok(c, "SET k value");
    wire_send(c, "MIGRATE 127.0.0.1 %d k 0 100000", t.port);
    target_accept(&t);
    target_expect(&t, "RESTORE", "k", NULL);
    expect_int(other, 1, "CLIENT UNBLOCK %lld", id);
    expect_next(c, "-IOERR error or timeout reading to target instance");
    target_expect_end(&t);
    wire_send(c, "MIGRATE 127.0.0.1 %d k 0 100000", t.port);
    target_accept(&t);
    target_expect(&t, "RESTORE", "k", NULL);
    expect_int(other, 1, "CLIENT UNBLOCK %lld ERROR", id);
    expect_next(c, "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    target_expect_end(&t);
    wire_send(c, "MIGRATE no.such.host.invalid 1 k 0 100000"); /* perhaps while the name is looked up */
    wire_send(c, "MIGRATE 127.0.0.1 %d k 0 100000", t.port);
    expect_error(c, "IOERR error or timeout connecting to the client", "PING");
    target_accept(&t);
    target_expect(&t, "RESTORE", "k", NULL);
    expect_int(other, 1, "CLIENT KILL ID %lld", id);
    target_expect_end(&t);
    expect_bulk(other, "value", "GET k");
    target_close(&t);
}

Test(migrate, requests_behind_it_wait)
{
    redisContext *c = wire_client();
    struct target t = target_open();
    expect_ok(c, "SET k value");
    wire_send(c, "MIGRATE 127.0.0.1 %d k 0 5000", t.port);
    wire_send(c, "EXISTS k");
    target_accept(&t);
    target_expect(&t, "RESTORE", "k", NULL);
    target_say(&t, "+O");
    target_say(&t, "K\r");
    target_say(&t, "\n");
    expect_next(c, "+OK");
    expect_next(c, "0");
    target_close(&t);
}

Test(migrate, the_next_one_goes_on_with_the_connection)
{
    redisContext *c = wire_client();
    struct target t = target_open();
    expect_ok(c, "MSET a 1 b 2 c 3 d 4");
    wire_send(c, "MIGRATE 127.0.0.1 %d a 0 5000 AUTH secret", t.port);
    target_accept(&t);
    target_expect(&t, "AUTH", "secret", NULL);
    target_say(&t, "+OK\r\n");
    target_expect(&t, "RESTORE", "a", NULL);
    target_say(&t, "+OK\r\n");
    expect_next(c, "+OK");
    cr_expect_eq(wire_info_int(c, "migrate_cached_sockets"), 1);
    wire_send(c, "MIGRATE 127.0.0.1 %d b 5 5000 AUTH secret", t.port);
    target_expect(&t, "AUTH", "secret", NULL);
    target_expect(&t, "SELECT", "5", NULL);
    target_say(&t, "+OK\r\n+OK\r\n");
    target_expect(&t, "RESTORE", "b", NULL);
    target_say(&t, "+OK\r\n");
    expect_next(c, "+OK");
    wire_send(c, "MIGRATE 127.0.0.1 %d c 0 5000 AUTH secret", t.port);
    target_expect(&t, "AUTH", "secret", NULL);
    target_expect(&t, "SELECT", "0", NULL);
    target_say(&t, "+OK\r\n+OK\r\n");
    target_expect(&t, "RESTORE", "c", NULL);
    target_say(&t, "-ERR no\r\n"); /* such a connection isn't kept */
    expect_next(c, "-ERR Target instance replied with error: ERR no");
    target_expect_end(&t);
    cr_expect_eq(wire_info_int(c, "migrate_cached_sockets"), 0);
    target_close(&t);
}

Test(migrate, another_password_is_another_connection)
{
    redisContext *c = wire_client();
    struct target t = target_open(), other;
    expect_ok(c, "MSET a 1 b 2");
    wire_send(c, "MIGRATE 127.0.0.1 %d a 0 5000 AUTH secret", t.port);
    target_accept(&t);
    target_expect(&t, "AUTH", "secret", NULL);
    target_say(&t, "+OK\r\n");
    target_expect(&t, "RESTORE", "a", NULL);
    target_say(&t, "+OK\r\n");
    expect_next(c, "+OK");
    target_forget(&t);
    other = t;
    wire_send(c, "MIGRATE 127.0.0.1 %d b 0 5000", t.port);
    target_accept(&other);
    target_expect(&other, "RESTORE", "b", NULL);
    target_say(&other, "+OK\r\n");
    expect_next(c, "+OK");
    cr_expect_eq(wire_info_int(c, "migrate_cached_sockets"), 2);
    fclose(other.in);
    close(other.fd);
    target_forget(&other);
    target_close(&t);
    while (wire_info_int(c, "migrate_cached_sockets") != 0) /* they are seen to be closed */
        wire_pause_ms(1);
}

Test(migrate, a_kept_connection_that_broke_is_made_anew)
{
    redisContext *c = wire_client();
    struct target t = target_open(), first;
    expect_ok(c, "MSET a 1 b 2 c 3");
    wire_send(c, "MIGRATE 127.0.0.1 %d a 0 5000", t.port);
    target_accept(&t);
    target_expect(&t, "RESTORE", "a", NULL);
    target_say(&t, "+OK\r\n");
    expect_next(c, "+OK");
    wire_send(c, "MIGRATE 127.0.0.1 %d %s 0 5000 KEYS b c", t.port, "");
    target_expect(&t, "RESTORE", "b", NULL);
    first = t;
    memset(t.words, 0, sizeof t.words);
    shutdown(first.fd, SHUT_RDWR); /* without an answer */
    target_accept(&t);
    target_expect(&t, "RESTORE", "b", NULL);
    target_expect(&t, "RESTORE", "c", NULL);
    target_say(&t, "+OK\r\n+OK\r\n");
    expect_next(c, "+OK");
    expect_int(c, 0, "DBSIZE");
    fclose(first.in);
    close(first.fd);
    target_forget(&first);
    target_close(&t);
}

Test(migrate, not_in_a_transaction)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k value");
    expect_ok(c, "MULTI");
    expect_queued(c, "MIGRATE 127.0.0.1 1 k 0 1000");
    expect(c, "[-ERR MIGRATE isn't allowed in a transaction: it would hold up every client]", "EXEC");
    expect_bulk(c, "value", "GET k");
}

Test(migrate, to_itself)
{
    struct wire_server *s = wire_start("--port", "auto", NULL);
    redisContext *c = wire_client_of(s);
    expect_ok(c, "SET k value");
    expect_error(c, "ERR The target is the database where the keys are",
                 "MIGRATE 127.0.0.1 %d k 0 5000 REPLACE", s->port);
    expect_bulk(c, "value", "GET k");
    expect_ok(c, "MIGRATE 127.0.0.1 %d k 1 5000", s->port);
    expect_int(c, 0, "EXISTS k");
    expect_ok(c, "SELECT 1");
    expect_bulk(c, "value", "GET k");
}
