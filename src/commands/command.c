/* command: the table.
 *
 * Words. A *row* is one struct command in command_rows; a container's
 * subcommands stand there too, one after the other, ended by a row without a
 * name. A *slot* is one place of the open-addressing table of names.
 *
 * Invariants.
 *  1. Rows never move, so pointers to them and their numbers are good for good.
 *  2. For names of up to 16 bytes a slot's words, their masks and the length say all,
 *     so looking one up reads one cache line and no name.
 *  3. At most half of the slots are taken, so probing ends.
 * Rows and names are joined at start, before the first request. */
#include "commands/command.h"

#include "base/mem.h"
#include "base/must.h"

#include <stdio.h>
#include <string.h>

#define SLOT_COUNT 1024u /* twice the rows there may be, and then up to a power of two */

/* One cache line. */
struct slot {
    _Alignas(64) uint64_t low; /* the name's words */
    uint64_t high;
    uint64_t low_mask, high_mask; /* of them what must agree: all but the case of letters */
    const struct command *row;    /* NULL: free */
    const char *name;             /* as it is called: renamed or not */
    uint32_t len;
    uint32_t order; /* place in the order of joining */
};

struct words {
    uint64_t low, high;
};

struct command command_rows[COMMAND_ROWS_MAX];
static uint16_t containers[COMMAND_ROWS_MAX]; /* row of the container + 1; 0: a command */
static unsigned rows_used;

static struct slot slots[SLOT_COUNT];
static uint16_t ordered[SLOT_COUNT / 2]; /* slots, in the order of joining */
static unsigned ordered_count;

_Static_assert(COMMAND_ROWS_MAX < UINT16_MAX, "row numbers fit 16 bits");

/* ---- names ------------------------------------------------------------- */

#define CASE_BITS 0x2020202020202020ull

static inline uint64_t load(const char *p, size_t n)
{
    uint64_t x = 0;
    memcpy(&x, p, n);
    return x;
}

/* A name as two words, whose bytes are all of it up to 16, and the first and last eight beyond. */
static inline struct words words_of(struct slice name)
{
    const char *p = name.ptr;
    size_t n = name.len;
    if (n >= 8)
        return (struct words){load(p, 8), load(p + n - 8, 8)};
    if (n >= 4)
        return (struct words){load(p, 4) | load(p + n - 4, 4) << 32, 0};
    if (n == 0)
        return (struct words){0, 0};
    return (struct words){
        (uint8_t)p[0] | (uint64_t)(uint8_t)p[n / 2] << 8 | (uint64_t)(uint8_t)p[n - 1] << 16, 0};
}

/* Ones but where a byte is a letter and the bit tells its case. */
static uint64_t case_mask(uint64_t word)
{
    uint64_t mask = UINT64_MAX;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        uint8_t letter = (uint8_t)(word >> shift | 0x20);
        if (letter >= 'a' && letter <= 'z')
            mask &= ~(0x20ull << shift);
    }
    return mask;
}

static inline uint32_t slot_home(struct words w)
{
    uint64_t high = w.high | CASE_BITS;
    uint64_t x = ((w.low | CASE_BITS) ^ (high << 29 | high >> 35)) * 0xd6e8feb86659fd93ull;
    return (uint32_t)(x >> 54);
}

_Static_assert(SLOT_COUNT == 1u << (64 - 54), "slot_home takes the top bits");
_Static_assert(sizeof(struct slot) == 64, "a slot is one cache line");

static inline bool slot_agrees(const struct slot *s, struct words w, size_t len)
{
    uint64_t wrong = ((w.low ^ s->low) & s->low_mask) | ((w.high ^ s->high) & s->high_mask) | (len ^ s->len);
    return wrong == 0 && s->row;
}

/* The slot of a name; of a name that isn't there the free slot where it would go. */
static __attribute__((noinline)) struct slot *slot_find(struct slice name)
{
    struct words w = words_of(name);
    uint32_t i = slot_home(w);
    for (; slots[i].row; i = (i + 1) & (SLOT_COUNT - 1))
        if (slot_agrees(&slots[i], w, name.len) &&
            (name.len <= 16 || slice_eq_nocase(name, slice_make(slots[i].name, slots[i].len))))
            break;
    return &slots[i];
}

/* Puts a name in that isn't there. Borrows it. */
static struct slot *slot_add(const char *name, const struct command *row)
{
    struct slice key = slice_of(name);
    struct slot *s = slot_find(key);
    must(!s->row);
    struct words w = words_of(key);
    *s = (struct slot){.low = w.low,
                       .high = w.high,
                       .low_mask = case_mask(w.low),
                       .high_mask = case_mask(w.high),
                       .row = row,
                       .name = name,
                       .len = (uint32_t)key.len};
    return s;
}

/* Puts every slot into its place again after `ordered` lists others. */
static void slots_rebuild(const struct slot *kept, unsigned count)
{
    memset(slots, 0, sizeof slots);
    for (unsigned i = 0; i < count; i++) {
        struct slot *s = slot_add(kept[i].name, kept[i].row);
        s->order = i;
        ordered[i] = (uint16_t)(s - slots);
    }
    ordered_count = count;
}

/* ---- the table --------------------------------------------------------- */

static unsigned rows_count(const struct command *rows)
{
    unsigned n = 0;
    while (rows[n].name)
        n++;
    return n;
}

/* Copies rows and the empty one behind them; returns the number of the first. */
static unsigned rows_copy(const struct command *rows, unsigned count, unsigned container)
{
    unsigned first = rows_used;
    must(first + count + 1 <= COMMAND_ROWS_MAX);
    rows_used += count + 1;
    for (unsigned i = 0; i < count; i++) {
        command_rows[first + i] = rows[i];
        containers[first + i] = (uint16_t)container;
    }
    return first;
}

void command_table_add(const struct command *rows)
{
    unsigned count = rows_count(rows);
    unsigned first = rows_copy(rows, count, 0);
    for (unsigned i = first; i < first + count; i++) {
        struct command *c = &command_rows[i];
        if (c->subcommands) {
            unsigned sub = rows_copy(c->subcommands, rows_count(c->subcommands), i + 1);
            c->subcommands = &command_rows[sub];
        }
        must(ordered_count < SLOT_COUNT / 2);
        struct slot *s = slot_add(c->name, c);
        s->order = ordered_count;
        ordered[ordered_count++] = (uint16_t)(s - slots);
    }
}

const struct command *command_find(struct slice name)
{
    struct words w = words_of(name);
    const struct slot *s = &slots[slot_home(w)];
    if (likely(slot_agrees(s, w, name.len) && name.len <= 16))
        return s->row;
    return slot_find(name)->row;
}

const struct command *command_find_sub(const struct command *container, struct slice name)
{
    if (!container->subcommands)
        return NULL;
    for (const struct command *c = container->subcommands; c->name; c++)
        if (slice_is(name, c->name))
            return c;
    return NULL;
}

bool command_rename(const char *from, const char *to)
{
    const struct slot *s = slot_find(slice_of(from));
    if (!s->row)
        return false;
    bool gone = !*to;
    if (!gone && slot_find(slice_of(to))->row)
        return false;
    struct slot *kept = mem_alloc((ordered_count + 1) * sizeof *kept);
    unsigned order = s->order, count = 0;
    for (unsigned i = 0; i < ordered_count; i++) {
        if (i == order && gone)
            continue;
        kept[count] = slots[ordered[i]];
        if (i == order)
            kept[count].name = mem_dup(to, strlen(to)); /* for good, as every name here */
        count++;
    }
    slots_rebuild(kept, count);
    mem_free(kept);
    return true;
}

unsigned command_count(void)
{
    return ordered_count;
}

const struct command *command_at(unsigned i)
{
    must(i < ordered_count);
    return slots[ordered[i]].row;
}

unsigned command_ids(void)
{
    return rows_used;
}

const struct command *command_by_id(unsigned id)
{
    return id < rows_used && command_rows[id].name ? &command_rows[id] : NULL;
}

const struct command *command_container(const struct command *command)
{
    unsigned container = containers[command_id(command)];
    return container ? &command_rows[container - 1] : NULL;
}

size_t command_full_name(const struct command *command, char out[COMMAND_NAME_MAX])
{
    const struct command *container = command_container(command);
    int n = container ? snprintf(out, COMMAND_NAME_MAX, "%s|%s", container->name, command->name)
                      : snprintf(out, COMMAND_NAME_MAX, "%s", command->name);
    return n < COMMAND_NAME_MAX ? (size_t)n : COMMAND_NAME_MAX - 1;
}

const struct command *command_by_full_name(struct slice name)
{
    const char *bar = memchr(name.ptr, '|', name.len);
    if (!bar)
        return command_find(name);
    size_t at = (size_t)(bar - name.ptr);
    const struct command *container = command_find(slice_make(name.ptr, at));
    return container ? command_find_sub(container, slice_make(bar + 1, name.len - at - 1)) : NULL;
}

/* ---- categories -------------------------------------------------------- */

static const char *const category_names[] = {
    "keyspace", "read",   "write",       "set",       "sortedset",  "list",        "hash",
    "string",   "bitmap", "hyperloglog", "geo",       "stream",     "pubsub",      "admin",
    "fast",     "slow",   "blocking",    "dangerous", "connection", "transaction", "scripting",
};

const char *command_category_name(unsigned bit)
{
    return bit < sizeof category_names / sizeof *category_names ? category_names[bit] : NULL;
}

static uint32_t group_category(const char *group)
{
    static const struct {
        const char *group;
        uint32_t category;
    } map[] = {
        {"string", CATEGORY_STRING},
        {"bitmap", CATEGORY_BITMAP},
        {"list", CATEGORY_LIST},
        {"set", CATEGORY_SET},
        {"sorted-set", CATEGORY_SORTEDSET},
        {"hash", CATEGORY_HASH},
        {"geo", CATEGORY_GEO},
        {"hyperloglog", CATEGORY_HYPERLOGLOG},
        {"stream", CATEGORY_STREAM},
        {"connection", CATEGORY_CONNECTION},
        {"transactions", CATEGORY_TRANSACTION},
        {"scripting", CATEGORY_SCRIPTING},
    };
    for (size_t i = 0; group && i < sizeof map / sizeof *map; i++)
        if (strcmp(map[i].group, group) == 0)
            return map[i].category;
    return 0;
}

uint32_t command_categories(const struct command *command)
{
    uint32_t flags = command->flags;
    uint32_t set = command->categories;
    if (!command->subcommands)
        set |= group_category(command->group);
    if (flags & COMMAND_WRITE)
        set |= CATEGORY_WRITE;
    /* Scripts may read and write: Redis puts them in neither category. */
    if (flags & COMMAND_READONLY && !(set & CATEGORY_SCRIPTING))
        set |= CATEGORY_READ;
    if (flags & COMMAND_ADMIN)
        set |= CATEGORY_ADMIN | CATEGORY_DANGEROUS;
    if (flags & COMMAND_PUBSUB)
        set |= CATEGORY_PUBSUB;
    if (flags & COMMAND_BLOCKING)
        set |= CATEGORY_BLOCKING;
    return set | (flags & COMMAND_FAST ? CATEGORY_FAST : CATEGORY_SLOW);
}

/* ---- keys -------------------------------------------------------------- */

const struct key_spec *command_key_specs(const struct command *command, struct key_spec scratch[2])
{
    if (command->keys)
        return command->keys;
    memset(scratch, 0, 2 * sizeof *scratch);
    if (command->first > 0) {
        scratch[0].flags = command->key_flags ? command->key_flags : "";
        scratch[0].begin = KEYS_AT_INDEX;
        scratch[0].index = command->first;
        scratch[0].find = KEYS_RANGE;
        scratch[0].last = command->last < 0 ? command->last : command->last - command->first;
        scratch[0].step = command->step;
    }
    return scratch;
}

/* Where the specification begins to look; 0 when its keyword isn't there. */
static int64_t spec_begin(const struct key_spec *spec, struct slice *argv, uint32_t argc)
{
    if (spec->begin == KEYS_AT_INDEX)
        return spec->index;
    if (spec->begin != KEYS_AFTER_KEYWORD)
        return 0;
    int64_t step = spec->from > 0 ? 1 : -1;
    int64_t end = spec->from > 0 ? (int64_t)argc - 1 : 1;
    for (int64_t i = spec->from > 0 ? spec->from : (int64_t)argc + spec->from; i > 0 && i != end && i < argc;
         i += step)
        if (slice_is(argv[i], spec->keyword))
            return i + 1;
    return 0;
}

/* A count in argv, as KEYS_COUNTED has it; -1 when it is none. */
static int64_t counted(struct slice text)
{
    int64_t n = 0;
    if (text.len == 0 || text.len > 9)
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        n = n * 10 + (text.ptr[i] - '0');
    }
    return n;
}

int command_spec_keys(const struct key_spec *spec, struct slice *argv, uint32_t argc, uint32_t *positions,
                      int most)
{
    if (spec->begin == KEYS_UNKNOWN_START || spec->find == KEYS_UNKNOWN_FIND)
        return -1;
    int64_t first = spec_begin(spec, argv, argc);
    if (first <= 0)
        return 0;
    int64_t last, step;
    if (spec->find == KEYS_RANGE) {
        step = spec->step;
        if (spec->last >= 0)
            last = first + spec->last;
        else if (spec->limit <= 1)
            last = (int64_t)argc + spec->last;
        else
            last = first + ((int64_t)argc - first) / spec->limit + spec->last;
    } else {
        if (first + spec->count_index >= argc)
            return -1;
        int64_t n = counted(argv[first + spec->count_index]);
        if (n < 0)
            return -1;
        step = spec->count_step;
        first += spec->first_key;
        last = first + (n - 1) * step;
    }
    if (step <= 0 || last < first)
        return -1;
    int found = 0;
    for (int64_t i = first; i <= last; i += step) {
        if (i >= argc)
            return -1;
        if (found < most)
            positions[found] = (uint32_t)i;
        if (found == INT32_MAX)
            return -1;
        found++;
    }
    return found < most ? found : most;
}

int command_keys(const struct command *command, struct slice *argv, uint32_t argc, uint32_t *positions,
                 int most)
{
    if (command->get_keys)
        return command->get_keys(argv, argc, positions, most);
    struct key_spec scratch[2];
    int found = 0;
    for (const struct key_spec *spec = command_key_specs(command, scratch); spec->flags; spec++) {
        int n = command_spec_keys(spec, argv, argc, positions + found, most - found);
        if (n < 0)
            return -1;
        found += n;
    }
    return found;
}
