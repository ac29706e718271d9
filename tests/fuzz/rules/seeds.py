#!/usr/bin/env python3
"""Every shipped rule as a file of its own, where the fuzzer starts from: with the definitions of its kinds before it, and the
rules whose findings it reads.  Without its tests, unless they are short: a fuzzer gets lost in long texts.

    tests/fuzz/rules/seeds.py FOLDER PACK...
SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import sys

SHORT = 3000  # characters


def documents(path):
    with open(path, encoding="utf-8") as f:
        return [d for d in re.split(r"^---.*\n", f.read(), flags=re.M) if d.strip()]


def bare(text):
    return text.split("\ntests:")[0] + "\n"


def named(text, names):
    """The rules that a document names outside of its tests."""
    return {w for w in re.findall(r"[a-z0-9-]+", bare(text)) if w in names}


def closure(name, rules):
    """A rule and all whose findings it reads, directly or through others."""
    todo, done = [name], set()
    while todo:
        one = todo.pop()
        if one not in done:
            done.add(one)
            todo += named(rules[one], rules)
    return done


def main(folder, packs):
    os.makedirs(folder, exist_ok=True)
    for old in os.listdir(folder):
        os.remove(os.path.join(folder, old))
    texts = [d for path in sorted(packs) for d in documents(path)]
    definitions = {m[1]: d for d in texts if (m := re.search(r"^define:\s*(\S+)", d, re.M))}
    rules = {m[1]: d for d in texts if (m := re.search(r"^rule:\s*(\S+)", d, re.M))}
    for name in rules:
        chosen = [rules[n] for n in rules if n in closure(name, rules)]
        kinds = {k for d in chosen for k in re.findall(r"[a-z]+", re.search(r"^per:(.*)", d, re.M)[1])}
        chosen = [definitions[k] for k in definitions if k in kinds] + chosen
        if sum(map(len, chosen)) > SHORT:
            chosen = [bare(d) for d in chosen]
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write("---\n".join(chosen))


main(sys.argv[1], sys.argv[2:])
