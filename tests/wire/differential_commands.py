"""What the differential test sends: one table of commands, and the makers of their arguments.

A maker takes the random source and gives a list of arguments (none, one or several).
A row is (weight, name, makers, how) where `how` tells how replies are compared:
  exact      byte for byte (the usual)
  unordered  elements of the outermost array in any order
  pairs      the same, taken two by two
  deep       every array in any order
  near       integers may differ by a little (times)
  shape      only the type of the reply and of its elements
To add a family: write its makers, add its rows, and name its keys so that types meet now and then.
"""

KEYS = [b"a", b"b", b"c", b"key:1", b"key:2", b"", b"bin\x00\xff\r\n", b"k" * 60, b"{t}x", b"none", b"n1", b"n2", b"f1"]
NUMBER_KEYS = [b"n1", b"n2", b"n1", b"f1", b"a"]
BIT_KEYS = [b"bits1", b"bits2", b"bits3", b"a", b"n1"]

# Never 1..9999: they would become times so short that timing shows.
WEIRD = [
    b"", b"-1", b"0", b"-0", b"+5", b" 7", b"7 ", b"007", b"1.5", b"1e3", b"0x10", b"abc", b"nan", b"inf", b"-inf",
    b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808", b"-9223372036854775809",
    b"18446744073709551615", b"18446744073709551616", b"99999999999999999999999", b"\x00", b"\xff\xfe", b"*", b"NX", b"XX",
    b"GET", b"EX", b"COUNT", b"-", b"--1", b"1_0", b"'", b'"', b"a b", b"\r\n", b"%s%n", b"\xc3\xa9",
]
INTEGERS = [b"0", b"1", b"-1", b"2", b"5", b"10", b"-7", b"100", b"12345", b"-99999", b"2147483647", b"2147483648",
            b"4294967296", b"9223372036854775807", b"-9223372036854775808", b"9223372036854775806"]
FLOATS = [b"0", b"1", b"1.5", b"-2.25", b"3.0e3", b"1e-3", b"0.1", b"-0.1", b"10.50", b"1e17", b"5e-17", b"123456789.123456789",
          b"1e300", b"-1e300", b"3", b"0.30000000000000004", b"inf", b"-inf", b"nan", b"1e4000", b".5", b"5.", b"0x1p3", b"abc"]


def pick(*choices):
    return lambda r: [r.choice(choices)]


def word(*choices):
    """A token in upper, lower or mixed case."""
    def make(r):
        w = r.choice(choices)
        return [r.choice([w, w, w.lower(), w.title()])]
    return make


def maybe(*makers, odds=0.5):
    return lambda r: [a for m in makers for a in m(r)] if r.random() < odds else []


def one_of(*groups):
    """Each group is a maker or a tuple of makers."""
    def make(r):
        g = r.choice(groups)
        return [a for m in (g if isinstance(g, tuple) else (g,)) for a in m(r)]
    return make


def some(maker, low=1, high=4):
    return lambda r: [a for _ in range(r.randint(low, high)) for a in maker(r)]


def both(*makers):
    return lambda r: [a for m in makers for a in m(r)]


def shuffled(*makers, odds=0.4):
    """Each option with some odds, in any order."""
    def make(r):
        order = list(makers)
        r.shuffle(order)
        return [a for m in order if r.random() < odds for a in m(r)]
    return make


def none(r):
    return []


def key(r):
    return [r.choice(KEYS)]


def number_key(r):
    return [r.choice(NUMBER_KEYS)]


def bit_key(r):
    return [r.choice(BIT_KEYS)]


def value(r):
    n = r.random()
    if n < 0.25:
        return [r.choice(INTEGERS)]
    if n < 0.35:
        return [r.choice(FLOATS)]
    if n < 0.4:
        return [r.choice(WEIRD)]
    if n < 0.85:
        return [bytes(r.choice(b"abcdef") for _ in range(r.choice([0, 1, 2, 3, 5, 8, 12, 20, 43, 44, 45, 63, 64, 65])))]
    if n < 0.95:
        return [bytes(r.randrange(256) for _ in range(r.choice([1, 2, 7, 8, 9, 33, 100])))]
    return [bytes([r.randrange(97, 123)]) * r.choice([1000, 16383, 16384, 16385, 40000])]


def short(r):
    return [bytes(r.choice(b"abc") for _ in range(r.randrange(0, 12)))]


def integer(r):
    return [r.choice(INTEGERS) if r.random() < 0.9 else r.choice(WEIRD)]


def number(r):
    return [r.choice(FLOATS) if r.random() < 0.9 else r.choice(WEIRD)]


def index(r):
    return [b"%d" % r.choice([0, 1, 2, 3, 5, 8, 20, 100, -1, -2, -3, -10, -100, 1 << 40, -(1 << 40)])]


def offset(r):
    """Of bytes: what is accepted stays small, what is refused may be huge."""
    return [b"%d" % r.choice([0, 1, 2, 5, 10, 50, 200, 20000, -1, 1 << 30, (1 << 63) - 1])]


def bit_offset(r):
    return [b"%d" % r.choice([0, 1, 2, 7, 8, 9, 31, 63, 64, 100, 1000, 70000, -1, 1 << 32, (1 << 63) - 1])]


def seconds(r):
    return [b"%d" % r.choice([10000, 20000, 100000, 1 << 31, 0, -1, 10 ** 16, (1 << 63) - 1, -(1 << 63)])]


def milliseconds(r):
    return [b"%d" % r.choice([10 ** 7, 2 * 10 ** 7, 10 ** 10, 0, -1, 10 ** 17, (1 << 63) - 1, -(1 << 63)])]


def seconds_at(r):
    return [b"%d" % r.choice([4 * 10 ** 9, 4 * 10 ** 9 + 7, 5 * 10 ** 9, 0, -1, 10 ** 9, 10 ** 16, (1 << 63) - 1])]


def milliseconds_at(r):
    return [b"%d" % r.choice([4 * 10 ** 12, 4 * 10 ** 12 + 7, 5 * 10 ** 12, 0, -1, 10 ** 12, 10 ** 17, (1 << 63) - 1])]


def pattern(r):
    return [r.choice([b"*", b"key:*", b"?", b"[ab]", b"[^a]", b"n[0-9]", b"[a", b"\\a", b"*1", b"bin*", b"", b"k*k", b"[b-a]",
                      b"[^]", b"a\\", b"**a**", b"[\\a]", b"*\xff*"])]


def db(r):
    return [r.choice([b"0", b"0", b"0", b"1", b"2", b"9", b"15", b"16", b"-1", b"abc", b"4294967296", b"9223372036854775808"])]


def channel(r):
    return [r.choice([b"ch1", b"ch2", b"ch:3", b"", b"b\x00n"])]


def channel_pattern(r):
    return [r.choice([b"ch*", b"[bc]*", b"ch[12]", b"x?"])]


def bitfield_type(r):
    return [r.choice([b"u1", b"u2", b"i1", b"i5", b"u8", b"i8", b"u16", b"i16", b"u31", b"i32", b"u63", b"i64", b"u64", b"i65", b"u0",
                      b"x8", b"i", b"U8", b"u08"])]


def bitfield_offset(r):
    return [r.choice([b"0", b"1", b"3", b"7", b"8", b"13", b"100", b"#0", b"#1", b"#2", b"#5", b"-1", b"#-1", b"#", b"abc",
                      b"4294967296"])]


EXPIRY = one_of((word(b"EX"), seconds), (word(b"PX"), milliseconds), (word(b"EXAT"), pick(b"4000000000", b"0", b"9223372036854775807")),
                (word(b"PXAT"), pick(b"4000000000000", b"-1", b"9223372036854775807")))
PAST = one_of((word(b"EXAT"), seconds_at), (word(b"PXAT"), milliseconds_at))  # not for SET: Redis keeps such a key until it looks
CONDITION = one_of(none, none, word(b"NX", b"XX", b"GT", b"LT"), both(word(b"NX", b"XX"), word(b"GT", b"LT")))
UNIT = maybe(word(b"BYTE", b"BIT"))
OVERFLOW = maybe(word(b"OVERFLOW"), word(b"WRAP", b"SAT", b"FAIL"), odds=0.4)
FIELD_GET = both(word(b"GET"), bitfield_type, bitfield_offset)
# The least integers are left out: there Redis's check for SAT wraps around and takes the greatest value.
FIELD_SET = both(OVERFLOW, word(b"SET"), bitfield_type, bitfield_offset, lambda r: [i for i in integer(r) if not i.startswith(b"-92233")])
FIELD_INCR = both(OVERFLOW, word(b"INCRBY"), bitfield_type, bitfield_offset, integer)

SETTINGS = [  # name, values that both accept or both refuse
    (b"slowlog-log-slower-than", [b"10000", b"-1", b"0x", b"1000000"]),
    (b"slowlog-max-len", [b"128", b"0", b"10", b"-5"]),
    (b"maxmemory-policy", [b"noeviction", b"allkeys-lru", b"volatile-ttl", b"nonsense"]),
    (b"maxmemory", [b"0", b"1gb", b"1g", b"2000mb", b"100000kb", b"1zb", b"-1", b""]),
    (b"maxmemory-samples", [b"5", b"10", b"0", b"abc"]),
    (b"timeout", [b"0", b"1000", b"-1"]),
    (b"tcp-keepalive", [b"300", b"0", b"60"]),
    (b"hz", [b"10", b"100", b"501"]),
    (b"lfu-log-factor", [b"10", b"0", b"-1"]),
    (b"lfu-decay-time", [b"1", b"5"]),
    (b"lazyfree-lazy-expire", [b"yes", b"no", b"maybe"]),
    (b"lazyfree-lazy-server-del", [b"yes", b"no", b"YES"]),
    (b"hash-max-listpack-entries", [b"512", b"128", b"10", b"-2"]),
    (b"hash-max-listpack-value", [b"64", b"1kb"]),
    (b"list-max-listpack-size", [b"-2", b"128", b"-6"]),
    (b"set-max-intset-entries", [b"512", b"1"]),
    (b"zset-max-listpack-entries", [b"128", b"1"]),
    (b"latency-monitor-threshold", [b"0", b"100000", b"-1"]),
    (b"appendfsync", [b"everysec", b"always", b"no", b"sometimes"]),
    (b"client-output-buffer-limit", [b"normal 0 0 0", b"pubsub 32mb 8mb 60", b"normal 1gb 1gb 10 pubsub 64mb 16mb 90", b"normal 1 2",
                                     b"nonsense 1 2 3", b""]),
    (b"activedefrag", [b"no"]),
    (b"loglevel", [b"notice", b"warning"]),
    (b"port", [b"notanumber"]),
    (b"databases", [b"32"]),
    (b"no-such-setting", [b"1"]),
]


def setting(r):
    name, values = r.choice(SETTINGS)
    return [r.choice([name, name, name, name.upper()]), r.choice(values)]


def setting_name(r):
    return [r.choice([r.choice(SETTINGS)[0], b"hash-max-listpack-*", b"max*samples", b"lfu-*", b"zzz*", b"MAXMEMORY"])]


def event_flags(r):
    return [r.choice([b"", b"KEA", b"Kg$", b"Ex", b"AKE", b"Elshzxe", b"Q", b"KEAm", b"KEnx", b"KE$gn"])]


NAMES = [b"get", b"set", b"mset", b"del", b"incr", b"append", b"bitop", b"bitfield", b"getrange", b"lcs", b"copy", b"rename", b"scan",
         b"object", b"expire", b"ttl", b"touch", b"multi", b"exec", b"watch", b"subscribe", b"publish", b"ping", b"select", b"nosuch",
         b"setbit", b"object|encoding", b"getex", b"persist", b"move", b"swapdb", b"dbsize", b"flushall", b"auth", b"echo"]

STRINGS = [
    (6, "SET", (key, value), "exact"),
    (8, "SET", (key, value, shuffled(word(b"NX", b"XX"), word(b"GET"), EXPIRY, word(b"KEEPTTL"), odds=0.35)), "exact"),
    (2, "SET", (number_key, integer), "exact"),
    (6, "GET", (key,), "exact"),
    (2, "GETDEL", (key,), "exact"),
    (4, "GETEX", (key, one_of(none, EXPIRY, PAST, word(b"PERSIST"), both(EXPIRY, word(b"PERSIST")))), "exact"),
    (3, "GETRANGE", (key, index, index), "exact"),
    (1, "SUBSTR", (key, index, index), "exact"),
    (2, "GETSET", (key, value), "exact"),
    (4, "APPEND", (key, value), "exact"),
    (3, "STRLEN", (key,), "exact"),
    (3, "SETRANGE", (key, offset, short), "exact"),
    (2, "INCR", (number_key,), "exact"),
    (2, "DECR", (number_key,), "exact"),
    (3, "INCRBY", (number_key, integer), "exact"),
    (3, "DECRBY", (number_key, integer), "exact"),
    (5, "INCRBYFLOAT", (number_key, number), "exact"),
    (3, "MGET", (some(key),), "exact"),
    (3, "MSET", (some(both(key, value)),), "exact"),
    (2, "MSETNX", (some(both(key, value)),), "exact"),
    (2, "SETNX", (key, value), "exact"),
    (2, "SETEX", (key, seconds, value), "exact"),
    (2, "PSETEX", (key, milliseconds, value), "exact"),
    (4, "LCS", (key, key, shuffled(word(b"LEN"), word(b"IDX"), both(word(b"MINMATCHLEN"), index), word(b"WITHMATCHLEN"))), "exact"),
]
BITMAPS = [
    (4, "SETBIT", (bit_key, bit_offset, pick(b"0", b"1", b"1", b"2", b"-1", b"x")), "exact"),
    (2, "GETBIT", (bit_key, bit_offset), "exact"),
    (4, "BITCOUNT", (bit_key, one_of(none, both(index, index, UNIT))), "exact"),
    (4, "BITPOS", (bit_key, pick(b"0", b"1", b"1", b"2"), one_of(none, index, both(index, index, UNIT))), "exact"),
    (4, "BITOP", (word(b"AND", b"OR", b"XOR", b"NOT", b"NAND"), bit_key, some(bit_key, 1, 3)), "exact"),
    (2, "SET", (bit_key, value), "exact"),
    (8, "BITFIELD", (bit_key, some(one_of(FIELD_GET, FIELD_SET, FIELD_INCR), 1, 4)), "exact"),
    (2, "BITFIELD_RO", (bit_key, some(one_of(FIELD_GET, FIELD_GET, FIELD_GET, FIELD_SET), 0, 3)), "exact"),
]
GENERIC = [
    (3, "DEL", (some(key),), "exact"),
    (2, "UNLINK", (some(key),), "exact"),
    (2, "EXISTS", (some(key),), "exact"),
    (2, "TOUCH", (some(key),), "exact"),
    (2, "TYPE", (key,), "exact"),
    (3, "EXPIRE", (key, seconds, CONDITION), "exact"),
    (3, "PEXPIRE", (key, milliseconds, CONDITION), "exact"),
    (3, "EXPIREAT", (key, seconds_at, CONDITION), "exact"),
    (3, "PEXPIREAT", (key, milliseconds_at, CONDITION), "exact"),
    (3, "TTL", (key,), "near"),
    (3, "PTTL", (key,), "near"),
    (2, "EXPIRETIME", (key,), "near"),
    (2, "PEXPIRETIME", (key,), "near"),
    (2, "PERSIST", (key,), "exact"),
    (3, "RENAME", (key, key), "exact"),
    (3, "RENAMENX", (key, key), "exact"),
    (4, "COPY", (key, key, shuffled(both(word(b"DB"), db), word(b"REPLACE"))), "exact"),
    (2, "MOVE", (key, db), "exact"),
    (2, "KEYS", (pattern,), "unordered"),
    (1, "RANDOMKEY", (), "shape"),
    (1, "DBSIZE", (), "exact"),
    (3, "OBJECT", (word(b"ENCODING"), key), "exact"),
    (1, "OBJECT", (word(b"REFCOUNT"), key), "shape"),
    (1, "OBJECT", (word(b"IDLETIME"), key), "shape"),
    (1, "OBJECT", (word(b"FREQ", b"NOSUCH"), key), "exact"),
    (1, "SCAN", (pick(b"abc", b"-1", b"0x", b"18446744073709551616", b""), some(key, 0, 2)), "shape"),
    (1, "SCAN", (pick(b"0"), shuffled(both(word(b"COUNT"), pick(b"0", b"-1", b"abc")), word(b"MATCH"), word(b"NOVALUES"))), "shape"),
    (1, "WAIT", (pick(b"0", b"abc", b"-1"), pick(b"0", b"-1", b"abc")), "exact"),
    (0.3, "MEMORY", (word(b"USAGE"), key, maybe(word(b"SAMPLES"), pick(b"0", b"5", b"-1", b"x"))), "shape"),
]
SERVER = [
    (1, "PING", (maybe(short),), "exact"),
    (1, "ECHO", (value,), "exact"),
    (1.5, "SELECT", (db,), "exact"),
    (0.7, "SWAPDB", (db, db), "exact"),
    (0.3, "FLUSHDB", (maybe(word(b"ASYNC", b"SYNC", b"LATER")),), "exact"),
    (0.2, "FLUSHALL", (maybe(word(b"ASYNC", b"SYNC", b"LATER")),), "exact"),
    (1.5, "CONFIG", (word(b"SET"), some(setting, 1, 3)), "exact"),
    (0.5, "CONFIG", (word(b"SET"), pick(b"notify-keyspace-events"), event_flags), "exact"),
    (1, "CONFIG", (word(b"GET"), some(setting_name, 1, 3)), "pairs"),
    (0.5, "CONFIG", (word(b"GET"), pick(b"notify-keyspace-events")), "pairs"),
    (0.3, "CONFIG", (word(b"RESETSTAT", b"NOSUCH", b"GET", b"SET"),), "exact"),
    (0.5, "CLIENT", (word(b"GETNAME"),), "exact"),
    (0.5, "CLIENT", (word(b"SETNAME"), pick(b"me", b"", b"two words", b"a\nb", b"\x7f", b"ok-name")), "exact"),
    (0.3, "CLIENT", (word(b"NO-EVICT"), word(b"ON", b"OFF", b"NOW")), "exact"),
    (0.3, "CLIENT", (word(b"ID"),), "shape"),
    (0.4, "CLIENT", (word(b"KILL"), one_of(pick(b"1.2.3.4:5"), both(word(b"ID"), pick(b"999999999", b"0", b"x")),
                                           both(word(b"ADDR", b"LADDR"), pick(b"1.2.3.4:5")), both(word(b"TYPE"), pick(b"nosuch", b"replica")),
                                           both(word(b"SKIPME"), pick(b"maybe")), both(word(b"USER"), pick(b"nobody")))), "exact"),
    (0.3, "CLIENT", (word(b"UNBLOCK"), pick(b"999999", b"x"), maybe(word(b"TIMEOUT", b"ERROR", b"WHAT"))), "exact"),
    (0.2, "CLIENT", (word(b"PAUSE"), pick(b"x", b"-1"), maybe(word(b"ALL", b"WRITE", b"SOME"))), "exact"),
    (0.2, "CLIENT", (word(b"UNPAUSE"),), "exact"),
    (0.2, "CLIENT", (word(b"REPLY"), pick(b"on", b"maybe")), "exact"),
    (0.3, "CLIENT", (word(b"LIST"), one_of(both(word(b"TYPE"), pick(b"nosuch", b"replica", b"master")), both(word(b"ID"), pick(b"x", b"0")),
                                           word(b"WHAT"))), "exact"),
    (0.3, "CLIENT", (pick(b"nosuch", b""),), "exact"),
    (1, "COMMAND", (word(b"GETKEYS", b"GETKEYSANDFLAGS"), one_of(
        (word(b"SET", b"GETRANGE", b"APPEND"), some(key, 1, 4)), (word(b"MSET", b"MGET", b"DEL", b"EXISTS", b"WATCH"), some(key, 1, 5)),
        (word(b"BITOP"), some(key, 1, 4)), (word(b"COPY", b"RENAME", b"LCS"), some(key, 1, 4)),
        (word(b"OBJECT"), word(b"ENCODING", b"FREQ"), some(key, 1, 2)), (word(b"PING", b"NOSUCH", b"CONFIG", b"DBSIZE", b"SUBSCRIBE"), some(key, 1, 2)),
        (word(b"SPUBLISH", b"SSUBSCRIBE"), some(channel, 1, 2)), (word(b"BITFIELD", b"GETEX", b"SETEX", b"MOVE"), some(key, 1, 3)),
        (word(b"SET"), key, value, word(b"GET"), some(key, 0, 1)), (word(b"MEMORY"), word(b"USAGE"), key))), "exact"),
    (0.6, "COMMAND", (word(b"INFO"), some(lambda r: [r.choice(NAMES)], 1, 2)), "deep"),
    (0.2, "COMMAND", (word(b"LIST"), word(b"FILTERBY"), one_of(both(word(b"MODULE"), pick(b"none")), both(word(b"ACLCAT"), pick(b"nosuch")),
                                                               both(word(b"WHAT"), pick(b"x")), both(word(b"PATTERN"), pick(b"zz*", b"getra*")))), "unordered"),
    (0.2, "COMMAND", (pick(b"nosuch"),), "exact"),
    (0.3, "LATENCY", (one_of(both(word(b"HISTORY"), pick(b"nosuch")), both(word(b"RESET"), pick(b"nosuch")), word(b"NOSUCH"))), "exact"),
    (0.3, "SLOWLOG", (one_of(word(b"RESET"), word(b"NOSUCH"), both(word(b"GET"), pick(b"x", b"-2")))), "exact"),
    (0.2, "ROLE", (), "exact"),
    (0.2, "TIME", (), "shape"),
    (0.2, "REPLICAOF", (word(b"NO"), word(b"ONE")), "exact"),
    (0.2, "CLUSTER", (word(b"INFO", b"SLOTS", b"KEYSLOT", b"NOSUCH"),), "exact"),
    (0.2, "MODULE", (word(b"LIST", b"NOSUCH"),), "exact"),
    (0.3, "ACL", (word(b"WHOAMI"),), "exact"),
    (0.2, "SCRIPT", (word(b"FLUSH"), maybe(word(b"SYNC", b"ASYNC"))), "exact"),
    (0.2, "FUNCTION", (word(b"FLUSH"), maybe(word(b"SYNC", b"ASYNC"))), "exact"),
    (0.2, "DEBUG", (one_of(both(word(b"SET-ACTIVE-EXPIRE"), pick(b"1")), both(word(b"QUICKLIST-PACKED-THRESHOLD"), pick(b"1K")),
                           both(word(b"SLEEP"), pick(b"0")), both(word(b"PROTOCOL"), word(b"STRING", b"INTEGER", b"DOUBLE", b"NULL", b"ARRAY", b"SET",
                                                                                         b"MAP", b"TRUE", b"FALSE", b"VERBATIM", b"BIGNUM", b"NOSUCH")))), "exact"),
    (0.5, "AUTH", (some(pick(b"sekret", b"wrong", b"default", b""), 1, 2),), "exact"),
    (0.5, "NOSUCHCOMMAND", (some(value, 0, 4),), "exact"),
    (0.2, "GET\r\nSET", (some(short, 0, 2),), "exact"),
]
TRANSACTIONS = [
    (1.5, "MULTI", (), "exact"),
    (2, "EXEC", (), "exact"),
    (0.6, "DISCARD", (), "exact"),
    (2.5, "WATCH", (some(key, 1, 3),), "exact"),
    (0.4, "UNWATCH", (), "exact"),
]
MANY = "many"  # a command that answers more than once: the driver ends it by a PING of its own
PUBSUB = [
    (1.5, "SUBSCRIBE", (some(channel, 1, 3),), MANY),
    (1, "PSUBSCRIBE", (some(channel_pattern, 1, 2),), MANY),
    (1, "SSUBSCRIBE", (some(channel, 1, 2),), MANY),
    (1, "UNSUBSCRIBE", (some(channel, 0, 2),), MANY),
    (1, "PUNSUBSCRIBE", (some(channel_pattern, 0, 2),), MANY),
    (0.7, "SUNSUBSCRIBE", (some(channel, 0, 2),), MANY),
    (3, "PUBLISH", (channel, value), "exact"),
    (1, "SPUBLISH", (channel, value), "exact"),
    (0.7, "PUBSUB", (one_of(both(word(b"CHANNELS"), maybe(channel_pattern)), both(word(b"SHARDCHANNELS"), maybe(channel_pattern)))), "unordered"),
    (0.7, "PUBSUB", (one_of(word(b"NUMPAT"), both(word(b"NUMSUB", b"SHARDNUMSUB"), some(channel, 0, 3)), word(b"NOSUCH"))), "exact"),
]
CONNECTION = [
    (0.5, "HELLO", (one_of(none, both(pick(b"2", b"3", b"3", b"4", b"abc", b"-1"), one_of(
        none, word(b"WHAT"), maybe(word(b"AUTH"), pick(b"default"), pick(b"sekret", b"no")),
        both(word(b"AUTH"), pick(b"default"), pick(b"sekret", b"no"), word(b"SETNAME"), pick(b"n1")), both(word(b"SETNAME"), pick(b"n1"))))),), "hello"),
    (0.3, "RESET", (), "exact"),
    (0.2, "QUIT", (), "quit"),
]

FAMILIES = {"strings": STRINGS, "bitmaps": BITMAPS, "generic": GENERIC, "server": SERVER, "transactions": TRANSACTIONS,
            "pubsub": PUBSUB, "connection": CONNECTION}

# What comes on a connection of its own, byte for byte; the server answers and closes (or closes when we stop sending).
MALFORMED = [
    b"*abc\r\n", b"*-1\r\nPING\r\n", b"*0\r\nPING\r\n", b"*1\r\n+PING\r\n", b"*1\r\n$abc\r\nPING\r\n", b"*1\r\n$-1\r\n", b"*1\r\n$-5\r\n",
    b"*1048577\r\n", b"*2147483648\r\n", b"*99999999999999999999\r\n", b"*1\r\n$536870913\r\n", b"*1\r\n$99999999999999999999\r\n",
    b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", b"*1\r\n\r\n", b"*\r\n", b"*1\r\n$\r\n", b"*1\r\n$ 4\r\nPING\r\n", b"*+1\r\n$4\r\nPING\r\n",
    b"*01\r\n$4\r\nPING\r\n", b"*1\r\n$04\r\nPING\r\n", b"*1\r\n$+4\r\nPING\r\n", b"* 1\r\n$4\r\nPING\r\n", b"*1 \r\n$4\r\nPING\r\n",
    b"PING\r\n*1\r\n:1\r\n", b"\r\n\r\nPING\r\n", b"\n\nPING\n", b"PING\n", b"   PING   \r\n", b"'PING'\r\n", b'"PING"\r\n', b"'PING\r\n",
    b'"PING\r\n', b'SET a "b"c\r\n', b"SET a 'b'c\r\n", b'ECHO "\\x41\\n\\t\\"\\\\"\r\n', b"ECHO '\\'\\n'\r\n", b'ECHO "\\x4"\r\n', b'ECHO ""\r\n',
    b"ECHO \xff\xfe\r\n", b"GET\r\n", b"ECHO " + b"x" * 70000,
    b"ECHO " + b"x" * 60000 + b"\r\nPING\r\n", b"*" + b"1" * 70000, b"*2\r\n$" + b"1" * 70000, b"*1\r\n$4\r\nPI", b"*2\r\n$4\r\nECHO\r\n", b"", b"\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"Host: x\r\n", b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n*x\r\n",
    b"*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n*1\r\n$-1\r\n", b"*1\n$4\nPING\n", b"*1\r\n$0\r\n\r\n", b"*2\r\n$0\r\n\r\n$1\r\na\r\n",
    b"*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n", b"QUIT\r\nPING\r\n", b"MULTI\r\nPING\r\n*1\r\nx\r\n", b"ECHO 'a' 'b'\r\n", b"ECHO \\x41\r\n", b"\tPING\r\n",
    b"PING\rPING\r\n", b"\r\rPING\r\n", b"ECHO\va\r\n", b"PING \x0bz\r\n", b"$4\r\nPING\r\n", b":1\r\n", b"*-2147483648\r\n", b"*-10\r\nPING\r\n",
]
