"""tests/e2e/rules.py BINARY - the tools around rules, as a shell sees them.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

BINARY = os.path.abspath(sys.argv.pop(1))
PLAIN = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}

LATE = """\
rule: late
title: {id: Terlambat, en: Late}
status: live
per: person
when: border.crossing as e where e.direction == "entry"
unless: border.crossing where direction == "exit"
by: end_of_day(e.permitted_until)
disproved by: {id: keluar, en: exit}
tests:
  - name: stays
    events: |
      border.crossing {person: P1, direction: entry, permitted_until: 2026-03-03} @2026-03-01T09:00
      border.crossing {person: P2, direction: exit, permitted_until: 2026-03-03} @2026-03-01T09:00
      border.crossing {person: P3, direction: entry, permitted_until: 2026-03-03} @2026-03-01T09:00
      border.crossing {person: P3, direction: exit} @2026-03-04T00:00:00.001
      clock @2026-03-08T09:00
    expect: |
      raise late P1 @2026-03-04T00:00
      raise late P3 @2026-03-04T00:00
      close late P3 @2026-03-04T00:00
  - name: leaves on the last millisecond
    events: |
      border.crossing {person: P1, direction: entry, permitted_until: 2026-03-03} @2026-03-01T09:00
      border.crossing {person: P1, direction: exit} @2026-03-03T23:59:59.999
      border.crossing {person: P2, direction: entry, permitted_until: 2026-03-03} @2026-03-01T09:00
      border.crossing {person: P2, direction: exit} @2026-03-04T00:00:00
      clock @2026-03-08T09:00
    expect: []
"""


CROWD = """\
rule: crowd
title: {id: Ramai, en: Crowd}
per: property
with:
  guests: count lodging.checkin within 2d
  gone: count lodging.checkout within 2d
while: guests >= 10 && gone == 0
"""
RATES = """\
events: 100
days: 12
windows: [10]
finding: {mean: 300.5, p99: 700}
kinds:
  person:
    subjects: 20
    name: 10
    entries:
      border.crossing: {mean: [1.5], p99: [6]}
  property:
    subjects: 3
    name: 4
    entries:
      lodging.checkin: {mean: [30], p99: [80]}
"""


def run(*words, text=None, cwd=None, **env):
    return subprocess.run([BINARY, *words], input=text, capture_output=True, text=True, cwd=cwd, check=False,
                          env={**PLAIN, **env})


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


class Rules(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def test_every_example_of_the_pages_on_rules__loads_and_its_tests_pass(self):
        for page, wanted in (("rules/README.md", 1), ("rules/LANGUAGE.md", 2)):
            with open(page, encoding="utf-8") as f:
                text = f.read()
            fences = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
            self.assertEqual(text.count("```"), 2 * len(fences), page)
            self.assertLessEqual({language for language, _ in fences}, {"yaml", "text"}, page)  # text: a grammar
            examples = [example for language, example in fences if language == "yaml"]
            self.assertEqual(len(examples), wanted, page)
            for number, example in enumerate(examples):
                path = self.write(f"{page}.{number}.yaml", example)
                done = run("rules", "check", "--strict", path, "rules/packs")
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                if "\ntests:" in example:
                    done = run("rules", "test", path)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_examples_of_the_language_page__have_no_mutant_that_lives(self):
        with open("rules/LANGUAGE.md", encoding="utf-8") as f:
            examples = f.read().split("```yaml\n")[1:]
        for tests, example in zip((2, 3), examples, strict=True):
            path = self.write("example.yaml", example.split("```")[0])
            done = run("rules", "test", "--mutate", path)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn(f"{tests} tests, 0 failed", done.stderr)

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def test_messages__call_a_file_as_its_author_did(self):
        name = os.path.basename(self.folder.name)
        above = os.path.dirname(self.folder.name)
        path = self.write("mine.yaml", LATE.replace("per: person", "pre: person"))
        for given, shown in ((path, path), (self.folder.name, path), (f"{name}/", f"{name}/mine.yaml"),
                             (f"{name}/mine.yaml", f"{name}/mine.yaml")):
            done = run("rules", "check", given, cwd=above)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(f"\n{shown}:4:1: unknown key", f"\n{done.stderr}")
            self.assertNotIn("rules/mine.yaml", done.stderr.replace(shown, ""))
        path = self.write("mine.yaml", LATE.replace("raise late P3", "raise late P2"))
        done = run("rules", "test", path)
        self.assertEqual({row["file"] for row in rows(done)}, {path})
        path = self.write("mine.yaml", LATE.replace("raise late P3", "rise late P3"))
        done = run("rules", "test", path)
        self.assertIn(f"{path}:", rows(done)[0]["report"] + done.stderr)
        self.write("deep/mine.yaml", LATE)
        done = run("rules", "check", path, os.path.join(self.folder.name, "deep/mine.yaml"))
        self.assertIn("deep/mine.yaml", done.stderr)

    def test_messages__call_a_type_and_a_list_as_their_author_did(self):
        rule, kind = self.write("r/late.yaml", LATE), self.write("s/events/toll.yaml", "type: toll\nfeilds: 1\n")
        done = run("rules", "check", rule, "--schema", os.path.join(self.folder.name, "s"))
        self.assertIn(f"{kind}:2:1: ", done.stderr)
        words = self.write("lists.yaml", "towns: [\n")
        done = run("rules", "check", rule, "--lists", words)
        self.assertIn(f"{words}:", done.stderr)

    def test_check__estimates_the_state_of_a_rule_as_a_hand_does(self):
        path = self.write("late.yaml", LATE + "---\n" + CROWD)
        rates = self.write("rates.yaml", RATES)
        done = run("rules", "check", path, "--rates", rates)
        verdict, crowd, late = rows(done)
        self.assertEqual(rows(run("rules", "check", self.folder.name, "--rates", rates)), rows(done))  # a folder with both
        self.assertEqual((verdict["verdict"], verdict["warnings"]), ("ok", 0), done.stderr)
        # crossings in 10 days: 1.5, 6 of the 99th percentile; the deadline is a date of an entry: a year of the whole history
        # 1.5 * 36.5 = 54.75 entries, 16 bytes each; own: a finding of 300.5 or 700, 20 for the part, 4 for "late"
        steps = late.pop("steps_p99")
        self.assertEqual(late, {"rule": "late", "per": "person", "entries": 54.8, "entries_p99": 219, "bytes": 876, "bytes_p99": 3504,
                                "back": "whole history", "whole": True, "own_bytes": 325, "own_bytes_p99": 724, "no_rate": None})
        self.assertTrue(219 <= steps < 219 * 40, steps)
        # check-ins within two days, of which ten are counted
        crowd.pop("steps_p99")
        self.assertEqual(crowd, {"rule": "crowd", "per": "property", "entries": 30.0, "entries_p99": 80, "bytes": 480, "bytes_p99": 1280,
                                 "back": "2d", "whole": False, "own_bytes": 326, "own_bytes_p99": 725, "no_rate": "lodging.checkout"})
        table = run("rules", "check", path, "--rates", rates, "--table")
        self.assertRegex(table.stdout, r"late +person +54\.8 +219 +876 +3504 +whole history +325 +724 +-\n")
        table = run("rules", "check", path, "--rates", rates, "--table", "--lang", "id")
        self.assertRegex(table.stdout, r"late +person +54\.8 +219 +876 +3504 +seluruh riwayat +325")
        self.assertRegex(table.stdout, r"crowd +property .* 2d +")

        rates = self.write("rates.yaml", RATES.replace("p99: [80]", "p99: [80000]"))
        done = run("rules", "check", path, "--rates", rates)
        self.assertEqual((rows(done)[0]["verdict"], rows(done)[0]["warnings"]), ("ok", 1))
        self.assertRegex(done.stderr, f"^{re.escape(path)}:[0-9]+:1: warning: 'crowd' may use up its budget about one property in a hundred: "
                         "a year of 2920000 entries takes up to [0-9]+ million steps, an answer may take 20\n$")
        done = run("rules", "check", path, "--rates", rates, "--lang", "id", "-q")
        self.assertEqual((rows(done)[0]["warnings"], done.stderr), (1, ""))
        self.write("rates.yaml", RATES.replace("p99: 700", "p99: many"))
        done = run("rules", "check", path, "--rates", rates)
        self.assertEqual(done.returncode, 3)
        self.assertIn("rates.yaml:4:10: mean and p99: numbers", done.stderr)

    def test_rates__are_made_from_events_and_taken_by_check(self):
        path = self.write("late.yaml", LATE + "---\n" + CROWD)
        crossing = ('{{"id":"01936b2e-7c00-7000-8000-00000000000{0}","type":"border.crossing","source":"IMI.ENTIKONG.1","occurred_at":'
                    '"2026-03-0{0}T09:00:00+07:00","data":{{"direction":"entry","mode":"land","post":"ENTIKONG","surname":"SPECIMEN",'
                    '"given":"UTO","doc":{{"kind":"P","issuer":"UTO","number":"P{1}"}},"permitted_until":"2026-03-20"}}}}\n')
        events = "".join(crossing.format(day, person) for day, person in ((1, 1), (2, 1), (3, 1), (9, 2)))
        done = run("rules", "rates", path, "--events", "-", text=events)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("events: 4\ndays: 8\nwindows: [1, 7]\n", done.stdout)
        self.assertIn("  person:\n    subjects: 2\n    name: 10.000\n    entries:\n"  # doc:UTO:P1
                      "      border.crossing: {mean: [1.000, 2.000], p99: [1, 3]}\n", done.stdout)
        rates = self.write("rates.yaml", done.stdout)
        done = run("rules", "check", path, "--rates", rates)
        self.assertEqual(rows(done)[2]["entries"], 104.3)  # 2 in a week, 365 days
        self.assertEqual(run("rules", "rates", path, "--events", "-", text="").returncode, 4)

    def test_ls_and_show__take_the_rules_in_force_and_say_which(self):
        shipped = run("rules", "ls", cwd=self.folder.name)
        self.assertEqual(shipped.stderr, "the shipped rules\n")
        self.assertEqual(run("rules", "show", "overstay-fee", cwd=self.folder.name).returncode, 0)
        self.write("rules/late.yaml", LATE)
        own = run("rules", "ls", cwd=self.folder.name)
        self.assertEqual([r["rule"] for r in rows(own)], ["late"])
        self.assertEqual(own.stderr, "the rules of rules/, in place of the shipped ones\n")
        self.assertEqual(run("rules", "show", "late", cwd=self.folder.name).returncode, 0)
        none = run("rules", "show", "overstay-fee", cwd=self.folder.name)
        self.assertEqual(none.returncode, 4)
        self.assertIn("rules/", none.stderr)
        given = run("rules", "ls", "rules/late.yaml", "--lang", "id", cwd=self.folder.name)
        self.assertEqual(given.stderr, "")
        self.assertEqual(run("rules", "check", cwd=self.folder.name).stderr, "the shipped rules\n")
        self.assertEqual(run("rules", "check", "rules", cwd=self.folder.name).stderr, "")

    def test_why_not__says_how_a_subject_is_written(self):
        six = os.path.abspath("tests/e2e/six.ndjson")
        for subject, known in (("PETER", False), ("doc:UTO:L898902C3", True)):
            done = run("rules", "why-not", "overstay-fee", subject, "--events", six)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual("doc:ISSUER:NUMBER" in done.stderr, not known)
            self.assertEqual(rows(done)[0]["read"] > 0, known)

    def test_test__names_the_nearest_miss(self):
        path = self.write("late.yaml", LATE.replace("raise late P1 @2026-03-04", "raise late P2 @2026-03-04"))
        done = run("rules", "test", path)
        self.assertEqual(done.returncode, 1, done.stderr)
        report = {r["test"]: (r["verdict"], r["report"]) for r in rows(done)}
        self.assertEqual(report["leaves on the last millisecond"], ("ok", None))
        verdict, text = report["stays"]
        self.assertEqual(verdict, "FAIL")
        self.assertIn("+ raise late doc:UTO:P1 @2026-03-04", text)
        self.assertIn('UNMET  e.direction == "entry": exit, wanted == entry', text)
        self.assertIn("2 tests, 1 failed", done.stderr)
        self.assertIn("nearest miss", run("rules", "test", path, "--table").stderr)

    def test_test__shipped_rules_pass_in_seconds(self):
        done = run("rules", "test", "--junit", os.path.join(self.folder.name, "r.xml"))
        self.assertEqual(done.returncode, 0, done.stdout)
        root = xml.etree.ElementTree.parse(os.path.join(self.folder.name, "r.xml")).getroot()
        self.assertEqual(root.tag, "testsuites")
        self.assertEqual(int(root.get("tests")), len(rows(done)))
        self.assertEqual(int(root.get("tests")), len(root.findall("testsuite/testcase")))
        self.assertEqual(root.get("failures"), "0")

    def test_test__junit_holds_the_failure(self):
        path = self.write("late.yaml", LATE.replace("raise late P1 @2026-03-04", "raise late P2 @2026-03-04"))
        xml_path = os.path.join(self.folder.name, "r.xml")
        self.assertEqual(run("rules", "test", path, "--junit", xml_path).returncode, 1)
        root = xml.etree.ElementTree.parse(xml_path).getroot()
        case = root.find("testsuite[@name='late']/testcase[@name='stays']")
        self.assertIn("UNMET", case.find("failure").text)
        self.assertEqual((root.get("failures"), case.get("classname")), ("1", "late"))
        self.assertEqual(run("rules", "test", path, "--junit", "/no/such/folder/r.xml").returncode, 4)

    def test_mutate__names_what_no_test_notices(self):
        path = self.write("late.yaml", LATE)
        done = run("rules", "test", path, "--mutate")
        self.assertEqual(done.returncode, 1, done.stderr)
        alive = {r["mutation"]: r for r in rows(done) if r["verdict"] == "ALIVE"}
        self.assertEqual(list(alive), ['unless: where direction == "exit" -> nothing'])
        survivor = next(iter(alive.values()))
        self.assertEqual((survivor["rule"], survivor["line"], survivor["before"], survivor["after"]),
                         ("late", 6, 'unless: border.crossing where direction == "exit"', "unless: border.crossing"))
        self.assertIn("1 alive", done.stderr)
        explained = LATE.replace("tests:", "survives:\n  - mutation: 'unless: where direction == \"exit\" -> nothing'\n"
                                 "    because: nobody enters twice\ntests:")
        done = run("rules", "test", self.write("late.yaml", explained), "--mutate")
        self.assertEqual(done.returncode, 0, done.stdout)
        stale = explained.replace("unless: where", "unless: gone")
        self.assertEqual(run("rules", "test", self.write("late.yaml", stale), "--mutate").returncode, 1)

    def test_why_not__of_no_events_says_so(self):
        nothing = self.write("nothing.ndjson", "")
        done = run("rules", "why-not", "overstay-fee", "x", "--events", nothing)
        self.assertEqual((done.returncode, json.loads(done.stdout)["as_of"]), (0, None), done.stderr)

    def test_why_not__names_what_is_unmet(self):
        rules = self.write("late.yaml", LATE)
        week = run("simulate", "--percent", "1").stdout
        entries = [e for e in map(json.loads, week.splitlines())
                   if e["type"] == "border.crossing" and e["data"]["direction"] == "entry"]
        doc = entries[0]["data"]["doc"]
        subject = f"doc:{doc['issuer']}:{doc['number']}"
        ask = ("rules", "why-not", "late", subject, "--rules", rules, "--events", "-")
        done = run(*ask, "--until", entries[0]["recorded_at"], text=week)
        self.assertEqual(done.returncode, 0, done.stderr)
        answer = json.loads(done.stdout)
        self.assertEqual((answer["rule"], answer["subject"], answer["standing"]), ("late", subject, []))
        self.assertEqual([c["met"] for c in answer["conditions"]], [True, False])
        self.assertEqual(answer["conditions"][1]["text"], "end_of_day(e.permitted_until)")
        self.assertEqual(answer["candidate"]["type"], "border.crossing")
        table = run(*ask, "--until", entries[0]["recorded_at"], "--table", text=week)
        self.assertIn("NO ", table.stdout)
        self.assertIn("nearest: border.crossing", table.stderr)
        nothing = json.loads(run("rules", "why-not", "late", "doc:UTO:NOBODY", "--rules", rules, "--events", "-",
                                 text=week).stdout)
        self.assertEqual((nothing["read"], nothing["conditions"], nothing["candidate"]), (0, [], None))
        self.assertEqual(run("rules", "why-not", "lat", "x", "--rules", rules, "--events", "-", text=week).returncode, 4)

    def test_diff__tells_more_less_and_otherwise(self):
        old = self.write("old/late.yaml", LATE)
        new = self.write("new/late.yaml", LATE.replace("end_of_day(e.permitted_until)",
                                                       "end_of_day(e.permitted_until) + duration('48h')"))
        week = self.write("week.ndjson", run("simulate", "--percent", "1").stdout)
        ask = ("rules", "diff", os.path.dirname(old), os.path.dirname(new), "--events", week)
        done = run(*ask)
        self.assertEqual(done.returncode, 1, done.stderr)
        changes = rows(done)
        self.assertEqual({c["change"] for c in changes} - {"+", "-"}, set())
        self.assertTrue(any(c["change"] == "+" for c in changes) and any(c["change"] == "-" for c in changes))
        less = [c for c in changes if c["change"] == "-"]
        said = {(e["rule"], e["subject"], e["from"]) for e in rows(run("replay", "--rules", old, "--events", week))}
        self.assertTrue({(c["rule"], c["subject"], c["from"]) for c in less} <= said)
        same = run("rules", "diff", old, old, "--events", week)
        self.assertEqual((same.returncode, same.stdout), (0, ""))
        self.assertEqual(run("rules", "diff", old, new, "--events", "-", text="").returncode, 2)

    def test_check__knows_the_agencies_and_what_is_untested(self):
        path = self.write("late.yaml", LATE.replace("per: person", "to: [POL, LEAD]\nper: person"))
        self.assertEqual(run("rules", "check", path, "--strict").returncode, 0)
        self.write("late.yaml", LATE.replace("per: person", "to: [IMI, POLL]\nper: person"))
        done = run("rules", "check", path)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("late.yaml:4:11: error: there is no agency 'POLL' - did you mean 'POL'?", done.stderr)
        self.write("late.yaml", LATE.replace(
            "per: person", "to: 'e.mode in [\"land\"] ? [\"POL\"] : [\"NAX\", \"SELF\"]'\nper: person"))
        done = run("rules", "check", path)
        self.assertEqual(done.returncode, 3)
        self.assertIn("there is no agency 'NAX' - did you mean 'NAK'?", done.stderr)
        self.assertNotIn("land", done.stderr)
        own = self.write("kentongan.yaml", f"paths: {{agencies: {self.folder.name}/agencies.yaml}}\n")
        self.write("agencies.yaml", "- {code: NAX, name: {id: a, en: a}, tier: central, districts: [\"*\"]}\n"
                                    "- {code: POL, name: {id: b, en: b}, tier: central, districts: [\"*\"]}\n")
        self.assertEqual(run("rules", "check", path, "--config", own).returncode, 0)

        self.write("late.yaml", LATE[:LATE.index("  - name: leaves")])
        relaxed, strict = run("rules", "check", path), run("rules", "check", path, "--strict")
        self.assertEqual((relaxed.returncode, strict.returncode), (0, 1))
        self.assertIn("no test that stays silent", strict.stderr)
        self.assertEqual((rows(relaxed)[0]["verdict"], rows(strict)[0]["verdict"]), ("ok", "FAIL"))


if __name__ == "__main__":
    unittest.main()
