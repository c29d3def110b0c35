#include "server/monitor.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "server/client.h"
#include "server/redact.h"

#include <inttypes.h>

unsigned monitor_count;

static struct client **monitors;
static unsigned monitors_cap;

/* One escaped, quoted argument, as redis-cli would read it back. A request is bounded by
 * the query buffer's limit, so four times its size is too. */
static void put_quoted(struct buf *b, struct slice s)
{
    static const char hex[] = "0123456789abcdef", raw[] = "\\\"\n\r\t\a\b", letter[] = "\\\"nrtab";
    char *out = buf_reserve(b, 4 * s.len + 2), *start = out;
    *out++ = '"';
    for (size_t i = 0; i < s.len; i++) {
        unsigned char ch = (unsigned char)s.ptr[i];
        const char *named = ch ? strchr(raw, ch) : NULL;
        if (named) {
            *out++ = '\\';
            *out++ = letter[named - raw];
        } else if (ch >= ' ' && ch <= '~') {
            *out++ = (char)ch;
        } else {
            *out++ = '\\';
            *out++ = 'x';
            *out++ = hex[ch >> 4];
            *out++ = hex[ch & 15];
        }
    }
    *out++ = '"';
    b->len += (size_t)(out - start);
}

void monitor_write(const struct client *c, const struct command *command, const struct slice *argv,
                   uint32_t argc)
{
    static struct buf line;
    char peer[SOCKET_ADDRESS_MAX];
    int64_t now = clock_us();
    socket_peer(&c->conn, peer);
    line.len = 0;
    if (c->conn.is_unix)
        peer[strlen(peer) - 2] = '\0'; /* without the ":0" */
    buf_printf(&line, "+%" PRId64 ".%06" PRId64 " [%u %s%s]", now / 1000000, now % 1000000, c->db,
               c->conn.is_unix ? "unix:" : "", peer);
    for (uint32_t i = 0; i < argc; i++) {
        buf_append_char(&line, ' ');
        put_quoted(&line, redact_argument(command, argv, argc, i));
    }
    buf_append(&line, "\r\n", 2);
    for (unsigned i = 0; i < monitor_count; i++) {
        if (!client_takes_push(monitors[i]))
            continue;
        output_append(&monitors[i]->output, line.data, line.len);
        client_wants_write(monitors[i]);
    }
    if (line.cap > 65536)
        buf_deinit(&line);
}

bool monitor_allows(const struct client *c, const struct command *command)
{
    uint32_t keys = COMMAND_WRITE | COMMAND_READONLY | COMMAND_MAY_REPLICATE;
    return !(c->flags & CLIENT_MONITOR) || !(command->flags & keys);
}

void monitor_remove(struct client *c)
{
    if (!(c->flags & CLIENT_MONITOR))
        return;
    c->flags &= ~(uint32_t)CLIENT_MONITOR;
    unsigned i = 0;
    while (monitors[i] != c)
        i++;
    monitors[i] = monitors[--monitor_count];
}

static void monitor_run(struct call *call)
{
    struct client *c = call->client;
    if (c->flags & CLIENT_EXECUTING) {
        reply_error(call->reply, "ERR MONITOR isn't allowed for DENY BLOCKING client");
        return;
    }
    if (c->flags & CLIENT_MONITOR)
        return;
    if (monitor_count == monitors_cap) {
        monitors_cap = monitors_cap ? 2 * monitors_cap : 4;
        monitors = mem_realloc(monitors, monitors_cap * sizeof *monitors);
    }
    monitors[monitor_count++] = c;
    c->flags |= CLIENT_MONITOR;
    reply_ok(call->reply);
}

const struct command monitor_commands[] = {
    {.name = "monitor",
     .run = monitor_run,
     .arity = 1,
     .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_BARRIER,
     .group = "server",
     .since = "1.0.0",
     .summary = "Shows every request that the server runs, as it comes."},
    {.name = NULL},
};
