/* list: the commands on lists. Those that wait are in list_block.c. */
#include "commands/list.h"
#include "base/mem.h"
#include "commands/families.h"

static const char *const push_events[] = {"lpush", "rpush"};
static const char *const pop_events[] = {"lpop", "rpop"};

/* True when argv[i] can be an element; else answers the error. */
static bool is_element(struct call *c, uint32_t i)
{
    if (likely(c->argv[i].len <= LIST_ELEMENT_MAX))
        return true;
    reply_error(c->reply, "ERR Element too large");
    return false;
}

/* ---- LPUSH, RPUSH, LPUSHX, RPUSHX ----------------------------------------------- */

static void push(struct call *c, enum list_end end, bool only_existing)
{
    struct place p;
    for (uint32_t i = 2; i < c->argc; i++) {
        if (!is_element(c, i))
            return;
    }
    if (!call_place(c, 1, TYPE_LIST, &p))
        return;
    if (only_existing && !p.entry) {
        reply_int(c->reply, 0);
        return;
    }
    list_push_all(&p, end, c->argv + 2, c->argc - 2);
    reply_int(c->reply, (int64_t)list_count(p.entry));
    call_changed(c, 1, EVENT_LIST, push_events[end]);
}

static void run_lpush(struct call *c)
{
    push(c, LIST_HEAD, false);
}

static void run_rpush(struct call *c)
{
    push(c, LIST_TAIL, false);
}

static void run_lpushx(struct call *c)
{
    push(c, LIST_HEAD, true);
}

static void run_rpushx(struct call *c)
{
    push(c, LIST_TAIL, true);
}

/* ---- LPOP, RPOP, LMPOP ------------------------------------------------------------ */

/* After `count` elements of the list at p, the key argv[key] that had `total`, were answered: they go. */
static void pop(struct call *c, uint32_t key, struct place *p, enum list_end end, uint64_t count,
                uint64_t total)
{
    if (likely(count < total))
        list_pop(p, end, count);
    call_changed(c, key, EVENT_LIST, pop_events[end]);
    if (count == total)
        call_emptied(c, key, p);
}

static void reply_range(struct reply *r, const struct entry *e, uint64_t first, uint64_t count, bool down)
{
    struct list_cursor cursor;
    struct slice value;
    reply_array(r, count);
    list_seek(&cursor, e, first, down);
    while (count-- && list_next(&cursor, &value))
        reply_bulk(r, value);
}

/* Pops as many as there are, at most count, and answers them as an array. */
static void pop_many(struct call *c, uint32_t key, struct place *p, enum list_end end, uint64_t count)
{
    uint64_t total = list_count(p->entry);
    count = count < total ? count : total;
    reply_range(c->reply, p->entry, end == LIST_HEAD ? 0 : total - 1, count, end == LIST_TAIL);
    pop(c, key, p, end, count, total);
}

static void pop_one(struct call *c, uint32_t key, struct place *p, enum list_end end)
{
    char digits[PACK_DIGITS];
    reply_bulk(c->reply, list_peek(p->entry, end, digits));
    pop(c, key, p, end, 1, list_count(p->entry));
}

static void pop_key(struct call *c, enum list_end end)
{
    struct place p;
    int64_t count;
    if (unlikely(c->argc > 2)) {
        if (c->argc > 3) {
            call_wrong_arity(c);
            return;
        }
        if (!call_int_within(c, 2, 0, INT64_MAX, &count, "ERR value is out of range, must be positive") ||
            !call_place(c, 1, TYPE_LIST, &p))
            return;
        if (!p.entry)
            reply_null_array(c->reply);
        else if (!count)
            reply_array(c->reply, 0);
        else
            pop_many(c, 1, &p, end, (uint64_t)count);
        return;
    }
    if (!call_place(c, 1, TYPE_LIST, &p))
        return;
    if (p.entry)
        pop_one(c, 1, &p, end);
    else
        reply_null(c->reply);
}

static void run_lpop(struct call *c)
{
    pop_key(c, LIST_HEAD);
}

static void run_rpop(struct call *c)
{
    pop_key(c, LIST_TAIL);
}

bool list_pop_first(struct call *c, uint32_t first, uint32_t keys, enum list_end end, uint64_t count)
{
    for (uint32_t i = first; i < first + keys; i++) {
        struct place p;
        if (!call_place(c, i, TYPE_LIST, &p))
            return true;
        if (!p.entry)
            continue;
        reply_array(c->reply, 2);
        reply_bulk(c->reply, c->argv[i]);
        if (count)
            pop_many(c, i, &p, end, count);
        else
            pop_one(c, i, &p, end);
        return true;
    }
    return false;
}

bool list_read_end(struct call *c, uint32_t i, enum list_end *end)
{
    *end = slice_is(c->argv[i], "RIGHT") ? LIST_TAIL : LIST_HEAD;
    if (*end == LIST_TAIL || slice_is(c->argv[i], "LEFT"))
        return true;
    reply_error(c->reply, ERROR_SYNTAX);
    return false;
}

bool list_read_many(struct call *c, uint32_t at, struct list_many *m)
{
    int64_t keys;
    if (!call_int_within(c, at, 1, INT64_MAX, &keys, "ERR numkeys should be greater than 0"))
        return false;
    if (keys >= c->argc - at - 1) {
        reply_error(c->reply, ERROR_SYNTAX);
        return false;
    }
    uint32_t where = at + 1 + (uint32_t)keys;
    *m = (struct list_many){.keys = (uint32_t)keys};
    if (!list_read_end(c, where, &m->end))
        return false;
    for (uint32_t i = where + 1; i < c->argc; i += 2) {
        if (m->count || i + 1 == c->argc || !slice_is(c->argv[i], "COUNT")) {
            reply_error(c->reply, ERROR_SYNTAX);
            return false;
        }
        if (!call_int_within(c, i + 1, 1, INT64_MAX, &m->count, "ERR count should be greater than 0"))
            return false;
    }
    if (!m->count)
        m->count = 1;
    return true;
}

static void run_lmpop(struct call *c)
{
    struct list_many m;
    if (list_read_many(c, 1, &m) && !list_pop_first(c, 2, m.keys, m.end, (uint64_t)m.count))
        reply_null_array(c->reply);
}

/* ---- LMOVE, RPOPLPUSH ---------------------------------------------------------------- */

bool list_move(struct call *c, enum list_end from, enum list_end to)
{
    struct place source, destination;
    if (!call_place(c, 1, TYPE_LIST, &source))
        return true;
    if (!source.entry)
        return false;
    if (!call_place(c, 2, TYPE_LIST, &destination))
        return true;
    bool same = slice_eq(c->argv[1], c->argv[2]);
    /* Copied, because popping may move what it lies in. */
    char digits[PACK_DIGITS], small[256];
    struct slice value = list_peek(source.entry, from, digits);
    reply_bulk(c->reply, value);
    char *copy =
        value.len <= sizeof small ? memcpy(small, value.ptr, value.len) : mem_dup(value.ptr, value.len);
    value.ptr = copy;
    list_pop(&source, from, 1);
    list_push(same ? &source : &destination, to, value);
    if (copy != small)
        mem_free(copy);
    bool emptied = !list_count(source.entry);
    call_changed(c, 2, EVENT_LIST, push_events[to]);
    call_changed(c, 1, EVENT_LIST, pop_events[from]);
    if (emptied)
        call_emptied(c, 1, &source);
    return true;
}

static void run_lmove(struct call *c)
{
    enum list_end from, to;
    if (list_read_end(c, 3, &from) && list_read_end(c, 4, &to) && !list_move(c, from, to))
        reply_null(c->reply);
}

static void run_rpoplpush(struct call *c)
{
    if (!list_move(c, LIST_TAIL, LIST_HEAD))
        reply_null(c->reply);
}

/* ---- LLEN, LINDEX, LRANGE, LPOS --------------------------------------------------------- */

static void run_llen(struct call *c)
{
    struct place p;
    if (call_place_read(c, 1, TYPE_LIST, &p))
        reply_int(c->reply, (int64_t)list_count(p.entry));
}

/* An index as the client gave it, negative ones from the end: true when it names one of `count` elements. */
static bool place_index(int64_t given, uint64_t count, uint64_t *index)
{
    *index = (uint64_t)(given < 0 ? given + (int64_t)count : given);
    return *index < count;
}

static void run_lindex(struct call *c)
{
    struct place p;
    int64_t given;
    uint64_t index;
    if (!call_place_read(c, 1, TYPE_LIST, &p))
        return;
    if (!p.entry) {
        reply_null(c->reply);
        return;
    }
    if (!call_int(c, 2, &given, NULL))
        return;
    struct list_cursor cursor;
    struct slice value;
    if (!place_index(given, list_count(p.entry), &index)) {
        reply_null(c->reply);
        return;
    }
    list_seek(&cursor, p.entry, index, false);
    if (list_next(&cursor, &value))
        reply_bulk(c->reply, value);
}

/* A range as the client gave it, both ends in it and negative ones from the end, among `total` elements. */
static void place_range(int64_t start, int64_t end, uint64_t total, uint64_t *first, uint64_t *count)
{
    int64_t all = (int64_t)total;
    if (start < 0)
        start = start + all > 0 ? start + all : 0;
    if (end < 0)
        end += all;
    if (end >= all)
        end = all - 1;
    *first = (uint64_t)start;
    *count = start > end ? 0 : (uint64_t)(end - start) + 1;
}

static void run_lrange(struct call *c)
{
    struct place p;
    int64_t start, end;
    uint64_t first, count;
    if (!call_int(c, 2, &start, NULL) || !call_int(c, 3, &end, NULL) || !call_place_read(c, 1, TYPE_LIST, &p))
        return;
    place_range(start, end, list_count(p.entry), &first, &count);
    reply_range(c->reply, p.entry, first, count, false);
}

struct search {
    int64_t rank;  /* which match is the first wanted one; below 0: from the tail */
    int64_t count; /* of matches; 0: all; -1: the option wasn't given */
    int64_t most;  /* elements to be looked at; 0: all */
};

static bool read_search(struct call *c, struct search *s)
{
    static const char rank_zero[] = "ERR RANK can't be zero: use 1 to start from the first match, 2 from the "
                                    "second ... or use negative to start from the end of the list";
    *s = (struct search){.rank = 1, .count = -1};
    for (uint32_t i = 3; i < c->argc; i += 2) {
        bool ok = i + 1 < c->argc;
        if (ok && slice_is(c->argv[i], "RANK")) {
            if (!call_int(c, i + 1, &s->rank, NULL))
                return false;
            if (s->rank == 0 || s->rank == INT64_MIN) {
                reply_error(c->reply, s->rank ? "ERR value is out of range, value must between "
                                                "-9223372036854775807 and 9223372036854775807"
                                              : rank_zero);
                return false;
            }
        } else if (ok && slice_is(c->argv[i], "COUNT")) {
            if (!call_int_within(c, i + 1, 0, INT64_MAX, &s->count, "ERR COUNT can't be negative"))
                return false;
        } else if (ok && slice_is(c->argv[i], "MAXLEN")) {
            if (!call_int_within(c, i + 1, 0, INT64_MAX, &s->most, "ERR MAXLEN can't be negative"))
                return false;
        } else {
            reply_error(c->reply, ERROR_SYNTAX);
            return false;
        }
    }
    return true;
}

static void run_lpos(struct call *c)
{
    struct place p;
    struct search s;
    if (!read_search(c, &s) || !call_place_read(c, 1, TYPE_LIST, &p))
        return;
    bool down = s.rank < 0;
    uint64_t total = list_count(p.entry), most = s.most ? (uint64_t)s.most : UINT64_MAX;
    uint64_t skip = (uint64_t)(down ? -s.rank : s.rank) - 1, found = 0;
    uint64_t wanted = s.count < 0 ? 1 : s.count ? (uint64_t)s.count : UINT64_MAX;
    struct pack_plan plan = pack_plan(c->argv[2]);
    struct list_cursor cursor;
    list_seek(&cursor, p.entry, down ? total - 1 : 0, down);
    struct output_piece *piece = s.count < 0 ? NULL : reply_defer(c->reply);
    while (found < wanted && list_find(&cursor, &plan, &most)) {
        if (skip) {
            skip--;
            continue;
        }
        reply_int(c->reply, (int64_t)cursor.index);
        found++;
    }
    if (s.count >= 0)
        reply_array_end(c->reply, piece, found);
    else if (!found)
        reply_null(c->reply);
}

/* ---- LSET, LINSERT, LREM, LTRIM ------------------------------------------------------------ */

static void run_lset(struct call *c)
{
    struct place p;
    int64_t given;
    uint64_t index;
    if (!call_place(c, 1, TYPE_LIST, &p))
        return;
    if (!p.entry) {
        reply_error(c->reply, ERROR_NO_SUCH_KEY);
        return;
    }
    if (!call_int(c, 2, &given, NULL) || !is_element(c, 3))
        return;
    if (!place_index(given, list_count(p.entry), &index)) {
        reply_error(c->reply, "ERR index out of range");
        return;
    }
    list_set(&p, index, c->argv[3]);
    reply_ok(c->reply);
    call_changed(c, 1, EVENT_LIST, "lset");
}

static void run_linsert(struct call *c)
{
    struct place p;
    bool after = slice_is(c->argv[2], "AFTER");
    if (!after && !slice_is(c->argv[2], "BEFORE")) {
        reply_error(c->reply, ERROR_SYNTAX);
        return;
    }
    if (!is_element(c, 4) || !call_place(c, 1, TYPE_LIST, &p))
        return;
    if (!p.entry) {
        reply_int(c->reply, 0);
        return;
    }
    struct pack_plan pivot = pack_plan(c->argv[3]);
    struct list_cursor cursor;
    uint64_t most = UINT64_MAX;
    list_seek(&cursor, p.entry, 0, false);
    if (!list_find(&cursor, &pivot, &most)) {
        reply_int(c->reply, -1);
        return;
    }
    list_insert(&p, cursor.index + after, c->argv[4]);
    reply_int(c->reply, (int64_t)list_count(p.entry));
    call_changed(c, 1, EVENT_LIST, "linsert");
}

static void run_lrem(struct call *c)
{
    struct place p;
    int64_t count;
    if (!call_int(c, 2, &count, NULL) || !call_place(c, 1, TYPE_LIST, &p))
        return;
    uint64_t most = count < 0 ? -(uint64_t)count : count ? (uint64_t)count : UINT64_MAX;
    enum list_end from = count < 0 ? LIST_TAIL : LIST_HEAD;
    uint64_t removed = p.entry ? list_remove(&p, c->argv[3], most, from) : 0;
    reply_int(c->reply, (int64_t)removed);
    if (!removed)
        return;
    call_changed(c, 1, EVENT_LIST, "lrem");
    if (!list_count(p.entry))
        call_emptied(c, 1, &p);
}

static void run_ltrim(struct call *c)
{
    struct place p;
    int64_t start, end;
    uint64_t first, count;
    if (!call_int(c, 2, &start, NULL) || !call_int(c, 3, &end, NULL) || !call_place(c, 1, TYPE_LIST, &p))
        return;
    reply_ok(c->reply);
    if (!p.entry)
        return;
    uint64_t total = list_count(p.entry);
    place_range(start, end, total, &first, &count);
    if (count && first)
        list_pop(&p, LIST_HEAD, first);
    if (count && first + count < total)
        list_pop(&p, LIST_TAIL, total - first - count);
    call_changed(c, 1, EVENT_LIST, "ltrim");
    if (!count)
        call_emptied(c, 1, &p);
}

/* ---- the rows ---------------------------------------------------------------------------------- */

#define ONE_KEY .first = 1, .last = 1, .step = 1, .group = "list"
#define FROM_TO .first = 1, .last = 2, .step = 1, .group = "list", .keys = move_keys
#define PUSH_ROW                                                                                             \
    ONE_KEY, .arity = -3, .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST, .key_flags = "RW insert", \
             .complexity = "O(N) for N elements", .syntax = "key element [element ...]"
#define POP_ROW                                                                                              \
    ONE_KEY, .arity = -2, .flags = COMMAND_WRITE | COMMAND_FAST, .since = "1.0.0",                           \
             .key_flags = "RW access delete", .complexity = "O(N) for N elements",                           \
             .syntax = "key [count:integer@6.2.0]"

static const struct key_spec move_keys[] = {
    {.flags = "RW access delete", .begin = KEYS_AT_INDEX, .index = 1, .find = KEYS_RANGE, .step = 1},
    {.flags = "RW insert", .begin = KEYS_AT_INDEX, .index = 2, .find = KEYS_RANGE, .step = 1},
    {0},
};

static const struct key_spec lmpop_keys[] = {
    {.flags = "RW access delete",
     .begin = KEYS_AT_INDEX,
     .index = 1,
     .find = KEYS_COUNTED,
     .first_key = 1,
     .count_step = 1},
    {0},
};

const struct command list_commands[] = {
    {.name = "lindex",
     .run = run_lindex,
     ONE_KEY,
     .arity = 3,
     .flags = COMMAND_READONLY,
     .since = "1.0.0",
     .key_flags = "RO access",
     .summary = "Gives the element with that number in a list.",
     .complexity = "O(log(N))",
     .syntax = "key index:integer"},
    {.name = "linsert",
     .run = run_linsert,
     ONE_KEY,
     .arity = 5,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .since = "2.2.0",
     .key_flags = "RW insert",
     .summary = "Puts an element before or after another one in a list.",
     .complexity = "O(N) for N elements before that one",
     .syntax = "key <where=BEFORE | AFTER> pivot element"},
    {.name = "llen",
     .run = run_llen,
     ONE_KEY,
     .arity = 2,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .since = "1.0.0",
     .key_flags = "RO",
     .summary = "Gives the number of elements of a list.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "lmove",
     .run = run_lmove,
     FROM_TO,
     .arity = 5,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .since = "6.2.0",
     .summary = "Moves an element from an end of a list to an end of another, and gives it.",
     .complexity = "O(1)",
     .syntax = "source:key destination:key <wherefrom=LEFT | RIGHT> <whereto=LEFT | RIGHT>"},
    {.name = "lmpop",
     .run = run_lmpop,
     .group = "list",
     .arity = -4,
     .flags = COMMAND_WRITE | COMMAND_MOVABLE_KEYS,
     .since = "7.0.0",
     .keys = lmpop_keys,
     .summary = "Takes elements from an end of the first of some lists that has any.",
     .complexity = "O(K+N) for K keys and N elements",
     .syntax = "numkeys:integer key [key ...] <where=LEFT | RIGHT> [COUNT count:integer]"},
    {.name = "lpop", .run = run_lpop, POP_ROW, .summary = "Takes the first elements of a list."},
    {.name = "lpos",
     .run = run_lpos,
     ONE_KEY,
     .arity = -3,
     .flags = COMMAND_READONLY,
     .since = "6.0.6",
     .key_flags = "RO access",
     .summary = "Finds the numbers of the elements of a list that equal the one given.",
     .complexity = "O(N)",
     .syntax = "key element [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]"},
    {.name = "lpush",
     .run = run_lpush,
     PUSH_ROW,
     .since = "1.0.0",
     .summary = "Adds elements at the head of a list."},
    {.name = "lpushx",
     .run = run_lpushx,
     PUSH_ROW,
     .since = "2.2.0",
     .summary = "Adds elements at the head of a list, if there is one."},
    {.name = "lrange",
     .run = run_lrange,
     ONE_KEY,
     .arity = 4,
     .flags = COMMAND_READONLY,
     .since = "1.0.0",
     .key_flags = "RO access",
     .summary = "Gives a range of the elements of a list.",
     .complexity = "O(log(N)+M) for M elements",
     .syntax = "key start:integer stop:integer"},
    {.name = "lrem",
     .run = run_lrem,
     ONE_KEY,
     .arity = 4,
     .flags = COMMAND_WRITE,
     .since = "1.0.0",
     .key_flags = "RW delete",
     .summary = "Removes the elements of a list that equal the one given.",
     .complexity = "O(N)",
     .syntax = "key count:integer element"},
    {.name = "lset",
     .run = run_lset,
     ONE_KEY,
     .arity = 4,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .since = "1.0.0",
     .key_flags = "RW update",
     .summary = "Puts an element in place of the one with that number in a list.",
     .complexity = "O(log(N))",
     .syntax = "key index:integer element"},
    {.name = "ltrim",
     .run = run_ltrim,
     ONE_KEY,
     .arity = 4,
     .flags = COMMAND_WRITE,
     .since = "1.0.0",
     .key_flags = "RW delete",
     .summary = "Removes all elements of a list outside a range.",
     .complexity = "O(N) for the chunks that go or stay, whichever are fewer",
     .syntax = "key start:integer stop:integer"},
    {.name = "rpop", .run = run_rpop, POP_ROW, .summary = "Takes the last elements of a list."},
    {.name = "rpoplpush",
     .run = run_rpoplpush,
     FROM_TO,
     .arity = 3,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .since = "1.2.0",
     .summary = "Moves the last element of a list to the head of another, and gives it.",
     .complexity = "O(1)",
     .syntax = "source:key destination:key",
     .deprecated_since = "6.2.0",
     .replaced_by = "`LMOVE` with the `RIGHT` and `LEFT` arguments"},
    {.name = "rpush",
     .run = run_rpush,
     PUSH_ROW,
     .since = "1.0.0",
     .summary = "Adds elements at the tail of a list."},
    {.name = "rpushx",
     .run = run_rpushx,
     PUSH_ROW,
     .since = "2.2.0",
     .summary = "Adds elements at the tail of a list, if there is one."},
    {.name = NULL},
};
