/* reply: every element in RESP2 and RESP3, byte for byte. */
#include "base/buf.h"
#include "base/mem.h"
#include "resp/reply.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

static struct output out;
static struct reply r2, r3;

static void setup(void)
{
    output_init(&out);
    r2 = (struct reply){.output = &out, .protocol = 2};
    r3 = (struct reply){.output = &out, .protocol = 3};
}

static void teardown(void)
{
    output_deinit(&out);
}

TestSuite(reply, .init = setup, .fini = teardown, .timeout = 60);

/* Takes what was written. */
static struct buf written(void)
{
    struct buf b = BUF_EMPTY;
    struct iovec v[16];
    int n;
    while ((n = output_vectors(&out, v, 16, SIZE_MAX)) > 0) {
        size_t total = 0;
        for (int i = 0; i < n; i++) {
            buf_append(&b, v[i].iov_base, v[i].iov_len);
            total += v[i].iov_len;
        }
        output_advance(&out, total);
    }
    return b;
}

static void expect_bytes_at(int line, const char *want, size_t len)
{
    struct buf b = written();
    cr_expect(b.len == len && (!len || memcmp(b.data, want, len) == 0), "line %d: got '%.*s', wanted '%.*s'",
              line, (int)b.len, b.data ? b.data : "", (int)len, want);
    buf_deinit(&b);
}

#define wrote(lit) expect_bytes_at(__LINE__, "" lit, sizeof(lit) - 1)

Test(reply, status_and_raw)
{
    reply_ok(&r2);
    reply_ok(&r3);
    wrote("+OK\r\n+OK\r\n");
    reply_status(&r2, "QUEUED");
    reply_status(&r3, "");
    wrote("+QUEUED\r\n+\r\n");
    reply_raw(&r2, SLICE("*1\r\n:1\r\n"));
    reply_raw(&r2, SLICE(""));
    wrote("*1\r\n:1\r\n");
}

Test(reply, integers_of_every_length)
{
    struct buf want = BUF_EMPTY;
    int64_t v = 0;
    for (int digits = 0; digits < 20; digits++) {
        const int64_t near[] = {v - 1, v, v + 1, -v, -v - 1, 7 * (v / 10)};
        for (int i = 0; i < 6; i++) {
            reply_int(i & 1 ? &r3 : &r2, near[i]);
            buf_printf(&want, ":%lld\r\n", (long long)near[i]);
        }
        v = v ? v < INT64_MAX / 10 ? v * 10 : INT64_MAX - 1 : 1;
    }
    reply_int(&r2, INT64_MIN);
    reply_int(&r2, INT64_MAX);
    buf_printf(&want, ":-9223372036854775808\r\n:9223372036854775807\r\n");
    expect_bytes_at(__LINE__, want.data, want.len);
    buf_deinit(&want);
    reply_bulk_int(&r2, -120);
    reply_bulk_int(&r3, INT64_MIN);
    wrote("$4\r\n-120\r\n$20\r\n-9223372036854775808\r\n");
}

Test(reply, bulks_of_every_length)
{
    char *bytes = mem_alloc(70000);
    for (size_t i = 0; i < 70000; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    for (size_t len = 0; len < 70000; len += len < 1100 ? 1 : len < 16500 && len > 16300 ? 1 : 997) {
        struct buf want = BUF_EMPTY;
        reply_bulk(&r2, slice_make(bytes, len));
        reply_bulk(&r3, slice_make(bytes, len));
        for (int i = 0; i < 2; i++) {
            buf_printf(&want, "$%zu\r\n", len);
            if (len)
                buf_append(&want, bytes, len);
            buf_printf(&want, "\r\n");
        }
        struct buf got = written();
        cr_assert(got.len == want.len && memcmp(got.data, want.data, got.len) == 0, "length %zu", len);
        buf_deinit(&want);
        buf_deinit(&got);
    }
    mem_free(bytes);
    reply_bulk(&r2, (struct slice){NULL, 0});
    reply_bulk(&r2, SLICE("a\r\n\0b"));
    reply_bulk_text(&r2, "text");
    reply_bulk_printf(&r3, "%s=%d", "x", 5);
    wrote("$0\r\n\r\n$5\r\na\r\n\0b\r\n$4\r\ntext\r\n$3\r\nx=5\r\n");
}

Test(reply, blobs_are_copied_when_small_and_referenced_when_big)
{
    for (size_t len = 0; len < 100000; len = len * 3 + 1) {
        struct blob *b = blob_create(len + 1);
        b->len = len;
        memset(b->data, 'v', len);
        reply_bulk_blob(&r2, b);
        cr_expect_eq(blob_is_shared(b), len >= 4096);
        struct buf got = written(), want = BUF_EMPTY;
        buf_printf(&want, "$%zu\r\n%.*s\r\n", len, (int)len, b->data);
        cr_expect(got.len == want.len && memcmp(got.data, want.data, got.len) == 0);
        buf_deinit(&got);
        buf_deinit(&want);
        cr_expect_not(blob_is_shared(b));
        blob_put(b);
    }
}

Test(reply, nothing)
{
    reply_null(&r2);
    reply_null_array(&r2);
    wrote("$-1\r\n*-1\r\n");
    reply_null(&r3);
    reply_null_array(&r3);
    wrote("_\r\n_\r\n");
}

Test(reply, booleans)
{
    reply_bool(&r2, true);
    reply_bool(&r2, false);
    reply_bool(&r3, true);
    reply_bool(&r3, false);
    wrote(":1\r\n:0\r\n#t\r\n#f\r\n");
}

Test(reply, doubles)
{
    reply_double(&r2, 1.5);
    reply_double(&r2, -3);
    reply_double(&r2, INFINITY);
    reply_double(&r2, -INFINITY);
    reply_double(&r2, NAN);
    wrote("$3\r\n1.5\r\n$2\r\n-3\r\n$3\r\ninf\r\n$4\r\n-inf\r\n$3\r\nnan\r\n");
    reply_double(&r3, 0.1);
    reply_double(&r3, 0);
    reply_double(&r3, INFINITY);
    reply_double(&r3, -INFINITY);
    reply_double(&r3, NAN);
    wrote(",0.1\r\n,0\r\n,inf\r\n,-inf\r\n,nan\r\n");
    reply_bulk_long_double(&r2, 10.5L);
    reply_bulk_long_double(&r3, 3.0L);
    wrote("$4\r\n10.5\r\n$1\r\n3\r\n");
}

Test(reply, big_numbers_and_verbatim)
{
    reply_big_number(&r2, SLICE("12345678901234567890"));
    reply_big_number(&r3, SLICE("-12345678901234567890"));
    wrote("$20\r\n12345678901234567890\r\n(-12345678901234567890\r\n");
    reply_verbatim(&r2, "txt", SLICE("hello"));
    reply_verbatim(&r3, "txt", SLICE("hello"));
    reply_verbatim(&r3, "mkd", SLICE(""));
    wrote("$5\r\nhello\r\n=9\r\ntxt:hello\r\n=4\r\nmkd:\r\n");
}

Test(reply, aggregates)
{
    reply_array(&r2, 0);
    reply_array(&r2, 9);
    reply_array(&r2, 10);
    reply_array(&r3, 1000000);
    wrote("*0\r\n*9\r\n*10\r\n*1000000\r\n");
    reply_map(&r2, 3);
    reply_map(&r3, 3);
    reply_set(&r2, 3);
    reply_set(&r3, 3);
    reply_push(&r2, 3);
    reply_push(&r3, 3);
    reply_attribute(&r3, 1);
    wrote("*6\r\n%3\r\n*3\r\n~3\r\n*3\r\n>3\r\n|1\r\n");
}

Test(reply, deferred_aggregates_nest)
{
    struct reply *rs[2] = {&r2, &r3};
    for (int i = 0; i < 2; i++) {
        struct output_piece *outer = reply_defer(rs[i]);
        reply_int(rs[i], 1);
        struct output_piece *map = reply_defer(rs[i]);
        reply_bulk(rs[i], SLICE("k"));
        struct output_piece *set = reply_defer(rs[i]);
        reply_set_end(rs[i], set, 0);
        reply_map_end(rs[i], map, 1);
        reply_array_end(rs[i], outer, 2);
    }
    wrote("*2\r\n:1\r\n*2\r\n$1\r\nk\r\n*0\r\n"
          "*2\r\n:1\r\n%1\r\n$1\r\nk\r\n~0\r\n");
}

Test(reply, errors_are_one_line_and_counted)
{
    reply_error(&r2, ERROR_SYNTAX);
    cr_expect_str_eq(r2.last_error, "ERR");
    reply_error(&r2, ERROR_WRONG_TYPE);
    cr_expect_str_eq(r2.last_error, "WRONGTYPE");
    reply_errorf(&r2, "ERR unknown command '%s'", "a\r\nb\n");
    cr_expect_eq(r2.errors, 3);
    wrote("-ERR syntax error\r\n"
          "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
          "-ERR unknown command 'a  b '\r\n");
    reply_error(&r3, "NOSPACE");
    cr_expect_str_eq(r3.last_error, "ERR");
    reply_error(&r3, "AVERYLONGFIRSTWORDTHATISNOTACODEOFANYKIND x");
    cr_expect_str_eq(r3.last_error, "ERR");
    wrote("-NOSPACE\r\n-AVERYLONGFIRSTWORDTHATISNOTACODEOFANYKIND x\r\n");
}

Test(reply, without_an_output_everything_is_swallowed_but_errors_count)
{
    struct reply r = {.protocol = 3};
    struct blob *b = blob_create(5000);
    b->len = 5000;
    reply_ok(&r);
    reply_status(&r, "x");
    reply_int(&r, 1);
    reply_int(&r, 1000);
    reply_bulk(&r, SLICE("x"));
    reply_bulk_text(&r, "x");
    reply_bulk_int(&r, 5);
    reply_bulk_printf(&r, "%d", 5);
    reply_bulk_blob(&r, b);
    reply_null(&r);
    reply_null_array(&r);
    reply_bool(&r, true);
    reply_double(&r, 1);
    reply_bulk_long_double(&r, 1);
    reply_big_number(&r, SLICE("1"));
    reply_verbatim(&r, "txt", SLICE("x"));
    reply_array(&r, 1);
    reply_array(&r, 100);
    reply_map(&r, 1);
    reply_set(&r, 1);
    reply_attribute(&r, 1);
    reply_push(&r, 1);
    reply_raw(&r, SLICE("x"));
    struct output_piece *p = reply_defer(&r);
    reply_array_end(&r, p, 1);
    reply_map_end(&r, p, 1);
    reply_set_end(&r, p, 1);
    reply_error(&r, "ERR x");
    cr_expect_eq(r.errors, 1);
    cr_expect_eq(b->refs, 1);
    blob_put(b);
}
