/* The listeners stand in a list that follows the settings. A change keeps those that are still
 * asked for, so connections that wait in them aren't lost; the others are closed before new
 * ones are opened, because "*" can't be bound beside one of its addresses. When a new one
 * fails, config gives the old values back and has the list follow them again. */
#include "server/listen.h"

#include "base/log.h"
#include "base/mem.h"
#include "server/config.h"
#include "server/process.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESERVED_FILES 32 /* what the server opens beside its clients */

struct listening {
    struct socket_listener listener;
    struct listening *next;
    char *address;
    unsigned port; /* 0: address is a path */
    bool wanted;
};

static struct listening *listenings;
static void (*take)(struct socket_conn conn);
static char unix_path[PATH_MAX]; /* absolute; "" when none is open */

static void accepted(struct socket_listener *l, struct socket_conn conn)
{
    (void)l;
    take(conn);
}

static struct listening *find(const char *address, unsigned port)
{
    struct listening *at = listenings;
    while (at && (at->port != port || strcmp(at->address, address) != 0))
        at = at->next;
    return at;
}

/* Takes fd. */
static bool add(const char *address, unsigned port, int fd)
{
    struct listening *n = mem_zalloc(1, sizeof *n);
    if (!socket_listener_open(&n->listener, fd, (int)config.tcp_keepalive, accepted)) {
        log_warning("Can't watch a listening socket: %s", strerror(errno));
        mem_free(n);
        return false;
    }
    n->address = mem_dup(address, strlen(address));
    n->port = port;
    n->wanted = true;
    struct listening **end = &listenings;
    while (*end)
        end = &(*end)->next;
    *end = n;
    return true;
}

static void close_unwanted(void)
{
    for (struct listening **at = &listenings; *at;) {
        struct listening *l = *at;
        if (l->wanted) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        socket_listener_close(&l->listener);
        mem_free(l->address);
        mem_free(l);
    }
}

static bool family_is_missing(int code)
{
    return code == ENOPROTOOPT || code == EPROTONOSUPPORT || code == ESOCKTNOSUPPORT ||
           code == EPFNOSUPPORT || code == EAFNOSUPPORT;
}

/* The address of a bind word, without the mark that it may be missing. */
static const char *address_of(const char *word, bool *optional)
{
    *optional = *word == '-';
    return word + *optional;
}

static bool follow_tcp(void)
{
    bool optional;
    unsigned port = (unsigned)config.port;
    for (struct listening *l = listenings; l; l = l->next)
        l->wanted = l->port == 0;
    for (unsigned i = 0; port && i < config.bind.count; i++) {
        struct listening *old = find(address_of(config.bind.items[i], &optional), port);
        if (old)
            old->wanted = true;
    }
    close_unwanted();
    for (unsigned i = 0; port && i < config.bind.count; i++) {
        const char *address = address_of(config.bind.items[i], &optional);
        char error[SOCKET_ERROR_MAX];
        if (find(address, port))
            continue;
        int fd = socket_listen_tcp(address, port, (int)config.tcp_backlog, error);
        if (fd < 0) {
            int code = errno;
            if (optional && (code == EADDRNOTAVAIL || family_is_missing(code)))
                continue; /* "-::1" where there is no IPv6: nothing to warn of */
            log_warning("Warning: Could not create server TCP listening socket %s:%u: %s", address, port,
                        error);
            if (family_is_missing(code))
                continue;
            return false;
        }
        if (!add(address, port, fd))
            return false;
    }
    return true;
}

static bool open_unix(void)
{
    char error[SOCKET_ERROR_MAX];
    if (!*config.unixsocket)
        return true;
    int fd = socket_listen_unix(config.unixsocket, (unsigned)config.unixsocketperm, (int)config.tcp_backlog,
                                error);
    if (fd < 0) {
        log_warning("Failed opening Unix socket: %s", error);
        return false;
    }
    if (!realpath(config.unixsocket, unix_path))
        unix_path[0] = 0;
    return add(config.unixsocket, 0, fd);
}

/* ---- hooks of CONFIG SET ------------------------------------------------ */

static bool bind_changed(const char **error)
{
    *error = "Failed to bind to specified addresses.";
    process_title_show();
    return follow_tcp();
}

static bool port_changed(const char **error)
{
    *error = "Unable to listen on this port. Check server logs.";
    process_title_show();
    return follow_tcp();
}

static bool keepalive_changed(const char **error)
{
    (void)error;
    for (struct listening *l = listenings; l; l = l->next)
        socket_listener_keepalive(&l->listener, (int)config.tcp_keepalive);
    return true;
}

static bool clients_changed(const char **error)
{
    static char text[128];
    uint64_t need = (uint64_t)config.maxclients + RESERVED_FILES, got = socket_raise_file_limit(need);
    if (got >= need)
        return true;
    snprintf(text, sizeof text,
             "The operating system is not able to handle the specified number of clients, try with %lld",
             (long long)got - RESERVED_FILES);
    *error = text;
    return false;
}

/* ---- start and end ------------------------------------------------------ */

static void check_backlog(void)
{
    char text[32];
    int fd = open("/proc/sys/net/core/somaxconn", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return;
    text[n] = 0;
    long most = strtol(text, NULL, 10);
    if (most > 0 && most < config.tcp_backlog)
        log_warning("WARNING: The TCP backlog setting of %lld cannot be enforced because "
                    "/proc/sys/net/core/somaxconn is set to the lower value of %ld.",
                    (long long)config.tcp_backlog, most);
}

bool listen_open(void (*accepted_by)(struct socket_conn conn))
{
    take = accepted_by;
    check_backlog();
    if (!follow_tcp()) {
        log_warning("Failed listening on port %u (tcp), aborting.", (unsigned)config.port);
        listen_close();
        return false;
    }
    if (!open_unix()) {
        listen_close();
        return false;
    }
    if (!listenings) {
        log_warning("Configured to not listen anywhere, exiting.");
        return false;
    }
    config_on_change("bind", bind_changed);
    config_on_change("port", port_changed);
    config_on_change("tcp-keepalive", keepalive_changed);
    return true;
}

void listen_announce(void)
{
    bool told = false;
    for (struct listening *l = listenings; l; l = l->next) {
        if (l->port == 0)
            log_notice("Ready to accept connections unix");
        else if (!told)
            log_notice("Ready to accept connections tcp");
        told |= l->port != 0;
    }
}

void listen_close(void)
{
    for (struct listening *l = listenings; l; l = l->next)
        l->wanted = false;
    close_unwanted();
    if (*unix_path) {
        log_notice("Removing the unix socket file.");
        unlink(unix_path);
        unix_path[0] = 0;
    }
}

bool listen_fit_clients(void)
{
    uint64_t before = socket_raise_file_limit(0), need = (uint64_t)config.maxclients + RESERVED_FILES;
    uint64_t got = socket_raise_file_limit(need);
    config_on_change("maxclients", clients_changed);
    if (got >= need) {
        if (got > before)
            log_notice("Increased maximum number of open files to %llu (it was originally set to %llu).",
                       (unsigned long long)got, (unsigned long long)before);
        return true;
    }
    if (got <= RESERVED_FILES) {
        log_warning("Your current 'ulimit -n' of %llu is not enough for the server to start. "
                    "Please increase your open file limit to at least %llu. Exiting.",
                    (unsigned long long)got, (unsigned long long)need);
        return false;
    }
    log_warning("You requested maxclients of %lld requiring at least %llu max file descriptors.",
                (long long)config.maxclients, (unsigned long long)need);
    char text[24];
    const char *error;
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)(got - RESERVED_FILES));
    config_set("maxclients", slice_make(text, (size_t)len), &error);
    log_warning(
        "Current maximum open files is %llu. maxclients has been reduced to %lld to compensate for low "
        "ulimit. If you need higher maxclients increase 'ulimit -n'.",
        (unsigned long long)got, (long long)config.maxclients);
    return true;
}
