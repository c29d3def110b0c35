/* hash: SipHash-1-3 against vectors made by an independent implementation of the
 * paper, itself checked against the paper's own SipHash-2-4 example. */
#include "base/hash.h"
#include "base/mem.h"

#include <criterion/criterion.h>

/* Key 00 01 .. 0f, message 00 01 .. n-1 for n from 0 to 64. */
static const uint64_t vectors[65] = {
    0xabac0158050fc4dcull, 0xc9f49bf37d57ca93ull, 0x82cb9b024dc7d44dull, 0x8bf80ab8e7ddf7fbull,
    0xcf75576088d38328ull, 0xdef9d52f49533b67ull, 0xc50d2b50c59f22a7ull, 0xd3927d989bb11140ull,
    0x369095118d299a8eull, 0x25a48eb36c063de4ull, 0x79de85ee92ff097full, 0x70c118c1f94dc352ull,
    0x78a384b157b4d9a2ull, 0x306f760c1229ffa7ull, 0x605aa111c0f95d34ull, 0xd320d86d2a519956ull,
    0xcc4fdd1a7d908b66ull, 0x9cf2689063dbd80cull, 0x8ffc389cb473e63eull, 0xf21f9de58d297d1cull,
    0xc0dc2f46a6cce040ull, 0xb992abfe2b45f844ull, 0x7ffe7b9ba320872eull, 0x525a0e7fdae6c123ull,
    0xf464aeb267349c8cull, 0x45cd5928705b0979ull, 0x3a3e35e3ca9913a5ull, 0xa91dc74e4ade3b35ull,
    0xfb0bed02ef6cd00dull, 0x88d93cb44ab1e1f4ull, 0x540f11d643c5e663ull, 0x2370dd1f8c21d1bcull,
    0x81157b6c16a7b60dull, 0x4d54b9e57a8ff9bfull, 0x759f12781f2a753eull, 0xcea1a3bebf186b91ull,
    0x2cf508d3ada26206ull, 0xb6101c2da3c33057ull, 0xb3f47496ae3a36a1ull, 0x626b57547b108392ull,
    0xc1d2363299e41531ull, 0x667cc1923f1ad944ull, 0x65704ffec8138825ull, 0x24f280d1c28949a6ull,
    0xc2ca1cedfaf8876bull, 0xc2164bfc9f042196ull, 0xa16e9c9368b1d623ull, 0x49fb169c8b5114fdull,
    0x9f3143f8df074c46ull, 0xc6fdaf2412cc86b3ull, 0x7eaf49d10a52098full, 0x1cf313559d292f9aull,
    0xc44a30dda2f41f12ull, 0x36fae98943a71ed0ull, 0x318fb34c73f0bce6ull, 0xa27abf3670a7e980ull,
    0xb4bcc0db243c6d75ull, 0x23f8d852fdb71513ull, 0x8f035f4da67d8a08ull, 0xd89cd0e5b7e8f148ull,
    0xf6f4e6bcf7a644eeull, 0xaec59ad80f1837f2ull, 0xc3b2f6154b6694e0ull, 0x9d199062b7bbb3a8ull,
    0xf17997ec4b4a6065ull,
};

static const struct hash_key key = {0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull};

Test(base_hash, every_length_gives_the_reference_value)
{
    for (size_t len = 0; len <= 64; len++) {
        /* An exact allocation, so that a read outside of it is seen under ASan. */
        char *message = mem_alloc(len);
        for (size_t i = 0; i < len; i++)
            message[i] = (char)i;
        cr_expect_eq(hash_siphash13(key, message, len), vectors[len], "length %zu", len);
        mem_free(message);
    }
}

Test(base_hash, place_in_memory_does_not_matter)
{
    char room[80];
    for (size_t shift = 0; shift < 16; shift++) {
        for (size_t i = 0; i < 41; i++)
            room[shift + i] = (char)i;
        cr_expect_eq(hash_siphash13(key, room + shift, 41), vectors[41]);
    }
}

Test(base_hash, each_key_bit_and_each_message_bit_matters)
{
    char message[20] = "a key of some bytes";
    uint64_t before = hash_siphash13(key, message, sizeof message);
    for (int bit = 0; bit < 64; bit++) {
        struct hash_key other = key;
        other.k0 ^= 1ull << bit;
        cr_expect_neq(hash_siphash13(other, message, sizeof message), before);
        other = key;
        other.k1 ^= 1ull << bit;
        cr_expect_neq(hash_siphash13(other, message, sizeof message), before);
    }
    for (size_t bit = 0; bit < sizeof message * 8; bit++) {
        message[bit / 8] ^= (char)(1 << bit % 8);
        cr_expect_neq(hash_siphash13(key, message, sizeof message), before);
        message[bit / 8] ^= (char)(1 << bit % 8);
    }
}
