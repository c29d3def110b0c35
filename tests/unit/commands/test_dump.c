/* dump: DEBUG RELOAD's way through DUMP and RESTORE. */
#include "commands/dump.h"

#include "store/fields.h"
#include "tests/unit/support/check.h"
#include "tests/unit/support/script_clock.h"

static struct keyspace *ks;

static void start(void)
{
    arena_init();
    script_clock_start();
    clock_refresh();
    ks = keyspace_create(2);
}

static void finish(void)
{
    keyspace_destroy(ks);
    check(arena_stats().objects == 0);
    clock_set_source(NULL, NULL);
}

TestSuite(dump, .init = start, .fini = finish, .timeout = 60);

Test(dump, reload_keeps_values_and_times)
{
    char error[256], digits[FIELDS_DIGITS];
    struct slice key = SLICE("h"), value;
    uint64_t hash = keyspace_hash(key);
    struct place p = place_find(ks, 1, key, hash);
    fields_set(&p, SLICE("f"), SLICE("v"), clock_ms() + 1000);
    fields_set(&p, SLICE("g"), SLICE("w"), EXPIRY_NONE);
    keyspace_set_expiry(ks, 1, p.entry, hash, clock_ms() + 5000);
    check(dump_reload_all(ks, error, sizeof error));
    int64_t expiry = 0;
    const struct entry *e = keyspace_find(ks, 1, key, hash);
    check(e && entry_expiry(e) == clock_ms() + 5000 && fields_count(e) == 2);
    check(fields_get_expiry(e, SLICE("f"), &expiry) && expiry == clock_ms() + 1000);
    check(fields_get(e, SLICE("g"), digits, &value) && slice_eq(value, SLICE("w")));
}

Test(dump, reload_in_the_very_millisecond_in_which_all_fields_end)
{
    char error[256];
    struct slice key = SLICE("h");
    uint64_t hash = keyspace_hash(key);
    struct place p = place_find(ks, 0, key, hash);
    fields_set(&p, SLICE("f"), SLICE("v"), clock_ms() + 10);
    for (int i = 0; i < 12; i++) {
        check(dump_reload_all(ks, error, sizeof error));
        script_clock_advance(1);
        while (keyspace_work(ks, 1000) == 0)
            ;
    }
    check(!keyspace_find(ks, 0, key, hash));
}
