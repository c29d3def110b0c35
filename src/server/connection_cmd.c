#include "server/connection_cmd.h"

#include "base/mem.h"
#include "server/config.h"
#include "server/monitor.h"
#include "server/multi.h"
#include "server/pubsub.h"
#include "server/stats.h"
#include "server/version.h"

static void ping_run(struct call *call);
static void quit_run(struct call *call);
static void reset_run(struct call *call);

bool connection_runs_in_multi(const struct command *command)
{
    return command->run == quit_run || command->run == reset_run;
}

bool connection_runs_subscribed(const struct command *command)
{
    return command->run == ping_run || connection_runs_in_multi(command);
}

/* ---- who is it ---------------------------------------------------------------- */

bool connection_is_free(void)
{
    return config.requirepass[0] == '\0';
}

/* Its time depends on the length of `given` alone, so it tells nothing about the password. */
static bool same_secret(struct slice given, struct slice secret)
{
    volatile unsigned char diff = given.len != secret.len;
    for (size_t i = 0; i < given.len; i++) {
        unsigned char expected = secret.len ? (unsigned char)secret.ptr[i % secret.len] : 0;
        diff |= (unsigned char)given.ptr[i] ^ expected;
    }
    return diff == 0;
}

bool connection_login(struct client *c, struct slice user, struct slice password)
{
    /* The default user is the only one; without a password any will do. */
    bool known = slice_eq(user, SLICE("default"));
    if (known && (connection_is_free() || same_secret(password, slice_of(config.requirepass)))) {
        c->flags |= CLIENT_AUTHENTICATED;
        return true;
    }
    server_stats.denied_auth++;
    reply_error(&c->reply, "WRONGPASS invalid username-password pair or user is disabled.");
    return false;
}

static void auth_run(struct call *call)
{
    if (call->argc > 3) {
        reply_error(call->reply, ERROR_SYNTAX);
        return;
    }
    if (call->argc == 2 && connection_is_free()) {
        reply_error(call->reply, "ERR AUTH <password> called without any password configured for the default "
                                 "user. Are you sure your configuration is correct?");
        return;
    }
    struct slice user = call->argc == 3 ? call->argv[1] : SLICE("default");
    if (connection_login(call->client, user, call->argv[call->argc - 1]))
        reply_ok(call->reply);
}

bool connection_name_ok(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '!' || s.ptr[i] > '~')
            return false;
    }
    return true;
}

bool connection_set_name(struct client *c, struct reply *reply, struct slice name)
{
    if (!connection_name_ok(name)) {
        reply_error(reply, "ERR Client names cannot contain spaces, newlines or special characters.");
        return false;
    }
    mem_free(c->name);
    c->name = name.len ? mem_dup(name.ptr, name.len) : NULL;
    return true;
}

/* ---- HELLO ---------------------------------------------------------------------- */

struct hello {
    int64_t protocol; /* 0: as it is */
    struct slice user, password, name;
    bool login, rename;
};

/* Reads the request; answers the error and returns false when it is wrong. */
static bool hello_read(struct call *call, struct hello *h)
{
    if (call->argc >= 2) {
        if (!call_int(call, 1, &h->protocol, "ERR Protocol version is not an integer or out of range"))
            return false;
        if (h->protocol != 2 && h->protocol != 3) {
            reply_error(call->reply, "NOPROTO unsupported protocol version");
            return false;
        }
    }
    for (uint32_t i = 2; i < call->argc; i++) {
        struct slice option = call->argv[i];
        uint32_t more = call->argc - 1 - i;
        if (slice_is(option, "AUTH") && more >= 2) {
            h->login = true;
            h->user = call->argv[i + 1];
            h->password = call->argv[i + 2];
            i += 2;
        } else if (slice_is(option, "SETNAME") && more) {
            h->rename = true;
            h->name = call->argv[++i];
            if (!connection_name_ok(h->name)) {
                reply_error(call->reply,
                            "ERR Client names cannot contain spaces, newlines or special characters.");
                return false;
            }
        } else {
            reply_errorf(call->reply, "ERR Syntax error in HELLO option '%.*s'",
                         (int)(option.len < 128 ? option.len : 128), option.ptr);
            return false;
        }
    }
    return true;
}

static void hello_run(struct call *call)
{
    struct client *c = call->client;
    struct hello h = {0};
    if (!hello_read(call, &h))
        return;
    if (h.login && !connection_login(c, h.user, h.password))
        return;
    if (!(c->flags & CLIENT_AUTHENTICATED)) {
        reply_error(call->reply,
                    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
                    "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the "
                    "RESP protocol version at the same time");
        return;
    }
    if (h.rename)
        connection_set_name(c, call->reply, h.name);
    if (h.protocol)
        c->reply.protocol = (uint8_t)h.protocol;
    reply_map(call->reply, 7);
    reply_bulk_text(call->reply, "server");
    reply_bulk_text(call->reply, "redis");
    reply_bulk_text(call->reply, "version");
    reply_bulk_text(call->reply, REDIS_VERSION);
    reply_bulk_text(call->reply, "proto");
    reply_int(call->reply, c->reply.protocol);
    reply_bulk_text(call->reply, "id");
    reply_int(call->reply, (int64_t)c->id);
    reply_bulk_text(call->reply, "mode");
    reply_bulk_text(call->reply, "standalone");
    reply_bulk_text(call->reply, "role");
    reply_bulk_text(call->reply, "master");
    reply_bulk_text(call->reply, "modules");
    reply_array(call->reply, 0);
}

/* ---- the others -------------------------------------------------------------------- */

static void echo_run(struct call *call)
{
    reply_bulk(call->reply, call->argv[1]);
}

static void ping_run(struct call *call)
{
    if (call->argc > 2) {
        call_wrong_arity(call);
        return;
    }
    if (call->client->flags & CLIENT_PUBSUB && call->reply->protocol == 2) {
        reply_array(call->reply, 2);
        reply_bulk_text(call->reply, "pong");
        reply_bulk(call->reply, call->argc == 2 ? call->argv[1] : SLICE(""));
    } else if (call->argc == 2) {
        reply_bulk(call->reply, call->argv[1]);
    } else {
        reply_raw(call->reply, SLICE("+PONG\r\n"));
    }
}

static void quit_run(struct call *call)
{
    reply_ok(call->reply);
    client_close_after(call->client);
}

static void reset_run(struct call *call)
{
    struct client *c = call->client;
    monitor_remove(c);
    multi_discard(c);
    pubsub_clear(c);
    c->db = 0;
    c->reply.protocol = 2;
    c->flags &= ~(uint32_t)(CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP | CLIENT_REPLY_SKIP_NEXT | CLIENT_NO_TOUCH |
                            CLIENT_AUTHENTICATED);
    client_protect(c, false);
    if (connection_is_free())
        c->flags |= CLIENT_AUTHENTICATED;
    connection_route_replies(c);
    /* The library's name stays: it is still the same library. */
    connection_set_name(c, call->reply, SLICE(""));
    reply_status(call->reply, "RESET");
}

static void select_run(struct call *call)
{
    int64_t db;
    if (!call_int(call, 1, &db, NULL))
        return;
    if (db < INT32_MIN || db > INT32_MAX) {
        reply_error(call->reply, "ERR value is out of range, value must between -2147483648 and 2147483647");
        return;
    }
    if (db < 0 || db >= keyspace_databases(call->keyspace)) {
        reply_error(call->reply, "ERR DB index is out of range");
        return;
    }
    call->client->db = (unsigned)db;
    reply_ok(call->reply);
}

#define ANY_TIME (COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST)
#define BEFORE_AUTH (ANY_TIME | COMMAND_NOSCRIPT | COMMAND_NO_AUTH | COMMAND_ALLOW_BUSY | COMMAND_BARRIER)

const struct command connection_commands[] = {
    {.name = "auth",
     .run = auth_run,
     .arity = -2,
     .flags = BEFORE_AUTH | COMMAND_SENTINEL,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Proves who the client is.",
     .complexity = "O(N) where N is the length of the password.",
     .categories = CATEGORY_CONNECTION,
     .syntax = "[username@6.0.0] password"},
    {.name = "echo",
     .run = echo_run,
     .arity = 2,
     .flags = ANY_TIME,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Answers with what it was given.",
     .complexity = "O(1)",
     .categories = CATEGORY_CONNECTION,
     .syntax = "message"},
    {.name = "hello",
     .run = hello_run,
     .arity = -1,
     .flags = BEFORE_AUTH | COMMAND_SENTINEL,
     .group = "connection",
     .since = "6.0.0",
     .summary = "Chooses the protocol, and tells about the server.",
     .complexity = "O(1)",
     .categories = CATEGORY_CONNECTION,
     .syntax = "[arguments=protover:integer [AUTH username password] [SETNAME clientname]]"},
    {.name = "ping",
     .run = ping_run,
     .arity = -1,
     .flags = COMMAND_FAST | COMMAND_SENTINEL,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Answers PONG, or with what it was given.",
     .complexity = "O(1)",
     .categories = CATEGORY_CONNECTION,
     .syntax = "[message]",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "quit",
     .run = quit_run,
     .arity = -1,
     .flags = BEFORE_AUTH,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Ends the connection.",
     .complexity = "O(1)",
     .categories = CATEGORY_CONNECTION,
     .deprecated_since = "7.2.0",
     .replaced_by = "just closing the connection"},
    {.name = "reset",
     .run = reset_run,
     .arity = 1,
     .flags = BEFORE_AUTH,
     .group = "connection",
     .since = "6.2.0",
     .summary = "Makes the connection as it was when it was new.",
     .complexity = "O(1)",
     .categories = CATEGORY_CONNECTION},
    {.name = "select",
     .run = select_run,
     .arity = 2,
     .flags = ANY_TIME,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Chooses the database of the connection.",
     .complexity = "O(1)",
     .categories = CATEGORY_CONNECTION,
     .syntax = "index:integer"},
    {.name = NULL},
};
