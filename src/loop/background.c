#include "loop/background.h"

#include "base/mem.h"
#include "base/must.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

struct job {
    void (*fn)(void *arg);
    void *arg;
};

#define FIRST_CAP 64

/* Under `lock`: everything but `thread`, which the loop's thread owns. */
static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;  /* for the thread: a job, the end, or the end of parking */
    pthread_cond_t state; /* for the loop: parked, or a job finished */
    struct job *ring;     /* cap is a power of two */
    size_t cap, head, count;
    size_t pending; /* queued and running */
    bool waiting;   /* the thread sleeps on `work` */
    bool started;
    bool stop;
    bool park;   /* asked for */
    bool parked; /* and so it is */
} background = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *run(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&background.lock);
    for (;;) {
        while (background.park || (!background.count && !background.stop)) {
            if (background.park && !background.parked) {
                background.parked = true;
                pthread_cond_broadcast(&background.state);
            }
            background.waiting = true;
            pthread_cond_wait(&background.work, &background.lock);
            background.waiting = false;
        }
        background.parked = false;
        if (!background.count)
            break; /* stopping, and nothing is left */
        struct job job = background.ring[background.head];
        background.head = (background.head + 1) & (background.cap - 1);
        background.count--;
        pthread_mutex_unlock(&background.lock);
        job.fn(job.arg);
        pthread_mutex_lock(&background.lock);
        background.pending--;
        pthread_cond_broadcast(&background.state);
    }
    pthread_mutex_unlock(&background.lock);
    return NULL;
}

void background_start(void)
{
    must(!background.started);
    pthread_condattr_t attr;
    must(pthread_condattr_init(&attr) == 0);
    must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    must(pthread_cond_init(&background.work, &attr) == 0);
    must(pthread_cond_init(&background.state, &attr) == 0);
    pthread_condattr_destroy(&attr);
    background.stop = background.park = background.parked = false;

    /* Signals are the loop's thread's business, but a fault has to reach the crash report. */
    sigset_t block, before;
    sigfillset(&block);
    const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&block, faults[i]);
    pthread_sigmask(SIG_SETMASK, &block, &before);
    must(pthread_create(&background.thread, NULL, run, NULL) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_setname_np(background.thread, "hearth-bg");
    background.started = true;
}

void background_stop(void)
{
    if (!background.started)
        return;
    pthread_mutex_lock(&background.lock);
    must(!background.park);
    background.stop = true;
    pthread_cond_signal(&background.work);
    pthread_mutex_unlock(&background.lock);
    pthread_join(background.thread, NULL);
    background.started = false;
    pthread_cond_destroy(&background.work);
    pthread_cond_destroy(&background.state);
    mem_free(background.ring);
    background.ring = NULL;
    background.cap = background.head = 0;
}

static void grow(void)
{
    size_t cap = background.cap ? background.cap * 2 : FIRST_CAP;
    struct job *ring = mem_zalloc(cap, sizeof *ring);
    for (size_t i = 0; i < background.count; i++)
        ring[i] = background.ring[(background.head + i) & (background.cap - 1)];
    mem_free(background.ring);
    background.ring = ring;
    background.cap = cap;
    background.head = 0;
}

void background_submit(void (*fn)(void *arg), void *arg)
{
    if (!background.started) {
        fn(arg);
        return;
    }
    pthread_mutex_lock(&background.lock);
    if (background.count == background.cap)
        grow();
    background.ring[(background.head + background.count) & (background.cap - 1)] = (struct job){fn, arg};
    background.count++;
    background.pending++;
    bool sleeps = background.waiting && !background.park;
    pthread_mutex_unlock(&background.lock);
    if (sleeps)
        pthread_cond_signal(&background.work);
}

void background_free(void *ptr)
{
    if (ptr)
        background_submit(mem_free, ptr);
}

size_t background_pending(void)
{
    pthread_mutex_lock(&background.lock);
    size_t n = background.pending;
    pthread_mutex_unlock(&background.lock);
    return n;
}

void background_drain(void)
{
    pthread_mutex_lock(&background.lock);
    must(!background.park);
    while (background.pending)
        pthread_cond_wait(&background.state, &background.lock);
    pthread_mutex_unlock(&background.lock);
}

bool background_park(int wait_ms)
{
    if (!background.started)
        return true;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    if (wait_ms > 0) {
        int64_t ns = until.tv_nsec + (int64_t)wait_ms % 1000 * 1000000;
        until.tv_sec += wait_ms / 1000 + ns / 1000000000;
        until.tv_nsec = ns % 1000000000;
    }
    pthread_mutex_lock(&background.lock);
    must(!background.park);
    background.park = true;
    pthread_cond_signal(&background.work);
    int late = 0;
    while (!background.parked && !late) {
        if (wait_ms < 0)
            pthread_cond_wait(&background.state, &background.lock);
        else
            late = pthread_cond_timedwait(&background.state, &background.lock, &until);
    }
    bool parked = background.parked;
    if (!parked) {
        background.park = false;
        pthread_cond_signal(&background.work);
    }
    pthread_mutex_unlock(&background.lock);
    return parked;
}

void background_unpark(void)
{
    if (!background.started)
        return;
    pthread_mutex_lock(&background.lock);
    background.park = background.parked = false;
    pthread_cond_signal(&background.work);
    pthread_mutex_unlock(&background.lock);
}
