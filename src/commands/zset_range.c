/* zset_range: ranges of sorted sets, by rank, by score and by the members' bytes.
 *
 * Whatever a range is given by, it becomes an *interval*: so many members from
 * some place on, which is then counted, walked, removed or stored. */
#include "base/mem.h"
#include "base/number.h"
#include "commands/command.h"
#include "commands/families.h"
#include "commands/zset_gather.h"
#include "commands/zset_reply.h"
#include "store/zset.h"

#include <math.h>
#include <stdlib.h>

enum range_kind { BY_RANK, BY_SCORE, BY_LEX };

struct score_bound {
    double score;
    bool open; /* the score itself is outside */
};

struct lex_bound {
    enum { LEX_LOWEST, LEX_MEMBER, LEX_HIGHEST } at;
    struct slice member;
    bool open;
};

struct range {
    enum range_kind kind;
    int64_t start, stop;                /* BY_RANK; negative: from the end */
    struct score_bound lowest, highest; /* BY_SCORE */
    struct lex_bound first, last;       /* BY_LEX */
};

/* Members from place `first` on, counted from the lowest, or from the highest where the walk goes down. */
struct interval {
    uint64_t first, count;
};

/* ---- reading a range --------------------------------------------------------------- */

/* A score as strtod has it, whose habits Redis shows here: nothing is 0, spaces may stand before it, too big is
 * infinite, and a NUL ends it. */
static bool read_odd_score(struct slice text, double *score)
{
    char *copy = mem_dup(text.ptr, text.len), *end;
    *score = strtod(copy, &end);
    bool ok = *end == 0 && !isnan(*score);
    mem_free(copy);
    return ok;
}

static bool read_score_bound(struct slice text, struct score_bound *b)
{
    b->open = text.len && text.ptr[0] == '(';
    if (b->open)
        text = slice_make(text.ptr + 1, text.len - 1);
    return number_parse_double(text, &b->score) || read_odd_score(text, &b->score);
}

static bool read_lex_bound(struct slice text, struct lex_bound *b)
{
    char sign = text.len ? text.ptr[0] : 0;
    *b = (struct lex_bound){.open = sign == '('};
    if (sign == '(' || sign == '[') {
        b->at = LEX_MEMBER;
        b->member = slice_make(text.ptr + 1, text.len - 1);
        return true;
    }
    b->at = sign == '+' ? LEX_HIGHEST : LEX_LOWEST;
    return (sign == '+' || sign == '-') && (text.len == 1 || text.ptr[1] == 0);
}

/* The range from argv[from] to argv[to]; false when the error is answered. */
static bool read_range(struct call *c, enum range_kind kind, uint32_t from, uint32_t to, struct range *r)
{
    r->kind = kind;
    if (kind == BY_RANK)
        return call_int(c, from, &r->start, NULL) && call_int(c, to, &r->stop, NULL);
    if (kind == BY_SCORE) {
        if (read_score_bound(c->argv[from], &r->lowest) && read_score_bound(c->argv[to], &r->highest))
            return true;
        reply_error(c->reply, "ERR min or max is not a float");
        return false;
    }
    if (read_lex_bound(c->argv[from], &r->first) && read_lex_bound(c->argv[to], &r->last))
        return true;
    reply_error(c->reply, "ERR min or max not valid string range item");
    return false;
}

/* ---- finding it -------------------------------------------------------------------- */

/* Members before the bound, where the range begins there; with `end`, where it ends there. */
static uint64_t before_score(const struct entry *e, const struct score_bound *b, bool end)
{
    return zset_rank_of_score(e, b->score, end != b->open);
}

static uint64_t before_lex(const struct entry *e, const struct lex_bound *b, bool end)
{
    if (b->at == LEX_LOWEST)
        return 0;
    if (b->at == LEX_HIGHEST)
        return zset_count(e);
    return zset_rank_of_member(e, b->member, end != b->open);
}

static struct interval find_ranks(int64_t start, int64_t stop, int64_t total)
{
    if (start < 0)
        start = start + total < 0 ? 0 : start + total;
    if (stop < 0)
        stop += total;
    if (stop >= total)
        stop = total - 1;
    if (start > stop)
        return (struct interval){0, 0};
    return (struct interval){(uint64_t)start, (uint64_t)(stop - start + 1)};
}

static struct interval find_range(const struct entry *e, const struct range *r, bool down)
{
    uint64_t total = zset_count(e);
    if (!total)
        return (struct interval){0, 0};
    if (r->kind == BY_RANK)
        return find_ranks(r->start, r->stop, (int64_t)total);
    bool by_score = r->kind == BY_SCORE;
    uint64_t low = by_score ? before_score(e, &r->lowest, false) : before_lex(e, &r->first, false);
    uint64_t high = by_score ? before_score(e, &r->highest, true) : before_lex(e, &r->last, true);
    if (high <= low)
        return (struct interval){0, 0};
    return (struct interval){down ? total - high : low, high - low};
}

/* What LIMIT leaves of it. */
static struct interval limited(struct interval i, int64_t offset, int64_t count)
{
    if (offset < 0 || (uint64_t)offset >= i.count)
        return (struct interval){0, 0};
    i.first += (uint64_t)offset;
    i.count -= (uint64_t)offset;
    if (count >= 0 && (uint64_t)count < i.count)
        i.count = (uint64_t)count;
    return i;
}

/* ---- ZRANGE and its kin -------------------------------------------------------------- */

struct options {
    bool any_kind, any_direction; /* BYSCORE and BYLEX, REV may be given */
    enum range_kind kind;
    bool down;
    bool store;
    bool scores;
    int64_t offset, count; /* of LIMIT */
};

/* Options from argv[i] on; false when the error is answered. */
static bool read_options(struct call *c, uint32_t i, struct options *o)
{
    for (; i < c->argc; i++) {
        struct slice word = c->argv[i];
        if (!o->store && slice_is(word, "WITHSCORES")) {
            o->scores = true;
        } else if (slice_is(word, "LIMIT") && i + 2 < c->argc) {
            if (!call_int(c, i + 1, &o->offset, NULL) || !call_int(c, i + 2, &o->count, NULL))
                return false;
            i += 2;
        } else if (o->any_direction && slice_is(word, "REV")) {
            o->down = true;
            o->any_direction = false;
        } else if (o->any_kind && (slice_is(word, "BYLEX") || slice_is(word, "BYSCORE"))) {
            o->kind = slice_is(word, "BYLEX") ? BY_LEX : BY_SCORE;
            o->any_kind = false;
        } else {
            reply_error(c->reply, ERROR_SYNTAX);
            return false;
        }
    }
    if (o->count != -1 && o->kind == BY_RANK) {
        reply_error(c->reply, "ERR syntax error, LIMIT is only supported in combination with either BYSCORE "
                              "or BYLEX");
        return false;
    }
    if (o->scores && o->kind == BY_LEX) {
        reply_error(c->reply, "ERR syntax error, WITHSCORES not supported in combination with BYLEX");
        return false;
    }
    return true;
}

static void begin_walk(struct zset_cursor *cursor, const struct entry *e, struct interval i, bool down)
{
    zset_seek(cursor, e, down ? zset_count(e) - 1 - i.first : i.first, down);
}

static void reply_interval(struct reply *r, const struct entry *e, struct interval i, const struct options *o)
{
    struct zset_cursor cursor;
    struct slice member;
    double score;
    zset_reply_list(r, i.count, o->scores);
    if (!i.count)
        return;
    begin_walk(&cursor, e, i, o->down);
    for (; i.count && zset_next(&cursor, &member, &score); i.count--)
        zset_reply_member(r, member, score, o->scores);
}

/* Makes the interval of e the value of argv[1]. */
static void store_interval(struct call *c, const struct entry *e, struct interval i, bool down)
{
    struct gather g = {0};
    struct zset_cursor cursor;
    struct slice member;
    double score;
    if (i.count)
        begin_walk(&cursor, e, i, down);
    for (; i.count && zset_next(&cursor, &member, &score); i.count--)
        gather_add(&g, member, score);
    gather_store(&g, c, 1, "zrangestore");
    gather_deinit(&g);
}

/* A range command on the key argv[key], whose range and options stand behind it. */
static void range(struct call *c, uint32_t key, struct options o)
{
    struct range r;
    struct place p;
    o.count = -1;
    if (!read_options(c, key + 3, &o))
        return;
    /* Downwards the higher end of scores and members comes first; of ranks, which count from there, the lower. */
    uint32_t swap = o.down && o.kind != BY_RANK;
    if (!read_range(c, o.kind, key + 1 + swap, key + 2 - swap, &r) || !call_place_read(c, key, TYPE_ZSET, &p))
        return;
    struct interval i = find_range(p.entry, &r, o.down);
    if (o.kind != BY_RANK)
        i = limited(i, o.offset, o.count);
    if (o.store)
        store_interval(c, p.entry, i, o.down);
    else
        reply_interval(c->reply, p.entry, i, &o);
}

static void run_zrange(struct call *c)
{
    range(c, 1, (struct options){.any_kind = true, .any_direction = true});
}

static void run_zrangestore(struct call *c)
{
    range(c, 2, (struct options){.any_kind = true, .any_direction = true, .store = true});
}

static void run_zrevrange(struct call *c)
{
    range(c, 1, (struct options){.down = true});
}

static void run_zrangebyscore(struct call *c)
{
    range(c, 1, (struct options){.kind = BY_SCORE});
}

static void run_zrevrangebyscore(struct call *c)
{
    range(c, 1, (struct options){.kind = BY_SCORE, .down = true});
}

static void run_zrangebylex(struct call *c)
{
    range(c, 1, (struct options){.kind = BY_LEX});
}

static void run_zrevrangebylex(struct call *c)
{
    range(c, 1, (struct options){.kind = BY_LEX, .down = true});
}

/* ---- counting and removing ------------------------------------------------------------- */

static void count(struct call *c, enum range_kind kind)
{
    struct range r;
    struct place p;
    if (read_range(c, kind, 2, 3, &r) && call_place_read(c, 1, TYPE_ZSET, &p))
        reply_int(c->reply, (int64_t)find_range(p.entry, &r, false).count);
}

static void run_zcount(struct call *c)
{
    count(c, BY_SCORE);
}

static void run_zlexcount(struct call *c)
{
    count(c, BY_LEX);
}

static void remove_range(struct call *c, enum range_kind kind, const char *event)
{
    struct range r;
    struct place p;
    if (!read_range(c, kind, 2, 3, &r) || !call_place(c, 1, TYPE_ZSET, &p))
        return;
    struct interval i = find_range(p.entry, &r, false);
    if (i.count) {
        zset_remove_ranks(&p, i.first, i.count);
        call_changed(c, 1, EVENT_ZSET, event);
        if (!zset_count(p.entry))
            call_emptied(c, 1, &p);
    }
    reply_int(c->reply, (int64_t)i.count);
}

static void run_zremrangebyrank(struct call *c)
{
    remove_range(c, BY_RANK, "zremrangebyrank");
}

static void run_zremrangebyscore(struct call *c)
{
    remove_range(c, BY_SCORE, "zremrangebyscore");
}

static void run_zremrangebylex(struct call *c)
{
    remove_range(c, BY_LEX, "zremrangebylex");
}

/* ---- the rows ------------------------------------------------------------------------ */

#define AT(where, what)                                                                                      \
    {                                                                                                        \
        .flags = what, .begin = KEYS_AT_INDEX, .index = where, .find = KEYS_RANGE, .last = 0, .step = 1      \
    }

static const struct key_spec store_keys[] = {AT(1, "OW update"), AT(2, "RO access"), {0}};

#define GROUP .group = "sorted-set"
#define ONE_KEY .first = 1, .last = 1, .step = 1, GROUP
#define RANGE_ROW .flags = COMMAND_READONLY, ONE_KEY, .key_flags = "RO access", .complexity = "O(log(N)+M)"
#define COUNT_ROW                                                                                            \
    .arity = 4, .flags = COMMAND_READONLY | COMMAND_FAST, ONE_KEY, .key_flags = "RO access",                 \
    .complexity = "O(log(N))"
#define REMOVE_ROW                                                                                           \
    .arity = 4, .flags = COMMAND_WRITE, ONE_KEY, .key_flags = "RW delete", .complexity = "O(log(N)+M)"
#define LIMIT "[LIMIT (offset:integer count:integer)]"

const struct command zset_range_commands[] = {
    {.name = "zcount",
     .run = run_zcount,
     COUNT_ROW,
     .since = "2.0.0",
     .summary = "Counts the members of a sorted set whose scores are in a range.",
     .syntax = "key min:double max:double"},
    {.name = "zlexcount",
     .run = run_zlexcount,
     COUNT_ROW,
     .since = "2.8.9",
     .summary = "Counts the members of a sorted set that are in a range of bytes.",
     .syntax = "key min max"},
    {.name = "zrange",
     .run = run_zrange,
     .arity = -4,
     RANGE_ROW,
     .since = "1.2.0",
     .summary = "Gives members of a sorted set in a range of ranks, scores or bytes.",
     .syntax = "key start stop [sortby@6.2.0=BYSCORE | BYLEX] [REV@6.2.0] "
               "[LIMIT@6.2.0 (offset:integer count:integer)] [WITHSCORES]"},
    {.name = "zrangebylex",
     .run = run_zrangebylex,
     .arity = -4,
     RANGE_ROW,
     .since = "2.8.9",
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `BYLEX` argument",
     .summary = "Gives the members of a sorted set in a range of bytes.",
     .syntax = "key min max " LIMIT},
    {.name = "zrangebyscore",
     .run = run_zrangebyscore,
     .arity = -4,
     RANGE_ROW,
     .since = "1.0.5",
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `BYSCORE` argument",
     .summary = "Gives the members of a sorted set whose scores are in a range.",
     .syntax = "key min:double max:double [WITHSCORES@2.0.0] " LIMIT},
    {.name = "zrangestore",
     .run = run_zrangestore,
     .arity = -5,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .first = 1,
     .last = 2,
     .step = 1,
     GROUP,
     .keys = store_keys,
     .since = "6.2.0",
     .summary = "Stores a range of a sorted set under a key.",
     .complexity = "O(log(N)+M)",
     .syntax = "dst:key src:key min max [sortby=BYSCORE | BYLEX] [REV] " LIMIT},
    {.name = "zremrangebylex",
     .run = run_zremrangebylex,
     REMOVE_ROW,
     .since = "2.8.9",
     .summary = "Removes the members of a sorted set in a range of bytes.",
     .syntax = "key min max"},
    {.name = "zremrangebyrank",
     .run = run_zremrangebyrank,
     REMOVE_ROW,
     .since = "2.0.0",
     .summary = "Removes the members of a sorted set in a range of ranks.",
     .syntax = "key start:integer stop:integer"},
    {.name = "zremrangebyscore",
     .run = run_zremrangebyscore,
     REMOVE_ROW,
     .since = "1.2.0",
     .summary = "Removes the members of a sorted set whose scores are in a range.",
     .syntax = "key min:double max:double"},
    {.name = "zrevrange",
     .run = run_zrevrange,
     .arity = -4,
     RANGE_ROW,
     .since = "1.2.0",
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `REV` argument",
     .summary = "Gives the members of a sorted set in a range of ranks, the highest first.",
     .syntax = "key start:integer stop:integer [WITHSCORES]"},
    {.name = "zrevrangebylex",
     .run = run_zrevrangebylex,
     .arity = -4,
     RANGE_ROW,
     .since = "2.8.9",
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `REV` and `BYLEX` arguments",
     .summary = "Gives the members of a sorted set in a range of bytes, the highest first.",
     .syntax = "key max min " LIMIT},
    {.name = "zrevrangebyscore",
     .run = run_zrevrangebyscore,
     .arity = -4,
     RANGE_ROW,
     .since = "2.2.0",
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `REV` and `BYSCORE` arguments",
     .summary = "Gives the members of a sorted set whose scores are in a range, the highest first.",
     .syntax = "key max:double min:double [WITHSCORES] " LIMIT},
    {.name = NULL},
};
