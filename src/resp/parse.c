#include "resp/parse.h"

#include "base/mem.h"
#include "base/must.h"
#include "base/number.h"
#include "base/words.h"

#include <limits.h>
#include <stdio.h>

/* Requests with fewer complete arguments are looked at anew when more arrived. */
#define KEEP_FROM 16
/* Room for so many arguments stays with the parser when its request is done. */
#define KEPT_MOST 1024

static _Thread_local char error_text[64];

void resp_pool_init(struct resp_pool *pool)
{
    *pool = (struct resp_pool){.capacity = 1024};
    pool->argv = mem_alloc(pool->capacity * sizeof *pool->argv);
    pool->hash = mem_alloc(pool->capacity * sizeof *pool->hash);
}

void resp_pool_reset(struct resp_pool *pool)
{
    pool->count = 0;
    while (unlikely(pool->owned_count))
        mem_free(pool->owned[--pool->owned_count]);
    if (unlikely(pool->capacity > 65536)) {
        resp_pool_deinit(pool);
        resp_pool_init(pool);
    }
}

void resp_pool_deinit(struct resp_pool *pool)
{
    while (pool->owned_count)
        mem_free(pool->owned[--pool->owned_count]);
    mem_free(pool->owned);
    mem_free(pool->argv);
    mem_free(pool->hash);
    *pool = (struct resp_pool){0};
}

static __attribute__((noinline)) void pool_grow(struct resp_pool *pool)
{
    must(pool->capacity < UINT32_MAX / 2);
    pool->capacity *= 2;
    pool->argv = mem_realloc(pool->argv, pool->capacity * sizeof *pool->argv);
    pool->hash = mem_realloc(pool->hash, pool->capacity * sizeof *pool->hash);
}

static inline void pool_add(struct resp_pool *pool, const char *ptr, size_t len)
{
    if (unlikely(pool->count == pool->capacity))
        pool_grow(pool);
    pool->argv[pool->count++] = slice_make(ptr, len);
}

void resp_parser_reset(struct resp_parser *p)
{
    if (unlikely(p->kept_capacity > KEPT_MOST))
        resp_parser_deinit(p);
    p->expected = 0;
    p->done = 0;
    p->at = 0;
    p->supplied = false;
}

void resp_parser_deinit(struct resp_parser *p)
{
    mem_free(p->kept);
    *p = (struct resp_parser){0};
}

static enum resp_result bad(struct resp_parser *p, struct resp_request *out, const char *error)
{
    resp_parser_reset(p);
    out->error = error;
    return RESP_BAD;
}

static enum resp_result more(struct resp_request *out, size_t size)
{
    out->size = size;
    out->big_at = out->big_len = 0;
    return RESP_MORE;
}

/* ---- inline lines ------------------------------------------------------------- */

static void pool_own(struct resp_pool *pool, char *block)
{
    if (pool->owned_count == pool->owned_capacity) {
        pool->owned_capacity = pool->owned_capacity ? 2 * pool->owned_capacity : 16;
        pool->owned = mem_realloc(pool->owned, pool->owned_capacity * sizeof *pool->owned);
    }
    pool->owned[pool->owned_count++] = block;
}

static enum resp_result parse_inline(struct resp_parser *p, struct resp_pool *pool, const char *data,
                                     size_t len, struct resp_request *out)
{
    const char *newline = memchr(data, '\n', len);
    if (!newline) {
        if (len > RESP_LINE_MAX)
            return bad(p, out, "ERR Protocol error: too big inline request");
        return more(out, len + 1);
    }
    out->size = (size_t)(newline - data) + 1;
    struct slice line = slice_make(data, out->size - 1), word;
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    char *scratch = NULL, *free_from = NULL;
    if (memchr(line.ptr, '"', line.len) || memchr(line.ptr, '\'', line.len)) {
        scratch = free_from = mem_alloc(line.len + 1);
        pool_own(pool, scratch);
    }
    size_t used;
    int got;
    while ((got = words_next(&line, free_from, &used, &word)) > 0) {
        pool_add(pool, word.ptr, word.len);
        if (used) /* without quotes there is no scratch */
            free_from += used;
    }
    if (got < 0)
        return bad(p, out, "ERR Protocol error: unbalanced quotes in request");
    out->argc = pool->count - out->first;
    resp_parser_reset(p);
    return RESP_REQUEST;
}

/* ---- arrays --------------------------------------------------------------------- */

/* The number between data[1] and CR LF. Returns the line's bytes, 0 when it isn't complete, -1 when it isn't a number. */
static __attribute__((noinline)) int count_line_slow(const char *data, const char *end, int64_t *value)
{
    size_t left = (size_t)(end - data);
    const char *cr = memchr(data, '\r', left < RESP_LINE_MAX + 2 ? left : RESP_LINE_MAX + 2);
    if (!cr || cr + 1 >= end)
        return 0;
    if (!number_parse_i64(slice_make(data + 1, (size_t)(cr - data - 1)), value))
        return -1;
    return (int)(cr + 2 - data);
}

/* One and two digits, which is nearly all, are read here. */
static inline int count_line(const char *data, const char *end, int64_t *value)
{
    unsigned first;
    if (likely(end - data >= 5) && likely((first = (unsigned char)data[1] - '0') <= 9)) {
        if (data[2] == '\r') {
            *value = first;
            return 4;
        }
        unsigned second = (unsigned char)data[2] - '0';
        if (likely(data[3] == '\r' && second <= 9 && first)) {
            *value = first * 10 + second;
            return 5;
        }
    }
    return count_line_slow(data, end, value);
}

/* Room for `fresh` more in the list. */
static void keep_room(struct resp_parser *p, uint32_t fresh)
{
    if (fresh <= p->kept_capacity - p->done)
        return;
    size_t capacity = (size_t)p->done + fresh;
    capacity += capacity / 2;
    must(capacity <= UINT32_MAX);
    p->kept_capacity = (uint32_t)capacity;
    p->kept = mem_realloc(p->kept, capacity * sizeof *p->kept);
}

/* The arguments read this time are kept in p, so that none is read again, however
 * slowly a request of very many arrives. */
static void keep(struct resp_parser *p, const struct resp_pool *pool, const struct resp_request *out,
                 const char *data, const char *at, int64_t expected)
{
    uint32_t fresh = pool->count - out->first;
    p->expected = expected;
    p->at = (size_t)(at - data);
    keep_room(p, fresh);
    for (uint32_t i = 0; i < fresh; i++) {
        const struct slice *s = &pool->argv[out->first + i];
        p->kept[p->done++] = (struct resp_kept){NULL, (size_t)(s->ptr - data), s->len};
    }
}

void resp_supply(struct resp_parser *p, const char *ptr, size_t len, size_t at)
{
    must(p->expected > p->done);
    keep_room(p, 1);
    p->kept[p->done++] = (struct resp_kept){ptr, 0, len};
    p->at = at;
    p->supplied = true;
}

/* What was kept goes into the pool before what was read this time. */
static void take_up(const struct resp_parser *p, struct resp_pool *pool, uint32_t first, const char *data)
{
    while (pool->capacity - pool->count < p->done)
        pool_grow(pool);
    struct slice *argv = pool->argv + first;
    memmove(argv + p->done, argv, (pool->count - first) * sizeof *argv);
    for (uint32_t i = 0; i < p->done; i++) {
        const struct resp_kept *k = &p->kept[i];
        argv[i] = slice_make(k->supplied ? k->supplied : data + k->at, k->len);
    }
    pool->count += p->done;
}

static enum resp_result unfinished(struct resp_parser *p, struct resp_pool *pool, struct resp_request *out,
                                   const char *data, const char *at, int64_t expected, size_t size)
{
    if (unlikely(p->done + pool->count - out->first >= KEEP_FROM))
        keep(p, pool, out, data, at, expected);
    pool->count = out->first;
    return more(out, size);
}

/* The argument whose `bulk` bytes should stand at `bytes` isn't complete. */
static enum resp_result unfinished_bulk(struct resp_parser *p, struct resp_pool *pool,
                                        struct resp_request *out, const char *data, const char *at,
                                        int64_t expected, const char *bytes, size_t bulk)
{
    size_t size = (size_t)(bytes - data) + bulk + 2;
    if (bulk < RESP_BIG)
        return unfinished(p, pool, out, data, at, expected, size);
    keep(p, pool, out, data, at, expected);
    pool->count = out->first;
    out->size = size;
    out->big_at = (size_t)(bytes - data);
    out->big_len = bulk;
    return RESP_MORE;
}

static enum resp_result bad_bulk(struct resp_parser *p, struct resp_request *out, char got)
{
    snprintf(error_text, sizeof error_text, "ERR Protocol error: expected '$', got '%c'", got);
    return bad(p, out, error_text);
}

/* Takes the next arguments as long as they are complete, below 100 bytes and written plainly, which
 * nearly all are; parse_array looks closely at the first that isn't. Returns where that one starts. */
static inline const char *short_arguments(struct resp_pool *pool, const char *at, const char *end,
                                          int64_t *left)
{
    for (; *left > 0 && end - at >= 5 && at[0] == '$'; (*left)--) {
        unsigned first = (unsigned char)at[1] - '0', second = (unsigned char)at[2] - '0';
        unsigned bulk = first, head = 4;
        if (at[2] != '\r') {
            if (unlikely(second > 9 || !first || at[3] != '\r'))
                break;
            bulk = first * 10 + second;
            head = 5;
        }
        if (unlikely(first > 9 || end - at < (ptrdiff_t)(head + bulk + 2)))
            break;
        pool_add(pool, at + head, bulk);
        at += head + bulk + 2;
    }
    return at;
}

static enum resp_result parse_array(struct resp_parser *p, const struct resp_limits *limits,
                                    struct resp_pool *pool, const char *data, size_t len,
                                    struct resp_request *out)
{
    const char *at = data, *end = data + len;
    int64_t expected = p->expected, bulk;
    if (likely(!expected)) {
        int n = count_line(at, end, &expected);
        if (unlikely(n == 0)) {
            if (len > RESP_LINE_MAX)
                return bad(p, out, "ERR Protocol error: too big mbulk count string");
            return more(out, len + 1);
        }
        if (unlikely(n < 0 || expected > INT_MAX))
            return bad(p, out, "ERR Protocol error: invalid multibulk length");
        if (unlikely(expected > 10 && !limits->authenticated))
            return bad(p, out, "ERR Protocol error: unauthenticated multibulk length");
        at += n;
    } else {
        at += p->at;
    }
    int64_t left = expected - p->done;
    for (at = short_arguments(pool, at, end, &left); left > 0; left--) {
        if (unlikely(at >= end))
            return unfinished(p, pool, out, data, at, expected, len + 1);
        int n = count_line(at, end, &bulk);
        if (unlikely(n == 0)) {
            if (end - at > RESP_LINE_MAX)
                return bad(p, out, "ERR Protocol error: too big bulk count string");
            return unfinished(p, pool, out, data, at, expected, len + 1);
        }
        if (unlikely(*at != '$'))
            return bad_bulk(p, out, *at);
        if (unlikely(n < 0 || bulk < 0 || (uint64_t)bulk > limits->bulk_max))
            return bad(p, out, "ERR Protocol error: invalid bulk length");
        if (unlikely(bulk > 16384 && !limits->authenticated))
            return bad(p, out, "ERR Protocol error: unauthenticated bulk length");
        if (unlikely((uint64_t)(end - at) < (uint64_t)bulk + (uint64_t)n + 2))
            return unfinished_bulk(p, pool, out, data, at, expected, at + n, (size_t)bulk);
        pool_add(pool, at + n, (size_t)bulk);
        at += n + bulk + 2;
    }
    if (unlikely(p->supplied)) {
        keep(p, pool, out, data, at, expected);
        pool->count = out->first;
    }
    if (unlikely(p->done))
        take_up(p, pool, out->first, data);
    out->argc = pool->count - out->first;
    out->size = (size_t)(at - data);
    if (unlikely(p->expected) && !p->supplied)
        resp_parser_reset(p);
    return RESP_REQUEST;
}

enum resp_result resp_parse(struct resp_parser *p, const struct resp_limits *limits, struct resp_pool *pool,
                            const char *data, size_t len, struct resp_request *out)
{
    out->first = pool->count;
    out->argc = 0;
    if (unlikely(!len))
        return more(out, 1);
    if (likely(*data == '*'))
        return parse_array(p, limits, pool, data, len, out);
    return parse_inline(p, pool, data, len, out);
}
