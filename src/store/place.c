#include "store/place.h"

#include "store/keyspace_priv.h"

static struct place place_of(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash,
                             struct entry *e)
{
    return (struct place){.keyspace = ks, .db = db, .key = key, .hash = hash, .entry = e};
}

struct place place_find(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash)
{
    return place_of(ks, db, key, hash, keyspace_find(ks, db, key, hash));
}

struct place place_read(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash)
{
    return place_of(ks, db, key, hash, keyspace_read(ks, db, key, hash));
}

static struct database *home(const struct place *p)
{
    return p->keyspace->db[p->db];
}

/* The slot of p's entry; NULL while there is none. */
static uint64_t *slot_of(const struct place *p)
{
    return p->entry ? dict_find(&home(p)->dict, p->hash, entry_match, &p->key) : NULL;
}

char *place_resize(struct place *p, enum entry_type type, size_t len)
{
    struct entry *e = p->entry;
    if (likely(e && entry_encoding(e) == ENC_INLINE &&
               entry_fits(e, entry_kind(type, ENC_INLINE), entry_expiry(e), len))) {
        e->value_len = (uint16_t)len;
        return entry_value(e);
    }
    return keyspace_resize(p->keyspace, p->db, type, p->key, p->hash, slot_of(p), len, &p->entry);
}

/* What is put at p in place of all it holds. */
static struct entry_parts fresh_parts(const struct place *p, uint8_t kind)
{
    return (struct entry_parts){.key = p->key,
                                .kind = kind,
                                .expiry = p->entry ? entry_expiry(p->entry) : EXPIRY_NONE,
                                .value = slice_make("", 0)};
}

void place_set_table(struct place *p, enum entry_type type, void *table)
{
    struct entry_parts parts = fresh_parts(p, entry_kind(type, ENC_TABLE));
    parts.boxed = table;
    p->entry = keyspace_store(home(p), p->hash, slot_of(p), &parts);
}

char *place_set_packed(struct place *p, enum entry_type type, size_t len)
{
    struct entry_parts parts = fresh_parts(p, entry_kind(type, ENC_INLINE));
    if (len <= ENTRY_INLINE_MAX) {
        parts.value = slice_make(NULL, len);
    } else {
        struct blob *blob = blob_create(len);
        blob->len = len;
        parts.kind = entry_kind(type, ENC_BLOB);
        parts.boxed = blob;
    }
    p->entry = keyspace_store(home(p), p->hash, slot_of(p), &parts);
    return (char *)(uintptr_t)entry_bytes(p->entry).ptr;
}

void place_flag(struct place *p, uint8_t set, uint8_t clear)
{
    p->entry->flags = (uint8_t)((p->entry->flags & ~clear) | set);
}

void place_clear(struct place *p)
{
    keyspace_delete(p->keyspace, p->db, p->key, p->hash);
    p->entry = NULL;
}

struct place place_workshop(struct keyspace *ks)
{
    struct slice key = SLICE("");
    uint64_t hash = keyspace_hash(key);
    keyspace_delete(ks, ks->databases, key, hash);
    return place_of(ks, ks->databases, key, hash, NULL);
}

struct place place_move(struct place *p, unsigned db, struct slice key, uint64_t hash, int64_t expiry_ms)
{
    struct keyspace *ks = p->keyspace;
    must(p->entry);
    keyspace_rename(ks, p->db, p->key, p->hash, db, key, hash);
    struct entry *e = keyspace_find(ks, db, key, hash);
    must(e);
    e = keyspace_set_expiry(ks, db, e, hash, expiry_ms);
    p->entry = NULL;
    return place_of(ks, db, key, hash, e);
}
