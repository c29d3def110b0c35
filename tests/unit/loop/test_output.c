/* output: what goes in comes out, at every border between pieces and however the kernel cuts it. */
#include "base/buf.h"
#include "base/mem.h"
#include "loop/output.h"
#include "tests/unit/support/check.h"

#include <stdio.h>
#include <string.h>

/* Takes at most `step` bytes at a time, in vectors of at most `most`. */
static void take(struct output *o, struct buf *into, size_t step, int most)
{
    struct iovec v[64];
    int n;
    while ((n = output_vectors(o, v, most, step)) > 0) {
        size_t total = 0;
        for (int i = 0; i < n; i++) {
            check(v[i].iov_len > 0);
            buf_append(into, v[i].iov_base, v[i].iov_len);
            total += v[i].iov_len;
        }
        check(total <= step);
        size_t before = output_pending(o);
        output_advance(o, total);
        check(output_pending(o) == before - total);
    }
}

static void expect_all(struct output *o, const struct buf *model, size_t step, int most)
{
    struct buf got = BUF_EMPTY;
    check(output_pending(o) == model->len);
    take(o, &got, step, most);
    check(got.len == model->len);
    check(!got.len || memcmp(got.data, model->data, got.len) == 0);
    check(output_pending(o) == 0 && output_empty(o) && o->memory == 0);
    buf_deinit(&got);
}

static char byte_at(size_t i)
{
    return (char)(i * 31 + i / 256 + 7);
}

static void add_bytes(struct output *o, struct buf *model, size_t len)
{
    char *bytes = mem_alloc(len ? len : 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = byte_at(model->len + i);
    output_append(o, bytes, len);
    if (len)
        buf_append(model, bytes, len);
    mem_free(bytes);
}

static void add_reserved(struct output *o, struct buf *model, size_t want, size_t used)
{
    char *p = output_reserve(o, want);
    for (size_t i = 0; i < used; i++)
        p[i] = byte_at(model->len + i);
    buf_append(model, p, used);
    o->pos = p + used;
}

static void add_blob(struct output *o, struct buf *model, size_t len)
{
    struct blob *b = blob_create(len ? len : 1);
    for (size_t i = 0; i < len; i++)
        b->data[i] = byte_at(model->len + i);
    b->len = len;
    output_append_blob(o, b);
    if (len)
        buf_append(model, b->data, len);
    blob_put(b);
}

Test(output, nothing_is_nothing)
{
    struct output o;
    struct iovec v[1];
    output_init(&o);
    cr_expect_eq(output_pending(&o), 0);
    cr_expect(output_empty(&o));
    cr_expect_eq(output_vectors(&o, v, 1, 100), 0);
    output_advance(&o, 0);
    output_append(&o, "", 0);
    cr_expect(output_empty(&o));
    output_deinit(&o);
    output_deinit(&o);
}

Test(output, appends_of_every_length_around_a_chunk)
{
    for (size_t len = 16200; len < 16500; len++) {
        struct output o;
        struct buf model = BUF_EMPTY;
        output_init(&o);
        add_bytes(&o, &model, len);
        add_bytes(&o, &model, 5);
        expect_all(&o, &model, 1 << 20, 64);
        buf_deinit(&model);
    }
}

Test(output, reservations_cross_chunks_whole)
{
    struct output o;
    struct buf model = BUF_EMPTY;
    output_init(&o);
    for (size_t i = 1; i <= 3000; i++)
        add_reserved(&o, &model, 1 + i * 37 % OUTPUT_RESERVE_MAX,
                     1 + i * 37 % OUTPUT_RESERVE_MAX / (1 + i % 3));
    expect_all(&o, &model, 100000, 7);
    buf_deinit(&model);
}

static void fill_mixed(struct output *o, struct buf *model)
{
    add_bytes(o, model, 40);
    add_blob(o, model, 60);
    add_blob(o, model, 1);
    add_bytes(o, model, 3);
    struct output_piece *p = output_defer(o), *q = output_defer(o);
    size_t at = model->len;
    buf_append(model, "*2\r\n*1\r\n", 8);
    add_bytes(o, model, 10);
    output_fill(o, q, "*1\r\n", 4);
    output_fill(o, p, "*2\r\n", 4);
    check(memcmp(model->data + at, "*2\r\n", 4) == 0);
    add_blob(o, model, 17000);
    add_bytes(o, model, 17000);
}

Test(output, partial_writes_at_every_byte)
{
    /* Sent in two parts, cut at each byte; then in steps of each small size. */
    struct buf model = BUF_EMPTY;
    struct output o;
    output_init(&o);
    fill_mixed(&o, &model);
    expect_all(&o, &model, SIZE_MAX, 64);
    size_t total = model.len;
    for (size_t cut = 0; cut <= total; cut += cut < 300 || cut > total - 300 ? 1 : 97) {
        struct buf fresh = BUF_EMPTY, got = BUF_EMPTY;
        output_init(&o);
        fill_mixed(&o, &fresh);
        struct iovec v[64];
        int n = output_vectors(&o, v, 64, cut);
        size_t said = 0;
        for (int i = 0; i < n; i++) {
            buf_append(&got, v[i].iov_base, v[i].iov_len);
            said += v[i].iov_len;
        }
        check(said == cut);
        output_advance(&o, cut);
        check(output_pending(&o) == total - cut);
        take(&o, &got, SIZE_MAX, 64);
        check(got.len == total && memcmp(got.data, fresh.data, total) == 0);
        buf_deinit(&fresh);
        buf_deinit(&got);
    }
    for (size_t step = 1; step <= 40; step++) {
        struct buf fresh = BUF_EMPTY;
        output_init(&o);
        fill_mixed(&o, &fresh);
        expect_all(&o, &fresh, step, 1 + (int)step % 3);
        buf_deinit(&fresh);
    }
    buf_deinit(&model);
}

Test(output, budget_and_number_of_vectors_bound_what_is_described)
{
    struct output o;
    struct buf model = BUF_EMPTY;
    struct iovec v[4];
    output_init(&o);
    for (int i = 0; i < 10; i++)
        add_blob(&o, &model, 100);
    cr_expect_eq(output_vectors(&o, v, 4, 250), 3);
    cr_expect_eq(v[2].iov_len, 50);
    cr_expect_eq(output_vectors(&o, v, 2, 1000), 2);
    cr_expect_eq(output_vectors(&o, v, 4, 0), 0);
    cr_expect_eq(output_pending(&o), 1000);
    output_deinit(&o);
    buf_deinit(&model);
}

Test(output, writing_goes_on_while_part_is_sent)
{
    struct output o;
    struct buf model = BUF_EMPTY, got = BUF_EMPTY;
    output_init(&o);
    for (int i = 0; i < 3000 / CHECK_SCALE; i++) {
        switch (draw_below(4)) {
        case 0:
            add_blob(&o, &model, draw_below(30000));
            break;
        case 1:
            add_bytes(&o, &model, draw_below(20000));
            break;
        default:
            for (int k = 0; k < 20; k++)
                add_reserved(&o, &model, 100, 1 + draw_below(100));
        }
        struct iovec v[8];
        int n = output_vectors(&o, v, 1 + (int)draw_below(8), 1 + draw_below(40000));
        size_t offered = 0, sent, left;
        for (int k = 0; k < n; k++)
            offered += v[k].iov_len;
        sent = left = draw_below(offered + 1);
        for (int k = 0; left; k++) {
            size_t part = left < v[k].iov_len ? left : v[k].iov_len;
            buf_append(&got, v[k].iov_base, part);
            left -= part;
        }
        output_advance(&o, sent);
        check(output_pending(&o) == model.len - got.len);
    }
    take(&o, &got, SIZE_MAX, 64);
    check(got.len == model.len && memcmp(got.data, model.data, got.len) == 0);
    check(output_empty(&o) && o.memory == 0);
    buf_deinit(&got);
    buf_deinit(&model);
}

Test(output, a_blob_is_held_by_reference_and_counted_until_it_is_sent)
{
    struct output o;
    struct blob *b = blob_create(100000);
    b->len = 100000;
    memset(b->data, 'x', b->len);
    output_init(&o);
    output_append_blob(&o, b);
    cr_expect_eq(b->refs, 2);
    cr_expect_geq(o.memory, 100000);
    struct iovec v[1];
    cr_expect_eq(output_vectors(&o, v, 1, SIZE_MAX), 1);
    cr_expect_eq(v[0].iov_base, b->data);
    output_advance(&o, 99999);
    cr_expect_eq(b->refs, 2);
    output_advance(&o, 1);
    cr_expect_eq(b->refs, 1);
    cr_expect_eq(o.memory, 0);

    output_append_blob(&o, b);
    output_deinit(&o);
    cr_expect_eq(b->refs, 1);
    blob_put(b);
}

Test(output, many_blobs_share_chunks)
{
    struct output o;
    struct buf model = BUF_EMPTY;
    output_init(&o);
    for (int i = 0; i < 100; i++)
        add_blob(&o, &model, 10);
    size_t blobs = o.memory;
    cr_expect_lt(blobs, 100 * 100 + 2 * 16384);
    expect_all(&o, &model, SIZE_MAX, 64);
    buf_deinit(&model);
}

Test(output, deferred_pieces_nest_by_the_hundred)
{
    struct output o;
    struct buf model = BUF_EMPTY;
    struct output_piece *open[500];
    char head[OUTPUT_DEFER_MAX];
    output_init(&o);
    for (int i = 0; i < 500; i++) {
        open[i] = output_defer(&o);
        buf_printf(&model, "<%d>", i * i);
        output_append(&o, ".", 1);
        buf_append(&model, ".", 1);
    }
    for (int i = 499; i >= 0; i--)
        output_fill(&o, open[i], head, (size_t)snprintf(head, sizeof head, "<%d>", i * i));
    struct output_piece *none = output_defer(&o);
    output_fill(&o, none, "", 0);
    expect_all(&o, &model, 33, 64);
    buf_deinit(&model);
}

Test(output, the_pool_gives_back)
{
    struct output o;
    struct buf model = BUF_EMPTY;
    output_init(&o);
    add_bytes(&o, &model, 8 << 20);
    output_deinit(&o);
    output_trim_pool(100000);
    output_trim_pool(0);
    add_bytes(&o, &model, 0);
    buf_deinit(&model);
}
