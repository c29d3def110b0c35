/* migrate_peer: connections of MIGRATE that are kept for some seconds, for the next one to the same
 * target: keys that move one by one would use up the ports of the machine otherwise. */
#ifndef SERVER_MIGRATE_PEER_H
#define SERVER_MIGRATE_PEER_H

#include "base/buf.h"
#include "loop/socket.h"

#include <stdbool.h>
#include <stdint.h>

/* Who is spoken to, and as whom. Zeroed memory is nobody. */
struct migrate_target {
    char *host;
    unsigned port;
    struct buf auth; /* the AUTH command; empty: none */
};

void migrate_target_deinit(struct migrate_target *t);

/* A connection to t that is kept: it is the caller's now, and in database *db there. False when there is none. */
bool migrate_peer_take(const struct migrate_target *t, struct socket_conn *conn, int64_t *db);

/* Keeps conn, on which nothing is under way. Takes it and what is in t. */
void migrate_peer_keep(struct migrate_target *t, struct socket_conn conn, int64_t db);

/* How many are kept. */
unsigned migrate_peer_count(void);

#endif
