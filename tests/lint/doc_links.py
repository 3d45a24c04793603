#!/usr/bin/env python3
"""Every relative link of the project's pages leads to a file that exists, and every anchor to a heading.

doc_links.py              checks the tree
doc_links.py --self-test  checks that each rule can fail
"""

import re
import sys

import source_tree

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH_IN_CODE = re.compile(r"`((?:docs|src|include|tests|policies|examples|bench|cmake)/[\w./-]+)`")


def pages():
    root = source_tree.ROOT
    return sorted([*root.glob("*.md"), *root.glob("docs/*.md"), *root.glob("examples/**/README.md")])


def anchors(text):
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def without_code_blocks(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def mistakes_in(page, text, root):
    prose = without_code_blocks(text)
    for target in LINK.findall(prose):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        if not path.exists():
            yield f"{page.relative_to(root)}: leads nowhere: {target}"
        elif anchor and anchor not in anchors(path.read_text(encoding="utf-8") if name else text):
            yield f"{page.relative_to(root)}: no such heading: {target}"
    for name in PATH_IN_CODE.findall(prose):
        if not (root / name.rstrip("/.")).exists():
            yield f"{page.relative_to(root)}: no such file: {name}"


def tree_mistakes():
    return [mistake for page in pages() for mistake in mistakes_in(page, page.read_text(), source_tree.ROOT)]


def self_test():
    page = source_tree.ROOT / "README.md"
    samples = ["[a](docs/nowhere.md)", "[a](#nowhere)", "`src/nowhere/x.cpp`"]
    return [f"not refused: {sample}" for sample in samples if not list(mistakes_in(page, sample, source_tree.ROOT))]


source_tree.finish(self_test() if "--self-test" in sys.argv else tree_mistakes())
