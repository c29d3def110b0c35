#include "server/child.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/must.h"
#include "loop/background.h"
#include "loop/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PARK_MS 50 /* a job of the background thread that takes longer makes the fork wait for another time */
#define MEASURE_US 1000000 /* between two looks at the memory, and */
#define MEASURE_SHARE 100  /* this many times what a look took */

static struct {
    pid_t pid;
    struct loop_watch watch; /* the pipe that closes when the child is gone */
    void (*ended)(const struct child_report *report, bool ok, int signal);
    struct child_report *report; /* shared; made once */
    uint64_t fork_us, forks;
} child;

/* ---- in the child ---------------------------------------------------------- */

/* Connections must end when the server closes them, so the child keeps none; `keep` is the pipe. */
static void close_all_but(int keep)
{
    if ((keep == 3 || close_range(3, (unsigned)keep - 1, 0) == 0) &&
        close_range((unsigned)keep + 1, ~0u, 0) == 0)
        return;
    struct rlimit limit;
    rlim_t most =
        getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? limit.rlim_cur : 65536;
    for (int fd = 3; (rlim_t)fd < most; fd++)
        if (fd != keep)
            close(fd);
}

static void lower_priority(void)
{
    struct sched_param none = {.sched_priority = 0};
    if (sched_setscheduler(0, SCHED_IDLE, &none) != 0)
        setpriority(PRIO_PROCESS, 0, 19);
}

static _Noreturn void run_child(pid_t parent, int pipe, bool (*work)(struct child_report *),
                                const sigset_t *signals)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before it could be watched */
        _exit(1);
    /* A terminal's Ctrl-C reaches both: the server decides what becomes of the child. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    sigprocmask(SIG_SETMASK, signals, NULL);
    prctl(PR_SET_NAME, "hearth-save");
    log_set_role('C');
    close_all_but(pipe);
    lower_priority();
    _exit(work(child.report) ? 0 : 1);
}

/* Bytes of private pages that were written to: in a forked child those that it doesn't share any more. */
static bool read_private(uint64_t *bytes)
{
    char text[4096];
    int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = 0;
    static const char word[] = "Private_Dirty:";
    const char *at = strstr(text, word);
    if (!at)
        return false;
    uint64_t kilobytes = 0;
    for (at += sizeof word - 1; *at == ' '; at++)
        ;
    for (; *at >= '0' && *at <= '9'; at++)
        kilobytes = kilobytes * 10 + (uint64_t)(*at - '0');
    *bytes = kilobytes * 1024;
    return true;
}

void child_measure(struct child_report *report, bool last)
{
    static uint64_t next_us; /* the child's own copy: it starts at zero with every fork */
    uint64_t began = clock_mono_us_now(), bytes;
    if ((began < next_us && !last) || !read_private(&bytes))
        return;
    uint64_t now = clock_mono_us_now(), pause = (now - began) * MEASURE_SHARE;
    next_us = now + (pause > MEASURE_US ? pause : MEASURE_US);
    report->copied = bytes;
    if (bytes > report->copied_peak)
        report->copied_peak = bytes;
    report->measured_us = now;
}

/* ---- in the server ----------------------------------------------------------- */

/* Waits for the child that is going or was killed. Returns its status. */
static int reap(void)
{
    int status = 0;
    while (waitpid(child.pid, &status, 0) < 0)
        if (errno != EINTR)
            break;
    loop_remove(&child.watch);
    close(child.watch.fd);
    child.pid = 0;
    return status;
}

static void pipe_closed(struct loop_watch *w, uint32_t events)
{
    (void)w;
    (void)events;
    int status = reap();
    child.ended(child.report, WIFEXITED(status) && WEXITSTATUS(status) == 0,
                WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

/* Somewhere for the two to meet. False with errno. */
static bool make_report(void)
{
    if (!child.report) {
        void *shared =
            mmap(NULL, sizeof *child.report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED)
            return false;
        child.report = shared;
    }
    memset(child.report, 0, sizeof *child.report);
    return true;
}

enum child_start child_start(bool (*work)(struct child_report *report),
                             void (*ended)(const struct child_report *report, bool ok, int signal))
{
    must(!child.pid);
    int ends[2];
    if (!make_report() || pipe2(ends, O_CLOEXEC) != 0)
        return CHILD_FAILED;
    if (!background_park(PARK_MS)) {
        close(ends[0]);
        close(ends[1]);
        return CHILD_BUSY;
    }
    signal(SIGCHLD, SIG_DFL); /* whoever started us may have ignored it: then nobody could be waited for */
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); /* none must find our handlers in the child */
    pid_t self = getpid();
    uint64_t began = clock_mono_us_now();
    pid_t pid = fork();
    if (pid == 0)
        run_child(self, ends[1], work, &before);
    int error = errno;
    uint64_t took = clock_mono_us_now() - began;
    sigprocmask(SIG_SETMASK, &before, NULL);
    background_unpark();
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        errno = error;
        return CHILD_FAILED;
    }
    child.pid = pid;
    child.ended = ended;
    child.fork_us = took;
    child.forks++;
    child.watch = (struct loop_watch){.ready = pipe_closed};
    if (loop_add(&child.watch, ends[0], EPOLLIN))
        return CHILD_STARTED;
    error = errno;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(ends[0]);
    child.pid = 0;
    errno = error;
    return CHILD_FAILED;
}

pid_t child_kill(void)
{
    pid_t pid = child.pid;
    if (pid) {
        kill(pid, SIGKILL);
        reap();
    }
    return pid;
}

pid_t child_pid(void)
{
    return child.pid;
}

const struct child_report *child_report(void)
{
    static const struct child_report nothing;
    return child.report ? child.report : &nothing;
}

uint64_t child_fork_us(void)
{
    return child.fork_us;
}

uint64_t child_forks(void)
{
    return child.forks;
}
