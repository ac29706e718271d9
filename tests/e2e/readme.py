"""tests/e2e/readme.py BINARY - what README.md tells a newcomer to type, typed.

Every ```sh block runs in order in one new folder.  Other than on the page: nothing is built, `up` runs beside, on a
free port, `alerts watch` gets its Ctrl-C from us, and before each block we wait until the centre has answered.
SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = os.path.abspath(sys.argv.pop(1))
REPO = os.path.abspath(".")


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited too long")
        time.sleep(0.05)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Readme(unittest.TestCase):
    def setUp(self):
        with open("README.md", encoding="utf-8") as f:
            self.page = f.read()
        self.temporary = tempfile.TemporaryDirectory(prefix="ktg-")
        self.folder = self.temporary.name
        self.env = {**os.environ, "REPO": REPO, "PATH": f"{os.path.dirname(BINARY)}:{os.environ['PATH']}", "LANG": "C.UTF-8"}
        self.centre = None
        endpoint = f"tcp://127.0.0.1:{free_port()}"
        with open(os.path.join(self.folder, "kentongan.yaml"), "w", encoding="utf-8") as f:
            f.write(f'state: {{map: 256 MiB}}\ncasebook: {{map: 64 MiB}}\njournal: {{segment: 4 MiB}}\n'
                    f'gateway: {{listen: "{endpoint}"}}\nagent: {{map: 64 MiB, gateway: "{endpoint}"}}\n')

    def tearDown(self):
        if self.centre and self.centre.poll() is None:
            self.centre.kill()
            self.centre.wait()
        self.temporary.cleanup()

    def log(self):
        with open(os.path.join(self.folder, "up.log"), encoding="utf-8") as f:
            return f.read()

    def typed(self, text):
        done = subprocess.run(["bash", "-e", "-c", text], cwd=self.folder, env=self.env, capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 0, (text, done.stdout[-2000:], done.stderr[-2000:]))
        return done.stdout

    def start(self):
        with open(os.path.join(self.folder, "up.log"), "w", encoding="utf-8") as log:
            self.centre = subprocess.Popen([BINARY, "up"], cwd=self.folder, stdout=log, stderr=log)
        wait_for(lambda: "every station serves" in self.log())

    def test_every_command__does_what_the_page_says(self):
        self.assertLessEqual(self.page.count("\n"), 200)
        keys, publish, duty, rule, force, keep = re.findall(r"^```sh\n(.*?)^```", self.page, re.S | re.M)
        self.typed("\n".join(line for line in keys.splitlines() if line.startswith("kentongan keys")))
        self.start()

        receipts = self.typed(publish)
        self.assertEqual((receipts.count('"status":"accepted"'), receipts.count('"status":"duplicate"')), (6, 6))
        self.assertNotIn('"verdict":"wrong"', receipts)

        known = re.search(r"alerts show (\w+)", duty)[1]
        wait_for(lambda: f'"alert":"{known}' in self.typed("kentongan alerts ls --key IMI.DESK"))
        watch = re.search(r"^kentongan alerts watch.*$", duty, re.M)[0]
        said = self.typed(duty.replace(watch, watch.replace(" watch ", " watch --count 1 --from earliest ")))
        self.assertIn('"action":"closed"', said)

        said = self.typed(rule)
        self.assertEqual(said.count('"verdict":"ok"'), 3)
        self.assertIn(re.search(r"it would have said: (\d+)", rule)[1],
                      str(said.count("two-houses-one-day  doc:")))

        before = self.log().count("ruleset-recorded")
        self.typed(force)
        wait_for(lambda: self.log().count("ruleset-recorded") > before)
        self.assertRegex(self.typed("kentongan doctor"), r"\d+ of rules/")

        self.assertIn('"verdict":"ok"', self.typed(keep))
        self.centre.send_signal(signal.SIGINT)
        self.assertEqual(self.centre.wait(30), 0)


if __name__ == "__main__":
    unittest.main()
