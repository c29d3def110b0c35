/* list_block: takes elements from the ends of lists, or waits for some to come. */
#include "commands/families.h"
#include "commands/list.h"

/* key ... timeout */
static void pop_or_wait(struct call *c, enum list_end end)
{
    int64_t timeout_ms;
    uint32_t keys = c->argc - 2;
    if (call_timeout(c, c->argc - 1, &timeout_ms) && !list_pop_first(c, 1, keys, end, 0))
        call_wait(c, 1, keys, TYPE_LIST, timeout_ms, WAIT_NULL_ARRAY);
}

static void run_blpop(struct call *c)
{
    pop_or_wait(c, LIST_HEAD);
}

static void run_brpop(struct call *c)
{
    pop_or_wait(c, LIST_TAIL);
}

static void run_blmpop(struct call *c)
{
    struct list_many m;
    int64_t timeout_ms;
    if (list_read_many(c, 2, &m) && call_timeout(c, 1, &timeout_ms) &&
        !list_pop_first(c, 3, m.keys, m.end, (uint64_t)m.count))
        call_wait(c, 3, m.keys, TYPE_LIST, timeout_ms, WAIT_NULL_ARRAY);
}

static void move_or_wait(struct call *c, enum list_end from, enum list_end to)
{
    int64_t timeout_ms;
    if (call_timeout(c, c->argc - 1, &timeout_ms) && !list_move(c, from, to))
        call_wait(c, 1, 1, TYPE_LIST, timeout_ms, WAIT_NULL);
}

static void run_blmove(struct call *c)
{
    enum list_end from, to;
    if (list_read_end(c, 3, &from) && list_read_end(c, 4, &to))
        move_or_wait(c, from, to);
}

static void run_brpoplpush(struct call *c)
{
    move_or_wait(c, LIST_TAIL, LIST_HEAD);
}

/* ---- the rows ------------------------------------------------------------------------ */

#define WAITING (COMMAND_WRITE | COMMAND_BLOCKING | COMMAND_BARRIER)
#define POP_ROW                                                                                              \
    .arity = -3, .flags = WAITING, .first = 1, .last = -2, .step = 1, .group = "list", .since = "2.0.0",     \
    .key_flags = "RW access delete", .complexity = "O(K) for K keys",                                        \
    .syntax = "key [key ...] timeout:double"
#define MOVE_ROW                                                                                             \
    .flags = WAITING | COMMAND_DENYOOM, .first = 1, .last = 2, .step = 1, .group = "list",                   \
    .keys = move_keys, .complexity = "O(1)"

static const struct key_spec move_keys[] = {
    {.flags = "RW access delete", .begin = KEYS_AT_INDEX, .index = 1, .find = KEYS_RANGE, .step = 1},
    {.flags = "RW insert", .begin = KEYS_AT_INDEX, .index = 2, .find = KEYS_RANGE, .step = 1},
    {0},
};

static const struct key_spec blmpop_keys[] = {
    {.flags = "RW access delete",
     .begin = KEYS_AT_INDEX,
     .index = 2,
     .find = KEYS_COUNTED,
     .first_key = 1,
     .count_step = 1},
    {0},
};

const struct command list_block_commands[] = {
    {.name = "blmove",
     .run = run_blmove,
     MOVE_ROW,
     .arity = 6,
     .since = "6.2.0",
     .summary = "Moves an element from an end of a list to an end of another, or waits until there is one.",
     .syntax = "source:key destination:key <wherefrom=LEFT | RIGHT> <whereto=LEFT | RIGHT> timeout:double"},
    {.name = "blmpop",
     .run = run_blmpop,
     .arity = -5,
     .flags = WAITING | COMMAND_MOVABLE_KEYS,
     .group = "list",
     .since = "7.0.0",
     .keys = blmpop_keys,
     .summary = "Takes elements from an end of the first of some lists that has any, or waits for one.",
     .complexity = "O(K+N) for K keys and N elements",
     .syntax = "timeout:double numkeys:integer key [key ...] <where=LEFT | RIGHT> [COUNT count:integer]"},
    {.name = "blpop",
     .run = run_blpop,
     POP_ROW,
     .summary = "Takes the first element of a list, or waits for one."},
    {.name = "brpop",
     .run = run_brpop,
     POP_ROW,
     .summary = "Takes the last element of a list, or waits for one."},
    {.name = "brpoplpush",
     .run = run_brpoplpush,
     MOVE_ROW,
     .arity = 4,
     .since = "2.2.0",
     .summary = "Moves the last element of a list to the head of another, or waits until there is one.",
     .syntax = "source:key destination:key timeout:double",
     .deprecated_since = "6.2.0",
     .replaced_by = "`BLMOVE` with the `RIGHT` and `LEFT` arguments"},
    {.name = NULL},
};
