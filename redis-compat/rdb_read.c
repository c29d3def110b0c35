#include "redis-compat/rdb_read.h"

#include "base/mem.h"
#include "base/number.h"

#include <endian.h>
#include <liblzf/lzf.h>
#include <math.h>

/* The two high bits of a length's first byte. */
enum { LEN_6, LEN_14, LEN_LONG, LEN_ENCODED };
#define LEN_32 0x80
#define LEN_64 0x81

/* What stands in place of a length before a string that isn't its bytes. */
enum { STRING_INT8, STRING_INT16, STRING_INT32, STRING_LZF };

/* Three bytes of LZF stand for 264 at most. */
#define LZF_GAIN 88

/* What a score as text has in place of its length. */
enum { TEXT_NAN = 253, TEXT_INF, TEXT_MINUS_INF };

#define ENDS_EARLY "the value ends early"

bool rdb_refuse(struct rdb_reader *r, const char *why)
{
    if (!r->error)
        r->error = why;
    return false;
}

/* Bytes at hand, at least one; 0: there are no more. */
static size_t at_hand(struct rdb_reader *r)
{
    if (r->error || (r->at == r->end && (!r->fill || !r->fill(r))))
        return 0;
    return (size_t)(r->end - r->at);
}

bool rdb_read_fixed(struct rdb_reader *r, void *into, size_t len)
{
    char *to = into;
    while (len) {
        size_t n = at_hand(r);
        if (!n)
            return rdb_refuse(r, ENDS_EARLY);
        n = n < len ? n : len;
        memcpy(to, r->at, n);
        r->at += n;
        to += n;
        len -= n;
    }
    return true;
}

/* len bytes: at hand, or put together in scratch, which grows with what comes. */
static bool read_bytes(struct rdb_reader *r, struct buf *scratch, uint64_t len, struct slice *out)
{
    if (r->error)
        return false;
    if (!r->fill) {
        if ((uint64_t)(r->end - r->at) < len)
            return rdb_refuse(r, ENDS_EARLY);
        *out = slice_make(r->at, len);
        r->at += len;
        return true;
    }
    scratch->len = 0;
    while (len) {
        size_t n = at_hand(r);
        if (!n)
            return rdb_refuse(r, ENDS_EARLY);
        n = n < len ? n : len;
        buf_append(scratch, r->at, n);
        r->at += n;
        len -= n;
    }
    *out = slice_make(scratch->len ? scratch->data : "", scratch->len);
    return true;
}

bool rdb_read_byte(struct rdb_reader *r, uint8_t *byte)
{
    return rdb_read_fixed(r, byte, 1);
}

/* A length, or (*encoded) what stands in place of one. */
static bool read_len(struct rdb_reader *r, uint64_t *len, bool *encoded)
{
    uint8_t first, second;
    uint32_t len32;
    uint64_t len64;
    *encoded = false;
    if (!rdb_read_byte(r, &first))
        return false;
    switch (first >> 6) {
    case LEN_6:
        *len = first & 63;
        return true;
    case LEN_14:
        if (!rdb_read_byte(r, &second))
            return false;
        *len = (uint64_t)(first & 63) << 8 | second;
        return true;
    case LEN_ENCODED:
        *len = first & 63;
        *encoded = true;
        return true;
    default:
        break;
    }
    if (first == LEN_32) {
        if (!rdb_read_fixed(r, &len32, 4))
            return false;
        *len = be32toh(len32);
        return true;
    }
    if (first != LEN_64)
        return rdb_refuse(r, "a length is none");
    if (!rdb_read_fixed(r, &len64, 8))
        return false;
    *len = be64toh(len64);
    return true;
}

bool rdb_read_len(struct rdb_reader *r, uint64_t *len)
{
    bool encoded;
    if (!read_len(r, len, &encoded))
        return false;
    return !encoded || rdb_refuse(r, "a length is none");
}

/* A string that is an integer of so many bytes. */
static bool read_int(struct rdb_reader *r, unsigned bytes, struct buf *scratch, struct slice *out)
{
    uint32_t raw = 0;
    if (!rdb_read_fixed(r, &raw, bytes))
        return false;
    unsigned shift = 32 - 8 * bytes;
    int32_t value = (int32_t)(raw << shift) >> shift;
    scratch->len = 0;
    scratch->len = number_format_i64(buf_reserve(scratch, NUMBER_I64_MAX), value);
    *out = buf_slice(scratch);
    return true;
}

static bool read_compressed(struct rdb_reader *r, struct buf *scratch, struct slice *out)
{
    uint64_t packed_len, len;
    struct buf held = BUF_EMPTY;
    struct slice packed;
    if (!rdb_read_len(r, &packed_len) || !rdb_read_len(r, &len))
        return false;
    bool ok = read_bytes(r, &held, packed_len, &packed);
    if (ok &&
        (!len || !packed_len || len > UINT32_MAX || packed_len > UINT32_MAX || len / LZF_GAIN > packed_len))
        ok = rdb_refuse(r, "a compressed string has no such length");
    if (ok) {
        scratch->len = 0;
        unsigned got =
            lzf_decompress(packed.ptr, (unsigned)packed_len, buf_reserve(scratch, len), (unsigned)len);
        scratch->len = len;
        *out = buf_slice(scratch);
        ok = got == len || rdb_refuse(r, "a compressed string is damaged");
    }
    buf_deinit(&held);
    return ok;
}

bool rdb_read_string(struct rdb_reader *r, struct buf *scratch, struct slice *out)
{
    uint64_t len;
    bool encoded;
    if (!read_len(r, &len, &encoded))
        return false;
    if (!encoded)
        return read_bytes(r, scratch, len, out);
    switch (len) {
    case STRING_INT8:
        return read_int(r, 1, scratch, out);
    case STRING_INT16:
        return read_int(r, 2, scratch, out);
    case STRING_INT32:
        return read_int(r, 4, scratch, out);
    case STRING_LZF:
        return read_compressed(r, scratch, out);
    default:
        return rdb_refuse(r, "a string has an unknown form");
    }
}

bool rdb_read_text_double(struct rdb_reader *r, double *value)
{
    uint8_t len;
    char text[256];
    if (!rdb_read_byte(r, &len))
        return false;
    if (len == TEXT_INF || len == TEXT_MINUS_INF) {
        *value = len == TEXT_INF ? INFINITY : -INFINITY;
        return true;
    }
    if (len == TEXT_NAN)
        return rdb_refuse(r, "a score is no number");
    if (!rdb_read_fixed(r, text, len))
        return false;
    return number_parse_double(slice_make(text, len), value) || rdb_refuse(r, "a score is no number");
}

bool rdb_read_double(struct rdb_reader *r, double *value)
{
    return rdb_read_fixed(r, value, 8) && (!isnan(*value) || rdb_refuse(r, "a score is no number"));
}

bool rdb_read_ms(struct rdb_reader *r, int64_t *ms)
{
    return rdb_read_fixed(r, ms, 8);
}
