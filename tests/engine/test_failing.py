from itertools import pairwise
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chronus.engine.failing import (
    BUSY_SECONDS,
    FIRST_REST,
    GROWTH,
    LONGEST_REST,
    OWED_SECONDS,
    STRAIN_SECONDS,
    Failing,
    Look,
)

TICK = 0.05
BLOCK = 1_451_247
WELL = Look(0.0, (11, 12), (True, True), (0, 0), (100_000, 100_000), (50 << 20, 50 << 20), 1, (1, 1))


def told(looks, failing=None):
    """[(seconds, slot, why)] of looks TICK apart."""
    failing = failing or Failing(BLOCK)
    found = []
    for k, look in enumerate(looks):
        answer = failing.seen(replace(look, now=k * TICK))
        if answer:
            found.append((k * TICK, *answer))
    return found


@pytest.mark.parametrize("slot", [0, 1])
def test_a_slot_whose_blocks_come_late_while_the_others_do_not_is_told(slot):
    looks = [replace(WELL, late=(k, 0) if slot == 0 else (0, k)) for k in range(10)]
    ((when, who, why),) = told(looks)
    assert who == slot and "late" in why and STRAIN_SECONDS < when <= STRAIN_SECONDS + 2 * TICK


def test_two_slots_that_are_both_late_are_never_told():
    assert told([replace(WELL, late=(k, 2 * k), nanoseconds=(1_700_000, 1_800_000)) for k in range(2000)]) == []


def test_of_a_rack_that_is_too_heavy_the_slot_that_comes_late_alone_is_not_told():
    """One of two processors is a little quicker: its slot just comes in time."""
    heavy = [replace(WELL, late=(k, 0), nanoseconds=(int(0.8 * BLOCK), int(0.75 * BLOCK))) for k in range(200)]
    assert told(heavy) == []
    light = [replace(look, nanoseconds=(int(0.65 * BLOCK), int(0.6 * BLOCK))) for look in heavy]
    assert [slot for _, slot, _ in told(light)][:1] == [0]


def test_a_slot_that_needs_ever_more_time_is_told_before_it_is_late():
    looks = [replace(WELL, nanoseconds=(100_000, 100_000 + 20_000 * k)) for k in range(60)]
    when, slot, _ = told(looks)[0]
    assert slot == 1 and 100_000 + 20_000 * when / TICK < BLOCK / 2


def test_a_slot_that_is_slower_but_has_time_enough_stays():
    assert told([replace(WELL, nanoseconds=(1_000, 90_000))] * 200) == []


def test_one_bad_moment_now_and_then_is_no_reason():
    looks = [replace(WELL, late=(k // 4 * 3, 0)) for k in range(400)]
    assert told(looks) == []


def test_memory_that_grows_in_one_slot_only_is_told():
    leak = [replace(WELL, memory=(WELL.memory[0] + k * (8 << 20), WELL.memory[1])) for k in range(12)]
    ((when, slot, why),) = told(leak)
    assert slot == 0 and "memory" in why and when == pytest.approx((GROWTH // (8 << 20) + 1) * TICK)
    both = [replace(WELL, memory=(k * GROWTH, k * GROWTH)) for k in range(50)]
    assert told(both) == []


def test_memory_that_the_other_slot_gives_back_is_no_growth_of_this_one():
    """Nor what a worker no longer has because it was killed a moment ago: both would be gone then."""
    shrinks = [
        replace(WELL, memory=(WELL.memory[0] + (2 << 20), max(0, WELL.memory[1] - k * GROWTH))) for k in range(50)
    ]
    assert told(shrinks) == []
    gone, grown = replace(WELL, memory=None), replace(WELL, memory=(2 * GROWTH, 0))
    assert told([WELL, *[gone] * 5, *[grown] * 5]) == [(6 * TICK, 0, ANY)]
    assert told([gone, *[grown] * 50]) == []


def test_a_worker_that_is_new_is_not_measured_by_what_its_forerunner_had():
    looks = [replace(WELL, memory=(1 << 20, 900 << 20)), replace(WELL, workers=(11, 13), memory=(1 << 30, 20 << 20))]
    assert told([*looks, *looks[1:] * 20]) == []


def test_a_slot_that_owes_a_program_is_told_once_the_other_has_it():
    looks = [WELL, *[replace(WELL, laid=2, prepared=(2, 1))] * 10]
    ((when, slot, _),) = told(looks)
    assert slot == 1 and when <= 0.25 and when - TICK > OWED_SECONDS


def test_a_program_that_takes_both_long_may_take_one_a_little_longer():
    compiling = [replace(WELL, laid=2, prepared=(1, 1))] * 40
    ahead = [replace(WELL, laid=2, prepared=(2, 1))] * 18
    assert told([WELL, *compiling, *ahead, *[replace(WELL, laid=2, prepared=(2, 2))] * 20]) == []


def test_a_slot_that_works_on_the_program_it_owes_is_given_longer():
    owing = replace(WELL, laid=2, prepared=(2, 1), busy=(False, True))
    ((when, slot, _),) = told([WELL, *[owing] * 30])
    assert slot == 1 and BUSY_SECONDS < when <= BUSY_SECONDS + 3 * TICK


def test_nobody_is_told_while_one_slot_is_down():
    alone = replace(WELL, playing=(True, False), laid=9, prepared=(1, 9))
    assert told([replace(alone, late=(k, 0)) for k in range(100)]) == []


def test_what_replacing_does_not_cure_is_tried_less_and_less_often():
    failing, found, late = Failing(BLOCK), [], 0
    for k in range(round(300 / TICK)):
        late += 1
        answer = failing.seen(replace(WELL, now=k * TICK, late=(late, 0)))
        if answer:
            found.append(k * TICK)
    gaps = [b - a for a, b in pairwise(found)]
    assert FIRST_REST <= gaps[0] <= 2 * FIRST_REST + TICK and gaps == sorted(gaps)
    assert gaps[-1] >= LONGEST_REST and len(found) <= 12


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1_000_000)), max_size=200))
def test_slots_that_fare_alike_are_never_told(story):
    late, looks = 0, []
    for more, took in story:
        late += more
        looks.append(replace(WELL, late=(late, late), nanoseconds=(took, took)))
    assert told(looks) == []


def test_what_nobody_watched_is_no_strain():
    late, failing = [replace(WELL, late=(k, 0)) for k in range(3)], Failing(BLOCK)
    assert failing.seen(late[0]) is None and failing.seen(replace(late[1], now=TICK)) is None
    assert failing.seen(replace(late[2], now=3600.0)) is None, "one bad moment before a pause, and one after it"
