"""Renders again, from a journal, what modules put out in a stretch of what was heard, into memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chronus.catalogue.spec import factor
from chronus.ears.spectra import Sound
from chronus.engine_line import Stretch
from chronus.errors import ChronusError
from chronus.journal import reading
from chronus.memory import taps
from chronus.memory.layout import BLOCK, CHANNELS
from chronus.render.take import Take, play_journal


class Enough(BaseException):
    """Ends the playing of a journal from within; no `Exception`, because one record that fails does not end it."""


class Again:
    """`sounds` are the stretches, filled as they are rendered; of a module that was not there yet they are silent."""

    def __init__(self, rate: int, seed: int, stretches: Sequence[Stretch], latency: int) -> None:
        self.stretches = [
            (one.name, one.start + latency * (one.name == "out"), one.until + latency * (one.name == "out"))
            for one in stretches
        ]
        self.sounds = [np.zeros((one.until - one.start, CHANNELS), np.float32) for one in stretches]
        self.until = max(until for _, _, until in self.stretches)
        self.take = Take(rate, seed, None, keep=self._keep, tapped=True)

    def _keep(self, piece: np.ndarray) -> None:
        """Takes in what was rendered just now: of the mix the piece itself, of a module what its tap has."""
        begin, end = self.take.frame, self.take.frame + len(piece)
        for (name, start, until), sound in zip(self.stretches, self.sounds, strict=True):
            first, last = max(start, begin), min(until, end)
            if first < last:
                some = piece if name == "out" else self._tapped(name, end, len(piece))
                sound[first - start : last - start] = some[first - begin : last - begin]
        if end >= self.until:
            raise Enough

    def _tapped(self, name: str, end: int, frames: int) -> Sound:
        seat = self.take.conductor.plan.seats.get(name)
        found = np.zeros((frames, CHANNELS), np.float32)
        if seat is not None:
            some = taps.samples(self.take.memory, seat.handle, end // BLOCK, frames // BLOCK, stereo=seat.stereo)
            found[frames - len(some) :] = some
        return found


def rendered(path: Path, stretches: Sequence[Stretch], latency: int) -> list[Sound]:
    """Renders from the first record on, because what sounds depends on all that was said before. Raises E_FILE where that cannot be."""
    journal = reading.read_take(path)
    again = Again(int(journal.header["rate"]), int(journal.header["seed"]), stretches, latency)
    try:
        play_journal(again.take, journal, None)
        again.take.render(again.until)
    except Enough:
        return [sound * np.float32(factor(one.level)) for one, sound in zip(stretches, again.sounds, strict=True)]
    raise ChronusError("E_FILE", "the journal does not hold that stretch")
