/* zset_gather: members and scores collected from elsewhere, for a reply or a new sorted set.
 *
 * What is gathered is copied, so it outlives changes of the keyspace. A member
 * added by gather_add isn't looked for; with gather_put each stands once, found
 * by hash. Use one or the other. */
#ifndef COMMANDS_ZSET_GATHER_H
#define COMMANDS_ZSET_GATHER_H

#include "base/buf.h"
#include "commands/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gathered {
    size_t at, len; /* the member's bytes in `text` */
    uint64_t hash;  /* gather_put */
    double score;
};

struct gather {
    struct buf text;
    struct gathered *items;
    size_t count, capacity;
    uint64_t *slots; /* gather_put: number of an item + 1 by hash; 0: empty */
    size_t slot_count;
};

/* Zeroed memory is an empty one. Gives its memory back. */
void gather_deinit(struct gather *g);

void gather_add(struct gather *g, struct slice member, double score);

/* The item of member, or a new one with that score; *is_new says which. Valid until the next gather_put. */
struct gathered *gather_put(struct gather *g, struct slice member, double score, bool *is_new);

/* The item of a member that gather_put left, or NULL. Valid until the next gather_put. */
struct gathered *gather_find(const struct gather *g, struct slice member);

/* The member's bytes; valid until more is gathered. */
static inline struct slice gather_member(const struct gather *g, const struct gathered *item)
{
    return slice_make(g->text.data + item->at, item->len);
}

/* Puts the items in a sorted set's order. Afterwards gather_put and gather_find can't be used. */
void gather_sort(struct gather *g);

/* Makes the sorted set of all items the value of the key argv[key], tells `event` and answers how many they are.
 * Without items the key goes, as "del". */
void gather_store(struct gather *g, struct call *c, uint32_t key, const char *event);

#endif
