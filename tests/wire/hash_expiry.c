/* Fields that end: every command and option of Redis 7.4 and 8.0, packed and as a table; that they go without a
 * reader, and stay right while their key is copied, renamed, moved, swapped and flushed. */
#include "tests/wire/events.h"
#include "tests/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

WIRE_SUITE(hash_expiry);

#define WRONG_TYPE "WRONGTYPE Operation against a key holding the wrong kind of value"
#define NOT_INTEGER "ERR value is not an integer or out of range"
#define NO_FIELDS "ERR Mandatory argument FIELDS is missing or not at the right position"
#define NO_MATCH "ERR The `numfields` parameter must match the number of arguments"
#define BAD_COUNT "ERR Number of fields must be a positive integer"
#define BAD_COUNT_EXPIRE "ERR Parameter `numFields` should be greater than 0"
#define NEGATIVE_TIME "ERR invalid expire time, must be >= 0"

static const char *const forms[] = {"512", "0"};

static void take_form(redisContext *c, unsigned form)
{
    expect_ok(c, "FLUSHALL");
    wire_config("hash-max-listpack-entries", forms[form]);
}

/* Packed, and a table from the first field on. */
#define IN_BOTH_FORMS(c) for (unsigned form = 0; form < 2 && (take_form(c, form), 1); form++)

static long long now_ms(void)
{
    struct timeval t;
    gettimeofday(&t, NULL);
    return t.tv_sec * 1000ll + t.tv_usec / 1000;
}

/* Element i of an array reply that holds integers. */
#define expect_element_between(c, i, low, high, ...)                                                         \
    do {                                                                                                     \
        redisReply *r_ = wire_command(c, __VA_ARGS__);                                                       \
        cr_assert_eq(r_->type, REDIS_REPLY_ARRAY, "%s", r_->str ? r_->str : "no array");                     \
        cr_assert(r_->element[i]->integer >= (low) && r_->element[i]->integer <= (high), "%lld",             \
                  r_->element[i]->integer);                                                                  \
        freeReplyObject(r_);                                                                                 \
    } while (0)

/* ---- HEXPIRE and its kin ------------------------------------------------------------ */

Test(hash_expiry, hexpire_sets_times_that_httl_tells)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    IN_BOTH_FORMS(c)
    {
        long long seconds = now_ms() / 1000 + 1000;
        expect_int(c, 5, "HSET h a 1 b 2 c 3 d 4 e 5");
        expect(c, "[1 -2 1]", "HEXPIRE h 100 FIELDS 3 a x b");
        expect(c, "[1]", "HPEXPIRE h 100000 fields 1 c");
        expect(c, "[1]", "HEXPIREAT h %lld FIELDS 1 d", seconds);
        expect_element_between(c, 0, 99, 100, "HTTL h FIELDS 1 a");
        expect_element_between(c, 1, 99000, 100000, "HPTTL h FIELDS 3 x b e");
        expect_element_between(c, 0, 99000, 100000, "HPTTL h FIELDS 1 c");
        expect(c, "[-2 -1 -2]", "HTTL h FIELDS 3 x e y");
        expect3(c3, "[-2 -1]", "HPTTL h FIELDS 2 x e");
        char text[100];
        snprintf(text, sizeof text, "[%lld -1 -2]", seconds);
        expect(c, text, "HEXPIRETIME h FIELDS 3 d e x");
        snprintf(text, sizeof text, "[%lld]", seconds * 1000);
        expect(c, text, "HPEXPIRETIME h FIELDS 1 d");
        expect(c, "[1]", "HPEXPIREAT h %lld FIELDS 1 d", seconds * 1000 + 1);
        snprintf(text, sizeof text, "[%lld]", seconds + 1); /* rounded up */
        expect(c, text, "HEXPIRETIME h FIELDS 1 d");
        expect(c, "[\"1\" \"2\" \"3\" \"4\" \"5\"]", "HMGET h a b c d e");
        expect_int(c, 5, "HLEN h");
        expect(c, "[-2 -2]", "HEXPIRE none 100 FIELDS 2 a b");
        expect(c, "[-2 -2]", "HTTL none FIELDS 2 a b");
        expect(c, "[-2]", "HPTTL none FIELDS 1 a");
        expect(c, "[-2]", "HEXPIRETIME none FIELDS 1 a");
        expect(c, "[-2]", "HPEXPIRETIME none FIELDS 1 a");
        expect(c, "[-2]", "HPERSIST none FIELDS 1 a");
        expect_int(c, 0, "EXISTS none");
        expect_int(c, -1, "TTL h"); /* the key itself doesn't end */
    }
}

Test(hash_expiry, conditions)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 2, "HSET h timed 1 free 2");
        expect(c, "[1 -2]", "HEXPIRE h 1000 NX FIELDS 2 timed x");
        expect(c, "[0 -2]", "HEXPIRE h 2000 nx FIELDS 2 timed x");
        expect(c, "[0 1]", "HEXPIRE h 2000 XX FIELDS 2 free timed");
        expect(c, "[0 0 -2]", "HEXPIRE h 1000 GT FIELDS 3 free timed x");
        expect(c, "[0 1]", "HEXPIRE h 3000 GT FIELDS 2 free timed");
        expect(c, "[0 -2]", "HEXPIRE h 4000 LT FIELDS 2 timed x");
        expect(c, "[1]", "HEXPIRE h 500 lt FIELDS 1 timed");
        expect_element_between(c, 0, 499, 500, "HTTL h FIELDS 1 timed");
        expect(c, "[1]", "HEXPIRE h 700 LT FIELDS 1 free");
        expect_element_between(c, 0, 699, 700, "HTTL h FIELDS 1 free");
        expect(c, "[1]", "HPEXPIRE h 800000 GT FIELDS 1 free");
        expect(c, "[1]", "HEXPIREAT h %lld XX FIELDS 1 free", now_ms() / 1000 + 10000);
        expect(c, "[0]", "HPEXPIREAT h %lld NX FIELDS 1 free", now_ms() + 10000);
        /* A time that is past counts as one that is earlier. */
        expect(c, "[0]", "HEXPIRE h 0 GT FIELDS 1 free");
        expect(c, "[2]", "HEXPIRE h 0 LT FIELDS 1 free");
        expect_int(c, 1, "HLEN h");
    }
}

Test(hash_expiry, a_time_that_is_past_removes_the_field)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 4, "HSET h a 1 b 2 c 3 d 4");
        expect(c, "[2]", "HEXPIRE h 0 FIELDS 1 a");
        expect(c, "[2 -2]", "HEXPIREAT h 1 FIELDS 2 b b");
        expect(c, "[2]", "HPEXPIREAT h %lld FIELDS 1 c", now_ms() - 1000);
        expect(c, "[\"d\" \"4\"]", "HGETALL h");
        expect(c, "[2 -2]", "HPEXPIRE h 0 FIELDS 2 d a");
        expect_int(c, 0, "EXISTS h");
    }
}

Test(hash_expiry, hexpire_errors)
{
    redisContext *c = wire_client();
    expect_int(c, 1, "HSET h f 1");
    expect_ok(c, "SET s v");
    static const char *const names[] = {"HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT"};
    for (int i = 0; i < 4; i++) {
        char text[100];
        const char *n = names[i];
        expect_error(c, NOT_INTEGER, "%s h x FIELDS 1 f", n);
        expect_error(c, NEGATIVE_TIME, "%s h -1 FIELDS 1 f", n);
        snprintf(text, sizeof text, "ERR invalid expire time in '%s' command",
                 (const char *[]){"hexpire", "hpexpire", "hexpireat", "hpexpireat"}[i]);
        expect_error(c, text, "%s h 9223372036854775807 FIELDS 1 f", n);
        expect_error(c, text, "%s h 70368744177664 FIELDS 1 f", n); /* 2^46 */
        expect_error(c, NO_FIELDS, "%s h 10 FIELD 1 f", n);
        expect_error(c, NO_FIELDS, "%s h 10 NX 1 f x", n);
        expect_error(c, NO_FIELDS, "%s h 10 ZZ FIELDS 1 f", n);
        expect_error(c, NO_FIELDS, "%s h 10 NX XX FIELDS 1 f", n);
        expect_error(c, BAD_COUNT_EXPIRE, "%s h 10 FIELDS 0 f", n);
        expect_error(c, BAD_COUNT_EXPIRE, "%s h 10 FIELDS -1 f", n);
        expect_error(c, BAD_COUNT_EXPIRE, "%s h 10 FIELDS x f", n);
        expect_error(c, NO_MATCH, "%s h 10 FIELDS 2 f", n);
        expect_error(c, NO_MATCH, "%s h 10 FIELDS 1 f g", n);
        expect_error(c, NO_MATCH, "%s h 10 NX FIELDS 1", n);
        expect_error(c, NO_MATCH, "%s h 10 FIELDS 9223372036854775807 f", n);
        expect_error(c, WRONG_TYPE, "%s s 10 FIELDS 1 f", n);
        expect_error_like(c, "ERR wrong number of arguments for ", "%s h 10 FIELDS 1", n);
        expect_error_like(c, "ERR wrong number of arguments for ", "%s h", n);
    }
    expect(c, "[1]", "HPEXPIREAT h 70368744177663 FIELDS 1 f");
    expect(c, "[70368744177663]", "HPEXPIRETIME h FIELDS 1 f");
    expect(c, "[1]", "HEXPIREAT h 70368744177 FIELDS 1 f");
}

Test(hash_expiry, httl_and_hpersist_errors)
{
    redisContext *c = wire_client();
    expect_int(c, 1, "HSET h f 1");
    expect_ok(c, "SET s v");
    static const char *const names[] = {"HTTL",     "HPTTL",   "HEXPIRETIME", "HPEXPIRETIME",
                                        "HPERSIST", "HGETDEL", "HGETEX"};
    for (int i = 0; i < 7; i++) {
        const char *n = names[i];
        expect_error(c, NO_FIELDS, "%s h FIELD 1 f", n);
        expect_error(c, NO_FIELDS, "%s h 1 f FIELDS", n);
        expect_error(c, BAD_COUNT, "%s h FIELDS 0 f", n);
        expect_error(c, BAD_COUNT, "%s h FIELDS -5 f", n);
        expect_error(c, BAD_COUNT, "%s h FIELDS x f", n);
        expect_error(c, NO_MATCH, "%s h FIELDS 2 f", n);
        expect_error(c, NO_MATCH, "%s h FIELDS 1 f g", n);
        expect_error(c, WRONG_TYPE, "%s s FIELDS 1 f", n);
        expect_error_like(c, "ERR wrong number of arguments for ", "%s h FIELDS 1", n);
        expect_error_like(c, "ERR wrong number of arguments for ", "%s h", n);
    }
    expect_bulk(c, "1", "HGET h f");
}

Test(hash_expiry, hpersist_takes_times_away)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 3, "HSET h a 1 b 2 c 3");
        expect(c, "[-1]", "HPERSIST h FIELDS 1 a");
        expect(c, "[1 1]", "HPEXPIRE h 60 FIELDS 2 a b");
        expect(c, "[1 -2 -1 -1]", "HPERSIST h FIELDS 4 a x c a");
        expect_soon(c, "2", "HLEN h"); /* b ended */
        expect(c, "[-1 -1]", "HTTL h FIELDS 2 a c");
        expect(c, "[-2]", "HPERSIST h FIELDS 1 b");
    }
}

/* ---- what keeps and what takes the time ------------------------------------------------- */

Test(hash_expiry, setting_a_field_takes_its_time_counting_keeps_it)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 6, "HSET h set 1 mset 1 incr 1 float 1 nx 1 other 1");
        expect(c, "[1 1 1 1 1]", "HEXPIRE h 1000 FIELDS 5 set mset incr float nx");
        expect_int(c, 0, "HSET h set 2");
        expect_ok(c, "HMSET h mset 2 new 3");
        expect_int(c, 1001, "HINCRBY h incr 1000");
        expect_bulk(c, "1.5", "HINCRBYFLOAT h float 0.5");
        expect_int(c, 0, "HSETNX h nx 2");
        expect(c, "[-1 -1 1000 1000 1000 -1 -1]", "HTTL h FIELDS 7 set mset incr float nx other new");
        expect(c, "[\"2\" \"2\" \"1001\" \"1.5\" \"1\" \"1\" \"3\"]",
               "HMGET h set mset incr float nx other new");
        expect_int(c, 1, "HDEL h incr");
        expect_int(c, 1, "HSET h incr 1");
        expect(c, "[-1]", "HTTL h FIELDS 1 incr");
    }
}

Test(hash_expiry, times_survive_the_change_to_a_table)
{
    redisContext *c = wire_client();
    wire_config("hash-max-listpack-entries", "8");
    expect_int(c, 3, "HSET h soon 1 later 2 never 3");
    expect_bulk(c, "listpack", "OBJECT ENCODING h");
    expect(c, "[1]", "HPEXPIRE h 100 FIELDS 1 soon");
    expect_bulk(c, "listpackex", "OBJECT ENCODING h");
    expect(c, "[1]", "HEXPIRE h 1000 FIELDS 1 later");
    expect_int(c, 7, "HSET h a 1 b 2 c 3 d 4 e 5 f 6 g 7");
    expect_bulk(c, "hashtable", "OBJECT ENCODING h");
    expect_element_between(c, 0, 999, 1000, "HTTL h FIELDS 2 later never");
    expect_soon(c, "9", "HLEN h");
    expect_int(c, 0, "HEXISTS h soon");
    expect_int(c, 1, "HEXISTS h later");
}

/* ---- ending --------------------------------------------------------------------------------- */

Test(hash_expiry, fields_go_without_a_reader)
{
    redisContext *c = wire_client(), *l = events_listener();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 3, "HSET h a 1 b 2 c 3");
        expect_event(l, "hset", "h");
        expect(c, "[1 1]", "HPEXPIRE h 20 FIELDS 2 a b");
        expect_event(l, "hexpire", "h");
        expect_event(l, "hexpired", "h"); /* nobody asked for h */
        expect_soon(c, "1", "HLEN h");    /* as a table perhaps one by one */
        expect(c, "[\"c\" \"3\"]", "HGETALL h");
        expect_ok(c, "SET end 1");
        redisReply *r;
        do { /* hexpired once more, or set at once */
            cr_assert_eq(redisGetReply(l, (void **)&r), REDIS_OK);
            char channel[60];
            snprintf(channel, sizeof channel, "%s", r->element[2]->str);
            freeReplyObject(r);
            if (strcmp(channel, "__keyevent@0__:set") == 0)
                break;
            cr_assert_str_eq(channel, "__keyevent@0__:hexpired");
        } while (true);
    }
}

Test(hash_expiry, the_last_field_takes_the_key_along)
{
    redisContext *c = wire_client(), *l = events_listener();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 1, "HSET h a 1");
        expect_event(l, "hset", "h");
        expect(c, "[1]", "HPEXPIRE h 10 FIELDS 1 a");
        expect_event(l, "hexpire", "h");
        expect_event(l, "hexpired", "h");
        expect_event(l, "del", "h");
        expect_int(c, 0, "EXISTS h");
        expect_int(c, 0, "DBSIZE");
    }
}

/* With nothing that removes them they aren't seen all the same. */
Test(hash_expiry, readers_never_see_an_ended_field)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect_ok(c, "DEBUG SET-ACTIVE-EXPIRE 0");
        expect_int(c, 4, "HSET h a 1 b 2 c 3 d 4");
        expect(c, "[1 1]", "HPEXPIRE h 1 FIELDS 2 a b");
        expect_soon(c, "[-2 -2 -1]", "HTTL h FIELDS 3 a b c");
        expect_int(c, 2, "HLEN h");
        expect_nil(c, "HGET h a");
        expect(c, "[nil nil \"3\"]", "HMGET h a b c");
        expect_int(c, 0, "HEXISTS h a");
        expect_int(c, 0, "HSTRLEN h a");
        expect_unordered(c, "[\"3\" \"4\" \"c\" \"d\"]", "HGETALL h");
        expect_unordered(c, "[\"c\" \"d\"]", "HKEYS h");
        expect_unordered(c, "[\"3\" \"4\"]", "HVALS h");
        expect_unordered(c, "[\"c\" \"d\"]", "HRANDFIELD h 10");
        expect(c, "[\"0\" [\"d\"]]", "HSCAN h 0 MATCH [ad] NOVALUES");
        expect(c, "[nil]", "HGETDEL h FIELDS 1 a");
        expect(c, "[nil]", "HGETEX h EX 100 FIELDS 1 a");
        expect(c, "[-2]", "HPERSIST h FIELDS 1 a");
        expect(c, "[-2]", "HEXPIRE h 100 FIELDS 1 a");
        expect_int(c, 0, "HDEL h a");
        expect_int(c, 0, "HSETEX h FXX FIELDS 1 a 1");
        expect_int(c, 1, "HSETEX h FNX FIELDS 1 b 9");
        expect_int(c, 5, "HINCRBY h a 5"); /* begins at 0, and has no time */
        expect(c, "[-1 -1]", "HTTL h FIELDS 2 a b");
        expect_int(c, 4, "HLEN h");
        expect(c, "[1]", "HPEXPIRE h 1 FIELDS 1 a");
        expect_soon(c, "3", "HLEN h");
        expect_int(c, 1, "HSET h a new");
        expect(c, "[1]", "HPEXPIRE h 1 FIELDS 1 a");
        expect_soon(c, "3", "HLEN h");
        expect_int(c, 1, "HSETNX h a newer");
        expect(c, "[1 1 1 1]", "HPEXPIRE h 1 FIELDS 4 a b c d");
        expect_soon(c, "0", "HLEN h");
        expect(c, "[]", "HGETALL h");
        expect_nil(c, "HRANDFIELD h");
        expect(c, "[]", "HRANDFIELD h 5");
        expect(c, "[]", "HRANDFIELD h -5");
        expect_ok(c, "DEBUG SET-ACTIVE-EXPIRE 1");
        expect_soon(c, "0", "EXISTS h");
    }
}

/* Times follow a hash wherever it goes; what it leaves behind does no harm. */
Test(hash_expiry, copies_renames_moves_swaps)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 2, "HSET h ends 1 stays 2");
        expect(c, "[1]", "HPEXPIRE h 150 FIELDS 1 ends");
        expect_int(c, 1, "COPY h copy");
        expect_int(c, 1, "COPY h far DB 2");
        expect_int(c, 1, "COPY h moved");
        expect_int(c, 1, "MOVE moved 3");
        expect_int(c, 1, "COPY h swapped DB 4");
        expect_ok(c, "SWAPDB 4 5");
        expect_int(c, 1, "COPY h flushed DB 6");
        expect_ok(c, "SELECT 6");
        expect_ok(c, "FLUSHDB");
        expect_ok(c, "SELECT 0");
        expect_int(c, 1, "COPY h string");
        expect_ok(c, "SET string now");
        expect_int(c, 1, "COPY h freed");
        expect_int(c, 1, "HSETEX freed KEEPTTL FIELDS 1 ends 5");
        expect_int(c, 1, "HDEL freed ends");
        expect_ok(c, "RENAME h renamed");
        expect_element_between(c, 0, 1, 150, "HPTTL renamed FIELDS 2 ends stays");
        expect_element_between(c, 0, 1, 150, "HPTTL copy FIELDS 2 ends stays");
        static const struct {
            const char *key;
            int db;
        } places[] = {{"renamed", 0}, {"copy", 0}, {"far", 2}, {"moved", 3}, {"swapped", 5}};
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            expect_ok(c, "SELECT %d", places[i].db);
            expect_soon(c, "[\"stays\" \"2\"]", "HGETALL %s", places[i].key);
        }
        expect_ok(c, "SELECT 0");
        expect_bulk(c, "now", "GET string");
        expect(c, "[\"stays\" \"2\"]", "HGETALL freed");
    }
}

Test(hash_expiry, many_that_end_in_one_millisecond)
{
    redisContext *c = wire_client();
    enum { COUNT = 100000 };
    redisReply *r;
    long long at = now_ms() + 100000;
    for (int i = 0; i < COUNT; i++)
        redisAppendCommand(c, "HSETEX h PXAT %lld FIELDS 1 f%d v", at, i);
    for (int i = 0; i < COUNT; i++) {
        cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
        cr_assert_eq(r->integer, 1);
        freeReplyObject(r);
    }
    expect_int(c, 2, "HSET h stays 1 too 2");
    at = now_ms() + 1500;
    for (int i = 0; i < COUNT; i++)
        redisAppendCommand(c, "HPEXPIREAT h %lld FIELDS 1 f%d", at, i);
    for (int i = 0; i < COUNT; i++) {
        cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
        freeReplyObject(r);
    }
    /* None is missing before its time, and none is given afterwards; but what waits to be removed may be counted. */
    long long length = COUNT + 2, before;
    do {
        long long last = length;
        before = now_ms();
        length = wire_int(c, "HLEN h");
        if (now_ms() < at)
            cr_assert_eq(length, COUNT + 2);
        cr_assert_leq(length, last);
    } while (before <= at + 1);
    char *field = wire_text(c, "HRANDFIELD h");
    cr_assert(strcmp(field, "stays") == 0 || strcmp(field, "too") == 0, "%s", field);
    free(field);
    expect_soon(c, "2", "HLEN h");
    expect_unordered(c, "[\"stays\" \"too\"]", "HKEYS h");
    expect_int(c, 2, "HDEL h stays too");
    expect_soon(c, "0", "EXISTS h");
}

Test(hash_expiry, watch_sees_a_field_that_ends)
{
    redisContext *c = wire_client(), *other = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 2, "HSET h ends 1 stays 2");
        expect(c, "[1]", "HPEXPIRE h 30 FIELDS 1 ends");
        expect_ok(c, "WATCH h");
        expect_soon(other, "1", "HLEN h");
        expect_ok(c, "MULTI");
        expect_queued(c, "HSET h f v");
        expect_nil(c, "EXEC");
    }
}

/* ---- HGETDEL, HGETEX, HSETEX -------------------------------------------------------------------- */

Test(hash_expiry, hgetdel)
{
    redisContext *c = wire_client(), *l = events_listener();
    struct wire_resp3 *c3 = resp3_client();
    IN_BOTH_FORMS(c)
    {
        expect(c, "[nil nil]", "HGETDEL none FIELDS 2 a b");
        expect3(c3, "[nil]", "HGETDEL none FIELDS 1 a");
        expect_int(c, 4, "HSET h a 1 b 2 c 3 d 4");
        expect_event(l, "hset", "h");
        expect(c, "[nil]", "HGETDEL h FIELDS 1 x");
        expect(c, "[\"1\" nil \"3\" nil]", "HGETDEL h FIELDS 4 a x c a");
        expect_event(l, "hdel", "h");
        expect_unordered(c, "[\"b\" \"d\"]", "HKEYS h");
        expect(c, "[\"2\" \"4\"]", "hgetdel h fields 2 b d");
        expect_event(l, "hdel", "h");
        expect_event(l, "del", "h");
        expect_int(c, 0, "EXISTS h");
    }
}

Test(hash_expiry, hgetex)
{
    redisContext *c = wire_client(), *l = events_listener();
    IN_BOTH_FORMS(c)
    {
        long long at = now_ms() / 1000 + 1000;
        expect(c, "[nil nil]", "HGETEX none EX 10 FIELDS 2 a b");
        expect_int(c, 0, "EXISTS none");
        expect_int(c, 3, "HSET h a 1 b 2 c 3");
        expect_event(l, "hset", "h");
        expect(c, "[\"1\" nil]", "HGETEX h FIELDS 2 a x");
        expect(c, "[-1]", "HTTL h FIELDS 1 a");
        expect(c, "[\"1\" nil]", "HGETEX h EX 100 FIELDS 2 a x");
        expect_event(l, "hexpire", "h");
        expect_element_between(c, 0, 99, 100, "HTTL h FIELDS 1 a");
        expect(c, "[\"2\"]", "HGETEX h px 100000 FIELDS 1 b");
        expect_event(l, "hexpire", "h");
        expect_element_between(c, 0, 99000, 100000, "HPTTL h FIELDS 1 b");
        expect(c, "[\"1\"]", "HGETEX h EXAT %lld FIELDS 1 a", at);
        expect_event(l, "hexpire", "h");
        expect(c, "[\"2\"]", "HGETEX h PXAT %lld FIELDS 1 b", at * 1000 + 1);
        expect_event(l, "hexpire", "h");
        char text[100];
        snprintf(text, sizeof text, "[%lld %lld]", at * 1000, at * 1000 + 1);
        expect(c, text, "HPEXPIRETIME h FIELDS 2 a b");
        expect(c, "[\"3\" \"1\"]", "HGETEX h PERSIST FIELDS 2 c a");
        expect_event(l, "hpersist", "h");
        expect(c, "[\"3\"]", "HGETEX h PERSIST FIELDS 1 c");
        expect(c, "[-1 -1]", "HTTL h FIELDS 2 a c");
        expect(c, "[\"1\" \"2\"]", "HGETEX h EX 0 FIELDS 2 a b");
        expect_event(l, "hdel", "h");
        expect(c, "[\"3\" nil]", "HGETEX h PXAT 1 FIELDS 2 c c");
        expect_event(l, "hdel", "h");
        expect_event(l, "del", "h");
        expect_int(c, 0, "EXISTS h");
    }
    expect_int(c, 1, "HSET h f 1");
    expect_event(l, "hset", "h");
    expect_error(c, NOT_INTEGER, "HGETEX h EX x FIELDS 1 f");
    expect_error(c, NEGATIVE_TIME, "HGETEX h PX -1 FIELDS 1 f");
    expect_error(c, "ERR invalid expire time in 'hgetex' command",
                 "HGETEX h EX 9223372036854775807 FIELDS 1 f");
    expect_error(c, NO_FIELDS, "HGETEX h EX 10 FIELD 1 f");
    expect_error(c, NO_FIELDS, "HGETEX h PERSIST EX 10 FIELDS 1 f");
    expect_error(c, NO_FIELDS, "HGETEX h KEEPTTL FIELDS 1 f");
    expect_error(c, "ERR wrong number of arguments for 'hgetex' command", "HGETEX h EX 10 FIELDS");
    expect_error(c, NO_MATCH, "HGETEX h EX 10 FIELDS 1");
    expect_error(c, NO_MATCH, "HGETEX h PERSIST FIELDS 1");
    expect_ok(c, "SET end 1");
    expect_event(l, "set", "end");
}

Test(hash_expiry, hsetex)
{
    redisContext *c = wire_client(), *l = events_listener();
    IN_BOTH_FORMS(c)
    {
        long long at = now_ms() / 1000 + 1000;
        expect_int(c, 1, "HSETEX h EX 100 FIELDS 2 a 1 b 2");
        expect_event(l, "hset", "h");
        expect_event(l, "hexpire", "h");
        expect_element_between(c, 1, 99, 100, "HTTL h FIELDS 2 a b");
        expect_int(c, 1, "HSETEX h KEEPTTL FIELDS 2 a 3 c 4");
        expect_event(l, "hset", "h");
        expect(c, "[\"3\" \"2\" \"4\"]", "HMGET h a b c");
        expect_element_between(c, 0, 99, 100, "HTTL h FIELDS 2 a c");
        expect(c, "[-1]", "HTTL h FIELDS 1 c");
        expect_int(c, 1, "HSETEX h FIELDS 1 a 5"); /* without: the time is taken */
        expect_event(l, "hset", "h");
        expect(c, "[-1]", "HTTL h FIELDS 1 a");
        expect_int(c, 1, "HSETEX h EXAT %lld FIELDS 1 a 5", at);
        expect_event(l, "hset", "h");
        expect_event(l, "hexpire", "h");
        expect_int(c, 1, "HSETEX h pxat %lld fields 1 c 6", at * 1000 + 1);
        expect_event(l, "hset", "h");
        expect_event(l, "hexpire", "h");
        char text[100];
        snprintf(text, sizeof text, "[%lld %lld]", at * 1000, at * 1000 + 1);
        expect(c, text, "HPEXPIRETIME h FIELDS 2 a c");
        expect_int(c, 0, "HSETEX h FNX FIELDS 2 new 1 a 2");
        expect_int(c, 0, "HEXISTS h new");
        expect_int(c, 0, "HSETEX h FXX FIELDS 2 a 2 new 1");
        expect_int(c, 1, "HSETEX h PX 100000 FNX FIELDS 2 new 1 newer 2");
        expect_event(l, "hset", "h");
        expect_event(l, "hexpire", "h");
        expect_int(c, 1, "HSETEX h FXX PX 100000 FIELDS 2 new 3 newer 4");
        expect_event(l, "hset", "h");
        expect_event(l, "hexpire", "h");
        expect(c, "[\"3\" \"4\"]", "HMGET h new newer");
        expect_int(c, 0, "HSETEX none FXX FIELDS 1 a 1");
        expect_int(c, 0, "EXISTS none");
        expect_int(c, 1, "HSETEX h PX 0 FIELDS 4 a 1 b 1 c 1 x 1"); /* set and gone */
        expect_event(l, "hset", "h");
        expect_event(l, "hdel", "h");
        expect_unordered(c, "[\"new\" \"newer\"]", "HKEYS h");
        expect_int(c, 1, "HSETEX h EXAT 1 FIELDS 2 new 1 newer 1");
        expect_event(l, "hset", "h");
        expect_event(l, "hdel", "h");
        expect_event(l, "del", "h");
        expect_int(c, 0, "EXISTS h");
        expect_int(c, 1, "HSETEX h PX 10 FIELDS 1 a 1");
        expect_event(l, "hset", "h");
        expect_event(l, "hexpire", "h");
        expect_event(l, "hexpired", "h");
        expect_event(l, "del", "h");
    }
}

Test(hash_expiry, hsetex_errors)
{
    redisContext *c = wire_client();
    static const char only_time[] =
        "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
    static const char only_cond[] = "ERR Only one of FXX or FNX arguments can be specified";
    static const char arity[] = "ERR wrong number of arguments for 'hsetex' command";
    expect_error(c, only_time, "HSETEX h EX 10 PX 10 FIELDS 1 f v");
    expect_error(c, only_time, "HSETEX h EX 10 KEEPTTL FIELDS 1 f v");
    expect_error(c, only_time, "HSETEX h KEEPTTL KEEPTTL FIELDS 1 f v");
    expect_error(c, only_time, "HSETEX h KEEPTTL EXAT 5 FIELDS 1 f v");
    expect_error(c, only_cond, "HSETEX h FNX FXX FIELDS 1 f v");
    expect_error(c, only_cond, "HSETEX h FNX FNX FIELDS 1 f v");
    expect_error(c, "ERR unknown argument: ZZ", "HSETEX h ZZ FIELDS 1 f v");
    expect_error(c, "ERR unknown argument: PERSIST", "HSETEX h PERSIST FIELDS 1 f v");
    expect_error(c, NOT_INTEGER, "HSETEX h EX x FIELDS 1 f v");
    expect_error(c, NEGATIVE_TIME, "HSETEX h EX -1 FIELDS 1 f v");
    expect_error(c, "ERR invalid expire time in 'hsetex' command",
                 "HSETEX h PXAT 70368744177664 FIELDS 1 f v");
    expect_error(c, only_cond, "HSETEX h FNX FXX KEEPTTL EX");
    expect_error(c, "ERR invalid number of fields", "HSETEX h FIELDS 0 f v");
    expect_error(c, "ERR invalid number of fields", "HSETEX h FIELDS x f v");
    expect_error(c, "ERR invalid number of fields", "HSETEX h FIELDS 2147483648 f v");
    expect_error(c, arity, "HSETEX h FIELDS 2 f v");
    expect_error(c, arity, "HSETEX h FIELDS 1 f v g");
    expect_error(c, arity, "HSETEX h FIELDS 1 f v EX 10");
    expect_error(c, arity, "HSETEX h EX 10 FIELDS 1");
    expect_error(c, arity, "HSETEX h FIELDS 1 f");
    expect_ok(c, "SET s v");
    expect_error(c, WRONG_TYPE, "HSETEX s FIELDS 1 f v");
    expect_int(c, 0, "EXISTS h");
}

Test(hash_expiry, big_values_with_times)
{
    redisContext *c = wire_client();
    size_t n = 100000;
    char *text = malloc(n);
    memset(text, 'x', n);
    expect_int(c, 1, "HSETEX h EX 100 FIELDS 2 a %b b 1", text, n);
    expect(c, "[1]", "HPERSIST h FIELDS 1 a");
    expect_bytes(c, text, n, "HGET h a");
    expect_int(c, 0, "HSET h b %b", text, n);
    expect(c, "[1 1]", "HPEXPIRE h 50 FIELDS 2 a b");
    expect_soon(c, "0", "EXISTS h");
    expect_int(c, 1, "HSET h a %b", text, n);
    redisReply *r = wire_command(c, "HGETDEL h FIELDS 1 a");
    cr_assert_eq(r->element[0]->len, n);
    cr_assert_eq(memcmp(r->element[0]->str, text, n), 0);
    freeReplyObject(r);
    expect_int(c, 0, "EXISTS h");
    free(text);
}

Test(hash_expiry, events_of_setting_times)
{
    redisContext *c = wire_client(), *l = events_listener();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 3, "HSET h a 1 b 2 c 3");
        expect_event(l, "hset", "h");
        expect(c, "[1 1]", "HEXPIRE h 100 FIELDS 2 a b");
        expect_event(l, "hexpire", "h");
        expect(c, "[0 -2]", "HEXPIRE h 100 NX FIELDS 2 a x"); /* nothing done, nothing told */
        expect(c, "[1 -1]", "HPERSIST h FIELDS 2 a c");
        expect_event(l, "hpersist", "h");
        expect(c, "[-1]", "HPERSIST h FIELDS 1 a");
        expect(c, "[2]", "HEXPIRE h 0 FIELDS 1 a");
        expect_event(l, "hdel", "h");
        expect(c, "[2 2]", "HPEXPIREAT h 1 FIELDS 2 b c");
        expect_event(l, "hdel", "h");
        expect_event(l, "del", "h");
    }
}

/* While fields that have ended wait to be removed, what is drawn is one of those that haven't. */
Test(hash_expiry, drawing_where_most_have_ended)
{
    redisContext *c = wire_client();
    size_t n = 20000;
    char *big = malloc(n);
    memset(big, 'x', n);
    expect_ok(c, "DEBUG SET-ACTIVE-EXPIRE 0");
    for (int i = 0; i < 1000; i++)
        expect_int(c, 1, "HSETEX h PX 1 FIELDS 1 f%d v", i);
    expect_int(c, 3, "HSET h a %b 17 23 c d", big, n);
    expect_soon(c, "3", "HLEN h");
    for (int forms = 0; forms < 2; forms++) {
        redisReply *r = wire_command(c, "HRANDFIELD h %d WITHVALUES", forms ? -3000 : 10);
        cr_assert_eq(r->elements, forms ? 6000 : 6);
        for (size_t i = 0; i < r->elements; i += 2) {
            const char *field = r->element[i]->str;
            const redisReply *value = r->element[i + 1];
            if (field[0] == 'a')
                cr_assert(value->len == n && memcmp(value->str, big, n) == 0);
            else
                cr_assert_str_eq(value->str, field[0] == '1' ? "23" : "d", "%s", field);
        }
        freeReplyObject(r);
    }
    expect_int(c, 2, "HDEL h a c");
    for (int i = 0; i < 20; i++)
        expect_bulk(c, "17", "HRANDFIELD h");
    expect_int(c, 1, "HDEL h 17");
    expect_nil(c, "HRANDFIELD h");
    expect(c, "[]", "HRANDFIELD h -5");
    expect_ok(c, "DEBUG SET-ACTIVE-EXPIRE 1");
    free(big);
}
