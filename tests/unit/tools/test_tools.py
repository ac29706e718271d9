"""tests/unit/tools - the checkers catch what they are there for, and let the rest pass.
SPDX-License-Identifier: Apache-2.0
"""
import os
import subprocess
import tempfile
import unittest

LICENCE = "/* SPDX" + "-License-Identifier: Apache-2.0 */\n"


def run(tool, files, *words):
    """The status and the lines of a tool over a folder that holds these files."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                f.write(text)
        done = subprocess.run([os.path.abspath(f"tools/{tool}"), *words, root], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines(), done.stderr


class Texts(unittest.TestCase):
    """What people are told when something fails, in both languages."""
    ROW = 'X(A, "a-fault", EINVALID, "it is wrong", "ini salah", "Mend it", "Perbaiki")\n'
    PHRASES = 'X("a number", "bilangan")\nX("at most % bytes", "paling banyak % bita")\nX("%: not that", "%: bukan itu")\n'
    STORY = [  # path, text, what the message says (None: right)
        ("schema/faults.def", ROW, None),
        ("schema/faults.def", ROW.replace('"Perbaiki"', '""'), "what, apa, next and langkah"),
        ("schema/faults.def", ROW.replace(', "Perbaiki"', ""), "what, apa, next and langkah"),
        ("schema/faults.def", ROW.replace("Perbaiki", "Mend it"), "the same words"),
        ("config/faults.def", ROW.replace("it is", "it was"), "stands in"),
        ("schema/a.c", 'static const struct ktg_fault f = {"a", 1};', "stands in its room's"),
        ("schema/a.c", 'ktg_err_fault(err, &f, NULL, "a number", "at most 7 bytes");', None),
        ("schema/a.c", 'ktg_err_fault(err, &f, "the wrong place", got, list ? "a number" : "an unknown thing");', "an unknown thing"),
        ("schema/a.c", 'static int fail(int x, const char *got)\n{\n}\nint a(void)\n{ return fail(f(1, 2), "no such thing"); }', "no such thing"),
        ("schema/a.c", 'snprintf(want, sizeof want, "more than %" PRIu64 " things", n);', "more than % things"),
        ("schema/a.c", 'ktg_err_set(err, 1, "%s: a sentence of the depths", path);', None),
        ("cmd/a.c", 'ktg_err_set(err, 1, "%s: not that", path);', None),
        ("cmd/a.c", 'ktg_err_set(err, 1, "%s: not "\n  "this, (%d) and", path, 1);', "%: not this, (%) and"),
        ("cmd/a.c", 'ktg_err_set(err, 1, "kentongan up");', None),
        ("cmd/phrases.def", PHRASES + 'X("% of %", "dari %")\n', "not as many %"),
    ]

    def test_story(self):
        for path, text, want in self.STORY:
            files = {"schema/faults.def": self.ROW, "cmd/phrases.def": self.PHRASES} | {path: text}
            status, lines, trouble = run("check-parity", files, "--texts")
            self.assertEqual(trouble, "")
            self.assertEqual(status, 0 if want is None else 1, (path, text, lines))
            self.assertEqual(len(lines), status, lines)
            if want:
                self.assertIn(want, lines[0])


class Floors(unittest.TestCase):
    STORY = [  # path, include, what the message says (None: allowed)
        ("runtime/a.c", '"runtime/err.h"', None),
        ("runtime/a.c", "<stdio.h>", None),
        ("runtime/a.c", '"schema/wire.h"', "runtime may not include"),
        ("runtime/loop/a.c", "<uv.h>", None),
        ("runtime/loop/a.c", '"runtime/link/link.h"', "runtime/loop may not include"),
        ("runtime/link/a.c", '"runtime/loop/loop.h"', None),
        ("runtime/link/a.c", "<uv.h>", "<uv.h> lives in runtime/loop"),
        ("runtime/hash.c", "<sodium.h>", None),
        ("schema/a.c", "<msgpack/pack.h>", None),
        ("rules/cel/a.c", '"rules/answer.h"', "rules/cel may not include"),
        ("rules/engine/a.c", '"rules/cel/cel.h"', None),
        ("rules/engine/a.c", "<lmdb.h>", "<lmdb.h> lives in runtime/store"),
        ("brokers/ingest/a.c", '"brokers/gateway/gateway.h"', "brokers/ingest may not include"),
        ("brokers/ingest/a.c", '"rules/ruleset.h"', None),
        ("cmd/a.c", '"brokers/gateway/gateway.h"', None),
        ("cmd/a.c", '"output.h"', "is not written from the root"),
        ("cmd/a.c", "<zmq.h>", "<zmq.h> lives in runtime/link"),
        ("cmd/a.c", "<curl/curl.h>", "belongs to no room"),
        ("attic/a.c", "<stdio.h>", "this folder is no room"),
        ("tests/unit/a.c", "<zmq.h>", None),
    ]

    def test_floors__tell_this_story(self):
        for path, include, message in self.STORY:
            status, lines, errors = run("check-floors", {path: f"#include {include}\n"})
            self.assertEqual(errors, "")
            if message is None:
                self.assertEqual((status, lines), (0, []), (path, include))
            else:
                self.assertEqual((status, len(lines)), (1, 1), (path, include))
                self.assertIn(message, lines[0])


class Text(unittest.TestCase):
    STORY = [
        ("runtime/a.c", LICENCE + "int f(void);\n", None),
        ("runtime/a.c", "int f(void);\n", "0 licence lines"),
        ("runtime/a.c", LICENCE + LICENCE, "2 licence lines"),
        ("runtime/a.c", LICENCE + "x = strcpy(a, b);\n", "strcpy() is not used here"),
        ("runtime/a.c", LICENCE + 'say("strcpy(a, b)"); /* strcpy(a, b) */\n', None),
        ("runtime/a.c", LICENCE + "p = malloc(4);\n", "malloc() is not used here"),
        ("runtime/mem.c", LICENCE + "p = malloc(4);\n", None),
        ("runtime/a.c", LICENCE + "p = ktg_free(4); x.free(1); y->free(2);\n", None),
        ("schema/a.c", LICENCE + "t = time(NULL);\n", "time() is not used here"),
        ("tests/unit/a.c", LICENCE + "p = malloc(4);\n", None),
        ("tests/unit/a.c", LICENCE + "usleep(4);\n", "usleep() is not used here"),
        ("schema/a.c", LICENCE + "int x;\n" * 900, "901 lines, wanted at most 800"),
        ("rules/a.c", LICENCE + 'is(type, "toll.passage");\n', "toll.passage stands in C by name"),
        ("rules/a.c", LICENCE + 'is(rule, "toll-twice");\n', "toll-twice stands in C by name"),
        ("rules/a.c", LICENCE + 'is(x, "toll.gate"); /* "toll.passage" */\n', None),
        ("tests/unit/a.c", LICENCE + 'is(type, "toll.passage");\n', None),
        ("producers/simulate/a.c", LICENCE + 'tell("toll.passage");\n', None),
    ]
    DATA = {"schema/events/toll.passage.yaml": "type: toll.passage\n", "rules/packs/toll.yaml": "rule: toll-twice\n"}

    def test_text__tells_this_story(self):
        for path, text, message in self.STORY:
            status, lines, errors = run("check-text", {path: text, **self.DATA})
            self.assertEqual(errors, "")
            if message is None:
                self.assertEqual((status, lines), (0, []), (path, text[:90]))
            else:
                self.assertEqual((status, len(lines)), (1, 1), (path, lines))
                self.assertIn(message, lines[0])


class Counts(unittest.TestCase):
    REPORT = """<testsuite>
      <testcase name="a" status="run"/>
      <testcase name="b" status="fail"><failure message=""/></testcase>
      <testcase name="c" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>
        <system-out>mounting ...\nSKIP: power cut (no loop devices)\n</system-out></testcase>
    </testsuite>"""

    def test_counts__name_the_reason_of_a_skip(self):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as f:
            f.write(self.REPORT)
            f.flush()
            done = subprocess.run(["tools/count-report", f.name], capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout, "1 1 1\npower cut (no loop devices)\n")
        self.assertEqual(done.returncode, 0)


class New(unittest.TestCase):
    def test_new__stamps_a_command_beside_its_noun(self):
        with tempfile.TemporaryDirectory() as root:
            files = {"cmd/commands.def": "X(toll_add)\nX(help)\n", "cmd/CMakeLists.txt": "ktg_room(cmd\n  SOURCES\n    about.c\n",
                     "tests/unit/cmd/CMakeLists.txt": ""}
            for path, text in files.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                    f.write(text)
            env = {**os.environ, "KTG_NEW_ROOT": root}
            for name, status in (("toll ls", 0), ("toll ls", 1), ("Toll", 1)):
                done = subprocess.run(["tools/new", "command", name], capture_output=True, env=env, check=False)
                self.assertEqual(done.returncode, status, name)
            with open(os.path.join(root, "cmd/commands.def"), encoding="utf-8") as f:
                self.assertEqual(f.read(), "X(toll_add)\nX(toll_ls)\nX(help)\n")
            self.assertTrue(os.path.exists(os.path.join(root, "tests/unit/cmd/test_toll_ls.c")))


class Cases(unittest.TestCase):
    """A rule whose deadline is a civil day by a word that it shares, and what becomes of it without one of its cases."""
    CASES = {
        "fires": "  - name: a\n    events: |\n      x {person: P1} @2026-03-01T09:00+07:00\n    expect: |\n      raise r P1\n",
        "silent": "  - name: b\n    events: |\n      x {person: P1} @2026-03-01T09:00+07:00\n    expect: []\n",
        "late": "  - name: c\n    events: |\n      x {person: P1} @2026-03-01T09:00+07:00 arrives 2026-03-02T09:00+07:00\n    expect: |\n",
        "corrected": "  - name: d\n    events: |\n      retract x1 @2026-03-01T09:00+07:00\n    expect: |\n",
        "zone": "  - name: e\n    events: |\n      x {person: P1} @2026-03-01T23:59+09:00\n      x {person: P2} @2026-03-02T00:01+07:00\n    expect: |\n",
    }

    def told(self, by, cases):
        text = ("define: person\nlet:\n  last_day: end_of_day(until)\n---\nrule: flag\nstatus: internal\nwhen: x\nby: last_day\n---\n"
                "rule: r\ntitle: {id: a, en: b}\nwhen: " + by + "\ntests:\n" + "".join(cases))
        return run("check-cases", {"rules/packs/a.yaml": text})[:2]

    def test_cases__each_kind_is_missed_and_flags_are_not_asked(self):
        for by in ("x\nby: last_day", "finding.flag"):
            self.assertEqual(self.told(by, self.CASES.values()), (0, []), by)
            for missing in self.CASES:
                self.assertEqual(self.told(by, (text for what, text in self.CASES.items() if what != missing)),
                                 (1, [f"rules/packs/a.yaml: r: no case: {missing}"]), (by, missing))

    def test_cases__without_a_civil_date_no_zone_is_asked(self):
        for by in ("x within 24h", "x # last_day"):
            self.assertEqual(self.told(by, (text for what, text in self.CASES.items() if what != "zone")), (0, []), by)


if __name__ == "__main__":
    unittest.main()
