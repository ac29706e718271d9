"""tests/reference/timeline.py - what the model reads: live events, persons, a timeline, and what is known as of an instant.

    events ──live()──> live events ──people()──> one sorted list per subject ──> View ──> Ctx: everything before a bound

A bound is a key: all entries with a smaller key are seen.  x⁻ is x's own key; "as of t" is (t, 2), behind all of that instant.

SPDX-License-Identifier: Apache-2.0
"""
from datetime import datetime, timedelta, timezone

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
WIB = timezone(timedelta(hours=7))
BEGIN = int(datetime(2026, 3, 1, tzinfo=WIB).timestamp()) * 1000  # a midnight
END = BEGIN + 24 * DAY
NEVER = 1 << 62


def text_of(ms, offset=420):
    t = datetime.fromtimestamp(ms // 1000, timezone(timedelta(minutes=offset)))
    return t.strftime("%Y-%m-%dT%H:%M:%S") + (".%03d" % (ms % 1000) if ms % 1000 else "") + t.strftime("%z")[:3] + ":00"


def ms_of(text):
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000) if text else None


def day_of(ms, offset):
    """The civil day, counted from 1970."""
    return (ms + offset * MINUTE) // DAY


def start_of_day(day, offset):
    return day * DAY - offset * MINUTE


def date_text(day):
    return (datetime(1970, 1, 1) + timedelta(days=day)).strftime("%Y-%m-%d")


def day_named(text):
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1)).days


class Event:
    """As a source sent it."""

    def __init__(self, kind, at, off, source, data, docs=(), corrects=None, retracts=False):
        self.type, self.at, self.off, self.source, self.data = kind, at, off, source, data
        self.docs, self.corrects, self.retracts = list(docs), corrects, retracts
        self.id = None

    def __getitem__(self, field):
        return self.data[field]  # absent: KeyError, and the condition is false

    def get(self, field, otherwise=None):
        return self.data.get(field, otherwise)

    @property
    def key(self):
        return (self.at, 0, self.id)

    @property
    def day(self):
        return day_of(self.at, self.off)

    @property
    def agency(self):
        return self.source.split(".")[0]

    root = property(lambda self: self)
    proof = property(lambda self: [self])
    agencies = property(lambda self: {self.agency})
    until = None


class Posted:
    """A finding of a lower rule, as an entry of a timeline (section 7)."""

    def __init__(self, kind, at, ident, root, until, off, data, proof, agencies, person):
        self.type, self.at, self.id, self.root, self.until, self.off = kind, at, ident, root, until, off
        self.data, self.proof, self.agencies, self.person = data, proof, agencies, person
        self.source = root.source

    def __getitem__(self, field):
        return self.data[field]

    docs = ()
    key = property(lambda self: (self.at, 1, self.id))
    day = property(lambda self: day_of(self.at, self.off))


class InRole:
    """An event on the timeline of somebody whom it names beside its holder: a step asks for TYPE(ROLE)."""

    def __init__(self, event, role, person):
        self.event, self.type, self.person = event, "%s(%s)" % (event.type, role), person

    def __getattr__(self, name):
        return getattr(self.event, name)

    def __getitem__(self, field):
        return self.event[field]


def live(events):
    """From the greatest id down: an event is live iff no live event corrects it and it is the greatest live correction."""
    alive, correctors = {}, {}
    for e in events:
        if e.corrects:
            correctors.setdefault(e.corrects.id, []).append(e.id)
    for e in sorted(events, key=lambda e: e.id, reverse=True):
        dead = any(alive.get(c) for c in correctors.get(e.id, []))
        rivals = [c for c in correctors.get(e.corrects.id, []) if c > e.id] if e.corrects else []
        alive[e.id] = not dead and not any(alive[c] for c in rivals)
    return [e for e in events if alive[e.id] and not e.retracts]


def people(events):
    """Identifiers that one live event holds together are one person; the name is the smallest."""
    name = {}

    def find(x):
        while name.setdefault(x, x) != x:
            x = name[x]
        return x
    for e in events:
        for d in e.docs:
            a, b = find(e.docs[0]), find(d)
            name[max(a, b)] = min(a, b)
    return {d: find(d) for d in name}


class View:
    """A timeline as one rule reads it."""

    def __init__(self, subject, entries, withs=None, world=None):
        self.subject, self.events = subject, sorted((e for e in entries if e.at <= END), key=lambda e: e.key)
        self.withs, self.world, self.memo = withs or {}, world, {}

    def upto(self, bound):
        return [e for e in self.events if e.key < bound]


def as_of(t):
    return (t, 2)


class Ctx:
    """Names as of a bound: aliases and the like, then the rule's `with`."""

    def __init__(self, view, bound, off, names=None):
        self.view, self.bound, self.t, self.off = view, bound, bound[0], off
        self.names = names or {}

    def __getattr__(self, name):
        if name in self.names:
            return self.names[name]
        form = self.view.withs[name]
        known = self.view.memo.get((name, self.bound))
        if known is None:
            known = self.view.memo[name, self.bound] = [form.value(self.view, self.bound)]
        return known[0]


def met(condition, *args):
    """A condition that meets an absent field is false as a whole."""
    if condition is None:
        return True
    try:
        return condition(*args) is True
    except (KeyError, TypeError, AttributeError, IndexError):
        return False


def value_of(expression, *args):
    """None: absent."""
    try:
        return expression(*args)
    except (KeyError, TypeError, AttributeError, IndexError):
        return None


class Step:
    """TYPE or TYPE ... where: `where` takes the event and its own x⁻."""

    def __init__(self, *types, where=None):
        self.types, self.where = types, where

    def fits(self, view, e, names=None):
        """names: of the tuple; civil days are then those of the anchor's place, else of the event's own."""
        off = next(iter(names.values())).off if names else e.off
        return e.type in self.types and met(self.where, e, Ctx(view, e.key, off, names))

    def hits(self, view):
        if self not in view.memo:
            view.memo[self] = [e for e in view.events if self.fits(view, e)]
        return view.memo[self]
