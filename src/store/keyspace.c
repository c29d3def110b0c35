#include "store/keyspace.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/number.h"
#include "base/random.h"
#include "store/expiry.h"

#include <stdio.h>
#include <stdlib.h>

/* Entries freed between two looks at the clock. */
#define DRAIN_STEP 256
#define EXPIRY_STEPS 16
#define FLUSH_HELP_US 500
/* Ended entries that a random choice removes, and groups that it looks through then. */
#define RANDOM_TRIES 1000
#define RANDOM_GROUPS 10000
/* Expired entries taken out of a cell in one go. */
#define CELL_BATCH 64

struct database {
    struct dict dict;
    struct expiry_map expiry;
    struct keyspace *keyspace;
    unsigned index;
    bool flushed;          /* only waits to be drained */
    uint64_t expiring;     /* entries with an expiry */
    __int128 expiry_sum;   /* of their times */
    struct database *next; /* the next one to drain */
};

struct keyspace {
    struct database **db;
    unsigned databases;
    bool observed;
    bool active_expiry;
    bool no_touch;
    struct keyspace_observer observer;
    struct expiry *expiry;
    struct database *flushed; /* oldest first */
    uint64_t dirty;
    struct keyspace_stats stats;
};

static struct hash_key hash_key;

uint64_t keyspace_hash(struct slice key)
{
    return hash_siphash13(hash_key, key.ptr, key.len);
}

/* ---- databases ------------------------------------------------------------------ */

static uint64_t hash_entry(const void *item)
{
    return keyspace_hash(entry_key(item));
}

static struct database *database_of(struct dict *d)
{
    return (struct database *)((char *)d - offsetof(struct database, dict));
}

static void on_split(struct dict *d, uint32_t from, uint32_t to)
{
    struct database *b = database_of(d);
    expiry_split(b->keyspace->expiry, &b->expiry, from, to);
}

static void on_merge(struct dict *d, uint32_t from, uint32_t to)
{
    struct database *b = database_of(d);
    expiry_merge(b->keyspace->expiry, &b->expiry, from, to);
}

static const struct dict_type entry_dict = {hash_entry, on_split, on_merge};

static struct database *database_create(struct keyspace *ks, unsigned index)
{
    struct database *b = mem_zalloc(1, sizeof *b);
    dict_init(&b->dict, &entry_dict);
    b->keyspace = ks;
    b->index = index;
    return b;
}

struct keyspace *keyspace_create(unsigned databases)
{
    static bool keyed;
    if (!keyed)
        random_fill(&hash_key, sizeof hash_key);
    keyed = true;
    struct keyspace *ks = mem_zalloc(1, sizeof *ks);
    ks->db = mem_zalloc(databases, sizeof *ks->db);
    ks->databases = databases;
    for (unsigned i = 0; i < databases; i++)
        ks->db[i] = database_create(ks, i);
    ks->active_expiry = true;
    ks->expiry = expiry_create(clock_ms());
    return ks;
}

unsigned keyspace_databases(const struct keyspace *ks)
{
    return ks->databases;
}

void keyspace_observe(struct keyspace *ks, const struct keyspace_observer *o)
{
    ks->observed = o != NULL;
    ks->observer = o ? *o : (struct keyspace_observer){0};
}

void keyspace_attend(struct keyspace *ks, bool on)
{
    ks->observed = on;
}

/* ---- entries -------------------------------------------------------------------- */

/* What an entry is made of. */
struct parts {
    struct slice key;
    uint8_t kind;
    uint8_t flags; /* ENTRY_EDITED, ENTRY_TEXT */
    int64_t expiry;
    struct slice value; /* bytes behind the key; ptr NULL: zeros */
    void *boxed;        /* of kinds from ENC_BLOB on */
};

static inline bool kind_is_boxed(uint8_t kind)
{
    return kind >= ENC_BLOB << 4;
}

static inline uint8_t make_kind(enum entry_type type, enum entry_encoding encoding)
{
    return (uint8_t)(type | encoding << 4);
}

static inline size_t entry_size(size_t key_len, uint8_t kind, bool expires, size_t value_len)
{
    return sizeof(struct entry) + (expires ? 8 : 0) + (kind_is_boxed(kind) ? 8 : 0) +
           (key_len > 255 ? 8 : 0) + key_len + value_len;
}

static size_t size_of_entry(const struct entry *e)
{
    return entry_size(entry_key(e).len, e->kind, e->flags & ENTRY_EXPIRES, e->value_len);
}

static void note_access(struct entry *e)
{
    uint32_t now = (uint32_t)clock_seconds();
    if (e->access[0] == (uint8_t)now && e->access[1] == (uint8_t)(now >> 8))
        return;
    e->access[0] = (uint8_t)now;
    e->access[1] = (uint8_t)(now >> 8);
    e->access[2] = (uint8_t)(now >> 16);
}

static noreturn void out_of_memory(size_t size)
{
    fprintf(stderr, "hearth: out of memory: no %zu bytes for an entry\n", size);
    abort();
}

static struct entry *entry_make(const struct parts *p)
{
    bool expires = p->expiry >= 0, long_key = p->key.len > 255;
    size_t size = entry_size(p->key.len, p->kind, expires, p->value.len);
    struct entry *e = arena_alloc(size);
    if (unlikely(!e))
        out_of_memory(size);
    e->kind = p->kind;
    e->flags = (uint8_t)(p->flags | (expires ? ENTRY_EXPIRES : 0) | (long_key ? ENTRY_LONG_KEY : 0));
    e->key_len = long_key ? 0 : (uint8_t)p->key.len;
    e->value_len = (uint16_t)p->value.len;
    e->access[0] = e->access[1] = e->access[2] = 0;
    note_access(e);
    char *at = e->body;
    if (expires) {
        memcpy(at, &p->expiry, 8);
        at += 8;
    }
    if (kind_is_boxed(p->kind)) {
        memcpy(at, &p->boxed, 8);
        at += 8;
    }
    if (unlikely(long_key)) {
        uint64_t len = p->key.len;
        memcpy(at, &len, 8);
        at += 8;
    }
    memcpy(at, p->key.ptr, p->key.len);
    if (p->value.ptr)
        memcpy(at + p->key.len, p->value.ptr, p->value.len);
    else
        memset(at + p->key.len, 0, p->value.len);
    return e;
}

/* Frees the entry's memory, not what it points to. */
static void entry_drop(struct entry *e)
{
    arena_free(e);
}

/* Frees the entry and its value. */
static void entry_destroy(struct entry *e)
{
    if (entry_encoding(e) == ENC_BLOB)
        blob_put(entry_blob(e));
    arena_free(e);
}

/* The parts of e with its value borrowed: for rebuilding it otherwise. */
static struct parts entry_parts(const struct entry *e)
{
    struct parts p = {.key = entry_key(e),
                      .kind = e->kind,
                      .flags = e->flags & (ENTRY_EDITED | ENTRY_TEXT),
                      .expiry = entry_expiry(e)};
    if (kind_is_boxed(e->kind))
        p.boxed = entry_blob(e);
    else
        p.value = slice_make(p.key.ptr + p.key.len, e->value_len);
    if (!p.value.len)
        p.value = slice_make("", 0);
    return p;
}

/* ---- finding --------------------------------------------------------------------- */

static inline bool match_key(const void *item, const void *key)
{
    const struct entry *e = item;
    const struct slice *k = key;
    if (likely(!(e->flags & ENTRY_LONG_KEY)) && e->key_len != k->len)
        return false;
    struct slice mine = entry_key(e);
    return mine.len == k->len && memcmp(mine.ptr, k->ptr, k->len) == 0;
}

static inline bool has_ended(const struct entry *e)
{
    return unlikely(e->flags & ENTRY_EXPIRES) && entry_expiry(e) < clock_ms();
}

static void count_expiry(struct database *b, const struct entry *e, int sign)
{
    if (likely(!(e->flags & ENTRY_EXPIRES)))
        return;
    b->expiring += (uint64_t)(int64_t)sign;
    b->expiry_sum += (__int128)entry_expiry(e) * sign;
}

/* Takes the entry out of its slot and frees it. */
static void remove_slot(struct database *b, uint64_t hash, uint64_t *slot)
{
    struct entry *e = dict_item(slot);
    count_expiry(b, e, -1);
    dict_remove_at(&b->dict, hash, slot);
    entry_destroy(e);
}

static void told_changed(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash)
{
    if (ks->observer.changed)
        ks->observer.changed(ks->observer.ctx, db, key, hash);
}

/* The entry's time has come: removes it and tells. */
static void expire_slot(struct database *b, uint64_t hash, uint64_t *slot)
{
    struct keyspace *ks = b->keyspace;
    ks->stats.expired++;
    if (likely(!ks->observed)) {
        remove_slot(b, hash, slot);
        return;
    }
    struct slice key = entry_key(dict_item(slot));
    struct buf_copy {
        char *ptr;
        size_t len;
    } copy = {mem_dup(key.ptr, key.len), key.len};
    remove_slot(b, hash, slot);
    key = slice_make(copy.ptr, copy.len);
    told_changed(ks, b->index, key, hash);
    keyspace_event(ks, b->index, key, EVENT_EXPIRED, "expired");
    mem_free(copy.ptr);
}

static inline uint64_t *find_slot(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash)
{
    struct database *b = ks->db[db];
    uint64_t *slot = dict_find(&b->dict, hash, match_key, &key);
    if (slot && has_ended(dict_item(slot))) {
        expire_slot(b, hash, slot);
        return NULL;
    }
    return slot;
}

struct entry *keyspace_find(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash)
{
    uint64_t *slot = find_slot(ks, db, key, hash);
    return slot ? dict_item(slot) : NULL;
}

struct entry *keyspace_read(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash)
{
    struct entry *e = keyspace_find(ks, db, key, hash);
    if (!e) {
        ks->stats.misses++;
        keyspace_event(ks, db, key, EVENT_KEY_MISS, "keymiss");
        return NULL;
    }
    ks->stats.hits++;
    if (likely(!ks->no_touch))
        note_access(e);
    return e;
}

void keyspace_prefetch_segment(const struct keyspace *ks, unsigned db, uint64_t hash)
{
    dict_prefetch_segment(&ks->db[db]->dict, hash);
}

void keyspace_prefetch_group(const struct keyspace *ks, unsigned db, uint64_t hash)
{
    dict_prefetch_group(&ks->db[db]->dict, hash);
}

void keyspace_prefetch_entry(const struct keyspace *ks, unsigned db, uint64_t hash)
{
    dict_prefetch_item(&ks->db[db]->dict, hash);
}

uint64_t keyspace_count(const struct keyspace *ks, unsigned db)
{
    return dict_count(&ks->db[db]->dict);
}

uint64_t keyspace_expiring(const struct keyspace *ks, unsigned db, int64_t *mean_ttl_ms)
{
    const struct database *b = ks->db[db];
    int64_t mean = b->expiring ? (int64_t)(b->expiry_sum / (__int128)b->expiring) - clock_ms() : 0;
    if (mean_ttl_ms)
        *mean_ttl_ms = mean > 0 ? mean : 0;
    return b->expiring;
}

static void keep_live(void *ctx, void *item)
{
    struct entry **found = ctx;
    if (!*found && !has_ended(item))
        *found = item;
}

/* The first entry behind a random place that hasn't ended, if it isn't far. */
static struct entry *near_live(const struct database *b)
{
    struct entry *found = NULL;
    uint64_t cursor = random_u64() >> 16;
    for (unsigned n = 0; !found && n < RANDOM_GROUPS; n++)
        cursor = dict_scan(&b->dict, cursor, keep_live, &found);
    return found;
}

struct entry *keyspace_random(struct keyspace *ks, unsigned db)
{
    struct database *b = ks->db[db];
    for (unsigned tries = 0;; tries++) {
        /* So many have ended and wait for keyspace_work: removing them all here would take too long. */
        if (unlikely(tries == RANDOM_TRIES))
            return near_live(b);
        struct entry *e = dict_random(&b->dict, random_u64);
        if (!e || !has_ended(e))
            return e;
        struct slice key = entry_key(e);
        uint64_t hash = keyspace_hash(key);
        expire_slot(b, hash, dict_find(&b->dict, hash, match_key, &key));
    }
}

struct scan {
    void (*visit)(void *ctx, struct entry *e);
    void *ctx;
};

static void scan_visit(void *ctx, void *item)
{
    const struct scan *s = ctx;
    if (!has_ended(item))
        s->visit(s->ctx, item);
}

uint64_t keyspace_scan(struct keyspace *ks, unsigned db, uint64_t cursor,
                       void (*visit)(void *ctx, struct entry *e), void *ctx)
{
    struct scan s = {visit, ctx};
    return dict_scan(&ks->db[db]->dict, cursor, scan_visit, &s);
}

/* ---- changing --------------------------------------------------------------------- */

/* An entry of b got an expiry: the index hears of it, the counters too. */
static void note_expiry(struct database *b, const struct entry *e, uint64_t hash)
{
    if (likely(!(e->flags & ENTRY_EXPIRES)))
        return;
    uint32_t i = dict_segment_of(&b->dict, hash);
    unsigned cell = (unsigned)(hash << dict_segment(&b->dict, i)->level >> 58);
    int64_t end = entry_expiry(e);
    expiry_note(b->keyspace->expiry, &b->expiry, i, cell, end < INT64_MAX / 4 ? end + 1 : end);
    count_expiry(b, e, 1);
}

/* Puts e in place of the entry in slot, or into the dict where slot is NULL. The old entry is the caller's. */
static void put_entry(struct database *b, uint64_t hash, uint64_t *slot, struct entry *e)
{
    if (slot) {
        count_expiry(b, dict_item(slot), -1);
        dict_replace(slot, e);
    } else {
        if (!dict_insert(&b->dict, hash, e))
            out_of_memory(size_of_entry(e));
        keyspace_event(b->keyspace, b->index, entry_key(e), EVENT_NEW, "new");
    }
    note_expiry(b, e, hash);
}

/* Builds an entry of p over the one in slot (or into the dict) and frees the old one, value included. */
static struct entry *store_entry(struct database *b, uint64_t hash, uint64_t *slot, const struct parts *p)
{
    struct entry *old = slot ? dict_item(slot) : NULL;
    struct entry *e = entry_make(p);
    put_entry(b, hash, slot, e);
    if (old)
        entry_destroy(old);
    return e;
}

/* True when a value of that kind and length fits the entry as it stands: same fields, same size class. */
static inline bool fits_in_place(const struct entry *e, uint8_t kind, int64_t expiry, size_t value_len)
{
    if (kind_is_boxed(e->kind) || kind_is_boxed(kind) || (expiry >= 0) != (bool)(e->flags & ENTRY_EXPIRES))
        return false;
    size_t was = size_of_entry(e), is = was - e->value_len + value_len;
    return was == is || arena_size(was) == arena_size(is);
}

static struct entry *set_in_place(struct database *b, struct entry *e, uint64_t hash, uint8_t kind,
                                  int64_t expiry, struct slice value)
{
    e->kind = kind;
    e->flags &= (uint8_t) ~(ENTRY_EDITED | ENTRY_TEXT);
    e->value_len = (uint16_t)value.len;
    struct slice key = entry_key(e);
    memmove((char *)(uintptr_t)key.ptr + key.len, value.ptr, value.len);
    note_access(e);
    if (unlikely(expiry >= 0) && entry_expiry(e) != expiry) {
        count_expiry(b, e, -1);
        memcpy(e->body, &expiry, 8);
        note_expiry(b, e, hash);
    }
    return e;
}

static struct entry *set_bytes(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash,
                               uint8_t kind, struct slice value, int64_t expiry)
{
    struct database *b = ks->db[db];
    uint64_t *slot = find_slot(ks, db, key, hash);
    if (slot) {
        struct entry *e = dict_item(slot);
        if (expiry == KEEP_EXPIRY)
            expiry = entry_expiry(e);
        if (likely(fits_in_place(e, kind, expiry, value.len)))
            return set_in_place(b, e, hash, kind, expiry, value);
    }
    struct parts p = {.key = key, .kind = kind, .expiry = expiry, .value = value};
    return store_entry(b, hash, slot, &p);
}

/* Little-endian bytes of the narrowest width that holds v. */
static struct slice int_bytes(int64_t v, char bytes[8])
{
    memcpy(bytes, &v, 8);
    size_t width = v == (int8_t)v ? 1 : v == (int16_t)v ? 2 : v == (int32_t)v ? 4 : 8;
    return slice_make(bytes, width);
}

struct entry *keyspace_set_int(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash,
                               int64_t value, int64_t expiry_ms)
{
    char bytes[8];
    return set_bytes(ks, db, key, hash, make_kind(TYPE_STRING, ENC_INT), int_bytes(value, bytes), expiry_ms);
}

bool keyspace_replace_int(struct keyspace *ks, struct entry *e, int64_t value)
{
    (void)ks;
    char bytes[8];
    if (entry_encoding(e) != ENC_INT || int_bytes(value, bytes).len > e->value_len)
        return false;
    /* In its old width, which may be wider than needed: the next rewrite narrows it. */
    struct slice key = entry_key(e);
    memcpy((char *)(uintptr_t)key.ptr + key.len, &value, e->value_len);
    e->flags &= (uint8_t) ~(ENTRY_EDITED | ENTRY_TEXT);
    note_access(e);
    return true;
}

struct entry *keyspace_set_blob(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash,
                                struct blob *blob, int64_t expiry_ms)
{
    struct database *b = ks->db[db];
    uint64_t *slot = find_slot(ks, db, key, hash);
    struct parts p = {.key = key,
                      .kind = make_kind(TYPE_STRING, ENC_BLOB),
                      .expiry = expiry_ms,
                      .value = slice_make("", 0),
                      .boxed = blob};
    if (expiry_ms == KEEP_EXPIRY)
        p.expiry = slot ? entry_expiry(dict_item(slot)) : EXPIRY_NONE;
    return store_entry(b, hash, slot, &p);
}

struct entry *keyspace_set(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash,
                           struct slice value, int64_t expiry_ms)
{
    int64_t v;
    if (value.len <= 20 && number_parse_i64(value, &v))
        return keyspace_set_int(ks, db, key, hash, v, expiry_ms);
    if (likely(value.len <= ENTRY_INLINE_MAX))
        return set_bytes(ks, db, key, hash, make_kind(TYPE_STRING, ENC_INLINE), value, expiry_ms);
    struct blob *blob = blob_create(value.len);
    memcpy(blob->data, value.ptr, value.len);
    blob->len = value.len;
    return keyspace_set_blob(ks, db, key, hash, blob, expiry_ms);
}

/* Makes the blob of e ready to be written with `len` bytes. */
static char *edit_blob(struct entry *e, size_t len)
{
    struct blob *b = entry_blob(e);
    size_t had = b->len;
    if (blob_is_shared(b)) {
        struct blob *own = blob_create(len > had ? len + len / 4 : len);
        own->len = had < len ? had : len;
        memcpy(own->data, b->data, own->len);
        blob_put(b);
        b = own;
    } else if (len > b->cap) {
        b = blob_grow(b, len + len / 2);
    }
    if (len > had)
        memset(b->data + had, 0, len - had);
    b->len = len;
    memcpy(e->body + entry_boxed_offset(e), &b, sizeof b);
    return b->data;
}

/* The entry at slot (NULL: none yet) as a blob's owner. */
static struct entry *make_blob_entry(struct database *b, struct slice key, uint64_t hash, uint64_t *slot,
                                     size_t len)
{
    char scratch[ENTRY_DIGITS];
    struct slice old = slot ? entry_string(dict_item(slot), scratch) : slice_make("", 0);
    /* Zeroed, so that one far bit of a new string doesn't touch all before it. */
    struct blob *blob = blob_create_zeroed(len + len / 2);
    memcpy(blob->data, old.ptr, old.len);
    blob->len = len;
    struct parts p = {.key = key,
                      .kind = make_kind(TYPE_STRING, ENC_BLOB),
                      .flags = ENTRY_EDITED,
                      .expiry = slot ? entry_expiry(dict_item(slot)) : EXPIRY_NONE,
                      .value = slice_make("", 0),
                      .boxed = blob};
    return store_entry(b, hash, slot, &p);
}

char *keyspace_edit(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash, size_t len)
{
    struct database *b = ks->db[db];
    uint64_t *slot = find_slot(ks, db, key, hash);
    struct entry *e = slot ? dict_item(slot) : NULL;
    if (e && entry_encoding(e) == ENC_BLOB) {
        e->flags |= ENTRY_EDITED;
        return edit_blob(e, len);
    }
    if (len > ENTRY_INLINE_MAX)
        return edit_blob(make_blob_entry(b, key, hash, slot, len), len);
    uint8_t kind = make_kind(TYPE_STRING, ENC_INLINE);
    if (!e || entry_encoding(e) == ENC_INT || !fits_in_place(e, kind, entry_expiry(e), len)) {
        char scratch[ENTRY_DIGITS];
        struct slice old = e ? entry_string(e, scratch) : slice_make("", 0);
        size_t keep = old.len < len ? old.len : len;
        struct parts p = {.key = e ? entry_key(e) : key,
                          .kind = kind,
                          .expiry = e ? entry_expiry(e) : EXPIRY_NONE,
                          .value = slice_make(NULL, len)};
        struct entry *grown = entry_make(&p);
        struct slice k = entry_key(grown);
        memcpy((char *)(uintptr_t)k.ptr + k.len, old.ptr, keep);
        put_entry(b, hash, slot, grown);
        if (e)
            entry_drop(e);
        e = grown;
    } else if (len > e->value_len) {
        struct slice k = entry_key(e);
        memset((char *)(uintptr_t)k.ptr + k.len + e->value_len, 0, len - e->value_len);
    }
    e->value_len = (uint16_t)len;
    e->flags |= ENTRY_EDITED;
    struct slice k = entry_key(e);
    return (char *)(uintptr_t)k.ptr + k.len;
}

struct entry *keyspace_set_expiry(struct keyspace *ks, unsigned db, struct entry *e, uint64_t hash,
                                  int64_t expiry_ms)
{
    struct database *b = ks->db[db];
    if (e->flags & ENTRY_EXPIRES && expiry_ms >= 0) {
        count_expiry(b, e, -1);
        memcpy(e->body, &expiry_ms, 8);
        note_expiry(b, e, hash);
        return e;
    }
    if (!(e->flags & ENTRY_EXPIRES) && expiry_ms < 0)
        return e;
    struct parts p = entry_parts(e);
    p.expiry = expiry_ms;
    struct entry *moved = entry_make(&p);
    memcpy(moved->access, e->access, sizeof e->access);
    put_entry(b, hash, dict_find(&b->dict, hash, match_key, &p.key), moved);
    entry_drop(e);
    return moved;
}

bool keyspace_delete(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash)
{
    uint64_t *slot = find_slot(ks, db, key, hash);
    if (!slot)
        return false;
    remove_slot(ks->db[db], hash, slot);
    return true;
}

/* Stores what p says under `to`, which may be a slice of the entry that it replaces. */
static void store_under(struct keyspace *ks, unsigned db, struct slice to, uint64_t hash, struct parts p)
{
    p.key = to;
    store_entry(ks->db[db], hash, find_slot(ks, db, to, hash), &p);
}

void keyspace_rename(struct keyspace *ks, unsigned db, struct slice from, uint64_t from_hash, unsigned to_db,
                     struct slice to, uint64_t to_hash)
{
    struct database *b = ks->db[db];
    uint64_t *slot = find_slot(ks, db, from, from_hash);
    must(slot);
    struct entry *e = dict_item(slot);
    count_expiry(b, e, -1);
    dict_remove_at(&b->dict, from_hash, slot);
    store_under(ks, to_db, to, to_hash, entry_parts(e));
    entry_drop(e);
}

void keyspace_copy(struct keyspace *ks, unsigned db, struct slice from, uint64_t from_hash, unsigned to_db,
                   struct slice to, uint64_t to_hash)
{
    struct entry *e = keyspace_find(ks, db, from, from_hash);
    must(e);
    struct parts p = entry_parts(e);
    if (kind_is_boxed(p.kind))
        blob_get(p.boxed);
    store_under(ks, to_db, to, to_hash, p);
}

static void take_entry(void *ctx, void *item)
{
    (void)ctx;
    entry_destroy(item);
}

/* Drains flushed databases until `until`; true when none is left. */
static bool work_flushed(struct keyspace *ks, uint64_t until)
{
    while (ks->flushed) {
        struct database *b = ks->flushed;
        if (dict_drain(&b->dict, DRAIN_STEP, take_entry, NULL) < DRAIN_STEP &&
            expiry_clear(ks->expiry, &b->expiry, DRAIN_STEP)) {
            ks->flushed = b->next;
            mem_free(b);
        }
        if (clock_mono_us_now() >= until)
            break;
    }
    return !ks->flushed;
}

uint64_t keyspace_flush(struct keyspace *ks, unsigned db)
{
    if (ks->observer.flushing)
        ks->observer.flushing(ks->observer.ctx, db);
    struct database *old = ks->db[db];
    uint64_t count = dict_count(&old->dict);
    if (!count)
        return 0;
    ks->dirty += count;
    if (count <= DRAIN_STEP) {
        dict_drain(&old->dict, DRAIN_STEP + 1, take_entry, NULL);
        expiry_clear(ks->expiry, &old->expiry, UINT32_MAX);
        old->expiring = 0;
        old->expiry_sum = 0;
        return count;
    }
    /* Whoever flushes again before the last was drained helps, else they would pile up. */
    if (ks->flushed)
        work_flushed(ks, clock_mono_us_now() + FLUSH_HELP_US);
    ks->db[db] = database_create(ks, db);
    old->flushed = true;
    struct database **tail = &ks->flushed;
    while (*tail)
        tail = &(*tail)->next;
    *tail = old;
    return count;
}

void keyspace_swap(struct keyspace *ks, unsigned a, unsigned b)
{
    if (ks->observer.swapping)
        ks->observer.swapping(ks->observer.ctx, a, b);
    struct database *t = ks->db[a];
    ks->db[a] = ks->db[b];
    ks->db[b] = t;
    ks->db[a]->index = a;
    ks->db[b]->index = b;
}

/* ---- telling ------------------------------------------------------------------------ */

uint64_t keyspace_dirty(const struct keyspace *ks)
{
    return ks->dirty;
}

void keyspace_event(struct keyspace *ks, unsigned db, struct slice key, enum event_class cls,
                    const char *name)
{
    if (unlikely(ks->observed) && ks->observer.event)
        ks->observer.event(ks->observer.ctx, db, key, cls, name);
}

void keyspace_changed(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash, enum event_class cls,
                      const char *name)
{
    ks->dirty++;
    if (likely(!ks->observed))
        return;
    told_changed(ks, db, key, hash);
    keyspace_event(ks, db, key, cls, name);
}

/* ---- time --------------------------------------------------------------------------- */

/* The entries of a cell, as dict_scan_range shows them. */
struct cell_view {
    int64_t now;
    int64_t next; /* the earliest end of those that stay */
    unsigned count;
    bool more;
    struct entry *ended[CELL_BATCH];
};

static void view_entry(void *ctx, void *item)
{
    struct cell_view *v = ctx;
    const struct entry *e = item;
    if (!(e->flags & ENTRY_EXPIRES))
        return;
    int64_t end = entry_expiry(e);
    if (end >= v->now)
        v->next = end < v->next ? end : v->next;
    else if (v->count < CELL_BATCH)
        v->ended[v->count++] = item;
    else
        v->more = true;
}

static void prefetch_item(void *ctx, void *item)
{
    (void)ctx;
    __builtin_prefetch(item);
}

static bool match_pointer(const void *item, const void *key)
{
    return item == key;
}

/* A cell's time has come: its ended entries go, and it waits for the next. */
static void fire_cell(struct keyspace *ks, const struct expiry_due *due)
{
    struct database *b = (struct database *)((char *)due->map - offsetof(struct database, expiry));
    if (b->flushed || due->segment >= b->dict.segments)
        return;
    unsigned level = dict_segment(&b->dict, due->segment)->level;
    uint64_t span = level ? 1ull << (64 - level) : 0;
    uint64_t width = level ? span / EXPIRY_CELLS : 1ull << 58;
    uint64_t first = dict_segment_first(due->segment) + due->cell * width;
    struct cell_view v = {.now = clock_ms(), .next = INT64_MAX};
    dict_scan_range(&b->dict, first, first + width - 1, prefetch_item, NULL);
    dict_scan_range(&b->dict, first, first + width - 1, view_entry, &v);
    /* Noted before anything is removed: a removal may split or merge segments. */
    if (v.more)
        v.next = v.now - 1;
    if (v.next != INT64_MAX)
        expiry_note(ks->expiry, &b->expiry, due->segment, due->cell, v.next + 1);
    for (unsigned i = 0; i < v.count; i++) {
        uint64_t hash = keyspace_hash(entry_key(v.ended[i]));
        uint64_t *slot = dict_find(&b->dict, hash, match_pointer, v.ended[i]);
        must(slot);
        expire_slot(b, hash, slot);
    }
}

/* Expires what is due until `until` (monotonic us); true when nothing due is left. */
static bool work_expiry(struct keyspace *ks, uint64_t until)
{
    struct expiry_due due;
    bool idle = false, any = false;
    for (unsigned n = 1; !idle; n++) {
        if (expiry_step(ks->expiry, clock_ms(), &due, &idle)) {
            if (!any)
                ks->stats.expire_lag_us = (uint64_t)(clock_us() - due.at_ms * 1000);
            any = true;
            fire_cell(ks, &due);
        }
        if (!idle && n % EXPIRY_STEPS == 0 && clock_mono_us_now() >= until)
            break;
    }
    if (any && ks->stats.expire_lag_us > ks->stats.expire_lag_max_us)
        ks->stats.expire_lag_max_us = ks->stats.expire_lag_us;
    ks->stats.expire_due_cells = expiry_backlog(ks->expiry);
    if (!idle)
        ks->stats.expire_turns_cut++;
    return idle;
}

int64_t keyspace_work(struct keyspace *ks, uint64_t budget_us)
{
    uint64_t until = clock_mono_us() + budget_us;
    bool expired = true;
    expiry_follow_clock(ks->expiry, clock_ms());
    if (ks->active_expiry && expiry_next_ms(ks->expiry) <= clock_ms()) {
        until = clock_mono_us_now() + budget_us;
        expired = work_expiry(ks, until);
    }
    if (unlikely(ks->flushed != NULL))
        until = clock_mono_us_now() + budget_us / 2;
    if (!work_flushed(ks, until) || !expired)
        return 0;
    int64_t next = ks->active_expiry ? expiry_next_ms(ks->expiry) : INT64_MAX;
    if (next == INT64_MAX)
        return -1;
    return next > clock_ms() ? next - clock_ms() : 0;
}

void keyspace_destroy(struct keyspace *ks)
{
    keyspace_observe(ks, NULL);
    for (unsigned i = 0; i < ks->databases; i++)
        keyspace_flush(ks, i);
    work_flushed(ks, UINT64_MAX);
    for (unsigned i = 0; i < ks->databases; i++) {
        dict_deinit(&ks->db[i]->dict);
        expiry_clear(ks->expiry, &ks->db[i]->expiry, UINT32_MAX);
        mem_free(ks->db[i]);
    }
    mem_free(ks->db);
    expiry_destroy(ks->expiry);
    mem_free(ks);
}

void keyspace_set_active_expiry(struct keyspace *ks, bool on)
{
    ks->active_expiry = on;
}

bool keyspace_set_no_touch(struct keyspace *ks, bool on)
{
    bool was = ks->no_touch;
    ks->no_touch = on;
    return was;
}

uint64_t keyspace_idle_seconds(const struct keyspace *ks, const struct entry *e)
{
    (void)ks;
    uint32_t then = e->access[0] | (uint32_t)e->access[1] << 8 | (uint32_t)e->access[2] << 16;
    return ((uint32_t)clock_seconds() - then) & 0xffffff;
}

const struct keyspace_stats *keyspace_stats(const struct keyspace *ks)
{
    return &ks->stats;
}

void keyspace_reset_stats(struct keyspace *ks)
{
    ks->stats = (struct keyspace_stats){.expire_due_cells = expiry_backlog(ks->expiry)};
}

size_t keyspace_overhead(const struct keyspace *ks, unsigned db)
{
    const struct database *b = ks->db[db];
    return sizeof *b + dict_memory(&b->dict) + expiry_memory(&b->expiry);
}

const struct dict *keyspace_dict(const struct keyspace *ks, unsigned db)
{
    return &ks->db[db]->dict;
}
