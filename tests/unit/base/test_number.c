/* number: limits, canonical form, and the texts that Redis prints. */
#include "base/number.h"
#include "base/random.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool i64_is(const char *text, int64_t wanted)
{
    int64_t got = 12345;
    return number_parse_i64(slice_of(text), &got) && got == wanted;
}

static bool i64_refused(const char *text)
{
    int64_t got = 12345;
    return !number_parse_i64(slice_of(text), &got) && got == 12345;
}

Test(base_number, i64_limits)
{
    cr_expect(i64_is("0", 0));
    cr_expect(i64_is("-1", -1));
    cr_expect(i64_is("9223372036854775807", INT64_MAX));
    cr_expect(i64_is("-9223372036854775808", INT64_MIN));
    cr_expect(i64_refused("9223372036854775808"));
    cr_expect(i64_refused("-9223372036854775809"));
    cr_expect(i64_refused("18446744073709551616"));
    cr_expect(i64_refused("99999999999999999999"));
    cr_expect(i64_refused("100000000000000000000"));
    cr_expect(i64_refused("-100000000000000000000"));
}

Test(base_number, i64_takes_only_the_canonical_form)
{
    static const char *bad[] = {"",
                                "-",
                                "+1",
                                "-0",
                                "00",
                                "01",
                                "-01",
                                " 1",
                                "1 ",
                                "1a",
                                "a1",
                                "0x10",
                                "1.0",
                                "1e3",
                                "--1",
                                "9223372036854775a07",
                                "922337203685477580a",
                                "1844674407370955161a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect(i64_refused(bad[i]), "%s", bad[i]);
    int64_t v;
    cr_expect_not(number_parse_i64(slice_make("1\0", 2), &v));
    cr_expect(number_parse_i64(slice_make("123", 2), &v) && v == 12);
}

Test(base_number, u64_limits)
{
    uint64_t v = 0;
    cr_expect(number_parse_u64(SLICE("18446744073709551615"), &v) && v == UINT64_MAX);
    cr_expect_not(number_parse_u64(SLICE("18446744073709551616"), &v));
    cr_expect_not(number_parse_u64(SLICE("18446744073709551625"), &v));
    cr_expect_not(number_parse_u64(SLICE("28446744073709551615"), &v));
    cr_expect_not(number_parse_u64(SLICE("-1"), &v));
    cr_expect(number_parse_u64(SLICE("10000000000000000000"), &v) && v == 10000000000000000000ull);
}

Test(base_number, integers_print_as_printf_prints_them)
{
    char out[32], wanted[32];
    for (int shift = 0; shift < 64; shift++) {
        for (int delta = -2; delta <= 2; delta++) {
            uint64_t u = (1ull << shift) + (uint64_t)delta;
            size_t len = number_format_u64(out, u);
            cr_expect_eq((int)len, sprintf(wanted, "%llu", (unsigned long long)u));
            cr_expect_eq(memcmp(out, wanted, len), 0);
            int64_t s = (int64_t)u;
            len = number_format_i64(out, s);
            cr_expect_eq((int)len, sprintf(wanted, "%lld", (long long)s));
            cr_expect_eq(memcmp(out, wanted, len), 0);
            cr_expect_eq(number_len_i64(s), len);
            int64_t back;
            cr_expect(number_parse_i64(slice_make(out, len), &back) && back == s);
        }
    }
    uint64_t power = 1;
    for (int digits = 1; digits <= 20; digits++, power *= 10) {
        cr_expect_eq((int)number_format_u64(out, power), digits);
        cr_expect_eq((int)number_format_u64(out, power - 1), digits == 1 ? 1 : digits - 1);
    }
}

static bool double_prints(double v, const char *wanted)
{
    char out[NUMBER_DOUBLE_MAX + 1];
    out[number_format_double(out, v)] = 0;
    if (strcmp(out, wanted) != 0)
        cr_log_error("%.17g: %s, not %s", v, out, wanted);
    return strcmp(out, wanted) == 0;
}

Test(base_number, doubles_print_shortest)
{
    cr_expect(double_prints(0, "0"));
    cr_expect(double_prints(-0.0, "-0"));
    cr_expect(double_prints(1, "1"));
    cr_expect(double_prints(-17, "-17"));
    cr_expect(double_prints(3.14, "3.14"));
    cr_expect(double_prints(0.1, "0.1"));
    cr_expect(double_prints(0.1 + 0.2, "0.30000000000000004"));
    cr_expect(double_prints(1.0 / 3, "0.3333333333333333"));
    cr_expect(double_prints(-2.5, "-2.5"));
    cr_expect(double_prints(0.000001, "0.000001"));
    cr_expect(double_prints(0.0000001, "1e-7"));
    cr_expect(double_prints(1234.5678901, "1234.5678901"));
    cr_expect(double_prints(1e21, "1e+21"));
    cr_expect(double_prints(1e300, "1e+300"));
    cr_expect(double_prints(1.5e-10, "1.5e-10"));
    cr_expect(double_prints(4e18, "4000000000000000000"));
    cr_expect(double_prints(5e-324, "5e-324"));
    cr_expect(double_prints(DBL_MAX, "1.7976931348623157e+308"));
    cr_expect(double_prints(DBL_MIN, "2.2250738585072014e-308"));
    cr_expect(double_prints(INFINITY, "inf"));
    cr_expect(double_prints(-INFINITY, "-inf"));
    cr_expect(double_prints(NAN, "nan"));
    cr_expect(double_prints(-NAN, "nan"));
}

Test(base_number, doubles_read_back_as_themselves)
{
    random_seed(1);
    for (int i = 0; i < 20000; i++) {
        union {
            uint64_t bits;
            double value;
        } u = {random_u64()};
        if (i % 2)
            u.value = (double)(int64_t)random_below(1000000000) / 1000;
        if (!isfinite(u.value))
            continue;
        char out[NUMBER_DOUBLE_MAX];
        size_t len = number_format_double(out, u.value);
        cr_assert(len <= NUMBER_DOUBLE_MAX);
        double back;
        cr_assert(number_parse_double(slice_make(out, len), &back), "%.*s", (int)len, out);
        cr_assert(back == u.value, "%.*s %.17g", (int)len, out, u.value);
    }
}

Test(base_number, doubles_that_are_taken_and_refused)
{
    static const char *bad[] = {"",      " 1", "1 ", "nan",  "-nan", "1e400", "-1e400", "1e-400", "abc",
                                "1.2.3", "-",  ".",  "1..2", "\t1",  "1e",    "0x",     "--1",    "+-1"};
    double v;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(number_parse_double(slice_of(bad[i]), &v), "%s", bad[i]);
    cr_expect(number_parse_double(SLICE("1."), &v) && v == 1);
    cr_expect(number_parse_double(SLICE(".5"), &v) && v == 0.5);
    cr_expect(number_parse_double(SLICE("+1"), &v) && v == 1);
    cr_expect(number_parse_double(SLICE("-1.25"), &v) && v == -1.25);
    cr_expect(number_parse_double(SLICE("0x1p4"), &v) && v == 16);
    cr_expect(number_parse_double(SLICE("inf"), &v) && isinf(v) && v > 0);
    cr_expect(number_parse_double(SLICE("-Infinity"), &v) && isinf(v) && v < 0);
    cr_expect(number_parse_double(SLICE("-0"), &v) && v == 0 && signbit(v));
    cr_expect(number_parse_double(SLICE("007.50"), &v) && v == 7.5);
    cr_expect(number_parse_double(SLICE("123456789012345678901234567890"), &v) &&
              v == 123456789012345678901234567890.0);
    cr_expect_not(number_parse_double(slice_make("1\0002", 3), &v));
    char ones[NUMBER_LONG_DOUBLE_MAX + 1];
    memset(ones, '1', sizeof ones);
    cr_expect_not(number_parse_double(slice_make(ones, sizeof ones), &v));
}

Test(base_number, plain_decimals_are_rounded_as_strtod_rounds_them)
{
    random_seed(2);
    for (int i = 0; i < 100000; i++) {
        char text[40];
        int decimals = (int)random_below(16);
        int whole = (int)random_below(17 - (unsigned)decimals);
        char *p = text;
        if (random_below(2))
            *p++ = '-';
        *p++ = (char)('0' + random_below(10));
        for (int d = 1; d < whole; d++)
            *p++ = (char)('0' + random_below(10));
        if (decimals)
            *p++ = '.';
        for (int d = 0; d < decimals; d++)
            *p++ = (char)('0' + random_below(10));
        *p = 0;
        double v;
        cr_assert(number_parse_double(slice_of(text), &v), "%s", text);
        cr_assert(v == strtod(text, NULL), "%s", text);
    }
}

static bool long_double_prints(const char *text, const char *wanted)
{
    static char out[NUMBER_LONG_DOUBLE_MAX + 1];
    long double v;
    if (!number_parse_long_double(slice_of(text), &v))
        return false;
    out[number_format_long_double(out, v)] = 0;
    return strcmp(out, wanted) == 0;
}

Test(base_number, long_doubles_print_without_exponent_and_trailing_zeros)
{
    cr_expect(long_double_prints("3", "3"));
    cr_expect(long_double_prints("3.0", "3"));
    cr_expect(long_double_prints("10.50", "10.5"));
    cr_expect(long_double_prints("100", "100"));
    cr_expect(long_double_prints("-0", "0"));
    cr_expect(long_double_prints("-0.0000000000000000001", "0"));
    cr_expect(long_double_prints("5.0e3", "5000"));
    cr_expect(long_double_prints("0.1", "0.1"));
    cr_expect(long_double_prints("3.0000000000000000000001", "3"));
    cr_expect(long_double_prints("17179869184", "17179869184"));
    cr_expect(long_double_prints("1e20", "100000000000000000000"));
    static char out[NUMBER_LONG_DOUBLE_MAX];
    cr_expect_eq(number_format_long_double(out, LDBL_MAX), 4933);
    cr_expect_eq(number_format_long_double(out, -LDBL_MAX), 4934);
    cr_expect_eq(number_format_long_double(out, INFINITY), 3);
    cr_expect_eq(number_format_long_double(out, -INFINITY), 4);
    cr_expect_eq(memcmp(out, "-inf", 4), 0);
    long double v;
    cr_expect_not(number_parse_long_double(SLICE("1e5000"), &v));
    cr_expect_not(number_parse_long_double(SLICE("1e-5000"), &v));
    cr_expect_not(number_parse_long_double(SLICE("nan"), &v));
    cr_expect_not(number_parse_long_double(SLICE("1 "), &v));
    cr_expect_not(number_parse_long_double(SLICE(" 1"), &v));
    cr_expect(number_parse_long_double(SLICE("0x10"), &v) && v == 16);
    cr_expect(number_parse_long_double(SLICE("-inf"), &v) && isinf(v));
}

static bool memory_is(const char *text, uint64_t wanted)
{
    uint64_t got;
    return number_parse_memory(slice_of(text), &got) && got == wanted;
}

Test(base_number, sizes_with_units)
{
    cr_expect(memory_is("0", 0));
    cr_expect(memory_is("100", 100));
    cr_expect(memory_is("100b", 100));
    cr_expect(memory_is("1k", 1000));
    cr_expect(memory_is("1KB", 1024));
    cr_expect(memory_is("10m", 10000000));
    cr_expect(memory_is("10Mb", 10485760));
    cr_expect(memory_is("1g", 1000000000));
    cr_expect(memory_is("4gb", 4294967296));
    cr_expect(memory_is("18446744073709551615", UINT64_MAX));
    uint64_t v;
    static const char *bad[] = {"",
                                "k",
                                "-1",
                                "1kbb",
                                "1t",
                                "1 kb",
                                "1.5gb",
                                "18446744073709551616",
                                "18446744073709551615k",
                                "+1",
                                "99999999999gb"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(number_parse_memory(slice_of(bad[i]), &v), "%s", bad[i]);
}
