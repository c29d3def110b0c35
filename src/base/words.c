#include "base/words.h"

#include <ctype.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_blank(char c)
{
    return isspace((unsigned char)c);
}

/* What ends a word without quotes: fewer bytes than separate words, as Redis has it. NUL is a byte like others. */
static bool ends_word(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static char escaped(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'a':
        return '\a';
    default:
        return c;
    }
}

/* Copies the quoted run that opens at text[0]; returns the bytes read, 0 when it doesn't close properly. */
static size_t unquote(struct slice text, char *out, size_t *len)
{
    char quote = text.ptr[0];
    size_t i = 1, n = 0;
    while (i < text.len && text.ptr[i] != quote) {
        char c = text.ptr[i];
        bool more = i + 1 < text.len;
        if (quote == '"' && c == '\\' && i + 3 < text.len && text.ptr[i + 1] == 'x' &&
            hex_digit(text.ptr[i + 2]) >= 0 && hex_digit(text.ptr[i + 3]) >= 0) {
            out[n++] = (char)(hex_digit(text.ptr[i + 2]) << 4 | hex_digit(text.ptr[i + 3]));
            i += 4;
        } else if (quote == '"' && c == '\\' && more) {
            out[n++] = escaped(text.ptr[i + 1]);
            i += 2;
        } else if (quote == '\'' && c == '\\' && more && text.ptr[i + 1] == '\'') {
            out[n++] = '\'';
            i += 2;
        } else {
            out[n++] = c;
            i++;
        }
    }
    if (i == text.len || (i + 1 < text.len && !is_blank(text.ptr[i + 1])))
        return 0;
    *len = n;
    return i + 1;
}

int words_next(struct slice *line, char *scratch, size_t *used, struct slice *word)
{
    const char *p = line->ptr, *end = p + line->len;
    *used = 0;
    while (p < end && is_blank(*p))
        p++;
    *line = slice_make(p, (size_t)(end - p));
    if (p == end)
        return 0;
    while (p < end && !ends_word(*p) && *p != '"' && *p != '\'')
        p++;
    size_t plain = (size_t)(p - line->ptr);
    if (p == end || ends_word(*p)) {
        *word = slice_make(line->ptr, plain);
        *line = slice_make(p, (size_t)(end - p));
        return 1;
    }
    size_t len, read = unquote(slice_make(p, (size_t)(end - p)), scratch + plain, &len);
    if (!read)
        return -1;
    memcpy(scratch, line->ptr, plain);
    *used = plain + len;
    *word = slice_make(scratch, *used);
    *line = slice_make(p + read, (size_t)(end - p) - read);
    return 1;
}
