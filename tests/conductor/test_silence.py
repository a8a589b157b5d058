"""`why`: the first thing that keeps a sound from being heard is named first, and its line lets the sound be heard."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from chronus.conductor import silence
from tests.kit.said import Said
from tests.kit.typed import heard

BASS = ("load bass", "load filter", "load delay", "patch bass > filter > delay", "seq bass: a1 . a1 .")
"""A bass on a chain, which is heard."""
PLANTED = (
    ("mute bass", "muted", "unmute bass"),
    ("load kick; set kick.level off; seq kick: x...; solo kick", "muted by a solo", "unsolo"),
    ("seq bass: a1?fill . . .", "its lane plays in fills alone", "fill on now"),
    ("seq bass: . . . .", "its lane has no hits", "seq bass: x...x..."),
    ("seq bass: a1 . a1 . prob=0", "none of its hits comes: prob=0", "seq bass: a1 . a1 ."),
    ("seq bass: a1 . a1 . vel=0", "its hits are struck with no force", "seq bass: a1 . a1 ."),
    ("clear bass", "no lane plays it", "seq bass: a1 . . a1 . . c2 ."),
    ("stop", "transport stopped; `play` goes on", "play"),
    ("set bass.level off", "level off", "set bass.level 0db"),
    ("set bass.level -50db", "level -50 dB, which is hardly heard", "set bass.level 0db"),
    ("bypass bass on", "bypassed", "bypass bass off"),
    ("set filter.cutoff 20", "filter: cutoff 20 Hz lets next to nothing through", "set filter.cutoff 1200"),
    (
        "set filter.mode high; set filter.cutoff 19000",
        "filter: cutoff 19000 Hz lets next",
        "set filter.cutoff 200",
    ),
    ("set filter.level off", "filter: level off", "set filter.level 0db"),
    ("set delay.level off", "delay: level off", "set delay.level 0db"),
    ("unpatch bass > filter; unpatch bass > out", "it leads nowhere", "patch bass > out"),
    ("unpatch delay > out", "it leads into delay, and that leads nowhere", "patch delay > out"),
    ("patch bass > filter off", "the cable bass > filter is turned off", "patch bass > filter 0db"),
    ("load kick; unpatch kick > out; mute bass", "muted", "unmute bass"),
    ("set volume -60", "out: volume off", "set volume -6db"),
    ("set volume -50", "out: volume -50 dB, which is hardly heard", "set volume -6db"),
    ("patch filter > delay off", "the cable filter > delay is turned off", "patch filter > delay 0db"),
    ("set filter.level -50db", "filter: level -50 dB, which is hardly heard", "set filter.level 0db"),
    ("insert filter on out as tone; set tone.level off", "tone: level off", "set tone.level 0db"),
)


def causes(lines: list[str], name: str = "bass") -> list[silence.Cause]:
    stage = Said()
    for line in lines:
        assert all(o.error is None for o in stage.lines(line)), line
    state = stage.conductor.state
    score = None if state.score.stopped else state.score
    known = silence.Known.of(state.rack, stage.conductor.catalogue, {}, state.present(0), score)
    return silence.causes(name, known)


def sayable(lines: list[str]) -> bool:
    stage = Said()
    return all(o.error is None for line in lines for o in stage.lines(line))


def loudness(lines: list[str]) -> float:
    return float(np.abs(heard({0: tuple(lines)}, 22050)).max())


def test_what_is_heard_has_no_cause():
    assert causes(list(BASS)) == [] and loudness(list(BASS)) > 0.03


@pytest.mark.parametrize(("plant", "what", "line"), PLANTED, ids=[plant for plant, _, _ in PLANTED])
def test_one_cause_is_named_and_its_line_mends_it(plant, what, line):
    planted = [*BASS, *plant.split("; ")]
    first, *_ = causes(planted)
    assert first.what.startswith(what) and first.line.startswith(line)
    mended = [*planted, *first.line.split("; ")]
    assert causes(mended) == []
    whole = loudness(list(BASS))
    assert loudness(planted) < whole / 5 and loudness(mended) > whole / 3


def test_of_two_causes_each_line_takes_one_away_until_it_is_heard():
    """Of a quarter of the pairs; a few cannot be said one after the other."""
    whole, mended = loudness(list(BASS)), 0
    for one, other in list(itertools.combinations(PLANTED, 2))[::4]:
        planted = [*BASS, *one[0].split("; "), *other[0].split("; ")]
        if not sayable(planted):
            continue
        found = causes(planted)
        assert len(found) >= 1
        for _ in range(6):
            if found:
                planted += found[0].line.split("; ")
                found = causes(planted)
        assert found == [] and loudness(planted) > whole / 4, planted
        mended += 1
    assert mended >= 60
