/* log: see log.h. A line is put together on the stack and leaves in one write,
 * so lines of two threads or processes never mix. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048

enum log_level log_lowest = LEVEL_NOTICE;

static char log_path[PATH_MAX]; /* empty: standard output */
static char role = 'M';
static bool to_syslog;
static char syslog_ident[64];

/* Seconds that local time is ahead of UTC, and the quarter of an hour for which
 * that was found out: a forked child must not call localtime_r, which locks. */
static _Atomic long utc_offset;
static _Atomic int64_t offset_quarter = -1;

bool log_open(const char *path)
{
    if (strlen(path) >= sizeof log_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (*path) {
        int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (fd < 0)
            return false;
        close(fd);
    }
    memcpy(log_path, path, strlen(path) + 1);
    return true;
}

void log_set_level(enum log_level level)
{
    log_lowest = level;
}

void log_set_syslog(bool on, const char *ident, int facility)
{
    if (to_syslog)
        closelog();
    to_syslog = on;
    if (on) {
        snprintf(syslog_ident, sizeof syslog_ident, "%s", ident); /* openlog keeps the pointer */
        openlog(syslog_ident, LOG_PID | LOG_NDELAY | LOG_NOWAIT, facility);
    }
}

void log_set_role(char new_role)
{
    role = new_role;
}

static int64_t local_seconds(int64_t utc)
{
    int64_t quarter = utc / 900;
    if (role != 'C' && atomic_load(&offset_quarter) != quarter) {
        time_t t = (time_t)utc;
        struct tm tm;
        if (localtime_r(&t, &tm)) {
            atomic_store(&utc_offset, tm.tm_gmtoff);
            atomic_store(&offset_quarter, quarter);
        }
    }
    return utc + atomic_load(&utc_offset);
}

/* "20 Nov 2026 13:58:14.123" */
static int format_time(char *out, size_t size)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t local = local_seconds(now.tv_sec);
    int64_t days = local / 86400, second = local % 86400;
    /* Day count to date, in years that begin in March, so that the leap day comes last. */
    int64_t z = days + 719468;
    int64_t era = z / 146097, day_of_era = z % 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0: March */
    int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
    int64_t year = year_of_era + era * 400 + (month >= 10);
    return snprintf(out, size, "%02d %s %d %02d:%02d:%02d.%03d", (int)day, months[(month + 2) % 12],
                    (int)year, (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60),
                    (int)(now.tv_nsec / 1000000));
}

static void write_line(const char *line, size_t len)
{
    int fd = STDOUT_FILENO;
    if (*log_path) {
        fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (fd < 0)
            return;
    }
    /* A full disk loses the line: there is nobody to tell. */
    ssize_t written = write(fd, line, len);
    (void)written;
    if (*log_path)
        close(fd);
}

void log_at(enum log_level level, const char *format, ...)
{
    static const int priority[] = {LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING};
    if (level < log_lowest || level >= LEVEL_NOTHING)
        return;
    int saved = errno;
    char line[LINE_MAX_BYTES], when[64];
    format_time(when, sizeof when);
    int head = snprintf(line, sizeof line, "%d:%c %s %c ", (int)getpid(), role, when, ".-*#"[level]);
    va_list args;
    va_start(args, format);
    int text = vsnprintf(line + head, sizeof line - (size_t)head - 1, format, args);
    va_end(args);
    size_t len = (size_t)head + (text < 0 ? 0 : strlen(line + head));
    if (to_syslog && role != 'C')
        syslog(priority[level], "%s", line + head);
    line[len++] = '\n';
    write_line(line, len);
    errno = saved;
}
