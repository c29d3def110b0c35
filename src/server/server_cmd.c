/* server_cmd: TIME, ROLE, LOLWUT, SHUTDOWN, and the commands of what Hearth
 * doesn't have yet (replication, cluster, modules, scripts, users), as far as
 * clients and test harnesses ask for them: the reply is that of a Redis where
 * nothing of the kind is set up. */
#include "server/server_cmd.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/number.h"
#include "server/client.h"
#include "server/config.h"
#include "server/server.h"
#include "server/version.h"

#include <stdio.h>
#include <string.h>

/* ---- TIME, ROLE, SHUTDOWN --------------------------------------------------- */

static void time_run(struct call *c)
{
    int64_t us = clock_us();
    reply_array(c->reply, 2);
    reply_bulk_int(c->reply, us / 1000000);
    reply_bulk_int(c->reply, us % 1000000);
}

static void role_run(struct call *c)
{
    reply_array(c->reply, 3);
    reply_bulk_text(c->reply, "master");
    reply_int(c->reply, 0);
    reply_array(c->reply, 0);
}

static void shutdown_run(struct call *c)
{
    static const struct {
        const char *word;
        unsigned flag;
    } options[] = {
        {"NOSAVE", SERVER_SHUTDOWN_NOSAVE},
        {"SAVE", SERVER_SHUTDOWN_SAVE},
        {"NOW", SERVER_SHUTDOWN_NOW},
        {"FORCE", SERVER_SHUTDOWN_FORCE},
    };
    unsigned flags = 0;
    bool abort = false, known = true;
    for (uint32_t i = 1; i < c->argc && known; i++) {
        if (slice_is(c->argv[i], "ABORT")) {
            abort = true;
            continue;
        }
        known = false;
        for (size_t k = 0; k < sizeof options / sizeof *options; k++)
            if (slice_is(c->argv[i], options[k].word)) {
                flags |= options[k].flag;
                known = true;
            }
    }
    unsigned both = SERVER_SHUTDOWN_SAVE | SERVER_SHUTDOWN_NOSAVE;
    if (!known || (abort && flags) || (flags & both) == both)
        reply_error(c->reply, ERROR_SYNTAX);
    else if (abort)
        reply_error(c->reply, "ERR No shutdown in progress.");
    else if (!server_shutdown(flags)) /* else it says nothing, as in Redis: the connection ends */
        reply_error(c->reply, "ERR Errors trying to SHUTDOWN. Check logs.");
}

/* ---- LOLWUT ------------------------------------------------------------------- */

#define FIRE_COLUMNS 32
#define FIRE_ROWS 14

/* A hearth: heat rises from the embers, cools at random, and is drawn by how hot it is. */
static void draw_fire(struct buf *out, int columns, int rows)
{
    static const char shades[] = " .:^*xsS#$";
    int heat[80 * 41] = {0};
    uint32_t seed = 0x48454152;
    for (int x = 0; x < columns; x++)
        heat[rows * columns + x] = x > columns / 8 && x < columns - columns / 8 ? 90 : 20;
    for (int y = rows - 1; y >= 0; y--)
        for (int x = 0; x < columns; x++) {
            seed = seed * 1664525 + 1013904223;
            int drift = (int)(seed >> 29) % 3 - 1;
            int from = x + drift < 0 ? 0 : x + drift >= columns ? columns - 1 : x + drift;
            int left = heat[(y + 1) * columns + from] - (int)(seed >> 16) % (190 / rows);
            heat[y * columns + x] = left < 0 ? 0 : left;
        }
    for (int y = 0; y <= rows; y++) {
        for (int x = 0; x < columns; x++)
            buf_append_char(out, shades[heat[y * columns + x] * 9 / 90]);
        buf_append_char(out, '\n');
    }
}

/* LOLWUT [VERSION n] [columns] [rows] */
static void lolwut_run(struct call *c)
{
    uint32_t i = 1;
    int64_t version, columns = FIRE_COLUMNS, rows = FIRE_ROWS;
    if (c->argc > 2 && slice_is(c->argv[1], "VERSION")) {
        if (!call_int(c, 2, &version, NULL))
            return;
        i = 3;
    }
    if (i < c->argc)
        number_parse_i64(c->argv[i], &columns);
    if (i + 1 < c->argc)
        number_parse_i64(c->argv[i + 1], &rows);
    columns = columns < 8 ? 8 : columns > 80 ? 80 : columns;
    rows = rows < 4 ? 4 : rows > 40 ? 40 : rows;
    struct buf out = BUF_EMPTY;
    draw_fire(&out, (int)columns, (int)rows);
    buf_printf(&out, "\nHearth %s keeps you warm. Redis ver. %s\n", HEARTH_VERSION, REDIS_VERSION);
    reply_verbatim(c->reply, "txt", buf_slice(&out));
    buf_deinit(&out);
}

/* ---- replication, cluster, modules ---------------------------------------------- */

static void replicaof_run(struct call *c)
{
    int64_t port;
    if (slice_is(c->argv[1], "NO") && slice_is(c->argv[2], "ONE")) {
        reply_ok(c->reply);
        return;
    }
    if (!number_parse_i64(c->argv[2], &port) || port < 0 || port > 65535)
        reply_error(c->reply, "ERR Invalid master port");
    else
        reply_error(c->reply, "ERR replication is not supported yet");
}

static void cluster_disabled(struct call *c)
{
    reply_error(c->reply, "ERR This instance has cluster support disabled");
}

static void reply_nothing(struct call *c)
{
    reply_array(c->reply, 0);
}

/* Loading is refused as Redis refuses it where the setting allows, or doesn't allow, modules. */
static bool modules_allowed(struct call *c)
{
    if (c->client && config_allows(config.enable_module_command, socket_peer_is_loopback(&c->client->conn)))
        return true;
    reply_error(
        c->reply,
        "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", you can "
        "run it from a local connection, otherwise you need to set this option in the configuration "
        "file, and then restart the server.");
    return false;
}

static void module_load(struct call *c)
{
    if (modules_allowed(c))
        reply_error(c->reply, "ERR Error loading the extension. Please check the server logs.");
}

static void module_unload(struct call *c)
{
    if (modules_allowed(c))
        reply_error(c->reply, "ERR Error unloading module: no such module with that name");
}

static void module_help(struct call *c)
{
    static const char *const lines[] = {
        "LIST",
        "    The loaded modules: there are none.",
        "LOAD <path> [<arg> ...], LOADEX <path> ..., UNLOAD <name>",
        "    Refused: this server has no modules.",
        NULL,
    };
    call_help(c, lines);
}

/* ---- scripts and functions --------------------------------------------------------- */

static bool is_flush_mode(const struct call *c)
{
    return c->argc == 2 || (c->argc == 3 && (slice_is(c->argv[2], "SYNC") || slice_is(c->argv[2], "ASYNC")));
}

static void script_flush(struct call *c)
{
    if (is_flush_mode(c))
        reply_ok(c->reply);
    else
        reply_error(c->reply, "ERR SCRIPT FLUSH only support SYNC|ASYNC option");
}

static void script_exists(struct call *c)
{
    reply_array(c->reply, c->argc - 2);
    for (uint32_t i = 2; i < c->argc; i++)
        reply_int(c->reply, 0);
}

static void script_kill(struct call *c)
{
    reply_error(c->reply, "NOTBUSY No scripts in execution right now.");
}

static void script_help(struct call *c)
{
    static const char *const lines[] = {
        "EXISTS <sha1> [<sha1> ...]",
        "    Which of these scripts are in the cache.",
        "FLUSH [ASYNC|SYNC]",
        "    Empty the script cache.",
        "KILL",
        "    End the running script.",
        NULL,
    };
    call_help(c, lines);
}

static void function_flush(struct call *c)
{
    if (is_flush_mode(c))
        reply_ok(c->reply);
    else if (c->argc > 3)
        call_subcommand_syntax(c);
    else
        reply_error(c->reply, "ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
}

static void function_list(struct call *c)
{
    bool pattern = false, code = false;
    for (uint32_t i = 2; i < c->argc; i++) {
        if (!code && slice_is(c->argv[i], "WITHCODE")) {
            code = true;
        } else if (!pattern && slice_is(c->argv[i], "LIBRARYNAME")) {
            pattern = true;
            if (++i == c->argc) {
                reply_error(c->reply, "ERR library name argument was not given");
                return;
            }
        } else {
            int n = (int)(c->argv[i].len < 128 ? c->argv[i].len : 128);
            reply_errorf(c->reply, "ERR Unknown argument %.*s", n, c->argv[i].ptr);
            return;
        }
    }
    reply_array(c->reply, 0);
}

static void function_help(struct call *c)
{
    static const char *const lines[] = {
        "FLUSH [ASYNC|SYNC]",
        "    Delete all libraries.",
        "KILL",
        "    End the running function.",
        "LIST [LIBRARYNAME <pattern>] [WITHCODE]",
        "    The libraries.",
        NULL,
    };
    call_help(c, lines);
}

/* ---- users ---------------------------------------------------------------------------- */

static void acl_whoami(struct call *c)
{
    reply_bulk_text(c->reply, "default");
}

static void acl_users(struct call *c)
{
    reply_array(c->reply, 1);
    reply_bulk_text(c->reply, "default");
}

static size_t reply_members(struct call *c, const struct command *command, uint32_t category)
{
    char name[COMMAND_NAME_MAX];
    size_t n = 0;
    if (command_categories(command) & category) {
        command_full_name(command, name);
        reply_bulk_text(c->reply, name);
        n++;
    }
    for (const struct command *sub = command->subcommands; sub && sub->name; sub++)
        n += reply_members(c, sub, category);
    return n;
}

static void acl_cat(struct call *c)
{
    struct output_piece *head;
    size_t n = 0;
    if (c->argc > 3) {
        call_subcommand_syntax(c);
        return;
    }
    if (c->argc == 2) {
        head = reply_defer(c->reply);
        for (; command_category_name((unsigned)n); n++)
            reply_bulk_text(c->reply, command_category_name((unsigned)n));
        reply_array_end(c->reply, head, n);
        return;
    }
    unsigned bit = 0;
    while (command_category_name(bit) && !slice_is(c->argv[2], command_category_name(bit)))
        bit++;
    if (!command_category_name(bit)) {
        int len = (int)(c->argv[2].len < 128 ? c->argv[2].len : 128);
        reply_errorf(c->reply, "ERR Unknown category '%.*s'", len, c->argv[2].ptr);
        return;
    }
    head = reply_defer(c->reply);
    for (unsigned i = 0; i < command_count(); i++)
        n += reply_members(c, command_at(i), 1u << bit);
    reply_array_end(c->reply, head, n);
}

static void acl_help(struct call *c)
{
    static const char *const lines[] = {
        "CAT [<category>]",
        "    The categories, or the commands of one.",
        "USERS",
        "    The names of the users.",
        "WHOAMI",
        "    The name of the user of this connection.",
        NULL,
    };
    call_help(c, lines);
}

/* ---- rows --------------------------------------------------------------------------------- */

#define HELP_SUMMARY "Tells about the subcommands."
#define HELP_FLAGS (COMMAND_LOADING | COMMAND_STALE)

#define CLUSTER_ADMIN (COMMAND_ADMIN | COMMAND_STALE | COMMAND_NO_ASYNC_LOADING)
#define CLUSTER_ROW(name_, arity_, flags_, since_, syntax_, tips_, ...)                                      \
    {                                                                                                        \
        .name = name_, .run = cluster_disabled, .arity = arity_, .flags = flags_, .group = "cluster",        \
        .since = since_, .summary = "Answers that this server is no cluster.", .complexity = "O(1)",         \
        .syntax = syntax_, .tips = tips_, ##__VA_ARGS__                                                      \
    }
#define CHANGING "nondeterministic_output"

static const struct command cluster_subcommands[] = {
    CLUSTER_ROW("addslots", -3, CLUSTER_ADMIN, "3.0.0", "slot:integer [slot:integer ...]", NULL),
    CLUSTER_ROW("addslotsrange", -4, CLUSTER_ADMIN, "7.0.0",
                "range=(start-slot:integer end-slot:integer) ...", NULL),
    CLUSTER_ROW("bumpepoch", 2, CLUSTER_ADMIN, "3.0.0", NULL, CHANGING),
    CLUSTER_ROW("count-failure-reports", 3, COMMAND_ADMIN | COMMAND_STALE, "3.0.0", "node-id", CHANGING),
    CLUSTER_ROW("countkeysinslot", 3, COMMAND_STALE, "3.0.0", "slot:integer", NULL),
    CLUSTER_ROW("delslots", -3, CLUSTER_ADMIN, "3.0.0", "slot:integer [slot:integer ...]", NULL),
    CLUSTER_ROW("delslotsrange", -4, CLUSTER_ADMIN, "7.0.0",
                "range=(start-slot:integer end-slot:integer) ...", NULL),
    CLUSTER_ROW("failover", -2, CLUSTER_ADMIN, "3.0.0", "[options=FORCE | TAKEOVER]", NULL),
    CLUSTER_ROW("flushslots", 2, CLUSTER_ADMIN, "3.0.0", NULL, NULL),
    CLUSTER_ROW("forget", 3, CLUSTER_ADMIN, "3.0.0", "node-id", NULL),
    CLUSTER_ROW("getkeysinslot", 4, COMMAND_STALE, "3.0.0", "slot:integer count:integer", CHANGING),
    CLUSTER_ROW("help", 2, HELP_FLAGS, "5.0.0", NULL, NULL),
    CLUSTER_ROW("info", 2, COMMAND_STALE, "3.0.0", NULL, CHANGING),
    CLUSTER_ROW("keyslot", 3, COMMAND_STALE, "3.0.0", "key:string", NULL),
    CLUSTER_ROW("links", 2, COMMAND_STALE, "7.0.0", NULL, CHANGING),
    CLUSTER_ROW("meet", -4, CLUSTER_ADMIN, "3.0.0", "ip port:integer [cluster-bus-port:integer@4.0.0]", NULL),
    CLUSTER_ROW("myid", 2, COMMAND_STALE, "3.0.0", NULL, NULL),
    CLUSTER_ROW("myshardid", 2, COMMAND_STALE, "7.2.0", NULL, CHANGING),
    CLUSTER_ROW("nodes", 2, COMMAND_STALE, "3.0.0", NULL, CHANGING),
    CLUSTER_ROW("replicas", 3, COMMAND_ADMIN | COMMAND_STALE, "5.0.0", "node-id", CHANGING),
    CLUSTER_ROW("replicate", 3, CLUSTER_ADMIN, "3.0.0", "node-id", NULL),
    CLUSTER_ROW("reset", -2, COMMAND_ADMIN | COMMAND_STALE | COMMAND_NOSCRIPT, "3.0.0",
                "[reset-type=HARD | SOFT]", NULL),
    CLUSTER_ROW("saveconfig", 2, CLUSTER_ADMIN, "3.0.0", NULL, NULL),
    CLUSTER_ROW("set-config-epoch", 3, CLUSTER_ADMIN, "3.0.0", "config-epoch:integer", NULL),
    CLUSTER_ROW("setslot", -4, CLUSTER_ADMIN, "3.0.0",
                "slot:integer subcommand=<IMPORTING importing~node-id:string | MIGRATING "
                "migrating~node-id:string | NODE node~node-id:string | STABLE>",
                NULL),
    CLUSTER_ROW("shards", 2, COMMAND_STALE | COMMAND_LOADING, "7.0.0", NULL, CHANGING),
    CLUSTER_ROW("slaves", 3, COMMAND_ADMIN | COMMAND_STALE, "3.0.0", "node-id", CHANGING,
                .deprecated_since = "5.0.0", .replaced_by = "`CLUSTER REPLICAS`"),
    CLUSTER_ROW("slots", 2, COMMAND_STALE | COMMAND_LOADING, "3.0.0", NULL, CHANGING,
                .deprecated_since = "7.0.0", .replaced_by = "`CLUSTER SHARDS`"),
    {.name = NULL},
};

#define MODULE_FLAGS (COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_NO_ASYNC_LOADING)

static const struct command module_subcommands[] = {
    {.name = "help",
     .run = module_help,
     .arity = 2,
     .flags = HELP_FLAGS,
     .group = "server",
     .since = "5.0.0",
     .summary = HELP_SUMMARY,
     .complexity = "O(1)"},
    {.name = "list",
     .run = reply_nothing,
     .arity = 2,
     .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT,
     .group = "server",
     .since = "4.0.0",
     .summary = "Lists the loaded modules.",
     .complexity = "O(N) where N is the number of loaded modules.",
     .tips = "nondeterministic_output_order"},
    {.name = "load",
     .run = module_load,
     .arity = -3,
     .flags = MODULE_FLAGS,
     .group = "server",
     .since = "4.0.0",
     .summary = "Refuses to load a module.",
     .complexity = "O(1)",
     .syntax = "path [arg ...]"},
    {.name = "loadex",
     .run = module_load,
     .arity = -3,
     .flags = MODULE_FLAGS,
     .group = "server",
     .since = "7.0.0",
     .summary = "Refuses to load a module.",
     .complexity = "O(1)",
     .syntax = "path [configs=CONFIG (name value) [CONFIG (name value) ...]] [args=ARGS args ...]"},
    {.name = "unload",
     .run = module_unload,
     .arity = 3,
     .flags = MODULE_FLAGS,
     .group = "server",
     .since = "4.0.0",
     .summary = "Refuses to unload a module.",
     .complexity = "O(1)",
     .syntax = "name"},
    {.name = NULL},
};

static const struct command script_subcommands[] = {
    {.name = "exists",
     .run = script_exists,
     .arity = -3,
     .flags = COMMAND_NOSCRIPT,
     .group = "scripting",
     .since = "2.6.0",
     .summary = "Tells which scripts are in the cache.",
     .complexity = "O(N) with N being the number of scripts to check (so checking a single script is an O(1) "
                   "operation).",
     .syntax = "sha1 [sha1 ...]",
     .tips = "request_policy:all_shards response_policy:agg_logical_and"},
    {.name = "flush",
     .run = script_flush,
     .arity = -2,
     .flags = COMMAND_NOSCRIPT,
     .group = "scripting",
     .since = "2.6.0",
     .summary = "Empties the script cache.",
     .complexity = "O(N) with N being the number of scripts in cache",
     .syntax = "[flush-type@6.2.0=ASYNC | SYNC]",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "help",
     .run = script_help,
     .arity = 2,
     .flags = HELP_FLAGS,
     .group = "scripting",
     .since = "5.0.0",
     .summary = HELP_SUMMARY,
     .complexity = "O(1)"},
    {.name = "kill",
     .run = script_kill,
     .arity = 2,
     .flags = COMMAND_NOSCRIPT | COMMAND_ALLOW_BUSY,
     .group = "scripting",
     .since = "2.6.0",
     .summary = "Ends the running script.",
     .complexity = "O(1)",
     .tips = "request_policy:all_shards response_policy:one_succeeded"},
    {.name = NULL},
};

static const struct command function_subcommands[] = {
    {.name = "flush",
     .run = function_flush,
     .arity = -2,
     .flags = COMMAND_NOSCRIPT | COMMAND_WRITE,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Deletes all libraries.",
     .complexity = "O(N) where N is the number of functions deleted",
     .syntax = "[flush-type=ASYNC | SYNC]",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "help",
     .run = function_help,
     .arity = 2,
     .flags = HELP_FLAGS,
     .group = "scripting",
     .since = "7.0.0",
     .summary = HELP_SUMMARY,
     .complexity = "O(1)"},
    {.name = "kill",
     .run = script_kill,
     .arity = 2,
     .flags = COMMAND_NOSCRIPT | COMMAND_ALLOW_BUSY,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Ends the running function.",
     .complexity = "O(1)",
     .tips = "request_policy:all_shards response_policy:one_succeeded"},
    {.name = "list",
     .run = function_list,
     .arity = -2,
     .flags = COMMAND_NOSCRIPT,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Lists the libraries.",
     .complexity = "O(N) where N is the number of functions",
     .syntax = "[LIBRARYNAME library-name-pattern] [WITHCODE]",
     .tips = "nondeterministic_output_order"},
    {.name = NULL},
};

#define ACL_FLAGS (COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE)

static const struct command acl_subcommands[] = {
    {.name = "cat",
     .run = acl_cat,
     .arity = -2,
     .flags = ACL_FLAGS,
     .group = "server",
     .since = "6.0.0",
     .summary = "Lists the categories, or the commands of one.",
     .complexity = "O(1) since the categories and commands are a fixed set.",
     .syntax = "[category]"},
    {.name = "help",
     .run = acl_help,
     .arity = 2,
     .flags = HELP_FLAGS,
     .group = "server",
     .since = "6.0.0",
     .summary = HELP_SUMMARY,
     .complexity = "O(1)"},
    {.name = "users",
     .run = acl_users,
     .arity = 2,
     .flags = ACL_FLAGS | COMMAND_ADMIN,
     .group = "server",
     .since = "6.0.0",
     .summary = "Lists the names of the users.",
     .complexity = "O(N). Where N is the number of configured users."},
    {.name = "whoami",
     .run = acl_whoami,
     .arity = 2,
     .flags = ACL_FLAGS,
     .group = "server",
     .since = "6.0.0",
     .summary = "Names the user of this connection.",
     .complexity = "O(1)"},
    {.name = NULL},
};

#define REPLICA_SYNTAX "args=<host-port=(host port:integer) | no-one=(NO ONE)>"
#define REPLICA_FLAGS (COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_NO_ASYNC_LOADING)
#define ONLY_CLUSTER_FLAGS (COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST)

const struct command server_commands[] = {
    {.name = "time",
     .run = time_run,
     .arity = 1,
     .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST,
     .group = "server",
     .since = "2.6.0",
     .summary = "Tells the server's time.",
     .complexity = "O(1)",
     .tips = CHANGING},
    {.name = "role",
     .run = role_run,
     .arity = 1,
     .flags = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST,
     .group = "server",
     .since = "2.8.12",
     .categories = CATEGORY_ADMIN | CATEGORY_DANGEROUS,
     .summary = "Tells the server's part in replication.",
     .complexity = "O(1)"},
    {.name = "lolwut",
     .run = lolwut_run,
     .arity = -1,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .group = "server",
     .since = "5.0.0",
     .summary = "Draws something, and tells the version.",
     .syntax = "[VERSION version:integer]"},
    {.name = "shutdown",
     .run = shutdown_run,
     .arity = -1,
     .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_NO_MULTI |
              COMMAND_ALLOW_BUSY,
     .group = "server",
     .since = "1.0.0",
     .summary = "Ends the server.",
     .complexity = "O(N) when saving, where N is the total number of keys in all databases when saving data, "
                   "otherwise O(1)",
     .syntax = "[save-selector=NOSAVE | SAVE] [NOW@7.0.0] [FORCE@7.0.0] [ABORT@7.0.0]"},
    {.name = "replicaof",
     .run = replicaof_run,
     .arity = 3,
     .flags = REPLICA_FLAGS,
     .group = "server",
     .since = "5.0.0",
     .summary = "Makes the server a replica, or a master again.",
     .complexity = "O(1)",
     .syntax = REPLICA_SYNTAX},
    {.name = "slaveof",
     .run = replicaof_run,
     .arity = 3,
     .flags = REPLICA_FLAGS,
     .group = "server",
     .since = "1.0.0",
     .summary = "Makes the server a replica, or a master again.",
     .complexity = "O(1)",
     .syntax = REPLICA_SYNTAX,
     .deprecated_since = "5.0.0",
     .replaced_by = "`REPLICAOF`"},
    {.name = "readonly",
     .run = cluster_disabled,
     .arity = 1,
     .flags = ONLY_CLUSTER_FLAGS,
     .group = "cluster",
     .since = "3.0.0",
     .categories = CATEGORY_CONNECTION,
     .summary = "Allows reading from a replica in a cluster.",
     .complexity = "O(1)"},
    {.name = "readwrite",
     .run = cluster_disabled,
     .arity = 1,
     .flags = ONLY_CLUSTER_FLAGS,
     .group = "cluster",
     .since = "3.0.0",
     .categories = CATEGORY_CONNECTION,
     .summary = "Ends READONLY.",
     .complexity = "O(1)"},
    {.name = "asking",
     .run = cluster_disabled,
     .arity = 1,
     .flags = COMMAND_FAST,
     .group = "cluster",
     .since = "3.0.0",
     .categories = CATEGORY_CONNECTION,
     .summary = "Tells that a redirection is being followed.",
     .complexity = "O(1)"},
    {.name = "cluster",
     .arity = -2,
     .group = "cluster",
     .since = "3.0.0",
     .summary = "Groups the cluster commands.",
     .complexity = "Depends on subcommand.",
     .subcommands = cluster_subcommands},
    {.name = "module",
     .arity = -2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Groups the module commands.",
     .complexity = "Depends on subcommand.",
     .subcommands = module_subcommands},
    {.name = "script",
     .arity = -2,
     .group = "scripting",
     .since = "2.6.0",
     .summary = "Groups the script commands.",
     .complexity = "Depends on subcommand.",
     .subcommands = script_subcommands},
    {.name = "function",
     .arity = -2,
     .group = "scripting",
     .since = "7.0.0",
     .summary = "Groups the function commands.",
     .complexity = "Depends on subcommand.",
     .subcommands = function_subcommands},
    {.name = "acl",
     .arity = -2,
     .group = "server",
     .since = "6.0.0",
     .summary = "Groups the user commands.",
     .complexity = "Depends on subcommand.",
     .subcommands = acl_subcommands},
    {.name = NULL},
};
