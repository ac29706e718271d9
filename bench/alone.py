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


def p10(wanted):
    with Watch() as w:
        large, half, alone = known(KNOWN, True), known(KNOWN // 2, True), known(KNOWN, False)
    high, low = large[-1]["highest_kib"], half[-1]["highest_kib"]
    last = large[-1]
    equal = alone[-1]["digest"] == last["digest"]
    subject, entry = weights(large, lambda r: r["map_bytes"])
    raw_subject, raw_entry = weights(large, lambda r: r["record_bytes"])
    heap = lambda r: (r["anonymous_kib"] - r["empty_kib"]) * 1024
    note = (f"{KNOWN} persons with three events each ({last['subjects']} timelines of all kinds, {last['entries']} entries), 30 rules; "
            "one run, for the sizes do not vary")
    for ident, value, raw, must in (("P10-subject", subject, raw_subject, 60), ("P10-entry", entry, raw_entry, 30)):
        if not wanted or wanted & {ident, "P10"}:
            report(ident, [value], [must], [w.foreign],
                   f"yardstick is the target's own number; bytes of the state's map in LMDB, which is what stays resident while there is "
                   f"memory; {raw:.0f} of them are keys and values; all in memory and without a store an engine of these persons holds "
                   f"{heap(alone[-1]) >> 20} MiB, {heap(alone[-1]) / last['subjects']:.0f} bytes a timeline; {note}")
    if not wanted or wanted & {"P10-bound", "P10"}:
        report("P10-bound", [high], [low], [w.foreign],
               f"most memory that no file stands behind, state in LMDB, a checkpoint each {BOUND / 1e6:.1f} MB of changes; yardstick: half "
               f"the persons; answers are {'the same' if equal else 'NOT the same'} as all in memory; state.checkpoint_bytes bounds the "
               f"changes, nothing bounds timers, waiting sources and the sieve: all in all {high - low:+d} KiB for twice the persons; "
               f"pages of the map ({last['map_bytes'] >> 20} MiB) are the kernel's to drop; {note}")


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
