/* Fuzzes the arguments of BITFIELD and BITFIELD_RO, on strings that lines of SET make. Each gives one
 * well-formed reply, BITFIELD_RO the one that BITFIELD gives, and no string grows beyond the
 * limit. The first byte chooses the protocol. */
#include "commands/families.h"
#include "commands/limits.h"
#include "store/entry.h"
#include "tests/fuzz/family.h"

#define LIMIT 20000 /* small enough to be fast, large enough for both kinds of strings */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    limit_bulk_len = LIMIT;
    uint8_t protocol = data[0] & 1 ? 3 : 2;
    struct keyspace *ks = family_begin(1);
    struct slice text = slice_make(data + 1, size - 1), words[FAMILY_WORDS];
    uint32_t count;
    for (unsigned lines = 0; lines < FAMILY_LINES && family_line(&text, words, &count); lines++) {
        struct buf said = BUF_EMPTY, again = BUF_EMPTY;
        if (slice_is(words[0], "SET") && count == 3) {
            keyspace_set(ks, 0, words[1], keyspace_hash(words[1]), words[2], EXPIRY_NONE);
        } else if (slice_is(words[0], "BITFIELD") || slice_is(words[0], "BITFIELD_RO")) {
            bool ran = family_run(ks, bitmap_commands, words, count, protocol, &said);
            if (ran && said.data[0] != '-' && slice_is(words[0], "BITFIELD_RO")) {
                words[0] = SLICE("bitfield");
                must(family_run(ks, bitmap_commands, words, count, protocol, &again));
                must(slice_eq(buf_slice(&said), buf_slice(&again)));
            }
            struct entry *e = count > 1 ? keyspace_find(ks, 0, words[1], keyspace_hash(words[1])) : NULL;
            must(!e || entry_string_len(e) <= LIMIT + 8 || entry_string_len(e) <= size);
        }
        buf_deinit(&said);
        buf_deinit(&again);
    }
    family_end(ks);
    return 0;
}
