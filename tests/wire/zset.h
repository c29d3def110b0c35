/* zset: what the tests of sorted sets share. */
#ifndef WIRE_ZSET_H
#define WIRE_ZSET_H

#include "tests/wire/events.h"
#include "tests/wire/wire.h"

#include <stdio.h>
#include <string.h>

#define WRONG_TYPE "WRONGTYPE Operation against a key holding the wrong kind of value"
#define NOT_INTEGER "ERR value is not an integer or out of range"
#define NOT_FLOAT "ERR value is not a valid float"
#define SYNTAX "ERR syntax error"

/* The command, with its name in lower case, has too few or too many arguments. */
static inline void expect_wrong_arity(redisContext *c, const char *command)
{
    char text[96];
    snprintf(text, sizeof text, "ERR wrong number of arguments for '%.*s' command",
             (int)strcspn(command, " "), command);
    expect_error(c, text, command);
}

/* Begins round i with an empty server whose sorted sets stay small, are always big, or change over at three members. */
static inline bool zset_round(redisContext *c, int i)
{
    static const char *const limits[] = {"128", "0", "3"};
    if (i == sizeof limits / sizeof *limits)
        return false;
    wire_config("zset-max-listpack-entries", limits[i]);
    expect_ok(c, "FLUSHALL");
    return true;
}

/* The block that follows runs once in each encoding. */
#define EACH_ENCODING(c) for (int round_ = 0; zset_round(c, round_); round_++)

#endif
