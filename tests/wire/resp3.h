/* resp3: a strict reader of RESP2 and RESP3 replies, for tests only.
 *
 * It shares no code with src/resp on purpose: what one side gets wrong the other
 * must not forgive. It knows every type of RESP3 (simple and bulk strings and
 * errors, integers, null, doubles, booleans, big numbers, verbatim strings,
 * arrays, maps, sets, pushes, attributes) and refuses what a correct server
 * never sends: numbers with leading zeros or plus signs, CR or LF in a line,
 * unknown types, pushes inside other values, RESP2's nulls when it reads RESP3
 * and RESP3's types when it reads RESP2. */
#ifndef WIRE_RESP3_H
#define WIRE_RESP3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum resp3_type {
    RESP3_STATUS = '+',
    RESP3_ERROR = '-',
    RESP3_INT = ':',
    RESP3_BULK = '$',
    RESP3_ARRAY = '*',
    RESP3_NULL = '_',
    RESP3_DOUBLE = ',',
    RESP3_BOOL = '#',
    RESP3_BULK_ERROR = '!',
    RESP3_VERBATIM = '=',
    RESP3_BIG = '(',
    RESP3_MAP = '%',
    RESP3_SET = '~',
    RESP3_PUSH = '>',
    RESP3_ATTRIBUTE = '|',
};

struct resp3_value {
    enum resp3_type type;
    int64_t integer; /* RESP3_INT; RESP3_BOOL: 0 or 1 */
    double real;     /* RESP3_DOUBLE */
    char *text;      /* strings, errors, and the digits of doubles and big numbers; a NUL follows */
    size_t len;      /* bytes in text; for RESP3_VERBATIM the four of "txt:" count */
    size_t count;    /* elements below (a map has two for each pair) */
    struct resp3_value **items;
    struct resp3_value *attribute; /* RESP3_ATTRIBUTE that stood before this value, or NULL */
};

enum resp3_outcome { RESP3_COMPLETE, RESP3_INCOMPLETE, RESP3_MALFORMED };

/* Reads one value from the front of `bytes`. RESP3_COMPLETE: *value is given
 * (free with resp3_destroy) and *used says how many bytes it took.
 * RESP3_MALFORMED: *why is a static text. `protocol` is 2 or 3. */
enum resp3_outcome resp3_read(const char *bytes, size_t len, int protocol, struct resp3_value **value,
                              size_t *used, const char **why);

/* Takes value; NULL is allowed. */
void resp3_destroy(struct resp3_value *value);

/* The value as one line of text, in the notation of WIRE's expectations:
 *   +OK  -ERR text  1  "bulk \x00"  nil  [1 "a"]  {"k" 1}  ~["a"]  >["message" "c" "m"]
 *   ,1.5  #t  !"ERR"  =txt:"text"  (12345  |{"k" 1} value
 * Gives; free with free(). */
char *resp3_text(const struct resp3_value *value);

/* The same with the elements of the outermost aggregate (pairs of a map) in bytewise order of their text. */
char *resp3_text_sorted(const struct resp3_value *value);

#endif
