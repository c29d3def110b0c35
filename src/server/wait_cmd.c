#include "server/wait_cmd.h"

#include "base/clock.h"
#include "server/client.h"

/* argv[i] as a timeout in ms (0: for ever); false when the error is answered. */
static bool read_timeout(struct call *c, uint32_t i, int64_t *timeout)
{
    if (!call_int(c, i, timeout, "ERR timeout is not an integer or out of range"))
        return false;
    if (*timeout >= 0 && *timeout <= INT64_MAX - clock_ms())
        return true;
    reply_error(c->reply, *timeout < 0 ? "ERR timeout is negative" : "ERR timeout is out of range");
    return false;
}

/* Lets the client wait; a transaction can't, so there the answer comes at once. */
static void wait_for(struct call *c, int64_t timeout, void (*answer)(struct client *c))
{
    struct client *client = c->client;
    if (client->flags & CLIENT_EXECUTING) {
        answer(client);
        return;
    }
    uint64_t left_us = UINT64_MAX / 2 - clock_mono_us();
    if ((uint64_t)timeout < left_us / 1000)
        left_us = (uint64_t)timeout * 1000;
    client_block(client, timeout ? clock_mono_us() + left_us : 0, answer);
}

static void answer_wait(struct client *c)
{
    reply_int(&c->reply, 0);
    if (c->flags & CLIENT_BLOCKED)
        client_unblock(c);
}

static void run_wait(struct call *c)
{
    int64_t replicas, timeout;
    if (!call_int(c, 1, &replicas, NULL) || !read_timeout(c, 2, &timeout))
        return;
    if (replicas > 0)
        wait_for(c, timeout, answer_wait);
    else
        reply_int(c->reply, 0);
}

static void answer_waitaof(struct client *c)
{
    reply_array(&c->reply, 2);
    reply_int(&c->reply, 0);
    reply_int(&c->reply, 0);
    if (c->flags & CLIENT_BLOCKED)
        client_unblock(c);
}

static void run_waitaof(struct call *c)
{
    int64_t local, replicas, timeout;
    if (!call_int(c, 1, &local, NULL))
        return;
    if (local < 0 || local > 1) {
        reply_error(c->reply, "ERR value is out of range, value must between 0 and 1");
        return;
    }
    if (!call_int_within(c, 2, 0, INT64_MAX, &replicas, "ERR value is out of range, must be positive") ||
        !read_timeout(c, 3, &timeout))
        return;
    if (local)
        reply_error(c->reply, "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
    else if (replicas > 0)
        wait_for(c, timeout, answer_waitaof);
    else
        answer_waitaof(c->client);
}

const struct command wait_commands[] = {
    {.name = "wait",
     .run = run_wait,
     .arity = 3,
     .flags = COMMAND_BARRIER,
     .group = "generic",
     .since = "3.0.0",
     .summary = "Waits until replicas acknowledged this connection's writes.",
     .complexity = "O(1)",
     .categories = CATEGORY_CONNECTION,
     .syntax = "numreplicas:integer timeout:integer",
     .tips = "request_policy:all_shards response_policy:agg_min"},
    {.name = "waitaof",
     .run = run_waitaof,
     .arity = 4,
     .flags = COMMAND_NOSCRIPT | COMMAND_BARRIER,
     .group = "generic",
     .since = "7.2.0",
     .summary = "Waits until this connection's writes are in the append-only files here and at replicas.",
     .complexity = "O(1)",
     .categories = CATEGORY_CONNECTION,
     .syntax = "numlocal:integer numreplicas:integer timeout:integer",
     .tips = "request_policy:all_shards response_policy:agg_min"},
    {.name = NULL},
};
