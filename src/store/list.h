/* list: the value of a list key, packed or chunked.
 *
 * A small list is packed: PACK_HEADER, then a run (ds/run.h). It stays so while it would fit one
 * node of Redis's quicklist (encoding_limits.list_size); beyond that it is a table, ds/chunks.
 * A table goes back to packed bytes when it shrank to one chunk of at most half that size.
 *
 * Elements are numbered from 0, the head. What changes a list leaves an emptied one with count 0:
 * the command clears the place then (call_emptied). */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include "ds/chunks.h"
#include "store/place.h"
#include "store/table.h"

#include <stdbool.h>
#include <stdint.h>

enum list_end { LIST_HEAD, LIST_TAIL };

/* No element is longer than this; who adds one checks before. */
#define LIST_ELEMENT_MAX CHUNKS_ELEMENT_MAX

extern const struct table_ops list_table_ops;

/* Elements; 0 for NULL. */
uint64_t list_count(const struct entry *e);

/* Redis's name for the form: "listpack" or "quicklist". */
const char *list_encoding(const struct entry *e);

/* The first or last element of a list that has some. A number's digits go to scratch. Borrowed until the next change. */
struct slice list_peek(const struct entry *e, enum list_end end, char scratch[PACK_DIGITS]);

/* ---- walking ------------------------------------------------------------ */

/* Where a walk stands. Good until the list changes. */
struct list_cursor {
    struct chunks_cursor at;
    uint64_t index; /* of the element that list_next gave last */
    bool down;      /* towards the head */
    char digits[PACK_DIGITS];
};

/* Element number `index` is what list_next gives first, if there is one; then its neighbours on the way. */
void list_seek(struct list_cursor *c, const struct entry *e, uint64_t index, bool down);

/* The next element; false at the end. The bytes are good until the next call of anything here. */
static inline bool list_next(struct list_cursor *c, struct slice *value)
{
    const char *p = chunks_next(&c->at);
    if (unlikely(!p))
        return false;
    c->index += c->down ? (uint64_t)-1 : 1;
    *value = run_text(p, c->digits);
    return true;
}

/* Goes on to the next element that equals the planned one, looking at *most elements at the most (what it
 * looked at is taken off); false when there is none. c->index is its number then. */
bool list_find(struct list_cursor *c, const struct pack_plan *wanted, uint64_t *most);

/* ---- changing ----------------------------------------------------------- */

/* Adds `count` values, one after the other, at that end. The key is created when missing. */
void list_push_all(struct place *p, enum list_end end, const struct slice *values, size_t count);

/* Makes the missing key at p the list of `count` (above 0) values. As Redis does where it makes a list by itself, its
 * form goes by all that the values take; list_push_all looks at their texts alone. */
void list_fill(struct place *p, const struct slice *values, size_t count);

static inline void list_push(struct place *p, enum list_end end, struct slice value)
{
    list_push_all(p, end, &value, 1);
}

/* Removes the outermost `count` elements at that end; there must be as many. */
void list_pop(struct place *p, enum list_end end, uint64_t count);

/* Puts value before element number `index`; index may be the count. The list must exist. */
void list_insert(struct place *p, uint64_t index, struct slice value);

/* Puts value in place of element number `index`, which must exist. */
void list_set(struct place *p, uint64_t index, struct slice value);

/* Removes the first `most` elements that equal value, seen from that end. Returns how many there were. */
uint64_t list_remove(struct place *p, struct slice value, uint64_t most, enum list_end from);

#endif
