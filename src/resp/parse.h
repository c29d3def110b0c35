/* parse: cuts what a client sent into requests.
 *
 * Words. A *request* is a RESP array of bulk strings, or an inline line of
 * words. Its arguments are slices of the given bytes (of the pool for inline
 * words that had quotes), collected in a *pool* that a whole batch shares.
 *
 * Bytes may arrive cut anywhere. When a request isn't complete the caller keeps
 * its bytes from the start and comes again with more behind them; the parser
 * remembers how far it came, so a request of a million arguments is looked at
 * once. After a request, complete, empty or failed, the parser is as new.
 *
 * A *big* argument (RESP_BIG bytes or more) needn't pass through the caller's
 * input: RESP_MORE says where its bytes begin, the caller takes them elsewhere and
 * supplies them. A request with supplied arguments stays with the parser when it is
 * complete: until resp_parser_reset the same bytes give the same request again. */
#ifndef RESP_PARSE_H
#define RESP_PARSE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An inline line, or the line with a count, may have so many bytes. */
#define RESP_LINE_MAX 65536
/* Arguments of so many bytes may be supplied. */
#define RESP_BIG 65536

struct resp_limits {
    uint64_t bulk_max;  /* proto-max-bulk-len */
    bool authenticated; /* false: at most 10 arguments of 16 KiB */
};

/* Where arguments go. Indices stay good until resp_pool_reset; pointers until the next argument. */
struct resp_pool {
    struct slice *argv;
    uint64_t *hash; /* room for the hash of each argument that is a key */
    uint32_t count, capacity;
    char **owned; /* unquoted inline words */
    uint32_t owned_count, owned_capacity;
};

struct resp_parser {
    int64_t expected; /* arguments of the request under way; 0: none */
    uint32_t done;    /* of them complete, kept in `kept` */
    size_t at;        /* where the next one starts, from the request's start */
    struct resp_kept {
        const char *supplied; /* its bytes; NULL: they stand in the request, at `at` */
        size_t at, len;
    } * kept;
    uint32_t kept_capacity;
    bool supplied; /* one of them is */
};

enum resp_result {
    RESP_REQUEST, /* complete: first, argc, size are set. argc 0: an empty request, to be passed over */
    RESP_MORE,    /* not complete: `size` is how many bytes it will have at least */
    RESP_BAD,     /* `error` is the reply's text; nothing behind it can be read */
};

struct resp_request {
    uint32_t first; /* index of the first argument in the pool */
    uint32_t argc;
    size_t size;
    const char *error; /* valid until the next call */
    /* RESP_MORE because of a big argument: where its first byte stands, and its length; else 0 and 0. */
    size_t big_at, big_len;
};

void resp_pool_init(struct resp_pool *pool);
void resp_pool_deinit(struct resp_pool *pool);

/* Forgets all arguments. */
void resp_pool_reset(struct resp_pool *pool);

/* Reads one request from the start of [data, data + len). Takes nothing; slices borrow from data. */
enum resp_result resp_parse(struct resp_parser *p, const struct resp_limits *limits, struct resp_pool *pool,
                            const char *data, size_t len, struct resp_request *out);

/* After RESP_MORE with big_len: that argument's bytes are the len at ptr, which the caller leaves there
 * until the parser was reset. The request's bytes end before them now: what follows the
 * argument's CR LF stands at `at`. */
void resp_supply(struct resp_parser *p, const char *ptr, size_t len, size_t at);

/* Forgets a request under way, or one that supplied arguments keep. */
void resp_parser_reset(struct resp_parser *p);

/* As reset, and frees what it kept. */
void resp_parser_deinit(struct resp_parser *p);

#endif
