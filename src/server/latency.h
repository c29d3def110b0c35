/* latency: spikes by event, LATENCY, and a histogram for each command.
 *
 * An *event* is a source of delay that has a name: "command", "fast-command",
 * "expire-cycle", "fork". A *sample* is one spike of at least
 * latency-monitor-threshold ms; spikes of one second are one sample, the
 * highest. Each event keeps the last 160. */
#ifndef SERVER_LATENCY_H
#define SERVER_LATENCY_H

#include "commands/command.h"
#include "server/config.h"

#include <stdint.h>

void latency_record(const char *event, int64_t ms);

/* `event` (a static text) took ms: noted when monitoring is on and that was long. */
static inline void latency_add(const char *event, int64_t ms)
{
    if (config.latency_monitor_threshold > 0 && ms >= config.latency_monitor_threshold)
        latency_record(event, ms);
}

/* INFO's latencystats lists histograms of stats.h; this follows the setting. */
void latency_start(void);

extern const struct command latency_commands[];

#endif
