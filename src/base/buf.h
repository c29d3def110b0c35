/* buf: a growable byte buffer that owns its bytes. Growth is geometric. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

#include <stddef.h>

struct buf {
    char *data; /* NULL until the first byte */
    size_t len;
    size_t cap;
};

#define BUF_EMPTY ((struct buf){0})

/* Room for `more` bytes behind len; returns where they go. len is unchanged. */
char *buf_reserve(struct buf *b, size_t more);

void buf_append(struct buf *b, const void *ptr, size_t len);

static inline void buf_append_slice(struct buf *b, struct slice s)
{
    buf_append(b, s.ptr, s.len);
}

void buf_append_char(struct buf *b, char c);

/* printf onto the end; no NUL is counted. */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What is in it; valid until the next change. */
static inline struct slice buf_slice(const struct buf *b)
{
    return (struct slice){b->data, b->len};
}

/* Empties it and gives its memory back; it may be used again. */
void buf_deinit(struct buf *b);

#endif
