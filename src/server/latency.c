/* latency: a ring of samples for each event. Events are few, are never removed
 * one by one, and have static names. */
#include "server/latency.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "server/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 32u
#define SAMPLES 160u
#define GRAPH_COLUMNS 80u
#define GRAPH_ROWS 4

struct sample {
    int64_t seconds; /* since 1970 */
    int64_t ms;
};

struct event {
    const char *name;
    int64_t worst; /* of all time, ms */
    unsigned count, next;
    struct sample samples[SAMPLES];
};

static struct event *events[EVENTS_MAX];
static unsigned event_count;

static struct event *event_find(struct slice name)
{
    for (unsigned i = 0; i < event_count; i++)
        if (slice_eq(name, slice_of(events[i]->name)))
            return events[i];
    return NULL;
}

/* The i-th sample, oldest first. */
static const struct sample *event_sample(const struct event *e, unsigned i)
{
    return &e->samples[(e->next + SAMPLES - e->count + i) % SAMPLES];
}

void latency_record(const char *name, int64_t ms)
{
    struct event *e = event_find(slice_of(name));
    if (!e) {
        if (event_count == EVENTS_MAX)
            return;
        e = events[event_count++] = mem_zalloc(1, sizeof *e);
        e->name = name;
    }
    if (ms > e->worst)
        e->worst = ms;
    int64_t now = clock_ms() / 1000;
    struct sample *last = &e->samples[(e->next + SAMPLES - 1) % SAMPLES];
    if (e->count && last->seconds == now) {
        if (ms > last->ms)
            last->ms = ms;
        return;
    }
    e->samples[e->next] = (struct sample){now, ms};
    e->next = (e->next + 1) % SAMPLES;
    if (e->count < SAMPLES)
        e->count++;
}

/* ---- LATENCY LATEST, HISTORY, RESET -------------------------------------- */

static void latency_latest(struct call *c)
{
    reply_array(c->reply, event_count);
    for (unsigned i = 0; i < event_count; i++) {
        const struct event *e = events[i];
        const struct sample *last = event_sample(e, e->count - 1);
        reply_array(c->reply, 4);
        reply_bulk_text(c->reply, e->name);
        reply_int(c->reply, last->seconds);
        reply_int(c->reply, last->ms);
        reply_int(c->reply, e->worst);
    }
}

static void latency_history(struct call *c)
{
    const struct event *e = event_find(c->argv[2]);
    reply_array(c->reply, e ? e->count : 0);
    for (unsigned i = 0; e && i < e->count; i++) {
        const struct sample *s = event_sample(e, i);
        reply_array(c->reply, 2);
        reply_int(c->reply, s->seconds);
        reply_int(c->reply, s->ms);
    }
}

static bool event_drop(struct slice name)
{
    for (unsigned i = 0; i < event_count; i++)
        if (slice_eq(name, slice_of(events[i]->name))) {
            mem_free(events[i]);
            events[i] = events[--event_count];
            return true;
        }
    return false;
}

static void latency_reset(struct call *c)
{
    int64_t dropped = 0;
    if (c->argc == 2)
        while (event_count)
            dropped += event_drop(slice_of(events[event_count - 1]->name));
    for (uint32_t i = 2; i < c->argc; i++)
        dropped += event_drop(c->argv[i]);
    reply_int(c->reply, dropped);
}

/* ---- LATENCY GRAPH ---------------------------------------------------------- */

static int64_t scaled(int64_t value, int64_t low, int64_t high, int64_t to)
{
    return high == low ? 0 : (value - low) * to / (high - low);
}

/* How long ago, in two characters or more: "5s", "12m", "3h", "2d". */
static void append_age(char out[8], int64_t seconds)
{
    static const struct {
        int64_t unit;
        char letter;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    unsigned i = 0;
    while (i < 3 && seconds < units[i].unit)
        i++;
    int64_t n = seconds / units[i].unit;
    snprintf(out, 8, "%d%c", (int)(n > 99999 ? 99999 : n), units[i].letter);
}

/* Columns of '_' (the foot of each row), '#' (the top of a column) and '|' below it, ages under them from top to bottom. */
static void graph_draw(struct buf *out, const struct event *e, int64_t low, int64_t high)
{
    unsigned columns = e->count < GRAPH_COLUMNS ? e->count : GRAPH_COLUMNS;
    unsigned first = e->count - columns;
    static const char steps[] = "_o#";
    for (int64_t row = GRAPH_ROWS - 1; row >= 0; row--) {
        for (unsigned i = 0; i < columns; i++) {
            int64_t height = scaled(event_sample(e, first + i)->ms, low, high, GRAPH_ROWS * 3 - 1);
            int64_t top = height / 3;
            buf_append_char(out, row == top ? steps[height % 3] : row < top ? '|' : ' ');
        }
        buf_append_char(out, '\n');
    }
    buf_append_char(out, '\n');
    char ages[GRAPH_COLUMNS][8];
    size_t longest = 0;
    for (unsigned i = 0; i < columns; i++) {
        append_age(ages[i], clock_ms() / 1000 - event_sample(e, first + i)->seconds);
        size_t n = strlen(ages[i]);
        longest = n > longest ? n : longest;
    }
    for (size_t row = 0; row < longest; row++) {
        for (unsigned i = 0; i < columns; i++)
            buf_append_char(out, row < strlen(ages[i]) ? ages[i][row] : ' ');
        buf_append_char(out, '\n');
    }
}

static void event_bounds(const struct event *e, int64_t *low, int64_t *high)
{
    *low = *high = event_sample(e, 0)->ms;
    for (unsigned i = 1; i < e->count; i++) {
        int64_t ms = event_sample(e, i)->ms;
        *low = ms < *low ? ms : *low;
        *high = ms > *high ? ms : *high;
    }
}

static void latency_graph(struct call *c)
{
    const struct event *e = event_find(c->argv[2]);
    if (!e) {
        int n = (int)(c->argv[2].len < 128 ? c->argv[2].len : 128);
        reply_errorf(c->reply, "ERR No samples available for event '%.*s'", n, c->argv[2].ptr);
        return;
    }
    struct buf out = BUF_EMPTY;
    int64_t low, high;
    event_bounds(e, &low, &high);
    buf_printf(&out, "%s - high %lld ms, low %lld ms (all time high %lld ms)\n", e->name, (long long)high,
               (long long)low, (long long)e->worst);
    for (unsigned i = 0; i < GRAPH_COLUMNS; i++)
        buf_append_char(&out, '-');
    buf_append_char(&out, '\n');
    graph_draw(&out, e, low, high);
    reply_verbatim(c->reply, "txt", buf_slice(&out));
    buf_deinit(&out);
}

/* ---- LATENCY DOCTOR ---------------------------------------------------------- */

static void report_event(struct buf *out, unsigned number, const struct event *e)
{
    int64_t sum = 0, deviation = 0;
    for (unsigned i = 0; i < e->count; i++)
        sum += event_sample(e, i)->ms;
    int64_t mean = sum / e->count;
    for (unsigned i = 0; i < e->count; i++)
        deviation += llabs(event_sample(e, i)->ms - mean);
    int64_t span = clock_ms() / 1000 - event_sample(e, 0)->seconds;
    buf_printf(out,
               "%u. %s: %u spikes, %lld ms in the mean, %lld ms mean deviation, one each %.2f seconds; the "
               "worst ever took %lld ms.\n",
               number, e->name, e->count, (long long)mean, (long long)(deviation / e->count),
               (double)span / e->count, (long long)e->worst);
}

static void report_advice(struct buf *out)
{
    buf_printf(out, "\nWhat may help:\n\n");
    if (event_find(SLICE("command")) || event_find(SLICE("fast-command"))) {
        if (config.slowlog_log_slower_than < 0 ||
            config.slowlog_log_slower_than > config.latency_monitor_threshold * 1000)
            buf_printf(out,
                       "- The slow log doesn't note what this monitor does. CONFIG SET "
                       "slowlog-log-slower-than %lld makes it.\n",
                       (long long)config.latency_monitor_threshold * 1000);
        buf_printf(out, "- SLOWLOG GET names the commands that took long.\n"
                        "- Commands over very large values or ranges take long in one piece: ask for less at "
                        "a time (SCAN, not KEYS).\n");
    }
    if (event_find(SLICE("expire-cycle")))
        buf_printf(out, "- Many keys expire at the same moment. Spread their expiry over some seconds.\n");
    if (event_find(SLICE("fork")))
        buf_printf(out, "- Forking takes long with much memory; fewer snapshots, or a smaller server, make "
                        "fewer pauses.\n");
    buf_printf(out, "- Look whether the machine swaps, or whether its processors are taken by others.\n");
}

static void latency_doctor(struct call *c)
{
    struct buf out = BUF_EMPTY;
    if (config.latency_monitor_threshold == 0 && event_count == 0) {
        buf_printf(
            &out,
            "Latency monitoring is off. CONFIG SET latency-monitor-threshold <milliseconds> switches it on; "
            "come back when it has seen something.\n");
    } else if (event_count == 0) {
        buf_printf(&out, "No latency spike was seen since monitoring is on, or since LATENCY RESET.\n");
    } else {
        buf_printf(&out, "Latency spikes were seen:\n\n");
        for (unsigned i = 0; i < event_count; i++)
            report_event(&out, i + 1, events[i]);
        report_advice(&out);
    }
    reply_verbatim(c->reply, "txt", buf_slice(&out));
    buf_deinit(&out);
}

/* ---- LATENCY HISTOGRAM -------------------------------------------------------- */

/* The name of the bucket that ends at 2^octave ns, in microseconds: as Redis's histogram with two digits names it. */
static int64_t octave_us(unsigned octave)
{
    return (int64_t)(((1ull << octave) + (1ull << (octave - 7)) - 1) / 1000);
}

static void reply_histogram(struct reply *r, const struct stats_histogram *h)
{
    struct output_piece *head = reply_defer(r);
    uint64_t seen = 0, shown = 0;
    size_t pairs = 0;
    unsigned at = 0;
    for (unsigned octave = 10; octave <= 30 && seen < h->count; octave++) {
        for (; at < STATS_BUCKETS && (octave == 30 || stats_bucket_top(at) < 1ull << octave); at++)
            seen += h->bucket[at];
        if (seen == shown)
            continue;
        reply_int(r, octave_us(octave));
        reply_int(r, (int64_t)seen);
        shown = seen;
        pairs++;
    }
    reply_map_end(r, head, pairs);
}

static size_t reply_command_histogram(struct reply *r, const struct command *command)
{
    const struct command_stats *s = &command_stats[command_id(command)];
    if (!s->histogram)
        return 0;
    char name[COMMAND_NAME_MAX];
    command_full_name(command, name);
    reply_bulk_text(r, name);
    reply_map(r, 2);
    reply_bulk_text(r, "calls");
    reply_int(r, (int64_t)s->histogram->count);
    reply_bulk_text(r, "histogram_usec");
    reply_histogram(r, s->histogram);
    return 1;
}

static void latency_histogram(struct call *c)
{
    struct output_piece *head = reply_defer(c->reply);
    size_t n = 0;
    if (c->argc == 2)
        for (unsigned id = 0; id < command_ids(); id++)
            n += command_by_id(id) ? reply_command_histogram(c->reply, command_by_id(id)) : 0;
    for (uint32_t i = 2; i < c->argc; i++) {
        const struct command *command = command_by_full_name(c->argv[i]);
        if (!command)
            continue;
        n += reply_command_histogram(c->reply, command);
        for (const struct command *sub = command->subcommands; sub && sub->name; sub++)
            n += reply_command_histogram(c->reply, sub);
    }
    reply_map_end(c->reply, head, n);
}

static void latency_help(struct call *c)
{
    static const char *const lines[] = {
        "DOCTOR",
        "    A report about the spikes that were seen, with advice.",
        "GRAPH <event>",
        "    The samples of an event, drawn.",
        "HISTOGRAM [<command> ...]",
        "    How many calls took at most how many microseconds, by command.",
        "HISTORY <event>",
        "    The samples of an event: when, and how many milliseconds.",
        "LATEST",
        "    Of each event the last sample and the worst.",
        "RESET [<event> ...]",
        "    Forget the samples of the named events, or of all.",
        NULL,
    };
    call_help(c, lines);
}

static bool tracking_changed(const char **error)
{
    (void)error;
    stats_tracking_changed();
    return true;
}

void latency_start(void)
{
    config_on_change("latency-tracking", tracking_changed);
}

#define LATENCY_FLAGS (COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE)
#define LATENCY_TIPS "nondeterministic_output request_policy:all_nodes response_policy:special"

static const struct command subcommands[] = {
    {.name = "doctor",
     .run = latency_doctor,
     .arity = 2,
     .flags = LATENCY_FLAGS,
     .group = "server",
     .since = "2.8.13",
     .summary = "Reports on latency in words.",
     .complexity = "O(1)",
     .tips = LATENCY_TIPS},
    {.name = "graph",
     .run = latency_graph,
     .arity = 3,
     .flags = LATENCY_FLAGS,
     .group = "server",
     .since = "2.8.13",
     .summary = "Draws the latency of an event.",
     .complexity = "O(1)",
     .syntax = "event",
     .tips = LATENCY_TIPS},
    {.name = "help",
     .run = latency_help,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "2.8.13",
     .summary = "Tells about the subcommands.",
     .complexity = "O(1)"},
    {.name = "histogram",
     .run = latency_histogram,
     .arity = -2,
     .flags = LATENCY_FLAGS,
     .group = "server",
     .since = "7.0.0",
     .summary = "Shows how long the calls of commands took.",
     .complexity = "O(N) where N is the number of commands with latency information being retrieved.",
     .syntax = "[command ...]",
     .tips = LATENCY_TIPS},
    {.name = "history",
     .run = latency_history,
     .arity = 3,
     .flags = LATENCY_FLAGS,
     .group = "server",
     .since = "2.8.13",
     .summary = "Shows the latency samples of an event.",
     .complexity = "O(1)",
     .syntax = "event",
     .tips = LATENCY_TIPS},
    {.name = "latest",
     .run = latency_latest,
     .arity = 2,
     .flags = LATENCY_FLAGS,
     .group = "server",
     .since = "2.8.13",
     .summary = "Shows the latest latency sample of each event.",
     .complexity = "O(1)",
     .tips = LATENCY_TIPS},
    {.name = "reset",
     .run = latency_reset,
     .arity = -2,
     .flags = LATENCY_FLAGS,
     .group = "server",
     .since = "2.8.13",
     .summary = "Forgets latency samples.",
     .complexity = "O(1)",
     .syntax = "[event ...]",
     .tips = "request_policy:all_nodes response_policy:agg_sum"},
    {.name = NULL},
};

const struct command latency_commands[] = {
    {.name = "latency",
     .arity = -2,
     .group = "server",
     .since = "2.8.13",
     .summary = "Groups the commands about latency.",
     .complexity = "Depends on subcommand.",
     .subcommands = subcommands},
    {.name = NULL},
};
