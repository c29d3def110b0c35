/* hyperloglog: counts different elements, with an error of 0.81 %, in 12 KiB or less.
 *
 * An element's hash gives it one of 16,384 *registers* and a *rank* of 1 to 51: the place
 * of the lowest set bit in what is left of the hash. A register keeps the highest rank that
 * it saw. The bytes are Redis's: a string that either server made works in the other, and the same
 * operations in the same order leave the same bytes.
 *
 *   offset  size  field
 *   0       4     "HYLL"
 *   4       1     form: 0 dense, 1 sparse
 *   5       3     not used
 *   8       8     the count when it was last asked for, little-endian; the top bit: it is stale
 *   16      n     registers
 *
 * Dense: 12,288 bytes, 6 bits a register, the lowest bits first. Sparse: runs, one behind the other,
 * that cover all registers in order:
 *   00nnnnnn            n + 1 registers are 0
 *   01nnnnnn nnnnnnnn   the same, the number in two bytes, high bits first
 *   1vvvvvnn            n + 1 registers are v + 1
 * A sparse value becomes dense when a rank above 32 or a size above hyperloglog_sparse_max is
 * needed, and stays so.
 *
 * The bytes may come from a client: beyond hyperloglog_valid nothing here trusts them.
 * Functions that meet runs which don't fit say so, and read and write nothing outside. */
#ifndef DS_HYPERLOGLOG_H
#define DS_HYPERLOGLOG_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HYPERLOGLOG_REGISTERS 16384
#define HYPERLOGLOG_HEADER 16
#define HYPERLOGLOG_EMPTY (HYPERLOGLOG_HEADER + 2)
#define HYPERLOGLOG_DENSE (HYPERLOGLOG_HEADER + HYPERLOGLOG_REGISTERS * 6 / 8)
/* Longest sparse value that can be right: a run of two bytes for each register. */
#define HYPERLOGLOG_SPARSE_MOST (HYPERLOGLOG_HEADER + 2 * HYPERLOGLOG_REGISTERS)

/* hll-sparse-max-bytes: how long a sparse value may grow. The server sets it. */
extern uint64_t hyperloglog_sparse_max;

/* Where an element falls. */
struct hyperloglog_mark {
    uint16_t index; /* of the register */
    uint8_t rank;
};

struct hyperloglog_mark hyperloglog_mark(struct slice element);

/* True when s has the header, and the size if it is dense. Only such bytes go to the functions below. */
bool hyperloglog_valid(struct slice s);

static inline bool hyperloglog_is_dense(const char *bytes)
{
    return bytes[4] == 0;
}

/* Writes an empty one: HYPERLOGLOG_EMPTY bytes, sparse. */
void hyperloglog_init(char *bytes);

/* ---- the remembered count ------------------------------------------------ */

/* False when it is stale. */
bool hyperloglog_cached(const char *bytes, uint64_t *count);
void hyperloglog_set_cached(char *bytes, uint64_t count);
void hyperloglog_set_stale(char *bytes);

/* ---- changing ------------------------------------------------------------ */

/* The register's value in a dense one. */
static inline unsigned hyperloglog_dense_get(const char *bytes, unsigned index)
{
    const uint8_t *at = (const uint8_t *)bytes + HYPERLOGLOG_HEADER + index * 6 / 8;
    unsigned shift = index * 6 & 7;
    return (at[0] | (shift > 2 ? at[1] << 8 : 0)) >> shift & 63;
}

/* Raises the register to the mark's rank; false when it was as high. Leaves the remembered count alone. */
bool hyperloglog_dense_raise(char *bytes, struct hyperloglog_mark mark);

/* A sparse one while it is changed, and where in it the last change was. */
struct hyperloglog_sparse {
    char *bytes;    /* with room for `len` and for hyperloglog_sparse_room of it */
    size_t len;     /* at most HYPERLOGLOG_SPARSE_MOST */
    uint32_t at;    /* a run at or before the last change; set to 0 at the start */
    uint32_t first; /* its first register; set to 0 at the start */
};

/* Bytes that a sparse one of len bytes may take while it is changed. */
static inline size_t hyperloglog_sparse_room(size_t len)
{
    size_t most = HYPERLOGLOG_SPARSE_MOST;
    if (hyperloglog_sparse_max < most)
        most = hyperloglog_sparse_max;
    return len > most ? len : most;
}

enum hyperloglog_change {
    HYPERLOGLOG_SAME,
    HYPERLOGLOG_RAISED,
    HYPERLOGLOG_OUTGROWN, /* nothing changed: it must be dense for that */
    HYPERLOGLOG_CORRUPT,  /* nothing changed: the runs end before the register */
};

/* As hyperloglog_dense_raise. */
enum hyperloglog_change hyperloglog_sparse_raise(struct hyperloglog_sparse *s, struct hyperloglog_mark mark);

/* Writes the dense form of a sparse one, HYPERLOGLOG_DENSE bytes, its header kept; false when the runs
 * aren't right. */
bool hyperloglog_to_dense(struct slice sparse, char *dense);

/* Writes the runs as Redis's PFDEBUG DECODE shows them ("z:3 v:1,2 Z:16379") through `put`. */
void hyperloglog_runs(struct slice sparse, void (*put)(void *ctx, char kind, unsigned value, unsigned length),
                      void *ctx);

/* ---- all registers at once ----------------------------------------------- */

/* Raises each of registers[HYPERLOGLOG_REGISTERS] to what s has; false when the runs aren't right. */
bool hyperloglog_merge(uint8_t *registers, struct slice s);

/* Makes HYPERLOGLOG_DENSE bytes, whose header stands already, a dense one of these registers, each below 64. */
void hyperloglog_dense_put(char *bytes, const uint8_t *registers);

/* How many different elements were seen, by Ertl's improved estimator; of registers, or of s (false
 * when the runs aren't right). Registers above 51, which no element gives, count for nothing. */
uint64_t hyperloglog_count_registers(const uint8_t *registers);
bool hyperloglog_count(struct slice s, uint64_t *count);

#endif
