"""tests/e2e/agent_kills.py BINARY - the agent as it is shipped, killed with -9 again and again while publish hands it events.

The crash loop kills the agent's library inside a load program; this is `kentongan agent` with its door for `publish` on the same
machine.  Whatever publish was told is accepted is in the journal exactly once, and in the end it is told so of everything.
SPDX-License-Identifier: Apache-2.0
"""
import json
import random
import subprocess
import sys
from collections import Counter

sys.dont_write_bytecode = True
from bad_senders import lines  # noqa: E402
from centre import SCALE, Centre, check, say, seed, tools_of, wait  # noqa: E402

KILLS, EVENTS, CHUNK = 20 * SCALE, 6000 * SCALE, 300
WHO = ("--key", "TEST.SENDER", "--outbox", "outbox")


def agent(c):
    """A running one that has its outbox and its door."""
    before = c.count_in_log("agent.log", "ready")
    with c.log("agent.log") as log:
        c.producers["agent"] = subprocess.Popen([c.binary, "agent", *WHO, "--gateway", c.endpoint], cwd=c.folder, env=c.env,
                                                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    wait("the agent is ready", lambda: c.count_in_log("agent.log", "ready") > before, 20)
    return c.producers["agent"]


def publish(c, events, name):
    with c.log(f"{name}.out") as out, c.log("publish.log") as log:
        p = subprocess.Popen([c.binary, "publish", "-", *WHO, "--gateway", c.endpoint, "--wait", "3s"], cwd=c.folder, env=c.env,
                             stdin=subprocess.PIPE, stdout=out, stderr=log, text=True)
    c.producers[name] = p
    p.stdin.write("\n".join(events) + "\n")
    p.stdin.close()
    return p


def prove(binary):
    chance = random.Random(seed())
    with Centre(binary, tools_of(binary), settings=("journal.segment=4MiB", "state.map=256MiB", "casebook.map=64MiB")) as c:
        c.key("gateway", "SYSTEM", "--role", "server")
        c.key("TEST.SENDER", "IMI", "--source", "*", "--type", "*", "--rate", "1000000")
        c.up()
        with c.log("agent.log"):
            pass
        events = list(lines(EVENTS, 0xb00000))
        running, kills, at, runs = agent(c), 0, 0, 0
        while at < len(events):
            runs += 1
            p = publish(c, events[at:at + CHUNK], f"publish-{runs}")
            while p.poll() is None and kills < KILLS:
                try:
                    p.wait(chance.uniform(0.001, 0.2))
                except subprocess.TimeoutExpired:
                    running.kill()
                    running.wait()
                    kills += 1
                    running = agent(c)
            # 6: stored, but the agent died with the receipts; whoever asks again is told
            check(p.wait(120) in (0, 6), f"publish {runs} ended with {p.returncode}")
            at += CHUNK if p.returncode == 0 else 0
            if at >= len(events) and kills < KILLS:
                events += lines(CHUNK, 0xb00000 + len(events))
        told = {}
        for run in range(1, runs + 1):
            with open(c.path(f"publish-{run}.out"), encoding="utf-8") as f:
                told |= {r["id"]: r["status"] for r in map(json.loads, f)}
        check(len(told) == len(events), f"{len(told)} of {len(events)} events have a receipt")
        check(set(told.values()) <= {"accepted", "duplicate"}, f"{Counter(told.values())}")
        dumped = (json.loads(line) for line in c.run("journal", "dump", "data/journal").stdout.splitlines())
        taken = Counter(e["id"] for e in dumped if e.get("type") == "lodging.checkin")
        check(set(taken) == set(told), f"{len(set(told) - set(taken))} of {len(told)} that have a receipt are not in the journal")
        check(max(taken.values()) == 1, f"{sum(n > 1 for n in taken.values())} events stand twice")
        check(c.down(seconds=60) == 0, "up did not end well")
        c.run("journal", "verify", "data/journal")
        say(f"agent: killed {kills} times in {runs} runs of publish, {len(told)} receipts, each event once in the journal")


prove(sys.argv[1])
