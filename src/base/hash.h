/* hash: SipHash-1-3, keyed with 128 bits.
 *
 * The key is drawn at start and never shown, so a client can't choose keys that
 * collide. Inline because it runs once for every key of every request. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hash_key {
    uint64_t k0, k1;
};

struct hash_state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t hash_rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static inline __attribute__((always_inline)) void hash_round(struct hash_state *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = hash_rotate(s->v1, 13) ^ s->v0;
    s->v3 = hash_rotate(s->v3, 16) ^ s->v2;
    s->v0 = hash_rotate(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = hash_rotate(s->v1, 17) ^ s->v2;
    s->v3 = hash_rotate(s->v3, 21) ^ s->v0;
    s->v2 = hash_rotate(s->v2, 32);
}

/* Eight bytes, little-endian, from anywhere. */
static inline uint64_t hash_load64(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* The len % 8 bytes behind the last whole word, in the low bits; reads nothing outside [p, p + len). */
static inline uint64_t hash_tail(const char *p, size_t len)
{
    if (len >= 8)
        return hash_load64(p + len - 8) >> (7 - len % 8) * 8 >> 8;
    if (len >= 4) {
        uint32_t low, high;
        memcpy(&low, p, sizeof low);
        memcpy(&high, p + len - 4, sizeof high);
        return low | (uint64_t)high << (len - 4) * 8;
    }
    if (len == 0)
        return 0;
    const unsigned char *u = (const unsigned char *)p;
    return u[0] | (uint64_t)u[len / 2] << len / 2 * 8 | (uint64_t)u[len - 1] << (len - 1) * 8;
}

static inline uint64_t hash_siphash13(struct hash_key key, const void *data, size_t len)
{
    const char *p = (const char *)data;
    struct hash_state s = {
        key.k0 ^ 0x736f6d6570736575ull,
        key.k1 ^ 0x646f72616e646f6dull,
        key.k0 ^ 0x6c7967656e657261ull,
        key.k1 ^ 0x7465646279746573ull,
    };
    uint64_t last = (uint64_t)len << 56 | hash_tail(p, len);
    for (const char *end = p + (len & ~(size_t)7); p != end; p += 8) {
        uint64_t word = hash_load64(p);
        s.v3 ^= word;
        hash_round(&s);
        s.v0 ^= word;
    }
    s.v3 ^= last;
    hash_round(&s);
    s.v0 ^= last;
    s.v2 ^= 0xff;
    hash_round(&s);
    hash_round(&s);
    hash_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are loaded as they lie in memory");

#endif
