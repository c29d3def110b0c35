/* must: see must.h. Only what a broken process can still do: no allocation, no stdio. */
#include "base/must.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

noreturn void must_failed(const char *expr, const char *file, int line)
{
    char digits[12], *p = digits + sizeof digits;
    unsigned left = (unsigned)line;
    do
        *--p = (char)('0' + left % 10);
    while (left /= 10);
    struct iovec part[] = {
        {(void *)(size_t)file, strlen(file)},      {(void *)(size_t) ":", 1},
        {p, (size_t)(digits + sizeof digits - p)}, {(void *)(size_t) ": must(", 7},
        {(void *)(size_t)expr, strlen(expr)},      {(void *)(size_t) ") failed\n", 9},
    };
    ssize_t written = writev(STDERR_FILENO, part, 6);
    (void)written;
    abort();
}
