/* snapshot: all keys of a keyspace in one file, and back. FORMAT.md gives every byte.
 *
 * Invariants.
 *  1. The file <directory>/hearth.snapshot is always a whole one: it changes by rename only, after
 *     the new one was synced. Whatever fails on the way leaves the old one as it was.
 *  2. Writing allocates nothing (a forked child does it), but where one element of a collection, or a
 *     collection in its packed form, is longer than SNAPSHOT_ELEMENT: then its buffer grows.
 *  3. Reading trusts nothing: every length is compared with what is left, and what is read of a block
 *     was covered by its checksum. */
#ifndef PERSIST_SNAPSHOT_H
#define PERSIST_SNAPSHOT_H

#include "store/keyspace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SNAPSHOT_FILE "hearth.snapshot"

#define SNAPSHOT_ELEMENT ((size_t)1 << 20)

struct snapshot_counts {
    uint64_t keys; /* in the file; of a loaded one also those that had ended meanwhile and were passed over */
    uint64_t ended; /* keys that were passed over because their time had come */
    uint64_t bytes; /* of the file */
    uint64_t raw;   /* of its blocks before compression */
};

/* All buffers that writing needs. Made before a fork, it serves any number of writes, one at a time. */
struct snapshot_writer;

/* Gives; NULL never. */
struct snapshot_writer *snapshot_writer_create(void);
void snapshot_writer_destroy(struct snapshot_writer *w);

/* Writes all keys of ks that haven't ended to <directory>/hearth.snapshot.<pid>.tmp, syncs it, gives it its name and
 * syncs the directory. `keep_going` (or NULL) is called after each block, about every 256 KiB; when it
 * returns false the snapshot is given up. False: `error` (of `room` bytes) names the file and the reason, the
 * temporary file is removed and the old snapshot stands; but where only the directory's sync failed the
 * new one has its place already. ks must not change meanwhile. *out is zeros unless it was written. */
bool snapshot_write(struct snapshot_writer *w, struct keyspace *ks, const char *directory,
                    struct snapshot_counts *out, char *error, size_t room,
                    bool (*keep_going)(void *ctx, uint64_t keys_done), void *ctx);

/* Removes the temporary file of the process `pid`, which ended before it could. */
void snapshot_discard(const char *directory, pid_t pid);

enum snapshot_found {
    SNAPSHOT_LOADED,
    SNAPSHOT_NONE, /* there is no such file */
    SNAPSHOT_BAD,  /* it can't be read, or is damaged: `error` names file, offset and what is wrong */
};

/* Loads <directory>/hearth.snapshot into ks, whose databases are empty. Keys that have ended are passed over.
 * `progress` (or NULL) is called after each block with the bytes read, the bytes of the file and the keys
 * so far; it may run anything that doesn't change ks. After SNAPSHOT_BAD ks holds what came before the
 * damage: the caller must not serve it. *out says how far reading came. */
enum snapshot_found snapshot_load(struct keyspace *ks, const char *directory, struct snapshot_counts *out,
                                  char *error, size_t room,
                                  void (*progress)(void *ctx, uint64_t done, uint64_t total, uint64_t keys),
                                  void *ctx);

#endif
