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

/* ---- big arguments ------------------------------------------------------------- */

enum { BIGS = 3 };

/* A request with big arguments among small ones, and what follows it. */
struct big_request {
    struct buf bytes;                /* as a client sends it, with a second request behind it */
    struct slice args[2 + 2 * BIGS]; /* of bytes */
    uint32_t argc;
    size_t size; /* of the request */
};

static void say_argument(struct big_request *b, size_t at[], char fill, size_t len)
{
    buf_printf(&b->bytes, "$%zu\r\n", len);
    at[b->argc] = b->bytes.len;
    b->args[b->argc++].len = len;
    memset(buf_reserve(&b->bytes, len), fill, len);
    b->bytes.len += len;
    buf_append(&b->bytes, "\r\n", 2);
}

/* Small and big arguments take turns; the last one is big or small. */
static struct big_request big_request(bool ends_big)
{
    static const size_t lens[BIGS] = {RESP_BIG, RESP_BIG + 1, RESP_BIG * 2 - 1};
    struct big_request b = {0};
    size_t at[2 + 2 * BIGS];
    buf_printf(&b.bytes, "*%d\r\n", 1 + 2 * BIGS + !ends_big);
    say_argument(&b, at, 'N', 4);
    for (unsigned i = 0; i < BIGS; i++) {
        say_argument(&b, at, (char)('k' + i), i * 3);
        say_argument(&b, at, (char)('A' + i), lens[i]);
    }
    if (!ends_big)
        say_argument(&b, at, 'z', 9);
    b.size = b.bytes.len;
    for (uint32_t i = 0; i < b.argc; i++)
        b.args[i].ptr = b.bytes.data + at[i];
    buf_append(&b.bytes, "*1\r\n$4\r\nPING\r\n", 14);
    return b;
}

/* A caller as turn.c is one: the bytes come `piece` at a time, big arguments are taken aside. */
struct taker {
    struct buf input;
    struct buf blob[BIGS];
    unsigned taken;
    size_t missing; /* of blob[taken], CR LF included */
};

static void take(struct taker *t, const struct resp_request *r)
{
    struct buf *blob = &t->blob[t->taken];
    size_t have = t->input.len - r->big_at;
    cr_assert_lt(have, r->big_len + 2);
    cr_assert_eq(r->size, r->big_at + r->big_len + 2);
    buf_reserve(blob, r->big_len + 2);
    buf_append(blob, t->input.data + r->big_at, have);
    t->input.len = r->big_at;
    t->missing = r->big_len + 2 - have;
}

static enum resp_result feed(struct taker *t, struct resp_parser *p, struct resp_pool *pool,
                             struct slice *from, size_t piece, struct resp_request *r)
{
    while (from->len) {
        size_t n = from->len < piece ? from->len : piece;
        if (t->missing && n > t->missing)
            n = t->missing;
        buf_append(t->missing ? &t->blob[t->taken] : &t->input, from->ptr, n);
        *from = slice_make(from->ptr + n, from->len - n);
        if (t->missing && (t->missing -= n))
            continue;
        struct buf *blob = &t->blob[t->taken];
        if (blob->len) {
            resp_supply(p, blob->data, blob->len - 2, t->input.len);
            t->taken++;
        }
        enum resp_result result = resp_parse(p, &limits, pool, t->input.data, t->input.len, r);
        if (result != RESP_MORE)
            return result;
        if (r->big_len)
            take(t, r);
    }
    return RESP_MORE;
}

static void check_big(const struct big_request *b, const struct resp_pool *pool, const struct resp_request *r)
{
    cr_assert_eq(r->argc, b->argc);
    cr_assert_eq(pool->count, r->first + b->argc);
    for (uint32_t i = 0; i < b->argc; i++)
        cr_assert(slice_eq(pool->argv[r->first + i], b->args[i]), "argument %u", i);
}

static void feed_in_pieces(const struct big_request *b, size_t piece)
{
    struct resp_parser parser = {0};
    struct resp_pool pool;
    resp_pool_init(&pool);
    struct taker t = {0};
    struct resp_request r;
    struct slice from = buf_slice(&b->bytes);
    cr_assert_eq(feed(&t, &parser, &pool, &from, piece, &r), RESP_REQUEST, "in pieces of %zu", piece);
    check_big(b, &pool, &r);
    /* It can be had again, from bytes that have moved and grown, and the next one follows once it is forgotten. */
    buf_append_slice(&t.input, from);
    struct buf moved = BUF_EMPTY;
    buf_append_slice(&moved, buf_slice(&t.input));
    buf_deinit(&t.input);
    for (int i = 0; i < 2; i++) {
        struct resp_request again;
        cr_assert_eq(resp_parse(&parser, &limits, &pool, moved.data, moved.len, &again), RESP_REQUEST);
        cr_assert_eq(again.size, r.size);
        check_big(b, &pool, &again);
    }
    resp_parser_reset(&parser);
    resp_pool_reset(&pool);
    cr_assert_eq(resp_parse(&parser, &limits, &pool, moved.data + r.size, moved.len - r.size, &r),
                 RESP_REQUEST);
    cr_assert_eq(r.argc, 1);
    cr_assert(slice_eq(pool.argv[0], SLICE("PING")));
    cr_assert_eq(r.size, b->bytes.len - b->size);
    for (unsigned i = 0; i < t.taken; i++)
        buf_deinit(&t.blob[i]);
    buf_deinit(&moved);
    resp_parser_deinit(&parser);
    resp_pool_deinit(&pool);
}

Test(parse, big_arguments_may_be_taken_aside)
{
    for (int ends_big = 0; ends_big < 2; ends_big++) {
        struct big_request b = big_request(ends_big);
        static const size_t pieces[] = {1,    2,     3,     5,     7,     11,    13,
                                        1000, 16384, 65535, 65536, 65537, 70001, 131072};
        for (unsigned i = 0; i < sizeof pieces / sizeof *pieces; i++)
            feed_in_pieces(&b, pieces[i]);
        buf_deinit(&b.bytes);
    }
}

static void feed_cut_at(const struct big_request *b, size_t cut)
{
    struct resp_parser parser = {0};
    struct resp_pool pool;
    resp_pool_init(&pool);
    struct taker t = {0};
    struct resp_request r;
    struct slice head = slice_make(b->bytes.data, cut);
    struct slice tail = slice_make(b->bytes.data + cut, b->bytes.len - cut);
    cr_assert_eq(feed(&t, &parser, &pool, &head, SIZE_MAX, &r), RESP_MORE);
    cr_assert_eq(feed(&t, &parser, &pool, &tail, SIZE_MAX, &r), RESP_REQUEST);
    check_big(b, &pool, &r);
    for (unsigned i = 0; i < t.taken; i++)
        buf_deinit(&t.blob[i]);
    buf_deinit(&t.input);
    resp_parser_deinit(&parser);
    resp_pool_deinit(&pool);
}

/* The first piece ends at each place around the borders of arguments, the second brings the rest. */
Test(parse, big_arguments_cut_at_their_borders)
{
    struct big_request b = big_request(false);
    for (uint32_t i = 0; i < b.argc; i++) {
        size_t begin = (size_t)(b.args[i].ptr - b.bytes.data), end = begin + b.args[i].len;
        for (size_t cut = begin - 8; cut < begin + 8 && cut < b.size; cut++)
            feed_cut_at(&b, cut);
        for (size_t cut = end - 8; cut < end + 8 && cut < b.size; cut++)
            feed_cut_at(&b, cut);
    }
    buf_deinit(&b.bytes);
}

Test(parse, a_big_argument_needs_not_be_taken)
{
    struct big_request b = big_request(true);
    struct resp_parser parser = {0};
    struct resp_pool pool;
    resp_pool_init(&pool);
    struct resp_request r;
    for (size_t seen = 1; seen < b.size; seen += 1001)
        cr_assert_eq(resp_parse(&parser, &limits, &pool, b.bytes.data, seen, &r), RESP_MORE);
    cr_assert_eq(resp_parse(&parser, &limits, &pool, b.bytes.data, b.size, &r), RESP_REQUEST);
    check_big(&b, &pool, &r);
    cr_assert_eq(parser.expected, 0, "nothing was supplied, so nothing is kept");
    resp_parser_deinit(&parser);
    resp_pool_deinit(&pool);
    buf_deinit(&b.bytes);
}

Test(parse, only_big_arguments_are_offered)
{
    struct resp_parser parser = {0};
    struct resp_pool pool;
    resp_pool_init(&pool);
    struct resp_request r;
    char text[64];
    for (size_t len = RESP_BIG - 1; len <= RESP_BIG; len++) {
        int n = snprintf(text, sizeof text, "*2\r\n$3\r\nGET\r\n$%zu\r\n", len);
        cr_assert_eq(resp_parse(&parser, &limits, &pool, text, (size_t)n, &r), RESP_MORE);
        cr_assert_eq(r.big_len, len < RESP_BIG ? 0 : len);
        cr_assert_eq(r.big_at, len < RESP_BIG ? 0 : (size_t)n);
        resp_parser_reset(&parser);
    }
    /* Above the limit it is an error and not taken. */
    int n =
        snprintf(text, sizeof text, "*2\r\n$3\r\nGET\r\n$%llu\r\n", (unsigned long long)limits.bulk_max + 1);
    cr_assert_eq(resp_parse(&parser, &limits, &pool, text, (size_t)n, &r), RESP_BAD);
    resp_parser_deinit(&parser);
    resp_pool_deinit(&pool);
}

Test(parse, a_request_that_fails_behind_a_big_argument_leaves_a_new_parser)
{
    static const char head[] = "*3\r\n$3\r\nSET\r\n$65536\r\n", tail[] = "!1\r\n";
    char *big = mem_zalloc(1, RESP_BIG);
    struct resp_parser parser = {0};
    struct resp_pool pool;
    resp_pool_init(&pool);
    struct resp_request r;
    struct buf input = BUF_EMPTY;
    buf_append(&input, head, sizeof head - 1);
    cr_assert_eq(resp_parse(&parser, &limits, &pool, input.data, input.len, &r), RESP_MORE);
    cr_assert_eq(r.big_at, input.len);
    resp_supply(&parser, big, RESP_BIG, input.len);
    buf_append(&input, tail, sizeof tail - 1);
    cr_assert_eq(resp_parse(&parser, &limits, &pool, input.data, input.len, &r), RESP_BAD);
    resp_pool_reset(&pool);
    cr_assert_eq(resp_parse(&parser, &limits, &pool, "*1\r\n$1\r\na\r\n", 11, &r), RESP_REQUEST);
    cr_assert_eq(r.argc, 1);
    mem_free(big);
    buf_deinit(&input);
    resp_parser_deinit(&parser);
    resp_pool_deinit(&pool);
}
