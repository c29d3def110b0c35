/* fields: the hash type: fields with a value, and perhaps a time at which they end.
 *
 * Small: packed elements (ds/pack.h) behind the header. Form 0: field, value, ...
 * Form 1, once a field had an expiry: field, value, expiry, ...; the expiry is an
 * integer, ms since 1970, and 0 where there is none.
 * Big (encoding_limits.hash_entries, hash_value): a table, that is a dict of
 * entries (store/entry.h): a field is an entry of type string with its value and
 * perhaps its expiry, and an expiry index of the table's own in the keyspace's wheel.
 *
 * Invariants.
 *  1. A field whose expiry is before clock_ms() isn't there for any reader; it is
 *     neither counted nor shown. It goes when the wheel comes to it.
 *  2. The entry of a hash with a field that has an expiry has ENTRY_FIELDS_EXPIRE. Packed, the cell of its
 *     key in the database's expiry index knows the earliest of them; as a table, its own index knows all.
 * `hash` is keyspace_hash(field), or 0 where the caller doesn't know it. */
#ifndef STORE_FIELDS_H
#define STORE_FIELDS_H

#include "ds/dict.h"
#include "ds/pack.h"
#include "store/place.h"
#include "store/table.h"

/* Room for the digits of a value that is held as an integer. */
#define FIELDS_DIGITS PACK_DIGITS

/* Fields of e (NULL: none). */
uint64_t fields_count(const struct entry *e);

/* The same without looking for long: of a big hash fields may be counted that have ended and wait to be removed. */
uint64_t fields_count_soon(const struct entry *e);

/* The value of a field; false when it isn't there. Borrowed until the hash changes or scratch is reused. */
bool fields_get(const struct entry *e, struct slice field, char scratch[FIELDS_DIGITS], struct slice *value);
bool fields_get_hashed(const struct entry *e, struct slice field, uint64_t hash, char scratch[FIELDS_DIGITS],
                       struct slice *value);
/* The blob that holds a value which was shown by a function here, for a reply by reference; NULL: none does. */
struct blob *fields_value_blob(const struct entry *e, struct slice value);

bool fields_has(const struct entry *e, struct slice field);

/* The same, and when it ends: ms since 1970 or EXPIRY_NONE. */
bool fields_get_expiry(const struct entry *e, struct slice field, int64_t *expiry_ms);

/* Makes field hold value; the hash is created when missing. expiry_ms: ms since 1970 in the future,
 * EXPIRY_NONE, or KEEP_EXPIRY. True when the field wasn't there. Neither may lie in the hash itself. */
bool fields_set(struct place *p, struct slice field, struct slice value, int64_t expiry_ms);
bool fields_set_hashed(struct place *p, struct slice field, uint64_t hash, struct slice value,
                       int64_t expiry_ms);

/* The same; blob (or NULL) holds the bytes of value: a reference is taken where that spares a copy. */
bool fields_set_blob(struct place *p, struct slice field, uint64_t hash, struct slice value,
                     struct blob *blob, int64_t expiry_ms);

/* Sets count fields at once, without expiry; pairs are field, value, ... Returns how many weren't there. */
uint64_t fields_set_all(struct place *p, const struct slice *pairs, uint32_t count);

/* Gives a field that is there an expiry, or takes it (EXPIRY_NONE). */
void fields_set_expiry(struct place *p, struct slice field, int64_t expiry_ms);

/* Takes a field out; false when it wasn't there. The hash may be left without one: fields_empty. */
bool fields_remove(struct place *p, struct slice field);

/* True when the hash holds nothing any more, ended fields included: its key must go. */
bool fields_empty(const struct entry *e);

/* A walk over all fields; the hash must not change meanwhile. */
struct fields_cursor {
    const char *at; /* packed: the next field */
    uint32_t left;
    uint8_t form;
    bool table;
    struct dict_walk walk;
    char field[FIELDS_DIGITS], value[FIELDS_DIGITS]; /* digits of the integers last shown */
};

void fields_begin(struct fields_cursor *c, const struct entry *e);

/* The next field with its value and expiry (each NULL: not asked for); false behind the last. Borrowed
 * until the next call or the hash changes. */
bool fields_next(struct fields_cursor *c, struct slice *field, struct slice *value, int64_t *expiry_ms);

/* Shows some fields at or behind cursor and returns the next cursor (48 bits); 0 when the round is over.
 * A packed hash is shown at once. */
typedef void fields_visit(void *ctx, struct slice field, struct slice value);
uint64_t fields_scan(const struct entry *e, uint64_t cursor, fields_visit *visit, void *ctx);

/* A field of a table (fields_is_table), all with even odds. Borrowed until the hash changes or scratch is reused.
 * False when it has nearly only ended fields. */
bool fields_random(const struct entry *e, char scratch[FIELDS_DIGITS], struct slice *field,
                   struct slice *value);
bool fields_is_table(const struct entry *e);

/* True when most fields of the table e have ended; `count` is fields_count. */
bool fields_mostly_ended(const struct entry *e, uint64_t count);

/* "listpack", "listpackex", "hashtable". */
const char *fields_encoding(const struct entry *e);

/* When the first field of a packed hash ends (it may have ended): ms since 1970, EXPIRY_NONE for never and
 * for a table. */
int64_t fields_earliest(const struct entry *e);

extern const struct table_ops fields_table_ops;

#endif
