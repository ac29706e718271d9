"""tests/e2e/memory.py BINARY - a centre that may hold little memory answers the same, only later, and goes on from where it was.

    bounded   a week, under two limits: the most that correlation ever held
    rebuilt   its state is lost: checkpoints while it repeats what was said, and after kill -9 it goes on from the last of them
    gateway   memory used up: it ends with its reason and is started anew

SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import shutil
import signal
import sys
import unittest

sys.dont_write_bytecode = True
from centre import Centre, tools_of, wait  # noqa: E402

BINARY = sys.argv.pop(1)
TOOLS = tools_of(BINARY)
LIMITS = (72 << 20, 128 << 20)  # of a week that takes 184 MiB where nothing bounds it
# a sanitizer holds more than any limit of ours: there, answering goes on in small checkpoints
with open(BINARY, "rb") as f:
    SANITIZED = b"__asan_init" in f.read()
PERCENT = ("3", "3") if SANITIZED else ("100", "30")  # of the week: much, little


def most_resident(pid):
    """The most that it ever held, pages of files included."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("VmHWM:"))


def log(centre):
    with open(centre.path("up.log"), encoding="utf-8") as f:
        return f.read()


def findings(centre):
    return [line for line in centre.run("journal", "dump", "data/findings").stdout.splitlines() if '"finding"' in line]


def caught_up(centre):
    return centre.metric("correlation", "correlation_lag") == 0 and centre.metric("correlation", "correlation_position") > 0


class Memory(unittest.TestCase):
    def centre(self, *settings):
        c = self.enterContext(Centre(BINARY, TOOLS, settings=["log.level=debug", *settings]))
        c.key("gateway", "SYSTEM", "--role", "server")
        c.key("TEST.ALL", "IMI", "--source", "*", "--type", "*", "--rate", "1000000")
        c.up()
        return c

    @staticmethod
    def fill(c, percent):
        week = c.run("simulate", "--percent", percent).stdout
        c.run("publish", "-", "--key", "TEST.ALL", "--gateway", c.endpoint, text=week, timeout=300)

    def bounded(self, limit):
        c = self.centre(f"state.memory={limit}")
        self.fill(c, PERCENT[0])
        pid = c.stations()["correlation"]
        wait("all is answered", lambda: caught_up(c), 120)
        self.assertEqual(c.stations()["correlation"], pid)
        if not SANITIZED:
            self.assertLess(most_resident(pid), limit * 1.10)
        c.down()
        c.run("backup", "kept")
        verdict = c.run("restore", "kept", "--verify", "--set", "paths.data=elsewhere", timeout=300).stderr
        self.assertIn("byte for byte", verdict)

    def test_bounded__holds_no_more_and_says_the_same(self):
        for limit in LIMITS[:1] if SANITIZED else LIMITS:
            with self.subTest(limit=limit):
                self.bounded(limit)

    def test_rebuilt__goes_on_from_the_last_checkpoint(self):
        c = self.centre("state.checkpoint_time=50ms")
        self.fill(c, PERCENT[1])
        wait("all is answered", lambda: caught_up(c), 120)
        c.down()
        said = findings(c)
        rebuild, since = "correlation rebuild:", len(log(c))
        shutil.rmtree(c.path("data", "state"))
        c.up()
        tail = lambda: log(c)[since:].partition(rebuild)[2]  # noqa: E731
        saved = lambda: re.search(r"correlation checkpoint: [^\n]*position=([1-9]\d*)", tail())  # noqa: E731
        reached = int(wait("a checkpoint while it repeats", saved, 60).group(1))
        self.assertNotIn("caught-up", tail())
        os.kill(c.stations()["correlation"], signal.SIGKILL)
        resumed = wait("it goes on", lambda: re.search(r"correlation resumed: [^\n]*position=(\d+)", tail()), 60)
        self.assertGreaterEqual(int(resumed.group(1)), reached)
        wait("all is answered", lambda: caught_up(c), 120)
        c.down()
        self.assertEqual(findings(c), said)
        self.assertEqual(log(c)[since:].count(rebuild), 1)

    def test_gateway__ends_and_is_started_anew(self):
        c = self.centre("gateway.memory=4MiB")
        pids = c.stations()
        wait("it says why", lambda: "gateway memory-full" in log(c), 30)
        wait("another one", lambda: c.stations().get("gateway", pids["gateway"]) != pids["gateway"], 30)
        now = c.stations()
        self.assertEqual({k: v for k, v in now.items() if k != "gateway"}, {k: v for k, v in pids.items() if k != "gateway"})


if __name__ == "__main__":
    unittest.main()
