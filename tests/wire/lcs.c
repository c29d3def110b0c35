/* LCS: its four forms, and against the textbook table. */
#include "tests/wire/wire.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

WIRE_SUITE(lcs);

Test(lcs, gives_the_subsequence_or_its_length)
{
    redisContext *c = wire_client();
    expect_ok(c, "MSET a ohmytext b mynewtext");
    expect_bulk(c, "mytext", "LCS a b");
    expect_int(c, 6, "LCS a b LEN");
    expect_int(c, 6, "LCS a b len withmatchlen minmatchlen 4");
    expect_bulk(c, "mytext", "LCS a b WITHMATCHLEN");
    expect_bulk(c, "", "LCS a none");
    expect_int(c, 0, "LCS none other LEN");
    expect_bulk(c, "ohmytext", "LCS a a");
    expect_ok(c, "MSET n 12345 m 2x4");
    expect_bulk(c, "24", "LCS n m");
    expect_ok(c, "MSET x %b y %b", "a\0b\xff", (size_t)4, "\0\xff", (size_t)2);
    expect_bytes(c, "\0\xff", 2, "LCS x y");
}

Test(lcs, gives_the_runs_of_matches)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    expect_ok(c, "MSET a ohmytext b mynewtext");
    expect(c, "[\"matches\" [[[4 7] [5 8]] [[2 3] [0 1]]] \"len\" 6]", "LCS a b IDX");
    expect(c, "[\"matches\" [[[4 7] [5 8]]] \"len\" 6]", "LCS a b IDX MINMATCHLEN 4");
    expect(c, "[\"matches\" [[[4 7] [5 8] 4] [[2 3] [0 1] 2]] \"len\" 6]", "LCS a b IDX WITHMATCHLEN");
    expect(c, "[\"matches\" [[[4 7] [5 8] 4]] \"len\" 6]", "LCS a b idx minmatchlen 4 withmatchlen");
    expect(c, "[\"matches\" [] \"len\" 6]", "LCS a b IDX MINMATCHLEN 5");
    expect(c, "[\"matches\" [[[4 7] [5 8]] [[2 3] [0 1]]] \"len\" 6]", "LCS a b IDX MINMATCHLEN -5");
    expect(c, "[\"matches\" [] \"len\" 0]", "LCS a none IDX");
    expect3(c3, "{\"matches\" [[[4 7] [5 8] 4]] \"len\" 6}", "LCS a b IDX MINMATCHLEN 3 WITHMATCHLEN");
    expect3(c3, "{\"matches\" [] \"len\" 0}", "LCS none none IDX");
}

Test(lcs, refuses_what_it_cannot_do)
{
    redisContext *c = wire_client();
    expect_ok(c, "MSET a x b y");
    expect_error(c, "ERR syntax error", "LCS a b FOO");
    expect_error(c, "ERR syntax error", "LCS a b MINMATCHLEN");
    expect_error(c, "ERR value is not an integer or out of range", "LCS a b MINMATCHLEN x");
    expect_error(c, "ERR If you want both the length and indexes, please just use IDX.", "LCS a b IDX LEN");
    expect_error(c, "ERR wrong number of arguments for 'lcs' command", "LCS a");
    expect_int(c, 100000, "SETRANGE a 99999 x");
    expect_int(c, 100000, "SETRANGE b 99999 x");
    expect_error(c, "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
                 "LCS a b");
    expect_error(c, "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
                 "LCS a b LEN");
}

/* The table that the definition gives, walked back with the same choice between equals. */
static size_t model(const char *a, size_t n, const char *b, size_t m, char *out, char *runs)
{
    uint32_t *t = calloc((n + 1) * (m + 1), sizeof *t);
#define L(i, j) t[(i) * (m + 1) + (j)]
    for (size_t i = 1; i <= n; i++) {
        for (size_t j = 1; j <= m; j++) {
            uint32_t up = L(i - 1, j), left = L(i, j - 1);
            L(i, j) = a[i - 1] == b[j - 1] ? L(i - 1, j - 1) + 1 : up > left ? up : left;
        }
    }
    size_t len = L(n, m), left = len, run = 0;
    char *p = runs + sprintf(runs, "[\"matches\" [");
    for (size_t i = n, j = m;;) {
        bool match = i > 0 && j > 0 && a[i - 1] == b[j - 1];
        if (!match && run) {
            p += sprintf(p, "%s[[%zu %zu] [%zu %zu] %zu]", p[-1] == '[' ? "" : " ", i, i + run - 1, j,
                         j + run - 1, run);
            run = 0;
        }
        if (i == 0 || j == 0)
            break;
        if (match) {
            out[--left] = a[i - 1];
            i--, j--, run++;
        } else if (L(i - 1, j) > L(i, j - 1)) {
            i--;
        } else {
            j--;
        }
    }
    sprintf(p, "] \"len\" %zu]", len);
#undef L
    free(t);
    return len;
}

Test(lcs, agrees_with_the_textbook)
{
    redisContext *c = wire_client();
    static char a[300], b[300], out[300], runs[30000];
    srandom(7);
    for (int round = 0; round < 300; round++) {
        size_t n = (size_t)random() % sizeof a, m = (size_t)random() % sizeof b;
        int letters = 1 + (int)random() % (round % 2 ? 4 : 26);
        for (size_t i = 0; i < n; i++)
            a[i] = (char)('a' + random() % letters);
        for (size_t i = 0; i < m; i++)
            b[i] = (char)('a' + random() % letters);
        size_t len = model(a, n, b, m, out, runs);
        expect_ok(c, "MSET a %b b %b", a, n, b, m);
        expect_int(c, (long long)len, "LCS a b LEN");
        expect_bytes(c, out, len, "LCS a b");
        expect(c, runs, "LCS a b IDX WITHMATCHLEN");
    }
}

Test(lcs, long_strings_take_little)
{
    redisContext *c = wire_client();
    enum { n = 11000 };
    static char a[n], b[n];
    for (int i = 0; i < n; i++) {
        a[i] = (char)(i * 7 % 251);
        b[i] = (char)(i * 11 % 251);
    }
    expect_ok(c, "MSET a %b b %b", a, (size_t)n, b, (size_t)n);
    long long len = wire_int(c, "LCS a b LEN");
    redisReply *r = wire_command(c, "LCS a b");
    cr_expect_eq((long long)r->len, len);
    cr_expect_gt(len, 100);
    freeReplyObject(r);
    expect_ok(c, "SET one %s", "\1");
    expect_int(c, 1000000, "SETRANGE long 999999 %s", "\1");
    expect_int(c, 1, "LCS one long LEN");
    expect(c, "[\"matches\" [[[0 0] [999999 999999]]] \"len\" 1]", "LCS one long IDX");
    expect(c, "[\"matches\" [[[999999 999999] [0 0]]] \"len\" 1]", "LCS long one IDX");
}

Test(lcs, other_types_are_refused)
{
    redisContext *c = wire_client();
    expect_int(c, 1, "RPUSH l x");
    expect_ok(c, "SET k v");
    expect_error(c, "ERR The specified keys must contain string values", "LCS l k");
    expect_error(c, "ERR The specified keys must contain string values", "LCS k l FOO");
}
