#include "commands/dump.h"

#include "base/clock.h"
#include "commands/families.h"
#include "redis-compat/payload.h"
#include "store/access.h"

#include <stdio.h>

#define ERROR_BUSY_KEY "BUSYKEY Target key name already exists."
#define ERROR_TTL "ERR Invalid TTL value, must be >= 0"

#define FREQUENCY_MAX 255

bool dump_compress = true;

/* ---- DUMP ----------------------------------------------------------------------- */

static void run_dump(struct call *c)
{
    const struct entry *e = keyspace_read(c->keyspace, c->db, c->argv[1], c->hashes[1]);
    if (!e || rdb_value_is_empty(e)) {
        reply_null(c->reply);
        return;
    }
    struct rdb_writer w = {.compress = dump_compress};
    payload_write(&w, e);
    reply_bulk(c->reply, buf_slice(&w.out));
    rdb_writer_deinit(&w);
}

/* ---- RESTORE -------------------------------------------------------------------- */

struct restore {
    bool replace, absolute;
    int64_t idle, frequency; /* -1: not given */
};

/* Reads what stands behind the payload; false when the error is answered. */
static bool read_options(struct call *c, struct restore *o)
{
    *o = (struct restore){.idle = -1, .frequency = -1};
    for (uint32_t i = 4; i < c->argc; i++) {
        struct slice word = c->argv[i];
        bool more = i + 1 < c->argc;
        if (slice_is(word, "REPLACE")) {
            o->replace = true;
        } else if (slice_is(word, "ABSTTL")) {
            o->absolute = true;
        } else if (slice_is(word, "IDLETIME") && more && o->frequency < 0) {
            if (!call_int(c, ++i, &o->idle, NULL))
                return false;
            if (o->idle < 0) {
                reply_error(c->reply, "ERR Invalid IDLETIME value, must be >= 0");
                return false;
            }
        } else if (slice_is(word, "FREQ") && more && o->idle < 0) {
            if (!call_int(c, ++i, &o->frequency, NULL))
                return false;
            if (o->frequency < 0 || o->frequency > FREQUENCY_MAX) {
                reply_error(c->reply, "ERR Invalid FREQ value, must be >= 0 and <= 255");
                return false;
            }
        } else {
            reply_error(c->reply, ERROR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* When the key ends, ms since 1970 or EXPIRY_NONE; false when the error is answered. */
static bool read_ttl(struct call *c, const struct restore *o, int64_t *expiry)
{
    int64_t ttl;
    if (!call_int(c, 2, &ttl, NULL))
        return false;
    if (ttl < 0 || (!o->absolute && __builtin_add_overflow(ttl, clock_ms(), expiry))) {
        reply_error(c->reply, ERROR_TTL);
        return false;
    }
    if (!ttl)
        *expiry = EXPIRY_NONE;
    else if (o->absolute)
        *expiry = ttl;
    return true;
}

/* Moves what was built to the key argv[1] and tells. */
static void put_restored(struct call *c, const struct restore *o, struct place *built, int64_t expiry)
{
    struct slice key = c->argv[1];
    uint64_t hash = c->hashes[1];
    bool replaces = keyspace_find(c->keyspace, c->db, key, hash) != NULL;
    struct place now = place_move(built, c->db, key, hash, expiry);
    if (o->idle >= 0 && !access_settings.frequency)
        access_set_idle(now.entry, (uint64_t)o->idle);
    if (o->frequency >= 0 && access_settings.frequency)
        access_set_frequency(now.entry, (unsigned)o->frequency);
    if (replaces) /* of a key that wasn't there the keyspace has told */
        keyspace_event(c->keyspace, c->db, key, EVENT_NEW, "new");
    call_changed(c, 1, EVENT_GENERIC, "restore");
}

static void run_restore(struct call *c)
{
    struct restore o;
    struct place built;
    int64_t expiry;
    const char *why;
    if (!read_options(c, &o))
        return;
    if (!o.replace && keyspace_find(c->keyspace, c->db, c->argv[1], c->hashes[1])) {
        reply_error(c->reply, ERROR_BUSY_KEY);
        return;
    }
    if (!read_ttl(c, &o, &expiry))
        return;
    if (!payload_is_whole(c->argv[3])) {
        reply_error(c->reply, "ERR DUMP payload version or checksum are wrong");
        return;
    }
    if (!payload_read(c->argv[3], c->keyspace, &built, &why)) {
        reply_error(c->reply, "ERR Bad data format");
        return;
    }
    if (built.entry && (expiry == EXPIRY_NONE || expiry > clock_ms())) {
        put_restored(c, &o, &built, expiry);
    } else { /* it has ended already */
        if (built.entry)
            place_clear(&built);
        if (keyspace_delete(c->keyspace, c->db, c->argv[1], c->hashes[1]))
            call_changed(c, 1, EVENT_GENERIC, "del");
    }
    reply_ok(c->reply);
}

/* ---- DEBUG RELOAD --------------------------------------------------------------- */

/* Keys of one step of a scan: each with its length in front. */
static void note_key(void *ctx, struct entry *e)
{
    struct buf *keys = ctx;
    struct slice key = entry_key(e);
    buf_append(keys, &key.len, sizeof key.len);
    buf_append_slice(keys, key);
}

/* False with the reason in *why. */
static bool reload_key(struct keyspace *ks, unsigned db, struct slice key, struct rdb_writer *w,
                       const char **why)
{
    struct place built;
    uint64_t hash = keyspace_hash(key);
    const struct entry *e = keyspace_find(ks, db, key, hash);
    if (!e || rdb_value_is_empty(e))
        return true;
    int64_t expiry = entry_expiry(e);
    w->out.len = 0;
    payload_write(w, e);
    if (!payload_is_whole(buf_slice(&w->out))) {
        *why = "the payload isn't whole";
        return false;
    }
    if (!payload_read(buf_slice(&w->out), ks, &built, why))
        return false;
    if (built.entry) /* else a hash whose fields all end right now */
        place_move(&built, db, key, hash, expiry);
    return true;
}

bool dump_reload_all(struct keyspace *ks, char *error, size_t room)
{
    struct rdb_writer w = {.compress = dump_compress};
    struct buf keys = BUF_EMPTY;
    const char *why = NULL;
    bool ok = true;
    for (unsigned db = 0; ok && db < keyspace_databases(ks); db++) {
        uint64_t cursor = 0;
        do {
            keys.len = 0;
            cursor = keyspace_scan(ks, db, cursor, note_key, &keys);
            for (size_t at = 0; ok && at < keys.len;) {
                struct slice key = {.ptr = keys.data + at + sizeof key.len};
                memcpy(&key.len, keys.data + at, sizeof key.len);
                at += sizeof key.len + key.len;
                ok = reload_key(ks, db, key, &w, &why);
                if (!ok)
                    snprintf(error, room, "%.*s in database %u: %s", (int)(key.len < 128 ? key.len : 128),
                             key.ptr, db, why);
            }
        } while (ok && cursor);
    }
    buf_deinit(&keys);
    rdb_writer_deinit(&w);
    return ok;
}

/* ---- the table ------------------------------------------------------------------ */

const struct command dump_commands[] = {
    {.name = "dump",
     .run = run_dump,
     .arity = 2,
     .flags = COMMAND_READONLY,
     .first = 1,
     .last = 1,
     .step = 1,
     .key_flags = "RO access",
     .group = "generic",
     .since = "2.6.0",
     .summary = "Gives the value of a key as bytes that RESTORE takes.",
     .complexity = "O(N) for a value of N bytes",
     .categories = CATEGORY_KEYSPACE,
     .syntax = "key",
     .tips = "nondeterministic_output"},
    {.name = "restore",
     .run = run_restore,
     .arity = -4,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .first = 1,
     .last = 1,
     .step = 1,
     .key_flags = "OW update",
     .group = "generic",
     .since = "2.6.0",
     .summary = "Makes a key from what DUMP gave.",
     .complexity = "O(N) for N elements, O(N log N) for sorted sets",
     .categories = CATEGORY_KEYSPACE | CATEGORY_DANGEROUS,
     .syntax = "key ttl:integer serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME@5.0.0 "
               "seconds:integer] [FREQ@5.0.0 frequency:integer]"},
    {.name = NULL},
};
