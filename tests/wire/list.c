/* Lists: every option, both forms, wrong types, limits, events. What waits is in list_block.c. */
#include "tests/wire/list.h"

#include <stdlib.h>
#include <string.h>

WIRE_SUITE(list);

#define ABCDE "[\"a\" \"b\" \"c\" \"d\" \"e\"]"

static void fill(redisContext *c)
{
    expect_int(c, 5, "RPUSH k a b c d e");
}

/* ---- LPUSH, RPUSH, LPUSHX, RPUSHX -------------------------------------------------- */

Test(list, pushes_add_one_after_the_other)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        expect_int(c, 1, "LPUSH k c");
        expect_int(c, 3, "LPUSH k b a");
        expect_int(c, 4, "RPUSH k d");
        expect_int(c, 6, "RPUSH k e f");
        expect(c, "[\"a\" \"b\" \"c\" \"d\" \"e\" \"f\"]", "LRANGE k 0 -1");
        expect_int(c, 8, "LPUSHX k y x");
        expect_int(c, 10, "RPUSHX k g h");
        expect(c, "[\"x\" \"y\" \"a\" \"b\" \"c\" \"d\" \"e\" \"f\" \"g\" \"h\"]", "LRANGE k 0 -1");
        expect_int(c, 0, "LPUSHX none a");
        expect_int(c, 0, "RPUSHX none a b");
        expect_int(c, 0, "EXISTS none");
        expect(c, "+list", "TYPE k");
    }
}

Test(list, elements_come_back_byte_for_byte)
{
    redisContext *c = wire_client();
    static const char *const texts[] = {"",
                                        "0",
                                        "-0",
                                        "00",
                                        "-1",
                                        "127",
                                        "128",
                                        "-4096",
                                        "4095",
                                        "32768",
                                        "-8388609",
                                        "2147483648",
                                        "+5",
                                        " 5",
                                        "5 ",
                                        "1.0",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "9223372036854775808",
                                        "007"};
    enum { TEXTS = sizeof texts / sizeof *texts };
    EACH_FORM(c)
    {
        for (int i = 0; i < TEXTS; i++)
            expect_int(c, i + 1, "RPUSH k %s", texts[i]);
        expect_int(c, TEXTS + 1, "RPUSH k %b", "a\0\r\n\xff", (size_t)5);
        for (int i = 0; i < TEXTS; i++) {
            expect_bulk(c, texts[i], "LINDEX k %d", i);
            expect_int(c, i, "LPOS k %s", texts[i]);
        }
        expect_bytes(c, "a\0\r\n\xff", 5, "RPOP k");
        for (int i = 0; i < TEXTS; i++)
            expect_bulk(c, texts[i], "LPOP k");
        expect_int(c, 0, "EXISTS k");
    }
}

Test(list, elements_of_every_size_survive)
{
    redisContext *c = wire_client();
    static const size_t sizes[] = {1,    62,   63,    64,    126,   127,   128,   4095,    4096,    8100,
                                   8192, 9000, 16384, 32700, 65400, 65536, 70000, 1000000, 5000000, 3};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    char *value = malloc(5000000);
    for (size_t i = 0; i < 5000000; i++)
        value[i] = (char)(i * 31 + i / 256);
    EACH_FORM(c)
    {
        for (int i = 0; i < SIZES; i++)
            expect_int(c, i + 1, "%s k %b", i % 2 ? "LPUSH" : "RPUSH", value, sizes[i]);
        for (int i = 0; i < SIZES; i++)
            expect_bytes(c, value, sizes[i], "LINDEX k %d",
                         i % 2 ? SIZES / 2 - 1 - i / 2 : SIZES / 2 + i / 2);
        /* Rotated, changed for shorter ones, and taken out again. */
        for (int i = SIZES - 1; i >= 0; i--) {
            expect_ok(c, "LSET k %d %b", i, value, sizes[i]);
            expect_bytes(c, value, sizes[i], "LINDEX k %d", i);
        }
        for (int i = 0; i < SIZES; i++)
            expect_bytes(c, value, sizes[SIZES - 1 - i], "RPOPLPUSH k k");
        for (int i = 0; i < SIZES; i++)
            expect_bytes(c, value, sizes[i], "LPOP k");
        expect_int(c, 0, "EXISTS k");
    }
    free(value);
}

/* ---- LPOP and RPOP -------------------------------------------------------------------- */

Test(list, pops_take_from_their_end)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_FORM(c)
    {
        expect_nil(c, "LPOP k");
        expect_nil(c, "RPOP k 3");
        fill(c);
        expect_bulk(c, "a", "LPOP k");
        expect_bulk(c, "e", "RPOP k");
        expect(c, "[\"d\" \"c\"]", "RPOP k 2");
        expect(c, "[]", "LPOP k 0");
        expect(c, "[\"b\"]", "LPOP k 10");
        expect_int(c, 0, "EXISTS k");
        fill(c);
        expect(c, "[\"a\" \"b\" \"c\"]", "LPOP k 3");
        expect(c, "[\"e\" \"d\"]", "RPOP k 9223372036854775807");
        expect_int(c, 0, "EXISTS k");
        fill(c);
        expect3(c3, "\"a\"", "LPOP k");
        expect3(c3, "[\"b\" \"c\" \"d\" \"e\"]", "LPOP k 5");
        expect3(c3, "nil", "LPOP k");
        expect3(c3, "nil", "RPOP k 1");
        expect3(c3, "nil", "LPOP k 0");
    }
    int fd = raw_client();
    raw_say(fd, "LPOP none\r\nLPOP none 1\r\nRPOP none 0\r\n");
    raw_expect(fd, "$-1\r\n*-1\r\n*-1\r\n");
}

Test(list, pops_check_their_arguments)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET s v");
    static const char *const names[] = {"LPOP", "RPOP"};
    for (int i = 0; i < 2; i++) {
        expect_error(c, NOT_POSITIVE, "%s s -1", names[i]);
        expect_error(c, NOT_POSITIVE, "%s s x", names[i]);
        expect_error(c, WRONG_TYPE, "%s s", names[i]);
        expect_error(c, WRONG_TYPE, "%s s 0", names[i]);
    }
    expect_error(c, WRONG_ARITY("lpop"), "LPOP");
    expect_error(c, WRONG_ARITY("rpop"), "RPOP");
    expect_error(c, WRONG_ARITY("lpop"), "LPOP s 1 2");
    expect_error(c, WRONG_ARITY("rpop"), "RPOP s 1 2");
}

/* ---- LMPOP ------------------------------------------------------------------------------ */

Test(list, lmpop)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_FORM(c)
    {
        expect_nil(c, "LMPOP 2 none k LEFT");
        fill(c);
        expect(c, "[\"k\" [\"a\"]]", "LMPOP 2 none k LEFT");
        expect(c, "[\"k\" [\"e\" \"d\"]]", "LMPOP 1 k right COUNT 2");
        expect3(c3, "[\"k\" [\"b\" \"c\"]]", "LMPOP 1 k LEFT count 9223372036854775807");
        expect_int(c, 0, "EXISTS k");
        expect3(c3, "nil", "LMPOP 1 k LEFT");
        expect_int(c, 1, "LPUSH first x");
        fill(c);
        expect(c, "[\"first\" [\"x\"]]", "LMPOP 3 none first k RIGHT COUNT 3");
    }
    int fd = raw_client();
    raw_say(fd, "LMPOP 1 none LEFT\r\n");
    raw_expect(fd, "*-1\r\n");
}

Test(list, lmpop_checks_its_arguments)
{
    redisContext *c = wire_client();
    expect_int(c, 1, "RPUSH k a");
    expect_error(c, NO_KEYS, "LMPOP 0 k LEFT");
    expect_error(c, NO_KEYS, "LMPOP -1 k LEFT");
    expect_error(c, NO_KEYS, "LMPOP x k LEFT");
    expect_error(c, SYNTAX, "LMPOP 2 k LEFT");
    expect_error(c, SYNTAX, "LMPOP 9223372036854775807 k LEFT");
    expect_error(c, SYNTAX, "LMPOP 1 k MIDDLE");
    expect_error(c, SYNTAX, "LMPOP 1 k LEFT COUNT");
    expect_error(c, SYNTAX, "LMPOP 1 k LEFT foo 1");
    expect_error(c, SYNTAX, "LMPOP 1 k LEFT COUNT 1 COUNT 2");
    expect_error(c, NO_COUNT, "LMPOP 1 k LEFT COUNT 0");
    expect_error(c, NO_COUNT, "LMPOP 1 k LEFT COUNT x");
    expect_error(c, WRONG_ARITY("lmpop"), "LMPOP 1 k");
    expect_ok(c, "SET s v");
    expect_error(c, WRONG_TYPE, "LMPOP 2 s k LEFT");
    expect_error(c, WRONG_TYPE, "LMPOP 2 none s LEFT");
    expect(c, "[\"k\" [\"a\"]]", "LMPOP 2 k s LEFT");
}

/* ---- LMOVE and RPOPLPUSH ------------------------------------------------------------------ */

Test(list, lmove_goes_from_any_end_to_any)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_FORM(c)
    {
        expect_nil(c, "LMOVE k to LEFT RIGHT");
        fill(c);
        expect_bulk(c, "a", "LMOVE k to LEFT LEFT");
        expect_bulk(c, "b", "LMOVE k to left right");
        expect_bulk(c, "e", "LMOVE k to RIGHT LEFT");
        expect_bulk(c, "d", "LMOVE k to RIGHT RIGHT");
        expect(c, "[\"e\" \"a\" \"b\" \"d\"]", "LRANGE to 0 -1");
        expect_bulk(c, "c", "RPOPLPUSH k to");
        expect_int(c, 0, "EXISTS k");
        expect(c, "[\"c\" \"e\" \"a\" \"b\" \"d\"]", "LRANGE to 0 -1");
        expect3(c3, "nil", "LMOVE k to LEFT LEFT");
        expect3(c3, "nil", "RPOPLPUSH k to");
    }
    int fd = raw_client();
    raw_say(fd, "LMOVE none to LEFT LEFT\r\nRPOPLPUSH none to\r\n");
    raw_expect(fd, "$-1\r\n$-1\r\n");
}

Test(list, a_list_is_turned_in_itself)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        fill(c);
        expect_bulk(c, "e", "RPOPLPUSH k k");
        expect(c, "[\"e\" \"a\" \"b\" \"c\" \"d\"]", "LRANGE k 0 -1");
        expect_bulk(c, "e", "LMOVE k k LEFT RIGHT");
        expect(c, ABCDE, "LRANGE k 0 -1");
        expect_bulk(c, "a", "LMOVE k k LEFT LEFT");
        expect_bulk(c, "e", "LMOVE k k RIGHT RIGHT");
        expect(c, ABCDE, "LRANGE k 0 -1");
        expect_int(c, 1, "RPUSH one x");
        expect_bulk(c, "x", "RPOPLPUSH one one");
        expect_bulk(c, "x", "LMOVE one one LEFT LEFT");
        expect(c, "[\"x\"]", "LRANGE one 0 -1");
    }
}

Test(list, moves_check_their_arguments)
{
    redisContext *c = wire_client();
    fill(c);
    expect_ok(c, "SET s v");
    expect_error(c, SYNTAX, "LMOVE k to LEFT UP");
    expect_error(c, SYNTAX, "LMOVE s to UP LEFT");
    expect_error(c, WRONG_TYPE, "LMOVE s to LEFT LEFT");
    expect_error(c, WRONG_TYPE, "LMOVE k s LEFT LEFT");
    expect_error(c, WRONG_TYPE, "RPOPLPUSH s to");
    expect_error(c, WRONG_TYPE, "RPOPLPUSH k s");
    expect_nil(c, "LMOVE none s LEFT LEFT");
    expect_nil(c, "RPOPLPUSH none s");
    expect(c, ABCDE, "LRANGE k 0 -1");
    expect_error(c, WRONG_ARITY("lmove"), "LMOVE k to LEFT");
    expect_error(c, WRONG_ARITY("rpoplpush"), "RPOPLPUSH k");
    expect_error(c, WRONG_ARITY("rpoplpush"), "RPOPLPUSH k to x");
}

/* ---- LLEN, LINDEX, LRANGE ----------------------------------------------------------------- */

Test(list, llen_and_lindex)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_FORM(c)
    {
        expect_int(c, 0, "LLEN k");
        expect_nil(c, "LINDEX k 0");
        expect_nil(c, "LINDEX k x");
        fill(c);
        expect_int(c, 5, "LLEN k");
        static const char *const all[] = {"a", "b", "c", "d", "e"};
        for (int i = 0; i < 5; i++) {
            expect_bulk(c, all[i], "LINDEX k %d", i);
            expect_bulk(c, all[i], "LINDEX k %d", i - 5);
        }
        expect_nil(c, "LINDEX k 5");
        expect_nil(c, "LINDEX k -6");
        expect_nil(c, "LINDEX k 9223372036854775807");
        expect_nil(c, "LINDEX k -9223372036854775808");
        expect3(c3, "nil", "LINDEX k 7");
        expect_error(c, NOT_INTEGER, "LINDEX k x");
        expect_error(c, NOT_INTEGER, "LINDEX k 1.0");
    }
    expect_ok(c, "SET s v");
    expect_error(c, WRONG_TYPE, "LLEN s");
    expect_error(c, WRONG_TYPE, "LINDEX s x");
    expect_error(c, WRONG_ARITY("llen"), "LLEN");
    expect_error(c, WRONG_ARITY("lindex"), "LINDEX k");
}

Test(list, lrange)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_FORM(c)
    {
        expect(c, "[]", "LRANGE k 0 -1");
        expect3(c3, "[]", "LRANGE k 0 -1");
        fill(c);
        expect(c, ABCDE, "LRANGE k 0 -1");
        expect(c, ABCDE, "LRANGE k -5 4");
        expect(c, ABCDE, "LRANGE k -100 100");
        expect(c, ABCDE, "LRANGE k -9223372036854775808 9223372036854775807");
        expect(c, "[\"b\" \"c\"]", "LRANGE k 1 2");
        expect(c, "[\"c\" \"d\" \"e\"]", "LRANGE k -3 -1");
        expect(c, "[\"e\"]", "LRANGE k 4 4");
        expect(c, "[\"a\"]", "LRANGE k 0 0");
        expect(c, "[]", "LRANGE k 3 2");
        expect(c, "[]", "LRANGE k 5 10");
        expect(c, "[]", "LRANGE k 0 -6");
        expect(c, "[]", "LRANGE k 9223372036854775807 9223372036854775807");
        expect3(c3, "[\"b\" \"c\"]", "LRANGE k 1 2");
    }
    expect_ok(c, "SET s v");
    expect_error(c, WRONG_TYPE, "LRANGE s 0 -1");
    expect_error(c, NOT_INTEGER, "LRANGE s x 1");
    expect_error(c, NOT_INTEGER, "LRANGE none 1 x");
    expect_error(c, WRONG_ARITY("lrange"), "LRANGE k 0");
}

/* ---- LPOS ------------------------------------------------------------------------------------ */

Test(list, lpos)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_FORM(c)
    {
        expect_nil(c, "LPOS k a");
        expect(c, "[]", "LPOS k a COUNT 0");
        expect_int(c, 8, "RPUSH k a b c 1 2 c c 3");
        expect_int(c, 2, "LPOS k c");
        expect_int(c, 3, "LPOS k 1");
        expect_nil(c, "LPOS k x");
        expect_nil(c, "LPOS k 01");
        expect_int(c, 5, "LPOS k c RANK 2");
        expect_int(c, 6, "LPOS k c rank -1");
        expect_int(c, 2, "LPOS k c RANK -3");
        expect_nil(c, "LPOS k c RANK 4");
        expect_nil(c, "LPOS k c RANK -9223372036854775807");
        expect(c, "[2 5 6]", "LPOS k c COUNT 0");
        expect(c, "[2 5]", "LPOS k c COUNT 2");
        expect(c, "[2 5 6]", "LPOS k c COUNT 9223372036854775807");
        expect(c, "[6 5 2]", "LPOS k c COUNT 0 RANK -1");
        expect(c, "[5 2]", "LPOS k c RANK -2 COUNT 5");
        expect(c, "[5]", "LPOS k c RANK 2 COUNT 1");
        expect(c, "[]", "LPOS k x COUNT 1");
        expect(c, "[]", "LPOS k c RANK 4 COUNT 0");
        expect_nil(c, "LPOS k c MAXLEN 2");
        expect_int(c, 2, "LPOS k c maxlen 3");
        expect_int(c, 2, "LPOS k c MAXLEN 0");
        expect(c, "[2]", "LPOS k c COUNT 0 MAXLEN 5");
        expect(c, "[6]", "LPOS k c COUNT 0 MAXLEN 2 RANK -1");
        expect(c, "[]", "LPOS k c COUNT 0 MAXLEN 1 RANK -1");
        expect_int(c, 5, "LPOS k c RANK 1 RANK 2");
        expect3(c3, "nil", "LPOS k x");
        expect3(c3, "[2 5 6]", "LPOS k c COUNT 0");
    }
}

Test(list, lpos_checks_its_arguments)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET s v");
    expect_error(
        c,
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative "
        "to start from the end of the list",
        "LPOS s a RANK 0");
    expect_error(c, NOT_INTEGER, "LPOS s a RANK x");
    if (!wire_is_redis()) /* 7.0 takes it */
        expect_error(
            c, "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
            "LPOS s a RANK -9223372036854775808");
    expect_error(c, "ERR COUNT can't be negative", "LPOS s a COUNT -1");
    expect_error(c, "ERR COUNT can't be negative", "LPOS s a COUNT x");
    expect_error(c, "ERR MAXLEN can't be negative", "LPOS s a MAXLEN -1");
    expect_error(c, SYNTAX, "LPOS s a RANK");
    expect_error(c, SYNTAX, "LPOS s a foo 1");
    expect_error(c, WRONG_TYPE, "LPOS s a RANK 1 COUNT 1 MAXLEN 1");
    expect_error(c, WRONG_ARITY("lpos"), "LPOS s");
}

/* ---- LSET, LINSERT, LREM, LTRIM -------------------------------------------------------------- */

Test(list, lset)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        expect_error(c, "ERR no such key", "LSET k x y");
        fill(c);
        expect_ok(c, "LSET k 0 first");
        expect_ok(c, "LSET k -1 5");
        expect_ok(c, "LSET k 2 %s", "");
        expect(c, "[\"first\" \"b\" \"\" \"d\" \"5\"]", "LRANGE k 0 -1");
        expect_ok(c, "LSET k -5 a");
        expect(c, "[\"a\" \"b\" \"\" \"d\" \"5\"]", "LRANGE k 0 -1");
        expect_error(c, "ERR index out of range", "LSET k 5 x");
        expect_error(c, "ERR index out of range", "LSET k -6 x");
        expect_error(c, NOT_INTEGER, "LSET k x y");
    }
    expect_ok(c, "SET s v");
    expect_error(c, WRONG_TYPE, "LSET s x y");
    expect_error(c, WRONG_ARITY("lset"), "LSET k 0");
}

Test(list, linsert)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        expect_int(c, 0, "LINSERT k BEFORE a b");
        expect_int(c, 0, "EXISTS k");
        expect_int(c, 3, "RPUSH k b d 6");
        expect_int(c, 4, "LINSERT k BEFORE b a");
        expect_int(c, 5, "LINSERT k after b c");
        expect_int(c, 6, "LINSERT k BEFORE 6 5");
        expect_int(c, 7, "LINSERT k AFTER 6 7");
        expect_int(c, -1, "LINSERT k AFTER none x");
        expect(c, "[\"a\" \"b\" \"c\" \"d\" \"5\" \"6\" \"7\"]", "LRANGE k 0 -1");
        expect_int(c, 8, "RPUSH k b");
        expect_int(c, 9, "LINSERT k AFTER b first");
        expect_bulk(c, "first", "LINDEX k 2");
    }
    expect_ok(c, "SET s v");
    expect_error(c, SYNTAX, "LINSERT s foo a b");
    expect_error(c, WRONG_TYPE, "LINSERT s BEFORE a b");
    expect_error(c, WRONG_ARITY("linsert"), "LINSERT s BEFORE a");
}

Test(list, lrem)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        expect_int(c, 0, "LREM k 0 a");
        expect_int(c, 8, "RPUSH k a b a c a 1 a 1");
        expect_int(c, 2, "LREM k 2 a");
        expect(c, "[\"b\" \"c\" \"a\" \"1\" \"a\" \"1\"]", "LRANGE k 0 -1");
        expect_int(c, 1, "LREM k -1 a");
        expect(c, "[\"b\" \"c\" \"a\" \"1\" \"1\"]", "LRANGE k 0 -1");
        expect_int(c, 0, "LREM k 0 none");
        expect_int(c, 2, "LREM k 0 1");
        expect_int(c, 1, "LREM k 10 b");
        expect_int(c, 1, "LREM k -9223372036854775807 a");
        expect_int(c, 1, "LREM k 9223372036854775807 c");
        expect_int(c, 0, "EXISTS k");
    }
    expect_ok(c, "SET s v");
    expect_error(c, NOT_INTEGER, "LREM s x a");
    expect_error(c, WRONG_TYPE, "LREM s 0 a");
    expect_error(c, WRONG_ARITY("lrem"), "LREM s 0");
}

Test(list, ltrim)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        expect_ok(c, "LTRIM k 0 1");
        fill(c);
        expect_ok(c, "LTRIM k 0 -1");
        expect(c, ABCDE, "LRANGE k 0 -1");
        expect_ok(c, "LTRIM k 1 -1");
        expect_ok(c, "LTRIM k -9223372036854775808 2");
        expect(c, "[\"b\" \"c\" \"d\"]", "LRANGE k 0 -1");
        expect_ok(c, "LTRIM k -2 -2");
        expect(c, "[\"c\"]", "LRANGE k 0 -1");
        expect_ok(c, "LTRIM k 1 9223372036854775807");
        expect_int(c, 0, "EXISTS k");
        fill(c);
        expect_ok(c, "LTRIM k 3 2");
        expect_int(c, 0, "EXISTS k");
    }
    expect_ok(c, "SET s v");
    expect_error(c, NOT_INTEGER, "LTRIM s x 1");
    expect_error(c, NOT_INTEGER, "LTRIM s 1 x");
    expect_error(c, WRONG_TYPE, "LTRIM s 0 1");
    expect_error(c, WRONG_ARITY("ltrim"), "LTRIM s 0");
}

Test(list, pushes_check_their_arguments)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET s v");
    static const char *const names[] = {"lpush", "rpush", "lpushx", "rpushx"};
    for (int i = 0; i < 4; i++) {
        char text[100];
        snprintf(text, sizeof text, "ERR wrong number of arguments for '%s' command", names[i]);
        expect_error(c, text, "%s s", names[i]);
        expect_error(c, WRONG_TYPE, "%s s x", names[i]);
    }
}

/* ---- events, expiry, watching ------------------------------------------------------------------ */

Test(list, changes_are_told)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        redisContext *l = events_listener();
        fill(c);
        expect_event(l, "rpush", "k");
        expect_int(c, 6, "LPUSHX k x");
        expect_event(l, "lpush", "k");
        expect_int(c, 0, "LPUSHX none x");
        expect_bulk(c, "x", "LPOP k");
        expect_event(l, "lpop", "k");
        expect(c, "[]", "RPOP k 0");
        expect_int(c, 6, "LINSERT k AFTER a 1");
        expect_event(l, "linsert", "k");
        expect_int(c, -1, "LINSERT k AFTER none 1");
        expect_ok(c, "LSET k 0 a");
        expect_event(l, "lset", "k");
        expect_int(c, 1, "LREM k 0 1");
        expect_event(l, "lrem", "k");
        expect_int(c, 0, "LREM k 0 1");
        expect_ok(c, "LTRIM k 0 -1");
        expect_event(l, "ltrim", "k");
        expect_bulk(c, "e", "RPOPLPUSH k to");
        expect_event(l, "lpush", "to");
        expect_event(l, "rpop", "k");
        expect_bulk(c, "e", "LMOVE to k LEFT RIGHT");
        expect_event(l, "rpush", "k");
        expect_event(l, "lpop", "to");
        expect_event(l, "del", "to");
        expect_bulk(c, "e", "LMOVE k k RIGHT LEFT");
        expect_event(l, "lpush", "k");
        expect_event(l, "rpop", "k");
        expect(c, "[\"k\" [\"d\" \"c\"]]", "LMPOP 1 k RIGHT COUNT 2");
        expect_event(l, "rpop", "k");
        expect(c, "[\"e\" \"a\" \"b\"]", "LPOP k 3");
        expect_event(l, "lpop", "k");
        expect_event(l, "del", "k");
        fill(c);
        expect_event(l, "rpush", "k");
        expect_ok(c, "LTRIM k 5 5");
        expect_event(l, "ltrim", "k");
        expect_event(l, "del", "k");
        expect_int(c, 2, "LPUSH k 1 1");
        expect_event(l, "lpush", "k");
        expect_int(c, 2, "LREM k 0 1");
        expect_event(l, "lrem", "k");
        expect_event(l, "del", "k");
        expect_no_event(l);
    }
}

Test(list, changes_keep_the_expiry)
{
    redisContext *c = wire_client();
    EACH_FORM(c)
    {
        expect_int(c, 1, "RPUSH k a");
        expect_int(c, 1, "EXPIRE k 1000");
        for (int i = 0; i < 10; i++)
            expect_int(c, i + 2, "RPUSH k %d", i);
        expect_bulk(c, "a", "LMOVE k k LEFT RIGHT");
        expect_int(c, 1, "LREM k 0 3");
        expect_ok(c, "LTRIM k 0 1");
        expect_between(c, 990, 1000, "TTL k");
        expect(c, "[\"0\" \"1\"]", "LPOP k 2");
        expect_int(c, 1, "RPUSH k a");
        expect_int(c, -1, "TTL k");
    }
}

Test(list, a_change_breaks_a_watch)
{
    redisContext *c = wire_client(), *other = wire_client();
    static const char *const changes[] = {"RPUSH k x",     "LPOP k",     "LSET k 0 y",          "LTRIM k 0 1",
                                          "RPOPLPUSH k k", "LREM k 1 c", "LINSERT k BEFORE b x"};
    static const char *const others[] = {"LRANGE k 0 -1", "LREM k 0 none", "LPOP k 0", "LPUSHX none x"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes + sizeof others / sizeof *others; i++) {
        size_t n = sizeof changes / sizeof *changes;
        expect_ok(c, "FLUSHALL");
        fill(c);
        expect_ok(c, "WATCH k");
        freeReplyObject(wire_command(other, i < n ? changes[i] : others[i - n]));
        expect_ok(c, "MULTI");
        expect_queued(c, "PING");
        expect(c, i < n ? "nil" : "[+PONG]", "EXEC");
    }
}

/* ---- the two forms -------------------------------------------------------------------------------- */

Test(list, encodings_are_those_of_redis_7_2)
{
    if (wire_is_redis())
        return;
    redisContext *c = wire_client();
    wire_config("list-max-listpack-size", "4");
    expect_int(c, 4, "RPUSH k 1 2 3 4");
    expect_bulk(c, "listpack", "OBJECT ENCODING k");
    expect_int(c, 5, "RPUSH k 5");
    expect_bulk(c, "quicklist", "OBJECT ENCODING k");
    expect(c, "[\"5\" \"4\"]", "RPOP k 2");
    expect_bulk(c, "quicklist", "OBJECT ENCODING k");
    expect_bulk(c, "3", "RPOP k");
    expect_bulk(c, "listpack", "OBJECT ENCODING k");
    expect_int(c, 6, "RPUSH many 1 2 3 4 5 6");
    expect_bulk(c, "quicklist", "OBJECT ENCODING many");
    expect_ok(c, "LTRIM many 0 1");
    expect_bulk(c, "listpack", "OBJECT ENCODING many");
    /* Replacing counts as one more before, and is looked at again behind. */
    expect_int(c, 4, "RPUSH many 3 4");
    expect_ok(c, "LSET many 0 x");
    expect_bulk(c, "quicklist", "OBJECT ENCODING many");
    expect_ok(c, "LTRIM many 0 1");
    expect_bulk(c, "listpack", "OBJECT ENCODING many");
    expect_ok(c, "LSET many 0 y");
    expect_bulk(c, "listpack", "OBJECT ENCODING many");
    expect_int(c, 3, "LINSERT many BEFORE y x");
    expect_int(c, 4, "LINSERT many BEFORE y x");
    expect_int(c, 5, "LINSERT many BEFORE y x");
    expect_bulk(c, "quicklist", "OBJECT ENCODING many");
    expect_int(c, 3, "LREM many 0 x");
    expect_bulk(c, "listpack", "OBJECT ENCODING many");
    /* Sizes in bytes: 4 KiB, of which 7 are Redis's frame. */
    wire_config("list-max-listpack-size", "-1");
    static const char zeros[5000];
    expect_int(c, 1, "RPUSH bytes %b", zeros, (size_t)4089);
    expect_bulk(c, "listpack", "OBJECT ENCODING bytes");
    expect_int(c, 1, "RPUSH more %b", zeros, (size_t)4090);
    expect_bulk(c, "quicklist", "OBJECT ENCODING more");
    expect_ok(c, "LSET more 0 %s", "");
    expect_bulk(c, "listpack", "OBJECT ENCODING more");
}

Test(list, long_lists_are_entered_anywhere)
{
    redisContext *c = wire_client();
    for (int round = 0; round < 2; round++) {
        wire_config("list-compress-depth", round ? "2" : "0");
        expect_ok(c, "FLUSHALL");
        for (int i = 0; i < 30000; i++)
            wire_send(c, "RPUSH k element:%d", i);
        for (int i = 0; i < 30000; i++) {
            redisReply *r;
            cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK);
            freeReplyObject(r);
        }
        for (int i = 0; i < 30000; i += 997) {
            char text[100];
            snprintf(text, sizeof text, "element:%d", i);
            expect_bulk(c, text, "LINDEX k %d", i);
            expect_bulk(c, text, "LINDEX k %d", i - 30000);
            snprintf(text, sizeof text, "[\"element:%d\" \"element:%d\"]", i, i + 1);
            expect(c, text, "LRANGE k %d %d", i, i + 1);
            expect_int(c, i, "LPOS k element:%d", i);
            expect_int(c, i, "LPOS k element:%d RANK -1", i);
        }
        expect_ok(c, "LSET k 15000 changed");
        expect_int(c, 30001, "LINSERT k BEFORE changed inserted");
        expect(c, "[\"element:14999\" \"inserted\" \"changed\" \"element:15001\"]", "LRANGE k 14999 15002");
        expect_int(c, 1, "LREM k 0 inserted");
        expect_int(c, 1, "COPY k copy");
        expect_ok(c, "LTRIM k 9000 -9001");
        expect_int(c, 12000, "LLEN k");
        expect_bulk(c, "element:9000", "LINDEX k 0");
        expect_bulk(c, "element:20999", "LINDEX k -1");
        expect_ok(c, "LTRIM k 11000 -1");
        expect_bulk(c, "element:20000", "LPOP k");
        expect_int(c, 30000, "LLEN copy");
        expect_bulk(c, "element:29999", "LINDEX copy -1");
        expect_bulk(c, "changed", "LINDEX copy 15000");
    }
}

Test(list, settings_may_change_while_lists_are_long)
{
    redisContext *c = wire_client();
    static const char *const sizes[] = {"-2", "1", "-5", "3", "-1", "100"};
    int count = 0;
    for (int i = 0; i < 600; i++) {
        if (i % 50 == 0) {
            wire_config("list-max-listpack-size", sizes[i / 50 % 6]);
            wire_config("list-compress-depth", i / 50 % 2 ? "1" : "0");
        }
        for (int n = 0; n < 20; n++) {
            count++;
            expect_int(c, count, "%s k element:%d", n % 2 ? "RPUSH" : "LPUSH", i * 20 + n);
        }
        expect_bulk(c, "element:1", "LINDEX k %d", (i + 1) * 10);
        expect_bulk(c, "element:0", "LINDEX k %d", (i + 1) * 10 - 1);
    }
    for (int i = 11999; i > 0; i -= 2) {
        char text[32];
        snprintf(text, sizeof text, "element:%d", i);
        expect_bulk(c, text, "RPOP k");
        snprintf(text, sizeof text, "element:%d", i - 1);
        expect_bulk(c, text, "LPOP k");
    }
    expect_int(c, 0, "EXISTS k");
}

Test(list, memory_usage_counts_long_lists)
{
    redisContext *c = wire_client();
    static const char zeros[100];
    for (int i = 0; i < 1000; i++)
        expect_int(c, i + 1, "RPUSH k %b", zeros, sizeof zeros);
    expect_between(c, 100000, 130000, "MEMORY USAGE k");
    expect_int(c, 1, "DEL k");
}
