/* check: what property tests need beside Criterion.
 *
 * Criterion reports each passing assertion to its runner, which costs
 * microseconds; a test that asserts a million times uses check(), which is
 * silent until it fails. Random tests draw from a seeded generator, so a
 * failure repeats: HEARTH_TEST_SEED=n runs them under another seed. */
#ifndef UNIT_SUPPORT_CHECK_H
#define UNIT_SUPPORT_CHECK_H

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>

#define check(x)                                                                                             \
    do {                                                                                                     \
        if (__builtin_expect(!(x), 0))                                                                       \
            cr_assert(0, "%s:%d: %s (seed %llu)", __FILE__, __LINE__, #x, (unsigned long long)draw_seed());  \
    } while (0)

/* The seed of this run. */
static inline uint64_t draw_seed(void)
{
    const char *text = getenv("HEARTH_TEST_SEED");
    return text ? strtoull(text, NULL, 10) : 20261120;
}

/* 64 random bits, the same ones in each run of a seed (splitmix64). */
static inline uint64_t draw(void)
{
    static uint64_t state;
    static int started;
    if (!started) {
        started = 1;
        state = draw_seed();
    }
    uint64_t z = state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

/* 0 .. n - 1 */
static inline uint64_t draw_below(uint64_t n)
{
    return (uint64_t)((unsigned __int128)draw() * n >> 64);
}

/* Sanitizers make everything some ten times slower: sizes are cut by that. */
#if defined(__SANITIZE_ADDRESS__)
#define CHECK_SCALE 10
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECK_SCALE 10
#endif
#endif
#ifndef CHECK_SCALE
#define CHECK_SCALE 1
#endif

#endif
