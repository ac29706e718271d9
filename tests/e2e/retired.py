"""tests/e2e/retired.py BINARY - a post is gone for good: it holds a finding back and is told as silent, until somebody says that it is retired.

    heard ... killed ... told as silent ... a passport is lost: unknown ... retire: told ... stop, undo, up: unknown ... retire: told ... heard
    again, killed: the next one is unknown ... journal verify, replay in any batch, and a state built anew give the same bytes

SPDX-License-Identifier: Apache-2.0
"""
import datetime
import json
import os
import shutil
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from case import BINARY, PLAY_FROM, Case, wait_for  # noqa: E402

SCALE = 30  # five minutes are ten seconds, a heartbeat comes every two
GONE, DESK = "IMI.GONE.1", "POL.POST.1"
NOT_FOUND = 4
RULES = """rule: lost
title: {id: hilang, en: lost}
status: live
level: medium
to: [IMI]
per: document
when: document.status as s where status == "lost"
needs: ["border.crossing fresh within 5m from all"]
disproved by: {id: a, en: a}
tests:
  - name: lost
    events: |
      document.status {doc: P1, status: lost, register: police} @2026-03-01T09:00+07:00
    expect: |
      raise lost P1 @2026-03-01T09:00+07:00
  - name: found
    events: |
      document.status {doc: P1, status: found, register: police} @2026-03-01T09:00+07:00
    expect: []
---
rule: quiet
title: {id: diam, en: silent}
status: live
level: medium
to: [SELF]
per: source
when: producer.heartbeat as h
unless: producer.heartbeat or source.retired
by: h.until + duration("5m")
disproved by: {id: a, en: a}
tests:
  - name: silent
    events: |
      heartbeat IMI.A.1 @2026-03-01T09:00+07:00
      clock @2026-03-01T09:06+07:00
    expect: |
      raise quiet IMI.A.1 @2026-03-01T09:05+07:00
  - name: retired
    events: |
      heartbeat IMI.A.1 @2026-03-01T09:00+07:00
      retired IMI.A.1 at 2026-03-01T09:01+07:00
      clock @2026-03-01T09:06+07:00
    expect: []
"""


class Retired(Case):
    def setUp(self):
        super().setUp()
        for name in (GONE, DESK):
            self.run_ok("keys", "gen", name)
        os.mkdir(os.path.join(self.folder, "run-agent"), mode=0o700)  # of an agent, as on a machine of its own
        os.mkdir(os.path.join(self.folder, "rules"))
        with open(os.path.join(self.folder, "rules/gone.yaml"), "w", encoding="utf-8") as f:
            f.write(RULES)
        path = os.path.join(self.folder, "kentongan.yaml")
        with open(path, encoding="utf-8") as f:
            lines = [line for line in f if not line.startswith("clock:")]
        self.anchor = int(time.time() * 1000)
        with open(path, "w", encoding="utf-8") as f:
            f.writelines([*lines, f'clock: {{scale: "{PLAY_FROM},{self.anchor},{SCALE}"}}\n'])
        self.agent, self.lost = None, 0

    def tearDown(self):
        self.silence()
        super().tearDown()

    def speak(self):
        """Until it is heard once more."""
        before = self.heard()
        self.agent = subprocess.Popen([BINARY, "agent", "--key", GONE, "--gateway", self.endpoint, "--outbox", "outbox-gone", "--set", f"agent.sources={GONE}",
                                       "--set", "paths.run=run-agent"], cwd=self.folder, stdout=self.log, stderr=self.log)
        wait_for(lambda: self.heard() > before)

    def silence(self):
        if self.agent:
            self.agent.kill()
            self.agent.wait()
        self.agent = None

    def dump(self, journal):
        return self.run_any("journal", "dump", f"data/{journal}").stdout.splitlines()

    def records(self, kind):
        return [r[kind] for r in map(json.loads, self.dump("journal")) if kind in r]

    def heard(self):
        return sum(h["source"] == GONE for h in self.records("heartbeat"))

    def told(self, rule, subject=""):
        """Of one finding after the other: (op, state, reason)."""
        found = [f for f in map(json.loads, self.dump("findings")) if f.get("rule") == rule and f["subject"].endswith(subject)]
        return [(f["op"], f["state"], f["reason"]) for f in found]

    def lose(self):
        """A passport, now; its number."""
        self.lost += 1
        now = PLAY_FROM + (time.time() * 1000 - self.anchor) * SCALE
        at = datetime.datetime.fromtimestamp(now / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds")
        number = f"L{self.lost:04d}"
        event = {"id": f"019c9c00-0000-7000-8000-{self.lost:012d}", "type": "document.status", "v": 1, "source": DESK, "occurred_at": at,
                 "data": {"doc": {"kind": "P", "issuer": "UTO", "number": number}, "status": "lost", "register": "police"}}
        self.assertEqual(self.run_any("publish", "-", "--key", DESK, "--gateway", self.endpoint, "--outbox", "outbox-desk", "--wait", "20s",
                                      text=json.dumps(event)).returncode, 0)
        return number

    def listed(self):
        rows = [json.loads(line) for line in self.run_ok("source", "ls", "--json").splitlines()]
        return next((r.get("retired_at"), r["waits"]) for r in rows if r["source"] == GONE)

    def missed(self, lang="en"):
        """What doctor says of sources: its verdict, what it saw, and what to do."""
        rows = [json.loads(line) for line in self.run_any("doctor", "--json", "--lang", lang).stdout.splitlines()]
        return next(((r["verdict"], r["seen"], r["next"]) for r in rows if r["check"] == "sources"), None)

    def told_itself(self, key):
        """The sources of the key, and since when each is retired: what its own status says."""
        items = map(json.loads, self.run_ok("status", "--key", key, "--gateway", self.endpoint, "--json").splitlines())
        return {i["source"]: i["retired_at"] for i in items if i["of"] == "source"}

    def words(self):
        return [(w["source"], w["retired"]) for w in self.records("retired")]

    def test_a_post_that_is_gone_holds_nobody_back_once_it_is_retired(self):
        self.up()
        self.speak()
        wait_for(lambda: self.missed() == ("ok", "none silent of 1 that rules wait for", None))
        self.silence()
        wait_for(lambda: self.told("quiet"))
        first = self.lose()
        wait_for(lambda: self.told("lost"))
        self.assertEqual(self.told("lost", first), [("unknown", "unknown", "event")])
        self.assertEqual(self.told("quiet"), [("raise", "open", "clock")])

        wait_for(lambda: self.missed()[1] == "1 silent of 1 that rules wait for; 1 findings unknown for want of them")
        self.assertEqual(self.missed()[0], "warning")
        for lang in ("en", "id"):
            self.assertIn("kentongan source retire NAME", self.missed(lang)[2])
        self.assertIn("1 temuan", self.missed("id")[1])
        typo = self.run_any("source", "retire", "IMI.GONE.2")
        self.assertEqual(typo.returncode, NOT_FOUND)
        self.assertIn(GONE, typo.stderr)
        self.assertEqual(self.run_any("source", "retire", GONE, "--undo").returncode, NOT_FOUND)
        self.assertEqual(self.listed(), (None, False))

        self.run_ok("source", "retire", GONE)
        self.run_ok("source", "retire", GONE)  # it is: nothing more is said
        wait_for(lambda: len(self.told("lost")) == 2 and len(self.told("quiet")) == 2)
        self.assertEqual(self.told("lost", first)[1], ("raise", "open", "source-retired"))
        self.assertEqual(self.told("quiet")[1], ("amend", "closed", "source-retired"))
        at, waits = self.listed()
        self.assertTrue(at and not waits)
        self.assertEqual((self.told_itself(GONE), self.told_itself(DESK)), ({GONE: at}, {DESK: None}))
        wait_for(lambda: self.missed() == ("ok", "none silent of 0 that rules wait for", None))
        second = self.lose()
        wait_for(lambda: self.told("lost", second))
        self.assertEqual(self.told("lost", second), [("raise", "open", "event")])
        self.assertEqual(self.words(), [(GONE, True)])

        self.down()  # what is said of a centre that stands is taken at its start
        self.run_ok("source", "retire", GONE, "--undo")
        self.assertEqual(self.listed(), (None, True))
        self.up()
        wait_for(lambda: len(self.told("lost")) == 5 and len(self.told("quiet")) == 3)
        wait_for(lambda: (self.missed() or ("", ""))[1].startswith("1 silent of 1 that rules wait for; 2 findings"))
        self.assertEqual(self.told("lost", first)[2:], [("unknown", "unknown", "source-restored")])
        self.assertEqual(self.told("lost", second)[1:], [("unknown", "unknown", "source-restored")])
        self.assertEqual(self.told("quiet")[2], ("amend", "open", "source-restored"))
        self.assertEqual(self.words(), [(GONE, True), (GONE, False)])
        os.remove(os.path.join(self.folder, "sources.yaml"))  # a list that is lost takes nothing back, nor brings it again
        self.run_ok("source", "retire", GONE)
        wait_for(lambda: len(self.told("lost")) == 7)
        self.assertEqual([self.told("lost", n)[-1] for n in (first, second)], [("raise", "open", "source-retired")] * 2)

        self.speak()  # it comes back by being heard, and has spoken past what was told
        self.silence()
        self.assertEqual(self.listed(), (None, False))
        self.assertEqual(self.told_itself(GONE), {GONE: None})
        wait_for(lambda: len(self.told("quiet")) == 5)
        self.assertEqual(self.told("quiet")[3:], [("amend", "closed", "source-retired"), ("raise", "open", "clock")])
        third = self.lose()
        wait_for(lambda: self.told("lost", third))
        self.assertEqual(self.told("lost", third), [("unknown", "unknown", "event")])
        self.assertEqual(len(self.told("lost")), 8)
        self.down()
        self.assertEqual(self.words(), [(GONE, True), (GONE, False), (GONE, True)])
        self.same_bytes()

    def same_bytes(self):
        """By replay in any batch, over another restart, and when the state is built anew."""
        self.assertEqual(json.loads(self.run_ok("journal", "verify", "data/journal"))["verdict"], "ok")
        live = [line for line in self.dump("findings") if '"finding"' in line]
        with open(os.path.join(self.folder, "events"), "w", encoding="utf-8") as f:
            f.write(self.run_ok("journal", "dump", "data/journal"))
        for batch in ("1", "7", "1000"):
            again = self.run_ok("replay", "-q", "--batch", batch, "--rules", "rules", "--events", "events").splitlines()
            self.assertEqual(again[:len(live)], live)
        shutil.rmtree(os.path.join(self.folder, "data/state"))
        self.up()
        fourth = self.lose()
        wait_for(lambda: self.told("lost", fourth))
        self.down()
        after = [line for line in self.dump("findings") if '"finding"' in line]
        self.assertEqual(after[:len(live)], live)
        self.assertEqual([(f["op"], f["rule"], f["subject"].endswith(fourth)) for f in map(json.loads, after[len(live):])], [("unknown", "lost", True)])


if __name__ == "__main__":
    unittest.main()
