/* glob: see glob.h.
 *
 * Everything but '*' takes exactly one byte of text, so after a second '*' the
 * first never needs to be tried again: one place to come back to is enough. */
#include "base/glob.h"

#include <ctype.h>

static int fold(char c, bool nocase)
{
    /* Bytes are compared as signed char: that decides what a range from below to above 0x7f holds. */
    return nocase ? tolower(c) : c;
}

/* One byte c against the class whose '[' is at p[-1]; *next is set behind the class. */
static bool class_match(const char *p, const char *end, char c, bool nocase, const char **next)
{
    bool negated = p < end && *p == '^';
    p += negated;
    bool hit = false;
    while (p < end && *p != ']') {
        if (*p == '\\' && end - p >= 2) {
            hit |= p[1] == c;
            p += 2;
        } else if (end - p >= 3 && p[1] == '-') {
            char first = p[0], last = p[2];
            if (first > last) {
                first = p[2];
                last = p[0];
            }
            int low = fold(first, nocase), high = fold(last, nocase), at = fold(c, nocase);
            hit |= at >= low && at <= high;
            p += 3;
        } else {
            hit |= fold(*p, nocase) == fold(c, nocase);
            p++;
        }
    }
    *next = p < end ? p + 1 : p;
    return hit != negated;
}

/* One byte of text against the element at *p, which isn't a '*'; *p is set behind it. */
static bool element_match(const char **p, const char *end, char c, bool nocase)
{
    const char *at = *p;
    switch (*at) {
    case '?':
        *p = at + 1;
        return true;
    case '[':
        return class_match(at + 1, end, c, nocase, p);
    case '\\':
        at += end - at >= 2;
        break;
    }
    *p = at + 1;
    return fold(*at, nocase) == fold(c, nocase);
}

bool glob_match(struct slice pattern, struct slice text, bool nocase)
{
    const char *p = pattern.ptr, *p_end = pattern.ptr + pattern.len;
    const char *t = text.ptr, *t_end = text.ptr + text.len;
    const char *retry_p = NULL, *retry_t = NULL;
    while (t < t_end) {
        if (p < p_end && *p == '*') {
            while (p < p_end && *p == '*')
                p++;
            if (p == p_end)
                return true;
            retry_p = p;
            retry_t = t;
        } else if (p < p_end && element_match(&p, p_end, *t, nocase)) {
            t++;
        } else if (retry_p) {
            p = retry_p;
            t = ++retry_t;
        } else {
            return false;
        }
    }
    if (text.len == 0) /* Redis's quirk: "**" doesn't match it */
        return pattern.len == 0 || (pattern.len == 1 && *p == '*');
    while (p < p_end && *p == '*')
        p++;
    return p == p_end;
}
