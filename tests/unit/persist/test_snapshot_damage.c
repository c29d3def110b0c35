/* snapshot: a damaged file is refused, with its name, the place and what is wrong; nothing else happens. */
#include "persist/snapshot.h"

#include "base/buf.h"
#include "persist/block.h"
#include "persist/snapshot_priv.h"
#include "tests/unit/support/disk.h"
#include "tests/unit/support/snapshot_keys.h"

#define FILE_NAME "d/" SNAPSHOT_FILE

static struct keyspace *ks, *loaded;
static char error[300];

static void start(void)
{
    arena_init();
    script_clock_start();
    disk_start();
    ks = keyspace_create(2);
    loaded = keyspace_create(2);
}

static void finish(void)
{
    keyspace_destroy(ks);
    keyspace_destroy(loaded);
    disk_end();
}

TestSuite(snapshot_damage, .init = start, .fini = finish, .timeout = 120);

static void save(void)
{
    struct snapshot_counts counts;
    struct snapshot_writer *w = snapshot_writer_create();
    cr_assert(snapshot_write(w, ks, "d", &counts, error, sizeof error, NULL, NULL), "%s", error);
    snapshot_writer_destroy(w);
}

static enum snapshot_found load(void)
{
    struct snapshot_counts counts;
    for (unsigned db = 0; db < 2; db++)
        keyspace_flush(loaded, db);
    snprintf(error, sizeof error, "none");
    return snapshot_load(loaded, "d", &counts, error, sizeof error, NULL, NULL);
}

/* A small snapshot with a bit of everything; a copy of its bytes. */
static struct slice small_file(void)
{
    struct place p;
    put_string(ks, 0, SLICE("text"), SLICE("some text, some text, some text"), EXPIRY_NONE);
    put_string(ks, 0, SLICE("number"), SLICE("12345"), clock_ms() + 1000);
    p = place_named(ks, 0, "list");
    list_push(&p, LIST_TAIL, SLICE("element"));
    p = place_named(ks, 1, "hash");
    fields_set(&p, SLICE("f"), SLICE("v"), clock_ms() + 100);
    p = place_named(ks, 1, "zset");
    zset_put(&p, SLICE("m"), 1.5);
    save();
    struct disk_file *f = disk_find(FILE_NAME);
    char *copy = malloc(f->len);
    memcpy(copy, f->data, f->len);
    return slice_make(copy, f->len);
}

static void check_bad(void)
{
    check(load() == SNAPSHOT_BAD);
    check(strstr(error, FILE_NAME ": at byte "));
    check(strlen(error) > strlen(FILE_NAME ": at byte 0: "));
}

Test(snapshot_damage, any_bit_of_a_small_file)
{
    struct slice whole = small_file();
    for (size_t i = 0; i < whole.len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            struct disk_file *f = disk_put(FILE_NAME, whole.ptr, whole.len);
            f->data[i] ^= (char)(1 << bit);
            check_bad();
        }
    disk_put(FILE_NAME, whole.ptr, whole.len);
    cr_expect_eq(load(), SNAPSHOT_LOADED, "%s", error);
    check_same(ks, loaded);
    free((void *)(uintptr_t)whole.ptr);
}

Test(snapshot_damage, cut_zeroed_or_lengthened_anywhere)
{
    struct slice whole = small_file();
    static const char zeros[64];
    char grown[4096];
    cr_assert_leq(whole.len + 64, sizeof grown);
    for (size_t len = 0; len < whole.len; len++) {
        disk_put(FILE_NAME, whole.ptr, len);
        check_bad();
        memcpy(grown, whole.ptr, len); /* the size was written, the rest of the bytes were not */
        memset(grown + len, 0, whole.len - len);
        bool same = memcmp(grown, whole.ptr, whole.len) == 0;
        disk_put(FILE_NAME, grown, whole.len);
        if (!same)
            check_bad();
        memcpy(grown, whole.ptr, len); /* bytes inserted */
        memcpy(grown + len, zeros, 64);
        memcpy(grown + len + 64, whole.ptr + len, whole.len - len);
        disk_put(FILE_NAME, grown, whole.len + 64);
        check_bad();
    }
    memcpy(grown, whole.ptr, whole.len);
    grown[whole.len] = 0;
    disk_put(FILE_NAME, grown, whole.len + 1);
    check_bad();
    cr_expect_not_null(strstr(error, "bytes follow the last block"), "%s", error);
    free((void *)(uintptr_t)whole.ptr);
}

Test(snapshot_damage, random_places_of_a_big_file)
{
    put_strings(ks, 0);
    put_collections(ks, 1);
    save();
    struct disk_file *f = disk_find(FILE_NAME);
    for (unsigned n = 0; n < 60 / CHECK_SCALE; n++) {
        size_t at = draw_below(f->len);
        char change = (char)(1 + draw_below(255));
        f->data[at] ^= change;
        check_bad();
        f->data[at] ^= change;
    }
    cr_expect_eq(load(), SNAPSHOT_LOADED, "%s", error);
    check_same(ks, loaded);
}

/* Where the n-th block of a file begins. */
static size_t block_at(const struct disk_file *f, unsigned n)
{
    size_t at = BLOCK_FILE_HEADER;
    while (n--) {
        uint32_t stored;
        memcpy(&stored, f->data + at + 24, 4);
        at += BLOCK_HEADER + stored;
    }
    return at;
}

Test(snapshot_damage, blocks_lost_doubled_moved_or_of_another_file)
{
    for (unsigned n = 0; n < 10000; n++)
        put_string(ks, 0, key_named(n, 16), noise(64), EXPIRY_NONE);
    save();
    struct disk_file *f = disk_find(FILE_NAME);
    struct buf whole = BUF_EMPTY, b = BUF_EMPTY;
    buf_append(&whole, f->data, f->len);
    size_t one = block_at(f, 1), two = block_at(f, 2), three = block_at(f, 3);

    buf_append(&b, whole.data, one); /* lost */
    buf_append(&b, whole.data + two, whole.len - two);
    disk_put(FILE_NAME, b.data, b.len);
    check_bad();
    cr_expect_not_null(strstr(error, "another place"), "%s", error);

    b.len = 0;
    buf_append(&b, whole.data, two); /* doubled */
    buf_append(&b, whole.data + one, whole.len - one);
    disk_put(FILE_NAME, b.data, b.len);
    check_bad();

    b.len = 0;
    buf_append(&b, whole.data, one); /* moved */
    buf_append(&b, whole.data + two, three - two);
    buf_append(&b, whole.data + one, two - one);
    buf_append(&b, whole.data + three, whole.len - three);
    disk_put(FILE_NAME, b.data, b.len);
    check_bad();

    save(); /* the same keys, another file */
    f = disk_find(FILE_NAME);
    cr_assert_eq(f->len, whole.len);
    memcpy(f->data + one, whole.data + one, two - one);
    check_bad();
    cr_expect_not_null(strstr(error, "checksum"), "%s", error);
    buf_deinit(&whole);
    buf_deinit(&b);
}

/* ---- files whose checksums are right ------------------------------------------------- */

static struct block_writer made;
static struct buf raw;

static void make_begin(void)
{
    block_writer_init(&made);
    int fd = file_ops->open(FILE_NAME, O_CREAT | O_TRUNC, 0);
    cr_assert(block_writer_begin(&made, fd, &(struct block_file){.id = 1}));
    raw.len = 0;
}

static void make_block(unsigned kind, unsigned db)
{
    cr_assert(block_write(&made, (enum block_kind)kind, db, raw.data, raw.len));
    raw.len = 0;
}

/* Closes the file with an end that says `keys`, or with none, and loads it; the error. */
static const char *make_end(uint64_t keys)
{
    uint64_t counts[2] = {keys, made.raw};
    if (keys != UINT64_MAX)
        block_write(&made, BLOCK_END, 0, (char *)counts, sizeof counts);
    file_ops->close(made.fd);
    block_writer_deinit(&made);
    enum snapshot_found found = load();
    cr_assert(found == (strcmp(error, "none") == 0 ? SNAPSHOT_LOADED : SNAPSHOT_BAD));
    return error;
}

#define expect_error(said, text) cr_expect_not_null(strstr((said), (text)), "%s, not %s", error, text)

/* The head of one record. */
static void add_head(unsigned kind, unsigned flags, int64_t expiry)
{
    char head[HEAD_LONG] = {(char)kind, (char)flags, 1, 2, 3};
    memcpy(head + HEAD_EXPIRY, &expiry, 8);
    buf_append(&raw, head, sizeof head);
}

/* A block of one record. */
static void add_record(unsigned kind, unsigned flags, int64_t expiry, struct slice key, struct slice value)
{
    uint32_t one = 1, key_len = (uint32_t)key.len, value_len = (uint32_t)value.len;
    buf_append(&raw, &one, 4);
    add_head(kind, flags, expiry);
    buf_append(&raw, &key_len, 4);
    buf_append(&raw, &value_len, 4);
    buf_append_slice(&raw, key);
    buf_append_slice(&raw, value);
}

static const char *one_record(unsigned kind, unsigned flags, int64_t expiry, struct slice value)
{
    make_begin();
    add_record(kind, flags, expiry, SLICE("k"), value);
    make_block(BLOCK_RECORDS, 0);
    return make_end(1);
}

Test(snapshot_damage, records_that_no_writer_writes)
{
    expect_error(one_record(RECORD_STRING, 0, 0, SLICE("v")), "none");
    expect_error(one_record(RECORD_STRING, RECORD_EXPIRES, INT64_MAX, SLICE("v")), "none");
    expect_error(one_record(RECORD_STRING, RECORD_EXPIRES, 0, SLICE("v")), "none"); /* long ago */
    cr_expect_eq(keyspace_count(loaded, 0), 0u);
    expect_error(one_record(3, 0, 0, SLICE("v")), "unknown kind");
    expect_error(one_record(RECORD_STRING, 8, 0, SLICE("v")), "unknown flags");
    expect_error(one_record(RECORD_COLLECTION, RECORD_EDITED, 0, SLICE("v")), "unknown flags");
    expect_error(one_record(RECORD_STRING, RECORD_EXPIRES, -1, SLICE("v")), "expiry");
    expect_error(one_record(RECORD_STRING, 0, 1, SLICE("v")), "expiry");
    for (size_t width = 0; width <= 9; width++)
        expect_error(one_record(RECORD_INT, 0, 0, slice_make("123456789", width)),
                     width == 1 || width == 2 || width == 4 || width == 8 ? "none" : "width");
    expect_error(one_record(RECORD_COLLECTION, 0, 0, SLICE("\x01\x01\x01x")), "none");
    expect_error(one_record(RECORD_COLLECTION, 0, 0, SLICE("\x01\x01\x01xy")), "bytes follow a value");
    expect_error(one_record(RECORD_COLLECTION, 0, 0, SLICE("\x01\x02\x01x")), "ends early");
    expect_error(one_record(RECORD_COLLECTION, 0, 0, SLICE("")), "ends early");
    expect_error(one_record(RECORD_COLLECTION, 0, 0, SLICE("\x02\x02\x01x\x01x")), "twice");
    expect_error(one_record(RECORD_COLLECTION, 0, 0, SLICE("\x07x")), "");
    cr_expect_eq(load(), SNAPSHOT_BAD);
}

Test(snapshot_damage, a_key_twice)
{
    for (unsigned kind = RECORD_STRING; kind <= RECORD_COLLECTION; kind++) {
        struct slice value = kind == RECORD_COLLECTION ? SLICE("\x01\x01\x01x") : SLICE("1");
        for (unsigned second = 0; second < 2; second++) {
            make_begin();
            add_record(RECORD_STRING, 0, 0, SLICE("k"), SLICE("v"));
            make_block(BLOCK_RECORDS, 0);
            add_record(kind, 0, 0, SLICE("k"), value);
            make_block(BLOCK_RECORDS, second);
            expect_error(make_end(2), second ? "none" : "a key stands there twice");
        }
    }
}

static const char *block_of(uint32_t count, size_t more)
{
    static const char zeros[1000];
    make_begin();
    buf_append(&raw, &count, 4);
    buf_append(&raw, zeros, more);
    make_block(BLOCK_RECORDS, 0);
    return make_end(count);
}

Test(snapshot_damage, blocks_whose_lengths_disagree)
{
    make_begin();
    buf_append(&raw, "abc", 3);
    make_block(BLOCK_RECORDS, 0);
    expect_error(make_end(0), "shorter than its header");
    expect_error(block_of(0, 0), "no room");
    expect_error(block_of(1, HEAD_PLANES - 1), "no room");
    expect_error(block_of(UINT32_MAX, 1000), "no room");
    expect_error(block_of(1, HEAD_PLANES), "none");
    expect_error(block_of(1, HEAD_PLANES + 1), "don't add up");
    for (unsigned field = HEAD_KEY; field <= HEAD_VALUE; field += 4)
        for (unsigned byte = 0; byte < 4; byte++) {
            make_begin();
            add_record(RECORD_STRING, 0, 0, SLICE("k"), SLICE("v"));
            raw.data[RECORDS_HEADER + field + byte] ^= '\x81';
            make_block(BLOCK_RECORDS, 0);
            expect_error(make_end(1), "don't add up");
        }
}

Test(snapshot_damage, blocks_in_an_order_that_no_writer_has)
{
    make_begin();
    buf_append(&raw, "x", 1);
    make_block(BLOCK_MORE, 0);
    expect_error(make_end(0), "follows none");

    make_begin();
    buf_append(&raw, "x", 1);
    make_block(77, 0);
    expect_error(make_end(0), "unknown kind");

    make_begin();
    expect_error(make_end(UINT64_MAX), "without its last block");

    make_begin();
    expect_error(make_end(1), "counts");

    make_begin();
    buf_append(&raw, "12345678", 8);
    make_block(BLOCK_END, 0);
    expect_error(make_end(UINT64_MAX), "another size");

    make_begin();
    add_record(RECORD_STRING, 0, 0, SLICE("k"), SLICE("v"));
    make_block(BLOCK_RECORDS, 2);
    expect_error(make_end(1), "`databases`");
}

/* A long record: `first` bytes of its value in the first block, then one block for each of the rest. */
static void long_record(unsigned kind, uint64_t key_len, uint64_t value_len, struct slice first)
{
    make_begin();
    add_head(kind, 0, 0);
    buf_append(&raw, &key_len, 8);
    buf_append(&raw, "k", 1);
    if (kind != RECORD_COLLECTION)
        buf_append(&raw, &value_len, 8);
    buf_append_slice(&raw, first);
    make_block(BLOCK_LONG, 0);
}

static void more(struct slice bytes, unsigned db)
{
    buf_append_slice(&raw, bytes);
    make_block(BLOCK_MORE, db);
}

Test(snapshot_damage, long_records_that_no_writer_writes)
{
    long_record(RECORD_STRING, 1, 4, SLICE("ab"));
    more(SLICE("cd"), 0);
    expect_error(make_end(1), "none");
    long_record(RECORD_STRING, 1, 4, SLICE("ab"));
    expect_error(make_end(1), "ends early");
    long_record(RECORD_STRING, 1, 4, SLICE("ab"));
    more(SLICE("cd"), 1); /* of another database */
    expect_error(make_end(1), "ends early");
    long_record(RECORD_STRING, 1, 4, SLICE("ab"));
    more(SLICE(""), 0);
    expect_error(make_end(1), "ends early");
    long_record(RECORD_STRING, 1, 4, SLICE("ab"));
    more(SLICE("cde"), 0);
    expect_error(make_end(1), "bytes follow");
    long_record(RECORD_STRING, 1, 4, SLICE("abcd"));
    more(SLICE("e"), 0);
    expect_error(make_end(1), "follows none");
    long_record(RECORD_STRING, 1, 1ull << 40, SLICE("abcd"));
    expect_error(make_end(1), "reaches over the end");
    long_record(RECORD_STRING, 1ull << 40, 4, SLICE("abcd"));
    expect_error(make_end(1), "reaches over the end");
    long_record(RECORD_INT, 1, 4, SLICE("ab"));
    more(SLICE("cd"), 0);
    expect_error(make_end(1), "none");
    long_record(RECORD_INT, 1, 9, SLICE("abcdefghi"));
    expect_error(make_end(1), "width");
    long_record(RECORD_COLLECTION, 1, 0, SLICE("\x01\x02\x01x"));
    more(SLICE("\x01y"), 0);
    expect_error(make_end(1), "none");
    long_record(RECORD_COLLECTION, 1, 0, SLICE("\x01\x02\x01x"));
    expect_error(make_end(1), "ends early");
    make_begin();
    buf_append(&raw, "123", 3);
    make_block(BLOCK_LONG, 0);
    expect_error(make_end(1), "shorter");
}

Test(snapshot_damage, what_is_damaged_behind_a_value_is_named)
{
    put_string(ks, 0, SLICE("k"), noise(1000000), EXPIRY_NONE);
    save();
    struct disk_file *f = disk_find(FILE_NAME);
    size_t third = block_at(f, 2);
    char wanted[100];
    f->data[third + 1000] ^= 1;
    check_bad();
    snprintf(wanted, sizeof wanted, FILE_NAME ": at byte %zu: the checksum of the block is wrong", third);
    cr_expect_str_eq(error, wanted);
}
