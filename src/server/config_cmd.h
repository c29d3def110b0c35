/* config_cmd: CONFIG GET, SET, REWRITE, RESETSTAT and HELP. */
#ifndef SERVER_CONFIG_CMD_H
#define SERVER_CONFIG_CMD_H

#include "commands/command.h"

extern const struct command config_commands[];

#endif
