"""tests/e2e/members.py BINARY - an agency and keys come and go while the centre runs: nothing is started again.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import shutil
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from case import BINARY, Case, wait_for  # noqa: E402
from recipients import RULE  # noqa: E402

DENIED = 5
AT_ONCE = 3  # seconds, with room for a busy machine; said in the commands: within a second


class Members(Case):
    at = None
    def setUp(self):
        super().setUp()
        os.mkdir(os.path.join(self.folder, "rules"))
        with open(os.path.join(self.folder, "rules/lost.yaml"), "w", encoding="utf-8") as f:
            f.write(RULE)
        for name in ("POL.POST.1", "POL.POST.2"):
            self.run_ok("keys", "gen", name)
        for name in ("IMI.DESK", "POL.DESK"):
            self.run_ok("keys", "gen", name, "--role", "subscriber")
        self.running = []
        self.up()
        wait_for(lambda: "every station serves" in self.said())
        self.stations = self.pids()

    def tearDown(self):
        for p in self.running:
            if p.poll() is None:
                p.kill()
            p.wait()
            for pipe in (p.stdin, p.stdout, p.stderr):
                pipe.close()
        super().tearDown()

    def run_any(self, *words, text=None):
        """In our folder, or in that of a client on another machine (self.at)."""
        return subprocess.run([BINARY, *words], cwd=self.at or self.folder, input=text, capture_output=True, text=True, check=False)

    def pids(self):
        pid = self.centre.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return sorted(f.read().split())

    def event(self, n, source):
        return json.dumps({"id": f"019c9c00-0000-7000-8000-{n:012d}", "type": "document.status", "v": 1, "source": source,
                           "occurred_at": f"2026-03-{n:02d}T09:00:00+07:00",
                           "data": {"doc": {"kind": "P", "issuer": "UTO", "number": f"L{n:04d}"}, "status": "lost",
                                    "register": "police"}})

    def publish(self, n, key):
        return self.run_any("publish", "-", "--key", key, "--gateway", self.endpoint, "--outbox", f"outbox-{key}",
                            "--wait", "10s", text=self.event(n, key))

    def talk(self, *words):
        """A command that stays on the line."""
        p = subprocess.Popen([BINARY, *words, "--gateway", self.endpoint], cwd=self.folder, text=True, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.running.append(p)
        return p

    def watch(self, key, *more):
        return self.talk("alerts", "watch", "--key", key, "--from", "earliest", "--json", *more)

    def listed(self, key):
        done = self.run_any("alerts", "ls", "--key", key, "--gateway", self.endpoint)
        return len(done.stdout.splitlines()) if done.returncode == 0 else done.returncode

    def dump(self):
        return [json.loads(line) for line in self.run_ok("journal", "dump", "data/journal").splitlines()]

    def events(self):
        return [d["source"] for d in self.dump() if d.get("type") == "document.status"]

    def rulesets(self):
        return sum("ruleset" in d for d in self.dump())

    def refused_and_ended(self, revoke, living):
        """Who is on the line is cut, and within a moment; no one comes in by it again."""
        began = time.monotonic()
        revoke()
        for p in living:
            p.wait(60)
            took = time.monotonic() - began
            self.assertEqual(p.returncode, DENIED, p.stderr.read())
            self.assertLess(took, AT_ONCE)

    def a_new_agency_publishes_and_receives(self):
        before = self.rulesets()
        self.assertNotEqual(self.run_any("keys", "gen", "BKSDA.POST.1").returncode, 0)  # nobody knows whose that is
        self.run_ok("agency", "add", "BKSDA", "--name-id", "Balai KSDA", "--name-en", "Conservation")
        self.run_ok("keys", "gen", "BKSDA.POST.1")
        self.run_ok("keys", "gen", "BKSDA.DESK", "--role", "subscriber")
        done = self.publish(2, "BKSDA.POST.1")  # at once: its first event is routed to it
        self.assertEqual(done.returncode, 0, done.stderr)
        said = json.loads(self.watch("BKSDA.DESK", "--count", "1").communicate(timeout=60)[0])
        self.assertIn("lost-somewhere", json.dumps(said))
        wait_for(lambda: self.listed("IMI.DESK") == 1)
        self.assertEqual(self.listed("POL.DESK"), 0)
        self.assertEqual(self.rulesets(), before + 1)
        self.run_ok("reload")  # what was recorded is what a reload would read
        wait_for(lambda: self.said().count("asked to read its texts again") >= 3)
        self.run_ok("keys", "gen", "BKSDA.POST.2")
        self.assertEqual(self.publish(3, "BKSDA.POST.2").returncode, 0)
        self.assertEqual(self.rulesets(), before + 1)

    def a_revoked_key_is_cut_off(self):
        desk = self.watch("BKSDA.DESK")
        self.assertIn("lost-somewhere", desk.stdout.readline())
        post = self.talk("publish", "-", "--key", "POL.POST.1", "--outbox", "outbox-cut")
        post.stdin.write(self.event(4, "POL.POST.1") + "\n")
        post.stdin.flush()
        wait_for(lambda: "POL.POST.1" in self.events())
        self.refused_and_ended(lambda: self.run_ok("keys", "revoke", "BKSDA.DESK", "-m", "lost"), [desk])
        self.assertEqual(self.listed("BKSDA.DESK"), DENIED)
        self.run_ok("keys", "revoke", "POL.POST.1", "-m", "lost")
        try:  # the line may be cut by now; if not, it is not taken
            post.stdin.write(self.event(5, "POL.POST.1") + "\n")
            post.stdin.close()
        except BrokenPipeError:
            pass
        post.wait(60)
        self.assertNotEqual(post.returncode, 0)
        self.assertNotEqual(self.publish(6, "POL.POST.1").returncode, 0)
        self.assertEqual(self.events().count("POL.POST.1"), 1)
        self.assertEqual(self.publish(7, "POL.POST.2").returncode, 0)  # and nobody else

    def it_bites_although_the_rest_is_wrong(self):
        broken = os.path.join(self.folder, "keys/registry/AAA.BROKEN.yaml")
        client = os.path.join(self.folder, "client")
        shutil.copytree(os.path.join(self.folder, "keys"), os.path.join(client, "keys"))
        for name in ("kentongan.yaml", "agencies.yaml"):
            shutil.copy(os.path.join(self.folder, name), client)
        desk = self.watch("POL.DESK")
        desk.stdout.readline()
        with open(broken, "w", encoding="utf-8") as f:
            f.write("name: [\n")
        wait_for(lambda: self.said().count("members-refused") >= 2)
        self.refused_and_ended(lambda: self.run_ok("keys", "revoke", "POL.DESK", "-m", "lost"), [desk])
        self.at = client
        self.assertEqual(self.listed("POL.DESK"), DENIED)
        self.assertGreater(self.listed("IMI.DESK"), 0)  # the others work
        self.assertEqual(self.publish(8, "POL.POST.2").returncode, 0)
        self.at = None
        self.assertNotEqual(self.run_any("keys", "gen", "POL.NEW").returncode, 0)
        os.remove(broken)
        self.run_ok("keys", "gen", "POL.NEW", "--role", "subscriber")
        wait_for(lambda: self.listed("POL.NEW") > 0, AT_ONCE)
        self.assertEqual(self.said().count("AAA.BROKEN"), self.said().count("members-refused"))

    def a_wrong_table_changes_nothing(self):
        before, path = self.rulesets(), os.path.join(self.folder, "agencies.yaml")
        refused = self.said().count("members-refused")
        with open(path, encoding="utf-8") as f:
            table = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(table + "\n  - nonsense\n")
        wait_for(lambda: self.said().count("members-refused") > refused)
        self.assertEqual(self.publish(9, "BKSDA.POST.1").returncode, 0)
        self.assertEqual(self.rulesets(), before)
        with open(path, "w", encoding="utf-8") as f:
            f.write(table)
        with open(os.path.join(self.folder, "rules/draft.yaml"), "w", encoding="utf-8") as f:
            f.write("rule: [\n")  # rules are a draft until reload
        self.run_ok("agency", "add", "DIS2", "--name-id", "Dinas", "--name-en", "Office", "--district", "6105")
        wait_for(lambda: self.rulesets() == before + 1)  # without any event or key
        self.assertEqual(self.said().count("ruleset-refused"), 0)

    def test_members_come_and_go_while_it_runs(self):
        self.a_new_agency_publishes_and_receives()
        self.a_revoked_key_is_cut_off()
        self.it_bites_although_the_rest_is_wrong()
        self.a_wrong_table_changes_nothing()
        self.assertEqual(self.pids(), self.stations)  # nothing was started again
        self.down()


if __name__ == "__main__":
    unittest.main()
