"""A lane that is written out is read as the lane that it was."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chronus.errors import ChronusError
from chronus.language.notation import read_lane, read_steps
from chronus.pattern.drums import DRUMS
from chronus.pattern.tones import tone
from chronus.pattern.tree import Degree, Drum, Group, Item, Lanes, Lock, Mark, Polymeter, Rest, Tone, Turns, written
from chronus.units import Quantity
from tests.patterns.test_rows import ALL

# ---------------------------------------------------------------- random trees

TONES = st.sampled_from(["a1", "c#2", "eb3", "c-1", "a2:m7", "a2:m7/1", "d2:m9", "e2:7#9/g#"]).map(
    lambda text: Tone(text, tone(text))
)
DRUM = st.builds(Drum, st.sampled_from(sorted(DRUMS)), st.integers(0, 12))
DEGREES = st.builds(Degree, st.integers(-9, 9), st.integers(-2, 2))
MARKS = st.sampled_from("xXo123456789").map(Mark)
LOCKS = st.sampled_from([
    ((), ""),
    ((Lock("cutoff", Quantity(800.0)),), "cutoff=800"),
    ((Lock("cutoff", Quantity(800.0)), Lock("decay", Quantity(50.0, "ms"))), "cutoff=800, decay=50ms"),
])  # fmt: skip
HUNDREDTHS = st.integers(1, 99).map(lambda share: share / 100)
CYCLES = st.integers(1, 16).flatmap(lambda among: st.tuples(st.integers(1, among), st.just(among)))
EUCLIDS = st.integers(1, 17).flatmap(
    lambda steps: st.tuples(st.integers(-steps, steps), st.just(steps), st.integers(-3, 3))
)
WHOLE = st.integers(1, 17)
SHARES = WHOLE | st.builds(lambda above, below: Fraction(above, below), WHOLE, st.integers(2, 96)).map(
    lambda share: int(share) if share.denominator == 1 else share
)


def items(sounds: st.SearchStrategy, lengths: st.SearchStrategy, glides: bool) -> st.SearchStrategy:
    """Steps with whatever may be written behind them. A rest takes lengths and repeats alone."""

    def rests() -> st.SearchStrategy:
        return st.builds(Item, st.just(Rest()), length=lengths, repeat=WHOLE, held=st.integers(0, 2))

    def hits(of: st.SearchStrategy) -> st.SearchStrategy:
        return st.builds(
            lambda item, locks: replace(item, locks=locks[0], locked=locks[1]),
            st.builds(
                Item,
                of,
                accent=st.booleans(),
                velocity=st.integers(0, 9),
                ratchet=st.integers(1, 9),
                euclid=st.none() | EUCLIDS,
                chance=st.none() | HUNDREDTHS,
                cycle=st.none() | CYCLES,
                fill=st.none() | st.booleans(),
                length=lengths,
                repeat=WHOLE,
                glide=st.booleans() if glides else st.just(False),
                held=st.integers(0, 2),
            ),
            LOCKS,
        )

    def plain(of: st.SearchStrategy) -> st.SearchStrategy:
        return st.builds(Item, of, held=st.integers(0, 2))

    def groups(inner: st.SearchStrategy) -> st.SearchStrategy:
        some = st.lists(inner, min_size=1, max_size=4).map(tuple)
        return hits(
            st.builds(Group, st.lists(some, min_size=1, max_size=3).map(tuple))
            | st.builds(Group, st.lists(some, min_size=2, max_size=3).map(tuple), st.just(True))
            | st.builds(Turns, some)
            | st.builds(Polymeter, some, WHOLE)
        )

    return st.recursive(plain(sounds | st.just(Rest())) | rests() | hits(sounds), groups, max_leaves=8)


def lanes(of: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(st.lists(of, min_size=1, max_size=6).map(tuple), min_size=1, max_size=3).map(tuple)


def begun(first: Item, some: Lanes) -> Lanes:
    """Of rests and digits alone it could be the one or the other."""
    return (first, *some[0]), *some[1:]


GRIDS = lanes(items(MARKS, WHOLE, glides=False)).map(lambda some: begun(Item(Mark("x")), some))
TOKENS = lanes(items(TONES | DRUM | DEGREES, SHARES, glides=True)).map(lambda some: begun(Item(Drum("bd")), some))


def reads(tree: Lanes) -> None:
    try:
        again = read_steps(written(tree), 1)
    except ChronusError as error:
        assert error.code == "E_LIMIT", (written(tree), error.message)  # too long, or too deep
        return
    assert again == tree, written(tree)


@settings(max_examples=50)
@given(GRIDS)
def test_a_grid_that_is_written_is_read_as_it_was(tree: Lanes) -> None:
    reads(tree)


@settings(max_examples=50)
@given(TOKENS)
def test_tokens_that_are_written_are_read_as_they_were(tree: Lanes) -> None:
    reads(tree)


# ---------------------------------------------------------------- random text

TYPED = (
    "x X o . - ~ _ | 5 3 0 12 -1 6# 2b a1 c#2 eb3 a2:m7 a2:m7/1 bd hh:2 x... 53 9.7. hex:8 , [ ] < > { }%3 | ^ "
    "'7 *2 !3 @2 @1.5 ? ?30 ?1:4 ?fill (3,8) (3,8,2) {cutoff=800} {cutoff=400..2k}"
)
WORDS = st.sampled_from([*TYPED.split(), *"   "])
TEXTS = st.lists(WORDS, max_size=14).map("".join) | st.text(
    st.sampled_from("xXo.-~_|1253a c#2:m7^@!*?[]<>(){}%,='"), max_size=40
)


@given(TEXTS | st.sampled_from([row.text for row in ALL]).flatmap(lambda row: st.builds(
    lambda at, word: row[:at] + word + row[at:], st.integers(0, len(row)), WORDS
)))  # fmt: skip
@example("46^9")
@example("73@2 1")
@example("5@2_3")
@example("5.@2")
@example("5{a=1}3")
def test_a_text_that_is_a_lane_is_written_as_that_lane_and_any_other_is_refused_inside_of_it(text: str) -> None:
    try:
        tree = read_steps(text, 1)
    except ChronusError as error:
        assert 1 <= error.column <= len(text) + 1
        assert error.length is None or 0 <= error.length <= len(text) + 1 - error.column
        return
    assert read_steps(written(tree), 1) == tree, written(tree)


def test_every_row_of_the_tables_is_written_as_what_it_plays() -> None:
    for row in ALL:
        steps = row.text.split(" len=")[0] if "=" not in row.text.split("{")[0] else ""
        if steps and "=" not in steps:
            assert read_lane(written(read_steps(steps, 1)), 1).pattern == read_lane(steps, 1).pattern, steps
