"""Locks as they sound: a parameter that a note holds for its step, and gives back."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.commands import Submission
from chronus.language import field_places, parser
from chronus.memory.layout import BLOCK, RAMP
from chronus.render.take import Take
from tests.kit.hearing import heard as stands
from tests.kit.typed import RATE, heard, said
from tests.score.test_moving import tell

BAR = 2 * RATE
QUARTER = RATE // 2
LOCKED = "seq bass: a1@4 a1{cutoff=4000}@4 a1@4 a1{cutoff=200..3200, distortion=0.9}@4 gate=100%"
PLAIN = "seq bass: a1@4 a1@4 a1@4 a1@4 gate=100%"


def bass(cutoff: int, lane: str) -> np.ndarray:
    return heard({0: ["load bass", f"set bass.cutoff {cutoff}, bass.env 0", lane]}, 2 * BAR)


def part(sound: np.ndarray, quarter: int) -> np.ndarray:
    """A quarter of two bars, without its first 4,000 frames and its last ones."""
    return sound[quarter * QUARTER + 4000 : quarter * QUARTER + 20000]


def centroid(sound: np.ndarray) -> float:
    """In Hz."""
    power = np.abs(np.fft.rfft(sound[:, 0] * np.hanning(len(sound)))) ** 2
    return float((power * np.fft.rfftfreq(len(sound), 1 / RATE)).sum() / power.sum())


def test_a_locked_step_sounds_as_if_the_value_were_set_and_the_next_one_as_before():
    locked, dark, bright = bass(300, LOCKED), bass(300, PLAIN), bass(4000, PLAIN)
    for quarter in (1, 5):
        assert centroid(part(locked, quarter)) == pytest.approx(centroid(part(bright, quarter)), rel=0.01)
        assert centroid(part(locked, quarter)) > 1.5 * centroid(part(dark, quarter))
    for quarter in (0, 2, 4, 6):
        assert centroid(part(locked, quarter)) == pytest.approx(centroid(part(dark, quarter)), rel=0.01)


class Played:
    """A filter that a saw goes through, played by the lane of the filter, at 120 bpm."""

    def __init__(self, *lines: str) -> None:
        self.take = Take(RATE, 0, keep=lambda sound: None)
        said(self.take, 0, ["load saw", "load filter", "patch saw > filter", "set filter.cutoff 1000"])
        said(self.take, 0, [*lines])

    def say(self, frame: int, *lines: str) -> None:
        self.to(frame)
        told = tell(self.take, *lines)
        assert not [text for text in told if text.startswith("there")], told

    def to(self, frame: int) -> None:
        self.take.render(-(-frame // BLOCK) * BLOCK)

    def at(self, frame: int, param: str = "cutoff", module: str = "filter") -> float:
        self.to(frame)
        return stands(self.take.memory.arena(0), self.take.conductor, module, param, self.take.frame)


def test_a_lock_holds_for_its_step_and_goes_back():
    played = Played("load bass", "seq bass: a1@4 a1{cutoff=4000}@4 a1@8")
    assert played.at(QUARTER - 200, module="bass") == pytest.approx(600)
    assert 600 < played.at(QUARTER + RAMP // 2, module="bass") < 4000
    assert played.at(QUARTER + RAMP, module="bass") == played.at(2 * QUARTER - 200, module="bass") == 4000
    assert played.at(2 * QUARTER + RAMP, module="bass") == 600


def test_a_sweep_moves_in_the_curve_of_the_parameter():
    played = Played("load bass", "seq bass: a1{cutoff=200..3200}@16")
    frame = -(-BAR // 2 // BLOCK) * BLOCK
    assert played.at(frame, module="bass") == pytest.approx(200 * 16 ** (frame / BAR), rel=1e-6)


def test_what_is_set_meanwhile_is_what_it_goes_back_to_and_a_sweep_goes_on_underneath():
    played = Played("load bass", "seq bass: a1{cutoff=4000, resonance=0.9}@8 a1@8")
    played.say(QUARTER, "set bass.cutoff 100", "set bass.resonance 0.1..0.5 over 1 bar")
    assert played.at(QUARTER + 2 * RAMP, module="bass") == 4000
    assert played.at(BAR // 2 + 2 * RAMP, module="bass") == 100
    frame = played.take.frame
    begun = -(-QUARTER // BLOCK) * BLOCK
    assert played.at(frame, "resonance", "bass") == pytest.approx(0.1 + 0.4 * (frame - begun) / BAR, abs=1e-3)


@pytest.mark.parametrize("line", ["mute bass now", "clear bass now", "seq bass: a1 now", "stop", "panic", "undo"])
def test_a_lane_that_is_no_more_leaves_no_lock_behind(line):
    played = Played("load bass", "seq bass: a1{cutoff=4000}@16")
    played.say(QUARTER, line)
    assert played.at(QUARTER + 6 * RAMP, module="bass") == 600


def test_of_two_locks_the_later_one_counts_and_the_end_of_the_other_leaves_it():
    played = Played("load bass", "seq bass: a1{cutoff=4000}@8 . . . . . . . . , . . . . c2{cutoff=2000}@8 . . . .")
    assert played.at(QUARTER - 200, module="bass") == 4000
    assert played.at(QUARTER + 2 * RAMP, module="bass") == played.at(3 * QUARTER - 200, module="bass") == 2000
    assert played.at(3 * QUARTER + 2 * RAMP, module="bass") == 600


def test_another_tempo_moves_the_end_of_a_lock_that_holds():
    played = Played("load bass", "seq bass: a1{cutoff=4000}@8 . . . . . . . .")
    played.say(QUARTER, "bpm 60")
    assert played.at(2 * QUARTER + 4 * RAMP, module="bass") == played.at(3 * QUARTER - 200, module="bass") == 4000
    assert played.at(3 * QUARTER + 4 * RAMP, module="bass") == 600


def test_a_word_is_locked_at_once_a_note_in_hertz_and_a_time_follows_the_tempo():
    played = Played(
        "load delay",
        "bpm 60",
        "seq saw: a1{freq=a4}@8 . . . . . . . .",
        "seq filter: x{mode=high, bypass=on}@8 . . . .",
    )
    assert (played.at(64, "mode"), played.at(4 * RAMP, "freq", "saw")) == (1.0, 440.0)


def test_a_level_that_is_locked_is_heard_and_given_back():
    """6 dB down is half as loud."""
    loud = heard({0: ["load saw", "seq saw: a2@4 a2{level=-6.0206}@4 a2@4 . gate=100% len=16"]}, BAR, stems=("saw",))
    level = [float(np.sqrt(np.mean(part(loud, quarter) ** 2))) for quarter in range(3)]
    assert level[1] == pytest.approx(0.5 * level[0], rel=1e-2) and level[2] == pytest.approx(level[0], rel=1e-2)


@pytest.mark.parametrize(("line", "code", "column", "words"), [
    ("seq bass: x{cutof=400} .", "E_PARAM", 13, "cutoff"),
    ("seq bass: x . x{cutoff=400, cutoff2=1} .", "E_PARAM", 29, 'no parameter "cutoff2"'),
    ("seq bass: x{cutoff=400} x{cutoff=99k} .", "E_VALUE", 34, "40..12000 Hz"),
    ("seq bass: x{cutoff=400..99k} .", "E_VALUE", 20, "40..12000 Hz"),
    ("seq bass: x{cutoff=2ms} .", "E_VALUE", 20, "does not fit"),
    ("seq bass: x{cutoff=soft} .", "E_VALUE", 20, "not the word soft"),
    ("seq filter: x{mode=hihg} .", "E_VALUE", 20, "low"),
])  # fmt: skip
def test_a_wrong_lock_is_shown_at_its_column_and_changes_nothing(line, code, column, words):
    take = Take(RATE, 0, keep=lambda sound: None)
    said(take, 0, ["load bass", "load filter"])
    rack = take.conductor.rack
    parsed = parser.parse(parser.statements(line)[0])
    (outcome,) = take.perform(Submission((1,), (line,), (parsed.command,)), 0, exact=True)
    error = outcome.error
    _, place = field_places.place(error.part, (1, 1), parsed.spans)
    assert (error.code, place) == (code, column) and words in error.message + " ".join(error.suggestions)
    assert take.conductor.rack.lanes == rack.lanes
