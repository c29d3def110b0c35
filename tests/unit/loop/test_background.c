/* background: order, draining, parking. */
#include "base/mem.h"
#include "loop/background.h"
#include "tests/unit/support/check.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

TestSuite(background, .timeout = 60);

static unsigned done[100000], count;
static pthread_t worker;

static void note(void *arg)
{
    worker = pthread_self();
    done[count++] = (unsigned)(uintptr_t)arg;
}

Test(background, jobs_run_in_order_on_another_thread)
{
    enum { JOBS = 100000 / CHECK_SCALE };
    background_start();
    for (uintptr_t i = 0; i < JOBS; i++)
        background_submit(note, (void *)i);
    background_drain();
    cr_expect_eq(background_pending(), 0);
    cr_assert_eq(count, JOBS);
    for (unsigned i = 0; i < JOBS; i++)
        check(done[i] == i);
    cr_expect_not(pthread_equal(worker, pthread_self()));
    background_stop();
}

Test(background, stop_runs_what_is_queued_and_it_starts_again)
{
    for (int round = 0; round < 20; round++) {
        count = 0;
        background_start();
        for (uintptr_t i = 0; i < 100; i++)
            background_submit(note, (void *)i);
        background_stop();
        cr_assert_eq(count, 100);
    }
    background_stop();
}

Test(background, without_a_thread_jobs_run_at_once)
{
    count = 0;
    background_submit(note, (void *)7);
    cr_expect_eq(count, 1);
    cr_expect(pthread_equal(worker, pthread_self()));
    cr_expect(background_park(-1));
    background_unpark();
}

Test(background, frees_memory)
{
    background_start();
    background_free(NULL);
    for (int i = 0; i < 1000; i++)
        background_free(mem_alloc(1000)); /* the leak report sees what isn't */
    background_stop();
}

static sem_t hold, held;

static void block(void *arg)
{
    (void)arg;
    sem_post(&held);
    sem_wait(&hold);
}

Test(background, parked_nothing_runs_until_unparked)
{
    sem_init(&hold, 0, 0);
    sem_init(&held, 0, 0);
    background_start();
    for (int round = 0; round < 100; round++) {
        count = 0;
        cr_assert(background_park(-1));
        for (uintptr_t i = 0; i < 10; i++)
            background_submit(note, (void *)i);
        if (round % 10 == 0)
            usleep(1000);
        cr_assert_eq(count, 0);
        cr_assert_eq(background_pending(), 10);
        background_unpark();
        background_drain();
        cr_assert_eq(count, 10);
    }
    background_stop();
}

Test(background, parking_gives_up_when_a_job_takes_long)
{
    sem_init(&hold, 0, 0);
    sem_init(&held, 0, 0);
    background_start();
    background_submit(block, NULL);
    sem_wait(&held);
    cr_expect_not(background_park(0));
    cr_expect_not(background_park(20));
    background_submit(note, NULL);
    sem_post(&hold);
    background_drain(); /* it isn't parked: both jobs end */
    cr_expect_eq(count, 1);
    cr_expect(background_park(10000));
    background_unpark();
    background_stop();
}

static atomic_uint chained;

static void chain(void *arg)
{
    uintptr_t n = (uintptr_t)arg;
    atomic_fetch_add(&chained, 1);
    if (n)
        background_submit(chain, (void *)(n - 1));
}

Test(background, a_job_may_submit_another)
{
    background_start();
    background_submit(chain, (void *)(uintptr_t)999);
    background_drain();
    cr_expect_eq(atomic_load(&chained), 1000);
    background_stop();
}
