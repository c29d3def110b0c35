/* server_cmd: commands about the server as a whole that fit nowhere else. */
#ifndef SERVER_SERVER_CMD_H
#define SERVER_SERVER_CMD_H

#include "commands/command.h"

extern const struct command server_commands[];

#endif
