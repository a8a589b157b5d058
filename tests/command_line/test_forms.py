"""Which form is meant and what it is given; what cannot be meant is refused in one line that says what may have been."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from chronus import settings
from chronus.__main__ import WORK, main
from chronus.command_line import forms
from chronus.command_line.parser import Misuse, takers
from chronus.language import scripts
from chronus.settings import Settings

ROOT = forms.parser()
PARSERS = {"": ROOT, **ROOT.forms()}


def read(*words: str) -> forms.Read:
    return forms.read(words, ROOT)


def refused(*words: str) -> str:
    with pytest.raises(Misuse) as misuse:
        read(*words)
    return str(misuse.value)


# ---------------------------------------------------------------- which form


@pytest.mark.parametrize(
    ("words", "form", "script"),
    [
        (["status"], "status", None),
        (["--engine", "status", "stop"], "stop", None),
        (["--engine=x", "stop"], "stop", None),
        (["--json", "modules", "saw"], "modules", None),
        (["-o", "x.wav", "render", "song"], "render", None),
        (["song.chronus"], "", "song.chronus"),
        (["--engine", "x", "song.chronus", "--keep"], "", "song.chronus"),
        (["-c", "status"], "", None),
        (["--", "status"], "", "status"),
        (["--keep", "--", "-odd.chronus"], "", "-odd.chronus"),
        ([], "", None),
    ],
)
def test_the_form_is_the_first_word_that_is_no_option(words, form, script):
    meant = read(*words)
    assert (meant.form, meant.script) == (form, script)


def test_options_may_stand_before_the_form_and_after_a_script():
    assert read("--json", "modules", "saw").arguments.json and read("song.chronus", "--keep").arguments.keep
    assert read("-o", "x.wav", "render", "song").arguments.output == "x.wav"


def test_an_option_takes_a_value_in_all_forms_or_in_none():
    for name in takers(PARSERS.values()):
        for parser in PARSERS.values():
            assert all(action.nargs != 0 for action in parser.all_actions() if name in action.option_strings)


def test_an_engine_reads_back_the_settings_it_is_given():
    told = Settings("live", "-odd device", 48000, 64, 4, 0, "0.0.0.0", True)
    assert settings.read(vars(read("engine", *told.engine_arguments()).arguments), {}) == told


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["--kep"], 'no such option: --kep; did you mean "--keep"?'),
        (["render", "a", "--ouput", "b.wav"], 'no such option: --ouput; did you mean "--output"?'),
        (["render", "a", "--ouput=b.wav"], 'did you mean "--output"?'),
        (["soak", "--hour", "1"], 'did you mean "--hours"?'),
        (["status", "--nonsense"], "no such option: --nonsense; `chronus status --help` tells more"),
        (["render", "a"], "-o/--output"),
        (["render", "a", "-o", "x.wav", "b"], "one word too many: b"),
        (["render", "a", "-o", "x.wav", "--tail", "61"], "at least 0 and at most 60, not 61"),
        (["render", "a", "-o", "x.wav", "--tail", "x"], "at least 0 and at most 60, not x"),
        (["render", "a", "-o", "x.wav", "--bars", "nan"], "more than 0 and at most 1e+06, not nan"),
        (["crash-test", "--kills", "0"], "--kills must be a whole number from 1 to 1000000, not 0"),
        (["a", "b"], "one SCRIPT at a time, not also b"),
        (["a", "status"], "one SCRIPT at a time, not also status"),
        (["rendr", "song", "-o", "x.wav"], 'there is no form rendr; did you mean "render"?'),
        (["crashtest", "--kills", "3"], 'there is no form crashtest; did you mean "crash-test"?'),
        (["-c", "play", "x.chronus"], "either -c or a SCRIPT, not both"),
        (["-c", "play", "status"], "either -c or a SCRIPT, not both"),
        (["status", "-c", "play"], "no such option: -c"),
    ],
)
def test_a_refusal_says_what_was_meant(words, meant):
    assert meant in refused(*words)


@pytest.mark.parametrize(
    "words", [["--nonsense"], ["--rate", "1", "-c", ""], ["a", "b"], ["-c", "", "x.chronus"], ["render"]]
)
def test_bad_usage_ends_with_2_and_says_one_line(words, capsys):
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and said.err.startswith("chronus") and not said.out


def test_a_missing_script_exits_with_2_and_says_what_was_meant(capsys):
    assert main(["staus"]) == 2
    assert capsys.readouterr().err == 'chronus: staus: No such file or directory; did you mean "status"?\n'


def test_a_folder_is_no_script(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert "Is a directory" in capsys.readouterr().err


def test_a_journal_is_pointed_to_render(tmp_path, capsys):
    journal = tmp_path / "0001.journal"
    journal.write_bytes(b"#chronus-journal 1 {}\n")
    assert main([str(journal)]) == 2
    assert "chronus render" in capsys.readouterr().err


def test_what_a_terminal_would_obey_is_left_out_of_a_refusal(capsys):
    assert main(["render", "a", "-o", "x.wav", "--tail", "\x1b[2J"]) == 2
    assert "\x1b" not in capsys.readouterr().err


# ---------------------------------------------------------------- what `--help` says


@pytest.mark.parametrize("form", PARSERS)
def test_help_and_version_end_with_0(form, capsys):
    for words in (["--help"], ["-h"], ["--version"]) if not form else ([form, "--help"], ["--help", form]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0
        assert "chronus" in capsys.readouterr().out


def test_every_form_has_a_row_a_line_in_help_and_somebody_who_does_its_work():
    assert list(WORK) == list(forms.FORMS) == list(ROOT.forms())
    told = ROOT.format_help()
    for name, form in forms.FORMS.items():
        assert f"    {name} " in told and form.does[0].isupper() and form.does.endswith(".")
        assert form.does.split()[0] in ROOT.forms()[name].format_help()


@pytest.mark.parametrize("form", PARSERS)
def test_an_option_with_a_value_tells_its_default(form):
    for action in PARSERS[form].shown():
        if action.option_strings and action.nargs != 0 and not action.required:
            assert re.search(r"\([^()]+\)$", action.help), f"chronus {form} {action.option_strings[0]}: {action.help}"
        assert action.help or action.choices, f"chronus {form} {action.dest}"


@pytest.mark.parametrize("key", settings.WHOLE)
def test_the_help_of_a_setting_has_the_range_the_unit_and_the_default_that_are_in_force(key):
    variable, low, high, unit = settings.WHOLE[key]
    (action,) = [action for action in ROOT.shown() if action.dest == key]
    assert f"{low} to {high}{unit and ' ' + unit} ({getattr(Settings(), key)}; also {variable})" in action.help


def examples() -> list[str]:
    return [*forms.EXAMPLES, *(line for form in forms.FORMS.values() for line in form.examples)]


@pytest.mark.parametrize("line", examples())
def test_every_example_is_understood_and_names_what_there_is(line):
    """Of a pipe the part that is ours, without what the shell does with its output."""
    (ours,) = [part for part in re.split(r" [|>] ", line) if part.startswith("chronus ")]
    meant = read(*shlex.split(ours)[1:])
    for script in filter(None, [meant.script, getattr(meant.arguments, "script", None)]):
        assert script.startswith("$") or scripts.find(script)


def test_every_form_has_an_example_of_its_own():
    for name, form in forms.FORMS.items():
        assert form.examples and all(re.search(rf"\bchronus {name}\b", line) for line in form.examples)


def test_help_is_told_with_the_standard_library_alone():
    """A child tells every page, and what it had to import for it."""
    asks = [["--help"], ["--version"], *([form, "--help"] for form in forms.FORMS)]
    child = f"""
import sys
before = set(sys.modules)
from chronus.__main__ import main
for words in {asks!r}:
    try:
        main(words)
    except SystemExit as ended:
        assert ended.code == 0
print("imported:", *sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    told, _, names = done.stdout.rpartition("imported: ")
    assert told.count("usage: chronus") == len(asks) - 1
    imported = {name.partition(".")[0] for name in names.split()}
    foreign = imported - sys.stdlib_module_names - {"chronus"}
    assert not foreign, f"numba, numpy, prompt_toolkit, lark, msgspec and their kin are not for --help: {foreign}"
    rooms = {name for name in names.split() if name.startswith("chronus.")}
    assert rooms == {
        *("chronus.__main__", "chronus.errors", "chronus.settings"),
        *("chronus.command_line", "chronus.command_line.forms", "chronus.command_line.parser"),
    }
