/* debug: DEBUG's subcommands in one table by word and number of arguments, as
 * Redis has no rows for them. */
#include "server/debug.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "commands/dump.h"
#include "commands/key.h"
#include "redis-compat/rdb_value.h"
#include "server/client.h"
#include "server/config.h"
#include "server/digest.h"
#include "store/access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- SLEEP, OBJECT, settings ------------------------------------------------- */

static double loose_double(struct slice text)
{
    char copy[64];
    size_t n = text.len < sizeof copy ? text.len : sizeof copy - 1;
    memcpy(copy, text.ptr, n);
    copy[n] = 0;
    return strtod(copy, NULL);
}

static void debug_sleep(struct call *c)
{
    double seconds = loose_double(c->argv[2]);
    if (seconds > 0 && seconds < 1e9) {
        struct timespec left = {.tv_sec = (time_t)seconds};
        left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
        while (nanosleep(&left, &left) < 0 && errno == EINTR)
            ;
    }
    reply_ok(c->reply);
}

/* What the value would take in Redis's file format, uncompressed. */
static size_t serialized_length(const struct entry *e)
{
    struct rdb_writer w = {.compress = false};
    rdb_value_write(&w, e);
    size_t len = w.out.len;
    rdb_writer_deinit(&w);
    return len;
}

static void debug_object(struct call *c)
{
    uint64_t hash = keyspace_hash(c->argv[2]);
    const struct entry *e = keyspace_find(c->keyspace, c->db, c->argv[2], hash);
    if (!e) {
        reply_error(c->reply, ERROR_NO_SUCH_KEY);
        return;
    }
    char text[256];
    uint64_t idle = access_idle_seconds(e);
    uint64_t lru = ((uint64_t)clock_ms() / 1000 - idle) & 0xffffff;
    snprintf(text, sizeof text,
             "Value at:%p refcount:1 encoding:%s serializedlength:%zu lru:%llu lru_seconds_idle:%llu",
             (const void *)e, key_encoding_name(e), serialized_length(e), (unsigned long long)lru,
             (unsigned long long)idle);
    reply_status(c->reply, text);
}

static void debug_set_active_expire(struct call *c)
{
    keyspace_set_active_expiry(c->keyspace, loose_double(c->argv[2]) != 0);
    reply_ok(c->reply);
}

/* Big elements stand alone here at a size of their own: the bound is checked and has no effect. */
static void debug_quicklist_threshold(struct call *c)
{
    uint64_t bytes;
    if (!number_parse_memory(c->argv[2], &bytes) || bytes > UINT32_MAX)
        reply_error(c->reply, "ERR argument must be a memory value bigger than 1 and smaller than 4gb");
    else
        reply_ok(c->reply);
}

static void debug_config_rewrite(struct call *c)
{
    const char *error = "";
    if (config_rewrite(true, &error))
        reply_ok(c->reply);
    else
        reply_errorf(c->reply, "ERR CONFIG-REWRITE-FORCE-ALL failed: %s", error);
}

/* Until there is persistence, values go through DUMP and RESTORE where Redis saves and loads them. */
static void debug_reload(struct call *c)
{
    char error[256];
    if (dump_reload_all(c->keyspace, error, sizeof error))
        reply_ok(c->reply);
    else
        reply_errorf(c->reply, "ERR %s", error);
}

/* ---- tables -------------------------------------------------------------------- */

static void debug_htstats(struct call *c)
{
    int64_t db;
    if (!number_parse_i64(c->argv[2], &db)) {
        reply_error(c->reply, ERROR_NOT_INTEGER);
        return;
    }
    if (db < 0 || db >= keyspace_databases(c->keyspace)) {
        reply_error(c->reply, "ERR Out of range database");
        return;
    }
    struct dict_shape s = dict_shape(keyspace_dict(c->keyspace, (unsigned)db));
    int64_t ttl;
    uint64_t expiring = keyspace_expiring(c->keyspace, (unsigned)db, &ttl);
    struct buf out = BUF_EMPTY;
    buf_printf(&out, "[Dictionary HT]\nHash table 0 stats (main hash table):\n");
    if (s.items == 0)
        buf_printf(&out, "No stats available for empty dictionaries\n");
    else
        buf_printf(
            &out,
            " table size: %llu\n number of elements: %llu\n load: %.3f\n groups: %llu\n segments: %llu\n"
            " elements away from home: %llu (%.2f%%)\n longest probe (groups): %u\n bytes: %zu\n",
            (unsigned long long)s.slots, (unsigned long long)s.items, (double)s.items / (double)s.slots,
            (unsigned long long)s.groups, (unsigned long long)s.segments, (unsigned long long)s.displaced,
            100.0 * (double)s.displaced / (double)s.items, s.longest_probe,
            dict_memory(keyspace_dict(c->keyspace, (unsigned)db)));
    buf_printf(&out, "[Expires HT]\n");
    if (expiring == 0)
        buf_printf(&out, "No stats available for empty dictionaries\n");
    else
        buf_printf(&out, " number of elements: %llu\n", (unsigned long long)expiring);
    reply_verbatim(c->reply, "txt", buf_slice(&out));
    buf_deinit(&out);
}

static void debug_htstats_key(struct call *c)
{
    if (keyspace_find(c->keyspace, c->db, c->argv[2], keyspace_hash(c->argv[2])))
        reply_error(c->reply,
                    "ERR The value stored at the specified key is not represented using an hash table");
    else
        reply_error(c->reply, ERROR_NO_SUCH_KEY);
}

/* POPULATE count [prefix] [size]: keys that are there already stay. */
static void debug_populate(struct call *c)
{
    static const char error[] = "ERR value is out of range, must be positive";
    int64_t count, size = 0;
    if (!call_int_within(c, 2, 0, INT64_MAX, &count, error))
        return;
    if (c->argc == 5 && !call_int_within(c, 4, 0, INT32_MAX, &size, error))
        return;
    struct slice prefix = c->argc > 3 ? c->argv[3] : SLICE("key");
    char *value = mem_zalloc(1, (size_t)size + 32);
    struct buf key = BUF_EMPTY;
    for (int64_t i = 0; i < count; i++) {
        key.len = 0;
        buf_append_slice(&key, prefix);
        buf_printf(&key, ":%lld", (long long)i);
        struct slice name = buf_slice(&key);
        uint64_t hash = keyspace_hash(name);
        if (keyspace_find(c->keyspace, c->db, name, hash))
            continue;
        int n = snprintf(value, 32, "value:%lld", (long long)i);
        memset(value + n, 0, 32 - (size_t)n);
        size_t len = size ? (size_t)size : (size_t)n;
        keyspace_set(c->keyspace, c->db, name, hash, slice_make(value, len), EXPIRY_NONE);
        keyspace_changed(c->keyspace, c->db, name, hash, EVENT_STRING, "set");
    }
    buf_deinit(&key);
    mem_free(value);
    reply_ok(c->reply);
}

/* ---- digests --------------------------------------------------------------------- */

static void debug_digest(struct call *c)
{
    char text[DIGEST_TEXT];
    digest_all(c->keyspace, text);
    reply_status(c->reply, text);
}

static void debug_digest_value(struct call *c)
{
    reply_array(c->reply, c->argc - 2);
    for (uint32_t i = 2; i < c->argc; i++) {
        char text[DIGEST_TEXT];
        digest_of_value(keyspace_find(c->keyspace, c->db, c->argv[i], keyspace_hash(c->argv[i])), text);
        reply_status(c->reply, text);
    }
}

/* ---- PROTOCOL ---------------------------------------------------------------------- */

static void protocol_aggregate(struct reply *r, char kind)
{
    if (kind == 'm') {
        reply_map(r, 3);
        for (int i = 0; i < 3; i++) {
            reply_int(r, i);
            reply_bool(r, i == 1);
        }
        return;
    }
    if (kind == 's')
        reply_set(r, 3);
    else
        reply_array(r, 3);
    for (int i = 0; i < 3; i++)
        reply_int(r, i);
}

static void protocol_attribute(struct reply *r)
{
    if (r->protocol >= 3) {
        reply_attribute(r, 1);
        reply_bulk_text(r, "key-popularity");
        reply_array(r, 2);
        reply_bulk_text(r, "key:123");
        reply_int(r, 90);
    }
    reply_bulk_text(r, "Some real reply following the attribute");
}

static void protocol_push(struct reply *r)
{
    if (r->protocol < 3) {
        reply_error(r, "ERR RESP2 is not supported by this command");
        return;
    }
    reply_push(r, 2);
    reply_bulk_text(r, "server-cpu-usage");
    reply_int(r, 42);
    reply_bulk_text(r, "Some real reply following the push reply"); /* the push is no reply */
}

static void debug_protocol(struct call *c)
{
    struct reply *r = c->reply;
    struct slice type = c->argv[2];
    if (slice_is(type, "string"))
        reply_bulk_text(r, "Hello World");
    else if (slice_is(type, "integer"))
        reply_int(r, 12345);
    else if (slice_is(type, "double"))
        reply_double(r, 3.141);
    else if (slice_is(type, "null"))
        reply_null(r);
    else if (slice_is(type, "array"))
        protocol_aggregate(r, 'a');
    else if (slice_is(type, "set"))
        protocol_aggregate(r, 's');
    else if (slice_is(type, "map"))
        protocol_aggregate(r, 'm');
    else if (slice_is(type, "attrib"))
        protocol_attribute(r);
    else if (slice_is(type, "push"))
        protocol_push(r);
    else if (slice_is(type, "true"))
        reply_bool(r, true);
    else if (slice_is(type, "false"))
        reply_bool(r, false);
    else if (slice_is(type, "verbatim"))
        reply_verbatim(r, "txt", SLICE("This is a verbatim\nstring"));
    else if (slice_is(type, "bignum"))
        reply_big_number(r, SLICE("1234567999999999999999999999999999999"));
    else
        reply_error(r, "ERR Wrong protocol type name. Please use one of the following: "
                       "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false");
}

/* ---- DEBUG ---------------------------------------------------------------------------- */

static void debug_help(struct call *c)
{
    static const char *const lines[] = {
        "CONFIG-REWRITE-FORCE-ALL",
        "    As CONFIG REWRITE, and settings that have their default are written too.",
        "DIGEST",
        "    160 bits that depend on the content of all databases.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    The same for the values of these keys.",
        "HTSTATS <dbid>",
        "    The shape of a database's table.",
        "HTSTATS-KEY <key>",
        "    The shape of the table that a value is.",
        "OBJECT <key>",
        "    How a value is kept.",
        "POPULATE <count> [<prefix>] [<size>]",
        "    Make string keys <prefix>:<n> (\"key\" without a prefix) that aren't there yet.",
        "PROTOCOL <type>",
        "    A reply of a type: string, integer, double, bignum, null, array, set, map,",
        "    attrib, push, verbatim, true, false.",
        "QUICKLIST-PACKED-THRESHOLD <size>",
        "    Taken and without effect: elements of lists stand alone at a size of their own.",
        "RELOAD [<option> ...]",
        "    Pass every key through DUMP and RESTORE. The options (MERGE, NOFLUSH, NOSAVE) make no "
        "difference.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Whether keys expire by themselves, or only when they are looked at.",
        "SLEEP <seconds>",
        "    Do nothing, not even for other clients.",
        NULL,
    };
    call_help(c, lines);
}

static const struct {
    const char *word;
    uint32_t least, most; /* arguments, DEBUG and the word among them */
    command_run *run;
} words[] = {
    {"SLEEP", 3, 3, debug_sleep},
    {"OBJECT", 3, 4, debug_object},
    {"SET-ACTIVE-EXPIRE", 3, 3, debug_set_active_expire},
    {"HTSTATS", 3, 4, debug_htstats},
    {"HTSTATS-KEY", 3, 4, debug_htstats_key},
    {"PROTOCOL", 3, 3, debug_protocol},
    {"POPULATE", 3, 5, debug_populate},
    {"QUICKLIST-PACKED-THRESHOLD", 3, 3, debug_quicklist_threshold},
    {"CONFIG-REWRITE-FORCE-ALL", 2, 2, debug_config_rewrite},
    {"DIGEST", 2, 2, debug_digest},
    {"RELOAD", 2, 5, debug_reload},
    {"DIGEST-VALUE", 2, UINT32_MAX, debug_digest_value},
    {"HELP", 2, 2, debug_help},
};

static void debug_run(struct call *c)
{
    const struct client *client = c->client;
    if (!config_allows(config.enable_debug_command, client && socket_peer_is_loopback(&client->conn))) {
        reply_error(
            c->reply,
            "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can "
            "run it from a local connection, otherwise you need to set this option in the configuration "
            "file, and then restart the server.");
        return;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_is(c->argv[1], words[i].word) && c->argc >= words[i].least && c->argc <= words[i].most) {
            words[i].run(c);
            return;
        }
    call_subcommand_syntax(c);
}

const struct command debug_commands[] = {
    {.name = "debug",
     .run = debug_run,
     .arity = -2,
     .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "1.0.0",
     .summary = "Groups commands that tests need.",
     .complexity = "Depends on subcommand."},
    {.name = NULL},
};
