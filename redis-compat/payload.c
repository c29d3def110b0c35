#include "redis-compat/payload.h"

#include "redis-compat/crc64.h"

void payload_write(struct rdb_writer *w, const struct entry *e)
{
    size_t start = w->out.len;
    enum rdb_type type = rdb_value_type(e);
    uint16_t version = (uint16_t)rdb_type_version(type);
    rdb_write_byte(w, (uint8_t)type);
    rdb_value_write(w, e);
    rdb_write_fixed(w, &version, sizeof version);
    uint64_t sum = crc64(0, w->out.data + start, w->out.len - start);
    rdb_write_fixed(w, &sum, sizeof sum);
}

bool payload_is_whole(struct slice payload)
{
    uint16_t version;
    uint64_t sum;
    if (payload.len < PAYLOAD_FOOTER)
        return false;
    const char *footer = payload.ptr + payload.len - PAYLOAD_FOOTER;
    memcpy(&version, footer, sizeof version);
    memcpy(&sum, footer + sizeof version, sizeof sum);
    return version <= RDB_VERSION_NEWEST && crc64(0, payload.ptr, payload.len - sizeof sum) == sum;
}

bool payload_read(struct slice payload, struct keyspace *ks, struct place *p, const char **error)
{
    uint8_t type;
    struct rdb_reader r = rdb_reader_of(slice_make(payload.ptr, payload.len - PAYLOAD_FOOTER));
    bool ok = rdb_read_byte(&r, &type) && rdb_value_read(&r, type, ks, p);
    if (ok && r.at != r.end) {
        if (p->entry)
            place_clear(p);
        ok = rdb_refuse(&r, "something follows the value");
    }
    *error = r.error;
    return ok;
}
