/* A queue is a chain of chunks, each filled with whole requests one behind the
 * other, so that nothing moves when it grows:
 *
 *   offset  size  field
 *   0       16    struct queued: command, argc
 *   16      16n   struct slice of each argument; their bytes follow
 *   +0      m     the bytes, padded to 8
 */
#include "server/multi.h"

#include "base/mem.h"
#include "base/must.h"
#include "server/connection_cmd.h"
#include "server/dispatch.h"
#include "server/watch.h"

#define CHUNK_FIRST ((size_t)1024)
#define CHUNK_MOST ((size_t)65536)

struct queued {
    const struct command *command;
    uint32_t argc;
    struct slice argv[];
};

struct chunk {
    struct chunk *next;
    size_t used, size;
    char bytes[];
};

struct multi {
    struct chunk *first, *last;
    uint32_t count;
    uint32_t flags; /* of any */
    size_t memory;
};

static void exec_run(struct call *call);
static void discard_run(struct call *call);
static void multi_run(struct call *call);
static void watch_run(struct call *call);

uint32_t multi_flags(const struct client *c)
{
    return c->multi ? c->multi->flags : 0;
}

int64_t multi_count(const struct client *c)
{
    if (!(c->flags & CLIENT_MULTI))
        return -1;
    return c->multi ? c->multi->count : 0;
}

size_t multi_memory(const struct client *c)
{
    return c->multi ? c->multi->memory : 0;
}

bool multi_is_exec(const struct command *command)
{
    return command->run == exec_run;
}

/* ---- the queue -------------------------------------------------------------- */

static void queue_free(struct multi *m)
{
    if (!m)
        return;
    while (m->first) {
        struct chunk *next = m->first->next;
        mem_free(m->first);
        m->first = next;
    }
    mem_free(m);
}

/* Room for `size` bytes behind what is queued, a multiple of 8. */
static void *queue_room(struct multi *m, size_t size)
{
    struct chunk *last = m->last;
    if (!last || last->size - last->used < size) {
        size_t want = last ? 2 * last->size : CHUNK_FIRST;
        if (want > CHUNK_MOST)
            want = CHUNK_MOST;
        if (want < size)
            want = size;
        struct chunk *c = mem_alloc(sizeof *c + want);
        *c = (struct chunk){.size = want};
        if (last)
            last->next = c;
        else
            m->first = c;
        m->last = last = c;
        m->memory += sizeof *c + want;
    }
    void *room = last->bytes + last->used;
    last->used += size;
    return room;
}

static size_t queued_size(const struct slice *argv, uint32_t argc)
{
    size_t size = sizeof(struct queued) + argc * sizeof(struct slice);
    for (uint32_t i = 0; i < argc; i++)
        size += argv[i].len;
    return (size + 7) & ~(size_t)7;
}

static void queue_add(struct multi *m, const struct command *command, const struct slice *argv, uint32_t argc)
{
    struct queued *q = queue_room(m, queued_size(argv, argc));
    q->command = command;
    q->argc = argc;
    char *bytes = (char *)&q->argv[argc];
    for (uint32_t i = 0; i < argc; i++) {
        q->argv[i] = slice_make(bytes, argv[i].len);
        if (argv[i].len)
            memcpy(bytes, argv[i].ptr, argv[i].len);
        bytes += argv[i].len;
    }
    m->count++;
    m->flags |= command->flags;
}

/* Commands that run at once inside MULTI. */
static bool runs_at_once(const struct command *command)
{
    if (command->run == exec_run || command->run == discard_run || command->run == multi_run ||
        command->run == watch_run)
        return true;
    return connection_runs_in_multi(command);
}

bool multi_queue(struct client *c, const struct command *command, const struct slice *argv, uint32_t argc)
{
    if (runs_at_once(command))
        return false;
    if (!(c->flags & (CLIENT_DIRTY_CAS | CLIENT_DIRTY_EXEC))) {
        if (!c->multi) {
            c->multi = mem_zalloc(1, sizeof *c->multi);
            c->multi->memory = sizeof *c->multi;
        }
        queue_add(c->multi, command, argv, argc);
    }
    reply_status(&c->reply, "QUEUED");
    return true;
}

void multi_discard(struct client *c)
{
    /* EXEC frees the queue that it runs, even if its client is closed on the way. */
    if (!(c->flags & CLIENT_EXECUTING))
        queue_free(c->multi);
    c->multi = NULL;
    c->flags &= ~(uint32_t)(CLIENT_MULTI | CLIENT_DIRTY_CAS | CLIENT_DIRTY_EXEC);
    watch_clear(c);
}

void multi_abort(struct client *c, const char *error)
{
    multi_discard(c);
    if (!strncmp(error, "ERR ", 4))
        error += 4;
    reply_errorf(&c->reply, "EXECABORT Transaction discarded because of: %s", error);
}

/* ---- commands ------------------------------------------------------------------ */

static void multi_run(struct call *call)
{
    struct client *c = call->client;
    if (c->flags & CLIENT_MULTI) {
        reply_error(call->reply, "ERR MULTI calls can not be nested");
        return;
    }
    c->flags |= CLIENT_MULTI;
    reply_ok(call->reply);
}

static void discard_run(struct call *call)
{
    struct client *c = call->client;
    if (!(c->flags & CLIENT_MULTI)) {
        reply_error(call->reply, "ERR DISCARD without MULTI");
        return;
    }
    multi_discard(c);
    reply_ok(call->reply);
}

static void run_queue(struct client *c)
{
    struct multi *m = c->multi;
    c->flags |= CLIENT_EXECUTING;
    for (struct chunk *chunk = m->first; chunk; chunk = chunk->next) {
        for (size_t at = 0; at < chunk->used;) {
            struct queued *q = (struct queued *)(chunk->bytes + at);
            at += queued_size(q->argv, q->argc);
            (void)client_takes_push(c);
            if (unlikely(c->flags & CLIENT_OVERFLOWED)) /* it will be closed: the rest runs unheard */
                c->reply.output = NULL;
            dispatch_run(c, q->command, q->argv, q->argc);
        }
    }
    c->flags &= ~(uint32_t)CLIENT_EXECUTING;
    c->multi = NULL;
    queue_free(m);
}

static void exec_run(struct call *call)
{
    struct client *c = call->client;
    if (!(c->flags & CLIENT_MULTI)) {
        reply_error(call->reply, "ERR EXEC without MULTI");
        return;
    }
    watch_check(c, call->keyspace);
    if (c->flags & (CLIENT_DIRTY_CAS | CLIENT_DIRTY_EXEC)) {
        if (c->flags & CLIENT_DIRTY_EXEC)
            reply_error(call->reply, "EXECABORT Transaction discarded because of previous errors.");
        else
            reply_null_array(call->reply);
        multi_discard(c);
        return;
    }
    watch_clear(c); /* its own writes mustn't dirty it */
    reply_array(call->reply, (size_t)(multi_count(c)));
    if (c->multi)
        run_queue(c);
    multi_discard(c);
}

static void watch_run(struct call *call)
{
    struct client *c = call->client;
    if (c->flags & CLIENT_MULTI) {
        reply_error(call->reply, "ERR WATCH inside MULTI is not allowed");
        return;
    }
    for (uint32_t i = 1; i < call->argc; i++)
        watch_add(c, call->keyspace, call->db, call->argv[i], call->hashes[i]);
    reply_ok(call->reply);
}

static void unwatch_run(struct call *call)
{
    watch_clear(call->client);
    call->client->flags &= ~(uint32_t)CLIENT_DIRTY_CAS;
    reply_ok(call->reply);
}

#define ANYWHERE (COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE)
#define QUICK (ANYWHERE | COMMAND_FAST | COMMAND_ALLOW_BUSY)

const struct command multi_commands[] = {
    {.name = "discard",
     .run = discard_run,
     .arity = 1,
     .flags = QUICK,
     .group = "transactions",
     .since = "2.0.0",
     .summary = "Ends a transaction without running it.",
     .complexity = "O(N) where N is the number of queued commands.",
     .categories = CATEGORY_TRANSACTION},
    {.name = "exec",
     .run = exec_run,
     .arity = 1,
     .flags = ANYWHERE | COMMAND_SKIP_SLOWLOG,
     .group = "transactions",
     .since = "1.2.0",
     .summary = "Runs the commands of a transaction.",
     .complexity = "Depends on the queued commands.",
     .categories = CATEGORY_TRANSACTION},
    {.name = "multi",
     .run = multi_run,
     .arity = 1,
     .flags = QUICK,
     .group = "transactions",
     .since = "1.2.0",
     .summary = "Begins a transaction.",
     .complexity = "O(1)",
     .categories = CATEGORY_TRANSACTION},
    {.name = "unwatch",
     .run = unwatch_run,
     .arity = 1,
     .flags = QUICK,
     .group = "transactions",
     .since = "2.2.0",
     .summary = "Forgets the keys that the connection watches.",
     .complexity = "O(1)",
     .categories = CATEGORY_TRANSACTION},
    {.name = "watch",
     .run = watch_run,
     .arity = -2,
     .flags = QUICK,
     .first = 1,
     .last = -1,
     .step = 1,
     .key_flags = "RO",
     .group = "transactions",
     .since = "2.2.0",
     .summary = "Watches keys: the next transaction runs only if none of them changes.",
     .complexity = "O(1) for every key.",
     .syntax = "key [key ...]",
     .categories = CATEGORY_TRANSACTION},
    {.name = NULL},
};
