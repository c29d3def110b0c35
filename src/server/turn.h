/* turn: the way of a request, from epoll to the written reply.
 *
 *   ready client -> read into the turn's scratch -> cut into requests, look up, hash, prefetch table lines
 *                -> (a batch is full, or all clients were read) prefetch entries, execute in order
 *                -> all executed: write each client's replies
 *
 * A batch holds requests of many clients, in the order of arrival of each, and
 * at most as many keys as the caches take: what is prefetched must still be
 * there when it is used. Input stays in the scratch until its batch ran; only a
 * request that is cut off, or has to wait, is copied to its client's own buffer,
 * so idle and well-behaved clients have none.
 *
 * A big argument (RESP_BIG) is read from the socket into a blob of its own, which
 * the command may keep as the value: it isn't copied, however long it is. */
#ifndef SERVER_TURN_H
#define SERVER_TURN_H

#include "loop/loop.h"

#include <stdbool.h>
#include <stdint.h>

void turn_start(void);
void turn_stop(void);

/* A client's descriptor became readable or writable (struct loop_watch). */
void turn_client_ready(struct loop_watch *w, uint32_t events);

/* One turn of everything, waiting at most max_wait_ms (negative: any time). */
void turn_run(int64_t max_wait_ms);

/* Writes what clients still have to get, waiting for none of them (the end of the server). */
void turn_write_all(void);

#endif
