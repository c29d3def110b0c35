/* place: a key, and the entry that holds its collection: what the files of the types work on.
 *
 * A small collection is packed: bytes in the entry (or its blob), which
 * place_resize gives room for. A big one is a table, which place_set_table puts
 * there. The entry moves when it is rewritten, so a place is good until
 * anything else changes the keyspace.
 *
 * The *workshop* is a database that nobody sees. What is made from many parts, or may turn out
 * to be no good (RESTORE, SUNIONSTORE, SORT STORE), is built there and then moved to its key. */
#ifndef STORE_PLACE_H
#define STORE_PLACE_H

#include "store/keyspace.h"

struct place {
    struct keyspace *keyspace;
    unsigned db;
    struct slice key; /* borrowed, for as long as the place is used */
    uint64_t hash;
    struct entry *entry; /* NULL: the key doesn't exist */
};

/* The place of key as keyspace_find sees it; and as keyspace_read does. */
struct place place_find(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash);
struct place place_read(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash);

/* The packed bytes at p (the key is created, with that type, when missing) become exactly `len`: old ones
 * first, what is added undefined. Returns them, writable until the next change. Expiry and flags stay. */
char *place_resize(struct place *p, enum entry_type type, size_t len);

/* `table` takes the place of whatever p holds (freed), as a value of that type; the key is created when
 * missing; the expiry stays. Takes the table. */
void place_set_table(struct place *p, enum entry_type type, void *table);

/* `len` packed bytes, undefined, take the place of whatever p holds (freed). Returns them as place_resize. */
char *place_set_packed(struct place *p, enum entry_type type, size_t len);

/* Sets or clears flags of enum entry_flag that say how the value is held. */
void place_flag(struct place *p, uint8_t set, uint8_t clear);

/* Removes the key: its collection became empty. The caller tells "del" (keyspace_changed). */
void place_clear(struct place *p);

/* The workshop, empty. One value at a time: what was left there is freed. */
struct place place_workshop(struct keyspace *ks);

/* Moves what was built in the workshop (p->entry must exist) to key in db, over whatever stood there.
 * expiry_ms: ms since 1970 or EXPIRY_NONE. Returns where it stands now. */
struct place place_move(struct place *p, unsigned db, struct slice key, uint64_t hash, int64_t expiry_ms);

#endif
