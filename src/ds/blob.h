/* blob: a big value in a refcounted buffer of its own.
 *
 * A keyspace entry holds one reference; a reply that still has to be written
 * holds another instead of a copy. A blob with more than one reference is
 * frozen: a writer makes its own copy first (blob_is_shared). Touched by the
 * loop's thread only; the last put of a large one hands the memory to the
 * background thread when blob_set_free was given one. */
#ifndef DS_BLOB_H
#define DS_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blob {
    uint32_t refs;
    size_t len; /* bytes of the value, at most cap */
    size_t cap; /* bytes that fit */
    char data[];
};

/* A blob of len 0 and room for cap bytes, one reference. Gives. */
struct blob *blob_create(size_t cap);

/* The same, and its cap bytes are zeros. Cheap also when huge: fresh pages are zero without being touched. Gives. */
struct blob *blob_create_zeroed(size_t cap);

/* Another reference to b. */
static inline struct blob *blob_get(struct blob *b)
{
    b->refs++;
    return b;
}

/* Gives one reference back; the last one frees. */
void blob_put(struct blob *b);

static inline bool blob_is_shared(const struct blob *b)
{
    return b->refs > 1;
}

/* Takes an unshared b, gives it with room for at least cap bytes. */
struct blob *blob_grow(struct blob *b, size_t cap);

/* Bytes that b takes from the allocator. */
size_t blob_memory(const struct blob *b);

/* Blobs of at least `from` bytes are freed by calling fn (the background thread's door). */
void blob_set_free(void (*fn)(void *ptr), size_t from);

#endif
