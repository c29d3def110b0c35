/* parse: a request means the same however it arrives, and costs what it is long. */
#include "resp/parse.h"

#include "base/buf.h"
#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct resp_limits limits = {.bulk_max = 1 << 20, .authenticated = true};

TestSuite(parse, .timeout = 60);

/* A request of `count` arguments: their numbers. */
static struct buf numbers(uint32_t count)
{
    struct buf b = BUF_EMPTY;
    buf_printf(&b, "*%u\r\n", count);
    for (uint32_t i = 0; i < count; i++) {
        char digits[16];
        int len = snprintf(digits, sizeof digits, "%u", i);
        buf_printf(&b, "$%d\r\n%s\r\n", len, digits);
    }
    return b;
}

static void check_numbers(const struct resp_pool *pool, const struct resp_request *r, uint32_t count)
{
    cr_assert_eq(r->argc, count);
    cr_assert_eq(pool->count, r->first + count);
    for (uint32_t i = 0; i < count; i++) {
        char digits[16];
        snprintf(digits, sizeof digits, "%u", i);
        cr_assert(slice_eq(pool->argv[r->first + i], slice_of(digits)), "argument %u", i);
    }
}

Test(parse, a_long_request_in_pieces_is_the_same_and_each_argument_is_read_once)
{
    enum { COUNT = 20000 };
    struct buf b = numbers(COUNT);
    struct resp_parser parser = {0};
    struct resp_pool pool;
    resp_pool_init(&pool);
    struct resp_request r;
    uint32_t others = 5; /* of requests before it in the batch */
    for (size_t seen = 1; seen < b.len; seen += 37) {
        pool.count = others;
        cr_assert_eq(resp_parse(&parser, &limits, &pool, b.data, seen, &r), RESP_MORE);
        cr_assert_gt(r.size, seen);
        cr_assert_eq(pool.count, others);
    }
    /* What was complete before didn't go through the pool again. */
    cr_assert_leq(pool.capacity, 1024);
    cr_assert_eq(resp_parse(&parser, &limits, &pool, b.data, b.len, &r), RESP_REQUEST);
    cr_assert_eq(r.first, others);
    cr_assert_eq(r.size, b.len);
    check_numbers(&pool, &r, COUNT);
    cr_assert_eq(parser.expected, 0);
    cr_assert_leq(parser.kept_capacity, 1024, "a long request's list stays with the client");
    resp_parser_deinit(&parser);
    resp_pool_deinit(&pool);
    buf_deinit(&b);
}

Test(parse, the_bytes_may_move_between_pieces)
{
    enum { COUNT = 40 };
    struct buf b = numbers(COUNT);
    for (size_t cut = 1; cut < b.len; cut++) {
        struct resp_parser parser = {0};
        struct resp_pool pool;
        resp_pool_init(&pool);
        struct resp_request r;
        char *piece = mem_dup(b.data, cut);
        cr_assert_eq(resp_parse(&parser, &limits, &pool, piece, cut, &r), RESP_MORE);
        mem_free(piece);
        cr_assert_eq(resp_parse(&parser, &limits, &pool, b.data, b.len, &r), RESP_REQUEST);
        check_numbers(&pool, &r, COUNT);
        resp_parser_deinit(&parser);
        resp_pool_deinit(&pool);
    }
    buf_deinit(&b);
}

Test(parse, the_longest_bulk_that_can_be_allowed_is_waited_for)
{
    const struct resp_limits any = {.bulk_max = INT64_MAX, .authenticated = true};
    static const char text[] = "*2\r\n$3\r\nGET\r\n$9223372036854775807\r\nabc\r\n";
    struct resp_parser parser = {0};
    struct resp_pool pool;
    resp_pool_init(&pool);
    struct resp_request r;
    cr_assert_eq(resp_parse(&parser, &any, &pool, text, sizeof text - 1, &r), RESP_MORE);
    cr_assert_gt(r.size, (size_t)INT64_MAX);
    cr_assert_eq(resp_parse(&parser, &limits, &pool, text, sizeof text - 1, &r), RESP_BAD);
    resp_parser_deinit(&parser);
    resp_pool_deinit(&pool);
}

Test(parse, a_failed_request_leaves_a_new_parser)
{
    struct buf b = numbers(60);
    struct resp_parser parser = {0};
    struct resp_pool pool;
    resp_pool_init(&pool);
    struct resp_request r;
    size_t half = b.len / 2;
    cr_assert_eq(resp_parse(&parser, &limits, &pool, b.data, half, &r), RESP_MORE);
    cr_assert_gt(parser.done, 0);
    struct buf broken = BUF_EMPTY;
    buf_append(&broken, b.data, parser.at);
    buf_printf(&broken, "x5\r\nhello\r\n");
    cr_assert_eq(resp_parse(&parser, &limits, &pool, broken.data, broken.len, &r), RESP_BAD);
    cr_assert_str_eq(r.error, "ERR Protocol error: expected '$', got 'x'");
    resp_pool_reset(&pool);
    cr_assert_eq(resp_parse(&parser, &limits, &pool, b.data, b.len, &r), RESP_REQUEST);
    check_numbers(&pool, &r, 60);
    resp_parser_deinit(&parser);
    resp_pool_deinit(&pool);
    buf_deinit(&broken);
    buf_deinit(&b);
}
