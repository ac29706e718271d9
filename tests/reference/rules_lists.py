"""tests/reference/rules_lists.py - lists whose entries are valid for some days, and settings (LANGUAGE.md 1 and 5.4).

They apply to all of a timeline, whenever it came: those that stand at the end are the ones that count.

SPDX-License-Identifier: Apache-2.0
"""
from aggregates import Counted, Together
from forms import By, Rule, When, While
from rules_when import ENTRY, EXIT, IN
from states import All, Count, Open
from timeline import BEGIN, DAY, Step, date_text, day_of


class Local:
    def __init__(self, lists, settings):
        """lists: {name: [(word, first day or None, last day or None)]}"""
        self.lists, self.settings = lists, settings

    def valid(self, name, t, off):
        """Words as of an instant, in order, each once."""
        day = day_of(t, off)
        return sorted({word for word, first, last in self.lists[name] if (first is None or first <= day) and (last is None or day <= last)})

    def yaml(self):
        def entry(word, first, last):
            days = [("from", first), ("until", last)]
            return "{id: \"%s\"%s}" % (word, "".join(", %s: %s" % (k, date_text(d)) for k, d in days if d is not None)) if first or last else "\"%s\"" % word
        return "settings:\n%slists:\n%s" % ("".join("  %s: %s\n" % s for s in sorted(self.settings.items())) or "  {}\n",
                                            "".join("  %s: [%s]\n" % (n, ", ".join(entry(*e) for e in some)) for n, some in sorted(self.lists.items())))


def local(r):
    begin = day_of(BEGIN, 420)

    def period():
        first = r.choice([None, begin + r.randrange(-1, 6)])
        return first, r.choice([None, (begin if first is None else first) + r.randrange(0, 5)])

    def entries(words):
        return [(w, *period()) for w in words for _ in range(r.choice([0, 1, 1, 1, 2]))]
    settings = {"l.days": r.randrange(3), "l.least": r.randrange(0, 4), "l.level": r.choice(["low", "high"]), "l.on": r.choice(["true", "true", "false"]),
                "l.times": r.randrange(0, 3)}
    return Local({"posts": entries(["ARUK", "BADAU"]), "rooms": entries("123")}, {k: v for k, v in settings.items() if r.random() < 0.7})


def of(c):
    return c.view.world.local


def listed(name, word, c):
    return word in of(c).valid(name, c.t, c.off)


def setting(c, name, otherwise):
    return of(c).settings.get(name, otherwise)


STAY = "stay: open border.crossing where direction == \"entry\" until border.crossing where direction == \"exit\""
OWN_STAY = Open(ENTRY, until=EXIT)
ROOM = Step("lodging.checkin", where=lambda e, c: listed("rooms", e["room"], c))
ROOMS = Step("lodging.checkin", "lodging.checkout", where=lambda e, c: listed("rooms", e["room"], c))
POST = Step("border.crossing", where=lambda e, c: listed("posts", e["post"], c))

LISTS = [
    Rule("l-step", """
when: border.crossing as e where post in list("posts")
where: setting("l.on", true)
level: setting("l.level", "low")
let:
  post: e.post
  words: list("posts")
""", When(("e", POST)), where=lambda c: setting(c, "l.on", "true") == "true", level=lambda c: setting(c, "l.level", "low"),
         let={"post": lambda c: c.e["post"], "words": lambda c: of(c).valid("posts", c.t, c.off)}),
    Rule("l-pair", """
when:
  - border.crossing as a where post in list("posts")
  - lodging.checkin as b where room in list("rooms") && !(a.post in list("posts"))
unless: border.crossing as x where x.direction == "exit" && !(x.post in list("posts"))
within: 4d
""", When(("a", POST), ("b", Step("lodging.checkin", where=lambda e, c: listed("rooms", e["room"], c) and not listed("posts", c.a["post"], c))),
          unless=[Step("border.crossing", where=lambda e, c: e["direction"] == "exit" and not listed("posts", e["post"], c))], within=4 * DAY)),
    Rule("l-late", """
when: lodging.checkin as c
unless: lodging.checkout where room in list("rooms")
by: c.occurred_at + days(setting("l.days", 1))
update: daily
let:
  listed: c.room in list("rooms")
""", By(("c", IN), unless=[Step("lodging.checkout", where=lambda e, c: listed("rooms", e["room"], c))], by=lambda c: c.c.at + setting(c, "l.days", 1) * DAY), update="daily",
         let={"listed": lambda c: listed("rooms", c.c["room"], c)}),
    Rule("l-as-long", """
when: lodging.checkin as c
while: c.room in list("rooms")
update: daily
let:
  rooms: list("rooms")
""", When(("c", IN)), while_=lambda c: listed("rooms", c.c["room"], c), update="daily", let={"rooms": lambda c: of(c).valid("rooms", c.t, c.off)}),
    Rule("l-stay", """
with:
  %s
while: stay.post in list("posts")
tick: daily while stay != null
""" % STAY, While(), {"stay": OWN_STAY}, ["stay"], while_=lambda c: listed("posts", c.stay["post"], c), tick=lambda c: c.stay is not None),
    Rule("l-plain", """
with:
  %s
  nights: count lodging.checkin where room in list("rooms") within 2d
while: stay != null && nights >= setting("l.least", 1)
let:
  listed: stay.post in list("posts")
  n: nights
""" % STAY, While(), {"stay": OWN_STAY, "nights": Count(ROOM, 2 * DAY)}, ["stay", "nights"], while_=lambda c: c.stay is not None and c.nights >= setting(c, "l.least", 1),
         let={"listed": lambda c: listed("posts", c.stay["post"], c), "n": lambda c: c.nights}),
    Rule("l-count", """
count: lodging.checkin or lodging.checkout where room in list("rooms")
at least: 2
within: 3d
update: change
""", Counted(Count(ROOMS, 3 * DAY), 2), update="change"),
    Rule("l-company", """
together:
  of: lodging.checkin or lodging.checkout where room in list("rooms")
  at: [property]
  span: 24h
  times: setting("l.times", 1)
  persons: 2
  within: 5d
update: change
""", Together(ROOMS, lambda e: e["property"], DAY, lambda c: setting(c, "l.times", 1), 2, 5 * DAY), update="change"),
    Rule("l-above", """
with:
  seen: all finding.l-step where post in list("posts") within 3d
while: size(seen) >= setting("l.least", 1)
update: change
let:
  posts: seen.map(s, s.post)
""", While(), {"seen": All(Step("finding.l-step", where=lambda e, c: listed("posts", e["post"], c)), 3 * DAY)}, ["seen"], update="change", reads=["l-step"],
         while_=lambda c: len(c.seen) >= setting(c, "l.least", 1), let={"posts": lambda c: [s["post"] for s in c.seen]}),
]
