"""Rows 8 and 11 to 16 of the table of faults: modules that crash, hang, divide by zero, yield NaN, or take too long."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.memory import layout, quarantine
from chronus.memory.layout import HANDLE_TABLE, HANDLE_WORDS
from chronus.worker.replica import checksum
from tests.faults import bad_modules
from tests.kit.live import engine, until
from tests.kit.takes import RATE, SONG, in_lockstep, memory_of, settle, take, worker_pids
from tests.kit.talk import Talker

pytestmark = [pytest.mark.proof, pytest.mark.clock, pytest.mark.alone]

BROKEN = (
    ("segv", "segv.level 0.5", "SIGSEGV"),
    ("fpe", "fpe.gain 0, fpe.level 0.25", "SIGFPE"),
    ("hang", "hang.level 0.625", "hung"),
)
"""(name of a bomb, what is set before it is armed, what comes of it)."""
PAIR = 2
"""Workers that die of a module that passed its trial: each slot's once."""
COMPARED = 26
"""Blocks after which the supervisor has compared one: it looks every 50 ms."""


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    """One folder for all of these tests, so that its kernels are compiled once."""
    return str(bad_modules.write(tmp_path_factory.mktemp("modules"), *bad_modules.KINDS))


@pytest.fixture
def running(tmp_path, bad):
    with engine(tmp_path, "--device", "null", CHRONUS_MODULES=bad) as there:
        there.home.environment["CHRONUS_MODULES"] = bad
        talker = Talker(there.home)
        talker.fine("load kick; seq kick: x...x...")
        there.talker, there.memory = talker, memory_of(there)
        settle(there.memory, 0.3)
        yield there
        talker.close()


def restarts(running) -> int:
    return sum(p["restarts"] for p in running.status()["processes"] if p["role"] == "worker")


# ---------------------------------------------------------------- found by the trial


def test_row_14_what_breaks_at_once_is_refused_by_name_and_costs_the_music_nothing(tmp_path, measured, bad):
    answers, pids = {}, []

    def breaking(running, memory):
        running.home.environment["CHRONUS_MODULES"] = bad
        talker = Talker(running.home)
        pids.append(worker_pids(running))
        for kind in ("crasher", "divider", "naner", "infinite", "sloth", "hanger"):
            (reply,), seconds = talker.say(f"load {kind}")
            answers[kind] = (reply.code, reply.text, seconds)
        pids.append(worker_pids(running))
        # the good lines of a submission are done, the bad one alone is refused
        replies, _ = talker.say("load snare; load crasher; set snare.tone 0.6")
        assert [reply.code for reply in replies] == ["", "E_MODULE", ""]
        talker.close()

    done = take(tmp_path, breaking, CHRONUS_MODULES=bad)
    told = {
        "crasher": "SIGSEGV",
        "divider": "SIGFPE",
        "naner": "NaN",
        "infinite": "NaN",
        "sloth": "slow",
        "hanger": "return",
    }
    for kind, (code, text, seconds) in answers.items():
        assert code == "E_MODULE" and f'"{kind}"' in text and told[kind] in text, text
        measured("14", f"{kind} refused after", seconds * 1e3, "ms", bar=1000 if kind == "hanger" else 500, soak=True)
    measured("14", "frames lost", done.lost, bar=0)
    assert pids[0] == pids[1] and done.status["counters"]["guarded"] == 0
    assert done.status["modules"] == 9, "something of what was refused is loaded"


def test_row_14_whoever_else_plays_does_not_wait_for_a_trial(running, measured):
    other, took = Talker(running.home), []
    running.talker.begin("load hanger; set kick.decay 250")
    while not running.talker.heard():
        took.append(other.fine(f"set kick.freq {50 + len(took) % 20}"))
    (refused, done), _ = running.talker.rest()
    assert refused.code == "E_MODULE" and done.ok
    other.close()
    assert len(took) >= 5, "the trial was over at once"
    measured(
        "14", "answer to somebody else during a trial of 150 ms, longest", max(took) * 1e3, "ms", bar=100, soak=True
    )


def test_row_14_a_patch_that_is_opened_is_tried_out_when_it_is_said_not_when_it_is_due(running):
    folder = running.home.folder / "home" / "patches"
    folder.mkdir(parents=True)
    (folder / "trap.chronus").write_text("load snare\nload crasher\n")
    done = running.home.chronus("-c", "open trap; show")
    assert "err 1 E_MODULE" in done.stdout and '"crasher"' in done.stdout, done.stdout
    assert "kick" in done.stdout.splitlines()[3], "the rack has changed"
    assert running.home.chronus("-c", "open first-beat").returncode == 0
    assert restarts(running) == 0


# ---------------------------------------------------------------- found only when it happens


def test_rows_8_11_15_a_value_that_brings_workers_down_costs_one_pair_and_a_moment_of_silence(tmp_path, measured, bad):
    told = []

    def breaking(running, memory):
        running.home.environment["CHRONUS_MODULES"] = bad
        talker = Talker(running.home)
        told.clear()
        for name, settings, _ in BROKEN:
            talker.notices.clear()
            talker.fine(f"set {settings}")
            settle(memory, 0.1)
            told.append((talker.say(f"set {name}.armed on")[0][0], talker.notice("poison")))
            in_lockstep(memory, 5)
            settle(memory, 1.1)  # beyond the next checkpoint
            talker.fine(f"assert {name}.armed == off; set bass.freq 58")
        talker.close()

    bombs = "".join(f"load bomb as {name}\n" for name, *_ in BROKEN)
    done = take(
        tmp_path, breaking, song=SONG + bombs, hurt=lambda done: len(done.gaps) > len(BROKEN), CHRONUS_MODULES=bad
    )
    for (reply, notice), (name, _, how) in zip(told, BROKEN, strict=True):
        assert reply.code == "E_POISON" and reply.text.startswith(f'"set {name}.armed on" ')
        assert ("hung" if how == "hung" else "crashed") + f" the renderer in {name} and was taken back" in reply.text
        assert notice == f"E_POISON {reply.text}" and how in done.status["taken_out"][name]
    assert sum(p["restarts"] for p in done.status["processes"] if p["role"] == "worker") == PAIR * len(BROKEN)
    # one gap for each at most, if they were not back in time, and to the bit the same music before and after it as in the journal
    assert len(done.gaps) <= len(BROKEN)
    for row in ("8", "11", "15"):
        measured(
            row,
            "silence after a crash, a division by zero and a hang, longest",
            done.longest / RATE * 1e3,
            "ms",
            bar=150,
        )


def test_row_15_a_fresh_one_plays_again_and_a_restart_does_not_run_into_the_same_crash(running):
    talker, memory = running.talker, running.memory
    talker.fine("load bomb; set bomb.level 0.5")
    assert talker.say("set bomb.armed on")[0][0].code == "E_POISON"
    in_lockstep(memory, 5)
    listed, shown = running.home.chronus("-c", "list").stdout, running.home.chronus("-c", "show bomb").stdout
    assert "bomb > out (taken out: it crashed the renderer (SIGSEGV))" in listed and "taken out: it crashed" in shown
    assert "bomb is taken out" in running.home.chronus("status").stdout
    talker.fine("unload bomb; load bomb; set bomb.level 0.5")
    until(lambda: not running.status()["taken_out"], 2, "a fresh one is still taken out")
    # a fresh one that breaks again is taken out again
    assert talker.say("set bomb.armed on")[0][0].code == "E_POISON"
    in_lockstep(memory, 5)
    journal = running.journal().read_text()
    assert journal.count('"is":"poisoned"') == 2 and '"text":"set bomb.armed on"' in journal
    running.process.kill()
    running.process.wait()
    with engine(
        running.home.folder, "--device", "null", CHRONUS_MODULES=running.home.environment["CHRONUS_MODULES"]
    ) as again:
        settle(memory_of(again), 0.5)
        assert any("brought the renderer down in bomb" in note for note in again.notes), again.notes
        assert again.home.chronus("-c", "assert bomb.level == 0.5; assert bomb.armed == off").returncode == 0
        assert restarts(again) == 0 and again.status()["taken_out"] == {}


@pytest.mark.parametrize("seconds", [2, pytest.param(10, marks=pytest.mark.soak)])
def test_row_16_a_module_that_crashes_after_a_while_is_bypassed_after_one_pair(running, measured, seconds):
    talker, memory = running.talker, running.memory
    began = memory.word(layout.HEARD)
    talker.fine(f"load time_bomb seconds={seconds}")
    notice = talker.notice("poison")
    assert (memory.word(layout.HEARD) - began) / RATE >= seconds
    in_lockstep(memory, 5)
    assert notice.startswith(
        "E_POISON time_bomb crashed the renderer and is taken out; the last line about it was "
        f'"load time_bomb seconds={seconds}"'
    )
    settle(memory, 0.5)
    status = running.status()
    assert status["taken_out"].keys() == {"time_bomb"} and status["slots"]["mode"] == "duplex"
    measured("16", f"workers that died of a crash after {seconds} s", restarts(running), bar=PAIR)
    measured("16", "silence", memory.word(layout.SILENT) / RATE * 1000, "ms", bar=150)
    running.process.kill()
    running.process.wait()
    with engine(
        running.home.folder, "--device", "null", CHRONUS_MODULES=running.home.environment["CHRONUS_MODULES"]
    ) as again:
        assert "time_bomb" not in again.home.chronus("-c", "list").stdout


def test_row_15_an_entry_of_the_log_that_brings_workers_down_is_passed_over(tmp_path, measured):
    said = []

    def breaking(running, memory):
        talker = Talker(running.home)
        said.clear()
        talker.fine("load snare")
        settle(memory, 1.2)  # a checkpoint that knows it
        assert _break_the_place_of_the_last_module(memory) > 0
        said.append(talker.say("note snare 60")[0][0])
        in_lockstep(memory, 5)
        settle(memory, 1.2)
        assert len(quarantine.passed_over(memory.board)) == 1 and quarantine.taken_out(memory.board) == []
        talker.fine("set kick.decay 250")
        talker.close()

    done = take(tmp_path, breaking, hurt=lambda done: len(done.gaps) > 1)
    (reply,) = said
    assert reply.code == "E_POISON" and '"note snare' in reply.text and "passed over" in reply.text, reply
    assert sum(p["restarts"] for p in done.status["processes"] if p["role"] == "worker") == PAIR
    # a rendering of the journal leaves that note out as well
    assert len(done.gaps) == 1, done.gaps
    measured("15", "silence after an entry of the log", done.lost / RATE * 1e3, "ms", bar=150)


def _break_the_place_of_the_last_module(memory) -> int:
    """Sends the newest instance's notes to where nothing is, wherever its place is written: no kernel reads that, a note by hand does.

    The checkpoints are changed as well, so who comes back never saw what the other one's checksums still tell of. One block in 64 sees
    the place: it is broken when that one has been compared, and long before the next.
    """
    arenas = [memory.arena(0), memory.arena(1), *memory.checkpoints()]
    at = HANDLE_TABLE // 8
    tables = [arena[at : at + layout.HANDLES * HANDLE_WORDS].reshape(-1, HANDLE_WORDS) for arena in arenas]
    newest = int(np.argmax(tables[0][:, layout.H_BIRTH]))
    seen = _block_that_sees(arenas[0], at + newest * HANDLE_WORDS + layout.H_REGION)

    def compared() -> bool:
        return all(COMPARED <= (memory.word(layout.BLOCK0, slot) - seen) % 64 <= COMPARED + 8 for slot in range(2))

    until(compared, 2, "a moment between two checksums of that place")
    for table in tables:
        if table[newest, layout.H_INCARNATION]:
            table[newest, layout.H_REGION] = 1 << 46
    return int(tables[0][newest, layout.H_INCARNATION])


def _block_that_sees(arena, place: int) -> int:
    """Which of 64 blocks has a checksum that a word of the arena goes into."""
    now = arena[: arena[layout.A_USED] // 8].copy()
    then = now.copy()
    then[place] += 1
    (found,) = (block for block in range(64) if checksum(now, block) != checksum(then, block))
    return found


# ---------------------------------------------------------------- guarded


def test_rows_12_13_what_is_no_sound_is_silenced_named_and_muted_if_it_goes_on(tmp_path, measured, bad):
    told, guarded = {}, []

    def breaking(running, memory):
        running.home.environment["CHRONUS_MODULES"] = bad
        talker = Talker(running.home)
        guarded.clear()
        talker.fine("load bomb")
        settle(memory, 0.3)
        talker.fine("set bomb.level 0.2")
        told["guard"] = talker.notice("guard")
        settle(memory, 0.5)
        guarded.append(max(memory.word(layout.GUARDED0, slot) for slot in range(2)))
        assert running.status()["taken_out"] == {}
        for level in (0.375, 0.75):
            talker.fine(f"unload bomb; load bomb; set bomb.level {level}")
            settle(memory, 0.1)
            talker.fine("set bomb.armed on")
            talker.notices.clear()
            began = memory.word(layout.HEARD)
            told[level] = talker.notice("muted")
            told[level, "after"] = (memory.word(layout.HEARD) - began) / RATE
            assert running.status()["taken_out"].keys() == {"bomb"}
        until(lambda: running.status()["slots"]["mode"] == "duplex", 2, "only one slot plays")
        talker.close()

    done = take(tmp_path, breaking, CHRONUS_MODULES=bad)
    assert guarded[0] >= 1
    measured("12", "blocks silenced for one NaN", guarded[0], bar=1)
    assert told["guard"].startswith("bomb was silenced for a moment")
    for level in (0.375, 0.75):
        assert told[level].startswith("bomb is taken out: it put out NaN") and told[level, "after"] >= 0.9, told
        measured("13", "what goes on is taken out after", told[level, "after"], "s", bar=1.3)
    for row in ("12", "13"):
        measured(row, "frames lost", done.lost, bar=0)
    heard = np.fromfile(done.folder / "heard.f32", np.float32)
    assert np.abs(heard).max() > 0
    measured("12", "samples heard that are no numbers", np.count_nonzero(~np.isfinite(heard)), bar=0)
    measured("13", "greatest sample heard", np.abs(heard).max(), bar=1)
