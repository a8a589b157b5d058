from chronus.engine.watch import (
    HOST_SECONDS,
    SILENT_SECONDS,
    SLOT_SECONDS,
    STARTING_SECONDS,
    Seen,
    Watch,
    disagreements,
)


def look(watch, now, periods, blocks, owes=(True, True), playing=(True, True), starting=(False, False)):
    seen = Seen(now, periods, blocks, owes, playing, starting)
    return watch.stuck_slots(seen), watch.host_is_stuck(seen, 0.003)


def test_a_slot_that_owes_blocks_and_renders_none_is_stuck():
    watch = Watch()
    for k in range(3):
        assert look(watch, k * 0.05, k, (10, 20 + k)) == ([], False)
    assert look(watch, SLOT_SECONDS + 0.06, 99, (10, 40)) == ([0], False)


def test_two_that_stand_in_the_same_module_are_given_up_sooner():
    def after(culprits, heard=0.0, blocks=lambda k: (10, 10)):
        """Seconds until both are given up, with a look every 4 ms; what lies ahead of the silence lasts 8 ms."""
        watch = Watch()
        watch.stuck_slots(Seen(0.0, 0, (9, 9), (True, True), (True, True)))
        for k in range(1, 25):
            silent = max(0.0, k * 0.004 - 0.008 - heard)
            seen = Seen(k * 0.004, k, blocks(k), (True, True), (True, True), culprits=culprits, silent=silent)
            if watch.stuck_slots(seen) == [0, 1]:
                return k * 0.004
        return None

    assert SILENT_SECONDS < after((3, 3)) <= SILENT_SECONDS + 0.016
    assert after((3, 4)) is after((0, 0)) is after((3, 3), heard=1.0) is after((3, 3), blocks=lambda k: (k, k)) is None


def test_two_that_crawl_in_the_same_module_are_given_up_and_who_is_only_too_slow_is_not():
    def after(slower, culprits=(3, 3), share=None, look_seconds=0.004):
        """Seconds until both are given up: what lies ahead lasts 8 ms, and blocks last 1.45 ms, take `slower` times as long to render."""
        watch, ahead = Watch(), 6
        for k in range(500):
            now = k * look_seconds
            asked = int(now / 0.00145)
            block = ahead + int(now / (0.00145 * slower))
            silent = max(0.0, now - (ahead + block) * 0.00145)
            mean = min(slower, 0.01 + block * slower / 64) if share is None else share
            seen = Seen(
                now,
                k,
                (block, block),
                (True, True),
                (True, True),
                culprits=culprits,
                silent=silent,
                asked=asked,
                share=mean,
            )
            if watch.stuck_slots(seen) == [0, 1]:
                return now
        return None

    assert after(12) < 0.09 and after(20) < 0.09
    assert after(1.2) is after(2) is after(7) is None
    assert after(12, culprits=(3, 4)) is None, "they are in two modules"
    assert after(12, share=0.1) is None, "somebody else has the processors"
    assert after(12, look_seconds=0.07) is None, "nobody looked in between"


def test_a_slot_that_is_ahead_may_rest():
    watch = Watch()
    for k in range(40):
        assert look(watch, k * 0.05, k, (10, 10), owes=(False, False)) == ([], False)


def test_a_slot_that_is_late_but_moves_is_never_stuck():
    watch = Watch()
    for k in range(100):
        assert look(watch, k * 0.14, k, (k // 2 + k, k)) == ([], False)


def test_row_35_a_clock_that_jumps_an_hour_convicts_nobody():
    watch = Watch()
    for k in range(20):
        later = 3600.0 if k > 9 else 0.0
        moved = k if k < 10 else k - 1  # the first look after the jump comes before anybody had a turn
        assert look(watch, 0.05 * k + later, moved, (moved, moved)) == ([], False)


def test_row_23_a_watch_that_was_stopped_begins_anew_and_still_finds_who_hangs():
    watch = Watch()
    look(watch, 0.0, 1, (10, 10))
    assert look(watch, 30.0, 2, (10, 99)) == ([], False)
    found = [look(watch, 30.0 + 0.05 * k, 2 + k, (10, 99 + k)) for k in range(1, 4)]
    assert [0] in [slots for slots, _ in found]


def test_one_that_never_gets_to_play_is_stuck_too_but_has_more_time():
    watch = Watch()
    found = []
    for k in range(round(STARTING_SECONDS / 0.05) + 4):
        slots, _ = look(watch, 0.05 * k, k, (k, 0), playing=(True, False), starting=(False, True))
        found += [(0.05 * k, slot) for slot in slots]
    assert [slot for _, slot in found] == [1] and found[0][0] > STARTING_SECONDS


def test_nobody_is_stuck_while_the_device_asks_for_nothing():
    watch = Watch()
    look(watch, 0.0, 7, (10, 10))
    found = [look(watch, 0.05 * k, 7, (10, 10)) for k in range(1, 12)]
    assert all(slots == [] for slots, _ in found) and any(host for _, host in found)
    assert HOST_SECONDS < 0.05 * 11


def test_a_host_that_goes_on_is_not_stuck():
    watch = Watch()
    assert not any(look(watch, 0.25 * k, k, (k, k))[1] for k in range(20))


def test_blocks_that_both_have_are_compared():
    assert disagreements([(5, 1, 2), (6, 1, 2)], [(6, 1, 2), (7, 3, 3)]) == 0
    assert disagreements([(5, 1, 2), (6, 1, 2)], [(5, 1, 3), (6, 9, 2)]) == 2
    assert disagreements([(0, 0, 0)], [(0, 1, 1)]) == 0


def test_row_35_an_hour_that_nobody_watched_makes_nobody_stuck():
    watch = Watch()
    for k in range(4):
        look(watch, 0.05 * k, k, (10 + k, 10 + k))
    assert look(watch, 3600.2, 3, (13, 13)) == ([], False)
    found = [look(watch, 3600.2 + 0.05 * k, 3, (13, 13)) for k in range(1, 8)]
    assert any(host for _, host in found), "after that, who does not move is stuck as ever"


def test_a_host_that_was_only_now_told_to_play_has_its_time():
    watch = Watch()
    for k in range(6):
        look(watch, 0.05 * k, 7, (10, 10))
    watch.host_begins(0.25)
    assert not any(look(watch, 0.25 + 0.05 * k, 7, (10, 10))[1] for k in range(6))
    assert any(look(watch, 0.55 + 0.05 * k, 7, (10, 10))[1] for k in range(3))


def test_a_look_that_began_before_another_one_ended_counts_nothing_twice():
    watch = Watch()
    for now in (0.05, 0.1, 0.06, 0.1, 0.07, 0.12):
        watched = watch.awake(now)
    assert abs(watched - 0.12) < 1e-9
