"""tests/e2e/rederive.py BINARY - another engine has told the findings, or events were erased: the centre puts it right and says why.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from case import BINARY, SIX, Case, wait_for  # noqa: E402

PROOF = os.path.join(os.path.dirname(BINARY), "proof")
SAME = ("rule", "subject", "key", "state", "from", "until", "anchor", "evidence", "values", "level")
ENTRY = """\
rule: entry
title: {id: Masuk, en: Entry}
status: live
level: low
per: person
when: border.crossing where direction == "entry"
disproved by: {id: bukan dia, en: somebody else}
tests:
  - name: in
    events: |
      border.crossing {person: P1, direction: entry} @2026-03-01T09:00+07:00
    expect: |
      raise entry P1 @2026-03-01T09:00+07:00
  - name: out
    events: |
      border.crossing {person: P1, direction: exit} @2026-03-01T09:00+07:00
    expect: []
"""


def tool(folder, *words):
    done = subprocess.run([os.path.join(PROOF, words[0]), *words[1:]], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError((words, done.stderr))
    return done.stdout


class Rederive(Case):
    def setUp(self):
        super().setUp()
        self.run_ok("keys", "gen", "IMI.DESK", "--role", "subscriber")

    def findings(self):
        dump = self.run_any("journal", "dump", "data/findings").stdout
        return [f for f in map(json.loads, dump.splitlines()) if "finding" in f]

    def last(self):
        """The last thing that was said of each finding."""
        return {f["finding"]: f for f in self.findings()}

    def standing(self):
        return {k: f for k, f in self.last().items() if f["op"] not in ("withdraw", "none")}

    @staticmethod
    def shape(standing):
        return sorted(json.dumps([f.get(k) for k in SAME], sort_keys=True) for f in standing.values())

    def alerts(self):
        lines = self.run_ok("alerts", "ls", "--key", "IMI.DESK", "--gateway", self.endpoint, "--limit", "10000").splitlines()
        return {a["alert"]: a for a in map(json.loads, lines)}

    def words(self):
        """The desk's own words about what it was told: (alert, op, reason), each difference once."""
        out = self.run_ok("alerts", "watch", "--key", "IMI.DESK", "--gateway", self.endpoint, "--from", "earliest",
                          "--sub", "proof", "--count", str(len([f for f in self.findings() if f["op"] != "none"])))
        return [json.loads(line) for line in out.splitlines()]

    def answered(self):
        """How far correlation has answered, durably."""
        done = [int(line.split()[2]) for line in tool(self.folder, "audit", "findings", "data/findings").splitlines() if line[0] == "T"]
        return done[-1] if done else 0

    def fill(self):
        week, last = self.run_ok("simulate", "--percent", "3"), 0
        for path, text in ((SIX, None), ("-", week)):
            out = self.run_ok("publish", path, "--key", "IMI.EVERYWHERE", "--gateway", self.endpoint, text=text)
            receipts = [json.loads(line) for line in out.splitlines()]
            self.assertEqual({r["status"] for r in receipts}, {"accepted"})
            last = max(r["position"] for r in receipts)
        wait_for(lambda: self.answered() >= last)
        self.assertGreater(len(self.standing()), 74)

    def rederived(self):
        """The last word of correlation about it: how many differences."""
        said = re.findall(r"rederived.*differences=(\d+)", self.said())
        return int(said[-1]) if said else None

    def test_what_another_engine_told__is_amended_with_the_reason(self):
        self.up()
        self.fill()
        self.down()
        before = self.standing()
        os.makedirs(os.path.join(self.folder, "data/other"), mode=0o700)
        differences = int(tool(self.folder, "rewrite", "engine", "data/findings", "data/other", "99"))
        os.rename(os.path.join(self.folder, "data/findings"), os.path.join(self.folder, "data/before"))
        os.rename(os.path.join(self.folder, "data/other"), os.path.join(self.folder, "data/findings"))
        wrong = self.standing()
        self.assertNotEqual(self.shape(wrong), self.shape(before))
        self.up()
        wait_for(lambda: self.rederived() is not None)
        self.assertEqual(self.rederived(), differences)
        wait_for(lambda: set(self.alerts()) >= set(self.standing()))
        after = self.standing()
        told = [f for f in self.findings() if f["reason"] == "engine"]
        self.assertEqual(len(told), differences)
        self.assertEqual({f["op"] for f in told}, {"raise", "amend", "withdraw"})
        self.assertEqual(self.shape(after), self.shape(before))
        self.assertEqual({f["finding"] for f in told if f["op"] == "withdraw"}, set(wrong) - set(after))
        for f in told:
            if f["finding"] in wrong:
                self.assertEqual(f["rev"], wrong[f["finding"]]["rev"] + 1, f)
        alerts = self.alerts()
        for f in told:
            self.assertEqual(alerts[f["finding"]]["state"], f["state"])
        words = self.words()
        self.assertEqual(sum(w["reason"] == "engine" for w in words), differences)
        self.down()
        self.up()  # and once more: there is nothing left to say
        wait_for(lambda: self.alerts() == alerts)
        self.down()
        self.assertEqual(len([f for f in self.findings() if f["reason"] == "engine"]), differences)
        self.run_ok("backup", "kept")
        restored = self.run_any("restore", "kept", "--verify", "--set", "paths.data=elsewhere")
        self.assertEqual(restored.returncode, 0, restored.stderr)
        self.assertIn(" 0 differences", restored.stderr)

    def test_erased_events__leave_with_what_was_found(self):
        self.up()
        self.fill()
        before = self.standing()
        wait_for(lambda: set(self.alerts()) >= set(before))
        self.down()
        # all events of a person: a single one would leave a stay without its entry, and that is a finding of its own
        victim = next(f["subject"].split(":")[-1] for f in before.values() if f["rule"] == "overstay-fee")
        journal = self.run_ok("journal", "dump", "data/journal")
        events = [json.loads(line) for line in journal.splitlines() if victim in line]
        ids = {e["id"] for e in events if "id" in e}
        at = {line.split()[2]: line.split()[1] for line in tool(self.folder, "audit", "events", "data/journal").splitlines()
              if line.startswith("E")}
        positions = [at[i.replace("-", "")] for i in ids]
        # what was withdrawn before leaves, too: its alert is still known as withdrawn
        gone = {k for k, f in self.last().items() if set(f["evidence"]) & ids}
        self.assertTrue({k for k, f in before.items() if victim in f["subject"]} <= gone)
        tool(self.folder, "rewrite", "erase", "data/journal", "data/findings", *positions)
        for journal in ("journal", "findings"):
            verdict = json.loads(self.run_ok("journal", "verify", f"data/{journal}"))
            self.assertEqual(verdict["verdict"], "ok")
            self.assertGreaterEqual(verdict["erased"], 1)
        for journal in ("journal", "findings"):
            self.assertFalse(victim in self.run_ok("journal", "dump", f"data/{journal}"))
        self.up()
        wait_for(lambda: self.rederived() is not None)
        wait_for(lambda: not gone & set(self.alerts()))
        self.down()
        left = [f for f in self.findings() if f["op"] == "none"]
        self.assertEqual({f["finding"] for f in left}, gone)
        self.assertEqual({f["reason"] for f in left}, {"erased"})
        self.assertEqual(self.shape(self.standing()), self.shape({k: f for k, f in before.items() if k not in gone}))
        journal = self.run_ok("journal", "dump", "data/journal")
        self.assertTrue('"erasure":' in journal)
        for line in journal.splitlines():  # nobody is told
            if '"alert.withdrawn"' in line:
                data = json.loads(line)["data"]
                self.assertFalse(data["finding"] in gone & set(before) and data["rev"] > before[data["finding"]]["rev"], line)
        self.run_ok("backup", "kept")
        restored = self.run_any("restore", "kept", "--verify", "--set", "paths.data=elsewhere")
        self.assertEqual(restored.returncode, 0, restored.stderr)
        self.assertIn(" 0 differences", restored.stderr)

    def told(self):
        """The events that say who was told, by finding and type: revisions."""
        found = {}
        for line in self.run_ok("journal", "dump", "data/journal").splitlines():
            e = json.loads(line)
            if e.get("type", "").startswith("alert."):
                found.setdefault(e["type"], []).append((e["data"]["rev"], e["data"]["agency_code"]))
        return {k: sorted(v) for k, v in found.items()}

    def test_a_casebook_built_anew_without_the_beginning__queues_nothing_that_is_refused(self):
        os.mkdir(os.path.join(self.folder, "rules"))
        with open(os.path.join(self.folder, "rules", "entry.yaml"), "w", encoding="utf-8") as f:
            f.write(ENTRY)
        with open(SIX, encoding="utf-8") as f:
            first = json.loads(f.readline())
        second = dict(first, id=first["id"][:-1] + "a", occurred_at="2026-03-01T10:00:00+07:00", supersedes=first["id"])
        self.up()
        for event in (first, second):
            self.run_ok("publish", "-", "--key", "IMI.EVERYWHERE", "--gateway", self.endpoint, text=json.dumps(event))
        want = {"alert.raised": [(1, "IMI")], "alert.amended": [(2, "IMI")]}
        wait_for(lambda: self.told() == want)
        self.down()
        at = {line.split()[2]: line.split()[1] for line in tool(self.folder, "audit", "events", "data/journal").splitlines()
              if line.startswith("E")}
        tool(self.folder, "rewrite", "erase", "data/journal", "data/findings", at[first["id"].replace("-", "")])
        shutil.rmtree(os.path.join(self.folder, "data/casebook"))
        self.up()
        want["alert.raised"].append((2, "IMI"))
        wait_for(lambda: self.told() == want)
        self.assertEqual(len(self.alerts()), 1)
        self.down()
        shutil.rmtree(os.path.join(self.folder, "data/casebook"))
        self.up()
        wait_for(lambda: len(self.alerts()) == 1)
        self.down()
        self.assertEqual(self.told(), want)  # once more it is known
        self.assertNotIn('"quarantine"', self.run_ok("journal", "dump", "data/journal"))


if __name__ == "__main__":
    unittest.main()
