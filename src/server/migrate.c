#include "server/migrate.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "loop/connect.h"
#include "redis-compat/payload.h"
#include "server/client.h"
#include "server/migrate_peer.h"
#include "server/server.h"

#include <stdlib.h>

#define PATIENCE_DEFAULT_MS 1000
/* How often a key is sent that changes all the time. */
#define TRIES 3
/* Bytes of RESTORE commands that wait to be written at a time, but for the last value. */
#define OUT_AHEAD (256u << 10)
/* Written, and read, at most a turn. */
#define WRITE_TURN (256u << 10)
/* The longest line of a reply. */
#define REPLY_LINE_MAX 1024

enum phase {
    CONNECTING,
    GREETING, /* AUTH and SELECT are answered first: a RESTORE must not go elsewhere */
    MOVING,
};

struct item {
    struct slice key; /* in the migration's names */
    uint64_t hash;
    uint8_t tries;
    /* What was sent last: checksum and expiry, and how many changes anything had seen by then. */
    uint64_t sum;
    int64_t expiry;
    uint64_t changes;
};

struct migration {
    struct client *client;
    struct connector connector;
    struct loop_watch watch;
    struct loop_timer timer;
    uint64_t patience_us; /* without any progress */
    enum phase phase;
    unsigned db; /* here */
    bool copy, replace;
    struct migrate_target target;
    int64_t target_db;
    bool reused;  /* the connection was kept from an earlier one */
    bool answers; /* the target has said something */
    bool checked_self;
    struct buf out;
    size_t written; /* of out */
    unsigned greetings;
    char line[REPLY_LINE_MAX];
    size_t line_len;
    struct rdb_writer writer;
    char *names;
    size_t names_len;
    char *error;      /* the first one that the target answered, or ours; NULL: none */
    uint64_t removed; /* keys that were moved and are gone here */
    /* Items in the order of sending; room for TRIES times their count. Those before `answered` were answered,
     * those before `sent` are under way, those from `next` to `added` have to be sent. */
    uint32_t *order;
    uint64_t answered, sent, next, added;
    uint32_t count;
    struct item items[];
};

/* ---- the end ---------------------------------------------------------------------- */

void migrate_clear(struct client *c)
{
    struct migration *m = c->migration;
    if (!m)
        return;
    c->migration = NULL;
    if (m->phase != CONNECTING)
        loop_remove(&m->watch);
    connector_stop(&m->connector);
    loop_timer_stop(&m->timer);
    rdb_writer_deinit(&m->writer);
    buf_deinit(&m->out);
    mem_free(m->names);
    mem_free(m->order);
    mem_free(m->error);
    migrate_target_deinit(&m->target);
    mem_free(m);
}

size_t migrate_memory(const struct client *c)
{
    const struct migration *m = c->migration;
    if (!m)
        return 0;
    return sizeof *m + m->count * (sizeof *m->items + TRIES * sizeof *m->order) + m->names_len + m->out.cap +
           m->writer.out.cap + m->writer.pack.cap;
}

/* The target did all that was asked: another MIGRATE may go on with the connection. */
static void keep_connection(struct migration *m)
{
    loop_remove(&m->watch);
    migrate_peer_keep(&m->target, m->connector.conn, m->target_db);
    m->connector.conn.fd = -1;
    m->phase = CONNECTING;
}

/* Answers what the target said, or `error` (NULL: all is well), and lets the client go on. m is gone then. */
static void finish(struct migration *m, const char *error)
{
    struct client *c = m->client;
    if (m->error) {
        reply_error(&c->reply, m->error);
    } else if (error) {
        reply_error(&c->reply, error);
    } else {
        if (!m->line_len)
            keep_connection(m);
        reply_ok(&c->reply);
    }
    client_unblock(c);
}

#define ERROR_CONNECTING "IOERR error or timeout connecting to the client"
#define ERROR_WRITING "IOERR error or timeout writing to target instance"
#define ERROR_READING "IOERR error or timeout reading to target instance"

static void give_up(struct migration *m)
{
    if (m->phase == CONNECTING)
        finish(m, ERROR_CONNECTING);
    else
        finish(m, m->written < m->out.len ? ERROR_WRITING : ERROR_READING);
}

static void connect_anew(struct migration *m);

/* The connection is of no use. One that was kept may have been closed by the target long ago: then all
 * is tried with a new one. m may be gone. */
static void fail(struct migration *m)
{
    if (m->reused && !m->answers)
        connect_anew(m);
    else
        give_up(m);
}

static void note_error(struct migration *m, const char *prefix, const char *text)
{
    if (m->error)
        return;
    struct buf b = BUF_EMPTY;
    buf_printf(&b, "%s%s", prefix, text);
    buf_append_char(&b, 0);
    m->error = b.data;
}

static void patience_ended(struct loop_timer *t)
{
    give_up((struct migration *)((char *)t - offsetof(struct migration, timer)));
}

static void progress(struct migration *m)
{
    loop_timer_start(&m->timer, clock_mono_us() + m->patience_us, patience_ended);
}

/* CLIENT UNBLOCK. */
static void interrupted(struct client *c)
{
    give_up(c->migration);
}

/* ---- sending ---------------------------------------------------------------------- */

static void put_words(struct buf *out, const struct slice *words, unsigned count)
{
    buf_printf(out, "*%u\r\n", count);
    for (unsigned i = 0; i < count; i++) {
        buf_printf(out, "$%zu\r\n", words[i].len);
        buf_append_slice(out, words[i]);
        buf_append(out, "\r\n", 2);
    }
}

/* The entry of an item, if there is something left to be moved. */
static const struct entry *item_entry(const struct migration *m, const struct item *item)
{
    const struct entry *e = keyspace_find(server_keyspace, m->db, item->key, item->hash);
    return e && !rdb_value_is_empty(e) ? e : NULL;
}

/* Makes the payload of e in the writer; returns its checksum. */
static uint64_t make_payload(struct migration *m, const struct entry *e)
{
    uint64_t sum;
    m->writer.out.len = 0;
    payload_write(&m->writer, e);
    memcpy(&sum, m->writer.out.data + m->writer.out.len - sizeof sum, sizeof sum);
    return sum;
}

/* A buffer that a big value has left. */
static void shrink(struct buf *b)
{
    b->len = 0;
    if (b->cap > 2 * OUT_AHEAD)
        buf_deinit(b);
}

/* Puts RESTORE for an item behind out; false when the key is gone. */
static bool put_restore(struct migration *m, struct item *item)
{
    const struct entry *e = item_entry(m, item);
    if (!e)
        return false;
    char ttl[NUMBER_I64_MAX];
    item->sum = make_payload(m, e);
    item->expiry = entry_expiry(e);
    item->changes = keyspace_dirty(server_keyspace) - m->removed;
    int64_t left = item->expiry - clock_ms();
    if (item->expiry == EXPIRY_NONE)
        left = 0;
    else if (left < 1)
        left = 1;
    struct slice words[5] = {SLICE("RESTORE"), item->key, slice_make(ttl, number_format_i64(ttl, left)),
                             buf_slice(&m->writer.out), SLICE("REPLACE")};
    put_words(&m->out, words, m->replace || item->tries ? 5 : 4);
    item->tries++;
    shrink(&m->writer.out);
    return true;
}

/* Fills out, once all of it is written, as far as it should be; keys that are gone are passed over. */
static void fill(struct migration *m)
{
    if (m->phase != MOVING || m->written < m->out.len)
        return;
    while (m->next < m->added && m->out.len < OUT_AHEAD) {
        uint32_t i = m->order[m->next++];
        if (put_restore(m, &m->items[i]))
            m->order[m->sent++] = i;
    }
}

/* ---- what the target answers -------------------------------------------------------- */

/* True when the target is this server and has restored to where the key already is. */
static bool is_self(const struct migration *m)
{
    char ours[SOCKET_ADDRESS_MAX], theirs[SOCKET_ADDRESS_MAX];
    const struct command *restore = command_find(SLICE("RESTORE"));
    socket_local(&m->connector.conn, ours);
    for (const struct client *c = client_first; c; c = c->next) {
        /* Few have just restored something; asking the system for all addresses would take long. */
        if (c->last_command != restore || c->db != m->db || c->flags & (CLIENT_CLOSING | CLIENT_UNIX))
            continue;
        socket_peer(&c->conn, theirs);
        if (strcmp(ours, theirs) == 0)
            return true;
    }
    return false;
}

/* True when the item's key holds what was sent. */
static bool is_unchanged(struct migration *m, const struct item *item, const struct entry *e)
{
    if (item->changes == keyspace_dirty(server_keyspace) - m->removed)
        return true;
    bool same = entry_expiry(e) == item->expiry && make_payload(m, e) == item->sum;
    shrink(&m->writer.out);
    return same;
}

/* The target has what was sent for the item. */
static void restored(struct migration *m, struct item *item)
{
    const struct entry *e = item_entry(m, item);
    if (m->copy || !e)
        return;
    if (is_unchanged(m, item, e)) {
        keyspace_delete(server_keyspace, m->db, item->key, item->hash);
        keyspace_changed(server_keyspace, m->db, item->key, item->hash, EVENT_GENERIC, "del");
        m->removed++;
    } else if (item->tries < TRIES) {
        m->order[m->added++] = (uint32_t)(item - m->items);
    } else {
        note_error(m, "", "ERR A key changed again and again while it was migrated, and is still here");
    }
}

/* A line of the reply, without its end; false: m is gone. */
static bool take_line(struct migration *m)
{
    bool error = m->line[0] == '-';
    m->answers = true;
    bool expected = m->phase == GREETING || m->answered < m->sent;
    if (error)
        note_error(m, "ERR Target instance replied with error: ", m->line + 1);
    if (!expected || (m->phase == GREETING && error) || (!error && m->line[0] != '+')) {
        fail(m);
        return false;
    }
    if (m->phase == GREETING) {
        if (--m->greetings == 0)
            m->phase = MOVING;
        return true;
    }
    if (!m->checked_self && !m->copy) {
        m->checked_self = true;
        if (!error && is_self(m)) {
            finish(m, "ERR The target is the database where the keys are");
            return false;
        }
    }
    struct item *item = &m->items[m->order[m->answered++]];
    if (!error)
        restored(m, item);
    return true;
}

/* Cuts what came into lines; false: m is gone. */
static bool take_bytes(struct migration *m, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n') {
            m->line_len -= m->line_len && m->line[m->line_len - 1] == '\r';
            m->line[m->line_len] = 0;
            m->line_len = 0;
            if (!take_line(m))
                return false;
        } else if (m->line_len == REPLY_LINE_MAX - 1) {
            fail(m);
            return false;
        } else {
            m->line[m->line_len++] = bytes[i];
        }
    }
    return true;
}

/* ---- the connection ----------------------------------------------------------------- */

/* Writes what it takes; false: m is gone. */
static bool write_some(struct migration *m)
{
    for (size_t done = 0; done < WRITE_TURN && m->written < m->out.len;) {
        struct iovec v = {m->out.data + m->written, m->out.len - m->written};
        ssize_t n = socket_writev(&m->connector.conn, &v, 1);
        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0) {
            fail(m);
            return false;
        }
        m->written += (size_t)n;
        done += (size_t)n;
        progress(m);
    }
    if (m->written == m->out.len) {
        shrink(&m->out);
        m->written = 0;
    }
    return true;
}

/* Reads what has come; false: m is gone. */
static bool read_some(struct migration *m)
{
    char bytes[16384];
    ssize_t n = socket_read(&m->connector.conn, bytes, sizeof bytes);
    if (n < 0 && errno == EAGAIN)
        return true;
    if (n <= 0) {
        fail(m);
        return false;
    }
    progress(m);
    return take_bytes(m, bytes, (size_t)n);
}

static void ready(struct loop_watch *w, uint32_t events)
{
    struct migration *m = (struct migration *)((char *)w - offsetof(struct migration, watch));
    if (events & EPOLLIN && !read_some(m))
        return;
    fill(m);
    if (events & EPOLLOUT && !write_some(m))
        return;
    if (m->phase == MOVING && m->next == m->added && m->answered == m->sent) {
        finish(m, NULL);
        return;
    }
    loop_modify(w, EPOLLIN | (m->written < m->out.len || m->next < m->added ? EPOLLOUT : 0u));
}

/* Begins to speak on the connection, which is in database db there. False: the loop refuses. */
static bool begin(struct migration *m, int64_t db)
{
    char digits[NUMBER_I64_MAX];
    m->watch.ready = ready;
    if (!loop_add(&m->watch, m->connector.conn.fd, EPOLLIN | EPOLLOUT))
        return false;
    if (m->target.auth.len) { /* on a connection that was kept, too: the password may be another by now */
        buf_append_slice(&m->out, buf_slice(&m->target.auth));
        m->greetings++;
    }
    if (db != m->target_db) {
        struct slice words[2] = {SLICE("SELECT"),
                                 slice_make(digits, number_format_i64(digits, m->target_db))};
        put_words(&m->out, words, 2);
        m->greetings++;
    }
    m->phase = m->greetings ? GREETING : MOVING;
    progress(m);
    return true;
}

static void connected(struct connector *c, bool ok)
{
    struct migration *m = (struct migration *)((char *)c - offsetof(struct migration, connector));
    if (!ok || !begin(m, 0))
        finish(m, c->tried ? ERROR_WRITING : ERROR_CONNECTING); /* as Redis has it */
}

static void connect_anew(struct migration *m)
{
    loop_remove(&m->watch);
    connector_stop(&m->connector);
    m->phase = CONNECTING;
    m->reused = false;
    m->out.len = m->written = m->line_len = m->greetings = 0;
    m->sent = m->next = 0;
    for (uint32_t i = 0; i < m->count; i++) {
        m->order[i] = i;
        m->items[i].tries = 0;
    }
    if (connector_start(&m->connector, m->target.host, m->target.port, connected))
        progress(m);
    else
        finish(m, ERROR_CONNECTING);
}

/* ---- the command -------------------------------------------------------------------- */

struct request {
    bool copy, replace;
    uint32_t user, password; /* arguments; 0: none */
    uint32_t first_key, keys;
    int64_t target_db, timeout;
};

static bool syntax_error(struct call *c)
{
    reply_error(c->reply, ERROR_SYNTAX);
    return false;
}

/* False when the error is answered. */
static bool read_request(struct call *c, struct request *r)
{
    *r = (struct request){.first_key = 3, .keys = 1};
    for (uint32_t i = 6; i < c->argc; i++) {
        uint32_t more = c->argc - 1 - i;
        if (slice_is(c->argv[i], "COPY")) {
            r->copy = true;
        } else if (slice_is(c->argv[i], "REPLACE")) {
            r->replace = true;
        } else if (slice_is(c->argv[i], "AUTH") && more >= 1) {
            r->user = 0;
            r->password = ++i;
        } else if (slice_is(c->argv[i], "AUTH2") && more >= 2) {
            r->user = ++i;
            r->password = ++i;
        } else if (slice_is(c->argv[i], "KEYS")) {
            if (c->argv[3].len) {
                reply_error(c->reply, "ERR When using MIGRATE KEYS option, the key argument must be set to "
                                      "the empty string");
                return false;
            }
            r->first_key = i + 1;
            r->keys = more;
            break;
        } else {
            return syntax_error(c);
        }
    }
    if (!call_int(c, 5, &r->timeout, NULL) || !call_int(c, 4, &r->target_db, NULL))
        return false;
    if (r->timeout <= 0)
        r->timeout = PATIENCE_DEFAULT_MS;
    return true;
}

/* The keys that are there, as items; NULL: none is. Gives. */
static struct migration *gather(struct call *c, const struct request *r)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < r->keys; i++)
        bytes += c->argv[r->first_key + i].len;
    struct migration *m = mem_zalloc(1, sizeof *m + r->keys * sizeof *m->items);
    m->names = mem_alloc(bytes);
    m->names_len = bytes;
    char *at = m->names;
    for (uint32_t i = 0; i < r->keys; i++) {
        struct slice key = c->argv[r->first_key + i];
        uint64_t hash = keyspace_hash(key);
        if (!keyspace_read(c->keyspace, c->db, key, hash))
            continue;
        memcpy(at, key.ptr, key.len);
        m->items[m->count++] = (struct item){.key = slice_make(at, key.len), .hash = hash};
        at += key.len;
    }
    if (!m->count) {
        mem_free(m->names);
        mem_free(m);
        return NULL;
    }
    m->connector.conn.fd = -1;
    m->order = mem_alloc(TRIES * m->count * sizeof *m->order);
    for (; m->added < m->count; m->added++)
        m->order[m->added] = (uint32_t)m->added;
    return m;
}

/* Notes whom the request is for; false when there is no such port. The port is read as by atoi, as Redis does:
 * what is no number is 0, where nobody listens. */
static bool read_target(struct call *c, const struct request *r, struct migrate_target *t)
{
    struct slice words[3] = {SLICE("AUTH")};
    unsigned count = 1;
    char digits[NUMBER_I64_MAX] = "";
    size_t len = c->argv[2].len;
    memcpy(digits, c->argv[2].ptr, len < sizeof digits ? len : sizeof digits - 1);
    int port = atoi(digits);
    if (port < 0)
        return false;
    t->port = (uint16_t)port;
    t->host = mem_dup(c->argv[1].ptr, c->argv[1].len);
    if (r->user)
        words[count++] = c->argv[r->user];
    if (r->password) {
        words[count++] = c->argv[r->password];
        put_words(&t->auth, words, count);
    }
    return true;
}

/* Begins on a connection that was kept, or makes one. False: it's no use. */
static bool start(struct migration *m)
{
    int64_t db;
    m->reused = migrate_peer_take(&m->target, &m->connector.conn, &db);
    return m->reused ? begin(m, db)
                     : connector_start(&m->connector, m->target.host, m->target.port, connected);
}

static void run_migrate(struct call *c)
{
    struct request r;
    struct client *client = c->client;
    if (!read_request(c, &r))
        return;
    if (client->flags & CLIENT_EXECUTING) {
        reply_error(c->reply, "ERR MIGRATE isn't allowed in a transaction: it would hold up every client");
        return;
    }
    struct migration *m = gather(c, &r);
    if (!m) {
        reply_status(c->reply, "NOKEY");
        return;
    }
    m->client = client;
    client->migration = m;
    m->db = c->db;
    m->copy = r.copy;
    m->replace = r.replace;
    uint64_t most = (UINT64_MAX / 2 - clock_mono_us()) / 1000;
    m->patience_us = ((uint64_t)r.timeout < most ? (uint64_t)r.timeout : most) * 1000;
    m->target_db = r.target_db;
    if (!read_target(c, &r, &m->target) || !start(m)) {
        migrate_clear(client);
        reply_error(c->reply, ERROR_CONNECTING);
        return;
    }
    client_block(client, 0, interrupted);
    progress(m);
}

/* ---- the table ---------------------------------------------------------------------- */

static int migrate_keys(struct slice *argv, uint32_t argc, uint32_t *positions, int most)
{
    int found = 0;
    for (uint32_t i = 6; i < argc; i++) {
        if (!slice_is(argv[i], "KEYS"))
            continue;
        if (argv[3].len)
            return -1;
        while (++i < argc && found < most)
            positions[found++] = i;
        return found;
    }
    positions[0] = 3;
    return 1;
}

static const struct key_spec migrate_key_specs[] = {
    {.flags = "RW access delete",
     .begin = KEYS_AT_INDEX,
     .index = 3,
     .find = KEYS_RANGE,
     .last = 0,
     .step = 1},
    {.flags = "RW access delete incomplete",
     .begin = KEYS_AFTER_KEYWORD,
     .keyword = "KEYS",
     .from = -2,
     .find = KEYS_RANGE,
     .last = -1,
     .step = 1},
    {.flags = NULL},
};

const struct command migrate_commands[] = {
    {.name = "migrate",
     .run = run_migrate,
     .arity = -6,
     .flags = COMMAND_WRITE | COMMAND_MOVABLE_KEYS | COMMAND_BARRIER,
     .first = 3,
     .last = 3,
     .step = 1,
     .keys = migrate_key_specs,
     .get_keys = migrate_keys,
     .group = "generic",
     .since = "2.6.0",
     .summary = "Moves keys to another server.",
     .complexity = "O(N) for values of N bytes in all",
     .categories = CATEGORY_KEYSPACE | CATEGORY_DANGEROUS,
     .syntax = "host port:integer <key-selector=key | \"\"> destination-db:integer timeout:integer "
               "[COPY@3.0.0] [REPLACE@3.0.0] [authentication=[AUTH@4.0.7 auth~password:string] | "
               "[AUTH2@6.0.0 (username password)]] [KEYS@3.0.6 keys~key:key#1 ...]",
     .tips = "nondeterministic_output"},
    {.name = NULL},
};
