"""What is heard of typed lines: the real catalogue, a real replica, no process and no clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache

import numpy as np

from chronus.commands import AnyCommand, Submission
from chronus.language import parser
from chronus.memory.layout import BLOCK
from chronus.render.take import Take

RATE = 44100


@cache
def command(text: str) -> AnyCommand:
    (statement,) = parser.statements(text)
    return parser.parse(statement).command


def said(take: Take, moment: int, lines: Sequence[str]) -> list[str]:
    """Types lines at a frame, all of which must be done; the answers to them."""
    reach(take, moment)
    whole = Submission(tuple(range(len(lines))), tuple(lines), tuple(command(line) for line in lines))
    outcomes = take.perform(whole, moment, exact=True)
    for line, outcome in zip(lines, outcomes, strict=True):
        assert outcome.error is None, f"{line}: {outcome.error}"
    return [outcome.text for outcome in outcomes]


def reach(take: Take, frame: int) -> None:
    """Renders up to the block of a frame, and performs what was put off to a time before it."""
    while (due := take.conductor.state.next_due) is not None and due < frame:
        take.render(due // BLOCK * BLOCK)
        take.put_off(due)
    take.render(frame // BLOCK * BLOCK)


def heard(moments: Mapping[int, Sequence[str]], end: int, stems: Collection[str] | None = None) -> np.ndarray:
    """(frames, 2): what is heard up to frame `end` of lines typed at these frames.

    `stems`: what these modules alone contribute to `out`, before its volume, its DC block and its limiter.
    """
    take = Take(RATE, 0, stems=stems)
    for moment, lines in sorted(moments.items()):
        said(take, moment, lines)
    reach(take, end)
    take.render(end + take.latency)
    return take.sound(end)


def peak(sound: np.ndarray, begin: float, end: float) -> float:
    """In dBFS, between two times in seconds; -180 is silence."""
    piece = np.abs(sound[round(begin * RATE) : round(end * RATE)]).max()
    return float(20 * np.log10(max(float(piece), 1e-9)))
