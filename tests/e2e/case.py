"""tests/e2e/case.py - what the proofs that are unittests share: a folder with settings and two keys, and the program.

centre.py is for proofs that need producers, desks and blows; this is for those that ask one centre one thing.
SPDX-License-Identifier: Apache-2.0
"""
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = os.path.abspath(sys.argv.pop(1))
SIX = os.path.abspath("tests/e2e/six.ndjson")  # the first lines that were ever agreed on
PLAY_FROM = 1775001600000  # 2026-04-01T00:00Z: after the synthetic week, whatever the machine's clock says


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited too long")
        time.sleep(0.02)


class Case(unittest.TestCase):
    STATE_MAP = "256 MiB"

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="ktg-")
        self.folder = self.temporary.name
        clock = f"{PLAY_FROM},{int(time.time() * 1000)},1"
        with open(os.path.join(self.folder, "kentongan.yaml"), "w", encoding="utf-8") as f:
            f.write(f'state: {{map: {self.STATE_MAP}}}\ncasebook: {{map: 64 MiB}}\njournal: {{segment: 4 MiB}}\n'
                    'gateway: {listen: "tcp://127.0.0.1:0"}\n'
                    f'agent: {{map: 64 MiB}}\nclock: {{scale: "{clock}"}}\n')
        self.run_ok("keys", "gen", "gateway", "--agency", "SYSTEM", "--role", "server")
        self.run_ok("keys", "gen", "IMI.EVERYWHERE", "--source", "*")
        self.log = open(os.path.join(self.folder, "up.log"), "w", encoding="utf-8")
        self.centre, self.endpoint = None, None

    def tearDown(self):
        if self.centre and self.centre.poll() is None:
            self.centre.kill()
            self.centre.wait()
        self.log.close()
        if sys.exc_info()[0]:
            print(self.said())
        self.temporary.cleanup()

    def up(self):
        """A whole centre; self.endpoint is its gateway."""
        endpoint = os.path.join(self.folder, "run/gateway.endpoint")
        if os.path.exists(endpoint):
            os.remove(endpoint)
        self.centre = subprocess.Popen([BINARY, "up"], cwd=self.folder, stderr=self.log, stdout=self.log)
        wait_for(lambda: os.path.exists(endpoint) and os.path.getsize(endpoint) > 0)
        with open(endpoint, encoding="utf-8") as f:
            self.endpoint = f.read().strip()

    def down(self):
        self.centre.send_signal(signal.SIGTERM)
        self.assertEqual(self.centre.wait(60), 0)

    def run_any(self, *words, text=None):
        return subprocess.run([BINARY, *words], cwd=self.folder, input=text, capture_output=True, text=True, check=False)

    def run_ok(self, *words, text=None):
        done = self.run_any(*words, text=text)
        self.assertEqual(done.returncode, 0, (words, done.stderr))
        return done.stdout

    def said(self):
        with open(self.log.name, encoding="utf-8") as f:
            return f.read()
