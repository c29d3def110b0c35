/* entry: one key with its value, in one arena object.
 *
 * An entry has one owner, its dict slot; it moves when it is rewritten, so an
 * entry pointer is valid only until the next change of the keyspace. Layout:
 *
 *   offset  size  field
 *   0       1     type (low 4 bits) and encoding (high 4 bits)
 *   1       1     flags: enum entry_flag
 *   2       1     key length, when it is below 256
 *   3       3     access: what eviction remembers
 *   6       2     value length (ENC_INLINE, ENC_INT), else 0
 *   8       8     expiry, ms since 1970, when ENTRY_EXPIRES
 *   +0      8     struct blob * (ENC_BLOB) or the collection (later types)
 *   +0      8     key length, when ENTRY_LONG_KEY
 *   +0      n     key
 *   +n      m     value bytes (ENC_INLINE), or 1, 2, 4 or 8 bytes of a
 *                 little-endian two's complement integer (ENC_INT)
 */
#ifndef STORE_ENTRY_H
#define STORE_ENTRY_H

#include "base/slice.h"
#include "ds/blob.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum entry_type { TYPE_STRING, TYPE_LIST, TYPE_SET, TYPE_ZSET, TYPE_HASH, TYPE_STREAM, TYPE_COUNT };
enum entry_encoding { ENC_INLINE, ENC_INT, ENC_BLOB };

enum entry_flag {
    ENTRY_EXPIRES = 1,
    ENTRY_LONG_KEY = 2,
    ENTRY_EDITED = 4, /* the string was changed in place: OBJECT ENCODING says raw, as in Redis */
    ENTRY_TEXT = 8, /* digits that Redis holds as text (INCRBYFLOAT's result): OBJECT ENCODING says embstr */
};

#define EXPIRY_NONE (-1ll)

/* Values up to this many bytes may stand in the entry; longer ones are blobs. */
#define ENTRY_INLINE_MAX 16384

struct entry {
    uint8_t kind;
    uint8_t flags;
    uint8_t key_len;
    uint8_t access[3];
    uint16_t value_len;
    char body[];
};

static inline enum entry_type entry_type(const struct entry *e)
{
    return (enum entry_type)(e->kind & 15);
}

static inline enum entry_encoding entry_encoding(const struct entry *e)
{
    return (enum entry_encoding)(e->kind >> 4);
}

/* Where the 8-byte pointer field stands (ENC_BLOB only). */
static inline size_t entry_boxed_offset(const struct entry *e)
{
    return e->flags & ENTRY_EXPIRES ? 8 : 0;
}

/* Borrowed until the entry moves. */
static inline struct slice entry_key(const struct entry *e)
{
    size_t at = entry_boxed_offset(e) + (e->kind >= ENC_BLOB << 4 ? 8 : 0);
    uint64_t len = e->key_len;
    if (__builtin_expect(e->flags & ENTRY_LONG_KEY, 0)) {
        memcpy(&len, e->body + at, 8);
        at += 8;
    }
    return slice_make(e->body + at, len);
}

/* When it ends, ms since 1970; EXPIRY_NONE if never. */
static inline int64_t entry_expiry(const struct entry *e)
{
    if (!(e->flags & ENTRY_EXPIRES))
        return EXPIRY_NONE;
    int64_t at;
    memcpy(&at, e->body, 8);
    return at;
}

/* The blob of an ENC_BLOB entry; borrowed. */
static inline struct blob *entry_blob(const struct entry *e)
{
    struct blob *b;
    memcpy(&b, e->body + entry_boxed_offset(e), sizeof b);
    return b;
}

/* The integer of an ENC_INT entry. */
int64_t entry_int(const struct entry *e);

/* Room for the digits of an integer, as entry_string needs it. */
#define ENTRY_DIGITS 24

/* The bytes of a string, whatever its encoding; an integer's digits are written
 * to scratch. Borrowed until the entry moves or scratch is reused. */
struct slice entry_string(const struct entry *e, char scratch[ENTRY_DIGITS]);

/* Length of a string in bytes. */
size_t entry_string_len(const struct entry *e);

/* True when the string is a canonical 64-bit integer ("-0", "+1", " 1" are not). */
bool entry_string_int(const struct entry *e, int64_t *out);

/* Bytes of memory that the entry takes, its value included and its dict slot not. */
size_t entry_memory(const struct entry *e);

#endif
