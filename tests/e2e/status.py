"""tests/e2e/status.py BINARY - what a running centre tells a key about itself, and what it does not tell.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
from case import BINARY, SIX, Case, wait_for  # noqa: E402

DENIED = 5


class Status(Case):
    def setUp(self):
        super().setUp()
        self.run_ok("keys", "gen", "IMI.OTHER", "--source", "*")
        for name, agency, role in (("IMI.DESK", "IMI", "officer"), ("POL.DESK", "POL", "subscriber"), ("KUA.DESK", "KUA", "subscriber")):
            self.run_ok("keys", "gen", name, "--agency", agency, "--role", role)
        self.up()

    def call(self, *words, **more):
        return self.run_any(*words, "--gateway", self.endpoint, **more)

    def status(self, key):
        done = self.call("status", "--key", key)
        self.assertEqual(done.returncode, 0, done.stderr)
        items = [json.loads(line) for line in done.stdout.splitlines()]
        centre = [i for i in items if i["of"] == "centre"]  # which moves on by itself
        self.assertEqual(len(centre), items[0]["of"] == "desk")
        for c in centre:
            self.assertEqual((sorted(c), c["full"], c["still_at"]), (["behind", "full", "late", "of", "still_at", "told_at"], False, None))
        return items[0], [i for i in items[1:] if i["of"] != "centre"]

    def publish(self, key, events):
        text = "\n".join(json.dumps(e) for e in events)
        done = self.call("publish", "-", "--key", key, "--outbox", f"outbox-{key}", text=text)
        return [json.loads(line)["status"] for line in done.stdout.splitlines()]

    def refused(self, *words):
        """The same refusal in both languages."""
        said = {}
        for lang in ("en", "id"):
            done = self.call(*words, "--lang", lang)
            self.assertEqual(done.returncode, DENIED, (words, done.stderr))
            self.assertEqual(done.stdout, "")
            said[lang] = done.stderr
        self.assertNotEqual(said["en"], said["id"])
        return said

    def producers(self, six):
        known = {}
        for e in six:
            known[e["source"]] = known.get(e["source"], 0) + 1
        self.assertEqual(self.status("IMI.EVERYWHERE"), (
            {"of": "producer", "name": "IMI.EVERYWHERE", "epoch": 0, "acked_seq": 0, "quarantined": 0, "sources": 0}, []))
        self.assertEqual(self.publish("IMI.EVERYWHERE", six), ["accepted"] * len(six))
        wrong = dict(six[0], occurred_at="2199-01-01T00:00:00+07:00", id="01936b2e-7c00-7000-8000-0000000000aa")
        self.assertEqual(self.publish("IMI.EVERYWHERE", [wrong]), ["rejected"])
        me, sources = self.status("IMI.EVERYWHERE")
        self.assertGreater(me.pop("epoch"), 0)
        self.assertEqual(me, {"of": "producer", "name": "IMI.EVERYWHERE", "acked_seq": len(six) + 1, "quarantined": 1,
                              "sources": len(known)})
        self.assertEqual([s["source"] for s in sources], sorted(known))
        last = {e["source"]: i + 1 for i, e in enumerate(six)}
        for s in sources:
            self.assertEqual((s["of"], s["seq"]), ("source", last[s["source"]]))
            self.assertTrue(s["event_at"].startswith("20"), s)
        me, sources = self.status("IMI.OTHER")  # it may speak for every source, and has not
        self.assertEqual((me["name"], me["acked_seq"], me["quarantined"], sources), ("IMI.OTHER", 0, 0, []))
        # the question left the outbox alone: it goes on in its epoch
        found = {"id": "019c9c00-0000-7000-8000-000000000001", "type": "document.status", "v": 1, "source": "POL.SANGGAU.1",
                 "occurred_at": "2026-03-09T09:00:00+07:00",
                 "data": {"doc": {"kind": "P", "issuer": "UTO", "number": "L0001"}, "status": "found", "register": "police"}}
        self.assertEqual(self.publish("IMI.EVERYWHERE", [found]), ["accepted"])
        me, sources = self.status("IMI.EVERYWHERE")
        self.assertEqual((me["acked_seq"], me["sources"]), (len(six) + 2, len(known) + 1))
        self.assertIn(("POL.SANGGAU.1", len(six) + 2), [(s["source"], s["seq"]) for s in sources])

    def desks(self):
        def alerts(key):
            return len(self.call("alerts", "ls", "--key", key).stdout.splitlines())
        wait_for(lambda: alerts("IMI.DESK") >= 2)
        me, subs = self.status("POL.DESK")
        self.assertEqual((me["of"], me["name"], me["agency"], me["subscriptions"], subs), ("desk", "POL.DESK", "POL", 0, []))
        self.assertGreater(me["head"], 0)
        done = self.call("alerts", "watch", "--key", "IMI.DESK", "--from", "earliest", "--count", "1", "--window", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_for(lambda: self.status("IMI.DESK")[1])
        me, (sub,) = self.status("IMI.DESK")
        self.assertEqual((me["agency"], sub["sub"], sub["filtered"], sub["live"], sub["at_least"]), ("IMI", "terminal", False, False, False))
        self.assertTrue(0 < sub["cursor"] <= me["head"])
        left = sub["pending"]  # exactly what the next watch brings
        self.assertGreater(left, 0)
        done = self.call("alerts", "watch", "--key", "IMI.DESK", "--count", str(left))
        self.assertEqual(len(done.stdout.splitlines()), left)
        wait_for(lambda: self.status("IMI.DESK")[1][0]["pending"] == 0)
        self.assertEqual(self.status("KUA.DESK")[1], [])

    def test_a_key_is_told_of_itself_and_of_nothing_else(self):
        with open(SIX, encoding="utf-8") as f:
            six = [json.loads(line) for line in f]
        self.producers(six)
        self.desks()
        # a producer has no alerts to ask for, and the centre's own key is nobody's desk
        self.assertIn("kunci ini mengirim kejadian", self.refused("alerts", "ls", "--key", "IMI.EVERYWHERE")["id"])
        self.refused("alerts", "show", "85e3", "--key", "IMI.EVERYWHERE")
        self.refused("status", "--key", "gateway")
        with tempfile.TemporaryDirectory(prefix="ktg-") as stranger:  # a key that nobody enrolled here
            shutil.copy(os.path.join(self.folder, "kentongan.yaml"), stranger)
            shutil.copytree(os.path.join(self.folder, "keys"), os.path.join(stranger, "keys"))
            words = ("keys", "gen", "IMI.STRANGER", "--role", "officer")
            subprocess.run([BINARY, *words], cwd=stranger, check=True, capture_output=True)
            done = subprocess.run([BINARY, "status", "--key", "IMI.STRANGER", "--gateway", self.endpoint], cwd=stranger,
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (DENIED, ""), done.stderr)
        before = [self.status(key) for key in ("IMI.EVERYWHERE", "IMI.DESK")]
        self.down()
        self.up()
        producer, desk = (self.status(key) for key in ("IMI.EVERYWHERE", "IMI.DESK"))
        for a, b in zip(before[0][1], producer[1]):  # the journal's time may be a moment later than the taking
            a.pop("event_at"), b.pop("event_at")
        self.assertEqual(producer, before[0])
        self.assertEqual(desk[1][0]["cursor"], before[1][1][0]["cursor"])
        table = self.call("status", "--key", "IMI.EVERYWHERE", "--table", "--lang", "id").stdout
        self.assertIn("KARANTINA", table)
        self.assertIn("KEJADIAN AKHIR", table)
        self.down()


if __name__ == "__main__":
    unittest.main()
