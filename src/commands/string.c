/* string: the commands on plain values.
 *
 * GET, SET, INCR, MGET and MSET are what a cache does all day: each key is looked
 * up once, by the hash that dispatch computed, and values go from the entry
 * straight into the reply. */
#include "base/clock.h"
#include "base/must.h"
#include "base/number.h"
#include "commands/command.h"
#include "commands/families.h"
#include "commands/limits.h"
#include "store/entry.h"
#include "store/keyspace.h"

#include <math.h>

uint64_t limit_bulk_len = 512ull << 20;

/* The string of e as a bulk reply. A big one goes by reference. */
static inline void reply_string(struct reply *r, const struct entry *e)
{
    char scratch[ENTRY_DIGITS];
    if (entry_encoding(e) == ENC_BLOB)
        reply_bulk_blob(r, entry_blob(e));
    else
        reply_bulk(r, entry_string(e, scratch));
}

/* Answers the value of argv[1], null without one; false when it is of another type. */
static bool reply_value(struct call *c)
{
    bool ok;
    struct entry *e = call_read_string(c, 1, &ok);
    if (e)
        reply_string(c->reply, e);
    else if (ok)
        reply_null(c->reply);
    return ok;
}

/* ---- reading ------------------------------------------------------------------- */

static void get(struct call *c)
{
    reply_value(c);
}

static void get_delete(struct call *c)
{
    bool ok;
    struct entry *e = call_read_string(c, 1, &ok);
    if (!e) {
        if (ok)
            reply_null(c->reply);
        return;
    }
    reply_string(c->reply, e);
    keyspace_delete(c->keyspace, c->db, c->argv[1], c->hashes[1]);
    call_changed(c, 1, EVENT_GENERIC, "del");
}

/* How far ahead a command with many keys fetches the table and the entry. */
#define AHEAD_GROUP 16
#define AHEAD_ENTRY 8

static inline void prefetch_keys(const struct call *c, uint32_t i, uint32_t step)
{
    if (i + AHEAD_GROUP * step < c->argc)
        keyspace_prefetch_group(c->keyspace, c->db, c->hashes[i + AHEAD_GROUP * step]);
    if (i + AHEAD_ENTRY * step < c->argc)
        keyspace_prefetch_entry(c->keyspace, c->db, c->hashes[i + AHEAD_ENTRY * step]);
}

static void get_many(struct call *c)
{
    reply_array(c->reply, c->argc - 1);
    for (uint32_t i = 1; i < c->argc; i++) {
        prefetch_keys(c, i, 1);
        struct entry *e = keyspace_read(c->keyspace, c->db, c->argv[i], c->hashes[i]);
        if (e && entry_type(e) == TYPE_STRING)
            reply_string(c->reply, e);
        else
            reply_null(c->reply);
    }
}

static void length(struct call *c)
{
    bool ok;
    struct entry *e = call_read_string(c, 1, &ok);
    if (ok)
        reply_int(c->reply, e ? (int64_t)entry_string_len(e) : 0);
}

static void get_range(struct call *c)
{
    int64_t start, end;
    bool ok;
    if (!call_int(c, 2, &start, NULL) || !call_int(c, 3, &end, NULL))
        return;
    struct entry *e = call_read_string(c, 1, &ok);
    if (!ok)
        return;
    char scratch[ENTRY_DIGITS];
    struct slice s = e ? entry_string(e, scratch) : SLICE("");
    int64_t len = (int64_t)s.len;
    bool crossed = start < 0 && end < 0 && start > end;
    start = start < 0 ? start + len : start;
    end = end < 0 ? end + len : end;
    start = start < 0 ? 0 : start;
    end = end < 0 ? 0 : end;
    end = end >= len ? len - 1 : end;
    if (crossed || start > end)
        reply_bulk(c->reply, SLICE(""));
    else if (start == 0 && end == len - 1)
        reply_string(c->reply, e);
    else
        reply_bulk(c->reply, slice_make(s.ptr + start, (size_t)(end - start + 1)));
}

/* ---- SET and its kin ------------------------------------------------------------- */

struct set_options {
    bool only_new, only_old, get, keep_ttl, persist;
    bool seconds, absolute; /* of the expiry */
    uint32_t expiry;        /* its position in argv; 0: none */
};

/* EX PX EXAT PXAT: true when it is one and its argument follows. */
static bool parse_expiry_word(struct call *c, uint32_t i, struct set_options *o)
{
    struct slice word = c->argv[i];
    bool ex = slice_is(word, "EX"), px = slice_is(word, "PX");
    bool exat = slice_is(word, "EXAT"), pxat = slice_is(word, "PXAT");
    bool seconds = ex || exat, absolute = exat || pxat;
    if (!(seconds || px || pxat) || i + 1 >= c->argc || o->keep_ttl || o->persist)
        return false;
    if (o->expiry && (o->seconds != seconds || o->absolute != absolute))
        return false; /* two of them; the same one twice is taken, the last counts */
    o->seconds = seconds;
    o->absolute = absolute;
    o->expiry = i + 1;
    return true;
}

/* The options from argv[from] on: SET's, or GETEX's. Answers a syntax error and returns false. */
static bool parse_options(struct call *c, uint32_t from, bool for_set, struct set_options *o)
{
    for (uint32_t i = from; i < c->argc; i++) {
        struct slice word = c->argv[i];
        if (for_set && slice_is(word, "NX") && !o->only_old) {
            o->only_new = true;
        } else if (for_set && slice_is(word, "XX") && !o->only_new) {
            o->only_old = true;
        } else if (for_set && slice_is(word, "GET")) {
            o->get = true;
        } else if (for_set && slice_is(word, "KEEPTTL") && !o->expiry) {
            o->keep_ttl = true;
        } else if (!for_set && slice_is(word, "PERSIST") && !o->expiry) {
            o->persist = true;
        } else if (parse_expiry_word(c, i, o)) {
            i++;
        } else {
            reply_error(c->reply, ERROR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* The moment that argv[i] names, in ms since 1970; else answers the error and returns false. */
static bool read_expiry(struct call *c, uint32_t i, bool seconds, bool absolute, int64_t *at_ms)
{
    int64_t value;
    if (!call_int(c, i, &value, NULL))
        return false;
    if (value <= 0 || (seconds && __builtin_mul_overflow(value, 1000, &value)) ||
        (!absolute && __builtin_add_overflow(value, clock_ms(), &value))) {
        reply_errorf(c->reply, "ERR invalid expire time in '%s' command", c->command->name);
        return false;
    }
    *at_ms = value;
    return true;
}

/* Makes argv[key] hold argv[value]: a big one is taken as it arrived. */
static inline void put(struct call *c, uint32_t key, uint32_t value, int64_t expiry_ms)
{
    struct blob *big = call_blob(c, value);
    if (unlikely(big != NULL))
        keyspace_set_blob(c->keyspace, c->db, c->argv[key], c->hashes[key], blob_get(big), expiry_ms);
    else
        keyspace_set(c->keyspace, c->db, c->argv[key], c->hashes[key], c->argv[value], expiry_ms);
}

/* Stores argv[value] under argv[1] and tells. */
static void store(struct call *c, uint32_t value, int64_t expiry_ms)
{
    put(c, 1, value, expiry_ms);
    call_changed(c, 1, EVENT_STRING, "set");
    if (unlikely(expiry_ms >= 0))
        keyspace_event(c->keyspace, c->db, c->argv[1], EVENT_GENERIC, "expire");
}

static void set_with_options(struct call *c)
{
    struct set_options o = {0};
    int64_t expiry_ms = EXPIRY_NONE;
    if (!parse_options(c, 3, true, &o))
        return;
    if (o.expiry && !read_expiry(c, o.expiry, o.seconds, o.absolute, &expiry_ms))
        return;
    if (o.keep_ttl)
        expiry_ms = KEEP_EXPIRY;
    if (o.get && !reply_value(c))
        return;
    if (o.only_new || o.only_old) {
        bool found = keyspace_find(c->keyspace, c->db, c->argv[1], c->hashes[1]) != NULL;
        if (found == o.only_new) {
            if (!o.get)
                reply_null(c->reply);
            return;
        }
    }
    store(c, 2, expiry_ms);
    if (!o.get)
        reply_ok(c->reply);
}

static void set(struct call *c)
{
    if (unlikely(c->argc > 3)) {
        set_with_options(c);
        return;
    }
    store(c, 2, EXPIRY_NONE);
    reply_ok(c->reply);
}

static void set_new(struct call *c)
{
    if (keyspace_find(c->keyspace, c->db, c->argv[1], c->hashes[1])) {
        reply_int(c->reply, 0);
        return;
    }
    store(c, 2, EXPIRY_NONE);
    reply_int(c->reply, 1);
}

static void set_expiring(struct call *c, bool seconds)
{
    int64_t expiry_ms;
    if (!read_expiry(c, 2, seconds, false, &expiry_ms))
        return;
    store(c, 3, expiry_ms);
    reply_ok(c->reply);
}

static void set_seconds(struct call *c)
{
    set_expiring(c, true);
}

static void set_milliseconds(struct call *c)
{
    set_expiring(c, false);
}

static void get_set(struct call *c)
{
    if (reply_value(c))
        store(c, 2, EXPIRY_NONE);
}

/* What GETEX does to the expiry of e, after its value was answered. */
static void change_expiry(struct call *c, struct entry *e, const struct set_options *o, int64_t expiry_ms)
{
    if (o->expiry && o->absolute && expiry_ms <= clock_ms()) {
        keyspace_delete(c->keyspace, c->db, c->argv[1], c->hashes[1]);
        call_changed(c, 1, EVENT_GENERIC, "del");
    } else if (o->expiry) {
        keyspace_set_expiry(c->keyspace, c->db, e, c->hashes[1], expiry_ms);
        call_changed(c, 1, EVENT_GENERIC, "expire");
    } else if (o->persist && entry_expiry(e) != EXPIRY_NONE) {
        keyspace_set_expiry(c->keyspace, c->db, e, c->hashes[1], EXPIRY_NONE);
        call_changed(c, 1, EVENT_GENERIC, "persist");
    }
}

static void get_expire(struct call *c)
{
    struct set_options o = {0};
    if (!parse_options(c, 2, false, &o))
        return;
    bool ok;
    struct entry *e = call_read_string(c, 1, &ok);
    if (!e) {
        if (ok)
            reply_null(c->reply);
        return;
    }
    int64_t expiry_ms = EXPIRY_NONE;
    if (o.expiry && !read_expiry(c, o.expiry, o.seconds, o.absolute, &expiry_ms))
        return;
    reply_string(c->reply, e);
    change_expiry(c, e, &o, expiry_ms);
}

static void store_pairs(struct call *c)
{
    for (uint32_t i = 1; i < c->argc; i += 2) {
        prefetch_keys(c, i, 2);
        put(c, i, i + 1, EXPIRY_NONE);
        call_changed(c, i, EVENT_STRING, "set");
    }
}

static void set_many(struct call *c)
{
    if (c->argc % 2 == 0) {
        call_wrong_arity(c);
        return;
    }
    store_pairs(c);
    reply_ok(c->reply);
}

static void set_many_new(struct call *c)
{
    if (c->argc % 2 == 0) {
        call_wrong_arity(c);
        return;
    }
    for (uint32_t i = 1; i < c->argc; i += 2) {
        prefetch_keys(c, i, 2);
        if (keyspace_find(c->keyspace, c->db, c->argv[i], c->hashes[i])) {
            reply_int(c->reply, 0);
            return;
        }
    }
    store_pairs(c);
    reply_int(c->reply, 1);
}

/* ---- changing a part -------------------------------------------------------------- */

static void append(struct call *c)
{
    bool ok;
    struct entry *e = call_find_string(c, 1, &ok);
    struct slice more = c->argv[2];
    if (!ok)
        return;
    size_t len = e ? entry_string_len(e) : 0;
    if (!limit_allows_string(c, len, more.len))
        return;
    if (e) {
        char *bytes = keyspace_edit(c->keyspace, c->db, c->argv[1], c->hashes[1], len + more.len);
        memcpy(bytes + len, more.ptr, more.len);
    } else {
        put(c, 1, 2, EXPIRY_NONE);
    }
    call_changed(c, 1, EVENT_STRING, "append");
    reply_int(c->reply, (int64_t)(len + more.len));
}

static void set_range(struct call *c)
{
    int64_t offset;
    if (!call_int(c, 2, &offset, NULL))
        return;
    if (offset < 0) {
        reply_error(c->reply, "ERR offset is out of range");
        return;
    }
    bool ok;
    struct entry *e = call_find_string(c, 1, &ok);
    struct slice part = c->argv[3];
    if (!ok)
        return;
    size_t len = e ? entry_string_len(e) : 0;
    if (part.len > 0) {
        if (!limit_allows_string(c, (uint64_t)offset, part.len))
            return;
        size_t end = (size_t)offset + part.len;
        len = len < end ? end : len;
        char *bytes = keyspace_edit(c->keyspace, c->db, c->argv[1], c->hashes[1], len);
        memcpy(bytes + offset, part.ptr, part.len);
        call_changed(c, 1, EVENT_STRING, "setrange");
    }
    reply_int(c->reply, (int64_t)len);
}

/* ---- counting ---------------------------------------------------------------------- */

static void add(struct call *c, int64_t by)
{
    bool ok;
    struct entry *e = call_find_string(c, 1, &ok);
    int64_t value = 0;
    if (!ok)
        return;
    if (e && !entry_string_int(e, &value)) {
        reply_error(c->reply, ERROR_NOT_INTEGER);
        return;
    }
    if (__builtin_add_overflow(value, by, &value)) {
        reply_error(c->reply, ERROR_OVERFLOW);
        return;
    }
    if (!e || !keyspace_replace_int(c->keyspace, e, value))
        keyspace_set_int(c->keyspace, c->db, c->argv[1], c->hashes[1], value, KEEP_EXPIRY);
    call_changed(c, 1, EVENT_STRING, "incrby");
    reply_int(c->reply, value);
}

static void increment(struct call *c)
{
    add(c, 1);
}

static void decrement(struct call *c)
{
    add(c, -1);
}

static void increment_by(struct call *c)
{
    int64_t by;
    if (call_int(c, 2, &by, NULL))
        add(c, by);
}

static void decrement_by(struct call *c)
{
    int64_t by;
    if (!call_int(c, 2, &by, NULL))
        return;
    if (by == INT64_MIN)
        reply_error(c->reply, "ERR decrement would overflow");
    else
        add(c, -by);
}

static void increment_by_float(struct call *c)
{
    bool ok;
    struct entry *e = call_find_string(c, 1, &ok);
    if (!ok)
        return;
    char scratch[ENTRY_DIGITS], digits[NUMBER_LONG_DOUBLE_MAX];
    long double value = 0, by;
    if ((e && !number_parse_long_double(entry_string(e, scratch), &value)) ||
        !number_parse_long_double(c->argv[2], &by)) {
        reply_error(c->reply, ERROR_NOT_FLOAT);
        return;
    }
    value += by;
    if (isnan(value) || isinf(value)) {
        reply_error(c->reply, "ERR increment would produce NaN or Infinity");
        return;
    }
    struct slice text = slice_make(digits, number_format_long_double(digits, value));
    e = keyspace_set(c->keyspace, c->db, c->argv[1], c->hashes[1], text, KEEP_EXPIRY);
    e->flags |= ENTRY_TEXT;
    call_changed(c, 1, EVENT_STRING, "incrbyfloat");
    reply_bulk(c->reply, text);
}

/* ---- the rows ------------------------------------------------------------------------ */

#define WRITE_FAST (COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST)
#define WRITE_SLOW (COMMAND_WRITE | COMMAND_DENYOOM)
#define READ_FAST (COMMAND_READONLY | COMMAND_FAST)
#define ONE_KEY .first = 1, .last = 1, .step = 1, .group = "string"

static const struct key_spec set_keys[] = {
    {.flags = "RW access update variable_flags",
     .begin = KEYS_AT_INDEX,
     .index = 1,
     .find = KEYS_RANGE,
     .step = 1,
     .notes = "RW and ACCESS due to the optional `GET` argument"},
    {0},
};

static const struct key_spec getex_keys[] = {
    {.flags = "RW access update",
     .begin = KEYS_AT_INDEX,
     .index = 1,
     .find = KEYS_RANGE,
     .step = 1,
     .notes = "RW and UPDATE because it changes the TTL"},
    {0},
};

const struct command string_commands[] = {
    {.name = "append",
     .run = append,
     .arity = 3,
     .flags = WRITE_FAST,
     ONE_KEY,
     .since = "2.0.0",
     .key_flags = "RW insert",
     .summary = "Adds bytes to the end of a string; makes it when there is none.",
     .complexity = "O(1), counted over many appends to a string: room is taken in advance.",
     .syntax = "key value"},
    {.name = "decr",
     .run = decrement,
     .arity = 2,
     .flags = WRITE_FAST,
     ONE_KEY,
     .since = "1.0.0",
     .key_flags = "RW access update",
     .summary = "Takes one off a key's integer; a missing key counts as 0.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "decrby",
     .run = decrement_by,
     .arity = 3,
     .flags = WRITE_FAST,
     ONE_KEY,
     .since = "1.0.0",
     .key_flags = "RW access update",
     .summary = "Takes a number off a key's integer; a missing key counts as 0.",
     .complexity = "O(1)",
     .syntax = "key decrement:integer"},
    {.name = "get",
     .run = get,
     .arity = 2,
     .flags = READ_FAST,
     ONE_KEY,
     .since = "1.0.0",
     .key_flags = "RO access",
     .summary = "Gives a key's string.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "getdel",
     .run = get_delete,
     .arity = 2,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     ONE_KEY,
     .since = "6.2.0",
     .key_flags = "RW access delete",
     .summary = "Gives a key's string and deletes the key.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "getex",
     .run = get_expire,
     .arity = -2,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     ONE_KEY,
     .since = "6.2.0",
     .keys = getex_keys,
     .summary = "Gives a key's string and sets or removes its expiry.",
     .complexity = "O(1)",
     .syntax =
         "key [expiration=EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time | "
         "PXAT unix-time-milliseconds:unix-time | PERSIST]"},
    {.name = "getrange",
     .run = get_range,
     .arity = 4,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .since = "2.4.0",
     .key_flags = "RO access",
     .summary = "Gives a part of a key's string, both ends included.",
     .complexity = "O(N) where N is the number of bytes given.",
     .syntax = "key start:integer end:integer"},
    {.name = "getset",
     .run = get_set,
     .arity = 3,
     .flags = WRITE_FAST,
     ONE_KEY,
     .since = "1.0.0",
     .key_flags = "RW access update",
     .deprecated_since = "6.2.0",
     .replaced_by = "`SET` with the `!GET` argument",
     .summary = "Sets a key's string and gives the one before.",
     .complexity = "O(1)",
     .syntax = "key value"},
    {.name = "incr",
     .run = increment,
     .arity = 2,
     .flags = WRITE_FAST,
     ONE_KEY,
     .since = "1.0.0",
     .key_flags = "RW access update",
     .summary = "Adds one to a key's integer; a missing key counts as 0.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "incrby",
     .run = increment_by,
     .arity = 3,
     .flags = WRITE_FAST,
     ONE_KEY,
     .since = "1.0.0",
     .key_flags = "RW access update",
     .summary = "Adds a number to a key's integer; a missing key counts as 0.",
     .complexity = "O(1)",
     .syntax = "key increment:integer"},
    {.name = "incrbyfloat",
     .run = increment_by_float,
     .arity = 3,
     .flags = WRITE_FAST,
     ONE_KEY,
     .since = "2.6.0",
     .key_flags = "RW access update",
     .summary = "Adds a floating-point number to a key's number; a missing key counts as 0.",
     .complexity = "O(1)",
     .syntax = "key increment:double"},
    {.name = "mget",
     .run = get_many,
     .arity = -2,
     .flags = READ_FAST,
     .first = 1,
     .last = -1,
     .step = 1,
     .group = "string",
     .since = "1.0.0",
     .key_flags = "RO access",
     .tips = "request_policy:multi_shard",
     .summary = "Gives the strings of several keys at once.",
     .complexity = "O(N) where N is the number of keys.",
     .syntax = "key [key ...]"},
    {.name = "mset",
     .run = set_many,
     .arity = -3,
     .flags = WRITE_SLOW,
     .first = 1,
     .last = -1,
     .step = 2,
     .group = "string",
     .since = "1.0.1",
     .key_flags = "OW update",
     .tips = "request_policy:multi_shard response_policy:all_succeeded",
     .summary = "Sets the strings of several keys at once.",
     .complexity = "O(N) where N is the number of keys.",
     .syntax = "data=(key value) ..."},
    {.name = "msetnx",
     .run = set_many_new,
     .arity = -3,
     .flags = WRITE_SLOW,
     .first = 1,
     .last = -1,
     .step = 2,
     .group = "string",
     .since = "1.0.1",
     .key_flags = "OW insert",
     .summary = "Sets the strings of several keys at once, but only when none of them exists.",
     .complexity = "O(N) where N is the number of keys.",
     .syntax = "data=(key value) ..."},
    {.name = "psetex",
     .run = set_milliseconds,
     .arity = 4,
     .flags = WRITE_SLOW,
     ONE_KEY,
     .since = "2.6.0",
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `PX` argument",
     .key_flags = "OW update",
     .summary = "Sets a key's string and its expiry in milliseconds.",
     .complexity = "O(1)",
     .syntax = "key milliseconds:integer value"},
    {.name = "set",
     .run = set,
     .arity = -3,
     .flags = WRITE_SLOW,
     ONE_KEY,
     .since = "1.0.0",
     .keys = set_keys,
     .summary =
         "Sets a key's string, whatever the key held; its expiry goes unless an option says otherwise.",
     .complexity = "O(1)",
     .syntax = "key value [condition@2.6.12=NX | XX] [GET@6.2.0] [expiration=EX seconds:integer@2.6.12 | "
               "PX milliseconds:integer@2.6.12 | EXAT unix-time-seconds:unix-time@6.2.0 | "
               "PXAT unix-time-milliseconds:unix-time@6.2.0 | KEEPTTL@6.0.0]"},
    {.name = "setex",
     .run = set_seconds,
     .arity = 4,
     .flags = WRITE_SLOW,
     ONE_KEY,
     .since = "2.0.0",
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `EX` argument",
     .key_flags = "OW update",
     .summary = "Sets a key's string and its expiry in seconds.",
     .complexity = "O(1)",
     .syntax = "key seconds:integer value"},
    {.name = "setnx",
     .run = set_new,
     .arity = 3,
     .flags = WRITE_FAST,
     ONE_KEY,
     .since = "1.0.0",
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `NX` argument",
     .key_flags = "OW insert",
     .summary = "Sets a key's string only when the key doesn't exist.",
     .complexity = "O(1)",
     .syntax = "key value"},
    {.name = "setrange",
     .run = set_range,
     .arity = 4,
     .flags = WRITE_SLOW,
     ONE_KEY,
     .since = "2.2.0",
     .key_flags = "RW update",
     .summary = "Overwrites a string from an offset on; zeros fill a gap.",
     .complexity = "O(N) where N is the number of bytes written, those of a gap included.",
     .syntax = "key offset:integer value"},
    {.name = "strlen",
     .run = length,
     .arity = 2,
     .flags = READ_FAST,
     ONE_KEY,
     .since = "2.2.0",
     .key_flags = "RO",
     .summary = "Gives the length of a key's string in bytes.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "substr",
     .run = get_range,
     .arity = 4,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .since = "1.0.0",
     .key_flags = "RO access",
     .deprecated_since = "2.0.0",
     .replaced_by = "`GETRANGE`",
     .summary = "Gives a part of a key's string, both ends included.",
     .complexity = "O(N) where N is the number of bytes given.",
     .syntax = "key start:integer end:integer"},
    {.name = NULL},
};
