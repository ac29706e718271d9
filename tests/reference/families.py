"""tests/reference/families.py - the table: which rules are tried on which timelines, and which forms they stand for.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import json
import struct
import subprocess
import sys
import uuid

import aggregates
import forms
import histories
import rules_posted
import rules_state
import rules_when
import states
from forms import answer, evidence, names_at, read_values
from timeline import NEVER, Ctx, Event, Posted, live, people, value_of


def subjects_of(e, names):
    """kind -> subjects on whose timelines a live event stands, as the holder."""
    if not e.docs:
        return {}
    found = {"person": [names[e.docs[0]]]}
    if "property" in e.data:
        found["property"] = [e["property"]]
    return found


class World:
    """What an answer may ask beside the timeline."""

    def __init__(self, names, timelines, heard=None, sends=None):
        self.names, self.timelines, self.heard, self.sends = names, timelines, heard or {}, sends or {}

    def persons(self, e):
        return [self.names[e.docs[0]]]

    def persons_timelines(self):
        return [(subject, [e for e in t if isinstance(e, Event)]) for (kind, subject), t in self.timelines.items() if kind == "person"]


class Family:
    def __init__(self, rules, history):
        """Rules stand behind those whose findings they read."""
        self.rules, self.history = rules, history

    def with_lower(self, rule):
        """The rule and all that it stands on."""
        wanted = {rule}
        for r in reversed(self.rules):
            if r.name in wanted:
                wanted |= set(r.reads)
        return [r for r in self.rules if r.name in wanted]

    def expected(self, rules, events):
        alive = live(events)
        names, timelines = people(alive), {}
        for e in alive:
            for kind, subjects in subjects_of(e, names).items():
                for s in subjects:
                    timelines.setdefault((kind, s), []).append(e)
        world, standing = World(names, timelines), set()
        read = {x for r in rules for x in r.reads}
        for rule in rules:
            posts = []
            for (kind, subject), entries in timelines.items():
                if kind == rule.per:
                    for told, found, bound in answer(rule, subject, entries, world):
                        standing.add(as_told(rule, subject, told))
                        if rule.name in read and not told["unknown"]:
                            posts += posted(rule, subject, told, found, bound)
            for kind, subject, p in posts:
                timelines.setdefault((kind, subject), []).append(p)
        return standing


def posted(rule, subject, told, found, bound):
    """[(kind, subject, entry)]: where a finding stands as an event (LANGUAGE.md 7), frozen at its beginning."""
    if rule.update != "change":
        bound = found.bound
    c = Ctx(found.view, bound, found.off, names_at(rule, found, bound))
    values, level = read_values(rule, found, bound)
    closed, found.until = found.until, found.until if rule.update == "change" else NEVER
    proof, used = evidence(rule, found, bound)
    found.until = closed
    weight = rule.weight(c) if callable(rule.weight) else rule.weight
    data = {**values, "rule": rule.name, "level": level, "weight": weight, "open": told["until"] is None}
    ident = posted_id(rule.name, subject, told["key"], told["anchor"], told["from"])
    person = subject if rule.per == "person" else found.anchor.person
    p = Posted("finding." + rule.name, told["from"], ident, found.anchor.root, told["until"], found.off, data, sorted(proof, key=lambda e: e.key),
               set().union(*(e.agencies for e in used)), person)
    where = {(rule.per, subject)}
    for kind, expr in rule.about.items():
        ids = value_of(expr, c)
        where |= {(kind, i) for i in (ids if isinstance(ids, list) else [ids]) if i}
    return [(kind, s, p) for kind, s in sorted(where)]


def posted_id(rule, subject, key, anchor, start):
    """Canonical, so the order of findings of one instant is known."""
    sizes = struct.pack("<III", len(rule), len(subject), len(key))
    return hashlib.blake2b(sizes + (rule + subject + key).encode() + uuid.UUID(anchor).bytes + struct.pack("<q", start), digest_size=16).digest()


def as_told(rule, subject, f):
    if f["unknown"]:
        heard, source = f["unknown"]
        return (rule.name, subject, f["key"], f["anchor"], f["from"], "unknown", source, heard)
    return (rule.name, subject, f["key"], f["anchor"], f["from"], f["until"], tuple(f["evidence"]), json.dumps(f["values"], sort_keys=True), f["level"])


FAMILIES = {
    "when": Family(rules_when.WHEN, histories.cluster),
    "by": Family(rules_when.BY, histories.cluster),
    "state": Family(rules_state.STATE, histories.cluster),
    "posted": Family(rules_posted.POSTED, histories.cluster),
    "score": Family(rules_posted.SCORE, histories.cluster),
    "together": Family(rules_posted.COMPANY, histories.company),
    "count": Family(rules_state.COUNT, histories.cluster),
}


# ---- is everything there? ------------------------------------------------------------------------------------------------

FORMS = {forms.When: "when", forms.By: "by", forms.While: "while", aggregates.Counted: "count", aggregates.Score: "score", aggregates.Together: "together"}
STATES = {states.Last: "last", states.LastPer: "last", states.First: "first", states.All: "all", states.Count: "count", states.Sum: "sum", states.Distinct: "distinct",
          states.Open: "open", states.OpenPer: "open", states.Spans: "spans", states.Baseline: "baseline"}


def operators(rule):
    """What the rule tries, in the words of the engine's tables."""
    tried = {"form " + FORMS[type(rule.form)]}
    for form in rule.withs.values():
        if type(form) in STATES:
            name = "state " + STATES[type(form)]
            words = [word for word, has in (("KEY", form.key), ("within", form.within), ("until", getattr(form, "until", None)), ("from", getattr(form, "frm", None)),
                                            ("past", getattr(form, "past", None))) if has]
            tried |= {name} | {name + " " + word for word in words if word != "KEY" or STATES[type(form)] in ("last", "open", "spans")}
    return tried


def check_complete(program):
    """Every form, state form and word of it that the engine's tables have is tried by some rule here, and no other."""
    table = set()
    for line in subprocess.run([program, "forms"], text=True, capture_output=True, check=True).stdout.splitlines():
        kind, name, *words = line.split()
        table |= {"%s %s" % (kind, name)} | {"%s %s %s" % (kind, name, word) for word in words}
    tried = {}
    for name, family in FAMILIES.items():
        for rule in family.rules:
            for operator in operators(rule):
                tried.setdefault(operator, set()).add(name)
    for operator in sorted(table | set(tried)):
        print("%-22s %s" % (operator, ", ".join(sorted(tried.get(operator, ["the model has it not"]))) if operator in table else "the engine has it not"))
    if table != set(tried):
        sys.exit("the model and the engine's tables differ")
