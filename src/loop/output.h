/* output: the bytes that a client still has to get, in order.
 *
 * A chain of *pieces*: runs of bytes in *chunks* of 16 KiB, filled in place by
 * the reply writer, and references to blobs, which are sent without a copy.
 * Chunks come from a pool and go back when they are written, so a client with
 * nothing to get holds none. Loop's thread only.
 *
 * Invariants.
 *  1. The last piece is a run that is still open: it ends at `pos`, and [pos, end) is free.
 *  2. Without pieces first, last, pos and end are NULL and bytes, sent and memory are 0. */
#ifndef LOOP_OUTPUT_H
#define LOOP_OUTPUT_H

#include "base/must.h"
#include "ds/blob.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

struct output_piece;

struct output {
    char *pos; /* next byte to fill in the last chunk; pos == end when there is none */
    char *end;
    struct output_piece *first; /* oldest piece, not wholly sent */
    struct output_piece *last;
    size_t bytes;  /* bytes of all pieces but the last, sent ones of `first` included; ask output_pending */
    size_t sent;   /* bytes of `first` that are out already */
    size_t memory; /* bytes of chunks and blobs held, as the output limit counts them */
};

void output_init(struct output *o);

/* Drops what is unsent and gives everything back. */
void output_deinit(struct output *o);

/* Unsent bytes. */
size_t output_pending(const struct output *o);

/* Everything is sent and nothing is held. */
static inline bool output_empty(const struct output *o)
{
    return o->first == NULL;
}

/* Most that output_reserve gives at once. */
#define OUTPUT_RESERVE_MAX 4096

/* Slow path of output_reserve: opens another chunk with at least `want` bytes free. want <= OUTPUT_RESERVE_MAX. */
char *output_open(struct output *o, size_t want);

/* Where the next `want` bytes go (want <= OUTPUT_RESERVE_MAX). The caller fills some of
 * them, at least one, and sets o->pos behind. */
static inline char *output_reserve(struct output *o, size_t want)
{
    return likely((size_t)(o->end - o->pos) >= want) ? o->pos : output_open(o, want);
}

/* Any number of bytes, copied. */
void output_append(struct output *o, const void *ptr, size_t len);

/* The bytes [0, b->len) of b, by reference: takes its own reference (blob_get). */
void output_append_blob(struct output *o, struct blob *b);

/* A place for a header that is known only later (deferred array lengths), of up to
 * OUTPUT_DEFER_MAX bytes. Nothing may be sent before output_fill filled it (0 bytes are fine). */
#define OUTPUT_DEFER_MAX 32
struct output_piece *output_defer(struct output *o);
void output_fill(struct output *o, struct output_piece *piece, const void *ptr, size_t len);

/* Describes unsent bytes, at most `budget`, in at most `most` vectors. Returns how many. Changes nothing. */
int output_vectors(struct output *o, struct iovec *v, int most, size_t budget);

/* n bytes of what output_vectors described are out: frees what is done. */
void output_advance(struct output *o, size_t n);

/* Chunks kept for reuse: gives back to the allocator all but `keep` bytes of them. */
void output_trim_pool(size_t keep);

#endif
