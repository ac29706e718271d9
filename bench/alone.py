"""bench/alone.py - targets that need no centre: the engine over a population and over many rules, names: P8, P9, P10, P15.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import subprocess

from measure import Watch, ask, available_bytes, begin, leave, median, program, report, room, say, turns
from sizes import ENTRIES, EVENTS, GROWN, KNOWN, ROOT, RUNS, SLICE

GTAS = 6          # names a second and thread, quoted
WEIGHT = 2000     # bytes that a person of bench_grown costs at most, its event included
BOUND = max(KNOWN * 80, 1 << 16)  # bytes of changes, of which P10 makes a checkpoint
TIMELINE, NODE = "tde", 10  # records of a timeline; bytes that LMDB puts beside each record: header and offset
BENCH_RULES = os.path.join(ROOT, "bench", "rules")


# ---- persons: P8 ----------------------------------------------------------------------------------------------------------
class Grown:
    """bench_grown, filled, answering slices."""

    def __init__(self, persons, **options):
        words = [f"{k}={v}" for k, v in {"rules": BENCH_RULES, "persons": persons, **options}.items()]
        self.child = begin([program("grown"), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.rounds = []
        while "settled" not in (line := self.line()):
            self.rounds.append(line)

    def line(self):
        text = self.child.stdout.readline()
        result = json.loads(text) if text else {}
        if not result.get("ok"):
            raise RuntimeError(f"bench_grown: {result}")
        return result

    def slice(self):
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        return self.line()

    def end(self):
        self.child.stdin.close()
        self.child.wait()
        self.child.stdout.close()


def p8(_):
    room_for = int(available_bytes() * 0.6 / WEIGHT / 1.1)
    many = min(GROWN, room_for)
    few = max(1, many // 10)
    small, large = Grown(few, slice=SLICE), Grown(many, slice=SLICE)
    foreign = []

    def product():
        with Watch([small.child.pid, large.child.pid]) as w:
            result = large.slice()
        foreign.append(w.foreign)
        return result

    pairs = turns(small.slice, product)
    say("grown", {"slices": pairs, "rounds": [small.rounds, large.rounds]})
    kib = large.rounds[-1]["anonymous_kib"]
    small.end(), large.end()
    report("P8", [p["ns_per_event"] for _, p in pairs], [y["ns_per_event"] for y, _ in pairs], foreign,
           f"yardstick: {few} persons known, value: {many}" +
           ("" if many == GROWN else f" (not {GROWN}: memory)") +
           f"; both engines stay in memory ({kib >> 10} MiB the larger) and answer {SLICE} events of anybody in turns; 30 rules; "
           f"as many timers run out an event and houses are as full in both; "
           f"{'' if many == 10000000 else 'the step of the target is 1 M to 10 M: KTG_BENCH_GROWN=10000000; '}"
           f"64 M persons are neither measured nor extrapolated")


# ---- rules: P9 ------------------------------------------------------------------------------------------------------------
RARE = (
    """rule: rare-d{n}
title:  {{id: rare-d{n}, en: rare-d{n}}}
status: shadow
per:    person
when:   border.crossing as e where direction == "entry" && post == "RARE{n}"
unless: border.crossing where direction == "exit"
by:     e.occurred_at + duration("24h")
""",
    """rule: rare-c{n}
title:  {{id: rare-c{n}, en: rare-c{n}}}
status: shadow
per:    property
count:  lodging.checkin where room == "R{n}"
at least: 5
within: 7d
""",
    """rule: rare-s{n}
title:  {{id: rare-s{n}, en: rare-s{n}}}
status: shadow
per:    person
when:
  - border.crossing as a where direction == "exit" && post == "RARE{n}"
  - lodging.checkin as b where property == "RARE{n}"
within: 3d
""")


def rules_into(folder, base, rare):
    """The first `base` benchmark rules, a kind after the other, and `rare` ones that nothing ever meets."""
    kinds = []
    for name in ("deadline", "count", "sequence"):
        with open(os.path.join(BENCH_RULES, name + ".yaml"), encoding="utf-8") as f:
            kinds.append(f.read().split("\n---\n"))
    documents = [k[i] for i in range(max(map(len, kinds))) for k in kinds if i < len(k)][:base]
    documents += [RARE[n % len(RARE)].format(n=n) for n in range(rare)]
    with open(os.path.join(folder, "rules.yaml"), "w", encoding="utf-8") as f:
        f.write("# SPDX-" + "License-Identifier: Apache-2.0\n" + "\n---\n".join(d.rstrip("\n") for d in documents) + "\n")
    return folder


def rules_once(folder):
    with Watch() as w:
        result = ask("engine", rules=folder, events=max(EVENTS // 5, 640), persons=max(EVENTS // 10, 64))
    say("rules", result)
    return {**result, "foreign": w.foreign}


def p9(wanted):
    for ident, base, all_of_them in (("P9-300", 30, 300), ("P9-1000", 10, 1000)):
        if wanted and not wanted & {ident, "P9"}:
            continue
        few, many = rules_into(room("rules"), base, 0), rules_into(room("rules"), base, all_of_them - base)
        pairs = turns(lambda: rules_once(few), lambda: rules_once(many))
        leave(few), leave(many)
        same = all(y["ops"] == p["ops"] for y, p in pairs)
        report(ident, [p["ns_per_event"] for _, p in pairs], [y["ns_per_event"] for y, _ in pairs], [p["foreign"] for _, p in pairs],
               f"yardstick: {pairs[0][0]['rules']} rules, value: {pairs[0][1]['rules']}, the others on constants that never come; "
               f"{'the same' if same else 'NOT the same'} {pairs[0][1]['ops']} differences; engine alone, {pairs[0][1]['events']} events "
               f"of {pairs[0][1]['persons']} persons")


# ---- memory: P10 ----------------------------------------------------------------------------------------------------------
def known(persons, store):
    """The rounds of an engine that comes to know so many."""
    folder = room("state") if store else None
    grown = Grown(persons, rounds=3, settle=0, **({"store": folder, "dirty": BOUND} if store else {}))
    grown.end()
    if folder:
        leave(folder)
    say("known", grown.rounds)
    return grown.rounds


def weights(rounds, bytes_of):
    """Bytes per subject and per entry: of the first round (new subjects) and what the later ones (new entries) added."""
    first, last = rounds[0], rounds[-1]
    subjects, entries = last["subjects"] - first["subjects"], last["entries"] - first["entries"]
    a, b, c, d = first["subjects"], first["entries"], subjects, entries
    size, more = bytes_of(first), bytes_of(last) - bytes_of(first)
    det = a * d - b * c
    return (size * d - b * more) / det, (a * more - size * c) / det


def bytes_of(letters, r):
    """Of records of these kinds (rules/engine/keys.h): keys and values."""
    return sum(r["of"][k][1] + r["of"][k][2] for k in letters if k in r["of"])


def on_pages(letters, r):
    """The same with LMDB's node headers, and the unused part of pages spread over all that lies on them."""
    node = lambda kinds: bytes_of(kinds, r) + NODE * sum(r["of"][k][0] for k in kinds if k in r["of"])
    return node(letters) * r["live_bytes"] / node(r["of"])


def p10(wanted):
    if wanted and not wanted & {"P10-subject", "P10-entry", "P10"}:
        return
    with Watch() as w:
        large, alone = known(KNOWN, True), known(KNOWN, False)
    last = large[-1]
    if alone[-1]["digest"] != last["digest"]:
        raise RuntimeError("P10: answers over a store are not those in memory")
    pages, raw = weights(large, lambda r: on_pages(TIMELINE, r)), weights(large, lambda r: bytes_of(TIMELINE, r))
    each = lambda size: f"{size / last['subjects']:.0f}"
    records = sum(n for n, _, _ in last["of"].values())
    heap = (alone[-1]["anonymous_kib"] - alone[-1]["empty_kib"]) * 1024
    others = last["record_bytes"] - bytes_of(TIMELINE + "al", last)
    note = (f"of the state's map each timeline takes {each(last['map_bytes'])} bytes: its own records {each(bytes_of(TIMELINE, last))}, "
            f"standing answers {each(bytes_of('a', last))}, labels of findings {each(bytes_of('l', last))}, others {each(others)}, node "
            f"headers {each(NODE * records)}, unused parts of pages {each(last['live_bytes'] - last['record_bytes'] - NODE * records)}, "
            f"free pages {each(last['map_bytes'] - last['live_bytes'])} (not resident: two checkpoints' worth, which LMDB uses again in turn); "
            f"all in memory and without a store {each(heap)}; {KNOWN} persons with three events each ({last['subjects']} timelines of all "
            f"kinds, {last['entries']} entries), 30 rules; one run, for the sizes do not vary")
    for ident, value, bare, must in (("P10-subject", pages[0], raw[0], 60), ("P10-entry", pages[1], raw[1], 30)):
        if not wanted or wanted & {ident, "P10"}:
            report(ident, [value], [must], [w.foreign],
                   f"the timeline alone, its key included: {bare:.0f} bytes, and its share of node headers and unused parts of pages; what "
                   f"rules say of it is not counted; yardstick is the target's own number; {note}")


# ---- names: P15 -----------------------------------------------------------------------------------------------------------
def names_once():
    with Watch() as w:
        result = ask("names", ENTRIES, min(20000, ENTRIES), 10)  # not ok: the index and the scan differ
    say("names", result)
    return {**result, "foreign": w.foreign}


def p15(_):
    results = [names_once() for _ in range(RUNS)]
    middle = lambda key: median([r[key] for r in results])
    report("P15", [r["index_rate"] for r in results], [r["scan_rate"] for r in results], [r["foreign"] for r in results],
           f"{ENTRIES} entries, {results[0]['names']} names, {results[0]['scanned']} of them scanned: {results[0]['differences']} "
           f"differences; {middle('index_rate') / GTAS:.0f} times the {GTAS} names/s quoted of GTAS, which must and aim are of; "
           f"a search p50 {middle('p50_us'):.0f} us, p99 {middle('p99_us'):.0f} us; {results[0]['found'] / results[0]['names']:.1f} "
           f"hits a name; index {results[0]['bytes'] >> 20} MiB, built in {middle('build_s'):.1f} s of CPU")
