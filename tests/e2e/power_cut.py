"""tests/e2e/power_cut.py BINARY - the power fails under load, again and again; what was acknowledged is there.

The event journal lies on one ext4, findings, state and casebook on another (loop devices).  While events flow, both are shut
down without flushing anything (EXT4_IOC_SHUTDOWN, NOLOGFLUSH), every station is killed, the disks are mounted again.  The
journal's disk is slow, so that a batch which is written and not yet synced is the usual case.  After each cut, before anything
is started again:

  every position that a producer was told is on the disk
  state.position <= findings.done <= end of the event journal: correlation never ran ahead

Then the stations go on, and at the end the offline checks of the crash loop hold.
SPDX-License-Identifier: Apache-2.0
"""
import atexit
import fcntl
import os
import random
import shutil
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from centre import RULES, SCALE, Centre, check, pause, say, seed, skip, tools_of, wait  # noqa: E402
from crash_loop import LOADS, check_alerts, check_bytes, check_events, freeze, settle  # noqa: E402

CUTS, SLOW_MS = 4, 30
RATES = (3000, 300)  # a crowd, behind which correlation lags, and a trickle, with correlation always at the mark
EXT4_IOC_SHUTDOWN, NOLOGFLUSH = 0x8004587D, 2


class Disk:
    """An ext4 in a file; cut() is the moment when the power goes."""

    def __init__(self, at, image, mib=1024):
        self.image, self.at, self.mounted = image, at, False
        os.makedirs(self.at)
        with open(self.image, "wb") as f:
            f.truncate(mib << 20)
        self.do("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", self.image)
        self.mount()
        os.rmdir(os.path.join(self.at, "lost+found"))
        os.chmod(self.at, 0o700)
        atexit.register(self.unmount, True)

    @staticmethod
    def do(*words):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"{' '.join(words)}: {done.stderr.strip()}")

    def mount(self):
        self.do("mount", "-o", "loop", self.image, self.at)
        self.mounted = True

    def unmount(self, quiet=False):
        if self.mounted and subprocess.run(["umount", self.at], capture_output=True, check=False).returncode == 0:
            self.mounted = False
        check(quiet or not self.mounted, f"{self.at} is busy")
        return not self.mounted

    def cut(self):
        fd = os.open(self.at, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
        finally:
            os.close(fd)


def cut(disks):
    for d in disks:
        d.cut()


def back(disks):
    for d in disks:
        wait(f"{d.at} can be unmounted", lambda d=d: d.unmount(True), 20)
    for d in reversed(disks):
        d.mount()


def disks_of(c):
    """That of the event journal and that of everything else, or a skip that says what this machine does not allow."""
    if os.geteuid() != 0:
        skip("power cut (needs root to mount)")
    for tool in ("mkfs.ext4", "mount", "umount"):
        if not shutil.which(tool):
            skip(f"power cut (no {tool})")
    try:
        rest = Disk(c.path("data"), c.path("rest.img"))
        events = Disk(c.path("data", "journal"), c.path("events.img"))
        Disk.do("sync", "-f", c.path("data"))  # the folders themselves
        cut([events, rest])
        back([events, rest])
    except OSError as e:
        skip(f"power cut ({e})")
    return [events, rest]


def last_told(c):
    return max(p for i in range(LOADS) for p in [0, *(p for _, p in c.ledger(i)[1].values())])


def look(c, n):
    """What the disks hold, against what was told."""
    told = last_told(c)
    end = int(c.audit("end", "data", "journal")[0].split()[0])
    check(told <= end, f"cut {n}: position {told} was acknowledged, the journal ends at {end}")
    done = int(c.audit("end", "data", "findings")[0].split()[1])
    check(done <= end, f"cut {n}: correlation has answered up to {done}, the journal ends at {end}")
    saved = 0
    if os.path.exists(c.path("data", "state", "data.mdb")):
        saved = int(c.audit("checkpoint", "data", "state")[0].split()[0])
    check(saved <= done, f"cut {n}: the state is of {saved}, the findings of {done}")
    say(f"cut {n}: acknowledged {told} <= journal {end}; state {saved} <= findings {done} <= {end}")
    return told


def prove(binary, tools, cuts, rate=RATES[0], patience=600 * SCALE):
    chance_seed = seed()
    chance = random.Random(chance_seed)
    with Centre(binary, tools, rules=RULES, settings=("journal.segment=4MiB", "state.checkpoint_time=100ms", "state.map=1GiB",
                                         "casebook.map=1GiB")) as c:
        disks = disks_of(c)
        c.at_end.append(lambda: [d.unmount(True) for d in disks])
        c.env |= {"LD_PRELOAD": c.tool("slow_sync.so"), "KTG_SLOW_SYNC_UNDER": os.path.realpath(c.path("data", "journal")),
                  "KTG_SLOW_SYNC_MS": str(SLOW_MS)}
        c.usual_keys(LOADS)
        c.up()
        c.desks(("IMI",))
        start = int(time.time() * 1000)
        for i in range(LOADS):
            c.load(i, chance_seed + 1000 * i, rate // LOADS, start, 100)
        told = 0
        for n in range(1, cuts + 1):
            wait("something new is acknowledged", lambda before=told: last_told(c) > before, 60)
            pause(chance.uniform(0.5, 1.5))
            cut(disks)
            c.down(hard=True)
            back(disks)
            told = look(c, n)
            c.up()
        freeze(c, patience)
        settle(c, patience, ("IMI",))
        check(c.down(seconds=60) == 0, "up did not end well")
        told = check_events(c)
        check_alerts(c, told, ("IMI",))
        for journal in ("journal", "findings"):
            c.run("journal", "verify", f"data/{journal}")
        check_bytes(c, (1000,))


if __name__ == "__main__":
    for per_second in RATES:
        prove(sys.argv[1], tools_of(sys.argv[1]), CUTS * SCALE, per_second)
    say(f"power cut: passed, {CUTS * SCALE * len(RATES)} cuts")
