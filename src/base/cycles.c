/* cycles: calibration against the monotonic clock.
 *
 * The factor starts from a measure over 200 us (good to about a thousandth) and
 * is replaced by one over the whole time since, once that is long enough. */
#include "base/cycles.h"

#include <time.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define ROUGH_NS 200000u

struct cycles_scale cycles_scale = {.counter = false, .ns_factor = 1ull << 32};

static uint64_t first_cycles, first_ns;

uint64_t cycles_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Does the counter run at one speed, asleep or not? */
static bool has_counter(void)
{
#if defined(__x86_64__)
    unsigned a, b, c, d;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) && d & 1u << 8;
#elif defined(__aarch64__)
    return true;
#else
    return false;
#endif
}

void cycles_init(void)
{
    if (first_ns || !has_counter())
        return;
    cycles_scale.counter = true;
    first_ns = cycles_clock();
    first_cycles = cycles_now();
    while (cycles_clock() - first_ns < ROUGH_NS)
        ;
    cycles_calibrate();
}

void cycles_calibrate(void)
{
    if (!cycles_scale.counter)
        return;
    uint64_t ns = cycles_clock() - first_ns;
    uint64_t cycles = cycles_now() - first_cycles;
    if (cycles > 0)
        cycles_scale.ns_factor = (uint64_t)(((unsigned __int128)ns << 32) / cycles);
}

uint64_t cycles_from_us(uint64_t us)
{
    unsigned __int128 ns = (unsigned __int128)us * 1000;
    unsigned __int128 cycles = (ns << 32) / (cycles_scale.ns_factor ? cycles_scale.ns_factor : 1);
    return cycles > UINT64_MAX ? UINT64_MAX : (uint64_t)cycles;
}
