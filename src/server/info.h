/* info: INFO, and the ids that a running server has. */
#ifndef SERVER_INFO_H
#define SERVER_INFO_H

#include "commands/command.h"

/* 40 hexadecimal digits that no other run has. */
const char *info_run_id(void);

/* Resident bytes of the process; 0 when the system doesn't tell. */
size_t info_resident(void);

/* "1.50M", as INFO shows sizes to people. Returns out. */
#define INFO_HUMAN_MAX 32
char *info_human(char out[INFO_HUMAN_MAX], uint64_t bytes);

/* What keyspaces, tables and clients take beside values; for INFO and MEMORY STATS. */
struct memory_figures {
    size_t used;                                  /* stats_memory_used() */
    size_t resident;                              /* of the process */
    size_t allocated, active, allocator_resident; /* of the allocator and the arena */
    size_t tables;                                /* dict chunks, segments, expiry indexes */
    size_t clients;
    size_t overhead; /* everything that isn't keys and values */
    size_t dataset;  /* used - overhead */
    uint64_t keys;
};
struct memory_figures info_memory(struct keyspace *ks);

extern const struct command info_commands[];

#endif
