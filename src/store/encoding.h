/* encoding: up to what size collections stay packed. The server sets these when its configuration changes. */
#ifndef STORE_ENCODING_H
#define STORE_ENCODING_H

#include <stdint.h>

struct encoding_limits {
    uint64_t hash_entries, hash_value; /* fields; bytes of a field or value */
    uint64_t set_ints;                 /* members, while all are integers */
    uint64_t set_entries, set_value;
    uint64_t zset_entries, zset_value;
    int64_t list_size;            /* elements of a node, or -1 .. -5: 4, 8, 16, 32, 64 KiB */
    uint64_t list_compress_depth; /* nodes at each end that stay uncompressed; 0: all of them */
};

/* Redis's defaults until the server changes them. */
extern struct encoding_limits encoding_limits;

#endif
