"""tests/reference/rules_needs.py - rules that speak only when their sources are heard (LANGUAGE.md 8), and one that stands on them.

SPDX-License-Identifier: Apache-2.0
"""
from aggregates import Counted
from forms import By, Rule, When, While
from rules_when import ENTRY, EXIT, IN, OUT
from states import Count, Open
from timeline import DAY, HOUR, Step

STAY = Open(ENTRY, until=EXIT)

NEEDS = [
    Rule("n-deadline", """
when: border.crossing as e where direction == "entry"
unless: border.crossing where direction == "exit"
by: e.occurred_at + duration("24h")
needs: ["border.crossing fresh within 2d"]
""", By(("e", ENTRY), unless=[EXIT], by=lambda c: c.e.at + 24 * HOUR), needs=[("border.crossing", 2 * DAY, False)]),
    Rule("n-state", """
with:
  stay: open border.crossing where direction == "entry" until border.crossing where direction == "exit"
  nights: count lodging.checkin within 3d
while: stay != null && nights >= 1
update: change
needs: ["border.crossing fresh within 12d", "lodging.checkin fresh within 2d"]
""", While(), {"stay": STAY, "nights": Count(IN, 3 * DAY)}, ["stay", "nights"], while_=lambda c: c.stay is not None and c.nights >= 1, update="change",
         needs=[("border.crossing", 12 * DAY, False), ("lodging.checkin", 2 * DAY, False)]),
    Rule("n-event", """
when: lodging.checkin as c
needs: ["lodging.checkout fresh within 2d"]
""", When(("c", IN)), needs=[("lodging.checkout", 2 * DAY, False)]),
    Rule("n-above", """
count: finding.n-deadline or finding.n-event
at least: 2
within: 3d
update: change
needs: ["border.crossing fresh within 18d"]
""", Counted(Count(Step("finding.n-deadline", "finding.n-event"), 3 * DAY), 2), update="change", reads=["n-deadline", "n-event"], needs=[("border.crossing", 18 * DAY, False)]),
]

NEEDS_ALL = [
    Rule("n-all", """
when: lodging.checkin as c
unless: lodging.checkout
by: c.occurred_at + duration("36h")
needs: ["lodging.checkin fresh within 2d from all"]
""", By(("c", IN), unless=[OUT], by=lambda c: c.c.at + 36 * HOUR), needs=[("lodging.checkin", 2 * DAY, True)]),
    Rule("n-all-two", """
when: border.crossing as e where direction == "entry"
needs: ["border.crossing fresh within 17d from all", "lodging.checkin fresh within 2d"]
""", When(("e", ENTRY)), needs=[("border.crossing", 17 * DAY, True), ("lodging.checkin", 2 * DAY, False)]),
]
