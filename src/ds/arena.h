/* arena: memory for entries, for the elements of big collections and for the
 * dict's chunks.
 *
 * Words. The *region* is one reserved range of addresses. It is cut into
 * *pages* of 64 KiB; a page serves objects of one *size class*: 16 B, then 8
 * bytes apart up to 512 B, then as many to a page as fit. Larger objects take
 * a *run* of pages. A page opens with its header: class, counts, and a bitmap
 * with one bit an object, set while it lives.
 *
 * Invariants.
 *  1. Objects are 8-byte aligned; those of the 512 B class stand at
 *     region + 64 + n * 512, so a 32-bit n names one (arena_chunk).
 *  2. A page without live objects goes back to the page pool; its memory
 *     returns to the system when more than a few such pages are kept.
 *  3. Walking the pages in address order and each bitmap in bit order meets
 *     every live object exactly once.
 *  4. An object never moves by itself.
 * One thread uses it. A forked child may walk it. */
#ifndef DS_ARENA_H
#define DS_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_PAGE ((size_t)65536)

/* Reserves the region: address space only. Ends the process with a message
 * where the system refuses even a small one. Call once, before anything else here. */
void arena_init(void);

/* An object of at least `size` bytes, uninitialised. Gives; free with arena_free.
 * NULL when the region or the system is out of memory. */
void *arena_alloc(size_t size);

/* First address of the region: references into it are (p - base) / 8 in 40 bits. */
extern char *arena_base;

/* Objects of exactly `size` bytes, in pages of their own: arena_exact_size gives their size, and 0 for all other
 * objects. Who keeps byte strings of many lengths need not write the length of such a one beside it. */
static inline bool arena_fits_exact(size_t size)
{
    return size % 8 == 0 && size >= 16 && size <= 512;
}
void *arena_alloc_exact(size_t size);

/* For each page an eighth of the size of such objects, 0 on all other pages: a byte a page stays in the cache
 * where the pages' headers, 64 KiB apart, push each other out. */
extern uint8_t *arena_exact_of;

static inline size_t arena_exact_size(const void *p)
{
    return (size_t)arena_exact_of[(size_t)((const char *)p - arena_base) / ARENA_PAGE] * 8;
}

/* Takes p. `size` isn't needed: the page knows. */
void arena_free(void *p);

/* Bytes that an object of `size` really takes; arena_alloc(arena_size(n)) fits the same class. */
size_t arena_size(size_t size);

/* Bytes that the object p takes. */
size_t arena_usable(const void *p);

static inline uint64_t arena_ref(const void *p)
{
    return (uint64_t)((const char *)p - arena_base) >> 3;
}

static inline void *arena_deref(uint64_t ref)
{
    return arena_base + (ref << 3);
}

/* A 512-byte object named by 32 bits; 64-byte aligned. UINT32_MAX when out of memory. */
uint32_t arena_chunk_alloc(void);
void arena_chunk_free(uint32_t chunk);

static inline void *arena_chunk(uint32_t chunk)
{
    return arena_base + 64 + ((size_t)chunk << 9);
}

struct arena_stats {
    size_t live;      /* bytes in live objects, as rounded to classes */
    size_t objects;   /* live objects */
    size_t pages;     /* pages in use */
    size_t committed; /* bytes of pages in use or kept */
    size_t reserved;  /* bytes of the region */
};

struct arena_stats arena_stats(void);

/* Gives every kept empty page back to the system; returns bytes. */
size_t arena_purge(void);

/* Calls visit for every live object in address order, until it returns false.
 * The visitor may free the object it is shown, nothing else. */
void arena_walk(bool (*visit)(void *object, size_t size, void *ctx), void *ctx);

#endif
