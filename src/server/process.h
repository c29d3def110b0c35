/* process: the server as a Unix process: daemon, pid file, supervisor, signals, crash report, title.
 *
 * Order at the start:
 *     process_title_init(argc, &argv)    before anything keeps argv
 *     ... config_start ...
 *     process_detach()                   before threads, descriptors and the loop
 *     loop_init, process_signals_init, process_crash_init, process_pidfile_create
 *     ... listeners stand, data is loaded ...
 *     process_ready()
 * and at the end process_stopping, then process_pidfile_remove. */
#ifndef SERVER_PROCESS_H
#define SERVER_PROCESS_H

#include <stdbool.h>

/* Frees the memory where the system looks for the process's title: *argv and environ
 * become copies that stay good for good. */
void process_title_init(int argc, char ***argv);

/* Shows what proc-title-template says (unless set-proc-title is no), and again whenever
 * the template changes. Call it again when port or addresses changed. */
void process_title_show(void);

/* Finds out whether a supervisor was asked for and is there, and tells it that we load;
 * without one, `daemonize` forks to the background: the parent exits here. */
void process_detach(void);

/* SIGHUP, SIGPIPE and SIGXFSZ are ignored. The first SIGTERM or SIGINT is noted and wakes the loop;
 * a second one ends the process at once with status 1. */
void process_signals_init(void);

/* SIGTERM or SIGINT once it came, else 0. Look after each turn. */
int process_stop_asked(void);

/* Forgets the signal: the stop it asked for could not be had (SHUTDOWN ABORT, a failed save). */
void process_stop_forget(void);

/* SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write a report to the log before they end the
 * process as they would have (unless crash-log-enabled is no). `tell`, which may be NULL,
 * adds lines of its own to fd; it is called in a signal handler. */
void process_crash_init(void (*tell)(int fd));

/* Writes the pid file where one is asked for; a failure is only logged. */
void process_pidfile_create(void);
void process_pidfile_remove(void);

/* Tells the supervisor that connections are accepted; that the server stops. */
void process_ready(void);
void process_stopping(void);

#endif
