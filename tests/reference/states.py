"""tests/reference/states.py - state forms (LANGUAGE.md section 5): what a name of `with` is worth as of a bound.

A form has `value(view, bound)`; `proof(view, bound)`, the events behind it; `relevant(view)`, the events that it reads; and the
instants at which it changes without one: `edges(view)` as (instant, event), and `expiries(view)`.

SPDX-License-Identifier: Apache-2.0
"""
from timeline import Ctx, as_of, day_of, value_of


def keys_of(view, e, expr):
    """KEY or EXPR of an event, at its own x⁻: a list, empty where it is absent."""
    v = value_of(expr, e, Ctx(view, e.key, e.off))
    return [] if v is None else list(v) if isinstance(v, list) else [v]


class Form:
    within, key = None, None

    def relevant(self, view):
        return self.step.hits(view)

    def edges(self, view):
        return []

    def expiries(self, view):
        return [e.at + self.within for e in self.counted(view)] if self.within else []

    def counted(self, view):
        return [e for e in self.step.hits(view) if not self.key or keys_of(view, e, self.key)]

    def seen(self, view, bound):
        """Before the bound, and inside the window: t - W < e.t."""
        return [e for e in self.counted(view) if e.key < bound and (not self.within or e.at > bound[0] - self.within)]


class All(Form):
    def __init__(self, step, within=None):
        self.step, self.within = step, within

    def value(self, view, bound):
        return self.seen(view, bound)

    def proof(self, view, bound):
        return self.seen(view, bound)


class Last(All):
    def value(self, view, bound):
        return (self.seen(view, bound) or [None])[-1]

    def proof(self, view, bound):
        return self.seen(view, bound)[-1:]


class First(All):
    def value(self, view, bound):
        return (self.seen(view, bound) or [None])[0]

    def proof(self, view, bound):
        return self.seen(view, bound)[:1]


class LastPer(All):
    def __init__(self, key, step, within=None):
        super().__init__(step, within)
        self.key = key

    def value(self, view, bound):
        last = {}
        for e in self.seen(view, bound):
            last[keys_of(view, e, self.key)[0]] = e
        return sorted(last.values(), key=lambda e: e.key)

    proof = value


class Count(All):
    def value(self, view, bound):
        return len(self.seen(view, bound))


class Sum(All):
    def __init__(self, key, step, within=None):
        super().__init__(step, within)
        self.key = key

    def value(self, view, bound):
        return sum(keys_of(view, e, self.key)[0] for e in self.seen(view, bound))


class Distinct(All):
    def __init__(self, key, step, within=None):
        super().__init__(step, within)
        self.key = key

    def firsts(self, view, bound):
        first = {}
        for e in self.seen(view, bound):
            for k in keys_of(view, e, self.key):
                first.setdefault(k, e)
        return first

    def value(self, view, bound):
        return list(self.firsts(view, bound))

    def proof(self, view, bound):
        return list(self.firsts(view, bound).values())


class Interval:
    """An opening event; a start and ends, each an event, an instant, or an inclusive instant."""

    def __init__(self, opening, start):
        self.open, self.start, self.ends = opening, start, []

    def begun(self, bound):
        kind, x = self.start
        return x.key < bound if kind == "event" else x <= bound[0]

    def ended(self, bound):
        t, is_before_event = bound[0], bound[1] != 2
        return any(x.key < bound if kind == "event" else t >= x if kind == "instant" else t > x if kind == "past" or is_before_event
                   else t >= x for kind, x in self.ends)

    def holds(self, bound):
        return self.begun(bound) and not self.ended(bound)

    def end(self):
        """(instant, the event or None) of the earliest end; an event ends before an inclusive end of its instant."""
        first = min(((x.at, 0, x.key, x) if kind == "event" else (x, 1, (), None) for kind, x in self.ends), default=None, key=lambda x: x[:3])
        return (first[0], first[3]) if first else (None, None)


class Open(Form):
    def __init__(self, step, until=None, frm=None, past=None, key=None):
        self.step, self.until, self.frm, self.past, self.key = step, until, frm, past, key

    def relevant(self, view):
        return self.step.hits(view) + (self.until.hits(view) if self.until else [])

    def intervals(self, view):
        if (self, "intervals") in view.memo:
            return view.memo[self, "intervals"]
        def key_of(e):
            return keys_of(view, e, self.key)[0] if self.key else None
        made = []
        for e in self.counted(view):
            at = value_of(self.frm, e, Ctx(view, e.key, e.off)) if self.frm else None
            made.append(Interval(e, ("event", e) if at is None else ("instant", at)))
        for n, i in enumerate(made):
            begin = min(i.open.at, i.start[1]) if i.start[0] == "instant" else None
            enders = [u for u in self.until.hits(view) if u is not i.open and (not self.key or keys_of(view, u, self.key)[:1] == [key_of(i.open)])
                      and (u.key > i.open.key or (begin is not None and i.start[1] < i.open.at and u.at >= begin))] if self.until else []
            i.ends += [("event", u) for u in enders[:1]]
            i.ends += [o.start for o in made[n + 1:] if key_of(o.open) == key_of(i.open)][:1]
            last = value_of(self.past, i.open, Ctx(view, i.open.key, i.open.off)) if self.past else None
            i.ends += [("past", last)] if last is not None else []
            i.ends += [("until", i.open.until)] if i.open.until is not None else []
        # an interval that holds nowhere is none
        bounds = [e.key for e in view.events] + [as_of(t) for t in {e.at for e in view.events} | {x for i in made for kind, x in i.ends + [i.start] if kind != "event"}]
        view.memo[self, "intervals"] = made = [i for i in made if any(i.holds(b) for b in bounds)]
        return made

    def edges(self, view):
        return [(x + 1 if kind == "past" else x, i.open) for i in self.intervals(view) for kind, x in [i.start] + self.first_end(i) if kind != "event"]

    @staticmethod
    def first_end(i):
        t, event = i.end()
        return [] if event else [e for e in i.ends if e[0] != "event" and e[1] == t][:1]

    def holding(self, view, bound):
        return [i.open for i in self.intervals(view) if i.holds(bound)]

    def value(self, view, bound):
        return (self.holding(view, bound) or [None])[-1]

    def proof(self, view, bound):
        return self.holding(view, bound)[-1:]


class OpenPer(Open):
    def __init__(self, key, step, **more):
        super().__init__(step, key=key, **more)

    def value(self, view, bound):
        latest = {}
        for e in self.holding(view, bound):
            latest[keys_of(view, e, self.key)[0]] = e
        return sorted(latest.values(), key=lambda e: e.key)

    proof = value


class Span:
    def __init__(self, i, bound):
        until, event = i.end() if i.ended(bound) else (None, None)
        start = i.start[1]
        self.frm, self.until = (start if i.start[0] == "instant" else start.at), until
        self.open, self.start, self.end = not i.ended(bound), i.open, event
        self.first = day_of(self.frm, i.open.off)  # civil days are those of the place
        self.last = None if until is None else day_of(until, (event or i.open).off)

    def __getitem__(self, field):
        return self.start[field]


class Spans(Open):
    def value(self, view, bound):
        return [Span(i, bound) for i in self.intervals(view) if i.begun(bound)]

    def proof(self, view, bound):
        return [e for s in self.value(view, bound) for e in (s.start, s.end) if e]


def covered(spans, n, t, off):
    """Civil days covered in the last n, both end days count."""
    today, days = day_of(t, off), set()
    for s in spans:
        last = today if s.last is None else s.last
        days |= set(range(max(s.first, today - n + 1), min(last, today) + 1))
    return len(days)


def reaching(spans, m, n, t, off):
    """The first day on which m of the last n days are covered if the open span goes on."""
    begun, today, days = [s.first for s in spans if s.open], day_of(t, off), set()
    if not begun:
        raise KeyError("no span is open")
    for s in spans:
        days |= set(range(s.first, min(today if s.last is None else s.last, today) + 1))
    day = max(begun)
    days.add(day)
    while len([d for d in days if day - n < d <= day]) < m:
        day += 1
        days.add(day)
    return day


class Baseline(Form):
    """Counts of distinct values in the n whole windows before the current one."""

    def __init__(self, window, history, key, step):
        self.window, self.n, self.key, self.step = window, history // window - 1, key, step

    def value(self, view, bound):
        counts = []
        for i in range(1, self.n + 1):
            until = bound[0] - i * self.window
            counts.append(len({k for e in self.counted(view) if until - self.window < e.at <= until for k in keys_of(view, e, self.key)}))
        return {"n": self.n, "sum": sum(counts), "squares": sum(c * c for c in counts)}

    def expiries(self, view):
        return [e.at + i * self.window for e in self.counted(view) for i in range(1, self.n + 2)]

    def proof(self, view, bound):
        return []


def above(x, usual, k):
    over = usual["n"] * x - usual["sum"]
    return over > 0 and over * over > k * k * (usual["n"] * usual["squares"] - usual["sum"] ** 2)
