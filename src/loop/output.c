#include "loop/output.h"

#include "base/mem.h"

#define CHUNK_SIZE ((size_t)16 * 1024)

/* Bytes of chunks kept for reuse. Under a sanitizer none, so that it sees every use of a chunk that is done. */
#if defined(__SANITIZE_ADDRESS__)
#define POOL_BYTES ((size_t)0)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_BYTES ((size_t)0)
#endif
#endif
#ifndef POOL_BYTES
#define POOL_BYTES ((size_t)4 << 20)
#endif

/* Pieces live inside the chunks that they were opened with: the first one of a chunk at
 * its start, later ones cut off the end of its free room. So a chunk holds as many
 * pieces as `pieces` says, and it is done when the last of them is dropped. */
struct output_piece {
    struct output_piece *next;
    char *data;        /* of a blob: its bytes */
    size_t len;        /* not of the open one */
    struct blob *blob; /* NULL: data lies in a chunk */
    struct chunk *home;
};

struct chunk {
    struct chunk *next; /* in the pool */
    size_t pieces;
    struct output_piece head;
    char bytes[];
};

static struct chunk *pool;
static size_t pooled; /* bytes of them */

static struct chunk *chunk_get(void)
{
    struct chunk *c = pool;
    if (likely(c != NULL)) {
        pool = c->next;
        pooled -= CHUNK_SIZE;
    } else {
        c = mem_alloc(CHUNK_SIZE);
    }
    c->pieces = 0;
    return c;
}

static void chunk_put(struct chunk *c)
{
    if (pooled + CHUNK_SIZE > POOL_BYTES) {
        mem_free(c);
        return;
    }
    c->next = pool;
    pool = c;
    pooled += CHUNK_SIZE;
}

void output_trim_pool(size_t keep)
{
    while (pooled > keep) {
        struct chunk *c = pool;
        pool = c->next;
        pooled -= CHUNK_SIZE;
        mem_free(c);
    }
}

void output_init(struct output *o)
{
    *o = (struct output){0};
}

static void drop_piece(struct output *o, struct output_piece *p)
{
    if (p->blob) {
        o->memory -= blob_memory(p->blob);
        blob_put(p->blob);
    }
    struct chunk *home = p->home;
    if (--home->pieces == 0) {
        o->memory -= CHUNK_SIZE;
        chunk_put(home);
    }
}

static void drop_from(struct output *o, struct output_piece *p)
{
    while (p) {
        struct output_piece *next = p->next;
        drop_piece(o, p);
        p = next;
    }
}

void output_deinit(struct output *o)
{
    drop_from(o, o->first);
    output_init(o);
}

/* Bytes in the open piece. */
static size_t open_len(const struct output *o)
{
    return o->last ? (size_t)(o->pos - o->last->data) : 0;
}

size_t output_pending(const struct output *o)
{
    return o->bytes + open_len(o) - o->sent;
}

/* Closes the open piece and puts p behind it. */
static void link_piece(struct output *o, struct output_piece *p)
{
    p->next = NULL;
    if (o->last) {
        o->last->len = open_len(o);
        o->bytes += o->last->len;
        o->last->next = p;
    } else {
        o->first = p;
    }
    o->last = p;
}

static void open_chunk(struct output *o)
{
    struct chunk *c = chunk_get();
    struct output_piece *p = &c->head;
    *p = (struct output_piece){.data = c->bytes, .home = c};
    c->pieces = 1;
    link_piece(o, p);
    o->pos = c->bytes;
    o->end = (char *)c + CHUNK_SIZE;
    o->memory += CHUNK_SIZE;
}

char *output_open(struct output *o, size_t want)
{
    must(want <= OUTPUT_RESERVE_MAX);
    open_chunk(o);
    return o->pos;
}

void output_append(struct output *o, const void *ptr, size_t len)
{
    const char *from = ptr;
    while (len) {
        size_t room = (size_t)(o->end - o->pos);
        if (!room) {
            open_chunk(o);
            room = (size_t)(o->end - o->pos);
        }
        size_t n = len < room ? len : room;
        memcpy(o->pos, from, n);
        o->pos += n;
        from += n;
        len -= n;
    }
}

/* Cuts `size` bytes, a multiple of a pointer's, off the end of the open chunk. */
static void *carve(struct output *o, size_t size)
{
    o->end -= size;
    o->end -= (uintptr_t)o->end % _Alignof(struct output_piece);
    return o->end;
}

/* Puts a closed piece with `extra` bytes of room behind what there is, and opens another
 * run behind it in the same chunk. */
static struct output_piece *insert_piece(struct output *o, size_t extra)
{
    if ((size_t)(o->end - o->pos) < 2 * sizeof(struct output_piece) + extra + 64)
        open_chunk(o);
    struct chunk *home = o->last->home;
    struct output_piece *p = carve(o, sizeof *p + extra), *run = carve(o, sizeof *run);
    *p = (struct output_piece){.home = home, .data = (char *)(p + 1)};
    *run = (struct output_piece){.home = home, .data = o->pos};
    home->pieces += 2;

    link_piece(o, p);
    p->next = run;
    o->last = run;
    return p;
}

void output_append_blob(struct output *o, struct blob *b)
{
    if (!b->len)
        return;
    struct output_piece *p = insert_piece(o, 0);
    p->blob = blob_get(b);
    p->data = b->data;
    p->len = b->len;
    o->bytes += b->len;
    o->memory += blob_memory(b);
}

struct output_piece *output_defer(struct output *o)
{
    return insert_piece(o, OUTPUT_DEFER_MAX);
}

void output_fill(struct output *o, struct output_piece *piece, const void *ptr, size_t len)
{
    must(len <= OUTPUT_DEFER_MAX && !piece->blob && !piece->len);
    memcpy(piece->data, ptr, len);
    piece->len = len;
    o->bytes += len;
}

int output_vectors(struct output *o, struct iovec *v, int most, size_t budget)
{
    int count = 0;
    size_t skip = o->sent;
    for (struct output_piece *p = o->first; p && count < most && budget; p = p->next) {
        size_t len = (p == o->last ? open_len(o) : p->len) - skip;
        if (len) {
            if (len > budget)
                len = budget;
            v[count++] = (struct iovec){p->data + skip, len};
            budget -= len;
        }
        skip = 0;
    }
    return count;
}

void output_advance(struct output *o, size_t n)
{
    while (o->first) {
        struct output_piece *p = o->first;
        size_t len = p == o->last ? open_len(o) : p->len;
        size_t left = len - o->sent;
        if (n < left) {
            o->sent += n;
            return;
        }
        n -= left;
        o->sent = 0;
        if (p == o->last) {
            drop_piece(o, p);
            must(n == 0 && o->memory == 0);
            output_init(o);
            return;
        }
        o->bytes -= p->len;
        o->first = p->next;
        drop_piece(o, p);
    }
    must(n == 0);
}
