/* slice: a borrowed run of bytes. It owns nothing and is never NUL-terminated.
 * Whoever hands one out says until when it is valid. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct slice {
    const char *ptr;
    size_t len;
};

/* A slice of a string literal, without its NUL. */
#define SLICE(lit) ((struct slice){"" lit, sizeof(lit) - 1})

static inline struct slice slice_make(const void *ptr, size_t len)
{
    return (struct slice){ptr, len};
}

/* A slice of a NUL-terminated string; borrows it. */
static inline struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII case is ignored; any byte, NUL included, may stand in either. */
bool slice_eq_nocase(struct slice a, struct slice b);

/* As slice_eq_nocase, against a NUL-terminated literal: slice_is(arg, "EX"). */
static inline bool slice_is(struct slice a, const char *word)
{
    return slice_eq_nocase(a, slice_of(word));
}

/* Bytewise order, a shorter prefix first: negative, 0 or positive. */
int slice_cmp(struct slice a, struct slice b);

#endif
