"""tests/e2e/promises.py - what a row of docs/bad-input.md promises, held against what its case has heard.

A case notes what it hears: answers of the gateway, errors of commands, hits in logs, what lies in quarantine.  The columns "where it
is told" and "what is kept" are read clause by clause: each is held by what was heard, or by an assertion of the case, which then
stands in OF_THE_CASE; a clause that nobody holds is an error.  That a log repeats itself "each minute" is not waited for.
SPDX-License-Identifier: Apache-2.0
"""
import re

from centre import check

heard = []  # (kind, what) since the row began


def hear(kind, what):
    heard.append((kind, what))


def all_of(kind):
    return [what for k, what in heard if k == kind]


def nacks(word):
    return [n for n in all_of("NACK") if n["class"] == word]


def texts(error):
    return [t for _, t in all_of("command") if f"[{error}]" in t]


def commands(word, error):
    return [t for words, t in all_of("command") if words[0] == word and f"[{error}]" in t]


def whole_nack(error):
    """where and text in the answer itself; got and want beside them in the record."""
    return any(n["code"] == error and n["where"] and n["text"] for n in nacks("reject")) and \
        any(q["code"] == error and {"where", "got", "want", "next"} <= set(q) and (q["got"] or q["want"] or q["where"]) for q in all_of("quarantine"))


def asked(word):
    return any(words[0] == word for words, _ in all_of("command"))


# a clause of the page: what was heard says so.  $: the rest of the clause is free
HELD = [
    (r"NACK reject with where, got, want", whole_nack),
    (r"NACK seq-gap with the number that is wanted", lambda e: any(n["code"] == e and n["expected"] for n in nacks("seq-gap"))),
    (r"NACK seq-conflict", lambda e: any(n["code"] == e for n in nacks("seq-conflict"))),
    (r"NACK retry with a time", lambda e: any(n["code"] == e and n["retry_after"] > 0 for n in nacks("retry"))),
    (r"BYE", lambda e: any(b["code"] == e for b in all_of("BYE"))),
    (r"BYE with code and text", lambda e: any(b["code"] == e and b["text"] for b in all_of("BYE"))),
    (r"BYE to live sessions within a second, then refused in the handshake", lambda e: any(b["code"] == e for b in all_of("BYE"))),
    (r"ACK, status 1: success", lambda e: 1 in all_of("ACK")),
    (r"in quarantine, bytes and fault", lambda e: any(q["code"] == e and q["event"] for q in all_of("quarantine"))),
    (r"in quarantine(, once)?", lambda e: any(q["code"] == e for q in all_of("quarantine"))),
    (r"(the log of .*|the gateway's log has address and reason|on reload the log of ingest)", lambda e: all_of("log")),
    (r"`rules check`: file, line, column, what was meant", lambda e: any(re.search(r"\.yaml:\d+:\d+: .*did you mean", t) for _, t in all_of("command"))),
    (r"every command: file, line, column, the nearest name", lambda e: all(re.search(r"\.yaml:\d+:\d+: .*; wanted \S+", t) for t in texts(e)) and len(texts(e)) > 1),
    (r"the gateway: which port, and who holds it if that can be seen", lambda e: any(re.search(r":\d+: .*\(got .*pid \d+", t) for t in commands("gateway", e))),
    (r"the second one, with the pid of the first", lambda e: all(re.search(r"pid \d+", t) for t in texts(e)) and texts(e)),
    (r"`publish`(, `agent`: with the place|, with the place)?", lambda e: texts(e) or all_of("log")),
    (r"the command that was started", texts),
    (r"the command: (where|got|wanted|do next|, )+", texts),
    (r"status \d", texts),
    (r"everything as it was", texts),
    (r"`doctor`(, `status` of a desk)?(, `alerts watch`)?(, metrics)?", lambda e: asked("doctor")),
    (r"`doctor`, `status` of a desk.*", lambda e: asked("status")),
    (r"`doctor`.*, metrics", lambda e: all_of("metric")),
]

# what a case asserts in so many words, beside what it hears
OF_THE_CASE = {
    "the events before and after it are taken", "the event that was there", "its number as progress", "nothing is taken",
    "the session ends, the agent begins a new epoch", "the newer epoch goes on", "nothing", "nothing of that message",
    "the agent keeps its events", "the connection is cut", "the agent resumes after what is acknowledged",
    "no answer: it may be anybody's", "the session goes on", "everything else", "the client does not take it for the centre: no connection",
    "each with its reason, in the receipt and in `spool rejects`: no acknowledgement overtakes a reason", "refused in the handshake",
    "no connection", "what was acknowledged before", "the rules in force stay in force", "nothing is started", "the first goes on",
    "everything acknowledged", "the agents keep the rest, and it goes on by itself when there is room", "everything that was stored",
    "what is not waits with `publish`, which goes on by itself when there is room", "everything", "what is answered is held, nothing is "
    "answered beyond it, and it goes on by itself", "officers' actions get `disk-low`", "alerts go out from memory, and it goes on by itself",
    "it is answered on up to `state.memory`, and saved when there is room", "`up` tries again", "it goes on by itself",
}


def clauses(*cells):
    return [c.strip() for cell in cells for c in cell.split(";") if c.strip()]


def hold(name, error, told, kept):
    """All that the page says of the row."""
    for clause in clauses(told, kept):
        ways = [way for pattern, way in HELD if re.fullmatch(pattern, clause)]
        check(ways or clause in OF_THE_CASE, f"{name}: nobody holds '{clause}'")
        check(all(way(error) for way in ways), f"{name}: the page says '{clause}', and it was not heard: {[h for h in heard][-3:]}")
    heard.clear()
