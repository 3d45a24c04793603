#!/usr/bin/env python3
"""Breaks each rule of the engine in turn, and shows that some test fails for it.

mutate.py TREE [WORD…]     in a copy of the tree; only mutants whose rule or file has one of the words
mutate.py --check TREE     only whether each mutant's text is still there, once

Each mutant of mutants.txt is one text that is put in the place of another in one file of src/engine. The engine's unit
tests are run, then the scenarios, then the properties with few cases; the first that fails has killed it. A mutant that
nothing kills is a rule that no test holds: then this ends with 1. docs/testing.md has the table.
"""

import os
import pathlib
import re
import subprocess
import sys

PROGRAMS = (("engine_tests", []), ("scenario_tests", []), ("engine_properties", []))
CASES = "max_success=60 seed=20261128"


class Mutant:
    def __init__(self, rule, path, old, new):
        self.rule, self.path, self.old, self.new = rule, path, old, new


def mutants_in(text):
    """`# rule`, then `file`, then the lines `- old` and `+ new`; a blank line ends one."""
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [line for line in block.splitlines() if not line.startswith("//")]
        if not lines:
            continue
        rule, path = lines[0].removeprefix("# "), lines[1]
        old = "\n".join(line[2:] for line in lines[2:] if line.startswith("- "))
        new = "\n".join(line[2:] for line in lines[2:] if line.startswith("+ "))
        yield Mutant(rule, path, old, new)


def all_mutants():
    return list(mutants_in((pathlib.Path(__file__).parent / "mutants.txt").read_text()))


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


class DoesNotCompile(Exception):
    pass


def failing_test(build):
    """The name of the first test that fails, or None. A program is built only when the one before has noticed nothing."""
    for program, arguments in PROGRAMS:
        if run(["ninja", "-C", build, program]).returncode != 0:
            raise DoesNotCompile
        try:
            done = run([build / "bin" / program, "--gtest_fail_fast", *arguments], timeout=300,
                       env={**os.environ, "RC_PARAMS": CASES})  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"{program} (never ended)"
        if done.returncode != 0:
            failed = re.search(r"^\[  FAILED  \] (?:All/)?([\w./]+)", done.stdout, re.MULTILINE)
            return failed[1] if failed else f"{program} (crashed)"
    return None


def play(tree, build, mutant):
    """What became of it, for people; and whether some test noticed."""
    path = tree / "src/engine" / mutant.path
    text = path.read_text()
    if text.count(mutant.old) != 1:
        return f"its text is there {text.count(mutant.old)} times: write it anew", False
    path.write_text(text.replace(mutant.old, mutant.new))
    try:
        killer = failing_test(build)
    except DoesNotCompile:
        return "it does not compile: write it anew", False
    finally:
        path.write_text(text)
    return (f"killed by {killer}", True) if killer else ("SURVIVED", False)


def check(tree):
    """Names the mutants that have to be written anew, because the engine is."""
    stale = [one for one in all_mutants() if (tree / "src/engine" / one.path).read_text().count(one.old) != 1]
    for one in stale:
        print(f"tests/mutation/mutants.txt: the text of `{one.rule}` is not in {one.path} once: write it anew")
    return 1 if stale else 0


def main():
    if sys.argv[1] == "--check":
        return check(pathlib.Path(sys.argv[2]))
    tree = pathlib.Path(sys.argv[1]).resolve()
    words = sys.argv[2:]
    build = tree / "build/dev"
    chosen = [one for one in all_mutants() if not words or any(word in one.rule or word in one.path for word in words)]
    alive = 0
    print("| broken rule | file | |\n|---|---|---|")
    for mutant in chosen:
        told, noticed = play(tree, build, mutant)
        alive += not noticed
        print(f"| {mutant.rule} | `{mutant.path}` | {told} |", flush=True)
    print(f"\n{len(chosen)} mutants, {len(chosen) - alive} killed, {alive} not", file=sys.stderr)
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
