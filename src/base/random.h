/* random: bytes from the system, and a fast generator seeded from them. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* len bytes from the system's generator: for keys, run ids, anything secret. Never fails. */
void random_fill(void *out, size_t len);

/* 64 fast bits (xoshiro256**); not for secrets. Loop's thread only. */
uint64_t random_u64(void);

/* 0 to n - 1, all equally likely; n above 0. */
uint64_t random_below(uint64_t n);

/* Starts the fast generator again from a known point: for tests and reproducible runs. */
void random_seed(uint64_t seed);

#endif
