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

/* A ready key: its name is copied, since those that waited there may be gone when its turn comes. */
struct ready {
    struct ready *next;
    unsigned db;
    uint64_t hash;
    size_t len;
    char name[];
};

struct topics blocking_keys;
bool blocking_ready;

static struct ready *first_ready, **ready_end = &first_ready;

/* The client whose command runs again, and whether it found nothing this time either. */
static struct client *again;
static bool again_empty;

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
    for (uint32_t i = first; i < first + keys; i++)
        topics_join(&blocking_keys, c, &w->keys, call->db, w->argv[i], keyspace_hash(w->argv[i]));
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
        stats_command_done(c->waits->command, c->served_cycles, false);
    c->served_cycles = 0;
    mem_free(c->waits);
    c->waits = NULL;
    notify_attend();
}

size_t blocking_memory(const struct client *c)
{
    return c->waits ? c->waits->size + c->waits->keys.memory : 0;
}

/* ---- ready keys -------------------------------------------------------------------- */

static void add_ready(const struct topic *t)
{
    struct slice name = topic_name(t);
    struct ready *r = mem_alloc(sizeof *r + name.len);
    *r = (struct ready){.db = t->tag, .hash = topic_hash(t), .len = name.len};
    memcpy(r->name, name.ptr, name.len);
    *ready_end = r;
    ready_end = &r->next;
    blocking_ready = true;
}

void blocking_changed(unsigned db, struct slice key, uint64_t hash)
{
    const struct topic *t = topics_find(&blocking_keys, db, key, hash);
    if (t)
        add_ready(t);
}

void blocking_swapped(unsigned a, unsigned b)
{
    for (const struct topic *t = blocking_keys.first; t; t = t->next)
        if (t->tag == a || t->tag == b)
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

/* Serves those who wait at one key while it has what they wait for. */
static void serve_key(const struct ready *r)
{
    struct slice key = slice_make(r->name, r->len);
    struct topic *t = topics_find(&blocking_keys, r->db, key, r->hash);
    struct member *m = t ? t->first : NULL;
    while (m) {
        struct member *next = m->next;
        struct client *c = m->client;
        const struct entry *e = keyspace_find(server_keyspace, r->db, key, r->hash);
        if (!e)
            return;
        if (entry_type(e) == c->waits->type && run_again(c)) {
            bool last = !next; /* then the topic goes with it */
            client_unblock(c);
            if (last)
                return;
        }
        m = next;
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
}

void blocking_start(void)
{
    call_wait = wait_for;
}
