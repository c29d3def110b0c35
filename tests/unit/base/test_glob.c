/* glob: the pattern language, its odd corners, and patterns meant to take for ever. */
#include "base/glob.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

static bool match(const char *pattern, const char *text)
{
    return glob_match(slice_of(pattern), slice_of(text), false);
}

static bool match_nocase(const char *pattern, const char *text)
{
    return glob_match(slice_of(pattern), slice_of(text), true);
}

Test(base_glob, stars)
{
    cr_expect(match("*", "anything"));
    cr_expect(match("**", "anything"));
    cr_expect(match("a*", "a"));
    cr_expect(match("a***", "a"));
    cr_expect(match("*a", "bba"));
    cr_expect(match("a*b*c", "a1b2b3c"));
    cr_expect(match("*ab*", "aab"));
    cr_expect(match("*aab", "aaaaab"));
    cr_expect_not(match("a*b", "a"));
    cr_expect_not(match("a*b", "abc"));
    cr_expect_not(match("*a", "ab"));
    cr_expect_not(match("*a*b*", "ba"));
}

Test(base_glob, an_empty_text_matches_nothing_and_everything_only)
{
    cr_expect(match("", ""));
    cr_expect(match("*", ""));
    cr_expect_not(match("**", ""));
    cr_expect_not(match("a", ""));
    cr_expect_not(match("", "a"));
}

Test(base_glob, question_marks)
{
    cr_expect(match("h?llo", "hello"));
    cr_expect_not(match("h?llo", "hllo"));
    cr_expect(match("???", "abc"));
    cr_expect_not(match("???", "ab"));
    cr_expect_not(match("???", "abcd"));
    cr_expect(match("*?", "a"));
    cr_expect_not(match("?", ""));
    cr_expect(match("a*?c", "abbc"));
}

Test(base_glob, classes)
{
    cr_expect(match("h[ae]llo", "hallo"));
    cr_expect_not(match("h[ae]llo", "hillo"));
    cr_expect(match("h[^e]llo", "hallo"));
    cr_expect_not(match("h[^e]llo", "hello"));
    cr_expect(match("h[a-c]llo", "hbllo"));
    cr_expect(match("h[c-a]llo", "hbllo"));
    cr_expect_not(match("h[a-c]llo", "hdllo"));
    cr_expect(match("[^a-z]", "1"));
    cr_expect_not(match("[^a-z]", "q"));
    cr_expect(match("[\\]]", "]"));
    cr_expect(match("[a\\-c]", "-"));
    cr_expect_not(match("[a\\-c]", "b"));
    cr_expect(match("[-a]", "-"));
    cr_expect(match("*[0-9]", "key7"));
    cr_expect_not(match("[]", "]"));
    cr_expect(match("[^]", "x"));
}

Test(base_glob, classes_that_are_not_closed_end_with_the_pattern)
{
    cr_expect(match("[a", "a"));
    cr_expect(match("[abc", "c"));
    cr_expect_not(match("[abc", "d"));
    cr_expect_not(match("[", "["));
    cr_expect_not(match("[", "a"));
    cr_expect(match("[^", "a"));
    cr_expect(match("[a-", "-"));
    cr_expect(match("[a-", "a"));
    cr_expect(match("[\\", "\\"));
    cr_expect(match("x[a-z", "xq"));
}

Test(base_glob, escapes)
{
    cr_expect(match("\\*", "*"));
    cr_expect_not(match("\\*", "a"));
    cr_expect(match("a\\?b", "a?b"));
    cr_expect_not(match("a\\?b", "axb"));
    cr_expect(match("\\[a]", "[a]"));
    cr_expect(match("a\\", "a\\"));
    cr_expect(match("\\\\", "\\"));
    cr_expect(match("\\a", "a"));
}

Test(base_glob, case_is_ignored_on_request)
{
    cr_expect_not(match("ABC", "abc"));
    cr_expect(match_nocase("ABC", "abc"));
    cr_expect(match_nocase("a*Z", "AbcZ"));
    cr_expect(match_nocase("[A-C]x", "bX"));
    cr_expect(match_nocase("[abc]", "B"));
    cr_expect(match_nocase("\\A", "a"));
}

Test(base_glob, any_byte_may_stand_anywhere)
{
    cr_expect(glob_match(slice_make("a\0*", 3), slice_make("a\0bc", 4), false));
    cr_expect_not(glob_match(slice_make("a\0b", 3), slice_make("a\0c", 3), false));
    cr_expect(match("[\x80-\xff]", "\xc3"));
    cr_expect_not(match("[\x80-\xff]", "a"));
}

Test(base_glob, hostile_patterns_end_soon)
{
    enum { stars = 5000, length = 100000 };
    char *pattern = malloc(stars * 2 + 1), *text = malloc(length);
    for (int i = 0; i < stars; i++)
        memcpy(pattern + i * 2, "a*", 2);
    pattern[stars * 2] = 'b';
    memset(text, 'a', length);
    clock_t start = clock();
    cr_expect_not(glob_match(slice_make(pattern, stars * 2 + 1), slice_make(text, length), false));
    /* A long class behind a star is read again for each byte of text: still a product, no more. */
    pattern[0] = '*';
    pattern[1] = '[';
    memset(pattern + 2, 'x', stars * 2 - 2);
    cr_expect_not(glob_match(slice_make(pattern, 1000), slice_make(text, length), false));
    cr_expect_lt((double)(clock() - start) / CLOCKS_PER_SEC, 3.0);
    free(pattern);
    free(text);
}
