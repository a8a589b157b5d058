"""What `open` brings along."""

import os

import pytest

from chronus import commands as c
from chronus.errors import ChronusError
from chronus.text import opening
from chronus.text.client import Conversation
from chronus.text.statements import statements


@pytest.fixture
def patches(home):
    folder = home / "home" / "patches"
    folder.mkdir(parents=True)
    return folder


def opened(line):
    return opening.parse(statements(line)[0])


def refused(line):
    with pytest.raises(ChronusError) as caught:
        opened(line)
    return caught.value


def test_the_commands_of_the_file_come_with_the_command(patches):
    (patches / "mine.chronus").write_text("# two\nload kick; seq kick: \\\n x...")
    parsed = opened("open mine at next bar")
    assert parsed.text == "open mine at next bar"
    assert [type(command) for command in parsed.command.commands] == [c.Load, c.Sequence]
    assert parsed.command.when == c.When("next")
    assert opened("open mine.chronus").command.commands == parsed.command.commands


def test_what_came_with_chronus_can_be_opened_and_a_file_of_ones_own_comes_first(patches):
    assert len(opened("open first-beat").command.commands) > 5
    (patches / "first-beat.chronus").write_text("load saw")
    assert opened("open first-beat").command.commands == (c.Load(kind="saw"),)


def test_a_wrong_line_of_the_file_refuses_all_of_it(patches):
    (patches / "bad.chronus").write_text("load kick\n  lod snare\n")
    error = refused("open bad")
    assert (error.code, error.line, error.column) == ("E_COMMAND", 1, 6)
    assert error.message == 'bad, 2:3: there is no command "lod"'


def test_a_name_of_nothing_suggests_what_there_is(patches):
    (patches / "demo.chronus").touch()
    error = refused("open dmo")
    assert (error.code, error.column, error.suggestions) == ("E_FILE", 6, ("demo",))


def test_links_out_of_the_folder_are_not_followed(patches, tmp_path):
    (tmp_path / "secret.chronus").write_text("load kick")
    (patches / "out.chronus").symlink_to(tmp_path / "secret.chronus")
    (patches / "round.chronus").symlink_to("round.chronus")
    (patches / "beside.chronus").symlink_to("there.chronus")
    (patches / "there.chronus").write_text("load kick")
    assert refused("open out").code == "E_PATH"
    assert refused("open round").code == "E_FILE"
    assert len(opened("open beside").command.commands) == 1


def test_what_is_no_file_or_too_long_is_refused_at_once(patches):
    os.mkfifo(patches / "pipe.chronus")
    (patches / "folder.chronus").mkdir()
    (patches / "long.chronus").write_text("play\n" * 300_000)
    (patches / "circle.chronus").write_text("open circle")
    assert [refused(f"open {name}").code for name in ("pipe", "folder", "long", "circle")] == [
        "E_FILE", "E_FILE", "E_LIMIT", "E_VALUE",
    ]  # fmt: skip


def test_an_open_is_read_after_the_save_before_it_is_answered(patches, catalogue):
    conversation = Conversation()
    conversation.hello(c.Welcome(1, {}, catalogue, {}))
    conversation.say(statements("save mine; new; open mine; list"))
    assert conversation.outgoing() and not conversation.outgoing()
    (patches / "mine.chronus").write_text("load saw")
    conversation.receive(c.Reply(1, True, "save mine"))
    conversation.receive(c.Reply(2, True, "new"))
    assert conversation.outgoing()
    assert [answer.id for _, answer in conversation.answers()] == [1, 2]
    assert conversation.waiting
