/* slowlog: a ring of entries, each one allocation.
 *
 * Bounds: slowlog-max-len entries, 32 arguments an entry, 128 bytes an
 * argument. What must not be read there (a password) isn't noted. */
#include "server/slowlog.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/cycles.h"
#include "base/mem.h"
#include "server/client.h"
#include "server/config.h"
#include "server/redact.h"

#include <stdio.h>
#include <string.h>

#define ARGS_MAX 32u
#define ARG_BYTES_MAX 128u

struct entry_arg {
    uint32_t at, len; /* in the text */
};

struct slow_entry {
    struct slow_entry *next; /* older */
    int64_t id;
    int64_t seconds; /* since 1970 */
    uint64_t us;
    char peer[SOCKET_ADDRESS_MAX];
    char *name; /* of the client; owned */
    uint32_t argc;
    struct entry_arg args[ARGS_MAX];
    struct buf text;
};

uint64_t slowlog_threshold = UINT64_MAX;

static struct slow_entry *newest;
static uint64_t count;
static int64_t next_id;

static void entry_destroy(struct slow_entry *e)
{
    buf_deinit(&e->text);
    mem_free(e->name);
    mem_free(e);
}

/* Drops the oldest entries until `most` are left. */
static void keep(uint64_t most)
{
    if (count <= most)
        return;
    struct slow_entry **at = &newest;
    for (uint64_t i = 0; i < most; i++)
        at = &(*at)->next;
    struct slow_entry *e = *at;
    *at = NULL;
    count = most;
    while (e) {
        struct slow_entry *next = e->next;
        entry_destroy(e);
        e = next;
    }
}

static void add_arg(struct slow_entry *e, struct slice value)
{
    struct entry_arg *a = &e->args[e->argc++];
    a->at = (uint32_t)e->text.len;
    if (value.len > ARG_BYTES_MAX) {
        buf_append(&e->text, value.ptr, ARG_BYTES_MAX);
        buf_printf(&e->text, "... (%zu more bytes)", value.len - ARG_BYTES_MAX);
    } else {
        buf_append_slice(&e->text, value);
    }
    a->len = (uint32_t)e->text.len - a->at;
}

void slowlog_add(const struct client *c, const struct command *command, const struct slice *argv,
                 uint32_t argc, uint64_t cycles)
{
    if (command->flags & COMMAND_SKIP_SLOWLOG || config.slowlog_max_len == 0)
        return;
    struct slow_entry *e = mem_zalloc(1, sizeof *e);
    e->id = next_id++;
    e->seconds = clock_ms() / 1000;
    e->us = cycles_to_us(cycles);
    socket_peer(&c->conn, e->peer);
    e->name = c->name ? mem_dup(c->name, strlen(c->name)) : NULL;
    uint32_t shown = argc > ARGS_MAX ? ARGS_MAX - 1 : argc;
    for (uint32_t i = 0; i < shown; i++)
        add_arg(e, redact_argument(command, argv, argc, i));
    if (shown < argc) {
        char more[48];
        int n = snprintf(more, sizeof more, "... (%u more arguments)", argc - shown);
        add_arg(e, slice_make(more, (size_t)n));
    }
    e->next = newest;
    newest = e;
    count++;
    keep(config.slowlog_max_len);
}

static bool settings_changed(const char **error)
{
    (void)error;
    int64_t us = config.slowlog_log_slower_than;
    slowlog_threshold = us < 0 ? UINT64_MAX : cycles_from_us((uint64_t)us);
    keep(config.slowlog_max_len);
    return true;
}

void slowlog_start(void)
{
    config_on_change("slowlog-log-slower-than", settings_changed);
    config_on_change("slowlog-max-len", settings_changed);
    settings_changed(NULL);
}

void slowlog_stop(void)
{
    keep(0);
}

/* ---- SLOWLOG --------------------------------------------------------------- */

static void reply_entry(struct reply *r, const struct slow_entry *e)
{
    reply_array(r, 6);
    reply_int(r, e->id);
    reply_int(r, e->seconds);
    reply_int(r, (int64_t)e->us);
    reply_array(r, e->argc);
    for (uint32_t i = 0; i < e->argc; i++)
        reply_bulk(r, slice_make(e->text.data + e->args[i].at, e->args[i].len));
    reply_bulk_text(r, e->peer);
    reply_bulk_text(r, e->name ? e->name : "");
}

static void slowlog_get(struct call *c)
{
    static const char error[] = "ERR count should be greater than or equal to -1";
    int64_t most = 10;
    if (c->argc > 3) {
        call_subcommand_syntax(c);
        return;
    }
    if (c->argc == 3 && !call_int_within(c, 2, -1, INT64_MAX, &most, error))
        return;
    uint64_t shown = most == -1 || (uint64_t)most > count ? count : (uint64_t)most;
    reply_array(c->reply, shown);
    const struct slow_entry *e = newest;
    for (uint64_t i = 0; i < shown; i++, e = e->next)
        reply_entry(c->reply, e);
}

static void slowlog_len(struct call *c)
{
    reply_int(c->reply, (int64_t)count);
}

static void slowlog_reset(struct call *c)
{
    keep(0);
    reply_ok(c->reply);
}

static void slowlog_help(struct call *c)
{
    static const char *const lines[] = {
        "GET [<count>]",
        "    The newest entries, newest first (10 without a count, -1: all of them).",
        "    An entry: its number, when, how many microseconds, the arguments,",
        "    the client's address, the client's name.",
        "LEN",
        "    How many entries there are.",
        "RESET",
        "    Drop all entries.",
        NULL,
    };
    call_help(c, lines);
}

#define SLOWLOG_FLAGS (COMMAND_ADMIN | COMMAND_LOADING | COMMAND_STALE)

static const struct command subcommands[] = {
    {.name = "get",
     .run = slowlog_get,
     .arity = -2,
     .flags = SLOWLOG_FLAGS,
     .group = "server",
     .since = "2.2.12",
     .summary = "Shows the newest entries of the slow log.",
     .complexity = "O(N) where N is the number of entries returned",
     .syntax = "[count:integer]",
     .tips = "request_policy:all_nodes nondeterministic_output"},
    {.name = "help",
     .run = slowlog_help,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "6.2.0",
     .summary = "Tells about the subcommands.",
     .complexity = "O(1)"},
    {.name = "len",
     .run = slowlog_len,
     .arity = 2,
     .flags = SLOWLOG_FLAGS,
     .group = "server",
     .since = "2.2.12",
     .summary = "Counts the entries of the slow log.",
     .complexity = "O(1)",
     .tips = "request_policy:all_nodes response_policy:agg_sum nondeterministic_output"},
    {.name = "reset",
     .run = slowlog_reset,
     .arity = 2,
     .flags = SLOWLOG_FLAGS,
     .group = "server",
     .since = "2.2.12",
     .summary = "Empties the slow log.",
     .complexity = "O(N) where N is the number of entries in the slowlog",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = NULL},
};

const struct command slowlog_commands[] = {
    {.name = "slowlog",
     .arity = -2,
     .group = "server",
     .since = "2.2.12",
     .summary = "Groups the commands about the slow log.",
     .complexity = "Depends on subcommand.",
     .subcommands = subcommands},
    {.name = NULL},
};
