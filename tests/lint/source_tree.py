"""What the lint checks share: the project's files, as git would list them, and the includes of one.
Knows the tree only; python3's standard library alone."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CXX_FOLDERS = ("include", "src", "tests", "bench", "examples")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def cxx_files(*folders):
    """All C++ files under these folders of the project, sorted, as paths relative to its root."""
    found = []
    for folder in folders or CXX_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".hpp", ".cpp", ".h", ".c") and path.is_file():
                found.append(path.relative_to(ROOT))
    return found


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def code_of(path):
    """The text without comments and string literals, line numbers kept."""
    text = text_of(path)
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.DOTALL)
    return pattern.sub(lambda m: "\n" * m.group(0).count("\n") or " ", text)


def includes_of(path):
    """(line number, "<" or '"', name) for each #include."""
    text = text_of(path)
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def finish(mistakes):
    """Prints the mistakes; the exit code says whether there were any."""
    for mistake in mistakes:
        print(mistake)
    sys.exit(1 if mistakes else 0)
