"""tests/reference/forms.py - what a rule finds on one timeline (LANGUAGE.md 4.1 to 4.4 and 4.7), word by word, once, at the end.

    form.found(rule, view) ──> Found: anchor, from, until ──cut: until, while──once per──read as of e(now)──> findings

SPDX-License-Identifier: Apache-2.0
"""
from timeline import DAY, END, NEVER, Ctx, View, as_of, day_of, met, start_of_day, value_of


class Found:
    def __init__(self, anchor, frm, until=NEVER, events=(), bound=None, names=None, closer=None, key="", view=None):
        self.anchor, self.frm, self.until, self.events = anchor, frm, until, list(events)
        self.bound, self.names, self.closer, self.key = bound or as_of(frm), dict(names or {}), closer, key
        self.off, self.view, self.last = anchor.off, view, None


LIVE = """disproved by: {id: a, en: a}
tests:
  - name: fires
    events: |
    expect: |
      raise %s P
  - name: is silent
    events: |
    expect: []
"""


class Rule:
    def __init__(self, name, text, form, withs=None, proof=(), let=None, where=None, while_=None, until=(), update=None, once=None, once_within=None,
                 each=None, each_in=None, level=None, weight=100, needs=(), per="person", about=None, reads=(), tick=None, status="shadow"):
        self.name, self.text, self.form, self.withs, self.proof, self.let = name, text, form, dict(withs or {}), proof, let or {}
        self.where, self.while_, self.until, self.update = where, while_, list(until), update
        self.once, self.once_within, self.each, self.each_in, self.level, self.weight = once, once_within, each, each_in, level, weight
        self.needs, self.per, self.about, self.reads, self.tick, self.status = needs, [per] if isinstance(per, str) else per, about or {}, reads, tick, status
        form.prepare(self)

    def may_read(self, e):
        """Some step could match: by its type alone."""
        return any(e.type in s.types for s in self.steps()) or (bool(e.docs) and any(hasattr(f, "listed") for f in self.withs.values()))

    def steps(self):
        own = [s for f in self.withs.values() for s in (getattr(f, "step", None), getattr(f, "until", None)) if s]
        return own + self.until + self.form.steps()

    def yaml(self):
        shown = LIVE % self.name if self.status == "live" else ""
        return "rule: %s\nstatus: %s\ntitle: {id: a, en: a}\nper: %s\n%s\n%s" % (self.name, self.status, "[%s]" % ", ".join(self.per), self.text.strip("\n"), shown)


def midnights(after, upto, off):
    day = day_of(after, off) + 1
    while start_of_day(day, off) <= upto:
        yield start_of_day(day, off)
        day += 1


# ---- when: an event, or steps in order ------------------------------------------------------------------------------

class When:
    def __init__(self, *steps, unless=(), within=None):
        """steps: (alias, Step)"""
        self.line, self.unless, self.within = steps, list(unless), within

    def prepare(self, rule):
        pass

    def steps(self):
        return [s for _, s in self.line] + self.unless

    def tuples(self, view, at, names):
        """All completions of the steps from `at` on, as lists of events."""
        if at == len(self.line):
            return [[]]
        alias, step = self.line[at]
        before = max((e.key for e in names.values()), default=(0,))
        found = []
        for e in view.events:
            if e.key > before and step.fits(view, e, names):
                found += [[e] + rest for rest in self.tuples(view, at + 1, {**names, alias: e})]
        return found

    def joined(self, view):
        """Instants at which somebody else's event changes what is told."""
        return []

    def completions(self, view):
        """Per anchor the tuple with the earliest en, then the earliest e2, e3 ..."""
        alias, step = self.line[0]
        for a in view.events:
            if step.fits(view, a, {}):
                some = [[a] + t for t in self.tuples(view, 1, {alias: a})]
                some = [t for t in some if not self.within or t[-1].at - a.at <= self.within]
                if some:
                    yield min(some, key=lambda t: (t[-1].key, [e.key for e in t]))

    def names_of(self, events):
        return {alias: e for (alias, _), e in zip(self.line, events)}

    def found(self, rule, view):
        for t in self.completions(view):
            names = self.names_of(t)
            between = [x for x in view.events if t[0].key < x.key < t[-1].key and x not in t]
            if any(u.fits(view, x, names) for x in between for u in self.unless):
                continue
            f = Found(t[0], t[-1].at, events=t, bound=t[-1].key, names=names, view=view)
            f.last = t[-1]
            if met(rule.where, Ctx(view, f.bound, f.off, names)):
                yield f


# ---- by: a deadline, which later events may move -----------------------------------------------------------------------

class By(When):
    def __init__(self, *steps, by, unless=(), within=None, since=None, movers=()):
        """by, since: of a Ctx; movers: (alias, Step, to), `to` of a Ctx with the alias and `deadline`"""
        super().__init__(*steps, unless=unless, within=within)
        self.by, self.since, self.movers = by, since, movers

    def steps(self):
        return super().steps() + [s for _, s, _ in self.movers]

    def found(self, rule, view):
        for t in self.completions(view):
            a, en, names = t[0], t[-1], self.names_of(t)
            c = Ctx(view, en.key + (0,), a.off, names)  # as of en, inclusive
            deadline = value_of(self.by, c)
            if deadline is None:
                continue
            since = value_of(self.since, c) if self.since else None
            ends = [u for u in view.events if (u.key > a.key if since is None else u.at >= since) and u not in t and any(s.fits(view, u, names) for s in self.unless)]
            end = ends[0] if ends else None
            if end and end.key < en.key:
                continue
            steps = [(a, deadline, a.at)]  # who set it, the deadline, since when it stands
            for m in view.events:
                if a.key < m.key and (not end or m.key < end.key):
                    for alias, step, to in self.movers:
                        own = {**names, "deadline": steps[-1][1]}
                        if step.fits(view, m, own):
                            moved = value_of(to, Ctx(view, m.key + (0,), m.off, {**own, alias: m}))
                            if moved is not None:
                                steps.append((m, moved, m.at))
            yield from self.breaches(rule, view, t, names, steps, end)

    def breaches(self, rule, view, t, names, steps, end):
        """In breach at t iff t > the deadline that stands at t, t >= en.t, before u: maximal stretches."""
        pieces = []  # (from, until, setter, deadline, closer): while one deadline stands
        for n, (setter, deadline, since) in enumerate(steps):
            closer = steps[n + 1][0] if n + 1 < len(steps) else end
            pieces.append([max(deadline + 1, since, t[-1].at), closer.at if closer else NEVER, setter, deadline, closer])
        whole = []
        for p in pieces:
            if whole and whole[-1][1] == p[0] <= p[1]:  # moved, and still in breach
                whole[-1][1], whole[-1][4] = p[1], p[4]
            elif p[0] < p[1]:
                whole.append(p)
        for start, until, setter, deadline, closer in whole:
            if start <= END:
                f = Found(setter, start, until, t + [setter], names={**names, "deadline": deadline}, closer=closer, view=view)
                f.last = t[-1]
                if met(rule.where, Ctx(view, f.bound, f.off, f.names)):
                    yield f


# ---- while: what is so, as long as it is so ------------------------------------------------------------------------------

class While:
    own = {}  # values of the form itself

    def prepare(self, rule):
        pass

    def steps(self):
        return []

    def holds(self, c):
        return True

    def joined(self, view):
        return []

    def names_at(self, view, bound):
        return {}

    def found(self, rule, view):
        relevant = sorted({e.key: e for f in rule.withs.values() for e in f.relevant(view)}.items())
        relevant = [e for _, e in relevant] + [e for e in view.events if any(u.fits(view, e) for u in rule.until)]
        relevant = sorted({e.key: e for e in relevant}.values(), key=lambda e: e.key)
        view.memo["relevant"] = relevant
        edges = sorted({(t, e.key): (t, e) for f in rule.withs.values() for t, e in f.edges(view)}.values(), key=lambda x: (x[0], x[1].key))
        expiries = {t for f in rule.withs.values() for t in f.expiries(view)}

        def last_before(t):
            return ([e for e in relevant if e.at <= t] or [None])[-1]

        def zone(t):
            e = last_before(t) or (view.events[0] if view.events else None)
            return e.off if e else 0
        ticks, m = set(), view.events[0].at if view.events else NEVER
        while rule.tick and m <= END:
            m = next(midnights(m, NEVER, zone(m)))
            if m <= END and met(rule.tick, Ctx(view, as_of(m), zone(m))):
                ticks.add(m)
        threads = {}  # per element: the open finding; "muted" until the condition was false once
        for t in sorted(x for x in {e.at for e in relevant} | {t for t, _ in edges} | expiries | ticks if x <= END):
            events = [e for e in relevant if e.at == t] or [e for at, e in edges if at == t]
            anchor = events[-1] if events else last_before(t) or view.events[0]
            may_begin = bool(events) or t in ticks
            for key in self.elements(rule, view, t, zone(t), threads):
                now = threads.get(key)
                off = now.off if isinstance(now, Found) else zone(t)
                names = self.element(rule, view, as_of(t), off, key)
                is_so = names is not None and self.is_so(rule, Ctx(view, as_of(t), off, names))
                closer = next((e for e in reversed(view.events) if e.at == t and any(u.fits(view, e) for u in rule.until)), None)
                if isinstance(now, Found):
                    if not is_so or closer:
                        now.until, now.closer = t, closer if is_so else None
                        threads[key] = "muted" if is_so else None
                elif not is_so:
                    threads[key] = None
                elif now is None and may_begin:
                    threads[key] = f = Found(anchor, t, key=key, view=view)
                    yield f

    def is_so(self, rule, c):
        return self.holds(c) and met(rule.where, c) and met(rule.while_, c)

    @staticmethod
    def elements(rule, view, t, off, threads):
        if not rule.each_in:
            return [""]
        name, key_of, listed = rule.each_in
        now = [key_of(x) for x in value_of(listed, Ctx(view, as_of(t), off)) or []]
        return sorted(set(now) | set(threads))

    def element(self, rule, view, bound, off, key):
        """The names of the form and of the element with this key; None: it is not there."""
        names = self.names_at(view, bound)
        if not rule.each_in:
            return names
        name, key_of, listed = rule.each_in
        for x in value_of(listed, Ctx(view, bound, off)) or []:
            if key_of(x) == key:
                return {**names, name: x}
        return None


# ---- common to all --------------------------------------------------------------------------------------------------------

def cut(rule, view, f):
    """`until` and `while` of a rule with `when`: the span ends at the first of them, for good.  False: nothing is left."""
    for e in view.events:
        if e.key > f.last.key and e.at < f.until and any(u.fits(view, e, f.names) for u in rule.until):
            f.until, f.closer = e.at, e
    if f.until <= f.frm:
        return False
    if rule.while_ is None:
        return True
    if not met(rule.while_, Ctx(view, f.bound, f.off, f.names)):
        return False
    instants = {e.at for e in view.events if (e.key > f.last.key if f.bound == f.last.key else e.at > f.frm)}
    if rule.update == "daily" or isinstance(rule.update, tuple):
        instants |= set(midnights(f.frm, END, f.off))
    for t in sorted(x for x in instants if f.frm <= x < f.until):
        if not met(rule.while_, Ctx(view, as_of(t), f.off, f.names)):
            f.until, f.closer = t, None
            return t > f.frm
    return True


def names_at(rule, f, bound):
    if isinstance(rule.form, While):
        return {**f.names, **(rule.form.element(rule, f.view, bound, f.off, f.key) or rule.form.names_at(f.view, bound))}
    return f.names


def e_now(rule, f):
    """The bound as of which values and evidence stand."""
    if f.until <= END:
        return as_of(f.until - 1) if f.until - 1 > f.frm or f.bound == as_of(f.frm) else f.bound
    last, ask = f.frm, rule.update[1] if isinstance(rule.update, tuple) else None
    if ask or rule.update == "daily" or (not rule.update and isinstance(rule.form, While)):
        for m in midnights(f.frm, END, f.off):
            if met(ask, Ctx(f.view, as_of(m), f.off, names_at(rule, f, as_of(m)))):
                last = m
    if rule.update == "change":
        last = max([last] + [e.at for e in f.view.memo.get("relevant", f.view.events)] + rule.form.joined(f.view))
    return as_of(last) if last > f.frm else f.bound


def evidence(rule, f, bound):
    events = list(f.events)
    if f.closer and f.until <= END:
        events.append(f.closer)
    for name in rule.proof:
        events += f.view.withs[name].proof(f.view, bound)
    if rule.each_in:
        events += element_proof(rule, f, bound, names_at(rule, f, bound).get(rule.each_in[0]))
    return list({p.key: p for e in events for p in e.proof}.values()), events


def element_proof(rule, f, bound, x):
    """Of `each NAME in LIST` the element's own event alone; of a value the first event that has it; of a span its two."""
    if hasattr(x, "proof"):
        return [x]
    if hasattr(x, "entry"):
        return [x.entry]
    if hasattr(x, "start"):
        return [e for e in (x.start, x.end) if e]
    return next(([form.firsts(f.view, bound)[x]] for form in f.view.withs.values() if hasattr(form, "firsts") and x in form.firsts(f.view, bound)), [])


def answer(rule, subject, entries, world=None):
    """[(finding as the engine tells it, Found, bound)]"""
    entries = [e for e in entries if rule.may_read(e)]
    views = {"": View(subject, entries, rule.withs, world)}
    if rule.each:
        of = {e.key: value_of(rule.each, e) for e in entries}
        views = {k: View(subject, [e for e in entries if of[e.key] in (k, None)], rule.withs, world) for k in sorted({k for k in of.values() if k})}
    kept = []
    for key, view in views.items():
        for f in rule.form.found(rule, view):
            f.key = key or f.key
            if isinstance(rule.form, While) or cut(rule, view, f):
                kept.append(f)
    found = []
    for f in sorted(kept, key=lambda f: (f.frm, f.anchor.key)):
        f.same = value_of(rule.once, Ctx(f.view, f.bound, f.off, names_at(rule, f, f.bound))) if rule.once else None
        twice = any((k.key, k.anchor.root.id, k.frm) == (f.key, f.anchor.root.id, f.frm) for k in found)
        again = f.same is not None and any(k.same == f.same and (f.frm - k.frm < rule.once_within if rule.once_within else k.until > f.frm) for k in found)
        if not twice and not again:
            found.append(f)
    return [told(rule, f) for f in found]


def read_values(rule, f, bound):
    c = Ctx(f.view, bound, f.off, names_at(rule, f, bound))
    values = {n: value_of(x, c) for n, x in list(rule.let.items()) + [(n, (lambda c, n=n: c.names[n])) for n in getattr(rule.form, "tells", ())]}
    return {n: v for n, v in values.items() if v is not None}, (value_of(rule.level, c) or "medium") if rule.level else "medium"


def told(rule, f):
    bound = e_now(rule, f)
    values, level = read_values(rule, f, bound)
    proof, used = evidence(rule, f, bound)
    closed = f.until <= END
    unknown = needs_unmet(rule, f, used)
    return {"key": f.key, "anchor": f.anchor.root.id, "from": f.frm, "until": f.until if closed else None,
            "evidence": [e.id for e in sorted(proof, key=lambda e: e.key)], "values": values, "level": level, "unknown": unknown}, f, bound


def needs_unmet(rule, f, used):
    """The source heard longest ago of those that have not spoken past `from` and were not heard of late (section 8)."""
    heard, sends = (f.view.world.heard, f.view.world.sends) if f.view.world else ({}, {})
    silent = []
    for kind, within, everybody in rule.needs:
        scope = [s for s in heard if kind in sends[s]] if everybody else [e.source for e in used if e.source in heard and kind in sends[e.source]]
        silent += [(heard[s], s) for s in scope if heard[s] < f.frm and heard[s] + within < END]
    return min(silent) if silent else None
