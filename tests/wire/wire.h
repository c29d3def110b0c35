/* wire: what every wire test needs: a running server and ways to talk to it.
 *
 * The server is the program that HEARTH_SERVER names (build/hearth-server
 * without it; Redis may stand in). The runner starts a few shared servers before
 * the first test and stops them after the last. Criterion runs each test in a
 * process of its own, several at once: a test of a WIRE_SUITE holds one shared
 * server alone while it runs, emptied, in database 0, with the settings of its
 * start. A test that needs other options, or breaks its server, starts its own
 * with wire_start, which is stopped and checked when the test ends.
 *
 * Expectations are written as text, the same for RESP2 and RESP3:
 *   +OK   -ERR text   1   "bulk\x00"   nil   [1 "a" nil]          both
 *   {"k" 1}  ~["a"]  >["message" "c" "m"]  ,1.5  #t  =txt:"x"  (123  |{"k" 1} v   RESP3
 * A failed expectation ends the test. Commands are hiredis formats: %s, %b
 * (pointer, size_t), %d, %lld. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "tests/wire/resp3.h"

#include <criterion/criterion.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Declares a suite whose tests each hold an empty shared server. */
#define WIRE_SUITE(name, ...)                                                                                \
    TestSuite(name, .init = wire_begin, .fini = wire_end, .timeout = 120, ##__VA_ARGS__)

void wire_begin(void);
void wire_end(void);

/* ---- servers ---------------------------------------------------------- */

struct wire_server {
    pid_t pid;       /* 0 once it has ended */
    char dir[64];    /* its own directory: socket, log, sanitizer reports */
    char socket[96]; /* path of its Unix socket */
    int port;        /* TCP on 127.0.0.1; 0: none */
};

/* The server that this test holds (started by itself if the runner's is gone). Borrowed until wire_end. */
struct wire_server *wire_shared(void);

/* Starts a server of this test's own with more arguments (a list ended by NULL)
 * behind the usual ones; returns when it accepts. It listens on a Unix socket;
 * with "--port", "auto" among the arguments also on a free TCP port. A first argument that
 * begins with '/' is a configuration file. Stopped by wire_end. */
struct wire_server *wire_start(const char *argument, ...) __attribute__((sentinel));

/* Starts a server that must not come up: gives what it wrote (stdout and
 * stderr); *status is its exit status (128 + signal when killed). free() the text. */
char *wire_start_fails(int *status, const char *argument, ...) __attribute__((sentinel));

/* Stops it by SIGTERM, waits, and fails the test unless it ended cleanly and without sanitizer report. */
void wire_stop(struct wire_server *s);

/* Kills it by SIGKILL and waits. */
void wire_kill(struct wire_server *s);

/* Waits until it has ended by itself; returns its exit status (128 + signal). */
int wire_wait_exit(struct wire_server *s);

/* What it has written to stdout and stderr so far. free() the text. */
char *wire_log(const struct wire_server *s);

/* True when the server under test is Redis itself: for the few tests of what only Hearth has. */
bool wire_is_redis(void);

/* ---- RESP2 through hiredis -------------------------------------------- */

/* A new connection to the shared server, or to s. Closed by wire_end (or redisFree, then don't). */
redisContext *wire_client(void);
redisContext *wire_client_of(const struct wire_server *s);
redisContext *wire_client_tcp(const struct wire_server *s);

/* Closes one before the test ends. */
void wire_close(redisContext *c);

/* Sends a command and compares the reply's text. */
#define expect(c, text, ...) wire_expect(__FILE__, __LINE__, c, text, false, __VA_ARGS__)
/* The same; elements of the outermost array in bytewise order of their texts. */
#define expect_unordered(c, text, ...) wire_expect(__FILE__, __LINE__, c, text, true, __VA_ARGS__)
/* Repeats the command until the reply is this (some milliseconds apart, 20 s at most). */
#define expect_soon(c, text, ...) wire_expect_soon(__FILE__, __LINE__, c, text, __VA_ARGS__)
#define expect_ok(c, ...) wire_expect(__FILE__, __LINE__, c, "+OK", false, __VA_ARGS__)
#define expect_nil(c, ...) wire_expect(__FILE__, __LINE__, c, "nil", false, __VA_ARGS__)
#define expect_queued(c, ...) wire_expect(__FILE__, __LINE__, c, "+QUEUED", false, __VA_ARGS__)
#define expect_int(c, value, ...) wire_expect_int(__FILE__, __LINE__, c, value, value, __VA_ARGS__)
#define expect_between(c, low, high, ...) wire_expect_int(__FILE__, __LINE__, c, low, high, __VA_ARGS__)
/* The bulk string `value` (a C string), and one of len bytes. */
#define expect_bulk(c, value, ...) wire_expect_bulk(__FILE__, __LINE__, c, value, strlen(value), __VA_ARGS__)
#define expect_bytes(c, value, len, ...) wire_expect_bulk(__FILE__, __LINE__, c, value, len, __VA_ARGS__)
/* The whole text behind the dash: expect_error(c, "ERR syntax error", "SET a b c"). */
#define expect_error(c, text, ...) wire_expect_error(__FILE__, __LINE__, c, text, false, __VA_ARGS__)
/* It begins with this. */
#define expect_error_like(c, text, ...) wire_expect_error(__FILE__, __LINE__, c, text, true, __VA_ARGS__)
/* The next reply or message that arrives without sending anything. */
#define expect_next(c, text) wire_expect_next(__FILE__, __LINE__, c, text)
/* The server closes the connection (whatever was unread is skipped). */
#define expect_closed(c) wire_expect_closed(__FILE__, __LINE__, c)
/* Nothing arrives before the reply to PING that this sends. Not while subscribed in RESP2. */
#define expect_nothing(c) wire_expect(__FILE__, __LINE__, c, "\"nothing\"", false, "ECHO nothing")

void wire_expect(const char *file, int line, redisContext *c, const char *text, bool sorted,
                 const char *format, ...) __attribute__((cold));
void wire_expect_soon(const char *file, int line, redisContext *c, const char *text, const char *format, ...);
void wire_expect_int(const char *file, int line, redisContext *c, long long low, long long high,
                     const char *format, ...);
void wire_expect_bulk(const char *file, int line, redisContext *c, const char *value, size_t len,
                      const char *format, ...);
void wire_expect_error(const char *file, int line, redisContext *c, const char *text, bool prefix,
                       const char *format, ...);
void wire_expect_next(const char *file, int line, redisContext *c, const char *text);
void wire_expect_closed(const char *file, int line, redisContext *c);

/* The reply itself, never NULL (no reply fails the test); freeReplyObject it. */
redisReply *wire_command(redisContext *c, const char *format, ...);
/* An integer reply, or a bulk string as an integer. */
long long wire_int(redisContext *c, const char *format, ...);
/* A bulk, status or error reply as a C string; free() it. */
char *wire_text(redisContext *c, const char *format, ...);
/* A reply in the notation above; free() it. */
char *wire_reply_text(const redisReply *reply);

/* Sends without waiting for a reply. */
void wire_send(redisContext *c, const char *format, ...);

/* A field of INFO: as text (free() it; NULL when there is none) and as an integer (-1 when there is none). */
char *wire_info(redisContext *c, const char *field);
long long wire_info_int(redisContext *c, const char *field);

/* Sets a setting of the shared server for this test; undone before the next one. */
void wire_config(const char *name, const char *value);
void wire_config_by(redisContext *c, const char *name, const char *value); /* through c, a RESP2 connection */

/* ---- RESP3 through our own reader ------------------------------------- */

struct wire_resp3; /* a connection; `protocol` 3 unless told otherwise */

struct wire_resp3 *resp3_client(void); /* has said HELLO 3; closed by wire_end */
struct wire_resp3 *resp3_client_of(const struct wire_server *s);
struct wire_resp3 *
resp3_client_silent(const struct wire_server *s); /* has said nothing: reads RESP2 until resp3_protocol */
void resp3_protocol(struct wire_resp3 *c, int protocol);
void resp3_send(struct wire_resp3 *c, const char *format, ...);
/* The next value; fails the test on malformed bytes, close or silence. resp3_destroy it. */
struct resp3_value *resp3_receive(struct wire_resp3 *c);
struct resp3_value *resp3_command(struct wire_resp3 *c, const char *format, ...);
void resp3_close(struct wire_resp3 *c);

#define expect3(c, text, ...) wire_expect3(__FILE__, __LINE__, c, text, false, __VA_ARGS__)
#define expect3_unordered(c, text, ...) wire_expect3(__FILE__, __LINE__, c, text, true, __VA_ARGS__)
#define expect3_next(c, text) wire_expect3_next(__FILE__, __LINE__, c, text)
void wire_expect3(const char *file, int line, struct wire_resp3 *c, const char *text, bool sorted,
                  const char *format, ...);
void wire_expect3_next(const char *file, int line, struct wire_resp3 *c, const char *text);

/* ---- raw bytes -------------------------------------------------------- */

int raw_client(void); /* a connected blocking socket; closed by wire_end */
int raw_client_of(const struct wire_server *s);
long long raw_id(int fd); /* its CLIENT ID, asked on it */

/* Waits until the server holds `bytes` of client `id` that didn't run yet (qbuf of CLIENT LIST). */
void expect_waiting(redisContext *c, long long id, long long bytes);

/* Between two looks at something that is waited for. */
void wire_pause_ms(long ms);
void raw_send(int fd, const char *bytes, size_t len);
bool raw_try_send(int fd, const char *bytes, size_t len); /* false when the server has closed */
/* Reads exactly len bytes; fails the test when they don't come. */
void raw_receive(int fd, char *bytes, size_t len);

#define raw_say(fd, literal) raw_send(fd, "" literal, sizeof(literal) - 1)
/* The next bytes are exactly these. */
#define raw_expect(fd, literal) wire_raw_expect(__FILE__, __LINE__, fd, "" literal, sizeof(literal) - 1)
#define raw_expect_bytes(fd, bytes, len) wire_raw_expect(__FILE__, __LINE__, fd, bytes, len)
/* Nothing more comes but the end. */
#define raw_expect_closed(fd) wire_raw_expect_closed(__FILE__, __LINE__, fd)
void wire_raw_expect(const char *file, int line, int fd, const char *bytes, size_t len);
void wire_raw_expect_closed(const char *file, int line, int fd);

/* Fails the test with this place and text. */
void wire_fail(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
