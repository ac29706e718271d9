"""tests/e2e/precision.py BINARY - a rule that is mostly wrong is suspended by what officers say of its alerts, and its owner is told.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import shutil
import signal
import sys
import unittest

sys.dont_write_bytecode = True
from case import Case, wait_for  # noqa: E402

RULE = """rule: %(name)s
title: {id: hilang, en: lost}
status: live
level: %(level)s
owner: POL
to: [IMI]
per: document
when: document.status as s where s.status == "lost"
disproved by: {id: a, en: %(more)s}
tests:
  - name: lost
    events: |
      document.status {doc: P1, status: lost, register: police} @2026-03-01T09:00+07:00
    expect: |
      raise %(name)s P:UTO:P1 @2026-03-01T09:00+07:00
  - name: found
    events: |
      document.status {doc: P1, status: found, register: police} @2026-03-01T09:00+07:00
    expect: []
"""


def tellers():
    """The shipped rules that tell of suspended ones."""
    with open("rules/packs/fusion.yaml", encoding="utf-8") as f:
        return [text for text in f.read().split("\n---\n") if text.startswith("rule: rule-")]


class Precision(Case):
    def setUp(self):
        super().setUp()
        os.mkdir(os.path.join(self.folder, "rules"))
        self.write("a")
        for agency in ("IMI", "POL"):
            self.run_ok("keys", "gen", f"{agency}.DESK", "--agency", agency, "--role", "officer")
        self.up()

    def write(self, more):
        rules = [RULE % {"name": "lost-plain", "level": "medium", "more": more}]
        rules.append(RULE % {"name": "lost-grave", "level": "critical", "more": "a"})
        with open(os.path.join(self.folder, "rules/lost.yaml"), "w", encoding="utf-8") as f:
            f.write("\n---\n".join(rules + tellers()) + "\n")

    def publish(self, first, last):
        lines = [json.dumps({
            "id": f"019c9c00-0000-7000-8000-{n:012d}", "type": "document.status", "v": 1, "source": "IMI.ENTIKONG.1",
            "occurred_at": "2026-03-01T09:00:00+07:00",
            "data": {"doc": {"kind": "P", "issuer": "UTO", "number": f"L{n:04d}"}, "status": "lost", "register": "police"}})
            for n in range(first, last + 1)]
        self.run_ok("publish", "-", "--key", "IMI.EVERYWHERE", "--gateway", self.endpoint, text="\n".join(lines) + "\n")

    def dump(self):
        return self.run_any("journal", "dump", "data/findings").stdout

    def said(self, rule, op="raise"):
        return [f for f in map(json.loads, self.dump().splitlines()) if f.get("rule") == rule and f.get("op") == op]

    def alerts(self, rule, desk="IMI.DESK"):
        lines = self.run_ok("alerts", "ls", "--key", desk, "--gateway", self.endpoint, "--limit", "10000").splitlines()
        return [a["alert"] for a in map(json.loads, lines) if a["rule"] == rule]

    def close(self, alerts, disposition):
        self.run_ok("alerts", "close", *alerts, "--key", "IMI.DESK", "--gateway", self.endpoint, "--officer", "O1",
                    "--as", disposition, "--reason", "looked")

    def rules(self, *words, desk="IMI.DESK"):
        return self.run_ok("rules", "ls", "rules", "--key", desk, "--gateway", self.endpoint, *words)

    def rule(self, name, desk="IMI.DESK"):
        return next(r for r in map(json.loads, self.rules(desk=desk).splitlines()) if r["rule"] == name)

    def precision(self, *words):
        return [json.loads(line) for line in self.run_ok("rules", "precision", *words).splitlines()]

    def suspend(self):
        """A hundred alerts of each rule, of which seven were right."""
        self.publish(1, 100)
        wait_for(lambda: len(self.alerts("lost-plain")) == 100 and len(self.alerts("lost-grave")) == 100)
        plain, grave = self.alerts("lost-plain"), self.alerts("lost-grave")
        self.close(plain[:7], "confirmed")
        self.close(plain[7:99], "dismissed")
        self.assertEqual(self.rule("lost-plain")["status"], "live")  # 99 say nothing yet
        self.close(plain[99:], "not-match")
        self.close(grave, "dismissed")
        wait_for(lambda: self.said("rule-suspended") and self.said("rule-below-floor"))

    def check_suspended(self):
        plain, grave = self.rule("lost-plain"), self.rule("lost-grave", desk="POL.DESK")
        self.assertEqual([plain[k] for k in ("status", "why", "right", "of", "floor")], ["suspended", "precision", 7, 100, 10])
        self.assertEqual([grave[k] for k in ("status", "why", "right", "of", "floor")], ["live", "precision", 0, 100, 10])
        self.assertIn("suspended: precision 7 of 100, floor 10 %", self.rules("--table"))
        self.assertIn("dihentikan: ketepatan 7 dari 100, batas 10 %", self.rules("--table", "--lang", "id"))
        packs = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "rules", "packs")
        shipped = self.run_any("rules", "ls", packs, "--key", "IMI.DESK", "--gateway", self.endpoint)
        self.assertIn("the centre speaks of 2 more", shipped.stderr)
        self.assertIn("live, below the floor: precision 0 of 100, floor 10 %", self.rules("--table"))

    def check_owner(self):
        told = self.said("rule-suspended")
        self.assertEqual(len(told), 1)
        self.assertEqual(told[0]["values"], {"about_rule": "lost-plain", "floor": 10, "lead": "POL", "of": 100, "right": 7})
        self.assertEqual([f["values"]["about_rule"] for f in self.said("rule-below-floor")], ["lost-grave"])
        for desk in ("IMI.DESK", "POL.DESK"):
            wait_for(lambda desk=desk: len(self.alerts("rule-suspended", desk)) == 1, 20)
            shown = self.run_ok("alerts", "show", self.alerts("rule-suspended", desk)[0], "--key", desk, "--gateway", self.endpoint)
            self.assertIn("Rule lost-plain is suspended: 7 of 100 alerts were right, the floor is 10 %", shown)
        self.assertEqual(self.alerts("lost-plain", "POL.DESK"), [])  # of the alerts themselves it learns nothing
        self.assertEqual(self.said("lost-plain", "withdraw"), [])

    def check_precision(self):
        rows = {(r["rule"], r["agency"]): r for r in self.precision()}
        self.assertEqual(set(rows), {(rule, agency) for rule in ("lost-plain", "lost-grave") for agency in ("IMI", None)})
        plain = rows["lost-plain", "IMI"]
        self.assertEqual([plain[k] for k in ("confirmed", "dismissed", "not-match", "duplicate", "data-error", "judged", "precision")],
                         [7, 92, 1, 0, 0, 100, 7.0])
        self.assertEqual(rows["lost-grave", None]["precision"], 0.0)
        self.assertEqual(self.precision("--since", "1d"), list(rows.values()))
        self.assertEqual(self.precision("--since", "2036-01-01T00:00:00+07:00"), [])
        self.assertEqual(self.run_any("rules", "precision", "--since", "soon").returncode, 2)
        table = self.run_ok("rules", "precision", "--table", "--lang", "id")
        self.assertIn("KETEPATAN %", table)
        self.assertIn("BUKAN ORANGNYA", table)

    def again(self, how):
        before = self.dump()
        if how == "killed":
            self.centre.send_signal(signal.SIGKILL)
            self.centre.wait(60)
        else:
            self.down()
            shutil.rmtree(os.path.join(self.folder, "data/state"))
        self.up()
        wait_for(lambda: self.run_any("rules", "ls", "rules", "--key", "IMI.DESK", "--gateway", self.endpoint).returncode == 0)
        wait_for(lambda: self.rule("lost-plain")["status"] == "suspended")
        self.assertEqual(self.dump()[:len(before)], before)

    def test_what_officers_say_stops_a_rule_until_its_text_changes(self):
        self.suspend()
        self.check_suspended()
        self.check_owner()
        self.check_precision()
        self.publish(101, 101)
        wait_for(lambda: len(self.said("lost-grave")) == 101)
        self.assertEqual(len(self.said("lost-plain")), 100)
        self.again("killed")
        self.again("rebuilt")
        self.check_suspended()
        self.write("b")
        self.run_ok("reload")
        wait_for(lambda: len(self.said("lost-plain")) == 101)
        wait_for(lambda: len(self.said("rule-suspended", "withdraw")) == 1)
        self.assertEqual(self.said("rule-suspended", "withdraw")[0]["reason"], "rule-changed")
        self.assertEqual(self.rule("lost-plain")["status"], "live")
        self.assertEqual(self.rule("lost-grave")["why"], "precision")  # its text is the same
        self.run_ok("backup", "copy")
        self.down()
        done = self.run_any("restore", "copy", "--verify", "--set", "paths.data=elsewhere")
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
