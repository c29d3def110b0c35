/* set: members of a set, in three forms.
 *
 * Packed (ds/pack.h's header in front), by its form byte:
 *   0        elements as ds/pack.h holds them, in the order of insertion
 *   2, 4, 8  integers of that many bytes in ascending order (ds/intset.h)
 * or a table: a dict of members. encoding_limits says when a set outgrows a
 * form, as in Redis 7.2: one of integers only stays so up to set_ints, then it
 * becomes a table; with the first other member it becomes elements or a table;
 * elements become a table beyond set_entries or with a member longer than
 * set_value. None ever goes back.
 *
 * `hash` is keyspace_hash(member); it is looked at only where set_is_hashed says
 * so, and may be anything otherwise. A set that became empty is left so: the
 * command clears its place. */
#ifndef STORE_SET_H
#define STORE_SET_H

#include "ds/dict.h"
#include "ds/pack.h"
#include "store/place.h"
#include "store/table.h"

#include <stdbool.h>
#include <stdint.h>

extern const struct table_ops set_table_ops;

/* ---- reading: e may be NULL, an empty set ------------------------------------ */

uint64_t set_count(const struct entry *e);

/* "intset", "listpack" or "hashtable": what Redis calls the form. e isn't NULL. */
const char *set_encoding(const struct entry *e);

/* True when members are found by hash. */
static inline bool set_is_hashed(const struct entry *e)
{
    return e && entry_encoding(e) == ENC_TABLE;
}

/* True when the set is held as integers in ascending order. */
bool set_is_ints(const struct entry *e);

bool set_has(const struct entry *e, struct slice member);
bool set_has_hashed(const struct entry *e, struct slice member, uint64_t hash);

/* A member, all with even odds; borrowed until the set changes or scratch is reused. False: empty. */
bool set_random(const struct entry *e, char scratch[PACK_DIGITS], struct slice *member);

/* Fetches what set_has_hashed and its kin will look at for each of these hashes. Only where set_is_hashed. */
void set_prefetch(const struct entry *e, const uint64_t *hashes, unsigned count);

/* A walk over all members. The set must not change meanwhile. */
struct set_cursor {
    const char *at; /* packed: the next one */
    uint32_t left;  /* packed: members left */
    uint8_t form;   /* packed: the form byte */
    bool table;
    struct dict_walk walk;
    char digits[PACK_DIGITS]; /* of the member shown last, when it is an integer */
};

void set_begin(struct set_cursor *c, const struct entry *e);

/* The next member; borrowed until the next call or a change of the set. False: none left. */
bool set_next(struct set_cursor *c, struct slice *member);

typedef void set_visit(void *ctx, struct slice member);

/* Shows the members at cursor and returns the next cursor, 0 after the last; a packed set at once. */
uint64_t set_scan(const struct entry *e, uint64_t cursor, set_visit *visit, void *ctx);

/* Shows `count` members, no one twice; all choices have even odds, their order means nothing. With fewer members: all. */
void set_sample(const struct entry *e, uint64_t count, set_visit *visit, void *ctx);

/* Shows a member drawn at random `count` times over, the same ones again and again. e has members. */
void set_draw(const struct entry *e, uint64_t count, set_visit *visit, void *ctx);

/* Shows the members of sets[0] that are in all of the other sets, or in none of them; stops behind `most` (above 0). Returns
 * how many there were. visit may be NULL; it must not change any of the sets. What it is shown is borrowed for the
 * call. Intersections are quickest with the smallest set first. */
enum set_keep { SET_IN_ALL, SET_IN_NONE };
uint64_t set_sift(const struct entry *const *sets, size_t count, enum set_keep keep, uint64_t most,
                  set_visit *visit, void *ctx);

/* ---- changing: p->entry is a set or NULL, and kept up to date --------------- */

/* `count` members are about to be added, `first` the first of them: makes the set, where there is none, or its
 * form fit so many, as Redis does before SADD. May be left out. */
void set_expect(struct place *p, struct slice first, uint64_t count);

/* False: it was there. */
bool set_add(struct place *p, struct slice member);
bool set_add_hashed(struct place *p, struct slice member, uint64_t hash);

/* The same for a member that isn't there, which spares looking for it. */
void set_put(struct place *p, struct slice member);

/* False: it wasn't there. */
bool set_remove(struct place *p, struct slice member);
bool set_remove_hashed(struct place *p, struct slice member, uint64_t hash);

/* Takes a member out, all with even odds, and shows it (borrowed for the call). False: the set is empty. */
bool set_pop(struct place *p, set_visit *take, void *ctx);

#endif
