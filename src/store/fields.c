#include "store/fields.h"

#include "base/random.h"
#include "store/encoding.h"
#include "store/fields_priv.h"

#include <stddef.h>

/* Draws of a random field before a live one is looked for in order. */
#define RANDOM_TRIES 100

bool fields_is_table(const struct entry *e)
{
    return e && entry_encoding(e) == ENC_TABLE;
}

const char *fields_encoding(const struct entry *e)
{
    if (fields_is_table(e))
        return "hashtable";
    return e->flags & ENTRY_FIELDS_EXPIRE ? "listpackex" : "listpack";
}

/* ---- packed to table -------------------------------------------------------- */

/* Digits that a value held as an integer is shown with. */
static struct slice text_at(const char *p, char scratch[FIELDS_DIGITS])
{
    struct pack_item item;
    pack_get(p, &item);
    return pack_text(&item, scratch);
}

/* The table at p, made from what was packed there or empty. */
static struct fields_table *make_table(struct place *p)
{
    if (fields_is_table(p->entry))
        return fields_table_of(p->entry);
    struct fields_table *t = fields_table_create(p->keyspace->db[p->db], p->hash);
    if (p->entry) {
        const char *at = entry_bytes(p->entry).ptr;
        uint8_t form = pack_form(at);
        uint32_t count = pack_count(at);
        at += PACK_HEADER;
        for (uint32_t i = 0; i < count; i++) {
            struct fields_packed f;
            char field_digits[FIELDS_DIGITS], value_digits[FIELDS_DIGITS];
            at = fields_packed_read(at, form, &f);
            struct slice field = text_at(f.field, field_digits);
            fields_table_set(t, field, keyspace_hash(field), text_at(f.value, value_digits), NULL,
                             f.expiry_ms);
        }
    }
    place_set_table(p, TYPE_HASH, t);
    if (t->expiring)
        place_flag(p, ENTRY_FIELDS_EXPIRE, 0);
    return t;
}

/* ---- one field -------------------------------------------------------------- */

static inline uint64_t hash_of(struct slice field, uint64_t hash)
{
    return hash ? hash : keyspace_hash(field);
}

/* A packed field that hasn't ended. */
static bool find_packed(const struct entry *e, struct slice field, struct fields_packed *f)
{
    return e && fields_packed_find(entry_bytes(e), field, f) && !fields_ended(f->expiry_ms);
}

bool fields_get_hashed(const struct entry *e, struct slice field, uint64_t hash, char scratch[FIELDS_DIGITS],
                       struct slice *value)
{
    if (fields_is_table(e)) {
        const struct entry *f = fields_table_find(fields_table_of(e), field, hash_of(field, hash));
        if (f)
            *value = entry_string(f, scratch);
        return f != NULL;
    }
    struct fields_packed f;
    if (!find_packed(e, field, &f))
        return false;
    *value = text_at(f.value, scratch);
    return true;
}

bool fields_get(const struct entry *e, struct slice field, char scratch[FIELDS_DIGITS], struct slice *value)
{
    return fields_get_hashed(e, field, 0, scratch, value);
}

bool fields_has(const struct entry *e, struct slice field)
{
    int64_t expiry_ms;
    return fields_get_expiry(e, field, &expiry_ms);
}

bool fields_get_expiry(const struct entry *e, struct slice field, int64_t *expiry_ms)
{
    if (fields_is_table(e)) {
        const struct entry *f = fields_table_find(fields_table_of(e), field, keyspace_hash(field));
        if (f)
            *expiry_ms = entry_expiry(f);
        return f != NULL;
    }
    struct fields_packed f;
    if (!find_packed(e, field, &f))
        return false;
    *expiry_ms = f.expiry_ms;
    return true;
}

struct blob *fields_value_blob(const struct entry *e, struct slice value)
{
    if (likely(value.len <= ENTRY_INLINE_MAX) || !fields_is_table(e))
        return NULL;
    return (struct blob *)(uintptr_t)(value.ptr - offsetof(struct blob, data));
}

bool fields_set_blob(struct place *p, struct slice field, uint64_t hash, struct slice value,
                     struct blob *blob, int64_t expiry_ms)
{
    if (unlikely(!fields_is_table(p->entry))) {
        enum fields_result result = fields_packed_set(p, field, value, expiry_ms);
        if (result != FIELDS_FULL)
            return result == FIELDS_NEW;
    }
    struct fields_table *t = make_table(p);
    if (unlikely(expiry_ms >= 0))
        place_flag(p, ENTRY_FIELDS_EXPIRE, 0);
    return fields_table_set(t, field, hash_of(field, hash), value, blob, expiry_ms);
}

bool fields_set_hashed(struct place *p, struct slice field, uint64_t hash, struct slice value,
                       int64_t expiry_ms)
{
    return fields_set_blob(p, field, hash, value, NULL, expiry_ms);
}

bool fields_set(struct place *p, struct slice field, struct slice value, int64_t expiry_ms)
{
    return fields_set_blob(p, field, 0, value, NULL, expiry_ms);
}

uint64_t fields_set_all(struct place *p, const struct slice *pairs, uint32_t count)
{
    if (!fields_is_table(p->entry)) {
        if (count > encoding_limits.hash_entries)
            make_table(p);
        int64_t made = fields_is_table(p->entry) ? -1 : fields_packed_set_all(p, pairs, count);
        if (made >= 0)
            return (uint64_t)made;
    }
    uint64_t made = 0;
    for (uint32_t i = 0; i < 2 * count; i += 2)
        made += fields_set(p, pairs[i], pairs[i + 1], EXPIRY_NONE);
    return made;
}

void fields_set_expiry(struct place *p, struct slice field, int64_t expiry_ms)
{
    if (fields_is_table(p->entry)) {
        if (expiry_ms >= 0)
            place_flag(p, ENTRY_FIELDS_EXPIRE, 0);
        fields_table_set_expiry(fields_table_of(p->entry), field, keyspace_hash(field), expiry_ms);
        return;
    }
    fields_packed_set_expiry(p, field, expiry_ms);
}

bool fields_remove(struct place *p, struct slice field)
{
    if (!p->entry)
        return false;
    if (fields_is_table(p->entry))
        return fields_table_remove(fields_table_of(p->entry), field, keyspace_hash(field));
    return fields_packed_remove(p, field);
}

/* ---- all of them ------------------------------------------------------------ */

uint64_t fields_count(const struct entry *e)
{
    if (!e)
        return 0;
    if (fields_is_table(e))
        return fields_table_count(fields_table_of(e));
    uint32_t count = pack_count(entry_bytes(e).ptr);
    if (likely(!(e->flags & ENTRY_FIELDS_EXPIRE)))
        return count;
    struct fields_cursor c;
    fields_begin(&c, e);
    for (count = 0; fields_next(&c, NULL, NULL, NULL);)
        count++;
    return count;
}

uint64_t fields_count_soon(const struct entry *e)
{
    return fields_is_table(e) ? fields_table_count_soon(fields_table_of(e)) : fields_count(e);
}

bool fields_mostly_ended(const struct entry *e, uint64_t count)
{
    return count < dict_count(&fields_table_of(e)->dict) / 8;
}

bool fields_empty(const struct entry *e)
{
    if (!e)
        return true;
    return fields_is_table(e) ? dict_count(&fields_table_of(e)->dict) == 0
                              : pack_count(entry_bytes(e).ptr) == 0;
}

int64_t fields_earliest(const struct entry *e)
{
    if (!(e->flags & ENTRY_FIELDS_EXPIRE) || fields_is_table(e))
        return EXPIRY_NONE;
    const char *at = entry_bytes(e).ptr;
    uint8_t form = pack_form(at);
    uint32_t count = pack_count(at);
    int64_t earliest = EXPIRY_NONE;
    at += PACK_HEADER;
    for (uint32_t i = 0; i < count; i++) {
        struct fields_packed f;
        at = fields_packed_read(at, form, &f);
        if (f.expiry_ms >= 0 && (earliest < 0 || f.expiry_ms < earliest))
            earliest = f.expiry_ms;
    }
    return earliest;
}

void fields_begin(struct fields_cursor *c, const struct entry *e)
{
    c->table = fields_is_table(e);
    if (c->table) {
        dict_walk_begin(&c->walk, &fields_table_of(e)->dict);
        return;
    }
    c->at = e ? entry_bytes(e).ptr : NULL;
    c->form = e ? pack_form(c->at) : 0;
    c->left = e ? pack_count(c->at) : 0;
    if (e)
        c->at += PACK_HEADER;
}

static bool next_in_table(struct fields_cursor *c, struct slice *field, struct slice *value,
                          int64_t *expiry_ms)
{
    const struct entry *e;
    do {
        e = dict_walk_next(&c->walk);
        if (!e)
            return false;
    } while (keyspace_entry_ended(e));
    if (field)
        *field = entry_key(e);
    if (value)
        *value = entry_string(e, c->value);
    if (expiry_ms)
        *expiry_ms = entry_expiry(e);
    return true;
}

bool fields_next(struct fields_cursor *c, struct slice *field, struct slice *value, int64_t *expiry_ms)
{
    if (c->table)
        return next_in_table(c, field, value, expiry_ms);
    struct fields_packed f;
    do {
        if (!c->left)
            return false;
        c->left--;
        c->at = fields_packed_read(c->at, c->form, &f);
    } while (unlikely(c->form) && fields_ended(f.expiry_ms));
    if (field)
        *field = text_at(f.field, c->field);
    if (value)
        *value = text_at(f.value, c->value);
    if (expiry_ms)
        *expiry_ms = f.expiry_ms;
    return true;
}

struct scan {
    fields_visit *visit;
    void *ctx;
};

static void scan_item(void *ctx, void *item)
{
    const struct scan *s = ctx;
    char digits[FIELDS_DIGITS];
    if (!keyspace_entry_ended(item))
        s->visit(s->ctx, entry_key(item), entry_string(item, digits));
}

uint64_t fields_scan(const struct entry *e, uint64_t cursor, fields_visit *visit, void *ctx)
{
    if (fields_is_table(e)) {
        struct scan s = {visit, ctx};
        return cursor >> 48 ? 0 : dict_scan(&fields_table_of(e)->dict, cursor, scan_item, &s);
    }
    struct fields_cursor c;
    struct slice field, value;
    fields_begin(&c, e);
    while (fields_next(&c, &field, &value, NULL))
        visit(ctx, field, value);
    return 0;
}

bool fields_random(const struct entry *e, char scratch[FIELDS_DIGITS], struct slice *field,
                   struct slice *value)
{
    const struct dict *d = &fields_table_of(e)->dict;
    const struct entry *found = dict_random(d, random_u64);
    for (unsigned tries = 1; found && keyspace_entry_ended(found); tries++) {
        if (tries == RANDOM_TRIES)
            return false;
        found = dict_random(d, random_u64);
    }
    if (!found)
        return false;
    *field = entry_key(found);
    *value = entry_string(found, scratch);
    return true;
}
