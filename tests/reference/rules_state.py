"""tests/reference/rules_state.py - small rules about what is so: each state form, alone and with others.

SPDX-License-Identifier: Apache-2.0
"""
from aggregates import Counted
from forms import By, Rule, When, While
from rules_when import CROSSING, ENTRY, EXIT, EXTENDED, IN, OUT, end_of_day
from states import All, Baseline, Count, Distinct, First, Last, LastPer, Open, OpenPer, Spans, Sum, above, covered, reaching
from timeline import DAY, HOUR, Step, date_text, day_named, day_of, ms_of, start_of_day

ROOM2 = Step("lodging.checkin", where=lambda e, c: e["room"] == "2")
STAY = "stay: open border.crossing where direction == \"entry\" until border.crossing where direction == \"exit\""


def room(e, c):
    return e["room"]


STATE = [
    Rule("s-open", """
with:
  %s
while: stay != null
update: change
let:
  post: stay.post
""" % STAY, While(), {"stay": Open(ENTRY, until=EXIT)}, ["stay"], while_=lambda c: c.stay is not None, update="change", let={"post": lambda c: c.stay["post"]}),
    Rule("s-last", """
with:
  seen: last lodging.checkin
while: seen.room == "2"
let:
  days: civil_days_since(seen.occurred_at)
""", While(), {"seen": Last(IN)}, ["seen"], while_=lambda c: c.seen["room"] == "2", let={"days": lambda c: day_of(c.t, c.off) - c.seen.day}),
    Rule("s-last-within", """
with:
  seen: last lodging.checkin or lodging.checkout within 36h
  permit: last permit.status
where: seen != null
while: permit == null || permit.action != "extended"
update: change
let:
  what: seen.type
""", While(), {"seen": Last(Step("lodging.checkin", "lodging.checkout"), 36 * HOUR), "permit": Last(Step("permit.status"))}, ["seen", "permit"],
         where=lambda c: c.seen is not None, while_=lambda c: c.permit is None or c.permit["action"] != "extended", update="change",
         let={"what": lambda c: c.seen.type}),
    Rule("s-first", """
with:
  came: first border.crossing where direction == "entry"
  left: first border.crossing where direction == "exit" within 3d
while: came.post == "ARUK" && left == null
update: change
""", While(), {"came": First(ENTRY), "left": First(EXIT, 3 * DAY)}, ["came", "left"], while_=lambda c: c.came["post"] == "ARUK" and c.left is None, update="change"),
    Rule("s-all", """
with:
  nights: all lodging.checkin within 2d
while: size(nights) >= 2 && nights.exists(n, n.room == "1")
update: change
let:
  rooms: nights.map(n, default(n.room, "-"))
""", While(), {"nights": All(IN, 2 * DAY)}, ["nights"], while_=lambda c: len(c.nights) >= 2 and any(n.get("room") == "1" for n in c.nights), update="change",
         let={"rooms": lambda c: [n.get("room", "-") for n in c.nights]}),
    Rule("s-count", """
with:
  nights: count lodging.checkin where room in ["1", "2"] within 3d
  ever: count lodging.checkin
while: nights >= 2
where: ever >= 3
let:
  both: nights * 10 + ever
""", While(), {"nights": Count(Step("lodging.checkin", where=lambda e, c: e["room"] in ("1", "2")), 3 * DAY), "ever": Count(IN)}, ["nights", "ever"],
         while_=lambda c: c.nights >= 2, where=lambda c: c.ever >= 3, let={"both": lambda c: c.nights * 10 + c.ever}),
    Rule("s-sum", """
with:
  trust: sum(confidence) of border.crossing within 3d
while: trust > 1
update: change
let:
  trust_now: trust
""", While(), {"trust": Sum(lambda e, c: e["confidence"], CROSSING, 3 * DAY)}, ["trust"], while_=lambda c: c.trust > 1, update="change", let={"trust_now": lambda c: c.trust}),
    Rule("s-distinct", """
with:
  rooms: distinct(room) of lodging.checkin or lodging.checkout within 2d
while: size(rooms) >= 2
update: change
let:
  list_of: rooms
""", While(), {"rooms": Distinct(room, Step("lodging.checkin", "lodging.checkout"), 2 * DAY)}, ["rooms"], while_=lambda c: len(c.rooms) >= 2, update="change",
         let={"list_of": lambda c: c.rooms}),
    Rule("s-share", """
with:
  second: distinct(date) of lodging.checkin where room == "2" within 3d
  every: distinct(date) of lodging.checkin within 3d
while: percent(size(second), size(every)) >= 50
update: change
let:
  share: percent(size(second), size(every))
""", While(), {"second": Distinct(lambda e, c: e.day, ROOM2, 3 * DAY), "every": Distinct(lambda e, c: e.day, IN, 3 * DAY)}, ["second", "every"],
         while_=lambda c: len(c.every) > 0 and len(c.second) * 100 // len(c.every) >= 50, update="change", let={"share": lambda c: len(c.second) * 100 // len(c.every)}),
    Rule("s-last-per", """
with:
  rooms: last(room) lodging.checkin or lodging.checkout
while: rooms.exists(r, r.type == "lodging.checkout") && size(rooms) >= 2
update: change
let:
  now_in: rooms.map(r, r.room + r.type)
""", While(), {"rooms": LastPer(room, Step("lodging.checkin", "lodging.checkout"))}, ["rooms"], update="change",
         while_=lambda c: any(r.type == "lodging.checkout" for r in c.rooms) and len(c.rooms) >= 2, let={"now_in": lambda c: [r["room"] + r.type for r in c.rooms]}),
    Rule("s-open-per", """
with:
  held: open(room) lodging.checkin until lodging.checkout past reported_at
while: size(held) >= 2
update: change
let:
  rooms: held.map(h, h.room)
""", While(), {"held": OpenPer(room, IN, until=OUT, past=lambda e, c: ms_of(e["reported_at"]))}, ["held"], while_=lambda c: len(c.held) >= 2, update="change",
         let={"rooms": lambda c: [h["room"] for h in c.held]}),
    Rule("s-past", """
with:
  plan: open lodging.checkin until lodging.checkout past end_of_day(planned_out)
while: plan != null
let:
  days: civil_days_since(plan.occurred_at)
""", While(), {"plan": Open(IN, until=OUT, past=lambda e, c: end_of_day(day_named(e["planned_out"]), e.off))}, ["plan"], while_=lambda c: c.plan is not None,
         let={"days": lambda c: day_of(c.t, c.off) - c.plan.day}),
    Rule("s-from", """
with:
  known: open lodging.checkin from reported_at until lodging.checkout
while: known != null
update: change
""", While(), {"known": Open(IN, until=OUT, frm=lambda e, c: ms_of(e["reported_at"]))}, ["known"], while_=lambda c: c.known is not None, update="change"),
    Rule("s-from-per", """
with:
  known: open(room) lodging.checkin from reported_at until lodging.checkout past end_of_day(planned_out)
  %s
while: size(known) > 0 && stay != null
update: change
let:
  who: known.map(k, k.room)
""" % STAY, While(), {"known": OpenPer(room, IN, until=OUT, frm=lambda e, c: ms_of(e["reported_at"]), past=lambda e, c: end_of_day(day_named(e["planned_out"]), e.off)),
                      "stay": Open(ENTRY, until=EXIT)}, ["known", "stay"], while_=lambda c: len(c.known) > 0 and c.stay is not None, update="change",
         let={"who": lambda c: [k["room"] for k in c.known]}),
    Rule("s-spans", """
with:
  stays: spans border.crossing where direction == "entry" until border.crossing where direction == "exit"
while: covered_days(stays, 5) >= 3
let:
  used: covered_days(stays, 5)
  how_many: size(stays)
""", While(), {"stays": Spans(ENTRY, until=EXIT)}, ["stays"], while_=lambda c: covered(c.stays, 5, c.t, c.off) >= 3,
         let={"used": lambda c: covered(c.stays, 5, c.t, c.off), "how_many": lambda c: len(c.stays)}),
    Rule("s-spans-ticks", """
with:
  stays: spans border.crossing where direction == "entry" until border.crossing where direction == "exit" past end_of_day(permitted_until)
while: covered_days(stays, 4) >= 2
tick: daily while stays.exists(s, s.open)
let:
  used: covered_days(stays, 4)
""", While(), {"stays": Spans(ENTRY, until=EXIT, past=lambda e, c: end_of_day(day_named(e["permitted_until"]), e.off))}, ["stays"],
         while_=lambda c: covered(c.stays, 4, c.t, c.off) >= 2, tick=lambda c: any(s.open for s in c.stays), let={"used": lambda c: covered(c.stays, 4, c.t, c.off)}),
    Rule("s-reaching", """
with:
  stays: spans border.crossing where direction == "entry" until border.crossing where direction == "exit"
while: day_reaching(stays, 3, 5) <= date(now)
tick: daily while stays.exists(s, s.open)
let:
  on: day_reaching(stays, 4, 5)
""", While(), {"stays": Spans(ENTRY, until=EXIT)}, ["stays"], while_=lambda c: reaching(c.stays, 3, 5, c.t, c.off) <= day_of(c.t, c.off),
         tick=lambda c: any(s.open for s in c.stays), let={"on": lambda c: date_text(reaching(c.stays, 4, 5, c.t, c.off))}),
    Rule("s-reaching-per", """
with:
  nights: spans(room) lodging.checkin from reported_at until lodging.checkout past end_of_day(planned_out)
while: nights.exists(n, n.open)
update: change
let:
  on: day_reaching(nights, 3, 6)
  used: covered_days(nights, 6)
""", While(), {"nights": Spans(IN, until=OUT, key=room, frm=lambda e, c: ms_of(e["reported_at"]), past=lambda e, c: end_of_day(day_named(e["planned_out"]), e.off))},
         ["nights"], while_=lambda c: any(n.open for n in c.nights), update="change",
         let={"on": lambda c: date_text(reaching(c.nights, 3, 6, c.t, c.off)), "used": lambda c: covered(c.nights, 6, c.t, c.off)}),
    Rule("s-spans-read", """
with:
  stays: spans lodging.checkin from reported_at until lodging.checkout
while: stays.exists(s, s.open && default(s.room, "") == "2")
update: change
let:
  ends: stays.filter(s, !s.open).map(s, s.until)
  begins: stays.map(s, s.from)
""", While(), {"stays": Spans(IN, until=OUT, frm=lambda e, c: ms_of(e["reported_at"]))}, ["stays"], update="change",
         while_=lambda c: any(s.open and s["room"] == "2" if "room" in s.start.data else False for s in c.stays),
         let={"ends": lambda c: [("instant", s.until) for s in c.stays if not s.open], "begins": lambda c: [("instant", s.frm) for s in c.stays]}),
    Rule("s-tick", """
with:
  seen: last lodging.checkin
  %s
while: civil_days_since(seen.occurred_at) >= 2 && stay != null
tick: daily while stay != null
""" % STAY, While(), {"seen": Last(IN), "stay": Open(ENTRY, until=EXIT)}, ["seen", "stay"], tick=lambda c: c.stay is not None,
         while_=lambda c: day_of(c.t, c.off) - c.seen.day >= 2 and c.stay is not None),
    Rule("s-until", """
with:
  nights: count lodging.checkin within 3d
while: nights >= 1
until: lodging.checkout where room == "1"
""", While(), {"nights": Count(IN, 3 * DAY)}, ["nights"], while_=lambda c: c.nights >= 1, until=[Step("lodging.checkout", where=lambda e, c: e["room"] == "1")]),
    Rule("s-once", """
with:
  %s
while: stay != null
update: change
once per: stay.post within 3d
""" % STAY, While(), {"stay": Open(ENTRY, until=EXIT)}, ["stay"], while_=lambda c: c.stay is not None, update="change", once=lambda c: c.stay["post"], once_within=3 * DAY),
    Rule("s-each-in", """
with:
  held: open(room) lodging.checkin until lodging.checkout
  %s
each: h in held
while: stay != null
update: change
let:
  where_in: h.property
""" % STAY, While(), {"held": OpenPer(room, IN, until=OUT), "stay": Open(ENTRY, until=EXIT)}, ["stay"], each_in=("h", lambda h: h["room"], lambda c: c.held),
         while_=lambda c: c.stay is not None, update="change", let={"where_in": lambda c: c.h["property"]}),
    Rule("s-each-value", """
with:
  rooms: distinct(room) of lodging.checkin within 2d
  left: last(room) lodging.checkout
each: r in rooms
while: "!left.exists(l, l.room == r)"
update: change
let:
  which: r
""", While(), {"rooms": Distinct(room, IN, 2 * DAY), "left": LastPer(room, OUT)}, ["left"], each_in=("r", lambda r: r, lambda c: c.rooms),
         while_=lambda c: not any(x["room"] == c.r for x in c.left), update="change", let={"which": lambda c: c.r}),
    Rule("s-each-last", """
with:
  last_of: last(room) lodging.checkin or lodging.checkout within 3d
each: x in last_of
while: x.type == "lodging.checkin"
let:
  days: civil_days_since(x.occurred_at)
""", While(), {"last_of": LastPer(room, Step("lodging.checkin", "lodging.checkout"), 3 * DAY)}, [], each_in=("x", lambda x: x["room"], lambda c: c.last_of),
         while_=lambda c: c.x.type == "lodging.checkin", let={"days": lambda c: day_of(c.t, c.off) - c.x.day}),
    Rule("s-each-span", """
with:
  times: spans(room) lodging.checkin until lodging.checkout
  %s
each: t in times
while: t.open || stay != null
update: change
let:
  which: t.room
""" % STAY, While(), {"times": Spans(IN, until=OUT, key=room), "stay": Open(ENTRY, until=EXIT)}, ["stay"], each_in=("t", lambda t: t.start.id, lambda c: c.times),
         while_=lambda c: c.names["t"].open or c.stay is not None, update="change", let={"which": lambda c: c.names["t"]["room"]}),
    Rule("s-each-all", """
with:
  nights: all lodging.checkin within 2d
  %s
each: n in nights
while: stay != null && n.occurred_at > stay.occurred_at
let:
  which: n.property
""" % STAY, While(), {"nights": All(IN, 2 * DAY), "stay": Open(ENTRY, until=EXIT)}, ["stay", "nights"], each_in=("n", lambda n: n.id, lambda c: c.nights),
         while_=lambda c: c.stay is not None and c.n.at > c.stay.at, let={"which": lambda c: c.n["property"]}),
    Rule("s-each", """
each: room
with:
  nights: count lodging.checkin within 2d
  left: last lodging.checkout
  %s
while: nights >= 1 && left == null && stay != null
update: change
let:
  n: nights
""" % STAY, While(), {"nights": Count(IN, 2 * DAY), "left": Last(OUT), "stay": Open(ENTRY, until=EXIT)}, ["nights", "left", "stay"], each=lambda e: e["room"],
         while_=lambda c: c.nights >= 1 and c.left is None and c.stay is not None, update="change", let={"n": lambda c: c.nights}),
    Rule("s-nested", """
with:
  %s
  abroad: all lodging.checkin where stay == null within 3d
while: size(abroad) >= 1
update: change
""" % STAY, While(), {"stay": Open(ENTRY, until=EXIT), "abroad": All(Step("lodging.checkin", where=lambda e, c: c.stay is None), 3 * DAY)}, ["abroad"],
         while_=lambda c: len(c.abroad) >= 1, update="change"),
    Rule("s-baseline", """
with:
  usual: baseline(1d, 5d) of distinct(room) of lodging.checkin
  recent: distinct(room) of lodging.checkin within 1d
while: above(size(recent), usual, 1)
update: change
let:
  n: usual.n
  sum: usual.sum
  squares: usual.squares
""", While(), {"usual": Baseline(DAY, 5 * DAY, room, IN), "recent": Distinct(room, IN, DAY)}, ["recent"], while_=lambda c: above(len(c.recent), c.usual, 1), update="change",
         let={n: (lambda c, n=n: c.usual[n]) for n in ("n", "sum", "squares")}),
    Rule("s-baseline-cut", """
with:
  usual: baseline(36h, 7d) of distinct(property) of lodging.checkin or lodging.checkout
when: lodging.checkin as c
where: usual.sum > 0
let:
  sum: usual.sum
""", When(("c", IN)), {"usual": Baseline(36 * HOUR, 7 * DAY, lambda e, c: e["property"], Step("lodging.checkin", "lodging.checkout"))}, [],
         where=lambda c: c.usual["sum"] > 0, let={"sum": lambda c: c.usual["sum"]}),
]

LONG = [
    Rule("o-count", """
count: lodging.checkin or lodging.checkout
at least: 20
update: change
""", Counted(Count(Step("lodging.checkin", "lodging.checkout")), 20), update="change"),
    Rule("o-window", """
with:
  %s
  nights: count lodging.checkin within 3d
  ever: count lodging.checkin
while: nights >= 6 && stay != null
let:
  n: ever
""" % STAY, While(), {"stay": Open(ENTRY, until=EXIT), "nights": Count(IN, 3 * DAY), "ever": Count(IN)}, ["stay", "nights", "ever"],
         while_=lambda c: c.nights >= 6 and c.stay is not None, let={"n": lambda c: c.ever}),
    Rule("o-spans", """
with:
  stays: spans border.crossing where direction == "entry" until border.crossing where direction == "exit"
while: covered_days(stays, 6) >= 4
update: change
let:
  used: covered_days(stays, 6)
""", While(), {"stays": Spans(ENTRY, until=EXIT)}, ["stays"], while_=lambda c: covered(c.stays, 6, c.t, c.off) >= 4, update="change",
         let={"used": lambda c: covered(c.stays, 6, c.t, c.off)}),
    Rule("o-both", """
when: lodging.checkin as a
unless: lodging.checkout
by: a.occurred_at + duration("12h")
let:
  room: a.room
""", By(("a", IN), unless=[OUT], by=lambda c: c.a.at + 12 * HOUR), per=["person", "property"], let={"room": lambda c: c.a["room"]}),
    Rule("o-sequence", """
when:
  - border.crossing as a where direction == "entry"
  - lodging.checkin as b where room == "3"
unless: border.crossing where direction == "exit"
within: 2d
""", When(("a", ENTRY), ("b", Step("lodging.checkin", where=lambda e, c: e["room"] == "3")), unless=[EXIT], within=2 * DAY)),
]

# Every form as of x⁻, of one and the same event, and as of the instant of a deadline.
FORMS_OF_ALL = """
with:
  a_last: last lodging.checkin within 36h
  b_first: first border.crossing within 2d
  c_all: all lodging.checkin or permit.status within 2d
  d_count: count border.crossing within 36h
  e_sum: sum(confidence) of border.crossing within 3d
  f_distinct: distinct(room) of lodging.checkin or lodging.checkout within 2d
  g_open: open lodging.checkin from reported_at until lodging.checkout past end_of_day(planned_out)
  h_held: open(room) lodging.checkin until lodging.checkout past reported_at
  i_spans: spans(room) lodging.checkin from reported_at until lodging.checkout past end_of_day(planned_out)
  j_usual: baseline(12h, 4d) of distinct(room) of lodging.checkin
  k_each: last(room) lodging.checkout within 3d
"""
LETS = """let:
  a: a_last.id
  b: b_first.id
  c: c_all.map(x, x.id)
  d: d_count
  e: e_sum
  f: f_distinct
  g: g_open.id
  h: h_held.map(x, x.id)
  i: i_spans.filter(x, x.open).map(x, x.start.id)
  i2: i_spans.filter(x, !x.open).map(x, x.until)
  i3: i_spans.filter(x, has(x.end)).map(x, x.end.id)
  j: j_usual.sum * 100 + j_usual.squares
  k: k_each.map(x, x.id)
"""
PLANNED = dict(frm=lambda e, c: ms_of(e["reported_at"]), until=OUT, past=lambda e, c: end_of_day(day_named(e["planned_out"]), e.off))
WITHS = {"a_last": Last(IN, 36 * HOUR), "b_first": First(CROSSING, 2 * DAY), "c_all": All(Step("lodging.checkin", "permit.status"), 2 * DAY),
         "d_count": Count(CROSSING, 36 * HOUR), "e_sum": Sum(lambda e, c: e["confidence"], CROSSING, 3 * DAY),
         "f_distinct": Distinct(room, Step("lodging.checkin", "lodging.checkout"), 2 * DAY), "g_open": Open(IN, **PLANNED),
         "h_held": OpenPer(room, IN, until=OUT, past=lambda e, c: ms_of(e["reported_at"])), "i_spans": Spans(IN, key=room, **PLANNED),
         "j_usual": Baseline(12 * HOUR, 4 * DAY, room, IN), "k_each": LastPer(room, OUT, 3 * DAY)}
READ = {"a": lambda c: c.a_last.id, "b": lambda c: c.b_first.id, "c": lambda c: [x.id for x in c.c_all], "d": lambda c: c.d_count, "e": lambda c: c.e_sum,
        "f": lambda c: c.f_distinct, "g": lambda c: c.g_open.id, "h": lambda c: [x.id for x in c.h_held], "i": lambda c: [s.start.id for s in c.i_spans if s.open],
        "i2": lambda c: [["instant", s.until] for s in c.i_spans if not s.open], "i3": lambda c: [s.end.id for s in c.i_spans if s.end],
        "j": lambda c: c.j_usual["sum"] * 100 + c.j_usual["squares"], "k": lambda c: [x.id for x in c.k_each]}

LOOK = [
    Rule("l-before", FORMS_OF_ALL + """when: permit.status as p
""" + LETS, When(("p", Step("permit.status"))), WITHS, list(WITHS), let=READ),
    Rule("l-own", FORMS_OF_ALL + """when: lodging.checkin or lodging.checkout as p
""" + LETS, When(("p", Step("lodging.checkin", "lodging.checkout"))), WITHS, list(WITHS), let=READ),
    Rule("l-deadline", FORMS_OF_ALL + """when: lodging.checkin as p
unless: permit.status
by: p.occurred_at + duration("12h")
""" + LETS, By(("p", IN), unless=[Step("permit.status")], by=lambda c: c.p.at + 12 * HOUR), WITHS, list(WITHS), let=READ),
    Rule("l-daily", FORMS_OF_ALL + """when: permit.status as p
until: border.crossing where direction == "exit"
update: daily
""" + LETS, When(("p", Step("permit.status"))), WITHS, list(WITHS), let=READ, until=[EXIT], update="daily"),
    Rule("l-change", FORMS_OF_ALL + """while: d_count >= 1
update: change
""" + LETS, While(), WITHS, list(WITHS), let=READ, while_=lambda c: c.d_count >= 1, update="change"),
    Rule("l-state", FORMS_OF_ALL + """while: d_count >= 1 || size(h_held) > 0
""" + LETS, While(), WITHS, list(WITHS), let=READ, while_=lambda c: c.d_count >= 1 or len(c.h_held) > 0),
    Rule("l-step", FORMS_OF_ALL + """when:
  - lodging.checkin as p where d_count >= 1 && size(f_distinct) != 1
  - lodging.checkout as q where size(h_held) > 0 || a_last == null
unless: border.crossing where size(i_spans) > 1
within: 3d
""", When(("p", Step("lodging.checkin", where=lambda e, c: c.d_count >= 1 and len(c.f_distinct) != 1)),
          ("q", Step("lodging.checkout", where=lambda e, c: len(c.h_held) > 0 or c.a_last is None)),
          unless=[Step("border.crossing", where=lambda e, c: len(c.i_spans) > 1)], within=3 * DAY), WITHS),
]

COUNT = [
    Rule("c-count", """
count: lodging.checkin
at least: 3
within: 4d
update: change
""", Counted(Count(IN, 4 * DAY), 3), update="change"),
    Rule("c-more", """
count: distinct(room) of lodging.checkin where room != "3"
more than: 1
within: 2d
""", Counted(Distinct(room, Step("lodging.checkin", where=lambda e, c: e["room"] != "3"), 2 * DAY), 2)),
    Rule("c-sum", """
count: sum(confidence) of border.crossing
at least: 2
within: 36h
update: change
""", Counted(Sum(lambda e, c: e["confidence"], CROSSING, 36 * HOUR), 2), update="change"),
    Rule("c-asof", """
with:
  %s
count: distinct(date) of lodging.checkin where stay == null
at least: 2
within: 3d
while: stay == null
""" % STAY, Counted(Distinct(lambda e, c: e.day, Step("lodging.checkin", where=lambda e, c: c.stay is None), 3 * DAY), 2), {"stay": Open(ENTRY, until=EXIT)},
         ["stay"], while_=lambda c: c.stay is None),
    Rule("c-each", """
each: room
count: lodging.checkin or lodging.checkout
at least: 2
within: 2d
update: change
""", Counted(Count(Step("lodging.checkin", "lodging.checkout"), 2 * DAY), 2), each=lambda e: e["room"], update="change"),
    Rule("c-lists", """

count: distinct(persons) of lodging.checkin
at least: 2
within: 2d
update: change
""", Counted(Distinct(lambda e, c: c.view.world.persons(e), IN, 2 * DAY), 2), per="property", update="change"),
]
