#include "store/entry.h"

#include "base/must.h"
#include "base/number.h"
#include "ds/arena.h"
#include "store/access.h"
#include "store/table.h"

#include <stdio.h>
#include <stdlib.h>

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
    if (entry_encoding(e) == ENC_BLOB)
        return bytes + blob_memory(entry_blob(e));
    if (entry_encoding(e) == ENC_TABLE)
        return bytes + table_ops[entry_type(e)]->memory(entry_table(e));
    return bytes;
}

/* ---- building ---------------------------------------------------------- */

static inline size_t size_of(size_t key_len, uint8_t kind, bool expires, size_t value_len)
{
    return sizeof(struct entry) + (expires ? 8 : 0) + (entry_kind_is_boxed(kind) ? 8 : 0) +
           (key_len > 255 ? 8 : 0) + key_len + value_len;
}

size_t entry_size(const struct entry *e)
{
    return size_of(entry_key(e).len, e->kind, e->flags & ENTRY_EXPIRES, e->value_len);
}

_Noreturn void entry_out_of_memory(size_t size)
{
    fprintf(stderr, "hearth: out of memory: no %zu bytes for an entry\n", size);
    abort();
}

struct entry *entry_make(const struct entry_parts *p)
{
    bool expires = p->expiry >= 0, long_key = p->key.len > 255;
    size_t size = size_of(p->key.len, p->kind, expires, p->value.len);
    struct entry *e = arena_alloc(size);
    if (unlikely(!e))
        entry_out_of_memory(size);
    e->kind = p->kind;
    e->flags = (uint8_t)(p->flags | (expires ? ENTRY_EXPIRES : 0) | (long_key ? ENTRY_LONG_KEY : 0));
    e->key_len = long_key ? 0 : (uint8_t)p->key.len;
    e->value_len = (uint16_t)p->value.len;
    access_begin(e);
    char *at = e->body;
    if (expires) {
        memcpy(at, &p->expiry, 8);
        at += 8;
    }
    if (entry_kind_is_boxed(p->kind)) {
        memcpy(at, &p->boxed, 8);
        at += 8;
    }
    if (unlikely(long_key)) {
        uint64_t len = p->key.len;
        memcpy(at, &len, 8);
        at += 8;
    }
    memcpy(at, p->key.ptr, p->key.len);
    if (p->value.ptr)
        memcpy(at + p->key.len, p->value.ptr, p->value.len);
    else
        memset(at + p->key.len, 0, p->value.len);
    return e;
}

struct entry_parts entry_parts(const struct entry *e)
{
    struct entry_parts p = {.key = entry_key(e),
                            .kind = e->kind,
                            .flags = e->flags & ENTRY_VALUE_FLAGS,
                            .expiry = entry_expiry(e)};
    if (entry_kind_is_boxed(e->kind))
        p.boxed = entry_blob(e);
    else
        p.value = slice_make(p.key.ptr + p.key.len, e->value_len);
    if (!p.value.len)
        p.value = slice_make("", 0);
    return p;
}

bool entry_fits(const struct entry *e, uint8_t kind, int64_t expiry, size_t value_len)
{
    if (entry_kind_is_boxed(e->kind) || entry_kind_is_boxed(kind) ||
        (expiry >= 0) != (bool)(e->flags & ENTRY_EXPIRES))
        return false;
    size_t was = entry_size(e), is = was - e->value_len + value_len;
    return was == is || arena_size(was) == arena_size(is);
}
