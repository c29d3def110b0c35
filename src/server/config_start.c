/* config_start: what the command line asks for, in the order file, standard input, options. */
#include "base/log.h"
#include "base/mem.h"
#include "server/config.h"
#include "server/config_file.h"
#include "server/config_priv.h"
#include "server/version.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "Usage: hearth-server [FILE] [--NAME VALUE ...] [-]\n"
    "       hearth-server --check-config [FILE] [--NAME VALUE ...] [-]\n"
    "       hearth-server --help | --version\n"
    "\n"
    "Hearth is a cache server that speaks the Redis protocol.\n"
    "FILE is a configuration file as Redis has them, - reads one from standard input, and\n"
    "--NAME VALUE sets one setting; options win over standard input, that wins over FILE.\n"
    "--check-config reads all that, says what is wrong with it, and doesn't start.\n"
    "\n"
    "Examples:\n"
    "       hearth-server\n"
    "       hearth-server /etc/hearth/hearth.conf\n"
    "       hearth-server --port 7000 --loglevel verbose\n"
    "       hearth-server /etc/hearth/hearth.conf --bind 127.0.0.1 -::1 --maxmemory 2gb\n"
    "       echo 'maxmemory 128mb' | hearth-server -\n";

/* Takes a path from the working directory of now, because `dir` changes it. Gives. */
static char *absolute(const char *path)
{
    char here[PATH_MAX];
    if (path[0] == '/' || !getcwd(here, sizeof(here)))
        return mem_dup(path, strlen(path));
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    struct buf out = BUF_EMPTY;
    buf_printf(&out, "%s%s%s", here, strcmp(here, "/") == 0 ? "" : "/", path);
    char *text = mem_dup(out.data, out.len);
    buf_deinit(&out);
    return text;
}

/* Reads everything in its order; false: the message is in r->error. */
static bool read_all(struct config_reader *r, int argc, char **argv)
{
    if (argc > 0 && argv[0][0] != '-') {
        char *path = absolute(argv[0]);
        config_set_path(path);
        mem_free(path);
        if (!config_read_file(r, config_path()))
            return false;
        argc--;
        argv++;
    }
    struct buf options = BUF_EMPTY;
    bool standard_input;
    config_join_arguments(argc, argv, &standard_input, &options);
    bool fine = !standard_input || config_read_file(r, "-");
    fine = fine && config_read(r, "the command line", false, config_text(&options));
    buf_deinit(&options);
    return fine;
}

enum config_start config_start(int argc, char **argv)
{
    bool check = false;
    if (argc > 0) {
        argc--;
        argv++;
    }
    if (argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
        fputs(usage, stdout);
        return CONFIG_DONE;
    }
    if (argc > 0 && (strcmp(argv[0], "--version") == 0 || strcmp(argv[0], "-v") == 0)) {
        printf("Hearth server v=%s redis=%s malloc=%s bits=%zu\n", HEARTH_VERSION, REDIS_VERSION,
               mem_allocator(), sizeof(long) * 8);
        return CONFIG_DONE;
    }
    if (argc > 0 && strcmp(argv[0], "--check-config") == 0) {
        check = true;
        argc--;
        argv++;
    }
    config_init();
    struct config_reader r = config_reader_open();
    bool fine = read_all(&r, argc, argv);
    if (!fine)
        fwrite(r.error.data, 1, r.error.len, stderr);
    config_reader_close(&r);
    if (!fine)
        return CONFIG_FAILED;
    if (check) {
        config_warn();
        puts("The configuration is fine.");
        return CONFIG_DONE;
    }
    return CONFIG_START;
}

static bool follow_level(const char **error)
{
    (void)error;
    log_set_level((enum log_level)config.loglevel);
    return true;
}

bool config_open_log(void)
{
    log_set_level((enum log_level)config.loglevel);
    log_set_syslog(config.syslog_enabled, config.syslog_ident, config.syslog_facility);
    config_on_change("loglevel", follow_level);
    if (log_open(config.logfile))
        return true;
    fprintf(stderr, "Can't open the log file '%s': %s\n", config.logfile, strerror(errno));
    return false;
}
