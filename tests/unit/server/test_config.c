/* config: several settings at once, hooks, and what a name is. */
#include "server/config.h"

#include "base/log.h"
#include "server/config_priv.h"

#include <criterion/criterion.h>
#include <stdio.h>

static int applied;
static bool accept_change;

static bool note(const char **error)
{
    applied++;
    if (!accept_change)
        *error = "the hook says no";
    return accept_change;
}

static void setup(void)
{
    log_set_level(LEVEL_NOTHING);
    config_init();
    applied = 0;
    accept_change = true;
}

static void teardown(void)
{
    config_deinit();
}

TestSuite(server_config, .init = setup, .fini = teardown);

/* CONFIG SET of "name value name value"; the error, or "" */
static const char *set(const char *text)
{
    static char error[512];
    char copy[512];
    struct slice pairs[32];
    unsigned count = 0;
    snprintf(copy, sizeof(copy), "%s", text);
    for (char *save = NULL, *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        pairs[count++] = slice_of(word);
    struct buf b = BUF_EMPTY;
    bool fine = config_set_pairs(pairs, count / 2, false, &b);
    cr_expect_eq(fine, b.len == 0);
    snprintf(error, sizeof(error), "%.*s", (int)b.len, b.data ? b.data : "");
    buf_deinit(&b);
    return error;
}

Test(server_config, sets_several_at_once)
{
    cr_expect_str_eq(set("timeout 5 HZ 20 lua-time-limit 9"), "");
    cr_expect_eq(config.timeout, 5);
    cr_expect_eq(config.hz, 20);
    cr_expect_eq(config.busy_reply_threshold, 9);
}

Test(server_config, a_bad_value_leaves_everything_as_it_was)
{
    config_on_change("timeout", note);
    cr_expect_str_eq(set("timeout 5 hz x"),
                     "ERR CONFIG SET failed (possibly related to argument 'hz') - argument "
                     "couldn't be parsed into an integer");
    cr_expect_eq(config.timeout, 0);
    cr_expect_eq(applied, 0);
}

Test(server_config, refusals_have_redis_texts)
{
    cr_expect_str_eq(set("foo 1"), "ERR Unknown option or number of arguments for CONFIG SET - 'foo'");
    cr_expect_str_eq(set("timeout 1 foo 2"),
                     "ERR Unknown option or number of arguments for CONFIG SET - 'foo'");
    cr_expect_str_eq(
        set("databases 3 foo 3"),
        "ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config");
    cr_expect_str_eq(
        set("Databases 3"),
        "ERR CONFIG SET failed (possibly related to argument 'Databases') - can't set immutable config");
    cr_expect_str_eq(set("timeout 7 Timeout 8"),
                     "ERR CONFIG SET failed (possibly related to argument 'Timeout') - duplicate parameter");
    cr_expect_str_eq(set("TIMEOUT x"),
                     "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument "
                     "couldn't be parsed into an integer");
    cr_expect_str_eq(set("lua-time-limit x"),
                     "ERR CONFIG SET failed (possibly related to argument 'lua-time-limit') "
                     "- argument couldn't be parsed into an integer");
    cr_expect_str_eq(
        set("dbfilename x"),
        "ERR CONFIG SET failed (possibly related to argument 'dbfilename') - can't set protected config");
    cr_expect_str_eq(set("lua-time-limit 3 busy-reply-threshold 4"), "");
}

Test(server_config, protected_settings_follow_enable_protected_configs)
{
    struct buf b = BUF_EMPTY;
    struct slice pair[] = {SLICE("dbfilename"), SLICE("x.rdb")};
    config.enable_protected_configs = CONFIG_LOCAL;
    cr_expect_not(config_set_pairs(pair, 1, false, &b));
    cr_expect(config_set_pairs(pair, 1, true, &b));
    config.enable_protected_configs = CONFIG_YES;
    cr_expect(config_set_pairs(pair, 1, false, &b));
    buf_deinit(&b);
}

Test(server_config, hooks_run_once_and_only_on_change)
{
    config_on_change("timeout", note);
    config_on_change("hz", note);
    config_on_change("port", note);
    cr_expect_str_eq(set("timeout 5 hz 20"), "");
    cr_expect_eq(applied, 1);
    cr_expect_str_eq(set("timeout 5"), "");
    cr_expect_eq(applied, 1);
    cr_expect_str_eq(
        set("databases 5"),
        "ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config");
}

Test(server_config, a_hook_that_refuses_brings_everything_back)
{
    config_on_change("timeout", note);
    accept_change = false;
    cr_expect_str_eq(set("hz 20 timeout 5 requirepass x"),
                     "ERR CONFIG SET failed (possibly related to argument 'timeout') - the hook says no");
    cr_expect_eq(config.timeout, 0);
    cr_expect_eq(config.hz, 10);
    cr_expect_str_empty(config.requirepass);
    cr_expect_eq(applied, 2);
}

Test(server_config, one_setting_from_within)
{
    const char *error;
    config_on_change("maxclients", note);
    cr_expect(config_set("maxclients", SLICE("55"), &error));
    cr_expect_eq(config.maxclients, 55);
    cr_expect_eq(applied, 1);
    cr_expect_not(config_set("maxclients", SLICE("x"), &error));
    cr_expect_str_eq(error, "argument couldn't be parsed into an integer");
    cr_expect_not(config_set("nothing", SLICE("x"), &error));
}

Test(server_config, secrets_are_known)
{
    cr_expect(config_is_sensitive(SLICE("RequirePass")));
    cr_expect(config_is_sensitive(SLICE("masterauth")));
    cr_expect_not(config_is_sensitive(SLICE("port")));
    cr_expect_not(config_is_sensitive(SLICE("nothing")));
}
