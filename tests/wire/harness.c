/* Tests of the harness: each test finds a server that is empty and set as at its start. */
#include "tests/wire/wire.h"

#include <stdlib.h>
#include <string.h>

WIRE_SUITE(harness);

Test(harness, a_test_finds_an_empty_server)
{
    redisContext *c = wire_client();
    expect_int(c, 0, "DBSIZE");
    expect_ok(c, "SET %s %b", "key", "a\0b", (size_t)3);
    expect_bytes(c, "a\0b", 3, "GET key");
    expect(c, "[\"a\\x00b\" nil]", "MGET key other");
    expect_error_like(c, "ERR wrong number of arguments", "GET");
    struct wire_resp3 *c3 = resp3_client();
    expect3(c3, "\"a\\x00b\"", "GET key");
    expect3(c3, "nil", "GET other");
    int fd = raw_client();
    raw_say(fd, "GET other\r\n");
    raw_expect(fd, "$-1\r\n");
}

Test(harness, a_later_test_does_too)
{
    expect_int(wire_client(), 0, "DBSIZE");
}

Test(harness, settings_come_back)
{
    redisContext *c = wire_client();
    wire_config("slowlog-max-len", "77");
    expect(c, "[\"slowlog-max-len\" \"77\"]", "CONFIG GET slowlog-max-len");
    wire_end();
    wire_begin();
    expect(wire_client(), "[\"slowlog-max-len\" \"128\"]", "CONFIG GET slowlog-max-len");
}

Test(harness, a_test_starts_servers_of_its_own)
{
    struct wire_server *s = wire_start("--port", "auto", "--databases", "3", NULL);
    redisContext *c = wire_client_tcp(s);
    expect_ok(c, "SELECT 2");
    expect_error(c, "ERR DB index is out of range", "SELECT 3");
    expect_int(wire_client_of(s), 0, "DBSIZE");
    struct wire_server *other = wire_start(NULL, NULL);
    cr_assert_str_neq(s->socket, other->socket);
    wire_stop(other);
}

Test(harness, a_server_that_must_not_start_tells_why)
{
    int status = 0;
    char *text = wire_start_fails(&status, "--no-such-setting", "1", NULL);
    cr_assert_neq(status, 0);
    cr_assert_neq(strlen(text), 0);
    free(text);
}
