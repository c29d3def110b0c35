/* command_info: COMMAND and its subcommands, all read from the command table. */
#include "server/command_info.h"

#include "base/glob.h"
#include "base/mem.h"
#include "commands/command_syntax.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- what COMMAND INFO says of a row ------------------------------------ */

static const char *const flag_names[] = {
    "write",
    "readonly",
    "denyoom",
    "admin",
    "pubsub",
    "noscript",
    "blocking",
    "loading",
    "stale",
    "skip_monitor",
    "skip_slowlog",
    "fast",
    "no_auth",
    "may_replicate",
    "no_multi",
    "movablekeys",
    "allow_busy",
    "no_async_loading",
    "sentinel",
    "only_sentinel",
    "asking",
    "no_mandatory_keys",
    NULL, /* COMMAND_BARRIER */
    "touches_arbitrary_keys",
};

/* Redis keeps these to itself or to sentinels. */
#define HIDDEN_FLAGS (COMMAND_MAY_REPLICATE | COMMAND_SENTINEL | COMMAND_ONLY_SENTINEL | COMMAND_BARRIER)

static void reply_flags(struct reply *r, uint32_t flags)
{
    flags &= ~(uint32_t)HIDDEN_FLAGS;
    reply_set(r, (size_t)__builtin_popcount(flags));
    for (unsigned bit = 0; bit < sizeof flag_names / sizeof *flag_names; bit++)
        if (flags & 1u << bit)
            reply_status(r, flag_names[bit]);
}

static void reply_categories(struct reply *r, uint32_t categories)
{
    char text[32];
    reply_set(r, (size_t)__builtin_popcount(categories));
    for (unsigned bit = 0; command_category_name(bit); bit++)
        if (categories & 1u << bit) {
            snprintf(text, sizeof text, "@%s", command_category_name(bit));
            reply_status(r, text);
        }
}

/* The next word of a space-separated list; false at its end. */
static bool next_word(const char **at, struct slice *word)
{
    if (!*at)
        return false;
    while (**at == ' ')
        (*at)++;
    size_t n = strcspn(*at, " ");
    *word = slice_make(*at, n);
    *at += n;
    return n > 0;
}

static size_t count_words(const char *list)
{
    struct slice word;
    size_t n = 0;
    while (next_word(&list, &word))
        n++;
    return n;
}

/* Words as a set of bulk strings. */
static void reply_words(struct reply *r, const char *list)
{
    struct slice word;
    reply_set(r, count_words(list));
    while (next_word(&list, &word))
        reply_bulk(r, word);
}

/* A key specification's flags as Redis writes them: RW RO OW RM in capitals, the rest not. */
static void reply_key_flags(struct reply *r, const char *list)
{
    struct slice word;
    reply_set(r, count_words(list));
    while (next_word(&list, &word)) {
        char text[32];
        bool access = word.len == 2;
        size_t n = word.len < sizeof text ? word.len : sizeof text - 1;
        for (size_t i = 0; i < n; i++)
            text[i] =
                (char)(access ? toupper((unsigned char)word.ptr[i]) : tolower((unsigned char)word.ptr[i]));
        text[n] = 0;
        reply_status(r, text);
    }
}

static void reply_named_int(struct reply *r, const char *name, int value)
{
    reply_bulk_text(r, name);
    reply_int(r, value);
}

static void reply_begin_search(struct reply *r, const struct key_spec *s)
{
    static const char *const names[] = {"index", "keyword", "unknown"};
    reply_map(r, 2);
    reply_bulk_text(r, "type");
    reply_bulk_text(r, names[s->begin]);
    reply_bulk_text(r, "spec");
    if (s->begin == KEYS_AT_INDEX) {
        reply_map(r, 1);
        reply_named_int(r, "index", s->index);
    } else if (s->begin == KEYS_AFTER_KEYWORD) {
        reply_map(r, 2);
        reply_bulk_text(r, "keyword");
        reply_bulk_text(r, s->keyword);
        reply_named_int(r, "startfrom", s->from);
    } else {
        reply_map(r, 0);
    }
}

static void reply_find_keys(struct reply *r, const struct key_spec *s)
{
    static const char *const names[] = {"range", "keynum", "unknown"};
    reply_map(r, 2);
    reply_bulk_text(r, "type");
    reply_bulk_text(r, names[s->find]);
    reply_bulk_text(r, "spec");
    if (s->find == KEYS_RANGE) {
        reply_map(r, 3);
        reply_named_int(r, "lastkey", s->last);
        reply_named_int(r, "keystep", s->step);
        reply_named_int(r, "limit", s->limit);
    } else if (s->find == KEYS_COUNTED) {
        reply_map(r, 3);
        reply_named_int(r, "keynumidx", s->count_index);
        reply_named_int(r, "firstkey", s->first_key);
        reply_named_int(r, "keystep", s->count_step);
    } else {
        reply_map(r, 0);
    }
}

static int count_specs(const struct key_spec *s)
{
    int n = 0;
    while (s[n].flags)
        n++;
    return n;
}

static void reply_key_specs(struct reply *r, const struct command *command)
{
    struct key_spec scratch[2];
    const struct key_spec *s = command_key_specs(command, scratch);
    reply_set(r, (size_t)count_specs(s));
    for (; s->flags; s++) {
        reply_map(r, s->notes ? 4 : 3);
        if (s->notes) {
            reply_bulk_text(r, "notes");
            reply_bulk_text(r, s->notes);
        }
        reply_bulk_text(r, "flags");
        reply_key_flags(r, s->flags);
        reply_bulk_text(r, "begin_search");
        reply_begin_search(r, s);
        reply_bulk_text(r, "find_keys");
        reply_find_keys(r, s);
    }
}

static size_t count_subcommands(const struct command *command)
{
    size_t n = 0;
    for (const struct command *sub = command->subcommands; sub && sub->name; sub++)
        n++;
    return n;
}

static void reply_full_name(struct reply *r, const struct command *command)
{
    char name[COMMAND_NAME_MAX];
    command_full_name(command, name);
    reply_bulk_text(r, name);
}

static void reply_info(struct reply *r, const struct command *command)
{
    if (!command) {
        reply_null(r); /* not the null array, in RESP2 either */
        return;
    }
    reply_array(r, 10);
    reply_full_name(r, command);
    reply_int(r, command->arity);
    reply_flags(r, command->flags);
    reply_int(r, command->first);
    reply_int(r, command->last);
    reply_int(r, command->step);
    reply_categories(r, command_categories(command));
    reply_words(r, command->tips);
    reply_key_specs(r, command);
    size_t subcommands = count_subcommands(command);
    if (subcommands)
        reply_array(r, subcommands);
    else
        reply_set(r, 0);
    for (size_t i = 0; i < subcommands; i++)
        reply_info(r, &command->subcommands[i]);
}

static void info_all(struct call *c)
{
    reply_array(c->reply, command_count());
    for (unsigned i = 0; i < command_count(); i++)
        reply_info(c->reply, command_at(i));
}

static void command_info(struct call *c)
{
    if (c->argc == 2) {
        info_all(c);
        return;
    }
    reply_array(c->reply, c->argc - 2);
    for (uint32_t i = 2; i < c->argc; i++)
        reply_info(c->reply, command_by_full_name(c->argv[i]));
}

static void command_count_reply(struct call *c)
{
    reply_int(c->reply, command_count());
}

/* ---- COMMAND DOCS --------------------------------------------------------- */

static bool is_leaf(const struct syntax_arg *a)
{
    return a->type != SYNTAX_ONEOF && a->type != SYNTAX_BLOCK;
}

static void reply_arguments(struct reply *r, const struct command_syntax *s, uint16_t first);

static void reply_argument(struct reply *r, const struct command_syntax *s, const struct syntax_arg *a)
{
    size_t flags = (size_t)a->optional + a->multiple + a->multiple_token;
    size_t extra = (size_t)(a->key_spec >= 0) + (a->token.ptr != NULL) + (a->since.ptr != NULL) + (flags > 0);
    reply_map(r, 3 + extra); /* name, type, and either the text to show or what is inside */
    reply_bulk_text(r, "name");
    reply_bulk_text(r, a->name);
    reply_bulk_text(r, "type");
    reply_bulk_text(r, command_syntax_type_name(a->type));
    if (is_leaf(a)) {
        reply_bulk_text(r, "display_text");
        reply_bulk(r, a->shown.ptr ? a->shown : slice_of(a->name));
    }
    if (a->key_spec >= 0)
        reply_named_int(r, "key_spec_index", a->key_spec);
    if (a->token.ptr) {
        reply_bulk_text(r, "token");
        reply_bulk(r, a->token.len ? a->token : SLICE("\"\""));
    }
    if (a->since.ptr) {
        reply_bulk_text(r, "since");
        reply_bulk(r, a->since);
    }
    if (flags) {
        reply_bulk_text(r, "flags");
        reply_set(r, flags);
        if (a->optional)
            reply_status(r, "optional");
        if (a->multiple)
            reply_status(r, "multiple");
        if (a->multiple_token)
            reply_status(r, "multiple_token");
    }
    if (!is_leaf(a)) {
        reply_bulk_text(r, "arguments");
        reply_arguments(r, s, a->child);
    }
}

static void reply_arguments(struct reply *r, const struct command_syntax *s, uint16_t first)
{
    reply_array(r, command_syntax_count(s, first));
    for (uint16_t i = first; i != SYNTAX_NONE; i = s->args[i].next)
        reply_argument(r, s, &s->args[i]);
}

/* Commands that aren't meant for users. */
static bool is_syscmd(const struct command *command)
{
    static const char *const names[] = {"debug",          "replconf", "psync",     "sync",
                                        "restore-asking", "pfdebug",  "pfselftest"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(command->name, names[i]) == 0)
            return command_container(command) == NULL;
    return false;
}

static void reply_doc_text(struct reply *r, const char *name, const char *text)
{
    if (text) {
        reply_bulk_text(r, name);
        reply_bulk_text(r, text);
    }
}

static void reply_doc(struct reply *r, const struct command *command)
{
    struct command_syntax syntax;
    struct key_spec scratch[2];
    command_syntax_read(&syntax, command->syntax, count_specs(command_key_specs(command, scratch)));
    must(!syntax.error); /* a row of ours; tests read them all */
    size_t subcommands = count_subcommands(command);
    bool has_arguments = syntax.first != SYNTAX_NONE;
    size_t flags = (size_t)(command->deprecated_since != NULL) + is_syscmd(command);

    reply_map(r, (size_t)(command->summary != NULL) + (command->since != NULL) + (command->group != NULL) +
                     (command->complexity != NULL) + (flags > 0) + (command->deprecated_since != NULL) +
                     (command->replaced_by != NULL) + has_arguments + (subcommands > 0));
    reply_doc_text(r, "summary", command->summary);
    reply_doc_text(r, "since", command->since);
    reply_doc_text(r, "group", command->group);
    reply_doc_text(r, "complexity", command->complexity);
    if (flags) {
        reply_bulk_text(r, "doc_flags");
        reply_set(r, flags);
        if (command->deprecated_since)
            reply_status(r, "deprecated");
        if (is_syscmd(command))
            reply_status(r, "syscmd");
    }
    reply_doc_text(r, "deprecated_since", command->deprecated_since);
    reply_doc_text(r, "replaced_by", command->replaced_by);
    if (has_arguments) {
        reply_bulk_text(r, "arguments");
        reply_arguments(r, &syntax, syntax.first);
    }
    if (subcommands) {
        reply_bulk_text(r, "subcommands");
        reply_map(r, subcommands);
        for (size_t i = 0; i < subcommands; i++) {
            reply_full_name(r, &command->subcommands[i]);
            reply_doc(r, &command->subcommands[i]);
        }
    }
}

static void command_docs(struct call *c)
{
    if (c->argc == 2) {
        reply_map(c->reply, command_count());
        for (unsigned i = 0; i < command_count(); i++) {
            reply_full_name(c->reply, command_at(i));
            reply_doc(c->reply, command_at(i));
        }
        return;
    }
    struct output_piece *head = reply_defer(c->reply);
    size_t known = 0;
    for (uint32_t i = 2; i < c->argc; i++) {
        const struct command *command = command_by_full_name(c->argv[i]);
        if (!command)
            continue;
        reply_full_name(c->reply, command);
        reply_doc(c->reply, command);
        known++;
    }
    reply_map_end(c->reply, head, known);
}

/* ---- COMMAND LIST ---------------------------------------------------------- */

struct list_filter {
    uint32_t categories; /* 0: any */
    bool pattern;        /* text is a pattern for names */
    bool nothing;        /* no command passes */
    struct slice text;
};

static bool list_passes(const struct list_filter *f, const struct command *command)
{
    char name[COMMAND_NAME_MAX];
    size_t len = command_full_name(command, name);
    if (f->nothing)
        return false;
    if (f->categories && !(command_categories(command) & f->categories))
        return false;
    return !f->pattern || glob_match(f->text, slice_make(name, len), true);
}

static size_t list_one(struct reply *r, const struct list_filter *f, const struct command *command)
{
    size_t n = 0;
    if (list_passes(f, command)) {
        reply_full_name(r, command);
        n++;
    }
    for (const struct command *sub = command->subcommands; sub && sub->name; sub++)
        n += list_one(r, f, sub);
    return n;
}

static uint32_t category_of(struct slice name)
{
    for (unsigned bit = 0; command_category_name(bit); bit++)
        if (slice_is(name, command_category_name(bit)))
            return 1u << bit;
    return 0;
}

static void command_list(struct call *c)
{
    struct list_filter f = {0};
    if (c->argc != 2) {
        if (c->argc != 5 || !slice_is(c->argv[2], "FILTERBY")) {
            reply_error(c->reply, ERROR_SYNTAX);
            return;
        }
        f.text = c->argv[4];
        if (slice_is(c->argv[3], "MODULE")) {
            f.nothing = true; /* there are no modules */
        } else if (slice_is(c->argv[3], "ACLCAT")) {
            f.categories = category_of(f.text);
            f.nothing = f.categories == 0;
        } else if (slice_is(c->argv[3], "PATTERN")) {
            f.pattern = true;
        } else {
            reply_error(c->reply, ERROR_SYNTAX);
            return;
        }
    }
    struct output_piece *head = reply_defer(c->reply);
    size_t n = 0;
    for (unsigned i = 0; i < command_count(); i++)
        n += list_one(c->reply, &f, command_at(i));
    reply_array_end(c->reply, head, n);
}

/* ---- COMMAND GETKEYS --------------------------------------------------------- */

/* BITFIELD that only reads; what isn't well-formed counts as writing. */
static bool bitfield_reads(const struct slice *argv, uint32_t argc)
{
    for (uint32_t i = 2; i < argc; i++) {
        uint32_t left = argc - i - 1;
        if (slice_is(argv[i], "GET") && left >= 2)
            i += 2;
        else if (slice_is(argv[i], "OVERFLOW") && left >= 1)
            i += 1;
        else
            return false;
    }
    return true;
}

/* SET reads only with GET; BITFIELD writes only with SET or INCRBY; all keys of MIGRATE are treated alike. */
static const char *variable_flags(const struct command *command, struct slice *argv, uint32_t argc)
{
    if (strcmp(command->name, "set") == 0) {
        for (uint32_t i = 3; i < argc; i++)
            if (slice_is(argv[i], "GET"))
                return "RW access update";
        return "OW update";
    }
    if (strcmp(command->name, "bitfield") == 0)
        return bitfield_reads(argv, argc) ? "RO access" : "RW access update";
    if (strcmp(command->name, "migrate") == 0)
        return "RW access delete";
    return NULL;
}

/* Flags of the key at `position`: those of the specification that finds it, or else of the last one that can't tell
 * where its keys are (SORT's destination). */
static const char *flags_of_key(const struct command *command, struct slice *argv, uint32_t argc,
                                uint32_t position)
{
    const char *variable = variable_flags(command, argv, argc);
    if (variable)
        return variable;
    struct key_spec scratch[2];
    uint32_t *at = mem_alloc(argc * sizeof *at);
    const char *flags = "RW access update"; /* nothing is known: the worst */
    bool found = false;
    for (const struct key_spec *s = command_key_specs(command, scratch); s->flags && !found; s++) {
        int n = command_spec_keys(s, argv, argc, at, (int)argc);
        for (int i = 0; i < n; i++)
            found |= at[i] == position;
        if (found || s->begin == KEYS_UNKNOWN_START)
            flags = s->flags;
    }
    mem_free(at);
    return flags;
}

static const struct command *resolve(struct slice *argv, uint32_t argc)
{
    const struct command *command = command_find(argv[0]);
    if (command && command->subcommands)
        return argc > 1 ? command_find_sub(command, argv[1]) : NULL;
    return command;
}

/* Channels of shards are found like keys, but are none. */
static bool has_keys(const struct command *command)
{
    struct key_spec scratch[2];
    if (command->get_keys)
        return true;
    for (const struct key_spec *s = command_key_specs(command, scratch); s->flags; s++)
        if (!strstr(s->flags, "not_key"))
            return true;
    return false;
}

static void get_keys(struct call *c, bool with_flags)
{
    struct slice *argv = c->argv + 2;
    uint32_t argc = c->argc - 2;
    const struct command *command = resolve(argv, argc);
    if (!command) {
        reply_error(c->reply, "ERR Invalid command specified");
        return;
    }
    if (!has_keys(command)) {
        reply_error(c->reply, "ERR The command has no key arguments");
        return;
    }
    if (!command_arity_fits(command, argc)) {
        reply_error(c->reply, "ERR Invalid number of arguments specified for command");
        return;
    }
    uint32_t *positions = mem_alloc(argc * sizeof *positions);
    int n = command_keys(command, argv, argc, positions, (int)argc);
    if (n < 0 || (n == 0 && !(command->flags & COMMAND_NO_MANDATORY_KEYS))) {
        reply_error(c->reply, "ERR Invalid arguments specified for command");
        mem_free(positions);
        return;
    }
    reply_array(c->reply, (size_t)n);
    for (int i = 0; i < n; i++) {
        if (with_flags)
            reply_array(c->reply, 2);
        reply_bulk(c->reply, argv[positions[i]]);
        if (with_flags)
            reply_key_flags(c->reply, flags_of_key(command, argv, argc, positions[i]));
    }
    mem_free(positions);
}

static void command_getkeys(struct call *c)
{
    get_keys(c, false);
}

static void command_getkeysandflags(struct call *c)
{
    get_keys(c, true);
}

static void command_help(struct call *c)
{
    static const char *const lines[] = {
        "(no subcommand)",
        "    Details about every command of this server.",
        "COUNT",
        "    How many commands this server has.",
        "DOCS [<command-name> ...]",
        "    Documentation of the named commands, or of all.",
        "GETKEYS <full-command>",
        "    The keys that a full command names.",
        "GETKEYSANDFLAGS <full-command>",
        "    The keys that a full command names, each with what would be done to it.",
        "INFO [<command-name> ...]",
        "    Details about the named commands, or about all.",
        "LIST [FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]",
        "    Names of the commands, all or those that pass the filter.",
        NULL,
    };
    call_help(c, lines);
}

#define NOT_ORDERED "nondeterministic_output_order"

static const struct command subcommands[] = {
    {.name = "count",
     .run = command_count_reply,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "2.8.13",
     .categories = CATEGORY_CONNECTION,
     .summary = "Counts the commands.",
     .complexity = "O(1)"},
    {.name = "docs",
     .run = command_docs,
     .arity = -2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "7.0.0",
     .categories = CATEGORY_CONNECTION,
     .summary = "Documents one, several or all commands.",
     .complexity = "O(N) where N is the number of commands to look up",
     .syntax = "[command-name ...]",
     .tips = NOT_ORDERED},
    {.name = "getkeys",
     .run = command_getkeys,
     .arity = -3,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "2.8.13",
     .categories = CATEGORY_CONNECTION,
     .summary = "Finds the key names in a full command.",
     .complexity = "O(N) where N is the number of arguments to the command",
     .syntax = "command [arg ...]"},
    {.name = "getkeysandflags",
     .run = command_getkeysandflags,
     .arity = -3,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "7.0.0",
     .categories = CATEGORY_CONNECTION,
     .summary = "Finds the key names in a full command, and how each is accessed.",
     .complexity = "O(N) where N is the number of arguments to the command",
     .syntax = "command [arg ...]"},
    {.name = "help",
     .run = command_help,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "5.0.0",
     .categories = CATEGORY_CONNECTION,
     .summary = "Tells about the subcommands.",
     .complexity = "O(1)"},
    {.name = "info",
     .run = command_info,
     .arity = -2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "2.8.13",
     .categories = CATEGORY_CONNECTION,
     .summary = "Tells about one, several or all commands.",
     .complexity = "O(N) where N is the number of commands to look up",
     .syntax = "[command-name ...]",
     .tips = NOT_ORDERED},
    {.name = "list",
     .run = command_list,
     .arity = -2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "7.0.0",
     .categories = CATEGORY_CONNECTION,
     .summary = "Lists the names of commands.",
     .complexity = "O(N) where N is the total number of commands",
     .syntax = "[FILTERBY filterby=<MODULE module-name | ACLCAT category | PATTERN pattern:pattern>]",
     .tips = NOT_ORDERED},
    {.name = NULL},
};

const struct command command_commands[] = {
    {.name = "command",
     .run = info_all,
     .arity = -1,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "2.8.13",
     .categories = CATEGORY_CONNECTION,
     .summary = "Tells about all commands.",
     .complexity = "O(N) where N is the total number of commands",
     .tips = NOT_ORDERED,
     .subcommands = subcommands},
    {.name = NULL},
};
