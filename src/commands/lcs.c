/* lcs: LCS, the longest common subsequence of two strings.
 *
 * Let L(i, j) be its length for the first i bytes of a and j of b. Along a row
 * (i fixed) L grows by 0 or 1 a column, so a row is a bit string: bit j is 0
 * where column j + 1 adds one. A row follows from the one before by an addition
 * and three logical operations a word (Hyyro's form), which makes 64 cells at a
 * time. Keeping all rows, one bit a cell, is also enough to walk back: where
 * a[i-1] != b[j-1], L(i, j) is the larger of its two neighbours, and L(i-1, j) is
 * strictly larger than L(i, j-1) exactly when column j of row i adds one.
 *
 * Memory: a bit a cell for the rows and at most as much for the masks of where
 * each byte stands in b. Redis refuses pairs whose table of 32-bit cells would
 * exceed proto-max-bulk-len; we refuse the same ones, though we would need 1/16. */
#include "base/mem.h"
#include "base/must.h"
#include "commands/command.h"
#include "commands/families.h"
#include "commands/limits.h"
#include "store/entry.h"

/* Most bytes for the rows, whatever proto-max-bulk-len allows. */
#define ROWS_MAX (1ull << 30)

struct options {
    bool len, idx, with_len;
    int64_t min_len;
};

struct table {
    struct slice a, b;
    size_t words;   /* of a row */
    uint64_t *rows; /* row i begins at i * words; row 0 is all ones */
    uint64_t *mask; /* rows of places in b, one for each byte that occurs in a */
    uint64_t *mask_of[256];
};

static void build_masks(struct table *t)
{
    bool occurs[256] = {false};
    size_t kinds = 0;
    for (size_t i = 0; i < t->a.len; i++) {
        kinds += !occurs[(uint8_t)t->a.ptr[i]];
        occurs[(uint8_t)t->a.ptr[i]] = true;
    }
    t->mask = mem_zalloc(kinds * t->words, sizeof *t->mask);
    uint64_t *next = t->mask;
    for (unsigned byte = 0; byte < 256; byte++) {
        t->mask_of[byte] = occurs[byte] ? next : NULL;
        next += occurs[byte] ? t->words : 0;
    }
    for (size_t j = 0; j < t->b.len; j++) {
        uint64_t *mask = t->mask_of[(uint8_t)t->b.ptr[j]];
        if (mask)
            mask[j / 64] |= 1ull << j % 64;
    }
}

/* to = the row behind `from` (which may be the same) for a byte with these places in b. */
static void next_row(uint64_t *to, const uint64_t *from, const uint64_t *mask, size_t words)
{
    unsigned long long carry = 0;
    for (size_t w = 0; w < words; w++) {
        uint64_t row = from[w], hit = row & mask[w];
        unsigned long long sum, carried;
        carried = __builtin_uaddll_overflow(row, hit, &sum);
        carried |= (unsigned long long)__builtin_uaddll_overflow(sum, carry, &sum);
        carry = carried;
        to[w] = sum | (row & ~hit);
    }
}

/* Fills the rows; with `keep` all of them, else only the last one, at rows. Returns the length. */
static uint64_t fill(struct table *t, bool keep)
{
    build_masks(t);
    t->rows = mem_alloc((keep ? t->a.len + 1 : 1) * t->words * sizeof *t->rows);
    memset(t->rows, 0xff, t->words * sizeof *t->rows);
    uint64_t *row = t->rows;
    for (size_t i = 0; i < t->a.len; i++) {
        uint64_t *to = keep ? row + t->words : row;
        next_row(to, row, t->mask_of[(uint8_t)t->a.ptr[i]], t->words);
        row = to;
    }
    uint64_t len = 0; /* bits behind the end of b stay ones */
    for (size_t w = 0; w < t->words; w++)
        len += (uint64_t)__builtin_popcountll(~row[w]);
    return len;
}

/* True when L(i, j) > L(i, j - 1). */
static inline bool adds_one(const struct table *t, size_t i, size_t j)
{
    return !(t->rows[i * t->words + (j - 1) / 64] >> (j - 1) % 64 & 1);
}

/* A run of matches: a[a_end - len .. a_end) and b[b_end - len .. b_end). */
struct run {
    size_t a_end, b_end, len;
};

static bool reply_run(struct reply *r, const struct run *run, const struct options *o)
{
    if (run->len == 0 || (int64_t)run->len < o->min_len)
        return false;
    reply_array(r, o->with_len ? 3 : 2);
    reply_array(r, 2);
    reply_int(r, (int64_t)(run->a_end - run->len));
    reply_int(r, (int64_t)run->a_end - 1);
    reply_array(r, 2);
    reply_int(r, (int64_t)(run->b_end - run->len));
    reply_int(r, (int64_t)run->b_end - 1);
    if (o->with_len)
        reply_int(r, (int64_t)run->len);
    return true;
}

/* Walks from the end to the start: gives the subsequence to `text` (NULL: not
 * wanted), its runs to the reply when o->idx. Returns the number of runs shown. */
static size_t walk_back(struct reply *r, const struct table *t, const struct options *o, char *text,
                        uint64_t len)
{
    size_t i = t->a.len, j = t->b.len, shown = 0;
    struct run run = {0};
    while (i > 0 && j > 0) {
        if (t->a.ptr[i - 1] == t->b.ptr[j - 1]) {
            if (run.len == 0)
                run = (struct run){i, j, 0};
            run.len++;
            if (text)
                text[--len] = t->a.ptr[i - 1];
            i--;
            j--;
            continue;
        }
        if (o->idx)
            shown += reply_run(r, &run, o);
        run.len = 0;
        if (adds_one(t, i, j))
            i--;
        else
            j--;
    }
    if (o->idx)
        shown += reply_run(r, &run, o);
    return shown;
}

static void reply_lcs(struct reply *r, struct table *t, const struct options *o)
{
    bool keep = o->idx || !o->len;
    uint64_t len = t->a.len && t->b.len ? fill(t, keep) : 0;
    if (o->idx) {
        reply_map(r, 2);
        reply_bulk(r, SLICE("matches"));
        struct output_piece *piece = reply_defer(r);
        reply_array_end(r, piece, len ? walk_back(r, t, o, NULL, 0) : 0);
        reply_bulk(r, SLICE("len"));
        reply_int(r, (int64_t)len);
    } else if (o->len) {
        reply_int(r, (int64_t)len);
    } else {
        char *text = mem_alloc(len);
        if (len)
            walk_back(r, t, o, text, len);
        reply_bulk(r, slice_make(text, len));
        mem_free(text);
    }
    mem_free(t->rows);
    mem_free(t->mask);
}

static bool parse_options(struct call *c, struct options *o)
{
    for (uint32_t i = 3; i < c->argc; i++) {
        struct slice word = c->argv[i];
        if (slice_is(word, "IDX")) {
            o->idx = true;
        } else if (slice_is(word, "LEN")) {
            o->len = true;
        } else if (slice_is(word, "WITHMATCHLEN")) {
            o->with_len = true;
        } else if (slice_is(word, "MINMATCHLEN") && i + 1 < c->argc) {
            if (!call_int(c, ++i, &o->min_len, NULL))
                return false;
        } else {
            reply_error(c->reply, ERROR_SYNTAX);
            return false;
        }
    }
    if (o->idx && o->len) {
        reply_error(c->reply, "ERR If you want both the length and indexes, please just use IDX.");
        return false;
    }
    return true;
}

/* False, answered, when the table would be too big. */
static bool allow_size(struct call *c, struct slice a, struct slice b)
{
    if (a.len >= UINT32_MAX - 1 || b.len >= UINT32_MAX - 1) {
        reply_error(c->reply, "ERR String too long for LCS");
        return false;
    }
    uint64_t cells = (uint64_t)(a.len + 1) * (b.len + 1);
    if (cells > limit_bulk_len / sizeof(uint32_t)) {
        reply_error(c->reply, "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
        return false;
    }
    if (cells / 8 > ROWS_MAX) {
        reply_error(c->reply, "ERR Insufficient memory, failed allocating transient memory for LCS");
        return false;
    }
    return true;
}

static void lcs(struct call *c)
{
    struct entry *e[2];
    char scratch[2][ENTRY_DIGITS];
    struct slice s[2] = {SLICE(""), SLICE("")};
    struct options o = {0};
    /* The first look-up may remove an ended key, so the entries are taken together, behind both. */
    for (uint32_t i = 0; i < 2; i++)
        keyspace_read(c->keyspace, c->db, c->argv[i + 1], c->hashes[i + 1]);
    for (uint32_t i = 0; i < 2; i++) {
        e[i] = keyspace_find(c->keyspace, c->db, c->argv[i + 1], c->hashes[i + 1]);
        if (e[i] && entry_type(e[i]) != TYPE_STRING) {
            reply_error(c->reply, "ERR The specified keys must contain string values");
            return;
        }
        if (e[i])
            s[i] = entry_string(e[i], scratch[i]);
    }
    if (!parse_options(c, &o) || !allow_size(c, s[0], s[1]))
        return;
    struct table t = {.a = s[0], .b = s[1], .words = (s[1].len + 63) / 64};
    reply_lcs(c->reply, &t, &o);
}

const struct command lcs_commands[] = {
    {.name = "lcs",
     .run = lcs,
     .arity = -3,
     .flags = COMMAND_READONLY,
     .first = 1,
     .last = 2,
     .step = 1,
     .group = "string",
     .since = "7.0.0",
     .key_flags = "RO access",
     .summary = "Finds the longest common subsequence of two strings.",
     .complexity = "O(N*M) where N and M are the lengths of the strings, 64 steps at a time.",
     .syntax = "key1:key key2:key [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]"},
    {.name = NULL},
};
