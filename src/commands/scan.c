#include "commands/scan.h"

#include "base/glob.h"
#include "base/mem.h"
#include "base/number.h"
#include "commands/families.h"
#include "commands/key.h"

#include <stdio.h>

/* A cursor of the dict has this many bits; what is above lies behind the end. */
#define CURSOR_BITS 48
#define COUNT_DEFAULT 10
#define FOUND_LOCAL 128

/* Entries that a walk came upon. They stay where they are: looking moves no entry. */
struct found {
    struct entry **entries; /* local, or from mem_alloc */
    size_t count;
    size_t cap;
    uint64_t visited; /* those that didn't match included */
    struct slice pattern;
    bool all; /* no pattern to match */
    bool any_type;
    enum entry_type type;
    struct entry *local[FOUND_LOCAL];
};

static void visit(void *ctx, struct entry *e)
{
    struct found *f = ctx;
    f->visited++;
    if (!f->any_type && entry_type(e) != f->type)
        return;
    if (!f->all && !glob_match(f->pattern, entry_key(e), false))
        return;
    if (f->count == f->cap) {
        size_t bytes = f->cap * sizeof *f->entries;
        f->cap *= 2;
        if (f->entries == f->local) {
            f->entries = mem_alloc(2 * bytes);
            memcpy(f->entries, f->local, bytes);
        } else {
            f->entries = mem_realloc(f->entries, 2 * bytes);
        }
    }
    f->entries[f->count++] = e;
}

/* True when the pattern can match one name only: itself. */
static bool is_exact(struct slice pattern)
{
    for (size_t i = 0; i < pattern.len; i++)
        if (strchr("*?[\\", pattern.ptr[i]) && pattern.ptr[i])
            return false;
    return true;
}

/* Looks the one name up that an exact pattern matches. */
static void visit_exact(struct call *c, struct found *f)
{
    struct entry *e = keyspace_find(c->keyspace, c->db, f->pattern, keyspace_hash(f->pattern));
    if (e)
        visit(f, e);
}

static void reply_found(struct call *c, struct found *f)
{
    reply_array(c->reply, f->count);
    for (size_t i = 0; i < f->count; i++)
        reply_bulk(c->reply, entry_key(f->entries[i]));
    if (f->entries != f->local)
        mem_free(f->entries);
}

/* ---- KEYS -------------------------------------------------------------------------- */

struct keys {
    struct call *call;
    struct slice pattern;
    bool all;
    size_t count;
};

static void answer_key(void *ctx, struct entry *e)
{
    struct keys *k = ctx;
    if (!k->all && !glob_match(k->pattern, entry_key(e), false))
        return;
    reply_bulk(k->call->reply, entry_key(e));
    k->count++;
}

static void run_keys(struct call *c)
{
    struct keys k = {.call = c, .pattern = c->argv[1], .all = slice_eq(c->argv[1], SLICE("*"))};
    struct output_piece *head = reply_defer(c->reply);
    if (is_exact(k.pattern)) {
        struct entry *e = keyspace_find(c->keyspace, c->db, k.pattern, keyspace_hash(k.pattern));
        if (e)
            answer_key(&k, e);
    } else {
        uint64_t cursor = 0;
        do {
            cursor = keyspace_scan(c->keyspace, c->db, cursor, answer_key, &k);
        } while (cursor);
    }
    reply_array_end(c->reply, head, k.count);
}

/* ---- SCAN -------------------------------------------------------------------------- */

bool scan_cursor(struct call *c, uint32_t i, uint64_t *cursor)
{
    struct slice text = c->argv[i];
    const char *nul = text.len ? memchr(text.ptr, 0, text.len) : NULL;
    size_t end = nul ? (size_t)(nul - text.ptr) : text.len, at = 0;
    bool negative = false, bad = false;
    uint64_t value = 0;
    if (end && (text.ptr[0] == '-' || text.ptr[0] == '+')) {
        negative = text.ptr[0] == '-';
        bad = ++at == end;
    }
    for (; at < end && !bad; at++) {
        unsigned digit = (unsigned)text.ptr[at] - '0';
        bad = digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
              __builtin_add_overflow(value, digit, &value);
    }
    if (bad) {
        reply_error(c->reply, "ERR invalid cursor");
        return false;
    }
    *cursor = negative ? -value : value;
    return true;
}

bool scan_options(struct call *c, bool values, struct scan_options *o)
{
    *o = (struct scan_options){.all = true, .count = COUNT_DEFAULT};
    for (uint32_t i = 3; i < c->argc; i++) {
        bool more = i + 1 < c->argc;
        if (more && slice_is(c->argv[i], "COUNT")) {
            if (!call_int(c, ++i, &o->count, NULL))
                return false;
            if (o->count < 1) {
                reply_error(c->reply, ERROR_SYNTAX);
                return false;
            }
        } else if (more && slice_is(c->argv[i], "MATCH")) {
            o->pattern = c->argv[++i];
            o->all = slice_eq(o->pattern, SLICE("*"));
        } else if (values && slice_is(c->argv[i], "NOVALUES")) {
            o->no_values = true;
        } else {
            reply_error(c->reply, ERROR_SYNTAX);
            return false;
        }
    }
    if (o->count > SCAN_MOST)
        o->count = SCAN_MOST;
    return true;
}

bool scan_matches(const struct scan_options *o, struct slice element)
{
    return o->all || glob_match(o->pattern, element, false);
}

struct output_piece *scan_reply_begin(struct call *c)
{
    reply_array(c->reply, 2);
    return reply_defer(c->reply);
}

/* The cursor comes before the elements but is known behind them: it is written with their count. */
void scan_reply_end(struct call *c, struct output_piece *head, uint64_t cursor, size_t count)
{
    char digits[NUMBER_U64_MAX + 1], text[OUTPUT_DEFER_MAX + 1];
    digits[number_format_u64(digits, cursor)] = 0;
    int len = snprintf(text, sizeof text, "$%zu\r\n%s\r\n*%zu\r\n", strlen(digits), digits, count);
    must(len > 0 && len <= OUTPUT_DEFER_MAX);
    if (head)
        output_fill(c->reply->output, head, text, (size_t)len);
}

/* TYPE's word; a type that doesn't exist matches nothing. */
static enum entry_type read_type(struct slice word)
{
    enum entry_type type = 0;
    while (type < TYPE_COUNT && !slice_is(word, key_type_name(type)))
        type++;
    return type;
}

/* [MATCH pattern] [COUNT count] [TYPE type]; false when the error is answered. */
static bool read_options(struct call *c, struct found *f, int64_t *count)
{
    for (uint32_t i = 2; i < c->argc; i += 2) {
        bool more = i + 1 < c->argc;
        if (more && slice_is(c->argv[i], "COUNT")) {
            if (!call_int(c, i + 1, count, NULL))
                return false;
            if (*count < 1) {
                reply_error(c->reply, ERROR_SYNTAX);
                return false;
            }
        } else if (more && slice_is(c->argv[i], "MATCH")) {
            f->pattern = c->argv[i + 1];
            f->all = slice_eq(f->pattern, SLICE("*"));
        } else if (more && slice_is(c->argv[i], "TYPE")) {
            f->any_type = false;
            f->type = read_type(c->argv[i + 1]);
        } else {
            reply_error(c->reply, ERROR_SYNTAX);
            return false;
        }
    }
    return true;
}

static void run_scan(struct call *c)
{
    uint64_t cursor;
    int64_t count = COUNT_DEFAULT;
    struct found f;
    f.entries = f.local;
    f.count = 0;
    f.cap = FOUND_LOCAL;
    f.visited = 0;
    f.all = f.any_type = true;
    if (!scan_cursor(c, 1, &cursor) || !read_options(c, &f, &count))
        return;
    if (count > SCAN_MOST)
        count = SCAN_MOST;
    if (!f.all && is_exact(f.pattern)) {
        visit_exact(c, &f);
        cursor = 0;
    } else if (cursor >> CURSOR_BITS) {
        cursor = 0;
    } else {
        /* Expired keys aren't shown: the steps are bounded beside what they show. */
        int64_t steps = count * 10;
        do {
            cursor = keyspace_scan(c->keyspace, c->db, cursor, visit, &f);
        } while (cursor && --steps > 0 && f.visited < (uint64_t)count);
    }
    char digits[NUMBER_U64_MAX];
    reply_array(c->reply, 2);
    reply_bulk(c->reply, slice_make(digits, number_format_u64(digits, cursor)));
    reply_found(c, &f);
}

/* ---- the table --------------------------------------------------------------------- */

const struct command scan_commands[] = {
    {.name = "keys",
     .run = run_keys,
     .arity = 2,
     .flags = COMMAND_READONLY,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Lists the keys whose names match a pattern.",
     .complexity = "O(N) for N keys in the database",
     .categories = CATEGORY_KEYSPACE | CATEGORY_DANGEROUS,
     .syntax = "pattern:pattern",
     .tips = "request_policy:all_shards nondeterministic_output_order"},
    {.name = "scan",
     .run = run_scan,
     .arity = -2,
     .flags = COMMAND_READONLY | COMMAND_ARBITRARY_KEYS,
     .group = "generic",
     .since = "2.8.0",
     .summary = "Lists the keys of the database, some at a time.",
     .complexity = "O(1) for each call, O(N) for a round over N keys",
     .categories = CATEGORY_KEYSPACE,
     .syntax = "cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type@6.0.0]",
     .tips = "nondeterministic_output request_policy:special response_policy:special"},
    {.name = NULL},
};
