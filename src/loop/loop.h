/* loop: waits for descriptors, timers and wake-ups, and calls their owners.
 *
 * One loop a process, driven by one thread. A *turn* waits once, then calls
 * `ready` of each watch that something happened on, then `fire` of each timer
 * that is due. Level-triggered: what an owner leaves unread is told again next
 * turn, so every owner may stop early to be fair.
 *
 * Invariants.
 *  1. After loop_remove(w) nothing calls w->ready, even if its event was already fetched.
 *  2. Turns nest: a callback may run turns of its own. What the outer turn had
 *     fetched and not told yet is told by the inner one, exactly once.
 *  3. A timer that is started while timers fire waits for the next turn at least.
 *  4. A turn allocates nothing; only loop_timer_start may, when more timers than ever run. */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* A descriptor to watch, embedded in its owner. Set `ready`, leave the rest to loop_add. */
struct loop_watch {
    /* events: EPOLLIN, EPOLLOUT. When EPOLLERR or EPOLLHUP happened these are set beside
     * them, and both EPOLLIN and EPOLLOUT as well, so that reading or writing meets the error.
     * They come even to a watch of events 0: its owner must close or remove it then. */
    void (*ready)(struct loop_watch *w, uint32_t events);
    int fd;
    uint32_t events;   /* what is watched for */
    uint32_t happened; /* fetched, not told yet; 0: not on the list */
    struct loop_watch *prev, *next;
};

/* A moment to be called at, embedded in its owner. Zeroed memory is a stopped timer. */
struct loop_timer {
    void (*fire)(
        struct loop_timer *t); /* the timer is stopped when it is called; it may start again or be freed */
    uint64_t at;               /* clock_mono_us */
    uint32_t place;            /* in the heap, from 1; 0: stopped */
};

void loop_init(void);

/* Watches and timers still registered are forgotten, not called. */
void loop_deinit(void);

/* Watches fd for events (EPOLLIN, EPOLLOUT or 0). Borrows w until loop_remove. False with errno when epoll refuses. */
bool loop_add(struct loop_watch *w, int fd, uint32_t events);

/* Watches for other events from now on; free of charge when they are the same. */
void loop_modify(struct loop_watch *w, uint32_t events);

/* Gives w back. Call it before the descriptor is closed. */
void loop_remove(struct loop_watch *w);

/* Calls fire at at_mono_us (clock_mono_us) or as soon after as a turn runs. A running
 * timer is moved. Borrows t until it fires or is stopped. Equal times fire in no particular order. */
void loop_timer_start(struct loop_timer *t, uint64_t at_mono_us, void (*fire)(struct loop_timer *t));

/* A stopped timer may be stopped again. */
void loop_timer_stop(struct loop_timer *t);

static inline bool loop_timer_running(const struct loop_timer *t)
{
    return t->place != 0;
}

/* One turn. Waits for at most max_wait_ms (0: not at all; negative: any time), shorter
 * if a timer is due before or loop_wake was called; refreshes the clock after the wait. */
void loop_turn(int64_t max_wait_ms);

/* cycles_now when the last wait ended: what follows is the turn's work. */
extern uint64_t loop_woke;

/* Ends the wait of the turn that runs, or of the next. From any thread and from signal handlers. */
void loop_wake(void);

#endif
