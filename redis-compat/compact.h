/* compact: Redis's packed collections, element by element: listpack, ziplist, zipmap and intset.
 *
 * The bytes come from outside, so every length is compared with what is left, and whatever the
 * form says twice (sizes, counts, offsets back, order of an intset) must agree. Redis checks the
 * same where it sanitises deeply. A reader borrows the bytes and allocates nothing.
 *
 * Listpacks are also written; the other forms are of older versions and only read. */
#ifndef REDIS_COMPAT_COMPACT_H
#define REDIS_COMPAT_COMPACT_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum compact_form { COMPACT_LISTPACK, COMPACT_ZIPLIST, COMPACT_ZIPMAP, COMPACT_INTSET };

struct compact_item {
    bool is_int;
    int64_t number;    /* is_int */
    struct slice text; /* else; borrowed from the bytes */
};

/* Room for the digits of an item. */
#define COMPACT_DIGITS 24

struct compact {
    enum compact_form form;
    const char *at, *end; /* the next element, and behind the last */
    uint64_t seen;
    uint64_t count; /* as the header tells; COMPACT_UNCOUNTED: it doesn't */
    size_t last;    /* ziplist: bytes of the element before `at` */
    size_t tail;    /* ziplist: bytes from the last element to the end, by the header */
    bool value;     /* zipmap: a field's value comes next */
    uint32_t width; /* intset: bytes of a number */
    int64_t number; /* intset: the one before */
};

#define COMPACT_UNCOUNTED UINT64_MAX

/* False when the header is no such thing. */
bool compact_open(struct compact *c, enum compact_form form, struct slice bytes);

enum compact_result { COMPACT_ITEM, COMPACT_END, COMPACT_BAD };

/* The next element. A zipmap gives field, value, field, ... */
enum compact_result compact_next(struct compact *c, struct compact_item *item);

/* The element as text: its own bytes, or digits written to scratch. */
struct slice compact_text(const struct compact_item *item, char scratch[COMPACT_DIGITS]);

/* ---- writing a listpack ------------------------------------------------- */

/* Bytes of an empty one. */
#define LISTPACK_EMPTY 7

/* Makes b an empty listpack; adds elements (text that is a canonical integer is held as one); closes it.
 * Between open and close b holds nothing else. */
void listpack_open(struct buf *b);
void listpack_add(struct buf *b, struct slice text);
void listpack_add_int(struct buf *b, int64_t number);
void listpack_close(struct buf *b, uint64_t count);

#endif
