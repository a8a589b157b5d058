"""A capture held against its rendering: where they part, for how long, and that nothing is passed over."""

import numpy as np
import pytest

from chronus.drills.capture import CAUSE_FRAMES, WINDOW, Comparison, apart, by_cause, lost_in, told_gaps, told_stalls
from chronus.errors import ChronusError

RATE = 44100


@pytest.fixture(scope="module")
def played():
    """A second of silence, then three of something that repeats nowhere."""
    chance = np.random.default_rng(1)
    return np.concatenate([np.zeros((RATE, 2)), chance.uniform(-0.5, 0.5, (3 * RATE, 2))]).astype(np.float32)


def gaps(captured, reference, piece=RATE):
    comparison = Comparison(captured)
    for at in range(0, len(reference), piece):
        comparison.feed(reference[at : at + piece])
    comparison.end()
    return comparison.gaps


def test_a_capture_is_found_in_its_rendering_wherever_it_begins(played):
    assert gaps(played, played) == []
    assert gaps(played[777:], played) == []
    assert gaps(np.concatenate([np.zeros((500, 2), np.float32), played]), played) == []


def test_one_bit_is_a_gap_of_one_frame(played):
    heard = played.copy()
    heard.view(np.int32)[2 * RATE, 1] ^= 1
    assert gaps(heard, played) == [(2 * RATE, 1)]


def test_after_a_silence_the_clock_may_have_run_on(played):
    heard = played.copy()
    heard[2 * RATE : 2 * RATE + 1000] = 0
    assert gaps(heard, played) == [(2 * RATE, 1000)]


def test_after_a_silence_the_clock_may_have_waited(played):
    heard = np.insert(played, 2 * RATE, np.zeros((300, 2), np.float32), axis=0)
    assert gaps(heard, played) == [(2 * RATE, 300)]


def test_frames_that_were_left_out_are_no_less_a_gap(played):
    heard = np.delete(played, np.s_[2 * RATE : 2 * RATE + 128], axis=0)
    found = gaps(heard, played)
    assert len(found) == 1 and found[0][0] == 2 * RATE


def test_several_gaps_are_told_one_by_one_whatever_the_pieces(played):
    heard = played.copy()
    for at in (60_000, 90_000, 130_000):
        heard[at : at + 64] = 0
    for piece in (1000, RATE, len(played)):
        assert gaps(heard, played, piece) == [(60_000, 64), (90_000, 64), (130_000, 64)]


def test_a_long_take_keeps_no_more_than_a_window(played):
    comparison = Comparison(np.concatenate([played] * 6))
    for _ in range(6):
        comparison.feed(played)
        assert len(comparison._reference) <= WINDOW + len(played)
    comparison.end()
    assert comparison.gaps == [] and comparison.compared == 6 * len(played) - RATE


def test_what_never_becomes_the_same_again_is_lost_to_the_end(played, monkeypatch):
    monkeypatch.setattr("chronus.drills.capture.SEARCHED", 500)
    heard = played.copy()
    heard[3 * RATE :] *= 0.5
    assert gaps(heard, played) == [(3 * RATE, RATE)]


def test_another_take_is_refused(played):
    with pytest.raises(ChronusError, match="does not hold the beginning"):
        gaps(played * np.float32(0.5), played)


def test_a_gap_is_put_down_to_the_last_kill_before_it():
    kills = [("control", 1000), ("both", 1200), ("host", 90_000)]
    found = by_cause([(1300, 64), (CAUSE_FRAMES + 2000, 128), (89_900, 10)], {}, kills)
    assert found == {"both": [(1300, 64)], "": [(CAUSE_FRAMES + 2000, 128)], "host": [(89_900, 10)]}
    assert told_gaps(found).startswith("64 at frame 1300, after both was killed; 128 at frame 24050, no kill before it")
    assert told_gaps({}) == "no gap"


def test_a_gap_that_begins_in_silence_may_have_begun_anywhere_in_it(played):
    """While nothing sounds, nobody can tell that the clock waits: it is seen when something sounds again, perhaps much later."""
    silence = np.zeros((2 * RATE, 2), np.float32)
    song = np.concatenate([played[: 2 * RATE], silence, played[2 * RATE :]])
    heard = np.insert(song, 2 * RATE + 5000, np.zeros((128, 2), np.float32), axis=0)
    comparison = Comparison(heard)
    comparison.feed(song)
    comparison.end()
    (gap,), since = comparison.gaps, comparison.since
    assert gap == (4 * RATE, 128) and since == {4 * RATE: 2 * RATE}
    kills = [("standby", RATE), ("both", 2 * RATE + 5000), ("standby", 4 * RATE - 100)]
    assert by_cause([gap], since, kills) == {"both": [gap]} and by_cause([gap], {}, kills) == {"standby": [gap]}
    assert by_cause([gap], since, kills[:1]) == {"": [gap]} and by_cause([gap], since, kills[2:]) == {"standby": [gap]}
    clock = [(100.0 + k, RATE * k) for k in range(10)]
    for stood, while_it_stood in (
        ((102.5, 102.52), [gap]),
        ((101.0, 101.02), []),
        ((103.99, 104.0), [gap]),
        ((104.2, 104.3), []),
    ):
        assert apart({"": [gap]}, since, clock, [stood])[1] == {"": while_it_stood}


def test_a_gap_is_told_with_the_processors_that_stood_still_beside_it():
    clock = [(100.0, 0), (200.0, 100 * 44100)]
    gaps = {"": [(10 * 44100, 1280)], "slot 0": [(30 * 44100, 128)]}
    stalls = [(1, 109.99, 110.03), (0, 150.0, 150.02)]
    assert told_stalls(gaps, clock, stalls) == "; at 441000 processor 1 stood still for 40.0 ms"
    assert told_stalls(gaps, clock, []) == ""


def test_what_was_lost_while_the_machine_stood_still_is_told_apart():
    clock = [(100.0 + k, 44100 * k) for k in range(60)]
    stood, own = (44100 * 10 + 2000, 900), (44100 * 30, 64)
    remains, then = apart({"": [stood], "slot 0": [own]}, {}, clock, [(110.0, 110.06)])
    assert remains == {"": [], "slot 0": [own]} and then == {"": [stood], "slot 0": []}
    assert (lost_in(remains), lost_in(then)) == (64, 900)
    assert apart({"": [stood]}, {}, clock, [])[0] == {"": [stood]}
    for_good = (44100 * 10 + 2000, 44100 * 40)
    assert apart({"": [for_good]}, {}, clock, [(110.0, 110.06)])[0] == {"": [for_good]}, (
        "what never came back is no stall"
    )
