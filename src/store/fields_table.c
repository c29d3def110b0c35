/* fields_table: a big hash (see store/fields.h). */
#include "base/mem.h"
#include "base/number.h"
#include "store/fields_priv.h"

/* Fields whose size is looked at to tell that of all. */
#define MEMORY_SAMPLE 64
/* Cells that counting soon looks at, and into: some 100 microseconds of either. */
#define SOON_CELLS 16384
#define SOON_DUE 256

static struct fields_table *table_of(struct dict *d)
{
    return (struct fields_table *)((char *)d - offsetof(struct fields_table, dict));
}

static uint64_t hash_field(const void *item)
{
    return keyspace_hash(entry_key(item));
}

static void on_split(struct dict *d, uint32_t from, uint32_t to)
{
    struct fields_table *t = table_of(d);
    expiry_split(t->wheel, &t->expiry, from, to);
}

static void on_merge(struct dict *d, uint32_t from, uint32_t to)
{
    struct fields_table *t = table_of(d);
    expiry_merge(t->wheel, &t->expiry, from, to);
}

static const struct dict_type field_dict = {hash_field, on_split, on_merge};

struct fields_table *fields_table_create(struct database *home, uint64_t hash)
{
    struct fields_table *t = mem_zalloc(1, sizeof *t);
    dict_init(&t->dict, &field_dict);
    t->expiry.owner = EXPIRY_OF_FIELDS;
    t->wheel = home->keyspace->expiry;
    t->home = home;
    t->hash = hash;
    return t;
}

/* ---- changing --------------------------------------------------------------- */

static void free_field(struct entry *e)
{
    if (entry_encoding(e) == ENC_BLOB)
        blob_put(entry_blob(e));
    arena_free(e);
}

/* e got an expiry: the index hears of it. */
static void note(struct fields_table *t, const struct entry *e, uint64_t hash)
{
    if (likely(!(e->flags & ENTRY_EXPIRES)))
        return;
    t->expiring++;
    keyspace_note_end(t->wheel, &t->expiry, &t->dict, hash, entry_expiry(e));
}

static void forget(struct fields_table *t, const struct entry *e)
{
    t->expiring -= (e->flags & ENTRY_EXPIRES) != 0;
}

/* e, which has an expiry, gets another. */
static void set_time(struct fields_table *t, struct entry *e, uint64_t hash, int64_t expiry_ms)
{
    forget(t, e);
    memcpy(e->body, &expiry_ms, 8);
    note(t, e, hash);
}

static void insert(struct fields_table *t, uint64_t hash, const struct entry_parts *parts)
{
    struct entry *e = entry_make(parts);
    if (!dict_insert(&t->dict, hash, e))
        entry_out_of_memory(entry_size(e));
    note(t, e, hash);
}

/* An entry of parts takes the place of the one in slot, whose memory is freed, not what it points to. */
static void replace(struct fields_table *t, uint64_t hash, uint64_t *slot, const struct entry_parts *parts)
{
    struct entry *old = dict_item(slot), *e = entry_make(parts);
    forget(t, old);
    dict_replace(slot, e);
    note(t, e, hash);
    arena_free(old);
}

/* How a value is held: kind, value and boxed of parts. An integer's bytes go to int_bytes. */
static void hold(struct entry_parts *parts, struct slice value, struct blob *blob, char int_bytes[8])
{
    int64_t number;
    if (value.len <= 20 && number_parse_i64(value, &number)) {
        parts->kind = entry_kind(TYPE_STRING, ENC_INT);
        parts->value = entry_int_bytes(number, int_bytes);
    } else if (likely(value.len <= ENTRY_INLINE_MAX)) {
        parts->kind = entry_kind(TYPE_STRING, ENC_INLINE);
        parts->value = value.len ? value : slice_make("", 0);
    } else {
        if (blob) {
            blob_get(blob);
        } else {
            blob = blob_create(value.len);
            memcpy(blob->data, value.ptr, value.len);
            blob->len = value.len;
        }
        parts->kind = entry_kind(TYPE_STRING, ENC_BLOB);
        parts->value = slice_make("", 0);
        parts->boxed = blob;
    }
}

bool fields_table_set(struct fields_table *t, struct slice field, uint64_t hash, struct slice value,
                      struct blob *blob, int64_t expiry_ms)
{
    char int_bytes[8];
    struct entry_parts parts = {.key = field, .expiry = expiry_ms};
    hold(&parts, value, blob, int_bytes);
    uint64_t *slot = dict_find(&t->dict, hash, entry_match, &field);
    if (!slot) {
        insert(t, hash, &parts);
        return true;
    }
    struct entry *e = dict_item(slot);
    bool ended = keyspace_entry_ended(e);
    if (expiry_ms == KEEP_EXPIRY)
        parts.expiry = ended ? EXPIRY_NONE : entry_expiry(e);
    if (likely(entry_fits(e, parts.kind, parts.expiry, parts.value.len))) {
        e->kind = parts.kind;
        e->value_len = (uint16_t)parts.value.len;
        memcpy(entry_value(e), parts.value.ptr, parts.value.len);
        if (unlikely(parts.expiry >= 0))
            set_time(t, e, hash, parts.expiry);
        return ended;
    }
    if (entry_encoding(e) == ENC_BLOB)
        blob_put(entry_blob(e));
    replace(t, hash, slot, &parts);
    return ended;
}

void fields_table_set_expiry(struct fields_table *t, struct slice field, uint64_t hash, int64_t expiry_ms)
{
    uint64_t *slot = dict_find(&t->dict, hash, entry_match, &field);
    must(slot);
    struct entry *e = dict_item(slot);
    if (e->flags & ENTRY_EXPIRES && expiry_ms >= 0) {
        set_time(t, e, hash, expiry_ms);
        return;
    }
    struct entry_parts parts = entry_parts(e);
    parts.expiry = expiry_ms;
    replace(t, hash, slot, &parts);
}

static void remove_slot(struct fields_table *t, uint64_t hash, uint64_t *slot)
{
    struct entry *e = dict_item(slot);
    forget(t, e);
    dict_remove_at(&t->dict, hash, slot);
    free_field(e);
}

bool fields_table_remove(struct fields_table *t, struct slice field, uint64_t hash)
{
    uint64_t *slot = dict_find(&t->dict, hash, entry_match, &field);
    if (!slot || keyspace_entry_ended(dict_item(slot)))
        return false;
    remove_slot(t, hash, slot);
    return true;
}

void fields_table_drop(struct fields_table *t, struct entry *e)
{
    struct slice field = entry_key(e);
    uint64_t hash = keyspace_hash(field);
    uint64_t *slot = dict_find(&t->dict, hash, entry_match, &field);
    must(slot);
    remove_slot(t, hash, slot);
}

/* ---- counting --------------------------------------------------------------- */

struct ended {
    uint64_t first, last; /* of the cell */
    uint64_t count;
};

static void count_ended(void *ctx, void *item)
{
    struct ended *c = ctx;
    if (!keyspace_entry_ended(item))
        return;
    uint64_t hash = hash_field(item); /* neighbours of the cell are shown too */
    c->count += hash >= c->first && hash <= c->last;
}

/* Fields without those that have ended, as far as looking at `cells` cells and into `due` of them shows these. */
static uint64_t count_live(const struct fields_table *t, uint64_t cells, uint64_t due)
{
    uint64_t count = dict_count(&t->dict);
    int64_t now = clock_ms();
    /* When the clock was set back what is due may stand behind what isn't yet. */
    if (likely(!t->expiring || (!expiry_backlog(t->wheel) && expiry_next_ms(t->wheel) > now)))
        return count;
    /* Some of the ended fields may still be there; they stand in cells that are due. */
    struct ended c = {.count = 0};
    for (uint32_t i = 0; i < t->expiry.segments && cells >= EXPIRY_CELLS && due; i++, cells -= EXPIRY_CELLS) {
        for (unsigned cell = 0; cell < EXPIRY_CELLS && due; cell++) {
            if (expiry_cell_time(t->wheel, &t->expiry, i, cell) > now)
                continue;
            due--;
            keyspace_cell_range(&t->dict, i, cell, &c.first, &c.last);
            dict_scan_range(&t->dict, c.first, c.last, count_ended, &c);
        }
    }
    return count - c.count;
}

uint64_t fields_table_count(const struct fields_table *t)
{
    return count_live(t, UINT64_MAX, UINT64_MAX);
}

uint64_t fields_table_count_soon(const struct fields_table *t)
{
    return count_live(t, SOON_CELLS, SOON_DUE);
}

/* ---- as a table --------------------------------------------------------------- */

static uint64_t count(const void *table)
{
    return fields_table_count(table);
}

static void *copy(const void *table)
{
    const struct fields_table *t = table;
    struct fields_table *made = fields_table_create(t->home, t->hash);
    struct dict_walk walk;
    dict_walk_begin(&walk, &t->dict);
    for (const struct entry *e; (e = dict_walk_next(&walk));) {
        struct entry_parts parts = entry_parts(e);
        if (entry_encoding(e) == ENC_BLOB)
            blob_get(parts.boxed);
        insert(made, hash_field(e), &parts);
    }
    return made;
}

static void take_field(void *ctx, void *item)
{
    (void)ctx;
    free_field(item);
}

static bool drain(void *table, unsigned most)
{
    struct fields_table *t = table;
    t->home = NULL;
    if (dict_drain(&t->dict, most, take_field, NULL) == most)
        return false;
    if (!expiry_clear(t->wheel, &t->expiry, most))
        return false;
    mem_free(t);
    return true;
}

static size_t memory(const void *table)
{
    const struct fields_table *t = table;
    struct dict_walk walk;
    dict_walk_begin(&walk, &t->dict);
    size_t bytes = 0, seen = 0;
    for (const struct entry *e; seen < MEMORY_SAMPLE && (e = dict_walk_next(&walk)); seen++)
        bytes += entry_memory(e);
    uint64_t fields = dict_count(&t->dict);
    return mem_usable(t) + dict_memory(&t->dict) + expiry_memory(&t->expiry) +
           (seen ? bytes * fields / seen : 0);
}

static const struct dict *dict(const void *table)
{
    return &((const struct fields_table *)table)->dict;
}

static void settle(void *table, struct database *home, uint64_t hash)
{
    struct fields_table *t = table;
    t->home = home;
    t->hash = hash;
}

const struct table_ops fields_table_ops = {
    .count = count, .copy = copy, .drain = drain, .memory = memory, .dict = dict, .settle = settle};
