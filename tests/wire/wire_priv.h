/* What the harness's files share among themselves. Tests include wire.h. */
#ifndef WIRE_WIRE_PRIV_H
#define WIRE_WIRE_PRIV_H

#include "tests/wire/wire.h"

enum {
    WIRE_PATIENCE_S = 60
}; /* longest wait for one reply, start or stop: sanitizers and busy machines are slow */

/* Starts the program with the NULL-ended `more` behind the usual arguments; fills s. Returns NULL, or a text that
 * says why it did not come up (free() it). `orphan_ends`: it ends when the thread that started it does. */
char *server_start(struct wire_server *s, const char *const *more, bool orphan_ends);

/* Ends it by SIGTERM. Returns NULL when it ended cleanly, else a text (free() it). Removes its directory if clean. */
char *server_stop(struct wire_server *s);

/* Its log and sanitizer reports; free() it. */
char *server_log(const struct wire_server *s);

/* A connected socket, or -1. */
int server_connect(const struct wire_server *s);
int server_connect_tcp(int port);

/* Runs the program until it ends; gives its output. */
char *server_run(int *status, const char *const *arguments);

/* Shared servers: started by the runner, told to the tests through the environment. */
void shared_start(void);
bool shared_stop(void); /* false when one did not end cleanly: its log has been printed */
/* Takes one for this test; false when there is none. */
bool shared_take(struct wire_server *s);
void shared_release(void);
/* Keeps settings to be undone by whoever takes this server next, also when this test crashes. */
void shared_remember(const char *name, const char *value);
void shared_restore(redisContext *c);

/* Opens s and waits at most WIRE_PATIENCE_S for replies. NULL when it can't be reached. */
redisContext *client_open(const struct wire_server *s);

/* Connections and the rest that the harness's files close when the test ends. */
void clients_end(void);

#endif
