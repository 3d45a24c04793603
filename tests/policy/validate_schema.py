#!/usr/bin/python3
"""Holds docs/policy.schema.json against an independent validator (python3-jsonschema).

Every shipped policy and the sample validate; every case of mistakes.txt that is marked [schema] does not.
Usage: validate_schema.py SOURCE_FOLDER
"""
import json
import pathlib
import re
import sys

import jsonschema
import yaml


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema, which editors use: `no` and `22:30` are text."""


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?$", "-+0123456789."),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^(?:<<)$", "<"),
]:
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


def marked_mistakes(path):
    for case in path.read_text(encoding="utf-8", errors="surrogateescape").split("=== ")[1:]:
        title, _, rest = case.partition("\n")
        if title.endswith(" [schema]"):
            yield title.split()[0], rest.partition("~~~\n")[0]


def main():
    root = pathlib.Path(sys.argv[1])
    schema = json.loads((root / "docs/policy.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    failures = []

    good = [root / "tests/policy/sample.yaml", *sorted(root.glob("policies/*.yaml")),
            *sorted(root.glob("examples/**/policy.yaml"))]
    for path in good:
        for error in validator.iter_errors(yaml.load(path.read_text(encoding="utf-8"), CoreLoader)):
            failures.append(f"{path.relative_to(root)}: {'.'.join(map(str, error.absolute_path))}: {error.message}")

    bad = list(marked_mistakes(root / "tests/policy/mistakes.txt"))
    for name, text in bad:
        if validator.is_valid(yaml.load(text, CoreLoader)):
            failures.append(f"mistakes.txt: {name}: the schema lets it through")

    if len(good) < 2 or len(bad) < 50:
        failures.append(f"too little was looked at: {len(good)} good, {len(bad)} bad")
    print("\n".join(failures) or f"{len(good)} policies validate, {len(bad)} mistakes are refused")
    return 1 if failures else 0


sys.exit(main())
