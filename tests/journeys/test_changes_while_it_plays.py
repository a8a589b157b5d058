"""Loading, inserting, bypassing and unloading each kind while a song plays: no frame is lost, nothing clicks, and it is heard at once.

The song has nothing above 10 kHz, and so nothing may be there when something changes; unless the sound of the kind itself is bright, as
that of a saw is: there only a click that stands out of it is found (tests/kit/clicks.py). What plays notes sounds when it is unloaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from chronus.catalogue.kinds import main_input
from chronus.catalogue.spec import BYPASS, Spec
from chronus.memory import layout
from chronus.memory.layout import Memory
from tests.kit.clicks import clicks
from tests.kit.live import Engine
from tests.kit.takes import RATE, Take, rendered, settle, take
from tests.kit.talk import Talker
from tests.kit.treble import treble
from tests.laws.test_modules import KERNELS

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]
SONG = """\
load sub
seq sub: a1@3 . c2@3 . e1@6 . .
load sine as lead gain=0.2
seq lead: a3@2 . c4 . e4@3 .
"""
SOON = RATE * 50 // 1000
"""Frames from the one that is heard when a line is sent to the one at which it takes effect."""
FADED = 0.06
"""Seconds after which no change is on its way any more."""
BEFORE = 1024
"""Frames before a change that are looked at with it."""
NOTE = "a2"
CLEAN = -80
"""dBFS above 10 kHz."""
SPECS = {kind: kernel.spec for kind, kernel in KERNELS.items() if kind != "out"}
BRIGHT = {"clap", "crash", "hat", "noise", "pluck", "ride", "saw", "snare", "square", "supersaw"}
"""Kinds whose own sound reaches above 10 kHz."""


class Change(NamedTuple):
    kind: str
    line: str
    sent: int
    frame: int


def lines(spec: Spec) -> list[str]:
    """What is done with a kind, a line at a time."""
    found = [f"load {spec.kind} as probe" + (" level=-20db" if spec.mix else "")]
    if spec.mix and main_input(spec) is not None:
        found += [f"insert {spec.kind} on lead as ins", "bypass ins on", "bypass ins off", "unload ins"]
    if BYPASS in spec.mix:
        found += ["bypass probe on", "bypass probe off"]
    if spec.has_gate() and spec.mix:
        found.append(f"note probe {NOTE} len=1/2")
    return [*found, "unload probe"]


class Played(NamedTuple):
    changes: list[Change]
    take: Take
    journal: Path


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    changes: list[Change] = []

    def change(running: Engine, memory: Memory) -> None:
        changes.clear()
        with Talker(running.home) as line:
            for spec in SPECS.values():  # compiles what is missing
                for said in lines(spec):
                    line.fine(said)
            for spec in SPECS.values():
                for said in lines(spec):
                    settle(memory, FADED)
                    sent = memory.word(layout.HEARD)
                    reply = line.ask(said)
                    assert reply.ok, reply.text
                    changes.append(Change(spec.kind, said, sent, reply.frame))

    def hurt(done: Take) -> int:
        return done.lost + sum(change.frame - change.sent > SOON for change in changes)

    done = take(tmp_path_factory.mktemp("changes"), change, song=SONG, hurt=hurt)
    return Played(list(changes), done, Path(done.status["journal"]))


def test_no_frame_is_lost(played):
    assert played.take.lost == 0, played.take.gaps
    assert played.take.status["counters"]["missing"] == 0


def test_each_change_is_applied_within_50_ms(played):
    late = [
        f"{change.kind}: {change.line} after {1000 * (change.frame - change.sent) / RATE:.0f} ms"
        for change in played.changes
        if change.frame - change.sent > SOON
    ]
    assert len(played.changes) > 200
    assert not late


def test_no_change_clicks(played):
    sound = rendered(played.journal, played.take.frames)
    wrong = []
    for change in played.changes:
        piece = sound[change.frame - BEFORE : change.frame + round(FADED * RATE)]
        high, found = CLEAN if change.kind in BRIGHT else treble(piece), clicks(piece, RATE)
        if high > CLEAN or found:
            wrong.append(f"{change.kind}: {change.line}: {high:.1f} dBFS above 10 kHz, {found}")
    assert not wrong
