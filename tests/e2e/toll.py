"""tests/e2e/toll.py - an event type and a rule that the program was not built with.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os

DOC = {"kind": "P", "issuer": "UTO", "number": "L898902C3"}
TYPE = """type: toll.passage
title: {id: Lewat gerbang tol, en: Toll passage}
from: [IMI]
holder: true
fields:
  gate: {type: string, need: yes, sens: operational}
"""
RULE = """rule: toll-hops
title: {id: "Lewat {count} kali", en: "{count} passages"}
status: live
level: low
to: []
per: person
count: toll.passage
at least: 3
within: 1d
disproved by: {id: "bukan orang yang sama", en: "not the same person"}
tests:
  - name: three in a day
    events: |
      toll.passage {person: P1, gate: A} @2026-03-01T09:00+07:00
      toll.passage {person: P1, gate: B} @2026-03-01T10:00+07:00
      toll.passage {person: P1, gate: C} @2026-03-01T11:00+07:00
    expect: |
      raise toll-hops P1 @2026-03-01T11:00+07:00 count=3
  - name: two are not enough
    events: |
      toll.passage {person: P1, gate: A} @2026-03-01T09:00+07:00
      toll.passage {person: P1, gate: B} @2026-03-01T10:00+07:00
    expect: []
"""


def passage(n, hour):
    return json.dumps({"id": f"01936b2e-7c00-7000-8000-0000000000{n:02}", "type": "toll.passage", "source": "IMI.GATE.1",
                       "occurred_at": f"2026-03-01T{hour:02}:00:00+07:00", "data": {"doc": DOC, "gate": "A"}})


def write(folder, schema):
    """<folder>/<schema>/toll.passage.yaml and <folder>/rules/toll.yaml"""
    for name, text in ((f"{schema}/toll.passage.yaml", TYPE), ("rules/toll.yaml", RULE)):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
