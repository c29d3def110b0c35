#include "ds/linkmap.h"

#include "base/mem.h"
#include "base/must.h"

static struct link **bucket(const struct linkmap *m, uint32_t i)
{
    return &m->blocks[i / LINKMAP_BLOCK][i % LINKMAP_BLOCK];
}

static struct link **bucket_of(const struct linkmap *m, uint64_t hash)
{
    uint32_t i = (uint32_t)hash & (2 * m->low - 1);
    return bucket(m, i < m->buckets ? i : i - m->low);
}

static uint32_t block_count(const struct linkmap *m)
{
    return (m->buckets + LINKMAP_BLOCK - 1) / LINKMAP_BLOCK;
}

void linkmap_deinit(struct linkmap *m)
{
    uint32_t blocks = block_count(m);
    for (uint32_t i = 0; i < blocks; i++)
        mem_free(m->blocks[i]);
    mem_free(m->blocks);
    *m = (struct linkmap){0};
}

struct link *linkmap_find(const struct linkmap *m, uint64_t hash,
                          bool (*match)(const struct link *link, const void *key), const void *key)
{
    if (!m->buckets)
        return NULL;
    struct link *l = *bucket_of(m, hash);
    while (l && (l->hash != hash || !match(l, key)))
        l = l->next;
    return l;
}

/* Adds an empty last bucket. The array of blocks doubles, but it has one pointer for 256 buckets. */
static void add_bucket(struct linkmap *m)
{
    uint32_t block = m->buckets / LINKMAP_BLOCK;
    if (m->buckets % LINKMAP_BLOCK == 0) {
        if ((block & (block - 1)) == 0)
            m->blocks = mem_realloc(m->blocks, (block ? 2 * (size_t)block : 1) * sizeof *m->blocks);
        m->blocks[block] = mem_zalloc(LINKMAP_BLOCK, sizeof **m->blocks);
    }
    m->buckets++;
    if (m->buckets == 1 || m->buckets == 2 * m->low)
        m->low = m->buckets;
}

static void split(struct linkmap *m)
{
    uint32_t to = m->buckets, mask = 2 * m->low - 1;
    uint32_t from = to - m->low;
    add_bucket(m);
    struct link **l = bucket(m, from), **dest = bucket(m, to);
    while (*l) {
        if (((uint32_t)(*l)->hash & mask) == to) {
            struct link *moved = *l;
            *l = moved->next;
            moved->next = *dest;
            *dest = moved;
        } else {
            l = &(*l)->next;
        }
    }
}

static void merge(struct linkmap *m)
{
    uint32_t from = m->buckets - 1;
    if (m->buckets == m->low)
        m->low /= 2;
    struct link **end = bucket(m, from - m->low);
    while (*end)
        end = &(*end)->next;
    *end = *bucket(m, from);
    *bucket(m, from) = NULL;
    m->buckets--;
    if (from % LINKMAP_BLOCK == 0) {
        mem_free(m->blocks[from / LINKMAP_BLOCK]);
        m->blocks[from / LINKMAP_BLOCK] = NULL;
    }
}

void linkmap_insert(struct linkmap *m, struct link *link, uint64_t hash)
{
    if (!m->buckets)
        add_bucket(m);
    else if (m->count >= m->buckets && m->buckets < UINT32_MAX / 2)
        split(m);
    struct link **first = bucket_of(m, hash);
    link->hash = hash;
    link->next = *first;
    *first = link;
    m->count++;
}

void linkmap_remove(struct linkmap *m, struct link *link)
{
    must(m->count > 0);
    struct link **l = bucket_of(m, link->hash);
    while (*l != link) {
        must(*l != NULL);
        l = &(*l)->next;
    }
    *l = link->next;
    m->count--;
    if (!m->count)
        linkmap_deinit(m);
    else if (m->count < m->buckets / 2)
        merge(m);
}

size_t linkmap_memory(const struct linkmap *m)
{
    return (size_t)block_count(m) * (LINKMAP_BLOCK + 1) * sizeof(struct link **);
}
