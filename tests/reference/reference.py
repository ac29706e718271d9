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
CLUSTERS = 250  # in one replay


def replay(program, rules, arriving, batch):
    """arriving: [(instant, event)]; the findings that stand, the differences added up."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as text:
        text.write("---\n".join(r.yaml() for r in rules))
        text.flush()
        run = subprocess.run([program, text.name, text_of(END), str(batch)], input="".join(line_of(e, at) + "\n" for at, e in arriving),
                             text=True, capture_output=True, check=False)
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
    assert len(set(told)) == len(told), "two findings stand for one"
    return set(told)


def plain(value):
    """Instants are compared as such, in whatever zone they are written."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return ["instant", ms_of(value)] if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value) else value


def said(op):
    unknown = op.get("unknown")
    if unknown:  # what else is said of it is not for readers
        return (op["rule"], op["subject"], op["key"] or "", op["anchor"], ms_of(op["from"]), "unknown", unknown["source"], ms_of(unknown["since"]))
    return (op["rule"], op["subject"], op["key"] or "", op["anchor"], ms_of(op["from"]), ms_of(op.get("until")), tuple(op["evidence"]),
            json.dumps(plain(op["values"]), sort_keys=True), op["level"])


def compare(program, family, rules, clusters, seed, order):
    """The clusters on which model and engine differ: {number: (only the model, only the engine)}."""
    r = random.Random("%s %d" % (seed, order))
    arriving = [x for events in clusters.values() if events for x in arrivals(r, events, r.choice(ORDERS[order]))]
    arriving = sorted(((at, r.random(), e) for at, e in arriving), key=lambda x: x[:2])
    got = replay(program, rules, [(at, e) for at, _, e in arriving], r.choice([1, 7, 1000]))
    want = set()
    for c, events in clusters.items():
        want |= family.expected(rules, events)
    return want, got


def number_of(finding):
    """The cluster stands in the id of the anchor."""
    return int(finding[3][24:32], 16)


def shrink(program, family, rule, c, events, seed, order):
    """Leave out what the disagreement does not need."""
    def differ(some):
        if not some:
            return False
        want, got = compare(program, family, rule, {c: some}, seed, order)
        return want != got
    smaller = True
    while smaller:
        smaller = False
        for e in events:
            less = [x for x in events if x is not e and x.corrects is not e]
            if differ(less):
                events, smaller = less, True
                break
    return events


def main():
    program, name = sys.argv[1], sys.argv[2]
    if name == "forms":
        return families.check_complete(program)
    family = families.FAMILIES[name]
    scale = max(1, int(os.environ.get("KTG_PROVE_SCALE", "1")))
    total, first = (int(sys.argv[3]) if len(sys.argv) > 3 else 1000) * scale, int(sys.argv[4]) if len(sys.argv) > 4 else 1
    only = os.environ.get("RULES", "").split()
    rules = [x for x in family.rules if not only or x.name in only]
    counts = dict.fromkeys((x.name for x in rules), 0)
    wrong = {}
    for begin in range(0, total, CLUSTERS):
        clusters = {c: family.history(random.Random("%s %d %d" % (name, first, c)), c) for c in range(begin, min(begin + CLUSTERS, total))}
        want = set().union(*(family.expected(rules, events) for events in clusters.values()))
        for f in want:
            counts[f[0]] += 1
        for order in range(len(ORDERS)):
            family.known = want
            r = random.Random("%d %d" % (first, order))
            arriving = [x for events in clusters.values() for x in arrivals(r, events, r.choice(ORDERS[order]))]
            arriving = sorted(((at, r.random(), e) for at, e in arriving), key=lambda x: x[:2])
            got = replay(program, rules, [(at, e) for at, _, e in arriving], r.choice([1, 7, 1000]))
            for f in want ^ got:
                wrong.setdefault(f[0], (number_of(f), order, clusters[number_of(f)]))
        if wrong:
            break
    for rule, (c, order, events) in sorted(wrong.items()):
        some = family.with_lower(rule)
        for o in [order] + [o for o in range(len(ORDERS)) for _ in range(3)]:
            want, got = compare(program, family, some, {c: events}, first, o)
            if want != got:
                break
        else:
            print("rule %s, timeline %d, order %d: differs only among the others" % (rule, c, order))
            continue
        events = shrink(program, family, some, c, events, first, o)
        want, got = compare(program, family, some, {c: events}, first, o)
        print("rule %s, timeline %d of seed %d:" % (rule, c, first))
        for e in sorted(events, key=lambda e: e.key):
            print("   ", line_of(e, e.at))
        for who, side in (("only the model: ", want - got), ("only the engine:", got - want)):
            for f in sorted(side, key=str):
                print(who, f[:4], text_of(f[4]), text_of(f[5]) if isinstance(f[5], int) else f[5], *f[6:])
    print(", ".join("%s %d" % c for c in counts.items()))
    if wrong:
        sys.exit("%d rules differ" % len(wrong))
    if not all(counts.values()):
        sys.exit("a rule found nothing: the timelines are too tame")
    return None


if __name__ == "__main__":
    main()
