"""tests/e2e/drafts.py BINARY - what lies in rules/ is a draft until `reload`; what is in force stands in the journal.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import shutil
import signal
import sys
import unittest

sys.dont_write_bytecode = True
from case import BINARY, SIX, Case, wait_for  # noqa: E402

RULE = """rule: seen-at-the-door
title: {id: "Tamu tercatat", en: "A guest was written down"}
status: live
level: high
to: [POL]
per: person
when: lodging.checkin
disproved by: {id: "tamu lain", en: "another guest"}
tests:
  - name: a check-in
    events: |
      lodging.checkin {person: P1, property: H1} @2026-03-01T15:00+07:00
    expect: |
      raise seen-at-the-door P1 @2026-03-01T15:00+07:00
  - name: a check-out alone
    events: |
      lodging.checkout {person: P1, property: H1} @2026-03-01T15:00+07:00
    expect: []
"""
HALF = "rule: half\nwhne: x\n"
SAME = ("rule", "subject", "op", "level", "state")


class Drafts(Case):
    STATE_MAP = "64 MiB"

    def write(self, name, text):
        os.makedirs(os.path.dirname(os.path.join(self.folder, name)), exist_ok=True)
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            f.write(text)

    def up(self):
        before = self.said().count("every station serves")
        super().up()
        wait_for(lambda: self.said().count("every station serves") > before)

    def start(self):
        """A centre with one rule of its own, and an alert that stands by it."""
        self.write("rules/own.yaml", RULE)
        self.up()
        with open(SIX, encoding="utf-8") as f:
            self.six = f.read().splitlines(True)
        self.publish(*self.six)
        wait_for(lambda: len(self.standing()) == 1)
        self.told, self.sets = self.standing(), self.rulesets()
        self.assertEqual(len(self.sets), 1)

    def publish(self, *lines):
        out = self.run_ok("publish", "-", "--key", "IMI.EVERYWHERE", "--gateway", self.endpoint, "--wait", "30s", text="".join(lines))
        self.assertEqual({json.loads(line)["status"] for line in out.splitlines()} - {"accepted", "duplicate"}, set())
        return out

    def another(self, n):
        """A check-in of somebody else."""
        line = next(json.loads(x) for x in self.six if '"lodging.checkin"' in x)
        line["id"] = f"01936b2e-7c00-7000-8000-{900 + n:012d}"
        line["data"]["doc"]["number"] = f"UO{900 + n:06d}"
        return json.dumps(line) + "\n"

    def standing(self):
        last = {}
        for line in self.run_any("journal", "dump", "data/findings").stdout.splitlines():
            if '"finding"' in line:
                last[json.loads(line)["finding"]] = json.loads(line)
        return {k: tuple(f.get(x) for x in SAME) for k, f in last.items() if f["op"] not in ("withdraw", "none")}

    def rulesets(self):
        return [d["ruleset"] for d in map(json.loads, self.run_ok("journal", "dump", "data/journal").splitlines()) if "ruleset" in d]

    def kill_ingest(self):
        """It dies, is started again, and takes an event."""
        before = self.said().count(" ingest ready:")
        with open(os.path.join(self.folder, "run/ingest.lock"), encoding="utf-8") as f:
            os.kill(int(f.read().split()[0]), signal.SIGKILL)
        wait_for(lambda: self.said().count(" ingest ready:") > before, 15)

    def reload(self, what):
        before = self.said().count(what)
        self.run_ok("reload")
        wait_for(lambda: self.said().count(what) > before, 15)

    def doctor(self, check):
        """(verdict, what was seen, what to do) of one row."""
        rows = [json.loads(line) for line in self.run_any("doctor", "--json").stdout.splitlines()]
        return next((r["verdict"], r["seen"], r.get("next", "")) for r in rows if r["check"] == check)

    def level(self, *paths):
        return next(r["level"] for r in map(json.loads, self.run_any("rules", "ls", *paths).stdout.splitlines()) if r["rule"] == "seen-at-the-door")

    def written(self, folder):
        """{name: text} of the yaml files under it."""
        found = {}
        for path, _, names in os.walk(os.path.join(self.folder, folder)):
            for name in names:
                with open(os.path.join(path, name), encoding="utf-8") as f:
                    found[os.path.relpath(f.name, os.path.join(self.folder, folder))] = f.read()
        return found

    def test_what_is_in_force__is_written_to_a_folder_that_can_be_read_again(self):
        self.write("rules/local.yaml", "settings: {itas.report_days: 31}\n")
        self.start()
        ours = {"rules/own.yaml": RULE, "local.yaml": "settings: {itas.report_days: 31}\n"}
        self.write("rules/own.yaml", RULE.replace("level: high", "level: low"))
        self.write("rules/more.yaml", RULE.replace("seen-at-the-door", "another"))
        rows = [json.loads(line) for line in self.run_ok("rules", "export", "running").splitlines()]
        found = self.written("running")
        self.assertEqual({r["text"]: r["bytes"] for r in rows}, {k: len(v.encode()) for k, v in found.items()})
        self.assertEqual({r["text"] for r in rows if not r["shipped"]}, set(ours))
        self.assertEqual({k: found[k] for k in ours}, ours)  # what holds, not the drafts
        for part in ("lists", "events", "codes", "settings.yaml"):  # and all that they need
            self.assertTrue(any(k.startswith(part) for k in found), part)
        self.assertEqual((self.level("running"), self.level("rules")), ("high", "low"))
        self.run_ok("rules", "check", "running")
        before = dict(found)
        self.assertEqual(self.run_any("rules", "export", "running").returncode, 7)
        self.assertEqual(self.written("running"), before)
        self.reload("ruleset-recorded")
        self.down()
        os.mkdir(os.path.join(self.folder, "after"))
        self.run_ok("rules", "export", "after")  # of a centre that stands, into an empty folder
        self.assertEqual({k for k, v in self.written("after").items() if before.get(k) != v}, {"rules/own.yaml", "rules/more.yaml"})

    def test_a_draft_is_not_in_force__after_a_crash_or_a_start_either(self):
        self.start()
        self.assertEqual(self.doctor("in force")[0], "ok")
        self.write("rules/own.yaml", RULE.replace("level: high", "level: low"))
        self.kill_ingest()
        self.assertEqual(self.rulesets(), self.sets)
        self.assertIn("texts-differ", self.said())
        self.down()
        self.up()
        self.publish(self.another(1))
        wait_for(lambda: len(self.standing()) == 2)
        self.assertEqual({f[3] for f in self.standing().values()}, {"high"})
        self.assertEqual(self.rulesets(), self.sets)
        verdict, seen, todo = self.doctor("in force")
        self.assertEqual(verdict, "warning")
        self.assertIn("rules/own.yaml", seen)
        self.assertIn("reload", todo)
        self.assertIn("own.yaml", self.run_any("rules", "ls", "rules").stderr)
        self.assertEqual(self.level("rules"), "low")
        self.assertEqual(self.level(), "high")  # without a path: what holds
        self.assertIn("not in force: rules/own.yaml", self.run_any("rules", "ls").stderr)
        self.assertIn('"high"', self.run_any("rules", "show", "seen-at-the-door").stdout)
        backtest = self.run_any("rules", "backtest", "seen-at-the-door", "--since", "2026-01-01T00:00:00+07:00").stderr
        self.assertIn("0 added, 0 lost, 0 otherwise, 2 the same", backtest)  # by name: as it is in force
        backtest = self.run_any("rules", "backtest", "rules/own.yaml", "--since", "2026-01-01T00:00:00+07:00").stderr
        self.assertIn("2 otherwise", backtest)  # the file: the draft
        self.reload("ruleset-recorded")
        wait_for(lambda: {f[3] for f in self.standing().values()} == {"low"})
        self.assertEqual(len(self.rulesets()), 2)
        self.assertEqual(self.doctor("in force")[0], "ok")
        self.assertEqual(self.run_any("rules", "ls", "rules").stderr, "")
        self.assertEqual(self.level(), "low")
        self.down()

    def test_half_a_draft__leaves_the_intake_open(self):
        self.start()
        self.write("rules/half.yaml", HALF)
        self.kill_ingest()
        self.publish(self.another(1))
        wait_for(lambda: len(self.standing()) == 2)  # and it is answered by the old rules
        self.down()
        self.up()  # the machine was started anew
        self.publish(self.another(2))
        wait_for(lambda: len(self.standing()) == 3)
        self.assertEqual(self.rulesets(), self.sets)
        self.assertIn("whne", self.said())
        self.reload("ruleset-refused")
        self.assertEqual(self.rulesets(), self.sets)
        self.assertEqual(self.doctor("rules")[0], "wrong")
        os.remove(os.path.join(self.folder, "rules/half.yaml"))
        self.assertEqual(self.doctor("in force")[0], "ok")
        self.down()

    def test_own_rules_whose_folder_is_gone__stay_in_force(self):
        self.start()
        shutil.move(os.path.join(self.folder, "rules"), os.path.join(self.folder, "elsewhere"))
        self.reload("ruleset-refused")
        self.assertIn("texts-gone", self.said())
        self.kill_ingest()
        self.publish(self.another(1))
        wait_for(lambda: len(self.standing()) == 2)
        self.assertEqual(self.rulesets(), self.sets)
        verdict, seen, _ = self.doctor("rules")
        self.assertEqual(verdict, "wrong")
        self.assertIn("rules", seen)
        self.write("rules/local.yaml", "settings: {}\n")  # who means the shipped ones says so
        self.reload("ruleset-recorded")
        wait_for(lambda: not set(self.standing()) & set(self.told))
        self.assertEqual(self.doctor("in force")[0], "ok")
        self.down()

    def test_agencies_that_came_while_it_stood_still__are_in_the_journal_from_the_start_on(self):
        self.start()
        self.down()
        self.run_ok("agency", "add", "BKSDA", "--name-id", "Balai KSDA", "--name-en", "Conservation")
        self.write("rules/half.yaml", HALF)
        self.up()
        self.publish(self.another(1))
        wait_for(lambda: len(self.rulesets()) == 2)
        self.assertEqual(self.standing().keys() & self.told.keys(), self.told.keys())
        os.remove(os.path.join(self.folder, "agencies.yaml"))
        self.run_ok("reload")
        wait_for(lambda: "members-refused" in self.said())
        os.remove(os.path.join(self.folder, "rules/half.yaml"))
        self.reload("ruleset-refused")
        self.assertIn("agencies.yaml", self.said().split("ruleset-refused")[-1])
        self.assertEqual(len(self.rulesets()), 2)
        self.down()


if __name__ == "__main__":
    unittest.main()
