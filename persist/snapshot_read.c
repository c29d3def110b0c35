/* snapshot_read: block after block into the keyspace. What a block holds was not written by us until
 * every length in it has been compared with what is there. */
#include "persist/snapshot.h"

#include "base/clock.h"
#include "persist/block.h"
#include "persist/file.h"
#include "persist/snapshot_priv.h"
#include "redis-compat/rdb_value.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

/* Records whose places are fetched into the cache before the first of them is put there. */
#define BATCH 16

/* One byte of LZ4 stands for at most so many. */
#define LZ4_GAIN 255

struct load {
    struct keyspace *ks;
    struct block_reader blocks;
    unsigned db;     /* of the record being read: parts of a long one say the same */
    bool held;       /* the block at hand was read, but not looked at yet */
    const char *why; /* what is wrong with what the block at hand holds */
    struct snapshot_counts counts;
    struct buf key; /* of a long record */
};

struct record {
    uint8_t kind, flags;
    uint8_t access[3];
    int64_t expiry;
    struct slice key, value;
    uint64_t hash;
};

static bool refuse(struct load *l, const char *why)
{
    if (!l->why)
        l->why = why;
    return false;
}

static bool next_block(struct load *l)
{
    if (!l->held)
        return block_read(&l->blocks);
    l->held = false;
    return true;
}

/* ---- one record ------------------------------------------------------------------- */

/* Takes HEAD_LONG bytes of a head. */
static bool take_head(struct load *l, struct record *r, const uint8_t *head)
{
    r->kind = head[HEAD_KIND];
    r->flags = head[HEAD_FLAGS];
    memcpy(r->access, head + HEAD_ACCESS, sizeof r->access);
    memcpy(&r->expiry, head + HEAD_EXPIRY, sizeof r->expiry);
    if (r->kind > RECORD_COLLECTION)
        return refuse(l, "a record is of an unknown kind");
    if (r->flags & ~(r->kind == RECORD_COLLECTION ? RECORD_EXPIRES : RECORD_FLAGS))
        return refuse(l, "a record has unknown flags");
    if (r->expiry < 0 || (r->expiry && !(r->flags & RECORD_EXPIRES)))
        return refuse(l, "an expiry is out of range");
    if (!(r->flags & RECORD_EXPIRES))
        r->expiry = EXPIRY_NONE;
    return true;
}

static bool has_ended(const struct record *r)
{
    return r->expiry != EXPIRY_NONE && r->expiry < clock_ms();
}

/* e is what became of the record. */
static void put_marks(const struct record *r, struct entry *e)
{
    memcpy(e->access, r->access, sizeof e->access);
    e->flags |=
        (uint8_t)((r->flags & RECORD_EDITED ? ENTRY_EDITED : 0) | (r->flags & RECORD_TEXT ? ENTRY_TEXT : 0));
}

static bool put_int(struct load *l, const struct record *r)
{
    size_t width = r->value.len;
    if (width != 1 && width != 2 && width != 4 && width != 8)
        return refuse(l, "an integer is of an unknown width");
    uint64_t raw = 0;
    memcpy(&raw, r->value.ptr, width);
    unsigned shift = 64 - 8 * (unsigned)width;
    int64_t value = (int64_t)(raw << shift) >> shift;
    put_marks(r, keyspace_set_int(l->ks, l->db, r->key, r->hash, value, r->expiry));
    return true;
}

/* Reads the value, all of it, from `source`. */
static bool put_collection(struct load *l, const struct record *r, struct rdb_reader *source)
{
    uint8_t type;
    struct place built;
    if (!rdb_read_byte(source, &type) || !rdb_value_read(source, type, l->ks, &built))
        return refuse(l, source->error);
    if (source->at != source->end)
        return refuse(l, "bytes follow a value");
    if (built.entry)
        put_marks(r, place_move(&built, l->db, r->key, r->hash, r->expiry).entry);
    else
        l->counts.ended++; /* a hash whose fields have */
    return true;
}

static bool put_record(struct load *l, const struct record *r)
{
    l->counts.keys++;
    if (unlikely(has_ended(r))) {
        l->counts.ended++;
        return true;
    }
    if (likely(r->kind == RECORD_STRING)) {
        put_marks(r, keyspace_set(l->ks, l->db, r->key, r->hash, r->value, r->expiry));
        return true;
    }
    if (r->kind == RECORD_INT)
        return put_int(l, r);
    struct rdb_reader source = rdb_reader_of(r->value);
    return put_collection(l, r, &source);
}

/* ---- a block of whole records ------------------------------------------------------ */

/* Where the parts of the block at hand lie. */
struct records {
    uint32_t count;
    const uint8_t *planes;
    const char *key, *value; /* of the next record */
};

static void gather_head(const struct records *b, uint32_t i, uint8_t head[HEAD_PLANES])
{
    const uint8_t *at = b->planes + i;
    for (unsigned p = 0; p < HEAD_PLANES; p++, at += b->count)
        head[p] = *at;
}

static uint32_t length_at(const uint8_t *head, unsigned field)
{
    uint32_t len;
    memcpy(&len, head + field, sizeof len);
    return len;
}

/* Bytes of all keys (HEAD_KEY) or values (HEAD_VALUE). */
static uint64_t sum_lengths(const struct records *b, unsigned field)
{
    uint64_t sum = 0;
    for (unsigned p = 0; p < 4; p++) {
        const uint8_t *plane = b->planes + (size_t)(field + p) * b->count;
        uint64_t bytes = 0;
        for (uint32_t i = 0; i < b->count; i++)
            bytes += plane[i];
        sum += bytes << 8 * p;
    }
    return sum;
}

static bool open_records(struct load *l, struct records *b)
{
    const char *raw = l->blocks.raw;
    size_t len = l->blocks.len;
    if (len < RECORDS_HEADER)
        return refuse(l, "a block is shorter than its header");
    memcpy(&b->count, raw, RECORDS_HEADER);
    len -= RECORDS_HEADER;
    if (!b->count || b->count > len / HEAD_PLANES)
        return refuse(l, "a block has no room for its records");
    b->planes = (const uint8_t *)raw + RECORDS_HEADER;
    len -= (size_t)HEAD_PLANES * b->count;
    uint64_t keys = sum_lengths(b, HEAD_KEY), values = sum_lengths(b, HEAD_VALUE);
    if (keys > len || values != len - keys)
        return refuse(l, "the lengths of keys and values don't add up");
    b->key = raw + l->blocks.len - len;
    b->value = b->key + keys;
    return true;
}

static bool load_records(struct load *l)
{
    struct records b;
    if (!open_records(l, &b))
        return false;
    for (uint32_t first = 0; first < b.count; first += BATCH) {
        struct record batch[BATCH];
        uint8_t head[HEAD_PLANES];
        uint32_t n = b.count - first < BATCH ? b.count - first : BATCH;
        for (uint32_t i = 0; i < n; i++) {
            struct record *r = &batch[i];
            gather_head(&b, first + i, head);
            if (!take_head(l, r, head))
                return false;
            r->key = slice_make(b.key, length_at(head, HEAD_KEY));
            r->value = slice_make(b.value, length_at(head, HEAD_VALUE));
            b.key += r->key.len;
            b.value += r->value.len;
            r->hash = keyspace_hash(r->key);
            keyspace_prefetch_segment(l->ks, l->db, r->hash);
        }
        for (uint32_t i = 0; i < n; i++)
            keyspace_prefetch_group(l->ks, l->db, batch[i].hash);
        for (uint32_t i = 0; i < n; i++)
            if (!put_record(l, &batch[i]))
                return false;
    }
    return true;
}

/* ---- a record over several blocks --------------------------------------------------- */

/* The next part of a long record: an rdb_reader's fill. */
static bool next_part(struct rdb_reader *source)
{
    struct load *l = source->source;
    if (!block_read(&l->blocks))
        return false;
    if (l->blocks.kind != BLOCK_MORE || l->blocks.db != l->db || !l->blocks.len) {
        l->held = true;
        return false;
    }
    source->at = l->blocks.raw;
    source->end = source->at + l->blocks.len;
    return true;
}

static bool skip_long(struct load *l, struct rdb_reader *source)
{
    do
        source->at = source->end;
    while (next_part(source));
    return !l->blocks.why;
}

/* A length that what is left of the file can hold. */
static bool read_length(struct load *l, struct rdb_reader *source, uint64_t *len)
{
    uint64_t most = (l->blocks.size - l->blocks.next) * LZ4_GAIN + BLOCK_RAW_MAX;
    if (!rdb_read_fixed(source, len, sizeof *len))
        return refuse(l, source->error);
    return *len <= most || refuse(l, "a length reaches over the end of the file");
}

static bool put_long_string(struct load *l, const struct record *r, struct rdb_reader *source)
{
    uint64_t len;
    if (!read_length(l, source, &len))
        return false;
    struct blob *blob = blob_create(len);
    blob->len = len;
    if (!rdb_read_fixed(source, blob->data, len) || source->at != source->end) {
        blob_put(blob);
        return refuse(l, source->error ? source->error : "bytes follow a value");
    }
    if (len > ENTRY_INLINE_MAX) {
        put_marks(r, keyspace_set_blob(l->ks, l->db, r->key, r->hash, blob, r->expiry));
        return true;
    }
    /* It is the key that is long. */
    struct slice value = slice_make(blob->data, len);
    put_marks(r, keyspace_set(l->ks, l->db, r->key, r->hash, value, r->expiry));
    blob_put(blob);
    return true;
}

static bool put_long_int(struct load *l, struct record *r, struct rdb_reader *source)
{
    char bytes[8];
    uint64_t len;
    if (!read_length(l, source, &len))
        return false;
    if (len > sizeof bytes)
        return refuse(l, "an integer is of an unknown width");
    if (!rdb_read_fixed(source, bytes, len) || source->at != source->end)
        return refuse(l, source->error ? source->error : "bytes follow a value");
    r->value = slice_make(bytes, len);
    return put_int(l, r);
}

static bool load_long(struct load *l)
{
    struct record r;
    uint64_t key_len;
    struct rdb_reader source = rdb_reader_of(slice_make(l->blocks.raw, l->blocks.len));
    source.fill = next_part;
    source.source = l;
    if (l->blocks.len < HEAD_LONG)
        return refuse(l, "a block is shorter than its header");
    if (!take_head(l, &r, (const uint8_t *)source.at))
        return false;
    source.at += HEAD_LONG;
    l->counts.keys++;
    if (has_ended(&r)) {
        l->counts.ended++;
        return skip_long(l, &source);
    }
    if (!read_length(l, &source, &key_len))
        return false;
    l->key.len = 0;
    if (!rdb_read_fixed(&source, buf_reserve(&l->key, key_len + 1), key_len)) /* + 1: never NULL */
        return refuse(l, source.error);
    r.key = slice_make(l->key.data, key_len);
    r.hash = keyspace_hash(r.key);
    switch (r.kind) {
    case RECORD_STRING:
        return put_long_string(l, &r, &source);
    case RECORD_INT:
        return put_long_int(l, &r, &source);
    default:
        return put_collection(l, &r, &source);
    }
}

/* ---- the file ----------------------------------------------------------------------- */

/* Loads what is in a block of records, each key of which is new. */
static bool load_keys(struct load *l)
{
    unsigned db = l->db = l->blocks.db;
    if (db >= keyspace_databases(l->ks))
        return refuse(l, "there are keys of a database above what `databases` allows");
    uint64_t before = keyspace_count(l->ks, db) - (l->counts.keys - l->counts.ended);
    if (!(l->blocks.kind == BLOCK_RECORDS ? load_records(l) : load_long(l)))
        return false;
    return keyspace_count(l->ks, db) - (l->counts.keys - l->counts.ended) == before ||
           refuse(l, "a key stands there twice");
}

static bool check_end(struct load *l)
{
    uint64_t counts[END_SIZE / 8];
    struct block_reader *b = &l->blocks;
    if (b->len != sizeof counts)
        return refuse(l, "the last block is of another size");
    memcpy(counts, b->raw, sizeof counts);
    if (counts[0] != l->counts.keys || counts[1] != b->raw_total - sizeof counts)
        return refuse(l, "the counts in the last block differ from what was read");
    if (b->next != b->size)
        return refuse(l, "bytes follow the last block");
    return true;
}

typedef void progress_fn(void *ctx, uint64_t done, uint64_t total, uint64_t keys);

static bool load_blocks(struct load *l, progress_fn *progress, void *ctx)
{
    while (next_block(l)) {
        switch (l->blocks.kind) {
        case BLOCK_RECORDS:
        case BLOCK_LONG:
            if (!load_keys(l))
                return false;
            break;
        case BLOCK_END:
            return check_end(l);
        case BLOCK_MORE:
            return refuse(l, "a part of a record follows none");
        default:
            return refuse(l, "the block is of an unknown kind");
        }
        if (progress)
            progress(ctx, l->blocks.next, l->blocks.size, l->counts.keys);
    }
    return false;
}

static enum snapshot_found explain(char *error, size_t room, const char *path, const char *what, int why)
{
    snprintf(error, room, "can't %s %s: %s", what, path, strerror(why));
    return SNAPSHOT_BAD;
}

static enum snapshot_found load_file(struct load *l, int fd, const char *path, char *error, size_t room,
                                     progress_fn *progress, void *ctx)
{
    off_t size = file_ops->size(fd);
    if (size < 0)
        return explain(error, room, "tell the size of", path, errno);
    bool ok = block_reader_init(&l->blocks, fd, (uint64_t)size) && load_blocks(l, progress, ctx);
    l->counts.bytes = l->blocks.next;
    l->counts.raw = l->blocks.raw_total;
    /* What a block holds ends early because the next one is bad: that one is to be named. */
    const char *why = l->blocks.why ? l->blocks.why : l->why;
    if (!ok)
        snprintf(error, room, "%s: at byte %llu: %s%s%s", path, (unsigned long long)l->blocks.offset, why,
                 l->blocks.why_errno ? ": " : "", l->blocks.why_errno ? strerror(l->blocks.why_errno) : "");
    block_reader_deinit(&l->blocks);
    buf_deinit(&l->key);
    return ok ? SNAPSHOT_LOADED : SNAPSHOT_BAD;
}

enum snapshot_found snapshot_load(struct keyspace *ks, const char *directory, struct snapshot_counts *out,
                                  char *error, size_t room, progress_fn *progress, void *ctx)
{
    char path[PATH_MAX];
    struct load l = {.ks = ks};
    *out = l.counts;
    if (snprintf(path, sizeof path, "%s/" SNAPSHOT_FILE, directory) >= (int)sizeof path)
        return explain(error, room, "open a file in", directory, ENAMETOOLONG);
    int fd = file_ops->open(path, O_RDONLY, 0);
    if (fd < 0 && errno == ENOENT)
        return SNAPSHOT_NONE;
    if (fd < 0)
        return explain(error, room, "open", path, errno);
    enum snapshot_found found = load_file(&l, fd, path, error, room, progress, ctx);
    file_ops->close(fd);
    *out = l.counts;
    return found;
}
