#include "persist/block.h"

#include "base/mem.h"
#include "base/must.h"
#include "persist/file.h"

#define XXH_INLINE_ALL
#include <errno.h>
#include <lz4.h>
#include <string.h>
#include <xxhash.h>

#define FILE_MAGIC "HEARTHSN"
#define FILE_VERSION 1
#define BLOCK_MAGIC 0x4b4c4248u /* "HBLK" */

enum { CODEC_RAW, CODEC_LZ4 };

struct file_header {
    char magic[8];
    uint32_t version;
    uint32_t reserved;
    uint64_t id;
    int64_t created_ms;
    uint64_t zeros[3];
    uint64_t checksum; /* of all before */
};
_Static_assert(sizeof(struct file_header) == BLOCK_FILE_HEADER, "FORMAT.md");

struct block_header {
    uint64_t checksum; /* of all behind it, the stored bytes included */
    uint32_t magic;
    uint8_t kind;
    uint8_t codec;
    uint16_t reserved;
    uint32_t place;
    uint32_t db;
    uint32_t stored;
    uint32_t raw;
};
_Static_assert(sizeof(struct block_header) == BLOCK_HEADER, "FORMAT.md");

/* Of a block that lies at `block`, its header and `stored` bytes. */
static uint64_t checksum_of(const char *block, size_t stored, uint64_t id)
{
    size_t from = sizeof(uint64_t);
    return XXH3_64bits_withSeed(block + from, BLOCK_HEADER - from + stored, id);
}

static uint64_t checksum_of_file(const struct file_header *h)
{
    return XXH3_64bits(h, offsetof(struct file_header, checksum));
}

/* ---- writing ------------------------------------------------------------------ */

void block_writer_init(struct block_writer *w)
{
    *w = (struct block_writer){.fd = -1};
    w->stored = mem_alloc(BLOCK_HEADER + (size_t)LZ4_compressBound((int)BLOCK_RAW_MAX));
    w->scratch = mem_alloc((size_t)LZ4_sizeofState());
}

void block_writer_deinit(struct block_writer *w)
{
    mem_free(w->stored);
    mem_free(w->scratch);
}

bool block_writer_begin(struct block_writer *w, int fd, const struct block_file *file)
{
    struct file_header h = {
        .magic = FILE_MAGIC, .version = FILE_VERSION, .id = file->id, .created_ms = file->created_ms};
    h.checksum = checksum_of_file(&h);
    w->fd = fd;
    w->id = file->id;
    w->next = 0;
    w->raw = 0;
    w->bytes = sizeof h;
    return file_write_all(fd, &h, sizeof h);
}

bool block_write(struct block_writer *w, enum block_kind kind, uint32_t db, const char *raw, size_t len)
{
    must(len <= BLOCK_RAW_MAX);
    char *bytes = w->stored + BLOCK_HEADER;
    int packed = LZ4_compress_fast_extState(w->scratch, raw, bytes, (int)len,
                                            LZ4_compressBound((int)BLOCK_RAW_MAX), 1);
    bool helps = packed > 0 && (size_t)packed < len;
    if (!helps)
        memcpy(bytes, raw, len);
    struct block_header h = {
        .magic = BLOCK_MAGIC,
        .kind = (uint8_t)kind,
        .codec = helps ? CODEC_LZ4 : CODEC_RAW,
        .place = w->next++,
        .db = db,
        .stored = helps ? (uint32_t)packed : (uint32_t)len,
        .raw = (uint32_t)len,
    };
    memcpy(w->stored, &h, sizeof h);
    h.checksum = checksum_of(w->stored, h.stored, w->id);
    memcpy(w->stored, &h.checksum, sizeof h.checksum);
    w->bytes += sizeof h + h.stored;
    w->raw += len;
    return file_write_all(w->fd, w->stored, sizeof h + h.stored);
}

/* ---- reading ------------------------------------------------------------------ */

static bool refuse(struct block_reader *r, const char *why)
{
    r->why = why;
    return false;
}

/* The next `len` bytes of the file, which its size says are there. */
static bool read_bytes(struct block_reader *r, void *into, size_t len)
{
    ssize_t got = file_read_all(r->fd, into, len);
    if (got < 0)
        r->why_errno = errno;
    if (got != (ssize_t)len)
        return refuse(r, got < 0 ? "reading failed" : "the file ends early");
    r->next += len;
    return true;
}

bool block_reader_init(struct block_reader *r, int fd, uint64_t size)
{
    struct file_header h;
    *r = (struct block_reader){.fd = fd, .size = size};
    r->stored = mem_alloc(BLOCK_HEADER + BLOCK_RAW_MAX);
    r->unpacked = mem_alloc(BLOCK_RAW_MAX);
    if (size < sizeof h)
        return refuse(r, "the file is shorter than its header");
    if (!read_bytes(r, &h, sizeof h))
        return false;
    if (memcmp(h.magic, FILE_MAGIC, sizeof h.magic) != 0)
        return refuse(r, "this isn't a snapshot of Hearth");
    if (h.checksum != checksum_of_file(&h))
        return refuse(r, "the checksum of the file's header is wrong");
    if (h.version != FILE_VERSION)
        return refuse(r, "the file is of another version than this program reads");
    r->file = (struct block_file){h.id, h.created_ms};
    return true;
}

void block_reader_deinit(struct block_reader *r)
{
    mem_free(r->stored);
    mem_free(r->unpacked);
}

static bool check_header(struct block_reader *r, const struct block_header *h)
{
    if (h->magic != BLOCK_MAGIC)
        return refuse(r, "no block begins here");
    /* Longer than raw a block is never stored. */
    if (h->raw > BLOCK_RAW_MAX || h->stored > h->raw)
        return refuse(r, "the block's lengths are out of range");
    if (h->stored > r->size - r->next)
        return refuse(r, "the file ends within a block");
    return true;
}

bool block_read(struct block_reader *r)
{
    struct block_header h;
    r->offset = r->next;
    if (r->size - r->next < sizeof h)
        return refuse(r, r->size == r->next ? "the file ends without its last block"
                                            : "the file ends within a block's header");
    if (!read_bytes(r, r->stored, sizeof h))
        return false;
    memcpy(&h, r->stored, sizeof h);
    if (!check_header(r, &h) || !read_bytes(r, r->stored + sizeof h, h.stored))
        return false;
    if (h.checksum != checksum_of(r->stored, h.stored, r->file.id))
        return refuse(r, "the checksum of the block is wrong");
    if (h.place != r->count++)
        return refuse(r, "the block belongs at another place");
    r->kind = h.kind;
    r->db = h.db;
    r->len = h.raw;
    r->raw_total += h.raw;
    r->raw = r->stored + sizeof h;
    if (h.codec == CODEC_RAW)
        return h.stored == h.raw || refuse(r, "the block's lengths differ");
    if (h.codec != CODEC_LZ4)
        return refuse(r, "the block's codec is unknown");
    r->raw = r->unpacked;
    int got = LZ4_decompress_safe(r->stored + sizeof h, r->unpacked, (int)h.stored, (int)h.raw);
    return got == (int)h.raw || refuse(r, "the block doesn't decompress");
}
