/* debug: DEBUG, for tests. Allowed as far as `enable-debug-command` says. */
#ifndef SERVER_DEBUG_H
#define SERVER_DEBUG_H

#include "commands/command.h"

extern const struct command debug_commands[];

#endif
