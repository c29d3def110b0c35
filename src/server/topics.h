/* topics: who listens to what. Behind pub/sub channels and patterns, and behind WATCH.
 *
 * Words. A *topic* is a byte string with a small number (a database) that at
 * least one client listens to. A *member* is one client's listening to one
 * topic. Each client has a list of its members, each topic too, and a member is
 * found by topic and client, so joining and leaving cost the same however many
 * there are.
 *
 * Invariants.
 *  1. A topic without members is freed with its last member.
 *  2. A client is at most once a member of a topic.
 *  3. Members and topics stand in the order of their coming. */
#ifndef SERVER_TOPICS_H
#define SERVER_TOPICS_H

#include "base/slice.h"
#include "ds/linkmap.h"

#include <stdbool.h>
#include <stdint.h>

struct client;
struct member;

struct topic {
    struct link link;
    struct topic *prev, *next;
    struct member *first, *last;
    uint32_t members;
    uint32_t tag;
    bool noted; /* the owner's own mark; false at first */
    size_t len;
    char name[];
};

struct member {
    struct link link;
    struct topic *topic;
    struct client *client;
    struct member *prev, *next;         /* of the topic */
    struct member *prev_own, *next_own; /* of the client */
};

/* What a client listens to; zeroed memory is an empty list. */
struct member_list {
    struct member *first, *last;
    uint32_t count;
    size_t memory;
};

/* Zeroed memory is an empty one. */
struct topics {
    struct linkmap names, members;
    struct topic *first, *last;
    uint32_t count;
};

static inline struct slice topic_name(const struct topic *t)
{
    return slice_make(t->name, t->len);
}

/* The hash that it was joined under. */
uint64_t topic_hash(const struct topic *t);

/* The topic, NULL when nobody listens. hash is the caller's, of name; the same for each call. */
struct topic *topics_find(const struct topics *all, uint32_t tag, struct slice name, uint64_t hash);

/* c's membership of t, NULL when there is none. t may be NULL. */
struct member *topics_member(const struct topics *all, const struct topic *t, const struct client *c);

/* Makes c listen; its member goes to the end of `own`, which is c's list in `all`. False when it did before. */
bool topics_join(struct topics *all, struct client *c, struct member_list *own, uint32_t tag,
                 struct slice name, uint64_t hash);

/* Ends m, which is in `own`. Its topic goes with its last member. */
void topics_leave(struct topics *all, struct member_list *own, struct member *m);

#endif
