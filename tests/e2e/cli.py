"""tests/e2e/cli.py BINARY - conventions of the command line, as a shell sees them.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

BINARY = os.path.abspath(sys.argv.pop(1))
PLAIN = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}


def run(*words, text=None, cwd=None, **env):
    return subprocess.run([BINARY, *words], input=text, capture_output=True, text=True, cwd=cwd, check=False,
                          env={**PLAIN, **env})


class Cli(unittest.TestCase):
    def test_statuses__say_what_kind_of_no_it_is(self):
        story = [
            (("version",), 0), (("help",), 0), (("--help",), 0), (("--version",), 0), ((), 0),
            (("versoin",), 2), (("version", "--nope"), 2), (("journal",), 2), (("journal", "verify"), 2),
            (("config", "show", "--set", "paths.dta=x"), 3), (("rules", "check", "/no/such"), 4),
            (("journal", "verify", "/no/such"), 4), (("schema", "show", "border.crosing"), 4),
        ]
        with tempfile.TemporaryDirectory() as folder:
            for words, status in story:
                done = run(*words, cwd=folder)
                self.assertEqual(done.returncode, status, (words, done.stderr))
                self.assertEqual(bool(done.stderr), status != 0, words)  # an error is told, on stderr
                self.assertEqual(bool(done.stdout), status == 0, words)  # data is data

    @unittest.skipIf(os.geteuid() != 0, "needs root, to be somebody else")
    def test_what_is_not_allowed__is_told_as_that(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            os.chmod(folder, 0o755)
            binary = shutil.copy(BINARY, folder)  # where others may run it
            for name in ("closed", "data"):
                os.mkdir(os.path.join(folder, name), 0o700)
            here = os.path.join(folder, "closed")
            for words in (("rules", "check", f"{here}/x.yaml"), ("rules", "ls", "closed"), ("journal", "verify", f"{here}/x"),
                          ("replay", "-e", f"{here}/x"), ("config", "show", "--config", f"{here}/x"), ("spool", "status", "--outbox", f"{here}/x")):
                done = subprocess.run([binary, *words], cwd=folder, capture_output=True, text=True, check=False, env=PLAIN,
                                      user=65534, group=65534, extra_groups=[])
                self.assertEqual(done.returncode, 5, (words, done.stderr))
                self.assertIn("Permission denied", done.stderr)
            said = subprocess.run([binary, "doctor"], cwd=folder, capture_output=True, text=True, check=False, env=PLAIN,
                                  user=65534, group=65534, extra_groups=[])
            rows = {row["check"]: row for row in map(json.loads, said.stdout.splitlines())}
            self.assertEqual((said.returncode, rows["journal"]["verdict"]), (1, "wrong"))

    def test_pipes__get_one_object_a_line(self):
        for words in (("schema", "ls"), ("agency", "ls"), ("config", "show", "--effective"), ("version", "--json")):
            lines = run(*words).stdout.splitlines()
            self.assertTrue(lines, words)
            keys = [list(json.loads(line)) for line in lines]
            self.assertTrue(all(k == keys[0] for k in keys), words)

    def test_language__follows_the_locale_and_lang(self):
        self.assertIn("versi", run("help", LANG="id_ID.UTF-8").stdout)
        self.assertIn("versi", run("help", "--lang", "id").stdout)
        self.assertNotIn("versi ", run("help", "--lang", "en", LANG="id_ID.UTF-8").stdout)
        self.assertIn("perintah ini tidak ada", run("versoin", LANG="id_ID.UTF-8").stderr)

    def test_help__is_told_of_half_a_command_too(self):
        for ask in ("--help", "-h"):
            self.assertEqual(run("rules", ask).stdout, run("help", "rules").stdout)
            self.assertIn("Usage: kentongan rules check", run("rules", "check", ask).stdout)
        self.assertEqual(run("rules", "--help", "--lang", "id").stdout, run("help", "rules", "--lang", "id").stdout)
        self.assertEqual(run("rulse", "--help").returncode, 2)

    def test_failures__are_told_whole_in_indonesian(self):
        story = [("versoin",), ("journal",), ("alerts", "ls", "--limit", "x"), ("version", "--nope"), ("alerts", "ls"),
                 ("alerts", "show"), ("alerts", "ls", "--key", "IMI.X"), ("spool", "status"), ("reload",), ("up",),
                 ("rules", "check", "/no/such"), ("journal", "verify", "/no/such"), ("schema", "show", "border.crosing"),
                 ("config", "show", "--set", "paths.dta=x"), ("config", "show", "--set", "state.map=5"),
                 ("keys", "gen", "NOBODY.X"), ("publish", "/no/such", "--test"), ("replay", "-e", "x", "--until", "x"),
                 ("rules", "show", "nonesuch"), ("help", "nonesuch")]
        english = re.compile(r"\b(the|there|is|no such|not|wanted|got|See|Give|of|or|and|with)\b")
        with tempfile.TemporaryDirectory() as folder:
            for words in story:
                done = run(*words, "--lang", "id", cwd=folder)
                self.assertNotEqual(done.returncode, 0, words)
                said = [line for line in done.stderr.splitlines() if not line.startswith("20")]  # but the log
                self.assertIsNone(english.search("\n".join(said)), (words, done.stderr))
            wrong = run("schema", "validate", "-", "--lang", "id", cwd=folder, text='{"id": 1}\nx\n')
            for row in map(json.loads, wrong.stdout.splitlines()):
                self.assertIsNone(english.search(" ".join(filter(None, (row["what"], row["got"], row["wanted"], row["next"])))), row)

    def test_a_reader_that_leaves__ends_it_quietly(self):
        with subprocess.Popen([BINARY, "simulate"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
            p.stdout.readline()
            p.stdout.close()
            self.assertEqual(p.stderr.read(), b"")
            self.assertEqual(p.wait(), -signal.SIGPIPE)

    def test_a_full_disk__is_told(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([BINARY, "schema", "ls"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)

    def test_keys__are_made_listed_and_revoked(self):
        with tempfile.TemporaryDirectory() as folder:
            made = json.loads(run("keys", "gen", "IMI.ENTIKONG.1", cwd=folder).stdout)
            self.assertEqual((made["name"], made["agency"], len(made["public_key"])), ("IMI.ENTIKONG.1", "IMI", 40))
            secret = os.stat(os.path.join(folder, "keys/private/IMI.ENTIKONG.1.secret"))
            self.assertEqual(secret.st_mode & 0o777, 0o400)
            self.assertEqual(run("keys", "gen", "IMI.ENTIKONG.1", cwd=folder).returncode, 7)
            self.assertEqual(run("keys", "gen", "NOBODY.X", cwd=folder).returncode, 3)
            self.assertEqual(run("keys", "revoke", "IMI.ENTIKONG.1", "-m", "lost", cwd=folder).returncode, 0)
            listed = json.loads(run("keys", "ls", cwd=folder).stdout)
            self.assertEqual((listed["standing"], listed["revoked_reason"]), ("revoked", "lost"))
            self.assertEqual(run("keys", "revoke", "NO.SUCH", "-m", "x", cwd=folder).returncode, 4)

    def test_a_watch_without_a_centre__is_not_silent(self):
        with tempfile.TemporaryDirectory() as folder:
            for words in (("gateway", "--role", "server", "--agency", "SYSTEM"), ("IMI.DESK", "--role", "officer")):
                self.assertEqual(run("keys", "gen", *words, cwd=folder).returncode, 0)
            with subprocess.Popen([BINARY, "alerts", "watch", "--key", "IMI.DESK", "--wait", "1s", "--gateway",
                                   "tcp://127.0.0.1:1"], cwd=folder, stderr=subprocess.PIPE, text=True, env=PLAIN) as p:
                self.assertEqual(p.stderr.readline(), "not live: nobody listens there; trying again\n")
                p.send_signal(signal.SIGTERM)
                self.assertEqual((p.stderr.read(), p.wait()), ("", 0))

    def test_publish__tells_a_folder_from_a_file_and_counts_nothing_that_it_did_not_read(self):
        with tempfile.TemporaryDirectory() as folder:
            for path, status, why in ((folder, 3, f"{folder}: this is no file (got Is a directory); wanted a file of events. "),
                                      ("none.ndjson", 4, "none.ndjson: there is nothing here (got No such file or directory); ")):
                done = run("publish", path, "--test", cwd=folder)
                self.assertEqual((done.returncode, done.stderr[:len(f"kentongan: {why}")]), (status, f"kentongan: {why}"))

    def test_spool__is_looked_into_while_its_agent_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            for words in (("gateway", "--role", "server", "--agency", "SYSTEM"), ("IMI.TRIAL", "--source", "*")):
                self.assertEqual(run("keys", "gen", *words, cwd=folder).returncode, 0)
            empty = run("spool", "status", cwd=folder)
            self.assertEqual((empty.returncode, os.listdir(folder)), (4, ["keys"]))
            self.assertTrue(empty.stderr.startswith("kentongan: outbox: there is no outbox here. "), empty.stderr)
            with subprocess.Popen([BINARY, "agent", "--key", "IMI.TRIAL", "--gateway", "tcp://127.0.0.1:1"], cwd=folder,
                                  stderr=subprocess.PIPE, text=True, env=PLAIN) as agent:
                self.assertIn("the station serves", agent.stderr.readline())
                sent = run("publish", os.path.abspath("tests/e2e/six.ndjson"), "--key", "IMI.TRIAL", "--no-wait", cwd=folder)
                self.assertEqual(sent.returncode, 0, sent.stderr)
                done = run("spool", "status", cwd=folder)
                self.assertEqual(done.returncode, 0, done.stderr)
                row = json.loads(done.stdout)
                self.assertEqual((row["waiting"], row["oldest"], row["last_ack"]), (6, "2026-03-01T02:00:00Z", None))
                self.assertEqual(run("spool", "rejects", cwd=folder).returncode, 0)
                agent.send_signal(signal.SIGTERM)
                agent.stderr.read()
                self.assertEqual(agent.wait(), 0)
            self.assertEqual(json.loads(run("spool", "status", cwd=folder).stdout)["waiting"], 6)

    def test_log_lines__bear_a_priority_for_the_journal_only(self):
        with tempfile.TemporaryDirectory() as folder:
            for words in (("gateway", "--role", "server", "--agency", "SYSTEM"), ("IMI.TRIAL", "--source", "*")):
                self.assertEqual(run("keys", "gen", *words, cwd=folder).returncode, 0)
            reads, writes = os.pipe()
            about = os.fstat(writes)
            for stream, begins in ((None, "20"), ("1:2", "20"), (f"{about.st_dev}:{about.st_ino}", "<6>20")):
                env = PLAIN | ({"JOURNAL_STREAM": stream} if stream else {})
                with subprocess.Popen([BINARY, "agent", "--key", "IMI.TRIAL", "--gateway", "tcp://127.0.0.1:1"],
                                      cwd=folder, stderr=writes, env=env) as agent:
                    line = b""
                    while not line.endswith(b"\n"):
                        line += os.read(reads, 1)
                    self.assertTrue(line.decode().startswith(begins), (stream, line))
                    agent.send_signal(signal.SIGTERM)
                    self.assertEqual(agent.wait(), 0)
                    os.read(reads, 65536)
            os.close(reads)
            os.close(writes)

    def test_agencies__are_the_shipped_ones_until_one_is_added(self):
        with tempfile.TemporaryDirectory() as folder:
            before = run("agency", "ls", cwd=folder).stdout.splitlines()
            self.assertEqual(run("agency", "add", "XYZ", "--name-id", "a", "--name-en", "b", cwd=folder).returncode, 0)
            after = run("agency", "ls", cwd=folder).stdout.splitlines()
            self.assertEqual(len(after), len(before) + 1)
            self.assertEqual(run("agency", "add", "XYZ", "--name-id", "a", "--name-en", "b", cwd=folder).returncode, 7)
            self.assertEqual(json.loads(run("config", "check", cwd=folder).stdout)["verdict"], "ok")

    def test_validate__names_line_field_got_and_wanted(self):
        right = run("simulate", "--percent", "1").stdout.splitlines()[0]
        wrong = right.replace('"entry"', '"enter"').replace('"exit"', '"enter"').replace('"active"', '"enter"')
        done = run("schema", "validate", "-", text=f"{right}\n\n{wrong}\nx\n")
        self.assertEqual(done.returncode, 1, done.stderr)
        faults = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(f["line"], f["fault"]) for f in faults], [(3, "wrong-code"), (4, "not-json")])
        self.assertTrue(faults[0]["where"].startswith("/data/") and faults[0]["wanted"] and faults[0]["next"])

    def test_wrong_lines__are_told_and_the_right_ones_answered_as_if_alone(self):
        with open("tests/e2e/six.ndjson", encoding="utf-8") as f:
            right = f.read().splitlines()
        other = json.dumps(dict(json.loads(right[0]), occurred_at="2026-01-01T00:00:00+07:00"))
        files = {"right": right, "wrong": ["x", *right[:2], '{"type": "no.such"}', *right[2:], '{"clock": 1}'], "twice": [right[0], *right], "other": [*right, other]}
        with tempfile.TemporaryDirectory() as folder:
            for name, lines in files.items():
                with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                    f.write("".join(f"{line}\n" for line in lines))
            alone = run("replay", "--events", "right", cwd=folder)
            self.assertTrue(alone.returncode == 0 and len(alone.stdout) > 100)
            for name, status, said in (("wrong", 3, "3 of 9 lines"), ("twice", 0, ""), ("other", 3, "1 of 7 lines")):
                for batch in ("1", "1000"):
                    done = run("replay", "-q", "--batch", batch, "--events", name, cwd=folder)
                    self.assertEqual((done.returncode, done.stdout), (status, alone.stdout), (name, done.stderr))
                    self.assertIn(said, done.stderr)
            named = run("replay", "--events", "wrong", cwd=folder)
            for line in (1, 4, 9):
                self.assertIn(f"wrong:{line}: passed over: ", named.stderr)
            for name, status in (("right", 0), ("wrong", 3)):  # whoever compares and asks is told, too, once
                rules = os.path.abspath("rules/packs")
                done = run("rules", "diff", rules, rules, "--events", name, "--table", cwd=folder)
                self.assertEqual((done.returncode, done.stderr.count("passed over: ")), (status, status), done.stderr)
                done = run("rules", "why-not", "overstay-fee", "x", "--events", name, cwd=folder)
                self.assertEqual((done.returncode, done.stderr.count("passed over: "), len(done.stdout.splitlines())), (status, status, 1), done.stderr)

    def test_completion__offers_commands_options_and_choices(self):
        script = run("completion", "bash").stdout
        story = [("kentongan jour", "journal"), ("kentongan journal ", "verify"), ("kentongan simulate --see", "--seed"),
                 ("kentongan keys gen --role off", "officer"), ("kentongan schema sh", "show")]
        for line, want in story:
            words = line.split(" ")
            ask = (f"COMP_WORDS=({' '.join(w if w else chr(39) * 2 for w in words)}); COMP_CWORD={len(words) - 1};"
                   " _kentongan; echo \"${COMPREPLY[@]}\"")
            done = subprocess.run(["bash", "-c", f"{script}\n{ask}"], capture_output=True, text=True, check=False)
            self.assertIn(want, done.stdout.split(), (line, done.stderr))


if __name__ == "__main__":
    unittest.main()
