/* Hashes: every command and option, packed and as a table, wrong types, limits, events. */
#include "tests/wire/events.h"
#include "tests/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

WIRE_SUITE(hash);

#define WRONG_TYPE "WRONGTYPE Operation against a key holding the wrong kind of value"
#define NOT_INTEGER "ERR value is not an integer or out of range"
#define NOT_FLOAT "ERR value is not a valid float"
#define SYNTAX "ERR syntax error"
#define OUT_OF_RANGE "ERR value is out of range"

/* Both forms: packed, and a table from the first field on. Ends with the database empty. */
static const char *const forms[] = {"512", "0"};

static void take_form(redisContext *c, unsigned form)
{
    expect_ok(c, "FLUSHALL");
    wire_config("hash-max-listpack-entries", forms[form]);
}

#define IN_BOTH_FORMS(c) for (unsigned form = 0; form < 2 && (take_form(c, form), 1); form++)

/* Fields f<from> .. f<to - 1>, each with its number as value. */
static void fill(redisContext *c, const char *key, int from, int to)
{
    redisReply *r;
    for (int i = from; i < to; i++)
        redisAppendCommand(c, "HSET %s f%d %d", key, i, i);
    for (int i = from; i < to; i++) {
        cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
        cr_assert_eq(r->integer, 1);
        freeReplyObject(r);
    }
}

/* ---- one field ------------------------------------------------------------------ */

Test(hash, fields_come_back_byte_for_byte)
{
    redisContext *c = wire_client();
    static const char *const values[] = {"0",
                                         "-0",
                                         "00",
                                         "127",
                                         "128",
                                         "-1",
                                         "4096",
                                         "-4097",
                                         "2147483647",
                                         "-32769",
                                         "1.5",
                                         "text",
                                         "+1",
                                         " 1",
                                         "99999999999",
                                         "9223372036854775807",
                                         "-9223372036854775808",
                                         "9223372036854775808",
                                         ""};
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 1, "HSET h %b %b", "f\0\r\n", (size_t)4, "v\0\xff", (size_t)3);
        expect_bytes(c, "v\0\xff", 3, "HGET h %b", "f\0\r\n", (size_t)4);
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            expect_int(c, 1, "HSET v %s x", values[i]);
            expect_int(c, 0, "HSET v %s %s", values[i], values[i]);
            expect_bulk(c, values[i], "HGET v %s", values[i]);
            expect_int(c, (long long)strlen(values[i]), "HSTRLEN v %s", values[i]);
            expect_int(c, 1, "HEXISTS v %s", values[i]);
        }
        expect_int(c, (long long)(sizeof values / sizeof values[0]), "HLEN v");
        expect_nil(c, "HGET v none");
        expect_nil(c, "HGET none f");
        expect_int(c, 0, "HSTRLEN v none");
        expect_int(c, 0, "HSTRLEN none f");
        expect_int(c, 0, "HEXISTS v none");
        expect_int(c, 0, "HEXISTS none f");
        expect_int(c, 0, "HLEN none");
        expect(c, "+hash", "TYPE v");
    }
}

Test(hash, big_fields_and_values)
{
    redisContext *c = wire_client();
    static const size_t sizes[] = {63, 64, 65, 4095, 4096, 16383, 16384, 16385, 40000, 70000, 3000000};
    char *text = malloc(3000001);
    for (size_t i = 0; i < 3000001; i++)
        text[i] = (char)('a' + i % 26);
    wire_config("hash-max-listpack-value", "64");
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            size_t n = sizes[i];
            expect_int(c, 1, "HSET h%d v %b", (int)i, text, n);
            expect_bytes(c, text, n, "HGET h%d v", (int)i);
            expect_int(c, (long long)n, "HSTRLEN h%d v", (int)i);
            expect_int(c, 1, "HSET h%d %b w", (int)i, text, n);
            expect_bulk(c, "w", "HGET h%d %b", (int)i, text, n);
            expect_int(c, 1, "HSETNX h%d nx %b", (int)i, text + 1, n);
            expect_bytes(c, text + 1, n, "HGET h%d nx", (int)i);
            expect_int(c, 1, "HSET h%d v %b more %b", (int)i, text + 1, n, text, n);
            expect_bytes(c, text + 1, n, "HGET h%d v", (int)i);
            expect_bytes(c, text, n, "HGET h%d more", (int)i);
            expect_int(c, 0, "HSET h%d v small", (int)i);
            expect_bulk(c, "small", "HGET h%d v", (int)i);
        }
        expect_ok(c, "FLUSHALL");
        wire_config("hash-max-listpack-value", "1000000");
    }
    free(text);
}

Test(hash, hsetnx_leaves_a_field_alone)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 1, "HSETNX h f v");
        expect_int(c, 0, "HSETNX h f w");
        expect_bulk(c, "v", "HGET h f");
        expect_int(c, 1, "HSETNX h g w");
        expect_int(c, 2, "HLEN h");
    }
}

/* ---- many fields ------------------------------------------------------------------ */

Test(hash, hset_and_hmset_take_many)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 3, "HSET h a 1 b 2 c 3");
        expect_int(c, 1, "HSET h a 4 d 5 b 6");
        expect_int(c, 1, "HSET h e 1 e 2 e 33333 e 4");
        expect(c, "[\"4\" \"6\" \"3\" \"5\" \"4\" nil \"4\"]", "HMGET h a b c d e f a");
        expect_ok(c, "HMSET h a x f y");
        expect(c, "[\"x\" \"y\"]", "HMGET h a f");
        expect(c, "[nil nil]", "HMGET none a b");
        expect_ok(c, "HMSET new a 1");
        expect_int(c, 6, "HLEN h");
    }
}

Test(hash, hgetall_hkeys_hvals)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    IN_BOTH_FORMS(c)
    {
        expect(c, "[]", "HGETALL h");
        expect(c, "[]", "HKEYS h");
        expect(c, "[]", "HVALS h");
        expect3(c3, "{}", "HGETALL h");
        expect_int(c, 1, "HSET h f 1");
        expect(c, "[\"f\" \"1\"]", "HGETALL h");
        expect3(c3, "{\"f\" \"1\"}", "HGETALL h");
        expect3(c3, "[\"f\"]", "HKEYS h");
        expect3(c3, "[\"1\"]", "HVALS h");
        expect_int(c, 2, "HSET h g two 3 3");
        expect_unordered(c, "[\"1\" \"3\" \"3\" \"f\" \"g\" \"two\"]", "HGETALL h");
        expect_unordered(c, "[\"3\" \"f\" \"g\"]", "HKEYS h");
        expect_unordered(c, "[\"1\" \"3\" \"two\"]", "HVALS h");
    }
    take_form(c, 0);
    expect_int(c, 3, "HSET h z 1 y 2 x 3");
    expect(c, "[\"z\" \"1\" \"y\" \"2\" \"x\" \"3\"]", "HGETALL h"); /* packed: in the order of setting */
}

Test(hash, hgetall_shows_each_field_once_at_every_size)
{
    redisContext *c = wire_client();
    static char seen[3000];
    int had = 0;
    static const int sizes[] = {1, 2, 100, 511, 512, 513, 600, 1000, 3000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        fill(c, "h", had, sizes[s]);
        had = sizes[s];
        memset(seen, 0, sizeof seen);
        redisReply *r = wire_command(c, "HGETALL h");
        cr_assert_eq(r->elements, 2 * (size_t)had);
        for (size_t i = 0; i < r->elements; i += 2) {
            cr_assert_str_eq(r->element[i]->str + 1, r->element[i + 1]->str);
            cr_assert_eq(seen[atoi(r->element[i + 1]->str)]++, 0);
        }
        freeReplyObject(r);
        expect_int(c, had, "HLEN h");
        expect(c, had <= 512 ? "\"listpack\"" : "\"hashtable\"", "OBJECT ENCODING h");
    }
}

Test(hash, hdel_takes_the_key_with_the_last_field)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 0, "HDEL none f");
        expect_int(c, 4, "HSET h a 1 b 2 c 3 d 4");
        expect_int(c, 0, "HDEL h x y");
        expect_int(c, 2, "HDEL h b x d b");
        expect_unordered(c, "[\"a\" \"c\"]", "HKEYS h");
        expect_int(c, 2, "HDEL h a c a");
        expect_int(c, 0, "EXISTS h");
        expect(c, "+none", "TYPE h");
        expect_int(c, 1, "HSET h a 1");
        expect_int(c, 1, "HDEL h a");
        expect_int(c, 0, "DBSIZE");
    }
}

/* ---- counting up -------------------------------------------------------------------- */

Test(hash, hincrby)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 5, "HINCRBY h n 5");
        expect_int(c, -5, "HINCRBY h n -10");
        expect_int(c, 1000000, "HINCRBY h n 1000005");
        expect_int(c, 9223372036854775807ll, "HINCRBY h n 9223372036853775807");
        expect_error(c, "ERR increment or decrement would overflow", "HINCRBY h n 1");
        expect_bulk(c, "9223372036854775807", "HGET h n");
        expect_int(c, 1, "HSET h m -9223372036854775808");
        expect_error(c, "ERR increment or decrement would overflow", "HINCRBY h m -1");
        expect_int(c, -1, "HINCRBY h m 9223372036854775807");
        expect_int(c, 5, "HSET h text x space %s float 1.5 empty %s plus +1", " 1", "");
        expect_error(c, "ERR hash value is not an integer", "HINCRBY h text 1");
        expect_error(c, "ERR hash value is not an integer", "HINCRBY h space 1");
        expect_error(c, "ERR hash value is not an integer", "HINCRBY h float 1");
        expect_error(c, "ERR hash value is not an integer", "HINCRBY h empty 1");
        expect_error(c, "ERR hash value is not an integer", "HINCRBY h plus 1");
        expect_error(c, NOT_INTEGER, "HINCRBY h n x");
        expect_error(c, NOT_INTEGER, "HINCRBY h n 1.5");
        expect_error(c, NOT_INTEGER, "HINCRBY h n 9223372036854775808");
        expect_int(c, 0, "HINCRBY other n 0");
        expect_int(c, 1, "EXISTS other");
    }
}

Test(hash, hincrbyfloat)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect_bulk(c, "10.5", "HINCRBYFLOAT h n 10.5");
        expect_bulk(c, "10.6", "HINCRBYFLOAT h n 0.1");
        expect_bulk(c, "5.6", "HINCRBYFLOAT h n -5");
        expect_bulk(c, "0.5", "HINCRBYFLOAT h k 5.0e-1");
        expect_bulk(c, "5000.5", "HINCRBYFLOAT h k 5.0e3");
        expect_bulk(c, "3", "HINCRBYFLOAT h i 3");
        expect_int(c, 4, "HINCRBY h i 1");
        expect_bulk(c, "4.25", "HINCRBYFLOAT h i .25");
        expect_int(c, 2, "HSET h text x e 1e3");
        expect_error(c, "ERR hash value is not a float", "HINCRBYFLOAT h text 1");
        expect_bulk(c, "1001", "HINCRBYFLOAT h e 1");
        expect_error(c, NOT_FLOAT, "HINCRBYFLOAT h n x");
        expect_error(c, NOT_FLOAT, "HINCRBYFLOAT h n nan");
        expect_error(c, NOT_FLOAT, "HINCRBYFLOAT h n %s", "");
        expect_error(c, "ERR value is NaN or Infinity", "HINCRBYFLOAT h n inf");
        expect_error(c, "ERR value is NaN or Infinity", "HINCRBYFLOAT h n -inf");
        expect_int(c, 1, "HSET h huge 1.1e4932");
        expect_error(c, "ERR increment would produce NaN or Infinity", "HINCRBYFLOAT h huge 1.1e4932");
        expect_int(c, 0, "EXISTS none");
    }
}

/* ---- at random ------------------------------------------------------------------------ */

/* Counts how often f<i> comes in HRANDFIELD's reply; with values they must be right. */
static size_t random_fields(redisContext *c, const char *options, bool values, int *seen)
{
    char text[100];
    snprintf(text, sizeof text, "HRANDFIELD h %s", options);
    redisReply *r = wire_command(c, text);
    cr_assert_eq(r->type, REDIS_REPLY_ARRAY, "%s", r->str ? r->str : "no array");
    for (size_t i = 0; i < r->elements; i += 1 + values) {
        seen[atoi(r->element[i]->str + 1)]++;
        cr_assert(!values || strcmp(r->element[i]->str + 1, r->element[i + 1]->str) == 0);
    }
    size_t count = values ? r->elements / 2 : r->elements;
    freeReplyObject(r);
    return count;
}

Test(hash, hrandfield_gives_different_fields)
{
    redisContext *c = wire_client();
    static const int sizes[] = {1, 2, 10, 100, 1000};
    IN_BOTH_FORMS(c)
    {
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            expect_ok(c, "FLUSHALL");
            int n = sizes[s];
            fill(c, "h", 0, n);
            for (int wanted = 0; wanted <= n + 5; wanted += wanted < 20 ? 1 : n / 7) {
                int seen[1000] = {0};
                char options[50];
                snprintf(options, sizeof options, "%d%s", wanted, wanted % 2 ? " WITHVALUES" : "");
                size_t got = random_fields(c, options, wanted % 2, seen);
                cr_assert_eq(got, (size_t)(wanted < n ? wanted : n));
                for (int i = 0; i < n; i++)
                    cr_assert_leq(seen[i], 1);
            }
        }
    }
}

Test(hash, hrandfield_gives_as_many_as_asked_when_negative)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        fill(c, "h", 0, 50);
        int seen[50] = {0};
        cr_assert_eq(random_fields(c, "-1", false, seen), 1);
        cr_assert_eq(random_fields(c, "-5000", false, seen), 5000);
        cr_assert_eq(random_fields(c, "-5000 withvalues", true, seen), 5000);
        for (int i = 0; i < 50; i++) /* 200 each in the mean */
            cr_assert(seen[i] > 100 && seen[i] < 320, "f%d came %d times", i, seen[i]);
    }
}

Test(hash, hrandfield_has_even_odds)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        fill(c, "h", 0, 40);
        int seen[40] = {0};
        for (int n = 0; n < 4000; n++)
            cr_assert_eq(random_fields(c, n % 2 ? "3" : "20", false, seen), n % 2 ? 3 : 20);
        for (int i = 0; i < 40; i++) /* 1150 each in the mean */
            cr_assert(seen[i] > 950 && seen[i] < 1350, "f%d came %d times", i, seen[i]);
        int one[40] = {0};
        for (int n = 0; n < 4000; n++) {
            char *text = wire_text(c, "HRANDFIELD h");
            one[atoi(text + 1)]++;
            free(text);
        }
        for (int i = 0; i < 40; i++)
            cr_assert(one[i] > 40 && one[i] < 170, "f%d came %d times", i, one[i]);
    }
}

Test(hash, hrandfield_replies)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    IN_BOTH_FORMS(c)
    {
        expect_nil(c, "HRANDFIELD none");
        expect(c, "[]", "HRANDFIELD none 5");
        expect(c, "[]", "HRANDFIELD none -5 WITHVALUES");
        expect_int(c, 1, "HSET h f 1");
        expect_bulk(c, "f", "HRANDFIELD h");
        expect(c, "[]", "HRANDFIELD h 0");
        expect(c, "[\"f\"]", "HRANDFIELD h 1");
        expect(c, "[\"f\" \"1\"]", "HRANDFIELD h 3 withvalues");
        expect(c, "[\"f\" \"1\" \"f\" \"1\"]", "HRANDFIELD h -2 WITHVALUES");
        expect3(c3, "[[\"f\" \"1\"]]", "HRANDFIELD h 3 WITHVALUES");
        expect3(c3, "[[\"f\" \"1\"] [\"f\" \"1\"]]", "HRANDFIELD h -2 WITHVALUES");
        expect3(c3, "[\"f\" \"f\"]", "HRANDFIELD h -2");
        expect_error(c, SYNTAX, "HRANDFIELD h 1 VALUES");
        expect_error(c, SYNTAX, "HRANDFIELD h 1 WITHVALUES x");
        expect_error(c, NOT_INTEGER, "HRANDFIELD h x");
        expect_error(c,
                     "ERR value is out of range, value must between -9223372036854775807 and "
                     "9223372036854775807",
                     "HRANDFIELD h -9223372036854775808");
        expect_error(c, OUT_OF_RANGE, "HRANDFIELD h -9223372036854770000 WITHVALUES");
        expect_error(c, OUT_OF_RANGE, "HRANDFIELD h 9223372036854770000 WITHVALUES");
        expect(c, "[\"f\"]", "HRANDFIELD h 9223372036854770000");
        if (!wire_is_redis()) /* it would answer for ever */
            expect_error(c, OUT_OF_RANGE, "HRANDFIELD h -9223372036854775807");
    }
}

/* ---- scanning ---------------------------------------------------------------------------- */

/* A round over h; counts how often each f<i> is shown, and the calls. */
static int scan_round(redisContext *c, const char *options, bool values, int *seen)
{
    unsigned long long cursor = 0;
    int calls = 0;
    do {
        char text[200];
        snprintf(text, sizeof text, "HSCAN h %llu %s", cursor, options);
        redisReply *r = wire_command(c, text);
        cr_assert_eq(r->type, REDIS_REPLY_ARRAY, "%s", r->str ? r->str : "no array");
        cursor = strtoull(r->element[0]->str, NULL, 10);
        redisReply *shown = r->element[1];
        for (size_t i = 0; i < shown->elements; i += 1 + values) {
            seen[atoi(shown->element[i]->str + 1)]++;
            cr_assert(!values || strcmp(shown->element[i]->str + 1, shown->element[i + 1]->str) == 0);
        }
        freeReplyObject(r);
        cr_assert_lt(++calls, 100000);
    } while (cursor);
    return calls;
}

Test(hash, hscan_shows_every_field)
{
    redisContext *c = wire_client();
    static int seen[3000];
    static const int sizes[] = {1, 20, 512, 3000};
    IN_BOTH_FORMS(c)
    {
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            expect_ok(c, "FLUSHALL");
            fill(c, "h", 0, sizes[s]);
            static const char *const options[] = {"", "COUNT 1", "COUNT 100 MATCH f*",
                                                  "MATCH * COUNT 100000"};
            for (size_t o = 0; o < 4; o++) {
                memset(seen, 0, sizeof seen);
                scan_round(c, options[o], true, seen);
                for (int i = 0; i < sizes[s]; i++)
                    cr_assert_eq(seen[i], 1);
            }
            memset(seen, 0, sizeof seen);
            if (!wire_is_redis()) { /* of 7.4 */
                scan_round(c, "NOVALUES COUNT 50", false, seen);
                for (int i = 0; i < sizes[s]; i++)
                    cr_assert_eq(seen[i], 1);
            }
            memset(seen, 0, sizeof seen);
            scan_round(c, "MATCH f*7", true, seen);
            for (int i = 0; i < sizes[s]; i++)
                cr_assert_eq(seen[i], i % 10 == 7);
        }
        cr_assert_geq(scan_round(c, "COUNT 100", true, seen), 20);
    }
}

Test(hash, hscan_while_the_hash_changes)
{
    redisContext *c = wire_client();
    static int seen[20000];
    fill(c, "h", 0, 2000);
    unsigned long long cursor = 0;
    int step = 0;
    do {
        redisReply *r = wire_command(c, "HSCAN h %llu COUNT 20", cursor);
        cursor = strtoull(r->element[0]->str, NULL, 10);
        for (size_t i = 0; i < r->element[1]->elements; i += 2)
            seen[atoi(r->element[1]->element[i]->str + 1)]++;
        freeReplyObject(r);
        step++;
        if (step < 60) {
            fill(c, "h", 2000 + step * 100, 2100 + step * 100);
        } else {
            for (int i = 0; i < 100; i++)
                wire_int(c, "HDEL h f%d", 2000 + (step * 100 + i) % 6000);
        }
    } while (cursor);
    for (int i = 0; i < 2000; i++)
        cr_assert_geq(seen[i], 1, "f%d wasn't shown", i);
}

Test(hash, hscan_replies)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect(c, "[\"0\" []]", "HSCAN none 0");
        expect(c, "[\"0\" []]", "HSCAN none 17 COUNT x");
        expect_int(c, 1, "HSET h f 1");
        expect(c, "[\"0\" [\"f\" \"1\"]]", "HSCAN h 0");
        if (!wire_is_redis())
            expect(c, "[\"0\" [\"f\"]]", "HSCAN h 0 novalues");
        expect(c, "[\"0\" []]", "HSCAN h 0 MATCH x*");
        expect_error(c, "ERR invalid cursor", "HSCAN h x");
        expect_error(c, SYNTAX, "HSCAN h 0 COUNT 0");
        expect_error(c, NOT_INTEGER, "HSCAN h 0 COUNT x");
        expect_error(c, SYNTAX, "HSCAN h 0 COUNT");
        expect_error(c, SYNTAX, "HSCAN h 0 TYPES hash");
    }
    if (!wire_is_redis()) /* behind the end of a round */
        expect(c, "[\"0\" []]", "HSCAN h 300000000000000");
}

/* ---- encodings ------------------------------------------------------------------------------ */

Test(hash, encodings_follow_the_settings)
{
    redisContext *c = wire_client();
    wire_config("hash-max-listpack-entries", "4");
    wire_config("hash-max-listpack-value", "8");
    expect_int(c, 4, "HSET h a 1 b 2 c 3 d 4");
    expect_bulk(c, "listpack", "OBJECT ENCODING h");
    expect_int(c, 0, "HSET h a 12345678");
    expect_bulk(c, "listpack", "OBJECT ENCODING h");
    expect_int(c, 1, "HSET h e 5");
    expect_bulk(c, "hashtable", "OBJECT ENCODING h");
    expect_int(c, 4, "HDEL h a b c d");
    expect_bulk(c, "hashtable", "OBJECT ENCODING h");
    expect_int(c, 1, "HSET value f 123456789");
    expect_bulk(c, "hashtable", "OBJECT ENCODING value");
    expect_int(c, 1, "HSETNX field 123456789 x");
    expect_bulk(c, "hashtable", "OBJECT ENCODING field");
    expect_int(c, 1, "HSET many a 1 a 2 a 3 a 4 a 5");
    if (!wire_is_redis()) /* of 7.2 */
        expect_bulk(c, "hashtable", "OBJECT ENCODING many");
    expect_bulk(c, "0.1111111111", "HINCRBYFLOAT float f 0.1111111111");
    expect_bulk(c, "hashtable", "OBJECT ENCODING float");
    expect_int(c, 1, "HSET was f x");
    wire_config("hash-max-listpack-entries", "0");
    expect_bulk(c, "listpack", "OBJECT ENCODING was");
    expect_int(c, 0, "HSET was f y");
    expect_bulk(c, "hashtable", "OBJECT ENCODING was");
}

Test(hash, a_hash_of_any_size_is_copied_and_renamed)
{
    redisContext *c = wire_client();
    IN_BOTH_FORMS(c)
    {
        expect_int(c, 3, "HSET h a 1 b two c %s", "");
        expect_int(c, 1, "COPY h copy");
        expect_ok(c, "RENAME h renamed");
        expect_int(c, 0, "EXISTS h");
        expect_int(c, 0, "HSET copy a x");
        expect(c, "[\"1\" \"two\" \"\"]", "HMGET renamed a b c");
        expect(c, "[\"x\" \"two\" \"\"]", "HMGET copy a b c");
        expect_int(c, 1, "MOVE copy 1");
        expect_ok(c, "SELECT 1");
        expect(c, "[\"x\" \"two\" \"\"]", "HMGET copy a b c");
        expect_ok(c, "SELECT 0");
        expect_int(c, 1, "EXPIRE renamed 1000");
        expect_int(c, 1, "HSET renamed d 4");
        expect_between(c, 990, 1000, "TTL renamed");
        expect_int(c, 1, "PERSIST renamed");
        expect_int(c, 4, "HLEN renamed");
        expect_ok(c, "SET renamed string");
        expect_bulk(c, "string", "GET renamed");
    }
}

/* ---- errors and events ------------------------------------------------------------------------- */

Test(hash, wrong_types)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET s v");
    static const char *const commands[] = {
        "HDEL s f",  "HEXISTS s f", "HGET s f",       "HGETALL s",    "HINCRBY s f 1", "HINCRBYFLOAT s f 1",
        "HKEYS s",   "HLEN s",      "HMGET s f",      "HMSET s f v",  "HRANDFIELD s",  "HRANDFIELD s 1",
        "HSCAN s 0", "HSET s f v",  "HSET s f v g w", "HSETNX s f v", "HSTRLEN s f",   "HVALS s"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        expect_error(c, WRONG_TYPE, commands[i]);
    expect_bulk(c, "v", "GET s");
    expect_int(c, 1, "HSET h f v");
    expect_error(c, WRONG_TYPE, "GET h");
    expect_error(c, WRONG_TYPE, "INCR h");
    expect_error(c, WRONG_TYPE, "APPEND h x");
    expect_int(c, 1, "HLEN h");
}

Test(hash, wrong_arity)
{
    redisContext *c = wire_client();
    static const char *const commands[] = {
        "HDEL h",        "HEXISTS h",     "HEXISTS h f x", "HGET h",          "HGET h f x",
        "HGETALL",       "HGETALL h x",   "HINCRBY h f",   "HINCRBY h f 1 x", "HINCRBYFLOAT h f",
        "HKEYS",         "HKEYS h x",     "HLEN",          "HLEN h x",        "HMGET h",
        "HMSET h f",     "HMSET h f v g", "HRANDFIELD",    "HSCAN h",         "HSET h",
        "HSET h f",      "HSET h f v g",  "HSETNX h f",    "HSETNX h f v x",  "HSTRLEN h",
        "HSTRLEN h f x", "HVALS",         "HVALS h x"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char text[100], name[30];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(commands[i], " "), commands[i]);
        for (char *p = name; *p; p++)
            *p = (char)(*p | 32);
        snprintf(text, sizeof text, "ERR wrong number of arguments for '%s' command", name);
        expect_error(c, text, commands[i]);
    }
    expect_int(c, 0, "EXISTS h");
}

Test(hash, events)
{
    redisContext *c = wire_client(), *l = events_listener();
    expect_int(c, 2, "HSET h a 1 b 2");
    expect_event(l, "hset", "h");
    expect_ok(c, "HMSET h c 3");
    expect_event(l, "hset", "h");
    expect_int(c, 1, "HSETNX h d 4");
    expect_event(l, "hset", "h");
    expect_int(c, 0, "HSETNX h d 5");
    expect_int(c, 2, "HINCRBY h a 1");
    expect_event(l, "hincrby", "h");
    expect_bulk(c, "2.5", "HINCRBYFLOAT h a 0.5");
    expect_event(l, "hincrbyfloat", "h");
    expect_int(c, 0, "HDEL h x");
    expect_int(c, 2, "HDEL h a b");
    expect_event(l, "hdel", "h");
    expect_int(c, 2, "HDEL h c d");
    expect_event(l, "hdel", "h");
    expect_event(l, "del", "h");
    expect_ok(c, "SET end 1");
    expect_event(l, "set", "end");
}

Test(hash, watch_sees_changes)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_int(c, 1, "HSET h f 1");
    expect_ok(c, "WATCH h");
    expect_int(other, 0, "HDEL h none");
    expect_ok(c, "MULTI");
    expect_queued(c, "HINCRBY h f 1");
    expect(c, "[2]", "EXEC");
    expect_ok(c, "WATCH h");
    expect_int(other, 1, "HDEL h f");
    expect_ok(c, "MULTI");
    expect_queued(c, "HSET h f 1");
    expect_nil(c, "EXEC");
}

/* A million fields are gone at once and freed bit by bit. */
Test(hash, a_big_hash_is_deleted_in_no_time)
{
    redisContext *c = wire_client();
    for (int i = 0; i < 300; i++)
        fill(c, "h", i * 1000, i * 1000 + 1000);
    expect_int(c, 300000, "HLEN h");
    expect_int(c, 1, "DEL h");
    expect_int(c, 0, "EXISTS h");
    expect_int(c, 1, "HSET h f v");
    expect(c, "[\"f\" \"v\"]", "HGETALL h");
}

/* Pipelined commands on one big hash: hashes and items are fetched ahead, while the hash comes and goes. */
Test(hash, pipelines_over_a_hash_that_comes_and_goes)
{
    redisContext *c = wire_client();
    redisReply *r;
    wire_config("hash-max-listpack-entries", "8");
    for (int round = 0; round < 200; round++) {
        int asked = 0;
        for (int i = 0; i < 40; i++, asked++)
            redisAppendCommand(c, "HSET h f%d %d", i, i);
        for (int i = 0; i < 40; i++, asked++)
            redisAppendCommand(c, "HGET h f%d", i);
        redisAppendCommand(c, round % 3 == 0 ? "DEL h" : round % 3 == 1 ? "SET h string" : "FLUSHALL");
        redisAppendCommand(c, "HGET h f0");
        redisAppendCommand(c, "DEL h");
        for (int i = 0; i < asked + 3; i++) {
            cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
            if (i < 40)
                cr_assert_eq(r->integer, 1);
            else if (i < 80)
                cr_assert_eq(atoi(r->str), i - 40);
            freeReplyObject(r);
        }
    }
}
