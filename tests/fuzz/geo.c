/* Fuzzes the arguments of the geo commands: lines of GEO... and of ZADD, whose scores may be anything. Each
 * gives one well-formed reply; the forms that only read answer as those that may store; what was stored is as
 * much as was told. The first byte chooses encoding and protocol. */
#include "commands/families.h"
#include "store/encoding.h"
#include "store/zset.h"
#include "tests/fuzz/family.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* GEORADIUS_RO and GEORADIUSBYMEMBER_RO found this: the same without _RO must. */
static void compare(struct keyspace *ks, const struct slice *words, uint32_t count, uint8_t protocol,
                    const struct buf *said)
{
    struct slice other[FAMILY_WORDS];
    struct buf again = BUF_EMPTY;
    memcpy(other, words, count * sizeof *words);
    other[0].len -= 3;
    must(family_run(ks, geo_commands, other, count, protocol, &again));
    must(slice_eq(buf_slice(said), buf_slice(&again)));
    buf_deinit(&again);
}

/* GEOSEARCHSTORE said how many there are now. */
static void look(struct keyspace *ks, struct slice key, const struct buf *said)
{
    int64_t n;
    must(number_parse_i64(slice_make(said->data + 1, said->len - 3), &n));
    struct place p = place_find(ks, 0, key, keyspace_hash(key));
    must(p.entry ? n > 0 && zset_count(p.entry) == (uint64_t)n : n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    encoding_limits.zset_entries = data[0] & 1 ? 0 : 128;
    uint8_t protocol = data[0] & 2 ? 3 : 2;
    struct keyspace *ks = family_begin(1);
    struct slice text = slice_make(data + 1, size - 1), words[FAMILY_WORDS];
    uint32_t count;
    for (unsigned lines = 0; lines < FAMILY_LINES && family_line(&text, words, &count); lines++) {
        struct buf said = BUF_EMPTY;
        if (family_run(ks, slice_is(words[0], "ZADD") ? zset_commands : geo_commands, words, count, protocol,
                       &said) &&
            said.data[0] != '-') {
            if (slice_is(words[0], "GEORADIUS_RO") || slice_is(words[0], "GEORADIUSBYMEMBER_RO"))
                compare(ks, words, count, protocol, &said);
            else if (slice_is(words[0], "GEOSEARCHSTORE"))
                look(ks, words[1], &said);
        }
        buf_deinit(&said);
    }
    family_end(ks);
    return 0;
}
