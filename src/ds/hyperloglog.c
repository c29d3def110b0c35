#include "ds/hyperloglog.h"

#include "base/must.h"

#include <math.h>
#include <string.h>

#define INDEX_BITS 14
#define RANK_MAX 51 /* what is left of 64 bits, and one */
#define STALE 0x80

#define RUN_ZERO_MOST 64
#define RUN_VALUE_MOST 4
#define SPARSE_RANK_MOST 32

uint64_t hyperloglog_sparse_max = 3000;

/* MurmurHash64A (Austin Appleby, public domain), with the seed that Redis took. */
static uint64_t hash(struct slice s)
{
    const uint64_t m = 0xc6a4a7935bd1e995ull;
    uint64_t h = 0xadc83b19ull ^ s.len * m;
    const char *p = s.ptr;
    size_t left = s.len;
    for (; left >= 8; p += 8, left -= 8) {
        uint64_t k;
        memcpy(&k, p, 8);
        k *= m;
        k ^= k >> 47;
        h = (h ^ k * m) * m;
    }
    if (left) {
        uint64_t k = 0;
        memcpy(&k, p, left);
        h = (h ^ k) * m;
    }
    h = (h ^ h >> 47) * m;
    return h ^ h >> 47;
}

struct hyperloglog_mark hyperloglog_mark(struct slice element)
{
    uint64_t h = hash(element);
    uint64_t rest = h >> INDEX_BITS | 1ull << (RANK_MAX - 1); /* a bit is set, so the rank has an end */
    return (struct hyperloglog_mark){.index = (uint16_t)(h & (HYPERLOGLOG_REGISTERS - 1)),
                                     .rank = (uint8_t)(__builtin_ctzll(rest) + 1)};
}

bool hyperloglog_valid(struct slice s)
{
    if (s.len < HYPERLOGLOG_HEADER || memcmp(s.ptr, "HYLL", 4) != 0 || (uint8_t)s.ptr[4] > 1)
        return false;
    return !hyperloglog_is_dense(s.ptr) || s.len == HYPERLOGLOG_DENSE;
}

/* ---- the remembered count ------------------------------------------------ */

bool hyperloglog_cached(const char *bytes, uint64_t *count)
{
    memcpy(count, bytes + 8, 8);
    return !((uint8_t)bytes[15] & STALE);
}

void hyperloglog_set_cached(char *bytes, uint64_t count)
{
    memcpy(bytes + 8, &count, 8);
}

void hyperloglog_set_stale(char *bytes)
{
    bytes[15] = (char)(bytes[15] | STALE);
}

/* ---- runs ---------------------------------------------------------------- */

struct run {
    unsigned length; /* registers */
    unsigned value;
    unsigned size; /* bytes; 0: there is no whole run */
};

static inline struct run run_at(const uint8_t *p, const uint8_t *end)
{
    if (p >= end)
        return (struct run){0};
    if (*p & 0x80)
        return (struct run){(*p & 3) + 1, (*p >> 2 & 31) + 1, 1};
    if (!(*p & 0x40))
        return (struct run){*p + 1, 0, 1};
    if (end - p < 2)
        return (struct run){0};
    return (struct run){((*p & 63) << 8 | p[1]) + 1, 0, 2};
}

static uint8_t *put_zeros(uint8_t *p, unsigned length)
{
    if (length > RUN_ZERO_MOST)
        *p++ = (uint8_t)(0x40 | (length - 1) >> 8);
    *p++ = (uint8_t)(length - 1);
    return p;
}

static uint8_t *put_values(uint8_t *p, unsigned value, unsigned length)
{
    *p++ = (uint8_t)(0x80 | (value - 1) << 2 | (length - 1));
    return p;
}

static uint8_t *put_run(uint8_t *p, unsigned value, unsigned length)
{
    if (!length)
        return p;
    return value ? put_values(p, value, length) : put_zeros(p, length);
}

/* Walks the runs of s: for each, `run` begins at register `first`. Ends at the end or a run that doesn't fit. */
struct walk {
    const uint8_t *at, *end;
    struct run run;
    unsigned first;
};

static struct walk walk_begin(struct slice s)
{
    const uint8_t *bytes = (const uint8_t *)s.ptr;
    return (struct walk){.at = bytes + HYPERLOGLOG_HEADER, .end = bytes + s.len};
}

static inline bool walk_next(struct walk *w)
{
    w->first += w->run.length;
    w->run = run_at(w->at, w->end);
    if (!w->run.size || w->first + w->run.length > HYPERLOGLOG_REGISTERS)
        return false;
    w->at += w->run.size;
    return true;
}

/* After walk_next was false: the runs covered all registers, and nothing stood behind them. */
static bool walk_complete(const struct walk *w)
{
    return w->first == HYPERLOGLOG_REGISTERS && w->at == w->end;
}

void hyperloglog_runs(struct slice sparse, void (*put)(void *ctx, char kind, unsigned value, unsigned length),
                      void *ctx)
{
    const uint8_t *p = (const uint8_t *)sparse.ptr + HYPERLOGLOG_HEADER,
                  *end = (const uint8_t *)sparse.ptr + sparse.len;
    for (struct run r; (r = run_at(p, end)).size; p += r.size)
        put(ctx, r.value ? 'v' : r.size == 1 ? 'z' : 'Z', r.value, r.length);
}

/* ---- changing ------------------------------------------------------------ */

void hyperloglog_init(char *bytes)
{
    memcpy(bytes, "HYLL\1", 5);
    memset(bytes + 5, 0, HYPERLOGLOG_HEADER - 5);
    put_zeros((uint8_t *)bytes + HYPERLOGLOG_HEADER, HYPERLOGLOG_REGISTERS);
}

bool hyperloglog_dense_raise(char *bytes, struct hyperloglog_mark mark)
{
    if (hyperloglog_dense_get(bytes, mark.index) >= mark.rank)
        return false;
    uint8_t *at = (uint8_t *)bytes + HYPERLOGLOG_HEADER + mark.index * 6 / 8;
    unsigned shift = mark.index * 6 & 7;
    at[0] = (uint8_t)((at[0] & ~(63u << shift)) | (unsigned)mark.rank << shift);
    if (shift > 2)
        at[1] = (uint8_t)((at[1] & ~(63u >> (8 - shift))) | mark.rank >> (8 - shift));
    return true;
}

/* Joins runs of one value from p on, where they make one run: what Redis looks at after a change, no
 * more and no less, since the bytes shall be the same. */
static void join(struct hyperloglog_sparse *s, uint8_t *p)
{
    uint8_t *end = (uint8_t *)s->bytes + s->len;
    for (unsigned looks = 5; looks && p < end; looks--) {
        struct run a = run_at(p, end), b = run_at(p + a.size, end);
        if (a.value && a.value == b.value && a.length + b.length <= RUN_VALUE_MOST) {
            put_values(p, a.value, a.length + b.length);
            memmove(p + 1, p + 2, (size_t)(end - (p + 2)));
            end--;
            s->len--;
        } else {
            p += a.size ? a.size : 1;
        }
    }
}

/* How many of the eight bytes at p, from the first on, are runs of one byte, and how many registers those cover. */
static inline unsigned short_runs(const uint8_t *p, unsigned *registers)
{
    const uint64_t ones = 0x0101010101010101ull, low_bytes = 0x00ff00ff00ff00ffull;
    uint64_t x;
    memcpy(&x, p, 8);
    uint64_t values = x >> 7 & ones, two_bytes = x >> 6 & ones & ~values;
    uint64_t lengths = (x & 63 * ones & ~(values * 60)) + ones; /* a value's length has two bits only */
    unsigned count = two_bytes ? (unsigned)__builtin_ctzll(two_bytes) / 8 : 8;
    if (count < 8)
        lengths &= (1ull << 8 * count) - 1;
    lengths = (lengths & low_bytes) + (lengths >> 8 & low_bytes);
    *registers = (unsigned)(lengths * 0x0001000100010001ull >> 48);
    return count;
}

/* Where a change is made. */
struct spot {
    uint8_t *at, *before; /* the run, and the one before it (itself, if it is the first) */
    unsigned first, before_first;
    struct run run;
};

/* The run with that register, searched from run `from` whose first register is `first`. */
static bool find(const struct hyperloglog_sparse *s, unsigned index, uint32_t from, uint32_t first,
                 struct spot *spot)
{
    uint8_t *p = (uint8_t *)s->bytes + HYPERLOGLOG_HEADER + from, *end = (uint8_t *)s->bytes + s->len;
    uint8_t *before = p;
    struct run r;
    for (;;) {
        unsigned registers, count = end - p >= 8 ? short_runs(p, &registers) : 0;
        if (count && index >= first + registers) {
            p += count;
            first += registers;
            before = p - 1;
            if (count == 8)
                continue;
        }
        r = run_at(p, end);
        if (!r.size || index < first + r.length)
            break;
        before = p;
        p += r.size;
        first += r.length;
    }
    unsigned before_first = before == p ? first : first - run_at(before, end).length;
    *spot = (struct spot){p, before, first, before_first, r};
    return r.size;
}

enum hyperloglog_change hyperloglog_sparse_raise(struct hyperloglog_sparse *s, struct hyperloglog_mark mark)
{
    if (unlikely(mark.rank > SPARSE_RANK_MOST))
        return HYPERLOGLOG_OUTGROWN;
    struct spot spot;
    bool onwards = mark.index >= s->first;
    bool found = find(s, mark.index, onwards ? s->at : 0, onwards ? s->first : 0, &spot);
    if (onwards && s->at && (!found || spot.at == spot.before)) /* the run before it is needed too */
        found = find(s, mark.index, 0, 0, &spot);
    if (!found)
        return HYPERLOGLOG_CORRUPT;
    if (spot.run.value >= mark.rank)
        return HYPERLOGLOG_SAME;

    uint8_t runs[5], *p = runs;
    unsigned left = mark.index - spot.first;
    p = put_run(p, spot.run.value, left);
    p = put_values(p, mark.rank, 1);
    p = put_run(p, spot.run.value, spot.run.length - left - 1);
    size_t size = (size_t)(p - runs), len = s->len + size - spot.run.size;
    if (size > spot.run.size && (len > hyperloglog_sparse_max || len > HYPERLOGLOG_SPARSE_MOST))
        return HYPERLOGLOG_OUTGROWN;
    uint8_t *behind = spot.at + spot.run.size;
    memmove(spot.at + size, behind, (size_t)((uint8_t *)s->bytes + s->len - behind));
    memcpy(spot.at, runs, size);
    s->len = len;
    join(s, spot.before);
    s->at = (uint32_t)(spot.before - ((uint8_t *)s->bytes + HYPERLOGLOG_HEADER));
    s->first = spot.before_first;
    return HYPERLOGLOG_RAISED;
}

bool hyperloglog_to_dense(struct slice sparse, char *dense)
{
    memset(dense, 0, HYPERLOGLOG_DENSE);
    memcpy(dense, sparse.ptr, HYPERLOGLOG_HEADER);
    dense[4] = 0;
    struct walk w = walk_begin(sparse);
    while (walk_next(&w)) {
        for (unsigned i = 0; w.run.value && i < w.run.length; i++)
            hyperloglog_dense_raise(dense, (struct hyperloglog_mark){.index = (uint16_t)(w.first + i),
                                                                     .rank = (uint8_t)w.run.value});
    }
    return walk_complete(&w);
}

/* ---- all registers at once ----------------------------------------------- */

#define BLOCK 512 /* registers that are unpacked at a time */

/* Eight 6-bit registers in 48 bits become one byte each: halves drift apart, then quarters, then eighths. */
static inline uint64_t spread(uint64_t x)
{
    x = (x & 0x000000ffffffull) | (x & 0xffffff000000ull) << 8;
    x = (x & 0x00000fff00000fffull) | (x & 0x00fff00000fff000ull) << 4;
    return (x & 0x003f003f003f003full) | (x & 0x0fc00fc00fc00fc0ull) << 2;
}

static inline uint64_t gather(uint64_t x)
{
    x = (x & 0x003f003f003f003full) | (x >> 2 & 0x0fc00fc00fc00fc0ull);
    x = (x & 0x00000fff00000fffull) | (x >> 4 & 0x00fff00000fff000ull);
    return (x & 0x000000ffffffull) | (x >> 8 & 0xffffff000000ull);
}

/* The registers from `first` on, a multiple of BLOCK, of a dense one. */
static void unpack(const char *bytes, unsigned first, uint8_t block[BLOCK])
{
    const char *p = bytes + HYPERLOGLOG_HEADER + first * 6 / 8;
    for (unsigned i = 0; i < BLOCK; i += 8, p += 6) {
        uint32_t low;
        uint16_t high;
        memcpy(&low, p, 4);
        memcpy(&high, p + 4, 2);
        uint64_t x = spread(low | (uint64_t)high << 32);
        memcpy(block + i, &x, 8);
    }
}

void hyperloglog_dense_put(char *bytes, const uint8_t *registers)
{
    char *p = bytes + HYPERLOGLOG_HEADER;
    bytes[4] = 0;
    for (unsigned i = 0; i < HYPERLOGLOG_REGISTERS; i += 8, p += 6) {
        uint64_t x;
        memcpy(&x, registers + i, 8);
        x = gather(x);
        memcpy(p, &x, 6);
    }
}

bool hyperloglog_merge(uint8_t *registers, struct slice s)
{
    if (hyperloglog_is_dense(s.ptr)) {
        uint8_t block[BLOCK];
        for (unsigned first = 0; first < HYPERLOGLOG_REGISTERS; first += BLOCK) {
            unpack(s.ptr, first, block);
            uint8_t *to = registers + first;
            for (unsigned i = 0; i < BLOCK; i++)
                to[i] = to[i] > block[i] ? to[i] : block[i];
        }
        return true;
    }
    struct walk w = walk_begin(s);
    while (walk_next(&w)) {
        for (unsigned i = 0; w.run.value && i < w.run.length; i++) {
            uint8_t *to = &registers[w.first + i];
            *to = *to > w.run.value ? *to : (uint8_t)w.run.value;
        }
    }
    return walk_complete(&w);
}

/* How many registers have each value. Four counters of each, so that one doesn't wait for the last. */
struct histogram {
    uint32_t of[4][64];
};

static void count_block(struct histogram *h, const uint8_t *block, unsigned length)
{
    for (unsigned i = 0; i < length; i += 4) {
        for (unsigned k = 0; k < 4; k++)
            h->of[k][block[i + k] & 63]++;
    }
}

/* The two sums of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017),
 * each up to where it changes no more. */
static double sigma(double x)
{
    if (x == 1)
        return INFINITY;
    double sum = x, before, weight = 1;
    do {
        x *= x;
        before = sum;
        sum += x * weight;
        weight += weight;
    } while (sum != before);
    return sum;
}

static double tau(double x)
{
    if (x == 0 || x == 1)
        return 0;
    double sum = 1 - x, before, weight = 1;
    do {
        x = sqrt(x);
        before = sum;
        weight *= 0.5;
        sum -= (1 - x) * (1 - x) * weight;
    } while (sum != before);
    return sum / 3;
}

static uint64_t estimate(const struct histogram *h)
{
    const double m = HYPERLOGLOG_REGISTERS;
    double with[64];
    for (unsigned i = 0; i < 64; i++)
        with[i] = h->of[0][i] + h->of[1][i] + h->of[2][i] + h->of[3][i];
    double z = m * tau((m - with[RANK_MAX]) / m);
    for (unsigned i = RANK_MAX - 1; i >= 1; i--)
        z = (z + with[i]) * 0.5;
    z += m * sigma(with[0] / m);
    return (uint64_t)llroundl(0.5 / M_LN2 * m * m / z);
}

uint64_t hyperloglog_count_registers(const uint8_t *registers)
{
    struct histogram h = {0};
    count_block(&h, registers, HYPERLOGLOG_REGISTERS);
    return estimate(&h);
}

bool hyperloglog_count(struct slice s, uint64_t *count)
{
    struct histogram h = {0};
    if (hyperloglog_is_dense(s.ptr)) {
        uint8_t block[BLOCK];
        for (unsigned first = 0; first < HYPERLOGLOG_REGISTERS; first += BLOCK) {
            unpack(s.ptr, first, block);
            count_block(&h, block, BLOCK);
        }
    } else {
        struct walk w = walk_begin(s);
        while (walk_next(&w))
            h.of[0][w.run.value] += w.run.length;
        if (!walk_complete(&w))
            return false;
    }
    *count = estimate(&h);
    return true;
}
