#include "store/list.h"

#include "base/mem.h"
#include "store/encoding.h"

/* What Redis counts for a listpack beside its elements, whose sizes are those of ds/run.h. */
#define LISTPACK_FRAME 7

/* A node bound by its number of elements is bound by these bytes as well; a packed list by those, whatever
 * the number: what RPUSH is given at once is measured without what each element takes beside its text. */
#define NODE_BYTES 8192
#define PACKED_BYTES 65536

/* Pops of more elements than this give what goes, or what stays, a table of its own: the rest is freed bit by bit. */
#define POP_AT_ONCE 4096

/* ---- limits -------------------------------------------------------------------- */

/* Which of the sizes 4, 8, 16, 32, 64 KiB a negative list_size names. */
static unsigned size_step(void)
{
    return encoding_limits.list_size < -5 ? 4 : (unsigned)(-encoding_limits.list_size - 1);
}

static struct chunks_limits limits(void)
{
    /* Of the arena's classes the ones that waste nothing: 16, 8, 4, 2 and 1 to a page. */
    static const uint32_t bytes[] = {4088, 8184, 16368, 32736, 65472};
    int64_t count = encoding_limits.list_size;
    uint64_t depth = encoding_limits.list_compress_depth;
    if (count < 0)
        return (struct chunks_limits){bytes[size_step()], UINT16_MAX, depth};
    count = count > UINT16_MAX ? UINT16_MAX : count;
    return (struct chunks_limits){bytes[1], count ? (uint32_t)count : 1, depth};
}

/* True when a listpack of that many bytes and elements fits one node of a quicklist, or 1/share of one. */
static bool fits_node(uint64_t bytes, uint64_t count, unsigned share)
{
    int64_t size = encoding_limits.list_size;
    if (size < 0)
        return bytes <= (4096u << size_step()) / share;
    return bytes <= NODE_BYTES && count <= (size ? (uint64_t)size : 1) / share;
}

/* ---- both forms ------------------------------------------------------------------- */

static inline bool is_table(const struct entry *e)
{
    return e && entry_encoding(e) == ENC_TABLE;
}

/* The elements of a packed list. */
static inline struct slice run_of(const struct entry *e)
{
    struct slice s = entry_bytes(e);
    return slice_make(s.ptr + PACK_HEADER, s.len - PACK_HEADER);
}

uint64_t list_count(const struct entry *e)
{
    if (!e)
        return 0;
    return is_table(e) ? chunks_count(entry_table(e)) : pack_count(entry_bytes(e).ptr);
}

const char *list_encoding(const struct entry *e)
{
    return is_table(e) ? "quicklist" : "listpack";
}

struct slice list_peek(const struct entry *e, enum list_end end, char scratch[PACK_DIGITS])
{
    if (is_table(e))
        return run_text(chunks_end(entry_table(e), end), scratch);
    struct slice run = run_of(e);
    return run_text(end == LIST_HEAD ? run.ptr : run_prev(run.ptr + run.len), scratch);
}

/* A packed list becomes a table; a missing one an empty table. */
static void make_table(struct place *p)
{
    struct chunks *t = chunks_create();
    if (p->entry) {
        struct chunks_limits l = limits();
        chunks_append(t, &l, run_of(p->entry));
    }
    place_set_table(p, TYPE_LIST, t);
}

/* A table of which little is left becomes packed. */
static void make_packed(struct place *p)
{
    const struct chunks *t = entry_table(p->entry);
    uint64_t count = chunks_count(t);
    struct slice run = chunks_single(t);
    if (!run.len || !fits_node(run.len + LISTPACK_FRAME, count, 2))
        return;
    size_t len = run.len;
    char *copy = mem_dup(run.ptr, len);
    char *bytes = place_set_packed(p, TYPE_LIST, PACK_HEADER + len);
    pack_set_header(bytes, 0, (uint32_t)count);
    memcpy(bytes + PACK_HEADER, copy, len);
    mem_free(copy);
}

/* The list is going to get that much: it becomes a table if it can't stay packed. */
static void expect_more(struct place *p, uint64_t text_bytes, uint64_t bytes, uint64_t count)
{
    if (is_table(p->entry))
        return;
    uint64_t has = p->entry ? run_of(p->entry).len : 0;
    if (!fits_node(has + text_bytes + LISTPACK_FRAME, list_count(p->entry) + count, 1) ||
        has + bytes > PACKED_BYTES)
        make_table(p);
}

/* The elements of a packed list, to be changed: others may share the blob that they stand in. */
static char *writable_run(struct place *p)
{
    return place_resize(p, TYPE_LIST, entry_bytes(p->entry).len) + PACK_HEADER;
}

/* In the packed bytes at p, `was` bytes of elements at offset `at` make room for `now` others, written by the
 * caller where this says; `more` elements come (or, below 0, go). */
static char *packed_splice(struct place *p, size_t at, size_t was, size_t now, int64_t more)
{
    size_t len = 0;
    uint32_t count = 0;
    if (p->entry) {
        len = run_of(p->entry).len;
        count = (uint32_t)list_count(p->entry);
    }
    size_t rest = len - at - was;
    char *run;
    if (now < was) {
        /* What stays moves before the end is cut off. */
        run = writable_run(p);
        memmove(run + at + now, run + at + was, rest);
    }
    char *bytes = place_resize(p, TYPE_LIST, PACK_HEADER + len - was + now);
    run = bytes + PACK_HEADER;
    if (now > was)
        memmove(run + at + now, run + at + was, rest);
    pack_set_header(bytes, 0, (uint32_t)(count + more));
    return run + at;
}

/* ---- walking ------------------------------------------------------------------------- */

void list_seek(struct list_cursor *c, const struct entry *e, uint64_t index, bool down)
{
    c->down = down;
    c->index = down ? index + 1 : index - 1;
    if (is_table(e)) {
        chunks_seek(&c->at, entry_table(e), index, down);
        return;
    }
    struct slice run = e ? run_of(e) : slice_make("", 0);
    chunks_seek_run(&c->at, run, list_count(e), index, down);
}

bool list_find(struct list_cursor *c, const struct pack_plan *wanted, uint64_t *most)
{
    while (*most) {
        const char *p = chunks_next(&c->at);
        if (!p)
            return false;
        --*most;
        c->index += c->down ? (uint64_t)-1 : 1;
        if (pack_is(p, wanted))
            return true;
    }
    return false;
}

/* ---- the ends --------------------------------------------------------------------------- */

static void packed_push(struct place *p, enum list_end end, const struct slice *values, size_t count)
{
    struct pack_plan plan;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        plan = pack_plan(values[i]);
        bytes += run_plan_size(&plan);
    }
    size_t len = p->entry ? run_of(p->entry).len : 0;
    char *to = packed_splice(p, end == LIST_HEAD ? 0 : len, 0, bytes, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        if (count > 1)
            plan = pack_plan(values[end == LIST_HEAD ? count - 1 - i : i]);
        to = run_put(to, &plan);
    }
}

/* After expect_more. */
static void push_expected(struct place *p, enum list_end end, const struct slice *values, size_t count)
{
    if (!is_table(p->entry)) {
        packed_push(p, end, values, count);
        return;
    }
    struct chunks_limits l = limits();
    struct chunks *t = entry_table(p->entry);
    for (size_t i = 0; i < count; i++) {
        struct pack_plan plan = pack_plan(values[i]);
        chunks_push(t, &l, end == LIST_TAIL, &plan);
    }
}

void list_push_all(struct place *p, enum list_end end, const struct slice *values, size_t count)
{
    if (!is_table(p->entry)) {
        uint64_t text = 0;
        for (size_t i = 0; i < count; i++)
            text += values[i].len;
        expect_more(p, text, text + count * 4, count);
    }
    push_expected(p, end, values, count);
}

void list_fill(struct place *p, const struct slice *values, size_t count)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        struct pack_plan plan = pack_plan(values[i]);
        bytes += run_plan_size(&plan);
    }
    expect_more(p, bytes, bytes, count);
    push_expected(p, LIST_TAIL, values, count);
}

/* Takes the outermost `count` elements out of the table at p, as cheaply as may be. */
static void table_pop(struct place *p, enum list_end end, uint64_t count)
{
    struct chunks *t = entry_table(p->entry);
    struct chunks_limits l = limits();
    uint64_t total = chunks_count(t), stay = total - count;
    if (count <= POP_AT_ONCE) {
        chunks_pop(t, &l, end == LIST_TAIL, count);
        return;
    }
    struct chunks *n;
    if (stay < count) {
        n = chunks_take(t, &l, end == LIST_TAIL ? 0 : count, stay);
    } else {
        n = chunks_take(t, &l, end == LIST_TAIL ? stay : 0, count);
        chunks_swap(t, n);
    }
    place_set_table(p, TYPE_LIST, n);
}

void list_pop(struct place *p, enum list_end end, uint64_t count)
{
    if (likely(is_table(p->entry))) {
        table_pop(p, end, count);
        make_packed(p);
        return;
    }
    struct slice run = run_of(p->entry);
    const char *first = run.ptr, *last = run.ptr + run.len;
    uint64_t total = list_count(p->entry);
    size_t at = (size_t)(run_at(first, last, total, end == LIST_HEAD ? count : total - count) - first);
    if (end == LIST_HEAD)
        packed_splice(p, 0, at, 0, -(int64_t)count);
    else
        packed_splice(p, at, run.len - at, 0, -(int64_t)count);
}

/* ---- the middle ---------------------------------------------------------------------------- */

/* Where element number `index` of a packed list starts, in bytes of its run. */
static size_t packed_at(const struct entry *e, uint64_t index)
{
    struct slice run = run_of(e);
    return (size_t)(run_at(run.ptr, run.ptr + run.len, list_count(e), index) - run.ptr);
}

void list_insert(struct place *p, uint64_t index, struct slice value)
{
    struct pack_plan plan = pack_plan(value);
    size_t size = run_plan_size(&plan);
    expect_more(p, value.len, size, 1);
    if (is_table(p->entry)) {
        struct chunks_limits l = limits();
        chunks_insert(entry_table(p->entry), &l, index, &plan);
    } else {
        run_put(packed_splice(p, packed_at(p->entry, index), 0, size, 1), &plan);
    }
}

void list_set(struct place *p, uint64_t index, struct slice value)
{
    struct pack_plan plan = pack_plan(value);
    size_t size = run_plan_size(&plan);
    expect_more(p, value.len, size, 1);
    if (is_table(p->entry)) {
        struct chunks_limits l = limits();
        chunks_set(entry_table(p->entry), &l, index, &plan);
        make_packed(p);
        return;
    }
    size_t at = packed_at(p->entry, index);
    const char *old = run_of(p->entry).ptr + at;
    run_put(packed_splice(p, at, (size_t)(run_next(old) - old), size, 0), &plan);
}

uint64_t list_remove(struct place *p, struct slice value, uint64_t most, enum list_end from)
{
    struct pack_plan plan = pack_plan(value);
    if (is_table(p->entry)) {
        struct chunks_limits l = limits();
        uint64_t removed = chunks_remove(entry_table(p->entry), &l, &plan, most, from == LIST_TAIL);
        if (removed)
            make_packed(p);
        return removed;
    }
    size_t was = run_of(p->entry).len, len = was;
    uint64_t removed = run_remove(writable_run(p), &len, &plan, most, from == LIST_TAIL);
    if (removed)
        packed_splice(p, len, was - len, 0, -(int64_t)removed);
    return removed;
}

/* ---- what the keyspace asks ------------------------------------------------------------------ */

static uint64_t table_count(const void *table)
{
    return chunks_count(table);
}

static void *table_copy(const void *table)
{
    return chunks_copy(table);
}

static bool table_drain(void *table, unsigned most)
{
    return chunks_drain(table, most);
}

static size_t table_memory(const void *table)
{
    return chunks_memory(table);
}

const struct table_ops list_table_ops = {
    .count = table_count,
    .copy = table_copy,
    .drain = table_drain,
    .memory = table_memory,
};
