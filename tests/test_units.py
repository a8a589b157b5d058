from __future__ import annotations

import math
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronus import units
from chronus.catalogue.whole import BPM, SWING
from chronus.commands import Length, Quantity, Relative, Word
from chronus.errors import ChronusError
from chronus.units import (
    Range,
    format_param,
    format_range,
    frames,
    frequency,
    note_name,
    read_note,
    to_param,
)

FREQ = Range("freq", 20, 20000, "Hz", "exp")
LEVEL = Range("gain", 0, 1)
DECAY = Range("decay", 10, 4000, "ms", "exp")
VOLUME = Range("volume", -60, 6, "dB")
MAKEUP = Range("makeup", 0, 24, "dB")
DETUNE = Range("detune", -100, 100, "ct")
PAN = Range("pan", -1, 1)
RATE = Range("rate", 0.01, 50, "Hz", "exp")
RESONANCE = Range("resonance", 0.5, 20, "Q", "exp")
WAVE = Range("wave", 0, 2, words=("saw", "square", "sine"))
MODEL = Range("model", 0, 2, words=("808", "909", "dnb"))
BYPASS = Range("bypass", 0, 1, words=("off", "on"))
FEEDBACK = Range("feedback", 0, 1.1)


def q(number: float, unit: str = "") -> Quantity:
    return Quantity(number, unit)


@pytest.mark.parametrize(
    ("value", "param", "number"),
    [
        (q(55), FREQ, 55),
        (q(55, "Hz"), FREQ, 55),
        (q(33, "note"), FREQ, 55),
        (q(0), LEVEL, 0),
        (q(80, "%"), LEVEL, 0.8),
        (q(80, "%"), FEEDBACK, 0.8),
        (q(50, "%"), FREQ, math.sqrt(20 * 20000)),
        (q(100, "%"), FREQ, 20000),
        (q(50, "%"), VOLUME, -27),
        (q(-50, "%"), PAN, -0.5),
        (q(-6, "dB"), VOLUME, -6),
        (q(-6, "dB"), LEVEL, 10 ** (-6 / 20)),
        (q(-10, "ct"), DETUNE, -10),
        (q(1, "st"), DETUNE, 100),
        (q(0.5, "s"), DECAY, 500),
        (q(1 / 16, "whole"), DECAY, 125),
        (q(1, "bars"), DECAY, 2000),
        (q(0.25, "whole"), RATE, 2),
        (q(2, "beats"), RATE, 1),
        (q(4), RESONANCE, 4),
        (q(4, "Q"), RESONANCE, 4),
        (q(56, "%"), SWING, 56),
        (q(174), BPM, 174),
        (Word("square"), WAVE, 1),
        (Word("SAW"), WAVE, 0),
        (q(909), MODEL, 1),
        (Word("dnb"), MODEL, 2),
        (Word("on"), BYPASS, 1),
        (q(0), BYPASS, 0),
    ],
)
def test_a_place_comes_to_a_number_in_the_own_unit(value: Quantity | Word, param: Range, number: float) -> None:
    assert to_param(value, param, current=0.5, bpm=120) == pytest.approx(number, rel=1e-12)


@pytest.mark.parametrize(
    ("value", "param", "current", "number"),
    [
        (Relative("+", 2, "st"), FREQ, 55, 55 * 2 ** (2 / 12)),
        (Relative("+", 1, "oct"), FREQ, 55, 110),
        (Relative("-", 100, "ct"), FREQ, 55, 55 / 2 ** (1 / 12)),
        (Relative("+", 10, "%"), FREQ, 1000, 1100),
        (Relative("+", 10, "%"), LEVEL, 0.5, 0.6),
        (Relative("+", 10, "%"), VOLUME, -6, 0.6),
        (Relative("*", 0.5), FREQ, 1000, 500),
        (Relative("*", 50, "%"), FREQ, 1000, 500),
        (Relative("/", 4), FREQ, 1000, 250),
        (Relative("+", 3, "dB"), VOLUME, -6, -3),
        (Relative("-", 3, "dB"), VOLUME, -6, -9),
        (Relative("-", 20, "dB"), LEVEL, 0.5, 0.05),
        (Relative("+", 100), FREQ, 55, 155),
        (Relative("+", 0.1, "s"), DECAY, 400, 500),
        (Relative("+", 1 / 16, "whole"), DECAY, 400, 525),
        (Relative("+", 5, "ct"), DETUNE, 10, 15),
        (Relative("+", 6, "%"), SWING, 50, 56),
        (Relative("+", 3, "%"), BPM, 100, 103),
        # a plain minus where no negative place exists
        (q(-2, "st"), FREQ, 440, 440 / 2 ** (2 / 12)),
        (q(-1, "oct"), FREQ, 440, 220),
        (q(-10, "%"), FREQ, 1000, 900),
        (q(-10, "%"), LEVEL, 0.5, 0.4),
        (q(-10, "%"), VOLUME, 0, -6.6),
        (q(-3, "dB"), MAKEUP, 6, 3),
    ],
)
def test_a_step_moves_from_the_current_value(
    value: Quantity | Relative, param: Range, current: float, number: float
) -> None:
    assert to_param(value, param, current=current, bpm=120) == pytest.approx(number, rel=1e-12)


@pytest.mark.parametrize(
    ("value", "param", "message"),
    [
        (q(30000, "Hz"), FREQ, "freq is 20..20000 Hz; 30000 Hz is outside"),
        (q(-5), FREQ, "freq is 20..20000 Hz; -5 is outside"),
        (q(-5, "Hz"), FREQ, "freq is 20..20000 Hz; -5 Hz is outside"),
        (q(120, "ms"), FREQ, "freq is in Hz; ms does not fit"),
        (q(0.25, "whole"), VOLUME, "volume is in dB; a note length does not fit"),
        (q(33, "note"), LEVEL, "gain is a plain number; a note does not fit"),
        (q(2, "oct"), FREQ, "freq is in Hz; 2 oct is a distance: +2 oct or -2 oct"),
        (q(120, "%"), FREQ, "120% is outside"),
        (q(math.nan), LEVEL, "gain is 0..1"),
        (q(math.inf), LEVEL, "gain is 0..1"),
        (q(-math.inf, "dB"), LEVEL, "gain is 0..1"),
        (Relative("*", math.inf), LEVEL, "gain is 0..1"),
        (Relative("+", 1, "oct"), FREQ, "+1 oct from 15000 Hz is outside"),
        (Relative("/", 0), FREQ, "freq is 20..20000 Hz"),
        (Relative("+", 33, "note"), FREQ, "a1 is a place, not a distance"),
        (Relative("*", 3, "dB"), FREQ, "* takes a plain number"),
        (Word("saw"), FREQ, "freq is 20..20000 Hz, not the word saw"),
        (Word("sqare"), WAVE, "wave is one of saw, square, sine"),
        (q(3), WAVE, "wave is one of saw, square, sine"),
        (q(808.5), MODEL, "model is one of 808, 909, dnb"),
        (Relative("+", 1), WAVE, "wave is one of"),
        (q(1e300), RESONANCE, "resonance is 0.5..20 Q"),
        (q(1e300, "%"), FREQ, "is outside"),
        (Relative("+", 1e300, "oct"), FREQ, "is outside"),
        (q(1e300, "note"), FREQ, "is outside"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_message_names_the_range(
    value: Quantity | Word | Relative, param: Range, message: str
) -> None:
    with pytest.raises(ChronusError) as caught:
        to_param(value, param, current=15000 if param is FREQ else 0.5)
    assert caught.value.code == "E_VALUE"
    assert message in caught.value.message


def test_a_wrong_word_is_answered_with_the_nearest() -> None:
    with pytest.raises(ChronusError) as caught:
        to_param(Word("sqare"), WAVE)
    assert caught.value.suggestions == ("square",)


def test_a_param_may_be_plain_data() -> None:
    assert to_param(q(50, "%"), msgspec.to_builtins(FREQ)) == to_param(q(50, "%"), FREQ)
    assert format_param(0, {"name": "wave", "low": 0, "high": 1, "words": ["saw", "square"]}) == "saw"


@given(
    st.builds(Quantity, st.floats(), st.sampled_from(["", "Hz", "ms", "s", "dB", "ct", "st", "oct", "%", "Q", "bars"]))
    | st.builds(Relative, st.sampled_from("+-*/"), st.floats(0), st.sampled_from(["", "Hz", "%", "st", "dB", "whole"])),
    st.sampled_from([FREQ, LEVEL, DECAY, VOLUME, MAKEUP, DETUNE, PAN, RATE, RESONANCE, WAVE, BYPASS, BPM, SWING]),
    st.floats(0, 1),
)
def test_whatever_is_typed_comes_to_a_number_in_range_or_is_refused(
    value: Quantity | Relative, param: Range, share: float
) -> None:
    current = param.low + share * (param.high - param.low)
    try:
        number = to_param(value, param, current=current, bpm=174)
    except ChronusError as error:
        assert error.code == "E_VALUE"
    else:
        assert param.low <= number <= param.high


@pytest.mark.parametrize(
    ("value", "param", "text"),
    [
        (55.0, FREQ, "55 Hz"),
        (58.27047018976124, FREQ, "58.2705 Hz"),
        (-6.0, VOLUME, "-6 dB"),
        (0.7, LEVEL, "0.7"),
        (0.1 + 0.2, LEVEL, "0.3"),
        (1.0, WAVE, "square"),
        (56.0, SWING, "56%"),
    ],
)
def test_a_value_is_shown_with_its_unit(value: float, param: Range, text: str) -> None:
    assert format_param(value, param) == text


def test_an_exact_value_reads_back() -> None:
    assert format_param(58.27047018976124, FREQ, exact=True) == "58.27047018976124 Hz"


def test_ranges_are_shown_in_the_unit() -> None:
    assert format_range(FREQ) == "20..20000 Hz"
    assert format_range(SWING) == "50..75%"
    assert format_range(WAVE) == "saw, square, sine"


@pytest.mark.parametrize(
    ("name", "number"), [("a1", 33), ("c4", 60), ("c#2", 37), ("eb3", 51), ("A1", 33), ("c-1", 0), ("cb4", 59)]
)
def test_notes_have_numbers(name: str, number: int) -> None:
    assert read_note(name) == number


@given(st.integers(0, 127))
def test_a_note_name_reads_back(note: int) -> None:
    assert read_note(note_name(note)) == note


def test_a1_is_55_hertz() -> None:
    assert frequency(33) == 55
    assert frequency(69) == 440
    assert units.note_number(55) == 33


def test_frames_round_half_to_even() -> None:
    assert frames(Fraction(1, 88200), 44100) == 0
    assert frames(Fraction(3, 88200), 44100) == 2
    assert frames(Fraction(5, 88200), 44100) == 2
    assert frames(Fraction(5, 88200) + Fraction(1, 10**12), 44100) == 3


def test_an_hour_at_174_bpm_does_not_drift() -> None:
    beat = units.seconds(Length(1, "beats"), 174)
    assert frames(beat * 174 * 60, 44100) == 3600 * 44100


def test_lengths_are_exact_seconds() -> None:
    assert units.seconds(Length(500, "ms"), 120) == Fraction(1, 2)
    assert units.seconds(Length(0.1, "s"), 120) == Fraction(1, 10)
    assert units.seconds(Length(4, "bars"), 120) == 8
