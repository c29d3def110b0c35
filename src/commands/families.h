/* families: the rows of each command family in this room, ended by a row with name NULL. */
#ifndef COMMANDS_FAMILIES_H
#define COMMANDS_FAMILIES_H

#include "commands/command.h"

extern const struct command string_commands[];
extern const struct command lcs_commands[];
extern const struct command bitmap_commands[];
extern const struct command key_commands[];
extern const struct command expire_commands[];
extern const struct command scan_commands[];

#endif
