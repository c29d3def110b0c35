/* Plain values: every option, wrong types, limits, events. */
#include "tests/wire/events.h"
#include "tests/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

WIRE_SUITE(string);

#define WRONG_TYPE "WRONGTYPE Operation against a key holding the wrong kind of value"
#define NOT_INTEGER "ERR value is not an integer or out of range"
#define NOT_FLOAT "ERR value is not a valid float"
#define SYNTAX "ERR syntax error"
#define OVERFLOWS "ERR increment or decrement would overflow"
#define TOO_LONG "ERR string exceeds maximum allowed size (proto-max-bulk-len)"

static long long now_ms(void)
{
    struct timeval t;
    gettimeofday(&t, NULL);
    return t.tv_sec * 1000ll + t.tv_usec / 1000;
}

/* ---- SET and GET ----------------------------------------------------------- */

Test(string, values_come_back_byte_for_byte)
{
    redisContext *c = wire_client();
    expect_nil(c, "GET k");
    expect_ok(c, "SET k %b", "a\0\r\n\xff", (size_t)5);
    expect_bytes(c, "a\0\r\n\xff", 5, "GET k");
    expect_ok(c, "SET k %s", "");
    expect_bulk(c, "", "GET k");
    expect_ok(c, "SET %s empty-key", "");
    expect_bulk(c, "empty-key", "GET %s", "");
    static const char *numbers[] = {"0",
                                    "-0",
                                    "00",
                                    "-1",
                                    "127",
                                    "128",
                                    "-129",
                                    "32768",
                                    "2147483648",
                                    "+5",
                                    " 5",
                                    "5 ",
                                    "9223372036854775807",
                                    "-9223372036854775808",
                                    "9223372036854775808",
                                    "1.0",
                                    "007"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        expect_ok(c, "SET n %s", numbers[i]);
        expect_bulk(c, numbers[i], "GET n");
        expect_int(c, (long long)strlen(numbers[i]), "STRLEN n");
    }
}

Test(string, values_of_every_size_class_survive)
{
    redisContext *c = wire_client();
    static const size_t sizes[] = {1,    7,     8,     63,    64,    511,   512,     4095,
                                   4096, 16383, 16384, 16385, 65535, 65536, 1000000, 20000000};
    char *value = malloc(20000000);
    for (size_t i = 0; i < 20000000; i++)
        value[i] = (char)(i * 31 + i / 256);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        expect_ok(c, "SET k%d %b", (int)i, value, sizes[i]);
        expect_bytes(c, value, sizes[i], "GET k%d", (int)i);
        expect_int(c, (long long)sizes[i], "STRLEN k%d", (int)i);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        expect_bytes(c, value, sizes[i], "GET k%d", (int)i);
    /* Overwriting while the reply that refers to the old value is still being written. */
    wire_send(c, "GET k15");
    wire_send(c, "SET k15 new");
    wire_send(c, "GET k15");
    redisReply *r;
    cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
    cr_assert_eq(r->len, 20000000);
    cr_assert_eq(memcmp(r->str, value, r->len), 0);
    freeReplyObject(r);
    expect_next(c, "+OK");
    expect_next(c, "\"new\"");
    free(value);
}

Test(string, long_keys_are_keys_like_others)
{
    redisContext *c = wire_client();
    static char key[70000];
    memset(key, 'k', sizeof key);
    for (size_t len = 250; len < sizeof key; len = len * 3 / 2) {
        expect_ok(c, "SET %b %d", key, len, (int)len);
        expect_ok(c, "SET %b %d PX 100000", key, len, (int)len);
        expect_int(c, (long long)len + 1, "INCR %b", key, len);
        char text[32];
        snprintf(text, sizeof text, "%zu", len + 1);
        expect_bulk(c, text, "GET %b", key, len);
        expect_between(c, 1, 100000, "PTTL %b", key, len);
    }
}

Test(string, set_takes_nx_and_xx)
{
    redisContext *c = wire_client();
    expect_nil(c, "SET k v XX");
    expect_nil(c, "GET k");
    expect_ok(c, "SET k v NX");
    expect_nil(c, "SET k w nx");
    expect_bulk(c, "v", "GET k");
    expect_ok(c, "SET k w xX");
    expect_bulk(c, "w", "GET k");
    expect_error(c, SYNTAX, "SET k v NX XX");
    expect_error(c, SYNTAX, "SET k v XX NX");
    expect_ok(c, "SET k x XX XX");
    expect_int(c, 1, "EXPIRE k 100");
    expect_nil(c, "SET k y NX");
    expect_between(c, 1, 100, "TTL k");
}

Test(string, set_get_gives_the_value_before)
{
    redisContext *c = wire_client();
    expect_nil(c, "SET k one GET");
    expect_bulk(c, "one", "SET k two GET");
    expect_bulk(c, "two", "GET k");
    expect_bulk(c, "two", "SET k three NX GET");
    expect_bulk(c, "two", "GET k");
    expect_nil(c, "SET other v XX GET");
    expect_int(c, 0, "EXISTS other");
    expect_nil(c, "SET other v GET NX");
    expect_bulk(c, "v", "GET other");
    expect_bulk(c, "two", "SET k four XX GET EX 100");
    expect_between(c, 1, 100, "TTL k");
    expect_bulk(c, "four", "SET k 5 GET KEEPTTL");
    expect_between(c, 1, 100, "TTL k");
    expect_bulk(c, "5", "SET k 6 GET");
    expect_int(c, -1, "TTL k");
}

Test(string, set_takes_every_form_of_expiry)
{
    redisContext *c = wire_client();
    long long now = now_ms();
    expect_ok(c, "SET k v EX 100");
    expect_between(c, 99000, 100000, "PTTL k");
    expect_ok(c, "SET k v px 100000");
    expect_between(c, 99000, 100000, "PTTL k");
    expect_ok(c, "SET k v EXAT %lld", now / 1000 + 100);
    expect_between(c, 98000, 100000, "PTTL k");
    expect_ok(c, "SET k v PXAT %lld", now + 100000);
    expect_int(c, now + 100000, "PEXPIRETIME k");
    expect_ok(c, "SET k w KEEPTTL");
    expect_int(c, now + 100000, "PEXPIRETIME k");
    expect_ok(c, "SET k w");
    expect_int(c, -1, "PTTL k");
    expect_ok(c, "SET fresh w KEEPTTL");
    expect_int(c, -1, "PTTL fresh");
    expect_ok(c, "SET k v EX 10 EX 100");
    expect_between(c, 99000, 100000, "PTTL k");
    expect_ok(c, "SET k v PXAT 1");
    expect_nil(c, "GET k");
    expect_int(c, 0, "EXISTS k");
    expect_ok(c, "SET k v PX 30");
    expect_soon(c, "nil", "GET k");
}

Test(string, set_refuses_what_it_does_not_know)
{
    redisContext *c = wire_client();
    static const char *bad[] = {"a",
                                "EX",
                                "PX",
                                "EXAT",
                                "PXAT",
                                "EX 10 PX 10",
                                "PX 10 EX 10",
                                "EX 10 EXAT 10",
                                "EX 10 PXAT 10",
                                "KEEPTTL EX 10",
                                "EX 10 KEEPTTL",
                                "PXAT 10 KEEPTTL",
                                "PERSIST",
                                "NX XX EX 10",
                                "EX 10 EX"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char command[64];
        snprintf(command, sizeof command, "SET k v %s", bad[i]);
        expect_error(c, SYNTAX, command);
    }
    static const char *invalid[] = {"EX 0",
                                    "EX -1",
                                    "PX 0",
                                    "PX -5",
                                    "EXAT 0",
                                    "PXAT -1",
                                    "EX 9223372036854775807",
                                    "EX 9223372036854776",
                                    "PX 9223372036854775807",
                                    "EXAT 9223372036854776"};
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        char command[64];
        snprintf(command, sizeof command, "SET k v %s", invalid[i]);
        expect_error(c, "ERR invalid expire time in 'set' command", command);
    }
    expect_error(c, NOT_INTEGER, "SET k v EX a");
    expect_error(c, NOT_INTEGER, "SET k v PX 1.5");
    expect_error(c, NOT_INTEGER, "SET k v EX 9223372036854775808");
    expect_int(c, 0, "EXISTS k");
    expect_error(c, "ERR wrong number of arguments for 'set' command", "SET k");
    expect_error(c, "ERR wrong number of arguments for 'get' command", "GET");
    expect_error(c, "ERR wrong number of arguments for 'get' command", "GET a b");
}

Test(string, setex_psetex_setnx)
{
    redisContext *c = wire_client();
    expect_ok(c, "SETEX k 100 v");
    expect_between(c, 99, 100, "TTL k");
    expect_ok(c, "PSETEX k 100000 w");
    expect_between(c, 99000, 100000, "PTTL k");
    expect_bulk(c, "w", "GET k");
    expect_error(c, "ERR invalid expire time in 'setex' command", "SETEX k 0 v");
    expect_error(c, "ERR invalid expire time in 'psetex' command", "PSETEX k -1 v");
    expect_error(c, "ERR invalid expire time in 'setex' command", "SETEX k 9223372036854775807 v");
    expect_error(c, NOT_INTEGER, "SETEX k a v");
    expect_int(c, 0, "SETNX k x");
    expect_int(c, 1, "SETNX other x");
    expect_bulk(c, "w", "GET k");
    expect_bulk(c, "x", "GET other");
    expect_error(c, "ERR wrong number of arguments for 'setex' command", "SETEX k 10");
    expect_error(c, "ERR wrong number of arguments for 'psetex' command", "PSETEX k 10");
    expect_error(c, "ERR wrong number of arguments for 'setnx' command", "SETNX k");
}

Test(string, getset_getdel_getex)
{
    redisContext *c = wire_client();
    expect_nil(c, "GETSET k one");
    expect_bulk(c, "one", "GETSET k two");
    expect_int(c, 1, "EXPIRE k 100");
    expect_bulk(c, "two", "GETSET k three");
    expect_int(c, -1, "TTL k");
    expect_bulk(c, "three", "GETDEL k");
    expect_nil(c, "GETDEL k");
    expect_int(c, 0, "EXISTS k");
    expect_nil(c, "GETEX k EX 10");
    expect_ok(c, "SET k v");
    expect_bulk(c, "v", "GETEX k");
    expect_int(c, -1, "TTL k");
    expect_bulk(c, "v", "GETEX k EX 100");
    expect_between(c, 99, 100, "TTL k");
    expect_bulk(c, "v", "GETEX k");
    expect_between(c, 99, 100, "TTL k");
    expect_bulk(c, "v", "GETEX k PERSIST");
    expect_int(c, -1, "TTL k");
    expect_bulk(c, "v", "GETEX k PX 100000");
    expect_between(c, 99000, 100000, "PTTL k");
    long long at = now_ms() + 50000;
    expect_bulk(c, "v", "GETEX k PXAT %lld", at);
    expect_int(c, at, "PEXPIRETIME k");
    expect_bulk(c, "v", "GETEX k exat %lld", at / 1000);
    expect_int(c, at / 1000, "EXPIRETIME k");
    expect_bulk(c, "v", "GETEX k EXAT 1");
    expect_int(c, 0, "EXISTS k");
    expect_ok(c, "SET k v");
    expect_error(c, SYNTAX, "GETEX k KEEPTTL");
    expect_error(c, SYNTAX, "GETEX k NX");
    expect_error(c, SYNTAX, "GETEX k EX");
    expect_error(c, SYNTAX, "GETEX k EX 10 PERSIST");
    expect_error(c, SYNTAX, "GETEX k PERSIST EX 10");
    expect_error(c, SYNTAX, "GETEX k EX 10 PX 10");
    expect_error(c, "ERR invalid expire time in 'getex' command", "GETEX k EX 0");
    expect_error(c, NOT_INTEGER, "GETEX k PX a");
    expect_int(c, -1, "TTL k");
    expect_error(c, "ERR wrong number of arguments for 'getdel' command", "GETDEL");
    expect_error(c, "ERR wrong number of arguments for 'getex' command", "GETEX");
    expect_error(c, "ERR wrong number of arguments for 'getset' command", "GETSET k");
}

/* ---- several keys ------------------------------------------------------------ */

Test(string, mset_mget_msetnx)
{
    redisContext *c = wire_client();
    expect_ok(c, "MSET a 1 b two c %s", "");
    expect(c, "[\"1\" \"two\" nil \"\" \"1\"]", "MGET a b none c a");
    expect_ok(c, "MSET a x a y");
    expect_bulk(c, "y", "GET a");
    expect_int(c, 0, "MSETNX new 1 a 2");
    expect_int(c, 0, "EXISTS new");
    expect_int(c, 1, "MSETNX n1 1 n2 2 n1 3");
    expect(c, "[\"3\" \"2\"]", "MGET n1 n2");
    expect_int(c, 1, "EXPIRE a 100");
    expect_ok(c, "MSET a z");
    expect_int(c, -1, "TTL a");
    expect_error(c, "ERR wrong number of arguments for 'mset' command", "MSET a");
    expect_error(c, "ERR wrong number of arguments for 'mset' command", "MSET a 1 b");
    expect_error(c, "ERR wrong number of arguments for 'msetnx' command", "MSETNX a 1 b");
    expect_error(c, "ERR wrong number of arguments for 'mget' command", "MGET");
    expect3(resp3_client(), "[\"z\" nil]", "MGET a none");
}

Test(string, many_keys_at_once)
{
    redisContext *c = wire_client();
    enum { keys = 5000 };
    const char **argv = malloc((2 * keys + 1) * sizeof *argv);
    char(*key)[16] = malloc(keys * sizeof *key);
    argv[0] = "MSET";
    for (int i = 0; i < keys; i++) {
        snprintf(key[i], sizeof key[i], "key:%d", i);
        argv[1 + 2 * i] = argv[2 + 2 * i] = key[i];
    }
    redisReply *r = redisCommandArgv(c, 2 * keys + 1, argv, NULL);
    cr_assert(r && r->type == REDIS_REPLY_STATUS);
    freeReplyObject(r);
    expect_int(c, keys, "DBSIZE");
    argv[0] = "MGET";
    for (int i = 0; i < keys; i++)
        argv[1 + i] = key[i];
    r = redisCommandArgv(c, keys + 1, argv, NULL);
    cr_assert(r && r->elements == keys);
    for (int i = 0; i < keys; i++)
        cr_assert_str_eq(r->element[i]->str, key[i]);
    freeReplyObject(r);
    free(argv);
    free(key);
}

/* ---- parts -------------------------------------------------------------------- */

Test(string, append_grows_a_value)
{
    redisContext *c = wire_client();
    expect_int(c, 5, "APPEND k hello");
    expect_int(c, 11, "APPEND k %s", " world");
    expect_bulk(c, "hello world", "GET k");
    expect_int(c, 11, "APPEND k %s", "");
    expect_int(c, 2, "APPEND n 12");
    expect_int(c, 4, "APPEND n 34");
    expect_int(c, 1235, "INCR n");
    expect_int(c, 1, "EXPIRE k 100");
    expect_int(c, 12, "APPEND k !");
    expect_between(c, 1, 100, "TTL k");
    expect_int(c, 0, "APPEND none %s", "");
    expect_int(c, 1, "EXISTS none");
    char big[20001];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    for (int i = 1; i <= 10; i++)
        expect_int(c, 20000 * i, "APPEND big %s", big);
    expect_int(c, 200003, "APPEND big end");
    expect_bulk(c, "xxend", "GETRANGE big 199998 -1");
    expect_error(c, "ERR wrong number of arguments for 'append' command", "APPEND k");
}

Test(string, one_byte_at_a_time)
{
    redisContext *c = wire_client();
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz";
    enum { bytes = 40000 };
    for (int i = 0; i < bytes; i++)
        redisAppendCommand(c, "APPEND k %b", alphabet + i % 26, (size_t)1);
    for (int i = 0; i < bytes; i++) {
        redisReply *r;
        cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
        cr_assert_eq(r->integer, i + 1);
        freeReplyObject(r);
    }
    char *wanted = malloc(bytes);
    for (int i = 0; i < bytes; i++)
        wanted[i] = (char)('a' + i % 26);
    expect_bytes(c, wanted, bytes, "GET k");
    free(wanted);
}

Test(string, getrange_counts_from_both_ends)
{
    redisContext *c = wire_client();
    static const struct {
        const char *start, *end, *wanted;
    } cases[] = {
        {"0", "3", "This"},
        {"-3", "-1", "ing"},
        {"0", "-1", "This is a string"},
        {"10", "100", "string"},
        {"5", "3", ""},
        {"-1", "-3", ""},
        {"100", "200", ""},
        {"-100", "3", "This"},
        {"0", "0", "T"},
        {"0", "-100", "T"},
        {"-100", "-100", "T"},
        {"-99", "-100", ""},
        {"15", "15", "g"},
        {"16", "16", ""},
        {"-9223372036854775808", "9223372036854775807", "This is a string"},
        {"0", "9223372036854775807", "This is a string"},
    };
    expect_ok(c, "SET k %s", "This is a string");
    expect_ok(c, "SET n 12345");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_bulk(c, cases[i].wanted, "GETRANGE k %s %s", cases[i].start, cases[i].end);
        expect_bulk(c, cases[i].wanted, "SUBSTR k %s %s", cases[i].start, cases[i].end);
        expect_bulk(c, "", "GETRANGE none %s %s", cases[i].start, cases[i].end);
    }
    expect_bulk(c, "234", "GETRANGE n 1 3");
    expect_error(c, NOT_INTEGER, "GETRANGE k a 1");
    expect_error(c, NOT_INTEGER, "GETRANGE k 1 b");
    expect_error(c, NOT_INTEGER, "GETRANGE none 1 9223372036854775808");
    expect_error(c, "ERR wrong number of arguments for 'getrange' command", "GETRANGE k 1");
    expect_error(c, "ERR wrong number of arguments for 'substr' command", "SUBSTR k 1");
}

Test(string, setrange_overwrites_and_fills)
{
    redisContext *c = wire_client();
    expect_int(c, 0, "SETRANGE k 0 %s", "");
    expect_int(c, 0, "EXISTS k");
    expect_int(c, 8, "SETRANGE k 5 abc");
    expect_bytes(c, "\0\0\0\0\0abc", 8, "GET k");
    expect_int(c, 8, "SETRANGE k 0 hello");
    expect_bulk(c, "helloabc", "GET k");
    expect_int(c, 8, "SETRANGE k 100 %s", "");
    expect_int(c, 10, "SETRANGE k 6 1234");
    expect_bulk(c, "helloa1234", "GET k");
    expect_ok(c, "SET n 1234");
    expect_int(c, 4, "SETRANGE n 1 0");
    expect_bulk(c, "1034", "GET n");
    expect_int(c, 1035, "INCR n");
    expect_int(c, 20003, "SETRANGE n 20000 end");
    expect_int(c, 20003, "STRLEN n");
    expect_error(c, "ERR offset is out of range", "SETRANGE k -1 x");
    expect_error(c, "ERR offset is out of range", "SETRANGE none -1 %s", "");
    expect_error(c, NOT_INTEGER, "SETRANGE k a x");
    expect_error(c, "ERR wrong number of arguments for 'setrange' command", "SETRANGE k 1");
}

Test(string, nothing_grows_beyond_the_limit)
{
    redisContext *c = wire_client();
    expect_error(c, TOO_LONG, "SETRANGE k 536870912 x");
    expect_error(c, TOO_LONG, "SETRANGE k 536870911 xy");
    expect_error(c, TOO_LONG, "SETRANGE k 9223372036854775807 x");
    expect_int(c, 0, "EXISTS k");
    wire_config("proto-max-bulk-len", "1mb");
    expect_int(c, 1048576, "SETRANGE k 1048575 x");
    expect_error(c, TOO_LONG, "SETRANGE k 1048575 xy");
    expect_error(c, TOO_LONG, "APPEND k x");
    expect_error(c, TOO_LONG, "SETRANGE k 1048576 x");
    expect_int(c, 1048576, "STRLEN k");
    expect_error(c, "ERR bit offset is not an integer or out of range", "SETBIT k 8388608 1");
    expect_int(c, 0, "SETBIT k 8388607 1");
    expect_bulk(c, "y", "GETRANGE k -1 -1");
}

/* ---- counting ------------------------------------------------------------------- */

Test(string, counters_count)
{
    redisContext *c = wire_client();
    expect_int(c, 1, "INCR k");
    expect_int(c, 2, "INCR k");
    expect_int(c, 1, "DECR k");
    expect_int(c, 0, "DECR k");
    expect_int(c, -1, "DECR k");
    expect_int(c, -1, "DECR fresh");
    expect_int(c, 99, "INCRBY k 100");
    expect_int(c, -101, "DECRBY k 200");
    expect_int(c, -201, "INCRBY k -100");
    expect_int(c, -101, "DECRBY k -100");
    expect_bulk(c, "-101", "GET k");
    expect_int(c, 1, "EXPIRE k 100");
    expect_int(c, -100, "INCR k");
    expect_between(c, 1, 100, "TTL k");
    expect_error(c, "ERR wrong number of arguments for 'incr' command", "INCR");
    expect_error(c, "ERR wrong number of arguments for 'decr' command", "DECR k 1");
    expect_error(c, "ERR wrong number of arguments for 'incrby' command", "INCRBY k");
    expect_error(c, "ERR wrong number of arguments for 'decrby' command", "DECRBY k");
}

Test(string, counters_cross_every_width)
{
    redisContext *c = wire_client();
    static const long long edges[] = {127,        128,        255,        32767,    32768,
                                      2147483647, 2147483648, 4294967295, 1ll << 40};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        expect_ok(c, "SET k %lld", edges[i] - 1);
        expect_int(c, edges[i], "INCR k");
        expect_int(c, edges[i] + 1, "INCR k");
        expect_int(c, -edges[i] - 1, "DECRBY k %lld", 2 * edges[i] + 2);
        expect_int(c, -edges[i] - 2, "DECR k");
        expect_int(c, 3, "INCRBY k %lld", edges[i] + 5);
        char text[32];
        expect_ok(c, "SET n %lld", -edges[i]);
        snprintf(text, sizeof text, "%lld", -edges[i] - 1);
        expect_int(c, -edges[i] - 1, "DECR n");
        expect_bulk(c, text, "GET n");
    }
}

Test(string, counters_stop_at_the_limits)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k 9223372036854775807");
    expect_error(c, OVERFLOWS, "INCR k");
    expect_error(c, OVERFLOWS, "INCRBY k 9223372036854775807");
    expect_int(c, 9223372036854775806, "DECR k");
    expect_ok(c, "SET k -9223372036854775808");
    expect_error(c, OVERFLOWS, "DECR k");
    expect_error(c, OVERFLOWS, "INCRBY k -1");
    expect_error(c, "ERR decrement would overflow", "DECRBY k -9223372036854775808");
    expect_bulk(c, "-9223372036854775808", "GET k");
    expect_error(c, NOT_INTEGER, "INCRBY k 9223372036854775808");
    static const char *bad[] = {"a", "", " 1", "1 ", "01", "-0", "1.0", "9223372036854775808"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_error(c, NOT_INTEGER, "INCRBY n %s", bad[i]);
        expect_ok(c, "SET k %s", bad[i]);
        expect_error(c, NOT_INTEGER, "INCR k");
    }
    expect_int(c, 0, "EXISTS n");
}

Test(string, incrbyfloat_prints_like_redis)
{
    redisContext *c = wire_client();
    expect_bulk(c, "10.5", "INCRBYFLOAT k 10.5");
    expect_bulk(c, "10.6", "INCRBYFLOAT k 0.1");
    expect_bulk(c, "5.6", "INCRBYFLOAT k -5");
    expect_bulk(c, "5.5", "INCRBYFLOAT k -0.1");
    expect_bulk(c, "205.5", "INCRBYFLOAT k 2.0e2");
    expect_ok(c, "SET k 5.0e3");
    expect_bulk(c, "5200", "INCRBYFLOAT k 2.0e2");
    expect_int(c, 5201, "INCR k");
    expect_ok(c, "SET k 1.5");
    expect_error(c, NOT_INTEGER, "INCR k");
    expect_bulk(c, "0", "INCRBYFLOAT k -1.5");
    expect_bulk(c, "0", "INCRBYFLOAT k -0.0");
    expect_bulk(c, "3", "INCRBYFLOAT k 3");
    expect_bulk(c, "3.00000000000000001", "INCRBYFLOAT k 0.00000000000000001");
    expect_ok(c, "SET k 17179869184");
    expect_bulk(c, "17179869185.5", "INCRBYFLOAT k 1.5");
    expect_ok(c, "SET k 3.0");
    expect_int(c, 1, "EXPIRE k 100");
    expect_bulk(c, "19", "INCRBYFLOAT k 0x10");
    expect_between(c, 1, 100, "TTL k");
    expect_error(c, NOT_FLOAT, "INCRBYFLOAT k a");
    expect_error(c, NOT_FLOAT, "INCRBYFLOAT k nan");
    expect_error(c, NOT_FLOAT, "INCRBYFLOAT k %s", " 1");
    expect_error(c, NOT_FLOAT, "INCRBYFLOAT k %s", "1 ");
    expect_error(c, NOT_FLOAT, "INCRBYFLOAT k %s", "");
    expect_error(c, NOT_FLOAT, "INCRBYFLOAT k 1e5000");
    expect_error(c, "ERR increment would produce NaN or Infinity", "INCRBYFLOAT k +inf");
    expect_error(c, "ERR increment would produce NaN or Infinity", "INCRBYFLOAT k -inf");
    expect_ok(c, "SET k abc");
    expect_error(c, NOT_FLOAT, "INCRBYFLOAT k 1");
    expect_ok(c, "SET k 1e4932");
    expect_error(c, "ERR increment would produce NaN or Infinity", "INCRBYFLOAT k 1e4932");
    expect_error(c, "ERR wrong number of arguments for 'incrbyfloat' command", "INCRBYFLOAT k");
}

/* ---- types, encodings, events ------------------------------------------------------ */

Test(string, encodings_have_redis_names)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k 123");
    expect_bulk(c, "int", "OBJECT ENCODING k");
    expect_ok(c, "SET k abc");
    expect_bulk(c, "embstr", "OBJECT ENCODING k");
    expect_ok(c, "SET k 44444444444444444444444444444444444444444444");
    expect_bulk(c, "embstr", "OBJECT ENCODING k");
    expect_ok(c, "SET k 444444444444444444444444444444444444444444445");
    expect_bulk(c, "raw", "OBJECT ENCODING k");
    expect_ok(c, "SET k abc");
    expect_int(c, 4, "APPEND k d");
    expect_bulk(c, "raw", "OBJECT ENCODING k");
    expect_ok(c, "SET k 12");
    expect_int(c, 3, "APPEND k 3");
    expect_bulk(c, "raw", "OBJECT ENCODING k");
    expect_int(c, 124, "INCR k");
    expect_bulk(c, "int", "OBJECT ENCODING k");
    expect(c, "+string", "TYPE k");
}

Test(string, changes_are_told)
{
    redisContext *c = wire_client(), *l = events_listener();
    expect_ok(c, "SET k 1");
    expect_event(l, "set", "k");
    expect_ok(c, "SET k 1 EX 100");
    expect_event(l, "set", "k");
    expect_event(l, "expire", "k");
    expect_int(c, 2, "INCR k");
    expect_event(l, "incrby", "k");
    expect_int(c, 1, "DECR k");
    expect_event(l, "incrby", "k");
    expect_bulk(c, "2", "INCRBYFLOAT k 1");
    expect_event(l, "incrbyfloat", "k");
    expect_int(c, 2, "APPEND k 3");
    expect_event(l, "append", "k");
    expect_int(c, 2, "SETRANGE k 0 4");
    expect_event(l, "setrange", "k");
    expect_int(c, 2, "SETRANGE k 0 %s", "");
    expect_nil(c, "SET k x NX");
    expect_bulk(c, "43", "GETEX k");
    expect_bulk(c, "43", "GETEX k PERSIST");
    expect_event(l, "persist", "k");
    expect_bulk(c, "43", "GETEX k PERSIST");
    expect_bulk(c, "43", "GETEX k EX 100");
    expect_event(l, "expire", "k");
    expect_bulk(c, "43", "GETSET k 5");
    expect_event(l, "set", "k");
    expect_bulk(c, "5", "GETEX k PXAT 1");
    expect_event(l, "del", "k");
    expect_ok(c, "MSET a 1 b 2");
    expect_event(l, "set", "a");
    expect_event(l, "set", "b");
    expect_bulk(c, "1", "GETDEL a");
    expect_event(l, "del", "a");
    expect_ok(c, "SETEX a 100 v");
    expect_event(l, "set", "a");
    expect_event(l, "expire", "a");
    expect_int(c, 1, "SETNX c v");
    expect_event(l, "set", "c");
    expect_int(c, 1, "MSETNX d v");
    expect_event(l, "set", "d");
}

Test(string, reads_count_hits_and_misses)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k v");
    expect_ok(c, "CONFIG RESETSTAT");
    expect_bulk(c, "v", "GET k");
    expect_nil(c, "GET none");
    expect(c, "[\"v\" nil nil]", "MGET k none none");
    expect_int(c, 1, "STRLEN k");
    expect_int(c, 2, "APPEND k w");
    cr_expect_eq(wire_info_int(c, "keyspace_hits"), 3);
    cr_expect_eq(wire_info_int(c, "keyspace_misses"), 3);
}

Test(string, other_types_are_refused_and_overwritten)
{
    redisContext *c = wire_client();
    expect_int(c, 1, "RPUSH l x");
    static const char *commands[] = {"GET l",         "SET l x GET",    "GETSET l x",      "GETDEL l",
                                     "GETEX l EX 10", "APPEND l x",     "STRLEN l",        "GETRANGE l 0 1",
                                     "SUBSTR l 0 1",  "SETRANGE l 0 x", "SETRANGE l 0 %s", "INCR l",
                                     "DECR l",        "INCRBY l 1",     "DECRBY l 1",      "INCRBYFLOAT l 1"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        expect_error(c, WRONG_TYPE, commands[i], "");
    expect(c, "[nil]", "MGET l");
    expect_int(c, 0, "SETNX l x");
    expect_int(c, 0, "MSETNX l x");
    expect_nil(c, "SET l x NX");
    expect(c, "+list", "TYPE l");
    expect_ok(c, "SET l x");
    expect_bulk(c, "x", "GET l");
}
