#include "server/blocking.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "server/client.h"
#include "server/dispatch.h"
#include "server/notify.h"
#include "server/pubsub.h"
#include "server/server.h"
#include "server/stats.h"

/* What a client waits with. */
struct waits {
    struct member_list keys;
    const struct command *command;
    enum entry_type type;
    size_t size;
    uint32_t argc;
    struct slice argv[]; /* their bytes stand behind */
};

/* A ready key: its name is copied, since those that waited there may be gone when its turn comes. As long as
 * they aren't, their topic is noted, so that a key is ready once however often it changes. */
struct ready {
    struct ready *next;
    uint32_t tag;
    uint64_t hash;
    size_t len;
    char name[];
};

struct topics blocking_keys;
bool blocking_ready;

static struct ready *first_ready, **ready_end = &first_ready;

/* Clients that wait for each type. */
static uint32_t waiting[TYPE_COUNT];

/* The client whose command runs again, and whether it found nothing this time either. */
static struct client *again;
static bool again_empty;

static uint32_t tag_of(unsigned db, enum entry_type type)
{
    return db * TYPE_COUNT + type;
}

static void answer_empty(struct client *c, enum call_wait_reply empty)
{
    if (empty == WAIT_NULL)
        reply_null(&c->reply);
    else
        reply_null_array(&c->reply);
}

/* An array's null whatever the command answers, as in Redis. */
static void patience_ended(struct client *c)
{
    reply_null_array(&c->reply);
    client_unblock(c);
}

static struct waits *keep_arguments(const struct call *call)
{
    size_t bytes = sizeof(struct waits) + call->argc * sizeof(struct slice);
    for (uint32_t i = 0; i < call->argc; i++)
        bytes += call->argv[i].len;
    struct waits *w = mem_alloc(bytes);
    *w = (struct waits){.command = call->command, .size = bytes, .argc = call->argc};
    char *at = (char *)(w->argv + call->argc);
    for (uint32_t i = 0; i < call->argc; i++) {
        memcpy(at, call->argv[i].ptr, call->argv[i].len);
        w->argv[i] = slice_make(at, call->argv[i].len);
        at += call->argv[i].len;
    }
    return w;
}

static void wait_for(struct call *call, uint32_t first, uint32_t keys, enum entry_type type,
                     int64_t timeout_ms, enum call_wait_reply empty)
{
    struct client *c = call->client;
    if (c == again) {
        again_empty = true;
        return;
    }
    if (c->flags & CLIENT_EXECUTING) {
        answer_empty(c, empty);
        return;
    }
    struct waits *w = keep_arguments(call);
    w->type = type;
    c->waits = w;
    c->served_cycles = 0;
    c->served_failed = false;
    waiting[type]++;
    for (uint32_t i = first; i < first + keys; i++)
        topics_join(&blocking_keys, c, &w->keys, tag_of(call->db, type), w->argv[i],
                    keyspace_hash(w->argv[i]));
    notify_attend();
    uint64_t until = 0;
    if (timeout_ms) {
        uint64_t most = (UINT64_MAX / 2 - clock_mono_us()) / 1000;
        until = clock_mono_us() + ((uint64_t)timeout_ms < most ? (uint64_t)timeout_ms : most) * 1000;
    }
    client_block(c, until, patience_ended);
}

void blocking_clear(struct client *c)
{
    if (!c->waits)
        return;
    while (c->waits->keys.first)
        topics_leave(&blocking_keys, &c->waits->keys, c->waits->keys.first);
    if (!(c->flags & CLIENT_CLOSING))
        stats_command_done(c->waits->command, c->served_cycles, c->served_failed);
    waiting[c->waits->type]--;
    mem_free(c->waits);
    c->waits = NULL;
    notify_attend();
}

size_t blocking_memory(const struct client *c)
{
    return c->waits ? c->waits->size + c->waits->keys.memory : 0;
}

/* ---- ready keys -------------------------------------------------------------------- */

static void add_ready(struct topic *t)
{
    if (t->noted)
        return;
    t->noted = true;
    struct slice name = topic_name(t);
    struct ready *r = mem_alloc(sizeof *r + name.len);
    *r = (struct ready){.tag = t->tag, .hash = topic_hash(t), .len = name.len};
    memcpy(r->name, name.ptr, name.len);
    *ready_end = r;
    ready_end = &r->next;
    blocking_ready = true;
}

void blocking_changed(unsigned db, struct slice key, uint64_t hash)
{
    for (unsigned type = 0; type < TYPE_COUNT; type++) {
        struct topic *t = waiting[type] ? topics_find(&blocking_keys, tag_of(db, type), key, hash) : NULL;
        if (t)
            add_ready(t);
    }
}

void blocking_swapped(unsigned a, unsigned b)
{
    for (struct topic *t = blocking_keys.first; t; t = t->next)
        if (t->tag / TYPE_COUNT == a || t->tag / TYPE_COUNT == b)
            add_ready(t);
}

/* Runs c's command again; true when it is done with waiting. */
static bool run_again(struct client *c)
{
    struct waits *w = c->waits;
    uint64_t *hashes = mem_alloc(w->argc * sizeof *hashes);
    dispatch_hash(w->command, w->argv, w->argc, hashes);
    struct call call = {.command = w->command,
                        .argv = w->argv,
                        .hashes = hashes,
                        .argc = w->argc,
                        .db = c->db,
                        .keyspace = server_keyspace,
                        .reply = &c->reply,
                        .client = c};
    again = c;
    again_empty = false;
    pubsub_request_begin(c);
    dispatch_again(c, &call);
    pubsub_request_end(c);
    again = NULL;
    if (!again_empty)
        dispatch_served(c, &call);
    mem_free(hashes);
    return !again_empty;
}

/* Serves those who wait at one key for a type while it has what they wait for. */
static void serve_key(const struct ready *r)
{
    struct slice key = slice_make(r->name, r->len);
    struct topic *t = topics_find(&blocking_keys, r->tag, key, r->hash);
    if (!t)
        return;
    t->noted = false;
    for (struct member *m = t->first, *next; m; m = next) {
        const struct entry *e = keyspace_find(server_keyspace, r->tag / TYPE_COUNT, key, r->hash);
        if (!e || entry_type(e) != r->tag % TYPE_COUNT)
            return;
        next = m->next;
        if (run_again(m->client))
            client_unblock(m->client); /* m goes, and with the last one the topic */
    }
}

void blocking_serve(void)
{
    if (again) /* a command that runs again made more keys ready: their turn comes */
        return;
    while (first_ready) {
        struct ready *r = first_ready;
        first_ready = r->next;
        if (!first_ready)
            ready_end = &first_ready;
        serve_key(r);
        mem_free(r);
    }
    blocking_ready = false;
    dispatch_tick(); /* the next request isn't charged with this */
}

void blocking_start(void)
{
    call_wait = wait_for;
}
