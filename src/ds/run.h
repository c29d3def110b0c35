/* run: elements of ds/pack.h one behind the other, each followed by its size, so that a list walks both ways.
 *
 *   element          as ds/pack.h has it, n bytes
 *   back length      n in groups of seven bits, the low ones in the last byte; all bytes
 *                    but the first have their high bit set, so it is read from behind
 *
 * A run is the bytes [first, end). Nothing here checks bounds: the bytes are our own. */
#ifndef DS_RUN_H
#define DS_RUN_H

#include "ds/pack.h"

/* Bytes of the back length of an element of n bytes. */
static inline size_t run_back_size(size_t n)
{
    if (likely(n < 1 << 7))
        return 1;
    return n < 1 << 14 ? 2 : n < 1 << 21 ? 3 : n < 1 << 28 ? 4 : 5;
}

/* Bytes that the planned element takes in a run. */
static inline size_t run_plan_size(const struct pack_plan *p)
{
    size_t n = pack_plan_size(p);
    return n + run_back_size(n);
}

/* Writes it at `at`; returns the end. */
static inline char *run_put(char *at, const struct pack_plan *p)
{
    at = pack_put(at, p);
    size_t n = pack_plan_size(p);
    if (likely(n < 1 << 7)) {
        *at = (char)n;
        return at + 1;
    }
    size_t back = run_back_size(n);
    for (size_t i = back; i > 0; i--, n >>= 7)
        at[i - 1] = (char)((n & 0x7f) | (i > 1 ? 0x80 : 0));
    return at + back;
}

/* Where the element behind the one at p starts. */
static inline const char *run_next(const char *p)
{
    size_t n = pack_size(p);
    return p + n + run_back_size(n);
}

/* Where the element that ends at `end` starts. */
static inline const char *run_prev(const char *end)
{
    uint8_t b = (uint8_t) * --end;
    if (likely(b < 0x80))
        return end - b;
    size_t n = 0;
    unsigned shift = 0;
    for (; b & 0x80; shift += 7, b = (uint8_t) * --end)
        n |= (size_t)(b & 0x7f) << shift;
    return end - (n | (size_t)b << shift);
}

/* Element number `index` of the `count` in [first, end), from the nearer side; index may be count: the end. */
static inline const char *run_at(const char *first, const char *end, uint64_t count, uint64_t index)
{
    if (index <= count / 2) {
        for (; index; index--)
            first = run_next(first);
        return first;
    }
    for (; index < count; index++)
        end = run_prev(end);
    return end;
}

/* The text of the element at p; digits of a number go to scratch. */
static inline struct slice run_text(const char *p, char scratch[PACK_DIGITS])
{
    uint8_t h = (uint8_t)*p;
    if (likely((h & 0xc0) == 0x80))
        return slice_make(p + 1, h & 0x3f);
    struct pack_item item;
    pack_get(p, &item);
    return pack_text(&item, scratch);
}

/* Takes the first `most` elements that equal the planned one, seen from the front or (`back`) from behind, out of
 * the run of len bytes; what stays moves together at the front. Returns how many went and sets *len. */
uint64_t run_remove(char *run, size_t *len, const struct pack_plan *plan, uint64_t most, bool back);

#endif
