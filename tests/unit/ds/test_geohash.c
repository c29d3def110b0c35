/* geohash: hashes against halving by hand, distances against known ones, coverings against points that lie in
 * the area. */
#include "ds/geohash.h"

#include "tests/unit/support/check.h"

#include <math.h>
#include <string.h>

TestSuite(geohash, .timeout = 120);

static double draw_between(double low, double high)
{
    return low + (high - low) * (double)(draw() >> 11) / 9007199254740992.0;
}

static struct geohash_point draw_point(double latitude_max)
{
    return (struct geohash_point){draw_between(-180, 180), draw_between(-latitude_max, latitude_max)};
}

/* Bits as the definition has them: longitude and latitude in turn, which half. */
static uint64_t halve(struct geohash_point p, double latitude_max, unsigned bits)
{
    double west = -180, east = 180, south = -latitude_max, north = latitude_max;
    uint64_t hash = 0;
    for (unsigned i = 0; i < bits; i++) {
        double *low = i % 2 ? &south : &west, *high = i % 2 ? &north : &east;
        double middle = (*low + *high) / 2, v = i % 2 ? p.latitude : p.longitude;
        hash = hash << 1 | (v >= middle);
        *(v >= middle ? low : high) = middle;
    }
    return hash;
}

Test(geohash, bits_say_which_half)
{
    for (unsigned i = 0; i < 100000 / CHECK_SCALE; i++) {
        struct geohash_point p = draw_point(GEOHASH_LATITUDE_MAX);
        uint64_t bits = geohash_encode(p), slow = halve(p, GEOHASH_LATITUDE_MAX, 52);
        check(bits == slow || bits == slow + 1 || bits + 1 == slow); /* rounding at an edge */
        struct geohash_point middle = geohash_decode(bits);
        check(geohash_encode(middle) == bits);
        check(fabs(middle.longitude - p.longitude) <= 360.0 / (1 << 27) * 1.000001);
        check(fabs(middle.latitude - p.latitude) <= GEOHASH_LATITUDE_MAX / (1 << 26) * 1.000001);
        struct geohash_point same = geohash_decode_score((double)bits);
        check(same.longitude == middle.longitude && same.latitude == middle.latitude);
    }
}

Test(geohash, text_is_everybodys_geohash)
{
    char text[GEOHASH_TEXT];
    geohash_text((struct geohash_point){-5.6, 42.6}, text);
    cr_expect_arr_eq(text, "ezs42e44yx0", GEOHASH_TEXT);
    geohash_text((struct geohash_point){10.40744, 57.64911}, text);
    cr_expect_arr_eq(text, "u4pruydqqv0", GEOHASH_TEXT);
    static const char digits[] = "0123456789bcdefghjkmnpqrstuvwxyz";
    for (unsigned i = 0; i < 10000 / CHECK_SCALE; i++) {
        struct geohash_point p = draw_point(85);
        geohash_text(p, text);
        uint64_t slow = halve(p, 90, 50);
        for (unsigned k = 0; k < 9; k++) /* the last digit may be rounded */
            check(text[k] == digits[slow >> (45 - 5 * k) & 31]);
    }
}

Test(geohash, any_score_decodes_to_a_valid_point)
{
    static const double scores[] = {0,      -1,      -0.5,   1e15,  4503599627370496.0, 9e18,
                                    9.3e18, 1.8e19,  1.9e19, 1e300, INFINITY,           -INFINITY,
                                    -1e15,  -9.3e18, -1e300, 5e-324};
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++)
        cr_expect(geohash_point_valid(geohash_decode_score(scores[i])), "%g", scores[i]);
    for (unsigned i = 0; i < 10000; i++)
        check(geohash_point_valid(geohash_decode(draw())));
}

Test(geohash, points_outside_are_not_valid)
{
    static const struct {
        struct geohash_point p;
        bool valid;
    } cases[] = {{{180, 85.05112878}, true}, {{-180, -85.05112878}, true}, {{180.0000001, 0}, false},
                 {{-180.0000001, 0}, false}, {{0, 85.05112879}, false},    {{0, -85.05112879}, false},
                 {{INFINITY, 0}, false},     {{0, -INFINITY}, false},      {{NAN, 0}, false},
                 {{0, NAN}, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(geohash_point_valid(cases[i].p), cases[i].valid, "case %zu", i);
}

Test(geohash, distances)
{
    struct geohash_point palermo = {13.361389, 38.115556}, catania = {15.087269, 37.502669};
    cr_expect_float_eq(geohash_distance(palermo, catania), 166274.15, 0.2);
    double quarter = 6372797.560856 * M_PI / 2;
    cr_expect_float_eq(geohash_distance((struct geohash_point){0, 0}, (struct geohash_point){90, 0}), quarter,
                       1e-3);
    cr_expect_float_eq(geohash_distance((struct geohash_point){0, 0}, (struct geohash_point){180, 0}),
                       2 * quarter, 1e-3);
    cr_expect_float_eq(geohash_distance((struct geohash_point){5, -40}, (struct geohash_point){5, 50}),
                       quarter, 1e-3);
    for (unsigned i = 0; i < 10000; i++) {
        struct geohash_point a = draw_point(85), b = draw_point(85), c = draw_point(85);
        double ab = geohash_distance(a, b);
        check(ab >= 0 && ab <= 2 * quarter + 1e-6 && fabs(ab - geohash_distance(b, a)) < 1e-6);
        check(geohash_distance(a, a) == 0);
        check(ab <= geohash_distance(a, c) + geohash_distance(c, b) + 1e-6);
        struct geohash_point opposite = {a.longitude > 0 ? a.longitude - 180 : a.longitude + 180,
                                         -a.latitude};
        check(fabs(geohash_distance(a, opposite) - 2 * quarter) < 1); /* a number, above all */
    }
}

Test(geohash, areas_end_at_their_edges)
{
    struct geohash_area circle = {.centre = {10, 50}, .radius = 1000};
    struct geohash_area box = {.centre = {10, 50}, .box = true, .width = 1000, .height = 4000};
    double degree = 6372797.560856 * M_PI / 180, distance = -1;
    cr_expect(geohash_within(&circle, (struct geohash_point){10, 50 + 999 / degree}, &distance));
    cr_expect_float_eq(distance, 999, 1e-3);
    cr_expect_not(geohash_within(&circle, (struct geohash_point){10, 50 + 1001 / degree}, &distance));
    cr_expect(geohash_within(&box, (struct geohash_point){10, 50 + 1999 / degree}, &distance));
    cr_expect_float_eq(distance, 1999, 1e-3);
    cr_expect_not(geohash_within(&box, (struct geohash_point){10, 50 + 2001 / degree}, &distance));
    double shorter = degree * cos(50 * M_PI / 180);
    cr_expect(geohash_within(&box, (struct geohash_point){10 - 499 / shorter, 50}, &distance));
    cr_expect_not(geohash_within(&box, (struct geohash_point){10 - 501 / shorter, 50}, &distance));
    circle.radius = 0;
    cr_expect(geohash_within(&circle, circle.centre, &distance) && distance == 0);
}

static bool covered(const struct geohash_range *ranges, unsigned count, uint64_t bits)
{
    for (unsigned i = 0; i < count; i++)
        if (bits >= ranges[i].first && bits < ranges[i].end)
            return true;
    return false;
}

static struct geohash_area draw_area(double latitude_max, double most)
{
    struct geohash_area area = {.centre = draw_point(latitude_max), .box = draw() & 1};
    double size = exp(draw_between(0, log(most)));
    area.radius = area.width = size;
    area.height = size * draw_between(0.1, 1);
    return area;
}

/* Up to latitudes and sizes where Redis's own covering, which this is, leaves nothing out. */
Test(geohash, what_lies_in_the_area_is_covered)
{
    unsigned inside = 0;
    for (unsigned round = 0; round < 20000 / CHECK_SCALE; round++) {
        struct geohash_area area = draw_area(75, 500e3);
        struct geohash_range ranges[GEOHASH_RANGES_MAX];
        unsigned count = geohash_cover(&area, ranges);
        check(count >= 1 && count <= GEOHASH_RANGES_MAX);
        check(covered(ranges, count, geohash_encode(area.centre)));
        for (unsigned i = 0; i < 50; i++) {
            double reach = area.radius / 111e3, aside = reach / cos(area.centre.latitude * M_PI / 180);
            struct geohash_point p = {area.centre.longitude + draw_between(-aside, aside),
                                      area.centre.latitude + draw_between(-reach, reach)};
            p.longitude += p.longitude > 180 ? -360 : p.longitude < -180 ? 360 : 0;
            uint64_t bits;
            double distance;
            if (!geohash_point_valid(p))
                continue;
            bits = geohash_encode(p);
            if (!geohash_within(&area, geohash_decode(bits), &distance))
                continue;
            inside++;
            check(covered(ranges, count, bits));
        }
    }
    check(inside > 100000 / CHECK_SCALE);
}

Test(geohash, coverings_never_overlap)
{
    for (unsigned round = 0; round < 20000 / CHECK_SCALE; round++) {
        struct geohash_area area = draw_area(GEOHASH_LATITUDE_MAX, 60e6);
        if (round % 10 == 0) /* the last degrees have cells of their own */
            area.centre = (struct geohash_point){draw() & 1 ? 180 : -180, GEOHASH_LATITUDE_MAX};
        if (round % 100 == 0)
            area.radius = area.width = area.height = round % 200 ? INFINITY : 0;
        struct geohash_range ranges[GEOHASH_RANGES_MAX];
        unsigned count = geohash_cover(&area, ranges);
        check(count >= 1 && count <= GEOHASH_RANGES_MAX);
        for (unsigned i = 0; i < count; i++) {
            check(ranges[i].first < ranges[i].end);
            for (unsigned k = 0; k < i; k++)
                check(ranges[k].end <= ranges[i].first || ranges[i].end <= ranges[k].first);
        }
    }
}

Test(geohash, all_the_world_is_covered)
{
    struct geohash_area area = {.centre = {3, 4}, .radius = 21e6};
    struct geohash_range ranges[GEOHASH_RANGES_MAX];
    unsigned count = geohash_cover(&area, ranges);
    cr_expect_eq(count, 4);
    for (unsigned i = 0; i < 1000; i++)
        check(covered(ranges, count, geohash_encode(draw_point(GEOHASH_LATITUDE_MAX))));
}
