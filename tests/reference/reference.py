#!/usr/bin/env python3
"""tests/reference/reference.py - a slow, obvious model of the rules, compared with the engine.

    random events ──> sorted lists, loops, definitions of LANGUAGE.md word by word ──> findings that stand
                  └─> replay (C), differences added up ──────────────────────────────> the same?

The model knows nothing of arrival, state, timers or differences: it looks at the live events of a person, sorted, once,
at the end.  Standard library only.     reference.py REPLAY [SEED [HISTORIES]]

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import itertools
import json
import random
import struct
import subprocess
import sys
import tempfile
import uuid
from datetime import datetime, timedelta, timezone

ZONE = timezone(timedelta(hours=7))
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BEGIN = int(datetime(2026, 3, 1, 9, tzinfo=ZONE).timestamp()) * 1000
END = BEGIN + 60 * DAY

RULES = """
rule: r-event
title: {id: a, en: a}
per: person
when: border.crossing as e where direction == "entry"
weight: 'e.post == "ARUK" ? 1.5 : 0.5'
let:
  post: e.post
---
rule: r-sequence
title: {id: a, en: a}
per: person
when:
  - border.crossing as a where direction == "entry"
  - lodging.checkin as b
unless: border.crossing where direction == "exit"
within: 3d
let:
  property: b.property
---
rule: r-deadline
title: {id: a, en: a}
per: person
when: border.crossing as e where direction == "entry"
unless: border.crossing where direction == "exit"
by: e.occurred_at + duration("48h")
moved by: permit.status as p where p.action == "extended" to p.occurred_at + duration("72h")
---
rule: r-state
title: {id: a, en: a}
per: person
with:
  stay: open border.crossing where direction == "entry" until border.crossing where direction == "exit"
while: stay != null
update: change
---
rule: r-count
title: {id: a, en: a}
per: person
count: lodging.checkin
at least: 3
within: 4d
update: change
---
rule: r-distinct
title: {id: a, en: a}
per: person
count: distinct(property) of lodging.checkin
at least: 2
within: 2d
update: change
---
rule: r-asof
title: {id: a, en: a}
per: person
with:
  stay: open border.crossing where direction == "entry" until border.crossing where direction == "exit"
when: lodging.checkin as c
where: stay == null
weight: 0.75
---
rule: r-baseline
title: {id: a, en: a}
per: person
with:
  usual: baseline(2d, 11d) of distinct(property) of lodging.checkin
  recent: distinct(property) of lodging.checkin within 2d
while: above(size(recent), usual, 2)
update: change
let:
  fresh: size(recent)
  n: usual.n
  sum: usual.sum
  squares: usual.squares
---
rule: r-score
title: {id: a, en: a}
per: person
score:
  from: [r-event, r-sequence, r-asof]
  at least: 2.0
  flags at least: 2
  agencies at least: 2
  within: 6d
update: change
---
rule: r-root
title: {id: a, en: a}
per: person
score:
  from: finding.r-event or finding.r-sequence or finding.r-asof as f where f.weight > 50
  one per: root
  at least: 2.5
  within: 9d
update: change
---
rule: r-pair
title: {id: a, en: a}
per: person
together:
  of: border.crossing where direction != "refused"
  at: [post, direction]
  span: 1h
  times: 2
  persons: 2
  within: 5d
update: change
---
rule: r-three
title: {id: a, en: a}
per: person
together:
  of: lodging.checkin
  at: [property]
  span: 90m
  times: 2
  persons: 3
  within: 12d
update: change
"""


def text_of(ms):
    t = datetime.fromtimestamp(ms // 1000, ZONE)
    return t.strftime("%Y-%m-%dT%H:%M:%S") + (".%03d" % (ms % 1000) if ms % 1000 else "") + "+07:00"


# ---- the model ------------------------------------------------------------------------------------------------------

def live_events(events):
    """From the greatest id down: an event is live iff no live event corrects it and it is the greatest live correction."""
    live, correctors = {}, {}
    for e in events:
        if e["corrects"]:
            correctors.setdefault(e["corrects"], []).append(e["id"])
    for e in sorted(events, key=lambda e: e["id"], reverse=True):
        dead = any(live.get(c) for c in correctors.get(e["id"], []))
        rivals = [c for c in correctors.get(e["corrects"], []) if c > e["id"]] if e["corrects"] else []
        live[e["id"]] = not dead and not any(live[c] for c in rivals)
    return [e for e in events if live[e["id"]]]


def persons(events):
    """Identifiers that one live event holds together are one person; the name is the smallest."""
    name = {}

    def find(x):
        while name.setdefault(x, x) != x:
            x = name[x]
        return x
    for e in events:
        for d in e["docs"]:
            a, b = find(e["docs"][0]), find(d)
            name[max(a, b)] = min(a, b)
    timelines = {}
    for e in events:
        if e["docs"] and e["type"] != "document.status":
            timelines.setdefault(find(e["docs"][0]), []).append(e)
    return {p: sorted(t, key=lambda e: (e["at"], e["id"])) for p, t in timelines.items()}


def is_crossing(e, direction):
    return e["type"] == "border.crossing" and e["data"]["direction"] == direction


def is_lodging(e):
    return e["type"] == "lodging.checkin"


def finding(anchor, start, until, evidence, **values):
    return {"anchor": anchor["id"], "from": start, "until": until, "evidence": [e["id"] for e in evidence],
            "values": values}


def r_event(t):
    return [finding(e, e["at"], None, [e], post=e["data"]["post"]) for e in t if is_crossing(e, "entry")]


def r_sequence(t):
    found = []
    for i, a in enumerate(t):
        if not is_crossing(a, "entry"):
            continue
        for k in range(i + 1, len(t)):
            b = t[k]
            if is_lodging(b) and b["at"] - a["at"] <= 3 * DAY:
                if not any(is_crossing(x, "exit") for x in t[i + 1:k]):
                    found.append(finding(a, b["at"], None, [a, b], property=b["data"]["property"]))
                break
    return found


def r_deadline(t):
    found = []
    for i, a in enumerate(t):
        if not is_crossing(a, "entry"):
            continue
        rest = t[i + 1:]
        end = next((u for u in rest if is_crossing(u, "exit")), None)
        before = rest[:rest.index(end)] if end else rest
        # stretches of one deadline: (setter, since when it holds, deadline)
        steps = [(a, a["at"], a["at"] + 48 * HOUR)]
        for m in before:
            if m["type"] == "permit.status" and m["data"]["action"] == "extended":
                steps.append((m, m["at"], m["at"] + 72 * HOUR))
        breaches = []
        for s, (setter, since, deadline) in enumerate(steps):
            until = steps[s + 1][1] if s + 1 < len(steps) else end["at"] if end else None
            closer = steps[s + 1][0] if s + 1 < len(steps) else end
            start = max(deadline + 1, since)
            if start <= END and (until is None or start < until):
                breaches.append((setter, start, until, closer))
        for setter, start, until, closer in breaches:
            evidence = [a] + [e for e in (setter, closer) if e and e is not a]
            unique = sorted({e["id"]: e for e in evidence}.values(), key=lambda e: (e["at"], e["id"]))
            if not any(f["anchor"] == setter["id"] and f["from"] == start for f in found):
                found.append(finding(setter, start, until, unique))  # two entries, one extension: one finding, the first's
    return found


def stay_at(t, when, before=None):
    """The opening entry of the stay that holds at an instant, or just before an event."""
    opening = None
    for e in t:
        if e["at"] > when or e is before:
            break
        if is_crossing(e, "entry"):
            opening = e
        elif is_crossing(e, "exit"):
            opening = None
    return opening


def stretches(t, relevant, instants, holds):
    """Maximal stretches in which `holds`, which only begin at a relevant event."""
    found, start = [], None
    for at in sorted(set(x for x in instants if x <= END)):
        events = [e for e in t if e["at"] == at and relevant(e)]
        if start is None and holds(at) and events:
            start = (at, events[-1])
        elif start is not None and not holds(at):
            found.append((start[1], start[0], at))
            start = None
    if start is not None:
        found.append((start[1], start[0], None))
    return found


def read_at(t, relevant, start, until):
    """The instant as of which values stand: update: change."""
    if until is not None:
        return until - 1
    inside = [e["at"] for e in t if relevant(e) and e["at"] > start]
    return inside[-1] if inside else start


def r_state(t):
    def relevant(e):
        return is_crossing(e, "entry") or is_crossing(e, "exit")
    found = []
    for anchor, start, until in stretches(t, relevant, [e["at"] for e in t if relevant(e)], lambda at: stay_at(t, at)):
        found.append(finding(anchor, start, until, [stay_at(t, read_at(t, relevant, start, until))]))
    return found


def counting(t, window, least, number, pick):
    lodgings = [e for e in t if is_lodging(e)]
    instants = [e["at"] for e in lodgings] + [e["at"] + window for e in lodgings]

    def inside(at):
        return [e for e in lodgings if at - window < e["at"] <= at]
    found = []
    for anchor, start, until in stretches(t, is_lodging, instants, lambda at: number(inside(at)) >= least):
        events = inside(read_at(t, is_lodging, start, until))
        found.append(finding(anchor, start, until, pick(events), count=number(events)))
    return found


def r_count(t):
    return counting(t, 4 * DAY, 3, len, lambda events: events)


def r_distinct(t):
    def number(events):
        return len({e["data"]["property"] for e in events})

    def firsts(events):
        seen = {}
        for e in events:
            seen.setdefault(e["data"]["property"], e)
        return list(seen.values())
    return counting(t, 2 * DAY, 2, number, firsts)


def r_asof(t):
    return [finding(c, c["at"], None, [c]) for c in t if is_lodging(c) and stay_at(t, c["at"], before=c) is None]


# ---- aggregates: baseline, score, together ---------------------------------------------------------------------------

WINDOW, WINDOWS = 2 * DAY, 4  # 11 d hold five windows of 2 d and a bit: four whole ones before the current one


def r_baseline(t):
    lodgings = [e for e in t if is_lodging(e)]

    def distinct(until):
        return len({e["data"]["property"] for e in lodgings if until - WINDOW < e["at"] <= until})

    def figures(at):
        counts = [distinct(at - i * WINDOW) for i in range(1, WINDOWS + 1)]
        return dict(fresh=distinct(at), n=WINDOWS, sum=sum(counts), squares=sum(c * c for c in counts))

    def above(f):  # fresh > mean + 2 sigma
        over = f["n"] * f["fresh"] - f["sum"]
        return over > 0 and over * over > 4 * (f["n"] * f["squares"] - f["sum"] * f["sum"])
    instants = [e["at"] + i * WINDOW for e in lodgings for i in range(WINDOWS + 2)]
    found = []
    for anchor, start, until in stretches(t, is_lodging, instants, lambda at: above(figures(at))):
        at, seen = read_at(t, is_lodging, start, until), {}
        for e in lodgings:
            if at - WINDOW < e["at"] <= at:
                seen.setdefault(e["data"]["property"], e)
        found.append(finding(anchor, start, until, list(seen.values()), **figures(at)))
    return found


def posted_id(rule, subject, anchor, start):
    """LANGUAGE.md 7: canonical, so the order of findings of one instant is known."""
    sizes = struct.pack("<III", len(rule), len(subject), 0)
    parts = sizes + rule.encode() + subject.encode() + uuid.UUID(anchor).bytes + struct.pack("<q", start)
    return hashlib.blake2b(parts, digest_size=16).digest()


def scored(t, who, one_per, pick, window, least, flags_least, agencies_least):
    """Findings of the lower rules, as they stand in order of their beginning."""
    by_id = {e["id"]: e for e in t}
    flags = []
    for rule in ("r-asof", "r-event", "r-sequence"):
        for f in MODEL[rule](t):
            root = by_id[f["anchor"]]
            weight = {"r-asof": 75, "r-sequence": 100}.get(rule)
            if rule == "r-event":
                weight = 150 if root["data"]["post"] == "ARUK" else 50
            flags.append({"at": f["from"], "rule": rule, "id": posted_id(rule, "doc:UTO:" + who, f["anchor"], f["from"]), "root": f["anchor"], "weight": weight, "evidence": f["evidence"],
                          "agencies": {by_id[e]["source"].split(".")[0] for e in f["evidence"]}})
    flags = [f for f in flags if pick(f)]

    def best(at):
        kept = {}
        for f in sorted((f for f in flags if at - window < f["at"] <= at), key=lambda f: (-f["weight"], f["at"], f["rule"], f["id"])):
            kept.setdefault(f[one_per], f)
        return sorted(kept.values(), key=lambda f: (f["at"], f["rule"], f["id"]))

    def holds(at):
        kept = best(at)
        return (sum(f["weight"] for f in kept) >= least and len(kept) >= flags_least
                and len(set().union(*(f["agencies"] for f in kept))) >= agencies_least)
    found, start = [], None
    instants = sorted({f["at"] for f in flags} | {f["at"] + window for f in flags})
    for at in [i for i in instants if i <= END]:
        new = [f for f in flags if f["at"] == at]
        if start is None and new and holds(at):
            start = at
        elif start is not None and not holds(at):
            found.append((start, at))
            start = None
    if start is not None:
        found.append((start, None))
    result = []
    for start, until in found:
        at = until - 1 if until else max(f["at"] for f in flags if f["at"] <= END)
        kept = best(at)
        ids = {e for f in kept for e in f["evidence"]}
        anchor = max((f for f in flags if f["at"] == start), key=lambda f: f["id"])["root"]
        result.append(finding(by_id[anchor], start, until, sorted((by_id[i] for i in ids), key=lambda e: (e["at"], e["id"])),
                              score=sum(f["weight"] for f in kept), flags=[f["rule"] for f in kept],
                              agencies=sorted(set().union(*(f["agencies"] for f in kept)))))
    return result


def r_score(everybody, who):
    return scored(everybody[who], who, "rule", lambda f: True, 6 * DAY, 200, 2, 2)


def r_root(everybody, who):
    return scored(everybody[who], who, "root", lambda f: f["weight"] > 50, 9 * DAY, 250, 1, 1)


def r_together(everybody, who, match, place, span, times, persons, within):
    """Everybody's timeline, word by word: for every set of others, on how many occasions are all of them there?"""
    mine = [e for e in everybody[who] if match(e)]
    others = {p: [e for e in t if match(e)] for p, t in everybody.items() if p != who}

    def near(e):  # person -> when they are first there
        there = {}
        for p, t in others.items():
            for o in t:
                if place(o) == place(e) and abs(o["at"] - e["at"]) <= span:
                    there[p] = min(there.get(p, o["at"]), o["at"])
        return there
    company = [(e, near(e)) for e in mine]

    def sets_at(at):
        inside = [(e, {p for p, since in there.items() if since <= at}) for e, there in company
                  if at - within < e["at"] <= at]
        group, counted = set(), []
        for some in itertools.combinations(sorted(set().union(*(c for _, c in inside)) if inside else []), persons - 1):
            common = [e for e, c in inside if set(some) <= c]
            if len(common) >= times:
                group |= set(some)
                counted += [e for e in common if e not in counted]
        return group, counted
    shared = {p: sorted(e["at"] for e, there in company if p in there) for p in others}
    known = {p for p, at in shared.items() if any(b - a < within for a, b in zip(at, at[times - 1:]))}  # the others are strangers
    joins = [(since, e) for e, there in company for p, since in there.items() if p in known and since > e["at"]]
    begins = [(e["at"], e) for e in mine] + joins
    instants = sorted({at for at, _ in begins} | {e["at"] + within for e in mine})
    found, start = [], None
    for at in [i for i in instants if i <= END]:
        group, _ = sets_at(at)
        own = [e for e in mine if e["at"] == at] or [e for t, e in begins if t == at]
        if start is None and group and own:
            start = (at, max(own, key=lambda e: (e["at"], e["id"])))
        elif start is not None and not group:
            found.append((start[1], start[0], at))
            start = None
    if start is not None:
        found.append((start[1], start[0], None))
    result = []
    for anchor, start, until in found:
        at = until - 1 if until else max([start] + [i for i, _ in begins if i <= END])
        group, counted = sets_at(at)
        result.append(finding(anchor, start, until, sorted(counted, key=lambda e: (e["at"], e["id"])),
                              group=sorted("doc:UTO:" + p for p in group | {who})))
    return result


def r_pair(everybody, who):
    return r_together(everybody, who, lambda e: is_crossing(e, "entry") or is_crossing(e, "exit"),
                      lambda e: (e["data"]["post"], e["data"]["direction"]), HOUR, 2, 2, 5 * DAY)


def r_three(everybody, who):
    return r_together(everybody, who, is_lodging, lambda e: e["data"]["property"], 90 * MINUTE, 2, 3, 12 * DAY)


OVER_ALL = {"r-pair": r_pair, "r-three": r_three, "r-score": r_score, "r-root": r_root}

MODEL = {"r-event": r_event, "r-sequence": r_sequence, "r-deadline": r_deadline, "r-state": r_state,
         "r-count": r_count, "r-distinct": r_distinct, "r-asof": r_asof, "r-baseline": r_baseline}


def expected(events):
    standing = set()
    everybody = persons(live_events(events))
    for person, timeline in everybody.items():
        for rule in list(MODEL) + list(OVER_ALL):
            for f in MODEL[rule](timeline) if rule in MODEL else OVER_ALL[rule](everybody, person):
                standing.add((rule, person, f["anchor"], text_of(f["from"]), text_of(f["until"]) if f["until"] else "",
                              tuple(f["evidence"]), json.dumps(f["values"], sort_keys=True)))
    return standing


# ---- histories ------------------------------------------------------------------------------------------------------

def doc(number):
    return {"kind": "P", "issuer": "UTO", "number": number}


def company(r, clusters, events, serial):
    """Two to five people on a few occasions, most of them within reach of each other; some are taken back."""
    people = ["%06d%d" % (r.randrange(clusters), r.randrange(3)) for _ in range(r.randrange(2, 6))]
    lodging, at = r.random() < 0.5, BEGIN + r.randrange(20 * DAY // MINUTE) * MINUTE
    for _ in range(r.randrange(2, 6)):
        at += r.choice([HOUR, DAY, 2 * DAY, 5 * DAY])
        where = r.choice(["H1", "H2"]) if lodging else (r.choice(["ARUK", "BADAU"]), r.choice(["entry", "exit"]))
        for number in people:
            if r.random() < 0.1:
                continue
            serial += 1
            e = {"id": "01936b2e-7c00-7000-8000-%012x" % serial, "corrects": None, "docs": [number], "data": {"doc": doc(number)},
                 "at": at + r.choice([0, 0, 4, 30, 60, 89, 91]) * MINUTE, "source": r.choice(["IMI.TEST", "POL.TEST"])}
            if lodging:
                e["data"].update(property=where, surname="SPECIMEN")
                e["type"] = "lodging.checkin"
            else:
                e["data"].update(direction=where[1], mode="land", post=where[0])
                e["type"] = "border.crossing"
            events.append(e)
            if r.random() < 0.1:
                serial += 1
                events.append({"id": "01936b2e-7c00-7000-8000-%012x" % serial, "type": "correction", "at": e["at"] + MINUTE,
                               "corrects": e["id"], "docs": [], "retracts": True, "source": e["source"], "data": {}})
    return serial


def history(r, clusters):
    """Clusters of three documents, with corrections, ties and late arrivals; and some who go about together."""
    events, serial = [], 0
    for c in range(clusters):
        at, mine = BEGIN + r.randrange(5 * DAY // MINUTE) * MINUTE, []
        for _ in range(r.randrange(2, 14)):
            at += r.choice([0, 0, MINUTE, HOUR, 12 * HOUR, DAY, 2 * DAY, 3 * DAY])
            serial += 1
            number = "%06d%d" % (c, r.randrange(3))
            e = {"id": "01936b2e-7c00-7000-8000-%012x" % serial, "at": at, "corrects": None, "docs": [number],
                 "source": r.choice(["IMI.TEST", "POL.TEST"]), "data": {}}
            kind = r.random()
            if mine and kind < 0.12:
                target = r.choice(mine)
                e.update(type="correction", corrects=target["id"], source=target["source"], docs=[], retracts=True)
            else:
                if mine and kind < 0.22:
                    target = r.choice(mine)
                    e.update(corrects=target["id"], source=target["source"])
                    e["at"] -= r.choice([0, HOUR, DAY])
                kind = r.random()
                if kind < 0.5:
                    e.update(type="border.crossing", data={"direction": r.choice(["entry", "entry", "exit", "refused"]),
                             "mode": "land", "post": r.choice(["ARUK", "BADAU"]), "doc": doc(number)})
                    if r.random() < 0.15:
                        other = "%06d%d" % (c, r.randrange(3))
                        e["data"]["prev_doc"] = doc(other)
                        e["docs"].append(other)
                elif kind < 0.85:
                    e.update(type="lodging.checkin", data={"property": r.choice(["H1", "H2", "H3"]), "doc": doc(number),
                             "surname": "SPECIMEN"})
                else:
                    e.update(type="permit.status", data={"action": r.choice(["extended", "issued"]), "permit_no": "K" + number,
                             "doc": doc(number)})
            mine.append(e)
        events += mine
    for _ in range(clusters // 2):
        serial = company(r, clusters, events, serial)
    for e in events:
        late = r.choice([0, 0, MINUTE, DAY, 10 * DAY])
        e["arrives"] = e["at"] + (r.randrange(late // MINUTE) * MINUTE if late else 0)
    return sorted(events, key=lambda e: (e["arrives"], r.random()))


def line_of(e):
    line = {"id": e["id"], "type": e["type"], "source": e["source"], "occurred_at": text_of(e["at"]),
            "recorded_at": text_of(e["arrives"]), "data": e["data"]}
    if e["corrects"]:
        line["retracts" if e.get("retracts") else "supersedes"] = e["corrects"]
    return json.dumps(line)


def standing_after(ops):
    """Add the differences up."""
    standing = {}
    for line in ops:
        op = json.loads(line)
        if op["op"] == "withdraw":
            del standing[op["finding"]]
        else:
            standing[op["finding"]] = (op["rule"], op["subject"].replace("doc:UTO:", ""), op["anchor"], op["from"],
                                       op.get("until", ""), tuple(op["evidence"]), json.dumps(op["values"], sort_keys=True))
    assert len(set(standing.values())) == len(standing), "two findings stand for one"
    return set(standing.values())


def main():
    replay, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    histories = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    counts = dict.fromkeys(list(MODEL) + list(OVER_ALL), 0)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
        rules.write(RULES)
        rules.flush()
        for h in range(histories):
            r = random.Random(seed + h)
            events = history(r, 120)
            lines = "\n".join(line_of(e) for e in events) + "\n"
            run = subprocess.run([replay, rules.name, text_of(END), str(r.choice([1, 7, 1000]))], input=lines, text=True,
                                 capture_output=True, check=False)
            if run.returncode or run.stderr:
                sys.exit("replay: " + run.stderr[:2000])
            want, got = expected(events), standing_after(run.stdout.splitlines())
            for f in want:
                counts[f[0]] += 1
            if want != got:
                f = sorted(want ^ got)[0]
                cluster = f[1][:6]
                for e in events:
                    if any(d.startswith(cluster) for d in e["docs"]) or any(
                            e["corrects"] == x["id"] and x["docs"] and x["docs"][0].startswith(cluster) for x in events):
                        print(line_of(e))
                for name, side in (("only the model", want - got), ("only the engine", got - want)):
                    for g in sorted(side):
                        if g[1].startswith(cluster):
                            print(name, g)
                sys.exit("seed %d: %d findings differ" % (seed + h, len(want ^ got)))
    print(", ".join("%s %d" % c for c in counts.items()))
    if not all(counts.values()):
        sys.exit("a rule found nothing: the histories are too tame")


if __name__ == "__main__":
    main()
