/* bitmap: the commands on the bits of strings. Bit 0 is the highest of the first
 * byte; what lies behind the end of a string, or of a missing key, is 0. */
#include "ds/bitmap.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/number.h"
#include "commands/command.h"
#include "commands/families.h"
#include "commands/limits.h"
#include "store/entry.h"

/* The string of argv[i] for reading, empty when missing; false when it is of another type (answered). */
static bool read_string(struct call *c, uint32_t i, struct slice *s, char scratch[ENTRY_DIGITS])
{
    bool ok;
    struct entry *e = call_read_string(c, i, &ok);
    *s = e ? entry_string(e, scratch) : SLICE("");
    return ok;
}

/* argv[i] as the position of a bit. `bits` above 0: of a field that wide, "#2" being the third such field. */
static bool read_offset(struct call *c, uint32_t i, unsigned bits, uint64_t *at)
{
    struct slice text = c->argv[i];
    bool in_fields = bits > 0 && text.len > 0 && text.ptr[0] == '#';
    int64_t value;
    text = slice_make(text.ptr + in_fields, text.len - in_fields);
    if (!number_parse_i64(text, &value) || value < 0 ||
        (in_fields && __builtin_mul_overflow(value, bits, &value)) ||
        (uint64_t)value >> 3 >= limit_bulk_len) {
        reply_error(c->reply, "ERR bit offset is not an integer or out of range");
        return false;
    }
    *at = (uint64_t)value;
    return true;
}

static void get_bit(struct call *c)
{
    uint64_t at;
    struct slice s;
    char scratch[ENTRY_DIGITS];
    if (!read_offset(c, 2, 0, &at) || !read_string(c, 1, &s, scratch))
        return;
    reply_int(c->reply, at >> 3 < s.len && bitmap_get(s.ptr, at));
}

static void set_bit(struct call *c)
{
    static const char error[] = "ERR bit is not an integer or out of range";
    uint64_t at;
    int64_t bit;
    bool ok;
    char scratch[ENTRY_DIGITS];
    if (!read_offset(c, 2, 0, &at) || !call_int(c, 3, &bit, error))
        return;
    if (bit & ~1ll) {
        reply_error(c->reply, error);
        return;
    }
    struct entry *e = call_find_string(c, 1, &ok);
    if (!ok)
        return;
    struct slice s = e ? entry_string(e, scratch) : SLICE("");
    bool grows = at >> 3 >= s.len, was = !grows && bitmap_get(s.ptr, at);
    if (grows || was != bit) {
        size_t len = grows ? (at >> 3) + 1 : s.len;
        bitmap_put(keyspace_edit(c->keyspace, c->db, c->argv[1], c->hashes[1], len), at, bit);
        call_changed(c, 1, EVENT_STRING, "setbit");
    } else {
        e->flags |= ENTRY_EDITED; /* Redis unshares the value even when no bit changes */
    }
    reply_int(c->reply, was);
}

/* ---- BITCOUNT and BITPOS -------------------------------------------------------- */

/* A range as the client gave it: in bytes or bits, ends included, negative from the end. */
struct range {
    int64_t start, end;
    bool bits;
};

/* BYTE or BIT at argv[i]. */
static bool read_unit(struct call *c, uint32_t i, bool *bits)
{
    *bits = slice_is(c->argv[i], "BIT");
    if (*bits || slice_is(c->argv[i], "BYTE"))
        return true;
    reply_error(c->reply, ERROR_SYNTAX);
    return false;
}

/* The range in bits of a string of len bytes: [*first, *last); empty gives first >= last. */
static void place_range(struct range r, size_t len, uint64_t *first, uint64_t *last)
{
    int64_t total = r.bits ? (int64_t)len * 8 : (int64_t)len;
    if (r.start < 0)
        r.start += total;
    if (r.end < 0)
        r.end += total;
    if (r.start < 0)
        r.start = 0;
    if (r.end < 0)
        r.end = 0;
    if (r.end >= total)
        r.end = total - 1;
    *first = *last = 0;
    if (r.start > r.end)
        return;
    uint64_t unit = r.bits ? 1 : 8;
    *first = (uint64_t)r.start * unit;
    *last = ((uint64_t)r.end + 1) * unit;
}

/* As in 7.2, a wrong argument shows only where there is a string. */
static void count_bits(struct call *c)
{
    bool ok;
    const struct entry *e = call_read_string(c, 1, &ok);
    if (!ok)
        return;
    if (!e) {
        reply_int(c->reply, 0);
        return;
    }
    struct range r = {0, -1, false};
    if (c->argc == 3 || c->argc > 5) {
        reply_error(c->reply, ERROR_SYNTAX);
        return;
    }
    if (c->argc >= 4 && (!call_int(c, 2, &r.start, NULL) || !call_int(c, 3, &r.end, NULL)))
        return;
    bool nothing = r.start < 0 && r.end < 0 && r.start > r.end;
    if (c->argc == 5 && !nothing && !read_unit(c, 4, &r.bits))
        return;
    char scratch[ENTRY_DIGITS];
    struct slice s = entry_string(e, scratch);
    uint64_t first = 0, last = 0;
    if (!nothing)
        place_range(r, s.len, &first, &last);
    reply_int(c->reply, (int64_t)bitmap_count(s.ptr, first, last));
}

/* As count_bits, but for the bit itself. */
static void find_bit(struct call *c)
{
    struct range r = {0, -1, false};
    int64_t bit;
    if (!call_int(c, 2, &bit, NULL))
        return;
    if (bit != 0 && bit != 1) {
        reply_error(c->reply, "ERR The bit argument must be 1 or 0.");
        return;
    }
    bool ok;
    char scratch[ENTRY_DIGITS];
    const struct entry *e = call_read_string(c, 1, &ok);
    if (!ok)
        return;
    if (!e) { /* nothing but zeros, without end */
        reply_int(c->reply, bit ? -1 : 0);
        return;
    }
    if (c->argc > 6) {
        reply_error(c->reply, ERROR_SYNTAX);
        return;
    }
    if (c->argc > 3 && !call_int(c, 3, &r.start, NULL))
        return;
    if (c->argc == 6 && !read_unit(c, 5, &r.bits))
        return;
    if (c->argc > 4 && !call_int(c, 4, &r.end, NULL))
        return;
    struct slice s = entry_string(e, scratch);
    uint64_t first, last;
    place_range(r, s.len, &first, &last);
    uint64_t found = bitmap_find(s.ptr, first, last, bit);
    if (found != BITMAP_NONE)
        reply_int(c->reply, (int64_t)found);
    else if (bit == 0 && c->argc < 5 && first < last) /* no end was given: zeros follow the string */
        reply_int(c->reply, (int64_t)last);
    else
        reply_int(c->reply, -1);
}

/* ---- BITOP ------------------------------------------------------------------------ */

enum operation { OP_AND = BITMAP_AND, OP_OR = BITMAP_OR, OP_XOR = BITMAP_XOR, OP_NOT };

struct source {
    struct slice s;
    char scratch[ENTRY_DIGITS];
};

/* Bytes that are worked on at a time, so that the result stays in the cache while the sources pass. */
#define BITOP_BLOCK 16384

/* `len` bytes at `at` of all sources combined into `to`. */
static void combine_block(enum operation op, char *to, size_t at, size_t len, const struct source *source,
                          uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct slice s = source[i].s;
        size_t have = s.len <= at ? 0 : s.len - at < len ? s.len - at : len;
        if (i == 0) {
            if (have)
                memcpy(to, s.ptr + at, have);
            memset(to + have, 0, len - have);
            continue;
        }
        if (have)
            bitmap_combine((enum bitmap_op)op, to, s.ptr + at, have);
        if (op == OP_AND)
            memset(to + have, 0, len - have);
    }
    if (op == OP_NOT)
        bitmap_invert(to, to, len);
}

/* Into the blob that the destination has, where it suits: a big one that is fresh
 * costs more in page faults than all the rest. The destination may be a source,
 * because each block is finished aside and then written where it was read. NULL when it doesn't suit. */
static struct entry *combine_in_place(struct call *c, enum operation op, const struct source *source,
                                      uint32_t count, size_t len)
{
    struct entry *e = keyspace_find(c->keyspace, c->db, c->argv[2], c->hashes[2]);
    if (!e || entry_type(e) != TYPE_STRING || entry_encoding(e) != ENC_BLOB)
        return NULL;
    struct blob *blob = entry_blob(e);
    if (blob_is_shared(blob) || len > blob->cap || len < blob->cap / 2)
        return NULL;
    keyspace_set_expiry(c->keyspace, c->db, e, c->hashes[2], EXPIRY_NONE);
    char *bytes = keyspace_edit(c->keyspace, c->db, c->argv[2], c->hashes[2], len);
    must(bytes == blob->data);
    char block[BITOP_BLOCK];
    for (size_t at = 0; at < len; at += sizeof block) {
        size_t part = len - at < sizeof block ? len - at : sizeof block;
        combine_block(op, block, at, part, source, count);
        memcpy(bytes + at, block, part);
    }
    return keyspace_find(c->keyspace, c->db, c->argv[2], c->hashes[2]);
}

static struct entry *combine_anew(struct call *c, enum operation op, const struct source *source,
                                  uint32_t count, size_t len)
{
    char few[ENTRY_INLINE_MAX];
    struct blob *blob = len > sizeof few ? blob_create(len) : NULL;
    char *result = blob ? blob->data : few;
    for (size_t at = 0; at < len; at += BITOP_BLOCK)
        combine_block(op, result + at, at, len - at < BITOP_BLOCK ? len - at : BITOP_BLOCK, source, count);
    if (!blob)
        return keyspace_set(c->keyspace, c->db, c->argv[2], c->hashes[2], slice_make(few, len), EXPIRY_NONE);
    blob->len = len;
    return keyspace_set_blob(c->keyspace, c->db, c->argv[2], c->hashes[2], blob, EXPIRY_NONE);
}

/* Combines the sources and puts the result under argv[2]; returns its length. */
static size_t combine(struct call *c, enum operation op, const struct source *source, uint32_t count)
{
    size_t len = 0;
    for (uint32_t i = 0; i < count; i++)
        len = source[i].s.len > len ? source[i].s.len : len;
    if (len == 0) {
        if (keyspace_delete(c->keyspace, c->db, c->argv[2], c->hashes[2]))
            call_changed(c, 2, EVENT_GENERIC, "del");
        return 0;
    }
    struct entry *e = combine_in_place(c, op, source, count, len);
    if (!e)
        e = combine_anew(c, op, source, count, len);
    e->flags |= ENTRY_EDITED; /* OBJECT ENCODING says raw, also where the bytes happen to be digits */
    call_changed(c, 2, EVENT_STRING, "set");
    return len;
}

static void operate(struct call *c)
{
    static const char *const names[] = {"AND", "OR", "XOR", "NOT"};
    unsigned op = 0;
    while (op <= OP_NOT && !slice_is(c->argv[1], names[op]))
        op++;
    if (op > OP_NOT) {
        reply_error(c->reply, ERROR_SYNTAX);
        return;
    }
    if (op == OP_NOT && c->argc != 4) {
        reply_error(c->reply, "ERR BITOP NOT must be called with a single source key.");
        return;
    }
    uint32_t count = c->argc - 3;
    struct source *source = mem_alloc(count * sizeof *source);
    bool ok = true;
    /* Looked up twice: the first round may remove keys that ended, which moves entries;
     * the second then finds them all in place. */
    for (uint32_t i = 0; i < count && ok; i++)
        call_read_string(c, i + 3, &ok);
    for (uint32_t i = 0; i < count && ok; i++) {
        struct entry *e = keyspace_find(c->keyspace, c->db, c->argv[i + 3], c->hashes[i + 3]);
        source[i].s = e ? entry_string(e, source[i].scratch) : SLICE("");
    }
    if (ok)
        reply_int(c->reply, (int64_t)combine(c, (enum operation)op, source, count));
    mem_free(source);
}

/* ---- BITFIELD ---------------------------------------------------------------------- */

enum field_verb { FIELD_GET, FIELD_SET, FIELD_ADD };
enum overflow { OVERFLOW_WRAP, OVERFLOW_SATURATE, OVERFLOW_FAIL };

struct field_op {
    uint64_t at;
    int64_t value;
    uint8_t verb, overflow, bits;
    bool is_signed;
};

/* "i16", "u8": up to i64 and u63. */
static bool read_field_type(struct call *c, uint32_t i, struct field_op *op)
{
    struct slice text = c->argv[i];
    int64_t bits = 0;
    op->is_signed = text.len > 0 && text.ptr[0] == 'i';
    if (!(op->is_signed || (text.len > 0 && text.ptr[0] == 'u')) ||
        !number_parse_i64(slice_make(text.ptr + 1, text.len - 1), &bits) || bits < 1 ||
        bits > 63 + op->is_signed) {
        reply_error(c->reply,
                    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported "
                    "but i64 is.");
        return false;
    }
    op->bits = (uint8_t)bits;
    return true;
}

static bool read_overflow(struct call *c, uint32_t i, uint8_t *overflow)
{
    if (slice_is(c->argv[i], "WRAP")) {
        *overflow = OVERFLOW_WRAP;
    } else if (slice_is(c->argv[i], "SAT")) {
        *overflow = OVERFLOW_SATURATE;
    } else if (slice_is(c->argv[i], "FAIL")) {
        *overflow = OVERFLOW_FAIL;
    } else {
        reply_error(c->reply, "ERR Invalid OVERFLOW type specified");
        return false;
    }
    return true;
}

/* Reads the operations into ops (room for argc / 2); their number, or -1 after an error. */
static int64_t read_field_ops(struct call *c, struct field_op *ops)
{
    int64_t count = 0;
    uint8_t overflow = OVERFLOW_WRAP;
    for (uint32_t i = 2; i < c->argc;) {
        struct slice word = c->argv[i];
        uint32_t left = c->argc - i - 1;
        struct field_op op = {0};
        if (slice_is(word, "OVERFLOW") && left >= 1) {
            if (!read_overflow(c, i + 1, &overflow))
                return -1;
            i += 2;
            continue;
        }
        if (slice_is(word, "GET") && left >= 2) {
            op.verb = FIELD_GET;
        } else if (slice_is(word, "SET") && left >= 3) {
            op.verb = FIELD_SET;
        } else if (slice_is(word, "INCRBY") && left >= 3) {
            op.verb = FIELD_ADD;
        } else {
            reply_error(c->reply, ERROR_SYNTAX);
            return -1;
        }
        op.overflow = overflow;
        if (!read_field_type(c, i + 1, &op) || !read_offset(c, i + 2, op.bits, &op.at))
            return -1;
        if (op.verb != FIELD_GET && !call_int(c, i + 3, &op.value, NULL))
            return -1;
        i += op.verb == FIELD_GET ? 3 : 4;
        ops[count++] = op;
    }
    return count;
}

/* The low bits of raw as a number of op's type. */
static __int128 field_number(const struct field_op *op, uint64_t raw)
{
    return op->is_signed ? (int64_t)(raw << (64 - op->bits)) >> (64 - op->bits) : (__int128)raw;
}

static void run_field_get(struct call *c, const struct field_op *op, struct slice s)
{
    reply_int(c->reply, (int64_t)field_number(op, bitmap_get_field(s.ptr, s.len, op->at, op->bits)));
}

/* SET or INCRBY on a string long enough; answers. True when the field was written and
 * its bits changed or, with `grown`, the string became longer for it. */
static bool run_field_write(struct call *c, const struct field_op *op, char *bytes, size_t len, bool grown)
{
    uint64_t raw = bitmap_get_field(bytes, len, op->at, op->bits);
    __int128 old = field_number(op, raw);
    /* What a client wants in an unsigned field is taken as unsigned: -1 is too big, not too small. */
    __int128 wanted = op->is_signed ? (__int128)op->value : (__int128)(uint64_t)op->value;
    if (op->verb == FIELD_ADD)
        wanted = old + op->value;
    __int128 high = ((__int128)1 << (op->bits - op->is_signed)) - 1, low = op->is_signed ? -high - 1 : 0;
    if (wanted > high || wanted < low) {
        if (op->overflow == OVERFLOW_FAIL) {
            reply_null(c->reply);
            return false;
        }
        if (op->overflow == OVERFLOW_SATURATE)
            wanted = wanted > high ? high : low;
    }
    uint64_t next = (uint64_t)wanted & ~0ull >> (64 - op->bits);
    bitmap_put_field(bytes, op->at, op->bits, next);
    reply_int(c->reply, (int64_t)(op->verb == FIELD_ADD ? field_number(op, next) : old));
    return grown || next != raw;
}

static void run_field_reads(struct call *c, const struct field_op *ops, size_t count)
{
    struct slice s;
    char scratch[ENTRY_DIGITS];
    if (!read_string(c, 1, &s, scratch))
        return;
    reply_array(c->reply, count);
    for (size_t i = 0; i < count; i++)
        run_field_get(c, &ops[i], s);
}

static void run_field_ops(struct call *c, const struct field_op *ops, size_t count, size_t need)
{
    bool ok;
    struct entry *e = call_find_string(c, 1, &ok);
    if (!ok)
        return;
    size_t had = e ? entry_string_len(e) : 0, len = need > had ? need : had;
    char *bytes = keyspace_edit(c->keyspace, c->db, c->argv[1], c->hashes[1], len);
    bool changed = false, grown = len > had;
    reply_array(c->reply, count);
    for (size_t i = 0; i < count; i++) {
        if (ops[i].verb == FIELD_GET)
            run_field_get(c, &ops[i], slice_make(bytes, len));
        else
            changed |= run_field_write(c, &ops[i], bytes, len, grown);
    }
    if (changed)
        call_changed(c, 1, EVENT_STRING, "setbit");
}

static void run_fields(struct call *c, bool read_only)
{
    struct field_op few[16], *ops = few;
    if (c->argc / 2 > 16)
        ops = mem_alloc(c->argc / 2 * sizeof *ops);
    int64_t count = read_field_ops(c, ops);
    uint64_t need = 0; /* bytes that the writes reach */
    for (int64_t i = 0; i < count; i++) {
        uint64_t end = (ops[i].at + ops[i].bits + 7) >> 3;
        need = ops[i].verb != FIELD_GET && end > need ? end : need;
    }
    if (count >= 0) {
        if (need == 0)
            run_field_reads(c, ops, (size_t)count);
        else if (read_only)
            reply_error(c->reply, "ERR BITFIELD_RO only supports the GET subcommand");
        else
            run_field_ops(c, ops, (size_t)count, need);
    }
    if (ops != few)
        mem_free(ops);
}

static void fields(struct call *c)
{
    run_fields(c, false);
}

static void fields_read_only(struct call *c)
{
    run_fields(c, true);
}

/* ---- the rows ------------------------------------------------------------------------ */

#define ONE_KEY .first = 1, .last = 1, .step = 1, .group = "bitmap"

static const struct key_spec bitop_keys[] = {
    {.flags = "OW update", .begin = KEYS_AT_INDEX, .index = 2, .find = KEYS_RANGE, .step = 1},
    {.flags = "RO access", .begin = KEYS_AT_INDEX, .index = 3, .find = KEYS_RANGE, .last = -1, .step = 1},
    {0},
};

static const struct key_spec bitfield_keys[] = {
    {.flags = "RW access update variable_flags",
     .begin = KEYS_AT_INDEX,
     .index = 1,
     .find = KEYS_RANGE,
     .step = 1,
     .notes = "This command allows both access and modification of the key"},
    {0},
};

const struct command bitmap_commands[] = {
    {.name = "bitcount",
     .run = count_bits,
     .arity = -2,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .since = "2.6.0",
     .key_flags = "RO access",
     .summary = "Counts the set bits of a string, or of a range of it.",
     .complexity = "O(N)",
     .syntax = "key [range=start:integer end:integer [unit@7.0.0=BYTE | BIT]]"},
    {.name = "bitfield",
     .run = fields,
     .arity = -2,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     ONE_KEY,
     .since = "3.2.0",
     .keys = bitfield_keys,
     .summary = "Reads and writes integers of any width at any bit of a string.",
     .complexity = "O(1) for each subcommand.",
     .syntax = "key [operation=<GET get-block=(encoding offset:integer) | write=([OVERFLOW "
               "overflow-block=<WRAP | SAT | "
               "FAIL>] write-operation=<SET set-block=(encoding offset:integer value:integer) | INCRBY "
               "incrby-block=(encoding offset:integer increment:integer)>)> ...]"},
    {.name = "bitfield_ro",
     .run = fields_read_only,
     .arity = -2,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     ONE_KEY,
     .since = "6.0.0",
     .key_flags = "RO access",
     .summary = "Reads integers of any width at any bit of a string.",
     .complexity = "O(1) for each subcommand.",
     .syntax = "key [GET get-block=(encoding offset:integer) [GET get-block=(encoding offset:integer) ...]]"},
    {.name = "bitop",
     .run = operate,
     .arity = -4,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .first = 2,
     .last = -1,
     .step = 1,
     .group = "bitmap",
     .since = "2.6.0",
     .keys = bitop_keys,
     .summary = "Combines the bits of several strings and stores the result.",
     .complexity = "O(N)",
     .syntax = "operation=<AND | OR | XOR | NOT> destkey:key key [key ...]"},
    {.name = "bitpos",
     .run = find_bit,
     .arity = -3,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .since = "2.8.7",
     .key_flags = "RO access",
     .summary = "Finds the first set or clear bit of a string.",
     .complexity = "O(N)",
     .syntax = "key bit:integer [range=start:integer [end-unit-block=end:integer [unit@7.0.0=BYTE | BIT]]]"},
    {.name = "getbit",
     .run = get_bit,
     .arity = 3,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     ONE_KEY,
     .since = "2.2.0",
     .key_flags = "RO access",
     .summary = "Gives the bit at an offset of a string.",
     .complexity = "O(1)",
     .syntax = "key offset:integer"},
    {.name = "setbit",
     .run = set_bit,
     .arity = 4,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     ONE_KEY,
     .since = "2.2.0",
     .key_flags = "RW access update",
     .summary = "Sets or clears the bit at an offset of a string, and gives the one before.",
     .complexity = "O(1)",
     .syntax = "key offset:integer value:integer"},
    {.name = NULL},
};
