/* fields_priv: what the two forms of a hash offer to fields.c and to the keyspace's expiry.
 * fields_packed.c knows the packed bytes, fields_table.c the table. */
#ifndef STORE_FIELDS_PRIV_H
#define STORE_FIELDS_PRIV_H

#include "store/expiry.h"
#include "store/fields.h"
#include "store/keyspace_priv.h"

/* A packed hash never gets more bytes than this, whatever encoding_limits allow. */
#define FIELDS_PACKED_MAX ((size_t)1 << 28)

static inline bool fields_ended(int64_t expiry_ms)
{
    return expiry_ms >= 0 && expiry_ms < clock_ms();
}

/* ---- packed --------------------------------------------------------------- */

struct fields_packed { /* one field; pointers into the packed bytes */
    const char *field, *value;
    const char *stamp; /* behind the value: the expiry, in form 1 */
    const char *end;
    int64_t expiry_ms;
};

/* Reads the field at p; returns where the next one starts. */
const char *fields_packed_read(const char *p, uint8_t form, struct fields_packed *f);

/* False when it isn't there; one that ended is found. */
bool fields_packed_find(struct slice bytes, struct slice field, struct fields_packed *f);

enum fields_result { FIELDS_NEW, FIELDS_OLD, FIELDS_FULL };

/* As fields_set, for a hash that is packed or missing. FIELDS_FULL, and no change, when that takes a table. */
enum fields_result fields_packed_set(struct place *p, struct slice field, struct slice value,
                                     int64_t expiry_ms);

/* Sets count fields (field, value, ...) that get no expiry; returns how many are new, -1 (and no change) when that
 * may take a table. */
int64_t fields_packed_set_all(struct place *p, const struct slice *pairs, uint32_t count);

/* The field must be there. */
void fields_packed_set_expiry(struct place *p, struct slice field, int64_t expiry_ms);

/* False when it wasn't there. */
bool fields_packed_remove(struct place *p, struct slice field);

/* Takes out the fields that have ended; returns how many. */
uint32_t fields_packed_drop_ended(struct place *p);

/* ---- table ---------------------------------------------------------------- */

struct fields_table {
    struct dict dict; /* of entries */
    struct expiry_map expiry;
    struct expiry *wheel;  /* of the keyspace; borrowed */
    struct database *home; /* where its key is; NULL: it is being freed */
    uint64_t hash;         /* of its key */
    uint64_t expiring;     /* fields with an expiry */
};

static inline struct fields_table *fields_table_of(const struct entry *e)
{
    return entry_table(e);
}

/* The entry of a field that hasn't ended; NULL when there is none. */
static inline struct entry *fields_table_find(const struct fields_table *t, struct slice field, uint64_t hash)
{
    uint64_t *slot = dict_find(&t->dict, hash, entry_match, &field);
    return slot && !keyspace_entry_ended(dict_item(slot)) ? dict_item(slot) : NULL;
}

/* An empty one. Gives. */
struct fields_table *fields_table_create(struct database *home, uint64_t hash);

/* As fields_set. blob (or NULL) holds the bytes of value: takes a reference of its own. */
bool fields_table_set(struct fields_table *t, struct slice field, uint64_t hash, struct slice value,
                      struct blob *blob, int64_t expiry_ms);

void fields_table_set_expiry(struct fields_table *t, struct slice field, uint64_t hash, int64_t expiry_ms);

/* False when it wasn't there; one that ended stays. */
bool fields_table_remove(struct fields_table *t, struct slice field, uint64_t hash);

/* Takes out an entry of t's and frees it. */
void fields_table_drop(struct fields_table *t, struct entry *e);

/* Fields that haven't ended. */
uint64_t fields_table_count(const struct fields_table *t);
uint64_t fields_table_count_soon(const struct fields_table *t);

#endif
