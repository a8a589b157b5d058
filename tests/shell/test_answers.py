"""The forms of answers, to the letter."""

import json

import pytest

from chronus import errors
from chronus.commands import Notice, Reply
from chronus.errors import ChronusError
from chronus.language import field_places
from chronus.shell import answers
from chronus.shell.answers import Answer

SPANS = {"changes.0": (1, 5), "changes.0.param": (1, 9), "name": (2, 3)}


def test_an_ok_with_its_frame():
    answer = Answer(3, "set bass.freq 55", "set bass.freq 55 Hz (was 110 Hz)", 482304)
    assert answers.plain(answer) == ["ok 3 set bass.freq 55 Hz (was 110 Hz) @482304"]


def test_an_error_with_its_suggestion():
    error = ChronusError("E_NAME", 'no module "bas" is loaded', suggestions=["bass"], line=1, column=5)
    assert answers.plain(Answer(4, "set bas.freq 1", error=error)) == [
        'err 4 E_NAME 1:5 no module "bas" is loaded; did you mean "bass"?'
    ]


def test_lines_of_a_query_come_first_and_are_indented():
    assert answers.plain(Answer(5, "list", "list", None, ("a", "", "  b"))) == ["  a", "  ", "    b", "ok 5 list"]


def test_a_reply_without_words_is_shown_as_its_command():
    assert answers.plain(Answer(1, "sync")) == ["ok 1 sync"]


def test_a_notice_begins_with_an_exclamation_mark():
    notice = Notice("failover", "slot 0 died (signal 9), slot 1 plays on, 0 frames lost", {"slot": 0})
    assert answers.notice_plain(notice) == "! failover: slot 0 died (signal 9), slot 1 plays on, 0 frames lost"
    assert json.loads(answers.notice_json(notice)) == {
        "v": 1, "notice": {"kind": "failover", "text": notice.text, "slot": 0},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ("changes.0.param", (1, 9)),
        ("changes.0.value", (1, 5)),
        ("changes.1.value", (7, 8)),
        ("name", (2, 3)),
        ("", (7, 8)),
        ("nowhere", (7, 8)),
    ],
)
def test_a_field_path_leads_to_its_word_or_the_nearest_above_it(part, place):
    assert field_places.place(part, (7, 8), SPANS) == place
    answer = answers.of_reply(1, "x", Reply(1, False, "no", code="E_PARAM", part=part), (7, 8), SPANS)
    assert (answer.error.line, answer.error.column) == place


def test_json_keeps_its_fields_in_order_and_on_one_line():
    written = answers.as_json(
        Answer(3, "set bass.freq 55", "set bass.freq 55 Hz", 482304, result={"b": 1, "a": "x\ny"})
    )
    assert written.startswith('{"v":1,"id":3,"ok":true,"command":"set bass.freq 55","frame":482304,"result":{')
    assert "\n" not in written
    error = ChronusError("E_NAME", "no", suggestions=["bass"], line=1, column=5)
    assert answers.as_json(Answer(4, "x", error=error)).startswith(
        '{"v":1,"id":4,"ok":false,"error":{"code":"E_NAME","line":1,"column":5,"message":"no","suggestions":["bass"]}'
    )


NASTY = "a\x1b[31m\x00\x07\x9b\x7f\r\n\t\u202e\u2028\ud800z"


def test_nothing_that_a_terminal_obeys_is_echoed():
    assert answers.clean(NASTY) == "a[31m z"
    error = ChronusError("E_NAME", NASTY, suggestions=[NASTY])
    shown = [
        *answers.plain(Answer(1, NASTY, NASTY, 1, (NASTY,))),
        *answers.plain(Answer(1, NASTY, error=error)),
        answers.notice_plain(Notice(NASTY, NASTY)),
        answers.as_json(Answer(1, NASTY, NASTY, 1, (), {NASTY: [NASTY, {NASTY: (NASTY,)}]})),
        answers.as_json(Answer(1, NASTY, error=error)),
        answers.notice_json(Notice("x", NASTY, {"y": NASTY})),
    ]
    for line in shown:
        assert line.isprintable()
        assert "\\u" not in line
        line.encode()


# ---------------------------------------------------------------- long answers

LONG = [
    ("bpm 150; " * 60, "; ... and "),
    ("sequence kick: " + "x" * 4000 + " (4000 steps, from bar 5)", " ... (4000 steps, from bar 5)"),
    (
        "undo 40 steps: " + "load a_module_with_a_long_name as b_module_with_a_long_name; " * 3 + "... and 37 more",
        "; ... and 38 more",
    ),
    ("say " + "a kick and " * 300, " ..."),
    ("set " + ", ".join(f"m{k}.freq 55 Hz (was 66 Hz)" for k in range(50)), " ..."),
    (
        "mute " + "kick " * 100 + "(at bar 5; transport stopped; play goes on)",
        " ... (at bar 5; transport stopped; play goes on)",
    ),
]


@pytest.mark.parametrize(("text", "end"), LONG)
def test_a_long_answer_is_cut_to_200_characters_and_json_has_all_of_it(text: str, end: str) -> None:
    answer = Answer(7, "undo 40", text, 482304, ("a line that was asked for " * 20,))
    *lines, line = answers.plain(answer)
    assert len(line) <= 200 and line.startswith("ok 7 ") and line.endswith(" @482304") and end in line
    assert len(lines[0]) > 200
    told = json.loads(answers.as_json(answer))
    assert len(told["text"]) <= 200 and end in told["text"] and told["result"]["text"] == text


def test_what_fits_is_left_as_it_is() -> None:
    text = "x" * 181
    assert answers.plain(Answer(7, "", text, 482304)) == [f"ok 7 {text} @482304"]
    assert "text" not in json.loads(answers.as_json(Answer(7, "", text)))["result"]


def test_a_long_refusal_is_cut_but_for_what_may_be_meant() -> None:
    error = ChronusError(
        "E_NAME", f'no module "{"long" * 100}" is loaded', line=3, column=14, suggestions=("bass", "bus")
    )
    (line,) = answers.plain(Answer(12, "", error=error))
    assert (
        len(line) <= 200
        and line.startswith("err 12 E_NAME 3:14 no module")
        and line.endswith(errors.did_you_mean(error.suggestions))
    )
    assert json.loads(answers.as_json(Answer(12, "", error=error)))["error"]["message"] == error.message
