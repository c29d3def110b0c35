#!/usr/bin/python3
"""Sessions of the stock Python client (Debian's python3-redis), as applications use it."""

import os
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from servers import Server, Skip, run_tests  # noqa: E402

try:
    import redis
except ImportError:
    print("no python3-redis")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def client(server, **options):
    r = redis.Redis(unix_socket_path=server.path, socket_timeout=60, **options)
    r.flushall()
    return r


def raises(kind, text, function, *args, **options):
    try:
        function(*args, **options)
    except kind as e:
        assert text in str(e), "%r has no %r" % (str(e), text)
        return
    raise AssertionError("no %s" % kind.__name__)


@test
def strings(server):
    r = client(server)
    assert r.set("k", b"\x00\xff") is True and r.get("k") == b"\x00\xff"
    assert r.set("k", "v", nx=True) is None and r.set("k", "w", xx=True, get=True) == b"\x00\xff"
    assert r.append("k", "xyz") == 4 and r.strlen("k") == 4 and r.getrange("k", 1, 2) == b"xy"
    assert r.setrange("k", 1, "AB") == 4 and r.get("k") == b"wABz"
    assert r.incr("n") == 1 and r.incrby("n", 41) == 42 and r.decr("n") == 41 and r.incrbyfloat("f", 1.5) == 1.5
    assert r.mset({"a": 1, "b": 2}) and r.mget("a", "b", "none") == [b"1", b"2", None]
    assert r.msetnx({"a": 1, "c": 3}) is False and r.getset("a", "9") == b"1" and r.getdel("a") == b"9"
    assert r.setnx("b", 1) is False and r.setex("e", 100, "x") and 0 < r.ttl("e") <= 100
    assert r.getex("e", persist=True) == b"x" and r.ttl("e") == -1
    raises(redis.ResponseError, "not an integer", r.incr, "k")
    assert r.lcs("b", "e") == b""


@test
def bitmaps(server):
    r = client(server)
    assert r.setbit("bits", 7, 1) == 0 and r.getbit("bits", 7) == 1 and r.bitcount("bits") == 1 and r.bitpos("bits", 1) == 7
    assert r.bitop("NOT", "other", "bits") == 1 and r.get("other") == b"\xfe"
    assert r.bitfield("field").set("u8", 0, 255).incrby("u8", 0, 10).overflow("SAT").incrby("u8", 8, 300).get("u8", 0).execute() == [0, 9, 255, 9]


@test
def keys(server):
    r = client(server)
    r.mset({"a": 1, "b": 2})
    assert r.exists("a", "b", "c") == 2 and r.type("a") == "string" or r.type("a") == b"string"
    assert r.rename("a", "c") and sorted(r.keys("*")) == [b"b", b"c"] and r.randomkey() in (b"b", b"c")
    assert r.copy("c", "d") and r.move("d", 3) and r.dbsize() == 2 and r.touch("b", "c") == 2
    assert r.expire("b", 50, nx=True) and not r.expire("b", 60, nx=True) and r.persist("b") and r.unlink("b", "c") == 2
    raises(redis.ResponseError, "no such key", r.rename, "none", "x")
    assert r.object("encoding", "none") is None


@test
def scan_iter_finds_every_key(server):
    r = client(server)
    names = {b"key:%d" % i for i in range(5000)}
    pipe = r.pipeline(transaction=False)
    for name in names:
        pipe.set(name, "v")
    pipe.set("other", "v")
    pipe.execute()
    assert set(r.scan_iter(match="key:*", count=37)) == names
    assert len(set(r.scan_iter(count=1000))) == 5001 and not set(r.scan_iter(_type="hash"))


@test
def decode_responses(server):
    r = client(server, decode_responses=True)
    r.set("schlüssel", "größe")
    assert r.get("schlüssel") == "größe" and r.keys() == ["schlüssel"]


@test
def pipelines_are_transactions(server):
    r = client(server)
    with r.pipeline() as p:
        assert p.set("a", 1).incr("a").get("a").get("none").execute() == [True, 2, b"2", None]
    with r.pipeline() as p:
        p.set("a", "text").incr("a").set("b", "done")
        raises(redis.ResponseError, "not an integer", p.execute)
    assert r.get("b") == b"done"
    with r.pipeline(transaction=False) as p:
        for i in range(10000):
            p.incr("n")
        assert p.execute() == list(range(1, 10001))


@test
def watch_sees_a_change(server):
    r, other = client(server), client(server)
    r.set("n", 1)
    with r.pipeline() as p:
        p.watch("n")
        other.set("n", 5)
        p.multi()
        p.set("n", 2)
        raises(redis.WatchError, "", p.execute)
    assert r.get("n") == b"5"
    assert r.transaction(lambda p: (p.multi(), p.incr("n")), "n") == [6]


@test
def counters_of_many_threads_add_up(server):
    r = client(server)
    pool = redis.ConnectionPool(connection_class=redis.UnixDomainSocketConnection, path=server.path, max_connections=8)
    errors = []

    def work():
        try:
            mine = redis.Redis(connection_pool=pool)
            for _ in range(50):
                mine.transaction(lambda p: (p.multi(), p.incr("total")))
                mine.incr("plain")
        except Exception as e:
            errors.append(e)
    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors, errors
    assert r.get("total") == b"400" and r.get("plain") == b"400"
    pool.disconnect()


@test
def tcp_pool_with_health_checks(server):
    r = redis.Redis(port=server.port, health_check_interval=1, client_name="pooled", db=2)
    assert r.ping() and r.client_getname() in ("pooled", b"pooled")
    assert [c for c in r.client_list() if c["name"] == "pooled"][0]["db"] == "2"
    blocking = redis.Redis(connection_pool=redis.BlockingConnectionPool(max_connections=2, port=server.port))
    assert all(blocking.echo("x%d" % i) == b"x%d" % i for i in range(20))
    r.close()


@test
def publish_and_subscribe(server):
    r = client(server)
    p = r.pubsub()
    p.subscribe("news", "weather")
    p.psubscribe("n?ws")
    kinds = [p.get_message(timeout=30)["type"] for _ in range(3)]
    assert kinds == ["subscribe", "subscribe", "psubscribe"]
    assert r.publish("news", "first") == 2 and r.publish("nobody", "x") == 0
    got = sorted((m["type"], m["channel"], m["data"]) for m in (p.get_message(timeout=30) for _ in range(2)))
    assert got == [("message", b"news", b"first"), ("pmessage", b"news", b"first")], got
    assert r.pubsub_numsub("news", "weather") == [(b"news", 1), (b"weather", 1)] and r.pubsub_numpat() == 1
    p.ping()
    assert p.get_message(timeout=30)["type"] == "pong"
    p.unsubscribe()
    p.punsubscribe()
    assert [p.get_message(timeout=30)["type"] for _ in range(3)] == ["unsubscribe", "unsubscribe", "punsubscribe"]
    p.close()


@test
def a_listening_thread_gets_messages(server):
    r = client(server)
    got = threading.Event()
    p = r.pubsub()
    p.subscribe(**{"ch": lambda m: got.set()})
    thread = p.run_in_thread(sleep_time=0.05)
    while r.publish("ch", "x") == 0:
        pass
    assert got.wait(60)
    thread.stop()
    thread.join()


@test
def keyspace_events(server):
    r = client(server)
    r.config_set("notify-keyspace-events", "KEA")
    p = r.pubsub()
    p.psubscribe("__keyspace@0__:*")
    assert p.get_message(timeout=30)["type"] == "psubscribe"
    r.set("k", 1)
    r.delete("k")
    assert [p.get_message(timeout=30)["data"] for _ in range(2)] == [b"set", b"del"]
    p.close()
    r.config_set("notify-keyspace-events", "")


@test
def administration(server):
    r = client(server)
    info = r.info()
    assert info["redis_version"].split(".")[0] == "7" and info["connected_clients"] >= 1 and info["uptime_in_seconds"] >= 0
    r.set("k", 1)
    assert r.info("keyspace")["db0"]["keys"] == 1
    assert r.config_get("maxmemory")["maxmemory"] == "0" and r.config_set("slowlog-max-len", 100)
    assert r.client_id() > 0 and r.client_setname("me") and r.client_getname() in ("me", b"me")
    assert r.slowlog_len() >= 0 and isinstance(r.slowlog_get(), list) and r.slowlog_reset()
    assert len(r.time()) == 2 and r.command_count() > 80 and "get" in r.command() and r.memory_usage("k") > 0
    assert r.role()[0] == b"master" and r.lastsave() if "lastsave" in r.command() else True
    assert r.object("encoding", "k") == b"int" and r.swapdb(0, 1) and r.dbsize() == 0
    raises(redis.ResponseError, "unknown command", r.execute_command, "NOSUCH")


@test
def locks(server):
    r = client(server)
    lock = r.lock("lock", timeout=60)
    try:
        assert lock.acquire(blocking=False)
        assert not r.lock("lock").acquire(blocking=False)
        lock.release()
    except redis.ResponseError as e:
        if "unknown command" in str(e):
            raise Skip("redis-py's locks are released by a script, and there are no scripts yet")
        raise


@test
def monitor(server):
    r = client(server)
    with r.monitor() as m:
        r.set("seen", 1)
        for line in m.listen():
            if "seen" in line["command"]:
                break


@test
def a_password(server):
    own = Server(options=["--requirepass", "sekret", "--maxclients", "50"], tcp=True)
    try:
        raises(redis.AuthenticationError, "", redis.Redis(port=own.port).ping)
        raises(redis.ResponseError, "WRONGPASS", redis.Redis(port=own.port, password="wrong").ping)
        assert redis.Redis(port=own.port, password="sekret").ping()
        assert redis.Redis.from_url("redis://default:sekret@127.0.0.1:%d/3" % own.port).set("k", 1)
    finally:
        why = own.stop()
    assert why is None, why


@test
def a_client_survives_its_connection(server):
    r, killer = client(server, client_name="victim"), client(server)
    r.ping()
    victim = [c["id"] for c in killer.client_list() if c["name"] == "victim"]
    assert victim and killer.client_kill_filter(_id=victim[0]) == 1
    try:
        r.ping()
    except redis.ConnectionError:
        pass
    assert r.ping()


@test
def big_values(server):
    r = client(server)
    value = os.urandom(1 << 16) * 256
    assert r.set("big", value) and r.get("big") == value and r.strlen("big") == len(value)
    assert r.getrange("big", 1 << 20, (1 << 20) + 9) == value[1 << 20:(1 << 20) + 10]


if __name__ == "__main__":
    sys.exit(run_tests(TESTS, Server(tcp=True)))
