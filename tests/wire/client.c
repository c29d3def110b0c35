/* CLIENT and its subcommands; MONITOR. */
#include "tests/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

WIRE_SUITE(client);
WIRE_SUITE(monitor);

/* A server of the test's own: CLIENT LIST of a shared one may show others. */
static struct wire_server *own_server(void)
{
    return wire_start("--port", "auto", NULL);
}

static char *list_line(redisContext *c, long long id)
{
    return wire_text(c, "CLIENT LIST ID %lld", id);
}

/* True when the line has the field with that value. */
static bool has(const char *line, const char *field, const char *value)
{
    char text[256];
    snprintf(text, sizeof text, " %s=%s", field, value);
    const char *at = strstr(line, text);
    return at && (at[strlen(text)] == ' ' || at[strlen(text)] == '\n');
}

#define expect_field(c, id, field, value)                                                                    \
    do {                                                                                                     \
        char *line_ = list_line(c, id);                                                                      \
        cr_assert(has(line_, field, value), "%s=%s: %s", field, value, line_);                               \
        free(line_);                                                                                         \
    } while (0)

Test(client, ids_grow)
{
    redisContext *a = wire_client(), *b = wire_client();
    long long first = wire_int(a, "CLIENT ID");
    cr_assert_gt(wire_int(b, "CLIENT ID"), first);
    expect_int(a, first, "CLIENT ID");
    expect_error(a, "ERR wrong number of arguments for 'client|id' command", "CLIENT ID x");
}

Test(client, names)
{
    redisContext *c = wire_client();
    expect_nil(c, "CLIENT GETNAME");
    expect_ok(c, "CLIENT SETNAME conn-1");
    expect_bulk(c, "conn-1", "CLIENT GETNAME");
    static const char *const bad[] = {"a b", "a\nb", "\xc3\xa4", "a\tb", "\x7f"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_error(c, "ERR Client names cannot contain spaces, newlines or special characters.",
                     "CLIENT SETNAME %s", bad[i]);
    expect_bulk(c, "conn-1", "CLIENT GETNAME");
    expect_ok(c, "CLIENT SETNAME %s", "");
    expect_nil(c, "CLIENT GETNAME");
    struct wire_resp3 *c3 = resp3_client();
    expect3(c3, "nil", "CLIENT GETNAME");
    expect_error(c, "ERR wrong number of arguments for 'client|setname' command", "CLIENT SETNAME");
    expect_error(c, "ERR wrong number of arguments for 'client|getname' command", "CLIENT GETNAME x");
}

Test(client, setinfo)
{
    if (wire_is_redis())
        return; /* since 7.2 */
    redisContext *c = wire_client();
    long long id = wire_int(c, "CLIENT ID");
    expect_field(c, id, "lib-name", "");
    expect_ok(c, "CLIENT SETINFO lib-name redis-py");
    expect_ok(c, "CLIENT SETINFO LIB-VER 5.0.1");
    expect_field(c, id, "lib-name", "redis-py");
    expect_field(c, id, "lib-ver", "5.0.1");
    expect_error(c, "ERR lib-name cannot contain spaces, newlines or special characters.",
                 "CLIENT SETINFO lib-name %s", "a b");
    expect_error(c, "ERR Unrecognized option 'nosuch'", "CLIENT SETINFO nosuch x");
    expect_error(c, "ERR wrong number of arguments for 'client|setinfo' command", "CLIENT SETINFO lib-name");
    expect(c, "+RESET", "RESET");
    expect_field(c, id, "lib-name", "redis-py");
    expect_ok(c, "CLIENT SETINFO lib-name %s", "");
    expect_field(c, id, "lib-name", "");
}

Test(client, list_has_every_field_in_order)
{
    struct wire_server *s = own_server();
    redisContext *c = wire_client_tcp(s);
    expect_ok(c, "CLIENT SETNAME me");
    expect_ok(c, "SELECT 2");
    char *line = wire_text(c, "CLIENT LIST");
    static const char *const fields[] = {
        "id",        "addr", "laddr", "fd",   "name",     "age",     "idle",      "flags",
        "db",        "sub",  "psub",  "ssub", "multi",    "qbuf",    "qbuf-free", "argv-mem",
        "multi-mem", "rbs",  "rbp",   "obl",  "oll",      "omem",    "tot-mem",   "events",
        "cmd",       "user", "redir", "resp", "lib-name", "lib-ver",
    };
    size_t count = sizeof fields / sizeof fields[0] - (wire_is_redis() ? 2 : 0);
    char *save, *copy = strdup(line), *word = strtok_r(copy, " \n", &save);
    for (size_t i = 0; i < count; i++) {
        cr_assert(word && !strncmp(word, fields[i], strlen(fields[i])) && word[strlen(fields[i])] == '=',
                  "%s: %s", fields[i], line);
        word = strtok_r(NULL, " \n", &save);
    }
    cr_assert_null(word);
    free(copy);
    char port[32];
    snprintf(port, sizeof port, "127.0.0.1:%d", s->port);
    cr_assert(has(line, "laddr", port) && strstr(line, " addr=127.0.0.1:"));
    cr_assert(has(line, "name", "me") && has(line, "db", "2") && has(line, "flags", "N") &&
              has(line, "multi", "-1"));
    cr_assert(has(line, "cmd", "client|list") && has(line, "user", "default") && has(line, "redir", "-1"));
    cr_assert(has(line, "resp", "2") && has(line, "events", "r") && has(line, "age", "0") &&
              has(line, "idle", "0"));
    cr_assert_eq(line[strlen(line) - 1], '\n');
    free(line);
    line = wire_text(c, "CLIENT INFO");
    cr_assert(!strncmp(line, "id=", 3) && has(line, "cmd", "client|info"));
    free(line);
}

Test(client, list_shows_state)
{
    struct wire_server *s = own_server();
    redisContext *c = wire_client_of(s), *other = wire_client_of(s);
    long long id = wire_int(other, "CLIENT ID");
    expect_field(c, id, "flags", "U");
    expect_field(c, id, "cmd", "client|id");
    expect_nil(other, "GET k");
    expect_field(c, id, "cmd", "get");
    expect_ok(other, "WATCH k");
    expect_ok(other, "SET k v");
    expect_field(c, id, "flags", "dU");
    expect_ok(other, "MULTI");
    expect_field(c, id, "flags", "xdU");
    expect_field(c, id, "multi", "0");
    expect_ok(other, "DISCARD");
    expect_ok(other, "CLIENT NO-EVICT ON");
    expect_field(c, id, "flags", "Ue");
    if (!wire_is_redis()) {
        expect_ok(other, "CLIENT NO-TOUCH ON");
        expect_field(c, id, "flags", "UeT");
        expect_ok(other, "CLIENT NO-TOUCH OFF");
    }
    expect_ok(other, "CLIENT NO-EVICT OFF");
    expect_field(c, id, "flags", "U");
    expect_error(c, "ERR syntax error", "CLIENT NO-EVICT maybe");
    char *line = list_line(c, id);
    char addr[160];
    snprintf(addr, sizeof addr, "%s:0", s->socket);
    cr_assert(has(line, "addr", addr) && has(line, "laddr", addr), "%s", line);
    free(line);
    struct wire_resp3 *c3 = resp3_client_of(s);
    struct resp3_value *v = resp3_command(c3, "CLIENT INFO");
    cr_assert_eq(v->type, RESP3_VERBATIM);
    cr_assert(strstr(v->text, " resp=3"));
    resp3_destroy(v);
}

Test(client, list_filters)
{
    struct wire_server *s = own_server();
    redisContext *a = wire_client_of(s), *b = wire_client_of(s), *sub = wire_client_of(s);
    long long ida = wire_int(a, "CLIENT ID"), idb = wire_int(b, "CLIENT ID");
    wire_send(sub, "SUBSCRIBE x");
    expect_next(sub, "[\"subscribe\" \"x\" 1]");
    char *text = wire_text(a, "CLIENT LIST TYPE pubsub");
    cr_assert(text[0] && strchr(text, '\n') == text + strlen(text) - 1 && has(text, "sub", "1"), "%s", text);
    free(text);
    text = wire_text(a, "CLIENT LIST TYPE NORMAL");
    cr_assert(strstr(text, "\n") && !has(text, "sub", "1"));
    free(text);
    expect_bulk(a, "", "CLIENT LIST TYPE replica");
    expect_bulk(a, "", "CLIENT LIST TYPE slave");
    expect_bulk(a, "", "CLIENT LIST TYPE master");
    text = wire_text(a, "CLIENT LIST ID %lld %lld 99999", idb, ida);
    char want[32];
    snprintf(want, sizeof want, "id=%lld ", idb);
    cr_assert(!strncmp(text, want, strlen(want)), "%s", text);
    free(text);
    expect_bulk(a, "", "CLIENT LIST ID 99999");
    expect_error(a, "ERR Unknown client type 'foo'", "CLIENT LIST TYPE foo");
    expect_error(a, "ERR Invalid client ID", "CLIENT LIST ID x");
    expect_error(a, "ERR Invalid client ID", "CLIENT LIST ID 1 TYPE normal");
    expect_error(a, "ERR syntax error", "CLIENT LIST ID");
    expect_error(a, "ERR syntax error", "CLIENT LIST TYPE");
    expect_error(a, "ERR syntax error", "CLIENT LIST TYPE normal ID 1");
    expect_error(a, "ERR syntax error", "CLIENT LIST foo bar");
}

Test(client, kill_by_address)
{
    struct wire_server *s = own_server();
    redisContext *c = wire_client_of(s), *victim = wire_client_tcp(s);
    char *line = list_line(c, wire_int(victim, "CLIENT ID"));
    char *addr = strstr(line, " addr=") + 6;
    *strchr(addr, ' ') = '\0';
    expect_ok(c, "CLIENT KILL %s", addr);
    expect_closed(victim);
    expect_error(c, "ERR No such client", "CLIENT KILL %s", addr);
    expect_int(c, 0, "CLIENT KILL ADDR %s", addr);
    free(line);
    wire_close(victim);
    victim = wire_client_tcp(s);
    line = list_line(c, wire_int(victim, "CLIENT ID"));
    addr = strstr(line, " addr=") + 6;
    *strchr(addr, ' ') = '\0';
    expect_int(c, 1, "CLIENT KILL ADDR %s", addr);
    expect_closed(victim);
    wire_close(victim);
    free(line);
    victim = wire_client_tcp(s);
    expect(victim, "+PONG", "PING");
    expect_int(c, 1, "CLIENT KILL LADDR 127.0.0.1:%d", s->port);
    expect_closed(victim);
    wire_close(victim);
}

Test(client, kill_filters)
{
    struct wire_server *s = own_server();
    redisContext *c = wire_client_of(s), *a = wire_client_of(s), *b = wire_client_of(s);
    long long id = wire_int(c, "CLIENT ID"), ida = wire_int(a, "CLIENT ID"), idb = wire_int(b, "CLIENT ID");
    expect_int(c, 0, "CLIENT KILL ID %lld", id); /* skipme */
    expect_int(c, 0, "CLIENT KILL ID %lld SKIPME yes", id);
    expect_int(c, 0, "CLIENT KILL ID %lld TYPE pubsub", ida);
    expect_int(c, 1, "CLIENT KILL ID %lld USER default TYPE normal", ida);
    expect_closed(a);
    expect_int(c, 0, "CLIENT KILL ID %lld", ida);
    expect_int(c, 0, "CLIENT KILL TYPE replica");
    expect_int(c, 0, "CLIENT KILL TYPE master");
    expect_int(c, 1, "CLIENT KILL TYPE NORMAL");
    expect_closed(b);
    expect_int(c, 0, "CLIENT KILL ID %lld", idb);
    expect_int(c, 1, "CLIENT KILL ID %lld SKIPME no", id);
    expect_closed(c);
    wire_close(a);
    wire_close(b);
    wire_close(c);
}

Test(client, kill_oneself_by_the_old_form)
{
    struct wire_server *s = own_server();
    redisContext *c = wire_client_of(s);
    expect_ok(c, "CLIENT KILL %s:0", s->socket);
    expect_closed(c);
    wire_close(c);
}

Test(client, kill_inside_a_transaction_runs_the_rest)
{
    struct wire_server *s = own_server();
    redisContext *c = wire_client_of(s), *other = wire_client_of(s);
    long long id = wire_int(c, "CLIENT ID");
    expect_ok(c, "MULTI");
    expect_queued(c, "SET a 1");
    expect_queued(c, "CLIENT KILL ID %lld SKIPME no", id);
    expect_queued(c, "SET b 1");
    wire_send(c, "EXEC");
    expect_closed(c);
    expect_soon(other, "2", "EXISTS a b");
    wire_close(c);
}

Test(client, kill_errors)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR wrong number of arguments for 'client|kill' command", "CLIENT KILL");
    expect_error(c, "ERR No such client", "CLIENT KILL 1.2.3.4:5");
    expect_error(c, "ERR client-id should be greater than 0", "CLIENT KILL ID 0");
    expect_error(c, "ERR client-id should be greater than 0", "CLIENT KILL ID x");
    expect_error(c, "ERR Unknown client type 'foo'", "CLIENT KILL TYPE foo");
    expect_error(c, "ERR No such user 'foo'", "CLIENT KILL USER foo");
    expect_error(c, "ERR syntax error", "CLIENT KILL foo bar");
    expect_error(c, "ERR syntax error", "CLIENT KILL SKIPME maybe");
    expect_error(c, "ERR syntax error", "CLIENT KILL ID 5 SKIPME");
}

Test(client, reply)
{
    int fd = raw_client();
    raw_say(fd, "CLIENT REPLY OFF\r\nPING\r\nnosuch\r\nGET\r\nCLIENT REPLY ON\r\nPING\r\n");
    raw_expect(fd, "+OK\r\n+PONG\r\n");
    raw_say(fd, "CLIENT REPLY SKIP\r\nPING one\r\nPING two\r\n");
    raw_expect(fd, "$3\r\ntwo\r\n");
    raw_say(fd, "CLIENT REPLY SKIP\r\nnosuch\r\nPING two\r\n");
    raw_expect(fd, "$3\r\ntwo\r\n");
    raw_say(fd, "CLIENT REPLY SKIP\r\nCLIENT REPLY ON\r\nPING\r\n");
    raw_expect(fd, "+OK\r\n+PONG\r\n");
    raw_say(fd, "CLIENT REPLY OFF\r\nCLIENT REPLY SKIP\r\nPING\r\nPING\r\nCLIENT REPLY ON\r\n");
    raw_expect(fd, "+OK\r\n");
    raw_say(fd, "CLIENT REPLY maybe\r\nCLIENT REPLY\r\n");
    raw_expect(fd, "-ERR syntax error\r\n-ERR wrong number of arguments for 'client|reply' command\r\n");
    if (wire_is_redis())
        return; /* 7.0 forgets to close when it has nothing to write */
    raw_say(fd, "CLIENT REPLY OFF\r\nQUIT\r\n");
    raw_expect_closed(fd);
}

Test(client, reply_off_works_while_the_commands_run)
{
    int fd = raw_client();
    redisContext *c = wire_client();
    raw_say(fd, "CLIENT REPLY OFF\r\nSET k v\r\nMULTI\r\nINCR n\r\nEXEC\r\nMGET k n\r\nSCAN 0\r\n");
    expect_soon(c, "[\"v\" \"1\"]", "MGET k n");
    raw_say(fd, "CLIENT REPLY ON\r\n");
    raw_expect(fd, "+OK\r\n");
}

Test(client, pause_write_lets_reads_through)
{
    redisContext *c = wire_client(), *writer = wire_client(), *reader = wire_client(), *tx = wire_client();
    expect_ok(c, "SET k 1");
    expect_ok(c, "CLIENT PAUSE 60000 WRITE");
    wire_send(writer, "SET k 2");
    wire_send(writer, "GET k"); /* what is behind waits too */
    expect_bulk(reader, "1", "GET k");
    expect(c, "+PONG", "PING");
    expect_ok(tx, "MULTI");
    expect_queued(tx, "GET k");
    expect(tx, "[\"1\"]", "EXEC");
    expect_bulk(reader, "1", "GET k");
    wire_send(reader, "PUBLISH x m");
    expect_ok(c, "CLIENT UNPAUSE");
    expect_next(writer, "+OK");
    expect_next(writer, "\"2\"");
    expect_next(reader, "0");
}

Test(client, pause_write_holds_exec_with_writes)
{
    redisContext *c = wire_client(), *tx = wire_client();
    expect_ok(tx, "MULTI");
    expect_queued(tx, "SET k 1");
    expect_ok(c, "CLIENT PAUSE 60000 WRITE");
    wire_send(tx, "EXEC");
    expect_nil(c, "GET k");
    expect_ok(c, "CLIENT UNPAUSE");
    expect_next(tx, "[+OK]");
}

Test(client, pause_inside_a_transaction_begins_behind_it)
{
    redisContext *c = wire_client(), *writer = wire_client();
    expect_ok(c, "MULTI");
    expect_queued(c, "SET a 1");
    expect_queued(c, "CLIENT PAUSE 60000 WRITE");
    expect_queued(c, "SET b 1");
    expect(c, "[+OK +OK +OK]", "EXEC");
    wire_send(writer, "SET a 2");
    expect(c, "[\"1\" \"1\"]", "MGET a b");
    expect_ok(c, "CLIENT UNPAUSE");
    expect_next(writer, "+OK");
}

Test(client, pause_all_ends_by_itself)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "CLIENT PAUSE 50");
    wire_send(other, "PING");
    expect_next(other, "+PONG");
    expect_ok(c, "CLIENT PAUSE 50 ALL");
    for (int i = 0; i < 500; i++)
        redisAppendCommand(other, "INCR n");
    for (int i = 1; i <= 500; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        expect_next(other, text);
    }
}

Test(client, pause_is_only_made_longer_and_stricter)
{
    redisContext *c = wire_client(), *writer = wire_client();
    expect_ok(c, "CLIENT PAUSE 60000 WRITE");
    expect_ok(c, "CLIENT PAUSE 1 WRITE");
    wire_send(writer, "SET k v");
    for (int i = 0; i < 50; i++)
        expect_nil(c, "GET k");
    expect_ok(c, "CLIENT UNPAUSE");
    expect_next(writer, "+OK");
    expect_ok(c, "CLIENT UNPAUSE");
}

Test(client, a_paused_client_may_leave_or_be_killed)
{
    struct wire_server *s = own_server();
    redisContext *c = wire_client_of(s), *a = wire_client_of(s), *b = wire_client_of(s);
    long long id = wire_int(a, "CLIENT ID");
    expect_ok(c, "CLIENT PAUSE 60000 WRITE");
    wire_send(a, "SET k a");
    wire_send(b, "SET k b");
    wire_close(b);
    char *line;
    do
        line = list_line(c, id);
    while (!strstr(strstr(line, " flags="), "b") && (free(line), true));
    free(line);
    if (!wire_is_redis()) /* 7.0 crashes */
        expect_int(c, 0, "CLIENT UNBLOCK %lld", id);
    expect_int(c, 1, "CLIENT KILL ID %lld", id);
    expect_closed(a);
    expect_ok(c, "CLIENT UNPAUSE");
    expect_soon(c, "+PONG", "PING");
    wire_close(a);
}

Test(client, pause_errors)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR wrong number of arguments for 'client|pause' command", "CLIENT PAUSE");
    expect_error(c, "ERR timeout is not an integer or out of range", "CLIENT PAUSE x");
    expect_error(c, "ERR timeout is negative", "CLIENT PAUSE -1");
    if (!wire_is_redis())
        expect_error(c, "ERR timeout is out of range", "CLIENT PAUSE 9223372036854775807");
    expect_error(c, "ERR CLIENT PAUSE mode must be WRITE or ALL", "CLIENT PAUSE 1 foo");
    expect_error(c, "ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP.",
                 "CLIENT PAUSE 1 ALL x");
    expect_error(c, "ERR wrong number of arguments for 'client|unpause' command", "CLIENT UNPAUSE x");
    expect_ok(c, "CLIENT PAUSE 0");
    expect(c, "+PONG", "PING");
}

Test(client, unblock)
{
    redisContext *c = wire_client(), *waiter = wire_client();
    long long id = wire_int(waiter, "CLIENT ID");
    expect_int(c, 0, "CLIENT UNBLOCK %lld", id);
    wire_send(waiter, "WAIT 1 0");
    expect_soon(c, "1", "CLIENT UNBLOCK %lld", id);
    expect_next(waiter, "0");
    wire_send(waiter, "WAIT 1 0");
    expect_soon(c, "1", "CLIENT UNBLOCK %lld TIMEOUT", id);
    expect_next(waiter, "0");
    wire_send(waiter, "WAIT 1 0");
    wire_send(waiter, "ECHO behind");
    expect_soon(c, "1", "CLIENT UNBLOCK %lld ERROR", id);
    expect_next(waiter, "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    expect_next(waiter, "\"behind\"");
    expect_int(c, 0, "CLIENT UNBLOCK 99999");
    expect_error(c, "ERR value is not an integer or out of range", "CLIENT UNBLOCK x");
    expect_error(c, "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR", "CLIENT UNBLOCK 1 foo");
    expect_error(c, "ERR unknown subcommand or wrong number of arguments for 'unblock'. Try CLIENT HELP.",
                 "CLIENT unblock 1 TIMEOUT x");
}

Test(client, tracking_isnt_there_and_says_so)
{
    redisContext *c = wire_client();
    expect_int(c, -1, "CLIENT GETREDIR");
    expect_ok(c, "CLIENT TRACKING OFF");
    expect(c, "[\"flags\" [\"off\"] \"redirect\" -1 \"prefixes\" []]", "CLIENT TRACKINGINFO");
    expect_error(c, "ERR syntax error", "CLIENT TRACKING maybe");
    expect_error(c, "ERR syntax error", "CLIENT TRACKING ON foo");
    expect_error(c, "ERR wrong number of arguments for 'client|tracking' command", "CLIENT TRACKING");
    expect_error(
        c,
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT "
        "mode enabled",
        "CLIENT CACHING YES");
    struct wire_resp3 *c3 = resp3_client();
    expect3(c3, "{\"flags\" ~[\"off\"] \"redirect\" -1 \"prefixes\" []}", "CLIENT TRACKINGINFO");
    if (!wire_is_redis())
        expect_error_like(c, "ERR CLIENT TRACKING is not supported", "CLIENT TRACKING ON");
}

Test(client, no_touch_leaves_the_idle_time_alone)
{
    if (wire_is_redis())
        return; /* since 7.2 */
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "SET k v");
    expect_ok(c, "CLIENT NO-TOUCH on");
    while (wire_int(other, "OBJECT IDLETIME k") < 1)
        ;
    expect_bulk(c, "v", "GET k");
    cr_assert_geq(wire_int(other, "OBJECT IDLETIME k"), 1);
    expect_int(c, 1, "TOUCH k"); /* TOUCH still touches */
    cr_assert_eq(wire_int(other, "OBJECT IDLETIME k"), 0);
    while (wire_int(other, "OBJECT IDLETIME k") < 1)
        ;
    expect_ok(c, "CLIENT NO-TOUCH off");
    expect_bulk(c, "v", "GET k");
    cr_assert_eq(wire_int(other, "OBJECT IDLETIME k"), 0);
    expect_error(c, "ERR syntax error", "CLIENT NO-TOUCH maybe");
}

Test(client, unknown_and_help)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR wrong number of arguments for 'client' command", "CLIENT");
    expect_error(c, "ERR unknown subcommand 'nosuch'. Try CLIENT HELP.", "CLIENT nosuch");
    redisReply *help = wire_command(c, "CLIENT HELP");
    cr_assert_eq(help->type, REDIS_REPLY_ARRAY);
    cr_assert_str_eq(help->element[0]->str,
                     "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    freeReplyObject(help);
}

/* ---- MONITOR ----------------------------------------------------------------------- */

/* The next line of m: a time, then `rest` from the bracket on. */
static void expect_line(redisContext *m, const char *rest)
{
    redisReply *reply;
    cr_assert_eq(redisGetReply(m, (void **)&reply), REDIS_OK);
    cr_assert_eq(reply->type, REDIS_REPLY_STATUS);
    const char *at = reply->str;
    size_t digits = strspn(at, "0123456789");
    cr_assert(digits >= 10 && at[digits] == '.' && strspn(at + digits + 1, "0123456789") == 6, "%s",
              reply->str);
    cr_assert_str_eq(at + digits + 8, rest);
    freeReplyObject(reply);
}

#define expect_shown(db, text)                                                                               \
    (snprintf(rest, sizeof rest, "[%d %s %s", db, head, text), expect_line(m, rest))

Test(monitor, shows_every_request_as_it_came)
{
    struct wire_server *s = own_server();
    redisContext *m = wire_client_of(s), *c = wire_client_of(s);
    char head[160], rest[400];
    snprintf(head, sizeof head, "unix:%s]", s->socket);
    expect_ok(m, "MONITOR");
    expect_ok(c, "SET k v");
    expect_shown(0, "\"SET\" \"k\" \"v\"");
    expect_ok(c, "set k %b", "\0\n\r\t\a\b\"\\q\xff", (size_t)10);
    expect_shown(0, "\"set\" \"k\" \"\\x00\\n\\r\\t\\a\\b\\\"\\\\q\\xff\"");
    expect_ok(c, "SELECT 5");
    expect_shown(5, "\"SELECT\" \"5\"");
    expect_nil(c, "GET %s", "");
    expect_shown(5, "\"GET\" \"\"");
    expect_error_like(c, "ERR syntax", "SET a b c");
    expect_shown(5, "\"SET\" \"a\" \"b\" \"c\"");
    /* refused and admin commands aren't shown */
    expect_error_like(c, "ERR wrong number", "GET");
    expect_error_like(c, "ERR unknown command", "nosuch");
    freeReplyObject(wire_command(c, "CONFIG GET port"));
    freeReplyObject(wire_command(c, "CLIENT LIST"));
    expect_nil(c, "CLIENT GETNAME");
    expect_shown(5, "\"CLIENT\" \"GETNAME\"");
}

Test(monitor, shows_a_transaction_before_its_exec)
{
    struct wire_server *s = own_server();
    redisContext *m = wire_client_of(s), *c = wire_client_of(s);
    char head[160], rest[400];
    snprintf(head, sizeof head, "unix:%s]", s->socket);
    expect_ok(m, "MONITOR");
    expect_ok(c, "MULTI");
    expect_queued(c, "SET k v");
    expect_queued(c, "GET k");
    expect(c, "[+OK \"v\"]", "EXEC");
    expect_shown(0, "\"MULTI\"");
    expect_shown(0, "\"SET\" \"k\" \"v\"");
    expect_shown(0, "\"GET\" \"k\"");
    expect_shown(0, "\"EXEC\"");
}

Test(monitor, hides_passwords)
{
    struct wire_server *s = own_server();
    redisContext *m = wire_client_of(s), *c = wire_client_of(s);
    char head[160], rest[400];
    snprintf(head, sizeof head, "unix:%s]", s->socket);
    expect_ok(m, "MONITOR");
    expect_ok(c, "AUTH default secret");
    expect_shown(0, "\"AUTH\" \"(redacted)\" \"(redacted)\"");
    freeReplyObject(wire_command(c, "HELLO 2 AUTH default secret SETNAME n"));
    expect_shown(0, "\"HELLO\" \"2\" \"AUTH\" \"(redacted)\" \"(redacted)\" \"SETNAME\" \"n\"");
}

Test(monitor, shows_tcp_addresses)
{
    struct wire_server *s = own_server();
    redisContext *m = wire_client_of(s), *c = wire_client_tcp(s);
    char *line = wire_text(c, "CLIENT INFO"), rest[256];
    char *addr = strstr(line, " addr=") + 6;
    *strchr(addr, ' ') = '\0';
    expect_ok(m, "MONITOR");
    expect(c, "+PONG", "PING");
    snprintf(rest, sizeof rest, "[0 %s] \"PING\"", addr);
    expect_line(m, rest);
    free(line);
}

Test(monitor, a_monitor_may_not_touch_keys_and_ends_by_reset_or_leaving)
{
    struct wire_server *s = own_server();
    redisContext *m = wire_client_of(s), *n = wire_client_of(s), *c = wire_client_of(s);
    char head[160], rest[400];
    snprintf(head, sizeof head, "unix:%s]", s->socket);
    expect_error(m, "ERR wrong number of arguments for 'monitor' command", "MONITOR x");
    expect_ok(m, "MONITOR");
    expect_error(m, "ERR Replica can't interact with the keyspace", "GET k");
    expect_error(m, "ERR Replica can't interact with the keyspace", "SET k v");
    expect_ok(n, "MONITOR");
    wire_close(n);
    expect(c, "+PONG", "PING");
    expect_shown(0, "\"PING\"");
    expect(m, "+RESET", "RESET");
    expect_nil(m, "GET k");
    expect(c, "+PONG", "PING");
    expect(m, "+PONG", "PING");
}
