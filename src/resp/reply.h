/* reply: writes RESP2 or RESP3 replies straight into a client's output.
 *
 * Each call writes one element; aggregates are opened with their count and
 * followed by that many elements. What RESP2 lacks is written as Redis writes
 * it there (maps and sets as arrays, doubles as bulk strings, null as "$-1"). */
#ifndef RESP_REPLY_H
#define RESP_REPLY_H

#include "base/slice.h"
#include "loop/output.h"

#include <stdbool.h>
#include <stdint.h>

struct reply {
    struct output *output; /* borrowed; NULL swallows everything (CLIENT REPLY OFF) */
    uint8_t protocol;      /* 2 or 3 */
    uint64_t errors;       /* error replies written so far */
    char last_error[64];   /* first word of the last one, for INFO's errorstats */
};

static inline void reply_ok(struct reply *r);
void reply_status(struct reply *r, const char *text);
static inline void reply_int(struct reply *r, int64_t value);
static inline void reply_bulk(struct reply *r, struct slice value);
void reply_bulk_text(struct reply *r, const char *text);
void reply_bulk_int(struct reply *r, int64_t value); /* its digits as a bulk string */
void reply_bulk_printf(struct reply *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The whole of b as a bulk string, by reference. */
void reply_bulk_blob(struct reply *r, struct blob *b);
static inline void reply_null(struct reply *r); /* "$-1" or "_" */
void reply_null_array(struct reply *r);         /* "*-1" or "_" */
void reply_bool(struct reply *r, bool value);   /* RESP2: 1 or 0 */
void reply_double(struct reply *r,
                  double value); /* RESP2: bulk; "inf", "-inf", "nan", shortest %.17g that Redis gives */
void reply_bulk_long_double(struct reply *r, long double value); /* as INCRBYFLOAT prints */
void reply_big_number(struct reply *r, struct slice digits);
void reply_verbatim(struct reply *r, const char *format3, struct slice text); /* "txt", "mkd" */

static inline void reply_array(struct reply *r, size_t count);
void reply_map(struct reply *r, size_t pairs);
void reply_set(struct reply *r, size_t count);
void reply_attribute(struct reply *r, size_t pairs); /* RESP3 only: a must */
void reply_push(struct reply *r, size_t count);      /* RESP2: array */
/* Bytes that are RESP already (shared constants). */
void reply_raw(struct reply *r, struct slice bytes);

/* An aggregate whose count isn't known yet: begin, write elements, end with the count. They nest. */
struct output_piece *reply_defer(struct reply *r);
void reply_array_end(struct reply *r, struct output_piece *p, size_t count);
void reply_map_end(struct reply *r, struct output_piece *p, size_t pairs);
void reply_set_end(struct reply *r, struct output_piece *p, size_t count);

/* "-ERR ...": the text without the dash. Without a leading upper-case code word
 * the caller writes "ERR " itself. CR and LF in it become spaces. */
void reply_error(struct reply *r, const char *text);
void reply_errorf(struct reply *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Texts that many commands share, as Redis has them. */
#define ERROR_SYNTAX "ERR syntax error"
#define ERROR_WRONG_TYPE "WRONGTYPE Operation against a key holding the wrong kind of value"
#define ERROR_NOT_INTEGER "ERR value is not an integer or out of range"
#define ERROR_NOT_FLOAT "ERR value is not a valid float"
#define ERROR_OUT_OF_RANGE "ERR value is out of range"
#define ERROR_NO_SUCH_KEY "ERR no such key"
#define ERROR_OVERFLOW "ERR increment or decrement would overflow"

/* ---- the hot ones: one reservation, one copy ------------------------------ */

void reply_int_slow(struct reply *r, int64_t value);
void reply_bulk_slow(struct reply *r, struct slice value);
void reply_head(struct reply *r, char sign, size_t count);

/* The caller wrote up to p. */
static inline void reply_wrote(struct reply *r, char *p)
{
    r->output->pos = p;
}

static inline void reply_ok(struct reply *r)
{
    if (unlikely(!r->output))
        return;
    char *p = output_reserve(r->output, 5);
    memcpy(p, "+OK\r\n", 5);
    reply_wrote(r, p + 5);
}

static inline void reply_null(struct reply *r)
{
    if (unlikely(!r->output))
        return;
    char *p = output_reserve(r->output, 5);
    bool old = r->protocol == 2;
    memcpy(p, old ? "$-1\r\n" : "_\r\n\0\0", 5);
    reply_wrote(r, p + (old ? 5 : 3));
}

/* A sign, a number below 10 and the end of the line. */
static inline void reply_digit(struct reply *r, char sign, unsigned digit)
{
    char *p = output_reserve(r->output, 4);
    memcpy(p, (char[4]){sign, (char)('0' + digit), '\r', '\n'}, 4);
    reply_wrote(r, p + 4);
}

static inline void reply_int(struct reply *r, int64_t value)
{
    if (likely(r->output != NULL && (uint64_t)value < 10))
        reply_digit(r, ':', (unsigned)value);
    else
        reply_int_slow(r, value);
}

static inline void reply_array(struct reply *r, size_t count)
{
    if (likely(r->output != NULL && count < 10))
        reply_digit(r, '*', (unsigned)count);
    else
        reply_head(r, '*', count);
}

/* len bytes, by copies of fixed size that overlap in the middle where that is possible. */
static inline void reply_copy(char *to, const char *from, size_t len)
{
    __asm__("" : "+r"(from)); /* gcc would warn that a copy which isn't reached leaves a small buffer */
    if (likely(len >= 16 && len <= 64)) {
        memcpy(to, from, 16);
        if (len > 32) {
            memcpy(to + 16, from + 16, 16);
            memcpy(to + len - 32, from + len - 32, 16);
        }
        memcpy(to + len - 16, from + len - 16, 16);
    } else if (len) {
        memcpy(to, from, len);
    }
}

static inline void reply_bulk(struct reply *r, struct slice value)
{
    size_t len = value.len;
    if (unlikely(!r->output || len >= 1000)) {
        reply_bulk_slow(r, value);
        return;
    }
    char *p = output_reserve(r->output, len + 8);
    if (likely(len >= 10 && len < 100)) {
        uint64_t head = 0x0a0d303024 + (len / 10 << 8) + (len % 10 << 16); /* "$00\r\n" and the digits */
        memcpy(p, &head, 8); /* three bytes too many: the value covers them */
        p += 5;
    } else {
        *p++ = '$';
        if (len >= 100) {
            *p++ = (char)('0' + len / 100);
            *p++ = (char)('0' + len / 10 % 10);
        }
        *p++ = (char)('0' + len % 10);
        memcpy(p, "\r\n", 2);
        p += 2;
    }
    reply_copy(p, value.ptr, len);
    p += len;
    memcpy(p, "\r\n", 2);
    reply_wrote(r, p + 2);
}

#endif
