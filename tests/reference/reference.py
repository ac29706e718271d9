#!/usr/bin/env python3
"""tests/reference/reference.py - a slow, obvious model of the rules, compared with the engine.

    random timelines ──> sorted lists, loops, definitions of LANGUAGE.md word by word ──> findings that stand
                     └─> replay (C), in several orders of arrival, differences added up ─> the same?

The model knows nothing of arrival, state, timers or differences: it looks at the live events of a subject, sorted, once, at
the end.  Standard library only.     reference.py REPLAY FAMILY [TIMELINES [SEED]]      (FAMILY "forms": is every form there?)

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile

import families
from histories import arrivals, line_of
from timeline import END, live, ms_of, people, text_of

ORDERS = [["live"], ["late", "backwards", "any"], ["any"]]


def replay(program, rules, arriving, r, local=()):
    """arriving: [(instant, event)]; the findings that stand, the differences added up.  local: lists and settings, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        def put(name, text):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
            return f.name
        names = [put("rules.yaml", "---\n".join(x.yaml() for x in rules))] + [put("local%d.yaml" % n, x.yaml()) for n, x in enumerate(local)]
        run = subprocess.run([program, names[0], text_of(END), str(r.choice([1, 7, 1000])), r.choice(["recent", "whole", "short"])] + names[1:],
                             input="".join(line_of(e, at) + "\n" for at, e in arriving), text=True, capture_output=True, check=False)
    if run.returncode or run.stderr:
        sys.exit("replay: " + run.stderr[:3000])
    standing = {}
    for line in run.stdout.splitlines():
        op = json.loads(line)
        if op["op"] == "withdraw":
            del standing[op["finding"]]
        else:
            standing[op["finding"]] = op
    told = [said(op) for op in standing.values()]
    known = [f for f in told if f[5] != "unknown"]
    assert len(set(known)) == len(known), "two findings stand for one"
    return set(known) | families.numbered([f for f in told if f[5] == "unknown"])


def plain(value):
    """Instants are compared as such, in whatever zone they are written."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return ["instant", ms_of(value)] if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value) else value


def said(op):
    unknown = op.get("unknown")
    if unknown:  # said once per beginning and source; the rest is as it was then
        return (op["rule"], op["subject"], op["key"] or "", op["anchor"][:-4] + "0000", ms_of(op["from"]), "unknown", unknown["source"])
    return (op["rule"], op["subject"], op["key"] or "", op["anchor"], ms_of(op["from"]), ms_of(op.get("until")), tuple(op["evidence"]), op["evidence_total"],
            json.dumps(plain(op["values"]), sort_keys=True), op["level"])


def locals_of(family, seed, begin):
    """What is in force at the end, and what may have been before: nothing, the same, or something else."""
    r = random.Random("local %s %d" % (seed, begin))
    last = family.local(r)
    return last, [[last], [family.local(r), last]] if last else [[]]


def compare(program, family, rules, clusters, seed, order, local):
    """(of the model, of the engine) on these clusters."""
    r = random.Random("%s %d" % (seed, order))
    arriving = [x for events in clusters.values() if events for x in arrivals(r, events, r.choice(ORDERS[order]))]
    arriving = sorted(((at, r.random(), e) for at, e in arriving), key=lambda x: x[:2])
    last, before = local
    got = replay(program, rules, [(at, e) for at, _, e in arriving], r, r.choice(before))
    return family.expected(rules, clusters, last), got


def number_of(finding):
    """The cluster stands in the id of the anchor."""
    return int(finding[3][24:32], 16)


def report(program, family, name, clusters, c, seed, order, local):
    """Leave out what the disagreement does not need: other rules, other timelines, events; then both answers."""
    rules, tries = family.with_lower(name), [(o, t) for t in range(4 if local[0] else 2) for o in [order] + [o for o in range(len(ORDERS)) if o != order]]

    def differ(some):
        for o, t in list(tries):
            want, got = compare(program, family, rules, some, "%d %d" % (seed, t), o, local)
            if want != got:
                tries.insert(0, tries.pop(tries.index((o, t))))
                return want, got
        return None
    if differ({c: clusters[c]}):
        clusters = {c: clusters[c]}
    elif not differ(clusters):
        print("rule %s, timeline %d, seed %d: differs only among the others" % (name, c, seed))
        return
    size = len(clusters)
    while size > 1:  # other timelines, half of them at a time, then fewer
        size = (size + 1) // 2
        for begin in range(0, len(clusters), size):
            less = {k: v for n, (k, v) in enumerate(clusters.items()) if not begin <= n < begin + size}
            if less and differ(less):
                clusters = less
                break
    smaller = True
    while smaller:
        smaller = False
        for n, e in [(n, e) for n, events in clusters.items() for e in events]:
            less = {**clusters, n: [x for x in clusters[n] if x is not e and x.corrects is not e]}
            if any(less.values()) and differ(less):
                clusters, smaller = less, True
                break
    want, got = differ(clusters)
    if local[0]:
        print(local[0].yaml())
    print("rule %s, timeline %d of seed %d:" % (name, c, seed))
    for e in sorted((e for events in clusters.values() for e in events), key=lambda e: e.key):
        print("   ", line_of(e, e.at))
    for who, side in (("only the model: ", want - got), ("only the engine:", got - want)):
        for f in sorted(side, key=str):
            print(who, f[:4], text_of(f[4]), text_of(f[5]) if isinstance(f[5], int) else f[5], *f[6:])


def main():
    program, name = sys.argv[1], sys.argv[2]
    if name == "forms":
        return families.check_complete(program)
    family = families.FAMILIES[name]
    scale = max(1, int(os.environ.get("KTG_PROVE_SCALE", "1")))
    total, first = (int(sys.argv[3]) if len(sys.argv) > 3 else 1000) * scale, int(sys.argv[4]) if len(sys.argv) > 4 else 1
    only = os.environ.get("RULES", "").split()
    rules = [x for x in family.rules if not only or x.name in only]
    counts = dict.fromkeys((x.name for x in rules if x.status != "internal"), 0)
    wrong = {}
    for begin in range(0, total, family.at_once):
        clusters = {c: family.history(random.Random("%s %d %d" % (name, first, c)), c) for c in range(begin, min(begin + family.at_once, total))}
        family.learn(program, clusters)
        local = locals_of(family, "%s %d" % (name, first), begin)
        want = family.expected(rules, clusters, local[0])
        for f in want:
            counts[f[0]] += 1
        for order in range(len(ORDERS)):
            r = random.Random("%d %d" % (first, order))
            arriving = [x for events in clusters.values() for x in arrivals(r, events, r.choice(ORDERS[order]))]
            arriving = sorted(((at, r.random(), e) for at, e in arriving), key=lambda x: x[:2])
            got = replay(program, rules, [(at, e) for at, _, e in arriving], r, r.choice(local[1]))
            for f in want ^ got:
                wrong.setdefault(f[0], (number_of(f), order, clusters, local))
        if wrong:
            break
    for name_of, (c, order, clusters, local) in sorted(wrong.items()):
        report(program, family, name_of, clusters, c, first, order, local)
    print(", ".join("%s %d" % c for c in counts.items()))
    if wrong:
        sys.exit("%d rules differ" % len(wrong))
    if not all(counts.values()):
        sys.exit("a rule found nothing: the timelines are too tame")
    return None


if __name__ == "__main__":
    main()
