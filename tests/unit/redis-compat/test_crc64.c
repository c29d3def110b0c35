/* crc64: a known sum, and the same however the bytes are cut. */
#include "redis-compat/crc64.h"

#include "tests/unit/support/check.h"

Test(crc64, known_sums)
{
    cr_expect_eq(crc64(0, "", 0), 0);
    cr_expect_eq(crc64(0, "123456789", 9), 0xe9c6d914c4b8d9caull);
}

static uint64_t bit_by_bit(const unsigned char *p, size_t len)
{
    uint64_t crc = 0;
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x95ac9329ac4bc9b5ull : 0);
    }
    return crc;
}

Test(crc64, any_cut_at_any_place_gives_the_same)
{
    unsigned char bytes[200];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)draw();
    for (unsigned n = 0; n < 20000 / CHECK_SCALE; n++) {
        size_t from = draw_below(20), len = draw_below(180), cut = len ? draw_below(len) : 0;
        uint64_t crc = crc64(crc64(0, bytes + from, cut), bytes + from + cut, len - cut);
        check(crc == bit_by_bit(bytes + from, len));
    }
}
