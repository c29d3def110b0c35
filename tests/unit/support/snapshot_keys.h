/* snapshot_keys: a keyspace with everything in it, and whether two hold the same. */
#ifndef UNIT_SUPPORT_SNAPSHOT_KEYS_H
#define UNIT_SUPPORT_SNAPSHOT_KEYS_H

#include "server/digest.h"
#include "store/encoding.h"
#include "store/fields.h"
#include "store/list.h"
#include "store/set.h"
#include "store/zset.h"
#include "tests/unit/support/check.h"
#include "tests/unit/support/script_clock.h"

#include <stdio.h>

/* A name of `len` bytes that no other number has; valid until the next. */
static inline struct slice key_named(unsigned number, size_t len)
{
    static char text[1 << 20];
    memset(text, 'k', len);
    char digits[16];
    int n = snprintf(digits, sizeof digits, "%u:", number);
    memcpy(text, digits, (size_t)n < len ? (size_t)n : len);
    return slice_make(text, len);
}

/* Bytes that hardly compress; valid until the next. */
static inline struct slice noise(size_t len)
{
    static char *bytes;
    bytes = realloc(bytes, len + 8);
    for (size_t i = 0; i < len; i += 8) {
        uint64_t x = draw();
        memcpy(bytes + i, &x, 8);
    }
    return slice_make(bytes, len);
}

static inline struct place place_named(struct keyspace *ks, unsigned db, const char *key)
{
    struct slice name = slice_of(key);
    return place_find(ks, db, name, keyspace_hash(name));
}

static inline struct entry *put_string(struct keyspace *ks, unsigned db, struct slice key, struct slice value,
                                       int64_t expiry)
{
    return keyspace_set(ks, db, key, keyspace_hash(key), value, expiry);
}

/* Strings at every size where one is held or written otherwise. */
static inline void put_strings(struct keyspace *ks, unsigned db)
{
    static const size_t lengths[] = {0,     1,     15,    64,     255,    256,    16383,  16384,   16385,
                                     20000, 32740, 32768, 130000, 262100, 262144, 524288, 1000000, 3000000};
    static const size_t key_lengths[] = {1, 16, 255, 256, 300, 32760, 40000, 262130, 600000};
    static const int64_t numbers[] = {0, -1, 127, -129, 32768, INT32_MIN, 1ll << 40, INT64_MAX, INT64_MIN};
    unsigned n = 0;
    char digits[32];
    put_string(ks, db, SLICE(""), SLICE("the key is empty"), EXPIRY_NONE);
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        put_string(ks, db, key_named(n++, 16), noise(lengths[i]), EXPIRY_NONE);
        put_string(ks, db, key_named(n++, 16), noise(lengths[i]), clock_ms() + 1000 + i);
    }
    for (unsigned i = 0; i < sizeof key_lengths / sizeof *key_lengths; i++) {
        put_string(ks, db, key_named(n++, key_lengths[i]), SLICE("a"), EXPIRY_NONE);
        put_string(ks, db, key_named(n++, key_lengths[i] + 20), SLICE("12345"), clock_ms() + 100000);
        put_string(ks, db, key_named(n++, key_lengths[i] + 20), noise(300000), EXPIRY_NONE);
    }
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int len = snprintf(digits, sizeof digits, "%lld", (long long)numbers[i]);
        put_string(ks, db, key_named(n++, 10), slice_make(digits, (size_t)len), EXPIRY_NONE);
        put_string(ks, db, key_named(n++, 10), slice_make(digits, (size_t)len), clock_ms() + 5)->flags |=
            ENTRY_TEXT;
    }
    /* What APPEND leaves. */
    for (size_t len = 1; len <= 40000; len *= 200) {
        struct slice key = key_named(n++, 12);
        memcpy(keyspace_edit(ks, db, key, keyspace_hash(key), len), noise(len).ptr, len);
    }
}

static inline void put_collections(struct keyspace *ks, unsigned db)
{
    static const unsigned counts[] = {1, 2, 100, 1000, 20000};
    char name[40], text[40];
    for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++)
        for (unsigned kind = 0; kind < 7; kind++) {
            snprintf(name, sizeof name, "collection:%u:%u", kind, counts[i]);
            struct place p = place_named(ks, db, name);
            for (unsigned n = 0; n < counts[i]; n++) {
                struct slice s = slice_make(text, (size_t)snprintf(text, sizeof text, "element:%u", n));
                struct slice number = slice_make(s.ptr + 8, s.len - 8);
                switch (kind) {
                case 0:
                    list_push(&p, n % 3 ? LIST_TAIL : LIST_HEAD, n % 5 ? s : number);
                    break;
                case 1:
                    set_add(&p, s);
                    break;
                case 2:
                    set_add(&p, number);
                    break;
                case 3:
                    zset_put(&p, s, n * 0.37 - 12);
                    break;
                case 4:
                    fields_set(&p, s, number, EXPIRY_NONE);
                    break;
                case 5:
                    fields_set(&p, s, number, n % 3 ? EXPIRY_NONE : clock_ms() + 5000 + n);
                    break;
                default: /* long elements */
                    if (n < 40)
                        list_push(&p, LIST_TAIL, noise(n % 7 * 10000 + (n == 5 ? 2000000 : 0)));
                }
            }
            if (i % 2)
                keyspace_set_expiry(ks, db, p.entry, p.hash, clock_ms() + 60000);
        }
}

/* Every key has other access bytes. */
static inline void mark_access(void *ctx, struct entry *e)
{
    (void)ctx;
    uint64_t x = draw();
    memcpy(e->access, &x, sizeof e->access);
}

static inline void mark_all(struct keyspace *ks)
{
    for (unsigned db = 0; db < keyspace_databases(ks); db++) {
        uint64_t cursor = 0;
        do
            cursor = keyspace_scan(ks, db, cursor, mark_access, NULL);
        while (cursor);
    }
}

struct twin {
    struct keyspace *other;
    unsigned db;
};

/* How the type's file holds it. */
static inline const char *encoding_of(const struct entry *e)
{
    switch (entry_type(e)) {
    case TYPE_LIST:
        return list_encoding(e);
    case TYPE_SET:
        return set_encoding(e);
    case TYPE_ZSET:
        return zset_encoding(e);
    case TYPE_HASH:
        return fields_encoding(e);
    default:
        return entry_encoding(e) == ENC_INT ? "int" : entry_encoding(e) == ENC_BLOB ? "blob" : "inline";
    }
}

/* The digest says only whether a field ends. */
static inline void check_field_expiries(const struct entry *e, const struct entry *other)
{
    struct fields_cursor c;
    struct slice field, value;
    int64_t mine, theirs;
    fields_begin(&c, e);
    while (fields_next(&c, &field, &value, &mine))
        check(fields_get_expiry(other, field, &theirs) && theirs == mine);
}

static inline void check_twin(void *ctx, struct entry *e)
{
    struct twin *t = ctx;
    struct slice key = entry_key(e);
    char mine[DIGEST_TEXT], other[DIGEST_TEXT];
    struct entry *o = keyspace_find(t->other, t->db, key, keyspace_hash(key));
    check(o);
    check(entry_type(o) == entry_type(e));
    check(strcmp(encoding_of(o), encoding_of(e)) == 0);
    check(entry_expiry(o) == entry_expiry(e));
    check((o->flags & ENTRY_VALUE_FLAGS) == (e->flags & ENTRY_VALUE_FLAGS));
    check(memcmp(o->access, e->access, sizeof e->access) == 0);
    digest_of_value(e, mine);
    digest_of_value(o, other);
    check(strcmp(mine, other) == 0);
    if (entry_type(e) == TYPE_HASH)
        check_field_expiries(e, o);
}

/* Fails unless both hold the same, in the same encodings, with the same marks. */
static inline void check_same(struct keyspace *a, struct keyspace *b)
{
    for (unsigned db = 0; db < keyspace_databases(a); db++) {
        struct twin t = {b, db};
        uint64_t cursor = 0;
        check(keyspace_count(a, db) == keyspace_count(b, db));
        check(keyspace_expiring(a, db, NULL) == keyspace_expiring(b, db, NULL));
        do
            cursor = keyspace_scan(a, db, cursor, check_twin, &t);
        while (cursor);
    }
}

#endif
