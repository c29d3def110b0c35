/* SUBSCRIBE and its kind, PUBLISH, SPUBLISH, PUBSUB. */
#include "tests/wire/wire.h"

#include <stdio.h>
#include <string.h>

WIRE_SUITE(pubsub);

/* Sends and takes the first confirmation; more come by expect_next. */
static void say(redisContext *c, const char *command, const char *first)
{
    wire_send(c, command);
    expect_next(c, first);
}

Test(pubsub, messages_reach_subscribers_only)
{
    redisContext *a = wire_client(), *b = wire_client(), *pub = wire_client();
    say(a, "SUBSCRIBE news", "[\"subscribe\" \"news\" 1]");
    say(b, "SUBSCRIBE news sport", "[\"subscribe\" \"news\" 1]");
    expect_next(b, "[\"subscribe\" \"sport\" 2]");
    expect_int(pub, 2, "PUBLISH news one");
    expect_int(pub, 1, "PUBLISH sport two");
    expect_int(pub, 0, "PUBLISH other three");
    expect_next(a, "[\"message\" \"news\" \"one\"]");
    expect_next(b, "[\"message\" \"news\" \"one\"]");
    expect_next(b, "[\"message\" \"sport\" \"two\"]");
    expect(a, "[\"pong\" \"\"]", "PING");
    expect(b, "[\"pong\" \"\"]", "PING");
}

Test(pubsub, binary_channels_and_messages)
{
    redisContext *a = wire_client(), *pub = wire_client();
    wire_send(a, "SUBSCRIBE %b %s", "c\0\r\n", (size_t)4, "");
    expect_next(a, "[\"subscribe\" \"c\\x00\\r\\n\" 1]");
    expect_next(a, "[\"subscribe\" \"\" 2]");
    expect_int(pub, 1, "PUBLISH %b %b", "c\0\r\n", (size_t)4, "m\0\n", (size_t)3);
    expect_int(pub, 1, "PUBLISH %s %s", "", "");
    expect_next(a, "[\"message\" \"c\\x00\\r\\n\" \"m\\x00\\n\"]");
    expect_next(a, "[\"message\" \"\" \"\"]");
}

Test(pubsub, subscribing_twice_counts_once)
{
    redisContext *a = wire_client(), *pub = wire_client();
    say(a, "SUBSCRIBE x x", "[\"subscribe\" \"x\" 1]");
    expect_next(a, "[\"subscribe\" \"x\" 1]");
    say(a, "PSUBSCRIBE x x", "[\"psubscribe\" \"x\" 2]");
    expect_next(a, "[\"psubscribe\" \"x\" 2]");
    expect_int(pub, 2, "PUBLISH x m");
    expect_next(a, "[\"message\" \"x\" \"m\"]");
    expect_next(a, "[\"pmessage\" \"x\" \"x\" \"m\"]");
    expect(pub, "[\"x\" 1]", "PUBSUB NUMSUB x");
    expect_int(pub, 1, "PUBSUB NUMPAT");
}

Test(pubsub, unsubscribe)
{
    redisContext *a = wire_client(), *pub = wire_client();
    say(a, "SUBSCRIBE x y z", "[\"subscribe\" \"x\" 1]");
    expect_next(a, "[\"subscribe\" \"y\" 2]");
    expect_next(a, "[\"subscribe\" \"z\" 3]");
    say(a, "UNSUBSCRIBE y none", "[\"unsubscribe\" \"y\" 2]");
    expect_next(a, "[\"unsubscribe\" \"none\" 2]");
    expect_int(pub, 0, "PUBLISH y m");
    expect_int(pub, 1, "PUBLISH x m");
    expect_next(a, "[\"message\" \"x\" \"m\"]");
    say(a, "UNSUBSCRIBE x z", "[\"unsubscribe\" \"x\" 1]");
    expect_next(a, "[\"unsubscribe\" \"z\" 0]");
    expect(a, "+PONG", "PING");
    expect_nil(a, "GET k");
    expect(pub, "[]", "PUBSUB CHANNELS");
}

Test(pubsub, unsubscribe_without_names_ends_all_of_a_kind)
{
    redisContext *a = wire_client();
    say(a, "SUBSCRIBE x", "[\"subscribe\" \"x\" 1]");
    say(a, "PSUBSCRIBE p*", "[\"psubscribe\" \"p*\" 2]");
    say(a, "SSUBSCRIBE s", "[\"ssubscribe\" \"s\" 1]");
    say(a, "UNSUBSCRIBE", "[\"unsubscribe\" \"x\" 1]");
    say(a, "UNSUBSCRIBE", "[\"unsubscribe\" nil 1]");
    say(a, "PUNSUBSCRIBE", "[\"punsubscribe\" \"p*\" 0]");
    say(a, "PUNSUBSCRIBE", "[\"punsubscribe\" nil 0]");
    expect_error_like(a, "ERR Can't execute 'get'", "GET k");
    say(a, "SUNSUBSCRIBE", "[\"sunsubscribe\" \"s\" 0]");
    say(a, "SUNSUBSCRIBE", "[\"sunsubscribe\" nil 0]");
    expect_nil(a, "GET k");
}

Test(pubsub, unsubscribe_of_a_client_that_never_subscribed)
{
    redisContext *a = wire_client();
    expect(a, "[\"unsubscribe\" nil 0]", "UNSUBSCRIBE");
    expect(a, "[\"punsubscribe\" nil 0]", "PUNSUBSCRIBE");
    expect(a, "[\"sunsubscribe\" nil 0]", "SUNSUBSCRIBE");
    expect(a, "[\"unsubscribe\" \"x\" 0]", "UNSUBSCRIBE x");
    expect_nil(a, "GET k");
}

Test(pubsub, null_of_unsubscribe_is_a_null_bulk)
{
    int fd = raw_client();
    raw_say(fd, "UNSUBSCRIBE\r\n");
    raw_expect(fd, "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n");
}

Test(pubsub, patterns)
{
    redisContext *a = wire_client(), *b = wire_client(), *pub = wire_client();
    say(a, "PSUBSCRIBE news.* h[ae]llo", "[\"psubscribe\" \"news.*\" 1]");
    expect_next(a, "[\"psubscribe\" \"h[ae]llo\" 2]");
    say(b, "PSUBSCRIBE news.*", "[\"psubscribe\" \"news.*\" 1]");
    expect_int(pub, 2, "PUBLISH news.art m");
    expect_next(a, "[\"pmessage\" \"news.*\" \"news.art\" \"m\"]");
    expect_next(b, "[\"pmessage\" \"news.*\" \"news.art\" \"m\"]");
    expect_int(pub, 1, "PUBLISH hello m");
    expect_next(a, "[\"pmessage\" \"h[ae]llo\" \"hello\" \"m\"]");
    expect_int(pub, 0, "PUBLISH hillo m");
    expect_int(pub, 2, "PUBSUB NUMPAT");
    expect(pub, "[]", "PUBSUB CHANNELS");
}

Test(pubsub, a_client_with_channel_and_pattern_gets_both)
{
    redisContext *a = wire_client(), *pub = wire_client();
    say(a, "PSUBSCRIBE *", "[\"psubscribe\" \"*\" 1]");
    say(a, "SUBSCRIBE x", "[\"subscribe\" \"x\" 2]");
    expect_int(pub, 2, "PUBLISH x m");
    expect_next(a, "[\"message\" \"x\" \"m\"]");
    expect_next(a, "[\"pmessage\" \"*\" \"x\" \"m\"]");
}

Test(pubsub, shard_channels_are_a_world_of_their_own)
{
    redisContext *a = wire_client(), *pub = wire_client();
    say(a, "SSUBSCRIBE x y", "[\"ssubscribe\" \"x\" 1]");
    expect_next(a, "[\"ssubscribe\" \"y\" 2]");
    say(a, "PSUBSCRIBE *", "[\"psubscribe\" \"*\" 1]");
    expect_int(pub, 1, "SPUBLISH x shard");
    expect_next(a, "[\"smessage\" \"x\" \"shard\"]");
    expect_int(pub, 1, "PUBLISH x plain");
    expect_next(a, "[\"pmessage\" \"*\" \"x\" \"plain\"]");
    expect(pub, "[]", "PUBSUB CHANNELS");
    expect_unordered(pub, "[\"x\" \"y\"]", "PUBSUB SHARDCHANNELS");
    expect(pub, "[\"y\"]", "PUBSUB SHARDCHANNELS y*");
    expect(pub, "[\"x\" 1 \"none\" 0]", "PUBSUB SHARDNUMSUB x none");
    expect(pub, "[\"x\" 0]", "PUBSUB NUMSUB x");
    say(a, "SUNSUBSCRIBE x", "[\"sunsubscribe\" \"x\" 1]");
    expect_int(pub, 0, "SPUBLISH x shard");
}

Test(pubsub, introspection)
{
    redisContext *a = wire_client(), *b = wire_client(), *pub = wire_client();
    expect(pub, "[]", "PUBSUB CHANNELS");
    expect(pub, "[]", "PUBSUB NUMSUB");
    expect(pub, "[]", "PUBSUB SHARDNUMSUB");
    expect_int(pub, 0, "PUBSUB NUMPAT");
    say(a, "SUBSCRIBE one two", "[\"subscribe\" \"one\" 1]");
    expect_next(a, "[\"subscribe\" \"two\" 2]");
    say(b, "SUBSCRIBE two", "[\"subscribe\" \"two\" 1]");
    expect_unordered(pub, "[\"one\" \"two\"]", "PUBSUB CHANNELS");
    expect(pub, "[\"two\"]", "PUBSUB CHANNELS t*");
    expect(pub, "[]", "PUBSUB CHANNELS three");
    expect(pub, "[\"two\" 2 \"none\" 0 \"one\" 1]", "PUBSUB NUMSUB two none one");
    wire_close(b);
    expect_soon(pub, "[\"two\" 1]", "PUBSUB NUMSUB two");
}

Test(pubsub, errors)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR wrong number of arguments for 'subscribe' command", "SUBSCRIBE");
    expect_error(c, "ERR wrong number of arguments for 'psubscribe' command", "PSUBSCRIBE");
    expect_error(c, "ERR wrong number of arguments for 'ssubscribe' command", "SSUBSCRIBE");
    expect_error(c, "ERR wrong number of arguments for 'publish' command", "PUBLISH x");
    expect_error(c, "ERR wrong number of arguments for 'spublish' command", "SPUBLISH x y z");
    expect_error(c, "ERR wrong number of arguments for 'pubsub' command", "PUBSUB");
    expect_error(c, "ERR wrong number of arguments for 'pubsub|numpat' command", "PUBSUB NUMPAT x");
    expect_error(c, "ERR unknown subcommand 'nosuch'. Try PUBSUB HELP.", "PUBSUB nosuch");
    expect_error(c, "ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.",
                 "PUBSUB CHANNELS a b");
    expect_error(c,
                 "ERR unknown subcommand or wrong number of arguments for 'shardchannels'. Try PUBSUB HELP.",
                 "PUBSUB shardchannels a b");
    redisReply *help = wire_command(c, "PUBSUB HELP");
    cr_assert_eq(help->type, REDIS_REPLY_ARRAY);
    cr_assert_str_eq(help->element[0]->str,
                     "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    freeReplyObject(help);
}

#define ONLY "only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"

Test(pubsub, a_subscribed_client_in_resp2_may_do_little)
{
    redisContext *a = wire_client();
    say(a, "SUBSCRIBE x", "[\"subscribe\" \"x\" 1]");
    expect_error(a, "ERR Can't execute 'get': " ONLY, "GET k");
    expect_error(a, "ERR Can't execute 'publish': " ONLY, "PUBLISH x m");
    expect_error(a, "ERR Can't execute 'client|list': " ONLY, "CLIENT LIST");
    expect_error(a, "ERR Can't execute 'multi': " ONLY, "MULTI");
    expect_error(a, "EXECABORT Transaction discarded because of: Can't execute 'exec': " ONLY, "EXEC");
    expect_error(a, "ERR wrong number of arguments for 'get' command", "GET");
    expect_error_like(a, "ERR unknown command 'nosuch'", "nosuch");
    expect(a, "[\"pong\" \"\"]", "PING");
    expect(a, "[\"pong\" \"hi\"]", "PING hi");
    expect_error(a, "ERR wrong number of arguments for 'ping' command", "PING a b");
    expect(a, "+RESET", "RESET");
    expect_nil(a, "GET k");
    say(a, "SSUBSCRIBE x", "[\"ssubscribe\" \"x\" 1]");
    expect_error(a, "ERR Can't execute 'get': " ONLY, "GET k");
    expect_ok(a, "QUIT");
    expect_closed(a);
    wire_close(a);
}

Test(pubsub, reset_ends_subscriptions)
{
    redisContext *a = wire_client(), *pub = wire_client();
    say(a, "SUBSCRIBE x", "[\"subscribe\" \"x\" 1]");
    say(a, "PSUBSCRIBE *", "[\"psubscribe\" \"*\" 2]");
    say(a, "SSUBSCRIBE x", "[\"ssubscribe\" \"x\" 1]");
    expect(a, "+RESET", "RESET");
    expect_int(pub, 0, "PUBLISH x m");
    expect_int(pub, 0, "SPUBLISH x m");
    expect(a, "+PONG", "PING");
}

Test(pubsub, resp3_pushes_between_other_commands)
{
    struct wire_resp3 *a = resp3_client();
    redisContext *pub = wire_client();
    expect3(a, ">[\"subscribe\" \"x\" 1]", "SUBSCRIBE x");
    expect3(a, ">[\"psubscribe\" \"*\" 2]", "PSUBSCRIBE *");
    expect3(a, ">[\"ssubscribe\" \"s\" 1]", "SSUBSCRIBE s");
    expect3(a, "+PONG", "PING");
    expect3(a, "\"hi\"", "PING hi");
    expect3(a, "nil", "GET k");
    expect_int(pub, 2, "PUBLISH x m");
    expect3_next(a, ">[\"message\" \"x\" \"m\"]");
    expect3_next(a, ">[\"pmessage\" \"*\" \"x\" \"m\"]");
    expect_int(pub, 1, "SPUBLISH s m");
    expect3_next(a, ">[\"smessage\" \"s\" \"m\"]");
    expect3(a, ">[\"unsubscribe\" \"x\" 1]", "UNSUBSCRIBE");
    expect3(a, ">[\"unsubscribe\" nil 1]", "UNSUBSCRIBE");
    expect3(a, ">[\"punsubscribe\" \"*\" 0]", "PUNSUBSCRIBE *");
    expect3(a, ">[\"sunsubscribe\" \"s\" 0]", "SUNSUBSCRIBE s");
    expect3(a, "[]", "PUBSUB CHANNELS");
    expect3(a, "[\"x\" 0]", "PUBSUB NUMSUB x");
}

Test(pubsub, publishing_to_oneself_answers_first)
{
    if (wire_is_redis())
        return; /* since 7.2 */
    struct wire_resp3 *a = resp3_client();
    expect3(a, ">[\"subscribe\" \"x\" 1]", "SUBSCRIBE x");
    expect3(a, "1", "PUBLISH x m");
    expect3_next(a, ">[\"message\" \"x\" \"m\"]");
    expect3(a, "+OK", "MULTI");
    expect3(a, "+QUEUED", "PUBLISH x one");
    expect3(a, "+QUEUED", "PUBLISH x two");
    expect3(a, "[1 1]", "EXEC");
    expect3_next(a, ">[\"message\" \"x\" \"one\"]");
    expect3_next(a, ">[\"message\" \"x\" \"two\"]");
}

Test(pubsub, inside_a_transaction)
{
    redisContext *a = wire_client(), *pub = wire_client();
    expect_ok(a, "MULTI");
    expect_queued(a, "SUBSCRIBE x y");
    expect_queued(a, "GET k");
    wire_send(a, "EXEC");
    /* Each confirmation is a reply of its own, so RESP2's array ends early, as in Redis. */
    expect_next(a, "[[\"subscribe\" \"x\" 1] [\"subscribe\" \"y\" 2]]");
    expect_next(a, "nil");
    expect_error_like(a, "ERR Can't execute 'get'", "GET k");
    expect_ok(pub, "MULTI");
    expect_queued(pub, "PUBLISH x m");
    expect_queued(pub, "SPUBLISH x m");
    expect(pub, "[1 0]", "EXEC");
    expect_next(a, "[\"message\" \"x\" \"m\"]");
}

Test(pubsub, big_messages_to_many)
{
    enum { CLIENTS = 12, SIZE = 300000 };
    redisContext *sub[CLIENTS], *pub = wire_client();
    struct wire_resp3 *sub3 = resp3_client();
    char *message = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        message[i] = (char)('a' + i % 23);
    for (int i = 0; i < CLIENTS; i++) {
        sub[i] = wire_client();
        say(sub[i], i % 2 ? "SUBSCRIBE big" : "PSUBSCRIBE b*",
            i % 2 ? "[\"subscribe\" \"big\" 1]" : "[\"psubscribe\" \"b*\" 1]");
    }
    expect3(sub3, ">[\"subscribe\" \"big\" 1]", "SUBSCRIBE big");
    static const size_t sizes[] = {4095, 4096, 16384, SIZE};
    for (size_t s = 0; s < 4; s++) {
        expect_int(pub, CLIENTS + 1, "PUBLISH big %b", message, sizes[s]);
        for (int i = 0; i < CLIENTS; i++) {
            redisReply *got;
            cr_assert_eq(redisGetReply(sub[i], (void **)&got), REDIS_OK);
            redisReply *body = got->element[got->elements - 1];
            cr_assert(body->len == sizes[s] && memcmp(body->str, message, sizes[s]) == 0);
            freeReplyObject(got);
        }
        struct resp3_value *got = resp3_receive(sub3);
        cr_assert(got->items[2]->len == sizes[s] && memcmp(got->items[2]->text, message, sizes[s]) == 0);
        resp3_destroy(got);
    }
    free(message);
}

Test(pubsub, thousands_of_channels)
{
    enum { CHANNELS = 5000 };
    redisContext *a = wire_client(), *b = wire_client(), *pub = wire_client();
    char text[64];
    for (int i = 0; i < CHANNELS; i++) {
        redisAppendCommand(a, "SUBSCRIBE ch:%d", i);
        redisAppendCommand(b, "SUBSCRIBE ch:%d", i);
    }
    for (int i = 0; i < CHANNELS; i++) {
        snprintf(text, sizeof text, "[\"subscribe\" \"ch:%d\" %d]", i, i + 1);
        expect_next(a, text);
        expect_next(b, text);
    }
    for (int i = 0; i < CHANNELS; i += 7) {
        expect_int(pub, 2, "PUBLISH ch:%d %d", i, i);
        snprintf(text, sizeof text, "[\"message\" \"ch:%d\" \"%d\"]", i, i);
        expect_next(a, text);
        expect_next(b, text);
    }
    wire_close(b);
    expect_soon(pub, "[\"ch:0\" 1 \"ch:4999\" 1]", "PUBSUB NUMSUB ch:0 ch:4999");
    for (int i = CHANNELS - 1; i >= 0; i--)
        redisAppendCommand(a, "UNSUBSCRIBE ch:%d", i);
    for (int i = CHANNELS - 1; i >= 0; i--) {
        snprintf(text, sizeof text, "[\"unsubscribe\" \"ch:%d\" %d]", i, i);
        expect_next(a, text);
    }
    expect(pub, "[]", "PUBSUB CHANNELS");
}

Test(pubsub, reply_off_doesnt_stop_messages)
{
    int fd = raw_client();
    redisContext *pub = wire_client();
    raw_say(fd, "CLIENT REPLY OFF\r\nSUBSCRIBE ch\r\n");
    raw_expect(fd, "*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n");
    raw_say(fd, "PING\r\nGET k\r\n");
    expect_int(pub, 1, "PUBLISH ch m");
    raw_expect(fd, "*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$1\r\nm\r\n");
}

Test(pubsub, a_slow_subscriber_is_closed_at_its_output_limit)
{
    struct wire_server *s = wire_start("--client-output-buffer-limit", "pubsub 1mb 0 0", NULL);
    redisContext *slow = wire_client_of(s), *pub = wire_client_of(s);
    say(slow, "SUBSCRIBE x", "[\"subscribe\" \"x\" 1]");
    static char message[200000];
    memset(message, 'm', sizeof message);
    long long receivers = 1;
    for (int i = 0; i < 200 && receivers; i++)
        receivers = wire_int(pub, "PUBLISH x %b", message, sizeof message);
    cr_assert_eq(receivers, 0);
    expect(pub, "+PONG", "PING");
    wire_close(slow);
}

Test(pubsub, client_list_shows_subscriptions)
{
    struct wire_server *s = wire_start("--hz", "10", NULL);
    redisContext *a = wire_client_of(s), *b = wire_client_of(s);
    long long id = wire_int(a, "CLIENT ID");
    say(a, "SUBSCRIBE x y", "[\"subscribe\" \"x\" 1]");
    expect_next(a, "[\"subscribe\" \"y\" 2]");
    say(a, "PSUBSCRIBE *", "[\"psubscribe\" \"*\" 3]");
    say(a, "SSUBSCRIBE s", "[\"ssubscribe\" \"s\" 1]");
    char *text = wire_text(b, "CLIENT LIST TYPE pubsub");
    cr_assert(strstr(text, " sub=2 psub=1 ssub=1 "), "%s", text);
    cr_assert(strstr(text, " flags=PU ") || strstr(text, " flags=P "), "%s", text);
    cr_assert(strstr(text, " cmd=ssubscribe "), "%s", text);
    free(text);
    expect_int(b, 1, "CLIENT KILL TYPE pubsub ID %lld", id);
    expect_closed(a);
    expect_soon(b, "[]", "PUBSUB CHANNELS");
    wire_close(a);
}
