#include "server/digest.h"

#include "base/hash.h"
#include "store/fields.h"
#include "store/list.h"
#include "store/set.h"
#include "store/zset.h"

#include <stdio.h>

struct digest {
    uint64_t words[3]; /* the last one's low half is dropped: 160 bits */
};

static void mix(struct digest *d, struct slice bytes)
{
    for (uint64_t i = 0; i < 3; i++) {
        struct hash_key key = {d->words[i] ^ 0x6865617274680000ull, (i + 1) * 0x9e3779b97f4a7c15ull};
        d->words[i] = hash_siphash13(key, bytes.ptr, bytes.len);
    }
}

static void combine(struct digest *d, struct digest other)
{
    for (int i = 0; i < 3; i++)
        d->words[i] ^= other.words[i];
}

static void print(const struct digest *d, char out[DIGEST_TEXT])
{
    snprintf(out, DIGEST_TEXT, "%016llx%016llx%08llx", (unsigned long long)d->words[0],
             (unsigned long long)d->words[1], (unsigned long long)(d->words[2] >> 32));
}

static void mix_list(struct digest *d, const struct entry *e)
{
    struct list_cursor c;
    struct slice element;
    list_seek(&c, e, 0, false);
    while (list_next(&c, &element))
        mix(d, element);
}

static void mix_set(struct digest *d, const struct entry *e)
{
    struct set_cursor c;
    struct slice member;
    set_begin(&c, e);
    while (set_next(&c, &member)) {
        struct digest one = {{0}};
        mix(&one, member);
        combine(d, one);
    }
}

static void mix_zset(struct digest *d, const struct entry *e)
{
    struct zset_cursor c;
    struct slice member;
    double score;
    zset_seek(&c, e, 0, false);
    while (zset_next(&c, &member, &score)) {
        struct digest one = {{0}};
        score += 0.0; /* minus zero, which not each encoding keeps, is zero */
        mix(&one, member);
        mix(&one, slice_make((const char *)&score, sizeof score));
        combine(d, one);
    }
}

static void mix_fields(struct digest *d, const struct entry *e)
{
    struct fields_cursor c;
    struct slice field, value;
    int64_t expiry;
    fields_begin(&c, e);
    while (fields_next(&c, &field, &value, &expiry)) {
        struct digest one = {{0}};
        mix(&one, field);
        mix(&one, value);
        mix(&one, expiry == EXPIRY_NONE ? SLICE("-") : SLICE("x"));
        combine(d, one);
    }
}

static void mix_value(struct digest *d, const struct entry *e)
{
    char scratch[ENTRY_DIGITS];
    char head[2] = {(char)('0' + entry_type(e)), entry_expiry(e) == EXPIRY_NONE ? '-' : 'x'};
    mix(d, slice_make(head, sizeof head));
    switch (entry_type(e)) {
    case TYPE_LIST:
        mix_list(d, e);
        break;
    case TYPE_SET:
        mix_set(d, e);
        break;
    case TYPE_ZSET:
        mix_zset(d, e);
        break;
    case TYPE_HASH:
        mix_fields(d, e);
        break;
    default:
        mix(d, entry_string(e, scratch));
    }
}

struct walk {
    struct digest sum;
    unsigned db;
};

static void add_entry(void *ctx, struct entry *e)
{
    struct walk *w = ctx;
    struct digest one = {{0}};
    mix(&one, slice_make((const char *)&w->db, sizeof w->db));
    mix(&one, entry_key(e));
    mix_value(&one, e);
    combine(&w->sum, one);
}

void digest_all(struct keyspace *ks, char out[DIGEST_TEXT])
{
    struct walk w = {{{0}}, 0};
    for (; w.db < keyspace_databases(ks); w.db++) {
        uint64_t cursor = 0;
        do
            cursor = keyspace_scan(ks, w.db, cursor, add_entry, &w);
        while (cursor);
    }
    print(&w.sum, out);
}

void digest_of_value(const struct entry *e, char out[DIGEST_TEXT])
{
    struct digest d = {{0}};
    if (e)
        mix_value(&d, e);
    print(&d, out);
}
