/* child: the one forked process that writes what the keyspace held at the moment of the fork.
 *
 * Invariants.
 *  1. There is at most one, it never outlives the server, and the server never waits for it but
 *     for the moment in which a dying process goes.
 *  2. The background thread is parked while the fork happens, so no lock of it is taken in the child.
 *  3. The child runs at the lowest priority, holds no connection open, and takes no part in signals
 *     that mean the server. */
#ifndef SERVER_CHILD_H
#define SERVER_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CHILD_ERROR_MAX 512

/* In memory that both processes see. The child writes, the server reads whenever it likes. */
struct child_report {
    _Atomic uint64_t done; /* of whatever the work counts */
    _Atomic uint64_t copied,
        copied_peak; /* bytes that the child has for itself: what was written to since the fork */
    _Atomic uint64_t measured_us; /* clock_mono_us_now when that was measured; 0: never yet */
    uint64_t keys, bytes, raw;    /* of the finished work; good once the child has ended */
    char error[CHILD_ERROR_MAX];  /* why it failed, likewise; "" when it can't say */
};

enum child_start {
    CHILD_STARTED,
    CHILD_BUSY,  /* the background thread is in a long job: try again soon */
    CHILD_FAILED /* errno says why */
};

/* Forks. `work` runs in the child: true when it succeeded. `ended` runs in the server's loop once the child is gone:
 * ok when the work succeeded, `signal` when one ended it, else 0. There must be no child. */
enum child_start child_start(bool (*work)(struct child_report *report),
                             void (*ended)(const struct child_report *report, bool ok, int signal));

/* Called by the work now and then: measures `copied`, when that is cheap or (`last`) for the last time. */
void child_measure(struct child_report *report, bool last);

/* 0: there is none. */
pid_t child_pid(void);

/* What the child tells, or the last one told; all zeros before the first. Borrowed. */
const struct child_report *child_report(void);

/* How long the last fork took, in microseconds, and how many there were. */
uint64_t child_fork_us(void);
uint64_t child_forks(void);

/* Ends the child, if there is one, and waits until it is gone; `ended` isn't called. Returns its pid, 0: none. */
pid_t child_kill(void);

#endif
