/* linkmap: a hash table of links that stand inside their owners.
 *
 * For the server's own indexes (channels, watched keys), whose items live in
 * the general allocator and are few beside the keys. It chains, so an item
 * never moves, and grows and shrinks by one bucket an insert or removal
 * (linear hashing), so no step is long.
 *
 * Invariants.
 *  1. low is a power of two and low <= buckets < 2 * low; all are 0 without a bucket.
 *  2. A link stands in bucket hash mod 2 * low, or that minus low where there is none such.
 * It owns its buckets, never the links. One thread. */
#ifndef DS_LINKMAP_H
#define DS_LINKMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link {
    struct link *next;
    uint64_t hash;
};

/* Zeroed memory is an empty one. */
struct linkmap {
    struct link ***blocks; /* of LINKMAP_BLOCK buckets each */
    uint32_t buckets;
    uint32_t low;
    uint64_t count;
};

#define LINKMAP_BLOCK 256u

/* Gives the buckets back and forgets the links. */
void linkmap_deinit(struct linkmap *m);

/* The first link under hash that match accepts, NULL when there is none. */
struct link *linkmap_find(const struct linkmap *m, uint64_t hash,
                          bool (*match)(const struct link *link, const void *key), const void *key);

/* Borrows link until linkmap_remove. The same key twice is the caller's affair. */
void linkmap_insert(struct linkmap *m, struct link *link, uint64_t hash);

/* link must be in m. */
void linkmap_remove(struct linkmap *m, struct link *link);

/* Bytes of the buckets. */
size_t linkmap_memory(const struct linkmap *m);

#endif
