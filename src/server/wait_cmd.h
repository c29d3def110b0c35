/* wait_cmd: WAIT and WAITAOF. There are no replicas and there is no append log,
 * so nothing ever acknowledges a write and a wait for it ends by its timeout. */
#ifndef SERVER_WAIT_CMD_H
#define SERVER_WAIT_CMD_H

#include "commands/command.h"

extern const struct command wait_commands[];

#endif
