/* sort: SORT and SORT_RO.
 *
 * The elements that count are copied into a vector (a list's may be gone with
 * the next step of the walk, and numbers have no text of their own), each gets
 * what it is sorted by, and the sorted vector is answered or stored. Elements
 * that compare equal keep the order in which the key has them. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/number.h"
#include "commands/command.h"
#include "commands/families.h"
#include "commands/key.h"
#include "store/fields.h"
#include "store/list.h"
#include "store/set.h"
#include "store/zset.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* ---- patterns ------------------------------------------------------------------------ */

/* Names a value for each element: a string at a key, or a field of a hash there. */
struct pattern {
    enum { PATTERN_NOTHING, PATTERN_SELF, PATTERN_STRING, PATTERN_FIELD } kind;
    struct slice before, after; /* of the key, around the element */
    struct slice field;
};

static struct pattern read_pattern(struct slice text)
{
    if (slice_eq(text, SLICE("#")))
        return (struct pattern){.kind = PATTERN_SELF};
    const char *star = text.len ? memchr(text.ptr, '*', text.len) : NULL;
    if (!star)
        return (struct pattern){.kind = PATTERN_NOTHING};
    struct pattern p = {.kind = PATTERN_STRING, .before = slice_make(text.ptr, (size_t)(star - text.ptr))};
    const char *rest = star + 1, *end = text.ptr + text.len;
    const char *arrow = memmem(rest, (size_t)(end - rest), "->", 2);
    if (arrow && arrow + 2 < end) {
        p.kind = PATTERN_FIELD;
        p.field = slice_make(arrow + 2, (size_t)(end - arrow - 2));
        end = arrow;
    }
    p.after = slice_make(rest, (size_t)(end - rest));
    return p;
}

/* What a look-up needs room for. */
struct lookup {
    struct call *call;
    struct buf key;
    char digits[FIELDS_DIGITS > ENTRY_DIGITS ? FIELDS_DIGITS : ENTRY_DIGITS];
};

/* The value that p names for element; false when there is none. Borrowed until the next look-up. */
static bool look_up(struct lookup *l, const struct pattern *p, struct slice element, struct slice *value)
{
    if (p->kind == PATTERN_SELF) {
        *value = element;
        return true;
    }
    if (p->kind == PATTERN_NOTHING)
        return false;
    l->key.len = 0;
    buf_append_slice(&l->key, p->before);
    buf_append_slice(&l->key, element);
    buf_append_slice(&l->key, p->after);
    struct slice key = l->key.len ? buf_slice(&l->key) : SLICE("");
    const struct entry *e = keyspace_read(l->call->keyspace, l->call->db, key, keyspace_hash(key));
    if (!e || entry_type(e) != (p->kind == PATTERN_FIELD ? TYPE_HASH : TYPE_STRING))
        return false;
    if (p->kind == PATTERN_FIELD)
        return fields_get(e, p->field, l->digits, value);
    *value = entry_string(e, l->digits);
    return true;
}

/* ---- texts that stay ------------------------------------------------------------------- */

#define BLOCK_SIZE 65536

struct block {
    struct block *next;
    char bytes[];
};

/* Copies of texts, given back all at once. */
struct texts {
    struct block *blocks;
    char *at;
    size_t left;
};

static struct slice keep(struct texts *t, struct slice text)
{
    if (!text.len)
        return SLICE("");
    if (text.len > t->left) {
        size_t size = text.len > BLOCK_SIZE / 8 ? text.len : BLOCK_SIZE;
        struct block *b = mem_alloc(sizeof *b + size);
        b->next = t->blocks;
        t->blocks = b;
        if (size == text.len) { /* a big one has a block of its own; the one before goes on being filled */
            memcpy(b->bytes, text.ptr, text.len);
            return slice_make(b->bytes, text.len);
        }
        t->at = b->bytes;
        t->left = size;
    }
    memcpy(t->at, text.ptr, text.len);
    struct slice kept = slice_make(t->at, text.len);
    t->at += text.len;
    t->left -= text.len;
    return kept;
}

static void drop(struct texts *t)
{
    for (struct block *b = t->blocks, *next; b; b = next) {
        next = b->next;
        mem_free(b);
    }
}

/* ---- what is sorted ---------------------------------------------------------------------- */

struct element {
    struct slice text;
    union {
        double score;
        struct slice by; /* ptr NULL: there is none */
    };
    size_t order; /* in the key */
};

struct sort {
    struct call *call;
    bool down, alpha, unsorted, reads; /* reads: nothing is stored */
    int64_t offset, limit;
    const struct slice *by; /* NULL: the elements themselves */
    uint32_t store;         /* its position in argv; 0: none */
    struct pattern *gets;
    size_t get_count;
    struct element *elements;
    size_t count;
    size_t first, last; /* those that are wanted: [first, last) */
    struct texts texts;
    struct lookup lookup;
};

/* The options; false when the error is answered. */
static bool read_options(struct call *c, struct sort *s)
{
    for (uint32_t i = 2; i < c->argc; i++) {
        struct slice word = c->argv[i];
        uint32_t more = c->argc - i - 1;
        if (slice_is(word, "ASC") || slice_is(word, "DESC")) {
            s->down = slice_is(word, "DESC");
        } else if (slice_is(word, "ALPHA")) {
            s->alpha = true;
        } else if (slice_is(word, "LIMIT") && more >= 2) {
            if (!call_int(c, ++i, &s->offset, NULL) || !call_int(c, ++i, &s->limit, NULL))
                return false;
        } else if (slice_is(word, "STORE") && more && !s->reads) {
            s->store = ++i;
        } else if (slice_is(word, "BY") && more) {
            s->by = &c->argv[++i];
            s->unsorted |= !s->by->len || !memchr(s->by->ptr, '*', s->by->len);
        } else if (slice_is(word, "GET") && more) {
            s->gets[s->get_count++] = read_pattern(c->argv[++i]);
        } else {
            reply_error(c->reply, ERROR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* Which of `there` elements are wanted. */
static void set_window(struct sort *s, size_t there)
{
    s->first = s->offset < 0 ? 0 : (uint64_t)s->offset < there ? (size_t)s->offset : there;
    size_t behind = there - s->first;
    s->last = s->first + (s->limit >= 0 && (uint64_t)s->limit < behind ? (size_t)s->limit : behind);
}

static void take(void *ctx, struct slice text)
{
    struct sort *s = ctx;
    s->elements[s->count] = (struct element){.text = keep(&s->texts, text), .order = s->count};
    s->count++;
}

static void load_list(struct sort *s, const struct entry *e, uint64_t from, uint64_t most, bool down)
{
    struct list_cursor c;
    struct slice text;
    list_seek(&c, e, down ? list_count(e) - 1 - from : from, down);
    while (most-- && list_next(&c, &text))
        take(s, text);
}

static void load_zset(struct sort *s, const struct entry *e, uint64_t from, uint64_t most, bool down)
{
    struct zset_cursor c;
    struct slice text;
    double score;
    zset_seek(&c, e, down ? zset_count(e) - 1 - from : from, down);
    while (most-- && zset_next(&c, &text, &score))
        take(s, text);
}

/* Copies the elements of the value: all of them, or the wanted ones where the key has them in the order asked for. */
static void load(struct sort *s, const struct entry *e)
{
    enum entry_type type = entry_type(e);
    size_t there = type == TYPE_LIST ? list_count(e) : type == TYPE_SET ? set_count(e) : zset_count(e);
    set_window(s, there);
    if (type == TYPE_SET) {
        s->elements = mem_alloc(there * sizeof *s->elements);
        struct set_cursor c;
        struct slice text;
        set_begin(&c, e);
        while (set_next(&c, &text))
            take(s, text);
        return;
    }
    size_t from = s->unsorted ? s->first : 0, most = s->unsorted ? s->last - s->first : there;
    s->elements = mem_alloc(most * sizeof *s->elements);
    if (most)
        (type == TYPE_LIST ? load_list : load_zset)(s, e, from, most, s->unsorted && s->down);
    if (s->unsorted) {
        s->first = 0;
        s->last = s->count;
    }
}

/* The number that text is, as strtod reads it up to a NUL; false when it is none. */
static bool read_score(struct slice text, double *score)
{
    int64_t v;
    if (likely(number_parse_i64(text, &v))) {
        *score = (double)v;
        return true;
    }
    char local[128], *copy = text.len < sizeof local ? local : mem_alloc(text.len + 1), *end;
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    errno = 0;
    *score = strtod(copy, &end);
    bool whole = !*end && errno != ERANGE && !isnan(*score);
    if (copy != local)
        mem_free(copy);
    return whole;
}

/* Gives each element what it is sorted by; false when a score is none. */
static bool weigh(struct sort *s)
{
    struct pattern by = {.kind = PATTERN_SELF};
    if (s->by)
        by = read_pattern(*s->by);
    else if (s->alpha)
        return true;
    bool good = true;
    for (size_t i = 0; i < s->count; i++) {
        struct element *e = &s->elements[i];
        struct slice value;
        bool there = look_up(&s->lookup, &by, e->text, &value);
        if (s->alpha)
            e->by = there ? keep(&s->texts, value) : (struct slice){0};
        else if (there)
            good &= read_score(value, &e->score);
    }
    return good;
}

static int compare(const void *a, const void *b, void *ctx)
{
    const struct sort *s = ctx;
    const struct element *x = a, *y = b;
    int order;
    if (!s->alpha)
        order = x->score < y->score ? -1 : x->score > y->score ? 1 : slice_cmp(x->text, y->text);
    else if (!s->by)
        order = slice_cmp(x->text, y->text);
    else if (x->by.ptr && y->by.ptr)
        order = slice_cmp(x->by, y->by);
    else
        order = (x->by.ptr != NULL) - (y->by.ptr != NULL);
    if (order)
        return s->down ? -order : order;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Lets element `at` of the heap sink below all that come after it in the order. The heap has the last one on top. */
static void sink(struct sort *s, size_t heap, size_t at)
{
    struct element moving = s->elements[at];
    for (size_t child; (child = 2 * at + 1) < heap; at = child) {
        if (child + 1 < heap && compare(&s->elements[child + 1], &s->elements[child], s) > 0)
            child++;
        if (compare(&moving, &s->elements[child], s) >= 0)
            break;
        s->elements[at] = s->elements[child];
    }
    s->elements[at] = moving;
}

/* Leaves only the elements up to the last one that is wanted. */
static void cut(struct sort *s)
{
    size_t heap = s->last;
    for (size_t i = heap / 2; i--;)
        sink(s, heap, i);
    for (size_t i = heap; heap && i < s->count; i++) {
        if (compare(&s->elements[i], &s->elements[0], s) > 0)
            continue;
        s->elements[0] = s->elements[i];
        sink(s, heap, 0);
    }
    s->count = heap;
}

/* What comes behind the wanted ones is cut off before sorting when they are fewer than this part of all. */
#define CUT_PART 8

static void put_in_order(struct sort *s)
{
    if (s->last < s->count / CUT_PART)
        cut(s);
    if (s->count > 1)
        qsort_r(s->elements, s->count, sizeof *s->elements, compare, s);
}

/* ---- where it goes ------------------------------------------------------------------------ */

static void answer(struct sort *s)
{
    struct reply *r = s->call->reply;
    size_t wanted = s->last - s->first;
    reply_array(r, s->get_count ? s->get_count * wanted : wanted);
    for (size_t i = s->first; i < s->last; i++) {
        if (!s->get_count)
            reply_bulk(r, s->elements[i].text);
        for (size_t g = 0; g < s->get_count; g++) {
            struct slice value;
            if (look_up(&s->lookup, &s->gets[g], s->elements[i].text, &value))
                reply_bulk(r, value);
            else
                reply_null(r);
        }
    }
}

/* The wanted elements themselves, all at once: the list isn't moved as it grows then. */
static bool list_elements(struct sort *s, struct place *made)
{
    size_t count = s->last - s->first;
    struct slice *all = mem_alloc(count * sizeof *all);
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        all[i] = s->elements[s->first + i].text;
        good &= all[i].len <= LIST_ELEMENT_MAX;
    }
    if (good && count)
        list_fill(made, all, count);
    mem_free(all);
    return good;
}

/* What GET names for each of them. */
static bool list_values(struct sort *s, struct place *made)
{
    for (size_t i = s->first; i < s->last; i++) {
        for (size_t g = 0; g < s->get_count; g++) {
            struct slice value;
            if (!look_up(&s->lookup, &s->gets[g], s->elements[i].text, &value))
                value = SLICE("");
            if (value.len > LIST_ELEMENT_MAX)
                return false;
            list_push(made, LIST_TAIL, value);
        }
    }
    return true;
}

static void store(struct sort *s)
{
    struct call *c = s->call;
    struct place made = place_workshop(c->keyspace);
    if (!(s->get_count ? list_values : list_elements)(s, &made)) {
        place_clear(&made);
        reply_error(c->reply, "ERR Element too large");
        return;
    }
    uint64_t count = list_count(made.entry), hash = call_key_hash(c, s->store);
    if (count) {
        place_move(&made, c->db, c->argv[s->store], hash, EXPIRY_NONE);
        call_changed(c, s->store, EVENT_LIST, "sortstore");
    } else if (keyspace_delete(c->keyspace, c->db, c->argv[s->store], hash)) {
        call_changed(c, s->store, EVENT_GENERIC, "del");
    }
    reply_int(c->reply, (int64_t)count);
}

/* Loads, sorts and hands over what stands at e (NULL: nothing). */
static void sort_value(struct sort *s, const struct entry *e)
{
    /* A set has no order of its own that a stored list could keep. */
    if (s->unsorted && s->store && e && entry_type(e) == TYPE_SET) {
        s->unsorted = false;
        s->alpha = true;
        s->by = NULL;
    }
    if (e)
        load(s, e);
    if (!s->unsorted) {
        if (!weigh(s)) {
            reply_error(s->call->reply, "ERR One or more scores can't be converted into double");
            return;
        }
        put_in_order(s);
    }
    if (s->store)
        store(s);
    else
        answer(s);
}

static void run(struct call *c)
{
    struct sort s = {
        .call = c, .limit = -1, .reads = c->command->flags & COMMAND_READONLY, .lookup = {.call = c}};
    s.gets = mem_alloc(c->argc * sizeof *s.gets);
    if (read_options(c, &s)) {
        const struct entry *e = keyspace_read(c->keyspace, c->db, c->argv[1], c->hashes[1]);
        enum entry_type type = e ? entry_type(e) : TYPE_LIST;
        if (type == TYPE_LIST || type == TYPE_SET || type == TYPE_ZSET)
            sort_value(&s, e);
        else
            reply_error(c->reply, ERROR_WRONG_TYPE);
    }
    drop(&s.texts);
    buf_deinit(&s.lookup.key);
    mem_free(s.elements);
    mem_free(s.gets);
}

/* ---- the table ----------------------------------------------------------------------------- */

/* The key that is sorted, and the one that the last STORE names. */
static int sort_keys(struct slice *argv, uint32_t argc, uint32_t *positions, int most)
{
    uint32_t stored = 0;
    for (uint32_t i = 2; i < argc; i++) {
        if (slice_is(argv[i], "LIMIT"))
            i += 2;
        else if (slice_is(argv[i], "GET") || slice_is(argv[i], "BY"))
            i++;
        else if (slice_is(argv[i], "STORE") && i + 1 < argc)
            stored = ++i;
    }
    int found = 0;
    if (found < most)
        positions[found++] = 1;
    if (stored && found < most)
        positions[found++] = stored;
    return found;
}

static int sort_ro_keys(struct slice *argv, uint32_t argc, uint32_t *positions, int most)
{
    (void)argv;
    (void)argc;
    if (most)
        positions[0] = 1;
    return most > 0;
}

#define SORTED_KEY                                                                                           \
    {                                                                                                        \
        .flags = "RO access", .begin = KEYS_AT_INDEX, .index = 1, .find = KEYS_RANGE, .step = 1              \
    }
#define PATTERN_KEYS                                                                                         \
    {                                                                                                        \
        .flags = "RO access", .begin = KEYS_UNKNOWN_START, .find = KEYS_UNKNOWN_FIND,                        \
        .notes = "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive "     \
                 "from the content of the key we sort"                                                       \
    }

static const struct key_spec sort_specs[] = {
    SORTED_KEY,
    PATTERN_KEYS,
    {.flags = "OW update",
     .begin = KEYS_UNKNOWN_START,
     .find = KEYS_UNKNOWN_FIND,
     .notes = "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear "
              "anywhere in the argument array"},
    {0},
};
static const struct key_spec sort_ro_specs[] = {SORTED_KEY, PATTERN_KEYS, {0}};

#define SORT_ROW                                                                                             \
    .run = run, .arity = -2, .first = 1, .last = 1, .step = 1, .group = "generic",                           \
    .complexity = "O(N + M * log(M)) for N elements, M of which are returned",                               \
    .categories = CATEGORY_SET | CATEGORY_SORTEDSET | CATEGORY_LIST | CATEGORY_DANGEROUS
#define SORT_SYNTAX                                                                                          \
    "key [BY by-pattern~pattern:pattern#1] [LIMIT offset:integer count:integer] "                            \
    "[GET get-pattern~pattern:pattern#1 [GET get-pattern~pattern:pattern#1 ...]] [order=ASC | DESC] "        \
    "[sorting=ALPHA]"

const struct command sort_commands[] = {
    {.name = "sort",
     SORT_ROW,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_MOVABLE_KEYS,
     .keys = sort_specs,
     .get_keys = sort_keys,
     .since = "1.0.0",
     .summary = "Sorts the elements of a list, a set or a sorted set.",
     .syntax = SORT_SYNTAX " [STORE destination:key#2]"},
    {.name = "sort_ro",
     SORT_ROW,
     .flags = COMMAND_READONLY | COMMAND_MOVABLE_KEYS,
     .keys = sort_ro_specs,
     .get_keys = sort_ro_keys,
     .since = "7.0.0",
     .summary = "Sorts the elements of a list, a set or a sorted set, and stores nothing.",
     .syntax = SORT_SYNTAX},
    {.name = NULL},
};
