/* SORT and SORT_RO: every option on every type, patterns, errors, and against a model. */
#include "tests/wire/events.h"
#include "tests/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

WIRE_SUITE(sort);

#define WRONG_TYPE "WRONGTYPE Operation against a key holding the wrong kind of value"
#define NOT_INTEGER "ERR value is not an integer or out of range"
#define NOT_DOUBLE "ERR One or more scores can't be converted into double"
#define SYNTAX "ERR syntax error"

static void fill(redisContext *c)
{
    expect_int(c, 4, "RPUSH l 3 1 2 10");
    expect_int(c, 3, "ZADD z 3 a 1 b 2 c");
    expect_int(c, 3, "SADD s 3 10 2");
    expect_int(c, 3, "SADD t c a b");
    expect_ok(c, "MSET w_1 5 w_2 1 w_3 4 w_10 2");
    expect_int(c, 2, "HSET h_1 f 9 g v1");
    expect_int(c, 2, "HSET h_2 f 7 g v2");
}

Test(sort, numbers_and_texts_in_both_directions)
{
    redisContext *c = wire_client();
    fill(c);
    expect(c, "[\"1\" \"2\" \"3\" \"10\"]", "SORT l");
    expect(c, "[\"1\" \"2\" \"3\" \"10\"]", "SORT l asc");
    expect(c, "[\"10\" \"3\" \"2\" \"1\"]", "SORT l DESC");
    expect(c, "[\"1\" \"2\" \"3\" \"10\"]", "SORT l DESC ASC");
    expect(c, "[\"1\" \"10\" \"2\" \"3\"]", "SORT l alpha");
    expect(c, "[\"3\" \"2\" \"10\" \"1\"]", "SORT l ALPHA DESC");
    expect(c, "[\"2\" \"3\" \"10\"]", "SORT s");
    expect(c, "[\"10\" \"2\" \"3\"]", "SORT s ALPHA");
    expect(c, "[\"a\" \"b\" \"c\"]", "SORT t ALPHA");
    expect(c, "[\"a\" \"b\" \"c\"]", "SORT z ALPHA");
    expect(c, "[\"c\" \"b\" \"a\"]", "SORT z ALPHA DESC");
    expect(c, "[\"1\" \"2\" \"3\" \"10\"]", "SORT_RO l");
    expect(c, "[\"c\" \"b\" \"a\"]", "SORT_RO z ALPHA DESC");
    expect(c, "[]", "SORT none");
    expect(c, "[]", "SORT_RO none ALPHA");
}

Test(sort, scores_are_read_as_strtod_reads_them)
{
    redisContext *c = wire_client();
    expect_int(c, 8, "RPUSH l 1e1 0x10 -inf inf -2.5 %s %s 7", "", " 5");
    expect(c, "[\"-inf\" \"-2.5\" \"\" \" 5\" \"7\" \"1e1\" \"0x10\" \"inf\"]", "SORT l");
    expect_int(c, 3, "RPUSH same 1.0 1 01");
    expect(c, "[\"01\" \"1\" \"1.0\"]", "SORT same");
    expect(c, "[\"1.0\" \"1\" \"01\"]", "SORT same DESC");
    /* Beyond what a local buffer holds. */
    static char digits[400];
    memset(digits, '0', sizeof digits);
    digits[0] = '1';
    digits[1] = '.';
    expect_int(c, 3, "RPUSH long 2 %b 1", digits, sizeof digits);
    expect(c, "[\"2\"]", "SORT long GET # LIMIT 2 1");
    static const char *const bad[] = {"nan", "x", "5 ", "1e400", "1e-400", "1x", "--1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        expect_int(c, 2, "RPUSH bad 1 %s", bad[i]);
        expect_error(c, NOT_DOUBLE, "SORT bad");
        expect_error(c, NOT_DOUBLE, "SORT bad STORE to");
        expect_error(c, NOT_DOUBLE, "SORT bad LIMIT 0 1");
        expect_int(c, 1, "DEL bad");
    }
    expect_int(c, 0, "EXISTS to");
}

Test(sort, limit)
{
    redisContext *c = wire_client();
    fill(c);
    expect(c, "[\"2\" \"3\"]", "SORT l LIMIT 1 2");
    expect(c, "[]", "SORT l LIMIT 0 0");
    expect(c, "[\"2\" \"3\" \"10\"]", "SORT l LIMIT 1 -5");
    expect(c, "[\"1\" \"2\"]", "SORT l LIMIT -3 2");
    expect(c, "[]", "SORT l LIMIT 4 2");
    expect(c, "[]", "SORT l LIMIT 9223372036854775807 9223372036854775807");
    expect(c, "[\"10\"]", "SORT l LIMIT 3 9223372036854775807");
    expect(c, "[\"10\" \"3\"]", "SORT l DESC LIMIT 0 2");
    expect(c, "[\"3\"]", "SORT l LIMIT 0 1 LIMIT 2 1");
    expect_error(c, NOT_INTEGER, "SORT l LIMIT x 1");
    expect_error(c, NOT_INTEGER, "SORT l LIMIT 1 x");
    expect_error(c, NOT_INTEGER, "SORT l LIMIT 99999999999999999999 1");
    expect_error(c, SYNTAX, "SORT l LIMIT 1");
}

Test(sort, unsorted_keeps_the_order_of_the_key)
{
    redisContext *c = wire_client();
    fill(c);
    expect(c, "[\"3\" \"1\" \"2\" \"10\"]", "SORT l BY nosort");
    expect(c, "[\"10\" \"2\" \"1\" \"3\"]", "SORT l BY nosort DESC");
    expect(c, "[\"1\" \"2\"]", "SORT l BY nosort LIMIT 1 2");
    expect(c, "[\"2\" \"1\"]", "SORT l BY nosort DESC LIMIT 1 2");
    expect(c, "[]", "SORT l BY nosort DESC LIMIT 4 2");
    expect(c, "[]", "SORT l BY nosort LIMIT 1 0");
    expect(c, "[\"b\" \"c\" \"a\"]", "SORT z BY nosort");
    expect(c, "[\"a\" \"c\" \"b\"]", "SORT z BY nosort DESC");
    expect(c, "[\"c\" \"b\"]", "SORT z BY nosort DESC LIMIT 1 5");
    expect(c, "[\"c\"]", "SORT z BY nosort LIMIT 1 1");
    expect(c, "[\"2\" \"3\" \"10\"]", "SORT s BY nosort");
    expect(c, "[\"3\"]", "SORT s BY nosort LIMIT 1 1");
    expect_unordered(c, "[\"a\" \"b\" \"c\"]", "SORT t BY nosort");
    expect(c, "[\"3\" \"1\" \"2\" \"10\"]", "SORT l BY #");
    /* A set has no order to store, so it is sorted as texts. */
    expect_int(c, 3, "SORT t BY nosort STORE to");
    expect(c, "[\"a\" \"b\" \"c\"]", "LRANGE to 0 -1");
    expect_int(c, 3, "SORT s BY nosort DESC STORE to");
    expect(c, "[\"3\" \"2\" \"10\"]", "LRANGE to 0 -1");
    expect_int(c, 4, "SORT l BY nosort STORE to");
    expect(c, "[\"3\" \"1\" \"2\" \"10\"]", "LRANGE to 0 -1");
}

Test(sort, by_keys_and_fields)
{
    redisContext *c = wire_client();
    fill(c);
    expect(c, "[\"2\" \"10\" \"3\" \"1\"]", "SORT l BY w_*");
    expect(c, "[\"1\" \"3\" \"10\" \"2\"]", "SORT l BY w_* DESC");
    expect(c, "[\"2\" \"10\"]", "SORT l BY w_* LIMIT 0 2");
    /* The last one counts. */
    expect(c, "[\"2\" \"10\" \"3\" \"1\"]", "SORT l BY h_*->f BY w_*");
    /* Without a weight a score is 0, and a text comes before all others. */
    expect(c, "[\"10\" \"3\" \"2\" \"1\"]", "SORT l BY h_*->f");
    expect(c, "[\"1\" \"2\" \"3\" \"10\"]", "SORT l BY h_*->f DESC");
    expect(c, "[\"3\" \"10\" \"1\" \"2\"]", "SORT l BY h_*->g ALPHA");
    /* Equal ones stay as they were. */
    expect(c, "[\"3\" \"1\" \"2\" \"10\"]", "SORT l BY none_* ALPHA");
    expect(c, "[\"3\" \"1\" \"2\" \"10\"]", "SORT l BY none_* ALPHA DESC");
    expect(c, "[\"1\" \"10\" \"2\" \"3\"]", "SORT l BY none_*");
    /* Keys of another type are no weights. */
    expect(c, "[\"1\" \"10\" \"2\" \"3\"]", "SORT l BY h_*");
    expect(c, "[\"1\" \"10\" \"2\" \"3\"]", "SORT l BY w_*->f");
    expect(c, "[\"1\" \"10\" \"2\" \"3\"]", "SORT l BY w_*->");
    expect_ok(c, "SET w_3 x");
    expect_error(c, NOT_DOUBLE, "SORT l BY w_*");
    expect(c, "[\"2\" \"10\" \"1\" \"3\"]", "SORT l BY w_* ALPHA");
    /* What comes behind the first star is text. */
    expect_ok(c, "MSET x1y* 3 x2y* 2 x3y* 1");
    expect(c, "[\"10\" \"3\" \"2\" \"1\"]", "SORT l BY x*y*");
    /* A constant pattern ends sorting, whatever comes after it. */
    expect(c, "[\"3\" \"1\" \"2\" \"10\"]", "SORT l BY nosort BY w_*");
}

Test(sort, get)
{
    redisContext *c = wire_client();
    fill(c);
    expect(c, "[\"5\" \"1\" \"4\" \"2\"]", "SORT l GET w_*");
    expect(c, "[\"1\" \"v1\" \"2\" \"v2\" \"3\" nil \"10\" nil]", "SORT l GET # GET h_*->g");
    expect(c, "[nil nil]", "SORT l LIMIT 0 2 GET constant");
    expect(c, "[nil nil]", "SORT l LIMIT 0 2 GET h_*");
    expect(c, "[nil nil]", "SORT l LIMIT 0 2 GET h_*->");
    expect(c, "[nil nil]", "SORT l LIMIT 0 2 GET h_*->none");
    expect(c, "[nil nil]", "SORT l LIMIT 0 2 GET w_*->f");
    expect(c, "[nil nil]", "SORT l LIMIT 0 2 GET ##");
    expect(c, "[\"5\" \"1\"]", "SORT l BY nosort GET w_* LIMIT 1 2");
    expect_ok(c, "SET n_1 12345");
    expect(c, "[\"12345\"]", "SORT l LIMIT 0 1 GET n_*");
    expect(c, "[]", "SORT none GET #");
    struct wire_resp3 *three = resp3_client();
    expect3(three, "[\"2\" \"v2\" \"3\" nil]", "SORT l GET # GET h_*->g LIMIT 1 2");
}

Test(sort, store)
{
    redisContext *c = wire_client();
    fill(c);
    expect_int(c, 4, "SORT l STORE to");
    expect(c, "+list", "TYPE to");
    expect(c, "[\"1\" \"2\" \"3\" \"10\"]", "LRANGE to 0 -1");
    expect_int(c, 1, "EXPIRE to 100");
    expect_int(c, 8, "SORT l GET h_*->g GET # STORE to");
    expect(c, "[\"v1\" \"1\" \"v2\" \"2\" \"\" \"3\" \"\" \"10\"]", "LRANGE to 0 -1");
    expect_int(c, -1, "TTL to");
    /* Over what is sorted, over a string, and with nothing in it. */
    expect_int(c, 3, "SORT l LIMIT 0 3 STORE l");
    expect(c, "[\"1\" \"2\" \"3\"]", "LRANGE l 0 -1");
    expect_int(c, 3, "SORT s DESC STORE w_1");
    expect(c, "[\"10\" \"3\" \"2\"]", "LRANGE w_1 0 -1");
    expect_int(c, 0, "SORT l LIMIT 5 1 STORE w_1");
    expect_int(c, 0, "EXISTS w_1");
    expect_int(c, 0, "SORT none STORE to");
    expect_int(c, 0, "EXISTS to");
    expect_int(c, 0, "SORT none STORE to");
    expect_int(c, 2, "SORT l STORE a STORE b LIMIT 1 2");
    expect_int(c, 0, "EXISTS a");
    expect_int(c, 2, "LLEN b");
    expect_error(c, SYNTAX, "SORT_RO l STORE to");
}

Test(sort, refusals)
{
    redisContext *c = wire_client();
    fill(c);
    expect_error(c, WRONG_TYPE, "SORT h_1");
    expect_error(c, WRONG_TYPE, "SORT w_1");
    expect_error(c, WRONG_TYPE, "SORT_RO w_1");
    expect_error(c, WRONG_TYPE, "SORT w_1 STORE to");
    static const char *const bad[] = {"SORT l foo", "SORT l BY",     "SORT l BY w_* GET", "SORT l STORE",
                                      "SORT w_1 x", "SORT l DESC x", "SORT_RO l x",       "SORT none x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_error(c, SYNTAX, bad[i]);
    expect_error(c, NOT_DOUBLE, "SORT t");
    expect_error(c, NOT_DOUBLE, "SORT z");
    expect_error(c, "ERR wrong number of arguments for 'sort' command", "SORT");
    expect_error(c, "ERR wrong number of arguments for 'sort_ro' command", "SORT_RO");
}

Test(sort, keys_are_named)
{
    redisContext *c = wire_client();
    expect(c, "[\"a\"]", "COMMAND GETKEYS SORT a");
    expect(c, "[\"a\" \"e\"]", "COMMAND GETKEYS SORT a BY b* GET c* STORE d STORE e LIMIT 0 1");
    expect(c, "[\"a\"]", "COMMAND GETKEYS SORT a GET STORE BY STORE");
    expect(c, "[\"a\"]", "COMMAND GETKEYS SORT_RO a GET b");
    expect(c, "[[\"a\" [+RO +access]] [\"d\" [+OW +update]]]", "COMMAND GETKEYSANDFLAGS SORT a BY b STORE d");
}

Test(sort, events_tell_what_is_stored)
{
    redisContext *c = wire_client();
    fill(c);
    redisContext *l = events_listener();
    expect_int(c, 4, "SORT l STORE to");
    expect_event(l, "sortstore", "to");
    expect_int(c, 0, "SORT l LIMIT 9 1 STORE to");
    expect_event(l, "del", "to");
    expect_int(c, 0, "SORT none STORE to");
    expect_no_event(l);
}

Test(sort, the_source_of_what_is_stored_is_read)
{
    redisContext *c = wire_client();
    fill(c);
    redisContext *l = events_listener();
    wire_config("notify-keyspace-events", "Em");
    expect_ok(c, "CONFIG RESETSTAT");
    expect_int(c, 4, "SORT l STORE to");
    expect_int(c, 0, "SORT none STORE to");
    expect_event(l, "keymiss", "none");
    expect_no_event(l);
    cr_assert_eq(wire_info_int(c, "keyspace_hits"), 1);
    cr_assert_eq(wire_info_int(c, "keyspace_misses"), 1);
}

/* ---- a model -------------------------------------------------------------------------------- */

#define COUNT 1500

struct one {
    int value, weight, order;
};

static int sort_by_weight;

static int compare(const void *a, const void *b)
{
    const struct one *x = a, *y = b;
    int p = sort_by_weight ? x->weight : x->value, q = sort_by_weight ? y->weight : y->value;
    if (p != q)
        return p < q ? -1 : 1;
    char left[16], right[16];
    snprintf(left, sizeof left, "%d", x->value);
    snprintf(right, sizeof right, "%d", y->value);
    return strcmp(left, right);
}

static void expect_values(redisReply *r, const struct one *model, size_t first, size_t count, bool down)
{
    cr_assert_eq(r->elements, count);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(atoi(r->element[i]->str), model[down ? COUNT - 1 - first - i : first + i].value, "%zu",
                     i);
    freeReplyObject(r);
}

Test(sort, thousands_of_elements_of_every_type)
{
    redisContext *c = wire_client();
    static struct one model[COUNT];
    srand(7);
    for (int i = 0; i < COUNT; i++) {
        /* Different values, in no order. */
        model[i].value = (i * 7919 % COUNT) * 3 - COUNT;
        model[i].weight = rand() % 100;
        wire_send(c, "RPUSH list %d", model[i].value);
        wire_send(c, "SADD set %d", model[i].value);
        wire_send(c, "ZADD zset %d %d", rand(), model[i].value);
        wire_send(c, "SET weight:%d:w %d", model[i].value, model[i].weight);
        wire_send(c, "HSET hash:%d other x weight %d", model[i].value, model[i].weight);
    }
    for (int i = 0; i < 5 * COUNT; i++) {
        redisReply *r;
        cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
        freeReplyObject(r);
    }
    static const char *const keys[] = {"list", "set", "zset"};
    static const char *const by[] = {"", "BY weight:*:w", "BY hash:*->weight"};
    for (int b = 0; b < 3; b++) {
        sort_by_weight = b > 0;
        qsort(model, COUNT, sizeof *model, compare);
        for (int k = 0; k < 3; k++) {
            char command[128];
            for (int down = 0; down < 2; down++) {
                snprintf(command, sizeof command, "SORT %s %s %s", keys[k], by[b], down ? "DESC" : "ASC");
                expect_values(wire_command(c, command), model, 0, COUNT, down);
                for (size_t first = 0; first < 300; first = first * 3 + 1) {
                    char limited[160];
                    snprintf(limited, sizeof limited, "%s LIMIT %zu 20", command, first);
                    expect_values(wire_command(c, limited), model, first, 20, down);
                }
                strcat(command, " LIMIT 700 50");
                expect_values(wire_command(c, command), model, 700, 50, down);
                strcat(command, " STORE to");
                expect_int(c, 50, command);
                expect_values(wire_command(c, "LRANGE to 0 -1"), model, 700, 50, down);
            }
        }
    }
}
