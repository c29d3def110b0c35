/* payload: what DUMP gives and RESTORE takes: one value with its type, a version and a checksum.
 *
 *   offset  size  field
 *   0       1     type (rdb_value.h)
 *   1       n     the value
 *   1+n     2     RDB version, little-endian
 *   3+n     8     CRC-64 of all that comes before, little-endian */
#ifndef REDIS_COMPAT_PAYLOAD_H
#define REDIS_COMPAT_PAYLOAD_H

#include "redis-compat/rdb_value.h"

#define PAYLOAD_FOOTER 10

/* Appends the payload of e to w->out; w has no flush. */
void payload_write(struct rdb_writer *w, const struct entry *e);

/* True when version and checksum are right. */
bool payload_is_whole(struct slice payload);

/* Reads the value of a whole payload, as rdb_value_read. */
bool payload_read(struct slice payload, struct keyspace *ks, struct place *p, const char **error);

#endif
