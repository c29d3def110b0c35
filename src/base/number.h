/* number: text to number and back, as Redis reads and prints them.
 *
 * Parsing takes the whole slice or nothing: on false *out is untouched. No
 * function here depends on a NUL behind the slice. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Canonical decimals only: no space, no '+', no leading zero, no "-0". */
bool number_parse_i64(struct slice text, int64_t *out);
bool number_parse_u64(struct slice text, uint64_t *out);

/* What strtod takes (hexadecimal and "inf" included), but no leading space, no nan,
 * nothing that overflows or vanishes to zero. */
bool number_parse_double(struct slice text, double *out);
bool number_parse_long_double(struct slice text, long double *out);

/* A size in bytes: digits and an optional unit in any case: b, k = 1000, kb = 1024, m, mb, g, gb. */
bool number_parse_memory(struct slice text, uint64_t *bytes);

/* Decimal digits; returns their number, no NUL. */
#define NUMBER_I64_MAX 21
#define NUMBER_U64_MAX 20
size_t number_format_i64(char out[NUMBER_I64_MAX], int64_t value);
size_t number_format_u64(char out[NUMBER_U64_MAX], uint64_t value);

/* Number of decimal digits, the sign included. */
size_t number_len_i64(int64_t value);

/* The shortest text that reads back as the same double: integers below 2^62 without
 * point or exponent, "inf", "-inf", "nan". Returns its length, no NUL. */
#define NUMBER_DOUBLE_MAX 32
size_t number_format_double(char out[NUMBER_DOUBLE_MAX], double value);

/* Seventeen decimals at most, trailing zeros cut, never an exponent: what INCRBYFLOAT stores. No NUL. */
#define NUMBER_LONG_DOUBLE_MAX (5 * 1024)
size_t number_format_long_double(char out[NUMBER_LONG_DOUBLE_MAX], long double value);

#endif
