/* access: what an entry remembers of its use, in three bytes.
 *
 * Either the second of its last use (24 bits of the clock), or, while an LFU
 * policy is chosen, the minute of its last decay (16 bits) and a counter of 0 to
 * 255 that grows with the logarithm of its uses and loses one every
 * decay-time minutes (the scheme of Redis's LFU). When the policy changes
 * the bytes are read in the new way as they stand, as in Redis. */
#ifndef STORE_ACCESS_H
#define STORE_ACCESS_H

#include "base/clock.h"
#include "base/must.h"
#include "store/entry.h"

struct access_settings {
    bool frequency;      /* an LFU policy is chosen */
    uint32_t log_factor; /* lfu-log-factor: how much slower the counter grows as it does */
    uint32_t decay_time; /* lfu-decay-time, minutes; 0: it never decays */
};

/* Set by the server. */
extern struct access_settings access_settings;

void access_count(struct entry *e);

/* Notes that e is used now. */
static inline void access_touch(struct entry *e)
{
    if (unlikely(access_settings.frequency)) {
        access_count(e);
        return;
    }
    uint32_t now = (uint32_t)clock_seconds();
    if (e->access[0] == (uint8_t)now && e->access[1] == (uint8_t)(now >> 8))
        return;
    e->access[0] = (uint8_t)now;
    e->access[1] = (uint8_t)(now >> 8);
    e->access[2] = (uint8_t)(now >> 16);
}

/* e was made now. */
void access_begin(struct entry *e);

/* Seconds since the last use; only while no LFU policy is chosen. */
uint64_t access_idle_seconds(const struct entry *e);
void access_set_idle(struct entry *e, uint64_t seconds);

/* The counter as it stands now, 0 to 255; only while an LFU policy is chosen. */
unsigned access_frequency(const struct entry *e);
void access_set_frequency(struct entry *e, unsigned frequency);

#endif
