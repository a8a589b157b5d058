"""The null device's pacing alone: when the next period is due. Row 35 of the table of faults, and what a stall must not become."""

import itertools

import pytest

from chronus.audio.null import pace

RATE, HOUR = 44100, 3_600_000_000_000


def calls(period, seconds, late):
    """(times in ns at which it calls back, stalls): woken `late(n)` ns after its n-th deadline."""
    start, frames, now, stalls, times = 0, 0, 0, 0, []
    while now < seconds * 1e9:
        times.append(now)
        frames += period
        start, frames, due, stalled = pace(start, frames, now, period, RATE)
        stalls += stalled
        now = due + late(len(times))
    return times, stalls


@pytest.mark.parametrize("period", [16, 128, 441, 1024])
def test_on_a_quiet_machine_the_n_th_period_is_due_n_periods_after_the_first(period):
    times, stalls = calls(period, 2.0, lambda n: 0)
    assert times == [n * period * 1_000_000_000 // RATE for n in range(len(times))] and stalls == 0


@pytest.mark.parametrize("period", [64, 128, 1024])
@pytest.mark.parametrize("periods_late", [0.5, 1, 1.9, 5, 50, 1000])
def test_after_a_stall_of_any_length_two_periods_never_come_closer_than_the_workers_can_refill(period, periods_late):
    length = period * 1e9 / RATE
    times, stalls = calls(period, 2 + 2 * periods_late * length / 1e9, lambda n: int(periods_late * length) * (n == 50))
    steps = [(b - a) / length for a, b in itertools.pairwise(times)]
    assert min(steps) >= 0.899
    assert stalls == (periods_late > 2)


def test_what_is_made_up_for_ends_on_the_old_beat_and_what_is_not_on_a_new_one():
    length = 128 * 1_000_000_000 / RATE
    times, stalls = calls(128, 1.0, lambda n: int(1.5 * length) * (n == 50))
    assert stalls == 0 and abs(times[200] - 200 * length) < 10
    times, stalls = calls(128, 1.0, lambda n: int(30.5 * length) * (n == 50))
    assert stalls == 1 and abs(times[200] - 230.5 * length) < 300


def test_row_35_a_jump_of_an_hour_makes_no_burst():
    times, stalls = calls(128, HOUR / 1e9 + 3, lambda n: HOUR * (n == 300))
    length = 128 * 1_000_000_000 / RATE
    after = [at for at in times if at >= HOUR]
    assert stalls == 1
    assert all(b - a >= 0.899 * length for a, b in itertools.pairwise(after))
    assert len(after) <= (3e9 / length) + 1
