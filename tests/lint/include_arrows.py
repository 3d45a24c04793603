#!/usr/bin/env python3
"""Who may include whom, and which folder may use which library: docs/architecture.md draws it, this holds it.

include_arrows.py              checks the tree
include_arrows.py --self-test  checks that each rule can fail
"""

import pathlib
import sys

import source_tree

# Our own folders: what each may include beside itself. `cli` may include everything.
ARROWS = {
    "include/keepwell/model": set(),
    "include/keepwell/engine": {"include/keepwell/model"},
    "src/engine": {"include/keepwell/engine", "include/keepwell/model"},
    "src/policy": {"include/keepwell/model"},
    "src/policy/document": {"include/keepwell/model"},
    "src/policy/values": {"include/keepwell/model", "src/policy/document"},
    "src/policy/fields": {"include/keepwell/model", "src/policy/document", "src/policy/values"},
    "src/policy/compose": {"include/keepwell/model", "src/policy/document", "src/policy/values"},
    "src/policy/canonical": {"include/keepwell/model", "src/policy/fields", "src/policy/values"},
    "src/journal": {"include/keepwell/model"},
    "src/supervisor": {"include/keepwell/engine", "include/keepwell/model", "src/journal"},
    "src/simulation": {"include/keepwell/engine", "include/keepwell/model", "src/journal", "src/policy", "src/supervisor"},
    "src/simulation/script": {"include/keepwell/model", "src/policy"},
    "src/simulation/world": {"include/keepwell/engine", "include/keepwell/model", "src/journal", "src/supervisor",
                             "src/simulation/script"},
    "src/simulation/testing": {"include/keepwell/engine", "include/keepwell/model", "src/journal", "src/policy",
                               "src/supervisor", "src/simulation/script", "src/simulation/world",
                               "src/simulation/facts.hpp"},
    "src/simulation/chaos": {"include/keepwell/model", "src/journal", "src/simulation/script", "src/simulation/world",
                             "src/simulation/because.hpp"},
    "src/simulation/picture": {"include/keepwell/model", "src/journal", "src/simulation/because.hpp"},
    "src/simulation/replay": {"include/keepwell/engine", "include/keepwell/model", "src/journal",
                              "src/simulation/because.hpp", "src/simulation/place.hpp"},
    "src/runtime": {"include/keepwell/model", "src/supervisor/ports.hpp"},
    "src/runtime/docker/json": {"include/keepwell/model"},
    "src/runtime/docker/api": {"include/keepwell/model", "src/runtime/curl_multi.hpp", "src/runtime/errors.hpp",
                               "src/runtime/loop.hpp", "src/runtime/probe"},
    "src/runtime/docker/watch": {"include/keepwell/model", "src/runtime/docker/api", "src/runtime/docker/json",
                                 "src/runtime/loop.hpp", "src/supervisor/ports.hpp"},
    "src/runtime/docker/probes": {"include/keepwell/model", "src/runtime/docker/api", "src/runtime/docker/json",
                                  "src/runtime/docker/watch", "src/runtime/loop.hpp", "src/runtime/probe",
                                  "src/runtime/process", "src/supervisor/ports.hpp"},
    "src/runtime/docker/commands": {"include/keepwell/model", "src/runtime/docker/api", "src/runtime/docker/json",
                                    "src/runtime/docker/watch", "src/runtime/loop.hpp", "src/supervisor/ports.hpp"},
    "src/ping": set(),  # keepwell-ping is small and static: nothing of the rest is in it
    "src/control": {"include/keepwell/engine", "include/keepwell/model", "src/journal", "src/supervisor"},
    "src/cli": {"include/keepwell", "src"},
    "examples/accountservice": set(),
}

# Third-party headers: the only folders that may include them.
LIBRARIES = {
    "boost/asio": {"src/runtime", "src/control", "examples/accountservice"},
    "boost/beast": {"src/control", "examples/accountservice"},
    "boost/": {"src/runtime", "src/control", "examples/accountservice"},
    "boost/crc.hpp": {"src/journal"},
    "curl/": {"src/runtime", "src/cli"},  # cli: the commands' side of the unix socket
    "nlohmann/": {"src/journal", "src/control", "src/cli", "src/policy", "src/runtime/docker"},
    "libfyaml.h": {"src/policy"},
    "CLI/": {"src/cli"},
    "spdlog/": {"src/cli"},
    "tl/expected.hpp": {"include/keepwell/model", "include/keepwell/engine", "src"},
}

# The core is pure: it reads no clock, starts no thread, opens no file, and iterates nothing unordered.
CORE = ("include/keepwell", "src/engine")
CORE_HEADERS = {
    "algorithm", "array", "bit", "cassert", "charconv", "chrono", "cmath", "compare", "concepts", "csignal", "cstddef",
    "cstdint", "cstring",
    "deque", "functional", "initializer_list", "iterator", "limits", "map", "memory", "numeric", "optional", "queue",
    "ranges", "set", "span", "string", "string_view", "tuple", "type_traits", "utility", "variant", "vector",
    "tl/expected.hpp",
}  # fmt: skip


def under(name, folder):
    return name == folder or name.startswith(folder + "/")


def folder_of(path, folders):
    """The longest of `folders` that `path` is under."""
    inside = [folder for folder in folders if under(path, folder)]
    return max(inside, key=len) if inside else None


def library_of(name):
    inside = [library for library in LIBRARIES if name == library or name.startswith(library)]
    return max(inside, key=len) if inside else None


def resolve(path, name, exists):
    """The project's file that an include means, or None when it is not ours."""
    for base in ("include", "src", str(pathlib.PurePosixPath(path).parent)):
        candidate = f"{base}/{name}"
        if exists(candidate):
            return candidate
    return None


def own_mistake(path, included):
    folder = folder_of(path, ARROWS)
    if folder is None or under(included, folder):
        return None
    if any(under(included, allowed) for allowed in ARROWS[folder]):
        return None
    return f"{folder} may not include {included}"


def foreign_mistake(path, name):
    if any(under(path, core) for core in CORE):
        return None if name in CORE_HEADERS else f"the core may not include <{name}>"
    library = library_of(name)
    if library is None or any(under(path, folder) for folder in LIBRARIES[library]):
        return None
    return f"<{name}> may be included only in {', '.join(sorted(LIBRARIES[library]))}"


def check(path, line, quote, name, exists):
    included = resolve(path, name, exists)
    if included:
        mistake = own_mistake(path, included)
    elif quote == '"':
        mistake = f'"{name}" is no file of ours, written from include/ or src/'
    else:
        mistake = foreign_mistake(path, name)
    return f"{path}:{line}: {mistake}" if mistake else None


def tree_mistakes():
    def exists(name):
        return (source_tree.ROOT / name).is_file()

    found = []
    for path in source_tree.cxx_files("include", "src", "examples"):
        for line, quote, name in source_tree.includes_of(path):
            # A generated header of our own has no file in the tree.
            if name == "version.hpp" or name.endswith("/version.hpp"):
                continue
            found.append(check(path.as_posix(), line, quote, name, exists))
    return [mistake for mistake in found if mistake]


def self_test():
    files = {"src/journal/record.hpp", "src/supervisor/ports.hpp", "src/supervisor/supervisor.hpp", "src/policy/read.hpp",
             "include/keepwell/engine/engine.hpp", "include/keepwell/model/spec.hpp"}  # fmt: skip
    refused = [
        ("include/keepwell/model/a.hpp", '"', "keepwell/engine/engine.hpp"),
        ("src/engine/a.cpp", '"', "journal/record.hpp"),
        ("src/engine/a.cpp", "<", "thread"),
        ("src/engine/a.cpp", "<", "unordered_map"),
        ("include/keepwell/model/a.hpp", "<", "boost/optional.hpp"),
        ("src/policy/a.cpp", '"', "keepwell/engine/engine.hpp"),
        ("src/journal/a.cpp", '"', "supervisor/ports.hpp"),
        ("src/supervisor/a.cpp", '"', "policy/read.hpp"),
        ("src/supervisor/a.cpp", "<", "boost/asio/io_context.hpp"),
        ("src/runtime/a.cpp", '"', "supervisor/supervisor.hpp"),
        ("src/runtime/a.cpp", '"', "journal/record.hpp"),
        ("src/runtime/a.cpp", "<", "nlohmann/json.hpp"),
        ("src/control/a.cpp", "<", "curl/curl.h"),
        ("src/journal/a.cpp", "<", "boost/asio/io_context.hpp"),
        ("src/control/a.cpp", '"', "policy/read.hpp"),
        ("src/control/a.cpp", "<", "CLI/CLI.hpp"),
        ("src/control/a.cpp", '"', "nowhere.hpp"),
    ]
    allowed = [
        ("src/runtime/a.cpp", '"', "supervisor/ports.hpp"),
        ("src/control/a.cpp", '"', "supervisor/supervisor.hpp"),
        ("src/cli/a.cpp", '"', "policy/read.hpp"),
        ("src/engine/a.cpp", "<", "chrono"),
    ]
    wrong = [f"not refused: {case}" for case in refused if not check(case[0], 1, *case[1:], files.__contains__)]
    wrong += [f"refused: {case}" for case in allowed if check(case[0], 1, *case[1:], files.__contains__)]
    return wrong


source_tree.finish(self_test() if "--self-test" in sys.argv else tree_mistakes())
