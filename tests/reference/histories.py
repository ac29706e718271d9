"""tests/reference/histories.py - random timelines: few people, few instants, so that much happens at once and at the edges.

A history is a list of events of one cluster: three documents of somebody who may turn out to be one, two or three people.
Its number stands in every name, so that clusters never meet and many of them run in one replay.

SPDX-License-Identifier: Apache-2.0
"""
import json

from timeline import BEGIN, DAY, END, HOUR, MINUTE, Event, date_text, day_of, text_of

SOURCES = ["IMI.TEST", "POL.TEST"]


def doc(number):
    return {"kind": "P", "issuer": "UTO", "number": number}


def instant(r, days=8):
    """A grid of half days, and its neighbours."""
    return BEGIN + r.randrange(2 * days) * 12 * HOUR + r.choice([0, 0, 0, 0, 0, 0, -1, 1, HOUR, -HOUR])


def some(r, chance, **fields):
    return {k: v for k, v in fields.items() if r.random() < chance}


def crossing(r, c, at, off):
    return "border.crossing", {"direction": r.choice(["entry", "entry", "exit", "refused"]), "mode": "land", "post": r.choice(["ARUK", "BADAU"]),
                               **some(r, 0.8, permitted_until=date_text(day_of(at, off) + r.randrange(4)), confidence=r.randrange(-2, 4))}


def checkin(r, c, at, off):
    return "lodging.checkin", {"property": "%s.%06d" % (r.choice(["H1", "H2"]), c), "surname": "SPECIMEN",
                               **some(r, 0.9, room=r.choice("123")),
                               **some(r, 0.6, planned_out=date_text(day_of(at, off) + r.randrange(4)),
                                      reported_at=text_of(at + r.choice([-12 * HOUR, 0, HOUR, 12 * HOUR, DAY]), off))}


def checkout(r, c, at, off):
    return "lodging.checkout", {"property": "%s.%06d" % (r.choice(["H1", "H2"]), c), **some(r, 0.9, room=r.choice("123"))}


def permit(r, c, at, off):
    return "permit.status", {"action": r.choice(["extended", "extended", "applied", "revoked", "issued"]), "permit_no": "K%06d" % c,
                             **some(r, 0.8, until=date_text(day_of(at, off) + r.randrange(-2, 5)))}


STAY = [crossing, crossing, crossing, checkin, checkin, checkin, checkout, permit]


def cluster(r, c, kinds=None, most=10, days=8):
    """One cluster's events; ids are in no order of time, but a correction's is greater than that of what it corrects."""
    made, numbers = [], ["%06d%d" % (c, n) for n in range(r.choice([1, 1, 2, 3]))]
    for _ in range(r.randrange(1, most + 1)):
        at, off, who = instant(r, days), r.choice([420, 420, 480, 540]), r.choice(numbers)
        target = r.choice(made) if made and r.random() < 0.18 else None
        if target and r.random() < 0.5:
            made.append(Event("correction", at, off, target.source, {}, [], target, True))
            continue
        kind, data = r.choice(kinds or STAY)(r, c, at, off)
        docs = [who]
        data["doc"] = doc(who)
        if len(numbers) > 1 and kind == "border.crossing" and r.random() < 0.25:
            docs.append(r.choice(numbers))
            data["prev_doc"] = doc(docs[1])
        if target:  # mostly what was said before, with something else in it
            if r.random() < 0.6 and not target.retracts:
                kind, docs, data = target.type, target.docs, {**target.data, **{k: v for k, v in data.items() if k in target.data and k not in ("doc", "prev_doc")}}
            if r.random() < 0.5:
                at = target.at
        made.append(Event(kind, at, off, target.source if target else r.choice(SOURCES), data, identifiers(docs, data), target))
    number(r, c, made)
    return made


def identifiers(docs, data):
    return ["doc:UTO:" + d if ":" not in d else d for d in docs if not d.startswith("permit:")] + (["permit:" + data["permit_no"]] if "permit_no" in data else [])


def number(r, c, made):
    order = list(made)
    r.shuffle(order)
    for e in made:  # a corrector stands behind what it corrects
        while e.corrects and order.index(e) < order.index(e.corrects):
            order.remove(e)
            order.insert(order.index(e.corrects) + 1, e)
    for serial, e in enumerate(order):
        e.id = "01936b2e-7c00-7000-8000-%08x%04x" % (c, serial)


def arrivals(r, events, how):
    """When each event comes, before the end: as it happens, late, all at the end in any order, or backwards."""
    return [(max(e.at, min(at, END)), e) for at, e in coming(r, events, how)]


def coming(r, events, how):
    last = max(e.at for e in events) + DAY
    order = list(events)
    r.shuffle(order)
    if how == "backwards":
        order.sort(key=lambda e: e.key, reverse=True)
    if how == "live":
        return [(e.at, e) for e in events]
    if how == "late":
        return [(e.at + r.choice([0, 0, MINUTE, HOUR, 12 * HOUR, DAY, 3 * DAY]), e) for e in events]
    return [(last + n * r.choice([0, MINUTE]), e) for n, e in enumerate(order)]


def line_of(e, arrives):
    if e.type == "heartbeat":
        return json.dumps({"heartbeat": {"source": e.source, "complete_until": text_of(e.at), **e.data, "at": text_of(e.at), "period": 60}})
    if e.type == "retired":  # what is taken back is so at once
        words = [True, False] if e.data["undone"] else [True]
        return "\n".join(json.dumps({"retired": {"source": e.source, "at": text_of(e.at), "retired": word}}) for word in words)
    line = {"id": e.id, "type": e.type, "source": e.source, "occurred_at": text_of(e.at, e.off), "recorded_at": text_of(arrives, e.off), "data": e.data}
    if e.corrects:
        line["retracts" if e.retracts else "supersedes"] = e.corrects.id
    return json.dumps(line)


def company(r, c):
    """Two to five people on a few occasions, most of them within reach of each other."""
    made, numbers = [], ["%06d%d" % (c, n) for n in range(r.randrange(2, 6))]
    lodging, at = r.random() < 0.6, BEGIN + r.randrange(4) * 12 * HOUR
    for _ in range(r.randrange(2, 6)):
        at += r.choice([HOUR, 12 * HOUR, DAY, 2 * DAY])
        where, room, way = r.choice(["H1", "H2"]), r.choice("12"), r.choice(["entry", "exit"])
        for who in numbers:
            if r.random() < 0.15:
                continue
            when, off = at + r.choice([0, 0, 4, 30, 60, 89, 90, 91]) * MINUTE + r.choice([0, 0, 0, 1]), r.choice([420, 420, 540])
            if lodging:
                e = Event("lodging.checkin", when, off, r.choice(SOURCES), {"property": "%s.%06d" % (where, c), "surname": "SPECIMEN", **some(r, 0.9, room=room), "doc": doc(who)})
            else:
                e = Event("border.crossing", when, off, r.choice(SOURCES), {"direction": way, "mode": "land", "post": "%s.%06d" % (where, c), "doc": doc(who)})
            e.docs = ["doc:UTO:" + who]
            if not lodging and r.random() < 0.06:
                e.data["prev_doc"] = doc(r.choice(numbers))
                e.docs.append("doc:UTO:" + e.data["prev_doc"]["number"])
            made.append(e)
            if r.random() < 0.1:
                target = r.choice(made)
                if not target.retracts:
                    made.append(Event("correction", target.at, target.off, target.source, {}, [], target, True))
    number(r, c, made)
    return made


def sources(r, c):
    """A history whose sources may be under a heartbeat regime, fall silent, and be retired."""
    made = [e for e in cluster(r, c, most=6)]
    for e in made:
        e.source = "%s.%06d" % (e.source.split(".")[0], c)
    for source in sorted({e.source for e in made} | {"%s.%06d" % (agency, c) for agency in ("IMI", "APOA", "NOBODY")}):
        for _ in range(r.choice([0, 1, 1, 2])):
            at = r.choice([instant(r, 9), instant(r, 9), END - 2 * DAY + r.choice([-1, 0, 1]), r.choice(made).at + r.choice([-1, 0, 1])])
            types = r.choice([["border.crossing"], ["lodging.checkin"], ["border.crossing", "lodging.checkin"], ["border.crossing", "lodging.checkin", "lodging.checkout"], None])
            made.append(Event("heartbeat", at, 420, source, {"types": types} if types else {}))
        beats = [e for e in made if e.type == "heartbeat" and e.source == source]
        for undone in r.choice([[], [], [], [False], [True], [False, True]]) if beats else []:
            at = max(b.at for b in beats) + r.choice([-1, 0, 1, -DAY, HOUR, 2 * DAY])
            at = min(max(BEGIN, at), END - 7) + 7 * undone  # no two at one instant
            made.append(Event("retired", at, 420, source, {"undone": undone}))
    number(r, c, made)
    return made


def word(c, n):
    """Three syllables, of which the third checks the first two: any two words differ in two letters or more."""
    syllables = [a + b for a in "BDGLMNPRTV" for b in "AU"] + ["ZA", "ZU", "ZO"]
    x, y = (3 * c + n) % 23, (3 * c + n) // 23 % 23
    return (syllables[x] + syllables[y] + syllables[(x + y) % 23])


def written(r, c, n, entry):
    """A long word of the cluster as some office wrote it: another spelling, a slip (in a list), in two parts, an initial."""
    parts = [word(c, n), word(c + 88, n)]  # of 60 clusters in a row no two share a part
    how = r.choice(["same", "same", "same", "spelling", "slip" if entry else "same", "apart", "initial"])
    if how == "spelling":
        parts = [p.replace("U", r.choice(["OE", "OU", "U"]), 1) for p in parts]
    if how == "slip":
        at = r.randrange(1, 6)
        parts[0] = parts[0][:at] + parts[0][at + 1:]
    return parts if how == "apart" else [parts[0][0]] if how == "initial" else ["".join(parts)]


def spelled(r, c, entry):
    words = [w for n in r.sample(range(3), r.choice([1, 2, 2, 3])) for w in written(r, c, n, entry)]
    return {**said_as(r, words), **({"issuers": ["UTO"]} if entry and r.random() < 0.3 else {})}


def said_as(r, words):
    cut = r.randrange(1, len(words) + 1)
    born = r.choice([None, "1970-02-03", "1970-02-03", "1970-03-02", "1971-02-04", "1971-02-05"])
    return {"surname": " ".join(words[:cut]), **({"given": " ".join(words[cut:])} if words[cut:] else {}), **({"dob": born} if born else {})}


def called(r, c, entry):
    words = [word(c, 0), word(c, 1)] if r.random() < 0.6 else r.sample([word(c, n) for n in range(3)], r.choice([1, 2, 2, 3]))
    cut = r.randrange(1, len(words) + 1)
    born = r.choice([None, None, "1970-02-03", "1970-02-03", "1970-03-02", "1971-02-04", "1971-02-05"])
    said = {"surname": " ".join(words[:cut]), **({"given": " ".join(words[cut:])} if words[cut:] else {}), **({"dob": born} if born else {})}
    return {**said, "issuers": r.choice([["UTO"], ["UNO"]])} if entry and r.random() < 0.3 else said


def listing(r, c, at, off, called=called):
    day = day_of(at, off)
    return "watchlist.entry", {"op": r.choice(["add", "add", "update", "remove"]), "list": "interest", "action": "refer", **some(r, 0.9, entry="W%d.%06d" % (r.randrange(2), c)),
                               **some(r, 0.9, names=[called(r, c, True) for _ in range(r.choice([1, 1, 2]))]),
                               **some(r, 0.3, **{"from": date_text(day + r.choice([-2, 0, 1, 2]))}), **some(r, 0.3, until=date_text(day + r.choice([0, 2, 4])))}


def named(kind, called=called):
    def make(r, c, at, off):
        name, data = kind(r, c, at, off)
        data.pop("surname", None)
        return name, {**data, **(called(r, c, False) if r.random() < 0.9 else {})}
    return make


def names(r, c, called=called):
    """Somebody whose name is written in several ways, and a list of names that changes."""
    def listed(r, c, at, off):
        return listing(r, c, at, off, called)
    made = cluster(r, c, [named(crossing, called), named(checkin, called), listed, listed], most=9)
    for e in made:
        if e.type == "watchlist.entry":
            e.docs = []
            e.data.pop("doc", None)
            e.data.pop("prev_doc", None)
    return made


def spellings(r, c):
    return names(r, c, spelled)


def companions(r, c):
    """Guests who name others; these may turn out to be one and the same."""
    made = cluster(r, c, [crossing, checkin, checkin, checkout], most=8)
    for e in made:
        if e.type == "lodging.checkin" and r.random() < 0.6:
            e.data["companions"] = [doc("%06d%d" % (c, n)) for n in range(4) if "doc:UTO:%06d%d" % (c, n) not in e.docs and r.random() < 0.5]
    return made


def long(r, c):
    """One person with more than a hundred events, of which some come late or are taken back."""
    made = []
    for n in range(r.randrange(95, 150)):
        at, off = BEGIN + n // 6 * DAY + r.randrange(24) * HOUR, r.choice([420, 540])
        kind, data = r.choice([checkin, checkin, checkout, crossing])(r, c, at, off)
        made.append(Event(kind, at, off, r.choice(SOURCES), {**data, "doc": doc("%06d0" % c)}, ["doc:UTO:%06d0" % c]))
        if r.random() < 0.05:
            made.append(Event("correction", at, off, made[-1].source, {}, [], made[-1], True))
    made = [e for e in made if e.at <= END]
    number(r, c, made)
    return made
