#include "ds/dict.h"

#include "base/mem.h"

#include <string.h>

#define CHUNK_SLOTS (DICT_CHUNK_GROUPS * DICT_GROUP_SLOTS)
#define SEGMENT_SLOTS (DICT_SEGMENT_CHUNKS * CHUNK_SLOTS)
#define SEGMENT_ITEMS 320 /* mean of items a segment that splitting aims at */
#define REF_BITS 40
#define REF_MASK ((1ull << REF_BITS) - 1)
#define RESCUE 8  /* times as many segments as usual, at most, to split one that is full */
#define STUCK 255 /* an overflow count that is no longer counted */

/* A segment's items while it is laid out anew. */
struct moved {
    uint32_t count;
    uint8_t tag[SEGMENT_SLOTS];
    uint64_t slot[SEGMENT_SLOTS];
};

void dict_init(struct dict *d, const struct dict_type *type)
{
    *d = (struct dict){.type = type};
}

/* ---- hash bits -------------------------------------------------------------
 * A slot keeps 24 bits of the hash from bit `window` on (from the top). The
 * window holds the 16 bits below the level for 8 levels in a row; only when it
 * moves are the items asked for their hashes. */

static inline unsigned window_of(unsigned level)
{
    return level & ~7u;
}

static inline uint64_t slot_bits(uint64_t hash, unsigned level)
{
    return hash << window_of(level) >> REF_BITS;
}

/* The 16 hash bits below the level: where in the segment. */
static inline uint32_t slot_fraction(uint64_t slot, unsigned level)
{
    return (uint32_t)(slot >> REF_BITS << (level & 7) & 0xffffff) >> 8;
}

/* Neither 0, an empty slot, nor 1: what group_match takes for a tag by mistake is
 * that tag with its lowest bit flipped, and for 1 that were empty slots, whose
 * stale contents must not be looked at. */
static inline uint8_t tag_of(uint64_t hash)
{
    uint8_t t = (uint8_t)hash;
    return t > 1 ? t : t | 0x80;
}

static inline uint32_t group_count(const struct dict_segment *s)
{
    return s->chunks * DICT_CHUNK_GROUPS;
}

static inline struct dict_group *group_at(const struct dict_segment *s, uint32_t g)
{
    struct dict_group *chunk = arena_chunk(s->chunk[g / DICT_CHUNK_GROUPS]);
    return chunk + g % DICT_CHUNK_GROUPS;
}

static inline uint32_t home_of(const struct dict_segment *s, uint64_t hash)
{
    return (uint32_t)((hash << s->level >> 48) * group_count(s) >> 16);
}

static inline uint32_t home_of_slot(const struct dict_segment *s, uint64_t slot)
{
    return slot_fraction(slot, s->level) * group_count(s) >> 16;
}

static inline uint32_t group_after(const struct dict_segment *s, uint32_t g)
{
    return g + 1 == group_count(s) ? 0 : g + 1;
}

/* A byte 0x80 for each slot whose tag is `tag`; now and then one more above a true one. */
static inline uint64_t group_match(const struct dict_group *g, uint8_t tag)
{
    uint64_t x;
    memcpy(&x, g, 8);
    x ^= 0x0101010101010101ull * tag;
    return (x - 0x0101010101010101ull) & ~x & 0x0080808080808080ull;
}

uint64_t dict_segment_first(uint32_t i)
{
    return dict_reverse(i);
}

/* ---- looking ---------------------------------------------------------------- */

/* The first slot that agrees with the hash and, unless match is NULL, whose item match accepts; or NULL. */
static inline uint64_t *look(const struct dict *d, uint64_t hash, dict_match *match, const void *key)
{
    if (unlikely(!d->segments))
        return NULL;
    const struct dict_segment *s = dict_segment(d, dict_segment_of(d, hash));
    uint64_t bits = slot_bits(hash, s->level);
    uint8_t tag = tag_of(hash);
    uint32_t g = home_of(s, hash);
    for (uint32_t n = group_count(s); n; n--, g = group_after(s, g)) {
        struct dict_group *group = group_at(s, g);
        for (uint64_t m = group_match(group, tag); m; m &= m - 1) {
            uint64_t *slot = &group->slot[__builtin_ctzll(m) >> 3];
            if (likely(*slot >> REF_BITS == bits) && likely(!match || match(dict_item(slot), key)))
                return slot;
        }
        if (likely(!group->overflow))
            return NULL;
    }
    return NULL;
}

uint64_t *dict_find(const struct dict *d, uint64_t hash, dict_match *match, const void *key)
{
    return look(d, hash, match, key);
}

/* A prefetch isn't an effect to the compiler: without this it drops calls of functions that do nothing else. */
static inline void keep_call(void)
{
    __asm__ volatile("");
}

void dict_prefetch_segment(const struct dict *d, uint64_t hash)
{
    keep_call();
    if (likely(d->segments))
        __builtin_prefetch(dict_segment(d, dict_segment_of(d, hash)));
}

void dict_prefetch_group(const struct dict *d, uint64_t hash)
{
    keep_call();
    if (unlikely(!d->segments))
        return;
    const struct dict_segment *s = dict_segment(d, dict_segment_of(d, hash));
    __builtin_prefetch(group_at(s, home_of(s, hash)), 1);
}

void dict_prefetch_item(const struct dict *d, uint64_t hash)
{
    keep_call();
    if (unlikely(!d->segments))
        return;
    const struct dict_segment *s = dict_segment(d, dict_segment_of(d, hash));
    uint64_t bits = slot_bits(hash, s->level);
    uint8_t tag = tag_of(hash);
    uint32_t g = home_of(s, hash);
    for (unsigned tries = 2; tries; tries--, g = group_after(s, g)) {
        struct dict_group *group = group_at(s, g);
        for (uint64_t m = group_match(group, tag); m; m &= m - 1) {
            uint64_t *slot = &group->slot[__builtin_ctzll(m) >> 3];
            if (*slot >> REF_BITS != bits)
                continue;
            const char *item = dict_item(slot);
            __builtin_prefetch(item, 1);
            __builtin_prefetch(item + 64, 1);
            if (((uintptr_t)item & 63) >= 48) /* more than 80 bytes reach a third line from there */
                __builtin_prefetch(item + 128, 1);
            return;
        }
        if (!group->overflow)
            return;
    }
}

/* ---- laying out --------------------------------------------------------------- */

/* Puts a slot into the first group with room from its home on. The segment must have room. */
static void place(struct dict_segment *s, uint64_t slot, uint8_t tag)
{
    uint32_t g = home_of_slot(s, slot);
    for (;; g = group_after(s, g)) {
        struct dict_group *group = group_at(s, g);
        uint64_t empty = group_match(group, 0);
        if (likely(empty)) {
            unsigned i = (unsigned)__builtin_ctzll(empty) >> 3;
            group->tag[i] = tag;
            group->slot[i] = slot;
            s->count++;
            return;
        }
        if (group->overflow != STUCK)
            group->overflow++;
    }
}

/* Appends the items of s to m and leaves its groups empty. */
static void gather(struct dict_segment *s, struct moved *m)
{
    for (uint32_t c = 0; c < s->chunks; c++) {
        struct dict_group *chunk = arena_chunk(s->chunk[c]);
        for (uint32_t g = 0; g < DICT_CHUNK_GROUPS; g++) {
            for (unsigned i = 0; i < DICT_GROUP_SLOTS; i++) {
                if (!chunk[g].tag[i])
                    continue;
                m->tag[m->count] = chunk[g].tag[i];
                m->slot[m->count++] = chunk[g].slot[i];
            }
            memset(&chunk[g], 0, 8);
        }
    }
    s->count = 0;
}

/* Gives s exactly `chunks` empty chunks. s must be empty. False, with s as it was, when out of memory. */
static bool set_chunks(struct dict_segment *s, uint32_t chunks)
{
    uint32_t had = s->chunks;
    while (s->chunks < chunks) {
        uint32_t c = arena_chunk_alloc();
        if (c == UINT32_MAX) {
            while (s->chunks > had)
                arena_chunk_free(s->chunk[--s->chunks]);
            return false;
        }
        s->chunk[s->chunks++] = c;
        struct dict_group *group = arena_chunk(c);
        for (uint32_t g = 0; g < DICT_CHUNK_GROUPS; g++)
            memset(&group[g], 0, 8);
    }
    while (s->chunks > chunks)
        arena_chunk_free(s->chunk[--s->chunks]);
    return true;
}

static uint32_t chunks_for(uint32_t items)
{
    uint32_t n = (items + DICT_CHUNK_LOAD - 1) / DICT_CHUNK_LOAD;
    return n < 1 ? 1 : n > DICT_SEGMENT_CHUNKS ? DICT_SEGMENT_CHUNKS : n;
}

static void place_all(struct dict_segment *s, const struct moved *m)
{
    for (uint32_t i = 0; i < m->count; i++)
        place(s, m->slot[i], m->tag[i]);
}

static bool resize(struct dict_segment *s, uint32_t chunks)
{
    struct moved m;
    m.count = 0;
    gather(s, &m);
    bool ok = set_chunks(s, chunks);
    place_all(s, &m);
    return ok;
}

/* The slots of m get the hash bits that belong to `level`: needed when the window moves. */
static void rewindow(const struct dict *d, struct moved *m, unsigned level)
{
    const uint32_t ahead = 8;
    for (uint32_t i = 0; i < m->count; i++) {
        if (i + ahead < m->count)
            __builtin_prefetch(dict_item(&m->slot[i + ahead]));
        uint64_t hash = d->type->hash(dict_item(&m->slot[i]));
        m->slot[i] = (m->slot[i] & REF_MASK) | slot_bits(hash, level) << REF_BITS;
    }
}

/* ---- segments ------------------------------------------------------------------ */

/* Room for segment number n in the blocks. The first block grows by doubling, so a small dict stays small. */
static void reserve_segment(struct dict *d, uint32_t n)
{
    const uint32_t per_block = 1u << DICT_BLOCK_BITS;
    uint32_t b = n >> DICT_BLOCK_BITS;
    if (n < per_block) {
        if (n & (n - 1))
            return;
        if (!d->block)
            d->block = mem_zalloc(1, sizeof *d->block);
        d->block[0] = mem_realloc(d->block[0], (n ? 2 * n : 1) * sizeof(struct dict_segment));
        return;
    }
    if (n % per_block)
        return;
    if (!(b & (b - 1)))
        d->block = mem_realloc(d->block, 2 * b * sizeof *d->block);
    d->block[b] = mem_alloc(per_block * sizeof(struct dict_segment));
}

/* Gives back what reserve_segment(n) took. */
static void release_segment(struct dict *d, uint32_t n)
{
    const uint32_t per_block = 1u << DICT_BLOCK_BITS;
    uint32_t b = n >> DICT_BLOCK_BITS;
    if (n >= per_block) {
        if (n % per_block == 0)
            mem_free(d->block[b]);
        return;
    }
    if (n && !(n & (n - 1)))
        d->block[0] = mem_realloc(d->block[0], n * sizeof(struct dict_segment));
    if (n == 0) {
        mem_free(d->block[0]);
        mem_free(d->block);
        d->block = NULL;
    }
}

static void count_segments(struct dict *d, uint32_t n)
{
    d->segments = n;
    d->level = (uint16_t)(n ? 31 - __builtin_clz(n) : 0);
}

/* s may have more chunks than before. */
static inline void note_width(struct dict *d, const struct dict_segment *s)
{
    if (s->chunks > d->widest)
        d->widest = s->chunks;
}

static bool first_segment(struct dict *d)
{
    reserve_segment(d, 0);
    struct dict_segment *s = &d->block[0][0];
    *s = (struct dict_segment){0};
    if (!set_chunks(s, 1)) {
        release_segment(d, 0);
        return false;
    }
    count_segments(d, 1);
    note_width(d, s);
    return true;
}

/* Splits the next segment in order. False when out of memory. */
static bool split_next(struct dict *d)
{
    uint32_t to = d->segments, from = to - (1u << d->level);
    reserve_segment(d, to);
    struct dict_segment *a = dict_segment(d, from), *b = dict_segment(d, to);
    uint32_t upper = 0;
    struct moved m;
    m.count = 0;
    gather(a, &m);
    for (uint32_t i = 0; i < m.count; i++)
        upper += slot_fraction(m.slot[i], a->level) >> 15;
    *b = (struct dict_segment){.level = (uint8_t)(a->level + 1)};
    if (!set_chunks(b, chunks_for(upper))) {
        place_all(a, &m);
        release_segment(d, to);
        return false;
    }
    /* Which half is decided before the window moves. */
    struct moved up;
    up.count = 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < m.count; i++) {
        if (slot_fraction(m.slot[i], a->level) >> 15) {
            up.tag[up.count] = m.tag[i];
            up.slot[up.count++] = m.slot[i];
        } else {
            m.tag[kept] = m.tag[i];
            m.slot[kept++] = m.slot[i];
        }
    }
    m.count = kept;
    a->level++;
    if (window_of(a->level) == a->level) {
        rewindow(d, &m, a->level);
        rewindow(d, &up, a->level);
    }
    set_chunks(a, chunks_for(m.count)); /* fewer or as many: can't fail */
    place_all(a, &m);
    place_all(b, &up);
    note_width(d, b);
    count_segments(d, to + 1);
    if (d->type->split)
        d->type->split(d, from, to);
    return true;
}

/* Merges the last segment back into the one it came from. */
static void merge_last(struct dict *d)
{
    uint32_t to = d->segments - 1;
    if (!to)
        return;
    uint32_t from = to & ~(1u << (31 - __builtin_clz(to)));
    struct dict_segment *a = dict_segment(d, from), *b = dict_segment(d, to);
    if (a->count + b->count > DICT_SEGMENT_CHUNKS * DICT_CHUNK_LOAD)
        return;
    if (d->type->merge)
        d->type->merge(d, from, to);
    struct moved m;
    m.count = 0;
    gather(a, &m);
    gather(b, &m);
    /* Chunks of b serve a: nothing is allocated, so nothing can fail. */
    while (b->chunks && a->chunks < DICT_SEGMENT_CHUNKS)
        a->chunk[a->chunks++] = b->chunk[--b->chunks];
    set_chunks(b, 0);
    if (window_of(a->level) == a->level)
        rewindow(d, &m, a->level - 1u);
    a->level--;
    if (chunks_for(m.count) < a->chunks)
        set_chunks(a, chunks_for(m.count));
    place_all(a, &m);
    note_width(d, a);
    count_segments(d, to);
    release_segment(d, to);
}

/* ---- changing ------------------------------------------------------------------- */

bool dict_insert(struct dict *d, uint64_t hash, void *item)
{
    if (unlikely(!d->segments) && !first_segment(d))
        return false;
    struct dict_segment *s = dict_segment(d, dict_segment_of(d, hash));
    if (unlikely(s->count >= s->chunks * DICT_CHUNK_LOAD) && s->chunks < DICT_SEGMENT_CHUNKS) {
        resize(s, s->chunks + 1u);
        note_width(d, s);
    }
    /* A segment that is full to the last slot: chance does not bring that about
     * with a keyed hash; splitting until its turn came is the way out, within
     * bounds, since equal hashes are never told apart. */
    while (unlikely(s->count >= s->chunks * CHUNK_SLOTS)) {
        if ((uint64_t)d->segments * SEGMENT_ITEMS > RESCUE * (d->count + SEGMENT_ITEMS) || !split_next(d))
            return false;
        s = dict_segment(d, dict_segment_of(d, hash));
    }
    place(s, slot_bits(hash, s->level) << REF_BITS | arena_ref(item), tag_of(hash));
    if (++d->count > (uint64_t)d->segments * SEGMENT_ITEMS)
        split_next(d);
    return true;
}

static bool group_holds(const struct dict_group *group, const uint64_t *slot)
{
    return slot >= group->slot && slot < group->slot + DICT_GROUP_SLOTS;
}

void dict_remove_at(struct dict *d, uint64_t hash, uint64_t *slot)
{
    struct dict_segment *s = dict_segment(d, dict_segment_of(d, hash));
    uint32_t g = home_of(s, hash);
    for (uint32_t n = group_count(s);; n--, g = group_after(s, g)) {
        must(n);
        struct dict_group *group = group_at(s, g);
        if (group_holds(group, slot)) {
            group->tag[slot - group->slot] = 0;
            break;
        }
        if (group->overflow != STUCK)
            group->overflow--;
    }
    s->count--;
    d->count--;
    /* Half a chunk of slack, so that a key that comes and goes does not resize each time. */
    if (unlikely(s->chunks > 1 && s->count + DICT_CHUNK_LOAD / 2 <= (s->chunks - 1) * DICT_CHUNK_LOAD))
        resize(s, s->chunks - 1u);
    if (unlikely(d->count * 4 < (uint64_t)d->segments * SEGMENT_ITEMS * 3))
        merge_last(d);
}

void *dict_remove(struct dict *d, uint64_t hash, dict_match *match, const void *key)
{
    uint64_t *slot = dict_find(d, hash, match, key);
    if (!slot)
        return NULL;
    void *item = dict_item(slot);
    dict_remove_at(d, hash, slot);
    return item;
}

uint64_t dict_drain(struct dict *d, uint64_t most, dict_visit *take, void *ctx)
{
    uint64_t taken = 0;
    while (d->segments) {
        struct dict_segment *s = dict_segment(d, d->segments - 1);
        while (s->chunks) {
            struct dict_group *chunk = arena_chunk(s->chunk[s->chunks - 1]);
            for (uint32_t n = 0; n < CHUNK_SLOTS; n++) {
                struct dict_group *group = &chunk[n / DICT_GROUP_SLOTS];
                unsigned i = n % DICT_GROUP_SLOTS;
                if (!group->tag[i])
                    continue;
                if (taken == most)
                    return taken;
                group->tag[i] = 0;
                s->count--;
                d->count--;
                taken++;
                take(ctx, dict_item(&group->slot[i]));
            }
            arena_chunk_free(s->chunk[--s->chunks]);
        }
        uint32_t last = d->segments - 1;
        count_segments(d, last);
        release_segment(d, last);
    }
    return taken;
}

static void forget(void *ctx, void *item)
{
    (void)ctx;
    (void)item;
}

void dict_deinit(struct dict *d)
{
    dict_drain(d, UINT64_MAX, forget, NULL);
}

/* ---- walking -------------------------------------------------------------------- */

/* Shows the items whose home is group g of s; returns how many. */
static uint32_t show_home(const struct dict_segment *s, uint32_t home, dict_visit *visit, void *ctx)
{
    uint32_t shown = 0, g = home;
    for (uint32_t n = group_count(s); n; n--, g = group_after(s, g)) {
        const struct dict_group *group = group_at(s, g);
        for (unsigned i = 0; i < DICT_GROUP_SLOTS; i++) {
            if (!group->tag[i] || home_of_slot(s, group->slot[i]) != home)
                continue;
            visit(ctx, dict_item(&group->slot[i]));
            shown++;
        }
        if (!group->overflow)
            break;
    }
    return shown;
}

/* First position behind home group g of segment i; 0 when it is the end of hash space. */
static uint64_t group_end(const struct dict *d, uint32_t i, uint32_t g)
{
    const struct dict_segment *s = dict_segment(d, i);
    uint32_t groups = group_count(s);
    uint64_t fraction = ((uint64_t)(g + 1) * 65536 + groups - 1) / groups;
    if (s->level)
        return dict_segment_first(i) + (fraction << (48 - s->level));
    return fraction == 65536 ? 0 : fraction << 48;
}

uint64_t dict_scan(const struct dict *d, uint64_t cursor, dict_visit *visit, void *ctx)
{
    uint64_t at = cursor << 16;
    if (!d->segments)
        return 0;
    for (;;) {
        uint32_t i = dict_segment_of(d, at);
        const struct dict_segment *s = dict_segment(d, i);
        uint32_t g = home_of(s, at);
        uint32_t shown = show_home(s, g, visit, ctx);
        at = group_end(d, i, g);
        if (shown || !at)
            return at >> 16;
    }
}

void dict_scan_range(const struct dict *d, uint64_t first, uint64_t last, dict_visit *visit, void *ctx)
{
    if (!d->segments)
        return;
    uint64_t at = first;
    do {
        uint32_t i = dict_segment_of(d, at);
        const struct dict_segment *s = dict_segment(d, i);
        uint32_t g = home_of(s, at);
        show_home(s, g, visit, ctx);
        at = group_end(d, i, g);
    } while (at && at <= last);
}

void dict_walk_begin(struct dict_walk *w, const struct dict *d)
{
    *w = (struct dict_walk){.dict = d};
}

/* Takes the references of the next group that holds any; false when there is none. */
static bool walk_group(struct dict_walk *w)
{
    const struct dict *d = w->dict;
    for (; w->segment < d->segments; w->segment++, w->group = 0) {
        const struct dict_segment *s = dict_segment(d, w->segment);
        while (w->group < group_count(s)) {
            const struct dict_group *group = group_at(s, w->group++);
            uint32_t before = w->tail;
            for (unsigned i = 0; i < DICT_GROUP_SLOTS; i++) {
                if (!group->tag[i])
                    continue;
                const char *item = dict_item(&group->slot[i]);
                __builtin_prefetch(item);
                __builtin_prefetch(item + 64);
                w->ahead[w->tail++ % DICT_WALK_AHEAD] = group->slot[i];
            }
            if (w->tail != before)
                return true;
        }
    }
    return false;
}

void *dict_walk_next(struct dict_walk *w)
{
    while (w->tail - w->head <= DICT_GROUP_SLOTS && walk_group(w))
        ;
    return w->head == w->tail ? NULL : dict_item(&w->ahead[w->head++ % DICT_WALK_AHEAD]);
}

/* What the slot knows of the item's hash: the bits up to the end of its window, and the last eight. */
static inline uint64_t known_hash(const struct dict *d, uint32_t segment, const struct dict_group *group,
                                  unsigned i)
{
    unsigned window = window_of(dict_segment(d, segment)->level);
    uint64_t above = window ? dict_segment_first(segment) >> (64 - window) << (64 - window) : 0;
    return above | (group->slot[i] & ~REF_MASK) >> window | group->tag[i];
}

unsigned dict_walk_group(struct dict_walk *w, void *items[DICT_GROUP_SLOTS],
                         uint64_t hashes[DICT_GROUP_SLOTS])
{
    const struct dict *d = w->dict;
    for (; w->segment < d->segments; w->segment++, w->group = 0) {
        const struct dict_segment *s = dict_segment(d, w->segment);
        while (w->group < group_count(s)) {
            const struct dict_group *group = group_at(s, w->group++);
            unsigned count = 0;
            for (unsigned i = 0; i < DICT_GROUP_SLOTS; i++) {
                if (!group->tag[i])
                    continue;
                items[count] = dict_item(&group->slot[i]);
                hashes[count++] = known_hash(d, w->segment, group, i);
            }
            if (count)
                return count;
        }
    }
    return 0;
}

bool dict_hashes_suffice(const struct dict *from, const struct dict *d)
{
    return window_of(from->level) >= window_of(d->level + (d->segments > 1u << d->level));
}

void *dict_candidate(const struct dict *d, uint64_t hash)
{
    const uint64_t *slot = look(d, hash, NULL, NULL);
    if (!slot)
        return NULL;
    const char *item = dict_item(slot);
    __builtin_prefetch(item);
    __builtin_prefetch(item + 64);
    return dict_item(slot);
}

/* Chunks that positions are drawn among: the odds of hitting a taken one fall with it. */
static inline uint32_t widest(const struct dict *d)
{
    if (likely(d->segments > 16))
        return d->widest;
    uint32_t most = 0;
    for (uint32_t i = 0; i < d->segments; i++)
        most = dict_segment(d, i)->chunks > most ? dict_segment(d, i)->chunks : most;
    return most;
}

/* The group at a random position and the number of the slot in it; NULL where the segment doesn't reach so far. */
static inline struct dict_group *draw_group(const struct dict *d, uint64_t draw, uint32_t *segment,
                                            uint32_t *slot)
{
    uint32_t i = (uint32_t)((draw >> 32) * d->segments >> 32);
    uint32_t n = (uint32_t)((draw & UINT32_MAX) * (widest(d) * CHUNK_SLOTS) >> 32);
    const struct dict_segment *s = dict_segment(d, i);
    if (n >= s->chunks * (uint32_t)CHUNK_SLOTS)
        return NULL;
    *segment = i;
    *slot = n % DICT_GROUP_SLOTS;
    return group_at(s, n / DICT_GROUP_SLOTS);
}

uint64_t *dict_at(const struct dict *d, uint64_t draw, uint64_t *hash)
{
    uint32_t i, n;
    struct dict_group *group = d->count ? draw_group(d, draw, &i, &n) : NULL;
    if (!group || !group->tag[n])
        return NULL;
    *hash = known_hash(d, i, group, n);
    return &group->slot[n];
}

void dict_prefetch_at(const struct dict *d, uint64_t draw)
{
    keep_call();
    uint32_t i, n;
    struct dict_group *group = d->count ? draw_group(d, draw, &i, &n) : NULL;
    if (group)
        __builtin_prefetch(group, 1);
}

void dict_prefetch_item_at(const struct dict *d, uint64_t draw)
{
    keep_call();
    uint32_t i, n;
    struct dict_group *group = d->count ? draw_group(d, draw, &i, &n) : NULL;
    if (group && group->tag[n])
        __builtin_prefetch(dict_item(&group->slot[n]), 1);
}

void *dict_random(const struct dict *d, uint64_t (*draw)(void))
{
    if (!d->count)
        return NULL;
    for (;;) {
        uint64_t hash, *slot = dict_at(d, draw(), &hash);
        if (slot)
            return dict_item(slot);
    }
}

/* ---- figures and checks ----------------------------------------------------------- */

size_t dict_memory(const struct dict *d)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < d->segments; i++)
        bytes += dict_segment(d, i)->chunks * (size_t)512;
    return bytes + d->segments * sizeof(struct dict_segment);
}

struct dict_shape dict_shape(const struct dict *d)
{
    struct dict_shape shape = {.items = d->count, .segments = d->segments};
    for (uint32_t i = 0; i < d->segments; i++) {
        const struct dict_segment *s = dict_segment(d, i);
        uint32_t groups = group_count(s);
        shape.groups += groups;
        shape.slots += s->chunks * (uint64_t)CHUNK_SLOTS;
        for (uint32_t n = 0; n < s->chunks * (uint32_t)CHUNK_SLOTS; n++) {
            const struct dict_group *group = group_at(s, n / DICT_GROUP_SLOTS);
            if (!group->tag[n % DICT_GROUP_SLOTS])
                continue;
            uint32_t home = home_of_slot(s, group->slot[n % DICT_GROUP_SLOTS]);
            uint32_t probe = (n / DICT_GROUP_SLOTS + groups - home) % groups;
            shape.displaced += probe > 0;
            if (probe + 1 > shape.longest_probe)
                shape.longest_probe = probe + 1;
        }
    }
    return shape;
}

static uint32_t check_segment(const struct dict *d, uint32_t i)
{
    const struct dict_segment *s = dict_segment(d, i);
    uint32_t groups = group_count(s), found = 0;
    uint32_t passed[DICT_SEGMENT_CHUNKS * DICT_CHUNK_GROUPS] = {0};
    must(s->chunks >= 1 && s->chunks <= d->widest && d->widest <= DICT_SEGMENT_CHUNKS);
    must(s->level == d->level + (i < d->segments - (1u << d->level) || i >= 1u << d->level));
    must(s->count <= s->chunks * DICT_CHUNK_LOAD || s->chunks == DICT_SEGMENT_CHUNKS);
    for (uint32_t n = 0; n < s->chunks * (uint32_t)CHUNK_SLOTS; n++) {
        const struct dict_group *group = group_at(s, n / DICT_GROUP_SLOTS);
        if (!group->tag[n % DICT_GROUP_SLOTS])
            continue;
        const uint64_t *slot = &group->slot[n % DICT_GROUP_SLOTS];
        uint64_t hash = d->type->hash(dict_item(slot));
        must(dict_segment_of(d, hash) == i);
        must(*slot >> REF_BITS == slot_bits(hash, s->level));
        must(group->tag[n % DICT_GROUP_SLOTS] == tag_of(hash));
        must(home_of(s, hash) == home_of_slot(s, *slot));
        for (uint32_t g = home_of(s, hash); g != n / DICT_GROUP_SLOTS; g = group_after(s, g))
            passed[g]++;
        found++;
    }
    for (uint32_t g = 0; g < groups; g++) {
        uint8_t overflow = group_at(s, g)->overflow;
        must(overflow == STUCK || overflow == passed[g]);
    }
    must(found == s->count);
    return found;
}

void dict_check(const struct dict *d)
{
    uint64_t items = 0;
    for (uint32_t i = 0; i < d->segments; i++)
        items += check_segment(d, i);
    must(items == d->count);
}
