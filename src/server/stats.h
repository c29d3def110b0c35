/* stats: what INFO, LATENCY and SLOWLOG count.
 *
 * Words. *Cycles* are base/cycles.h's; they become microseconds only when
 * somebody asks. A *histogram* counts durations in log-linear buckets: 16 ns wide
 * below 1,024 ns, then 64 to each doubling, up to about a second.
 *
 * The counters of struct server_stats are public: whoever does a thing counts it
 * there. Loop's thread only. */
#ifndef SERVER_STATS_H
#define SERVER_STATS_H

#include "base/cycles.h"
#include "base/must.h"
#include "commands/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server_stats {
    /* since start or CONFIG RESETSTAT */
    uint64_t connections;          /* accepted */
    uint64_t connections_rejected; /* maxclients */
    uint64_t commands;             /* executed */
    uint64_t net_in, net_out;      /* bytes from and to clients */
    uint64_t reads, writes;        /* calls of read and writev */
    uint64_t error_replies;
    uint64_t evicted_clients; /* maxmemory-clients */
    uint64_t query_limit_disconnections;
    uint64_t output_limit_disconnections;
    uint64_t denied_auth, denied_command, denied_key, denied_channel;
    uint64_t turns;                   /* of the loop */
    uint64_t turn_cycles;             /* spent in them, waiting left out */
    uint64_t command_cycles;          /* spent in commands */
    uint64_t lazy_freed;              /* objects that the background thread freed */
    uint64_t input_peak, output_peak; /* largest buffers of a client lately */
    /* never reset */
    int64_t started_ms;     /* clock_ms */
    size_t memory_at_start; /* stats_memory_used() once the server stood */
    size_t memory_peak;     /* reset with the counters */
    int64_t memory_peak_ms; /* when that was */
};

extern struct server_stats server_stats;

#define STATS_BUCKETS (64 + 64 * 20)

struct stats_histogram {
    uint64_t count;
    uint64_t bucket[STATS_BUCKETS];
};

struct command_stats {
    uint64_t calls, cycles, rejected, failed;
    struct stats_histogram *histogram; /* NULL before the first call, or without latency-tracking */
};

/* Indexed by command_id. */
extern struct command_stats command_stats[COMMAND_ROWS_MAX];

/* ---- on the way of each request ------------------------------------------- */

static inline unsigned stats_bucket(uint64_t ns)
{
    if (ns < 1024)
        return (unsigned)(ns >> 4);
    unsigned octave = 63u - (unsigned)__builtin_clzll(ns);
    if (unlikely(octave >= 30))
        return STATS_BUCKETS - 1;
    return 64u * (octave - 9) + (unsigned)(ns >> (octave - 6) & 63);
}

/* First calls and switched-off tracking. */
void stats_command_slow(struct command_stats *s, uint64_t cycles);

/* `command` ran and took `cycles`; failed: its reply was an error. */
static inline void stats_command_done(const struct command *command, uint64_t cycles, bool failed)
{
    struct command_stats *s = &command_stats[command_id(command)];
    s->calls++;
    s->cycles += cycles;
    s->failed += failed;
    server_stats.commands++;
    server_stats.command_cycles += cycles;
    if (unlikely(!s->histogram)) {
        stats_command_slow(s, cycles);
        return;
    }
    s->histogram->count++;
    s->histogram->bucket[stats_bucket(cycles_to_ns(cycles))]++;
}

/* `command` was refused before it ran (arity, rights, memory). */
static inline void stats_command_rejected(const struct command *command)
{
    command_stats[command_id(command)].rejected++;
}

/* ---- errors ---------------------------------------------------------------- */

/* An error reply was written whose code word is `code` ("ERR"). Of more than
 * STATS_ERRORS_MAX kinds the others are counted as ERRORSTATS_OVERFLOW. */
#define STATS_ERRORS_MAX 128
#define STATS_ERROR_WORD 64
void stats_error(const char *code);

struct stats_error_kind {
    char code[STATS_ERROR_WORD];
    uint64_t count;
};

/* The kinds in alphabetical order; valid until the next stats_error. Gives their number. */
unsigned stats_errors(const struct stats_error_kind **kinds);

/* ---- rates ------------------------------------------------------------------ */

enum stats_rate { RATE_COMMANDS, RATE_NET_IN, RATE_NET_OUT, RATE_TURNS, RATE_TURN_CYCLES, RATE_COUNT };

/* Starts the clock of the rates and the timer that samples them ten times a second. The loop must stand. */
void stats_start(void);
void stats_stop(void);

/* A second, the mean of the last 16 samples. */
double stats_rate(enum stats_rate rate);
/* Cycles of a turn, likewise. */
double stats_turn_cycles(void);

/* ---- reading ---------------------------------------------------------------- */

/* The smallest duration in ns that `share` (0 to 1) of the calls didn't exceed. */
uint64_t stats_percentile(const struct stats_histogram *h, double share);
/* The largest ns that count into a bucket. */
uint64_t stats_bucket_top(unsigned bucket);

/* What CONFIG RESETSTAT resets. */
void stats_reset(void);

/* latency-tracking was switched: off frees the histograms. */
void stats_tracking_changed(void);

/* Memory that the server uses: the allocator's live bytes and the arena's. */
size_t stats_memory_used(void);

#endif
