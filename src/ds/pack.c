#include "ds/pack.h"

#include <math.h>

/* An integer's first byte when 2, 3, 4 or 8 bytes follow, and a double's. */
enum { HEAD_I16 = 0xf1, HEAD_I24, HEAD_I32, HEAD_I64, HEAD_DOUBLE, HEAD_NOTHING = 0xff };

/* The first byte, `more` bytes of `rest`, and a string's own bytes. */
static inline struct pack_plan plan(uint8_t first, uint64_t rest, uint8_t more, struct slice text)
{
    return (struct pack_plan){.head_low = first | rest << 8,
                              .head_high = (uint8_t)(rest >> 56),
                              .head_len = (uint8_t)(1 + more),
                              .text = text};
}

struct pack_plan pack_plan_int(int64_t v)
{
    const struct slice none = {"", 0};
    uint64_t rest = (uint64_t)v;
    if (v >= 0 && v < 128)
        return plan((uint8_t)v, 0, 0, none);
    if (v >= -4096 && v < 4096)
        return plan((uint8_t)(0xc0 | (v >> 8 & 31)), rest & 0xff, 1, none);
    if (v == (int16_t)v)
        return plan(HEAD_I16, rest, 2, none);
    if (v >= -(1 << 23) && v < 1 << 23)
        return plan(HEAD_I24, rest, 3, none);
    if (v == (int32_t)v)
        return plan(HEAD_I32, rest, 4, none);
    return plan(HEAD_I64, rest, 8, none);
}

struct pack_plan pack_plan_double(double v)
{
    const double limit = 9223372036854775808.0; /* 2^63 */
    if (v >= -limit && v < limit && v == (double)(int64_t)v && !(v == 0 && signbit(v)))
        return pack_plan_int((int64_t)v);
    uint64_t bits;
    memcpy(&bits, &v, 8);
    return plan(HEAD_DOUBLE, bits, 8, slice_make("", 0));
}

struct pack_plan pack_plan(struct slice s)
{
    int64_t v;
    if (number_parse_i64(s, &v))
        return pack_plan_int(v);
    if (!s.len)
        return plan(0x80, 0, 0, slice_make("", 0));
    if (likely(s.len < 64))
        return plan((uint8_t)(0x80 | s.len), 0, 0, s);
    if (s.len < 4096)
        return plan((uint8_t)(0xe0 | s.len >> 8), s.len & 0xff, 1, s);
    return plan(s.len <= UINT32_MAX ? 0xf0 : HEAD_NOTHING, s.len, 4, s);
}

const char *pack_get(const char *p, struct pack_item *item)
{
    uint8_t h = (uint8_t)*p;
    if (h < 0x80) {
        item->kind = PACK_INT;
        item->number = h;
        return p + 1;
    }
    size_t size = pack_size(p);
    if (h < 0xc0 || (h >= 0xe0 && h <= 0xf0)) {
        size_t head = h < 0xc0 ? 1 : h < 0xf0 ? 2 : 5;
        item->kind = PACK_STRING;
        item->text = slice_make(p + head, size - head);
        return p + size;
    }
    if (h == HEAD_DOUBLE) {
        item->kind = PACK_DOUBLE;
        memcpy(&item->real, p + 1, 8);
        return p + size;
    }
    item->kind = PACK_INT;
    if (h < 0xe0) {
        item->number = (int64_t)((uint64_t)(h & 31) << 59 | (uint64_t)(uint8_t)p[1] << 51) >> 51;
        return p + size;
    }
    uint64_t v = 0;
    memcpy(&v, p + 1, size - 1);
    unsigned above = (unsigned)(9 - size) * 8;
    item->number = (int64_t)(v << above) >> above;
    return p + size;
}

struct slice pack_text(const struct pack_item *item, char scratch[PACK_DIGITS])
{
    if (item->kind == PACK_STRING)
        return item->text;
    size_t len = item->kind == PACK_INT ? number_format_i64(scratch, item->number)
                                        : number_format_double(scratch, item->real);
    return slice_make(scratch, len);
}
