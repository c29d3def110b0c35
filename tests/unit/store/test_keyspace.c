/* keyspace: against a simple model under a scripted clock. What it says about
 * time, expiry's index and memory is in test_expiry_of_keys.c. */
#include "store/access.h"
#include "store/keyspace.h"

#include "tests/unit/support/check.h"
#include "tests/unit/support/script_clock.h"

#include <stdio.h>

#define DBS 4
#define KEYS 400

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

TestSuite(keyspace, .init = start, .fini = finish, .timeout = 120);

static uint64_t hash_of(struct slice key)
{
    return keyspace_hash(key);
}

static struct entry *put(unsigned db, const char *key, const char *value, int64_t expiry)
{
    struct slice k = slice_of(key);
    return keyspace_set(ks, db, k, hash_of(k), slice_of(value), expiry);
}

static struct entry *look(unsigned db, const char *key)
{
    struct slice k = slice_of(key);
    return keyspace_find(ks, db, k, hash_of(k));
}

static bool holds(const struct entry *e, struct slice value)
{
    char scratch[ENTRY_DIGITS];
    return e != NULL && slice_eq(entry_string(e, scratch), value);
}

/* ---- the model ---- */

struct model_key {
    bool live;
    bool stays; /* left alone by churn */
    uint32_t seen;
    char *value;
    size_t len;
    int64_t expiry;
};

static struct model_key model[DBS][KEYS];
static struct slice names[KEYS];
static uint64_t hashes[KEYS];
static uint64_t told_changes, told_expired, told_flushes, told_swaps;

/* Names of every kind: empty, binary, long, very long. */
static void make_names(void)
{
    for (int i = 0; i < KEYS; i++) {
        char *text = malloc(1200);
        int len = sprintf(text, "key:%d", i);
        if (i == 1)
            len = 0;
        if (i % 20 == 2)
            text[3] = 0;
        int longer = i % 30 == 3 ? 255 : i % 30 == 4 ? 256 : i % 30 == 5 ? 1000 : 0;
        while (len < longer)
            text[len++] = (char)('a' + i % 26);
        names[i] = slice_make(text, (size_t)len);
        hashes[i] = keyspace_hash(names[i]);
    }
}

static int name_index(struct slice key)
{
    for (int i = 0; i < KEYS; i++)
        if (slice_eq(names[i], key))
            return i;
    check(!"a key that was never there");
    return -1;
}

static bool ended(const struct model_key *m)
{
    return m->expiry != EXPIRY_NONE && m->expiry < clock_ms();
}

static bool alive(unsigned db, int i)
{
    return model[db][i].live && !ended(&model[db][i]);
}

static void forget(struct model_key *m)
{
    free(m->value);
    *m = (struct model_key){.stays = m->stays, .seen = m->seen};
}

static void remember(struct model_key *m, const char *value, size_t len, int64_t expiry)
{
    char *copy = malloc(len + 1);
    memcpy(copy, value, len);
    free(m->value);
    *m = (struct model_key){
        .live = true, .stays = m->stays, .seen = m->seen, .value = copy, .len = len, .expiry = expiry};
}

static void on_event(void *ctx, unsigned db, struct slice key, enum event_class cls, const char *name)
{
    (void)ctx;
    if (cls == EVENT_KEY_MISS)
        return;
    if (cls == EVENT_NEW) {
        check(strcmp(name, "new") == 0 && !alive(db, name_index(key)));
        return;
    }
    check(cls == EVENT_EXPIRED && strcmp(name, "expired") == 0);
    struct model_key *m = &model[db][name_index(key)];
    check(m->live && ended(m)); /* told once, and never too early */
    forget(m);
    told_expired++;
}

static void on_changed(void *ctx, unsigned db, struct slice key, uint64_t hash)
{
    (void)ctx;
    (void)db;
    check(hash == keyspace_hash(key));
    told_changes++;
}

static void on_flushing(void *ctx, unsigned db)
{
    (void)ctx;
    uint64_t there = 0;
    for (int i = 0; i < KEYS; i++)
        there += alive(db, i);
    check(keyspace_count(ks, db) >= there); /* before it happens */
    told_flushes++;
}

static void on_swapping(void *ctx, unsigned a, unsigned b)
{
    (void)ctx;
    (void)a;
    (void)b;
    told_swaps++;
}

static const struct keyspace_observer observer = {
    .changed = on_changed, .flushing = on_flushing, .swapping = on_swapping, .event = on_event};

/* ---- random steps ---- */

static char bytes[40000];

static struct slice random_value(void)
{
    size_t len = 0;
    switch (draw_below(10)) {
    case 0:
    case 1:
    case 2: {
        unsigned shift = (unsigned)draw_below(64);
        len = (size_t)sprintf(bytes, "%lld", (long long)((int64_t)draw() >> shift));
        break;
    }
    case 3:
        len = draw_below(2000);
        break;
    case 4:
        len = draw_below(10) ? 16380 + draw_below(10) : 10000 + draw_below(30000);
        break;
    case 5: /* looks like an integer, and is none */
        len =
            (size_t)sprintf(bytes, draw_below(2) ? "0%llu" : "-%llu ", (unsigned long long)draw_below(1000));
        return slice_make(bytes, len);
    default:
        len = draw_below(100);
    }
    if (len != strnlen(bytes, 30) || len > 25)
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)draw();
    return slice_make(bytes, len);
}

static int64_t random_expiry(void)
{
    switch (draw_below(6)) {
    case 0:
        return clock_ms() + (int64_t)draw_below(50);
    case 1:
        return clock_ms() + (int64_t)draw_below(5000);
    case 2:
        return clock_ms() + (int64_t)(draw() >> draw_below(40) >> 22);
    case 3:
        return draw_below(20) ? EXPIRY_NONE : INT64_MAX - (int64_t)draw_below(3);
    default:
        return EXPIRY_NONE;
    }
}

static void check_key(unsigned db, int i)
{
    struct entry *e = keyspace_find(ks, db, names[i], hashes[i]);
    const struct model_key *m = &model[db][i];
    check((e != NULL) == alive(db, i));
    if (e == NULL) {
        check(!m->live); /* looking removed it and told so */
        return;
    }
    check(slice_eq(entry_key(e), names[i]));
    check(entry_expiry(e) == m->expiry);
    check(holds(e, slice_make(m->value, m->len)));
    check(entry_string_len(e) == m->len);
    check(entry_memory(e) >= m->len * (entry_encoding(e) != ENC_INT) + names[i].len);
}

static void step_set(unsigned db, int i)
{
    struct slice value = random_value();
    int64_t expiry = draw_below(4) ? random_expiry() : KEEP_EXPIRY;
    int64_t kept = alive(db, i) ? model[db][i].expiry : EXPIRY_NONE;
    int64_t number;
    struct entry *e;
    char digits[32];
    if (draw_below(5) == 0) {
        number = (int64_t)draw() >> draw_below(64);
        value = slice_make(digits, (size_t)sprintf(digits, "%lld", (long long)number));
        e = keyspace_set_int(ks, db, names[i], hashes[i], number, expiry);
    } else {
        e = keyspace_set(ks, db, names[i], hashes[i], value, expiry);
    }
    check(holds(e, value));
    check(!(e->flags & ENTRY_EDITED));
    remember(&model[db][i], value.ptr, value.len, expiry == KEEP_EXPIRY ? kept : expiry);
}

static void step_edit(unsigned db, int i)
{
    struct model_key *m = &model[db][i];
    bool there = alive(db, i);
    size_t had = there ? m->len : 0;
    size_t len = draw_below(3) ? had + draw_below(draw_below(30) ? 40 : 20000) : draw_below(had + 1);
    char *want = calloc(len + 1, 1);
    memcpy(want, there ? m->value : "", had < len ? had : len);
    char *got = keyspace_edit(ks, db, names[i], hashes[i], len);
    check(memcmp(got, want, len) == 0);
    for (size_t n = 0; len > 0 && n < 5; n++) {
        size_t at = draw_below(len);
        want[at] = got[at] = (char)draw();
    }
    remember(m, want, len, there ? m->expiry : EXPIRY_NONE);
    free(want);
    struct entry *e = keyspace_find(ks, db, names[i], hashes[i]);
    check(e->flags & ENTRY_EDITED);
}

static void step_expiry(unsigned db, int i)
{
    struct entry *e = keyspace_find(ks, db, names[i], hashes[i]);
    if (!e)
        return;
    int64_t expiry = random_expiry();
    uint8_t edited = e->flags & ENTRY_EDITED;
    e = keyspace_set_expiry(ks, db, e, hashes[i], expiry);
    check(entry_expiry(e) == expiry && (e->flags & ENTRY_EDITED) == edited);
    model[db][i].expiry = expiry;
}

static void step_delete(unsigned db, int i)
{
    bool there = alive(db, i);
    check(keyspace_delete(ks, db, names[i], hashes[i]) == there);
    forget(&model[db][i]);
}

static void step_rename_or_copy(unsigned db, int i, bool copy)
{
    unsigned to_db = draw_below(2) ? db : (unsigned)draw_below(DBS);
    int to = (int)draw_below(KEYS);
    if (!keyspace_find(ks, db, names[i], hashes[i]) || (to == i && to_db == db) || model[to_db][to].stays ||
        model[db][i].stays)
        return;
    struct model_key *m = &model[db][i];
    if (copy)
        keyspace_copy(ks, db, names[i], hashes[i], to_db, names[to], hashes[to]);
    else
        keyspace_rename(ks, db, names[i], hashes[i], to_db, names[to], hashes[to]);
    remember(&model[to_db][to], m->value, m->len, m->expiry);
    if (!copy)
        forget(m);
    check_key(db, i);
    check_key(to_db, to);
}

static void step_flush(unsigned db)
{
    uint64_t count = keyspace_count(ks, db), before = told_flushes;
    check(keyspace_flush(ks, db) == count);
    check(told_flushes == before + 1);
    check(keyspace_count(ks, db) == 0);
    for (int i = 0; i < KEYS; i++)
        forget(&model[db][i]);
}

static void step_swap(unsigned a, unsigned b)
{
    static struct model_key tmp[KEYS];
    keyspace_swap(ks, a, b);
    memcpy(tmp, model[a], sizeof tmp);
    memcpy(model[a], model[b], sizeof tmp);
    memcpy(model[b], tmp, sizeof tmp);
}

static void step_time(void)
{
    static const int64_t jumps[] = {0, 1, 1, 1, 2, 10, 100, 300, 2000, 70000};
    script_clock_advance(jumps[draw_below(draw_below(20) ? 8 : 10)]);
    if (draw_below(3))
        keyspace_work(ks, 1000);
}

/* Time stands still until the keyspace wants no more; then nothing ended is left. */
static void settle(void)
{
    for (int i = 0; keyspace_work(ks, 1000) == 0; i++)
        check(i < 100000);
}

static void check_all(void)
{
    settle();
    for (unsigned db = 0; db < DBS; db++) {
        uint64_t live = 0, expiring = 0;
        int64_t mean;
        double left = 0;
        for (int i = 0; i < KEYS; i++) {
            check(!model[db][i].live || !ended(&model[db][i]));
            live += model[db][i].live;
            if (model[db][i].live && model[db][i].expiry != EXPIRY_NONE) {
                expiring++;
                left += (double)(model[db][i].expiry - clock_ms());
            }
        }
        check(keyspace_count(ks, db) == live);
        check(keyspace_expiring(ks, db, &mean) == expiring);
        if (expiring) {
            double off = (double)mean - left / (double)expiring;
            check(off < 1e-9 * left + 2 && off > -1e-9 * left - 2);
        }
        for (int i = 0; i < KEYS; i++)
            check_key(db, i);
        dict_check(keyspace_dict(ks, db));
    }
}

static void random_step(void)
{
    unsigned db = (unsigned)draw_below(DBS);
    int i = (int)draw_below(KEYS);
    if (model[db][i].stays)
        return;
    switch (draw_below(100)) {
    case 0 ... 29:
        step_set(db, i);
        break;
    case 30 ... 44:
        step_edit(db, i);
        break;
    case 45 ... 54:
        step_expiry(db, i);
        break;
    case 55 ... 64:
        step_delete(db, i);
        break;
    case 65 ... 74:
        step_rename_or_copy(db, i, draw_below(2));
        break;
    case 75:
        if (draw_below(20) == 0)
            step_flush(db);
        break;
    case 76:
        step_swap(db, (unsigned)draw_below(DBS));
        return;
    case 77 ... 87:
        step_time();
        break;
    default:
        break;
    }
    check_key(db, i);
}

Test(keyspace, random_use_against_a_model)
{
    make_names();
    keyspace_observe(ks, &observer);
    for (int step = 0; step < 400000 / CHECK_SCALE; step++) {
        random_step();
        if (step % 5000 == 0)
            check_all();
    }
    check_all();
    check(told_expired > 100 && told_changes >= told_expired && told_swaps > 0);
    check(keyspace_stats(ks)->expired == told_expired);
}

/* ---- scan ---- */

static void scan_visit(void *ctx, struct entry *e)
{
    unsigned db = *(unsigned *)ctx;
    int i = name_index(entry_key(e));
    check(alive(db, i));
    model[db][i].seen++;
}

Test(keyspace, scan_shows_what_stays_while_other_keys_come_and_go)
{
    make_names();
    keyspace_observe(ks, &observer);
    for (int round = 0; round < 300 / CHECK_SCALE; round++) {
        unsigned db = (unsigned)draw_below(DBS);
        for (int i = 0; i < KEYS; i++) {
            struct model_key *m = &model[db][i];
            m->seen = 0;
            m->stays = draw_below(3) == 0;
            if (m->stays) {
                keyspace_set(ks, db, names[i], hashes[i], SLICE("stays"), EXPIRY_NONE);
                remember(m, "stays", 5, EXPIRY_NONE);
            }
        }
        uint64_t cursor = 0;
        do {
            cursor = keyspace_scan(ks, db, cursor, scan_visit, &db);
            for (int n = 0; n < 20; n++) {
                unsigned other = (unsigned)draw_below(DBS);
                int i = (int)draw_below(KEYS);
                if (model[other][i].stays)
                    continue;
                if (round % 2)
                    step_set(other, i);
                else if (draw_below(2))
                    step_delete(other, i);
                else
                    step_rename_or_copy(other, i, false);
            }
            step_time();
        } while (cursor);
        for (int i = 0; i < KEYS; i++) {
            check(!model[db][i].stays || model[db][i].seen >= 1);
            model[db][i].stays = false;
        }
    }
}

Test(keyspace, scan_hides_what_has_ended)
{
    make_names();
    unsigned db = 0;
    for (int i = 0; i < KEYS; i++) {
        int64_t expiry = i % 2 ? clock_ms() + 10 : EXPIRY_NONE;
        keyspace_set(ks, 0, names[i], hashes[i], SLICE("v"), expiry);
        remember(&model[0][i], "v", 1, expiry);
    }
    script_clock_advance(11);
    uint64_t cursor = 0, shown = 0;
    do {
        cursor = keyspace_scan(ks, 0, cursor, scan_visit, &db);
    } while (cursor);
    for (int i = 0; i < KEYS; i++)
        shown += model[0][i].seen;
    cr_assert_eq(shown, KEYS / 2);
}

Test(keyspace, random_key_never_is_an_ended_one)
{
    cr_assert_null(keyspace_random(ks, 0));
    put(0, "stays", "1", EXPIRY_NONE);
    for (int i = 0; i < 100; i++) {
        char name[16];
        sprintf(name, "k%d", i);
        put(0, name, "1", clock_ms() + 5);
    }
    script_clock_advance(6);
    for (int i = 0; i < 50; i++)
        cr_assert(slice_eq(entry_key(keyspace_random(ks, 0)), SLICE("stays")));
    put(1, "ends", "1", clock_ms() + 1);
    script_clock_advance(2);
    cr_assert_null(keyspace_random(ks, 1));
    cr_assert_eq(keyspace_count(ks, 1), 0);
}

/* ---- values ---- */

Test(keyspace, integers_are_kept_as_such)
{
    static const char *const texts[] = {"0",
                                        "-1",
                                        "127",
                                        "-128",
                                        "128",
                                        "32767",
                                        "32768",
                                        "2147483648",
                                        "-9223372036854775808",
                                        "9223372036854775807"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct entry *e = put(0, "k", texts[i], EXPIRY_NONE);
        int64_t v;
        cr_assert(holds(e, slice_of(texts[i])), "%s", texts[i]);
        cr_assert(entry_string_int(e, &v));
        cr_assert_eq(v, strtoll(texts[i], NULL, 10));
    }
    static const char *const others[] = {"", "-", "-0", "01", "+1", " 1", "1 ", "9223372036854775808", "1.0"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct entry *e = put(0, "k", others[i], EXPIRY_NONE);
        int64_t v;
        cr_assert(holds(e, slice_of(others[i])), "%s", others[i]);
        cr_assert_not(entry_string_int(e, &v), "%s is no integer", others[i]);
    }
}

Test(keyspace, a_value_may_come_out_of_the_entry_it_replaces)
{
    static const size_t sizes[] = {5, 60, 500, 3000, 16384, 16385, 100000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int round = 0; round < 50; round++) {
            size_t len = sizes[s];
            char *text = malloc(len);
            for (size_t i = 0; i < len; i++)
                text[i] = (char)('a' + draw_below(26));
            struct slice key = SLICE("key");
            uint64_t hash = hash_of(key);
            struct entry *e = keyspace_set(ks, 0, key, hash, slice_make(text, len), EXPIRY_NONE);
            char scratch[ENTRY_DIGITS];
            size_t from = draw_below(len), n = draw_below(len - from + 1);
            struct slice part = entry_string(e, scratch);
            part = slice_make(part.ptr + from, n);
            e = keyspace_set(ks, 0, key, hash, part, round % 2 ? EXPIRY_NONE : clock_ms() + 1000);
            check(holds(e, slice_make(text + from, n)));
            free(text);
        }
}

Test(keyspace, a_name_may_come_out_of_the_entry_it_replaces)
{
    put(0, "from", "value", clock_ms() + 500);
    struct entry *e = put(0, "to", "old", EXPIRY_NONE);
    struct slice to = entry_key(e), from = SLICE("from");
    keyspace_rename(ks, 0, from, hash_of(from), 0, to, hash_of(SLICE("to")));
    cr_assert(holds(look(0, "to"), SLICE("value")));
    cr_assert_null(look(0, "from"));
    e = look(0, "to");
    keyspace_copy(ks, 0, SLICE("to"), hash_of(SLICE("to")), 1, entry_key(e), hash_of(SLICE("to")));
    cr_assert(holds(look(1, "to"), SLICE("value")));
    cr_assert_eq(entry_expiry(look(1, "to")), clock_ms() + 500);
}

Test(keyspace, appending_byte_by_byte_is_linear)
{
    struct slice key = SLICE("log");
    uint64_t hash = hash_of(key);
    size_t n = 1000000 / CHECK_SCALE, moves = 0;
    char *last = NULL;
    for (size_t i = 1; i <= n; i++) {
        char *p = keyspace_edit(ks, 0, key, hash, i);
        moves += p != last;
        last = p;
        p[i - 1] = (char)(i * 7);
    }
    char scratch[ENTRY_DIGITS];
    struct slice all = entry_string(look(0, "log"), scratch);
    cr_assert_eq(all.len, n);
    for (size_t i = 1; i <= n; i++)
        check(all.ptr[i - 1] == (char)(i * 7));
    cr_assert_leq(moves, 600, "the value moved %zu times", moves);
}

Test(keyspace, what_a_reply_holds_is_never_written)
{
    size_t len = 100000;
    char *text = malloc(len);
    memset(text, 'x', len);
    struct slice key = SLICE("big"), copy = SLICE("copy");
    struct entry *e = keyspace_set(ks, 0, key, hash_of(key), slice_make(text, len), EXPIRY_NONE);
    cr_assert_eq(entry_encoding(e), ENC_BLOB);
    struct blob *held = blob_get(entry_blob(e));
    keyspace_edit(ks, 0, key, hash_of(key), len + 1)[0] = 'y';
    cr_assert(held->len == len && held->data[0] == 'x');
    cr_assert_eq(entry_string(look(0, "big"), text).ptr[0], 'y');

    keyspace_copy(ks, 0, key, hash_of(key), 0, copy, hash_of(copy));
    keyspace_edit(ks, 0, copy, hash_of(copy), 10)[1] = 'z';
    cr_assert_eq(entry_string(look(0, "big"), text).ptr[1], 'x');
    cr_assert_eq(entry_string_len(look(0, "big")), len + 1);
    cr_assert(holds(look(0, "copy"), SLICE("yzxxxxxxxx")));

    struct blob *gone = blob_get(entry_blob(look(0, "big")));
    keyspace_delete(ks, 0, key, hash_of(key));
    cr_assert(gone->data[0] == 'y' && gone->data[len] == 0);
    blob_put(held);
    blob_put(gone);
    free(text);
}

Test(keyspace, an_edited_string_is_marked_until_it_is_set)
{
    struct slice key = SLICE("k");
    put(0, "k", "12345", EXPIRY_NONE);
    keyspace_edit(ks, 0, key, hash_of(key), 6)[5] = '6';
    struct entry *e = look(0, "k");
    cr_assert(e->flags & ENTRY_EDITED);
    cr_assert(holds(e, SLICE("123456")));
    e = keyspace_set_expiry(ks, 0, e, hash_of(key), clock_ms() + 1000);
    cr_assert(e->flags & ENTRY_EDITED);
    keyspace_copy(ks, 0, key, hash_of(key), 0, SLICE("c"), hash_of(SLICE("c")));
    keyspace_rename(ks, 0, key, hash_of(key), 0, SLICE("r"), hash_of(SLICE("r")));
    cr_assert(look(0, "c")->flags & ENTRY_EDITED);
    cr_assert(look(0, "r")->flags & ENTRY_EDITED);
    cr_assert_not(put(0, "r", "123456", EXPIRY_NONE)->flags & ENTRY_EDITED);
    cr_assert_not(put(0, "c", "654321", KEEP_EXPIRY)->flags & ENTRY_EDITED);
}

/* ---- access ---- */

Test(keyspace, reads_are_counted_and_noted_looks_are_not)
{
    struct slice key = SLICE("k"), none = SLICE("none");
    put(0, "k", "v", EXPIRY_NONE);
    script_clock_advance(100000);
    cr_assert_eq(access_idle_seconds(look(0, "k")), 100);
    look(0, "none");
    cr_assert_eq(keyspace_stats(ks)->hits + keyspace_stats(ks)->misses, 0);

    cr_assert_not(keyspace_set_no_touch(ks, true));
    keyspace_read(ks, 0, key, hash_of(key));
    cr_assert(keyspace_set_no_touch(ks, false));
    cr_assert_eq(access_idle_seconds(look(0, "k")), 100);
    cr_assert_eq(keyspace_stats(ks)->hits, 1);

    keyspace_read(ks, 0, key, hash_of(key));
    keyspace_read(ks, 0, none, hash_of(none));
    cr_assert_eq(access_idle_seconds(look(0, "k")), 0);
    cr_assert_eq(keyspace_stats(ks)->hits, 2);
    cr_assert_eq(keyspace_stats(ks)->misses, 1);
    keyspace_reset_stats(ks);
    cr_assert_eq(keyspace_stats(ks)->hits, 0);
}

Test(keyspace, setting_an_expiry_leaves_the_access_alone)
{
    struct slice key = SLICE("k");
    put(0, "k", "v", EXPIRY_NONE);
    script_clock_advance(50000);
    struct entry *e = keyspace_set_expiry(ks, 0, look(0, "k"), hash_of(key), clock_ms() + 1000);
    cr_assert_eq(access_idle_seconds(e), 50);
}

static char heard[256];

static void hear(void *ctx, unsigned db, struct slice key, enum event_class cls, const char *name)
{
    (void)ctx;
    size_t at = strlen(heard);
    snprintf(heard + at, sizeof heard - at, "%s(%u,%.*s,%d) ", name, db, (int)key.len, key.ptr, cls);
}

static void hear_change(void *ctx, unsigned db, struct slice key, uint64_t hash)
{
    hear(ctx, db, key, 0, hash == keyspace_hash(key) ? "change" : "wrong");
}

static void expect_heard(const char *text)
{
    cr_assert_str_eq(heard, text);
    heard[0] = 0;
}

Test(keyspace, changes_are_told_by_who_makes_them_the_rest_by_itself)
{
    static const struct keyspace_observer hearing = {.changed = hear_change, .event = hear};
    struct slice key = SLICE("k"), other = SLICE("l");
    keyspace_observe(ks, &hearing);
    put(2, "k", "v", clock_ms() + 10);
    expect_heard("new(2,k,16384) ");
    put(2, "k", "w", clock_ms() + 10);
    keyspace_edit(ks, 2, key, hash_of(key), 10);
    keyspace_set_expiry(ks, 2, look(2, "k"), hash_of(key), clock_ms() + 20);
    expect_heard("");
    keyspace_rename(ks, 2, key, hash_of(key), 1, other, hash_of(other));
    expect_heard("new(1,l,16384) ");
    uint64_t dirty = keyspace_dirty(ks);
    keyspace_changed(ks, 1, other, hash_of(other), EVENT_GENERIC, "rename_to");
    cr_assert_eq(keyspace_dirty(ks), dirty + 1);
    expect_heard("change(1,l,0) rename_to(1,l,4) ");
    script_clock_advance(21);
    keyspace_read(ks, 1, other, hash_of(other));
    expect_heard("change(1,l,0) expired(1,l,256) keymiss(1,l,2048) ");
    keyspace_find(ks, 1, other, hash_of(other));
    keyspace_delete(ks, 1, other, hash_of(other));
    expect_heard("");
    keyspace_observe(ks, NULL);
    put(2, "k", "v", EXPIRY_NONE);
    expect_heard("");
}

/* ---- flush ---- */

Test(keyspace, flush_is_at_once_and_its_memory_follows_in_steps)
{
    size_t n = 200000 / CHECK_SCALE;
    char name[24];
    for (size_t i = 0; i < n; i++) {
        sprintf(name, "key:%zu", i);
        put(0, name, "some value that takes space", i % 2 ? clock_ms() + (int64_t)i : EXPIRY_NONE);
    }
    size_t objects = arena_stats().objects;
    cr_assert_eq(keyspace_flush(ks, 0), n);
    cr_assert_eq(keyspace_count(ks, 0), 0);
    cr_assert_null(look(0, "key:5"));
    put(0, "key:5", "new", EXPIRY_NONE);
    cr_assert_geq(arena_stats().objects, objects * 9 / 10);
    /* Each look at the clock takes 100 us here: a budget of 1 ms is ten of them. */
    script_clock_cost(100);
    size_t steps = 0, most = 0, before = arena_stats().objects;
    while (keyspace_work(ks, 1000) == 0) {
        size_t now = arena_stats().objects;
        if (before - now > most)
            most = before - now;
        before = now;
        check(++steps < n);
        script_clock_advance(1);
    }
    cr_assert_geq(steps, 10);
    cr_assert_leq(most, 20000, "%zu objects were freed in one go", most);
    cr_assert_leq(arena_stats().objects, 3);
    cr_assert(holds(look(0, "key:5"), SLICE("new")));
    dict_check(keyspace_dict(ks, 0));
}

Test(keyspace, keys_with_an_expiry_survive_the_flush_of_another_database)
{
    put(0, "a", "1", clock_ms() + 100);
    put(1, "a", "1", clock_ms() + 100);
    keyspace_flush(ks, 0);
    put(0, "a", "2", clock_ms() + 300);
    script_clock_advance(200);
    settle();
    cr_assert_eq(keyspace_count(ks, 0), 1);
    cr_assert_eq(keyspace_count(ks, 1), 0);
    script_clock_advance(200);
    settle();
    cr_assert_eq(keyspace_count(ks, 0), 0);
}
