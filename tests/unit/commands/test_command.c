/* The table: looking up, renaming, numbers, keys, categories. */
#include "commands/command.h"
#include "tests/unit/support/check.h"

#include <stdio.h>
#include <string.h>

static void run_nothing(struct call *c)
{
    (void)c;
}

static const struct key_spec counted_keys[] = {
    {.flags = "OW UPDATE", .begin = KEYS_AT_INDEX, .index = 1, .find = KEYS_RANGE, .step = 1},
    {.flags = "RO ACCESS",
     .begin = KEYS_AT_INDEX,
     .index = 2,
     .find = KEYS_COUNTED,
     .first_key = 1,
     .count_step = 1},
    {0},
};
static const struct key_spec keyword_keys[] = {
    {.flags = "RO ACCESS",
     .begin = KEYS_AFTER_KEYWORD,
     .keyword = "STREAMS",
     .from = 1,
     .find = KEYS_RANGE,
     .last = -1,
     .step = 1,
     .limit = 2},
    {0},
};
static const struct command sub_rows[] = {
    {.name = "get", .run = run_nothing, .arity = -3, .flags = COMMAND_ADMIN},
    {.name = "rewrite", .run = run_nothing, .arity = 2},
    {.name = NULL},
};
static const struct command rows[] = {
    {.name = "get",
     .run = run_nothing,
     .arity = 2,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .first = 1,
     .last = 1,
     .step = 1,
     .group = "string"},
    {.name = "mset",
     .run = run_nothing,
     .arity = -3,
     .flags = COMMAND_WRITE,
     .first = 1,
     .last = -1,
     .step = 2,
     .group = "string"},
    {.name = "config", .arity = -2, .group = "server", .subcommands = sub_rows},
    {.name = "zunionstore", .run = run_nothing, .arity = -4, .keys = counted_keys},
    {.name = "xread", .run = run_nothing, .arity = -4, .keys = keyword_keys},
    {.name = "georadiusbymember_ro", .run = run_nothing, .arity = -4},
    {.name = "georadiusbymemberxro", .run = run_nothing, .arity = -4},
    {.name = "sixteen_letters_", .run = run_nothing, .arity = -4},
    {.name = "p", .run = run_nothing, .arity = 1},
    {.name = "po", .run = run_nothing, .arity = 1},
    {.name = "pop", .run = run_nothing, .arity = 1},
    {.name = "p@p", .run = run_nothing, .arity = 1},
    {.name = NULL},
};

static void join_rows(void)
{
    command_table_add(rows);
}

TestSuite(command, .init = join_rows);

static const char *found(const char *name)
{
    const struct command *c = command_find(slice_of(name));
    return c ? c->name : NULL;
}

Test(command, names_are_found_in_any_case)
{
    for (const struct command *c = rows; c->name; c++) {
        char name[64];
        for (int round = 0; round < 20; round++) {
            snprintf(name, sizeof name, "%s", c->name);
            for (char *p = name; *p; p++)
                if (*p >= 'a' && *p <= 'z' && draw_below(2))
                    *p = (char)(*p - 32);
            cr_assert_str_eq(found(name), c->name);
        }
    }
}

Test(command, near_misses_are_not_found)
{
    const char *wrong[] = {"",
                           "g",
                           "ge",
                           "gett",
                           "gft",
                           "g\x05t",
                           "P`P",
                           "pp",
                           "poo",
                           "popo",
                           "mse",
                           "xmset",
                           "configs",
                           "georadiusbymember__ro",
                           "georadiusbymemberyro",
                           "georadiusXymember_ro",
                           "sixteen_letters",
                           "sixteen_letters?",
                           "sixteen_letters__",
                           "zunionstorf",
                           "\xe7\xe5\xf4"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_null(found(wrong[i]), "%s", wrong[i]);
    cr_expect_null(command_find(slice_make("get\0", 4)));
    cr_expect_null(command_find(slice_make("p\0", 2)));
    cr_expect_null(command_find(slice_make("\0", 1)));
}

Test(command, a_table_of_many_commands_finds_each)
{
    static char names[400][32];
    static struct command many[401];
    for (int i = 0; i < 400; i++) {
        snprintf(names[i], sizeof names[i], "%.*s%d", (int)(i % 17), "abcdefghijklmnopq", i);
        many[i] = (struct command){.name = names[i], .run = run_nothing, .arity = 1};
    }
    command_table_add(many);
    for (int i = 0; i < 400; i++)
        check(strcmp(found(names[i]), names[i]) == 0);
    check(command_count() == 412);
    check(strcmp(command_at(411)->name, names[399]) == 0);
}

Test(command, subcommands_are_found_in_their_container_only)
{
    const struct command *config = command_find(SLICE("CONFIG"));
    cr_assert_str_eq(command_find_sub(config, SLICE("Rewrite"))->name, "rewrite");
    cr_assert_null(command_find_sub(config, SLICE("set")));
    cr_assert_null(command_find_sub(command_find(SLICE("get")), SLICE("get")));
    cr_assert_eq(command_container(command_find_sub(config, SLICE("get"))), config);
    cr_assert_null(command_container(config));
}

Test(command, full_names_name_rows)
{
    char name[COMMAND_NAME_MAX];
    const struct command *c = command_by_full_name(SLICE("Config|GET"));
    cr_assert_not_null(c);
    cr_assert_eq(command_full_name(c, name), 10);
    cr_assert_str_eq(name, "config|get");
    cr_assert_eq(command_by_full_name(SLICE("mset")), command_find(SLICE("mset")));
    cr_assert_null(command_by_full_name(SLICE("config|")));
    cr_assert_null(command_by_full_name(SLICE("get|get")));
    cr_assert_null(command_by_full_name(SLICE("|")));
    cr_assert_null(command_by_full_name(SLICE("")));
}

Test(command, numbers_name_rows)
{
    bool seen[COMMAND_ROWS_MAX] = {false};
    for (unsigned i = 0; i < command_count(); i++) {
        const struct command *c = command_at(i);
        cr_assert_lt(command_id(c), command_ids());
        cr_assert(!seen[command_id(c)]);
        seen[command_id(c)] = true;
        cr_assert_eq(command_by_id(command_id(c)), c);
    }
    cr_assert_null(command_by_id(command_ids()));
    unsigned id = command_id(command_by_full_name(SLICE("config|rewrite")));
    cr_assert(id < command_ids() && !seen[id]);
}

Test(command, rename_moves_or_removes_a_name)
{
    cr_assert(command_rename("GET", "fetch"));
    cr_assert_null(found("get"));
    cr_assert_str_eq(found("FETCH"), "get");
    cr_assert_str_eq(command_at(0)->name, "get");
    cr_assert(!command_rename("get", "x"));
    cr_assert(!command_rename("mset", "fetch"));
    cr_assert_str_eq(found("mset"), "mset");
    cr_assert(command_rename("mset", ""));
    cr_assert_null(found("mset"));
    cr_assert_eq(command_count(), 11);
    cr_assert_str_eq(command_at(1)->name, "config");
    cr_assert(command_rename("config", "georadiusbymember_r0"));
    cr_assert_str_eq(found("GEOradiusbymember_r0"), "config");
    cr_assert_str_eq(found("georadiusbymember_ro"), "georadiusbymember_ro");
}

static void expect_keys(const char *request, const char *positions)
{
    struct slice argv[16];
    uint32_t argc = 0, at[16];
    char copy[128], out[128] = "";
    snprintf(copy, sizeof copy, "%s", request);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = slice_of(word);
    int n = command_keys(command_find(argv[0]), argv, argc, at, 16);
    for (int i = 0; i < n; i++)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s%u", i ? " " : "", at[i]);
    cr_expect_str_eq(n < 0 ? "wrong" : out, positions, "%s gives %s, not %s", request, n < 0 ? "wrong" : out,
                     positions);
}

Test(command, keys_are_where_the_row_says)
{
    expect_keys("get a", "1");
    expect_keys("mset a 1 b 2 c 3", "1 3 5");
    expect_keys("p", "");
    expect_keys("zunionstore to 2 a b weights", "1 3 4");
    expect_keys("zunionstore to 0 a", "wrong");
    expect_keys("zunionstore to 3 a b", "wrong");
    expect_keys("zunionstore to x a b", "wrong");
    expect_keys("zunionstore to 99999999999 a b", "wrong");
    expect_keys("xread count 1 streams a b 0 0", "4 5");
    expect_keys("xread count 1 stream a b 0 0", "");
}

Test(command, categories_follow_from_flags_and_group)
{
    uint32_t get = command_categories(command_find(SLICE("get")));
    cr_assert_eq(get, CATEGORY_READ | CATEGORY_STRING | CATEGORY_FAST);
    cr_assert_eq(command_categories(command_by_full_name(SLICE("config|get"))),
                 CATEGORY_ADMIN | CATEGORY_DANGEROUS | CATEGORY_SLOW);
    cr_assert_str_eq(command_category_name(0), "keyspace");
    cr_assert_str_eq(command_category_name(20), "scripting");
    cr_assert_null(command_category_name(21));
}
