/* command_info: COMMAND, which tells clients what the command table says. */
#ifndef SERVER_COMMAND_INFO_H
#define SERVER_COMMAND_INFO_H

#include "commands/command.h"

extern const struct command command_commands[];

#endif
