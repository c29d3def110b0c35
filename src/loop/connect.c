#include "loop/connect.h"

#include "base/mem.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Look-ups that may be under way at a time: a name server that doesn't answer keeps each for seconds. */
#define LOOKUPS_MAX 16
#define PORT_TEXT 16

/* A look-up: the connector's and its thread's; who lets go last frees it. */
struct connect_lookup {
    atomic_int holders;
    int event; /* the thread writes to it when it is done */
    struct addrinfo *found;
    char port[PORT_TEXT];
    char host[];
};

static atomic_int lookups;

static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};

/* ---- names ---------------------------------------------------------------------- */

static void let_go(struct connect_lookup *l)
{
    if (atomic_fetch_sub(&l->holders, 1) != 1)
        return;
    if (l->found)
        freeaddrinfo(l->found);
    close(l->event);
    mem_free(l);
}

static void *look_up(void *arg)
{
    struct connect_lookup *l = arg;
    if (getaddrinfo(l->host, l->port, &hints, &l->found) != 0)
        l->found = NULL;
    (void)!write(l->event, &(uint64_t){1}, sizeof(uint64_t));
    atomic_fetch_sub(&lookups, 1);
    let_go(l);
    return NULL;
}

/* Starts a thread for l; signals stay the loop's thread's business. */
static bool start_thread(struct connect_lookup *l)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, &attr, look_up, l) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return started;
}

static void looked_up(struct loop_watch *w, uint32_t events);

static bool start_lookup(struct connector *c, const char *host, const char *port)
{
    if (atomic_load(&lookups) >= LOOKUPS_MAX)
        return false;
    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event < 0)
        return false;
    size_t len = strlen(host) + 1;
    struct connect_lookup *l = mem_zalloc(1, sizeof *l + len);
    l->event = event;
    memcpy(l->host, host, len);
    memcpy(l->port, port, PORT_TEXT);
    c->watch.ready = looked_up;
    if (!loop_add(&c->watch, event, EPOLLIN)) {
        atomic_store(&l->holders, 1);
        let_go(l);
        return false;
    }
    atomic_store(&l->holders, 2);
    atomic_fetch_add(&lookups, 1);
    c->lookup = l;
    if (start_thread(l))
        return true;
    atomic_fetch_sub(&lookups, 1);
    atomic_store(&l->holders, 1);
    connector_stop(c);
    return false;
}

/* ---- connecting ----------------------------------------------------------------- */

static void connected(struct loop_watch *w, uint32_t events);

/* Tries the addresses that are left until one may answer; false when none is left. */
static bool try_next(struct connector *c)
{
    while (c->next) {
        const struct addrinfo *a = c->next;
        c->tried = true;
        c->next = a->ai_next;
        int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
            continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        c->conn = (struct socket_conn){.fd = fd};
        c->watch.ready = connected;
        if ((connect(fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS) &&
            loop_add(&c->watch, fd, EPOLLOUT))
            return true;
        socket_close(&c->conn);
    }
    return false;
}

static void forget_addresses(struct connector *c)
{
    if (c->addresses)
        freeaddrinfo(c->addresses);
    c->addresses = c->next = NULL;
}

static void connected(struct loop_watch *w, uint32_t events)
{
    struct connector *c = (struct connector *)((char *)w - offsetof(struct connector, watch));
    int error = 0;
    socklen_t len = sizeof error;
    (void)events;
    loop_remove(w);
    if (getsockopt(c->conn.fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error) {
        socket_close(&c->conn);
        if (try_next(c))
            return;
    }
    forget_addresses(c);
    c->done(c, c->conn.fd >= 0);
}

static void looked_up(struct loop_watch *w, uint32_t events)
{
    struct connector *c = (struct connector *)((char *)w - offsetof(struct connector, watch));
    struct connect_lookup *l = c->lookup;
    (void)events;
    loop_remove(w);
    c->addresses = c->next = l->found;
    l->found = NULL;
    c->lookup = NULL;
    let_go(l);
    if (try_next(c))
        return;
    forget_addresses(c);
    c->done(c, false);
}

bool connector_start(struct connector *c, const char *host, unsigned port,
                     void (*done)(struct connector *c, bool connected))
{
    char text[PORT_TEXT];
    struct addrinfo numeric = hints;
    numeric.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    *c = (struct connector){.done = done, .conn = {.fd = -1}};
    snprintf(text, sizeof text, "%u", port);
    if (getaddrinfo(host, text, &numeric, &c->addresses) != 0)
        return start_lookup(c, host, text);
    c->next = c->addresses;
    if (try_next(c))
        return true;
    forget_addresses(c);
    return false;
}

void connector_stop(struct connector *c)
{
    if (c->lookup || c->addresses) /* else it isn't under way */
        loop_remove(&c->watch);
    if (c->lookup)
        let_go(c->lookup);
    c->lookup = NULL;
    socket_close(&c->conn);
    forget_addresses(c);
}
