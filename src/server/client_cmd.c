/* CLIENT and its subcommands. */
#include "server/client_cmd.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "server/client.h"
#include "server/connection_cmd.h"
#include "server/multi.h"
#include "server/pubsub.h"
#include "server/stats.h"

#include <inttypes.h>

/* A chunk of output (loop/output.h). */
#define CHUNK ((size_t)16384)

/* ---- INFO and LIST ------------------------------------------------------------------ */

static void put_flags(struct buf *b, const struct client *c)
{
    static const struct {
        uint32_t flag;
        char letter;
    } shown[] = {
        {CLIENT_MONITOR, 'O'}, {CLIENT_PUBSUB, 'P'},    {CLIENT_MULTI, 'x'},       {CLIENT_BLOCKED, 'b'},
        {CLIENT_PAUSED, 'b'},  {CLIENT_DIRTY_CAS, 'd'}, {CLIENT_CLOSE_AFTER, 'c'}, {CLIENT_CLOSING, 'A'},
        {CLIENT_UNIX, 'U'},    {CLIENT_NO_EVICT, 'e'},  {CLIENT_NO_TOUCH, 'T'},
    };
    size_t before = b->len;
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        bool twice = shown[i].flag == CLIENT_PAUSED && c->flags & CLIENT_BLOCKED;
        if (c->flags & shown[i].flag && !twice)
            buf_append_char(b, shown[i].letter);
    }
    if (b->len == before)
        buf_append_char(b, 'N');
}

/* What the requests queued and the one under way take; running: of c itself, that is this CLIENT command. */
static size_t argument_bytes(const struct client *c, const struct call *running)
{
    size_t bytes = 0;
    if (running && running->client == c) {
        for (uint32_t i = 1; i < running->argc; i++)
            bytes += running->argv[i].len;
    }
    return bytes;
}

void client_describe(struct buf *b, const struct client *c, const struct call *running)
{
    char peer[SOCKET_ADDRESS_MAX], local[SOCKET_ADDRESS_MAX], command[COMMAND_NAME_MAX] = "NULL";
    socket_peer(&c->conn, peer);
    socket_local(&c->conn, local);
    if (c->last_command)
        command_full_name(c->last_command, command);
    /* The first chunk of output stands for Redis's fixed reply buffer, the rest for its list. */
    size_t pending = output_pending(&c->output), memory = c->output.memory;
    size_t chunk = memory < CHUNK ? memory : CHUNK, listed = memory - chunk;
    size_t first = listed && pending > CHUNK ? CHUNK : pending;

    buf_printf(b,
               "id=%" PRIu64 " addr=%s laddr=%s fd=%d name=%s age=%" PRId64 " idle=%" PRId64 " flags=", c->id,
               peer, local, c->conn.fd, c->name ? c->name : "", (clock_ms() - c->created_ms) / 1000,
               (clock_ms() - c->active_ms) / 1000);
    put_flags(b, c);
    buf_printf(b, " db=%u sub=%u psub=%u ssub=%u multi=%" PRId64, c->db,
               pubsub_subscriptions(c, PUBSUB_CHANNEL), pubsub_subscriptions(c, PUBSUB_PATTERN),
               pubsub_subscriptions(c, PUBSUB_SHARD), multi_count(c));
    buf_printf(b, " qbuf=%zu qbuf-free=%zu argv-mem=%zu multi-mem=%zu", client_waiting(c),
               c->input.cap - c->input.len, argument_bytes(c, running), multi_memory(c));
    buf_printf(b, " rbs=%zu rbp=%zu obl=%zu oll=%zu omem=%zu tot-mem=%zu events=%s%s", chunk, chunk, first,
               (listed + CHUNK - 1) / CHUNK, listed, client_memory(c), c->watch.events & EPOLLIN ? "r" : "",
               c->watch.events & EPOLLOUT ? "w" : "");
    buf_printf(b, " cmd=%s user=default redir=-1 resp=%d lib-name=%s lib-ver=%s\n", command,
               c->reply.protocol, c->lib_name ? c->lib_name : "", c->lib_ver ? c->lib_ver : "");
}

static void info_run(struct call *call)
{
    struct buf text = BUF_EMPTY;
    client_describe(&text, call->client, call);
    reply_verbatim(call->reply, "txt", buf_slice(&text));
    buf_deinit(&text);
}

enum { TYPE_ANY = -1, TYPE_MASTER = CLASS_COUNT, TYPE_UNKNOWN };

static int parse_type(struct slice word)
{
    if (slice_is(word, "normal"))
        return CLASS_NORMAL;
    if (slice_is(word, "replica") || slice_is(word, "slave"))
        return CLASS_REPLICA;
    if (slice_is(word, "pubsub"))
        return CLASS_PUBSUB;
    return slice_is(word, "master") ? (int)TYPE_MASTER : (int)TYPE_UNKNOWN;
}

/* argv[i] as a client type; answers the error and returns false for another word. */
static bool call_type(struct call *call, uint32_t i, int *type)
{
    struct slice word = call->argv[i];
    *type = parse_type(word);
    if (*type != TYPE_UNKNOWN)
        return true;
    reply_errorf(call->reply, "ERR Unknown client type '%.*s'", (int)(word.len < 128 ? word.len : 128),
                 word.ptr);
    return false;
}

/* LIST ID id ...; false when the error is answered. */
static bool list_ids(struct call *call, struct buf *text)
{
    for (uint32_t i = 3; i < call->argc; i++) {
        int64_t id;
        if (!call_int(call, i, &id, "ERR Invalid client ID"))
            return false;
        struct client *c = client_by_id((uint64_t)id);
        if (c)
            client_describe(text, c, call);
    }
    return true;
}

static void list_run(struct call *call)
{
    struct buf text = BUF_EMPTY;
    int type = TYPE_ANY;
    bool ok = true, ids = call->argc > 3 && slice_is(call->argv[2], "ID");
    if (ids) {
        ok = list_ids(call, &text);
    } else if (call->argc == 4 && slice_is(call->argv[2], "TYPE")) {
        ok = call_type(call, 3, &type);
    } else if (call->argc != 2) {
        reply_error(call->reply, ERROR_SYNTAX);
        ok = false;
    }
    if (ok && !ids) {
        for (struct client *c = client_first; c; c = c->next) {
            if (!(c->flags & CLIENT_CLOSING) && (type == TYPE_ANY || (int)client_class(c) == type))
                client_describe(&text, c, call);
        }
    }
    if (ok)
        reply_verbatim(call->reply, "txt", text.len ? buf_slice(&text) : SLICE(""));
    buf_deinit(&text);
}

/* ---- KILL ----------------------------------------------------------------------------- */

struct kill {
    uint64_t id;              /* 0: any */
    int type;                 /* TYPE_ANY: any */
    struct slice addr, laddr; /* ptr NULL: any */
    bool skip_me;
};

/* KILL filter value ...; answers the error and returns false when it is wrong. */
static bool kill_filters(struct call *call, struct kill *k)
{
    for (uint32_t i = 2; i < call->argc; i += 2) {
        struct slice filter = call->argv[i];
        if (i + 1 == call->argc) {
            reply_error(call->reply, ERROR_SYNTAX);
            return false;
        }
        struct slice value = call->argv[i + 1];
        int64_t id;
        if (slice_is(filter, "ID")) {
            if (!call_int_within(call, i + 1, 1, INT64_MAX, &id, "ERR client-id should be greater than 0"))
                return false;
            k->id = (uint64_t)id;
        } else if (slice_is(filter, "TYPE")) {
            if (!call_type(call, i + 1, &k->type))
                return false;
        } else if (slice_is(filter, "ADDR")) {
            k->addr = value;
        } else if (slice_is(filter, "LADDR")) {
            k->laddr = value;
        } else if (slice_is(filter, "USER")) {
            if (!slice_eq(value, SLICE("default"))) {
                reply_errorf(call->reply, "ERR No such user '%.*s'", (int)(value.len < 128 ? value.len : 128),
                             value.ptr);
                return false;
            }
        } else if (slice_is(filter, "SKIPME") && (slice_is(value, "yes") || slice_is(value, "no"))) {
            k->skip_me = slice_is(value, "yes");
        } else {
            reply_error(call->reply, ERROR_SYNTAX);
            return false;
        }
    }
    return true;
}

static bool kill_meets(const struct kill *k, const struct client *c)
{
    char text[SOCKET_ADDRESS_MAX];
    if ((k->id && c->id != k->id) || (k->type != TYPE_ANY && (int)client_class(c) != k->type))
        return false;
    if (k->addr.ptr) {
        socket_peer(&c->conn, text);
        if (!slice_eq(slice_of(text), k->addr))
            return false;
    }
    if (k->laddr.ptr) {
        socket_local(&c->conn, text);
        if (!slice_eq(slice_of(text), k->laddr))
            return false;
    }
    return true;
}

static void kill_run(struct call *call)
{
    struct kill k = {.type = TYPE_ANY, .skip_me = true};
    bool old_form = call->argc == 3;
    if (old_form) {
        k.addr = call->argv[2];
        k.skip_me = false;
    } else if (!kill_filters(call, &k)) {
        return;
    }
    int64_t killed = 0;
    for (struct client *c = client_first; c; c = c->next) {
        bool me = c == call->client;
        if (c->flags & CLIENT_CLOSING || (me && k.skip_me) || !kill_meets(&k, c))
            continue;
        killed++;
        if (me)
            client_close_after(c); /* it gets its answer */
        else
            client_close(c);
    }
    if (!old_form)
        reply_int(call->reply, killed);
    else if (killed)
        reply_ok(call->reply);
    else
        reply_error(call->reply, "ERR No such client");
}

/* ---- names ------------------------------------------------------------------------------ */

static void getname_run(struct call *call)
{
    if (call->client->name)
        reply_bulk_text(call->reply, call->client->name);
    else
        reply_null(call->reply);
}

static void setname_run(struct call *call)
{
    if (connection_set_name(call->client, call->reply, call->argv[2]))
        reply_ok(call->reply);
}

static void setinfo_run(struct call *call)
{
    struct slice what = call->argv[2], value = call->argv[3];
    int shown = (int)(what.len < 128 ? what.len : 128);
    char **field;
    if (slice_is(what, "lib-name")) {
        field = &call->client->lib_name;
    } else if (slice_is(what, "lib-ver")) {
        field = &call->client->lib_ver;
    } else {
        reply_errorf(call->reply, "ERR Unrecognized option '%.*s'", shown, what.ptr);
        return;
    }
    if (!connection_name_ok(value)) {
        reply_errorf(call->reply, "ERR %.*s cannot contain spaces, newlines or special characters.", shown,
                     what.ptr);
        return;
    }
    mem_free(*field);
    *field = value.len ? mem_dup(value.ptr, value.len) : NULL;
    reply_ok(call->reply);
}

static void id_run(struct call *call)
{
    reply_int(call->reply, (int64_t)call->client->id);
}

/* ---- modes ------------------------------------------------------------------------------- */

static void reply_run(struct call *call)
{
    struct client *c = call->client;
    if (slice_is(call->argv[2], "on")) {
        c->flags &= ~(uint32_t)(CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP);
        connection_route_replies(c);
        reply_ok(call->reply);
    } else if (slice_is(call->argv[2], "off")) {
        c->flags |= CLIENT_REPLY_OFF;
        connection_route_replies(c);
    } else if (slice_is(call->argv[2], "skip")) {
        if (!(c->flags & CLIENT_REPLY_OFF))
            c->flags |= CLIENT_REPLY_SKIP_NEXT;
    } else {
        reply_error(call->reply, ERROR_SYNTAX);
    }
}

/* Reads ON or OFF and answers. False: it was neither. */
static bool read_switch(struct call *call, bool *on)
{
    *on = slice_is(call->argv[2], "on");
    bool fine = *on || slice_is(call->argv[2], "off");
    if (fine)
        reply_ok(call->reply);
    else
        reply_error(call->reply, ERROR_SYNTAX);
    return fine;
}

static void no_evict_run(struct call *call)
{
    bool on;
    if (read_switch(call, &on))
        client_protect(call->client, on);
}

static void no_touch_run(struct call *call)
{
    bool on;
    if (!read_switch(call, &on))
        return;
    if (on)
        call->client->flags |= CLIENT_NO_TOUCH;
    else
        call->client->flags &= ~(uint32_t)CLIENT_NO_TOUCH;
}

/* ---- waiting ----------------------------------------------------------------------------- */

static void pause_run(struct call *call)
{
    enum client_pause mode = PAUSE_ALL;
    if (call->argc > 4) {
        call_subcommand_syntax(call);
        return;
    }
    if (call->argc == 4) {
        if (slice_is(call->argv[3], "WRITE")) {
            mode = PAUSE_WRITE;
        } else if (!slice_is(call->argv[3], "ALL")) {
            reply_error(call->reply, "ERR CLIENT PAUSE mode must be WRITE or ALL");
            return;
        }
    }
    int64_t span;
    if (!call_int(call, 2, &span, "ERR timeout is not an integer or out of range"))
        return;
    if (span < 0) {
        reply_error(call->reply, "ERR timeout is negative");
        return;
    }
    if (span > INT64_MAX - clock_ms()) {
        reply_error(call->reply, "ERR timeout is out of range");
        return;
    }
    /* Some ten thousand years are for ever, and can be counted in microseconds. */
    int64_t most = INT64_MAX / 4000;
    client_pause(mode, clock_ms() + (span < most ? span : most));
    reply_ok(call->reply);
}

static void unpause_run(struct call *call)
{
    client_unpause();
    reply_ok(call->reply);
}

static void unblock_run(struct call *call)
{
    bool error = false;
    if (call->argc > 4) {
        call_subcommand_syntax(call);
        return;
    }
    if (call->argc == 4) {
        error = slice_is(call->argv[3], "ERROR");
        if (!error && !slice_is(call->argv[3], "TIMEOUT")) {
            reply_error(call->reply, "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
            return;
        }
    }
    int64_t id;
    if (!call_int(call, 2, &id, NULL))
        return;
    struct client *c = client_by_id((uint64_t)id);
    if (!c || !(c->flags & CLIENT_BLOCKED)) {
        reply_int(call->reply, 0);
        return;
    }
    if (error) {
        reply_error(&c->reply, "UNBLOCKED client unblocked via CLIENT UNBLOCK");
        stats_error(c->reply.last_error);
        c->served_failed = true;
        client_unblock(c);
    } else {
        c->on_timeout(c);
    }
    reply_int(call->reply, 1);
}

/* ---- tracking, which isn't there yet --------------------------------------------------------- */

static void tracking_run(struct call *call)
{
    for (uint32_t i = 3; i < call->argc; i++) {
        struct slice option = call->argv[i];
        bool valued = slice_is(option, "REDIRECT") || slice_is(option, "PREFIX");
        bool alone = slice_is(option, "BCAST") || slice_is(option, "OPTIN") || slice_is(option, "OPTOUT") ||
                     slice_is(option, "NOLOOP");
        if (!alone && !(valued && i + 1 < call->argc)) {
            reply_error(call->reply, ERROR_SYNTAX);
            return;
        }
        i += valued;
    }
    if (slice_is(call->argv[2], "off"))
        reply_ok(call->reply);
    else if (slice_is(call->argv[2], "on"))
        reply_error(call->reply, "ERR CLIENT TRACKING is not supported yet");
    else
        reply_error(call->reply, ERROR_SYNTAX);
}

static void caching_run(struct call *call)
{
    reply_error(call->reply, "ERR CLIENT CACHING can be called only when the client is in tracking mode with "
                             "OPTIN or OPTOUT mode enabled");
}

static void getredir_run(struct call *call)
{
    reply_int(call->reply, -1);
}

static void trackinginfo_run(struct call *call)
{
    reply_map(call->reply, 3);
    reply_bulk_text(call->reply, "flags");
    reply_set(call->reply, 1);
    reply_bulk_text(call->reply, "off");
    reply_bulk_text(call->reply, "redirect");
    reply_int(call->reply, -1);
    reply_bulk_text(call->reply, "prefixes");
    reply_array(call->reply, 0);
}

static void help_run(struct call *call)
{
    static const char *const lines[] = {
        "CACHING (YES|NO)",
        "    Whether the keys of the next command are tracked, in OPTIN and OPTOUT mode.",
        "GETNAME",
        "    The name of this connection.",
        "GETREDIR",
        "    The client that invalidations go to, -1 without tracking.",
        "ID",
        "    The number of this connection.",
        "INFO",
        "    What CLIENT LIST says of this connection.",
        "KILL <ip:port>",
        "    Ends the connection from an address.",
        "KILL <option> <value> [<option> <value> [...]]",
        "    Ends the connections that all options fit:",
        "    * ADDR (<ip:port>|<unixsocket>:0)",
        "      from this address",
        "    * LADDR (<ip:port>|<unixsocket>:0)",
        "      to this address of the server",
        "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
        "      of this type",
        "    * USER <username>",
        "      of this user",
        "    * ID <client-id>",
        "      with this number",
        "    * SKIPME (YES|NO)",
        "      not (yes, the default) or also (no) this connection",
        "LIST [options ...]",
        "    A line about each connection:",
        "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
        "      of this type",
        "    * ID <client-id> [<client-id> ...]",
        "      with these numbers",
        "NO-EVICT (ON|OFF)",
        "    Whether maxmemory-clients spares this connection.",
        "NO-TOUCH (ON|OFF)",
        "    Whether this connection leaves the idle time and frequency of keys alone.",
        "PAUSE <timeout> [WRITE|ALL]",
        "    Lets requests, all or those that may write, wait for <timeout> milliseconds.",
        "REPLY (ON|OFF|SKIP)",
        "    Whether this connection gets replies.",
        "SETINFO <option> <value>",
        "    Tells about the client's library:",
        "    * LIB-NAME <name>",
        "    * LIB-VER <version>",
        "SETNAME <name>",
        "    Names this connection.",
        "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
        "         [OPTIN] [OPTOUT] [NOLOOP]",
        "    Client-side caching. Not supported yet.",
        "TRACKINGINFO",
        "    The state of tracking for this connection.",
        "UNBLOCK <clientid> [TIMEOUT|ERROR]",
        "    Ends the wait of a connection in a blocking command.",
        "UNPAUSE",
        "    Ends a pause.",
        NULL,
    };
    call_help(call, lines);
}

/* ---- rows ------------------------------------------------------------------------------------- */

#define PLAIN (COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_BARRIER)
#define ADMIN (PLAIN | COMMAND_ADMIN)
#define ROW(run_, arity_, flags_, since_)                                                                    \
    .run = run_, .arity = arity_, .flags = flags_, .since = since_, .group = "connection",                   \
    .categories = CATEGORY_CONNECTION

static const struct command client_subcommands[] = {
    {.name = "caching",
     ROW(caching_run, 3, PLAIN, "6.0.0"),
     .complexity = "O(1)",
     .summary = "Says whether the keys of the next command are tracked.",
     .syntax = "<mode=YES | NO>"},
    {.name = "getname",
     ROW(getname_run, 2, PLAIN, "2.6.9"),
     .complexity = "O(1)",
     .summary = "Gives the name of the connection."},
    {.name = "getredir",
     ROW(getredir_run, 2, PLAIN, "6.0.0"),
     .complexity = "O(1)",
     .summary = "Gives the client that tracking sends its messages to."},
    {.name = "help",
     ROW(help_run, 2, COMMAND_LOADING | COMMAND_STALE, "5.0.0"),
     .complexity = "O(1)",
     .summary = "Describes the subcommands of CLIENT."},
    {.name = "id",
     ROW(id_run, 2, PLAIN, "5.0.0"),
     .complexity = "O(1)",
     .summary = "Gives the number of the connection."},
    {.name = "info",
     ROW(info_run, 2, PLAIN, "6.2.0"),
     .complexity = "O(1)",
     .summary = "Tells about the connection.",
     .tips = "nondeterministic_output"},
    {.name = "kill",
     ROW(kill_run, -3, ADMIN, "2.4.0"),
     .complexity = "O(N) where N is the number of connections.",
     .summary = "Ends connections.",
     .syntax = "<filter=old-format~ip:port:string | <new-format=[ID@2.8.12 client-id:integer] | "
               "[TYPE@2.8.12 <client-type=NORMAL | MASTER@3.2.0 | SLAVE | REPLICA@5.0.0 | PUBSUB>] | "
               "[USER username] | [ADDR addr~ip:port:string] | [LADDR@6.2.0 laddr~ip:port:string] | "
               "[SKIPME <skipme=YES | NO>]> ...>"},
    {.name = "list",
     ROW(list_run, -2, ADMIN, "2.4.0"),
     .complexity = "O(N) where N is the number of connections.",
     .summary = "Tells about all connections.",
     .tips = "nondeterministic_output",
     .syntax =
         "[TYPE@5.0.0 <client-type=NORMAL | MASTER | REPLICA | PUBSUB>] [ID@6.2.0 client-id:integer ...]"},
    {.name = "no-evict",
     ROW(no_evict_run, 3, ADMIN, "7.0.0"),
     .complexity = "O(1)",
     .summary = "Says whether the connection may be closed for want of memory.",
     .syntax = "<enabled=ON | OFF>"},
    {.name = "no-touch",
     ROW(no_touch_run, 3, PLAIN, "7.2.0"),
     .complexity = "O(1)",
     .summary = "Says whether commands of the connection count as accesses to keys.",
     .syntax = "<enabled=ON | OFF>"},
    {.name = "pause",
     ROW(pause_run, -3, ADMIN, "3.0.0"),
     .complexity = "O(1)",
     .summary = "Lets requests wait for a while.",
     .syntax = "timeout:integer [mode@6.2.0=WRITE | ALL]"},
    {.name = "reply",
     ROW(reply_run, 3, PLAIN, "3.2.0"),
     .complexity = "O(1)",
     .summary = "Says whether the connection gets replies.",
     .syntax = "<action=ON | OFF | SKIP>"},
    {.name = "setinfo",
     ROW(setinfo_run, 4, PLAIN, "7.2.0"),
     .complexity = "O(1)",
     .summary = "Tells about the client's library.",
     .syntax = "<attr=LIB-NAME libname | LIB-VER libver>",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "setname",
     ROW(setname_run, 3, PLAIN, "2.6.9"),
     .complexity = "O(1)",
     .summary = "Names the connection.",
     .syntax = "connection-name",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "tracking",
     ROW(tracking_run, -3, PLAIN, "6.0.0"),
     .complexity = "O(1)",
     .summary = "Switches client-side caching.",
     .syntax = "<status=ON | OFF> [REDIRECT client-id:integer] [PREFIX prefix [PREFIX prefix ...]] [BCAST] "
               "[OPTIN] [OPTOUT] [NOLOOP]"},
    {.name = "trackinginfo",
     ROW(trackinginfo_run, 2, PLAIN, "6.2.0"),
     .complexity = "O(1)",
     .summary = "Tells about client-side caching for the connection."},
    {.name = "unblock",
     ROW(unblock_run, -3, ADMIN, "5.0.0"),
     .complexity = "O(log N) where N is the number of connections.",
     .summary = "Ends the wait of another connection.",
     .syntax = "client-id:integer [unblock-type=TIMEOUT | ERROR]"},
    {.name = "unpause",
     ROW(unpause_run, 2, ADMIN, "6.2.0"),
     .complexity = "O(N) where N is the number of paused clients.",
     .summary = "Ends a pause."},
    {.name = NULL},
};

const struct command client_commands[] = {
    {.name = "client",
     .arity = -2,
     .flags = COMMAND_BARRIER,
     .group = "connection",
     .since = "2.4.0",
     .complexity = "Depends on subcommand.",
     .summary = "Tells about connections, and changes them.",
     .subcommands = client_subcommands},
    {.name = NULL},
};
