"""The manual page: `man` and mandoc read it, and it names every form, option, exit code and variable that there is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from chronus.__main__ import main
from chronus.command_line import forms, manual

ROOT = Path(__file__).parent.parent.parent
PAGE = manual.text(forms.parser())
INSIDE = {"CHRONUS_NULL_CAPTURE", "CHRONUS_DECIDED_CACHE"}
"""What processes of ours tell each other: no user sets it."""


def seen(rendered: str) -> str:
    """Words without layout, bold letters and hyphens of other kinds."""
    plain = re.sub(r".\x08|\x1b\[[\d;]*m", "", rendered).replace("\u2010\n", "").replace("\u2010", "-")
    return " ".join(plain.split())


def test_it_names_every_form_and_every_option_with_its_help():
    words = seen(PAGE)
    for name, parser in forms.parser().forms().items():
        assert f"chronus {name}" in words and forms.FORMS[name].does in words
        for action in parser.shown():
            assert all(option in words for option in action.option_strings)
            assert seen(action.help) in words
    for line in (line for form in forms.FORMS.values() for line in form.examples):
        assert line in words


def test_it_names_what_is_read_from_the_environment():
    read = {
        name for file in (ROOT / "chronus").rglob("*.py") if file.parent.name != "command_line"
        for name in re.findall(r'"(CHRONUS_\w+|XDG_\w+|NO_COLOR)"', file.read_text())
    }  # fmt: skip
    assert read - INSIDE == set(forms.ENVIRONMENT)
    assert all(f"    {name}\n" in PAGE for name in read - INSIDE)


def test_it_names_the_exit_codes_that_readme_and_agents_name():
    listed = ", ".join(f"{code} {meaning}" for code, meaning in forms.EXIT_CODES.items())
    for document in ("README.md", "AGENTS.md"):
        assert f"Exit codes: {listed}." in " ".join((ROOT / document).read_text().split()), document
    assert all(f"    {code}\n          {meaning}\n" in PAGE for code, meaning in forms.EXIT_CODES.items())


def test_no_line_is_wider_than_a_narrow_terminal_but_an_example():
    examples = {line for form in forms.FORMS.values() for line in form.examples}
    assert [line for line in PAGE.splitlines() if len(line) > 80 and line.strip() not in examples] == []


def test_on_a_pipe_it_is_plain_text(capsys):
    assert main(["man"]) == 0
    assert capsys.readouterr().out == PAGE


def test_in_a_terminal_it_is_shown_by_the_pager(tmp_path):
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho paged; head -n 1\n")
    pager.chmod(0o755)
    environment = {**os.environ, "PAGER": str(pager), "MANPAGER": "", "TERM": "xterm"}
    shown = pexpect.spawn(
        sys.executable, ["-m", "chronus", "man"], env=environment, cwd=ROOT, encoding="utf-8", timeout=30
    )
    assert shown.read().split() == ["paged", "NAME"]
    shown.close()
    assert shown.exitstatus == 0


@pytest.fixture
def source(tmp_path, capsys) -> Path:
    assert main(["man", "--roff"]) == 0
    page = tmp_path / "chronus.1"
    page.write_text(capsys.readouterr().out)
    return page


def test_man_shows_all_of_it(source):
    if not (shutil.which("man") and shutil.which("groff")):
        pytest.skip("man is not installed here")
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "200", "MANROFFOPT": "-ww", "PAGER": "cat"}
    done = subprocess.run(["man", "-l", source], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0 and not done.stderr, done.stderr
    shown = seen(done.stdout)
    for block in PAGE.split("\n"):
        assert seen(block) in shown


def test_mandoc_has_nothing_to_say_of_it_but_that_it_has_no_date(source):
    """A date would make two builds of one version differ."""
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed here")
    done = subprocess.run(["mandoc", "-Tlint", source], capture_output=True, text=True, timeout=60)
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []


def test_what_is_an_order_in_roff_is_text_on_the_page(source):
    assert manual._escaped(".wav\\n - it's") == "\\&.wav\\en \\- it\\(aqs"
