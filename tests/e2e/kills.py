"""tests/e2e/kills.py BINARY - kill -9 inside a merge, inside a reload, inside a checkpoint, while officers act; nothing is lost.

All shipped rules, on the real processes.  A country goes on (load.c); people with two passports and a past under each become one and
two again; rules/ is edited, taken back and spoiled, and reloaded each time; officers of two agencies acknowledge, note and close.
Correlation, alerts, or both in one instant, are killed where the mark of the findings journal says what is going on: strike.c
aims and reads it again when the victim is gone.  Then everything is frozen, and from journals and ledgers alone it is checked:

  events     as in crash_loop.py: what was acknowledged is there once
  rule sets  each reload that was taken is in the journal once, each that is wrong not at all; each blow aimed at one fell after
             its record was durable and before anything was answered behind it
  bytes      the event journal, answered again by one process that nobody kills, gives the same findings byte for byte
  casebook   built anew from both journals it is what the killed one kept: states, tracks, officers, dispositions, audiences
  officers   what one was told stands in the journal is there, once, where they were told; what they were not told, once at most
  told       each agency was told of each revision once, and its desk has received each, in order
  chains     `journal verify` passes on both journals

SPDX-License-Identifier: Apache-2.0
"""
import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict

sys.dont_write_bytecode = True
from centre import PLAY_FROM, SCALE, Centre, alive, check, say, seed, tools_of, wait  # noqa: E402
from crash_loop import LOADS, check_events, freeze, repeats, settle  # noqa: E402

PACKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "rules", "packs")
KINDS = ("merge", "reload", "checkpoint")
VICTIMS = [("correlation",)] * 7 + [("correlation", "alerts-station")] * 5 + [("alerts-station",)] * 4
RATE, ROOMS = 60, 4  # events a second; officers at work
DESKS = ("IMI", "POL")
AIM_MS, TRIES = 10000, 40  # how long a blow waits for its instant; how often one that missed is struck again, at most


# ---- people who are one and two -------------------------------------------------------------------------------------
class Pairs:
    """Two passports each.  They are tied and parted by turns, in four ways: a renewal, a permit of both, a passport shown
    with the one before it, and a correction by which another is the renewed one."""
    WAYS = ("renewal", "permit", "shown", "corrected")

    def __init__(self, count, visits):
        self.count, self.visits, self.serial, self.turns, self.tied = count, visits, 0, 0, {}

    def event(self, kind, at, data, source="IMI.ENTIKONG.7", **more):
        self.serial += 1
        raw = (PLAY_FROM << 80) | (7 << 76) | (2 << 62) | self.serial
        x = f"{raw:032x}"
        return {"id": f"{x[:8]}-{x[8:12]}-{x[12:16]}-{x[16:20]}-{x[20:]}", "type": kind, "source": source, "occurred_at": at,
                **more, "data": data}

    @staticmethod
    def doc(pair, which):
        return {"kind": "P", "issuer": "UTO", "number": f"K{which}{pair:06d}"}

    @staticmethod
    def permit(pair, doc):
        return {"action": "issued", "class": "ITAS", "until": "2027-03-20", "permit_no": f"2C11K{pair:06d}", "doc": doc}

    def past(self):
        """Visits under either; some in under one and out under the other: nobody stayed too long, if the two are one."""
        for pair in range(self.count):
            yield self.event("permit.status", "2026-03-19T09:00:00+07:00", self.permit(pair, self.doc(pair, 0)))
            for visit in range(self.visits):
                day = datetime.date(2025, 12, 1) + datetime.timedelta(days=3 * visit)
                who = {"surname": f"KEMBAR{pair}", "given": "UTO", "dob": "1990-02-10", "sex": "F", "nationality": "UTO"}
                for hour, direction in ((2, "entry"), (4, "exit")):  # nobody else is there
                    doc = self.doc(pair, (visit // 7 + (hour == 4 and visit % 5 == 0)) % 2)
                    yield self.event("border.crossing", f"{day}T{hour:02}:{11 * pair:02}:00+07:00",
                                     {"direction": direction, "mode": "land", "post": "ENTIKONG", "doc": doc, **who,
                                      **({"visa_index": "B1", "permitted_until": f"{day + datetime.timedelta(days=2)}"} if hour == 2 else {})})

    def some_turns(self, count=3):
        for _ in range(count):
            yield from self.turn()

    def turn(self):
        """Each pair the other way than before."""
        self.turns += len(self.tied) > 0
        for pair in range(self.count):
            at, one, two = "2026-03-20T09:00:00+07:00", self.doc(pair, 0), self.doc(pair, 1)
            if pair in self.tied:
                for event in self.tied.pop(pair):
                    yield self.event("correction", event["occurred_at"], {"reason": "mistaken"}, event["source"], retracts=event["id"])
                continue
            way = self.WAYS[(pair + self.turns) % len(self.WAYS)]
            if way == "permit":
                event = self.event("permit.status", at, self.permit(pair, two))
            elif way == "shown":
                event = self.event("border.crossing", at, {"direction": "entry", "mode": "land", "post": "ENTIKONG", "doc": two,
                                                           "prev_doc": one, "surname": f"KEMBAR{pair}", "given": "UTO"})
            else:
                event = self.event("document.status", at, {"doc": one, "status": "renewed", "replaced_by": two})
            self.tied[pair] = [event]
            if way == "corrected":  # it was somebody else's; a correction that is taken back leaves that, so both are
                wrong = self.event(event["type"], at, {**event["data"], "replaced_by": self.doc((pair + 1) % self.count, 1)})
                yield wrong
                event = self.event(event["type"], at, event["data"], supersedes=wrong["id"])
                self.tied[pair] = [wrong, event]
            yield event


class World:
    """What goes on while somebody is killed."""

    def __init__(self, c, pairs):
        self.c, self.pairs, self.publishing = c, pairs, None
        self.taken, self.refused, self.edition = 0, 0, 0

    def publish(self, events):
        """In the background; at most one at a time."""
        self.published()
        text = "".join(json.dumps(e) + "\n" for e in events)
        path = self.c.path("to-publish.ndjson")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        with self.c.log("publish.log") as log, open(self.c.path("receipts.ndjson"), "wb") as out:
            self.publishing = subprocess.Popen([self.c.binary, "publish", path, "--key", "IMI.EVERYWHERE", "--gateway", self.c.endpoint,
                                                "--wait", "60s"], cwd=self.c.folder, env=self.c.env, stdout=out, stderr=log)

    def published(self):
        if not self.publishing:
            return
        check(self.publishing.wait(90) == 0, f"publish ended with {self.publishing.returncode}")
        self.publishing = None
        with open(self.c.path("receipts.ndjson"), encoding="utf-8") as f:
            fates = Counter(json.loads(line)["status"] for line in f)
        check(set(fates) == {"accepted"}, f"what was published: {dict(fates)}")

    def edit(self, name, old, new):
        path = self.c.path("rules", name)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        check(text.count(old) == 1, f"{name} is another than this proof knows: {old}")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))

    EDITS = [  # a file, what stands there, what a harmless edition says
        ("stay.yaml", "status: live\nlevel:  medium\nlegal:  \"UU 6/2011 art. 78(1)\"",
         "status: live\nlevel:  low\nlegal:  \"UU 6/2011 art. 78(1)\""),
        ("lodging.yaml", "rule: lodging-late\n", "rule: lodging-late-again\n"),
    ]

    def reload(self):
        """One edition after the other: edited, edited, spoiled, mended and as shipped, as shipped."""
        step, self.edition = self.edition % 5, self.edition + 1
        bad = self.c.path("rules", "spoiled.yaml")
        if step < 2:
            self.edit(*self.EDITS[step])
        elif step == 2:
            with open(bad, "w", encoding="utf-8") as f:
                f.write("rule: a-typo\nwhne: nothing\n")
        else:
            if os.path.exists(bad):
                os.remove(bad)
            name, old, new = self.EDITS[step - 3]
            self.edit(name, new, old)
        word = "ruleset-refused" if step == 2 else "ruleset-recorded"
        self.refused += step == 2
        self.taken += step != 2
        before = self.said(word)
        self.c.run("reload")
        wait(f"ingest has looked at edition {self.edition}", lambda: self.said(word) > before, 30)

    def said(self, word):
        return self.c.count_in_log("up.log", word)

    def is_new(self, answered):
        """Is a rule set recorded that was not answered, when everything up to `answered` was?  Else it was one that is answered again."""
        with open(self.c.path("up.log"), encoding="utf-8") as f:
            last = [line for line in f if "ruleset-recorded" in line][-1]
        return int(last.split("position=")[1]) > answered


# ---- officers ---------------------------------------------------------------------------------------------------------
class Officers(threading.Thread):
    """One act after the other, at the desks of two agencies, through the command line; each has an officer of its own."""
    AS = ("confirmed", "confirmed", "confirmed", "duplicate", "data-error", "dismissed", "not-match")

    def __init__(self, c, chance, room):
        super().__init__(daemon=True)
        self.c, self.chance, self.room, self.acts, self.over, self.broken = c, chance, room, [], threading.Event(), None

    def desk(self, agency, verb, *words):
        return self.c.run("alerts", verb, "--key", f"{agency}.DESK", "--gateway", self.c.endpoint, *words, status=None)

    def act(self, agency, alert, closes):
        officer = f"piket-{self.room}-{len(self.acts)}"
        words = ["--officer", officer, "--message", f"catatan {officer}", "--wait", "10s"]
        disposition = self.chance.choice(self.AS) if closes else ""
        if closes:
            words += ["--as", disposition, "--reason", f"alasan {officer}"]
        done = self.desk(agency, "close" if closes else "ack", *words, alert)
        position = json.loads(done.stdout)["position"] if done.returncode == 0 else None
        self.acts.append({"officer": officer, "agency": agency, "alert": alert, "closes": closes, "as": disposition,
                          "position": position and int(position)})

    def run(self):
        try:
            while not self.over.is_set():
                agency = self.chance.choice(DESKS)
                track = self.chance.choice(("new", "new", "acknowledged"))
                listed = self.desk(agency, "ls", "--track", track, "--limit", "40", "--wait", "2s")
                alerts = [json.loads(line)["alert"] for line in listed.stdout.splitlines()]
                self.over.wait(0.1)  # people
                for alert in self.chance.sample(alerts, min(3, len(alerts))):
                    self.act(agency, alert, track == "acknowledged" or self.chance.random() < 0.3)
        except Exception as e:  # told by the main thread
            self.broken = e

    def stop(self):
        self.over.set()
        self.join(60)
        check(not self.is_alive() and not self.broken, f"the officers ended with {self.broken}")


# ---- blows ------------------------------------------------------------------------------------------------------------
def blow(c, world, kind, names, known):
    """Strike once; the words of strike.c.  `known`: events before the last blow; they are answered first, for who always dies in the same
    merge comes to no other."""
    wait("correlation is past where it died", lambda: repeats(c) or c.mark("findings")[1] >= known, 120 * SCALE)
    running = wait(f"{names} live", lambda: all(n in c.stations() for n in names) and c.stations(), 30)
    hand = c.raise_hand([running[n] for n in names], "findings", kind, AIM_MS)
    while kind != "checkpoint" and hand.poll() is None:  # one may be over before it is seen
        if kind == "reload":
            world.reload()
        else:
            world.publish(world.pairs.some_turns())
            world.published()
        upto = c.mark("journal")[0]
        wait("it is answered", lambda: hand.poll() is not None or c.mark("findings")[1] >= upto, 120)
    return c.it_fell(hand)


def kill_loop(c, world, officers, victims, chance):
    known = 0
    plan = [(kind, names, 0) for kind in KINDS for names in victims]
    chance.shuffle(plan)
    shown, missed, reloads, began = Counter(), Counter(), [], time.monotonic()
    while plan:
        kind, names, tries = plan.pop()
        check(c.supervisor.poll() is None, "up has ended")
        check(not any(o.broken for o in officers), f"the officers ended with {[o.broken for o in officers]}")
        c.desks_live()
        fell = blow(c, world, kind, names, known if chance.random() < 0.8 else 0)
        known = c.mark("journal")[0]
        who = "+".join(n.split("-")[0] for n in names)
        phase, answered = (fell[:2] if names[0] == "correlation" else fell[2:]) if fell else (None, 0)
        if phase == kind and (kind != "reload" or world.is_new(int(answered))):
            shown[kind, who] += 1
            reloads += [int(answered)] * (kind == "reload")
            continue
        missed[kind, phase or "gone"] += 1
        check(tries < TRIES, f"no blow at {who} fell inside a {kind}")
        plan.insert(chance.randrange(len(plan) + 1), (kind, names, tries + 1))
    world.published()
    table = "; ".join(f"{kind}: " + ", ".join(f"{who} {n}" for (k, who), n in sorted(shown.items()) if k == kind) for kind in KINDS)
    say(f"{sum(shown.values())} kills in {time.monotonic() - began:.0f} s, each inside what it was aimed at ({table}); "
        f"{sum(missed.values())} more fell beside it: {dict(missed)}")
    return reloads


# ---- the end ----------------------------------------------------------------------------------------------------------
def check_rule_sets(c, world, reloads):
    """`reloads`: how far the findings answered, durably, when a blow fell inside a reload."""
    sets = [int(line.split()[1]) for line in c.audit("events", "data", "journal") if line[0] == "R"]
    check(len(sets) == 1 + world.taken, f"{world.taken} reloads were taken, {len(sets) - 1} are in the journal")
    for answered in reloads:
        check(any(answered < at for at in sets), f"a blow inside a reload fell behind position {answered}, where none was to come")
    say(f"rule sets: {len(sets)} in the journal, {world.refused} refused")


def check_replay(c):
    """Answered again by one process, from the first event, under each rule set where it stands."""
    differences = sum(line[0] == "D" for line in c.audit("findings", "data", "findings"))
    c.run("backup", "kept")
    again = c.run("restore", "kept", "--verify", "--set", "paths.data=elsewhere", timeout=900).stderr
    check(f"the same findings, byte for byte: {differences} of" in again, f"{differences} findings in the journal, and {again}")
    say(f"bytes: {differences} findings, the same in a clean replay")


def fold_alone(c):
    """The alerts station, with nobody beside it, until it has folded both journals; what is in its casebook then."""
    ends = [line.split() for line in c.audit("findings", "data", "findings") if line[0] == "T"]
    metrics = c.path("run", "alerts.metrics")
    if os.path.exists(metrics):
        os.remove(metrics)
    with c.log("alone.log") as log:
        station = subprocess.Popen([c.binary, "alerts-station", *c.set_words()], cwd=c.folder, env=c.env, stdout=log, stderr=log)
    wait("the casebook is folded", lambda: c.metric("alerts", "alerts_position") == int(ends[-1][2]), 120)
    station.send_signal(signal.SIGTERM)
    check(station.wait(60) == 0, "the station alone did not stop when asked")
    return c.audit("casebook", "data", "casebook")


def check_casebook(c):
    kept = fold_alone(c)
    shutil.rmtree(c.path("data", "casebook"))
    anew = fold_alone(c)
    for a, b in zip(kept, anew):
        check(a == b, f"the casebook kept\n{a}\nand the journals give\n{b}")
    check(len(kept) == len(anew), f"{len(kept)} lines were kept, {len(anew)} built anew")
    say(f"casebook: {sum(line[0] == 'A' for line in kept)} alerts, as the journals give them")
    return kept


def read_journal(c):
    """(events of the alerts station with their positions, findings)"""
    at = {line.split()[2]: int(line.split()[1]) for line in c.audit("events", "data", "journal") if line[0] == "E"}
    events = []
    for line in c.run("journal", "dump", "data/journal").stdout.splitlines():
        if '"type":"alert.' in line:
            e = json.loads(line)
            events.append((at[e["id"].replace("-", "")], e))
    findings = [json.loads(line) for line in c.run("journal", "dump", "data/findings").stdout.splitlines() if '"finding"' in line]
    return events, findings


def check_officers(officers, events, casebook, findings):
    done = defaultdict(list)
    for position, e in events:
        if e["type"] in ("alert.ack", "alert.closed"):
            done[e["data"]["officer"]].append((position, e))
    tracks = {}
    for line in casebook:
        if line[0] == "A":
            words = line.split(" ")
            tracks[words[1]] = {w.split(":")[0]: w.split(":") for w in words[9:]}
    came_back = {f["finding"] for f in findings if f["op"] in ("withdraw", "none")}
    told = kept = 0
    acts = [a for o in officers for a in o.acts]
    for act in acts:
        stands = done.pop(act["officer"], [])
        check(len(stands) <= 1, f"what {act['officer']} did stands {len(stands)} times in the journal")
        if act["position"] is None:
            continue
        told += 1
        check(stands, f"{act['officer']} was told that it stands at {act['position']}, and it is nowhere")
        position, e = stands[0]
        data = e["data"]
        check(position == act["position"], f"{act['officer']} was told {act['position']}, it stands at {position}")
        check((data["alert"], data["agency_code"], data["note"], data.get("disposition", "")) ==
              (act["alert"], act["agency"], f"catatan {act['officer']}", act["as"]), f"{act['officer']}: {act}, and {data}")
        if act["closes"] and act["alert"] not in came_back:
            agency, state, _, officer, disposition = tracks[act["alert"]][act["agency"]]
            check((state, officer, disposition) == ("closed", act["officer"], act["as"]), f"{act}, and the casebook has {tracks[act['alert']]}")
            kept += 1
    check(not done, f"the journal has acts of nobody: {sorted(done)[:3]}")
    check(told > 10 and kept > 3, f"{told} acts of officers, {kept} closed for good: too few to prove anything")
    say(f"officers: {len(acts)} acts, {told} told that it stands: all do, once; {kept} dispositions in the casebook")


def check_told(c, events, findings):
    """Each revision to each agency once; and the desks have them all, in order."""
    told = Counter((e["type"], e["data"]["finding"], e["data"]["rev"], e["data"]["agency_code"]) for _, e in events
                   if e["type"] in ("alert.raised", "alert.amended", "alert.withdrawn"))
    twice = [k for k, n in told.items() if n > 1]
    check(not twice, f"{len(twice)} were told twice, as {twice[:3]}")
    for agency in DESKS:
        due = {(finding, rev) for _, finding, rev, of in told if of == agency}
        order, seen = [], {}
        for item in c.desk(agency):
            if item["cursor"] not in seen:
                order.append(item["cursor"])
            seen[item["cursor"]] = (item["alert"], item["rev"])
        check(order == sorted(order), f"{agency} received alerts out of order")
        got = set(seen.values())
        check(due == got, f"{agency} was told of {len(due)} revisions, its desk has {len(got)}: as {sorted(due ^ got)[:3]}")
    ops = Counter(f["op"] for f in findings)
    why = Counter(f.get("reason") for f in findings)
    for word in ("merge", "split", "rule-changed"):
        check(why[word] > 0, f"nothing was said because of a {word}: {dict(why)}")
    say(f"told: {sum(told.values())} revisions, each once; {dict(ops)}; {dict(why)}")


def act_on(officers):
    """Now that nobody merges any more and no rule changes, what is closed stays closed: until a few alerts are."""
    begun = [len(o.acts) for o in officers]

    def closed():
        check(not any(o.broken for o in officers), f"the officers ended with {[o.broken for o in officers]}")
        return sum(a["closes"] and a["position"] is not None for o, n in zip(officers, begun) for a in o.acts[n:]) >= 12
    wait("officers have closed a few more", closed, 120 * SCALE)


def prove(binary, tools, victims, patience=900 * SCALE):
    chance_seed = seed()
    chance = random.Random(chance_seed)
    with Centre(binary, tools, rules=PACKS, settings=("journal.segment=4MiB", "state.checkpoint_time=250ms", "state.map=8GiB",
                                                      "casebook.map=8GiB")) as c:
        c.load_args = lambda i, rate, start: (chance_seed + 1000 * i, rate // LOADS, start, 100)
        c.key("gateway", "SYSTEM", "--role", "server")
        for i in range(LOADS):
            c.key(f"TEST.LOAD.{i}", "IMI", "--source", "*", "--type", "*", "--rate", "1000000")
        c.key("IMI.EVERYWHERE", "IMI", "--source", "*", "--type", "*")
        for agency in DESKS:
            c.key(f"{agency}.DESK", agency, "--role", "officer")
        c.up()
        c.desks(DESKS)
        world = World(c, Pairs(3, 24))
        world.publish(world.pairs.past())
        world.published()
        start = int(time.time() * 1000)
        for i in range(LOADS):
            c.load(i, *c.load_args(i, RATE, start))
        officers = [Officers(c, random.Random(chance_seed + 1 + room), room) for room in range(ROOMS)]
        for o in officers:
            o.start()
        reloads = kill_loop(c, world, officers, victims, chance)
        act_on(officers)
        for o in officers:
            o.stop()
        freeze(c, patience)
        settle(c, patience, DESKS)
        c.desks_live()
        status = c.down(seconds=60)
        check(status == 0, f"up ended with {status}")
        check_events(c)
        for journal in ("journal", "findings"):
            c.run("journal", "verify", f"data/{journal}")
        check_rule_sets(c, world, reloads)
        check_replay(c)
        casebook = check_casebook(c)
        events, findings = read_journal(c)
        check_officers(officers, events, casebook, findings)
        check_told(c, events, findings)


if __name__ == "__main__":
    prove(sys.argv[1], tools_of(sys.argv[1]), VICTIMS * SCALE)
    say("kills: passed")
