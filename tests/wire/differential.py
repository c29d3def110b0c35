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
import decimal
import os
import random
import re
import select
import shutil
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import differential_collections as collections  # noqa: E402
import differential_commands as table  # noqa: E402
from servers import Server  # noqa: E402

PATIENCE = 15.0
CONNECTIONS = 3
FAMILIES = {**table.FAMILIES, **collections.FAMILIES}


# ---- known differences ------------------------------------------------------
# (reason, test(args, redis's reply, ours)): Debian's Redis is 7.0, Hearth follows 7.2.

def _hello_text(args, ref, our):
    return args[0].upper() == b"HELLO" and ref.replace(b"the HELLO AUTH", b"the HELLO <proto> AUTH") == our


def _tips(args, ref, our):
    if args[0].upper() != b"COMMAND" or args[1].upper() != b"INFO":
        return False

    def without(data):
        rows = parse(data.replace(b"+touches_arbitrary_keys\r\n", b"+readonly\r\n"))[0][2]
        return [i[2][:2] + [sorted(set(map(repr, i[2][2][2])))] + i[2][3:7] + i[2][8:] if len(i) == 3 and i[2] else i for i in rows]
    return sorted_deep(without(ref)) == sorted_deep(without(our))


def _refcount(args, ref, our):
    return args[0].upper() == b"OBJECT" and args[1].upper() == b"REFCOUNT" and (ref, our) == (b":1\r\n", b":2147483647\r\n")


def leaves(v):
    """The values of a parsed reply without its arrays."""
    if v[0] in "*~>%|":
        return [leaf for item in v[2] for leaf in leaves(item)]
    return [v]


def shortest(value):
    """A score's text since 7.2: no digits that another double wouldn't need."""
    if abs(value) <= 2 ** 62 and value == int(value):
        return b"%d" % int(value)
    sign, digits, exponent = decimal.Decimal(repr(value)).normalize().as_tuple()
    digits, point = "".join(map(str, digits)), len(digits) + exponent
    if exponent >= 0 and abs(point - 1) < len(digits) + 7:
        text = digits + "0" * exponent
    elif exponent < 0 and (exponent > -7 or abs(point - 1) < 4):
        text = digits[:point] + "." + digits[point:] if point > 0 else "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + "e%+d" % (point - 1)
    return (("-" if sign else "") + text).encode()


def same_number(ref, our):
    try:
        return ref == our or (float(ref) == float(our) and our == shortest(float(ref)))
    except (ValueError, TypeError, OverflowError):
        return False


def _digits(args, ref, our):
    if not re.match(rb"B?Z|GEO|SORT", args[0].upper()) or ref[:1] not in b"*$,~" or our[:1] not in b"*$,~":
        return False
    refs, ours = leaves(parse(ref)[0]), leaves(parse(our)[0])
    return len(refs) == len(ours) and all(r == o or (r[0] == o[0] and r[0] in "$," and same_number(r[1], o[1])) for r, o in zip(refs, ours))


def _rank(args, ref, our):
    return args[0].upper() == b"LPOS" and our.startswith(b"-ERR value is out of range, value must between")


def _served_again(args, ref, our):
    return args[0].upper() in collections.BLOCKING and not ref.startswith(b"-") and our.startswith(b"-WRONGTYPE")


def _timeout(args, ref, our):
    return args[0].upper() in collections.BLOCKING and ref == b"-ERR timeout is negative\r\n" and our == b"-ERR timeout is out of range\r\n"


def _migrate_queued(args, ref, our):
    return args[0].upper() == b"MIGRATE" and our.startswith(b"-ERR MIGRATE isn't allowed in a transaction")


def _minus_zero(args, ref, our):
    if not re.match(rb"B?Z|GEO", args[0].upper()):
        return False
    if ref[:1] == b"[":
        return ref.replace(b"-0.0)", b"0.0)") == our.replace(b"-0.0)", b"0.0)")
    refs, ours = ([b"0" if leaf[-1] == b"-0" else leaf[-1] for leaf in leaves(parse(r)[0])] for r in (ref, our))
    return refs == ours


def _restore_ttl(args, ref, our):
    return args[0].upper() == b"RESTORE" and not args[2].startswith(b"-") and our == b"-ERR Invalid TTL value, must be >= 0\r\n"


def _migrate_misses(args, ref, our):
    return args[0] == b"<events of>" and b"keymiss" in ref and any(b"MIGRATE" in a for a in map(bytes.upper, args))


def _many_fields(args, ref, our):
    return args[0].upper() == b"OBJECT" and (ref, our) in (
        (b"$8\r\nlistpack\r\n", b"$9\r\nhashtable\r\n"), (b"$8\r\nlistpack\r\n", b"$8\r\nskiplist\r\n"))


def _encoding(args, ref, our):
    return args[0].upper() == b"OBJECT" and our == b"$8\r\nlistpack\r\n" and ref in (
        b"$9\r\nhashtable\r\n", b"$9\r\nquicklist\r\n", b"$6\r\nintset\r\n")


KNOWN = [
    ("scores have the shortest digits since 7.2", _digits),
    ("small sets and lists are listpacks since 7.2", _encoding),
    ("since 7.2 the number of arguments counts for the first encoding, not what is different among them", _many_fields),
    ("MIGRATE in a transaction is refused, as it would hold up everyone", _migrate_queued),
    ("so it looks up no keys there", _migrate_misses),
    ("a packed set has no minus zero, a table does, and which it is follows 7.2", _minus_zero),
    ("a time to live beyond the clock's range is refused: Redis's sum overflows, and the key is gone", _restore_ttl),
    ("a timeout beyond the clock's range has an error of its own since 7.2", _timeout),
    ("the lowest RANK is out of range since 7.2", _rank),
    ("what waited runs again from the start since 7.2, and may come upon another type", _served_again),
    ("HELLO's refusal without a password names <proto> since 7.2", _hello_text),
    ("7.2 gives more command tips and a flag of commands that touch arbitrary keys", _tips),
    ("a small integer that COPY made counts as shared: Hearth shares none and only says so", _refcount),
]


PARTING = {_served_again, _restore_ttl}  # these leave other values behind


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


class Parted(Exception):
    """After a known difference the two sides hold other values: the session is over."""


class Difference(Exception):
    def __init__(self, args, replies, what):
        super().__init__(what)
        self.command = args
        self.replies = replies

    def signature(self):
        command = self.command
        if command[0] == b"<events of>":  # the step's words follow
            command = command[:1] + re.findall(rb"b'([A-Za-z_]+)'", b" ".join(command[1:]))[:1]
        words = [w.decode("latin-1").upper() for w in command[:2]]
        if words[0] not in ("<EVENTS OF>", "CLIENT", "CONFIG", "COMMAND", "OBJECT", "DEBUG", "PUBSUB", "MEMORY", "CLUSTER", "SLOWLOG", "LATENCY"):
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
        self.sorted = False
        self.overflowed = False

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
                self.sorted = self.sorted or "SORT" in repr(step).upper()
                # A number out of range leaves an errno behind in Redis, on which its next SORT fails.
                self.overflowed = self.overflowed or any(n in repr(step) for n in ("18446744073709551616", "99999999999999999999999", "5e-324", "1e4000"))
                getattr(self, "step_" + step[0])(*step[1:])
                if self.listener is not None:
                    words = [repr(a).encode() for a in step]
                    heard = self.heard()
                    if any(b"keymiss" in h for h in heard):  # SORT looks keys up in the order of the set's table
                        heard = [in_order(h, False) for h in heard]
                    self.check([b"<events of>"] + words, heard)
            at = len(steps)
            self.compare_keys()
        except Parted:
            pass
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
                if test in PARTING:
                    raise Parted()
                return
        # SORT makes a skiplist of the sorted set that it reads; here reading changes nothing.
        if self.sorted and args[0].upper() == b"OBJECT" and (ref, our) == (b"$8\r\nskiplist\r\n", b"$8\r\nlistpack\r\n"):
            self.excused += 1
            return
        raise Difference(args, replies, "differs")

    # -- steps --

    def step_command(self, i, args, how, inline):
        line = self.line(i)
        if how == table.MANY and (line.queue is not None or line.locked):
            return
        if (line.subscribed and args[0].upper() in PUBLISHING) or self.is_spoilt([(args, how)]):
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
        if (line.subscribed and any(args[0].upper() in PUBLISHING for args, _ in commands)) or self.is_spoilt(commands):
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

    def step_scan(self, i, head, options):
        line = self.line(i)
        if line.queue is not None or line.locked:
            return
        found = []
        for c in line.sides:
            elements, cursor, turns = [], b"0", 0
            while True:
                c.send(encode(head + [cursor] + options))
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
                elements += [k[1] for k in v[2][1][2]]
                if cursor == b"0" or turns > 5000:
                    found.append(b"endless" if turns > 5000 else self.scanned(head[0], elements))
                    break
        self.check(head + [b"0"] + options, found)

    @staticmethod
    def scanned(name, elements):
        """What a whole iteration gave, as bytes that compare: each thing once."""
        if name == b"HSCAN":
            elements = zip(elements[::2], elements[1::2])
        elif name == b"ZSCAN":
            elements = zip(elements[::2], map(float, elements[1::2]))
        return repr(sorted(set(elements))).encode()

    def is_spoilt(self, commands):
        return self.overflowed and any(args[0].upper() in (b"SORT", b"SORT_RO") for args, _ in commands)

    def is_busy(self, i):
        line = self.line(i)
        return line.queue is not None or line.locked or line.subscribed

    def ask(self, i, args):
        """The replies of both sides, not compared."""
        line = self.line(i)
        for c in line.sides:
            c.send(encode(args))
        return self.both(lambda s: line.sides[s].value())

    def step_draw(self, i, name, key, content, pairs, wanted):
        """A random choice: judged by what was there."""
        if self.is_busy(i):
            return
        args = [name, key] + ([b"%d" % wanted] if wanted is not None else []) + ([pairs] if pairs else [])
        there = self.ask(i, [content[0], key] + content[1:])
        if b"<" in (there[0][:1], there[1][:1]) or there[0][:1] == b"-":
            self.check([content[0], key], there)
            return
        drawn = self.ask(i, args)
        facts, popped = [], []
        for side in (0, 1):
            if drawn[side][:1] in (b"-", b"<"):
                facts.append(drawn[side])
                continue
            all_, got = leaves(parse(there[side])[0]), leaves(parse(drawn[side])[0])
            if len(content) > 1 or content[0] == b"HGETALL":
                all_ = list(zip(all_[::2], all_[1::2])) if pairs else all_[::2]
            if pairs:
                got = list(zip(got[::2], got[1::2]))
            popped.append([g[1] for g in got if g[0] == "$"])
            facts.append(b"%s, %d of them, all from there: %d, all different: %d" % (
                drawn[side][:1], len(got), not all_ or all(g in all_ for g in got), len(set(got)) == len(got) or (wanted or 0) < 0))
        self.check(args, facts)
        if name == b"SPOP" and len(popped) == 2 and popped[0] + popped[1]:
            both = sorted(set(popped[0] + popped[1]))
            self.check([b"SREM", key] + both, self.ask(i, [b"SREM", key] + both))

    def step_wait(self, waits, actions, together):
        """Connections 0, 1 block in this order, the last one acts, and what then still waits is unblocked."""
        if any(self.is_busy(i) for i in range(CONNECTIONS)):
            return
        actor = CONNECTIONS - 1
        ids = [[parse(r)[0][1] for r in self.ask(i, [b"CLIENT", b"ID"])] for i in range(len(waits))]
        blocked = [0, 0]
        for i, args in enumerate(waits):
            for c in self.lines[i].sides:
                c.send(encode(args))
            states = [self.blocks(side, self.lines[i].sides[side], blocked[side] + 1) for side in (0, 1)]
            blocked = [n + s for n, s in zip(blocked, states)]
            self.check([b"<blocks>"] + args, [b"%d" % s for s in states])
        if together:
            self.step_pipeline(actor, [([b"MULTI"], "exact")] + actions + [([b"EXEC"], "exact")])
        else:
            for args, how in actions:
                self.step_command(actor, args, how, False)
        for i in range(len(waits)):
            for side, server in enumerate(self.servers):
                server.admin.send(encode([b"CLIENT", b"UNBLOCK", b"%d" % ids[i][side]]))
            self.check([b"<still blocked>"] + waits[i], [s.admin.value() for s in self.servers])
        for i, args in enumerate(waits):
            self.check(args, self.both(lambda s, i=i: self.lines[i].sides[s].value()))

    def blocks(self, side, connection, wanted):
        """Whether the server counts so many blocked clients; False when this one was answered."""
        admin = self.servers[side].admin
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            admin.send(encode([b"INFO", b"clients"]))
            if b"\nblocked_clients:%d\r" % wanted in admin.value():
                return True
            if select.select([connection.socket], [], [], 0)[0]:
                return False
        raise Silent("neither blocked nor answered")

    def step_exchange(self, key):
        """What each side dumps is restored on both."""
        payloads = []
        for s in self.servers:
            s.admin.send(encode([b"DUMP", key]))
            payloads.append(parse(s.admin.value())[0])
        self.check([b"DUMP", key], [p[0].encode() for p in payloads])
        for target, payload in zip((b"by:redis", b"by:hearth"), payloads):
            if payload[0] == "$":
                args = [b"RESTORE", target, b"0", payload[1], b"REPLACE"]
                for s in self.servers:
                    s.admin.send(encode(args))
                self.check(args, [s.admin.value() for s in self.servers])

    def step_limits(self, settings):
        for s in self.servers:
            for name, value in settings:
                s.admin.send(encode([b"CONFIG", b"SET", name, value]))
            for _ in settings:
                s.admin.value()

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
            listing = self.of_admin([[b"SELECT", db], [b"KEYS", b"*"]])[1]
            keys = [sorted(k[1] for k in parse(reply)[0][2]) for reply in listing]
            self.check([b"KEYS", b"*", b"of", db], [repr(k).encode() for k in keys])
            types = self.of_admin([[b"TYPE", k] for k in keys[0]])
            questions = []
            for k, replies in zip(keys[0], types):
                self.check([b"TYPE", k], replies)
                questions += [(args[:1] + [k] + args[1:], how) for args, how in CONTENTS[replies[0]]]
                questions += [([b"PEXPIRETIME", k], "near"), ([b"OBJECT", b"ENCODING", k], "exact")]
            for (args, how), replies in zip(questions, self.of_admin([args for args, _ in questions])):
                self.check(args, replies, how)
        self.of_admin([[b"SELECT", b"0"]])

    def of_admin(self, commands):
        """The two sides' replies to each command, sent in one go."""
        for s in self.servers:
            s.admin.send(b"".join(map(encode, commands)))
        return list(zip(*[[s.admin.value() for _ in commands] for s in self.servers]))


CONTENTS = {
    b"+string\r\n": [([b"GET"], "exact")], b"+list\r\n": [([b"LRANGE", b"0", b"-1"], "exact")], b"+set\r\n": [([b"SMEMBERS"], "unordered")],
    b"+zset\r\n": [([b"ZRANGE", b"0", b"-1", b"WITHSCORES"], "exact")], b"+hash\r\n": [([b"HGETALL"], "pairs")], b"+none\r\n": []}

# A message to oneself comes before the reply in 7.0, even inside EXEC's array, and behind it in 7.2.
PUBLISHING = (b"PUBLISH", b"SPUBLISH")

RESET = [[b"CONFIG", b"SET", b"requirepass", b""], [b"CLIENT", b"UNPAUSE"], [b"FLUSHALL"]] + \
    [[b"CONFIG", b"SET", name, values[0]] for name, values in table.SETTINGS
     if name not in (b"port", b"databases", b"no-such-setting", b"client-output-buffer-limit")] + \
    [[b"CONFIG", b"SET", name, value] for name, value in collections.LIMIT_DEFAULTS] + \
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
    rows = [row for name in families for row in FAMILIES[name]]
    return rows, [row[0] for row in rows]


# Spoilt these would wait for ever, have replies and effects that nothing orders, damage what must be whole, or take an option that 7.2 added.
UNSPOILT = collections.BLOCKING | {b"SPOP", b"SORT", b"SORT_RO", b"SETRANGE", b"ZRANK", b"ZREVRANK"}


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
    if name in UNSPOILT or any(a in collections.LEX_KEYS for a in args):
        return None
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


SCANS = [("hashes", b"HSCAN", collections.hash_key), ("sets", b"SSCAN", collections.set_key), ("zsets", b"ZSCAN", collections.zset_key)]


def extra_step(r, families, i):
    """Now and then a step that only collections have."""
    n = r.random()
    if n < 0.04:
        draw = collections.draw(r, families)
        return [("draw", i, *draw)] if draw else []
    if n < 0.08:
        waits = [w for w in (collections.waiting(r, families) for _ in range(r.randint(1, CONNECTIONS - 1))) if w]
        if waits:
            rows = waits[0][1] + [(2, "DEL", (collections.any_key,), "exact"), (2, "RENAME", (collections.any_key, collections.any_key), "exact")]
            actions = [c for c in (make_command(r, rows, [row[0] for row in rows]) for _ in range(r.randint(1, 4))) if c[0][0] not in collections.BLOCKING]
            # Of several keys with a value a client is given the first of its own since 7.2, before that the one that came first.
            waits = [args for args, _ in waits]
            one = all(map(collections.waits_for_one, waits))
            return [("wait", waits if one else waits[:1], actions, one and r.random() < 0.3)]
    if n < 0.11 and any(f in collections.FAMILIES for f in families):
        return [("exchange", collections.any_key(r)[0])]
    return []


def make_session(seed, number, families):
    r = random.Random("%d/%d" % (seed, number))
    wanted = families
    if len(families) > 2 and r.random() < 0.75:  # most sessions dwell on a part: states meet more often
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
    if r.random() < 0.5:
        steps.append(("limits", [(name, r.choice(values)) for name, values in r.sample(collections.LIMITS, 5)]))
    for _ in range(r.randint(15, 60)):
        i = r.choices(range(CONNECTIONS), (6, 2, 1))[0]
        n = r.random()
        if n < 0.84:
            args, how = make_command(r, rows, weights)
            steps.append(("command", i, args, how, r.random() < 0.04))
            steps += extra_step(r, wanted, i)
        elif n < 0.90:
            options = [a for a in table.shuffled(table.both(table.word(b"MATCH"), table.pattern),
                                                 table.both(table.word(b"COUNT"), table.pick(b"1", b"3", b"10", b"1000")),
                                                 table.both(table.word(b"TYPE"), table.pick(b"string", b"hash", b"STRING", b"nosuch")))(r)]
            heads = [[b"SCAN"]] + [[name, key(r)[0]] for family, name, key in SCANS if family in wanted] * 2
            head = r.choice(heads)
            steps.append(("scan", i, head, options if len(head) == 1 else [o for at, o in enumerate(options) if b"TYPE" not in map(bytes.upper, options[max(0, at - 1):at + 1])]))
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
        return "c%d> %s all: %s" % (step[1], show_args(step[2]), show_args(step[3]))
    if kind == "wait":
        return "; ".join("c%d waits> %s" % (i, show_args(args)) for i, args in enumerate(step[1])) + "; then c%d%s> " % (
            CONNECTIONS - 1, " in MULTI" if step[3] else "") + " ; ".join(show_args(a) for a, _ in step[2])
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
    p.add_argument("--families", default=",".join(FAMILIES))
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
