#include "store/keyspace.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/random.h"
#include "store/access.h"
#include "store/fields.h"
#include "store/keyspace_priv.h"

#define FLUSH_HELP_US 500
/* Ended entries that a random choice removes, and groups that it looks through then. */
#define RANDOM_TRIES 1000
#define RANDOM_GROUPS 10000

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
    ks->db = mem_zalloc(databases + 1, sizeof *ks->db);
    ks->databases = databases;
    for (unsigned i = 0; i <= databases; i++)
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
void keyspace_free_entry(struct keyspace *ks, struct entry *e)
{
    if (entry_encoding(e) == ENC_BLOB)
        blob_put(entry_blob(e));
    else if (entry_encoding(e) == ENC_TABLE)
        keyspace_free_table(ks, entry_type(e), entry_table(e));
    arena_free(e);
}

/* ---- finding --------------------------------------------------------------------- */

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
    keyspace_free_entry(b->keyspace, e);
}

static void told_changed(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash)
{
    if (ks->observer.changed)
        ks->observer.changed(ks->observer.ctx, db, key, hash);
}

void keyspace_expire_slot(struct database *b, uint64_t hash, uint64_t *slot)
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

struct entry *keyspace_find(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash)
{
    uint64_t *slot = keyspace_slot(ks, db, key, hash);
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
        access_touch(e);
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

const struct entry *keyspace_peek(const struct keyspace *ks, unsigned db, struct slice key, uint64_t hash)
{
    uint64_t *slot = dict_find(&ks->db[db]->dict, hash, entry_match, &key);
    return slot ? dict_item(slot) : NULL;
}

uint64_t keyspace_tables_gone(const struct keyspace *ks)
{
    return ks->tables_gone;
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
    if (!*found && !keyspace_entry_ended(item))
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
        if (!e || !keyspace_entry_ended(e))
            return e;
        struct slice key = entry_key(e);
        uint64_t hash = keyspace_hash(key);
        keyspace_expire_slot(b, hash, dict_find(&b->dict, hash, entry_match, &key));
    }
}

struct scan {
    void (*visit)(void *ctx, struct entry *e);
    void *ctx;
};

static void scan_visit(void *ctx, void *item)
{
    const struct scan *s = ctx;
    if (!keyspace_entry_ended(item))
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
    keyspace_note_end(b->keyspace->expiry, &b->expiry, &b->dict, hash, entry_expiry(e));
    count_expiry(b, e, 1);
}

/* Tells e's table where it stands now. */
static void settle(struct database *b, const struct entry *e, uint64_t hash)
{
    const struct table_ops *ops = table_ops[entry_type(e)];
    if (ops->settle)
        ops->settle(entry_table(e), b, hash);
}

void keyspace_put_entry(struct database *b, uint64_t hash, uint64_t *slot, struct entry *e)
{
    if (slot) {
        count_expiry(b, dict_item(slot), -1);
        dict_replace(slot, e);
    } else {
        if (!dict_insert(&b->dict, hash, e))
            entry_out_of_memory(entry_size(e));
        if (likely(b->index < b->keyspace->databases))
            keyspace_event(b->keyspace, b->index, entry_key(e), EVENT_NEW, "new");
    }
    if (unlikely(entry_encoding(e) == ENC_TABLE))
        settle(b, e, hash);
    note_expiry(b, e, hash);
}

struct entry *keyspace_store(struct database *b, uint64_t hash, uint64_t *slot, const struct entry_parts *p)
{
    struct entry *old = slot ? dict_item(slot) : NULL;
    struct entry *e = entry_make(p);
    keyspace_put_entry(b, hash, slot, e);
    if (old)
        keyspace_free_entry(b->keyspace, old);
    return e;
}

static struct entry *set_in_place(struct database *b, struct entry *e, uint64_t hash, uint8_t kind,
                                  int64_t expiry, struct slice value)
{
    e->kind = kind;
    e->flags &= (uint8_t)~ENTRY_VALUE_FLAGS;
    e->value_len = (uint16_t)value.len;
    struct slice key = entry_key(e);
    memmove((char *)(uintptr_t)key.ptr + key.len, value.ptr, value.len);
    access_touch(e);
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
    uint64_t *slot = keyspace_slot(ks, db, key, hash);
    if (slot) {
        struct entry *e = dict_item(slot);
        if (expiry == KEEP_EXPIRY)
            expiry = entry_expiry(e);
        if (likely(entry_fits(e, kind, expiry, value.len)))
            return set_in_place(b, e, hash, kind, expiry, value);
    }
    struct entry_parts p = {.key = key, .kind = kind, .expiry = expiry, .value = value};
    return keyspace_store(b, hash, slot, &p);
}

struct entry *keyspace_set_int(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash,
                               int64_t value, int64_t expiry_ms)
{
    char bytes[8];
    return set_bytes(ks, db, key, hash, entry_kind(TYPE_STRING, ENC_INT), entry_int_bytes(value, bytes),
                     expiry_ms);
}

bool keyspace_replace_int(struct keyspace *ks, struct entry *e, int64_t value)
{
    (void)ks;
    char bytes[8];
    if (entry_encoding(e) != ENC_INT || entry_int_bytes(value, bytes).len > e->value_len)
        return false;
    /* In its old width, which may be wider than needed: the next rewrite narrows it. */
    struct slice key = entry_key(e);
    memcpy((char *)(uintptr_t)key.ptr + key.len, &value, e->value_len);
    e->flags &= (uint8_t)~ENTRY_VALUE_FLAGS;
    access_touch(e);
    return true;
}

struct entry *keyspace_set_blob(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash,
                                struct blob *blob, int64_t expiry_ms)
{
    struct database *b = ks->db[db];
    uint64_t *slot = keyspace_slot(ks, db, key, hash);
    struct entry_parts p = {.key = key,
                            .kind = entry_kind(TYPE_STRING, ENC_BLOB),
                            .expiry = expiry_ms,
                            .value = slice_make("", 0),
                            .boxed = blob};
    if (expiry_ms == KEEP_EXPIRY)
        p.expiry = slot ? entry_expiry(dict_item(slot)) : EXPIRY_NONE;
    return keyspace_store(b, hash, slot, &p);
}

struct entry *keyspace_set(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash,
                           struct slice value, int64_t expiry_ms)
{
    int64_t v;
    if (value.len <= 20 && number_parse_i64(value, &v))
        return keyspace_set_int(ks, db, key, hash, v, expiry_ms);
    if (likely(value.len <= ENTRY_INLINE_MAX))
        return set_bytes(ks, db, key, hash, entry_kind(TYPE_STRING, ENC_INLINE), value, expiry_ms);
    struct blob *blob = blob_create(value.len);
    memcpy(blob->data, value.ptr, value.len);
    blob->len = value.len;
    return keyspace_set_blob(ks, db, key, hash, blob, expiry_ms);
}

/* What e holds as bytes, digits of an integer written to scratch. */
static struct slice bytes_of(const struct entry *e, char scratch[ENTRY_DIGITS])
{
    return entry_encoding(e) == ENC_INT ? entry_string(e, scratch) : entry_bytes(e);
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
    entry_set_boxed(e, b);
    return b->data;
}

/* The bytes of the entry at slot (NULL: none yet) as a blob's owner. */
static struct entry *make_blob_entry(struct database *b, struct slice key, uint64_t hash, uint64_t *slot,
                                     enum entry_type type, size_t len)
{
    char scratch[ENTRY_DIGITS];
    struct slice old = slot ? bytes_of(dict_item(slot), scratch) : slice_make("", 0);
    /* Zeroed, so that one far bit of a new string doesn't touch all before it. */
    struct blob *blob = blob_create_zeroed(len + len / 2);
    memcpy(blob->data, old.ptr, old.len < len ? old.len : len);
    blob->len = len;
    struct entry_parts p = {.key = key,
                            .kind = entry_kind(type, ENC_BLOB),
                            .flags = slot ? entry_parts(dict_item(slot)).flags : 0,
                            .expiry = slot ? entry_expiry(dict_item(slot)) : EXPIRY_NONE,
                            .value = slice_make("", 0),
                            .boxed = blob};
    return keyspace_store(b, hash, slot, &p);
}

/* The same as an entry that holds them. */
static struct entry *make_inline_entry(struct database *b, struct slice key, uint64_t hash, uint64_t *slot,
                                       enum entry_type type, size_t len)
{
    struct entry *e = slot ? dict_item(slot) : NULL;
    char scratch[ENTRY_DIGITS];
    struct slice old = e ? bytes_of(e, scratch) : slice_make("", 0);
    struct entry_parts p = {.key = e ? entry_key(e) : key,
                            .kind = entry_kind(type, ENC_INLINE),
                            .flags = e ? entry_parts(e).flags : 0,
                            .expiry = e ? entry_expiry(e) : EXPIRY_NONE,
                            .value = slice_make(NULL, len)};
    struct entry *made = entry_make(&p);
    memcpy(entry_value(made), old.ptr, old.len < len ? old.len : len);
    keyspace_put_entry(b, hash, slot, made);
    if (e)
        keyspace_free_entry(b->keyspace, e);
    return made;
}

char *keyspace_resize(struct keyspace *ks, unsigned db, enum entry_type type, struct slice key, uint64_t hash,
                      uint64_t *slot, size_t len, struct entry **now)
{
    struct database *b = ks->db[db];
    struct entry *e = slot ? dict_item(slot) : NULL;
    uint8_t kind = entry_kind(type, ENC_INLINE);
    bool is_blob = e && entry_encoding(e) == ENC_BLOB;
    if (is_blob && len > (type == TYPE_STRING ? 0 : ENTRY_INLINE_MAX / 2)) {
        *now = e;
        return edit_blob(e, len);
    }
    if (len > ENTRY_INLINE_MAX) {
        *now = make_blob_entry(b, key, hash, slot, type, len);
        return edit_blob(*now, len);
    }
    if (!e || is_blob || entry_encoding(e) == ENC_INT || !entry_fits(e, kind, entry_expiry(e), len))
        e = make_inline_entry(b, key, hash, slot, type, len);
    else if (len > e->value_len)
        memset(entry_value(e) + e->value_len, 0, len - e->value_len);
    e->value_len = (uint16_t)len;
    *now = e;
    return entry_value(e);
}

char *keyspace_edit(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash, size_t len)
{
    struct entry *e;
    char *bytes = keyspace_resize(ks, db, TYPE_STRING, key, hash, keyspace_slot(ks, db, key, hash), len, &e);
    e->flags = (uint8_t)((e->flags & ~ENTRY_TEXT) | ENTRY_EDITED);
    return bytes;
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
    struct entry_parts p = entry_parts(e);
    p.expiry = expiry_ms;
    struct entry *moved = entry_make(&p);
    memcpy(moved->access, e->access, sizeof e->access);
    keyspace_put_entry(b, hash, dict_find(&b->dict, hash, entry_match, &p.key), moved);
    arena_free(e);
    return moved;
}

bool keyspace_delete(struct keyspace *ks, unsigned db, struct slice key, uint64_t hash)
{
    uint64_t *slot = keyspace_slot(ks, db, key, hash);
    if (!slot)
        return false;
    remove_slot(ks->db[db], hash, slot);
    return true;
}

/* Stores what p says under `to`, which may be a slice of the entry that it replaces. */
static void store_under(struct keyspace *ks, unsigned db, struct slice to, uint64_t hash,
                        struct entry_parts p)
{
    p.key = to;
    struct database *b = ks->db[db];
    const struct entry *e = keyspace_store(b, hash, keyspace_slot(ks, db, to, hash), &p);
    if (unlikely(e->flags & ENTRY_FIELDS_EXPIRE) && fields_earliest(e) != EXPIRY_NONE)
        keyspace_note_end(ks->expiry, &b->expiry, &b->dict, hash, fields_earliest(e));
}

void keyspace_rename(struct keyspace *ks, unsigned db, struct slice from, uint64_t from_hash, unsigned to_db,
                     struct slice to, uint64_t to_hash)
{
    struct database *b = ks->db[db];
    uint64_t *slot = keyspace_slot(ks, db, from, from_hash);
    must(slot);
    struct entry *e = dict_item(slot);
    count_expiry(b, e, -1);
    dict_remove_at(&b->dict, from_hash, slot);
    store_under(ks, to_db, to, to_hash, entry_parts(e));
    arena_free(e);
}

void keyspace_copy(struct keyspace *ks, unsigned db, struct slice from, uint64_t from_hash, unsigned to_db,
                   struct slice to, uint64_t to_hash)
{
    struct entry *e = keyspace_find(ks, db, from, from_hash);
    must(e);
    struct entry_parts p = entry_parts(e);
    if (entry_encoding(e) == ENC_BLOB)
        blob_get(p.boxed);
    else if (entry_encoding(e) == ENC_TABLE)
        p.boxed = table_ops[entry_type(e)]->copy(p.boxed);
    store_under(ks, to_db, to, to_hash, p);
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
        dict_drain(&old->dict, DRAIN_STEP + 1, keyspace_take_entry, ks);
        expiry_clear(ks->expiry, &old->expiry, UINT32_MAX);
        old->expiring = 0;
        old->expiry_sum = 0;
        return count;
    }
    /* Whoever flushes again before the last was drained helps, else they would pile up. */
    if (ks->flushed)
        keyspace_drain(ks, clock_mono_us_now() + FLUSH_HELP_US);
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
    ks->dirty++;
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

bool keyspace_set_no_touch(struct keyspace *ks, bool on)
{
    bool was = ks->no_touch;
    ks->no_touch = on;
    return was;
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
