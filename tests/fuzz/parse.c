/* Fuzzes the request parser: whatever bytes come, cutting them anywhere changes
 * nothing in what is understood, and after each request, complete, empty or
 * failed, the parser is as new. Bytes lie in blocks of their exact size, so that
 * reading past their end is seen. */
#include "resp/parse.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes down what one request said. */
static void record(struct buf *to, const struct resp_pool *pool, const struct resp_request *r)
{
    buf_printf(to, "%u:", r->argc);
    for (uint32_t i = 0; i < r->argc; i++) {
        struct slice s = pool->argv[r->first + i];
        buf_printf(to, "%zu ", s.len);
        buf_append_slice(to, s);
    }
}

static void must_be_new(const struct resp_parser *p)
{
    must(p->expected == 0 && p->done == 0 && p->at == 0);
}

/* Feeds bytes as they would arrive: each step shows up to `step` more (0: all at once). Gives the record. */
static struct buf feed(const char *bytes, size_t len, unsigned seed, bool cut,
                       const struct resp_limits *limits)
{
    struct buf said = BUF_EMPTY;
    buf_append_char(&said, '^');
    struct resp_parser parser = {0};
    struct resp_pool pool;
    resp_pool_init(&pool);
    size_t start = 0, seen = cut ? 0 : len;
    while (start < len) {
        if (seen <= start)
            seen = start + 1;
        char *block = mem_alloc(seen - start);
        memcpy(block, bytes + start, seen - start);
        struct resp_request r = {.first = pool.count};
        uint32_t before = pool.count;
        enum resp_result result = resp_parse(&parser, limits, &pool, block, seen - start, &r);
        if (result == RESP_REQUEST) {
            must(r.size > 0 && r.size <= seen - start);
            must(r.first == before && pool.count == before + r.argc);
            must_be_new(&parser);
            record(&said, &pool, &r);
            start += r.size;
        } else if (result == RESP_BAD) {
            must_be_new(&parser);
            buf_printf(&said, "!%s", r.error);
            start = len;
        } else {
            must(r.size > seen - start);
            if (seen == len)
                start = len;
            seed = seed * 1103515245 + 12345;
            seen += 1 + (seed >> 16) % 24;
            seen = seen > len ? len : seen;
        }
        mem_free(block);
        resp_pool_reset(&pool);
    }
    resp_parser_deinit(&parser);
    resp_pool_deinit(&pool);
    return said;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct resp_limits limits = {.bulk_max = 1 << 20, .authenticated = data[0] & 1};
    const char *bytes = (const char *)data + 2;
    struct buf whole = feed(bytes, size - 2, 0, false, &limits);
    struct buf cut = feed(bytes, size - 2, data[1], true, &limits);
    must(slice_eq(buf_slice(&whole), buf_slice(&cut)));
    buf_deinit(&whole);
    buf_deinit(&cut);
    return 0;
}
