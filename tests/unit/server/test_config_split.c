/* config_split: words and quotes. */
#include "server/config_priv.h"
#include "server/config_split.h"

#include "../support/check.h"

#include <criterion/criterion.h>

Test(server_config_split, words_and_quotes)
{
    struct config_words w;
    cr_assert(config_split(SLICE("  a \"b c\" 'd\\'e' \"\\x41\\n\\\"\" x\"y z\" \"\"  "), &w));
    cr_expect_eq(w.count, 6);
    const char *expected[] = {"a", "b c", "d'e", "A\n\"", "xy z", ""};
    for (unsigned i = 0; i < w.count; i++)
        cr_expect(slice_eq(w.items[i], slice_of(expected[i])), "%.*s", (int)w.items[i].len, w.items[i].ptr);
    config_words_deinit(&w);
    cr_assert(config_split(SLICE(""), &w));
    cr_expect_eq(w.count, 0);
    config_words_deinit(&w);
}

Test(server_config_split, quotes_that_do_not_close)
{
    struct config_words w;
    cr_expect_not(config_split(SLICE("a \"b"), &w));
    cr_expect_not(config_split(SLICE("a 'b"), &w));
    cr_expect_not(config_split(SLICE("\"a\"b"), &w));
}

Test(server_config_split, any_bytes_survive_quoting)
{
    for (unsigned i = 0; i < 20000; i++) {
        char bytes[24];
        struct slice in = {bytes, draw_below(sizeof(bytes))};
        for (size_t k = 0; k < in.len; k++)
            bytes[k] = i % 2 ? (char)draw() : "ab \"'\\#x\n"[draw_below(9)];
        struct buf line = BUF_EMPTY;
        struct config_words w;
        config_quote(in, &line);
        check(config_split(config_text(&line), &w));
        check(w.count == 1 && slice_eq(w.items[0], in));
        check(!memchr(line.data, '\n', line.len) && line.data[0] != '#');
        config_words_deinit(&w);
        buf_deinit(&line);
    }
}
