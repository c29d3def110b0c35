/* bitmap: see bitmap.h. Counting has three bodies and takes the best that the
 * machine has; the rest is plain words that the compiler widens. */
#include "ds/bitmap.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static inline uint64_t load64(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* ---- counting ---------------------------------------------------------------- */

/* Bits of up to seven bytes. */
static uint64_t count_few(const uint8_t *p, size_t len)
{
    uint64_t word = 0;
    memcpy(&word, p, len);
    return (uint64_t)__builtin_popcountll(word);
}

/* Four sums, so that no count waits for the one before. */
#define COUNT_WORDS(p, len, total)                                                                           \
    do {                                                                                                     \
        uint64_t a = 0, b = 0, c = 0, d = 0;                                                                 \
        for (; len >= 32; p += 32, len -= 32) {                                                              \
            a += (uint64_t)__builtin_popcountll(load64(p));                                                  \
            b += (uint64_t)__builtin_popcountll(load64(p + 8));                                              \
            c += (uint64_t)__builtin_popcountll(load64(p + 16));                                             \
            d += (uint64_t)__builtin_popcountll(load64(p + 24));                                             \
        }                                                                                                    \
        for (; len >= 8; p += 8, len -= 8)                                                                   \
            a += (uint64_t)__builtin_popcountll(load64(p));                                                  \
        total = a + b + c + d;                                                                               \
    } while (0)

static uint64_t count_plain(const uint8_t *p, size_t len)
{
    uint64_t total;
    COUNT_WORDS(p, len, total);
    return total + count_few(p, len);
}

#if defined(__x86_64__)
__attribute__((target("popcnt"))) static uint64_t count_popcnt(const uint8_t *p, size_t len)
{
    uint64_t total;
    COUNT_WORDS(p, len, total);
    return total + count_few(p, len);
}

__attribute__((target("avx512f,avx512vpopcntdq,popcnt"))) static uint64_t count_avx512(const uint8_t *p,
                                                                                       size_t len)
{
    __m512i a = _mm512_setzero_si512(), b = a;
    for (; len >= 128; p += 128, len -= 128) {
        a = _mm512_add_epi64(a, _mm512_popcnt_epi64(_mm512_loadu_si512(p)));
        b = _mm512_add_epi64(b, _mm512_popcnt_epi64(_mm512_loadu_si512(p + 64)));
    }
    uint64_t total, wide = (uint64_t)_mm512_reduce_add_epi64(_mm512_add_epi64(a, b));
    COUNT_WORDS(p, len, total);
    return wide + total + count_few(p, len);
}
#endif

static uint64_t choose(const uint8_t *p, size_t len);

static uint64_t (*count_bytes)(const uint8_t *p, size_t len) = choose;

/* The first call decides. */
static uint64_t choose(const uint8_t *p, size_t len)
{
    count_bytes = count_plain;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vpopcntdq"))
        count_bytes = count_avx512;
    else if (__builtin_cpu_supports("popcnt"))
        count_bytes = count_popcnt;
#endif
    return count_bytes(p, len);
}

uint64_t bitmap_count_bytes(const void *map, size_t len)
{
    return count_bytes(map, len);
}

uint64_t bitmap_count(const void *map, uint64_t first, uint64_t end)
{
    if (first >= end)
        return 0;
    const uint8_t *p = map;
    uint64_t first_byte = first >> 3, last_byte = (end - 1) >> 3;
    uint8_t head = (uint8_t)(0xff >> (first & 7)), tail = (uint8_t)(0xff00 >> (((end - 1) & 7) + 1));
    if (first_byte == last_byte)
        return (uint64_t)__builtin_popcount(p[first_byte] & head & tail);
    return (uint64_t)__builtin_popcount(p[first_byte] & head) +
           count_bytes(p + first_byte + 1, last_byte - first_byte - 1) +
           (uint64_t)__builtin_popcount(p[last_byte] & tail);
}

/* ---- finding ----------------------------------------------------------------- */

uint64_t bitmap_find(const void *map, uint64_t first, uint64_t end, bool bit)
{
    if (first >= end)
        return BITMAP_NONE;
    const uint8_t *p = map;
    const uint64_t flip = bit ? 0 : ~0ull; /* what is looked for becomes 1 */
    uint64_t byte = first >> 3, bytes = (end + 7) >> 3;
    uint8_t head = (uint8_t)((p[byte] ^ flip) & (0xff >> (first & 7)));
    uint64_t found = BITMAP_NONE;
    if (head) {
        found = (byte << 3) + (uint64_t)__builtin_clz((unsigned)head << 24);
    } else {
        byte++;
        while (byte + 32 <= bytes && ((load64(p + byte) ^ flip) | (load64(p + byte + 8) ^ flip) |
                                      (load64(p + byte + 16) ^ flip) | (load64(p + byte + 24) ^ flip)) == 0)
            byte += 32;
        while (byte + 8 <= bytes && load64(p + byte) == flip)
            byte += 8;
        while (byte < bytes && p[byte] == (uint8_t)flip)
            byte++;
        if (byte < bytes)
            found = (byte << 3) + (uint64_t)__builtin_clz((unsigned)(uint8_t)(p[byte] ^ flip) << 24);
    }
    return found < end ? found : BITMAP_NONE;
}

/* ---- fields ------------------------------------------------------------------ */

/* A field of up to 64 bits lies in up to nine bytes. */
#define FIELD_BYTES 9

uint64_t bitmap_get_field(const void *map, size_t len, uint64_t at, unsigned bits)
{
    uint8_t bytes[FIELD_BYTES] = {0};
    uint64_t byte = at >> 3;
    if (byte < len)
        memcpy(bytes, (const uint8_t *)map + byte, len - byte < FIELD_BYTES ? len - byte : FIELD_BYTES);
    unsigned skip = at & 7;
    uint64_t high = __builtin_bswap64(load64(bytes)) << skip | (uint64_t)bytes[8] << skip >> 8;
    return high >> (64 - bits);
}

void bitmap_put_field(void *map, uint64_t at, unsigned bits, uint64_t value)
{
    uint8_t *p = (uint8_t *)map + (at >> 3);
    unsigned skip = at & 7;
    for (unsigned left = bits; left > 0;) {
        unsigned room = 8 - skip, take = left < room ? left : room;
        uint8_t mask = (uint8_t)((0xff >> skip) & (0xff << (room - take)));
        uint8_t part = (uint8_t)(value >> (left - take) << (room - take));
        *p = (uint8_t)((*p & ~mask) | (part & mask));
        p++;
        skip = 0;
        left -= take;
    }
}

/* ---- whole runs -------------------------------------------------------------- */

typedef uint64_t wide __attribute__((vector_size(32), aligned(1), may_alias));

#define COMBINE(op)                                                                                          \
    do {                                                                                                     \
        for (; len >= 64; p += 64, q += 64, len -= 64) {                                                     \
            ((wide *)p)[0] op## = ((const wide *)q)[0];                                                      \
            ((wide *)p)[1] op## = ((const wide *)q)[1];                                                      \
        }                                                                                                    \
        for (; len > 0; p++, q++, len--)                                                                     \
            *p = (uint8_t)(*p op * q);                                                                       \
    } while (0)

void bitmap_combine(enum bitmap_op op, void *to, const void *from, size_t len)
{
    uint8_t *p = to;
    const uint8_t *q = from;
    switch (op) {
    case BITMAP_AND:
        COMBINE(&);
        break;
    case BITMAP_OR:
        COMBINE(|);
        break;
    case BITMAP_XOR:
        COMBINE(^);
        break;
    }
}

void bitmap_invert(void *to, const void *from, size_t len)
{
    uint8_t *p = to;
    const uint8_t *q = from;
    for (; len >= 32; p += 32, q += 32, len -= 32)
        *(wide *)p = ~*(const wide *)q;
    for (; len > 0; p++, q++, len--)
        *p = (uint8_t) ~*q;
}
