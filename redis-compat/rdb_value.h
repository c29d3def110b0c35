/* rdb_value: one value from and to Redis's RDB encoding.
 *
 * Read: every type of RDB versions 6 to 12 but streams and modules, and not the two forms of hashes
 * with expiring fields that only release candidates of Redis 7.4 wrote. Written: what Redis 7.0
 * reads (version 10), but for hashes with expiring fields, which take Redis 7.4 (version 12).
 *
 * What is read is checked as Redis does where it sanitises deeply: no element twice, pairs complete, no
 * collection without elements. The value gets our own encoding by our own limits. */
#ifndef REDIS_COMPAT_RDB_VALUE_H
#define REDIS_COMPAT_RDB_VALUE_H

#include "redis-compat/rdb_read.h"
#include "redis-compat/rdb_write.h"
#include "store/place.h"

enum rdb_type {
    RDB_STRING = 0,
    RDB_LIST = 1,
    RDB_SET = 2,
    RDB_ZSET = 3, /* scores as text */
    RDB_HASH = 4,
    RDB_ZSET_2 = 5,
    RDB_MODULE = 6,
    RDB_MODULE_2 = 7,
    RDB_HASH_ZIPMAP = 9,
    RDB_LIST_ZIPLIST = 10,
    RDB_SET_INTSET = 11,
    RDB_ZSET_ZIPLIST = 12,
    RDB_HASH_ZIPLIST = 13,
    RDB_LIST_QUICKLIST = 14,
    RDB_STREAM_LISTPACKS = 15,
    RDB_HASH_LISTPACK = 16,
    RDB_ZSET_LISTPACK = 17,
    RDB_LIST_QUICKLIST_2 = 18,
    RDB_STREAM_LISTPACKS_2 = 19,
    RDB_SET_LISTPACK = 20,
    RDB_STREAM_LISTPACKS_3 = 21,
    RDB_HASH_METADATA_PRE_GA = 22,
    RDB_HASH_LISTPACK_EX_PRE_GA = 23,
    RDB_HASH_METADATA = 24,
    RDB_HASH_LISTPACK_EX = 25,
};

/* The newest version that is read. */
#define RDB_VERSION_NEWEST 12

/* Reads a value of that type into the workshop of ks: *p is its place there, for place_move. p->entry is
 * NULL for a hash whose fields have all ended. False: r->error says why, and the workshop is empty. */
bool rdb_value_read(struct rdb_reader *r, uint8_t type, struct keyspace *ks, struct place *p);

/* The type that e is written as, and the RDB version that is written for it. */
enum rdb_type rdb_value_type(const struct entry *e);
unsigned rdb_type_version(enum rdb_type type);

/* True when nothing of e can be written: a hash whose fields have all ended. */
bool rdb_value_is_empty(const struct entry *e);

/* Writes the value of e, without its type. */
void rdb_value_write(struct rdb_writer *w, const struct entry *e);

#endif
