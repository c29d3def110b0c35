/* AUTH ECHO HELLO PING QUIT RESET SELECT. */
#include "tests/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

WIRE_SUITE(connection);

#define WRONGPASS "WRONGPASS invalid username-password pair or user is disabled."

Test(connection, ping_and_echo)
{
    redisContext *c = wire_client();
    expect(c, "+PONG", "PING");
    expect_bytes(c, "a\0b", 3, "PING %b", "a\0b", (size_t)3);
    expect_bulk(c, "", "PING %s", "");
    expect_error(c, "ERR wrong number of arguments for 'ping' command", "PING a b");
    expect_bulk(c, "hello", "ECHO hello");
    expect_error(c, "ERR wrong number of arguments for 'echo' command", "ECHO");
    expect_error(c, "ERR wrong number of arguments for 'echo' command", "ECHO a b");
    struct wire_resp3 *c3 = resp3_client();
    expect3(c3, "+PONG", "PING");
    expect3(c3, "\"x\"", "PING x");
    expect3(c3, "\"x\"", "ECHO x");
}

Test(connection, select)
{
    redisContext *c = wire_client(), *other = wire_client();
    expect_ok(c, "SELECT 15");
    expect_ok(c, "SET k fifteen");
    expect_nil(other, "GET k");
    expect_ok(other, "SELECT 15");
    expect_bulk(other, "fifteen", "GET k");
    expect_error(c, "ERR DB index is out of range", "SELECT 16");
    expect_error(c, "ERR DB index is out of range", "SELECT -1");
    expect_error(c, "ERR value is not an integer or out of range", "SELECT one");
    expect_error(c, "ERR value is not an integer or out of range", "SELECT 1.0");
    expect_error(c, "ERR value is not an integer or out of range", "SELECT %s", "");
    expect_error(c, "ERR value is out of range, value must between -2147483648 and 2147483647",
                 "SELECT 99999999999");
    expect_error(c, "ERR wrong number of arguments for 'select' command", "SELECT");
    expect_bulk(c, "fifteen", "GET k");
}

Test(connection, quit)
{
    redisContext *c = wire_client();
    expect_ok(c, "QUIT");
    expect_closed(c);
    wire_close(c);
    int fd = raw_client();
    raw_say(fd, "PING\r\nQUIT now\r\nPING\r\n");
    raw_expect(fd, "+PONG\r\n+OK\r\n");
    raw_expect_closed(fd);
}

Test(connection, hello_chooses_the_protocol)
{
    struct wire_resp3 *c = resp3_client_silent(wire_shared());
    resp3_protocol(c, 2);
    expect3(c, "nil", "GET none");
    resp3_protocol(c, 3);
    struct resp3_value *v = resp3_command(c, "HELLO 3");
    cr_assert_eq(v->type, RESP3_MAP);
    char *text = resp3_text(v);
    cr_assert(strstr(text, "{\"server\" \"redis\" \"version\" \"7."), "%s", text);
    cr_assert(strstr(text, "\"proto\" 3 \"id\" "), "%s", text);
    cr_assert(strstr(text, "\"mode\" \"standalone\" \"role\" \"master\" \"modules\" []}"), "%s", text);
    free(text);
    resp3_destroy(v);
    expect3(c, "nil", "GET none");
    resp3_protocol(c, 2);
    v = resp3_command(c, "HELLO 2");
    cr_assert_eq(v->type, RESP3_ARRAY);
    cr_assert_eq(v->count, 14);
    resp3_destroy(v);
    expect3(c, "nil", "GET none");
    v = resp3_command(c, "HELLO");
    cr_assert_eq(v->type, RESP3_ARRAY);
    cr_assert_eq(v->items[5]->integer, 2);
    resp3_destroy(v);
}

Test(connection, hello_tells_the_id)
{
    struct wire_resp3 *c = resp3_client();
    struct resp3_value *v = resp3_command(c, "HELLO"), *id = resp3_command(c, "CLIENT ID");
    cr_assert_eq(v->items[5]->integer, 3);
    cr_assert_eq(v->items[7]->integer, id->integer);
    resp3_destroy(v);
    resp3_destroy(id);
}

Test(connection, hello_errors_change_nothing)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR Protocol version is not an integer or out of range", "HELLO three");
    expect_error(c, "NOPROTO unsupported protocol version", "HELLO 4");
    expect_error(c, "NOPROTO unsupported protocol version", "HELLO 1");
    expect_error(c, "NOPROTO unsupported protocol version", "HELLO -3");
    expect_error(c, "ERR Syntax error in HELLO option 'foo'", "HELLO 3 foo");
    expect_error(c, "ERR Syntax error in HELLO option 'setname'", "HELLO 3 setname");
    expect_error(c, "ERR Syntax error in HELLO option 'auth'", "HELLO 3 auth default");
    expect_error(c, "ERR Client names cannot contain spaces, newlines or special characters.",
                 "HELLO 3 SETNAME %s", "a b");
    expect_error(c, WRONGPASS, "HELLO 3 AUTH nobody x");
    if (!wire_is_redis()) /* since 7.2 the name waits for the password */
        expect_error(c, WRONGPASS, "HELLO 3 SETNAME n AUTH nobody x");
    expect_nil(c, "CLIENT GETNAME");
    int fd = raw_client();
    raw_say(fd, "HELLO 3 foo\r\nGET none\r\n");
    raw_expect(fd, "-ERR Syntax error in HELLO option 'foo'\r\n$-1\r\n");
}

Test(connection, hello_names_and_authenticates)
{
    redisContext *c = wire_client();
    freeReplyObject(wire_command(c, "HELLO 2 AUTH default any SETNAME me"));
    expect_bulk(c, "me", "CLIENT GETNAME");
    freeReplyObject(wire_command(c, "HELLO 2 SETNAME %s", ""));
    expect_nil(c, "CLIENT GETNAME");
}

Test(connection, auth_without_a_password)
{
    redisContext *c = wire_client();
    expect_error(
        c,
        "ERR AUTH <password> called without any password configured for the default user. Are you sure "
        "your configuration is correct?",
        "AUTH x");
    expect_ok(c, "AUTH default anything");
    expect_error(c, WRONGPASS, "AUTH nobody x");
    expect_error(c, WRONGPASS, "AUTH Default x");
    expect_error(c, "ERR syntax error", "AUTH a b c");
    expect_error(c, "ERR wrong number of arguments for 'auth' command", "AUTH");
}

Test(connection, requirepass_lets_nobody_in_without_it)
{
    struct wire_server *s = wire_start("--requirepass", "se cret", NULL);
    redisContext *c = wire_client_of(s);
    expect_error(c, "NOAUTH Authentication required.", "GET k");
    expect_error(c, "NOAUTH Authentication required.", "PING");
    expect_error(c, "NOAUTH Authentication required.", "CLIENT LIST");
    expect_error(c, "NOAUTH Authentication required.", "MULTI");
    expect_error_like(c, "EXECABORT Transaction discarded because of: NOAUTH Authentication required.",
                      "EXEC");
    expect_error_like(c, "ERR unknown command 'nosuch'", "nosuch");
    expect_error(c, "ERR wrong number of arguments for 'get' command", "GET");
    if (wire_is_redis()) /* worded otherwise before 7.2 */
        expect_error_like(c, "NOAUTH HELLO must be called", "HELLO 3");
    else
        expect_error(
            c,
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
            "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP "
            "protocol version at the same time",
            "HELLO 3");
    expect_error(c, WRONGPASS, "AUTH wrong");
    expect_error(c, WRONGPASS, "AUTH %s", "");
    expect_error(c, WRONGPASS, "AUTH se");
    expect_error(c, WRONGPASS, "AUTH %s", "se cretse cret");
    expect_error(c, WRONGPASS, "AUTH nobody %s", "se cret");
    expect_error(c, WRONGPASS, "HELLO 3 AUTH default wrong");
    expect_error(c, "NOAUTH Authentication required.", "GET k");
    expect_ok(c, "AUTH %s", "se cret");
    expect_nil(c, "GET k");
    expect_error(c, WRONGPASS, "AUTH wrong");
    expect_nil(c, "GET k"); /* it stays what it was */
    expect_ok(c, "AUTH default %s", "se cret");
    expect(c, "+RESET", "RESET");
    expect_error(c, "NOAUTH Authentication required.", "GET k");
    expect_ok(c, "QUIT");
    wire_close(c);
}

Test(connection, hello_may_authenticate)
{
    struct wire_server *s = wire_start("--requirepass", "secret", NULL);
    redisContext *c = wire_client_of(s);
    redisReply *hello = wire_command(c, "HELLO 2 AUTH default secret SETNAME n");
    cr_assert_eq(hello->type, REDIS_REPLY_ARRAY);
    freeReplyObject(hello);
    expect_bulk(c, "n", "CLIENT GETNAME");
}

Test(connection, a_password_set_later_binds_new_connections)
{
    struct wire_server *s = wire_start("--hz", "10", NULL);
    redisContext *c = wire_client_of(s);
    expect_ok(c, "CONFIG SET requirepass secret");
    expect_nil(c, "GET k");
    redisContext *later = wire_client_of(s);
    expect_error(later, "NOAUTH Authentication required.", "GET k");
    expect_ok(c, "CONFIG SET requirepass %s", "");
    expect_error_like(later, "ERR AUTH <password> called without any password", "AUTH x");
    expect_ok(later, "AUTH default x");
    expect_nil(later, "GET k");
}

Test(connection, reset_makes_it_new)
{
    redisContext *c = wire_client();
    expect_ok(c, "SELECT 3");
    expect_ok(c, "CLIENT SETNAME me");
    expect_ok(c, "CLIENT NO-EVICT on");
    expect_ok(c, "WATCH k");
    expect_ok(c, "MULTI");
    expect_queued(c, "SET k v");
    expect(c, "+RESET", "RESET");
    expect_error(c, "ERR wrong number of arguments for 'reset' command", "RESET x");
    expect_nil(c, "CLIENT GETNAME");
    char *info = wire_text(c, "CLIENT INFO");
    cr_assert(strstr(info, " db=0 sub=0 psub=0 ssub=0 multi=-1 "), "%s", info);
    cr_assert(wire_is_redis() || !strstr(info, "e db="), "%s", info); /* NO-EVICT ends since 7.2 */
    free(info);
    int fd = raw_client();
    raw_say(fd, "CLIENT REPLY OFF\r\nGET a\r\nRESET\r\nPING\r\n");
    raw_expect(fd, "+RESET\r\n+PONG\r\n");
    struct wire_resp3 *c3 = resp3_client();
    resp3_protocol(c3, 2);
    expect3(c3, "+RESET", "RESET");
    expect3(c3, "nil", "GET none");
}
