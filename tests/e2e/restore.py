"""tests/e2e/restore.py BINARY - a backup holds what an installation needs, and a new machine goes on from it.
SPDX-License-Identifier: Apache-2.0
"""
import filecmp
import json
import os
import shutil
import sys
import unittest

sys.dont_write_bytecode = True
from case import BINARY, SIX, Case, wait_for  # noqa: E402
from drafts import RULE  # noqa: E402

WHERE = "paths: {rules: house/aturan, lists: house/daftar, schema: house/jenis, agencies: house/siapa.yaml}\n"
TYPE = """type: house.note
title: {id: Catatan, en: Note}
from: [IMI]
fields:
  text: {type: string, need: yes, sens: operational}
"""
KEPT = ("kentongan.yaml", "house/aturan/own.yaml", "house/daftar/mine.yaml", "house/jenis/events/house.note.yaml",
        "house/siapa.yaml")
DENIED_CONFLICT = 7


class Restore(Case):
    STATE_MAP = "64 MiB"

    def setUp(self):
        super().setUp()
        with open(self.here("kentongan.yaml"), "a", encoding="utf-8") as f:
            f.write(WHERE)
        shutil.copytree(os.path.abspath("rules/lists"), self.here("house/daftar"))
        self.write("house/daftar/mine.yaml", "our-houses: [H1, H2]\n")
        self.write("house/aturan/own.yaml", RULE)
        self.write("house/jenis/events/house.note.yaml", TYPE)
        self.run_ok("agency", "add", "BKSDA", "--name-id", "Balai KSDA", "--name-en", "Conservation")
        self.old = self.folder

    def here(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.here(name)), exist_ok=True)
        with open(self.here(name), "w", encoding="utf-8") as f:
            f.write(text)

    def findings(self):
        return [x for x in self.run_any("journal", "dump", "data/findings").stdout.splitlines() if '"finding"' in x]

    def rulesets(self):
        return self.run_ok("journal", "dump", "data/journal").count('"ruleset"')

    def serve(self):
        before = self.said().count("every station serves")
        self.up()
        wait_for(lambda: self.said().count("every station serves") > before)

    def fill(self):
        self.serve()
        self.run_ok("publish", SIX, "--key", "IMI.EVERYWHERE", "--gateway", self.endpoint)
        wait_for(lambda: any('"seen-at-the-door"' in f for f in self.findings()))

    def another_machine(self, *more):
        """The backup, the secret keys, and nothing else."""
        self.folder = os.path.join(self.old, "new")
        os.makedirs(self.here("keys"))
        shutil.copytree(os.path.join(self.old, "keys/private"), self.here("keys/private"))
        shutil.copytree(os.path.join(self.old, "kept"), self.here("kept"))
        for name in more:
            os.makedirs(os.path.dirname(self.here(name)) or ".", exist_ok=True)
            shutil.copy(os.path.join(self.old, name), self.here(name))

    def restore(self, *words):
        return self.run_any("restore", "kept", "--verify", *words)

    def test_a_new_machine__goes_on_as_the_old_one(self):
        self.fill()
        said = self.run_ok("backup", "kept")
        self.assertIn('"store":"texts"', said)
        self.down()
        told = self.findings()
        self.another_machine()
        done = self.restore()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("in force since position", done.stderr)
        for name in KEPT:
            self.assertTrue(filecmp.cmp(os.path.join(self.old, name), self.here(name), shallow=False), name)
        self.serve()
        self.assertEqual(self.findings(), told)
        sets = self.rulesets()
        before = self.said().count("asked to read its texts again")
        self.run_ok("reload")
        wait_for(lambda: self.said().count("asked to read its texts again") >= before + 3)
        line = {"id": "01936b2e-7c00-7000-8000-000000000901", "type": "house.note", "source": "IMI.SANGGAU",
                "occurred_at": "2026-03-01T15:00:00+07:00", "data": {"text": "as before"}}
        done = self.run_any("publish", "-", "--key", "IMI.EVERYWHERE", "--gateway", self.endpoint, "--schema", "house/jenis",
                            text=json.dumps(line) + "\n")
        self.assertEqual(json.loads(done.stdout)["status"], "accepted", done.stderr)
        self.assertEqual(self.findings()[:len(told)], told)
        self.assertEqual(self.rulesets(), sets)
        self.assertNotIn("texts-differ", self.said())
        self.down()

    def test_nothing_is_written_over(self):
        self.fill()
        self.down()
        self.run_ok("backup", "kept")
        self.assertEqual(self.run_any("backup", "kept").returncode, DENIED_CONFLICT)

        def refused(name, *words):
            done = self.restore(*words)
            self.assertEqual(done.returncode, DENIED_CONFLICT, done.stderr)
            self.assertIn("text-differs", done.stderr)
            self.assertIn(name, done.stderr)
            self.assertFalse(os.path.exists(self.here("data")))

        self.another_machine(*KEPT[:2])
        self.write("house/aturan/own.yaml", RULE.replace("high", "low"))
        refused("house/aturan/own.yaml")
        self.write("house/aturan/own.yaml", RULE)
        self.write("house/aturan/more.yaml", RULE.replace("seen-at", "also-at"))
        refused("house/aturan/more.yaml")
        os.remove(self.here("house/aturan/more.yaml"))
        with open(self.here("kentongan.yaml"), "a", encoding="utf-8") as f:
            f.write("log: {level: debug}\n")
        refused("kentongan.yaml")
        self.assertFalse(os.path.exists(self.here("house/siapa.yaml")))
        done = self.restore("--config", "kentongan.yaml")  # who names settings means them
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(os.path.exists(self.here("house/siapa.yaml")))
        with open(self.here("kentongan.yaml"), encoding="utf-8") as f:
            self.assertIn("debug", f.read())

    def test_drafts_come_back_as_drafts__and_what_is_missing_is_said(self):
        self.fill()
        self.write("house/aturan/own.yaml", RULE.replace("high", "low"))
        self.write("house/aturan/half.yaml", "rule: half\nwhne: x\n")
        self.run_ok("backup", "kept")
        self.down()
        told = self.findings()
        self.another_machine()
        done = self.restore()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("rules/half.yaml new", done.stderr)
        self.assertIn("rules/own.yaml changed", done.stderr)
        self.serve()
        self.assertEqual(self.findings(), told)
        self.down()
        for name in ("data", "house"):
            shutil.rmtree(self.here(name))
        os.remove(self.here("kept/texts/rules/own.yaml"))
        os.remove(self.here("kept/texts/rules/half.yaml"))
        os.rmdir(self.here("kept/texts/rules"))
        done = self.restore()  # a backup that lacks them: the journals come back, and somebody is told
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("texts-gone", done.stderr)
        self.serve()
        self.assertEqual(self.findings(), told)
        self.down()


if __name__ == "__main__":
    unittest.main()
