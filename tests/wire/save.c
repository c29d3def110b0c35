/* save: snapshots: SAVE, BGSAVE, LASTSAVE, the rules of `save`, what the end of the server saves,
 * what its start loads, and what happens when saving fails. */
#include "tests/wire/wire.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

/* A directory that outlives the servers of a test: those that load what others saved. */
static char home[64];

static void begin(void)
{
    wire_begin();
    snprintf(home, sizeof home, "/tmp/hearth-save-XXXXXX");
    if (!mkdtemp(home))
        abort();
}

static void end(void)
{
    char command[128];
    wire_end();
    snprintf(command, sizeof command, "rm -rf %s", home);
    cr_expect_eq(system(command), 0);
}

TestSuite(save, .init = begin, .fini = end, .timeout = 120);

#define MISCONF                                                                                              \
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk."

static const char *file_name(void)
{
    return wire_is_redis() ? "dump.rdb" : "hearth.snapshot";
}

static const char *in_home(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", home, name);
    return path;
}

static bool exists(const char *name)
{
    return access(in_home(name), F_OK) == 0;
}

/* Nothing else is in the directory: no temporary file was left behind. */
static void expect_clean(void)
{
    char command[128];
    snprintf(command, sizeof command, "ls %s | grep -v '^%s$' | grep -q .", home, file_name());
    cr_expect_neq(system(command), 0, "something was left behind");
}

static struct wire_server *start(void)
{
    return wire_start("--dir", home, NULL);
}

static struct wire_server *start_saving(const char *rules)
{
    return wire_start("--dir", home, "--save", rules, NULL);
}

static void expect_info(redisContext *c, const char *field, const char *value)
{
    char *is = wire_info(c, field);
    cr_assert(is && strcmp(is, value) == 0, "%s is %s instead of %s", field, is ? is : "missing", value);
    free(is);
}

/* Waits until a field of INFO is this. */
static void expect_info_soon(redisContext *c, const char *field, const char *value)
{
    for (int ms = 0;; ms += 5) {
        char *is = wire_info(c, field);
        bool same = is && strcmp(is, value) == 0;
        if (!same && ms > PATIENCE_MS)
            cr_assert_fail("%s stays %s instead of %s", field, is ? is : "missing", value);
        free(is);
        if (same)
            return;
        wire_pause_ms(5);
    }
}

static void expect_saved_soon(redisContext *c)
{
    expect_info_soon(c, "rdb_bgsave_in_progress", "0");
    expect_info(c, "rdb_last_bgsave_status", "ok");
}

/* What can't become the snapshot's name: a directory with something in it. */
static void block_name(void)
{
    unlink(in_home(file_name()));
    cr_assert_eq(mkdir(in_home(file_name()), 0700), 0);
    char below[160];
    snprintf(below, sizeof below, "%s/x", in_home(file_name()));
    cr_assert_eq(mkdir(below, 0700), 0);
}

static void free_name(void)
{
    char below[160];
    snprintf(below, sizeof below, "%s/x", in_home(file_name()));
    cr_assert_eq(rmdir(below), 0);
    cr_assert_eq(rmdir(in_home(file_name())), 0);
}

/* ---- what comes back ------------------------------------------------------------ */

static void fill(redisContext *c)
{
    char *big = malloc(100000);
    memset(big, 'b', 100000);
    expect_ok(c, "SET string text");
    expect_ok(c, "SET empty %s", "");
    expect_ok(c, "SET number -1234567890123");
    expect_ok(c, "SET big %b", big, (size_t)100000);
    expect_ok(c, "SET ending x EX 1000");
    expect_int(c, 4, "APPEND grown abcd");
    expect_int(c, 0, "SETBIT bits 1000 1");
    expect_int(c, 2, "HSET hash a 1 b 2");
    expect_int(c, 3, "RPUSH list a 2 c");
    expect_int(c, 3, "SADD ints 1 2 300000");
    expect_int(c, 2, "SADD set a b");
    expect_int(c, 2, "ZADD zset 1.5 a -inf b");
    expect_int(c, 1, "GEOADD geo 13.361389 38.115556 Palermo");
    expect_int(c, 1, "PFADD unique a b c");
    for (int i = 0; i < 600; i++) {
        expect_int(c, 1, "HSET hashes f%d v%d", i, i);
        expect_int(c, i + 1, "RPUSH lists element-%d-%0100d", i, i);
        expect_int(c, 1, "SADD sets m%d", i);
        expect_int(c, 1, "ZADD zsets %d m%d", i % 7, i);
        expect_int(c, 1, "SADD intsets %d", i * 1000);
    }
    expect_int(c, 1, "EXPIRE lists 500");
    if (!wire_is_redis()) {
        expect(c, "[1]", "HEXPIRE hash 700 FIELDS 1 a");
        expect(c, "[1]", "HEXPIRE hashes 800 FIELDS 1 f5");
    }
    expect_ok(c, "SELECT 9");
    expect_ok(c, "SET other database");
    expect_ok(c, "SELECT 0");
    free(big);
}

static void expect_filled(redisContext *c)
{
    expect_int(c, 19, "DBSIZE");
    expect_between(c, 900, 1000, "TTL ending");
    expect_between(c, 400, 500, "TTL lists");
    expect_int(c, -1, "TTL string");
    expect_bulk(c, "intset", "OBJECT ENCODING ints");
    expect_bulk(c, "listpack", "OBJECT ENCODING set");
    expect_bulk(c, "hashtable", "OBJECT ENCODING hashes");
    expect_bulk(c, "quicklist", "OBJECT ENCODING lists");
    expect_bulk(c, "skiplist", "OBJECT ENCODING zsets");
    expect_bulk(c, "int", "OBJECT ENCODING number");
    expect_bulk(c, "v599", "HGET hashes f599");
    if (!wire_is_redis()) {
        redisReply *r = wire_command(c, "HTTL hash FIELDS 2 a b");
        cr_expect(r->element[0]->integer > 600 && r->element[0]->integer <= 700);
        cr_expect_eq(r->element[1]->integer, -1);
        freeReplyObject(r);
        r = wire_command(c, "HTTL hashes FIELDS 1 f5");
        cr_expect(r->element[0]->integer > 700 && r->element[0]->integer <= 800);
        freeReplyObject(r);
    }
}

Test(save, every_type_comes_back_after_kill)
{
    struct wire_server *s = start();
    redisContext *c = wire_client_of(s);
    fill(c);
    char *before = wire_text(c, "DEBUG DIGEST");
    expect_ok(c, "SAVE");
    expect_ok(c, "SET late lost");
    wire_kill(s);
    expect_clean();
    c = wire_client_of(start());
    expect_soon(c, "19", "DBSIZE");
    expect_filled(c);
    expect_nil(c, "GET late");
    char *after = wire_text(c, "DEBUG DIGEST");
    cr_expect_str_eq(before, after);
    free(before);
    free(after);
    expect_info(c, "rdb_last_load_keys_loaded", "20");
    expect_info(c, "rdb_changes_since_last_save", "0");
}

Test(save, keys_that_ended_meanwhile_stay_away)
{
    struct wire_server *s = start();
    redisContext *c = wire_client_of(s);
    expect_ok(c, "DEBUG SET-ACTIVE-EXPIRE 0");
    expect_ok(c, "SET stays 1");
    expect_ok(c, "SET goes 1 PX 300");
    expect_ok(c, "SAVE");
    wire_kill(s);
    wire_pause_ms(400);
    c = wire_client_of(start());
    expect_soon(c, "1", "DBSIZE");
    expect_info(c, "rdb_last_load_keys_loaded", "1");
    expect_info(c, "rdb_last_load_keys_expired", "1");
}

Test(save, a_background_save_is_one_moment)
{
    struct wire_server *s = start();
    redisContext *c = wire_client_of(s), *other = wire_client_of(s);
    expect_ok(c, "DEBUG POPULATE 3000 key 100");
    expect_ok(c, "CONFIG SET rdb-key-save-delay 100");
    for (int i = 1; i <= 50; i++) {
        expect_ok(other, "MULTI");
        expect_queued(other, "INCR a");
        expect_queued(other, "LPUSH b x");
        char both[32];
        snprintf(both, sizeof both, "[%d %d]", i, i);
        expect(other, both, "EXEC");
    }
    expect_bulk(c, "50", "GET a");
    expect(c, "+Background saving started", "BGSAVE");
    expect_int(c, 51, "INCR a");
    expect_ok(c, "SET key:0 other");
    expect_int(c, 1, "DEL key:2999");
    expect_ok(c, "CONFIG SET rdb-key-save-delay 0");
    expect_saved_soon(c);
    expect_info(c, "rdb_changes_since_last_save", "3");
    wire_kill(s);
    c = wire_client_of(start());
    expect_soon(c, "3002", "DBSIZE");
    expect_bulk(c, "50", "GET a");
    expect_int(c, 50, "LLEN b");
    expect_int(c, 100, "STRLEN key:0");
}

/* ---- commands ---------------------------------------------------------------------- */

Test(save, only_one_at_a_time)
{
    struct wire_server *s = start();
    redisContext *c = wire_client_of(s);
    expect_error(c, "ERR syntax error", "BGSAVE nosuch");
    expect_error(c, "ERR syntax error", "BGSAVE SCHEDULE x");
    expect_error(c, "ERR wrong number of arguments for 'save' command", "SAVE x");
    expect_error(c, "ERR wrong number of arguments for 'lastsave' command", "LASTSAVE x");
    expect_ok(c, "DEBUG POPULATE 1000");
    expect_ok(c, "CONFIG SET rdb-key-save-delay 100000");
    expect_between(c, time(NULL) - 60, time(NULL) + 1, "LASTSAVE");
    expect(c, "+Background saving started", "BGSAVE");
    expect_error(c, "ERR Background save already in progress", "BGSAVE");
    expect_error(c, "ERR Background save already in progress", "BGSAVE SCHEDULE");
    expect_error(c, "ERR Background save already in progress", "SAVE");
    expect_info(c, "rdb_bgsave_in_progress", "1");
    expect_info(c, "rdb_saves", "1");
    expect_info(c, "current_save_keys_total", "1000");
    cr_expect_geq(wire_info_int(c, "rdb_current_bgsave_time_sec"), 0);
    cr_expect_gt(wire_info_int(c, "latest_fork_usec"), 0);
    wire_send(c, "SHUTDOWN NOSAVE"); /* ends the child, which would take 100 s */
    expect_closed(c);
    cr_assert_eq(wire_wait_exit(s), 0);
    cr_expect_not(exists(file_name()));
    expect_clean();
}

Test(save, within_a_transaction_it_waits_for_the_end)
{
    struct wire_server *s = start();
    redisContext *c = wire_client_of(s);
    expect_ok(c, "MULTI");
    expect_error(c, "ERR Command not allowed inside a transaction", "SAVE");
    expect_error_like(c, "EXECABORT", "EXEC");
    expect_ok(c, "MULTI");
    expect_queued(c, "SET a 1");
    expect_queued(c, "BGSAVE");
    expect_queued(c, "SET b 1");
    expect(c, "[+OK +Background saving scheduled +OK]", "EXEC");
    expect_info_soon(c, "rdb_changes_since_last_save", "0");
    wire_kill(s);
    c = wire_client_of(start());
    expect_soon(c, "2", "DBSIZE");
}

Test(save, a_connection_ends_while_a_child_lives)
{
    struct wire_server *s = start();
    redisContext *c = wire_client_of(s), *other = wire_client_of(s);
    expect_ok(c, "DEBUG POPULATE 1000");
    expect_ok(c, "CONFIG SET rdb-key-save-delay 100000");
    expect(c, "+Background saving started", "BGSAVE");
    if (!wire_is_redis()) { /* whose child holds it open */
        expect_ok(other, "QUIT");
        expect_closed(other);
    }
    expect_info(c, "rdb_bgsave_in_progress", "1");
}

Test(save, follows_a_change_of_directory)
{
    struct wire_server *s = wire_start("--dir", home, "--enable-protected-configs", "yes", NULL);
    redisContext *c = wire_client_of(s);
    cr_assert_eq(mkdir(in_home("below"), 0700), 0);
    expect_ok(c, "SET a 1");
    expect_ok(c, "CONFIG SET dir %s", in_home("below"));
    expect_ok(c, "SAVE");
    cr_expect_not(exists(file_name()));
    expect_ok(c, "CONFIG SET dir %s", home);
    expect(c, "+Background saving started", "BGSAVE");
    expect_saved_soon(c);
    cr_expect(exists(file_name()));
    char path[64];
    snprintf(path, sizeof path, "below/%s", file_name());
    cr_expect(exists(path));
}

Test(save, a_directory_that_cannot_be_written_to_is_no_hindrance)
{
    struct wire_server *s =
        wire_start("--dir", "/proc", "--save", "3600 1", "--enable-protected-configs", "yes", NULL);
    redisContext *c = wire_client_of(s);
    expect_ok(c, "SET a 1");
    expect_error(c, "ERR", "SAVE");
    cr_assert_eq(mkdir(in_home("gone"), 0700), 0);
    expect_ok(c, "CONFIG SET dir %s", in_home("gone"));
    cr_assert_eq(rmdir(in_home("gone")), 0);
    expect_error(c, "ERR", "SAVE");
    expect(c, "+Background saving started", "BGSAVE");
    expect_info_soon(c, "rdb_last_bgsave_status", "err");
    expect_ok(c, "CONFIG SET dir %s", home);
    expect_ok(c, "SAVE");
    expect_ok(c, "SET a 2");
}

/* ---- rules --------------------------------------------------------------------------- */

Test(save, rules_are_redis_ones_and_change_live)
{
    struct wire_server *s = wire_start(NULL, NULL);
    redisContext *c = wire_client_of(s);
    expect(c, "[\"save\" \"\"]", "CONFIG GET save");
    expect_ok(c, "CONFIG SET save %s", "3600 1 300 100");
    expect(c, "[\"save\" \"3600 1 300 100\"]", "CONFIG GET save");
    expect_error_like(c,
                      "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters",
                      "CONFIG SET save %s", "3600 1 300");
    expect_error_like(c,
                      "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters",
                      "CONFIG SET save %s", "0 1");
}

Test(save, a_rule_saves_when_enough_changed)
{
    struct wire_server *s = wire_start("--dir", home, NULL);
    redisContext *c = wire_client_of(s);
    expect_ok(c, "SET a 1");
    expect_ok(c, "SET b 1");
    expect_info(c, "rdb_changes_since_last_save", "2");
    expect_ok(c, "CONFIG SET save %s", "1 3");
    wire_pause_ms(1500);
    expect_info(c, "rdb_saves", "0");
    expect_ok(c, "SET c 1");
    expect_info_soon(c, "rdb_changes_since_last_save", "0");
    expect_info(c, "rdb_saves", "1");
    wire_kill(s);
    c = wire_client_of(start());
    expect_soon(c, "3", "DBSIZE");
}

Test(save, what_was_flushed_stays_away)
{
    struct wire_server *s = start_saving("3600 1");
    redisContext *c = wire_client_of(s);
    expect_ok(c, "SET a 1");
    expect_ok(c, "SAVE");
    expect_ok(c, "FLUSHALL");
    if (!wire_is_redis()) /* which counts the flush, whether it was saved or not */
        expect_info_soon(c, "rdb_changes_since_last_save", "0");
    wire_kill(s);
    c = wire_client_of(start());
    expect_soon(c, "0", "DBSIZE");
}

/* ---- the end of the server ------------------------------------------------------------- */

static void expect_after_restart(const char *value)
{
    redisContext *c = wire_client_of(start());
    char text[32];
    snprintf(text, sizeof text, "\"%s\"", value);
    expect_soon(c, text, "GET a");
}

Test(save, shutdown_saves_where_a_rule_is_set)
{
    struct wire_server *s = start_saving("3600 1");
    redisContext *c = wire_client_of(s);
    expect_ok(c, "SET a 1");
    wire_send(c, "SHUTDOWN");
    expect_closed(c);
    cr_assert_eq(wire_wait_exit(s), 0);
    s = start();
    c = wire_client_of(s);
    expect_soon(c, "\"1\"", "GET a");
    expect_ok(c, "SET a 2");
    wire_send(c, "SHUTDOWN");
    expect_closed(c);
    cr_assert_eq(wire_wait_exit(s), 0);
    s = start();
    c = wire_client_of(s);
    expect_soon(c, "\"1\"", "GET a");
    expect_ok(c, "SET a 3");
    wire_send(c, "SHUTDOWN SAVE");
    expect_closed(c);
    cr_assert_eq(wire_wait_exit(s), 0);
    s = start_saving("3600 1");
    c = wire_client_of(s);
    expect_soon(c, "\"3\"", "GET a");
    expect_ok(c, "SET a 4");
    wire_send(c, "SHUTDOWN NOSAVE");
    expect_closed(c);
    cr_assert_eq(wire_wait_exit(s), 0);
    expect_after_restart("3");
}

/* What arrived together with SHUTDOWN may still run: then it is saved too. */
Test(save, what_is_acknowledged_behind_shutdown_is_saved)
{
    if (wire_is_redis())
        cr_skip_test("it ends within the command, and its replies with it");
    struct wire_server *s = start_saving("3600 1");
    int fd = raw_client_of(s);
    raw_say(fd, "SET a 1\r\nSHUTDOWN\r\nSET a 2\r\n");
    raw_expect(fd, "+OK\r\n");
    char more[16];
    bool answered = read(fd, more, sizeof more) > 0;
    cr_assert_eq(wire_wait_exit(s), 0);
    expect_after_restart(answered ? "2" : "1");
}

Test(save, signals_save_where_a_rule_is_set)
{
    struct wire_server *s = start_saving("3600 1");
    expect_ok(wire_client_of(s), "SET a 1");
    kill(s->pid, SIGINT);
    cr_assert_eq(wire_wait_exit(s), 0);
    s = start_saving("3600 1");
    redisContext *c = wire_client_of(s);
    expect_soon(c, "\"1\"", "GET a");
    expect_ok(c, "CONFIG SET shutdown-on-sigterm nosave");
    expect_ok(c, "SET a 2");
    kill(s->pid, SIGTERM);
    cr_assert_eq(wire_wait_exit(s), 0);
    s = start();
    c = wire_client_of(s);
    expect_soon(c, "\"1\"", "GET a");
    expect_ok(c, "CONFIG SET shutdown-on-sigterm save");
    expect_ok(c, "SET a 3");
    kill(s->pid, SIGTERM);
    cr_assert_eq(wire_wait_exit(s), 0);
    expect_after_restart("3");
}

Test(save, what_cannot_be_saved_keeps_the_server_up)
{
    struct wire_server *s = start_saving("3600 1");
    redisContext *c = wire_client_of(s);
    expect_ok(c, "SET a 1");
    block_name();
    expect_error(c, "ERR Errors trying to SHUTDOWN. Check logs.", "SHUTDOWN");
    kill(s->pid, SIGTERM);
    for (int ms = 0;; ms += 5) {
        char *log = wire_log(s);
        const char *first = strstr(log, "Errors trying to shut down the server");
        bool twice = first && strstr(first + 1, "Errors trying to shut down the server");
        free(log);
        if (twice)
            break;
        cr_assert_lt(ms, PATIENCE_MS);
        wire_pause_ms(5);
    }
    expect_bulk(c, "1", "GET a");
    wire_send(c, "SHUTDOWN FORCE");
    expect_closed(c);
    cr_assert_eq(wire_wait_exit(s), 0);
    free_name();
}

/* ---- faults -------------------------------------------------------------------------------- */

Test(save, a_failed_save_stops_writes_until_one_succeeds)
{
    struct wire_server *s = start_saving("3600 1");
    redisContext *c = wire_client_of(s);
    expect_ok(c, "SET a 1");
    block_name();
    expect_error(c, "ERR", "SAVE");
    expect_ok(c, "SET a 2"); /* only a background save's failure counts */
    expect(c, "+Background saving started", "BGSAVE");
    expect_info_soon(c, "rdb_last_bgsave_status", "err");
    expect_info(c, "rdb_bgsave_in_progress", "0");
    expect_error_like(c, MISCONF, "SET a 3");
    expect_error_like(c, MISCONF, "DEL a");
    expect_error_like(c, MISCONF, "PING");
    expect_bulk(c, "2", "GET a");
    expect_ok(c, "MULTI");
    expect_error_like(c, MISCONF, "SET a 3");
    expect_error_like(c, "EXECABORT", "EXEC");
    expect_ok(c, "CONFIG SET stop-writes-on-bgsave-error no");
    expect_ok(c, "MULTI");
    expect_queued(c, "SET a 3");
    expect_ok(wire_client_of(s), "CONFIG SET stop-writes-on-bgsave-error yes");
    expect_error_like(c, "EXECABORT Transaction discarded because of: " MISCONF, "EXEC");
    expect_ok(c, "CONFIG SET save %s", "");
    expect_ok(c, "SET a 4");
    expect_ok(c, "CONFIG SET save %s", "3600 1");
    expect_error_like(c, MISCONF, "SET a 5");
    cr_expect_geq(wire_info_int(c, "rdb_changes_since_last_save"), 3);
    free_name();
    expect_ok(c, "SAVE");
    expect_ok(c, "SET a 6");
    expect_info(c, "rdb_last_bgsave_status", "ok");
    expect_clean();
}

/* A limit on the size of files behaves as a full disk does. */
Test(save, a_full_disk_leaves_the_old_snapshot_and_service_resumes_by_itself)
{
    if (wire_is_redis())
        cr_skip_test("the signal that the limit sends ends Redis's child");
    struct wire_server *s = start_saving("3600 1");
    redisContext *c = wire_client_of(s);
    expect_ok(c, "SET a 1");
    expect_ok(c, "SAVE");
    for (int i = 0; i < 3000; i++)
        expect_ok(c, "SET %d:%d:%d %d", rand(), rand(), rand(), rand());
    struct rlimit full = {4096, RLIM_INFINITY}, before;
    cr_assert_eq(prlimit(s->pid, RLIMIT_FSIZE, &full, &before), 0);
    expect_error(c, "ERR", "SAVE");
    expect(c, "+Background saving started", "BGSAVE");
    expect_info_soon(c, "rdb_last_bgsave_status", "err");
    expect_error_like(c, MISCONF, "SET b 1");
    expect_clean();
    cr_assert_eq(prlimit(s->pid, RLIMIT_FSIZE, &before, NULL), 0);
    expect_ok(c, "CONFIG SET save %s", "1 1");
    expect_soon(c, "+OK", "SET b 1"); /* the rule tries again */
    expect_info(c, "rdb_last_bgsave_status", "ok");
    wire_kill(s);
    c = wire_client_of(start());
    expect_soon(c, "\"1\"", "GET a");
}

Test(save, a_killed_child_is_a_failed_save)
{
    struct wire_server *s = start();
    redisContext *c = wire_client_of(s);
    expect_ok(c, "DEBUG POPULATE 1000");
    expect_ok(c, "CONFIG SET rdb-key-save-delay 100000");
    expect(c, "+Background saving started", "BGSAVE");
    char *log = wire_log(s);
    const char *said = strstr(log, "Background saving started by pid ");
    cr_assert(said);
    int pid = atoi(said + strlen("Background saving started by pid "));
    free(log);
    cr_assert_gt(pid, 1);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    expect_info_soon(c, "rdb_last_bgsave_status", "err");
    expect_ok(c, "SET a 1"); /* no rule is set */
    expect_clean();
    log = wire_log(s);
    cr_expect(strstr(log, "Background saving terminated by signal 9"), "%s", log);
    free(log);
}

Test(save, the_child_ends_with_the_server)
{
    struct wire_server *s = start();
    redisContext *c = wire_client_of(s);
    expect_ok(c, "DEBUG POPULATE 1000");
    expect_ok(c, "CONFIG SET rdb-key-save-delay 100000");
    expect(c, "+Background saving started", "BGSAVE");
    char *log = wire_log(s);
    int pid = atoi(strstr(log, "started by pid ") + strlen("started by pid "));
    free(log);
    wire_kill(s);
    if (wire_is_redis()) {
        kill(pid, SIGKILL);
        return;
    }
    for (int ms = 0; kill(pid, 0) == 0; ms += 5) {
        char path[64], state[256] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", pid);
        FILE *f = fopen(path, "r"); /* where nobody reaps orphans it stays as a zombie */
        bool zombie = f && fgets(state, sizeof state, f) && strstr(state, ") Z ");
        if (f)
            fclose(f);
        if (zombie)
            break;
        cr_assert_lt(ms, PATIENCE_MS);
        wire_pause_ms(5);
    }
}

Test(save, a_damaged_snapshot_stops_the_start)
{
    if (wire_is_redis())
        cr_skip_test("its file is another");
    struct wire_server *s = start();
    redisContext *c = wire_client_of(s);
    expect_ok(c, "DEBUG POPULATE 100");
    expect_ok(c, "SAVE");
    wire_kill(s);
    int fd = open(in_home(file_name()), O_RDWR);
    cr_assert_geq(fd, 0);
    off_t middle = lseek(fd, 0, SEEK_END) / 2;
    char byte;
    cr_assert_eq(pread(fd, &byte, 1, middle), 1);
    byte ^= 0x10;
    cr_assert_eq(pwrite(fd, &byte, 1, middle), 1);
    close(fd);
    int status;
    char socket[128];
    snprintf(socket, sizeof socket, "%s", in_home("s"));
    char *log = wire_start_fails(&status, "--port", "0", "--unixsocket", socket, "--dir", home, NULL);
    cr_expect_eq(status, 1);
    cr_expect(strstr(log, "hearth.snapshot") && strstr(log, "at byte "), "%s", log);
    free(log);
    cr_expect(exists(file_name()));
}

/* ---- loading ---------------------------------------------------------------------------------- */

Test(save, while_it_loads_it_says_so)
{
    if (wire_is_redis())
        cr_skip_test("it answers only between two megabytes of a file");
    struct wire_server *s = start();
    redisContext *c = wire_client_of(s);
    expect_ok(c, "DEBUG POPULATE 1000");
    expect_ok(c, "SAVE");
    wire_kill(s);
    s = wire_start("--dir", home, "--key-load-delay", "100000", NULL);
    c = wire_client_of(s);
    expect_error(c, "LOADING Redis is loading the dataset in memory", "GET key:1");
    expect_error(c, "LOADING Redis is loading the dataset in memory", "SET key:1 x");
    expect_error(c, "LOADING Redis is loading the dataset in memory", "BGSAVE");
    expect_info(c, "loading", "1");
    cr_expect_geq(wire_info_int(c, "loading_total_bytes"), 1);
    expect_ok(c, "CONFIG SET key-load-delay 0");
    expect_soon(c, "\"value:1\"", "GET key:1");
    expect_info(c, "loading", "0");
    expect_int(c, 1000, "DBSIZE");
}

Test(save, asked_to_end_it_needs_not_load_first)
{
    if (wire_is_redis())
        cr_skip_test("it answers only between two megabytes of a file");
    struct wire_server *s = start();
    redisContext *c = wire_client_of(s);
    expect_ok(c, "DEBUG POPULATE 1000");
    expect_ok(c, "SAVE");
    wire_kill(s);
    s = wire_start("--dir", home, "--save", "1 1", "--key-load-delay", "100000", NULL);
    kill(s->pid, SIGTERM);
    cr_assert_eq(wire_wait_exit(s), 0);
    s = wire_start("--dir", home, "--save", "1 1", "--key-load-delay", "100000", NULL);
    c = wire_client_of(s);
    wire_send(c, "SHUTDOWN");
    expect_closed(c);
    cr_assert_eq(wire_wait_exit(s), 0);
    c = wire_client_of(start());
    expect_soon(c, "1000", "DBSIZE");
}
