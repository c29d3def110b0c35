/* random: see random.h. */
#include "base/random.h"

#include "base/must.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/random.h>

static uint64_t state[4];
static bool seeded;

void random_fill(void *out, size_t len)
{
    char *p = out;
    while (len > 0) {
        ssize_t got = getrandom(p, len, 0);
        if (got < 0) {
            must(errno == EINTR); /* the only way it can fail with good arguments */
            continue;
        }
        p += got;
        len -= (size_t)got;
    }
}

void random_seed(uint64_t seed)
{
    for (int i = 0; i < 4; i++) { /* splitmix64 spreads any seed, 0 included */
        uint64_t z = seed += 0x9e3779b97f4a7c15ull;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ z >> 27) * 0x94d049bb133111ebull;
        state[i] = z ^ z >> 31;
    }
    seeded = true;
}

uint64_t random_u64(void)
{
    if (unlikely(!seeded)) {
        uint64_t seed;
        random_fill(&seed, sizeof seed);
        random_seed(seed);
    }
    uint64_t middle = state[1] * 5;
    uint64_t result = (middle << 7 | middle >> 57) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = state[3] << 45 | state[3] >> 19;
    return result;
}

uint64_t random_below(uint64_t n)
{
    /* The high half of draw * n is the result; the few low halves that would favour some results are drawn again. */
    unsigned __int128 product = (unsigned __int128)random_u64() * n;
    if ((uint64_t)product < n) {
        uint64_t floor = (0 - n) % n;
        while ((uint64_t)product < floor)
            product = (unsigned __int128)random_u64() * n;
    }
    return (uint64_t)(product >> 64);
}
