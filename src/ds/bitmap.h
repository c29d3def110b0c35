/* bitmap: bits in a run of bytes, as Redis numbers them.
 *
 * Bit 0 is the highest of the first byte. Positions and counts are in bits unless
 * a name says bytes. Functions read words inside the run only and keep nothing. */
#ifndef DS_BITMAP_H
#define DS_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITMAP_NONE UINT64_MAX

/* Set bits in len bytes. */
uint64_t bitmap_count_bytes(const void *map, size_t len);

/* Set bits in [first, end); the run must hold them. */
uint64_t bitmap_count(const void *map, uint64_t first, uint64_t end);

/* The first bit of [first, end) that is `bit`; BITMAP_NONE when none is. */
uint64_t bitmap_find(const void *map, uint64_t first, uint64_t end, bool bit);

static inline bool bitmap_get(const void *map, uint64_t at)
{
    return ((const uint8_t *)map)[at >> 3] >> (7 - (at & 7)) & 1;
}

static inline void bitmap_put(void *map, uint64_t at, bool bit)
{
    uint8_t *byte = (uint8_t *)map + (at >> 3), mask = (uint8_t)(0x80 >> (at & 7));
    *byte = (uint8_t)(bit ? *byte | mask : *byte & ~mask);
}

/* The `bits` (1 to 64) bits from `at` on as an unsigned number, highest first; what lies behind len bytes is 0. */
uint64_t bitmap_get_field(const void *map, size_t len, uint64_t at, unsigned bits);

/* Writes the low `bits` (1 to 64) bits of value from `at` on; the run must hold them. */
void bitmap_put_field(void *map, uint64_t at, unsigned bits, uint64_t value);

enum bitmap_op { BITMAP_AND, BITMAP_OR, BITMAP_XOR };

/* to[i] = to[i] op from[i] for len bytes. The two don't overlap. */
void bitmap_combine(enum bitmap_op op, void *to, const void *from, size_t len);

/* to[i] = ~from[i] for len bytes; to == from is allowed. */
void bitmap_invert(void *to, const void *from, size_t len);

#endif
