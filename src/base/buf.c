/* buf: see buf.h. */
#include "base/buf.h"

#include "base/mem.h"
#include "base/must.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

char *buf_reserve(struct buf *b, size_t more)
{
    if (b->cap - b->len < more) {
        size_t wanted;
        must(!__builtin_add_overflow(b->len, more, &wanted));
        size_t grown = b->cap <= SIZE_MAX / 2 ? b->cap * 2 : wanted;
        if (grown < wanted)
            grown = wanted;
        if (grown < 64)
            grown = 64;
        b->data = mem_realloc(b->data, grown);
        b->cap = grown;
    }
    return b->data + b->len;
}

void buf_append(struct buf *b, const void *ptr, size_t len)
{
    if (len == 0)
        return;
    memcpy(buf_reserve(b, len), ptr, len);
    b->len += len;
}

void buf_append_char(struct buf *b, char c)
{
    *buf_reserve(b, 1) = c;
    b->len++;
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    size_t room = b->cap - b->len;
    int len = vsnprintf(room ? b->data + b->len : NULL, room, format, args);
    must(len >= 0);
    if ((size_t)len >= room)
        vsnprintf(buf_reserve(b, (size_t)len + 1), (size_t)len + 1, format, again);
    b->len += (size_t)len;
    va_end(again);
    va_end(args);
}

void buf_deinit(struct buf *b)
{
    mem_free(b->data);
    *b = BUF_EMPTY;
}
