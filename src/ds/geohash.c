#include "ds/geohash.h"

#include "base/must.h"

#include <math.h>

#define EARTH_RADIUS 6372797.560856
/* Half of the equator as Mercator's projection draws it: the smallest step there is covers it. */
#define HALF_EQUATOR 20037726.37
#define STEPS_MAX 26

/* A cell: the longitude's and latitude's part of a hash, `steps` bits each. */
struct cell {
    uint32_t x, y;
};

/* ---- bits ---------------------------------------------------------------- */

/* The bits of v on the even places of 64, by doubling gaps. */
static uint64_t widen(uint32_t v)
{
    uint64_t x = v;
    x = (x | x << 16) & 0x0000ffff0000ffffull;
    x = (x | x << 8) & 0x00ff00ff00ff00ffull;
    x = (x | x << 4) & 0x0f0f0f0f0f0f0f0full;
    x = (x | x << 2) & 0x3333333333333333ull;
    return (x | x << 1) & 0x5555555555555555ull;
}

static uint32_t narrow(uint64_t x)
{
    x &= 0x5555555555555555ull;
    x = (x | x >> 1) & 0x3333333333333333ull;
    x = (x | x >> 2) & 0x0f0f0f0f0f0f0f0full;
    x = (x | x >> 4) & 0x00ff00ff00ff00ffull;
    x = (x | x >> 8) & 0x0000ffff0000ffffull;
    return (uint32_t)(x | x >> 16);
}

static uint64_t cell_bits(struct cell c)
{
    return widen(c.y) | widen(c.x) << 1;
}

/* ---- points -------------------------------------------------------------- */

bool geohash_point_valid(struct geohash_point p)
{
    return p.longitude >= -GEOHASH_LONGITUDE_MAX && p.longitude <= GEOHASH_LONGITUDE_MAX &&
           p.latitude >= -GEOHASH_LATITUDE_MAX && p.latitude <= GEOHASH_LATITUDE_MAX;
}

static struct cell cell_of(struct geohash_point p, double latitude_max, unsigned steps)
{
    double cells = (double)(1u << steps);
    double x = (p.longitude + GEOHASH_LONGITUDE_MAX) / (2 * GEOHASH_LONGITUDE_MAX);
    double y = (p.latitude + latitude_max) / (2 * latitude_max);
    return (struct cell){(uint32_t)(x * cells), (uint32_t)(y * cells)};
}

uint64_t geohash_encode(struct geohash_point p)
{
    return cell_bits(cell_of(p, GEOHASH_LATITUDE_MAX, STEPS_MAX));
}

/* The edges of a cell in degrees. */
struct edges {
    double west, east, south, north;
};

static double edge(double max, uint32_t number, unsigned steps)
{
    return -max + number * 1.0 / (double)(1u << steps) * (2 * max);
}

static struct edges cell_edges(struct cell c, unsigned steps)
{
    return (struct edges){edge(GEOHASH_LONGITUDE_MAX, c.x, steps),
                          edge(GEOHASH_LONGITUDE_MAX, c.x + 1, steps), edge(GEOHASH_LATITUDE_MAX, c.y, steps),
                          edge(GEOHASH_LATITUDE_MAX, c.y + 1, steps)};
}

static double clamp(double v, double max)
{
    return v > max ? max : v < -max ? -max : v;
}

struct geohash_point geohash_decode(uint64_t bits)
{
    struct edges e = cell_edges((struct cell){narrow(bits >> 1), narrow(bits)}, STEPS_MAX);
    return (struct geohash_point){clamp((e.west + e.east) / 2, GEOHASH_LONGITUDE_MAX),
                                  clamp((e.south + e.north) / 2, GEOHASH_LATITUDE_MAX)};
}

struct geohash_point geohash_decode_score(double score)
{
    /* What x86-64 makes of a double that is out of range, and so Redis there. */
    const double half = 9223372036854775808.0;
    uint64_t bits;
    if (score >= -half && score < half)
        bits = (uint64_t)(int64_t)score;
    else if (score >= half && score < 2 * half)
        bits = (uint64_t)score;
    else
        bits = score > 0 ? 0 : 1ull << 63;
    return geohash_decode(bits);
}

void geohash_text(struct geohash_point p, char out[GEOHASH_TEXT])
{
    static const char digits[] = "0123456789bcdefghjkmnpqrstuvwxyz";
    uint64_t bits = cell_bits(cell_of(p, 90, STEPS_MAX));
    for (unsigned i = 0; i < GEOHASH_TEXT - 1; i++)
        out[i] = digits[bits >> (52 - 5 * (i + 1)) & 31];
    out[GEOHASH_TEXT - 1] = '0'; /* two bits are left of 52: Redis leaves them out */
}

static double radians(double degrees)
{
    return degrees * (M_PI / 180);
}

static double degrees(double radians)
{
    return radians / (M_PI / 180);
}

/* Along a meridian. */
static double latitude_distance(double a, double b)
{
    return EARTH_RADIUS * fabs(radians(b) - radians(a));
}

/* Haversines. */
double geohash_distance(struct geohash_point a, struct geohash_point b)
{
    double v = sin((radians(b.longitude) - radians(a.longitude)) / 2);
    if (v == 0)
        return latitude_distance(a.latitude, b.latitude);
    double from = radians(a.latitude), to = radians(b.latitude);
    double u = sin((to - from) / 2);
    double w = u * u + cos(from) * cos(to) * v * v;
    return 2 * EARTH_RADIUS * asin(sqrt(w < 1 ? w : 1)); /* rounding may bring it above 1 at the antipodes */
}

/* ---- areas --------------------------------------------------------------- */

bool geohash_within(const struct geohash_area *area, struct geohash_point p, double *distance)
{
    if (area->box) {
        if (latitude_distance(area->centre.latitude, p.latitude) > area->height / 2)
            return false;
        struct geohash_point across = {area->centre.longitude, p.latitude};
        if (geohash_distance(p, across) > area->width / 2)
            return false;
        *distance = geohash_distance(area->centre, p);
        return true;
    }
    *distance = geohash_distance(area->centre, p);
    return *distance <= area->radius;
}

/* The degrees that hold the area: by its height, and by its width at the edge nearer to a pole. */
static struct edges area_edges(const struct geohash_area *area)
{
    double height = area->box ? area->height / 2 : area->radius;
    double width = area->box ? area->width / 2 : area->radius;
    double x = area->centre.longitude, y = area->centre.latitude;
    double up = degrees(height / EARTH_RADIUS);
    double aside = degrees(width / EARTH_RADIUS / cos(radians(y < 0 ? y - up : y + up)));
    return (struct edges){x - aside, x + aside, y - up, y + up};
}

/* So many that nine cells around the centre should hold a circle of that radius. */
static unsigned steps_for(double radius, double latitude)
{
    if (radius == 0)
        return STEPS_MAX;
    int steps = -1;
    for (; radius < HALF_EQUATOR; radius *= 2)
        steps++;
    if (fabs(latitude) > 66) /* cells become narrow towards the poles */
        steps -= fabs(latitude) > 80 ? 2 : 1;
    return steps < 1 ? 1 : steps > STEPS_MAX ? STEPS_MAX : (unsigned)steps;
}

static struct cell neighbour(struct cell c, int dx, int dy, unsigned steps)
{
    uint32_t mask = (1u << steps) - 1;
    if (dx)
        c.x = (c.x + (uint32_t)dx) & mask;
    if (dy)
        c.y = (c.y + (uint32_t)dy) & mask;
    return c;
}

/* False when the area goes beyond the cells around c. */
static bool cells_suffice(const struct edges *area, struct cell c, unsigned steps)
{
    return cell_edges(neighbour(c, 0, 1, steps), steps).north >= area->north &&
           cell_edges(neighbour(c, 0, -1, steps), steps).south <= area->south &&
           cell_edges(neighbour(c, 1, 0, steps), steps).east >= area->east &&
           cell_edges(neighbour(c, -1, 0, steps), steps).west <= area->west;
}

unsigned geohash_cover(const struct geohash_area *area, struct geohash_range ranges[GEOHASH_RANGES_MAX])
{
    static const struct {
        int8_t dx, dy;
    } around[GEOHASH_RANGES_MAX] = {{0, 0}, {0, 1},  {0, -1}, {1, 0},  {-1, 0},
                                    {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};
    struct edges wanted = area_edges(area);
    double half_width = area->width / 2, half_height = area->height / 2;
    double radius = area->box ? sqrt(half_width * half_width + half_height * half_height) : area->radius;
    unsigned steps = steps_for(radius, area->centre.latitude);
    struct cell centre = cell_of(area->centre, GEOHASH_LATITUDE_MAX, steps);
    if (steps > 1 && !cells_suffice(&wanted, centre, steps)) {
        steps--;
        centre = cell_of(area->centre, GEOHASH_LATITUDE_MAX, steps);
    }
    struct edges have = cell_edges(centre, steps);
    unsigned count = 0;
    uint64_t last = 0;
    for (unsigned i = 0; i < GEOHASH_RANGES_MAX; i++) {
        int dx = around[i].dx, dy = around[i].dy;
        /* With four cells in all each is a neighbour on both sides, so none can be left out. */
        if (steps > 1 && ((dy < 0 && have.south < wanted.south) || (dy > 0 && have.north > wanted.north) ||
                          (dx < 0 && have.west < wanted.west) || (dx > 0 && have.east > wanted.east)))
            continue;
        uint64_t bits = cell_bits(neighbour(centre, dx, dy, steps));
        if (count && bits == last) /* those of four cells, again */
            continue;
        last = bits;
        unsigned shift = 2 * (STEPS_MAX - steps);
        ranges[count++] = (struct geohash_range){bits << shift, (bits + 1) << shift};
    }
    return count;
}
