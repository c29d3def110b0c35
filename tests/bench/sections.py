"""What is measured. Each section gives rows: {what: {system: {figure: value}}}, medians over rounds in which
the systems take turns; a system that breaks has {"broken": why}."""
import csv
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time

from systems import LOAD_CPU, Broken, Connection, encode

# name, template, pipeline, requests
WORKS = [
    ("GET, no pipeline", "GET key:{key}", 1, 300_000),
    ("SET, no pipeline", "SET key:{key} {value}", 1, 300_000),
    ("GET, pipeline 16", "GET key:{key}", 16, 2_000_000),
    ("SET, pipeline 16", "SET key:{key} {value}", 16, 2_000_000),
    ("GET, pipeline 100", "GET key:{key}", 100, 4_000_000),
    ("SET, pipeline 100", "SET key:{key} {value}", 100, 3_000_000),
    ("INCR, pipeline 16", "INCR counter:{key}", 16, 2_000_000),
    ("MSET of 10, pipeline 16", "MSET" + " key:{key} {value}" * 10, 16, 200_000),
]
# What is filled in before a work counts: a command, or (template, requests, options of the load program).
LIST, SMALL_LIST = "LPUSH mylist {value}", "RPUSH small abc"
POPSET, BIGZ = ["DEL popset", ("SADD popset m:{seq}", 950_000, {})], ("ZADD bigz {key} m:{seq}", 1_000_000, {})
PAIR = [("SADD sa m:{seq}", 100_000, {}), ("SADD sb m:{seq}", 100_000, {})]
COLLECTIONS = [  # name, template, pipeline, requests, options, what is filled in before each turn
    ("LPUSH, pipeline 16", LIST, 16, 2_000_000, {}, ["DEL mylist"]),
    ("RPOP, pipeline 16", "RPOP mylist", 16, 1_000_000, {}, ["DEL mylist", (LIST, 1_100_000, {})]),
    ("LRANGE of 100, no pipeline", "LRANGE small 0 99", 1, 100_000, {}, ["DEL small", (SMALL_LIST, 300, {})]),
    ("HSET, pipeline 16", "HSET myhash element:{key} {value}", 16, 2_000_000, {"keys": 100_000}, []),
    ("HGETALL of 1000 fields, no pipeline", "HGETALL bighash", 1, 20_000, {}, ["DEL bighash", ("HSET bighash f:{seq} v:{seq}", 1_000, {})]),
    ("SADD to a set of 1M, pipeline 16", "SADD bigset m:{key}", 16, 2_000_000, {}, []),
    ("SPOP from a set of 950k, pipeline 16", "SPOP popset", 16, 500_000, {}, POPSET),
    ("ZADD to a sorted set of 1M, pipeline 16", "ZADD bigz {key} m:{key}", 16, 2_000_000, {}, [BIGZ]),
    ("ZINCRBY there", "ZINCRBY bigz 1 m:{key}", 16, 1_000_000, {}, []),
    ("ZRANK there", "ZRANK bigz m:{key}", 16, 1_000_000, {}, []),
    ("ZRANGEBYSCORE LIMIT 0 10 there", "ZRANGEBYSCORE bigz {key} +inf LIMIT 0 10", 16, 1_000_000, {}, []),
    ("SINTERCARD of two sets of 100k", "SINTERCARD 2 sa sb", 1, 50, {"conns": 1}, PAIR),
]
SHAPES = [  # name, payload bytes a unit, template, bytes of a {random}, units a request
    ("16 B key, 64 B value", 80, "SET key:{seq} {random}", 64, 1),
    ("16 B key, 8 B value", 24, "SET key:{seq} {random}", 8, 1),
    ("16 B key, 64 B value, TTL", 88, "SET key:{seq} {random} EX {100000-100999}", 64, 1),
    ("hash of 10 fields, a field", 24, "HSET key:{seq}" + "".join(f" field{i:03} {{random}}" for i in range(10)), 16, 10),
    ("list of 50 elements, an element", 16, "RPUSH key:{seq}" + " {random}" * 50, 16, 50),
    ("sorted set of 20, a member", 18, "ZADD key:{seq}" + "".join(f" {i * 3} member{i:04}" for i in range(20)), 16, 20),
    ("one big set, a member", 16, "SADD bigset {random}", 16, 1),
    ("one big sorted set, a member", 24, "ZADD bigzset {0-9999999} {random}", 16, 1),
]
IDLE = 10_000


def note(text):
    print(text, file=sys.stderr, flush=True)


def medians(samples):
    """One dict of the medians of a list of dicts; the first one that broke wins."""
    for sample in samples:
        if "broken" in sample:
            return sample
    return {k: statistics.median(s[k] for s in samples) for k, v in samples[0].items() if isinstance(v, (int, float))}


def turns(systems, rounds, measure):
    """measure(system) for every system, in turn, `rounds` times; medians by system."""
    samples = {s.name: [] for s in systems}
    for _ in range(rounds):
        for system in systems:
            try:
                samples[system.name].append(measure(system))
            except (Broken, OSError) as problem:
                samples[system.name].append({"broken": str(problem)})
    return {name: medians(found) for name, found in samples.items()}


def cpu(systems, quick, rounds):
    """Server CPU a request, requests/s and latency: 50 clients, 1M random keys, 64 B values."""
    servers, broken = {}, {}
    try:
        for system in systems:
            try:
                server = servers[system.name] = system.running()
                server.load("SET key:{seq} {value}", requests=1_000_000, pipeline=100, conns=20)
                server.load("INCR counter:{seq}", requests=1_000_000, pipeline=100, conns=20)
            except (Broken, OSError) as problem:
                broken[system.name] = str(problem)
        rows = {}
        for name, template, pipeline, requests in WORKS:
            note(f"cpu: {name}")

            def measure(system):
                if system.name in broken:
                    raise Broken(broken[system.name])
                count = requests // 10 if quick else requests
                return servers[system.name].load(template, requests=count, pipeline=pipeline, seed=time.time_ns() % 2**32)

            rows[name] = turns(systems, rounds, measure)
        return rows
    finally:
        for server in servers.values():
            server.stop()


def collections(systems, quick, rounds):
    """The same for collections, the sets and sorted sets so big that their members are cache misses."""
    servers, broken, rows = {}, {}, {}
    smaller = 10 if quick else 1

    def fill(server, step):
        if isinstance(step, str):
            server.ask(*step.split())
        else:
            template, requests, options = step
            server.load(template, requests=max(100, requests // smaller), pipeline=100, conns=1 if requests < 1_000 else 50, **options)

    try:
        for system in systems:
            try:
                servers[system.name] = system.running()
            except (Broken, OSError) as problem:
                broken[system.name] = str(problem)
        for name, template, pipeline, requests, options, before in COLLECTIONS:
            note(f"collections: {name}")

            def measure(system):
                if system.name in broken:
                    raise Broken(broken[system.name])
                server = servers[system.name]
                for step in before:
                    fill(server, step)
                return server.load(template, requests=max(5, requests // smaller), pipeline=pipeline, seed=time.time_ns() % 2**32, **options)

            rows[name] = turns(systems, rounds, measure)
        return rows
    finally:
        for server in servers.values():
            server.stop()


def suite(systems, quick, rounds):
    """redis-benchmark's own default suite, test after test; each line's CPU is what the server took until the line came."""
    if not shutil.which("redis-benchmark"):
        note("suite: no redis-benchmark (package redis-tools)")
        return {}
    samples = {}

    def run(system):
        note(f"suite: {system.name}")
        count = 10_000 if quick else 100_000
        with system.running() as server, subprocess.Popen(
                ["timeout", "900", "taskset", "-c", str(LOAD_CPU), "stdbuf", "-oL", "redis-benchmark", "-p", str(server.port), "-n", str(count), "--csv"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            before, found = server.cpu_seconds(), {}
            for line in process.stdout:
                if not line.startswith('"'):
                    found["the whole suite"] = {"broken": line.strip()}
                elif not line.startswith('"test"'):
                    name, rate, _, _, p50, _, p99, _ = next(csv.reader([line]))
                    now = server.cpu_seconds()
                    found[name] = {"rate": float(rate), "p50_us": float(p50) * 1e3, "p99_us": float(p99) * 1e3, "cpu_us": (now - before) / count * 1e6}
                    before = now
            if process.wait():
                found.setdefault("the whole suite", {"broken": f"it ended with status {process.returncode}"})
            return found

    for _ in range(1 if quick else max(5, rounds)):
        for system in systems:
            try:
                for name, figures in run(system).items():
                    samples.setdefault(name, {}).setdefault(system.name, []).append(figures)
            except (Broken, OSError) as problem:
                samples.setdefault("the whole suite", {})[system.name] = [{"broken": str(problem)}]
    return {name: {system: medians(found) for system, found in by_system.items()} for name, by_system in samples.items()}


def mem(systems, quick, rounds):
    """Resident bytes a unit, the worst of several counts (tables and size classes make it a saw), and the empty server."""
    rows = {"empty server": {}}
    for name, payload, template, size, units in SHAPES:
        rows[name] = {}
        for system in systems:
            worst = {"bytes": 0, "payload": payload}
            for count in (1_000_000,) if quick else (1_600_000, 2_000_000, 2_600_000):
                note(f"mem: {name}, {count} units, {system.name}")
                try:
                    with system.running() as server:
                        time.sleep(.3)
                        empty = server.resident()
                        server.load(template, requests=count // units, pipeline=200, conns=4, bytes=size)
                        keys = count // units if "{seq}" in template else 1
                        if server.ask("DBSIZE") != keys:
                            raise Broken(f"DBSIZE says {server.ask('DBSIZE')} of {keys}")
                        time.sleep(.5)
                        used = (server.resident() - empty) / count
                        if used > worst["bytes"]:
                            worst.update(bytes=used, units=count)
                        rows["empty server"][system.name] = {"megabytes": empty / 1e6}
                except (Broken, OSError) as problem:
                    worst = {"broken": str(problem)}
                    break
            rows[name][system.name] = worst
    return rows


def idle(systems, quick, rounds):
    """10,000 connections that have said PING once and then nothing: resident bytes of each."""
    wanted = 1_000 if quick else IDLE
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(wanted, hard - 500)
    row = {}
    for system in systems:
        note(f"idle: {count} connections, {system.name}")
        connections = []
        try:
            with system.running(f"--maxclients {count + 200}") as server:
                server.load("PING", requests=10_000, conns=50)
                time.sleep(.3)
                before = server.resident()
                for _ in range(count):
                    connections.append(socket.create_connection(("127.0.0.1", server.port), 60))
                    connections[-1].sendall(b"*1\r\n$4\r\nPING\r\n")
                answered = sum(c.recv(64) == b"+PONG\r\n" for c in connections)
                time.sleep(2)
                if answered != count:
                    raise Broken(f"{answered} of {count} connections were answered")
                row[system.name] = {"bytes": (server.resident() - before) / count, "connections": count}
        except (Broken, OSError) as problem:
            row[system.name] = {"broken": str(problem)}
        finally:
            for connection in connections:
                connection.close()
    return {"an idle connection": row}


def big(systems, quick, rounds):
    """20,000 GET/s of 64 B (open loop) alone, and beside a client that reads ten 10 MB values a second."""
    seconds = 2 if quick else 6
    rows = {"alone": {}, "beside big replies": {}}

    def measure(system):
        note(f"big: {system.name}")
        with system.running() as server:
            server.ask("SETRANGE", "big", 10 * 1024 * 1024 - 1, "x")
            server.load("SET key:{seq} {value}", requests=10_000, pipeline=100, conns=4)
            small = {"rate": 20_000, "conns": 20, "keys": 10_000, "seconds": seconds}
            server.load("GET key:{key}", **{**small, "seconds": 1})
            alone = server.load("GET key:{key}", **small)
            reader = server.start_load("GET big", rate=10, seconds=seconds + 2, conns=1)
            time.sleep(1)
            beside = server.load("GET key:{key}", **small)
            read = server.finish_load(reader)
            return {**{"alone " + k: v for k, v in alone.items()}, **beside, "big_rate": read["rate"]}

    for name, found in turns(systems, 1 if quick else rounds, measure).items():
        if "broken" in found:
            rows["alone"][name] = rows["beside big replies"][name] = found
            continue
        rows["alone"][name] = {k[6:]: v for k, v in found.items() if k.startswith("alone ")}
        rows["beside big replies"][name] = {k: v for k, v in found.items() if not k.startswith("alone ")}
    return rows


def expiry(systems, quick, rounds):
    """Keys whose TTLs end evenly over a minute and that nobody reads: how late they go. DBSIZE is asked every
    5 ms; a sample's lag is the age of the oldest key that is due and still there (it assumes that the oldest
    goes first, which flatters a server that samples)."""
    keys, span = (100_000, 10_000) if quick else (1_000_000, 60_000)
    row = {}
    for system in systems:
        note(f"expiry: {keys} keys over {span // 1000} s, {system.name}")
        try:
            with system.running() as server:
                row[system.name] = expiry_lag(server, keys, span)
        except (Broken, OSError) as problem:
            row[system.name] = {"broken": str(problem)}
    return {"keys gone after their time": row}


def expiry_lag(server, keys, span):
    connection = Connection(server.port)
    # The fill has to be over before the first key is due.
    start = int(time.time() * 1000) + (5_000 if keys <= 100_000 else 30_000)
    due = lambda i: start + i * span / keys
    chunk = 5_000
    for at in range(0, keys, chunk):
        batch = b"".join(encode("SET", "key:%012d" % i, "x" * 64, "PXAT", int(due(i))) for i in range(at, at + chunk))
        sender = threading.Thread(target=connection.socket.sendall, args=(batch,))
        sender.start()
        for _ in range(chunk):
            connection.reply()
        sender.join()
    if connection.ask("DBSIZE") != keys or time.time() * 1000 > start:
        raise Broken("the fill took too long")
    time.sleep(max(0, start / 1000 - time.time()))
    late, lags, left = 0, [], keys
    end = start + span + 30_000
    while left and time.time() * 1000 < end:
        left = connection.ask("DBSIZE")
        now = time.time() * 1000
        gone = keys - left
        lag = max(0.0, now - due(gone)) if left and due(gone) < now else 0.0
        lags.append(lag)
        late = max(late, min(keys, (now - 20 - start) * keys / span) - gone)
        time.sleep(.005)
    connection.close()
    lags.sort()
    return {"lag_p50_ms": lags[len(lags) // 2], "lag_p999_ms": lags[int(len(lags) * .999)], "lag_max_ms": lags[-1],
            "late_share": max(0, late) / keys, "left": left}


SECTIONS = {"cpu": cpu, "collections": collections, "suite": suite, "mem": mem, "idle": idle, "big": big, "expiry": expiry}
