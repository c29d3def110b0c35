/* command: the one command table, and what a command sees when it runs.
 *
 * A row says everything there is to know about a command; dispatch, COMMAND,
 * COMMAND DOCS, ACL categories and the lint "every command has a test" all read
 * it. Families in src/commands/ export their rows, src/server/ adds its own,
 * command_table_add joins them at start. */
#ifndef COMMANDS_COMMAND_H
#define COMMANDS_COMMAND_H

#include "base/slice.h"
#include "resp/reply.h"
#include "store/keyspace.h"
#include "store/place.h"

#include <stdbool.h>
#include <stdint.h>

struct blob;
struct client;
struct command;

/* A big argument that arrived in a blob of its own: argv[arg] is that blob's bytes. */
struct call_big {
    struct blob *blob;
    uint32_t arg;
};

/* What a command sees: its arguments, where to answer, and the keyspace. */
struct call {
    const struct command *command;
    struct slice *
        argv; /* argv[0] is the name (for a subcommand, argv[1] its name); borrowed until the command returns */
    uint64_t
        *hashes; /* hashes[i] is keyspace_hash(argv[i]) for every i that the row's first, last, step name */
    uint32_t argc;
    bool has_member_hash; /* member_hash is that of argv[command->member] */
    uint64_t member_hash;
    unsigned db; /* the selected database */
    struct keyspace *keyspace;
    struct reply *reply;
    struct client *client;       /* opaque below src/server/ */
    const struct call_big *bigs; /* in the order of arg; borrowed */
    uint32_t big_count;
};

typedef void command_run(struct call *c);

enum command_flag { /* Redis's flags; COMMAND INFO prints their names */
                    COMMAND_WRITE = 1 << 0,
                    COMMAND_READONLY = 1 << 1,
                    COMMAND_DENYOOM = 1 << 2,
                    COMMAND_ADMIN = 1 << 3,
                    COMMAND_PUBSUB = 1 << 4,
                    COMMAND_NOSCRIPT = 1 << 5,
                    COMMAND_BLOCKING = 1 << 6,
                    COMMAND_LOADING = 1 << 7,
                    COMMAND_STALE = 1 << 8,
                    COMMAND_SKIP_MONITOR = 1 << 9,
                    COMMAND_SKIP_SLOWLOG = 1 << 10,
                    COMMAND_FAST = 1 << 11,
                    COMMAND_NO_AUTH = 1 << 12,
                    COMMAND_MAY_REPLICATE = 1 << 13,
                    COMMAND_NO_MULTI = 1 << 14,
                    COMMAND_MOVABLE_KEYS = 1 << 15,
                    COMMAND_ALLOW_BUSY = 1 << 16,
                    COMMAND_NO_ASYNC_LOADING = 1 << 17,
                    COMMAND_SENTINEL = 1 << 18,
                    COMMAND_ONLY_SENTINEL = 1 << 19,
                    COMMAND_ASKING = 1 << 20,
                    COMMAND_NO_MANDATORY_KEYS = 1 << 21,
                    COMMAND_ARBITRARY_KEYS =
                        1 << 23, /* touches_arbitrary_keys: keys that its arguments don't name */
                    COMMAND_BARRIER = 1
                                      << 22, /* ours, not shown: parsing ahead stops behind it until it ran */
};

enum command_category { /* ACL categories that flags don't imply; the others follow from flags and group */
                        CATEGORY_KEYSPACE = 1 << 0,
                        CATEGORY_READ = 1 << 1,
                        CATEGORY_WRITE = 1 << 2,
                        CATEGORY_SET = 1 << 3,
                        CATEGORY_SORTEDSET = 1 << 4,
                        CATEGORY_LIST = 1 << 5,
                        CATEGORY_HASH = 1 << 6,
                        CATEGORY_STRING = 1 << 7,
                        CATEGORY_BITMAP = 1 << 8,
                        CATEGORY_HYPERLOGLOG = 1 << 9,
                        CATEGORY_GEO = 1 << 10,
                        CATEGORY_STREAM = 1 << 11,
                        CATEGORY_PUBSUB = 1 << 12,
                        CATEGORY_ADMIN = 1 << 13,
                        CATEGORY_FAST = 1 << 14,
                        CATEGORY_SLOW = 1 << 15,
                        CATEGORY_BLOCKING = 1 << 16,
                        CATEGORY_DANGEROUS = 1 << 17,
                        CATEGORY_CONNECTION = 1 << 18,
                        CATEGORY_TRANSACTION = 1 << 19,
                        CATEGORY_SCRIPTING = 1 << 20,
};

/* Which keys a command names, beyond the simple range. */
struct key_spec {
    const char *flags; /* as COMMAND INFO shows them, space-separated: "RW ACCESS UPDATE" */
    enum { KEYS_AT_INDEX, KEYS_AFTER_KEYWORD, KEYS_UNKNOWN_START } begin;
    int index;           /* KEYS_AT_INDEX */
    const char *keyword; /* KEYS_AFTER_KEYWORD, searched from `from` (negative: from the end) */
    int from;
    enum { KEYS_RANGE, KEYS_COUNTED, KEYS_UNKNOWN_FIND } find;
    int last, step, limit;                  /* KEYS_RANGE */
    int count_index, first_key, count_step; /* KEYS_COUNTED: as Redis's keynum */
    const char *notes;
};

struct command {
    const char *name;       /* lower case; for a subcommand only its own word */
    command_run *run;       /* NULL: a container whose subcommands run */
    int arity;              /* as Redis's: exact, or at least -arity */
    uint32_t flags;         /* enum command_flag */
    int first, last, step;  /* key positions as COMMAND INFO shows them; 0: none */
    uint8_t member;         /* position of what is looked up in the collection argv[first]; 0: nothing */
    const char *group;      /* "string", "generic", ... */
    const char *since;      /* "1.0.0" */
    const char *summary;    /* our words */
    const char *complexity; /* "O(1)" */
    uint32_t categories;    /* enum command_category beside what flags imply */
    const char
        *syntax;      /* the arguments in the notation of command_syntax.h, from which COMMAND DOCS is made */
    const char *tips; /* space-separated, as COMMAND INFO shows them; NULL: none */
    const char *deprecated_since; /* NULL: it isn't */
    const char *replaced_by;      /* beside it */
    const struct key_spec
        *keys; /* key specifications; ended by one with flags NULL; NULL: derived from first, last, step */
    const char *key_flags;             /* flags of the derived specification: "RO ACCESS" */
    const struct command *subcommands; /* ended by a row with name NULL */
    /* Positions of keys where the specifications can't tell; NULL otherwise. Fills at
     * most `most` positions, returns how many there are, -1 on a syntax it can't follow. */
    int (*get_keys)(struct slice *argv, uint32_t argc, uint32_t *positions, int most);
};

/* Joins rows (ended by one with name NULL) to the table, which keeps copies of them, so that
 * the rows of the table stand beside each other; their texts it borrows for good. A name twice is a must. */
void command_table_add(const struct command *rows);

/* Name or alias in any case; NULL when there is none. Fast: it is on the way of each request. */
const struct command *command_find(struct slice name);

/* A container's subcommand; NULL when there is none. */
const struct command *command_find_sub(const struct command *container, struct slice name);

/* `rename-command`: takes `from` out and, unless `to` is empty, puts it back as `to`. False when from is unknown or to is taken. */
bool command_rename(const char *from, const char *to);

/* Number of commands that can be called, and the i-th in the order of joining (renamed or not). */
unsigned command_count(void);
const struct command *command_at(unsigned i);

#define COMMAND_ROWS_MAX 640

/* The table's rows and those of subcommands; COMMAND_ROWS_MAX of them. For command_id. */
extern struct command command_rows[];

/* A small number below command_ids(), one for each row and subcommand of the table: index of statistics. */
static inline unsigned command_id(const struct command *command)
{
    return (unsigned)(command - command_rows);
}
unsigned command_ids(void);

/* The row or subcommand with that number; NULL for a number that names none. */
const struct command *command_by_id(unsigned id);

/* The container of a subcommand; NULL for a command. */
const struct command *command_container(const struct command *command);

/* "get", or "config|get" for a subcommand: written to out with a NUL, cut where it doesn't fit. Returns the length. */
#define COMMAND_NAME_MAX 64
size_t command_full_name(const struct command *command, char out[COMMAND_NAME_MAX]);

/* The command or subcommand with a full name ("get", "config|get") in any case; NULL when there is none. */
const struct command *command_by_full_name(struct slice name);

/* True when argc fits the row's arity. */
static inline bool command_arity_fits(const struct command *command, uint32_t argc)
{
    return command->arity >= 0 ? argc == (uint32_t)command->arity : argc >= (uint32_t)-command->arity;
}

/* Positions of the keys in argv, by the row; as get_keys. Arity must be right. */
int command_keys(const struct command *command, struct slice *argv, uint32_t argc, uint32_t *positions,
                 int most);

/* The row's key specifications: the written ones, or the one that follows from
 * first, last and step. scratch holds the latter. Ended by one with flags NULL. */
const struct key_spec *command_key_specs(const struct command *command, struct key_spec scratch[2]);

/* Positions that one specification finds in argv; as get_keys. */
int command_spec_keys(const struct key_spec *spec, struct slice *argv, uint32_t argc, uint32_t *positions,
                      int most);

/* All ACL categories of the row: the written ones and those that flags imply. */
uint32_t command_categories(const struct command *command);

/* The category's name ("keyspace") by bit number; NULL behind the last. */
const char *command_category_name(unsigned bit);

/* ---- helps that every family uses ------------------------------------- */

/* The entry of argv[i] for reading, NULL when missing or of another type; of
 * another type: WRONGTYPE is answered and *ok is false. */
struct entry *call_read_string(struct call *c, uint32_t i, bool *ok);
/* The same without counting hits, for commands that will write. */
struct entry *call_find_string(struct call *c, uint32_t i, bool *ok);

/* The hash of the key argv[i], whether the row names it as one or not. */
uint64_t call_other_key_hash(const struct call *c, uint32_t i);
static inline uint64_t call_key_hash(const struct call *c, uint32_t i)
{
    return likely(i == (uint32_t)c->command->first) ? c->hashes[i] : call_other_key_hash(c, i);
}

/* The hash of argv[i] as a field or member; it may have been computed ahead. */
static inline uint64_t call_member_hash(const struct call *c, uint32_t i)
{
    return c->has_member_hash && i == c->command->member ? c->member_hash : keyspace_hash(c->argv[i]);
}

/* The same for the collection at e (or NULL) where it is a table and so asks for it; 0 otherwise. */
static inline uint64_t call_table_hash(const struct call *c, const struct entry *e, uint32_t i)
{
    return e && entry_encoding(e) == ENC_TABLE ? call_member_hash(c, i) : 0;
}

/* The place of the key argv[i], for a command that may change it, when it is missing or of that type; of
 * another type: WRONGTYPE is answered and false returned. call_place_read is for commands that only
 * read: it counts a hit or a miss. */
bool call_place(struct call *c, uint32_t i, enum entry_type type, struct place *p);
bool call_place_read(struct call *c, uint32_t i, enum entry_type type, struct place *p);

/* The collection at p (the key argv[i]) is empty: removes the key and tells "del". */
void call_emptied(struct call *c, uint32_t i, struct place *p);

/* The blob whose bytes argv[i] is, so that storing it needs no copy (blob_get one); NULL when there is none. */
struct blob *call_find_blob(const struct call *c, uint32_t i);
static inline struct blob *call_blob(const struct call *c, uint32_t i)
{
    return __builtin_expect(c->big_count, 0) ? call_find_blob(c, i) : NULL;
}

/* argv[i] as a signed 64-bit integer; else answers `error` (NULL: ERROR_NOT_INTEGER) and returns false. */
bool call_int(struct call *c, uint32_t i, int64_t *out, const char *error);

/* argv[i] as call_int, and within [low, high]; outside answers ERROR_OUT_OF_RANGE, or `error` when given. */
bool call_int_within(struct call *c, uint32_t i, int64_t low, int64_t high, int64_t *out, const char *error);

/* argv[i] as a double, not NaN; else answers `error` (NULL: ERROR_NOT_FLOAT) and returns false. */
bool call_double(struct call *c, uint32_t i, double *out, const char *error);

/* What may repeat is given at most so many times: it costs a client nothing to ask for more, but all others the wait. */
#define CALL_REPEATS_MAX 10000000

/* The count of SRANDMEMBER and its kin, argv[2], negative where what is given may repeat; and whether argv[3],
 * if there is one, is the word `with` (NULL: the caller has seen that there is none). False when the error is
 * answered. */
bool call_random_count(struct call *c, const char *with, int64_t *count, bool *paired);

/* argv[i] as the timeout of a blocking command: seconds, with a fraction, to ms (0: for ever).
 * False when the error is answered. */
bool call_timeout(struct call *c, uint32_t i, int64_t *ms);

enum call_wait_reply { WAIT_NULL, WAIT_NULL_ARRAY };

/* The command found nothing to do at its keys argv[first] .. argv[first + keys - 1]: its client waits for one
 * of them to get a value of that type. Then the command runs again from the start, with the same
 * arguments; clients that wait for one key are served in the order of their coming. When the time is over a null
 * array is answered; where nobody can wait (a transaction) `empty` is, at once. Set by the server. */
extern void (*call_wait)(struct call *c, uint32_t first, uint32_t keys, enum entry_type type,
                         int64_t timeout_ms, enum call_wait_reply empty);

/* "ERR unknown subcommand 'x'. Try NAME HELP.", as dispatch answers for a container without that subcommand. */
void call_unknown_subcommand(struct call *c);
/* "ERR unknown subcommand or wrong number of arguments for 'x'. Try NAME HELP.", as commands
 * answer that look at argv[1] themselves. */
void call_subcommand_syntax(struct call *c);
/* "ERR wrong number of arguments for 'name' command". */
void call_wrong_arity(struct call *c);

/* Answers HELP: a line that opens with NAME, `lines` (ended by NULL), and two lines about HELP itself. */
void call_help(struct call *c, const char *const *lines);

/* keyspace_changed for the key argv[i]. */
void call_changed(struct call *c, uint32_t i, enum event_class cls, const char *event);

#endif
