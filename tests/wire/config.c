/* CONFIG GET SET REWRITE RESETSTAT HELP, and how a server is configured at its start. */
#include "tests/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

WIRE_SUITE(config);

#define FAILED "ERR CONFIG SET failed (possibly related to argument '"

/* A file of this test's own, removed with the server's directory. */
static const char *make_file(const struct wire_server *s, const char *name, const char *text)
{
    static char paths[8][160];
    static unsigned used;
    char *path = paths[used++ % 8];
    snprintf(path, sizeof(paths[0]), "%s/%s", s->dir, name);
    FILE *f = fopen(path, "w");
    cr_assert(f);
    fputs(text, f);
    fclose(f);
    return path;
}

static char *read_file(const char *path)
{
    char *text = calloc(1, 65536);
    FILE *f = fopen(path, "r");
    cr_assert(f);
    cr_assert_lt(fread(text, 1, 65535, f), 65535);
    fclose(f);
    return text;
}

static void shows(redisContext *c, const char *name, const char *value)
{
    redisReply *r = wire_command(c, "CONFIG GET %s", name);
    cr_assert_eq(r->elements, 2, "CONFIG GET %s: %zu elements", name, r->elements);
    cr_expect_str_eq(r->element[1]->str, value, "%s is %s", name, r->element[1]->str);
    freeReplyObject(r);
}

Test(config, get_takes_names_and_patterns)
{
    redisContext *c = wire_client();
    expect(c, "[\"timeout\" \"0\"]", "CONFIG GET timeout");
    expect(c, "[\"TIMEOUT\" \"0\"]", "CONFIG GET TIMEOUT");
    expect(c, "[]", "CONFIG GET nothing");
    expect(c, "[]", "CONFIG GET nothing*");
    expect(c, "[\"timeout\" \"0\"]", "CONFIG GET timeout TIMEOUT Time[o]u? nothing");
    expect_unordered(c, "[\"10\" \"5000\" \"busy-reply-threshold\" \"hz\"]", "CONFIG GET HZ* busy-reply*");
    expect_unordered(c, "[\"-2\" \"-2\" \"list-max-listpack-size\" \"list-max-ziplist-size\"]",
                     "CONFIG GET list-max-*");
    expect(c, "[]", "CONFIG GET watchdog*");
    expect(c, "[\"watchdog-period\" \"0\"]", "CONFIG GET watchdog-period");
    expect3(resp3_client(), "{\"timeout\" \"0\"}", "CONFIG GET timeout");
    expect3(resp3_client(), "{}", "CONFIG GET nothing");
    expect_error(c, "ERR wrong number of arguments for 'config|get' command", "CONFIG GET");
}

Test(config, every_value_shown_is_accepted_back_or_cannot_be_set_at_all)
{
    redisContext *c = wire_client();
    redisReply *all = wire_command(c, "CONFIG GET *");
    cr_assert_gt(all->elements, 380);
    unsigned accepted = 0;
    for (size_t i = 0; i < all->elements; i += 2) {
        const char *name = all->element[i]->str;
        redisReply *r =
            wire_command(c, "CONFIG SET %s %b", name, all->element[i + 1]->str, all->element[i + 1]->len);
        if (r->type == REDIS_REPLY_ERROR)
            cr_expect(strstr(r->str, "can't set immutable config") ||
                          strstr(r->str, "can't set protected config"),
                      "%s: %s", name, r->str);
        else
            accepted++;
        freeReplyObject(r);
    }
    cr_expect_gt(accepted, 150);
    freeReplyObject(all);
    expect(c, "+PONG", "PING");
}

Test(config, set_refuses_with_the_reason)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR wrong number of arguments for 'config|set' command", "CONFIG SET");
    expect_error(c, "ERR wrong number of arguments for 'config|set' command", "CONFIG SET timeout");
    expect_error(c, "ERR syntax error", "CONFIG SET timeout 1 hz");
    expect_error(c, "ERR Unknown option or number of arguments for CONFIG SET - 'foo'", "CONFIG SET foo 1");
    expect_error(c, "ERR Unknown option or number of arguments for CONFIG SET - 'foo'",
                 "CONFIG SET timeout 1 foo 1");
    expect_error(c, FAILED "timeout') - duplicate parameter", "CONFIG SET timeout 1 timeout 2");
    expect_error(c, FAILED "databases') - can't set immutable config", "CONFIG SET databases 3 foo 1");
    expect_error(c, FAILED "dir') - can't set protected config", "CONFIG SET dir /");
    expect_error(c, FAILED "timeout') - argument couldn't be parsed into an integer", "CONFIG SET TIMEOUT x");
    expect_error(c, FAILED "timeout') - argument must be between 0 and 2147483647 inclusive",
                 "CONFIG SET timeout -1");
    expect_error(c, FAILED "maxmemory') - argument must be a memory value", "CONFIG SET maxmemory 1x");
    expect_error(c, FAILED "maxmemory-clients') - percentage argument must be less or equal to 100",
                 "CONFIG SET maxmemory-clients 101%%");
    expect_error(c, FAILED "latency-tracking') - argument must be 'yes' or 'no'",
                 "CONFIG SET latency-tracking 1");
    expect_error(c, FAILED "appendfsync') - argument(s) must be one of the following: everysec, always, no",
                 "CONFIG SET appendfsync maybe");
    expect_error(c, FAILED "save') - Invalid save parameters", "CONFIG SET save 60");
    expect_error(c, FAILED "notify-keyspace-events') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
                 "CONFIG SET notify-keyspace-events Q");
}

Test(config, set_takes_all_or_nothing)
{
    redisContext *c = wire_client();
    expect_error(c, FAILED "hz') - argument couldn't be parsed into an integer",
                 "CONFIG SET timeout 5 requirepass secret slowlog-max-len 3 hz x");
    shows(c, "timeout", "0");
    shows(c, "requirepass", "");
    shows(c, "slowlog-max-len", "128");
    struct wire_server *s = wire_start("--port", "0", NULL);
    c = wire_client_of(s);
    expect_ok(c, "CONFIG SET timeout 5 slowlog-max-len 3 MAXMEMORY 1gb");
    shows(c, "timeout", "5");
    shows(c, "slowlog-max-len", "3");
    shows(c, "maxmemory", "1073741824");
}

Test(config, values_are_shown_as_redis_shows_them)
{
    struct wire_server *s = wire_start(NULL, NULL);
    redisContext *c = wire_client_of(s);
    static const char *const cases[][3] = {
        {"maxmemory", "10mb", "10485760"},
        {"maxmemory-clients", "5%", "5%"},
        {"maxmemory-policy", "ALLKEYS-lru", "allkeys-lru"},
        {"client-output-buffer-limit", "replica 1kb 2kb 3",
         "normal 0 0 0 slave 1024 2048 3 pubsub 33554432 8388608 60"},
        {"notify-keyspace-events", "KEA", "AKE"},
        {"notify-keyspace-events", "Elg", "glE"},
        {"notify-keyspace-events", "mEnKg", "gnKEm"},
        {"notify-keyspace-events", "KEAmn", "AKEm"},
        {"latency-tracking-info-percentiles", "50.50 99.9999", "50.5 99.9999"},
        {"shutdown-on-sigterm", "now nosave", "nosave now"},
        {"oom-score-adj-values", "1 2 3", "1 2 3"},
        {"hz", "1000", "500"},
        {"lua-time-limit", "7", "7"},
        {"busy-reply-threshold", "8", "8"},
        {"hash-max-ziplist-entries", "9", "9"},
        {"slave-priority", "77", "77"},
        {"io-threads-do-reads", NULL, "no"},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (cases[i][1])
            expect_ok(c, "CONFIG SET %s %s", cases[i][0], cases[i][1]);
        shows(c, cases[i][0], cases[i][2]);
    }
    shows(c, "lua-time-limit", "8");
    shows(c, "hash-max-listpack-entries", "9");
    shows(c, "replica-priority", "77");
}

Test(config, what_is_not_there_yet_is_refused)
{
    if (wire_is_redis())
        cr_skip_test("Redis has all of it");
    redisContext *c = wire_client();
    expect_error(c, FAILED "appendonly') - persistence isn't available in this server yet",
                 "CONFIG SET appendonly yes");
    expect_error(c, FAILED "tls-port') - TLS isn't available in this server yet", "CONFIG SET tls-port 7000");
    expect_error(c, FAILED "masterauth') - replication isn't available in this server yet",
                 "CONFIG SET masterauth x");
    expect_ok(c, "CONFIG SET appendonly no save %s", "");
}

Test(config, resetstat_zeroes_counters)
{
    redisContext *c = wire_client();
    expect_nil(c, "GET none");
    cr_assert_gt(wire_info_int(c, "keyspace_misses"), 0);
    expect_ok(c, "CONFIG RESETSTAT");
    cr_expect_eq(wire_info_int(c, "keyspace_misses"), 0);
    expect_error(c, "ERR wrong number of arguments for 'config|resetstat' command", "CONFIG RESETSTAT x");
}

Test(config, help_and_unknown_subcommands)
{
    redisContext *c = wire_client();
    redisReply *r = wire_command(c, "CONFIG HELP");
    cr_assert_eq(r->elements, 11);
    cr_expect_str_eq(r->element[0]->str, "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    cr_expect_str_eq(r->element[1]->str, "GET <pattern>");
    freeReplyObject(r);
    expect_error(c, "ERR unknown subcommand 'foo'. Try CONFIG HELP.", "CONFIG foo");
    expect_error(c, "ERR wrong number of arguments for 'config' command", "CONFIG");
    expect_error(c, "ERR wrong number of arguments for 'config|help' command", "CONFIG HELP x");
}

Test(config, rewrite_needs_a_file)
{
    expect_error(wire_client(), "ERR The server is running without a config file", "CONFIG REWRITE");
    expect_error(wire_client(), "ERR wrong number of arguments for 'config|rewrite' command",
                 "CONFIG REWRITE x");
}

Test(config, rewrite_keeps_comments_and_a_restart_finds_the_settings)
{
    struct wire_server *home = wire_start(NULL, NULL);
    const char *path = make_file(home, "a.conf", "# mine\nmaxmemory 100mb\n\n# the end\n");
    struct wire_server *s = wire_start(path, NULL);
    redisContext *c = wire_client_of(s);
    shows(c, "maxmemory", "104857600");
    expect_ok(c, "CONFIG SET maxmemory 2gb requirepass %s slowlog-max-len 5", "a \"b");
    expect_ok(c, "AUTH %s", "a \"b");
    expect_ok(c, "CONFIG REWRITE");
    char *text = read_file(path);
    cr_expect(strncmp(text, "# mine\nmaxmemory 2gb\n\n# the end\n", 32) == 0, "%s", text);
    cr_expect(strstr(text, "# Generated by CONFIG REWRITE\n"), "%s", text);
    cr_expect(strstr(text, "slowlog-max-len 5\n"), "%s", text);
    free(text);
    s = wire_start(path, NULL); /* the first one stays: the file names its directory now */
    c = wire_client_of(s);
    expect_error_like(c, "NOAUTH", "CONFIG GET maxmemory");
    expect_ok(c, "AUTH %s", "a \"b");
    shows(c, "maxmemory", "2147483648");
    shows(c, "slowlog-max-len", "5");
    expect_ok(c, "CONFIG REWRITE");
}

Test(config, file_with_includes_and_renamed_commands)
{
    struct wire_server *home = wire_start(NULL, NULL);
    make_file(home, "one.inc", "timeout 11\r\nslowlog-max-len 7\r\n");
    char text[512];
    snprintf(text, sizeof(text),
             "  # comment\n\nTIMEOUT 5\ninclude %s/*.inc\nrename-command FLUSHALL \"\"\nrename-command "
             "dbsize Count\n"
             "client-output-buffer-limit pubsub 1mb 1mb 1\nbind 127.0.0.1 -::1\n",
             home->dir);
    struct wire_server *s = wire_start(make_file(home, "a.conf", text), "--slowlog-max-len", "9", NULL);
    redisContext *c = wire_client_of(s);
    shows(c, "timeout", "11");
    shows(c, "slowlog-max-len", "9");
    expect_error_like(c, "ERR unknown command 'FLUSHALL'", "FLUSHALL");
    expect_error_like(c, "ERR unknown command 'DBSIZE'", "DBSIZE");
    expect_int(c, 0, "COUNT");
}

/* The start fails and says `expected`. */
static void cannot_start(const char *file, const char *text, const char *expected)
{
    struct wire_server *home = wire_shared();
    const char *path = make_file(home, file, text);
    int status = 0;
    char *said = wire_start_fails(&status, path, "--port", "0", NULL);
    cr_expect_neq(status, 0);
    cr_expect(strstr(said, expected), "instead of: %s\n%s", expected, said);
    free(said);
    unlink(path);
}

Test(config, a_bad_file_stops_the_start_and_names_the_place)
{
    cannot_start("a.conf", "timeout 5\n\n# c\nhz x\n",
                 "at line 4\n>>> 'hz x'\nargument couldn't be parsed into an integer\n");
    cannot_start("a.conf", "no-such-setting 5\n",
                 "at line 1\n>>> 'no-such-setting 5'\nBad directive or wrong number of arguments\n");
    cannot_start("a.conf", "requirepass \"x\n", "Unbalanced quotes in configuration line\n");
    cannot_start("a.conf", "rename-command nothing x\n", "No such command in rename-command\n");
    cannot_start("a.conf", "port\n", "wrong number of arguments\n");
    int status = 0;
    char *said = wire_start_fails(&status, "/nonexistent/a.conf", NULL);
    cr_expect_neq(status, 0);
    cr_expect(strstr(said, "can't open config file '/nonexistent/a.conf': No such file or directory"), "%s",
              said);
    free(said);
    said = wire_start_fails(&status, "--port", "0", "--timeout", "x", NULL);
    cr_expect_neq(status, 0);
    cr_expect(strstr(said, ">>> 'timeout \"x\"'\nargument couldn't be parsed into an integer\n"), "%s", said);
    free(said);
}

Test(config, what_would_lose_something_stops_the_start)
{
    if (wire_is_redis())
        cr_skip_test("Redis has all of it");
    static const char *const lines[] = {"user alice on nopass",    "aclfile /etc/users.acl",
                                        "tls-port 7000",           "loadmodule /tmp/x.so",
                                        "replicaof 127.0.0.1 1",   "cluster-enabled yes",
                                        "appendonly yes",          "masterauth x",
                                        "min-replicas-to-write 1", NULL};
    for (unsigned i = 0; lines[i]; i++) {
        char expected[128];
        snprintf(expected, sizeof(expected), "at line 1\n>>> '%s'\n", lines[i]);
        cannot_start("a.conf", lines[i], expected);
    }
}

/* Redis itself writes every setting that it has into a file; Hearth takes that file. */
Test(config, loads_a_whole_file_of_redis)
{
    const char *redis = getenv("REDIS_SERVER");
    if (!redis || !*redis || wire_is_redis())
        cr_skip_test("no Redis to write the file");
    struct wire_server *home = wire_start(NULL, NULL);
    const char *path = make_file(home, "redis.conf", "enable-debug-command yes\nsave \"\"\nport 0\n");
    char command[1024];
    snprintf(command, sizeof(command),
             "'%s' %s --unixsocket %s/r.sock --daemonize yes --dir %s --logfile %s/r.log && for i in $(seq "
             "100); do "
             "redis-cli -s %s/r.sock debug config-rewrite-force-all 2>/dev/null | grep -q OK && break; sleep "
             "0.05; done; "
             "redis-cli -s %s/r.sock shutdown nosave",
             redis, path, home->dir, home->dir, home->dir, home->dir, home->dir);
    if (system(command) != 0)
        cr_skip_test("Redis didn't write the file");
    char *text = read_file(path);
    cr_assert(strstr(text, "zset-max-listpack-value"), "%s", text);
    free(text);
    struct wire_server *s = wire_start(path, "--daemonize", "no", "--logfile", "", NULL);
    char *log = wire_log(s);
    cr_expect(strstr(log, "'io-threads' has no meaning here"), "%s", log);
    free(log);
    shows(wire_client_of(s), "zset-max-listpack-value", "64");
}

Test(config, check_config_tells_without_starting)
{
    if (wire_is_redis())
        cr_skip_test("ours alone");
    int status = 1;
    char *said = wire_start_fails(&status, "--check-config", "--port", "0", "--timeout", "5", NULL);
    cr_expect_eq(status, 0);
    cr_expect(strstr(said, "The configuration is fine."), "%s", said);
    free(said);
    said = wire_start_fails(&status, "--check-config", "--port", "x", NULL);
    cr_expect_neq(status, 0);
    free(said);
    said = wire_start_fails(&status, "--help", NULL);
    cr_expect_eq(status, 0);
    cr_expect(strstr(said, "Usage: hearth-server"), "%s", said);
    free(said);
    said = wire_start_fails(&status, "--version", NULL);
    cr_expect(strstr(said, "Hearth server v="), "%s", said);
    free(said);
}
