/* snapshot: whatever the disk does, the old snapshot stands until a whole new one is safe. */
#include "persist/snapshot.h"

#include "tests/unit/support/disk.h"
#include "tests/unit/support/snapshot_keys.h"

#include <unistd.h>

#define FILE_NAME "d/" SNAPSHOT_FILE

static struct keyspace *ks, *loaded;
static struct snapshot_writer *w;
static char error[300];

static void start(void)
{
    arena_init();
    script_clock_start();
    disk_start();
    ks = keyspace_create(2);
    loaded = keyspace_create(2);
    w = snapshot_writer_create();
    put_string(ks, 0, SLICE("small"), SLICE("1"), EXPIRY_NONE);
    put_string(ks, 1, SLICE("big"), noise(700000), clock_ms() + 1000);
}

static void finish(void)
{
    snapshot_writer_destroy(w);
    keyspace_destroy(ks);
    keyspace_destroy(loaded);
    disk_end();
}

TestSuite(snapshot_faults, .init = start, .fini = finish, .timeout = 120);

static bool save(void)
{
    struct snapshot_counts counts;
    error[0] = 0;
    return snapshot_write(w, ks, "d", &counts, error, sizeof error, NULL, NULL);
}

static enum snapshot_found load(void)
{
    struct snapshot_counts counts;
    for (unsigned db = 0; db < 2; db++)
        keyspace_flush(loaded, db);
    error[0] = 0;
    return snapshot_load(loaded, "d", &counts, error, sizeof error, NULL, NULL);
}

static const char *temporary(void)
{
    static char path[100];
    snprintf(path, sizeof path, "d/" SNAPSHOT_FILE ".%d.tmp", (int)getpid());
    return path;
}

Test(snapshot_faults, the_name_is_given_only_after_the_sync)
{
    cr_assert(save());
    cr_expect_str_eq(disk.done, "owscrd");
}

Test(snapshot_faults, short_and_interrupted_writes_are_gone_on_with)
{
    for (disk.most = 1; disk.most < 100000; disk.most = disk.most * 7 + 5) {
        disk.interrupts = 3;
        cr_assert(save(), "%s", error);
        cr_assert_eq(load(), SNAPSHOT_LOADED, "%s", error);
        check_same(ks, loaded);
    }
}

/* The old file, which holds `bytes`, is as it was, and nothing lies beside it. */
static void check_old(const char *bytes)
{
    check(disk_find(FILE_NAME) && disk_find(FILE_NAME)->len == strlen(bytes));
    check(memcmp(disk_find(FILE_NAME)->data, bytes, strlen(bytes)) == 0);
    check(!disk_find(temporary()));
}

Test(snapshot_faults, any_operation_may_fail)
{
    static const int errors[] = {EIO, ENOSPC, EACCES, EDQUOT};
    unsigned failed = 0, n = 0;
    for (bool done = false; !done; n++) {
        disk_put(FILE_NAME, "the old one", 11);
        disk_heal();
        disk.fail_after = n;
        disk.why = errors[n % 4];
        done = save();
        if (done)
            break;
        failed++;
        cr_expect_not_null(strstr(error, strerror(errors[n % 4])), "%s", error);
        cr_expect_not_null(strstr(error, "d"), "%s", error);
        if (strchr(disk.done, 'd')) { /* the new one has its name already, and is whole */
            disk_heal();
            cr_expect_eq(load(), SNAPSHOT_LOADED);
        } else {
            check_old("the old one");
        }
    }
    cr_expect_geq(failed, 8u, "open, writes, fsync, close, rename, fsync of the directory");
    disk_heal();
    cr_assert_eq(load(), SNAPSHOT_LOADED, "%s", error);
    check_same(ks, loaded);
}

Test(snapshot_faults, a_disk_may_be_full_at_any_byte)
{
    cr_assert(save());
    size_t all = disk_find(FILE_NAME)->len;
    for (size_t room = 0; room < all; room += room < 200 || room > all - 200 ? 1 : 4999) {
        disk_put(FILE_NAME, "the old one", 11);
        disk_heal();
        disk.room = room;
        cr_assert_not(save());
        cr_expect_not_null(strstr(error, "No space left on device"), "%s", error);
        check_old("the old one");
    }
    disk_heal();
    disk.room = all;
    cr_expect(save(), "%s", error);
}

Test(snapshot_faults, a_writer_works_again_after_a_failure)
{
    disk.fail_after = 2;
    disk.why = ENOSPC;
    cr_assert_not(save());
    cr_assert(save());
    cr_assert_eq(load(), SNAPSHOT_LOADED, "%s", error);
    check_same(ks, loaded);
}

Test(snapshot_faults, short_and_interrupted_reads_are_gone_on_with)
{
    cr_assert(save());
    for (disk.most = 1; disk.most < 100000; disk.most = disk.most * 7 + 5) {
        disk.interrupts = 3;
        cr_assert_eq(load(), SNAPSHOT_LOADED, "%s", error);
        check_same(ks, loaded);
    }
}

Test(snapshot_faults, reading_that_fails_is_told)
{
    cr_assert(save());
    unsigned n = 0;
    for (;; n++) {
        disk_heal();
        disk.fail_after = n;
        disk.why = EIO;
        enum snapshot_found found = load();
        if (found == SNAPSHOT_LOADED && disk.fail_after != UINT32_MAX)
            break;
        if (strchr(disk.done, 'c') && found == SNAPSHOT_LOADED)
            continue; /* closing failed: nothing is lost by that */
        cr_expect_eq(found, SNAPSHOT_BAD);
        cr_expect_not_null(strstr(error, FILE_NAME), "%s", error);
        cr_expect_not_null(strstr(error, "Input/output error"), "%s", error);
    }
    cr_expect_geq(n, 8u);
}
