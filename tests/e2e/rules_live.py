"""tests/e2e/rules_live.py BINARY - rules asked of a running centre and of its journals.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import signal
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from case import BINARY, Case, wait_for  # noqa: E402


class RulesLive(Case):
    def setUp(self):
        super().setUp()
        for desk in ("IMI.DESK", "POL.DESK"):
            self.run_ok("keys", "gen", desk, "--role", "officer")
        self.centre = subprocess.Popen([BINARY, "up"], cwd=self.folder, stderr=self.log, stdout=self.log)
        endpoint = os.path.join(self.folder, "run/gateway.endpoint")
        wait_for(lambda: os.path.exists(endpoint) and os.path.getsize(endpoint) > 0)
        with open(endpoint, encoding="utf-8") as f:
            self.endpoint = f.read().strip()
        self.week = self.run_ok("simulate", "--percent", "3")
        self.run_ok("publish", "-", "--key", "IMI.EVERYWHERE", "--gateway", self.endpoint, text=self.week)
        wait_for(lambda: self.findings().count('"rule":"sponsor-nib-revoked"') >= 74)

    def findings(self):
        return self.run_any("journal", "dump", "data/findings").stdout

    def ask(self, rule, subject, key="IMI.DESK"):
        return self.run_any("rules", "why-not", rule, subject, "--key", key, "--gateway", self.endpoint)

    def backtest(self, *words, status=0):
        done = self.run_any("rules", "backtest", *words)
        self.assertEqual(done.returncode, status, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def test_why_not__is_answered_from_the_live_timelines(self):
        entry = next(e for e in map(json.loads, self.week.splitlines()) if e["type"] == "sponsor.link")
        sponsor = entry["data"]["sponsor"]["id"]
        done = self.ask("sponsor-repeat", sponsor)
        self.assertEqual(done.returncode, 0, done.stderr)
        answer = json.loads(done.stdout)
        self.assertEqual((answer["rule"], answer["subject"]), ("sponsor-repeat", sponsor))
        self.assertGreater(answer["read"], 0)
        self.assertTrue(answer["conditions"][0]["want"].startswith("at least"))
        denied = self.ask("sponsor-repeat", sponsor, "POL.DESK")
        self.assertEqual((denied.returncode, denied.stdout), (5, ""))
        self.assertEqual(self.ask("sponsor-repeet", sponsor).returncode, 4)

    def test_backtest__agrees_with_what_was_told_and_shows_what_an_edit_changes(self):
        self.centre.send_signal(signal.SIGTERM)
        self.assertEqual(self.centre.wait(30), 0)
        before = self.findings()
        standing = {}
        for op in map(json.loads, before.splitlines()):
            if op.get("rule") == "sponsor-repeat":
                standing[op["finding"]] = op
        told = [op for op in standing.values() if op["state"] != "withdrawn"]
        rows, said = self.backtest("sponsor-repeat", "--since", "2025-01-01T00:00:00+07:00")
        total = {r["name"]: r["count"] for r in rows if r.get("part") == "total"}
        self.assertEqual(total["findings"], len(told))
        self.assertEqual([r for r in rows if "change" in r], [])
        self.assertIn(f"0 added, 0 lost, 0 otherwise, {len(told)} the same", said)
        self.assertEqual(sum(r["count"] for r in rows if r.get("part") == "day"), len(told))
        self.assertEqual({r["name"]: r["count"] for r in rows if r.get("part") == "agency"}, {"IMI": len(told)})
        self.assertEqual({(r["was"] - r["count"], r["more"]) for r in rows if "part" in r}, {(0, 0)})
        for rule in (r["rule"] for r in map(json.loads, self.run_ok("rules", "ls").splitlines()) if r["status"] == "live"):
            rows, said = self.backtest(rule, "--since", "2025-01-01T00:00:00+07:00")
            self.assertIn("0 added, 0 lost, 0 otherwise", said, (rule, rows))  # with a sieve and without
        late = max(op["from"] for op in told)[:10]
        rows, _ = self.backtest("sponsor-repeat", "--since", f"{late}T00:00:00+07:00")
        self.assertEqual(sum(r["count"] for r in rows if r.get("part") == "day"), sum(op["from"][:10] == late for op in told))

        edited = os.path.join(self.folder, "edited.yaml")
        with open(edited, "w", encoding="utf-8") as f:
            f.write("rule: sponsor-repeat\ntitle: {id: a, en: a}\nstatus: shadow\nper: sponsor\nto: [POL]\n"
                    "count: distinct(person) of sponsor.link where action in [\"add\", \"change\"] && sponsor.kind == \"person\"\n"
                    "at least: 4\nwithin: 365d\n")
        rows, said = self.backtest(edited, "--since", "500d")
        total = {r["name"]: r["count"] for r in rows if r.get("part") == "total"}
        self.assertGreaterEqual(total["findings"], len(told))
        self.assertEqual({r["name"] for r in rows if r.get("part") == "agency"}, {"IMI", "POL"})
        agencies = {r["name"]: (r["was"], r["more"]) for r in rows if r.get("part") == "agency"}
        self.assertEqual(agencies, {"IMI": (len(told), total["findings"] - len(told)), "POL": (0, total["findings"])})
        self.assertTrue([r for r in rows if r.get("change") == "+"])
        self.assertEqual(self.findings(), before)  # nobody was told
        self.backtest("no-such-rule", "--since", "1d", status=4)
        self.backtest("sponsor-repeat", "--since", "soon", status=2)
        self.backtest("sponsor-repeat", "--since", "1d", "--journal", "nowhere", status=4)


if __name__ == "__main__":
    unittest.main()
