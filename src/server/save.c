#include "server/save.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "persist/snapshot.h"
#include "server/child.h"
#include "server/client.h"
#include "server/config.h"
#include "server/latency.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK_US 100000   /* between two looks at the rules */
#define RETRY_US 5000000  /* after a background save that failed */
#define REPORT_US 1000000 /* between two lines about the progress of loading */

struct rule {
    uint64_t us;
    uint64_t changes;
};

static struct {
    struct keyspace *ks;
    struct snapshot_writer *writer;
    struct loop_timer timer, flush_timer;
    struct rule *rules;
    unsigned rule_count;
    char directory[PATH_MAX]; /* where the running save writes, whatever becomes of `dir` */
    pid_t child;              /* the last one */
    bool scheduled;
    bool failed;    /* the last background save */
    bool finishing; /* the save before the end was made */
    uint64_t saves;
    uint64_t dirty_saved;             /* keyspace_dirty of the last save */
    uint64_t saved_us;                /* clock_mono_us of it */
    int64_t saved_ms;                 /* clock_ms of it */
    uint64_t began_us;                /* clock_mono_us of the last background save's begin, */
    uint64_t tried_us;                /* of its begin or failed end */
    uint64_t began_dirty, began_keys; /* the keyspace then */
    uint64_t delayed_keys;
    int64_t last_seconds;
    uint64_t last_copied;
    struct snapshot_counts last; /* of the last save */
    struct {
        void (*turn)(void);
        int64_t since_ms;           /* clock_ms */
        uint64_t began_us, told_us; /* clock_mono_us_now of the begin and of the last line in the log */
        uint64_t done, total, keys;
    } loading;
    uint64_t loaded, loaded_ended;
} save = {.last_seconds = -1};

unsigned save_hinders;

/* ---- settings ------------------------------------------------------------------- */

static void judge_writes(void)
{
    bool stops = save.failed && save.rule_count && config.stop_writes_on_bgsave_error;
    save_hinders = (save_hinders & ~(unsigned)SAVE_STOPS_WRITES) | (stops ? SAVE_STOPS_WRITES : 0);
}

static bool follow_stop_writes(const char **error)
{
    (void)error;
    judge_writes();
    return true;
}

/* The setting was checked: pairs of whole numbers. */
static void read_rules(void)
{
    unsigned numbers = 0;
    uint64_t number[2] = {0, 0};
    save.rule_count = 0;
    for (const char *at = config.save; *at;) {
        char *end;
        number[numbers++ % 2] = strtoull(at, &end, 10);
        if (numbers % 2 == 0) {
            save.rules = mem_realloc(save.rules, (save.rule_count + 1) * sizeof *save.rules);
            uint64_t us = number[0] > UINT64_MAX / 1000000 ? UINT64_MAX : number[0] * 1000000;
            save.rules[save.rule_count++] = (struct rule){us, number[1]};
        }
        at = end + (*end == ' ');
    }
}

static bool follow_rules(const char **error)
{
    (void)error;
    read_rules();
    judge_writes();
    return true;
}

/* ---- saving ------------------------------------------------------------------------ */

static uint64_t count_keys(void)
{
    uint64_t keys = 0;
    for (unsigned db = 0; db < keyspace_databases(save.ks); db++)
        keys += keyspace_count(save.ks, db);
    return keys;
}

/* A save begins now. */
static void note_begin(void)
{
    save.delayed_keys = 0;
    if (!getcwd(save.directory, sizeof save.directory)) /* it was removed: writing will say so */
        memcpy(save.directory, ".", 2);
}

/* A snapshot stands that has the keyspace as it was when it counted `dirty` changes. */
static void note_saved(uint64_t dirty, const struct snapshot_counts *counts)
{
    save.dirty_saved = dirty;
    save.saved_us = clock_mono_us();
    save.saved_ms = clock_ms();
    save.last = *counts;
    save.failed = false;
    judge_writes();
}

/* For tests: rdb-key-save-delay makes a save last. */
static void delay(uint64_t keys)
{
    if (config.rdb_key_save_delay > 0)
        usleep((useconds_t)((uint64_t)config.rdb_key_save_delay * (keys - save.delayed_keys)));
    save.delayed_keys = keys;
}

static bool foreground_goes_on(void *ctx, uint64_t keys)
{
    (void)ctx;
    delay(keys);
    return true;
}

static bool save_now(void)
{
    struct snapshot_counts counts = {0};
    char error[CHILD_ERROR_MAX] = "";
    uint64_t dirty = keyspace_dirty(save.ks);
    note_begin();
    if (!snapshot_write(save.writer, save.ks, save.directory, &counts, error, sizeof error,
                        foreground_goes_on, NULL)) {
        log_warning("Saving failed: %s", error);
        return false;
    }
    clock_refresh(); /* it may have taken long */
    note_saved(dirty, &counts);
    log_notice("DB saved on disk");
    return true;
}

static bool child_goes_on(void *ctx, uint64_t keys)
{
    struct child_report *report = ctx;
    report->done = keys;
    child_measure(report, false);
    delay(keys);
    return true;
}

/* In the child. */
static bool save_in_child(struct child_report *report)
{
    struct snapshot_counts counts = {0};
    bool fine = snapshot_write(save.writer, save.ks, save.directory, &counts, report->error,
                               sizeof report->error, child_goes_on, report);
    child_measure(report, true);
    if (!fine)
        return false;
    report->keys = counts.keys;
    report->bytes = counts.bytes;
    report->raw = counts.raw;
    return true;
}

static void child_ended(const struct child_report *report, bool ok, int signal)
{
    save.last_seconds = (int64_t)((clock_mono_us() - save.began_us) / 1000000);
    save.last_copied = report->copied_peak;
    if (ok) {
        struct snapshot_counts counts = {.keys = report->keys, .bytes = report->bytes, .raw = report->raw};
        note_saved(save.began_dirty, &counts);
        log_notice("Background saving terminated with success");
        return;
    }
    if (signal)
        log_warning("Background saving terminated by signal %d", signal);
    else
        log_warning("Background saving error: %.*s", CHILD_ERROR_MAX, report->error);
    if (signal)
        snapshot_discard(save.directory, save.child);
    save.failed = true;
    save.tried_us = clock_mono_us();
    judge_writes();
}

/* Forks the child that saves. CHILD_FAILED counts as a failed save, and the log has the reason. */
static enum child_start save_beside(void)
{
    note_begin();
    save.saves++;
    save.began_us = save.tried_us = clock_mono_us();
    save.began_dirty = keyspace_dirty(save.ks);
    save.began_keys = count_keys();
    enum child_start started = child_start(save_in_child, child_ended);
    switch (started) {
    case CHILD_STARTED:
        save.child = child_pid();
        save.scheduled = false;
        latency_add("fork", (int64_t)child_fork_us() / 1000);
        log_notice("Background saving started by pid %d", (int)child_pid());
        break;
    case CHILD_BUSY:
        save.saves--;
        save.scheduled = true;
        break;
    case CHILD_FAILED:
        log_warning("Can't save in background: fork: %s", strerror(errno));
        save.failed = true;
        judge_writes();
        break;
    }
    return started;
}

/* ---- rules ---------------------------------------------------------------------------- */

static uint64_t changes(void)
{
    return keyspace_dirty(save.ks) - save.dirty_saved;
}

static const struct rule *due_rule(void)
{
    uint64_t since = clock_mono_us() - save.saved_us;
    for (unsigned i = 0; i < save.rule_count; i++)
        if (changes() >= save.rules[i].changes && since > save.rules[i].us)
            return &save.rules[i];
    return NULL;
}

static void check(struct loop_timer *t)
{
    loop_timer_start(t, clock_mono_us() + CHECK_US, check);
    if (child_pid() || (save.failed && clock_mono_us() - save.tried_us <= RETRY_US))
        return;
    const struct rule *due = due_rule();
    if (due)
        log_notice("%llu changes in %llu seconds. Saving...", (unsigned long long)due->changes,
                   (unsigned long long)(due->us / 1000000));
    if (due || save.scheduled)
        save_beside();
}

static void kill_child(void)
{
    if (!child_pid())
        return;
    log_warning("There is a child saving a snapshot. Killing it!");
    snapshot_discard(save.directory, child_kill());
}

static void flushed(struct loop_timer *t)
{
    (void)t;
    if (!save.rule_count || count_keys())
        return;
    kill_child();
    save_now();
}

void save_flushing(void)
{
    if (save.rule_count)
        loop_timer_start(&save.flush_timer, clock_mono_us(), flushed);
}

/* ---- start and end ------------------------------------------------------------------------ */

/* Seconds that loading will take still, by what it took so far; -1: nothing is known yet. */
static double loading_left(void)
{
    double seconds = (double)(clock_mono_us_now() - save.loading.began_us) / 1e6;
    if (!save.loading.done)
        return -1;
    return seconds * (double)(save.loading.total - save.loading.done) / (double)save.loading.done;
}

/* For tests: key-load-delay makes loading last. */
static void delay_loading(uint64_t keys)
{
    uint64_t began = clock_mono_us_now();
    while (config.key_load_delay > 0 &&
           clock_mono_us_now() - began < (uint64_t)config.key_load_delay * keys) {
        save.loading.turn();
        usleep(1000);
    }
}

static void tell_loading(void *ctx, uint64_t done, uint64_t total, uint64_t keys)
{
    (void)ctx;
    uint64_t now = clock_mono_us_now();
    save.loading.done = done;
    save.loading.total = total;
    delay_loading(keys - save.loading.keys);
    save.loading.keys = keys;
    save.loading.turn();
    if (now - save.loading.told_us < REPORT_US || !done)
        return;
    save.loading.told_us = now;
    log_notice("Loading: %llu%%, %llu keys, %.0f keys/s, %.1f seconds left",
               (unsigned long long)(total ? done * 100 / total : 100), (unsigned long long)keys,
               (double)keys * 1e6 / (double)(now - save.loading.began_us), loading_left());
}

bool save_load(struct keyspace *ks, void (*turn)(void))
{
    struct snapshot_counts counts = {0};
    char error[CHILD_ERROR_MAX] = "", directory[PATH_MAX];
    if (!getcwd(directory, sizeof directory))
        memcpy(directory, ".", 2);
    save.ks = ks;
    save.loading.turn = turn;
    save.loading.since_ms = clock_ms();
    save.loading.began_us = save.loading.told_us = clock_mono_us_now();
    save_hinders |= SAVE_LOADS;
    enum snapshot_found found =
        snapshot_load(ks, directory, &counts, error, sizeof error, tell_loading, NULL);
    save_hinders &= ~(unsigned)SAVE_LOADS;
    switch (found) {
    case SNAPSHOT_NONE:
        return true;
    case SNAPSHOT_BAD:
        log_warning("The snapshot can't be loaded, and the server doesn't start without what it holds: %s",
                    error);
        return false;
    case SNAPSHOT_LOADED:
        break;
    }
    save.last = counts;
    save.loaded_ended = counts.ended;
    save.loaded = counts.keys - counts.ended;
    log_notice("DB loaded from disk: %.3f seconds, keys loaded: %llu, keys expired: %llu",
               (double)(clock_mono_us_now() - save.loading.began_us) / 1e6, (unsigned long long)save.loaded,
               (unsigned long long)save.loaded_ended);
    return true;
}

void save_start(struct keyspace *ks)
{
    save.ks = ks;
    save.writer = snapshot_writer_create();
    save.dirty_saved = keyspace_dirty(ks);
    save.saved_us = clock_mono_us();
    save.saved_ms = clock_ms();
    config_on_change("save", follow_rules);
    config_on_change("stop-writes-on-bgsave-error", follow_stop_writes);
    follow_rules(NULL);
    loop_timer_start(&save.timer, clock_mono_us() + CHECK_US, check);
}

bool save_before_stop(bool always, bool nosave)
{
    kill_child();
    if (save_hinders & SAVE_LOADS) /* there is nothing that isn't saved */
        return true;
    if (!always && (nosave || !save.rule_count))
        return true;
    log_notice("Saving the final snapshot before exiting.");
    save.finishing = save_now();
    return save.finishing;
}

void save_finish(void)
{
    if (save.finishing && changes())
        save_now();
}

void save_stop(void)
{
    kill_child();
    loop_timer_stop(&save.timer);
    loop_timer_stop(&save.flush_timer);
    snapshot_writer_destroy(save.writer);
    mem_free(save.rules);
}

struct save_figures save_figures(void)
{
    const struct child_report *report = child_report();
    struct save_figures f = {
        .changes = changes(),
        .last_save = save.saved_ms / 1000,
        .failed = save.failed,
        .last_seconds = save.last_seconds,
        .current_seconds = -1,
        .saves = save.saves,
        .last_copied = save.last_copied,
        .snapshot_keys = save.last.keys,
        .snapshot_bytes = save.last.bytes,
        .snapshot_raw = save.last.raw,
        .loaded = save.loaded,
        .loaded_ended = save.loaded_ended,
        .loading_bytes = save.loading.done,
        .loading_total = save.loading.total,
        .loading_since = save.loading.since_ms / 1000,
        .loading_left = save_hinders & SAVE_LOADS ? (int64_t)loading_left() : -1,
    };
    if (!child_pid())
        return f;
    f.running = true;
    f.current_seconds = (int64_t)((clock_mono_us() - save.began_us) / 1000000);
    f.keys_done = report->done;
    f.keys_total = save.began_keys;
    f.copied = report->copied;
    f.copied_peak = report->copied_peak;
    if (report->measured_us)
        f.copied_age = (int64_t)((clock_mono_us_now() - report->measured_us) / 1000000);
    return f;
}

/* ---- commands ------------------------------------------------------------------------------- */

#define ERROR_RUNNING "ERR Background save already in progress"

static void save_run(struct call *c)
{
    if (child_pid()) {
        reply_error(c->reply, ERROR_RUNNING);
        return;
    }
    save.saves++;
    if (save_now())
        reply_ok(c->reply);
    else
        reply_error(c->reply, "ERR");
}

/* Within EXEC it waits until the transaction is whole: a snapshot has all of it or nothing. */
static void bgsave_run(struct call *c)
{
    if (c->argc > 2 || (c->argc == 2 && !slice_is(c->argv[1], "SCHEDULE"))) {
        reply_error(c->reply, ERROR_SYNTAX);
    } else if (child_pid()) {
        reply_error(c->reply, ERROR_RUNNING);
    } else if (c->client && c->client->flags & CLIENT_EXECUTING) {
        save.scheduled = true;
        reply_status(c->reply, "Background saving scheduled");
    } else {
        switch (save_beside()) {
        case CHILD_STARTED:
            reply_status(c->reply, "Background saving started");
            break;
        case CHILD_BUSY:
            reply_status(c->reply, "Background saving scheduled");
            break;
        case CHILD_FAILED:
            reply_error(c->reply, "ERR");
            break;
        }
    }
}

static void lastsave_run(struct call *c)
{
    reply_int(c->reply, save.saved_ms / 1000);
}

const struct command save_commands[] = {
    {.name = "save",
     .run = save_run,
     .arity = 1,
     .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_NO_ASYNC_LOADING | COMMAND_NO_MULTI,
     .group = "server",
     .since = "1.0.0",
     .summary = "Writes a snapshot; nothing else happens meanwhile.",
     .complexity = "O(N) where N is the total number of keys in all databases"},
    {.name = "bgsave",
     .run = bgsave_run,
     .arity = -1,
     .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_NO_ASYNC_LOADING,
     .group = "server",
     .since = "1.0.0",
     .summary = "Writes a snapshot beside everything else.",
     .complexity = "O(1)",
     .syntax = "[SCHEDULE@3.2.2]"},
    {.name = "lastsave",
     .run = lastsave_run,
     .arity = 1,
     .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST,
     .group = "server",
     .since = "1.0.0",
     .categories = CATEGORY_ADMIN | CATEGORY_DANGEROUS,
     .summary = "Tells when the last snapshot was written.",
     .complexity = "O(1)",
     .tips = "nondeterministic_output"},
    {.name = NULL},
};
