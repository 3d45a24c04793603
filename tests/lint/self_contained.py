#!/usr/bin/env python3
"""Every header compiles alone. One whose own .cpp includes it first has been compiled so already; the others are
compiled here.

self_contained.py COMPILER [FLAG…]
"""

import concurrent.futures
import os
import subprocess
import sys

import source_tree


def proven_by_its_source(header):
    source = header.with_suffix(".cpp")
    for candidate in (source, pathlib_src(source)):
        if candidate and (source_tree.ROOT / candidate).is_file():
            first = next(source_tree.includes_of(candidate), None)
            if first and first[2].split("/")[-1] == header.name:
                return True
    return False


def pathlib_src(source):
    """include/keepwell/engine/x.cpp -> src/engine/x.cpp"""
    parts = source.parts
    return source.__class__("src", *parts[2:]) if parts[:2] == ("include", "keepwell") else None


def mistake_in(header, compiler, flags):
    command = [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I", "include", "-I", "src",
               "-I", "tests", *flags, "-x", "c++", "-include", str(header), "/dev/null"]  # fmt: skip
    result = subprocess.run(command, cwd=source_tree.ROOT, capture_output=True, text=True, check=False)
    return None if result.returncode == 0 else f"{header} does not compile alone:\n{result.stderr}"


def main(compiler, *flags):
    headers = [p for p in source_tree.cxx_files("include", "src", "tests", "examples") if p.suffix == ".hpp"]
    rest = [header for header in headers if not proven_by_its_source(header)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda header: mistake_in(header, compiler, flags), rest))
    source_tree.finish([mistake for mistake in found if mistake])


main(*sys.argv[1:])
