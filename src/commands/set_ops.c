/* set_ops: union, intersection and difference of sets. */
#include "base/mem.h"
#include "commands/command.h"
#include "commands/families.h"
#include "store/set.h"

#include <stdlib.h>

/* The sets that a command names: NULL for a key that doesn't exist. */
struct sets {
    const struct entry **set; /* from mem_alloc; borrowed until the keyspace changes */
    uint32_t count;
};

/* Those of argv[first] .. argv[first + count - 1]; false when one is no set, which is answered. */
static bool gather(struct call *c, uint32_t first, uint32_t count, struct sets *s)
{
    *s = (struct sets){mem_alloc(count * sizeof *s->set), count};
    for (uint32_t i = 0; i < count; i++) {
        struct place p;
        if (!call_place_read(c, first + i, TYPE_SET, &p)) {
            mem_free(s->set);
            return false;
        }
        s->set[i] = p.entry;
    }
    return true;
}

static void release(struct sets *s)
{
    mem_free(s->set);
}

/* Where the members of a result go. */
struct result {
    struct reply *reply; /* NULL: to `made` */
    uint64_t count;
    struct place made;
};

/* A member that wasn't shown before. */
static void take(void *ctx, struct slice member)
{
    struct result *r = ctx;
    if (r->reply)
        reply_bulk(r->reply, member);
    else
        set_put(&r->made, member);
    r->count++;
}

static int by_count(const void *a, const void *b)
{
    uint64_t x = set_count(*(const struct entry *const *)a), y = set_count(*(const struct entry *const *)b);
    return x < y ? -1 : x > y;
}

static void intersect(struct sets *s, struct result *r)
{
    qsort(s->set, s->count, sizeof *s->set, by_count);
    set_sift(s->set, s->count, SET_IN_ALL, UINT64_MAX, take, r);
}

static void subtract(struct sets *s, struct result *r)
{
    set_sift(s->set, s->count, SET_IN_NONE, UINT64_MAX, take, r);
}

/* What is in two sets must come once, so the union is made even when it is only shown. */
static void unite(struct sets *s, struct result *r)
{
    struct set_cursor c;
    struct slice member;
    for (uint32_t i = 0; i < s->count; i++) {
        bool first = !r->made.entry;
        set_begin(&c, s->set[i]);
        while (set_next(&c, &member)) {
            if (first)
                set_put(&r->made, member);
            else if (!set_add(&r->made, member))
                continue;
            if (r->reply)
                reply_bulk(r->reply, member);
            r->count++;
        }
    }
}

typedef void operation(struct sets *s, struct result *r);

/* Answers the result of the sets argv[1] and on. */
static void show(struct call *c, operation *run)
{
    struct sets s;
    if (!gather(c, 1, c->argc - 1, &s))
        return;
    struct result r = {.reply = c->reply, .made = place_workshop(c->keyspace)};
    struct output_piece *head = reply_defer(c->reply);
    run(&s, &r);
    reply_set_end(c->reply, head, r.count);
    if (r.made.entry)
        place_clear(&r.made);
    release(&s);
}

/* Makes argv[1] hold the result of the sets argv[2] and on. */
static void store(struct call *c, operation *run, const char *event)
{
    struct sets s;
    if (!gather(c, 2, c->argc - 2, &s))
        return;
    struct result r = {.made = place_workshop(c->keyspace)};
    run(&s, &r);
    release(&s);
    if (r.made.entry) {
        place_move(&r.made, c->db, c->argv[1], c->hashes[1], EXPIRY_NONE);
        call_changed(c, 1, EVENT_SET, event);
    } else if (keyspace_delete(c->keyspace, c->db, c->argv[1], c->hashes[1])) {
        call_changed(c, 1, EVENT_GENERIC, "del");
    }
    reply_int(c->reply, (int64_t)r.count);
}

static void show_intersection(struct call *c)
{
    show(c, intersect);
}

static void show_union(struct call *c)
{
    show(c, unite);
}

static void show_difference(struct call *c)
{
    show(c, subtract);
}

static void store_intersection(struct call *c)
{
    store(c, intersect, "sinterstore");
}

static void store_union(struct call *c)
{
    store(c, unite, "sunionstore");
}

static void store_difference(struct call *c)
{
    store(c, subtract, "sdiffstore");
}

/* [LIMIT limit] from argv[i] on, 0 for none; false when the error is answered. */
static bool read_limit(struct call *c, uint32_t i, int64_t *limit)
{
    for (*limit = 0; i < c->argc; i += 2) {
        if (!slice_is(c->argv[i], "LIMIT") || i + 1 == c->argc) {
            reply_error(c->reply, ERROR_SYNTAX);
            return false;
        }
        if (!call_int_within(c, i + 1, 0, INT64_MAX, limit, "ERR LIMIT can't be negative"))
            return false;
    }
    return true;
}

static void count_intersection(struct call *c)
{
    int64_t keys, limit;
    struct sets s;
    if (!call_int_within(c, 1, 1, INT64_MAX, &keys, "ERR numkeys should be greater than 0"))
        return;
    if (keys > c->argc - 2) {
        reply_error(c->reply, "ERR Number of keys can't be greater than number of args");
        return;
    }
    if (!read_limit(c, 2 + (uint32_t)keys, &limit) || !gather(c, 2, (uint32_t)keys, &s))
        return;
    qsort(s.set, s.count, sizeof *s.set, by_count);
    uint64_t most = limit ? (uint64_t)limit : UINT64_MAX;
    reply_int(c->reply, (int64_t)set_sift(s.set, s.count, SET_IN_ALL, most, NULL, NULL));
    release(&s);
}

/* ---- the table ---------------------------------------------------------------------- */

#define MANY_KEYS .first = 1, .last = -1, .step = 1, .group = "set"

#define STORE_KEYS(destination)                                                                              \
    {                                                                                                        \
        {.flags = destination, .begin = KEYS_AT_INDEX, .index = 1, .find = KEYS_RANGE, .step = 1},           \
            {.flags = "RO access",                                                                           \
             .begin = KEYS_AT_INDEX,                                                                         \
             .index = 2,                                                                                     \
             .find = KEYS_RANGE,                                                                             \
             .last = -1,                                                                                     \
             .step = 1},                                                                                     \
        {                                                                                                    \
            0                                                                                                \
        }                                                                                                    \
    }

static const struct key_spec over_keys[] = STORE_KEYS("OW update");
static const struct key_spec inter_keys[] = STORE_KEYS("RW update");
static const struct key_spec counted_keys[] = {
    {.flags = "RO access",
     .begin = KEYS_AT_INDEX,
     .index = 1,
     .find = KEYS_COUNTED,
     .count_index = 0,
     .first_key = 1,
     .count_step = 1},
    {0},
};

#define SHOW_ROW                                                                                             \
    .arity = -2, .flags = COMMAND_READONLY, MANY_KEYS, .key_flags = "RO access", .since = "1.0.0",           \
    .syntax = "key [key ...]", .tips = "nondeterministic_output_order"
#define STORE_ROW                                                                                            \
    .arity = -3, .flags = COMMAND_WRITE | COMMAND_DENYOOM, MANY_KEYS, .since = "1.0.0",                      \
    .syntax = "destination:key key [key ...]"
#define COST_INTER "O(N * M) for M sets, N members in the smallest"
#define COST_ALL "O(N) for N members in all sets"
#define COST_DIFF "O(N * M) for N members in the first of M sets"

const struct command set_ops_commands[] = {
    {.name = "sdiff",
     .run = show_difference,
     SHOW_ROW,
     .complexity = COST_DIFF,
     .summary = "Lists the members of a set that others don't have."},
    {.name = "sdiffstore",
     .run = store_difference,
     STORE_ROW,
     .keys = over_keys,
     .complexity = COST_DIFF,
     .summary = "Stores the members of a set that others don't have."},
    {.name = "sinter",
     .run = show_intersection,
     SHOW_ROW,
     .complexity = COST_INTER,
     .summary = "Lists the members that all sets have."},
    {.name = "sintercard",
     .run = count_intersection,
     .arity = -3,
     .flags = COMMAND_READONLY | COMMAND_MOVABLE_KEYS,
     .keys = counted_keys,
     .group = "set",
     .since = "7.0.0",
     .summary = "Counts the members that all sets have.",
     .complexity = COST_INTER,
     .syntax = "numkeys:integer key [key ...] [LIMIT limit:integer]"},
    {.name = "sinterstore",
     .run = store_intersection,
     STORE_ROW,
     .keys = inter_keys,
     .complexity = COST_INTER,
     .summary = "Stores the members that all sets have."},
    {.name = "sunion",
     .run = show_union,
     SHOW_ROW,
     .complexity = COST_ALL,
     .summary = "Lists the members that one set or more have."},
    {.name = "sunionstore",
     .run = store_union,
     STORE_ROW,
     .keys = over_keys,
     .complexity = COST_ALL,
     .summary = "Stores the members that one set or more have."},
    {.name = NULL},
};
