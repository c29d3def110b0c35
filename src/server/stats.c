/* stats: histograms, error kinds, rates.
 *
 * Rates: each tick of 100 ms notes how much each counter grew over how long; a
 * rate is the mean of the last 16 such notes, as Redis shows. */
#include "server/stats.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ds/arena.h"
#include "loop/loop.h"
#include "server/config.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES 16
#define SAMPLE_US 100000u
#define PEAK_TICKS 5u /* gathering the allocator's figures takes some microseconds */
#define CALIBRATE_TICKS 50u

struct server_stats server_stats;
struct command_stats command_stats[COMMAND_ROWS_MAX];

/* ---- commands ---------------------------------------------------------- */

void stats_command_slow(struct command_stats *s, uint64_t cycles)
{
    if (!config.latency_tracking)
        return;
    s->histogram = mem_zalloc(1, sizeof *s->histogram);
    s->histogram->count = 1;
    s->histogram->bucket[stats_bucket(cycles_to_ns(cycles))] = 1;
}

uint64_t stats_bucket_top(unsigned bucket)
{
    if (bucket < 64)
        return bucket * 16 + 15;
    unsigned octave = bucket / 64 + 9;
    uint64_t width = 1ull << (octave - 6);
    return (1ull << octave) + (bucket % 64 + 1) * width - 1;
}

uint64_t stats_percentile(const struct stats_histogram *h, double share)
{
    double wanted = share * (double)h->count;
    uint64_t seen = 0;
    for (unsigned i = 0; i < STATS_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen > 0 && (double)seen >= wanted)
            return stats_bucket_top(i);
    }
    return 0;
}

static void drop_histograms(void)
{
    for (unsigned i = 0; i < COMMAND_ROWS_MAX; i++) {
        mem_free(command_stats[i].histogram);
        command_stats[i].histogram = NULL;
    }
}

void stats_tracking_changed(void)
{
    if (!config.latency_tracking)
        drop_histograms();
}

/* ---- errors ------------------------------------------------------------ */

static struct stats_error_kind errors[STATS_ERRORS_MAX + 1];
static unsigned error_kinds;

/* Where code stands among the sorted kinds, or where it would go. */
static unsigned error_place(const char *code, bool *there)
{
    unsigned low = 0, high = error_kinds;
    *there = false;
    while (low < high) {
        unsigned mid = (low + high) / 2;
        int order = strncmp(errors[mid].code, code, STATS_ERROR_WORD - 1);
        if (order == 0) {
            *there = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void stats_error(const char *code)
{
    bool there;
    unsigned i = error_place(code, &there);
    server_stats.error_replies++;
    if (!there && error_kinds >= STATS_ERRORS_MAX) {
        code = "ERRORSTATS_OVERFLOW";
        i = error_place(code, &there);
    }
    if (!there) {
        memmove(&errors[i + 1], &errors[i], (error_kinds - i) * sizeof *errors);
        memset(&errors[i], 0, sizeof *errors);
        memcpy(errors[i].code, code, strnlen(code, STATS_ERROR_WORD - 1));
        error_kinds++;
    }
    errors[i].count++;
}

unsigned stats_errors(const struct stats_error_kind **kinds)
{
    *kinds = errors;
    return error_kinds;
}

/* ---- rates ------------------------------------------------------------- */

static struct {
    struct loop_timer timer;
    uint64_t last_us;
    uint64_t last[RATE_COUNT];
    struct {
        uint64_t us;
        uint64_t grown[RATE_COUNT];
    } sample[SAMPLES];
    unsigned next;
    unsigned ticks;
} rates;

static void read_counters(uint64_t out[RATE_COUNT])
{
    out[RATE_COMMANDS] = server_stats.commands;
    out[RATE_NET_IN] = server_stats.net_in;
    out[RATE_NET_OUT] = server_stats.net_out;
    out[RATE_TURNS] = server_stats.turns;
    out[RATE_TURN_CYCLES] = server_stats.turn_cycles;
}

static void note_peak(void)
{
    size_t used = stats_memory_used();
    if (used > server_stats.memory_peak) {
        server_stats.memory_peak = used;
        server_stats.memory_peak_ms = clock_ms();
    }
}

static void tick(struct loop_timer *t)
{
    uint64_t now[RATE_COUNT];
    uint64_t now_us = clock_mono_us();
    read_counters(now);
    rates.sample[rates.next].us = now_us - rates.last_us;
    for (unsigned i = 0; i < RATE_COUNT; i++) {
        rates.sample[rates.next].grown[i] = now[i] - rates.last[i];
        rates.last[i] = now[i];
    }
    rates.last_us = now_us;
    rates.next = (rates.next + 1) % SAMPLES;
    if (++rates.ticks % PEAK_TICKS == 0)
        note_peak();
    if (rates.ticks % CALIBRATE_TICKS == 0)
        cycles_calibrate();
    loop_timer_start(t, now_us + SAMPLE_US, tick);
}

void stats_start(void)
{
    cycles_init();
    server_stats.started_ms = clock_ms();
    server_stats.memory_at_start = stats_memory_used();
    note_peak();
    rates.last_us = clock_mono_us();
    read_counters(rates.last);
    loop_timer_start(&rates.timer, rates.last_us + SAMPLE_US, tick);
}

void stats_stop(void)
{
    loop_timer_stop(&rates.timer);
    drop_histograms();
}

double stats_rate(enum stats_rate rate)
{
    uint64_t us = 0, grown = 0;
    for (unsigned i = 0; i < SAMPLES; i++) {
        us += rates.sample[i].us;
        grown += rates.sample[i].grown[rate];
    }
    return us ? (double)grown * 1e6 / (double)us : 0;
}

double stats_turn_cycles(void)
{
    uint64_t turns = 0, cycles = 0;
    for (unsigned i = 0; i < SAMPLES; i++) {
        turns += rates.sample[i].grown[RATE_TURNS];
        cycles += rates.sample[i].grown[RATE_TURN_CYCLES];
    }
    return turns ? (double)cycles / (double)turns : 0;
}

void stats_reset(void)
{
    drop_histograms();
    memset(command_stats, 0, sizeof command_stats);
    int64_t started_ms = server_stats.started_ms;
    size_t memory_at_start = server_stats.memory_at_start;
    memset(&server_stats, 0, sizeof server_stats);
    server_stats.started_ms = started_ms;
    server_stats.memory_at_start = memory_at_start;
    error_kinds = 0;
    note_peak();
    memset(rates.sample, 0, sizeof rates.sample);
    read_counters(rates.last);
}

size_t stats_memory_used(void)
{
    return mem_stats().allocated + arena_stats().live;
}
