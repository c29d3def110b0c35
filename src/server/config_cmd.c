/* config_cmd: see config_cmd.h. */
#include "server/config_cmd.h"

#include "base/glob.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/client.h"
#include "server/config.h"
#include "server/config_priv.h"
#include "server/config_value.h"

static void (*reset_stat)(void);

void config_on_reset_stat(void (*reset)(void))
{
    reset_stat = reset;
}

/* ---- GET ------------------------------------------------------------------------ */

static bool is_pattern(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '*' || s.ptr[i] == '?' || s.ptr[i] == '[')
            return true;
    return false;
}

/* What was asked for without a wildcard is answered under the name as it was written, the first time. */
static const struct slice *asked_plainly(const struct call *c, const char *name)
{
    for (uint32_t i = 2; i < c->argc; i++)
        if (!is_pattern(c->argv[i]) && slice_is(c->argv[i], name))
            return &c->argv[i];
    return NULL;
}

static bool show(struct call *c, const struct setting *s, const char *name)
{
    const struct slice *plain = asked_plainly(c, name);
    bool shown = plain != NULL;
    for (uint32_t i = 2; i < c->argc && !shown && !(s->flags & SETTING_HIDDEN); i++)
        shown = is_pattern(c->argv[i]) && glob_match(c->argv[i], slice_of(name), true);
    if (!shown)
        return false;
    reply_bulk(c->reply, plain ? *plain : slice_of(name));
    struct buf value = BUF_EMPTY;
    setting_show(s, &value);
    reply_bulk(c->reply, config_text(&value));
    buf_deinit(&value);
    return true;
}

static void get_run(struct call *c)
{
    struct output_piece *head = reply_defer(c->reply);
    size_t count = 0;
    for (unsigned i = 0; i < setting_count; i++) {
        count += show(c, &settings[i], settings[i].name);
        if (settings[i].alias)
            count += show(c, &settings[i], settings[i].alias);
    }
    reply_map_end(c->reply, head, count);
}

/* ---- the others -------------------------------------------------------------------- */

static void set_run(struct call *c)
{
    if (c->argc % 2) {
        reply_error(c->reply, ERROR_SYNTAX);
        return;
    }
    struct buf error = BUF_EMPTY;
    bool local = c->client && socket_peer_is_loopback(&c->client->conn);
    if (config_set_pairs(c->argv + 2, (c->argc - 2) / 2, local, &error)) {
        reply_ok(c->reply);
    } else {
        buf_append_char(&error, 0);
        reply_error(c->reply, error.data);
    }
    buf_deinit(&error);
}

static void rewrite_run(struct call *c)
{
    if (!*config_path()) {
        reply_error(c->reply, "ERR The server is running without a config file");
        return;
    }
    const char *error;
    if (config_rewrite(false, &error)) {
        log_notice("CONFIG REWRITE executed with success.");
        reply_ok(c->reply);
    } else {
        log_warning("CONFIG REWRITE failed: %s", error);
        reply_errorf(c->reply, "ERR Rewriting config file: %s", error);
    }
}

static void reset_stat_run(struct call *c)
{
    if (reset_stat)
        reset_stat();
    reply_ok(c->reply);
}

static void help_run(struct call *c)
{
    static const char *const lines[] = {
        "GET <pattern>",
        "    Return parameters matching the glob-like <pattern> and their values.",
        "SET <directive> <value>",
        "    Set the configuration <directive> to <value>.",
        "RESETSTAT",
        "    Reset statistics reported by the INFO command.",
        "REWRITE",
        "    Rewrite the configuration file.",
        NULL,
    };
    call_help(c, lines);
}

#define ADMIN (COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE)

static const struct command config_subcommands[] = {
    {.name = "get",
     .run = get_run,
     .arity = -3,
     .flags = ADMIN,
     .group = "server",
     .since = "2.0.0",
     .summary = "Shows the settings whose names match.",
     .complexity = "O(N*M) where N is the number of settings and M that of the patterns.",
     .syntax = "parameter [parameter ...]"},
    {.name = "help",
     .run = help_run,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "5.0.0",
     .summary = "Describes the subcommands of CONFIG.",
     .complexity = "O(1)"},
    {.name = "resetstat",
     .run = reset_stat_run,
     .arity = 2,
     .flags = ADMIN,
     .group = "server",
     .since = "2.0.0",
     .summary = "Sets the counters that INFO shows back to zero.",
     .complexity = "O(1)",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "rewrite",
     .run = rewrite_run,
     .arity = 2,
     .flags = ADMIN,
     .group = "server",
     .since = "2.8.0",
     .summary = "Writes the settings as they are now to the configuration file.",
     .complexity = "O(1)",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "set",
     .run = set_run,
     .arity = -4,
     .flags = ADMIN,
     .group = "server",
     .since = "2.0.0",
     .summary = "Changes settings, all that are given or none.",
     .complexity = "O(N) where N is the number of settings given.",
     .syntax = "data=(parameter value) ...",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = NULL},
};

const struct command config_commands[] = {
    {.name = "config",
     .arity = -2,
     .group = "server",
     .since = "2.0.0",
     .summary = "Shows and changes settings while the server runs.",
     .complexity = "Depends on subcommand.",
     .subcommands = config_subcommands},
    {.name = NULL},
};
