#include "ds/arena.h"

#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_MAGIC 0x61726e61u
#define NO_PAGE UINT32_MAX
#define CLASSES_MAX 192
#define SMALL_MAX 512           /* classes 8 bytes apart up to here */
#define CLASS_MAX 32736         /* the largest class: two to a page */
#define RUN_OFFSET 64           /* where the object of a run starts */
#define REGION_MAX (2ull << 40) /* what 32-bit chunk numbers reach */
#define REGION_MIN (256ull << 20)

/* Kept empty pages: this many, or a 64th of those in use. */
#define KEEP_MIN 64u

struct page {
    uint32_t magic;
    uint16_t cls;      /* size class; CLASS_RUN for a run */
    uint16_t first;    /* offset of object 0 */
    uint32_t size;     /* bytes an object */
    uint32_t capacity; /* objects */
    uint32_t live;
    uint32_t reciprocal; /* ceil(2^32 / size): object number without a division */
    uint32_t prev, next; /* pages of the class with room, by number */
    uint32_t run;        /* pages of a run */
    uint32_t word;       /* no bit is free in a word before this one */
    uint64_t pad;
    uint64_t used[]; /* bit set: live; bits beyond capacity are set */
};

enum { CLASS_RUN = CLASSES_MAX, CLASS_CHUNK = 0 };

struct size_class {
    uint32_t size;
    uint32_t first;
    uint32_t capacity;
    uint32_t reciprocal;
    uint32_t room; /* head of the pages with room: where objects are taken from */
};

/* A bit for each page of the region, with two levels of summary, so that the
 * lowest set bit is found in three steps. */
struct page_set {
    uint64_t *bit[3];
    uint32_t words[3];
};

static struct {
    struct size_class cls[CLASSES_MAX];
    unsigned classes;
    unsigned exact; /* the classes from here on are those of arena_alloc_exact: 16, 24, ... SMALL_MAX */
    uint8_t by_words[SMALL_MAX / 8 + 1];  /* (size + 7) / 8 to class */
    uint8_t by_lines[CLASS_MAX / 64 + 2]; /* (size + 63) / 64 to class */
    size_t reserved;
    uint32_t pages;        /* of the region */
    uint32_t fresh;        /* pages from here on were never used */
    struct page_set empty; /* pages below fresh that are free and kept in memory */
    struct page_set gone;  /* pages below fresh that are free and given back */
    uint32_t empty_count;
    uint32_t used_pages;
    size_t live;
    size_t objects;
} arena;

char *arena_base;
uint8_t *arena_exact_of;

static inline struct page *page_at(uint32_t number)
{
    return (struct page *)(arena_base + (size_t)number * ARENA_PAGE);
}

static inline uint32_t page_number(const struct page *p)
{
    return (uint32_t)(((const char *)p - arena_base) / ARENA_PAGE);
}

static inline struct page *page_of(const void *object)
{
    size_t at = (size_t)((const char *)object - arena_base);
    struct page *p = (struct page *)(arena_base + (at & ~(ARENA_PAGE - 1)));
    must(at < arena.reserved && p->magic == PAGE_MAGIC);
    return p;
}

/* ---- sets of pages ------------------------------------------------------ */

static void *reserve(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void set_init(struct page_set *s, uint32_t pages)
{
    uint32_t n = pages;
    for (int i = 0; i < 3; i++) {
        n = n / 64 + 1;
        s->words[i] = n;
        s->bit[i] = reserve((size_t)n * 8);
        must(s->bit[i]);
    }
}

static void set_add(struct page_set *s, uint32_t n)
{
    for (int i = 0; i < 3; i++, n /= 64)
        s->bit[i][n / 64] |= 1ull << (n % 64);
}

static void set_remove(struct page_set *s, uint32_t n)
{
    for (int i = 0; i < 3; i++, n /= 64) {
        s->bit[i][n / 64] &= ~(1ull << (n % 64));
        if (s->bit[i][n / 64])
            return;
    }
}

static bool set_has(const struct page_set *s, uint32_t n)
{
    return s->bit[0][n / 64] >> (n % 64) & 1;
}

static uint32_t set_lowest(const struct page_set *s)
{
    for (uint32_t t = 0; t < s->words[2]; t++) {
        if (!s->bit[2][t])
            continue;
        uint32_t n = t * 64 + (uint32_t)__builtin_ctzll(s->bit[2][t]);
        n = n * 64 + (uint32_t)__builtin_ctzll(s->bit[1][n]);
        return n * 64 + (uint32_t)__builtin_ctzll(s->bit[0][n]);
    }
    return NO_PAGE;
}

/* ---- classes -------------------------------------------------------------- */

static void class_add(uint32_t size, uint32_t header)
{
    struct size_class *c = &arena.cls[arena.classes++];
    c->size = size;
    c->first = header;
    c->capacity = (uint32_t)((ARENA_PAGE - header) / size);
    c->reciprocal = (uint32_t)((1ull << 32) / size + ((1ull << 32) % size != 0));
    c->room = NO_PAGE;
}

/* Bytes of a page's header when `count` objects follow, whole lines. */
static uint32_t header_size(uint32_t count)
{
    return (uint32_t)((sizeof(struct page) + (count + 63) / 64 * 8 + 63) & ~63ull);
}

static void make_classes(void)
{
    class_add(512, 64); /* CLASS_CHUNK */
    for (uint32_t size = 16; size <= SMALL_MAX; size += 8)
        class_add(size, header_size((uint32_t)(ARENA_PAGE / size)));
    for (uint32_t size = SMALL_MAX; size < CLASS_MAX;) {
        uint32_t count = (uint32_t)(ARENA_PAGE - RUN_OFFSET) / (size * 9 / 8);
        size = ((uint32_t)(ARENA_PAGE - RUN_OFFSET) / count) & ~7u;
        class_add(size, RUN_OFFSET);
    }
    unsigned last = arena.classes - 1;
    arena.exact = arena.classes;
    for (uint32_t size = 16; size <= SMALL_MAX; size += 8)
        class_add(size, header_size((uint32_t)(ARENA_PAGE / size)));
    must(arena.classes <= CLASSES_MAX && arena.cls[last].size == CLASS_MAX);
    for (unsigned w = 0, c = 1; w <= SMALL_MAX / 8; w++) {
        while (arena.cls[c].size < w * 8)
            c++;
        arena.by_words[w] = (uint8_t)c;
    }
    for (unsigned l = 0, c = 1; l < sizeof arena.by_lines; l++) {
        while (c < last && arena.cls[c].size < l * 64)
            c++;
        arena.by_lines[l] = (uint8_t)c;
    }
}

static inline unsigned class_for(size_t size)
{
    if (likely(size <= SMALL_MAX))
        return arena.by_words[(size + 7) / 8];
    unsigned c = arena.by_lines[size / 64];
    while (arena.cls[c].size < size)
        c++;
    return c;
}

void arena_init(void)
{
    must(!arena_base);
    size_t ram = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    size_t want = 4 * ram < REGION_MAX ? 4 * ram : REGION_MAX;
    char *at = NULL;
    for (want &= ~(ARENA_PAGE - 1); want >= REGION_MIN && !(at = reserve(want + ARENA_PAGE)); want /= 2)
        want &= ~(ARENA_PAGE - 1);
    if (!at) {
        fprintf(stderr, "hearth: the system refuses %llu MiB of address space\n", REGION_MIN >> 20);
        exit(1);
    }
    arena_base = (char *)(((uintptr_t)at + ARENA_PAGE - 1) & ~(ARENA_PAGE - 1));
    arena.reserved = want & ~(ARENA_PAGE - 1);
    /* Every request misses the TLB on 4 KiB pages once the keys are a few 10,000: with huge
     * pages a GET costs a fifth less. A fork's copies stay 4 KiB: Linux splits a shared
     * huge page before it copies. Where the system forbids huge pages nothing changes. */
    madvise(arena_base, arena.reserved, MADV_HUGEPAGE);
    arena.pages = (uint32_t)(arena.reserved / ARENA_PAGE);
    set_init(&arena.empty, arena.pages);
    set_init(&arena.gone, arena.pages);
    arena_exact_of = reserve(arena.pages);
    must(arena_exact_of);
    make_classes();
}

/* ---- pages ---------------------------------------------------------------- */

static uint32_t page_take(void)
{
    uint32_t n = arena.empty_count ? set_lowest(&arena.empty) : set_lowest(&arena.gone);
    if (arena.empty_count) {
        set_remove(&arena.empty, n);
        arena.empty_count--;
    } else if (n != NO_PAGE) {
        set_remove(&arena.gone, n);
    } else if (arena.fresh < arena.pages) {
        n = arena.fresh++;
    } else {
        return NO_PAGE;
    }
    arena.used_pages++;
    return n;
}

static void page_give_back(uint32_t n)
{
    madvise(page_at(n), ARENA_PAGE, MADV_DONTNEED);
    set_add(&arena.gone, n);
}

static void page_put(uint32_t n)
{
    page_at(n)->magic = 0;
    arena.used_pages--;
    uint32_t keep = arena.used_pages / 64 > KEEP_MIN ? arena.used_pages / 64 : KEEP_MIN;
    if (arena.empty_count >= keep) {
        page_give_back(n);
        return;
    }
    set_add(&arena.empty, n);
    arena.empty_count++;
}

static void room_push(struct size_class *c, struct page *p)
{
    p->prev = NO_PAGE;
    p->next = c->room;
    if (c->room != NO_PAGE)
        page_at(c->room)->prev = page_number(p);
    c->room = page_number(p);
}

static void room_remove(struct size_class *c, struct page *p)
{
    if (p->prev != NO_PAGE)
        page_at(p->prev)->next = p->next;
    else
        c->room = p->next;
    if (p->next != NO_PAGE)
        page_at(p->next)->prev = p->prev;
}

static struct page *page_open(unsigned cls)
{
    uint32_t n = page_take();
    if (n == NO_PAGE)
        return NULL;
    struct size_class *c = &arena.cls[cls];
    struct page *p = page_at(n);
    *p = (struct page){.magic = PAGE_MAGIC,
                       .cls = (uint16_t)cls,
                       .first = (uint16_t)c->first,
                       .size = c->size,
                       .capacity = c->capacity,
                       .reciprocal = c->reciprocal};
    arena_exact_of[n] = cls >= arena.exact ? (uint8_t)(c->size / 8) : 0;
    uint32_t words = (c->capacity + 63) / 64;
    memset(p->used, 0, (size_t)words * 8);
    if (c->capacity % 64)
        p->used[words - 1] = ~0ull << (c->capacity % 64);
    room_push(c, p);
    return p;
}

/* ---- runs ------------------------------------------------------------------ */

/* The lowest `count` free neighbours below fresh, or pages from fresh on. */
static uint32_t run_take(uint32_t count)
{
    uint32_t have = 0;
    for (uint32_t n = 0; n < arena.fresh; n++) {
        if (n % 64 == 0 && !arena.empty.bit[0][n / 64] && !arena.gone.bit[0][n / 64]) {
            have = 0;
            n += 63;
            continue;
        }
        have = set_has(&arena.empty, n) || set_has(&arena.gone, n) ? have + 1 : 0;
        if (have < count)
            continue;
        uint32_t first = n + 1 - count;
        for (uint32_t i = first; i <= n; i++) {
            if (set_has(&arena.empty, i)) {
                set_remove(&arena.empty, i);
                arena.empty_count--;
            } else {
                set_remove(&arena.gone, i);
            }
        }
        return first;
    }
    if (arena.pages - arena.fresh < count)
        return NO_PAGE;
    arena.fresh += count;
    return arena.fresh - count;
}

static void *run_alloc(size_t size)
{
    if (size > arena.reserved)
        return NULL;
    uint32_t count = (uint32_t)((size + RUN_OFFSET + ARENA_PAGE - 1) / ARENA_PAGE);
    uint32_t n = run_take(count);
    if (n == NO_PAGE)
        return NULL;
    struct page *p = page_at(n);
    *p = (struct page){
        .magic = PAGE_MAGIC, .cls = CLASS_RUN, .first = RUN_OFFSET, .capacity = 1, .live = 1, .run = count};
    arena_exact_of[n] = 0;
    arena.used_pages += count;
    arena.live += (size_t)count * ARENA_PAGE - RUN_OFFSET;
    arena.objects++;
    return (char *)p + RUN_OFFSET;
}

static void run_free(struct page *p)
{
    uint32_t n = page_number(p), count = p->run;
    arena.live -= (size_t)count * ARENA_PAGE - RUN_OFFSET;
    arena.objects--;
    arena.used_pages -= count;
    madvise(p, (size_t)count * ARENA_PAGE, MADV_DONTNEED);
    for (uint32_t i = 0; i < count; i++)
        set_add(&arena.gone, n + i);
}

/* ---- objects ---------------------------------------------------------------- */

static inline void *class_alloc(unsigned cls)
{
    struct size_class *c = &arena.cls[cls];
    struct page *p;
    if (likely(c->room != NO_PAGE))
        p = page_at(c->room);
    else if (!(p = page_open(cls)))
        return NULL;
    uint32_t w = p->word;
    while (p->used[w] == ~0ull)
        w++;
    uint32_t bit = (uint32_t)__builtin_ctzll(~p->used[w]);
    p->used[w] |= 1ull << bit;
    p->word = w;
    if (++p->live == p->capacity)
        room_remove(c, p);
    arena.live += p->size;
    arena.objects++;
    return (char *)p + p->first + (size_t)(w * 64 + bit) * p->size;
}

void *arena_alloc(size_t size)
{
    if (unlikely(size > CLASS_MAX))
        return run_alloc(size);
    return class_alloc(class_for(size));
}

void *arena_alloc_exact(size_t size)
{
    must(arena_fits_exact(size));
    return class_alloc(arena.exact + (unsigned)(size - 16) / 8);
}

void arena_free(void *object)
{
    struct page *p = page_of(object);
    if (unlikely(p->cls == CLASS_RUN)) {
        run_free(p);
        return;
    }
    struct size_class *c = &arena.cls[p->cls];
    uint32_t at = (uint32_t)((char *)object - (char *)p) - p->first;
    uint32_t n = (uint32_t)((uint64_t)at * p->reciprocal >> 32);
    must(p->used[n / 64] >> (n % 64) & 1);
    p->used[n / 64] &= ~(1ull << (n % 64));
    if (n / 64 < p->word)
        p->word = n / 64;
    arena.live -= p->size;
    arena.objects--;
    if (p->live-- == p->capacity)
        room_push(c, p);
    if (!p->live) {
        room_remove(c, p);
        page_put(page_number(p));
    }
}

size_t arena_size(size_t size)
{
    if (unlikely(size > CLASS_MAX))
        return ((size + RUN_OFFSET + ARENA_PAGE - 1) & ~(ARENA_PAGE - 1)) - RUN_OFFSET;
    return arena.cls[class_for(size)].size;
}

size_t arena_usable(const void *object)
{
    const struct page *p = page_of(object);
    return p->cls == CLASS_RUN ? (size_t)p->run * ARENA_PAGE - RUN_OFFSET : p->size;
}

uint32_t arena_chunk_alloc(void)
{
    char *p = class_alloc(CLASS_CHUNK);
    return p ? (uint32_t)((size_t)(p - arena_base - 64) >> 9) : UINT32_MAX;
}

void arena_chunk_free(uint32_t chunk)
{
    arena_free(arena_chunk(chunk));
}

struct arena_stats arena_stats(void)
{
    return (struct arena_stats){.live = arena.live,
                                .objects = arena.objects,
                                .pages = arena.used_pages,
                                .committed = (size_t)(arena.used_pages + arena.empty_count) * ARENA_PAGE,
                                .reserved = arena.reserved};
}

size_t arena_purge(void)
{
    size_t bytes = 0;
    while (arena.empty_count) {
        uint32_t n = set_lowest(&arena.empty);
        set_remove(&arena.empty, n);
        arena.empty_count--;
        page_give_back(n);
        bytes += ARENA_PAGE;
    }
    return bytes;
}

void arena_walk(bool (*visit)(void *object, size_t size, void *ctx), void *ctx)
{
    for (uint32_t n = 0; n < arena.fresh;) {
        struct page *p = page_at(n);
        if (set_has(&arena.empty, n) || set_has(&arena.gone, n)) {
            n++;
            continue;
        }
        if (p->cls == CLASS_RUN) {
            uint32_t run = p->run;
            if (!visit((char *)p + RUN_OFFSET, (size_t)run * ARENA_PAGE - RUN_OFFSET, ctx))
                return;
            n += run;
            continue;
        }
        /* The last visit may free the page's last object, and the page with it: count down first. */
        uint32_t left = p->live, size = p->size;
        for (uint32_t i = 0; left; i++) {
            if (!(p->used[i / 64] >> (i % 64) & 1))
                continue;
            left--;
            if (!visit((char *)p + p->first + (size_t)i * size, size, ctx))
                return;
        }
        n++;
    }
}
