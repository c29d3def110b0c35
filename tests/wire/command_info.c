/* COMMAND and its subcommands: shapes in RESP2 and RESP3, filters, keys, errors.
 * That each row says what Redis's says is compared by command_table.py. */
#include "tests/wire/wire.h"

#include <stdlib.h>
#include <string.h>

WIRE_SUITE(command_info);

#define KEY_SPEC(flags, index, last)                                                                         \
    "{\"flags\" ~[" flags "] \"begin_search\" {\"type\" \"index\" \"spec\" {\"index\" " index "}} "          \
    "\"find_keys\" {\"type\" \"range\" \"spec\" {\"lastkey\" " last " \"keystep\" 1 \"limit\" 0}}}"
#define KEY_SPEC2(flags, index, last)                                                                        \
    "[\"flags\" [" flags "] \"begin_search\" [\"type\" \"index\" \"spec\" [\"index\" " index "]] "           \
    "\"find_keys\" [\"type\" \"range\" \"spec\" [\"lastkey\" " last " \"keystep\" 1 \"limit\" 0]]]"

Test(command_info, info_describes_a_command)
{
    redisContext *c = wire_client();
    expect(c,
           "[[\"get\" 2 [+readonly +fast] 1 1 1 [+@read +@string +@fast] [] [" KEY_SPEC2("+RO +access", "1",
                                                                                         "0") "] []] nil]",
           "COMMAND INFO GeT nosuch");
    struct wire_resp3 *c3 = resp3_client();
    expect3(c3,
            "[[\"get\" 2 ~[+readonly +fast] 1 1 1 ~[+@read +@string +@fast] ~[] ~[" KEY_SPEC(
                "+RO +access", "1", "0") "] ~[]] nil]",
            "COMMAND INFO get nosuch");
}

Test(command_info, info_describes_subcommands_by_full_name)
{
    redisContext *c = wire_client();
    expect(c,
           "[[\"object|encoding\" 3 [+readonly] 2 2 1 [+@keyspace +@read +@slow] "
           "[\"nondeterministic_output\"] [" KEY_SPEC2("+RO", "2", "0") "] []]]",
           "COMMAND INFO object|encoding");
    expect(c, "[nil nil nil]", "COMMAND INFO object|nosuch get|set nosuch|nosuch");
    redisReply *r = wire_command(c, "COMMAND INFO object");
    cr_assert_eq(r->element[0]->elements, 10);
    cr_assert_eq(r->element[0]->element[9]->elements, 5);
    freeReplyObject(r);
}

Test(command_info, count_is_the_length_of_command_and_of_info)
{
    redisContext *c = wire_client();
    long long count = wire_int(c, "COMMAND COUNT");
    cr_assert_gt(count, 100 * wire_is_redis() + 50);
    redisReply *all = wire_command(c, "COMMAND"), *info = wire_command(c, "COMMAND INFO");
    cr_assert_eq((long long)all->elements, count);
    cr_assert_eq((long long)info->elements, count);
    freeReplyObject(all);
    freeReplyObject(info);
    struct wire_resp3 *c3 = resp3_client(); /* hiredis doesn't take nesting as deep as that of DOCS */
    struct resp3_value *v = resp3_command(c3, "COMMAND");
    cr_assert(v->type == RESP3_ARRAY && (long long)v->count == count);
    resp3_destroy(v);
    v = resp3_command(c3, "COMMAND DOCS");
    cr_assert(v->type == RESP3_MAP && (long long)v->count == 2 * count);
    resp3_destroy(v);
}

Test(command_info, info_of_unknown_commands_is_null)
{
    int fd = raw_client();
    raw_say(fd, "COMMAND INFO nosuch\r\nHELLO 3\r\n");
    raw_expect(fd, "*1\r\n$-1\r\n%");
    expect3(resp3_client(), "[nil]", "COMMAND INFO nosuch");
}

Test(command_info, docs_of_unknown_commands_are_left_out)
{
    redisContext *c = wire_client();
    expect(c, "[]", "COMMAND DOCS nosuch config|nosuch");
    redisReply *r = wire_command(c, "COMMAND DOCS nosuch get strlen");
    cr_assert_eq(r->elements, 4);
    cr_assert_str_eq(r->element[0]->str, "get");
    freeReplyObject(r);
    expect3(resp3_client(), "{}", "COMMAND DOCS nosuch");
}

Test(command_info, docs_have_the_tree_of_arguments)
{
    if (wire_is_redis())
        cr_skip_test("display_text is new in 7.2");
    char *text = wire_reply_text(wire_command(wire_client(), "COMMAND DOCS set"));
    cr_assert(strstr(text, "\"arguments\" [[\"name\" \"key\" \"type\" \"key\" \"display_text\" \"key\" "
                           "\"key_spec_index\" 0] "
                           "[\"name\" \"value\" \"type\" \"string\" \"display_text\" \"value\"] "
                           "[\"name\" \"condition\" \"type\" \"oneof\" \"since\" \"2.6.12\" \"flags\" "
                           "[+optional] \"arguments\" ["),
              "%s", text);
    cr_assert(strstr(text, "[\"name\" \"seconds\" \"type\" \"integer\" \"display_text\" \"seconds\" "
                           "\"token\" \"EX\" \"since\" \"2.6.12\"]"),
              "%s", text);
    free(text);
}

Test(command_info, docs_name_what_replaces_a_deprecated_command)
{
    char *text = wire_reply_text(wire_command(wire_client(), "COMMAND DOCS slaveof debug"));
    cr_assert(
        strstr(text,
               "\"doc_flags\" [+deprecated] \"deprecated_since\" \"5.0.0\" \"replaced_by\" \"`REPLICAOF`\""),
        "%s", text);
    cr_assert(strstr(text, "\"doc_flags\" [+syscmd]"), "%s", text);
    free(text);
}

Test(command_info, docs_of_a_container_hold_those_of_its_subcommands)
{
    char *text = wire_reply_text(wire_command(wire_client(), "COMMAND DOCS slowlog"));
    cr_assert(strstr(text, "\"subcommands\" ["), "%s", text);
    cr_assert(strstr(text, "\"slowlog|reset\" [\"summary\""), "%s", text);
    free(text);
    expect_between(wire_client(), 1, 1000, "COMMAND COUNT");
}

Test(command_info, list_filters_by_pattern_category_and_module)
{
    redisContext *c = wire_client();
    expect_unordered(c, "[\"getbit\" \"getdel\" \"getex\" \"getrange\" \"getset\"]",
                     "COMMAND LIST FILTERBY PATTERN GET?*");
    expect_unordered(
        c,
        "[\"config\" \"config|get\" \"config|help\" \"config|resetstat\" \"config|rewrite\" \"config|set\"]",
        "COMMAND LIST FILTERBY pattern config*");
    expect_unordered(c, "[\"discard\" \"exec\" \"multi\" \"unwatch\" \"watch\"]",
                     "COMMAND LIST FILTERBY ACLCAT Transaction");
    expect(c, "[]", "COMMAND LIST FILTERBY ACLCAT nosuch");
    expect(c, "[]", "COMMAND LIST FILTERBY MODULE nosuch");
    expect(c, "[]", "COMMAND LIST FILTERBY PATTERN nosuch");
    redisReply *r = wire_command(c, "COMMAND LIST");
    bool config_get = false;
    for (size_t i = 0; i < r->elements; i++)
        config_get |= strcmp(r->element[i]->str, "config|get") == 0;
    cr_assert(config_get);
    freeReplyObject(r);
    expect_error(c, "ERR syntax error", "COMMAND LIST FILTERBY");
    expect_error(c, "ERR syntax error", "COMMAND LIST FILTERBY PATTERN");
    expect_error(c, "ERR syntax error", "COMMAND LIST FILTERBY nosuch x");
    expect_error(c, "ERR syntax error", "COMMAND LIST nosuch");
}

Test(command_info, getkeys_finds_the_keys_of_a_request)
{
    redisContext *c = wire_client();
    expect(c, "[\"a\"]", "COMMAND GETKEYS get a");
    expect(c, "[\"a\" \"b\"]", "COMMAND GETKEYS MSET a 1 b 2");
    expect(c, "[\"a\" \"b\" \"c\"]", "COMMAND GETKEYS del a b c");
    expect(c, "[\"to\" \"a\" \"b\"]", "COMMAND GETKEYS bitop and to a b");
    expect(c, "[\"x\"]", "COMMAND GETKEYS object encoding x");
    expect(c, "[\"x\"]", "COMMAND GETKEYS memory usage x");
    expect_error(c, "ERR Invalid command specified", "COMMAND GETKEYS nosuch a");
    expect_error(c, "ERR Invalid command specified", "COMMAND GETKEYS object nosuch a");
    expect_error(c, "ERR Invalid number of arguments specified for command", "COMMAND GETKEYS set a");
    expect_error(c, "ERR Invalid arguments specified for command", "COMMAND GETKEYS pfmerge a");
    expect_error(c, "ERR Invalid arguments specified for command", "COMMAND GETKEYS zunionstore a 0 b");
    expect_error(c, "ERR The command has no key arguments", "COMMAND GETKEYS config get a");
    expect_error(c, "ERR The command has no key arguments", "COMMAND GETKEYS ssubscribe channel");
    expect_error(c, "ERR The command has no key arguments", "COMMAND GETKEYS spublish channel");
}

Test(command_info, getkeysandflags_tells_what_is_done_to_keys)
{
    redisContext *c = wire_client();
    expect(c, "[[\"a\" [+OW +update]]]", "COMMAND GETKEYSANDFLAGS set a b");
    expect(c, "[[\"a\" [+RW +access +update]]]", "COMMAND GETKEYSANDFLAGS set a b get");
    expect(c, "[[\"a\" [+RO +access]]]", "COMMAND GETKEYSANDFLAGS bitfield a get u8 0");
    expect(c, "[[\"a\" [+RW +access +update]]]", "COMMAND GETKEYSANDFLAGS bitfield a set u8 0 1");
    expect(c, "[[\"a\" [+RO +access]]]", "COMMAND GETKEYSANDFLAGS bitfield a overflow sat get u8 0");
    expect(c, "[[\"a\" [+RW +access +update]]]", "COMMAND GETKEYSANDFLAGS bitfield a nonsense");
    expect_error(c, "ERR The command has no key arguments", "COMMAND GETKEYSANDFLAGS ssubscribe channel");
    expect(c, "[[\"a\" [+OW +update]] [\"b\" [+OW +update]]]", "COMMAND GETKEYSANDFLAGS mset a 1 b 2");
    expect(c, "[[\"a\" [+RO +access]] [\"b\" [+OW +update]]]", "COMMAND GETKEYSANDFLAGS copy a b");
    expect(c, "[[\"a\" [+RW +access +delete]]]", "COMMAND GETKEYSANDFLAGS migrate h 1 %s 0 1 KEYS a", "");
    expect3(resp3_client(), "[[\"a\" ~[+RO +access]]]", "COMMAND GETKEYSANDFLAGS get a");
    expect_error(c, "ERR Invalid command specified", "COMMAND GETKEYSANDFLAGS nosuch a");
}

Test(command_info, wrong_subcommands_and_arity)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR unknown subcommand 'nosuch'. Try COMMAND HELP.", "COMMAND nosuch");
    expect_error(c, "ERR wrong number of arguments for 'command|count' command", "COMMAND COUNT x");
    expect_error(c, "ERR wrong number of arguments for 'command|getkeys' command", "COMMAND GETKEYS");
    expect_error(c, "ERR wrong number of arguments for 'command|help' command", "COMMAND HELP x");
    redisReply *r = wire_command(c, "COMMAND HELP");
    cr_assert(r->type == REDIS_REPLY_ARRAY && r->elements > 4);
    cr_assert_str_eq(r->element[0]->str, "COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    cr_assert_str_eq(r->element[r->elements - 2]->str, "HELP");
    freeReplyObject(r);
}
