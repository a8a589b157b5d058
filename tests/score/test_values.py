"""Lanes of values as they sound: a parameter that moves by steps, by glides and by sweeps, and goes back when its lane goes."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.memory.layout import BLOCK, RAMP
from tests.kit.typed import heard
from tests.score.test_locks import BAR, QUARTER, Played, centroid

LANE = "seq filter.cutoff: 400 . 800 _ 1200 . . 100..1600 every=1/4"


def test_values_stand_glide_and_sweep():
    played = Played(LANE)
    assert played.at(2 * RAMP) == played.at(2 * QUARTER - 200) == pytest.approx(400)
    assert played.at(3 * QUARTER - 200) == pytest.approx(800)
    half = 7 * QUARTER // 2
    assert played.at(half) == pytest.approx(800 * 1.5**0.5, rel=2e-3), "in the curve of the parameter"
    assert played.at(4 * QUARTER) == pytest.approx(1200, rel=2e-3)
    assert played.at(7 * QUARTER - 200) == pytest.approx(1200)
    assert played.at(7 * QUARTER + QUARTER // 2) == pytest.approx(400, rel=5e-3)
    assert played.at(8 * QUARTER + 2 * RAMP) == pytest.approx(400), "from the beginning again"


def test_each_step_of_a_cutoff_is_heard_as_bright_as_if_it_were_set():
    lines = ["load saw", "load filter", "patch saw > filter", "set saw.freq 55"]
    moved = heard({0: [*lines, "seq filter.cutoff: 300 3k 900 . every=1/4"]}, BAR)
    for step, cutoff in enumerate((300, 3000, 900, 900)):
        still = heard({0: [*lines, f"set filter.cutoff {cutoff}"]}, BAR)
        part = slice(step * QUARTER + 4000, (step + 1) * QUARTER - 1000)
        assert centroid(moved[part]) == pytest.approx(centroid(still[part]), rel=0.01)


def test_a_glide_is_heard_to_rise_evenly_in_the_curve_of_the_parameter():
    lines, eighth = ["load saw", "load filter", "patch saw > filter", "set saw.freq 55"], QUARTER // 2
    moved = heard({0: [*lines, "seq filter.cutoff: 200 _ _ _ _ _ _ _ 3200 every=1/8"]}, BAR)
    for k in range(3):
        middle = (2 + 2 * k) * eighth
        still = heard({0: [*lines, f"set filter.cutoff {200 * 16 ** (middle / eighth / 7 - 1 / 7)}"]}, BAR)
        part = slice(middle - 2000, middle + 2000)
        assert centroid(moved[part]) == pytest.approx(centroid(still[part]), rel=0.03)


@pytest.mark.parametrize("line", ["mute filter.cutoff now", "clear filter.cutoff now", "stop", "panic", "undo"])
def test_a_lane_that_goes_gives_the_parameter_back(line):
    played = Played(LANE)
    played.say(QUARTER, "set filter.cutoff 3000", line) if line != "undo" else played.say(QUARTER, line)
    assert played.at(QUARTER + 6 * RAMP) == (1000 if line == "undo" else 3000)


@pytest.mark.parametrize(
    ("goes", "comes"),
    [("mute filter.cutoff now", "unmute filter.cutoff now"), ("clear filter.cutoff now", "undo"), ("panic", "play")],
)
def test_one_that_comes_back_within_its_loop_stands_where_it_would_have_stood(goes, comes):
    played = Played("seq filter.cutoff: 400 . . . 100..1600@8 . . . . every=1/4")
    played.say(2 * QUARTER, goes)
    assert played.at(2 * QUARTER + 4 * RAMP) == 1000
    played.say(3 * QUARTER, comes)
    assert played.at(3 * QUARTER + 4 * RAMP) == 400
    if comes != "play":  # that begins anew
        played.say(5 * QUARTER, goes)
        played.say(8 * QUARTER, comes)
        assert played.at(8 * QUARTER + 8 * RAMP) == pytest.approx(400, rel=0.2), "in the middle of its sweep"
        assert played.at(12 * QUARTER + 4 * RAMP) == 1600


def test_what_waits_for_the_bar_begins_there_and_the_lane_before_it_ends_there():
    played = Played(LANE)
    played.say(QUARTER, "seq filter.cutoff: 5000")
    assert played.at(BAR - 400) == pytest.approx(1200, rel=0.02)
    assert played.at(BAR + 2 * RAMP) == 5000
    played.say(BAR + QUARTER, "clear filter.cutoff")
    assert played.at(2 * BAR - 400) == 5000
    assert played.at(2 * BAR + 2 * RAMP) == 1000


def test_a_lock_of_a_note_covers_it_for_its_step():
    played = Played("load bass", "seq bass.cutoff: 2000", "seq bass: a1@4 a1{cutoff=500}@4 a1@8")
    assert played.at(QUARTER - 200, module="bass") == 2000
    assert played.at(QUARTER + 2 * RAMP, module="bass") == 500
    assert played.at(2 * QUARTER + 2 * RAMP, module="bass") == 2000


def test_another_tempo_takes_a_glide_along():
    played = Played("seq filter.cutoff: 100 _ _ _ 1600 . . . every=1/4")
    played.say(2 * QUARTER, "bpm 60")
    assert played.at(3 * QUARTER) == pytest.approx(100 * 16**0.5, rel=1e-2)
    assert played.at(5 * QUARTER) == pytest.approx(100 * 16 ** (5 / 6), rel=1e-2)
    assert played.at(6 * QUARTER - 200) == pytest.approx(1600, rel=2e-2)


def test_it_goes_on_in_another_instance_of_its_module():
    """`saw.retrigger` needs none; a filter of other voices does."""
    played = Played(LANE)
    played.say(5 * QUARTER, "set filter.voices 4")
    assert played.at(5 * QUARTER + 4 * RAMP) == 1200


def test_notes_go_on_where_the_values_of_their_module_are_edited():
    lines = ["load bass", "seq bass: a1@16 gate=100%", "set bass.env 0"]
    plain, moved = (
        heard({0: [*lines, *more], QUARTER: again}, BAR)
        for more, again in (
            ([], ["set bass.cutoff 900"]),
            (["seq bass.cutoff: 600"], ["seq bass.cutoff: 900 now"]),
        )
    )
    quiet = slice(QUARTER + 4 * RAMP, BAR - BLOCK)
    assert np.abs(moved[quiet]).max() > 0.01
    assert np.abs(plain[quiet] - moved[quiet]).max() < 1e-4


def test_words_change_at_their_step():
    played = Played("seq filter.mode: low . high . every=1/4")
    assert played.at(QUARTER, "mode") == 0
    assert played.at(2 * QUARTER + BLOCK, "mode") == 1
