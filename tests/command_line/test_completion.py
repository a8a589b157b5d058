"""Shells really complete what `chronus completion` prints: bash in a child and on a terminal; zsh and fish where they are installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from chronus import places
from chronus.__main__ import main
from chronus.command_line import completion, forms, offers
from chronus.command_line.parser import Parser

ROOT = Path(__file__).parent.parent.parent
PARSERS = {"": forms.parser(), **forms.parser().forms()}
DRIVE = """\
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_chronus chronus "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""What bash does at TAB: the words of the line in, what fits out."""


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A folder with a script and a recording in it; a saved script and a running engine elsewhere."""
    saved, sockets, work = tmp_path / "home/patches", tmp_path / "run/chronus", tmp_path / "work"
    for folder in (saved, sockets, work):
        folder.mkdir(parents=True)
    (saved / "evening.chronus").write_text("")
    (saved / "$(touch wrong).chronus").write_text("")
    (work / "song.chronus").write_text("")
    (work / "my take.wav").write_text("")
    with socket.socket(socket.AF_UNIX) as engine:
        monkeypatch.chdir(sockets)  # a socket's path is short
        engine.bind("night.sock")
        monkeypatch.chdir(work)
        monkeypatch.setenv("CHRONUS_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
        yield work


@pytest.fixture
def printed(here, tmp_path, capsys):
    """The file that holds what `chronus completion SHELL` prints."""

    def write(shell: str) -> Path:
        assert main(["completion", shell]) == 0
        file = tmp_path / f"completion.{shell}"
        file.write_text(capsys.readouterr().out)
        return file

    return write


@pytest.fixture
def offered(printed):
    """What bash offers for the last word of a line."""
    script = printed("bash")

    def complete(*words: str) -> set[str]:
        command = ["bash", "--norc", "-c", DRIVE, "bash", script, "chronus", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0 and not done.stderr, done.stderr
        return set(filter(None, done.stdout.splitlines()))

    return complete


def names(parser: Parser) -> set[str]:
    return {name for action in parser.shown() for name in action.option_strings}


# ---------------------------------------------------------------- bash


def test_at_the_place_of_a_form_forms_scripts_and_files_are_offered(offered):
    found = offered("")
    scripts = {file.stem for file in places.shipped("patches").glob("*.chronus")}
    assert found == {*forms.FORMS, *scripts, "evening", "song.chronus", "my take.wav"}
    assert not Path("wrong").exists()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["rend"], {"render"}),
        (["--json", "mod"], {"modules"}),
        (["--engine", "status", "jou"], {"journal"}),
        (["eve"], {"evening"}),
        (["--ke"], {"--keep"}),
        (["song.chronus", "--str"], {"--strict"}),
        (["song.chronus", ""], set()),
        (["render", "first"], {"first-beat"}),
        (["render", "first-beat", ""], set()),
        (["render", "first-beat", "-o", "my"], {"my take.wav"}),
        (["render", "first-beat", "--output", "my"], {"my take.wav"}),
        (["render", "--bars", ""], set()),
        (["render", "--se"], {"--seconds", "--seed"}),
        (["modules", "tb"], {"tb303"}),
        (["completion", ""], {"bash", "zsh", "fish"}),
        (["--engine", ""], {"night"}),
        (["stop", "--engine", "=", "ni"], {"night"}),
        (["stop", "--engine", "="], {"night"}),
        (["status", "--engine", "=", "night", "--pl"], {"--plain"}),
        (["--device", "n"], {"null"}),
        (["--as", ""], set()),
    ],
)
def test_bash_offers_what_fits(offered, words, found):
    assert offered(*words) == found


@pytest.mark.parametrize("form", PARSERS)
def test_bash_offers_every_option_of_a_form_and_no_other(offered, form):
    assert offered(*filter(None, [form]), "-") == names(PARSERS[form])


def test_tab_on_a_terminal_completes_a_form_an_option_and_a_file(printed):
    script = printed("bash")
    environment = {**os.environ, "TERM": "dumb", "PS1": "ready> "}
    shell = pexpect.spawn("bash", ["--norc", "--noprofile"], env=environment, encoding="utf-8", timeout=20)
    shell.sendline(f"source '{script}'; chronus() {{ printf '<%s>' \"$@\"; echo; }}")
    shell.expect("ready> .*ready> ")
    shell.send("chronus rend\tfirst\t--ba\t4 -o my\t\r")
    shell.expect_exact("<render><first-beat><--bars><4><-o><my take.wav>")
    shell.close(force=True)


def test_what_completes_a_value_is_named_after_something_that_takes_one():
    taking = {action.dest for parser in PARSERS.values() for action in parser.shown() if action.nargs != 0}
    assert set(offers.BY_NAME) <= taking


def test_an_option_is_completed_alike_in_all_forms():
    every = [name for taking in offers.by_value(PARSERS[""]).values() for name in taking]
    assert len(every) == len(set(every))


# ---------------------------------------------------------------- zsh and fish


@pytest.mark.parametrize("shell", completion.MAKERS)
def test_every_form_and_every_option_stands_in_it(printed, shell):
    text = printed(shell).read_text()
    for form, parser in PARSERS.items():
        assert form in text
        for name in names(parser):
            assert name in text or f"-l {name[2:]} " in text or f"-s {name[1:]} " in text, f"{form} {name}"


@pytest.mark.parametrize("shell", completion.MAKERS)
def test_the_shell_parses_it(printed, shell):
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed here")
    done = subprocess.run([program, "-n", printed(shell)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("rend", {"render"}),
        ("eve", {"evening"}),
        ("so", {"soak", "song.chronus"}),
        ("--engine status jou", {"journal"}),
        ("song.chronus --str", {"--strict"}),
        ("render --se", {"--seconds", "--seed"}),
        ("modules tb", {"tb303"}),
        ("completion ", {"bash", "zsh", "fish"}),
        ("stop --engine ni", {"night"}),
        ("--device n", {"null"}),
    ],
)
def test_fish_offers_what_fits(printed, line, found):
    program = shutil.which("fish")
    if program is None:
        pytest.skip("fish is not installed here")
    asked = f"source {printed('fish')}; complete -C 'chronus {line}'"
    done = subprocess.run([program, "--no-config", "-c", asked], capture_output=True, text=True, timeout=60)
    assert {one.partition("\t")[0] for one in done.stdout.splitlines()} == found, done.stderr


# ---------------------------------------------------------------- without a shell


def test_an_unknown_shell_is_refused_with_those_there_are(capsys):
    assert main(["completion", "bsh"]) == 2
    assert 'one of bash, zsh, fish, not bsh; did you mean "bash"' in capsys.readouterr().err


def test_it_is_printed_without_an_engine_and_without_what_it_needs():
    child = (
        "import sys; from chronus.__main__ import main; main(['completion', 'bash']); main(['man']);"
        "print(*(name for name in ('numba', 'numpy', 'prompt_toolkit', 'lark', 'msgspec') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == ""
