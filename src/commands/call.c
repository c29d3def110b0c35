/* call: what every command family uses to read arguments and to answer.
 * Declared in commands/command.h, because each family includes that anyway. */
#include "base/number.h"
#include "commands/command.h"
#include "store/entry.h"

#include <ctype.h>
#include <stdio.h>

static struct entry *only_string(struct call *c, struct entry *e, bool *ok)
{
    *ok = true;
    if (likely(e && entry_type(e) == TYPE_STRING))
        return e;
    if (e) {
        *ok = false;
        reply_error(c->reply, ERROR_WRONG_TYPE);
    }
    return NULL;
}

struct entry *call_read_string(struct call *c, uint32_t i, bool *ok)
{
    return only_string(c, keyspace_read(c->keyspace, c->db, c->argv[i], c->hashes[i]), ok);
}

struct entry *call_find_string(struct call *c, uint32_t i, bool *ok)
{
    return only_string(c, keyspace_find(c->keyspace, c->db, c->argv[i], c->hashes[i]), ok);
}

struct blob *call_find_blob(const struct call *c, uint32_t i)
{
    uint32_t low = 0, high = c->big_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (c->bigs[middle].arg < i)
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->big_count && c->bigs[low].arg == i ? c->bigs[low].blob : NULL;
}

bool call_int(struct call *c, uint32_t i, int64_t *out, const char *error)
{
    if (likely(number_parse_i64(c->argv[i], out)))
        return true;
    reply_error(c->reply, error ? error : ERROR_NOT_INTEGER);
    return false;
}

bool call_int_within(struct call *c, uint32_t i, int64_t low, int64_t high, int64_t *out, const char *error)
{
    if (!call_int(c, i, out, error))
        return false;
    if (*out >= low && *out <= high)
        return true;
    reply_error(c->reply, error ? error : ERROR_OUT_OF_RANGE);
    return false;
}

void call_changed(struct call *c, uint32_t i, enum event_class cls, const char *event)
{
    keyspace_changed(c->keyspace, c->db, c->argv[i], c->hashes[i], cls, event);
}

/* The command's name (a subcommand's container's) in capitals. */
static void upper_name(const struct call *c, char out[COMMAND_NAME_MAX])
{
    const struct command *container = command_container(c->command);
    snprintf(out, COMMAND_NAME_MAX, "%s", container ? container->name : c->command->name);
    for (char *p = out; *p; p++)
        *p = (char)toupper((unsigned char)*p);
}

/* argv[1] as errors quote it. */
static int quoted(const struct call *c)
{
    return (int)(c->argv[1].len < 128 ? c->argv[1].len : 128);
}

void call_unknown_subcommand(struct call *c)
{
    char name[COMMAND_NAME_MAX];
    upper_name(c, name);
    reply_errorf(c->reply, "ERR unknown subcommand '%.*s'. Try %s HELP.", quoted(c), c->argv[1].ptr, name);
}

void call_subcommand_syntax(struct call *c)
{
    char name[COMMAND_NAME_MAX];
    upper_name(c, name);
    reply_errorf(c->reply, "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try %s HELP.",
                 quoted(c), c->argv[1].ptr, name);
}

void call_wrong_arity(struct call *c)
{
    char name[COMMAND_NAME_MAX];
    command_full_name(c->command, name);
    reply_errorf(c->reply, "ERR wrong number of arguments for '%s' command", name);
}

void call_help(struct call *c, const char *const *lines)
{
    char text[COMMAND_NAME_MAX + 64];
    char name[COMMAND_NAME_MAX];
    upper_name(c, name);
    snprintf(text, sizeof text, "%s <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", name);
    size_t count = 0;
    while (lines[count])
        count++;
    reply_array(c->reply, count + 3);
    reply_status(c->reply, text);
    for (size_t i = 0; i < count; i++)
        reply_status(c->reply, lines[i]);
    reply_status(c->reply, "HELP");
    reply_status(c->reply, "    Print this help.");
}
