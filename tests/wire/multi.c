/* MULTI EXEC DISCARD WATCH UNWATCH. */
#include "tests/wire/wire.h"

#include <string.h>

WIRE_SUITE(multi);

Test(multi, exec_runs_what_was_queued)
{
    redisContext *c = wire_client();
    expect_ok(c, "MULTI");
    expect_queued(c, "SET k v");
    expect_queued(c, "GET k");
    expect_queued(c, "INCR n");
    expect(c, "[+OK \"v\" 1]", "EXEC");
    expect_bulk(c, "v", "GET k");
}

Test(multi, exec_of_nothing_is_empty)
{
    redisContext *c = wire_client();
    expect_ok(c, "MULTI");
    expect(c, "[]", "EXEC");
}

Test(multi, keeps_binary_arguments)
{
    redisContext *c = wire_client();
    expect_ok(c, "MULTI");
    expect_queued(c, "SET %b %b", "a\0b", (size_t)3, "c\r\n\0d", (size_t)5);
    expect_queued(c, "SET empty %s", "");
    expect_queued(c, "GET %b", "a\0b", (size_t)3);
    expect(c, "[+OK +OK \"c\\r\\n\\x00d\"]", "EXEC");
    expect_bulk(c, "", "GET empty");
}

Test(multi, nothing_runs_before_exec)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "MULTI");
    expect_queued(c, "SET k v");
    expect_nil(other, "GET k");
    expect(c, "[+OK]", "EXEC");
    expect_bulk(other, "v", "GET k");
}

Test(multi, discard_forgets_the_queue)
{
    redisContext *c = wire_client();
    expect_ok(c, "MULTI");
    expect_queued(c, "SET k v");
    expect_ok(c, "DISCARD");
    expect_nil(c, "GET k");
    expect_error(c, "ERR EXEC without MULTI", "EXEC");
}

Test(multi, without_multi)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR EXEC without MULTI", "EXEC");
    expect_error(c, "ERR DISCARD without MULTI", "DISCARD");
}

Test(multi, wrong_arity)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR wrong number of arguments for 'multi' command", "MULTI x");
    expect_error(c, "ERR wrong number of arguments for 'discard' command", "DISCARD x");
    expect_error(c, "ERR wrong number of arguments for 'watch' command", "WATCH");
    expect_error(c, "ERR wrong number of arguments for 'unwatch' command", "UNWATCH x");
    expect_error(c,
                 "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command",
                 "EXEC x");
}

Test(multi, nested_multi_and_watch_inside_are_errors_that_dont_abort)
{
    redisContext *c = wire_client();
    expect_ok(c, "MULTI");
    expect_error(c, "ERR MULTI calls can not be nested", "MULTI");
    expect_error(c, "ERR WATCH inside MULTI is not allowed", "WATCH k");
    expect_queued(c, "SET k v");
    expect(c, "[+OK]", "EXEC");
}

Test(multi, errors_while_queueing_abort_exec)
{
    redisContext *c = wire_client();
    expect_ok(c, "MULTI");
    expect_queued(c, "SET k v");
    expect_error_like(c, "ERR unknown command 'nosuch'", "nosuch a");
    expect_queued(c, "SET l v");
    expect_error(c, "EXECABORT Transaction discarded because of previous errors.", "EXEC");
    expect_int(c, 0, "EXISTS k l");
    expect_ok(c, "MULTI");
    expect_error(c, "ERR wrong number of arguments for 'get' command", "GET");
    expect_error(c, "EXECABORT Transaction discarded because of previous errors.", "EXEC");
    expect_ok(c, "MULTI");
    expect_error(c, "ERR unknown subcommand 'nosuch'. Try CLIENT HELP.", "CLIENT nosuch");
    expect_error(c, "EXECABORT Transaction discarded because of previous errors.", "EXEC");
    expect_ok(c, "MULTI");
    expect_error(c, "ERR wrong number of arguments for 'set' command", "SET a");
    expect_ok(c, "DISCARD");
    expect_ok(c, "SET a b");
}

Test(multi, exec_refused_for_its_arity_ends_the_transaction)
{
    redisContext *c = wire_client();
    expect_ok(c, "MULTI");
    expect_queued(c, "SET k v");
    expect_error(c,
                 "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command",
                 "EXEC now");
    expect_error(c, "ERR EXEC without MULTI", "EXEC");
    expect_nil(c, "GET k");
}

Test(multi, errors_while_running_dont_stop_the_rest)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET s text");
    expect_ok(c, "MULTI");
    expect_queued(c, "INCR s");
    expect_queued(c, "SET after 1");
    expect_queued(c, "SET k v BADOPTION");
    expect_queued(c, "INCR after");
    expect(c, "[-ERR value is not an integer or out of range +OK -ERR syntax error 2]", "EXEC");
}

Test(multi, select_inside_holds_for_the_rest_and_after)
{
    redisContext *c = wire_client();
    expect_ok(c, "MULTI");
    expect_queued(c, "SET k zero");
    expect_queued(c, "SELECT 3");
    expect_queued(c, "SET k three");
    expect(c, "[+OK +OK +OK]", "EXEC");
    expect_bulk(c, "three", "GET k");
    expect_ok(c, "SELECT 0");
    expect_bulk(c, "zero", "GET k");
}

Test(multi, a_queue_larger_than_any_buffer)
{
    redisContext *c = wire_client();
    static char value[70000];
    memset(value, 'x', sizeof value);
    expect_ok(c, "MULTI");
    for (int i = 0; i < 2000; i++)
        redisAppendCommand(c, "INCR n");
    redisAppendCommand(c, "SET big %b", value, sizeof value);
    redisAppendCommand(c, "STRLEN big");
    for (int i = 0; i < 2002; i++)
        expect_next(c, "+QUEUED");
    redisReply *all = wire_command(c, "EXEC");
    cr_assert_eq(all->elements, 2002);
    for (int i = 0; i < 2000; i++)
        cr_assert_eq(all->element[i]->integer, i + 1);
    cr_assert_eq(all->element[2001]->integer, (long long)sizeof value);
    freeReplyObject(all);
}

Test(multi, a_queue_above_the_query_buffer_limit_costs_the_connection)
{
    if (wire_is_redis())
        return; /* since 7.2 */
    struct wire_server *s = wire_start("--client-query-buffer-limit", "1mb", NULL);
    redisContext *c = wire_client_of(s), *other = wire_client_of(s);
    static char value[100000];
    memset(value, 'x', sizeof value);
    redisAppendCommand(c, "MULTI");
    for (int i = 0; i < 30; i++)
        redisAppendCommand(c, "SET k %b", value, sizeof value);
    redisReply *reply;
    int got = 0;
    while (got < 31 && redisGetReply(c, (void **)&reply) == REDIS_OK) {
        freeReplyObject(reply);
        got++;
    }
    cr_assert_lt(got, 31);
    expect(other, "+PONG", "PING");
    wire_close(c);
}

Test(multi, one_pipeline_with_everything)
{
    int fd = raw_client();
    raw_say(fd, "MULTI\r\nSET a 1\r\nINCR a\r\nEXEC\r\nMULTI\r\nGET a\r\nDISCARD\r\nGET a\r\n");
    raw_expect(fd, "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:2\r\n+OK\r\n+QUEUED\r\n+OK\r\n$1\r\n2\r\n");
}

Test(multi, quit_and_reset_run_at_once)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "MULTI");
    expect_queued(c, "SET k v");
    expect(c, "+RESET", "RESET");
    expect_error(c, "ERR EXEC without MULTI", "EXEC");
    expect_ok(c, "MULTI");
    expect_queued(c, "SET k v");
    expect_ok(c, "QUIT");
    expect_closed(c);
    expect_nil(other, "GET k");
    wire_close(c);
}

Test(multi, monitor_inside_is_an_error)
{
    redisContext *c = wire_client();
    expect_ok(c, "MULTI");
    expect_queued(c, "MONITOR");
    expect(c, "[-ERR MONITOR isn't allowed for DENY BLOCKING client]", "EXEC");
}

Test(multi, resp3)
{
    struct wire_resp3 *c = resp3_client();
    redisContext *other = wire_client();
    expect3(c, "+OK", "MULTI");
    expect3(c, "+QUEUED", "GET none");
    expect3(c, "+QUEUED", "SET k v");
    expect3(c, "[nil +OK]", "EXEC");
    expect3(c, "+OK", "WATCH k");
    expect_ok(other, "SET k w");
    expect3(c, "+OK", "MULTI");
    expect3(c, "+QUEUED", "GET k");
    expect3(c, "nil", "EXEC");
    expect3(c, "+OK", "MULTI");
    expect3(c, "-ERR wrong number of arguments for 'get' command", "GET");
    expect3(c, "-EXECABORT Transaction discarded because of previous errors.", "EXEC");
}

Test(multi, hello_inside_changes_the_protocol_of_what_follows)
{
    int fd = raw_client();
    raw_say(fd, "MULTI\r\nGET none\r\nHELLO 3 x\r\nGET none\r\nEXEC\r\n");
    raw_expect(
        fd, "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n$-1\r\n-ERR Syntax error in HELLO option 'x'\r\n"
            "$-1\r\n");
}

Test(multi, client_reply_off_inside_silences_the_rest)
{
    int fd = raw_client();
    raw_say(fd,
            "MULTI\r\nSET a 1\r\nCLIENT REPLY OFF\r\nGET a\r\nEXEC\r\nGET a\r\nCLIENT REPLY ON\r\nGET a\r\n");
    raw_expect(fd, "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n+OK\r\n$1\r\n1\r\n");
}

Test(multi, client_list_counts_the_queue)
{
    struct wire_server *s = wire_start("--hz", "10", NULL);
    redisContext *c = wire_client_of(s), *other = wire_client_of(s);
    char *text = wire_text(other, "CLIENT INFO");
    cr_assert(strstr(text, " flags=") && strstr(text, " multi=-1 "));
    free(text);
    long long id = wire_int(c, "CLIENT ID");
    expect_ok(c, "MULTI");
    expect_queued(c, "SET k v");
    expect_queued(c, "SET k v");
    text = wire_text(other, "CLIENT LIST ID %lld", id);
    cr_assert(strstr(text, " multi=2 "), "%s", text);
    cr_assert(strstr(text, " cmd=set "), "%s", text);
    free(text);
    expect(c, "[+OK +OK]", "EXEC");
    text = wire_text(other, "CLIENT LIST ID %lld", id);
    cr_assert(strstr(text, " cmd=exec ") && strstr(text, " multi=-1 "), "%s", text);
    free(text);
}

/* ---- WATCH ---------------------------------------------------------------------- */

/* What EXEC answers to c after a queued PING: nil when a watched key was touched. */
#define expect_untouched(c)                                                                                  \
    do {                                                                                                     \
        expect_ok(c, "MULTI");                                                                               \
        expect_queued(c, "PING");                                                                            \
        expect(c, "[+PONG]", "EXEC");                                                                        \
    } while (0)
#define expect_touched(c)                                                                                    \
    do {                                                                                                     \
        expect_ok(c, "MULTI");                                                                               \
        expect_queued(c, "PING");                                                                            \
        expect_nil(c, "EXEC");                                                                               \
    } while (0)

Test(multi, watch_sees_changes_by_others_and_by_itself)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "SET k 1");
    expect_ok(c, "WATCH k");
    expect_untouched(c);
    expect_ok(c, "WATCH k");
    expect_ok(other, "SET k 2");
    expect_touched(c);
    expect_ok(c, "WATCH k");
    expect_ok(c, "SET k 3");
    expect_touched(c);
    expect_untouched(c); /* watches ended with EXEC */
}

Test(multi, a_change_between_multi_and_exec_counts)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "WATCH a b c");
    expect_ok(c, "MULTI");
    expect_queued(c, "SET a 1");
    expect_ok(other, "SET b 1");
    expect_nil(c, "EXEC");
    expect_nil(c, "GET a");
}

Test(multi, exec_answers_null_array_in_resp2)
{
    int fd = raw_client();
    raw_say(fd, "WATCH k\r\nSET k v\r\nMULTI\r\nGET k\r\nEXEC\r\n");
    raw_expect(fd, "+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n*-1\r\n");
}

Test(multi, every_kind_of_change_touches)
{
    static const char *const changes[] = {
        "APPEND k x",       "DEL k",
        "UNLINK k",         "EXPIRE k 100",
        "PEXPIRE k 100000", "GETDEL k",
        "GETSET k x",       "SETEX k 9 x",
        "SETRANGE k 0 x",   "SETBIT k 0 1",
        "RENAME k m",       "RENAME l k",
        "COPY l k REPLACE", "MOVE k 5",
        "MSET a 1 k 2",     "GETEX k EX 100",
        "BITOP NOT k l",    "BITFIELD k SET u8 0 1",
    };
    redisContext *c = wire_client(), *other = wire_client();
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        expect_ok(other, "FLUSHALL");
        expect_ok(other, "MSET k abc l def");
        expect_ok(c, "WATCH k");
        freeReplyObject(wire_command(other, changes[i]));
        expect_ok(c, "MULTI");
        expect_queued(c, "PING");
        redisReply *reply = wire_command(c, "EXEC");
        cr_expect_eq(reply->type, REDIS_REPLY_NIL, "%s", changes[i]);
        freeReplyObject(reply);
    }
}

Test(multi, reading_and_failing_dont_touch)
{
    static const char *const commands[] = {
        "GET k",     "STRLEN k",       "TTL k",    "TYPE k",         "SET k x NX",        "SETNX k x",
        "PERSIST k", "INCR k",         "EXISTS k", "TOUCH k",        "OBJECT ENCODING k", "RENAMENX l k",
        "COPY l k",  "GETRANGE k 0 1", "DEL none", "EXPIRE none 10", "SET none x XX",     "SET other x",
        "DUMP none",
    };
    redisContext *c = wire_client(), *other = wire_client();
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        expect_ok(other, "FLUSHALL");
        expect_ok(other, "MSET k abc l def");
        expect_ok(c, "WATCH k none");
        freeReplyObject(wire_command(other, commands[i]));
        expect_ok(c, "MULTI");
        expect_queued(c, "PING");
        redisReply *reply = wire_command(c, "EXEC");
        cr_expect_eq(reply->type, REDIS_REPLY_ARRAY, "%s", commands[i]);
        freeReplyObject(reply);
    }
}

Test(multi, unwatch_and_discard_forget)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "UNWATCH");
    expect_ok(c, "WATCH k");
    expect_ok(other, "SET k 1");
    expect_ok(c, "UNWATCH");
    expect_untouched(c);
    expect_ok(c, "WATCH k");
    expect_ok(c, "MULTI");
    expect_ok(c, "DISCARD");
    expect_ok(other, "SET k 2");
    expect_untouched(c);
    expect_ok(c, "WATCH k");
    expect_ok(c, "MULTI");
    expect_queued(c, "UNWATCH");
    expect_ok(other, "SET k 3");
    expect_nil(c, "EXEC");
    expect_ok(c, "WATCH k");
    expect(c, "+RESET", "RESET");
    expect_ok(other, "SET k 4");
    expect_untouched(c);
}

Test(multi, one_key_by_many_and_many_keys_by_one)
{
    redisContext *other = wire_client(), *c[20];
    for (int i = 0; i < 20; i++) {
        c[i] = wire_client();
        for (int k = 0; k <= i; k++)
            expect_ok(c[i], "WATCH k%d k%d k%d", k, k, k);
    }
    expect_ok(other, "SET k10 x");
    for (int i = 0; i < 20; i++) {
        if (i < 10)
            expect_untouched(c[i]);
        else
            expect_touched(c[i]);
    }
}

Test(multi, a_watcher_that_leaves_is_forgotten)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "WATCH k");
    wire_close(c);
    expect_ok(other, "SET k 1");
    expect_ok(other, "SET k 2");
}

Test(multi, databases_are_told_apart)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "WATCH k");
    expect_ok(other, "SELECT 1");
    expect_ok(other, "SET k 1");
    expect_untouched(c);
    expect_ok(c, "SELECT 1");
    expect_ok(c, "WATCH k");
    expect_ok(c, "SELECT 0");
    expect_ok(other, "SET k 2");
    expect_touched(c);
}

Test(multi, a_watched_key_that_expires_touches)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k v PX 30");
    expect_ok(c, "WATCH k");
    expect_soon(c, "0", "EXISTS k");
    expect_touched(c);
}

Test(multi, a_watched_key_that_expired_unseen_touches_at_exec)
{
    if (wire_is_redis())
        return; /* needs enable-debug-command */
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "DEBUG SET-ACTIVE-EXPIRE 0");
    expect_ok(c, "SET k v PX 30");
    expect_ok(c, "WATCH k");
    expect_ok(other, "SET clock x PX 60");
    expect_soon(other, "0", "EXISTS clock");
    expect_touched(c);
    expect_ok(c, "DEBUG SET-ACTIVE-EXPIRE 1");
}

Test(multi, a_key_that_was_expired_already_doesnt_touch)
{
    if (wire_is_redis())
        return;
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "DEBUG SET-ACTIVE-EXPIRE 0");
    static const char *const then[] = {"PING", "DEL k", "FLUSHDB", "FLUSHALL", "SWAPDB 0 1", "GET k"};
    for (size_t i = 0; i < sizeof then / sizeof then[0]; i++) {
        expect_ok(other, "SET k v PX 10");
        expect_ok(other, "SET clock x PX 30");
        expect_soon(other, "0", "EXISTS clock");
        expect_ok(c, "WATCH k");
        freeReplyObject(wire_command(other, then[i]));
        expect_ok(c, "MULTI");
        expect_queued(c, "PING");
        redisReply *reply = wire_command(c, "EXEC");
        cr_expect_eq(reply->type, REDIS_REPLY_ARRAY, "%s", then[i]);
        freeReplyObject(reply);
        expect_ok(other, "FLUSHALL");
    }
    expect_ok(c, "DEBUG SET-ACTIVE-EXPIRE 1");
}

Test(multi, flush_touches_what_was_there)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "SET k v");
    expect_ok(c, "WATCH k");
    expect_ok(other, "FLUSHDB");
    expect_touched(c);
    expect_ok(c, "WATCH k");
    expect_ok(other, "FLUSHDB");
    expect_ok(other, "FLUSHALL");
    expect_untouched(c);
    expect_ok(c, "SET k v");
    expect_ok(c, "WATCH k");
    expect_ok(other, "SELECT 1");
    expect_ok(other, "FLUSHDB");
    expect_ok(other, "FLUSHALL ASYNC");
    expect_touched(c);
}

Test(multi, swapdb_touches_what_was_or_is_there)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "SET k v");
    expect_ok(c, "WATCH k");
    expect_ok(other, "SWAPDB 0 1"); /* it went */
    expect_touched(c);
    expect_ok(c, "WATCH k");
    expect_ok(other, "SWAPDB 1 0"); /* it came */
    expect_touched(c);
    expect_ok(c, "WATCH none");
    expect_ok(other, "SWAPDB 0 1");
    expect_untouched(c);
    expect_ok(c, "WATCH k");
    expect_ok(other, "SWAPDB 5 6");
    expect_untouched(c);
}

Test(multi, watching_stays_with_its_client_when_watches_are_many)
{
    redisContext *c = wire_client(), *other = wire_client();
    for (int i = 0; i < 3000; i++)
        redisAppendCommand(c, "WATCH key:%d", i);
    for (int i = 0; i < 3000; i++)
        expect_next(c, "+OK");
    expect_ok(other, "SET key:3000 x");
    expect_untouched(c);
    for (int i = 0; i < 3000; i++)
        redisAppendCommand(c, "WATCH key:%d", i);
    for (int i = 0; i < 3000; i++)
        expect_next(c, "+OK");
    expect_ok(other, "SET key:2999 x");
    expect_touched(c);
}
