/* config_file: reads directives, from a file, standard input or the command line. Private to config*.c.
 *
 * One directive a line; blank lines and those that begin with # are skipped; a
 * later line wins. The reader reaches files and the command table through two
 * functions only, so that tests and the fuzzer can stand in for them. */
#ifndef SERVER_CONFIG_FILE_H
#define SERVER_CONFIG_FILE_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

#define CONFIG_INCLUDE_DEPTH 16       /* files within files */
#define CONFIG_INCLUDE_FILES 1000     /* read by one start */
#define CONFIG_FILE_MOST (64ul << 20) /* bytes */

struct config_reader {
    /* Appends the content of path to *out; false: *error is a text. */
    bool (*load)(const char *path, struct buf *out, const char **error);
    /* Appends the files that a pattern names, each with a NUL behind it. */
    void (*expand)(const char *pattern, struct buf *out);
    /* rename-command; false: *error is a static text. */
    bool (*rename)(const char *from, const char *to, const char **error);
    struct buf error; /* the whole message when reading failed */
    unsigned depth, files;
    bool *warned;    /* by row of the table */
    bool save_given; /* `save` was read: what follows joins it */
};

/* A reader of real files. */
struct config_reader config_reader_open(void);
void config_reader_close(struct config_reader *r);

/* Sets what `text` says. `source` names it in errors: "the command line". False: r->error has the message. */
bool config_read(struct config_reader *r, const char *source, bool lines_count, struct slice text);

/* The same with the file at path. */
bool config_read_file(struct config_reader *r, const char *path);

/* Options to lines, one option each: "--port 1 --save ''" gives "port \"1\"\nsave \"\"\n". */
void config_join_arguments(int argc, char **argv, bool *standard_input, struct buf *out);

#endif
