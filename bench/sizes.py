"""bench/sizes.py - how much is measured: environment variables over the defaults, `--quick` in place of the defaults.

Quick sizes show that a bench runs and say nothing about speed.
SPDX-License-Identifier: Apache-2.0
"""
import os
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
BUILD = os.path.abspath(os.environ.get("KTG_BENCH_BUILD", os.path.join(ROOT, "build/release")))
WORK = os.path.abspath(os.environ.get("KTG_BENCH_DIR", os.path.join(ROOT, "build/bench")))
KEEP = os.environ.get("KTG_BENCH_KEEP") == "1"
QUICK = "--quick" in sys.argv[1:]


def size(name, usual, quick):
    return type(usual)(os.environ.get("KTG_BENCH_" + name, quick if QUICK else usual))


RUNS = size("RUNS", 5, 1)
SECONDS = size("SECONDS", 5.0, 1.2)   # of a steady load
RATE = size("RATE", 50000, 5000)      # events/s of P6, P7; a fifth of it P12
PERSONS = size("PERSONS", 1000000, 20000)
EVENTS = size("EVENTS", 150000, 3000)  # of WHOLE and P2; a fifth of it P9
LAG = size("LAG", 24576, 1024)        # positions that P2 and P16 let lie unanswered
ENTRIES = size("ENTRIES", 1000000, 5000)  # of the list of P15
COUNTRY = size("COUNTRY", 100, 1)     # percent of the synthetic country's ordinary people, P3 and P13 ...
NATION = size("NATION", 200, 1)       # ... and P14
GROWN = size("GROWN", 2000000, 4000)  # persons of P8; it begins with a tenth
SLICE = size("SLICE", 20000, 500)     # events of one measurement of P8
KNOWN = size("KNOWN", 60000, 2000)   # persons of P10, each with three events
HELD = size("HELD", 120000, 2000)     # events of the bound of P10
STATE = size("STATE", 300000, 2000)   # persons of P16
