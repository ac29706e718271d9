"""tests/e2e/refusals.py BINARY - what each command says to a path, a word or a centre that is not there.

A refusal has a name and says where, what was got and wanted, and what to do next, in both languages; its exit status is that
of the table of codes; and it leaves the folder as it was.  Rows with a name stand in docs/bad-input.md: bad_input.py holds them too.
SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from centre import check, say  # noqa: E402
from promises import hear as heard  # noqa: E402

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
NOWHERE = "tcp://127.0.0.1:1"

# row of the page or None, fault, exit status, the command, what it tells: where, got, wanted
TABLE = [
    ("a file that is not there", "path-missing", 4, "replay --events none", ["none: ", "No such file"]),
    ("a wrong line in a file for replay", "lines-wrong", 3, "replay --events wrong", ["wrong: ", "got 1 of 1 lines"]),
    (None, "lines-wrong", 3, "replay --events wrong --quiet", ["got 1 of 1 lines"]),
    (None, "lines-wrong", 3, "rules why-not overstay-fee x --events wrong", ["wrong: ", "got 1 of 1 lines"]),
    (None, "nothing-in-force", 4, "rules export new", ["data: "]),
    (None, "folder-not-empty", 7, "rules export full --set paths.data=centre", ["full: "]),
    (None, "path-no-folder", 4, "rules export wrong --set paths.data=centre", ["wrong: ", "an empty folder"]),
    (None, "path-missing", 4, "rules export none/new --set paths.data=centre", ["none/new: ", "a folder that can be made"]),
    (None, "path-missing", 4, "publish none --test", ["none: ", "a file of events"]),
    (None, "path-missing", 4, "schema validate none", ["none: "]),
    (None, "path-missing", 4, "rules check none", ["none: "]),
    (None, "path-missing", 4, "rules test none", ["none: "]),
    (None, "path-missing", 4, "replay --rules none --events wrong", ["none: "]),
    (None, "path-missing", 4, "rules rates --events none", ["none: "]),
    (None, "events-none", 4, "rules rates --events /dev/null", ["rules rates: ", "/dev/null"]),
    (None, "path-missing", 4, "rules check --rates none", ["none: "]),
    (None, "path-missing", 4, "rules diff none none --events wrong", ["none: "]),
    (None, "path-missing", 4, "rules why-not overstay-fee x --events none", ["none: "]),
    (None, "path-missing", 4, "journal dump none", ["none: ", "the folder of a journal"]),
    (None, "path-missing", 4, "journal verify none", ["none: ", "the folder of a journal"]),
    (None, "path-missing", 4, "simulate --truth none/truth", ["none/truth: "]),
    (None, "config-missing", 4, "config check --config none", ["none: "]),
    ("a folder where a file belongs", "path-no-file", 3, "replay --events empty", ["empty: ", "Is a directory", "a file of lines"]),
    (None, "path-no-file", 3, "publish empty --test", ["empty: ", "a file of events"]),
    (None, "path-no-file", 3, "schema validate empty", ["empty: "]),
    (None, "path-no-file", 3, "rules why-not overstay-fee x --events empty", ["empty: "]),
    (None, "path-no-file", 3, "simulate --truth empty", ["empty: "]),
    (None, "config-large", 3, "config check --config empty", ["empty: ", "a plain file"]),
    ("a file where a folder belongs", "path-no-folder", 4, "journal verify wrong", ["wrong: ", "Not a directory", "the folder of a journal"]),
    (None, "path-no-folder", 4, "journal dump wrong", ["wrong: "]),
    (None, "journal-none", 4, "journal dump empty", ["empty: "]),
    ("a folder without a journal", "journal-none", 4, "journal verify empty", ["empty: "]),
    ("a folder without rules", "texts-missing", 4, "rules check empty", ["empty: "]),
    (None, "texts-missing", 4, "rules test empty", ["empty: "]),
    (None, "texts-missing", 4, "replay --rules empty --events wrong", ["empty: "]),
    (None, "rules-wrong", 3, "rules check wrong", ["got errors: 1"]),
    (None, "rules-wrong", 3, "rules test wrong", ["got errors: 1"]),
    ("settings that are no map", "setting-shape", 3, "config check --config wrong", ["wrong:1:1: ", "something else", "name: value"]),
    (None, "text-wrong", 3, "config check --config torn", ["torn:2:1: ", "flow node"]),
    (None, "rule-unknown", 4, "rules show overstay-fea", ["rules show: ", "overstay-fea", "'overstay-fee'"]),
    (None, "rule-unknown", 4, "rules why-not overstay-fea x --events wrong", ["overstay-fea"]),
    (None, "event-type-unknown", 4, "schema show border.crosing", ["schema show: ", "border.crosing", "'border.crossing'"]),
    (None, "no-command", 2, "help nothing", ["help: ", "nothing"]),
    (None, "agency-unknown", 3, "keys gen A --agency ZZZ", ["keys gen: ", "ZZZ"]),
    ("a command without its key", "caller-missing", 2, "alerts ls", ["alerts ls: ", "--key NAME"]),
    (None, "caller-missing", 2, "alerts watch", ["--key NAME"]),
    (None, "caller-missing", 2, "alerts show 1", ["--key NAME"]),
    (None, "caller-missing", 2, "alerts ack 1 --officer X", ["--key NAME"]),
    (None, "caller-missing", 2, "alerts close 1 --as confirmed --reason x --officer X", ["--key NAME"]),
    (None, "caller-missing", 2, "status", ["status: "]),
    (None, "caller-missing", 2, "publish wrong", ["publish: "]),
    (None, "caller-missing", 2, "agent", ["agent: "]),
    (None, "caller-missing", 2, "rules why-not overstay-fee x", ["rules why-not: "]),
    (None, "no-secret-key", 4, "alerts ls --key X.Y", ["--key: ", "X.Y", "keys/private/X.Y.secret"]),
    (None, "officer-missing", 2, "alerts ack 1", ["alerts ack: "]),
    (None, "bad-value", 2, "alerts watch --rule A!", ["A!", "small letters"]),
    (None, "file-wanted", 2, "rules diff empty empty --events -", ["rules diff --events: ", "got -"]),
    ("a command without its operand", "operand-missing", 2, "restore", ["restore: ", "DIR"]),
    (None, "outbox-none", 4, "spool status", ["outbox: "]),
    (None, "outbox-none", 4, "spool rejects --outbox empty", ["empty: "]),
    ("a folder that is no backup", "backup-missing", 4, "restore empty", ["empty: ", "journal and findings"]),
    (None, "backup-missing", 4, "restore none", ["none: "]),
    (None, "backup-missing", 4, "restore wrong", ["wrong: "]),
    ("a restore over data that is there", "data-there", 7, "restore backup --set paths.data=full", ["full: "]),
    ("a backup where there is one", "backup-there", 7, "backup backup --set paths.data=centre", ["backup: "]),
    ("a backup of nothing", "path-missing", 4, "backup new", ["data/findings: ", "the folder of a journal"]),
    (None, "path-no-folder", 4, "backup wrong/new --set paths.data=centre", ["wrong/new: ", "a folder that can be made"]),
    ("a command to a centre that does not run", "centre-down", 6, "reload", ["run: "]),
    (None, "path-missing", 4, "rules precision", ["data/journal: "]),
    (None, "path-missing", 4, "rules backtest overstay-fee --since 1d", ["data/journal: "]),
    ("a question to a centre that does not answer", "no-answer", 6, f"alerts ls --key IMI.DESK --gateway {NOWHERE} --wait 1s",
     [NOWHERE, "nobody listens there", "an answer within 1 s"]),
    (None, "no-answer", 6, f"status --key IMI.DESK --gateway {NOWHERE} --wait 1s", [NOWHERE, "an answer within 1 s"]),
    (None, "centre-key-missing", 4, "alerts ls --key IMI.DESK --set gateway.key=OTHER", ["OTHER"]),
    (None, "path-taken", 7, "demo --keep full", ["full: ", "a new folder"]),
]
PLAIN = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG")) and k != "USER"}


def faults():
    """{name: {language: (what, what to do next)}} of docs/reference/faults.md."""
    with open(os.path.join(SOURCE, "docs", "reference", "faults.md"), encoding="utf-8") as f:
        rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in f if line.startswith("| `")]
    return {r[0].strip("`"): {"en": (r[2], r[4]), "id": (r[3], r[5])} for r in rows}


def tree(folder):
    return sorted((os.path.join(d, n), os.path.getsize(os.path.join(d, n))) for d, subs, names in os.walk(folder) for n in names + subs)


def make_world(binary, folder):
    """An installation with two keys, two journals of nothing, and what is no journal."""
    def run(*words):
        subprocess.run([binary, *words], cwd=folder, env=PLAIN, check=True, capture_output=True)
    run("keys", "gen", "gateway", "--agency", "SYSTEM", "--role", "server")
    run("keys", "gen", "IMI.DESK", "--role", "officer")
    for path in ("empty", "full/journal", "backup/journal", "backup/findings", "backup/keys", "centre"):
        os.makedirs(os.path.join(folder, path))
    with open(os.path.join(folder, "wrong"), "w", encoding="utf-8") as f:
        f.write("- a\n")
    with open(os.path.join(folder, "torn"), "w", encoding="utf-8") as f:
        f.write("a: [\n")
    make_journals(binary, folder)


def make_journals(binary, folder):
    """centre/ as the stations leave it."""
    with subprocess.Popen([binary, "up", "--set", "paths.data=centre", "--set", "gateway.listen=tcp://127.0.0.1:*"], cwd=folder, env=PLAIN,
                          stderr=subprocess.PIPE, text=True) as up:
        for line in up.stderr:
            if "up up:" in line or "centre-up" in line or " up ready" in line:
                up.terminate()
        check(up.wait() == 0, "the centre did not end well")
    shutil.rmtree(os.path.join(folder, "run"))


def promised(page, last, status):
    """What the page says of the row is what was said: where, got, wanted, do next, the status."""
    for word, said in (("got", "(got "), ("wanted", "; wanted ")):
        check((word in page.split(";")[0]) == (said in last), f"the page says '{page}' of: {last}")
    check(re.fullmatch(r"kentongan: \S.*: .*", last) and "where" in page and "do next" in page, f"the page says '{page}' of: {last}")
    check(f"status {status}" in page, f"the page says '{page}', and the status is {status}")


def hold(binary, folder, row, page=None):
    """One row, in both languages; what the page says of it is held, too."""
    _, name, status, command, parts = row
    said = faults()
    check(name in said, f"docs/reference/faults.md has no {name}")
    for lang in ("en", "id"):
        before = tree(folder)
        done = subprocess.run([binary, *command.split(), "--lang", lang], cwd=folder, env=PLAIN, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, check=False)
        last = done.stderr.strip().rsplit("\n", 1)[-1]
        check(done.returncode == status, f"{command}: status {done.returncode}, not {status}: {last}")
        check(last.endswith(f"[{name}]"), f"{command}: [{name}] is not in: {last}")
        for part in (*said[name][lang], *(parts if lang == "en" else ())):
            check(part.replace("\\|", "|") in last, f"{command}: '{part}' is not in: {last}")
        if page and lang == "en":
            promised(page, last, status)
            heard("command", (command.split(), last))
        check(tree(folder) == before, f"{command}: left behind {sorted(set(tree(folder)) ^ set(before))}")


def main(binary):
    folder = tempfile.mkdtemp(prefix="ktg-refusals.")
    wrong = []
    try:
        make_world(binary, folder)
        for row in TABLE:
            try:
                hold(binary, folder, row)
            except AssertionError as e:
                wrong.append(str(e))
    finally:
        shutil.rmtree(folder)
    check(not wrong, "\n".join(wrong))
    say(f"refusals: {len(TABLE)} commands, in both languages")


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
