"""`chronus bench --against`: how fast saw > filter > adsr is, 104 times and once, beside scsynth and Csound on the same patch.

The patch stands in patches/bench, once in the language and once for each of the two. Where one of them is installed it renders the patch
on this machine, for a longer and a shorter time, and the difference counts: what it takes to start is left out. Where it is not, its
published figure is told, scaled by the yardstick: a loop whose cost is known on the machine of that figure and is timed here, in the
same rounds (bench_modules.py).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from chronus import places
from chronus.drills.bench_modules import YARDSTICK_US, YARDSTICK_VOICES, fused
from chronus.drills.own_engine import Figure, told
from chronus.memory.layout import BLOCK
from chronus.render.take import ProgressBar, Take, play_script
from chronus.worker.weigh import Scales

FOLDER = Path("bench")
RATE = 44100
ROUNDS, PIECE, WARM = 200, 100 * BLOCK, 5
"""Rounds, and frames of each: short, so that some fall between what the machine does meanwhile. Rounds of the yardstick before each: the
first after so much rendering finds nothing in the caches."""
SECONDS, SHORT = 40.0, 4.0
"""What a peer renders, and what is taken off again."""
LONGEST_SECONDS = 300


class Speed(Struct, frozen=True):
    """Microseconds a voice and 256 frames; `yardstick` is what the yardstick took in the same rounds."""

    voices: int
    microseconds: float
    yardstick: float

    @property
    def ratio(self) -> float:
        return self.microseconds / self.yardstick


def source(name: str) -> Path:
    return places.shipped("patches") / FOLDER / name


def measure(voices: int, rounds: int = ROUNDS) -> Speed:
    """Renders the patch of so many voices, without an engine; the least of many rounds counts."""
    take = Take(RATE, 0)
    wrong, _ = play_script(take, source(f"voices-{voices}.chronus").read_text() + "\nwait 1 s\n", None)
    assert not wrong, wrong
    yardstick, least = Scales(fused, YARDSTICK_VOICES), float("inf")
    for _ in range(rounds):
        for _ in range(WARM):
            yardstick.round()
        take.blocks.clear()
        take.seconds, first = 0.0, take.frame
        take.render(first + PIECE)
        least = min(least, take.seconds / (take.frame - first))
    per_voice = yardstick.cost().held / 1000 / BLOCK / YARDSTICK_VOICES
    return Speed(voices, least * 1e6 * 256 / voices, per_voice * 256)


# ---------------------------------------------------------------- the others


class Peer(Struct, frozen=True):
    """`published`: microseconds a voice and 256 frames by the number of voices, where the yardstick takes YARDSTICK_US."""

    name: str
    programs: tuple[str, ...]
    published: dict[int, float]

    @property
    def is_installed(self) -> bool:
        return all(shutil.which(program) for program in self.programs)


SCSYNTH = Peer("scsynth", ("sclang", "scsynth"), {104: 1.1, 1: 2.1})
CSOUND = Peer("Csound", ("csound",), {104: 1.4, 1: 1.5})
PEERS = (SCSYNTH, CSOUND)


def run(peer: Peer, voices: int) -> float:
    """Microseconds that an installed peer takes for a voice and 256 frames of the patch."""
    with tempfile.TemporaryDirectory() as folder:
        took = [_timed(peer, voices, seconds, Path(folder)) for seconds in (SECONDS, SHORT)]
    return (took[0] - took[1]) / ((SECONDS - SHORT) * RATE) * 256 * 1e6 / voices


def _timed(peer: Peer, voices: int, seconds: float, folder: Path) -> float:
    for command in lines_of(peer, voices, seconds, folder):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, timeout=LONGEST_SECONDS, cwd=folder)
    return time.perf_counter() - began


def lines_of(peer: Peer, voices: int, seconds: float, folder: Path) -> list[list[str]]:
    """The commands by which a peer renders the patch; the last one is timed."""
    if peer is SCSYNTH:
        score = str(folder / f"{voices}-{seconds:g}.osc")
        return [
            ["sclang", str(source("voices.scd")), str(voices), str(seconds), score],
            ["scsynth", "-N", score, "_", str(folder / "out.wav"), str(RATE), "WAV", "int16", "-o", "2"],
        ]
    macros = [f"--omacro:VOICES={voices}", f"--smacro:SECONDS={seconds:g}"]
    return [["csound", *macros, str(source("voices.csd"))]]


def beside(speed: Speed, peer: Peer) -> Figure:
    """How many times as long a peer takes."""
    if peer.is_installed:
        try:
            theirs, how = run(peer, speed.voices), "rendered here"
            return _times(speed, peer, theirs, how)
        except (OSError, subprocess.SubprocessError) as problem:
            how = f"is installed, but did not render the patch ({type(problem).__name__}): "
    else:
        how = "not installed here: "
    published = peer.published[speed.voices]
    scaled = published * speed.yardstick / YARDSTICK_US
    how += f"its published {published:g} us, scaled by the yardstick ({speed.yardstick:.4f} here, {YARDSTICK_US} there)"
    return _times(speed, peer, scaled, how)


def _times(speed: Speed, peer: Peer, theirs: float, how: str) -> Figure:
    return Figure(f"  {peer.name} takes", theirs / speed.microseconds, "times as long", None, f"{theirs:.3f} us; {how}")


# ---------------------------------------------------------------- what is printed


def figures(voices: Sequence[int] = (104, 1)) -> list[Figure]:
    found = []
    for count in voices:
        speed = measure(count)
        how = f"a voice and 256 frames; {speed.ratio:.2f} yardsticks; patches/bench/voices-{count}.chronus"
        name = f"saw > filter > adsr, {count} voice{'s' * (count > 1)}"
        found += [Figure(name, speed.microseconds, "us", None, how), *(beside(speed, peer) for peer in PEERS)]
    return found


def main(as_json: bool) -> int:
    """Prints Chronus's figures, and behind each those of the peers."""
    bar = ProgressBar("measuring") if sys.stderr.isatty() and not as_json else None
    if bar:
        bar(0)
    found = figures()
    if bar:
        bar.clear()
    if not as_json:
        for figure in found:
            figure.show()
    return told(found, as_json)
