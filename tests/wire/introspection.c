/* INFO, SLOWLOG, LATENCY, MEMORY, DEBUG, and the commands about the server as a whole. */
#include "tests/wire/wire.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

WIRE_SUITE(introspection);

static void expect_text(redisContext *c, const char *part, const char *command)
{
    char *text = wire_text(c, command);
    cr_assert(strstr(text, part), "%s has no %s:\n%s", command, part, text);
    free(text);
}

static void expect_no_text(redisContext *c, const char *part, const char *command)
{
    char *text = wire_text(c, command);
    cr_assert(!strstr(text, part), "%s has %s:\n%s", command, part, text);
    free(text);
}

/* "NAME HELP" answers an array that opens with the name and closes with two lines about HELP. */
static void expect_help(redisContext *c, const char *command)
{
    char first[128];
    int name = (int)strcspn(command, " ");
    snprintf(first, sizeof first, "%.*s <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", name,
             command);
    redisReply *r = wire_command(c, command);
    cr_assert(r->type == REDIS_REPLY_ARRAY && r->elements >= 5, "%s", command);
    cr_assert_str_eq(r->element[0]->str, first);
    cr_assert_str_eq(r->element[r->elements - 2]->str, "HELP");
    freeReplyObject(r);
}

/* ---- INFO --------------------------------------------------------------- */

Test(introspection, info_has_redis_s_sections_in_order)
{
    static const char *const order[] = {"# Server",       "# Clients",     "# Memory",       "# Persistence",
                                        "# Stats",        "# Replication", "# CPU",          "# Modules",
                                        "# Commandstats", "# Errorstats",  "# Latencystats", "# Cluster",
                                        "# Keyspace"};
    char *text = wire_text(wire_client(), "INFO everything"), *at = text;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        char *found = strstr(at, order[i]);
        cr_assert(found, "%s", order[i]);
        cr_assert(found == text || strncmp(found - 4, "\r\n\r\n", 4) == 0, "%s opens after an empty line",
                  order[i]);
        cr_assert(strncmp(found + strlen(order[i]), "\r\n", 2) == 0);
        at = found;
    }
    free(text);
}

Test(introspection, info_gives_the_sections_asked_for)
{
    redisContext *c = wire_client();
    expect(c, "\"# Cluster\\r\\ncluster_enabled:0\\r\\n\"", "INFO cluster");
    expect(c, "\"# Cluster\\r\\ncluster_enabled:0\\r\\n\"", "INFO CLUSTER nosuch Cluster");
    expect(c, "\"\"", "INFO nosuch");
    expect(c, "\"# Cluster\\r\\ncluster_enabled:0\\r\\n\\r\\n# Keyspace\\r\\n\"", "INFO keyspace cluster");
    expect_no_text(c, "# Commandstats", "INFO");
    expect_no_text(c, "# Latencystats", "INFO default");
    expect_text(c, "# Commandstats", "INFO all");
    expect_text(c, "# Modules", "INFO all");
    expect3(resp3_client(), "=txt:\"# Cluster\\r\\ncluster_enabled:0\\r\\n\"", "INFO cluster");
}

Test(introspection, info_server_says_who_it_is)
{
    redisContext *c = wire_client();
    char *mode = wire_info(c, "redis_mode"), *version = wire_info(c, "redis_version"),
         *id = wire_info(c, "run_id");
    cr_assert_str_eq(mode, "standalone");
    cr_assert_eq(strlen(id), 40);
    cr_assert(wire_info_int(c, "process_id") > 1);
    cr_assert(wire_info_int(c, "uptime_in_seconds") >= 0);
    if (!wire_is_redis()) {
        char *hearth = wire_info(c, "hearth_version");
        cr_assert(strncmp(version, "7.2.", 4) == 0 && hearth);
        free(hearth);
    }
    free(mode);
    free(version);
    free(id);
}

Test(introspection, info_replication_is_that_of_a_master_alone)
{
    redisContext *c = wire_client();
    char *role = wire_info(c, "role");
    cr_assert_str_eq(role, "master");
    cr_assert_eq(wire_info_int(c, "connected_slaves"), 0);
    free(role);
}

Test(introspection, info_counts_keys_and_expiries_by_database)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET a 1");
    expect_ok(c, "SET b 1 EX 1000");
    expect_ok(c, "SELECT 3");
    expect_ok(c, "SET c 1");
    expect_text(c, "db0:keys=2,expires=1,avg_ttl=", "INFO keyspace");
    expect_text(c, "db3:keys=1,expires=0,avg_ttl=0\r\n", "INFO keyspace");
    expect_no_text(c, "db1:", "INFO keyspace");
}

Test(introspection, info_counts_hits_misses_commands_and_bytes)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k v");
    expect_ok(c, "CONFIG RESETSTAT");
    cr_assert_eq(wire_info_int(c, "keyspace_hits"), 0);
    expect_bulk(c, "v", "GET k");
    expect_nil(c, "GET none");
    expect_nil(c, "GET none");
    cr_assert_eq(wire_info_int(c, "keyspace_hits"), 1);
    cr_assert_eq(wire_info_int(c, "keyspace_misses"), 2);
    long long commands = wire_info_int(c, "total_commands_processed");
    long long in = wire_info_int(c, "total_net_input_bytes"),
              out = wire_info_int(c, "total_net_output_bytes");
    for (int i = 0; i < 10; i++)
        expect_ok(c, "SET k %s", "0123456789012345678901234567890123456789");
    cr_assert(wire_info_int(c, "total_commands_processed") >= commands + 10);
    cr_assert(wire_info_int(c, "total_net_input_bytes") >= in + 600);
    cr_assert(wire_info_int(c, "total_net_output_bytes") >= out + 50);
    cr_assert(wire_info_int(c, "connected_clients") >= 1);
    cr_assert(wire_info_int(c, "total_reads_processed") > 0);
}

Test(introspection, commandstats_count_calls_failures_and_refusals)
{
    redisContext *c = wire_client();
    expect_ok(c, "CONFIG RESETSTAT");
    expect_ok(c, "SET text x");
    expect_ok(c, "SET other x");
    expect_error(c, "ERR value is not an integer or out of range", "INCR text");
    expect_error(c, "ERR wrong number of arguments for 'incr' command", "INCR");
    expect_bulk(c, "embstr", "OBJECT ENCODING text");
    expect_text(c, "cmdstat_set:calls=2,usec=", "INFO commandstats");
    expect_text(c, "cmdstat_incr:calls=1,usec=", "INFO commandstats");
    expect_text(c, "rejected_calls=1,failed_calls=1\r\n", "INFO commandstats");
    expect_text(c, "cmdstat_object|encoding:calls=1,", "INFO commandstats");
    expect_ok(c, "CONFIG RESETSTAT");
    expect_no_text(c, "cmdstat_set:", "INFO commandstats");
}

Test(introspection, errorstats_count_replies_by_code)
{
    redisContext *c = wire_client();
    expect_ok(c, "CONFIG RESETSTAT");
    expect_error_like(c, "ERR unknown command", "NOSUCH");
    expect_error(c, "ERR syntax error", "SET a b nosuch");
    expect_error(c, "NOTBUSY No scripts in execution right now.", "SCRIPT KILL");
    expect_text(c, "errorstat_ERR:count=2\r\n", "INFO errorstats");
    expect_text(c, "errorstat_NOTBUSY:count=1\r\n", "INFO errorstats");
    cr_assert_eq(wire_info_int(c, "total_error_replies"), 3);
}

Test(introspection, latencystats_show_the_percentiles_asked_for)
{
    redisContext *c = wire_client();
    expect_ok(c, "CONFIG RESETSTAT");
    expect_ok(c, "SET a 1");
    expect_text(c, "latency_percentiles_usec_set:p50=", "INFO latencystats");
    expect_text(c, ",p99=", "INFO latencystats");
    wire_config("latency-tracking-info-percentiles", "12.5 100");
    expect_text(c, "latency_percentiles_usec_set:p12.5=", "INFO latencystats");
    expect_text(c, ",p100=", "INFO latencystats");
    wire_config("latency-tracking", "no");
    expect_no_text(c, "latency_percentiles_usec_", "INFO latencystats");
}

Test(introspection, info_memory_follows_what_is_stored)
{
    redisContext *c = wire_client();
    if (!wire_info_int(c, "used_memory"))
        cr_skip_test("without the real allocator there are no figures");
    long long before = wire_info_int(c, "used_memory");
    expect_ok(c, "DEBUG POPULATE 10000 key 200");
    long long after = wire_info_int(c, "used_memory");
    cr_assert(after > before + 2000000, "%lld, %lld", before, after);
    cr_assert(wire_info_int(c, "used_memory_rss") > 0);
    cr_assert(wire_info_int(c, "used_memory_peak") >= after);
    cr_assert(wire_info_int(c, "used_memory_dataset") > 1000000);
    expect_ok(c, "FLUSHALL");
}

/* ---- SLOWLOG ------------------------------------------------------------- */

static void log_everything(redisContext *c)
{
    wire_config("slowlog-log-slower-than", "0");
    expect_ok(c, "SLOWLOG RESET");
}

Test(introspection, slowlog_notes_requests_newest_first)
{
    redisContext *c = wire_client();
    log_everything(c);
    expect_ok(c, "CLIENT SETNAME me");
    expect_bulk(c, "hello", "ECHO hello");
    redisReply *r = wire_command(c, "SLOWLOG GET 2");
    cr_assert_eq(r->elements, 2);
    redisReply *e = r->element[0];
    cr_assert_eq(e->elements, 6);
    cr_assert_eq(e->element[0]->integer, r->element[1]->element[0]->integer + 1);
    cr_assert(e->element[1]->integer > 1600000000);
    cr_assert(e->element[2]->integer >= 0);
    cr_assert_eq(e->element[3]->elements, 2);
    cr_assert_str_eq(e->element[3]->element[1]->str, "hello");
    cr_assert(strstr(e->element[4]->str, ":0"));
    cr_assert_str_eq(e->element[5]->str, "me");
    freeReplyObject(r);
    cr_assert(wire_int(c, "SLOWLOG LEN") >= 3);
    wire_config("slowlog-log-slower-than", "-1");
    expect_ok(c, "SLOWLOG RESET");
    expect_int(c, 0, "SLOWLOG LEN");
    expect_bulk(c, "hello", "ECHO hello");
    expect(c, "[]", "SLOWLOG GET -1");
}

Test(introspection, slowlog_keeps_as_many_as_it_may)
{
    redisContext *c = wire_client();
    log_everything(c);
    wire_config("slowlog-max-len", "5");
    for (int i = 0; i < 12; i++)
        expect(c, "+PONG", "PING");
    expect_int(c, 5, "SLOWLOG LEN");
    redisReply *r = wire_command(c, "SLOWLOG GET");
    cr_assert_eq(r->elements, 5);
    freeReplyObject(r);
    wire_config("slowlog-max-len", "2");
    expect(c, "+PONG", "PING");
    expect_int(c, 2, "SLOWLOG LEN");
}

Test(introspection, slowlog_cuts_long_and_many_arguments)
{
    redisContext *c = wire_client();
    char value[201];
    memset(value, 'x', 200);
    value[200] = 0;
    log_everything(c);
    expect_bulk(c, value, "ECHO %s", value);
    redisReply *r = wire_command(c, "SLOWLOG GET 1");
    redisReply *args = r->element[0]->element[3];
    cr_assert_eq(args->element[1]->len, 128 + strlen("... (72 more bytes)"));
    cr_assert_str_eq(args->element[1]->str + 128, "... (72 more bytes)");
    freeReplyObject(r);
    expect_int(c, 0,
               "DEL 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 "
               "33 34 35");
    r = wire_command(c, "SLOWLOG GET 1");
    args = r->element[0]->element[3];
    cr_assert_eq(args->elements, 32);
    cr_assert_str_eq(args->element[31]->str, "... (5 more arguments)");
    freeReplyObject(r);
}

Test(introspection, slowlog_shows_no_password)
{
    redisContext *c = wire_client();
    log_everything(c);
    expect_error_like(c, "", "AUTH user secret-1");
    expect_error_like(c, "", "HELLO 2 AUTH user secret-2");
    expect_ok(c, "CONFIG SET requirepass secret-3");
    expect_ok(c, "CONFIG SET requirepass %s", "");
    char *text = wire_reply_text(wire_command(c, "SLOWLOG GET -1"));
    cr_assert(!strstr(text, "secret"), "%s", text);
    cr_assert(strstr(text, "(redacted)"));
    free(text);
}

Test(introspection, slowlog_refuses_what_it_does_not_know)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR count should be greater than or equal to -1", "SLOWLOG GET -2");
    expect_error(c, "ERR count should be greater than or equal to -1", "SLOWLOG GET x");
    expect_error(c, "ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP.",
                 "SLOWLOG GET 1 2");
    expect_error(c, "ERR unknown subcommand 'nosuch'. Try SLOWLOG HELP.", "SLOWLOG nosuch");
    expect_error(c, "ERR wrong number of arguments for 'slowlog|len' command", "SLOWLOG LEN x");
    expect_error(c, "ERR wrong number of arguments for 'slowlog' command", "SLOWLOG");
    expect_help(c, "SLOWLOG HELP");
}

/* ---- LATENCY -------------------------------------------------------------- */

Test(introspection, latency_remembers_spikes_by_event)
{
    redisContext *c = wire_client();
    resp3_destroy(resp3_command(resp3_client(), "LATENCY RESET"));
    wire_config("latency-monitor-threshold", "10");
    expect_ok(c, "DEBUG SLEEP 0.03");
    redisReply *r = wire_command(c, "LATENCY LATEST");
    cr_assert_eq(r->elements, 1);
    cr_assert_str_eq(r->element[0]->element[0]->str, "command");
    cr_assert(r->element[0]->element[2]->integer >= 30);
    cr_assert(r->element[0]->element[3]->integer >= 30);
    freeReplyObject(r);
    r = wire_command(c, "LATENCY HISTORY command");
    cr_assert_eq(r->elements, 1);
    cr_assert_eq(r->element[0]->elements, 2);
    freeReplyObject(r);
    expect_text(c, "command - high ", "LATENCY GRAPH command");
    expect_text(c, "command: 1 ", "LATENCY DOCTOR");
    expect_int(c, 0, "LATENCY RESET nosuch");
    expect_int(c, 1, "LATENCY RESET nosuch command");
    expect(c, "[]", "LATENCY LATEST");
    expect(c, "[]", "LATENCY HISTORY command");
    expect_error(c, "ERR No samples available for event 'command'", "LATENCY GRAPH command");
}

Test(introspection, latency_histograms_are_cumulative_by_command)
{
    redisContext *c = wire_client();
    expect_ok(c, "CONFIG RESETSTAT");
    expect(c, "[]", "LATENCY HISTOGRAM set nosuch");
    for (int i = 0; i < 20; i++)
        expect_ok(c, "SET k v");
    redisReply *r = wire_command(c, "LATENCY HISTOGRAM set");
    cr_assert_eq(r->elements, 2);
    cr_assert_str_eq(r->element[0]->str, "set");
    redisReply *one = r->element[1];
    cr_assert_eq(one->elements, 4);
    cr_assert_str_eq(one->element[0]->str, "calls");
    cr_assert_eq(one->element[1]->integer, 20);
    cr_assert_str_eq(one->element[2]->str, "histogram_usec");
    redisReply *h = one->element[3];
    cr_assert(h->elements >= 2 && h->elements % 2 == 0);
    for (size_t i = 2; i < h->elements; i += 2) {
        cr_assert(h->element[i]->integer > h->element[i - 2]->integer);
        cr_assert(h->element[i + 1]->integer > h->element[i - 1]->integer);
    }
    cr_assert_eq(h->element[h->elements - 1]->integer, 20);
    freeReplyObject(r);
    char *text = wire_reply_text(wire_command(c, "LATENCY HISTOGRAM config"));
    cr_assert(strstr(text, "\"config|resetstat\" [\"calls\" 1 \"histogram_usec\" ["), "%s", text);
    free(text);
    resp3_destroy(resp3_command(resp3_client(), "LATENCY HISTOGRAM"));
}

Test(introspection, latency_refuses_what_it_does_not_know)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR unknown subcommand 'nosuch'. Try LATENCY HELP.", "LATENCY nosuch");
    expect_error(c, "ERR wrong number of arguments for 'latency|graph' command", "LATENCY GRAPH");
    expect_error(c, "ERR wrong number of arguments for 'latency|history' command", "LATENCY HISTORY");
    expect_int(c, 0, "LATENCY RESET");
    expect_help(c, "LATENCY HELP");
}

/* ---- MEMORY ---------------------------------------------------------------- */

Test(introspection, memory_usage_counts_the_value)
{
    redisContext *c = wire_client();
    char value[5001];
    memset(value, 'x', 5000);
    value[5000] = 0;
    expect_ok(c, "SET small v");
    expect_ok(c, "SET big %s", value);
    expect_between(c, 10, 200, "MEMORY USAGE small");
    expect_between(c, 5000, 10000, "MEMORY USAGE big");
    expect_between(c, 5000, 10000, "MEMORY USAGE big SAMPLES 0");
    expect_nil(c, "MEMORY USAGE none");
    expect_error(c, "ERR syntax error", "MEMORY USAGE big SAMPLES");
    expect_error(c, "ERR syntax error", "MEMORY USAGE big SAMPLES -1");
    expect_error(c, "ERR syntax error", "MEMORY USAGE big nosuch 1");
    expect_error(c, "ERR value is not an integer or out of range", "MEMORY USAGE big SAMPLES x");
}

Test(introspection, memory_stats_are_a_map_of_figures)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k v");
    redisReply *r = wire_command(c, "MEMORY STATS");
    cr_assert(r->elements >= 56 && r->elements % 2 == 0);
    bool keys = false, database = false;
    for (size_t i = 0; i < r->elements; i += 2) {
        keys |= strcmp(r->element[i]->str, "keys.count") == 0 && r->element[i + 1]->integer == 1;
        database |= strcmp(r->element[i]->str, "db.0") == 0;
    }
    cr_assert(keys && database);
    freeReplyObject(r);
    resp3_destroy(resp3_command(resp3_client(), "MEMORY STATS"));
}

Test(introspection, memory_answers_its_other_subcommands)
{
    redisContext *c = wire_client();
    expect_ok(c, "MEMORY PURGE");
    free(wire_text(c, "MEMORY DOCTOR"));
    free(wire_text(c, "MEMORY MALLOC-STATS"));
    resp3_destroy(resp3_command(resp3_client(), "MEMORY DOCTOR"));
    expect_error(c, "ERR unknown subcommand 'nosuch'. Try MEMORY HELP.", "MEMORY nosuch");
    expect_error(c, "ERR wrong number of arguments for 'memory|doctor' command", "MEMORY DOCTOR x");
    expect_error(c, "ERR wrong number of arguments for 'memory|usage' command", "MEMORY USAGE");
    expect_help(c, "MEMORY HELP");
}

/* ---- DEBUG ------------------------------------------------------------------- */

Test(introspection, debug_is_refused_unless_it_is_allowed)
{
    struct wire_server *s = wire_start("--enable-debug-command", "no", NULL);
    expect_error_like(wire_client_of(s), "ERR DEBUG command not allowed. If the enable-debug-command option",
                      "DEBUG SLEEP 0");
    s = wire_start("--enable-debug-command", "local", NULL);
    expect_ok(wire_client_of(s), "DEBUG SLEEP 0");
}

Test(introspection, debug_populate_makes_keys_that_are_not_there)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET key:1 mine");
    expect_ok(c, "DEBUG POPULATE 3");
    expect(c, "[\"value:0\" \"mine\" \"value:2\" nil]", "MGET key:0 key:1 key:2 key:3");
    expect_ok(c, "DEBUG POPULATE 2 p 12");
    expect_bytes(c, "value:1\0\0\0\0\0", 12, "GET p:1");
    expect_ok(c, "DEBUG POPULATE 1 q 3");
    expect_bulk(c, "val", "GET q:0");
    expect_int(c, 6, "DBSIZE");
    expect_error(c, "ERR value is out of range, must be positive", "DEBUG POPULATE x");
    expect_error(c, "ERR value is out of range, must be positive", "DEBUG POPULATE -1");
}

Test(introspection, debug_digest_depends_on_content_alone)
{
    redisContext *c = wire_client();
    expect(c, "+0000000000000000000000000000000000000000", "DEBUG DIGEST");
    expect_ok(c, "MSET a 1 b two");
    expect_ok(c, "SELECT 1");
    expect_ok(c, "SET c 3");
    char *first = wire_text(c, "DEBUG DIGEST");
    expect_ok(c, "FLUSHALL");
    expect_ok(c, "SET c 3");
    expect_ok(c, "SELECT 0");
    expect_ok(c, "SET b twx");
    expect_int(c, 3, "SETRANGE b 2 o");
    expect_int(c, 1, "INCR a");
    char *second = wire_text(c, "DEBUG DIGEST");
    cr_assert_str_eq(first, second);
    expect_int(c, 2, "INCR a");
    char *third = wire_text(c, "DEBUG DIGEST");
    cr_assert_str_neq(first, third);
    expect_int(c, 1, "DECR a");
    expect_int(c, 1, "EXPIRE a 1000");
    char *fourth = wire_text(c, "DEBUG DIGEST");
    cr_assert_str_neq(first, fourth);
    free(first);
    free(second);
    free(third);
    free(fourth);
}

Test(introspection, debug_digest_value_leaves_the_name_out)
{
    redisContext *c = wire_client();
    expect_ok(c, "MSET a same b same c other");
    redisReply *r = wire_command(c, "DEBUG DIGEST-VALUE a b c none");
    cr_assert_eq(r->elements, 4);
    cr_assert_str_eq(r->element[0]->str, r->element[1]->str);
    cr_assert_str_neq(r->element[0]->str, r->element[2]->str);
    cr_assert_str_eq(r->element[3]->str, "0000000000000000000000000000000000000000");
    freeReplyObject(r);
}

Test(introspection, debug_object_tells_encoding_and_length)
{
    redisContext *c = wire_client();
    expect_ok(c, "MSET n 12 s text");
    expect_text(c, " refcount:1 encoding:embstr serializedlength:5 lru:", "DEBUG OBJECT s");
    expect_text(c, " encoding:int serializedlength:2 lru:", "DEBUG OBJECT n");
    expect_text(c, " lru_seconds_idle:", "DEBUG OBJECT s");
    expect_error(c, "ERR no such key", "DEBUG OBJECT none");
}

Test(introspection, debug_htstats_describe_tables)
{
    redisContext *c = wire_client();
    expect_text(c, "No stats available for empty dictionaries", "DEBUG HTSTATS 0");
    expect_ok(c, "DEBUG POPULATE 100");
    expect_text(c, " number of elements: 100\n", "DEBUG HTSTATS 0");
    expect_text(c, "[Expires HT]", "DEBUG HTSTATS 0");
    expect_error(c, "ERR Out of range database", "DEBUG HTSTATS 99");
    expect_error(c, "ERR The value stored at the specified key is not represented using an hash table",
                 "DEBUG HTSTATS-KEY key:1");
    expect_error(c, "ERR no such key", "DEBUG HTSTATS-KEY none");
}

Test(introspection, debug_protocol_shows_each_type)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    expect(c, "\"Hello World\"", "DEBUG PROTOCOL string");
    expect(c, "12345", "DEBUG PROTOCOL integer");
    expect(c, "nil", "DEBUG PROTOCOL null");
    expect(c, "[0 1 2]", "DEBUG PROTOCOL array");
    expect(c, "[0 0 1 1 2 0]", "DEBUG PROTOCOL map");
    expect(c, "1", "DEBUG PROTOCOL true");
    expect_bulk(c, "Some real reply following the attribute", "DEBUG PROTOCOL attrib");
    expect_error(c, "ERR RESP2 is not supported by this command", "DEBUG PROTOCOL push");
    expect3(c3, "|{\"key-popularity\" [\"key:123\" 90]} \"Some real reply following the attribute\"",
            "DEBUG PROTOCOL attrib");
    expect3(c3, "~[0 1 2]", "DEBUG PROTOCOL set");
    expect3(c3, "{0 #f 1 #t 2 #f}", "DEBUG PROTOCOL map");
    expect3(c3, ",3.141", "DEBUG PROTOCOL double");
    expect3(c3, "#f", "DEBUG PROTOCOL false");
    expect3(c3, "nil", "DEBUG PROTOCOL null");
    expect3(c3, "(1234567999999999999999999999999999999", "DEBUG PROTOCOL bignum");
    expect3(c3, "=txt:\"This is a verbatim\\nstring\"", "DEBUG PROTOCOL verbatim");
    expect3(c3, ">[\"server-cpu-usage\" 42]", "DEBUG PROTOCOL push");
    expect3_next(c3, "\"Some real reply following the push reply\"");
    expect_error_like(c, "ERR Wrong protocol type name. Please use one of the following: string|integer|",
                      "DEBUG PROTOCOL nosuch");
}

Test(introspection, debug_set_active_expire_lets_expired_keys_lie)
{
    redisContext *c = wire_client();
    expect_ok(c, "DEBUG SET-ACTIVE-EXPIRE 0");
    expect_ok(c, "SET k v PX 1");
    expect_ok(c, "SET other v PX 1");
    expect_ok(c, "DEBUG SLEEP 0.05");
    expect_int(c, 2, "DBSIZE");
    expect_nil(c, "GET k");
    expect_int(c, 1, "DBSIZE");
    expect_ok(c, "DEBUG SET-ACTIVE-EXPIRE 1");
    expect_soon(c, "0", "DBSIZE");
}

Test(introspection, debug_answers_its_other_subcommands)
{
    redisContext *c = wire_client();
    expect_ok(c, "DEBUG SLEEP 0.001");
    expect_ok(c, "DEBUG QUICKLIST-PACKED-THRESHOLD 100b");
    expect_ok(c, "DEBUG QUICKLIST-PACKED-THRESHOLD 0");
    expect_error(c, "ERR argument must be a memory value bigger than 1 and smaller than 4gb",
                 "DEBUG QUICKLIST-PACKED-THRESHOLD x");
    expect_error_like(c, "ERR CONFIG-REWRITE-FORCE-ALL failed: ", "DEBUG CONFIG-REWRITE-FORCE-ALL");
    expect_error(c, "ERR unknown subcommand or wrong number of arguments for 'nosuch'. Try DEBUG HELP.",
                 "DEBUG nosuch");
    expect_error(c, "ERR unknown subcommand or wrong number of arguments for 'SLEEP'. Try DEBUG HELP.",
                 "DEBUG SLEEP");
    expect_error(c, "ERR wrong number of arguments for 'debug' command", "DEBUG");
    expect_help(c, "DEBUG HELP");
}

/* ---- the server as a whole ------------------------------------------------------ */

Test(introspection, time_is_seconds_and_microseconds)
{
    redisContext *c = wire_client();
    redisReply *r = wire_command(c, "TIME");
    cr_assert_eq(r->elements, 2);
    cr_assert(llabs(atoll(r->element[0]->str) - (long long)time(NULL)) <= 2);
    cr_assert(atoll(r->element[1]->str) < 1000000);
    freeReplyObject(r);
    expect_error(c, "ERR wrong number of arguments for 'time' command", "TIME x");
}

Test(introspection, role_is_master)
{
    expect(wire_client(), "[\"master\" 0 []]", "ROLE");
}

Test(introspection, lolwut_ends_with_the_version)
{
    redisContext *c = wire_client();
    expect_text(c, "Redis ver. ", "LOLWUT");
    expect_text(c, "Redis ver. ", "LOLWUT VERSION 5 10 5 5");
    expect_text(c, "Redis ver. ", "LOLWUT VERSION 999999");
    expect_error(c, "ERR value is not an integer or out of range", "LOLWUT VERSION x");
    resp3_destroy(resp3_command(resp3_client(), "LOLWUT"));
}

Test(introspection, shutdown_ends_the_server_cleanly)
{
    struct wire_server *s = wire_start("--loglevel", "notice", NULL);
    redisContext *c = wire_client_of(s);
    expect_error(c, "ERR syntax error", "SHUTDOWN nosuch");
    expect_error(c, "ERR syntax error", "SHUTDOWN SAVE NOSAVE");
    expect_error(c, "ERR syntax error", "SHUTDOWN ABORT NOW");
    expect_error(c, "ERR No shutdown in progress.", "SHUTDOWN ABORT");
    wire_send(c, "SHUTDOWN NOSAVE NOW FORCE");
    expect_closed(c);
    cr_assert_eq(wire_wait_exit(s), 0);
}

Test(introspection, shutdown_without_options_ends_the_server_too)
{
    struct wire_server *s = wire_start("--loglevel", "notice", NULL);
    redisContext *c = wire_client_of(s);
    wire_send(c, "SHUTDOWN");
    expect_closed(c);
    cr_assert_eq(wire_wait_exit(s), 0);
}

Test(introspection, replicaof_no_one_is_what_it_is_already)
{
    redisContext *c = wire_client();
    expect_ok(c, "REPLICAOF NO ONE");
    expect_ok(c, "SLAVEOF no one");
    expect_error(c, "ERR Invalid master port", "REPLICAOF localhost 99999999");
    expect_error(c, "ERR wrong number of arguments for 'replicaof' command", "REPLICAOF x");
}

Test(introspection, there_is_no_cluster)
{
    static const char *const commands[] = {
        "CLUSTER INFO",      "CLUSTER NODES", "CLUSTER SLOTS", "CLUSTER SHARDS",           "CLUSTER MYID",
        "CLUSTER KEYSLOT k", "CLUSTER HELP",  "CLUSTER RESET", "CLUSTER MEET 127.0.0.1 1", "READONLY",
        "READWRITE",         "ASKING",
    };
    redisContext *c = wire_client();
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        expect_error(c, "ERR This instance has cluster support disabled", commands[i]);
    expect_error(c, "ERR unknown subcommand 'nosuch'. Try CLUSTER HELP.", "CLUSTER nosuch");
    expect_error(c, "ERR wrong number of arguments for 'cluster|keyslot' command", "CLUSTER KEYSLOT");
}

Test(introspection, there_are_no_modules)
{
    redisContext *c = wire_client();
    expect(c, "[]", "MODULE LIST");
    expect_error_like(c, "ERR MODULE command not allowed. If the enable-module-command option",
                      "MODULE LOAD /nosuch.so");
    expect_error_like(c, "ERR MODULE command not allowed.", "MODULE LOADEX /nosuch.so");
    expect_error_like(c, "ERR MODULE command not allowed.", "MODULE UNLOAD nosuch");
    expect_error(c, "ERR unknown subcommand 'nosuch'. Try MODULE HELP.", "MODULE nosuch");
    expect_help(c, "MODULE HELP");
}

Test(introspection, there_are_no_scripts)
{
    redisContext *c = wire_client();
    expect_ok(c, "SCRIPT FLUSH");
    expect_ok(c, "SCRIPT FLUSH sync");
    expect_ok(c, "SCRIPT FLUSH ASYNC");
    expect_error(c, "ERR SCRIPT FLUSH only support SYNC|ASYNC option", "SCRIPT FLUSH nosuch");
    expect(c, "[0 0]", "SCRIPT EXISTS a b");
    expect_error(c, "NOTBUSY No scripts in execution right now.", "SCRIPT KILL");
    expect_help(c, "SCRIPT HELP");
    expect_ok(c, "FUNCTION FLUSH");
    expect_ok(c, "FUNCTION FLUSH SYNC");
    expect_error(c, "ERR FUNCTION FLUSH only supports SYNC|ASYNC option", "FUNCTION FLUSH nosuch");
    expect_error(c, "ERR unknown subcommand or wrong number of arguments for 'flush'. Try FUNCTION HELP.",
                 "FUNCTION flush sync x");
    expect(c, "[]", "FUNCTION LIST");
    expect(c, "[]", "FUNCTION LIST LIBRARYNAME x* WITHCODE");
    expect_error(c, "ERR library name argument was not given", "FUNCTION LIST LIBRARYNAME");
    expect_error(c, "ERR Unknown argument nosuch", "FUNCTION LIST nosuch");
    expect_error(c, "NOTBUSY No scripts in execution right now.", "FUNCTION KILL");
    expect_help(c, "FUNCTION HELP");
}

Test(introspection, the_only_user_is_default)
{
    redisContext *c = wire_client();
    expect_bulk(c, "default", "ACL WHOAMI");
    expect(c, "[\"default\"]", "ACL USERS");
    expect_unordered(c, "[\"discard\" \"exec\" \"multi\" \"unwatch\" \"watch\"]", "ACL CAT transaction");
    expect_error(c, "ERR Unknown category 'nosuch'", "ACL CAT nosuch");
    redisReply *r = wire_command(c, "ACL CAT");
    cr_assert_eq(r->elements, 21);
    cr_assert_str_eq(r->element[0]->str, "keyspace");
    freeReplyObject(r);
    expect_help(c, "ACL HELP");
}
