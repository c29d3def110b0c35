/* config_priv: several settings at once, and lines of a source. Private to config*.c. */
#ifndef SERVER_CONFIG_PRIV_H
#define SERVER_CONFIG_PRIV_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

/* What is in b, never a NULL pointer. */
static inline struct slice config_text(const struct buf *b)
{
    return b->len ? buf_slice(b) : SLICE("");
}

/* Sets `count` pairs (names and values by turns) or none of them. `local`: who
 * asks came over loopback or a Unix socket. False: *error has the whole error
 * reply, valid until the next call. */
bool config_set_pairs(const struct slice *pairs, unsigned count, bool local, struct buf *error);

/* Where CONFIG REWRITE writes; NULL: the server runs without a file. Copies. */
void config_set_path(const char *path);

/* Remembers a line for config_warn. Copies. */
void config_add_warning(struct slice text);
void config_drop_warnings(void);

#endif
