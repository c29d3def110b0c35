#include "store/set.h"

#include "base/mem.h"
#include "base/random.h"
#include "ds/intset.h"
#include "store/encoding.h"

#define FORM_ELEMENTS 0
/* Packed bytes beyond this become a table whatever the settings say. */
#define PACKED_MAX (1u << 30)

/* Random positions of a table that were drawn ahead: what stands there is on its way into the cache when it is
 * wanted. Each is still even odds then, since nobody looked at what it would hit. */
#define DRAWN 8

struct set_table {
    struct dict dict;
    size_t bytes; /* of the members, as the arena rounds them */
    uint32_t draw;
    bool drawn; /* the positions are there */
    uint64_t draws[DRAWN];
};

/* ---- members of a table --------------------------------------------------------
 * Bytes that fill an arena object of their own to the last one stand there alone; all others behind
 * their length:
 *
 *   0x00 .. 0xfd   that many bytes
 *   0xfe           4 bytes of length
 *   0xff           8 bytes of length */

static size_t length_size(size_t len)
{
    return len < 0xfe ? 1 : len <= UINT32_MAX ? 5 : 9;
}

static inline struct slice item_text(const void *item)
{
    const char *p = item;
    size_t exact = arena_exact_size(item);
    if (exact)
        return slice_make(p, exact);
    uint8_t head = (uint8_t)*p;
    if (likely(head < 0xfe))
        return slice_make(p + 1, head);
    uint64_t len = 0;
    memcpy(&len, p + 1, head == 0xfe ? 4 : 8);
    return slice_make(p + (head == 0xfe ? 5 : 9), len);
}

static void *item_make(struct slice text)
{
    if (arena_fits_exact(text.len)) {
        char *p = arena_alloc_exact(text.len);
        if (unlikely(!p))
            entry_out_of_memory(text.len);
        return memcpy(p, text.ptr, text.len);
    }
    size_t head = length_size(text.len);
    char *p = arena_alloc(head + text.len);
    if (unlikely(!p))
        entry_out_of_memory(head + text.len);
    uint64_t len = text.len;
    if (likely(head == 1)) {
        *p = (char)len;
    } else {
        *p = (char)(head == 5 ? 0xfe : 0xff);
        memcpy(p + 1, &len, head - 1);
    }
    if (text.len)
        memcpy(p + head, text.ptr, text.len);
    return p;
}

static size_t item_memory(struct slice text)
{
    return arena_fits_exact(text.len) ? text.len : arena_size(length_size(text.len) + text.len);
}

static bool item_match(const void *item, const void *key)
{
    const struct slice *text = key;
    return slice_eq(item_text(item), *text);
}

static uint64_t item_hash(const void *item)
{
    return keyspace_hash(item_text(item));
}

static const struct dict_type member_type = {.hash = item_hash};

static struct set_table *table_create(void)
{
    struct set_table *t = mem_zalloc(1, sizeof *t);
    dict_init(&t->dict, &member_type);
    return t;
}

static inline struct set_table *table_of(const struct entry *e)
{
    return entry_table(e);
}

static uint64_t *table_find(const struct set_table *t, struct slice member, uint64_t hash)
{
    return dict_find(&t->dict, hash, item_match, &member);
}

/* The member isn't there. */
static void table_insert(struct set_table *t, struct slice member, uint64_t hash)
{
    if (unlikely(!dict_insert(&t->dict, hash, item_make(member))))
        entry_out_of_memory(member.len);
    t->bytes += item_memory(member);
}

static void table_remove(struct set_table *t, uint64_t hash, uint64_t *slot)
{
    void *item = dict_item(slot);
    t->bytes -= item_memory(item_text(item));
    dict_remove_at(&t->dict, hash, slot);
    arena_free(item);
}

/* The slot of some member, all with even odds; there must be one. *hash is what table_remove needs of its hash. */
static uint64_t *table_random(struct set_table *t, uint64_t *hash)
{
    if (unlikely(!t->drawn)) {
        for (unsigned i = 0; i < DRAWN; i++)
            t->draws[i] = random_u64();
        t->drawn = true;
    }
    for (;;) {
        uint64_t *draw = &t->draws[t->draw++ % DRAWN];
        uint64_t *slot = dict_at(&t->dict, *draw, hash);
        *draw = random_u64();
        dict_prefetch_at(&t->dict, *draw);
        /* Halfway through the row the slot has come, and what is in it is fetched. */
        dict_prefetch_item_at(&t->dict, t->draws[(t->draw + DRAWN / 2) % DRAWN]);
        if (slot)
            return slot;
    }
}

/* ---- tables as the keyspace sees them ------------------------------------------- */

static uint64_t ops_count(const void *table)
{
    const struct set_table *t = table;
    return dict_count(&t->dict);
}

static void *ops_copy(const void *table)
{
    const struct set_table *t = table;
    struct set_table *copy = table_create();
    struct dict_walk walk;
    dict_walk_begin(&walk, &t->dict);
    for (const void *item; (item = dict_walk_next(&walk));)
        table_insert(copy, item_text(item), item_hash(item));
    return copy;
}

static void free_item(void *ctx, void *item)
{
    (void)ctx;
    arena_free(item);
}

static bool ops_drain(void *table, unsigned most)
{
    struct set_table *t = table;
    if (dict_drain(&t->dict, most, free_item, NULL) == most)
        return false;
    mem_free(t);
    return true;
}

static size_t ops_memory(const void *table)
{
    const struct set_table *t = table;
    return sizeof *t + dict_memory(&t->dict) + t->bytes;
}

static const struct dict *ops_dict(const void *table)
{
    const struct set_table *t = table;
    return &t->dict;
}

const struct table_ops set_table_ops = {
    .count = ops_count, .copy = ops_copy, .drain = ops_drain, .memory = ops_memory, .dict = ops_dict};

/* ---- the packed forms ------------------------------------------------------------ */

/* A set of integers, taken apart. */
struct ints {
    const char *array;
    unsigned width;
    uint32_t count;
};

static inline struct ints ints_of(const char *bytes)
{
    return (struct ints){bytes + PACK_HEADER, pack_form(bytes), pack_count(bytes)};
}

static inline int64_t ints_at(const struct ints *s, uint32_t i)
{
    return intset_at(s->array, s->width, i);
}

static inline bool ints_find(const struct ints *s, int64_t v, uint32_t *at)
{
    return intset_find(s->array, s->width, s->count, v, at);
}

static size_t ints_size(unsigned width, uint32_t count)
{
    return PACK_HEADER + (size_t)width * count;
}

/* The element among those of form 0, or NULL. */
static const char *elements_find(const char *bytes, const struct pack_plan *plan)
{
    const char *p = bytes + PACK_HEADER;
    for (uint32_t n = pack_count(bytes); n; n--, p += pack_size(p))
        if (pack_is(p, plan))
            return p;
    return NULL;
}

/* Where element number i begins. */
static const char *elements_at(const char *bytes, uint32_t i)
{
    const char *p = bytes + PACK_HEADER;
    while (i--)
        p += pack_size(p);
    return p;
}

static struct slice number_text(int64_t v, char scratch[PACK_DIGITS])
{
    return slice_make(scratch, number_format_i64(scratch, v));
}

/* Packed member number i. */
static struct slice packed_at(const char *bytes, uint32_t i, char scratch[PACK_DIGITS])
{
    if (pack_form(bytes) != FORM_ELEMENTS) {
        struct ints s = ints_of(bytes);
        return number_text(ints_at(&s, i), scratch);
    }
    struct pack_item item;
    pack_get(elements_at(bytes, i), &item);
    return pack_text(&item, scratch);
}

/* Takes packed member number i out. */
static void packed_remove_at(struct place *p, uint32_t i)
{
    /* A copy of the key may share the bytes: asking for as many as there are makes them our own. */
    size_t len = entry_bytes(p->entry).len, gone;
    char *bytes = place_resize(p, TYPE_SET, len);
    uint8_t form = pack_form(bytes);
    uint32_t count = pack_count(bytes);
    if (form == FORM_ELEMENTS) {
        char *at = bytes + (elements_at(bytes, i) - bytes);
        gone = pack_size(at);
        memmove(at, at + gone, (size_t)(bytes + len - at) - gone);
    } else {
        gone = form;
        intset_remove(bytes + PACK_HEADER, form, count, i);
    }
    pack_set_header(bytes, form, count - 1);
    place_resize(p, TYPE_SET, len - gone);
}

/* ---- reading ---------------------------------------------------------------------- */

uint64_t set_count(const struct entry *e)
{
    if (!e)
        return 0;
    return set_is_hashed(e) ? dict_count(&table_of(e)->dict) : pack_count(entry_bytes(e).ptr);
}

bool set_is_ints(const struct entry *e)
{
    return e && !set_is_hashed(e) && pack_form(entry_bytes(e).ptr) != FORM_ELEMENTS;
}

const char *set_encoding(const struct entry *e)
{
    return set_is_hashed(e) ? "hashtable" : set_is_ints(e) ? "intset" : "listpack";
}

bool set_has_hashed(const struct entry *e, struct slice member, uint64_t hash)
{
    if (set_is_hashed(e))
        return table_find(table_of(e), member, hash) != NULL;
    if (!e)
        return false;
    const char *bytes = entry_bytes(e).ptr;
    if (pack_form(bytes) != FORM_ELEMENTS) {
        struct ints s = ints_of(bytes);
        int64_t v;
        uint32_t at;
        return number_parse_i64(member, &v) && ints_find(&s, v, &at);
    }
    struct pack_plan plan = pack_plan(member);
    return elements_find(bytes, &plan) != NULL;
}

bool set_has(const struct entry *e, struct slice member)
{
    return set_has_hashed(e, member, set_is_hashed(e) ? keyspace_hash(member) : 0);
}

void set_begin(struct set_cursor *c, const struct entry *e)
{
    c->left = 0;
    c->table = set_is_hashed(e);
    if (c->table) {
        dict_walk_begin(&c->walk, &table_of(e)->dict);
    } else if (e) {
        const char *bytes = entry_bytes(e).ptr;
        c->form = pack_form(bytes);
        c->left = pack_count(bytes);
        c->at = bytes + PACK_HEADER;
    }
}

bool set_next(struct set_cursor *c, struct slice *member)
{
    if (c->table) {
        const void *item = dict_walk_next(&c->walk);
        if (item)
            *member = item_text(item);
        return item != NULL;
    }
    if (!c->left)
        return false;
    c->left--;
    if (c->form == FORM_ELEMENTS) {
        struct pack_item item;
        c->at = pack_get(c->at, &item);
        *member = pack_text(&item, c->digits);
    } else {
        *member = number_text(intset_at(c->at, c->form, 0), c->digits);
        c->at += c->form;
    }
    return true;
}

void set_prefetch(const struct entry *e, const uint64_t *hashes, unsigned count)
{
    const struct dict *d = &table_of(e)->dict;
    for (unsigned i = 0; i < count; i++)
        dict_prefetch_group(d, hashes[i]);
    for (unsigned i = 0; i < count; i++)
        dict_prefetch_item(d, hashes[i]);
}

struct shown {
    set_visit *visit;
    void *ctx;
};

static void show_item(void *ctx, void *item)
{
    const struct shown *s = ctx;
    s->visit(s->ctx, item_text(item));
}

uint64_t set_scan(const struct entry *e, uint64_t cursor, set_visit *visit, void *ctx)
{
    if (set_is_hashed(e)) {
        struct shown s = {visit, ctx};
        return dict_scan(&table_of(e)->dict, cursor, show_item, &s);
    }
    struct set_cursor c;
    struct slice member;
    set_begin(&c, e);
    while (set_next(&c, &member))
        visit(ctx, member);
    return 0;
}

/* ---- at random ------------------------------------------------------------------------ */

bool set_random(const struct entry *e, char scratch[PACK_DIGITS], struct slice *member)
{
    uint64_t count = set_count(e), hash;
    if (!count)
        return false;
    if (set_is_hashed(e))
        *member = item_text(dict_item(table_random(table_of(e), &hash)));
    else
        *member = packed_at(entry_bytes(e).ptr, (uint32_t)random_below(count), scratch);
    return true;
}

/* Draws until `count` different items were met: for a count far below the table's. */
static void sample_table(struct set_table *t, uint64_t count, set_visit *visit, void *ctx)
{
    uint64_t places = 4;
    while (places < 2 * count)
        places *= 2;
    const void **met = mem_zalloc(places, sizeof *met);
    while (count) {
        uint64_t ignored;
        const void *item = dict_item(table_random(t, &ignored));
        uint64_t at = arena_ref(item) * 0x9e3779b97f4a7c15ull >> 20;
        while (met[at & (places - 1)] && met[at & (places - 1)] != item)
            at++;
        if (met[at & (places - 1)])
            continue;
        met[at & (places - 1)] = item;
        visit(ctx, item_text(item));
        count--;
    }
    mem_free(met);
}

/* A walk over a member costs about a tenth of a draw. */
#define DRAW_COST 10

void set_sample(const struct entry *e, uint64_t count, set_visit *visit, void *ctx)
{
    uint64_t left = set_count(e);
    if (set_is_hashed(e) && count < left / DRAW_COST) {
        sample_table(table_of(e), count, visit, ctx);
        return;
    }
    struct set_cursor c;
    struct slice member;
    set_begin(&c, e);
    for (; count && set_next(&c, &member); left--) {
        if (count < left && random_below(left) >= count)
            continue;
        visit(ctx, member);
        count--;
    }
}

static void draw_elements(const char *bytes, uint64_t count, set_visit *visit, void *ctx)
{
    uint32_t members = pack_count(bytes);
    const char **at = mem_alloc(members * sizeof *at), *p = bytes + PACK_HEADER;
    for (uint32_t i = 0; i < members; i++, p += pack_size(p))
        at[i] = p;
    while (count--) {
        char scratch[PACK_DIGITS];
        struct pack_item item;
        pack_get(at[random_below(members)], &item);
        visit(ctx, pack_text(&item, scratch));
    }
    mem_free(at);
}

void set_draw(const struct entry *e, uint64_t count, set_visit *visit, void *ctx)
{
    if (!set_is_hashed(e) && !set_is_ints(e)) {
        draw_elements(entry_bytes(e).ptr, count, visit, ctx);
        return;
    }
    char scratch[PACK_DIGITS];
    struct slice member;
    while (count-- && set_random(e, scratch, &member))
        visit(ctx, member);
}

/* ---- several sets ------------------------------------------------------------------ */

/* Members of a table that are looked up together, so that each waits for memory while the others do. */
#define BATCH 32

struct batch {
    const void *item[BATCH + DICT_GROUP_SLOTS]; /* NULL: it is out */
    uint64_t hash[BATCH + DICT_GROUP_SLOTS];
    unsigned count;
};

/* The next members of the walk; `hashed`: with all bits of their hashes, not only those that the walk knows. */
static void fill_batch(struct batch *b, struct dict_walk *walk, bool hashed)
{
    unsigned more;
    b->count = 0;
    do {
        void *items[DICT_GROUP_SLOTS];
        more = dict_walk_group(walk, items, &b->hash[b->count]);
        for (unsigned i = 0; i < more; i++) {
            __builtin_prefetch(items[i]);
            b->item[b->count++] = items[i];
        }
    } while (more && b->count < BATCH);
    for (unsigned i = 0; hashed && i < b->count; i++)
        b->hash[i] = item_hash(b->item[i]);
}

/* Leaves those in the batch whose being in the table is `wanted`. */
static void sift_by_table(struct batch *b, const struct set_table *t, bool wanted)
{
    const void *there[BATCH + DICT_GROUP_SLOTS];
    for (unsigned i = 0; i < b->count; i++)
        if (b->item[i])
            there[i] = dict_candidate(&t->dict, b->hash[i]);
    for (unsigned i = 0; i < b->count; i++) {
        if (!b->item[i])
            continue;
        bool found = there[i] != NULL;
        if (found) {
            struct slice member = item_text(b->item[i]);
            found = likely(item_match(there[i], &member)) || table_find(t, member, b->hash[i]);
        }
        if (found != wanted)
            b->item[i] = NULL;
    }
}

static void sift_batch(struct batch *b, const struct entry *set, bool wanted)
{
    if (set_is_hashed(set)) {
        sift_by_table(b, table_of(set), wanted);
        return;
    }
    for (unsigned i = 0; i < b->count; i++)
        if (b->item[i] && set_has_hashed(set, item_text(b->item[i]), 0) != wanted)
            b->item[i] = NULL;
}

static uint64_t sift_table(const struct entry *const *sets, size_t count, bool wanted, uint64_t most,
                           set_visit *visit, void *ctx)
{
    const struct dict *d = &table_of(sets[0])->dict;
    bool hashed = false;
    for (size_t i = 1; i < count; i++)
        hashed |= set_is_hashed(sets[i]) && !dict_hashes_suffice(d, &table_of(sets[i])->dict);
    struct dict_walk walk;
    uint64_t found = 0;
    dict_walk_begin(&walk, d);
    for (struct batch b;;) {
        fill_batch(&b, &walk, hashed);
        if (!b.count)
            return found;
        for (size_t i = 1; i < count; i++)
            sift_batch(&b, sets[i], wanted);
        for (unsigned i = 0; i < b.count; i++) {
            if (!b.item[i])
                continue;
            if (visit)
                visit(ctx, item_text(b.item[i]));
            if (++found == most)
                return found;
        }
    }
}

/* True when being in each of the other sets is `wanted`. */
static bool sifts(const struct entry *const *sets, size_t count, bool wanted, struct slice member)
{
    for (size_t i = 1; i < count; i++)
        if (set_has(sets[i], member) != wanted)
            return false;
    return true;
}

uint64_t set_sift(const struct entry *const *sets, size_t count, enum set_keep keep, uint64_t most,
                  set_visit *visit, void *ctx)
{
    bool wanted = keep == SET_IN_ALL;
    if (set_is_hashed(sets[0]))
        return sift_table(sets, count, wanted, most, visit, ctx);
    struct set_cursor c;
    struct slice member;
    uint64_t found = 0;
    set_begin(&c, sets[0]);
    while (found < most && set_next(&c, &member)) {
        if (!sifts(sets, count, wanted, member))
            continue;
        if (visit)
            visit(ctx, member);
        found++;
    }
    return found;
}

/* ---- from one form to another -------------------------------------------------------- */

static uint64_t ints_limit(void)
{
    return encoding_limits.set_ints < PACK_COUNT_MAX ? encoding_limits.set_ints : PACK_COUNT_MAX;
}

static uint64_t elements_limit(void)
{
    return encoding_limits.set_entries < PACK_COUNT_MAX ? encoding_limits.set_entries : PACK_COUNT_MAX;
}

/* The set at p becomes a table. */
static void to_table(struct place *p)
{
    struct set_table *t = table_create();
    struct set_cursor c;
    struct slice member;
    set_begin(&c, p->entry);
    while (set_next(&c, &member))
        table_insert(t, member, keyspace_hash(member));
    place_set_table(p, TYPE_SET, t);
}

/* The integers at p become elements. */
static void to_elements(struct place *p)
{
    struct slice bytes = entry_bytes(p->entry);
    struct ints s = ints_of(bytes.ptr);
    size_t size = PACK_HEADER;
    for (uint32_t i = 0; i < s.count; i++) {
        struct pack_plan plan = pack_plan_int(ints_at(&s, i));
        size += pack_plan_size(&plan);
    }
    /* Their old place is needed while they are written: they stand behind the new one until then. */
    size_t room = bytes.len + size;
    char *to = place_resize(p, TYPE_SET, room);
    memmove(to + size, to, bytes.len);
    s = ints_of(to + size);
    pack_set_header(to, FORM_ELEMENTS, s.count);
    char *at = to + PACK_HEADER;
    for (uint32_t i = 0; i < s.count; i++) {
        struct pack_plan plan = pack_plan_int(ints_at(&s, i));
        at = pack_put(at, &plan);
    }
    place_resize(p, TYPE_SET, size);
}

/* True when the integers of s may become elements with `member` beside them. */
static bool fits_elements(const struct ints *s, struct slice member)
{
    if (s->count >= elements_limit() || member.len > encoding_limits.set_value)
        return false;
    uint64_t longest = 0;
    if (s->count) {
        size_t first = number_len_i64(ints_at(s, 0)), last = number_len_i64(ints_at(s, s->count - 1));
        longest = first > last ? first : last;
    }
    return longest <= encoding_limits.set_value && 9 * (uint64_t)s->count + member.len < PACKED_MAX;
}

void set_expect(struct place *p, struct slice first, uint64_t count)
{
    if (p->entry) {
        if (!set_is_hashed(p->entry) &&
            count > (set_is_ints(p->entry) ? encoding_limits.set_ints : encoding_limits.set_entries))
            to_table(p);
        return;
    }
    int64_t ignored;
    if (count <= encoding_limits.set_ints && number_parse_i64(first, &ignored))
        pack_set_header(place_resize(p, TYPE_SET, PACK_HEADER), 2, 0);
    else if (count <= encoding_limits.set_entries)
        pack_set_header(place_resize(p, TYPE_SET, PACK_HEADER), FORM_ELEMENTS, 0);
    else
        place_set_table(p, TYPE_SET, table_create());
}

/* ---- changing ------------------------------------------------------------------------ */

static void append_element(struct place *p, const struct pack_plan *plan)
{
    size_t len = entry_bytes(p->entry).len;
    char *bytes = place_resize(p, TYPE_SET, len + pack_plan_size(plan));
    pack_put(bytes + len, plan);
    pack_set_header(bytes, FORM_ELEMENTS, pack_count(bytes) + 1);
}

/* To the table at p; the hash is computed anew where it was no table when it was asked for. */
static bool add_to_table(struct place *p, struct slice member, uint64_t hash)
{
    struct set_table *t = table_of(p->entry);
    if (table_find(t, member, hash))
        return false;
    table_insert(t, member, hash);
    return true;
}

/* `member` is the text of v. */
static bool add_int(struct place *p, struct slice member, int64_t v)
{
    struct ints s = ints_of(entry_bytes(p->entry).ptr);
    uint32_t at;
    if (ints_find(&s, v, &at))
        return false;
    if (s.count >= ints_limit()) {
        to_table(p);
        return add_to_table(p, member, keyspace_hash(member));
    }
    unsigned width = intset_width(v) > s.width ? intset_width(v) : s.width;
    char *bytes = place_resize(p, TYPE_SET, ints_size(width, s.count + 1));
    char *array = bytes + PACK_HEADER;
    if (width > s.width)
        intset_widen(array, s.count, s.width, width);
    intset_insert(array, width, s.count, at, v);
    pack_set_header(bytes, (uint8_t)width, s.count + 1);
    return true;
}

static bool add_other_to_ints(struct place *p, struct slice member)
{
    struct ints s = ints_of(entry_bytes(p->entry).ptr);
    if (!fits_elements(&s, member)) {
        to_table(p);
        return add_to_table(p, member, keyspace_hash(member));
    }
    to_elements(p);
    struct pack_plan plan = pack_plan(member);
    append_element(p, &plan);
    return true;
}

/* is_new: the member isn't there. */
static bool add_element(struct place *p, struct slice member, bool is_new)
{
    struct slice bytes = entry_bytes(p->entry);
    struct pack_plan plan = pack_plan(member);
    if (!is_new && elements_find(bytes.ptr, &plan))
        return false;
    if (pack_count(bytes.ptr) < elements_limit() && member.len <= encoding_limits.set_value &&
        bytes.len + member.len < PACKED_MAX) {
        append_element(p, &plan);
        return true;
    }
    to_table(p);
    return add_to_table(p, member, keyspace_hash(member));
}

/* Adds a member to what is no table; is_new: it isn't there. */
static bool add_packed(struct place *p, struct slice member, bool is_new)
{
    if (!p->entry) {
        set_expect(p, member, 1);
        if (set_is_hashed(p->entry))
            return add_to_table(p, member, keyspace_hash(member));
    }
    if (!set_is_ints(p->entry))
        return add_element(p, member, is_new);
    int64_t v;
    return number_parse_i64(member, &v) ? add_int(p, member, v) : add_other_to_ints(p, member);
}

bool set_add_hashed(struct place *p, struct slice member, uint64_t hash)
{
    return likely(set_is_hashed(p->entry)) ? add_to_table(p, member, hash) : add_packed(p, member, false);
}

void set_put(struct place *p, struct slice member)
{
    if (set_is_hashed(p->entry))
        table_insert(table_of(p->entry), member, keyspace_hash(member));
    else
        add_packed(p, member, true);
}

bool set_add(struct place *p, struct slice member)
{
    return set_add_hashed(p, member, set_is_hashed(p->entry) ? keyspace_hash(member) : 0);
}

bool set_remove_hashed(struct place *p, struct slice member, uint64_t hash)
{
    if (set_is_hashed(p->entry)) {
        struct set_table *t = table_of(p->entry);
        uint64_t *slot = table_find(t, member, hash);
        if (slot)
            table_remove(t, hash, slot);
        return slot != NULL;
    }
    if (!p->entry)
        return false;
    const char *bytes = entry_bytes(p->entry).ptr;
    uint32_t at = 0;
    if (pack_form(bytes) != FORM_ELEMENTS) {
        struct ints s = ints_of(bytes);
        int64_t v;
        if (!number_parse_i64(member, &v) || !ints_find(&s, v, &at))
            return false;
    } else {
        struct pack_plan plan = pack_plan(member);
        const char *q = bytes + PACK_HEADER;
        for (; at < pack_count(bytes) && !pack_is(q, &plan); at++)
            q += pack_size(q);
        if (at == pack_count(bytes))
            return false;
    }
    packed_remove_at(p, at);
    return true;
}

bool set_remove(struct place *p, struct slice member)
{
    return set_remove_hashed(p, member, set_is_hashed(p->entry) ? keyspace_hash(member) : 0);
}

bool set_pop(struct place *p, set_visit *take, void *ctx)
{
    uint64_t count = set_count(p->entry);
    if (!count)
        return false;
    if (set_is_hashed(p->entry)) {
        uint64_t hash, *slot = table_random(table_of(p->entry), &hash);
        take(ctx, item_text(dict_item(slot)));
        table_remove(table_of(p->entry), hash, slot);
        return true;
    }
    char scratch[PACK_DIGITS];
    uint32_t i = (uint32_t)random_below(count);
    take(ctx, packed_at(entry_bytes(p->entry).ptr, i, scratch));
    packed_remove_at(p, i);
    return true;
}
