/* hyperloglog: PFADD, PFCOUNT, PFMERGE and the two for who looks inside. A value is a string in the form of
 * ds/hyperloglog.h, which any client may have written: it is judged each time. */
#include "ds/hyperloglog.h"
#include "base/buf.h"
#include "base/must.h"
#include "commands/command.h"
#include "commands/families.h"
#include "store/entry.h"

#define ERROR_NOT_A_LOG "WRONGTYPE Key is not a valid HyperLogLog string value."
#define ERROR_CORRUPT "INVALIDOBJ Corrupted HLL object detected"

/* The value of argv[i], ptr NULL without one; false when it is no HyperLogLog (answered). */
static bool look_up(struct call *c, uint32_t i, bool reading, struct slice *s)
{
    bool ok;
    struct entry *e = reading ? call_read_string(c, i, &ok) : call_find_string(c, i, &ok);
    *s = e && entry_encoding(e) != ENC_INT ? entry_bytes(e) : slice_make(NULL, 0);
    if (!ok)
        return false;
    if (!e || (s->ptr && hyperloglog_valid(*s)))
        return true;
    reply_error(c->reply, ERROR_NOT_A_LOG);
    return false;
}

/* The value of argv[i], created when missing, made len bytes and writable. */
static char *edit(struct call *c, uint32_t i, size_t len)
{
    return keyspace_edit(c->keyspace, c->db, c->argv[i], c->hashes[i], len);
}

/* What is remembered in the value changed, not what it says: watchers hear of it, subscribers don't. */
static void changed_inside(struct call *c, uint32_t i)
{
    call_changed(c, i, (enum event_class)0, "");
}

/* A sparse value while it is worked on, aside from its entry, and what it becomes when it outgrows that. */
struct work {
    struct hyperloglog_sparse sparse;
    bool is_dense;
    char bytes[HYPERLOGLOG_SPARSE_MOST];
    char dense[HYPERLOGLOG_DENSE];
};

/* False when it is so long that its runs can't be right. */
static bool work_begin(struct work *w, struct slice was)
{
    w->is_dense = false;
    w->sparse = (struct hyperloglog_sparse){.bytes = w->bytes, .len = HYPERLOGLOG_EMPTY};
    if (was.len > HYPERLOGLOG_SPARSE_MOST)
        return false;
    if (was.ptr) {
        memcpy(w->bytes, was.ptr, was.len);
        w->sparse.len = was.len;
    } else {
        hyperloglog_init(w->bytes);
    }
    return true;
}

static enum hyperloglog_change work_raise(struct work *w, struct hyperloglog_mark mark)
{
    if (w->is_dense)
        return hyperloglog_dense_raise(w->dense, mark) ? HYPERLOGLOG_RAISED : HYPERLOGLOG_SAME;
    enum hyperloglog_change change = hyperloglog_sparse_raise(&w->sparse, mark);
    if (change != HYPERLOGLOG_OUTGROWN)
        return change;
    if (!hyperloglog_to_dense(slice_make(w->bytes, w->sparse.len), w->dense))
        return HYPERLOGLOG_CORRUPT;
    w->is_dense = true;
    hyperloglog_dense_raise(w->dense, mark);
    return HYPERLOGLOG_RAISED;
}

/* Puts the result under argv[1]. */
static void work_end(struct call *c, struct work *w)
{
    const char *bytes = w->is_dense ? w->dense : w->bytes;
    size_t len = w->is_dense ? HYPERLOGLOG_DENSE : w->sparse.len;
    char *to = edit(c, 1, len);
    memcpy(to, bytes, len);
    hyperloglog_set_stale(to);
}

/* ---- PFADD ------------------------------------------------------------------------- */

static void add_to_dense(struct call *c, struct slice was)
{
    char *bytes = NULL;
    for (uint32_t i = 2; i < c->argc; i++) {
        struct hyperloglog_mark mark = hyperloglog_mark(c->argv[i]);
        if (!bytes) {
            if (hyperloglog_dense_get(was.ptr, mark.index) >= mark.rank)
                continue;
            bytes = edit(c, 1, HYPERLOGLOG_DENSE);
            hyperloglog_set_stale(bytes);
        }
        hyperloglog_dense_raise(bytes, mark);
    }
    if (bytes)
        call_changed(c, 1, EVENT_STRING, "pfadd");
    reply_int(c->reply, bytes != NULL);
}

static void add_to_sparse(struct call *c, struct slice was)
{
    struct work w;
    bool ok = work_begin(&w, was), changed = !was.ptr;
    for (uint32_t i = 2; i < c->argc && ok; i++) {
        enum hyperloglog_change change = work_raise(&w, hyperloglog_mark(c->argv[i]));
        ok = change != HYPERLOGLOG_CORRUPT;
        changed |= change == HYPERLOGLOG_RAISED;
    }
    if (!ok) {
        reply_error(c->reply, ERROR_CORRUPT);
        return;
    }
    if (changed) {
        work_end(c, &w);
        call_changed(c, 1, EVENT_STRING, "pfadd");
    }
    reply_int(c->reply, changed);
}

static void add(struct call *c)
{
    struct slice was;
    if (!look_up(c, 1, false, &was))
        return;
    if (was.ptr && hyperloglog_is_dense(was.ptr))
        add_to_dense(c, was);
    else
        add_to_sparse(c, was);
}

/* ---- PFCOUNT and PFMERGE ------------------------------------------------------------- */

/* Raises the registers to those of argv[i]; false after an error. *dense is set when it is dense. */
static bool merge_key(struct call *c, uint32_t i, uint8_t *registers, bool *dense)
{
    struct slice s;
    if (!look_up(c, i, true, &s))
        return false;
    if (!s.ptr)
        return true;
    *dense |= hyperloglog_is_dense(s.ptr);
    if (hyperloglog_merge(registers, s))
        return true;
    reply_error(c->reply, ERROR_CORRUPT);
    return false;
}

static void count_one(struct call *c)
{
    struct slice s;
    uint64_t count = 0;
    if (!look_up(c, 1, true, &s))
        return;
    if (s.ptr && !hyperloglog_cached(s.ptr, &count)) {
        if (!hyperloglog_count(s, &count)) {
            reply_error(c->reply, ERROR_CORRUPT);
            return;
        }
        hyperloglog_set_cached(edit(c, 1, s.len), count);
        changed_inside(c, 1);
    }
    reply_int(c->reply, (int64_t)count);
}

static void count(struct call *c)
{
    if (c->argc == 2) {
        count_one(c);
        return;
    }
    uint8_t registers[HYPERLOGLOG_REGISTERS] = {0};
    bool dense = false;
    for (uint32_t i = 1; i < c->argc; i++) {
        if (!merge_key(c, i, registers, &dense))
            return;
    }
    reply_int(c->reply, (int64_t)hyperloglog_count_registers(registers));
}

/* As Redis does: register by register, so that the runs come out the same. */
static void merge_to_sparse(struct call *c, struct slice was, const uint8_t *registers)
{
    struct work w;
    must(work_begin(&w, was));
    for (unsigned i = 0; i < HYPERLOGLOG_REGISTERS; i++) {
        if (!registers[i])
            continue;
        struct hyperloglog_mark mark = {.index = (uint16_t)i, .rank = registers[i]};
        must(work_raise(&w, mark) != HYPERLOGLOG_CORRUPT);
        if (w.is_dense) {
            hyperloglog_dense_put(w.dense, registers);
            break;
        }
    }
    work_end(c, &w);
}

static void merge(struct call *c)
{
    uint8_t registers[HYPERLOGLOG_REGISTERS] = {0};
    bool dense = false;
    for (uint32_t i = 1; i < c->argc; i++) {
        if (!merge_key(c, i, registers, &dense))
            return;
    }
    struct slice was;
    must(look_up(c, 1, false, &was));
    if (dense) {
        bool is_new = !was.ptr;
        char *bytes = edit(c, 1, HYPERLOGLOG_DENSE);
        if (is_new)
            hyperloglog_init(bytes);
        hyperloglog_dense_put(bytes, registers);
        hyperloglog_set_stale(bytes);
    } else {
        merge_to_sparse(c, was, registers);
    }
    call_changed(c, 1, EVENT_STRING, "pfadd");
    reply_ok(c->reply);
}

/* ---- PFDEBUG and PFSELFTEST ----------------------------------------------------------- */

/* Makes the value of argv[2], s, dense if it is not; false after an error. */
static bool make_dense(struct call *c, struct slice s, bool *was_sparse)
{
    *was_sparse = !hyperloglog_is_dense(s.ptr);
    if (!*was_sparse)
        return true;
    char dense[HYPERLOGLOG_DENSE];
    if (!hyperloglog_to_dense(s, dense)) {
        reply_error(c->reply, ERROR_CORRUPT);
        return false;
    }
    memcpy(edit(c, 2, sizeof dense), dense, sizeof dense);
    changed_inside(c, 2);
    return true;
}

static void debug_registers(struct call *c, struct slice s)
{
    bool was_sparse;
    if (!make_dense(c, s, &was_sparse) || !look_up(c, 2, false, &s))
        return;
    reply_array(c->reply, HYPERLOGLOG_REGISTERS);
    for (unsigned i = 0; i < HYPERLOGLOG_REGISTERS; i++)
        reply_int(c->reply, hyperloglog_dense_get(s.ptr, i));
}

static void write_run(void *ctx, char kind, unsigned value, unsigned length)
{
    struct buf *text = ctx;
    if (text->len)
        buf_append_char(text, ' ');
    if (kind == 'v')
        buf_printf(text, "v:%u,%u", value, length);
    else
        buf_printf(text, "%c:%u", kind, length);
}

static void debug_runs(struct call *c, struct slice s)
{
    if (hyperloglog_is_dense(s.ptr)) {
        reply_error(c->reply, "ERR HLL encoding is not sparse");
        return;
    }
    struct buf text = BUF_EMPTY;
    hyperloglog_runs(s, write_run, &text);
    reply_bulk(c->reply, buf_slice(&text));
    buf_deinit(&text);
}

static void debug(struct call *c)
{
    struct slice s, what = c->argv[1];
    if (!look_up(c, 2, false, &s))
        return;
    bool was_sparse;
    if (!s.ptr)
        reply_error(c->reply, "ERR The specified key does not exist");
    else if (slice_is(what, "GETREG"))
        debug_registers(c, s);
    else if (slice_is(what, "DECODE"))
        debug_runs(c, s);
    else if (slice_is(what, "ENCODING"))
        reply_status(c->reply, hyperloglog_is_dense(s.ptr) ? "dense" : "sparse");
    else if (!slice_is(what, "TODENSE"))
        reply_errorf(c->reply, "ERR Unknown PFDEBUG subcommand '%.*s'",
                     (int)(what.len < 128 ? what.len : 128), what.ptr);
    else if (make_dense(c, s, &was_sparse))
        reply_int(c->reply, was_sparse);
}

/* Sparse and dense must agree, and be as near to the truth as they promise: 3.5 standard errors,
 * beyond which one in two thousand would be by chance; what is added is always the same. */
static void self_test(struct call *c)
{
    struct work w;
    char dense[HYPERLOGLOG_DENSE] = {0};
    work_begin(&w, slice_make(NULL, 0));
    hyperloglog_to_dense(slice_make(w.bytes, w.sparse.len), dense);
    uint64_t next = 1;
    for (uint64_t i = 1; i <= 100000; i++) {
        struct hyperloglog_mark mark = hyperloglog_mark(slice_make(&i, sizeof i));
        bool raised = hyperloglog_dense_raise(dense, mark);
        if (raised != (work_raise(&w, mark) == HYPERLOGLOG_RAISED)) {
            reply_errorf(c->reply, "TESTFAILED sparse and dense differ at element %llu",
                         (unsigned long long)i);
            return;
        }
        if (i != next)
            continue;
        next *= 10;
        struct slice s = w.is_dense ? slice_make(w.dense, sizeof w.dense) : slice_make(w.bytes, w.sparse.len);
        uint64_t a = 0, b = 0;
        bool ok = hyperloglog_count(s, &a) && hyperloglog_count(slice_make(dense, sizeof dense), &b);
        uint64_t error = a > i ? a - i : i - a;
        if (!ok || a != b || (double)error > (double)i * 0.0081 * 3.5) {
            reply_errorf(c->reply, "TESTFAILED %llu elements counted as %llu and %llu", (unsigned long long)i,
                         (unsigned long long)a, (unsigned long long)b);
            return;
        }
    }
    reply_ok(c->reply);
}

/* ---- the rows --------------------------------------------------------------------------- */

static const struct key_spec count_keys[] = {
    {.flags = "RW access",
     .begin = KEYS_AT_INDEX,
     .index = 1,
     .find = KEYS_RANGE,
     .last = -1,
     .step = 1,
     .notes = "RW because it may change the internal representation of the key, and propagate to replicas"},
    {0},
};

static const struct key_spec merge_keys[] = {
    {.flags = "RW access insert", .begin = KEYS_AT_INDEX, .index = 1, .find = KEYS_RANGE, .step = 1},
    {.flags = "RO access", .begin = KEYS_AT_INDEX, .index = 2, .find = KEYS_RANGE, .last = -1, .step = 1},
    {0},
};

const struct command hyperloglog_commands[] = {
    {.name = "pfadd",
     .run = add,
     .arity = -2,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .first = 1,
     .last = 1,
     .step = 1,
     .group = "hyperloglog",
     .since = "2.8.9",
     .key_flags = "RW insert",
     .summary = "Adds elements to a HyperLogLog, which is created when missing.",
     .complexity = "O(1) to add every element.",
     .syntax = "key [element ...]"},
    {.name = "pfcount",
     .run = count,
     .arity = -2,
     .flags = COMMAND_READONLY | COMMAND_MAY_REPLICATE,
     .first = 1,
     .last = -1,
     .step = 1,
     .group = "hyperloglog",
     .since = "2.8.9",
     .keys = count_keys,
     .summary = "Estimates how many different elements HyperLogLogs saw together.",
     .complexity = "O(1) for one key; O(N) where N is the number of keys.",
     .syntax = "key [key ...]"},
    {.name = "pfdebug",
     .run = debug,
     .arity = 3,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_ADMIN,
     .first = 2,
     .last = 2,
     .step = 1,
     .group = "hyperloglog",
     .since = "2.8.9",
     .key_flags = "RW access",
     .summary = "Shows the inside of a HyperLogLog: GETREG, DECODE, ENCODING, TODENSE.",
     .complexity = "N/A",
     .categories = CATEGORY_HYPERLOGLOG,
     .syntax = "subcommand key"},
    {.name = "pfmerge",
     .run = merge,
     .arity = -2,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .first = 1,
     .last = -1,
     .step = 1,
     .group = "hyperloglog",
     .since = "2.8.9",
     .keys = merge_keys,
     .summary = "Merges HyperLogLogs into one.",
     .complexity = "O(N) to merge N HyperLogLogs.",
     .syntax = "destkey:key [sourcekey:key ...]"},
    {.name = "pfselftest",
     .run = self_test,
     .arity = 1,
     .flags = COMMAND_ADMIN,
     .group = "hyperloglog",
     .since = "2.8.9",
     .summary = "Checks that the parts of HyperLogLog agree.",
     .complexity = "N/A",
     .categories = CATEGORY_HYPERLOGLOG},
    {.name = NULL},
};
