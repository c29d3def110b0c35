/* block: a file as a row of blocks, each compressed where that helps, each under its own checksum.
 *
 * The checksum of a block is seeded with the number that its file was given, and a block has its place in the
 * row in its header: a block of another file, a lost, doubled or moved one is seen. FORMAT.md has the bytes. */
#ifndef PERSIST_BLOCK_H
#define PERSIST_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands in a block; to this room a block is its bytes. */
enum block_kind {
    BLOCK_RECORDS = 1, /* whole records */
    BLOCK_LONG,        /* the beginning of a record that fills several blocks */
    BLOCK_MORE,        /* its next part */
    BLOCK_END,         /* counts; the file ends behind it */
};

/* Bytes that a block stands for, at most. */
#define BLOCK_RAW_MAX ((size_t)256 << 10)

#define BLOCK_HEADER 32
#define BLOCK_FILE_HEADER 64

/* What the file says of itself. */
struct block_file {
    uint64_t id;        /* random: the seed of all checksums in it */
    int64_t created_ms; /* since 1970 */
};

/* ---- writing ------------------------------------------------------------------ */

struct block_writer {
    int fd; /* the caller's */
    uint64_t id;
    uint32_t next;  /* place in the row */
    uint64_t bytes; /* written so far */
    uint64_t raw;   /* that they stand for */
    char *stored;   /* header and bytes of the block being written */
    void *scratch;  /* LZ4's */
};

/* Allocates what writing needs. */
void block_writer_init(struct block_writer *w);
void block_writer_deinit(struct block_writer *w);

/* Begins a file at fd with its header; false with errno. */
bool block_writer_begin(struct block_writer *w, int fd, const struct block_file *file);

/* Writes a block of at most BLOCK_RAW_MAX bytes of database `db`; false with errno. */
bool block_write(struct block_writer *w, enum block_kind kind, uint32_t db, const char *raw, size_t len);

/* ---- reading ------------------------------------------------------------------ */

struct block_reader {
    int fd;             /* the caller's */
    uint64_t size;      /* of the file */
    uint64_t offset;    /* of the block at hand, or where reading failed */
    uint64_t next;      /* of the block behind it */
    uint64_t raw_total; /* bytes that the blocks so far stand for */
    struct block_file file;
    uint32_t count; /* blocks so far */
    /* The block at hand. */
    uint8_t kind;
    uint32_t db;
    const char *raw; /* valid until the next block is read */
    size_t len;
    const char *why; /* what is wrong; static */
    int why_errno;   /* 0: the bytes are */
    char *stored, *unpacked;
};

/* Reads the header of the file at fd, `size` bytes; false: `why`. Deinit in both cases. */
bool block_reader_init(struct block_reader *r, int fd, uint64_t size);
void block_reader_deinit(struct block_reader *r);

/* Reads the next block; false: `why` (the end of the file too: a row ends with BLOCK_END). */
bool block_read(struct block_reader *r);

#endif
