/* config_check: see config_check.h. The texts are Redis's. */
#include "server/config_check.h"

#include "base/number.h"

#include <ctype.h>
#include <limits.h>
#include <stdint.h>

static bool refuse(const char **error, const char *text)
{
    *error = text;
    return false;
}

/* Words in braces must be known, and something must be left when those that may be empty are. */
bool check_title(const struct slice *words, unsigned *count, const char **error)
{
    static const char *const known[] = {"title",    "listen-addr", "server-mode", "port",
                                        "tls-port", "config-file", "unixsocket",  NULL};
    const char *bad = "template format is invalid or contains unknown variables";
    if (*count != 1)
        return refuse(error, bad);
    struct slice text = words[0];
    bool solid = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '}')
            return refuse(error, bad);
        if (text.ptr[i] != '{') {
            solid = solid || !isspace((unsigned char)text.ptr[i]);
            continue;
        }
        if (i + 1 < text.len && text.ptr[i + 1] == '{') { /* "{{" is a brace */
            solid = true;
            i++;
            continue;
        }
        const char *end = memchr(text.ptr + i, '}', text.len - i);
        if (!end)
            return refuse(error, bad);
        struct slice name = {text.ptr + i + 1, (size_t)(end - text.ptr) - i - 1};
        unsigned k = 0;
        while (known[k] && !slice_eq(name, slice_of(known[k])))
            k++;
        if (!known[k])
            return refuse(error, bad);
        solid = solid || (k >= 1 && k <= 4);
        i += name.len + 1;
    }
    return solid || refuse(error, bad);
}

bool check_oom_scores(const struct slice *words, unsigned *count, const char **error)
{
    if (*count != 3)
        return refuse(error, "wrong number of arguments");
    for (unsigned i = 0; i < 3; i++) {
        int64_t score;
        if (!number_parse_i64(words[i], &score) || score < -2000 || score > 2000)
            return refuse(error, "Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
    }
    return true;
}

/* Pairs of seconds and changes; "" alone: none. */
bool check_save(const struct slice *words, unsigned *count, const char **error)
{
    const char *bad = "Invalid save parameters";
    if (*count == 1 && words[0].len == 0)
        *count = 0;
    if (*count % 2)
        return refuse(error, bad);
    for (unsigned i = 0; i < *count; i++) {
        int64_t number;
        if (!number_parse_i64(words[i], &number) || number < (i % 2 ? 0 : 1) || (i % 2 && number > INT_MAX))
            return refuse(error, bad);
    }
    return true;
}

/* Host and port; "no one" or "": none. */
bool check_replicaof(const struct slice *words, unsigned *count, const char **error)
{
    if (*count == 1 && words[0].len == 0)
        *count = 0;
    if (*count == 0)
        return true;
    if (*count != 2)
        return refuse(error, "wrong number of arguments");
    if (slice_is(words[0], "no") && slice_is(words[1], "one")) {
        *count = 0;
        return true;
    }
    int64_t port;
    if (!number_parse_i64(words[1], &port) || port < 0 || port > 65535)
        return refuse(error, "Invalid master port");
    return true;
}

static bool is_path(struct slice text)
{
    return memchr(text.ptr, '/', text.len) != NULL || slice_eq(text, SLICE("..")) ||
           slice_eq(text, SLICE("."));
}

bool check_dump_name(const struct slice *words, unsigned *count, const char **error)
{
    return *count != 1 || !is_path(words[0]) || refuse(error, "dbfilename can't be a path, just a filename");
}

bool check_append_name(const struct slice *words, unsigned *count, const char **error)
{
    if (*count == 0 || words[0].len == 0)
        return refuse(error, "appendfilename can't be empty");
    return !is_path(words[0]) || refuse(error, "appendfilename can't be a path, just a filename");
}

bool check_append_directory(const struct slice *words, unsigned *count, const char **error)
{
    if (*count == 0 || words[0].len == 0)
        return refuse(error, "appenddirname can't be empty");
    return !is_path(words[0]) || refuse(error, "appenddirname can't be a path, just a dirname");
}

bool check_hostname(const struct slice *words, unsigned *count, const char **error)
{
    if (*count == 0)
        return true;
    if (words[0].len >= 256)
        return refuse(error, "Hostnames must be less than 256 characters");
    for (size_t i = 0; i < words[0].len; i++) {
        unsigned char c = (unsigned char)words[0].ptr[i];
        if (!isalnum(c) && c != '-' && c != '.')
            return refuse(error, "Hostnames may only contain alphanumeric characters, hyphens or dots");
    }
    return true;
}

bool check_node_name(const struct slice *words, unsigned *count, const char **error)
{
    for (size_t i = 0; *count && i < words[0].len; i++) {
        unsigned char c = (unsigned char)words[0].ptr[i];
        if (!isgraph(c) || strchr("!#$%&()*+:;<=>?@[]^{|}~", c))
            return refuse(error, "Announced human node name contained invalid character");
    }
    return true;
}
