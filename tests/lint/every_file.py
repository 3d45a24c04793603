#!/usr/bin/env python3
"""What holds for every C++ file of ours: it begins with a comment, a header has #pragma once, and co_await stands only
where g++ 12 compiles it rightly (as a whole statement, or as the whole right-hand side of a declaration, assignment or
co_return; no braces and no capturing lambda in its operand).

every_file.py              checks the tree
every_file.py --self-test  checks that each rule can fail
"""

import re
import sys

import source_tree

CO_AWAIT = re.compile(r"\bco_await\b")
RIGHT_PLACE = re.compile(r"^\s*(?:(?:const\s+)?[\w:<>,&*\s\[\]]+\s*=\s*|co_return\s+|[\w.\->]+\s*=\s*)?co_await\b[^{}]*$")


def head_mistakes(name, text):
    if not text.startswith(("//", "/*")):
        yield f"{name}:1: begins with no comment that says what it is for"
    if str(name).endswith(".hpp") and "#pragma once" not in text:
        yield f"{name}:1: has no #pragma once"


def await_mistakes(name, code):
    for match in CO_AWAIT.finditer(code):
        begin = max(code.rfind(c, 0, match.start()) for c in ";{}") + 1
        end = code.find(";", match.start())
        statement = code[begin:end]
        line = code.count("\n", 0, match.start()) + 1
        if re.search(r"\[[^\]]+\]\s*[({]", statement[statement.find("co_await"):]) or not RIGHT_PLACE.match(statement):
            yield f"{name}:{line}: co_await where g++ 12 may compile it wrongly: {' '.join(statement.split())}"


def tree_mistakes():
    found = []
    for path in source_tree.cxx_files():
        found += head_mistakes(path, source_tree.text_of(path))
        found += await_mistakes(path, source_tree.code_of(path))
    return found


def self_test():
    wrong = []
    if not list(head_mistakes("a.cpp", "#include <a>\n")):
        wrong.append("not refused: a file without a comment")
    if not list(head_mistakes("a.hpp", "// x\n")):
        wrong.append("not refused: a header without #pragma once")
    for code in ("if (co_await f()) { g(); }", "x = c ? co_await a() : co_await b();", "co_await f({1, 2});",
                 "co_await f([x] (int) { g(x); });", "g(co_await f());"):  # fmt: skip
        if not list(await_mistakes("a.cpp", code)):
            wrong.append(f"not refused: {code}")
    for code in ("co_await f(x);", "auto x = co_await f();", "const bool ok = co_await f(a, b);", "co_return co_await f();",
                 "auto [a, b] = co_await op(t);"):  # fmt: skip
        if list(await_mistakes("a.cpp", code)):
            wrong.append(f"refused: {code}")
    return wrong


source_tree.finish(self_test() if "--self-test" in sys.argv else tree_mistakes())
