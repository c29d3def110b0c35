/* mem: see mem.h. jemalloc takes malloc's own names, so libraries use it too;
 * HAVE_JEMALLOC says that it is linked. */
#include "base/mem.h"

#include "base/must.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

static noreturn void out_of_memory(size_t size)
{
    char text[80];
    int len = snprintf(text, sizeof text, "Out of memory allocating %zu bytes\n", size);
    ssize_t written = write(STDERR_FILENO, text, (size_t)len);
    (void)written;
    abort();
}

void *mem_alloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (unlikely(!p))
        out_of_memory(size);
    return p;
}

void *mem_zalloc(size_t count, size_t size)
{
    size_t bytes;
    if (unlikely(__builtin_mul_overflow(count, size, &bytes)))
        out_of_memory(SIZE_MAX);
    void *p = calloc(1, bytes ? bytes : 1);
    if (unlikely(!p))
        out_of_memory(bytes);
    return p;
}

void *mem_realloc(void *ptr, size_t size)
{
    void *p = realloc(ptr, size ? size : 1);
    if (unlikely(!p))
        out_of_memory(size);
    return p;
}

char *mem_dup(const char *ptr, size_t len)
{
    char *copy = mem_alloc(len + 1);
    if (len)
        memcpy(copy, ptr, len);
    copy[len] = 0;
    return copy;
}

void mem_free(void *ptr)
{
    free(ptr);
}

size_t mem_usable(const void *ptr)
{
    return malloc_usable_size((void *)(uintptr_t)ptr);
}

#ifdef HAVE_JEMALLOC

static size_t stat_of(const char *name)
{
    size_t value = 0, size = sizeof value;
    return mallctl(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

struct mem_stats mem_stats(void)
{
    uint64_t epoch = 1; /* writing it makes jemalloc gather the figures */
    size_t size = sizeof epoch;
    mallctl("epoch", &epoch, &size, &epoch, size);
    return (struct mem_stats){
        .allocated = stat_of("stats.allocated"),
        .active = stat_of("stats.active"),
        .resident = stat_of("stats.resident"),
        .retained = stat_of("stats.retained"),
    };
}

void mem_purge(void)
{
    char name[40];
    snprintf(name, sizeof name, "arena.%u.purge", (unsigned)MALLCTL_ARENAS_ALL);
    mallctl(name, NULL, NULL, NULL, 0);
}

const char *mem_allocator(void)
{
    static char text[40];
    if (!*text)
        snprintf(text, sizeof text, "jemalloc-%d.%d.%d", JEMALLOC_VERSION_MAJOR, JEMALLOC_VERSION_MINOR,
                 JEMALLOC_VERSION_BUGFIX);
    return text;
}

void mem_report(void (*line)(void *ctx, const char *text), void *ctx)
{
    malloc_stats_print(line, ctx, NULL);
}

#else

struct mem_stats mem_stats(void)
{
    return (struct mem_stats){0};
}

void mem_purge(void)
{
}

const char *mem_allocator(void)
{
    return "libc";
}

void mem_report(void (*line)(void *ctx, const char *text), void *ctx)
{
    line(ctx, "Stats not supported for the current allocator");
}

#endif
