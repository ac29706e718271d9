"""tests/e2e/bench.py BINARY - every bench runs at a tiny size, prints one whole line and leaves nothing behind.

Nothing is said of speed: no figure is looked at but for being one.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = os.path.abspath(sys.argv.pop(1))
RUN = os.path.abspath("bench/run")
IDS = ("P1 P2 P3 P6-p50 P6-p99 P7 P8 P9-300 P9-1000 P10-subject P10-entry P10-bound P11 P12 P13-replay P13-backtest P14 P15 "
       "P16-ready P16-rate P16-binary P16-idle WHOLE").split()
SAYS = {"P3": "quoted, not measured", "P14": "extrapolated, not measured", "P15": "quoted", "P16-ready": "not measured",
        "P8": "neither measured nor extrapolated", "P9-300": "the same", "P9-1000": "the same", "P10-bound": "answers are the same"}


def of_children(folder):
    """Processes that work below the folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd").startswith(folder):
                found.append(pid)
        except OSError:
            pass
    return found


class Bench(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="bench-", dir=os.path.dirname(BINARY))
        self.env = {**os.environ, "KTG_BENCH_BUILD": os.path.dirname(BINARY), "KTG_BENCH_DIR": self.temporary.name}

    def tearDown(self):
        self.temporary.cleanup()

    def start(self, *words, **sizes):
        return subprocess.Popen([RUN, "--quick", *words], env={**self.env, **sizes}, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def assert_nothing_is_left(self):
        self.assertEqual(os.listdir(self.temporary.name), [])
        self.assertEqual(of_children(self.temporary.name), [])

    def test_every_target__has_a_whole_line(self):
        run = self.start()
        out, err = run.communicate()
        self.assertEqual(run.returncode, 0, err)
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(sorted(line["id"] for line in lines), sorted(IDS))
        for line in lines:
            self.assertEqual(list(line), ["id", "value", "unit", "yardstick", "ratio", "noise", "must", "aim", "note"])
            for key in ("value", "yardstick", "ratio"):
                self.assertGreater(line[key], 0, line)
            self.assertEqual(line["noise"]["runs"], 1)
            self.assertTrue(line["unit"] and line["note"])
            self.assertIn(SAYS.get(line["id"], ""), line["note"])
            self.assertNotIn("NOT the same", line["note"])
        self.assert_nothing_is_left()

    def test_an_unknown_target__is_refused(self):
        run = self.start("P99")
        _, err = run.communicate()
        self.assertEqual(run.returncode, 2)
        self.assertIn("P16-ready", err)

    def test_an_interrupt__leaves_nothing_behind(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            run = self.start("WHOLE", KTG_BENCH_EVENTS="100000000")
            while not of_children(self.temporary.name) and run.poll() is None:
                time.sleep(0.02)
            self.assertIsNone(run.poll())
            run.send_signal(number)
            _, err = run.communicate()
            self.assertEqual(run.returncode, 130, err)
            self.assert_nothing_is_left()


unittest.main()
