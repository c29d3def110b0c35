/* config: every setting, and how it is read, set and remembered.
 *
 * Words. A *setting* is a row of the one table (config_table.c). A *live*
 * setting has a field in `struct config`; the others are kept in the table and
 * mean nothing here, except that CONFIG GET shows what was set. A *directive*
 * is one line of a configuration file.
 *
 * Invariants.
 *  1. A field of `config` changes only through this room: modules read it, and
 *     ask config_set when they want to change it, so CONFIG GET never lies.
 *  2. Several settings set at once are all set or none.
 *  3. After the start, whoever must act on a change registered config_on_change.
 *  4. What has no meaning here says so once; what would lose security, data or
 *     topology if it were ignored is refused. */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define CONFIG_BIND_MAX 16
#define CONFIG_PERCENTILES_MAX 32

/* A list of words, each NUL-terminated. Owned by the setting. */
struct config_list {
    char **items;
    unsigned count;
};

struct config_output_limit {
    uint64_t hard, soft; /* bytes; 0: none */
    int64_t soft_seconds;
};

/* CONFIG_LOCAL: from connections over loopback or a Unix socket only. */
enum config_allow { CONFIG_NO, CONFIG_YES, CONFIG_LOCAL };

enum config_supervised { SUPERVISED_NO, SUPERVISED_SYSTEMD, SUPERVISED_UPSTART, SUPERVISED_AUTO };

/* What SIGTERM or SIGINT asks for; they combine. */
enum config_shutdown {
    SHUTDOWN_DEFAULT = 0,
    SHUTDOWN_SAVE = 1,
    SHUTDOWN_NOSAVE = 2,
    SHUTDOWN_NOW = 4,
    SHUTDOWN_FORCE = 8
};

enum config_policy {
    POLICY_NOEVICTION,
    POLICY_ALLKEYS_LRU,
    POLICY_ALLKEYS_LFU,
    POLICY_ALLKEYS_RANDOM,
    POLICY_VOLATILE_LRU,
    POLICY_VOLATILE_LFU,
    POLICY_VOLATILE_RANDOM,
    POLICY_VOLATILE_TTL,
};

/* Bits of notify_keyspace_events beside enum event_class (store/keyspace.h). */
#define CONFIG_NOTIFY_KEYSPACE (1 << 0) /* K */
#define CONFIG_NOTIFY_KEYEVENT (1 << 1) /* E */

/* Texts are never NULL ("" when unset), are owned by the setting and valid until it is set again. */
struct config {
    /* listening */
    struct config_list bind; /* addresses; a leading '-' means that it may be missing; empty: no TCP */
    int64_t port;            /* 0: no TCP */
    char *unixsocket;
    int64_t unixsocketperm; /* 0: leave to the umask */
    int64_t tcp_backlog;
    bool protected_mode;

    /* connections */
    int64_t maxclients;
    int64_t timeout;       /* seconds; 0: never */
    int64_t tcp_keepalive; /* seconds; 0: off */
    uint64_t proto_max_bulk_len;
    uint64_t client_query_buffer_limit;
    struct config_output_limit client_output_buffer_limit[3]; /* enum client_class: normal, replica, pubsub */
    int64_t maxmemory_clients; /* bytes; negative: percent of maxmemory; 0: no bound */
    char *requirepass;

    /* what a client may do */
    int enable_protected_configs; /* enum config_allow */
    int enable_debug_command;
    int enable_module_command;

    /* process */
    bool daemonize;
    int supervised; /* enum config_supervised */
    char *pidfile;
    bool set_proc_title;
    char *proc_title_template;
    bool crash_log_enabled;
    int64_t shutdown_timeout;                    /* seconds */
    int shutdown_on_sigint, shutdown_on_sigterm; /* enum config_shutdown */

    /* log */
    char *logfile; /* "": standard output */
    int loglevel;  /* enum log_level of base/log.h */
    bool syslog_enabled;
    char *syslog_ident;
    int syslog_facility; /* LOG_LOCAL0 .. */

    /* keyspace */
    int64_t databases;
    uint64_t maxmemory;   /* bytes; 0: no bound */
    int maxmemory_policy; /* enum config_policy */
    int64_t maxmemory_samples;
    int64_t lfu_log_factor;
    int64_t lfu_decay_time; /* minutes */
    int64_t maxmemory_eviction_tenacity;
    bool lazyfree_lazy_user_flush;
    int64_t hz;                 /* shown in INFO; nothing here ticks */
    int notify_keyspace_events; /* CONFIG_NOTIFY_* and enum event_class */

    /* encodings */
    int64_t hash_max_listpack_entries, set_max_intset_entries, set_max_listpack_entries,
        zset_max_listpack_entries;
    uint64_t hash_max_listpack_value, set_max_listpack_value, zset_max_listpack_value; /* bytes */
    int64_t list_max_listpack_size; /* negative: -1 .. -5 stand for 4 .. 64 KiB */
    int64_t list_compress_depth;
    uint64_t hll_sparse_max_bytes;
    char *save; /* rules: pairs of seconds and changes; "": none */
    bool stop_writes_on_bgsave_error;
    int64_t rdb_key_save_delay, key_load_delay; /* microseconds a key, for tests */
    bool rdbcompression; /* strings in dumps; snapshots have a compression of their own */
    uint64_t stream_node_max_bytes;
    int64_t stream_node_max_entries;

    /* scripts */
    int64_t busy_reply_threshold; /* ms */

    /* introspection */
    int64_t slowlog_log_slower_than; /* microseconds; negative: off */
    int64_t slowlog_max_len;
    int64_t latency_monitor_threshold; /* ms; 0: off */
    bool latency_tracking;
    double latency_percentiles[CONFIG_PERCENTILES_MAX];
    unsigned latency_percentile_count;
};

extern struct config config;

/* ---- start ------------------------------------------------------------------ */

/* Every setting gets its default. Idempotent. */
void config_init(void);
/* Gives everything back. */
void config_deinit(void);

enum config_start {
    CONFIG_START, /* go on and start */
    CONFIG_DONE,  /* help or version was printed: exit 0 */
    CONFIG_FAILED /* the reason is on standard error: exit 1 */
};

/* Reads `hearth-server [file] [--name value ...] [-]`. Commands must be joined
 * (rename-command changes the table). Warnings about what has no meaning here
 * go to the log. */
enum config_start config_start(int argc, char **argv);

/* Absolute path of the configuration file; "" when there is none. */
const char *config_path(void);

/* Opens the log where `logfile`, `loglevel` and `syslog-*` say, and follows loglevel from
 * then on. False: the reason is on standard error. */
bool config_open_log(void);

/* Tells in the log what config_start accepted and ignored; call once the log is open. */
void config_warn(void);

/* ---- while running ------------------------------------------------------------ */

/* `apply` runs after the setting (its main name) was set to another value by
 * CONFIG SET. False refuses: *error may get a static text, every setting of that
 * CONFIG SET gets its old value back, and the hooks run again. Borrows name.
 * A hook may stand on several settings; it runs once a CONFIG SET. */
void config_on_change(const char *name, bool (*apply)(const char **error));

/* What CONFIG RESETSTAT does. */
void config_on_reset_stat(void (*reset)(void));

/* Sets one setting as CONFIG SET does, hooks included. False: *error is a static text or NULL. */
bool config_set(const char *name, struct slice value, const char **error);

/* Appends the value as CONFIG GET shows it; false when there is no such setting. */
bool config_get(const char *name, struct buf *out);

/* The value must not be shown in slow log and MONITOR (requirepass, masterauth, ...). */
bool config_is_sensitive(struct slice name);

/* CONFIG REWRITE. False: *error is a text valid until the next call. force_all writes defaults too. */
bool config_rewrite(bool force_all, const char **error);

/* May a client use what `allow` guards? local: it came over loopback or a Unix socket. */
static inline bool config_allows(int allow, bool local)
{
    return allow == CONFIG_YES || (allow == CONFIG_LOCAL && local);
}

#endif
