/* family: runs lines of text as commands of some families, with a keyspace and a reply but neither server nor
 * client. Words stand between single spaces, so two spaces make an empty one. */
#ifndef FUZZ_FAMILY_H
#define FUZZ_FAMILY_H

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/number.h"
#include "commands/command.h"
#include "ds/arena.h"

#ifndef FAMILY_WORDS
#define FAMILY_WORDS 64
#endif
#define FAMILY_LINES 32

/* An empty keyspace. */
static inline struct keyspace *family_begin(unsigned databases)
{
    static bool started;
    if (!started)
        arena_init();
    started = true;
    return keyspace_create(databases);
}

/* Nothing is left of it. */
static inline void family_end(struct keyspace *ks)
{
    keyspace_destroy(ks);
    must(arena_stats().objects == 0);
}

/* Cuts the next line off *text into words; false behind the last line. */
static inline bool family_line(struct slice *text, struct slice words[FAMILY_WORDS], uint32_t *count)
{
    if (!text->len)
        return false;
    const char *newline = memchr(text->ptr, '\n', text->len);
    struct slice line = slice_make(text->ptr, newline ? (size_t)(newline - text->ptr) : text->len);
    size_t taken = line.len + (newline != NULL);
    *text = slice_make(text->ptr + taken, text->len - taken);
    for (*count = 0; *count < FAMILY_WORDS;) {
        const char *space = memchr(line.ptr, ' ', line.len);
        size_t len = space ? (size_t)(space - line.ptr) : line.len;
        words[(*count)++] = slice_make(line.ptr, len);
        if (!space)
            break;
        line = slice_make(line.ptr + len + 1, line.len - len - 1);
    }
    return true;
}

/* Where the reply that begins at p ends; it must be one. */
static inline const char *family_reply_end(const char *p, const char *end)
{
    const char *line = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
    must(line && line > p && line[-1] == '\r');
    int64_t n = 0;
    char kind = *p;
    if (kind == '$' || kind == '*' || kind == '%' || kind == '~')
        must(number_parse_i64(slice_make(p + 1, (size_t)(line - 1 - (p + 1))), &n) && n >= -1);
    else
        must(kind == '+' || kind == '-' || kind == ':' || kind == ',' || kind == '_');
    p = line + 1;
    if (kind == '$' && n >= 0) {
        must(end - p >= n + 2 && memcmp(p + n, "\r\n", 2) == 0);
        p += n + 2;
    }
    if (kind == '%')
        n *= 2;
    for (; kind != '$' && n > 0; n--)
        p = family_reply_end(p, end);
    return p;
}

/* Runs the words as the command `rows` has under that name, and puts the whole reply, which must be one, into *said.
 * False when there is none, or not with so many words. */
static inline bool family_run(struct keyspace *ks, const struct command *rows, const struct slice *words,
                              uint32_t count, uint8_t protocol, struct buf *said)
{
    while (rows->name && !slice_is(words[0], rows->name))
        rows++;
    if (!rows->name || !command_arity_fits(rows, count))
        return false;
    /* Arguments in blocks of their exact size: reading past one is seen. */
    struct slice argv[FAMILY_WORDS];
    uint64_t hashes[FAMILY_WORDS];
    for (uint32_t i = 0; i < count; i++) {
        char *block = mem_alloc(words[i].len);
        memcpy(block, words[i].ptr, words[i].len);
        argv[i] = slice_make(block, words[i].len);
        hashes[i] = keyspace_hash(argv[i]);
    }
    struct output output;
    output_init(&output);
    struct reply reply = {.output = &output, .protocol = protocol};
    rows->run(&(struct call){
        .command = rows, .argv = argv, .hashes = hashes, .argc = count, .keyspace = ks, .reply = &reply});
    for (uint32_t i = 0; i < count; i++)
        mem_free((void *)(uintptr_t)argv[i].ptr);
    while (output_pending(&output)) {
        struct iovec v;
        must(output_vectors(&output, &v, 1, SIZE_MAX) == 1);
        buf_append(said, v.iov_base, v.iov_len);
        output_advance(&output, v.iov_len);
    }
    output_deinit(&output);
    must(said->len && family_reply_end(said->data, said->data + said->len) == said->data + said->len);
    return true;
}

#endif
