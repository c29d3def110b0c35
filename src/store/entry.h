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
 *   +0      8     struct blob * (ENC_BLOB) or the table (ENC_TABLE)
 *   +0      8     key length, when ENTRY_LONG_KEY
 *   +0      n     key
 *   +n      m     value bytes (ENC_INLINE), or 1, 2, 4 or 8 bytes of a
 *                 little-endian two's complement integer (ENC_INT)
 */
#ifndef STORE_ENTRY_H
#define STORE_ENTRY_H

#include "base/must.h"
#include "base/slice.h"
#include "ds/blob.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum entry_type { TYPE_STRING, TYPE_LIST, TYPE_SET, TYPE_ZSET, TYPE_HASH, TYPE_STREAM, TYPE_COUNT };

/* From ENC_BLOB on the entry holds a pointer. A small collection is *packed*: bytes like a string's
 * (ENC_INLINE, ENC_BLOB), in the form that its type's file tells. A big one is a *table* (store/table.h). */
enum entry_encoding { ENC_INLINE, ENC_INT, ENC_BLOB, ENC_TABLE };

enum entry_flag {
    ENTRY_EXPIRES = 1,
    ENTRY_LONG_KEY = 2,
    ENTRY_EDITED = 4, /* the string was changed in place: OBJECT ENCODING says raw, as in Redis */
    ENTRY_TEXT = 8, /* digits that Redis holds as text (INCRBYFLOAT's result): OBJECT ENCODING says embstr */
    ENTRY_FIELDS_EXPIRE = 16, /* a hash some of whose fields may have an expiry */
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

static inline bool entry_kind_is_boxed(uint8_t kind)
{
    return kind >= ENC_BLOB << 4;
}

static inline uint8_t entry_kind(enum entry_type type, enum entry_encoding encoding)
{
    return (uint8_t)(type | encoding << 4);
}

/* Where the 8-byte pointer field stands (from ENC_BLOB on). */
static inline size_t entry_boxed_offset(const struct entry *e)
{
    return e->flags & ENTRY_EXPIRES ? 8 : 0;
}

/* Borrowed until the entry moves. */
static inline struct slice entry_key(const struct entry *e)
{
    size_t at = entry_boxed_offset(e) + (entry_kind_is_boxed(e->kind) ? 8 : 0);
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

/* The table of an ENC_TABLE entry; borrowed. */
static inline void *entry_table(const struct entry *e)
{
    return entry_blob(e);
}

/* Puts another pointer in place of the blob or table. */
static inline void entry_set_boxed(struct entry *e, void *boxed)
{
    memcpy(e->body + entry_boxed_offset(e), &boxed, sizeof boxed);
}

/* The value bytes behind the key (ENC_INLINE, ENC_INT). */
static inline char *entry_value(struct entry *e)
{
    struct slice key = entry_key(e);
    return (char *)(uintptr_t)key.ptr + key.len;
}

/* The packed bytes of a collection, or of a string that isn't an integer: value bytes or blob. Borrowed. */
static inline struct slice entry_bytes(const struct entry *e)
{
    if (likely(!entry_kind_is_boxed(e->kind))) {
        struct slice key = entry_key(e);
        return slice_make(key.ptr + key.len, e->value_len);
    }
    const struct blob *b = entry_blob(e);
    return slice_make(b->data, b->len);
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

/* ---- building ---------------------------------------------------------- */

/* What an entry is made of. The key's owner is elsewhere; value and boxed go into the entry. */
struct entry_parts {
    struct slice key;
    uint8_t kind;
    uint8_t flags; /* what of enum entry_flag says how the value is held */
    int64_t expiry;
    struct slice value; /* bytes behind the key; ptr NULL: zeros */
    void *boxed;        /* of kinds from ENC_BLOB on */
};

#define ENTRY_VALUE_FLAGS (ENTRY_EDITED | ENTRY_TEXT | ENTRY_FIELDS_EXPIRE)

/* Builds an entry in the arena, accessed now. Ends the process when memory is out. Gives; arena_free. */
struct entry *entry_make(const struct entry_parts *p);

/* The parts of e, borrowed: for building it otherwise. */
struct entry_parts entry_parts(const struct entry *e);

/* Bytes of e in the arena, before rounding. */
size_t entry_size(const struct entry *e);

/* True when a value of that kind and length fits e as it stands: same fields, same size class. */
bool entry_fits(const struct entry *e, uint8_t kind, int64_t expiry, size_t value_len);

/* Little-endian bytes of the narrowest width that holds v, in `bytes`: the value of an ENC_INT entry. */
static inline struct slice entry_int_bytes(int64_t v, char bytes[8])
{
    memcpy(bytes, &v, 8);
    size_t width = v == (int8_t)v ? 1 : v == (int16_t)v ? 2 : v == (int32_t)v ? 4 : 8;
    return slice_make(bytes, width);
}

/* True when e has that key (a struct slice): a dict_match. */
static inline bool entry_match(const void *item, const void *key)
{
    const struct entry *e = item;
    const struct slice *k = key;
    if (likely(!(e->flags & ENTRY_LONG_KEY)) && e->key_len != k->len)
        return false;
    struct slice mine = entry_key(e);
    return mine.len == k->len && memcmp(mine.ptr, k->ptr, k->len) == 0;
}

/* Ends the process: no memory for an entry. */
_Noreturn void entry_out_of_memory(size_t size);

#endif
