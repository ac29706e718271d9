"""tests/reference/rules_posted.py - rules over findings: posted on other timelines, added up, held open; and who keeps company.

SPDX-License-Identifier: Apache-2.0
"""
from aggregates import Counted, Score, Together
from forms import By, Rule, When, While
from rules_when import ENTRY, EXIT, IN, OUT
from states import All, Count, Distinct, Open, OpenPer, Spans
from timeline import DAY, HOUR, MINUTE, Step

STAY = "stay: open border.crossing where direction == \"entry\" until border.crossing where direction == \"exit\""
OWN_STAY = Open(ENTRY, until=EXIT)

BELOW = [
    Rule("p-asof", """
with:
  %s
when: lodging.checkin as c
where: stay == null
weight: 0.75
level: low
about:
  property: c.property
let:
  room: c.room
""" % STAY, When(("c", IN)), {"stay": OWN_STAY}, ["stay"], where=lambda c: c.stay is None, weight=75, level=lambda c: "low", about={"property": lambda c: c.c["property"]},
         let={"room": lambda c: c.c["room"]}),
    Rule("p-event", """
when: border.crossing as e where direction == "entry"
weight: 'e.post == "ARUK" ? 1.5 : 0.5'
level: 'e.post == "ARUK" ? "high" : "low"'
let:
  post: e.post
""", When(("e", ENTRY)), weight=lambda c: 150 if c.e["post"] == "ARUK" else 50, level=lambda c: "high" if c.e["post"] == "ARUK" else "low", let={"post": lambda c: c.e["post"]}),
    Rule("p-sequence", """
when:
  - border.crossing as a where direction == "entry"
  - lodging.checkin as b
unless: border.crossing where direction == "exit"
within: 3d
""", When(("a", ENTRY), ("b", IN), unless=[EXIT], within=3 * DAY)),
    Rule("p-stay", """
with:
  %s
  nights: count lodging.checkin
while: stay != null
about:
  property: stay.post
let:
  n: nights
  post: stay.post
""" % STAY, While(), {"stay": OWN_STAY, "nights": Count(IN)}, ["stay", "nights"], while_=lambda c: c.stay is not None, about={"property": lambda c: c.stay["post"]},
         let={"n": lambda c: c.nights, "post": lambda c: c.stay["post"]}),
    Rule("p-change", """
with:
  nights: all lodging.checkin within 2d
while: size(nights) >= 2
update: change
about:
  property: nights.map(n, n.property)
let:
  n: size(nights)
""", While(), {"nights": All(IN, 2 * DAY)}, ["nights"], while_=lambda c: len(c.nights) >= 2, update="change", about={"property": lambda c: [n["property"] for n in c.nights]},
         let={"n": lambda c: len(c.nights)}),
    Rule("p-late", """
when: lodging.checkin as c
unless: lodging.checkout
by: c.occurred_at + duration("36h")
update: daily
about:
  property: c.property
let:
  days: civil_days_since(deadline)
""", By(("c", IN), unless=[OUT], by=lambda c: c.c.at + 36 * HOUR), update="daily", about={"property": lambda c: c.c["property"]},
         let={"days": lambda c: (c.t + c.off * MINUTE) // DAY - (c.deadline + c.off * MINUTE) // DAY}),
]

POSTED = BELOW + [
    Rule("q-open", """
with:
  here: open finding.p-stay
while: here != null
let:
  n: here.n
  since: here.from
""", While(), {"here": Open(Step("finding.p-stay"))}, ["here"], while_=lambda c: c.here is not None, reads=["p-stay"],
         let={"n": lambda c: c.here["n"], "since": lambda c: ("instant", c.here.at)}),
    Rule("q-change", """
with:
  busy: open finding.p-change or finding.p-late
while: busy != null
update: change
level: busy.level
let:
  what: busy.rule
  was: busy.open
""", While(), {"busy": Open(Step("finding.p-change", "finding.p-late"))}, ["busy"], while_=lambda c: c.busy is not None, update="change", reads=["p-change", "p-late"],
         level=lambda c: c.busy["level"], let={"what": lambda c: c.busy["rule"], "was": lambda c: c.busy["open"]}),
    Rule("q-sequence", """
when:
  - finding.p-event as a where weight > 50
  - finding.p-asof or lodging.checkout as b
within: 3d
let:
  post: a.post
""", When(("a", Step("finding.p-event", where=lambda e, c: e["weight"] > 50)), ("b", Step("finding.p-asof", "lodging.checkout")), within=3 * DAY), reads=["p-event", "p-asof"],
         let={"post": lambda c: c.a["post"]}),
    Rule("q-at-end", """
with:
  late: open finding.p-late
  rests: open finding.p-stay
when: lodging.checkout or border.crossing as c
where: late != null || rests != null
let:
  a: late.days
  b: rests.post
""", When(("c", Step("lodging.checkout", "border.crossing"))), {"late": Open(Step("finding.p-late")), "rests": Open(Step("finding.p-stay"))}, ["late", "rests"],
         where=lambda c: c.late is not None or c.rests is not None, reads=["p-late", "p-stay"], let={"a": lambda c: c.late["days"], "b": lambda c: c.rests["post"]}),
    Rule("q-spans", """
with:
  times: spans finding.p-change or finding.p-late
while: times.exists(t, t.open) && size(times) >= 2
update: change
let:
  ends: times.filter(t, !t.open).map(t, t.until)
""", While(), {"times": Spans(Step("finding.p-change", "finding.p-late"))}, ["times"], while_=lambda c: any(t.open for t in c.times) and len(c.times) >= 2, update="change",
         reads=["p-change", "p-late"], let={"ends": lambda c: [["instant", t.until] for t in c.times if not t.open]}),
    Rule("q-house", """
with:
  people: distinct(person) of finding.p-asof within 3d
while: size(people) >= 2
update: change
let:
  who: people
""", While(), {"people": Distinct(lambda e, c: e.person, Step("finding.p-asof"), 3 * DAY)}, ["people"], while_=lambda c: len(c.people) >= 2, per="property",
         update="change", reads=["p-asof"], let={"who": lambda c: c.people}),
    Rule("q-house-open", """
with:
  late: open(person) finding.p-late
  seen: count lodging.checkin within 2d
while: size(late) >= 1 && seen >= 1
update: change
let:
  who: late.map(l, l.person)
  days: late.map(l, l.days)
""", While(), {"late": OpenPer(lambda e, c: e.person, Step("finding.p-late")), "seen": Count(IN, 2 * DAY)}, ["late", "seen"], per="property", update="change", reads=["p-late"],
         while_=lambda c: len(c.late) >= 1 and c.seen >= 1, let={"who": lambda c: [x.person for x in c.late], "days": lambda c: [x["days"] for x in c.late]}),
    Rule("q-house-count", """
count: finding.p-change where n >= 2
at least: 2
within: 4d
update: change
let:
  roots: count
""", Counted(Count(Step("finding.p-change", where=lambda e, c: e["n"] >= 2), 4 * DAY), 2), per="property", update="change", reads=["p-change"], let={"roots": lambda c: c.names["count"]}),
    Rule("q-unless", """
when: finding.p-event as e
unless: finding.p-sequence where root == e.root
by: e.from + duration("48h")
""", By(("e", Step("finding.p-event")), unless=[Step("finding.p-sequence", where=lambda e, c: e.root is c.e.root)], by=lambda c: c.e.at + 48 * HOUR), reads=["p-event", "p-sequence"]),
]

SCORE = BELOW[:4] + [
    Rule("f-score", """
score:
  from: [p-event, p-sequence, p-asof]
  at least: 2.0
  flags at least: 2
  agencies at least: 2
  within: 6d
update: change
""", Score(Step("finding.p-event", "finding.p-sequence", "finding.p-asof"), 200, 6 * DAY, ["p-asof", "p-event", "p-sequence"], flags=2, agencies=2), update="change",
         reads=["p-event", "p-sequence", "p-asof"]),
    Rule("f-root", """
score:
  from: finding.p-event or finding.p-sequence or finding.p-asof as f where f.weight > 50
  one per: root
  at least: 2.5
  within: 9d
update: change
""", Score(Step("finding.p-event", "finding.p-sequence", "finding.p-asof", where=lambda e, c: e["weight"] > 50), 250, 9 * DAY, ["p-asof", "p-event", "p-sequence"], per_root=True),
         update="change", reads=["p-event", "p-sequence", "p-asof"]),
    Rule("f-all-time", """
with:
  %s
score:
  from: [p-stay, p-event]
  at least: 2.0
where: flags.exists(f, f.rule == "p-stay")
while: stay != null
""" % STAY, Score(Step("finding.p-stay", "finding.p-event"), 200, None, ["p-event", "p-stay"]), {"stay": OWN_STAY}, ["stay"],
         where=lambda c: "p-stay" in c.names["flags"], while_=lambda c: c.stay is not None, reads=["p-stay", "p-event"]),
    Rule("g-above", """
with:
  grave: open finding.f-score
when: lodging.checkin as c
where: grave != null
let:
  score: grave.score
""", When(("c", IN)), {"grave": Open(Step("finding.f-score"))}, ["grave"], where=lambda c: c.grave is not None, reads=["f-score"], let={"score": lambda c: c.grave["score"]}),
]

MOVED = Step("border.crossing", where=lambda e, c: e["direction"] != "refused")
COMPANY = [
    Rule("t-pair", """
together:
  of: border.crossing where direction != "refused"
  at: [post, direction]
  span: 1h
  times: 2
  persons: 2
  within: 5d
update: change
""", Together(MOVED, lambda e: (e["post"], e["direction"]), HOUR, 2, 2, 5 * DAY), update="change"),
    Rule("t-three", """
together:
  of: lodging.checkin
  at: [property]
  span: 90m
  times: 2
  persons: 3
  within: 6d
update: change
""", Together(IN, lambda e: e["property"], 90 * MINUTE, 2, 3, 6 * DAY), update="change"),
    Rule("t-known", """
together:
  of: lodging.checkin where has(room)
  at: [property]
  span: 90m
  times: 2
  persons: 2
  within: 6d
update: change
""", Together(Step("lodging.checkin", where=lambda e, c: "room" in e.data), lambda e: e["property"], 90 * MINUTE, 2, 2, 6 * DAY), update="change"),
    Rule("t-null", """
together:
  of: lodging.checkin
  at: ['default(room, "1") == "1" ? null : property']
  span: 2h
  times: 2
  persons: 2
  within: 6d
update: change
""", Together(IN, lambda e: None if e.get("room", "1") == "1" else e["property"], 2 * HOUR, 2, 2, 6 * DAY), update="change"),
    Rule("t-daily", """
with:
  %s
together:
  of: lodging.checkin or lodging.checkout
  at: [property, room]
  span: 12h
  times: 3
  persons: 2
  within: 4d
while: stay == null
""" % STAY, Together(Step("lodging.checkin", "lodging.checkout"), lambda e: (e["property"], e["room"]), 12 * HOUR, 3, 2, 4 * DAY), {"stay": OWN_STAY}, ["stay"],
         while_=lambda c: c.stay is None),
]

BESIDE = Step("lodging.checkin(companions)")
ROLES = [
    Rule("r-beside", """
when: lodging.checkin(companions) as c
let:
  room: c.room
  with_whom: c.person
""", When(("c", BESIDE)), let={"room": lambda c: c.c["room"], "with_whom": lambda c: c.c.person}),
    Rule("r-after", """
when:
  - lodging.checkin as a
  - lodging.checkin(companions) as b
unless: border.crossing where direction == "exit"
within: 3d
""", When(("a", IN), ("b", BESIDE), unless=[EXIT], within=3 * DAY)),
    Rule("r-hosts", """
count: distinct(person) of lodging.checkin(companions)
at least: 2
within: 4d
update: change
""", Counted(Distinct(lambda e, c: e.person, BESIDE, 4 * DAY), 2), update="change"),
    Rule("r-own-until", """
with:
  home: open lodging.checkin until lodging.checkin(companions)
while: home != null
update: change
""", While(), {"home": Open(IN, until=BESIDE)}, ["home"], while_=lambda c: c.home is not None, update="change"),
    Rule("r-by", """
when: lodging.checkin as c
unless: lodging.checkin(companions)
by: c.occurred_at + duration("24h")
""", By(("c", IN), unless=[BESIDE], by=lambda c: c.c.at + 24 * HOUR)),
    Rule("r-until-own", """
with:
  guest: open lodging.checkin(companions) until lodging.checkin or lodging.checkout
while: guest != null
update: change
let:
  property: guest.property
""", While(), {"guest": Open(BESIDE, until=Step("lodging.checkin", "lodging.checkout"))}, ["guest"], while_=lambda c: c.guest is not None, update="change",
         let={"property": lambda c: c.guest["property"]}),
]
