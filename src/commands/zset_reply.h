/* zset_reply: lists of members, with or without scores, as RESP2 (flat) and RESP3 (pairs) have them. */
#ifndef COMMANDS_ZSET_REPLY_H
#define COMMANDS_ZSET_REPLY_H

#include "resp/reply.h"

/* Opens a list of `count` members. */
static inline void zset_reply_list(struct reply *r, size_t count, bool scores)
{
    reply_array(r, scores && r->protocol == 2 ? 2 * count : count);
}

/* One member of it. */
static inline void zset_reply_member(struct reply *r, struct slice member, double score, bool scores)
{
    if (scores && r->protocol > 2)
        reply_array(r, 2);
    reply_bulk(r, member);
    if (scores)
        reply_double(r, score);
}

#endif
