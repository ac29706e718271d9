"""tests/e2e/supervisor.py BINARY - `up` and its stations: order, restarts, refusals, reload, stopping, stores that are lost.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from case import BINARY, SIX, Case, wait_for  # noqa: E402

STATIONS = ("ingest", "gateway", "correlation", "alerts")


class Supervisor(Case):
    STATE_MAP = "64 MiB"

    def up(self, *words):
        before = self.said().count("every station serves")
        self.centre = subprocess.Popen([BINARY, "up", *words], cwd=self.folder, stderr=self.log, stdout=self.log)
        wait_for(lambda: self.said().count("every station serves") > before)

    def stop(self, number=signal.SIGTERM):
        self.centre.send_signal(number)
        self.assertEqual(self.centre.wait(30), 0)

    def pid(self, station):
        with open(os.path.join(self.folder, "run", f"{station}.lock"), encoding="utf-8") as f:
            return int(f.read().split()[0])

    def readies(self):
        """The stations in the order in which they were ready."""
        return re.findall(r" (\S+) ready:", self.said())

    def metric(self, station, name):
        path = os.path.join(self.folder, "run", f"{station}.metrics")
        if not os.path.exists(path):
            return 0
        with open(path, encoding="ascii") as f:
            found = re.search(rf"^kentongan_{name} (\d+)", f.read(), re.M)
        return int(found.group(1)) if found else 0

    def wait_for_answers(self):
        """Until correlation has answered every event of the journal; position and lag are of one look."""
        wait_for(lambda: self.metric("correlation", "correlation_position") >= 6
                 and self.metric("correlation", "correlation_lag") == 0)

    def publish(self):
        with open(os.path.join(self.folder, "run/gateway.endpoint"), encoding="utf-8") as f:
            endpoint = f.read().strip()
        out = self.run_ok("publish", SIX, "--key", "IMI.EVERYWHERE", "--gateway", endpoint)
        return [json.loads(line)["status"] for line in out.splitlines()]

    def doctor(self):
        rows = {r["check"]: r for r in map(json.loads, self.run_any("doctor").stdout.splitlines())}
        for r in rows.values():
            self.assertEqual(r["verdict"] == "ok", r["next"] is None, r)
        return rows

    def findings(self):
        dump = self.run_any("journal", "dump", "data/findings").stdout.splitlines()
        return [line for line in dump if '"finding"' in line]

    def test_stations_start_in_order__and_stop_cleanly(self):
        self.up()
        order = self.readies()
        self.assertEqual(sorted(order), sorted(STATIONS))
        self.assertLess(order.index("ingest"), order.index("gateway"))
        self.assertLess(order.index("ingest"), order.index("correlation"))
        self.assertLess(order.index("correlation"), order.index("alerts"))
        pids = [self.pid(s) for s in STATIONS]
        second = self.run_any("up")
        self.assertNotEqual(second.returncode, 0)
        self.assertIn(str(self.centre.pid), second.stderr)
        self.stop(signal.SIGINT)
        for p in pids:
            self.assertRaises(ProcessLookupError, os.kill, p, 0)
        self.assertNotIn("did not stop when asked", self.said())

    def test_a_station_that_dies__is_started_again_with_patience(self):
        self.up()
        others = {s: self.pid(s) for s in STATIONS if s != "gateway"}
        for _ in range(3):
            before = self.readies().count("gateway")
            os.kill(self.pid("gateway"), signal.SIGKILL)
            wait_for(lambda n=before: self.readies().count("gateway") > n)
        rests = [int(x) for x in re.findall(r"station=gateway .*again_ms=(\d+)", self.said())]
        self.assertEqual(len(rests), 3)
        self.assertEqual(rests, [rests[0], rests[0] * 2, rests[0] * 4])
        self.assertEqual(others, {s: self.pid(s) for s in others})  # the others kept working
        self.assertEqual(self.publish(), ["accepted"] * 6)
        wait_for(lambda: "started again 3 times" in self.doctor()["gateway"]["seen"])
        rows = self.doctor()
        self.assertEqual({s: rows[s]["verdict"] for s in STATIONS},
                         {"ingest": "ok", "gateway": "warning", "correlation": "ok", "alerts": "ok"})
        self.stop()
        rows = self.doctor()  # nobody is alive to have died again and again
        self.assertEqual({rows[s]["seen"] for s in STATIONS}, {"not running"})

    def test_a_station_that_cannot_start__ends_the_centre_and_is_not_tried_again(self):
        os.makedirs(os.path.join(self.folder, "rules"))
        with open(os.path.join(self.folder, "rules/wrong.yaml"), "w", encoding="utf-8") as f:
            f.write("rule: a-typo\nwhne: nothing\n")
        done = self.run_any("up")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stderr.count("cannot start: mend"), 0)
        self.assertIn("ingest", done.stderr)
        self.assertIn("whne", done.stderr)
        self.assertNotIn("will be started again", done.stderr)

    def test_a_centre_without_a_key__says_so_once(self):
        shutil.rmtree(os.path.join(self.folder, "keys"))
        done = self.run_any("up", "--lang", "id")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertEqual(done.stderr.count("gateway belum punya kunci"), 1, done.stderr)
        self.assertNotIn(" alerts ready:", done.stderr)

    def test_a_folder_that_cannot_be_made__is_said_before_a_station_starts(self):
        with open(os.path.join(self.folder, "file"), "w", encoding="utf-8"):
            pass
        done = self.run_any("up", "--set", "paths.data=file/data", "--set", "paths.run=new")
        self.assertEqual((done.returncode, done.stderr.count("\n")), (5, 1), done.stderr)
        self.assertIn("file/data: ", done.stderr)
        self.assertIn("[data-denied]", done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "new")))

    def test_a_port_in_use__is_said_and_ends_the_centre(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            before = sorted(os.walk(self.folder))
            for name in ("listen", "plain"):
                done = self.run_any("up", "--set", f"gateway.{name}=tcp://127.0.0.1:{port}")
                self.assertEqual(done.returncode, 7, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)  # no station has spoken
                self.assertIn("[port-in-use]", done.stderr)
                self.assertIn(f"pid {os.getpid()}", done.stderr)
                self.assertEqual(sorted(os.walk(self.folder)), before)

    def test_a_station_that_has_served__does_not_take_the_others_with_it(self):
        self.up()
        registry = os.path.join(self.folder, "keys/gateway.key")
        secrets = [os.path.join(d, n) for d, _, names in os.walk(os.path.join(self.folder, "keys")) for n in names
                   if n.startswith("gateway") and "registry" not in d]
        self.assertTrue(secrets, registry)
        for s in secrets:
            os.rename(s, s + ".away")
        ingest = self.pid("ingest")
        os.kill(self.pid("gateway"), signal.SIGKILL)
        wait_for(lambda: len(re.findall(r"station=gateway status=[2-5] ", self.said())) >= 2)
        self.assertIsNone(self.centre.poll())
        os.kill(ingest, 0)
        before = self.readies().count("gateway")
        for s in secrets:
            os.rename(s + ".away", s)
        wait_for(lambda: self.readies().count("gateway") > before)
        self.assertEqual(self.publish(), ["accepted"] * 6)
        self.stop()

    def test_a_key_that_is_enrolled_while_it_runs__may_publish_at_once_and_is_cut_when_revoked(self):
        self.up()
        self.assertEqual(self.publish(), ["accepted"] * 6)
        self.run_ok("keys", "gen", "APOA.NEW", "--source", "APOA.*")
        with open(os.path.join(self.folder, "run/gateway.endpoint"), encoding="utf-8") as f:
            endpoint = f.read().strip()
        line = json.dumps({"id": "01936b2e-7c00-7000-8000-000000000099", "type": "lodging.checkin",
                           "source": "APOA.SANGGAU.7", "occurred_at": "2026-03-01T15:00:00+07:00",
                           "data": {"property": "H-7", "surname": "SPECIMEN",
                                    "doc": {"kind": "P", "issuer": "UTO", "number": "L898902C3"}}})
        out = self.run_ok("publish", "-", "--key", "APOA.NEW", "--outbox", "outbox-new", "--gateway", endpoint, text=line + "\n")
        self.assertEqual(json.loads(out)["status"], "accepted")
        self.run_ok("keys", "revoke", "APOA.NEW", "--reason", "lost")
        revoked, n = time.monotonic(), 100
        while True:
            begun, n = time.monotonic() - revoked, n + 1
            done = self.run_any("publish", "-", "--key", "APOA.NEW", "--outbox", "outbox-new", "--gateway", endpoint, "--wait", "3s",
                                text=line.replace("000099", f"{n:06}") + "\n")
            if done.returncode:
                break
            self.assertLess(begun, 1.0, "the promise is a second")
        self.assertNotIn('"accepted"', done.stdout)
        self.stop()

    def test_a_reload_reaches_ingest__and_wrong_texts_change_nothing(self):
        os.makedirs(os.path.join(self.folder, "rules"))
        shutil.copytree(os.path.abspath("rules/packs"), os.path.join(self.folder, "rules"), dirs_exist_ok=True)
        self.up()
        self.centre.send_signal(signal.SIGHUP)
        wait_for(lambda: "asked to read its texts again" in self.said())
        with open(os.path.join(self.folder, "rules/wrong.yaml"), "w", encoding="utf-8") as f:
            f.write("rule: a-typo\nwhne: nothing\n")
        self.centre.send_signal(signal.SIGHUP)
        wait_for(lambda: "ruleset-refused" in self.said())
        self.assertEqual(self.publish(), ["accepted"] * 6)
        self.stop()

    def test_lost_findings_and_state__are_derived_again_from_the_events(self):
        self.up()
        self.assertEqual(self.publish(), ["accepted"] * 6)
        self.wait_for_answers()
        self.assertGreater(len(self.findings()), 0)
        self.stop()
        first = self.findings()
        shutil.rmtree(os.path.join(self.folder, "data/findings"))  # the state remembers more than there is
        self.up()
        wait_for(lambda: len(self.findings()) >= len(first))
        self.assertEqual(self.findings()[:len(first)], first)
        self.assertIn("built again", self.said())
        self.stop()
        shutil.rmtree(os.path.join(self.folder, "data/state"))
        os.remove(os.path.join(self.folder, "run/correlation.metrics"))  # what it said before the state was lost
        self.up()
        self.wait_for_answers()
        self.stop()
        self.assertEqual(self.findings()[:len(first)], first)
        self.assertNotIn("does-not-repeat", self.said())


if __name__ == "__main__":
    unittest.main()
