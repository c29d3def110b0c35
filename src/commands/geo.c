/* geo: places as members of sorted sets, whose scores are geohashes (ds/geohash.h).
 *
 * A search walks the ranges of scores that cover its area and looks at each
 * member there. Without an order what is found goes straight into the reply; with
 * one it is kept until the end, and no more of it than COUNT asks for. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/number.h"
#include "commands/command.h"
#include "commands/families.h"
#include "commands/zset_gather.h"
#include "ds/geohash.h"
#include "store/zset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- arguments ------------------------------------------------------------------- */

/* argv[i] and argv[i + 1] as longitude and latitude; false after an error. */
static bool read_point(struct call *c, uint32_t i, struct geohash_point *p)
{
    if (!call_double(c, i, &p->longitude, NULL) || !call_double(c, i + 1, &p->latitude, NULL))
        return false;
    if (geohash_point_valid(*p))
        return true;
    reply_errorf(c->reply, "ERR invalid longitude,latitude pair %f,%f", p->longitude, p->latitude);
    return false;
}

/* argv[i] as a unit, in metres; false after an error. */
static bool read_unit(struct call *c, uint32_t i, double *metres)
{
    static const struct {
        const char *name;
        double metres;
    } units[] = {{"m", 1}, {"km", 1000}, {"ft", 0.3048}, {"mi", 1609.34}};
    for (size_t k = 0; k < sizeof units / sizeof *units; k++) {
        if (slice_is(c->argv[i], units[k].name)) {
            *metres = units[k].metres;
            return true;
        }
    }
    reply_error(c->reply, "ERR unsupported unit provided. please use M, KM, FT, MI");
    return false;
}

/* The point of the member argv[i] of e; false when it isn't there. */
static bool find_point(const struct call *c, uint32_t i, const struct entry *e, struct geohash_point *p)
{
    double score;
    if (!zset_score_hashed(e, c->argv[i], call_table_hash(c, e, i), &score))
        return false;
    *p = geohash_decode_score(score);
    return true;
}

/* ---- replies --------------------------------------------------------------------- */

static void reply_coordinate(struct reply *r, double degrees)
{
    if (r->protocol == 2) {
        reply_bulk_long_double(r, degrees);
        return;
    }
    char text[NUMBER_LONG_DOUBLE_MAX + 3];
    size_t len = number_format_long_double(text + 1, degrees);
    text[0] = ',';
    memcpy(text + 1 + len, "\r\n", 2);
    reply_raw(r, slice_make(text, len + 3));
}

static void reply_point(struct reply *r, struct geohash_point p)
{
    reply_array(r, 2);
    reply_coordinate(r, p.longitude);
    reply_coordinate(r, p.latitude);
}

/* Four decimals; rounded as Redis rounds, which isn't always as printf does. */
static void reply_distance(struct reply *r, double distance)
{
    long long scaled = llrint(distance * 10000);
    reply_bulk_printf(r, "%lld.%04lld", scaled / 10000, scaled % 10000);
}

/* ---- GEOADD ---------------------------------------------------------------------- */

#define SCORES_LOCAL 32

static void run_geoadd(struct call *c)
{
    uint32_t first = 2;
    unsigned how = 0;
    bool count_changes = false;
    for (; first < c->argc; first++) {
        if (slice_is(c->argv[first], "NX"))
            how |= ZSET_IF_MISSING;
        else if (slice_is(c->argv[first], "XX"))
            how |= ZSET_IF_THERE;
        else if (slice_is(c->argv[first], "CH"))
            count_changes = true;
        else
            break;
    }
    uint32_t count = (c->argc - first) / 3;
    if (!count || (c->argc - first) % 3 || how == (ZSET_IF_MISSING | ZSET_IF_THERE)) {
        reply_error(c->reply, ERROR_SYNTAX);
        return;
    }
    double local[SCORES_LOCAL];
    double *scores = count <= SCORES_LOCAL ? local : mem_alloc(count * sizeof *scores);
    bool ok = true;
    for (uint32_t i = 0; i < count && ok; i++) {
        struct geohash_point p;
        ok = read_point(c, first + 3 * i, &p);
        if (ok)
            scores[i] = (double)geohash_encode(p);
    }
    struct place p;
    if (ok && call_place(c, 1, TYPE_ZSET, &p)) {
        int64_t added = 0, moved = 0;
        if (p.entry || !(how & ZSET_IF_THERE))
            zset_expect(&p, count);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t at = first + 3 * i + 2;
            uint64_t hash = call_table_hash(c, p.entry, at);
            enum zset_change change = zset_add_hashed(&p, c->argv[at], hash, how, &scores[i]);
            added += change == ZSET_ADDED;
            moved += change == ZSET_MOVED;
        }
        if (added + moved)
            call_changed(c, 1, EVENT_ZSET, "zadd");
        reply_int(c->reply, count_changes ? added + moved : added);
    }
    if (scores != local)
        mem_free(scores);
}

/* ---- single members -------------------------------------------------------------- */

static void run_geodist(struct call *c)
{
    double unit = 1;
    if (c->argc > 5) {
        reply_error(c->reply, ERROR_SYNTAX);
        return;
    }
    struct place p;
    if ((c->argc == 5 && !read_unit(c, 4, &unit)) || !call_place_read(c, 1, TYPE_ZSET, &p))
        return;
    struct geohash_point a, b;
    if (find_point(c, 2, p.entry, &a) && find_point(c, 3, p.entry, &b))
        reply_distance(c->reply, geohash_distance(a, b) / unit);
    else
        reply_null(c->reply);
}

static void run_geohash(struct call *c)
{
    struct place p;
    if (!call_place_read(c, 1, TYPE_ZSET, &p))
        return;
    reply_array(c->reply, c->argc - 2);
    for (uint32_t i = 2; i < c->argc; i++) {
        struct geohash_point point;
        char text[GEOHASH_TEXT];
        if (find_point(c, i, p.entry, &point)) {
            geohash_text(point, text);
            reply_bulk(c->reply, slice_make(text, sizeof text));
        } else {
            reply_null(c->reply);
        }
    }
}

static void run_geopos(struct call *c)
{
    struct place p;
    if (!call_place_read(c, 1, TYPE_ZSET, &p))
        return;
    reply_array(c->reply, c->argc - 2);
    for (uint32_t i = 2; i < c->argc; i++) {
        struct geohash_point point;
        if (find_point(c, i, p.entry, &point))
            reply_point(c->reply, point);
        else
            reply_null_array(c->reply);
    }
}

/* ---- what a search asks for ---------------------------------------------------------- */

enum form {
    FORM_POINT = 1,  /* GEORADIUS: the centre is at argv[2] and argv[3] */
    FORM_MEMBER = 2, /* GEORADIUSBYMEMBER: it is the member argv[2] */
    FORM_SEARCH = 4, /* GEOSEARCH: it is told among the options */
    FORM_STORE = 8,  /* GEOSEARCHSTORE, beside FORM_SEARCH */
    FORM_READ = 16,  /* the _RO forms: no STORE */
};

enum order { ORDER_NONE, ORDER_NEAREST, ORDER_FARTHEST };

struct query {
    unsigned form;
    const struct entry *source; /* NULL: the key is missing */
    struct geohash_area area;
    double unit; /* metres */
    enum order order;
    int64_t count; /* 0: all */
    bool any;
    bool with_distance, with_hash, with_point;
    bool from_member, from_point;
    bool by_radius, by_box;
    uint32_t store;      /* argument that is the destination; 0: none */
    bool store_distance; /* as scores */
};

/* A radius and its unit at argv[i]; false after an error. */
static bool read_radius(struct call *c, uint32_t i, struct query *q)
{
    double radius;
    if (!call_double(c, i, &radius, "ERR need numeric radius"))
        return false;
    if (radius < 0) {
        reply_error(c->reply, "ERR radius cannot be negative");
        return false;
    }
    if (!read_unit(c, i + 1, &q->unit))
        return false;
    q->area.radius = radius * q->unit;
    q->area.box = false;
    return true;
}

/* Width, height and their unit at argv[i]; false after an error. */
static bool read_box(struct call *c, uint32_t i, struct query *q)
{
    double width, height;
    if (!call_double(c, i, &width, "ERR need numeric width") ||
        !call_double(c, i + 1, &height, "ERR need numeric height"))
        return false;
    if (height < 0 || width < 0) {
        reply_error(c->reply, "ERR height or width cannot be negative");
        return false;
    }
    if (!read_unit(c, i + 2, &q->unit))
        return false;
    q->area.width = width * q->unit;
    q->area.height = height * q->unit;
    q->area.box = true;
    return true;
}

/* The member argv[i] as the centre; false after an error. Without a source there is nothing to find, which
 * shows when all is read. */
static bool read_member(struct call *c, uint32_t i, struct query *q)
{
    if (!q->source || find_point(c, i, q->source, &q->area.centre))
        return true;
    reply_error(c->reply, "ERR could not decode requested zset member");
    return false;
}

static bool read_count(struct call *c, uint32_t i, struct query *q)
{
    if (!call_int(c, i, &q->count, NULL))
        return false;
    if (q->count > 0)
        return true;
    reply_error(c->reply, "ERR COUNT must be > 0");
    return false;
}

/* An option that is one word; false when argv[i] is none. */
static bool read_word(struct call *c, uint32_t i, struct query *q)
{
    struct slice word = c->argv[i];
    if (slice_is(word, "WITHDIST"))
        q->with_distance = true;
    else if (slice_is(word, "WITHHASH"))
        q->with_hash = true;
    else if (slice_is(word, "WITHCOORD"))
        q->with_point = true;
    else if (slice_is(word, "ANY"))
        q->any = true;
    else if (slice_is(word, "ASC"))
        q->order = ORDER_NEAREST;
    else if (slice_is(word, "DESC"))
        q->order = ORDER_FARTHEST;
    else if (q->form & FORM_STORE && slice_is(word, "STOREDIST"))
        q->store_distance = true;
    else
        return false;
    return true;
}

/* An option of several words at argv[i], only as far as this form has it and before it are none that it excludes.
 * How many words it is; 0 when it is none or an error was answered (*ok false). */
static uint32_t read_words(struct call *c, uint32_t i, struct query *q, bool *ok)
{
    struct slice word = c->argv[i];
    uint32_t left = c->argc - i - 1;
    bool search = q->form & FORM_SEARCH;
    if (left >= 1 && slice_is(word, "COUNT")) {
        *ok = read_count(c, i + 1, q);
        return 2;
    }
    if (left >= 1 && !search && !(q->form & FORM_READ)) {
        bool distance = slice_is(word, "STOREDIST");
        if (!distance && !slice_is(word, "STORE"))
            return 0;
        q->store = i + 1;
        q->store_distance = distance;
        return 2;
    }
    if (left >= 1 && search && !q->from_point && slice_is(word, "FROMMEMBER")) {
        q->from_member = true;
        *ok = read_member(c, i + 1, q);
        return 2;
    }
    if (left >= 2 && search && !q->from_member && slice_is(word, "FROMLONLAT")) {
        q->from_point = true;
        *ok = read_point(c, i + 1, &q->area.centre);
        return 3;
    }
    if (left >= 2 && search && !q->by_box && slice_is(word, "BYRADIUS")) {
        q->by_radius = true;
        *ok = read_radius(c, i + 1, q);
        return 3;
    }
    if (left >= 3 && search && !q->by_radius && slice_is(word, "BYBOX")) {
        q->by_box = true;
        *ok = read_box(c, i + 1, q);
        return 4;
    }
    return 0;
}

/* The options from argv[i] on; false after an error. */
static bool read_options(struct call *c, uint32_t i, struct query *q)
{
    bool ok = true;
    while (i < c->argc && ok) {
        uint32_t words = read_word(c, i, q) ? 1 : read_words(c, i, q, &ok);
        if (!words) {
            reply_error(c->reply, ERROR_SYNTAX);
            return false;
        }
        i += words;
    }
    return ok;
}

/* False after an error: options that don't go together, or are missing. */
static bool check_options(struct call *c, const struct query *q)
{
    int name_len = (int)(c->argv[0].len < 128 ? c->argv[0].len : 128);
    const char *name = c->argv[0].ptr;
    if (q->store && (q->with_distance || q->with_hash || q->with_point))
        reply_errorf(c->reply, "ERR %s is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                     q->form & FORM_STORE ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS");
    else if (q->form & FORM_SEARCH && !q->from_member && !q->from_point)
        reply_errorf(c->reply, "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for %.*s",
                     name_len, name);
    else if (q->form & FORM_SEARCH && !q->by_radius && !q->by_box)
        reply_errorf(c->reply, "ERR exactly one of BYRADIUS and BYBOX can be specified for %.*s", name_len,
                     name);
    else if (q->any && !q->count)
        reply_error(c->reply, "ERR the ANY argument requires COUNT argument");
    else
        return true;
    return false;
}

/* Reads the arguments behind the source, argv[source]; false after an error. */
static bool read_query(struct call *c, uint32_t source, struct query *q)
{
    uint32_t options = source + 1;
    if (q->form & FORM_POINT) {
        options = 6;
        if (!read_point(c, 2, &q->area.centre) || !read_radius(c, 4, q))
            return false;
    } else if (q->form & FORM_MEMBER) {
        options = 5;
        if (q->source && (!read_member(c, 2, q) || !read_radius(c, 3, q)))
            return false;
    }
    if (q->form & FORM_STORE)
        q->store = 1;
    if (!read_options(c, options, q) || !check_options(c, q))
        return false;
    if (q->count && !q->any && q->order == ORDER_NONE)
        q->order = ORDER_NEAREST;
    return true;
}

/* ---- searching ----------------------------------------------------------------------- */

/* A member that was found, kept for ordering. */
struct found {
    double distance;
    double score;
    uint64_t number; /* the how-manieth it was: equal distances keep that order */
    size_t at;       /* its bytes, in the search's text */
    uint32_t len, room;
};

struct search {
    struct call *call;
    const struct query *query;
    uint64_t seen;       /* members in the area so far */
    struct gather store; /* what goes to the destination */
    struct found
        *found; /* with an order: the best ones, at most query->count; a heap, worst on top, once full */
    size_t count, capacity;
    struct buf text;
};

/* Answers one member, or puts it aside for the destination. */
static void deliver(struct search *s, struct slice member, double score, double distance)
{
    const struct query *q = s->query;
    struct reply *r = s->call->reply;
    distance /= q->unit;
    if (q->store) {
        gather_add(&s->store, member, q->store_distance ? distance : score);
        return;
    }
    if (q->with_distance || q->with_hash || q->with_point)
        reply_array(r, 1u + q->with_distance + q->with_hash + q->with_point);
    reply_bulk(r, member);
    if (q->with_distance)
        reply_distance(r, distance);
    if (q->with_hash) /* any double may be a score */
        reply_int(r, fabs(score) < 9223372036854775808.0 ? (int64_t)score : INT64_MIN);
    if (q->with_point)
        reply_point(r, geohash_decode_score(score));
}

static int nearest_first(const void *pa, const void *pb)
{
    const struct found *a = pa, *b = pb;
    if (a->distance != b->distance)
        return a->distance < b->distance ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static int farthest_first(const void *pa, const void *pb)
{
    const struct found *a = pa, *b = pb;
    if (a->distance != b->distance)
        return a->distance > b->distance ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

typedef int comparison(const void *a, const void *b);

static comparison *order_of(const struct query *q)
{
    return q->order == ORDER_NEAREST ? nearest_first : farthest_first;
}

/* Lets the element at i sink to where it belongs. */
static void sink(struct search *s, size_t i)
{
    comparison *compare = order_of(s->query);
    for (size_t child; (child = 2 * i + 1) < s->count; i = child) {
        if (child + 1 < s->count && compare(&s->found[child], &s->found[child + 1]) < 0)
            child++;
        if (compare(&s->found[i], &s->found[child]) >= 0)
            return;
        struct found aside = s->found[i];
        s->found[i] = s->found[child];
        s->found[child] = aside;
    }
}

/* Writes the member's bytes where f has room for them. */
static void keep_text(struct search *s, struct found *f, struct slice member)
{
    f->len = (uint32_t)member.len;
    if (member.len > f->room) {
        f->at = s->text.len;
        f->room = f->len;
        buf_append_slice(&s->text, member);
    } else {
        memcpy(s->text.data + f->at, member.ptr, member.len);
    }
}

static void keep(struct search *s, struct slice member, double score, double distance)
{
    struct found f = {.distance = distance, .score = score, .number = s->seen};
    uint64_t most = s->query->count ? (uint64_t)s->query->count : UINT64_MAX;
    if (s->count < most) {
        if (s->count == s->capacity) {
            s->capacity = s->capacity ? 2 * s->capacity : 64;
            s->found = mem_realloc(s->found, s->capacity * sizeof *s->found);
            buf_reserve(&s->text, 1); /* an address, also while all members are empty */
        }
        keep_text(s, &f, member);
        s->found[s->count++] = f;
        for (size_t i = s->count == most ? s->count / 2 : 0; i > 0; i--)
            sink(s, i - 1);
    } else if (order_of(s->query)(&f, &s->found[0]) < 0) {
        f.at = s->found[0].at;
        f.room = s->found[0].room;
        keep_text(s, &f, member);
        s->found[0] = f;
        sink(s, 0);
    }
}

/* Looks at the members of one range; false when enough were found. */
static bool walk(struct search *s, struct geohash_range range)
{
    const struct query *q = s->query;
    struct zset_cursor cursor;
    struct slice member;
    double score, distance;
    zset_seek(&cursor, q->source, zset_rank_of_score(q->source, (double)range.first, false), false);
    while (zset_next(&cursor, &member, &score) && score < (double)range.end) {
        if (!geohash_within(&q->area, geohash_decode_score(score), &distance))
            continue;
        if (q->order == ORDER_NONE)
            deliver(s, member, score, distance);
        else
            keep(s, member, score, distance);
        s->seen++;
        if (q->any && s->seen == (uint64_t)q->count)
            return false;
    }
    return true;
}

static void run_search(struct search *s)
{
    struct geohash_range ranges[GEOHASH_RANGES_MAX];
    unsigned count = geohash_cover(&s->query->area, ranges);
    for (unsigned i = 0; i < count && walk(s, ranges[i]); i++)
        ;
    if (s->count)
        qsort(s->found, s->count, sizeof *s->found, order_of(s->query));
    for (size_t i = 0; i < s->count; i++) {
        const struct found *f = &s->found[i];
        deliver(s, slice_make(s->text.data + f->at, f->len), f->score, f->distance);
    }
}

static void search(struct call *c, unsigned form)
{
    uint32_t source = form & FORM_STORE ? 2 : 1;
    struct place p;
    if (!call_place_read(c, source, TYPE_ZSET, &p))
        return;
    struct query q = {.form = form, .source = p.entry};
    if (!read_query(c, source, &q))
        return;
    struct search s = {.call = c, .query = &q};
    if (q.store) {
        if (q.source)
            run_search(&s);
        gather_store(&s.store, c, q.store, form & FORM_SEARCH ? "geosearchstore" : "georadiusstore");
        gather_deinit(&s.store);
    } else if (!q.source) {
        reply_array(c->reply, 0);
    } else {
        struct output_piece *head = reply_defer(c->reply);
        run_search(&s);
        reply_array_end(c->reply, head, q.order == ORDER_NONE ? s.seen : s.count);
    }
    mem_free(s.found);
    buf_deinit(&s.text);
}

static void run_georadius(struct call *c)
{
    search(c, FORM_POINT);
}

static void run_georadius_ro(struct call *c)
{
    search(c, FORM_POINT | FORM_READ);
}

static void run_georadiusbymember(struct call *c)
{
    search(c, FORM_MEMBER);
}

static void run_georadiusbymember_ro(struct call *c)
{
    search(c, FORM_MEMBER | FORM_READ);
}

static void run_geosearch(struct call *c)
{
    search(c, FORM_SEARCH);
}

static void run_geosearchstore(struct call *c)
{
    search(c, FORM_SEARCH | FORM_STORE);
}

/* ---- the rows ------------------------------------------------------------------------ */

#define ONE_KEY .first = 1, .last = 1, .step = 1, .group = "geo"

#define STORE_SPEC(word, at)                                                                                 \
    {                                                                                                        \
        .flags = "OW update", .begin = KEYS_AFTER_KEYWORD, .keyword = word, .from = at, .find = KEYS_RANGE,  \
        .step = 1                                                                                            \
    }
#define SOURCE_SPEC(at)                                                                                      \
    {                                                                                                        \
        .flags = "RO access", .begin = KEYS_AT_INDEX, .index = at, .find = KEYS_RANGE, .step = 1             \
    }

static const struct key_spec georadius_keys[] = {
    SOURCE_SPEC(1), STORE_SPEC("STORE", 6), STORE_SPEC("STOREDIST", 6), {0}};

static const struct key_spec georadiusbymember_keys[] = {
    SOURCE_SPEC(1), STORE_SPEC("STORE", 5), STORE_SPEC("STOREDIST", 5), {0}};

static const struct key_spec geosearchstore_keys[] = {
    {.flags = "OW update", .begin = KEYS_AT_INDEX, .index = 1, .find = KEYS_RANGE, .step = 1},
    SOURCE_SPEC(2),
    {0}};

#define UNIT "<M | KM | FT | MI>"
#define WITH_SYNTAX " [WITHCOORD] [WITHDIST] [WITHHASH]"
#define ORDER_SYNTAX " [order=ASC | DESC]"
#define COUNT_SYNTAX(any) " [count-block=(COUNT count:integer [" any "])]"
#define RADIUS_SYNTAX(any) "radius:double unit=" UNIT WITH_SYNTAX COUNT_SYNTAX(any) ORDER_SYNTAX
#define STORE_SYNTAX " [store=STORE storekey~key:key#1 | STOREDIST storedistkey~key:key#2]"
#define SEARCH_SYNTAX                                                                                        \
    " from=<FROMMEMBER member | FROMLONLAT fromlonlat=(longitude:double latitude:double)>"                   \
    " by=<circle=(BYRADIUS radius:double unit=" UNIT ") | box=(BYBOX width:double height:double unit=" UNIT  \
    ")>" ORDER_SYNTAX COUNT_SYNTAX("ANY")
#define AREA_COMPLEXITY                                                                                      \
    "O(N+log(M)) where N is the number of members in the cells around the area and M of all members"

const struct command geo_commands[] = {
    {.name = "geoadd",
     .run = run_geoadd,
     .arity = -5,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     ONE_KEY,
     .member = 4,
     .since = "3.2.0",
     .key_flags = "RW update",
     .summary = "Adds members with their longitude and latitude.",
     .complexity = "O(log(N)) for each member added, where N is the number of members.",
     .syntax = "key [condition@6.2.0=NX | XX] [change@6.2.0=CH] "
               "data=(longitude:double latitude:double member) ..."},
    {.name = "geodist",
     .run = run_geodist,
     .arity = -4,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .member = 2,
     .since = "3.2.0",
     .key_flags = "RO access",
     .summary = "Gives the distance between two members.",
     .complexity = "O(1)",
     .syntax = "key member1 member2 [unit=M | KM | FT | MI]"},
    {.name = "geohash",
     .run = run_geohash,
     .arity = -2,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .member = 2,
     .since = "3.2.0",
     .key_flags = "RO access",
     .summary = "Gives members' places as geohash texts.",
     .complexity = "O(1) for each member.",
     .syntax = "key [member ...]"},
    {.name = "geopos",
     .run = run_geopos,
     .arity = -2,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .member = 2,
     .since = "3.2.0",
     .key_flags = "RO access",
     .summary = "Gives members' longitudes and latitudes.",
     .complexity = "O(1) for each member.",
     .syntax = "key [member ...]"},
    {.name = "georadius",
     .run = run_georadius,
     .arity = -6,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_MOVABLE_KEYS,
     ONE_KEY,
     .since = "3.2.0",
     .keys = georadius_keys,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
     .summary = "Finds, or stores, the members within a distance of a place.",
     .complexity = AREA_COMPLEXITY,
     .syntax = "key longitude:double latitude:double " RADIUS_SYNTAX("ANY@6.2.0") STORE_SYNTAX},
    {.name = "georadius_ro",
     .run = run_georadius_ro,
     .arity = -6,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .since = "3.2.10",
     .key_flags = "RO access",
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` argument",
     .summary = "Finds the members within a distance of a place.",
     .complexity = AREA_COMPLEXITY,
     .syntax = "key longitude:double latitude:double " RADIUS_SYNTAX("ANY@6.2.0")},
    {.name = "georadiusbymember",
     .run = run_georadiusbymember,
     .arity = -5,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_MOVABLE_KEYS,
     ONE_KEY,
     .member = 2,
     .since = "3.2.0",
     .keys = georadiusbymember_keys,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
     .summary = "Finds, or stores, the members within a distance of one of them.",
     .complexity = AREA_COMPLEXITY,
     .syntax = "key member " RADIUS_SYNTAX("ANY") STORE_SYNTAX},
    {.name = "georadiusbymember_ro",
     .run = run_georadiusbymember_ro,
     .arity = -5,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .member = 2,
     .since = "3.2.10",
     .key_flags = "RO access",
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
     .summary = "Finds the members within a distance of one of them.",
     .complexity = AREA_COMPLEXITY,
     .syntax = "key member " RADIUS_SYNTAX("ANY")},
    {.name = "geosearch",
     .run = run_geosearch,
     .arity = -7,
     .flags = COMMAND_READONLY,
     ONE_KEY,
     .since = "6.2.0",
     .key_flags = "RO access",
     .summary = "Finds the members in a circle or box.",
     .complexity = AREA_COMPLEXITY,
     .syntax = "key" SEARCH_SYNTAX WITH_SYNTAX},
    {.name = "geosearchstore",
     .run = run_geosearchstore,
     .arity = -8,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .first = 1,
     .last = 2,
     .step = 1,
     .group = "geo",
     .since = "6.2.0",
     .keys = geosearchstore_keys,
     .summary = "Stores the members in a circle or box under another key.",
     .complexity = AREA_COMPLEXITY,
     .syntax = "destination:key source:key" SEARCH_SYNTAX " [STOREDIST]"},
    {.name = NULL},
};
