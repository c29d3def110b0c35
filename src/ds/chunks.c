#include "ds/chunks.h"

#include "base/mem.h"
#include "ds/arena.h"
#include "ds/counted.h"

#include <lz4.h>

/* What is worth compressing, in bytes of a run. */
#define SQUEEZE_MIN 256
#define SQUEEZE_MAX 65536

/* Room of a chunk that is opened, at least. */
#define ROOM_MIN 256

enum form {
    PLAIN,
    STUBBORN, /* plain, because compressing it saved too little */
    SQUEEZED,
};

struct chunk {
    struct counted_node node;
    uint32_t room;  /* bytes of data; SQUEEZED: those of the block */
    uint32_t start; /* where the run starts in data */
    uint32_t used;  /* bytes of the run */
    uint16_t count; /* elements */
    uint8_t form;   /* enum form */
    char data[];
};

struct chunks {
    struct counted tree;
    struct chunk *first, *last;
    uint64_t number; /* of chunks */
    size_t memory;   /* of chunks */
};

/* One run that was decompressed to be read. */
static struct {
    const struct chunk *of;
    char bytes[SQUEEZE_MAX];
} scratch;

uint64_t chunks_scratch_stamp;

/* ---- chunks in the arena -------------------------------------------------------- */

static struct chunk *chunk_alloc(struct chunks *t, size_t room)
{
    size_t size = arena_size(sizeof(struct chunk) + room);
    struct chunk *c = arena_alloc(size);
    must(c); /* a list half changed is worse than none, as in base/mem.h */
    t->memory += size;
    *c = (struct chunk){.room = (uint32_t)(size - sizeof *c)};
    return c;
}

static void chunk_free(struct chunks *t, struct chunk *c)
{
    if (unlikely(scratch.of == c))
        scratch.of = NULL;
    t->memory -= arena_usable(c);
    arena_free(c);
}

static inline struct chunk *next_of(const struct chunk *c)
{
    return (struct chunk *)counted_next(&c->node);
}

static inline struct chunk *prev_of(const struct chunk *c)
{
    return (struct chunk *)counted_prev(&c->node);
}

static inline size_t bytes_of(const struct chunk *c)
{
    return sizeof *c + c->used;
}

/* Puts c, with its elements, behind `after` (NULL: before all). */
static void chunk_insert(struct chunks *t, struct chunk *after, struct chunk *c)
{
    counted_insert(&t->tree, after ? &after->node : NULL, &c->node, c->count, (struct counted_key){0});
    t->number++;
    if (!after)
        t->first = c;
    if (after == t->last)
        t->last = c;
}

/* Takes c, with the elements that it counts, out of the tree. */
static void chunk_detach(struct chunks *t, struct chunk *c)
{
    if (c == t->first)
        t->first = next_of(c);
    if (c == t->last)
        t->last = prev_of(c);
    counted_remove(&t->tree, &c->node, c->count);
    t->number--;
}

static void chunk_remove(struct chunks *t, struct chunk *c)
{
    chunk_detach(t, c);
    chunk_free(t, c);
}

/* n takes the place of c, of equal weight, which is freed. */
static struct chunk *chunk_replace(struct chunks *t, struct chunk *c, struct chunk *n)
{
    n->node = c->node;
    counted_moved(&t->tree, &n->node);
    if (c == t->first)
        t->first = n;
    if (c == t->last)
        t->last = n;
    chunk_free(t, c);
    return n;
}

/* The run of c with room for `room` bytes, standing at `start`. */
static struct chunk *chunk_rebuild(struct chunks *t, struct chunk *c, size_t room, bool at_back)
{
    struct chunk *n = chunk_alloc(t, room);
    n->start = at_back ? n->room - c->used : 0;
    n->used = c->used;
    n->count = c->count;
    memcpy(n->data + n->start, c->data + c->start, c->used);
    return chunk_replace(t, c, n);
}

/* Gives back what a plain chunk takes too much. */
static struct chunk *chunk_trim(struct chunks *t, struct chunk *c)
{
    if (c->form == SQUEEZED || arena_size(bytes_of(c)) == arena_usable(c))
        return c;
    uint8_t form = c->form;
    c = chunk_rebuild(t, c, c->used, false);
    c->form = form;
    return c;
}

/* ---- compression ---------------------------------------------------------------------- */

static void decompress(const struct chunk *c, char *to)
{
    int n = LZ4_decompress_safe(c->data, to, (int)c->room, (int)c->used);
    must(n == (int)c->used);
}

/* The run of c; of a squeezed one in the scratch, until that is filled again. */
static const char *run_of(const struct chunk *c)
{
    if (likely(c->form != SQUEEZED))
        return c->data + c->start;
    if (scratch.of != c) {
        decompress(c, scratch.bytes);
        scratch.of = c;
        chunks_scratch_stamp++;
    }
    return scratch.bytes;
}

/* c to be changed: plain, and worth another try at compressing it. */
static struct chunk *chunk_open(struct chunks *t, struct chunk *c)
{
    if (unlikely(c->form == SQUEEZED)) {
        struct chunk *n = chunk_alloc(t, c->used);
        decompress(c, n->data);
        n->used = c->used;
        n->count = c->count;
        c = chunk_replace(t, c, n);
    }
    c->form = PLAIN;
    return c;
}

static void chunk_squeeze(struct chunks *t, struct chunk *c)
{
    static char block[SQUEEZE_MAX];
    if (c->form != PLAIN || c->used < SQUEEZE_MIN || c->used > SQUEEZE_MAX)
        return;
    int len = LZ4_compress_default(c->data + c->start, block, (int)c->used, (int)(c->used - c->used / 8));
    if (len <= 0 || arena_size(sizeof *c + (size_t)len) >= arena_usable(c)) {
        c->form = STUBBORN;
        return;
    }
    struct chunk *n = chunk_alloc(t, (size_t)len);
    memcpy(n->data, block, (size_t)len);
    n->room = (uint32_t)len;
    n->used = c->used;
    n->count = c->count;
    n->form = SQUEEZED;
    chunk_replace(t, c, n);
}

static bool is_outer(const struct chunks *t, const struct chunk *c, uint64_t depth)
{
    const struct chunk *head = t->first, *tail = t->last;
    for (; depth && head && head != c && tail != c; depth--) {
        head = next_of(head);
        tail = prev_of(tail);
    }
    return depth && head;
}

static void squeeze_inner(struct chunks *t, struct chunk *c, uint64_t depth)
{
    if (c && !is_outer(t, c, depth))
        chunk_squeeze(t, c);
}

/* Opens the outermost `depth` chunks on one side and squeezes the one behind them. */
static void settle_side(struct chunks *t, uint64_t depth, bool tail)
{
    struct chunk *c = tail ? t->last : t->first;
    for (uint64_t i = 0; c && i < depth; i++) {
        if (c->form == SQUEEZED)
            c = chunk_open(t, c);
        c = tail ? prev_of(c) : next_of(c);
    }
    if (t->number / 2 > depth)
        chunk_squeeze(t, c);
}

/* After chunks came or went, or c (not NULL) and perhaps its neighbours changed: what lies deep enough is
 * squeezed, what doesn't is opened. */
static void settle(struct chunks *t, const struct chunks_limits *l, struct chunk *c)
{
    if (likely(!l->depth)) {
        if (t->number && t->first->form == SQUEEZED)
            chunk_open(t, t->first);
        if (t->number && t->last->form == SQUEEZED)
            chunk_open(t, t->last);
        return;
    }
    if (c) {
        squeeze_inner(t, next_of(c), l->depth);
        squeeze_inner(t, prev_of(c), l->depth);
        squeeze_inner(t, c, l->depth);
    }
    settle_side(t, l->depth, false);
    settle_side(t, l->depth, true);
}

/* ---- the ends ----------------------------------------------------------------------------- */

static inline size_t side_room(const struct chunk *c, bool tail)
{
    return tail ? (size_t)c->room - c->start - c->used : c->start;
}

/* c, the chunk at that end, with room for `need` bytes more there; NULL when the element belongs in a new one. */
static struct chunk *end_room(struct chunks *t, const struct chunks_limits *l, struct chunk *c, bool tail,
                              size_t need)
{
    if (unlikely(!c || c->count >= l->count || bytes_of(c) + need > l->bytes))
        return NULL;
    if (likely(side_room(c, tail) >= need))
        return c;
    size_t room = c->room, spare = room - c->used;
    /* Moving the run costs less than a new chunk as long as that doesn't come too often. */
    if (spare < need || spare < room / 8) {
        if (sizeof *c + room >= l->bytes)
            return NULL;
        room = room * 2 < l->bytes - sizeof *c ? room * 2 : l->bytes - sizeof *c;
        c = chunk_rebuild(t, c, room > c->used + need ? room : c->used + need, !tail);
        room = c->room;
        spare = room - c->used;
    }
    /* Where there is one chunk it has two ends. */
    size_t other = t->number == 1 && spare / 4 * 3 >= need ? spare / 4 : 0;
    size_t start = tail ? other : spare - other;
    memmove(c->data + start, c->data + c->start, c->used);
    c->start = (uint32_t)start;
    return c;
}

/* A new chunk at that end for an element of `need` bytes, and for more the longer the list is. */
static struct chunk *end_open(struct chunks *t, const struct chunks_limits *l, bool tail, size_t need)
{
    struct chunk *old = tail ? t->last : t->first;
    size_t room = t->memory / 4 > ROOM_MIN ? t->memory / 4 : ROOM_MIN;
    if (room / l->count > need)
        room = need * l->count;
    if (room > l->bytes - sizeof *old)
        room = l->bytes - sizeof *old;
    struct chunk *c = chunk_alloc(t, room > need ? room : need);
    c->start = tail ? 0 : c->room;
    if (old)
        chunk_trim(t, old);
    chunk_insert(t, tail ? t->last : NULL, c);
    return c;
}

void chunks_push(struct chunks *t, const struct chunks_limits *l, bool tail, const struct pack_plan *plan)
{
    size_t need = run_plan_size(plan);
    struct chunk *c = end_room(t, l, tail ? t->last : t->first, tail, need);
    bool opened = !c;
    if (unlikely(opened))
        c = end_open(t, l, tail, need);
    if (!tail)
        c->start -= (uint32_t)need;
    run_put(c->data + c->start + (tail ? c->used : 0), plan);
    c->used += (uint32_t)need;
    c->count++;
    c->form = PLAIN;
    counted_add(&t->tree, &c->node, 1);
    if (unlikely(opened))
        settle(t, l, NULL);
}

const char *chunks_end(const struct chunks *t, bool tail)
{
    const struct chunk *c = tail ? t->last : t->first;
    return tail ? run_prev(c->data + c->start + c->used) : c->data + c->start;
}

/* Takes the outermost `count` elements, fewer than all of them, out of a plain c. */
static void chunk_pop(struct chunks *t, struct chunk *c, bool tail, uint64_t count)
{
    const char *run = c->data + c->start, *end = run + c->used;
    const char *cut = run_at(run, end, c->count, tail ? c->count - count : count);
    c->used = (uint32_t)(tail ? cut - run : end - cut);
    if (!tail)
        c->start += (uint32_t)(cut - run);
    c->count -= (uint16_t)count;
    c->form = PLAIN;
    counted_add(&t->tree, &c->node, -(int64_t)count);
}

void chunks_pop(struct chunks *t, const struct chunks_limits *l, bool tail, uint64_t count)
{
    struct chunk *c = tail ? t->last : t->first;
    if (likely(count < c->count)) {
        chunk_pop(t, c, tail, count);
        return;
    }
    must(count <= t->tree.weight);
    /* Chunks go from right to left: the tree has nothing to move behind the one that goes. */
    if (tail) {
        for (; t->last && t->last->count <= count; chunk_remove(t, t->last))
            count -= t->last->count;
    } else {
        uint64_t left = count;
        c = count < t->tree.weight ? (struct chunk *)counted_find(&t->tree, &left) : NULL;
        count = c ? left : 0;
        for (struct chunk *p = c ? prev_of(c) : t->last, *before; p; p = before) {
            before = prev_of(p);
            chunk_remove(t, p);
        }
    }
    settle(t, l, NULL);
    if (count)
        chunk_pop(t, tail ? t->last : t->first, tail, count);
}

/* ---- the middle ------------------------------------------------------------------------------ */

/* The chunk with element number *index, which becomes the number within it. */
static struct chunk *find(const struct chunks *t, uint64_t *index)
{
    return (struct chunk *)counted_find(&t->tree, index);
}

/* Opens `need` bytes in the run of a plain c before its byte `at`. c may become another one. */
static struct chunk *chunk_gap(struct chunks *t, struct chunk *c, size_t at, size_t need)
{
    if (side_room(c, true) >= need) {
        memmove(c->data + c->start + at + need, c->data + c->start + at, c->used - at);
    } else if (side_room(c, false) >= need) {
        memmove(c->data + c->start - need, c->data + c->start, at);
        c->start -= (uint32_t)need;
    } else {
        struct chunk *n = chunk_alloc(t, c->used + need);
        n->count = c->count;
        memcpy(n->data, c->data + c->start, at);
        memcpy(n->data + at + need, c->data + c->start + at, c->used - at);
        n->used = c->used;
        c = chunk_replace(t, c, n);
    }
    c->used += (uint32_t)need;
    return c;
}

/* Takes the bytes [at, at + len) out of the run of a plain c. */
static void chunk_cut(struct chunk *c, size_t at, size_t len)
{
    char *run = c->data + c->start;
    if (at < c->used - at - len) {
        memmove(run + len, run, at);
        c->start += (uint32_t)len;
    } else {
        memmove(run + at, run + at + len, c->used - at - len);
    }
    c->used -= (uint32_t)len;
}

/* A chunk of `count` elements that stand in `run`, behind `after`. */
static struct chunk *chunk_make(struct chunks *t, struct chunk *after, struct slice run, uint64_t count)
{
    struct chunk *c = chunk_alloc(t, run.len);
    c->used = (uint32_t)run.len;
    c->count = (uint16_t)count;
    memcpy(c->data, run.ptr, run.len);
    chunk_insert(t, after, c);
    return c;
}

/* The elements of a plain c from byte `at` on, neither first nor end, go to a chunk of their own behind it. */
static void chunk_split(struct chunks *t, struct chunk *c, size_t at)
{
    const char *run = c->data + c->start;
    unsigned keep = 0;
    for (const char *p = run; p < run + at; p = run_next(p))
        keep++;
    struct slice rest = slice_make(run + at, c->used - at);
    unsigned moved = c->count - keep;
    c->used = (uint32_t)at;
    c->count = (uint16_t)keep;
    counted_add(&t->tree, &c->node, -(int64_t)moved);
    chunk_make(t, c, rest, moved);
}

/* Where the run of c, of at least two elements, is best split in two: at an element near the middle. */
static size_t chunk_middle(const struct chunk *c)
{
    const char *run = c->data + c->start, *p = run_next(run);
    while (p < run + c->used / 2)
        p = run_next(p);
    return (size_t)((p < run + c->used ? p : run_prev(p)) - run);
}

static bool has_room(const struct chunks_limits *l, const struct chunk *c, size_t need)
{
    return c->count < l->count && bytes_of(c) + need <= l->bytes;
}

/* Puts the element before byte `at` of the run of a plain c. Returns the chunk where it stands. */
static struct chunk *insert_at(struct chunks *t, const struct chunks_limits *l, struct chunk *c, size_t at,
                               const struct pack_plan *plan)
{
    size_t need = run_plan_size(plan);
    while (!has_room(l, c, need)) {
        struct chunk *prev = at ? NULL : prev_of(c);
        if (prev && has_room(l, prev, need)) {
            c = chunk_open(t, prev);
            at = c->used;
            break;
        }
        if (!at || at == c->used) {
            struct chunk *n = chunk_alloc(t, need);
            chunk_insert(t, at ? c : prev, n);
            c = n;
            at = 0;
            break;
        }
        /* What is big gets a chunk of its own at once. */
        size_t middle = need > l->bytes / 2 ? at : chunk_middle(c);
        chunk_split(t, c, middle);
        if (at > middle) {
            at -= middle;
            c = next_of(c);
        }
    }
    c = chunk_gap(t, c, at, need);
    run_put(c->data + c->start + at, plan);
    c->count++;
    counted_add(&t->tree, &c->node, 1);
    return c;
}

/* Joins c, plain, with the chunk behind it if both together are small. */
static struct chunk *join_next(struct chunks *t, const struct chunks_limits *l, struct chunk *c)
{
    struct chunk *n = next_of(c);
    if (!n || c->count + n->count > l->count || bytes_of(c) + n->used > l->bytes / 4 * 3)
        return c;
    n = chunk_open(t, n);
    c = chunk_open(t, c);
    c = chunk_gap(t, c, c->used, n->used);
    memcpy(c->data + c->start + c->used - n->used, n->data + n->start, n->used);
    c->count += n->count;
    counted_add(&t->tree, &c->node, n->count);
    chunk_remove(t, n);
    return c;
}

/* After c, plain, became smaller: joins it with its neighbours where that makes sense. Returns what it became. */
static struct chunk *join(struct chunks *t, const struct chunks_limits *l, struct chunk *c)
{
    c = join_next(t, l, c);
    struct chunk *prev = prev_of(c);
    uint64_t before = t->number;
    if (prev)
        prev = join_next(t, l, prev);
    if (t->number < before)
        return prev;
    bool inner = c != t->first && c != t->last;
    return inner ? chunk_trim(t, c) : c;
}

void chunks_insert(struct chunks *t, const struct chunks_limits *l, uint64_t index,
                   const struct pack_plan *plan)
{
    if (!index || index == t->tree.weight) {
        chunks_push(t, l, index, plan);
        return;
    }
    struct chunk *c = chunk_open(t, find(t, &index));
    const char *run = c->data + c->start;
    size_t at = (size_t)(run_at(run, run + c->used, c->count, index) - run);
    settle(t, l, insert_at(t, l, c, at, plan));
}

void chunks_set(struct chunks *t, const struct chunks_limits *l, uint64_t index, const struct pack_plan *plan)
{
    struct chunk *c = chunk_open(t, find(t, &index));
    char *run = c->data + c->start;
    size_t at = (size_t)(run_at(run, run + c->used, c->count, index) - run);
    size_t need = run_plan_size(plan), was = (size_t)(run_next(run + at) - run) - at;
    if (was == need) {
        run_put(run + at, plan);
    } else if (c->count == 1) {
        struct chunk *n = chunk_alloc(t, need);
        n->used = (uint32_t)need;
        n->count = 1;
        run_put(n->data, plan);
        c = join(t, l, chunk_replace(t, c, n));
    } else {
        chunk_cut(c, at, was);
        c->count--;
        counted_add(&t->tree, &c->node, -1);
        c = join(t, l, insert_at(t, l, c, at, plan));
    }
    settle(t, l, c);
}

/* Takes up to `most` elements out of c. Returns how many; *now is the chunk that remains in its place, or NULL. */
static uint64_t chunk_filter(struct chunks *t, const struct chunks_limits *l, struct chunk *c,
                             const struct pack_plan *plan, uint64_t most, bool from_tail)
{
    c = chunk_open(t, c);
    size_t len = c->used;
    uint64_t removed = run_remove(c->data + c->start, &len, plan, most, from_tail);
    c->used = (uint32_t)len;
    counted_add(&t->tree, &c->node, -(int64_t)removed);
    c->count -= (uint16_t)removed;
    if (c->count) {
        settle(t, l, join(t, l, c));
    } else {
        chunk_remove(t, c);
        settle(t, l, NULL);
    }
    return removed;
}

static bool holds(const struct chunk *c, const struct pack_plan *plan)
{
    const char *p = run_of(c), *end = p + c->used;
    while (p != end && !pack_is(p, plan))
        p = run_next(p);
    return p != end;
}

uint64_t chunks_remove(struct chunks *t, const struct chunks_limits *l, const struct pack_plan *plan,
                       uint64_t most, bool from_tail)
{
    uint64_t removed = 0, seen = from_tail ? t->tree.weight : 0; /* up to this number */
    while (removed < most && seen != (from_tail ? 0 : t->tree.weight)) {
        uint64_t index = seen - from_tail, within = index;
        struct chunk *c = find(t, &within);
        uint64_t first = index - within, count = c->count;
        uint64_t gone = holds(c, plan) ? chunk_filter(t, l, c, plan, most - removed, from_tail) : 0;
        removed += gone;
        seen = from_tail ? first : first + count - gone;
    }
    return removed;
}

/* ---- whole lists ---------------------------------------------------------------------------- */

struct chunks *chunks_create(void)
{
    struct chunks *t = arena_alloc(sizeof *t);
    must(t);
    *t = (struct chunks){0};
    return t;
}

bool chunks_drain(struct chunks *t, uint64_t most)
{
    /* From behind, where the tree has nothing to move. */
    while (t->last) {
        uint64_t count = t->last->count;
        chunk_remove(t, t->last);
        if (most <= count)
            return false;
        most -= count;
    }
    counted_clear(&t->tree);
    arena_free(t);
    return true;
}

void chunks_destroy(struct chunks *t)
{
    chunks_drain(t, UINT64_MAX);
}

struct chunks *chunks_copy(const struct chunks *t)
{
    struct chunks *n = chunks_create();
    for (const struct chunk *c = t->first; c; c = next_of(c)) {
        size_t len = c->form == SQUEEZED ? c->room : c->used;
        struct chunk *d = chunk_alloc(n, len);
        if (c->form == SQUEEZED)
            d->room = c->room;
        d->used = c->used;
        d->count = c->count;
        d->form = c->form;
        memcpy(d->data, c->data + c->start, len);
        chunk_insert(n, n->last, d);
    }
    return n;
}

uint64_t chunks_count(const struct chunks *t)
{
    return t->tree.weight;
}

size_t chunks_memory(const struct chunks *t)
{
    return arena_size(sizeof *t) + t->memory + t->tree.memory;
}

struct slice chunks_single(const struct chunks *t)
{
    const struct chunk *c = t->first;
    return t->number == 1 ? slice_make(c->data + c->start, c->used) : slice_make("", 0);
}

void chunks_append(struct chunks *t, const struct chunks_limits *l, struct slice run)
{
    const char *end = run.ptr + run.len;
    for (const char *first = run.ptr, *p = first; p != end; first = p) {
        uint64_t count = 0;
        for (const char *next; p != end && count < l->count; count++, p = next) {
            next = run_next(p);
            if (count && sizeof(struct chunk) + (size_t)(next - first) > l->bytes)
                break;
        }
        chunk_make(t, t->last, slice_make(first, (size_t)(p - first)), count);
    }
    settle(t, l, NULL);
}

/* Moves `count` elements of c from number `from` on, not all, behind those of n. */
static void take_some(struct chunks *n, struct chunks *t, const struct chunks_limits *l, struct chunk *c,
                      uint64_t from, uint64_t count)
{
    c = chunk_open(t, c);
    const char *run = c->data + c->start, *end = run + c->used;
    const char *first = run_at(run, end, c->count, from), *last = run_at(run, end, c->count, from + count);
    chunks_append(n, l, slice_make(first, (size_t)(last - first)));
    chunk_cut(c, (size_t)(first - run), (size_t)(last - first));
    c->count -= (uint16_t)count;
    counted_add(&t->tree, &c->node, -(int64_t)count);
}

/* Moves whole chunks, leftwards from c, with together `count` elements behind those of n. */
static void take_whole(struct chunks *n, struct chunks *t, struct chunk *c, uint64_t count)
{
    /* Out from right to left and in from left to right: neither tree has anything to move then. */
    struct chunk **some = mem_alloc((t->number < count ? t->number : count) * sizeof *some);
    size_t taken = 0;
    for (struct chunk *prev; count; c = prev) {
        prev = prev_of(c);
        count -= c->count;
        chunk_detach(t, c);
        size_t memory = arena_usable(c);
        t->memory -= memory;
        n->memory += memory;
        some[taken++] = c;
    }
    while (taken)
        chunk_insert(n, n->last, some[--taken]);
    mem_free(some);
}

struct chunks *chunks_take(struct chunks *t, const struct chunks_limits *l, uint64_t first, uint64_t count)
{
    struct chunks *n = chunks_create();
    if (!count)
        return n;
    uint64_t within = first;
    struct chunk *c = find(t, &within);
    if (within || count < c->count) {
        uint64_t some = c->count - within < count ? c->count - within : count;
        take_some(n, t, l, c, within, some);
        count -= some;
    }
    if (count) { /* from the front of a chunk on */
        within = first + count - 1;
        c = find(t, &within);
        uint64_t some = within + 1 < c->count ? within + 1 : 0;
        if (count > some)
            take_whole(n, t, some ? prev_of(c) : c, count - some);
        if (some)
            take_some(n, t, l, c, 0, some);
    }
    settle(t, l, NULL);
    settle(n, l, NULL);
    return n;
}

void chunks_swap(struct chunks *a, struct chunks *b)
{
    struct chunks t = *a;
    *a = *b;
    *b = t;
}

/* ---- walking ---------------------------------------------------------------------------------- */

static void enter(struct chunks_cursor *c, const struct chunk *chunk)
{
    const char *run = run_of(chunk), *end = run + chunk->used;
    c->chunk = chunk;
    c->at = c->down ? end : run;
    c->stop = c->down ? run : end;
    c->stamp = chunk->form == SQUEEZED ? chunks_scratch_stamp : 0;
}

/* Stands the cursor at element number `index` of the `count` in the run that it entered. */
static void stand(struct chunks_cursor *c, uint64_t count, uint64_t index)
{
    if (c->down)
        c->at = run_at(c->stop, c->at, count, index + 1);
    else
        c->at = run_at(c->at, c->stop, count, index);
}

void chunks_seek(struct chunks_cursor *c, const struct chunks *t, uint64_t index, bool down)
{
    *c = (struct chunks_cursor){.down = down};
    if (index >= t->tree.weight)
        return;
    const struct chunk *chunk = find(t, &index);
    enter(c, chunk);
    stand(c, chunk->count, index);
}

void chunks_seek_run(struct chunks_cursor *c, struct slice run, uint64_t count, uint64_t index, bool down)
{
    const char *end = run.ptr + run.len;
    *c = (struct chunks_cursor){.at = down ? end : run.ptr, .stop = down ? run.ptr : end, .down = down};
    if (index < count)
        stand(c, count, index);
    else
        c->at = c->stop;
}

const char *chunks_next_slow(struct chunks_cursor *c)
{
    if (!c->chunk)
        return NULL;
    if (c->at == c->stop) {
        const struct chunk *chunk = c->down ? prev_of(c->chunk) : next_of(c->chunk);
        if (!chunk)
            return NULL;
        enter(c, chunk);
    } else {
        /* Somebody else filled the scratch: what stood at c->at comes back there. */
        run_of(c->chunk);
        c->stamp = chunks_scratch_stamp;
    }
    return chunks_next(c);
}

/* ---- checking ----------------------------------------------------------------------------------- */

static uint64_t weight_of(const struct counted_node *leaf)
{
    return ((const struct chunk *)leaf)->count;
}

static void check_chunk(const struct chunk *c)
{
    must(c->count && c->used);
    must(c->form == SQUEEZED || (size_t)c->start + c->used <= c->room);
    must(sizeof *c + c->room <= arena_usable(c));
    const char *run = run_of(c), *end = run + c->used, *p = run;
    for (unsigned i = 0; i < c->count; i++) {
        must(p < end);
        const char *next = run_next(p);
        must(run_prev(next) == p);
        p = next;
    }
    must(p == end);
}

void chunks_check(const struct chunks *t, const struct chunks_limits *l)
{
    counted_check(&t->tree, weight_of);
    must(t->first == (struct chunk *)counted_first(&t->tree));
    must(t->last == (struct chunk *)counted_last(&t->tree));
    must(!t->number || (t->first->form != SQUEEZED && t->last->form != SQUEEZED));
    uint64_t number = 0;
    size_t memory = 0;
    for (const struct chunk *c = t->first; c; c = next_of(c)) {
        check_chunk(c);
        must(!l || c->count == 1 || (c->count <= l->count && bytes_of(c) <= l->bytes));
        number++;
        memory += arena_usable(c);
    }
    must(number == t->number && memory == t->memory);
}
