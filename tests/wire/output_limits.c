/* What is written for a client is bounded: client-output-buffer-limit by class, maxmemory-clients. */
#include "tests/wire/wire.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

WIRE_SUITE(output_limits);

static char *filler(size_t len)
{
    char *bytes = malloc(len);
    cr_assert_not_null(bytes);
    memset(bytes, 'x', len);
    return bytes;
}

/* A raw client that has subscribed to "ch" and reads nothing more. */
static int deaf_subscriber(void)
{
    int fd = raw_client();
    raw_say(fd, "SUBSCRIBE ch\r\n");
    raw_expect(fd, "*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n");
    return fd;
}

static void expect_cut_off(int fd)
{
    expect_closed(&(redisContext){.fd = fd});
}

Test(output_limits, a_deaf_subscriber_is_cut_off_at_the_hard_limit)
{
    wire_config("client-output-buffer-limit", "pubsub 2mb 0 0");
    redisContext *c = wire_client(), *listener = wire_client();
    expect(listener, "[\"subscribe\" \"other\" 1]", "SUBSCRIBE other");
    int fd = deaf_subscriber();
    char *message = filler(100000);
    int heard = 0;
    for (int i = 0; i < 200; i++)
        heard += (int)wire_int(c, "PUBLISH ch %b", message, (size_t)100000);
    cr_assert(heard >= 20 && heard < 100, "%d messages of 100 kB were kept", heard);
    expect_soon(c, "[\"ch\" 0]", "PUBSUB NUMSUB ch");
    expect_cut_off(fd);
    expect_int(c, 1, "PUBLISH other x");
    expect_next(listener, "[\"message\" \"other\" \"x\"]");
    free(message);
}

Test(output_limits, the_soft_limit_cuts_off_after_its_time)
{
    wire_config("client-output-buffer-limit", "pubsub 0 1mb 1");
    redisContext *c = wire_client();
    int fd = deaf_subscriber();
    char *message = filler(100000);
    for (int i = 0; i < 30; i++)
        expect_int(c, 1, "PUBLISH ch %b", message, (size_t)100000);
    expect_soon(c, "[\"ch\" 0]", "PUBSUB NUMSUB ch");
    expect_cut_off(fd);
    free(message);
}

Test(output_limits, whoever_reads_in_time_stays)
{
    wire_config("client-output-buffer-limit", "pubsub 0 1mb 600");
    redisContext *c = wire_client();
    int fd = deaf_subscriber();
    char *message = filler(100000);
    for (int i = 0; i < 30; i++)
        expect_int(c, 1, "PUBLISH ch %b", message, (size_t)100000);
    for (int i = 0; i < 30; i++) {
        raw_expect(fd, "*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$100000\r\n");
        raw_expect_bytes(fd, message, 100000);
        raw_expect(fd, "\r\n");
    }
    expect_int(c, 1, "PUBLISH ch last");
    raw_expect(fd, "*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$4\r\nlast\r\n");
    free(message);
}

Test(output_limits, the_class_decides)
{
    wire_config("client-output-buffer-limit", "pubsub 1mb 0 0");
    redisContext *c = wire_client();
    char *value = filler(1000000);
    expect_ok(c, "SET k %b", value, (size_t)1000000);
    int fd = raw_client();
    for (int i = 0; i < 20; i++)
        raw_say(fd, "GET k\r\n");
    expect(c, "+PONG", "PING");
    for (int i = 0; i < 20; i++) {
        raw_expect(fd, "$1000000\r\n");
        raw_expect_bytes(fd, value, 1000000);
        raw_expect(fd, "\r\n");
    }
    free(value);
}

Test(output_limits, a_normal_client_that_reads_nothing)
{
    wire_config("client-output-buffer-limit", "normal 3mb 0 0");
    redisContext *c = wire_client();
    char *value = filler(10000);
    expect_ok(c, "SET small %b", value, (size_t)10000);
    int fd = raw_client();
    for (int i = 0; i < 3000; i++)
        if (!raw_try_send(fd, "GET small\r\n", 11))
            break;
    expect_cut_off(fd);
    expect_bytes(c, value, 10000, "GET small");
    free(value);
}

Test(output_limits, values_held_by_reference_count)
{
    wire_config("client-output-buffer-limit", "normal 3mb 0 0");
    redisContext *c = wire_client();
    char *value = filler(1000000);
    expect_ok(c, "SET k %b", value, (size_t)1000000);
    int fd = raw_client();
    for (int i = 0; i < 30; i++)
        if (!raw_try_send(fd, "GET k\r\n", 7))
            break;
    expect_cut_off(fd);
    expect_int(c, 1000000, "STRLEN k");
    free(value);
}

Test(output_limits, an_array_of_many_elements_counts_too)
{
    wire_config("client-output-buffer-limit", "normal 1mb 0 0");
    redisContext *c = wire_client();
    expect_ok(c, "DEBUG POPULATE 100000");
    int fd = raw_client();
    for (int i = 0; i < 10; i++)
        if (!raw_try_send(fd, "KEYS *\r\n", 8))
            break;
    expect_cut_off(fd);
    expect_int(c, 100000, "DBSIZE");
}

/* ---- maxmemory-clients ------------------------------------------------ */

/* A subscriber with about `kilobytes` waiting for it. */
static redisContext *fat_client(redisContext *c, const char *channel, int kilobytes)
{
    redisContext *fat = wire_client();
    char answer[64];
    snprintf(answer, sizeof answer, "[\"subscribe\" \"%s\" 1]", channel);
    expect(fat, answer, "SUBSCRIBE %s", channel);
    char *message = filler(100000);
    for (int i = 0; i < kilobytes / 100; i++)
        expect_int(c, 1, "PUBLISH %s %b", channel, message, (size_t)100000);
    free(message);
    return fat;
}

Test(output_limits, maxmemory_clients_cuts_off_the_biggest)
{
    wire_config("client-output-buffer-limit", "pubsub 0 0 0");
    redisContext *c = wire_client();
    redisContext *biggest = fat_client(c, "big", 6000);
    redisContext *middle = fat_client(c, "middle", 2000);
    wire_config("maxmemory-clients", "5mb");
    expect_soon(c, "[\"big\" 0 \"middle\" 1]", "PUBSUB NUMSUB big middle");
    expect_closed(biggest);
    expect_int(c, 1, "PUBLISH middle last");
    char *message = filler(100000);
    for (int i = 0; i < 20; i++) {
        redisReply *r;
        cr_assert_eq(redisGetReply(middle, (void **)&r), REDIS_OK);
        cr_assert_eq(r->element[2]->len, 100000);
        freeReplyObject(r);
    }
    expect_next(middle, "[\"message\" \"middle\" \"last\"]");
    cr_assert_geq(wire_info_int(c, "evicted_clients"), 1);
    free(message);
}

Test(output_limits, no_evict_protects)
{
    wire_config("client-output-buffer-limit", "pubsub 0 0 0");
    redisContext *c = wire_client();
    expect_ok(c, "CLIENT NO-EVICT ON");
    redisContext *kept = wire_client();
    expect_ok(kept, "CLIENT NO-EVICT ON");
    expect(kept, "[\"subscribe\" \"kept\" 1]", "SUBSCRIBE kept");
    char *message = filler(100000);
    for (int i = 0; i < 60; i++)
        expect_int(c, 1, "PUBLISH kept %b", message, (size_t)100000);
    redisContext *other = fat_client(c, "other", 2000);
    wire_config_by(c, "maxmemory-clients", "1mb");
    expect_soon(c, "[\"kept\" 1 \"other\" 0]", "PUBSUB NUMSUB kept other");
    expect_closed(other);
    for (int i = 0; i < 60; i++) {
        redisReply *r;
        cr_assert_eq(redisGetReply(kept, (void **)&r), REDIS_OK);
        freeReplyObject(r);
    }
    expect_int(c, 1, "PUBLISH kept x");
    expect_next(kept, "[\"message\" \"kept\" \"x\"]");
    free(message);
}

Test(output_limits, whoever_gives_up_no_evict_is_cut_off)
{
    wire_config("client-output-buffer-limit", "pubsub 0 0 0");
    redisContext *c = wire_client();
    expect_ok(c, "CLIENT NO-EVICT ON");
    int fd = raw_client();
    raw_say(fd, "HELLO 3\r\nCLIENT NO-EVICT ON\r\nSUBSCRIBE kept\r\n");
    expect_soon(c, "[\"kept\" 1]", "PUBSUB NUMSUB kept");
    wire_config_by(c, "maxmemory-clients", "1mb");
    char *message = filler(100000);
    for (int i = 0; i < 60; i++)
        expect_int(c, 1, "PUBLISH kept %b", message, (size_t)100000);
    raw_say(fd, "CLIENT NO-EVICT OFF\r\n");
    expect_soon(c, "[\"kept\" 0]", "PUBSUB NUMSUB kept");
    free(message);
}

Test(output_limits, half_a_request_counts_to_maxmemory_clients)
{
    wire_config("maxmemory-clients", "2mb");
    redisContext *c = wire_client();
    int fd = raw_client();
    raw_say(fd, "*2\r\n$4\r\nECHO\r\n$100000000\r\n");
    char *bytes = filler(1000000);
    for (int i = 0; i < 50; i++)
        if (!raw_try_send(fd, bytes, 1000000))
            break;
    expect_cut_off(fd);
    expect(c, "+PONG", "PING");
    free(bytes);
}
