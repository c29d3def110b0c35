/* bitmap: every function against one that looks at a bit at a time. */
#include "base/mem.h"
#include "base/random.h"
#include "ds/bitmap.h"

#include <criterion/criterion.h>
#include <string.h>

static bool slow_get(const uint8_t *map, uint64_t at)
{
    return map[at / 8] & (128 >> at % 8);
}

/* len bytes of an exact allocation; mostly zeros or ones when `even` is false. Gives. */
static uint8_t *random_map(size_t len, bool even)
{
    uint8_t *map = mem_alloc(len);
    uint8_t fill = random_below(2) ? 0xff : 0;
    for (size_t i = 0; i < len; i++)
        map[i] = even || random_below(50) == 0 ? (uint8_t)random_u64() : fill;
    return map;
}

Test(ds_bitmap, whole_bytes_are_counted)
{
    random_seed(1);
    for (size_t len = 0; len < 700; len++) {
        uint8_t *map = random_map(len, true);
        uint64_t wanted = 0;
        for (size_t i = 0; i < len * 8; i++)
            wanted += slow_get(map, i);
        cr_assert_eq(bitmap_count_bytes(map, len), wanted, "%zu", len);
        mem_free(map);
    }
}

Test(ds_bitmap, ranges_of_bits_are_counted)
{
    random_seed(2);
    for (int round = 0; round < 4000; round++) {
        size_t len = 1 + random_below(300);
        uint8_t *map = random_map(len, true);
        uint64_t first = random_below(len * 8), end = random_below(len * 8 + 1), wanted = 0;
        for (uint64_t i = first; i < end; i++)
            wanted += slow_get(map, i);
        cr_assert_eq(bitmap_count(map, first, end), wanted);
        mem_free(map);
    }
    cr_expect_eq(bitmap_count("", 0, 0), 0);
}

Test(ds_bitmap, first_bit_of_a_kind_is_found)
{
    random_seed(3);
    for (int round = 0; round < 20000; round++) {
        size_t len = 1 + random_below(120);
        uint8_t *map = random_map(len, false);
        uint64_t first = random_below(len * 8), end = random_below(len * 8 + 1), wanted = first;
        bool bit = random_below(2);
        while (wanted < end && slow_get(map, wanted) != bit)
            wanted++;
        cr_assert_eq(bitmap_find(map, first, end, bit), wanted < end ? wanted : BITMAP_NONE);
        mem_free(map);
    }
    cr_expect_eq(bitmap_find("", 0, 0, true), BITMAP_NONE);
}

Test(ds_bitmap, one_bit_is_read_and_written)
{
    uint8_t map[2] = {0};
    bitmap_put(map, 0, true);
    bitmap_put(map, 15, true);
    cr_expect_eq(map[0], 0x80);
    cr_expect_eq(map[1], 0x01);
    cr_expect(bitmap_get(map, 0) && bitmap_get(map, 15) && !bitmap_get(map, 1));
    bitmap_put(map, 0, false);
    cr_expect_eq(map[0], 0);
}

Test(ds_bitmap, fields_of_every_width_at_every_place)
{
    random_seed(4);
    for (int round = 0; round < 50000; round++) {
        unsigned bits = 1 + (unsigned)random_below(64);
        uint64_t at = random_below(100);
        size_t len = (at + bits + 7) / 8;
        uint8_t *map = random_map(len, true);
        uint64_t wanted = 0;
        for (unsigned i = 0; i < bits; i++)
            wanted = wanted << 1 | slow_get(map, at + i);
        cr_assert_eq(bitmap_get_field(map, len, at, bits), wanted);
        uint8_t *before = mem_alloc(len);
        memcpy(before, map, len);
        uint64_t value = random_u64();
        bitmap_put_field(map, at, bits, value);
        cr_assert_eq(bitmap_get_field(map, len, at, bits), bits == 64 ? value : value & ((1ull << bits) - 1));
        for (uint64_t i = 0; i < len * 8; i++)
            cr_assert(i - at < bits || slow_get(map, i) == slow_get(before, i));
        mem_free(before);
        mem_free(map);
    }
}

Test(ds_bitmap, fields_behind_the_end_are_zeros)
{
    uint8_t map[2] = {0xff, 0xff};
    cr_expect_eq(bitmap_get_field(map, 2, 12, 8), 0xf0);
    cr_expect_eq(bitmap_get_field(map, 2, 0, 64), 0xffff000000000000ull);
    cr_expect_eq(bitmap_get_field(map, 2, 16, 64), 0);
    cr_expect_eq(bitmap_get_field(map, 2, 1ull << 40, 64), 0);
    cr_expect_eq(bitmap_get_field(map, 0, 0, 1), 0);
}

Test(ds_bitmap, runs_are_combined_and_inverted)
{
    random_seed(5);
    for (size_t len = 0; len < 300; len++) {
        uint8_t *a = random_map(len, true), *b = random_map(len, true), *to = mem_alloc(len);
        for (int op = BITMAP_AND; op <= BITMAP_XOR; op++) {
            if (len)
                memcpy(to, a, len);
            bitmap_combine((enum bitmap_op)op, to, b, len);
            for (size_t i = 0; i < len; i++)
                cr_assert_eq(to[i], op == BITMAP_AND  ? (a[i] & b[i])
                                    : op == BITMAP_OR ? (a[i] | b[i])
                                                      : (a[i] ^ b[i]));
        }
        bitmap_invert(to, a, len);
        bitmap_invert(b, b, len);
        for (size_t i = 0; i < len; i++)
            cr_assert_eq(to[i], (uint8_t)~a[i]);
        mem_free(a);
        mem_free(b);
        mem_free(to);
    }
}
