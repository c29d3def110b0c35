/* log: the server's log, one line a message, one write a line.
 *
 *     <pid>:<role> 20 Nov 2026 13:58:14.123 * text
 *
 * The role is M (master), S (replica) or C (forked child); the sign before the
 * text is . - * # for debug, verbose, notice, warning. A file is opened for each
 * line, so that moving it away rotates it. Any thread may log. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LEVEL_DEBUG, LEVEL_VERBOSE, LEVEL_NOTICE, LEVEL_WARNING, LEVEL_NOTHING };

extern enum log_level log_lowest; /* messages below are skipped; read through the macros */

/* Lines go to the end of `path`, made when missing; "" is standard output.
 * False with errno when the file can't be opened, and nothing changes. */
bool log_open(const char *path);

void log_set_level(enum log_level level);

/* Also to syslog, as `ident`; facility is one of <syslog.h>'s (LOG_LOCAL0). */
void log_set_syslog(bool on, const char *ident, int facility);

/* The letter behind the pid. 'C' also keeps to what a forked child may call: no local time, no syslog. */
void log_set_role(char role);

void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_if(level, ...) ((level) >= log_lowest ? log_at((level), __VA_ARGS__) : (void)0)
#define log_debug(...) log_if(LEVEL_DEBUG, __VA_ARGS__)
#define log_verbose(...) log_if(LEVEL_VERBOSE, __VA_ARGS__)
#define log_notice(...) log_if(LEVEL_NOTICE, __VA_ARGS__)
#define log_warning(...) log_if(LEVEL_WARNING, __VA_ARGS__)

#endif
