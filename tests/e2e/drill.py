"""tests/e2e/drill.py BINARY - the drill: a centre under load loses every disk, comes back from its backup, and goes on.

Own rules are in force and alerts stand by them; two producers send.  A backup is made meanwhile, and more is acknowledged
after it.  Then all stations are killed -9 and data, rules and key registry are destroyed.  Brought back from the backup:

  findings   what the backup had said, byte for byte, and then what follows; nothing is withdrawn for another rule set
  alerts     what stood at the backup stands, as the desk of the immigration office sees it
  events     what was acknowledged up to the backup is there at the position it was told; what had no receipt arrives,
             once, by the outboxes; missing is what was acknowledged after the backup, and not one event more
  again      the producers say everything once more from new outboxes: then nothing is missing

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import random
import shutil
import signal
import sys
import time

sys.dont_write_bytecode = True
from centre import RULES, Centre, check, say, seed, tools_of, wait  # noqa: E402

RATE, LOADS, PATIENCE = 400, 2, 240
LEAST = 300  # events acknowledged after the backup


def findings(c, *folder):
    lines = c.run("journal", "dump", os.path.join(*folder)).stdout.splitlines()
    return [line for line in lines if '"finding"' in line]


def standing(lines):
    """{finding: its last word}"""
    last = {f["finding"]: f for f in map(json.loads, lines)}
    return {k: f for k, f in last.items() if f["op"] not in ("withdraw", "none")}


def alerts(c):
    """{alert: its state, level and rule} as the immigration office is shown them; None: nobody answers yet."""
    done = c.run("alerts", "ls", "--key", "IMI.DESK", "--gateway", c.endpoint, "--limit", "100000", status=None)
    return {a["alert"]: (a["state"], a["level"], a["rule"]) for a in map(json.loads, done.stdout.splitlines())} if done.returncode == 0 else None


def acknowledged(c):
    return sum(len(c.ledger(i)[1]) for i in range(LOADS))


def last_position(c, *folder):
    return int(c.audit("events", *folder)[-1].split()[1])


def events(c):
    """{id: (content, position)}, each once."""
    found = {}
    for words in (line.split() for line in c.audit("events", "data", "journal")):
        if words[0] == "E" and not words[4].startswith("SYSTEM."):
            check(words[2] not in found, f"event {words[2]} stands twice in the journal")
            found[words[2]] = (words[3], int(words[1]))
    return found


def still(what, look, seconds=60, calm=1.0):
    """Wait until it has not changed for a while."""
    seen = [None, 0.0]

    def same():
        now = look()
        if now != seen[0]:
            seen[:] = [now, time.monotonic()]
        return time.monotonic() - seen[1] > calm
    wait(what, same, seconds)


def all_producers(c, number):
    for p in c.producers.values():
        check(p.poll() is None, f"a producer has ended: {p.returncode}")
        p.send_signal(number)


def finish(c):
    """Nothing new is offered; all that was stored gets its receipt."""
    all_producers(c, signal.SIGTERM)
    for i, p in c.producers.items():
        wait(f"producer {i} has everything acknowledged", lambda p=p: p.poll() is not None, PATIENCE)
        check(p.returncode == 0, f"producer {i} ended with {p.returncode}")


# ---- the drill -------------------------------------------------------------------------------------------------------
def back_up(c, chance):
    """While all runs; more is acknowledged after it."""
    wait("alerts stand", lambda: len(standing(findings(c, "data", "findings"))) >= 3, PATIENCE)
    until = time.monotonic() + chance.uniform(0, 1)
    wait("some moment", lambda: time.monotonic() > until, 5)
    c.run("backup", "kept", *c.set_words())
    then = acknowledged(c)
    wait("more is acknowledged", lambda: acknowledged(c) >= then + LEAST, PATIENCE)


def destroy(c):
    c.down(hard=True)
    still("the ledgers are written", lambda: acknowledged(c))
    all_producers(c, signal.SIGSTOP)  # they come back when the alerts have been looked at
    for name in ("data", "run", "rules", os.path.join("keys", "registry")):
        shutil.rmtree(c.path(name))


def bring_back(c, told, stood):
    done = c.run("restore", "kept", "--verify", *c.set_words())
    check("byte for byte" in done.stderr, f"restore --verify: {done.stderr}")
    check("in force since position" in done.stderr, f"restore --verify: {done.stderr}")
    check(findings(c, "data", "findings") == told, "the restored findings are not those of the backup")
    c.up()
    wait("the desk sees what stood at the backup", lambda: set(alerts(c) or ()) >= set(stood), PATIENCE)
    shown, now = alerts(c), findings(c, "data", "findings")
    check(now[:len(told)] == told, "the findings do not go on from those of the backup")
    later = {json.loads(line)["finding"] for line in now[len(told):]}
    for alert in stood.keys() - later:
        want = tuple(stood[alert][k] for k in ("state", "level", "rule"))
        check(shown[alert] == want, f"alert {alert} is {shown[alert]}, and was {want}")
    check(len(stood.keys() - later) > 0, "no alert stands as it stood")
    say(f"findings: {len(told)} of the backup, byte for byte, {len(now) - len(told)} after them; alerts: {len(stood)} stood, "
        f"{len(stood.keys() & later)} have changed since by themselves")


def check_events(c, before, last):
    """`before`: the ledgers when the disks were lost; `last`: the end of the backup."""
    there, went = events(c), 0
    for i in range(LOADS):
        stored, _ = c.ledger(i)
        known = before[i][1]
        for e, content in stored.items():
            status, position = known.get(e, ("", 0))
            if e in there:
                check(there[e][0] == content, f"event {e} has other bytes in the journal")
                check(not 0 < position <= last or there[e][1] == position, f"event {e}: told {position}, stands at {there[e][1]}")
            else:
                check(status != "", f"event {e} had no receipt when the disks were lost, and never arrived")
                check(position == 0 or position > last, f"event {e} was acknowledged at {position}, before the backup's end at {last}")
                went += 1
    check(went > 0, "nothing was lost with the disks: the drill proves nothing")
    say(f"events: {len(there)} in the journal; {went} acknowledged after the backup went with the disks")


def say_again(c, loads):
    for i in range(LOADS):
        c.lose_outbox(i, again=1 << 60)
        c.load(i, *loads[i])
    for i in range(LOADS):
        wait(f"producer {i} has said everything again", lambda i=i: c.said_again(i), PATIENCE)
    finish(c)
    there = events(c)
    for i in range(LOADS):
        stored, _ = c.ledger(i)
        check(stored, "nothing was said")
        missing = [e for e, content in stored.items() if there.get(e, ("",))[0] != content]
        check(not missing, f"{len(missing)} events are missing although they were said again, as {missing[:3]}")
    say(f"again: {len(there)} in the journal, none is missing")


def prove(binary):
    chance_seed = seed()
    with Centre(binary, tools_of(binary), rules=RULES,
                settings=("journal.segment=1MiB", "state.map=256MiB", "casebook.map=64MiB")) as c:
        c.usual_keys(LOADS)
        c.up()
        start = int(time.time() * 1000)
        loads = [(chance_seed + 1000 * i, RATE // LOADS, start, 20) for i in range(LOADS)]
        for i in range(LOADS):
            c.load(i, *loads[i])
        back_up(c, random.Random(chance_seed))
        told, last = findings(c, "kept", "findings"), last_position(c, "kept", "journal")
        stood = {k: f for k, f in standing(told).items()}
        check(len(stood) >= 3, "the backup has no standing alerts")
        destroy(c)
        before = [c.ledger(i) for i in range(LOADS)]
        say(f"backup up to {last}, {len(stood)} alerts stand; then every disk was lost")
        bring_back(c, told, stood)
        heard = acknowledged(c)
        all_producers(c, signal.SIGCONT)
        wait("the producers go on", lambda: acknowledged(c) > heard + LEAST, PATIENCE)
        finish(c)
        check_events(c, before, last)
        say_again(c, loads)
        reasons = {f["reason"] for f in map(json.loads, findings(c, "data", "findings"))}
        check("rule-changed" not in reasons, "findings were changed for another rule set")
        check(c.count_in_log("up.log", "ruleset-recorded") == 1, "a rule set was recorded after the restore")
        check(c.down(seconds=60) == 0, "up did not end well")
        for journal in ("journal", "findings"):
            c.run("journal", "verify", f"data/{journal}")


if __name__ == "__main__":
    prove(sys.argv[1])
    say("drill: passed")
