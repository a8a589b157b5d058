"""Measures what was just played: a process of its own, of low priority, that stays for the next question.

`python -m chronus.takes.listening MEMORY`: the shared memory as a descriptor that it can only be read with. Questions come as lines on
standard input, answers go as lines to standard output (engine_line.py); it ends when nobody asks any more.

Rule 1: what the replicas keep of the mix (memory/taps.py) is the very sound that was heard: it is measured where it reaches back so far.
Rule 2: everything else, what a single module put out or what was heard longer ago, is rendered again from the journal (takes/again.py).
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from chronus import engine_line
from chronus.ears import beside, references
from chronus.ears.hearing import hear
from chronus.ears.levels import decibels
from chronus.ears.spectra import Sound
from chronus.engine_line import FromListener, Listen, Listened, Stretch, Unheard
from chronus.errors import ChronusError
from chronus.memory import layout, taps
from chronus.memory.layout import BLOCK, Memory

NICE = 10


def recorded(path: str) -> tuple[Sound, int]:
    from chronus.render.hearing import recording  # with what reads all formats of files

    return recording(Path(path))


class Listener:
    def __init__(self, memory: Memory) -> None:
        self.memory, self.rate = memory, memory.word(layout.RATE)

    def hear(self, asked: Listen) -> Listened:
        wanted = [asked.what, *([asked.versus] if asked.versus else [])]
        if asked.file:
            figures = [hear(*recorded(asked.file))]
        else:
            sounds = [self._kept(one, asked) for one in wanted]
            missing = [one for one, sound in zip(wanted, sounds, strict=True) if sound is None]
            again = iter(self._again(asked, missing))
            heard = [next(again) if sound is None else sound for sound in sounds]
            tones = (asked.tones, ())
            figures = [hear(one, self.rate, asked.bpm, asked.beat, of) for one, of in zip(heard, tones, strict=False)]
        first, one = figures[0], figures[0].plain()
        short = f"{first.integrated:.1f} LUFS, {first.true_peak:.1f} dBTP, crest {first.crest:.1f} dB"
        if asked.keep:
            path = references.keep(asked.keep, asked.file or asked.source, one)
            return Listened(asked.id, (short,), {**one, "reference": str(path)}, short)
        reduction = self._reduction(asked)
        one |= {} if reduction is None else {"reduction": round(reduction, 2)}
        if not asked.versus and not asked.reference:
            limiter = (
                [f"limiter      {reduction:.1f} dB at its most"] if reduction is not None and reduction < -0.05 else []
            )
            return Listened(asked.id, (*first.lines(), *limiter), one, short)
        named = asked.what.name, asked.called
        told: list[str] = []
        if asked.versus:
            other = figures[1].plain()
        else:
            found = references.find(asked.reference)
            other, told = found.figures, [f"{asked.reference} is {found.source}"]
        result = {**one, "beside": {**other, "differs": beside.differences(one, other)}}
        return Listened(asked.id, (*beside.lines(one, other, named), *told), result, short)

    def _reduction(self, asked: Listen) -> float | None:
        """Returns by how many dB the limiter took the mix down at its most; None of what it is not kept of."""
        first, last = (asked.what.start + asked.latency) // BLOCK, -(-(asked.what.until + asked.latency) // BLOCK)
        if asked.file or asked.what.name != "out":
            return None
        known = taps.extents(self.memory, asked.out, last, last - first)
        return decibels(float(known.gain.min())) if len(known.blocks) == last - first else None

    def _kept(self, stretch: Stretch, asked: Listen) -> Sound | None:
        """Returns what the replicas kept of the mix; None where some of it is not there any more."""
        if stretch.name != "out" or len(self.memory.bytes) <= layout.TAPS:
            return None
        start, until = stretch.start + asked.latency, stretch.until + asked.latency
        first, last = start // BLOCK, -(-until // BLOCK)
        found = taps.samples(self.memory, asked.out, last, last - first, stereo=True, master=True)
        begin = start - first * BLOCK
        return found[begin : begin + until - start] if len(found) == (last - first) * BLOCK else None

    def _again(self, asked: Listen, stretches: Sequence[Stretch]) -> list[Sound]:
        if not stretches:
            return []
        from chronus.takes.again import (
            rendered,
        )  # the whole of the renderer, which the mix of the last bars does not need

        return rendered(Path(asked.journal), stretches, asked.latency)


def main(questions: BinaryIO, out: BinaryIO, memory: Memory) -> int:
    def say(said: FromListener) -> None:
        out.write(engine_line.encode(said))
        out.flush()

    with contextlib.suppress(OSError):
        os.nice(NICE)
    listener, lines = Listener(memory), engine_line.to_listener()
    while line := questions.readline():
        for asked in lines.feed(line):
            try:
                said: FromListener = listener.hear(asked)
            except ChronusError as error:
                said = Unheard(asked.id, error.code, error.message)
            try:
                say(said)
            except OSError:  # whoever asked is gone
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer, Memory(int(sys.argv[1]), writes=False)))
