#include "loop/loop.h"

#include "base/clock.h"
#include "base/cycles.h"
#include "base/mem.h"
#include "base/must.h"

#include <errno.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_A_WAIT 1024
#define TIMER_FANOUT 4 /* a flat heap: sifting touches fewer lines */
#define LONGEST_WAIT_MS 3600000

static struct {
    int epoll;
    struct loop_watch waker;
    struct loop_watch told; /* head of the ring of watches that `happened` and weren't told */
    struct epoll_event fetched[EVENTS_A_WAIT];

    struct loop_timer **heap; /* heap[1..timers], smallest at first; heap[0] is unused */
    uint32_t timers;
    uint32_t heap_cap;
    uint64_t firing_at; /* while timers fire: the time that counts as due; else 0 */
} loop = {.epoll = -1};

/* The one thing of the loop that other threads and signal handlers read. */
static volatile int wake_fd = -1;

static void waker_ready(struct loop_watch *w, uint32_t events)
{
    (void)events;
    uint64_t count;
    ssize_t ignored = read(w->fd, &count, sizeof count);
    (void)ignored;
}

void loop_init(void)
{
    must(loop.epoll < 0);
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    must(loop.epoll >= 0);
    loop.told.prev = loop.told.next = &loop.told;

    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    must(fd >= 0);
    loop.waker = (struct loop_watch){.ready = waker_ready};
    must(loop_add(&loop.waker, fd, EPOLLIN));
    wake_fd = fd;
    clock_refresh();
}

void loop_deinit(void)
{
    int fd = wake_fd;
    wake_fd = -1;
    close(fd);
    close(loop.epoll);
    loop.epoll = -1;
    for (uint32_t i = 1; i <= loop.timers; i++)
        loop.heap[i]->place = 0;
    mem_free(loop.heap);
    loop.heap = NULL;
    loop.timers = loop.heap_cap = 0;
    while (loop.told.next != &loop.told) {
        struct loop_watch *w = loop.told.next;
        loop.told.next = w->next;
        w->happened = 0;
    }
    loop.told.prev = &loop.told;
}

/* ---- watches ------------------------------------------------------------ */

bool loop_add(struct loop_watch *w, int fd, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = w};
    w->fd = fd;
    w->events = events;
    w->happened = 0;
    return epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

void loop_modify(struct loop_watch *w, uint32_t events)
{
    if (w->events == events)
        return;
    struct epoll_event e = {.events = events, .data.ptr = w};
    w->events = events;
    must(epoll_ctl(loop.epoll, EPOLL_CTL_MOD, w->fd, &e) == 0);
}

static void untell(struct loop_watch *w)
{
    w->happened = 0;
    w->prev->next = w->next;
    w->next->prev = w->prev;
}

void loop_remove(struct loop_watch *w)
{
    if (w->happened)
        untell(w);
    must(epoll_ctl(loop.epoll, EPOLL_CTL_DEL, w->fd, NULL) == 0);
    w->events = 0;
}

uint64_t loop_woke;

static void fetch(int timeout)
{
    int n = epoll_wait(loop.epoll, loop.fetched, EVENTS_A_WAIT, timeout);
    loop_woke = cycles_now();
    must(n >= 0 || errno == EINTR);
    for (int i = 0; i < n; i++) {
        struct loop_watch *w = loop.fetched[i].data.ptr;
        if (!w->happened) {
            w->prev = loop.told.prev;
            w->next = &loop.told;
            w->prev->next = w;
            loop.told.prev = w;
        }
        w->happened |= loop.fetched[i].events;
    }
}

static void tell(void)
{
    while (loop.told.next != &loop.told) {
        struct loop_watch *w = loop.told.next;
        uint32_t happened = w->happened;
        untell(w);
        if (happened & (EPOLLERR | EPOLLHUP))
            happened |= EPOLLIN | EPOLLOUT;
        else if (!(happened & w->events)) /* no longer asked for: modified since the wait */
            continue;
        w->ready(w, happened);
    }
}

/* ---- timers ------------------------------------------------------------- */

static void place(struct loop_timer *t, uint32_t at)
{
    loop.heap[at] = t;
    t->place = at;
}

static uint32_t parent_of(uint32_t i)
{
    return (i + TIMER_FANOUT - 2) / TIMER_FANOUT;
}

static void sift_up(struct loop_timer *t, uint32_t i)
{
    while (i > 1) {
        uint32_t up = parent_of(i);
        if (loop.heap[up]->at <= t->at)
            break;
        place(loop.heap[up], i);
        i = up;
    }
    place(t, i);
}

static void sift_down(struct loop_timer *t, uint32_t i)
{
    for (;;) {
        uint32_t child = TIMER_FANOUT * (i - 1) + 2, least = 0;
        uint64_t least_at = t->at;
        for (uint32_t k = 0; k < TIMER_FANOUT && child + k <= loop.timers; k++) {
            if (loop.heap[child + k]->at < least_at) {
                least = child + k;
                least_at = loop.heap[least]->at;
            }
        }
        if (!least)
            break;
        place(loop.heap[least], i);
        i = least;
    }
    place(t, i);
}

static void sift(struct loop_timer *t, uint32_t i)
{
    if (i > 1 && loop.heap[parent_of(i)]->at > t->at)
        sift_up(t, i);
    else
        sift_down(t, i);
}

void loop_timer_start(struct loop_timer *t, uint64_t at_mono_us, void (*fire)(struct loop_timer *t))
{
    if (at_mono_us <= loop.firing_at) /* else a timer that always starts itself anew would fire for ever */
        at_mono_us = loop.firing_at + 1;
    t->fire = fire;
    t->at = at_mono_us;
    if (t->place) {
        sift(t, t->place);
        return;
    }
    if (loop.timers + 1 >= loop.heap_cap) {
        loop.heap_cap = loop.heap_cap ? loop.heap_cap * 2 : 64;
        loop.heap = mem_realloc(loop.heap, loop.heap_cap * sizeof(*loop.heap));
    }
    sift_up(t, ++loop.timers);
}

void loop_timer_stop(struct loop_timer *t)
{
    if (!t->place)
        return;
    uint32_t hole = t->place;
    must(hole <= loop.timers && loop.heap[hole] == t);
    struct loop_timer *moved = loop.heap[loop.timers--];
    t->place = 0;
    if (moved != t)
        sift(moved, hole);
}

static void fire_due(void)
{
    uint64_t outer = loop.firing_at, now = clock_mono_us();
    loop.firing_at = now;
    while (loop.timers && loop.heap[1]->at <= now) {
        struct loop_timer *t = loop.heap[1];
        loop_timer_stop(t);
        t->fire(t);
    }
    loop.firing_at = outer;
}

/* What the next timer leaves of max_wait_ms. Rounds up: waking before the time would be a turn for nothing. */
static int wait_time(int64_t max_wait_ms)
{
    if (max_wait_ms < 0 || max_wait_ms > LONGEST_WAIT_MS)
        max_wait_ms = LONGEST_WAIT_MS;
    if (max_wait_ms == 0 || !loop.timers)
        return (int)max_wait_ms;
    uint64_t at = loop.heap[1]->at;
    if (at <= clock_mono_us())
        return 0;
    /* The cached time is as old as the turn that ends was long. */
    uint64_t now = clock_mono_us_now();
    if (at <= now)
        return 0;
    uint64_t ms = (at - now + 999) / 1000;
    return ms < (uint64_t)max_wait_ms ? (int)ms : (int)max_wait_ms;
}

/* ---- turns -------------------------------------------------------------- */

void loop_turn(int64_t max_wait_ms)
{
    fetch(loop.told.next != &loop.told ? 0 : wait_time(max_wait_ms));
    clock_refresh();
    tell();
    fire_due();
}

void loop_wake(void)
{
    int saved = errno; /* signal handlers come here */
    int fd = wake_fd;
    uint64_t one = 1;
    if (fd >= 0) {
        ssize_t ignored = write(fd, &one, sizeof one);
        (void)ignored;
    }
    errno = saved;
}
