/* DUMP and RESTORE: options, errors and events; every form of payload that Redis wrote since version 2.4, made
 * by hand; and payloads that must not get in. Payloads to and from Redis itself are in dump_with_redis.py. */
#include "tests/wire/wire.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

WIRE_SUITE(dump);

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* The value of key as DUMP gives it; freeReplyObject it. */
static redisReply *dump_of(redisContext *c, const char *key)
{
    redisReply *r = wire_command(c, "DUMP %s", key);
    cr_assert_eq(r->type, REDIS_REPLY_STRING, "no payload of %s", key);
    return r;
}

static uint64_t checksum(const unsigned char *p, size_t len)
{
    uint64_t crc = 0;
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x95ac9329ac4bc9b5ull : 0);
    }
    return crc;
}

/* RESTORE of a type and value as they are, with a version and the right checksum; the reply's text. free() it. */
static char *restore_bytes(redisContext *c, const char *key, unsigned version, const char *bytes, size_t len)
{
    unsigned char *p = malloc(len + 10);
    memcpy(p, bytes, len);
    p[len] = (unsigned char)version;
    p[len + 1] = (unsigned char)(version >> 8);
    uint64_t crc = checksum(p, len + 2);
    memcpy(p + len + 2, &crc, 8);
    char *text = wire_text(c, "RESTORE %s 0 %b REPLACE", key, p, len + 10);
    free(p);
    return text;
}

static void expect_restore(int line, redisContext *c, const char *answer, unsigned version, const char *bytes,
                           size_t len)
{
    char *text = restore_bytes(c, "k", version, bytes, len);
    if (strcmp(text, answer) != 0)
        wire_fail(__FILE__, line, "RESTORE answers %s, not %s", text, answer);
    free(text);
}

/* A value given by its bytes (a string literal, the type first) becomes the key k; or is no good. */
#define good(c, literal) expect_restore(__LINE__, c, "OK", 10, "" literal, sizeof(literal) - 1)
#define bad(c, literal)                                                                                      \
    expect_restore(__LINE__, c, "ERR Bad data format", 10, "" literal, sizeof(literal) - 1)

/* ---- options and errors ------------------------------------------------------------- */

Test(dump, a_value_comes_back)
{
    redisContext *c = wire_client();
    expect_nil(c, "DUMP none");
    expect_ok(c, "SET k hello");
    redisReply *p = dump_of(c, "k");
    expect_ok(c, "RESTORE other 0 %b", p->str, p->len);
    expect_bulk(c, "hello", "GET other");
    expect_int(c, -1, "TTL other");
    freeReplyObject(p);
}

Test(dump, payload_of_a_string_is_as_redis_has_it)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k 10");
    redisReply *p = dump_of(c, "k");
    /* type, integer of eight bits, version 10, checksum: as Redis 7.0 gives it */
    static const char wanted[] = "\x00\xc0\x0a\x0a\x00n\x9fWE\x0e\xae"
                                 "c\xbb";
    cr_expect(p->len == sizeof wanted - 1 && memcmp(p->str, wanted, p->len) == 0);
    freeReplyObject(p);
}

Test(dump, arguments_are_checked)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k hello");
    redisReply *p = dump_of(c, "k");
    expect_error(c, "ERR wrong number of arguments for 'dump' command", "DUMP");
    expect_error(c, "ERR wrong number of arguments for 'dump' command", "DUMP a b");
    expect_error(c, "ERR wrong number of arguments for 'restore' command", "RESTORE n 0");
    expect_error(c, "ERR syntax error", "RESTORE n 0 %b NONSENSE", p->str, p->len);
    expect_error(c, "ERR syntax error", "RESTORE n 0 %b IDLETIME", p->str, p->len);
    expect_error(c, "ERR syntax error", "RESTORE n 0 %b FREQ", p->str, p->len);
    expect_error(c, "ERR syntax error", "RESTORE n 0 %b IDLETIME 1 FREQ 1", p->str, p->len);
    expect_error(c, "ERR syntax error", "RESTORE n 0 %b FREQ 1 IDLETIME 1", p->str, p->len);
    expect_error(c, "ERR value is not an integer or out of range", "RESTORE n 0 %b IDLETIME x", p->str,
                 p->len);
    expect_error(c, "ERR value is not an integer or out of range", "RESTORE n 0 %b FREQ x", p->str, p->len);
    expect_error(c, "ERR Invalid IDLETIME value, must be >= 0", "RESTORE n 0 %b IDLETIME -1", p->str, p->len);
    expect_error(c, "ERR Invalid FREQ value, must be >= 0 and <= 255", "RESTORE n 0 %b FREQ -1", p->str,
                 p->len);
    expect_error(c, "ERR Invalid FREQ value, must be >= 0 and <= 255", "RESTORE n 0 %b FREQ 256", p->str,
                 p->len);
    expect_error(c, "ERR value is not an integer or out of range", "RESTORE n x %b", p->str, p->len);
    expect_error(c, "ERR Invalid TTL value, must be >= 0", "RESTORE n -1 %b", p->str, p->len);
    expect_error(c, "BUSYKEY Target key name already exists.", "RESTORE k 0 %b", p->str, p->len);
    expect_error(c, "BUSYKEY Target key name already exists.", "RESTORE k x nonsense");
    expect_error(c, "ERR DUMP payload version or checksum are wrong", "RESTORE n 0 nonsense");
    expect_error(c, "ERR DUMP payload version or checksum are wrong", "RESTORE n 0 %b", p->str, p->len - 1);
    expect_int(c, 0, "EXISTS n");
    expect_ok(c, "RESTORE k 0 %b replace ABSttl", p->str, p->len);
    freeReplyObject(p);
}

Test(dump, checksum_and_version_are_looked_at)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k hello");
    redisReply *p = dump_of(c, "k");
    for (size_t i = 0; i < p->len; i++) {
        p->str[i] ^= 1;
        expect_error(c, "ERR DUMP payload version or checksum are wrong", "RESTORE n 0 %b", p->str, p->len);
        p->str[i] ^= 1;
    }
    freeReplyObject(p);
    static const unsigned versions[] = {1, 6, 9, 10, 0xff, 0x100};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        expect_restore(__LINE__, c, i < 4 ? "OK" : "ERR DUMP payload version or checksum are wrong",
                       versions[i], "\0\2hi", 4);
    expect_bulk(c, "hi", "GET k");
}

Test(dump, time_to_live_and_end)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k hello");
    redisReply *p = dump_of(c, "k");
    expect_ok(c, "RESTORE a 100000 %b", p->str, p->len);
    expect_between(c, 90000, 100000, "PTTL a");
    expect_ok(c, "RESTORE a 0 %b REPLACE", p->str, p->len);
    expect_int(c, -1, "PTTL a");
    expect_ok(c, "RESTORE a %lld %b REPLACE ABSTTL", now_ms() + 200000, p->str, p->len);
    expect_between(c, 190000, 200000, "PTTL a");
    expect_ok(c, "RESTORE a 0 %b REPLACE ABSTTL", p->str, p->len);
    expect_int(c, -1, "PTTL a");
    freeReplyObject(p);
}

Test(dump, what_has_ended_is_not_restored)
{
    redisContext *c = wire_client(), *events = wire_client();
    wire_config("notify-keyspace-events", "AKE");
    expect_ok(c, "SET k hello");
    redisReply *p = dump_of(c, "k");
    expect_ok(c, "SET a old");
    expect(events, "[\"subscribe\" \"__keyevent@0__:del\" 1]", "SUBSCRIBE __keyevent@0__:del");
    expect_ok(c, "RESTORE a 1 %b REPLACE ABSTTL", p->str, p->len);
    expect_next(events, "[\"message\" \"__keyevent@0__:del\" \"a\"]");
    expect_ok(c, "RESTORE b %lld %b ABSTTL", now_ms() - 1000, p->str, p->len);
    expect_int(c, 0, "EXISTS a b");
    expect_int(c, 1, "DEL k"); /* the next event: b told none */
    expect_next(events, "[\"message\" \"__keyevent@0__:del\" \"k\"]");
    freeReplyObject(p);
}

Test(dump, events_are_told)
{
    redisContext *c = wire_client(), *events = wire_client();
    wire_config("notify-keyspace-events", "AKEn");
    expect_ok(c, "SET k hello");
    redisReply *p = dump_of(c, "k");
    expect(events, "[\"psubscribe\" \"__keyspace@0__:a\" 1]", "PSUBSCRIBE __keyspace@0__:a");
    expect_ok(c, "RESTORE a 0 %b", p->str, p->len);
    expect_next(events, "[\"pmessage\" \"__keyspace@0__:a\" \"__keyspace@0__:a\" \"new\"]");
    expect_next(events, "[\"pmessage\" \"__keyspace@0__:a\" \"__keyspace@0__:a\" \"restore\"]");
    expect_ok(c, "RESTORE a 1000000 %b REPLACE", p->str, p->len);
    expect_next(events, "[\"pmessage\" \"__keyspace@0__:a\" \"__keyspace@0__:a\" \"new\"]");
    expect_next(events, "[\"pmessage\" \"__keyspace@0__:a\" \"__keyspace@0__:a\" \"restore\"]");
    freeReplyObject(p);
}

Test(dump, restore_touches_watched_keys)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "SET k hello");
    redisReply *p = dump_of(c, "k");
    expect_ok(c, "WATCH k");
    expect_ok(other, "RESTORE k 0 %b REPLACE", p->str, p->len);
    expect_ok(c, "MULTI");
    expect_queued(c, "DUMP k");
    expect_nil(c, "EXEC");
    expect_ok(c, "WATCH k");
    expect_error(other, "ERR DUMP payload version or checksum are wrong", "RESTORE k 0 x REPLACE");
    expect_ok(c, "MULTI");
    expect_queued(c, "GET k");
    expect(c, "[\"hello\"]", "EXEC");
    freeReplyObject(p);
}

Test(dump, idle_time_and_frequency)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k hello");
    redisReply *p = dump_of(c, "k");
    expect_ok(c, "RESTORE a 0 %b IDLETIME 1000", p->str, p->len);
    expect_between(c, 1000, 1010, "OBJECT IDLETIME a");
    expect_ok(c, "RESTORE a 0 %b REPLACE FREQ 100", p->str, p->len);
    expect_between(c, 0, 10, "OBJECT IDLETIME a");
    wire_config("maxmemory-policy", "allkeys-lfu");
    expect_ok(c, "RESTORE b 0 %b FREQ 100", p->str, p->len);
    expect_between(c, 99, 100, "OBJECT FREQ b");
    expect_ok(c, "RESTORE b 0 %b REPLACE IDLETIME 1000", p->str, p->len);
    expect_between(c, 0, 10, "OBJECT FREQ b");
    freeReplyObject(p);
}

Test(dump, restore_serves_who_waits)
{
    redisContext *c = wire_client(), *waits = wire_client();
    expect_int(c, 2, "RPUSH k a b");
    redisReply *p = dump_of(c, "k");
    wire_send(waits, "BLPOP other 0");
    while (wire_info_int(c, "blocked_clients") != 1)
        wire_pause_ms(1);
    expect_ok(c, "RESTORE other 0 %b", p->str, p->len);
    expect_next(waits, "[\"other\" \"a\"]");
    expect(c, "[\"b\"]", "LRANGE other 0 -1");
    freeReplyObject(p);
}

/* ---- every form, by hand ---------------------------------------------------------------- */

/* Redis looks closely at payloads only when told so. */
static redisContext *strict_client(void)
{
    wire_config("sanitize-dump-payload", "yes");
    return wire_client();
}

Test(dump, strings_of_every_form)
{
    redisContext *c = strict_client();
    good(c, "\0\0");
    expect_bulk(c, "", "GET k");
    good(c, "\0\5hello");
    expect_bulk(c, "hello", "GET k");
    expect(c, "\"embstr\"", "OBJECT ENCODING k");
    good(c, "\0\2\x31\x32");
    expect(c, "\"int\"", "OBJECT ENCODING k");
    good(c, "\0\x40\5hello"); /* a length longer than it need be */
    expect_bulk(c, "hello", "GET k");
    good(c, "\0\x80\0\0\0\5hello");
    expect_bulk(c, "hello", "GET k");
    good(c, "\0\x81\0\0\0\0\0\0\0\5hello");
    expect_bulk(c, "hello", "GET k");
    good(c, "\0\xc0\x85");
    expect_bulk(c, "-123", "GET k");
    good(c, "\0\xc1\x39\x30");
    expect_bulk(c, "12345", "GET k");
    good(c, "\0\xc2\x15\xcd\x5b\x07");
    expect_bulk(c, "123456789", "GET k");
    good(c, "\0\xc3\5\x0a\0z\xe0\0\0");
    expect_bulk(c, "zzzzzzzzzz", "GET k");
    bad(c, "\0");
    bad(c, "\0\x3fhello");
    if (!wire_is_redis()) /* it goes on into the footer */
        bad(c, "\0\6hello");
    bad(c, "\0\x81\xff\xff\xff\xff\xff\xff\xff\xffhello");
    bad(c, "\0\x82\0\0\0\0");
    bad(c, "\0\xc4\0\0\0\0");
    bad(c, "\0\xc3\5\x0b\0z\xe0\0\0");
    bad(c, "\0\xc3\5\x80\x7f\xff\xff\xff\0z\xe0\0\0");
}

Test(dump, lists_of_every_form)
{
    redisContext *c = strict_client();
    static const char *const all = "[\"a\" \"1\" \"b\"]";
    good(c, "\1\3\1a\xc0\1\1b");
    expect(c, all, "LRANGE k 0 -1");
    bad(c, "\1\0");
    bad(c, "\1\3\1a\xc0\1");
#define ZIPLIST "\x13\0\0\0\x0f\0\0\0\3\0\0\1a\3\xf2\2\1b\xff"
    good(c, "\x0a\x13" ZIPLIST);
    expect(c, all, "LRANGE k 0 -1");
    bad(c, "\x0a\x0b\x0b\0\0\0\x0a\0\0\0\0\0\xff");
    good(c, "\x0e\1\x13" ZIPLIST);
    expect(c, all, "LRANGE k 0 -1");
    good(c, "\x0e\2\x13" ZIPLIST "\x13" ZIPLIST);
    expect_int(c, 6, "LLEN k");
    bad(c, "\x0e\2\x13" ZIPLIST);
    bad(c, "\x0e\0");
#define LISTPACK                                                                                             \
    "\x0f\0\0\0\3\0\x81"                                                                                     \
    "a\2\1\1\x81"                                                                                            \
    "b\2\xff"
    good(c, "\x12\1\2\x0f" LISTPACK);
    expect(c, all, "LRANGE k 0 -1");
    good(c, "\x12\3\2\x0f" LISTPACK "\1\1x\2\x0f" LISTPACK); /* one of them plain */
    expect(c, "[\"b\" \"x\" \"a\"]", "LRANGE k 2 4");
    good(c, "\x12\2\2\7\7\0\0\0\0\0\xff\1\1x"); /* an empty node is passed over */
    expect(c, "[\"x\"]", "LRANGE k 0 -1");
    bad(c, "\x12\1\2\7\7\0\0\0\0\0\xff");
    bad(c, "\x12\1\3\x0f" LISTPACK);
    bad(c, "\x12\1\1\0");
    bad(c, "\x12\1\2\7\7\0\0\0\1\0\xff");
}

Test(dump, sets_of_every_form)
{
    redisContext *c = strict_client();
    good(c, "\2\3\1a\xc0\1\1b");
    expect_unordered(c, "[\"1\" \"a\" \"b\"]", "SMEMBERS k");
    bad(c, "\2\0");
    bad(c, "\2\2\1a\1a");
    bad(c, "\2\2\xc0\1\1\x31");
    good(c, "\x0b\x0e\2\0\0\0\3\0\0\0\xff\xff\1\0\2\0");
    expect_unordered(c, "[\"-1\" \"1\" \"2\"]", "SMEMBERS k");
    expect(c, "\"intset\"", "OBJECT ENCODING k");
    bad(c, "\x0b\x0e\2\0\0\0\3\0\0\0\xff\xff\2\0\1\0"); /* order */
    bad(c, "\x0b\x0e\2\0\0\0\3\0\0\0\xff\xff\1\0\1\0"); /* twice */
    bad(c, "\x0b\x0e\2\0\0\0\4\0\0\0\xff\xff\1\0\2\0");
    bad(c, "\x0b\x08\2\0\0\0\0\0\0\0");
    if (wire_is_redis()) /* what follows came with 7.2 */
        return;
    good(c, "\x14\x0f" LISTPACK);
    expect_unordered(c, "[\"1\" \"a\" \"b\"]", "SMEMBERS k");
    expect(c, "\"listpack\"", "OBJECT ENCODING k");
    bad(c, "\x14\x0f\x0f\0\0\0\3\0\x81"
           "a\2\1\1\x81"
           "a\2\xff"); /* twice */
    bad(c, "\x14\7\7\0\0\0\0\0\xff");
}

Test(dump, sorted_sets_of_every_form)
{
    redisContext *c = strict_client();
    static const char *const all = "[\"b\" \"-1.5\" \"a\" \"2\"]";
    good(c, "\3\2\1a\1\x32\1b\4-1.5");
    expect(c, all, "ZRANGE k 0 -1 WITHSCORES");
    good(c, "\3\2\1a\xfe\1b\xff");
    expect(c, "[\"b\" \"-inf\" \"a\" \"inf\"]", "ZRANGE k 0 -1 WITHSCORES");
    bad(c, "\3\1\1a\xfd");
    bad(c, "\3\2\1a\1\x32\1a\1\x33");
    bad(c, "\3\0");
    good(c, "\5\2\1a\0\0\0\0\0\0\0\x40\1b\0\0\0\0\0\0\xf8\xbf");
    expect(c, all, "ZRANGE k 0 -1 WITHSCORES");
    bad(c, "\5\1\1a\0\0\0\0\0\0\xf8\x7f");
    bad(c, "\5\2\1a\0\0\0\0\0\0\0\x40\1a\0\0\0\0\0\0\xf8\xbf");
    good(c, "\x0c\x19\x19\0\0\0\x16\0\0\0\4\0\0\1b\3\4-1.5\6\1a\3\xf3\xff");
    expect(c, all, "ZRANGE k 0 -1 WITHSCORES");
    bad(c, "\x0c\x13" ZIPLIST); /* an odd number */
    bad(c, "\x0c\x15\x15\0\0\0\x12\0\0\0\4\0\0\1b\3\xf3\2\1b\3\xf3\xff");
    good(c, "\x11\x15\x15\0\0\0\4\0\x81"
            "b\2\x84-1.5\5\x81"
            "a\2\2\1\xff");
    expect(c, all, "ZRANGE k 0 -1 WITHSCORES");
    bad(c, "\x11\x0f" LISTPACK);
    bad(c, "\x11\x11\x11\0\0\0\4\0\x81"
           "a\2\2\1\x81"
           "a\2\3\1\xff");
}

Test(dump, hashes_of_every_form)
{
    redisContext *c = strict_client();
    static const char *const all = "[\"a\" \"b\" \"1\" \"2\"]";
    good(c, "\4\2\1a\1x\xc0\1\xc0\2");
    expect_unordered(c, "[\"1\" \"2\" \"a\" \"x\"]", "HGETALL k");
    bad(c, "\4\2\1a\1x\1a\1y");
    bad(c, "\4\1\1a");
    bad(c, "\4\0");
    good(c, "\x09\x0c\2\1a\1\0b\1\x31\1\0\x32\xff");
    expect_unordered(c, "[\"1\" \"2\" \"a\" \"b\"]", "HGETALL k");
    bad(c, "\x09\x0c\2\1a\1\0b\1a\1\0\x32\xff");
    bad(c, "\x09\x0c\3\1a\1\0b\1\x31\1\0\x32\xff");
    good(c, "\x0d\x15\x15\0\0\0\x12\0\0\0\4\0\0\1a\3\1b\3\xf2\2\xf3\xff");
    expect(c, all, "HGETALL k");
    bad(c, "\x0d\x13" ZIPLIST);
    bad(c, "\x0d\x14\x14\0\0\0\x11\0\0\0\4\0\0\xf2\2\1b\3\xf2\2\xf3\xff");
    good(c, "\x10\x11\x11\0\0\0\4\0\x81"
            "a\2\x81"
            "b\2\1\1\2\1\xff");
    expect(c, all, "HGETALL k");
    bad(c, "\x10\x0f" LISTPACK);
    bad(c, "\x10\x12\x12\0\0\0\4\0\x81"
           "a\2\x81"
           "b\2\x81"
           "a\2\2\1\xff");
    bad(c, "\x10\7\7\0\0\0\0\0\xff");
}

Test(dump, other_types_are_refused)
{
    redisContext *c = strict_client();
    bad(c, "");
    bad(c, "\6\0\0\0\0\0");
    bad(c, "\7\0\0\0\0\0");
    bad(c, "\x08\0");
    bad(c, "\x16\0\0\0\0\0\0\0\0\0");
    bad(c, "\x17\0\0\0\0\0\0\0\0\0");
    bad(c, "\x1a\0");
    bad(c, "\xff\0");
    if (!wire_is_redis())
        bad(c, "\x0f\0\0\0\0\0");
    expect_int(c, 0, "EXISTS k");
}

Test(dump, what_follows_a_value_is_refused)
{
    redisContext *c = strict_client();
    if (!wire_is_redis())
        bad(c, "\0\5hello!");
}

/* ---- fields that expire ------------------------------------------------------------------- */

Test(dump, fields_keep_their_expiry)
{
    if (wire_is_redis())
        return;
    redisContext *c = wire_client();
    for (int packed = 0; packed < 2; packed++) {
        wire_config("hash-max-listpack-entries", packed ? "128" : "1");
        expect_int(c, 3, "HSET h a 1 b 2 c 3");
        expect(c, "[1 1]", "HPEXPIREAT h 4102444800000 FIELDS 2 a c");
        redisReply *p = dump_of(c, "h");
        cr_expect_eq(p->str[0], 24);
        cr_expect_eq(p->str[p->len - 10], 12);
        expect_int(c, 1, "DEL h");
        expect_ok(c, "RESTORE h 0 %b", p->str, p->len);
        expect(c, "[4102444800000 -1 4102444800000]", "HPEXPIRETIME h FIELDS 3 a b c");
        expect(c, "[\"1\" \"2\" \"3\"]", "HMGET h a b c");
        expect(c, packed ? "\"listpackex\"" : "\"hashtable\"", "OBJECT ENCODING h");
        expect_int(c, 1, "DEL h");
        freeReplyObject(p);
    }
}

Test(dump, hashes_with_expiries_of_both_forms)
{
    if (wire_is_redis())
        return;
    redisContext *c = wire_client();
#define YEAR_2100 "\0\xd8\xc3\x2c\xbb\3\0\0"
    good(c, "\x18" YEAR_2100 "\2\1\1a\1x\0\1b\1y");
    expect(c, "[4102444800000 -1]", "HPEXPIRETIME k FIELDS 2 a b");
    good(c, "\x18" YEAR_2100 "\2\1\1a\1x\x42\x01\1b\1y");
    expect(c, "[4102444800000 4102444800512]", "HPEXPIRETIME k FIELDS 2 a b");
    bad(c, "\x18" YEAR_2100 "\2\1\1a\1x\0\1a\1y");
    bad(c, "\x18" YEAR_2100 "\0");
    good(c, "\x19" YEAR_2100 "\x1f\x1f\0\0\0\6\0\x81"
            "a\2\x81"
            "x\2\xf4" YEAR_2100 "\x09\x81"
            "b\2\x81"
            "y\2\0\1\xff");
    expect(c, "[4102444800000 -1]", "HPEXPIRETIME k FIELDS 2 a b");
    bad(c, "\x19" YEAR_2100 "\x1f\x1f\0\0\0\6\0\x81" /* in the wrong order */
           "b\2\x81"
           "y\2\0\1\x81"
           "a\2\x81"
           "x\2\xf4" YEAR_2100 "\x09\xff");
}

Test(dump, fields_that_have_ended_are_left_out)
{
    if (wire_is_redis())
        return;
    redisContext *c = wire_client();
    good(c, "\x18\1\0\0\0\0\0\0\0\2\1\1a\1x\0\1b\1y");
    expect(c, "[\"b\" \"y\"]", "HGETALL k");
    good(c, "\x18\1\0\0\0\0\0\0\0\1\1\1a\1x");
    expect_int(c, 0, "EXISTS k");
}

/* ---- DEBUG RELOAD ---------------------------------------------------------------------------- */

Test(dump, reload_changes_nothing)
{
    redisContext *c = wire_client();
    for (int db = 0; db < 3; db++) {
        expect_ok(c, "SELECT %d", db);
        for (int i = 0; i < 300; i++) {
            expect_ok(c, "SET string:%d value:%d PX %d", i, i, 1000000 + i);
            expect_int(c, i + 1, "RPUSH list %d", i * 1000);
            expect_int(c, 1, "SADD set member:%d", i);
            expect_int(c, 1, "SADD ints:%d %d", i, i);
            expect_int(c, 1, "ZADD zset %d.5 member:%d", i, i);
            expect_int(c, 1, "HSET hash field:%d %d", i, i);
        }
        expect_ok(c, "SET last 12");
        expect_int(c, 1, "PEXPIREAT list 4102444800000");
    }
    if (!wire_is_redis())
        expect(c, "[1]", "HPEXPIREAT hash 4102444800000 FIELDS 1 field:7");
    char *digest = wire_text(c, "DEBUG DIGEST");
    expect_ok(c, "DEBUG RELOAD");
    char *after = wire_text(c, "DEBUG DIGEST");
    cr_expect_str_eq(digest, after);
    expect_int(c, 605, "DBSIZE");
    expect_int(c, 4102444800000, "PEXPIRETIME list");
    expect_between(c, 1, 1000299, "PTTL string:299");
    expect(c, "\"int\"", "OBJECT ENCODING last");
    expect(c, "\"intset\"", "OBJECT ENCODING ints:7");
    expect(c, "\"hashtable\"", "OBJECT ENCODING set");
    expect(c, "\"skiplist\"", "OBJECT ENCODING zset");
    if (!wire_is_redis())
        expect(c, "[4102444800000 -1]", "HPEXPIRETIME hash FIELDS 2 field:7 field:8");
    free(digest);
    free(after);
}
