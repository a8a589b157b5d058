"""Waves as they sound and as control believes them: shape, rate, range, phase; and what covers and ends them."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.graph.moving import wave_at
from chronus.memory.layout import BLOCK, RAMP
from chronus.rack import waves
from tests.kit.hearing import believed, place_of
from tests.kit.typed import RATE, heard
from tests.score.test_locks import BAR, QUARTER, Played

SINE = "set filter.cutoff lfo(sine, 1/2, 300..1200)"
LANE = "seq saw: x..."


def level(at: float) -> float:
    """Of 300..1200 by equal ratios."""
    return 300 * 4**at


def test_a_wave_goes_between_its_ends_a_turn_in_its_note_length():
    played = Played(SINE, LANE)
    for eighth, share in ((5, 1), (6, 0.5), (7, 0), (8, 0.5), (9, 1)):
        assert played.at(eighth * QUARTER // 2) == pytest.approx(level(share), rel=0.01)


@pytest.mark.parametrize(
    ("shape", "shares"),
    [
        ("triangle", (0.75, 1, 0.75, 0.5, 0.25, 0, 0.25, 0.5)),
        ("saw", (7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8, 1)),
        ("ramp", (1 / 8, 2 / 8, 3 / 8, 4 / 8, 5 / 8, 6 / 8, 7 / 8, 0)),
        ("square", (1, 1, 1, None, 0, 0, 0, None)),
    ],
)
def test_the_shapes_are_those_of_the_lfo(shape, shares):
    played = Played(f"set filter.cutoff lfo({shape}, 2/1, 300..1200)", LANE)
    for eighth, share in enumerate(shares, 1):
        if share is not None and eighth < 8:
            assert played.at(eighth * BAR // 4) == pytest.approx(level(share), rel=0.01), eighth


def test_a_module_may_be_loaded_and_inserted_with_one():
    with_one = heard({0: ["load saw", "insert filter on saw cutoff=lfo(sine, 1/2, 300..1200)"]}, RATE)
    set_then = heard({0: ["load saw", "insert filter on saw", SINE]}, RATE)
    assert np.abs(with_one).max() > 0.1 and (with_one == set_then).all()
    loaded = heard({0: ["load saw freq=lfo(square, 4 Hz, 100..300)"]}, RATE)
    assert (loaded == heard({0: ["load saw", "set saw.freq lfo(square, 4 Hz, 100..300)"]}, RATE)).all()


def test_the_words_and_their_places_are_those_of_the_module():
    played = Played()
    spec = played.take.conductor.catalogue["lfo"]
    assert spec.param("shape").words == waves.SHAPES


@pytest.mark.parametrize("shape", waves.SHAPES)
@pytest.mark.parametrize("rate", ["1/8", "3.7 Hz", "200 ms"])
def test_control_believes_what_is_heard_also_while_the_tempo_moves(shape, rate):
    played = Played(f"set filter.cutoff lfo({shape}, {rate}, 300..1200)", LANE)
    for number, line in enumerate(
        ("bpm 90", "bpm 90..200 over 0.5 beats", "stop", "play", "set seed 7", "set filter.voices 3")
    ):
        played.say((number + 1) * QUARTER, line)
        for k in range(1, 4):
            there = played.at((number + 1) * QUARTER + k * 6000)
            frame, conductor = played.take.frame, played.take.conductor
            assert there == pytest.approx(believed(conductor, "filter", "cutoff", frame), rel=2e-3), (line, k)
            arena = played.take.memory.arena(0)
            rendered = wave_at(arena.view(np.float64), place_of(arena, conductor, "filter", "cutoff"), frame)
            assert there == pytest.approx(rendered, rel=1e-6)


def test_it_counts_from_bar_1_whenever_it_is_said_and_after_another_tempo():
    early, late = Played(SINE, LANE), Played(LANE)
    late.say(3 * QUARTER, SINE)
    early.say(3 * QUARTER, "set saw.gain 0.5")
    for frame in (4 * QUARTER, 4 * QUARTER + 7000):
        assert early.at(frame) == pytest.approx(late.at(frame), rel=1e-6)
    early.say(5 * QUARTER, "bpm 240")
    early.to(BAR * 2)
    state, frame = early.take.conductor.state, early.take.frame
    turns = float(state.score.timeline.position(frame)) / 2
    assert early.at(frame) == pytest.approx(level(0.5 + 0.5 * np.sin(2 * np.pi * turns)), rel=1e-3)


def test_it_goes_on_while_the_transport_stands():
    played = Played(SINE, LANE)
    played.say(QUARTER, "stop")
    found = {round(played.at(QUARTER + RAMP + k * 9000)) for k in range(1, 5)}
    assert len(found) == 4 and all(300 <= one <= 1200 for one in found)


@pytest.mark.parametrize(
    ("line", "stands"),
    [("set filter.cutoff 400", 400), ("undo", 1000), ("set filter.cutoff lfo(square, 8/1, 50..90)", 90),
     ("seq filter.cutoff: 5000 now", 5000)],
)  # fmt: skip
def test_it_ends_where_something_else_is_set_and_a_lane_covers_it(line, stands):
    played = Played(LANE)
    played.say(QUARTER, SINE)
    played.say(2 * QUARTER, line)
    assert played.at(2 * QUARTER + 4 * RAMP) == pytest.approx(stands) == played.at(3 * QUARTER)


def test_a_lock_covers_it_and_it_goes_on_underneath():
    played = Played("load bass", "set bass.cutoff lfo(ramp, 1/1, 300..1200)", "seq bass: a1@4 a1{cutoff=5000}@4 a1@8")
    assert played.at(QUARTER + 4 * RAMP, module="bass") == 5000
    assert played.at(3 * QUARTER, module="bass") == pytest.approx(level(0.75), rel=0.01)


def test_a_sweep_from_it_begins_where_it_stands():
    played = Played(LANE)
    played.say(QUARTER, SINE)
    before = played.at(3 * QUARTER)
    played.say(3 * QUARTER, "set filter.cutoff 5000 over 4 bars")
    assert played.at(3 * QUARTER + BLOCK) == pytest.approx(before, rel=0.05)


def test_rate_and_range_are_heard():
    lines = ["load sine", "set sine.freq 1000", "set sine.level lfo(sine, 4 Hz, -20db..0db)"]
    sound = np.abs(heard({0: lines}, 2 * RATE)[:, 0])
    peaks = sound[: len(sound) // 441 * 441].reshape(-1, 441).max(1)[20:]
    decibels = 20 * np.log10(peaks / peaks.max())
    assert decibels.min() == pytest.approx(-20, abs=0.3)
    spectrum = np.abs(np.fft.rfft((decibels - decibels.mean()) * np.hanning(len(decibels))))
    assert np.fft.rfftfreq(len(decibels), 441 / RATE)[spectrum.argmax()] == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize("shape", ["square", "hold", "saw"])
def test_its_jumps_are_as_smooth_as_a_typed_one(shape):
    jumps = heard({0: ["load sine", "set sine.freq 100", f"set sine.level lfo({shape}, 50 Hz, -30db..0db)"]}, RATE)[
        :, 0
    ]
    assert np.abs(np.diff(jumps, 3)).max() < 1e-3
