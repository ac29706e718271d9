"""bench/again.py - targets over a journal that is there: answered in little memory, replayed, tried, started from: P10, P13, P14, P16.

SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import json
import os
import shutil
import subprocess
import time

from centre import STATIONS, Centre
from measure import KENTONGAN, Watch, ask, leave, median, report, room, say, turns
from sizes import COUNTRY, HELD, LAG, NATION, PERSONS, ROOT, RUNS, SECONDS, STATE

YEAR = 200000000  # events of a national year
READY, PACE = 2, 50000  # s from start to ready; events/s within: the target's own numbers
BINARY, IDLE = 10, 64  # MB
LIMITS, FREE = (96, 128, 192), 2048  # MiB of state.memory: bounds, and none


def kentongan(folder, *words, to=subprocess.DEVNULL):
    """Seconds that it took."""
    began = time.monotonic()
    done = subprocess.run([KENTONGAN, *words], cwd=folder, stdout=to, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError(f"kentongan {' '.join(words[:4])}: {done.stderr[-2000:]}")
    return time.monotonic() - began


# ---- memory: P10 --------------------------------------------------------------------------------------------------------------
def said(folder):
    """A digest of the findings, when they were recorded left out."""
    digest = hashlib.blake2b()
    with subprocess.Popen([KENTONGAN, "journal", "dump", "data/findings"], cwd=folder, stdout=subprocess.PIPE, text=True) as dump:
        for line in dump.stdout:
            if '"finding"' in line:
                digest.update(json.dumps({**json.loads(line), "recorded_at": None}, sort_keys=True).encode())
    return digest.hexdigest()


def held_once(made, limit):
    """MiB that correlation held at most while it answered a journal from nothing, and what it said."""
    journal = os.path.join(room("journal"), "copy")
    shutil.copytree(made, journal)
    with Centre([], rules=["bench/rules"], journal=journal, settings={"state.memory": f"{limit} MiB"}) as centre:
        with Watch() as w:
            centre.start("correlation")
            w.pids = centre.pids()
            if not centre.drain():
                raise RuntimeError(f"P10: not answered; {centre.tails()}")
        with open(f"/proc/{centre.children['correlation'].pid}/status", encoding="ascii") as f:
            most = next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM:"))
        centre.stop()
        result = {"limit": limit, "most": most, "said": said(centre.folder), "foreign": w.foreign, "seconds": w.seconds}
    say("held", result)
    return result


def p10_bound(wanted):
    if wanted and not wanted & {"P10-bound", "P10"}:
        return
    made = room("journal")
    ask("journal", made, rules=os.path.join(ROOT, "bench", "rules"), persons=PERSONS, events=HELD)
    free, *bounded = [held_once(made, limit) for limit in (FREE, *LIMITS)]
    leave(made)
    worst = max(bounded, key=lambda r: r["most"] / r["limit"])
    equal = all(r["said"] == free["said"] for r in bounded)
    report("P10-bound", [worst["most"]], [worst["limit"]], [worst["foreign"]],
           f"most that correlation was resident with, pages of files included (VmHWM), while it answered {HELD} events of {PERSONS} persons "
           f"from nothing, 30 rules; yardstick: state.memory; the worst of "
           f"{', '.join(f'''{r['most']:.0f} of {r['limit']} MiB in {r['seconds']:.0f} s''' for r in bounded)}; without a bound "
           f"{free['most']:.0f} MiB in {free['seconds']:.0f} s; answers are {'the same' if equal else 'NOT the same'}; "
           f"nothing bounds rules, timers and waiting sources, some 60 bytes a subject")


# ---- replay and backtest beside the engine alone: P13 -----------------------------------------------------------------------
def p13(wanted):
    folder, journal = room("again"), room("journal")
    made = ask("journal", journal, country=COUNTRY)
    dump = os.path.join(folder, "dump.ndjson")
    with open(dump, "wb") as f:
        kentongan(folder, "journal", "dump", journal, to=f)
    listed = subprocess.run([KENTONGAN, "rules", "ls", "--json"], cwd=folder, capture_output=True, text=True, check=True).stdout
    rules = [r["name"] if "name" in r else r["rule"] for r in map(json.loads, listed.splitlines()) if r["status"] != "off"]
    ways = {"P13-replay": ("replay", "--quiet", "--events", dump),
            "P13-backtest": ("rules", "backtest", *rules, "--since", "1000d", "--journal", journal)}

    def product(words):
        with Watch() as w:
            seconds = kentongan(folder, *words)
        say(words[0], {"seconds": seconds, "foreign": w.foreign})
        return made["events"] / seconds, w.foreign

    for ident, words in ways.items():
        if not wanted or wanted & {ident, "P13"}:
            pairs = turns(lambda: ask("engine", journal=journal, settle=0), lambda w=words: product(w))
            report(ident, [p[0] for _, p in pairs], [1e9 / y["ns_per_event"] for y, _ in pairs], [p[1] for _, p in pairs],
                   f"{made['events']} events of the country under {len(rules)} shipped rules; value is the whole command, start and "
                   f"{'JSON' if ident == 'P13-replay' else 'journal'} included; yardstick: the engine alone on the same batches")
    leave(journal)
    leave(folder)


# ---- a year: P14 --------------------------------------------------------------------------------------------------------------
def year_once(events):
    journal = room("journal")
    made = ask("journal", journal, country=NATION)
    events.append(made)
    with Centre([], journal=journal) as centre:
        centre.start("correlation")
        with Watch(centre.pids()) as w:
            answered = centre.drain()
        cpu = centre.cpu()["correlation"]
        if not answered:
            raise RuntimeError(f"P14: not answered; {centre.tails()}")
    rate = made["events"] / w.seconds
    say("year", {"rate": rate, "foreign": w.foreign, "cpu": cpu})
    return {"rate": rate, "foreign": w.foreign, "cores": cpu / w.seconds, "seconds": w.seconds}


def p14(_):
    made = []
    results = [year_once(made) for _ in range(RUNS)]
    hours = [YEAR / r["rate"] / 3600 for r in results]
    report("P14", hours, [1] * len(hours), [r["foreign"] for r in results],
           f"extrapolated, not measured: {YEAR} events at the measured rate; measured: correlation alone answers a journal of "
           f"{made[0]['events']} events ({100 * made[0]['events'] / YEAR:.4f} % of the year: {made[0]['days']:.0f} days of a country "
           f"of {NATION} % of its people) from nothing, all shipped rules, durable findings, in "
           f"{median([r['seconds'] for r in results]):.1f} s: {median([r['rate'] for r in results]):.0f} events/s on "
           f"{median([r['cores'] for r in results]):.2f} of two cores, for one thread answers; timelines of a whole year are longer and make an event dearer, which the extrapolation leaves out; "
           f"yardstick is the target's one hour")


# ---- start: P16 -----------------------------------------------------------------------------------------------------------------
def memory_mb(pids):
    """Proportional and resident MB of all of them."""
    total = {"Pss": 0, "Rss": 0}
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            for line in f:
                if line.split(":")[0] in total:
                    total[line.split(":")[0]] += int(line.split()[1])
    return total["Pss"] / 1000, total["Rss"] / 1000


def size_mb():
    """Of the program as a package would ship it, and as it was built."""
    folder = room("binary")
    path = os.path.join(folder, "kentongan")
    done = subprocess.run(["strip", "-o", path, KENTONGAN], check=False) if shutil.which("strip") else None
    built = os.path.getsize(KENTONGAN) / 1e6
    stripped = os.path.getsize(path) / 1e6 if done and done.returncode == 0 else built
    leave(folder)
    return stripped, built


def p16_binary():
    stripped, built = size_mb()
    report("P16-binary", [stripped], [BINARY], [0],
           f"stripped; {built:.1f} MB with what a debugger reads; yardstick is the target's own number")


def p16_idle():
    with Centre([], rules=["bench/rules"]) as centre:
        with Watch() as w:
            centre.up()
            time.sleep(2)
            w.pids = centre.pids()
        pss, rss = memory_mb(centre.pids())
    report("P16-idle", [pss], [IDLE], [w.foreign],
           f"supervisor and {len(STATIONS)} stations two seconds after the start, nothing known, 30 rules: proportional share of what "
           f"they map; resident sets added up, shared pages again and again, {rss:.0f} MB; yardstick is the target's own number")


def known_centre():
    """A centre that has answered STATE persons' events, stopped."""
    journal = room("journal")
    ask("journal", journal, rules=os.path.join(ROOT, "bench", "rules"), persons=STATE, events=STATE, each=1)
    centre = Centre([], rules=["bench/rules"], journal=journal)
    try:
        centre.start("correlation")
        began = time.monotonic()
        if not centre.drain():
            raise RuntimeError(f"P16: not answered; {centre.tails()}")
        took = time.monotonic() - began
        centre.stop()
        made, _ = centre.positions()
        centre.up()  # once, so that alerts has folded the findings as well
        until = time.monotonic() + 300
        while centre.metric("alerts", "kentongan_alerts_position") < made:
            if time.monotonic() > until:
                raise RuntimeError(f"P16: alerts does not come to {made}")
            time.sleep(0.05)
        centre.stop()
    except BaseException:
        centre.stop()
        raise
    return centre, took


def start_once(centre, load):
    began = time.monotonic()
    centre.up()
    result = {"ready": time.monotonic() - began}
    pids = centre.pids()
    result["mb"], _ = memory_mb(pids)
    with Watch(pids) as w:
        if load:
            sent = centre.load(min(10, 2 * SECONDS), persons=STATE, refused=0, data=centre.path("data"), lag=LAG)
            result["rate"], result["load_s"] = sent["answered_per_s"], sent["answered_s"]
    result["foreign"] = w.foreign
    centre.stop()
    say("start", result)
    return result


def p16(wanted):
    is_wanted = lambda ident: not wanted or wanted & {ident, "P16"}
    if is_wanted("P16-binary"):
        p16_binary()
    if is_wanted("P16-idle"):
        p16_idle()
    if not is_wanted("P16-ready") and not is_wanted("P16-rate"):
        return
    centre, took = known_centre()
    with centre:
        results = [start_once(centre, is_wanted("P16-rate")) for _ in range(RUNS)]
        state = centre.metric("correlation", "kentongan_correlation_state_bytes") / 1e6
    foreign = [r["foreign"] for r in results]
    note = (f"{STATE} persons of state with an event each ({state:.0f} MB of map; the target's 10 M persons are not measured), 30 rules, "
            f"`kentongan up`; the state itself was answered in {took:.0f} s; yardstick is the target's own number")
    if is_wanted("P16-ready"):
        report("P16-ready", [r["ready"] for r in results], [READY] * len(results), foreign,
               f"until every station serves, files in the page cache; then {median([r['mb'] for r in results]):.0f} MB; {note}")
    if is_wanted("P16-rate"):
        report("P16-rate", [r["rate"] for r in results], [PACE] * len(results), foreign,
               f"saturated, answered and durable, over the first {median([r['load_s'] for r in results]):.0f} s after ready, lag bounded "
               f"at {LAG} by the producer; {note}")
