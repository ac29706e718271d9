"""tests/e2e/demo.py BINARY - the demo to its end without a terminal, Ctrl-C in its middle, and what is left when it is killed.
SPDX-License-Identifier: Apache-2.0
"""
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = os.path.abspath(sys.argv.pop(1))
PLAIN = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "KTG_"))}


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited too long")
        time.sleep(0.05)


class Demo(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="ktg-")
        self.folder = self.temporary.name
        self.output = os.path.join(self.folder, "output")

    def tearDown(self):
        if sys.exc_info()[0] and os.path.exists(self.output):
            print(self.said())
        self.temporary.cleanup()

    def start(self, *words):
        with open(self.output, "w", encoding="utf-8") as out:
            return subprocess.Popen([BINARY, "demo", "--events", "4000", *words], stdout=out, stderr=subprocess.STDOUT,
                                    stdin=subprocess.DEVNULL, env={**PLAIN, "TMPDIR": self.folder}, cwd=self.folder)

    def said(self):
        with open(self.output, encoding="utf-8") as f:
            return f.read()

    def folders(self):
        return glob.glob(os.path.join(self.folder, "kentongan-*"))

    def processes(self):
        """Those that work in our folder."""
        found = []
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path, "rb") as f:
                    line = f.read().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if self.folder in line and "kentongan" in line:
                found.append(line)
        return found

    def assert_nothing_is_left(self):
        self.assertEqual(self.folders(), [])
        self.assertEqual(self.processes(), [])

    def assert_account(self, text):
        sent, acknowledged = re.search(r"events +(\d+) sent, (\d+) acknowledged, 0 duplicates, 0 rejected", text).groups()
        self.assertEqual(sent, acknowledged)
        self.assertIn("desks      17 of 17", text)
        self.assertEqual(len(re.findall(r"verify \w+ +ok", text)), 2)
        self.assertIn("is removed", text)

    def test_it_plays_to_its_end(self):
        demo = self.start("--speed", "30000", "--until-end")
        self.assertEqual(demo.wait(timeout=240), 0)
        text = self.said()
        self.assertIn("synthetic data only", text)
        self.assertRegex(text, r"first alert on screen \d+\.\d s after the start")
        self.assertIn("74 sponsors, 126 people", text)
        self.assertIn("IMI.ARUK.1 is offline", text)
        self.assertRegex(text, r"IMI.ARUK.1 is back: [1-9]\d* events")
        after = text[text.index("IMI.ARUK.1 is back"):]
        self.assertIn("WITHDRAWN", after)
        self.assertIn("withdrawn by itself: an event that came late", after)
        self.assertIn("real time now", text)
        self.assertRegex(text, r"sponsor-nib-revoked +74 +0 +0 +0")
        self.assertRegex(text, r"latency +median \d+ ms, p99 \d+ ms")
        self.assert_account(text)
        self.assertNotIn("\33", text)  # no colour in a pipe
        self.assert_nothing_is_left()

    def test_ctrl_c_in_its_middle__gives_the_account_and_removes_everything(self):
        demo = self.start()
        wait_for(lambda: "now the week" in self.said())
        demo.send_signal(signal.SIGINT)
        self.assertEqual(demo.wait(timeout=120), 0)
        self.assert_account(self.said())
        self.assert_nothing_is_left()

    def test_a_person_who_acts__slows_it_to_real_time(self):
        demo = self.start()
        wait_for(lambda: "now the week" in self.said())
        config = os.path.join(self.folders()[0], "kentongan.yaml")
        listed = subprocess.run([BINARY, "alerts", "ls", "--config", config, "--limit", "1"], capture_output=True, text=True,
                                check=True, env=PLAIN, cwd=self.folder).stdout
        alert = re.search(r'"alert":"([0-9a-f]+)"', listed)[1]
        subprocess.run([BINARY, "alerts", "ack", alert, "--officer", "test", "--config", config], check=True, env=PLAIN,
                       cwd=self.folder, stdout=subprocess.DEVNULL)
        wait_for(lambda: "a person has acted" in self.said())
        demo.send_signal(signal.SIGINT)
        self.assertEqual(demo.wait(timeout=120), 0)
        self.assert_account(self.said())
        self.assert_nothing_is_left()

    def test_killed__takes_its_processes_and_its_folder_along(self):
        for moment in ("synthetic data", "is on its way", "first alert"):
            demo = self.start()
            wait_for(lambda: moment in self.said())
            demo.kill()
            demo.wait()
            wait_for(lambda: not self.folders() and not self.processes(), 20)

    def test_a_second_ctrl_c__ends_it_at_once(self):
        demo = self.start()
        wait_for(lambda: "first alert" in self.said())
        demo.send_signal(signal.SIGINT)
        wait_for(lambda: "stopping" in self.said() or demo.poll() is not None)
        demo.send_signal(signal.SIGINT)
        self.assertIn(demo.wait(timeout=60), (0, 1))
        wait_for(lambda: not self.folders() and not self.processes(), 20)


if __name__ == "__main__":
    unittest.main()
