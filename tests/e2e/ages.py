"""tests/e2e/ages.py BINARY - what rules must not read, in every dress: an age gap, nationality, sex.

`rules check` refuses each of the rules below; what the law itself asks (a minor, a grown-up, how old somebody is) is let through.
SPDX-License-Identifier: Apache-2.0
"""
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from centre import check, say  # noqa: E402

PAIR = """rule: a-pair
status: internal
per: sponsor
when:
  - sponsor.link as a where action == "add"
  - 'sponsor.link as b where action == "add"%(b)s'
within: 30d
%(more)s"""
X, Y = "age(a.dob, a.date)", "age(b.dob, b.date)"
APART, GIVES, FIELD = "two ages cannot be set against each other", "says how old somebody is", "cannot be read by rules"
STEPS = "an age can be compared with what is written down or set"

# a condition on a and b: what `rules check` says; "": nothing
CONDITIONS = [
    (f"{X} >= 18 && {Y} < 18", ""),
    (f"{X} >= setting(\"adult\", 18)", ""),
    (f"[{X}, {Y}].all(x, x >= 18)", ""),
    (f"[a, b].filter(e, age(e.dob, e.date) < 18).size() == 1", ""),
    ("has(a.dob) && has(b.dob)", ""),
    ("string(a.doc.number) != string(b.doc.number)", ""),
    ("[a.date, b.date].exists(d, d < date(\"2026-03-31\"))", ""),
    (f"{X} - {Y} > 10", APART),
    (f"{X} == {Y}", APART),
    (f"string({X}) == string({Y})", APART),
    (f"string({X}).startsWith(string({Y}))", APART),
    (f"{{\"x\": {X}}}.x > {Y}", APART),
    (f"{{\"x\": {X}}}[\"x\"] > {Y}", APART),
    (f"{{\"x\": {{\"y\": [{X}]}}}}.x.y[0] > {Y}", APART),
    (f"{{\"x\": {X}}} == {{\"x\": {Y}}}", APART),
    (f"[{X}] == [{Y}]", APART),
    (f"{X} in [{Y}, 3]", APART),
    (f"[{X}, {Y}].map(x, x + 1)[0] > {Y}", APART),
    (f"[{X}].map(x, x > 1, x)[0] > {Y}", APART),
    (f"[{X}, {Y}].exists(x, x > {X} + 10)", APART),
    (f"[{X}].filter(x, x > {Y}).size() > 0", APART),
    (f"[{X}, {Y}].exists(x, [{X}, {Y}].exists(y, x - y > 10))", APART),
    (f"min(0, {X}) < {Y}", APART),
    (f"max([{X}, {Y}]) > 40", APART),
    (f"size(unique([{X} / 10, {Y} / 10])) == 1", APART),
    (f"size(common([{X} / 10], [{Y} / 10])) == 1", APART),
    (f"disjoint([[{X} / 10], [{Y} / 10]]) == 1", APART),
    (f"size(pairs([string({X}), string({Y})])) == 0", APART),
    (f"percent({X}, {Y}) > 150", APART),
    (f"default(null, {X}) > {Y}", APART),
    (f"(a.date == b.date ? {X} : {Y}) > {Y}", APART),
    (f"[1, 2, 3][{X}] > {Y}", APART),
    (f"last(flatten([[1], [{X}]])) > {Y}", APART),
    (f"setting(\"x\", {X}) > {Y}", APART),
    (f"[10, 20, 30].exists(t, {X} < t && {Y} > t)", STEPS),
    (f"[10, 20, 30].exists(t, {X} - t < 0 && {Y} - t > 0)", STEPS),
    (f"[{{\"t\": 10}}, {{\"t\": 20}}].exists(m, {X} < m.t && {Y} > m.t)", STEPS),
    (f"size([10, 20, 30].filter(t, t < {X})) == 1", STEPS),
    ("days_between(a.dob, b.dob) > 3650", APART),
    ("a.dob < b.dob", APART),
    ("anniversary(a.dob, 10) < b.dob", APART),
    ("age(a.dob, b.dob) > 10", APART),
    ("civil_days_since(a.dob) > civil_days_since(b.dob) + 3650", APART),
    ("[a, 1][0].dob < [b, 1][0].dob", APART),
    ("{\"e\": a}.e.dob < {\"e\": b}.e.dob", APART),
    ("[a, b].map(e, e.dob)[0] < b.dob", APART),
    ("a.nationality == \"UTO\"", FIELD),
    ("[a, 1][0].nationality == \"UTO\"", FIELD),
    ("{\"e\": a}.e.nationality == \"UTO\"", FIELD),
    ("a.doc.mrz2.contains(\"UTO\")", "can be read by identity rules only"),
    ("a.sex != b.sex", "can be read by identity rules only"),
    ("[a, 1][0].sex == \"F\"", "can be read by identity rules only"),
]
# other keys: what `rules check` says
KEYS = [
    (f"let:\n  x: {X}\n  y: {Y}\n  adults: x >= 18 && y >= 18\n", ""),
    (f"let:\n  x: {X}\n  y: {Y}\nwhere: x - y > 10\n", APART),
    (f"let:\n  x: \"[{X}]\"\n  y: \"x.map(v, v)\"\nwhere: y[0] > {Y}\n", APART),
    (f"level: string({X})\n", GIVES),
    (f"about:\n  key: '\"a:\" + string({X})'\n", GIVES),
    (f"once per: {X}\n", GIVES),
    (f"with:\n  ages: distinct(age(dob, date) / 10) of sponsor.link\nwhere: size(ages) == 1\n", GIVES),
    (f"with:\n  all: sum(age(dob, date)) of sponsor.link\nwhere: all > 50\n", GIVES),
]
POSTED = """rule: says-an-age
status: internal
per: sponsor
when: sponsor.link as a where action == "add"
let:
  years: age(a.dob, a.date)
---
rule: reads-it
status: internal
per: sponsor
when: finding.says-an-age as f
with:
  g: last finding.says-an-age
where: %s
"""
OTHERS = [
    (POSTED % "f.years >= 18", ""),
    (POSTED % "f.years - g.years > 10", APART),
    (POSTED % "'[f, 1][0].years > g.years'", APART),
    ("rule: by-age\nstatus: internal\nper: sponsor\nwhen: sponsor.link\neach: age(dob, date)\n", GIVES),
    ("rule: by-age\nstatus: internal\nper: sponsor\nwith:\n  a: last sponsor.link\nwhile: n > 0\neach: n in [age(a.dob, a.date)]\n", GIVES),
    ("rule: born-by\nstatus: internal\nper: sponsor\nwhen: sponsor.link as a\nunless: sponsor.link as b\nby: end_of_day(anniversary(a.dob, 18))\n", GIVES),
    ("rule: by-biodata\nstatus: internal\nper: biodata\nwhen: border.crossing\nwhere: subject.endsWith(\"F\")\n", "identity rules only"),
]


IDENTITY = """rule: of-identity
status: internal
per: person
with:
  sexes: distinct(sex) of border.crossing
  dobs: distinct(dob) of border.crossing
while: dobs.exists(a, dobs.exists(b, days_between(a, b) > 366))
let:
  women: sexes.exists(s, s == "F")
  grown: size(sexes)
  born: first(dobs)
  since: start_of_day(now)
"""
READER = """rule: reads-identity
status: internal
per: person
when: finding.of-identity as f
with:
  g: last finding.of-identity
where: %s
"""
READ = [("f.since < now", ""), ("f.women", "identity rules only"), ("f.grown > 1", "identity rules only"), ("f.born < g.born", APART),
        ("f.born < date(\"2000-01-01\")", "")]


def look(binary, folder, name, text, said, shown):
    """What `rules check` gets wrong about a text; the identity rules stay beside what reads them."""
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.write(text)
    done = subprocess.run([binary, "rules", "check", ".", "--lang", "en"], cwd=folder, capture_output=True, text=True, check=False)
    if said and (done.returncode != 3 or said not in done.stderr):
        return f"escapes: {shown}\n    {done.stderr.strip()[:300]}"
    if not said and done.returncode:
        return f"refused: {shown}\n    {done.stderr.strip()[:300]}"
    return None


def main(binary):
    rules = [(PAIR % {"b": " && " + text, "more": ""}, said, text) for text, said in CONDITIONS]
    rules += [(PAIR % {"b": "", "more": more}, said, more) for more, said in KEYS]
    rules += [(text, said, text) for text, said in OTHERS]
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for name, texts in (("identity.yaml", [(IDENTITY, "", "")]), ("readers.yaml", [(READER % w, said, w) for w, said in READ]), ("pairs.yaml", rules)):
            wrong += [w for text in texts if (w := look(binary, folder, name, *text))]
            if name == "readers.yaml":
                os.remove(os.path.join(folder, name))
    check(not wrong, "\n".join(wrong))
    say(f"ages: {len(rules) + len(READ)} rules")


main(os.path.abspath(sys.argv[1]))
