/* The runner: shared servers before the first test, their end checked after the last. */
#include "tests/wire/wire_priv.h"

#include <signal.h>

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    struct criterion_test_set *tests = criterion_initialize();
    int failed = 0;
    if (criterion_handle_args(argc, argv, true)) {
        shared_start();
        failed = !criterion_run_all_tests(tests);
        failed |= !shared_stop();
    }
    criterion_finalize(tests);
    return failed;
}
