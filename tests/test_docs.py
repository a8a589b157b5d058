"""What README.md, AGENTS.md and the manual in docs/ show works as shown, and so does what `help` gives as an example.

A block marked `chronus` is lines of the language, one marked `sh` is for a shell; both are run, in order, with the null device. All
documents share a home and an engine, and each begins with an empty rack. `make` lines are looked up in the Makefile. Blocks marked
`text` are for the eye; those marked `tries` are lines that modules declare, which tests/laws/test_tries.py plays.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from chronus.catalogue import manual
from chronus.catalogue.kinds import Catalogue
from chronus.commands import Load, Open, Patch
from chronus.language import help, opening, parser
from chronus.language.rows import SHORT
from chronus.language.syntax import commands
from chronus.worker import ledger
from tests.kit.live import Home, until

ROOT = Path(__file__).parent.parent
MANUAL = sorted(f"docs/{file.name}" for file in (ROOT / "docs").glob("*.md"))
DOCUMENTS = ["README.md", "AGENTS.md", *MANUAL]
MARKS = {"docs/modules.md": {"tries"}}
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


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    there = Reader(tmp_path_factory.mktemp("reader"))
    yield there
    there.close()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_line_of_the_document_works(document, reader):
    shown = blocks(document)
    assert {mark for mark, _, _ in shown} <= MARKS.get(document, {"chronus", "sh", "text"}), "such a block is not run"
    if document not in MARKS:
        reader.run("new", shell=False)
    for mark, line, text in shown:
        if mark not in ("chronus", "sh"):
            continue
        kept = "".join(one for one in text.splitlines(keepends=True) if not one.startswith("make "))
        if kept:
            code, told = reader.run(kept, shell=mark == "sh")
            assert code == 0, f"{document}:{line}: ended with {code}:\n{told}"
            assert "Traceback" not in told and "\nerr " not in f"\n{told}", f"{document}:{line}:\n{told}"


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


def test_the_figures_of_the_manual_are_those_of_the_bench():
    text = (ROOT / "docs" / "internals.md").read_text()
    for figure in re.findall(r'Figure\(\s*"([^"]+)"', (ROOT / "chronus" / "drills" / "bench.py").read_text()):
        assert figure in text, f"chronus bench prints {figure!r}"


def test_the_chapter_of_modules_is_what_they_declare():
    written = manual.page(Catalogue(ledger.specs()).plain())
    assert (ROOT / "docs" / "modules.md").read_text() == written, "chronus modules --markdown > docs/modules.md"


def test_the_readme_is_short_and_leads_to_every_page():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 250
    assert all(f"({page})" in text for page in MANUAL)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document):
    text = (ROOT / document).read_text()
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, place = link.partition("#")
        there = (ROOT / document).parent / path if path else ROOT / document
        assert there.exists(), link
        headings = re.findall(r"^#+ (.*)$", there.read_text(), re.MULTILINE) if place else []
        assert not place or place in {heading.lower().replace(" ", "-") for heading in headings}, link


def test_the_manual_names_every_command():
    text = "".join((ROOT / page).read_text() for page in DOCUMENTS)
    words = set(re.findall(r"[a-z]+", text))
    assert [word for word in help.ROWS if word not in words] == []


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
    assert {"seq"} <= commands() - set(help.ROWS) <= set(SHORT)


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
