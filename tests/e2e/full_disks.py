"""tests/e2e/full_disks.py - what a centre does, and says, when a store other than the event journal has no room.

Rows of docs/bad-input.md; bad_input.py runs them.  Each takes a centre and the small disk that the store lies on.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import subprocess

import promises
from centre import check, wait as wait_for


def wait(what, condition, seconds=60):
    wait_for(what, condition, seconds)


EVENTS = 200  # before the disk is full


def keys(small):
    small.key("TEST.LOAD.0", "IMI", "--source", "*", "--type", "*", "--rate", "1000000")
    small.run("keys", "gen", "IMI.DESK", "--agency", "IMI", "--role", "officer")


def publish(small, lines):
    done = small.run("publish", "-", "--key", "TEST.LOAD.0", "--outbox", "outbox", "--gateway", small.endpoint,
                     text="\n".join(lines) + "\n", timeout=100)
    check(done.stdout.count('"accepted"') == len(lines), f"of {len(lines)} events not all were taken")


def doctor(small):
    done = small.run("doctor", *small.set_words(), status=None)
    rows = {r["check"]: r for r in map(json.loads, done.stdout.splitlines())}
    for r in rows.values():
        check(r["verdict"] == "ok" or r["next"], f"doctor does not say what to do: {r}")
    return done.returncode, rows


def doctor_says(small, store):
    """Metrics are written each second."""
    code, rows = doctor(small)
    return code == 1 and all(rows.get(r, {}).get("verdict") == "wrong" for r in (store, f"disk of {store}"))


def status(small):
    done = small.run("status", "--key", "IMI.DESK", "--gateway", small.endpoint)
    return next(i for i in map(json.loads, done.stdout.splitlines()) if i["of"] == "centre")


def metric_says(small, station, name):
    wait(f"the metric {name} says so", lambda: small.metric(station, name) > 0)
    promises.hear("metric", name)


def alerts(small, count):
    """So many, from the beginning."""
    done = small.run("alerts", "watch", "--key", "IMI.DESK", "--gateway", small.endpoint, "--sub", f"n{count}", "--from", "earliest",
                     "--count", str(count), "--json", timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


def log_of(small, word):
    with open(small.path("up.log"), encoding="utf-8") as f:
        lines = [line for line in f if f" {word}: " in line]
    if lines:
        promises.hear("log", word)
    return lines


def told(small):
    return small.metric("alerts", "alerts_findings_position")


def with_full_disk(small, disk, word, over, meanwhile):
    """Fill it under load, look, make room, look again."""
    keys(small)
    week = small.run("simulate", "--percent", "3").stdout.splitlines()
    small.up()
    publish(small, week[:EVENTS])
    wait("the first are told", lambda: told(small) and status(small)["behind"] < 3)
    check(doctor(small)[0] == 0, "doctor, before")
    with open(os.path.join(disk.at, "ballast"), "wb") as f:
        space = os.statvfs(disk.at)
        f.write(b"\0" * (space.f_bavail * space.f_frsize - (64 << 10)))
        f.flush()
        publish(small, week[EVENTS:])  # the event journal has room: everything is taken
        wait(f"the log says {word}", lambda: log_of(small, word))
        afterwards = meanwhile(small)
        check(len(log_of(small, word)) == 1, f"{word} is said more than once within a minute")
        f.truncate(0)
    wait(f"the log says {over}", lambda: log_of(small, over), 90)
    wait("it has caught up", lambda: status(small)["behind"] < 3 and small.metric("correlation", "correlation_lag") < 3)
    wait("doctor is content", lambda: doctor(small)[0] == 0)
    if afterwards:
        afterwards()
    check(not status(small)["full"], "the casebook is still called full")
    for bad in ("does-not-repeat", "station-died"):
        check(not log_of(small, bad), f"the log says {bad}")
    once = {(a["alert"], a["rev"]) for a in alerts(small, 500)}
    check(len(once) == 500, "an alert came twice, or not at all")
    check(small.down() == 0, "up did not end well")
    small.run("journal", "verify", "data/findings")


def watching(small):
    """Somebody who waits for alerts; what is said to him beside them."""
    said = small.path("watch.log")
    with open(said, "w", encoding="utf-8") as log:
        p = subprocess.Popen([small.binary, "alerts", "watch", "--key", "IMI.DESK", "--gateway", small.endpoint, "--from", "now", "--json"],
                             cwd=small.folder, env=small.env, stdout=subprocess.DEVNULL, stderr=log)
    small.watchers["IMI"] = p
    return lambda text: text in open(said, encoding="utf-8").read()


def findings(small, disk):
    def meanwhile(small):
        says = watching(small)
        wait("who watches is told that the centre stands still", lambda: says("the centre stands still: "))
        wait("a desk is told that the centre stands still", lambda: status(small)["still_at"])
        wait("doctor says so", lambda: doctor_says(small, "findings"))
        metric_says(small, "correlation", "correlation_full_seconds")
        wait("doctor says that nothing moves", lambda: doctor(small)[1]["told"]["verdict"] == "wrong")
        check(len(small.stations()) == 4, "a station has died")
        return lambda: wait("who watches is told that it has caught up", lambda: says("the centre has caught up"))
    with_full_disk(small, disk, "disk-full", "disk-ok", meanwhile)


def casebook(small, disk):
    def meanwhile(small):
        wait("everything is told all the same", lambda: status(small)["behind"] < 3)
        written = log_of(small, "casebook-full")[0]
        last = max(a["cursor"] for a in alerts(small, 500))
        check(last > int(written.split("findings=")[1].split()[0]), "only what the casebook had was told")
        check(status(small)["full"], "a desk is not told that the casebook is full")
        alert = alerts(small, 1)[0]["alert"]
        done = small.run("alerts", "ack", alert, "--key", "IMI.DESK", "--officer", "piket-1", "--gateway", small.endpoint, status=None)
        check(done.returncode and "disk-low" in done.stderr, f"an action that cannot be kept: {done.stderr}")
        wait("doctor says so", lambda: doctor_says(small, "casebook"))
        metric_says(small, "alerts", "alerts_full_seconds")
    with_full_disk(small, disk, "casebook-full", "casebook-room", meanwhile)


def state(small, disk):
    def meanwhile(small):
        wait("everything is told all the same", lambda: status(small)["behind"] < 3)
        wait("doctor says so", lambda: doctor_says(small, "state"))
        metric_says(small, "correlation", "correlation_state_full_seconds")
        check("kept=" in log_of(small, "checkpoint-full")[0], "it does not say how much is kept")
    with_full_disk(small, disk, "checkpoint-full", "checkpoint-room", meanwhile)
