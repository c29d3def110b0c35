/* background: the one thread for what may block (fsync, close, unlink, freeing what is big).
 *
 * Jobs run one at a time in the order of submission. The loop's thread submits;
 * a job may use nothing of the loop but loop_wake. While *parked* the thread
 * stands between two jobs and holds no lock, so a fork is safe. */
#ifndef LOOP_BACKGROUND_H
#define LOOP_BACKGROUND_H

#include <stdbool.h>
#include <stddef.h>

void background_start(void);

/* Runs what is queued, then ends the thread. */
void background_stop(void);

/* Runs fn(arg) there. Without a running thread it runs here and now. */
void background_submit(void (*fn)(void *arg), void *arg);

/* mem_free(ptr) there. */
void background_free(void *ptr);

/* Jobs not finished yet, the running one included. */
size_t background_pending(void);

/* Waits until every job that was submitted is done. */
void background_drain(void);

/* Waits at most wait_ms (negative: any time) for the thread to be between two jobs and
 * keeps it there. False when a job took longer: it isn't parked then. */
bool background_park(int wait_ms);

/* Lets it go on. */
void background_unpark(void);

#endif
