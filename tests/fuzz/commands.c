/* Fuzzes the commands on collections: lines of them run in two keyspaces whose encodings have other limits, most of
 * them so small that values are converted all the time. Each line gives one well-formed reply, the same in both;
 * after it every value of both is whole; and both hold the same, also after DUMP and RESTORE.
 *
 * The first two bytes choose limits and protocol. In a line `~300x` stands for 300 times x, `%40` for
 * the words 0 to 39, out of order. Besides commands there are
 *   LATER ms   time passes, and nothing is done about what ends
 *   WAIT ms    the same, and what has ended goes
 *   DRAIN      one step of freeing what was given up
 * Mutations put in, take out or replace lines, made from the forms in `forms`. */
#define FAMILY_WORDS 700

#include "commands/families.h"
#include "commands/limits.h"
#include "redis-compat/payload.h"
#include "server/digest.h"
#include "store/encoding.h"
#include "store/fields_priv.h"
#include "store/list.h"
#include "store/set.h"
#include "store/zset_priv.h"
#include "tests/fuzz/family.h"
#include "tests/unit/support/script_clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

#define HEAD 2 /* bytes before the lines */
#define LINES 48
#define TEXT_MOST 20000 /* of a word */
#define DATABASES 2
#define REPEATS_MOST 1000 /* of the commands that choose at random */

struct world {
    struct keyspace *ks;
    struct encoding_limits limits;
};

static struct world worlds[2];

static struct encoding_limits choose_limits(uint8_t choice)
{
    static const uint64_t entries[] = {0, 1, 3, 8, 30, 128, 1000, 100000000};
    static const int64_t sizes[] = {1, 2, 5, 100, -1, -2, -5, 40};
    uint64_t most = entries[choice & 7], longest = choice & 8 ? 1 << 30 : choice & 16 ? 5 : 64;
    return (struct encoding_limits){.hash_entries = most,
                                    .hash_value = longest,
                                    .set_ints = most,
                                    .set_entries = most / 2,
                                    .set_value = longest,
                                    .zset_entries = most,
                                    .zset_value = longest,
                                    .list_size = sizes[choice & 7],
                                    .list_compress_depth = choice >> 5 & 3};
}

/* ---- values are whole ------------------------------------------------------------- */

/* The cell of an item of d that ends then is due no later. */
static void check_noted(const struct keyspace *ks, const struct expiry_map *map, const struct dict *d,
                        uint64_t hash, int64_t end)
{
    uint32_t segment = dict_segment_of(d, hash);
    unsigned cell = (unsigned)(hash << dict_segment(d, segment)->level >> 58);
    must(expiry_cell_time(ks->expiry, map, segment, cell) <= (end < INT64_MAX ? end + 1 : end));
}

static void check_fields_table(const struct keyspace *ks, const struct fields_table *t)
{
    struct dict_walk walk;
    uint64_t expiring = 0;
    dict_walk_begin(&walk, &t->dict);
    for (const struct entry *f; (f = dict_walk_next(&walk));) {
        if (entry_expiry(f) == EXPIRY_NONE)
            continue;
        expiring++;
        check_noted(ks, &t->expiry, &t->dict, keyspace_hash(entry_key(f)), entry_expiry(f));
    }
    must(expiring == t->expiring);
}

static void check_hash(const struct world *w, unsigned db, const struct entry *e)
{
    const struct database *b = w->ks->db[db];
    uint64_t hash = keyspace_hash(entry_key(e)), count = 0;
    struct fields_cursor c;
    fields_begin(&c, e);
    while (fields_next(&c, NULL, NULL, NULL))
        count++;
    must(count == fields_count(e) && !fields_empty(e));
    if (fields_is_table(e)) {
        const struct fields_table *t = fields_table_of(e);
        must(t->home == b && t->hash == hash);
        check_fields_table(w->ks, t);
        return;
    }
    struct slice bytes = entry_bytes(e);
    uint32_t packed = pack_count(bytes.ptr);
    const char *at = bytes.ptr + PACK_HEADER;
    bool stamped = pack_form(bytes.ptr);
    must(packed <= w->limits.hash_entries && stamped == !!(e->flags & ENTRY_FIELDS_EXPIRE));
    for (uint32_t i = 0; i < packed; i++) {
        struct fields_packed f;
        at = fields_packed_read(at, stamped, &f);
        if (f.expiry_ms != EXPIRY_NONE)
            check_noted(w->ks, &b->expiry, &b->dict, hash, f.expiry_ms);
    }
    must(at == bytes.ptr + bytes.len);
}

static void check_list(const struct entry *e)
{
    uint64_t count = list_count(e), up = 0, down = 0;
    struct list_cursor c;
    struct slice value;
    must(count);
    for (list_seek(&c, e, 0, false); list_next(&c, &value); up++)
        ;
    for (list_seek(&c, e, count - 1, true); list_next(&c, &value); down++)
        ;
    must(up == count && down == count);
    if (entry_encoding(e) == ENC_TABLE)
        chunks_check(entry_table(e), NULL);
}

static void check_set(const struct world *w, const struct entry *e)
{
    struct set_cursor c;
    struct slice member;
    uint64_t count = 0;
    int64_t number, last = INT64_MIN;
    bool ints = set_is_ints(e);
    for (set_begin(&c, e); set_next(&c, &member); count++) {
        must(set_has(e, member));
        must(!ints || (number_parse_i64(member, &number) && (!count || number > last)));
        last = number;
    }
    must(count && count == set_count(e));
    if (set_is_hashed(e))
        return;
    struct slice bytes = entry_bytes(e);
    must(count <= (ints ? w->limits.set_ints : w->limits.set_entries));
    must(c.at == bytes.ptr + bytes.len);
}

static void check_zset(const struct world *w, const struct entry *e)
{
    struct zset_cursor c;
    struct slice member;
    double score, found, last = -INFINITY;
    uint64_t count = 0, rank;
    for (zset_seek(&c, e, 0, false); zset_next(&c, &member, &score); last = score, count++) {
        must(score >= last);
        must(zset_rank(e, member, &rank, &found) && rank == count && found == score);
    }
    must(count && count == zset_count(e));
    if (entry_encoding(e) != ENC_TABLE) {
        must(count <= w->limits.zset_entries);
        must(c.pack.first + c.pack.at == entry_bytes(e).ptr + entry_bytes(e).len);
        return;
    }
    const struct zset_table *t = entry_table(e);
    must(dict_count(&t->dict) == count);
    ordered_check(&t->tree);
}

static void check_entry(const struct world *w, unsigned db, const struct entry *e)
{
    enum entry_type type = entry_type(e);
    if (type == TYPE_HASH)
        check_hash(w, db, e);
    else if (type == TYPE_LIST)
        check_list(e);
    else if (type == TYPE_SET)
        check_set(w, e);
    else if (type == TYPE_ZSET)
        check_zset(w, e);
    if (entry_encoding(e) == ENC_TABLE && table_ops[type]->dict)
        dict_check(table_ops[type]->dict(entry_table(e)));
    const struct database *b = w->ks->db[db];
    if (entry_expiry(e) != EXPIRY_NONE)
        check_noted(w->ks, &b->expiry, &b->dict, keyspace_hash(entry_key(e)), entry_expiry(e));
}

static void check_world(const struct world *w)
{
    for (unsigned db = 0; db < DATABASES; db++) {
        uint64_t expiring = 0;
        struct dict_walk walk;
        const struct dict *d = keyspace_dict(w->ks, db);
        dict_check(d);
        dict_walk_begin(&walk, d);
        for (const struct entry *e; (e = dict_walk_next(&walk));) {
            check_entry(w, db, e);
            expiring += entry_expiry(e) != EXPIRY_NONE;
        }
        must(expiring == keyspace_expiring(w->ks, db, NULL));
    }
}

/* ---- both hold the same ----------------------------------------------------------- */

static void settle(const struct world *w)
{
    while (keyspace_work(w->ks, 1000000) == 0)
        ;
}

/* Makes key in db of `to` what e is, by way of a payload. */
static void carry(const struct world *to, unsigned db, struct slice key, const struct entry *e)
{
    struct rdb_writer w = {.compress = db};
    struct place built;
    const char *error;
    char before[DIGEST_TEXT], after[DIGEST_TEXT];
    int64_t expiry = entry_expiry(e);
    digest_of_value(e, before);
    payload_write(&w, e);
    must(payload_read(buf_slice(&w.out), to->ks, &built, &error) && built.entry);
    digest_of_value(place_move(&built, db, key, keyspace_hash(key), expiry).entry, after);
    must(strcmp(before, after) == 0);
    rdb_writer_deinit(&w);
}

/* Makes the second world hold what the first does. Nothing in it may wait to be removed. */
static void copy_world(void)
{
    for (unsigned db = 0; db < DATABASES; db++) {
        keyspace_flush(worlds[1].ks, db);
        struct dict_walk walk;
        dict_walk_begin(&walk, keyspace_dict(worlds[0].ks, db));
        encoding_limits = worlds[1].limits;
        for (const struct entry *e; (e = dict_walk_next(&walk));)
            carry(&worlds[1], db, entry_key(e), e);
    }
}

static void compare_worlds(void)
{
    char one[DIGEST_TEXT], other[DIGEST_TEXT];
    digest_all(worlds[0].ks, one);
    digest_all(worlds[1].ks, other);
    must(strcmp(one, other) == 0);
}

/* ---- lines -------------------------------------------------------------------------- */

static const struct command *const families[] = {
    hash_commands,        hash_expiry_commands, list_commands,       list_block_commands, set_commands,
    set_ops_commands,     zset_commands,        zset_range_commands, zset_ops_commands,   zset_block_commands,
    geo_commands,         sort_commands,        key_commands,        expire_commands,     scan_commands,
    hyperloglog_commands, string_commands,
};

/* Puts in place of words what `~` and `%` stand for; their new number. Good until it is called again. */
static uint32_t expand(struct slice *words, uint32_t count)
{
    static char text[FAMILY_WORDS * TEXT_MOST];
    struct slice made[FAMILY_WORDS];
    size_t used = 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < count && n < FAMILY_WORDS; i++) {
        struct slice word = words[i];
        char kind = word.len > 1 ? word.ptr[0] : 0;
        int64_t most;
        if (kind == '~' && number_parse_i64(slice_make(word.ptr + 1, word.len - 2), &most) && most >= 0 &&
            most <= TEXT_MOST) {
            made[n++] = slice_make(text + used, (size_t)most);
            memset(text + used, word.ptr[word.len - 1], (size_t)most);
            used += (size_t)most;
        } else if (kind == '%' && number_parse_i64(slice_make(word.ptr + 1, word.len - 1), &most)) {
            for (int64_t k = 0; k < most && n < FAMILY_WORDS; k++) {
                size_t len = number_format_i64(text + used, k * 7 % most);
                made[n++] = slice_make(text + used, len);
                used += len;
            }
        } else {
            made[n++] = word;
        }
    }
    memcpy(words, made, n * sizeof *words);
    return n;
}

/* True when all members of a sorted set have one score: only then ranges of bytes mean anything. */
static bool is_even(struct slice key)
{
    struct entry *e = keyspace_find(worlds[0].ks, 0, key, keyspace_hash(key));
    struct zset_cursor c;
    struct slice member;
    double first = 0, last = 0;
    if (!e || entry_type(e) != TYPE_ZSET)
        return true;
    zset_seek(&c, e, 0, false);
    zset_next(&c, &member, &first);
    zset_seek(&c, e, zset_count(e) - 1, false);
    zset_next(&c, &member, &last);
    return first == last;
}

/* What a command answers and leaves depends on chance, or on the order in which a set lies. */
static bool is_loose(const struct command *row, const struct slice *words, uint32_t count)
{
    bool by = false, lex = strstr(row->name, "lex");
    for (uint32_t i = 1; i < count; i++) {
        by |= slice_is(words[i], "BY");
        lex |= slice_is(words[i], "BYLEX");
    }
    const char *tip = row->tips ? strstr(row->tips, "nondeterministic_output") : NULL;
    return (tip && !strstr(tip, "_order")) || (by && strncmp(row->name, "sort", 4) == 0) ||
           (lex && row->last > 0 && !(is_even(words[row->first]) && is_even(words[row->last]))) ||
           strcmp(row->name, "dbsize") == 0; /* RANDOMKEY removes what has ended */
}

/* True when it would take long, for a long reply. */
static bool is_long(const struct command *row, const struct slice *words, uint32_t count)
{
    int64_t n;
    return count > 2 && strstr(row->name, "rand") && number_parse_i64(words[2], &n) && n < -REPEATS_MOST;
}

/* Minus zero, which not each encoding keeps, becomes zero. */
static void merge_zeros(struct buf *said)
{
    static const char *const forms[][2] = {{"$2\r\n-0\r\n", "$1\r\n0\r\n"}, {",-0\r\n", ",0\r\n"}};
    for (unsigned i = 0; i < 2; i++) {
        size_t len = strlen(forms[i][0]);
        for (char *at = said->data;
             (at = memmem(at, (size_t)(said->data + said->len - at), forms[i][0], len));) {
            memcpy(at, forms[i][1], len - 1);
            memmove(at + len - 1, at + len, (size_t)(said->data + said->len - at) - len);
            said->len--;
        }
    }
}

static void run_command(const struct slice *words, uint32_t count, uint8_t protocol)
{
    const struct command *row = command_find(words[0]);
    if (!row || !row->run || !command_arity_fits(row, count) || is_long(row, words, count))
        return;
    struct buf said[2] = {BUF_EMPTY, BUF_EMPTY};
    bool loose = is_loose(row, words, count), ordered = !row->tips || !strstr(row->tips, "_order");
    for (unsigned i = 0; i < 2; i++) {
        encoding_limits = worlds[i].limits;
        must(family_run(worlds[i].ks, row, words, count, protocol, &said[i]));
        merge_zeros(&said[i]);
        check_world(&worlds[i]);
    }
    must(loose || said[0].len == said[1].len);
    must(loose || !ordered || slice_eq(buf_slice(&said[0]), buf_slice(&said[1])));
    if (loose && row->flags & COMMAND_WRITE) {
        settle(&worlds[0]);
        copy_world();
    }
    buf_deinit(&said[0]);
    buf_deinit(&said[1]);
}

static void run_line(const struct slice *words, uint32_t count, uint8_t protocol)
{
    int64_t ms = 0;
    if (count > 1 && (!number_parse_i64(words[1], &ms) || ms < 0 || ms > 100000))
        ms = 0;
    if (slice_is(words[0], "LATER") || slice_is(words[0], "WAIT")) {
        script_clock_advance(ms);
        for (unsigned i = 0; slice_is(words[0], "WAIT") && i < 2; i++) {
            settle(&worlds[i]);
            check_world(&worlds[i]);
        }
    } else if (slice_is(words[0], "DRAIN")) {
        keyspace_drain(worlds[0].ks, 0);
        keyspace_drain(worlds[1].ks, 0);
    } else {
        run_command(words, count, protocol);
    }
}

/* Whoever hears of a key is told the right hash. */
static void hear(void *ctx, unsigned db, struct slice key, uint64_t hash)
{
    (void)ctx;
    must(db < DATABASES && keyspace_hash(key) == hash);
}

static void nobody_waits(struct call *c, uint32_t first, uint32_t keys, enum entry_type type,
                         int64_t timeout_ms, enum call_wait_reply empty)
{
    (void)timeout_ms;
    must(keys && first + keys <= c->argc && type < TYPE_COUNT);
    if (empty == WAIT_NULL)
        reply_null(c->reply);
    else
        reply_null_array(c->reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!command_count())
        for (size_t i = 0; i < sizeof families / sizeof *families; i++)
            command_table_add(families[i]);
    if (size < HEAD)
        return 0;
    script_clock_start();
    call_wait = nobody_waits;
    limit_bulk_len = 100000;
    uint8_t protocol = data[0] & 128 ? 3 : 2;
    for (unsigned i = 0; i < 2; i++)
        worlds[i] = (struct world){family_begin(DATABASES), choose_limits(data[i])};
    keyspace_observe(worlds[1].ks, &(struct keyspace_observer){.changed = hear});
    struct slice text = slice_make(data + HEAD, size - HEAD), words[FAMILY_WORDS];
    uint32_t count;
    for (unsigned lines = 0; lines < LINES && family_line(&text, words, &count); lines++) {
        count = expand(words, count);
        if (count)
            run_line(words, count, protocol);
        if (lines % 8 == 7)
            compare_worlds();
    }
    settle(&worlds[0]);
    settle(&worlds[1]);
    compare_worlds();
    copy_world();
    check_world(&worlds[1]);
    compare_worlds();
    keyspace_destroy(worlds[0].ks);
    family_end(worlds[1].ks);
    return 0;
}

/* ---- mutations ---------------------------------------------------------------------- */

/* Lines: of the parts of a word between `|` one is taken, `_` is a space in it. A letter alone is one of `letters`. */
static const char *const forms[] = {
    "LPUSH|RPUSH|LPUSHX|RPUSHX L v|v_v|w",
    "LPOP|RPOP L |n",
    "LMOVE L L LEFT|RIGHT LEFT|RIGHT",
    "BLMOVE L L LEFT|RIGHT LEFT|RIGHT 0",
    "RPOPLPUSH L L",
    "BRPOPLPUSH L L 0",
    "LMPOP 2 L L LEFT|RIGHT |COUNT_n",
    "BLMPOP 0 2 L L LEFT|RIGHT |COUNT_n",
    "BLPOP|BRPOP L L 0",
    "LRANGE|LTRIM L n n",
    "LINDEX L n",
    "LSET L n v",
    "LREM L n v",
    "LINSERT L BEFORE|AFTER v v",
    "LPOS L v |RANK_n |COUNT_n |MAXLEN_n",
    "LLEN L",
    "SADD|SREM|SMISMEMBER S v|v_v|w",
    "SCARD|SMEMBERS S",
    "SMOVE S S v",
    "SPOP|SRANDMEMBER S |s",
    "SISMEMBER S v",
    "SINTER|SUNION|SDIFF|SINTERSTORE|SUNIONSTORE|SDIFFSTORE S S |S |S",
    "SINTERCARD 2 S S |LIMIT_n",
    "SSCAN S 0 |COUNT_n",
    "HSET|HMSET H w|v_v|v_v_v_v",
    "HSETNX H v v",
    "HINCRBY H v n",
    "HINCRBYFLOAT H v d",
    "HDEL|HMGET H v|v_v|w",
    "HGET|HSTRLEN|HEXISTS H v",
    "HGETALL|HKEYS|HVALS|HLEN H",
    "HSCAN H 0 |COUNT_n",
    "HRANDFIELD H |s |WITHVALUES",
    "HEXPIRE|HPEXPIRE|HPEXPIREAT H t |NX|XX|GT|LT FIELDS 1 v",
    "HPEXPIRE H t FIELDS 40 %40",
    "HSETEX H PX t FIELDS 340 %680",
    "HPERSIST|HPEXPIRETIME|HGETDEL H FIELDS 2 v v",
    "HGETEX H |PX_t|PXAT_n|PERSIST FIELDS 2 v v",
    "HSETEX H |FNX|FXX |PX_t|PXAT_n|KEEPTTL FIELDS 2 v v v v",
    "ZADD Z |NX|XX |GT|LT |CH|INCR d v",
    "ZADD Z w|d_v_d_v_d_v",
    "ZINCRBY Z d v",
    "ZREM|ZMSCORE Z v|v_v|w",
    "ZCARD Z",
    "ZSCORE Z v",
    "ZSCAN Z 0 |COUNT_n",
    "ZINTERCARD 2 Z Z |LIMIT_n",
    "BZPOPMIN|BZPOPMAX Z Z 0",
    "ZRANGE|ZREVRANGE Z n n |REV |WITHSCORES",
    "ZRANGE Z b b BYSCORE |REV |LIMIT_n_n |WITHSCORES",
    "ZRANGE Z l l BYLEX |REV |LIMIT_n_n",
    "ZRANGESTORE Z Z n n|b_b_BYSCORE|l_l_BYLEX |REV |LIMIT_n_n",
    "ZREMRANGEBYRANK Z n n",
    "ZREMRANGEBYSCORE|ZCOUNT|ZREVRANGEBYSCORE Z b b",
    "ZREMRANGEBYLEX|ZLEXCOUNT|ZREVRANGEBYLEX Z l l",
    "ZRANK|ZREVRANK Z v |WITHSCORE",
    "ZPOPMIN|ZPOPMAX Z |n",
    "ZMPOP 2 Z Z MIN|MAX |COUNT_n",
    "BZMPOP 0 2 Z Z MIN|MAX |COUNT_n",
    "ZUNION|ZINTER|ZDIFF 2 Z Z |WEIGHTS_d_d |AGGREGATE_MIN|AGGREGATE_MAX |WITHSCORES",
    "ZUNIONSTORE|ZINTERSTORE|ZDIFFSTORE Z 2 Z Z |WEIGHTS_d_d |AGGREGATE_MIN|AGGREGATE_MAX",
    "ZRANDMEMBER Z s |WITHSCORES",
    "GEOADD Z d d v d d v",
    "GEOSEARCH Z FROMMEMBER v BYRADIUS 5000 km |ASC|DESC |COUNT_n |WITHDIST|WITHHASH",
    "GEOSEARCHSTORE Z Z FROMLONLAT 1 1 BYBOX 20000 9000 km |ASC|DESC |COUNT_n |STOREDIST",
    "GEORADIUS Z 1 1 9000 km |COUNT_n |STORE_Z|STOREDIST_Z",
    "SORT k |BY_p |LIMIT_n_n |GET_p|GET_# |ALPHA |DESC |STORE_k",
    "PFADD P v|v_v|w",
    "PFCOUNT|PFMERGE P P |P",
    "SET|APPEND k v",
    "TYPE|GET|STRLEN k",
    "DEL|UNLINK|EXISTS|TOUCH k |k",
    "COPY k k |REPLACE |DB_1",
    "RENAME|RENAMENX k k",
    "MOVE k 1",
    "SWAPDB 0 1",
    "FLUSHDB|FLUSHALL|DBSIZE|RANDOMKEY|DRAIN",
    "EXPIRE|PEXPIRE k t |NX|XX|GT|LT",
    "PERSIST|EXPIRETIME k",
    "KEYS *",
    "WAIT|LATER t",
};

static const struct {
    char letter;
    const char *words;
} letters[] = {
    {'L', "l|l|l|l|m|m|s"}, /* keys, most of them of the right type */
    {'S', "s|s|s|s|t|t|z"},
    {'H', "h|h|h|h|i|i|l"},
    {'Z', "z|z|z|z|y|y|s"},
    {'P', "p|p|q|l"},
    {'k', "l|m|s|t|h|i|z|y|x"},
    {'v', "0|1|2|3|9|35|-1|127|128|-4097|32768|-8388609|2147483648|9223372036854775807|1.5||x|y|~63x|~64y|"
          "~300z|~5000a|~20000b"},
    {'w', "%2|%4|%10|%40|%300|%680"},
    {'n', "0|1|2|3|-1|-2|7|100|-100|9223372036854775807|-9223372036854775808"},
    {'s', "0|1|2|5|-3|100|1000"},
    {'d', "0|1|2|-1|3.5|1e300|-0|inf|-inf|17"},
    {'b', "0|1|(1|2|(3|-inf|+inf|100"},
    {'l', "-|+|[1|(2|[x|(|["},
    {'t', "0|1|2|5|20|1000"},
    {'p', "nosort|a|*|a->*|*->1|b*"},
};

static const char *part_end(const char *p, char end)
{
    while (*p && *p != '|' && *p != end)
        p++;
    return p;
}

/* One of the parts between `|` up to `end` or the end of the text. */
static struct slice choose(const char *p, char end, unsigned *seed)
{
    unsigned parts = 1;
    const char *q = p;
    for (; *(q = part_end(q, end)) == '|'; q++)
        parts++;
    for (unsigned skip = (unsigned)rand_r(seed) % parts; skip; skip--)
        p = part_end(p, end) + 1;
    return slice_make(p, (size_t)(part_end(p, end) - p));
}

static void put_word(struct buf *line, struct slice word, unsigned *seed)
{
    for (size_t i = 0; word.len == 1 && i < sizeof letters / sizeof *letters; i++) {
        if (*word.ptr != letters[i].letter)
            continue;
        word = choose(letters[i].words, 0, seed);
        break;
    }
    buf_append_slice(line, word);
    buf_append_char(line, ' ');
}

/* Appends a line of some form. */
static void make_line(struct buf *line, unsigned *seed)
{
    const char *form = forms[(unsigned)rand_r(seed) % (sizeof forms / sizeof *forms)];
    for (;;) {
        struct slice part = choose(form, ' ', seed);
        while (part.len) {
            const char *joint = memchr(part.ptr, '_', part.len);
            size_t len = joint ? (size_t)(joint - part.ptr) : part.len;
            put_word(line, slice_make(part.ptr, len), seed);
            part = slice_make(part.ptr + len + (joint != NULL), part.len - len - (joint != NULL));
        }
        const char *space = strchr(form, ' ');
        if (!space)
            break;
        form = space + 1;
    }
    line->data[line->len - 1] = '\n';
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    unsigned how = (unsigned)rand_r(&seed) % 8;
    if (size < HEAD || how == 0)
        return LLVMFuzzerMutate(data, size, most);
    /* The line that begins at `at` goes, or another comes before it, or both. */
    size_t at = HEAD + (unsigned)rand_r(&seed) % (size - HEAD + 1), rest;
    while (at < size && at > HEAD && data[at - 1] != '\n')
        at++;
    for (rest = at; how < 3 && rest < size && (rest == at || data[rest - 1] != '\n');)
        rest++;
    struct buf made = BUF_EMPTY;
    buf_append(&made, data, at);
    if (at > HEAD && data[at - 1] != '\n')
        buf_append_char(&made, '\n');
    if (how > 1)
        make_line(&made, &seed);
    buf_append(&made, data + rest, size - rest);
    if (made.len <= most) {
        memcpy(data, made.data, made.len);
        size = made.len;
    }
    buf_deinit(&made);
    return size;
}
