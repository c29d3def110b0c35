#include "server/pubsub.h"

#include "base/buf.h"
#include "base/glob.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "ds/blob.h"
#include "server/client.h"
#include "server/config.h"
#include "server/connection_cmd.h"
#include "server/stats.h"
#include "server/topics.h"

#include <inttypes.h>

/* Messages from this size on are shared by their receivers. */
#define SHARED_FROM 4096

struct subscriber {
    struct member_list lists[PUBSUB_KINDS];
};

static struct topics topics[PUBSUB_KINDS];

struct client *pubsub_running;
bool pubsub_held;
static struct buf held;
static bool held_too_much;

static const char *const subscribe_word[PUBSUB_KINDS] = {"subscribe", "psubscribe", "ssubscribe"};
static const char *const unsubscribe_word[PUBSUB_KINDS] = {"unsubscribe", "punsubscribe", "sunsubscribe"};

bool pubsub_any(void)
{
    return topics[PUBSUB_CHANNEL].count || topics[PUBSUB_PATTERN].count;
}

unsigned pubsub_count(enum pubsub_kind kind)
{
    return topics[kind].count;
}

unsigned pubsub_subscriptions(const struct client *c, enum pubsub_kind kind)
{
    return c->subscriber ? c->subscriber->lists[kind].count : 0;
}

size_t pubsub_memory(const struct client *c)
{
    if (!c->subscriber)
        return 0;
    size_t memory = sizeof *c->subscriber;
    for (int kind = 0; kind < PUBSUB_KINDS; kind++)
        memory += c->subscriber->lists[kind].memory;
    return memory;
}

/* ---- delivery ------------------------------------------------------------ */

struct message {
    struct slice body;
    struct blob *shared; /* the body, once a receiver got it by reference */
    struct buf head;     /* everything before the body's bytes, as RESP2 has it */
};

static void put_bulk(struct buf *b, struct slice s)
{
    buf_printf(b, "$%zu\r\n", s.len);
    buf_append_slice(b, s);
    buf_append(b, "\r\n", 2);
}

/* Formats what stands before the body. pattern: NULL for none. */
static void message_head(struct message *m, const char *word, const struct slice *pattern,
                         struct slice channel)
{
    m->head.len = 0;
    buf_printf(&m->head, "*%d\r\n", pattern ? 4 : 3);
    put_bulk(&m->head, slice_of(word));
    if (pattern)
        put_bulk(&m->head, *pattern);
    put_bulk(&m->head, channel);
    buf_printf(&m->head, "$%zu\r\n", m->body.len);
}

/* Keeps the message for the client whose request runs. It isn't closed here: its subscriptions are being walked. */
static void hold(const struct message *m)
{
    uint64_t limit = config.client_output_buffer_limit[CLASS_PUBSUB].hard;
    pubsub_held = true;
    held_too_much |= limit && held.len + m->head.len + m->body.len > limit;
    if (held_too_much)
        return;
    buf_append_slice(&held, buf_slice(&m->head));
    buf_append_slice(&held, m->body);
    buf_append(&held, "\r\n", 2);
}

void pubsub_deliver_held(struct client *c)
{
    pubsub_held = false;
    if (held_too_much) {
        log_warning("Client %" PRIu64
                    " closed: what it published to itself is above client-output-buffer-limit",
                    c->id);
        server_stats.output_limit_disconnections++;
        client_close(c);
    } else {
        output_append(&c->output, held.data, held.len);
        client_wants_write(c);
    }
    held_too_much = false;
    held.len = 0;
    if (held.cap > 65536)
        buf_deinit(&held);
}

static void deliver(struct client *to, struct message *m, bool alone)
{
    if (!client_takes_push(to))
        return;
    /* The one byte in which the protocols differ. */
    m->head.data[0] = to->reply.protocol == 3 ? '>' : '*';
    if (to == pubsub_running) {
        hold(m);
        return;
    }
    struct output *o = &to->output;
    output_append(o, m->head.data, m->head.len);
    if (m->body.len < SHARED_FROM || (alone && !m->shared)) {
        output_append(o, m->body.ptr, m->body.len);
    } else {
        if (!m->shared) {
            m->shared = blob_create(m->body.len);
            memcpy(m->shared->data, m->body.ptr, m->body.len);
            m->shared->len = m->body.len;
        }
        output_append_blob(o, m->shared);
    }
    output_append(o, "\r\n", 2);
    client_wants_write(to);
}

static size_t deliver_all(const struct topic *t, struct message *m)
{
    for (struct member *each = t->first; each; each = each->next)
        deliver(each->client, m, t->members == 1);
    return t->members;
}

static void message_done(struct message *m)
{
    if (m->shared)
        blob_put(m->shared);
    buf_deinit(&m->head);
}

static size_t publish(struct slice channel, struct slice body, enum pubsub_kind kind)
{
    size_t receivers = 0;
    struct message m = {.body = body};
    struct topic *t = topics_find(&topics[kind], 0, channel, keyspace_hash(channel));
    if (t) {
        message_head(&m, kind == PUBSUB_SHARD ? "smessage" : "message", NULL, channel);
        receivers += deliver_all(t, &m);
    }
    if (kind == PUBSUB_CHANNEL) {
        for (t = topics[PUBSUB_PATTERN].first; t; t = t->next) {
            struct slice pattern = topic_name(t);
            if (!glob_match(pattern, channel, false))
                continue;
            message_head(&m, "pmessage", &pattern, channel);
            receivers += deliver_all(t, &m);
        }
    }
    message_done(&m);
    return receivers;
}

size_t pubsub_publish(struct slice channel, struct slice message)
{
    return pubsub_any() ? publish(channel, message, PUBSUB_CHANNEL) : 0;
}

/* ---- subscribing ----------------------------------------------------------- */

/* The number that confirmations carry: shard channels are counted apart. */
static unsigned told_count(const struct client *c, enum pubsub_kind kind)
{
    if (kind == PUBSUB_SHARD)
        return pubsub_subscriptions(c, PUBSUB_SHARD);
    return pubsub_subscriptions(c, PUBSUB_CHANNEL) + pubsub_subscriptions(c, PUBSUB_PATTERN);
}

/* Confirms to c. These are replies to its own request, but pushes in form: CLIENT REPLY OFF doesn't stop them. */
static void confirm(struct client *c, const char *word, const struct slice *name, unsigned count)
{
    struct reply push = {.output = &c->output, .protocol = c->reply.protocol};
    reply_push(&push, 3);
    reply_bulk_text(&push, word);
    if (name)
        reply_bulk(&push, *name);
    else
        reply_null(&push);
    reply_int(&push, count);
    client_wants_write(c);
}

static void subscribe(struct call *call, enum pubsub_kind kind)
{
    struct client *c = call->client;
    if (!c->subscriber)
        c->subscriber = mem_zalloc(1, sizeof *c->subscriber);
    for (uint32_t i = 1; i < call->argc; i++) {
        struct slice name = call->argv[i];
        topics_join(&topics[kind], c, &c->subscriber->lists[kind], 0, name, keyspace_hash(name));
        confirm(c, subscribe_word[kind], &name, told_count(c, kind));
    }
    c->flags |= CLIENT_PUBSUB;
}

/* Gives the list back when it has become empty. */
static void settle(struct client *c)
{
    for (int kind = 0; kind < PUBSUB_KINDS; kind++) {
        if (pubsub_subscriptions(c, kind))
            return;
    }
    mem_free(c->subscriber);
    c->subscriber = NULL;
    c->flags &= ~(uint32_t)CLIENT_PUBSUB;
}

static void unsubscribe(struct call *call, enum pubsub_kind kind)
{
    struct client *c = call->client;
    const char *word = unsubscribe_word[kind];
    for (uint32_t i = 1; i < call->argc; i++) {
        struct slice name = call->argv[i];
        struct topic *t = topics_find(&topics[kind], 0, name, keyspace_hash(name));
        struct member *m = topics_member(&topics[kind], t, c);
        if (m)
            topics_leave(&topics[kind], &c->subscriber->lists[kind], m);
        confirm(c, word, &name, told_count(c, kind));
    }
    if (call->argc == 1 && !pubsub_subscriptions(c, kind))
        confirm(c, word, NULL, told_count(c, kind));
    while (call->argc == 1 && pubsub_subscriptions(c, kind)) {
        struct member_list *own = &c->subscriber->lists[kind];
        struct slice name = topic_name(own->first->topic);
        confirm(c, word, &name, told_count(c, kind) - 1);
        topics_leave(&topics[kind], own, own->first);
    }
    settle(c);
}

void pubsub_clear(struct client *c)
{
    if (!c->subscriber)
        return;
    for (int kind = 0; kind < PUBSUB_KINDS; kind++) {
        struct member_list *own = &c->subscriber->lists[kind];
        while (own->first)
            topics_leave(&topics[kind], own, own->first);
    }
    settle(c);
}

/* ---- commands --------------------------------------------------------------- */

static void subscribe_run(struct call *c)
{
    subscribe(c, PUBSUB_CHANNEL);
}

static void psubscribe_run(struct call *c)
{
    subscribe(c, PUBSUB_PATTERN);
}

static void ssubscribe_run(struct call *c)
{
    subscribe(c, PUBSUB_SHARD);
}

static void unsubscribe_run(struct call *c)
{
    unsubscribe(c, PUBSUB_CHANNEL);
}

static void punsubscribe_run(struct call *c)
{
    unsubscribe(c, PUBSUB_PATTERN);
}

static void sunsubscribe_run(struct call *c)
{
    unsubscribe(c, PUBSUB_SHARD);
}

bool pubsub_allows(const struct client *c, const struct command *command)
{
    if (!(c->flags & CLIENT_PUBSUB) || c->reply.protocol != 2 || connection_runs_subscribed(command))
        return true;
    command_run *const allowed[] = {subscribe_run,   psubscribe_run,   ssubscribe_run,
                                    unsubscribe_run, punsubscribe_run, sunsubscribe_run};
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        if (command->run == allowed[i])
            return true;
    }
    return false;
}

static void publish_run(struct call *c)
{
    reply_int(c->reply, (int64_t)pubsub_publish(c->argv[1], c->argv[2]));
}

static void spublish_run(struct call *c)
{
    reply_int(c->reply, (int64_t)publish(c->argv[1], c->argv[2], PUBSUB_SHARD));
}

/* CHANNELS and SHARDCHANNELS [pattern] */
static void list_channels(struct call *c, enum pubsub_kind kind)
{
    if (c->argc > 3) {
        call_subcommand_syntax(c);
        return;
    }
    size_t count = 0;
    struct output_piece *head = reply_defer(c->reply);
    for (struct topic *t = topics[kind].first; t; t = t->next) {
        if (c->argc == 3 && !glob_match(c->argv[2], topic_name(t), false))
            continue;
        reply_bulk(c->reply, topic_name(t));
        count++;
    }
    reply_array_end(c->reply, head, count);
}

/* NUMSUB and SHARDNUMSUB [channel ...] */
static void count_subscribers(struct call *c, enum pubsub_kind kind)
{
    reply_array(c->reply, ((size_t)c->argc - 2) * 2);
    for (uint32_t i = 2; i < c->argc; i++) {
        struct topic *t = topics_find(&topics[kind], 0, c->argv[i], keyspace_hash(c->argv[i]));
        reply_bulk(c->reply, c->argv[i]);
        reply_int(c->reply, t ? t->members : 0);
    }
}

static void channels_run(struct call *c)
{
    list_channels(c, PUBSUB_CHANNEL);
}

static void shardchannels_run(struct call *c)
{
    list_channels(c, PUBSUB_SHARD);
}

static void numsub_run(struct call *c)
{
    count_subscribers(c, PUBSUB_CHANNEL);
}

static void shardnumsub_run(struct call *c)
{
    count_subscribers(c, PUBSUB_SHARD);
}

static void numpat_run(struct call *c)
{
    reply_int(c->reply, topics[PUBSUB_PATTERN].count);
}

static void help_run(struct call *c)
{
    static const char *const lines[] = {
        "CHANNELS [<pattern>]",
        "    Channels with subscribers, all or those that match <pattern>.",
        "NUMPAT",
        "    How many different patterns are subscribed to.",
        "NUMSUB [<channel> ...]",
        "    How many clients subscribe to each of the channels, patterns left aside.",
        "SHARDCHANNELS [<pattern>]",
        "    Shard channels with subscribers, all or those that match <pattern>.",
        "SHARDNUMSUB [<shardchannel> ...]",
        "    How many clients subscribe to each of the shard channels.",
        NULL,
    };
    call_help(c, lines);
}

#define ASKING (COMMAND_PUBSUB | COMMAND_LOADING | COMMAND_STALE)
#define SUBSCRIBING (ASKING | COMMAND_NOSCRIPT | COMMAND_BARRIER)
#define PUBLISHING (ASKING | COMMAND_FAST | COMMAND_MAY_REPLICATE | COMMAND_SENTINEL)

static const struct command pubsub_subcommands[] = {
    {.name = "channels",
     .run = channels_run,
     .arity = -2,
     .flags = ASKING,
     .group = "pubsub",
     .since = "2.8.0",
     .summary = "Lists the channels that somebody subscribes to.",
     .complexity = "O(N) where N is the number of channels with subscribers.",
     .syntax = "[pattern:pattern]"},
    {.name = "help",
     .run = help_run,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "pubsub",
     .since = "6.2.0",
     .summary = "Describes the subcommands of PUBSUB.",
     .complexity = "O(1)"},
    {.name = "numpat",
     .run = numpat_run,
     .arity = 2,
     .flags = ASKING,
     .group = "pubsub",
     .since = "2.8.0",
     .summary = "Counts the different patterns that are subscribed to.",
     .complexity = "O(1)"},
    {.name = "numsub",
     .run = numsub_run,
     .arity = -2,
     .flags = ASKING,
     .group = "pubsub",
     .since = "2.8.0",
     .summary = "Counts the subscribers of channels.",
     .complexity = "O(N) where N is the number of channels asked for.",
     .syntax = "[channel ...]"},
    {.name = "shardchannels",
     .run = shardchannels_run,
     .arity = -2,
     .flags = ASKING,
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Lists the shard channels that somebody subscribes to.",
     .complexity = "O(N) where N is the number of shard channels with subscribers.",
     .syntax = "[pattern:pattern]"},
    {.name = "shardnumsub",
     .run = shardnumsub_run,
     .arity = -2,
     .flags = ASKING,
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Counts the subscribers of shard channels.",
     .complexity = "O(N) where N is the number of shard channels asked for.",
     .syntax = "[shardchannel ...]"},
    {.name = NULL},
};

const struct command pubsub_commands[] = {
    {.name = "psubscribe",
     .run = psubscribe_run,
     .arity = -2,
     .flags = SUBSCRIBING | COMMAND_SENTINEL,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Subscribes to all channels that match patterns.",
     .complexity = "O(N) where N is the number of patterns given.",
     .syntax = "(pattern:pattern) [(pattern:pattern) ...]"},
    {.name = "publish",
     .run = publish_run,
     .arity = 3,
     .flags = PUBLISHING,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Sends a message to the subscribers of a channel.",
     .complexity = "O(N+M) where N is the number of the channel's subscribers and M the number of patterns.",
     .syntax = "channel message"},
    {.name = "pubsub",
     .arity = -2,
     .group = "pubsub",
     .since = "2.8.0",
     .summary = "Tells about channels, patterns and their subscribers.",
     .complexity = "Depends on subcommand.",
     .subcommands = pubsub_subcommands},
    {.name = "punsubscribe",
     .run = punsubscribe_run,
     .arity = -1,
     .flags = SUBSCRIBING | COMMAND_SENTINEL,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Ends subscriptions to patterns, to all without arguments.",
     .complexity = "O(N) where N is the number of patterns that end.",
     .syntax = "[pattern:pattern ...]"},
    {.name = "spublish",
     .run = spublish_run,
     .arity = 3,
     .flags = PUBLISHING & ~COMMAND_SENTINEL,
     .first = 1,
     .last = 1,
     .step = 1,
     .key_flags = "not_key",
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Sends a message to the subscribers of a shard channel.",
     .complexity = "O(N) where N is the number of the shard channel's subscribers.",
     .syntax = "shardchannel message"},
    {.name = "ssubscribe",
     .run = ssubscribe_run,
     .arity = -2,
     .flags = SUBSCRIBING,
     .first = 1,
     .last = -1,
     .step = 1,
     .key_flags = "not_key",
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Subscribes to shard channels.",
     .complexity = "O(N) where N is the number of shard channels given.",
     .syntax = "shardchannel [shardchannel ...]"},
    {.name = "subscribe",
     .run = subscribe_run,
     .arity = -2,
     .flags = SUBSCRIBING | COMMAND_SENTINEL,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Subscribes to channels.",
     .complexity = "O(N) where N is the number of channels given.",
     .syntax = "channel [channel ...]"},
    {.name = "sunsubscribe",
     .run = sunsubscribe_run,
     .arity = -1,
     .flags = SUBSCRIBING,
     .first = 1,
     .last = -1,
     .step = 1,
     .key_flags = "not_key",
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Ends subscriptions to shard channels, to all without arguments.",
     .complexity = "O(N) where N is the number of shard channels that end.",
     .syntax = "[shardchannel ...]"},
    {.name = "unsubscribe",
     .run = unsubscribe_run,
     .arity = -1,
     .flags = SUBSCRIBING | COMMAND_SENTINEL,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Ends subscriptions to channels, to all without arguments.",
     .complexity = "O(N) where N is the number of channels that end.",
     .syntax = "[channel ...]"},
    {.name = NULL},
};
