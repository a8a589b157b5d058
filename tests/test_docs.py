"""What README.md and AGENTS.md show works as shown, and so does what `help` gives as an example.

A block marked `chronus` is lines of the language, one marked `sh` is for a shell; both are run, in order, for each document in a
home of its own with the null device. `make` lines are looked up in the Makefile. Blocks marked `text` are for the eye.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from chronus.commands import Load, Open, Patch
from chronus.language import help, opening, parser
from chronus.language.syntax import commands
from tests.kit.live import Home, until

ROOT = Path(__file__).parent.parent
DOCUMENTS = ["README.md", "AGENTS.md"]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.timeout(400)


def blocks(document):
    """(mark, number of the first line, text) of each."""
    text = (ROOT / document).read_text()
    return [(found[1], text.count("\n", 0, found.start()) + 2, found[2]) for found in FENCE.finditer(text)]


class Reader:
    """Somebody who types what they read: `chronus` is on the PATH, `patches` beside them."""

    def __init__(self, folder):
        self.home = Home(folder)
        self.folder = folder
        (folder / "bin").mkdir()
        program = folder / "bin" / "chronus"
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m chronus "$@"\n')
        program.chmod(0o755)
        (folder / "patches").symlink_to(ROOT / "patches")
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**self.home.environment, "PATH": path, "CHRONUS_DEVICE": "null"}

    def run(self, text, *, shell):
        command = ["sh", "-e"] if shell else ["chronus", "--keep"]
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=300,
            cwd=self.folder,
            env=self.environment,
        )
        return done.returncode, done.stdout + done.stderr

    def close(self):
        self.run("chronus stop || true", shell=True)
        until(lambda: not list((self.folder / "run" / "chronus").glob("*.sock")), 10)


@pytest.fixture
def reader(tmp_path):
    there = Reader(tmp_path)
    yield there
    there.close()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_line_of_the_document_works(document, reader):
    marks = set()
    for mark, line, text in blocks(document):
        marks.add(mark)
        assert mark in ("chronus", "sh", "text"), f"{document}:{line}: a block without a mark is not run"
        if mark == "text":
            continue
        kept = "".join(one for one in text.splitlines(keepends=True) if not one.startswith("make "))
        if kept:
            code, told = reader.run(kept, shell=mark == "sh")
            assert code == 0, f"{document}:{line}: ended with {code}:\n{told}"
            assert "Traceback" not in told and "\nerr " not in f"\n{told}", f"{document}:{line}:\n{told}"
    assert marks >= {"chronus", "sh"}


def test_every_make_line_is_in_the_makefile():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = [
        word for document in DOCUMENTS for mark, _, text in blocks(document) if mark == "sh"
        for line in text.splitlines() if line.startswith("make ") for word in line.split()[1:]
    ]  # fmt: skip
    assert {"run", "test"} <= set(named) <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_is_there(document):
    named = re.findall(r"`((?:chronus|patches|grammar|tests|tools)/[\w./-]*)`", (ROOT / document).read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_figures_of_the_readme_are_those_of_the_bench():
    text = (ROOT / "README.md").read_text()
    for figure in re.findall(r'Figure\(\s*"([^"]+)"', (ROOT / "chronus" / "drills" / "bench.py").read_text()):
        assert figure in text, f"chronus bench prints {figure!r}"


@pytest.mark.parametrize("name", [name for name, entry in help.ROWS.items() if entry.examples])
def test_every_example_in_help_is_a_sentence_and_names_what_there_is(name):
    kinds = {file.stem for file in (ROOT / "chronus" / "modules").glob("[a-z]*.py")}
    for example in help.ROWS[name].examples:
        command = parser.parse(parser.statements(example)[0]).command
        named = [command.kind] if isinstance(command, Load) else []
        named += [port.name for port in command.chain] if isinstance(command, Patch) else []
        assert set(named) <= kinds, f"{example}: there is no such kind"


def test_every_command_that_help_lists_is_one_and_can_be_asked_about():
    for name, entry in help.ROWS.items():
        assert entry.usage.split()[0] == name
        assert name in commands() or name == "say"
        assert parser.parse(parser.statements(f"help {name}")[0]).text == f"help {name}"
    assert commands() - set(help.ROWS) == {"seq"}


LANES = [line.strip() for topic in help.TOPICS.values() for line in topic if line.strip().startswith("seq ")]


@pytest.mark.parametrize("line", LANES)
def test_the_patterns_in_help_are_patterns(line):
    assert parser.parse(parser.statements(line)[0])


def test_the_patches_that_come_with_chronus_parse_and_open():
    names = sorted(file.stem for file in (ROOT / "patches").glob("*.chronus"))
    assert names
    for name in names:
        command = opening.parse(parser.statements(f"open {name}")[0]).command
        assert isinstance(command, Open) and command.commands
        assert f"`{name}`" in (ROOT / "README.md").read_text()
