/* Histograms, percentiles, error kinds. */
#include "server/config.h"
#include "server/stats.h"
#include "tests/unit/support/check.h"

#include <stdio.h>
#include <string.h>

static void run_nothing(struct call *c)
{
    (void)c;
}

static const struct command rows[] = {
    {.name = "one", .run = run_nothing, .arity = 1},
    {.name = "two", .run = run_nothing, .arity = 1},
    {.name = NULL},
};

static void stand_up(void)
{
    command_table_add(rows);
    config.latency_tracking = true;
}

TestSuite(stats, .init = stand_up);

Test(stats, buckets_cover_every_duration_in_order)
{
    for (unsigned i = 0; i + 1 < STATS_BUCKETS; i++) {
        check(stats_bucket(stats_bucket_top(i)) == i);
        check(stats_bucket(stats_bucket_top(i) + 1) == i + 1);
    }
    cr_assert_eq(stats_bucket(0), 0);
    cr_assert_eq(stats_bucket(UINT64_MAX), STATS_BUCKETS - 1);
    for (int round = 0; round < 100000; round++) {
        uint64_t ns = draw() >> draw_below(64);
        uint64_t top = stats_bucket_top(stats_bucket(ns));
        if (ns < 1 << 29)
            check(top >= ns && top <= ns + ns / 64 + 15);
    }
}

Test(stats, percentiles_are_the_tops_of_their_buckets)
{
    static struct stats_histogram h;
    cr_assert_eq(stats_percentile(&h, 0.5), 0);
    for (uint64_t us = 1; us <= 1000; us++) {
        h.count++;
        h.bucket[stats_bucket(us * 1000)]++;
    }
    cr_assert_eq(stats_percentile(&h, 0), stats_bucket_top(stats_bucket(1000)));
    cr_assert_eq(stats_percentile(&h, 0.5), stats_bucket_top(stats_bucket(500000)));
    cr_assert_eq(stats_percentile(&h, 0.99), stats_bucket_top(stats_bucket(990000)));
    cr_assert_eq(stats_percentile(&h, 1), stats_bucket_top(stats_bucket(1000000)));
}

Test(stats, commands_are_counted_each_for_itself)
{
    const struct command *one = command_find(SLICE("one")), *two = command_find(SLICE("two"));
    stats_command_done(one, 100, false);
    stats_command_done(one, 300, true);
    stats_command_rejected(two);
    const struct command_stats *s = &command_stats[command_id(one)];
    cr_assert(s->calls == 2 && s->cycles == 400 && s->failed == 1 && s->rejected == 0);
    cr_assert(s->histogram && s->histogram->count == 2);
    s = &command_stats[command_id(two)];
    cr_assert(s->calls == 0 && s->rejected == 1 && !s->histogram);
    cr_assert_eq(server_stats.commands, 2);
    stats_reset();
    cr_assert(command_stats[command_id(one)].calls == 0 && !command_stats[command_id(one)].histogram);
}

Test(stats, without_tracking_there_are_no_histograms)
{
    const struct command *one = command_find(SLICE("one"));
    stats_command_done(one, 100, false);
    config.latency_tracking = false;
    stats_tracking_changed();
    stats_command_done(one, 100, false);
    cr_assert_null(command_stats[command_id(one)].histogram);
    cr_assert_eq(command_stats[command_id(one)].calls, 2);
}

Test(stats, error_kinds_are_sorted_and_bounded)
{
    const struct stats_error_kind *kinds;
    stats_error("WRONGTYPE");
    stats_error("ERR");
    stats_error("WRONGTYPE");
    cr_assert_eq(stats_errors(&kinds), 2);
    cr_assert(strcmp(kinds[0].code, "ERR") == 0 && kinds[0].count == 1);
    cr_assert(strcmp(kinds[1].code, "WRONGTYPE") == 0 && kinds[1].count == 2);
    char code[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(code, sizeof code, "MY%d", i);
        stats_error(code);
    }
    stats_error("WRONGTYPE");
    unsigned n = stats_errors(&kinds);
    cr_assert_eq(n, STATS_ERRORS_MAX + 1);
    uint64_t sum = 0, overflow = 0, wrong_type = 0;
    for (unsigned i = 0; i < n; i++) {
        check(i == 0 || strcmp(kinds[i - 1].code, kinds[i].code) < 0);
        sum += kinds[i].count;
        if (strcmp(kinds[i].code, "ERRORSTATS_OVERFLOW") == 0)
            overflow = kinds[i].count;
        if (strcmp(kinds[i].code, "WRONGTYPE") == 0)
            wrong_type = kinds[i].count;
    }
    cr_assert_eq(sum, 1004);
    cr_assert_eq(overflow, 1000 - (STATS_ERRORS_MAX - 2));
    cr_assert_eq(wrong_type, 3);
    cr_assert_eq(server_stats.error_replies, 1004);
}

Test(stats, a_word_longer_than_its_room_is_one_kind)
{
    char code[200];
    memset(code, 'X', sizeof code);
    code[sizeof code - 1] = 0;
    stats_error(code);
    stats_error(code);
    const struct stats_error_kind *kinds;
    cr_assert_eq(stats_errors(&kinds), 1);
    cr_assert_eq(kinds[0].count, 2);
}
