/* crc64: the checksum of RDB files and DUMP payloads: Jones' polynomial, reflected, begun with 0. */
#ifndef REDIS_COMPAT_CRC64_H
#define REDIS_COMPAT_CRC64_H

#include <stddef.h>
#include <stdint.h>

/* Of what `crc` is the sum of (0: nothing) and len more bytes. One thread at a time. */
uint64_t crc64(uint64_t crc, const void *bytes, size_t len);

#endif
