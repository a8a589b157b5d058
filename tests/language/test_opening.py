"""What `open` brings along."""

import os

import pytest

from chronus import commands as c
from chronus.errors import ChronusError
from chronus.language import opening
from chronus.language.statements import statements
from chronus.shell.conversation import Conversation


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
    assert parsed.command.when == c.When("next") and parsed.command.places == ((2, 1), (2, 12))
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


@pytest.mark.parametrize(
    "line, told",
    [
        ("wait 2 bars", 'it cannot "wait 2 bars"'),
        ("wait until bar 3", 'it cannot "wait until bar 3"'),
        ("wait 2s", 'it cannot "wait 2 s"'),
        ("mute kick at next bar", 'nothing of it can be "at next bar"'),
        ("mute kick for 2 bars", 'nothing of it can be "for 2 bars"'),
        ("seq kick: x. at 8 bars", 'nothing of it can be "at 8 bars"'),
        ("set kick.decay 90 over 2 bars at next beat", 'nothing of it can be "at next beat"'),
        ("mute kick for 2 bars", 'nothing of it can be "for 2 bars"'),
        ("stop", '"stop" is no part of a rack'),
        ("play", '"play" is no part of a rack'),
        ("panic", '"panic" is no part of a rack'),
        ("undo 2", '"undo 2" is no part of a rack'),
        ("save mine", '"save mine" is no part of a rack'),
        ("assert kick.decay == 90", '"assert kick.decay == 90" is no part of a rack'),
    ],
)
def test_a_script_in_which_time_passes_or_that_does_more_than_make_a_rack_is_refused_with_the_reason(
    patches, line, told
):
    (patches / "song.chronus").write_text(f"load kick\nseq kick: x...; {line}\nmute kick\n")
    error = refused("open song")
    assert (error.code, error.line, error.column) == ("E_VALUE", 1, 6)
    assert error.message.startswith("song, 2:17: ") and told in error.message
    assert error.message.endswith('"chronus song" plays it line by line')


def test_what_takes_hold_at_once_what_sweeps_and_what_only_asks_may_stand_in_a_script(patches):
    lines = "load kick now\nset kick.decay 90..900 over 2 bars\nlist; show kick; sync; status\nquit\nwait 2 bars\n"
    (patches / "song.chronus").write_text(lines)
    assert [type(command) for command in opened("open song").command.commands] == [
        c.Load, c.Set, c.List, c.Show, c.Sync, c.Status,
    ]  # fmt: skip
