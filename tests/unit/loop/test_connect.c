/* connect: to addresses and names, to nobody, and given up at any time. */
#include "loop/connect.h"

#include "tests/unit/support/check.h"

#include <arpa/inet.h>
#include <unistd.h>

static int listener;
static unsigned port;
static int told; /* times that `done` was called, and what it said last */
static bool said;

static void start(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    loop_init();
    listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&a, len), 0);
    cr_assert_eq(listen(listener, 100), 0);
    getsockname(listener, (struct sockaddr *)&a, &len);
    port = ntohs(a.sin_port);
}

static void finish(void)
{
    if (listener >= 0)
        close(listener);
    loop_deinit();
}

TestSuite(connect, .init = start, .fini = finish, .timeout = 60);

static void done(struct connector *c, bool connected)
{
    told++;
    said = connected;
    cr_expect_eq(connected, c->conn.fd >= 0);
}

static void expect_told(bool wanted)
{
    told = 0;
    while (!told)
        loop_turn(1000);
    cr_expect_eq(told, 1);
    cr_expect_eq(said, wanted);
}

static void nobody_listens(void)
{
    close(listener);
    listener = -1;
}

Test(connect, to_an_address_and_to_a_name)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost"};
    for (int i = 0; i < 2; i++) {
        struct connector c;
        cr_assert(connector_start(&c, hosts[i], port, done));
        expect_told(true);
        int fd = accept(listener, NULL, NULL);
        cr_assert_geq(fd, 0);
        struct iovec v = {"hi", 2};
        cr_expect_eq(socket_writev(&c.conn, &v, 1), 2);
        char got[2];
        cr_expect_eq(read(fd, got, 2), 2);
        connector_stop(&c);
        cr_expect_eq(read(fd, got, 2), 0, "it isn't closed");
        connector_stop(&c);
        close(fd);
    }
}

Test(connect, nobody_answers)
{
    struct connector c;
    nobody_listens();
    if (connector_start(&c, "127.0.0.1", port, done)) /* a refusal may come at once */
        expect_told(false);
    cr_expect(c.tried);
    connector_stop(&c);
    cr_assert(connector_start(&c, "localhost", port, done));
    expect_told(false);
    cr_expect(c.tried);
    connector_stop(&c);
}

Test(connect, an_unknown_name)
{
    struct connector c;
    cr_assert(connector_start(&c, "no.such.name.invalid", port, done));
    expect_told(false);
    cr_expect_not(c.tried);
    connector_stop(&c);
}

Test(connect, given_up_it_tells_nothing)
{
    struct connector c[8];
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 8; i++)
            if (connector_start(&c[i], i % 2 ? "localhost" : "127.0.0.1", port, done) && round % 2)
                loop_turn(0);
        for (int i = 0; i < 8; i++)
            connector_stop(&c[i]);
        told = 0;
        loop_turn(0);
        cr_expect_eq(told, 0);
    }
}

/* Names that take long to look up don't pile up. */
Test(connect, look_ups_are_few_at_a_time)
{
    enum { MANY = 200 };
    struct connector *c = calloc(MANY, sizeof *c);
    unsigned started = 0, refused = 0;
    for (int i = 0; i < MANY; i++)
        if (connector_start(&c[i], "no.such.name.invalid", port, done))
            started++;
        else
            refused++;
    cr_expect_geq(started, 1);
    cr_expect_eq(started + refused, MANY);
    for (int i = 0; i < MANY; i++)
        connector_stop(&c[i]);
    free(c);
}
