/* crc64: eight bytes a step, by one table for each place in them. */
#include "redis-compat/crc64.h"

#include <stdbool.h>
#include <string.h>

#define POLYNOMIAL 0x95ac9329ac4bc9b5ull /* 0xad93d23594c935a9, lowest bit first */

static uint64_t table[8][256];
static bool ready;

static void make_tables(void)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint64_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        table[0][byte] = crc;
    }
    for (unsigned k = 1; k < 8; k++)
        for (unsigned byte = 0; byte < 256; byte++)
            table[k][byte] = table[k - 1][byte] >> 8 ^ table[0][table[k - 1][byte] & 255];
    ready = true;
}

uint64_t crc64(uint64_t crc, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    if (!ready)
        make_tables();
    for (; len >= 8; p += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        crc ^= word;
        crc = table[7][crc & 255] ^ table[6][crc >> 8 & 255] ^ table[5][crc >> 16 & 255] ^
              table[4][crc >> 24 & 255] ^ table[3][crc >> 32 & 255] ^ table[2][crc >> 40 & 255] ^
              table[1][crc >> 48 & 255] ^ table[0][crc >> 56];
    }
    for (; len; p++, len--)
        crc = crc >> 8 ^ table[0][(crc ^ *p) & 255];
    return crc;
}
