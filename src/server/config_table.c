/* config_table: see config_table.h. Names, bounds and defaults are those of
 * Redis 7.2, but for `bind`, which is loopback here as it is in the
 * configuration file that Redis ships. */
#include "server/config_table.h"

#include "base/log.h"
#include "server/config.h"
#include "server/config_check.h"
#include "store/keyspace.h"

#include <limits.h>
#include <syslog.h>

#define IMMUTABLE SETTING_IMMUTABLE
#define PROTECTED SETTING_PROTECTED
#define SENSITIVE SETTING_SENSITIVE
#define HIDDEN SETTING_HIDDEN
#define MULTI SETTING_MULTI
#define IGNORED SETTING_IGNORED
#define LATER SETTING_LATER
#define REFUSED SETTING_REFUSED

static const struct setting_choice policies[] = {{"volatile-lru", POLICY_VOLATILE_LRU},
                                                 {"volatile-lfu", POLICY_VOLATILE_LFU},
                                                 {"volatile-random", POLICY_VOLATILE_RANDOM},
                                                 {"volatile-ttl", POLICY_VOLATILE_TTL},
                                                 {"allkeys-lru", POLICY_ALLKEYS_LRU},
                                                 {"allkeys-lfu", POLICY_ALLKEYS_LFU},
                                                 {"allkeys-random", POLICY_ALLKEYS_RANDOM},
                                                 {"noeviction", POLICY_NOEVICTION},
                                                 {NULL, 0}};
static const struct setting_choice levels[] = {{"debug", LEVEL_DEBUG},     {"verbose", LEVEL_VERBOSE},
                                               {"notice", LEVEL_NOTICE},   {"warning", LEVEL_WARNING},
                                               {"nothing", LEVEL_NOTHING}, {NULL, 0}};
static const struct setting_choice facilities[] = {{"user", LOG_USER},     {"local0", LOG_LOCAL0},
                                                   {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2},
                                                   {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},
                                                   {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6},
                                                   {"local7", LOG_LOCAL7}, {NULL, 0}};
static const struct setting_choice supervisors[] = {{"upstart", SUPERVISED_UPSTART},
                                                    {"systemd", SUPERVISED_SYSTEMD},
                                                    {"auto", SUPERVISED_AUTO},
                                                    {"no", SUPERVISED_NO},
                                                    {NULL, 0}};
static const struct setting_choice shutdowns[] = {{"default", SHUTDOWN_DEFAULT}, {"save", SHUTDOWN_SAVE},
                                                  {"nosave", SHUTDOWN_NOSAVE},   {"now", SHUTDOWN_NOW},
                                                  {"force", SHUTDOWN_FORCE},     {NULL, 0}};
static const struct setting_choice allowances[] = {
    {"no", CONFIG_NO}, {"yes", CONFIG_YES}, {"local", CONFIG_LOCAL}, {NULL, 0}};

/* Choices that nothing reads yet: their numbers are only told apart. */
static const struct setting_choice fsyncs[] = {{"everysec", 0}, {"always", 1}, {"no", 2}, {NULL, 0}};
static const struct setting_choice diskless_loads[] = {
    {"disabled", 0}, {"on-empty-db", 1}, {"swapdb", 2}, {NULL, 0}};
static const struct setting_choice oom_scores[] = {
    {"no", 0}, {"yes", 1}, {"relative", 1}, {"absolute", 2}, {NULL, 0}};
static const struct setting_choice pubsub_defaults[] = {{"allchannels", 0}, {"resetchannels", 1}, {NULL, 0}};
static const struct setting_choice sanitizings[] = {{"no", 0}, {"yes", 1}, {"clients", 2}, {NULL, 0}};
static const struct setting_choice propagations[] = {
    {"ignore", 0}, {"panic", 1}, {"panic-on-replicas", 2}, {NULL, 0}};
static const struct setting_choice endpoints[] = {
    {"ip", 0}, {"hostname", 1}, {"unknown-endpoint", 2}, {NULL, 0}};
static const struct setting_choice tls_clients[] = {{"no", 0}, {"yes", 1}, {"optional", 2}, {NULL, 0}};

#define WITHOUT_TLS "TLS isn't available in this server yet"
#define WITHOUT_REPLICATION "replication isn't available in this server yet"
#define WITHOUT_CLUSTER "cluster mode isn't available in this server yet"
#define WITHOUT_PERSISTENCE "persistence isn't available in this server yet"
#define WITHOUT_ACL "access control lists aren't available in this server yet"
#define WITHOUT_MARK "marking sockets isn't available in this server"

#define BOOL(n, a, f, d, at)                                                                                 \
    {                                                                                                        \
        .name = n, .alias = a, .kind = SETTING_BOOL, .flags = f, .initial = d, .field = at                   \
    }
#define INT(n, a, f, lo, hi, d, at)                                                                          \
    {                                                                                                        \
        .name = n, .alias = a, .kind = SETTING_INT, .flags = f, .least = lo, .most = hi, .initial = d,       \
        .field = at                                                                                          \
    }
#define MEMORY(n, a, f, lo, hi, d, at)                                                                       \
    {                                                                                                        \
        .name = n, .alias = a, .kind = SETTING_MEMORY, .flags = f, .least = lo, .most = hi, .initial = d,    \
        .field = at                                                                                          \
    }
#define ENUM(n, a, f, c, d, at)                                                                              \
    {                                                                                                        \
        .name = n, .alias = a, .kind = SETTING_ENUM, .flags = f, .choices = c, .initial = d, .field = at     \
    }
#define BITS(n, f, c, d, at)                                                                                 \
    {                                                                                                        \
        .name = n, .kind = SETTING_BITS, .flags = MULTI | f, .choices = c, .initial = d, .field = at         \
    }
#define TEXT(n, a, f, d, at)                                                                                 \
    {                                                                                                        \
        .name = n, .alias = a, .kind = SETTING_TEXT, .flags = f, .initial = d, .field = at                   \
    }
#define CHECKED(n, a, f, c, d, at)                                                                           \
    {                                                                                                        \
        .name = n, .alias = a, .kind = SETTING_TEXT, .flags = f, .check = c, .initial = d, .field = at       \
    }
#define SPECIAL(n, k, f, d, at)                                                                              \
    {                                                                                                        \
        .name = n, .kind = k, .flags = f, .initial = d, .field = at                                          \
    }

const struct setting settings[] = {
    /* listening */
    SPECIAL("bind", SETTING_LIST, MULTI, "127.0.0.1 -::1", &config.bind),
    INT("port", NULL, 0, 0, 65535, "6379", &config.port),
    TEXT("unixsocket", NULL, IMMUTABLE, "", &config.unixsocket),
    {.name = "unixsocketperm",
     .kind = SETTING_OCTAL,
     .flags = IMMUTABLE,
     .most = 0777,
     .initial = "0",
     .field = &config.unixsocketperm},
    INT("tcp-backlog", NULL, IMMUTABLE, 0, INT_MAX, "511", &config.tcp_backlog),
    BOOL("protected-mode", NULL, 0, "yes", &config.protected_mode),
    TEXT("bind-source-addr", NULL, LATER, "", NULL),
    {.name = "socket-mark-id",
     .kind = SETTING_INT,
     .flags = IMMUTABLE | REFUSED,
     .most = UINT_MAX,
     .initial = "0",
     .refusal = WITHOUT_MARK},

    /* connections */
    INT("maxclients", NULL, 0, 1, UINT_MAX, "10000", &config.maxclients),
    INT("timeout", NULL, 0, 0, INT_MAX, "0", &config.timeout),
    INT("tcp-keepalive", NULL, 0, 0, INT_MAX, "300", &config.tcp_keepalive),
    MEMORY("proto-max-bulk-len", NULL, 0, 1 << 20, INT64_MAX, "512mb", &config.proto_max_bulk_len),
    MEMORY("client-query-buffer-limit", NULL, 0, 1 << 20, INT64_MAX, "1gb",
           &config.client_query_buffer_limit),
    SPECIAL("client-output-buffer-limit", SETTING_OUTPUT_LIMITS, MULTI,
            "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
            &config.client_output_buffer_limit),
    {.name = "maxmemory-clients",
     .kind = SETTING_PERCENT,
     .least = -100,
     .most = INT64_MAX,
     .initial = "0",
     .field = &config.maxmemory_clients},
    TEXT("requirepass", NULL, SENSITIVE, "", &config.requirepass),

    /* what a client may do */
    ENUM("enable-protected-configs", NULL, IMMUTABLE, allowances, "no", &config.enable_protected_configs),
    ENUM("enable-debug-command", NULL, IMMUTABLE, allowances, "no", &config.enable_debug_command),
    ENUM("enable-module-command", NULL, IMMUTABLE | IGNORED, allowances, "no", &config.enable_module_command),

    /* process */
    BOOL("daemonize", NULL, IMMUTABLE, "no", &config.daemonize),
    ENUM("supervised", NULL, IMMUTABLE, supervisors, "no", &config.supervised),
    TEXT("pidfile", NULL, IMMUTABLE, "", &config.pidfile),
    SPECIAL("dir", SETTING_DIRECTORY, PROTECTED, "", NULL),
    BITS("shutdown-on-sigint", 0, shutdowns, "default", &config.shutdown_on_sigint),
    BITS("shutdown-on-sigterm", 0, shutdowns, "default", &config.shutdown_on_sigterm),
    INT("shutdown-timeout", NULL, LATER, 0, INT_MAX, "10", &config.shutdown_timeout),
    BOOL("set-proc-title", NULL, IMMUTABLE, "yes", &config.set_proc_title),
    CHECKED("proc-title-template", NULL, 0, check_title, "{title} {listen-addr} {server-mode}",
            &config.proc_title_template),
    BOOL("always-show-logo", NULL, IMMUTABLE | IGNORED, "no", NULL),
    BOOL("disable-thp", NULL, IMMUTABLE | IGNORED, "yes", NULL),
    BOOL("crash-log-enabled", NULL, 0, "yes", &config.crash_log_enabled),
    BOOL("crash-memcheck-enabled", NULL, IGNORED, "yes", NULL),
    BOOL("use-exit-on-panic", NULL, HIDDEN | IGNORED, "no", NULL),
    BOOL("enable-debug-assert", NULL, IMMUTABLE | HIDDEN | IGNORED, "no", NULL),
    ENUM("oom-score-adj", NULL, IGNORED, oom_scores, "no", NULL),
    CHECKED("oom-score-adj-values", NULL, MULTI | IGNORED, check_oom_scores, "0 200 800", NULL),
    TEXT("ignore-warnings", NULL, IGNORED, "", NULL),
    TEXT("locale-collate", NULL, LATER, "", NULL),
    INT("watchdog-period", NULL, HIDDEN | IGNORED, 0, INT_MAX, "0", NULL),
    TEXT("server-cpulist", "server_cpulist", IMMUTABLE | IGNORED, "", NULL),
    TEXT("bio-cpulist", "bio_cpulist", IMMUTABLE | IGNORED, "", NULL),
    TEXT("aof-rewrite-cpulist", "aof_rewrite_cpulist", IMMUTABLE | IGNORED, "", NULL),
    TEXT("bgsave-cpulist", "bgsave_cpulist", IMMUTABLE | IGNORED, "", NULL),
    INT("io-threads", NULL, IMMUTABLE | IGNORED, 1, 128, "1", NULL),
    BOOL("io-threads-do-reads", NULL, IMMUTABLE | IGNORED, "no", NULL),

    /* log */
    TEXT("logfile", NULL, IMMUTABLE, "", &config.logfile),
    ENUM("loglevel", NULL, 0, levels, "notice", &config.loglevel),
    BOOL("syslog-enabled", NULL, IMMUTABLE, "no", &config.syslog_enabled),
    TEXT("syslog-ident", NULL, IMMUTABLE, "hearth", &config.syslog_ident),
    ENUM("syslog-facility", NULL, IMMUTABLE, facilities, "local0", &config.syslog_facility),

    /* keyspace */
    INT("databases", NULL, IMMUTABLE, 1, INT_MAX, "16", &config.databases),
    MEMORY("maxmemory", NULL, 0, 0, UINT64_MAX, "0", &config.maxmemory),
    ENUM("maxmemory-policy", NULL, LATER, policies, "noeviction", &config.maxmemory_policy),
    INT("maxmemory-samples", NULL, LATER, 1, INT_MAX, "5", &config.maxmemory_samples),
    INT("maxmemory-eviction-tenacity", NULL, LATER, 0, 100, "10", &config.maxmemory_eviction_tenacity),
    INT("lfu-log-factor", NULL, 0, 0, INT_MAX, "10", &config.lfu_log_factor),
    INT("lfu-decay-time", NULL, 0, 0, INT_MAX, "1", &config.lfu_decay_time),
    BOOL("lazyfree-lazy-eviction", NULL, IGNORED, "no", NULL),
    BOOL("lazyfree-lazy-expire", NULL, IGNORED, "no", NULL),
    BOOL("lazyfree-lazy-server-del", NULL, IGNORED, "no", NULL),
    BOOL("lazyfree-lazy-user-del", NULL, IGNORED, "no", NULL),
    BOOL("lazyfree-lazy-user-flush", NULL, IGNORED, "no", &config.lazyfree_lazy_user_flush),
    INT("active-expire-effort", NULL, IGNORED, 1, 10, "1", NULL),
    INT("hz", NULL, IGNORED, 0, INT_MAX, "10", &config.hz),
    BOOL("dynamic-hz", NULL, IGNORED, "yes", NULL),
    BOOL("activerehashing", NULL, IGNORED, "yes", NULL),
    {.name = "activedefrag",
     .kind = SETTING_BOOL,
     .flags = IGNORED | REFUSED,
     .initial = "no",
     .refusal = "Active defragmentation cannot be enabled: it isn't available in this server"},
    MEMORY("active-defrag-ignore-bytes", NULL, IGNORED, 1, INT64_MAX, "100mb", NULL),
    INT("active-defrag-threshold-lower", NULL, IGNORED, 0, 1000, "10", NULL),
    INT("active-defrag-threshold-upper", NULL, IGNORED, 0, 1000, "100", NULL),
    INT("active-defrag-cycle-min", NULL, IGNORED, 1, 99, "1", NULL),
    INT("active-defrag-cycle-max", NULL, IGNORED, 1, 99, "25", NULL),
    INT("active-defrag-max-scan-fields", NULL, IGNORED, 1, INT64_MAX, "1000", NULL),
    BOOL("jemalloc-bg-thread", NULL, IGNORED, "yes", NULL),
    SPECIAL("notify-keyspace-events", SETTING_EVENTS, 0, "", &config.notify_keyspace_events),
    INT("tracking-table-max-keys", NULL, LATER, 0, INT64_MAX, "1000000", NULL),

    /* encodings of collections */
    INT("hash-max-listpack-entries", "hash-max-ziplist-entries", 0, 0, INT64_MAX, "512",
        &config.hash_max_listpack_entries),
    MEMORY("hash-max-listpack-value", "hash-max-ziplist-value", 0, 0, INT64_MAX, "64",
           &config.hash_max_listpack_value),
    INT("set-max-intset-entries", NULL, 0, 0, INT64_MAX, "512", &config.set_max_intset_entries),
    INT("set-max-listpack-entries", NULL, 0, 0, INT64_MAX, "128", &config.set_max_listpack_entries),
    MEMORY("set-max-listpack-value", NULL, 0, 0, INT64_MAX, "64", &config.set_max_listpack_value),
    INT("zset-max-listpack-entries", "zset-max-ziplist-entries", 0, 0, INT64_MAX, "128",
        &config.zset_max_listpack_entries),
    MEMORY("zset-max-listpack-value", "zset-max-ziplist-value", 0, 0, INT64_MAX, "64",
           &config.zset_max_listpack_value),
    INT("list-max-listpack-size", "list-max-ziplist-size", 0, INT_MIN, INT_MAX, "-2",
        &config.list_max_listpack_size),
    INT("list-compress-depth", NULL, 0, 0, INT_MAX, "0", &config.list_compress_depth),
    MEMORY("hll-sparse-max-bytes", NULL, 0, 0, INT64_MAX, "3000", &config.hll_sparse_max_bytes),
    MEMORY("stream-node-max-bytes", NULL, LATER, 0, INT64_MAX, "4096", &config.stream_node_max_bytes),
    INT("stream-node-max-entries", NULL, LATER, 0, INT64_MAX, "100", &config.stream_node_max_entries),
    ENUM("sanitize-dump-payload", NULL, LATER, sanitizings, "no", NULL),

    /* scripts */
    INT("busy-reply-threshold", "lua-time-limit", LATER, 0, INT64_MAX, "5000", &config.busy_reply_threshold),
    BOOL("lua-enable-deprecated-api", NULL, IMMUTABLE | HIDDEN | LATER, "no", NULL),

    /* introspection */
    INT("slowlog-log-slower-than", NULL, 0, -1, INT64_MAX, "10000", &config.slowlog_log_slower_than),
    INT("slowlog-max-len", NULL, 0, 0, INT64_MAX, "128", &config.slowlog_max_len),
    INT("latency-monitor-threshold", NULL, 0, 0, INT64_MAX, "0", &config.latency_monitor_threshold),
    BOOL("latency-tracking", NULL, 0, "yes", &config.latency_tracking),
    SPECIAL("latency-tracking-info-percentiles", SETTING_PERCENTILES, MULTI, "50 99 99.9", NULL),

    /* access control */
    {.name = "aclfile",
     .kind = SETTING_TEXT,
     .flags = IMMUTABLE | REFUSED,
     .initial = "",
     .refusal = WITHOUT_ACL},
    INT("acllog-max-len", NULL, LATER, 0, INT64_MAX, "128", NULL),
    ENUM("acl-pubsub-default", NULL, LATER, pubsub_defaults, "resetchannels", NULL),

    /* persistence */
    CHECKED("save", NULL, MULTI, check_save, "3600 1 300 100 60 10000", &config.save),
    {.name = "appendonly",
     .kind = SETTING_BOOL,
     .flags = REFUSED,
     .initial = "no",
     .refusal = WITHOUT_PERSISTENCE},
    ENUM("appendfsync", NULL, LATER, fsyncs, "everysec", NULL),
    CHECKED("appendfilename", NULL, IMMUTABLE | LATER, check_append_name, "appendonly.aof", NULL),
    CHECKED("appenddirname", NULL, IMMUTABLE | LATER, check_append_directory, "appendonlydir", NULL),
    CHECKED("dbfilename", NULL, PROTECTED | LATER, check_dump_name, "dump.rdb", NULL),
    INT("auto-aof-rewrite-percentage", NULL, LATER, 0, INT_MAX, "100", NULL),
    MEMORY("auto-aof-rewrite-min-size", NULL, LATER, 0, INT64_MAX, "64mb", NULL),
    BOOL("no-appendfsync-on-rewrite", NULL, LATER, "no", NULL),
    BOOL("aof-rewrite-incremental-fsync", NULL, LATER, "yes", NULL),
    BOOL("aof-load-truncated", NULL, LATER, "yes", NULL),
    BOOL("aof-use-rdb-preamble", NULL, LATER, "yes", NULL),
    BOOL("aof-timestamp-enabled", NULL, LATER, "no", NULL),
    BOOL("aof-disable-auto-gc", NULL, LATER, "no", NULL),
    BOOL("rdbcompression", NULL, 0, "yes", &config.rdbcompression),
    BOOL("rdbchecksum", NULL, IMMUTABLE | LATER, "yes", NULL),
    BOOL("rdb-del-sync-files", NULL, LATER, "no", NULL),
    BOOL("rdb-save-incremental-fsync", NULL, LATER, "yes", NULL),
    INT("rdb-key-save-delay", NULL, HIDDEN, INT_MIN, INT_MAX, "0", &config.rdb_key_save_delay),
    INT("key-load-delay", NULL, HIDDEN, INT_MIN, INT_MAX, "0", &config.key_load_delay),
    INT("loading-process-events-interval-bytes", NULL, HIDDEN | LATER, 1024, INT_MAX, "2097152", NULL),
    BOOL("stop-writes-on-bgsave-error", NULL, 0, "yes", &config.stop_writes_on_bgsave_error),

    /* replication */
    {.name = "replicaof",
     .alias = "slaveof",
     .kind = SETTING_TEXT,
     .flags = IMMUTABLE | MULTI | REFUSED,
     .check = check_replicaof,
     .initial = "",
     .refusal = WITHOUT_REPLICATION},
    {.name = "masterauth",
     .kind = SETTING_TEXT,
     .flags = SENSITIVE | REFUSED,
     .initial = "",
     .refusal = WITHOUT_REPLICATION},
    {.name = "masteruser",
     .kind = SETTING_TEXT,
     .flags = SENSITIVE | REFUSED,
     .initial = "",
     .refusal = WITHOUT_REPLICATION},
    {.name = "min-replicas-to-write",
     .alias = "min-slaves-to-write",
     .kind = SETTING_INT,
     .flags = REFUSED,
     .most = INT_MAX,
     .initial = "0",
     .refusal = WITHOUT_REPLICATION},
    INT("min-replicas-max-lag", "min-slaves-max-lag", LATER, 0, INT_MAX, "10", NULL),
    BOOL("replica-serve-stale-data", "slave-serve-stale-data", LATER, "yes", NULL),
    BOOL("replica-read-only", "slave-read-only", LATER, "yes", NULL),
    BOOL("replica-ignore-maxmemory", "slave-ignore-maxmemory", LATER, "yes", NULL),
    BOOL("replica-ignore-disk-write-errors", NULL, LATER, "no", NULL),
    BOOL("replica-lazy-flush", "slave-lazy-flush", LATER, "no", NULL),
    BOOL("replica-announced", NULL, LATER, "yes", NULL),
    TEXT("replica-announce-ip", "slave-announce-ip", LATER, "", NULL),
    INT("replica-announce-port", "slave-announce-port", LATER, 0, 65535, "0", NULL),
    INT("replica-priority", "slave-priority", LATER, 0, INT_MAX, "100", NULL),
    MEMORY("repl-backlog-size", NULL, LATER, 1, INT64_MAX, "1mb", NULL),
    INT("repl-backlog-ttl", NULL, LATER, 0, INT64_MAX, "3600", NULL),
    BOOL("repl-disable-tcp-nodelay", NULL, LATER, "no", NULL),
    BOOL("repl-diskless-sync", NULL, LATER, "yes", NULL),
    INT("repl-diskless-sync-delay", NULL, LATER, 0, INT_MAX, "5", NULL),
    INT("repl-diskless-sync-max-replicas", NULL, LATER, 0, INT_MAX, "0", NULL),
    ENUM("repl-diskless-load", NULL, LATER, diskless_loads, "disabled", NULL),
    INT("repl-ping-replica-period", "repl-ping-slave-period", LATER, 1, INT_MAX, "10", NULL),
    INT("repl-timeout", NULL, LATER, 1, INT_MAX, "60", NULL),
    ENUM("propagation-error-behavior", NULL, LATER, propagations, "ignore", NULL),

    /* cluster */
    {.name = "cluster-enabled",
     .kind = SETTING_BOOL,
     .flags = IMMUTABLE | REFUSED,
     .initial = "no",
     .refusal = WITHOUT_CLUSTER},
    TEXT("cluster-config-file", NULL, IMMUTABLE | LATER, "nodes.conf", NULL),
    INT("cluster-port", NULL, IMMUTABLE | LATER, 0, 65535, "0", NULL),
    INT("cluster-node-timeout", NULL, LATER, 0, INT64_MAX, "15000", NULL),
    INT("cluster-migration-barrier", NULL, LATER, 0, INT_MAX, "1", NULL),
    INT("cluster-replica-validity-factor", "cluster-slave-validity-factor", LATER, 0, INT_MAX, "10", NULL),
    BOOL("cluster-replica-no-failover", "cluster-slave-no-failover", LATER, "no", NULL),
    BOOL("cluster-require-full-coverage", NULL, LATER, "yes", NULL),
    BOOL("cluster-allow-reads-when-down", NULL, LATER, "no", NULL),
    BOOL("cluster-allow-pubsubshard-when-down", NULL, LATER, "yes", NULL),
    BOOL("cluster-allow-replica-migration", NULL, LATER, "yes", NULL),
    MEMORY("cluster-link-sendbuf-limit", NULL, LATER, 0, UINT64_MAX, "0", NULL),
    TEXT("cluster-announce-ip", NULL, LATER, "", NULL),
    CHECKED("cluster-announce-hostname", NULL, LATER, check_hostname, "", NULL),
    CHECKED("cluster-announce-human-nodename", NULL, LATER, check_node_name, "", NULL),
    INT("cluster-announce-port", NULL, LATER, 0, 65535, "0", NULL),
    INT("cluster-announce-tls-port", NULL, LATER, 0, 65535, "0", NULL),
    INT("cluster-announce-bus-port", NULL, LATER, 0, 65535, "0", NULL),
    ENUM("cluster-preferred-endpoint-type", NULL, LATER, endpoints, "ip", NULL),

/* TLS: whoever writes any of these counts on encryption */
#define TLS(n, k, f, hi, d)                                                                                  \
    {                                                                                                        \
        .name = n, .kind = k, .flags = REFUSED | f, .most = hi, .initial = d, .refusal = WITHOUT_TLS         \
    }
    TLS("tls-port", SETTING_INT, 0, 65535, "0"),
    TLS("tls-cluster", SETTING_BOOL, 0, 0, "no"),
    TLS("tls-replication", SETTING_BOOL, 0, 0, "no"),
    {.name = "tls-auth-clients",
     .kind = SETTING_ENUM,
     .flags = REFUSED,
     .choices = tls_clients,
     .initial = "yes",
     .refusal = WITHOUT_TLS},
    TLS("tls-prefer-server-ciphers", SETTING_BOOL, 0, 0, "no"),
    TLS("tls-session-caching", SETTING_BOOL, 0, 0, "yes"),
    TLS("tls-session-cache-size", SETTING_INT, 0, INT_MAX, "20480"),
    TLS("tls-session-cache-timeout", SETTING_INT, 0, INT_MAX, "300"),
    TLS("tls-cert-file", SETTING_TEXT, 0, 0, ""),
    TLS("tls-key-file", SETTING_TEXT, 0, 0, ""),
    TLS("tls-key-file-pass", SETTING_TEXT, SENSITIVE, 0, ""),
    TLS("tls-client-cert-file", SETTING_TEXT, 0, 0, ""),
    TLS("tls-client-key-file", SETTING_TEXT, 0, 0, ""),
    TLS("tls-client-key-file-pass", SETTING_TEXT, SENSITIVE, 0, ""),
    TLS("tls-dh-params-file", SETTING_TEXT, 0, 0, ""),
    TLS("tls-ca-cert-file", SETTING_TEXT, 0, 0, ""),
    TLS("tls-ca-cert-dir", SETTING_TEXT, 0, 0, ""),
    TLS("tls-protocols", SETTING_TEXT, 0, 0, ""),
    TLS("tls-ciphers", SETTING_TEXT, 0, 0, ""),
    TLS("tls-ciphersuites", SETTING_TEXT, 0, 0, ""),
};

const unsigned setting_count = sizeof(settings) / sizeof(settings[0]);

const struct setting *setting_find(struct slice name)
{
    for (unsigned i = 0; i < setting_count; i++)
        if (slice_is(name, settings[i].name) || (settings[i].alias && slice_is(name, settings[i].alias)))
            return &settings[i];
    return NULL;
}

int setting_event_bit(char letter)
{
    switch (letter) {
    case 'K':
        return CONFIG_NOTIFY_KEYSPACE;
    case 'E':
        return CONFIG_NOTIFY_KEYEVENT;
    case 'g':
        return EVENT_GENERIC;
    case '$':
        return EVENT_STRING;
    case 'l':
        return EVENT_LIST;
    case 's':
        return EVENT_SET;
    case 'h':
        return EVENT_HASH;
    case 'z':
        return EVENT_ZSET;
    case 'x':
        return EVENT_EXPIRED;
    case 'e':
        return EVENT_EVICTED;
    case 't':
        return EVENT_STREAM;
    case 'd':
        return EVENT_MODULE;
    case 'n':
        return EVENT_NEW;
    case 'm':
        return EVENT_KEY_MISS;
    case 'A':
        return EVENT_GENERIC | EVENT_STRING | EVENT_LIST | EVENT_SET | EVENT_HASH | EVENT_ZSET |
               EVENT_EXPIRED | EVENT_EVICTED | EVENT_STREAM | EVENT_MODULE;
    }
    return 0;
}
