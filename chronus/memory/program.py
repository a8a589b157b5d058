"""A program: the plan that both replicas run, as tables of int64 that control lays into shared memory.

Modules stand in the order in which they are rendered. Addresses are not in it: offsets of the arena (bytes from its start) and of
the worker's own buffers (float32 from their start). Each worker turns kernel names and offsets into addresses,
in the background, before the log tells it to swap.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Head(IntEnum):
    NUMBER = 0
    INSTANCES = 1
    INPUTS = 2
    PARAMS = 3
    CABLES = 4
    BUFFERS = 5  # float32 needed for buffers
    USED = 6  # bytes of the arena in use
    MASTER = 7  # buffer of the stereo output that is heard
    NAMES = 8  # bytes of the names of kernels
    READS = 9
    TABLES = 16  # first word of the tables


class Instance(IntEnum):
    """One row a module."""

    NAME = 0  # which of the program's names is its kind
    LANES = 1  # of its kernel: 1, 2, 8, 32, 64
    STEREO = 2  # 1: two lanes are left and right; 0: lanes are voices
    VOICES = 3  # lanes that notes may take
    HANDLE = 4
    INCARNATION = 5
    REGION = 6  # arena offset; notes come first
    PARAMS_AT = 7  # arena offset of the parameter records
    STATE_AT = 8
    STATE_ROWS = 9
    MEMORY_AT = 10
    MEMORY_ROWS = 11
    SIZE = 12  # bytes of the region
    SEED = 13
    FIRST_INPUT = 14
    INPUTS = 15
    FIRST_PARAM = 16
    PARAMS = 17  # of its kernel
    OUTPUT = 18  # buffer of the first output; the others follow, each 64 x LANES
    OUTPUTS = 19
    TOLD = 20  # buffer of what it tells of its notes, if a cable asks: gate and pitch, 64 x LANES, then both 64 x 1; else -1
    GATE_INPUT = 21  # which of its inputs is the gate, or -1
    PITCH_PARAM = 22  # which of its parameters a note plays, or -1
    MIX = 23  # rows of parameters behind those of its kernel that the graph alone reads
    MIXED = 24  # 1: the graph looks at these; 0: they stand where they do nothing
    BYPASS = 25  # row of its bypass, or -1 where nothing is to be looked at
    MAIN_INPUT = 26  # which of its inputs goes past it then, or -1
    GAIN = 27  # arena offset of the gain by which its limiter holds it down (float64), or -1


class Input(IntEnum):
    """One row an input port."""

    BUFFER = 0  # where the kernel reads; where cables are summed, unless DIRECT
    SOURCE = 1  # what is there: one of the values of Feed
    NOTES = 2  # row of the instance whose notes are read (Feed.GATE ... GLIDE)
    FIRST_CABLE = 3
    CABLES = 4


class Feed(IntEnum):
    NOTHING = 0  # zeros
    CABLES = 1  # the sum of the cables
    DIRECT = 2  # BUFFER is the output of another module (one cable, same lanes, no fade), or what another input reads
    ONE = 3  # a constant 1: the gate and velocity of a drone
    GATE = 4
    VELOCITY = 5
    ACCENT = 6
    GLIDE = 7
    BOTH = 8  # gate: the notes or the cables, whichever is higher
    OPEN = 9  # a constant 1, while the notes are told to others: gates behind it let go in their own time


class Param(IntEnum):
    """One row a parameter. LOW, HIGH, INITIAL are float64 in the bits of the word."""

    RECORD = 0  # arena offset
    BUFFER = 1
    LOW = 2
    HIGH = 3
    INITIAL = 4  # its value when the module is new
    CURVE = 5  # 0 linear, 1 exp
    PITCH = 6  # 1 + row of the instance whose notes give the pitch, or 0
    FIRST_CABLE = 7
    CABLES = 8


class Cable(IntEnum):
    """One row a cable. AMOUNT and GAIN are float64 in the bits of the word."""

    SOURCE = 0  # buffer it reads
    SOURCE_LANES = 1
    SOURCE_STEREO = 2
    LANES = 3  # of where it leads
    STEREO = 4
    HANDLE = 5  # its own place in the arena's table of cables
    INCARNATION = 6
    LEAVING = 7  # 1: it fades out
    FEEDBACK = 8  # 0, or arena offset of two blocks as its target has them: what it brought one block ago
    SOURCE_ROW = 9  # row of the instance it comes from
    AMOUNT = 10
    SCALE = 11  # into a parameter: 0 in its curve (-1..1 of the range), 1 added in its unit, 2 octaves
    ECHO = 12  # 1: a gate that comes round a circle of gates; its target does not tell it on
    GAIN = 13  # where its own gain rests; 1 for a cable into a parameter
    LEVEL = 14  # row of the level of what it comes from, a factor, or -1
    PAN = 15


class Read(IntEnum):
    """One row a table of the shelf that an instance reads, in the order of its SPEC."""

    INSTANCE = 0  # row of the instance
    KEY = 1  # the table's key on the shelf, two words
    KEY2 = 2


NO_READS = np.zeros((0, len(Read)), np.int64)


class Program:
    """The tables, as arrays that can be written (control) or that lie in shared memory (workers)."""

    def __init__(
        self,
        number: int,
        names: list[str],
        instances: np.ndarray,
        inputs: np.ndarray,
        params: np.ndarray,
        cables: np.ndarray,
        buffers: int,
        used: int,
        master: int,
        reads: np.ndarray = NO_READS,
    ) -> None:
        self.number, self.names = number, names
        self.instances, self.inputs, self.params, self.cables = instances, inputs, params, cables
        self.buffers, self.used, self.master, self.reads = buffers, used, master, reads

    def keys(self, row: int | None = None) -> list[tuple[int, int]]:
        """The tables of the shelf that it reads; or those that one instance does."""
        rows = self.reads if row is None else self.reads[self.reads[:, Read.INSTANCE] == row]
        return [(int(k), int(k2)) for _, k, k2 in rows]

    def lay(self, words: np.ndarray) -> None:
        """Writes it into a program place of shared memory (int64 words). Raises ValueError if it is too long."""
        text = "\n".join(self.names).encode()
        head = np.zeros(Head.TABLES, np.int64)
        head[: Head.READS + 1] = [
            self.number, len(self.instances), len(self.inputs), len(self.params), len(self.cables),
            self.buffers, self.used, self.master, len(text), len(self.reads),
        ]  # fmt: skip
        padded = np.frombuffer(text.ljust(-(-len(text) // 8) * 8), np.int64)
        tables = [t.ravel() for t in (self.instances, self.inputs, self.params, self.cables, self.reads)]
        whole = np.concatenate([head, *tables, padded])
        if len(whole) > len(words):
            raise ValueError("the program does not fit in its place")
        words[: len(whole)] = whole

    @classmethod
    def read(cls, words: np.ndarray) -> Program:
        """Copies of the tables out of a program place."""
        head = words[: Head.TABLES]
        at = int(Head.TABLES)
        tables = []
        for count, columns in (
            (Head.INSTANCES, Instance), (Head.INPUTS, Input), (Head.PARAMS, Param), (Head.CABLES, Cable),
            (Head.READS, Read),
        ):  # fmt: skip
            rows, width = int(head[count]), len(columns)
            tables.append(words[at : at + rows * width].reshape(rows, width).copy())
            at += rows * width
        length = int(head[Head.NAMES])
        text = words[at : at + -(-length // 8)].tobytes()[:length].decode()
        instances, inputs, params, cables, reads = tables
        return cls(
            int(head[Head.NUMBER]), text.split("\n") if text else [], instances, inputs, params, cables,
            int(head[Head.BUFFERS]), int(head[Head.USED]), int(head[Head.MASTER]), reads,
        )  # fmt: skip
