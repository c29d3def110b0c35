/* zset: sorted sets member by member. Ranges are in zset_range.c, several sets at once in
 * zset_ops.c, the ends and waiting for them in zset_block.c. */
#include "store/zset.h"

#include "base/mem.h"
#include "base/number.h"
#include "base/random.h"
#include "commands/command.h"
#include "commands/families.h"
#include "commands/scan.h"
#include "commands/zset_gather.h"
#include "commands/zset_reply.h"

#include <stdio.h>

/* ---- adding ---------------------------------------------------------------------- */

#define SCORES_LOCAL 32

/* What the words before the scores ask for. */
struct adding {
    unsigned how;       /* enum zset_how */
    bool count_changes; /* CH */
};

/* Takes the word when it is an option of ZADD. */
static bool read_option(struct slice word, struct adding *a)
{
    if (likely(word.len == 0 || word.ptr[0] < 'A')) /* a number, as scores nearly always begin */
        return false;
    if (slice_is(word, "NX"))
        a->how |= ZSET_IF_MISSING;
    else if (slice_is(word, "XX"))
        a->how |= ZSET_IF_THERE;
    else if (slice_is(word, "GT"))
        a->how |= ZSET_IF_GREATER;
    else if (slice_is(word, "LT"))
        a->how |= ZSET_IF_LESS;
    else if (slice_is(word, "CH"))
        a->count_changes = true;
    else if (slice_is(word, "INCR"))
        a->how |= ZSET_INCREMENT;
    else
        return false;
    return true;
}

/* What is wrong with options that go before `words` more arguments; NULL: nothing. */
static const char *find_conflict(unsigned how, uint32_t words)
{
    bool missing = how & ZSET_IF_MISSING, greater = how & ZSET_IF_GREATER, less = how & ZSET_IF_LESS;
    if (!words || words % 2)
        return ERROR_SYNTAX;
    if (missing && how & ZSET_IF_THERE)
        return "ERR XX and NX options at the same time are not compatible";
    if ((missing && (greater || less)) || (greater && less))
        return "ERR GT, LT, and/or NX options at the same time are not compatible";
    if (how & ZSET_INCREMENT && words > 2)
        return "ERR INCR option supports a single increment-element pair";
    return NULL;
}

/* Adds the members argv[first + 1], argv[first + 3], ... with these scores, and answers. */
static void add_members(struct call *c, struct place *p, const struct adding *a, uint32_t first,
                        double *scores)
{
    bool increment = a->how & ZSET_INCREMENT;
    int64_t added = 0, moved = 0;
    enum zset_change change = ZSET_SAME;
    if (p->entry || !(a->how & ZSET_IF_THERE))
        zset_expect(p, (c->argc - first) / 2);
    for (uint32_t i = first; i < c->argc; i += 2) {
        uint64_t hash = call_table_hash(c, p->entry, i + 1);
        change = zset_add_hashed(p, c->argv[i + 1], hash, a->how, &scores[(i - first) / 2]);
        added += change == ZSET_ADDED;
        moved += change == ZSET_MOVED;
    }
    if (added + moved)
        call_changed(c, 1, EVENT_ZSET, increment ? "zincr" : "zadd");
    if (!increment)
        reply_int(c->reply, a->count_changes ? added + moved : added);
    else if (change == ZSET_NAN)
        reply_error(c->reply, "ERR resulting score is not a number (NaN)");
    else if (change == ZSET_REFUSED)
        reply_null(c->reply);
    else
        reply_double(c->reply, scores[0]);
}

/* ZADD; ZINCRBY is ZADD with INCR. */
static void add(struct call *c, struct adding a)
{
    uint32_t first = 2;
    while (first < c->argc && read_option(c->argv[first], &a))
        first++;
    uint32_t words = c->argc - first;
    const char *conflict = find_conflict(a.how, words);
    if (unlikely(conflict != NULL)) {
        reply_error(c->reply, conflict);
        return;
    }
    double local[SCORES_LOCAL];
    double *scores = words / 2 <= SCORES_LOCAL ? local : mem_alloc(words / 2 * sizeof *scores);
    bool ok = true;
    for (uint32_t i = 0; i < words / 2 && ok; i++)
        ok = call_double(c, first + 2 * i, &scores[i], NULL);
    struct place p;
    if (ok && call_place(c, 1, TYPE_ZSET, &p))
        add_members(c, &p, &a, first, scores);
    if (scores != local)
        mem_free(scores);
}

static void run_zadd(struct call *c)
{
    add(c, (struct adding){0});
}

static void run_zincrby(struct call *c)
{
    add(c, (struct adding){.how = ZSET_INCREMENT});
}

static void run_zrem(struct call *c)
{
    struct place p;
    if (!call_place(c, 1, TYPE_ZSET, &p))
        return;
    int64_t removed = 0;
    for (uint32_t i = 2; i < c->argc && zset_count(p.entry); i++)
        removed += zset_remove_hashed(&p, c->argv[i], call_table_hash(c, p.entry, i));
    if (removed) {
        call_changed(c, 1, EVENT_ZSET, "zrem");
        if (!zset_count(p.entry))
            call_emptied(c, 1, &p);
    }
    reply_int(c->reply, removed);
}

/* ---- looking --------------------------------------------------------------------- */

static void run_zcard(struct call *c)
{
    struct place p;
    if (call_place_read(c, 1, TYPE_ZSET, &p))
        reply_int(c->reply, (int64_t)zset_count(p.entry));
}

/* The score of the member argv[i]. */
static void reply_score(struct call *c, const struct entry *e, uint32_t i)
{
    double score;
    if (zset_score_hashed(e, c->argv[i], call_table_hash(c, e, i), &score))
        reply_double(c->reply, score);
    else
        reply_null(c->reply);
}

static void run_zscore(struct call *c)
{
    struct place p;
    if (call_place_read(c, 1, TYPE_ZSET, &p))
        reply_score(c, p.entry, 2);
}

static void run_zmscore(struct call *c)
{
    struct place p;
    if (!call_place_read(c, 1, TYPE_ZSET, &p))
        return;
    reply_array(c->reply, c->argc - 2);
    for (uint32_t i = 2; i < c->argc; i++)
        reply_score(c, p.entry, i);
}

static void rank(struct call *c, bool from_top)
{
    bool with_score = c->argc == 4;
    if (c->argc > 4) {
        call_wrong_arity(c);
        return;
    }
    if (with_score && !slice_is(c->argv[3], "WITHSCORE")) {
        reply_error(c->reply, ERROR_SYNTAX);
        return;
    }
    struct place p;
    if (!call_place_read(c, 1, TYPE_ZSET, &p))
        return;
    uint64_t at;
    double score;
    if (!zset_rank_hashed(p.entry, c->argv[2], call_table_hash(c, p.entry, 2), &at, &score)) {
        if (with_score)
            reply_null_array(c->reply);
        else
            reply_null(c->reply);
        return;
    }
    if (from_top)
        at = zset_count(p.entry) - 1 - at;
    if (with_score)
        reply_array(c->reply, 2);
    reply_int(c->reply, (int64_t)at);
    if (with_score)
        reply_double(c->reply, score);
}

static void run_zrank(struct call *c)
{
    rank(c, false);
}

static void run_zrevrank(struct call *c)
{
    rank(c, true);
}

/* ---- ZRANDMEMBER ------------------------------------------------------------------- */

/* More repeats than these come faster out of a copy of a packed set. */
#define COPY_REPEATS 8

/* The member at that rank. */
static void reply_rank(struct reply *r, const struct entry *e, uint64_t at, bool scores)
{
    struct zset_cursor cursor;
    struct slice member;
    double score;
    zset_seek(&cursor, e, at, false);
    if (zset_next(&cursor, &member, &score))
        zset_reply_member(r, member, score, scores);
}

/* As reply_repeated, with all of a packed set copied out, so that any member is at hand. */
static void reply_repeated_copies(struct reply *r, const struct entry *e, uint64_t count, bool scores)
{
    struct gather all = {0};
    struct zset_cursor cursor;
    struct slice member;
    double score;
    zset_seek(&cursor, e, 0, false);
    while (zset_next(&cursor, &member, &score))
        gather_add(&all, member, score);
    while (count--) {
        const struct gathered *item = &all.items[random_below(all.count)];
        zset_reply_member(r, gather_member(&all, item), item->score, scores);
    }
    gather_deinit(&all);
}

/* `count` members, any of them several times. */
static void reply_repeated(struct reply *r, const struct entry *e, uint64_t count, bool scores)
{
    if (!zset_is_table(e) && count > COPY_REPEATS) {
        reply_repeated_copies(r, e, count, scores);
        return;
    }
    struct zset_cursor cursor;
    struct slice member;
    double score;
    while (count-- && zset_random(&cursor, e, &member, &score))
        zset_reply_member(r, member, score, scores);
}

/* `count` of the `total` members by a walk over all: each goes with the odds that the rest leave it. */
static void reply_by_walk(struct reply *r, const struct entry *e, uint64_t count, uint64_t total, bool scores)
{
    struct zset_cursor cursor;
    struct slice member;
    double score;
    zset_seek(&cursor, e, 0, false);
    for (; count && zset_next(&cursor, &member, &score); total--) {
        if (random_below(total) >= count)
            continue;
        zset_reply_member(r, member, score, scores);
        count--;
    }
}

/* True when n wasn't in the table of numbers + 1, a power of two of them more than half empty; it is afterwards. */
static bool note_number(uint64_t *slots, size_t mask, uint64_t n)
{
    size_t i = n * 0x9e3779b97f4a7c15ull >> 20 & mask;
    for (; slots[i]; i = (i + 1) & mask)
        if (slots[i] == n + 1)
            return false;
    slots[i] = n + 1;
    return true;
}

/* `count` of the `total` members by their ranks, all sets of so many with even odds (Floyd's way): the i-th
 * draw is among the first total - count + i; where it falls on one that is taken, the last of these goes. */
static void reply_by_rank(struct reply *r, const struct entry *e, uint64_t count, uint64_t total, bool scores)
{
    size_t size = 4;
    while (size < 2 * count)
        size *= 2;
    uint64_t *taken = mem_zalloc(size, sizeof *taken);
    for (uint64_t last = total - count; last < total; last++) {
        uint64_t at = random_below(last + 1);
        if (!note_number(taken, size - 1, at)) {
            at = last;
            note_number(taken, size - 1, at);
        }
        reply_rank(r, e, at, scores);
    }
    mem_free(taken);
}

/* Walking to a member costs so many times less than finding one by its rank. */
#define WALK_ADVANTAGE 8

static void random_members(struct call *c, int64_t wanted, bool scores)
{
    struct place p;
    if (!call_place_read(c, 1, TYPE_ZSET, &p))
        return;
    uint64_t total = zset_count(p.entry), count = wanted < 0 ? 0 - (uint64_t)wanted : (uint64_t)wanted;
    if (!total || !count) {
        reply_array(c->reply, 0);
        return;
    }
    if (wanted > 0 && count > total)
        count = total;
    zset_reply_list(c->reply, count, scores);
    if (wanted < 0)
        reply_repeated(c->reply, p.entry, count, scores);
    else if (count >= total / WALK_ADVANTAGE)
        reply_by_walk(c->reply, p.entry, count, total, scores);
    else
        reply_by_rank(c->reply, p.entry, count, total, scores);
}

static void random_member(struct call *c)
{
    struct place p;
    if (!call_place_read(c, 1, TYPE_ZSET, &p))
        return;
    struct zset_cursor cursor;
    struct slice member;
    double score;
    if (zset_random(&cursor, p.entry, &member, &score))
        reply_bulk(c->reply, member);
    else
        reply_null(c->reply);
}

static void run_zrandmember(struct call *c)
{
    int64_t wanted;
    bool scores;
    if (c->argc == 2)
        random_member(c);
    else if (call_random_count(c, "WITHSCORES", &wanted, &scores))
        random_members(c, wanted, scores);
}

/* ---- ZSCAN --------------------------------------------------------------------------- */

struct scan {
    struct reply *reply;
    struct scan_options options;
    bool packed;
    uint64_t visited;
    size_t shown;
};

/* A score as ZSCAN has it. Redis prints those of big sets with another function. */
static void reply_scanned_score(const struct scan *s, double score)
{
    char text[NUMBER_DOUBLE_MAX];
    size_t len = s->packed ? number_format_double(text, score)
                           : (size_t)snprintf(text, sizeof text, "%.17Lg", (long double)score);
    reply_bulk(s->reply, slice_make(text, len));
}

static void show(void *ctx, struct slice member, double score)
{
    struct scan *s = ctx;
    s->visited++;
    if (!scan_matches(&s->options, member))
        return;
    reply_bulk(s->reply, member);
    reply_scanned_score(s, score);
    s->shown += 2;
}

static void run_zscan(struct call *c)
{
    uint64_t cursor;
    struct place p;
    struct scan s = {.reply = c->reply};
    if (!scan_cursor(c, 2, &cursor) || !call_place_read(c, 1, TYPE_ZSET, &p))
        return;
    if (!p.entry)
        cursor = 0; /* Redis doesn't look at the options then */
    else if (!scan_options(c, false, &s.options))
        return;
    struct output_piece *head = scan_reply_begin(c);
    if (p.entry) {
        s.packed = !zset_is_table(p.entry);
        int64_t steps = s.options.count * 10;
        do {
            cursor = zset_scan(p.entry, cursor, show, &s);
        } while (cursor && --steps > 0 && s.visited < (uint64_t)s.options.count);
    }
    scan_reply_end(c, head, cursor, s.shown);
}

/* ---- the rows ------------------------------------------------------------------------ */

#define READ_FAST (COMMAND_READONLY | COMMAND_FAST)
#define WRITE_FAST (COMMAND_WRITE | COMMAND_FAST)
#define ONE_KEY .first = 1, .last = 1, .step = 1, .group = "sorted-set"

const struct command zset_commands[] = {
    {.name = "zadd",
     .run = run_zadd,
     .arity = -4,
     .flags = WRITE_FAST | COMMAND_DENYOOM,
     ONE_KEY,
     .member = 3,
     .since = "1.2.0",
     .key_flags = "RW update",
     .summary = "Gives members of a sorted set their scores; adds those that are missing.",
     .complexity = "O(log(N)) for each member",
     .syntax = "key [condition@3.0.2=NX | XX] [comparison@6.2.0=GT | LT] [change@3.0.2=CH] "
               "[increment@3.0.2=INCR] data=(score:double member) ..."},
    {.name = "zcard",
     .run = run_zcard,
     .arity = 2,
     .flags = READ_FAST,
     ONE_KEY,
     .since = "1.2.0",
     .key_flags = "RO",
     .summary = "Counts the members of a sorted set.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "zincrby",
     .run = run_zincrby,
     .arity = 4,
     .flags = WRITE_FAST | COMMAND_DENYOOM,
     ONE_KEY,
     .member = 3,
     .since = "1.2.0",
     .key_flags = "RW access update",
     .summary = "Adds to the score of a member of a sorted set, which counts from 0 when it is missing.",
     .complexity = "O(log(N))",
     .syntax = "key increment:integer member"},
    {.name = "zmscore",
     .run = run_zmscore,
     .arity = -3,
     .flags = READ_FAST,
     ONE_KEY,
     .member = 2,
     .since = "6.2.0",
     .key_flags = "RO access",
     .summary = "Gives the scores of some members of a sorted set.",
     .complexity = "O(N) for N members asked for",
     .syntax = "key member [member ...]"},
    {.name = "zrandmember",
     .run = run_zrandmember,
     .arity = -2,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .since = "6.2.0",
     .key_flags = "RO access",
     .summary = "Gives random members of a sorted set.",
     .complexity = "O(N) for N members in the reply",
     .syntax = "key [options=(count:integer [WITHSCORES])]",
     .tips = "nondeterministic_output"},
    {.name = "zrank",
     .run = run_zrank,
     .arity = -3,
     .flags = READ_FAST,
     ONE_KEY,
     .member = 2,
     .since = "2.0.0",
     .key_flags = "RO access",
     .summary = "Gives the place of a member in a sorted set, counted from the lowest score.",
     .complexity = "O(log(N))",
     .syntax = "key member [WITHSCORE]"},
    {.name = "zrem",
     .run = run_zrem,
     .arity = -3,
     .flags = WRITE_FAST,
     ONE_KEY,
     .member = 2,
     .since = "1.2.0",
     .key_flags = "RW delete",
     .summary = "Removes members of a sorted set.",
     .complexity = "O(log(N)) for each member",
     .syntax = "key member [member ...]"},
    {.name = "zrevrank",
     .run = run_zrevrank,
     .arity = -3,
     .flags = READ_FAST,
     ONE_KEY,
     .member = 2,
     .since = "2.0.0",
     .key_flags = "RO access",
     .summary = "Gives the place of a member in a sorted set, counted from the highest score.",
     .complexity = "O(log(N))",
     .syntax = "key member [WITHSCORE]"},
    {.name = "zscan",
     .run = run_zscan,
     .arity = -3,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .since = "2.8.0",
     .key_flags = "RO access",
     .summary = "Lists the members of a sorted set with their scores, some at a time.",
     .complexity = "O(1) for each call, O(N) for a round over N members",
     .syntax = "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
     .tips = "nondeterministic_output"},
    {.name = "zscore",
     .run = run_zscore,
     .arity = 3,
     .flags = READ_FAST,
     ONE_KEY,
     .member = 2,
     .since = "1.2.0",
     .key_flags = "RO access",
     .summary = "Gives the score of a member of a sorted set.",
     .complexity = "O(1)",
     .syntax = "key member"},
    {.name = NULL},
};
