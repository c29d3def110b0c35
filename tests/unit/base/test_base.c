/* slice, buf, mem, random, clock, log: what their headers promise. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/random.h"
#include "base/slice.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

Test(base_slice, equality_and_order)
{
    cr_expect(slice_eq(SLICE("abc"), SLICE("abc")));
    cr_expect_not(slice_eq(SLICE("abc"), SLICE("abd")));
    cr_expect(slice_is(SLICE("eX"), "EX"));
    cr_expect_not(slice_is(SLICE("EXX"), "EX"));
    cr_expect_not(slice_is(SLICE("@"), "`")); /* differ by the case bit, but are no letters */
    cr_expect(slice_eq_nocase(slice_make("A\0b", 3), slice_make("a\0B", 3)));
    cr_expect_lt(slice_cmp(SLICE("a"), SLICE("ab")), 0);
    cr_expect_gt(slice_cmp(SLICE("b"), SLICE("ab")), 0);
    cr_expect_eq(slice_cmp(SLICE(""), SLICE("")), 0);
    cr_expect_gt(slice_cmp(SLICE("\xff"), SLICE("a")), 0);
}

Test(base_buf, grows_and_keeps_what_is_in_it)
{
    struct buf b = BUF_EMPTY;
    for (int i = 0; i < 10000; i++)
        buf_append_char(&b, (char)('a' + i % 26));
    cr_expect_eq(b.len, 10000);
    cr_expect_leq(b.cap, 20000);
    for (int i = 0; i < 10000; i++)
        cr_assert_eq(b.data[i], 'a' + i % 26);
    buf_append(&b, NULL, 0);
    buf_deinit(&b);
    cr_expect_null(b.data);
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "%d,", i);
    cr_expect_eq(b.len, 10 * 2 + 90 * 3 + 900 * 4);
    cr_expect_eq(memcmp(b.data, "0,1,2,", 6), 0);
    cr_expect_eq(memcmp(b.data + b.len - 8, "998,999,", 8), 0);
    buf_deinit(&b);
}

Test(base_mem, sizes_and_copies)
{
    char *p = mem_alloc(0);
    cr_expect_not_null(p);
    p = mem_realloc(p, 100);
    cr_expect_geq(mem_usable(p), 100);
    mem_free(p);
    p = mem_zalloc(10, 10);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(p[i], 0);
    mem_free(p);
    p = mem_dup("a\0b", 3);
    cr_expect_eq(memcmp(p, "a\0b", 4), 0);
    mem_free(p);
    mem_free(NULL);
    cr_expect_not_null(mem_allocator());
    mem_stats();
    mem_purge();
}

Test(base_mem, overflowing_product_aborts, .signal = SIGABRT)
{
    volatile size_t many = SIZE_MAX / 2;
    cr_redirect_stderr();
    mem_zalloc(many, 4);
}

Test(base_must, failure_aborts, .signal = SIGABRT)
{
    cr_redirect_stderr();
    must(1 + 1 == 3);
}

Test(base_random, below_stays_below_and_reaches_all)
{
    unsigned seen[10] = {0};
    for (int i = 0; i < 10000; i++)
        seen[random_below(10)]++;
    for (int i = 0; i < 10; i++)
        cr_expect(seen[i] > 700 && seen[i] < 1300, "%d: %u", i, seen[i]);
    cr_expect_eq(random_below(1), 0);
    for (int i = 0; i < 100; i++)
        cr_assert_lt(random_below((1ull << 63) + 1), (1ull << 63) + 1);
}

Test(base_random, seed_repeats_and_fill_fills)
{
    random_seed(42);
    uint64_t a = random_u64(), b = random_u64();
    random_seed(42);
    cr_expect_eq(random_u64(), a);
    cr_expect_eq(random_u64(), b);
    cr_expect_neq(a, b);
    unsigned char bytes[64] = {0};
    random_fill(bytes, sizeof bytes);
    int zeros = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        zeros += bytes[i] == 0;
    cr_expect_lt(zeros, 16);
}

static struct clock_reading scripted(void *ctx)
{
    return *(struct clock_reading *)ctx;
}

Test(base_clock, time_stands_still_between_refreshes_and_follows_a_script)
{
    struct clock_reading at = {1700000000123456, 5000000};
    clock_set_source(scripted, &at);
    cr_expect_eq(clock_ms(), 1700000000123);
    cr_expect_eq(clock_us(), 1700000000123456);
    at.wall_us += 2000;
    at.mono_us += 2000;
    cr_expect_eq(clock_ms(), 1700000000123);
    cr_expect_eq(clock_mono_us(), 5000000);
    cr_expect_eq(clock_mono_us_now(), 5002000);
    clock_refresh();
    cr_expect_eq(clock_ms(), 1700000000125);
    cr_expect_eq(clock_mono_us(), 5002000);
    clock_set_source(NULL, NULL);
    cr_expect_gt(clock_ms(), 1700000000125);
}

static size_t read_all(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f);
    size_t len = fread(out, 1, size - 1, f);
    out[len] = 0;
    fclose(f);
    return len;
}

Test(base_log, lines_have_redis_form_and_levels_filter)
{
    char path[] = "/tmp/test-log-XXXXXX", text[8192];
    close(mkstemp(path));
    cr_assert(log_open(path));
    log_set_level(LEVEL_NOTICE);
    log_verbose("not shown");
    errno = EAGAIN;
    log_notice("port %d", 6379);
    cr_expect_eq(errno, EAGAIN);
    log_set_role('C');
    log_warning("from a child");
    read_all(path, text, sizeof text);
    int pid, day, year, hour, minute, second, ms, end = 0;
    char role, month[4], sign;
    cr_assert_eq(sscanf(text, "%d:%c %d %3s %d %d:%d:%d.%d %c port 6379\n%n", &pid, &role, &day, month, &year,
                        &hour, &minute, &second, &ms, &sign, &end),
                 10, "%s", text);
    cr_expect_eq(pid, getpid());
    cr_expect_eq(role, 'M');
    cr_expect_eq(sign, '*');
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    cr_expect_eq(day, tm.tm_mday);
    cr_expect_eq(year, tm.tm_year + 1900);
    cr_expect_eq(hour, tm.tm_hour);
    char wanted[4];
    strftime(wanted, sizeof wanted, "%b", &tm);
    cr_expect_str_eq(month, wanted);
    cr_expect_not_null(strstr(text + end, " # from a child\n"));
    unlink(path);
}

Test(base_log, long_messages_are_cut_to_one_line)
{
    char path[] = "/tmp/test-log-XXXXXX", text[8192], big[5000];
    close(mkstemp(path));
    cr_assert(log_open(path));
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    log_warning("%s", big);
    size_t len = read_all(path, text, sizeof text);
    cr_expect_gt(len, 1000);
    cr_expect_leq(len, 2048);
    cr_expect_eq(text[len - 1], '\n');
    unlink(path);
    cr_expect_not(log_open("/nonexistent/dir/file"));
    cr_expect_eq(errno, ENOENT);
}
