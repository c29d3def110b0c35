/* number: see number.h. The C library does the floating-point work; what runs
 * for every request (integers) is written out here. */
#include "base/number.h"

#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char two_digits[200] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

bool number_parse_u64(struct slice text, uint64_t *out)
{
    const char *p = text.ptr;
    size_t len = text.len;
    if (len == 0 || len > 20)
        return false;
    uint64_t value = (unsigned char)(p[0] - '0');
    if (value > 9 || (value == 0 && len > 1))
        return false;
    size_t safe = len < 19 ? len : 19; /* nineteen digits can't overflow */
    for (size_t i = 1; i < safe; i++) {
        unsigned digit = (unsigned char)(p[i] - '0');
        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    if (len == 20) {
        if (!is_digit(p[19]) || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(p[19] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool number_parse_i64(struct slice text, int64_t *out)
{
    uint64_t magnitude;
    if (text.len != 0 && text.ptr[0] == '-') {
        if (!number_parse_u64(slice_make(text.ptr + 1, text.len - 1), &magnitude))
            return false;
        if (magnitude == 0 || magnitude > (uint64_t)INT64_MAX + 1)
            return false;
        *out = (int64_t)(0 - magnitude);
        return true;
    }
    if (!number_parse_u64(text, &magnitude) || magnitude > INT64_MAX)
        return false;
    *out = (int64_t)magnitude;
    return true;
}

/* Plain decimals of at most 15 digits: mantissa and power of ten are exact
 * doubles, so one division rounds correctly. */
static bool parse_plain_decimal(struct slice text, double *out)
{
    static const double power[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *p = text.ptr, *end = text.ptr + text.len;
    bool negative = p < end && *p == '-';
    p += negative;
    if (p == end || end - p > 16 || !is_digit(*p))
        return false;
    uint64_t mantissa = 0;
    int digits = 0, decimals = -1;
    for (; p < end; p++) {
        if (*p == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (!is_digit(*p) || ++digits > 15)
            return false;
        mantissa = mantissa * 10 + (unsigned)(*p - '0');
        if (decimals >= 0)
            decimals++;
    }
    double value = (double)mantissa / power[decimals > 0 ? decimals : 0];
    *out = negative ? -value : value;
    return true;
}

/* A copy with a NUL behind, as strtod needs; false where no number can be: empty, longer than
 * any number that is meant, or with a leading space, which strtod would skip. */
static bool terminated(struct slice text, char buffer[NUMBER_LONG_DOUBLE_MAX])
{
    if (text.len == 0 || text.len >= NUMBER_LONG_DOUBLE_MAX)
        return false;
    char first = text.ptr[0];
    if (first == ' ' || (first >= '\t' && first <= '\r'))
        return false;
    memcpy(buffer, text.ptr, text.len);
    buffer[text.len] = 0;
    return true;
}

bool number_parse_double(struct slice text, double *out)
{
    if (parse_plain_decimal(text, out))
        return true;
    char buffer[NUMBER_LONG_DOUBLE_MAX], *end;
    if (!terminated(text, buffer))
        return false;
    errno = 0;
    double value = strtod(buffer, &end);
    if (end != buffer + text.len || isnan(value))
        return false;
    if (errno == ERANGE && (isinf(value) || value == 0))
        return false;
    *out = value;
    return true;
}

bool number_parse_long_double(struct slice text, long double *out)
{
    char buffer[NUMBER_LONG_DOUBLE_MAX], *end;
    if (!terminated(text, buffer))
        return false;
    errno = 0;
    long double value = strtold(buffer, &end);
    if (end != buffer + text.len || isnan(value))
        return false;
    if (errno == ERANGE && (isinf(value) || value == 0))
        return false;
    *out = value;
    return true;
}

bool number_parse_memory(struct slice text, uint64_t *bytes)
{
    static const struct {
        const char *name;
        uint64_t factor;
    } units[] = {
        {"", 1},
        {"b", 1},
        {"k", 1000},
        {"kb", 1024},
        {"m", 1000 * 1000},
        {"mb", 1024 * 1024},
        {"g", 1000 * 1000 * 1000},
        {"gb", 1024 * 1024 * 1024},
    };
    size_t digits = 0;
    while (digits < text.len && is_digit(text.ptr[digits]))
        digits++;
    if (digits == 0)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.ptr[i] - '0'), &value))
            return false;
    }
    struct slice unit = slice_make(text.ptr + digits, text.len - digits);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (slice_is(unit, units[i].name)) {
            if (__builtin_mul_overflow(value, units[i].factor, &value))
                return false;
            *bytes = value;
            return true;
        }
    }
    return false;
}

static size_t count_digits(uint64_t v)
{
    static const uint64_t power[] = {
        0,
        10,
        100,
        1000,
        10000,
        100000,
        1000000,
        10000000,
        100000000,
        1000000000,
        10000000000,
        100000000000,
        1000000000000,
        10000000000000,
        100000000000000,
        1000000000000000,
        10000000000000000,
        100000000000000000,
        1000000000000000000,
        10000000000000000000ull,
    };
    /* 1233 / 4096 is just above log10(2): the guess is right or one too low. */
    unsigned guess = (unsigned)(64 - __builtin_clzll(v | 1)) * 1233 >> 12;
    return guess + (v >= power[guess]);
}

size_t number_format_u64(char out[NUMBER_U64_MAX], uint64_t value)
{
    size_t len = count_digits(value);
    char *p = out + len;
    while (value >= 100) {
        unsigned pair = (unsigned)(value % 100) * 2;
        value /= 100;
        p -= 2;
        memcpy(p, two_digits + pair, 2);
    }
    if (value >= 10)
        memcpy(p - 2, two_digits + value * 2, 2);
    else
        p[-1] = (char)('0' + value);
    return len;
}

size_t number_format_i64(char out[NUMBER_I64_MAX], int64_t value)
{
    if (value >= 0)
        return number_format_u64(out, (uint64_t)value);
    out[0] = '-';
    return 1 + number_format_u64(out + 1, 0 - (uint64_t)value);
}

size_t number_len_i64(int64_t value)
{
    return value >= 0 ? count_digits((uint64_t)value) : 1 + count_digits(0 - (uint64_t)value);
}

/* The fewest decimal digits that read back as value (finite, above 0). Writes
 * them without trailing zeros, returns how many; value = 0.d1d2d3... * 10^*point. */
static int shortest_digits(double value, char digits[20], int *point)
{
    char text[40];
    /* Fifteen digits always survive a normal double, so fewer are those with the zeros cut;
     * a denormal has less precision and may do with one. */
    int precision = value < DBL_MIN ? 1 : 15;
    for (; precision < 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, value);
        if (strtod(text, NULL) == value)
            break;
    }
    if (precision == 17)
        snprintf(text, sizeof text, "%.16e", value);
    int count = 0;
    const char *p = text;
    for (; *p != 'e'; p++) {
        if (is_digit(*p))
            digits[count++] = *p;
    }
    *point = atoi(p + 1) + 1;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    return count;
}

/* Redis 7.2's choice of notation: plain as long as few zeros are needed or the
 * number stays below 10^4, else d.ddde+x. */
static size_t place_point(char *out, const char *digits, int count, int point)
{
    char *p = out;
    int last = point - count; /* power of ten of the last digit */
    int first = abs(point - 1);
    if (last >= 0 && first < count + 7) {
        memcpy(p, digits, (size_t)count);
        memset(p + count, '0', (size_t)last);
        return (size_t)(count + last);
    }
    if (last < 0 && (last > -7 || first < 4)) {
        if (point > 0) {
            memcpy(p, digits, (size_t)point);
            p[point] = '.';
            memcpy(p + point + 1, digits + point, (size_t)(count - point));
            return (size_t)count + 1;
        }
        memcpy(p, "0.", 2);
        memset(p + 2, '0', (size_t)-point);
        memcpy(p + 2 - point, digits, (size_t)count);
        return (size_t)(2 - point + count);
    }
    *p++ = digits[0];
    if (count > 1) {
        *p++ = '.';
        memcpy(p, digits + 1, (size_t)count - 1);
        p += count - 1;
    }
    *p++ = 'e';
    *p++ = point - 1 < 0 ? '-' : '+';
    p += number_format_u64(p, (uint64_t)first);
    return (size_t)(p - out);
}

size_t number_format_double(char out[NUMBER_DOUBLE_MAX], double value)
{
    if (isnan(value)) {
        memcpy(out, "nan", 3);
        return 3;
    }
    size_t sign = signbit(value) ? 1 : 0;
    if (sign)
        out[0] = '-';
    if (isinf(value)) {
        memcpy(out + sign, "inf", 3);
        return sign + 3;
    }
    double magnitude = fabs(value);
    if (magnitude <= (double)(INT64_MAX / 2) && magnitude == (double)(uint64_t)magnitude)
        return sign + number_format_u64(out + sign, (uint64_t)magnitude);
    char digits[20];
    int point;
    int count = shortest_digits(magnitude, digits, &point);
    return sign + place_point(out + sign, digits, count, point);
}

size_t number_format_long_double(char out[NUMBER_LONG_DOUBLE_MAX], long double value)
{
    if (isinf(value)) {
        memcpy(out, "-inf", 4);
        if (value > 0)
            memcpy(out, "inf", 3);
        return value > 0 ? 3 : 4;
    }
    if (isnan(value)) {
        memcpy(out, "nan", 3);
        return 3;
    }
    int printed = snprintf(out, NUMBER_LONG_DOUBLE_MAX, "%.17Lf", value);
    size_t len = printed < 0 ? 0 : (size_t)printed;
    while (len > 0 && out[len - 1] == '0')
        len--;
    if (len > 0 && out[len - 1] == '.')
        len--;
    if (len == 2 && memcmp(out, "-0", 2) == 0) {
        out[0] = '0';
        len = 1;
    }
    return len;
}
