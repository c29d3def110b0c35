/* families: the rows of each command family in this room, ended by a row with name NULL. */
#ifndef COMMANDS_FAMILIES_H
#define COMMANDS_FAMILIES_H

#include "commands/command.h"

extern const struct command string_commands[];
extern const struct command lcs_commands[];
extern const struct command bitmap_commands[];
extern const struct command hyperloglog_commands[];
extern const struct command key_commands[];
extern const struct command expire_commands[];
extern const struct command scan_commands[];
extern const struct command dump_commands[];
extern const struct command hash_commands[];
extern const struct command hash_expiry_commands[];
extern const struct command list_commands[];
extern const struct command list_block_commands[];
extern const struct command set_commands[];
extern const struct command set_ops_commands[];
extern const struct command zset_commands[];
extern const struct command zset_range_commands[];
extern const struct command zset_ops_commands[];
extern const struct command zset_block_commands[];
extern const struct command geo_commands[];
extern const struct command sort_commands[];

#endif
