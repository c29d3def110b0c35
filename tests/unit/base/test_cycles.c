/* Durations by the processor's counter. */
#include "base/cycles.h"
#include "tests/unit/support/check.h"

#include <time.h>

TestSuite(cycles);

Test(cycles, agree_with_the_clock)
{
    cycles_init();
    cycles_init();
    uint64_t clock = cycles_clock(), cycles = cycles_now();
    struct timespec pause = {.tv_nsec = 50000000};
    nanosleep(&pause, NULL);
    cycles_calibrate();
    uint64_t by_clock = cycles_clock() - clock, by_cycles = cycles_to_ns(cycles_now() - cycles);
    cr_assert(by_cycles > by_clock / 2 && by_cycles < by_clock * 2,
              "%llu ns by the clock, %llu by the counter", (unsigned long long)by_clock,
              (unsigned long long)by_cycles);
}

Test(cycles, thresholds_are_the_other_way_round)
{
    cycles_init();
    for (uint64_t us = 1; us < 10000000; us = us * 3 + 1) {
        uint64_t back = cycles_to_us(cycles_from_us(us));
        check(back <= us && back + 1 >= us);
    }
    cr_assert_eq(cycles_from_us(0), 0);
    cr_assert_eq(cycles_from_us(UINT64_MAX), UINT64_MAX);
}
