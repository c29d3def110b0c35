#include "server/migrate_peer.h"

#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

#define KEEP_US 10000000
#define KEEP_MOST 64

struct peer {
    struct migrate_target target;
    struct socket_conn conn;
    int64_t db;
    struct loop_watch watch;
    struct loop_timer timer;
    struct peer *next; /* kept for longer */
};

static struct peer *newest;
static unsigned count;

void migrate_target_deinit(struct migrate_target *t)
{
    mem_free(t->host);
    buf_deinit(&t->auth);
    *t = (struct migrate_target){.port = 0};
}

unsigned migrate_peer_count(void)
{
    return count;
}

/* Takes p off the list; its connection is the caller's. */
static struct socket_conn let_go(struct peer *p)
{
    struct socket_conn conn = p->conn;
    struct peer **at = &newest;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    count--;
    loop_remove(&p->watch);
    loop_timer_stop(&p->timer);
    migrate_target_deinit(&p->target);
    mem_free(p);
    return conn;
}

static void drop(struct peer *p)
{
    struct socket_conn conn = let_go(p);
    socket_close(&conn);
}

static void outlived(struct loop_timer *t)
{
    drop((struct peer *)((char *)t - offsetof(struct peer, timer)));
}

/* It has closed, or says what nobody asked for. */
static void spoke(struct loop_watch *w, uint32_t events)
{
    (void)events;
    drop((struct peer *)((char *)w - offsetof(struct peer, watch)));
}

bool migrate_peer_take(const struct migrate_target *t, struct socket_conn *conn, int64_t *db)
{
    for (struct peer *p = newest; p; p = p->next) {
        if (p->target.port != t->port || strcmp(p->target.host, t->host) != 0 ||
            !slice_eq(buf_slice(&p->target.auth), buf_slice(&t->auth)))
            continue;
        *db = p->db;
        *conn = let_go(p);
        return true;
    }
    return false;
}

void migrate_peer_keep(struct migrate_target *t, struct socket_conn conn, int64_t db)
{
    struct peer *p = mem_zalloc(1, sizeof *p);
    p->watch.ready = spoke;
    if (!loop_add(&p->watch, conn.fd, EPOLLIN)) {
        socket_close(&conn);
        mem_free(p);
        return;
    }
    p->target = *t;
    *t = (struct migrate_target){.port = 0};
    p->conn = conn;
    p->db = db;
    p->next = newest;
    newest = p;
    loop_timer_start(&p->timer, clock_mono_us() + KEEP_US, outlived);
    if (++count <= KEEP_MOST)
        return;
    struct peer *oldest = p;
    while (oldest->next)
        oldest = oldest->next;
    drop(oldest);
}
