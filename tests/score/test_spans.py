"""Lanes as entries."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronus.language.notation import read_lane
from chronus.memory.log import BEGINNING, F_ACCENT, F_GLIDE, LOCK, MINOR, NOTE_OFF, NOTE_ON, PARAM, UNLOCK, decode
from chronus.pattern.lane import Hit, LaneOptions, Pattern, locks_of
from chronus.pattern.tree import Lock
from chronus.rack.document import Lane, Locked
from chronus.score.spans import Player, Span, Window, in_order, sounding, span_entries
from chronus.score.timeline import Timeline
from chronus.units import Quantity
from tests.kit.machine import seconds_of

PLAYER = Player(3, 7, 11)


F0 = Fraction(0)


def span(pattern, options=None, swing=50, **more):
    locks = tuple(Locked(lock.param, 0, lock.value.number, lock.value.number * 2) for lock in locks_of(pattern))
    lane = Lane("", pattern, options or LaneOptions(), 0, locks=locks)
    return Span(Fraction(0), Fraction(0), Fraction(0), 5, lane, swing=Fraction(swing, 100), **more)


def every_step(steps, **hit):
    return Pattern(steps, tuple(Hit((k, 1), **hit) for k in range(steps)))


def entries(of, timeline, start, stop):
    return decode(in_order(span_entries(of, PLAYER, Window.of(timeline, start, stop))))


def begins(found):
    return [entry.frame for entry in found if entry.kind == NOTE_ON]


def ends(found):
    return [entry.frame for entry in found if entry.kind == NOTE_OFF]


def test_onsets_of_174_bpm_over_64_bars_stand_on_their_exact_frames():
    timeline = Timeline.begin(44100, 1, 640, 174)
    found = entries(span(every_step(16)), timeline, 0, timeline.frame(Fraction(256)))
    step = Fraction(60, 174) / 4 * 44100
    assert begins(found) == [640 + round(k * step) for k in range(64 * 16)]


def test_a_lane_of_17_steps_loops_at_its_own_length():
    timeline = Timeline.begin(44100, 1, 0, 120)
    found = entries(span(Pattern(17, (Hit((0, 1)),))), timeline, 0, 1_000_000)
    step = Fraction(44100, 8)
    assert begins(found) == [round(17 * k * step) for k in range(11)]


CUTOFF, OTHER = Lock("cutoff", Quantity(400)), Lock("drive", Quantity(0.5))
PATTERNS = st.builds(
    lambda steps, hits: Pattern(steps, tuple(hit for hit in hits if Fraction(*hit.at) < steps)),
    st.integers(1, 24),
    st.lists(
        st.builds(
            Hit,
            at=st.tuples(st.integers(0, 47), st.sampled_from([1, 2, 3])),
            length=st.tuples(st.integers(0, 40), st.sampled_from([1, 2, 3])),
            pitches=st.sampled_from([(), (33,), (33, 40)]),
            glide=st.booleans(),
            accent=st.booleans(),
            cell=st.tuples(st.integers(1, 40), st.sampled_from([1, 2, 3])),
            locks=st.sampled_from([(), (), (CUTOFF,), (CUTOFF, OTHER)]),
        ),
        max_size=8,
        unique_by=lambda hit: Fraction(*hit.at),
    ),
)
SPANS = st.builds(
    lambda pattern, swing, gate, shift: span(pattern, LaneOptions(gate=gate, shift=shift), swing),
    PATTERNS, st.integers(50, 75), st.sampled_from([0.1, 0.5, 1.0, 2.5]), st.integers(0, 5),
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(SPANS, st.integers(20, 400), st.lists(st.integers(0, 300_000), max_size=6))
def test_any_cut_of_time_gives_the_same_entries(lane, bpm, cuts):
    timeline = Timeline.begin(44100, 1, 0, bpm)
    edges = sorted({0, 300_000, *cuts})
    whole = entries(lane, timeline, 0, 300_000)
    pieces = [e for a, b in pairwise(edges) for e in entries(lane, timeline, a, b)]
    assert pieces == whole


@settings(max_examples=50, deadline=None)
@given(SPANS, st.integers(20, 400), st.integers(1, 200_000))
def test_the_locks_of_a_note_end_once_and_are_known_while_they_last(lane, bpm, frame):
    timeline = Timeline.begin(44100, 1, 0, bpm)
    found = entries(lane, timeline, 0, 4_000_000)
    ends = {number_of(e): e.frame for e in found if e.kind == UNLOCK}
    begun = {number_of(e): e.frame for e in found if e.kind == LOCK and e.frame < 1_000_000}
    assert len(ends) == sum(e.kind == UNLOCK for e in found) and set(begun) <= set(ends)
    known = {number: timeline.frame(end) for end, number in sounding(lane, timeline, frame).locked}
    assert known == {n: ends[n] for n, at in begun.items() if at < frame <= ends[n]}


def number_of(entry):
    return entry.order & MINOR


def test_a_lock_lasts_for_its_step_and_a_sweep_takes_as_long():
    """At 66 %, 48 kHz and 120 bpm: a step lasts 6,000 frames, and the late ones begin 1,920 later."""
    pattern = Pattern(4, (Hit((1, 1), pitches=(33, 40), locks=(CUTOFF,)), Hit((2, 1), cell=(2, 1), locks=(OTHER,))))
    found = entries(span(pattern, swing=66), Timeline.begin(48000, 1, 0, 120), 0, 24000)
    locks = [(e.frame, e.flags >> PARAM, e.a, e.b, e.c) for e in found if e.kind == LOCK]
    assert locks == [(7920, 0, 800.0, 12000 - 7920, 400.0), (12000, 0, 1.0, 12000, 0.5)], "a chord has its locks once"
    assert [e.frame for e in found if e.kind == UNLOCK] == [12000]


def test_an_arpeggio_has_the_locks_of_its_chord_once():
    pattern = Pattern(4, (Hit((0, 1), pitches=(33, 40, 45), cell=(4, 1), locks=(CUTOFF,)),))
    found = entries(span(pattern, LaneOptions(arp="up")), Timeline.begin(48000, 1, 0, 120), 0, 30000)
    assert [(e.frame, e.b) for e in found if e.kind == LOCK] == [(0, 24000), (24000, 24000)]
    assert [e.frame for e in found if e.kind == UNLOCK] == [24000]


@settings(max_examples=50, deadline=None)
@given(SPANS, st.integers(20, 400))
def test_every_note_that_begins_ends_once_unless_it_glides_on(lane, bpm):
    timeline = Timeline.begin(44100, 1, 0, bpm)
    found = entries(lane, timeline, 0, 1_000_000)
    gone = [entry.c for entry in found if entry.kind == NOTE_OFF]
    begun = {entry.c: entry.frame for entry in found if entry.kind == NOTE_ON}
    assert len(gone) == len(set(gone)) and set(gone) <= set(begun)


def test_swing_moves_the_odd_steps_inside_their_pair_and_no_bar():
    timeline = Timeline.begin(48000, 1, 0, 120)
    straight = begins(entries(span(every_step(16)), timeline, 0, 96000))
    swinging = begins(entries(span(every_step(16), swing=66), timeline, 0, 96000))
    assert swinging[::2] == straight[::2]
    assert [b - a for a, b in zip(straight[1::2], swinging[1::2], strict=True)] == [round(6000 * Fraction(32, 100))] * 8


def test_swing_is_the_transports_so_lanes_of_other_steps_meet_on_its_lines():
    """At 66 %, 48 kHz and 120 bpm a sixteenth lasts 6,000 frames, and the late ones come 1,920 later."""
    timeline = Timeline.begin(48000, 1, 0, 120)

    def onsets(every, steps=8, stop=48000):
        return begins(entries(span(every_step(steps), LaneOptions(every=every), swing=66), timeline, 0, stop))

    assert onsets((1, 4)) == [0, 24000]
    assert onsets((1, 8)) == [0, 12000, 24000, 36000]
    assert onsets((1, 16)) == [0, 7920, 12000, 19920, 24000, 31920, 36000, 43920]
    assert onsets((1, 12)) == [0, 8000, 16000, 24000, 32000, 40000]
    assert onsets((1, 24)) == [4000 * k for k in range(12)]
    assert onsets((1, 32))[:8] == [0, 3000, 7920, 9960, 12000, 15000, 19920, 21960]
    assert onsets((3, 16)) == [0, 19920, 36000]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (". x*2", [7920, 9960]),
        (". x*3", [7920, 9280, 10640]),
        (". [. x]", [9960]),
        (". [xx[xx]]", [7920, 9280, 10640, 11320]),
        ("x*3 .", [0, 2000, 4000]),
        ("[x x x]@2", [0, 4000, 8000]),
        ("[x x x]@4", [0, 8000, 16000]),
        ("[x x x x] every=1/8", [0, 3000, 7920, 9960]),
    ],
)
def test_what_lies_inside_of_a_late_step_moves_with_it_and_triplets_stay(text, found):
    """A sixteenth lasts 6,000 frames, a late one begins at 7,920 and what is in it has 4,080 to last."""
    read = read_lane(f"{text} gate=99%", 1)
    lane = Span(F0, F0, F0, 5, Lane("", read.pattern, read.options, 0), swing=Fraction(66, 100))
    timeline = Timeline.begin(48000, 1, 0, 120)
    assert begins(entries(lane, timeline, 0, 12000)) == [f for f in found if f < 12000]


def test_a_lane_of_odd_length_swings_by_the_transport_and_not_by_its_own_steps():
    timeline = Timeline.begin(48000, 1, 0, 120)
    found = begins(entries(span(Pattern(3, (Hit((0, 1)),)), swing=66), timeline, 0, 96000))
    assert found == [18000 * k + (1920 if k % 2 else 0) for k in range(6)]


def test_a_lane_with_a_swing_of_its_own_moves_its_own_odd_steps():
    timeline = Timeline.begin(48000, 1, 0, 120)
    found = begins(entries(span(every_step(4), LaneOptions(every=(1, 8), swing=66)), timeline, 0, 48000))
    assert found == [0, 15840, 24000, 39840]


def test_a_late_note_ends_inside_its_step_and_a_held_one_where_the_late_one_begins():
    timeline = Timeline.begin(48000, 1, 0, 120)
    short = ends(entries(span(every_step(2), swing=75), timeline, 0, 12001))
    assert short == [3000, 10500]
    whole = ends(entries(span(every_step(2), LaneOptions(gate=1.0), swing=75), timeline, 0, 12001))
    assert whole == [9000, 12000]


@settings(max_examples=50, deadline=None)
@given(SPANS, st.integers(20, 400))
def test_frames_are_those_of_exact_fractions(lane, bpm):
    """Onsets as the words say them, one by one: loop, step, swing, tempo, rounded once."""
    timeline = Timeline.begin(44100, 1, 100, bpm).change(90_000, bpm * 0.77)
    late, wanted = (2 * lane.swing - 1) / 4, []
    pattern, shift = lane.lane.pattern, lane.lane.options.shift
    for loop in range(200):
        for hit in pattern.hits:
            at = (loop * pattern.steps + (Fraction(*hit.at) + shift) % pattern.steps) / 4
            line, behind = divmod(at * 4, 1)
            leads = line % pattern.steps in {(Fraction(*one.at) + shift) % pattern.steps for one in pattern.hits}
            goes = line % 2 == 1 and ((behind * 64).denominator == 1 or leads)
            wanted += [timeline.frame(at + late * (1 - behind) * goes)] * max(1, len(hit.pitches))
    assert begins(entries(lane, timeline, 0, 200_000)) == sorted(f for f in wanted if f < 200_000)


def test_a_timeline_stays_small_and_exact_whatever_tempos_it_went_through():
    timeline, frame = Timeline.begin(44100, 1, 0, 120), 0
    for k in range(2000):
        frame += 1000 + k
        timeline = timeline.pruned(frame).change(frame, 120 + k % 37 + 0.1 * (k % 7))
        assert timeline.frame(timeline.position(frame)) == frame
    assert len(timeline.tempos) < 1000 and timeline.tempos[-1].position.denominator <= 1 << 24


def test_256_lanes_of_chords_are_scheduled_two_seconds_ahead_in_less_than_their_share_of_it():
    """Of a quarter second of music that comes up, at most a tenth may be spent."""
    lanes = [span(Pattern(64, tuple(Hit((k, 1), pitches=(40, 43, 47, 50)) for k in range(64)))) for _ in range(256)]
    window = Window.of(Timeline.begin(44100, 1, 0, 174), 88200, 88200 + 11025)

    def play():
        for lane in lanes:
            span_entries(lane, PLAYER, window)

    play()
    assert seconds_of(play) < 0.025


def test_a_gate_of_half_a_step_ends_in_the_middle_of_the_step():
    timeline = Timeline.begin(48000, 1, 0, 120)
    assert ends(entries(span(every_step(4)), timeline, 0, 24000)) == [3000, 9000, 15000, 21000]


def test_a_note_that_ends_where_the_next_begins_ends_first():
    timeline = Timeline.begin(48000, 1, 0, 120)
    found = entries(span(every_step(4), LaneOptions(gate=1.0)), timeline, 0, 12001)
    assert [(e.frame, e.kind) for e in found[1:3]] == [(6000, NOTE_OFF), (6000, NOTE_ON)]
    assert found[1].order < found[2].order and found[2].order >> 60 == BEGINNING


def test_a_glide_leaves_out_the_end_and_slides_the_next_note():
    pattern = Pattern(4, (Hit((0, 1), pitches=(33,), glide=True), Hit((1, 1), pitches=(45,)), Hit((2, 1))))
    timeline = Timeline.begin(48000, 1, 0, 120)
    found = entries(span(pattern), timeline, 0, 24000)
    assert [(e.kind, e.frame, e.flags) for e in found] == [
        (NOTE_ON, 0, 0), (NOTE_ON, 6000, F_GLIDE), (NOTE_OFF, 9000, 0), (NOTE_ON, 12000, 0), (NOTE_OFF, 15000, 0),
    ]  # fmt: skip


def test_a_glide_into_a_rest_is_an_ordinary_note():
    pattern = Pattern(4, (Hit((0, 1), glide=True), Hit((2, 1))))
    found = entries(span(pattern), Timeline.begin(48000, 1, 0, 120), 0, 24000)
    assert ends(found) == [6000, 15000] and all(entry.flags == 0 for entry in found)


def test_a_glide_at_the_end_reaches_into_the_next_loop():
    pattern = Pattern(2, (Hit((0, 1)), Hit((1, 1), glide=True)))
    found = entries(span(pattern), Timeline.begin(48000, 1, 0, 120), 0, 24000)
    flags = [entry.flags for entry in found if entry.kind == NOTE_ON]
    assert flags == [0, 0, F_GLIDE, 0]


def test_shift_moves_the_lane_later_wrapping_inside_it():
    pattern = Pattern(4, (Hit((0, 1)), Hit((3, 1))))
    found = entries(span(pattern, LaneOptions(shift=1)), Timeline.begin(48000, 1, 0, 120), 0, 24000)
    assert begins(found) == [0, 6000]


def test_a_note_says_pitch_velocity_accent_and_whom():
    pattern = Pattern(1, (Hit((0, 1), pitches=(69, 57), velocity=1.0, accent=True),))
    found = entries(span(pattern, LaneOptions(velocity=0.5)), Timeline.begin(44100, 1, 0, 120), 0, 1)
    assert [(e.a, e.b, e.flags, e.c) for e in found] == [(440.0, 0.5, F_ACCENT, 0.0), (220.0, 0.5, F_ACCENT, 1.0)]
    assert {(e.index, e.more, e.incarnation, e.generation) for e in found} == {(7, 3, 11, 5)}


def test_without_a_pitch_the_modules_own_frequency_is_played():
    (note,) = entries(span(every_step(1)), Timeline.begin(44100, 1, 0, 120), 0, 1)
    assert note.a == 0.0


@settings(max_examples=50, deadline=None)
@given(SPANS, st.integers(20, 400), st.integers(1, 200_000))
def test_what_sounds_at_a_frame_has_begun_before_and_ends_later(lane, bpm, frame):
    timeline = Timeline.begin(44100, 1, 0, bpm)
    before = entries(lane, timeline, 0, frame)
    open_notes = {e.c for e in before if e.kind == NOTE_ON} - {e.c for e in before if e.kind == NOTE_OFF}
    later = {e.c: e.frame for e in entries(lane, timeline, frame, 4_000_000) if e.kind == NOTE_OFF}
    found = {float(number): timeline.frame(end) for end, number in sounding(lane, timeline, frame).held}
    assert found == {c: later[c] for c in open_notes if c in later}


def test_4096_steps_are_scheduled_without_going_through_all_of_them():
    lane, timeline = span(every_step(4096)), Timeline.begin(44100, 1, 0, 174)
    entries(lane, timeline, 0, 100)

    def play():
        for k in range(20):
            entries(lane, timeline, 4410 * k, 4410 * (k + 1))

    assert seconds_of(play) < 0.5
