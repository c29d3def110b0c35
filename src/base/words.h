/* words: cuts a line into words, with the quoting that redis.conf, inline
 * commands and redis-cli share: blanks separate; "..." knows \n \r \t \b \a
 * \xHH and \ before any other byte; '...' knows \' only; a closing quote must
 * be followed by a blank or the end. */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Takes the next word off *line (which then starts behind it). Returns 1 with the
 * word, 0 when there is none, -1 on unbalanced quotes. A word without quotes is a
 * slice of the line; one with quotes is written to `scratch`, which needs room for
 * the line's length and is valid as long as the caller keeps it; *used is set to its bytes there. */
int words_next(struct slice *line, char *scratch, size_t *used, struct slice *word);

#endif
