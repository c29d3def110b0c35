/* chunks: random changes beside a plain array of strings, at node sizes from one element up, with and without
 * compression; and what the memory, the ends and the walks promise. */
#include "ds/chunks.h"

#include "ds/arena.h"
#include "tests/unit/support/check.h"

#include <stdio.h>

/* ---- the model: an array of texts ------------------------------------------------ */

#define MODEL_MAX 20000

static char *model[MODEL_MAX];
static size_t model_len[MODEL_MAX];
static uint64_t count;
static struct chunks *t;

static void model_insert(uint64_t at, struct slice s)
{
    check(count < MODEL_MAX);
    memmove(model + at + 1, model + at, (count - at) * sizeof *model);
    memmove(model_len + at + 1, model_len + at, (count - at) * sizeof *model_len);
    model[at] = malloc(s.len + 1);
    memcpy(model[at], s.ptr, s.len);
    model_len[at] = s.len;
    count++;
}

static void model_remove(uint64_t at, uint64_t some)
{
    for (uint64_t i = at; i < at + some; i++)
        free(model[i]);
    count -= some;
    memmove(model + at, model + at + some, (count - at) * sizeof *model);
    memmove(model_len + at, model_len + at + some, (count - at) * sizeof *model_len);
}

static bool model_is(uint64_t at, struct slice s)
{
    return slice_eq(slice_make(model[at], model_len[at]), s);
}

/* ---- checks ----------------------------------------------------------------------- */

/* Walks from `index` on; what it meets must be the model's, to the end. */
static void check_walk(uint64_t index, bool down)
{
    struct chunks_cursor c;
    char digits[PACK_DIGITS];
    chunks_seek(&c, t, index, down);
    const char *p;
    uint64_t seen = 0, want = index >= count ? 0 : down ? index + 1 : count - index;
    for (; (p = chunks_next(&c)); seen++) {
        check(seen < want);
        check(model_is(down ? index - seen : index + seen, run_text(p, digits)));
    }
    check(seen == want);
    check(!chunks_next(&c));
}

static const struct chunks_limits *only; /* the limits of this test, where they never change */

static void check_all(void)
{
    chunks_check(t, only);
    check(chunks_count(t) == count);
    check_walk(0, false);
    check_walk(count ? count - 1 : 0, true);
    if (!count)
        return;
    char digits[PACK_DIGITS];
    check(model_is(0, run_text(chunks_end(t, false), digits)));
    check(model_is(count - 1, run_text(chunks_end(t, true), digits)));
}

/* ---- values ------------------------------------------------------------------------- */

/* One of few texts, so that equal ones meet: numbers, short and long strings, now and then one above a chunk. */
static struct slice some_value(void)
{
    static char text[100000];
    uint64_t kind = draw_below(1000);
    size_t len;
    if (kind < 300)
        return slice_make(text, (size_t)sprintf(text, "%lld", (long long)draw_below(30) - 10));
    if (kind < 400)
        return slice_make(text, (size_t)sprintf(text, "%lld", (long long)(draw() >> draw_below(64))));
    if (kind < 800)
        len = draw_below(20);
    else if (kind < 985)
        len = 20 + draw_below(300);
    else if (kind < 998)
        len = draw_below(5000);
    else
        len = draw_below(sizeof text);
    char letter = (char)('a' + draw_below(3));
    bool noise = draw_below(2);
    for (size_t i = 0; i < len; i++)
        text[i] = noise ? (char)draw() : letter;
    return slice_make(text, len);
}

/* ---- random changes -------------------------------------------------------------------- */

static void change_end(const struct chunks_limits *l)
{
    bool tail = draw_below(2);
    if (draw_below(100) < 52) {
        struct slice s = some_value();
        struct pack_plan plan = pack_plan(s);
        chunks_push(t, l, tail, &plan);
        model_insert(tail ? count : 0, s);
    } else if (count) {
        uint64_t some = draw_below(20) ? 1 : 1 + draw_below(count < 500 ? count : 500);
        chunks_pop(t, l, tail, some);
        model_remove(tail ? count - some : 0, some);
    }
}

static void change_middle(const struct chunks_limits *l)
{
    struct slice s = some_value();
    struct pack_plan plan = pack_plan(s);
    uint64_t at = draw_below(count + 1);
    if (draw_below(2) || at == count) {
        chunks_insert(t, l, at, &plan);
        model_insert(at, s);
    } else {
        chunks_set(t, l, at, &plan);
        model_remove(at, 1);
        model_insert(at, s);
    }
}

static void remove_equal(const struct chunks_limits *l)
{
    struct slice s = some_value();
    bool back = draw_below(2);
    uint64_t most = draw_below(2) ? 1 + draw_below(5) : UINT64_MAX, gone = 0;
    struct pack_plan plan = pack_plan(s);
    uint64_t told = chunks_remove(t, l, &plan, most, back);
    for (uint64_t i = 0; i < count && gone < most;) {
        uint64_t at = back ? count - 1 - i : i;
        if (model_is(at, s)) {
            model_remove(at, 1);
            gone++;
        } else {
            i++;
        }
    }
    check(told == gone);
}

/* A range is taken out: it must be what the model has there, and the rest too. */
static void take_range(const struct chunks_limits *l)
{
    uint64_t first = draw_below(count + 1), some = draw_below(count - first + 1);
    struct chunks *taken = chunks_take(t, l, first, some);
    chunks_check(taken, only);
    check(chunks_count(taken) == some);
    struct chunks_cursor c;
    char digits[PACK_DIGITS];
    chunks_seek(&c, taken, 0, false);
    for (uint64_t i = 0; i < some; i++)
        check(model_is(first + i, run_text(chunks_next(&c), digits)));
    if (draw_below(2)) {
        model_remove(first, some);
        chunks_destroy(taken);
        return;
    }
    chunks_swap(t, taken);
    chunks_destroy(taken);
    model_remove(first + some, count - first - some);
    model_remove(0, first);
}

static void copy_all(void)
{
    struct chunks *copy = chunks_copy(t);
    chunks_destroy(t);
    t = copy;
}

static void start(void)
{
    t = chunks_create();
}

static void stop(void)
{
    model_remove(0, count);
    chunks_destroy(t);
    check(arena_stats().objects == 0);
}

static void run(const struct chunks_limits *limits, unsigned kinds, unsigned steps)
{
    start();
    only = kinds == 1 ? limits : NULL;
    for (unsigned i = 0; i < steps; i++) {
        const struct chunks_limits *l = &limits[draw_below(kinds)];
        uint64_t what = draw_below(1000);
        if (what < 700)
            change_end(l);
        else if (what < 970)
            change_middle(l);
        else if (what < 993)
            remove_equal(l);
        else if (what < 996)
            take_range(l);
        else if (what < 997)
            copy_all();
        else
            check_walk(draw_below(count + 2), draw_below(2));
        if (i % 64 == 0 || count < 8)
            check_all();
    }
    check_all();
    stop();
}

#define STEPS (30000 / CHECK_SCALE)

static void run_size(uint32_t bytes, uint32_t elements)
{
    for (uint64_t depth = 0; depth <= 3; depth++) {
        struct chunks_limits l = {bytes, elements, depth};
        run(&l, 1, STEPS);
    }
}

TestSuite(chunks, .init = arena_init, .timeout = 300);

Test(chunks, of_one_element)
{
    run_size(8184, 1);
}

Test(chunks, of_two_elements)
{
    run_size(8184, 2);
}

Test(chunks, of_five_elements)
{
    run_size(8184, 5);
}

Test(chunks, of_128_elements)
{
    run_size(8184, 128);
}

Test(chunks, of_few_bytes)
{
    run_size(400, 65535);
}

Test(chunks, of_4_kib)
{
    run_size(4088, 65535);
}

Test(chunks, of_64_kib)
{
    run_size(65472, 65535);
}

Test(chunks, under_limits_that_change_all_the_time)
{
    static const struct chunks_limits l[] = {
        {8184, 65535, 0}, {4088, 65535, 1}, {8184, 3, 2}, {65472, 65535, 5}};
    run(l, 4, STEPS * 3);
}

/* ---- shapes ----------------------------------------------------------------------------- */

static void push_number(const struct chunks_limits *l, bool tail, uint64_t n)
{
    char text[32];
    struct pack_plan plan =
        pack_plan(slice_make(text, (size_t)sprintf(text, "element-%08llu", (unsigned long long)n)));
    chunks_push(t, l, tail, &plan);
}

static const struct chunks_limits plain = {8184, 65535, 0};

Test(chunks, long_lists_take_little_more_than_their_elements)
{
    for (int tail = 0; tail < 2; tail++) {
        start();
        for (uint64_t i = 0; i < 100000; i++)
            push_number(&plain, tail, i);
        chunks_check(t, NULL);
        check(chunks_memory(t) < 100000 * 18.6);
        stop();
    }
}

Test(chunks, an_open_end_wastes_little_of_a_short_list)
{
    start();
    for (uint64_t i = 0; i < 1000; i++) {
        push_number(&plain, i % 2, i);
        check(chunks_memory(t) < 18 * (i + 1) * 5 / 2 + 600);
    }
    stop();
}

Test(chunks, chunks_of_few_elements_are_cut_to_their_size)
{
    start();
    static const struct chunks_limits l = {8184, 5, 0};
    for (uint64_t i = 0; i < 10000; i++)
        push_number(&l, true, i);
    check(chunks_memory(t) < 10000 * (18 + 10 + 8));
    stop();
}

Test(chunks, what_a_chunk_hoped_for_in_vain_is_given_back)
{
    start();
    static const struct chunks_limits l = {8184, 5, 0};
    static const char zeros[1000];
    for (uint64_t i = 0; i < 10000; i++) {
        struct pack_plan plan = pack_plan(slice_make(zeros, i % 5 ? 3 : 1000));
        chunks_push(t, &l, i / 2 % 2, &plan);
    }
    check(chunks_memory(t) < 2000 * 1200);
    stop();
}

Test(chunks, inserting_anywhere_wastes_little)
{
    start();
    push_number(&plain, true, 0);
    for (uint64_t i = 1; i < 50000; i++) {
        char text[32];
        sprintf(text, "element-%08llu", (unsigned long long)i);
        struct pack_plan plan = pack_plan(slice_of(text));
        chunks_insert(t, &plain, draw_below(i), &plan);
    }
    chunks_check(t, &plain);
    check(chunks_memory(t) < 50000 * 18 * 1.3);
    stop();
}

Test(chunks, a_queue_keeps_its_memory)
{
    start();
    for (uint64_t i = 0; i < 10000; i++)
        push_number(&plain, false, i);
    size_t before = chunks_memory(t);
    for (uint64_t i = 10000; i < 200000; i++) {
        push_number(&plain, false, i);
        chunks_pop(t, &plain, true, 1);
    }
    chunks_check(t, NULL);
    check(chunks_memory(t) < before + 3 * 8184);
    stop();
}

Test(chunks, compression_saves_what_can_be_saved)
{
    start();
    static const struct chunks_limits l = {8184, 65535, 1};
    for (uint64_t i = 0; i < 100000; i++)
        push_number(&l, true, i);
    check(chunks_memory(t) < 100000 * 18 / 2);
    /* Two walks that share the scratch, step by step. */
    struct chunks_cursor up, down;
    char digits[PACK_DIGITS], text[32];
    chunks_seek(&up, t, 0, false);
    chunks_seek(&down, t, 99999, true);
    for (uint64_t i = 0; i < 100000; i += CHECK_SCALE) {
        const char *p = chunks_next(&up);
        sprintf(text, "element-%08llu", (unsigned long long)i);
        check(slice_eq(run_text(p, digits), slice_of(text)));
        for (unsigned skip = 1; skip < CHECK_SCALE; skip++)
            chunks_next(&up);
        p = chunks_next(&down);
        sprintf(text, "element-%08llu", (unsigned long long)(99999 - i));
        check(slice_eq(run_text(p, digits), slice_of(text)));
        for (unsigned skip = 1; skip < CHECK_SCALE; skip++)
            chunks_next(&down);
    }
    chunks_check(t, NULL);
    stop();
}

Test(chunks, what_cannot_be_compressed_stays_as_it_is)
{
    start();
    static const struct chunks_limits l = {8184, 65535, 1};
    char noise[16];
    for (uint64_t i = 0; i < 20000; i++) {
        for (unsigned b = 0; b < sizeof noise; b++)
            noise[b] = (char)draw();
        struct pack_plan plan = pack_plan(slice_make(noise, sizeof noise));
        chunks_push(t, &l, true, &plan);
    }
    chunks_check(t, NULL);
    check(chunks_memory(t) < 20000 * 18.8);
    stop();
}

Test(chunks, draining_goes_in_steps)
{
    start();
    for (uint64_t i = 0; i < 100000; i++)
        push_number(&plain, true, i);
    unsigned steps = 0;
    size_t objects = arena_stats().objects;
    while (!chunks_drain(t, 1000)) {
        size_t now = arena_stats().objects;
        check(objects - now <= 8);
        objects = now;
        steps++;
    }
    check(steps >= 60 && steps <= 100);
    check(arena_stats().objects == 0);
}

Test(chunks, lengths_are_read_from_behind_at_every_width)
{
    static const size_t sizes[] = {0,    1,    63,    64,    125,   126,     127,     128,    4095,
                                   4096, 5000, 16378, 16384, 70000, 2097140, 2097152, 3000000};
    char *text = calloc(1, 3000000), *run = malloc(3000100);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct pack_plan plan = pack_plan(slice_make(text, sizes[i]));
        char *end = run_put(run, &plan);
        check((size_t)(end - run) == run_plan_size(&plan));
        check(run_next(run) == end);
        check(run_prev(end) == run);
    }
    free(text);
    free(run);
}
