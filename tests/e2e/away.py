"""tests/e2e/away.py BINARY - the centre itself was away: no source is told as silent for the time in which nobody listened.

    heard ... late falls silent, is told ... brief falls silent ... kill -9 of all ... five hours ... up: steady is there at once
    ... kill -9 of ingest ... brief has been silent for five minutes of listening: it is told, and nothing else is

SPDX-License-Identifier: Apache-2.0
"""
import datetime
import json
import os
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from case import BINARY, PLAY_FROM, Case, wait_for  # noqa: E402

SCALE = 30  # five minutes are ten seconds, a heartbeat comes every two
LIMIT = 5 * 60 * 1000
HOURS = 5 * 3600 * 1000
STEADY, BRIEF, LATE = "IMI.STEADY.1", "IMI.BRIEF.1", "IMI.LATE.1"


def ms(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


class Away(Case):
    def setUp(self):
        super().setUp()
        self.agents = {}
        for name in (STEADY, BRIEF, LATE):
            self.run_ok("keys", "gen", name, "--source", "*")
            os.mkdir(os.path.join(self.folder, f"run-{name}"), mode=0o700)  # an agent each, as on a machine of its own

    def tearDown(self):
        for name in list(self.agents):
            self.silence(name)
        super().tearDown()

    def clock(self, start):
        path = os.path.join(self.folder, "kentongan.yaml")
        with open(path, encoding="utf-8") as f:
            lines = [line for line in f if not line.startswith("clock:")]
        with open(path, "w", encoding="utf-8") as f:
            f.writelines([*lines, f'clock: {{scale: "{start},{int(time.time() * 1000)},{SCALE}"}}\n'])

    def speak(self, name):
        self.agents[name] = subprocess.Popen(
            [BINARY, "agent", "--key", name, "--gateway", self.endpoint, "--outbox", f"outbox-{name}", "--set", f"agent.sources={name}",
             "--set", f"paths.run=run-{name}"],
            cwd=self.folder, stdout=self.log, stderr=self.log)

    def silence(self, name):
        p = self.agents.pop(name)
        p.kill()
        p.wait()

    def dump(self, journal):
        return self.run_any("journal", "dump", f"data/{journal}").stdout.splitlines()

    def records(self, kind):
        return [r[kind] for r in map(json.loads, self.dump("journal")) if kind in r]

    def heard(self, name):
        return [ms(h["at"]) for h in self.records("heartbeat") if h["source"] == name]

    def said(self, name=None):
        """What was said of a source, or of all: (op, state, source, from)."""
        found = [f for f in map(json.loads, self.dump("findings")) if f.get("rule") == "producer-silent"]
        return [(f["op"], f["state"], f["subject"], ms(f["from"])) for f in found if name in (None, f["subject"])]

    def stations(self):
        with open(f"/proc/{self.centre.pid}/task/{self.centre.pid}/children", encoding="ascii") as f:
            pids = [int(p) for p in f.read().split()]
        found = {}
        for pid in pids:
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            if len(words) > 1:  # one that has just ended has none
                found[words[1].decode()] = pid
        return found

    def strike_all(self):
        pids = list(self.stations().values())
        self.centre.kill()
        self.centre.wait()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids))

    def deadline(self, name):
        """The last heartbeat and five minutes in which somebody listened, by all that the journal says."""
        away = sorted((ms(a["from"]), ms(a["until"])) for a in self.records("away"))
        at, left = self.heard(name)[-1], LIMIT
        for begin, end in away:
            if end <= at:
                continue
            if begin > at + left:
                break
            left -= max(0, begin - at)
            at = end
        return at + left

    def test_nobody_is_told_for_the_time_in_which_nobody_listened(self):
        self.clock(PLAY_FROM)
        self.up()
        for name in (LATE, STEADY, BRIEF):
            self.speak(name)
        wait_for(lambda: self.heard(LATE))
        self.silence(LATE)
        wait_for(lambda: self.said(LATE))
        wait_for(lambda: self.heard(BRIEF) and self.heard(STEADY))
        self.silence(BRIEF)
        self.strike_all()
        self.silence(STEADY)
        before = self.said()
        self.assertEqual([(op, state, name) for op, state, name, _ in before], [("raise", "open", LATE)])
        last = max(ms(c["clock"]) for c in map(json.loads, self.dump("journal")) if "clock" in c)

        self.clock(last + HOURS)
        self.up()
        self.speak(STEADY)
        wait_for(lambda: self.records("away"))
        lines = [json.loads(line) for line in self.dump("journal")]
        at = next(i for i, r in enumerate(lines) if "away" in r and ms(r["away"]["from"]) >= last)
        begin, until = (ms(lines[at]["away"][k]) for k in ("from", "until"))
        self.assertLess(begin - last, 60000)  # a batch may have been on disk and not yet shown
        self.assertGreaterEqual(until, last + HOURS)
        clocks = [ms(r["clock"]) for r in lines[:at] if "clock" in r]
        self.assertEqual((clocks[-2:], list(lines[at + 1])), ([begin, begin + 1], ["clock"]))  # alone, before the gap
        last = begin

        heard = len(self.heard(STEADY))
        wait_for(lambda: len(self.heard(STEADY)) > heard)
        victim = self.stations()["ingest"]
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: self.stations().get("ingest", victim) != victim)
        wait_for(lambda: ms(self.records("away")[-1]["from"]) > last)
        wait_for(lambda: self.said(BRIEF))
        heard = len(self.heard(STEADY))
        wait_for(lambda: len(self.heard(STEADY)) > heard)
        self.down()

        told = self.said()
        self.assertEqual(told[0], before[0])  # it was silent before, and is: nothing more is said of it
        self.assertEqual(told[1:], [("raise", "open", BRIEF, self.deadline(BRIEF) + 1)])
        self.assertGreater(told[1][3], last + HOURS)
        self.assertEqual(json.loads(self.run_ok("journal", "verify", "data/journal"))["verdict"], "ok")
        live = [line for line in self.dump("findings") if '"finding"' in line]
        with open(os.path.join(self.folder, "events"), "w", encoding="utf-8") as f:
            f.write(self.run_ok("journal", "dump", "data/journal"))
        for batch in ("1", "7", "1000"):
            again = self.run_ok("replay", "-q", "--batch", batch, "--events", "events").splitlines()
            self.assertEqual(again[:len(live)], live)


if __name__ == "__main__":
    unittest.main()
