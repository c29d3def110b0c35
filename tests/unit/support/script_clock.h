/* script_clock: a clock that stands still until the test moves it. */
#ifndef UNIT_SUPPORT_SCRIPT_CLOCK_H
#define UNIT_SUPPORT_SCRIPT_CLOCK_H

#include "base/clock.h"

struct script_clock {
    struct clock_reading now;
    uint64_t cost_us; /* each look at the clock takes as long, in monotonic time */
};

static struct script_clock script_clock;

static struct clock_reading script_clock_read(void *ctx)
{
    struct script_clock *c = ctx;
    c->now.mono_us += c->cost_us;
    return c->now;
}

/* Some day in 2026; monotonic time starts at one second. */
static inline void script_clock_start(void)
{
    script_clock = (struct script_clock){{1790000000000000, 1000000}, 1};
    clock_set_source(script_clock_read, &script_clock);
}

static inline void script_clock_advance(int64_t ms)
{
    script_clock.now.wall_us += ms * 1000;
    script_clock.now.mono_us += (uint64_t)ms * 1000;
    clock_refresh();
}

static inline void script_clock_cost(uint64_t us)
{
    script_clock.cost_us = us;
}

#endif
