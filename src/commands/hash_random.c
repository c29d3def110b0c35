/* hash_random: HRANDFIELD. */
#include "base/mem.h"
#include "base/random.h"
#include "commands/hash.h"

/* A hash this many times bigger than what is asked for is drawn from, not walked. */
#define DRAW_FROM 4

struct draw {
    struct call *call;
    const struct entry *entry;
    bool values;
};

static void show(const struct draw *d, struct slice field, struct slice value)
{
    struct reply *r = d->call->reply;
    if (d->values && r->protocol > 2)
        reply_array(r, 2);
    reply_bulk(r, field);
    if (d->values)
        hash_reply_value(r, d->entry, value);
}

/* The number of elements that stand for `fields` fields. */
static void show_count(const struct draw *d, uint64_t fields)
{
    reply_array(d->call->reply, d->values && d->call->reply->protocol == 2 ? 2 * fields : fields);
}

/* The n-th field in the order of a walk; it must be there. */
static void nth(struct fields_cursor *c, const struct entry *e, uint64_t n, struct slice *field,
                struct slice *value)
{
    fields_begin(c, e);
    do {
        must(fields_next(c, field, value, NULL));
    } while (n--);
}

/* One of a table's `count` fields, drawn. Borrowed until *c is used again. */
static void draw_one(struct fields_cursor *c, const struct entry *e, uint64_t count, struct slice *field,
                     struct slice *value)
{
    if (!fields_random(e, c->value, field, value))
        nth(c, e, random_below(count), field, value);
}

/* Draws from the table would mostly hit fields that have ended, and each then takes a walk. */
static bool is_drawn_from(const struct entry *e, uint64_t count)
{
    return fields_is_table(e) && !fields_mostly_ended(e, count);
}

/* All fields that haven't ended, so that any of them is at hand. */
struct at_hand {
    struct slice field, value;
    char digits[2][FIELDS_DIGITS];
};

/* What may be digits in the cursor, which the next field replaces, is copied; all else stays where it is. */
static struct slice keep(struct slice text, char digits[FIELDS_DIGITS])
{
    return text.len > FIELDS_DIGITS ? text : slice_make(memcpy(digits, text.ptr, text.len), text.len);
}

static struct at_hand *gather(const struct entry *e, uint64_t count)
{
    struct at_hand *all = mem_zalloc(count, sizeof *all);
    struct fields_cursor c;
    struct slice field, value;
    fields_begin(&c, e);
    for (uint64_t i = 0; fields_next(&c, &field, &value, NULL); i++) {
        all[i].field = keep(field, all[i].digits[0]);
        all[i].value = keep(value, all[i].digits[1]);
    }
    return all;
}

/* `wanted` draws out of `count` fields, the same one again and again if it comes so. */
static void show_repeats(const struct draw *d, uint64_t count, uint64_t wanted)
{
    show_count(d, wanted);
    if (is_drawn_from(d->entry, count)) {
        struct fields_cursor c;
        struct slice field, value;
        for (; wanted; wanted--) {
            draw_one(&c, d->entry, count, &field, &value);
            show(d, field, value);
        }
        return;
    }
    struct at_hand *all = gather(d->entry, count);
    for (; wanted; wanted--) {
        const struct at_hand *f = &all[random_below(count)];
        show(d, f->field, f->value);
    }
    mem_free(all);
}

/* Few out of a big table: draws until that many different ones came. */
static void show_drawn(const struct draw *d, uint64_t count, uint64_t wanted)
{
    size_t slots = 16;
    while (slots < 2 * wanted)
        slots *= 2;
    const char **seen = mem_zalloc(slots, sizeof *seen); /* where the fields stand */
    while (wanted) {
        struct fields_cursor c;
        struct slice field, value;
        draw_one(&c, d->entry, count, &field, &value);
        size_t i = (uintptr_t)field.ptr * 0x9e3779b97f4a7c15ull >> 32 & (slots - 1);
        while (seen[i] && seen[i] != field.ptr)
            i = (i + 1) & (slots - 1);
        if (seen[i])
            continue;
        seen[i] = field.ptr;
        show(d, field, value);
        wanted--;
    }
    mem_free(seen);
}

/* Any of them: a walk that takes each field with the odds that are left. */
static void show_walked(const struct draw *d, uint64_t count, uint64_t wanted)
{
    struct fields_cursor c;
    struct slice field, value;
    fields_begin(&c, d->entry);
    for (uint64_t left = count; wanted && fields_next(&c, &field, &value, NULL); left--) {
        if (wanted < left && random_below(left) >= wanted)
            continue;
        show(d, field, value);
        wanted--;
    }
}

static void show_many(const struct draw *d, int64_t asked)
{
    uint64_t count = fields_count(d->entry);
    if (!count || !asked) {
        reply_array(d->call->reply, 0);
        return;
    }
    if (asked < 0) {
        show_repeats(d, count, 0 - (uint64_t)asked);
        return;
    }
    uint64_t wanted = (uint64_t)asked < count ? (uint64_t)asked : count;
    show_count(d, wanted);
    if (wanted < count / DRAW_FROM && is_drawn_from(d->entry, count))
        show_drawn(d, count, wanted);
    else
        show_walked(d, count, wanted);
}

void hash_run_random(struct call *c)
{
    int64_t asked;
    bool values;
    struct place p;
    bool many = c->argc > 2;
    if (many && !call_random_count(c, "WITHVALUES", &asked, &values))
        return;
    if (!call_place_read(c, 1, TYPE_HASH, &p))
        return;
    if (many) {
        show_many(&(struct draw){c, p.entry, values}, asked);
        return;
    }
    struct fields_cursor cursor;
    struct slice field, value;
    if (!fields_is_table(p.entry) || !fields_random(p.entry, cursor.value, &field, &value)) {
        uint64_t count = fields_count(p.entry);
        if (!count) {
            reply_null(c->reply);
            return;
        }
        nth(&cursor, p.entry, random_below(count), &field, &value);
    }
    reply_bulk(c->reply, field);
}
