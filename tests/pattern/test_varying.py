"""What generators make of a lane: a line that can be typed, within bounds, the same for the same seed."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronus.commands import Answer, Sequence, Submission, Vary
from chronus.errors import ChronusError
from chronus.language.canonical import canonical
from chronus.language.making.variation import made
from chronus.language.notation import read_lane, read_steps
from chronus.language.parser import Statement, parse
from chronus.pattern import library
from chronus.pattern.varying import hits, written_out
from tests.kit.stage import Stage, load

GRIDS = [
    "X.........x.....", "x.x.x.x.x.x.x.x.", "....X..o.o..X..o", "9.5.7.5.9353", "x_..x_..", "x*2 . x . [xx] . x?1:4 .", "hex:9228",
    "x(5,16,2)",
]  # fmt: skip
NOTES = [
    "a1 a1^ . a2~ a1 . c2^ a1 | a1 . g1 a1^ . e2~ d2 .", "e1@7 . e1@3 . g1@2 f1@2", "0 . 3 . <7 5> . [2|4] .",
    "[bd,hh] . hh . sn . oh .", "a2:m7@8 f2:maj7@8", "bd ... bd ... , .. hh .....", "x{accent=1} . x . note=a1", "{0 2 4}%4 . . 7 5",
    "a1 . . . len=12",
]  # fmt: skip
LINES = [*GRIDS, *NOTES]


def lane(text):
    typed = read_lane(text, 1)
    return typed.text, typed.options


def vary(text, amount=0.5, seed=0):
    return made(Vary(name="a", amount=amount, seed=seed), "a", *lane(text)).command


def answer(text, seed=0):
    return made(Answer(name="a", seed=seed), "a", *lane(text)).command


def counted(text):
    steps = read_lane(text, 1).steps
    return [hits(written_out(items)) for items in read_steps(steps, 1)]


@pytest.mark.parametrize("text", LINES)
def test_amount_0_is_the_line_itself_and_1_is_another_one(text):
    as_typed, options = lane(text)
    assert (vary(text, 0).text, vary(text, 0).options) == (as_typed, options)
    for seed in range(20):
        for amount in (0.01, 0.3, 1):
            assert read_steps(read_lane(vary(text, amount, seed).text, 1).steps, 1) != read_steps(
                read_lane(text, 1).steps, 1
            )


@pytest.mark.parametrize("text", LINES)
def test_the_same_seed_gives_the_same_and_others_differ(text):
    assert vary(text, 0.5, 3) == vary(text, 0.5, 3)
    assert len({vary(text, 1, seed).text for seed in range(20)}) > 1
    assert answer(text, 3) == answer(text, 3)


@pytest.mark.parametrize("text", LINES)
@pytest.mark.parametrize("amount", [0.1, 0.5, 1])
def test_the_first_step_stays_and_the_hits_grow_and_shrink_within_bounds(text, amount):
    before = counted(text)
    for seed in range(30):
        new = vary(text, amount, seed)
        laps = new.pattern.steps // read_lane(text, 1).pattern.steps
        for count, now in zip(before, counted(new.text), strict=True):
            count *= laps
            assert count - int(count * amount / 3) <= now <= count + max(1, int(count * amount / 2))
        for old, items in zip(
            read_steps(read_lane(text, 1).steps, 1), read_steps(read_lane(new.text, 1).steps, 1), strict=True
        ):
            assert written_out(items)[0].sound == written_out(old)[0].sound


@pytest.mark.parametrize("text", LINES)
def test_an_answer_is_the_line_and_as_much_again_in_its_rests(text):
    typed = read_lane(text, 1)
    for seed in range(10):
        both = answer(text, seed)
        assert both.options == typed.options
        if len(read_steps(typed.steps, 1)) == 1:
            assert both.pattern.steps == 2 * typed.pattern.steps
        call = [hit for hit in both.pattern.hits if hit.at[0] / hit.at[1] < typed.pattern.steps]
        plain = [(hit.at, hit.pitches, hit.velocity) for hit in typed.pattern.hits]
        if len(read_steps(typed.steps, 1)) == 1:
            assert [(hit.at, hit.pitches, hit.velocity) for hit in call] == plain
        assert len(both.pattern.hits) > len(call)


def test_an_answer_falls_where_the_caller_rests_in_another_octave_and_ends_as_it_began():
    both = answer("a1 . a1 . c2 . . .").pattern
    response = [hit for hit in both.hits if hit.at[0] >= 8]
    assert not {hit.at[0] - 8 for hit in response} & {0, 2, 4}
    assert all(hit.pitches[0] >= 45 for hit in response[:-1]) and response[-1].pitches == (33,)


def test_one_hit_goes_round_twice_so_that_something_can_differ():
    assert vary("x", 1).pattern.steps == 2
    assert answer("x").pattern.steps == 2


@pytest.mark.parametrize("name", [name for name in library.patterns() if name != "dnb.amen"])
def test_every_line_of_the_library_can_be_varied_and_answered(name):
    for text in library.patterns()[name].lines.values():
        for new in (vary(text, 0.7, 5), answer(text, 5)):
            assert parse(Statement(canonical(new))).command == new


STEPS = [
    "a1",
    "c#2",
    "e2^",
    "g1~",
    ".",
    ".",
    "a2:m7",
    "d2@3",
    "e1*2",
    "f1!3",
    "[a1,c2]",
    "<a1>",
    "g2?",
    "a1?fill",
    "b0'4",
    "e1(3,8)",
    "_",
]
steps = st.lists(
    st.sampled_from([*STEPS, "[a1 c2]", "<a1 e1>"]),
    min_size=1, max_size=24,
).map(" ".join).filter(lambda text: text[0] != "_")  # fmt: skip
grids = st.text("xXo..5_", min_size=1, max_size=40).filter(lambda text: text[0] != "_" and set(text) - set("5"))
bodies = st.tuples(st.one_of(steps, grids), st.sampled_from(["", " len=11", " every=1/8", " gate=70% swing=58"])).map(
    "".join
)


@settings(max_examples=300, deadline=None)
@given(bodies, st.floats(0, 1), st.integers(0, 1000))
def test_whatever_is_made_is_a_line_that_reads_as_itself(text, amount, seed):
    found = [answer(text, seed)]
    with suppress(ChronusError):  # where nothing of it can be varied
        found.append(vary(text, amount, seed))
    for new in found:
        assert parse(Statement(canonical(new))).command == new


def test_a_line_that_would_be_too_long_is_refused():
    with pytest.raises(ChronusError) as caught:
        answer("x." * 1500)
    assert caught.value.code == "E_LIMIT"


# ---------------------------------------------------------------- performed


def stage(*lines):
    stage = Stage()
    stage.conductor.make = made
    for line in lines:
        stage.fine(parse(Statement(line)).command)
    return stage


def test_it_is_performed_as_the_line_that_it_is_and_taken_back_in_one_step():
    said = stage("load bass", "seq bass: a1 . . a1 c2 . . e1 gate=70% swing=58")
    before = said.rack.lanes["bass"]
    text = said.fine(Vary(name="bass", amount=0.5, seed=4))
    lane_ = said.rack.lanes["bass"]
    assert lane_.text != before.text and lane_.options == before.options
    assert text.startswith(f"sequence bass: {lane_.text} gate=0.7 swing=58 (8 steps")
    typed = parse(Statement(text.partition(" (")[0])).command
    assert (typed.pattern, typed.options) == (lane_.pattern, lane_.options)
    said.fine(parse(Statement("undo")).command)
    assert said.rack.lanes["bass"].text == before.text


def test_a_journal_keeps_the_line_and_not_how_it_was_made():
    said = stage("load bass", "seq bass: a1 . . a1 c2 . . e1")
    commands = (Vary(name="bass"), Answer(name="bass"))
    t = said.conductor.perform(Submission((1, 2), ("vary bass", "answer bass"), commands))
    kept = [t.said(k, command, "") for k, command in enumerate(commands)]
    assert all(isinstance(command, Sequence) and parse(Statement(text)).command == command for command, text in kept)
    assert t.after.lanes["bass"].text == kept[1][0].text  # of the second, made of the first
    assert [step.label for step in t.past[-2:]] == [text for _, text in kept]


def test_what_has_no_lane_cannot_be_varied():
    said = Stage()
    said.conductor.make = made
    assert said.refused(Vary(name="bass")).code == "E_NAME"
    said.fine(load("bass"))
    error = said.refused(Answer(name="bass"))
    assert (error.code, error.part) == ("E_NAME", "name") and "no lane" in error.message


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("vary bass 5", 11),
        ("vary bass -0.1", 11),
        ("vary bass 50 ms", 11),
        ("vary bass 0.5 1.5", 15),
        ("answer bass x", 13),
    ],
)
def test_a_wrong_amount_or_seed_is_pointed_at(line, column):
    with pytest.raises(ChronusError) as caught:
        parse(Statement(line))
    assert caught.value.column == column


@pytest.mark.parametrize(
    "line", ["vary bass", "vary bass 50%", "vary bass 0.3 7", "answer bass", "answer bass 7", "vary bass at bar 9"]
)
def test_they_are_written_as_they_are_typed(line):
    command = parse(Statement(line)).command
    assert parse(Statement(canonical(command))).command == command


@pytest.mark.parametrize("text", ["x?", "<a1 e1>", "[a1|c2]?fill a1?1:2", "{0 2 4}%4"])
def test_what_is_left_to_the_loops_altogether_cannot_be_varied(text):
    with pytest.raises(ChronusError) as caught:
        vary(text)
    assert (caught.value.code, caught.value.part) == ("E_VALUE", "name")
    assert len(answer(text).pattern.hits) > len(read_lane(text, 1).pattern.hits)
