"""tests/e2e/bad_input.py BINARY - each row of docs/bad-input.md, on the real processes.

Whatever comes in, the answer has the name that the page says, an event that was refused lies in quarantine with its bytes, and
the next good event still goes through.  A row of the page without a case here is an error, and a case without a row.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import bad_senders  # noqa: E402
import full_disks  # noqa: E402
import promises  # noqa: E402
import refusals  # noqa: E402
from centre import PLAY_FROM, RULES, Centre, check, say, tools_of, wait  # noqa: E402

Centre.on_run = staticmethod(lambda words, said: promises.hear("command", (words, said)))
Centre.on_log = staticmethod(lambda text: promises.hear("log", text))
HELLO, WELCOME, PUBLISH, ACK, NACK, BYE = 1, 2, 3, 4, 5, 13
cases = {}  # name of the row -> (function, named error)


def case(name, error):
    def keep(function):
        cases[name] = (function, error)
        return function
    return keep


# ---- canonical msgpack, and frames -----------------------------------------------------------------------------------
def head(size, fix, most, wide):
    if size <= most:
        return bytes([fix | size])
    for code, form, top in wide:
        if size <= top:
            return bytes([code]) + struct.pack(form, size)
    raise ValueError(size)


def pack(v):
    if isinstance(v, bool):
        return b"\xc3" if v else b"\xc2"
    if isinstance(v, int):
        if v >= 0:
            return head(v, 0, 127, ((0xcc, ">B", 255), (0xcd, ">H", 65535), (0xce, ">I", 2**32 - 1), (0xcf, ">Q", 2**64 - 1)))
        for code, form, low in ((None, ">b", -32), (0xd0, ">b", -128), (0xd1, ">h", -2**15), (0xd2, ">i", -2**31), (0xd3, ">q", -2**63)):
            if v >= low:
                return (bytes([code]) if code else b"") + struct.pack(form, v)
    if isinstance(v, str):
        b = v.encode()
        return head(len(b), 0xa0, 31, ((0xd9, ">B", 255), (0xda, ">H", 65535), (0xdb, ">I", 2**32 - 1))) + b
    if isinstance(v, bytes):
        return head(len(v), 0, -1, ((0xc4, ">B", 255), (0xc5, ">H", 65535), (0xc6, ">I", 2**32 - 1))) + v
    if isinstance(v, list):
        return head(len(v), 0x90, 15, ((0xdc, ">H", 65535), (0xdd, ">I", 2**32 - 1))) + b"".join(map(pack, v))
    return head(len(v), 0x80, 15, ((0xde, ">H", 65535),)) + b"".join(pack(k) + pack(v[k]) for k in sorted(v, key=str.encode))


def unpack(b, at=0):
    def many(n, at, pairs):
        out = []
        for _ in range(n * (2 if pairs else 1)):
            v, at = unpack(b, at)
            out.append(v)
        return (dict(zip(out[::2], out[1::2])) if pairs else out), at

    def text(n, at, decode=True):
        return (b[at:at + n].decode() if decode else b[at:at + n]), at + n
    c, at = b[at], at + 1
    if c < 0x80 or c >= 0xe0:
        return (c if c < 0x80 else c - 256), at
    if c < 0xa0:
        return many(c & 15, at, c < 0x90)
    if c < 0xc0:
        return text(c & 31, at)
    if c in (0xc2, 0xc3):
        return c == 0xc3, at
    form, size = {0xcc: (">B", 1), 0xcd: (">H", 2), 0xce: (">I", 4), 0xcf: (">Q", 8), 0xd0: (">b", 1), 0xd1: (">h", 2), 0xd2: (">i", 4),
                  0xd3: (">q", 8), 0xc4: (">B", 1), 0xc5: (">H", 2), 0xc6: (">I", 4), 0xd9: (">B", 1), 0xda: (">H", 2), 0xdb: (">I", 4),
                  0xdc: (">H", 2), 0xdd: (">I", 4), 0xde: (">H", 2)}[c]
    n, at = struct.unpack_from(form, b, at)[0], at + size
    if 0xcc <= c <= 0xd3:
        return n, at
    if c in (0xdc, 0xdd, 0xde):
        return many(n, at, c == 0xde)
    return text(n, at, c >= 0xd9)


def frame(kind, session, body):
    return b"KT" + bytes([1, kind, 0, 0, 0, 0]) + struct.pack(">Q", session) + (body if isinstance(body, bytes) else pack(body))


# ---- events ----------------------------------------------------------------------------------------------------------
serial = 0


def event(**change):
    """A right event with a fresh id; what is given replaces fields of the envelope, None removes."""
    global serial
    serial += 1
    e = {"id": struct.pack(">Q", (PLAY_FROM - 10**6) << 16 | 0x7000) + struct.pack(">Q", 1 << 63 | serial), "v": 1,
         "type": "lodging.checkin", "source": "TEST.1", "occurred_at": [PLAY_FROM - 10**6, 420],
         "data": {"property": "H-7", "doc": {"kind": "P", "issuer": "UTO", "number": f"L{serial:08d}"}, "surname": "SPECIMEN", "given": "UTO"}}
    e |= change
    return {k: v for k, v in e.items() if v is not None}


def data(**change):
    d = event()["data"] | change
    return event(data={k: v for k, v in d.items() if v is not None})


# ---- a client that sends anything ------------------------------------------------------------------------------------
class Client:
    def __init__(self, c, name="TEST.ALL", secret=None, server=None):
        self.p = subprocess.Popen([c.tool("frames"), c.endpoint, server or c.public["gateway"],
                                   secret or c.path("keys", "private", f"{name}.secret")],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.name, self.session, self.acked, self.heard = name, 0, 0, b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.stdin.close()
        self.p.wait(10)
        self.p.stdout.close()

    def send(self, kind, body, session=None):
        self.raw(frame(kind, self.session if session is None else session, body))

    def raw(self, b):
        self.p.stdin.write(b.hex().encode() + b"\n")
        self.p.stdin.flush()

    def next(self, seconds=20):
        """A word of the connection, or (type, body) of a frame."""
        while b"\n" not in self.heard:
            more = os.read(self.p.stdout.fileno(), 1 << 16) if select.select([self.p.stdout], [], [], seconds)[0] else b""
            if not more:
                return None
            self.heard += more
        line, self.heard = self.heard.split(b"\n", 1)
        words = line.decode().split()
        if words[0] != "GOT":
            return words[0]
        b = bytes.fromhex(words[1])
        return b[3], unpack(b, 16)[0]

    def expect(self, wanted, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            got = self.next(max(0.01, until - time.monotonic()))
            if got == wanted or (got and got[0] == wanted):
                if wanted == BYE:
                    promises.hear("BYE", got[1])
                return got
            check(got is not None, f"{wanted} did not come")
        check(False, f"{wanted} did not come in {seconds} s")

    def hello(self, epoch=1):
        self.expect("UP")
        self.send(HELLO, {"producer": self.name, "proto_min": 1, "proto_max": 1, "epoch": epoch, "next_seq": 1}, 0)
        kind, body = self.expect(WELCOME)
        self.session, self.acked = body["session"], body["acked_seq"]
        return self

    def publish(self, *blobs, first=None):
        """-> (runs of the ACK by number, NACKs by number) or the BYE."""
        first = first or self.acked + 1
        self.send(PUBLISH, {"events": list(blobs), "first_seq": first})
        status, nacks, until = {}, {}, time.monotonic() + 20
        while len(status) + sum(n["class"] != "reject" for n in nacks.values()) < len(blobs) or \
                any(s == 2 and n not in nacks for n, s in status.items()):
            check(time.monotonic() < until, f"no answer: {status} {nacks}")
            got = self.next()
            check(isinstance(got, tuple), f"instead of an answer: {got}")
            kind, body = got
            if kind == NACK:
                promises.hear("NACK", body)
            if kind == ACK:
                self.acked = max(self.acked, body["seq"])
                for run_first, count, _, run_status in body["runs"]:
                    promises.hear("ACK", run_status)
                    status |= {n: run_status for n in range(run_first, run_first + count)}
            elif kind == NACK:
                nacks[body["seq"]] = body
            elif kind == BYE:
                return body, None
        return status, nacks


# ---- what must hold after every case ---------------------------------------------------------------------------------
def good_still_goes(c):
    with Client(c).hello(EPOCH) as client:
        status, _ = client.publish(pack(event()))
        check(list(status.values()) == [0], f"the next good event: {status}")


def quarantined(c, code, blob):
    """A durable record with the fault and the bytes."""
    def find():
        for line in c.run("journal", "dump", "data/journal").stdout.splitlines():
            q = json.loads(line).get("quarantine") if line.startswith('{"quarantine"') else None
            if q and q["record"]["code"] == code and q["record"]["event"] == {"$bin": blob.hex()}:
                return q["record"]
        return None
    record = wait(f"{code} lies in quarantine", find, 10)
    for key in ("apa", "code", "next", "what"):
        check(record[key], f"the record of {code} does not say {key}")
    check("where" in record and "got" in record and "want" in record, f"the record of {code}: {record}")
    promises.hear("quarantine", record)


def told_whole(text, code, *parts):
    """An error on a terminal: what, where, got, wanted, do next, and its name."""
    check(f"[{code}]" in text, f"[{code}] is not in: {text}")
    for p in parts:
        check(p in text, f"'{p}' is not in: {text}")


EPOCH = 1


def refused(name, error, blob_of, where=""):
    """A case: one wrong event between two right ones is rejected under this name; the others are taken."""
    @case(name, error)
    def _(c):
        wrong, (a, b) = blob_of(), (pack(event()), pack(event()))
        with Client(c).hello(EPOCH) as client:
            first = client.acked + 1
            status, nacks = client.publish(a, wrong, b)
            check(nacks is not None, f"goodbye instead: {status}")
            check([status.get(first + n) for n in range(3)] == [0, 2, 0], f"status {status}, {nacks}")
            nack = nacks[first + 1]
            check(nack["code"] == error, f"code {nack}")
            check(where in nack["where"], f"where {nack}")
            check(nack["text"], f"text {nack}")
        quarantined(c, error, wrong)


def nested(depth):
    return b"\x91" * depth + b"\x01"


def unsorted():
    e = event()
    keys = sorted(e, reverse=True)
    return bytes([0x80 | len(e)]) + b"".join(pack(k) + pack(e[k]) for k in keys)


refused("bytes that are no value", "malformed", lambda: b"\xc1\x00\x01")
refused("a value that is cut", "malformed", lambda: pack(event())[:-3])
refused("bytes after the value", "malformed", lambda: pack(event()) + b"\x01")
refused("a nesting bomb", "too-deep", lambda: nested(5000))
refused("a length bomb: array", "malformed", lambda: b"\xdd\xff\xff\xff\xff")
refused("a length bomb: map", "malformed", lambda: b"\xdf\xff\xff\xff\xff")
refused("a length bomb: text", "malformed", lambda: b"\xdb\xff\xff\xff\xff")
refused("unsorted keys", "not-canonical", unsorted)
refused("a longer form than needed", "not-canonical", lambda: pack(event()).replace(b"\xa1v\x01", b"\xa1v\xcc\x01"))
refused("a float", "not-canonical", lambda: pack(event()).replace(b"\xa1v\x01", b"\xa1v\xcb?\xf0\0\0\0\0\0\0"))
refused("an event over the limit", "oversize", lambda: pack(data(note="x" * 70000)), "byte 0")
refused("an event that fills a frame", "oversize", lambda: pack(data(note="x" * 1000000)), "byte 0")
refused("an unknown type", "unknown-type", lambda: pack(event(type="lodging.chekin")), "/type")
refused("an unknown field of the envelope", "unknown-field", lambda: pack(event(sender="x")), "/sender")
refused("a missing field", "missing-field", lambda: pack(data(property=None)), "/data/property")
refused("a missing field of the envelope", "missing-field", lambda: pack(event(occurred_at=None)), "/occurred_at")
refused("a value of another type", "wrong-type", lambda: pack(data(property=7)), "/data/property")
refused("a wrong code", "wrong-code", lambda: pack(data(doc={"kind": "ZZ", "issuer": "UTO", "number": "L1"})), "/data/doc")
refused("a value in a wrong form", "wrong-value", lambda: pack(data(planned_out="2026-13-41")), "/data/planned_out")
refused("a text too long for its field", "too-long", lambda: pack(data(surname="S" * 5000)), "/data/surname")
refused("a time in the future", "time-in-future", lambda: pack(event(occurred_at=[PLAY_FROM + 365 * 86400000, 420])), "/occurred_at")


def narrow(name, error, where, change):
    @case(name, error)
    def _(c):
        wrong = pack(event(**({"source": "NARROW.1"} | change)))
        with Client(c, "TEST.NARROW").hello(EPOCH) as client:
            status, nacks = client.publish(wrong)
            nack = nacks[client.acked]
            check(list(status.values()) == [2] and nack["code"] == error and where in nack["where"], f"{status} {nacks}")
        quarantined(c, error, wrong)


narrow("a type that the key may not send", "forbidden-type", "/type",
       {"type": "licence.status", "data": {"nib": "0000000000001", "kind": "PMA", "status": "revoked"}})
narrow("a source that is not the key's", "forbidden-source", "/source", {"source": "OTHER.1"})


@case("the same event again", "-")
def _(c):
    again = pack(event())
    with Client(c).hello(EPOCH) as client:
        check(list(client.publish(again)[0].values()) == [0], "the first")
        check(list(client.publish(again)[0].values()) == [1], "the second is success, as a duplicate")


@case("another event under a used id", "id-conflict")
def _(c):
    e = event()
    other = pack(e | {"occurred_at": [PLAY_FROM - 5 * 10**6, 420]})
    with Client(c).hello(EPOCH) as client:
        client.publish(pack(e))
        status, nacks = client.publish(other)
        check(list(status.values()) == [2] and nacks[client.acked]["code"] == "id-conflict", f"{status} {nacks}")
    quarantined(c, "id-conflict", other)


@case("a correction of another source's event", "bad-correction")
def _(c):
    e = event()
    wrong = pack(event(source="OTHER.1", supersedes=e["id"]))
    with Client(c).hello(EPOCH) as client:
        client.publish(pack(e))
        status, nacks = client.publish(wrong)
        check(list(status.values()) == [2] and nacks[client.acked]["code"] == "bad-correction", f"{status} {nacks}")
    quarantined(c, "bad-correction", wrong)


@case("a gap in the sequence", "sequence-gap")
def _(c):
    early = pack(event())
    with Client(c).hello(EPOCH) as client:
        expected = client.acked + 1
        _, nacks = client.publish(early, first=expected + 5)
        nack = nacks[expected + 5]
        check((nack["class"], nack["code"], nack["expected"]) == ("seq-gap", "sequence-gap", expected), f"{nacks}")
        check(list(client.publish(pack(event()))[0].values()) == [0], "going back")
    quarantined(c, "sequence-gap", early)


@case("a number that was another event", "sequence-conflict")
def _(c):
    other = pack(event())
    with Client(c).hello(EPOCH) as client:
        client.publish(pack(event()))
        _, nacks = client.publish(other, first=client.acked)
        check(nacks[client.acked]["class"] == "seq-conflict" and nacks[client.acked]["code"] == "sequence-conflict", f"{nacks}")
    quarantined(c, "sequence-conflict", other)


@case("an older epoch than the newest", "fenced")
def _(c):
    with Client(c, "TEST.FENCED").hello(9):
        pass
    with Client(c, "TEST.FENCED") as client:
        client.expect("UP")
        client.send(HELLO, {"producer": client.name, "proto_min": 1, "proto_max": 1, "epoch": 3, "next_seq": 1}, 0)
        check(client.expect(BYE)[1]["code"] == "fenced", "the goodbye")


def goodbye(name, error, act):
    @case(name, error)
    def _(c):
        with Client(c).hello(EPOCH) as client:
            act(client)
            bye = client.expect(BYE)[1]
            check(bye["code"] == error and bye["text"], f"{bye}")


goodbye("a message with a nesting bomb", "too-deep", lambda k: k.send(PUBLISH, nested(5000)))
goodbye("a message with a length bomb", "malformed", lambda k: k.send(PUBLISH, b"\xdf\xff\xff\xff\xff"))
goodbye("a message that is not canonical", "not-canonical", lambda k: k.send(PUBLISH, b"\x82\xa9first_seq\x01\xa6events\x91\xc4\x01\x01"))
goodbye("a message without a field", "bad-message", lambda k: k.send(PUBLISH, {"first_seq": 1}))
goodbye("an unknown message", "bad-frame", lambda k: k.send(99, {}))
goodbye("another version", "wrong-version", lambda k: k.raw(b"KT\x07" + frame(PUBLISH, k.session, {})[3:]))
goodbye("a message of another session", "no-session", lambda k: k.send(PUBLISH, {"events": [b"x"], "first_seq": 1}, 12345))
goodbye("a message out of place", "unexpected-message", lambda k: k.send(9, {"cursor": 1, "sub": "x"}))


@case("a frame over the limit", "-")
def _(c):
    with Client(c).hello(EPOCH) as client:
        client.send(PUBLISH, b"\0" * (2 << 20))
        client.expect("DOWN")


@case("a frame that is not ours", "-")
def _(c):
    with Client(c).hello(EPOCH) as client:
        client.raw(b"GET / HTTP/1.1\r\n\r\n")
        check(list(client.publish(pack(event()))[0].values()) == [0], "the session goes on")


@case("much that is rejected at once", "time-in-future")
def _(c):
    bad_senders.rejected_at_once(c)


# ---- keys ------------------------------------------------------------------------------------------------------------
def turned_away(c, reason, **how):
    before = c.count_in_log("up.log", f'reason="{reason}"')
    with Client(c, **how) as client:
        client.expect("REFUSED")
        wait("the log says why", lambda: c.count_in_log("up.log", f'reason="{reason}"') > before, 10)


@case("a key that is not enrolled", "key-refused")
def _(c):
    os.mkdir(c.path("elsewhere"))
    subprocess.run([c.binary, "keys", "gen", "STRANGER", "--agency", "IMI"], cwd=c.path("elsewhere"), check=True, capture_output=True)
    turned_away(c, "unknown key", secret=c.path("elsewhere", "keys", "private", "STRANGER.secret"))


@case("another server's key", "-")
def _(c):
    with Client(c, server=c.public["TEST.ALL"]) as client:
        check(client.next(1.5) != "UP", "a client takes another for the centre")


@case("no key", "-")
def _(c):
    with Client(c, secret="none") as client:
        check(client.next(1.5) not in ("UP",), "somebody without a key is in")


@case("a revoked key", "revoked-key")
def _(c):
    with Client(c, "TEST.LEAVING").hello(EPOCH) as client:
        check(list(client.publish(pack(event(source="LEAVING.1")))[0].values()) == [0], "before")
        c.run("keys", "revoke", "TEST.LEAVING", "-m", "a test")
        revoked = time.monotonic()
        bye = client.expect(BYE, 5)[1]
        took = time.monotonic() - revoked
        check(bye["code"] == "revoked-key", f"{bye}")
        check(took < 1.0, f"the live session ended after {took:.2f} s")
    turned_away(c, "revoked", name="TEST.LEAVING")


# ---- texts, settings, places -----------------------------------------------------------------------------------------
@case("a rule file with a typo", "ruleset-refused")
def _(c):
    rules = c.path("rules")
    shutil.copytree(os.path.join(SOURCE, "rules", "packs"), rules)
    name = os.path.join(rules, "lodging.yaml")
    with open(name, encoding="utf-8") as f:
        right = f.read()
    check("entry.declared_address" in right, "the rule that is to be spoilt has changed")
    with open(name, "w", encoding="utf-8") as f:
        f.write(right.replace("entry.declared_address", "entry.declared_adress"))
    done = c.run("rules", "check", "rules", status=3)
    check(re.search(r"lodging\.yaml:\d+:\d+", done.stderr), f"file, line and column: {done.stderr}")
    check("declared_adress" in done.stderr and "declared_address" in done.stderr, f"what was meant: {done.stderr}")
    before = c.count_in_log("up.log", "ruleset-refused")
    c.run("reload", status=None)
    wait("the old rules stay in force, and the log says so", lambda: c.count_in_log("up.log", "ruleset-refused") > before, 20)
    shutil.rmtree(rules)
    c.run("reload", status=None)


@case("a setting that does not exist", "setting-unknown")
def _(c):
    with open(c.path("wrong.yaml"), "w", encoding="utf-8") as f:
        f.write("gateway:\n  lisen: tcp://127.0.0.1:1\n")
    for words in (("config", "check", "--config", "wrong.yaml"), ("up", "--config", "wrong.yaml")):
        done = c.run(*words, status=3)
        told_whole(done.stderr, "setting-unknown", "wrong.yaml:2:", "lisen", "listen")


@case("a port in use", "port-in-use")
def _(c):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        endpoint = f"tcp://127.0.0.1:{s.getsockname()[1]}"
        os.mkdir(c.path("second"), 0o700)
        done = c.run("gateway", "--set", f"gateway.listen={endpoint}", "--set", "paths.run=second", status=None)
        check(done.returncode not in (0, 1), f"status {done.returncode}")
        told_whole(done.stderr, "port-in-use", str(s.getsockname()[1]))


def refusal(row):
    @case(row[0], row[1])
    def _(c):
        world = c.path("world")
        if not os.path.exists(world):
            os.mkdir(world)
            refusals.make_world(c.binary, world)
        refusals.hold(c.binary, world, row, rows_of_the_page()[row[0]][1])


for told_row in refusals.TABLE:
    if told_row[0]:
        refusal(told_row)


@case("a second start", "already-running")
def _(c):
    for words in (("ingest",), ("gateway",), ("up",)):
        done = c.run(*words, *c.set_words(), status=None)
        check(done.returncode == 7, f"{words}: status {done.returncode}: {done.stderr}")
        told_whole(done.stderr, "already-running")
        check(re.search(r"pid \d+", done.stderr), f"whose it is: {done.stderr}")


# ---- disks -----------------------------------------------------------------------------------------------------------
class Mount:
    """A small tmpfs at a folder of the centre."""

    def __init__(self, at, mib):
        os.makedirs(at)
        self.at, self.mounted = at, not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=700", "tmpfs", at], capture_output=True, check=False).returncode

    def remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", self.at], check=True)

    def done(self):
        if self.mounted:
            wait(f"{self.at} can be unmounted", lambda: not subprocess.run(["umount", self.at], capture_output=True, check=False).returncode, 20)
            self.mounted = False


SKIPPED = []


def small_centre(c, name, at, act, mib=24, **more):
    """A centre of its own whose folder `at` is a small tmpfs."""
    with Centre(c.binary, c.tools, settings=SETTINGS + more.pop("settings", ()), **more) as small:
        disk = Mount(small.path(*at), mib)
        if not disk.mounted:
            SKIPPED.append(f"{name} (mounting is not allowed)")
            return
        small.at_end.append(disk.done)
        os.chmod(small.path("data"), 0o700)
        keys(small)
        act(small, disk)


def outbox_disk(c, at, name):
    disk = Mount(c.path(at), 8)
    if not disk.mounted:
        SKIPPED.append(f"{name} (mounting is not allowed)")
        return None
    c.at_end.append(disk.done)
    return disk


@case("a full disk", "disk-low")
def _(c):
    def act(small, disk):
        small.up()
        with open(small.path("data", "journal", "ballast"), "wb") as f, Client(small).hello(EPOCH) as client:
            check(list(client.publish(pack(event()))[0].values()) == [0], "before")
            space = os.statvfs(disk.at)
            f.write(b"\0" * (space.f_bavail * space.f_frsize - (300 << 10)))
            f.flush()
            wait("the log says disk-low", lambda: small.count_in_log("up.log", "disk-low"), 20)
            first, kept = client.acked + 1, pack(event())
            _, nacks = client.publish(kept, first=first)
            nack = nacks[first]
            check((nack["class"], nack["code"]) == ("retry", "disk-low") and nack["retry_after"] > 0, f"{nacks}")
            check(len(small.stations()) == 4, "a station has died")
            f.truncate(0)
            wait("the log says that there is room", lambda: small.count_in_log("up.log", "disk-ok"), 20)
            check(list(client.publish(kept, first=first)[0].values()) == [0], "the kept event goes through")
        check(small.down() == 0, "up did not end well")
        small.run("journal", "verify", "data/journal")
    small_centre(c, "a full disk", ("data", "journal"), act)


def full_store(c, name, store, act):
    small_centre(c, name, ("data", store), act, mib=12, rules=RULES, settings=("state.checkpoint_time=500ms",))


@case("a full disk of an outbox", "store-disk-full")
def _(c):
    disk = outbox_disk(c, "sender", "a full disk of an outbox")
    if disk:
        bad_senders.full_outbox(c, disk)


@case("a read-only disk of an outbox", "outbox-denied")
def _(c):
    disk = outbox_disk(c, "reader", "a read-only disk of an outbox")
    if not disk:
        return
    disk.remount("ro")
    done = c.run("publish", "-", "--key", "TEST.SENDER", "--outbox", "reader/outbox", "--gateway", c.endpoint, text="{}\n", status=5)
    told_whole(done.stderr, "outbox-denied", "reader/outbox", "Read-only file system")


@case("a full disk of the findings", "disk-full")
def _(c):
    full_store(c, "a full disk of the findings", "findings", full_disks.findings)


@case("a full disk of the casebook", "casebook-full")
def _(c):
    full_store(c, "a full disk of the casebook", "casebook", full_disks.casebook)


@case("a full disk of the state", "checkpoint-full")
def _(c):
    full_store(c, "a full disk of the state", "state", full_disks.state)


@case("a read-only disk at the first start", "data-denied")
def _(c):
    def act(small, disk):
        disk.remount("ro")
        done = small.run("up", *small.set_words(), status=5, timeout=30)
        told_whole(done.stderr, "data-denied", "data/journal", "Read-only file system")
        disk.remount("rw")
        small.up()
        good_still_goes(small)
        check(small.down() == 0, "up did not end well")
    small_centre(c, "a read-only disk", ("data",), act)


@case("a read-only disk later", "journal-disk")
def _(c):
    def act(small, disk):
        small.up()
        good_still_goes(small)
        check(small.down() == 0, "up did not end well")
        disk.remount("ro")
        small.up(ready=False)
        wait("the log says so", lambda: small.count_in_log("up.log", "[journal-disk]") > 0, 20)
        told_whole(open(small.path("up.log"), encoding="utf-8").read(), "journal-disk", "Read-only file system")
        disk.remount("rw")  # `up` tries again by itself
        wait("the stations serve again", lambda: len(small.stations()) == 4, 30)
        good_still_goes(small)
        check(small.down() == 0, "up did not end well")
        small.run("journal", "verify", "data/journal")
    small_centre(c, "a read-only disk", ("data",), act)


# ---- all of it -------------------------------------------------------------------------------------------------------
SETTINGS = ("journal.segment=1MiB", "state.map=256MiB", "casebook.map=64MiB")
SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def keys(c):
    c.key("gateway", "SYSTEM", "--role", "server")
    c.key("TEST.ALL", "IMI", "--source", "*", "--type", "*")
    c.key("TEST.FENCED", "IMI")
    c.key("TEST.LEAVING", "IMI", "--source", "LEAVING.*", "--type", "*")
    c.key("TEST.SENDER", "IMI", "--source", "*", "--type", "*", "--rate", "1000000")
    c.key("TEST.NARROW", "IMI", "--source", "NARROW.*", "--type", "lodging.*")


def rows_of_the_page():
    """{case: (error, where it is told, what is kept)} of docs/bad-input.md."""
    with open(os.path.join(SOURCE, "docs", "bad-input.md"), encoding="utf-8") as f:
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in f if line.startswith("| ")]
    return {r[0]: (r[1].strip("`"), r[2], r[3]) for r in rows if r[0] != "Input"}


def main(binary):
    page = rows_of_the_page()
    ours = {name: error for name, (_, error) in cases.items()}
    errors = {name: row[0] for name, row in page.items()}
    check(errors == ours, f"page and test differ: {sorted(set(errors.items()) ^ set(ours.items()))}")
    with Centre(binary, tools_of(binary), settings=SETTINGS) as c:
        keys(c)
        c.up()
        for name, (act, error) in cases.items():
            promises.heard.clear()
            skipped = len(SKIPPED)
            act(c)
            if len(SKIPPED) == skipped:
                promises.hold(name, *page[name])
            good_still_goes(c)
            check(len(c.stations()) == 4 and c.count_in_log("up.log", "station-died") == 0, f"{name}: a station has died")
            say(f"ok    {name}: {error}")
        check(c.down() == 0, "up did not end well")
        c.run("journal", "verify", "data/journal")
    for s in SKIPPED:
        say(f"not run: {s}")
    say(f"bad input: {len(cases) - len(SKIPPED)} rows of the page hold")
    if SKIPPED:
        print(f"SKIP: {SKIPPED[0]}")
        sys.exit(77)


main(sys.argv[1])
