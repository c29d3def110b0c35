/* notify: passes on what happens to keys: to watchers (watch.h), and as keyspace
 * events to subscribers of __keyspace@db__:key and __keyevent@db__:event, as far
 * as `notify-keyspace-events` says. */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include "store/keyspace.h"

/* Observes ks from now on. */
void notify_init(struct keyspace *ks);

/* Keys are watched or no longer: the keyspace is told whether anybody listens. */
void notify_attend(void);

#endif
