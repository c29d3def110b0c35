/* Fuzzes the configuration reader: lines, options of a command line, and CONFIG SET,
 * by the first byte. Whatever comes, what a setting shows can be set back, and the
 * line that is written for it says the same. Files, the directory and the command
 * table are stood in for. */
#include "server/config.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "server/config_file.h"
#include "server/config_priv.h"
#include "server/config_value.h"

#include <errno.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice input;

/* Every file has what the fuzzer gave. */
static bool load(const char *path, struct buf *out, const char **error)
{
    if (path[0] == 'x') {
        *error = "not there";
        return false;
    }
    buf_append(out, input.ptr, input.len);
    return true;
}

static void expand(const char *pattern, struct buf *out)
{
    buf_append(out, pattern, strlen(pattern) + 1);
    buf_append(out, pattern, strlen(pattern) + 1);
}

static bool rename_to(const char *from, const char *to, const char **error)
{
    *error = "no";
    return strlen(from) > strlen(to);
}

static char directory[4096];

static int change(const char *path)
{
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(directory)) {
        errno = ENOENT;
        return -1;
    }
    memcpy(directory, path, len + 1);
    return 0;
}

static char *current(char *out, size_t size)
{
    size_t len = strlen(directory);
    must(len < size);
    return memcpy(out, directory, len + 1);
}

static void expect_same(const struct setting *s, struct slice before)
{
    struct buf now = BUF_EMPTY;
    setting_get(s, &now);
    must(slice_eq(config_text(&now), before));
    buf_deinit(&now);
}

static void round_trip(struct config_reader *r, const struct setting *s)
{
    struct buf shown = BUF_EMPTY, line = BUF_EMPTY;
    const char *error;
    setting_get(s, &shown);
    must(setting_set_text(s, config_text(&shown), &error));
    expect_same(s, config_text(&shown));
    setting_write(s, &line);
    if (s->kind != SETTING_DIRECTORY)
        must(setting_set_text(s, slice_of(s->initial), &error));
    must(config_read(r, "what was written", true, config_text(&line)));
    expect_same(s, config_text(&shown));
    buf_deinit(&shown);
    buf_deinit(&line);
}

static void read_options(struct config_reader *r)
{
    char *argv[64];
    int argc = 0;
    char *copy = mem_dup(input.ptr, input.len);
    for (size_t at = 0; at < input.len && argc < 64; at += strlen(copy + at) + 1)
        argv[argc++] = copy + at;
    struct buf lines = BUF_EMPTY;
    bool standard_input;
    config_join_arguments(argc, argv, &standard_input, &lines);
    config_read(r, "options", false, config_text(&lines));
    buf_deinit(&lines);
    mem_free(copy);
}

static void set_pairs(void)
{
    struct slice words[64];
    unsigned count = 0;
    for (size_t at = 0; at <= input.len && count < 64;) {
        const char *end = memchr(input.ptr + at, '\n', input.len - at);
        size_t len = end ? (size_t)(end - input.ptr) - at : input.len - at;
        words[count++] = slice_make(input.ptr + at, len);
        at += len + 1;
    }
    struct buf error = BUF_EMPTY;
    must(config_set_pairs(words, count / 2, true, &error) == (error.len == 0));
    buf_deinit(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    log_set_level(LEVEL_NOTHING);
    memcpy(directory, "/", 2);
    setting_use_directory(change, current);
    config_init();
    struct config_reader r = config_reader_open();
    r.load = load;
    r.expand = expand;
    r.rename = rename_to;
    r.files = CONFIG_INCLUDE_FILES - 8;
    char *copy = mem_dup((const char *)data + 1, size - 1);
    input = slice_make(copy, size - 1);
    if (data[0] % 4 == 3)
        set_pairs();
    else if (data[0] % 4 == 2)
        read_options(&r);
    else
        must(config_read(&r, "input", true, input) == (r.error.len == 0));
    r.error.len = 0;
    for (unsigned i = 0; i < setting_count; i++)
        if (!setting_is_default(&settings[i]))
            round_trip(&r, &settings[i]);
    config_reader_close(&r);
    config_deinit();
    mem_free(copy);
    return 0;
}
