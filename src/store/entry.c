#include "store/entry.h"

#include "base/must.h"
#include "base/number.h"
#include "ds/arena.h"

int64_t entry_int(const struct entry *e)
{
    const char *p = entry_key(e).ptr + entry_key(e).len;
    int8_t v8;
    int16_t v16;
    int32_t v32;
    int64_t v64;
    switch (e->value_len) {
    case 1:
        memcpy(&v8, p, 1);
        return v8;
    case 2:
        memcpy(&v16, p, 2);
        return v16;
    case 4:
        memcpy(&v32, p, 4);
        return v32;
    default:
        memcpy(&v64, p, 8);
        return v64;
    }
}

struct slice entry_string(const struct entry *e, char scratch[ENTRY_DIGITS])
{
    must(entry_type(e) == TYPE_STRING);
    if (likely(entry_encoding(e) == ENC_INLINE)) {
        struct slice key = entry_key(e);
        return slice_make(key.ptr + key.len, e->value_len);
    }
    if (entry_encoding(e) == ENC_INT)
        return slice_make(scratch, number_format_i64(scratch, entry_int(e)));
    const struct blob *b = entry_blob(e);
    return slice_make(b->data, b->len);
}

size_t entry_string_len(const struct entry *e)
{
    char scratch[ENTRY_DIGITS];
    return entry_string(e, scratch).len;
}

bool entry_string_int(const struct entry *e, int64_t *out)
{
    if (entry_encoding(e) == ENC_INT) {
        *out = entry_int(e);
        return true;
    }
    char scratch[ENTRY_DIGITS];
    return number_parse_i64(entry_string(e, scratch), out);
}

size_t entry_memory(const struct entry *e)
{
    size_t bytes = arena_usable(e);
    return entry_encoding(e) == ENC_BLOB ? bytes + blob_memory(entry_blob(e)) : bytes;
}
