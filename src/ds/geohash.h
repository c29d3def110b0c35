/* geohash: places on the globe as integers that are close when the places are.
 *
 * Longitude and latitude are halved in turn, 26 times each; the 52 bits that say
 * on which side the place was, longitude's first, are its *hash*. All places of a *cell*,
 * a rectangle of degrees, share their first bits, so their hashes are one range. An area is searched by
 * covering it with nine equal cells: the centre's and its neighbours.
 *
 * Hashes, coverings and distances are Redis's to the digit, and so is what follows from
 * them: latitudes beyond 85.05112878 degrees have no hash, the earth is a ball, and cells wrap
 * around at the date line and also (which brings nothing but work) at the poles.
 * Degrees are WGS84, distances metres. */
#ifndef DS_GEOHASH_H
#define DS_GEOHASH_H

#include <stdbool.h>
#include <stdint.h>

#define GEOHASH_LONGITUDE_MAX 180.0
#define GEOHASH_LATITUDE_MAX 85.05112878

struct geohash_point {
    double longitude;
    double latitude;
};

/* Within the limits above. */
bool geohash_point_valid(struct geohash_point p);

/* The 52 bits of a valid point. (The greatest latitude and longitude overflow into bits 52 and 53.) */
uint64_t geohash_encode(struct geohash_point p);

/* The middle of the smallest cell, clamped to the limits. Any 64 bits give some point. */
struct geohash_point geohash_decode(uint64_t bits);

/* The same for a hash that is the score of a sorted set's member, which may be any double. */
struct geohash_point geohash_decode_score(double score);

/* The text that other programs know as geohash of p: over latitudes of -90 to 90, base 32, no NUL. */
#define GEOHASH_TEXT 11
void geohash_text(struct geohash_point p, char out[GEOHASH_TEXT]);

/* Along a great circle. */
double geohash_distance(struct geohash_point a, struct geohash_point b);

/* ---- areas --------------------------------------------------------------- */

struct geohash_area {
    struct geohash_point centre; /* valid */
    bool box;                    /* else a circle */
    double width, height;        /* of a box: from edge to edge */
    double radius;               /* of a circle */
};

/* True when p lies in the area, edges included: *distance is from the centre. */
bool geohash_within(const struct geohash_area *area, struct geohash_point p, double *distance);

/* Hashes from `first` up to, and not including, `end`. */
struct geohash_range {
    uint64_t first, end;
};

#define GEOHASH_RANGES_MAX 9

/* Ranges that hold the hashes of all points in the area, and of others; none overlap. In Redis's order: the
 * centre's cell, north, south, east, west, north-east, north-west, south-east, south-west.
 * Returns how many. */
unsigned geohash_cover(const struct geohash_area *area, struct geohash_range ranges[GEOHASH_RANGES_MAX]);

#endif
