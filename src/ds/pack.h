/* pack: one element of a packed collection: a string, an integer or a double in as few bytes as it takes.
 *
 *   first byte    then                 what
 *   0x00 .. 0x7f  -                    the integer 0 .. 127
 *   0x80 .. 0xbf  n = low 6 bits       a string of n bytes
 *   0xc0 .. 0xdf  1 byte               a 13-bit integer: low 5 bits are its high ones, two's complement
 *   0xe0 .. 0xef  1 byte, n bytes      a string of n < 4096 bytes: low 4 bits are n's high ones
 *   0xf0          4 bytes, n bytes     a string of n bytes
 *   0xf1 .. 0xf4  2, 3, 4, 8 bytes     an integer
 *   0xf5          8 bytes              a double
 * Numbers are little-endian. A string that is a canonical integer is held as one,
 * and in the shortest form that holds it, so equal elements are equal bytes.
 *
 * Elements stand one behind the other; a reader that walks from the front needs nothing else.
 * The bytes are our own: nobody outside writes them. */
#ifndef DS_PACK_H
#define DS_PACK_H

#include "base/must.h"
#include "base/number.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum pack_kind { PACK_STRING, PACK_INT, PACK_DOUBLE };

struct pack_item {
    enum pack_kind kind;
    struct slice text; /* PACK_STRING; borrowed from the packed bytes */
    int64_t number;    /* PACK_INT */
    double real;       /* PACK_DOUBLE */
};

/* An element ready to be written or looked for: its bytes but for a string's own. Made of whole words, since
 * the processor waits where bytes that were just written one by one are read as a word. */
struct pack_plan {
    union {
        char head[9]; /* head_len bytes count */
        struct {
            uint64_t head_low;
            uint8_t head_high, head_len;
        };
    };
    struct slice text; /* what follows the head; borrowed from what was planned */
};

/* How s, an integer or a double is held. A string above 4 GiB can't be: its plan is for looking only, and
 * equals no element. */
struct pack_plan pack_plan(struct slice s);
struct pack_plan pack_plan_int(int64_t v);
/* As an integer where that is the same number, minus zero excepted. NaN isn't for packing. */
struct pack_plan pack_plan_double(double v);

static inline size_t pack_plan_size(const struct pack_plan *p)
{
    return p->head_len + p->text.len;
}

/* Writes it; returns the end. */
static inline char *pack_put(char *at, const struct pack_plan *p)
{
    *at = p->head[0];
    if (p->head_len > 1)
        memcpy(at + 1, p->head + 1, p->head_len - 1u);
    memcpy(at + p->head_len, p->text.ptr, p->text.len);
    return at + p->head_len + p->text.len;
}

/* Bytes of the element at p. */
static inline size_t pack_size(const char *p)
{
    uint8_t h = (uint8_t)*p;
    if (likely(h < 0xc0))
        return h < 0x80 ? 1 : 1u + (h & 0x3f);
    if (h < 0xe0)
        return 2;
    if (h < 0xf0)
        return 2u + ((size_t)(h & 15) << 8 | (uint8_t)p[1]);
    if (h == 0xf0) {
        uint32_t n;
        memcpy(&n, p + 1, 4);
        return 5 + (size_t)n;
    }
    static const uint8_t sizes[] = {3, 4, 5, 9, 9};
    return sizes[h - 0xf1];
}

/* True when the element at p is the planned one. */
static inline bool pack_is(const char *p, const struct pack_plan *plan)
{
    if (likely(*p != plan->head[0]))
        return false;
    size_t len = plan->text.len;
    /* Texts that are looked for among their like differ at the end rather than at the beginning. */
    if (likely(plan->head_len == 1))
        return !len || (p[len] == plan->text.ptr[len - 1] && memcmp(p + 1, plan->text.ptr, len) == 0);
    return memcmp(p, plan->head, plan->head_len) == 0 && memcmp(p + plan->head_len, plan->text.ptr, len) == 0;
}

/* Reads the element at p; returns where the next one starts. */
const char *pack_get(const char *p, struct pack_item *item);

/* Room for an item's digits. */
#define PACK_DIGITS 32

/* The element as text: a string's own bytes, or digits written to scratch. */
struct slice pack_text(const struct pack_item *item, char scratch[PACK_DIGITS]);

/* An integer or double as a double. */
static inline double pack_real(const struct pack_item *item)
{
    return item->kind == PACK_INT ? (double)item->number : item->real;
}

/* ---- what stands before the elements of a packed collection -------------- */

/* Four bytes: form (low 8 bits; each type's own) and number of elements (24 bits). */
#define PACK_HEADER 4
#define PACK_COUNT_MAX 0xffffff

static inline uint32_t pack_count(const char *bytes)
{
    uint32_t v;
    memcpy(&v, bytes, 4);
    return v >> 8;
}

static inline uint8_t pack_form(const char *bytes)
{
    return (uint8_t)*bytes;
}

static inline void pack_set_header(char *bytes, uint8_t form, uint32_t count)
{
    uint32_t v = form | count << 8;
    memcpy(bytes, &v, 4);
}

#endif
