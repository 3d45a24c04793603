#!/usr/bin/python3
"""Holds docs/policy.schema.json and docs/test.schema.json against an independent validator (python3-jsonschema).

Every shipped policy, test file and sample validates; every case of a mistakes.txt that is marked [schema] does not.
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


def is_test(path):
    return path.name.endswith(".test.yaml")


def validated(root, schema_name, good, mistakes):
    schema = json.loads((root / "docs" / schema_name).read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    for path in good:
        for error in validator.iter_errors(yaml.load(path.read_text(encoding="utf-8"), CoreLoader)):
            yield f"{path.relative_to(root)}: {'.'.join(map(str, error.absolute_path))}: {error.message}"
    for name, text in mistakes:
        if validator.is_valid(yaml.load(text, CoreLoader)):
            yield f"{name}: {schema_name} lets it through"


def main():
    root = pathlib.Path(sys.argv[1])
    policies = [root / "tests/policy/sample.yaml",
                *(path for path in sorted(root.glob("policies/*.yaml")) if not is_test(path)),
                *sorted(root.glob("examples/**/policy.yaml"))]
    tests = [*sorted(root.glob("policies/*.test.yaml")), *sorted(root.glob("tests/scenario/*/*.test.yaml"))]
    bad_policies = list(marked_mistakes(root / "tests/policy/mistakes.txt"))
    bad_tests = list(marked_mistakes(root / "tests/simulation/mistakes.txt"))
    failures = [*validated(root, "policy.schema.json", policies, bad_policies),
                *validated(root, "test.schema.json", tests, bad_tests)]
    if len(policies) < 2 or len(tests) < 5 or len(bad_policies) < 50 or len(bad_tests) < 5:
        failures.append(f"too little was looked at: {len(policies)}, {len(tests)} good, "
                        f"{len(bad_policies)}, {len(bad_tests)} bad")
    print("\n".join(failures) or f"{len(policies)} policies and {len(tests)} test files validate, "
                                 f"{len(bad_policies) + len(bad_tests)} mistakes are refused")
    return 1 if failures else 0


sys.exit(main())
