"""The map of the one shared memory, and the board of words in front of it.

Rule 1: every offset stands here, nothing in it is a pointer, and nothing depends on the environment.
Rule 2: each word has one writer, named in its comment. Counters only grow.
Rule 3: the memory has no name. It is a memfd, sparse, handed on as a descriptor, and gone with its last process.
"""

from __future__ import annotations

import mmap
import os

import numpy as np

BLOCK = 64
CHANNELS = 2
SLOTS = 2

LOG_ENTRIES = 1 << 17
"""64-byte entries: at 30,000 a second, which is all that lanes may come to, the log reaches 4.4 s back."""
SEALS = 1 << 13
"""Blocks whose seal is kept: 11.9 s at 44.1 kHz."""
RING_BLOCKS = 256
"""More than the lookahead for the largest period, 8,192 frames."""
PROGRAMS = 64
"""Programs kept: as many swaps can lie between a checkpoint and a double death."""
PROGRAM_BYTES = 2 << 20
ARENA_BYTES = 512 << 20
HANDLES = 512
"""Places for module instances; an instance's handle is its place, its incarnation tells it from those before."""

# ---------------------------------------------------------------- the board: int64 words, one cache line each

LINE = 8
"""int64 words in a cache line: a hot word has one to itself."""
OUT_TABLE = 1024
"""First word of a row a handle: who is taken out there. The supervisor writes it; see memory/quarantine.py."""
OUT_WORDS = 4
O_INCARNATION, O_BLOCK, O_HOW = range(3)
COSTS = OUT_TABLE + HANDLES * OUT_WORDS
"""From here on a word a handle for slot 0, then for slot 1: nanoseconds that the module's last blocks took."""
WORDS = COSTS + HANDLES * SLOTS


def _lines(*names: str) -> dict[str, int]:
    return {name: k * LINE for k, name in enumerate(names)}


_BOARD = _lines(
    # control writes
    "TAIL",  # entries published in the log
    "PROGRAM",  # number of the newest program laid out
    "COMMAND",  # number of the last command published
    "SCHEDULED",  # frame up to which lanes are scheduled
    "PERFORMED",  # commands of any kind, those that were refused among them
    "NOTES_LATE",  # notes left out because their frame had passed
    "RECOMMITTED",  # jobs that were said again for a later moment
    "OSC_DROPPED",  # packets and messages that came to nothing
    "TURNED_AWAY",  # clients that were not let in
    # the supervisor writes
    "RATE",  # Hz
    "LOOKAHEAD",  # blocks rendered ahead of the callback
    "STOPPING",  # 1: the host fades out; 2: workers end
    "STATE0",  # a slot: 0 down, 1 starting, 2 playing
    "STATE1",
    "STARTED",  # workers started in all: who is late may be somebody else than a moment ago
    "PREFERRED",  # 1 + slot that is to be heard from the next block on that it holds, 0: none
    # the audio host writes
    "HEARD",  # frames consumed by the device: the clock
    "ACTIVE",  # the slot that is heard
    "PERIODS",  # callbacks
    "LARGEST",  # frames of the largest period asked for
    "MISSING",  # blocks that neither ring had when they were due
    "SILENT",  # frames of silence sent in their place
    "SWITCHES",  # changes of the active slot
    "BORROWED",  # blocks taken from the other slot while the active one lives but is late
    "LATE0",  # times that a block was due and not there, while the slot played
    "LATE1",
    "REPEATED",  # blocks heard twice (always 0: the callback knows no way to)
    "FADED",  # 1: the final fade is over
    "STALLS",  # times the device was not served in time
    # worker of slot 0 / slot 1
    "BLOCK0",  # next block to render: all before it are in the ring
    "BLOCK1",
    "CURSOR0",  # log entries read
    "CURSOR1",
    "PREPARED0",  # newest program resolved to addresses
    "PREPARED1",
    "WANT0",  # 1: slot 0 asks slot 1 for a snapshot; the survivor sets it to 2 when it is laid down, the supervisor to 0 at a death
    "WANT1",
    "KEPT0",  # bytes that its bound programs take
    "KEPT1",
    "NANOSECONDS0",  # processor time spent rendering, a smooth mean of one block
    "NANOSECONDS1",
    "WORST0",  # the longest block, ns from its beginning to its end
    "WORST1",
    "CULPRIT0",  # 1 + handle of the module being rendered, 0 between kernels
    "CULPRIT1",
    "GUARDED0",  # pieces silenced because a module yielded NaN or Inf
    "GUARDED1",
    "GUARDED_HANDLE0",  # 1 + handle of the last such module
    "GUARDED_HANDLE1",
    "REFUSED0",  # batches refused because they came too late
    "REFUSED1",
    "STALE0",  # times the slot found itself overtaken
    "STALE1",
    # the standby writes
    "CHECKPOINT0",  # block at which the arena in place 0 goes on; 0 while there is none, or while it is written
    "CHECKPOINT1",
    # the supervisor writes
    "DIVERGENCES",  # blocks on which the two slots did not agree
    "DEAF",  # the longest that the supervisor was busy and heard nothing, ns
    "RESTORE0",  # what a slot that finds nobody playing goes back to: 0 the newest checkpoint, 1 the one before, 2 nothing
    "RESTORE1",
    "CONVICTIONS",  # modules taken out and entries passed over, ever
    "PASSED_OVER",  # the whole line: numbers of up to 8 entries that are not taken in, 0: none
    # worker of slot 0 / slot 1
    "ENTRY0",  # number of the log entry that is being taken in, 0 between them
    "ENTRY1",
)
assert len(_BOARD) * LINE <= OUT_TABLE
globals().update(_BOARD)
TAIL: int
PROGRAM: int
COMMAND: int
SCHEDULED: int
PERFORMED: int
NOTES_LATE: int
RECOMMITTED: int
OSC_DROPPED: int
TURNED_AWAY: int
RATE: int
LOOKAHEAD: int
STOPPING: int
STATE0: int
STARTED: int
PREFERRED: int
HEARD: int
ACTIVE: int
PERIODS: int
LARGEST: int
MISSING: int
SILENT: int
SWITCHES: int
BORROWED: int
LATE0: int
REPEATED: int
FADED: int
STALLS: int
BLOCK0: int
CURSOR0: int
PREPARED0: int
WANT0: int
KEPT0: int
NANOSECONDS0: int
WORST0: int
CULPRIT0: int
GUARDED0: int
GUARDED_HANDLE0: int
REFUSED0: int
STALE0: int
CHECKPOINT0: int
DIVERGENCES: int
DEAF: int
RESTORE0: int
CONVICTIONS: int
PASSED_OVER: int
ENTRY0: int
"""A slot's word is NAME0 + slot * LINE."""

DOWN, STARTING, PLAYING = 0, 1, 2
WANTED, LAID_DOWN = 1, 2

# ---------------------------------------------------------------- regions, in bytes

_PAGE = 4096
_POPULATE_WRITE = 23  # Linux 5.14; Python's mmap has no name for it
BOARD = 0
LOG = WORDS * 8
SEAL = LOG + LOG_ENTRIES * 64
RINGS = SEAL + SEALS * 8
RING_HEAD = 8
"""int64 words before the samples of a ring's block: NUMBER (block number + 1, written last), CHECKSUM, ARENA_CHECKSUM."""
RING_STRIDE = RING_HEAD * 8 + BLOCK * CHANNELS * 4
RING_BYTES = RING_BLOCKS * RING_STRIDE
PROGRAM_AREA = -(-(RINGS + SLOTS * RING_BYTES) // _PAGE) * _PAGE
ARENAS = PROGRAM_AREA + PROGRAMS * PROGRAM_BYTES
CHECKPOINTS = ARENAS + SLOTS * ARENA_BYTES
"""Two places, written in turn, for what an arena was about a second ago."""
TAPS = CHECKPOINTS + 2 * ARENA_BYTES
"""What is kept of each module's sound for those who look at it: see graph/tapping.py."""

# ---------------------------------------------------------------- the taps, in bytes

TAP_ROWS = 1 << 12
"""Blocks of whose sound the extent and the power are kept: 5.9 s at 44.1 kHz."""
TAP_ROW_WORDS = 3
"""A row's words: its block + 1, written last; then four float32: T_LOW, T_HIGH, T_POWER, T_GAIN."""
T_LOW, T_HIGH, T_POWER, T_GAIN = range(2, 6)
"""The lowest and the highest sample; the sum of all squares, over the sides; the lowest gain of its limiter, 1 if it has none."""
TAP_BLOCKS, MASTER_BLOCKS = 1 << 9, 1 << 12
"""Blocks of which every sample is kept: of a module 0.74 s at 44.1 kHz, of what is heard 5.9 s."""
TAP_PLANES = TAP_ROWS * TAP_ROW_WORDS * 8
TAP_PLANE = TAP_BLOCKS * BLOCK * 4
"""Behind the rows: a plane of float32 for the left side, or for all voices added up, and one for the right side."""
TAP_BYTES = TAP_PLANES + CHANNELS * TAP_PLANE
MASTER_TAP = TAPS + HANDLES * TAP_BYTES
"""The planes of what is heard."""
MASTER_PLANE = MASTER_BLOCKS * BLOCK * 4
SIZE = MASTER_TAP + CHANNELS * MASTER_PLANE

# ---------------------------------------------------------------- an arena, in bytes from its start

LANES = 256
CABLES = 4096
PENDING = 1 << 16
"""Entries that can wait for their frame. At most half of them can still do anything: control schedules no farther ahead."""

# words of the arena's head
A_BLOCK, A_CURSOR, A_PROGRAM, A_PENDING, A_USED, A_PANIC, A_GUARDED, A_GUARDED_HANDLE, A_REFUSED, A_DROPPED = range(10)
HEAD_WORDS = 64
HANDLE_WORDS = 9
H_INCARNATION, H_BIRTH, H_REGION, H_PARAMS, H_VOICES, H_PARAM_COUNT, H_UNWELL, H_GUARDED, H_HELD = range(9)
"""A handle's words; region and params are bytes from the arena's start, params is where the parameter records begin. H_UNWELL rises
while the module yields what cannot be sound, falls while it is well, and is MUTED from a second of it on; H_GUARDED counts the pieces.
H_HELD: its gate is held by hand."""
MUTED = -1
LANE_WORDS = 2  # generation, spare
CABLE_WORDS = 8
C_INCARNATION, C_BIRTH, C_START, C_FRAMES, C_FROM, C_TO = range(6)
"""A cable's words: its gain moves from C_FROM to C_TO (float64) in C_FRAMES frames from frame C_START on."""
HANDLE_TABLE = HEAD_WORDS * 8
LANE_TABLE = HANDLE_TABLE + HANDLES * HANDLE_WORDS * 8
CABLE_TABLE = LANE_TABLE + LANES * LANE_WORDS * 8
PENDING_TABLE = -(-(CABLE_TABLE + CABLES * CABLE_WORDS * 8) // _PAGE) * _PAGE
INSTANCES = PENDING_TABLE + PENDING * 64

# ---------------------------------------------------------------- an instance's region, in bytes from its start

NOTE_WORDS = 8
"""float64 a voice: gate (0 or 1), pitch (Hz, 0: the module's own freq), velocity, accent, glide, note id,
frame of the last change, edge (1: a note begins while the gate is on)."""
N_GATE, N_PITCH, N_VELOCITY, N_ACCENT, N_GLIDE, N_ID, N_SINCE, N_EDGE = range(8)
PARAM_WORDS = 32
"""float64 a parameter: it moves from P_FROM to P_TO in P_FRAMES frames from frame P_START on, where it stood at P_WAS. Over that lie two
layers: what its own lane says of it, and over this one the locks of notes. With these, it stays at P_REST from frame P_UNTIL on."""
P_FROM, P_TO, P_START, P_FRAMES, P_SHAPE, P_CURVE, P_WAS, P_UNTIL, P_REST = range(9)
P_TURNS, P_BEND, P_BENT, P_KEY = range(9, 13)
"""Of a wave: the turns that are over at P_START, of which each takes P_FRAMES frames; for P_BENT frames they come faster, by P_BEND turns
in the first of them; its chances are drawn from P_KEY. P_WAS is NaN where it is not joined."""
P_AUTOMATED, P_LOCKED = 14, 23
LAYER_WORDS = 9
"""From P_AUTOMATED and P_LOCKED on: from frame L_START to L_UNTIL it covers what lies under it. It moves from L_FROM to L_TO in L_FRAMES
frames; in L_JOIN frames it is joined from where that stood, L_WAS, and goes back. L_OWNER is 1 + the lane that laid it, 0: none
ever did; L_NOTE is the note."""
L_FROM, L_TO, L_START, L_FRAMES, L_WAS, L_JOIN, L_UNTIL, L_OWNER, L_NOTE = range(LAYER_WORDS)
ENDLESS = 2.0**62
"""The frame at which a layer ends that has no end yet."""
SMOOTH, STRAIGHT, JOINING = 0, 1, 2
"""Shapes of a ramp: an S-curve for jumps that were typed, a straight line for sweeps, and one that is joined from elsewhere."""
WAVING = 3
"""A wave of the shape that is so much less: they are numbered as in rack/waves.py."""
RAMP = 512
"""Frames that a typed jump takes, and joining a straight line."""


def instance_bytes(voices: int, params: int, state: int, lanes: int, memory: int) -> tuple[int, int, int, int]:
    """(params, state, memory, size): offsets inside a region, which begins with its notes. Multiples of 64 bytes."""

    def up(n: int) -> int:
        return -(-n // 64) * 64

    at_params = up(voices * NOTE_WORDS * 8)
    at_state = at_params + up(params * PARAM_WORDS * 8)
    at_memory = at_state + up(state * lanes * 8)
    return at_params, at_state, at_memory, at_memory + up(memory * lanes * 4)


# ---------------------------------------------------------------- making and opening


def create() -> int:
    """A new memory, all zero, as a descriptor. The one place that would differ on macOS."""
    descriptor = os.memfd_create("chronus", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, SIZE)
    return descriptor


def read_only(descriptor: int) -> int:
    """Opens the memory again so that nobody can write to it with the new descriptor. The one place that would differ on macOS, again."""
    return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)


class Memory:
    """One process's view of the shared memory."""

    def __init__(self, descriptor: int | None = None, *, writes: bool = True) -> None:
        """Without a descriptor: memory of this process alone (offline rendering). `writes` False: only to look into."""
        if descriptor is None:
            self.map = mmap.mmap(-1, TAPS)  # nobody looks at it
        else:
            self.map = mmap.mmap(descriptor, SIZE, prot=mmap.PROT_READ | (mmap.PROT_WRITE if writes else 0))
        self.bytes = np.frombuffer(self.map, np.uint8)
        self.board = self.region(BOARD, WORDS * 8)
        self.log = self.region(LOG, LOG_ENTRIES * 64).reshape(LOG_ENTRIES, 8)
        self.seals = self.region(SEAL, SEALS * 8)
        if descriptor is not None and writes:
            self.touch(0, PROGRAM_AREA)

    def region(self, offset: int, size: int) -> np.ndarray:
        """int64 words of a stretch of bytes."""
        return self.bytes[offset : offset + size].view(np.int64)

    def touch(self, offset: int, size: int) -> None:
        """Has the system lay these bytes under this process now: whoever renders or plays is not to wait for a page."""
        start = offset // _PAGE * _PAGE
        try:
            self.map.madvise(_POPULATE_WRITE, start, offset + size - start)
        except OSError:  # a system that knows no such advice: a look at each page does as much
            self.bytes[start : offset + size : _PAGE].sum()

    def program(self, number: int) -> np.ndarray:
        return self.region(PROGRAM_AREA + number % PROGRAMS * PROGRAM_BYTES, PROGRAM_BYTES)

    def ring(self, slot: int) -> np.ndarray:
        return self.region(RINGS + slot * RING_BYTES, RING_BYTES)

    def arena(self, slot: int) -> np.ndarray:
        return self.region(ARENAS + slot * ARENA_BYTES, ARENA_BYTES)

    def checkpoints(self) -> np.ndarray:
        return self.region(CHECKPOINTS, 2 * ARENA_BYTES).reshape(2, ARENA_BYTES // 8)

    def word(self, name: int, slot: int = 0) -> int:
        return int(self.board[name + slot * LINE])
