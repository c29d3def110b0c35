/* expire: commands for the time to live of keys (EXPIRE and its kin, TTL and its kin, PERSIST). */
#include "base/clock.h"
#include "commands/families.h"
#include "commands/key.h"

/* ---- setting -------------------------------------------------------------------- */

enum condition { IF_NONE = 1, IF_ANY = 2, IF_LATER = 4, IF_EARLIER = 8 }; /* NX XX GT LT */

/* The conditions behind the time; false when the error is answered. */
static bool read_conditions(struct call *c, unsigned *conditions)
{
    static const struct {
        const char *word;
        unsigned bit;
    } words[] = {{"NX", IF_NONE}, {"XX", IF_ANY}, {"GT", IF_LATER}, {"LT", IF_EARLIER}};
    *conditions = 0;
    for (uint32_t i = 3; i < c->argc; i++) {
        unsigned bit = 0;
        for (unsigned w = 0; w < 4; w++)
            if (slice_is(c->argv[i], words[w].word))
                bit = words[w].bit;
        if (!bit) {
            reply_errorf(c->reply, "ERR Unsupported option %.*s",
                         (int)(c->argv[i].len < 128 ? c->argv[i].len : 128), c->argv[i].ptr);
            return false;
        }
        *conditions |= bit;
    }
    if (*conditions & IF_NONE && *conditions & ~(unsigned)IF_NONE) {
        reply_error(c->reply, "ERR NX and XX, GT or LT options at the same time are not compatible");
        return false;
    }
    if (*conditions & IF_LATER && *conditions & IF_EARLIER) {
        reply_error(c->reply, "ERR GT and LT options at the same time are not compatible");
        return false;
    }
    return true;
}

/* argv[2] times `unit` ms after `base`, as ms since 1970; false when the error is answered. */
static bool read_time(struct call *c, int64_t unit, int64_t base, int64_t *at)
{
    if (!call_int(c, 2, at, NULL))
        return false;
    if (!__builtin_mul_overflow(*at, unit, at) && !__builtin_add_overflow(*at, base, at))
        return true;
    reply_errorf(c->reply, "ERR invalid expire time in '%s' command", c->command->name);
    return false;
}

/* A key that never ends ends later than any other. */
static bool conditions_hold(unsigned conditions, int64_t old, int64_t at)
{
    bool none = old == EXPIRY_NONE;
    if (conditions & IF_NONE && !none)
        return false;
    if (conditions & IF_ANY && none)
        return false;
    if (conditions & IF_LATER && (none || at <= old))
        return false;
    return !(conditions & IF_EARLIER) || none || at < old;
}

static void expire_key(struct call *c, int64_t unit, int64_t base)
{
    unsigned conditions;
    int64_t at;
    if (!read_conditions(c, &conditions) || !read_time(c, unit, base, &at))
        return;
    struct slice key = c->argv[1];
    uint64_t hash = c->hashes[1];
    struct entry *e = keyspace_find(c->keyspace, c->db, key, hash);
    if (!e || !conditions_hold(conditions, entry_expiry(e), at)) {
        reply_int(c->reply, 0);
        return;
    }
    if (at <= clock_ms()) {
        keyspace_delete(c->keyspace, c->db, key, hash);
        call_changed(c, 1, EVENT_GENERIC, "del");
    } else {
        keyspace_set_expiry(c->keyspace, c->db, e, hash, at);
        call_changed(c, 1, EVENT_GENERIC, "expire");
    }
    reply_int(c->reply, 1);
}

static void run_expire(struct call *c)
{
    expire_key(c, 1000, clock_ms());
}

static void run_pexpire(struct call *c)
{
    expire_key(c, 1, clock_ms());
}

static void run_expireat(struct call *c)
{
    expire_key(c, 1000, 0);
}

static void run_pexpireat(struct call *c)
{
    expire_key(c, 1, 0);
}

static void run_persist(struct call *c)
{
    struct entry *e = keyspace_find(c->keyspace, c->db, c->argv[1], c->hashes[1]);
    if (!e || entry_expiry(e) == EXPIRY_NONE) {
        reply_int(c->reply, 0);
        return;
    }
    keyspace_set_expiry(c->keyspace, c->db, e, c->hashes[1], EXPIRY_NONE);
    call_changed(c, 1, EVENT_GENERIC, "persist");
    reply_int(c->reply, 1);
}

/* ---- asking ---------------------------------------------------------------------- */

/* Answers when the key ends, less `base` and never below 0, in units of `unit` ms
 * (rounded to the nearest); -1 for never, -2 where there is no key. */
static void answer_time(struct call *c, int64_t unit, int64_t base)
{
    const struct entry *e = key_peek(c, 1);
    int64_t at = e ? entry_expiry(e) : -2;
    if (at < 0) {
        reply_int(c->reply, at);
        return;
    }
    at = at > base ? at - base : 0;
    reply_int(c->reply, at / unit + (at % unit >= (unit + 1) / 2));
}

static void run_ttl(struct call *c)
{
    answer_time(c, 1000, clock_ms());
}

static void run_pttl(struct call *c)
{
    answer_time(c, 1, clock_ms());
}

static void run_expiretime(struct call *c)
{
    answer_time(c, 1000, 0);
}

static void run_pexpiretime(struct call *c)
{
    answer_time(c, 1, 0);
}

/* ---- the table --------------------------------------------------------------------- */

#define ONE_KEY                                                                                              \
    .first = 1, .last = 1, .step = 1, .group = "generic", .complexity = "O(1)",                              \
    .categories = CATEGORY_KEYSPACE
#define SETS_TIME ONE_KEY, .arity = -3, .flags = COMMAND_WRITE | COMMAND_FAST, .key_flags = "RW update"
#define ASKS_TIME                                                                                            \
    ONE_KEY, .arity = 2, .flags = COMMAND_READONLY | COMMAND_FAST, .key_flags = "RO access", .syntax = "key"
#define CONDITIONS " [condition@7.0.0=NX | XX | GT | LT]"

const struct command expire_commands[] = {
    {.name = "expire",
     .run = run_expire,
     SETS_TIME,
     .since = "1.0.0",
     .summary = "Lets a key end after a number of seconds.",
     .syntax = "key seconds:integer" CONDITIONS},
    {.name = "expireat",
     .run = run_expireat,
     SETS_TIME,
     .since = "1.2.0",
     .summary = "Lets a key end at a Unix time in seconds.",
     .syntax = "key unix-time-seconds:unix-time" CONDITIONS},
    {.name = "expiretime",
     .run = run_expiretime,
     ASKS_TIME,
     .since = "7.0.0",
     .summary = "Tells the Unix time in seconds at which a key ends."},
    {.name = "persist",
     .run = run_persist,
     ONE_KEY,
     .arity = 2,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .key_flags = "RW update",
     .since = "2.2.0",
     .summary = "Lets a key stay for good.",
     .syntax = "key"},
    {.name = "pexpire",
     .run = run_pexpire,
     SETS_TIME,
     .since = "2.6.0",
     .summary = "Lets a key end after a number of milliseconds.",
     .syntax = "key milliseconds:integer" CONDITIONS},
    {.name = "pexpireat",
     .run = run_pexpireat,
     SETS_TIME,
     .since = "2.6.0",
     .summary = "Lets a key end at a Unix time in milliseconds.",
     .syntax = "key unix-time-milliseconds:unix-time" CONDITIONS},
    {.name = "pexpiretime",
     .run = run_pexpiretime,
     ASKS_TIME,
     .since = "7.0.0",
     .summary = "Tells the Unix time in milliseconds at which a key ends."},
    {.name = "pttl",
     .run = run_pttl,
     ASKS_TIME,
     .since = "2.6.0",
     .summary = "Tells how many milliseconds a key has left.",
     .tips = "nondeterministic_output"},
    {.name = "ttl",
     .run = run_ttl,
     ASKS_TIME,
     .since = "1.0.0",
     .summary = "Tells how many seconds a key has left.",
     .tips = "nondeterministic_output"},
    {.name = NULL},
};
