#!/usr/bin/python3
"""Compares Hearth's command table with Debian's Redis, command by command.

For every command and subcommand that both have: COMMAND INFO (arity, flags, key positions, ACL categories, tips,
key specifications) and COMMAND DOCS (group, since, deprecation, the tree of arguments). Debian's Redis is 7.0 while
Hearth follows 7.2: what 7.2 changed stands in KNOWN with its reason, and an entry there that no longer differs fails
too. What Hearth lacks isn't looked at. One test a command.
"""
import os
import socket
import subprocess
import sys
import tempfile
import time

# Arguments are compared by everything but "display_text" (new in 7.2), and names as 7.2 spells them, with '-' for '_'.
# 7.2 renamed many blocks and one-ofs, which no client shows: their names aren't compared.
#
# (command, what differs): why. The value on Hearth's side is what 7.2 answers.
ARGUMENTS = "7.2 corrected the arguments"
KNOWN = {
    ("acl|cat", "arguments"): ARGUMENTS,
    ("bitop", "arguments"): ARGUMENTS,
    ("blmove", "flags"): "scripts may run it since 7.2",
    ("blpop", "flags"): "scripts may run it since 7.2",
    ("brpop", "flags"): "scripts may run it since 7.2",
    ("brpoplpush", "flags"): "scripts may run it since 7.2",
    ("bzpopmax", "flags"): "scripts may run it since 7.2",
    ("bzpopmin", "flags"): "scripts may run it since 7.2",
    ("client|kill", "arguments"): ARGUMENTS + "; Hearth's have no deprecated_since",
    ("client|list", "arguments"): ARGUMENTS,
    ("client|pause", "since"): "corrected in 7.2",
    ("client|setname", "tips"): "new in 7.2",
    ("cluster|setslot", "arguments"): ARGUMENTS,
    ("cluster|shards", "flags"): "answers while loading since 7.2",
    ("cluster|slots", "flags"): "answers while loading since 7.2",
    ("command|getkeys", "arguments"): ARGUMENTS,
    ("command|getkeys", "arity"): "corrected in 7.2",
    ("command|getkeysandflags", "arguments"): ARGUMENTS,
    ("command|getkeysandflags", "arity"): "corrected in 7.2",
    ("config|get", "arguments"): ARGUMENTS,
    ("config|resetstat", "tips"): "new in 7.2",
    ("config|rewrite", "tips"): "new in 7.2",
    ("geohash", "arguments"): ARGUMENTS,
    ("geopos", "arguments"): ARGUMENTS,
    ("georadius", "arguments"): ARGUMENTS,
    ("georadiusbymember", "arguments"): ARGUMENTS,
    ("hscan", "arguments"): "NOVALUES is of 7.4",
    ("latency|reset", "tips"): "corrected in 7.2",
    ("lcs", "arguments"): ARGUMENTS,
    ("migrate", "arguments"): ARGUMENTS,
    ("module|loadex", "arguments"): ARGUMENTS,
    ("msetnx", "tips"): "7.2 took them away: MSETNX can't be split over shards",
    ("pfmerge", "arguments"): ARGUMENTS,
    ("psubscribe", "arguments"): ARGUMENTS,
    ("randomkey", "flags"): "touches_arbitrary_keys is new in 7.2",
    ("randomkey", "tips"): "new in 7.2",
    ("scan", "flags"): "touches_arbitrary_keys is new in 7.2",
    ("scan", "tips"): "new in 7.2",
    ("sort", "arguments"): ARGUMENTS,
    ("sort_ro", "arguments"): ARGUMENTS,
    ("wait", "flags"): "allowed in scripts since 7.2",
    ("zrank", "arguments"): "WITHSCORE is new in 7.2",
    ("zrank", "arity"): "WITHSCORE is new in 7.2",
    ("zrevrank", "arguments"): "WITHSCORE is new in 7.2",
    ("zrevrank", "arity"): "WITHSCORE is new in 7.2",
    **{(name, field): "deprecated in 7.2" for name in ("psetex", "quit", "setex", "setnx")
       for field in ("doc flags", "deprecated since", "replaced by")},
}


class Connection:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def __call__(self, *words):
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            data = word.encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self.socket.sendall(b"".join(parts))
        return self.read()

    def read(self):
        line = self.file.readline()
        if not line:
            raise EOFError("the server closed the connection")
        kind, text = line[:1], line[1:-2]
        if kind == b"+":
            return text.decode()
        if kind == b"-":
            raise RuntimeError(text.decode())
        if kind == b":":
            return int(text)
        count = int(text)
        if count < 0:
            return None
        if kind == b"$":
            return self.file.read(count + 2)[:-2].decode()
        return [self.read() for _ in range(count)]


def start(argv, directory):
    """Starts a server on a socket in directory; gives process and connection."""
    path = os.path.join(directory, "socket")
    process = subprocess.Popen(argv + ["--port", "0", "--unixsocket", path, "--save", "", "--dir", directory],
                               stdout=subprocess.DEVNULL)
    end = time.monotonic() + 30
    while True:
        try:
            return process, Connection(path)
        except OSError:
            if time.monotonic() > end or process.poll() is not None:
                process.kill()
                raise
            time.sleep(0.02)


def pairs(flat):
    return dict(zip(flat[::2], flat[1::2]))


def arguments(tree):
    """The tree of COMMAND DOCS without what isn't compared."""
    result = []
    for flat in tree:
        one = pairs(flat)
        one.pop("display_text", None)
        name = one.pop("name").replace("_", "-")
        if "arguments" in one:
            one["arguments"] = arguments(one["arguments"])
        else:
            one["name"] = name
        one["flags"] = sorted(one.get("flags", []))
        result.append(one)
    return result


def specification(flat):
    one = pairs(flat)
    one.pop("notes", None)
    one["flags"] = sorted(one["flags"])
    for part in ("begin_search", "find_keys"):
        one[part] = pairs(one[part])
        one[part]["spec"] = pairs(one[part]["spec"])
    return one


def table(connection):
    """All commands and subcommands by full name, as field: value."""
    found = {}

    def add(info, docs):
        docs = pairs(docs)
        found[info[0]] = {
            "arity": info[1], "flags": sorted(info[2]), "keys": info[3:6], "categories": sorted(info[6]),
            "tips": sorted(info[7]), "key specifications": [specification(s) for s in info[8]],
            "group": docs["group"], "since": docs["since"], "doc flags": sorted(docs.get("doc_flags", [])),
            "deprecated since": docs.get("deprecated_since"), "replaced by": docs.get("replaced_by"),
            "arguments": arguments(docs.get("arguments", [])),
            "texts": bool(docs.get("summary")),
        }
        subdocs = pairs(docs.get("subcommands", []))
        for sub in info[9]:
            add(sub, subdocs[sub[0]])

    docs = pairs(connection("COMMAND", "DOCS"))
    for info in connection("COMMAND"):
        add(info, docs[info[0]])
    return found


def compare(ours, theirs):
    passed = failed = 0
    unused = dict(KNOWN)
    for name in sorted(ours):
        if name not in theirs:
            continue
        wrong = []
        for field, value in ours[name].items():
            if value == theirs[name][field]:
                continue
            if unused.pop((name, field), None) is None:
                wrong.append(f"{name}: {field}\n    Hearth {value}\n    Redis  {theirs[name][field]}")
        for text in wrong:
            print(text)
        passed += not wrong
        failed += bool(wrong)
    for name, field in unused:
        if name in ours:
            print(f"{name}: {field} is listed as different and isn't")
            failed += 1
    return passed, failed


def main():
    redis = os.environ.get("REDIS_SERVER", "")
    if not redis:
        print("no Redis to compare with\n0 passed, 0 failed, 1 skipped")
        return 0
    hearth = os.environ.get("HEARTH_SERVER", "build/hearth-server")
    processes = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("HEARTH_TMP")) as top:
        try:
            tables = []
            for program in (hearth, redis):
                directory = os.path.join(top, str(len(tables)))
                os.mkdir(directory)
                process, connection = start([program], directory)
                processes.append(process)
                tables.append(table(connection))
            passed, failed = compare(*tables)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(30)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
