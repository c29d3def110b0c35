/* must: assertions that are always on.
 *
 * must(x) is for Hearth's own invariants only. Bytes that came from a client, a
 * file or a setting never reach a must: they get an error. A failed must logs
 * the expression and place to standard error and aborts. */
#ifndef BASE_MUST_H
#define BASE_MUST_H

#include <stdnoreturn.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bytes are looked at in words, lowest first");

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define must(x) (likely(x) ? (void)0 : must_failed(#x, __FILE__, __LINE__))

/* Writes "file:line: must(expr) failed" to fd 2 and aborts. Allocates nothing. */
noreturn void must_failed(const char *expr, const char *file, int line) __attribute__((cold));

#endif
