/* config_split: a line into words (base/words.h), and a word into what a line needs. Private to config*.c. */
#ifndef SERVER_CONFIG_SPLIT_H
#define SERVER_CONFIG_SPLIT_H

#include "base/buf.h"
#include "base/slice.h"

struct config_words {
    struct slice *items; /* into the line, or into scratch */
    unsigned count;
    char *scratch;
};

/* False when a quote isn't closed or is followed by something; nothing needs a deinit then. Borrows line. */
bool config_split(struct slice line, struct config_words *out);

/* Gives the words back. */
void config_words_deinit(struct config_words *words);

/* Appends word as config_split reads it back: in quotes where it must be; _always: in any case. */
void config_quote(struct slice word, struct buf *out);
void config_quote_always(struct slice word, struct buf *out);

#endif
