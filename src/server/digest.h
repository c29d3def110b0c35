/* digest: 160 bits that stand for content: DEBUG DIGEST and DIGEST-VALUE.
 *
 * They depend on content alone, not on order, place or encoding: each key gives
 * bits by a hash under fixed keys, and all are XORed. */
#ifndef SERVER_DIGEST_H
#define SERVER_DIGEST_H

#include "store/keyspace.h"

#include <stdint.h>

#define DIGEST_TEXT 41

/* The digest of all databases, and of one value (NULL: none), as 40 hex digits and a NUL. Whether a key expires
 * counts, but not when: that may have been given as a time to live. */
void digest_all(struct keyspace *ks, char out[DIGEST_TEXT]);
void digest_of_value(const struct entry *e, char out[DIGEST_TEXT]);

#endif
