"""What the differential test sends to collections: rows as in differential_commands.py, which has the makers they use.

A family keeps to keys of its own, so that its values live long enough to grow; now and then it takes another's key.
Replies whose order is a table's are compared without it. What is chosen at random (SPOP and the like) can't be
compared as a reply: rows have it where nothing is left to choose, and `DRAWS` lists what the driver judges by what
was there before.
"""

import differential_commands as table
from differential_commands import both, integer, maybe, none, number, one_of, pick, shuffled, some, value, word

HASH_KEYS = [b"h1", b"h2", b"h3"]
LIST_KEYS = [b"l1", b"l2", b"l3"]
SET_KEYS = [b"s1", b"s2", b"s3"]
ZSET_KEYS = [b"z1", b"z2", b"z3"]
LEX_KEYS = [b"lex1", b"lex2"]  # sorted sets whose scores are all 0: elsewhere ranges by bytes mean nothing
GEO_KEYS = [b"g1", b"g2"]
HLL_KEYS = [b"p1", b"p2", b"p3"]
SORT_KEYS = [b"sl1", b"ss1", b"sz1"]
COLLECTION_KEYS = HASH_KEYS + LIST_KEYS + SET_KEYS + ZSET_KEYS + GEO_KEYS + HLL_KEYS + SORT_KEYS


def keys_of(names):
    def make(r):
        n = r.random()
        return [r.choice(names if n < 0.93 else COLLECTION_KEYS if n < 0.97 else table.KEYS)]
    return make


hash_key, list_key, set_key, zset_key = keys_of(HASH_KEYS), keys_of(LIST_KEYS), keys_of(SET_KEYS), keys_of(ZSET_KEYS)
geo_key, hll_key, sort_key = keys_of(GEO_KEYS), keys_of(HLL_KEYS), keys_of(SORT_KEYS)


def lex_key(r):
    return [r.choice(LEX_KEYS)]


def any_key(r):
    return [r.choice(COLLECTION_KEYS if r.random() < 0.8 else table.KEYS)]


MEMBERS = [b"a", b"b", b"c", b"d", b"aa", b"ab", b"abc", b"b2", b"", b"1", b"2", b"3", b"-5", b"100", b"300", b"70000", b"5000000000",
           b"9223372036854775807", b"007", b"+1", b"1.5", b"member:1", b"member:2", b"member:3", b"m\x00\xff\r\n", b"x" * 40, b"y" * 64, b"z" * 65]


def member(r):
    n = r.random()
    if n < 0.8:
        return [r.choice(MEMBERS)]
    if n < 0.97:
        return [b"%d" % r.randrange(40)]
    return [bytes([r.randrange(97, 123)]) * r.choice([63, 64, 65, 200, 5000])]


def small_integer(r):
    return [b"%d" % r.choice([0, 1, 2, 3, 5, 8, 13, -1, -4, 127, 128, -129, 40000, 1 << 33, r.randrange(100)])]


def count(r):
    return [r.choice([b"0", b"1", b"1", b"2", b"3", b"10", b"-1", b"-3", b"100", b"abc", b"9223372036854775807", b"-9223372036854775808"])]


def position(r):
    return [b"%d" % r.choice([0, 0, 1, 2, 3, 5, 10, 30, -1, -1, -2, -3, -8, -40, 1 << 40, -(1 << 40)])]


def score(r):
    return [r.choice([b"0", b"1", b"1", b"2", b"3", b"-1", b"2.5", b"0.1", b"-0.5", b"3.0e3", b"10", b"100", b"1e-5", b"123456789.123",
                      b"1e17", b"12345678901234567890", b"1e300", b"inf", b"-inf", b"+inf", b"5e-324", b"nan", b"abc", b""])
            if r.random() < 0.6 else b"%d" % r.randrange(20)]


def bound(r):
    s = r.choice([b"-inf", b"+inf", b"inf", b"0", b"1", b"2", b"3", b"2.5", b"5", b"-1", b"10", b"100", b"1e17", b"%d" % r.randrange(20)])
    return [r.choice([s, s, b"(" + s]) if r.random() < 0.95 else r.choice([b"(", b"abc", b"nan", b"[1", b""])]


def lex_bound(r):
    m = r.choice([b"a", b"b", b"aa", b"ab", b"c", b"", b"member:2", b"z", b"1", b"m"])
    return [r.choice([b"-", b"+", b"[" + m, b"(" + m]) if r.random() < 0.95 else r.choice([b"a", b"", b"[", b"("])]


def several(key_maker, low=1, high=3):
    """Numkeys and that many keys; at times the number is wrong."""
    def make(r):
        keys = [k for _ in range(r.randint(low, high)) for k in key_maker(r)]
        n = b"%d" % len(keys) if r.random() < 0.92 else r.choice([b"0", b"-1", b"abc", b"5", b"1"])
        return [n] + keys
    return make


def timeout(r):
    """Short, or refused: nothing else ends a wait."""
    return [r.choice([b"0.01", b"0.01", b"0.01", b"0.005", b"-1", b"abc", b"1e300", b"-0.5", b"nan", b""])]


END = word(b"LEFT", b"RIGHT")
LIMIT = maybe(word(b"LIMIT"), pick(b"0", b"1", b"2", b"-1", b"x"), pick(b"1", b"2", b"10", b"-1", b"0"), odds=0.3)
WITHSCORES = maybe(word(b"WITHSCORES"), odds=0.4)
AGGREGATE = both(maybe(word(b"AGGREGATE"), word(b"SUM", b"MIN", b"MAX", b"AVG"), odds=0.3))


def weighted(key_maker, low=1, high=3):
    def make(r):
        keys = [k for _ in range(r.randint(low, high)) for k in key_maker(r)]
        out = [b"%d" % len(keys) if r.random() < 0.95 else r.choice([b"0", b"abc", b"9"])] + keys
        if r.random() < 0.3:
            out += [b"WEIGHTS"] + [r.choice([b"1", b"2", b"-1", b"0.5", b"0", b"inf", b"x"]) for _ in keys[r.random() < 0.05:]]
        return out + AGGREGATE(r)
    return make


HASHES = [
    (6, "HSET", (hash_key, some(both(member, value), 1, 6)), "exact"),
    (1, "HSET", (hash_key, some(both(member, small_integer), 20, 40)), "exact"),
    (1, "HSET", (hash_key, member, value, maybe(member, odds=0.2)), "exact"),
    (1, "HMSET", (hash_key, some(both(member, value), 1, 3)), "exact"),
    (2, "HSETNX", (hash_key, member, value), "exact"),
    (4, "HGET", (hash_key, member), "exact"),
    (2, "HMGET", (hash_key, some(member)), "exact"),
    (4, "HDEL", (hash_key, some(member)), "exact"),
    (2, "HEXISTS", (hash_key, member), "exact"),
    (2, "HLEN", (hash_key,), "exact"),
    (2, "HSTRLEN", (hash_key, member), "exact"),
    (2, "HGETALL", (hash_key,), "pairs"),
    (1, "HKEYS", (hash_key,), "unordered"),
    (1, "HVALS", (hash_key,), "unordered"),
    (3, "HINCRBY", (hash_key, member, one_of(small_integer, integer)), "exact"),
    (3, "HINCRBYFLOAT", (hash_key, member, number), "exact"),
    (1, "HRANDFIELD", (hash_key, one_of(none, both(pick(b"abc", b"-9223372036854775808", b"1x", b""), maybe(word(b"WITHVALUES", b"WITH"))))), "shape"),
    (0.5, "HSCAN", (hash_key, pick(b"abc", b"-1", b"0x"), some(member, 0, 2)), "shape"),
    (0.5, "HSCAN", (hash_key, pick(b"0"), shuffled(both(word(b"COUNT"), pick(b"0", b"-1", b"abc")), word(b"MATCH"), word(b"WHAT"))), "shape"),
]
LISTS = [
    (4, "RPUSH", (list_key, some(member, 1, 5)), "exact"),
    (4, "LPUSH", (list_key, some(member, 1, 5)), "exact"),
    (1, "RPUSH", (list_key, some(small_integer, 20, 40)), "exact"),
    (1, "LPUSH", (list_key, some(value, 1, 6)), "exact"),
    (1, "LPUSHX", (list_key, some(member, 1, 3)), "exact"),
    (1, "RPUSHX", (list_key, some(member, 1, 3)), "exact"),
    (3, "LPOP", (list_key, maybe(count)), "exact"),
    (3, "RPOP", (list_key, maybe(count)), "exact"),
    (2, "LLEN", (list_key,), "exact"),
    (3, "LINDEX", (list_key, position), "exact"),
    (3, "LINSERT", (list_key, word(b"BEFORE", b"AFTER", b"AFTER", b"AT"), member, member), "exact"),
    (3, "LRANGE", (list_key, position, position), "exact"),
    (3, "LREM", (list_key, pick(b"0", b"1", b"2", b"-1", b"-2", b"x"), member), "exact"),
    (3, "LSET", (list_key, position, one_of(member, value)), "exact"),
    (2, "LTRIM", (list_key, position, position), "exact"),
    (3, "LPOS", (list_key, member, shuffled(both(word(b"RANK"), pick(b"1", b"2", b"-1", b"-2", b"0", b"x")), both(
        word(b"COUNT"), pick(b"0", b"1", b"2", b"-1", b"x")), both(word(b"MAXLEN"), pick(b"0", b"1", b"3", b"100", b"-1")))), "exact"),
    (2, "RPOPLPUSH", (list_key, list_key), "exact"),
    (3, "LMOVE", (list_key, list_key, END, one_of(END, END, word(b"UP"))), "exact"),
    (2, "LMPOP", (several(list_key), one_of(END, word(b"FIRST")), maybe(word(b"COUNT"), pick(b"1", b"2", b"10", b"0", b"-1", b"x"))), "exact"),
    (0.4, "BLPOP", (some(list_key, 1, 3), timeout), "exact"),
    (0.4, "BRPOP", (some(list_key, 1, 3), timeout), "exact"),
    (0.3, "BRPOPLPUSH", (list_key, list_key, timeout), "exact"),
    (0.3, "BLMOVE", (list_key, list_key, END, END, timeout), "exact"),
    (0.3, "BLMPOP", (timeout, several(list_key), END, maybe(word(b"COUNT"), pick(b"1", b"2", b"0"))), "exact"),
]
SETS = [
    (6, "SADD", (set_key, some(member, 1, 6)), "exact"),
    (3, "SADD", (set_key, some(small_integer, 1, 8)), "exact"),
    (0.7, "SADD", (set_key, some(small_integer, 20, 40)), "exact"),
    (4, "SREM", (set_key, some(member)), "exact"),
    (3, "SISMEMBER", (set_key, member), "exact"),
    (2, "SMISMEMBER", (set_key, some(member)), "exact"),
    (2, "SCARD", (set_key,), "exact"),
    (2, "SMEMBERS", (set_key,), "unordered"),
    (2, "SMOVE", (set_key, set_key, member), "exact"),
    (0.5, "SPOP", (set_key, pick(b"1000", b"0", b"-1", b"abc", b"9223372036854775807")), "unordered"),
    (0.5, "SRANDMEMBER", (set_key, one_of(none, pick(b"1000", b"0", b"abc", b"-9223372036854775808"))), "shape"),
    (2, "SINTER", (some(set_key, 1, 3),), "unordered"),
    (2, "SUNION", (some(set_key, 1, 3),), "unordered"),
    (2, "SDIFF", (some(set_key, 1, 3),), "unordered"),
    (1.5, "SINTERSTORE", (set_key, some(set_key, 1, 3)), "exact"),
    (1.5, "SUNIONSTORE", (set_key, some(set_key, 1, 3)), "exact"),
    (1.5, "SDIFFSTORE", (set_key, some(set_key, 1, 3)), "exact"),
    (2, "SINTERCARD", (several(set_key), maybe(word(b"LIMIT"), pick(b"0", b"1", b"2", b"100", b"-1", b"x"))), "exact"),
    (0.5, "SSCAN", (set_key, pick(b"abc", b"-1", b"0x"), some(member, 0, 2)), "shape"),
]
ZSETS = [
    (8, "ZADD", (zset_key, shuffled(word(b"NX", b"XX"), word(b"GT", b"LT"), word(b"CH"), odds=0.15), some(both(score, member), 1, 6)), "exact"),
    (1, "ZADD", (zset_key, some(both(small_integer, member), 15, 30)), "exact"),
    (2, "ZADD", (zset_key, shuffled(word(b"INCR"), word(b"NX", b"XX"), word(b"GT", b"LT"), odds=0.4), score, member), "exact"),
    (3, "ZINCRBY", (zset_key, score, member), "exact"),
    (4, "ZREM", (zset_key, some(member)), "exact"),
    (2, "ZCARD", (zset_key,), "exact"),
    (3, "ZCOUNT", (zset_key, bound, bound), "exact"),
    (3, "ZSCORE", (zset_key, member), "exact"),
    (2, "ZMSCORE", (zset_key, some(member)), "exact"),
    (2, "ZRANK", (zset_key, member), "exact"),
    (2, "ZREVRANK", (zset_key, member), "exact"),
    (3, "ZRANGE", (zset_key, position, position, maybe(word(b"REV"), odds=0.3), WITHSCORES), "exact"),
    (3, "ZRANGE", (zset_key, bound, bound, word(b"BYSCORE"), maybe(word(b"REV"), odds=0.3), LIMIT, WITHSCORES), "exact"),
    (1, "ZRANGE", (zset_key, position, position, shuffled(word(b"REV"), word(b"BYSCORE"), LIMIT, word(b"WITHSCORES"), word(b"WHAT"))), "exact"),
    (2, "ZREVRANGE", (zset_key, position, position, WITHSCORES), "exact"),
    (3, "ZRANGEBYSCORE", (zset_key, bound, bound, WITHSCORES, LIMIT), "exact"),
    (2, "ZREVRANGEBYSCORE", (zset_key, bound, bound, WITHSCORES, LIMIT), "exact"),
    (2, "ZRANGESTORE", (zset_key, zset_key, one_of(both(position, position), both(bound, bound, word(b"BYSCORE"), LIMIT)), maybe(word(b"REV"))), "exact"),
    (1, "ZREMRANGEBYRANK", (zset_key, position, position), "exact"),
    (1, "ZREMRANGEBYSCORE", (zset_key, bound, bound), "exact"),
    (2, "ZPOPMIN", (zset_key, maybe(count)), "exact"),
    (2, "ZPOPMAX", (zset_key, maybe(count)), "exact"),
    (2, "ZMPOP", (several(zset_key), word(b"MIN", b"MAX", b"MID"), maybe(word(b"COUNT"), pick(b"1", b"2", b"10", b"0", b"x"))), "exact"),
    (0.4, "BZPOPMIN", (some(zset_key, 1, 3), timeout), "exact"),
    (0.4, "BZPOPMAX", (some(zset_key, 1, 3), timeout), "exact"),
    (0.3, "BZMPOP", (timeout, several(zset_key), word(b"MIN", b"MAX"), maybe(word(b"COUNT"), pick(b"1", b"2", b"0"))), "exact"),
    (2, "ZUNION", (weighted(keys_of(ZSET_KEYS + SET_KEYS)), WITHSCORES), "exact"),
    (2, "ZINTER", (weighted(keys_of(ZSET_KEYS + SET_KEYS)), WITHSCORES), "exact"),
    (2, "ZDIFF", (several(keys_of(ZSET_KEYS + SET_KEYS)), WITHSCORES), "exact"),
    (1.5, "ZUNIONSTORE", (zset_key, weighted(keys_of(ZSET_KEYS + SET_KEYS))), "exact"),
    (1.5, "ZINTERSTORE", (zset_key, weighted(keys_of(ZSET_KEYS + SET_KEYS))), "exact"),
    (1, "ZDIFFSTORE", (zset_key, several(keys_of(ZSET_KEYS + SET_KEYS))), "exact"),
    (1.5, "ZINTERCARD", (several(keys_of(ZSET_KEYS + SET_KEYS)), maybe(word(b"LIMIT"), pick(b"0", b"1", b"2", b"-1", b"x"))), "exact"),
    (0.5, "ZRANDMEMBER", (zset_key, one_of(none, both(pick(b"abc", b"-9223372036854775808"), maybe(word(b"WITHSCORES", b"WITH"))))), "shape"),
    (0.5, "ZSCAN", (zset_key, pick(b"abc", b"-1", b"0x"), some(member, 0, 2)), "shape"),
    (2.5, "ZADD", (lex_key, some(both(pick(b"0"), member), 1, 6)), "exact"),
    (1, "ZREM", (lex_key, some(member, 1, 2)), "exact"),
    (2, "ZRANGEBYLEX", (lex_key, lex_bound, lex_bound, LIMIT), "exact"),
    (2, "ZREVRANGEBYLEX", (lex_key, lex_bound, lex_bound, LIMIT), "exact"),
    (1, "ZRANGE", (lex_key, lex_bound, lex_bound, word(b"BYLEX"), maybe(word(b"REV")), LIMIT, maybe(word(b"WITHSCORES"), odds=0.1)), "exact"),
    (0.5, "ZRANGESTORE", (lex_key, lex_key, lex_bound, lex_bound, word(b"BYLEX"), maybe(word(b"REV")), LIMIT), "exact"),
    (1, "ZLEXCOUNT", (lex_key, lex_bound, lex_bound), "exact"),
    (0.5, "ZREMRANGEBYLEX", (lex_key, lex_bound, lex_bound), "exact"),
]

PLACES = [(b"13.361389", b"38.115556"), (b"15.087269", b"37.502669"), (b"2.3522", b"48.8566"), (b"-0.1278", b"51.5074"), (b"-122.4", b"37.7"),
          (b"151.2", b"-33.9"), (b"0", b"0"), (b"180", b"85"), (b"-180", b"-85.05112878"), (b"179.9", b"10"), (b"-179.9", b"10"), (b"13.5", b"38.2")]


def place(r):
    if r.random() < 0.05:
        return list(r.choice([(b"181", b"0"), (b"0", b"86"), (b"abc", b"0"), (b"nan", b"0")]))
    if r.random() < 0.3:
        return [b"%.6f" % r.uniform(-180, 180), b"%.6f" % r.uniform(-85, 85)]
    return list(r.choice(PLACES))


CITIES = [b"Palermo", b"Catania", b"Paris", b"London", b"SF", b"Sydney", b"Null", b"North", b"South", b"East", b"West", b"a", b"b"]


def city(r):
    return [r.choice(CITIES + [b"missing"])]


def located(r):
    """A place and a city, no two cities at one place: which is nearer must not depend on sorting."""
    if r.random() < 0.05:
        return place(r)[:2] + [b"missing"]
    n, variant = r.randrange(len(CITIES)), r.randrange(3)
    longitude, latitude = PLACES[n] if n < len(PLACES) and variant == 0 else (
        b"%.6f" % ((n * 29.371 + variant * 117.13) % 359 - 179.5), b"%.6f" % ((n * 13.77 + variant * 41.1) % 169 - 84.5))
    return [longitude, latitude, CITIES[n]]


UNITS = word(b"m", b"km", b"mi", b"ft")
RADIUS = both(pick(b"0", b"100", b"200", b"5000", b"20000", b"1000000", b"0.5", b"-1", b"abc"), one_of(UNITS, UNITS, UNITS, pick(b"parsec")))
BOX = both(pick(b"0", b"100", b"400", b"8000", b"30000", b"-1"), pick(b"100", b"400", b"8000", b"abc"), UNITS)
WITH = shuffled(word(b"WITHCOORD"), word(b"WITHDIST"), word(b"WITHHASH"))
FROM = one_of((word(b"FROMMEMBER"), city), (word(b"FROMLONLAT"), place), (word(b"FROMLONLAT"), place))
BY = one_of((word(b"BYRADIUS"), RADIUS), (word(b"BYRADIUS"), RADIUS), (word(b"BYBOX"), BOX))
ORDERED = both(word(b"ASC", b"DESC"), maybe(word(b"COUNT"), pick(b"1", b"2", b"5", b"0", b"-1", b"x")))
GEO = [
    (8, "GEOADD", (geo_key, shuffled(word(b"NX", b"XX"), word(b"CH"), odds=0.2), some(located, 1, 4)), "exact"),
    (3, "GEODIST", (geo_key, city, city, one_of(none, UNITS, pick(b"x"))), "exact"),
    (2, "GEOHASH", (geo_key, some(city, 0, 3)), "exact"),
    (2, "GEOPOS", (geo_key, some(city, 0, 3)), "exact"),
    (3, "GEOSEARCH", (geo_key, FROM, BY, WITH, ORDERED), "exact"),
    (2, "GEOSEARCH", (geo_key, FROM, BY, WITH), "unordered"),
    (1, "GEOSEARCH", (geo_key, shuffled(FROM, BY, ORDERED, word(b"STOREDIST"), both(word(b"COUNT"), pick(b"2"), word(b"ANY")), odds=0.6)), "shape"),
    (2, "GEOSEARCHSTORE", (geo_key, geo_key, FROM, BY, one_of(none, ORDERED), maybe(word(b"STOREDIST"), odds=0.3)), "exact"),
    (2, "GEORADIUS", (geo_key, place, RADIUS, WITH, ORDERED), "exact"),
    (1, "GEORADIUS", (geo_key, place, RADIUS, maybe(word(b"STORE", b"STOREDIST"), geo_key), maybe(ORDERED)), "unordered"),
    (2, "GEORADIUSBYMEMBER", (geo_key, city, RADIUS, WITH, ORDERED), "exact"),
    (1, "GEORADIUSBYMEMBER", (geo_key, city, RADIUS, maybe(word(b"STORE", b"STOREDIST"), geo_key), maybe(WITH)), "unordered"),
    (1, "GEORADIUS_RO", (geo_key, place, RADIUS, WITH, maybe(ORDERED)), "unordered"),
    (1, "GEORADIUSBYMEMBER_RO", (geo_key, city, RADIUS, WITH, maybe(ORDERED)), "unordered"),
    (1, "ZRANGE", (geo_key, pick(b"0"), pick(b"-1"), word(b"WITHSCORES")), "exact"),
    (1, "ZREM", (geo_key, city), "exact"),
]


def element(r):
    return [b"%d" % r.randrange(r.choice([20, 300, 5000]))]


HLLS = [
    (6, "PFADD", (hll_key, some(element, 0, 20)), "exact"),
    (1, "PFADD", (hll_key, some(element, 100, 400)), "exact"),
    (4, "PFCOUNT", (some(hll_key, 1, 3),), "exact"),
    (2, "PFMERGE", (hll_key, some(hll_key, 0, 3)), "exact"),
    (0.5, "PFDEBUG", (word(b"ENCODING", b"GETREG", b"DECODE", b"TODENSE", b"NOSUCH"), hll_key), "exact"),
    (0.5, "STRLEN", (hll_key,), "exact"),
    (0.3, "SETRANGE", (hll_key, pick(b"0", b"4", b"5", b"15"), pick(b"x", b"\x00", b"\x02")), "exact"),
]

def weight(r):
    """Nothing out of a double's range: Redis's SORT forgets to reset errno, and the next one fails as well."""
    return [r.choice([w for w in table.FLOATS if w != b"1e4000"]) if r.random() < 0.5 else small_integer(r)[0]]


GETS = some(both(word(b"GET"), pick(b"#", b"w_*", b"o:*->f", b"none_*", b"w_1", b"*", b"o:*->")), 0, 3)
SORT_LIMIT = maybe(word(b"LIMIT"), pick(b"0", b"1", b"2", b"-1", b"x"), pick(b"1", b"3", b"10", b"-1", b"0"), odds=0.3)
ASCENDING = maybe(word(b"ASC", b"DESC"))
SORTS = [
    (3, "RPUSH", (pick(b"sl1"), some(small_integer, 1, 8)), "exact"),
    (1, "RPUSH", (pick(b"sl1"), some(member, 1, 3)), "exact"),
    (2, "SADD", (pick(b"ss1"), some(small_integer, 1, 8)), "exact"),
    (2, "ZADD", (pick(b"sz1"), some(both(small_integer, small_integer), 1, 6)), "exact"),
    (2, "SET", (pick(b"w_1", b"w_2", b"w_3", b"w_5", b"w_8", b"w_13"), weight), "exact"),
    (2, "HSET", (pick(b"o:1", b"o:2", b"o:3", b"o:5"), pick(b"f"), weight), "exact"),
    (1, "DEL", (sort_key,), "exact"),
    (4, "SORT", (sort_key, SORT_LIMIT, GETS, ASCENDING), "exact"),
    (3, "SORT", (sort_key, ASCENDING, word(b"ALPHA"), SORT_LIMIT, GETS), "exact"),
    (4, "SORT", (sort_key, word(b"BY"), pick(b"w_*", b"o:*->f", b"none_*"), SORT_LIMIT, GETS, ASCENDING), "exact"),
    (2, "SORT", (sort_key, word(b"BY"), pick(b"w_*", b"o:*->f"), word(b"ALPHA"), GETS), "unordered"),
    (1, "RPUSH", (pick(b"kept:l"), some(member, 1, 3)), "exact"),
    (1, "ZADD", (pick(b"kept:z"), some(both(small_integer, member), 1, 3)), "exact"),
    (2, "SORT", (pick(b"kept:l", b"kept:z"), word(b"BY"), pick(b"nosort", b""), SORT_LIMIT, GETS, ASCENDING), "exact"),
    (1, "SORT", (pick(b"ss1"), word(b"BY"), pick(b"nosort"), GETS), "unordered"),
    (3, "SORT", (sort_key, maybe(word(b"BY"), pick(b"w_*", b"nosort")), SORT_LIMIT, GETS, ASCENDING, word(b"STORE"), any_key), "exact"),
    (2, "SORT_RO", (sort_key, maybe(word(b"BY"), pick(b"w_*")), SORT_LIMIT, GETS, ASCENDING, maybe(word(b"STORE"), any_key, odds=0.05)), "exact"),
]
MOVES = [  # what handles values of every type
    (3, "DEL", (some(any_key, 1, 3),), "exact"),
    (1, "UNLINK", (some(any_key, 1, 3),), "exact"),
    (2, "TYPE", (any_key,), "exact"),
    (2, "EXISTS", (some(any_key, 1, 3),), "exact"),
    (2, "RENAME", (any_key, any_key), "exact"),
    (1, "RENAMENX", (any_key, any_key), "exact"),
    (4, "COPY", (any_key, any_key, shuffled(both(word(b"DB"), table.db), word(b"REPLACE"))), "exact"),
    (1, "MOVE", (any_key, table.db), "exact"),
    (1, "EXPIRE", (any_key, table.seconds, table.CONDITION), "exact"),
    (1, "PTTL", (any_key,), "near"),
    (1, "PERSIST", (any_key,), "exact"),
    (3, "OBJECT", (word(b"ENCODING"), any_key), "exact"),
    (0.5, "OBJECT", (word(b"REFCOUNT", b"IDLETIME"), any_key), "shape"),
    (0.3, "MEMORY", (word(b"USAGE"), any_key), "shape"),
    (1, "DUMP", (any_key,), "shape"),
    (0.7, "RESTORE", (any_key, pick(b"0", b"-1", b"abc"), pick(b"", b"short", b"0123456789012345", b"\x00\x03abc\x0a\x00" + b"\x01" * 8), shuffled(
        word(b"REPLACE", b"ABSTTL", b"WHAT"), both(word(b"IDLETIME", b"FREQ"), pick(b"1", b"-1", b"300", b"x")))), "exact"),
    (0.2, "MIGRATE", (pick(b"127.0.0.1"), pick(b"1"), any_key, pick(b"0", b"abc"), pick(b"100", b"abc"), shuffled(
        word(b"COPY", b"REPLACE", b"WHAT"), both(word(b"AUTH"), pick(b"x")))), "exact"),
    (0.3, "CONFIG", (word(b"SET"), table.setting), "exact"),
    (0.5, "COMMAND", (word(b"GETKEYS", b"GETKEYSANDFLAGS"), one_of(
        (word(b"ZUNIONSTORE", b"ZINTERSTORE"), zset_key, weighted(zset_key)), (word(b"ZUNION", b"SINTERCARD", b"ZDIFF"), several(zset_key)),
        (word(b"LMPOP"), several(list_key), END), (word(b"BLMPOP"), pick(b"0"), several(list_key), END), (word(b"BLPOP"), some(list_key), pick(b"0")),
        (word(b"SORT"), sort_key, SORT_LIMIT, GETS, maybe(word(b"STORE"), sort_key)), (word(b"GEORADIUS"), geo_key, place, RADIUS, word(b"STORE"), geo_key),
        (word(b"MIGRATE"), pick(b"h"), pick(b"1"), any_key, pick(b"0"), pick(b"1"), maybe(word(b"KEYS"), some(any_key))), (word(b"SMOVE"), set_key, set_key, member),
        (word(b"PFCOUNT", b"SDIFF", b"PFMERGE"), some(hll_key)), (word(b"RESTORE"), any_key, pick(b"0"), pick(b"x")))), "exact"),
]

FAMILIES = {"hashes": HASHES, "lists": LISTS, "sets": SETS, "zsets": ZSETS, "geo": GEO, "hlls": HLLS, "sorts": SORTS, "moves": MOVES}

# Blocking commands that wait until another connection acts: command, and what it waits for.
WAITING = [
    ("BLPOP", (some(list_key, 1, 3), pick(b"0")), LISTS),
    ("BRPOP", (some(list_key, 1, 3), pick(b"0")), LISTS),
    ("BRPOPLPUSH", (list_key, list_key, pick(b"0")), LISTS),
    ("BLMOVE", (list_key, list_key, END, END, pick(b"0")), LISTS),
    ("BLMPOP", (pick(b"0"), several(list_key), END, maybe(word(b"COUNT"), pick(b"1", b"3"))), LISTS),
    ("BZPOPMIN", (some(zset_key, 1, 3), pick(b"0")), ZSETS),
    ("BZPOPMAX", (some(zset_key, 1, 3), pick(b"0")), ZSETS),
    ("BZMPOP", (pick(b"0"), several(zset_key), word(b"MIN", b"MAX"), maybe(word(b"COUNT"), pick(b"1", b"3"))), ZSETS),
]
BLOCKING = {name.encode() for name, _, _ in WAITING}


def waits_for_one(args):
    return args[0] in (b"BLMOVE", b"BRPOPLPUSH") or sum(a in COLLECTION_KEYS or a in table.KEYS for a in args) == 1


def waiting(r, families):
    """(blocking command, rows of what may end the wait), or None when these families have none."""
    rows = [w for w in WAITING if (w[2] is LISTS and "lists" in families) or (w[2] is ZSETS and "zsets" in families)]
    if not rows:
        return None
    name, makers, family = r.choice(rows)
    return [name.encode()] + [a for m in makers for a in m(r)], family


# Random choices: family, command, key, what lists the key's content, values beside members?
DRAWS = [("sets", b"SRANDMEMBER", set_key, [b"SMEMBERS"], None), ("sets", b"SPOP", set_key, [b"SMEMBERS"], None),
         ("hashes", b"HRANDFIELD", hash_key, [b"HGETALL"], b"WITHVALUES"), ("zsets", b"ZRANDMEMBER", zset_key, [b"ZRANGE", b"0", b"-1", b"WITHSCORES"], b"WITHSCORES")]


def draw(r, families):
    """(command, key, content, with values, count or None), or None when these families have none."""
    rows = [d for d in DRAWS if d[0] in families]
    if not rows:
        return None
    _, name, key, content, pairs = r.choice(rows)
    wanted = r.choice([None, 1, 2, 3, 5, 10, 40] + ([] if name == b"SPOP" else [-1, -2, -7, -30]))
    return name, key(r)[0], content, pairs if pairs and wanted is not None and r.random() < 0.5 else None, wanted


# Limits of the small encodings that a session may begin with, so that values grow over them.
LIMITS = [(b"hash-max-listpack-entries", [b"3", b"8"]), (b"hash-max-listpack-value", [b"10"]), (b"list-max-listpack-size", [b"2", b"5", b"-1"]),
          (b"set-max-intset-entries", [b"3", b"8"]), (b"zset-max-listpack-entries", [b"3", b"8"]), (b"zset-max-listpack-value", [b"10"]),
          (b"list-compress-depth", [b"1", b"2"]), (b"hll-sparse-max-bytes", [b"40", b"100"])]
LIMIT_DEFAULTS = [(b"hash-max-listpack-entries", b"512"), (b"hash-max-listpack-value", b"64"), (b"list-max-listpack-size", b"-2"),
            (b"set-max-intset-entries", b"512"), (b"zset-max-listpack-entries", b"128"), (b"zset-max-listpack-value", b"64"),
            (b"list-compress-depth", b"0"), (b"hll-sparse-max-bytes", b"3000")]
