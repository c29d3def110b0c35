#include "commands/key.h"

#include "commands/families.h"
#include "store/access.h"
#include "store/fields.h"
#include "store/list.h"
#include "store/set.h"
#include "store/zset.h"

#include <limits.h>

/* Strings up to this long stand beside their header in Redis, which calls that embstr. */
#define EMBSTR_MAX 44
/* Redis shares the integers below this and shows INT_MAX as their reference count. */
#define SHARED_INTEGERS 10000

const char *key_type_name(enum entry_type type)
{
    static const char *const names[TYPE_COUNT] = {
        [TYPE_STRING] = "string", [TYPE_LIST] = "list", [TYPE_SET] = "set",
        [TYPE_ZSET] = "zset",     [TYPE_HASH] = "hash", [TYPE_STREAM] = "stream",
    };
    return names[type];
}

/* True when Redis would hold the string as an integer. */
static bool held_as_int(const struct entry *e, int64_t *value)
{
    return entry_type(e) == TYPE_STRING && !(e->flags & (ENTRY_EDITED | ENTRY_TEXT)) &&
           entry_string_int(e, value);
}

const char *key_encoding_name(const struct entry *e)
{
    int64_t ignored;
    switch (entry_type(e)) {
    case TYPE_LIST:
        return list_encoding(e);
    case TYPE_SET:
        return set_encoding(e);
    case TYPE_ZSET:
        return zset_encoding(e);
    case TYPE_HASH:
        return fields_encoding(e);
    default:
        break;
    }
    if (held_as_int(e, &ignored))
        return "int";
    return !(e->flags & ENTRY_EDITED) && entry_string_len(e) <= EMBSTR_MAX ? "embstr" : "raw";
}

struct entry *key_peek(struct call *c, uint32_t i)
{
    bool was = keyspace_set_no_touch(c->keyspace, true);
    struct entry *e = keyspace_read(c->keyspace, c->db, c->argv[i], c->hashes[i]);
    keyspace_set_no_touch(c->keyspace, was);
    return e;
}

/* ---- looking ------------------------------------------------------------------ */

static void run_exists(struct call *c)
{
    int64_t count = 0;
    for (uint32_t i = 1; i < c->argc; i++)
        count += key_peek(c, i) != NULL;
    reply_int(c->reply, count);
}

/* Touching is what TOUCH is for, so CLIENT NO-TOUCH doesn't hold for it. */
static void run_touch(struct call *c)
{
    bool was = keyspace_set_no_touch(c->keyspace, false);
    int64_t count = 0;
    for (uint32_t i = 1; i < c->argc; i++)
        count += keyspace_read(c->keyspace, c->db, c->argv[i], c->hashes[i]) != NULL;
    keyspace_set_no_touch(c->keyspace, was);
    reply_int(c->reply, count);
}

static void run_type(struct call *c)
{
    const struct entry *e = key_peek(c, 1);
    reply_status(c->reply, e ? key_type_name(entry_type(e)) : "none");
}

static void run_randomkey(struct call *c)
{
    const struct entry *e = keyspace_random(c->keyspace, c->db);
    if (e)
        reply_bulk(c->reply, entry_key(e));
    else
        reply_null(c->reply);
}

static void run_dbsize(struct call *c)
{
    reply_int(c->reply, (int64_t)keyspace_count(c->keyspace, c->db));
}

/* ---- removing ------------------------------------------------------------------ */

/* DEL and UNLINK: big values go to the background thread either way. */
static void run_del(struct call *c)
{
    int64_t count = 0;
    for (uint32_t i = 1; i < c->argc; i++) {
        if (!keyspace_delete(c->keyspace, c->db, c->argv[i], c->hashes[i]))
            continue;
        call_changed(c, i, EVENT_GENERIC, "del");
        count++;
    }
    reply_int(c->reply, count);
}

/* Reads [ASYNC | SYNC], which make no difference here: a flush is always at once
 * and never blocks. False when the error is answered. */
static bool read_flush_mode(struct call *c)
{
    if (c->argc == 1 || (c->argc == 2 && (slice_is(c->argv[1], "ASYNC") || slice_is(c->argv[1], "SYNC"))))
        return true;
    reply_error(c->reply, ERROR_SYNTAX);
    return false;
}

static void run_flushdb(struct call *c)
{
    if (!read_flush_mode(c))
        return;
    keyspace_flush(c->keyspace, c->db);
    reply_ok(c->reply);
}

static void run_flushall(struct call *c)
{
    if (!read_flush_mode(c))
        return;
    for (unsigned db = 0; db < keyspace_databases(c->keyspace); db++)
        keyspace_flush(c->keyspace, db);
    reply_ok(c->reply);
}

/* ---- moving about ---------------------------------------------------------------- */

/* "new" is told of a key that replaces another too, as Redis does it: there the other goes first. */
static void tell_replacement(struct call *c, unsigned db, uint32_t i, bool replaced)
{
    if (replaced)
        keyspace_event(c->keyspace, db, c->argv[i], EVENT_NEW, "new");
}

/* Tells that the key argv[i] now stands in db, as `name`. */
static void tell_arrival(struct call *c, unsigned db, uint32_t i, const char *name)
{
    keyspace_changed(c->keyspace, db, c->argv[i], c->hashes[i], EVENT_GENERIC, name);
}

/* RENAME, and RENAMENX when `only_new`. */
static void rename_key(struct call *c, bool only_new)
{
    if (!keyspace_find(c->keyspace, c->db, c->argv[1], c->hashes[1])) {
        reply_error(c->reply, ERROR_NO_SUCH_KEY);
        return;
    }
    bool same = slice_eq(c->argv[1], c->argv[2]);
    bool replaces = !same && keyspace_find(c->keyspace, c->db, c->argv[2], c->hashes[2]);
    if (only_new && (same || replaces)) {
        reply_int(c->reply, 0);
        return;
    }
    if (!same) {
        keyspace_rename(c->keyspace, c->db, c->argv[1], c->hashes[1], c->db, c->argv[2], c->hashes[2]);
        tell_replacement(c, c->db, 2, replaces);
        call_changed(c, 1, EVENT_GENERIC, "rename_from");
        tell_arrival(c, c->db, 2, "rename_to");
    }
    if (only_new)
        reply_int(c->reply, 1);
    else
        reply_ok(c->reply);
}

static void run_rename(struct call *c)
{
    rename_key(c, false);
}

static void run_renamenx(struct call *c)
{
    rename_key(c, true);
}

/* argv[i] as the number of a database; false when the error is answered. */
static bool read_database(struct call *c, uint32_t i, unsigned *db)
{
    int64_t n;
    if (!call_int(c, i, &n, NULL))
        return false;
    if (n < INT_MIN || n > INT_MAX) {
        reply_errorf(c->reply, "ERR value is out of range, value must between %d and %d", INT_MIN, INT_MAX);
        return false;
    }
    if (n < 0 || n >= keyspace_databases(c->keyspace)) {
        reply_error(c->reply, "ERR DB index is out of range");
        return false;
    }
    *db = (unsigned)n;
    return true;
}

#define ERROR_SAME_OBJECT "ERR source and destination objects are the same"

static void run_move(struct call *c)
{
    unsigned to;
    if (!read_database(c, 2, &to))
        return;
    if (to == c->db) {
        reply_error(c->reply, ERROR_SAME_OBJECT);
        return;
    }
    struct slice key = c->argv[1];
    uint64_t hash = c->hashes[1];
    if (!keyspace_find(c->keyspace, c->db, key, hash) || keyspace_find(c->keyspace, to, key, hash)) {
        reply_int(c->reply, 0);
        return;
    }
    keyspace_rename(c->keyspace, c->db, key, hash, to, key, hash);
    call_changed(c, 1, EVENT_GENERIC, "move_from");
    tell_arrival(c, to, 1, "move_to");
    reply_int(c->reply, 1);
}

static void run_copy(struct call *c)
{
    unsigned to = c->db;
    bool replace = false;
    for (uint32_t i = 3; i < c->argc; i++) {
        if (slice_is(c->argv[i], "REPLACE")) {
            replace = true;
        } else if (slice_is(c->argv[i], "DB") && i + 1 < c->argc) {
            if (!read_database(c, ++i, &to))
                return;
        } else {
            reply_error(c->reply, ERROR_SYNTAX);
            return;
        }
    }
    if (to == c->db && slice_eq(c->argv[1], c->argv[2])) {
        reply_error(c->reply, ERROR_SAME_OBJECT);
        return;
    }
    bool there = keyspace_read(c->keyspace, c->db, c->argv[1], c->hashes[1]) != NULL;
    bool replaces = there && keyspace_find(c->keyspace, to, c->argv[2], c->hashes[2]);
    if (!there || (replaces && !replace)) {
        reply_int(c->reply, 0);
        return;
    }
    keyspace_copy(c->keyspace, c->db, c->argv[1], c->hashes[1], to, c->argv[2], c->hashes[2]);
    tell_replacement(c, to, 2, replaces);
    tell_arrival(c, to, 2, "copy_to");
    reply_int(c->reply, 1);
}

static void run_swapdb(struct call *c)
{
    static const char *const errors[2] = {"ERR invalid first DB index", "ERR invalid second DB index"};
    int64_t db[2];
    for (uint32_t i = 0; i < 2; i++) {
        if (!call_int(c, i + 1, &db[i], errors[i]))
            return;
        if (db[i] < INT_MIN || db[i] > INT_MAX) {
            reply_error(c->reply, errors[i]);
            return;
        }
    }
    for (uint32_t i = 0; i < 2; i++)
        if (db[i] < 0 || db[i] >= keyspace_databases(c->keyspace)) {
            reply_error(c->reply, "ERR DB index is out of range");
            return;
        }
    keyspace_swap(c->keyspace, (unsigned)db[0], (unsigned)db[1]);
    reply_ok(c->reply);
}

/* ---- OBJECT ------------------------------------------------------------------------ */

/* The entry of argv[2], without noting an access or telling of a miss; where there is none, answers null. */
static struct entry *find_object(struct call *c)
{
    struct entry *e = keyspace_find(c->keyspace, c->db, c->argv[2], c->hashes[2]);
    if (!e)
        reply_null(c->reply);
    return e;
}

static void run_object_encoding(struct call *c)
{
    const struct entry *e = find_object(c);
    if (e)
        reply_bulk_text(c->reply, key_encoding_name(e));
}

#define POLICY_SWITCH                                                                                        \
    "that when switching between policies at runtime LRU and LFU data will take some time to adjust."

static void run_object_freq(struct call *c)
{
    const struct entry *e = find_object(c);
    if (e && access_settings.frequency)
        reply_int(c->reply, access_frequency(e));
    else if (e)
        reply_error(c->reply, "ERR An LFU maxmemory policy is not selected, access frequency not tracked. "
                              "Please note " POLICY_SWITCH);
}

static void run_object_idletime(struct call *c)
{
    const struct entry *e = find_object(c);
    if (e && !access_settings.frequency)
        reply_int(c->reply, (int64_t)access_idle_seconds(e));
    else if (e)
        reply_error(c->reply, "ERR An LFU maxmemory policy is selected, idle time not tracked. "
                              "Please note " POLICY_SWITCH);
}

static void run_object_refcount(struct call *c)
{
    const struct entry *e = find_object(c);
    int64_t value;
    if (e)
        reply_int(c->reply, held_as_int(e, &value) && value >= 0 && value < SHARED_INTEGERS ? INT_MAX : 1);
}

static void run_object_help(struct call *c)
{
    static const char *const lines[] = {
        "ENCODING <key>",
        "    The representation in which the value of <key> is kept.",
        "FREQ <key>",
        "    How often <key> is used, on a logarithmic scale from 0 to 255.",
        "IDLETIME <key>",
        "    Seconds since <key> was last used.",
        "REFCOUNT <key>",
        "    How many references there are to the value of <key>.",
        NULL,
    };
    call_help(c, lines);
}

#define OBJECT_ROW                                                                                           \
    .arity = 3, .flags = COMMAND_READONLY, .first = 2, .last = 2, .step = 1, .group = "generic",             \
    .complexity = "O(1)", .categories = CATEGORY_KEYSPACE, .syntax = "key",                                  \
    .tips = "nondeterministic_output", .key_flags = "RO"

static const struct command object_subcommands[] = {
    {.name = "encoding",
     .run = run_object_encoding,
     OBJECT_ROW,
     .since = "2.2.3",
     .summary = "Tells in which representation a value is kept."},
    {.name = "freq",
     .run = run_object_freq,
     OBJECT_ROW,
     .since = "4.0.0",
     .summary = "Tells how often a key is used, as a logarithmic counter."},
    {.name = "help",
     .run = run_object_help,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "generic",
     .since = "6.2.0",
     .summary = "Lists the subcommands.",
     .complexity = "O(1)",
     .categories = CATEGORY_KEYSPACE},
    {.name = "idletime",
     .run = run_object_idletime,
     OBJECT_ROW,
     .since = "2.2.3",
     .summary = "Tells how long ago a key was last used."},
    {.name = "refcount",
     .run = run_object_refcount,
     OBJECT_ROW,
     .since = "2.2.3",
     .summary = "Tells how many references a value has."},
    {.name = NULL},
};

/* ---- the table --------------------------------------------------------------------- */

#define AT_INDEX(where, what)                                                                                \
    {                                                                                                        \
        .flags = what, .begin = KEYS_AT_INDEX, .index = where, .find = KEYS_RANGE, .last = 0, .step = 1      \
    }
#define END_OF_KEYS                                                                                          \
    {                                                                                                        \
        .flags = NULL                                                                                        \
    }

static const struct key_spec copy_keys[] = {AT_INDEX(1, "RO access"), AT_INDEX(2, "OW update"), END_OF_KEYS};
static const struct key_spec rename_keys[] = {AT_INDEX(1, "RW access delete"), AT_INDEX(2, "OW update"),
                                              END_OF_KEYS};
static const struct key_spec renamenx_keys[] = {AT_INDEX(1, "RW access delete"), AT_INDEX(2, "OW insert"),
                                                END_OF_KEYS};

#define MULTI_SHARD "request_policy:multi_shard response_policy:agg_sum"
#define FLUSH_TIPS "request_policy:all_shards response_policy:all_succeeded"
#define FLUSH_SYNTAX "[flush-type=ASYNC@4.0.0 | SYNC@6.2.0]"

const struct command key_commands[] = {
    {.name = "copy",
     .run = run_copy,
     .arity = -3,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .first = 1,
     .last = 2,
     .step = 1,
     .keys = copy_keys,
     .group = "generic",
     .since = "6.2.0",
     .summary = "Copies the value of a key to another key.",
     .complexity = "O(1) for strings, O(N) for N elements",
     .categories = CATEGORY_KEYSPACE,
     .syntax = "source:key destination:key [DB destination-db:integer] [REPLACE]"},
    {.name = "dbsize",
     .run = run_dbsize,
     .arity = 1,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .group = "server",
     .since = "1.0.0",
     .summary = "Counts the keys of the selected database.",
     .complexity = "O(1)",
     .categories = CATEGORY_KEYSPACE,
     .tips = "request_policy:all_shards response_policy:agg_sum"},
    {.name = "del",
     .run = run_del,
     .arity = -2,
     .flags = COMMAND_WRITE,
     .first = 1,
     .last = -1,
     .step = 1,
     .key_flags = "RM delete",
     .group = "generic",
     .since = "1.0.0",
     .summary = "Removes keys.",
     .complexity = "O(N) for N keys",
     .categories = CATEGORY_KEYSPACE,
     .syntax = "key [key ...]",
     .tips = MULTI_SHARD},
    {.name = "exists",
     .run = run_exists,
     .arity = -2,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .first = 1,
     .last = -1,
     .step = 1,
     .key_flags = "RO",
     .group = "generic",
     .since = "1.0.0",
     .summary = "Counts how many of the keys exist.",
     .complexity = "O(N) for N keys",
     .categories = CATEGORY_KEYSPACE,
     .syntax = "key [key ...]",
     .tips = MULTI_SHARD},
    {.name = "flushall",
     .run = run_flushall,
     .arity = -1,
     .flags = COMMAND_WRITE,
     .group = "server",
     .since = "1.0.0",
     .summary = "Removes all keys of all databases.",
     .complexity = "O(1); the memory follows in small steps",
     .categories = CATEGORY_KEYSPACE | CATEGORY_DANGEROUS,
     .syntax = FLUSH_SYNTAX,
     .tips = FLUSH_TIPS},
    {.name = "flushdb",
     .run = run_flushdb,
     .arity = -1,
     .flags = COMMAND_WRITE,
     .group = "server",
     .since = "1.0.0",
     .summary = "Removes all keys of the selected database.",
     .complexity = "O(1); the memory follows in small steps",
     .categories = CATEGORY_KEYSPACE | CATEGORY_DANGEROUS,
     .syntax = FLUSH_SYNTAX,
     .tips = FLUSH_TIPS},
    {.name = "move",
     .run = run_move,
     .arity = 3,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .first = 1,
     .last = 1,
     .step = 1,
     .key_flags = "RW access update",
     .group = "generic",
     .since = "1.0.0",
     .summary = "Puts a key into another database.",
     .complexity = "O(1)",
     .categories = CATEGORY_KEYSPACE,
     .syntax = "key db:integer"},
    {.name = "object",
     .arity = -2,
     .group = "generic",
     .since = "2.2.3",
     .summary = "Groups the commands that look into values.",
     .complexity = "Depends on subcommand.",
     .subcommands = object_subcommands},
    {.name = "randomkey",
     .run = run_randomkey,
     .arity = 1,
     .flags = COMMAND_READONLY | COMMAND_ARBITRARY_KEYS,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Gives the name of a random key.",
     .complexity = "O(1)",
     .categories = CATEGORY_KEYSPACE,
     .tips = "request_policy:all_shards response_policy:special nondeterministic_output"},
    {.name = "rename",
     .run = run_rename,
     .arity = 3,
     .flags = COMMAND_WRITE,
     .first = 1,
     .last = 2,
     .step = 1,
     .keys = rename_keys,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Gives a key another name, over what had that name.",
     .complexity = "O(1)",
     .categories = CATEGORY_KEYSPACE,
     .syntax = "key newkey:key"},
    {.name = "renamenx",
     .run = run_renamenx,
     .arity = 3,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .first = 1,
     .last = 2,
     .step = 1,
     .keys = renamenx_keys,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Gives a key another name, if that is free.",
     .complexity = "O(1)",
     .categories = CATEGORY_KEYSPACE,
     .syntax = "key newkey:key"},
    {.name = "swapdb",
     .run = run_swapdb,
     .arity = 3,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .group = "server",
     .since = "4.0.0",
     .summary = "Lets two databases trade places.",
     .complexity = "O(N) for N keys that are watched in them",
     .categories = CATEGORY_KEYSPACE | CATEGORY_DANGEROUS,
     .syntax = "index1:integer index2:integer"},
    {.name = "touch",
     .run = run_touch,
     .arity = -2,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .first = 1,
     .last = -1,
     .step = 1,
     .key_flags = "RO",
     .group = "generic",
     .since = "3.2.1",
     .summary = "Notes an access to keys and counts those that exist.",
     .complexity = "O(N) for N keys",
     .categories = CATEGORY_KEYSPACE,
     .syntax = "key [key ...]",
     .tips = MULTI_SHARD},
    {.name = "type",
     .run = run_type,
     .arity = 2,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .first = 1,
     .last = 1,
     .step = 1,
     .key_flags = "RO",
     .group = "generic",
     .since = "1.0.0",
     .summary = "Tells the type of a key's value.",
     .complexity = "O(1)",
     .categories = CATEGORY_KEYSPACE,
     .syntax = "key"},
    {.name = "unlink",
     .run = run_del,
     .arity = -2,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .first = 1,
     .last = -1,
     .step = 1,
     .key_flags = "RM delete",
     .group = "generic",
     .since = "4.0.0",
     .summary = "Removes keys; their memory is given back in the background.",
     .complexity = "O(1) for each key",
     .categories = CATEGORY_KEYSPACE,
     .syntax = "key [key ...]",
     .tips = MULTI_SHARD},
    {.name = NULL},
};
