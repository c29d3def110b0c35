/* intset: integers in ascending order, one behind the other, each as few bytes as the widest needs.
 *
 * `array` is little-endian integers of `width` bytes (2, 4 or 8), at any
 * address: the memory and its count are the caller's. A set whose integers
 * became small again keeps its width. */
#ifndef DS_INTSET_H
#define DS_INTSET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bytes that an array with v in it needs an integer. */
static inline unsigned intset_width(int64_t v)
{
    return v == (int16_t)v ? 2 : v == (int32_t)v ? 4 : 8;
}

/* Number i of the array. */
static inline int64_t intset_at(const char *array, unsigned width, uint32_t i)
{
    int16_t v16;
    int32_t v32;
    int64_t v64;
    if (width == 2) {
        memcpy(&v16, array + 2 * (size_t)i, 2);
        return v16;
    }
    if (width == 4) {
        memcpy(&v32, array + 4 * (size_t)i, 4);
        return v32;
    }
    memcpy(&v64, array + 8 * (size_t)i, 8);
    return v64;
}

/* Where v stands, or (false) where it would have to. */
bool intset_find(const char *array, unsigned width, uint32_t count, int64_t v, uint32_t *at);

/* Makes the `count` integers `to` bytes wide, where they stand: there must be room. to is above from. */
void intset_widen(char *array, uint32_t count, unsigned from, unsigned to);

/* Puts v before number `at`, moving the rest up: room for one more must be there, and v must fit the width. */
void intset_insert(char *array, unsigned width, uint32_t count, uint32_t at, int64_t v);

/* Takes number `at` out, moving the rest down. */
void intset_remove(char *array, unsigned width, uint32_t count, uint32_t at);

#endif
