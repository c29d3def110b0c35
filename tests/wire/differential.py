#!/usr/bin/python3
"""The differential test: the same random commands to Redis and to Hearth, replies compared byte for byte.

  differential.py [--seconds 20] [--seed N] [--server build/hearth-server] [--redis /usr/bin/redis-check-rdb]
                  [--families strings,generic] [--sessions N] [--only SESSION] [--long] [--verbose]

A session is a few dozen steps over three connections, made from (seed, number of
the session) alone, so it can be run again: --seed S --only N. When replies differ
the session is cut down to the steps that matter and printed as a short script.
What is known to differ, and why, stands in KNOWN below. The last line is
`N passed, N failed, N skipped`, counting sessions.

Redis against Redis must pass as well: --server /usr/bin/redis-check-rdb.
"""

import argparse
import os
import random
import re
import shutil
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import differential_commands as table  # noqa: E402
from servers import Server  # noqa: E402

PATIENCE = 15.0
CONNECTIONS = 3


# ---- known differences ------------------------------------------------------
# (reason, test(args, redis's reply, ours)): Debian's Redis is 7.0, Hearth follows 7.2.

def _bit_arguments(args, ref, our):
    return args[0].upper() in (b"BITCOUNT", b"BITPOS") and ref in (b":0\r\n", b":-1\r\n") and our.startswith(b"-ERR ")


def _hello_text(args, ref, our):
    return args[0].upper() == b"HELLO" and ref.replace(b"the HELLO AUTH", b"the HELLO <proto> AUTH") == our


def _bit_misses(args, ref, our):
    return args[0] == b"<events of>" and b"keymiss" in ref and any(b"BITCOUNT" in a or b"BITPOS" in a for a in map(bytes.upper, args))


def _tips(args, ref, our):
    if args[0].upper() != b"COMMAND" or args[1].upper() != b"INFO":
        return False

    def without(data):
        rows = parse(data.replace(b"+touches_arbitrary_keys\r\n", b"+readonly\r\n"))[0][2]
        return [i[2][:2] + [sorted(set(map(repr, i[2][2][2])))] + i[2][3:7] + i[2][8:] if len(i) == 3 and i[2] else i for i in rows]
    return sorted_deep(without(ref)) == sorted_deep(without(our))


def _refcount(args, ref, our):
    return args[0].upper() == b"OBJECT" and args[1].upper() == b"REFCOUNT" and (ref, our) == (b":1\r\n", b":2147483647\r\n")


KNOWN = [
    ("HELLO's refusal without a password names <proto> since 7.2", _hello_text),
    ("so a wrong BITCOUNT of a missing key is no miss either", _bit_misses),
    ("7.2 gives more command tips and a flag of commands that touch arbitrary keys", _tips),
    ("a small integer that COPY made counts as shared: Hearth shares none and only says so", _refcount),
    ("since 7.2 BITCOUNT and BITPOS check their arguments also when the key is missing", _bit_arguments),
]


# ---- connections ------------------------------------------------------------

class Closed(Exception):
    pass


class Silent(Exception):
    pass


def skip_value(data, at):
    """Where the value that starts at `at` ends, or -1 while it is incomplete."""
    left = 1
    while left:
        end = data.find(b"\r\n", at)
        if end < 0:
            return -1
        kind = data[at]
        left -= 1
        if kind in b"$!=":
            n = int(data[at + 1:end])
            at = end + 2 if n < 0 else end + 2 + n + 2
            if at > len(data):
                return -1
        elif kind in b"*~>":
            left += max(0, int(data[at + 1:end]))
            at = end + 2
        elif kind in b"%|":
            left += 2 * int(data[at + 1:end]) + (kind == 124)
            at = end + 2
        elif kind in b"+-:_,#(":
            at = end + 2
        else:
            raise Silent("not a reply: %r" % bytes(data[at:at + 200]))
    return at


def parse(data, at=0):
    """(value, end): nested lists (kind, ...) of a complete value."""
    end = data.index(b"\r\n", at)
    kind = chr(data[at])
    line = bytes(data[at + 1:end])
    if kind in "$!=":
        n = int(line)
        return ("nil",) if n < 0 else (kind, bytes(data[end + 2:end + 2 + n])), end + 2 if n < 0 else end + 2 + n + 2
    if kind in "*~>%|":
        n = int(line)
        at = end + 2
        items = []
        for _ in range(n * 2 if kind in "%|" else n):
            item, at = parse(data, at)
            items.append(item)
        return (kind, n < 0, items), at
    return (kind, int(line) if kind == ":" else line), end + 2


def elements(data):
    """The values in an array, as bytes."""
    at, out = data.index(b"\r\n") + 2, []
    while at < len(data):
        end = skip_value(data, at)
        out.append(data[at:end])
        at = end
    return out


def encode(args):
    return b"*%d\r\n" % len(args) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in args)


class Connection:
    def __init__(self, server):
        self.socket = server.connect()
        self.data = bytearray()
        self.ended = False

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # what the server said before it closed is still to be read

    def receive(self):
        try:
            got = self.socket.recv(1 << 18)
        except socket.timeout:
            raise Silent("no reply")
        except OSError:
            got = b""
        if not got:
            self.ended = True
            raise Closed()
        self.data += got

    def value(self):
        while True:
            end = skip_value(self.data, 0) if self.data else -1
            if end >= 0:
                value = bytes(self.data[:end])
                del self.data[:end]
                return value
            self.receive()

    def until(self, tail):
        """All up to the bytes `tail`, which are dropped."""
        while True:
            at = self.data.find(tail)
            if at >= 0:
                value = bytes(self.data[:at])
                del self.data[:at + len(tail)]
                return value
            self.receive()

    def rest(self):
        try:
            while True:
                self.receive()
        except Closed:
            pass
        value = bytes(self.data)
        self.data.clear()
        return value

    def close(self):
        self.socket.close()


MESSAGE = re.compile(rb"(>|\*)[34]\r\n\$\d+\r\n(message|pmessage|smessage)\r\n")


def in_order(data, everything):
    """Messages that came before the replies sorted (patterns match in the order of a hash table); the replies
    too, in pieces, where a hash table gives theirs."""
    messages, at = [], 0
    while MESSAGE.match(data, at):
        end = skip_value(data, at)
        messages.append(data[at:end])
        at = end
    rest = data[at:]
    if everything:
        rest = b"\n".join(sorted(re.findall(rb"[a-z]+|:\d+|\$\d+\r\n[^\r]*", rest)))
    return b"".join(sorted(messages)) + rest


# ---- sessions ---------------------------------------------------------------

class Line:
    """One of a session's connections, on both sides, and what is known of its state."""

    def __init__(self, sides):
        self.sides = [Connection(s) for s in sides]
        self.queue = None  # how the replies of an open transaction compare; None outside
        self.locked = False
        self.subscribed = False

    def close(self):
        for c in self.sides:
            c.close()


class Difference(Exception):
    def __init__(self, args, replies, what):
        super().__init__(what)
        self.command = args
        self.replies = replies

    def signature(self):
        words = [w.decode("latin-1").upper() for w in self.command[:2]]
        if words[0] not in ("CLIENT", "CONFIG", "COMMAND", "OBJECT", "DEBUG", "PUBSUB", "MEMORY", "CLUSTER", "SLOWLOG", "LATENCY"):
            words = words[:1]
        head = [re.sub(rb"\d+|'[^']*'", b"N", r[:32]) if r[:1] in (b"-", b"<") else r[:1] for r in self.replies]
        return " ".join(words), head[0], head[1]


def near(a, b):
    return abs(a - b) <= 3000 if max(abs(a), abs(b)) > 100000 else abs(a - b) <= 3


def sorted_deep(v):
    """A parsed value with every array in one order."""
    if isinstance(v, list):
        return sorted((sorted_deep(i) for i in v), key=repr)
    return (v[0], sorted_deep(v[2])) if isinstance(v, tuple) and len(v) == 3 else v


def alike(how, a, b):
    """Compares two parsed values in a way other than byte for byte."""
    if a[0] != b[0]:
        return False
    if how == "near":
        return a[0] == ":" and near(a[1], b[1])
    if how == "shape":
        return a[0] not in "-!"
    if a[0] not in ("*", "~", "%", ">"):
        return a == b
    if how == "unordered":
        return sorted(map(repr, a[2])) == sorted(map(repr, b[2]))
    if how == "pairs":
        return sorted(map(repr, zip(a[2][::2], a[2][1::2]))) == sorted(map(repr, zip(b[2][::2], b[2][1::2])))
    if how == "deep":
        return sorted_deep(a) == sorted_deep(b)
    if how == "hello":
        hidden = (b"version", b"id", b"hearth_version")

        def facts(v):
            return [(k, x) for k, x in zip(v[2][::2], v[2][1::2]) if k[1] not in hidden]
        return facts(a) == facts(b)
    return False


class Session:
    def __init__(self, servers, verbose=False):
        self.servers = servers
        self.verbose = verbose
        self.lines = [None] * CONNECTIONS
        self.excused = 0
        self.tag = 0
        self.listener = None

    def reset(self):
        for s in self.servers:
            admin = s.admin
            for args in RESET:
                admin.send(encode(args))
            for _ in RESET:
                admin.value()

    def line(self, i):
        if self.lines[i] is None or any(c.ended for c in self.lines[i].sides):
            self.open(i)
        return self.lines[i]

    def open(self, i):
        if self.lines[i] is not None:
            self.lines[i].close()
        line = self.lines[i] = Line(self.servers)
        for c in line.sides:
            c.send(encode([b"PING"]))
        line.locked = line.sides[0].value().startswith(b"-NOAUTH")
        if line.locked != line.sides[1].value().startswith(b"-NOAUTH"):
            raise Difference([b"PING"], [b"", b""], "one side asks for a password")

    def close(self):
        for line in self.lines + [self.listener]:
            if line is not None:
                line.close()

    def run(self, steps):
        """Raises Difference with .at, the number of the step, at the first that differs."""
        self.reset()
        at = -1
        try:
            for at, step in enumerate(steps):
                if self.verbose:
                    print(at, show(step))
                getattr(self, "step_" + step[0])(*step[1:])
                if self.listener is not None:
                    self.check([b"<events of>"] + list(map(lambda a: repr(a).encode(), step)), self.heard())
            at = len(steps)
            self.compare_keys()
        except Difference as d:
            d.at = at
            raise
        finally:
            self.close()

    def both(self, read):
        """What each side says; a close or silence becomes bytes that differ from a reply."""
        replies = []
        for side in (0, 1):
            try:
                replies.append(read(side))
            except Closed:
                replies.append(b"<closed>")
            except Silent as s:
                replies.append(b"<%s>" % str(s).encode())
        return replies

    def check(self, args, replies, how="exact"):
        ref, our = replies
        if ref == our and not ref.startswith(b"<no"):
            return
        if isinstance(how, list) and ref[:1] == our[:1] == b"*":  # EXEC: each reply in its own way
            refs, ours = elements(ref), elements(our)
            if len(refs) == len(ours) == len(how):
                for (inner, inner_how), x, y in zip(how, refs, ours):
                    self.check(inner, [x, y], inner_how)
                return
        if how not in ("exact", "quit") and not isinstance(how, list) and ref[:1] != b"<" and our[:1] != b"<" and ref and our:
            try:
                if alike(how, parse(ref)[0], parse(our)[0]):
                    return
            except (ValueError, IndexError):
                pass
        for _reason, test in KNOWN:
            if test(args, ref, our):
                self.excused += 1
                return
        raise Difference(args, replies, "differs")

    # -- steps --

    def step_command(self, i, args, how, inline):
        line = self.line(i)
        if how == table.MANY and (line.queue is not None or line.locked):
            return
        if line.subscribed and args[0].upper() in PUBLISHING:
            return
        data = inline_form(args) if inline else None
        data = data or encode(args)
        tail = None
        if how == table.MANY:
            self.tag += 1
            tail = b"tail:%d" % self.tag
            data += encode([b"PING", tail])
        for c in line.sides:
            c.send(data)
        if how == "quit":
            self.check(args, [in_order(r, False) for r in self.both(lambda s: line.sides[s].rest())])
            line.sides[0].ended = True
            return
        if tail is not None:
            line.subscribed = line.subscribed or args[0] in (b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE")
            replies = self.both(lambda s: line.sides[s].until(b"\r\n" + tail + b"\r\n"))
            self.check(args, [in_order(r, len(args) == 1) for r in replies])
            return
        messages = [[], []]

        def one(side):
            while True:
                v = line.sides[side].value()
                if not MESSAGE.match(v):
                    return v
                messages[side].append(v)

        replies = self.both(one)
        self.check([b"<messages before>"] + args, [b"".join(sorted(m)) for m in messages])
        if args[0].upper() == b"EXEC" and line.queue is not None and how == "exact":
            how = line.queue
        self.check(args, replies, how)
        self.follow(line, args, how, replies[0])

    def follow(self, line, args, how, reply):
        name = args[0].upper()
        if reply == b"+QUEUED\r\n":
            line.queue.append((args, how))
        elif name == b"MULTI" and reply == b"+OK\r\n":
            line.queue = []
        elif name in (b"EXEC", b"DISCARD", b"RESET") and not reply.startswith(b"-ERR wrong number"):
            line.queue = None
        if name in (b"AUTH", b"HELLO") and not reply.startswith(b"-"):
            line.locked = False
        elif name == b"RESET" or reply.startswith(b"-NOAUTH"):
            line.locked = line.locked or reply.startswith(b"-NOAUTH")
            if name == b"RESET":
                line.subscribed = False
                self.probe(line)

    def probe(self, line):
        for c in line.sides:
            c.send(encode([b"PING"]))
        replies = self.both(lambda s: line.sides[s].value())
        self.check([b"PING"], replies)
        line.locked = replies[0].startswith(b"-NOAUTH")

    def step_listen(self, flags):
        """From here on the keyspace's events are compared, too."""
        for s in self.servers:
            s.admin.send(encode([b"CONFIG", b"SET", b"notify-keyspace-events", flags]))
            s.admin.value()
        self.listener = Line(self.servers)
        for c in self.listener.sides:
            c.send(encode([b"PSUBSCRIBE", b"__key*"]))
        self.heard()

    def heard(self):
        self.tag += 1
        tail = b"tail:%d" % self.tag
        for c in self.listener.sides:
            c.send(encode([b"PING", tail]))
        return self.both(lambda s: self.listener.sides[s].until(b"\r\n" + tail + b"\r\n"))

    def step_reopen(self, i):
        self.open(i)

    def step_silent(self, i, commands):
        """CLIENT REPLY OFF or SKIP with what it swallows, in one send."""
        line = self.line(i)
        if line.queue is not None or line.locked:
            return
        self.tag += 1
        tail = b"tail:%d" % self.tag
        for c in line.sides:
            c.send(b"".join(encode(a) for a in commands) + encode([b"PING", tail]))
        self.check(commands[0], [in_order(r, False) for r in self.both(lambda s: line.sides[s].until(b"\r\n" + tail + b"\r\n"))])

    def step_pipeline(self, i, commands):
        line = self.line(i)
        if line.subscribed and any(args[0].upper() in PUBLISHING for args, _ in commands):
            return
        for c in line.sides:
            c.send(b"".join(encode(args) for args, _ in commands))
        for args, how in commands:
            def one(side):
                while True:
                    v = line.sides[side].value()
                    if not MESSAGE.match(v):
                        return v
            replies = self.both(one)
            if args[0].upper() == b"EXEC" and line.queue is not None:
                how = line.queue
            self.check(args, replies, how)
            self.follow_quietly(line, args, how, replies[0])

    def follow_quietly(self, line, args, how, reply):
        if args[0].upper() != b"RESET":
            self.follow(line, args, how, reply)

    def step_scan(self, i, options):
        line = self.line(i)
        if line.queue is not None or line.locked:
            return
        found = []
        for c in line.sides:
            keys, cursor, turns = set(), b"0", 0
            while True:
                c.send(encode([b"SCAN", cursor] + options))
                try:
                    v = parse(c.value())[0]
                    while v[0] in "*>" and v[2] and v[2][0][1] in (b"message", b"pmessage", b"smessage"):
                        v = parse(c.value())[0]
                except (Closed, Silent) as e:
                    found.append(b"<%s>" % repr(e).encode())
                    break
                turns += 1
                if v[0] != "*":
                    found.append(b"<error>" + v[1])
                    break
                cursor = v[2][0][1]
                keys.update(k[1] for k in v[2][1][2])
                if cursor == b"0" or turns > 5000:
                    found.append(b"endless" if turns > 5000 else repr(sorted(keys)).encode())
                    break
        self.check([b"SCAN", b"0"] + options, found)

    def step_malformed(self, data, cuts):
        """On a connection of its own: the bytes in pieces, then our end; all that comes back."""
        replies = []
        for s in self.servers:
            c = Connection(s)
            at = 0
            for cut in cuts + [len(data)]:
                c.send(data[at:cut])
                at = cut
            try:
                c.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            try:
                replies.append(c.rest())
            except Silent:
                replies.append(b"<no close>" + bytes(c.data))
            c.close()
        self.check([b"<raw>", data], replies)

    def step_stays_closed(self, data):
        """Bytes after which the server itself must close, while our side stays open."""
        replies = []
        for s in self.servers:
            c = Connection(s)
            c.send(data)
            try:
                replies.append(c.rest())
            except Silent:
                replies.append(b"<no close>" + bytes(c.data))
            c.close()
        self.check([b"<raw, then the server closes>", data], replies)

    def compare_keys(self):
        for db in (b"0", b"1", b"2"):
            listing = []
            for s in self.servers:
                s.admin.send(encode([b"SELECT", db]) + encode([b"KEYS", b"*"]))
                s.admin.value()
                listing.append(repr(sorted(k[1] for k in parse(s.admin.value())[0][2])).encode())
            self.check([b"KEYS", b"*", b"of", db], listing)
            for k in eval(listing[0]):
                for args, how in (([b"TYPE", k], "exact"), ([b"GET", k], "exact"), ([b"PEXPIRETIME", k], "near"),
                                  ([b"OBJECT", b"ENCODING", k], "exact")):
                    for s in self.servers:
                        s.admin.send(encode(args))
                    self.check(args, [s.admin.value() for s in self.servers], how)
            for s in self.servers:
                s.admin.send(encode([b"SELECT", b"0"]))
                s.admin.value()


# A message to oneself comes before the reply in 7.0, even inside EXEC's array, and behind it in 7.2.
PUBLISHING = (b"PUBLISH", b"SPUBLISH")

RESET = [[b"CONFIG", b"SET", b"requirepass", b""], [b"CLIENT", b"UNPAUSE"], [b"FLUSHALL"]] + \
    [[b"CONFIG", b"SET", name, values[0]] for name, values in table.SETTINGS
     if name not in (b"port", b"databases", b"no-such-setting", b"client-output-buffer-limit")] + \
    [[b"CONFIG", b"SET", b"notify-keyspace-events", b""],
     [b"CONFIG", b"SET", b"client-output-buffer-limit", b"normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60"]]


def inline_form(args):
    out = []
    for a in args:
        if a and all(33 <= c <= 126 and c not in b"'\"" for c in a):
            out.append(a)
        else:
            out.append(b'"' + b"".join(bytes([c]) if 32 <= c <= 126 and c not in b'"\\' else b"\\x%02x" % c for c in a) + b'"')
    line = b" ".join(out)
    return line + b"\r\n" if len(line) < 30000 and args[0] else None


# ---- making sessions --------------------------------------------------------

def rows_of(families):
    rows = [row for name in families for row in table.FAMILIES[name]]
    return rows, [row[0] for row in rows]


def spoil(r, args, how):
    """Makes a command wrong in one way."""
    args = list(args)
    n = r.random()
    if n < 0.3 and len(args) > 1:
        args.pop(r.randrange(1, len(args)))
    elif n < 0.55:
        args.insert(r.randrange(1, len(args) + 1), r.choice(table.WEIRD))
    elif n < 0.9 and len(args) > 1:
        args[r.randrange(1, len(args))] = r.choice(table.WEIRD)
    else:
        args[0] = args[0].lower() if r.random() < 0.5 else args[0].title()
    name = args[0].upper()
    if how == "exact" and name in (b"SCAN", b"KEYS", b"COMMAND", b"CLIENT", b"LATENCY", b"SLOWLOG", b"TTL", b"PTTL", b"TIME", b"RANDOMKEY"):
        how = "shape"  # a spoilt one may have become valid, and then its reply is its own
    if name in (b"CONFIG", b"DEBUG", b"RESET", b"AUTH", b"CLIENT", b"SHUTDOWN", b"HELLO", b"WAIT", b"COMMAND"):
        return None
    return args, how


def make_command(r, rows, weights):
    while True:
        _, name, makers, how = r.choices(rows, weights)[0]
        args = [name.encode()] + [a for m in (makers if isinstance(makers, tuple) else (makers,)) for a in m(r)]
        if r.random() < 0.08 and how not in (table.MANY, "quit", "hello"):
            spoilt = spoil(r, args, how)
            if spoilt is None:
                continue
            args, how = spoilt
        return args, how


def plain_stream(r):
    """A short pipeline whose replies are the same everywhere, to be damaged. Its keys are small ones of its own: what
    doesn't fit the socket when our end closes is lost in Redis."""
    out = []
    for _ in range(r.randint(1, 5)):
        args = r.choice([[b"PING"], [b"ECHO", b"words"], [b"SET", b"ra", b"1"], [b"GET", b"ra"], [b"INCR", b"rn"], [b"MGET", b"ra", b"rb"], [b"NOSUCH", b"x"]])
        out.append(encode(args) if r.random() < 0.8 else b" ".join(args) + r.choice([b"\r\n", b"\n"]))
    return b"".join(out)


def damage(r, data):
    data = bytearray(data)
    for _ in range(r.choice([0, 1, 1, 1, 2, 3])):
        at = r.randrange(len(data)) if data else 0
        n = r.random()
        if n < 0.3 and data:
            data[at] = r.choice(b"*$\r\n0123456789-+ '\"x\xff")
        elif n < 0.55:
            data.insert(at, r.choice(b"*$\r\n0123456789-+ '\"x\xff"))
        elif n < 0.8 and data:
            del data[at]
        elif data:
            del data[at:]
    return bytes(data)


def make_session(seed, number, families):
    r = random.Random("%d/%d" % (seed, number))
    wanted = families
    if len(families) > 2 and r.random() < 0.6:  # most sessions dwell on a part: states meet more often
        wanted = r.sample(families, r.randint(1, 3))
    rows, weights = rows_of(wanted)
    steps = []
    if r.random() < 0.15:
        steps.append(("listen", r.choice([b"KEA", b"KEA", b"KEAm", b"KEg$nxe", b"Eg$", b"Kx", b"Kg", b"E$m"])))
    if r.random() < 0.05:
        steps.append(("command", 0, [b"CONFIG", b"SET", b"requirepass", b"sekret"], "exact", False))
    for i in range(CONNECTIONS):
        if r.random() < 0.25:
            steps.append(("command", i, [b"HELLO", b"3"], "hello", False))
    for _ in range(r.randint(15, 60)):
        i = r.choices(range(CONNECTIONS), (6, 2, 1))[0]
        n = r.random()
        if n < 0.84:
            args, how = make_command(r, rows, weights)
            steps.append(("command", i, args, how, r.random() < 0.04))
        elif n < 0.90:
            options = [a for a in table.shuffled(table.both(table.word(b"MATCH"), table.pattern),
                                                 table.both(table.word(b"COUNT"), table.pick(b"1", b"3", b"10", b"1000")),
                                                 table.both(table.word(b"TYPE"), table.pick(b"string", b"hash", b"STRING", b"nosuch")))(r)]
            steps.append(("scan", i, options))
        elif n < 0.94:
            commands = [c for c in (make_command(r, rows, weights) for _ in range(r.randint(2, 12))) if c[1] not in (table.MANY, "quit", "hello")]
            steps.append(("pipeline", i, [c for c in commands if c[0][0].upper() != b"RESET"]))
        elif n < 0.955:
            bytes_ = damage(r, plain_stream(r)) if r.random() < 0.7 else r.choice(table.MALFORMED)
            cuts = sorted(r.sample(range(len(bytes_)), min(len(bytes_), r.randint(0, 3))))
            steps.append(("malformed", bytes_, cuts))
        elif n < 0.965:
            steps.append(("reopen", i))
        elif n < 0.975:
            body = [[b"SET", b"a", b"x"], [b"NOSUCH"], [b"GET", b"a"]]
            steps.append(("silent", i, [[b"CLIENT", b"REPLY", b"SKIP"], r.choice(body), r.choice(body)] if r.random() < 0.5 else
                          [[b"CLIENT", b"REPLY", b"OFF"], r.choice(body), r.choice(body), [b"CLIENT", b"REPLY", b"ON"]]))
        else:
            block = [([b"MULTI"], "exact")]
            block += [c for c in (make_command(r, rows, weights) for _ in range(r.randint(0, 6)))
                      if c[1] not in (table.MANY, "quit", "hello") and c[0][0].upper() not in (b"RESET", b"MULTI", b"EXEC", b"DISCARD")]
            steps.append(("pipeline", i, block + [([b"EXEC"], "exact")]))
    return steps


# After these the server closes by itself.
CLOSING = (b"*1\r\n$-1\r\n", b"*x\r\n", b"*1\r\n:1\r\n", b"'PING\r\n", b"QUIT\r\n", b"POST /\r\n", b"*1\r\n$536870913\r\n")


FIXED = len(CLOSING) + len(table.MALFORMED)


def fixed_session(number):
    """The first sessions: each malformed input once, whole and in single bytes."""
    if number < len(CLOSING):
        return [("stays_closed", CLOSING[number])]
    data = table.MALFORMED[number - len(CLOSING)]
    cut = list(range(1, len(data))) if len(data) < 200 else []
    return [("malformed", data, []), ("malformed", data, cut)]


# ---- reports ----------------------------------------------------------------

def show_args(args):
    def one(a):
        if len(a) > 120:
            return "<%d bytes %r...>" % (len(a), a[:12])
        return a.decode() if re.fullmatch(rb"[A-Za-z0-9_:.*?{}|+-]+", a) else repr(a)[1:]
    return " ".join(one(a) for a in args)


def show(step):
    kind = step[0]
    if kind == "command":
        return "c%d%s> %s" % (step[1], " inline" if step[4] else "", show_args(step[2]))
    if kind == "scan":
        return "c%d> SCAN all: %s" % (step[1], show_args(step[2]))
    if kind == "pipeline":
        return "c%d in one send> %s" % (step[1], " ; ".join(show_args(a) for a, _ in step[2]))
    if kind == "silent":
        return "c%d in one send> %s" % (step[1], " ; ".join(map(show_args, step[2])))
    if kind == "malformed":
        return "new connection, %s> %s, then our end is closed" % ("cut at %s" % step[2] if 0 < len(step[2]) < 8 else "whole" if not step[2] else "cut often",
                                                                    show_args([step[1]]))
    return "%s %s" % (kind, show_args([str(a).encode() if not isinstance(a, bytes) else a for a in step[1:]]))


def fails_alike(servers, steps, signature):
    try:
        Session(servers).run(steps)
    except Difference as d:
        return d if d.signature() == signature else None
    return None


def reduce_steps(servers, steps, difference):
    """Drops steps while the same difference remains."""
    signature = difference.signature()
    steps = steps[:max(difference.at, 0) + 1]
    best = fails_alike(servers, steps, signature)
    if best is None:
        return steps, difference
    size = max(1, len(steps) // 2)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        at, shrunk = 0, False
        while at < len(steps) and time.monotonic() < until:
            fewer = steps[:at] + steps[at + size:]
            d = fails_alike(servers, fewer, signature)
            if d is not None:
                steps, best, shrunk = fewer, d, True
            else:
                at += size
        if size > 1:
            size //= 2
        elif not shrunk:
            break
    last = steps[-1] if steps else None
    if last and last[0] == "pipeline":
        commands = list(last[2])
        for k in range(len(commands) - 1, -1, -1):
            fewer = steps[:-1] + [("pipeline", last[1], commands[:k] + commands[k + 1:])]
            d = fails_alike(servers, fewer, signature)
            if d is not None:
                steps, best = fewer, d
                commands = steps[-1][2]
    return steps, best


def report(seed, number, steps, difference):
    print("--- differs (--seed %d --only %d), %d steps:" % (seed, number, len(steps)))
    for step in steps:
        print("    " + show(step))
    print("  at: " + show_args(difference.command))
    for name, reply in zip(("redis ", "hearth"), difference.replies):
        print("  %s: %s" % (name, repr(reply[:600])[1:] + ("... (%d bytes)" % len(reply) if len(reply) > 600 else "")))
    sys.stdout.flush()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--redis", default=os.environ.get("REDIS_SERVER", shutil.which("redis-check-rdb") or ""))
    p.add_argument("--server", default=os.environ.get("HEARTH_SERVER", "build/hearth-server"))
    p.add_argument("--seconds", type=float, default=20)
    p.add_argument("--long", action="store_true", help="ten minutes, a new seed")
    p.add_argument("--sessions", type=int, default=0, help="stop after so many")
    p.add_argument("--seed", type=int, default=None)
    p.add_argument("--only", type=int, default=None, help="one session")
    p.add_argument("--families", default=",".join(table.FAMILIES))
    p.add_argument("--most", type=int, default=15, help="different failures to report before giving up")
    p.add_argument("--verbose", action="store_true")
    o = p.parse_args()
    if not o.redis:
        print("differential: no redis-check-rdb to compare with (package redis-tools)")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    seed = o.seed if o.seed is not None else (random.SystemRandom().randrange(1 << 30) if o.long else 20)
    seconds = 600 if o.long else o.seconds
    families = o.families.split(",")
    servers = [Server(o.redis, "redis"), Server(o.server, "hearth")]
    for s in servers:
        s.admin = Connection(s)
    passed = failed = 0
    seen, steps_run, excused = set(), 0, 0
    start = time.monotonic()
    number = o.only if o.only is not None else 0
    print("differential: seed %d" % seed)
    died = False
    while True:
        steps = fixed_session(number) if number < FIXED else make_session(seed, number, families)
        session = Session(servers, o.verbose)
        try:
            session.run(steps)
            passed += 1
        except Difference as d:
            failed += 1
            if d.signature() not in seen:
                seen.add(d.signature())
                if servers[1].process.poll() is None:
                    steps, d = reduce_steps(servers, steps, d)
                report(seed, number, steps, d)
        except Exception as e:  # the test's own connection broke, or it did not understand a reply
            failed += 1
            print("--- session %d (--seed %d --only %d): %r" % (number, seed, number, e))
            died = True
        steps_run += len(steps)
        excused += session.excused
        number += 1
        if servers[1].process.poll() is not None or died:
            break
        if o.only is not None or len(seen) >= o.most or (o.sessions and number >= o.sessions) or time.monotonic() - start > seconds:
            break
    for s in servers:
        why = s.stop()
        if why is not None:
            failed += 1
            print(why)
    print("differential: %d steps, %d differences that are known, %.0f s" % (steps_run, excused, time.monotonic() - start))
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
