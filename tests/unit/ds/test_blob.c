/* blob: references, growth, and the door for big ones. */
#include "base/mem.h"
#include "ds/blob.h"

#include <criterion/criterion.h>
#include <string.h>

Test(ds_blob, last_put_frees_and_sharing_is_seen)
{
    struct blob *b = blob_create(100);
    cr_expect_eq(b->len, 0);
    cr_expect_geq(b->cap, 100);
    cr_expect_geq(blob_memory(b), sizeof *b + 100);
    cr_expect_not(blob_is_shared(b));
    cr_expect_eq(blob_get(b), b);
    cr_expect(blob_is_shared(b));
    blob_put(b);
    cr_expect_not(blob_is_shared(b));
    blob_put(b);
}

Test(ds_blob, zeroed_ones_are_zero)
{
    struct blob *b = blob_create(100000);
    memset(b->data, 1, b->cap); /* its memory may come again */
    blob_put(b);
    b = blob_create_zeroed(100000);
    cr_expect_eq(b->len, 0);
    for (size_t i = 0; i < 100000; i++)
        cr_assert_eq(b->data[i], 0);
    blob_put(b);
}

Test(ds_blob, growth_keeps_bytes_and_is_geometric)
{
    struct blob *b = blob_create(16);
    unsigned moves = 0;
    for (size_t i = 0; i < 1000000; i++) {
        if (b->cap == b->len) {
            b = blob_grow(b, b->len + 1);
            moves++;
        }
        b->data[b->len++] = (char)i;
    }
    cr_expect_lt(moves, 40);
    for (size_t i = 0; i < b->len; i++)
        cr_assert_eq(b->data[i], (char)i);
    blob_put(b);
}

static unsigned freed;

static void count_and_free(void *p)
{
    freed++;
    mem_free(p);
}

Test(ds_blob, big_ones_leave_through_the_door)
{
    blob_set_free(count_and_free, 1000);
    blob_put(blob_create(999));
    cr_expect_eq(freed, 0);
    blob_put(blob_create(1000));
    cr_expect_eq(freed, 1);
    blob_set_free(NULL, 0);
    blob_put(blob_create(1000));
    cr_expect_eq(freed, 1);
}
