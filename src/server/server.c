#include "server/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/must.h"
#include "commands/dump.h"
#include "commands/families.h"
#include "commands/limits.h"
#include "ds/arena.h"
#include "ds/blob.h"
#include "ds/hyperloglog.h"
#include "loop/background.h"
#include "loop/loop.h"
#include "server/blocking.h"
#include "server/client.h"
#include "server/client_cmd.h"
#include "server/command_info.h"
#include "server/config.h"
#include "server/config_cmd.h"
#include "server/connection_cmd.h"
#include "server/debug.h"
#include "server/dispatch.h"
#include "server/info.h"
#include "server/latency.h"
#include "server/listen.h"
#include "server/memory_cmd.h"
#include "server/migrate.h"
#include "server/monitor.h"
#include "server/multi.h"
#include "server/notify.h"
#include "server/process.h"
#include "server/pubsub.h"
#include "server/save.h"
#include "server/server_cmd.h"
#include "server/slowlog.h"
#include "server/stats.h"
#include "server/turn.h"
#include "server/wait_cmd.h"
#include "store/access.h"
#include "store/encoding.h"

#include <signal.h>
#include <unistd.h>

/* Blobs from this size on are freed by the background thread: a page's worth
 * of unmapping costs more than handing them over. */
#define BACKGROUND_FREE_FROM (256 * 1024)

struct keyspace *server_keyspace;

static bool stop_asked;

void server_join_commands(void)
{
    const struct command *const families[] = {
        string_commands,     lcs_commands,         bitmap_commands,  hyperloglog_commands,
        key_commands,        expire_commands,      scan_commands,    dump_commands,
        hash_commands,       hash_expiry_commands, list_commands,    list_block_commands,
        set_commands,        set_ops_commands,     zset_commands,    zset_range_commands,
        zset_ops_commands,   zset_block_commands,  geo_commands,     sort_commands,
        connection_commands, client_commands,      config_commands,  command_commands,
        info_commands,       memory_commands,      slowlog_commands, latency_commands,
        debug_commands,      server_commands,      wait_commands,    migrate_commands,
        multi_commands,      pubsub_commands,      monitor_commands, save_commands,
    };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        command_table_add(families[i]);
}

static void accepted(struct socket_conn conn)
{
    client_create(conn);
}

static void free_later(void *block)
{
    server_stats.lazy_freed++;
    background_free(block);
}

static bool follow_bulk_limit(const char **error)
{
    (void)error;
    limit_bulk_len = config.proto_max_bulk_len;
    return true;
}

static bool follow_encodings(const char **error)
{
    (void)error;
    encoding_limits = (struct encoding_limits){
        .hash_entries = (uint64_t)config.hash_max_listpack_entries,
        .hash_value = config.hash_max_listpack_value,
        .set_ints = (uint64_t)config.set_max_intset_entries,
        .set_entries = (uint64_t)config.set_max_listpack_entries,
        .set_value = config.set_max_listpack_value,
        .zset_entries = (uint64_t)config.zset_max_listpack_entries,
        .zset_value = config.zset_max_listpack_value,
        .list_size = config.list_max_listpack_size,
        .list_compress_depth = (uint64_t)config.list_compress_depth,
    };
    hyperloglog_sparse_max = config.hll_sparse_max_bytes;
    dump_compress = config.rdbcompression;
    return true;
}

static bool follow_access(const char **error)
{
    (void)error;
    access_settings = (struct access_settings){
        .frequency =
            config.maxmemory_policy == POLICY_ALLKEYS_LFU || config.maxmemory_policy == POLICY_VOLATILE_LFU,
        .log_factor = (uint32_t)config.lfu_log_factor,
        .decay_time = (uint32_t)config.lfu_decay_time,
    };
    return true;
}

/* The settings that the rooms below obey. */
static void follow_settings(void)
{
    static const char *const names[] = {
        "hash-max-listpack-entries", "hash-max-listpack-value", "set-max-intset-entries",
        "set-max-listpack-entries",  "set-max-listpack-value",  "zset-max-listpack-entries",
        "zset-max-listpack-value",   "list-max-listpack-size",  "list-compress-depth",
        "hll-sparse-max-bytes",      "rdbcompression",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        config_on_change(names[i], follow_encodings);
    follow_encodings(NULL);
    config_on_change("maxmemory-policy", follow_access);
    config_on_change("lfu-log-factor", follow_access);
    config_on_change("lfu-decay-time", follow_access);
    follow_access(NULL);
}

static void reset_counters(void)
{
    stats_reset();
    keyspace_reset_stats(server_keyspace);
}

/* Asked to end, the server needn't wait until it has loaded: nothing of it isn't saved. */
static void turn_while_loading(void)
{
    turn_run(0);
    if (!stop_asked && !process_stop_asked())
        return;
    log_warning("Received shutdown signal during loading, exiting now.");
    listen_close();
    process_pidfile_remove();
    _exit(0);
}

bool server_start(void)
{
    if (!listen_fit_clients())
        return false;
    limit_bulk_len = config.proto_max_bulk_len;
    config_on_change("proto-max-bulk-len", follow_bulk_limit);
    follow_settings();
    arena_init();
    background_start();
    blob_set_free(free_later, BACKGROUND_FREE_FROM);
    server_keyspace = keyspace_create((unsigned)config.databases);
    notify_init(server_keyspace);
    blocking_start();
    turn_start();
    dispatch_start();
    slowlog_start();
    latency_start();
    stats_start();
    client_start();
    config_on_reset_stat(reset_counters);
    if (!listen_open(accepted))
        return false;
    if (!save_load(server_keyspace, turn_while_loading))
        return false;
    save_start(server_keyspace);
    return true;
}

bool server_shutdown(unsigned flags)
{
    log_notice("User requested shutdown...");
    if (!save_before_stop(flags & SERVER_SHUTDOWN_SAVE, flags & SERVER_SHUTDOWN_NOSAVE)) {
        if (!(flags & SERVER_SHUTDOWN_FORCE)) {
            log_warning("Errors trying to shut down the server. Check the logs for more information.");
            return false;
        }
        log_warning("Error trying to save the DB. Exit anyway.");
    }
    stop_asked = true;
    return true;
}

/* SIGTERM or SIGINT came: what the settings make of it. */
static void obey_signal(int sig)
{
    static const unsigned meanings[][2] = {{SHUTDOWN_SAVE, SERVER_SHUTDOWN_SAVE},
                                           {SHUTDOWN_NOSAVE, SERVER_SHUTDOWN_NOSAVE},
                                           {SHUTDOWN_NOW, SERVER_SHUTDOWN_NOW},
                                           {SHUTDOWN_FORCE, SERVER_SHUTDOWN_FORCE}};
    unsigned words = (unsigned)(sig == SIGINT ? config.shutdown_on_sigint : config.shutdown_on_sigterm);
    unsigned flags = 0;
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        flags |= words & meanings[i][0] ? meanings[i][1] : 0;
    log_notice("Received %s scheduling shutdown...", sig == SIGINT ? "SIGINT" : "SIGTERM");
    if (!server_shutdown(flags))
        process_stop_forget();
}

int server_run(void)
{
    while (!stop_asked) {
        turn_run(-1);
        if (process_stop_asked() && !stop_asked)
            obey_signal(process_stop_asked());
    }
    save_finish();
    turn_write_all();
    return 0;
}

void server_stop(void)
{
    listen_close();
    save_stop();
    client_close_all();
    slowlog_stop();
    stats_stop();
    turn_stop();
#ifdef SANITIZE /* else the system takes it back at once, however many keys there are */
    keyspace_destroy(server_keyspace);
#endif
    background_stop();
}
