/* call: what every command family uses to read arguments and to answer.
 * Declared in commands/command.h, because each family includes that anyway. */
#include "base/clock.h"
#include "base/number.h"
#include "commands/command.h"
#include "store/entry.h"

#include <ctype.h>
#include <math.h>
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

uint64_t call_other_key_hash(const struct call *c, uint32_t i)
{
    const struct command *row = c->command;
    uint32_t first = (uint32_t)row->first, step = (uint32_t)row->step;
    uint32_t last = row->last < 0 ? c->argc + (uint32_t)row->last : (uint32_t)row->last;
    bool known = first && i >= first && i <= last && (i - first) % (step ? step : 1) == 0;
    return known ? c->hashes[i] : keyspace_hash(c->argv[i]);
}

static bool has_type(struct call *c, const struct place *p, enum entry_type type)
{
    if (likely(!p->entry || entry_type(p->entry) == type))
        return true;
    reply_error(c->reply, ERROR_WRONG_TYPE);
    return false;
}

bool call_place(struct call *c, uint32_t i, enum entry_type type, struct place *p)
{
    *p = place_find(c->keyspace, c->db, c->argv[i], call_key_hash(c, i));
    return has_type(c, p, type);
}

bool call_place_read(struct call *c, uint32_t i, enum entry_type type, struct place *p)
{
    *p = place_read(c->keyspace, c->db, c->argv[i], call_key_hash(c, i));
    return has_type(c, p, type);
}

void call_emptied(struct call *c, uint32_t i, struct place *p)
{
    place_clear(p);
    keyspace_changed(c->keyspace, c->db, c->argv[i], p->hash, EVENT_GENERIC, "del");
}

void (*call_wait)(struct call *c, uint32_t first, uint32_t keys, enum entry_type type, int64_t timeout_ms,
                  enum call_wait_reply empty);

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

bool call_double(struct call *c, uint32_t i, double *out, const char *error)
{
    if (likely(number_parse_double(c->argv[i], out) && !isnan(*out)))
        return true;
    reply_error(c->reply, error ? error : ERROR_NOT_FLOAT);
    return false;
}

bool call_random_count(struct call *c, const char *with, int64_t *count, bool *paired)
{
    if (!call_int(c, 2, count, NULL))
        return false;
    const char *error = NULL;
    *paired = with && c->argc == 4;
    if (*count == INT64_MIN)
        error = ERROR_OUT_OF_RANGE ", value must between -9223372036854775807 and 9223372036854775807";
    else if (with && (c->argc > 4 || (*paired && !slice_is(c->argv[3], with))))
        error = ERROR_SYNTAX;
    else if (*count < -CALL_REPEATS_MAX || (*paired && *count > INT64_MAX / 2))
        error = ERROR_OUT_OF_RANGE;
    if (error)
        reply_error(c->reply, error);
    return !error;
}

bool call_timeout(struct call *c, uint32_t i, int64_t *ms)
{
    long double seconds;
    const char *error = NULL;
    if (!number_parse_long_double(c->argv[i], &seconds))
        error = "ERR timeout is not a float or out of range";
    else if (seconds < 0)
        error = "ERR timeout is negative";
    else if (seconds * 1000 > (long double)(INT64_MAX - clock_ms()))
        error = "ERR timeout is out of range";
    if (error) {
        reply_error(c->reply, error);
        return false;
    }
    *ms = (int64_t)ceill(seconds * 1000);
    return true;
}

void call_changed(struct call *c, uint32_t i, enum event_class cls, const char *event)
{
    keyspace_changed(c->keyspace, c->db, c->argv[i], call_key_hash(c, i), cls, event);
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
