/* pack: every form at its borders, that equal elements are equal bytes, and walks over mixed ones. */
#include "ds/pack.h"

#include "tests/unit/support/check.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

TestSuite(pack);

/* Writes plan between two guard bytes and checks what can be said about any element. Returns its size. */
static size_t written(const struct pack_plan *plan, char *out)
{
    size_t size = pack_plan_size(plan);
    out[size] = 0x55;
    check(pack_put(out, plan) == out + size);
    check(out[size] == 0x55);
    check(pack_size(out) == size);
    check(pack_is(out, plan));
    return size;
}

static void check_int(int64_t v, size_t size)
{
    char bytes[16], again[16], digits[PACK_DIGITS], text[32];
    struct pack_plan plan = pack_plan_int(v);
    check(written(&plan, bytes) == size);
    struct pack_item item;
    check(pack_get(bytes, &item) == bytes + size);
    check(item.kind == PACK_INT && item.number == v);
    check(pack_real(&item) == (double)v);
    int len = snprintf(text, sizeof text, "%lld", (long long)v);
    check(slice_eq(pack_text(&item, digits), slice_make(text, (size_t)len)));
    struct pack_plan from_text = pack_plan(slice_make(text, (size_t)len));
    check(written(&from_text, again) == size && memcmp(bytes, again, size) == 0);
    struct pack_plan next = pack_plan_int(v == INT64_MAX ? INT64_MIN : v + 1);
    check(!pack_is(bytes, &next));
}

Test(pack, integers_take_the_shortest_form)
{
    static const struct {
        int64_t low, high;
        size_t size;
    } ranges[] = {
        {0, 127, 1},
        {128, 4095, 2},
        {-4096, -1, 2},
        {4096, 32767, 3},
        {-32768, -4097, 3},
        {32768, 8388607, 4},
        {-8388608, -32769, 4},
        {8388608, INT32_MAX, 5},
        {INT32_MIN, -8388609, 5},
        {(int64_t)INT32_MAX + 1, INT64_MAX, 9},
        {INT64_MIN, (int64_t)INT32_MIN - 1, 9},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        check_int(ranges[i].low, ranges[i].size);
        check_int(ranges[i].high, ranges[i].size);
        uint64_t span = (uint64_t)ranges[i].high - (uint64_t)ranges[i].low;
        for (unsigned n = 0; n < 10000; n++)
            check_int((int64_t)((uint64_t)ranges[i].low + draw_below(span)), ranges[i].size);
    }
    for (int64_t v = -10000; v < 10000; v++)
        check_int(v, v >= 0 && v < 128 ? 1 : v >= -4096 && v < 4096 ? 2 : 3);
}

static void check_string(struct slice s, size_t head)
{
    static char bytes[1 << 20];
    struct pack_plan plan = pack_plan(s);
    check(written(&plan, bytes) == head + s.len);
    struct pack_item item;
    char digits[PACK_DIGITS];
    check(pack_get(bytes, &item) == bytes + head + s.len);
    check(item.kind == PACK_STRING && slice_eq(item.text, s));
    check(slice_eq(pack_text(&item, digits), s));
    if (s.len) {
        struct pack_plan shorter = pack_plan(slice_make(s.ptr, s.len - 1));
        check(!pack_is(bytes, &shorter));
        bytes[head + s.len - 1] ^= 1;
        check(!pack_is(bytes, &plan));
    }
}

Test(pack, strings_of_each_length)
{
    static char text[1 << 19];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + draw_below(26));
    for (size_t len = 0; len < 64; len++)
        check_string(slice_make(text, len), 1);
    for (size_t len = 64; len < 4096; len++)
        check_string(slice_make(text, len), 2);
    for (size_t len = 4096; len < 5000; len++)
        check_string(slice_make(text, len), 5);
    check_string(slice_make(text, 65535), 5);
    check_string(slice_make(text, 65536), 5);
    check_string(slice_make(text, sizeof text), 5);
    check_string(slice_make(NULL, 0), 1);
}

Test(pack, only_canonical_integers_become_integers)
{
    static const char *const texts[] = {"",
                                        "-",
                                        "+1",
                                        "-0",
                                        "01",
                                        "1 ",
                                        " 1",
                                        "1x",
                                        "1\n",
                                        "-01",
                                        "1.0",
                                        "00",
                                        "--",
                                        "0x10",
                                        "9223372036854775808",
                                        "1e3",
                                        "-9223372036854775809"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_string(slice_of(texts[i]), 1);
}

static void check_double(double v, bool is_int)
{
    char bytes[16];
    struct pack_plan plan = pack_plan_double(v);
    size_t size = written(&plan, bytes);
    struct pack_item item;
    pack_get(bytes, &item);
    check(item.kind == (is_int ? PACK_INT : PACK_DOUBLE));
    check(is_int || size == 9);
    double back = pack_real(&item);
    check(back == v && signbit(back) == signbit(v));
    if (is_int) {
        struct pack_plan same = pack_plan_int((int64_t)v);
        check(pack_is(bytes, &same));
    }
}

Test(pack, doubles_are_integers_where_that_is_the_same)
{
    static const double ints[] = {0,
                                  1,
                                  -1,
                                  127,
                                  128,
                                  1e15,
                                  -1e15,
                                  4611686018427387904.0,
                                  9223372036854774784.0,
                                  -9223372036854775808.0};
    static const double reals[] = {-0.0,
                                   0.5,
                                   -0.5,
                                   1e-300,
                                   DBL_MIN,
                                   DBL_TRUE_MIN,
                                   DBL_MAX,
                                   -DBL_MAX,
                                   INFINITY,
                                   -INFINITY,
                                   9223372036854775808.0,
                                   -9223372036854777856.0,
                                   1.1};
    for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++)
        check_double(ints[i], true);
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++)
        check_double(reals[i], false);
    for (unsigned n = 0; n < 100000; n++) {
        uint64_t bits = draw();
        double v;
        memcpy(&v, &bits, 8);
        if (!isnan(v))
            check_double(v, fabs(v) < 9223372036854775808.0 && v == floor(v));
    }
}

Test(pack, a_double_as_text)
{
    char bytes[16], digits[PACK_DIGITS];
    struct pack_item item;
    struct pack_plan plan = pack_plan_double(1.5);
    pack_put(bytes, &plan);
    pack_get(bytes, &item);
    check(slice_eq(pack_text(&item, digits), SLICE("1.5")));
    plan = pack_plan_double(-DBL_MAX);
    pack_put(bytes, &plan);
    pack_get(bytes, &item);
    check(slice_eq(pack_text(&item, digits), SLICE("-1.7976931348623157e+308")));
}

/* A random element's text: strings around the borders of the forms, integers of every width. */
static struct slice draw_text(char *out)
{
    if (draw_below(2)) {
        int64_t v = (int64_t)draw() >> draw_below(64);
        return slice_make(out, (size_t)sprintf(out, "%lld", (long long)v));
    }
    static const size_t borders[] = {0, 1, 8, 62, 63, 64, 65, 4094, 4095, 4096, 4097};
    size_t len = draw_below(4) ? draw_below(20) : borders[draw_below(sizeof borders / sizeof borders[0])];
    for (size_t i = 0; i < len; i++)
        out[i] = (char)draw();
    return slice_make(out, len);
}

Test(pack, a_walk_meets_every_element)
{
    enum { MOST = 60, TEXT = 5000 };
    static char packed[MOST * (TEXT + 8)], texts[MOST][TEXT];
    for (unsigned round = 0; round < 3000 / CHECK_SCALE; round++) {
        struct slice model[MOST];
        unsigned count = (unsigned)draw_below(MOST + 1);
        char *end = packed;
        for (unsigned i = 0; i < count; i++) {
            model[i] = draw_text(texts[i]);
            struct pack_plan plan = pack_plan(model[i]);
            end = pack_put(end, &plan);
        }
        const char *p = packed;
        for (unsigned i = 0; i < count; i++) {
            struct pack_item item;
            char digits[PACK_DIGITS];
            const char *next = pack_get(p, &item);
            check(next == p + pack_size(p));
            check(slice_eq(pack_text(&item, digits), model[i]));
            for (unsigned j = 0; j < count; j++) {
                struct pack_plan plan = pack_plan(model[j]);
                check(pack_is(p, &plan) == slice_eq(model[i], model[j]));
            }
            p = next;
        }
        check(p == end);
    }
}

Test(pack, a_string_above_4_gib_equals_no_element)
{
    static const char one_long[] =
        "\xf0\1\0\0\0x"; /* as that string would be held if its length were cut off */
    struct pack_plan big = pack_plan(slice_make("x", ((size_t)1 << 32) + 1)), one = pack_plan(SLICE("x"));
    char bytes[2];
    pack_put(bytes, &one);
    check(!pack_is(bytes, &big) && !pack_is(one_long, &big));
}

Test(pack, header)
{
    char bytes[PACK_HEADER + 1] = {0};
    static const uint32_t counts[] = {0, 1, 255, 256, 65535, 65536, PACK_COUNT_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        for (unsigned form = 0; form < 256; form++) {
            pack_set_header(bytes, (uint8_t)form, counts[i]);
            check(pack_form(bytes) == form && pack_count(bytes) == counts[i]);
            check(bytes[PACK_HEADER] == 0);
        }
    }
}
