/* save: when snapshots are written, by whom, and what came of it. persist/snapshot.h says how.
 *
 * Words. A *rule* of the setting `save` asks for a snapshot when that many seconds went by since
 * the last one and at least that many changes were made. A *background* save is a forked child's
 * (child.h); a *foreground* one stops everything until it is done. The *last* save that is told
 * about is the last one that succeeded, by whichever of the two.
 *
 * Invariants.
 *  1. Changes count as saved only when a snapshot that has them stands under its name, synced.
 *  2. A failed background save is tried again while a rule asks for it, a few seconds apart, so that
 *     service resumes by itself when the fault has ended. */
#ifndef SERVER_SAVE_H
#define SERVER_SAVE_H

#include "commands/command.h"

#include <stdbool.h>
#include <stdint.h>

/* Why not every command may run now. Read by dispatch at every request. */
enum save_hindrance {
    SAVE_STOPS_WRITES =
        1, /* a rule is set, the last background save failed, and stop-writes-on-bgsave-error says so */
    SAVE_LOADS = 2, /* the snapshot is being loaded: only commands with COMMAND_LOADING run */
};
extern unsigned save_hinders;

/* What a command gets that may not run. */
#define ERROR_MISCONF                                                                                        \
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. "      \
    "Commands that may modify the data set are disabled, because this instance is configured to report "     \
    "errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the " \
    "Redis logs for details about the RDB error."

#define ERROR_LOADING "LOADING Redis is loading the dataset in memory"

/* Loads the snapshot of the working directory into the empty keyspace. `turn` runs after each block of it, so that
 * clients get an answer meanwhile. False: the file is damaged, and the log says where. */
bool save_load(struct keyspace *ks, void (*turn)(void));

/* Begins to follow the rules. The loop and the background thread must stand. */
void save_start(struct keyspace *ks);

/* Ends the child, if there is one, and gives everything back. */
void save_stop(void);

/* The server is about to end: the child that saves is killed, and a foreground save is made when a rule is set and
 * `nosave` isn't given, or `always` is. False: it failed, the log says why. */
bool save_before_stop(bool always, bool nosave);

/* The last turn is over: what changed behind the save of save_before_stop is saved too. */
void save_finish(void);

/* A database is about to be flushed. When nothing is left behind it and a rule is set, that is saved at once, as in
 * Redis: what is gone must not come back after a crash. */
void save_flushing(void);

/* What INFO shows. Times in seconds, of the wall clock where they are moments. */
struct save_figures {
    uint64_t changes;                          /* since the last save */
    int64_t last_save;                         /* when that was; the start when there was none */
    bool running, failed;                      /* a background save runs; the last one failed */
    int64_t last_seconds;                      /* that the last background save took; -1: there was none */
    int64_t current_seconds;                   /* of the one that runs; -1 */
    uint64_t saves;                            /* begun in all */
    uint64_t keys_done, keys_total;            /* of the one that runs; zeros */
    uint64_t copied, copied_peak, last_copied; /* bytes of memory that the child has for itself */
    int64_t copied_age;                        /* of `copied` */
    uint64_t snapshot_keys, snapshot_bytes, snapshot_raw; /* of the last save, or of what was loaded */
    uint64_t loading_bytes, loading_total;                /* of the file that is being loaded */
    int64_t loading_since, loading_left; /* seconds that loading will take still; -1: nobody knows yet */
    uint64_t loaded, loaded_ended;       /* keys at the start; keys that had ended by then */
};
struct save_figures save_figures(void);

extern const struct command save_commands[];

#endif
