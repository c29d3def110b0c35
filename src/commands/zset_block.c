/* zset_block: takes members from the ends of sorted sets, or waits for some to come. */
#include "commands/command.h"
#include "commands/families.h"
#include "commands/zset_reply.h"
#include "store/zset.h"

/* How popped members are answered. */
struct pop_form {
    bool key;   /* the key's name goes before them */
    bool pairs; /* member and score in an array of their own */
};

static uint64_t less(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Takes `count` (above 0) members from an end of the set at p, which is argv[key] and has some, and answers them. */
static void pop(struct call *c, uint32_t key, struct place *p, bool highest, uint64_t count,
                struct pop_form form)
{
    struct reply *r = c->reply;
    uint64_t total = zset_count(p->entry);
    count = less(count, total);
    if (form.key) {
        reply_array(r, form.pairs ? 2 : 3);
        reply_bulk(r, c->argv[key]);
    }
    if (form.pairs)
        reply_array(r, count);
    else if (!form.key)
        reply_array(r, 2 * count);
    struct zset_cursor cursor;
    struct slice member;
    double score;
    zset_seek(&cursor, p->entry, highest ? total - 1 : 0, highest);
    for (uint64_t i = 0; i < count && zset_next(&cursor, &member, &score); i++) {
        if (form.pairs)
            reply_array(r, 2);
        reply_bulk(r, member);
        reply_double(r, score);
    }
    zset_remove_ranks(p, highest ? total - count : 0, count);
    call_changed(c, key, EVENT_ZSET, highest ? "zpopmax" : "zpopmin");
    if (count == total)
        call_emptied(c, key, p);
}

/* Pops from the first of the keys argv[first] .. that has members; true when something was answered, be it an error. */
static bool pop_first(struct call *c, uint32_t first, uint32_t keys, bool highest, uint64_t count,
                      struct pop_form form)
{
    for (uint32_t i = first; i < first + keys; i++) {
        struct place p;
        if (!call_place(c, i, TYPE_ZSET, &p))
            return true;
        if (p.entry) {
            pop(c, i, &p, highest, count, form);
            return true;
        }
    }
    return false;
}

/* ---- ZPOPMIN, ZPOPMAX, BZPOPMIN, BZPOPMAX ------------------------------------------- */

static void pop_one_key(struct call *c, bool highest)
{
    int64_t count = 1;
    struct place p;
    if (c->argc > 3) {
        reply_error(c->reply, ERROR_SYNTAX);
        return;
    }
    if (c->argc == 3 &&
        !call_int_within(c, 2, 0, INT64_MAX, &count, "ERR value is out of range, must be positive"))
        return;
    if (!call_place(c, 1, TYPE_ZSET, &p))
        return;
    struct pop_form form = {.pairs = c->argc == 3 && c->reply->protocol > 2};
    if (p.entry && count)
        pop(c, 1, &p, highest, (uint64_t)count, form);
    else
        reply_array(c->reply, 0);
}

static void run_zpopmin(struct call *c)
{
    pop_one_key(c, false);
}

static void run_zpopmax(struct call *c)
{
    pop_one_key(c, true);
}

static void pop_or_wait(struct call *c, bool highest)
{
    int64_t timeout_ms;
    uint32_t keys = c->argc - 2;
    if (call_timeout(c, c->argc - 1, &timeout_ms) &&
        !pop_first(c, 1, keys, highest, 1, (struct pop_form){.key = true}))
        call_wait(c, 1, keys, TYPE_ZSET, timeout_ms, WAIT_NULL_ARRAY);
}

static void run_bzpopmin(struct call *c)
{
    pop_or_wait(c, false);
}

static void run_bzpopmax(struct call *c)
{
    pop_or_wait(c, true);
}

/* ---- ZMPOP, BZMPOP -------------------------------------------------------------------- */

struct many {
    uint32_t keys;
    bool highest;
    int64_t count;
};

/* numkeys key ... <MIN | MAX> [COUNT count] from argv[at] on; false when the error is answered. */
static bool read_many(struct call *c, uint32_t at, struct many *m)
{
    int64_t keys;
    if (!call_int_within(c, at, 1, INT64_MAX, &keys, "ERR numkeys should be greater than 0"))
        return false;
    if (keys >= c->argc - at - 1) {
        reply_error(c->reply, ERROR_SYNTAX);
        return false;
    }
    uint32_t where = at + 1 + (uint32_t)keys;
    *m = (struct many){.keys = (uint32_t)keys, .highest = slice_is(c->argv[where], "MAX")};
    bool ok = m->highest || slice_is(c->argv[where], "MIN");
    for (uint32_t i = where + 1; i < c->argc && ok; i += 2) {
        ok = !m->count && i + 1 < c->argc && slice_is(c->argv[i], "COUNT");
        if (ok && !call_int_within(c, i + 1, 1, INT64_MAX, &m->count, "ERR count should be greater than 0"))
            return false;
    }
    if (!ok) {
        reply_error(c->reply, ERROR_SYNTAX);
        return false;
    }
    if (!m->count)
        m->count = 1;
    return true;
}

static const struct pop_form keyed_pairs = {.key = true, .pairs = true};

static void run_zmpop(struct call *c)
{
    struct many m;
    if (read_many(c, 1, &m) && !pop_first(c, 2, m.keys, m.highest, (uint64_t)m.count, keyed_pairs))
        reply_null_array(c->reply);
}

static void run_bzmpop(struct call *c)
{
    struct many m;
    int64_t timeout_ms;
    if (read_many(c, 2, &m) && call_timeout(c, 1, &timeout_ms) &&
        !pop_first(c, 3, m.keys, m.highest, (uint64_t)m.count, keyed_pairs))
        call_wait(c, 3, m.keys, TYPE_ZSET, timeout_ms, WAIT_NULL_ARRAY);
}

/* ---- the rows ------------------------------------------------------------------------ */

#define COUNTED_KEYS(where)                                                                                  \
    {                                                                                                        \
        {.flags = "RW access delete",                                                                        \
         .begin = KEYS_AT_INDEX,                                                                             \
         .index = where,                                                                                     \
         .find = KEYS_COUNTED,                                                                               \
         .first_key = 1,                                                                                     \
         .count_step = 1},                                                                                   \
            {0},                                                                                             \
    }

static const struct key_spec zmpop_keys[] = COUNTED_KEYS(1);
static const struct key_spec bzmpop_keys[] = COUNTED_KEYS(2);

#define GROUP .group = "sorted-set"
#define WAITING (COMMAND_BLOCKING | COMMAND_BARRIER)
#define POP_ROW                                                                                              \
    .arity = -2, .flags = COMMAND_WRITE | COMMAND_FAST, .first = 1, .last = 1, .step = 1, GROUP,             \
    .since = "5.0.0", .key_flags = "RW access delete", .complexity = "O(log(N)+M) for M members",            \
    .syntax = "key [count:integer]"
#define WAIT_ROW                                                                                             \
    .arity = -3, .flags = COMMAND_WRITE | COMMAND_FAST | WAITING, .first = 1, .last = -2, .step = 1, GROUP,  \
    .since = "5.0.0", .key_flags = "RW access delete", .complexity = "O(log(N)) for each key",               \
    .syntax = "key [key ...] timeout:double"
#define MANY_SYNTAX "numkeys:integer key [key ...] <where=MIN | MAX> [COUNT count:integer]"

const struct command zset_block_commands[] = {
    {.name = "bzmpop",
     .run = run_bzmpop,
     .arity = -5,
     .flags = COMMAND_WRITE | COMMAND_MOVABLE_KEYS | WAITING,
     GROUP,
     .keys = bzmpop_keys,
     .since = "7.0.0",
     .summary = "Takes members from an end of the first of some sorted sets that has any, or waits for one.",
     .complexity = "O(K)+O(log(N)+M) for K keys and M members",
     .syntax = "timeout:double " MANY_SYNTAX},
    {.name = "bzpopmax",
     .run = run_bzpopmax,
     WAIT_ROW,
     .summary = "Takes the member with the highest score, or waits until there is one."},
    {.name = "bzpopmin",
     .run = run_bzpopmin,
     WAIT_ROW,
     .summary = "Takes the member with the lowest score, or waits until there is one."},
    {.name = "zmpop",
     .run = run_zmpop,
     .arity = -4,
     .flags = COMMAND_WRITE | COMMAND_MOVABLE_KEYS,
     GROUP,
     .keys = zmpop_keys,
     .since = "7.0.0",
     .summary = "Takes members from an end of the first of some sorted sets that has any.",
     .complexity = "O(K)+O(log(N)+M) for K keys and M members",
     .syntax = MANY_SYNTAX},
    {.name = "zpopmax", .run = run_zpopmax, POP_ROW, .summary = "Takes the members with the highest scores."},
    {.name = "zpopmin", .run = run_zpopmin, POP_ROW, .summary = "Takes the members with the lowest scores."},
    {.name = NULL},
};
