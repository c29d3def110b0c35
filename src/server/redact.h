/* redact: which arguments of a command must not be shown to others (slow log, MONITOR). */
#ifndef SERVER_REDACT_H
#define SERVER_REDACT_H

#include "base/slice.h"
#include "commands/command.h"

/* argv[i], or "(redacted)" where a password stands. Borrowed as argv is. */
struct slice redact_argument(const struct command *command, const struct slice *argv, uint32_t argc,
                             uint32_t i);

#endif
