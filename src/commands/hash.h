/* hash: what the files of the hash commands share. */
#ifndef COMMANDS_HASH_H
#define COMMANDS_HASH_H

#include "commands/command.h"
#include "store/fields.h"

/* Answers a value of e that store/fields.h showed. */
void hash_reply_value(struct reply *r, const struct entry *e, struct slice value);

/* Answers the value of field argv[i], null (and returns false) where it isn't there. */
bool hash_reply_field(struct call *c, const struct place *p, uint32_t i);

/* HRANDFIELD. */
void hash_run_random(struct call *c);

#endif
