/* clock: the time, asked once a loop turn and read from memory after that.
 *
 * Wall time decides expiry, monotonic time decides timers and durations. A test
 * scripts both with clock_set_source. Loop's thread only, clock_mono_us_now excepted. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock_reading {
    int64_t wall_us;  /* since 1970 */
    uint64_t mono_us; /* since some fixed moment */
};

extern struct clock_reading clock_cached;
extern int64_t clock_cached_ms;
extern int64_t clock_cached_seconds;

/* As of the last clock_refresh. */
static inline int64_t clock_ms(void)
{
    return clock_cached_ms;
}
static inline int64_t clock_seconds(void)
{
    return clock_cached_seconds;
}
static inline int64_t clock_us(void)
{
    return clock_cached.wall_us;
}
static inline uint64_t clock_mono_us(void)
{
    return clock_cached.mono_us;
}

/* Asks the system (or the test's source). */
void clock_refresh(void);

/* Really asks, for measuring within a turn. */
uint64_t clock_mono_us_now(void);

/* Time comes from `source` instead; NULL: the system's again. Refreshes. */
void clock_set_source(struct clock_reading (*source)(void *ctx), void *ctx);

#endif
