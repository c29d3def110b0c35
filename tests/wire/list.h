/* list: what the tests of lists share. */
#ifndef WIRE_LIST_H
#define WIRE_LIST_H

#include "tests/wire/events.h"

#define WRONG_TYPE "WRONGTYPE Operation against a key holding the wrong kind of value"
#define NOT_INTEGER "ERR value is not an integer or out of range"
#define NOT_POSITIVE "ERR value is out of range, must be positive"
#define SYNTAX "ERR syntax error"
#define NO_KEYS "ERR numkeys should be greater than 0"
#define NO_COUNT "ERR count should be greater than 0"
#define WRONG_ARITY(name) "ERR wrong number of arguments for '" name "' command"

/* Begins round i with an empty server whose lists stay small, or change over at one, two or three elements. */
static inline bool list_round(redisContext *c, int i)
{
    static const char *const sizes[] = {"-2", "1", "2", "3", "128"};
    static const char *const depths[] = {"0", "0", "1", "2", "1"};
    if (i == sizeof sizes / sizeof *sizes)
        return false;
    wire_config("list-max-listpack-size", sizes[i]);
    wire_config("list-compress-depth", depths[i]);
    expect_ok(c, "FLUSHALL");
    return true;
}

/* The block that follows runs once in each form. */
#define EACH_FORM(c) for (int round_ = 0; list_round(c, round_); round_++)

#endif
