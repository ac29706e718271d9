"""tests/e2e/spine.py BINARY - the centre as a whole: publish, journal, findings, replay, on real processes and CURVE.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import pty
import signal
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
import toll  # noqa: E402
from case import BINARY, SIX, Case, wait_for  # noqa: E402


class Spine(Case):
    def setUp(self):
        super().setUp()
        self.centre = subprocess.Popen([BINARY, "up"], cwd=self.folder, stderr=self.log, stdout=self.log)
        endpoint = os.path.join(self.folder, "run/gateway.endpoint")
        wait_for(lambda: os.path.exists(endpoint) and os.path.getsize(endpoint) > 0)
        with open(endpoint, encoding="utf-8") as f:
            self.endpoint = f.read().strip()

    def publish(self, path, text=None):
        out = self.run_ok("publish", path, "--key", "IMI.EVERYWHERE", "--gateway", self.endpoint, text=text)
        return [json.loads(line) for line in out.splitlines()]

    def stop(self):
        self.centre.send_signal(signal.SIGTERM)
        self.assertEqual(self.centre.wait(30), 0)

    def test_what_is_published__comes_back_and_is_answered_the_same_offline(self):
        with open(SIX, encoding="utf-8") as f:
            six = [json.loads(line) for line in f]
        week = self.run_ok("simulate", "--percent", "3")
        receipts = self.publish(SIX)
        self.assertEqual([r["status"] for r in receipts], ["accepted"] * 6)
        self.assertEqual([r["status"] for r in self.publish(SIX)], ["duplicate"] * 6)
        receipts = self.publish("-", text=week)
        self.assertEqual({r["status"] for r in receipts}, {"accepted"})
        last = max(r["position"] for r in receipts)

        def answered():
            mark = json.loads(self.run_any("journal", "verify", "data/findings").stdout or '{"last":0}')
            return mark["last"] and self.run_any("journal", "dump", "data/findings").stdout.count("sponsor-nib-revoked") >= 74
        wait_for(answered)
        self.stop()

        dump = self.run_ok("journal", "dump", "data/journal")
        events = {e["id"]: e for e in map(json.loads, dump.splitlines()) if "id" in e}
        for sent in six + [json.loads(line) for line in week.splitlines()]:
            sent.pop("recorded_at", None)
            self.assertEqual(events[sent["id"]], sent)
        self.assertGreaterEqual(len(dump.splitlines()), last)

        said = [line for line in self.run_ok("journal", "dump", "data/findings").splitlines() if '"clock"' not in line[:9]]
        offline = self.run_ok("replay", "-q", "--events", "-", text=dump).splitlines()
        self.assertEqual(offline[:len(said)], said)  # the tail may not have been answered when it was stopped
        for journal in ("journal", "findings"):
            self.assertEqual(json.loads(self.run_ok("journal", "verify", f"data/{journal}"))["verdict"], "ok")

    def test_a_ninth_rule_and_a_new_type__go_the_whole_way_without_rebuilding(self):
        self.run_ok("keys", "gen", "IMI.DESK", "--agency", "IMI", "--role", "officer")
        toll.write(self.folder, "schema/events")
        self.run_ok("reload")
        wait_for(lambda: self.said().count("ruleset-recorded") > 1)
        text = "".join(toll.passage(n, 9 + n) + "\n" for n in range(3))
        out = self.run_ok("publish", "-", "--schema", "schema", "--key", "IMI.EVERYWHERE", "--gateway", self.endpoint, text=text)
        self.assertEqual([json.loads(line)["status"] for line in out.splitlines()], ["accepted"] * 3)
        desk = ("--key", "IMI.DESK", "--gateway", self.endpoint)
        wait_for(lambda: "toll-hops" in self.run_ok("alerts", "ls", *desk))
        alert = json.loads(self.run_ok("alerts", "ls", *desk).splitlines()[0])
        self.assertEqual((alert["rule"], alert["level"]), ("toll-hops", "low"))
        self.stop()

    def test_a_first_start__is_told_without_alarm(self):
        wait_for(lambda: "every station serves" in self.said())
        self.assertIn("correlation begins: nothing was answered before", self.said())
        self.assertNotIn("warning:", self.said())
        self.stop()
        self.assertLess(self.said().index("gateway stopping"), self.said().index("alerts stopping"))  # else it misses whom it serves
        self.centre = subprocess.Popen([BINARY, "up"], cwd=self.folder, stderr=self.log, stdout=self.log)
        wait_for(lambda: self.said().count("every station serves") == 2)
        self.assertEqual(self.said().count("correlation begins:"), 1)
        self.assertNotIn("warning:", self.said())

    def test_what_was_stored_while_the_line_was_down__is_brought_later(self):
        key = ("--key", "IMI.EVERYWHERE")
        self.run_ok("publish", SIX, *key, "--no-wait", "--gateway", "tcp://127.0.0.1:1")
        self.assertEqual(json.loads(self.run_ok("spool", "status"))["waiting"], 6)
        agent = subprocess.Popen([BINARY, "agent", *key, "--gateway", self.endpoint], cwd=self.folder, stderr=self.log)
        try:
            wait_for(lambda: self.run_any("journal", "dump", "data/journal").stdout.count("01936b2e-7c00") >= 6)
            wait_for(lambda: json.loads(self.run_ok("spool", "status"))["waiting"] == 0)  # beside its owner
            again = self.publish(SIX)  # through the running agent
            self.assertLessEqual({r["status"] for r in again}, {"accepted", "duplicate"})  # it has their receipts
        finally:
            agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(30), 0)
        status = json.loads(self.run_ok("spool", "status"))
        self.assertEqual((status["waiting"], status["accepted"]), (0, 6))
        self.assertEqual(self.run_ok("spool", "rejects"), "")

    def test_a_key_that_is_not_known__is_turned_away(self):
        os.makedirs(os.path.join(self.folder, "elsewhere"))
        other = os.path.join(self.folder, "elsewhere")
        subprocess.run([BINARY, "keys", "gen", "IMI.NOBODY"], cwd=other, check=True, capture_output=True)
        public = [json.loads(line) for line in self.run_ok("keys", "ls").splitlines()]
        server = next(k["public_key"] for k in public if k["name"] == "gateway")
        done = subprocess.run([BINARY, "publish", SIX, "--key", "IMI.NOBODY", "--gateway", self.endpoint, "--set",
                               f"agent.server_key={server}", "--set", "agent.map=16 MiB", "--wait", "3s"],
                              cwd=other, capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (5, 6), done.stderr)
        self.assertNotIn("accepted\"", done.stdout)

    def test_a_key_that_sends_events__is_told_that_it_is_no_desk(self):
        for words in (("ls",), ("watch", "--count", "1")):
            done = self.run_any("alerts", *words, "--key", "IMI.EVERYWHERE", "--gateway", self.endpoint)
            self.assertEqual(done.returncode, 5, done.stderr)
            self.assertIn("a duty desk: kentongan keys gen NAME --role officer", done.stderr)

    def test_what_waits_behind_a_running_agent__is_not_called_online(self):
        key = ("--key", "IMI.EVERYWHERE", "--gateway", "tcp://127.0.0.1:1")
        agent = subprocess.Popen([BINARY, "agent", *key], cwd=self.folder, stderr=subprocess.PIPE, text=True)
        try:
            wait_for(lambda: "ready" in agent.stderr.readline())
            try:
                reader, terminal = pty.openpty()
            except OSError as e:  # a container without /dev/pts
                self.skipTest(f"this machine gives no terminal: {e}")
            done = subprocess.run([BINARY, "publish", SIX, *key, "--wait", "2s"], cwd=self.folder, stderr=terminal,
                                  stdout=subprocess.PIPE, check=False)
            os.close(terminal)
            screen = b""
            try:
                while piece := os.read(reader, 4096):
                    screen += piece
            except OSError:  # nobody holds the other end any more
                pass
            os.close(reader)
        finally:
            agent.send_signal(signal.SIGTERM)
            agent.communicate(timeout=30)
        said = screen.decode().splitlines()
        self.assertEqual(done.returncode, 6, said)
        self.assertEqual(said.count("6 read, 6 stored, 0 answered (with the agent)"), 1, said)  # once, not twice a second
        self.assertIn("what has no answer is kept here", screen.decode())


if __name__ == "__main__":
    done = unittest.main(exit=False).result
    for _, why in done.skipped:
        print(f"SKIP: {why}")
    sys.exit(not done.wasSuccessful() or (77 if done.skipped else 0))
