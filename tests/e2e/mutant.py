"""tests/e2e/mutant.py BINARY MUTANT - a proof that cannot fail proves nothing: each broken build must be caught.

SPDX-License-Identifier: Apache-2.0
"""
import re
import sys

sys.dont_write_bytecode = True
import centre  # noqa: E402
import crash_loop  # noqa: E402
import kills  # noqa: E402
import power_cut  # noqa: E402
from centre import Failure, say, tools_of  # noqa: E402

FEW = {"ingest": 1, "agent": 2, "outbox": 2}
NINE = [("correlation",)] * 9  # a merge that is skipped need not change what is said
REPEATS = r"do not answer as the restored findings say|does not repeat itself"
MUTANTS = {  # which proof it must fail, and with what word
    "ack-early": (lambda b, t: power_cut.prove(b, t, 12), r"was acknowledged, the journal ends at|journal-acknowledged-missing"),
    "skip-sync": (lambda b, t: power_cut.prove(b, t, 12), r"was acknowledged, the journal ends at|journal-acknowledged-missing"),
    "ignore-mark": (lambda b, t: power_cut.prove(b, t, 24, rate=300), r"correlation has answered up to|the state is of"),
    "no-duplicates": (lambda b, t: crash_loop.prove(b, t, FEW, 0), r"stand twice in the journal"),
    "skip-merge": (lambda b, t: kills.prove(b, t, NINE, 120), REPEATS),
    "skip-reload": (lambda b, t: kills.prove(b, t, NINE, 120), REPEATS),
}

binary, name = sys.argv[1:3]
proof, word = MUTANTS[name]
centre.KEEP = False
try:
    proof(f"{tools_of(binary)}/kentongan-{name}", tools_of(binary))
except Failure as e:
    if not re.search(word, str(e)):
        raise
    say(f"mutant {name}: caught: {e}")
else:
    sys.exit(f"mutant {name} was not caught")
