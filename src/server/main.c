/* main: reads the configuration, starts the server, runs it, and cleans up. */
#include "base/clock.h"
#include "base/log.h"
#include "loop/loop.h"
#include "server/config.h"
#include "server/listen.h"
#include "server/process.h"
#include "server/server.h"
#include "server/version.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    process_title_init(argc, &argv);
    clock_refresh();
    config_init();
    server_join_commands();
    switch (config_start(argc, argv)) {
    case CONFIG_DONE:
        return 0;
    case CONFIG_FAILED:
        return 1;
    case CONFIG_START:
        break;
    }
    if (!config_open_log())
        return 1;
    process_detach();
    log_notice("Hearth %s starts, process %d", HEARTH_VERSION, (int)getpid());
    config_warn();
    loop_init();
    process_signals_init();
    process_crash_init(NULL);
    if (!server_start())
        return 1;
    process_pidfile_create();
    process_title_show();
    process_ready();
    listen_announce();
    int status = server_run();
    log_notice("Stopping");
    process_stopping();
    server_stop();
    process_pidfile_remove();
    loop_deinit();
    config_deinit();
    return status;
}
