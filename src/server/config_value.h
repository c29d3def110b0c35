/* config_value: reads, prints and restores the value of one setting. Private to config*.c. */
#ifndef SERVER_CONFIG_VALUE_H
#define SERVER_CONFIG_VALUE_H

#include "base/buf.h"
#include "server/config_table.h"

/* Every setting has its default, and room for what has no field. */
void setting_init_all(void);
void setting_deinit_all(void);

/* Sets s from the words of a file or command line. False: nothing changed, and
 * *error is a text valid until the next call. Borrows words. */
bool setting_set(const struct setting *s, const struct slice *words, unsigned count, const char **error);

/* The same from one text: what CONFIG SET was given, or setting_get gave. */
bool setting_set_text(const struct setting *s, struct slice text, const char **error);

/* Appends the value as setting_set_text takes it. */
void setting_get(const struct setting *s, struct buf *out);

/* The same as CONFIG GET shows it: like Redis it leaves the event class 'n' out beside 'A'. */
void setting_show(const struct setting *s, struct buf *out);

/* Appends the line or lines, each with its newline, that a file needs for it. */
void setting_write(const struct setting *s, struct buf *out);

bool setting_is_default(const struct setting *s);

/* What `dir` does with a path, and where it asks. NULLs: chdir and getcwd. For tests and fuzzing. */
void setting_use_directory(int (*change)(const char *path), char *(*current)(char *out, size_t size));

#endif
