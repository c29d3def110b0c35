/* zset_priv: what the files of sorted sets share: zset.c (what the commands call), zset_packed.c and
 * zset_table.c (the two forms). */
#ifndef STORE_ZSET_PRIV_H
#define STORE_ZSET_PRIV_H

#include "ds/dict.h"
#include "ds/ordered.h"
#include "store/zset.h"

/* ---- packed ------------------------------------------------------------------- */

/* Where a member stands in packed bytes. */
struct zset_spot {
    size_t at; /* offset of the member's element */
    uint64_t rank;
    double score;
};

/* The border that zset_packed_rank searches: as ordered_rank_of_score and, with `any_score`, ordered_rank_of_bytes;
 * with `by_bytes` alone the place where a member with that score and bytes belongs. */
struct zset_border {
    double score;
    bool any_score;
    bool by_bytes;
    bool equal;
    struct slice bytes;
};

bool zset_packed_find(struct slice packed, struct slice member, struct zset_spot *spot);
uint64_t zset_packed_rank(struct slice packed, const struct zset_border *b);

/* Offset of the member of that rank, from offset `at` of a member of rank `from` on. */
size_t zset_packed_skip(const char *packed, size_t at, uint64_t from, uint64_t rank);

/* Reads member and score at `at`; returns where the next member stands. */
const char *zset_packed_read(const char *at, char scratch[PACK_DIGITS], struct slice *member, double *score);

/* Whether one more member of that length leaves p's set packed (p->entry may be NULL). */
bool zset_packed_fits(const struct place *p, struct slice member);

/* Puts member in with that score; `old`: where it stands now, NULL when it is new. */
void zset_packed_put(struct place *p, struct slice member, double score, const struct zset_spot *old);

/* As zset_fill; false when they can't be packed. */
bool zset_packed_fill(struct place *p, size_t count, zset_item *item, const void *ctx);

/* Takes out `count` members from rank `first` on; all of them must be there. */
void zset_packed_remove(struct place *p, uint64_t first, uint64_t count);

/* ---- table -------------------------------------------------------------------- */

struct zset_table {
    struct dict dict; /* of struct ordered_member */
    struct ordered tree;
    size_t members; /* bytes that they take */
};

/* The packed set at p becomes a table; so does a missing key. */
void zset_table_convert(struct place *p);

/* The slot of member, whose hash that is; NULL: it isn't there. */
uint64_t *zset_table_find(const struct zset_table *t, struct slice member, uint64_t hash);

/* Adds a member that isn't there. */
void zset_table_add(struct zset_table *t, struct slice member, uint64_t hash, double score);

/* The same, where it comes behind all others. */
void zset_table_append(struct zset_table *t, struct slice member, double score);

/* Removes the member in that slot. */
void zset_table_remove(struct zset_table *t, uint64_t hash, uint64_t *slot);

uint64_t zset_table_remove_ranks(struct zset_table *t, uint64_t first, uint64_t count);

uint64_t zset_table_scan(const struct zset_table *t, uint64_t cursor, zset_visit *visit, void *ctx);

#endif
