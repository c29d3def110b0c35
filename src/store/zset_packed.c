/* zset_packed: the packed form of sorted sets: pairs of a member and its score, in order. Whatever is looked for
 * is found by walking from the front: packed sets are small. */
#include "base/must.h"
#include "store/encoding.h"
#include "store/zset_priv.h"

#include <string.h>

/* Where a member element ends; where its score does. */
static inline const char *pair_end(const char *at)
{
    at += pack_size(at);
    return at + pack_size(at);
}

bool zset_packed_find(struct slice packed, struct slice member, struct zset_spot *spot)
{
    const char *at = packed.ptr + PACK_HEADER, *end = packed.ptr + packed.len;
    struct pack_plan plan = pack_plan(member);
    for (uint64_t rank = 0; at < end; rank++, at = pair_end(at)) {
        if (!pack_is(at, &plan))
            continue;
        struct pack_item score;
        pack_get(at + pack_plan_size(&plan), &score);
        *spot = (struct zset_spot){(size_t)(at - packed.ptr), rank, pack_real(&score)};
        return true;
    }
    return false;
}

const char *zset_packed_read(const char *at, char scratch[PACK_DIGITS], struct slice *member, double *score)
{
    struct pack_item item;
    at = pack_get(at, &item);
    *member = pack_text(&item, scratch);
    at = pack_get(at, &item);
    *score = pack_real(&item);
    return at;
}

/* Offset of the first member that doesn't come before the border, and its rank. */
static size_t border_at(struct slice packed, const struct zset_border *b, uint64_t *rank)
{
    const char *at = packed.ptr + PACK_HEADER, *end = packed.ptr + packed.len;
    *rank = 0;
    for (const char *next; at < end; at = next, ++*rank) {
        struct pack_item item;
        next = pack_get(at + pack_size(at), &item);
        double score = b->any_score ? b->score : pack_real(&item);
        if (score < b->score)
            continue;
        if (score > b->score)
            break;
        if (!b->by_bytes) {
            if (b->equal)
                continue;
            break;
        }
        char scratch[PACK_DIGITS];
        pack_get(at, &item);
        int order = slice_cmp(pack_text(&item, scratch), b->bytes);
        if (order > 0 || (order == 0 && !b->equal))
            break;
    }
    return (size_t)(at - packed.ptr);
}

uint64_t zset_packed_rank(struct slice packed, const struct zset_border *b)
{
    uint64_t rank;
    border_at(packed, b, &rank);
    return rank;
}

size_t zset_packed_skip(const char *packed, size_t at, uint64_t from, uint64_t rank)
{
    const char *p = packed + at;
    for (; from < rank; from++)
        p = pair_end(p);
    return (size_t)(p - packed);
}

/* Bytes that a packed set may have: its cursors count them in 32 bits. */
#define PACKED_MAX (1u << 30)

bool zset_packed_fits(const struct place *p, struct slice member)
{
    struct slice packed = p->entry ? entry_bytes(p->entry) : slice_make("", 0);
    uint64_t count = zset_count(p->entry);
    return count < encoding_limits.zset_entries && count < PACK_COUNT_MAX &&
           member.len <= encoding_limits.zset_value && member.len < PACKED_MAX - packed.len;
}

/* A sum with zero isn't minus zero: packed there is only one zero, as in Redis. */
static struct pack_plan plan_score(double score)
{
    return pack_plan_double(score + 0.0);
}

bool zset_packed_fill(struct place *p, size_t count, zset_item *item, const void *ctx)
{
    size_t len = PACK_HEADER;
    double score;
    if (count > encoding_limits.zset_entries || count > PACK_COUNT_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct slice member = item(ctx, i, &score);
        struct pack_plan name = pack_plan(member), number = plan_score(score);
        len += pack_plan_size(&name) + pack_plan_size(&number);
        if (member.len > encoding_limits.zset_value || len > PACKED_MAX)
            return false;
    }
    char *at = place_set_packed(p, TYPE_ZSET, len);
    pack_set_header(at, 0, (uint32_t)count);
    at += PACK_HEADER;
    for (size_t i = 0; i < count; i++) {
        struct slice member = item(ctx, i, &score);
        struct pack_plan name = pack_plan(member), number = plan_score(score);
        at = pack_put(pack_put(at, &name), &number);
    }
    return true;
}

void zset_packed_put(struct place *p, struct slice member, double score, const struct zset_spot *old)
{
    struct pack_plan name = pack_plan(member), number = plan_score(score);
    struct zset_border b = {.score = score, .by_bytes = true, .bytes = member};
    struct slice packed = p->entry ? entry_bytes(p->entry) : slice_make("", 0);
    size_t len = p->entry ? packed.len : PACK_HEADER;
    uint64_t count = zset_count(p->entry), rank;
    size_t put = p->entry ? border_at(packed, &b, &rank) : PACK_HEADER;
    size_t cut = old ? old->at : len;
    size_t cut_len = old ? (size_t)(pair_end(packed.ptr + cut) - packed.ptr) - cut : 0;
    size_t put_len = pack_plan_size(&name) + pack_plan_size(&number);
    size_t now = len + put_len - cut_len;
    char *bytes = place_resize(p, TYPE_ZSET, now > len ? now : len);
    if (put > cut) { /* what lies between moves down over the gap */
        memmove(bytes + cut, bytes + cut + cut_len, put - cut - cut_len);
        put -= cut_len;
        memmove(bytes + put + put_len, bytes + put + cut_len, len - put - cut_len);
    } else { /* or up */
        memmove(bytes + cut + put_len, bytes + cut + cut_len, len - cut - cut_len);
        memmove(bytes + put + put_len, bytes + put, cut - put);
    }
    pack_put(pack_put(bytes + put, &name), &number);
    pack_set_header(bytes, 0, (uint32_t)(count + !old));
    if (now < len)
        place_resize(p, TYPE_ZSET, now);
}

void zset_packed_remove(struct place *p, uint64_t first, uint64_t count)
{
    struct slice packed = entry_bytes(p->entry);
    size_t cut = zset_packed_skip(packed.ptr, PACK_HEADER, 0, first);
    size_t end = zset_packed_skip(packed.ptr, cut, first, first + count);
    char *bytes = place_resize(p, TYPE_ZSET, packed.len);
    memmove(bytes + cut, bytes + end, packed.len - end);
    pack_set_header(bytes, 0, pack_count(bytes) - (uint32_t)count);
    place_resize(p, TYPE_ZSET, packed.len - (end - cut));
}
