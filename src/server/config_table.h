/* config_table: the one table of settings. Private to config*.c.
 *
 * A row is a name of Redis 7.2, its kind, bounds and default, and where its
 * value lives: in a field of `config`, or (field NULL) in a place that the row
 * has for itself, so that CONFIG GET shows it although nothing reads it. */
#ifndef SERVER_CONFIG_TABLE_H
#define SERVER_CONFIG_TABLE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum setting_kind {                        /* the field's type: */
                    SETTING_BOOL,          /* bool */
                    SETTING_INT,           /* int64_t, within least and most */
                    SETTING_OCTAL,         /* int64_t */
                    SETTING_MEMORY,        /* uint64_t; "1gb" */
                    SETTING_PERCENT,       /* int64_t: bytes, or percent as a negative number */
                    SETTING_ENUM,          /* int: the value of one choice */
                    SETTING_BITS,          /* int: the values of several choices together */
                    SETTING_TEXT,          /* char *, never NULL; several words are joined by a space */
                    SETTING_LIST,          /* struct config_list */
                    SETTING_OUTPUT_LIMITS, /* struct config_output_limit[3] */
                    SETTING_PERCENTILES,   /* config.latency_percentiles */
                    SETTING_EVENTS,        /* int: letters of notify-keyspace-events */
                    SETTING_DIRECTORY,     /* nothing: the process has it */
};

enum setting_flag {
    SETTING_IMMUTABLE = 1 << 0, /* only at the start */
    SETTING_PROTECTED = 1 << 1, /* needs enable-protected-configs */
    SETTING_SENSITIVE = 1 << 2, /* its value is kept out of logs */
    SETTING_HIDDEN = 1 << 3,    /* a pattern doesn't show it */
    SETTING_MULTI = 1 << 4,     /* takes several words */
    SETTING_IGNORED = 1 << 5,   /* has no meaning here: a warning */
    SETTING_LATER = 1 << 6,     /* has no effect yet: a warning */
    SETTING_REFUSED = 1 << 7,   /* only the default is accepted; anything else gets `refusal` */
};

struct setting_choice { /* ended by one with name NULL */
    const char *name;
    int value;
};

struct setting {
    const char *name;
    const char *alias; /* NULL: none */
    enum setting_kind kind;
    unsigned flags;
    int64_t least;
    uint64_t most;
    const char *initial; /* the default, as a file would give it */
    void *field;
    const struct setting_choice *choices;
    /* Looks at the words of a SETTING_TEXT; may make them fewer. False: *error is a static text. */
    bool (*check)(const struct slice *words, unsigned *count, const char **error);
    const char *refusal;
};

extern const struct setting settings[];
extern const unsigned setting_count;

/* The row of a name or alias in any case, NULL when there is none. */
const struct setting *setting_find(struct slice name);

/* Bits of one letter of notify-keyspace-events; 0: there is no such letter. */
int setting_event_bit(char letter);
#define SETTING_EVENT_LETTERS "g$lshzxetdnKEm" /* in the order of CONFIG GET */

#endif
