/* The protocol as bytes: cuts, pipelines, inline requests, errors that cost one client its connection, bounds. */
#include "tests/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

WIRE_SUITE(protocol);

/* What c has been sent before has been read when this returns. */
static void server_has_read(redisContext *c)
{
    expect(c, "+PONG", "PING");
}

static void raw_half_close(int fd)
{
    cr_assert_eq(shutdown(fd, SHUT_WR), 0);
}

#define ASKED                                                                                                \
    "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n"                                                         \
    "*0\r\n"                                                                                                 \
    "GET k\r\n"                                                                                              \
    "\r\n"                                                                                                   \
    "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n"                                                                         \
    "ECHO \"q\\x41 \\\"\" \n"                                                                                \
    "*-1\r\n"                                                                                                \
    "*1\r\n$6\r\nNOSUCH\r\n"                                                                                 \
    "*1\r\n$4\r\nPING\r\n"
#define ANSWERED                                                                                             \
    "+OK\r\n$4\r\na\r\nb\r\n$0\r\n\r\n$4\r\nqA \"\r\n"                                                       \
    "-ERR unknown command 'NOSUCH', with args beginning with: \r\n+PONG\r\n"

Test(protocol, requests_may_be_cut_at_any_byte)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    for (size_t cut = 1; cut < sizeof ASKED - 1; cut++) {
        raw_send(fd, ASKED, cut);
        server_has_read(c);
        raw_send(fd, ASKED + cut, sizeof ASKED - 1 - cut);
        raw_expect(fd, ANSWERED);
    }
}

Test(protocol, requests_may_come_byte_by_byte)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    for (size_t i = 0; i < sizeof ASKED - 1; i++) {
        raw_send(fd, ASKED + i, 1);
        server_has_read(c);
    }
    raw_expect(fd, ANSWERED);
}

Test(protocol, a_long_pipeline_is_answered_in_order)
{
    enum { REQUESTS = 30000 };
    char *asked = malloc(REQUESTS * 64), *answered = malloc(REQUESTS * 64);
    cr_assert(asked != NULL && answered != NULL);
    size_t n = 0, m = 0;
    for (int i = 0; i < REQUESTS; i++) {
        switch (i % 4) {
        case 0:
            n += (size_t)sprintf(asked + n, "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n");
            m += (size_t)sprintf(answered + m, ":%d\r\n", i / 4 + 1);
            break;
        case 1:
            n += (size_t)sprintf(asked + n, "ECHO %d\r\n", i);
            m += (size_t)sprintf(answered + m, "$%zu\r\n%d\r\n", (size_t)snprintf(NULL, 0, "%d", i), i);
            break;
        case 2:
            n += (size_t)sprintf(asked + n, "*2\r\n$3\r\nGET\r\n$4\r\nnone\r\n");
            m += (size_t)sprintf(answered + m, "$-1\r\n");
            break;
        default:
            n += (size_t)sprintf(asked + n, "*1\r\n$3\r\nGET\r\n");
            m += (size_t)sprintf(answered + m, "-ERR wrong number of arguments for 'get' command\r\n");
        }
    }
    int fd = raw_client();
    raw_send(fd, asked, n);
    raw_expect_bytes(fd, answered, m);
    free(asked);
    free(answered);
}

Test(protocol, a_request_of_very_many_arguments)
{
    enum { PAIRS = 200000 };
    char *asked = malloc(64 + PAIRS * 48);
    cr_assert_not_null(asked);
    size_t n = (size_t)sprintf(asked, "*%d\r\n$4\r\nMSET\r\n", 2 * PAIRS + 1);
    for (int i = 0; i < PAIRS; i++)
        n += (size_t)sprintf(asked + n, "$10\r\nkey:%06d\r\n$6\r\n%06d\r\n", i, i);
    int fd = raw_client();
    raw_send(fd, asked, n);
    raw_expect(fd, "+OK\r\n");
    redisContext *c = wire_client();
    expect_int(c, PAIRS, "DBSIZE");
    expect_bulk(c, "123456", "GET key:123456");
    free(asked);
}

Test(protocol, replies_come_although_the_client_has_finished_sending)
{
    int fd = raw_client();
    raw_say(fd, "SET k v\r\nGET k\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPI");
    raw_half_close(fd);
    raw_expect(fd, "+OK\r\n$1\r\nv\r\n$1\r\nv\r\n");
    raw_expect_closed(fd);
}

Test(protocol, the_protocol_changes_between_two_requests_of_one_send)
{
    int fd = raw_client();
    raw_say(fd, "GET none\r\nHELLO 3 SETNAME x\r\nGET none\r\nCONFIG GET maxmemory-policy\r\nHELLO 2 "
                "WHAT\r\nGET none\r\n");
    raw_expect(fd, "$-1\r\n%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n");
    /* What HELLO tells otherwise differs from server to server; the null of RESP3 follows it. */
    char last[6] = "";
    while (memcmp(last, "*0\r\n_", 5) != 0) {
        memmove(last, last + 1, 4);
        raw_receive(fd, last + 4, 1);
    }
    raw_expect(fd, "\r\n%1\r\n$16\r\nmaxmemory-policy\r\n$10\r\nnoeviction\r\n"
                   "-ERR Syntax error in HELLO option 'WHAT'\r\n_\r\n");
    raw_say(fd, "RESET\r\nGET none\r\n");
    raw_expect(fd, "+RESET\r\n$-1\r\n");
}

Test(protocol, null_arrays_and_null_bulks_are_told_apart)
{
    redisContext *c = wire_client();
    int fd = raw_client();
    raw_say(fd, "WATCH k\r\n");
    raw_expect(fd, "+OK\r\n");
    expect_ok(c, "SET k v");
    raw_say(fd, "MULTI\r\nEXEC\r\nGET none\r\nMGET none\r\n");
    raw_expect(fd, "+OK\r\n*-1\r\n$-1\r\n*1\r\n$-1\r\n");
}

Test(protocol, inline_requests)
{
    int fd = raw_client();
    raw_say(fd, "\r\n\n   \r\nPING\n  PING  \r\n'PING'\r\n");
    raw_expect(fd, "+PONG\r\n+PONG\r\n+PONG\r\n");
    raw_say(fd, "ECHO \"a\\n\\t\\r\\a\\b\\x0aZ\\\\\\q\"\r\n");
    raw_expect(fd, "$10\r\na\n\t\r\a\b\nZ\\q\r\n");
    raw_say(fd, "ECHO 'it\\'s \\n'\r\nECHO ''\r\nECHO \\x41\r\n");
    raw_expect(fd, "$7\r\nit's \\n\r\n$0\r\n\r\n$4\r\n\\x41\r\n");
    raw_say(fd, "SET 'two words' \"v\"\r\nGET \"two words\"\r\n");
    raw_expect(fd, "+OK\r\n$1\r\nv\r\n");
    raw_say(fd, "PING\r\n*1\r\n$4\r\nPING\r\nPING\r\n");
    raw_expect(fd, "+PONG\r\n+PONG\r\n+PONG\r\n");
}

/* Redis waits for ever behind such a line. */
Test(protocol, a_nul_in_an_inline_request_is_a_byte_of_its_word)
{
    if (wire_is_redis())
        cr_skip_test("Redis doesn't see the line's end");
    int fd = raw_client();
    raw_say(fd, "ECHO a\0b\r\nECHO \0\r\nECHO \"\0 x\"\r\nPING\r\n");
    raw_expect(fd, "$3\r\na\0b\r\n$1\r\n\0\r\n$3\r\n\0 x\r\n+PONG\r\n");
}

Test(protocol, a_line_of_some_length_is_an_inline_request)
{
    enum { LONG = 60000 };
    char *asked = malloc(LONG + 16);
    cr_assert_not_null(asked);
    size_t n = (size_t)sprintf(asked, "ECHO ");
    memset(asked + n, 'x', LONG);
    memcpy(asked + n + LONG, "\r\n", 2);
    int fd = raw_client();
    raw_send(fd, asked, n + LONG + 2);
    raw_expect(fd, "$60000\r\nxxxxxxxx");
    free(asked);
}

struct mistake {
    const char *bytes, *error;
};

static const struct mistake mistakes[] = {
    {"*abc\r\n", "invalid multibulk length"},
    {"*99999999999999999999\r\n", "invalid multibulk length"},
    {"*2147483648\r\n", "invalid multibulk length"},
    {"*01\r\n", "invalid multibulk length"},
    {"*1\r\n+PING\r\n", "expected '$', got '+'"},
    {"*1\r\n\r\n", "expected '$', got '\r'"},
    {"*1\r\n$abc\r\n", "invalid bulk length"},
    {"*1\r\n$-1\r\n", "invalid bulk length"},
    {"*1\r\n$536870913\r\n", "invalid bulk length"},
    {"*1\r\n$99999999999999999999\r\n", "invalid bulk length"},
    {"ECHO 'a\r\n", "unbalanced quotes in request"},
    {"ECHO \"a\r\n", "unbalanced quotes in request"},
    {"ECHO \"a\"b\r\n", "unbalanced quotes in request"},
};

Test(protocol, a_mistake_costs_that_client_its_connection_and_nobody_else)
{
    int bystander = raw_client();
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        raw_say(bystander, "*2\r\n$4\r\nECHO\r\n$5\r\nhe");
        int fd = raw_client();
        raw_say(fd, "PING\r\n");
        raw_send(fd, mistakes[i].bytes, strlen(mistakes[i].bytes));
        raw_try_send(fd, "PING\r\n", 6);
        char error[128];
        int n = snprintf(error, sizeof error, "+PONG\r\n-ERR Protocol error: %s\r\n", mistakes[i].error);
        for (char *cr = strstr(error, "'\r'"); cr != NULL; cr = NULL)
            cr[1] = ' ';
        raw_expect_bytes(fd, error, (size_t)n);
        raw_expect_closed(fd);
        raw_say(bystander, "llo\r\n");
        raw_expect(bystander, "$5\r\nhello\r\n");
    }
}

Test(protocol, lines_without_an_end_are_refused)
{
    static const struct mistake lines[] = {
        {"", "too big inline request"},
        {"*", "too big mbulk count string"},
        {"*1\r\n$", "too big bulk count string"},
    };
    enum { LONG = 70000 };
    char *asked = malloc(LONG + 16);
    cr_assert_not_null(asked);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        size_t n = strlen(lines[i].bytes);
        memcpy(asked, lines[i].bytes, n);
        memset(asked + n, '1', LONG);
        int fd = raw_client();
        raw_try_send(fd, asked, n + LONG);
        char error[128];
        int len = snprintf(error, sizeof error, "-ERR Protocol error: %s\r\n", lines[i].error);
        raw_expect_bytes(fd, error, (size_t)len);
        raw_expect_closed(fd);
    }
    free(asked);
}

Test(protocol, what_browsers_send_is_cut_off)
{
    int fd = raw_client();
    raw_say(fd, "POST / HTTP/1.1\r\n");
    raw_expect_closed(fd);
    fd = raw_client();
    raw_say(fd, "Host: localhost:6379\r\n");
    raw_expect_closed(fd);
    expect(wire_client(), "+PONG", "PING");
}

Test(protocol, what_follows_quit_is_not_run)
{
    int fd = raw_client();
    raw_say(fd, "SET a 1\r\nQUIT\r\nSET b 1\r\n");
    raw_expect(fd, "+OK\r\n+OK\r\n");
    raw_expect_closed(fd);
    expect(wire_client(), "[\"a\"]", "KEYS *");
}

Test(protocol, a_client_that_leaves_in_the_middle_leaves_nothing)
{
    redisContext *c = wire_client();
    for (int i = 0; i < 50; i++) {
        int fd = raw_client();
        raw_say(fd, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000000\r\nxxxxx");
        server_has_read(c);
        raw_half_close(fd);
        raw_expect_closed(fd);
    }
    expect_int(c, 0, "EXISTS k");
}

/* ---- big values ------------------------------------------------------- */

static char *pattern_bytes(size_t len)
{
    char *bytes = malloc(len);
    cr_assert_not_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i * 31 + (i >> 10));
    return bytes;
}

Test(protocol, big_values_go_in_and_out)
{
    redisContext *c = wire_client();
    static const size_t sizes[] = {16383, 16384,  16385,   32768,         65535,
                                   65536, 262144, 1 << 20, (1 << 20) + 1, 40 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *value = pattern_bytes(sizes[i]);
        expect_ok(c, "SET big %b", value, sizes[i]);
        expect_int(c, (long long)sizes[i], "STRLEN big");
        expect_bytes(c, value, sizes[i], "GET big");
        expect_bytes(c, value, sizes[i], "ECHO %b", value, sizes[i]);
        free(value);
    }
}

Test(protocol, a_big_value_arrives_slowly_beside_others)
{
    enum { LEN = 3 << 20 };
    char *value = pattern_bytes(LEN);
    redisContext *c = wire_client();
    int fd = raw_client();
    raw_say(fd, "PING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3145728\r\n");
    for (size_t at = 0; at < LEN; at += 99991) {
        raw_send(fd, value + at, LEN - at < 99991 ? LEN - at : 99991);
        expect_int(c, 0, "EXISTS k");
    }
    raw_say(fd, "\r\nPING\r\n");
    raw_expect(fd, "+PONG\r\n+OK\r\n+PONG\r\n");
    expect_bytes(c, value, LEN, "GET k");
    free(value);
}

Test(protocol, a_reply_under_way_keeps_the_old_value)
{
    enum { LEN = 8 << 20, READERS = 8 };
    char *value = pattern_bytes(LEN);
    redisContext *c = wire_client();
    expect_ok(c, "SET k %b", value, (size_t)LEN);
    int fds[READERS];
    for (int i = 0; i < READERS; i++) {
        fds[i] = raw_client();
        raw_say(fds[i], "GET k\r\n");
    }
    for (int i = 0; i < READERS; i++)
        raw_expect(fds[i], "$8388608\r\n");
    expect_int(c, LEN, "SETRANGE k 1000 %s", "changed");
    expect_int(c, LEN + 4, "APPEND k more");
    expect_int(c, 1, "SETBIT k 11 0");
    expect_int(c, 1, "DEL k");
    for (int i = 0; i < READERS; i++) {
        raw_expect_bytes(fds[i], value, LEN);
        raw_expect(fds[i], "\r\n");
    }
    free(value);
}

Test(protocol, one_huge_reply_does_not_hold_up_the_others)
{
    enum { LEN = 16 << 20 };
    char *value = pattern_bytes(LEN);
    redisContext *c = wire_client();
    expect_ok(c, "SET k %b", value, (size_t)LEN);
    int fd = raw_client();
    for (int i = 0; i < 4; i++)
        raw_say(fd, "GET k\r\n");
    raw_expect(fd, "$16777216\r\n"); /* it is being written, and the reader stops here */
    for (int i = 0; i < 100; i++)
        expect(c, "+PONG", "PING");
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            raw_expect(fd, "$16777216\r\n");
        raw_expect_bytes(fd, value, LEN);
        raw_expect(fd, "\r\n");
    }
    free(value);
}

/* ---- bounds ----------------------------------------------------------- */

Test(protocol, proto_max_bulk_len_bounds_arguments_and_values)
{
    wire_config("proto-max-bulk-len", "1mb");
    redisContext *c = wire_client();
    char *value = pattern_bytes(1 << 20);
    expect_ok(c, "SET k %b", value, (size_t)1 << 20);
    static const char too_long[] = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    expect_error(c, too_long, "APPEND k x");
    expect_error(c, too_long, "SETRANGE k 1048576 x");
    expect_error(c, "ERR bit offset is not an integer or out of range", "SETBIT k 8388608 1");
    expect_int(c, 1 << 20, "SETRANGE k 1048575 x");
    int fd = raw_client();
    raw_say(fd, "*2\r\n$4\r\nECHO\r\n$1048577\r\n");
    raw_expect(fd, "-ERR Protocol error: invalid bulk length\r\n");
    raw_expect_closed(fd);
    free(value);
}

Test(protocol, client_query_buffer_limit_closes_the_client)
{
    wire_config("client-query-buffer-limit", "1mb");
    enum { LEN = 8 << 20 };
    char *value = pattern_bytes(LEN);
    int fd = raw_client();
    raw_say(fd, "*2\r\n$4\r\nECHO\r\n$8388608\r\n");
    cr_assert(!raw_try_send(fd, value, LEN) || !raw_try_send(fd, value, LEN), "16 MB were taken");
    expect_closed(&(redisContext){.fd = fd});
    redisContext *c = wire_client();
    expect_bytes(c, value, 900000, "ECHO %b", value, (size_t)900000);
    free(value);
}

Test(protocol, a_pipeline_longer_than_the_query_buffer_limit_is_fine)
{
    wire_config("client-query-buffer-limit", "1mb");
    enum { REQUESTS = 100000 };
    redisContext *c = wire_client();
    for (int i = 0; i < REQUESTS; i++)
        cr_assert_eq(redisAppendCommand(c, "INCR counter:with:a:long:name"), REDIS_OK);
    for (int i = 1; i <= REQUESTS; i++) {
        redisReply *r;
        cr_assert_eq(redisGetReply(c, (void **)&r), REDIS_OK, "%s", c->errstr);
        cr_assert_eq(r->integer, i);
        freeReplyObject(r);
    }
}

Test(protocol, before_the_password_requests_are_small)
{
    struct wire_server *s = wire_start("--requirepass", "sekret", NULL);
    int fd = raw_client_of(s);
    raw_say(fd, "*10\r\n$6\r\nEXISTS\r\n");
    for (int i = 0; i < 9; i++)
        raw_say(fd, "$1\r\nx\r\n");
    raw_expect(fd, "-NOAUTH Authentication required.\r\n");
    raw_say(fd, "*2\r\n$4\r\nAUTH\r\n$16384\r\n");
    char *long_word = pattern_bytes(16384);
    raw_send(fd, long_word, 16384);
    raw_say(fd, "\r\n*11\r\n");
    raw_expect(fd, "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
                   "-ERR Protocol error: unauthenticated multibulk length\r\n");
    raw_expect_closed(fd);
    fd = raw_client_of(s);
    raw_say(fd, "*2\r\n$4\r\nAUTH\r\n$16385\r\n");
    raw_expect(fd, "-ERR Protocol error: unauthenticated bulk length\r\n");
    raw_expect_closed(fd);
    /* Behind AUTH in the same send the bounds are the usual ones. */
    fd = raw_client_of(s);
    raw_say(fd, "AUTH sekret\r\n*11\r\n$6\r\nEXISTS\r\n");
    for (int i = 0; i < 10; i++)
        raw_say(fd, "$1\r\nx\r\n");
    raw_say(fd, "*2\r\n$4\r\nECHO\r\n$16385\r\n");
    raw_send(fd, long_word, 16384);
    raw_say(fd, "x\r\n");
    raw_expect(fd, "+OK\r\n:0\r\n$16385\r\n");
    free(long_word);
}

Test(protocol, whoever_gives_no_password_and_reads_nothing_is_bounded)
{
    if (wire_is_redis())
        cr_skip_test("since 7.2.8");
    struct wire_server *s = wire_start("--requirepass", "sekret", NULL);
    int fd = raw_client_of(s);
    char pings[6000];
    for (size_t i = 0; i < sizeof pings; i += 6)
        memcpy(pings + i, "PING\r\n", 6);
    struct timeval patience = {20, 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    for (int i = 0; i < 5000 && raw_try_send(fd, pings, sizeof pings); i++)
        ;
    redisContext *c = wire_client_of(s);
    expect_ok(c, "AUTH sekret");
    cr_assert_lt(wire_info_int(c, "mem_clients_normal"), 8 << 20);
}
