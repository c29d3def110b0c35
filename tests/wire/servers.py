"""Servers for the scripts beside this file, and the counting of their tests.

A server has a directory of its own with its Unix socket and log; it is ready when
it accepts, and its end is checked: exit status and sanitizer reports.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

PATIENCE = 60.0
SLOW = bool(os.environ.get("SANITIZE"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def program_under_test():
    return os.environ.get("HEARTH_SERVER", "build/hearth-server")


class Server:
    """`tcp`: also on a free port of 127.0.0.1, in .port."""

    def __init__(self, program=None, name="hearth", options=(), tcp=False):
        self.program = program or program_under_test()
        self.name = name
        for tries in range(20):
            self.port = free_port() if tcp else 0
            self.dir = tempfile.mkdtemp(prefix="hearth-%s-" % name)
            self.path = os.path.join(self.dir, "s")
            why = self.start(list(options))
            if why is None:
                atexit.register(self.abandon)
                return
            shutil.rmtree(self.dir, ignore_errors=True)
            if not tcp or "in use" not in why or tries == 19:
                sys.exit("%s did not start:\n%s" % (self.program, why))

    def start(self, options):
        # Debian's redis-check-rdb is the server when it is called by that name.
        argv0 = "redis-server" if os.path.basename(self.program).startswith("redis-") else self.program
        env = dict(os.environ)
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            env[name] = ":".join(filter(None, [env.get(name), "log_path=" + self.dir + "/sanitizer"]))
        with open(os.path.join(self.dir, "log"), "wb") as log:
            self.process = subprocess.Popen(
                [argv0, "--port", str(self.port), "--unixsocket", self.path, "--dir", self.dir, "--save", "", "--appendonly", "no",
                 "--enable-debug-command", "yes"] + options,
                executable=self.program, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.connect().close()
                return None
            except OSError:
                if self.process.poll() is not None:
                    return self.log()
                if time.monotonic() > until:
                    self.process.kill()
                    self.process.wait()
                    return "it does not accept\n" + self.log()
                time.sleep(0.002)

    def connect(self, patience=15.0):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.settimeout(patience)
        try:
            s.connect(self.path)
        except OSError:
            s.close()
            raise
        return s

    def log(self):
        text = ""
        for name in sorted(os.listdir(self.dir)):
            if name == "log" or name.startswith("sanitizer"):
                with open(os.path.join(self.dir, name), "rb") as f:
                    text += f.read().decode("utf-8", "replace")
        return text

    def abandon(self):
        """At the end of a script that did not come to stop it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def stop(self):
        """None when it ended cleanly, else what is wrong."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "none: it had to be killed"
        reports = any(name.startswith("sanitizer") for name in os.listdir(self.dir))
        text = None if status == 0 and not reports else "%s ended with status %s:\n%s" % (self.name, status, self.log()[-6000:])
        shutil.rmtree(self.dir, ignore_errors=True)
        return text


class Skip(Exception):
    pass


def run_tests(tests, server):
    """Runs functions of one argument, the server; prints the closing line; gives the exit status."""
    passed = failed = skipped = 0
    wanted = sys.argv[1:]
    for test in tests:
        if wanted and not any(w in test.__name__ for w in wanted):
            continue
        try:
            test(server)
            passed += 1
        except Skip as why:
            skipped += 1
            print("skipped %s: %s" % (test.__name__, why))
        except Exception:
            failed += 1
            print("FAILED %s" % test.__name__)
            traceback.print_exc(file=sys.stdout)
            if server.process.poll() is not None:
                print("the server has ended:\n" + server.log()[-4000:])
                break
        sys.stdout.flush()
    why = server.stop()
    if why is not None:
        failed += 1
        print(why)
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0
