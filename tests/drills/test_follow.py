"""A capture that is compared while it is being written: the same is found as at the end, and the disk is given back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec import Struct

from chronus.catalogue.kinds import Catalogue
from chronus.conductor.conductor import Conductor
from chronus.drills.capture import WINDOW, compare
from chronus.drills.follow import Follower, following, ripe
from chronus.journal import reading, writing
from chronus.journal.records import Said, Sealed
from chronus.language import parser
from chronus.memory.layout import BLOCK
from chronus.render.take import Take, play_journal
from tests.kit.house import RATE, House

LINES = (
    "load bass; seq bass: x.x.x.x.",
    "load kick; seq kick: x...x... at next bar",
    "set bass.freq 60..90 over 4 bars",
    "load noise gain=0.05; bpm 150",
    "set bass.distortion 0.6 at 4 bars; note bass a1 len=1/8",
    "patch bass > filter > delay",
    "unload kick; undo; seq kick: xx.x",
    "unpatch bass > filter; set out.volume -9 at next bar",
)
SECONDS = 60
LOOK_BLOCKS = 4 * RATE // BLOCK


class Taken(Struct):
    """A take that is over. `looks`: at each, how much had been heard, and how long each file of the journal was."""

    journal: Path
    sound: np.ndarray
    looks: list[tuple[int, dict[str, int]]]


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """A minute over several files of a journal, and its sound."""
    folder = tmp_path_factory.mktemp("taken")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHRONUS_HOME", str(folder))
        patch.setattr(writing, "LONGEST", 3000)
        house = House(folder, conductor=Conductor(Catalogue.load(), RATE))
        caller, looks, lines = house.caller(), [], 0
        files = house.pen.path.parent
        while (heard := house.replicas.block()) < SECONDS * RATE // BLOCK:
            if heard >= lines * SECONDS * RATE // BLOCK // 24:
                said = [parser.parse(statement) for statement in parser.statements(LINES[lines % len(LINES)])]
                house.ask(caller, *(one.command for one in said), texts=tuple(one.text for one in said))
                lines += 1
            house.run(LOOK_BLOCKS // 40)
            if heard * BLOCK // (4 * RATE) > len(looks):
                looks.append(
                    (house.replicas.block() * BLOCK, {p.name: p.stat().st_size for p in files.glob("*.journal")})
                )
        last, heard = house.pen.path, house.replicas.block() * BLOCK
        house.close()
        kept = reading.read_take(last)
        take = Take(RATE, 0, None)
        play_journal(take, kept, None)
        take.render(heard)
    assert len(looks) >= 12 and len(looks[-1][1]) >= 3, "too little to follow"
    return Taken(last, np.concatenate(take.blocks)[:heard], looks)


def follow(taken: Taken, folder: Path, heard: np.ndarray, lag: float = 0.0) -> tuple[Follower, list[int]]:
    """Writes journal and capture anew, as far as they had come at each look: (who followed, bytes of disk after each).

    The worst is made of each look: what was said last is not sealed yet, and the record behind it is torn.
    """
    files, capture = folder / "journal", folder / "heard.f32"
    files.mkdir()
    sources = sorted(taken.journal.parent.glob("*.journal"))
    follower, kept = None, []
    capture.touch()
    for frames, sizes in taken.looks:
        for source in sources:
            if size := sizes.get(source.name):
                whole = source.read_bytes()
                newest = source.name == max(sizes)
                end = whole.find(b"\n", whole.rfind(b'"is":"said"', 0, size)) + 10 if newest else size
                (files / source.name).write_bytes(whole[: max(end, whole.find(b"\n") + 1)])
        _append(capture, heard, frames)
        follower = follower or Follower(files / sources[0].name, capture, lag)
        follower.look(frames)
        kept.append(capture.stat().st_blocks * 512)
    for source in sources:
        (files / source.name).write_bytes(source.read_bytes())
    _append(capture, heard, len(heard))
    follower.end(len(heard))
    return follower, kept


def _append(capture: Path, heard: np.ndarray, upto: int) -> None:
    with open(capture, "ab") as file:
        file.write(heard[file.tell() // 8 : upto].tobytes())


def test_what_is_followed_is_compared_to_the_last_frame_and_given_back_to_the_disk(tmp_path, taken):
    follower, kept = follow(taken, tmp_path, taken.sound)
    whole = compare(taken.sound, taken.journal)
    assert follower.comparison.gaps == whole.gaps == []
    assert follower.comparison.compared == whole.compared > 0.9 * len(taken.sound)
    # what is searched, what may still be told of, and two looks
    assert max(kept) < (WINDOW * 2 + 9 * RATE) * 8 + (1 << 20) < len(taken.sound) * 8, kept


def test_gaps_are_found_where_they_are_and_named_as_at_the_end(tmp_path, taken):
    heard = taken.sound.copy()
    heard.view(np.int32)[20 * RATE, 1] ^= 1
    heard[40 * RATE : 40 * RATE + 500] = 0
    heard = np.insert(heard, 50 * RATE, np.zeros((300, 2), np.float32), axis=0)
    follower, _ = follow(taken, tmp_path, heard)
    assert follower.comparison.gaps == compare(heard, taken.journal).gaps
    assert follower.comparison.gaps[0] == (20 * RATE, 1) and len(follower.comparison.gaps) == 3


def test_what_never_becomes_the_same_again_is_lost_to_the_very_end(tmp_path, taken, monkeypatch):
    monkeypatch.setattr("chronus.drills.capture.SEARCHED", 500)
    heard = taken.sound.copy()
    heard[15 * RATE :] *= 0.5
    follower, _ = follow(taken, tmp_path, heard)
    assert follower.comparison.gaps == [(15 * RATE, len(heard) - 15 * RATE)]


def test_the_process_that_follows_tells_what_it_found_or_why_it_could_not(tmp_path, taken):
    capture = tmp_path / "heard.f32"
    heard = taken.sound.copy()
    heard[30 * RATE : 30 * RATE + 64] = 0
    heard.tofile(capture)
    first = min(taken.journal.parent.glob("*.journal"))
    with following(first, capture) as ear:
        ear.look(50 * RATE)
        gaps, _, compared = ear.end(len(heard))
    assert gaps == [(30 * RATE, 64)] and compared > 0.9 * len(heard)
    with following(first, tmp_path / "nothing") as ear, pytest.raises(Exception, match="could not be compared"):
        ear.end(1)


def test_what_was_said_twice_under_one_number_is_never_torn_apart():
    first, again = Said(2, texts=("load kick",), moment=640), Said(2, texts=("load kick",), moment=1280)
    pending = [(100, Said(1)), (100, Sealed(1, 64)), (100, first), (900, again), (900, Sealed(2, 1280)), (900, Said(3))]
    assert ripe(pending, 500, 5000) == 2
    assert ripe(pending, 900, 1000) == 2
    assert ripe(pending, 900, 1280) == 6
    assert ripe(pending[:2], 100, 0) == 0
    crossed = [(100, Said(1)), (100, Said(2)), (100, Said(1)), (900, Said(2))]
    assert ripe(crossed, 500, 5000) == 0 and ripe(crossed, 900, 5000) == 4
