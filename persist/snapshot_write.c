/* snapshot_write: walks the keyspace and fills blocks. Records gather, as planes, keys and values, until one of
 * these is full; a value that is too long for that streams into blocks of its own. */
#include "persist/snapshot.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "persist/block.h"
#include "persist/file.h"
#include "persist/snapshot_priv.h"
#include "redis-compat/rdb_value.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* How much a BLOCK_RECORDS holds at most: together they stay below BLOCK_RAW_MAX. */
#define RECORDS_MAX 2048
#define KEYS_MAX ((size_t)64 << 10)
#define VALUES_MAX ((size_t)128 << 10)
/* Where the values begin in `raw`; what comes before them is put in front when the block is full. */
#define VALUES_AT (RECORDS_HEADER + (size_t)HEAD_PLANES * RECORDS_MAX + KEYS_MAX)
_Static_assert(VALUES_AT + VALUES_MAX <= BLOCK_RAW_MAX, "a block too big to be read");

/* A record whose key and value are longer goes over several blocks. */
#define SHORT_MAX ((size_t)32 << 10)

struct snapshot_writer {
    struct block_writer blocks;
    struct rdb_writer collection; /* the one being written */
    const struct entry *entry;    /* which that is */
    unsigned db;
    int why; /* errno of what failed; 0: nothing did */
    bool cancelled;
    bool (*keep_going)(void *ctx, uint64_t keys_done);
    void *ctx;
    uint64_t keys;
    /* The records of the block being filled. */
    uint32_t count;
    size_t keys_len, values_len;
    /* Of the long record being written: bytes in `raw`, and the kind of block they go into. */
    bool is_long;
    enum block_kind long_kind;
    size_t long_len;
    uint8_t planes[HEAD_PLANES][RECORDS_MAX];
    char names[KEYS_MAX];
    char raw[BLOCK_RAW_MAX];
};

static bool failed(const struct snapshot_writer *w)
{
    return w->why || w->cancelled;
}

static void put_block(struct snapshot_writer *w, enum block_kind kind, const char *raw, size_t len)
{
    if (failed(w))
        return;
    if (!block_write(&w->blocks, kind, w->db, raw, len))
        w->why = errno;
    else if (w->keep_going && !w->keep_going(w->ctx, w->keys))
        w->cancelled = true;
}

/* ---- records of one block ------------------------------------------------------- */

/* Writes the records gathered so far. */
static void end_block(struct snapshot_writer *w)
{
    if (!w->count)
        return;
    size_t front = RECORDS_HEADER + (size_t)HEAD_PLANES * w->count + w->keys_len;
    char *raw = w->raw + VALUES_AT - front, *at = raw + RECORDS_HEADER;
    memcpy(raw, &w->count, RECORDS_HEADER);
    for (unsigned p = 0; p < HEAD_PLANES; p++, at += w->count)
        memcpy(at, w->planes[p], w->count);
    memcpy(at, w->names, w->keys_len);
    put_block(w, BLOCK_RECORDS, raw, front + w->values_len);
    w->count = 0;
    w->keys_len = w->values_len = 0;
}

static void make_head(uint8_t head[HEAD_PLANES], const struct entry *e, size_t value_len)
{
    int64_t expiry = entry_expiry(e);
    uint32_t key_len = (uint32_t)entry_key(e).len, len = (uint32_t)value_len;
    bool is_string = entry_type(e) == TYPE_STRING;
    head[HEAD_KIND] = !is_string                     ? RECORD_COLLECTION
                      : entry_encoding(e) == ENC_INT ? RECORD_INT
                                                     : RECORD_STRING;
    head[HEAD_FLAGS] =
        (uint8_t)((expiry != EXPIRY_NONE ? RECORD_EXPIRES : 0) |
                  (e->flags & ENTRY_EDITED ? RECORD_EDITED : 0) | (e->flags & ENTRY_TEXT ? RECORD_TEXT : 0));
    if (expiry == EXPIRY_NONE)
        expiry = 0;
    memcpy(head + HEAD_ACCESS, e->access, sizeof e->access);
    memcpy(head + HEAD_EXPIRY, &expiry, 8);
    memcpy(head + HEAD_KEY, &key_len, 4);
    memcpy(head + HEAD_VALUE, &len, 4);
}

/* A record of at most SHORT_MAX bytes. */
static void put_record(struct snapshot_writer *w, const struct entry *e, struct slice value)
{
    struct slice key = entry_key(e);
    uint8_t head[HEAD_PLANES];
    if (w->count == RECORDS_MAX || w->keys_len + key.len > KEYS_MAX || w->values_len + value.len > VALUES_MAX)
        end_block(w);
    make_head(head, e, value.len);
    for (unsigned p = 0; p < HEAD_PLANES; p++)
        w->planes[p][w->count] = head[p];
    w->count++;
    memcpy(w->names + w->keys_len, key.ptr, key.len);
    w->keys_len += key.len;
    memcpy(w->raw + VALUES_AT + w->values_len, value.ptr, value.len);
    w->values_len += value.len;
}

/* ---- a record over several blocks ------------------------------------------------ */

static void end_part(struct snapshot_writer *w)
{
    put_block(w, w->long_kind, w->raw, w->long_len);
    w->long_kind = BLOCK_MORE;
    w->long_len = 0;
}

static void long_put(struct snapshot_writer *w, const char *bytes, size_t len)
{
    while (len) {
        size_t n = BLOCK_RAW_MAX - w->long_len < len ? BLOCK_RAW_MAX - w->long_len : len;
        memcpy(w->raw + w->long_len, bytes, n);
        w->long_len += n;
        bytes += n;
        len -= n;
        if (w->long_len == BLOCK_RAW_MAX)
            end_part(w);
    }
}

static void begin_long(struct snapshot_writer *w, const struct entry *e)
{
    struct slice key = entry_key(e);
    uint8_t head[HEAD_PLANES];
    uint64_t key_len = key.len;
    end_block(w);
    make_head(head, e, 0);
    w->is_long = true;
    w->long_kind = BLOCK_LONG;
    w->long_len = 0;
    long_put(w, (const char *)head, HEAD_LONG);
    long_put(w, (const char *)&key_len, sizeof key_len);
    long_put(w, key.ptr, key.len);
}

static void end_long(struct snapshot_writer *w)
{
    if (w->long_len)
        end_part(w);
    w->is_long = false;
}

/* ---- values --------------------------------------------------------------------- */

static void put_string(struct snapshot_writer *w, const struct entry *e)
{
    struct slice value = entry_bytes(e); /* an integer's are its little-endian ones */
    if (likely(entry_key(e).len + value.len <= SHORT_MAX)) {
        put_record(w, e, value);
        return;
    }
    uint64_t len = value.len;
    begin_long(w, e);
    long_put(w, (const char *)&len, sizeof len);
    long_put(w, value.ptr, value.len);
    end_long(w);
}

/* The collection has filled its buffer: it is a long one. */
static void on_collection(struct rdb_writer *r)
{
    struct snapshot_writer *w = r->sink;
    if (!w->is_long)
        begin_long(w, w->entry);
    long_put(w, r->out.data, r->out.len);
    r->out.len = 0;
}

static void put_collection(struct snapshot_writer *w, const struct entry *e)
{
    if (rdb_value_is_empty(e))
        return;
    struct rdb_writer *r = &w->collection;
    w->entry = e;
    r->out.len = 0;
    rdb_write_byte(r, (uint8_t)rdb_value_type(e));
    rdb_value_write(r, e);
    if (!w->is_long && entry_key(e).len + r->out.len <= SHORT_MAX) {
        put_record(w, e, buf_slice(&r->out));
    } else {
        on_collection(r);
        end_long(w);
    }
    w->keys++;
}

static void put_database(struct snapshot_writer *w, struct keyspace *ks, unsigned db)
{
    int64_t now = clock_ms();
    struct dict_walk walk;
    dict_walk_begin(&walk, keyspace_dict(ks, db));
    w->db = db;
    for (const struct entry *e; !failed(w) && (e = dict_walk_next(&walk));) {
        if (e->flags & ENTRY_EXPIRES && entry_expiry(e) < now)
            continue;
        if (likely(entry_type(e) == TYPE_STRING)) {
            put_string(w, e);
            w->keys++;
        } else {
            put_collection(w, e);
        }
    }
    end_block(w);
}

static void put_end(struct snapshot_writer *w)
{
    uint64_t counts[END_SIZE / 8] = {w->keys, w->blocks.raw};
    w->db = 0;
    put_block(w, BLOCK_END, (const char *)counts, sizeof counts);
}

/* ---- the file ------------------------------------------------------------------- */

struct snapshot_writer *snapshot_writer_create(void)
{
    struct snapshot_writer *w = mem_alloc(sizeof *w);
    block_writer_init(&w->blocks);
    w->collection = (struct rdb_writer){.flush = on_collection, .full = SHORT_MAX, .sink = w};
    buf_reserve(&w->collection.out, SHORT_MAX + SNAPSHOT_ELEMENT);
    buf_reserve(&w->collection.pack, SNAPSHOT_ELEMENT);
    return w;
}

void snapshot_writer_destroy(struct snapshot_writer *w)
{
    block_writer_deinit(&w->blocks);
    rdb_writer_deinit(&w->collection);
    mem_free(w);
}

static void write_all(struct snapshot_writer *w, struct keyspace *ks, int fd)
{
    struct block_file file = {.created_ms = clock_ms()};
    random_fill(&file.id, sizeof file.id);
    w->why = 0;
    w->cancelled = w->is_long = false;
    w->keys = w->count = 0;
    w->keys_len = w->values_len = 0;
    if (!block_writer_begin(&w->blocks, fd, &file))
        w->why = errno;
    for (unsigned db = 0; !failed(w) && db < keyspace_databases(ks); db++)
        put_database(w, ks, db);
    put_end(w);
}

/* False when it doesn't fit. */
static bool temporary_path(char path[PATH_MAX], const char *directory, pid_t pid)
{
    return snprintf(path, PATH_MAX, "%s/" SNAPSHOT_FILE ".%ld.tmp", directory, (long)pid) < PATH_MAX;
}

void snapshot_discard(const char *directory, pid_t pid)
{
    char path[PATH_MAX];
    if (temporary_path(path, directory, pid))
        file_ops->unlink(path);
}

/* Says what failed; returns false. Children call it: no strerror, which may allocate. */
static bool explain(char *error, size_t room, const char *what, const char *path, int why)
{
    const char *reason = strerrordesc_np(why);
    snprintf(error, room, "%s %s: %s", what, path, reason ? reason : "unknown error");
    return false;
}

/* Puts all keys into the file `path`, synced. On failure there is none. */
static bool write_file(struct snapshot_writer *w, struct keyspace *ks, const char *path, char *error,
                       size_t room)
{
    int fd = file_ops->open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0)
        return explain(error, room, "can't create", path, errno);
    const char *what = "can't write";
    write_all(w, ks, fd);
    if (!failed(w) && file_ops->fsync(fd) < 0) {
        what = "can't sync";
        w->why = errno;
    }
    if (file_ops->close(fd) < 0 && !failed(w))
        w->why = errno;
    if (!failed(w))
        return true;
    if (w->cancelled)
        snprintf(error, room, "%s was given up", path);
    else
        explain(error, room, what, path, w->why);
    file_ops->unlink(path);
    return false;
}

bool snapshot_write(struct snapshot_writer *w, struct keyspace *ks, const char *directory,
                    struct snapshot_counts *out, char *error, size_t room,
                    bool (*keep_going)(void *ctx, uint64_t keys_done), void *ctx)
{
    char temporary[PATH_MAX], path[PATH_MAX];
    *out = (struct snapshot_counts){0};
    w->keep_going = keep_going;
    w->ctx = ctx;
    if (!temporary_path(temporary, directory, getpid()))
        return explain(error, room, "can't create a file in", directory, ENAMETOOLONG);
    snprintf(path, sizeof path, "%s/" SNAPSHOT_FILE, directory);
    if (!write_file(w, ks, temporary, error, room))
        return false;
    if (file_ops->rename(temporary, path) < 0) {
        explain(error, room, "can't rename to", path, errno);
        file_ops->unlink(temporary);
        return false;
    }
    if (file_ops->fsync_directory(directory) < 0)
        return explain(error, room, "can't sync the directory", directory, errno);
    *out = (struct snapshot_counts){.keys = w->keys, .bytes = w->blocks.bytes, .raw = w->blocks.raw};
    return true;
}
