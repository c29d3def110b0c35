/* hash_expiry: fields of hashes that end: HEXPIRE and its kin, HTTL and its kin, HPERSIST, and the commands
 * that read or set fields together with their time (HGETEX, HGETDEL, HSETEX). */
#include "base/clock.h"
#include "commands/families.h"
#include "commands/hash.h"

#include <limits.h>

/* A field's time, ms since 1970, is at most this: Redis's bound. */
#define TIME_MAX (0xffffffffffffll >> 2)

#define ERROR_COUNT "ERR Number of fields must be a positive integer"

/* What the commands answer for a field. */
enum answer { FIELD_MISSING = -2, FIELD_FOREVER = -1, NOT_MET = 0, DONE = 1, FIELD_REMOVED = 2 };

/* ---- arguments ------------------------------------------------------------------- */

/* FIELDS, their number and the fields, from argv[at] on up to the end; false when the error is answered. */
static bool read_fields(struct call *c, uint32_t at, const char *count_error, uint32_t *first)
{
    int64_t count;
    if (at >= c->argc || !slice_is(c->argv[at], "FIELDS")) {
        reply_error(c->reply, "ERR Mandatory argument FIELDS is missing or not at the right position");
        return false;
    }
    if (at + 1 >= c->argc) {
        call_wrong_arity(c);
        return false;
    }
    if (!call_int_within(c, at + 1, 1, INT64_MAX, &count, count_error))
        return false;
    if (count != (int64_t)c->argc - at - 2) {
        reply_error(c->reply, "ERR The `numfields` parameter must match the number of arguments");
        return false;
    }
    *first = at + 2;
    return true;
}

/* argv[i] times `unit` ms after `base`, as ms since 1970; false when the error is answered. */
static bool read_time(struct call *c, uint32_t i, int64_t unit, int64_t base, int64_t *at)
{
    if (!call_int(c, i, at, NULL))
        return false;
    if (*at < 0) {
        reply_error(c->reply, "ERR invalid expire time, must be >= 0");
        return false;
    }
    if (*at > TIME_MAX / unit || *at * unit > TIME_MAX - base) {
        reply_errorf(c->reply, "ERR invalid expire time in '%s' command", c->command->name);
        return false;
    }
    *at = *at * unit + base;
    return true;
}

struct time_word {
    const char *word;
    int64_t unit;
    bool absolute;
};

static const struct time_word time_words[] = {
    {"EX", 1000, false}, {"PX", 1, false}, {"EXAT", 1000, true}, {"PXAT", 1, true}};

/* The word of EX, PX, EXAT, PXAT that argv[i] is; NULL: none. */
static const struct time_word *find_time_word(const struct call *c, uint32_t i)
{
    for (unsigned w = 0; w < 4; w++)
        if (slice_is(c->argv[i], time_words[w].word))
            return &time_words[w];
    return NULL;
}

static bool read_word_time(struct call *c, uint32_t i, const struct time_word *word, int64_t *at)
{
    return read_time(c, i, word->unit, word->absolute ? 0 : clock_ms(), at);
}

/* ---- HEXPIRE and its kin ----------------------------------------------------------- */

enum condition { IF_ALWAYS, IF_NONE, IF_ANY, IF_LATER, IF_EARLIER };

/* NX, XX, GT or LT at argv[i]. */
static enum condition read_condition(const struct call *c, uint32_t i)
{
    static const char *const words[] = {
        [IF_NONE] = "NX", [IF_ANY] = "XX", [IF_LATER] = "GT", [IF_EARLIER] = "LT"};
    for (enum condition k = IF_NONE; k <= IF_EARLIER; k++)
        if (slice_is(c->argv[i], words[k]))
            return k;
    return IF_ALWAYS;
}

/* A field that never ends ends later than any other. */
static bool condition_holds(enum condition condition, int64_t old, int64_t at)
{
    bool none = old == EXPIRY_NONE;
    switch (condition) {
    case IF_NONE:
        return none;
    case IF_ANY:
        return !none;
    case IF_LATER:
        return !none && at > old;
    case IF_EARLIER:
        return none || at < old;
    default:
        return true;
    }
}

/* Lets a field end at that time: it goes now when that is past. */
static enum answer expire_field(struct place *p, struct slice field, int64_t at, enum condition condition)
{
    int64_t old;
    if (!fields_get_expiry(p->entry, field, &old))
        return FIELD_MISSING;
    if (!condition_holds(condition, old, at))
        return NOT_MET;
    if (at <= clock_ms()) {
        fields_remove(p, field);
        return FIELD_REMOVED;
    }
    fields_set_expiry(p, field, at);
    return DONE;
}

/* Some fields got a time, or went because it is past. */
static void tell_expire(struct call *c, struct place *p, bool removed)
{
    call_changed(c, 1, EVENT_HASH, removed ? "hdel" : "hexpire");
    if (removed && fields_empty(p->entry))
        call_emptied(c, 1, p);
}

static void expire_fields(struct call *c, int64_t unit, int64_t base)
{
    struct place p;
    int64_t at;
    uint32_t first;
    if (!call_place(c, 1, TYPE_HASH, &p) || !read_time(c, 2, unit, base, &at))
        return;
    enum condition condition = read_condition(c, 3);
    if (!read_fields(c, condition == IF_ALWAYS ? 3 : 4, "ERR Parameter `numFields` should be greater than 0",
                     &first))
        return;
    bool removed = false, done = false;
    reply_array(c->reply, c->argc - first);
    for (uint32_t i = first; i < c->argc; i++) {
        enum answer answer = expire_field(&p, c->argv[i], at, condition);
        removed |= answer == FIELD_REMOVED;
        done |= answer == DONE;
        reply_int(c->reply, answer);
    }
    if (removed || done)
        tell_expire(c, &p, removed);
}

static void run_hexpire(struct call *c)
{
    expire_fields(c, 1000, clock_ms());
}

static void run_hpexpire(struct call *c)
{
    expire_fields(c, 1, clock_ms());
}

static void run_hexpireat(struct call *c)
{
    expire_fields(c, 1000, 0);
}

static void run_hpexpireat(struct call *c)
{
    expire_fields(c, 1, 0);
}

static void run_hpersist(struct call *c)
{
    struct place p;
    uint32_t first;
    if (!call_place(c, 1, TYPE_HASH, &p) || !read_fields(c, 2, ERROR_COUNT, &first))
        return;
    bool done = false;
    reply_array(c->reply, c->argc - first);
    for (uint32_t i = first; i < c->argc; i++) {
        int64_t at;
        enum answer answer = FIELD_MISSING;
        if (fields_get_expiry(p.entry, c->argv[i], &at))
            answer = at == EXPIRY_NONE ? FIELD_FOREVER : DONE;
        if (answer == DONE)
            fields_set_expiry(&p, c->argv[i], EXPIRY_NONE);
        done |= answer == DONE;
        reply_int(c->reply, answer);
    }
    if (done)
        call_changed(c, 1, EVENT_HASH, "hpersist");
}

/* ---- HTTL and its kin ---------------------------------------------------------------- */

/* Answers when fields end, less `base`, in units of `unit` ms, rounded up. */
static void answer_times(struct call *c, int64_t unit, int64_t base)
{
    struct place p;
    uint32_t first;
    if (!call_place_read(c, 1, TYPE_HASH, &p) || !read_fields(c, 2, ERROR_COUNT, &first))
        return;
    reply_array(c->reply, c->argc - first);
    for (uint32_t i = first; i < c->argc; i++) {
        int64_t at = FIELD_MISSING;
        if (fields_get_expiry(p.entry, c->argv[i], &at))
            at = at == EXPIRY_NONE ? FIELD_FOREVER : (at - base + unit - 1) / unit;
        reply_int(c->reply, at);
    }
}

static void run_httl(struct call *c)
{
    answer_times(c, 1000, clock_ms());
}

static void run_hpttl(struct call *c)
{
    answer_times(c, 1, clock_ms());
}

static void run_hexpiretime(struct call *c)
{
    answer_times(c, 1000, 0);
}

static void run_hpexpiretime(struct call *c)
{
    answer_times(c, 1, 0);
}

/* ---- fields and their time together ---------------------------------------------------- */

static void run_hgetdel(struct call *c)
{
    struct place p;
    uint32_t first;
    if (!call_place(c, 1, TYPE_HASH, &p) || !read_fields(c, 2, ERROR_COUNT, &first))
        return;
    bool gone = false;
    reply_array(c->reply, c->argc - first);
    for (uint32_t i = first; i < c->argc; i++) {
        if (hash_reply_field(c, &p, i))
            gone |= fields_remove(&p, c->argv[i]);
    }
    if (!gone)
        return;
    call_changed(c, 1, EVENT_HASH, "hdel");
    if (fields_empty(p.entry))
        call_emptied(c, 1, &p);
}

static void run_hgetex(struct call *c)
{
    struct place p;
    int64_t at = EXPIRY_NONE;
    uint32_t first;
    if (!call_place(c, 1, TYPE_HASH, &p))
        return;
    const struct time_word *word = find_time_word(c, 2);
    bool persist = slice_is(c->argv[2], "PERSIST");
    if (word && !read_word_time(c, 3, word, &at))
        return;
    if (!read_fields(c, word ? 4 : persist ? 3 : 2, ERROR_COUNT, &first))
        return;
    bool removed = false, done = false, persisted = false;
    reply_array(c->reply, c->argc - first);
    for (uint32_t i = first; i < c->argc; i++) {
        int64_t old;
        if (!hash_reply_field(c, &p, i) || !fields_get_expiry(p.entry, c->argv[i], &old))
            continue;
        if (word) {
            enum answer answer = expire_field(&p, c->argv[i], at, IF_ALWAYS);
            removed |= answer == FIELD_REMOVED;
            done |= answer == DONE;
        } else if (persist && old != EXPIRY_NONE) {
            fields_set_expiry(&p, c->argv[i], EXPIRY_NONE);
            persisted = true;
        }
    }
    if (persisted)
        call_changed(c, 1, EVENT_HASH, "hpersist");
    else if (removed || done)
        tell_expire(c, &p, removed);
}

struct hsetex {
    bool only_new, only_old, keep;
    int64_t at;            /* EXPIRY_NONE: no time given */
    uint32_t first, count; /* the first field, and how many */
};

/* FIELDS at argv[i]: their number, and fields with values up to the end. */
static bool read_pairs(struct call *c, uint32_t i, struct hsetex *o)
{
    int64_t count;
    if (i + 3 >= c->argc) {
        call_wrong_arity(c);
        return false;
    }
    if (!call_int_within(c, i + 1, 1, INT_MAX, &count, "ERR invalid number of fields"))
        return false;
    if ((int64_t)c->argc - i - 2 != 2 * count) {
        call_wrong_arity(c);
        return false;
    }
    o->first = i + 2;
    o->count = (uint32_t)count;
    return true;
}

/* One option before FIELDS, at argv[*i], which moves over its argument. Returns the error, "" when it is answered
 * already, NULL when all is well. */
static const char *read_hsetex_option(struct call *c, uint32_t *i, struct hsetex *o)
{
    const struct time_word *word = find_time_word(c, *i);
    bool keep = slice_is(c->argv[*i], "KEEPTTL");
    bool only_new = slice_is(c->argv[*i], "FNX"), only_old = slice_is(c->argv[*i], "FXX");
    if ((word || keep) && (o->keep || o->at != EXPIRY_NONE))
        return "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
    if (word && *i + 1 >= c->argc)
        return "ERR missing expire time";
    if (word)
        return read_word_time(c, ++*i, word, &o->at) ? NULL : "";
    if ((only_new || only_old) && (o->only_new || o->only_old))
        return "ERR Only one of FXX or FNX arguments can be specified";
    o->keep |= keep;
    o->only_new |= only_new;
    o->only_old |= only_old;
    if (keep || only_new || only_old)
        return NULL;
    reply_errorf(c->reply, "ERR unknown argument: %.*s", (int)(c->argv[*i].len < 128 ? c->argv[*i].len : 128),
                 c->argv[*i].ptr);
    return "";
}

static bool read_hsetex(struct call *c, struct hsetex *o)
{
    *o = (struct hsetex){.at = EXPIRY_NONE};
    for (uint32_t i = 2; i < c->argc; i++) {
        if (slice_is(c->argv[i], "FIELDS"))
            return read_pairs(c, i, o);
        const char *error = read_hsetex_option(c, &i, o);
        if (error && *error)
            reply_error(c->reply, error);
        if (error)
            return false;
    }
    call_wrong_arity(c);
    return false;
}

static bool pairs_allowed(const struct call *c, const struct place *p, const struct hsetex *o)
{
    if (!o->only_new && !o->only_old)
        return true;
    for (uint32_t i = 0; i < o->count; i++)
        if (fields_has(p->entry, c->argv[o->first + 2 * i]) != o->only_old)
            return false;
    return true;
}

static void run_hsetex(struct call *c)
{
    struct hsetex o;
    struct place p;
    if (!read_hsetex(c, &o) || !call_place(c, 1, TYPE_HASH, &p))
        return;
    if (!pairs_allowed(c, &p, &o)) {
        reply_int(c->reply, 0);
        return;
    }
    bool timed = o.at != EXPIRY_NONE, past = timed && o.at <= clock_ms();
    int64_t expiry = o.keep ? KEEP_EXPIRY : past ? EXPIRY_NONE : o.at;
    for (uint32_t i = o.first; i < c->argc; i += 2) {
        fields_set_blob(&p, c->argv[i], 0, c->argv[i + 1], call_blob(c, i + 1), expiry);
        if (past)
            fields_remove(&p, c->argv[i]);
    }
    reply_int(c->reply, 1);
    call_changed(c, 1, EVENT_HASH, "hset");
    if (timed)
        tell_expire(c, &p, past);
}

/* ---- the table --------------------------------------------------------------------- */

#define ONE_KEY .first = 1, .last = 1, .step = 1, .group = "hash", .complexity = "O(N) for N fields"
#define SETS_TIME                                                                                            \
    ONE_KEY, .arity = -6, .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST, .since = "7.4.0",         \
             .key_flags = "RW update"
#define ASKS_TIME                                                                                            \
    ONE_KEY, .arity = -5, .flags = COMMAND_READONLY | COMMAND_FAST, .since = "7.4.0",                        \
             .key_flags = "RO access", .syntax = "key" FIELDS
#define CONDITION " [condition=NX | XX | GT | LT]"
#define FIELDS " FIELDS (numfields:integer field ...)"
#define EXPIRATION                                                                                           \
    " [expiration=EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time | "        \
    "PXAT unix-time-milliseconds:unix-time | "

const struct command hash_expiry_commands[] = {
    {.name = "hexpire",
     .run = run_hexpire,
     SETS_TIME,
     .summary = "Lets fields end after a number of seconds.",
     .syntax = "key seconds:integer" CONDITION FIELDS},
    {.name = "hexpireat",
     .run = run_hexpireat,
     SETS_TIME,
     .summary = "Lets fields end at a Unix time in seconds.",
     .syntax = "key unix-time-seconds:unix-time" CONDITION FIELDS},
    {.name = "hexpiretime",
     .run = run_hexpiretime,
     ASKS_TIME,
     .summary = "Tells the Unix time in seconds at which fields end."},
    {.name = "hgetdel",
     .run = run_hgetdel,
     ONE_KEY,
     .arity = -5,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .since = "8.0.0",
     .summary = "Gives the values of fields and removes them.",
     .key_flags = "RW access delete",
     .syntax = "key" FIELDS},
    {.name = "hgetex",
     .run = run_hgetex,
     ONE_KEY,
     .arity = -5,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .since = "8.0.0",
     .summary = "Gives the values of fields and sets or removes the time at which they end.",
     .key_flags = "RW access update",
     .syntax = "key" EXPIRATION "PERSIST]" FIELDS},
    {.name = "hpersist",
     .run = run_hpersist,
     ONE_KEY,
     .arity = -5,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .since = "7.4.0",
     .summary = "Lets fields stay for good.",
     .key_flags = "RW update",
     .syntax = "key" FIELDS},
    {.name = "hpexpire",
     .run = run_hpexpire,
     SETS_TIME,
     .summary = "Lets fields end after a number of milliseconds.",
     .syntax = "key milliseconds:integer" CONDITION FIELDS},
    {.name = "hpexpireat",
     .run = run_hpexpireat,
     SETS_TIME,
     .summary = "Lets fields end at a Unix time in milliseconds.",
     .syntax = "key unix-time-milliseconds:unix-time" CONDITION FIELDS},
    {.name = "hpexpiretime",
     .run = run_hpexpiretime,
     ASKS_TIME,
     .summary = "Tells the Unix time in milliseconds at which fields end."},
    {.name = "hpttl",
     .run = run_hpttl,
     ASKS_TIME,
     .summary = "Tells how many milliseconds fields have left.",
     .tips = "nondeterministic_output"},
    {.name = "hsetex",
     .run = run_hsetex,
     ONE_KEY,
     .arity = -6,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .since = "8.0.0",
     .summary = "Sets fields and the time at which they end.",
     .key_flags = "RW update",
     .syntax =
         "key [condition=FNX | FXX]" EXPIRATION "KEEPTTL] FIELDS (numfields:integer data=(field value) ...)"},
    {.name = "httl",
     .run = run_httl,
     ASKS_TIME,
     .summary = "Tells how many seconds fields have left.",
     .tips = "nondeterministic_output"},
    {.name = NULL},
};
