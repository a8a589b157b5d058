"""Declares the messages between the engine's processes: tagged structs, one JSON object a line. Opens nothing.

The rules: a line is one message of its direction, and is read strictly; a line that is torn, too long or no such message is ignored, and
nothing else is lost with it. The sender does not wait: a message for which the other end has no room is lost, and is sent again when its
content changes, or asked for again.

Where several lines end in one process their messages have different names, so that each message shows who sent it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Struct

from chronus.settings import Settings

MOST_BYTES = 1 << 20
"""The longest line."""

Victims = Literal["active", "standby", "both", "host", "control"]
"""Whom `crash` kills."""


class Message(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """What one process says to another; its name is its tag."""


# ---------------------------------------------------------------- control to the supervisor


class Remark(Message, frozen=True):
    """Something that whoever started the engine is to be told of; it comes before Serving."""

    text: str


class Serving(Message, frozen=True):
    """Clients are served."""


class End(Message, frozen=True):
    """End the engine, fading out."""


class Kill(Message, frozen=True):
    """Kill these processes: a drill."""

    what: Victims


class Prove(Message, frozen=True):
    """Try out what lies on the sheet of trials."""

    number: int


class Compile(Message, frozen=True):
    """These kernels (`saw x8`) are needed by a program that is to be laid."""

    number: int
    kernels: tuple[str, ...]


class Record(Message, frozen=True):
    """Write what is heard into `file`, a WAV, from frame `start` on up to frame `until`; 0: there is no end yet. Said again with the
    same file it moves both.

    Frames count as those of the music: each is heard `latency` frames later. `start_place` and `until_place` are the beats at which that
    is meant to be, "" where a frame is meant. `goal` is what the file is made into at its end, or the file itself; `stems`: stems are
    wanted beside it.
    """

    file: str
    start: int
    until: int = 0
    latency: int = 0
    start_place: str = ""
    until_place: str = ""
    goal: str = ""
    stems: bool = False
    bar: float = 0.0
    """How many bars of the music lay before the start, as far as it was known when it was said; -1 where none played."""


class Move(Message, frozen=True):
    """Let this device take the place of the one that plays."""

    device: str


FromControl = Remark | Serving | End | Kill | Prove | Compile | Record | Move

# ---------------------------------------------------------------- the supervisor to control


class Given(Struct, frozen=True):
    """What control is started with: descriptors, and whose engine it is. `wakes` is an eventfd a slot; `pid` is the supervisor's."""

    channel: int
    memory: int
    sheet: int
    shelf: int
    door: int
    wakes: tuple[int, ...]
    settings: Settings
    pid: int


class Process(Struct, frozen=True, forbid_unknown_fields=True):
    """How the process in one place fares. `died` says how the last one there ended, `died_at` when, in monotonic seconds."""

    role: str
    slot: int | None
    pid: int | None
    state: Literal["running", "starting", "dying", "down"]
    restarts: int
    died: str = ""
    died_at: float = 0.0


class Processes(Message, frozen=True):
    """All processes of the engine, and the device that is open with its rate in Hz; said whenever they change."""

    processes: tuple[Process, ...] = ()
    device: str = ""
    device_rate: int = 0


class Killed(Message, frozen=True):
    what: Victims
    pid: int


class NobodyKilled(Message, frozen=True):
    """Nothing was running that Kill named."""

    what: Victims


class Proved(Message, frozen=True):
    """How the process ended that tried it out: its exit code, or minus the signal; None where the trial could not be made."""

    number: int
    status: int | None


class Kernels(Message, frozen=True):
    """These kernels are there: a program may name them. `anew`: and no others."""

    kernels: tuple[str, ...]
    anew: bool = False


class Compiled(Message, frozen=True):
    """What was needed under that number is there; or why not: the kernel, a code and words."""

    number: int
    error: tuple[str, str, str] | None = None


class Making(Message, frozen=True):
    """What is being compiled now, and how much is still to come: parts that the engine cannot be without, and kernels; said whenever it
    changes."""

    jobs: tuple[str, ...] = ()
    parts: int = 0
    kernels: int = 0


class Moved(Message, frozen=True):
    """The device that was named plays, and so many seconds passed in which none did; or why it does not."""

    device: str
    why: str = ""
    stood: float = 0.0


class Notice(Message, frozen=True):
    """Passed on to every client."""

    kind: str
    text: str


class Orphaned(Message, frozen=True):
    """Whoever started the engine was gone before it was ready."""


class Recording(Message, frozen=True):
    """What became of a Record: said when it begins, twice a second, and when it is over.

    `frames` are on the disk, `missing` of them as silence, because nobody had them any more. `peak` is the largest sample. `problem`: why
    it ended early; `remark`: what could not be written beside it.
    """

    record: Record
    state: Literal["waits", "records", "encodes", "written", "failed"]
    frames: int = 0
    missing: int = 0
    peak: float = 0.0
    problem: str = ""
    remark: str = ""

    @property
    def over(self) -> bool:
        return self.state in ("written", "failed")


ToControl = (
    Recording | Processes | Killed | NobodyKilled | Proved | Kernels | Compiled | Making | Moved | Notice | Orphaned
)

# ---------------------------------------------------------------- the audio host and the supervisor


class Opened(Message, frozen=True):
    """A host has a device open: its name, its rate in Hz, and how many engine frames it may ask for in one go."""

    device: str
    rate: int
    at_once: int
    reason: str = ""
    """Why it is not the device that was wanted."""


class Unopened(Message, frozen=True):
    """A host could not open its device, and ends."""

    why: str


FromHost = Opened | Unopened


class Play(Message, frozen=True):
    """Play what you have open."""


# ---------------------------------------------------------------- the supervisor and the forkserver; descriptors travel beside what it asks


class ForkWorker(Message, frozen=True):
    """With the descriptors of the memory, a lifeline and the eventfd that wakes it."""

    number: int
    slot: int


class ForkHost(Message, frozen=True):
    """With the descriptors of the memory, a lifeline, its channel and the alarm. `device` None: whatever there is; `log`: a file's path."""

    number: int
    device: str | None
    period: int
    fall_back: bool
    log: str


class ForkRecorder(Message, frozen=True):
    """With the descriptors of the memory, a lifeline and its channel. `after`: what the one said last whose file it goes on with."""

    number: int
    engine: str
    record: Record
    after: Recording | None = None


class ForkProof(Message, frozen=True):
    """With the descriptors of the sheet of trials, a lifeline and the sheet again."""

    number: int


Fork = ForkWorker | ForkHost | ForkRecorder | ForkProof


class LoadParts(Message, frozen=True):
    """What you cannot be without is on the disk now."""


class Load(Message, frozen=True):
    """Load these kernels, where they are on the disk."""

    kernels: tuple[str, ...]


ToForkserver = Fork | LoadParts | Load


class LacksParts(Message, frozen=True):
    """What the forkserver cannot be without is not on the disk; it waits."""


class Loaded(Message, frozen=True):
    """The forkserver has these kernels now; the others are not on the disk."""

    kernels: tuple[str, ...]
    missing: tuple[str, ...] = ()


class CanFork(Message, frozen=True):
    """The forkserver has loaded what it cannot be without."""


class Forked(Message, frozen=True):
    """Who was asked for under that number lives."""

    number: int
    pid: int


class Ended(Message, frozen=True):
    """A child of the forkserver's is dead. `status`: its exit code, or minus the signal."""

    pid: int
    status: int


FromForkserver = LacksParts | Loaded | CanFork | Forked | Ended

# ---------------------------------------------------------------- the supervisor and a compiler


class Make(Message, frozen=True):
    """Put machine code on the disk: a kernel (`saw x8`), or a part of the engine (`graph`); it is answered by Made."""

    job: str


class ListAll(Message, frozen=True):
    """Write the catalogue, and say what there is to make; it is answered by Listed, or by Made with an error."""


class Relax(Message, frozen=True):
    """Take the lowest priority from now on."""


class Complete(Message, frozen=True):
    """Note on the disk that all is made."""


ToCompiler = Make | ListAll | Relax | Complete


class Listed(Message, frozen=True):
    """What the engine cannot be without, and all kernels, the likeliest first."""

    parts: tuple[str, ...]
    kernels: tuple[str, ...]


class Made(Message, frozen=True):
    """A job is done; or why it cannot be: a code and words."""

    job: str
    error: tuple[str, str] | None = None


FromCompiler = Listed | Made

# ---------------------------------------------------------------- control and a bounce, which renders a stretch of the journal again


class Bounce(Message, frozen=True):
    """Render into `goal` what was heard up to frame `until` of the music: from frame `start` on, or, where there is none, from a bar of
    that timeline on, counted from 0.
    """

    journal: str
    goal: str
    until: int
    start: int | None = None
    bar: int = 0
    timeline: int = 0
    stems: bool = False
    whole: bool = True
    """Whether `goal` itself is wanted, and not only stems beside it."""


class Progress(Message, frozen=True):
    """The share that is rendered."""

    share: float


class Bounced(Message, frozen=True):
    """The file is there. `lost`: recordings that are not what they were; in their place is silence. `stems`: of which modules."""

    start: int
    frames: int
    peak: float
    lufs: float
    lost: tuple[str, ...] = ()
    stems: tuple[str, ...] = ()


class Unbounced(Message, frozen=True):
    """There is no file: a code, and words."""

    code: str
    why: str


FromBounce = Progress | Bounced | Unbounced

# ---------------------------------------------------------------- control and the listener, which measures what was just played


class Stretch(Struct, frozen=True):
    """What a module put out from frame `start` of the music up to `until`, so many dB louder than its kernel is."""

    name: str
    start: int
    until: int
    level: float = 0.0


class Listen(Message, frozen=True):
    """Measure a stretch, and hold it against another. `out` is the handle of the module that the mix comes from, and `latency` by how many
    frames it comes later. `beat` is where a beat lies, in frames from the start, if there is a tempo.
    """

    id: int
    journal: str
    latency: int
    out: int
    what: Stretch
    versus: Stretch | None = None
    bpm: float = 0.0
    beat: float = 0.0
    reference: str = ""
    """What it is held against, in the place of a stretch."""
    keep: str = ""
    """The reference that the figures become."""
    file: str = ""
    """The recording that is measured instead."""
    source: str = ""
    """In words, what is measured."""
    tones: tuple[float, ...] = ()
    """For how long each of the twelve notes was played in it, as the lanes say."""
    called: str = ""
    """How what it is held against is called."""


class Listened(Message, frozen=True):
    """The figures as a table and as they stand in an answer. `short`: a few of them in a line."""

    id: int
    lines: tuple[str, ...]
    result: dict[str, Any]
    short: str


class Unheard(Message, frozen=True):
    """It could not be measured: a code, and words."""

    id: int
    code: str
    why: str


FromListener = Listened | Unheard

# ---------------------------------------------------------------- lines

Said = TypeVar("Said")
_encoder = msgspec.json.Encoder()


def encode(message: Message) -> bytes:
    """The line of one message."""
    return _encoder.encode(message) + b"\n"


class Lines(Generic[Said]):
    """Collects bytes as they come and gives back the messages whose lines are whole. `kind` is the union of one direction."""

    def __init__(self, kind: Any) -> None:
        self._decoder: msgspec.json.Decoder[Said] = msgspec.json.Decoder(kind)
        self._waiting = b""

    def feed(self, more: bytes) -> list[Said]:
        *lines, self._waiting = (self._waiting + more).split(b"\n")
        if len(self._waiting) > MOST_BYTES:
            self._waiting = b"\0"  # no line begins so: what is still to come of it is left out with it
        messages: list[Said] = []
        for line in lines:
            with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                messages.append(self._decoder.decode(line))
        return messages


def from_control() -> Lines[FromControl]:
    return Lines(FromControl)


def to_control() -> Lines[ToControl]:
    return Lines(ToControl)


def from_host() -> Lines[FromHost]:
    return Lines(FromHost)


def to_host() -> Lines[Play]:
    return Lines(Play)


def from_recorder() -> Lines[Recording]:
    return Lines(Recording)


def to_recorder() -> Lines[Record]:
    return Lines(Record)


def from_bounce() -> Lines[FromBounce]:
    return Lines(FromBounce)


def to_bounce() -> Lines[Bounce]:
    return Lines(Bounce)


def from_listener() -> Lines[FromListener]:
    return Lines(FromListener)


def to_listener() -> Lines[Listen]:
    return Lines(Listen)


def from_compiler() -> Lines[FromCompiler]:
    return Lines(FromCompiler)


def to_compiler() -> Lines[ToCompiler]:
    return Lines(ToCompiler)


def from_forkserver() -> Lines[FromForkserver]:
    return Lines(FromForkserver)


def to_forkserver() -> Lines[ToForkserver]:
    return Lines(ToForkserver)


def to_spare() -> Lines[Fork]:
    """From the forkserver to the child that it has forked ahead: what it is asked for, passed on."""
    return Lines(Fork)
