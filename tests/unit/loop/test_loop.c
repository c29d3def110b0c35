/* loop: watches, timers, wake-ups and nested turns. */
#include "base/clock.h"
#include "loop/loop.h"
#include "tests/unit/support/check.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
    struct loop_watch watch; /* on ours */
    int ours, theirs;
    unsigned told;
    uint32_t events;
    void (*then)(struct pair *p);
    struct pair *other;
};

static void pair_ready(struct loop_watch *w, uint32_t events)
{
    struct pair *p = (struct pair *)w;
    p->told++;
    p->events = events;
    if (p->then)
        p->then(p);
}

static void pair_open(struct pair *p, uint32_t events)
{
    int fds[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    *p = (struct pair){.ours = fds[0], .theirs = fds[1], .watch.ready = pair_ready};
    cr_assert(loop_add(&p->watch, p->ours, events));
}

static void pair_close(struct pair *p)
{
    loop_remove(&p->watch);
    close(p->ours);
    if (p->theirs >= 0)
        close(p->theirs);
}

TestSuite(loop, .init = loop_init, .fini = loop_deinit, .timeout = 30);

Test(loop, tells_each_turn_until_the_bytes_are_read)
{
    struct pair p;
    pair_open(&p, EPOLLIN);
    loop_turn(0);
    cr_expect_eq(p.told, 0);
    cr_assert_eq(write(p.theirs, "x", 1), 1);
    loop_turn(-1);
    loop_turn(-1);
    cr_expect_eq(p.told, 2);
    cr_expect_eq(p.events, EPOLLIN);
    char c;
    cr_assert_eq(read(p.ours, &c, 1), 1);
    loop_turn(0);
    cr_expect_eq(p.told, 2);
    pair_close(&p);
}

Test(loop, modify_changes_what_is_told)
{
    struct pair p;
    pair_open(&p, EPOLLIN);
    loop_modify(&p.watch, EPOLLIN | EPOLLOUT);
    loop_turn(-1);
    cr_expect_eq(p.events, EPOLLOUT);
    cr_assert_eq(write(p.theirs, "x", 1), 1);
    loop_turn(-1);
    cr_expect_eq(p.events, EPOLLIN | EPOLLOUT);
    loop_modify(&p.watch, 0);
    p.told = 0;
    loop_turn(0);
    cr_expect_eq(p.told, 0);
    pair_close(&p);
}

Test(loop, hangup_reaches_even_who_asked_for_nothing)
{
    struct pair p;
    pair_open(&p, 0);
    close(p.theirs);
    p.theirs = -1;
    loop_turn(-1);
    cr_expect_eq(p.told, 1);
    cr_expect(p.events & EPOLLHUP);
    cr_expect(p.events & EPOLLIN);
    cr_expect(p.events & EPOLLOUT);
    pair_close(&p);
}

static void remove_other(struct pair *p)
{
    if (p->other) {
        pair_close(p->other);
        p->other->other = NULL;
        p->other = NULL;
    }
}

Test(loop, a_watch_removed_in_the_turn_hears_nothing)
{
    struct pair a, b;
    pair_open(&a, EPOLLIN);
    pair_open(&b, EPOLLIN);
    a.then = b.then = remove_other;
    a.other = &b;
    b.other = &a;
    cr_assert_eq(write(a.theirs, "x", 1), 1);
    cr_assert_eq(write(b.theirs, "x", 1), 1);
    loop_turn(-1);
    cr_expect_eq(a.told + b.told, 1);
    pair_close(a.told ? &a : &b);
}

static void silence_other(struct pair *p)
{
    loop_modify(&p->other->watch, 0);
}

Test(loop, a_watch_that_asks_for_less_in_the_turn_hears_nothing)
{
    struct pair a, b;
    pair_open(&a, EPOLLIN);
    pair_open(&b, EPOLLIN);
    a.then = b.then = silence_other;
    a.other = &b;
    b.other = &a;
    cr_assert_eq(write(a.theirs, "x", 1), 1);
    cr_assert_eq(write(b.theirs, "x", 1), 1);
    loop_turn(-1);
    cr_expect_eq(a.told + b.told, 1);
    pair_close(&a);
    pair_close(&b);
}

static void drain(struct pair *p)
{
    char c[16];
    while (read(p->ours, c, sizeof c) > 0)
        ;
}

static void nest(struct pair *p)
{
    drain(p);
    p->then = drain;
    loop_turn(0);
}

Test(loop, turns_nest_and_every_event_is_told_once)
{
    enum { COUNT = 20 };
    struct pair p[COUNT];
    for (int i = 0; i < COUNT; i++) {
        pair_open(&p[i], EPOLLIN);
        p[i].then = i % 3 ? nest : drain;
        cr_assert_eq(write(p[i].theirs, "x", 1), 1);
    }
    loop_turn(-1);
    for (int i = 0; i < COUNT; i++) {
        cr_expect_eq(p[i].told, 1, "%d was told %u times", i, p[i].told);
        pair_close(&p[i]);
    }
}

Test(loop, more_ready_watches_than_a_wait_fetches_are_all_served)
{
    enum { COUNT = 1500 };
    static struct pair p[COUNT];
    for (int i = 0; i < COUNT; i++) {
        pair_open(&p[i], EPOLLIN);
        p[i].then = drain;
        cr_assert_eq(write(p[i].theirs, "x", 1), 1);
    }
    loop_turn(0);
    loop_turn(0);
    for (int i = 0; i < COUNT; i++) {
        check(p[i].told == 1);
        pair_close(&p[i]);
    }
}

Test(loop, add_reports_a_descriptor_that_cannot_be_watched)
{
    struct loop_watch w = {.ready = pair_ready};
    cr_expect_not(loop_add(&w, 99999, EPOLLIN));
    cr_expect_eq(errno, EBADF);
}

/* ---- waking ------------------------------------------------------------- */

static void *wake(void *unused)
{
    (void)unused;
    usleep(20000);
    loop_wake();
    return NULL;
}

Test(loop, wake_ends_a_wait_from_another_thread)
{
    pthread_t t;
    cr_assert_eq(pthread_create(&t, NULL, wake, NULL), 0);
    loop_turn(-1); /* would last for ever */
    pthread_join(t, NULL);
}

Test(loop, wake_before_the_wait_is_not_lost_and_counts_once)
{
    for (int i = 0; i < 1000; i++)
        loop_wake();
    loop_turn(-1);
    uint64_t before = clock_mono_us_now();
    loop_turn(30);
    cr_expect_geq(clock_mono_us_now() - before, 25000);
}

static void on_signal(int sig)
{
    (void)sig;
    loop_wake();
}

Test(loop, wake_works_from_a_signal_handler)
{
    struct sigaction act = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &act, NULL);
    raise(SIGUSR1);
    loop_turn(-1);
}

/* ---- timers ------------------------------------------------------------- */

static struct clock_reading scripted;

static struct clock_reading script(void *ctx)
{
    (void)ctx;
    return scripted;
}

static void at(uint64_t us)
{
    scripted = (struct clock_reading){.wall_us = (int64_t)us, .mono_us = us};
    clock_set_source(script, NULL);
}

struct alarm {
    struct loop_timer timer; /* first */
    unsigned fired;
    uint64_t again; /* start it anew this long after */
    struct loop_timer *victim;
};

static uint64_t last_at;

static void ring(struct loop_timer *t)
{
    struct alarm *a = (struct alarm *)t;
    a->fired++;
    check(!loop_timer_running(t));
    check(t->at <= clock_mono_us());
    check(t->at >= last_at);
    last_at = t->at;
    if (a->victim)
        loop_timer_stop(a->victim);
    if (a->again)
        loop_timer_start(t, clock_mono_us() + a->again - 1, ring);
}

Test(loop, a_timer_fires_once_at_its_time_and_not_before)
{
    struct alarm a = {0};
    last_at = 0;
    at(1000);
    clock_refresh();
    loop_timer_start(&a.timer, 2000, ring);
    cr_expect(loop_timer_running(&a.timer));
    at(1999);
    loop_turn(0);
    cr_expect_eq(a.fired, 0);
    at(2000);
    loop_turn(-1);
    loop_turn(0);
    cr_expect_eq(a.fired, 1);
    cr_expect_not(loop_timer_running(&a.timer));
    clock_set_source(NULL, NULL);
}

Test(loop, a_timer_started_while_timers_fire_waits_for_the_next_turn)
{
    struct alarm a = {.again = 1};
    last_at = 0;
    at(5000);
    loop_timer_start(&a.timer, 1, ring);
    loop_turn(0);
    cr_expect_eq(a.fired, 1);
    loop_turn(0);
    cr_expect_eq(a.fired, 1);
    at(5001);
    loop_turn(0);
    cr_expect_eq(a.fired, 2);
    loop_timer_stop(&a.timer);
    loop_timer_stop(&a.timer);
    at(9000);
    loop_turn(0);
    cr_expect_eq(a.fired, 2);
    clock_set_source(NULL, NULL);
}

Test(loop, a_timer_stopped_by_another_in_the_same_turn_stays_silent)
{
    struct alarm a = {0}, b = {0};
    last_at = 0;
    at(1000);
    a.victim = &b.timer;
    b.victim = &a.timer;
    loop_timer_start(&a.timer, 900, ring);
    loop_timer_start(&b.timer, 900, ring);
    loop_turn(0);
    cr_expect_eq(a.fired + b.fired, 1);
    clock_set_source(NULL, NULL);
}

Test(loop, many_timers_started_moved_and_stopped_fire_in_order)
{
    enum { COUNT = 5000 };
    static struct alarm alarms[COUNT];
    static uint64_t due[COUNT]; /* the model: 0 is stopped */
    last_at = 0;
    at(1);
    clock_refresh();
    for (int i = 0; i < 40000 / CHECK_SCALE; i++) {
        unsigned k = (unsigned)draw_below(COUNT);
        if (draw_below(4)) {
            due[k] = 10 + draw_below(100000);
            loop_timer_start(&alarms[k].timer, due[k], ring);
        } else {
            due[k] = 0;
            loop_timer_stop(&alarms[k].timer);
        }
    }
    for (uint64_t now = 0; now <= 100010; now += 1 + draw_below(3000)) {
        at(now);
        loop_turn(0);
        for (int k = 0; k < COUNT; k++) {
            check(alarms[k].fired == (due[k] && due[k] <= now));
            check(loop_timer_running(&alarms[k].timer) == (due[k] > now));
        }
    }
    at(200000);
    loop_turn(0);
    for (int k = 0; k < COUNT; k++)
        check(alarms[k].fired == (due[k] != 0));
    clock_set_source(NULL, NULL);
}

Test(loop, a_turn_waits_for_the_next_timer_no_longer_and_no_shorter)
{
    struct alarm a = {0}, far = {0};
    last_at = 0;
    clock_refresh();
    uint64_t start = clock_mono_us();
    loop_timer_start(&far.timer, start + 60000000, ring);
    loop_timer_start(&a.timer, start + 20000, ring);
    unsigned turns = 0;
    while (!a.fired) {
        loop_turn(-1);
        turns++;
    }
    cr_expect_geq(clock_mono_us_now() - start, 20000);
    cr_expect_leq(turns, 3); /* it sleeps, it doesn't poll */
    loop_timer_stop(&far.timer);
}
