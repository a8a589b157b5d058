"""What opens closes: gates by cables, by lanes, by hands, and drones that something has silenced."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.conductor import questions
from chronus.render.take import Take
from tests.kit.typed import RATE, command, heard, peak, said

ADSR = ("load saw", "load adsr release=20ms", "patch saw > adsr")
LANE = "seq saw: f3@2 . . . . . . ."
SECOND = RATE
SILENCE = -90


def same(one, other) -> bool:
    return np.array_equal(one.view(np.int32), other.view(np.int32))


@pytest.mark.parametrize(
    "rack",
    [
        ADSR,
        ("load saw", "load adsr release=20ms", "patch saw > filter > adsr"),
        ("load saw voices=3", "load adsr release=20ms", "patch saw > adsr > delay"),
        ("load square as saw", "load adsr release=20ms", "patch saw > mixer > adsr", "patch saw.pitch > filter.cutoff"),
        ("load saw", "load adsr release=20ms", "patch saw > adsr", "patch adsr > delay > filter > delay"),
    ],
)
def test_a_cable_of_the_gate_that_follows_anyway_changes_nothing(rack):
    """It never closed: a drone that stands open for the gate behind it told that it was open."""
    plain = heard({0: (*rack, LANE)}, SECOND)
    assert peak(plain, 0, 0.2) > -30
    assert same(heard({0: (*rack, "patch saw.gate > adsr.gate", LANE)}, SECOND), plain)


def test_a_gate_by_a_cable_from_another_module_closes_with_its_notes():
    rack = (*ADSR, "load kick", "unpatch kick > out", "patch kick.gate > adsr.gate", "seq kick: x.......")
    sound = heard({0: rack}, SECOND)
    assert peak(sound, 0, 0.06) > -30 and peak(sound, 0.2, 0.9) < SILENCE


@pytest.mark.parametrize(
    "circle",
    [
        ("patch saw.gate > saw.gate",),
        ("patch saw.gate > adsr.gate", "patch adsr.gate > saw.gate"),
        ("load kick", "patch saw.gate > kick.gate", "patch kick.gate > adsr.gate", "patch adsr.gate > saw.gate"),
    ],
)
def test_a_circle_of_gates_holds_nothing_open(circle):
    sound = heard({0: (*ADSR, *circle, LANE)}, SECOND)
    assert peak(sound, 0, 0.2) > -30 and peak(sound, 0.8, 0.98) < SILENCE


def test_round_a_circle_of_gates_either_opens_both():
    rack = (
        "load noise as na", "load noise as nb", "patch na.gate > nb.gate", "patch nb.gate > na.gate",
        "unpatch {} > out", "seq {}: x.......",
    )  # fmt: skip
    for quiet, played in (("na", "na"), ("na", "nb"), ("nb", "na"), ("nb", "nb")):
        lines = (*rack[:4], rack[4].format(quiet), rack[5].format(played))
        sound = heard({0: lines}, SECOND // 2)
        assert peak(sound, 0, 0.06) > -30 and peak(sound, 0.35, 0.48) < SILENCE, (quiet, played)


@pytest.mark.parametrize(
    "line", ["unpatch kick.gate > adsr.gate", "clear kick now", "mute kick now", "unload kick", "stop", "panic"]
)
def test_what_takes_a_gate_away_while_it_is_high_closes_it(line):
    rack = (*ADSR, "load kick", "unpatch kick > out", "patch kick.gate > adsr.gate", "seq kick: x_______x_______")
    sound = heard({0: rack, RATE // 4: (line,)}, SECOND)
    assert peak(sound, 0.1, 0.24) > -30 and peak(sound, 0.5, 0.9) < SILENCE


@pytest.mark.parametrize(
    "line",
    ["clear saw now", "mute saw now", "stop", "panic", "seq saw: . now", "load kick; seq kick: .; solo kick now"],
)
def test_a_lane_that_goes_lets_go_of_what_it_holds(line):
    lines = tuple(part.strip() for part in line.split("; "))
    sound = heard({0: (*ADSR, "patch saw.gate > adsr.gate", "seq saw: f3@16 " + ". " * 15), RATE // 4: lines}, SECOND)
    assert peak(sound, 0.1, 0.24) > -30 and peak(sound, 0.5, 0.9) < SILENCE


@pytest.mark.parametrize("line", ["mute saw now", "stop", "clear saw now", "seq saw: . now"])
def test_a_gate_that_a_hand_holds_stays_open_whatever_the_lane_does(line):
    rack = ("load saw", "seq saw: x...x...", "gate saw on")
    sound = heard({0: rack, RATE // 4: (line,)}, SECOND)
    assert min(peak(sound, at / 20, at / 20 + 0.05) for at in range(2, 19)) > -30
    sound = heard({0: rack, RATE // 4: (line,), RATE // 2: ("gate saw off",)}, SECOND)
    assert peak(sound, 0.6, 0.9) < SILENCE


def test_a_note_of_a_lane_that_is_unmuted_while_the_swing_is_about_to_change_lasts_its_time():
    """It was cut where the new swing took hold."""
    rack = ("load saw", "bpm 300", "seq saw: .x_. now", "mute saw now")
    sound = heard({0: rack, 2000: ("swing 66", "unmute saw now")}, 8000)
    assert peak(sound, 4500 / RATE, 5400 / RATE) > -30


def test_a_gate_that_only_a_cable_has_opened_counts_as_full():
    """The adsr follows a lane that has not played yet; it had no velocity until it did."""
    rack = (*ADSR, "load kick", "unpatch kick > out", "patch kick.gate > adsr.gate", "seq kick: x...")
    assert peak(heard({0: (*rack, "seq saw: . . . . . . . x")}, SECOND // 4), 0, 0.1) > -30


def test_a_gate_let_go_by_hand_is_again_that_of_the_lane():
    take = Take(RATE, 0)
    (*_, held) = said(take, 0, (*ADSR, "seq saw: x...x...", "gate adsr on"))
    (let_go,) = said(take, RATE // 4, ("gate adsr off",))
    take.render(SECOND)
    sound = take.sound()
    assert held == "gate adsr on" and let_go == "gate adsr off (its gate is now that of saw)"
    assert peak(sound, 0, 0.06) > -30 and peak(sound, 0.35, 0.45) < SILENCE and peak(sound, 0.5, 0.6) > -30


def test_a_note_on_what_follows_another_is_played_there():
    take = Take(RATE, 0)
    said(take, 0, (*ADSR, "seq saw: . . . ."))
    (told,) = said(take, RATE // 4, ("note adsr a3 len=1/16",))
    take.render(SECOND)
    assert told == "note adsr a3 (played by saw, whose notes adsr follows)"
    assert peak(take.sound(), 0.25, 0.4) > -30 and peak(take.sound(), 0.7, 0.9) < SILENCE


def test_a_cable_into_a_parameter_that_closes_a_circle_costs_nothing_else():
    """Of no amount, it changes no bit."""
    for cable in ("patch adsr.env > saw.detune 0", "patch adsr.pitch > saw.detune 0", "patch filter > saw.detune 0"):
        rack = (*ADSR, "patch adsr > filter", LANE)
        assert same(heard({0: (*rack, cable)}, SECOND // 4), heard({0: rack}, SECOND // 4)), cable


# ---------------------------------------------------------------- drones


@pytest.mark.parametrize(
    ("silencing", "bringing_back"),
    [
        (("panic",), "play"),
        (("panic",), "gate sine on"),
        (("note sine a4 len=1/64",), "gate sine on"),
        (("gate sine off",), "gate sine on"),
        (("seq sine: x now", "clear sine now"), "gate sine on"),
        (("gate sine on", "panic"), "play"),
    ],
)
def test_a_drone_that_was_silenced_is_heard_again_by_what_it_says(silencing, bringing_back):
    take = Take(RATE, 0)
    said(take, 0, ("load sine",))
    said(take, RATE // 8, silencing)
    take.render(RATE // 4)
    assert "gated off" in listed(take) and f"`{bringing_back}`" in listed(take)
    said(take, RATE // 2, (bringing_back,))
    assert "gated off" not in listed(take)
    take.render(SECOND)
    sound = take.sound()
    assert peak(sound, 0, 0.12) > -30 and peak(sound, 0.3, 0.49) < SILENCE and peak(sound, 0.6, 0.9) > -30


def listed(take: Take) -> str:
    seen = questions.Seen(take.conductor.rack, take.conductor.catalogue)
    lines, _, _ = questions.answer(command("list modules"), seen)
    return "\n".join(lines)


def test_play_brings_back_no_drone_that_somebody_else_has_silenced():
    sound = heard(
        {0: ("load sine", "load saw", "gate sine off"), RATE // 8: ("panic", "unload saw"), RATE // 4: ("play",)},
        SECOND,
    )
    assert peak(sound, 0, 0.1) > -30 and peak(sound, 0.5, 0.9) < SILENCE
