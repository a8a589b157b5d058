"""What is typed at the system's shell: a line of the language is told how it is sent."""

from __future__ import annotations

import shlex

import pytest

from chronus.__main__ import main


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("load kick", "load kick"),
        ("help", "help"),
        ("help patterns", "help patterns"),
        ("set bass.freq 55", "set bass.freq 55"),
        ("set volume -6db", "set volume -6db"),
        ("'seq kick: x...x...'", "seq kick: x...x..."),
        ("say a kick --json", "say a kick"),
        ("--keep load kick", "load kick"),
        ("--engine mine play", "play"),
        ("Chronus, add hats", "Chronus, add hats"),
        ("laod kick", "laod kick"),
    ],
)
def test_a_line_of_the_language_is_told_how_it_is_sent(typed, line, capsys):
    code = main(shlex.split(typed))
    said = capsys.readouterr().err
    assert code == 2 and said.count("\n") == 1
    assert f"chronus -c {shlex.quote(line)}" in said


@pytest.mark.parametrize("typed", ["no-such-file", "statsu", "load.chronus", "songs/load"])
def test_a_file_that_is_not_there_is_no_line(typed, capsys):
    code = main([typed])
    said = capsys.readouterr().err
    assert (code == 2 and "-c" not in said and "o such file" in said) or "saved" in said


def test_a_script_may_be_called_like_a_command(tmp_path, capsys):
    (tmp_path / "play").write_text("")
    assert main(["play"]) == 0
    assert capsys.readouterr().err == ""
