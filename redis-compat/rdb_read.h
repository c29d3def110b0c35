/* rdb_read: the primitives of an RDB stream: lengths, strings, doubles, times.
 *
 * Nothing is allocated for more bytes than have come, or than compressed ones could
 * stand for. A function that returns false has set `error`, and nothing more is read. */
#ifndef REDIS_COMPAT_RDB_READ_H
#define REDIS_COMPAT_RDB_READ_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct rdb_reader {
    const char *at, *end; /* bytes at hand */
    /* Called when all of them are read: puts at and end around the next ones (more than none); false
     * when there are none. NULL: what is at hand is all. */
    bool (*fill)(struct rdb_reader *r);
    void *source;      /* fill's */
    const char *error; /* what is wrong; NULL: nothing yet */
};

static inline struct rdb_reader rdb_reader_of(struct slice bytes)
{
    return (struct rdb_reader){.at = bytes.ptr, .end = bytes.ptr + bytes.len};
}

/* Sets the error, unless there is one already; returns false. `why` is borrowed for good. */
bool rdb_refuse(struct rdb_reader *r, const char *why);

/* Exactly len bytes, copied. */
bool rdb_read_fixed(struct rdb_reader *r, void *into, size_t len);

bool rdb_read_byte(struct rdb_reader *r, uint8_t *byte);

/* A length or count. */
bool rdb_read_len(struct rdb_reader *r, uint64_t *len);

/* A string in any of its forms; integers become digits. *out stands in the bytes at hand where
 * they are all there is (no fill), else in scratch; borrowed until scratch is used again. */
bool rdb_read_string(struct rdb_reader *r, struct buf *scratch, struct slice *out);

/* A score: as text (versions before 8) and as eight bytes. NaN is refused. */
bool rdb_read_text_double(struct rdb_reader *r, double *value);
bool rdb_read_double(struct rdb_reader *r, double *value);

/* Milliseconds since 1970. */
bool rdb_read_ms(struct rdb_reader *r, int64_t *ms);

#endif
