/* rdb_write: what it writes byte by byte, and how it gives full buffers away. What it writes is read back in
 * test_rdb_read.c. */
#include "redis-compat/rdb_write.h"

#include "tests/unit/support/check.h"

#define expect_bytes(w, bytes)                                                                               \
    cr_expect(slice_eq(buf_slice(&(w)->out), slice_make(bytes, sizeof(bytes) - 1)));                         \
    rdb_writer_deinit(w)

Test(rdb_write, lengths_and_strings_as_redis_has_them)
{
    struct rdb_writer w = {.compress = true};
    rdb_write_byte(&w, 7);
    rdb_write_len(&w, 63);
    rdb_write_len(&w, 64);
    rdb_write_len(&w, 16384);
    rdb_write_len(&w, 1ull << 32);
    expect_bytes(&w, "\x07\x3f\x40\x40\x80\x00\x00\x40\x00\x81\x00\x00\x00\x01\x00\x00\x00\x00");
    rdb_write_string(&w, SLICE("hello"));
    rdb_write_string(&w, SLICE("-300"));
    rdb_write_string(&w, SLICE(""));
    expect_bytes(&w, "\x05hello\xc1\xd4\xfe\x00");
}

Test(rdb_write, only_what_gets_shorter_is_compressed)
{
    char alike[100], noise[100];
    for (size_t i = 0; i < 100; i++) {
        alike[i] = 'x';
        noise[i] = (char)draw();
    }
    struct rdb_writer w = {.compress = true};
    rdb_write_string(&w, slice_make(noise, 100));
    cr_expect_eq(w.out.len, 102);
    rdb_write_string(&w, slice_make(alike, 20));
    cr_expect_eq(w.out.len, 102 + 21);
    rdb_write_string(&w, slice_make(alike, 21));
    cr_expect_lt(w.out.len, 102 + 21 + 21);
    size_t before = w.out.len;
    rdb_write_string(&w, slice_make(alike, 100));
    cr_expect_lt(w.out.len, before + 20);
    w.compress = false;
    before = w.out.len;
    rdb_write_string(&w, slice_make(alike, 100));
    cr_expect_eq(w.out.len, before + 102);
    rdb_writer_deinit(&w);
}

static struct buf taken;
static unsigned flushes;

static void take(struct rdb_writer *w)
{
    cr_expect_geq(w->out.len, w->full);
    cr_expect_eq(w->sink, &taken);
    buf_append_slice(&taken, buf_slice(&w->out));
    w->out.len = 0;
    flushes++;
}

static void write_some(struct rdb_writer *w)
{
    char alike[5000];
    memset(alike, 'x', sizeof alike);
    for (unsigned i = 0; i < 1000; i++) {
        rdb_write_len(w, i);
        rdb_write_string(w, slice_make(alike, i));
        rdb_write_string(w, SLICE("12"));
        rdb_write_double(w, i);
    }
}

Test(rdb_write, full_buffers_are_given_away)
{
    struct rdb_writer whole = {.compress = false};
    struct rdb_writer cut = {.compress = false, .flush = take, .full = 1000, .sink = &taken};
    write_some(&whole);
    write_some(&cut);
    cr_expect_gt(flushes, 100);
    cr_expect_lt(cut.out.cap, 10000);
    buf_append_slice(&taken, buf_slice(&cut.out));
    cr_expect(slice_eq(buf_slice(&taken), buf_slice(&whole.out)));
    rdb_writer_deinit(&whole);
    rdb_writer_deinit(&cut);
    buf_deinit(&taken);
}
