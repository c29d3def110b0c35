/* Tests of the strict reader itself: what it takes, and what it must refuse. */
#include "tests/wire/resp3.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(resp3_reader, .timeout = 30);

static void takes(int protocol, const char *bytes, const char *text)
{
    size_t len = strlen(bytes);
    struct resp3_value *v;
    size_t used;
    const char *why;
    for (size_t part = 0; part < len; part++)
        cr_assert_eq(resp3_read(bytes, part, protocol, &v, &used, &why), RESP3_INCOMPLETE, "%s cut at %zu",
                     bytes, part);
    cr_assert_eq(resp3_read(bytes, len, protocol, &v, &used, &why), RESP3_COMPLETE, "%s: %s", bytes, why);
    cr_assert_eq(used, len);
    char *got = resp3_text(v);
    cr_assert_str_eq(got, text);
    free(got);
    resp3_destroy(v);
}

static void refuses(int protocol, const char *bytes)
{
    struct resp3_value *v;
    size_t used;
    const char *why;
    cr_assert_eq(resp3_read(bytes, strlen(bytes), protocol, &v, &used, &why), RESP3_MALFORMED, "%s", bytes);
    cr_assert_not_null(why);
}

Test(resp3_reader, takes_every_type_cut_anywhere)
{
    takes(2, "+OK\r\n", "+OK");
    takes(2, "-ERR x\r\n", "-ERR x");
    takes(2, ":-12\r\n", "-12");
    takes(2, ":9223372036854775807\r\n", "9223372036854775807");
    takes(2, ":-9223372036854775808\r\n", "-9223372036854775808");
    takes(2, "$3\r\na\r\n\r\n", "\"a\\r\\n\"");
    takes(2, "$-1\r\n", "nil");
    takes(2, "*-1\r\n", "nil");
    takes(2, "*0\r\n", "[]");
    takes(2, "*2\r\n:1\r\n*1\r\n$0\r\n\r\n", "[1 [\"\"]]");
    takes(3, "_\r\n", "nil");
    takes(3, ",1.5\r\n", ",1.5");
    takes(3, ",-inf\r\n", ",-inf");
    takes(3, ",1e-07\r\n", ",1e-07");
    takes(3, "#t\r\n", "#t");
    takes(3, "(-12345678901234567890123\r\n", "(-12345678901234567890123");
    takes(3, "!5\r\nERR x\r\n", "!\"ERR x\"");
    takes(3, "=7\r\ntxt:abc\r\n", "=txt:\"abc\"");
    takes(3, "%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n*0\r\n", "{\"a\" 1 \"b\" []}");
    takes(3, "~2\r\n+a\r\n+b\r\n", "~[+a +b]");
    takes(3, ">2\r\n$7\r\nmessage\r\n:1\r\n", ">[\"message\" 1]");
    takes(3, "|1\r\n+k\r\n:1\r\n:2\r\n", "|{+k 1} 2");
}

Test(resp3_reader, refuses_malformed_bytes)
{
    static const char *const both[] = {
        "x\r\n",
        ":01\r\n",
        ":+1\r\n",
        ":-0\r\n",
        ":\r\n",
        ": 1\r\n",
        ":9223372036854775808\r\n",
        "+a\rb\r\n",
        "+a\n",
        "$1\r\nab\r\n",
        "$01\r\na\r\n",
        "$-2\r\n",
        "*-2\r\n",
        "*1\r\nx",
        "$1\r\na\n\r",
        ":99999999999999999999\r\n",
    };
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        refuses(2, both[i]);
        refuses(3, both[i]);
    }
    static const char *const three[] = {
        "$-1\r\n",
        "*-1\r\n",
        "_x\r\n",
        "#true\r\n",
        "#x\r\n",
        ",1.\r\n",
        ",01\r\n",
        ",+1\r\n",
        ",Inf\r\n",
        ",\r\n",
        ",1e\r\n",
        "(1.5\r\n",
        "=3\r\ntxt\r\n",
        "=4\r\ntxt-\r\n",
        ">0\r\n",
        ">1\r\n:1\r\n",
        "*1\r\n>1\r\n$1\r\na\r\n",
        "%-1\r\n",
        "|1\r\n+a\r\n+b\r\n|1\r\n+c\r\n+d\r\n:1\r\n",
        "!-1\r\n",
    };
    for (size_t i = 0; i < sizeof three / sizeof *three; i++)
        refuses(3, three[i]);
    static const char *const two[] = {"_\r\n",  "#t\r\n",       ",1\r\n", "%0\r\n",
                                      "~0\r\n", ">1\r\n+a\r\n", "(1\r\n"};
    for (size_t i = 0; i < sizeof two / sizeof *two; i++)
        refuses(2, two[i]);
}

Test(resp3_reader, refuses_bottomless_nesting)
{
    char bytes[4 * 1000 + 1] = "";
    for (int i = 0; i < 1000; i++)
        memcpy(bytes + 4 * i, "*1\r\n", 5);
    refuses(3, bytes);
}

Test(resp3_reader, an_announced_length_allocates_nothing)
{
    struct resp3_value *v;
    size_t used;
    const char *why;
    cr_assert_eq(resp3_read("*200000000\r\n:1\r\n", 16, 3, &v, &used, &why), RESP3_INCOMPLETE);
    cr_assert_eq(resp3_read("$200000000\r\nab", 14, 3, &v, &used, &why), RESP3_INCOMPLETE);
}
