/* config_split: see config_split.h. */
#include "server/config_split.h"

#include "base/mem.h"
#include "base/words.h"

#include <ctype.h>

bool config_split(struct slice line, struct config_words *out)
{
    *out = (struct config_words){.scratch = mem_alloc(line.len + 1)};
    unsigned room = 0;
    size_t filled = 0, used;
    struct slice word;
    int found;
    while ((found = words_next(&line, out->scratch + filled, &used, &word)) == 1) {
        if (out->count == room) {
            room = room ? room * 2 : 8;
            out->items = mem_realloc(out->items, room * sizeof(*out->items));
        }
        out->items[out->count++] = word;
        filled += used;
    }
    if (found == 0)
        return true;
    config_words_deinit(out);
    return false;
}

void config_words_deinit(struct config_words *words)
{
    mem_free(words->items);
    mem_free(words->scratch);
    *words = (struct config_words){NULL, 0, NULL};
}

void config_quote_always(struct slice word, struct buf *out)
{
    buf_append_char(out, '"');
    for (size_t i = 0; i < word.len; i++) {
        unsigned char c = (unsigned char)word.ptr[i];
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c == '\n')
            buf_append_slice(out, SLICE("\\n"));
        else if (c == '\r')
            buf_append_slice(out, SLICE("\\r"));
        else if (c == '\t')
            buf_append_slice(out, SLICE("\\t"));
        else if (isprint(c))
            buf_append_char(out, (char)c);
        else
            buf_printf(out, "\\x%02x", c);
    }
    buf_append_char(out, '"');
}

void config_quote(struct slice word, struct buf *out)
{
    bool plain = word.len > 0 && word.ptr[0] != '#';
    for (size_t i = 0; i < word.len; i++)
        plain = plain &&
                (isalnum((unsigned char)word.ptr[i]) || strchr("-_./:@%+,*{}[]=~$&^!?;<>|()", word.ptr[i]));
    for (size_t i = 0; i < word.len; i++)
        plain = plain && word.ptr[i] != 0;
    if (plain)
        buf_append_slice(out, word);
    else
        config_quote_always(word, out);
}
