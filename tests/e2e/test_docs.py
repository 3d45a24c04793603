"""What the pages show works: their policies and tests, and the commands, options and alerts that they name."""

import functools
import re
import subprocess
import unittest

import harness

ROOT = harness.ROOT
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/**/README.md")])


def blocks(text, language):
    """The fenced blocks of this language: (line, text)."""
    found, start = [], None
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if start is None:
            start = number
            continue
        if lines[start] == "```" + language:
            found.append((start + 1, "\n".join(lines[start + 1 : number]) + "\n"))
        start = None
    return found


def has_key(text, *keys):
    return any(re.search(rf"^{key}:", text, re.MULTILINE) for key in keys)


def is_policy(text):
    return has_key(text, "services", "compose") and not has_key(text, "version", "tests")


def commands_of(text):
    """What follows `keepwell`, of each line of a shell block, each prompt, and each piece of code in a sentence."""
    shown = [line for _, block in blocks(text, "sh") for line in block.split("\n")]
    shown += [line[2:] for _, block in blocks(text, "") for line in block.split("\n") if line.startswith("$ ")]
    shown += re.findall(r"`(keepwell [^`]*)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    for line in shown:
        yield from re.findall(r"(?:^|[;|&] *|/bin/)keepwell ([a-z][^;|&]*)", line.split(" #")[0])


@functools.cache
def help_of(command):
    done = subprocess.run([harness.KEEPWELL, command, "--help"], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


class Pages(harness.Case):
    def test_every_policy_is_valid(self):
        checked = 0
        for page in PAGES:
            policies = blocks(page.read_text(), "yaml")
            for _, text in policies:
                if has_key(text, "version"):
                    (self.folder / "docker-compose.yml").write_text(text)
            for line, text in policies:
                if is_policy(text):
                    checked += 1
                    (self.folder / "policy.yaml").write_text(text)
                    with self.subTest(f"{page.relative_to(ROOT)}:{line}"):
                        self.assertRegex(self.keepwell("check", self.folder / "policy.yaml"), "targets?: ok\n")
        self.assertGreater(checked, 8)

    def test_every_test_of_a_policy_passes(self):
        shop = (ROOT / "policies/web-with-redis.yaml").read_text()
        (self.folder / "shop.yaml").write_text(shop.replace("../examples", str(ROOT / "examples")))
        played = 0
        for page in PAGES:
            shown = blocks(page.read_text(), "yaml")
            own = [text for _, text in shown if is_policy(text)]
            for line, text in shown:
                if not has_key(text, "tests"):
                    continue
                played += 1
                (self.folder / "policy.yaml").write_text(own[0] if own else "")
                (self.folder / "page.test.yaml").write_text(text)
                with self.subTest(f"{page.relative_to(ROOT)}:{line}"):
                    self.keepwell("test", self.folder / "page.test.yaml")
        self.assertGreater(played, 1)

    def test_commands_and_their_options_exist(self):
        seen = 0
        for page in PAGES:
            for text in commands_of(page.read_text()):
                seen += 1
                with self.subTest(f"{page.relative_to(ROOT)}: keepwell {text}"):
                    told = help_of(text.split()[0])
                    self.assertIsNotNone(told, "no such command")
                    for option in re.findall(r"(?<!\S)(--[a-z][a-z-]+|-[a-z])\b", text):
                        self.assertRegex(told, rf"(?<![\w-]){option}(?![\w-])")
        self.assertGreater(seen, 100)

    def test_every_alert_has_its_line(self):
        header = (ROOT / "include/keepwell/model/fact.hpp").read_text()
        names = re.findall(r'"(\w+)"', re.search(r"alert_names\{(.*?)\};", header, re.DOTALL).group(1))
        table = (ROOT / "docs/operating.md").read_text().partition("\n## Alerts\n")[2].partition("\n## ")[0]
        self.assertEqual(sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)), sorted(names))


if __name__ == "__main__":
    unittest.main()
