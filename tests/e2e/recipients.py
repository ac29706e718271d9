"""tests/e2e/recipients.py BINARY - whom the words of `to` reach in a running centre.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import sys
import unittest

sys.dont_write_bytecode = True
from case import Case, wait_for  # noqa: E402

RULE = """rule: lost-somewhere
title: {id: hilang, en: lost}
status: live
level: medium
to: [SELF, SUPERIOR, LEAD, XYZ]
per: document
when: document.status as s where status == "lost"
let: {lead: 's.register == "consulate" ? "KLN" : "NAK"'}
disproved by: {id: a, en: a}
tests:
  - name: lost
    events: |
      document.status {doc: P1, status: lost, register: police} @2026-03-01T09:00+07:00
    expect: |
      raise lost-somewhere P:UTO:P1 @2026-03-01T09:00+07:00 lead=NAK
  - name: found
    events: |
      document.status {doc: P1, status: found, register: police} @2026-03-01T09:00+07:00
    expect: []
"""


class Recipients(Case):
    def setUp(self):
        super().setUp()
        os.mkdir(os.path.join(self.folder, "rules"))
        with open(os.path.join(self.folder, "rules/lost.yaml"), "w", encoding="utf-8") as f:
            f.write(RULE)
        self.run_ok("agency", "add", "POLDA", "--name-id", "Polda", "--name-en", "Regional Police", "--tier", "province")
        path = os.path.join(self.folder, "agencies.yaml")
        with open(path, encoding="utf-8") as f:
            table = f.read()
        with open(path, "w", encoding="utf-8") as f:  # as an installation would by hand
            f.write(table.replace("{code: POL,", "{code: POL, superior: POLDA,", 1))
        for agency in ("POL", "POLDA", "NAK", "KLN", "KUA", "IMI"):
            self.run_ok("keys", "gen", f"{agency}.DESK", "--agency", agency, "--role", "subscriber")
        self.up()

    def publish(self, n, source, register):
        event = {"id": f"019c9c00-0000-7000-8000-{n:012d}", "type": "document.status", "v": 1, "source": source,
                 "occurred_at": f"2026-03-0{n}T09:00:00+07:00",
                 "data": {"doc": {"kind": "P", "issuer": "UTO", "number": f"L000{n}"}, "status": "lost", "register": register}}
        self.run_ok("publish", "-", "--key", "IMI.EVERYWHERE", "--gateway", self.endpoint, text=json.dumps(event))

    def told(self, agency, count):
        lines = self.run_ok("alerts", "watch", "--key", f"{agency}.DESK", "--gateway", self.endpoint, "--from", "earliest",
                            "--count", str(count), "--json").splitlines()
        return [json.loads(line) for line in lines]

    def listed(self, agency):
        return [json.loads(line)["alert"] for line in
                self.run_ok("alerts", "ls", "--key", f"{agency}.DESK", "--gateway", self.endpoint).splitlines()]

    def metric(self):
        try:
            with open(os.path.join(self.folder, "run/alerts.metrics"), encoding="ascii") as f:
                return next((int(r.split()[1]) for r in f if r.startswith("kentongan_alerts_unrouted_total ")), 0)
        except OSError:
            return 0

    def filters(self):
        """The same two alerts, as subscriptions that want some alerts only see them."""
        def watch(*words):
            return [json.loads(line)["alert"] for line in self.run_ok(
                "alerts", "watch", "--key", "IMI.DESK", "--gateway", self.endpoint, "--sub", "some", "--json", *words).splitlines()]
        both = self.listed("IMI")[::-1]
        self.assertEqual(watch("--level", "medium", "--rule", "lost-*", "--count", "1"), both[:1])
        self.assertEqual(watch("--level", "medium", "--rule", "lost-*", "--count", "1"), both[1:])  # goes on where it was
        self.assertEqual(watch("--rule", "case-linked", "--rule", "lost-somewhere", "--count", "2"), both)  # another cursor
        self.assertEqual(watch("--filter", 'state == "open" && !(level in ["low", "high"])', "--count", "2"), both)
        for word in ("Level!", "", "*x"):
            self.assertEqual(self.run_any("alerts", "watch", "--key", "IMI.DESK", "--rule", word).returncode, 2)
        wrong = self.run_any("alerts", "watch", "--key", "IMI.DESK", "--gateway", self.endpoint, "--filter", 'level == "hihg"')
        self.assertEqual(wrong.returncode, 3)
        self.assertIn("hihg", wrong.stderr)
        self.assertIn("bad-filter", wrong.stderr)

    def test_words_reach_whom_they_mean_and_what_reaches_nobody_is_said(self):
        self.publish(1, "POL.SANGGAU.1", "police")    # SELF: POL, SUPERIOR: POLDA, LEAD: NAK
        self.publish(2, "KLN.KUCHING.1", "consulate")  # SELF and LEAD: KLN, SUPERIOR: nobody is above it but IMI
        for agency, count in (("IMI", 2), ("POL", 1), ("POLDA", 1), ("NAK", 1), ("KLN", 1)):
            self.assertEqual(len(self.told(agency, count)), count, agency)
        self.assertEqual([len(self.listed(a)) for a in ("IMI", "POL", "POLDA", "NAK", "KLN", "KUA")], [2, 1, 1, 1, 1, 0])
        self.assertEqual(self.listed("POL"), self.listed("POLDA"))
        self.assertNotEqual(self.listed("POL"), self.listed("KLN"))
        self.filters()
        wait_for(lambda: self.metric() >= 2)  # XYZ, twice
        self.assertEqual(self.metric(), 2)
        self.down()
        self.assertEqual(self.said().count("rule=lost-somewhere to=XYZ agency=XYZ why=no-such-agency"), 1)


if __name__ == "__main__":
    unittest.main()
