/* command_syntax: a reader by recursive descent over the notation.
 *
 * A level is read as a list of units, then *repetitions* in it (x [x ...]) are
 * folded into what they repeat. Depth and count are bounded, and so a wrong text
 * gives an error, never harm: the texts are ours, but the fuzz test isn't. */
#include "commands/command_syntax.h"

#include "base/number.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct reader {
    struct command_syntax *out;
    const char *at;
    int key_specs;
    int keys; /* met so far */
    int depth;
};

/* The units of one level. */
struct level {
    uint16_t first, last;
    unsigned count;
};

static const char *const type_names[] = {"string",    "integer",    "double", "key",  "pattern",
                                         "unix-time", "pure-token", "oneof",  "block"};

const char *command_syntax_type_name(enum syntax_type type)
{
    return type_names[type];
}

unsigned command_syntax_count(const struct command_syntax *s, uint16_t i)
{
    unsigned n = 0;
    for (; i != SYNTAX_NONE; i = s->args[i].next)
        n++;
    return n;
}

static bool fail(struct reader *r, const char *why)
{
    if (!r->out->error)
        r->out->error = why;
    return false;
}

static struct syntax_arg *arg(struct reader *r, uint16_t i)
{
    return &r->out->args[i];
}

static uint16_t new_arg(struct reader *r)
{
    if (r->out->count == SYNTAX_ARGS_MAX) {
        fail(r, "too many arguments");
        return SYNTAX_NONE;
    }
    uint16_t i = r->out->count++;
    *arg(r, i) = (struct syntax_arg){.key_spec = -1, .child = SYNTAX_NONE, .next = SYNTAX_NONE};
    return i;
}

static void append(struct reader *r, struct level *l, uint16_t i)
{
    if (l->count++)
        arg(r, l->last)->next = i;
    else
        l->first = i;
    l->last = i;
}

static void skip_space(struct reader *r)
{
    while (*r->at == ' ')
        r->at++;
}

/* ---- words ------------------------------------------------------------- */

static bool ends_word(char ch)
{
    return ch == 0 || strchr(" []<>()|", ch) != NULL;
}

static bool has_lower(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (islower((unsigned char)s.ptr[i]))
            return true;
    return false;
}

static void set_name(struct syntax_arg *a, struct slice name)
{
    size_t n = name.len < SYNTAX_NAME_MAX ? name.len : SYNTAX_NAME_MAX - 1;
    for (size_t i = 0; i < n; i++)
        a->name[i] = (char)tolower((unsigned char)name.ptr[i]);
    a->name[n] = 0;
}

/* The word that stands here; it isn't consumed. A quoted "" counts as one. */
static struct slice peek_word(const struct reader *r)
{
    size_t n = 0;
    while (!ends_word(r->at[n]))
        n++;
    return slice_make(r->at, n);
}

/* Length of a group's name with its '=' when one stands here; 0 otherwise. */
static size_t group_name(struct slice word)
{
    const char *eq = word.len ? memchr(word.ptr, '=', word.len) : NULL;
    size_t n = eq ? (size_t)(eq - word.ptr) : 0;
    return n && has_lower(slice_make(word.ptr, n)) ? n + 1 : 0;
}

/* Cuts the part behind the last `mark` off; an empty pointer when there is none. */
static struct slice cut_suffix(struct slice *word, char mark)
{
    for (size_t i = word->len; i-- > 1;)
        if (word->ptr[i] == mark) {
            struct slice suffix = slice_make(word->ptr + i + 1, word->len - i - 1);
            word->len = i;
            return suffix;
        }
    return (struct slice){NULL, 0};
}

static bool read_type(struct reader *r, struct syntax_arg *a, struct slice type)
{
    for (int t = SYNTAX_STRING; t <= SYNTAX_UNIX_TIME; t++)
        if (slice_eq(type, slice_of(type_names[t]))) {
            a->type = (enum syntax_type)t;
            return true;
        }
    return fail(r, "unknown type");
}

/* name[~shown][:type][#spec][@since] */
static bool read_argument(struct reader *r, uint16_t i, struct slice word)
{
    struct syntax_arg *a = arg(r, i);
    struct slice since = cut_suffix(&word, '@');
    if (since.ptr)
        a->since = since;
    struct slice spec = cut_suffix(&word, '#');
    const char *colon = memrchr(word.ptr, ':', word.len);
    struct slice name = word;
    if (colon && colon > word.ptr) {
        name.len = (size_t)(colon - word.ptr);
        if (!read_type(r, a, slice_make(colon + 1, word.len - name.len - 1)))
            return false;
        a->shown = cut_suffix(&name, '~');
    } else if (slice_eq(name, SLICE("key"))) {
        a->type = SYNTAX_KEY;
    }
    set_name(a, name);
    if (a->type == SYNTAX_KEY || spec.ptr) {
        int64_t n = r->keys < r->key_specs ? r->keys : r->key_specs - 1;
        if (spec.ptr && !number_parse_i64(spec, &n))
            return fail(r, "a number must follow #");
        a->key_spec = (int16_t)n;
        r->keys++;
    }
    return true;
}

/* ---- levels ------------------------------------------------------------ */

static bool read_level(struct reader *r, struct level *l);
static uint16_t read_unit(struct reader *r);

/* Same argument, as far as a help shows it. */
static bool same(struct reader *r, uint16_t a, uint16_t b)
{
    const struct syntax_arg *x = arg(r, a), *y = arg(r, b);
    if (strcmp(x->name, y->name) != 0 || !x->token.ptr != !y->token.ptr ||
        (x->token.ptr && !slice_eq(x->token, y->token)))
        return false;
    uint16_t i = x->child, j = y->child;
    while (i != SYNTAX_NONE && j != SYNTAX_NONE && same(r, i, j)) {
        i = arg(r, i)->next;
        j = arg(r, j)->next;
    }
    return i == SYNTAX_NONE && j == SYNTAX_NONE;
}

/* Wraps the units from `first` to the end of l into one of type `type` called `name` (or made up). */
static uint16_t wrap(struct reader *r, uint16_t first, enum syntax_type type, const char *name)
{
    uint16_t i = new_arg(r);
    if (i == SYNTAX_NONE)
        return i;
    struct syntax_arg *a = arg(r, i);
    a->type = type;
    a->child = first;
    size_t n = 0;
    if (name) {
        set_name(a, slice_of(name));
        return i;
    }
    for (uint16_t k = first; k != SYNTAX_NONE; k = arg(r, k)->next) {
        int more = snprintf(a->name + n, SYNTAX_NAME_MAX - n, n ? "-%s" : "%s", arg(r, k)->name);
        n += (size_t)more;
        if (n >= SYNTAX_NAME_MAX)
            break;
    }
    return i;
}

static bool repeats(struct reader *r, const struct level *l, const struct level *tail, uint16_t *start)
{
    if (tail->count == 0 || tail->count > l->count)
        return false;
    uint16_t i = l->first;
    for (unsigned skip = l->count - tail->count; skip; skip--)
        i = arg(r, i)->next;
    *start = i;
    uint16_t j = tail->first;
    for (; j != SYNTAX_NONE; i = arg(r, i)->next, j = arg(r, j)->next)
        if (!same(r, i, j))
            return false;
    return true;
}

/* Folds `[x ...]` into the x that ends l. */
static bool fold_repetition(struct reader *r, struct level *l, uint16_t start, unsigned count)
{
    if (count == 1) {
        struct syntax_arg *a = arg(r, start);
        a->multiple = true;
        if (a->token.ptr)
            a->multiple_token = true;
        return true;
    }
    uint16_t before = SYNTAX_NONE;
    for (uint16_t i = l->first; i != start; i = arg(r, i)->next)
        before = i;
    uint16_t block = wrap(r, start, SYNTAX_BLOCK, "data");
    if (block == SYNTAX_NONE)
        return false;
    arg(r, block)->multiple = true;
    if (before == SYNTAX_NONE)
        l->first = block;
    else
        arg(r, before)->next = block;
    l->last = block;
    l->count -= count - 1;
    return true;
}

static bool at_dots(struct reader *r)
{
    skip_space(r);
    if (strncmp(r->at, "...", 3) != 0)
        return false;
    r->at += 3;
    return true;
}

/* One level of a group up to its closing sign: alternatives of units. */
struct group {
    struct level level; /* the alternatives, or the units when there is one alternative */
    bool one_of;
    bool dots; /* its only alternative ended with "..." */
};

/* A unit that is all of one alternative: several units become a block. */
static uint16_t join(struct reader *r, const struct level *l)
{
    if (l->count == 1)
        return l->first;
    struct slice token = arg(r, l->first)->token;
    if (!token.ptr || arg(r, l->first)->optional || arg(r, l->first)->type == SYNTAX_PURE_TOKEN)
        return wrap(r, l->first, SYNTAX_BLOCK, NULL);
    /* TOKEN a b: the token is the block's */
    uint16_t block = wrap(r, l->first, SYNTAX_BLOCK, "");
    if (block == SYNTAX_NONE)
        return block;
    struct syntax_arg *head = arg(r, l->first), *b = arg(r, block);
    set_name(b, token);
    b->token = token;
    b->since = head->since;
    head->token = head->since = (struct slice){NULL, 0};
    return block;
}

static bool read_group(struct reader *r, struct group *g, char close)
{
    *g = (struct group){0};
    g->level.first = SYNTAX_NONE;
    if (++r->depth > SYNTAX_DEPTH_MAX)
        return fail(r, "too deep");
    struct level one;
    for (;;) {
        int keys = r->keys;
        if (!read_level(r, &one))
            return false;
        if (one.count == 0)
            return fail(r, "an empty group");
        g->dots = at_dots(r);
        skip_space(r);
        if (*r->at == '|') {
            g->one_of = true;
            r->keys = keys; /* alternatives name the same key */
        } else if (*r->at != close) {
            return fail(r, "a group isn't closed");
        }
        if (!g->one_of) {
            g->level = one;
        } else {
            uint16_t i = join(r, &one);
            if (i == SYNTAX_NONE)
                return false;
            if (g->dots)
                arg(r, i)->multiple = true;
            append(r, &g->level, i);
        }
        if (*r->at++ == close)
            break;
    }
    r->depth--;
    return true;
}

/* What a group's name is when none was written. */
static uint16_t group_unit(struct reader *r, struct group *g)
{
    return g->one_of ? wrap(r, g->level.first, SYNTAX_ONEOF, NULL) : join(r, &g->level);
}

/* '[' stands behind: a repetition of what l ends with, or something optional. */
static bool read_optional(struct reader *r, struct level *l, struct slice name, struct slice since)
{
    struct group g;
    uint16_t start;
    int keys = r->keys;
    if (!read_group(r, &g, ']'))
        return false;
    if (g.dots && !g.one_of && !name.ptr && repeats(r, l, &g.level, &start)) {
        r->keys = keys;
        return fold_repetition(r, l, start, g.level.count);
    }
    uint16_t i = group_unit(r, &g);
    if (i == SYNTAX_NONE)
        return false;
    struct syntax_arg *a = arg(r, i);
    if (name.ptr)
        set_name(a, name);
    if (since.ptr)
        a->since = since;
    a->optional = true;
    if (g.dots && !g.one_of)
        a->multiple = true;
    append(r, l, i);
    return true;
}

/* Reads "name=" or "name@since=" when it stands here. */
static void read_group_name(struct reader *r, struct slice *name, struct slice *since)
{
    *name = *since = (struct slice){NULL, 0};
    size_t n = group_name(peek_word(r));
    if (n == 0)
        return;
    *name = slice_make(r->at, n - 1);
    *since = cut_suffix(name, '@');
    r->at += n;
}

/* Does the group that opens here give its name itself: `<mode=...`? */
static bool names_itself(const struct reader *r)
{
    struct reader inside = {.at = r->at + 1};
    skip_space(&inside);
    return group_name(peek_word(&inside)) != 0;
}

/* Behind a token: the argument or group that it introduces, if one follows. */
static bool read_behind_token(struct reader *r, uint16_t i)
{
    skip_space(r);
    struct slice name, since, word = peek_word(r);
    struct slice token = arg(r, i)->token, token_since = arg(r, i)->since;
    bool group = *r->at == '<' || *r->at == '(' || group_name(word);
    if (!group && !(word.len && has_lower(word) && word.ptr[0] != '"'))
        return true;
    if (!group) {
        arg(r, i)->type = SYNTAX_STRING;
        r->at += word.len;
        return read_argument(r, i, word);
    }
    read_group_name(r, &name, &since);
    bool named = (*r->at == '<' || *r->at == '(') && names_itself(r);
    uint16_t k = read_unit(r);
    if (k == SYNTAX_NONE)
        return false;
    *arg(r, i) = *arg(r, k); /* the group is last of all, so nothing refers to k */
    struct syntax_arg *a = arg(r, i);
    a->token = token;
    if (!a->since.ptr)
        a->since = since.ptr ? since : token_since;
    if (name.ptr)
        set_name(a, name);
    else if (a->type == SYNTAX_BLOCK && !named)
        set_name(a, token);
    return true;
}

static uint16_t read_word(struct reader *r)
{
    struct slice word = peek_word(r);
    if (word.len == 0) {
        fail(r, "an argument is missing");
        return SYNTAX_NONE;
    }
    uint16_t i = new_arg(r);
    if (i == SYNTAX_NONE)
        return i;
    r->at += word.len;
    if (has_lower(word) && word.ptr[0] != '"')
        return read_argument(r, i, word) ? i : SYNTAX_NONE;
    struct syntax_arg *a = arg(r, i);
    a->since = cut_suffix(&word, '@');
    if (word.len >= 2 && word.ptr[0] == '"')
        word = slice_make(word.ptr + 1, word.len - 2);
    a->token = word;
    a->type = SYNTAX_PURE_TOKEN;
    set_name(a, word.len ? word : SLICE("empty-string"));
    return read_behind_token(r, i) ? i : SYNTAX_NONE;
}

/* A word, <...> or (...), with the name before it. */
static uint16_t read_unit(struct reader *r)
{
    struct slice name, since;
    read_group_name(r, &name, &since);
    uint16_t i;
    if (*r->at == '<' || *r->at == '(') {
        char close = *r->at++ == '<' ? '>' : ')';
        struct group g;
        skip_space(r);
        if (!name.ptr)
            read_group_name(r, &name, &since);
        if (!read_group(r, &g, close))
            return SYNTAX_NONE;
        /* A block in parentheses keeps its token inside; one in brackets carries it. */
        bool block = close == ')' && !g.one_of && g.level.count > 1;
        i = block ? wrap(r, g.level.first, SYNTAX_BLOCK, NULL) : group_unit(r, &g);
        if (i != SYNTAX_NONE && g.dots && !g.one_of)
            arg(r, i)->multiple = true;
    } else {
        i = read_word(r);
    }
    if (i == SYNTAX_NONE)
        return i;
    if (name.ptr)
        set_name(arg(r, i), name);
    if (since.ptr)
        arg(r, i)->since = since;
    return i;
}

/* Units up to a closing sign, '|', "..." or the end. */
static bool read_level(struct reader *r, struct level *l)
{
    *l = (struct level){.first = SYNTAX_NONE};
    for (;;) {
        skip_space(r);
        if (*r->at == 0 || strchr("]>)|", *r->at) || strncmp(r->at, "...", 3) == 0)
            break;
        struct slice name = {NULL, 0}, since = {NULL, 0};
        if (*r->at == '[') {
            r->at++;
            skip_space(r);
            read_group_name(r, &name, &since);
            if (!read_optional(r, l, name, since))
                return false;
            continue;
        }
        uint16_t i = read_unit(r);
        if (i == SYNTAX_NONE)
            return false;
        append(r, l, i);
        /* "x ..." on the top level; in a group it belongs to the group as a whole */
        if (r->depth == 0 && at_dots(r))
            arg(r, i)->multiple = true;
    }
    return true;
}

bool command_syntax_read(struct command_syntax *out, const char *text, int key_specs)
{
    out->count = 0;
    out->first = SYNTAX_NONE;
    out->error = NULL;
    struct reader r = {.out = out, .at = text ? text : "", .key_specs = key_specs};
    struct level l;
    if (!read_level(&r, &l))
        return false;
    if (*r.at)
        return fail(&r, "something is left over");
    out->first = l.first;
    return true;
}
