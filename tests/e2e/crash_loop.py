"""tests/e2e/crash_loop.py BINARY - every process is killed -9 again and again under load; nothing is lost.

5,000 events a second are offered, 17 agencies listen.  Gateway, ingest, correlation, alerts and the agents are killed at
random instants, some of ingest and correlation inside a journal write, a sync or a checkpoint (the mark file says so).
Two agents lose their outbox as well and say again, in a new epoch, what was acknowledged to them already.
Then the producers are frozen, the stations catch up, and from ledgers and journals alone it is checked:

  events     what a producer stored is in the event journal exactly once, with equal bytes, at the position it was told
  numbers    positions have no hole; each producer's sequence numbers rise by one within an epoch
  alerts     every difference was delivered to every entitled agency, in order, and to nobody else; the journal tells each once
  chains     `journal verify` passes on both journals
  bytes      a replay of the event journal, at batch sizes 1, 7 and 1000, gives the same findings byte for byte

SPDX-License-Identifier: Apache-2.0
"""
import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from datetime import datetime

sys.dont_write_bytecode = True
from centre import AGENCIES, RULES, SCALE, Centre, check, say, seed, tools_of, wait  # noqa: E402

RATE, LOADS = 5000, 2
KILLS = {"gateway": 20, "ingest": 26, "correlation": 26, "alerts-station": 20, "agent": 20, "outbox": 2}
AIMED = {"ingest": ("journal", ["commit"] * 14), "correlation": ("findings", ["commit"] * 6 + ["checkpoint"] * 8)}
INSIDE = ("writing", "syncing", "checkpoint")
LEAST_INSIDE = 20


# ---- blows -----------------------------------------------------------------------------------------------------------
def plan_of(kills, chance):
    """(victim, phases) in a random order; as many as AIMED says are aimed, of each 20."""
    plan = []
    for name, count in kills.items():
        aims = AIMED.get(name, (None, []))[1]
        aimed = list(itertools.islice(itertools.cycle(aims), len(aims) * count // KILLS[name])) if aims else []
        plan += [(name, a) for a in aimed] + [(name, "any")] * (count - len(aimed))
    chance.shuffle(plan)
    return plan


def kill_loop(c, kills, least_inside, chance, rate, start):
    plan, counts, inside = plan_of(kills, chance), Counter(), Counter()
    more = [(name, a) for name in AIMED if kills.get(name) for a in AIMED[name][1]] * (1 + least_inside // 20)
    while plan:
        until = time.monotonic() + chance.uniform(0.02, 0.15)
        c.desks_live()
        check(c.supervisor.poll() is None, "up has ended")
        while time.monotonic() < until:
            time.sleep(0.01)
        alive = c.stations()
        for i, (name, phases) in enumerate(plan):
            if name == "agent" or name in alive or (name == "outbox" and c.ledger_size() > 500000):
                break
        else:
            continue
        del plan[i]
        if name in ("agent", "outbox"):
            n = chance.randrange(LOADS)
            p = c.producers[n]
            check(p.poll() is None, f"producer {n} ended by itself: {p.returncode}")
            p.kill()
            p.wait()
            if name == "outbox":
                c.lose_outbox(n)
            c.load(n, *c.load_args(n, rate, start))
            counts[name] += 1
            continue
        phase = c.strike(alive[name], AIMED[name][0] if name in AIMED else None, phases, 2000)
        if phase is None:  # it had just died of something else: up would say so, and not start it again
            plan.append((name, phases))
            continue
        counts[name] += 1
        if phase in INSIDE:
            inside[f"{name}: {phase}"] += 1
        if not plan and sum(inside.values()) < least_inside and more:
            plan.append(more.pop(chance.randrange(len(more))))  # some missed: the disk was faster
    say(f"{sum(counts.values())} kills in {time.time() - start / 1000:.0f} s: {dict(counts)}; inside: {dict(inside)}")
    for name, count in kills.items():
        check(counts[name] >= count, f"{name} was killed {counts[name]} times only")
    return sum(inside.values())


# ---- the end ---------------------------------------------------------------------------------------------------------
def freeze(c, seconds):
    """Who lost an outbox a moment ago first says all of it again: stored is not acknowledged."""
    for i, p in c.producers.items():
        wait(f"producer {i} has said again what its lost outbox held", lambda i=i: c.said_again(i), seconds)
        p.terminate()
    for i, p in c.producers.items():
        wait(f"producer {i} has everything acknowledged", lambda p=p: p.poll() is not None, seconds)
        check(p.returncode == 0, f"producer {i} ended with {p.returncode}")


def repeats(c):
    check(not c.count_in_log("up.log", "does-not-repeat"), "correlation does not repeat itself")


def settle(c, seconds, agencies=AGENCIES):
    """Until correlation, alerts and every desk have come to the end, and stay there."""
    seen, since = None, time.monotonic()

    def still():
        nonlocal seen, since
        c.desks_live()
        repeats(c)
        now = (c.metric("ingest", "ingest_events_total"), c.metric("alerts", "alerts_findings_position"),
               *(os.path.getsize(c.path(f"desk-{a}")) for a in agencies))
        at_end = (c.metric("correlation", "correlation_lag") <= 4 and c.metric("alerts", "alerts_outbox") == 0 and
                  c.metric("ingest", "ingest_durable_position") - c.metric("alerts", "alerts_position") <= 8)
        if now != seen or not at_end:
            seen, since = now, time.monotonic()
        return time.monotonic() - since > 3.5  # metrics are written once a second
    wait("correlation, alerts and the desks have caught up", still, seconds)


def check_events(c):
    records = defaultdict(list)
    numbers, last, positions = {}, {}, 0
    kinds = Counter()
    for line in c.audit("events", "data", "journal"):
        words = line.split()
        positions += 1
        check(int(words[1]) == positions, f"position {words[1]} follows {positions - 1}")
        kinds[words[0]] += 1
        if words[0] not in "EQP":
            continue
        producer, epoch, seq = words[4], int(words[5]), int(words[6])
        if seq:
            check(epoch >= last.get(producer, 0), f"{producer}: epoch {epoch} after {last.get(producer)}")
            last[producer] = epoch
            expected = numbers.get((producer, epoch), 0) + 1
            check(seq == expected, f"position {words[1]}: {producer} has {seq} where {expected} was due")
            numbers[producer, epoch] = seq
        if words[0] == "E":
            records[words[2]].append((words[3], int(words[1]), producer))
    twice = [i for i, r in records.items() if len(r) > 1]
    check(not twice, f"{len(twice)} events stand twice in the journal, as {twice[:3]}")
    stored_all = acknowledged = 0
    for i in range(LOADS):
        stored, receipts = c.ledger(i)
        missing = [e for e in stored if e not in records]
        lost = [e for e in missing if e in receipts]
        check(not lost, f"{len(lost)} acknowledged events are not in the journal, as {lost[:3]}")
        check(not missing, f"{len(missing)} stored events never arrived, as {missing[:3]}")
        for e, content in stored.items():
            check(records[e][0][0] == content, f"event {e} has other bytes in the journal")
        for e, (status, position) in receipts.items():
            check(status != "rejected", f"event {e} was rejected")
            check(e in records, f"acknowledged event {e} is not in the journal")
            check(position in (0, records[e][0][1]), f"event {e}: told {position}, stands at {records[e][0][1]}")
        check(len(receipts) > len(stored) // 2, f"producer {i}: {len(stored)} stored, {len(receipts)} receipts")
        stored_all += len(stored)
        acknowledged += len(receipts)
    say(f"events: {stored_all} stored, {acknowledged} receipts, {dict(kinds)}, {len(numbers)} epochs")
    return sum(1 for r in records.values() if r[0][2] == "SYSTEM.ALERTS")


def check_alerts(c, told, agencies=AGENCIES):
    audience, expected, handed, differences = defaultdict(set), defaultdict(set), 0, 0
    for line in c.audit("findings", "data", "findings"):
        words = line.split()
        check(words[0] in "DT", f"findings position {words[1]} cannot be read")
        if words[0] != "D":
            continue
        differences += 1
        if words[7] != "live":
            continue
        finding, to = words[4], words[9].split(",") if len(words) > 9 else []
        audience[finding].update(["IMI"], filter(None, to))
        handed += len(audience[finding])
        for agency in audience[finding]:
            expected[agency].add(int(words[1]))
    repeats = 0
    for agency in agencies:
        seen = {}
        for n, item in enumerate(c.desk(agency)):
            seen.setdefault(item["cursor"], n)
            repeats += 1
        repeats -= len(seen)
        check(expected[agency], f"nothing was due to {agency}: its ledger proves nothing")
        missing = expected[agency] - seen.keys()
        check(not missing, f"{agency} never received {len(missing)} alerts, as {sorted(missing)[:3]}")
        extra = seen.keys() - expected[agency]
        check(not extra, f"{agency} received {len(extra)} alerts that are not for it, as {sorted(extra)[:3]}")
        order = list(seen)
        check(order == sorted(order), f"{agency} received alerts out of order")
    check(told == handed, f"the journal tells of {told} alerts handed out, {handed} were due")
    say(f"alerts: {differences} differences, {sum(len(expected[a]) for a in agencies)} deliveries due, {repeats} repeats")
    return differences


def replay(c, size, to):
    """Start: dump the event journal up to `to`, replay it at this batch size.  -> (processes, file of the answer)."""
    answer = c.path(f"replayed-{size}.ndjson")
    dump = subprocess.Popen([c.binary, "journal", "dump", "data/journal", "--to", str(to)], cwd=c.folder, stdout=subprocess.PIPE)
    with open(answer, "wb") as out, c.log(f"replay-{size}.log") as log:
        player = subprocess.Popen([c.binary, "replay", "--rules", "rules", "--events", "-", "--batch", str(size)], cwd=c.folder,
                                  stdin=dump.stdout, stdout=out, stderr=log)
    dump.stdout.close()
    return dump, player, answer


def told_at(line):
    return datetime.fromisoformat(json.loads(line)["at"])


def check_bytes(c, sizes):
    """Replay what the journal holds and compare with what was said while the stations died."""
    said = c.path("said.ndjson")
    with open(said, "wb") as f:
        dump = subprocess.Popen([c.binary, "journal", "dump", "data/findings"], cwd=c.folder, stdout=subprocess.PIPE)
        f.writelines(line for line in dump.stdout if not line.startswith(b'{"clock"'))
        check(dump.wait() == 0, "journal dump of the findings")
    to = int(c.audit("end", "data", "journal")[0].split()[0])
    for size, (dump, player, answer) in [(s, replay(c, s, to)) for s in sizes]:
        check(player.wait() == 0 and dump.wait() == 0, f"replay at batch {size} failed")
        count, last = 0, datetime.fromisoformat("1970-01-01T00:00:00Z")
        with open(said, "rb") as ours, open(answer, "rb") as theirs:
            for count, (a, b) in enumerate(itertools.zip_longest(ours, theirs), 1):
                if a is None:  # the journal goes on a little after the last answer: clocks, and what falls due by them
                    check(told_at(b) >= last, f"batch {size}: difference {count} was never said:\n{b[:600]}")
                    continue
                check(a == b, f"batch {size}: difference {count} was said as\n{a[:600]}\nand replayed as\n{(b or b'')[:600]}")
                last = told_at(a)
        check(count > 0, f"batch {size}: nothing was compared")
        say(f"bytes: batch {size}: {count} differences, byte for byte")


def prove(binary, tools, kills, least_inside, rate=RATE, sizes=(1, 7, 1000), patience=900 * SCALE):
    chance_seed = seed()
    chance = random.Random(chance_seed)
    with Centre(binary, tools, rules=RULES, settings=("journal.segment=4MiB", "state.checkpoint_time=250ms", "state.map=8GiB",
                                                      "casebook.map=8GiB")) as c:
        c.load_args = lambda i, rate, start: (chance_seed + 1000 * i, rate // LOADS, start, 100)
        c.usual_keys(LOADS)
        c.up()
        c.desks()
        start = int(time.time() * 1000)
        for i in range(LOADS):
            c.load(i, *c.load_args(i, rate, start))
        inside = kill_loop(c, kills, least_inside, chance, rate, start)
        check(inside >= least_inside, f"{inside} kills fell inside a write, a sync or a checkpoint; {least_inside} are wanted")
        freeze(c, patience)
        say("producers frozen, everything acknowledged")
        settle(c, patience)
        say("caught up")
        c.desks_live()
        status = c.down(seconds=60)
        check(status == 0, f"up ended with {status}")
        told = check_events(c)
        check(check_alerts(c, told) > 0, "no rule has fired")
        for journal in ("journal", "findings"):
            c.run("journal", "verify", f"data/{journal}")
        say("chains: both journals verify")
        check_bytes(c, sizes)


if __name__ == "__main__":
    prove(sys.argv[1], tools_of(sys.argv[1]), {k: v * SCALE for k, v in KILLS.items()}, LEAST_INSIDE * SCALE)
    say("crash loop: passed")
