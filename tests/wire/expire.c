/* Commands for the time to live, and that keys end by themselves. */
#include "tests/wire/wire.h"

#include <stdlib.h>
#include <sys/time.h>

WIRE_SUITE(expire);

static long long now_ms(void)
{
    struct timeval t;
    gettimeofday(&t, NULL);
    return (long long)t.tv_sec * 1000 + t.tv_usec / 1000;
}

Test(expire, expire_and_pexpire_count_from_now)
{
    redisContext *c = wire_client();
    expect_int(c, 0, "EXPIRE k 100");
    expect_ok(c, "SET k v");
    expect_int(c, 1, "EXPIRE k 100");
    expect_between(c, 90, 100, "TTL k");
    expect_between(c, 90000, 100000, "PTTL k");
    expect_int(c, 1, "PEXPIRE k 50000");
    expect_between(c, 40, 50, "TTL k");
    expect_bulk(c, "v", "GET k");
    expect_error(c, "ERR wrong number of arguments for 'expire' command", "EXPIRE k");
    expect_error(c, "ERR Unsupported option ", "EXPIRE k 1 %s", "\r\n"); /* line ends at an error's end go */
    expect_error(c, "ERR Unsupported option a  b", "EXPIRE k 1 %s", "a\r\nb");
}

Test(expire, expireat_and_pexpireat_name_a_time)
{
    redisContext *c = wire_client();
    long long at = now_ms() / 1000 + 1000;
    expect_ok(c, "SET k v");
    expect_int(c, 1, "EXPIREAT k %lld", at);
    expect_int(c, at, "EXPIRETIME k");
    expect_int(c, at * 1000, "PEXPIRETIME k");
    expect_int(c, 1, "PEXPIREAT k %lld", at * 1000 + 499);
    expect_int(c, at, "EXPIRETIME k");
    expect_int(c, at * 1000 + 499, "PEXPIRETIME k");
    expect_int(c, 1, "PEXPIREAT k %lld", at * 1000 + 500);
    expect_int(c, at + 1, "EXPIRETIME k");
    expect_between(c, 900, 1001, "TTL k");
}

Test(expire, without_key_or_time)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k v");
    static const char *const ask[] = {"TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"};
    for (int i = 0; i < 4; i++) {
        expect_int(c, -2, "%s none", ask[i]);
        expect_int(c, -1, "%s k", ask[i]);
    }
    expect_error(c, "ERR wrong number of arguments for 'ttl' command", "TTL");
    expect_error(c, "ERR wrong number of arguments for 'pexpiretime' command", "PEXPIRETIME k l");
}

Test(expire, nx_and_xx_ask_whether_there_is_a_time)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k v");
    expect_int(c, 0, "EXPIRE k 100 XX");
    expect_int(c, 1, "EXPIRE k 100 nx");
    expect_int(c, 0, "EXPIRE k 200 NX");
    expect_int(c, 1, "PEXPIRE k 300000 XX");
    expect_between(c, 290, 300, "TTL k");
    expect_int(c, 1, "EXPIRE k 10 XX XX");
}

Test(expire, gt_and_lt_compare_and_never_is_the_latest)
{
    redisContext *c = wire_client();
    long long at = now_ms() / 1000 + 1000;
    expect_ok(c, "SET k v");
    expect_int(c, 0, "EXPIREAT k %lld GT", at);
    expect_int(c, 1, "EXPIREAT k %lld LT", at);
    expect_int(c, 0, "EXPIREAT k %lld LT", at);
    expect_int(c, 0, "EXPIREAT k %lld GT", at);
    expect_int(c, 1, "EXPIREAT k %lld GT", at + 1);
    expect_int(c, 1, "EXPIREAT k %lld XX LT", at - 1);
    expect_int(c, 0, "PEXPIREAT k %lld XX GT", (at - 1) * 1000 - 1);
    expect_int(c, at - 1, "EXPIRETIME k");
    expect_ok(c, "SET k v");
    expect_int(c, 0, "EXPIRE k 10 XX LT");
}

Test(expire, options_that_contradict_are_refused)
{
    redisContext *c = wire_client();
    static const char *const names[] = {"EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"};
    for (int i = 0; i < 4; i++) {
        const char *n = names[i];
        expect_error(c, "ERR NX and XX, GT or LT options at the same time are not compatible", "%s k 1 NX XX",
                     n);
        expect_error(c, "ERR NX and XX, GT or LT options at the same time are not compatible", "%s k 1 NX GT",
                     n);
        expect_error(c, "ERR NX and XX, GT or LT options at the same time are not compatible", "%s k x LT NX",
                     n);
        expect_error(c, "ERR GT and LT options at the same time are not compatible", "%s k 1 GT LT", n);
        expect_error(c, "ERR Unsupported option AB", "%s k 1 AB", n);
        expect_error(c, "ERR value is not an integer or out of range", "%s k x", n);
        expect_error(c, "ERR value is not an integer or out of range", "%s k 1.5", n);
        expect_error(c, "ERR value is not an integer or out of range", "%s k 9223372036854775808", n);
    }
}

Test(expire, times_that_overflow_are_refused)
{
    redisContext *c = wire_client();
    static const char most[] = "9223372036854775807";
    expect_error(c, "ERR invalid expire time in 'expire' command", "EXPIRE none %s", most);
    expect_error(c, "ERR invalid expire time in 'expire' command", "EXPIRE none -%s", most);
    expect_error(c, "ERR invalid expire time in 'pexpire' command", "PEXPIRE none %s", most);
    expect_error(c, "ERR invalid expire time in 'expireat' command", "EXPIREAT none %s", most);
    expect_error(c, "ERR invalid expire time in 'expire' command", "EXPIRE none 9223372036854775");
    expect_ok(c, "SET k v");
    expect_int(c, 1, "PEXPIREAT k %s", most);
    expect(c, most, "PEXPIRETIME k");
    expect_int(c, 9223372036854776, "EXPIRETIME k");
    expect_bulk(c, "v", "GET k");
    expect_int(c, 1, "PERSIST k");
    expect_int(c, -1, "TTL k");
}

Test(expire, a_time_in_the_past_deletes)
{
    redisContext *c = wire_client();
    static const char *const commands[] = {"EXPIRE k 0",
                                           "EXPIRE k -1",
                                           "PEXPIRE k -1000",
                                           "EXPIREAT k 1",
                                           "EXPIREAT k -5",
                                           "PEXPIREAT k 0",
                                           "PEXPIRE k -9223372036854775808",
                                           "EXPIRE k -1 LT"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        expect_ok(c, "SET k v");
        expect_int(c, 1, commands[i]);
        expect_int(c, 0, "EXISTS k");
        expect_int(c, 0, "DBSIZE");
    }
    expect_ok(c, "SET k v EX 100");
    expect_int(c, 0, "EXPIRE k -1 NX");
    expect_int(c, 0, "EXPIRE k -1 GT");
    expect_int(c, 1, "EXISTS k");
}

Test(expire, persist_takes_the_time_away)
{
    redisContext *c = wire_client();
    expect_int(c, 0, "PERSIST k");
    expect_ok(c, "SET k v PX 60000");
    expect_int(c, 1, "PERSIST k");
    expect_int(c, -1, "PTTL k");
    expect_int(c, 0, "PERSIST k");
    expect_bulk(c, "v", "GET k");
}

Test(expire, other_commands_keep_or_drop_the_time)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k 1 EX 100");
    expect_int(c, 2, "INCR k");
    expect_int(c, 2, "APPEND k 5");
    expect_int(c, 3, "SETRANGE k 2 7");
    expect_between(c, 90, 100, "TTL k");
    expect_ok(c, "SET k 2 KEEPTTL");
    expect_between(c, 90, 100, "TTL k");
    expect_ok(c, "SET k 2");
    expect_int(c, -1, "TTL k");
    expect_ok(c, "SET k 2 EX 100");
    expect_bulk(c, "2", "GETSET k 3");
    expect_int(c, -1, "TTL k");
}

Test(expire, keys_end_without_being_read)
{
    redisContext *c = wire_client();
    long long expired = wire_info_int(c, "expired_keys");
    for (int i = 0; i < 1000; i++)
        redisAppendCommand(c, "SET k%d v PX %d", i, 1 + i / 10);
    for (int i = 0; i < 1000; i++) {
        redisReply *r;
        cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
        freeReplyObject(r);
    }
    expect_ok(c, "SET stays v");
    expect_soon(c, "1", "DBSIZE");
    cr_assert_eq(wire_info_int(c, "expired_keys"), expired + 1000);
    expect_int(c, 1, "EXISTS stays");
}

Test(expire, a_read_never_sees_an_ended_key)
{
    struct wire_server *s = wire_start("--enable-debug-command", "yes", NULL);
    redisContext *c = wire_client_of(s);
    expect_ok(c, "DEBUG SET-ACTIVE-EXPIRE 0");
    expect_ok(c, "MSET a 1 b 1 c 1 d 1 e 1 f 1 g 1 h 1");
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    for (int i = 0; i < 8; i++)
        expect_int(c, 1, "PEXPIRE %s 1", names[i]);
    expect_soon(c, "-2", "PTTL a");
    expect_nil(c, "GET b");
    expect_int(c, 0, "EXISTS c");
    expect(c, "+none", "TYPE d");
    expect_int(c, 0, "DEL e");
    expect_error(c, "ERR no such key", "RENAME f x");
    expect_int(c, 0, "PERSIST g");
    expect(c, "[\"0\" []]", "SCAN 0 COUNT 100");
    expect(c, "[]", "KEYS *");
    expect_nil(c, "RANDOMKEY");
    expect_ok(c, "DEBUG SET-ACTIVE-EXPIRE 1");
    expect_soon(c, "0", "DBSIZE");
}

Test(expire, its_end_is_told)
{
    redisContext *c = wire_client(), *l = wire_client();
    wire_config("notify-keyspace-events", "Ex");
    expect(l, "[\"psubscribe\" \"__key*\" 1]", "PSUBSCRIBE __key*");
    expect_ok(c, "SET k v PX 5");
    expect_next(l, "[\"pmessage\" \"__key*\" \"__keyevent@0__:expired\" \"k\"]");
    expect_ok(c, "SELECT 4");
    expect_ok(c, "SET l v PX 5");
    expect_next(l, "[\"pmessage\" \"__key*\" \"__keyevent@4__:expired\" \"l\"]");
}

Test(expire, wait_ends_by_its_timeout)
{
    redisContext *c = wire_client();
    long long start = now_ms();
    expect_int(c, 0, "WAIT 0 1000000");
    expect_int(c, 0, "WAIT -1 1000000");
    expect_int(c, 0, "WAIT 1 30");
    cr_assert_geq(now_ms(), start + 29);
    expect_error(c, "ERR value is not an integer or out of range", "WAIT a 1");
    expect_error(c, "ERR timeout is not an integer or out of range", "WAIT 0 a");
    expect_error(c, "ERR timeout is not an integer or out of range", "WAIT 0 1.5");
    expect_error(c, "ERR timeout is negative", "WAIT 0 -1");
    expect_error(c, "ERR wrong number of arguments for 'wait' command", "WAIT 1");
}

Test(expire, wait_holds_back_what_was_sent_behind_it)
{
    int fd = raw_client();
    raw_say(fd, "WAIT 1 20\r\nPING\r\nWAIT 2 20\r\nECHO x\r\n");
    raw_expect(fd, ":0\r\n+PONG\r\n:0\r\n$1\r\nx\r\n");
}

Test(expire, wait_is_ended_by_client_unblock)
{
    redisContext *c = wire_client(), *other = wire_client();
    long long id = wire_int(c, "CLIENT ID");
    wire_send(c, "WAIT 1 0");
    expect_soon(other, "1", "CLIENT UNBLOCK %lld", id);
    expect_next(c, "0");
    wire_send(c, "WAIT 1 0");
    expect_soon(other, "1", "CLIENT UNBLOCK %lld ERROR", id);
    expect_next(c, "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    expect(c, "+PONG", "PING");
}

Test(expire, wait_in_a_transaction_answers_at_once)
{
    redisContext *c = wire_client();
    expect_ok(c, "MULTI");
    expect_queued(c, "WAIT 1 0");
    expect(c, "[0]", "EXEC");
}

Test(expire, waitaof_needs_a_log)
{
    redisContext *c = wire_client();
    if (wire_is_redis())
        return; /* WAITAOF came with 7.2 */
    expect_error(c, "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
                 "WAITAOF 1 0 0");
    expect(c, "[0 0]", "WAITAOF 0 0 0");
    expect(c, "[0 0]", "WAITAOF 0 1 10");
    expect_ok(c, "MULTI");
    expect_queued(c, "WAITAOF 0 1 0");
    expect(c, "[[0 0]]", "EXEC");
    expect_error(c, "ERR value is out of range, value must between 0 and 1", "WAITAOF 2 0 0");
    expect_error(c, "ERR value is out of range, must be positive", "WAITAOF 0 -1 0");
    expect_error(c, "ERR timeout is negative", "WAITAOF 0 0 -1");
    expect_error(c, "ERR wrong number of arguments for 'waitaof' command", "WAITAOF 0 0");
}
