/* Fuzzes the reading of snapshots: whatever stands in the file, it is loaded or refused with a reason, and
 * takes no more memory than some multiple of its size. What was loaded can be written and loaded again.
 *
 * The first byte chooses: the rest is a file as it stands; or it is cut into blocks, whose checksums are made
 * right, as long as they last: kind, database, two bytes of length, and the bytes. */
#include "persist/snapshot.h"
#include "base/clock.h"
#include "base/must.h"
#include "persist/block.h"
#include "server/digest.h"
#include "store/place.h"
#include "tests/unit/support/disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_NAME "d/" SNAPSHOT_FILE

static struct keyspace *ks;
static struct snapshot_writer *writer;

static void make_file(const uint8_t *data, size_t size)
{
    static struct block_writer w;
    if (!w.stored)
        block_writer_init(&w);
    int fd = file_ops->open(FILE_NAME, O_CREAT | O_TRUNC, 0);
    must(block_writer_begin(&w, fd, &(struct block_file){.id = 1}));
    while (size >= 4) {
        size_t len = data[2] | (size_t)data[3] << 8;
        len = len < size - 4 ? len : size - 4;
        must(block_write(&w, data[0], data[1], (const char *)data + 4, len));
        data += 4 + len;
        size -= 4 + len;
    }
    file_ops->close(fd);
}

static enum snapshot_found load(void)
{
    char error[300] = "";
    struct snapshot_counts counts;
    enum snapshot_found found = snapshot_load(ks, "d", &counts, error, sizeof error, NULL, NULL);
    must(found != SNAPSHOT_NONE && (found == SNAPSHOT_BAD) == (error[0] != 0));
    return found;
}

static void empty(void)
{
    for (unsigned db = 0; db < keyspace_databases(ks); db++)
        keyspace_flush(ks, db);
    while (keyspace_work(ks, 1000000) == 0)
        ;
}

static void save_and_load_again(void)
{
    char before[DIGEST_TEXT], after[DIGEST_TEXT], error[300];
    struct snapshot_counts counts;
    digest_all(ks, before);
    must(snapshot_write(writer, ks, "d", &counts, error, sizeof error, NULL, NULL));
    empty();
    must(load() == SNAPSHOT_LOADED);
    digest_all(ks, after);
    must(strcmp(before, after) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!ks) {
        arena_init();
        clock_refresh();
        ks = keyspace_create(2);
        writer = snapshot_writer_create();
    }
    if (size < 1)
        return 0;
    disk_start();
    if (data[0] & 1)
        make_file(data + 1, size - 1);
    else
        disk_put(FILE_NAME, data + 1, size - 1);
    if (load() == SNAPSHOT_LOADED)
        save_and_load_again();
    empty();
    disk_end();
    place_workshop(ks);
    must(arena_stats().objects < 100);
    return 0;
}
