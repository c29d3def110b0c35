/* clock: see clock.h. */
#include "base/clock.h"

#include <stddef.h>
#include <time.h>

struct clock_reading clock_cached;
int64_t clock_cached_ms;
int64_t clock_cached_seconds;

static struct clock_reading (*source)(void *ctx);
static void *source_ctx;

static uint64_t read_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void clock_refresh(void)
{
    if (source)
        clock_cached = source(source_ctx);
    else
        clock_cached = (struct clock_reading){(int64_t)read_us(CLOCK_REALTIME), read_us(CLOCK_MONOTONIC)};
    clock_cached_ms = clock_cached.wall_us / 1000;
    clock_cached_seconds = clock_cached_ms / 1000;
}

uint64_t clock_mono_us_now(void)
{
    return source ? source(source_ctx).mono_us : read_us(CLOCK_MONOTONIC);
}

void clock_set_source(struct clock_reading (*new_source)(void *ctx), void *ctx)
{
    source = new_source;
    source_ctx = ctx;
    clock_refresh();
}
