/* rdb_write: the primitives of an RDB stream, the other way. */
#ifndef REDIS_COMPAT_RDB_WRITE_H
#define REDIS_COMPAT_RDB_WRITE_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Zeroed memory is a writer that keeps everything in `out` and compresses nothing. */
struct rdb_writer {
    struct buf out;
    bool compress;   /* strings of more than 20 bytes, where it helps (`rdbcompression`) */
    struct buf pack; /* a listpack being made */
    /* Called when out has `full` bytes or more, between two elements: takes some or all of them
     * (out.len is set to 0). NULL: never. */
    void (*flush)(struct rdb_writer *w);
    size_t full;
    void *sink; /* flush's */
};

/* Gives its buffers back. */
void rdb_writer_deinit(struct rdb_writer *w);

void rdb_write_byte(struct rdb_writer *w, uint8_t byte);
void rdb_write_fixed(struct rdb_writer *w, const void *bytes, size_t len);
void rdb_write_len(struct rdb_writer *w, uint64_t len);

/* As an integer or compressed where that is shorter. */
void rdb_write_string(struct rdb_writer *w, struct slice text);

void rdb_write_double(struct rdb_writer *w, double value);
void rdb_write_ms(struct rdb_writer *w, int64_t ms);

#endif
