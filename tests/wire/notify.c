/* Keyspace notifications. */
#include "tests/wire/events.h"
#include "tests/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

WIRE_SUITE(notify);

/* A client that listens to all events of all databases. */
static redisContext *listener(void)
{
    redisContext *c = wire_client();
    wire_send(c, "PSUBSCRIBE __key*@*__:*");
    expect_next(c, "[\"psubscribe\" \"__key*@*__:*\" 1]");
    return c;
}

Test(notify, off_by_default)
{
    redisContext *c = wire_client(), *l = listener();
    expect(c, "[\"notify-keyspace-events\" \"\"]", "CONFIG GET notify-keyspace-events");
    expect_ok(c, "SET k v");
    expect(l, "[\"pong\" \"\"]", "PING");
}

Test(notify, keyspace_and_keyevent_channels)
{
    redisContext *c = wire_client(), *l = listener();
    wire_config("notify-keyspace-events", "KEA");
    expect_ok(c, "SELECT 3");
    expect_ok(c, "SET %b v", "a\0b", (size_t)3);
    expect_next(l, "[\"pmessage\" \"__key*@*__:*\" \"__keyspace@3__:a\\x00b\" \"set\"]");
    expect_next(l, "[\"pmessage\" \"__key*@*__:*\" \"__keyevent@3__:set\" \"a\\x00b\"]");
    wire_config("notify-keyspace-events", "KA");
    expect_ok(c, "SET k v");
    expect_next(l, "[\"pmessage\" \"__key*@*__:*\" \"__keyspace@3__:k\" \"set\"]");
    wire_config("notify-keyspace-events", "EA");
    expect_ok(c, "SET k v");
    expect_next(l, "[\"pmessage\" \"__key*@*__:*\" \"__keyevent@3__:set\" \"k\"]");
    wire_config("notify-keyspace-events", "A");
    expect_ok(c, "SET k v");
    expect(l, "[\"pong\" \"\"]", "PING");
}

Test(notify, plain_subscriptions_get_them_too)
{
    redisContext *c = wire_client(), *l = wire_client();
    wire_config("notify-keyspace-events", "KE$");
    wire_send(l, "SUBSCRIBE __keyevent@0__:set __keyspace@0__:k");
    expect_next(l, "[\"subscribe\" \"__keyevent@0__:set\" 1]");
    expect_next(l, "[\"subscribe\" \"__keyspace@0__:k\" 2]");
    expect_ok(c, "SET k v");
    expect_ok(c, "SET other v");
    expect_next(l, "[\"message\" \"__keyspace@0__:k\" \"set\"]");
    expect_next(l, "[\"message\" \"__keyevent@0__:set\" \"k\"]");
    expect_next(l, "[\"message\" \"__keyevent@0__:set\" \"other\"]");
}

Test(notify, classes_are_told_apart)
{
    redisContext *c = wire_client(), *l = events_listener();
    wire_config("notify-keyspace-events", "E$");
    expect_ok(c, "SET k v");
    expect_int(c, 1, "DEL k");
    expect_ok(c, "SET last v");
    expect_event(l, "set", "k");
    expect_event(l, "set", "last");
    wire_config("notify-keyspace-events", "Eg");
    expect_ok(c, "SET k v");
    expect_int(c, 1, "EXPIRE k 100");
    expect_int(c, 1, "DEL k");
    expect_event(l, "expire", "k");
    expect_event(l, "del", "k");
    expect_no_event(l);
}

Test(notify, events_of_strings)
{
    redisContext *c = wire_client(), *l = events_listener();
    wire_config("notify-keyspace-events", "E$");
    expect_int(c, 1, "APPEND k 1");
    expect_event(l, "append", "k");
    expect_int(c, 2, "INCR k");
    expect_event(l, "incrby", "k");
    expect_int(c, 0, "DECRBY k 2");
    expect_event(l, "incrby", "k"); /* as Redis calls it */
    expect_bulk(c, "0.5", "INCRBYFLOAT k 0.5");
    expect_event(l, "incrbyfloat", "k");
    expect_int(c, 3, "SETRANGE k 0 x");
    expect_event(l, "setrange", "k");
    expect_ok(c, "MSET a 1 b 2");
    expect_event(l, "set", "a");
    expect_event(l, "set", "b");
    expect_int(c, 0, "SETBIT b 7 1");
    expect_event(l, "setbit", "b");
    expect_int(c, 1, "SETBIT b 7 1"); /* changes nothing */
    expect_bulk(c, "1", "GETSET a 2");
    expect_event(l, "set", "a");
    expect_int(c, 0, "SETNX a 2");
    expect_int(c, 1, "SETNX n 2");
    expect_event(l, "set", "n");
    expect_no_event(l);
}

Test(notify, generic_events)
{
    redisContext *c = wire_client();
    expect_ok(c, "MSET k v l w");
    redisContext *l = events_listener();
    wire_config("notify-keyspace-events", "Eg");
    expect_int(c, 1, "EXPIRE k 100");
    expect_event(l, "expire", "k");
    expect_int(c, 1, "PERSIST k");
    expect_event(l, "persist", "k");
    expect_ok(c, "RENAME k m");
    expect_event(l, "rename_from", "k");
    expect_event(l, "rename_to", "m");
    expect_int(c, 1, "COPY m n");
    expect_event(l, "copy_to", "n");
    expect_ok(c, "SET s v EX 100");
    expect_event(l, "expire", "s");
    expect_bulk(c, "v", "GETEX s PERSIST");
    expect_event(l, "persist", "s");
    expect_bulk(c, "v", "GETDEL s");
    expect_event(l, "del", "s");
    expect_int(c, 2, "DEL none m n");
    expect_event(l, "del", "m");
    expect_event(l, "del", "n");
    expect_int(c, 1, "UNLINK l");
    expect_event(l, "del", "l");
    expect_no_event(l);
}

Test(notify, move_is_told_in_both_databases)
{
    redisContext *c = wire_client(), *l = listener();
    expect_ok(c, "SET k v");
    wire_config("notify-keyspace-events", "Eg");
    expect_int(c, 1, "MOVE k 5");
    expect_next(l, "[\"pmessage\" \"__key*@*__:*\" \"__keyevent@0__:move_from\" \"k\"]");
    expect_next(l, "[\"pmessage\" \"__key*@*__:*\" \"__keyevent@5__:move_to\" \"k\"]");
}

Test(notify, expiry)
{
    redisContext *c = wire_client(), *l = events_listener();
    wire_config("notify-keyspace-events", "Ex");
    expect_ok(c, "SET k v PX 20");
    expect_event(l, "expired", "k");
    expect_ok(c, "SET k v");
    expect_int(c, 1, "EXPIRE k -1"); /* that is a deletion */
    wire_config("notify-keyspace-events", "Egx");
    expect_ok(c, "SET k v");
    expect_int(c, 1, "EXPIRE k -1");
    expect_event(l, "del", "k");
}

Test(notify, misses_and_new_keys_only_when_asked_for)
{
    redisContext *c = wire_client(), *l = events_listener();
    wire_config("notify-keyspace-events", "KEA");
    expect_nil(c, "GET none");
    wire_config("notify-keyspace-events", "Em");
    expect_nil(c, "GET none");
    expect_event(l, "keymiss", "none");
    wire_config("notify-keyspace-events", "En");
    expect_ok(c, "SET k 1");
    expect_event(l, "new", "k");
    expect_ok(c, "SET k 2");
    expect_int(c, 3, "INCR k");
    expect_int(c, 1, "INCR fresh");
    expect_event(l, "new", "fresh");
    expect_no_event(l);
}

Test(notify, transactions_and_failures)
{
    redisContext *c = wire_client(), *l = events_listener();
    expect_ok(c, "MULTI");
    expect_queued(c, "SET a 1");
    expect_queued(c, "INCR a");
    expect(c, "[+OK 2]", "EXEC");
    expect_event(l, "set", "a");
    expect_event(l, "incrby", "a");
    expect_ok(c, "SET a text");
    expect_event(l, "set", "a");
    expect_error_like(c, "ERR value is not an integer", "INCR a");
    expect_nil(c, "SET a x NX");
    expect_ok(c, "FLUSHALL");
    expect_no_event(l);
}

Test(notify, resp3_listener_may_write_itself)
{
    if (wire_is_redis())
        return; /* the order is 7.2's */
    struct wire_resp3 *c = resp3_client();
    wire_config("notify-keyspace-events", "KE$");
    expect3(c, ">[\"psubscribe\" \"__keyevent@0__:*\" 1]", "PSUBSCRIBE __keyevent@0__:*");
    expect3(c, "+OK", "SET k v");
    expect3_next(c, ">[\"pmessage\" \"__keyevent@0__:*\" \"__keyevent@0__:set\" \"k\"]");
    expect3(c, "+OK", "MSET a 1 b 2");
    expect3_next(c, ">[\"pmessage\" \"__keyevent@0__:*\" \"__keyevent@0__:set\" \"a\"]");
    expect3_next(c, ">[\"pmessage\" \"__keyevent@0__:*\" \"__keyevent@0__:set\" \"b\"]");
}

Test(notify, setting_reads_back_in_one_order)
{
    static const char *const pairs[][2] = {
        {"KEA", "AKE"}, {"Kg$lshzxetd", "AK"}, {"xE", "xE"}, {"EKmgx", "gxKEm"}, {"nK", "nK"}, {"", ""},
    };
    redisContext *c = wire_client();
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char expected[128];
        wire_config("notify-keyspace-events", pairs[i][0]);
        snprintf(expected, sizeof expected, "[\"notify-keyspace-events\" \"%s\"]", pairs[i][1]);
        expect(c, expected, "CONFIG GET notify-keyspace-events");
    }
    expect_error(
        c,
        "ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid event "
        "class character. Use 'Ag$lshzxeKEtmdn'.",
        "CONFIG SET notify-keyspace-events KEq");
}
