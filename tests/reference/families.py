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
import names as names_of_lists
import rules_class
import rules_lists
import rules_needs
import rules_posted
import rules_state
import rules_when
import states
from forms import answer, evidence, names_at, read_values
from timeline import NEVER, Ctx, Event, InRole, Posted, live, people, value_of


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

    def __init__(self, names, timelines, heard=None, sends=None, local=None):
        self.names, self.timelines, self.heard, self.sends, self.local = names, timelines, heard or {}, sends or {}, local

    def persons(self, e):
        return [self.names[e.docs[0]]]

    def persons_timelines(self):
        return [(subject, [e for e in t if isinstance(e, Event)]) for (kind, subject), t in self.timelines.items() if kind == "person"]


class Family:
    def __init__(self, rules, history, at_once=250, local=None, learn=None):
        """Rules stand behind those whose findings they read; at_once: clusters in one replay; local: makes lists and settings; learn: what the
        model takes from the engine of these timelines."""
        self.rules, self.history, self.at_once, self.local = rules, history, at_once, local or (lambda r: None)
        self.learn = learn or (lambda program, clusters: None)

    def with_lower(self, rule):
        """The rule and all that it stands on."""
        wanted = {rule}
        for r in reversed(self.rules):
            if r.name in wanted:
                wanted |= set(r.reads)
        return [r for r in self.rules if r.name in wanted]

    def expected(self, rules, clusters, local=None):
        """The findings that stand, of timelines that never meet; sources are heard by all of them."""
        heard = heard_of([e for events in clusters.values() for e in events])
        return set().union(*(self.standing(rules, events, local, *heard) for events in clusters.values()))

    def standing(self, rules, events, local, heard, sends):
        alive = [e for e in live(events) if e.type not in ("heartbeat", "retired")]
        names, timelines = people(alive), {}
        for e in alive:
            for kind, subjects in subjects_of(e, names).items():
                for s in subjects:
                    timelines.setdefault((kind, s), []).append(e)
            for d in e.data.get("companions", []):
                who = "doc:UTO:" + d["number"]
                timelines.setdefault(("person", names.get(who, who)), []).append(InRole(e, "companions", names[e.docs[0]]))
        world, standing = World(names, timelines, heard, sends, local), []
        read = {x for r in rules for x in r.reads}
        listed = [e for e in alive if e.type == "watchlist.entry"]
        for rule in rules:
            posts = []
            for (kind, subject), entries in timelines.items():
                if kind in rule.per:
                    if any(isinstance(f, names_of_lists.Match) for f in rule.withs.values()):
                        entries = entries + names_of_lists.like(entries, listed)
                    for told, found, bound in answer(rule, subject, entries, world):
                        if rule.status != "internal":
                            standing.append(as_told(rule, subject, told))
                        if rule.name in read and not told["unknown"]:
                            posts += posted(rule, kind, subject, told, found, bound)
            for kind, subject, p in posts:
                timelines.setdefault((kind, subject), []).append(p)
        return numbered(standing)


# A heartbeat without a list vouches for all that the catalogue lets the agency send (of the types that occur here); an agency
# that no type names is bound by none.
ALL_TYPES = {"border.crossing", "permit.status", "lodging.checkin", "lodging.checkout"}
MAY_SEND = {"IMI": ALL_TYPES, "POL": {"lodging.checkin", "lodging.checkout"}, "APOA": {"lodging.checkin", "lodging.checkout"}}


def heard_of(events):
    """Of sources under a regime: what was heard of them last (retracted or not), and which types they send (section 8)."""
    retired = [e for e in events if e.type == "retired" and not e.data["undone"]]
    beats = [e for e in events if e.type == "heartbeat"]
    beats = [b for b in beats if not any(r.source == b.source and all(r.at >= x.at for x in beats if x.source == r.source) for r in retired)]
    heard, sends = {b.source: b.at for b in beats}, {}
    for e in events:
        if e.source in heard and e.type != "retired":
            heard[e.source] = max(heard[e.source], e.at)
    for b in beats:
        sends.setdefault(b.source, set()).update(b.data.get("types", MAY_SEND.get(b.agency, ALL_TYPES)))
    return heard, sends


def posted(rule, where, subject, told, found, bound):
    """[(kind, subject, entry)]: where a finding stands as an event (LANGUAGE.md 7), frozen at its beginning."""
    if rule.update != "change":
        bound = found.bound
    c = Ctx(found.view, bound, found.off, names_at(rule, found, bound))
    values, level = read_values(rule, found, bound)
    closed, found.until = found.until, found.until if rule.update == "change" else NEVER
    proof, used = evidence(rule, found, bound)
    found.until = closed
    weight = rule.weight(c) if callable(rule.weight) else rule.weight
    data = {**values, "rule": rule.name, "level": level, "weight": weight, "open": told["until"] is None, "subject": subject}
    ident = posted_id(rule.name, subject, told["key"], told["anchor"], told["from"])
    anchor = found.anchor
    person = subject if where == "person" else found.view.world.persons(anchor)[0] if isinstance(anchor, Event) else anchor.person
    p = Posted("finding." + rule.name, told["from"], ident, found.anchor.root, told["until"], found.off, data, sorted(proof, key=lambda e: e.key),
               set().union(*(e.agencies for e in used)), person)
    stands = {(where, subject)}
    for kind, expr in rule.about.items():
        ids = value_of(expr, c)
        stands |= {(kind, i) for i in (ids if isinstance(ids, list) else [ids]) if i}
    return [(kind, s, p) for kind, s in sorted(stands)]


def posted_id(rule, subject, key, anchor, start):
    """Canonical, so the order of findings of one instant is known."""
    sizes = struct.pack("<III", len(rule), len(subject), len(key))
    return hashlib.blake2b(sizes + (rule + subject + key).encode() + uuid.UUID(anchor).bytes + struct.pack("<q", start), digest_size=16).digest()


def numbered(findings):
    """As a set: of unknown findings several may look the same."""
    return {f + (findings[:n].count(f),) if f[5] == "unknown" else f for n, f in enumerate(findings)}


def as_told(rule, subject, f):
    if f["unknown"]:
        return (rule.name, subject, f["key"], f["anchor"][:-4] + "0000", f["from"], "unknown", f["unknown"][1])
    return (rule.name, subject, f["key"], f["anchor"], f["from"], f["until"], tuple(f["evidence"][-100:]), len(f["evidence"]), json.dumps(f["values"], sort_keys=True), f["level"])


FAMILIES = {
    "when": Family(rules_when.WHEN, histories.cluster),
    "by": Family(rules_when.BY, histories.cluster),
    "state": Family(rules_state.STATE, histories.cluster),
    "posted": Family(rules_posted.POSTED, histories.cluster),
    "score": Family(rules_posted.SCORE, histories.cluster),
    "needs": Family(rules_needs.NEEDS, histories.sources),
    "needs_all": Family(rules_needs.NEEDS_ALL, histories.sources, at_once=2),
    "match": Family(names_of_lists.NAMES, histories.names, at_once=150),
    "spellings": Family(names_of_lists.NAMES, histories.spellings, at_once=60, learn=names_of_lists.learn),
    "together": Family(rules_posted.COMPANY, histories.company),
    "roles": Family(rules_posted.ROLES, histories.companions),
    "long": Family(rules_state.LONG, histories.long, at_once=5),
    "look": Family(rules_state.LOOK, histories.cluster),
    "count": Family(rules_state.COUNT, histories.cluster),
    "class": Family(rules_class.CLASS, histories.cluster),
    "lists": Family(rules_lists.LISTS, histories.cluster, at_once=50, local=rules_lists.local),
}


# ---- is everything there? ------------------------------------------------------------------------------------------------

FORMS = {forms.When: "when", forms.By: "by", forms.While: "while", aggregates.Counted: "count", aggregates.Score: "score", aggregates.Together: "together"}
STATES = {states.Last: "last", states.LastPer: "last", states.First: "first", states.All: "all", states.Count: "count", states.Sum: "sum", states.Distinct: "distinct",
          states.Open: "open", states.OpenPer: "open", states.Spans: "spans", states.Baseline: "baseline", names_of_lists.Match: "match"}


def operators(rule):
    """What the rule tries, in the words of the engine's tables."""
    tried = {"form " + FORMS[type(rule.form)]}
    for form in rule.withs.values():
        if type(form) in STATES:
            name = "state " + STATES[type(form)]
            words = [word for word, has in (("KEY", form.key), ("within", form.within), ("until", getattr(form, "until", None)), ("from", getattr(form, "frm", None)),
                                            ("past", getattr(form, "past", None))) if has]
            tried |= {name} | {name + " " + word for word in words if word != "KEY" or STATES[type(form)] in ("last", "open", "spans")} | ({"state match KEY"} if name == "state match" else set())
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
