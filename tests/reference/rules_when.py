"""tests/reference/rules_when.py - small rules about what happened, and what did not in time: text and meaning side by side.

SPDX-License-Identifier: Apache-2.0
"""
from forms import By, Rule, When
from states import Count, Distinct, Last, Open, Spans, covered, reaching
from timeline import DAY, HOUR, Step, date_text, day_named, day_of, ms_of, start_of_day

ENTRY = Step("border.crossing", where=lambda e, c: e["direction"] == "entry")
EXIT = Step("border.crossing", where=lambda e, c: e["direction"] == "exit")
CROSSING = Step("border.crossing")
IN, OUT = Step("lodging.checkin"), Step("lodging.checkout")
EXTENDED = Step("permit.status", where=lambda e, c: e["action"] == "extended")


def end_of_day(day, off):
    return start_of_day(day + 1, off) - 1


WHEN = [
    Rule("w-event", """
when: border.crossing as e where direction == "entry"
level: 'e.post == "ARUK" ? "high" : "low"'
let:
  post: e.post
  on: e.date
""", When(("e", ENTRY)), level=lambda c: "high" if c.e["post"] == "ARUK" else "low",
         let={"post": lambda c: c.e["post"], "on": lambda c: date_text(c.e.day)}),
    Rule("w-within", """
when:
  - border.crossing as a where direction == "entry"
  - lodging.checkin as b
unless: border.crossing where direction == "exit"
within: 2d
let:
  room: b.room
""", When(("a", ENTRY), ("b", IN), unless=[EXIT], within=2 * DAY), let={"room": lambda c: c.b["room"]}),
    Rule("w-three", """
when:
  - lodging.checkin as a
  - lodging.checkout as b where room == a.room
  - lodging.checkin as c where room != a.room
unless:
  - border.crossing as x where x.direction == "exit" && x.occurred_at > a.occurred_at
  - permit.status where action == "revoked"
within: 4d
let:
  rooms: a.room + c.room
""", When(("a", IN), ("b", Step("lodging.checkout", where=lambda e, c: e["room"] == c.a["room"])),
          ("c", Step("lodging.checkin", where=lambda e, c: e["room"] != c.a["room"])),
          unless=[Step("border.crossing", where=lambda e, c: e["direction"] == "exit" and e.at > c.a.at),
                  Step("permit.status", where=lambda e, c: e["action"] == "revoked")], within=4 * DAY),
         let={"rooms": lambda c: c.a["room"] + c.c["room"]}),
    Rule("w-types", """
when:
  - lodging.checkin or lodging.checkout as a where has(room)
  - border.crossing or permit.status as b
unless: lodging.checkin where room == "2"
let:
  second: b.type
""", When(("a", Step("lodging.checkin", "lodging.checkout", where=lambda e, c: "room" in e.data)), ("b", Step("border.crossing", "permit.status")),
          unless=[Step("lodging.checkin", where=lambda e, c: e["room"] == "2")]), let={"second": lambda c: c.b.type}),
    Rule("w-own", """
when:
  - lodging.checkin as a
  - lodging.checkout as b where room == "1"
  - border.crossing as c
unless: lodging.checkout
""", When(("a", IN), ("b", Step("lodging.checkout", where=lambda e, c: e["room"] == "1")), ("c", CROSSING), unless=[OUT])),
    Rule("w-asof", """
with:
  stay: open border.crossing where direction == "entry" until border.crossing where direction == "exit"
when: lodging.checkin as c
where: stay == null
""", When(("c", IN)), withs={"stay": Open(ENTRY, until=EXIT)}, where=lambda c: c.stay is None, proof=["stay"]),
    Rule("w-while", """
with:
  stay: open border.crossing where direction == "entry" until border.crossing where direction == "exit"
  nights: count lodging.checkin within 2d
when: border.crossing as a where direction == "entry"
while: stay != null && nights < 2
update: change
let:
  nights_now: nights
""", When(("a", ENTRY)), withs={"stay": Open(ENTRY, until=EXIT), "nights": Count(IN, 2 * DAY)}, proof=["stay", "nights"], update="change",
         while_=lambda c: c.stay is not None and c.nights < 2, let={"nights_now": lambda c: c.nights}),
    Rule("w-until", """
with:
  seen: last lodging.checkin within 3d
when: permit.status as p where action == "extended"
until:
  - border.crossing where direction == "exit"
  - lodging.checkout as o where o.occurred_at > p.occurred_at
while: seen == null || default(seen.room, "") != "3"
update: daily
let:
  days: civil_days_since(p.occurred_at)
""", When(("p", EXTENDED)), withs={"seen": Last(IN, 3 * DAY)}, proof=["seen"], update="daily",
         until=[EXIT, Step("lodging.checkout", where=lambda e, c: e.at > c.p.at)],
         while_=lambda c: c.seen is None or c.seen.get("room", "") != "3", let={"days": lambda c: day_of(c.t, c.off) - c.p.day}),
    Rule("w-once", """
when: lodging.checkin as c
once per: c.room
""", When(("c", IN)), once=lambda c: c.c["room"]),
    Rule("w-once-within", """
when: lodging.checkin or lodging.checkout as c
once per: default(c.room, "none") within 36h
""", When(("c", Step("lodging.checkin", "lodging.checkout"))), once=lambda c: c.c.get("room", "none"), once_within=36 * HOUR),
    Rule("w-once-until", """
when: lodging.checkin as c
until: lodging.checkout
once per: subject
""", When(("c", IN)), until=[OUT], once=lambda c: c.view.subject),
    Rule("w-each", """
each: room
when:
  - lodging.checkin as a
  - lodging.checkout as b
unless: border.crossing where direction == "exit"
within: 3d
""", When(("a", IN), ("b", OUT), unless=[EXIT], within=3 * DAY), each=lambda e: e["room"]),
]

BY = [
    Rule("d-reaching", """
with:
  stays: spans border.crossing where direction == "entry" until border.crossing where direction == "exit"
when: border.crossing as e where direction == "entry"
unless: border.crossing where direction == "exit"
by: end_of_day(day_reaching(stays, 3, 5) - days(1))
let:
  used: covered_days(stays, 5)
""", By(("e", ENTRY), unless=[EXIT], by=lambda c: end_of_day(reaching(c.stays, 3, 5, c.t, c.off) - 1, c.off)), {"stays": Spans(ENTRY, until=EXIT)}, ["stays"],
         let={"used": lambda c: covered(c.stays, 5, c.t, c.off)}),
    Rule("d-reaching-moved", """
with:
  nights: spans lodging.checkin until lodging.checkout
when: lodging.checkin as c
unless: lodging.checkout where room == "1"
by: end_of_day(day_reaching(nights, 2, 4))
moved by: lodging.checkin as m to start_of_day(day_reaching(nights, 3, 4))
update: daily
let:
  on: day_reaching(nights, 4, 4)
""", By(("c", IN), unless=[Step("lodging.checkout", where=lambda e, c: e["room"] == "1")], by=lambda c: end_of_day(reaching(c.nights, 2, 4, c.t, c.off), c.off),
        movers=[("m", IN, lambda c: start_of_day(reaching(c.nights, 3, 4, c.t, c.off), c.off))]), {"nights": Spans(IN, until=OUT)}, ["nights"], update="daily",
         let={"on": lambda c: date_text(reaching(c.nights, 4, 4, c.t, c.off))}),
    Rule("d-plain", """
when: border.crossing as e where direction == "entry"
unless: border.crossing where direction == "exit"
by: e.occurred_at + duration("48h")
""", By(("e", ENTRY), unless=[EXIT], by=lambda c: c.e.at + 48 * HOUR)),
    Rule("d-moved", """
when: border.crossing as e where direction == "entry"
unless: border.crossing where direction == "exit"
by: end_of_day(e.permitted_until)
moved by:
  - permit.status as p where p.action == "extended" to end_of_day(p.until)
  - permit.status as q where q.action == "applied" to max(deadline, q.occurred_at + duration("36h"))
update: daily
let:
  days: civil_days_since(deadline)
""", By(("e", ENTRY), unless=[EXIT], by=lambda c: end_of_day(day_named(c.e["permitted_until"]), c.off),
        movers=[("p", EXTENDED, lambda c: end_of_day(day_named(c.p["until"]), c.off)),
                ("q", Step("permit.status", where=lambda e, c: e["action"] == "applied"), lambda c: max(c.deadline, c.q.at + 36 * HOUR))]),
         update="daily", let={"days": lambda c: day_of(c.t, c.off) - day_of(c.deadline, c.off)}),
    Rule("d-shorter", """
when: lodging.checkin as c
unless: lodging.checkout where room == c.room
by: c.occurred_at + duration("72h")
moved by: permit.status as p to p.occurred_at + duration("12h")
where: default(c.room, "1") != "2"
""", By(("c", IN), unless=[Step("lodging.checkout", where=lambda e, c: e["room"] == c.c["room"])], by=lambda c: c.c.at + 72 * HOUR,
        movers=[("p", Step("permit.status"), lambda c: c.p.at + 12 * HOUR)]), where=lambda c: c.c.get("room", "1") != "2"),
    Rule("d-tuple", """
when:
  - border.crossing as a where direction == "entry"
  - lodging.checkin as b
unless:
  - lodging.checkout
  - border.crossing where direction == "exit"
within: 3d
by: a.occurred_at + duration("24h")
moved by: permit.status as p where p.action == "extended" to p.occurred_at + duration("24h")
let:
  room: b.room
""", By(("a", ENTRY), ("b", IN), unless=[OUT, EXIT], within=3 * DAY, by=lambda c: c.a.at + 24 * HOUR,
        movers=[("p", EXTENDED, lambda c: c.p.at + 24 * HOUR)]), let={"room": lambda c: c.b["room"]}),
    Rule("d-now", """
when: lodging.checkin as c
unless: lodging.checkout
by: c.occurred_at + duration("12h")
moved by:
  - permit.status as p where p.action == "revoked" to p.occurred_at
  - border.crossing as x where x.direction == "exit" to timestamp("2026-03-05T00:00:00+07:00")
  - border.crossing as y where y.direction == "entry" to deadline
""", By(("c", IN), unless=[OUT], by=lambda c: c.c.at + 12 * HOUR,
        movers=[("p", Step("permit.status", where=lambda e, c: e["action"] == "revoked"), lambda c: c.p.at),
                ("x", EXIT, lambda c: ms_of("2026-03-05T00:00:00+07:00")), ("y", ENTRY, lambda c: c.deadline)])),
    Rule("d-own", """
when:
  - lodging.checkin as a
  - lodging.checkin as b
unless: lodging.checkin where room == "2"
by: a.occurred_at + duration("36h")
""", By(("a", IN), ("b", IN), unless=[Step("lodging.checkin", where=lambda e, c: e["room"] == "2")], by=lambda c: c.a.at + 36 * HOUR)),
    Rule("d-since", """
when: lodging.checkin as c
unless: border.crossing where direction == "entry"
since: c.occurred_at - duration("24h")
by: c.occurred_at + duration("12h")
""", By(("c", IN), unless=[ENTRY], since=lambda c: c.c.at - 24 * HOUR, by=lambda c: c.c.at + 12 * HOUR)),
    Rule("d-reported", """
when: lodging.checkin as c
unless: lodging.checkout
since: c.reported_at
by: c.reported_at
until: border.crossing where direction == "exit"
""", By(("c", IN), unless=[OUT], since=lambda c: ms_of(c.c["reported_at"]), by=lambda c: ms_of(c.c["reported_at"])), until=[EXIT]),
    Rule("d-while", """
with:
  rooms: distinct(room) of lodging.checkin within 3d
when: border.crossing as e where direction == "entry"
unless: border.crossing where direction == "exit"
by: e.occurred_at + duration("24h")
while: size(rooms) > 0
update: change
let:
  rooms_now: rooms
""", By(("e", ENTRY), unless=[EXIT], by=lambda c: c.e.at + 24 * HOUR), withs={"rooms": Distinct(lambda e, c: e["room"], IN, 3 * DAY)}, proof=["rooms"],
         while_=lambda c: len(c.rooms) > 0, update="change", let={"rooms_now": lambda c: c.rooms}),
    Rule("d-days", """
when: border.crossing as e where direction == "entry"
unless: border.crossing where direction in ["exit", "entry"]
by: end_of_day(e.permitted_until)
while: days <= 4
update: daily where days in [1, 3]
let:
  days: civil_days_since(deadline)
""", By(("e", ENTRY), unless=[Step("border.crossing", where=lambda e, c: e["direction"] in ("exit", "entry"))],
        by=lambda c: end_of_day(day_named(c.e["permitted_until"]), c.off)),
         while_=lambda c: day_of(c.t, c.off) - day_of(c.deadline, c.off) <= 4,
         update=("daily", lambda c: day_of(c.t, c.off) - day_of(c.deadline, c.off) in (1, 3)),
         let={"days": lambda c: day_of(c.t, c.off) - day_of(c.deadline, c.off)}),
    Rule("d-each", """
each: room
when: lodging.checkin as c
unless: lodging.checkout
by: c.occurred_at + duration("36h")
""", By(("c", IN), unless=[OUT], by=lambda c: c.c.at + 36 * HOUR), each=lambda e: e["room"]),
]
