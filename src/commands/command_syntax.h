/* command_syntax: reads a row's `syntax` text into a tree of arguments.
 *
 * The notation is that of Redis's help:
 *
 *   WORD              a token: what has no lower-case letter (NX, LIMIT, =, *, "")
 *   word              an argument; its type is string, or key when it is called so
 *   word:type         of a type: string integer double key pattern unix-time
 *   word~text:type    a help shows the text in place of the word
 *   WORD word         an argument behind its token, one argument of the tree; likewise before < and (
 *   [ ... ]           optional
 *   < a | b >         one of
 *   ( a b )           a block: these belong together
 *   x ...             x may come several times
 *   x [x ...]         the same; x may be several arguments, which makes them a block
 *   [WORD x [WORD x ...]]   the same, and the token comes each time
 *
 * In brackets | makes it one of too, and WORD followed by more than one
 * argument makes a block behind that token. Names of blocks and of one-ofs aren't
 * shown in a help, yet COMMAND DOCS has them: `[condition=NX | XX]`,
 * `data=(key value) ...`, `<mode=YES | NO>`. Where none is given
 * a block behind a token has the token's; else one is made up of what is inside.
 * Behind a token or an argument `@6.2.0` says since when it is there (also behind
 * a group's name: `[condition@2.6.12=NX | XX]`), and `#1` behind a key that it
 * belongs to key specification 1; without it the i-th key belongs to the i-th,
 * or to the last.
 */
#ifndef COMMANDS_COMMAND_SYNTAX_H
#define COMMANDS_COMMAND_SYNTAX_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define SYNTAX_ARGS_MAX 128
#define SYNTAX_DEPTH_MAX 8
#define SYNTAX_NAME_MAX 40

enum syntax_type {
    SYNTAX_STRING,
    SYNTAX_INTEGER,
    SYNTAX_DOUBLE,
    SYNTAX_KEY,
    SYNTAX_PATTERN,
    SYNTAX_UNIX_TIME,
    SYNTAX_PURE_TOKEN,
    SYNTAX_ONEOF,
    SYNTAX_BLOCK,
};

#define SYNTAX_NONE UINT16_MAX

struct syntax_arg {
    char name[SYNTAX_NAME_MAX];
    enum syntax_type type;
    bool optional, multiple, multiple_token;
    int16_t key_spec;   /* -1: no key */
    struct slice shown; /* what a help shows in place of the name; empty pointer: the name */
    struct slice token; /* empty pointer: none; borrowed from the text */
    struct slice since; /* likewise */
    uint16_t child;     /* first inside a block or one-of; SYNTAX_NONE */
    uint16_t next;      /* the one behind it, on the same level; SYNTAX_NONE */
};

struct command_syntax {
    uint16_t first; /* SYNTAX_NONE: no arguments */
    uint16_t count;
    const char *error; /* what is wrong with the text, NULL if nothing */
    struct syntax_arg args[SYNTAX_ARGS_MAX];
};

/* Reads text (NULL: no arguments); key_specs is how many specifications the row
 * has. False when the text isn't in the notation: out->error says why. */
bool command_syntax_read(struct command_syntax *out, const char *text, int key_specs);

/* "pure-token", as COMMAND DOCS names a type. */
const char *command_syntax_type_name(enum syntax_type type);

/* How many stand on the level that opens with args[i]. */
unsigned command_syntax_count(const struct command_syntax *s, uint16_t i);

#endif
