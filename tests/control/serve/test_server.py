"""The server: answers in order, applied where they say, whatever the clients do."""

from __future__ import annotations

import itertools
import socket

import pytest

from chronus import commands as c
from chronus import engine_line, wire
from chronus.commands import Change, Hello, Length, Quantity
from chronus.conductor import authors
from chronus.conductor.waiting import as_one
from chronus.journal import reading
from chronus.memory.layout import BLOCK
from chronus.memory.log import FRAME, NOTE_ON, NOW, SET, SWAP, WHAT, A
from chronus.pattern.lane import Hit, LaneOptions, Pattern
from tests.kit.house import Caller, House


def set_(module: str, param: str, number: float) -> c.Set:
    return c.Set(changes=(Change(module, param, Quantity(number)),))


def seq(name: str, steps: int = 4) -> c.Sequence:
    hits = tuple(Hit((k, 1)) for k in range(steps))
    return c.Sequence(name=name, text="x" * steps, pattern=Pattern(steps, hits), options=LaneOptions())


def wait(number: float, unit: str = "s") -> c.Wait:
    return c.Wait(length=Length(number, unit))


def entries(house: House, kind: int) -> list[tuple[int, int, float]]:
    """(sealing frame, named frame, A) of what the replicas took of a kind."""
    import numpy as np

    return [
        (frame, int(words[FRAME]), float(words.view(np.float64)[A]))
        for frame, words in house.replicas.entries
        if words[WHAT] & 0xFF == kind
    ]


def test_a_client_is_welcomed_with_catalogue_and_rack(house):
    caller = house.caller()
    assert set(caller.welcome.catalogue) >= {"bass", "out"}
    assert caller.welcome.rack == {"modules": {"out": "out"}, "bpm": 120.0, "scenes": []}
    assert caller.welcome.engine["rate"] == 44100


def test_a_command_is_answered_with_the_frame_at_which_it_was_applied(house):
    caller = house.caller()
    (reply,) = house.ask(caller, c.Load(kind="bass"), texts=("load bass",))
    assert reply.ok and reply.text == "load bass"
    assert [sealed for sealed, _, _ in entries(house, SWAP)] == [reply.frame]
    (reply,) = house.ask(caller, set_("bass", "freq", 55))
    assert [sealed for sealed, _, value in entries(house, SET) if value == 55] == [reply.frame]


def test_an_error_changes_nothing_and_names_its_part(house):
    caller = house.caller()
    bad, good = house.ask(caller, set_("bas", "freq", 55), c.Load(kind="bass"))
    assert (bad.ok, bad.code, bad.part) == (False, "E_NAME", "changes.0.module")
    assert good.ok


def submit(caller: Caller, *commands: c.AnyCommand, **flags: bool) -> None:
    """One frame of a submission."""
    ids = tuple(range(caller.number + 1, caller.number + 1 + len(commands)))
    caller.send(wire.encode(c.Submission(ids, ("",) * len(commands), commands, **flags)))
    caller.number += len(commands)


def test_a_submission_in_several_frames_shares_its_moment(house):
    caller = house.caller()
    submit(caller, c.Load(kind="kick"), seq("kick"), more=True)
    house.run(30)
    assert not caller.replies, "what is not whole is not begun"
    submit(caller, *(set_("kick", "freq", 60 + k % 9) for k in range(256)), more=True)
    house.run(30)
    submit(caller, c.Load(kind="bass"), seq("bass"))
    replies = house.until(caller, 260)
    assert [reply.id for reply in replies] == list(range(1, 261)) and all(reply.ok for reply in replies)
    assert len({reply.frame for reply in replies}) == 1
    assert replies[1].text.endswith("from bar 1)") and replies[-1].text.endswith("from bar 1)")


def test_a_submission_larger_than_the_window_is_begun_when_its_client_may_send_no_more_and_acts_in_one_frame(house):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"))
    submit(caller, seq("bass"), *(set_("bass", "freq", 60 + k % 9) for k in range(255)), more=True)
    for _ in range(3):
        submit(caller, *(set_("bass", "freq", 60 + k % 9) for k in range(256)), more=True)
    house.until(caller, 1025)
    house.run(300)  # the rest takes its time
    submit(caller, c.Load(kind="kick"), seq("kick"), *(set_("bass", "freq", 60 + k % 9) for k in range(200)))
    replies = house.until(caller, 1227)
    assert all(reply.ok for reply in replies) and len({reply.frame for reply in replies[1:]}) == 1
    assert replies[1].text.endswith("from bar 1)") and replies[1026].text.endswith("from bar 1)")
    assert replies[1].frame > house.publisher.head()


def test_sync_and_save_part_no_moment(house, tmp_path):
    caller = house.caller()
    first, done, _, saved, second, lane = house.ask(
        caller, c.Load(kind="bass"), c.Sync(), c.List(), c.Save(name="half"), c.Load(kind="kick"), seq("kick")
    )
    assert first.ok and saved.ok and second.ok and lane.ok
    assert first.frame == done.frame == second.frame == lane.frame
    text = (tmp_path / "patches" / "half.chronus").read_text()
    assert "load bass" in text and "kick" not in text, "what stands behind it is not in it"
    bad, good = house.ask(caller, c.Save(name="../x"), c.Load(kind="filter"))
    assert (bad.ok, bad.code, good.ok) == (False, "E_PATH", True)
    loaded, bad, good = house.ask(caller, c.Load(kind="lfo"), c.Save(name="../x"), c.Load(kind="sine"))
    assert (bad.ok, bad.code) == (False, "E_PATH") and loaded.frame == good.frame
    assert reading.read(house.pen.path).number == 3, "a save alone is no record"


def test_half_a_submission_keeps_nobody_waiting(house):
    half, other = house.caller(), house.caller()
    submit(half, c.Load(kind="kick"), c.Sync(), more=True)
    (reply,) = house.ask(other, c.Load(kind="bass"))
    assert reply.ok and not half.replies


def test_a_strict_submission_is_performed_up_to_its_first_error(house):
    caller = house.caller()
    submit(
        caller, c.Load(kind="bass"), set_("bass", "freq", 55), set_("bas", "freq", 1), c.Load(kind="kick"), strict=True
    )
    submit(caller, c.Save(name="mine"), c.Load(kind="kick"), wait(1), c.Sync(), strict=True)
    replies = house.until(caller, 8)
    assert [reply.ok for reply in replies] == [True, True, *[False] * 6]
    assert [reply.code for reply in replies[2:]] == ["E_NAME", *["E_ENGINE"] * 5]
    assert len({reply.frame for reply in replies[:2]}) == 1
    assert list(house.conductor.rack.modules) == ["out", "bass"]
    caller.shut_down()
    assert house.until(caller, 9)[-1].ok, "but it can still end the engine it began"


def test_a_strict_submission_ends_at_what_stands_alone_too(house):
    caller = house.caller()
    submit(caller, c.Load(kind="bass"), c.Save(name="../x"), c.Load(kind="kick"), strict=True)
    assert [reply.ok for reply in house.until(caller, 3)] == [True, False, False]


def test_what_follows_an_open_is_heard_in_the_same_frame(house):
    caller = house.caller()
    house.ask(caller, c.Load(kind="kick"), seq("kick"))
    house.run(40)
    song = c.Open(name="song", commands=(c.Load(kind="bass"), seq("bass")))
    opened, changed, shown = house.ask(caller, song, set_("bass", "freq", 55), c.Show(name="bass"))
    assert opened.frame == changed.frame and shown.result["params"]["freq"] == 55
    (again,) = house.ask(caller, set_("bass", "distortion", 0.7))
    assert again.frame == opened.frame
    house.run((opened.frame - house.replicas.block() * BLOCK) // BLOCK + 20)
    assert house.conductor.rack.modules["bass"].params == {"freq": 55, "distortion": 0.7}
    swaps, sets = [
        [named for _, named, _ in entries(house, kind) if named == NOW or named >= opened.frame] for kind in (SWAP, SET)
    ]
    assert opened.frame in swaps and not sets, "one program brings it all"


def test_no_answer_comes_before_every_playing_replica_has_rendered_it(house):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"))
    house.replicas.slots = [0]
    house.run(1)
    caller.say(set_("bass", "freq", 60))
    house.run(30)
    assert len(caller.replies) == 1
    house.replicas.slots = [0, 1]
    house.until(caller, 2)


def test_a_program_is_published_only_once_it_is_prepared(house):
    caller = house.caller()
    house.replicas.prepares = False
    caller.say(c.Load(kind="bass"))
    caller.say(set_("bass", "freq", 60))
    house.run(40)
    assert entries(house, SWAP) == [] and caller.replies == []
    house.replicas.prepares = True
    assert all(reply.ok for reply in house.until(caller, 2))


def test_workers_that_never_prepare_cost_an_e_engine(house, monkeypatch):
    monkeypatch.setattr("chronus.control.jobs.performer.PREPARE_SECONDS", 0.0)
    caller = house.caller()
    house.replicas.prepares = False
    (reply,) = house.ask(caller, c.Load(kind="bass"))
    assert (reply.ok, reply.code) == (False, "E_ENGINE")
    house.replicas.prepares = True
    monkeypatch.undo()
    (reply,) = house.ask(caller, set_("bass", "freq", 60))
    assert reply.code == "E_NAME"
    (reply,) = house.ask(caller, c.Load(kind="bass"))
    assert reply.ok


def test_answers_keep_the_order_of_the_questions(house):
    caller = house.caller()
    caller.say(c.Load(kind="bass"), c.List(what="modules"), set_("nope", "x", 1))
    for k in range(0, 300, 50):
        caller.say(*(set_("bass", "freq", 50 + k + j) for j in range(50)))
    caller.say(c.Sync())
    replies = house.until(caller, 304)
    assert [reply.id for reply in replies] == list(range(1, 305))
    frames = [reply.frame for reply in replies if reply.frame is not None]
    assert frames == sorted(frames)
    assert replies[-1].frame == replies[-2].frame


def test_what_is_sent_ahead_is_performed_together(house):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"))
    for k in range(10):
        caller.say(*(set_("bass", "freq", 50 + k + j / 100) for j in range(100)))
    before = house.replicas.block()
    house.until(caller, 1001)
    assert house.replicas.block() - before < 40


def test_the_last_of_many_values_wins(house):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"))
    for k in range(0, 600, 6):
        caller.say(*(set_("bass", "freq", 50 + k + j) for j in range(6)))
    house.until(caller, 601)
    assert entries(house, SET)[-1][2] == 649


# ---------------------------------------------------------------- time


def test_the_first_lane_starts_with_everything_said_beside_it(house):
    caller = house.caller()
    house.run(50)
    replies = house.ask(caller, c.Load(kind="bass"), seq("bass"), set_("bass", "freq", 60))
    assert len({reply.frame for reply in replies}) == 1
    start = replies[0].frame
    assert start % BLOCK == 0
    house.run(400)
    onsets = [named for _, named, _ in entries(house, NOTE_ON)]
    assert onsets[:4] == [start + round(k * 44100 / 8) for k in range(4)]
    assert entries(house, SWAP)[0][1] == start


def test_lanes_are_scheduled_two_seconds_beyond_what_is_heard(house):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), seq("bass"))
    house.run(500)
    onsets = [named for _, named, _ in entries(house, NOTE_ON)]
    assert onsets == sorted(onsets)
    gaps = {b - a for a, b in itertools.pairwise(onsets)}
    assert gaps <= {5512, 5513}
    assert max(onsets) > house.publisher.heard() + 2 * 44100 - 5513
    assert all(sealed < named for sealed, named, _ in entries(house, NOTE_ON)[1:])


def test_what_follows_a_wait_acts_at_its_very_frame(house):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), seq("bass"))
    zero = caller.replies[0].frame
    caller.say(wait(1, "bars"))
    caller.say(set_("bass", "freq", 70))
    caller.say(wait(0.3))
    caller.say(set_("bass", "freq", 80))
    replies = house.until(caller, 6)
    assert replies[2].frame == zero + 88200 and replies[2].ok
    assert replies[3].frame == zero + 88200
    assert replies[5].frame == zero + 88200 + 13230
    named = {value: named for _, named, value in entries(house, SET)}
    assert named[70.0] == zero + 88200
    assert named[80.0] == zero + 88200 + 13230


def test_a_wait_is_answered_when_its_end_is_heard(house):
    caller = house.caller()
    (reply,) = house.ask(caller, wait(0.5))
    assert reply.ok
    assert 0 <= house.publisher.heard() - reply.frame < 4 * BLOCK


def test_a_client_that_comes_back_late_after_a_wait_is_served_now(house):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"))
    house.ask(caller, wait(0.1))
    house.run(500)
    (reply,) = house.ask(caller, set_("bass", "freq", 70))
    assert entries(house, SET)[-1][1] == NOW
    (late,) = house.ask(caller, wait(0.1))
    assert late.frame - reply.frame < 0.3 * 44100


def test_a_program_after_a_wait_is_swapped_at_its_frame(house):
    caller = house.caller()
    caller.say(c.Load(kind="bass"), seq("bass"))
    caller.say(wait(1, "bars"))
    caller.say(c.Load(kind="kick"), seq("kick"))
    replies = house.until(caller, 5)
    assert replies[3].frame == replies[2].frame
    assert entries(house, SWAP)[1][1] == replies[2].frame


def test_others_are_served_while_one_waits(house):
    one, other = house.caller(), house.caller("ben")
    one.say(wait(10))
    (reply,) = house.ask(other, c.Load(kind="bass"))
    assert reply.ok
    assert one.replies == []


def test_a_wait_for_a_bar_without_music_lasts_as_long_as_the_tempo_says(house):
    caller = house.caller()
    begin = house.publisher.front()
    (reply,) = house.ask(caller, c.Wait(until_bar=2))
    assert 0 <= reply.frame - begin - 88200 < 8 * BLOCK


def tempo(bpm: float) -> c.Set:
    return c.Set(changes=(Change("", "bpm", Quantity(bpm)),))


def test_a_wait_for_bars_ends_when_they_do_whatever_the_tempo_does_meanwhile(house):
    anna, bert = house.caller("anna"), house.caller("bert")
    first = house.ask(anna, c.Load(kind="kick"), tempo(400), seq("kick"))[-1].frame
    anna.say(wait(4, "bars"), set_("kick", "freq", 60))
    house.run(800)  # half of them are over
    assert house.ask(bert, tempo(200))[0].ok
    half = house.conductor.score.timeline.tempos[-1].frame
    bar = 4 * 60 * 44100 // 400
    waited, then = house.until(anna, anna.number)[-2:]
    gone = (half - first) / bar
    assert 1 < gone < 3
    assert abs(waited.frame - (half + (4 - gone) * 2 * bar)) <= 1
    assert then.frame == waited.frame


def test_a_wait_for_bars_may_be_over_before_its_time(house):
    anna, bert = house.caller("anna"), house.caller("bert")
    first = house.ask(anna, c.Load(kind="kick"), tempo(60), seq("kick"))[-1].frame
    anna.say(wait(4, "bars"), wait(1, "s"))
    house.run(10)
    house.ask(bert, tempo(400))
    waited, then = house.until(anna, anna.number, 3000)[-2:]
    assert 4 * 60 * 44100 * 4 // 400 < waited.frame - first < 6 * 60 * 44100 * 4 // 400
    assert then.frame == waited.frame + 44100


def test_a_command_for_the_next_bar_is_answered_at_once_and_acts_there(house):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), seq("bass"))
    zero = caller.replies[0].frame
    house.run(100)
    (reply,) = house.ask(caller, c.Set(changes=(Change("bass", "freq", Quantity(90)),), when=c.When("next")))
    assert reply.frame == zero + 88200
    assert house.publisher.heard() < zero + 44100
    house.run(1500)
    assert [named for _, named, value in entries(house, SET) if value == 90] == [zero + 88200]


def test_a_refused_batch_is_said_again_for_a_later_moment(house, monkeypatch):
    caller = house.caller()
    house.run(3)
    publish = house.publisher.publish

    def kept_waiting(*batch):
        monkeypatch.undo()
        house.replicas.render(40)
        return publish(*batch)

    monkeypatch.setattr(house.publisher, "publish", kept_waiting)
    caller.say(c.Load(kind="bass"), seq("bass"))
    replies = house.until(caller, 2)
    assert all(reply.ok for reply in replies)
    assert house.status.counters()["recommitted"] == house.replicas.refused == 1
    assert entries(house, SWAP)[0][1] == replies[0].frame
    assert len(list(reading.read(house.pen.path).played())) == 1


# ---------------------------------------------------------------- clients


def test_watchers_hear_of_the_rack_and_others_do_not(house):
    watcher, other = house.caller("w", watch=True), house.caller("o")
    house.ask(other, c.Load(kind="bass"))
    house.run(2)
    assert [n.result["modules"] for n in watcher.notices if n.kind == "rack"] == [{"out": "out", "bass": "bass"}]
    assert other.notices == []


def test_a_client_that_does_not_read_is_dropped(house):
    caller, other = house.caller(), house.caller()
    house.ask(caller, c.Load(kind="bass"))
    house.callers.remove(caller)
    for _k in range(400):
        for _ in range(20):
            try:
                caller.say(*[c.Describe(kind="bass")] * 5)
            except BlockingIOError:
                break
            except ConnectionError:
                break
        house.run(1)
        if len(house.server.clients) == 1:
            break
    assert len(house.server.clients) == 1
    assert house.ask(other, c.Sync())[0].ok
    caller.socket.close()


def test_half_a_frame_holds_nobody_up(house):
    slow = house.caller()
    slow.send(b"\x40\x00")
    assert house.ask(house.caller(), c.Load(kind="bass"))[0].ok


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\x04\0\0\0abcd", b"\x00\0\0\0"])
def test_garbage_ends_the_connection_and_nothing_else(house, data):
    rude, other = house.caller(), house.caller()
    rude.send(data)
    house.run(3)
    assert rude.closed
    assert house.ask(other, c.Sync())[0].ok


def test_a_submission_before_hello_ends_the_connection(house):
    rude = Caller(house.path)
    house.callers.append(rude)
    rude.say(c.New())
    house.run(3)
    assert rude.closed


def test_more_clients_than_the_limit_are_turned_away(house, monkeypatch):
    monkeypatch.setattr("chronus.control.serve.door.CLIENTS", 3)
    callers = [house.caller() for _ in range(3)]
    extra = Caller(house.path, Hello())
    house.callers.append(extra)
    house.run(3)
    assert extra.closed
    assert house.ask(callers[0], c.Sync())[0].ok


def test_a_client_is_read_only_as_far_as_it_may_send_ahead(house):
    caller = house.caller()
    caller.say(wait(2))
    for _ in range(5000):
        try:
            caller.say(c.List())
        except BlockingIOError:
            break
        if caller.number % 100 == 0:
            house.run(1)
    (client,) = house.server.clients.values()
    house.run(50)
    assert len(client.waiting) <= 1024 + 3000
    assert not client.listens
    house.until(caller, 1024)


def test_a_client_that_goes_leaves_no_trace(house):
    caller = house.caller()
    caller.say(wait(5))
    house.run(2)
    caller.socket.close()
    house.callers.remove(caller)
    house.run(25)
    assert house.server.clients == {} and house.server._waits == []


# ---------------------------------------------------------------- the journal, the status, the supervisor


def test_the_journal_tells_what_was_said_and_when_it_took_effect(house):
    caller = house.caller("anna")
    _first, _, _query = house.ask(
        caller, c.Load(kind="bass"), set_("bass", "nope", 1), c.List(), texts=("load bass", "set bass.nope 1", "list")
    )
    house.ask(caller, set_("bass", "freq", 60), texts=("set bass.freq 60",))
    found = reading.read(house.pen.path)
    played = list(found.played())
    assert [(p.said.who, p.said.texts) for p in played] == [("anna", ("load bass",)), ("anna", ("set bass.freq 60",))]
    assert [p.frame for p in played] == [r.frame for r in caller.replies if r.frame is not None]


def test_questions_and_refusals_are_not_journaled(house):
    caller = house.caller()
    size = house.pen.path.stat().st_size
    house.ask(caller, c.List(), c.Status(), set_("nope", "x", 1), c.Sync())
    assert house.pen.path.stat().st_size == size


def test_what_has_faded_out_is_dropped_by_a_later_program(house):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"))
    house.ask(caller, c.Unload(name="bass"))
    swaps = len(entries(house, SWAP))
    house.run(100)
    assert len(entries(house, SWAP)) == swaps + 1
    assert list(reading.read(house.pen.path).played())[-1].said.shrink


def test_status_tells_everything_that_is_promised(house):
    caller = house.caller()
    (reply,) = house.ask(caller, c.Status())
    status = reply.result
    assert set(status["engine"]) >= {
        "name", "pid", "version", "rate", "period", "lookahead", "device", "frame", "playing", "bpm", "bar", "beat", "uptime_s",
    }  # fmt: skip
    assert status["slots"] == {"active": 0, "mode": "duplex"}
    assert set(status["counters"]) >= {
        "missing", "repeated", "silent", "switches", "divergences", "late", "osc_dropped", "commands",
    }  # fmt: skip
    assert (status["modules"], status["lanes"], status["cables"]) == (0, 0, 0)
    assert reply.lines


def test_save_writes_a_script_at_its_place_in_the_order(house, tmp_path):
    caller = house.caller()
    _, reply, bad = house.ask(caller, c.Load(kind="bass"), c.Save(name="mine"), c.Save(name="../x"))
    assert reply.ok
    assert (tmp_path / "patches" / "mine.chronus").read_text() == "load bass\n"
    assert bad.code == "E_PATH"


def test_list_patches_says_of_each_what_its_first_line_says(house, tmp_path):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), c.Save(name="mine"), c.Save(name="acid"))
    (tmp_path / "patches" / "told.chronus").write_text("# My own: \x1b[1mloud\nload bass\n")
    (tmp_path / "patches" / "broken.chronus").write_bytes(b"# \xff\xff\n")
    (reply,) = house.ask(caller, c.List(what="patches"))
    told = dict(line.split("  ", 1) for line in reply.lines)
    told = {name.strip(): text.strip() for name, text in told.items()}
    assert told["told"] == "My own: [1mloud" and told["mine"] == told["acid"] == told["broken"] == "your own"
    assert told["classic"].startswith("The first patch there ever was")
    assert reply.result["patches"] == sorted(told) and reply.result["about"]["told"] == told["told"]
    assert {"classic", "first-beat"} <= {*reply.result["shipped"]} and not {"acid", "mine"} & {*reply.result["shipped"]}
    assert all(reply.result["about"][name] for name in reply.result["shipped"])


def test_a_sync_with_nothing_before_it_names_no_frame(house):
    (reply,) = house.ask(house.caller(), c.Sync())
    assert reply.ok and reply.frame is None


def test_status_tells_people_the_beat_they_count(house):
    caller = house.caller()
    house.ask(caller, c.Load(kind="kick"), seq("kick"))
    house.run(1000)
    (reply,) = house.ask(caller, c.Status())
    assert any("bar 1, beat 3, step" in line for line in reply.lines), reply.lines
    assert 3 < reply.result["engine"]["beat"] < 4


def test_shutdown_is_answered_and_handed_on(house):
    caller, other = house.caller(), house.caller()
    caller.shut_down(alone=True)
    (reply,) = house.until(caller, 1)
    assert (reply.id, reply.ok) == (0, False)
    assert not house.supervisor.stopped
    other.socket.close()
    house.callers.remove(other)
    house.run(2)
    caller.shut_down(alone=True)
    assert house.until(caller, 2)[1].ok
    assert house.supervisor.stopped


def test_a_crash_is_answered_once_the_supervisor_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    ours, theirs = socket.socketpair()
    house = House(tmp_path, channel=theirs)
    caller = house.caller()
    caller.say(c.Crash(what="active"))
    caller.say(c.Sync())
    house.run(5)
    assert ours.recv(100) == engine_line.encode(engine_line.Kill("active"))
    assert caller.replies == []
    ours.send(engine_line.encode(engine_line.Killed("active", 4711)))
    ours.send(engine_line.encode(engine_line.Notice("failover", "slot 0 died")))
    first, _second = house.until(caller, 2)
    assert first.ok and "4711" in first.text
    assert caller.notices[0].text == "slot 0 died"
    ours.close()
    house.close()


def test_a_status_after_a_crash_is_asked_once_whoever_it_is_dies(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    ours, theirs = socket.socketpair()
    house = House(tmp_path, channel=theirs)
    caller = house.caller()
    caller.say(c.Crash(what="active"), c.Status())
    house.run(20)
    assert caller.replies == []
    row = engine_line.Process("worker", 0, 1, "dying", 0, died="killed", died_at=1.0)
    ours.send(
        engine_line.encode(engine_line.Processes((row,))) + engine_line.encode(engine_line.Killed("active", 4711))
    )
    _, status = house.until(caller, 2)
    assert status.result["processes"][0]["state"] == "dying"
    ours.close()
    house.close()


def test_who_comes_to_an_engine_that_recovers_finds_what_it_recovers(house):
    """Its rack is performed for a moment to come, and nothing is heard until then: a name would mean nothing."""
    caller = house.caller()
    first = as_one([c.Load(kind="kick"), seq("kick")])
    house.server.begin_with(first, authors.JOURNAL)
    shown, changed = house.ask(caller, c.Show(name="kick"), set_("kick", "freq", 60))
    assert shown.ok and changed.ok, (shown, changed)
    house.server.begin_with(as_one([c.Unload(name="nobody")]), authors.JOURNAL)
    assert house.ask(caller, c.Show(name="kick"))[0].ok, "one that fails holds everybody up"
