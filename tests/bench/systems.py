"""The servers that are measured: starting, asking, CPU time, memory, and the load program."""
import json
import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import time

OUT = os.path.abspath(os.environ.get("OUT", "build"))
OPTIONS = "--port {port} --dir {dir} --save '' --appendonly no --loglevel warning"
CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPU, LOAD_CPU = CPUS[0], CPUS[1 % len(CPUS)]


class Broken(Exception):
    """A server ended, answered an error or stopped answering: what it says is the finding."""


def encode(*words):
    words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb", 1 << 16)

    def reply(self):
        line = self.file.readline()
        if not line:
            raise Broken("closed the connection")
        if line[:1] == b"$":
            length = int(line[1:])
            return None if length < 0 else self.file.read(length + 2)[:-2]
        if line[:1] == b"-":
            raise Broken(line.decode(errors="replace").strip())
        return int(line[1:]) if line[:1] == b":" else line[1:].strip()

    def ask(self, *words):
        self.socket.sendall(encode(*words))
        return self.reply()

    def close(self):
        self.file.close()
        self.socket.close()


class System:
    """One kind of server, started anew as often as wanted. `with system.running(...) as server`."""

    def __init__(self, name, command):
        self.name, self.command = name, command

    def running(self, options=""):
        return Server(self, options)


class Server:
    def __init__(self, system, options):
        self.name = system.name
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.directory = tempfile.mkdtemp(prefix="hearth-bench-")
        argv = shlex.split((system.command + " " + options).format(port=self.port, dir=self.directory))
        self.log = open(os.path.join(self.directory, "output"), "wb")
        self.process = subprocess.Popen(["taskset", "-c", str(SERVER_CPU), *argv], cwd=self.directory,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 15
        while True:
            try:
                connection = Connection(self.port)
                connection.ask("PING")
                connection.close()
                return
            except (OSError, Broken) as problem:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    with open(self.log.name, errors="replace") as file:
                        said = file.read().strip().splitlines()[-3:]
                    self.stop()
                    raise Broken(f"{self.name} doesn't start: {problem} {' / '.join(said)}") from None
                time.sleep(.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def ask(self, *words):
        connection = Connection(self.port)
        try:
            return connection.ask(*words)
        finally:
            connection.close()

    def cpu_seconds(self):
        """Run time of every thread so far, exact to the nanosecond."""
        total, tasks = 0, f"/proc/{self.process.pid}/task"
        for thread in os.listdir(tasks):
            with open(f"{tasks}/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def resident(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))

    def start_load(self, template, **options):
        argv = ["taskset", "-c", str(LOAD_CPU), os.path.join(OUT, "bench/load"), "--port", str(self.port)]
        for name, value in options.items():
            argv += ["--" + name, str(value)]
        return subprocess.Popen(argv + [template], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish_load(self, process):
        out, err = process.communicate(timeout=900)
        if not out:
            raise Broken(err.strip() or "the load program ended without a word")
        result = json.loads(out)
        if result["errors"]:
            raise Broken(f"{result['errors']} errors, first: {result['first_error']}")
        return result

    def load(self, template, **options):
        """Runs the load program to its end; its figures and the server's CPU a request."""
        before = self.cpu_seconds()
        result = self.finish_load(self.start_load(template, **options))
        result["cpu_us"] = (self.cpu_seconds() - before) / result["requests"] * 1e6
        return result


def find_systems():
    """Hearth first, then Redis if it is here, then what PEERS names ("name=command {port} {dir}; ...")."""
    found = [System("hearth", f"{shlex.quote(OUT)}/hearth-server {OPTIONS}")]
    redis = shutil.which("redis-server")
    if not redis and shutil.which("redis-check-rdb"):  # the same program: it looks at the name it is called by
        redis = os.path.join(OUT, "redis-server")
        if not os.path.islink(redis):
            os.symlink(shutil.which("redis-check-rdb"), redis)
    if redis:
        found.append(System("redis", f"{shlex.quote(redis)} {OPTIONS}"))
    for peer in filter(None, (p.strip() for p in os.environ.get("PEERS", "").split(";"))):
        name, _, command = peer.partition("=")
        found.append(System(name.strip(), command.strip()))
    return found
