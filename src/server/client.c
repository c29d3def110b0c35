#include "server/client.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "server/blocking.h"
#include "server/config.h"
#include "server/migrate.h"
#include "server/monitor.h"
#include "server/multi.h"
#include "server/pubsub.h"
#include "server/stats.h"
#include "server/turn.h"
#include "server/watch.h"

#include <limits.h>
#include <stdlib.h>

/* How often idle clients are looked for. */
#define IDLE_PERIOD_US 1000000
/* Output that may wait for a client that hasn't given the password: error replies that it doesn't read. */
#define UNAUTHENTICATED_OUTPUT (256 * 1024)
/* A client's own buffer counts as far as it is filled from this size on, whole below. */
#define INPUT_COUNTED (1u << 20)
/* Room for so many big arguments stays with a client. */
#define BIGS_KEPT 64
/* Bytes of output chunks that stay with us when a burst is over. */
#define POOL_KEPT (256 * 1024)

struct client *client_first;
struct client *client_writers;
struct client *client_readers;
size_t client_memory_total;
enum client_pause client_pause_mode;

static struct client *last;
static struct client *closed;
static size_t evictable; /* the part of client_memory_total that isn't protected by CLIENT NO-EVICT */
static unsigned count, blocked;
static uint64_t next_id = 1;
static struct loop_timer idle_timer, pause_timer;
static int64_t pause_until_ms;

/* ---- ids ------------------------------------------------------------------------
 * Open addressing over a power of two, linear probing, at most half full. */

static struct client **by_id;
static size_t id_slots;

static size_t id_slot(uint64_t id)
{
    return id * 0x9e3779b97f4a7c15ull >> 20 & (id_slots - 1);
}

static void id_put(struct client *c)
{
    size_t i = id_slot(c->id);
    while (by_id[i])
        i = (i + 1) & (id_slots - 1);
    by_id[i] = c;
}

static void id_add(struct client *c)
{
    if (2 * (count + 1) <= id_slots) {
        id_put(c);
        return;
    }
    struct client **was = by_id;
    size_t had = id_slots;
    id_slots = had ? 2 * had : 64;
    by_id = mem_zalloc(id_slots, sizeof *by_id);
    for (size_t i = 0; i < had; i++)
        if (was[i])
            id_put(was[i]);
    mem_free(was);
    id_put(c);
}

static void id_remove(const struct client *c)
{
    size_t i = id_slot(c->id);
    while (by_id[i] != c)
        i = (i + 1) & (id_slots - 1);
    by_id[i] = NULL;
    /* Those that stood behind the hole are put again. */
    for (i = (i + 1) & (id_slots - 1); by_id[i]; i = (i + 1) & (id_slots - 1)) {
        struct client *moved = by_id[i];
        by_id[i] = NULL;
        id_put(moved);
    }
}

struct client *client_by_id(uint64_t id)
{
    if (!id_slots)
        return NULL;
    for (size_t i = id_slot(id); by_id[i]; i = (i + 1) & (id_slots - 1))
        if (by_id[i]->id == id)
            return by_id[i]->flags & CLIENT_CLOSING ? NULL : by_id[i];
    return NULL;
}

/* ---- coming and going --------------------------------------------------------------- */

unsigned client_count(void)
{
    return count;
}

unsigned client_blocked_count(void)
{
    return blocked;
}

/* Tells a connection why it isn't taken and closes it. */
static void refuse(struct socket_conn *conn, const char *why)
{
    struct iovec v = {(void *)(uintptr_t)why, strlen(why)};
    (void)!socket_writev(conn, &v, 1);
    socket_close(conn);
    server_stats.connections_rejected++;
}

static bool protected_refuses(const struct socket_conn *conn)
{
    return config.protected_mode && !*config.requirepass && !socket_peer_is_loopback(conn);
}

struct client *client_create(struct socket_conn conn)
{
    if (count >= config.maxclients) {
        refuse(&conn, "-ERR max number of clients reached\r\n");
        return NULL;
    }
    if (protected_refuses(&conn)) {
        refuse(&conn,
               "-DENIED Hearth is running in protected mode because protected mode is enabled and no "
               "password is set for the default user. In this mode connections are only accepted from the "
               "loopback interface. To connect from elsewhere, set a password (requirepass), or bind to "
               "an address that only trusted hosts reach and set 'protected-mode no' from a local "
               "connection or in the configuration file.\r\n");
        return NULL;
    }
    struct client *c = mem_zalloc(1, sizeof *c);
    c->magic = CLIENT_MAGIC;
    c->id = next_id++;
    c->conn = conn;
    c->flags = (conn.is_unix ? CLIENT_UNIX : 0) | (*config.requirepass ? 0 : CLIENT_AUTHENTICATED);
    output_init(&c->output);
    c->reply = (struct reply){.output = &c->output, .protocol = 2};
    c->created_ms = c->active_ms = clock_ms();
    c->watch.ready = turn_client_ready;
    if (!loop_add(&c->watch, conn.fd, EPOLLIN)) {
        log_warning("Can't watch a new connection: out of descriptors or memory");
        socket_close(&c->conn);
        mem_free(c);
        return NULL;
    }
    id_add(c);
    c->prev = last;
    if (last)
        last->next = c;
    else
        client_first = c;
    last = c;
    count++;
    server_stats.connections++;
    return c;
}

/* Counts c with `now` bytes instead of what it was counted with. */
static void count_memory(struct client *c, size_t now)
{
    client_memory_total += now - c->counted;
    if (!(c->flags & CLIENT_NO_EVICT))
        evictable += now - c->counted;
    c->counted = now;
}

void client_close(struct client *c)
{
    must(c->magic == CLIENT_MAGIC);
    if (c->flags & CLIENT_CLOSING)
        return;
    c->flags |= CLIENT_CLOSING;
    if (c->flags & CLIENT_BLOCKED)
        client_unblock(c);
    multi_discard(c);
    watch_clear(c);
    pubsub_clear(c);
    monitor_remove(c);
    loop_remove(&c->watch);
    count_memory(c, 0);
    c->next_closed = closed;
    closed = c;
}

void client_close_after(struct client *c)
{
    c->flags |= CLIENT_CLOSE_AFTER;
    client_wants_write(c);
}

static void unlist(struct client **list, struct client *c, size_t next_offset)
{
    for (struct client **p = list; *p; p = (struct client **)((char *)*p + next_offset)) {
        if (*p != c)
            continue;
        *p = *(struct client **)((char *)c + next_offset);
        return;
    }
}

static void free_client(struct client *c)
{
    if (c->flags & CLIENT_WRITE_PENDING)
        unlist(&client_writers, c, offsetof(struct client, next_write));
    if (c->flags & CLIENT_READ_PENDING)
        unlist(&client_readers, c, offsetof(struct client, next_read));
    *(c->prev ? &c->prev->next : &client_first) = c->next;
    *(c->next ? &c->next->prev : &last) = c->prev;
    id_remove(c);
    count--;
    socket_close(&c->conn);
    output_deinit(&c->output);
    buf_deinit(&c->input);
    client_big_forget(c);
    mem_free(c->bigs);
    resp_parser_deinit(&c->parser);
    mem_free(c->name);
    mem_free(c->lib_name);
    mem_free(c->lib_ver);
    c->magic = 0;
    mem_free(c);
}

void client_free_closed(void)
{
    while (unlikely(closed != NULL)) {
        struct client *c = closed;
        closed = c->next_closed;
        free_client(c);
    }
}

void client_close_all(void)
{
    for (struct client *c = client_first; c; c = c->next)
        client_close(c);
    client_free_closed();
    mem_free(by_id);
    by_id = NULL;
    id_slots = 0;
    loop_timer_stop(&idle_timer);
    loop_timer_stop(&pause_timer);
}

/* ---- big arguments --------------------------------------------------------------------- */

void client_big_start(struct client *c, size_t len, const char *bytes, size_t have)
{
    must(!c->big && have < len + 2);
    c->big = blob_create(len + 2); /* memory that isn't touched isn't taken */
    memcpy(c->big->data, bytes, have);
    c->big->len = have;
}

void client_big_done(struct client *c)
{
    struct blob *b = c->big;
    must(b->len == b->cap);
    b->len -= 2;
    if (c->big_count == c->big_capacity) {
        c->big_capacity = c->big_capacity ? 2 * c->big_capacity : 4;
        c->bigs = mem_realloc(c->bigs, c->big_capacity * sizeof *c->bigs);
    }
    c->bigs[c->big_count++] = (struct call_big){b, c->parser.done};
    c->big_bytes += b->len;
    c->big = NULL;
    resp_supply(&c->parser, b->data, b->len, c->input.len - c->input_used);
}

void client_big_forget(struct client *c)
{
    resp_parser_reset(&c->parser);
    if (c->big)
        blob_put(c->big);
    c->big = NULL;
    for (uint32_t i = 0; i < c->big_count; i++)
        blob_put(c->bigs[i].blob);
    c->big_count = 0;
    c->big_bytes = 0;
    if (c->big_capacity > BIGS_KEPT) {
        mem_free(c->bigs);
        c->bigs = NULL;
        c->big_capacity = 0;
    }
}

/* ---- turn lists ------------------------------------------------------------------------ */

void client_wants_write(struct client *c)
{
    if (c->flags & CLIENT_WRITE_PENDING)
        return;
    c->flags |= CLIENT_WRITE_PENDING;
    c->next_write = client_writers;
    client_writers = c;
}

void client_wants_read(struct client *c)
{
    if (c->flags & CLIENT_READ_PENDING)
        return;
    c->flags |= CLIENT_READ_PENDING;
    c->next_read = client_readers;
    client_readers = c;
}

/* ---- waiting ----------------------------------------------------------------------------- */

static void patience_ends(struct loop_timer *t)
{
    struct client *c = (struct client *)((char *)t - offsetof(struct client, wait));
    c->on_timeout(c);
}

void client_block(struct client *c, uint64_t until_mono_us, void (*on_timeout)(struct client *c))
{
    must(!(c->flags & CLIENT_BLOCKED));
    c->flags |= CLIENT_BLOCKED;
    blocked++;
    c->on_timeout = on_timeout;
    if (until_mono_us)
        loop_timer_start(&c->wait, until_mono_us, patience_ends);
}

void client_unblock(struct client *c)
{
    must(c->flags & CLIENT_BLOCKED);
    c->flags &= ~(uint32_t)CLIENT_BLOCKED;
    blocked--;
    blocking_clear(c);
    migrate_clear(c);
    loop_timer_stop(&c->wait);
    if (c->flags & CLIENT_CLOSING)
        return;
    if (c->flags & CLIENT_REPLY_SKIP) { /* its answer was the one to skip */
        c->flags &= ~(uint32_t)CLIENT_REPLY_SKIP;
        c->reply.output = c->flags & CLIENT_REPLY_OFF ? NULL : &c->output;
    }
    client_wants_read(c);
    client_wants_write(c);
}

static void pause_ends(struct loop_timer *t)
{
    (void)t;
    client_unpause();
}

void client_pause(enum client_pause mode, int64_t until_ms)
{
    if (mode > client_pause_mode)
        client_pause_mode = mode;
    if (until_ms > pause_until_ms)
        pause_until_ms = until_ms;
    int64_t left = pause_until_ms - clock_ms();
    uint64_t us = left > 0 ? (uint64_t)left * 1000 : 0;
    loop_timer_start(&pause_timer, clock_mono_us() + us, pause_ends);
}

void client_unpause(void)
{
    client_pause_mode = PAUSE_OFF;
    pause_until_ms = 0;
    loop_timer_stop(&pause_timer);
    for (struct client *c = client_first; c; c = c->next) {
        if (!(c->flags & CLIENT_PAUSED))
            continue;
        c->flags &= ~(uint32_t)CLIENT_PAUSED;
        client_wants_read(c);
    }
}

/* ---- limits -------------------------------------------------------------------------------- */

enum client_class client_class(const struct client *c)
{
    return c->flags & CLIENT_PUBSUB ? CLASS_PUBSUB : CLASS_NORMAL;
}

size_t client_memory(const struct client *c)
{
    /* Room that was reserved for the rest of a big request isn't memory yet. */
    size_t input = c->input.cap < INPUT_COUNTED ? c->input.cap : c->input.len;
    size_t bytes = sizeof *c + input + c->output.memory + c->parser.kept_capacity * sizeof *c->parser.kept;
    bytes += c->big_bytes + (c->big ? c->big->len : 0) + c->big_capacity * sizeof *c->bigs;
    if (c->flags & CLIENT_MULTI)
        bytes += multi_memory(c);
    if (c->watches)
        bytes += watch_memory(c);
    if (c->subscriber)
        bytes += pubsub_memory(c);
    if (c->waits)
        bytes += blocking_memory(c);
    if (c->migration)
        bytes += migrate_memory(c);
    return bytes;
}

bool client_takes_push(struct client *c)
{
    if (c->flags & (CLIENT_CLOSING | CLIENT_CLOSE_AFTER | CLIENT_OVERFLOWED))
        return false;
    uint64_t hard = config.client_output_buffer_limit[client_class(c)].hard;
    if (likely(!hard || c->output.memory < hard))
        return true;
    c->flags |= CLIENT_OVERFLOWED;
    client_wants_write(c);
    return false;
}

/* True when the output is above a limit of its class that forbids it now. */
static bool output_too_big(struct client *c)
{
    const struct config_output_limit *l = &config.client_output_buffer_limit[client_class(c)];
    size_t used = c->output.memory;
    if (unlikely(!(c->flags & CLIENT_AUTHENTICATED)) && used > UNAUTHENTICATED_OUTPUT)
        return true;
    if (unlikely((l->hard && used >= l->hard) || c->flags & CLIENT_OVERFLOWED))
        return true;
    if (likely(!l->soft || used < l->soft)) {
        c->over_soft_ms = 0;
        return false;
    }
    if (!c->over_soft_ms)
        c->over_soft_ms = clock_ms();
    return clock_ms() - c->over_soft_ms > l->soft_seconds * 1000;
}

void client_protect(struct client *c, bool on)
{
    size_t counted = c->counted;
    count_memory(c, 0);
    c->flags = on ? c->flags | CLIENT_NO_EVICT : c->flags & ~(uint32_t)CLIENT_NO_EVICT;
    count_memory(c, counted);
}

/* Closes the clients that take most until all together fit. */
static void evict_clients(void)
{
    uint64_t most = config.maxmemory_clients > 0
                        ? (uint64_t)config.maxmemory_clients
                        : config.maxmemory / 100 * (uint64_t)-config.maxmemory_clients;
    /* Protected clients count, too: when only they are left there is nobody to look for. */
    while (most && client_memory_total > most && evictable) {
        struct client *largest = NULL;
        for (struct client *c = client_first; c; c = c->next)
            if (!(c->flags & (CLIENT_CLOSING | CLIENT_NO_EVICT)) &&
                (!largest || c->counted > largest->counted))
                largest = c;
        must(largest);
        log_notice("Evicting client %llu, which takes %zu bytes", (unsigned long long)largest->id,
                   largest->counted);
        server_stats.evicted_clients++;
        client_close(largest);
    }
}

void client_account(struct client *c)
{
    if (unlikely(c->flags & CLIENT_CLOSING))
        return;
    count_memory(c, client_memory(c));
    size_t held = c->input.cap + c->big_bytes + (c->big ? c->big->cap : 0);
    if (unlikely(held > server_stats.input_peak))
        server_stats.input_peak = held;
    if (unlikely(c->output.memory > server_stats.output_peak))
        server_stats.output_peak = c->output.memory;
    if (unlikely(output_too_big(c))) {
        log_warning("Client %llu closed: its output buffer is above client-output-buffer-limit",
                    (unsigned long long)c->id);
        server_stats.output_limit_disconnections++;
        client_close(c);
        return;
    }
    size_t asked = client_waiting(c) + (c->flags & CLIENT_MULTI ? multi_memory(c) : 0);
    if (unlikely(asked > config.client_query_buffer_limit)) {
        log_warning("Client %llu closed: its query buffer is above client-query-buffer-limit",
                    (unsigned long long)c->id);
        server_stats.query_limit_disconnections++;
        client_close(c);
        return;
    }
    if (unlikely(config.maxmemory_clients != 0))
        evict_clients();
}

static void look_for_idle(struct loop_timer *t)
{
    int64_t oldest = clock_ms() - config.timeout * 1000;
    for (struct client *c = client_first; c; c = c->next) {
        if (c->over_soft_ms)
            client_account(c);
        bool may = !(c->flags & (CLIENT_CLOSING | CLIENT_BLOCKED | CLIENT_PUBSUB | CLIENT_MONITOR));
        if (config.timeout && may && c->active_ms < oldest) {
            log_verbose("Closing idle client %llu", (unsigned long long)c->id);
            client_close(c);
        }
    }
    output_trim_pool(POOL_KEPT);
    loop_timer_start(t, clock_mono_us() + IDLE_PERIOD_US, look_for_idle);
}

void client_start(void)
{
    loop_timer_start(&idle_timer, clock_mono_us() + IDLE_PERIOD_US, look_for_idle);
}
