/* pubsub: channels, patterns and shard channels, and who gets their messages.
 *
 * A message is formatted once and put into each receiver's output; a big one is
 * held by reference there. Pushes go past CLIENT REPLY OFF, as in Redis.
 *
 * A client in RESP3 may publish to itself. Such a push must not land inside the
 * reply that is being written, so it is held back until its request (a whole
 * EXEC) is done: dispatch calls pubsub_deliver_held then. */
#ifndef SERVER_PUBSUB_H
#define SERVER_PUBSUB_H

#include "base/slice.h"
#include "commands/command.h"

#include <stdbool.h>
#include <stddef.h>

struct client;

enum pubsub_kind { PUBSUB_CHANNEL, PUBSUB_PATTERN, PUBSUB_SHARD, PUBSUB_KINDS };

/* Sends message to channel's subscribers and those of patterns that match; returns how many got it. */
size_t pubsub_publish(struct slice channel, struct slice message);

/* Anybody subscribed to a channel or pattern? */
bool pubsub_any(void);

/* Subscriptions of c of one kind. */
unsigned pubsub_subscriptions(const struct client *c, enum pubsub_kind kind);

/* Ends all of c's subscriptions and tells it nothing (RESET, and when the client goes). */
void pubsub_clear(struct client *c);

size_t pubsub_memory(const struct client *c);

/* Distinct channels, patterns or shard channels (INFO). */
unsigned pubsub_count(enum pubsub_kind kind);

/* Whose request runs now: pushes to it wait for pubsub_deliver_held. NULL: nobody's. */
extern struct client *pubsub_running;
extern bool pubsub_held;
void pubsub_deliver_held(struct client *c);

/* Around each request of c that isn't inside another's (EXEC): begin before it runs, end after. */
static inline void pubsub_request_begin(struct client *c)
{
    pubsub_running = c;
}
static inline void pubsub_request_end(struct client *c)
{
    pubsub_running = NULL;
    if (__builtin_expect(pubsub_held, 0))
        pubsub_deliver_held(c);
}

/* In RESP2 a subscribed client may do few things: false for others, which are refused with
 * "ERR Can't execute '%s': " PUBSUB_ONLY and the full name. */
#define PUBSUB_ONLY "only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
bool pubsub_allows(const struct client *c, const struct command *command);

extern const struct command pubsub_commands[];

#endif
