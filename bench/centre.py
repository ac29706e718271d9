"""bench/centre.py - stations as processes in a fresh folder on the disk under test, and a producer in front of them.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from measure import KENTONGAN, ask, begin, cpu_of, leave, program, room
from sizes import PERSONS, ROOT

INFORMED = {"log.level": "warning", "gateway.credit_events": "24576", "gateway.credit_bytes": "16 MiB"}
STATIONS = ("ingest", "gateway", "correlation", "alerts-station")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Centre:
    """`journal`: an event journal that is there already; env: {station: {variable: value}}."""

    def __init__(self, names, rules=(), settings=None, journal=None, env=None, source="IMI.BENCH.*"):
        self.folder = room()
        self.children = {}
        self.env = env or {}
        self.plain = f"tcp://127.0.0.1:{free_port()}"
        self.settings = {**INFORMED, "gateway.listen": "tcp://127.0.0.1:*", "gateway.plain": self.plain,
                         "gateway.plain_user": "IMI.BENCH.1", **(settings or {})}
        if rules:
            os.mkdir(self.path("rules"))
        for folder in rules:
            for name in os.listdir(os.path.join(ROOT, folder)):
                if name.endswith(".yaml"):
                    shutil.copy(os.path.join(ROOT, folder, name), self.path("rules", name))
        if journal:
            os.mkdir(self.path("data"))
            os.rename(journal, self.path("data", "journal"))
        self.call("keys", "gen", "gateway", "--role", "server", "--agency", "SYSTEM")
        self.call("keys", "gen", "IMI.BENCH.1", "--source", source, "--type", "*", "--rate", "1000000", "--burst", "1000000")
        self.call("keys", "gen", "IMI.DESK.1", "--role", "subscriber")
        for name in names:
            self.start(name)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def call(self, *words):
        done = subprocess.run([KENTONGAN, *words], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"kentongan {' '.join(words)}: {done.stderr}")
        return done.stdout

    def read(self, name):
        with open(self.path(name), encoding="ascii") as f:
            return f.read().strip()

    @property
    def listen(self):
        return self.read("run/gateway.endpoint")

    def public(self, name):
        for line in self.call("keys", "ls").splitlines():
            row = json.loads(line)
            if row["name"] == name:
                return row["public_key"]
        raise RuntimeError(f"no key {name}")

    def keys(self, name):
        return [f"server={self.public('gateway')}", "secret=" + self.read(f"keys/private/{name}.secret")]

    def words(self, name):
        return [KENTONGAN, name, *(w for k, v in self.settings.items() for w in ("--set", f"{k}={v}"))]

    def start(self, name):
        """Returns when it is ready."""
        with open(self.path(name + ".log"), "ab") as log:
            child = begin(self.words(name), cwd=self.folder, stdout=subprocess.PIPE, stderr=log,
                          env={**os.environ, **self.env.get(name, {}), "KTG_READY_FD": "1"})
        self.children[name] = child
        if not child.stdout.read(1):  # the byte that says ready
            raise RuntimeError(f"{name}: " + self.tail(name))

    def up(self):
        """The whole centre, as `kentongan up` starts it; returns when every station serves."""
        child = begin([*self.words("up"), "--set", "log.level=notice"], cwd=self.folder, stdout=subprocess.DEVNULL,
                      stderr=subprocess.PIPE, text=True)
        self.children["up"] = child
        lines = []
        for line in child.stderr:
            lines.append(line)
            if "every station serves" in line:
                threading.Thread(target=child.stderr.read, daemon=True).start()  # or its stations wait for a reader
                return
        raise RuntimeError("up: " + "".join(lines)[-2000:])

    def pids(self):
        """Of the stations, those that `up` started included."""
        pids = [c.pid for c in self.children.values()]
        for pid in list(pids):
            try:
                with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
                    pids += map(int, f.read().split())
            except OSError:
                pass
        return pids

    def cpu(self):
        return {name: round(cpu_of(c.pid), 2) for name, c in self.children.items()}

    def metric(self, station, name):
        """As it was written last: once a second."""
        try:
            for line in self.read(f"run/{station}.metrics").splitlines():
                if line.split(" ")[0].split("{")[0] == name:
                    return float(line.split(" ")[1])
        except OSError:
            pass
        return 0.0

    def load(self, seconds, curve=False, **options):
        where = [self.listen] if curve else [self.plain]
        keys = self.keys("IMI.BENCH.1") if curve else []
        try:
            return ask("load", *where, "IMI.BENCH.1", seconds, *keys, **{"persons": PERSONS, **options})
        except RuntimeError as e:
            raise RuntimeError(f"{e}; stations: {self.tails()}") from e

    def tail(self, name):
        try:
            with open(self.path(name + ".log"), encoding="utf-8") as f:
                return f.read()[-2000:]
        except OSError:
            return ""

    def tails(self):
        return {n: self.tail(n)[-500:] for n in self.children}

    def listener(self):
        child = begin([program("listen"), self.listen, "IMI.DESK.1", "bench", *self.keys("IMI.DESK.1")],
                      stdout=subprocess.PIPE, text=True)
        if not child.stdout.readline():
            raise RuntimeError(f"bench_listen did not start; stations: {self.tails()}")
        return child

    # ---- how far everything is -------------------------------------------------------------------------------------
    def mark(self, journal, offset):
        """A number of the journal's mark file (docs/journal-format.md, section 6), as it is this moment."""
        try:
            with open(self.path("data", journal, "mark"), "rb") as f:
                return int.from_bytes(f.read(64)[offset:offset + 8], "little")
        except OSError:
            return 0

    def positions(self):
        """How far events are durable, and how far they are answered."""
        return self.mark("journal", 8), self.mark("findings", 40)

    def drain(self, most=600):
        """Wait until correlation has answered what is on disk; True: it has."""
        until = time.monotonic() + most
        while time.monotonic() < until:
            durable, answered = self.positions()
            if durable and answered >= durable:
                return True
            time.sleep(0.02)
        return False

    def stop(self):
        for name in reversed(list(self.children)):
            child = self.children.pop(name)
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            for pipe in (child.stdout, child.stderr):
                if pipe:
                    pipe.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        leave(self.folder)
