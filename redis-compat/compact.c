#include "redis-compat/compact.h"

#include "base/must.h"
#include "base/number.h"

#include <string.h>

#define LISTPACK_HEADER 6
#define ZIPLIST_HEADER 10
#define INTSET_HEADER 8
#define END_BYTE 0xff
#define COUNT16_UNKNOWN 0xffff
#define ZIPMAP_BIG 254 /* as count: unknown; as length: four bytes follow */

static uint64_t little(const char *p, unsigned bytes)
{
    uint64_t v = 0;
    memcpy(&v, p, bytes);
    return v;
}

static uint64_t big(const char *p, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v = v << 8 | (uint8_t)p[i];
    return v;
}

/* A little-endian two's complement number of 1 to 8 bytes. */
static int64_t signed_little(const char *p, unsigned bytes)
{
    unsigned shift = 64 - 8 * bytes;
    return (int64_t)(little(p, bytes) << shift) >> shift;
}

bool compact_open(struct compact *c, enum compact_form form, struct slice bytes)
{
    static const size_t least[] = {[COMPACT_LISTPACK] = LISTPACK_HEADER + 1,
                                   [COMPACT_ZIPLIST] = ZIPLIST_HEADER + 1,
                                   [COMPACT_ZIPMAP] = 2,
                                   [COMPACT_INTSET] = INTSET_HEADER};
    const char *p = bytes.ptr;
    if (bytes.len < least[form])
        return false;
    *c = (struct compact){.form = form, .end = p + bytes.len};
    if (form == COMPACT_INTSET) {
        c->width = (uint32_t)little(p, 4);
        c->count = little(p + 4, 4);
        c->at = p + INTSET_HEADER;
        return (c->width == 2 || c->width == 4 || c->width == 8) &&
               bytes.len - INTSET_HEADER == c->count * c->width;
    }
    c->end--;
    if ((uint8_t)*c->end != END_BYTE)
        return false;
    if (form == COMPACT_ZIPMAP) {
        c->at = p + 1;
        c->count = (uint8_t)*p < ZIPMAP_BIG ? 2 * (uint64_t)(uint8_t)*p : COMPACT_UNCOUNTED;
        return true;
    }
    if (little(p, 4) != bytes.len)
        return false;
    c->at = p + (form == COMPACT_ZIPLIST ? ZIPLIST_HEADER : LISTPACK_HEADER);
    c->count = little(c->at - 2, 2);
    if (c->count == COUNT16_UNKNOWN)
        c->count = COMPACT_UNCOUNTED;
    if (form == COMPACT_ZIPLIST) {
        uint64_t tail = little(p + 4, 4);
        if (tail < ZIPLIST_HEADER || tail > bytes.len - 1)
            return false;
        c->tail = bytes.len - 1 - tail;
    }
    return true;
}

static void give_int(struct compact_item *item, int64_t number)
{
    *item = (struct compact_item){.is_int = true, .number = number};
}

static void give_text(struct compact_item *item, const char *p, size_t len)
{
    *item = (struct compact_item){.text = slice_make(p, len)};
}

/* What an element is made of: bytes in front of its data, and bytes of data. */
struct shape {
    unsigned head;
    uint64_t data;
    bool is_int;
};

/* ---- listpack --------------------------------------------------------------- */

/* The size of an element, behind it: groups of seven bits, highest first, all but the first marked. */
static unsigned put_backlen(char out[5], uint64_t len)
{
    unsigned bytes = len < 1u << 7 ? 1 : len < 1u << 14 ? 2 : len < 1u << 21 ? 3 : len < 1u << 28 ? 4 : 5;
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (char)((len >> 7 * (bytes - 1 - i) & 127) | (i ? 128 : 0));
    return bytes;
}

/* The number whose first byte is h and whose others stand behind p. */
static int64_t listpack_int(uint8_t h, const char *p)
{
    if (h < 0x80)
        return h;
    if (h < 0xe0) {
        int32_t v = (h & 31) << 8 | (uint8_t)p[1];
        return v < 1 << 12 ? v : v - (1 << 13);
    }
    static const unsigned bytes[] = {2, 3, 4, 8};
    return signed_little(p + 1, bytes[h - 0xf1]);
}

static enum compact_result listpack_next(struct compact *c, struct compact_item *item)
{
    static const unsigned int_bytes[] = {2, 3, 4, 8};
    const char *p = c->at;
    size_t left = (size_t)(c->end - p);
    uint8_t h = (uint8_t)*p;
    struct shape s = {.head = 1};
    if (h < 0x80) {
        s.is_int = true;
    } else if (h < 0xc0) {
        s.data = h & 63;
    } else if (h < 0xe0) {
        s = (struct shape){1, 1, true};
    } else if (h < 0xf0 && left >= 2) {
        s = (struct shape){2, (uint64_t)(h & 15) << 8 | (uint8_t)p[1], false};
    } else if (h == 0xf0 && left >= 5) {
        s = (struct shape){5, little(p + 1, 4), false};
    } else if (h >= 0xf1 && h <= 0xf4) {
        s = (struct shape){1, int_bytes[h - 0xf1], true};
    } else {
        return COMPACT_BAD;
    }
    char back[5];
    unsigned back_bytes = put_backlen(back, s.head + s.data);
    if (left < s.head || left - s.head < s.data || left - s.head - s.data < back_bytes ||
        memcmp(p + s.head + s.data, back, back_bytes) != 0)
        return COMPACT_BAD;
    if (s.is_int)
        give_int(item, listpack_int(h, p));
    else
        give_text(item, p + s.head, s.data);
    c->at = p + s.head + s.data + back_bytes;
    return COMPACT_ITEM;
}

/* ---- ziplist ---------------------------------------------------------------- */

/* The shape of what follows the previous element's size; false when there is no such thing. */
static bool ziplist_shape(const char *p, size_t left, struct shape *s)
{
    uint8_t h = (uint8_t)*p;
    if (h < 0x40) {
        *s = (struct shape){1, h, false};
    } else if (h < 0x80) {
        if (left < 2)
            return false;
        *s = (struct shape){2, big(p, 2) & 0x3fff, false};
    } else if (h < 0xc0) {
        if (left < 5)
            return false;
        *s = (struct shape){5, big(p + 1, 4), false};
    } else if (h == 0xc0 || h == 0xd0 || h == 0xe0 || h == 0xf0 || h == 0xfe) {
        *s = (struct shape){1, h == 0xc0 ? 2 : h == 0xd0 ? 4 : h == 0xe0 ? 8 : h == 0xf0 ? 3 : 1, true};
    } else if (h > 0xf0 && h < 0xfe) {
        *s = (struct shape){1, 0, true};
    } else {
        return false;
    }
    return left - s->head >= s->data;
}

static enum compact_result ziplist_next(struct compact *c, struct compact_item *item)
{
    const char *p = c->at;
    size_t left = (size_t)(c->end - p);
    unsigned before = (uint8_t)*p < ZIPMAP_BIG ? 1 : 5;
    if (left <= before || (before == 1 ? (uint8_t)*p : little(p + 1, 4)) != c->last)
        return COMPACT_BAD;
    struct shape s;
    if (!ziplist_shape(p + before, left - before, &s))
        return COMPACT_BAD;
    const char *data = p + before + s.head;
    if (!s.is_int)
        give_text(item, data, s.data);
    else if (s.data)
        give_int(item, signed_little(data, (unsigned)s.data));
    else
        give_int(item, (uint8_t)data[-1] - 0xf1);
    c->at = data + s.data;
    c->last = (size_t)(c->at - p);
    return COMPACT_ITEM;
}

/* ---- zipmap ----------------------------------------------------------------- */

static enum compact_result zipmap_next(struct compact *c, struct compact_item *item)
{
    const char *p = c->at;
    size_t left = (size_t)(c->end - p);
    unsigned head = (uint8_t)*p < ZIPMAP_BIG ? 1 : 5;
    if ((uint8_t)*p == END_BYTE || left < head)
        return COMPACT_BAD;
    uint64_t len = head == 1 ? (uint8_t)*p : little(p + 1, 4);
    if (head == 5 && len < ZIPMAP_BIG)
        return COMPACT_BAD;
    uint64_t spare = 0;
    if (c->value) { /* a byte says how many unused ones follow the value */
        if (left == head)
            return COMPACT_BAD;
        spare = (uint8_t)p[head++];
    }
    left -= head;
    if (left < len || left - len < spare)
        return COMPACT_BAD;
    give_text(item, p + head, len);
    c->at = p + head + len + spare;
    c->value = !c->value;
    return COMPACT_ITEM;
}

/* ---- intset ----------------------------------------------------------------- */

static enum compact_result intset_next(struct compact *c, struct compact_item *item)
{
    int64_t number = signed_little(c->at, c->width);
    if (c->seen && number <= c->number)
        return COMPACT_BAD;
    give_int(item, number);
    c->number = number;
    c->at += c->width;
    return COMPACT_ITEM;
}

/* ---- all -------------------------------------------------------------------- */

enum compact_result compact_next(struct compact *c, struct compact_item *item)
{
    enum compact_result result;
    if (c->at == c->end) {
        bool whole = (c->count == COMPACT_UNCOUNTED || c->count == c->seen) && !c->value &&
                     (c->form != COMPACT_ZIPLIST || !c->seen || c->tail == c->last);
        return whole ? COMPACT_END : COMPACT_BAD;
    }
    switch (c->form) {
    case COMPACT_LISTPACK:
        result = listpack_next(c, item);
        break;
    case COMPACT_ZIPLIST:
        result = ziplist_next(c, item);
        break;
    case COMPACT_ZIPMAP:
        result = zipmap_next(c, item);
        break;
    default:
        result = intset_next(c, item);
    }
    c->seen++;
    return result;
}

struct slice compact_text(const struct compact_item *item, char scratch[COMPACT_DIGITS])
{
    if (!item->is_int)
        return item->text;
    return slice_make(scratch, number_format_i64(scratch, item->number));
}

/* ---- writing a listpack ------------------------------------------------------- */

void listpack_open(struct buf *b)
{
    b->len = 0;
    memset(buf_reserve(b, LISTPACK_HEADER), 0, LISTPACK_HEADER);
    b->len = LISTPACK_HEADER;
}

/* Writes what stands in front of the data, the data, and the size of both. */
static void add_element(struct buf *b, const char *head, unsigned head_len, struct slice data)
{
    char back[5];
    unsigned back_bytes = put_backlen(back, head_len + data.len);
    buf_append(b, head, head_len);
    buf_append_slice(b, data);
    buf_append(b, back, back_bytes);
}

void listpack_add_int(struct buf *b, int64_t v)
{
    char head[9];
    memcpy(head + 1, &v, 8);
    unsigned len;
    if (v >= 0 && v < 128) {
        head[0] = (char)v;
        len = 1;
    } else if (v >= -4096 && v < 4096) {
        head[0] = (char)(0xc0 | (v >> 8 & 31));
        len = 2;
    } else if (v == (int16_t)v) {
        head[0] = (char)0xf1;
        len = 3;
    } else if (v >= -(1 << 23) && v < 1 << 23) {
        head[0] = (char)0xf2;
        len = 4;
    } else if (v == (int32_t)v) {
        head[0] = (char)0xf3;
        len = 5;
    } else {
        head[0] = (char)0xf4;
        len = 9;
    }
    add_element(b, head, len, slice_make("", 0));
}

void listpack_add(struct buf *b, struct slice text)
{
    int64_t number;
    if (number_parse_i64(text, &number)) {
        listpack_add_int(b, number);
        return;
    }
    must(text.len <= UINT32_MAX);
    char head[5];
    uint32_t len = (uint32_t)text.len;
    if (len < 64) {
        head[0] = (char)(0x80 | len);
        add_element(b, head, 1, text);
    } else if (len < 4096) {
        head[0] = (char)(0xe0 | len >> 8);
        head[1] = (char)len;
        add_element(b, head, 2, text);
    } else {
        head[0] = (char)0xf0;
        memcpy(head + 1, &len, 4);
        add_element(b, head, 5, text);
    }
}

void listpack_close(struct buf *b, uint64_t count)
{
    buf_append_char(b, (char)END_BYTE);
    must(b->len <= UINT32_MAX);
    uint32_t bytes = (uint32_t)b->len;
    uint16_t header_count = (uint16_t)(count < COUNT16_UNKNOWN ? count : COUNT16_UNKNOWN);
    memcpy(b->data, &bytes, 4);
    memcpy(b->data + 4, &header_count, 2);
}
