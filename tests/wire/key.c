/* Commands for keys of any type and for whole databases. */
#include "tests/wire/wire.h"

#include <stdlib.h>

WIRE_SUITE(key);

/* ---- looking ---------------------------------------------------------------- */

Test(key, exists_counts_each_mention)
{
    redisContext *c = wire_client();
    expect_int(c, 0, "EXISTS a");
    expect_ok(c, "SET a 1");
    expect_ok(c, "SET %b 1", "b\0c", (size_t)3);
    expect_int(c, 1, "EXISTS a");
    expect_int(c, 3, "EXISTS a a none %b", "b\0c", (size_t)3);
    expect_error(c, "ERR wrong number of arguments for 'exists' command", "EXISTS");
}

Test(key, touch_counts_what_exists_and_notes_the_access)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET a 1");
    expect_int(c, 2, "TOUCH a none a");
    expect_int(c, 0, "TOUCH none");
    expect_error(c, "ERR wrong number of arguments for 'touch' command", "TOUCH");
}

Test(key, type_names_what_a_key_holds)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET a 1");
    expect(c, "+string", "TYPE a");
    expect(c, "+none", "TYPE b");
    expect_error(c, "ERR wrong number of arguments for 'type' command", "TYPE a b");
    struct wire_resp3 *c3 = resp3_client();
    expect3(c3, "+string", "TYPE a");
}

Test(key, looks_count_as_hits_and_misses)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET a 1");
    long long hits = wire_info_int(c, "keyspace_hits"), misses = wire_info_int(c, "keyspace_misses");
    expect_int(c, 1, "EXISTS a none");
    expect(c, "+none", "TYPE none");
    expect_int(c, -1, "TTL a");
    expect_int(c, -2, "PTTL none");
    expect_int(c, 1, "TOUCH a none");
    cr_assert_eq(wire_info_int(c, "keyspace_hits"), hits + 3);
    cr_assert_eq(wire_info_int(c, "keyspace_misses"), misses + 4);
    expect_int(c, 1, "DEL a none");
    expect_int(c, 0, "EXPIRE none 1");
    wire_int(c, "DBSIZE");
    cr_assert_eq(wire_info_int(c, "keyspace_hits"), hits + 3);
}

Test(key, randomkey_gives_one_that_is_there)
{
    redisContext *c = wire_client();
    expect_nil(c, "RANDOMKEY");
    expect_ok(c, "SET only 1");
    for (int i = 0; i < 10; i++)
        expect_bulk(c, "only", "RANDOMKEY");
    expect_ok(c, "SET other 1");
    int only = 0;
    for (int i = 0; i < 200; i++) {
        char *name = wire_text(c, "RANDOMKEY");
        only += strcmp(name, "only") == 0;
        free(name);
    }
    cr_assert(only > 0 && only < 200);
    struct wire_resp3 *c3 = resp3_client();
    expect_ok(c, "FLUSHDB");
    expect3(c3, "nil", "RANDOMKEY");
    expect_error(c, "ERR wrong number of arguments for 'randomkey' command", "RANDOMKEY a");
}

Test(key, dbsize_counts_the_selected_database)
{
    redisContext *c = wire_client();
    expect_int(c, 0, "DBSIZE");
    expect_ok(c, "MSET a 1 b 2 c 3");
    expect_int(c, 3, "DBSIZE");
    expect_ok(c, "SELECT 3");
    expect_int(c, 0, "DBSIZE");
    expect_error(c, "ERR wrong number of arguments for 'dbsize' command", "DBSIZE a");
}

/* ---- removing ---------------------------------------------------------------- */

Test(key, del_and_unlink_remove_and_count)
{
    redisContext *c = wire_client();
    expect_ok(c, "MSET a 1 b 2 c 3 d 4");
    expect_int(c, 2, "DEL a b a none");
    expect_int(c, 1, "UNLINK c c");
    expect_int(c, 1, "DBSIZE");
    expect_nil(c, "GET a");
    expect_error(c, "ERR wrong number of arguments for 'del' command", "DEL");
    expect_error(c, "ERR wrong number of arguments for 'unlink' command", "UNLINK");
}

Test(key, big_values_are_removed)
{
    redisContext *c = wire_client();
    expect_int(c, 50000000, "SETRANGE big 49999999 x");
    expect_int(c, 20000, "SETRANGE middle 19999 x");
    expect_int(c, 2, "DEL big middle");
    expect_int(c, 50000000, "SETRANGE big 49999999 x");
    expect_int(c, 1, "UNLINK big");
    expect_int(c, 0, "EXISTS big middle");
}

Test(key, thousands_of_keys_go_in_one_del)
{
    redisContext *c = wire_client();
    enum { N = 20000 };
    static char names[N][12];
    static const char *argv[N + 1] = {"DEL"};
    for (int i = 0; i < N; i++) {
        sprintf(names[i], "key:%d", i);
        argv[i + 1] = names[i];
        redisAppendCommand(c, "SET %s %d", names[i], i);
    }
    redisReply *reply;
    for (int i = 0; i < N; i++) {
        cr_assert_eq(redisGetReply(c, (void **)&reply), REDIS_OK);
        freeReplyObject(reply);
    }
    expect_int(c, N, "DBSIZE");
    reply = redisCommandArgv(c, N + 1, argv, NULL);
    cr_assert(reply && reply->type == REDIS_REPLY_INTEGER && reply->integer == N);
    freeReplyObject(reply);
    expect_int(c, 0, "DBSIZE");
}

Test(key, flushdb_empties_the_selected_database_only)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET a 1");
    expect_ok(c, "SELECT 1");
    expect_ok(c, "SET a 2");
    expect_ok(c, "FLUSHDB");
    expect_int(c, 0, "DBSIZE");
    expect_nil(c, "GET a");
    expect_ok(c, "SELECT 0");
    expect_bulk(c, "1", "GET a");
    expect_ok(c, "FLUSHDB ASYNC");
    expect_ok(c, "FLUSHDB sync");
    expect_int(c, 0, "DBSIZE");
    expect_error(c, "ERR syntax error", "FLUSHDB now");
    expect_error(c, "ERR syntax error", "FLUSHDB ASYNC SYNC");
}

Test(key, flushall_empties_all)
{
    redisContext *c = wire_client();
    static const char *const modes[] = {"FLUSHALL", "FLUSHALL ASYNC", "FLUSHALL SYNC"};
    for (int i = 0; i < 3; i++) {
        expect_ok(c, "SELECT 15");
        expect_ok(c, "SET a 1 EX 100");
        expect_ok(c, "SELECT 0");
        expect_ok(c, "SET a 1");
        expect_ok(c, modes[i]);
        expect_int(c, 0, "DBSIZE");
        expect_ok(c, "SELECT 15");
        expect_int(c, 0, "DBSIZE");
    }
    expect_error(c, "ERR syntax error", "FLUSHALL a");
}

/* ---- moving about -------------------------------------------------------------- */

Test(key, rename_moves_value_and_expiry)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET a value PX 100000");
    expect_ok(c, "SET b old");
    expect_ok(c, "RENAME a b");
    expect_nil(c, "GET a");
    expect_bulk(c, "value", "GET b");
    expect_between(c, 90000, 100000, "PTTL b");
    expect_ok(c, "SET c new");
    expect_ok(c, "RENAME c b");
    expect_int(c, -1, "TTL b");
    expect_ok(c, "RENAME b b");
    expect_bulk(c, "new", "GET b");
    expect_error(c, "ERR no such key", "RENAME a b");
    expect_error(c, "ERR no such key", "RENAME a a");
    expect_error(c, "ERR wrong number of arguments for 'rename' command", "RENAME a");
}

Test(key, rename_of_big_values_and_long_names)
{
    redisContext *c = wire_client();
    static char name[3000];
    memset(name, 'n', sizeof name - 1);
    expect_int(c, 100000, "SETRANGE big 99999 x");
    expect_ok(c, "RENAME big %s", name);
    expect_int(c, 100000, "STRLEN %s", name);
    expect_int(c, 1, "COPY %s big", name);
    expect_int(c, 1, "RENAMENX %s small", name);
    expect_int(c, 100000, "STRLEN big");
    expect_int(c, 100001, "APPEND big y");
    expect_int(c, 100000, "STRLEN small");
    expect_unordered(c, "[\"big\" \"small\"]", "KEYS *");
}

Test(key, renamenx_leaves_an_existing_name_alone)
{
    redisContext *c = wire_client();
    expect_ok(c, "MSET a 1 b 2");
    expect_int(c, 0, "RENAMENX a b");
    expect_bulk(c, "2", "GET b");
    expect_int(c, 0, "RENAMENX a a");
    expect_int(c, 1, "RENAMENX a c");
    expect_bulk(c, "1", "GET c");
    expect_error(c, "ERR no such key", "RENAMENX a d");
}

Test(key, move_takes_a_key_to_another_database)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET a 1 EX 100");
    expect_int(c, 1, "MOVE a 2");
    expect_nil(c, "GET a");
    expect_int(c, 0, "MOVE a 2");
    expect_ok(c, "SET a other");
    expect_int(c, 0, "MOVE a 2");
    expect_bulk(c, "other", "GET a");
    expect_ok(c, "SELECT 2");
    expect_bulk(c, "1", "GET a");
    expect_between(c, 90, 100, "TTL a");
    expect_error(c, "ERR source and destination objects are the same", "MOVE a 2");
    expect_error(c, "ERR DB index is out of range", "MOVE a 16");
    expect_error(c, "ERR DB index is out of range", "MOVE a -1");
    expect_error(c, "ERR value is not an integer or out of range", "MOVE a x");
    expect_error(c, "ERR value is out of range, value must between -2147483648 and 2147483647",
                 "MOVE a 99999999999");
}

Test(key, copy_keeps_the_source)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET a 1 EX 100");
    expect_int(c, 1, "COPY a b");
    expect_bulk(c, "1", "GET b");
    expect_between(c, 90, 100, "TTL b");
    expect_int(c, 2, "APPEND b 2");
    expect_bulk(c, "1", "GET a");
    expect_int(c, 0, "COPY a b");
    expect_bulk(c, "12", "GET b");
    expect_int(c, 1, "COPY a b REPLACE");
    expect_bulk(c, "1", "GET b");
    expect_int(c, 0, "COPY none b REPLACE");
    expect_bulk(c, "1", "GET b");
    expect_int(c, 1, "COPY a a DB 5");
    expect_int(c, 0, "COPY a a DB 5");
    expect_int(c, 1, "COPY a a replace db 5");
    expect_int(c, 1, "COPY a z DB 3 DB 5");
    expect_ok(c, "SELECT 5");
    expect_unordered(c, "[\"a\" \"z\"]", "KEYS *");
}

Test(key, copy_errors)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR source and destination objects are the same", "COPY a a");
    expect_error(c, "ERR source and destination objects are the same", "COPY a a DB 0 REPLACE");
    expect_error(c, "ERR syntax error", "COPY a b c");
    expect_error(c, "ERR syntax error", "COPY a b DB");
    expect_error(c, "ERR DB index is out of range", "COPY a b DB 16");
    expect_error(c, "ERR DB index is out of range", "COPY a b DB -1");
    expect_error(c, "ERR value is not an integer or out of range", "COPY a b DB x");
    expect_error(c, "ERR wrong number of arguments for 'copy' command", "COPY a");
}

Test(key, swapdb_lets_databases_trade_places)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET a zero EX 100");
    expect_ok(c, "SELECT 1");
    expect_ok(c, "SET a one");
    expect_ok(c, "SET b one");
    expect_ok(c, "SWAPDB 0 1");
    expect_bulk(c, "zero", "GET a");
    expect_between(c, 90, 100, "TTL a");
    expect_int(c, 1, "DBSIZE");
    expect_ok(c, "SELECT 0");
    expect_int(c, 2, "DBSIZE");
    expect_ok(c, "SWAPDB 0 0");
    expect_bulk(c, "one", "GET a");
    expect_error(c, "ERR invalid first DB index", "SWAPDB a 1");
    expect_error(c, "ERR invalid second DB index", "SWAPDB 1 a");
    expect_error(c, "ERR invalid first DB index", "SWAPDB 99999999999 0");
    expect_error(c, "ERR DB index is out of range", "SWAPDB 0 16");
    expect_error(c, "ERR DB index is out of range", "SWAPDB -1 0");
}

/* ---- OBJECT ----------------------------------------------------------------------- */

Test(key, object_encoding_names_strings_as_redis_does)
{
    redisContext *c = wire_client();
    static char text[46];
    memset(text, 'x', 44);
    expect_nil(c, "OBJECT ENCODING a");
    expect_ok(c, "SET a 12345");
    expect_bulk(c, "int", "OBJECT ENCODING a");
    expect_ok(c, "SET a -9223372036854775808");
    expect_bulk(c, "int", "OBJECT ENCODING a");
    expect_ok(c, "SET a 9223372036854775808");
    expect_bulk(c, "embstr", "OBJECT ENCODING a");
    expect_ok(c, "SET a 012");
    expect_bulk(c, "embstr", "OBJECT ENCODING a");
    expect_ok(c, "SET a %s", text);
    expect_bulk(c, "embstr", "OBJECT ENCODING a");
    expect_ok(c, "SET a %sx", text);
    expect_bulk(c, "raw", "OBJECT ENCODING a");
    expect_ok(c, "SET a 1");
    expect_int(c, 2, "APPEND a 2");
    expect_bulk(c, "raw", "OBJECT ENCODING a");
    expect_int(c, 1, "COPY a b");
    expect_bulk(c, "raw", "OBJECT ENCODING b");
    expect_int(c, 13, "INCR a");
    expect_bulk(c, "int", "OBJECT ENCODING a");
    expect_int(c, 1, "SETRANGE c 0 1");
    expect_bulk(c, "raw", "OBJECT ENCODING c");
    expect_int(c, 1, "APPEND d 7");
    expect_bulk(c, "int", "OBJECT ENCODING d");
    expect_int(c, 0, "SETBIT e 7 1");
    expect_bulk(c, "raw", "OBJECT ENCODING e");
    expect_ok(c, "SET f 5");
    expect_int(c, 0, "SETBIT f 0 0");
    expect_bulk(c, "raw", "OBJECT ENCODING f");
    expect_bulk(c, "3", "INCRBYFLOAT g 3");
    expect_bulk(c, "embstr", "OBJECT ENCODING g");
    expect_int(c, 1, "EXPIRE g 100");
    expect_int(c, 1, "COPY g h");
    expect_bulk(c, "embstr", "OBJECT ENCODING h");
    expect_int(c, 4, "INCR g");
    expect_bulk(c, "int", "OBJECT ENCODING g");
}

Test(key, object_refcount_is_one_but_for_small_integers)
{
    redisContext *c = wire_client();
    expect_nil(c, "OBJECT REFCOUNT a");
    expect_ok(c, "SET a text");
    expect_int(c, 1, "OBJECT REFCOUNT a");
    expect_ok(c, "SET a 10000");
    expect_int(c, 1, "OBJECT REFCOUNT a");
    expect_ok(c, "SET a 9999");
    expect_int(c, 2147483647, "OBJECT REFCOUNT a");
}

Test(key, object_idletime_counts_seconds_without_access)
{
    redisContext *c = wire_client();
    expect_nil(c, "OBJECT IDLETIME a");
    expect_ok(c, "SET a 1");
    expect_between(c, 0, 1, "OBJECT IDLETIME a");
    expect_soon(c, "2", "OBJECT IDLETIME a");
    expect_int(c, 1, "EXISTS a");
    expect(c, "+string", "TYPE a");
    expect_between(c, 2, 3, "OBJECT IDLETIME a");
    expect_int(c, 1, "TOUCH a");
    expect_between(c, 0, 1, "OBJECT IDLETIME a");
}

Test(key, touch_notes_the_access_even_under_no_touch)
{
    redisContext *c = wire_client();
    if (wire_is_redis())
        return; /* CLIENT NO-TOUCH came with 7.2 */
    expect_ok(c, "SET a 1");
    expect_ok(c, "CLIENT NO-TOUCH ON");
    expect_soon(c, "2", "OBJECT IDLETIME a");
    expect_bulk(c, "1", "GET a");
    expect_between(c, 2, 3, "OBJECT IDLETIME a");
    expect_int(c, 1, "TOUCH a");
    expect_between(c, 0, 1, "OBJECT IDLETIME a");
    expect_ok(c, "CLIENT NO-TOUCH OFF");
}

Test(key, object_freq_needs_another_policy)
{
    redisContext *c = wire_client();
    expect_nil(c, "OBJECT FREQ a");
    expect_ok(c, "SET a 1");
    expect_error_like(c, "ERR An LFU maxmemory policy is not selected, access frequency not tracked.",
                      "OBJECT FREQ a");
}

Test(key, object_help_and_errors)
{
    redisContext *c = wire_client();
    redisReply *help = wire_command(c, "OBJECT HELP");
    cr_assert_eq(help->type, REDIS_REPLY_ARRAY);
    cr_assert_eq(help->element[0]->type, REDIS_REPLY_STATUS);
    cr_assert_str_eq(help->element[0]->str,
                     "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    freeReplyObject(help);
    expect_error(c, "ERR unknown subcommand 'foo'. Try OBJECT HELP.", "OBJECT foo a");
    expect_error(c, "ERR wrong number of arguments for 'object' command", "OBJECT");
    expect_error(c, "ERR wrong number of arguments for 'object|encoding' command", "OBJECT ENCODING");
    expect_error(c, "ERR wrong number of arguments for 'object|freq' command", "OBJECT FREQ a b");
}

/* ---- what is told ------------------------------------------------------------------- */

/* Sends a command and expects these messages on the events' channels. */
#define expect_told(listener, c, text, ...)                                                                  \
    do {                                                                                                     \
        freeReplyObject(wire_command(c, __VA_ARGS__));                                                       \
        expect_next(listener, text);                                                                         \
    } while (0)
#define EVENT(db, name, key) "[\"pmessage\" \"__keyevent@*\" \"__keyevent@" #db "__:" name "\" \"" key "\"]"

Test(key, events_are_told_as_redis_tells_them)
{
    redisContext *c = wire_client(), *l = wire_client();
    wire_config("notify-keyspace-events", "EAn");
    expect(l, "[\"psubscribe\" \"__keyevent@*\" 1]", "PSUBSCRIBE __keyevent@*");
    expect_told(l, c, EVENT(0, "new", "a"), "SET a 1");
    expect_next(l, EVENT(0, "set", "a"));
    expect_told(l, c, EVENT(0, "new", "b"), "COPY a b");
    expect_next(l, EVENT(0, "copy_to", "b"));
    expect_told(l, c, EVENT(0, "new", "b"), "RENAME a b");
    expect_next(l, EVENT(0, "rename_from", "a"));
    expect_next(l, EVENT(0, "rename_to", "b"));
    expect_ok(c, "RENAME b b");
    expect_told(l, c, EVENT(0, "new", "c"), "COPY b c REPLACE");
    expect_next(l, EVENT(0, "copy_to", "c"));
    expect_told(l, c, EVENT(3, "new", "c"), "MOVE c 3");
    expect_next(l, EVENT(0, "move_from", "c"));
    expect_next(l, EVENT(3, "move_to", "c"));
    expect_told(l, c, EVENT(0, "expire", "b"), "EXPIRE b 100");
    expect_told(l, c, EVENT(0, "persist", "b"), "PERSIST b");
    expect_int(c, 0, "PERSIST b");
    expect_int(c, 0, "DEL none");
    expect_told(l, c, EVENT(0, "del", "b"), "UNLINK b");
    expect_told(l, c, EVENT(0, "new", "d"), "SET d 1");
    expect_next(l, EVENT(0, "set", "d"));
    expect_told(l, c, EVENT(0, "del", "d"), "EXPIRE d -1");
    expect_told(l, c, EVENT(0, "new", "e"), "SET e 1");
    expect_next(l, EVENT(0, "set", "e"));
    expect_ok(c, "FLUSHALL");
    expect_told(l, c, EVENT(0, "new", "e"), "SET e 1");
}
