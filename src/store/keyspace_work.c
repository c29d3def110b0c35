/* keyspace_work: what the keyspace does by itself: keys whose time has come go, and what
 * was given up at once (flushed databases, big collections) is freed in steps. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "store/fields_priv.h"
#include "store/keyspace_priv.h"

/* Cells moved in the wheel between two looks at the clock. */
#define EXPIRY_STEPS 16
/* Expired entries taken out of a cell in one go. */
#define CELL_BATCH 64
/* Elements of a collection freed at once; what has more waits for keyspace_work. */
#define FREE_AT_ONCE 64

/* ---- freeing ------------------------------------------------------------------------ */

void keyspace_free_table(struct keyspace *ks, enum entry_type type, void *table)
{
    ks->tables_gone++;
    if (table_ops[type]->drain(table, FREE_AT_ONCE))
        return;
    struct doomed *d = mem_alloc(sizeof *d);
    *d = (struct doomed){table, table_ops[type], ks->doomed};
    ks->doomed = d;
}

void keyspace_take_entry(void *ctx, void *item)
{
    keyspace_free_entry(ctx, item);
}

/* One step of what was flushed or given up. False when nothing is left. */
static bool drain_step(struct keyspace *ks)
{
    struct doomed *d = ks->doomed;
    if (d) {
        if (d->ops->drain(d->table, DRAIN_STEP)) {
            ks->doomed = d->next; /* drain adds none: collections hold no collections */
            mem_free(d);
        }
        return true;
    }
    struct database *b = ks->flushed;
    if (!b)
        return false;
    if (dict_drain(&b->dict, DRAIN_STEP, keyspace_take_entry, ks) < DRAIN_STEP &&
        expiry_clear(ks->expiry, &b->expiry, DRAIN_STEP)) {
        ks->flushed = b->next;
        mem_free(b);
    }
    return true;
}

bool keyspace_drain(struct keyspace *ks, uint64_t until)
{
    while (drain_step(ks)) {
        if (clock_mono_us_now() >= until)
            return !ks->flushed && !ks->doomed;
    }
    return true;
}

/* ---- expiring ----------------------------------------------------------------------- */

/* The entries of a cell, as dict_scan_range shows them. */
struct cell_view {
    int64_t now;
    int64_t next; /* the earliest end of those that stay */
    unsigned count;
    bool more;
    struct entry *ended[CELL_BATCH];
};

/* When the first part of e ends: the key, or a field of a packed hash. */
static int64_t next_end(const struct entry *e)
{
    int64_t end = entry_expiry(e);
    if (likely(!(e->flags & ENTRY_FIELDS_EXPIRE)))
        return end;
    int64_t field = fields_earliest(e);
    return end < 0 || (field >= 0 && field < end) ? field : end;
}

static void view_entry(void *ctx, void *item)
{
    struct cell_view *v = ctx;
    int64_t end = next_end(item);
    if (end < 0)
        return;
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

/* Shows what of a cell of d has ended, and lets the cell wait for the rest. */
static void view_cell(struct keyspace *ks, const struct dict *d, const struct expiry_due *due,
                      struct cell_view *v)
{
    uint64_t first, last;
    keyspace_cell_range(d, due->segment, due->cell, &first, &last);
    *v = (struct cell_view){.now = clock_ms(), .next = INT64_MAX};
    dict_scan_range(d, first, last, prefetch_item, NULL);
    dict_scan_range(d, first, last, view_entry, v);
    /* Noted before anything is removed: a removal may split or merge segments. */
    if (v->more)
        v->next = due->at_ms - 1; /* at once, and its lag goes on */
    if (v->next != INT64_MAX)
        expiry_note(ks->expiry, due->map, due->segment, due->cell, v->next + 1);
}

/* Fields of the hash at p have ended and are gone: tells, and takes the key away when none is left. */
static void tell_fields_ended(struct place *p)
{
    struct keyspace *ks = p->keyspace;
    bool empty = fields_empty(p->entry);
    if (likely(p->db < ks->databases))
        keyspace_changed(ks, p->db, p->key, p->hash, EVENT_HASH, "hexpired");
    if (!empty)
        return;
    place_clear(p);
    if (likely(p->db < ks->databases))
        keyspace_changed(ks, p->db, p->key, p->hash, EVENT_GENERIC, "del");
}

/* Something of the packed hash in slot has ended: that goes. */
static void expire_packed_fields(struct database *b, uint64_t hash, uint64_t *slot)
{
    struct entry *e = dict_item(slot);
    struct slice key = entry_key(e);
    char *copy = mem_dup(key.ptr, key.len); /* the entry moves when it shrinks */
    struct place p = {b->keyspace, b->index, slice_make(copy, key.len), hash, e};
    uint32_t gone = fields_packed_drop_ended(&p);
    b->keyspace->stats.expired_fields += gone;
    int64_t next = fields_earliest(p.entry);
    if (next >= 0)
        keyspace_note_end(b->keyspace->expiry, &b->expiry, &b->dict, hash, next);
    if (gone)
        tell_fields_ended(&p);
    mem_free(copy);
}

/* A cell's time has come: its ended entries go, and it waits for the next. */
static void fire_keys(struct keyspace *ks, const struct expiry_due *due)
{
    struct database *b = (struct database *)((char *)due->map - offsetof(struct database, expiry));
    if (b->flushed || due->segment >= b->dict.segments)
        return;
    struct cell_view v;
    view_cell(ks, &b->dict, due, &v);
    for (unsigned i = 0; i < v.count; i++) {
        uint64_t hash = keyspace_hash(entry_key(v.ended[i]));
        uint64_t *slot = dict_find(&b->dict, hash, match_pointer, v.ended[i]);
        must(slot);
        if (keyspace_entry_ended(v.ended[i]))
            keyspace_expire_slot(b, hash, slot);
        else
            expire_packed_fields(b, hash, slot);
    }
}

static bool match_table(const void *item, const void *table)
{
    const struct entry *e = item;
    return entry_encoding(e) == ENC_TABLE && entry_table(e) == table;
}

/* The same for a hash that is a table. */
static void fire_fields(struct keyspace *ks, const struct expiry_due *due)
{
    struct fields_table *t =
        (struct fields_table *)((char *)due->map - offsetof(struct fields_table, expiry));
    struct database *b = t->home;
    if (!b || b->flushed || due->segment >= t->dict.segments)
        return;
    struct cell_view v;
    view_cell(ks, &t->dict, due, &v);
    for (unsigned i = 0; i < v.count; i++)
        fields_table_drop(t, v.ended[i]);
    ks->stats.expired_fields += v.count;
    if (!v.count || (!ks->observed && dict_count(&t->dict)))
        return;
    uint64_t hash = t->hash, *slot = dict_find(&b->dict, hash, match_table, t);
    must(slot);
    struct slice key = entry_key(dict_item(slot));
    char *copy = mem_dup(key.ptr, key.len);
    struct place p = {ks, b->index, slice_make(copy, key.len), hash, dict_item(slot)};
    tell_fields_ended(&p);
    mem_free(copy);
}

static void fire_cell(struct keyspace *ks, const struct expiry_due *due)
{
    if (due->map->owner == EXPIRY_OF_FIELDS)
        fire_fields(ks, due);
    else
        fire_keys(ks, due);
}

/* Expires what is due until `until` (monotonic us); true when nothing due is left. */
static bool work_expiry(struct keyspace *ks, uint64_t until)
{
    struct expiry_due due;
    bool idle = false, any = false;
    for (unsigned n = 1; !idle; n++) {
        bool fires = expiry_step(ks->expiry, clock_ms(), &due, &idle);
        if (fires) {
            if (!any)
                ks->stats.expire_lag_us = (uint64_t)(clock_us() - due.at_ms * 1000);
            any = true;
            fire_cell(ks, &due);
        }
        if (!idle && (fires || n % EXPIRY_STEPS == 0) && clock_mono_us_now() >= until)
            break;
    }
    if (any && ks->stats.expire_lag_us > ks->stats.expire_lag_max_us)
        ks->stats.expire_lag_max_us = ks->stats.expire_lag_us;
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
    if (unlikely(ks->flushed || ks->doomed))
        until = clock_mono_us_now() + budget_us / 2;
    bool drained = keyspace_drain(ks, until);
    ks->stats.expire_due_cells = expiry_backlog(ks->expiry); /* what was drained is due no more */
    if (!drained || !expired)
        return 0;
    int64_t next = ks->active_expiry ? expiry_next_ms(ks->expiry) : INT64_MAX;
    if (next == INT64_MAX)
        return -1;
    return next > clock_ms() ? next - clock_ms() : 0;
}

void keyspace_free_more(struct keyspace *ks, uint64_t budget_us)
{
    keyspace_drain(ks, clock_mono_us_now() + budget_us);
}

void keyspace_destroy(struct keyspace *ks)
{
    keyspace_observe(ks, NULL);
    for (unsigned i = 0; i <= ks->databases; i++)
        keyspace_flush(ks, i);
    keyspace_drain(ks, UINT64_MAX);
    for (unsigned i = 0; i <= ks->databases; i++) {
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
