/* mem: the general allocator (jemalloc; the C library's under sanitizers).
 *
 * Everything but entries and dict chunks comes from here (those live in the
 * arena). None of these returns NULL: without memory the process says so and
 * aborts, because a half-done command is worse. Sizes that a client chose are
 * bounded before they come here. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* `size` bytes, uninitialised. Gives; free with mem_free. size 0 gives a unique pointer. */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));

/* count * size zeroed bytes; an overflowing product aborts. Gives. */
void *mem_zalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Takes ptr (or NULL) and gives a block of `size` bytes with its content. */
void *mem_realloc(void *ptr, size_t size) __attribute__((returns_nonnull));

/* A copy of len bytes with a NUL behind them. Gives. */
char *mem_dup(const char *ptr, size_t len) __attribute__((malloc, returns_nonnull));

/* Takes ptr; NULL is allowed. */
void mem_free(void *ptr);

/* Bytes that the allocator really keeps for ptr. */
size_t mem_usable(const void *ptr);

struct mem_stats {
    size_t allocated; /* bytes in live blocks */
    size_t active;    /* bytes in pages with live blocks */
    size_t resident;  /* bytes of the allocator's pages in memory */
    size_t retained;  /* address space kept, not in memory */
};

/* Figures of the allocator now; zeros where it keeps none (sanitizers). */
struct mem_stats mem_stats(void);

/* Gives unused pages back to the system. */
void mem_purge(void);

/* The allocator's name and version, as INFO shows it ("jemalloc-5.3.0"). */
const char *mem_allocator(void);

/* Writes the allocator's own report through `line` (MEMORY MALLOC-STATS). */
void mem_report(void (*line)(void *ctx, const char *text), void *ctx);

#endif
