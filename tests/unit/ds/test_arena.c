/* arena: objects don't overlap, the walk meets each once, and memory comes back. */
#include "ds/arena.h"

#include "tests/unit/support/check.h"

#include <string.h>

TestSuite(arena, .init = arena_init);

/* A live object of the model: its bytes are all `mark`. */
struct held {
    unsigned char *ptr;
    size_t size;
    unsigned char mark;
};

static void fill(struct held *h)
{
    h->mark = (unsigned char)draw();
    memset(h->ptr, h->mark, h->size);
}

static void check_filled(const struct held *h)
{
    check(h->ptr[0] == h->mark);
    check(h->size == 1 || memcmp(h->ptr, h->ptr + 1, h->size - 1) == 0);
}

static size_t random_size(void)
{
    switch (draw_below(8)) {
    case 0:
        return 1 + draw_below(16384);
    case 1:
        return 513 + draw_below(4096);
    case 2:
        return draw_below(20) ? 512 : 16384 + draw_below(400000);
    default:
        return 1 + draw_below(512);
    }
}

Test(arena, sizes_are_8_bytes_apart_up_to_512)
{
    cr_assert_eq(arena_size(1), 16);
    for (size_t n = 1; n <= 512; n++) {
        size_t want = n <= 16 ? 16 : (n + 7) / 8 * 8;
        cr_assert_eq(arena_size(n), want, "size %zu takes %zu", n, arena_size(n));
    }
}

Test(arena, a_size_fits_its_own_class_and_usable_says_the_same)
{
    size_t before = 0;
    for (size_t n = 1; n < 300000; n += 1 + n / 97) {
        size_t size = arena_size(n);
        check(size >= n);
        check(size >= before);
        check(arena_size(size) == size);
        before = size;
        void *p = arena_alloc(n);
        check(p != NULL);
        check(((uintptr_t)p & 7) == 0);
        check(arena_usable(p) == size);
        memset(p, 0x5a, size);
        arena_free(p);
    }
}

Test(arena, medium_classes_waste_little)
{
    /* "as many to a page as fit": the waste over the size itself stays small until few fit. */
    for (size_t n = 513; n <= 8192; n += 7)
        check(arena_size(n) <= n + n / 4 + 64);
}

Test(arena, references_name_objects_in_40_bits)
{
    for (int i = 0; i < 10000; i++) {
        void *p = arena_alloc(random_size());
        uint64_t ref = arena_ref(p);
        check(ref >> 40 == 0);
        check(arena_deref(ref) == p);
    }
}

Test(arena, chunks_are_aligned_distinct_and_named)
{
    enum { N = 3000 };
    static uint32_t chunk[N];
    for (uint32_t i = 0; i < N; i++) {
        chunk[i] = arena_chunk_alloc();
        check(chunk[i] != UINT32_MAX);
        check(((uintptr_t)arena_chunk(chunk[i]) & 63) == 0);
        memset(arena_chunk(chunk[i]), (int)(i & 255), 512);
    }
    for (uint32_t i = 0; i < N; i++) {
        unsigned char *p = arena_chunk(chunk[i]);
        check(p[0] == (i & 255) && memcmp(p, p + 1, 511) == 0);
        check(arena_usable(p) == 512);
    }
    check(arena_stats().objects == N);
    for (uint32_t i = 0; i < N; i++)
        arena_chunk_free(chunk[i]);
    check(arena_stats().objects == 0);
}

struct walked {
    char *last;
    size_t objects;
    size_t bytes;
};

static bool count_object(void *object, size_t size, void *ctx)
{
    struct walked *w = ctx;
    check((char *)object > w->last);
    check(arena_usable(object) == size);
    w->last = (char *)object + size - 1;
    w->objects++;
    w->bytes += size;
    return true;
}

static void check_walk(size_t objects, size_t bytes)
{
    struct walked w = {0};
    arena_walk(count_object, &w);
    check(w.objects == objects);
    check(w.bytes == bytes);
    struct arena_stats s = arena_stats();
    check(s.objects == objects);
    check(s.live == bytes);
    check(s.committed >= s.pages * ARENA_PAGE);
    check(s.pages * ARENA_PAGE >= bytes);
    check(s.reserved >= s.committed);
}

Test(arena, random_use_against_a_model, .timeout = 120)
{
    enum { N = 20000 };
    static struct held held[N];
    size_t objects = 0, bytes = 0;
    unsigned odds = 50;
    for (int step = 0; step < 600000 / CHECK_SCALE; step++) {
        if (step % 50000 == 0)
            odds = step / 50000 % 2 ? 30 : 70; /* grow, then shrink, then grow */
        struct held *h = &held[draw_below(N)];
        if (h->ptr == NULL && draw_below(100) < odds) {
            h->size = random_size();
            h->ptr = arena_alloc(h->size);
            check(h->ptr != NULL);
            fill(h);
            objects++;
            bytes += arena_size(h->size);
        } else if (h->ptr != NULL && draw_below(100) >= odds) {
            check_filled(h);
            objects--;
            bytes -= arena_size(h->size);
            arena_free(h->ptr);
            h->ptr = NULL;
        }
        if (step % 20000 == 0)
            check_walk(objects, bytes);
    }
    for (int i = 0; i < N; i++)
        if (held[i].ptr != NULL) {
            check_filled(&held[i]);
            arena_free(held[i].ptr);
        }
    check_walk(0, 0);
    check(arena_stats().pages == 0);
}

static bool stop_at_third(void *object, size_t size, void *ctx)
{
    (void)object;
    (void)size;
    return ++*(int *)ctx < 3;
}

Test(arena, walk_stops_when_told)
{
    for (int i = 0; i < 10; i++)
        arena_alloc(40);
    int seen = 0;
    arena_walk(stop_at_third, &seen);
    cr_assert_eq(seen, 3);
}

static bool free_some(void *object, size_t size, void *ctx)
{
    (void)size;
    size_t *left = ctx;
    if (*(uint64_t *)object % 3 != 0)
        arena_free(object);
    else
        ++*left;
    return true;
}

Test(arena, walk_may_free_what_it_shows)
{
    for (uint64_t i = 0; i < 30000; i++) {
        uint64_t *p = arena_alloc(random_size() + 8);
        *p = i;
    }
    size_t left = 0;
    arena_walk(free_some, &left);
    cr_assert_eq(left, 10000);
    cr_assert_eq(arena_stats().objects, 10000);
}

Test(arena, freed_places_are_used_again)
{
    enum { N = 100000 / CHECK_SCALE };
    static void *p[N];
    for (int i = 0; i < N; i++)
        p[i] = arena_alloc(80);
    size_t pages = arena_stats().pages;
    for (int round = 0; round < 10; round++) {
        for (int i = round & 1; i < N; i += 2)
            arena_free(p[i]);
        for (int i = round & 1; i < N; i += 2)
            p[i] = arena_alloc(80);
        check(arena_stats().pages == pages);
    }
}

Test(arena, runs_come_and_go_without_growth)
{
    enum { N = 32 };
    void *p[N] = {0};
    size_t most = 0;
    for (int i = 0; i < N; i++)
        p[i] = arena_alloc(3 * ARENA_PAGE);
    most = arena_stats().committed;
    for (int step = 0; step < 2000; step++) {
        size_t i = draw_below(N);
        arena_free(p[i]);
        size_t size = 1 + draw_below(3 * ARENA_PAGE - 64);
        p[i] = arena_alloc(size);
        check(p[i] != NULL);
        memset(p[i], 1, size);
    }
    /* Holes of every size appear, but they are found again. */
    cr_assert_leq(arena_stats().committed, most * 2, "%zu bytes committed, %zu at the start",
                  arena_stats().committed, most);
    for (int i = 0; i < N; i++)
        arena_free(p[i]);
    cr_assert_eq(arena_stats().pages, 0);
}

Test(arena, empty_pages_go_back)
{
    enum { N = 50000 };
    static void *p[N];
    for (int i = 0; i < N; i++) {
        p[i] = arena_alloc(200);
        memset(p[i], 1, 200);
    }
    size_t most = arena_stats().committed;
    for (int i = 0; i < N; i++)
        arena_free(p[i]);
    /* "more than a few such pages": 4 MiB is not a few any more. */
    cr_assert_leq(arena_stats().committed, (size_t)4 << 20);
    arena_purge();
    cr_assert_lt(arena_stats().committed, most / 10);
    void *again = arena_alloc(200);
    memset(again, 2, 200);
    cr_assert_eq(arena_stats().objects, 1);
}

Test(arena, a_class_packs_its_pages)
{
    for (int i = 0; i < 100000; i++)
        arena_alloc(80);
    struct arena_stats s = arena_stats();
    cr_assert_leq(s.pages * ARENA_PAGE, s.live + s.live / 50 + ARENA_PAGE, "%zu pages for %zu bytes", s.pages,
                  s.live);
}

Test(arena, too_much_is_refused_not_fatal)
{
    cr_assert_null(arena_alloc((size_t)1 << 62));
    cr_assert_null(arena_alloc(SIZE_MAX - 64));
    cr_assert_eq(arena_stats().objects, 0);
    cr_assert_not_null(arena_alloc(64));
}

Test(arena, exact_objects_tell_their_size_and_others_none)
{
    char *exact[64], *plain[64];
    for (size_t i = 0, size = 16; size <= 512; i++, size += 8) {
        cr_assert(arena_fits_exact(size));
        exact[i] = arena_alloc_exact(size);
        plain[i] = arena_alloc(size);
        memset(exact[i], (int)i, size);
        memset(plain[i], 255, size);
    }
    for (size_t i = 0, size = 16; size <= 512; i++, size += 8) {
        cr_assert_eq(arena_exact_size(exact[i]), size);
        cr_assert_eq(arena_usable(exact[i]), size);
        cr_assert_eq(arena_exact_size(plain[i]), 0);
        cr_assert_eq(exact[i][size - 1], (char)i);
        arena_free(exact[i]);
        arena_free(plain[i]);
    }
    void *run = arena_alloc(100000);
    cr_assert_eq(arena_exact_size(run), 0);
    cr_assert_not(arena_fits_exact(8));
    cr_assert_not(arena_fits_exact(17));
    cr_assert_not(arena_fits_exact(520));
}
