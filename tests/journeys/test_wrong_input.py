"""What is wrong is refused where it stands, changes nothing, and the music goes on: one real engine, both forms of the answers."""

import json
import os
import stat
from typing import NamedTuple

import pytest

from tests.kit.live import engine
from tests.kit.talk import Talker

MUSIC = "load bass; load saw as lead gain=0.1; patch lead > filter; seq bass: x.x.x.x.; seq lead: a2 . a3 ."


class Wrong(NamedTuple):
    """A line, and the refusal that it is: `near` is the first suggestion, or "" where there is none to make."""

    typed: bytes
    code: str
    column: int
    near: str = ""


WRONG = [
    # no such thing
    Wrong(b"lod kick", "E_COMMAND", 1, "load"),
    Wrong(b"  exit", "E_COMMAND", 3, "quit"),
    Wrong(b"load kik", "E_MODULE", 6, "kick"),
    Wrong(b"load kik_module", "E_MODULE", 6, "kick"),
    Wrong(b"describe bas", "E_MODULE", 10, "bass"),
    Wrong(b"help lod", "E_COMMAND", 6, "load"),
    Wrong(b"set bas.freq 55", "E_NAME", 5, "bass"),
    Wrong(b"seq bas: x...", "E_NAME", 5, "bass"),
    Wrong(b"mute lead bas", "E_NAME", 11, "bass"),
    Wrong(b"show bas", "E_NAME", 6, "bass"),
    Wrong(b"unload bas", "E_NAME", 8, "bass"),
    Wrong(b"note bas a1", "E_NAME", 6, "bass"),
    Wrong(b"set bass.frq 55", "E_PARAM", 10, "freq"),
    Wrong(b"set bass.freq 60, bass.frq 55", "E_PARAM", 24, "freq"),
    Wrong(b"load kick decya=3", "E_PARAM", 11, "decay"),
    Wrong(b"assert bass.frq == 55", "E_PARAM", 13, "freq"),
    Wrong(b"patch bass.uot > out", "E_PORT", 12, "out"),
    Wrong(b"patch bass > out.lft", "E_PORT", 18, "left"),
    Wrong(b"patch bas > out", "E_NAME", 7, "bass"),
    # values
    Wrong(b"set bass.freq 99999", "E_VALUE", 15),
    Wrong(b"set bass.freq -1", "E_VALUE", 15),
    Wrong(b"set bass.freq 50..99999 over 4 bars", "E_VALUE", 15),
    Wrong(b"set bass.freq 50 ms", "E_VALUE", 15),
    Wrong(b"set bass.freq loud", "E_VALUE", 15),
    Wrong(b"set filter.mode lw", "E_VALUE", 17, "low"),
    Wrong(b"set bass.freq nan", "E_VALUE", 15),
    Wrong(b"set bass.freq inf", "E_VALUE", 15),
    Wrong(b"set bass.freq 1e999", "E_VALUE", 15),
    Wrong(b"set bass.freq -1e999", "E_VALUE", 15),
    Wrong(b"bpm 1e999", "E_VALUE", 5),
    Wrong(b"bpm 0", "E_VALUE", 5),
    Wrong(b"bpm fast", "E_VALUE", 5),
    Wrong(b"patch lead > filter.cutoff 1e999 hz", "E_VALUE", 28),
    Wrong(b"undo 99999", "E_VALUE", 6),
    Wrong(b"assert bass.freq == 56", "E_ASSERT", 21),
    Wrong(b"assert bass.freq == x", "E_VALUE", 21),
    Wrong(b"assert bass == 55", "E_PARAM", 8, "bass.freq"),
    Wrong(b"set bass 55", "E_PARAM", 5, "bass.freq"),
    Wrong(b"set bas 55", "E_PARAM", 5, "bass.freq"),
    Wrong(b"set bmp 55", "E_PARAM", 5, "bpm"),
    Wrong(b"patch lead > filter.cutoff 99 oct", "E_VALUE", 28),
    # sentences
    Wrong(b"load kick as lead", "E_EXISTS", 14),
    Wrong(b"load kick as at", "E_SYNTAX", 14),
    Wrong(b"set bass.freq", "E_SYNTAX", 14),
    Wrong(b"set bass.freq 50..60", "E_SYNTAX", 21, " over 8 bars"),
    Wrong(b"play at 8 parsecs", "E_SYNTAX", 11),
    Wrong(b"patch bass", "E_SYNTAX", 11, ">"),
    Wrong(b"seq bass: x..y", "E_SYNTAX", 14),
    Wrong(b"seq bass: a1 h9", "E_SYNTAX", 14, "b9"),
    Wrong(b"seq bass: [x. x.", "E_SYNTAX", 11, "[x. x.]"),
    Wrong(b"seq bass: a1 (3,8", "E_SYNTAX", 14),
    Wrong(b"set bass.freq (55", "E_SYNTAX", 15),
    Wrong(b'load "kick', "E_SYNTAX", 6),
    Wrong(b"say hello", "E_SYNTAX", 10, "kick and snare"),
    # sizes
    Wrong(b"seq bass: " + b"x" * 9000, "E_LIMIT", 8193),
    Wrong(b"seq bass: " + b"x" * 5000, "E_LIMIT", 4107),
    # bytes
    Wrong(b"set bass.freq 5\xff5", "E_SYNTAX", 16),
    Wrong(b"\xff\xfe", "E_SYNTAX", 1),
    Wrong(b"set bass.freq 5\x005", "E_SYNTAX", 16),
    Wrong(b"\x1b[2J\x1b]0;", "E_SYNTAX", 1),
    Wrong(b"set bass.freq 60\x1b[31m", "E_SYNTAX", 17),
    Wrong("play \u202e".encode(), "E_SYNTAX", 6),
    # files
    Wrong(b"open nothing_there", "E_FILE", 6),
    Wrong(b"open first_beat", "E_FILE", 6, "first-beat"),
    Wrong(b"open broken", "E_SYNTAX", 6),
    Wrong(b"open elsewhere", "E_PATH", 6),
    Wrong(b"open folder", "E_FILE", 6),
    Wrong(b"save ../../x", "E_PATH", 6),
    Wrong(b"save /tmp/x", "E_PATH", 6),
    Wrong(b"save -rf", "E_PATH", 6),
    Wrong(b"save a\x00b", "E_PATH", 7),
    Wrong(b"save " + b"a" * 300, "E_PATH", 6),
]
SCRIPT = b"\n".join(wrong.typed for wrong in WRONG) + b"\n"

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    with engine(tmp_path_factory.mktemp("wrong"), "--device", "null", "--lookahead", "32") as there:
        patches = there.home.folder / "home" / "patches"
        patches.mkdir(parents=True)
        (patches / "broken.chronus").write_text('load kick\nload "snare\n')
        (patches / "elsewhere.chronus").symlink_to("/etc/passwd")
        (patches / "folder.chronus").mkdir()
        there.say(MUSIC)
        yield there


MOVING = ("now", "loop", "events")
"""Of a lane: where it is, and what that loop plays."""


def everything(music):
    """(all that a wrong line could have changed, the frame that is heard now)."""
    with Talker(music.home) as talker:
        talker.fine("show; show bass; show lead; show out; list patches; status")
        *rack, status = [reply.result for reply in talker.replies]
    counted = {name: status["counters"][name] for name in ("missing", "silent", "repeated", "divergences", "switches")}
    held = {name: status[name] for name in ("modules", "lanes", "cables")}
    pids = sorted(process["pid"] for process in status["processes"])
    engine = status["engine"]
    return (counted, _standing(rack), held, pids, engine["playing"], engine["bpm"]), engine["frame"]


def _standing(told):
    """Answers without where the music is."""
    if isinstance(told, dict):
        return {name: _standing(one) for name, one in told.items() if name not in MOVING}
    return [_standing(one) for one in told] if isinstance(told, list) else told


@pytest.fixture
def unchanged(music):
    """Before and after are the same, no block was missed meanwhile, and the music has gone on."""
    before, frame = everything(music)
    yield
    after, later = everything(music)
    assert after == before and later > frame


def test_each_wrong_line_is_refused_where_it_stands(music, unchanged):
    done = music.home.chronus("--json", typed=SCRIPT)
    assert done.returncode == 1 and done.stderr == ""
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == list(range(1, len(WRONG) + 1))
    for number, (wrong, answer) in enumerate(zip(WRONG, answers, strict=True), 1):
        assert not answer["ok"], wrong
        error = answer["error"]
        assert (error["code"], error["line"], error["column"]) == (wrong.code, number, wrong.column), (wrong, error)
        assert (error["suggestions"] or [""])[0] == wrong.near, (wrong, error)
        assert error["message"] and len(error["message"]) < 300, wrong


def test_the_plain_form_says_the_same_on_a_line_each(music, unchanged):
    done = music.home.chronus(typed=SCRIPT)
    assert done.returncode == 1 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == len(WRONG)
    for number, (wrong, line) in enumerate(zip(WRONG, lines, strict=True), 1):
        assert line.startswith(f"err {number} {wrong.code} {number}:{wrong.column} "), (wrong, line)
        assert (f'; did you mean "{wrong.near.strip()}"' in line) == bool(wrong.near), (wrong, line)
    assert all(character.isprintable() or character == "\n" for character in done.stdout)


def test_strict_stops_at_the_first(music, unchanged):
    done = music.home.chronus("--strict", typed=SCRIPT)
    assert done.returncode == 1
    assert done.stdout.splitlines() == ['err 1 E_COMMAND 1:1 there is no command "lod"; did you mean "load"?']


def test_a_list_of_values_is_set_whole_or_not_at_all(music, unchanged):
    done = music.home.chronus("-c", "set bass.freq 60, lead.gain 0.2, bass.cutoff 1e6")
    assert done.returncode == 1
    assert done.stdout.startswith("err 1 E_VALUE 1:46 ")


def test_what_is_right_between_what_is_wrong_is_done(music):
    done = music.home.chronus("--json", typed=b"set bass.sub 0.25\nset bass.sub \xff\nassert bass.sub == 0.25\nundo\n")
    assert [json.loads(line)["ok"] for line in done.stdout.splitlines()] == [True, False, True, True]
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("contents", "code"), [(b"", 0), (b"\n\n  \n# nothing\n", 0), (b"\xff\n", 1), (b"\0" * (2 << 20), 1)]
)
def test_a_file_of_anything(music, unchanged, contents, code):
    script = music.home.folder / "anything.chronus"
    script.write_bytes(contents)
    done = music.home.chronus(str(script))
    assert done.returncode == code and done.stderr == ""
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["err"] * code


@pytest.mark.parametrize("name", ["missing.chronus", "", "statsu", "folder", "unreadable"])
def test_a_file_that_cannot_be_read_is_bad_usage(music, unchanged, name):
    (music.home.folder / "folder").mkdir(exist_ok=True)
    unreadable = music.home.folder / "unreadable"
    unreadable.touch()
    unreadable.chmod(0)
    if name == "unreadable" and os.access(unreadable, os.R_OK):
        pytest.skip("this user reads everything")
    assert stat.S_ISDIR((music.home.folder / "folder").stat().st_mode)
    there = str(music.home.folder / name) if name not in ("", "statsu") else name
    for more in ([], ["--json"]):
        done = music.home.chronus(*more, there)
        assert done.returncode == 2 and done.stdout == ""
        assert done.stderr.startswith("chronus: ") and len(done.stderr.splitlines()) == 1
        assert ('did you mean "status"?' in done.stderr) == (name == "statsu")


@pytest.mark.parametrize(
    "words",
    [
        ["--oops"],
        ["-c"],
        ["-c", "play", "script.chronus"],
        ["--rate", "nan"],
        ["--period", "0"],
        ["--lookahead", "1e999"],
        ["--engine", "../x"],
        ["render", "x.chronus"],
        ["render", "x.chronus", "-o", "x.wav", "--bars", "nan"],
        ["render", "missing.chronus", "-o", "x.wav"],
        ["modules", "--oops"],
    ],
    ids=" ".join,
)
def test_bad_usage_ends_with_2(music, unchanged, words):
    done = music.home.chronus(*words)
    assert done.returncode == 2 and done.stdout == ""
    assert "Traceback" not in done.stderr and done.stderr.splitlines()[-1].startswith("chronus")


def test_the_exit_code_tells_what_went_wrong(music, unchanged):
    home = music.home
    assert home.chronus("-c", "sync").returncode == 0
    assert home.chronus("-c", "lod").returncode == 1
    assert home.chronus("-c", "assert bass.freq == 56").returncode == 1
    for form in ("status", "stop", "journal"):
        done = home.chronus(form, "--engine", "nobody")
        assert done.returncode == 3 and done.stdout == "" and "nobody" in done.stderr
    done = home.chronus("--engine", "other", "--device", "no such device", "-c", "play")
    assert done.returncode == 4, done.stdout + done.stderr


def test_nothing_was_written_outside_the_folder_of_patches(music):
    written = sorted(path.name for path in (music.home.folder / "home" / "patches").iterdir())
    assert written == ["broken.chronus", "elsewhere.chronus", "folder.chronus"]
    assert not (music.home.folder / "x.chronus").exists()
