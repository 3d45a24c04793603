#!/usr/bin/env python3
"""The core (include/keepwell, src/engine) reads no clock, draws nothing from the standard library's distributions,
iterates nothing unordered, and decides nothing by default.

core_is_pure.py              checks the tree
core_is_pure.py --self-test  checks that each rule can fail
"""

import re
import sys

import source_tree

FORBIDDEN = [
    (r"\bnow\s*\(\s*\)", "reads a clock: time is an argument"),
    (r"\b(?:system_clock|steady_clock|high_resolution_clock)\b", "names a clock: time is an argument"),
    (r"\b\w+_distribution\b", "the standard's distributions differ between libraries"),
    (r"\bunordered_(?:multi)?(?:map|set)\b", "its order differs between runs"),
    (r"\bdefault\s*:", "a default branch hides what is missing"),
    (r"\b(?:volatile|thread_local|std::mutex|std::thread|std::atomic)\b", "the core has no threads"),
    (r"\b(?:std::cout|std::cerr|printf|getenv|fopen)\b", "the core does no IO"),
    (r"\b(?:throw|catch)\b", "the engine never fails"),
]


def mistakes_in(name, code):
    for number, line in enumerate(code.split("\n"), start=1):
        for pattern, why in FORBIDDEN:
            if re.search(pattern, line):
                yield f"{name}:{number}: {why}: {line.strip()}"


def tree_mistakes():
    files = source_tree.cxx_files("include/keepwell", "src/engine")
    return [mistake for path in files for mistake in mistakes_in(path, source_tree.code_of(path))]


def self_test():
    samples = ["auto t = Clock::now();", "std::chrono::steady_clock c;", "std::uniform_int_distribution<> d;",
               "std::unordered_map<int, int> m;", "default: return;", "std::mutex m;", 'printf("x");',
               "throw 1;"]  # fmt: skip
    return [f"not refused: {sample}" for sample in samples if not list(mistakes_in("sample", sample))]


source_tree.finish(self_test() if "--self-test" in sys.argv else tree_mistakes())
