"""tests/e2e/replay.py BINARY - the engine offline, as anybody may check it.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import toll  # noqa: E402

BINARY = os.path.abspath(sys.argv.pop(1))


def run(*words, text=None):
    done = subprocess.run([BINARY, *words], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{words}: {done.returncode}: {done.stderr}")
    return done.stdout


def last_states(findings):
    """(rule, subject) -> the last state of each of its findings."""
    last = {}
    for f in map(json.loads, findings.splitlines()):
        state = "withdrawn" if f["op"] == "withdraw" else "unknown" if f["op"] == "unknown" else f["state"]
        last[(f["rule"], f["subject"], f["finding"])] = state
    states = {}
    for (rule, subject, _), state in last.items():
        states.setdefault((rule, subject), []).append(state)
    return states


class Replay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.truth_file = os.path.join(cls.folder.name, "truth.ndjson")
        cls.week_file = os.path.join(cls.folder.name, "week.ndjson")
        with open(cls.week_file, "w", encoding="utf-8") as f:
            f.write(run("simulate", "--seed", "1", "--truth", cls.truth_file))
        cls.findings = run("replay", "-q", "--events", cls.week_file)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_a_ninth_rule_and_a_new_type__load_without_rebuilding(self):
        with tempfile.TemporaryDirectory() as folder:
            toll.write(folder, "types")
            options = ("--schema", f"{folder}/types", "--rules", f"{folder}/rules", "--events", "-")
            two = "\n".join(toll.passage(n, 9 + n) for n in range(2)) + "\n"
            three = two + toll.passage(2, 11) + "\n"
            self.assertEqual(run("replay", *options, text=two), "")
            found = [json.loads(line) for line in run("replay", *options, text=three).splitlines()]
            self.assertEqual([(f["op"], f["rule"], f["subject"]) for f in found],
                             [("raise", "toll-hops", "doc:UTO:L898902C3")])
            self.assertEqual(len(found[0]["evidence"]), 3)

    def test_the_rules__pass_their_own_tests_no_mutant_lives_and_a_wrong_one_fails(self):
        results = [json.loads(line) for line in run("rules", "test", "--mutate", "-q").splitlines()]
        self.assertTrue(len(results) > 500 and {r["verdict"] for r in results} == {"ok", "explained"})
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("events/toll.passage.yaml", toll.TYPE), ("toll.yaml", toll.RULE.replace("at least: 3", "at least: 4"))):
                os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
                with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                    f.write(text)
            done = subprocess.run([BINARY, "rules", "test", folder], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        failed = [r for r in map(json.loads, done.stdout.splitlines()) if r["verdict"] == "FAIL"]
        self.assertEqual([r["test"] for r in failed], ["three in a day"])
        self.assertIn("- raise", failed[0]["report"])

    def test_the_week__says_what_was_planted_and_nothing_else(self):
        with open(self.truth_file, encoding="utf-8") as f:
            truth = [json.loads(line) for line in f]
        want = {}
        for t in truth:
            want.setdefault((t["rule"], t["subject"]), []).append(t["state"])
        # reminders are for everybody whose permit ends, a few are planted; all else that is said was planted
        got = {k: v for k, v in last_states(self.findings).items() if k in want or k[0] != "permit-near-expiry"}
        missing = {k: (v, got.get(k)) for k, v in want.items() if sorted(got.get(k, [])) != sorted(v)}
        extra = {k: v for k, v in got.items() if k not in want}
        self.assertEqual(missing, {})
        self.assertEqual(extra, {})

    def test_every_live_rule__is_planted(self):
        rules = {r["rule"] for r in map(json.loads, run("rules", "ls", "--json").splitlines()) if r["status"] == "live"}
        with open(self.truth_file, encoding="utf-8") as f:
            planted = {json.loads(line)["rule"] for line in f}
        # alerts are handed out by the centre, and heartbeats are no events: no producer may say them; tools/precision plays both.
        # What becomes of a rule is a record of the centre as well; tests/e2e/precision.py and tests/unit/rules/engine play it.
        centre = {"alert-stale", "producer-silent", "rule-below-floor", "rule-over-budget", "rule-suspended"}
        self.assertEqual(rules - planted, centre)
        self.assertEqual(planted - rules, set())

    def test_the_week_planted_late__ends_as_the_clean_one(self):
        ends = []
        for manner in ("clean", "late"):
            week = os.path.join(self.folder.name, manner)
            with open(week, "w", encoding="utf-8") as f:
                f.write(run("simulate", "--planted", manner, "--percent", "1"))
            stands = last_states(run("replay", "-q", "--until", "2026-03-15T00:00:00+07:00", "--events", week))
            ends.append({k: sorted(s for s in v if s != "withdrawn") for k, v in stands.items() if set(v) != {"withdrawn"}})
        self.assertTrue(len(ends[0]) > 200)
        self.assertEqual(ends[0], ends[1])

    def test_the_licence_revocation__finds_74_sponsors_of_126_people(self):
        people = {}
        for f in map(json.loads, self.findings.splitlines()):
            if f["rule"] == "sponsor-nib-revoked":
                people[f["subject"]] = int(f["values"]["people"])
        self.assertEqual((len(people), sum(people.values())), (74, 126))

    def test_bytes__are_the_same_again_and_at_any_batch_size(self):
        for batch in ("1", "7", "1000"):
            self.assertEqual(run("replay", "-q", "--batch", batch, "--events", self.week_file), self.findings, batch)


if __name__ == "__main__":
    unittest.main()
