#include "redis-compat/rdb_value.h"

#include "base/clock.h"
#include "base/must.h"
#include "base/number.h"
#include "redis-compat/compact.h"
#include "store/encoding.h"
#include "store/fields.h"
#include "store/list.h"
#include "store/set.h"
#include "store/zset.h"

#include <math.h>

/* How a node of a quicklist is held. */
enum { NODE_PLAIN = 1, NODE_PACKED = 2 };

/* The latest time at which a field may end: 48 bits. */
#define FIELD_EXPIRY_MAX 0xfffffffffffell

/* A packed collection isn't written as one listpack from so many bytes on: a listpack's size has 32 bits. */
#define LISTPACK_MAX (512u << 20)

/* ---- reading ------------------------------------------------------------------ */

struct loading {
    struct rdb_reader *r;
    struct place *p;
    uint64_t added; /* elements */
    int64_t last_expiry;
    struct buf first, second; /* what strings are put together in */
};

static bool add_element(struct loading *l, struct slice text)
{
    if (text.len > LIST_ELEMENT_MAX)
        return rdb_refuse(l->r, "an element is too long");
    list_push(l->p, LIST_TAIL, text);
    l->added++;
    return true;
}

static bool add_member(struct loading *l, struct slice member)
{
    if (!set_add(l->p, member))
        return rdb_refuse(l->r, "a member stands there twice");
    l->added++;
    return true;
}

static bool add_scored(struct loading *l, struct slice member, double score)
{
    if (zset_put(l->p, member, score) != ZSET_ADDED)
        return rdb_refuse(l->r, "a member stands there twice");
    l->added++;
    return true;
}

/* expiry_ms: ms since 1970 or EXPIRY_NONE. What has ended is passed over. */
static bool add_field(struct loading *l, struct slice field, struct slice value, int64_t expiry_ms)
{
    l->added++;
    if (expiry_ms != EXPIRY_NONE && expiry_ms < clock_ms())
        return true;
    return fields_set(l->p, field, value, expiry_ms) || rdb_refuse(l->r, "a field stands there twice");
}

/* ---- element by element */

static bool read_string(struct loading *l)
{
    struct place *p = l->p;
    struct slice text;
    if (!rdb_read_string(l->r, &l->first, &text))
        return false;
    p->entry = keyspace_set(p->keyspace, p->db, p->key, p->hash, text, EXPIRY_NONE);
    l->added = 1;
    return true;
}

static bool read_list(struct loading *l)
{
    uint64_t count;
    struct slice text;
    if (!rdb_read_len(l->r, &count))
        return false;
    while (count--)
        if (!rdb_read_string(l->r, &l->first, &text) || !add_element(l, text))
            return false;
    return true;
}

static bool read_set(struct loading *l)
{
    uint64_t count;
    struct slice member;
    if (!rdb_read_len(l->r, &count))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        if (!rdb_read_string(l->r, &l->first, &member))
            return false;
        if (i == 0)
            set_expect(l->p, member, count);
        if (!add_member(l, member))
            return false;
    }
    return true;
}

static bool read_zset(struct loading *l, bool (*read_score)(struct rdb_reader *r, double *score))
{
    uint64_t count;
    struct slice member;
    double score;
    if (!rdb_read_len(l->r, &count))
        return false;
    if (count)
        zset_expect(l->p, count);
    while (count--)
        if (!rdb_read_string(l->r, &l->first, &member) || !read_score(l->r, &score) ||
            !add_scored(l, member, score))
            return false;
    return true;
}

static bool read_hash(struct loading *l)
{
    uint64_t count;
    struct slice field, value;
    if (!rdb_read_len(l->r, &count))
        return false;
    while (count--)
        if (!rdb_read_string(l->r, &l->first, &field) || !rdb_read_string(l->r, &l->second, &value) ||
            !add_field(l, field, value, EXPIRY_NONE))
            return false;
    return true;
}

/* The earliest expiry stands in front; those of fields count from it, and from 1: 0 says that there is none. */
static bool read_expiring_hash(struct loading *l)
{
    int64_t earliest;
    uint64_t count, after;
    struct slice field, value;
    if (!rdb_read_ms(l->r, &earliest) || !rdb_read_len(l->r, &count))
        return false;
    if (earliest < 0 || earliest > FIELD_EXPIRY_MAX + 1)
        return rdb_refuse(l->r, "an expiry is out of range");
    while (count--) {
        if (!rdb_read_len(l->r, &after))
            return false;
        if (after > (uint64_t)(FIELD_EXPIRY_MAX - earliest) + 1)
            return rdb_refuse(l->r, "an expiry is out of range");
        int64_t expiry = after ? earliest + (int64_t)after - 1 : EXPIRY_NONE;
        if (!rdb_read_string(l->r, &l->first, &field) || !rdb_read_string(l->r, &l->second, &value) ||
            !add_field(l, field, value, expiry))
            return false;
    }
    return true;
}

/* ---- packed: elements in groups: (member), (member, score), (field, value), (field, value, expiry) */

#define GROUP_MAX 3

typedef bool add_group(struct loading *l, const struct slice *texts);

static bool group_element(struct loading *l, const struct slice *texts)
{
    return add_element(l, texts[0]);
}

static bool group_member(struct loading *l, const struct slice *texts)
{
    return add_member(l, texts[0]);
}

static bool group_scored(struct loading *l, const struct slice *texts)
{
    double score;
    if (!number_parse_double(texts[1], &score))
        return rdb_refuse(l->r, "a score is no number");
    return add_scored(l, texts[0], score);
}

static bool group_field(struct loading *l, const struct slice *texts)
{
    return add_field(l, texts[0], texts[1], EXPIRY_NONE);
}

/* Those that end come first, in the order of ending; 0: never. */
static bool group_expiring(struct loading *l, const struct slice *texts)
{
    int64_t expiry;
    if (!number_parse_i64(texts[2], &expiry) || expiry < 0 || expiry > FIELD_EXPIRY_MAX)
        return rdb_refuse(l->r, "an expiry is out of range");
    if (expiry && l->added && (!l->last_expiry || expiry < l->last_expiry))
        return rdb_refuse(l->r, "expiries are out of order");
    l->last_expiry = expiry;
    return add_field(l, texts[0], texts[1], expiry ? expiry : EXPIRY_NONE);
}

static bool read_packed(struct loading *l, enum compact_form form, unsigned group, add_group *add)
{
    struct compact c;
    struct slice bytes, texts[GROUP_MAX];
    char digits[GROUP_MAX][COMPACT_DIGITS];
    if (!rdb_read_string(l->r, &l->first, &bytes))
        return false;
    if (!compact_open(&c, form, bytes))
        return rdb_refuse(l->r, "a packed collection is damaged");
    for (unsigned i = 0;; i = (i + 1) % group) {
        struct compact_item item;
        enum compact_result result = compact_next(&c, &item);
        if (result == COMPACT_BAD || (result == COMPACT_END && i != 0))
            return rdb_refuse(l->r, "a packed collection is damaged");
        if (result == COMPACT_END)
            return true;
        texts[i] = compact_text(&item, digits[i]);
        if (i == group - 1 && !add(l, texts))
            return false;
    }
}

static bool read_expiring_packed(struct loading *l)
{
    int64_t earliest; /* they stand in the listpack too */
    return rdb_read_ms(l->r, &earliest) && read_packed(l, COMPACT_LISTPACK, 3, group_expiring);
}

/* ---- lists of nodes */

static bool read_plain_node(struct loading *l)
{
    struct slice text;
    if (!rdb_read_string(l->r, &l->first, &text))
        return false;
    return text.len ? add_element(l, text) : rdb_refuse(l->r, "a node is empty");
}

static bool read_nodes(struct loading *l, enum compact_form form)
{
    uint64_t count, held = NODE_PACKED;
    if (!rdb_read_len(l->r, &count))
        return false;
    while (count--) {
        if (form == COMPACT_LISTPACK && !rdb_read_len(l->r, &held))
            return false;
        if (held != NODE_PLAIN && held != NODE_PACKED)
            return rdb_refuse(l->r, "a node has an unknown form");
        if (held == NODE_PLAIN ? !read_plain_node(l) : !read_packed(l, form, 1, group_element))
            return false;
    }
    return true;
}

static bool read_value(struct loading *l, uint8_t type)
{
    switch (type) {
    case RDB_STRING:
        return read_string(l);
    case RDB_LIST:
        return read_list(l);
    case RDB_SET:
        return read_set(l);
    case RDB_ZSET:
        return read_zset(l, rdb_read_text_double);
    case RDB_HASH:
        return read_hash(l);
    case RDB_ZSET_2:
        return read_zset(l, rdb_read_double);
    case RDB_HASH_ZIPMAP:
        return read_packed(l, COMPACT_ZIPMAP, 2, group_field);
    case RDB_LIST_ZIPLIST:
        return read_packed(l, COMPACT_ZIPLIST, 1, group_element);
    case RDB_SET_INTSET:
        return read_packed(l, COMPACT_INTSET, 1, group_member);
    case RDB_ZSET_ZIPLIST:
        return read_packed(l, COMPACT_ZIPLIST, 2, group_scored);
    case RDB_HASH_ZIPLIST:
        return read_packed(l, COMPACT_ZIPLIST, 2, group_field);
    case RDB_LIST_QUICKLIST:
        return read_nodes(l, COMPACT_ZIPLIST);
    case RDB_HASH_LISTPACK:
        return read_packed(l, COMPACT_LISTPACK, 2, group_field);
    case RDB_ZSET_LISTPACK:
        return read_packed(l, COMPACT_LISTPACK, 2, group_scored);
    case RDB_LIST_QUICKLIST_2:
        return read_nodes(l, COMPACT_LISTPACK);
    case RDB_SET_LISTPACK:
        return read_packed(l, COMPACT_LISTPACK, 1, group_member);
    case RDB_HASH_METADATA:
        return read_expiring_hash(l);
    case RDB_HASH_LISTPACK_EX:
        return read_expiring_packed(l);
    case RDB_HASH_METADATA_PRE_GA:
    case RDB_HASH_LISTPACK_EX_PRE_GA:
        return rdb_refuse(l->r, "a hash has a form of release candidates of Redis 7.4 only");
    case RDB_STREAM_LISTPACKS:
    case RDB_STREAM_LISTPACKS_2:
    case RDB_STREAM_LISTPACKS_3:
        return rdb_refuse(l->r, "streams aren't supported");
    case RDB_MODULE:
    case RDB_MODULE_2:
        return rdb_refuse(l->r, "values of modules aren't supported");
    default:
        return rdb_refuse(l->r, "the type is unknown");
    }
}

bool rdb_value_read(struct rdb_reader *r, uint8_t type, struct keyspace *ks, struct place *p)
{
    struct loading l = {.r = r, .p = p};
    *p = place_workshop(ks);
    bool ok = read_value(&l, type) && (l.added || rdb_refuse(r, "a collection is empty"));
    if (!ok && p->entry)
        place_clear(p);
    buf_deinit(&l.first);
    buf_deinit(&l.second);
    return ok;
}

/* ---- what is written as what ------------------------------------------------------ */

/* When the first field of a hash ends; EXPIRY_NONE: none does. */
static int64_t earliest_expiry(const struct entry *e)
{
    int64_t earliest = EXPIRY_NONE, expiry;
    struct fields_cursor c;
    struct slice field;
    if (!(e->flags & ENTRY_FIELDS_EXPIRE))
        return EXPIRY_NONE;
    fields_begin(&c, e);
    while (fields_next(&c, &field, NULL, &expiry))
        if (expiry != EXPIRY_NONE && (earliest == EXPIRY_NONE || expiry < earliest))
            earliest = expiry;
    return earliest;
}

static bool fits_listpack(const struct entry *e)
{
    return entry_encoding(e) != ENC_TABLE && entry_bytes(e).len <= LISTPACK_MAX;
}

enum rdb_type rdb_value_type(const struct entry *e)
{
    switch (entry_type(e)) {
    case TYPE_LIST:
        return RDB_LIST_QUICKLIST_2;
    case TYPE_SET:
        return set_is_ints(e) ? RDB_SET_INTSET : RDB_SET;
    case TYPE_ZSET:
        return fits_listpack(e) ? RDB_ZSET_LISTPACK : RDB_ZSET_2;
    case TYPE_HASH:
        if (earliest_expiry(e) != EXPIRY_NONE)
            return RDB_HASH_METADATA;
        return fits_listpack(e) ? RDB_HASH_LISTPACK : RDB_HASH;
    default:
        must(entry_type(e) == TYPE_STRING);
        return RDB_STRING;
    }
}

unsigned rdb_type_version(enum rdb_type type)
{
    return type >= RDB_HASH_METADATA_PRE_GA ? 12 : type >= RDB_SET_LISTPACK ? 11 : 10;
}

bool rdb_value_is_empty(const struct entry *e)
{
    return entry_type(e) == TYPE_HASH && fields_count(e) == 0;
}

/* ---- lists: nodes of the size that list-max-listpack-size says */

/* Bytes of a node where list-max-listpack-size counts elements. */
#define NODE_BYTES 8192
/* What an element takes in a listpack beside its text, at most. */
#define ELEMENT_OVERHEAD 11

struct node {
    uint64_t bytes, count; /* of elements */
    uint64_t most_bytes, most_count;
};

static struct node node_begin(void)
{
    int64_t size = encoding_limits.list_size;
    if (size > 0)
        return (struct node){.most_bytes = NODE_BYTES, .most_count = (uint64_t)size};
    return (struct node){.most_bytes = size < 0 ? 2048ull << -(size < -5 ? -5 : size) : NODE_BYTES,
                         .most_count = UINT64_MAX};
}

static void end_node(struct node *n, struct rdb_writer *w)
{
    if (w && n->count) {
        listpack_close(&w->pack, n->count);
        rdb_write_len(w, NODE_PACKED);
        rdb_write_string(w, buf_slice(&w->pack));
    }
    n->bytes = n->count = 0;
}

/* Cuts the list into nodes, writes them (w NULL: doesn't), and returns how many they are. */
static uint64_t cut_list(struct rdb_writer *w, const struct entry *e)
{
    uint64_t nodes = 0;
    struct node n = node_begin();
    struct list_cursor c;
    struct slice text;
    list_seek(&c, e, 0, false);
    while (list_next(&c, &text)) {
        size_t size = text.len + ELEMENT_OVERHEAD;
        if (n.count == n.most_count || n.bytes + size > n.most_bytes)
            end_node(&n, w);
        if (size > n.most_bytes) { /* stands alone */
            nodes++;
            if (w) {
                rdb_write_len(w, NODE_PLAIN);
                rdb_write_string(w, text);
            }
            continue;
        }
        if (!n.count++) {
            nodes++;
            if (w)
                listpack_open(&w->pack);
        }
        n.bytes += size;
        if (w)
            listpack_add(&w->pack, text);
    }
    end_node(&n, w);
    return nodes;
}

static void write_list(struct rdb_writer *w, const struct entry *e)
{
    rdb_write_len(w, cut_list(NULL, e));
    cut_list(w, e);
}

/* ---- sets */

/* The members of a set of integers; they come in ascending order. */
static bool next_int(struct set_cursor *c, int64_t *number)
{
    struct slice text;
    if (!set_next(c, &text))
        return false;
    must(number_parse_i64(text, number));
    return true;
}

static void write_intset(struct rdb_writer *w, const struct entry *e)
{
    uint32_t head[2] = {2, (uint32_t)set_count(e)};
    int64_t number;
    struct set_cursor c;
    set_begin(&c, e);
    while (next_int(&c, &number)) {
        uint32_t width = number == (int16_t)number ? 2 : number == (int32_t)number ? 4 : 8;
        if (width > head[0])
            head[0] = width;
    }
    w->pack.len = 0;
    buf_append(&w->pack, head, sizeof head);
    set_begin(&c, e);
    while (next_int(&c, &number))
        buf_append(&w->pack, &number, head[0]);
    rdb_write_string(w, buf_slice(&w->pack));
}

static void write_set(struct rdb_writer *w, const struct entry *e)
{
    struct set_cursor c;
    struct slice member;
    rdb_write_len(w, set_count(e));
    set_begin(&c, e);
    while (set_next(&c, &member))
        rdb_write_string(w, member);
}

/* ---- sorted sets */

/* A score as Redis's listpacks have it: an integer where it is one. */
static void add_score(struct buf *pack, double score)
{
    char digits[NUMBER_DOUBLE_MAX];
    listpack_add(pack, slice_make(digits, number_format_double(digits, score)));
}

static void write_zset_listpack(struct rdb_writer *w, const struct entry *e)
{
    struct zset_cursor c;
    struct slice member;
    double score;
    listpack_open(&w->pack);
    zset_seek(&c, e, 0, false);
    while (zset_next(&c, &member, &score)) {
        listpack_add(&w->pack, member);
        add_score(&w->pack, score);
    }
    listpack_close(&w->pack, 2 * zset_count(e));
    rdb_write_string(w, buf_slice(&w->pack));
}

/* From the highest score on: so Redis, which puts each at the front, loads it fastest. */
static void write_zset(struct rdb_writer *w, const struct entry *e)
{
    struct zset_cursor c;
    struct slice member;
    double score;
    uint64_t count = zset_count(e);
    rdb_write_len(w, count);
    zset_seek(&c, e, count - 1, true);
    while (zset_next(&c, &member, &score)) {
        rdb_write_string(w, member);
        rdb_write_double(w, score);
    }
}

/* ---- hashes */

static void write_hash_listpack(struct rdb_writer *w, const struct entry *e)
{
    struct fields_cursor c;
    struct slice field, value;
    listpack_open(&w->pack);
    fields_begin(&c, e);
    while (fields_next(&c, &field, &value, NULL)) {
        listpack_add(&w->pack, field);
        listpack_add(&w->pack, value);
    }
    listpack_close(&w->pack, 2 * fields_count(e));
    rdb_write_string(w, buf_slice(&w->pack));
}

/* With expiries, which are written if `earliest` is one. */
static void write_hash(struct rdb_writer *w, const struct entry *e, int64_t earliest)
{
    struct fields_cursor c;
    struct slice field, value;
    int64_t expiry;
    if (earliest != EXPIRY_NONE)
        rdb_write_ms(w, earliest);
    rdb_write_len(w, fields_count(e));
    fields_begin(&c, e);
    while (fields_next(&c, &field, &value, &expiry)) {
        if (earliest != EXPIRY_NONE)
            rdb_write_len(w, expiry == EXPIRY_NONE ? 0 : (uint64_t)(expiry - earliest) + 1);
        rdb_write_string(w, field);
        rdb_write_string(w, value);
    }
}

void rdb_value_write(struct rdb_writer *w, const struct entry *e)
{
    char scratch[ENTRY_DIGITS];
    switch (rdb_value_type(e)) {
    case RDB_STRING:
        rdb_write_string(w, entry_string(e, scratch));
        break;
    case RDB_LIST_QUICKLIST_2:
        write_list(w, e);
        break;
    case RDB_SET_INTSET:
        write_intset(w, e);
        break;
    case RDB_SET:
        write_set(w, e);
        break;
    case RDB_ZSET_LISTPACK:
        write_zset_listpack(w, e);
        break;
    case RDB_ZSET_2:
        write_zset(w, e);
        break;
    case RDB_HASH_LISTPACK:
        write_hash_listpack(w, e);
        break;
    default:
        write_hash(w, e, earliest_expiry(e));
    }
}
