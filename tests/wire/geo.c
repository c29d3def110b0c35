/* Geo: every command, option and error; what a search finds is compared with what Redis 7.0.15 found
 * in the same places, near the poles and the date line too, where its coverings have their ways. */
#include "tests/wire/zset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

WIRE_SUITE(geo);

#define BAD_UNIT "ERR unsupported unit provided. please use M, KM, FT, MI"
#define NO_MEMBER "ERR could not decode requested zset member"

static void add_sicily(redisContext *c)
{
    expect_int(c, 2, "GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania");
}

/* ---- GEOADD ------------------------------------------------------------------------ */

Test(geo, geoadd_adds_and_moves)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 1, "GEOADD g 13.361389 38.115556 a");
        expect_int(c, 0, "GEOADD g 13.361389 38.115556 a");
        expect_int(c, 0, "GEOADD g 15 37 a");
        expect_int(c, 1, "GEOADD g CH 16 37 a");
        expect_int(c, 0, "GEOADD g CH 16 37 a");
        expect_int(c, 3, "GEOADD g CH 1 1 a 2 2 b 3 3 c 3 3 c");
        expect_int(c, 2, "GEOADD g 1 1 7 2 2 %b", "\0\xff", (size_t)2);
        expect_int(c, 5, "ZCARD g");
        expect(c, "+zset", "TYPE g");
    }
}

Test(geo, geoadd_nx_and_xx)
{
    redisContext *c = wire_client();
    add_sicily(c);
    expect_int(c, 1, "GEOADD Sicily nx 1 1 Palermo 2 2 new");
    expect_bulk(c, "3479099956230698", "ZSCORE Sicily Palermo");
    expect_int(c, 0, "GEOADD Sicily XX 1 1 Palermo 2 2 other");
    expect_bulk(c, "3377822707026402", "ZSCORE Sicily Palermo");
    expect_nil(c, "ZSCORE Sicily other");
    expect_int(c, 1, "GEOADD Sicily XX CH 3 3 Palermo 2 2 other");
    expect_int(c, 1, "GEOADD Sicily ch NX 4 4 Palermo 2 2 other");
    expect_int(c, 0, "GEOADD none XX 1 1 a");
    expect_int(c, 0, "EXISTS none");
}

Test(geo, geoadd_many_members)
{
    redisContext *c = wire_client();
    char command[4096] = "GEOADD g";
    for (int i = 0; i < 100; i++)
        snprintf(strchr(command, 0), 32, " %d.5 %d m%d", i, i % 80, i);
    expect_int(c, 100, command);
    expect_int(c, 0, command);
    expect_int(c, 100, "ZCARD g");
}

Test(geo, scores_are_redis_s)
{
    static const struct {
        const char *place, *score, *hash;
    } cases[] = {
        {"13.361389 38.115556", "3479099956230698", "sqc8b49rny0"},
        {"0 0", "3377699720527872", "s0000000000"},
        {"-0.0000001 -0.0000001", "1125899906842623", "7zzzzzzzzz0"},
        {"180 0", "10133099161583616", "80000000000"},
        {"-180 0", "1125899906842624", "80000000000"},
        {"180 85.05112878", "13510798882111488", "bp05b5048p0"},
        {"-180 -85.05112878", "0", "00bh0hbj200"},
        {"179.999999 85.051128", "4503599627370495", "zzpgzgpfxz0"},
        {"-122.27652 37.805186", "1367952638197536", "9q9p1d0znt0"},
        {"0.1 85.05", "3753000234693126", "up05f6bu4j0"},
        {"90 -45", "2908212571685909", "npbpbpbpbp0"},
        {"1e1 0x10", "3402577161216111", "s4z5589ybb0"},
    };
    redisContext *c = wire_client();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char command[100];
        snprintf(command, sizeof command, "GEOADD g %s m", cases[i].place);
        wire_int(c, command);
        redisReply *reply = wire_command(c, "ZSCORE g m");
        cr_assert_eq(strtod(reply->str, NULL), strtod(cases[i].score, NULL), "%s", cases[i].place);
        freeReplyObject(reply);
        snprintf(command, sizeof command, "[\"%s\"]", cases[i].hash);
        expect(c, command, "GEOHASH g m");
    }
}

Test(geo, geoadd_refuses)
{
    redisContext *c = wire_client();
    expect_error(c, "ERR invalid longitude,latitude pair 181.000000,10.000000", "GEOADD g 181 10 a");
    expect_error(c, "ERR invalid longitude,latitude pair 10.000000,86.500000", "GEOADD g 1 1 b 10 86.5 a");
    expect_error(c, "ERR invalid longitude,latitude pair -180.000001,10.000000", "GEOADD g -180.000001 10 a");
    expect_error(c, "ERR invalid longitude,latitude pair 0.000000,-85.051130", "GEOADD g 0 -85.05113 a");
    expect_error(c, "ERR invalid longitude,latitude pair inf,0.000000", "GEOADD g inf 0 a");
    expect_error(c, NOT_FLOAT, "GEOADD g x 1 a");
    expect_error(c, NOT_FLOAT, "GEOADD g 1 y a");
    expect_error(c, NOT_FLOAT, "GEOADD g nan 1 a");
    expect_error(c, SYNTAX, "GEOADD g 1 1 a 2 2");
    expect_error(c, SYNTAX, "GEOADD g NX XX 1 1 a");
    expect_error(c, SYNTAX, "GEOADD g CH CH CH");
    expect_error(c, SYNTAX, "GEOADD g NX 1 1");
    expect_error(c, NOT_FLOAT, "GEOADD g GT 1 1");
    expect_error(c, "ERR wrong number of arguments for 'geoadd' command", "GEOADD g 1 1");
    expect_int(c, 0, "EXISTS g");
    expect_ok(c, "SET s x");
    expect_error(c, WRONG_TYPE, "GEOADD s 1 1 a");
    expect_error(c, NOT_FLOAT, "GEOADD s 1 z a"); /* arguments are judged first */
}

/* ---- single members ------------------------------------------------------------------ */

Test(geo, geodist_in_every_unit)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_ENCODING(c)
    {
        add_sicily(c);
        expect_bulk(c, "166274.1516", "GEODIST Sicily Palermo Catania");
        expect_bulk(c, "166274.1516", "GEODIST Sicily Palermo Catania m");
        expect_bulk(c, "166.2742", "GEODIST Sicily Catania Palermo KM");
        expect_bulk(c, "103.3182", "GEODIST Sicily Palermo Catania mi");
        expect_bulk(c, "545518.8700", "GEODIST Sicily Palermo Catania Ft");
        expect_bulk(c, "0.0000", "GEODIST Sicily Palermo Palermo");
        expect3(c3, "\"166.2742\"", "GEODIST Sicily Palermo Catania km");
        expect_nil(c, "GEODIST Sicily Palermo none");
        expect_nil(c, "GEODIST Sicily none Palermo");
        expect_nil(c, "GEODIST none a b");
        expect3(c3, "nil", "GEODIST none a b");
        expect_error(c, BAD_UNIT, "GEODIST Sicily Palermo Catania x");
        expect_error(c, BAD_UNIT, "GEODIST none a b %s", "");
        expect_error(c, SYNTAX, "GEODIST Sicily Palermo Catania m m");
    }
    expect_error(c, "ERR wrong number of arguments for 'geodist' command", "GEODIST Sicily Palermo");
    expect_ok(c, "SET s x");
    expect_error(c, WRONG_TYPE, "GEODIST s a b");
    expect_error(c, WRONG_TYPE, "GEOHASH s a");
    expect_error(c, WRONG_TYPE, "GEOPOS s a");
}

Test(geo, distances_round_as_redis_rounds)
{
    redisContext *c = wire_client();
    wire_int(c, "GEOADD g -65.3 -29.3 a 55.8 53.4 b");
    expect_bulk(c, "47953937.3006", "GEODIST g a b ft");
    wire_int(c, "GEOADD g 63.7 -72.7 a -76.5 11.9 b");
    expect_bulk(c, "41914939.0110", "GEODIST g a b ft");
    wire_int(c, "GEOADD g 141.3 -10.9 a -72.3 41.8 b");
    expect_bulk(c, "15279309.4964", "GEODIST g a b m");
}

Test(geo, geohash_gives_texts)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        add_sicily(c);
        expect(c, "[\"sqc8b49rny0\" \"sqdtr74hyu0\"]", "GEOHASH Sicily Palermo Catania");
        expect(c, "[nil \"sqdtr74hyu0\" nil]", "GEOHASH Sicily none Catania none");
        expect(c, "[nil nil]", "GEOHASH none a b");
        expect(c, "[]", "GEOHASH Sicily");
        expect(c, "[]", "GEOHASH none");
        expect_int(c, 2, "GEOADD g -5.6 42.6 leon 10.40744 57.64911 jutland");
        expect(c, "[\"ezs42e44yx0\" \"u4pruydqqv0\"]", "GEOHASH g leon jutland");
    }
    expect_error(c, "ERR wrong number of arguments for 'geohash' command", "GEOHASH");
}

Test(geo, geopos_gives_coordinates)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_ENCODING(c)
    {
        add_sicily(c);
        expect(c, "[[\"13.36138933897018433\" \"38.11555639549629859\"] nil]", "GEOPOS Sicily Palermo none");
        expect(c, "[nil nil]", "GEOPOS none a b");
        expect(c, "[]", "GEOPOS Sicily");
        expect(c, "[]", "GEOPOS none");
        expect3(c3, "[[,13.36138933897018433 ,38.11555639549629859] nil]", "GEOPOS Sicily Palermo none");
    }
    int fd = raw_client();
    raw_say(fd, "GEOPOS Sicily none Catania\r\n");
    raw_expect(fd, "*2\r\n*-1\r\n*2\r\n$20\r\n15.08726745843887329\r\n$20\r\n37.50266842333162032\r\n");
    raw_say(fd, "GEOPOS none a\r\n");
    raw_expect(fd, "*1\r\n*-1\r\n");
    expect_error(c, "ERR wrong number of arguments for 'geopos' command", "GEOPOS");
}

/* A sorted set that GEOADD didn't make: any score is a place. */
Test(geo, any_score_is_a_place)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        expect_int(c, 7, "ZADD z inf a -inf b -5.5 c 1e300 d 9.3e18 e 1e17 f 1.9e19 g");
        expect(c,
               "[\"00bh0hbj200\" \"00bh0hbj200\" \"bp05b5048p0\" \"00bh0hbj200\" \"bp05b5048p0\" "
               "\"bp05b5048p0\" \"00bh0hbj200\"]",
               "GEOHASH z a b c d e f g");
        expect(c,
               "[[\"-179.99999731779098511\" \"-85.05112751263942528\"] [\"180\" \"-85.05112751263942528\"] "
               "[\"180\" \"85.0511287799999991\"] [\"-179.99999731779098511\" \"-85.05112751263942528\"] "
               "[\"180\" \"85.0511287799999991\"] [\"180\" \"85.0511287799999991\"] "
               "[\"-179.99999731779098511\" \"-85.05112751263942528\"]]",
               "GEOPOS z a b c d e f g");
        expect(c, "\"18919844.5891\"", "GEODIST z a c");
        expect(c, "[]", "GEORADIUS z 0 0 30000 km WITHHASH");
        expect(c, "[]", "GEORADIUS z -180 -85 500 km WITHDIST WITHHASH");
    }
}

/* ---- searches: what they find --------------------------------------------------------- */

static void add_places(redisContext *c)
{
    for (int i = 0; i < 120; i++) {
        char command[64];
        snprintf(command, sizeof command, "GEOADD g %.1f %.1f %d", (i * 1237 % 3600 - 1800) / 10.0,
                 (i * 731 % 1700 - 850) / 10.0, i);
        expect_int(c, 1, command);
    }
    for (int i = 0; i < 40; i++) { /* at the poles and the date line */
        double longitude = (180 - i % 5 * .3) * (i & 1 ? 1 : -1);
        double latitude = i < 20 ? (85 - i % 7 * .4) * (i & 2 ? 1 : -1) : (i - 30) * .5;
        char command[64];
        snprintf(command, sizeof command, "GEOADD g %.1f %.1f x%d", longitude, latitude, i);
        expect_int(c, 1, command);
    }
}

Test(geo, searches_find_what_redis_finds)
{
    static const struct {
        const char *command, *found;
    } cases[] = {
        {"GEORADIUS g 0 0 1000 km", "[]"},
        {"GEORADIUS g 0 0 3000 km ASC", "[\"115\" \"80\" \"13\" \"22\" \"48\"]"},
        {"GEORADIUS g 10 50 2000 mi WITHDIST DESC",
         "[[\"48\" \"1930.1715\"] [\"95\" \"1745.7533\"] [\"51\" \"1596.9955\"] [\"74\" \"1545.2723\"] "
         "[\"60\" \"1397.3756\"] [\"109\" \"1337.0233\"] [\"83\" \"1232.3301\"] [\"25\" \"1187.5104\"] "
         "[\"16\" \"1083.1148\"] [\"118\" \"711.2766\"]]"},
        {"GEORADIUS g 180 0 400 km WITHDIST ASC",
         "[[\"x31\" \"64.8555\"] [\"x29\" \"144.5928\"] [\"x27\" \"179.6890\"] [\"x33\" \"194.5609\"] "
         "[\"x35\" \"278.0654\"] [\"x25\" \"278.0657\"] [\"x37\" \"394.9639\"]]"},
        {"GEORADIUS g -180 0 400 km ASC",
         "[\"x30\" \"x31\" \"x32\" \"x29\" \"x28\" \"x27\" \"x33\" \"x26\" \"x34\" \"x36\" \"x24\" \"x37\"]"},
        {"GEORADIUS g 179.9 84.9 100 km WITHDIST ASC",
         "[[\"x7\" \"12.1521\"] [\"x14\" \"16.9023\"] [\"x2\" \"78.2072\"]]"},
        {"GEORADIUS g -179.9 -84.9 300 km ASC",
         "[\"0\" \"x0\" \"x1\" \"x8\" \"x16\" \"x9\" \"x17\" \"x4\" \"x12\" \"x13\"]"},
        {"GEORADIUS g 0 85.05 1500 km ASC COUNT 6 WITHDIST",
         "[[\"86\" \"445.5403\"] [\"x14\" \"1106.6409\"] [\"x7\" \"1106.6865\"] [\"x2\" \"1195.6663\"] "
         "[\"x3\" \"1240.1354\"] [\"x10\" \"1240.1733\"]]"},
        {"GEORADIUS g 90 -85.05 1500 km DESC COUNT 6", "[\"114\" \"49\" \"7\" \"100\" \"28\" \"x13\"]"},
        {"GEORADIUS g 0 0 21000 km ASC COUNT 4 WITHDIST",
         "[[\"115\" \"1124.8584\"] [\"80\" \"1940.9789\"] [\"13\" \"2146.1439\"] [\"22\" \"2492.1335\"]]"},
        {"GEORADIUS g 0 0 99999 km DESC COUNT 4 WITHDIST",
         "[[\"x30\" \"20020.7337\"] [\"x31\" \"19955.8785\"] [\"x32\" \"19891.0246\"] [\"x29\" "
         "\"19876.1412\"]]"},
        {"GEORADIUS g -75 40 1500 mi", "[\"62\" \"97\"]"},
        {"GEORADIUS g -75 40 4500000 ft WITHHASH", "[[\"97\" 1815415539967545]]"},
        {"GEOSEARCH g FROMLONLAT 0 0 BYBOX 3000 1500 km ASC WITHDIST", "[]"},
        {"GEOSEARCH g FROMLONLAT 180 0 BYBOX 600 1200 km ASC",
         "[\"x31\" \"x29\" \"x27\" \"x33\" \"x35\" \"x25\" \"x37\" \"x23\" \"x21\" \"x39\"]"},
        {"GEOSEARCH g FROMLONLAT -179.5 2 BYBOX 300 500 mi WITHDIST",
         "[[\"x30\" \"142.4782\"] [\"x32\" \"69.4575\"] [\"x34\" \"48.3497\"] [\"x36\" \"70.4791\"] [\"x38\" "
         "\"140.9557\"] [\"x28\" \"209.1733\"] [\"x31\" \"117.4852\"] [\"x33\" \"102.7011\"] [\"x37\" "
         "\"128.5046\"] [\"x39\" \"208.8340\"] [\"x27\" \"253.5572\"] [\"x29\" \"208.9346\"]]"},
        {"GEOSEARCH g FROMLONLAT 100 84 BYBOX 1500 600 km ASC", "[\"x7\" \"x14\"]"},
        {"GEOSEARCH g FROMLONLAT 179 -84 BYBOX 900 400 km ASC WITHDIST",
         "[[\"x9\" \"22.3626\"] [\"x17\" \"22.7420\"] [\"x16\" \"26.7526\"] [\"x1\" \"67.1811\"] [\"x8\" "
         "\"69.9497\"] [\"x4\" \"71.9233\"] [\"0\" \"111.7318\"] [\"x0\" \"111.7318\"] [\"x12\" "
         "\"113.0253\"] [\"x13\" \"155.7223\"]]"},
        {"GEOSEARCH g FROMLONLAT 20 70 BYBOX 2500 2500 km DESC", "[\"16\" \"51\"]"},
        {"GEOSEARCH g FROMLONLAT 20 -67 BYBOX 5000 900 km", "[\"63\" \"77\"]"},
        {"GEOSEARCH g FROMLONLAT 0 0 BYBOX 40000 20000 km ASC COUNT 3", "[\"115\" \"80\" \"13\"]"},
        {"GEOSEARCH g FROMLONLAT 0 0 BYBOX 50000 2000 km",
         "[\"57\" \"78\" \"x31\" \"x33\" \"64\" \"x37\" \"x39\" \"115\" \"22\" \"43\" \"29\" \"x21\" \"x23\" "
         "\"x27\" \"x29\" \"x30\" \"x32\" \"x34\" \"x36\" \"x38\" \"50\" \"85\" \"71\" \"x20\" \"x22\" "
         "\"x24\" \"x26\" \"x28\" \"15\" \"36\"]"},
        {"GEOSEARCH g FROMMEMBER 7 BYRADIUS 2500 km ASC WITHDIST",
         "[[\"7\" \"0.0000\"] [\"100\" \"259.5362\"] [\"42\" \"963.3426\"] [\"21\" \"1091.1401\"] [\"114\" "
         "\"1131.8928\"] [\"0\" \"1245.2086\"] [\"x0\" \"1245.2086\"] [\"x8\" \"1284.0735\"] [\"x1\" "
         "\"1288.2038\"] [\"x16\" \"1328.2518\"] [\"x9\" \"1333.5092\"] [\"107\" \"1350.2382\"] [\"28\" "
         "\"1361.5042\"] [\"x17\" \"1373.7940\"] [\"x4\" \"1409.3851\"] [\"x12\" \"1454.1933\"] [\"x13\" "
         "\"1502.7835\"] [\"14\" \"1606.2662\"] [\"56\" \"1794.1968\"] [\"77\" \"1945.7635\"] [\"35\" "
         "\"2103.7468\"] [\"63\" \"2337.8740\"]]"},
        {"GEOSEARCH g FROMMEMBER x20 BYRADIUS 90 mi ASC", "[\"x20\" \"x21\" \"x22\"]"},
        {"GEOSEARCH g FROMMEMBER x3 BYBOX 500 500 km ASC",
         "[\"x3\" \"x10\" \"x11\" \"x2\" \"x18\" \"x19\" \"x7\" \"x6\" \"x14\" \"93\"]"},
        {"GEOSEARCH g FROMLONLAT -179.99 85.05112878 BYRADIUS 20 km ASC", "[\"x7\" \"x14\"]"},
        {"GEOSEARCH g FROMLONLAT 180 85.05112878 BYRADIUS 50 km ASC", "[\"x7\"]"},
        {"GEOSEARCH g FROMLONLAT 45 45 BYRADIUS 0 m", "[]"},
        {"GEORADIUSBYMEMBER g 0 2500 km WITHDIST",
         "[[\"0\" \"0.0000\"] [\"x0\" \"0.0000\"] [\"x8\" \"45.4047\"] [\"x16\" \"89.0360\"] [\"x4\" "
         "\"178.4628\"] [\"x12\" \"222.5588\"] [\"35\" \"957.3791\"] [\"70\" \"1929.2407\"] [\"114\" "
         "\"830.3068\"] [\"21\" \"1141.0665\"] [\"56\" \"2113.2749\"] [\"100\" \"1007.8236\"] [\"7\" "
         "\"1245.2086\"] [\"42\" \"2208.1744\"] [\"28\" \"1756.9639\"] [\"107\" \"882.0605\"] [\"14\" "
         "\"891.2731\"] [\"49\" \"1658.2811\"] [\"84\" \"2495.1560\"] [\"x1\" \"44.5930\"] [\"x9\" "
         "\"89.8582\"] [\"x17\" \"133.6286\"] [\"x13\" \"267.1539\"]]"},
        {"GEORADIUSBYMEMBER g 55 0 m WITHDIST", "[[\"55\" \"0.0000\"]]"},
        {"GEORADIUSBYMEMBER g x39 300 mi WITHDIST ASC",
         "[[\"x39\" \"0.0000\"] [\"x37\" \"80.5467\"] [\"x36\" \"146.4520\"] [\"x38\" \"148.8060\"] [\"64\" "
         "\"157.4638\"] [\"x33\" \"208.3700\"] [\"x34\" \"239.3205\"] [\"x32\" \"271.9361\"] [\"x31\" "
         "\"283.3475\"]]"},
        {"GEOSEARCH g FROMLONLAT 30 10 BYRADIUS 3000 km COUNT 2 ANY", "[\"57\" \"92\"]"},
        {"GEOSEARCH g FROMLONLAT 30 10 BYRADIUS 4000 km COUNT 3 ANY ASC", "[\"57\" \"92\" \"83\"]"},
    };
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        add_places(c);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            expect(c, cases[i].found, cases[i].command);
    }
}

/* ---- searches: options and forms -------------------------------------------------------- */

#define BOTH "[\"Palermo\" \"Catania\"]"
#define PALERMO_POINT "[\"13.36138933897018433\" \"38.11555639549629859\"]"
#define CATANIA_POINT "[\"15.08726745843887329\" \"37.50266842333162032\"]"

Test(geo, searches_give_what_is_asked_for)
{
    redisContext *c = wire_client();
    struct wire_resp3 *c3 = resp3_client();
    EACH_ENCODING(c)
    {
        add_sicily(c);
        expect(c, BOTH, "GEORADIUS Sicily 15 37 200 km");
        expect(c, "[[\"Palermo\" \"190.4424\"] [\"Catania\" \"56.4413\"]]",
               "GEORADIUS Sicily 15 37 200 km WITHDIST");
        expect(c, "[[\"Palermo\" 3479099956230698] [\"Catania\" 3479447370796909]]",
               "GEORADIUS Sicily 15 37 200 km WITHHASH");
        expect(c, "[[\"Palermo\" " PALERMO_POINT "] [\"Catania\" " CATANIA_POINT "]]",
               "GEORADIUS Sicily 15 37 200 km WITHCOORD");
        expect(c,
               "[[\"Catania\" \"56.4413\" 3479447370796909 " CATANIA_POINT
               "] [\"Palermo\" \"190.4424\" 3479099956230698 " PALERMO_POINT "]]",
               "GEORADIUS Sicily 15 37 200 km withcoord withhash WITHDIST asc");
        expect3(c3,
                "[[\"Catania\" \"56.4413\" 3479447370796909 [,15.08726745843887329 ,37.50266842333162032]]]",
                "GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 WITHCOORD WITHHASH WITHDIST");
        expect3(c3, "[\"Palermo\" \"Catania\"]", "GEOSEARCH Sicily FROMLONLAT 15 37 BYBOX 400 400 km");
        expect(c, "[\"Catania\" \"Palermo\"]", "GEORADIUS Sicily 15 37 200 km ASC");
        expect(c, BOTH, "GEORADIUS Sicily 15 37 200 km DESC");
        expect(c, BOTH, "GEORADIUS Sicily 15 37 200 km ASC DESC"); /* the last one counts */
        expect(c, "[\"Catania\"]", "GEORADIUS Sicily 15 37 200 km COUNT 1");
        expect(c, "[\"Palermo\"]", "GEORADIUS Sicily 15 37 200 km COUNT 1 DESC");
        expect(c, "[\"Palermo\"]", "GEORADIUS Sicily 15 37 200 km COUNT 1 ANY");
        expect(c, "[\"Palermo\"]",
               "GEORADIUS Sicily 15 37 200 km ANY COUNT 1 ASC"); /* no other was looked at */
        expect(c, "[\"Catania\" \"Palermo\"]", "GEORADIUS Sicily 15 37 200 km COUNT 100");
        expect(c, "[\"Catania\"]", "GEORADIUS_RO Sicily 15 37 100 km");
        expect(c, "[[\"Catania\" \"35.0711\"]]", "GEORADIUS_RO Sicily 15 37 100 mi WITHDIST");
        expect(c, "[\"Catania\"]", "GEORADIUS_RO Sicily 15 37 400000 ft");
        expect(c, "[\"Catania\"]", "GEORADIUS_RO Sicily 15 37 60000.5 M");
        expect(c, "[\"Palermo\" \"Catania\"]", "GEORADIUSBYMEMBER Sicily Palermo 200 km");
        expect(c, "[\"Catania\" \"Palermo\"]", "GEORADIUSBYMEMBER_RO Sicily Palermo 200 km DESC");
        expect(c, "[\"Palermo\"]", "GEORADIUSBYMEMBER_RO Sicily Palermo 100 km");
        expect(c, "[]", "GEORADIUS Sicily 0 0 10 km ASC");
        expect(c, "[]", "GEORADIUS Sicily 0 0 10 km");
        expect(c, "[]", "GEORADIUS none 15 37 200 km WITHDIST");
        expect(c, "[]", "GEORADIUSBYMEMBER none x 200 km");
        expect(c, "[]", "GEOSEARCH none FROMMEMBER x BYRADIUS 1 m");
        expect3(c3, "[]", "GEOSEARCH none FROMLONLAT 1 1 BYBOX 1 1 m");
    }
}

Test(geo, geosearch_takes_its_arguments_in_any_order)
{
    redisContext *c = wire_client();
    EACH_ENCODING(c)
    {
        add_sicily(c);
        expect(c, BOTH, "GEOSEARCH Sicily BYRADIUS 200 km FROMLONLAT 15 37");
        expect(c, "[\"Catania\" \"Palermo\"]",
               "GEOSEARCH Sicily ASC BYRADIUS 200 km COUNT 5 FROMLONLAT 15 37");
        expect(c, "[[\"Palermo\" \"0.0000\"]]",
               "GEOSEARCH Sicily WITHDIST FROMMEMBER Palermo COUNT 1 BYRADIUS 200 km");
        expect(c, "[\"Palermo\"]", "geosearch Sicily bybox 100 100 km frommember Palermo");
        expect(c, "[\"Catania\"]", "GEOSEARCH Sicily FROMMEMBER Palermo FROMMEMBER Catania BYRADIUS 1 m");
        expect(c, BOTH, "GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 1 m BYRADIUS 200 km");
        expect(c, "[\"Palermo\"]", "GEOSEARCH Sicily FROMMEMBER Palermo BYBOX 0 0 m");
    }
}

static int by_distance(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* COUNT keeps the nearest, or farthest, of many, in order. */
Test(geo, count_keeps_the_best)
{
    redisContext *c = wire_client();
    double all[400];
    for (int i = 0; i < 400; i++) {
        char command[64];
        snprintf(command, sizeof command, "GEOADD g %.3f %.3f m%d", i * 7919 % 1000 / 100.0,
                 i * 104729 % 1000 / 100.0, i);
        expect_int(c, 1, command);
    }
    redisReply *reply = wire_command(c, "GEOSEARCH g FROMLONLAT 5 5 BYRADIUS 2000 km WITHDIST");
    cr_assert_eq(reply->elements, 400);
    for (size_t i = 0; i < 400; i++)
        all[i] = strtod(reply->element[i]->element[1]->str, NULL);
    freeReplyObject(reply);
    qsort(all, 400, sizeof *all, by_distance);
    static const int counts[] = {1, 2, 3, 7, 63, 64, 65, 128, 399, 400, 401};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        for (int farthest = 0; farthest < 2; farthest++) {
            reply = wire_command(c, "GEOSEARCH g FROMLONLAT 5 5 BYRADIUS 2000 km WITHDIST COUNT %d %s",
                                 counts[k], farthest ? "DESC" : "ASC");
            size_t count = counts[k] < 400 ? (size_t)counts[k] : 400;
            cr_assert_eq(reply->elements, count);
            for (size_t i = 0; i < count; i++) {
                double d = strtod(reply->element[i]->element[1]->str, NULL);
                cr_assert_eq(d, all[farthest ? 399 - i : i], "COUNT %d, number %zu", counts[k], i);
            }
            freeReplyObject(reply);
        }
    }
    expect_int(c, 1, "GEOADD g -100 -20 far");
    expect(c, "[\"far\"]", "GEOSEARCH g FROMMEMBER far BYRADIUS 1 km COUNT 9223372036854775807");
}

/* Members of every length, kept in place of others. */
Test(geo, members_of_any_length_are_kept)
{
    redisContext *c = wire_client();
    char *name = malloc(5000);
    memset(name, 'x', 5000);
    for (int i = 0; i < 60; i++) /* each nearer than the one before, lengths up and down, one empty */
        expect_int(c, 1, "GEOADD g %d 0 %b", 60 - i, name, (size_t)(i % 3 == 0 ? 80 * i : i));
    redisReply *reply = wire_command(c, "GEOSEARCH g FROMLONLAT 0 0 BYRADIUS 9000 km COUNT 5 DESC");
    cr_assert_eq(reply->elements, 5);
    for (size_t i = 0; i < 5; i++)
        cr_assert_eq(reply->element[i]->len, i % 3 == 0 ? 80 * i : i);
    freeReplyObject(reply);
    reply = wire_command(c, "GEOSEARCH g FROMLONLAT 0 0 BYRADIUS 9000 km COUNT 5 ASC");
    cr_assert_eq(reply->elements, 5);
    for (size_t i = 0; i < 5; i++) {
        size_t number = 59 - i;
        cr_assert_eq(reply->element[i]->len, number % 3 == 0 ? 80 * number : number);
    }
    freeReplyObject(reply);
    free(name);
}

/* ---- STORE --------------------------------------------------------------------------- */

Test(geo, results_are_stored)
{
    redisContext *c = wire_client(), *listener = events_listener();
    add_sicily(c);
    expect_event(listener, "zadd", "Sicily");
    expect_int(c, 2, "GEORADIUS Sicily 15 37 200 km STORE to");
    expect_event(listener, "georadiusstore", "to");
    expect(c, "[\"Palermo\" \"3479099956230698\" \"Catania\" \"3479447370796909\"]",
           "ZRANGE to 0 -1 WITHSCORES");
    expect_int(c, 2, "GEORADIUSBYMEMBER Sicily Palermo 200 km STOREDIST to");
    expect_event(listener, "georadiusstore", "to");
    redisReply *reply = wire_command(c, "ZRANGE to 0 -1 WITHSCORES");
    cr_assert_eq(reply->elements, 4);
    cr_assert_str_eq(reply->element[0]->str, "Palermo");
    cr_assert_float_eq(strtod(reply->element[3]->str, NULL), 166.27415156960033, 1e-12);
    freeReplyObject(reply);
    expect_int(c, 1,
               "GEORADIUS Sicily 15 37 200 km COUNT 1 STORE to STOREDIST other"); /* the last one counts */
    expect_event(listener, "georadiusstore", "other");
    expect(c, "[\"Catania\"]", "ZRANGE other 0 -1");
    expect_int(c, 2, "GEOSEARCHSTORE to Sicily FROMLONLAT 15 37 BYBOX 400 400 km");
    expect_event(listener, "geosearchstore", "to");
    expect(c, BOTH, "GEOSEARCH to FROMLONLAT 15 37 BYRADIUS 200 km");
    expect_int(c, 1, "GEOSEARCHSTORE to Sicily STOREDIST FROMMEMBER Palermo BYRADIUS 200 km DESC COUNT 1");
    expect_event(listener, "geosearchstore", "to");
    expect(c, "[\"Catania\"]", "ZRANGE to 0 -1");
    expect_int(c, 1, "GEOSEARCHSTORE Sicily Sicily FROMMEMBER Palermo BYRADIUS 1 km"); /* onto its source */
    expect_event(listener, "geosearchstore", "Sicily");
    expect(c, "[\"Palermo\"]", "ZRANGE Sicily 0 -1");
    expect_no_event(listener);
}

Test(geo, nothing_to_store_removes_the_destination)
{
    redisContext *c = wire_client(), *listener = events_listener();
    add_sicily(c);
    expect_event(listener, "zadd", "Sicily");
    static const char *const commands[] = {
        "GEORADIUS Sicily 0 0 1 km STORE to",
        "GEORADIUS none 0 0 1 km STOREDIST to",
        "GEORADIUSBYMEMBER none x 1 km STORE to",
        "GEOSEARCHSTORE to Sicily FROMLONLAT 0 0 BYRADIUS 1 km",
        "GEOSEARCHSTORE to none FROMMEMBER x BYRADIUS 1 km",
    };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        expect_ok(c, "SET to text"); /* of whatever type */
        expect_event(listener, "set", "to");
        expect_int(c, 0, commands[i]);
        expect_event(listener, "del", "to");
        expect_int(c, 0, "EXISTS to");
        expect_int(c, 0, commands[i]);
        expect_no_event(listener);
    }
    expect_ok(c, "SET to text EX 1000");
    expect_int(c, 2, "GEOSEARCHSTORE to Sicily FROMLONLAT 15 37 BYRADIUS 200 km");
    expect_int(c, -1, "TTL to");
    expect(c, "+zset", "TYPE to");
}

/* ---- errors ---------------------------------------------------------------------------- */

Test(geo, georadius_refuses)
{
    redisContext *c = wire_client();
    add_sicily(c);
    expect_error(c, "ERR need numeric radius", "GEORADIUS Sicily 15 37 x km");
    expect_error(c, "ERR radius cannot be negative", "GEORADIUS Sicily 15 37 -1 km");
    expect_error(c, BAD_UNIT, "GEORADIUS Sicily 15 37 1 miles");
    expect_error(c, NOT_FLOAT, "GEORADIUS Sicily x 37 1 km");
    expect_error(c, "ERR invalid longitude,latitude pair 15.000000,90.000000", "GEORADIUS Sicily 15 90 1 km");
    expect_error(c, "ERR invalid longitude,latitude pair 15.000000,90.000000", "GEORADIUS none 15 90 1 km");
    expect_error(c, "ERR COUNT must be > 0", "GEORADIUS Sicily 15 37 1 km COUNT 0");
    expect_error(c, "ERR COUNT must be > 0", "GEORADIUS Sicily 15 37 1 km COUNT -1");
    expect_error(c, NOT_INTEGER, "GEORADIUS Sicily 15 37 1 km COUNT x");
    expect_error(c, SYNTAX, "GEORADIUS Sicily 15 37 1 km COUNT");
    expect_error(c, SYNTAX, "GEORADIUS Sicily 15 37 1 km STORE");
    expect_error(c, SYNTAX, "GEORADIUS Sicily 15 37 1 km NEAR");
    expect_error(c, SYNTAX, "GEORADIUS Sicily 15 37 1 km FROMMEMBER Palermo");
    expect_error(c, SYNTAX, "GEORADIUS_RO Sicily 15 37 1 km STORE to");
    expect_error(c, SYNTAX, "GEORADIUS_RO Sicily 15 37 1 km STOREDIST to");
    expect_error(c, SYNTAX, "GEORADIUSBYMEMBER_RO Sicily Palermo 1 km STORE to");
    expect_error(c, "ERR the ANY argument requires COUNT argument", "GEORADIUS Sicily 15 37 1 km ANY");
    static const char *const with[] = {"WITHDIST", "WITHHASH", "WITHCOORD"};
    for (size_t i = 0; i < 3; i++)
        expect_error(
            c,
            "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
            "GEORADIUS none 15 37 1 km STORE to %s", with[i]);
    expect_error(c, NO_MEMBER, "GEORADIUSBYMEMBER Sicily none 1 km");
    expect_error(c, NO_MEMBER, "GEORADIUSBYMEMBER_RO Sicily none 1 km");
    expect(c, "[]", "GEORADIUSBYMEMBER none x far parsecs"); /* without a source these aren't read */
    expect_error(c, SYNTAX, "GEORADIUSBYMEMBER none x 1 km NEAR");
    expect_error(c, "ERR wrong number of arguments for 'georadius' command", "GEORADIUS Sicily 15 37 1");
    expect_error(c, "ERR wrong number of arguments for 'georadius_ro' command",
                 "GEORADIUS_RO Sicily 15 37 1");
    expect_error(c, "ERR wrong number of arguments for 'georadiusbymember' command",
                 "GEORADIUSBYMEMBER Sicily x 1");
    expect_error(c, "ERR wrong number of arguments for 'georadiusbymember_ro' command",
                 "GEORADIUSBYMEMBER_RO Sicily x 1");
    expect_ok(c, "SET s x");
    expect_error(c, WRONG_TYPE, "GEORADIUS s 15 37 1 km");
    expect_error(c, WRONG_TYPE, "GEORADIUS s 15 37 x y z");
    expect_error(c, WRONG_TYPE, "GEORADIUS_RO s 15 37 1 km");
    expect_error(c, WRONG_TYPE, "GEORADIUSBYMEMBER s x 1 km");
    expect_error(c, WRONG_TYPE, "GEORADIUSBYMEMBER_RO s x 1 km");
    expect_int(c, 0, "EXISTS to");
}

Test(geo, geosearch_refuses)
{
    redisContext *c = wire_client();
    add_sicily(c);
    expect_error(c, "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH",
                 "GEOSEARCH Sicily BYRADIUS 1 km ASC ASC");
    expect_error(c, "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GeoSearchStore",
                 "GeoSearchStore to Sicily BYRADIUS 1 km ASC ASC ASC");
    expect_error(c, "ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH",
                 "GEOSEARCH none FROMLONLAT 1 1 ASC DESC");
    expect_error(c, "ERR exactly one of BYRADIUS and BYBOX can be specified for geosearch",
                 "geosearch Sicily FROMMEMBER Palermo ASC DESC ASC");
    expect_error(c, SYNTAX, "GEOSEARCH Sicily FROMLONLAT 1 1 FROMMEMBER Palermo BYRADIUS 1 km");
    expect_error(c, SYNTAX, "GEOSEARCH Sicily FROMMEMBER Palermo FROMLONLAT 1 1 BYRADIUS 1 km");
    expect_error(c, SYNTAX, "GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 1 km BYBOX 1 1 km");
    expect_error(c, SYNTAX, "GEOSEARCH Sicily FROMMEMBER Palermo BYBOX 1 1 km BYRADIUS 1 km");
    expect_error(c, SYNTAX, "GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 1 km STORE to");
    expect_error(c, SYNTAX, "GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 1 km STOREDIST");
    expect_error(c, BAD_UNIT, "GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 1 FROMMEMBER");
    expect_error(c, SYNTAX, "GEOSEARCH Sicily FROMMEMBER Palermo ASC BYBOX 1 1");
    expect_error(c, SYNTAX, "GEOSEARCH Sicily BYRADIUS 1 km ASC FROMLONLAT 1");
    expect_error(c, SYNTAX, "GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 1 km NEAR");
    expect_error(c, SYNTAX, "GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 1 km COUNT");
    expect_error(c, NO_MEMBER, "GEOSEARCH Sicily FROMMEMBER none BYRADIUS 1 km");
    expect_error(c, "ERR need numeric width", "GEOSEARCH Sicily FROMMEMBER Palermo BYBOX x 1 km");
    expect_error(c, "ERR need numeric height", "GEOSEARCH Sicily FROMMEMBER Palermo BYBOX 1 x km");
    expect_error(c, "ERR height or width cannot be negative",
                 "GEOSEARCH Sicily FROMMEMBER Palermo BYBOX -1 1 km");
    expect_error(c, "ERR height or width cannot be negative",
                 "GEOSEARCH Sicily FROMMEMBER Palermo BYBOX 1 -1 x");
    expect_error(c, BAD_UNIT, "GEOSEARCH Sicily FROMMEMBER Palermo BYBOX 1 1 x");
    expect_error(c, BAD_UNIT, "GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 1 ASC");
    expect_error(c, "ERR the ANY argument requires COUNT argument",
                 "GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 1 km ANY");
    expect_error(c, "ERR COUNT must be > 0", "GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 1 km COUNT 0");
    expect_error(c, "ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                 "GEOSEARCHSTORE to Sicily FROMMEMBER Palermo BYRADIUS 1 km WITHDIST");
    expect_error(c, "ERR wrong number of arguments for 'geosearch' command",
                 "GEOSEARCH Sicily FROMMEMBER x BYBOX 1");
    expect_error(c, "ERR wrong number of arguments for 'geosearchstore' command",
                 "GEOSEARCHSTORE to Sicily FROMMEMBER x BYBOX 1");
    expect_ok(c, "SET s x");
    expect_error(c, WRONG_TYPE, "GEOSEARCH s FROMMEMBER x BYRADIUS 1 km");
    expect_error(c, WRONG_TYPE, "GEOSEARCHSTORE to s FROMMEMBER x BYRADIUS 1 km");
    expect_int(c, 0, "EXISTS to");
}

Test(geo, infinite_areas_hold_everything)
{
    redisContext *c = wire_client();
    add_sicily(c);
    expect(c, BOTH, "GEORADIUS Sicily 15 37 inf km DESC");
    expect(c, BOTH, "GEOSEARCH Sicily FROMLONLAT 15 37 BYBOX inf inf m DESC");
    expect(c, BOTH, "GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 1e308 mi DESC");
}
