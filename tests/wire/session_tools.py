#!/usr/bin/python3
"""Sessions of redis-cli and redis-benchmark (Debian's redis-tools), each bounded in time."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from servers import PATIENCE, SLOW, Server, run_tests  # noqa: E402

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def cli(server, *args, stdin="", status=0):
    p = subprocess.run(["redis-cli", "-s", server.path, *args], input=stdin.encode() if isinstance(stdin, str) else stdin,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)
    text = p.stdout.decode("utf-8", "replace")
    assert status is None or p.returncode == status, "redis-cli %s: status %d\n%s" % (" ".join(args), p.returncode, text)
    return text


def fill(server, keys=1000):
    cli(server, "flushall")
    commands = "".join("SET key:%d %s\n" % (i, "x" * (i % 300 + 1)) for i in range(keys))
    cli(server, stdin=commands)
    assert cli(server, "dbsize").strip() == str(keys)


def has(text, *parts):
    for part in parts:
        assert re.search(part, text), "no %r in:\n%s" % (part, text[-3000:])


def until_output(argv, pattern, stop=signal.SIGINT):
    """Starts argv, waits until its output has the pattern, ends it. Gives the output."""
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text, end = b"", time.monotonic() + PATIENCE
    try:
        while not re.search(pattern, text.decode("utf-8", "replace")):
            ready, _, _ = select.select([p.stdout], [], [], max(0, end - time.monotonic()))
            more = os.read(p.stdout.fileno(), 65536) if ready else b""
            assert more, "%s never said %r:\n%s" % (" ".join(argv), pattern, text.decode("utf-8", "replace")[-3000:])
            text += more
    finally:
        if p.poll() is None:
            p.send_signal(stop)
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        p.stdout.close()
    return text.decode("utf-8", "replace")


@test
def single_commands(server):
    cli(server, "flushall")
    assert cli(server, "set", "k", "v").strip() == "OK" and cli(server, "get", "k").strip() == "v"
    assert cli(server, "--raw", "get", "none") == "\n" and cli(server, "--no-raw", "get", "none").strip() == "(nil)"
    assert cli(server, "--no-raw", "mget", "k", "none") == '1) "v"\n2) (nil)\n'
    assert cli(server, "--csv", "mget", "k", "none").strip() == '"v",NULL'
    assert cli(server, "--json", "get", "k").strip() == '"v"'
    has(cli(server, "-e", "incr", "k", status=1), "not an integer")
    assert cli(server, "-x", "set", "k", stdin="from stdin").strip() == "OK" and cli(server, "get", "k").strip() == "from stdin"
    assert cli(server, "-r", "3", "incr", "n").split() == ["1", "2", "3"]
    assert cli(server, "-n", "5", "set", "k", "in five").strip() == "OK" and cli(server, "-n", "5", "get", "k").strip() == "in five"


@test
def piped_commands(server):
    out = cli(server, stdin='FLUSHALL\nSET k "a b"\nGET k\nMULTI\nINCR n\nGET k\nEXEC\nNOSUCH\nselect 3\nDBSIZE\n')
    assert out.split("\n")[:8] == ["OK", "OK", "a b", "OK", "QUEUED", "QUEUED", "1", "a b"], out
    has(out, "unknown command 'NOSUCH'", "OK\n0\n")


@test
def resp3(server):
    cli(server, "flushall")
    text = cli(server, "-3", "--no-raw", "config", "get", "maxmemory")
    assert text.strip() == '1# "maxmemory" => "0"', text
    assert cli(server, "-3", "--no-raw", "get", "none").strip() == "(nil)"
    has(cli(server, "-3", "--no-raw", stdin="HELLO 3\nDEBUG PROTOCOL double\nDEBUG PROTOCOL true\nDEBUG PROTOCOL verbatim\n"), "proto.* 3", "3.141", "true",
        "verbatim")
    has(cli(server, "-2", "hello"), "proto\n2\n")


@test
def interactive_with_hints(server):
    """A terminal: redis-cli asks COMMAND DOCS for its hints and shows them while one types."""
    cli(server, "flushall")
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", HOME="/nonexistent", REDISCLI_HISTFILE="/dev/null")
        while os.get_terminal_size(0).columns == 0:
            time.sleep(0.001)
        os.execvp("redis-cli", ["redis-cli", "-s", server.path])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    seen = b""

    def wait_for(pattern):
        nonlocal seen
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, seen):
            ready, _, _ = select.select([fd], [], [], max(0, end - time.monotonic()))
            assert ready, "the terminal never shows %r: %r" % (pattern, seen[-2000:])
            seen += os.read(fd, 65536)

    def type_and_wait(text, pattern):
        nonlocal seen
        seen = b""
        os.write(fd, text)
        wait_for(pattern)

    def enter(text, pattern):
        """Waits for the next prompt, too: what is typed before it gets no hints."""
        type_and_wait(text + b"\r", rb"(?s)" + pattern + rb".*> ")

    try:
        wait_for(rb"> ")
        type_and_wait(b"set ", rb"key value")
        enter(b"k hello", rb"OK")
        type_and_wait(b"get ", rb"key")
        enter(b"k", rb'"hello"')
        type_and_wait(b"config ", rb"config ")
        enter(b"get maxmemory", rb'"maxmemory"')
        enter(b"help getrange", rb"GETRANGE.*summary:.*since:[^\n]*2\.4\.0")
        enter(b"multi", rb"OK.*\(TX\)")
        enter(b"incr n", rb"QUEUED")
        enter(b"exec", rb"\(integer\) 1")
        enter(b"hello 3", rb"proto")
        os.write(fd, b"quit\r")
    finally:
        os.close(fd)
        end = time.monotonic() + 10
        while os.waitpid(pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)


@test
def stat(server):
    text = until_output(["redis-cli", "-s", server.path, "-i", "0.05", "--stat"], r"(?s)keys +mem +clients.*\n\d+ +\S+ +\d+ +\d+ +\d+ .*\n\d+ +\S+")
    has(text, "clients", "requests")


@test
def bigkeys(server):
    fill(server)
    text = cli(server, "--bigkeys")
    has(text, r"Sampled 1000 keys in the keyspace", r"Biggest string found .*key:\d+.* has 300 bytes", r"1000 strings with")


@test
def memkeys(server):
    fill(server)
    has(cli(server, "--memkeys"), r"Sampled 1000 keys in the keyspace", r"Biggest string found .*key:\d+.* has \d+ bytes")
    has(cli(server, "--memkeys", "--memkeys-samples", "0"), r"Sampled 1000 keys")


@test
def scan(server):
    fill(server)
    assert sorted(cli(server, "--scan").split()) == sorted("key:%d" % i for i in range(1000))
    assert sorted(cli(server, "--scan", "--pattern", "key:99?").split()) == sorted("key:99%d" % i for i in range(10))
    assert len(cli(server, "--scan", "--quoted-pattern", '"key:\\x31*"').split()) == 111


@test
def latency(server):
    text = until_output(["redis-cli", "-s", server.path, "--latency", "-i", "1"], r"(?s)min: \d.*\d samples|\d+ \d+ \d+\.\d+ \d+")
    assert text
    until_output(["redis-cli", "-s", server.path, "--latency-history", "-i", "1"], r"\d+\.\d+")
    has(cli(server, "--raw", "latency", "latest"), r"^\s*$")


@test
def pipe(server):
    cli(server, "flushall")
    data = b"".join(b"*3\r\n$3\r\nSET\r\n$%d\r\npipe:%d\r\n$5\r\nvalue\r\n" % (len("pipe:%d" % i), i) for i in range(20000))
    has(cli(server, "--pipe", stdin=data), r"errors: 0, replies: 20000")
    assert cli(server, "dbsize").strip() == "20000"
    has(cli(server, "--pipe", stdin=data[:60000] + b"\r\n", status=None), r"errors: \d+, replies: \d+")


@test
def subscribe_and_monitor(server):
    text = until_output(["redis-cli", "-s", server.path, "subscribe", "ch"], r"subscribe\s+ch\s+1")
    assert text
    watcher = subprocess.Popen(["redis-cli", "-s", server.path, "monitor"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        assert watcher.stdout.readline() == b"OK\n"
        cli(server, "set", "watched", 'a "b"')
        assert re.search(rb'\[0 unix:.*\] "set" "watched" "a \\"b\\""', watcher.stdout.readline())
    finally:
        watcher.kill()
        watcher.wait()
        watcher.stdout.close()


@test
def information(server):
    has(cli(server, "info"), "# Server", "redis_version:7", "# Clients", "# Memory", "# Stats", "# Keyspace")
    has(cli(server, "info", "commandstats"), "cmdstat_set:calls=")
    has(cli(server, "client", "list"), "id=\\d+ addr=")
    has(cli(server, "memory", "doctor"), "\\w")
    has(cli(server, "lolwut"), "ver")
    has(cli(server, "--intrinsic-latency", "1"), "Max latency so far")


@test
def refused_connection(server):
    has(cli(server, "-s", server.dir + "/none", "ping", status=1), "Could not connect")


def benchmark(server, *args):
    p = subprocess.run(["redis-benchmark", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE * 2)
    text = p.stdout.decode("utf-8", "replace")
    assert p.returncode == 0, text[-3000:]
    assert "rror" not in text, text[-3000:]
    return text.replace("\r", "\n")


REQUESTS = "2000" if SLOW else "20000"


@test
def benchmark_quiet(server):
    cli(server, "flushall")
    text = benchmark(server, "-s", server.path, "-q", "-n", REQUESTS, "-t", "ping,set,get,incr,mset")
    for name in ("PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", r"MSET \(10 keys\)"):
        has(text, name + r": [\d.]+ requests per second")
    assert cli(server, "get", "counter:__rand_int__").strip() == REQUESTS


@test
def benchmark_pipelined_over_a_keyspace(server):
    cli(server, "flushall")
    benchmark(server, "-p", str(server.port), "-q", "-n", REQUESTS, "-P", "16", "-r", "1000", "-t", "set,get,incr,mset", "-d", "64")
    assert 500 < int(cli(server, "dbsize")) <= 3000


@test
def benchmark_threads(server):
    has(benchmark(server, "-p", str(server.port), "-q", "-n", REQUESTS, "-c", "20", "--threads", "2", "-t", "set,get"), "SET: ", "GET: ")
    has(benchmark(server, "-p", str(server.port), "-n", REQUESTS, "-3", "-t", "set", "--csv"), '"SET"')


if __name__ == "__main__":
    if shutil.which("redis-cli") is None or shutil.which("redis-benchmark") is None:
        print("no redis-tools")
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    sys.exit(run_tests(TESTS, Server(tcp=True)))
