/* cycles: durations within a turn, for next to nothing.
 *
 * The processor's own counter where it runs evenly (x86 with an invariant TSC,
 * 64-bit ARM), the monotonic clock elsewhere. Only differences mean something.
 * Loop's thread only. */
#ifndef BASE_CYCLES_H
#define BASE_CYCLES_H

#include <stdbool.h>
#include <stdint.h>

struct cycles_scale {
    bool counter;       /* the processor's counter is used */
    uint64_t ns_factor; /* ns of one cycle, as a fraction of 2^32 */
};
extern struct cycles_scale cycles_scale;

/* Finds out what the processor offers and calibrates roughly (takes 200 us). Idempotent. */
void cycles_init(void);

/* Calibrates better the longer ago cycles_init was; call it now and then. */
void cycles_calibrate(void);

/* cycles_now where there is no counter: ns of the monotonic clock. */
uint64_t cycles_clock(void);

static inline uint64_t cycles_now(void)
{
#if defined(__x86_64__)
    if (__builtin_expect(cycles_scale.counter, 1))
        return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    if (__builtin_expect(cycles_scale.counter, 1)) {
        uint64_t now;
        __asm__ volatile("mrs %0, cntvct_el0" : "=r"(now));
        return now;
    }
#endif
    return cycles_clock();
}

static inline uint64_t cycles_to_ns(uint64_t cycles)
{
    return (uint64_t)((unsigned __int128)cycles * cycles_scale.ns_factor >> 32);
}

static inline uint64_t cycles_to_us(uint64_t cycles)
{
    return cycles_to_ns(cycles) / 1000;
}

/* The other way round, for thresholds that are compared often. */
uint64_t cycles_from_us(uint64_t us);

#endif
