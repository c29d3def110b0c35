/* hash: what the files of the hash commands share. */
#ifndef COMMANDS_HASH_H
#define COMMANDS_HASH_H

#include "commands/command.h"
#include "store/fields.h"

/* The hash of field argv[i], 0 where p's hash is packed and needs none. */
uint64_t hash_field_hash(const struct call *c, const struct place *p, uint32_t i);

/* Answers a value of e that store/fields.h showed. */
void hash_reply_value(struct reply *r, const struct entry *e, struct slice value);

/* Answers the value of field argv[i], null (and returns false) where it isn't there. */
bool hash_reply_field(struct call *c, const struct place *p, uint32_t i);

/* HRANDFIELD. */
void hash_run_random(struct call *c);

#endif
