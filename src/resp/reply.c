#include "resp/reply.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/number.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define HEAD_MAX 32       /* a sign, the longest number and the end of a line */
#define BY_REFERENCE 4096 /* shorter blobs are cheaper copied than sent as vectors of their own */
#define ERROR_CODE_MAX 32 /* Redis counts longer first words as ERR */

static char *put_head(char *p, char sign, uint64_t n)
{
    *p++ = sign;
    p += number_format_u64(p, n);
    *p++ = '\r';
    *p++ = '\n';
    return p;
}

void reply_head(struct reply *r, char sign, size_t count)
{
    if (!r->output)
        return;
    char *p = output_reserve(r->output, HEAD_MAX);
    reply_wrote(r, put_head(p, sign, count));
}

void reply_raw(struct reply *r, struct slice bytes)
{
    if (!r->output)
        return;
    if (bytes.len <= OUTPUT_RESERVE_MAX && bytes.len) {
        char *p = output_reserve(r->output, bytes.len);
        memcpy(p, bytes.ptr, bytes.len);
        reply_wrote(r, p + bytes.len);
    } else {
        output_append(r->output, bytes.ptr, bytes.len);
    }
}

/* sign, text, end of the line. Not inlined: gcc would warn of long texts in small arrays. */
static __attribute__((noinline)) void line(struct reply *r, char sign, struct slice text)
{
    if (r->output && text.len + 3 <= OUTPUT_RESERVE_MAX) {
        char *p = output_reserve(r->output, text.len + 3);
        *p = sign;
        if (text.len)
            memcpy(p + 1, text.ptr, text.len);
        memcpy(p + 1 + text.len, "\r\n", 2);
        reply_wrote(r, p + text.len + 3);
        return;
    }
    reply_raw(r, slice_make(&sign, 1));
    reply_raw(r, text);
    reply_raw(r, SLICE("\r\n"));
}

void reply_status(struct reply *r, const char *text)
{
    line(r, '+', slice_of(text));
}

void reply_int_slow(struct reply *r, int64_t value)
{
    if (!r->output)
        return;
    char *p = output_reserve(r->output, HEAD_MAX), *at = p;
    *at++ = ':';
    at += number_format_i64(at, value);
    *at++ = '\r';
    *at++ = '\n';
    reply_wrote(r, at);
}

/* ---- strings ------------------------------------------------------------ */

void reply_bulk_slow(struct reply *r, struct slice value)
{
    if (!r->output)
        return;
    if (value.len + HEAD_MAX <= OUTPUT_RESERVE_MAX) {
        char *p = put_head(output_reserve(r->output, value.len + HEAD_MAX), '$', value.len);
        if (value.len)
            memcpy(p, value.ptr, value.len);
        p += value.len;
        memcpy(p, "\r\n", 2);
        reply_wrote(r, p + 2);
        return;
    }
    reply_head(r, '$', value.len);
    output_append(r->output, value.ptr, value.len);
    reply_raw(r, SLICE("\r\n"));
}

void reply_bulk_blob(struct reply *r, struct blob *b)
{
    if (!r->output)
        return;
    if (b->len < BY_REFERENCE) {
        reply_bulk(r, slice_make(b->data, b->len));
        return;
    }
    reply_head(r, '$', b->len);
    output_append_blob(r->output, b);
    reply_raw(r, SLICE("\r\n"));
}

void reply_bulk_text(struct reply *r, const char *text)
{
    reply_bulk(r, slice_of(text));
}

void reply_bulk_int(struct reply *r, int64_t value)
{
    char digits[NUMBER_I64_MAX];
    reply_bulk(r, slice_make(digits, number_format_i64(digits, value)));
}

void reply_bulk_printf(struct reply *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    va_end(args);
    must(len >= 0);
    reply_bulk(r, slice_make(text, (size_t)len));
    free(text);
}

void reply_verbatim(struct reply *r, const char *format3, struct slice text)
{
    if (r->protocol == 2) {
        reply_bulk(r, text);
        return;
    }
    reply_head(r, '=', text.len + 4);
    reply_raw(r, slice_make(format3, 3));
    reply_raw(r, SLICE(":"));
    reply_raw(r, text);
    reply_raw(r, SLICE("\r\n"));
}

/* ---- numbers, nothing, truth -------------------------------------------- */

void reply_null_array(struct reply *r)
{
    reply_raw(r, r->protocol == 2 ? SLICE("*-1\r\n") : SLICE("_\r\n"));
}

void reply_bool(struct reply *r, bool value)
{
    if (r->protocol == 2)
        reply_int(r, value);
    else
        reply_raw(r, value ? SLICE("#t\r\n") : SLICE("#f\r\n"));
}

void reply_double(struct reply *r, double value)
{
    char text[NUMBER_DOUBLE_MAX];
    struct slice s = slice_make(text, number_format_double(text, value));
    if (r->protocol == 2)
        reply_bulk(r, s);
    else
        line(r, ',', s);
}

void reply_bulk_long_double(struct reply *r, long double value)
{
    char text[NUMBER_LONG_DOUBLE_MAX];
    reply_bulk(r, slice_make(text, number_format_long_double(text, value)));
}

void reply_big_number(struct reply *r, struct slice digits)
{
    if (r->protocol == 2)
        reply_bulk(r, digits);
    else
        line(r, '(', digits);
}

/* ---- aggregates --------------------------------------------------------- */

void reply_map(struct reply *r, size_t pairs)
{
    if (r->protocol == 2)
        reply_head(r, '*', pairs * 2);
    else
        reply_head(r, '%', pairs);
}

void reply_set(struct reply *r, size_t count)
{
    reply_head(r, r->protocol == 2 ? '*' : '~', count);
}

void reply_attribute(struct reply *r, size_t pairs)
{
    must(r->protocol == 3);
    reply_head(r, '|', pairs);
}

void reply_push(struct reply *r, size_t count)
{
    reply_head(r, r->protocol == 2 ? '*' : '>', count);
}

struct output_piece *reply_defer(struct reply *r)
{
    return r->output ? output_defer(r->output) : NULL;
}

static void end(struct reply *r, struct output_piece *p, char sign, size_t count)
{
    char head[HEAD_MAX];
    if (r->output && p)
        output_fill(r->output, p, head, (size_t)(put_head(head, sign, count) - head));
}

void reply_array_end(struct reply *r, struct output_piece *p, size_t count)
{
    end(r, p, '*', count);
}

void reply_map_end(struct reply *r, struct output_piece *p, size_t pairs)
{
    if (r->protocol == 2)
        end(r, p, '*', pairs * 2);
    else
        end(r, p, '%', pairs);
}

void reply_set_end(struct reply *r, struct output_piece *p, size_t count)
{
    end(r, p, r->protocol == 2 ? '*' : '~', count);
}

/* ---- errors ------------------------------------------------------------- */

static void error(struct reply *r, struct slice text)
{
    r->errors++;
    size_t code = 0;
    while (code < text.len && code < ERROR_CODE_MAX && text.ptr[code] != ' ')
        code++;
    if (code == text.len || code == ERROR_CODE_MAX)
        memcpy(r->last_error, "ERR", 4);
    else
        snprintf(r->last_error, sizeof r->last_error, "%.*s", (int)code, text.ptr);

    if (!r->output)
        return;
    reply_raw(r, SLICE("-"));
    for (size_t from = 0; from < text.len;) {
        size_t clean = from;
        while (clean < text.len && text.ptr[clean] != '\r' && text.ptr[clean] != '\n')
            clean++;
        reply_raw(r, slice_make(text.ptr + from, clean - from));
        if (clean < text.len)
            reply_raw(r, SLICE(" "));
        from = clean + 1;
    }
    reply_raw(r, SLICE("\r\n"));
}

void reply_error(struct reply *r, const char *text)
{
    error(r, slice_of(text));
}

void reply_errorf(struct reply *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    va_end(args);
    must(len >= 0);
    /* What a client sent may end the text: line ends there go, as in Redis; those within become spaces. */
    while (len > 0 && (text[len - 1] == '\r' || text[len - 1] == '\n'))
        len--;
    error(r, slice_make(text, (size_t)len));
    free(text);
}
