"""bench/through.py - targets that go through a centre: P1, P2, P3, P6, P7, P11, P12, WHOLE.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import signal
import subprocess
import time

from centre import STATIONS, Centre
from measure import Watch, ask, begin, last_json, limits, median, program, report, room, leave, say, turns
from sizes import BUILD, COUNTRY, EVENTS, LAG, PERSONS, RATE, SECONDS

# of 65536 events: 2 % raise an alert at once, 1 % become overdue
ALERTING, OVERDUE = 1311, 655
ESPER = 110000  # events/s, quoted: Esper 9 in memory with three of the shipped rules on such a machine (PERFORMANCE.md)
NEVER = {"state.checkpoint_time": "1h", "state.checkpoint_bytes": "16 GiB"}
ALWAYS = {"state.checkpoint_time": "10ms"}


# ---- ingest alone: P1, P11 ----------------------------------------------------------------------------------------------
def ingest_once(curve=False):
    with Centre(["ingest", "gateway"]) as centre:
        with Watch(centre.pids()) as w:
            result = centre.load(SECONDS, curve=curve)
        say("ingest" + (" curve" if curve else ""), {**result, "foreign": w.foreign, "cpu": centre.cpu()})
        return result["events_per_s"], w.foreign


def p1(_):
    pairs = turns(lambda: limits(4096, SECONDS), ingest_once)
    report("P1", [p[0] for _, p in pairs], [y["events_per_s"] for y, _ in pairs], [p[1] for _, p in pairs],
           f"one producer, gateway and ingest; window 24576; segment limit {median([y['mb_per_s'] for y, _ in pairs]):.0f} MB/s")


def p11(_):
    pairs = turns(ingest_once, lambda: ingest_once(curve=True))
    report("P11", [p[0] for _, p in pairs], [y[0] for y, _ in pairs], [p[1] for _, p in pairs],
           "value with CURVE, yardstick without, else alike")


# ---- event to alert: P6, P7 ---------------------------------------------------------------------------------------------
def alerts_once():
    """Events at RATE, all stations, both kinds of alerts at a subscriber."""
    with Centre(STATIONS, rules=["bench/rules", "bench/live"], settings={"alerts.window": "65536"}) as centre:
        listener = centre.listener()
        with Watch(centre.pids()) as w:
            # what is overdue comes due while it is being listened to
            sent = centre.load(SECONDS, rate=RATE, window=20000, refused=ALERTING, overdue=OVERDUE, ahead=1500)
            time.sleep(2)
            centre.drain()
        listener.send_signal(signal.SIGTERM)
        heard = last_json(listener.communicate()[0])
        say("alerts", {"sent": sent, "heard": heard, "foreign": w.foreign, "cpu": centre.cpu()})
        return sent, heard, w.foreign


def p6_p7(wanted):
    pairs = turns(lambda: limits(16, min(SECONDS, 3)), alerts_once)
    foreign = [p[2] for _, p in pairs]
    behind = [p[0]["ack_us_p99"] for _, p in pairs]
    note = (f"{RATE} events/s, {PERSONS} persons, 32 rules; acknowledgement p99 {median(behind):.0f} us; "
            f"reached {median([p[0]['events_per_s'] for _, p in pairs]):.0f} events/s")
    for ident, what, which, y in (("P6-p50", "alerts", "us_p50", "commit_us_p50"), ("P6-p99", "alerts", "us_p99", "commit_us_p99"),
                                  ("P7", "lates", "us_p99", "commit_us_p99")):
        if not wanted or ident in wanted or ident.split("-")[0] in wanted:
            counts = [p[1][what]["count"] for _, p in pairs]
            report(ident, [p[1][what][which] for _, p in pairs], [q[y] for q, _ in pairs], foreign,
                   f"{note}; {median(counts):.0f} alerts a run")


# ---- to durable findings: WHOLE, P2, P3 -----------------------------------------------------------------------------------
def whole_once(lag=0):
    """Saturated: EVENTS events as fast as they are taken, or as fast as `lag` allows, until all are answered."""
    with Centre(STATIONS, rules=["bench/rules"]) as centre:
        with Watch(centre.pids()) as w:
            result = centre.load(600, events=EVENTS, refused=0, data=centre.path("data"), lag=lag)
        time.sleep(1.1)  # metrics are written once a second
        result["findings"] = centre.metric("correlation", "kentongan_correlation_findings_total")
        say("whole", {**result, "foreign": w.foreign, "cpu": centre.cpu()})
        return {**result, "foreign": w.foreign}


def whole_line(ident, lag, note):
    pairs = turns(lambda: limits(4096, SECONDS), lambda: whole_once(lag))
    results = [p for _, p in pairs]
    middle = lambda key: median([p[key] for p in results])
    report(ident, [p["answered_per_s"] for p in results], [y["events_per_s"] for y, _ in pairs], [p["foreign"] for p in results],
           f"{EVENTS} events, 30 rules, {middle('findings'):.0f} findings, until the last is answered and durable; ingest took "
           f"{middle('events_per_s'):.0f} events/s; answers came {middle('answered_s') - middle('seconds'):.1f} s after the last "
           f"acknowledgement; widest lag {middle('widest_lag'):.0f} positions, {note}")


def whole(_):
    whole_line("WHOLE", 0, "which nothing bounds but the input")


def p2(_):
    whole_line("P2", LAG, f"which the producer bounds at {LAG} and a frame: it looks how far correlation is, for the centre itself "
               "holds no producer back for unanswered events")


def country_once():
    """The synthetic country through all stations under all shipped rules, the domain clock going along with it."""
    folder = room("clock")
    clock = os.path.join(folder, "clock")
    with Centre([], settings={"clock.file": clock}, source="*") as centre:
        sender = begin([program("load"), centre.plain, "IMI.BENCH.1", "600", f"country={COUNTRY}", f"clock={clock}", "window=32",
                        "data=" + centre.path("data"), f"lag={LAG}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not os.path.exists(clock) and sender.poll() is None:
            time.sleep(0.01)  # it makes the clock before any station looks
        for name in STATIONS:
            centre.start(name)
        with Watch([*centre.pids(), sender.pid]) as w:
            out, err = sender.communicate()
        result = last_json(out)
        if not result.get("ok"):
            raise RuntimeError(f"bench_load: {err[-2000:]} {result}; stations: {centre.tails()}")
        time.sleep(1.1)
        result["findings"] = centre.metric("correlation", "kentongan_correlation_findings_total")
        say("country", {**result, "foreign": w.foreign, "cpu": centre.cpu()})
    leave(folder)
    return {**result, "foreign": w.foreign}


def country_alone():
    """The engine alone on the same events."""
    journal = room("journal")
    ask("journal", journal, country=COUNTRY)
    result = ask("engine", journal=journal, settle=0)
    leave(journal)
    say("country, engine alone", result)
    return result


def p3(_):
    pairs = turns(country_alone, country_once)
    alone = [1e9 / y["ns_per_event"] for y, _ in pairs]
    results = [p for _, p in pairs]
    report("P3", [p["answered_per_s"] for p in results], [ESPER] * len(results), [p["foreign"] for p in results],
           f"yardstick quoted, not measured: {ESPER} events/s of Esper 9 in memory with three of these rules on such a machine; "
           f"measured in turns with it: the engine alone on the same events {median(alone):.0f} events/s, of which the whole path is "
           f"{median([p['answered_per_s'] / a for p, a in zip(results, alone)]):.2f}; {results[0]['acked']} events, "
           f"{pairs[0][0]['rules']} shipped rules, {median([p['findings'] for p in results]):.0f} findings (engine alone "
           f"{pairs[0][0]['ops']}: there nothing is up to 32 events late on the domain clock); country of {COUNTRY} % of its people")


# ---- commits beside checkpoints: P12 --------------------------------------------------------------------------------------
def commits_once(settings):
    """Events at a fifth of RATE; what ingest's own commits took, and how many checkpoints ran meanwhile."""
    folder = room("syncs")
    told = os.path.join(folder, "syncs")
    centre = Centre([], rules=["bench/rules"], settings=settings)
    centre.env["ingest"] = {"LD_PRELOAD": os.path.join(BUILD, "bench", "libbench_syncs.so"), "KTG_BENCH_SYNCS": told,
                            "KTG_BENCH_SYNCS_UNDER": os.path.realpath(centre.path("data", "journal"))}
    with centre:
        for name in ("ingest", "gateway", "correlation"):
            centre.start(name)
        with Watch(centre.pids()) as w:
            sent = centre.load(SECONDS, rate=RATE // 5, refused=0, data=centre.path("data"))
        time.sleep(1.1)
        name = "kentongan_correlation_checkpoint_microseconds"
        count, total = centre.metric("correlation", name + "_count"), centre.metric("correlation", name + "_sum")
    with open(told, encoding="ascii") as f:
        commits = json.load(f)
    leave(folder)
    result = {**commits, "checkpoints": count, "saving_s": total / 1e6, "ack_us_p99": sent["ack_us_p99"], "foreign": w.foreign,
              "seconds": sent["seconds"]}
    say("commits", result)
    if not commits["commits"]:
        raise RuntimeError("P12: no commit of ingest was seen")
    return result


def p12(_):
    pairs = turns(lambda: commits_once(NEVER), lambda: commits_once(ALWAYS))
    without, beside = [y for y, _ in pairs], [p for _, p in pairs]
    middle = lambda rows, key: median([r[key] for r in rows])
    report("P12", [p["us_p99"] for p in beside], [y["us_p99"] for y in without], [p["foreign"] for p in beside],
           f"ingest's own commits, pwrite to fdatasync, at {RATE // 5} events/s, {middle(beside, 'commits'):.0f} a run; value while "
           f"correlation saves its state again and again ({middle(beside, 'checkpoints'):.0f} checkpoints, under way for "
           f"{100 * median([p['saving_s'] / p['seconds'] for p in beside]):.0f} % of the time), yardstick while it answers and never "
           f"saves ({middle(without, 'checkpoints'):.0f}); p50 {middle(beside, 'us_p50'):.0f} and {middle(without, 'us_p50'):.0f} us; "
           f"acknowledgement p99 {middle(beside, 'ack_us_p99'):.0f} and {middle(without, 'ack_us_p99'):.0f} us")
