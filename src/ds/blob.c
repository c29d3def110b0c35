/* blob: see blob.h. */
#include "ds/blob.h"

#include "base/mem.h"
#include "base/must.h"

static void (*free_big)(void *ptr);
static size_t free_big_from = SIZE_MAX;

static size_t size_of_blob(size_t cap)
{
    size_t size;
    must(!__builtin_add_overflow(sizeof(struct blob), cap, &size));
    return size;
}

static struct blob *blob_init(struct blob *b, size_t cap)
{
    b->refs = 1;
    b->len = 0;
    b->cap = cap;
    return b;
}

struct blob *blob_create(size_t cap)
{
    return blob_init(mem_alloc(size_of_blob(cap)), cap);
}

struct blob *blob_create_zeroed(size_t cap)
{
    return blob_init(mem_zalloc(1, size_of_blob(cap)), cap);
}

void blob_put(struct blob *b)
{
    must(b->refs > 0);
    if (--b->refs > 0)
        return;
    if (b->cap >= free_big_from)
        free_big(b);
    else
        mem_free(b);
}

struct blob *blob_grow(struct blob *b, size_t cap)
{
    must(!blob_is_shared(b));
    if (cap <= b->cap)
        return b;
    /* Half as much again at least, so that any number of small appends copies each byte O(1) times. */
    size_t grown = b->cap + b->cap / 2;
    if (grown < cap)
        grown = cap;
    b = mem_realloc(b, size_of_blob(grown));
    b->cap = grown;
    return b;
}

size_t blob_memory(const struct blob *b)
{
    return mem_usable(b);
}

void blob_set_free(void (*fn)(void *ptr), size_t from)
{
    free_big = fn;
    free_big_from = fn ? from : SIZE_MAX;
}
