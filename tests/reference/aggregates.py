"""tests/reference/aggregates.py - states over a window of the rule's own: `count`, `score`, `together` (LANGUAGE.md 4.4 to 4.6).

SPDX-License-Identifier: Apache-2.0
"""
import itertools

from forms import While
from states import Form
from timeline import END, NEVER, Ctx, as_of


class Counted(While):
    tells = ("count",)

    def __init__(self, form, least):
        self.form, self.least = form, least

    def prepare(self, rule):
        rule.withs["count"] = self.form
        rule.proof = list(rule.proof) + ["count"]

    def names_at(self, view, bound):
        n = self.form.value(view, bound)
        return {"count": len(n) if isinstance(n, list) else n}

    def holds(self, c):
        return c.names["count"] >= self.least


# ---- score: findings that add up -------------------------------------------------------------------------------------------

class Flags(Form):
    """Of each rule, or each root event, the heaviest, then the earliest, of the window."""

    def __init__(self, step, within, per_root, order):
        self.step, self.within, self.per_root, self.order = step, within, per_root, order

    def value(self, view, bound):
        kept = {}
        for f in sorted(self.seen(view, bound), key=lambda f: (-f["weight"], f.at, self.order.index(f.type), f.id)):
            kept.setdefault(f.root.id if self.per_root else f.type, f)
        return sorted(kept.values(), key=lambda f: (f.at, self.order.index(f.type), f.id))

    proof = value


class Score(While):
    """order: the rules that may be flags, by stratum and name"""
    tells = ("agencies", "flags", "score")

    def __init__(self, step, least, within, order, per_root=False, flags=1, agencies=1):
        self.form = Flags(step, within, per_root, ["finding." + x for x in order])
        self.least, self.flags, self.agencies = least, flags, agencies

    def prepare(self, rule):
        rule.withs["flags"] = self.form
        rule.proof = list(rule.proof) + ["flags"]

    def names_at(self, view, bound):
        kept = self.form.value(view, bound)
        return {"score": sum(f["weight"] for f in kept), "flags": [f["rule"] for f in kept], "agencies": sorted(set().union(*(f.agencies for f in kept)))}

    def holds(self, c):
        n = c.names
        return n["score"] >= self.least and len(n["flags"]) >= self.flags and len(n["agencies"]) >= self.agencies


# ---- together: who keeps appearing together ------------------------------------------------------------------------------

class Company(Form):
    """Everybody's timeline, word by word: for every set of others, on how many occasions are all of them there?"""

    def __init__(self, step, place, span, times, persons, within):
        self.step, self.place, self.span, self.times, self.persons, self.within = step, place, span, times, persons, within

    def counted(self, view):
        return [e for e in self.step.hits(view) if self.at(e)]

    def least(self, view):
        """`times`: a number, or of a setting; below 1 nothing holds."""
        n = self.times(Ctx(view, as_of(END), 0)) if callable(self.times) else self.times
        return n if n >= 1 else NEVER

    def at(self, e):
        try:
            return self.place(e)
        except KeyError:
            return None  # a value is absent: no occasion

    def company(self, view):
        """[(occasion, {person: since when they are both there})]"""
        if (self, "company") not in view.memo:
            view.memo[self, "company"] = found = []
            others = [(p, o) for p, t in view.world.persons_timelines() if p != view.subject for o in t if o.at <= END and self.step.fits(view, o) and self.at(o)]
            for e in self.counted(view):
                there = {}
                for p, o in others:
                    if self.at(o) == self.at(e) and abs(o.at - e.at) <= self.span:
                        there[p] = min(there.get(p, o.at), o.at)
                found.append((e, {p: max(at, e.at) for p, at in there.items()}))
        return view.memo[self, "company"]

    def sets(self, view, bound):
        """(the others of all sets of persons - 1 that share `times` occasions, these occasions)"""
        t = bound[0]
        inside = [(e, {p for p, since in there.items() if since <= t}) for e, there in self.company(view) if t - self.within < e.at <= t]
        group, counted = set(), []
        for some in itertools.combinations(sorted(set().union(*(c for _, c in inside))) if inside else [], self.persons - 1):
            common = [e for e, c in inside if set(some) <= c]
            if len(common) >= self.least(view):
                group |= set(some)
                counted += [e for e in common if e not in counted]
        return group, counted

    def joins(self, view):
        """(instant, occasion): somebody, no stranger, comes to an occasion after it."""
        shared = {}
        for e, there in self.company(view):
            for p in there:
                shared.setdefault(p, []).append(e.at)
        known = {p for p, at in shared.items() if any(b - a < self.within for a, b in zip(at, at[self.least(view) - 1:]))}
        return [(since, e) for e, there in self.company(view) for p, since in there.items() if p in known and since > e.at]

    def edges(self, view):
        return self.joins(view)

    def proof(self, view, bound):
        return self.sets(view, bound)[1]


class Together(While):
    tells = ("group",)

    def __init__(self, step, place, span, times, persons, within):
        self.form = Company(step, place, span, times, persons, within)

    def prepare(self, rule):
        rule.withs["group"] = self.form
        rule.proof = list(rule.proof) + ["group"]

    def joined(self, view):
        return [t for t, _ in self.form.joins(view) if t <= END]

    def names_at(self, view, bound):
        return {"group": sorted(self.form.sets(view, bound)[0] | {view.subject})}

    def holds(self, c):
        return len(c.names["group"]) > 1
