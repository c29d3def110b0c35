/* scan: what commands that walk with a cursor share; KEYS and SCAN themselves. */
#ifndef COMMANDS_SCAN_H
#define COMMANDS_SCAN_H

#include "commands/command.h"

/* argv[i] as a cursor, read as Redis reads it (strtoul); false when the error is answered. */
bool scan_cursor(struct call *c, uint32_t i, uint64_t *cursor);

/* Elements looked at in one call, whatever COUNT says: a hint, and no reason for a pause. */
#define SCAN_MOST 20000

/* What stands behind the cursor of HSCAN, SSCAN, ZSCAN. */
struct scan_options {
    struct slice pattern;
    bool all;       /* no pattern to match */
    bool no_values; /* NOVALUES */
    int64_t count;  /* at most SCAN_MOST */
};

/* [MATCH pattern] [COUNT count] and, where `values` says that it may be, [NOVALUES] from argv[3] on;
 * false when the error is answered. */
bool scan_options(struct call *c, bool values, struct scan_options *o);

/* Begins the reply of a scan; its elements follow, then scan_reply_end with the next cursor and their number. */
struct output_piece *scan_reply_begin(struct call *c);
void scan_reply_end(struct call *c, struct output_piece *head, uint64_t cursor, size_t count);

/* True when element is to be shown. */
bool scan_matches(const struct scan_options *o, struct slice element);

#endif
