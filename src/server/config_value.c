/* config_value: see config_value.h. Error texts are Redis's. */
#include "server/config_value.h"

#include "base/mem.h"
#include "base/must.h"
#include "base/number.h"
#include "server/config.h"
#include "server/config_priv.h"
#include "server/config_split.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct config config;

/* Where the values live that have no field in `config`, by row. */
union kept {
    bool truth;
    int choice;
    int64_t number;
    uint64_t bytes;
    char *text;
};
static union kept *kept;

static int (*change_directory)(const char *path) = chdir;
static char *(*current_directory)(char *out, size_t size) = getcwd;
static bool directory_chosen;

static void *place(const struct setting *s)
{
    return s->field ? s->field : &kept[s - settings];
}

/* A text built for one error; valid until the next. */
static const char *errorf(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *errorf(const char *format, ...)
{
    static char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    return text;
}

static bool refuse(const char **error, const char *text)
{
    *error = text;
    return false;
}

void setting_use_directory(int (*change)(const char *path), char *(*current)(char *out, size_t size))
{
    change_directory = change ? change : chdir;
    current_directory = current ? current : getcwd;
}

/* ---- reading one value ------------------------------------------------------ */

static bool read_bool(const struct setting *s, struct slice word, const char **error)
{
    bool yes = slice_is(word, "yes");
    if (!yes && !slice_is(word, "no"))
        return refuse(error, "argument must be 'yes' or 'no'");
    *(bool *)place(s) = yes;
    return true;
}

static bool read_int(const struct setting *s, struct slice word, const char **error)
{
    int64_t n;
    if (!number_parse_i64(word, &n))
        return refuse(error, "argument couldn't be parsed into an integer");
    if (n < s->least || (n > 0 && (uint64_t)n > s->most))
        return refuse(error, errorf("argument must be between %" PRId64 " and %" PRIu64 " inclusive",
                                    s->least, s->most));
    *(int64_t *)place(s) = n;
    return true;
}

static bool read_octal(const struct setting *s, struct slice word, const char **error)
{
    int64_t n = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '7')
            return refuse(error, "argument couldn't be parsed as an octal number");
        if (n < INT64_MAX / 8)
            n = n * 8 + (word.ptr[i] - '0');
    }
    if (word.len == 0)
        return refuse(error, "argument couldn't be parsed as an octal number");
    if (n < s->least || (uint64_t)n > s->most)
        return refuse(error, errorf("argument must be between %" PRIo64 " and %" PRIo64 " inclusive",
                                    (uint64_t)s->least, s->most));
    *(int64_t *)place(s) = n;
    return true;
}

/* As number_parse_memory, but nothing at all is 0, as in Redis. */
static bool parse_memory(struct slice word, uint64_t *bytes)
{
    *bytes = 0;
    return word.len == 0 || number_parse_memory(word, bytes);
}

static bool read_memory(const struct setting *s, struct slice word, const char **error)
{
    uint64_t n;
    if (!parse_memory(word, &n))
        return refuse(error, "argument must be a memory value");
    if (n < (uint64_t)s->least || n > s->most)
        return refuse(error, errorf("argument must be between %" PRId64 " and %" PRIu64 " inclusive",
                                    s->least, s->most));
    *(uint64_t *)place(s) = n;
    return true;
}

static bool read_percent(const struct setting *s, struct slice word, const char **error)
{
    const char *bad = "argument must be a memory or percent value";
    if (word.len && word.ptr[word.len - 1] == '%') {
        int64_t percent;
        if (!number_parse_i64(slice_make(word.ptr, word.len - 1), &percent) || percent < 0)
            return refuse(error, bad);
        if (percent > -s->least)
            return refuse(error, errorf("percentage argument must be less or equal to %" PRId64, -s->least));
        *(int64_t *)place(s) = -percent;
        return true;
    }
    uint64_t n;
    if (!parse_memory(word, &n) || n > s->most)
        return refuse(error, bad);
    *(int64_t *)place(s) = (int64_t)n;
    return true;
}

static bool read_choices(const struct setting *s, const struct slice *words, unsigned count,
                         const char **error)
{
    int value = 0;
    bool known = count > 0;
    for (unsigned i = 0; i < count && known; i++) {
        const struct setting_choice *c = s->choices;
        while (c->name && !slice_is(words[i], c->name))
            c++;
        known = c->name != NULL;
        value = s->kind == SETTING_BITS ? value | c->value : c->value;
    }
    if (!known) {
        char text[400] = "";
        for (const struct setting_choice *c = s->choices; c->name; c++) {
            size_t used = strlen(text);
            snprintf(text + used, sizeof(text) - used, "%s%s", used ? ", " : "", c->name);
        }
        return refuse(error, errorf("argument(s) must be one of the following: %s", text));
    }
    if (s->kind == SETTING_BITS && (value & SHUTDOWN_SAVE) && (value & SHUTDOWN_NOSAVE))
        return refuse(error, "shutdown options SAVE and NOSAVE can't be used simultaneously");
    *(int *)place(s) = value;
    return true;
}

static bool read_text(const struct setting *s, const struct slice *words, unsigned count, const char **error)
{
    if (s->check && !s->check(words, &count, error))
        return false;
    struct buf text = BUF_EMPTY;
    for (unsigned i = 0; i < count; i++) {
        if (words[i].len && memchr(words[i].ptr, 0, words[i].len)) {
            buf_deinit(&text);
            return refuse(error, "argument must not contain a NUL byte");
        }
        if (i)
            buf_append_char(&text, ' ');
        buf_append_slice(&text, words[i]);
    }
    char **at = place(s);
    mem_free(*at);
    *at = mem_dup(text.data ? text.data : "", text.len);
    buf_deinit(&text);
    return true;
}

static void free_list(struct config_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        mem_free(list->items[i]);
    mem_free(list->items);
    *list = (struct config_list){NULL, 0};
}

/* "" alone is the empty list. */
static bool read_list(const struct setting *s, const struct slice *words, unsigned count, const char **error)
{
    if (count == 1 && words[0].len == 0)
        count = 0;
    if (count > CONFIG_BIND_MAX)
        return refuse(error, "Too many bind addresses specified.");
    for (unsigned i = 0; i < count; i++) /* no address is like that, and printed it would be another list */
        if (words[i].len == 0 || memchr(words[i].ptr, 0, words[i].len) ||
            memchr(words[i].ptr, ' ', words[i].len))
            return refuse(error, "Failed to bind to specified addresses.");
    struct config_list *list = place(s);
    free_list(list);
    if (count)
        list->items = mem_zalloc(count, sizeof(*list->items));
    for (unsigned i = 0; i < count; i++)
        list->items[list->count++] = mem_dup(words[i].ptr, words[i].len);
    return true;
}

/* Groups of class, hard, soft and seconds; a class that isn't named keeps what it has. */
static bool read_output_limits(const struct setting *s, const struct slice *words, unsigned count,
                               const char **error)
{
    struct config_output_limit *limits = place(s);
    struct config_output_limit now[3] = {limits[0], limits[1], limits[2]};
    if (count % 4)
        return refuse(error, "Wrong number of arguments in buffer limit configuration.");
    for (unsigned i = 0; i < count; i += 4) {
        unsigned class = slice_is(words[i], "normal")                                   ? 0
                         : slice_is(words[i], "slave") || slice_is(words[i], "replica") ? 1
                         : slice_is(words[i], "pubsub")                                 ? 2
                                                                                        : 3;
        if (class == 3)
            return refuse(error, "Invalid client class specified in buffer limit configuration.");
        struct config_output_limit *l = &now[class];
        if (!parse_memory(words[i + 1], &l->hard) || !parse_memory(words[i + 2], &l->soft) ||
            !number_parse_i64(words[i + 3], &l->soft_seconds) || l->soft_seconds < 0)
            return refuse(error,
                          "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
    memcpy(limits, now, sizeof(now));
    return true;
}

static bool read_percentiles(const struct slice *words, unsigned count, const char **error)
{
    double values[CONFIG_PERCENTILES_MAX];
    if (count == 1 && words[0].len == 0)
        count = 0;
    if (count > CONFIG_PERCENTILES_MAX)
        return refuse(error, errorf("at most %d percentiles", CONFIG_PERCENTILES_MAX));
    for (unsigned i = 0; i < count; i++) {
        if (!number_parse_double(words[i], &values[i]))
            return refuse(error, "Invalid latency-tracking-info-percentiles parameters");
        if (!(values[i] >= 0 && values[i] <= 100))
            return refuse(error,
                          "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
    }
    memcpy(config.latency_percentiles, values, count * sizeof(values[0]));
    config.latency_percentile_count = count;
    return true;
}

static bool read_events(const struct setting *s, struct slice word, const char **error)
{
    int bits = 0;
    for (size_t i = 0; i < word.len; i++) {
        int bit = setting_event_bit(word.ptr[i]);
        if (!bit)
            return refuse(error, "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
        bits |= bit;
    }
    *(int *)place(s) = bits;
    return true;
}

static bool read_directory(struct slice word, const char **error)
{
    char path[PATH_MAX];
    if (word.len >= sizeof(path) || (word.len && memchr(word.ptr, 0, word.len)))
        return refuse(error, strerror(ENAMETOOLONG));
    memcpy(path, word.ptr ? word.ptr : "", word.len);
    path[word.len] = 0;
    if (change_directory(path) != 0)
        return refuse(error, strerror(errno));
    directory_chosen = true;
    return true;
}

static bool read_value(const struct setting *s, const struct slice *words, unsigned count, const char **error)
{
    switch (s->kind) {
    case SETTING_BOOL:
        return read_bool(s, words[0], error);
    case SETTING_INT:
        return read_int(s, words[0], error);
    case SETTING_OCTAL:
        return read_octal(s, words[0], error);
    case SETTING_MEMORY:
        return read_memory(s, words[0], error);
    case SETTING_PERCENT:
        return read_percent(s, words[0], error);
    case SETTING_ENUM:
    case SETTING_BITS:
        return read_choices(s, words, count, error);
    case SETTING_TEXT:
        return read_text(s, words, count, error);
    case SETTING_LIST:
        return read_list(s, words, count, error);
    case SETTING_OUTPUT_LIMITS:
        return read_output_limits(s, words, count, error);
    case SETTING_PERCENTILES:
        return read_percentiles(words, count, error);
    case SETTING_EVENTS:
        return read_events(s, words[0], error);
    case SETTING_DIRECTORY:
        return read_directory(words[0], error);
    }
    return refuse(error, "unknown kind of setting");
}

static bool store(const struct setting *s, const struct slice *words, unsigned count, const char **error)
{
    if (!read_value(s, words, count, error))
        return false;
    if (s->field == &config.hz) /* as Redis bounds it */
        config.hz = config.hz < 1 ? 1 : config.hz > 500 ? 500 : config.hz;
    if ((s->flags & SETTING_REFUSED) && !setting_is_default(s)) {
        const char *ignored;
        must(setting_set_text(s, slice_of(s->initial), &ignored));
        return refuse(error, s->refusal);
    }
    return true;
}

bool setting_set(const struct setting *s, const struct slice *words, unsigned count, const char **error)
{
    *error = NULL;
    if (!(s->flags & SETTING_MULTI))
        return count == 1 ? store(s, words, 1, error) : refuse(error, "wrong number of arguments");
    if (count == 1) /* several words may stand in one: shutdown-on-sigterm "now force" */
        return setting_set_text(s, words[0], error);
    return store(s, words, count, error);
}

bool setting_set_text(const struct setting *s, struct slice text, const char **error)
{
    *error = NULL;
    if (!(s->flags & SETTING_MULTI))
        return store(s, &text, 1, error);
    /* Single spaces part the words, as in Redis: two make an empty one. */
    unsigned most = 1, count = 0;
    for (size_t i = 0; i < text.len; i++)
        most += text.ptr[i] == ' ';
    struct slice *words = mem_zalloc(most, sizeof(*words));
    for (size_t i = 0, start = 0; text.len && i <= text.len; i++)
        if (i == text.len || text.ptr[i] == ' ') {
            words[count++] = slice_make(text.ptr + start, i - start);
            start = i + 1;
        }
    bool fine = store(s, words, count, error);
    mem_free(words);
    return fine;
}

/* ---- printing --------------------------------------------------------------- */

static void print_choices(const struct setting *s, int value, struct buf *out)
{
    for (const struct setting_choice *c = s->choices; c->name; c++)
        if (c->value == value) {
            buf_append_slice(out, slice_of(c->name));
            return;
        }
    bool first = true;
    for (const struct setting_choice *c = s->choices; c->name; c++)
        if (c->value && (value & c->value) == c->value) {
            buf_printf(out, "%s%s", first ? "" : " ", c->name);
            first = false;
        }
}

/* A size with the largest unit that divides it. */
static void print_memory(uint64_t n, struct buf *out)
{
    if (n && n % (1ull << 30) == 0)
        buf_printf(out, "%" PRIu64 "gb", n >> 30);
    else if (n && n % (1ull << 20) == 0)
        buf_printf(out, "%" PRIu64 "mb", n >> 20);
    else if (n && n % (1ull << 10) == 0)
        buf_printf(out, "%" PRIu64 "kb", n >> 10);
    else
        buf_printf(out, "%" PRIu64, n);
}

static void print_percentile(double value, struct buf *out)
{
    char text[64];
    int len = snprintf(text, sizeof(text), "%f", value);
    while (text[len - 1] == '0')
        len--;
    if (text[len - 1] == '.')
        len--;
    buf_append(out, text, (size_t)len);
}

static void print_output_limits(const struct config_output_limit *limits, struct buf *out)
{
    static const char *const names[] = {"normal", "slave", "pubsub"};
    for (unsigned i = 0; i < 3; i++)
        buf_printf(out, "%s%s %" PRIu64 " %" PRIu64 " %" PRId64, i ? " " : "", names[i], limits[i].hard,
                   limits[i].soft, limits[i].soft_seconds);
}

static void print_events(int bits, struct buf *out)
{
    int all = setting_event_bit('A');
    if ((bits & all) == all) {
        buf_append_char(out, 'A');
        bits &= ~all;
    }
    for (const char *letter = SETTING_EVENT_LETTERS; *letter; letter++)
        if (bits & setting_event_bit(*letter))
            buf_append_char(out, *letter);
}

static void print_directory(struct buf *out)
{
    char path[PATH_MAX];
    if (current_directory(path, sizeof(path)))
        buf_append_slice(out, slice_of(path));
}

void setting_get(const struct setting *s, struct buf *out)
{
    void *at = place(s);
    switch (s->kind) {
    case SETTING_BOOL:
        buf_append_slice(out, *(bool *)at ? SLICE("yes") : SLICE("no"));
        return;
    case SETTING_INT:
        buf_printf(out, "%" PRId64, *(int64_t *)at);
        return;
    case SETTING_OCTAL:
        buf_printf(out, "%" PRIo64, (uint64_t) * (int64_t *)at);
        return;
    case SETTING_MEMORY:
        buf_printf(out, "%" PRIu64, *(uint64_t *)at);
        return;
    case SETTING_PERCENT:
        if (*(int64_t *)at < 0)
            buf_printf(out, "%" PRId64 "%%", -*(int64_t *)at);
        else
            buf_printf(out, "%" PRId64, *(int64_t *)at);
        return;
    case SETTING_ENUM:
    case SETTING_BITS:
        print_choices(s, *(int *)at, out);
        return;
    case SETTING_TEXT:
        buf_append_slice(out, slice_of(*(char **)at));
        return;
    case SETTING_LIST:
        for (unsigned i = 0; i < ((struct config_list *)at)->count; i++)
            buf_printf(out, "%s%s", i ? " " : "", ((struct config_list *)at)->items[i]);
        return;
    case SETTING_OUTPUT_LIMITS:
        print_output_limits(at, out);
        return;
    case SETTING_PERCENTILES:
        for (unsigned i = 0; i < config.latency_percentile_count; i++) {
            if (i)
                buf_append_char(out, ' ');
            print_percentile(config.latency_percentiles[i], out);
        }
        return;
    case SETTING_EVENTS:
        print_events(*(int *)at, out);
        return;
    case SETTING_DIRECTORY:
        print_directory(out);
        return;
    }
}

void setting_show(const struct setting *s, struct buf *out)
{
    if (s->kind != SETTING_EVENTS) {
        setting_get(s, out);
        return;
    }
    int bits = *(int *)place(s), all = setting_event_bit('A');
    print_events((bits & all) == all ? bits & ~setting_event_bit('n') : bits, out);
}

void setting_write(const struct setting *s, struct buf *out)
{
    void *at = place(s);
    if (s->kind == SETTING_OUTPUT_LIMITS) {
        static const char *const names[] = {"normal", "replica", "pubsub"};
        const struct config_output_limit *limits = at;
        for (unsigned i = 0; i < 3; i++) {
            buf_printf(out, "%s %s ", s->name, names[i]);
            print_memory(limits[i].hard, out);
            buf_append_char(out, ' ');
            print_memory(limits[i].soft, out);
            buf_printf(out, " %" PRId64 "\n", limits[i].soft_seconds);
        }
        return;
    }
    buf_printf(out, "%s", s->name);
    if (s->kind == SETTING_LIST && ((struct config_list *)at)->count) {
        const struct config_list *list = at;
        for (unsigned i = 0; i < list->count; i++) {
            buf_append_char(out, ' ');
            config_quote(slice_of(list->items[i]), out);
        }
        buf_append_char(out, '\n');
        return;
    }
    buf_append_char(out, ' ');
    if (s->kind == SETTING_MEMORY)
        print_memory(*(uint64_t *)at, out);
    else if (s->kind == SETTING_PERCENT && *(int64_t *)at > 0)
        print_memory((uint64_t) * (int64_t *)at, out);
    else {
        struct buf text = BUF_EMPTY;
        setting_get(s, &text);
        if (text.len && (s->flags & SETTING_MULTI))
            buf_append_slice(out, config_text(&text));
        else
            config_quote(config_text(&text), out);
        buf_deinit(&text);
    }
    buf_append_char(out, '\n');
}

bool setting_is_default(const struct setting *s)
{
    if (s->kind == SETTING_DIRECTORY)
        return !directory_chosen;
    struct buf text = BUF_EMPTY;
    bool same;
    if (s->kind == SETTING_MEMORY) {
        uint64_t n;
        must(number_parse_memory(slice_of(s->initial), &n));
        same = n == *(uint64_t *)place(s);
    } else {
        setting_get(s, &text);
        same = slice_eq(config_text(&text), slice_of(s->initial));
    }
    buf_deinit(&text);
    return same;
}

/* ---- all of them ------------------------------------------------------------- */

void setting_init_all(void)
{
    setting_deinit_all();
    kept = mem_zalloc(setting_count, sizeof(*kept));
    directory_chosen = false;
    for (unsigned i = 0; i < setting_count; i++) {
        const char *error;
        if (settings[i].kind != SETTING_DIRECTORY)
            must(setting_set_text(&settings[i], slice_of(settings[i].initial), &error));
    }
}

void setting_deinit_all(void)
{
    for (unsigned i = 0; i < setting_count && kept; i++)
        if (settings[i].kind == SETTING_TEXT)
            mem_free(*(char **)place(&settings[i]));
        else if (settings[i].kind == SETTING_LIST)
            free_list(place(&settings[i]));
    mem_free(kept);
    kept = NULL;
    memset(&config, 0, sizeof(config));
}
