/* The reader of the syntax notation: the tree it makes, written back as text. */
#include "commands/command_syntax.h"
#include "tests/unit/support/check.h"

#include <stdio.h>
#include <string.h>

TestSuite(command_syntax);

static struct command_syntax syntax;

static void print(char *out, size_t size, uint16_t i)
{
    size_t n = strlen(out);
    for (; i != SYNTAX_NONE; i = syntax.args[i].next) {
        const struct syntax_arg *a = &syntax.args[i];
        n += (size_t)snprintf(out + n, size - n, "%s%s/%s", n && out[n - 1] != '(' ? " " : "", a->name,
                              command_syntax_type_name(a->type));
        if (a->key_spec >= 0)
            n += (size_t)snprintf(out + n, size - n, "#%d", a->key_spec);
        if (a->token.ptr)
            n += (size_t)snprintf(out + n, size - n, "'%.*s'", (int)a->token.len, a->token.ptr);
        if (a->since.ptr)
            n += (size_t)snprintf(out + n, size - n, "@%.*s", (int)a->since.len, a->since.ptr);
        n += (size_t)snprintf(out + n, size - n, "%s%s%s", a->optional ? "?" : "", a->multiple ? "*" : "",
                              a->multiple_token ? "+" : "");
        if (a->child != SYNTAX_NONE) {
            n += (size_t)snprintf(out + n, size - n, "(");
            print(out, size, a->child);
            n = strlen(out);
            n += (size_t)snprintf(out + n, size - n, ")");
        }
    }
}

static void expect_tree(const char *text, int specs, const char *tree)
{
    char out[4096] = "";
    cr_assert(command_syntax_read(&syntax, text, specs), "%s: %s", text, syntax.error);
    print(out, sizeof out, syntax.first);
    cr_expect_str_eq(out, tree, "%s\n  gives    %s\n  expected %s", text, out, tree);
}

Test(command_syntax, plain_arguments_have_types_and_key_specifications)
{
    expect_tree(NULL, 0, "");
    expect_tree("", 0, "");
    expect_tree("key", 1, "key/key#0");
    expect_tree("key increment:double", 1, "key/key#0 increment/double");
    expect_tree("key newkey:key", 2, "key/key#0 newkey/key#1");
    expect_tree("key1:key key2:key", 1, "key1/key#0 key2/key#0");
    expect_tree("key a:pattern#1 b:key", 2, "key/key#0 a/pattern#1 b/key#1");
    expect_tree("ip:port:string", 0, "ip:port/string");
}

Test(command_syntax, repetitions)
{
    expect_tree("key [key ...]", 1, "key/key#0*");
    expect_tree("message ...", 0, "message/string*");
    expect_tree("[key ...]", 1, "key/key#0?*");
    expect_tree("key value [key value ...]", 1, "data/block*(key/key#0 value/string)");
    expect_tree("a key value [key value ...]", 1, "a/string data/block*(key/key#0 value/string)");
    expect_tree("[pattern:pattern [pattern:pattern ...]]", 0, "pattern/pattern?*");
    expect_tree("[GET pattern:pattern [GET pattern:pattern ...]]", 0, "pattern/pattern'GET'?*+");
    expect_tree("pair=(a b) ... c", 0, "pair/block*(a/string b/string) c/string");
    expect_tree("what=<A | b> ...", 0, "what/oneof*(a/pure-token'A' b/string)");
    expect_tree("[operation=GET x | SET y z ...]", 0,
                "operation/oneof?(x/string'GET' set/block'SET'*(y/string z/string))");
}

Test(command_syntax, tokens)
{
    expect_tree("[GET]", 0, "get/pure-token'GET'?");
    expect_tree("[COUNT count:integer]", 0, "count/integer'COUNT'?");
    expect_tree("[LIMIT offset:integer count:integer]", 0,
                "limit/block'LIMIT'?(offset/integer count/integer)");
    expect_tree("<BEFORE | AFTER>", 0,
                "before-after/oneof(before/pure-token'BEFORE' after/pure-token'AFTER')");
    expect_tree("[TYPE type=<normal | PUBSUB>]", 0,
                "type/oneof'TYPE'?(normal/string pubsub/pure-token'PUBSUB')");
    expect_tree("x=<* | id> \"\"", 0, "x/oneof(*/pure-token'*' id/string) empty-string/pure-token''");
    expect_tree(
        "<mode=YES | NO> [TYPE <kind=a | B>]", 0,
        "mode/oneof(yes/pure-token'YES' no/pure-token'NO') kind/oneof'TYPE'?(a/string b/pure-token'B')");
    expect_tree("no-one=(NO ONE)", 0, "no-one/block(no/pure-token'NO' one/pure-token'ONE')");
    expect_tree("STREAMS key", 1, "key/key#0'STREAMS'");
}

Test(command_syntax, groups_and_versions)
{
    expect_tree("key value [condition@2.6.12=NX | XX] [GET@6.2.0] [expiration=EX@2.6.12 seconds:integer | "
                "PXAT unix-time-milliseconds:unix-time@6.2.0 | KEEPTTL@6.0.0]",
                1,
                "key/key#0 value/string condition/oneof@2.6.12?(nx/pure-token'NX' xx/pure-token'XX') "
                "get/pure-token'GET'@6.2.0? expiration/oneof?(seconds/integer'EX'@2.6.12 "
                "unix-time-milliseconds/unix-time'PXAT'@6.2.0 keepttl/pure-token'KEEPTTL'@6.0.0)");
    expect_tree(
        "[range=start:integer [end-unit=end:integer [unit@7.0.0=BYTE | BIT]]]", 0,
        "range/block?(start/integer end-unit/block?(end/integer unit/oneof@7.0.0?(byte/pure-token'BYTE' "
        "bit/pure-token'BIT')))");
    expect_tree("<key a | key b>", 1,
                "key-a-key-b/oneof(key-a/block(key/key#0 a/string) key-b/block(key/key#0 b/string))");
}

Test(command_syntax, wrong_texts_are_refused)
{
    const char *wrong[] = {"[",     "]",   "a ]",      "[a",    "<a",    "(a",
                           "<>",    "[]",  "a:number", "a | b", "<a |>", "[[[[[[[[[[a]]]]]]]]]]",
                           "key#x", "...", "<a>>"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect(!command_syntax_read(&syntax, wrong[i], 1), "%s", wrong[i]);
        cr_expect(syntax.error != NULL);
    }
}

Test(command_syntax, any_text_ends_without_harm)
{
    static const char *pieces[] = {"[", "]",  "<",   ">",         "(",  ")",    "|",    "...",
                                   " ", "NX", "key", "a:integer", "x=", "@1.0", "\"\"", "="};
    char text[256];
    for (int round = 0; round < 200000 / CHECK_SCALE; round++) {
        text[0] = 0;
        for (uint64_t n = draw_below(24); n; n--)
            strcat(text, pieces[draw_below(sizeof pieces / sizeof *pieces)]);
        bool ok = command_syntax_read(&syntax, text, 1);
        check(ok == (syntax.error == NULL));
        check(syntax.count <= SYNTAX_ARGS_MAX);
    }
}
