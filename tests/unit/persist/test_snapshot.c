/* snapshot: what was written comes back as it was, in one piece, in good time. */
#include "persist/snapshot.h"

#include "persist/file.h"
#include "tests/unit/support/disk.h"
#include "tests/unit/support/snapshot_keys.h"

#include <unistd.h>

#define DATABASES 16
#define FILE_NAME "d/" SNAPSHOT_FILE

static struct keyspace *ks, *loaded;
static char error[300];

static void start(void)
{
    arena_init();
    script_clock_start();
    disk_start();
    ks = keyspace_create(DATABASES);
    loaded = keyspace_create(DATABASES);
}

static void finish(void)
{
    keyspace_destroy(ks);
    keyspace_destroy(loaded);
    disk_end();
}

TestSuite(snapshot, .init = start, .fini = finish, .timeout = 120);

static struct snapshot_counts save(void)
{
    struct snapshot_counts counts;
    struct snapshot_writer *w = snapshot_writer_create();
    cr_assert(snapshot_write(w, ks, "d", &counts, error, sizeof error, NULL, NULL), "%s", error);
    snapshot_writer_destroy(w);
    return counts;
}

static struct snapshot_counts load(void)
{
    struct snapshot_counts counts;
    cr_assert_eq(snapshot_load(loaded, "d", &counts, error, sizeof error, NULL, NULL), SNAPSHOT_LOADED, "%s",
                 error);
    return counts;
}

static uint64_t count_all(struct keyspace *k)
{
    uint64_t sum = 0;
    for (unsigned db = 0; db < keyspace_databases(k); db++)
        sum += keyspace_count(k, db);
    return sum;
}

/* Saves ks, loads it, and both are the same. */
static void round_trip(void)
{
    struct snapshot_counts written = save(), read = load();
    cr_expect_eq(written.keys, count_all(ks));
    cr_expect_eq(read.keys, written.keys);
    cr_expect_eq(read.ended, 0u);
    cr_expect_eq(read.bytes, written.bytes);
    cr_expect_eq(read.raw, written.raw);
    cr_expect_eq(disk_find(FILE_NAME)->len, written.bytes);
    check_same(ks, loaded);
}

Test(snapshot, strings_of_every_size_come_back)
{
    put_strings(ks, 0);
    mark_all(ks);
    round_trip();
}

Test(snapshot, collections_of_every_type_and_encoding_come_back)
{
    put_collections(ks, 0);
    mark_all(ks);
    round_trip();
}

Test(snapshot, databases_come_back_each_with_its_own)
{
    put_string(ks, 1, SLICE("a"), SLICE("one"), EXPIRY_NONE);
    put_string(ks, 3, SLICE("a"), SLICE("three"), EXPIRY_NONE);
    put_strings(ks, 7);
    put_collections(ks, DATABASES - 1);
    mark_all(ks);
    round_trip();
}

Test(snapshot, no_keys_at_all)
{
    round_trip();
    cr_expect_eq(count_all(loaded), 0u);
}

Test(snapshot, keys_of_any_number_and_size)
{
    for (unsigned round = 0; round < 60 / CHECK_SCALE; round++) {
        unsigned keys = (unsigned)draw_below(1 + draw_below(10000)), longest = 1 + (unsigned)draw_below(400);
        for (unsigned n = 0; n < keys; n++) {
            struct slice value = noise(draw_below(50) ? draw_below(longest) : draw_below(200000));
            put_string(ks, n % 3, key_named(n, 8 + draw_below(longest)), value,
                       draw_below(3) ? EXPIRY_NONE : clock_ms() + (int64_t)draw_below(1u << 30));
        }
        mark_all(ks);
        round_trip();
        for (unsigned db = 0; db < 3; db++) {
            keyspace_flush(ks, db);
            keyspace_flush(loaded, db);
        }
        while (keyspace_work(ks, 1000000) == 0 || keyspace_work(loaded, 1000000) == 0)
            ;
    }
}

Test(snapshot, a_writer_serves_many_times)
{
    struct snapshot_counts first, second;
    struct snapshot_writer *w = snapshot_writer_create();
    put_collections(ks, 2);
    put_strings(ks, 2);
    cr_assert(snapshot_write(w, ks, "d", &first, error, sizeof error, NULL, NULL));
    cr_assert(snapshot_write(w, ks, "d", &second, error, sizeof error, NULL, NULL));
    snapshot_writer_destroy(w);
    cr_expect(first.keys == second.keys && first.raw == second.raw);
    load();
    check_same(ks, loaded);
}

Test(snapshot, what_has_ended_is_neither_written_nor_loaded)
{
    static char value[100000];
    put_string(ks, 0, SLICE("gone"), SLICE("1"), clock_ms() + 10);
    put_string(ks, 0, SLICE("short"), SLICE("1"), clock_ms() + 100);
    put_string(ks, 0, SLICE("long"), slice_make(value, sizeof value), clock_ms() + 100);
    put_string(ks, 0, SLICE("many blocks"), noise(2000000), clock_ms() + 100);
    put_string(ks, 0, SLICE("stays"), SLICE("x"), clock_ms() + 1000);
    struct place p = place_named(ks, 0, "fields");
    fields_set(&p, SLICE("f"), SLICE("v"), clock_ms() + 100);
    fields_set(&p, SLICE("g"), SLICE("v"), clock_ms() + 1000);
    p = place_named(ks, 0, "fields that all end");
    fields_set(&p, SLICE("f"), SLICE("v"), clock_ms() + 100);
    script_clock_advance(11);
    cr_expect_eq(save().keys, 6u);
    script_clock_advance(100);
    struct snapshot_counts counts = load();
    cr_expect_eq(counts.keys, 6u);
    cr_expect_eq(counts.ended, 4u);
    cr_expect_eq(count_all(loaded), 2u);
    cr_expect_not_null(place_named(loaded, 0, "stays").entry);
    p = place_named(loaded, 0, "fields");
    cr_expect(!fields_has(p.entry, SLICE("f")) && fields_has(p.entry, SLICE("g")));
}

Test(snapshot, a_key_that_ends_now_is_still_there)
{
    put_string(ks, 0, SLICE("k"), SLICE("v"), clock_ms());
    cr_expect_eq(save().keys, 1u);
    cr_expect_eq(load().ended, 0u);
    cr_expect_eq(keyspace_count(loaded, 0), 1u);
}

Test(snapshot, loaded_keys_end_when_their_time_comes)
{
    struct place p = place_named(ks, 0, "fields");
    fields_set(&p, SLICE("f"), SLICE("v"), clock_ms() + 100);
    put_string(ks, 0, SLICE("s"), SLICE("v"), clock_ms() + 100);
    p = place_named(ks, 0, "list");
    list_push(&p, LIST_TAIL, SLICE("x"));
    keyspace_set_expiry(ks, 0, p.entry, p.hash, clock_ms() + 100);
    save();
    load();
    cr_expect_eq(keyspace_count(loaded, 0), 3u);
    script_clock_advance(5000);
    while (keyspace_work(loaded, 1000000) == 0)
        ;
    cr_expect_eq(keyspace_count(loaded, 0), 0u);
}

Test(snapshot, text_is_stored_small)
{
    static char text[256];
    for (unsigned n = 0; n < 5000; n++) {
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = "session user token expires email "[(n * 7 + i) % 33];
        put_string(ks, 0, key_named(n, 16), slice_make(text, sizeof text), EXPIRY_NONE);
    }
    struct snapshot_counts counts = save();
    cr_expect_lt(counts.bytes, counts.raw / 4, "%llu bytes", (unsigned long long)counts.bytes);
    load();
    check_same(ks, loaded);
}

Test(snapshot, noise_takes_hardly_more_than_itself)
{
    for (unsigned n = 0; n < 20000; n++) {
        struct slice key = noise(16);
        char copy[16];
        memcpy(copy, key.ptr, 16);
        put_string(ks, 0, slice_make(copy, 16), noise(64), EXPIRY_NONE);
    }
    struct snapshot_counts counts = save();
    cr_expect_lt(counts.bytes, 82 * counts.keys, "%llu bytes", (unsigned long long)counts.bytes);
}

/* ---- who follows, and who stops it ---- */

struct followed {
    unsigned calls;
    uint64_t last, total, keys, most_keys;
};

static bool follow_writing(void *ctx, uint64_t keys)
{
    struct followed *f = ctx;
    check(keys >= f->keys);
    f->keys = keys;
    return ++f->calls && keys < f->most_keys;
}

static void follow_loading(void *ctx, uint64_t done, uint64_t total, uint64_t keys)
{
    struct followed *f = ctx;
    f->calls++;
    check(done > f->last && done <= total && keys >= f->keys);
    f->last = done;
    f->total = total;
    f->keys = keys;
}

Test(snapshot, who_follows_is_told_of_every_block)
{
    struct followed writing = {.most_keys = UINT64_MAX}, loading = {0};
    struct snapshot_counts counts;
    for (unsigned n = 0; n < 20000; n++)
        put_string(ks, 0, key_named(n, 16), noise(64), EXPIRY_NONE);
    struct snapshot_writer *w = snapshot_writer_create();
    cr_assert(snapshot_write(w, ks, "d", &counts, error, sizeof error, follow_writing, &writing));
    snapshot_writer_destroy(w);
    cr_assert_eq(snapshot_load(loaded, "d", &counts, error, sizeof error, follow_loading, &loading),
                 SNAPSHOT_LOADED);
    cr_expect_gt(writing.calls, 5u);
    cr_expect_eq(writing.keys, 20000u);
    cr_expect_eq(loading.calls, writing.calls - 1, "all but the last block hold keys");
    cr_expect_eq(loading.total, counts.bytes);
    cr_expect_eq(loading.keys, 20000u);
}

Test(snapshot, a_snapshot_that_is_given_up_leaves_the_old_one)
{
    struct followed f = {.most_keys = 5000};
    struct snapshot_counts counts;
    put_string(ks, 0, SLICE("old"), SLICE("1"), EXPIRY_NONE);
    save();
    for (unsigned n = 0; n < 20000; n++)
        put_string(ks, 0, key_named(n, 16), noise(64), EXPIRY_NONE);
    struct snapshot_writer *w = snapshot_writer_create();
    cr_expect_not(snapshot_write(w, ks, "d", &counts, error, sizeof error, follow_writing, &f));
    snapshot_writer_destroy(w);
    cr_expect_not_null(strstr(error, "given up"), "%s", error);
    cr_expect_lt(f.keys, 10000u);
    cr_expect_eq(load().keys, 1u);
    cr_expect_str_eq(disk.files[0].path, FILE_NAME);
    cr_expect_str_empty(disk.files[1].path);
}

/* ---- files ---- */

Test(snapshot, no_file_is_no_error)
{
    struct snapshot_counts counts;
    cr_expect_eq(snapshot_load(loaded, "d", &counts, error, sizeof error, NULL, NULL), SNAPSHOT_NONE);
}

Test(snapshot, a_directory_of_the_system)
{
    char directory[] = "/tmp/hearth-snapshot-XXXXXX", path[100];
    struct snapshot_counts counts;
    cr_assert_not_null(mkdtemp(directory));
    file_ops = &file_system;
    put_strings(ks, 0);
    struct snapshot_writer *w = snapshot_writer_create();
    for (int round = 0; round < 2; round++)
        cr_assert(snapshot_write(w, ks, directory, &counts, error, sizeof error, NULL, NULL), "%s", error);
    cr_assert_eq(snapshot_load(loaded, directory, &counts, error, sizeof error, NULL, NULL), SNAPSHOT_LOADED);
    check_same(ks, loaded);
    snprintf(path, sizeof path, "%s/%s", directory, SNAPSHOT_FILE);
    cr_expect_eq(unlink(path), 0);
    cr_expect_eq(rmdir(directory), 0, "nothing else was left there");
    cr_expect_not(snapshot_write(w, ks, directory, &counts, error, sizeof error, NULL, NULL));
    cr_expect_not_null(strstr(error, "No such file or directory"), "%s", error);
    snapshot_writer_destroy(w);
}

Test(snapshot, what_a_dead_process_left_is_discarded)
{
    disk_put("d/" SNAPSHOT_FILE ".4711.tmp", "x", 1);
    disk_put(FILE_NAME, "y", 1);
    snapshot_discard("d", 4711);
    cr_expect_null(disk_find("d/" SNAPSHOT_FILE ".4711.tmp"));
    cr_expect_not_null(disk_find(FILE_NAME));
    snapshot_discard("d", 4712);
}

Test(snapshot, databases_that_are_not_allowed_are_refused)
{
    struct snapshot_counts counts;
    put_string(ks, 9, SLICE("a"), SLICE("1"), EXPIRY_NONE);
    save();
    struct keyspace *few = keyspace_create(9);
    cr_expect_eq(snapshot_load(few, "d", &counts, error, sizeof error, NULL, NULL), SNAPSHOT_BAD);
    cr_expect_not_null(strstr(error, "`databases`"), "%s", error);
    keyspace_destroy(few);
}
