/* memory_cmd: MEMORY USAGE STATS DOCTOR PURGE MALLOC-STATS HELP. */
#include "server/memory_cmd.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ds/arena.h"
#include "server/client.h"
#include "server/info.h"
#include "server/stats.h"

#include <stdio.h>

/* A dict slot with its tag, at the load that the dict keeps on average. */
#define SLOT_BYTES 11

/* ---- MEMORY USAGE ------------------------------------------------------- */

static void memory_usage(struct call *c)
{
    for (uint32_t i = 3; i < c->argc; i += 2) {
        int64_t samples;
        if (!slice_is(c->argv[i], "SAMPLES") || i + 1 == c->argc) {
            reply_error(c->reply, ERROR_SYNTAX);
            return;
        }
        if (!call_int(c, i + 1, &samples, NULL))
            return;
        if (samples < 0) {
            reply_error(c->reply, ERROR_SYNTAX);
            return;
        }
    }
    const struct entry *e = keyspace_find(c->keyspace, c->db, c->argv[2], c->hashes[2]);
    if (!e)
        reply_null(c->reply);
    else
        reply_int(c->reply, (int64_t)(entry_memory(e) + SLOT_BYTES));
}

/* ---- MEMORY STATS --------------------------------------------------------- */

static void put_size(struct reply *r, const char *name, size_t value)
{
    reply_bulk_text(r, name);
    reply_int(r, (int64_t)value);
}

static void put_difference(struct reply *r, const char *name, size_t a, size_t b)
{
    reply_bulk_text(r, name);
    reply_int(r, (int64_t)a - (int64_t)b);
}

static void put_ratio(struct reply *r, const char *name, size_t a, size_t b, double scale)
{
    reply_bulk_text(r, name);
    reply_double(r, b ? scale * (double)a / (double)b : 0);
}

static void reply_database(struct call *c, unsigned db)
{
    char name[32];
    snprintf(name, sizeof name, "db.%u", db);
    reply_bulk_text(c->reply, name);
    reply_map(c->reply, 3);
    put_size(c->reply, "overhead.hashtable.main", keyspace_overhead(c->keyspace, db));
    put_size(c->reply, "overhead.hashtable.expires", 0); /* within the main one */
    put_size(c->reply, "overhead.hashtable.slot-to-keys", 0);
}

static void memory_stats(struct call *c)
{
    struct reply *r = c->reply;
    struct memory_figures f = info_memory(c->keyspace);
    size_t databases = 0;
    for (unsigned db = 0; db < keyspace_databases(c->keyspace); db++)
        databases += keyspace_count(c->keyspace, db) != 0;
    reply_map(r, 27 + databases);
    put_size(r, "peak.allocated", server_stats.memory_peak);
    put_size(r, "total.allocated", f.used);
    put_size(r, "startup.allocated", server_stats.memory_at_start);
    put_size(r, "replication.backlog", 0);
    put_size(r, "clients.slaves", 0);
    put_size(r, "clients.normal", f.clients);
    put_size(r, "cluster.links", 0);
    put_size(r, "aof.buffer", 0);
    put_size(r, "lua.caches", 0);
    put_size(r, "functions.caches", 0);
    for (unsigned db = 0; db < keyspace_databases(c->keyspace); db++)
        if (keyspace_count(c->keyspace, db))
            reply_database(c, db);
    put_size(r, "overhead.total", f.overhead);
    put_size(r, "keys.count", f.keys);
    put_size(r, "keys.bytes-per-key", f.keys ? (f.used - server_stats.memory_at_start) / f.keys : 0);
    put_size(r, "dataset.bytes", f.dataset);
    put_ratio(r, "dataset.percentage", f.dataset, f.used - server_stats.memory_at_start, 100);
    put_ratio(r, "peak.percentage", f.used, server_stats.memory_peak, 100);
    put_size(r, "allocator.allocated", f.allocated);
    put_size(r, "allocator.active", f.active);
    put_size(r, "allocator.resident", f.allocator_resident);
    put_ratio(r, "allocator-fragmentation.ratio", f.active, f.allocated, 1);
    put_difference(r, "allocator-fragmentation.bytes", f.active, f.allocated);
    put_ratio(r, "allocator-rss.ratio", f.allocator_resident, f.active, 1);
    put_difference(r, "allocator-rss.bytes", f.allocator_resident, f.active);
    put_ratio(r, "rss-overhead.ratio", f.resident, f.allocator_resident, 1);
    put_difference(r, "rss-overhead.bytes", f.resident, f.allocator_resident);
    put_ratio(r, "fragmentation", f.resident, f.used, 1);
    put_difference(r, "fragmentation.bytes", f.resident, f.used);
}

/* ---- MEMORY DOCTOR ---------------------------------------------------------- */

#define DOCTOR_FROM ((size_t)5 << 20) /* below this nothing can be said */

static void memory_doctor(struct call *c)
{
    struct memory_figures f = info_memory(c->keyspace);
    struct buf out = BUF_EMPTY;
    unsigned clients = client_count();
    if (f.used < DOCTOR_FROM) {
        buf_printf(
            &out, "The server holds next to nothing, so there is nothing to judge. Fill it and ask again.\n");
    } else {
        if ((double)f.used * 1.5 < (double)server_stats.memory_peak)
            buf_printf(&out, " * The peak was far above what is used now. The resident size may stay high "
                             "for that; MEMORY PURGE gives back what it can.\n");
        if ((double)f.active > (double)f.allocated * 1.4 && f.active - f.allocated > ((size_t)10 << 20))
            buf_printf(&out,
                       " * Pages are sparsely filled: many values were deleted or changed their size.\n");
        if ((double)f.resident > (double)f.allocator_resident * 1.4 &&
            f.resident - f.allocator_resident > ((size_t)10 << 20))
            buf_printf(&out, " * Much memory is resident that the allocators don't know of.\n");
        if (clients && f.clients / clients > ((size_t)200 << 10))
            buf_printf(&out, " * Clients hold large buffers. CLIENT LIST shows which; "
                             "client-output-buffer-limit bounds them.\n");
        if (out.len == 0)
            buf_printf(&out, "Nothing unusual was found in the use of memory.\n");
    }
    reply_verbatim(c->reply, "txt", buf_slice(&out));
    buf_deinit(&out);
}

static void memory_purge(struct call *c)
{
    mem_purge();
    arena_purge();
    reply_ok(c->reply);
}

static void report_line(void *ctx, const char *text)
{
    buf_append_slice(ctx, slice_of(text));
}

static void memory_malloc_stats(struct call *c)
{
    struct buf out = BUF_EMPTY;
    struct arena_stats a = arena_stats();
    mem_report(report_line, &out);
    buf_printf(
        &out,
        "\nArena: %zu bytes in %zu objects, %zu pages of %zu bytes, %zu bytes committed, %zu reserved\n",
        a.live, a.objects, a.pages, ARENA_PAGE, a.committed, a.reserved);
    reply_verbatim(c->reply, "txt", buf_slice(&out));
    buf_deinit(&out);
}

static void memory_help(struct call *c)
{
    static const char *const lines[] = {
        "DOCTOR",
        "    A report about trouble with memory.",
        "MALLOC-STATS",
        "    The allocators' own figures.",
        "PURGE",
        "    Give unused memory back to the system.",
        "STATS",
        "    What memory is used for.",
        "USAGE <key> [SAMPLES <count>]",
        "    Bytes that a key and its value take. Everything is counted: SAMPLES changes nothing.",
        NULL,
    };
    call_help(c, lines);
}

#define SHARDS_TIPS "nondeterministic_output request_policy:all_shards response_policy:special"

static const struct command subcommands[] = {
    {.name = "doctor",
     .run = memory_doctor,
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Reports on memory in words.",
     .complexity = "O(1)",
     .tips = SHARDS_TIPS},
    {.name = "help",
     .run = memory_help,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "4.0.0",
     .summary = "Tells about the subcommands.",
     .complexity = "O(1)"},
    {.name = "malloc-stats",
     .run = memory_malloc_stats,
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Shows the allocators' own figures.",
     .complexity = "Depends on how much memory is allocated, could be slow",
     .tips = SHARDS_TIPS},
    {.name = "purge",
     .run = memory_purge,
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Gives unused memory back to the system.",
     .complexity = "Depends on how much memory is allocated, could be slow",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "stats",
     .run = memory_stats,
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Shows what memory is used for.",
     .complexity = "O(1)",
     .tips = SHARDS_TIPS},
    {.name = "usage",
     .run = memory_usage,
     .arity = -3,
     .flags = COMMAND_READONLY,
     .first = 2,
     .last = 2,
     .step = 1,
     .group = "server",
     .since = "4.0.0",
     .summary = "Tells how many bytes a key and its value take.",
     .complexity = "O(1)",
     .syntax = "key [SAMPLES count:integer]",
     .key_flags = "RO"},
    {.name = NULL},
};

const struct command memory_commands[] = {
    {.name = "memory",
     .arity = -2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Groups the commands about memory.",
     .complexity = "Depends on subcommand.",
     .subcommands = subcommands},
    {.name = NULL},
};
