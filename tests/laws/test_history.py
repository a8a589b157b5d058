"""`undo to` any step of the history, in any order: the rack equals what it was, and sounds the same to the bit.

A replay of the journal comes to the same history. `CHRONUS_RACKS=200` asks for sessions of 200 edits and 50 ways back.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chronus.catalogue.whole import WHOLE
from chronus.conductor import history
from chronus.conductor.conductor import Conductor
from chronus.conductor.transaction import rack_of
from chronus.journal import standing
from chronus.journal.replay import Replay
from chronus.rack import differing
from chronus.rack.document import replace, words_of
from chronus.rack.edit import edit
from chronus.rack.script import script
from tests.kit.typed import heard
from tests.laws.test_every_rack import BEGINNINGS, LINE, RATE, Session, catalogue, plain, read

MANY = int(os.environ.get("CHRONUS_RACKS", "0"))
OTHERS = ("gate ", "note ", "song", "goto", " for ", "halftime", "doubletime", "play", "stop", "panic")
"""What hands hold, how a song goes on and what lasts for a length are no part of what comes back (tests/conductor/test_history.py)."""


class Remembered(Session):
    """Keeps each rack by the id of the step that made it."""

    def __init__(self) -> None:
        super().__init__()
        self.racks = {0: self.conductor.rack}
        self.ids: list[int] = []

    def _perform(self, submission, moment, due=(), author=""):
        super()._perform(submission, moment, due, author)
        state = self.conductor.state
        id = history.present(state.past, state.future)
        self.ids += [id] if id not in self.racks else []
        self.racks[id] = state.rack


def session(lines, ways):
    """All lines said, then a way back to each of these shares of the history."""
    found = Remembered()
    for line in lines:
        if not any(word in line for word in OTHERS):
            found.say(line)
    found.all_is_over()
    for share in ways:
        id = found.ids[int(share * len(found.ids))] if found.ids else 0
        found.say(f"undo to {id}")
        yield id, found


def known(state):
    """All steps, but for the numbers of sweeps, which count what was refused, too, and the order in which what waited was said."""
    return [
        (pile, step._replace(thing=_plain(step), waited=tuple(sorted(step.waited))))
        for pile in ("past", "future", "dropped")
        for step in getattr(state, pile)
    ]


def _plain(step):
    rack = rack_of(step.thing)
    return None if rack is None else plain(rack)


LINES = st.tuples(st.sampled_from(BEGINNINGS), st.lists(LINE, min_size=MANY or 15, max_size=MANY or 30)).map(
    lambda found: [found[0], *found[1]]
)
WAYS = st.lists(st.floats(0, 1, exclude_max=True), min_size=MANY // 4 or 3, max_size=MANY // 4 or 8)
QUIET = settings(
    max_examples=12 if MANY else 15, deadline=None, derandomize=not MANY, database=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)  # fmt: skip


@pytest.mark.timeout(0 if MANY else 120)
@QUIET
@given(LINES, WAYS)
def test_undo_to_any_step_brings_the_rack_that_it_made(lines, ways):
    found = None
    for id, found in session(lines, ways):
        assert plain(found.conductor.rack) == plain(found.racks[id])
    if found is not None:
        again = Conductor(catalogue(), RATE)
        Replay(again, lambda text: [command for command, _ in read(text)]).play(found.records)
        state, other = found.conductor.state, again.state
        assert known(other) == known(state) and other.trail == state.trail
        fresh = standing.restored(Conductor(catalogue(), RATE).state, standing.keep(state))
        assert (fresh.past, fresh.dropped, fresh.trail, fresh.step) == (
            state.past,
            state.dropped,
            state.trail,
            state.step,
        )


def values_of(rack):
    """What is heard of a rack, in whatever order its modules stand: what stands at its default need not have been said."""
    modules = {}
    for name, module in rack.modules.items():
        spec = catalogue()[module.kind]
        params = [module.params.get(param.name, param.default) for param in spec.all_params]
        words = [words_of(module, table) for table in spec.settings]
        modules[name] = (module.kind, module.voices, params, words, module.arp)
    cables = {(key, cable.amount) for key, cable in rack.cables.items()}
    lanes = {name: replace(lane, take=0) for name, lane in rack.lanes.items()}
    whole = {row.name: getattr(rack, row.name) for row in WHOLE.values() if row.name != "key"}
    return modules, cables, lanes, whole, rack.before_out, rack.scenes, rack.fill, rack.fill_every


@QUIET
@given(LINES, st.integers(0, 40), st.integers(0, 40))
def test_the_lines_of_a_diff_turn_the_one_rack_into_the_other(lines, first, second):
    found = Remembered()
    for line in lines:
        if not any(word in line for word in OTHERS) and ".." not in line and " over " not in line:
            found.say(line)
    ids = [0, *found.ids]
    before, after = (found.racks[ids[k % len(ids)]] for k in (first, second))
    rack = before
    for line in differing.lines(before, after, catalogue()):
        for command, _ in read(line):
            rack = edit(rack, command, catalogue()).rack
        assert read(line) or line.startswith("#"), line
    assert values_of(rack) == values_of(after)


@pytest.mark.soak
@pytest.mark.timeout(0)
@settings(QUIET, max_examples=MANY // 50 or 2)
@given(LINES, WAYS)
def test_and_it_sounds_the_same_to_the_bit(lines, ways):
    for id, found in session(lines, ways):
        was, now = script(found.racks[id], catalogue()), script(found.conductor.rack, catalogue())
        assert (heard({0: was}, 22050) == heard({0: now}, 22050)).all()
