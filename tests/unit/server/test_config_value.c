/* config_value: how each kind of setting is read, printed and refused. */
#include "server/config_value.h"

#include "base/mem.h"
#include "server/config.h"
#include "server/config_priv.h"
#include "store/keyspace.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

static void setup(void)
{
    config_init();
}

static void teardown(void)
{
    config_deinit();
}

TestSuite(server_config_value, .init = setup, .fini = teardown);

static const char *shown(const char *name)
{
    static char text[4096];
    struct buf b = BUF_EMPTY;
    cr_assert(config_get(name, &b), "%s is missing", name);
    snprintf(text, sizeof(text), "%.*s", (int)b.len, b.data ? b.data : "");
    buf_deinit(&b);
    return text;
}

/* Sets name; NULL when that worked, else the error. */
static const char *try_set(const char *name, const char *value)
{
    const char *error = NULL;
    const struct setting *s = setting_find(slice_of(name));
    cr_assert(s, "%s is missing", name);
    return setting_set_text(s, slice_of(value), &error) ? NULL : error ? error : "";
}

static void takes(const char *name, const char *value, const char *expected)
{
    const char *error = try_set(name, value);
    cr_expect_null(error, "%s %s: %s", name, value, error);
    cr_expect_str_eq(shown(name), expected, "%s %s: shows %s", name, value, shown(name));
}

static void refuses(const char *name, const char *value, const char *expected)
{
    char before[4096];
    snprintf(before, sizeof(before), "%s", shown(name));
    const char *error = try_set(name, value);
    cr_expect(error && strcmp(error, expected) == 0, "%s %s: %s", name, value, error ? error : "accepted");
    cr_expect_str_eq(shown(name), before);
}

Test(server_config_value, defaults_are_redis_ones)
{
    cr_expect_str_eq(shown("port"), "6379");
    cr_expect_str_eq(shown("bind"), "127.0.0.1 -::1");
    cr_expect_str_eq(shown("proto-max-bulk-len"), "536870912");
    cr_expect_str_eq(shown("save"), "3600 1 300 100 60 10000");
    cr_expect_str_eq(shown("client-output-buffer-limit"),
                     "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60");
    cr_expect_str_eq(shown("latency-tracking-info-percentiles"), "50 99 99.9");
    cr_expect_eq(config.port, 6379);
    cr_expect_eq(config.databases, 16);
    cr_expect_eq(config.bind.count, 2);
    cr_expect_str_empty(config.requirepass);
    cr_expect(config.protected_mode);
}

Test(server_config_value, every_name_and_alias_stands_once)
{
    for (unsigned i = 0; i < setting_count; i++)
        for (unsigned j = 0; j < setting_count; j++) {
            const struct setting *a = &settings[i], *b = &settings[j];
            cr_assert(i == j || strcmp(a->name, b->name) != 0, "%s", a->name);
            cr_assert(!b->alias || strcmp(a->name, b->alias) != 0, "%s", a->name);
            cr_assert(i == j || !a->alias || !b->alias || strcmp(a->alias, b->alias) != 0, "%s", a->name);
        }
}

Test(server_config_value, every_default_is_shown_and_accepted_back)
{
    for (unsigned i = 0; i < setting_count; i++) {
        char before[4096];
        cr_expect(setting_is_default(&settings[i]), "%s", settings[i].name);
        snprintf(before, sizeof(before), "%s", shown(settings[i].name));
        const char *error = try_set(settings[i].name, before);
        cr_expect_null(error, "%s: %s", settings[i].name, error);
        cr_expect_str_eq(shown(settings[i].name), before);
    }
}

Test(server_config_value, booleans)
{
    takes("latency-tracking", "no", "no");
    cr_expect_not(config.latency_tracking);
    takes("latency-tracking", "YES", "yes");
    refuses("latency-tracking", "1", "argument must be 'yes' or 'no'");
    refuses("latency-tracking", "", "argument must be 'yes' or 'no'");
}

Test(server_config_value, integers)
{
    takes("timeout", "5", "5");
    cr_expect_eq(config.timeout, 5);
    const char *bad[] = {"+1", " 1", "1 ", "01", "0x1", "1kb", "", "x", "99999999999999999999", NULL};
    for (unsigned i = 0; bad[i]; i++)
        refuses("timeout", bad[i], "argument couldn't be parsed into an integer");
    refuses("timeout", "-1", "argument must be between 0 and 2147483647 inclusive");
    refuses("port", "65536", "argument must be between 0 and 65535 inclusive");
    refuses("list-max-listpack-size", "-99999999999",
            "argument must be between -2147483648 and 2147483647 inclusive");
    takes("slowlog-log-slower-than", "-1", "-1");
    takes("maxclients", "4294967295", "4294967295");
    refuses("maxclients", "0", "argument must be between 1 and 4294967295 inclusive");
    takes("hz", "600", "500");
    takes("hz", "0", "1");
    takes("lua-time-limit", "77", "77");
    cr_expect_eq(config.busy_reply_threshold, 77);
}

Test(server_config_value, octal)
{
    takes("unixsocketperm", "777", "777");
    cr_expect_eq(config.unixsocketperm, 0777);
    refuses("unixsocketperm", "9", "argument couldn't be parsed as an octal number");
    refuses("unixsocketperm", "", "argument couldn't be parsed as an octal number");
    refuses("unixsocketperm", "1000", "argument must be between 0 and 777 inclusive");
    refuses("unixsocketperm", "77777777777777777777777777777",
            "argument must be between 0 and 777 inclusive");
}

Test(server_config_value, memory)
{
    takes("maxmemory", "1gb", "1073741824");
    takes("maxmemory", "10k", "10000");
    takes("maxmemory", "10KB", "10240");
    takes("maxmemory", "", "0");
    takes("maxmemory", "18446744073709551615", "18446744073709551615");
    refuses("maxmemory", "-1", "argument must be a memory value");
    refuses("maxmemory", "1.5gb", "argument must be a memory value");
    refuses("maxmemory", "1%", "argument must be a memory value");
    refuses("proto-max-bulk-len", "0", "argument must be between 1048576 and 9223372036854775807 inclusive");
    refuses("proto-max-bulk-len", "18446744073709551615",
            "argument must be between 1048576 and 9223372036854775807 inclusive");
}

Test(server_config_value, memory_or_percent)
{
    takes("maxmemory-clients", "10%", "10%");
    cr_expect_eq(config.maxmemory_clients, -10);
    takes("maxmemory-clients", "100%", "100%");
    takes("maxmemory-clients", "0%", "0");
    takes("maxmemory-clients", "1kb", "1024");
    cr_expect_eq(config.maxmemory_clients, 1024);
    refuses("maxmemory-clients", "101%", "percentage argument must be less or equal to 100");
    refuses("maxmemory-clients", "-1%", "argument must be a memory or percent value");
    refuses("maxmemory-clients", "%", "argument must be a memory or percent value");
    refuses("maxmemory-clients", "9223372036854775808", "argument must be a memory or percent value");
}

Test(server_config_value, choices)
{
    takes("maxmemory-policy", "allkeys-LRU", "allkeys-lru");
    cr_expect_eq(config.maxmemory_policy, POLICY_ALLKEYS_LRU);
    refuses("maxmemory-policy", "zzz",
            "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, "
            "volatile-ttl, "
            "allkeys-lru, allkeys-lfu, allkeys-random, noeviction");
    takes("shutdown-on-sigterm", "nosave force", "nosave force");
    takes("shutdown-on-sigterm", "default now", "now");
    takes("shutdown-on-sigterm", "default", "default");
    const char *most = "argument(s) must be one of the following: default, save, nosave, now, force";
    refuses("shutdown-on-sigterm", "", most);
    refuses("shutdown-on-sigterm", "now  now", most);
    refuses("shutdown-on-sigterm", "save nosave",
            "shutdown options SAVE and NOSAVE can't be used simultaneously");
}

Test(server_config_value, texts)
{
    takes("requirepass", "a b\"c", "a b\"c");
    cr_expect_str_eq(config.requirepass, "a b\"c");
    const char *error = NULL;
    cr_expect_not(setting_set_text(setting_find(SLICE("requirepass")), slice_make("a\0b", 3), &error));
    cr_expect_str_eq(config.requirepass, "a b\"c");
    takes("cluster-announce-hostname", "a.b-C", "a.b-C");
    refuses("cluster-announce-hostname", "a_b",
            "Hostnames may only contain alphanumeric characters, hyphens or dots");
    refuses("dbfilename", "a/b", "dbfilename can't be a path, just a filename");
    refuses("appendfilename", "", "appendfilename can't be empty");
    const char *title = "template format is invalid or contains unknown variables";
    takes("proc-title-template", "a{title}", "a{title}");
    takes("proc-title-template", "{port}", "{port}");
    refuses("proc-title-template", "{title}", title);
    refuses("proc-title-template", "", title);
    refuses("proc-title-template", " ", title);
    refuses("proc-title-template", "{foo}", title);
    refuses("proc-title-template", "x{title", title);
    takes("oom-score-adj-values", "-5 2 3", "-5 2 3");
    refuses("oom-score-adj-values", "1 2", "wrong number of arguments");
    refuses("oom-score-adj-values", "1 2 2001",
            "Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
}

Test(server_config_value, bind)
{
    takes("bind", "", "");
    cr_expect_eq(config.bind.count, 0);
    takes("bind", "* -::*", "* -::*");
    cr_expect_str_eq(config.bind.items[1], "-::*");
    refuses("bind", "1.1.1.1  2.2.2.2", "Failed to bind to specified addresses.");
    refuses("bind", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "Too many bind addresses specified.");
}

Test(server_config_value, output_limits)
{
    const char *name = "client-output-buffer-limit";
    takes(name, "normal 1kb 2MB 3 pubsub 1 1 1",
          "normal 1024 2097152 3 slave 268435456 67108864 60 pubsub 1 1 1");
    takes(name, "replica 1 1 1", "normal 1024 2097152 3 slave 1 1 1 pubsub 1 1 1");
    takes(name, "NORMAL 1 1 1 normal 2 2 2", "normal 2 2 2 slave 1 1 1 pubsub 1 1 1");
    takes(name, "", "normal 2 2 2 slave 1 1 1 pubsub 1 1 1");
    cr_expect_eq(config.client_output_buffer_limit[0].soft_seconds, 2);
    const char *bad = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
    refuses(name, "foo 1 1 1", "Invalid client class specified in buffer limit configuration.");
    refuses(name, "pubsub 5 5 5 master 1 1 1",
            "Invalid client class specified in buffer limit configuration.");
    refuses(name, "normal -1 1 1", bad);
    refuses(name, "normal 1 x 1", bad);
    refuses(name, "normal 1 1 -1", bad);
    refuses(name, "normal 1 1 1.5", bad);
    refuses(name, "normal  4 4 4", "Wrong number of arguments in buffer limit configuration.");
}

Test(server_config_value, percentiles)
{
    const char *name = "latency-tracking-info-percentiles";
    takes(name, "0.001 99.99999 50.50", "0.001 99.99999 50.5");
    cr_expect_eq(config.latency_percentile_count, 3);
    takes(name, "33.333333333333 12.3456789012345678", "33.333333 12.345679");
    takes(name, "1e1", "10");
    takes(name, "", "");
    refuses(name, "nan", "Invalid latency-tracking-info-percentiles parameters");
    refuses(name, "  5", "Invalid latency-tracking-info-percentiles parameters");
    refuses(name, "101", "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
    refuses(name, "inf", "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
}

Test(server_config_value, events)
{
    const char *name = "notify-keyspace-events";
    takes(name, "KEA", "AKE");
    cr_expect_eq(config.notify_keyspace_events & 3, 3);
    cr_expect(config.notify_keyspace_events & EVENT_EXPIRED);
    cr_expect_not(config.notify_keyspace_events & (EVENT_KEY_MISS | EVENT_NEW));
    takes(name, "KEg$lshzxetd", "AKE");
    takes(name, "xKEn", "xnKE");
    takes(name, "KEmA", "AKEm");
    takes(name, "", "");
    refuses(name, "KEy", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
}

Test(server_config_value, save_rules_are_pairs)
{
    takes("save", "60 1", "60 1");
    takes("save", "60 1 5 0", "60 1 5 0");
    refuses("save", "60", "Invalid save parameters");
    refuses("save", "0 1", "Invalid save parameters");
    refuses("save", "60 -1", "Invalid save parameters");
    refuses("save", "60 x", "Invalid save parameters");
    takes("save", "", "");
}

Test(server_config_value, what_cannot_be_obeyed_is_refused)
{
    refuses("appendonly", "yes", "persistence isn't available in this server yet");
    refuses("tls-port", "7000", "TLS isn't available in this server yet");
    refuses("tls-port", "x", "argument couldn't be parsed into an integer");
    refuses("tls-cert-file", "/a", "TLS isn't available in this server yet");
    refuses("replicaof", "1.2.3.4 6379", "replication isn't available in this server yet");
    takes("replicaof", "no one", "");
    refuses("masterauth", "x", "replication isn't available in this server yet");
    refuses("min-slaves-to-write", "1", "replication isn't available in this server yet");
    refuses("cluster-enabled", "yes", "cluster mode isn't available in this server yet");
    refuses("aclfile", "/a", "access control lists aren't available in this server yet");
}

static int refused_directory(const char *path)
{
    cr_expect_str_eq(path, "/nowhere");
    errno = ENOENT;
    return -1;
}

static char *some_directory(char *out, size_t size)
{
    snprintf(out, size, "/somewhere");
    return out;
}

Test(server_config_value, directory)
{
    setting_use_directory(refused_directory, some_directory);
    cr_expect_str_eq(shown("dir"), "/somewhere");
    refuses("dir", "/nowhere", "No such file or directory");
    setting_use_directory(NULL, NULL);
    takes("dir", "/", "/");
    cr_expect_not(setting_is_default(setting_find(SLICE("dir"))));
}

static void writes(const char *name, const char *value, const char *expected)
{
    struct buf b = BUF_EMPTY;
    cr_expect_null(try_set(name, value));
    setting_write(setting_find(slice_of(name)), &b);
    cr_expect(slice_eq(config_text(&b), slice_of(expected)), "%.*s", (int)b.len, b.data);
    buf_deinit(&b);
}

Test(server_config_value, lines_for_a_file)
{
    writes("maxmemory", "1073741824", "maxmemory 1gb\n");
    writes("maxmemory", "1000", "maxmemory 1000\n");
    writes("maxmemory-clients", "20%", "maxmemory-clients 20%\n");
    writes("maxmemory-clients", "2048", "maxmemory-clients 2kb\n");
    writes("requirepass", "a \"b\n\x01", "requirepass \"a \\\"b\\n\\x01\"\n");
    writes("requirepass", "", "requirepass \"\"\n");
    writes("bind", "", "bind \"\"\n");
    writes("bind", "1.1.1.1 -::1", "bind 1.1.1.1 -::1\n");
    writes("unixsocketperm", "700", "unixsocketperm 700\n");
    writes("client-output-buffer-limit", "normal 1024 1 2",
           "client-output-buffer-limit normal 1kb 1 2\nclient-output-buffer-limit replica 256mb 64mb 60\n"
           "client-output-buffer-limit pubsub 32mb 8mb 60\n");
}
