/* redact: passwords stand in AUTH, in options of HELLO and MIGRATE, and in CONFIG SET of
 * settings that the table marks as sensitive. Few commands are looked at at
 * all, and by their row, so that renaming one hides nothing from this. */
#include "server/redact.h"

#include "server/config.h"

#include <string.h>

static bool is_named(const struct command *command, const char *container, const char *name)
{
    const struct command *parent = command_container(command);
    if (strcmp(command->name, name) != 0)
        return false;
    return parent ? container && strcmp(parent->name, container) == 0 : !container;
}

/* In MIGRATE's AUTH password and AUTH2 username password, which stand before KEYS. */
static bool is_migrate_secret(const struct slice *argv, uint32_t argc, uint32_t i)
{
    for (uint32_t k = 6; k < argc && k < i && !slice_is(argv[k], "KEYS"); k++) {
        uint32_t secrets = slice_is(argv[k], "AUTH") ? 1 : slice_is(argv[k], "AUTH2") ? 2 : 0;
        if (i - k <= secrets)
            return true;
        k += secrets;
    }
    return false;
}

static bool is_secret(const struct command *command, const struct slice *argv, uint32_t argc, uint32_t i)
{
    if (i == 0)
        return false;
    if (is_named(command, NULL, "auth"))
        return true;
    if (is_named(command, NULL, "migrate"))
        return is_migrate_secret(argv, argc, i);
    if (is_named(command, "config", "set"))
        return i >= 3 && i % 2 == 1 && config_is_sensitive(argv[i - 1]);
    if (is_named(command, NULL, "hello"))
        for (uint32_t k = 2; k + 2 < argc; k++)
            if (slice_is(argv[k], "AUTH"))
                return i == k + 1 || i == k + 2;
    return false;
}

struct slice redact_argument(const struct command *command, const struct slice *argv, uint32_t argc,
                             uint32_t i)
{
    return is_secret(command, argv, argc, i) ? SLICE("(redacted)") : argv[i];
}
