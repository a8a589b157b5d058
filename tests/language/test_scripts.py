"""A name means the same script to `open`, `chronus render` and `chronus NAME`."""

import os

import pytest

from chronus import __main__ as program
from chronus.command_line import forms
from chronus.errors import ChronusError
from chronus.language import opening, scripts
from chronus.language.statements import statements
from chronus.render import command

SHIPPED = "first-beat"


@pytest.fixture
def here(home, monkeypatch):
    """(the folder one works in, the folder of what is saved)."""
    saved, here = home / "home" / "patches", home / "here"
    saved.mkdir(parents=True)
    here.mkdir()
    monkeypatch.chdir(here)
    return here, saved


class Told:
    """What the command line gives `render`, as far as it is looked at here."""

    def __init__(self, name):
        self.script = name
        self.rate, self.seed, self.bars, self.seconds = 44100, 0, None, None


def meant(name):
    """What the three make of a name; they are of one mind."""
    shell = program.to_run(forms.read([name], forms.parser()))
    assert shell is not None and command.read_score(Told(name)).source == shell
    if os.sep not in name and os.path.isfile(scripts.find(name)):
        lines = [statement.text for statement in statements(shell.decode())]
        commands = opening.parse(statements(f"open {name}")[0]).command.commands
        assert len(commands) == len(lines)
    return shell.decode()


def test_what_was_saved_is_found_by_its_name_with_and_without_ending(here):
    (here[1] / "evening.chronus").write_text("load saw")
    assert meant("evening") == meant("evening.chronus") == "load saw"


def test_what_came_with_chronus_is_found_unless_something_saved_hides_it(here):
    assert "load kick" in meant(SHIPPED)
    (here[1] / f"{SHIPPED}.chronus").write_text("load saw")
    assert meant(SHIPPED) == "load saw"


def test_a_path_that_exists_comes_first(here):
    (here[1] / "evening.chronus").write_text("load saw")
    (here[0] / "evening").write_text("load bass")
    assert meant("evening") == "load bass"
    (here[0] / "evening.chronus").write_text("load kick")
    assert meant("evening.chronus") == "load kick"
    assert meant("./evening.chronus") == meant(str(here[0] / "evening.chronus")) == "load kick"


def test_a_folder_of_that_name_is_no_script(here):
    (here[0] / "evening").mkdir()
    (here[1] / "evening.chronus").write_text("load saw")
    assert meant("evening") == "load saw"
    (here[1] / "evening.chronus").unlink()
    with pytest.raises(ChronusError, match="evening: Is a directory"):
        scripts.find("evening")


@pytest.mark.parametrize(
    ("name", "said", "suggestions"),
    [
        ("evenin", "evenin: No such file or directory", ("evening",)),
        ("frst-beat.chronus", "frst-beat.chronus: No such file or directory", (SHIPPED,)),
        ("./evenin", "./evenin: No such file or directory", ()),
        ("/nowhere/evening", "/nowhere/evening: No such file or directory", ()),
        ("zzzzzz", "zzzzzz: No such file or directory", ()),
        ("", ": No such file or directory", ()),
    ],
)
def test_what_there_is_not_suggests_what_there_is(name, said, suggestions, here):
    (here[1] / "evening.chronus").write_text("load saw")
    with pytest.raises(ChronusError) as refused:
        scripts.find(name)
    error = refused.value
    assert (error.code, error.message, error.suggestions[:1]) == ("E_FILE", said, suggestions)


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_a_name_that_no_file_can_have_is_refused_in_a_line(name, here):
    with pytest.raises(ChronusError) as refused:
        scripts.find(name)
    assert refused.value.code == "E_FILE" and "\n" not in refused.value.message


def test_a_script_may_come_through_a_pipe_but_nothing_is_opened_from_one(here):
    import threading

    os.mkfifo(here[0] / "pipe")
    writer = threading.Thread(target=lambda: (here[0] / "pipe").write_text("load saw"))
    writer.start()
    assert command.read_score(Told("pipe")).source == b"load saw"
    writer.join(5)
    with pytest.raises(ChronusError, match="no file that can be read"):
        opening.parse(statements("open pipe")[0])


def test_a_link_out_of_the_users_folder_is_not_followed_by_any(here):
    (here[0] / "secret").write_text("load saw")
    (here[1] / "out.chronus").symlink_to(here[0] / "secret")
    with pytest.raises(ChronusError) as refused:
        scripts.find("out")
    assert refused.value.code == "E_PATH"
