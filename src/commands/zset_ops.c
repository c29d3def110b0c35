/* zset_ops: what several sorted sets have together, in common, or one of them alone.
 *
 * Plain sets go in as well; their members score 1. The result is gathered first
 * and then answered or stored, so a key may be source and destination at once. */
#include "base/mem.h"
#include "commands/command.h"
#include "commands/families.h"
#include "commands/zset_gather.h"
#include "commands/zset_reply.h"
#include "store/set.h"
#include "store/zset.h"

#include <math.h>
#include <stdlib.h>

#define INPUTS_LOCAL 8

enum operation { UNION, INTER, DIFF };
enum aggregate { SUM, LEAST, GREATEST };

struct input {
    const struct entry *entry; /* NULL: empty */
    uint64_t count;
    double weight;
    uint32_t number; /* in the order of the arguments */
};

/* One request. */
struct combination {
    enum operation operation;
    bool store;      /* the result goes to argv[1] */
    bool count_only; /* ZINTERCARD */
    enum aggregate aggregate;
    bool scores;   /* WITHSCORES */
    int64_t limit; /* of ZINTERCARD; 0: none */
    uint32_t input_count;
    uint32_t first_key; /* of the inputs, in argv */
    struct input *inputs;
    struct input local[INPUTS_LOCAL];
};

/* ---- sets of both types ------------------------------------------------------------- */

struct walk {
    bool plain;
    union {
        struct set_cursor set;
        struct zset_cursor zset;
    };
};

static void walk_begin(struct walk *w, const struct entry *e)
{
    w->plain = e && entry_type(e) == TYPE_SET;
    if (w->plain)
        set_begin(&w->set, e);
    else
        zset_seek(&w->zset, e, 0, false);
}

/* As zset_next. */
static bool walk_next(struct walk *w, struct slice *member, double *score)
{
    if (!w->plain)
        return zset_next(&w->zset, member, score);
    *score = 1;
    return set_next(&w->set, member);
}

static uint64_t entry_members(const struct entry *e)
{
    return e && entry_type(e) == TYPE_SET ? set_count(e) : zset_count(e);
}

static bool find_score(const struct entry *e, struct slice member, double *score)
{
    if (!e || entry_type(e) != TYPE_SET)
        return zset_score(e, member, score);
    *score = 1;
    return set_has(e, member);
}

/* ---- reading a request ---------------------------------------------------------------- */

/* numkeys key ... from argv[at] on: reads every key once, as Redis does before it looks at the options. False when
 * the error is answered. */
static bool read_keys(struct call *c, uint32_t at, struct combination *m)
{
    int64_t keys;
    if (!call_int(c, at, &keys, NULL))
        return false;
    if (keys < 1) {
        reply_errorf(c->reply, "ERR at least 1 input key is needed for '%s' command", c->command->name);
        return false;
    }
    if (keys > c->argc - at - 1) {
        reply_error(c->reply, ERROR_SYNTAX);
        return false;
    }
    m->first_key = at + 1;
    m->input_count = (uint32_t)keys;
    for (uint32_t i = m->first_key; i < m->first_key + m->input_count; i++) {
        const struct entry *e = keyspace_read(c->keyspace, c->db, c->argv[i], call_key_hash(c, i));
        if (e && entry_type(e) != TYPE_ZSET && entry_type(e) != TYPE_SET) {
            reply_error(c->reply, ERROR_WRONG_TYPE);
            return false;
        }
    }
    return true;
}

/* The inputs as they are now. From here on nothing changes the keyspace until all is gathered. */
static void find_inputs(struct call *c, struct combination *m)
{
    m->inputs = m->local;
    if (m->input_count > INPUTS_LOCAL)
        m->inputs = mem_alloc(m->input_count * sizeof *m->inputs);
    for (uint32_t i = 0; i < m->input_count; i++) {
        uint32_t key = m->first_key + i;
        const struct entry *e = keyspace_find(c->keyspace, c->db, c->argv[key], call_key_hash(c, key));
        m->inputs[i] =
            (struct input){.entry = e, .count = e ? entry_members(e) : 0, .weight = 1, .number = i};
    }
}

static bool read_weights(struct call *c, uint32_t at, struct combination *m)
{
    for (uint32_t i = 0; i < m->input_count; i++)
        if (!call_double(c, at + i, &m->inputs[i].weight, "ERR weight value is not a float"))
            return false;
    return true;
}

static bool read_aggregate(struct slice word, enum aggregate *a)
{
    static const char *const names[] = {[SUM] = "SUM", [LEAST] = "MIN", [GREATEST] = "MAX"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_is(word, names[i])) {
            *a = (enum aggregate)i;
            return true;
        }
    return false;
}

/* What stands behind the keys; false when the error is answered. */
static bool read_options(struct call *c, struct combination *m)
{
    bool weighs = m->operation != DIFF && !m->count_only;
    for (uint32_t i = m->first_key + m->input_count; i < c->argc; i++) {
        struct slice word = c->argv[i];
        uint32_t behind = c->argc - i - 1;
        if (weighs && behind >= m->input_count && slice_is(word, "WEIGHTS")) {
            if (!read_weights(c, i + 1, m))
                return false;
            i += m->input_count;
        } else if (weighs && behind && slice_is(word, "AGGREGATE") &&
                   read_aggregate(c->argv[i + 1], &m->aggregate)) {
            i++;
        } else if (!m->store && !m->count_only && slice_is(word, "WITHSCORES")) {
            m->scores = true;
        } else if (m->count_only && behind && slice_is(word, "LIMIT")) {
            if (!call_int_within(c, ++i, 0, INT64_MAX, &m->limit, "ERR LIMIT can't be negative"))
                return false;
        } else {
            reply_error(c->reply, ERROR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* ---- scores ------------------------------------------------------------------------- */

/* Zero times infinity is zero here. */
static double weighted(double score, double weight)
{
    double value = score * weight;
    return unlikely(isnan(value)) ? 0 : value;
}

static double aggregated(enum aggregate a, double so_far, double value)
{
    if (a == LEAST)
        return value < so_far ? value : so_far;
    if (a == GREATEST)
        return value > so_far ? value : so_far;
    double sum = so_far + value; /* of both infinities there is none */
    return unlikely(isnan(sum)) ? 0 : sum;
}

/* ---- the operations ------------------------------------------------------------------- */

static int by_count(const void *left, const void *right)
{
    const struct input *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

static void unite(const struct combination *m, struct gather *g)
{
    struct walk w;
    struct slice member;
    double score;
    for (uint32_t i = 0; i < m->input_count; i++) {
        walk_begin(&w, m->inputs[i].entry);
        while (walk_next(&w, &member, &score)) {
            bool is_new;
            double value = weighted(score, m->inputs[i].weight);
            struct gathered *item = gather_put(g, member, value, &is_new);
            if (!is_new)
                item->score = aggregated(m->aggregate, item->score, value);
        }
    }
}

/* True when member is in all inputs from the second on; *value is aggregated with its scores there. */
static bool in_others(const struct combination *m, struct slice member, double *value)
{
    for (uint32_t i = 1; i < m->input_count; i++) {
        double score;
        if (!find_score(m->inputs[i].entry, member, &score))
            return false;
        /* not weighted(): Redis minds a product that isn't a number in the first input only */
        *value = aggregated(m->aggregate, *value, score * m->inputs[i].weight);
    }
    return true;
}

/* Gathers what the inputs have in common, or with count_only counts it. */
static uint64_t intersect(const struct combination *m, struct gather *g)
{
    struct walk w;
    struct slice member;
    double score;
    uint64_t count = 0;
    walk_begin(&w, m->inputs[0].entry);
    while (walk_next(&w, &member, &score)) {
        double value = weighted(score, m->inputs[0].weight);
        if (!in_others(m, member, &value))
            continue;
        count++;
        if (!m->count_only)
            gather_add(g, member, value);
        else if (count == (uint64_t)m->limit)
            break;
    }
    return count;
}

static bool in_any_other(const struct combination *m, struct slice member)
{
    double score;
    for (uint32_t i = 1; i < m->input_count; i++)
        if (find_score(m->inputs[i].entry, member, &score))
            return true;
    return false;
}

/* Keeps what no other input has, by looking each up there. */
static void subtract_by_looking(const struct combination *m, struct gather *g)
{
    struct walk w;
    struct slice member;
    double score;
    walk_begin(&w, m->inputs[0].entry);
    while (walk_next(&w, &member, &score))
        if (!in_any_other(m, member))
            gather_add(g, member, score);
}

/* Gathers all of the first input and takes out what walks over the others come upon. */
static void subtract_by_walking(const struct combination *m, struct gather *g)
{
    struct walk w;
    struct slice member;
    double score;
    bool is_new;
    walk_begin(&w, m->inputs[0].entry);
    while (walk_next(&w, &member, &score))
        gather_put(g, member, score, &is_new);
    for (uint32_t i = 1; i < m->input_count; i++) {
        walk_begin(&w, m->inputs[i].entry);
        while (walk_next(&w, &member, &score)) {
            struct gathered *item = gather_find(g, member);
            if (item)
                item->score = NAN; /* no member has that score */
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < g->count; i++)
        if (!isnan(g->items[i].score))
            g->items[kept++] = g->items[i];
    g->count = kept;
}

static void subtract(const struct combination *m, struct gather *g)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < m->input_count; i++)
        all += m->inputs[i].count;
    /* A look-up costs about as much as two steps of a walk. */
    if (m->inputs[0].count * (m->input_count - 1) * 2 <= all)
        subtract_by_looking(m, g);
    else
        subtract_by_walking(m, g);
}

/* ---- answering ---------------------------------------------------------------------- */

static void reply_gathered(struct call *c, struct gather *g, bool scores)
{
    gather_sort(g);
    zset_reply_list(c->reply, g->count, scores);
    for (size_t i = 0; i < g->count; i++)
        zset_reply_member(c->reply, gather_member(g, &g->items[i]), g->items[i].score, scores);
}

static void run_operation(struct call *c, struct combination *m)
{
    static const char *const events[] = {
        [UNION] = "zunionstore", [INTER] = "zinterstore", [DIFF] = "zdiffstore"};
    struct gather g = {0};
    uint64_t count = 0;
    if (m->operation != DIFF)
        qsort(m->inputs, m->input_count, sizeof *m->inputs, by_count);
    if (m->operation == UNION)
        unite(m, &g);
    else if (m->operation == INTER)
        count = intersect(m, &g);
    else
        subtract(m, &g);
    if (m->count_only)
        reply_int(c->reply, (int64_t)count);
    else if (m->store)
        gather_store(&g, c, 1, events[m->operation]);
    else
        reply_gathered(c, &g, m->scores);
    gather_deinit(&g);
}

/* A request whose numkeys stands at argv[at]. */
static void combine(struct call *c, uint32_t at, struct combination m)
{
    if (!read_keys(c, at, &m))
        return;
    find_inputs(c, &m);
    if (read_options(c, &m))
        run_operation(c, &m);
    if (m.inputs != m.local)
        mem_free(m.inputs);
}

static void run_zunion(struct call *c)
{
    combine(c, 1, (struct combination){.operation = UNION});
}

static void run_zunionstore(struct call *c)
{
    combine(c, 2, (struct combination){.operation = UNION, .store = true});
}

static void run_zinter(struct call *c)
{
    combine(c, 1, (struct combination){.operation = INTER});
}

static void run_zinterstore(struct call *c)
{
    combine(c, 2, (struct combination){.operation = INTER, .store = true});
}

static void run_zintercard(struct call *c)
{
    combine(c, 1, (struct combination){.operation = INTER, .count_only = true});
}

static void run_zdiff(struct call *c)
{
    combine(c, 1, (struct combination){.operation = DIFF});
}

static void run_zdiffstore(struct call *c)
{
    combine(c, 2, (struct combination){.operation = DIFF, .store = true});
}

/* ---- the rows ------------------------------------------------------------------------ */

#define COUNTED(where)                                                                                       \
    {                                                                                                        \
        .flags = "RO access", .begin = KEYS_AT_INDEX, .index = where, .find = KEYS_COUNTED, .first_key = 1,  \
        .count_step = 1                                                                                      \
    }

static const struct key_spec read_key_specs[] = {COUNTED(1), {0}};
static const struct key_spec store_key_specs[] = {
    {.flags = "OW update", .begin = KEYS_AT_INDEX, .index = 1, .find = KEYS_RANGE, .step = 1},
    COUNTED(2),
    {0},
};

#define READ_ROW                                                                                             \
    .arity = -3, .flags = COMMAND_READONLY | COMMAND_MOVABLE_KEYS, .group = "sorted-set",                    \
    .keys = read_key_specs
#define STORE_ROW                                                                                            \
    .arity = -4, .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_MOVABLE_KEYS, .first = 1, .last = 1,     \
    .step = 1, .group = "sorted-set", .keys = store_key_specs
#define UNION_COST .complexity = "O(N)+O(M*log(M)) for N members of all sets and M of the result"
#define INTER_COST                                                                                           \
    .complexity = "O(N*K)+O(M*log(M)) for N members of the smallest of K sets and M of the result"
#define DIFF_COST .complexity = "O(N)+O(M*log(M)) for N members of all sets and M of the result"
#define KEYS "numkeys:integer key [key ...]"
#define STORE_KEYS "destination:key numkeys:integer key [key ...]"
#define WEIGHING " [WEIGHTS weight:integer ...] [AGGREGATE <aggregate=SUM | MIN | MAX>]"

const struct command zset_ops_commands[] = {
    {.name = "zdiff",
     .run = run_zdiff,
     READ_ROW,
     DIFF_COST,
     .since = "6.2.0",
     .summary = "Gives the members of the first sorted set that none of the others has.",
     .syntax = KEYS " [WITHSCORES]"},
    {.name = "zdiffstore",
     .run = run_zdiffstore,
     STORE_ROW,
     DIFF_COST,
     .since = "6.2.0",
     .summary = "Stores the members of the first sorted set that none of the others has.",
     .syntax = STORE_KEYS},
    {.name = "zinter",
     .run = run_zinter,
     READ_ROW,
     INTER_COST,
     .since = "6.2.0",
     .summary = "Gives the members that all of some sorted sets have.",
     .syntax = KEYS WEIGHING " [WITHSCORES]"},
    {.name = "zintercard",
     .run = run_zintercard,
     READ_ROW,
     .complexity = "O(N*K) for N members of the smallest of K sets",
     .since = "7.0.0",
     .summary = "Counts the members that all of some sorted sets have.",
     .syntax = KEYS " [LIMIT limit:integer]"},
    {.name = "zinterstore",
     .run = run_zinterstore,
     STORE_ROW,
     INTER_COST,
     .since = "2.0.0",
     .summary = "Stores the members that all of some sorted sets have.",
     .syntax = STORE_KEYS WEIGHING},
    {.name = "zunion",
     .run = run_zunion,
     READ_ROW,
     UNION_COST,
     .since = "6.2.0",
     .summary = "Gives the members of several sorted sets together.",
     .syntax = KEYS WEIGHING " [WITHSCORES]"},
    {.name = "zunionstore",
     .run = run_zunionstore,
     STORE_ROW,
     UNION_COST,
     .since = "2.0.0",
     .summary = "Stores the members of several sorted sets together.",
     .syntax = STORE_KEYS WEIGHING},
    {.name = NULL},
};
