"""Entries that wait: which of them can still do anything."""

import numpy as np

from chronus.graph import pending
from chronus.graph.entries import next_frame
from chronus.memory import layout
from chronus.memory.log import GENERATION, NO_LANE, NOTE_OFF, NOTE_ON, Entry, Writer

LANE = 3


def arena_with(*entries, generation):
    """An arena in which these entries wait and lane 3 is of that generation."""
    memory = layout.Memory()
    arena = memory.arena(0)
    tail = Writer(memory).publish(entries)
    assert pending.ingest(arena, memory.log, tail, 0)
    arena[layout.LANE_TABLE // 8 + LANE * layout.LANE_WORDS] = generation
    return arena


def note(kind, frame, generation, lane=LANE):
    return Entry(kind, frame=frame, more=lane, generation=generation)


def test_notes_of_a_lane_that_was_edited_since_cut_no_block():
    arena = arena_with(note(NOTE_ON, 100, 1), note(NOTE_OFF, 150, 1), note(NOTE_ON, 200, 2), generation=2)
    assert next_frame(arena) == 200
    assert arena[layout.A_PENDING] == 1


def test_what_is_still_to_come_into_force_is_kept():
    edit = Entry(GENERATION, frame=90, index=LANE, generation=3)
    arena = arena_with(edit, note(NOTE_ON, 100, 3), generation=2)
    assert next_frame(arena) == 90
    pending.pop(arena, np.zeros(8, np.int64))
    assert next_frame(arena) == 100


def test_notes_played_by_hand_belong_to_no_lane():
    arena = arena_with(note(NOTE_ON, 100, 0, NO_LANE), generation=9)
    assert next_frame(arena) == 100


def test_thousands_of_notes_that_a_stop_has_overruled_are_dropped_at_once():
    notes = [note(NOTE_ON, 100 + k, 1) for k in range(5000)]
    arena = arena_with(*notes, note(NOTE_OFF, 3000, 2), note(NOTE_ON, 90_000, 2), generation=2)
    assert next_frame(arena) == 3000
    assert arena[layout.A_PENDING] == 2
    assert next_frame(arena_with(*notes, generation=2)) == -1


def test_nothing_waits():
    assert next_frame(arena_with(note(NOTE_ON, 100, 1), generation=2)) == -1


def test_where_there_is_no_room_the_notes_of_edited_lanes_give_theirs():
    memory = layout.Memory()
    arena, writer, tail = memory.arena(0), Writer(memory), 0
    old = [note(NOTE_ON, 1000 - k % 7, 1) for k in range(layout.PENDING - 3)]
    for k in range(0, len(old), 8192):
        tail = writer.publish(old[k : k + 8192])
        assert pending.ingest(arena, memory.log, tail, 0)
    arena[layout.LANE_TABLE // 8 + LANE * layout.LANE_WORDS] = 2
    fresh = [note(NOTE_ON, 500 - k, 2) for k in range(100)] + [note(NOTE_ON, 50, 0, NO_LANE)]
    assert pending.ingest(arena, memory.log, writer.publish(fresh), 0)
    assert arena[layout.A_PENDING] == 101 - 3 + 3 and arena[layout.A_DROPPED] == 0
    taken = np.zeros(8, np.int64)
    frames = []
    while next_frame(arena) >= 0:
        pending.pop(arena, taken)
        frames.append(int(taken[1]))
    assert frames == [50, *range(401, 501)]
