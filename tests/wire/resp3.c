/* resp3: see resp3.h. A recursive descent over a complete or partial reply. */
#include "tests/wire/resp3.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 64 };

struct reader {
    const char *bytes;
    size_t len;
    size_t at;
    int protocol;
    const char *why; /* set when malformed */
};

static enum resp3_outcome malformed(struct reader *r, const char *why)
{
    r->why = why;
    return RESP3_MALFORMED;
}

static struct resp3_value *value_create(enum resp3_type type)
{
    struct resp3_value *v = calloc(1, sizeof *v);
    if (v == NULL)
        abort();
    v->type = type;
    return v;
}

void resp3_destroy(struct resp3_value *value)
{
    if (value == NULL)
        return;
    for (size_t i = 0; i < value->count; i++)
        resp3_destroy(value->items[i]);
    free(value->items);
    resp3_destroy(value->attribute);
    free(value->text);
    free(value);
}

/* The bytes up to CRLF; a bare CR or LF on the way is an error. */
static enum resp3_outcome read_line(struct reader *r, const char **line, size_t *len)
{
    for (size_t i = r->at; i < r->len; i++) {
        if (r->bytes[i] == '\n')
            return malformed(r, "LF without CR");
        if (r->bytes[i] != '\r')
            continue;
        if (i + 1 == r->len)
            return RESP3_INCOMPLETE;
        if (r->bytes[i + 1] != '\n')
            return malformed(r, "CR without LF");
        *line = r->bytes + r->at;
        *len = i - r->at;
        r->at = i + 2;
        return RESP3_COMPLETE;
    }
    return RESP3_INCOMPLETE;
}

static bool all_digits(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return len > 0;
}

/* Digits without leading zeros, a minus before them allowed; "-0" is refused. */
static bool canonical_integer(const char *s, size_t len)
{
    bool negative = len > 0 && s[0] == '-';
    if (negative) {
        s++;
        len--;
    }
    if (!all_digits(s, len))
        return false;
    return s[0] != '0' || (len == 1 && !negative);
}

static bool parse_integer(const char *s, size_t len, int64_t *out)
{
    if (!canonical_integer(s, len) || len > 20)
        return false;
    bool negative = s[0] == '-';
    uint64_t v = 0;
    for (size_t i = negative; i < len; i++) {
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v))
            return false;
    }
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    if (v > limit)
        return false;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

/* inf, -inf, nan, or [-]digits[.digits][e[+-]digits] */
static bool parse_double(const char *s, size_t len, double *out)
{
    char copy[64];
    if (len == 0 || len >= sizeof copy)
        return false;
    memcpy(copy, s, len);
    copy[len] = '\0';
    *out = strtod(copy, NULL);
    if (strcmp(copy, "inf") == 0 || strcmp(copy, "-inf") == 0 || strcmp(copy, "nan") == 0)
        return true;
    size_t i = copy[0] == '-';
    size_t whole = strspn(copy + i, "0123456789");
    if (whole == 0 || (whole > 1 && copy[i] == '0'))
        return false;
    i += whole;
    if (copy[i] == '.') {
        size_t fraction = strspn(copy + i + 1, "0123456789");
        if (fraction == 0)
            return false;
        i += 1 + fraction;
    }
    if (copy[i] == 'e' || copy[i] == 'E') {
        i++;
        i += copy[i] == '+' || copy[i] == '-';
        size_t power = strspn(copy + i, "0123456789");
        if (power == 0)
            return false;
        i += power;
    }
    return i == len;
}

static void keep_text(struct resp3_value *v, const char *text, size_t len)
{
    v->text = malloc(len + 1);
    if (v->text == NULL)
        abort();
    memcpy(v->text, text, len);
    v->text[len] = '\0';
    v->len = len;
}

static enum resp3_outcome read_length(struct reader *r, int64_t *length)
{
    const char *line;
    size_t len;
    enum resp3_outcome outcome = read_line(r, &line, &len);
    if (outcome != RESP3_COMPLETE)
        return outcome;
    if (!parse_integer(line, len, length))
        return malformed(r, "length is no number");
    if (*length < -1 || (*length == -1 && r->protocol != 2))
        return malformed(r, "negative length");
    return RESP3_COMPLETE;
}

static enum resp3_outcome read_bulk(struct reader *r, struct resp3_value *v)
{
    int64_t length;
    enum resp3_outcome outcome = read_length(r, &length);
    if (outcome != RESP3_COMPLETE)
        return outcome;
    if (length == -1) {
        if (v->type != RESP3_BULK)
            return malformed(r, "negative length");
        v->type = RESP3_NULL;
        return RESP3_COMPLETE;
    }
    size_t left = r->len - r->at;
    if ((uint64_t)length + 2 > left) {
        if ((uint64_t)length < left && r->bytes[r->at + (size_t)length] != '\r')
            return malformed(r, "bulk does not end with CRLF");
        return RESP3_INCOMPLETE;
    }
    const char *text = r->bytes + r->at;
    if (memcmp(text + length, "\r\n", 2) != 0)
        return malformed(r, "bulk does not end with CRLF");
    if (v->type == RESP3_VERBATIM && (length < 4 || text[3] != ':'))
        return malformed(r, "verbatim string without its format");
    keep_text(v, text, (size_t)length);
    r->at += (size_t)length + 2;
    return RESP3_COMPLETE;
}

static enum resp3_outcome read_scalar(struct reader *r, struct resp3_value *v)
{
    const char *line;
    size_t len;
    enum resp3_outcome outcome = read_line(r, &line, &len);
    if (outcome != RESP3_COMPLETE)
        return outcome;
    switch (v->type) {
    case RESP3_STATUS:
    case RESP3_ERROR:
        break;
    case RESP3_INT:
        if (!parse_integer(line, len, &v->integer))
            return malformed(r, "integer is no number");
        break;
    case RESP3_NULL:
        if (len != 0)
            return malformed(r, "null with content");
        break;
    case RESP3_DOUBLE:
        if (!parse_double(line, len, &v->real))
            return malformed(r, "double is no number");
        break;
    case RESP3_BOOL:
        if (len != 1 || (line[0] != 't' && line[0] != 'f'))
            return malformed(r, "boolean is neither t nor f");
        v->integer = line[0] == 't';
        break;
    default:
        if (!canonical_integer(line, len))
            return malformed(r, "big number is no number");
        break;
    }
    keep_text(v, line, len);
    return RESP3_COMPLETE;
}

static enum resp3_outcome read_value(struct reader *r, int depth, struct resp3_value **value);

static enum resp3_outcome read_aggregate(struct reader *r, int depth, struct resp3_value *v)
{
    int64_t length;
    enum resp3_outcome outcome = read_length(r, &length);
    if (outcome != RESP3_COMPLETE)
        return outcome;
    if (length == -1) {
        v->type = RESP3_NULL;
        return RESP3_COMPLETE;
    }
    bool pairs = v->type == RESP3_MAP || v->type == RESP3_ATTRIBUTE;
    if (length > 1 << 28)
        return malformed(r, "aggregate too long");
    if (v->type == RESP3_PUSH && length == 0)
        return malformed(r, "empty push");
    size_t count = (size_t)length << pairs;
    size_t room = 0;
    while (v->count < count) {
        if (v->count == room) {
            room = room == 0 ? 8 : room * 2; /* grows with what has arrived, not with what was announced */
            v->items = realloc(v->items, room * sizeof *v->items);
            if (v->items == NULL)
                abort();
        }
        struct resp3_value *item;
        outcome = read_value(r, depth + 1, &item);
        if (outcome != RESP3_COMPLETE)
            return outcome;
        v->items[v->count++] = item;
    }
    if (v->type == RESP3_PUSH && v->items[0]->type != RESP3_BULK && v->items[0]->type != RESP3_STATUS)
        return malformed(r, "push without its kind");
    return RESP3_COMPLETE;
}

static enum resp3_outcome read_value(struct reader *r, int depth, struct resp3_value **value)
{
    if (depth > DEEPEST)
        return malformed(r, "nested too deep");
    if (r->at == r->len)
        return RESP3_INCOMPLETE;
    char type = r->bytes[r->at];
    if (type == '\0' || strchr(r->protocol == 2 ? "+-:$*" : "+-:$*_,#!=(%~>|", type) == NULL)
        return malformed(r, "unknown type");
    if (type == '>' && depth > 0)
        return malformed(r, "push inside another value");
    r->at++;
    struct resp3_value *v = value_create((enum resp3_type)type);
    enum resp3_outcome outcome;
    if (strchr("$!=", type) != NULL)
        outcome = read_bulk(r, v);
    else if (strchr("*%~>|", type) != NULL)
        outcome = read_aggregate(r, depth, v);
    else
        outcome = read_scalar(r, v);
    if (outcome == RESP3_COMPLETE && type == '|') {
        outcome = read_value(r, depth, value);
        if (outcome == RESP3_COMPLETE && (*value)->attribute != NULL) {
            resp3_destroy(*value);
            outcome = malformed(r, "two attributes in a row");
        }
        if (outcome == RESP3_COMPLETE) {
            (*value)->attribute = v;
            return RESP3_COMPLETE;
        }
    }
    if (outcome != RESP3_COMPLETE) {
        resp3_destroy(v);
        return outcome;
    }
    *value = v;
    return RESP3_COMPLETE;
}

enum resp3_outcome resp3_read(const char *bytes, size_t len, int protocol, struct resp3_value **value,
                              size_t *used, const char **why)
{
    struct reader r = {.bytes = bytes, .len = len, .protocol = protocol};
    enum resp3_outcome outcome = read_value(&r, 0, value);
    *used = outcome == RESP3_COMPLETE ? r.at : 0;
    *why = r.why;
    return outcome;
}

/* ---- text ------------------------------------------------------------- */

struct text {
    char *data;
    size_t len, cap;
};

static void text_add(struct text *t, const char *bytes, size_t len)
{
    if (t->len + len + 1 > t->cap) {
        t->cap = (t->len + len + 1) * 2;
        t->data = realloc(t->data, t->cap);
        if (t->data == NULL)
            abort();
    }
    memcpy(t->data + t->len, bytes, len);
    t->len += len;
    t->data[t->len] = '\0';
}

static void text_word(struct text *t, const char *word)
{
    text_add(t, word, strlen(word));
}

static void text_quoted(struct text *t, const char *bytes, size_t len)
{
    text_word(t, "\"");
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        char escaped[8];
        if (c == '"' || c == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", c);
        else if (c == '\n' || c == '\r' || c == '\t')
            snprintf(escaped, sizeof escaped, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        else if (c < 32 || c > 126)
            snprintf(escaped, sizeof escaped, "\\x%02x", c);
        else
            snprintf(escaped, sizeof escaped, "%c", c);
        text_word(t, escaped);
    }
    text_word(t, "\"");
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void text_value(struct text *t, const struct resp3_value *v);

static void text_items(struct text *t, const struct resp3_value *v, const char *open, const char *close,
                       bool sorted)
{
    text_word(t, open);
    size_t step = v->type == RESP3_MAP || v->type == RESP3_ATTRIBUTE ? 2 : 1;
    size_t groups = v->count / step;
    char **texts = calloc(groups + 1, sizeof *texts);
    if (texts == NULL)
        abort();
    for (size_t i = 0; i < groups; i++) {
        struct text one = {0};
        for (size_t j = 0; j < step; j++) {
            if (j > 0)
                text_word(&one, " ");
            text_value(&one, v->items[i * step + j]);
        }
        texts[i] = one.data;
    }
    if (sorted)
        qsort(texts, groups, sizeof *texts, compare_texts);
    for (size_t i = 0; i < groups; i++) {
        if (i > 0)
            text_word(t, " ");
        text_word(t, texts[i]);
        free(texts[i]);
    }
    free(texts);
    text_word(t, close);
}

static void text_typed(struct text *t, const struct resp3_value *v, bool sorted)
{
    char number[32];
    if (v->attribute != NULL) {
        text_items(t, v->attribute, "|{", "} ", false);
    }
    switch (v->type) {
    case RESP3_NULL:
        text_word(t, "nil");
        break;
    case RESP3_INT:
        snprintf(number, sizeof number, "%lld", (long long)v->integer);
        text_word(t, number);
        break;
    case RESP3_BULK:
        text_quoted(t, v->text, v->len);
        break;
    case RESP3_BULK_ERROR:
        text_word(t, "!");
        text_quoted(t, v->text, v->len);
        break;
    case RESP3_VERBATIM:
        text_word(t, "=");
        text_add(t, v->text, 4);
        text_quoted(t, v->text + 4, v->len - 4);
        break;
    case RESP3_ARRAY:
        text_items(t, v, "[", "]", sorted);
        break;
    case RESP3_MAP:
        text_items(t, v, "{", "}", sorted);
        break;
    case RESP3_SET:
        text_items(t, v, "~[", "]", sorted);
        break;
    case RESP3_PUSH:
        text_items(t, v, ">[", "]", sorted);
        break;
    default: {
        char type[2] = {(char)v->type, '\0'};
        text_word(t, type);
        text_add(t, v->text, v->len);
        break;
    }
    }
}

static void text_value(struct text *t, const struct resp3_value *v)
{
    text_typed(t, v, false);
}

char *resp3_text(const struct resp3_value *value)
{
    struct text t = {0};
    text_typed(&t, value, false);
    return t.data;
}

char *resp3_text_sorted(const struct resp3_value *value)
{
    struct text t = {0};
    text_typed(&t, value, true);
    return t.data;
}
