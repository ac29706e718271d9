"""bench/measure.py - what every target needs: programs and folders that are gone at the end, turns, noise, one line.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from sizes import BUILD, KEEP, RUNS, WORK

KENTONGAN = os.path.join(BUILD, "kentongan")
TICK = os.sysconf("SC_CLK_TCK")

TARGETS = {  # id: unit, must, aim of the ratio; may be at most so much for times and sizes, must be at least for rates
    "P1": ("events/s", 0.5, 0.75), "P2": ("events/s", 0.3, 0.5), "P3": ("events/s", 1.5, 4),
    "P6-p50": ("us", 8, 5), "P6-p99": ("us", 12, 6), "P7": ("us", 12, 6), "P8": ("ns/event", 1.6, 1.3),
    "P9-300": ("ns/event", 1.5, 1.2), "P9-1000": ("ns/event", 3, 2), "P10-subject": ("bytes", 1, 0.67),
    "P10-entry": ("bytes", 1, 0.8), "P10-bound": ("MiB", 1.1, 1), "P11": ("events/s", 0.7, 0.85), "P12": ("us", 2, 1.5),
    "P13-replay": ("events/s", 0.6, 0.8), "P13-backtest": ("events/s", 0.6, 0.8), "P14": ("h", 1, 0.33),
    "P15": ("names/s", 1000, 10000), "P16-ready": ("s", 1, 0.25), "P16-rate": ("events/s", 1, 1),
    "P16-binary": ("MB", 1, 0.5), "P16-idle": ("MB", 1, 0.5), "WHOLE": ("events/s", None, None),
}


def program(name):
    return os.path.join(BUILD, "bench", "bench_" + name)


def last_json(text):
    lines = [line for line in text.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else {}


def ask(name, *words, **options):
    """Run bench_NAME; its last line.  An answer that says it is not ok, or none, is an error."""
    words = [*map(str, words), *(f"{k}={v}" for k, v in options.items())]
    done = subprocess.run([program(name), *words], capture_output=True, text=True, check=False)
    result = last_json(done.stdout)
    if done.returncode or not result.get("ok", True):
        raise RuntimeError(f"bench_{name} {' '.join(words)}: {done.stderr[-2000:]} {result}")
    return result


# ---- what is left behind by nobody ------------------------------------------------------------------------------------
folders, children = [], []


def room(what="run"):
    """A fresh folder on the disk under test."""
    os.makedirs(WORK, exist_ok=True)
    folders.append(tempfile.mkdtemp(prefix=what + "-", dir=WORK))
    return folders[-1]


def leave(folder):
    if not KEEP:
        shutil.rmtree(folder, ignore_errors=True)


def begin(words, **how):
    child = subprocess.Popen(words, **how)
    children.append(child)
    return child


def clean():
    """After everything, however it ended."""
    for child in children:
        if child.poll() is None:
            child.kill()
            child.wait()
    for folder in folders:
        leave(folder)


# ---- how busy the machine was with other things -----------------------------------------------------------------------
def busy_seconds():
    """CPU seconds of everybody, idle and waiting left out."""
    with open("/proc/stat", encoding="ascii") as f:
        fields = [int(n) for n in f.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK


def cpu_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK
    except OSError:
        return 0.0


def own_seconds(pids):
    total = sum(map(cpu_of, pids))
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        used = resource.getrusage(who)
        total += used.ru_utime + used.ru_stime
    return total


class Watch:
    """with Watch(pids) as w: ...; w.foreign: the share of the machine that others used, w.seconds"""

    def __init__(self, pids=()):
        self.pids = list(pids)

    def __enter__(self):
        self.began, self.busy, self.own = time.monotonic(), busy_seconds(), own_seconds(self.pids)
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.began
        others = (busy_seconds() - self.busy) - (own_seconds(self.pids) - self.own)
        self.foreign = max(0.0, round(others / (self.seconds * os.cpu_count()), 3))


def available_bytes():
    with open("/proc/meminfo", encoding="ascii") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("MemAvailable:"))


# ---- lines --------------------------------------------------------------------------------------------------------------
def say(what, result):
    if KEEP:
        print(what, json.dumps(result), file=sys.stderr, flush=True)


def limits(batch, seconds):
    os.makedirs(WORK, exist_ok=True)
    return ask("limits", WORK, batch, seconds)


def turns(yardstick, product, runs=RUNS):
    """`runs` times yardstick, then product."""
    pairs = []
    for _ in range(runs):
        y = yardstick()
        pairs.append((y, product()))
    return pairs


def median(values):
    return statistics.median(values)


def report(ident, values, yardsticks, foreign, note):
    unit, must, aim = TARGETS[ident]
    value, yardstick = median(values), median(yardsticks)
    ratios = [v / y for v, y in zip(values, yardsticks) if y]
    digits = 1 if value >= 10 else 3
    print(json.dumps({"id": ident, "value": round(value, digits), "unit": unit, "yardstick": round(yardstick, digits),
                      "ratio": round(median(ratios), 3) if ratios else None,
                      "noise": {"spread": round((max(values) - min(values)) / value, 3) if value else None,
                                "foreign": round(median(foreign), 3), "runs": len(values)},
                      "must": must, "aim": aim, "note": note}), flush=True)
