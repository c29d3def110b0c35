/* memory_cmd: MEMORY. */
#ifndef SERVER_MEMORY_CMD_H
#define SERVER_MEMORY_CMD_H

#include "commands/command.h"

extern const struct command memory_commands[];

#endif
