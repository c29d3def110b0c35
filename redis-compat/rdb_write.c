#include "redis-compat/rdb_write.h"

#include "base/number.h"

#include <endian.h>
#include <liblzf/lzf.h>

/* First bytes of lengths, and what stands in place of one before an encoded string. */
#define LEN_14 0x40
#define LEN_32 0x80
#define LEN_64 0x81
#define STRING_INT8 0xc0
#define STRING_INT16 0xc1
#define STRING_INT32 0xc2
#define STRING_LZF 0xc3

/* Longer strings are compressed, where at least so many bytes are won by it. */
#define COMPRESS_ABOVE 20
#define COMPRESS_GAIN 4
/* Digits of a 32-bit integer, its sign included. */
#define INT32_DIGITS 11

void rdb_writer_deinit(struct rdb_writer *w)
{
    buf_deinit(&w->out);
    buf_deinit(&w->pack);
}

static inline void wrote(struct rdb_writer *w)
{
    if (w->flush && w->out.len >= w->full)
        w->flush(w);
}

void rdb_write_fixed(struct rdb_writer *w, const void *bytes, size_t len)
{
    buf_append(&w->out, bytes, len);
    wrote(w);
}

void rdb_write_byte(struct rdb_writer *w, uint8_t byte)
{
    rdb_write_fixed(w, &byte, 1);
}

/* Writes a length to p; returns its size. */
static unsigned put_len(unsigned char p[9], uint64_t len)
{
    if (len < 1u << 6) {
        p[0] = (unsigned char)len;
        return 1;
    }
    if (len < 1u << 14) {
        p[0] = (unsigned char)(LEN_14 | len >> 8);
        p[1] = (unsigned char)len;
        return 2;
    }
    if (len <= UINT32_MAX) {
        uint32_t v = htobe32((uint32_t)len);
        p[0] = LEN_32;
        memcpy(p + 1, &v, 4);
        return 5;
    }
    uint64_t v = htobe64(len);
    p[0] = LEN_64;
    memcpy(p + 1, &v, 8);
    return 9;
}

void rdb_write_len(struct rdb_writer *w, uint64_t len)
{
    unsigned char head[9];
    rdb_write_fixed(w, head, put_len(head, len));
}

static bool write_int(struct rdb_writer *w, struct slice text)
{
    int64_t value;
    if (text.len > INT32_DIGITS || !number_parse_i64(text, &value) || value != (int32_t)value)
        return false;
    unsigned char bytes[5];
    unsigned width = value == (int8_t)value ? 1 : value == (int16_t)value ? 2 : 4;
    bytes[0] = width == 1 ? STRING_INT8 : width == 2 ? STRING_INT16 : STRING_INT32;
    memcpy(bytes + 1, &value, width);
    rdb_write_fixed(w, bytes, 1 + width);
    return true;
}

/* False when it isn't worth it: nothing is written then. */
static bool write_compressed(struct rdb_writer *w, struct slice text)
{
    if (!w->compress || text.len <= COMPRESS_ABOVE || text.len > UINT32_MAX)
        return false;
    unsigned char head[19] = {STRING_LZF};
    unsigned most = (unsigned)text.len - COMPRESS_GAIN;
    /* Where the packed bytes go depends on their number, so they may have to move a little. */
    char *at = buf_reserve(&w->out, sizeof head + most) + sizeof head;
    unsigned packed = lzf_compress(text.ptr, (unsigned)text.len, at, most);
    if (!packed)
        return false;
    unsigned len = 1 + put_len(head + 1, packed);
    len += put_len(head + len, text.len);
    char *to = w->out.data + w->out.len;
    memcpy(to, head, len);
    memmove(to + len, at, packed);
    w->out.len += len + packed;
    wrote(w);
    return true;
}

void rdb_write_string(struct rdb_writer *w, struct slice text)
{
    if (write_int(w, text) || write_compressed(w, text))
        return;
    rdb_write_len(w, text.len);
    rdb_write_fixed(w, text.ptr, text.len);
}

void rdb_write_double(struct rdb_writer *w, double value)
{
    rdb_write_fixed(w, &value, 8);
}

void rdb_write_ms(struct rdb_writer *w, int64_t ms)
{
    rdb_write_fixed(w, &ms, 8);
}
