/* config_file: see config_file.h. */
#include "server/config_file.h"

#include "base/mem.h"
#include "commands/command.h"
#include "server/config.h"
#include "server/config_priv.h"
#include "server/config_split.h"
#include "server/config_value.h"
#include "server/version.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Directives that Hearth can't obey yet and must not pass over. */
static const struct {
    const char *name, *refusal;
} refused[] = {
    {"user", "access control lists aren't available in this server yet"},
    {"loadmodule", "modules aren't available in this server"},
    {"sentinel", "Sentinel isn't available in this server"},
};

/* Names of older versions that Redis accepts and passes over as well. */
static const char *const obsolete[] = {"list-max-ziplist-entries", "list-max-ziplist-value",
                                       "lua-replicate-commands"};

/* ---- the real world ----------------------------------------------------------- */

static bool load_descriptor(int fd, struct buf *out, const char **error)
{
    size_t start = out->len;
    for (;;) {
        ssize_t n = read(fd, buf_reserve(out, 65536), 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            *error = strerror(errno);
        if (n <= 0)
            return n == 0;
        out->len += (size_t)n;
        if (out->len - start > CONFIG_FILE_MOST) {
            *error = "larger than 64 MiB";
            return false;
        }
    }
}

static bool load_file(const char *path, struct buf *out, const char **error)
{
    if (strcmp(path, "-") == 0)
        return load_descriptor(STDIN_FILENO, out, error);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *error = strerror(errno);
        return false;
    }
    bool fine = load_descriptor(fd, out, error);
    close(fd);
    return fine;
}

static void expand_files(const char *pattern, struct buf *out)
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            buf_append(out, found.gl_pathv[i], strlen(found.gl_pathv[i]) + 1);
    globfree(&found);
}

static bool rename_command(const char *from, const char *to, const char **error)
{
    if (command_rename(from, to))
        return true;
    *error = command_find(slice_of(from)) ? "Target command name already exists"
                                          : "No such command in rename-command";
    return false;
}

struct config_reader config_reader_open(void)
{
    return (struct config_reader){.load = load_file,
                                  .expand = expand_files,
                                  .rename = rename_command,
                                  .warned = mem_zalloc(setting_count, sizeof(bool))};
}

void config_reader_close(struct config_reader *r)
{
    mem_free(r->warned);
    buf_deinit(&r->error);
}

/* ---- directives ------------------------------------------------------------------ */

/* A text built for one error; valid until the next. */
static const char *errorf(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *errorf(const char *format, ...)
{
    static char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    return text;
}

static void warn(const char *name, const char *what)
{
    struct buf text = BUF_EMPTY;
    buf_printf(&text, "Setting '%s' %s", name, what);
    config_add_warning(config_text(&text));
    buf_deinit(&text);
}

static bool include(struct config_reader *r, struct slice word, const char **error)
{
    bool pattern = word.len && (memchr(word.ptr, '*', word.len) || memchr(word.ptr, '?', word.len) ||
                                memchr(word.ptr, '[', word.len));
    char *path = mem_dup(word.ptr, word.len);
    struct buf paths = BUF_EMPTY;
    if (pattern) /* none found is no error, as in Redis */
        r->expand(path, &paths);
    else
        buf_append(&paths, path, word.len + 1);
    mem_free(path);
    bool fine = true;
    for (size_t i = 0; fine && i < paths.len; i += strlen(paths.data + i) + 1) {
        if (r->depth >= CONFIG_INCLUDE_DEPTH || r->files >= CONFIG_INCLUDE_FILES) {
            *error = r->files >= CONFIG_INCLUDE_FILES ? "too many files are included"
                                                      : "files are included too deep";
            fine = false;
            break;
        }
        r->files++;
        struct buf text = BUF_EMPTY;
        const char *reason = NULL;
        if (!r->load(paths.data + i, &text, &reason)) {
            *error =
                errorf("can't open config file '%s': %s", paths.data + i, reason ? reason : "unknown error");
            fine = false;
        } else {
            r->depth++;
            struct buf source = BUF_EMPTY;
            buf_printf(&source, "the configuration file '%s'", paths.data + i);
            buf_append_char(&source, 0);
            fine = config_read(r, source.data, true, config_text(&text));
            buf_deinit(&source);
            r->depth--;
        }
        buf_deinit(&text);
    }
    buf_deinit(&paths);
    return fine;
}

/* Rules of `save` may stand on lines of their own: the first takes the place of the default,
 * those behind it join it; an empty text drops all. */
static bool set_save(struct config_reader *r, const struct setting *s, const struct config_words *w,
                     const char **error)
{
    bool first = !r->save_given, drops = w->count == 2 && w->items[1].len == 0;
    r->save_given = true;
    if (first || drops)
        return setting_set(s, w->items + 1, w->count - 1, error);
    struct buf all = BUF_EMPTY;
    setting_get(s, &all);
    for (unsigned i = 1; i < w->count; i++) {
        if (all.len)
            buf_append_char(&all, ' ');
        buf_append_slice(&all, w->items[i]);
    }
    bool fine = setting_set_text(s, config_text(&all), error);
    buf_deinit(&all);
    return fine;
}

static bool set(struct config_reader *r, const struct setting *s, const struct config_words *w,
                const char **error)
{
    if (s->field == &config.save ? !set_save(r, s, w, error)
                                 : !setting_set(s, w->items + 1, w->count - 1, error)) {
        if (*error && s->refusal && *error == s->refusal)
            *error = errorf("%s, and the setting can't just be passed over", s->refusal);
        return false;
    }
    unsigned row = (unsigned)(s - settings);
    if (r->warned[row])
        return true;
    r->warned[row] = true;
    if (s->flags & SETTING_IGNORED)
        warn(s->name, "has no meaning here and is ignored");
    else if (s->flags & SETTING_LATER)
        warn(s->name, "has no effect yet in this version");
    return true;
}

/* What Redis writes for the default user when nobody touched it; it is so here too. */
static bool is_plain_default_user(const struct config_words *w)
{
    static const char *const rights[][2] = {{"on", "on"},
                                            {"nopass", "nopass"},
                                            {"~*", "allkeys"},
                                            {"&*", "allchannels"},
                                            {"+@all", "allcommands"}};
    unsigned seen = 0;
    if (w->count < 2 || !slice_is(w->items[0], "user") || !slice_eq(w->items[1], SLICE("default")))
        return false;
    for (unsigned i = 2; i < w->count; i++) {
        unsigned k = 0;
        while (k < 5 && !slice_is(w->items[i], rights[k][0]) && !slice_is(w->items[i], rights[k][1]))
            k++;
        if (k == 5 && !slice_is(w->items[i], "sanitize-payload"))
            return false;
        seen |= 1u << k;
    }
    return (seen & 31) == 31;
}

static bool obey(struct config_reader *r, const struct config_words *w, const char **error)
{
    struct slice name = w->items[0];
    const struct setting *s = setting_find(name);
    if (s)
        return set(r, s, w, error);
    if (slice_is(name, "include") && w->count == 2)
        return include(r, w->items[1], error);
    if (slice_is(name, "rename-command") && w->count == 3) {
        char *from = mem_dup(w->items[1].ptr, w->items[1].len);
        char *to = mem_dup(w->items[2].ptr, w->items[2].len);
        bool fine = r->rename(from, to, error);
        mem_free(from);
        mem_free(to);
        return fine;
    }
    if (is_plain_default_user(w))
        return true;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (slice_is(name, refused[i].name)) {
            *error = errorf("%s, and the directive can't just be passed over", refused[i].refusal);
            return false;
        }
    for (size_t i = 0; i < sizeof(obsolete) / sizeof(obsolete[0]); i++)
        if (slice_is(name, obsolete[i]) && w->count == 2) {
            warn(obsolete[i], "has no meaning here and is ignored");
            return true;
        }
    *error = "Bad directive or wrong number of arguments";
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct slice trim(struct slice s)
{
    while (s.len && is_blank(s.ptr[0]))
        s = slice_make(s.ptr + 1, s.len - 1);
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

static bool read_line(struct config_reader *r, struct slice line, const char **error)
{
    if (line.len == 0 || line.ptr[0] == '#')
        return true;
    if (memchr(line.ptr, 0, line.len)) {
        *error = "NUL byte in configuration line";
        return false;
    }
    struct config_words words;
    if (!config_split(line, &words)) {
        *error = "Unbalanced quotes in configuration line";
        return false;
    }
    bool fine = words.count == 0 || obey(r, &words, error);
    config_words_deinit(&words);
    return fine;
}

bool config_read(struct config_reader *r, const char *source, bool lines_count, struct slice text)
{
    unsigned number = 0;
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - text.ptr) - at : text.len - at;
        struct slice line = trim(slice_make(text.ptr + at, len));
        at += len + 1;
        number++;
        const char *error = NULL;
        if (read_line(r, line, &error))
            continue;
        if (r->error.len) /* an included file told already */
            return false;
        buf_printf(&r->error, "\n*** FATAL CONFIG FILE ERROR (Hearth %s) ***\nReading %s", HEARTH_VERSION,
                   source);
        if (lines_count)
            buf_printf(&r->error, ", at line %u", number);
        buf_append_slice(&r->error, SLICE("\n>>> '"));
        buf_append(&r->error, line.ptr, line.len > 1000 ? 1000 : line.len);
        buf_printf(&r->error, "'\n%s\n", error ? error : "unknown error");
        return false;
    }
    return true;
}

bool config_read_file(struct config_reader *r, const char *path)
{
    struct buf text = BUF_EMPTY, source = BUF_EMPTY;
    const char *error = NULL;
    bool fine = r->load(path, &text, &error);
    if (!fine)
        buf_printf(&r->error, "Fatal error, can't open config file '%s': %s\n", path,
                   error ? error : "unknown error");
    buf_printf(&source, strcmp(path, "-") == 0 ? "standard input" : "the configuration file '%s'", path);
    buf_append_char(&source, 0);
    fine = fine && config_read(r, source.data, true, config_text(&text));
    buf_deinit(&source);
    buf_deinit(&text);
    return fine;
}

/* ---- the command line --------------------------------------------------------------- */

static bool is_option(const char *arg)
{
    return arg[0] == '-' && arg[1] == '-';
}

/* As Redis 7: an option's first value may begin with "--", so that any text can be
 * given, except for --save, which may stand without one. An argument with an option
 * and its value in one ("--port 7000") is a line as it is. */
void config_join_arguments(int argc, char **argv, bool *standard_input, struct buf *out)
{
    bool may_be_option = true;
    *standard_input = false;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "-") == 0 && (i == 0 || i == argc - 1)) {
            *standard_input = true;
            continue;
        }
        if (!may_be_option || !is_option(argv[i])) {
            config_quote_always(slice_of(argv[i]), out);
            buf_append_char(out, ' ');
            may_be_option = true;
            continue;
        }
        if (out->len)
            buf_append_char(out, '\n');
        buf_printf(out, "%s ", argv[i] + 2);
        struct config_words words;
        may_be_option = !config_split(slice_of(argv[i]), &words);
        if (!may_be_option) {
            may_be_option = words.count != 1;
            config_words_deinit(&words);
        }
        bool alone = i + 1 == argc || is_option(argv[i + 1]);
        if (alone && slice_is(slice_of(argv[i]), "--save")) {
            buf_append_slice(out, SLICE("\"\""));
            may_be_option = true;
        }
    }
}
