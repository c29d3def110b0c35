/* config_file: directives of files and of the command line, includes, warnings, and errors that name the place. */
#include "server/config_file.h"

#include "base/log.h"
#include "base/mem.h"
#include "server/config.h"
#include "server/config_priv.h"
#include "server/config_table.h"
#include "server/config_value.h"
#include "server/version.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <unistd.h>

#define FATAL "\n*** FATAL CONFIG FILE ERROR (Hearth " HEARTH_VERSION ") ***\n"

static struct config_reader reader;
static char renamed[256];

/* Files that stand only here. */
static bool load(const char *path, struct buf *out, const char **error)
{
    if (strcmp(path, "good.conf") == 0)
        buf_append_slice(out, SLICE("timeout 7\nhz 30"));
    else if (strcmp(path, "bad.conf") == 0)
        buf_append_slice(out, SLICE("timeout 7\n\n hz x \n"));
    else if (strcmp(path, "loop.conf") == 0)
        buf_append_slice(out, SLICE("include loop.conf\n"));
    else if (strcmp(path, "tree.conf") == 0)
        buf_append_slice(out, SLICE("include *.conf\n"));
    else {
        *error = "No such file or directory";
        return false;
    }
    return true;
}

static void expand(const char *pattern, struct buf *out)
{
    if (strcmp(pattern, "g*.conf") == 0)
        buf_append(out, "good.conf", 10);
    if (strcmp(pattern, "*.conf") == 0)
        buf_append(out, "tree.conf\0tree.conf", 20);
}

static bool rename_to(const char *from, const char *to, const char **error)
{
    size_t used = strlen(renamed);
    snprintf(renamed + used, sizeof(renamed) - used, "%s>%s;", from, to);
    *error = "No such command in rename-command";
    return strcmp(from, "NOPE") != 0;
}

static void setup(void)
{
    log_set_level(LEVEL_WARNING);
    config_init();
    reader = config_reader_open();
    reader.load = load;
    reader.expand = expand;
    reader.rename = rename_to;
    renamed[0] = 0;
}

static void teardown(void)
{
    config_reader_close(&reader);
    config_deinit();
}

TestSuite(server_config_file, .init = setup, .fini = teardown);

static bool reads(const char *text)
{
    return config_read(&reader, "the test", true, slice_of(text));
}

static void fails(const char *text, const char *expected)
{
    cr_expect_not(reads(text));
    char whole[2048];
    snprintf(whole, sizeof(whole), "%s%s", expected[0] == '\n' ? "" : FATAL, expected);
    cr_expect(slice_eq(config_text(&reader.error), slice_of(whole)), "got: %.*s", (int)reader.error.len,
              reader.error.data);
    buf_deinit(&reader.error);
    cr_expect_eq(reader.depth, 0);
}

Test(server_config_file, lines_comments_and_endings)
{
    cr_expect(
        reads("# a comment\r\n\r\n  \tTIMEOUT\t 5  \r\nrequirepass \"a\\x41 b\"\r\nhz 20\n  # more\nhz 40"));
    cr_expect_eq(config.timeout, 5);
    cr_expect_eq(config.hz, 40);
    cr_expect_str_eq(config.requirepass, "aA b");
    cr_expect(reads(""));
    cr_expect(reads("\n\n\n"));
}

Test(server_config_file, long_lines)
{
    struct buf line = BUF_EMPTY;
    buf_append_slice(&line, SLICE("requirepass "));
    for (unsigned i = 0; i < 100000; i++)
        buf_append_char(&line, 'x');
    cr_expect(config_read(&reader, "the test", true, config_text(&line)));
    cr_expect_eq(strlen(config.requirepass), 100000);
    buf_deinit(&line);
}

Test(server_config_file, several_words)
{
    cr_expect(reads(
        "bind 127.0.0.1 -::1 10.0.0.1\nshutdown-on-sigterm nosave now\nshutdown-on-sigint \"now force\"\n"
        "client-output-buffer-limit normal 1 2 3\nclient-output-buffer-limit pubsub 4 5 6 replica 7 8 9\n"
        "save \"\"\nsave\nappendonly no\nreplicaof no one\nlatency-tracking-info-percentiles 1 2 3"));
    cr_expect_eq(config.bind.count, 3);
    cr_expect_eq(config.shutdown_on_sigterm, SHUTDOWN_NOSAVE | SHUTDOWN_NOW);
    cr_expect_eq(config.shutdown_on_sigint, SHUTDOWN_FORCE | SHUTDOWN_NOW);
    cr_expect_eq(config.client_output_buffer_limit[0].soft, 2);
    cr_expect_eq(config.client_output_buffer_limit[1].soft_seconds, 9);
    cr_expect_eq(config.latency_percentile_count, 3);
}

Test(server_config_file, save_rules_on_several_lines_join)
{
    cr_expect_str_eq(config.save, "3600 1 300 100 60 10000");
    cr_expect(reads("save 3600 1\nsave 60 100 5 1\nsave"));
    cr_expect_str_eq(config.save, "3600 1 60 100 5 1");
    cr_expect(reads("save \"\"\nsave \"7 8\"\n"));
    cr_expect_str_eq(config.save, "7 8");
    fails("save 60", "Reading the test, at line 1\n>>> 'save 60'\nInvalid save parameters\n");
    cr_expect(reads("save \"\""));
    cr_expect_str_eq(config.save, "");
}

Test(server_config_file, errors_name_place_line_and_reason)
{
    fails("hz 5\n\n  hz x  \n",
          "Reading the test, at line 3\n>>> 'hz x'\nargument couldn't be parsed into an integer\n");
    fails("port 1 2", "Reading the test, at line 1\n>>> 'port 1 2'\nwrong number of arguments\n");
    fails("port", "Reading the test, at line 1\n>>> 'port'\nwrong number of arguments\n");
    fails("foo 1", "Reading the test, at line 1\n>>> 'foo 1'\nBad directive or wrong number of arguments\n");
    fails("requirepass \"a",
          "Reading the test, at line 1\n>>> 'requirepass \"a'\nUnbalanced quotes in configuration line\n");
    fails("requirepass \"a\"b",
          "Reading the test, at line 1\n>>> 'requirepass \"a\"b'\nUnbalanced quotes in configuration line\n");
    fails("include",
          "Reading the test, at line 1\n>>> 'include'\nBad directive or wrong number of arguments\n");
    fails("bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
          "Reading the test, at line 1\n>>> 'bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17'\n"
          "Too many bind addresses specified.\n");
    cr_expect_not(config_read(&reader, "the test", true, slice_make("hz \0", 4)));
}

Test(server_config_file, what_would_lose_something_stops_the_start)
{
    static const char *const lines[] = {
        "user a on nopass",        "aclfile /etc/users.acl", "tls-port 6380",
        "tls-cert-file /a.crt",    "tls-replication yes",    "loadmodule /a.so x",
        "replicaof 10.0.0.1 1",    "slaveof 10.0.0.1 1",     "cluster-enabled yes",
        "appendonly yes",          "masterauth x",           "masteruser x",
        "min-replicas-to-write 1", "sentinel monitor a",     NULL};
    for (unsigned i = 0; lines[i]; i++) {
        cr_expect_not(reads(lines[i]), "%s", lines[i]);
        buf_append_char(&reader.error, 0);
        cr_expect(strstr(reader.error.data, "isn't available") ||
                      strstr(reader.error.data, "aren't available"),
                  "%s", reader.error.data);
        cr_expect(strstr(reader.error.data, "can't just be passed over"), "%s", reader.error.data);
        buf_deinit(&reader.error);
    }
}

Test(server_config_file, the_default_user_that_redis_writes_is_no_obstacle)
{
    cr_expect(reads("user default on nopass ~* &* +@all"));
    cr_expect(reads("user default on nopass sanitize-payload ~* &* +@all"));
    cr_expect_not(reads("user default on nopass ~* &*"));
    buf_deinit(&reader.error);
    cr_expect_not(reads("user default on nopass ~* &* +@all -@dangerous"));
    buf_deinit(&reader.error);
    cr_expect_not(reads("user default off nopass ~* &* +@all"));
    buf_deinit(&reader.error);
    cr_expect_not(reads("user other on nopass ~* &* +@all"));
}

Test(server_config_file, includes)
{
    cr_expect(reads("hz 1\ninclude good.conf\ntimeout 9"));
    cr_expect_eq(config.hz, 30);
    cr_expect_eq(config.timeout, 9);
    cr_expect(reads("hz 1\ninclude g*.conf"));
    cr_expect_eq(config.hz, 30);
    cr_expect(reads("include nothing*.conf"));
    fails("hz 5\ninclude bad.conf",
          "Reading the configuration file 'bad.conf', at line 3\n>>> 'hz x'\nargument couldn't be "
          "parsed into an integer\n");
    fails("include gone.conf",
          "Reading the test, at line 1\n>>> 'include gone.conf'\ncan't open config file 'gone.conf': "
          "No such file or directory\n");
    fails("include loop.conf",
          "Reading the configuration file 'loop.conf', at line 1\n>>> 'include loop.conf'\nfiles are "
          "included too deep\n");
    cr_expect_not(reads("include tree.conf"));
    cr_expect_leq(reader.files, CONFIG_INCLUDE_FILES);
}

Test(server_config_file, rename_command)
{
    cr_expect(reads("rename-command CONFIG secret\nrename-command FLUSHALL \"\""));
    cr_expect_str_eq(renamed, "CONFIG>secret;FLUSHALL>;");
    fails("rename-command NOPE x",
          "Reading the test, at line 1\n>>> 'rename-command NOPE x'\nNo such command in rename-command\n");
    fails("rename-command GET", "Reading the test, at line 1\n>>> 'rename-command GET'\nBad directive or "
                                "wrong number of arguments\n");
}

Test(server_config_file, what_has_no_meaning_is_told_once, .init = cr_redirect_stdout)
{
    cr_expect(reads(
        "io-threads 4\nio-threads 2\nslave-priority 5\nlua-replicate-commands yes\nport 7\ntcp-backlog 5"));
    struct buf b = BUF_EMPTY;
    cr_expect(config_get("io-threads", &b) && slice_eq(config_text(&b), SLICE("2")));
    buf_deinit(&b);
    log_open("");
    config_warn();
    config_warn();
    char text[1024];
    fflush(stdout);
    FILE *out = cr_get_redirected_stdout();
    size_t n = fread(text, 1, sizeof(text) - 1, out);
    text[n] = 0;
    unsigned lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    cr_expect_eq(lines, 3, "%s", text);
    cr_expect(strstr(text, "'io-threads' has no meaning here"), "%s", text);
    cr_expect(strstr(text, "'replica-priority' has no effect yet"), "%s", text);
}

static void joins(const char *expected, bool standard_input, int argc, char **argv)
{
    struct buf b = BUF_EMPTY;
    bool input;
    config_join_arguments(argc, argv, &input, &b);
    cr_expect(slice_eq(config_text(&b), slice_of(expected)), "got: %.*s", (int)b.len, b.data);
    cr_expect_eq(input, standard_input);
    buf_deinit(&b);
}
#define JOINS(expected, input, ...)                                                                          \
    joins(expected, input, (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)), (char *[]){__VA_ARGS__})

Test(server_config_file, arguments_become_lines)
{
    joins("", false, 0, NULL);
    JOINS("port \"7000\" \nhz \"5\" ", false, "--port", "7000", "--hz", "5");
    JOINS("bind \"127.0.0.1\" \"-::1\" \nhz \"5\" ", false, "--bind", "127.0.0.1", "-::1", "--hz", "5");
    JOINS("port 7000 \nhz \"5\" ", false, "--port 7000", "--hz", "5");
    JOINS("save \"\"\nhz \"5\" ", false, "--save", "--hz", "5");
    JOINS("save \"\"", false, "--save");
    JOINS("save \"\" \nhz \"5\" ", false, "--save", "", "--hz", "5");
    JOINS("logfile \"--hz\" \"5\" ", false, "--logfile", "--hz", "5");
    JOINS("masterauth \"--\" \nhz \"5\" ", false, "--masterauth", "--", "--hz", "5");
    JOINS("requirepass \"a \\\"b\" ", false, "--requirepass", "a \"b");
    JOINS("\"-hz\" \"5\" ", false, "-hz", "5");
    JOINS("", true, "-");
    JOINS("hz \"5\" ", true, "-", "--hz", "5");
    JOINS("hz \"5\" ", true, "--hz", "5", "-");
    JOINS("hz \"-\" \"5\" ", false, "--hz", "-", "5");
}

Test(server_config_file, default_file_changes_nothing_and_its_commented_lines_are_the_defaults)
{
    struct config_reader real = config_reader_open();
    const char *error = NULL;
    struct buf text = BUF_EMPTY;
    cr_assert(real.load("src/server/hearth.conf", &text, &error), "%s", error);
    cr_expect(config_read(&real, "hearth.conf", true, config_text(&text)), "%.*s", (int)real.error.len,
              real.error.data);
    config_reader_close(&real);
    buf_append_char(&text, 0);
    unsigned seen = 0;
    for (char *save = NULL, *line = strtok_r(text.data, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        if (line[0] != '#' || line[1] < 'a' || line[1] > 'z')
            continue;
        seen++;
        cr_expect(reads(line + 1), "%.*s", (int)reader.error.len, reader.error.data);
        buf_deinit(&reader.error);
    }
    cr_expect_gt(seen, 30);
    for (unsigned i = 0; i < setting_count; i++)
        cr_expect(setting_is_default(&settings[i]), "%s", settings[i].name);
    buf_deinit(&text);
}
