/* compact: every form and every encoding in it, and nothing else gets through. */
#include "redis-compat/compact.h"

#include "tests/unit/support/check.h"

#include <stdio.h>

#define BYTES(...) (const char[]){__VA_ARGS__}, sizeof((const char[]){__VA_ARGS__})

/* The elements as "text,text,"; "bad" where the form is damaged. Bytes lie in a block of their exact size. */
static char *elements(enum compact_form form, const char *bytes, size_t len)
{
    static char said[1 << 16];
    char *block = malloc(len ? len : 1), digits[COMPACT_DIGITS];
    struct compact c;
    struct compact_item item;
    size_t at = 0;
    memcpy(block, bytes, len);
    said[0] = 0;
    if (!compact_open(&c, form, slice_make(block, len))) {
        free(block);
        return strcpy(said, "bad");
    }
    enum compact_result result;
    while ((result = compact_next(&c, &item)) == COMPACT_ITEM) {
        struct slice text = compact_text(&item, digits);
        if (text.len < 100)
            at += (size_t)snprintf(said + at, sizeof said - at, "%.*s,", (int)text.len, text.ptr);
        else
            at += (size_t)snprintf(said + at, sizeof said - at, "(%zu),", text.len);
    }
    free(block);
    return result == COMPACT_BAD ? strcpy(said, "bad") : said;
}

#define expect_elements(form, text, ...) cr_expect_str_eq(elements(form, BYTES(__VA_ARGS__)), text)

/* ---- listpack ---- */

Test(compact, listpack_elements_of_every_encoding_come_back)
{
    static const int64_t numbers[] = {0,
                                      1,
                                      127,
                                      128,
                                      4095,
                                      4096,
                                      -1,
                                      -4096,
                                      -4097,
                                      32767,
                                      32768,
                                      -32768,
                                      -32769,
                                      8388607,
                                      8388608,
                                      -8388608,
                                      -8388609,
                                      INT32_MAX,
                                      INT32_MIN,
                                      (int64_t)INT32_MAX + 1,
                                      (int64_t)INT32_MIN - 1,
                                      INT64_MAX,
                                      INT64_MIN};
    static const size_t lengths[] = {0,   1,    10,   62,    63,    64,      100,    126,
                                     127, 4095, 4096, 16380, 20000, 2097150, 3000000};
    struct buf b = BUF_EMPTY;
    char *text = malloc(3000000);
    memset(text, 'x', 3000000);
    listpack_open(&b);
    uint64_t count = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++, count++)
        listpack_add_int(&b, numbers[i]);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++, count++)
        listpack_add(&b, slice_make(text, lengths[i]));
    listpack_close(&b, count);

    struct compact c;
    struct compact_item item;
    cr_assert(compact_open(&c, COMPACT_LISTPACK, buf_slice(&b)));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        cr_assert_eq(compact_next(&c, &item), COMPACT_ITEM);
        cr_expect(item.is_int && item.number == numbers[i], "%lld", (long long)numbers[i]);
    }
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        cr_assert_eq(compact_next(&c, &item), COMPACT_ITEM);
        cr_expect(!item.is_int && slice_eq(item.text, slice_make(text, lengths[i])), "%zu", lengths[i]);
    }
    cr_expect_eq(compact_next(&c, &item), COMPACT_END);
    buf_deinit(&b);
    free(text);
}

Test(compact, listpack_holds_digits_as_integers_only_when_canonical)
{
    struct buf b = BUF_EMPTY;
    static const char *const texts[] = {"12", "-5", "012", "+1", "-0", "9223372036854775808", " 1", "1.5"};
    listpack_open(&b);
    for (int i = 0; i < 8; i++)
        listpack_add(&b, slice_of(texts[i]));
    listpack_close(&b, 8);
    cr_expect_str_eq(elements(COMPACT_LISTPACK, b.data, b.len),
                     "12,-5,012,+1,-0,9223372036854775808, 1,1.5,");
    buf_deinit(&b);
}

Test(compact, listpack_of_more_elements_than_its_header_counts)
{
    struct buf b = BUF_EMPTY;
    struct compact c;
    struct compact_item item;
    for (uint64_t most = 65534; most <= 65536; most++) {
        listpack_open(&b);
        for (uint64_t i = 0; i < most; i++)
            listpack_add_int(&b, (int64_t)i);
        listpack_close(&b, most);
        cr_assert(compact_open(&c, COMPACT_LISTPACK, buf_slice(&b)));
        cr_expect_eq(c.count, most < 65535 ? most : COMPACT_UNCOUNTED);
        for (uint64_t i = 0; i < most; i++)
            check(compact_next(&c, &item) == COMPACT_ITEM && item.number == (int64_t)i);
        cr_expect_eq(compact_next(&c, &item), COMPACT_END);
    }
    buf_deinit(&b);
}

Test(compact, listpack_as_redis_writes_it)
{
    /* RPUSH k a 1 -1 hello 300 */
    expect_elements(COMPACT_LISTPACK, "a,1,-1,hello,300,", 25, 0, 0, 0, 5, 0, '\x81', 'a', 2, 1, 1, '\xdf',
                    '\xff', 2, '\x85', 'h', 'e', 'l', 'l', 'o', 6, '\xc1', '\x2c', 2, '\xff');
}

Test(compact, listpack_damages_are_seen)
{
#define LP COMPACT_LISTPACK
    expect_elements(LP, "", 7, 0, 0, 0, 0, 0, '\xff');
    expect_elements(LP, "a,", 10, 0, 0, 0, 1, 0, '\x81', 'a', 2, '\xff');
    expect_elements(LP, "bad", 7, 0, 0, 0, 0, 0);         /* short */
    expect_elements(LP, "bad", 8, 0, 0, 0, 0, 0, '\xff'); /* another size */
    expect_elements(LP, "bad", 7, 0, 0, 0, 0, 0, 0);      /* no end */
    expect_elements(LP, "bad", 7, 0, 0, 0, 1, 0, '\xff'); /* another count */
    expect_elements(LP, "bad", 10, 0, 0, 0, 2, 0, '\x81', 'a', 2, '\xff');
    expect_elements(LP, "a,", 10, 0, 0, 0, '\xff', '\xff', '\x81', 'a', 2, '\xff'); /* no count */
    expect_elements(LP, "bad", 10, 0, 0, 0, 1, 0, '\x81', 'a', 3, '\xff');          /* another size behind */
    expect_elements(LP, "bad", 10, 0, 0, 0, 1, 0, '\x82', 'a', 2, '\xff');          /* reaches over the end */
    expect_elements(LP, "bad", 9, 0, 0, 0, 1, 0, '\x81', 'a', '\xff');
    expect_elements(LP, "bad", 8, 0, 0, 0, 1, 0, '\xe0', '\xff');
    expect_elements(LP, "bad", 9, 0, 0, 0, 1, 0, '\xf0', 0, '\xff');
    expect_elements(LP, "bad", 13, 0, 0, 0, 1, 0, '\xf0', '\xff', '\xff', '\xff', '\xff', 5, '\xff');
    for (int h = 0xf5; h <= 0xff; h++) /* no encoding */
        expect_elements(LP, "bad", 9, 0, 0, 0, 1, 0, (char)h, 1, '\xff');
#undef LP
}

/* ---- ziplist ---- */

Test(compact, ziplist_elements_of_every_encoding_come_back)
{
    expect_elements(COMPACT_ZIPLIST,
                    "a,0,12,-1,-300,-70000,-8388608,-2147483648,-9223372036854775808,b,", /* */
                    62, 0, 0, 0, 50, 0, 0, 0, 10, 0,                                      /* header */
                    0, 1, 'a',                                                            /* 6-bit length */
                    3, '\xf1', 2, '\xfd',                                                 /* 0 and 12 */
                    2, '\xfe', '\xff',                                                    /* 8 bits */
                    3, '\xc0', '\xd4', '\xfe',                                            /* 16 */
                    4, '\xf0', '\x90', '\xee', '\xfe',                                    /* 24 */
                    5, '\xf0', 0, 0, '\x80',                                              /* 24, the least */
                    5, '\xd0', 0, 0, 0, '\x80',                                           /* 32 */
                    6, '\xe0', 0, 0, 0, 0, 0, 0, 0, '\x80',                               /* 64 */
                    '\xfe', 10, 0, 0, 0, '\x80', 0, 0, 0, 1, 'b', '\xff'); /* sizes in five bytes */
}

static char *ziplist_of_one(size_t len, unsigned head_len, const char *head)
{
    size_t total = 10 + 1 + head_len + len + 1;
    char *z = malloc(total);
    memset(z, 'x', total);
    uint32_t size = (uint32_t)total, tail = 10;
    uint16_t count = 1;
    memcpy(z, &size, 4);
    memcpy(z + 4, &tail, 4);
    memcpy(z + 8, &count, 2);
    z[10] = 0;
    memcpy(z + 11, head, head_len);
    z[total - 1] = '\xff';
    char *said = elements(COMPACT_ZIPLIST, z, total);
    free(z);
    return said;
}

Test(compact, ziplist_lengths_of_strings)
{
    cr_expect_str_eq(ziplist_of_one(300, 2, "\x41\x2c"), "(300),");
    cr_expect_str_eq(ziplist_of_one(16383, 2, "\x7f\xff"), "(16383),");
    cr_expect_str_eq(ziplist_of_one(16384, 5, "\x80\0\0\x40\0"), "(16384),");
    cr_expect_str_eq(ziplist_of_one(16384, 5, "\x80\0\0\x40\x01"), "bad");
    cr_expect_str_eq(ziplist_of_one(16384, 5, "\x80\xff\xff\xff\xff"), "bad");
    cr_expect_str_eq(ziplist_of_one(300, 2, "\x41\x2b"), "bad");
}

Test(compact, ziplist_damages_are_seen)
{
#define ZL COMPACT_ZIPLIST
    expect_elements(ZL, "", 11, 0, 0, 0, 10, 0, 0, 0, 0, 0, '\xff');
    expect_elements(ZL, "5,6,", 15, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, '\xf6', 2, '\xf7', '\xff');
    expect_elements(ZL, "5,6,", 15, 0, 0, 0, 12, 0, 0, 0, '\xff', '\xff', 0, '\xf6', 2, '\xf7', '\xff');
    expect_elements(ZL, "bad", 14, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, '\xf6', 2, '\xf7', '\xff'); /* size */
    expect_elements(ZL, "bad", 15, 0, 0, 0, 10, 0, 0, 0, 2, 0, 0, '\xf6', 2, '\xf7', '\xff'); /* last */
    expect_elements(ZL, "bad", 15, 0, 0, 0, 99, 0, 0, 0, 2, 0, 0, '\xf6', 2, '\xf7', '\xff');
    expect_elements(ZL, "bad", 15, 0, 0, 0, 9, 0, 0, 0, 2, 0, 0, '\xf6', 2, '\xf7', '\xff');
    expect_elements(ZL, "bad", 15, 0, 0, 0, 12, 0, 0, 0, 3, 0, 0, '\xf6', 2, '\xf7', '\xff'); /* count */
    expect_elements(ZL, "bad", 15, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, '\xf6', 3, '\xf7', '\xff'); /* before */
    expect_elements(ZL, "bad", 15, 0, 0, 0, 12, 0, 0, 0, 2, 0, 1, '\xf6', 2, '\xf7', '\xff');
    expect_elements(ZL, "bad", 15, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, '\xf6', 2, '\xf7', 0); /* end */
    for (int h = 0xc1; h <= 0xff; h++)                                                   /* no encoding */
        if (h != 0xd0 && h != 0xe0 && h != 0xf0 && !(h >= 0xf1 && h <= 0xfe))
            expect_elements(ZL, "bad", 20, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, (char)h, 1, 1, 1, 1, 1, 1, 1,
                            '\xff');
    expect_elements(ZL, "bad", 12, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, '\xff');
    expect_elements(ZL, "bad", 12, 0, 0, 0, 10, 0, 0, 0, 1, 0, '\xfe', '\xff');
    expect_elements(ZL, "bad", 13, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, '\xc0', '\xff');
    expect_elements(ZL, "bad", 13, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, '\x40', '\xff');
    expect_elements(ZL, "bad", 13, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, '\x80', '\xff');
#undef ZL
}

/* ---- zipmap ---- */

Test(compact, zipmap_fields_and_values)
{
#define ZM COMPACT_ZIPMAP
    expect_elements(ZM, "f,12,gg,,", 2, 1, 'f', 2, 1, '1', '2', '?', 2, 'g', 'g', 0, 0, '\xff');
    expect_elements(ZM, "f,12,", '\xfe', 1, 'f', 2, 0, '1', '2', '\xff'); /* not counted */
    expect_elements(ZM, "", 0, '\xff');
    expect_elements(ZM, "bad", 0);
    expect_elements(ZM, "bad", 0, 0);
    expect_elements(ZM, "bad", 1, '\xff');            /* count */
    expect_elements(ZM, "bad", 1, 1, 'f', '\xff');    /* no value */
    expect_elements(ZM, "bad", 1, 1, 'f', 2, '\xff'); /* no number of unused bytes */
    expect_elements(ZM, "bad", 1, 2, 'f', '\xff');    /* over the end */
    expect_elements(ZM, "bad", 1, 1, 'f', 2, 0, '1', '\xff');
    expect_elements(ZM, "bad", 1, 1, 'f', 1, 1, '1', '\xff');
    expect_elements(ZM, "bad", 1, '\xfe', 1, 0, 0, 0, 'f', 1, 0, '1', '\xff'); /* longer than need be */
    expect_elements(ZM, "bad", 1, '\xfe', 1, 0, '\xff');
    expect_elements(ZM, "bad", 1, '\xff', 1, 'f', 1, 0, '1', '\xff');
#undef ZM
}

Test(compact, zipmap_with_a_long_value)
{
    char z[9 + 300 + 1] = {1, 1, 'f', '\xfe', 44, 1, 0, 0, 0};
    z[sizeof z - 1] = '\xff';
    cr_expect_str_eq(elements(COMPACT_ZIPMAP, z, sizeof z), "f,(300),");
}

/* ---- intset ---- */

Test(compact, intset_of_each_width_in_order)
{
#define IS COMPACT_INTSET
    expect_elements(IS, "-1,5,", 2, 0, 0, 0, 2, 0, 0, 0, '\xff', '\xff', 5, 0);
    expect_elements(IS, "-1,5,", 4, 0, 0, 0, 2, 0, 0, 0, '\xff', '\xff', '\xff', '\xff', 5, 0, 0, 0);
    expect_elements(IS, "-9223372036854775808,", 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '\x80');
    expect_elements(IS, "", 2, 0, 0, 0, 0, 0, 0, 0);
    expect_elements(IS, "bad", 2, 0, 0, 0, 2, 0, 0);
    expect_elements(IS, "bad", 2, 0, 0, 0, 2, 0, 0, 0, 5, 0, '\xff', '\xff'); /* order */
    expect_elements(IS, "bad", 2, 0, 0, 0, 2, 0, 0, 0, 5, 0, 5, 0);           /* twice */
    expect_elements(IS, "bad", 2, 0, 0, 0, 3, 0, 0, 0, 5, 0, 6, 0);           /* count */
    expect_elements(IS, "bad", 2, 0, 0, 0, 1, 0, 0, 0, 5, 0, 6, 0);
    expect_elements(IS, "bad", 0, 0, 0, 0, 0, 0, 0, 0); /* width */
    expect_elements(IS, "bad", 3, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0);
#undef IS
}

/* ---- all ---- */

/* Whatever is changed in good bytes: some elements or an error, never a read outside (sanitizers tell). */
Test(compact, any_damage_ends_well)
{
    struct buf b = BUF_EMPTY;
    char long_text[200] = {0};
    listpack_open(&b);
    for (int i = 0; i < 40; i++)
        listpack_add(&b, slice_make(long_text, (size_t)i * 5));
    listpack_close(&b, 40);
    for (unsigned n = 0; n < 200000 / CHECK_SCALE; n++) {
        size_t len = n % 4 ? b.len : draw_below(b.len + 1);
        char *copy = malloc(b.len);
        memcpy(copy, b.data, b.len);
        for (uint64_t i = draw_below(4); len && i < 4; i++)
            copy[draw_below(len)] = (char)draw();
        for (enum compact_form form = COMPACT_LISTPACK; form <= COMPACT_INTSET; form++) {
            if (len >= 4 && (form == COMPACT_LISTPACK || form == COMPACT_ZIPLIST))
                memcpy(copy, &(uint32_t){(uint32_t)len}, 4);
            elements(form, copy, len);
        }
        free(copy);
    }
    buf_deinit(&b);
}
