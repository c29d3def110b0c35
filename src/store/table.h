/* table: a big collection, an object of its own that its entry points to.
 *
 * What the keyspace has to do with one without knowing its type: count, copy and
 * free it. Each type's file gives the functions. */
#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#include "store/entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dict;
struct database;

struct table_ops {
    /* Elements, fields, members. */
    uint64_t (*count)(const void *table);

    /* Another one that holds the same. Gives. */
    void *(*copy)(const void *table);

    /* Frees about `most` elements; true when none was left and the table is freed too. Once it was
     * called nothing else is done with the table. */
    bool (*drain)(void *table, unsigned most);

    /* Bytes that it takes, estimated where counting would take long. */
    size_t (*memory)(const void *table);

    /* The dict that a member is looked up in, for prefetch; NULL (also as a function): none. */
    const struct dict *(*dict)(const void *table);

    /* Fetches what lies behind a member's dict item, found by hash, into the cache. NULL: nothing does. */
    void (*prefetch)(const void *table, uint64_t hash);

    /* The table stands under the key with that hash in `home` from now on. NULL: it needn't know. */
    void (*settle)(void *table, struct database *home, uint64_t hash);
};

/* By type; NULL for types that have no tables. */
extern const struct table_ops *const table_ops[TYPE_COUNT];

#endif
