#include "store/access.h"

#include "base/random.h"

/* What a new key counts as, so that it isn't the first to go. */
#define FREQUENCY_NEW 5

struct access_settings access_settings = {.log_factor = 10, .decay_time = 1};

static uint16_t minute_now(void)
{
    return (uint16_t)(clock_seconds() / 60);
}

void access_set_frequency(struct entry *e, unsigned frequency)
{
    uint16_t minute = minute_now();
    e->access[0] = (uint8_t)minute;
    e->access[1] = (uint8_t)(minute >> 8);
    e->access[2] = (uint8_t)frequency;
}

unsigned access_frequency(const struct entry *e)
{
    uint16_t then = (uint16_t)(e->access[0] | e->access[1] << 8);
    uint32_t passed = (uint16_t)(minute_now() - then);
    uint32_t lost = access_settings.decay_time ? passed / access_settings.decay_time : 0;
    return lost < e->access[2] ? e->access[2] - lost : 0;
}

void access_count(struct entry *e)
{
    unsigned f = access_frequency(e);
    uint64_t above = f > FREQUENCY_NEW ? f - FREQUENCY_NEW : 0;
    if (f < 255 && random_below(above * access_settings.log_factor + 1) == 0)
        f++;
    access_set_frequency(e, f);
}

void access_begin(struct entry *e)
{
    if (unlikely(access_settings.frequency)) {
        access_set_frequency(e, FREQUENCY_NEW);
        return;
    }
    e->access[0] = e->access[1] = e->access[2] = 0;
    access_touch(e);
}

uint64_t access_idle_seconds(const struct entry *e)
{
    uint32_t then = e->access[0] | (uint32_t)e->access[1] << 8 | (uint32_t)e->access[2] << 16;
    return ((uint32_t)clock_seconds() - then) & 0xffffff;
}

void access_set_idle(struct entry *e, uint64_t seconds)
{
    uint32_t then = (uint32_t)clock_seconds() - (uint32_t)(seconds < 0xffffff ? seconds : 0xffffff);
    e->access[0] = (uint8_t)then;
    e->access[1] = (uint8_t)(then >> 8);
    e->access[2] = (uint8_t)(then >> 16);
}
