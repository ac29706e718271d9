"""tests/reference/names.py - `match(name, LIST)`: names on the timeline against entries of a list (LANGUAGE.md 5.4, docs/adr/0010-names.md).

How like two writings of one word are is tried elsewhere (tests/unit/rules/names); here words are equal or have nothing in common.

SPDX-License-Identifier: Apache-2.0
"""
from aggregates import While
from forms import Rule
from states import Form, OpenPer, keys_of
from timeline import END, Step, day_named, start_of_day

LEAST = 60


class Name:
    def __init__(self, said):
        self.words = (said.get("surname", "") + " " + said.get("given", "")).split()
        self.born = said.get("dob")
        self.issuer = said.get("doc", {}).get("issuer")
        self.issuers = said.get("issuers", [])

    def same(self):
        return (tuple(self.words), self.born)


def born_how(a, b):
    """(minus, most); None: they contradict each other."""
    if not a or not b:
        return (5, 84)
    if a == b:
        return (0, 100)
    if a[:4] == b[:4] and a[5:7] == b[8:] and a[8:] == b[5:7]:
        return (3, 100)
    return (5, 100) if abs(day_named(a) - day_named(b)) <= 366 else None


def score(person, born, entry):
    how = born_how(born, entry.born)
    if how == (5, 84) and person.issuer in entry.issuers:
        how = (5, 100)
    left, alike = list(entry.words), 0
    for word in person.words:
        if word in left:
            left.remove(word)
            alike += 1
    if how is None or not alike or (alike < 2 and not (born and born == entry.born)):
        return 0
    fewer, more = sorted((len(person.words) - alike, len(left)))
    points = (100 * alike + (alike + fewer) // 2) // (alike + fewer) if (alike + fewer) % 2 == 0 else (200 * alike + alike + fewer) // (2 * (alike + fewer))
    points = min(max(points - min(4 * (more - fewer), 12), 0) - how[0], how[1])
    return points if points >= LEAST else 0


def said_by(entries, bound):
    """[(name, first said at, born)] as of the bound: a name without a date of birth borrows the latest that was given."""
    seen = [e for e in sorted(entries, key=lambda e: e.key) if e.key < bound and e.docs and "surname" in e.data]
    born, first = next((e["dob"] for e in reversed(seen) if "dob" in e.data), None), {}
    for e in seen:
        n = Name(e.data)
        first.setdefault(n.same(), (n, e.at, n.born or born))
    return list(first.values())


def like(entries, listed):
    """Events of the list that stand on a timeline: all of an entry if one of them is like a name there, as said or with a date given there."""
    names = [Name(e.data) for e in entries if e.docs and "surname" in e.data]
    dates = [n.born for n in names if n.born] + [None]
    near = {e.get("entry", e.id) for e in listed for x in e.get("names", []) for n in names for born in ([n.born] if n.born else dates) if score(n, born, Name(x))}
    return [e for e in listed if e.get("entry", e.id) in near]


class Hit:
    def __init__(self, ident, entry, points, since):
        self.id, self.entry, self.score, self.since = ident, entry, points, since


class Match(Form):
    def __init__(self, listed, least):
        self.listed, self.least, self.step = listed, least, Step()

    def relevant(self, view):
        """A name said again is no news, unless it gives another date of birth than the one before: others borrow it."""
        known, news, born = set(), [], None
        for e in view.events:
            if e.docs and "surname" in e.data:
                n = Name(e.data)
                if n.same() not in known or (n.born or born) != born:
                    news.append(e)
                known.add(n.same())
                born = n.born or born
        return news

    def value(self, view, bound):
        hits = []
        for entry in self.listed.value(view, bound):
            names = [Name(x) for x in entry.get("names", [])]
            points = [(max([score(n, born, x) for x in names], default=0), at) for n, at, born in said_by(view.events, bound)]
            best = max((p for p, _ in points), default=0)
            if best >= self.least:
                said = max(at for p, at in points if p >= self.least)
                hits.append(Hit(keys_of(view, entry, self.listed.key)[0], entry, best, max(said, self.listed_since(view, entry))))
        return hits

    def listed_since(self, view, entry):
        """The first of the openings in a row that had these names."""
        def same(e):
            return [(Name(x).same(), tuple(Name(x).issuers)) for x in e.get("names", [])]
        mine = [e for e in self.listed.counted(view) if keys_of(view, e, self.listed.key) == keys_of(view, entry, self.listed.key) and e.key <= entry.key]
        since = entry.at
        for e in reversed(mine):
            if same(e) != same(entry):
                break
            since = e.at
        return since

    def proof(self, view, bound):
        return [h.entry for h in self.value(view, bound)]


LISTED = OpenPer(lambda e, c: e.get("entry", e.id), Step("watchlist.entry", where=lambda e, c: e["op"] != "remove"),
                 until=Step("watchlist.entry", where=lambda e, c: e["op"] == "remove"),
                 frm=lambda e, c: start_of_day(day_named(e["from"]), e.off), past=lambda e, c: start_of_day(day_named(e["until"]) + 1, e.off) - 1)
LIST = """
with:
  listed: >-
    open(has(w.entry) ? w.entry : w.id) watchlist.entry(like) as w where w.op != "remove" from start_of_day(w.from)
    until watchlist.entry(like) as w where w.op == "remove" past end_of_day(w.until)
"""
NAMES = [
    Rule("m-each", LIST + """  hits: match(name, listed) at least 70
each: h in hits
while: h.score > 0
update: change
level: 'h.score >= 85 ? "high" : "medium"'
let:
  score: h.score
  since: h.since
""", While(), {"listed": LISTED, "hits": Match(LISTED, 70)}, [], each_in=("h", lambda h: h.id, lambda c: c.hits), while_=lambda c: c.h.score > 0, update="change",
         level=lambda c: "high" if c.h.score >= 85 else "medium", let={"score": lambda c: c.h.score, "since": lambda c: ["instant", c.h.since]}),
    Rule("m-any", LIST + """  hits: match(name, listed) at least 95
while: size(hits) > 0
let:
  who: hits.map(h, h.id)
  since: hits.map(h, h.since)
""", While(), {"listed": LISTED, "hits": Match(LISTED, 95)}, ["hits"], while_=lambda c: len(c.hits) > 0, 
         let={"who": lambda c: [h.id for h in c.hits], "since": lambda c: [["instant", h.since] for h in c.hits]}),
]
