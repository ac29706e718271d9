"""tests/reference/names.py - `match(name, LIST)`: names on the timeline against entries of a list (LANGUAGE.md 5.4, docs/adr/0010-names.md).

How like two writings of one word are is the engine's to say (`replay_main words`) and tried elsewhere (tests/unit/rules/names); what names
are worth, token by token, is said here.

SPDX-License-Identifier: Apache-2.0
"""
import subprocess

from aggregates import While
from forms import Rule, When
from states import Count, Form, OpenPer, keys_of
from timeline import DAY, END, Step, day_named, start_of_day

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


def names_somebody(e):
    """A name has a full word: an initial alone is none, and what stands beside it (a date of birth) is not read either."""
    return bool(e.docs) and "surname" in e.data and any(len(w) > 1 for w in Name(e.data).words)


ALIKE = {}  # of two words that are not equal: points; what is not there is not alike


def words_in(events):
    """Words of names, and what two neighbours are together."""
    some = set()
    for e in events:
        for said in [e.data] + e.data.get("names", []):
            words = Name(said).words
            some |= set(words) | {a + b for a, b in zip(words, words[1:])}
    return some


def learn(program, clusters):
    """What the engine says of all pairs of words that may meet."""
    pairs = sorted({(a, b) for events in clusters.values() for some in [words_in(events)] for a in some for b in some if a != b})
    said = subprocess.run([program, "words"], input="".join("%s %s\n" % p for p in pairs), text=True, capture_output=True, check=True).stdout.split()
    assert len(said) == len(pairs)
    ALIKE.clear()
    ALIKE.update((p, int(points)) for p, points in zip(pairs, said) if points != "0")
    assert all(ALIKE.get((b, a)) == points for (a, b), points in ALIKE.items()), "two words are not as like as they are the other way round"


def alike(a, b):
    return 100 if a == b else ALIKE.get((a, b), 0)


def pairs_of(person, entry):
    """Tokens of one name and the other, each once: the best pair first, then by their places.  Two neighbours may be one word of the other."""
    some = [(alike(a, b), i, k, {i}, {k}) for i, a in enumerate(person) for k, b in enumerate(entry)]
    some += [(97, i, k, {i, i + 1}, {k}) for i in range(len(person) - 1) for k, b in enumerate(entry) if joined(person, i, b)]
    some += [(97, i, k, {i}, {k, k + 1}) for k in range(len(entry) - 1) for i, a in enumerate(person) if joined(entry, k, a)]
    taken, of_person, of_entry = [], set(), set()
    for p in sorted((p for p in some if p[0]), key=lambda p: (-p[0], p[1], p[2])):
        if not p[3] & of_person and not p[4] & of_entry:
            of_person |= p[3]
            of_entry |= p[4]
            taken.append(p)
    return taken, [w for i, w in enumerate(person) if i not in of_person], [w for k, w in enumerate(entry) if k not in of_entry]


def joined(name, i, word):
    return min(len(name[i]), len(name[i + 1]), len(word)) > 1 and alike(name[i] + name[i + 1], word) >= 95


def score(person, born, entry):
    how = born_how(born, entry.born)
    if how == (5, 84) and person.issuer in entry.issuers:
        how = (5, 100)
    pairs, mine, theirs = pairs_of(person.words, entry.words)
    weigh = [(30 if min(len(person.words[i]), len(entry.words[k])) == 1 else 100, points) for points, i, k, _, _ in pairs]
    full = sum(w == 100 for w, _ in weigh)
    if how is None or not full or (full < 2 and not (born and born == entry.born)):
        return 0
    fewer, more = sorted((len([w for w in mine if len(w) > 1]), len([w for w in theirs if len(w) > 1])))
    lone = (len([w for w in mine if len(w) == 1]) if theirs else 0) + (len([w for w in theirs if len(w) == 1]) if mine else 0)
    total = sum(w for w, _ in weigh) + 100 * fewer + 30 * lone
    points = (sum(w * p for w, p in weigh) + total // 2) // total
    points = min(max(points - min(4 * (more - fewer), 12), 0) - how[0], how[1])
    return points if points >= LEAST else 0


def said_by(entries, bound):
    """[(name, first said at, born)] as of the bound: a name without a date of birth borrows the latest that was given."""
    seen = [e for e in sorted(entries, key=lambda e: e.key) if e.key < bound and names_somebody(e)]
    born, first = next((e["dob"] for e in reversed(seen) if "dob" in e.data), None), {}
    for e in seen:
        n = Name(e.data)
        first.setdefault(n.same(), (n, e.at, n.born or born))
    return list(first.values())


def like(entries, listed):
    """Events of the list that stand on a timeline: all of an entry if one of them is like a name there, as said or with a date given there."""
    names = [Name(e.data) for e in entries if names_somebody(e)]
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
            if names_somebody(e):
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
    Rule("m-seen", "when: lodging.checkin as c\n", When(("c", Step("lodging.checkin")))),
    Rule("m-above", LIST + """  hits: match(name, listed) at least 70
  seen: count finding.m-seen within 4d
while: size(hits) > 0 && seen >= 1
update: change
let:
  n: seen
""", While(), {"listed": LISTED, "hits": Match(LISTED, 70), "seen": Count(Step("finding.m-seen"), 4 * DAY)}, ["hits", "seen"],
         while_=lambda c: len(c.hits) > 0 and c.seen >= 1, update="change", reads=["m-seen"], let={"n": lambda c: c.seen}),
]
