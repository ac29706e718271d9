"""tests/e2e/bad_senders.py - what goes wrong beside a sender's own disk, and when much goes wrong at once.

Rows of docs/bad-input.md; bad_input.py runs them.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import signal
import subprocess
import threading

from centre import check, pause, wait

MANY = 3000  # more than answers fit into a queue of libzmq
KEPT = 2000  # events of a kilobyte, which the small disk has no room for


def lines(count, base, at="2026-03-01T15:00:00+07:00", note=""):
    for n in range(count):
        yield json.dumps({"id": f"01936b2e-7c00-7000-8000-{base + n:012x}", "type": "lodging.checkin", "source": "TEST.1", "occurred_at": at,
                          "data": {"property": "H-7", "doc": {"kind": "P", "issuer": "UTO", "number": f"K{n:08d}"},
                                   "surname": "SPECIMEN", "given": "UTO", **({"note": note} if note else {})}})


def publish(c, events, outbox, status):
    return c.run("publish", "-", "--key", "TEST.SENDER", "--outbox", outbox, "--gateway", c.endpoint,
                 text="\n".join(events) + "\n", status=status, timeout=300)


def rejected_at_once(c):
    """Each of them with its reason, in the receipt and in the rejects."""
    for turn in range(2):
        base = 0x10000 * (turn + 1)
        done = publish(c, lines(MANY, base, at="2031-01-01T00:00:00+07:00"), "outbox-many", 3)
        receipts = [json.loads(line) for line in done.stdout.splitlines()]
        check(len(receipts) == MANY and all(r["status"] == "rejected" for r in receipts), f"{len(receipts)} receipts")
        silent = [r for r in receipts if r["fault"] != "time-in-future" or not r["text"]]
        check(not silent, f"{len(silent)} of {MANY} without a reason: {silent[:1]}")
    rows = [json.loads(line) for line in c.run("spool", "rejects", "--outbox", "outbox-many").stdout.splitlines()]
    check(len(rows) == 2 * MANY, f"{len(rows)} rejects")
    check(all("time-in-future" in json.dumps(r) for r in rows), "a reject without its reason")


def sending(c, events, outbox, endpoint, name):
    with c.log(f"{name}.log") as said, c.log(f"{name}.out") as out:
        sender = subprocess.Popen([c.binary, "publish", "-", "--key", "TEST.SENDER", "--outbox", outbox, "--gateway", endpoint],
                                  cwd=c.folder, env=c.env, stdin=subprocess.PIPE, stdout=out, stderr=said, text=True)
    c.producers[name] = sender
    threading.Thread(target=feed, args=(sender, events), daemon=True).start()  # it reads no more than it has room for
    return sender


def address_space(process):
    """KiB; 0: it has ended."""
    try:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
            return next((int(line.split()[1]) for line in f if line.startswith("VmSize")), 0)
    except OSError:
        return 0


def feed(sender, events):
    try:
        sender.stdin.write("\n".join(events) + "\n")
        sender.stdin.close()
    except (BrokenPipeError, ValueError):  # it was stopped
        pass


def full_outbox(c, disk):
    """Nobody dies; what is said names disk and place; with room again everything goes through, once."""
    outbox = os.path.join(os.path.basename(disk.at), "outbox")
    done = publish(c, lines(1, 0x900000), outbox, 0)
    check('"accepted"' in done.stdout, "before")
    with open(os.path.join(disk.at, "ballast"), "wb") as f:
        space = os.statvfs(disk.at)
        f.write(b"\0" * (space.f_bavail * space.f_frsize - (1 << 20)))
    events = list(lines(KEPT, 0xa00000, note="x" * 1000))
    with sending(c, events, outbox, "tcp://127.0.0.1:1", "down") as sender:  # the line is down: what comes stays
        wait("it says what is full", lambda: c.count_in_log("down.log", "[store-disk-full]") and c.count_in_log("down.log", outbox), 30)
        check(sender.poll() is None, f"publish did not wait: {sender.returncode}")
        sender.send_signal(signal.SIGINT)
        check(sender.wait(60) == -signal.SIGINT, f"status {sender.returncode}")
    # Acknowledgements need room, too: they find none and wait, or as much as the store can use again, and all goes through.
    sender = sending(c, events, outbox, c.endpoint, "full")
    wait("it says so again, or has ended", lambda: c.count_in_log("full.log", "[store-disk-full]") or sender.poll() is not None, 60)
    before = address_space(sender)
    pause(4, lambda: check(sender.poll() in (None, 0), f"publish died: {sender.returncode}"))  # it tries again and again
    check(address_space(sender) < before + (128 << 10), f"its address space grew from {before} to {address_space(sender)} KiB")
    os.remove(os.path.join(disk.at, "ballast"))
    check(sender.wait(60) == 0, f"status {sender.returncode}")
    with open(c.path("full.out"), encoding="utf-8") as f:
        receipts = {r["id"]: r["status"] for r in map(json.loads, f)}
    check(len(receipts) == KEPT, f"{len(receipts)} of {KEPT} receipts")
    check(set(receipts.values()) <= {"accepted", "duplicate"}, f"{set(receipts.values())}")
    dumped = (json.loads(line) for line in c.run("journal", "dump", "data/journal").stdout.splitlines())
    taken = [e["id"] for e in dumped if e.get("type") == "lodging.checkin"]
    for event in events:
        check(taken.count(json.loads(event)["id"]) == 1, f"{event[:80]}: {taken.count(json.loads(event)['id'])} times in the journal")
