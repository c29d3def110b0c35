/* client: one connection and everything that belongs to it alone.
 *
 * Clients are made by the listeners and freed between turns only: client_close
 * marks one, the end of the turn frees it, so a pointer stays good for the turn.
 * Across turns name a client by id (client_by_id). */
#ifndef SERVER_CLIENT_H
#define SERVER_CLIENT_H

#include "base/buf.h"
#include "base/slice.h"
#include "commands/command.h"
#include "ds/blob.h"
#include "loop/loop.h"
#include "loop/output.h"
#include "loop/socket.h"
#include "resp/parse.h"
#include "resp/reply.h"

#include <stdbool.h>
#include <stdint.h>

#define CLIENT_MAGIC 0x436c6e74u

enum client_flag {
    CLIENT_CLOSING = 1 << 0,     /* freed at the end of this turn; nothing more is read, run or written */
    CLIENT_CLOSE_AFTER = 1 << 1, /* close once the output is written; nothing more is read */
    CLIENT_MULTI = 1 << 2,       /* queueing a transaction */
    CLIENT_DIRTY_CAS = 1 << 3,   /* a watched key changed: EXEC answers null */
    CLIENT_DIRTY_EXEC = 1 << 4,  /* an error while queueing: EXEC answers EXECABORT */
    CLIENT_MONITOR = 1 << 5,
    CLIENT_PUBSUB = 1 << 6, /* has at least one subscription */
    CLIENT_UNIX = 1 << 7,
    CLIENT_BLOCKED = 1 << 8, /* waits; requests behind stay unparsed */
    CLIENT_REPLY_OFF = 1 << 9,
    CLIENT_REPLY_SKIP_NEXT = 1 << 10,
    CLIENT_REPLY_SKIP = 1 << 11,
    CLIENT_NO_EVICT = 1 << 12,
    CLIENT_NO_TOUCH = 1 << 13,
    CLIENT_WRITE_PENDING = 1 << 14, /* on the turn's list of clients with output */
    CLIENT_READ_PENDING = 1 << 15,  /* has complete requests left over for the next turn */
    CLIENT_EXECUTING = 1 << 16,     /* inside EXEC */
    CLIENT_AUTHENTICATED = 1 << 17,
    CLIENT_PAUSED = 1 << 18,     /* its next request waits for the end of CLIENT PAUSE */
    CLIENT_CONGESTED = 1 << 20,  /* its socket takes no more for now: waits for EPOLLOUT */
    CLIENT_OVERFLOWED = 1 << 21, /* a push to it was dropped at its output limit: it will be closed */
    CLIENT_STALLED = 1 << 19,    /* a request of it could not run in this batch; those behind wait too */
};

/* With one of these a request takes the careful way through dispatch. */
#define CLIENT_CAREFUL                                                                                       \
    (CLIENT_CLOSING | CLIENT_CLOSE_AFTER | CLIENT_MULTI | CLIENT_PUBSUB | CLIENT_BLOCKED |                   \
     CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP_NEXT | CLIENT_REPLY_SKIP | CLIENT_NO_TOUCH | CLIENT_STALLED |      \
     CLIENT_MONITOR)

enum client_class { CLASS_NORMAL, CLASS_REPLICA, CLASS_PUBSUB, CLASS_COUNT };

struct multi;      /* multi.c: the queue of a transaction */
struct watches;    /* watch.c: the keys a client watches */
struct subscriber; /* pubsub.c: what a client is subscribed to */
struct waits;      /* blocking.c: the keys a blocked client waits at */
struct migration;  /* migrate.c: what its MIGRATE has to do */

struct client {
    uint32_t magic;
    uint32_t flags; /* enum client_flag */
    uint64_t id;

    struct socket_conn conn; /* fd, peer and local address, the seam for TLS */
    struct loop_watch watch;

    struct resp_parser parser; /* a request that has only partly arrived */
    struct buf input; /* bytes kept between turns, those from input_used on unparsed; empty while idle */
    size_t input_used;
    /* Big arguments (RESP_BIG) of the request at the start of `input`, read straight into blobs that a command
     * may keep. Those that are complete; what they hold; and one under way, with CR LF at its end. */
    struct call_big *bigs;
    uint32_t big_count, big_capacity;
    size_t big_bytes;
    struct blob *big; /* NULL: none */
    struct output output;
    struct reply reply; /* writes into output; protocol is here */

    unsigned db;
    struct multi *multi;           /* NULL unless CLIENT_MULTI */
    struct watches *watches;       /* NULL while nothing is watched */
    struct subscriber *subscriber; /* NULL without subscriptions */
    struct waits *waits;           /* NULL unless it waits for keys */
    struct migration *migration;   /* NULL unless it waits for a MIGRATE */

    char *name;     /* CLIENT SETNAME; NULL: none. Owned */
    char *lib_name; /* CLIENT SETINFO; NULL: none. Owned */
    char *lib_ver;
    const struct command *last_command; /* NULL: none yet */

    int64_t created_ms;   /* clock_ms */
    int64_t active_ms;    /* last time that something was read */
    int64_t over_soft_ms; /* since when the output is above the soft limit; 0: it isn't */
    uint64_t net_in, net_out, commands;
    struct loop_timer wait; /* CLIENT_BLOCKED: the end of its patience */
    void (*on_timeout)(struct client *c);
    uint64_t served_cycles; /* what its command took when it was served at last */
    bool served_failed;     /* and whether it answered an error */
    size_t counted;         /* its share of client_memory_total, none once it is closing */

    const char *arrived_end; /* end of the bytes that this turn's requests were cut from */
    const char *stalled_at;  /* CLIENT_STALLED: the first request that waits */
    size_t wanted;           /* bytes that the cut-off request in `input` will have at least */

    struct client *prev, *next; /* all clients, by age */
    struct client *next_write;  /* clients with output to write this turn */
    struct client *next_read;   /* clients with requests left over */
    struct client *next_closed;
};

/* The clients, oldest first, those that are closing included. */
extern struct client *client_first;
unsigned client_count(void);
unsigned client_blocked_count(void);

struct client *client_by_id(uint64_t id); /* NULL when it is gone */

/* Takes an accepted connection. NULL (and it is closed, told why) when maxclients or protected mode forbid. */
struct client *client_create(struct socket_conn conn);

/* Ends c at the end of this turn; unsent output is dropped. May be called twice. */
void client_close(struct client *c);
/* Ends c once its output is written. */
void client_close_after(struct client *c);

/* Puts c on the turn's write list: whoever adds output outside of c's own request calls it (pushes). */
void client_wants_write(struct client *c);

/* Makes c wait: requests behind the running one stay unparsed until client_unblock. After
 * until_mono_us (clock_mono_us; 0: never) on_timeout is called, which answers and unblocks. */
void client_block(struct client *c, uint64_t until_mono_us, void (*on_timeout)(struct client *c));
void client_unblock(struct client *c);

/* CLIENT PAUSE until until_ms (clock_ms): all requests, or those that may write. A later
 * end and the stricter mode win over what holds already. */
enum client_pause { PAUSE_OFF, PAUSE_WRITE, PAUSE_ALL };
void client_pause(enum client_pause mode, int64_t until_ms);
void client_unpause(void);
extern enum client_pause client_pause_mode; /* what holds now */

enum client_class client_class(const struct client *c);

/* Called before a push, or one more reply of a transaction, is added to c's output: false, and c will be
 * closed when the turn ends, when it is at its hard limit, so that one turn doesn't go far beyond that. */
bool client_takes_push(struct client *c);
/* Bytes that c takes, buffers included: CLIENT LIST's tot-mem. */
size_t client_memory(const struct client *c);

/* Bytes it has sent that didn't run yet. */
static inline size_t client_waiting(const struct client *c)
{
    return c->input.len - c->input_used + c->big_bytes + (c->big ? c->big->len : 0);
}

/* For CLIENT NO-EVICT: whether maxmemory-clients may close c. */
void client_protect(struct client *c, bool on);

/* Sum over all clients, as of their last activity; for maxmemory-clients and INFO. */
extern size_t client_memory_total;

/* ---- for turn.c ---------------------------------------------------------- */

/* Whose turn lists these are: clients with output, with requests left over. */
extern struct client *client_writers;
extern struct client *client_readers;

/* Puts c on the list of clients with requests left over. */
void client_wants_read(struct client *c);

/* Brings the sum up to date with c, and closes c when it breaks its class's output limit or the query buffer's. */
void client_account(struct client *c);

/* Starts a big argument of `len` bytes whose first `have` are at `bytes`; and when they are complete, hands
 * it to the parser as one that stood before the end of `input`. */
void client_big_start(struct client *c, size_t len, const char *bytes, size_t have);
void client_big_done(struct client *c);
/* Forgets the request with big arguments: it ran, or comes again from the start. */
void client_big_forget(struct client *c);

/* Frees the clients that were closed this turn. */
void client_free_closed(void);

/* Listens to settings (maxclients, timeout, maxmemory-clients) and starts the timer for idle clients. */
void client_start(void);

/* Closes every client at once (the end of the server). */
void client_close_all(void);

#endif
