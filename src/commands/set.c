/* set: the commands on one set. Those on several are in set_ops.c. */
#include "store/set.h"
#include "commands/command.h"
#include "commands/families.h"
#include "commands/scan.h"

/* ---- members as arguments ---------------------------------------------------------- */

/* Arguments whose hashes are computed, and whose places in the table are fetched, together. */
#define TOGETHER 16

struct members {
    uint32_t from, to; /* of argv: those that hash[] knows */
    bool hashed;
    uint64_t hash[TOGETHER];
};

/* Gets argv[i] and the next ones ready. */
static void prepare(struct call *c, const struct entry *e, uint32_t i, struct members *m)
{
    m->from = i;
    m->to = c->argc - i < TOGETHER ? c->argc : i + TOGETHER;
    m->hashed = set_is_hashed(e);
    if (!m->hashed)
        return;
    for (uint32_t n = i; n < m->to; n++)
        m->hash[n - i] = call_member_hash(c, n);
    if (m->to - i > 1)
        set_prefetch(e, m->hash, m->to - i);
}

/* The hash of argv[i] where the set at e needs one. The set may have become a table since the others were hashed. */
static inline uint64_t hash_of(struct call *c, const struct entry *e, uint32_t i, struct members *m)
{
    if (unlikely(i >= m->to || (set_is_hashed(e) && !m->hashed)))
        prepare(c, e, i, m);
    return m->hashed ? m->hash[i - m->from] : 0;
}

static void add(struct call *c)
{
    struct place p;
    struct members m = {0};
    int64_t added = 0;
    if (!call_place(c, 1, TYPE_SET, &p))
        return;
    set_expect(&p, c->argv[2], c->argc - 2);
    for (uint32_t i = 2; i < c->argc; i++)
        added += set_add_hashed(&p, c->argv[i], hash_of(c, p.entry, i, &m));
    if (added)
        call_changed(c, 1, EVENT_SET, "sadd");
    reply_int(c->reply, added);
}

static void take(struct call *c)
{
    struct place p;
    struct members m = {0};
    int64_t removed = 0;
    if (!call_place(c, 1, TYPE_SET, &p))
        return;
    for (uint32_t i = 2; i < c->argc && p.entry && set_count(p.entry); i++)
        removed += set_remove_hashed(&p, c->argv[i], hash_of(c, p.entry, i, &m));
    if (removed)
        call_changed(c, 1, EVENT_SET, "srem");
    if (p.entry && !set_count(p.entry))
        call_emptied(c, 1, &p);
    reply_int(c->reply, removed);
}

static void is_member(struct call *c)
{
    struct place p;
    struct members m = {0};
    if (call_place_read(c, 1, TYPE_SET, &p))
        reply_int(c->reply, set_has_hashed(p.entry, c->argv[2], hash_of(c, p.entry, 2, &m)));
}

static void are_members(struct call *c)
{
    struct place p;
    struct members m = {0};
    if (!call_place_read(c, 1, TYPE_SET, &p))
        return;
    reply_array(c->reply, c->argc - 2);
    for (uint32_t i = 2; i < c->argc; i++)
        reply_int(c->reply, set_has_hashed(p.entry, c->argv[i], hash_of(c, p.entry, i, &m)));
}

static void move(struct call *c)
{
    struct place from, to;
    if (!call_place(c, 1, TYPE_SET, &from))
        return;
    if (!from.entry) {
        reply_int(c->reply, 0); /* whatever the destination is */
        return;
    }
    if (!call_place(c, 2, TYPE_SET, &to))
        return;
    struct slice member = c->argv[3];
    if (from.entry == to.entry) {
        reply_int(c->reply, set_has(from.entry, member));
        return;
    }
    if (!set_remove(&from, member)) {
        reply_int(c->reply, 0);
        return;
    }
    call_changed(c, 1, EVENT_SET, "srem");
    if (!set_count(from.entry))
        call_emptied(c, 1, &from);
    to = place_find(c->keyspace, c->db, c->argv[2], c->hashes[2]);
    if (set_add(&to, member))
        call_changed(c, 2, EVENT_SET, "sadd");
    reply_int(c->reply, 1);
}

/* ---- all of it ------------------------------------------------------------------------ */

static void count(struct call *c)
{
    struct place p;
    if (call_place_read(c, 1, TYPE_SET, &p))
        reply_int(c->reply, (int64_t)set_count(p.entry));
}

static void reply_all(struct reply *r, const struct entry *e)
{
    struct set_cursor cursor;
    struct slice member;
    set_begin(&cursor, e);
    while (set_next(&cursor, &member))
        reply_bulk(r, member);
}

static void members(struct call *c)
{
    struct place p;
    if (!call_place_read(c, 1, TYPE_SET, &p))
        return;
    reply_set(c->reply, set_count(p.entry));
    reply_all(c->reply, p.entry);
}

/* A cursor of a dict has this many bits; what is above lies behind the end. */
#define CURSOR_BITS 48

struct scan {
    struct reply *reply;
    const struct scan_options *options;
    uint64_t seen, shown;
};

static void scan_visit(void *ctx, struct slice member)
{
    struct scan *s = ctx;
    s->seen++;
    if (!scan_matches(s->options, member))
        return;
    reply_bulk(s->reply, member);
    s->shown++;
}

static void scan(struct call *c)
{
    uint64_t cursor;
    struct scan_options options;
    struct place p;
    if (!scan_cursor(c, 2, &cursor) || !call_place_read(c, 1, TYPE_SET, &p))
        return;
    /* Without a set the options aren't looked at. */
    if (p.entry && !scan_options(c, false, &options))
        return;
    struct scan s = {.reply = c->reply, .options = &options};
    struct output_piece *head = scan_reply_begin(c);
    if (!p.entry || (set_is_hashed(p.entry) && cursor >> CURSOR_BITS)) {
        cursor = 0;
    } else {
        do {
            cursor = set_scan(p.entry, cursor, scan_visit, &s);
        } while (cursor && s.seen < (uint64_t)options.count);
    }
    scan_reply_end(c, head, cursor, s.shown);
}

/* ---- at random ------------------------------------------------------------------------- */

static void reply_member(void *ctx, struct slice member)
{
    reply_bulk(ctx, member);
}

/* SPOP with a count, which stands in argv[2]. */
static void pop_many(struct call *c)
{
    struct place p;
    int64_t want;
    if (!call_int_within(c, 2, 0, INT64_MAX, &want, "ERR value is out of range, must be positive") ||
        !call_place(c, 1, TYPE_SET, &p))
        return;
    uint64_t there = set_count(p.entry);
    if (!want || !there) {
        reply_set(c->reply, 0);
        return;
    }
    if ((uint64_t)want >= there) {
        reply_set(c->reply, there);
        reply_all(c->reply, p.entry);
        call_changed(c, 1, EVENT_SET, "spop");
        call_emptied(c, 1, &p);
        return;
    }
    reply_set(c->reply, (size_t)want);
    for (; want; want--)
        set_pop(&p, reply_member, c->reply);
    call_changed(c, 1, EVENT_SET, "spop");
}

static void pop(struct call *c)
{
    struct place p;
    if (c->argc == 3) {
        pop_many(c);
        return;
    }
    if (c->argc > 3) {
        reply_error(c->reply, ERROR_SYNTAX);
        return;
    }
    if (!call_place(c, 1, TYPE_SET, &p))
        return;
    if (!p.entry) {
        reply_null(c->reply);
        return;
    }
    set_pop(&p, reply_member, c->reply);
    call_changed(c, 1, EVENT_SET, "spop");
    if (!set_count(p.entry))
        call_emptied(c, 1, &p);
}

/* SRANDMEMBER with a count, which stands in argv[2]. */
static void random_many(struct call *c)
{
    struct place p;
    int64_t want;
    bool paired;
    if (!call_random_count(c, NULL, &want, &paired) || !call_place_read(c, 1, TYPE_SET, &p))
        return;
    uint64_t there = set_count(p.entry);
    if (!want || !there) {
        reply_array(c->reply, 0);
    } else if (want < 0) {
        reply_array(c->reply, (size_t)-want);
        set_draw(p.entry, (uint64_t)-want, reply_member, c->reply);
    } else {
        uint64_t few = (uint64_t)want < there ? (uint64_t)want : there;
        reply_array(c->reply, few);
        set_sample(p.entry, few, reply_member, c->reply);
    }
}

static void random_one(struct call *c)
{
    struct place p;
    char scratch[PACK_DIGITS];
    struct slice member;
    if (c->argc == 3) {
        random_many(c);
        return;
    }
    if (c->argc > 3) {
        reply_error(c->reply, ERROR_SYNTAX);
        return;
    }
    if (!call_place_read(c, 1, TYPE_SET, &p))
        return;
    if (set_random(p.entry, scratch, &member))
        reply_bulk(c->reply, member);
    else
        reply_null(c->reply);
}

/* ---- the table ------------------------------------------------------------------------- */

#define ONE_KEY .first = 1, .last = 1, .step = 1, .group = "set"

static const struct key_spec move_keys[] = {
    {.flags = "RW access delete", .begin = KEYS_AT_INDEX, .index = 1, .find = KEYS_RANGE, .step = 1},
    {.flags = "RW insert", .begin = KEYS_AT_INDEX, .index = 2, .find = KEYS_RANGE, .step = 1},
    {0},
};

const struct command set_commands[] = {
    {.name = "sadd",
     .run = add,
     .arity = -3,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     ONE_KEY,
     .member = 2,
     .key_flags = "RW insert",
     .since = "1.0.0",
     .summary = "Adds members to a set.",
     .complexity = "O(N) for N members",
     .syntax = "key member [member ...]"},
    {.name = "scard",
     .run = count,
     .arity = 2,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     ONE_KEY,
     .key_flags = "RO",
     .since = "1.0.0",
     .summary = "Counts the members of a set.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "sismember",
     .run = is_member,
     .arity = 3,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     ONE_KEY,
     .member = 2,
     .key_flags = "RO",
     .since = "1.0.0",
     .summary = "Tells whether a set has a member.",
     .complexity = "O(1)",
     .syntax = "key member"},
    {.name = "smembers",
     .run = members,
     .arity = 2,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .key_flags = "RO access",
     .since = "1.0.0",
     .summary = "Lists the members of a set.",
     .complexity = "O(N) for N members",
     .syntax = "key",
     .tips = "nondeterministic_output_order"},
    {.name = "smismember",
     .run = are_members,
     .arity = -3,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     ONE_KEY,
     .member = 2,
     .key_flags = "RO access",
     .since = "6.2.0",
     .summary = "Tells for each of some members whether a set has it.",
     .complexity = "O(N) for N members",
     .syntax = "key member [member ...]"},
    {.name = "smove",
     .run = move,
     .arity = 4,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .first = 1,
     .last = 2,
     .step = 1,
     .keys = move_keys,
     .group = "set",
     .since = "1.0.0",
     .summary = "Moves a member from one set to another.",
     .complexity = "O(1)",
     .syntax = "source:key destination:key member"},
    {.name = "spop",
     .run = pop,
     .arity = -2,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     ONE_KEY,
     .key_flags = "RW access delete",
     .since = "1.0.0",
     .summary = "Takes members out of a set at random and returns them.",
     .complexity = "O(N) for N members that are taken",
     .syntax = "key [count:integer@3.2.0]",
     .tips = "nondeterministic_output"},
    {.name = "srandmember",
     .run = random_one,
     .arity = -2,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .key_flags = "RO access",
     .since = "1.0.0",
     .summary = "Returns members of a set at random.",
     .complexity = "O(N) for N members that are returned",
     .syntax = "key [count:integer@2.6.0]",
     .tips = "nondeterministic_output"},
    {.name = "srem",
     .run = take,
     .arity = -3,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     ONE_KEY,
     .member = 2,
     .key_flags = "RW delete",
     .since = "1.0.0",
     .summary = "Removes members from a set.",
     .complexity = "O(N) for N members",
     .syntax = "key member [member ...]"},
    {.name = "sscan",
     .run = scan,
     .arity = -3,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .key_flags = "RO access",
     .since = "2.8.0",
     .summary = "Lists the members of a set, some at a time.",
     .complexity = "O(1) for each call, O(N) for a round over N members",
     .syntax = "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
     .tips = "nondeterministic_output"},
    {.name = NULL},
};
