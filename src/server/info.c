/* info: INFO. One table of metrics, in Redis's order and with Redis's names; a
 * row is a constant, a counter, or a function that writes the value. Sections
 * that list something have a function of their own.
 *
 * What Hearth doesn't have is said with the constant that a Redis without it
 * would show, because programs look those fields up; each such row is a
 * constant here, so one sees at a glance what is real. */
#include "server/info.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/cycles.h"
#include "base/mem.h"
#include "base/random.h"
#include "ds/arena.h"
#include "loop/background.h"
#include "server/blocking.h"
#include "server/child.h"
#include "server/client.h"
#include "server/config.h"
#include "server/migrate_peer.h"
#include "server/pubsub.h"
#include "server/save.h"
#include "server/stats.h"
#include "server/version.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

enum section {
    SECTION_SERVER,
    SECTION_CLIENTS,
    SECTION_MEMORY,
    SECTION_PERSISTENCE,
    SECTION_STATS,
    SECTION_REPLICATION,
    SECTION_CPU,
    SECTION_MODULES,
    SECTION_COMMANDSTATS,
    SECTION_ERRORSTATS,
    SECTION_LATENCYSTATS,
    SECTION_CLUSTER,
    SECTION_KEYSPACE,
    SECTION_COUNT,
};

#define SECTIONS_ALL ((1u << SECTION_COUNT) - 1)
#define SECTIONS_DEFAULT (SECTIONS_ALL & ~(1u << SECTION_COMMANDSTATS | 1u << SECTION_LATENCYSTATS))

/* What the writers of one INFO share. */
struct info {
    struct buf *out;
    struct keyspace *keyspace;
    struct memory_figures memory;         /* with SECTION_MEMORY */
    struct save_figures save;             /* with SECTION_PERSISTENCE */
    struct rusage self, thread, children; /* with SECTION_CPU */
};

static char run_id[41], replication_id[41], executable[4096];

/* ---- figures --------------------------------------------------------------- */

static void draw_id(char out[41])
{
    uint8_t bytes[20];
    random_fill(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* Draws the ids, once. */
static void draw_ids(void)
{
    if (*run_id)
        return;
    draw_id(run_id);
    draw_id(replication_id);
    ssize_t n = readlink("/proc/self/exe", executable, sizeof executable - 1);
    executable[n > 0 ? n : 0] = 0;
}

const char *info_run_id(void)
{
    draw_ids();
    return run_id;
}

size_t info_resident(void)
{
    char text[128];
    unsigned long long pages = 0;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    if (sscanf(text, "%*u %llu", &pages) != 1)
        return 0;
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

char *info_human(char out[INFO_HUMAN_MAX], uint64_t bytes)
{
    static const char units[] = "KMGTPE";
    if (bytes < 1024) {
        snprintf(out, INFO_HUMAN_MAX, "%lluB", (unsigned long long)bytes);
        return out;
    }
    double value = (double)bytes / 1024;
    const char *unit = units;
    while (value >= 1024 && unit[1]) {
        value /= 1024;
        unit++;
    }
    snprintf(out, INFO_HUMAN_MAX, "%.2f%c", value, *unit);
    return out;
}

struct memory_figures info_memory(struct keyspace *ks)
{
    struct mem_stats mem = mem_stats();
    struct arena_stats arena = arena_stats();
    struct memory_figures f = {
        .used = mem.allocated + arena.live,
        .resident = info_resident(),
        .allocated = mem.allocated + arena.live,
        .active = mem.active + arena.committed,
        .allocator_resident = mem.resident + arena.committed,
        .clients = client_memory_total,
    };
    for (unsigned db = 0; db < keyspace_databases(ks); db++) {
        f.tables += keyspace_overhead(ks, db);
        f.keys += keyspace_count(ks, db);
    }
    if (f.used > server_stats.memory_peak) {
        server_stats.memory_peak = f.used;
        server_stats.memory_peak_ms = clock_ms();
    }
    f.overhead = server_stats.memory_at_start + f.tables + f.clients;
    if (f.overhead > f.used)
        f.overhead = f.used;
    f.dataset = f.used - f.overhead;
    return f;
}

static double ratio(size_t a, size_t b)
{
    return b ? (double)a / (double)b : 0;
}

/* ---- writers ---------------------------------------------------------------- */

static void put_u64(struct info *i, uint64_t value)
{
    buf_printf(i->out, "%llu", (unsigned long long)value);
}

static void put_human(struct info *i, uint64_t bytes)
{
    char text[INFO_HUMAN_MAX];
    buf_printf(i->out, "%s", info_human(text, bytes));
}

static void put_difference(struct info *i, size_t a, size_t b)
{
    buf_printf(i->out, "%lld", (long long)a - (long long)b);
}

static void put_time(struct info *i, struct timeval t)
{
    buf_printf(i->out, "%lld.%06lld", (long long)t.tv_sec, (long long)t.tv_usec);
}

static void build_id(struct info *i)
{
    uint64_t h = 14695981039346656037ull;
    for (const char *p = HEARTH_VERSION " " __VERSION__; *p; p++)
        h = (h ^ (uint8_t)*p) * 1099511628211ull;
    buf_printf(i->out, "%llx", (unsigned long long)h);
}

static void os(struct info *i)
{
    struct utsname name;
    uname(&name);
    buf_printf(i->out, "%s %s %s", name.sysname, name.release, name.machine);
}

static void arch_bits(struct info *i)
{
    put_u64(i, sizeof(void *) * 8);
}
static void monotonic_clock(struct info *i)
{
    buf_printf(i->out, "%s",
               cycles_scale.counter ? "POSIX clock_gettime, processor counter" : "POSIX clock_gettime");
}
static void gcc_version(struct info *i)
{
#if defined(__clang__)
    buf_printf(i->out, "clang %d.%d.%d", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
    buf_printf(i->out, "%d.%d.%d", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}
static void process_id(struct info *i)
{
    put_u64(i, (uint64_t)getpid());
}
static void process_supervised(struct info *i)
{
    bool by_systemd = config.supervised == SUPERVISED_SYSTEMD ||
                      (config.supervised == SUPERVISED_AUTO && getenv("NOTIFY_SOCKET"));
    bool by_upstart = config.supervised == SUPERVISED_UPSTART ||
                      (config.supervised == SUPERVISED_AUTO && getenv("UPSTART_JOB"));
    buf_printf(i->out, "%s", by_systemd ? "systemd" : by_upstart ? "upstart" : "no");
}
static void run_id_value(struct info *i)
{
    buf_printf(i->out, "%s", run_id);
}
static void tcp_port(struct info *i)
{
    put_u64(i, (uint64_t)config.port);
}
static void server_time(struct info *i)
{
    put_u64(i, (uint64_t)clock_us());
}
static int64_t uptime(void)
{
    return (clock_ms() - server_stats.started_ms) / 1000;
}
static void uptime_seconds(struct info *i)
{
    put_u64(i, (uint64_t)uptime());
}
static void uptime_days(struct info *i)
{
    put_u64(i, (uint64_t)uptime() / 86400);
}
static void hz(struct info *i)
{
    put_u64(i, (uint64_t)config.hz);
}
static void lru_clock(struct info *i)
{
    put_u64(i, (uint64_t)clock_ms() / 1000 & 0xffffff);
}
static void executable_value(struct info *i)
{
    buf_printf(i->out, "%s", executable);
}
static void config_file(struct info *i)
{
    buf_printf(i->out, "%s", config_path());
}

static void connected_clients(struct info *i)
{
    put_u64(i, client_count());
}
static void maxclients(struct info *i)
{
    put_u64(i, (uint64_t)config.maxclients);
}
static void blocked_clients(struct info *i)
{
    put_u64(i, client_blocked_count());
}
static void blocking_keys_count(struct info *i)
{
    put_u64(i, blocking_keys.count);
}
static void waiting_clients(struct info *i)
{
    uint64_t n = 0;
    for (const struct client *c = client_first; c; c = c->next)
        n += loop_timer_running(&c->wait);
    put_u64(i, n);
}

static void used_memory(struct info *i)
{
    put_u64(i, i->memory.used);
}
static void used_memory_human(struct info *i)
{
    put_human(i, i->memory.used);
}
static void used_memory_rss(struct info *i)
{
    put_u64(i, i->memory.resident);
}
static void used_memory_rss_human(struct info *i)
{
    put_human(i, i->memory.resident);
}
static void used_memory_peak(struct info *i)
{
    put_u64(i, server_stats.memory_peak);
}
static void used_memory_peak_human(struct info *i)
{
    put_human(i, server_stats.memory_peak);
}
static void used_memory_peak_perc(struct info *i)
{
    buf_printf(i->out, "%.2f%%", 100 * ratio(i->memory.used, server_stats.memory_peak));
}
static void used_memory_overhead(struct info *i)
{
    put_u64(i, i->memory.overhead);
}
static void used_memory_startup(struct info *i)
{
    put_u64(i, server_stats.memory_at_start);
}
static void used_memory_dataset(struct info *i)
{
    put_u64(i, i->memory.dataset);
}
static void used_memory_dataset_perc(struct info *i)
{
    size_t above =
        i->memory.used > server_stats.memory_at_start ? i->memory.used - server_stats.memory_at_start : 0;
    double percent = 100 * ratio(i->memory.dataset, above);
    buf_printf(i->out, "%.2f%%", percent > 100 ? 100 : percent);
}
static void allocator_allocated(struct info *i)
{
    put_u64(i, i->memory.allocated);
}
static void allocator_active(struct info *i)
{
    put_u64(i, i->memory.active);
}
static void allocator_resident(struct info *i)
{
    put_u64(i, i->memory.allocator_resident);
}
static uint64_t system_memory(void)
{
    return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}
static void total_system_memory(struct info *i)
{
    put_u64(i, system_memory());
}
static void total_system_memory_human(struct info *i)
{
    put_human(i, system_memory());
}
static void maxmemory(struct info *i)
{
    put_u64(i, config.maxmemory);
}
static void maxmemory_human(struct info *i)
{
    put_human(i, config.maxmemory);
}
static void maxmemory_policy(struct info *i)
{
    struct buf text = BUF_EMPTY;
    if (config_get("maxmemory-policy", &text))
        buf_append_slice(i->out, buf_slice(&text));
    buf_deinit(&text);
}
static void allocator_frag_ratio(struct info *i)
{
    buf_printf(i->out, "%.2f", ratio(i->memory.active, i->memory.allocated));
}
static void allocator_frag_bytes(struct info *i)
{
    put_difference(i, i->memory.active, i->memory.allocated);
}
static void allocator_rss_ratio(struct info *i)
{
    buf_printf(i->out, "%.2f", ratio(i->memory.allocator_resident, i->memory.active));
}
static void allocator_rss_bytes(struct info *i)
{
    put_difference(i, i->memory.allocator_resident, i->memory.active);
}
static void rss_overhead_ratio(struct info *i)
{
    buf_printf(i->out, "%.2f", ratio(i->memory.resident, i->memory.allocator_resident));
}
static void rss_overhead_bytes(struct info *i)
{
    put_difference(i, i->memory.resident, i->memory.allocator_resident);
}
static void mem_fragmentation_ratio(struct info *i)
{
    buf_printf(i->out, "%.2f", ratio(i->memory.resident, i->memory.used));
}
static void mem_fragmentation_bytes(struct info *i)
{
    put_difference(i, i->memory.resident, i->memory.used);
}
static void mem_clients_normal(struct info *i)
{
    put_u64(i, i->memory.clients);
}
static void mem_allocator_name(struct info *i)
{
    buf_printf(i->out, "%s", mem_allocator());
}
static void lazyfree_pending(struct info *i)
{
    put_u64(i, background_pending());
}

static void loading(struct info *i)
{
    put_u64(i, save_hinders & SAVE_LOADS ? 1 : 0);
}
static void cow_current(struct info *i)
{
    put_u64(i, i->save.copied);
}
static void cow_peak(struct info *i)
{
    put_u64(i, i->save.copied_peak);
}
static void cow_age(struct info *i)
{
    put_u64(i, (uint64_t)i->save.copied_age);
}
static void fork_percent(struct info *i)
{
    uint64_t total = i->save.keys_total;
    buf_printf(i->out, "%.2f", total ? 100.0 * (double)i->save.keys_done / (double)total : 0);
}
static void save_keys_done(struct info *i)
{
    put_u64(i, i->save.keys_done);
}
static void save_keys_total(struct info *i)
{
    put_u64(i, i->save.keys_total);
}
static void changes_since_save(struct info *i)
{
    put_u64(i, i->save.changes);
}
static void save_running(struct info *i)
{
    put_u64(i, i->save.running);
}
static void last_save_time(struct info *i)
{
    put_u64(i, (uint64_t)i->save.last_save);
}
static void last_save_status(struct info *i)
{
    buf_printf(i->out, "%s", i->save.failed ? "err" : "ok");
}
static void last_save_seconds(struct info *i)
{
    buf_printf(i->out, "%lld", (long long)i->save.last_seconds);
}
static void current_save_seconds(struct info *i)
{
    buf_printf(i->out, "%lld", (long long)i->save.current_seconds);
}
static void saves(struct info *i)
{
    put_u64(i, i->save.saves);
}
static void last_cow(struct info *i)
{
    put_u64(i, i->save.last_copied);
}
static void load_keys_expired(struct info *i)
{
    put_u64(i, i->save.loaded_ended);
}
static void load_keys_loaded(struct info *i)
{
    put_u64(i, i->save.loaded);
}
static void snapshot_keys(struct info *i)
{
    put_u64(i, i->save.snapshot_keys);
}
static void snapshot_bytes(struct info *i)
{
    put_u64(i, i->save.snapshot_bytes);
}
static void snapshot_raw(struct info *i)
{
    put_u64(i, i->save.snapshot_raw);
}
static void fork_usec(struct info *i)
{
    put_u64(i, child_fork_us());
}
static void forks(struct info *i)
{
    put_u64(i, child_forks());
}

static void ops_per_second(struct info *i)
{
    put_u64(i, (uint64_t)llround(stats_rate(RATE_COMMANDS)));
}
static void input_kbps(struct info *i)
{
    buf_printf(i->out, "%.2f", stats_rate(RATE_NET_IN) / 1024);
}
static void output_kbps(struct info *i)
{
    buf_printf(i->out, "%.2f", stats_rate(RATE_NET_OUT) / 1024);
}
static void expired_keys(struct info *i)
{
    put_u64(i, keyspace_stats(i->keyspace)->expired);
}
static void expired_fields(struct info *i)
{
    put_u64(i, keyspace_stats(i->keyspace)->expired_fields);
}
static void expire_turns_cut(struct info *i)
{
    put_u64(i, keyspace_stats(i->keyspace)->expire_turns_cut);
}
static void expire_lag(struct info *i)
{
    put_u64(i, keyspace_stats(i->keyspace)->expire_lag_us);
}
static void expire_lag_max(struct info *i)
{
    put_u64(i, keyspace_stats(i->keyspace)->expire_lag_max_us);
}
static void expire_backlog(struct info *i)
{
    put_u64(i, keyspace_stats(i->keyspace)->expire_due_cells);
}
static void evicted_keys(struct info *i)
{
    put_u64(i, keyspace_stats(i->keyspace)->evicted);
}
static void keyspace_hits(struct info *i)
{
    put_u64(i, keyspace_stats(i->keyspace)->hits);
}
static void keyspace_misses(struct info *i)
{
    put_u64(i, keyspace_stats(i->keyspace)->misses);
}
static void migrate_cached_sockets(struct info *i)
{
    put_u64(i, migrate_peer_count());
}
static void pubsub_channels(struct info *i)
{
    put_u64(i, pubsub_count(PUBSUB_CHANNEL));
}
static void pubsub_patterns(struct info *i)
{
    put_u64(i, pubsub_count(PUBSUB_PATTERN));
}
static void pubsub_shard_channels(struct info *i)
{
    put_u64(i, pubsub_count(PUBSUB_SHARD));
}
static void turn_duration(struct info *i)
{
    put_u64(i, cycles_to_us(server_stats.turn_cycles));
}
static void command_duration(struct info *i)
{
    put_u64(i, cycles_to_us(server_stats.command_cycles));
}
static void turns_per_second(struct info *i)
{
    put_u64(i, (uint64_t)llround(stats_rate(RATE_TURNS)));
}
static void turn_usec(struct info *i)
{
    put_u64(i, cycles_to_us((uint64_t)stats_turn_cycles()));
}

static void replid(struct info *i)
{
    buf_printf(i->out, "%s", replication_id);
}

static void cpu_sys(struct info *i)
{
    put_time(i, i->self.ru_stime);
}
static void cpu_user(struct info *i)
{
    put_time(i, i->self.ru_utime);
}
static void cpu_sys_children(struct info *i)
{
    put_time(i, i->children.ru_stime);
}
static void cpu_user_children(struct info *i)
{
    put_time(i, i->children.ru_utime);
}
static void cpu_sys_thread(struct info *i)
{
    put_time(i, i->thread.ru_stime);
}
static void cpu_user_thread(struct info *i)
{
    put_time(i, i->thread.ru_utime);
}

/* ---- the table --------------------------------------------------------------- */

struct metric {
    enum section section;
    const char *name;
    const char *constant; /* the value; NULL: one of the following */
    const uint64_t *counter;
    void (*write)(struct info *i);
};

#define IS(section, name, text)                                                                              \
    {                                                                                                        \
        SECTION_##section, name, text, NULL, NULL                                                            \
    }
#define COUNTS(section, name, field)                                                                         \
    {                                                                                                        \
        SECTION_##section, name, NULL, &server_stats.field, NULL                                             \
    }
#define WRITES(section, name, function)                                                                      \
    {                                                                                                        \
        SECTION_##section, name, NULL, NULL, function                                                        \
    }

static const struct metric metrics[] = {
    IS(SERVER, "redis_version", REDIS_VERSION),
    IS(SERVER, "hearth_version", HEARTH_VERSION),
    IS(SERVER, "redis_git_sha1", "00000000"),
    IS(SERVER, "redis_git_dirty", "0"),
    WRITES(SERVER, "redis_build_id", build_id),
    IS(SERVER, "redis_mode", "standalone"),
    WRITES(SERVER, "os", os),
    WRITES(SERVER, "arch_bits", arch_bits),
    WRITES(SERVER, "monotonic_clock", monotonic_clock),
    IS(SERVER, "multiplexing_api", "epoll"),
    IS(SERVER, "atomicvar_api", "c11-builtin"),
    WRITES(SERVER, "gcc_version", gcc_version),
    WRITES(SERVER, "process_id", process_id),
    WRITES(SERVER, "process_supervised", process_supervised),
    WRITES(SERVER, "run_id", run_id_value),
    WRITES(SERVER, "tcp_port", tcp_port),
    WRITES(SERVER, "server_time_usec", server_time),
    WRITES(SERVER, "uptime_in_seconds", uptime_seconds),
    WRITES(SERVER, "uptime_in_days", uptime_days),
    WRITES(SERVER, "hz", hz),
    WRITES(SERVER, "configured_hz", hz),
    WRITES(SERVER, "lru_clock", lru_clock),
    WRITES(SERVER, "executable", executable_value),
    WRITES(SERVER, "config_file", config_file),
    IS(SERVER, "io_threads_active", "0"),

    WRITES(CLIENTS, "connected_clients", connected_clients),
    IS(CLIENTS, "cluster_connections", "0"),
    WRITES(CLIENTS, "maxclients", maxclients),
    COUNTS(CLIENTS, "client_recent_max_input_buffer", input_peak),
    COUNTS(CLIENTS, "client_recent_max_output_buffer", output_peak),
    WRITES(CLIENTS, "blocked_clients", blocked_clients),
    IS(CLIENTS, "tracking_clients", "0"),
    WRITES(CLIENTS, "clients_in_timeout_table", waiting_clients),
    WRITES(CLIENTS, "total_blocking_keys", blocking_keys_count),
    IS(CLIENTS, "total_blocking_keys_on_nokey", "0"),

    WRITES(MEMORY, "used_memory", used_memory),
    WRITES(MEMORY, "used_memory_human", used_memory_human),
    WRITES(MEMORY, "used_memory_rss", used_memory_rss),
    WRITES(MEMORY, "used_memory_rss_human", used_memory_rss_human),
    WRITES(MEMORY, "used_memory_peak", used_memory_peak),
    WRITES(MEMORY, "used_memory_peak_human", used_memory_peak_human),
    WRITES(MEMORY, "used_memory_peak_perc", used_memory_peak_perc),
    WRITES(MEMORY, "used_memory_overhead", used_memory_overhead),
    WRITES(MEMORY, "used_memory_startup", used_memory_startup),
    WRITES(MEMORY, "used_memory_dataset", used_memory_dataset),
    WRITES(MEMORY, "used_memory_dataset_perc", used_memory_dataset_perc),
    WRITES(MEMORY, "allocator_allocated", allocator_allocated),
    WRITES(MEMORY, "allocator_active", allocator_active),
    WRITES(MEMORY, "allocator_resident", allocator_resident),
    WRITES(MEMORY, "total_system_memory", total_system_memory),
    WRITES(MEMORY, "total_system_memory_human", total_system_memory_human),
    IS(MEMORY, "used_memory_lua", "0"),
    IS(MEMORY, "used_memory_vm_eval", "0"),
    IS(MEMORY, "used_memory_lua_human", "0B"),
    IS(MEMORY, "used_memory_scripts_eval", "0"),
    IS(MEMORY, "number_of_cached_scripts", "0"),
    IS(MEMORY, "number_of_functions", "0"),
    IS(MEMORY, "number_of_libraries", "0"),
    IS(MEMORY, "used_memory_vm_functions", "0"),
    IS(MEMORY, "used_memory_vm_total", "0"),
    IS(MEMORY, "used_memory_vm_total_human", "0B"),
    IS(MEMORY, "used_memory_functions", "0"),
    IS(MEMORY, "used_memory_scripts", "0"),
    IS(MEMORY, "used_memory_scripts_human", "0B"),
    WRITES(MEMORY, "maxmemory", maxmemory),
    WRITES(MEMORY, "maxmemory_human", maxmemory_human),
    WRITES(MEMORY, "maxmemory_policy", maxmemory_policy),
    WRITES(MEMORY, "allocator_frag_ratio", allocator_frag_ratio),
    WRITES(MEMORY, "allocator_frag_bytes", allocator_frag_bytes),
    WRITES(MEMORY, "allocator_rss_ratio", allocator_rss_ratio),
    WRITES(MEMORY, "allocator_rss_bytes", allocator_rss_bytes),
    WRITES(MEMORY, "rss_overhead_ratio", rss_overhead_ratio),
    WRITES(MEMORY, "rss_overhead_bytes", rss_overhead_bytes),
    WRITES(MEMORY, "mem_fragmentation_ratio", mem_fragmentation_ratio),
    WRITES(MEMORY, "mem_fragmentation_bytes", mem_fragmentation_bytes),
    IS(MEMORY, "mem_not_counted_for_evict", "0"),
    IS(MEMORY, "mem_replication_backlog", "0"),
    IS(MEMORY, "mem_total_replication_buffers", "0"),
    IS(MEMORY, "mem_clients_slaves", "0"),
    WRITES(MEMORY, "mem_clients_normal", mem_clients_normal),
    IS(MEMORY, "mem_cluster_links", "0"),
    IS(MEMORY, "mem_aof_buffer", "0"),
    WRITES(MEMORY, "mem_allocator", mem_allocator_name),
    IS(MEMORY, "active_defrag_running", "0"),
    WRITES(MEMORY, "lazyfree_pending_objects", lazyfree_pending),
    COUNTS(MEMORY, "lazyfreed_objects", lazy_freed),

    WRITES(PERSISTENCE, "loading", loading),
    IS(PERSISTENCE, "async_loading", "0"),
    WRITES(PERSISTENCE, "current_cow_peak", cow_peak),
    WRITES(PERSISTENCE, "current_cow_size", cow_current),
    WRITES(PERSISTENCE, "current_cow_size_age", cow_age),
    WRITES(PERSISTENCE, "current_fork_perc", fork_percent),
    WRITES(PERSISTENCE, "current_save_keys_processed", save_keys_done),
    WRITES(PERSISTENCE, "current_save_keys_total", save_keys_total),
    WRITES(PERSISTENCE, "rdb_changes_since_last_save", changes_since_save),
    WRITES(PERSISTENCE, "rdb_bgsave_in_progress", save_running),
    WRITES(PERSISTENCE, "rdb_last_save_time", last_save_time),
    WRITES(PERSISTENCE, "rdb_last_bgsave_status", last_save_status),
    WRITES(PERSISTENCE, "rdb_last_bgsave_time_sec", last_save_seconds),
    WRITES(PERSISTENCE, "rdb_current_bgsave_time_sec", current_save_seconds),
    WRITES(PERSISTENCE, "rdb_saves", saves),
    WRITES(PERSISTENCE, "rdb_last_cow_size", last_cow),
    WRITES(PERSISTENCE, "rdb_last_load_keys_expired", load_keys_expired),
    WRITES(PERSISTENCE, "rdb_last_load_keys_loaded", load_keys_loaded),
    WRITES(PERSISTENCE, "snapshot_keys", snapshot_keys),
    WRITES(PERSISTENCE, "snapshot_bytes", snapshot_bytes),
    WRITES(PERSISTENCE, "snapshot_raw_bytes", snapshot_raw),
    IS(PERSISTENCE, "aof_enabled", "0"),
    IS(PERSISTENCE, "aof_rewrite_in_progress", "0"),
    IS(PERSISTENCE, "aof_rewrite_scheduled", "0"),
    IS(PERSISTENCE, "aof_last_rewrite_time_sec", "-1"),
    IS(PERSISTENCE, "aof_current_rewrite_time_sec", "-1"),
    IS(PERSISTENCE, "aof_last_bgrewrite_status", "ok"),
    IS(PERSISTENCE, "aof_rewrites", "0"),
    IS(PERSISTENCE, "aof_rewrites_consecutive_failures", "0"),
    IS(PERSISTENCE, "aof_last_write_status", "ok"),
    IS(PERSISTENCE, "aof_last_cow_size", "0"),
    IS(PERSISTENCE, "module_fork_in_progress", "0"),
    IS(PERSISTENCE, "module_fork_last_cow_size", "0"),

    COUNTS(STATS, "total_connections_received", connections),
    COUNTS(STATS, "total_commands_processed", commands),
    WRITES(STATS, "instantaneous_ops_per_sec", ops_per_second),
    COUNTS(STATS, "total_net_input_bytes", net_in),
    COUNTS(STATS, "total_net_output_bytes", net_out),
    IS(STATS, "total_net_repl_input_bytes", "0"),
    IS(STATS, "total_net_repl_output_bytes", "0"),
    WRITES(STATS, "instantaneous_input_kbps", input_kbps),
    WRITES(STATS, "instantaneous_output_kbps", output_kbps),
    IS(STATS, "instantaneous_input_repl_kbps", "0.00"),
    IS(STATS, "instantaneous_output_repl_kbps", "0.00"),
    COUNTS(STATS, "rejected_connections", connections_rejected),
    IS(STATS, "sync_full", "0"),
    IS(STATS, "sync_partial_ok", "0"),
    IS(STATS, "sync_partial_err", "0"),
    WRITES(STATS, "expired_keys", expired_keys),
    WRITES(STATS, "expired_subkeys", expired_fields),
    IS(STATS, "expired_stale_perc", "0.00"), /* expiry doesn't guess: see the backlog */
    WRITES(STATS, "expired_time_cap_reached_count", expire_turns_cut),
    IS(STATS, "expire_cycle_cpu_milliseconds", "0"),
    WRITES(STATS, "expire_lag_usec", expire_lag),
    WRITES(STATS, "expire_lag_max_usec", expire_lag_max),
    WRITES(STATS, "expire_backlog", expire_backlog),
    WRITES(STATS, "evicted_keys", evicted_keys),
    COUNTS(STATS, "evicted_clients", evicted_clients),
    IS(STATS, "total_eviction_exceeded_time", "0"),
    IS(STATS, "current_eviction_exceeded_time", "0"),
    WRITES(STATS, "keyspace_hits", keyspace_hits),
    WRITES(STATS, "keyspace_misses", keyspace_misses),
    WRITES(STATS, "pubsub_channels", pubsub_channels),
    WRITES(STATS, "pubsub_patterns", pubsub_patterns),
    WRITES(STATS, "pubsubshard_channels", pubsub_shard_channels),
    WRITES(STATS, "latest_fork_usec", fork_usec),
    WRITES(STATS, "total_forks", forks),
    WRITES(STATS, "migrate_cached_sockets", migrate_cached_sockets),
    IS(STATS, "slave_expires_tracked_keys", "0"),
    IS(STATS, "active_defrag_hits", "0"),
    IS(STATS, "active_defrag_misses", "0"),
    IS(STATS, "active_defrag_key_hits", "0"),
    IS(STATS, "active_defrag_key_misses", "0"),
    IS(STATS, "total_active_defrag_time", "0"),
    IS(STATS, "current_active_defrag_time", "0"),
    IS(STATS, "tracking_total_keys", "0"),
    IS(STATS, "tracking_total_items", "0"),
    IS(STATS, "tracking_total_prefixes", "0"),
    IS(STATS, "unexpected_error_replies", "0"),
    COUNTS(STATS, "total_error_replies", error_replies),
    IS(STATS, "dump_payload_sanitizations", "0"),
    COUNTS(STATS, "total_reads_processed", reads),
    COUNTS(STATS, "total_writes_processed", writes),
    IS(STATS, "io_threaded_reads_processed", "0"),
    IS(STATS, "io_threaded_writes_processed", "0"),
    COUNTS(STATS, "client_query_buffer_limit_disconnections", query_limit_disconnections),
    COUNTS(STATS, "client_output_buffer_limit_disconnections", output_limit_disconnections),
    IS(STATS, "reply_buffer_shrinks", "0"),
    IS(STATS, "reply_buffer_expands", "0"),
    COUNTS(STATS, "eventloop_cycles", turns),
    WRITES(STATS, "eventloop_duration_sum", turn_duration),
    WRITES(STATS, "eventloop_duration_cmd_sum", command_duration),
    WRITES(STATS, "instantaneous_eventloop_cycles_per_sec", turns_per_second),
    WRITES(STATS, "instantaneous_eventloop_duration_usec", turn_usec),
    COUNTS(STATS, "acl_access_denied_auth", denied_auth),
    COUNTS(STATS, "acl_access_denied_cmd", denied_command),
    COUNTS(STATS, "acl_access_denied_key", denied_key),
    COUNTS(STATS, "acl_access_denied_channel", denied_channel),

    IS(REPLICATION, "role", "master"),
    IS(REPLICATION, "connected_slaves", "0"),
    IS(REPLICATION, "master_failover_state", "no-failover"),
    WRITES(REPLICATION, "master_replid", replid),
    IS(REPLICATION, "master_replid2", "0000000000000000000000000000000000000000"),
    IS(REPLICATION, "master_repl_offset", "0"),
    IS(REPLICATION, "second_repl_offset", "-1"),
    IS(REPLICATION, "repl_backlog_active", "0"),
    IS(REPLICATION, "repl_backlog_size", "1048576"),
    IS(REPLICATION, "repl_backlog_first_byte_offset", "0"),
    IS(REPLICATION, "repl_backlog_histlen", "0"),

    WRITES(CPU, "used_cpu_sys", cpu_sys),
    WRITES(CPU, "used_cpu_user", cpu_user),
    WRITES(CPU, "used_cpu_sys_children", cpu_sys_children),
    WRITES(CPU, "used_cpu_user_children", cpu_user_children),
    WRITES(CPU, "used_cpu_sys_main_thread", cpu_sys_thread),
    WRITES(CPU, "used_cpu_user_main_thread", cpu_user_thread),

    IS(CLUSTER, "cluster_enabled", "0"),
};

static void section_metrics(struct info *i, enum section section)
{
    for (size_t k = 0; k < sizeof metrics / sizeof *metrics; k++) {
        const struct metric *m = &metrics[k];
        if (m->section != section)
            continue;
        buf_printf(i->out, "%s:", m->name);
        if (m->constant)
            buf_printf(i->out, "%s", m->constant);
        else if (m->counter)
            put_u64(i, *m->counter);
        else
            m->write(i);
        buf_append(i->out, "\r\n", 2);
    }
}

/* ---- sections that list ------------------------------------------------------- */

static void section_listeners(struct info *i)
{
    unsigned n = 0;
    if (config.port && config.bind.count) {
        buf_printf(i->out, "listener%u:name=tcp", n++);
        for (unsigned k = 0; k < config.bind.count; k++)
            buf_printf(i->out, ",bind=%s", config.bind.items[k]);
        buf_printf(i->out, ",port=%lld\r\n", (long long)config.port);
    }
    if (*config.unixsocket)
        buf_printf(i->out, "listener%u:name=unix,bind=%s\r\n", n++, config.unixsocket);
}

/* Only while it loads, as in Redis. */
static void section_persistence(struct info *i)
{
    const struct save_figures *s = &i->save;
    if (!(save_hinders & SAVE_LOADS))
        return;
    double share = s->loading_total ? 100.0 * (double)s->loading_bytes / (double)s->loading_total : 0;
    buf_printf(i->out, "loading_start_time:%lld\r\nloading_total_bytes:%llu\r\n", (long long)s->loading_since,
               (unsigned long long)s->loading_total);
    buf_printf(i->out,
               "loading_loaded_bytes:%llu\r\nloading_loaded_perc:%.2f\r\nloading_eta_seconds:%lld\r\n",
               (unsigned long long)s->loading_bytes, share, (long long)s->loading_left);
}

static void section_commandstats(struct info *i)
{
    char name[COMMAND_NAME_MAX];
    for (unsigned id = 0; id < command_ids(); id++) {
        const struct command *command = command_by_id(id);
        const struct command_stats *s = &command_stats[id];
        if (!command || (!s->calls && !s->rejected && !s->failed))
            continue;
        command_full_name(command, name);
        uint64_t us = cycles_to_us(s->cycles);
        double each = s->calls ? (double)cycles_to_ns(s->cycles) / 1000 / (double)s->calls : 0;
        buf_printf(
            i->out,
            "cmdstat_%s:calls=%llu,usec=%llu,usec_per_call=%.2f,rejected_calls=%llu,failed_calls=%llu\r\n",
            name, (unsigned long long)s->calls, (unsigned long long)us, each, (unsigned long long)s->rejected,
            (unsigned long long)s->failed);
    }
}

static void section_errorstats(struct info *i)
{
    const struct stats_error_kind *kinds;
    unsigned n = stats_errors(&kinds);
    for (unsigned k = 0; k < n; k++)
        buf_printf(i->out, "errorstat_%s:count=%llu\r\n", kinds[k].code, (unsigned long long)kinds[k].count);
}

static void section_latencystats(struct info *i)
{
    char name[COMMAND_NAME_MAX];
    for (unsigned id = 0; id < command_ids(); id++) {
        const struct command *command = command_by_id(id);
        const struct stats_histogram *h = command_stats[id].histogram;
        if (!command || !h || !h->count)
            continue;
        command_full_name(command, name);
        buf_printf(i->out, "latency_percentiles_usec_%s:", name);
        for (unsigned k = 0; k < config.latency_percentile_count; k++) {
            double p = config.latency_percentiles[k];
            buf_printf(i->out, "%sp%.10g=%.3f", k ? "," : "", p, (double)stats_percentile(h, p / 100) / 1000);
        }
        buf_append(i->out, "\r\n", 2);
    }
}

static void section_keyspace(struct info *i)
{
    for (unsigned db = 0; db < keyspace_databases(i->keyspace); db++) {
        uint64_t keys = keyspace_count(i->keyspace, db);
        int64_t ttl = 0;
        if (!keys)
            continue;
        uint64_t expiring = keyspace_expiring(i->keyspace, db, &ttl);
        buf_printf(i->out, "db%u:keys=%llu,expires=%llu,avg_ttl=%lld\r\n", db, (unsigned long long)keys,
                   (unsigned long long)expiring, (long long)ttl);
    }
}

static const struct {
    const char *name; /* as asked for */
    const char *title;
    void (*write)(struct info *i); /* beside the metrics; NULL: nothing more */
} sections[SECTION_COUNT] = {
    [SECTION_SERVER] = {"server", "Server", section_listeners},
    [SECTION_CLIENTS] = {"clients", "Clients", NULL},
    [SECTION_MEMORY] = {"memory", "Memory", NULL},
    [SECTION_PERSISTENCE] = {"persistence", "Persistence", section_persistence},
    [SECTION_STATS] = {"stats", "Stats", NULL},
    [SECTION_REPLICATION] = {"replication", "Replication", NULL},
    [SECTION_CPU] = {"cpu", "CPU", NULL},
    [SECTION_MODULES] = {"modules", "Modules", NULL},
    [SECTION_COMMANDSTATS] = {"commandstats", "Commandstats", section_commandstats},
    [SECTION_ERRORSTATS] = {"errorstats", "Errorstats", section_errorstats},
    [SECTION_LATENCYSTATS] = {"latencystats", "Latencystats", section_latencystats},
    [SECTION_CLUSTER] = {"cluster", "Cluster", NULL},
    [SECTION_KEYSPACE] = {"keyspace", "Keyspace", section_keyspace},
};

/* ---- INFO ---------------------------------------------------------------------- */

static uint32_t sections_named(struct slice name)
{
    if (slice_is(name, "default"))
        return SECTIONS_DEFAULT;
    if (slice_is(name, "everything") || slice_is(name, "all"))
        return SECTIONS_ALL;
    for (unsigned s = 0; s < SECTION_COUNT; s++)
        if (slice_is(name, sections[s].name))
            return 1u << s;
    return 0;
}

static void info_run(struct call *c)
{
    uint32_t wanted = c->argc == 1 ? SECTIONS_DEFAULT : 0;
    for (uint32_t k = 1; k < c->argc; k++)
        wanted |= sections_named(c->argv[k]);
    draw_ids();
    struct buf out = BUF_EMPTY;
    struct info i = {.out = &out, .keyspace = c->keyspace};
    if (wanted & 1u << SECTION_MEMORY)
        i.memory = info_memory(c->keyspace);
    if (wanted & 1u << SECTION_PERSISTENCE)
        i.save = save_figures();
    if (wanted & 1u << SECTION_CPU) {
        getrusage(RUSAGE_SELF, &i.self);
        getrusage(RUSAGE_THREAD, &i.thread);
        getrusage(RUSAGE_CHILDREN, &i.children);
    }
    for (unsigned s = 0; s < SECTION_COUNT; s++) {
        if (!(wanted & 1u << s))
            continue;
        buf_printf(&out, "%s# %s\r\n", out.len ? "\r\n" : "", sections[s].title);
        section_metrics(&i, (enum section)s);
        if (sections[s].write)
            sections[s].write(&i);
    }
    reply_verbatim(c->reply, "txt", buf_slice(&out));
    buf_deinit(&out);
}

const struct command info_commands[] = {
    {.name = "info",
     .run = info_run,
     .arity = -1,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .group = "server",
     .since = "1.0.0",
     .categories = CATEGORY_DANGEROUS,
     .summary = "Tells about the server: figures and counters.",
     .complexity = "O(1)",
     .syntax = "[section ...]",
     .tips = "nondeterministic_output request_policy:all_shards response_policy:special"},
    {.name = NULL},
};
