/* config_check: what some settings demand of their words. Private to config*.c. */
#ifndef SERVER_CONFIG_CHECK_H
#define SERVER_CONFIG_CHECK_H

#include "base/slice.h"

#include <stdbool.h>

/* All as `check` of struct setting (config_table.h): may lower *count; false gives *error, a static text. */
bool check_title(const struct slice *words, unsigned *count, const char **error);
bool check_oom_scores(const struct slice *words, unsigned *count, const char **error);
bool check_save(const struct slice *words, unsigned *count, const char **error);
bool check_replicaof(const struct slice *words, unsigned *count, const char **error);
bool check_dump_name(const struct slice *words, unsigned *count, const char **error);
bool check_append_name(const struct slice *words, unsigned *count, const char **error);
bool check_append_directory(const struct slice *words, unsigned *count, const char **error);
bool check_hostname(const struct slice *words, unsigned *count, const char **error);
bool check_node_name(const struct slice *words, unsigned *count, const char **error);

#endif
