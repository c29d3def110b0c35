/* fields_packed: the packed forms of a hash (see store/fields.h). */
#include "base/mem.h"
#include "ds/pack.h"
#include "store/encoding.h"
#include "store/fields_priv.h"

enum { FORM_PLAIN, FORM_STAMPED };

const char *fields_packed_read(const char *p, uint8_t form, struct fields_packed *f)
{
    f->field = p;
    f->value = p + pack_size(p);
    f->stamp = f->end = f->value + pack_size(f->value);
    f->expiry_ms = EXPIRY_NONE;
    if (form == FORM_STAMPED) {
        struct pack_item stamp;
        f->end = pack_get(f->stamp, &stamp);
        if (stamp.number)
            f->expiry_ms = stamp.number;
    }
    return f->end;
}

/* The field as planned among `count` that start at p; NULL when it isn't there. */
static const char *find(const char *p, uint32_t count, uint8_t form, const struct pack_plan *field)
{
    for (; count; count--) {
        if (unlikely(pack_is(p, field)))
            return p;
        p += pack_size(p);
        p += pack_size(p);
        if (form == FORM_STAMPED)
            p += pack_size(p);
    }
    return NULL;
}

bool fields_packed_find(struct slice bytes, struct slice field, struct fields_packed *f)
{
    struct pack_plan plan = pack_plan(field);
    uint8_t form = pack_form(bytes.ptr);
    const char *at = find(bytes.ptr + PACK_HEADER, pack_count(bytes.ptr), form, &plan);
    if (!at)
        return false;
    fields_packed_read(at, form, f);
    return true;
}

/* The bytes at p, ready to be written over. */
static char *own(struct place *p, size_t len)
{
    return place_resize(p, TYPE_HASH, len);
}

/* The `old` bytes at offset `at` become `new` ones, undefined; returns where they are. */
static char *splice(struct place *p, size_t at, size_t old, size_t new)
{
    size_t len = entry_bytes(p->entry).len;
    char *bytes = own(p, new > old ? len - old + new : len);
    if (new == old)
        return bytes + at;
    memmove(bytes + at + new, bytes + at + old, len - at - old);
    if (new < old)
        bytes = own(p, len - old + new);
    return bytes + at;
}

/* Form 0 becomes form 1: each field gets room for an expiry, and none. */
static void add_stamps(struct place *p)
{
    struct slice bytes = entry_bytes(p->entry);
    uint32_t count = pack_count(bytes.ptr);
    char *old = mem_dup(bytes.ptr, bytes.len);
    char *to = own(p, bytes.len + count);
    pack_set_header(to, FORM_STAMPED, count);
    to += PACK_HEADER;
    const char *from = old + PACK_HEADER;
    for (uint32_t i = 0; i < count; i++) {
        struct fields_packed f;
        const char *next = fields_packed_read(from, FORM_PLAIN, &f);
        memcpy(to, from, (size_t)(next - from));
        to += next - from;
        *to++ = 0;
        from = next;
    }
    place_flag(p, ENTRY_FIELDS_EXPIRE, 0);
    mem_free(old);
}

/* The cell of p's key hears that a field ends at that time. */
static void note(struct place *p, int64_t expiry_ms)
{
    struct database *home = p->keyspace->db[p->db];
    keyspace_note_end(p->keyspace->expiry, &home->expiry, &home->dict, p->hash, expiry_ms);
}

static bool fits(struct slice field, struct slice value)
{
    return field.len <= encoding_limits.hash_value && value.len <= encoding_limits.hash_value;
}

static bool has_room(uint64_t count, size_t len)
{
    return count <= encoding_limits.hash_entries && count <= PACK_COUNT_MAX && len <= FIELDS_PACKED_MAX;
}

/* What stands behind a field: its value and, in form 1, its expiry. */
struct tail {
    struct pack_plan value, stamp;
    size_t size;
};

static struct tail plan_tail(uint8_t form, struct slice value, int64_t expiry_ms)
{
    struct tail t = {.value = pack_plan(value)};
    t.size = pack_plan_size(&t.value);
    if (form == FORM_STAMPED) {
        t.stamp = pack_plan_int(expiry_ms >= 0 ? expiry_ms : 0);
        t.size += pack_plan_size(&t.stamp);
    }
    return t;
}

static void put_tail(struct place *p, char *to, uint8_t form, const struct tail *t, int64_t expiry_ms)
{
    to = pack_put(to, &t->value);
    if (form == FORM_STAMPED)
        pack_put(to, &t->stamp);
    if (expiry_ms >= 0)
        note(p, expiry_ms);
}

enum fields_result fields_packed_set(struct place *p, struct slice field, struct slice value,
                                     int64_t expiry_ms)
{
    bool stamped = p->entry && p->entry->flags & ENTRY_FIELDS_EXPIRE;
    uint32_t count = p->entry ? pack_count(entry_bytes(p->entry).ptr) : 0;
    size_t len = p->entry ? entry_bytes(p->entry).len : PACK_HEADER;
    if (!fits(field, value) || !has_room(count, len + field.len + value.len + 32))
        return FIELDS_FULL;
    if (expiry_ms >= 0 && !stamped && count) {
        add_stamps(p);
        stamped = true;
        len = entry_bytes(p->entry).len;
    }
    struct pack_plan plan = pack_plan(field);
    uint8_t form = stamped || expiry_ms >= 0 ? FORM_STAMPED : FORM_PLAIN;
    const char *bytes = count ? entry_bytes(p->entry).ptr : NULL;
    const char *at = count ? find(bytes + PACK_HEADER, count, form, &plan) : NULL;
    if (at) {
        struct fields_packed f;
        fields_packed_read(at, form, &f);
        bool ended = fields_ended(f.expiry_ms);
        if (expiry_ms == KEEP_EXPIRY)
            expiry_ms = ended ? EXPIRY_NONE : f.expiry_ms;
        struct tail tail = plan_tail(form, value, expiry_ms);
        char *to = splice(p, (size_t)(f.value - bytes), (size_t)(f.end - f.value), tail.size);
        put_tail(p, to, form, &tail, expiry_ms);
        return ended ? FIELDS_NEW : FIELDS_OLD;
    }
    if (!has_room(count + 1, len))
        return FIELDS_FULL;
    struct tail tail = plan_tail(form, value, expiry_ms);
    char *to = own(p, len + pack_plan_size(&plan) + tail.size);
    pack_set_header(to, form, count + 1);
    if (form == FORM_STAMPED)
        place_flag(p, ENTRY_FIELDS_EXPIRE, 0);
    put_tail(p, pack_put(to + len, &plan), form, &tail, expiry_ms);
    return FIELDS_NEW;
}

/* Puts a field into bytes[0 .. *len), which have room for it. True when it wasn't there. */
static bool put(char *bytes, size_t *len, struct slice field, struct slice value)
{
    uint32_t count = pack_count(bytes);
    struct pack_plan plan = pack_plan(field), new_value = pack_plan(value);
    char *to = (char *)(uintptr_t)find(bytes + PACK_HEADER, count, FORM_PLAIN, &plan);
    if (!to) {
        *len = (size_t)(pack_put(pack_put(bytes + *len, &plan), &new_value) - bytes);
        pack_set_header(bytes, FORM_PLAIN, count + 1);
        return true;
    }
    to += pack_size(to);
    size_t old = pack_size(to), new = pack_plan_size(&new_value);
    memmove(to + new, to + old, (size_t)(bytes + *len - (to + old)));
    pack_put(to, &new_value);
    *len = *len - old + new;
    return false;
}

int64_t fields_packed_set_all(struct place *p, const struct slice *pairs, uint32_t count)
{
    uint32_t had = p->entry ? pack_count(entry_bytes(p->entry).ptr) : 0;
    size_t len = p->entry ? entry_bytes(p->entry).len : PACK_HEADER, room = len;
    if ((p->entry && p->entry->flags & ENTRY_FIELDS_EXPIRE) || !has_room((uint64_t)had + count, len))
        return -1;
    for (uint32_t i = 0; i < 2 * count; i += 2) {
        if (!fits(pairs[i], pairs[i + 1]))
            return -1;
        struct pack_plan field = pack_plan(pairs[i]), value = pack_plan(pairs[i + 1]);
        room += pack_plan_size(&field) + pack_plan_size(&value);
    }
    if (room > FIELDS_PACKED_MAX)
        return -1;
    char *bytes = own(p, room);
    if (!had)
        pack_set_header(bytes, FORM_PLAIN, 0);
    int64_t made = 0;
    for (uint32_t i = 0; i < 2 * count; i += 2)
        made += put(bytes, &len, pairs[i], pairs[i + 1]);
    if (len < room)
        own(p, len);
    return made;
}

/* Takes the field at offset `at` out. */
static void cut(struct place *p, size_t at, size_t size)
{
    const char *bytes = entry_bytes(p->entry).ptr;
    uint8_t form = pack_form(bytes);
    uint32_t count = pack_count(bytes);
    splice(p, at, size, 0);
    pack_set_header((char *)(uintptr_t)entry_bytes(p->entry).ptr, form, count - 1);
}

void fields_packed_set_expiry(struct place *p, struct slice field, int64_t expiry_ms)
{
    if (!(p->entry->flags & ENTRY_FIELDS_EXPIRE)) {
        if (expiry_ms < 0)
            return;
        add_stamps(p);
    }
    const char *bytes = entry_bytes(p->entry).ptr;
    struct fields_packed f;
    must(fields_packed_find(entry_bytes(p->entry), field, &f));
    struct pack_plan stamp = pack_plan_int(expiry_ms >= 0 ? expiry_ms : 0);
    char *to = splice(p, (size_t)(f.stamp - bytes), (size_t)(f.end - f.stamp), pack_plan_size(&stamp));
    pack_put(to, &stamp);
    if (expiry_ms >= 0)
        note(p, expiry_ms);
}

bool fields_packed_remove(struct place *p, struct slice field)
{
    struct slice bytes = entry_bytes(p->entry);
    struct fields_packed f;
    if (!fields_packed_find(bytes, field, &f) || fields_ended(f.expiry_ms))
        return false;
    cut(p, (size_t)(f.field - bytes.ptr), (size_t)(f.end - f.field));
    return true;
}

uint32_t fields_packed_drop_ended(struct place *p)
{
    struct slice bytes = entry_bytes(p->entry);
    uint32_t count = pack_count(bytes.ptr), kept = 0;
    uint8_t form = pack_form(bytes.ptr);
    char *base = own(p, bytes.len), *to = base + PACK_HEADER;
    const char *from = to;
    for (uint32_t i = 0; i < count; i++) {
        struct fields_packed f;
        const char *next = fields_packed_read(from, form, &f);
        if (!fields_ended(f.expiry_ms)) {
            memmove(to, from, (size_t)(next - from));
            to += next - from;
            kept++;
        }
        from = next;
    }
    pack_set_header(base, form, kept);
    own(p, (size_t)(to - base));
    return count - kept;
}
