#!/usr/bin/python3
"""Values go from Redis to Hearth and back, by DUMP and RESTORE and by MIGRATE: every type, at sizes around each
change of encoding, with the limits of both sides varied."""

import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from servers import SLOW, Server, run_tests  # noqa: E402

try:
    import redis
except ImportError:
    print("no python3-redis")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)

REDIS = os.environ.get("REDIS_SERVER", "")
if not REDIS:
    print("no Redis")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)

ROUNDS = 12 if SLOW else 40
COUNTS = [1, 2, 3, 10, 127, 128, 129, 200, 511, 512, 513, 700, 2000]
NUMBERS = [0, 1, -1, 127, 128, -128, -129, 4095, 4096, -4096, -4097, 32767, 32768, -32769, 2**23 - 1, 2**23, -2**23 - 1,
           2**31 - 1, 2**31, -2**31 - 1, 2**63 - 1, -2**63, 2**63]
SCORES = [0.0, -0.0, 1.0, -1.0, 1.5, -2.25, float("inf"), float("-inf"), 1e300, 5e-324, 3.14159, 2.0**53, -2.0**53, 1e17,
          2.0**62, 2.0**63]
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def client(server, **options):
    r = redis.Redis(unix_socket_path=server.path, socket_timeout=60, **options)
    r.flushall()
    return r


def text(rnd):
    kind = rnd.randrange(9)
    if kind == 0:
        return b"%d" % rnd.choice(NUMBERS)
    if kind == 1:
        return b"%d" % rnd.randrange(-10**rnd.randrange(1, 19), 10**rnd.randrange(1, 19))
    if kind == 2:
        return b"x" * rnd.choice([0, 1, 19, 20, 21, 63, 64, 65, 100, 254, 255, 4095, 4096, 16383, 16384, 20000])
    if kind == 3:
        return rnd.randbytes(rnd.randrange(70))
    if kind == 4:
        return rnd.choice([b"", b"+1", b"-0", b"007", b" 1", b"1.5", b"1e5", b"nan", b"inf"])
    if kind == 5:
        return b"abc%d" % rnd.randrange(100) * rnd.randrange(1, 50)
    return b"v%d" % rnd.randrange(100000)


def build(r, key, kind, rnd):
    count = rnd.choice(COUNTS)
    r.delete(key)
    if kind == "string":
        r.set(key, text(rnd))
    elif kind == "list":
        r.rpush(key, *[text(rnd) for _ in range(count)])
    elif kind == "set":
        r.sadd(key, *[text(rnd) for _ in range(count)])
    elif kind == "integers":
        most = 10**rnd.choice([3, 6, 12])
        r.sadd(key, *[rnd.randrange(-most, most) for _ in range(count)])
    elif kind == "zset":
        score = lambda: rnd.choice([rnd.choice(SCORES), rnd.random(), rnd.randrange(-1000, 1000)])
        r.zadd(key, {text(rnd): score() for _ in range(count)})
    else:
        r.hset(key, mapping={text(rnd): text(rnd) for _ in range(count)})


def content(r, key):
    kind = r.type(key)
    if kind == b"string":
        return r.get(key)
    if kind == b"list":
        return r.lrange(key, 0, -1)
    if kind == b"set":
        return r.smembers(key)
    if kind == b"zset":  # Redis loses the sign of zero when it turns a skiplist into a listpack
        return [(member, score + 0.0) for member, score in r.zrange(key, 0, -1, withscores=True)]
    return r.hgetall(key)


def vary_limits(peer, ours, rnd):
    for r in (peer, ours):
        for name in ("hash-max-listpack-entries", "set-max-intset-entries", "zset-max-listpack-entries"):
            r.config_set(name, rnd.choice([0, 1, 10, 128, 512, 5000]))
        for name in ("hash-max-listpack-value", "zset-max-listpack-value"):
            r.config_set(name, rnd.choice([1, 10, 64, 5000, 30000]))
        r.config_set("list-max-listpack-size", rnd.choice([1, 2, 5, 100, 1000, -1, -2, -3, -4, -5]))
        r.config_set("list-compress-depth", rnd.choice([0, 0, 1, 2]))
        r.config_set("rdbcompression", rnd.choice(["yes", "no"]))
    ours.config_set("set-max-listpack-entries", rnd.choice([0, 1, 10, 128, 512, 5000]))
    ours.config_set("set-max-listpack-value", rnd.choice([1, 10, 64, 5000, 30000]))
    peer.execute_command("DEBUG", "QUICKLIST-PACKED-THRESHOLD", rnd.choice(["100b", "1000b", "1g"]))


def both_ways(server, kind):
    """Redis's value comes here, and what is dumped here goes back; it must be sound there too."""
    rnd = random.Random(kind)
    peer, ours = client(PEER), client(server)
    peer.config_set("sanitize-dump-payload", "yes")
    for n in range(ROUNDS):
        if n % 4 == 0:
            vary_limits(peer, ours, rnd)
        build(peer, "k", kind, rnd)
        wanted = content(peer, "k")
        ours.restore("k", 0, peer.dump("k"), replace=True)
        assert content(ours, "k") == wanted, "%s number %d is another here" % (kind, n)
        peer.restore("back", 0, ours.dump("k"), replace=True)
        assert content(peer, "back") == wanted, "%s number %d came back as another" % (kind, n)
        if kind == "list":
            peer.lset("back", rnd.randrange(len(wanted)), "new")
            peer.linsert("back", "before", "new", "other")
            peer.lrem("back", 1, "new")
            peer.ltrim("back", 1, -2)
            assert peer.llen("back") == max(len(wanted) - 2, 0)


for kind_ in ("string", "list", "set", "integers", "zset", "hash"):
    def one(server, kind=kind_):
        both_ways(server, kind)
    one.__name__ = kind_ + "_both_ways"
    TESTS.append(one)


@test
def big_collections(server):
    peer, ours = client(PEER), client(server)
    size = 20000 if SLOW else 200000
    peer.rpush("list", *range(size))
    peer.sadd("set", *["member:%d" % i for i in range(size)])
    peer.zadd("zset", {"member:%d" % i: i * 1.5 for i in range(size)})
    peer.hset("hash", mapping={"field:%d" % i: i for i in range(size)})
    for key in ("list", "set", "zset", "hash"):
        ours.restore(key, 0, peer.dump(key))
        peer.restore("back", 0, ours.dump(key), replace=True)
        digests = peer.execute_command("DEBUG", "DIGEST-VALUE", key, "back")
        assert digests[0] == digests[1], key


@test
def big_strings(server):
    peer, ours = client(PEER), client(server)
    for value in (os.urandom(3 << 20), b"x" * (3 << 20), os.urandom(1000) * 5000):
        peer.set("k", value)
        ours.restore("k", 0, peer.dump("k"), replace=True)
        assert ours.get("k") == value
        peer.restore("back", 0, ours.dump("k"), replace=True)
        assert peer.get("back") == value


KINDS = ("string", "list", "set", "integers", "zset", "hash")


def moves(source, target_server, target):
    """Keys of all kinds, some with an expiry, go by MIGRATE, one by one and many at once, with COPY and without."""
    rnd = random.Random(7)
    for kind in KINDS:
        build(source, kind, kind, rnd)
    source.pexpire("string", 100000)
    wanted = {kind: content(source, kind) for kind in KINDS}
    assert source.migrate("127.0.0.1", target_server.port, list(KINDS), 3, 10000, copy=True) in (True, b"OK", "OK")
    assert source.dbsize() == len(KINDS)
    for kind in KINDS[:3]:
        source.migrate("127.0.0.1", target_server.port, kind, 3, 10000, replace=True)
    source.migrate("127.0.0.1", target_server.port, list(KINDS), 3, 10000, replace=True)
    assert source.dbsize() == 0
    target.execute_command("SELECT", 3)
    for kind in KINDS:
        assert content(target, kind) == wanted[kind], kind
    assert 0 < target.pttl("string") <= 100000 and target.pttl("list") == -1


@test
def migrate_to_redis(server):
    moves(client(server), PEER, client(PEER, single_connection_client=True))


@test
def migrate_from_redis(server):
    moves(client(PEER), server, client(server, single_connection_client=True))


@test
def what_redis_7_0_cannot_take_stays(server):
    ours = client(server)
    client(PEER)
    ours.hset("h", mapping={"f": "v"})
    ours.execute_command("HEXPIRE", "h", 100, "FIELDS", 1, "f")
    try:
        ours.migrate("127.0.0.1", PEER.port, "h", 0, 10000)
        assert False, "it was taken"
    except redis.ResponseError as e:
        assert "DUMP payload version or checksum are wrong" in str(e), e
    assert ours.exists("h")


if __name__ == "__main__":
    PEER = Server(REDIS, "redis", tcp=True)
    status = run_tests(TESTS, Server(tcp=True))
    why = PEER.stop()
    if why:
        print(why)
    sys.exit(status)
