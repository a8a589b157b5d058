"""The recorder: a process of its own that reads in the shared memory what was played, and writes it into a file.

Rule 1: nobody waits for it. The rings keep a block for a third of a second after it was heard; a thread of its own writes, so that a slow
        disk keeps nobody from reading.
Rule 2: it writes every frame of the clock once, in order. A block that no slot has is waited for as long as it may still come: slots
        that come back render what they missed. Then it is silence, and counted.
Rule 3: it ends where it is told to, where the engine fades out, or where the disk refuses; what is written by then is valid.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import numpy as np
from msgspec.structs import replace

from chronus import engine_line
from chronus.audio.ring import NUMBER
from chronus.engine_line import ForkRecorder, Record, Recording
from chronus.memory.layout import (
    ACTIVE,
    BLOCK,
    CHANNELS,
    FADED,
    HEARD,
    RATE,
    RING_BLOCKS,
    RING_HEAD,
    RING_STRIDE,
    STOPPING,
    Memory,
)  # fmt: skip
from chronus.takes.tape import Tape

LOOK_SECONDS = 0.02
SAY_SECONDS = 0.5
PATIENT_BLOCKS = RING_BLOCKS // 2
"""So far behind the clock a block is given up that no slot has: 186 ms at 44.1 kHz."""
SEALED_SECONDS = 0.3
"""So long after its end the journal is read: by then it has all that took effect before."""
JOURNAL_SECONDS = 2.0
"""So long the journal may take to be closed, where the engine ends."""
_WORDS = RING_STRIDE // 8
FOREVER = 1 << 62


class Played:
    """Reads what was played, in order. `frame` is the next one, `missing` those that nobody had."""

    def __init__(self, memory: Memory, frame: int) -> None:
        self.memory, self.frame = memory, frame
        self.rings = [memory.ring(slot) for slot in range(2)]
        self.missing = 0

    def more(self, until: int) -> np.ndarray:
        """Returns the next frames that were heard, up to one."""
        clock = self.memory.word(HEARD)
        heard = min(clock, until)
        pieces = []
        while self.frame < heard:
            block, offset = divmod(self.frame, BLOCK)
            found = self._block(block)
            if found is None:
                if clock // BLOCK - block < PATIENT_BLOCKS and self.memory.word(STOPPING) < 2:
                    break
                found = np.zeros((BLOCK, CHANNELS), np.float32)
                self.missing += min(BLOCK, heard - block * BLOCK) - offset
            piece = found[offset : heard - block * BLOCK]
            pieces.append(piece)
            self.frame += len(piece)
        return np.concatenate(pieces) if pieces else np.zeros((0, CHANNELS), np.float32)

    def _block(self, block: int) -> np.ndarray | None:
        """Returns a block as one of the slots has it, the one that is heard first."""
        active = self.memory.word(ACTIVE)
        at = block % RING_BLOCKS * _WORDS
        for ring in (self.rings[active], self.rings[1 - active]):
            if ring[at + NUMBER] == block + 1:
                words = ring[at + RING_HEAD : at + _WORDS].copy()
                if ring[at + NUMBER] == block + 1:  # nobody has written over it meanwhile
                    return words.view(np.float32).reshape(BLOCK, CHANNELS)
        return None


class Writing:
    """Writes pieces on a thread of its own, so that the disk keeps nobody waiting. `problem`: why the disk refused."""

    def __init__(self, tape: Tape) -> None:
        self.tape, self.problem, self.peak = tape, "", 0.0
        self._pieces: SimpleQueue[np.ndarray | None] = SimpleQueue()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def put(self, piece: np.ndarray) -> None:
        self._pieces.put(piece)

    def end(self) -> None:
        """Waits until all is written."""
        self._pieces.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            while (piece := self._pieces.get()) is not None:
                self.tape.write(piece)
                self.peak = max(self.peak, float(np.abs(piece).max()))
        except OSError as refused:
            self.problem = refused.strerror or str(refused)


class Recorder:
    def __init__(self, memory: Memory, asked: ForkRecorder, say: Callable[[Recording], None]) -> None:
        self.memory, self.asked, self.say = memory, asked, say
        self.record = asked.record
        self.rate = memory.word(RATE)
        self.stopped_at = 0

    def run(self, hear: Callable[[float], list[Record]]) -> None:
        """Records until told to end. `hear` waits for so long, and returns what was said meanwhile."""
        file = Path(self.record.file)
        try:
            tape = Tape(file, self.rate, self.asked.after is not None)
        except OSError as refused:
            self._say("failed", problem=f"{file.name} cannot be written: {refused.strerror}")
            return
        first = self.record.start + self.record.latency
        played, writing = Played(self.memory, first + tape.frames), Writing(tape)
        played.missing = self.asked.after.missing if self.asked.after else 0
        written, due = tape.frames, 0.0
        while not writing.problem:
            until = self._until()
            piece = played.more(until)
            if len(piece):
                writing.put(piece)
                written += len(piece)
            if played.frame >= until:
                break
            now = time.monotonic()
            if now >= due:
                due = now + SAY_SECONDS
                state = "records" if self.memory.word(HEARD) >= first else "waits"
                self._say(state, frames=tape.frames, missing=played.missing, peak=writing.peak)
            for said in hear(LOOK_SECONDS):
                self.record, due = said, 0.0
                if not written and said.start + said.latency != first:
                    first = said.start + said.latency
                    played = Played(self.memory, first)
        writing.end()
        self._finish(tape, writing, played.missing)

    def _until(self) -> int:
        """Returns the frame at which it is over, as far as that is known now."""
        until = self.record.until + self.record.latency if self.record.until else FOREVER
        if self.memory.word(STOPPING) and (self.memory.word(FADED) or self.memory.word(STOPPING) > 1):
            self.stopped_at = self.stopped_at or self.memory.word(HEARD)
            return min(until, self.stopped_at)
        return until

    def _finish(self, tape: Tape, writing: Writing, missing: int) -> None:
        problem, remark = writing.problem, ""
        wanted = self.record.until - self.record.start if self.record.until else FOREVER
        exact = tape.frames <= wanted and self.asked.after is None
        try:
            if tape.frames > wanted:  # it was told after that frame had been heard
                tape.shorten(wanted)
            tape.close()
        except OSError as refused:
            problem = problem or refused.strerror or str(refused)
        goal = Path(self.record.goal or self.record.file)
        script = self._script(tape, goal) if tape.frames else ""
        if not problem and goal != tape.path:
            self._say("encodes", frames=tape.frames, missing=missing, peak=writing.peak)
            remark = self._encode(tape, goal)
        remark = "; ".join(filter(None, (script, remark)))
        peak = writing.peak
        if not exact:
            peak = max((float(np.abs(piece).max()) for piece in tape.read()), default=0.0)
        state = "failed" if problem else "written"
        self._say(state, frames=tape.frames, missing=missing, peak=peak, problem=problem, remark=remark)

    def _encode(self, tape: Tape, goal: Path) -> str:
        """Makes the file that was asked for of what was recorded; returns why it is not, and then that stays."""
        from chronus.errors import ChronusError
        from chronus.render.formats import format_of, writer
        from chronus.render.target import Target

        try:
            target = Target(str(goal), ())
        except ChronusError as error:
            return f"{error.message}; {tape.path.name} stays"
        try:
            into = writer(format_of(goal.name, as_float=False), target.file, self.rate, as_float=False)
            for piece in tape.read():
                into.write(piece)
            into.close()
            target.finish()
            target.commit()
            os.unlink(tape.path)
        except (ChronusError, OSError) as error:
            target.discard()
            why = error.message if isinstance(error, ChronusError) else error.strerror
            return f"{goal.name} could not be written: {why}; {tape.path.name} stays"
        return ""

    def _script(self, tape: Tape, goal: Path) -> str:
        """Writes the script beside the file; returns why it cannot be written."""
        from chronus.errors import ChronusError
        from chronus.takes import stretch

        start, until = self.record.start, self.record.start + tape.frames
        deadline = time.monotonic() + JOURNAL_SECONDS
        while time.monotonic() < deadline:
            if self.memory.word(STOPPING):
                if stretch.is_closed(self.asked.engine):
                    break
            elif self.memory.word(HEARD) >= until + round(SEALED_SECONDS * self.rate):
                break
            time.sleep(LOOK_SECONDS)
        try:
            stretch.write(stretch.beside(goal), stretch.newest(self.asked.engine), start, until)
        except (ChronusError, OSError) as error:
            why = error.message if isinstance(error, ChronusError) else error.strerror or str(error)
            return f"{stretch.beside(goal).name} could not be written: {why}"
        return ""

    def _say(self, state: str, **figures: object) -> None:
        self.say(replace(Recording(self.record, state), **figures))  # type: ignore[arg-type]


def main(memory: Memory, channel: socket.socket, asked: ForkRecorder) -> None:
    """The life of a recorder. `channel` is the line to the supervisor, see engine_line."""
    lines = engine_line.to_recorder()

    def say(message: Recording) -> None:
        channel.sendall(engine_line.encode(message))

    def hear(seconds: float) -> list[Record]:
        ready, _, _ = select.select([channel], [], [], seconds)
        return lines.feed(channel.recv(1 << 16)) if ready else []

    Recorder(memory, asked, say).run(hear)
