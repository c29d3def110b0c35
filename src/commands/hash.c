/* hash: the commands on hashes. What lets fields end is in hash_expiry.c, choosing at random in hash_random.c. */
#include "commands/hash.h"
#include "base/number.h"
#include "commands/families.h"
#include "commands/scan.h"
#include "store/fields.h"

#include <math.h>

/* ---- reading ------------------------------------------------------------------- */

void hash_reply_value(struct reply *r, const struct entry *e, struct slice value)
{
    struct blob *blob = fields_value_blob(e, value);
    if (unlikely(blob != NULL))
        reply_bulk_blob(r, blob);
    else
        reply_bulk(r, value);
}

bool hash_reply_field(struct call *c, const struct place *p, uint32_t i)
{
    char digits[FIELDS_DIGITS];
    struct slice value;
    if (!fields_get_hashed(p->entry, c->argv[i], call_table_hash(c, p->entry, i), digits, &value)) {
        reply_null(c->reply);
        return false;
    }
    hash_reply_value(c->reply, p->entry, value);
    return true;
}

static void run_hget(struct call *c)
{
    struct place p;
    if (call_place_read(c, 1, TYPE_HASH, &p))
        hash_reply_field(c, &p, 2);
}

static void run_hmget(struct call *c)
{
    struct place p;
    if (!call_place_read(c, 1, TYPE_HASH, &p))
        return;
    reply_array(c->reply, c->argc - 2);
    for (uint32_t i = 2; i < c->argc; i++)
        hash_reply_field(c, &p, i);
}

static void run_hexists(struct call *c)
{
    struct place p;
    if (call_place_read(c, 1, TYPE_HASH, &p))
        reply_int(c->reply, fields_has(p.entry, c->argv[2]));
}

static void run_hlen(struct call *c)
{
    struct place p;
    if (call_place_read(c, 1, TYPE_HASH, &p))
        reply_int(c->reply, (int64_t)fields_count_soon(p.entry));
}

static void run_hstrlen(struct call *c)
{
    struct place p;
    char digits[FIELDS_DIGITS];
    struct slice value;
    if (!call_place_read(c, 1, TYPE_HASH, &p))
        return;
    bool found = fields_get_hashed(p.entry, c->argv[2], call_table_hash(c, p.entry, 2), digits, &value);
    reply_int(c->reply, found ? (int64_t)value.len : 0);
}

static void run_hgetall(struct call *c)
{
    struct place p;
    if (!call_place_read(c, 1, TYPE_HASH, &p))
        return;
    struct fields_cursor cursor;
    struct slice field, value;
    reply_map(c->reply, fields_count(p.entry));
    fields_begin(&cursor, p.entry);
    while (fields_next(&cursor, &field, &value, NULL)) {
        reply_bulk(c->reply, field);
        hash_reply_value(c->reply, p.entry, value);
    }
}

static void run_hkeys(struct call *c)
{
    struct place p;
    if (!call_place_read(c, 1, TYPE_HASH, &p))
        return;
    struct fields_cursor cursor;
    struct slice field;
    reply_array(c->reply, fields_count(p.entry));
    fields_begin(&cursor, p.entry);
    while (fields_next(&cursor, &field, NULL, NULL))
        reply_bulk(c->reply, field);
}

static void run_hvals(struct call *c)
{
    struct place p;
    if (!call_place_read(c, 1, TYPE_HASH, &p))
        return;
    struct fields_cursor cursor;
    struct slice value;
    reply_array(c->reply, fields_count(p.entry));
    fields_begin(&cursor, p.entry);
    while (fields_next(&cursor, NULL, &value, NULL))
        hash_reply_value(c->reply, p.entry, value);
}

struct scan {
    struct call *call;
    const struct entry *entry;
    struct scan_options options;
    int64_t seen; /* those that didn't match included */
    size_t shown; /* elements of the reply */
};

static void scan_visit(void *ctx, struct slice field, struct slice value)
{
    struct scan *s = ctx;
    s->seen++;
    if (!scan_matches(&s->options, field))
        return;
    reply_bulk(s->call->reply, field);
    s->shown++;
    if (s->options.no_values)
        return;
    hash_reply_value(s->call->reply, s->entry, value);
    s->shown++;
}

static void run_hscan(struct call *c)
{
    uint64_t cursor;
    struct place p;
    if (!scan_cursor(c, 2, &cursor) || !call_place_read(c, 1, TYPE_HASH, &p))
        return;
    struct scan s = {.call = c, .entry = p.entry};
    if (p.entry && !scan_options(c, true, &s.options)) /* nobody looks at them where there is no hash */
        return;
    struct output_piece *head = scan_reply_begin(c);
    /* Ended fields aren't shown: the steps are bounded beside what they show. */
    int64_t steps = s.options.count * 10;
    do {
        cursor = fields_scan(p.entry, cursor, scan_visit, &s);
    } while (cursor && --steps > 0 && s.seen < s.options.count);
    scan_reply_end(c, head, cursor, s.shown);
}

/* ---- changing ------------------------------------------------------------------- */

/* Sets argv[2] to argv[3], argv[4] to argv[5], ...; returns how many fields are new. */
static uint64_t set_pairs(struct call *c, struct place *p)
{
    if (c->argc > 4 && !c->big_count)
        return fields_set_all(p, c->argv + 2, (c->argc - 2) / 2);
    uint64_t made = 0;
    for (uint32_t i = 2; i < c->argc; i += 2)
        made += fields_set_blob(p, c->argv[i], call_table_hash(c, p->entry, i), c->argv[i + 1],
                                call_blob(c, i + 1), EXPIRY_NONE);
    return made;
}

/* HSET and HMSET but for the reply; false when an error is answered. */
static bool set_fields(struct call *c, uint64_t *made)
{
    struct place p;
    if (c->argc % 2) {
        call_wrong_arity(c);
        return false;
    }
    if (!call_place(c, 1, TYPE_HASH, &p))
        return false;
    *made = set_pairs(c, &p);
    call_changed(c, 1, EVENT_HASH, "hset");
    return true;
}

static void run_hset(struct call *c)
{
    uint64_t made;
    if (set_fields(c, &made))
        reply_int(c->reply, (int64_t)made);
}

static void run_hmset(struct call *c)
{
    uint64_t made;
    if (set_fields(c, &made))
        reply_ok(c->reply);
}

static void run_hsetnx(struct call *c)
{
    struct place p;
    if (!call_place(c, 1, TYPE_HASH, &p))
        return;
    bool set = !fields_has(p.entry, c->argv[2]);
    if (set) {
        fields_set_blob(&p, c->argv[2], call_table_hash(c, p.entry, 2), c->argv[3], call_blob(c, 3),
                        EXPIRY_NONE);
        call_changed(c, 1, EVENT_HASH, "hset");
    }
    reply_int(c->reply, set);
}

static void run_hdel(struct call *c)
{
    struct place p;
    if (!call_place(c, 1, TYPE_HASH, &p))
        return;
    int64_t gone = 0;
    for (uint32_t i = 2; i < c->argc; i++)
        gone += fields_remove(&p, c->argv[i]);
    reply_int(c->reply, gone);
    if (!gone)
        return;
    call_changed(c, 1, EVENT_HASH, "hdel");
    if (fields_empty(p.entry))
        call_emptied(c, 1, &p);
}

static void run_hincrby(struct call *c)
{
    struct place p;
    char digits[FIELDS_DIGITS];
    struct slice text;
    int64_t by, value = 0;
    if (!call_int(c, 3, &by, NULL) || !call_place(c, 1, TYPE_HASH, &p))
        return;
    uint64_t hash = call_table_hash(c, p.entry, 2);
    if (fields_get_hashed(p.entry, c->argv[2], hash, digits, &text) && !number_parse_i64(text, &value)) {
        reply_error(c->reply, "ERR hash value is not an integer");
        return;
    }
    if (__builtin_add_overflow(value, by, &value)) {
        reply_error(c->reply, ERROR_OVERFLOW);
        return;
    }
    text = slice_make(digits, number_format_i64(digits, value));
    fields_set_hashed(&p, c->argv[2], hash, text, KEEP_EXPIRY);
    call_changed(c, 1, EVENT_HASH, "hincrby");
    reply_int(c->reply, value);
}

static void run_hincrbyfloat(struct call *c)
{
    struct place p;
    char digits[NUMBER_LONG_DOUBLE_MAX];
    struct slice text;
    long double by, value = 0;
    if (!number_parse_long_double(c->argv[3], &by)) {
        reply_error(c->reply, ERROR_NOT_FLOAT);
        return;
    }
    if (isinf(by)) {
        reply_error(c->reply, "ERR value is NaN or Infinity");
        return;
    }
    if (!call_place(c, 1, TYPE_HASH, &p))
        return;
    uint64_t hash = call_table_hash(c, p.entry, 2);
    if (fields_get_hashed(p.entry, c->argv[2], hash, digits, &text) &&
        !number_parse_long_double(text, &value)) {
        reply_error(c->reply, "ERR hash value is not a float");
        return;
    }
    value += by;
    if (isnan(value) || isinf(value)) {
        reply_error(c->reply, "ERR increment would produce NaN or Infinity");
        return;
    }
    text = slice_make(digits, number_format_long_double(digits, value));
    fields_set_hashed(&p, c->argv[2], hash, text, KEEP_EXPIRY);
    call_changed(c, 1, EVENT_HASH, "hincrbyfloat");
    reply_bulk(c->reply, text);
}

/* ---- the table --------------------------------------------------------------------- */

#define ONE_KEY .first = 1, .last = 1, .step = 1, .group = "hash"
#define ONE_FIELD ONE_KEY, .member = 2, .complexity = "O(1)"
#define WRITE_FAST (COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST)
#define READ_FAST (COMMAND_READONLY | COMMAND_FAST)

const struct command hash_commands[] = {
    {.name = "hdel",
     .run = run_hdel,
     ONE_KEY,
     .member = 2,
     .arity = -3,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .since = "2.0.0",
     .summary = "Removes fields from a hash.",
     .complexity = "O(N) for N fields",
     .key_flags = "RW delete",
     .syntax = "key field [field ...]"},
    {.name = "hexists",
     .run = run_hexists,
     ONE_FIELD,
     .arity = 3,
     .flags = READ_FAST,
     .since = "2.0.0",
     .summary = "Tells whether a hash has a field.",
     .key_flags = "RO",
     .syntax = "key field"},
    {.name = "hget",
     .run = run_hget,
     ONE_FIELD,
     .arity = 3,
     .flags = READ_FAST,
     .since = "2.0.0",
     .summary = "Gives the value of a field.",
     .key_flags = "RO access",
     .syntax = "key field"},
    {.name = "hgetall",
     .run = run_hgetall,
     ONE_KEY,
     .arity = 2,
     .flags = COMMAND_READONLY,
     .since = "2.0.0",
     .summary = "Gives all fields of a hash with their values.",
     .complexity = "O(N) for N fields",
     .key_flags = "RO access",
     .tips = "nondeterministic_output_order",
     .syntax = "key"},
    {.name = "hincrby",
     .run = run_hincrby,
     ONE_FIELD,
     .arity = 4,
     .flags = WRITE_FAST,
     .since = "2.0.0",
     .summary = "Adds an integer to the value of a field; a missing one counts as 0.",
     .key_flags = "RW access update",
     .syntax = "key field increment:integer"},
    {.name = "hincrbyfloat",
     .run = run_hincrbyfloat,
     ONE_FIELD,
     .arity = 4,
     .flags = WRITE_FAST,
     .since = "2.6.0",
     .summary = "Adds a floating point number to the value of a field; a missing one counts as 0.",
     .key_flags = "RW access update",
     .syntax = "key field increment:double"},
    {.name = "hkeys",
     .run = run_hkeys,
     ONE_KEY,
     .arity = 2,
     .flags = COMMAND_READONLY,
     .since = "2.0.0",
     .summary = "Gives all fields of a hash.",
     .complexity = "O(N) for N fields",
     .key_flags = "RO access",
     .tips = "nondeterministic_output_order",
     .syntax = "key"},
    {.name = "hlen",
     .run = run_hlen,
     ONE_KEY,
     .arity = 2,
     .flags = READ_FAST,
     .since = "2.0.0",
     .summary = "Counts the fields of a hash.",
     .complexity = "O(1)",
     .key_flags = "RO",
     .syntax = "key"},
    {.name = "hmget",
     .run = run_hmget,
     ONE_KEY,
     .member = 2,
     .arity = -3,
     .flags = READ_FAST,
     .since = "2.0.0",
     .summary = "Gives the values of fields.",
     .complexity = "O(N) for N fields asked for",
     .key_flags = "RO access",
     .syntax = "key field [field ...]"},
    {.name = "hmset",
     .run = run_hmset,
     ONE_KEY,
     .member = 2,
     .arity = -4,
     .flags = WRITE_FAST,
     .since = "2.0.0",
     .summary = "Sets fields.",
     .complexity = "O(N) for N fields set",
     .key_flags = "RW update",
     .deprecated_since = "4.0.0",
     .replaced_by = "`HSET` with multiple field-value pairs",
     .syntax = "key data=(field value) ..."},
    {.name = "hscan",
     .run = run_hscan,
     ONE_KEY,
     .arity = -3,
     .flags = COMMAND_READONLY,
     .since = "2.8.0",
     .summary = "Gives the fields of a hash, some at a time.",
     .complexity = "O(1) for each call, O(N) for a round over N fields",
     .key_flags = "RO access",
     .tips = "nondeterministic_output",
     .syntax = "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [NOVALUES@7.4.0]"},
    {.name = "hset",
     .run = run_hset,
     ONE_KEY,
     .member = 2,
     .arity = -4,
     .flags = WRITE_FAST,
     .since = "2.0.0",
     .summary = "Sets fields, made where they are missing.",
     .complexity = "O(N) for N fields set",
     .key_flags = "RW update",
     .syntax = "key data=(field value) ..."},
    {.name = "hsetnx",
     .run = run_hsetnx,
     ONE_FIELD,
     .arity = 4,
     .flags = WRITE_FAST,
     .since = "2.0.0",
     .summary = "Sets a field unless it is there.",
     .key_flags = "RW insert",
     .syntax = "key field value"},
    {.name = "hstrlen",
     .run = run_hstrlen,
     ONE_FIELD,
     .arity = 3,
     .flags = READ_FAST,
     .since = "3.2.0",
     .summary = "Tells the length of a field's value.",
     .key_flags = "RO",
     .syntax = "key field"},
    {.name = "hvals",
     .run = run_hvals,
     ONE_KEY,
     .arity = 2,
     .flags = COMMAND_READONLY,
     .since = "2.0.0",
     .summary = "Gives all values of a hash.",
     .complexity = "O(N) for N fields",
     .key_flags = "RO access",
     .tips = "nondeterministic_output_order",
     .syntax = "key"},
    {.name = "hrandfield",
     .run = hash_run_random,
     ONE_KEY,
     .arity = -2,
     .flags = COMMAND_READONLY,
     .since = "6.2.0",
     .summary = "Gives fields chosen at random.",
     .complexity = "O(N) for N fields given",
     .key_flags = "RO access",
     .tips = "nondeterministic_output",
     .syntax = "key [options=(count:integer [WITHVALUES])]"},
    {.name = NULL},
};
