/* Fuzzes RESTORE: whatever stands in a payload whose checksum is right, it gives a value or an
 * error, and takes no more memory than some multiple of its size. A value that was taken is whole: it
 * passes through DUMP and RESTORE again unchanged. The first byte chooses the limits of packed encodings. */
#include "base/clock.h"
#include "base/must.h"
#include "redis-compat/crc64.h"
#include "redis-compat/payload.h"
#include "server/digest.h"
#include "store/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct keyspace *ks;

static void choose_limits(uint8_t choice)
{
    static const uint64_t entries[] = {128, 0, 1, 4};
    static const int64_t sizes[] = {-2, 1, 3, -5};
    uint64_t most = entries[choice & 3], longest = choice & 4 ? 8 : 64;
    encoding_limits = (struct encoding_limits){
        .hash_entries = most,
        .hash_value = longest,
        .set_ints = choice & 8 ? 3 : 512,
        .set_entries = most,
        .set_value = longest,
        .zset_entries = most,
        .zset_value = longest,
        .list_size = sizes[choice >> 4 & 3],
        .list_compress_depth = choice >> 6,
    };
}

/* Puts version and checksum behind what is in b. */
static void close_payload(struct buf *b)
{
    uint16_t version = RDB_VERSION_NEWEST;
    buf_append(b, &version, sizeof version);
    uint64_t sum = crc64(0, b->data, b->len);
    buf_append(b, &sum, sizeof sum);
}

/* Restores to the key k; NULL when it is refused, or holds nothing that lasts. */
static struct entry *restore(struct slice payload)
{
    struct slice key = SLICE("k");
    struct place built;
    const char *error;
    must(payload_is_whole(payload));
    if (!payload_read(payload, ks, &built, &error)) {
        must(error);
        return NULL;
    }
    return built.entry ? place_move(&built, 0, key, keyspace_hash(key), EXPIRY_NONE).entry : NULL;
}

static void restore_again(const struct entry *e)
{
    char before[DIGEST_TEXT], after[DIGEST_TEXT];
    for (int compress = 0; compress < 2; compress++) {
        struct rdb_writer w = {.compress = compress};
        digest_of_value(e, before);
        payload_write(&w, e);
        e = restore(buf_slice(&w.out));
        must(e);
        digest_of_value(e, after);
        must(strcmp(before, after) == 0);
        rdb_writer_deinit(&w);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!ks) {
        arena_init();
        clock_refresh();
        ks = keyspace_create(1);
    }
    if (size < 1)
        return 0;
    choose_limits(data[0]);
    struct buf payload = BUF_EMPTY;
    buf_append(&payload, data + 1, size - 1);
    close_payload(&payload);
    const struct entry *e = restore(buf_slice(&payload));
    if (e && !rdb_value_is_empty(e))
        restore_again(e);
    buf_deinit(&payload);
    place_workshop(ks);
    keyspace_flush(ks, 0);
    while (keyspace_work(ks, 1000000) == 0)
        ;
    must(arena_stats().objects < 100);
    return 0;
}
