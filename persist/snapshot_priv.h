/* snapshot_priv: how records stand in blocks; what the writer and the reader of snapshots share.
 *
 * A record has a head of HEAD_PLANES bytes, a key and a value. In a BLOCK_RECORDS the heads are stored as
 * planes, the first bytes of all, then the second bytes, and so on, then come all keys, then all values: what is
 * the same in neighbours lies together, and compresses to nothing. */
#ifndef PERSIST_SNAPSHOT_PRIV_H
#define PERSIST_SNAPSHOT_PRIV_H

/* Where the fields of a head begin; integers are little-endian. */
enum {
    HEAD_KIND = 0,   /* 1: enum record_kind */
    HEAD_FLAGS = 1,  /* 1: enum record_flag */
    HEAD_ACCESS = 2, /* 3: what eviction remembers */
    HEAD_EXPIRY = 5, /* 8: ms since 1970; 0 without RECORD_EXPIRES */
    HEAD_LONG = 13,  /* as much of a head as a long record has */
    HEAD_KEY = 13,   /* 4: bytes of the key */
    HEAD_VALUE = 17, /* 4: bytes of the value */
    HEAD_PLANES = 21,
};

enum record_kind {
    RECORD_STRING,     /* its bytes */
    RECORD_INT,        /* a string that is an integer: 1, 2, 4 or 8 bytes, two's complement */
    RECORD_COLLECTION, /* the RDB type, one byte, and the value as RDB has it */
};

enum record_flag { RECORD_EXPIRES = 1, RECORD_EDITED = 2, RECORD_TEXT = 4 };

#define RECORD_FLAGS (RECORD_EXPIRES | RECORD_EDITED | RECORD_TEXT)

/* What a BLOCK_RECORDS opens with: the number of its records, 4 bytes. */
#define RECORDS_HEADER 4

/* What a BLOCK_END holds: keys, and the bytes that all blocks before it stand for, 8 bytes each. */
#define END_SIZE 16

#endif
