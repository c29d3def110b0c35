/* fields: hashes against a simple model, packed and as tables, at every size around the conversions,
 * while fields end, and while keys with them are copied, renamed, swapped and flushed. */
#include "store/fields.h"

#include "store/encoding.h"
#include "tests/unit/support/check.h"
#include "tests/unit/support/script_clock.h"

#include <stdio.h>

#define DBS 3
#define HASHES 3
#define FIELDS 600

static struct keyspace *ks;

static void start(void)
{
    arena_init();
    script_clock_start();
    ks = keyspace_create(DBS);
}

static void finish(void)
{
    keyspace_destroy(ks);
    check(arena_stats().objects == 0);
    clock_set_source(NULL, NULL);
}

TestSuite(fields, .init = start, .fini = finish, .timeout = 200);

/* ---- the model ---- */

struct model_field {
    bool there;
    char *value;
    size_t len;
    int64_t expiry;
};

struct model {
    struct model_field field[FIELDS];
    bool was_table;
};

static struct model model[DBS][HASHES];
static struct slice names[FIELDS];
static unsigned used; /* of the names: sizes to play at */

/* Integers, short texts, empty, binary and long ones. */
static void make_names(void)
{
    for (int i = 0; i < FIELDS; i++) {
        char *text = malloc(400);
        int len = i % 3 ? sprintf(text, "field:%d", i) : sprintf(text, "%d", i * 7919 - 40000);
        if (i == 1)
            len = 0;
        if (i % 20 == 2)
            text[3] = 0;
        int longer = i % 50 == 5 ? 63 : i % 50 == 10 ? 64 : i % 50 == 16 ? 65 : i % 50 == 25 ? 256 : 0;
        while (len < longer)
            text[len++] = (char)('a' + i % 26);
        names[i] = slice_make(text, (size_t)len);
    }
}

static void free_names(void)
{
    for (int i = 0; i < FIELDS; i++)
        free((void *)(uintptr_t)names[i].ptr);
}

static int name_index(struct slice name)
{
    for (int i = 0; i < FIELDS; i++)
        if (slice_eq(names[i], name))
            return i;
    check(false);
    return -1;
}

static struct slice key_of(unsigned k)
{
    static char text[HASHES][20];
    return slice_make(text[k], (size_t)sprintf(text[k], "hash:%u", k));
}

static struct place at(unsigned db, unsigned k)
{
    return place_find(ks, db, key_of(k), keyspace_hash(key_of(k)));
}

static bool live(const struct model_field *f)
{
    return f->there && (f->expiry < 0 || f->expiry >= clock_ms());
}

static uint64_t live_count(const struct model *m)
{
    uint64_t count = 0;
    for (int i = 0; i < FIELDS; i++)
        count += live(&m->field[i]);
    return count;
}

static void model_drop(struct model_field *f)
{
    free(f->value);
    *f = (struct model_field){.expiry = EXPIRY_NONE};
}

static void model_clear(struct model *m)
{
    for (int i = 0; i < FIELDS; i++)
        model_drop(&m->field[i]);
    m->was_table = false;
}

static void model_set(struct model_field *f, struct slice value, int64_t expiry)
{
    if (expiry == KEEP_EXPIRY)
        expiry = live(f) ? f->expiry : EXPIRY_NONE;
    char *copy = malloc(value.len + 1);
    memcpy(copy, value.ptr, value.len);
    model_drop(f);
    *f = (struct model_field){true, copy, value.len, expiry};
}

static void model_copy(struct model *to, const struct model *from)
{
    model_clear(to);
    for (int i = 0; i < FIELDS; i++) {
        const struct model_field *f = &from->field[i];
        if (live(f))
            model_set(&to->field[i], slice_make(f->value, f->len), f->expiry);
    }
    to->was_table = from->was_table;
}

/* ---- checks ---- */

static void check_field(const struct entry *e, const struct model *m, int i)
{
    const struct model_field *f = &m->field[i];
    char scratch[FIELDS_DIGITS];
    struct slice value;
    int64_t expiry;
    check(fields_has(e, names[i]) == live(f));
    check(fields_get(e, names[i], scratch, &value) == live(f));
    check(fields_get_expiry(e, names[i], &expiry) == live(f));
    if (!live(f))
        return;
    check(slice_eq(value, slice_make(f->value, f->len)));
    check(expiry == f->expiry);
    struct blob *blob = fields_value_blob(e, value);
    check(!blob || (blob->data == value.ptr && blob->len == value.len));
    check(fields_get_hashed(e, names[i], keyspace_hash(names[i]), scratch, &value));
}

static unsigned scan_seen[FIELDS];
static const struct model *scan_model;

static void scan_check(void *ctx, struct slice field, struct slice value)
{
    int i = name_index(field);
    const struct model_field *f = &scan_model->field[i];
    check(live(f) && slice_eq(value, slice_make(f->value, f->len)));
    scan_seen[i]++;
    ++*(unsigned *)ctx;
}

/* Everything that can be asked of a hash. */
static void check_hash(const struct entry *e, const struct model *m)
{
    check(fields_count(e) == live_count(m));
    for (int i = 0; i < FIELDS; i++)
        check_field(e, m, i);
    struct fields_cursor c;
    struct slice field, value;
    int64_t expiry, earliest = EXPIRY_NONE;
    uint64_t count = 0;
    fields_begin(&c, e);
    while (fields_next(&c, &field, &value, &expiry)) {
        const struct model_field *f = &m->field[name_index(field)];
        check(live(f) && slice_eq(value, slice_make(f->value, f->len)) && expiry == f->expiry);
        if (expiry >= 0 && (earliest < 0 || expiry < earliest))
            earliest = expiry;
        count++;
    }
    check(count == live_count(m));
    memset(scan_seen, 0, sizeof scan_seen);
    scan_model = m;
    uint64_t cursor = 0;
    do {
        unsigned seen = 0;
        cursor = fields_scan(e, cursor, scan_check, &seen);
        check(cursor >> 48 == 0);
    } while (cursor);
    for (int i = 0; i < FIELDS; i++)
        check(scan_seen[i] == live(&m->field[i]));
    if (!e)
        return;
    bool table = fields_is_table(e);
    if (earliest >= 0)
        check(e->flags & ENTRY_FIELDS_EXPIRE);
    if (!table && earliest >= 0)
        check(fields_earliest(e) >= 0 && fields_earliest(e) <= earliest);
    check(!m->was_table || table); /* a table stays one */
    check(strcmp(fields_encoding(e), table                            ? "hashtable"
                                     : e->flags & ENTRY_FIELDS_EXPIRE ? "listpackex"
                                                                      : "listpack") == 0);
    if (table)
        check(dict_count(table_ops[TYPE_HASH]->dict(entry_table(e))) >= count);
}

static void check_all(void)
{
    for (unsigned db = 0; db < DBS; db++)
        for (unsigned k = 0; k < HASHES; k++)
            check_hash(at(db, k).entry, &model[db][k]);
}

/* As a command does after it took fields out. */
static void leave(struct place *p, struct model *m)
{
    if (p->entry && fields_empty(p->entry)) {
        place_clear(p);
        check(live_count(m) == 0);
    }
    if (!p->entry)
        m->was_table = false;
    else
        m->was_table = fields_is_table(p->entry);
}

/* ---- random work ---- */

static char big[40000];

static struct slice draw_value(char *out)
{
    switch (draw_below(12)) {
    case 0:
        return slice_make(out, (size_t)sprintf(out, "%lld", (long long)draw() >> draw_below(64)));
    case 1:
        return slice_make(big, 60 + draw_below(10)); /* around hash_value */
    case 2:
        return draw_below(20) ? slice_make(big, 0) : slice_make(big, 16380 + draw_below(10));
    case 3:
        return draw_below(20) ? slice_make(out, 0) : slice_make(big, sizeof big);
    case 4:
        return slice_make(out, (size_t)sprintf(out, "%d", (int)draw_below(200)));
    default:
        return slice_make(out, (size_t)sprintf(out, "value %u", (unsigned)draw_below(1000)));
    }
}

static int64_t draw_expiry(void)
{
    switch (draw_below(4)) {
    case 0:
        return clock_ms() + (int64_t)draw_below(50);
    case 1:
        return clock_ms() + (int64_t)draw_below(100000);
    case 2:
        return draw_below(50) ? clock_ms() + 7 : INT64_C(0x3fffffffffff);
    default:
        return EXPIRY_NONE;
    }
}

static void set_one(unsigned db, unsigned k, bool timed)
{
    struct place p = at(db, k);
    int i = (int)draw_below(used);
    struct model_field *f = &model[db][k].field[i];
    char text[40];
    struct slice value = draw_value(text);
    int64_t expiry = draw_below(4) == 0 ? KEEP_EXPIRY : timed ? draw_expiry() : EXPIRY_NONE;
    uint64_t hash = draw_below(2) ? keyspace_hash(names[i]) : 0;
    struct blob *blob = NULL;
    if (value.len > ENTRY_INLINE_MAX) {
        blob = blob_create(value.len);
        memcpy(blob->data, value.ptr, value.len);
        blob->len = value.len;
    }
    check(fields_set_blob(&p, names[i], hash, blob ? slice_make(blob->data, blob->len) : value, blob,
                          expiry) == !live(f));
    if (blob)
        blob_put(blob);
    model_set(f, value, expiry);
    leave(&p, &model[db][k]);
}

static void set_many(unsigned db, unsigned k)
{
    struct place p = at(db, k);
    struct slice pairs[80];
    char text[40][40];
    uint32_t count = 1 + (uint32_t)draw_below(40);
    uint64_t made = 0;
    for (uint32_t n = 0; n < count; n++) {
        int i = (int)draw_below(used);
        pairs[2 * n] = names[i];
        pairs[2 * n + 1] = draw_value(text[n]);
        made += !live(&model[db][k].field[i]);
        model_set(&model[db][k].field[i], pairs[2 * n + 1], EXPIRY_NONE);
    }
    check(fields_set_all(&p, pairs, count) == made);
    leave(&p, &model[db][k]);
}

static void remove_some(unsigned db, unsigned k, unsigned count)
{
    struct place p = at(db, k);
    while (count--) {
        int i = (int)draw_below(used);
        struct model_field *f = &model[db][k].field[i];
        check(fields_remove(&p, names[i]) == live(f));
        if (live(f))
            model_drop(f);
    }
    leave(&p, &model[db][k]);
}

static void set_time(unsigned db, unsigned k)
{
    struct place p = at(db, k);
    int i = (int)draw_below(used);
    struct model_field *f = &model[db][k].field[i];
    if (!live(f))
        return;
    f->expiry = draw_expiry();
    fields_set_expiry(&p, names[i], f->expiry);
    leave(&p, &model[db][k]);
}

/* The key itself: gone, copied, renamed, given an expiry of its own. */
static void change_key(unsigned db, unsigned k)
{
    unsigned to_db = (unsigned)draw_below(DBS), to = (unsigned)draw_below(HASHES);
    struct place p = at(db, k);
    struct model *m = &model[db][k], *other = &model[to_db][to];
    switch (draw_below(12)) {
    case 0:
        place_clear(&p);
        model_clear(m);
        break;
    case 1:
    case 2:
    case 3:
        if (!p.entry || m == other)
            break;
        keyspace_copy(ks, db, p.key, p.hash, to_db, key_of(to), keyspace_hash(key_of(to)));
        model_copy(other, m);
        break;
    case 4:
    case 5:
    case 6:
        if (!p.entry || m == other)
            break;
        keyspace_rename(ks, db, p.key, p.hash, to_db, key_of(to), keyspace_hash(key_of(to)));
        model_copy(other, m);
        model_clear(m);
        break;
    case 7:
        keyspace_swap(ks, db, to_db);
        for (unsigned i = 0; i < HASHES && db != to_db; i++) {
            struct model t = model[db][i];
            model[db][i] = model[to_db][i];
            model[to_db][i] = t;
        }
        break;
    case 8:
        keyspace_flush(ks, db);
        for (unsigned i = 0; i < HASHES; i++)
            model_clear(&model[db][i]);
        break;
    default:
        if (p.entry) /* far away: the key doesn't end, its entry is built anew */
            keyspace_set_expiry(ks, db, p.entry, p.hash,
                                draw_below(2) ? clock_ms() + 100000000 : EXPIRY_NONE);
    }
}

/* What ended goes; hashes without fields go too. */
static void work(void)
{
    while (keyspace_work(ks, 1000) == 0)
        ;
    for (unsigned db = 0; db < DBS; db++) {
        for (unsigned k = 0; k < HASHES; k++) {
            struct model *m = &model[db][k];
            struct place p = at(db, k);
            check((p.entry != NULL) == (live_count(m) > 0));
            for (int i = 0; i < FIELDS; i++)
                if (!live(&m->field[i]))
                    model_drop(&m->field[i]);
            if (!p.entry)
                m->was_table = false;
        }
    }
}

static void play(unsigned rounds, bool timed)
{
    for (unsigned db = 0; db < DBS; db++)
        for (unsigned k = 0; k < HASHES; k++)
            model_clear(&model[db][k]);
    for (unsigned n = 0; n < rounds; n++) {
        unsigned db = (unsigned)draw_below(DBS), k = (unsigned)draw_below(HASHES);
        uint64_t what = draw_below(100);
        if (what < 45)
            set_one(db, k, timed);
        else if (what < 55)
            set_many(db, k);
        else if (what < 80)
            remove_some(db, k, draw_below(10) ? 1 + (unsigned)draw_below(3) : used);
        else if (what < 88 && timed)
            set_time(db, k);
        else if (what < 92 && timed)
            script_clock_advance((int64_t)draw_below(draw_below(10) ? 5 : 200));
        else if (what < 95)
            change_key(db, k);
        else if (what < 98)
            work();
        check_field(at(db, k).entry, &model[db][k], (int)draw_below(FIELDS));
        check(fields_count(at(db, k).entry) == live_count(&model[db][k]));
        if (n % 50 == 0)
            check_all();
    }
    work();
    check_all();
    for (unsigned db = 0; db < DBS; db++) {
        keyspace_flush(ks, db);
        for (unsigned k = 0; k < HASHES; k++)
            model_clear(&model[db][k]);
    }
    work();
}

static void play_at_sizes(bool timed)
{
    static const unsigned sizes[] = {1, 3, 8, 20, 100, 600};
    static const struct {
        uint64_t entries, value;
    } limits[] = {{0, 64}, {1, 64}, {2, 8}, {7, 64}, {8, 64}, {20, 0}, {128, 64}, {512, 64}, {10000, 100000}};
    make_names();
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)('A' + i % 50);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++) {
            used = sizes[s];
            encoding_limits.hash_entries = limits[l].entries;
            encoding_limits.hash_value = limits[l].value;
            play(600 / CHECK_SCALE + 60, timed);
        }
    }
    free_names();
}

Test(fields, behave_as_the_model)
{
    play_at_sizes(false);
}

Test(fields, behave_as_the_model_while_they_end)
{
    play_at_sizes(true);
}

/* ---- conversions ---- */

static struct place fresh(const char *key)
{
    return place_find(ks, 0, slice_of(key), keyspace_hash(slice_of(key)));
}

static void add(struct place *p, int from, int to)
{
    for (int i = from; i < to; i++) {
        char name[20];
        check(fields_set(p, slice_make(name, (size_t)sprintf(name, "f%d", i)), SLICE("v"), EXPIRY_NONE));
    }
}

Test(fields, become_a_table_above_the_limits)
{
    encoding_limits.hash_entries = 16;
    encoding_limits.hash_value = 10;
    struct place p = fresh("entries");
    add(&p, 0, 16);
    check(!fields_is_table(p.entry));
    fields_set(&p, SLICE("f3"), SLICE("again"), EXPIRY_NONE);
    check(!fields_is_table(p.entry));
    add(&p, 16, 17);
    check(fields_is_table(p.entry) && fields_count(p.entry) == 17);
    while (fields_count(p.entry) > 1) {
        char name[20];
        fields_remove(&p, slice_make(name, (size_t)sprintf(name, "f%d", (int)fields_count(p.entry) - 1)));
    }
    check(fields_is_table(p.entry));

    p = fresh("value");
    fields_set(&p, SLICE("f"), SLICE("0123456789"), EXPIRY_NONE);
    check(!fields_is_table(p.entry));
    fields_set(&p, SLICE("f"), SLICE("0123456789a"), EXPIRY_NONE);
    check(fields_is_table(p.entry));

    p = fresh("field");
    fields_set(&p, SLICE("0123456789a"), SLICE("v"), EXPIRY_NONE);
    check(fields_is_table(p.entry));

    p = fresh("at once");
    struct slice pairs[34];
    for (int i = 0; i < 34; i++)
        pairs[i] = SLICE("same");
    check(fields_set_all(&p, pairs, 16) == 1 && !fields_is_table(p.entry));
    check(fields_set_all(&p, pairs, 17) == 0 && fields_is_table(p.entry));
}

Test(fields, are_held_in_few_bytes)
{
    encoding_limits.hash_entries = 512;
    encoding_limits.hash_value = 64;
    struct place p = fresh("k");
    fields_set(&p, SLICE("name"), SLICE("100"), EXPIRY_NONE);
    check(entry_bytes(p.entry).len == PACK_HEADER + 5 + 1);
    fields_set(&p, SLICE("name"), SLICE("text"), EXPIRY_NONE);
    check(entry_bytes(p.entry).len == PACK_HEADER + 5 + 5);
    fields_set(&p, SLICE("7"), SLICE("8"), EXPIRY_NONE);
    check(entry_bytes(p.entry).len == PACK_HEADER + 5 + 5 + 2);
    fields_set_expiry(&p, SLICE("7"), clock_ms() + 1000);
    check(entry_bytes(p.entry).len == PACK_HEADER + 5 + 5 + 1 + 2 + 9);
}

Test(fields, overwriting_in_place_allocates_nothing)
{
    encoding_limits.hash_entries = 512;
    encoding_limits.hash_value = 64;
    struct place packed = fresh("packed"), table = fresh("table");
    add(&packed, 0, 100);
    add(&table, 0, 2000);
    check(!fields_is_table(packed.entry) && fields_is_table(table.entry));
    struct arena_stats before = arena_stats();
    const struct entry *stood = packed.entry;
    for (int i = 0; i < 100; i++) {
        char name[20];
        struct slice field = slice_make(name, (size_t)sprintf(name, "f%d", i));
        check(!fields_set(&packed, field, SLICE("w"), EXPIRY_NONE));
        check(!fields_set(&table, field, SLICE("w"), EXPIRY_NONE));
    }
    check(packed.entry == stood);
    check(arena_stats().live == before.live);
}

/* ---- ending ---- */

static unsigned told[4]; /* hexpired, del, changed, others */

static void on_event(void *ctx, unsigned db, struct slice key, enum event_class cls, const char *name)
{
    (void)ctx;
    (void)key;
    check(db < DBS);
    if (strcmp(name, "hexpired") == 0) {
        check(cls == EVENT_HASH);
        told[0]++;
    } else if (strcmp(name, "del") == 0) {
        check(cls == EVENT_GENERIC);
        told[1]++;
    } else {
        told[3]++;
    }
}

static void on_change(void *ctx, unsigned db, struct slice key, uint64_t hash)
{
    (void)ctx;
    check(db == 1 && slice_eq(key, SLICE("k")) && hash == keyspace_hash(key));
    told[2]++;
}

/* `count` fields of which every other one ends. */
static void make_ending(unsigned count)
{
    struct place p = place_find(ks, 1, SLICE("k"), keyspace_hash(SLICE("k")));
    for (unsigned i = 0; i < count; i++) {
        char name[20];
        fields_set(&p, slice_make(name, (size_t)sprintf(name, "f%u", i)), SLICE("v"),
                   i % 2 ? EXPIRY_NONE : clock_ms() + 10);
    }
}

static void check_ends(unsigned count)
{
    make_ending(count);
    static const struct keyspace_observer observer = {.changed = on_change, .event = on_event};
    keyspace_observe(ks, &observer);
    memset(told, 0, sizeof told);
    struct place p = place_find(ks, 1, SLICE("k"), keyspace_hash(SLICE("k")));
    script_clock_advance(10);
    check(keyspace_work(ks, 100000) == 1);
    check(fields_count(p.entry) == count);
    script_clock_advance(1);
    check(fields_count(p.entry) == count / 2); /* before anything removed them */
    while (keyspace_work(ks, 1000) == 0)
        ;
    p = place_find(ks, 1, SLICE("k"), keyspace_hash(SLICE("k")));
    check(fields_count(p.entry) == count / 2);
    check(told[0] > 0 && told[1] == 0 && told[2] == told[0] && told[3] == 0);
    check(keyspace_stats(ks)->expired_fields == count - count / 2);
    for (unsigned i = 1; i < count; i += 2) {
        char name[20];
        fields_set_expiry(&p, slice_make(name, (size_t)sprintf(name, "f%u", i)), clock_ms() + 5);
    }
    script_clock_advance(6);
    check(fields_count(p.entry) == 0 && !fields_empty(p.entry));
    while (keyspace_work(ks, 1000) == 0)
        ;
    check(keyspace_find(ks, 1, SLICE("k"), keyspace_hash(SLICE("k"))) == NULL);
    check(told[1] == 1 && told[2] == told[0] + told[1]);
    keyspace_reset_stats(ks);
    keyspace_observe(ks, NULL);
}

Test(fields, end_without_a_reader_and_take_the_key_with_them)
{
    encoding_limits.hash_entries = 128;
    check_ends(2);
    check_ends(100);
    check_ends(128);
    check_ends(129);
    check_ends(5000);
}

Test(fields, ends_of_a_hash_that_moved_find_its_new_place)
{
    for (uint64_t entries = 0; entries <= 512; entries += 512) {
        encoding_limits.hash_entries = entries;
        make_ending(50);
        struct slice k = SLICE("k"), other = SLICE("other");
        keyspace_copy(ks, 1, k, keyspace_hash(k), 2, other, keyspace_hash(other));
        keyspace_rename(ks, 1, k, keyspace_hash(k), 0, other, keyspace_hash(other));
        keyspace_swap(ks, 0, 1);
        script_clock_advance(11);
        while (keyspace_work(ks, 1000) == 0)
            ;
        struct entry *moved = keyspace_find(ks, 1, other, keyspace_hash(other));
        struct entry *copied = keyspace_find(ks, 2, other, keyspace_hash(other));
        check(fields_count(moved) == 25 && fields_count(copied) == 25);
        if (fields_is_table(moved)) {
            check(dict_count(table_ops[TYPE_HASH]->dict(entry_table(moved))) == 25);
            check(dict_count(table_ops[TYPE_HASH]->dict(entry_table(copied))) == 25);
        } else {
            check(pack_count(entry_bytes(moved).ptr) == 25 && pack_count(entry_bytes(copied).ptr) == 25);
        }
        keyspace_flush(ks, 1);
        keyspace_flush(ks, 2);
    }
}

Test(fields, a_workshop_value_brings_its_times_along)
{
    for (uint64_t entries = 0; entries <= 512; entries += 512) {
        encoding_limits.hash_entries = entries;
        struct place w = place_workshop(ks);
        fields_set(&w, SLICE("stays"), SLICE("v"), EXPIRY_NONE);
        fields_set(&w, SLICE("ends"), SLICE("v"), clock_ms() + 10);
        struct place p = place_move(&w, 0, SLICE("k"), keyspace_hash(SLICE("k")), EXPIRY_NONE);
        check(fields_count(p.entry) == 2);
        script_clock_advance(11);
        while (keyspace_work(ks, 1000) == 0)
            ;
        p = fresh("k");
        check(fields_count(p.entry) == 1 && !fields_has(p.entry, SLICE("ends")));
        check(keyspace_stats(ks)->expired_fields == 1 + (entries != 0));
        place_clear(&p);
    }
}

/* Many fields that end in one millisecond: bounded work a turn, and exact answers meanwhile. */
Test(fields, a_hundred_thousand_that_end_at_once)
{
    enum { COUNT = 100000 / CHECK_SCALE };
    struct place p = fresh("big");
    for (unsigned i = 0; i < COUNT; i++) {
        char name[20];
        fields_set(&p, slice_make(name, (size_t)sprintf(name, "f%u", i)), SLICE("v"), clock_ms() + 10);
    }
    add(&p, 200000, 200010);
    script_clock_advance(11);
    script_clock_cost(100); /* a look at the clock costs so much that few steps fit a turn */
    unsigned turns = 0;
    uint64_t left;
    do {
        uint64_t before = dict_count(table_ops[TYPE_HASH]->dict(entry_table(p.entry)));
        check(fields_count(p.entry) == 10);
        keyspace_work(ks, 1000);
        left = dict_count(table_ops[TYPE_HASH]->dict(entry_table(p.entry)));
        check(before - left < 20000);
        turns++;
    } while (left > 10);
    check(turns > 3);
    script_clock_cost(1);
    check(fields_count(p.entry) == 10 && keyspace_stats(ks)->expired_fields == COUNT);
    check(keyspace_stats(ks)->expire_turns_cut > 0);
}

/* Counting soon is exact where little waits to be removed, and never looks for long. */
Test(fields, counting_soon_is_bounded)
{
    enum { COUNT = 30000 };
    struct place p = fresh("big");
    for (unsigned i = 0; i < COUNT; i++) {
        char name[20];
        fields_set(&p, slice_make(name, (size_t)sprintf(name, "f%u", i)), SLICE("v"),
                   clock_ms() + (i < 500 ? 10 : 20));
    }
    script_clock_advance(11);
    check(fields_count(p.entry) == COUNT - 500);
    while (keyspace_work(ks, 1000) == 0)
        ;
    for (unsigned i = 500; i < 550; i++) {
        char name[20];
        fields_set_expiry(&p, slice_make(name, (size_t)sprintf(name, "f%u", i)), clock_ms() + 1);
    }
    script_clock_advance(2);
    check(fields_count_soon(p.entry) == COUNT - 550 && fields_count(p.entry) == COUNT - 550);
    check(!fields_mostly_ended(p.entry, fields_count(p.entry)));
    script_clock_advance(20);
    check(fields_count(p.entry) == 0 && fields_mostly_ended(p.entry, 0));
    uint64_t soon = fields_count_soon(p.entry);
    check(soon > COUNT / 2 && soon < COUNT - 550);
}

/* A big hash with times goes in small steps, and what it had in the wheel with it. */
Test(fields, a_deleted_hash_leaves_nothing_behind)
{
    enum { COUNT = 50000 / CHECK_SCALE };
    for (unsigned way = 0; way < 3; way++) {
        struct place p = fresh("big");
        for (unsigned i = 0; i < COUNT; i++) {
            char name[20];
            fields_set(&p, slice_make(name, (size_t)sprintf(name, "f%u", i)), SLICE("v"),
                       clock_ms() + 10 + i % 7);
        }
        if (way == 0) {
            place_clear(&p);
        } else if (way == 1) {
            for (int i = 0; i < 1000; i++) {
                char name[20];
                struct slice key = slice_make(name, (size_t)sprintf(name, "k%d", i));
                keyspace_set(ks, 0, key, keyspace_hash(key), SLICE("v"), EXPIRY_NONE);
            }
            keyspace_flush(ks, 0);
        } else {
            keyspace_set(ks, 0, p.key, p.hash, SLICE("a string now"), EXPIRY_NONE);
        }
        script_clock_advance(20);
        unsigned turns = 1;
        while (keyspace_work(ks, 50) == 0)
            turns++;
        check(turns > 1);
        check(keyspace_stats(ks)->expired_fields == 0 && keyspace_stats(ks)->expire_due_cells == 0);
        check(arena_stats().objects < 1000);
        keyspace_flush(ks, 0);
    }
}
