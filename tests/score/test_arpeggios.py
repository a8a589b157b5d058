"""Arpeggios, led voices and humanised notes of lanes, as the events that they come to."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from chronus.language.notation import read_lane
from chronus.memory.log import NOTE_ON, decode
from chronus.pattern.loop import loop_of
from chronus.rack.document import Lane
from chronus.score.spans import Player, Span, Window, in_order, span_entries
from chronus.score.timeline import Timeline
from chronus.units import note_name, note_number


def played(text, loops=1, seed=0):
    """(step, note) of each note, in order; from a lane as typed."""
    lane = read_lane(text, 1)
    loop = loop_of(lane.pattern, lane.options)
    found = loop.notes(0, loops * len(loop.starts), seed)
    return [
        (Fraction(begin, loop.part), note_name(loop.pitches[place]))
        for begin, place in zip(found.begin.tolist(), found.place.tolist(), strict=True)
    ]


ORDERS = [
    ("[e2,a2,c2]@8 arp=up", "c2 e2 a2 c2 e2 a2 c2 e2"),
    ("[e2,a2,c2]@8 arp=down", "a2 e2 c2 a2 e2 c2 a2 e2"),
    ("[e2,a2,c2]@8 arp=updown", "c2 e2 a2 e2 c2 e2 a2 e2"),
    ("[e2,a2,c2]@8 arp=order", "e2 a2 c2 e2 a2 c2 e2 a2"),
    ("[e2,a2,c2]@8 arp=played", "e2 a2 c2 e2 a2 c2 e2 a2"),
    ("[e2,a2,c2]@4 arp=up oct=2", "c2 e2 a2 c3"),
    ("[e2,a2,c2]@8 arp=updown oct=2", "c2 e2 a2 c3 e3 a3 e3 c3"),
    ("[e2,a2,c2]@8 arp=down oct=2", "a3 e3 c3 a2 e2 c2 a3 e3"),
    ("[e2,a2,c2]@7 arp=order oct=2", "e2 a2 c2 e3 a3 c3 e2"),
    ("[c2,e2]@5 arp=updown", "c2 e2 c2 e2 c2"),
    ("c2@4 arp=up oct=3", "c2 c3 c4 c2"),
    ("a2:m7@5 arp=up", "a2 c3 e3 g3 a2"),
    ("[0,2,4]@4 arp=up scale=minor root=a2", "a2 c3 e3 a2"),
    ("x@3 . note=a2:m arp=up", "a2 c3 e3"),
    ("[c2,e2] _ _ _ arp=up", "c2 e2 c2 e2"),
    ("[g9,c9]@3 arp=up oct=2", "c9 g9 c9"),  # what lies beyond all notes comes back by octaves
]  # fmt: skip


@pytest.mark.parametrize("text,notes", ORDERS)
def test_each_arpeggio_plays_its_order(text, notes):
    found = played(text)
    assert [note for _, note in found] == notes.split()
    assert [step for step, _ in found] == list(range(len(found)))


def test_the_chord_comes_again_at_the_rate():
    assert played("[c2,e2]@2 . arp=chord rate=1/16") == [(0, "c2"), (0, "e2"), (1, "c2"), (1, "e2")]


def test_the_rate_is_its_own_whatever_the_step():
    found = played("[c2,e2,g2]@4 arp=up rate=1/32")
    assert [step for step, _ in found] == [Fraction(k, 2) for k in range(8)]
    found = played("[c2,e2,g2]@2 . arp=up rate=1/16 every=1/8")
    assert [step for step, _ in found] == [0, Fraction(1, 2), 1, Fraction(3, 2)]
    found = played("[c2,e2,g2]@4 arp=up rate=1/12")
    assert [step for step, _ in found] == [0, Fraction(4, 3), Fraction(8, 3)]


def test_each_chord_begins_its_arpeggio_anew_and_none_plays_into_the_next():
    found = played("[c2,e2,g2]@4 [a1,c2,e2]@4 arp=up rate=1/12")
    assert found[3] == (4, "a1") and [note for _, note in found] == ["c2", "e2", "g2", "a1", "c2", "e2"]
    lane = read_lane("[c2,e2,g2]@4 [a1,c2,e2]@4 arp=up rate=1/12 gate=1", 1)
    loop = loop_of(lane.pattern, lane.options)
    assert loop.end[2] <= 4 * loop.part and loop.end[5] <= 8 * loop.part


def test_random_draws_from_the_seed_of_the_lane_every_note_as_often():
    text = "[c2,e2,g2,b2]@16 arp=random"
    one, again, other = played(text, 50, 1), played(text, 50, 1), played(text, 50, 2)
    assert one == again != other
    assert [step for step, _ in one] == list(range(50 * 16)), "one note a step, in each loop"
    counts = {note: sum(note == found for _, found in one) for note in ("c2", "e2", "g2", "b2")}
    assert min(counts.values()) > 150 and sum(counts.values()) == 800
    assert played(text + " seed=7", 4, 1) == played(text + " seed=7", 4, 2)


def test_a_chord_by_chance_is_played_whole_or_not_at_all():
    found = played("[c2,e2,g2]@4?50 arp=up", 100)
    loops = {step // 4 for step, _ in found}
    assert 30 < len(loops) < 70 and len(found) == 4 * len(loops)


# ---------------------------------------------------------------- led voices

CHORDS = [
    ("a2:m c3:maj", ["a2 c3 e3", "g2 c3 e3"]),
    ("c3:maj f3:maj g3:maj c3:maj", ["c3 e3 g3", "c3 f3 a3", "b2 d3 g3", "c3 e3 g3"]),
    ("a2:m a3 c3:maj", ["a2 c3 e3", "a3", "g2 c3 e3"]),  # a note by itself is no chord, and leads to none
]


@pytest.mark.parametrize("text,chords", CHORDS)
def test_chords_lead_to_one_another_by_the_nearest_notes(text, chords):
    found = played(f"{text} voicing=lead")
    together = {}
    for step, note in found:
        together.setdefault(step, []).append(note)
    assert [" ".join(notes) for notes in together.values()] == chords


def test_voices_led_through_a_long_row_of_chords_do_not_wander():
    text = " ".join(["c3:maj", "g3:maj", "d3:maj", "a3:maj", "e3:maj", "b3:maj", "f#3:maj", "c#3:maj"] * 8)
    lane = read_lane(f"{text} voicing=lead", 1)
    loop = loop_of(lane.pattern, lane.options)
    assert min(loop.pitches) >= 36 and max(loop.pitches) <= 72
    chords = np.array(loop.pitches).reshape(-1, 3)
    assert np.abs(np.diff(chords, axis=0)).max() <= 4, "no voice leaps"


# ---------------------------------------------------------------- humanised


def onsets(text, rate=44100, bpm=174, bars=16, swing=50, seed=5, pace=1):
    """(frame, Hz) of each note, in the order of the log."""
    lane = read_lane(text, 1)
    span = Span(
        Fraction(0), Fraction(0), Fraction(0), 5, Lane("", lane.pattern, lane.options, 0),
        swing=Fraction(swing, 100), seed=seed, pace=Fraction(pace),
    )  # fmt: skip
    timeline = Timeline.begin(rate, 1, 10 * rate, bpm)
    window = Window.of(timeline, 0, timeline.frame(Fraction(4 * bars)))
    found = decode(in_order(span_entries(span, Player(1, 2, 3), window)))
    return [(entry.frame, entry.a) for entry in found if entry.kind == NOTE_ON]


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("milliseconds", [2, 10])
def test_humanised_notes_are_so_much_early_or_late_at_most(rate, milliseconds):
    straight, moved = onsets("a1 b1 c2 d2", rate), onsets(f"a1 b1 c2 d2 humanize={milliseconds}ms", rate)
    off = np.array([one - other for (one, _), (other, _) in zip(moved, straight, strict=True)]) / rate * 1000
    assert np.abs(off).max() <= milliseconds + 0.5 / rate * 1000
    assert off.min() < -0.8 * milliseconds and off.max() > 0.8 * milliseconds and abs(off.mean()) < 0.2 * milliseconds


@pytest.mark.parametrize(
    "text", ["a1 b1 c2 d2", "a1*3 b1 c2 . d2*2", "a1 b1 every=1/64", "a1 every=1/64", "a1?50 b1 c2?50 d2"]
)
@pytest.mark.parametrize("swing", [50, 66, 75])
def test_humanised_notes_keep_their_order_however_far_they_may_go(text, swing):
    def names(found):
        return [round(note_number(hertz)) for _, hertz in found]

    straight = onsets(text, swing=swing)
    moved = onsets(f"{text} humanize=100ms", swing=swing)
    many = len(straight) - 1  # the one after the last of them may come early
    assert names(moved)[:many] == names(straight)[:many] and many > 40
    frames = [frame for frame, _ in moved]
    assert all(one <= other for one, other in pairwise(frames))
    assert len(set(frames)) == len(frames)
    assert frames != [frame for frame, _ in straight]


@pytest.mark.parametrize("pace", [2, Fraction(1, 2)])
@pytest.mark.parametrize("swing", [50, 66])
def test_humanised_notes_keep_their_order_at_half_time_and_double_time(pace, swing):
    straight = onsets("a1 b1 c2 d2", swing=swing, pace=pace)
    moved = onsets("a1 b1 c2 d2 humanize=100ms", swing=swing, pace=pace)
    many = len(straight) - 1
    assert [hertz for _, hertz in moved][:many] == [hertz for _, hertz in straight][:many] and many > 40
    assert all(one < other for (one, _), (other, _) in pairwise(moved))


def test_notes_of_a_chord_stay_together():
    moved = onsets("[a1,c2,e2] . [c2,e2,g2] . humanize=20ms")
    assert all(len({frame for frame, _ in moved[k : k + 3]}) == 1 for k in range(0, len(moved), 3))


@pytest.mark.parametrize("text", ["a1 b1 c2 d2", "a1*3 b1 c2?50 . d2*2", "a1 b1 every=1/64"])
def test_humanised_notes_are_the_same_however_time_is_cut(text):
    lane = read_lane(f"{text} humanize=60ms swing=66", 1)
    span = Span(Fraction(0), Fraction(0), Fraction(0), 5, Lane("", lane.pattern, lane.options, 0), seed=3)
    timeline = Timeline.begin(44100, 1, 0, 174)

    def rows(start, stop):
        return span_entries(span, Player(1, 2, 3), Window.of(timeline, start, stop))

    cuts = [0, 1, 3802, 3803, 10_000, 40_001, 40_064, 200_000]
    whole = in_order(rows(0, cuts[-1]))
    cut = in_order(np.concatenate([rows(one, other) for one, other in pairwise(cuts)]))
    assert len(whole) > 60 and (whole == cut).all()
