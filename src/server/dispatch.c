#include "server/dispatch.h"

#include "base/cycles.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "server/blocking.h"
#include "server/config.h"
#include "server/latency.h"
#include "server/monitor.h"
#include "server/multi.h"
#include "server/pubsub.h"
#include "server/save.h"
#include "server/server.h"
#include "server/slowlog.h"
#include "server/stats.h"

#include <stdio.h>

/* When the request that runs began: the end of the one before it. */
static uint64_t tick;
/* A request that took longer goes to slow log or latency monitor. */
static uint64_t slow_cycles = UINT64_MAX;

/* Memory stood above maxmemory when this turn began. */
static bool memory_full;

#define ERROR_MEMORY_FULL "OOM command not allowed when used memory > 'maxmemory'."

void dispatch_measure(void)
{
    memory_full = unlikely(config.maxmemory != 0) && stats_memory_used() > config.maxmemory;
}

void dispatch_tick(void)
{
    tick = cycles_now();
}

static bool set_slow_threshold(const char **error)
{
    (void)error;
    int64_t us = config.slowlog_log_slower_than;
    int64_t latency = config.latency_monitor_threshold * 1000;
    if (latency && (us < 0 || latency < us))
        us = latency;
    slow_cycles = us < 0 ? UINT64_MAX : cycles_from_us((uint64_t)us);
    return true;
}

void dispatch_start(void)
{
    cycles_init();
    set_slow_threshold(NULL);
    config_on_change("slowlog-log-slower-than", set_slow_threshold);
    config_on_change("latency-monitor-threshold", set_slow_threshold);
}

/* The last name that was found, as the client wrote it: pipelines repeat themselves. */
static struct {
    char name[16];
    size_t len;
    const struct command *command;
} last_found;

const struct command *dispatch_find(const struct slice *argv, uint32_t argc)
{
    struct slice name = argv[0];
    if (likely(name.len == last_found.len && memcmp(name.ptr, last_found.name, name.len) == 0))
        return last_found.command;
    const struct command *command = command_find(name);
    if (unlikely(!command))
        return NULL;
    if (unlikely(command->subcommands != NULL))
        return argc > 1 ? command_find_sub(command, argv[1]) : command;
    if (likely(name.len <= sizeof last_found.name)) {
        memcpy(last_found.name, name.ptr, name.len);
        last_found.len = name.len;
        last_found.command = command;
    }
    return command;
}

uint32_t dispatch_hash(const struct command *command, const struct slice *argv, uint32_t argc,
                       uint64_t *hashes)
{
    uint32_t first = (uint32_t)command->first;
    if (!first || first >= argc)
        return 0;
    hashes[first] = keyspace_hash(argv[first]);
    if (likely(command->last == command->first))
        return 1;
    uint32_t last = command->last < 0 ? argc + (uint32_t)command->last : (uint32_t)command->last, n = 1;
    uint32_t step = (uint32_t)command->step;
    for (uint32_t i = first + step; i <= last && i < argc; i += step, n++)
        hashes[i] = keyspace_hash(argv[i]);
    return n;
}

/* ---- running ------------------------------------------------------------------------ */

static __attribute__((noinline)) void run_was_slow(struct client *c, const struct command *command,
                                                   struct slice *argv, uint32_t argc, uint64_t cycles)
{
    if (!(command->flags & COMMAND_SKIP_SLOWLOG))
        slowlog_note(c, command, argv, argc, cycles);
    latency_add(command->flags & COMMAND_FAST ? "fast-command" : "command",
                (int64_t)(cycles_to_us(cycles) / 1000));
}

static inline void run(struct client *c, struct call *call)
{
    const struct command *command = call->command;
    struct reply *reply = call->reply;
    uint64_t errors = reply->errors;
    c->last_command = command;
    c->commands++;
    command->run(call);
    bool failed = unlikely(reply->errors != errors);
    if (unlikely(failed))
        stats_error(reply->last_error);
    uint64_t now = cycles_now(), took = now - tick;
    tick = now;
    if (likely(!(c->flags & CLIENT_BLOCKED) || !c->waits)) { /* else it is counted once it is served */
        stats_command_done(command, took, failed);
        if (unlikely(took > slow_cycles))
            run_was_slow(c, command, call->argv, call->argc, took);
    }
    monitor_feed(c, command, call->argv, call->argc);
}

void dispatch_again(struct client *c, struct call *call)
{
    uint64_t errors = c->reply.errors, began = cycles_now();
    if (unlikely(memory_full && call->command->flags & COMMAND_DENYOOM))
        reply_error(&c->reply, ERROR_MEMORY_FULL);
    else
        call->command->run(call);
    c->served_failed = c->reply.errors != errors;
    if (c->served_failed)
        stats_error(c->reply.last_error);
    c->served_cycles = cycles_now() - began;
}

void dispatch_served(struct client *c, struct call *call)
{
    if (c->served_cycles > slow_cycles)
        run_was_slow(c, call->command, call->argv, call->argc, c->served_cycles);
}

static struct call call_of(struct client *c, const struct command *command, struct slice *argv, uint32_t argc,
                           uint64_t *hashes)
{
    return (struct call){.command = command,
                         .argv = argv,
                         .hashes = hashes,
                         .argc = argc,
                         .db = c->db,
                         .keyspace = server_keyspace,
                         .reply = &c->reply,
                         .client = c,
                         .bigs = c->bigs,
                         .big_count = c->big_count};
}

void dispatch_run(struct client *c, const struct command *command, struct slice *argv, uint32_t argc)
{
    uint64_t few[32];
    uint64_t *hashes = argc <= 32 ? few : mem_alloc(argc * sizeof *hashes);
    dispatch_hash(command, argv, argc, hashes);
    struct call call = call_of(c, command, argv, argc, hashes);
    const struct command *outer = c->last_command;
    run(c, &call);
    c->last_command = outer; /* CLIENT LIST says exec */
    if (hashes != few)
        mem_free(hashes);
}

/* ---- judging ------------------------------------------------------------------------- */

/* The request is refused with `text`; a transaction notes it. */
static void refuse(struct call *r, const char *text)
{
    struct client *c = r->client;
    if (r->command)
        stats_command_rejected(r->command);
    if (r->command && multi_is_exec(r->command)) {
        multi_abort(c, text);
    } else {
        multi_refused(c);
        reply_error(&c->reply, text);
    }
    stats_error(c->reply.last_error);
}

/* A line of an HTTP request: a web page that makes a browser send commands here would go on below it. */
static bool is_http(struct slice name)
{
    return slice_is(name, "post") || slice_is(name, "host:");
}

static void refuse_unknown(struct call *r)
{
    if (is_http(r->argv[0])) {
        log_warning("Client %llu closed: it speaks HTTP, which may be an attack by way of somebody's browser",
                    (unsigned long long)r->client->id);
        client_close(r->client);
        return;
    }
    const struct command *container = command_find(r->argv[0]);
    multi_refused(r->client);
    if (container) {
        r->command = container;
        call_unknown_subcommand(r);
    } else {
        struct buf args = BUF_EMPTY;
        for (uint32_t i = 1; i < r->argc && args.len < 128; i++)
            buf_printf(&args, "'%.*s' ",
                       (int)(128 - args.len < r->argv[i].len ? 128 - args.len : r->argv[i].len),
                       r->argv[i].ptr);
        reply_errorf(r->reply, "ERR unknown command '%.*s', with args beginning with: %.*s",
                     (int)(r->argv[0].len < 128 ? r->argv[0].len : 128), r->argv[0].ptr, (int)args.len,
                     args.len ? args.data : "");
        buf_deinit(&args);
    }
    stats_error("ERR");
}

static void refuse_arity(struct call *r)
{
    char name[COMMAND_NAME_MAX], text[COMMAND_NAME_MAX + 64];
    command_full_name(r->command, name);
    snprintf(text, sizeof text, "ERR wrong number of arguments for '%s' command", name);
    refuse(r, text);
}

static void refuse_subscribed(struct call *r)
{
    char name[COMMAND_NAME_MAX], text[COMMAND_NAME_MAX + 160];
    command_full_name(r->command, name);
    snprintf(text, sizeof text, "ERR Can't execute '%s': " PUBSUB_ONLY, name);
    refuse(r, text);
}

static inline bool arity_fits(const struct command *command, uint32_t argc)
{
    return command->arity >= 0 ? argc == (uint32_t)command->arity : argc >= (uint32_t)-command->arity;
}

/* The row's flags, EXEC's with those of what it will run. */
static uint32_t flags_of(const struct call *r)
{
    uint32_t flags = r->command->flags;
    return multi_is_exec(r->command) ? flags | multi_flags(r->client) : flags;
}

/* CLIENT PAUSE holds this request back. */
static bool is_paused(const struct call *r)
{
    return client_pause_mode == PAUSE_ALL || flags_of(r) & (COMMAND_WRITE | COMMAND_MAY_REPLICATE);
}

/* Existence, arity, rights, mode. False: it was answered. */
static bool is_allowed(struct call *r)
{
    struct client *c = r->client;
    if (!r->command) {
        refuse_unknown(r);
        return false;
    }
    if (!arity_fits(r->command, r->argc)) {
        refuse_arity(r);
        return false;
    }
    if (!(c->flags & CLIENT_AUTHENTICATED) && !(r->command->flags & COMMAND_NO_AUTH)) {
        refuse(r, "NOAUTH Authentication required.");
        return false;
    }
    if (c->flags & CLIENT_MULTI && r->command->flags & COMMAND_NO_MULTI) {
        refuse(r, "ERR Command not allowed inside a transaction");
        return false;
    }
    if (memory_full && flags_of(r) & COMMAND_DENYOOM) {
        refuse(r, ERROR_MEMORY_FULL);
        return false;
    }
    /* PING too, so that whoever looks whether the server is well finds out. */
    if (save_hinders & SAVE_STOPS_WRITES &&
        (flags_of(r) & COMMAND_WRITE || strcmp(r->command->name, "ping") == 0)) {
        refuse(r, ERROR_MISCONF);
        return false;
    }
    if (c->flags & CLIENT_MONITOR && !monitor_allows(c, r->command)) {
        refuse(r, MONITOR_ONLY);
        return false;
    }
    if (c->flags & CLIENT_PUBSUB && !pubsub_allows(c, r->command)) {
        refuse_subscribed(r);
        return false;
    }
    if (save_hinders & SAVE_LOADS && !(r->command->flags & COMMAND_LOADING)) {
        refuse(r, ERROR_LOADING);
        return false;
    }
    return true;
}

/* CLIENT REPLY: what this request's successor may answer. */
static void turn_replies(struct client *c)
{
    if (c->flags & CLIENT_BLOCKED) /* its answer is still to come */
        return;
    if (c->flags & CLIENT_REPLY_SKIP)
        c->flags &= ~(uint32_t)CLIENT_REPLY_SKIP;
    if (c->flags & CLIENT_REPLY_SKIP_NEXT)
        c->flags = (c->flags & ~(uint32_t)CLIENT_REPLY_SKIP_NEXT) | CLIENT_REPLY_SKIP;
    c->reply.output = c->flags & (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP) ? NULL : &c->output;
}

/* The way of all requests but the plain ones. */
static __attribute__((noinline)) bool request_carefully(struct call *r)
{
    struct client *c = r->client;
    if (!is_allowed(r)) {
        turn_replies(c);
        client_wants_write(c);
        return true;
    }
    if (client_pause_mode != PAUSE_OFF && is_paused(r)) {
        c->flags |= CLIENT_PAUSED;
        return false;
    }
    bool queued = c->flags & CLIENT_MULTI && multi_queue(c, r->command, r->argv, r->argc);
    if (queued) {
        c->last_command = r->command;
    } else {
        bool hold = c->flags & CLIENT_NO_TOUCH && !slice_is(r->argv[0], "touch");
        bool was = keyspace_set_no_touch(server_keyspace, hold);
        pubsub_request_begin(c);
        run(c, r);
        pubsub_request_end(c);
        keyspace_set_no_touch(server_keyspace, was);
        if (unlikely(blocking_ready))
            blocking_serve();
    }
    turn_replies(c);
    client_wants_write(c);
    return true;
}

bool dispatch_request(struct client *c, const struct command *command, struct slice *argv, uint32_t argc,
                      uint64_t *hashes, const uint64_t *member_hash)
{
    struct call call = call_of(c, command, argv, argc, hashes);
    if (unlikely(member_hash != NULL)) {
        call.has_member_hash = true;
        call.member_hash = *member_hash;
    }
    if (unlikely(c->flags & CLIENT_CAREFUL || !(c->flags & CLIENT_AUTHENTICATED) ||
                 client_pause_mode != PAUSE_OFF || memory_full || save_hinders || !command ||
                 !arity_fits(command, argc)))
        return request_carefully(&call);
    pubsub_request_begin(c);
    run(c, &call);
    pubsub_request_end(c);
    if (unlikely(blocking_ready))
        blocking_serve();
    if (unlikely(c->flags & (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP_NEXT)))
        turn_replies(c);
    client_wants_write(c);
    return true;
}
