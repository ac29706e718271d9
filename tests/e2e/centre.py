"""tests/e2e/centre.py - a whole centre in a folder of its own, for the proofs: keys, `up`, producers, desks, blows.

    Centre(binary) ─ up() ─ stations()          real processes, told apart by /proc
                   ├ load()                     producers that may be killed (load.c), each with a ledger
                   ├ desks()                    `alerts watch` of 17 agencies, each with a ledger
                   └ audit(), strike()          looking into journals, killing at a chosen instant

Nothing sleeps to synchronise: wait() polls a condition until a deadline and says what it waited for.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

PLAY_FROM = 1775001600000  # 2026-04-01T00:00Z: after the synthetic weeks, whatever the machine's clock says
KEEP = True  # the folder of a run that failed, with its logs
RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules")  # few and live: the proofs are about what is lost
SCALE = max(1, int(os.environ.get("KTG_PROVE_SCALE", "1")))
AGENCIES = ("IMI POL NAK DUK KUA BNN KEJ KSB KDM LNL BIN BAI BC SPP PAR PTSP PEM").split()
STATIONS = ("gateway", "ingest", "correlation", "alerts-station")


class Failure(AssertionError):
    pass


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def skip(text):
    print(f"SKIP: {text}", flush=True)
    sys.exit(77)


def check(fact, text):
    if not fact:
        raise Failure(text)


def seed():
    """The seed of this run: KTG_SEED repeats one."""
    value = int(os.environ.get("KTG_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
    say(f"seed {value} (KTG_SEED={value} repeats it)")
    return value


def wait(what, condition, seconds):
    """Until condition() is true; its value."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def pause(seconds, watch=lambda: None):
    """Let the world go on for a while: the length of a run, not a synchronisation."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        watch()
        time.sleep(min(0.05, max(0, until - time.monotonic())))


def tools_of(binary):
    """Where the programs of tests/e2e lie that belong to this build."""
    return os.path.join(os.path.dirname(os.path.abspath(binary)), "proof")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Centre:
    def __init__(self, binary, tools, settings=(), env=None, folder=None, rules=None):
        self.binary, self.tools = os.path.abspath(binary), os.path.abspath(tools)
        self.own = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="ktg-proof.")
        if rules and not os.path.exists(self.path("rules")):
            shutil.copytree(rules, self.path("rules"))
        self.port = free_port()
        self.endpoint = f"tcp://127.0.0.1:{self.port}"
        clock = f"{PLAY_FROM},{int(time.time() * 1000)},1"
        self.public = {}
        self.settings = [f"clock.scale={clock}", f"gateway.listen={self.endpoint}", "supervisor.restart_max=200ms", *settings]
        self.env = {**{k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}, **(env or {})}
        self.supervisor, self.producers, self.watchers = None, {}, {}
        self.logs, self.at_end = [], []

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        for p in [*self.producers.values(), *self.watchers.values()]:
            if p.poll() is None:
                p.kill()
            p.wait()
        self.down(hard=True)
        for call in self.at_end:
            call()
        if kind and kind is not SystemExit and KEEP:
            self.show_logs()
            print(f"kept: {self.folder}", flush=True)
        elif self.own:
            shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def run(self, *words, status=0, text=None, timeout=120):
        done = subprocess.run([self.binary, *words], cwd=self.folder, env=self.env, input=text, timeout=timeout,
                              capture_output=True, text=True, check=False)
        if status is not None:
            check(done.returncode == status, f"{' '.join(words)}: status {done.returncode}, {done.stderr}")
        self.on_run(words, done.stderr)
        return done

    on_run = staticmethod(lambda words, said: None)  # a test may listen: to what commands say,
    on_log = staticmethod(lambda text: None)  # and to what was found in a log

    def tool(self, name):
        return os.path.join(self.tools, name)

    def key(self, name, agency, *more):
        self.public[name] = json.loads(self.run("keys", "gen", name, "--agency", agency, *more).stdout)["public_key"]

    def usual_keys(self, producers=1):
        self.key("gateway", "SYSTEM", "--role", "server")
        for i in range(producers):
            self.key(f"TEST.LOAD.{i}", "IMI", "--source", "*", "--type", "*", "--rate", "1000000")
        for agency in AGENCIES:
            self.key(f"{agency}.DESK", agency, "--role", "officer" if agency == "IMI" else "subscriber")

    # ---- the stations ----

    def log(self, name):
        self.logs.append(name)
        return open(self.path(name), "ab")

    def count_in_log(self, name, text):
        with open(self.path(name), encoding="utf-8", errors="replace") as f:
            count = f.read().count(text)
        if count:
            self.on_log(text)
        return count

    def set_words(self):
        return [w for s in self.settings for w in ("--set", s)]

    def up(self, seconds=60, ready=True):
        with self.log("up.log") as log:
            self.supervisor = subprocess.Popen([self.binary, "up", *self.set_words()], cwd=self.folder, env=self.env,
                                               stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if ready:
            wait("all stations serve", self.all_up, seconds)

    def all_up(self):
        check(self.supervisor.poll() is None, "up has ended")
        return len(self.stations()) == len(STATIONS) and all(
            os.path.exists(self.path("run", n)) for n in ("gateway.metrics", "ingest.metrics", "correlation.metrics", "alerts.metrics"))

    def stations(self):
        """{name: pid} of the supervisor's children."""
        found = {}
        try:
            with open(f"/proc/{self.supervisor.pid}/task/{self.supervisor.pid}/children", encoding="ascii") as f:
                pids = f.read().split()
        except OSError:
            return found
        for pid in pids:
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            if len(words) > 1 and words[1].decode() in STATIONS and alive(pid):
                found[words[1].decode()] = int(pid)
        return found

    def down(self, hard=False, seconds=30):
        """In order, or with kill -9 for all."""
        if not self.supervisor:
            return
        pids = list(self.stations().values())
        if hard:
            self.supervisor.kill()
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        else:
            self.supervisor.terminate()
        try:
            self.supervisor.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure("up did not stop when asked") from None
        wait("the stations have ended", lambda: not any(map(alive, pids)), seconds)
        status = self.supervisor.returncode
        self.supervisor = None
        return status

    def metric(self, station, name):
        try:
            with open(self.path("run", f"{station}.metrics"), encoding="ascii") as f:
                m = re.search(rf"^kentongan_{name} (-?\d+)", f.read(), re.M)
        except OSError:
            return 0
        return int(m.group(1)) if m else 0

    def mark(self, journal):
        """(durable position, tag) as the mark of a journal has them (docs/journal-format.md 6)."""
        with open(self.path("data", journal, "mark"), "rb") as f:
            page = f.read(64)
        return struct.unpack_from("<Q", page, 8)[0], struct.unpack_from("<Q", page, 40)[0]

    # ---- producers and desks ----

    def load(self, i, seed_, rate, start_ms, percent=1000):
        name = f"TEST.LOAD.{i}"
        with self.log(f"load{i}.log") as log:
            self.producers[i] = subprocess.Popen(
                [self.tool("load"), "keys", name, self.endpoint, f"outbox{i}", f"ledger{i}", str(seed_), str(rate),
                 str(start_ms), str(percent)], cwd=self.folder, env=self.env, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
                # until it can hear it
                preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM}))

    def desks(self, agencies=AGENCIES):
        for agency in agencies:
            with self.log(f"desk-{agency}.log") as log, open(self.path(f"desk-{agency}"), "ab") as ledger:
                self.watchers[agency] = subprocess.Popen(
                    [self.binary, "alerts", "watch", "--json", "--key", f"{agency}.DESK", "--gateway", self.endpoint,
                     "--from", "earliest"], cwd=self.folder, env=self.env, stdout=ledger, stderr=log,
                    stdin=subprocess.DEVNULL)

    def desks_live(self):
        for agency, p in self.watchers.items():
            check(p.poll() is None, f"alerts watch of {agency} has ended: {p.returncode}")

    def ledger_size(self):
        """Of the smallest."""
        paths = [self.path(f"ledger{i}") for i in self.producers]
        return min(os.path.getsize(p) if os.path.exists(p) else 0 for p in paths)

    def lose_outbox(self, i, again=2000):
        """Its disk is gone; who fed it says again what has no receipt, and `again` events before that."""
        lost = sum(n.startswith(f"ledger{i}.lost") for n in os.listdir(self.folder))
        with open(self.path(f"ledger{i}"), encoding="ascii") as f:
            lines = [line for line in f if line.endswith("\n")]
        told = {line.split()[1] for line in lines if line[0] == "R"}
        stored = [n for n, line in enumerate(lines) if line[0] == "S"]
        first = next((k for k, n in enumerate(stored) if lines[n].split()[2] not in told), len(stored))
        os.rename(self.path(f"ledger{i}"), self.path(f"ledger{i}.lost{lost}"))
        with open(self.path(f"ledger{i}"), "w", encoding="ascii") as f:
            f.writelines(lines[:stored[max(0, first - again)]] if stored else [])
        shutil.rmtree(self.path(f"outbox{i}"))

    def said_again(self, i):
        """Has producer i stored again as many events as any outbox that it lost?"""
        def count(name):
            with open(self.path(name), encoding="ascii") as f:
                return sum(line[0] == "S" for line in f if line.endswith("\n"))
        lost = [count(n) for n in os.listdir(self.folder) if n.startswith(f"ledger{i}.lost")]
        return not lost or count(f"ledger{i}") >= max(lost)

    # ---- blows and looks ----

    def raise_hand(self, pids, journal, phases, ms):
        """A blow that waits for its instant; it_fell() tells."""
        return subprocess.Popen([self.tool("strike"), ",".join(map(str, pids)), journal and self.path("data", journal) or "-", phases,
                                 str(ms)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @staticmethod
    def it_fell(blow):
        """The words of strike.c, or None if the victim was gone already."""
        said, complaint = blow.communicate(timeout=60)
        if blow.returncode == 3:
            return None
        check(blow.returncode == 0, f"strike: {blow.returncode} {complaint}")
        return said.split()

    def strike(self, pid, journal, phases, ms):
        """What the victim was doing, or None if it was gone already."""
        fell = self.it_fell(self.raise_hand([pid], journal, phases, ms))
        return fell and fell[0]

    def audit(self, what, *folder):
        done = subprocess.run([self.tool("audit"), what, self.path(*folder)], capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"audit {what} {'/'.join(folder)}: {done.stderr}")
        return done.stdout.splitlines()

    def ledger(self, i):
        """({id: content}, {id: (status, position)}) that producer i wrote down."""
        stored, receipts = {}, {}
        for name in sorted(n for n in os.listdir(self.folder) if n.split(".")[0] == f"ledger{i}"):
            with open(self.path(name), encoding="ascii") as f:
                for words in (line.split() for line in f if line.endswith("\n")):
                    if words[0] == "S":
                        check(stored.setdefault(words[2], words[3]) == words[3], f"two contents of {words[2]}")
                    elif receipts.get(words[1], ("", 0))[1] == 0:  # a duplicate is not told where it stands
                        receipts[words[1]] = (words[2], int(words[3]))
        return stored, receipts

    def desk(self, agency):
        """The findings positions that this agency received, in order, repeats included."""
        with open(self.path(f"desk-{agency}"), encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    def show_logs(self, lines=30):
        for name in dict.fromkeys(self.logs):
            try:
                with open(self.path(name), encoding="utf-8", errors="replace") as f:
                    tail = f.read().splitlines()[-lines:]
            except OSError:
                continue
            tail = tail[-4:] if name.startswith("desk-") else tail
            if tail:
                print(f"---- {name}", *tail, sep="\n")
        sys.stdout.flush()
