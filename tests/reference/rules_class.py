"""tests/reference/rules_class.py - rules over the class `finding`: every live rule that does not read it itself (LANGUAGE.md 3 and 7).

SPDX-License-Identifier: Apache-2.0
"""
from aggregates import Counted, Score
from forms import By, Rule, When, While
from rules_when import ENTRY, EXIT, IN, OUT
from states import Count, Distinct, Last, Open, OpenPer
from timeline import DAY, HOUR, Step

MEMBERS = ["k-entry", "k-house", "k-late", "k-stay"]  # neither k-inside, which is internal, nor k-shadow, which is delivered to nobody


def finding(*more, where=None):
    return Step(*["finding." + m for m in MEMBERS], *more, where=where)


BELOW = [
    Rule("k-entry", """
when: border.crossing as e where direction == "entry"
weight: 'e.post == "ARUK" ? 1.5 : 0.5'
level: 'e.post == "ARUK" ? "high" : "low"'
""", When(("e", ENTRY)), weight=lambda c: 150 if c.e["post"] == "ARUK" else 50, level=lambda c: "high" if c.e["post"] == "ARUK" else "low", status="live"),
    Rule("k-late", """
when: lodging.checkin as c
unless: lodging.checkout
by: c.occurred_at + duration("36h")
update: daily
about:
  property: c.property
""", By(("c", IN), unless=[OUT], by=lambda c: c.c.at + 36 * HOUR), update="daily", about={"property": lambda c: c.c["property"]}, status="live"),
    Rule("k-stay", """
with:
  stay: open border.crossing where direction == "entry" until border.crossing where direction == "exit"
  night: last lodging.checkin
while: stay != null
update: change
level: 'night == null ? "low" : "high"'
about:
  property: night.property
""", While(), {"stay": Open(ENTRY, until=EXIT), "night": Last(IN)}, ["stay", "night"], while_=lambda c: c.stay is not None, update="change",
         level=lambda c: "low" if c.night is None else "high", about={"property": lambda c: c.night["property"]}, status="live"),
    Rule("k-house", """
count: lodging.checkin
at least: 2
within: 2d
weight: 0.25
""", Counted(Count(IN, 2 * DAY), 2), per="property", weight=25, status="live"),
    Rule("k-inside", "when: lodging.checkin as c\nlevel: high\nweight: 2.0\nabout:\n  property: c.property\n", When(("c", IN)), level=lambda c: "high", weight=200,
         about={"property": lambda c: c.c["property"]}, status="internal"),
    Rule("k-shadow", "when: lodging.checkout as c\nlevel: high\nabout:\n  property: c.property\n", When(("c", OUT)), level=lambda c: "high",
         about={"property": lambda c: c.c["property"]}),
]

CLASS = BELOW + [
    Rule("k-count", """
count: finding where level == "high" || rule == "k-late"
at least: 2
within: 4d
update: change
""", Counted(Count(finding(where=lambda e, c: e["level"] == "high" or e["rule"] == "k-late"), 4 * DAY), 2), per=["person", "property"], update="change", reads=MEMBERS),
    Rule("k-rules", """
with:
  rules: distinct(rule) of finding or finding.k-shadow within 5d
while: size(rules) >= 2
update: change
let:
  which: rules
""", While(), {"rules": Distinct(lambda e, c: e["rule"], finding("finding.k-shadow"), 5 * DAY)}, ["rules"], while_=lambda c: len(c.rules) >= 2, per=["person", "property"],
         update="change", reads=MEMBERS + ["k-shadow"], let={"which": lambda c: c.rules}),
    Rule("k-when", """
when:
  - finding as f where weight > 25
  - finding as g where g.rule != f.rule
unless: lodging.checkout
within: 3d
let:
  rules: '[f.rule, g.rule]'
  about: g.subject
""", When(("f", finding(where=lambda e, c: e["weight"] > 25)), ("g", finding(where=lambda e, c: e["rule"] != c.f["rule"])), unless=[OUT], within=3 * DAY),
         per=["person", "property"], reads=MEMBERS, let={"rules": lambda c: [c.f["rule"], c.g["rule"]], "about": lambda c: c.g["subject"]}),
    Rule("k-score", """
score:
  from: finding where rule != "k-house"
  at least: 2.0
  flags at least: 2
  within: 6d
update: change
""", Score(finding(where=lambda e, c: e["rule"] != "k-house"), 200, 6 * DAY, MEMBERS, flags=2), update="change", reads=MEMBERS),
    Rule("k-open", """
with:
  held: open(f.rule + "/" + f.subject) finding as f where f.rule != "k-entry"
each: h in held
while: h.level != "low"
update: change
let:
  rule_of: h.rule
  level_of: h.level
""", While(), {"held": OpenPer(lambda e, c: e["rule"] + "/" + e["subject"], finding(where=lambda e, c: e["rule"] != "k-entry"))}, [], per=["person", "property"],
         each_in=("h", lambda h: h["rule"] + "/" + h["subject"], lambda c: c.held), while_=lambda c: c.h["level"] != "low", update="change", reads=MEMBERS,
         let={"rule_of": lambda c: c.h["rule"], "level_of": lambda c: c.h["level"]}, status="live"),
    Rule("k-above", """
with:
  most: last finding.k-open
when: finding.k-open or finding.k-entry or finding.k-inside as f
where: most != null
let:
  what: most.rule_of
""", When(("f", Step("finding.k-open", "finding.k-entry", "finding.k-inside"))), {"most": Last(Step("finding.k-open"))}, ["most"], where=lambda c: c.most is not None,
         reads=["k-open", "k-entry", "k-inside"], let={"what": lambda c: c.most["rule_of"]}, status="live"),
]
