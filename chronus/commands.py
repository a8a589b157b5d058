"""Declares the commands and replies that a client and the engine send each other.

A command says what a line means, before anything is known of the rack: names are still words, numbers still carry the unit
they were typed with. `language` turns lines into commands, `rack` and `conductor` give them their meaning, `wire` carries them.

The bounds here are those of the wire: no shell sends a value outside them, and no reader accepts one.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, get_args

from msgspec import Meta, Struct

from chronus.charts import canvas
from chronus.pattern.lane import MOST_STEPS, LaneOptions, Pattern, Share
from chronus.units import LONGEST as LONGEST
from chronus.units import File as File
from chronus.units import Length as Length
from chronus.units import Quantity as Quantity
from chronus.units import Relative as Relative
from chronus.units import Sweep as Sweep
from chronus.units import Value as Value
from chronus.units import Wave as Wave
from chronus.units import Word as Word

MOST_COUNTED = 9999
"""Steps of undo at once; bars or beats of a time."""
FURTHEST = 10**9
"""The last bar or loop that can be asked for."""
MODULES = 256
"""Modules of a rack, `out` among them."""
MOST_INSIDE = 4096
"""Commands of a script that is opened."""
RESERVED = ("at", "now", "over", "fade")
"""No names, and no plain words."""
LONGEST_LINE = 8192
"""Characters of a line, as typed and written out."""
LONGEST_SCRIPT = 1 << 20
"""Bytes."""
LONGEST_NOTE = LONGEST / 1000
"""Seconds, or whole notes."""

Counted = Annotated[int, Meta(ge=1, le=MOST_COUNTED)]

# ---------------------------------------------------------------- times


class When(Struct, frozen=True):
    """now · at next bar · at next beat · at 8 bars (the next bar line divisible by 8) · at bar 17 · in 4 bars (after the next bar line)."""

    kind: Literal["now", "next", "every", "bar", "in"]
    count: Annotated[int, Meta(ge=1, le=FURTHEST)] = 1
    unit: Literal["bar", "beat"] = "bar"


# ---------------------------------------------------------------- commands


class Port(Struct, frozen=True):
    """`name` or `name.port`."""

    name: str
    port: str = ""


class Change(Struct, frozen=True):
    """`module` is "" for what belongs to the whole: bpm, swing, volume, key, seed."""

    module: str
    param: str
    value: Value


InAScript = Literal["done", "passed over", "refused"]


class Command(Struct, frozen=True, kw_only=True, tag=str.lower):
    """`when` is None where nothing was typed: then the command's own default holds. `lasts`: so long, and then it is as it was.

    The class variables are what each kind of command says of itself, once, for all who ask. They are in no message and no journal.
    """

    when: When | None = None
    over: Length | None = None
    lasts: Length | None = None

    asks: ClassVar[bool] = False
    """Changes nothing: neither the rack nor what plays."""
    elsewhere: ClassVar[bool] = False
    """Its work is done outside of the rack: by the shell, the server or the supervisor."""
    local: ClassVar[bool] = False
    """A shell answers it, from what it knows of the engine."""
    alone: ClassVar[bool] = False
    """Shares no part of a submission with others: it is about the client's time, about processes or files."""
    may_move: ClassVar[bool] = False
    """May take a length `over` which a value moves."""
    may_last: ClassVar[bool] = False
    """May be said `for` a length, after which it is as it was."""
    at_next_bar: ClassVar[bool] = False
    """Without a time it takes hold at the next bar. It is performed at once, and told its time beforehand."""
    act: ClassVar[Literal["", "play", "stop", "panic"]] = ""
    """What it does to the transport."""
    is_step: ClassVar[bool] = True
    """`undo` can take it back."""
    of_the_present: ClassVar[bool] = False
    """Is about what is heard now, also while an opened rack waits for its bar line."""
    of_all: ClassVar[bool] = False
    """Is about more than a module or two: taking it back would take back much of the music."""
    withdraws: ClassVar[bool] = False
    """Puts an end to all that waits for its time."""
    in_a_script: ClassVar[InAScript] = "done"
    """What becomes of it in a script that is opened, whose commands make a rack all at once."""

    @property
    def waits_for_bar(self) -> bool:
        """Whether it is put off to the next bar where no time was typed, and performed there."""
        return False

    @property
    def tells_lanes(self) -> bool:
        """Whether it is performed at once, and lanes are told beforehand when it takes hold."""
        return self.at_next_bar


class Question(Command, frozen=True, kw_only=True):
    measures: ClassVar[bool] = False
    """Takes a millisecond or two to be answered: others are not to wait for several of them."""

    asks = True
    in_a_script: ClassVar[InAScript] = "passed over"  # there is nobody to be answered


class Transport(Command, frozen=True, kw_only=True):
    of_the_present = True
    in_a_script = "refused"


class ByHand(Command, frozen=True, kw_only=True):
    """A hand on a module: it is played as well, not only written down in the rack."""

    name: str

    is_step = False


class OfLanes(Command, frozen=True, kw_only=True):
    """Sets something that a lane is: `makes` is the field of the lane, and what it becomes."""

    names: tuple[str, ...] = ()

    makes: ClassVar[tuple[str, bool]]
    may_last = at_next_bar = True


class OfPace(Command, frozen=True, kw_only=True):
    """Lets all lanes go at a `pace` of the rack, or at the normal one again."""

    on: bool = True

    pace: ClassVar[str]
    may_last = at_next_bar = True


class Load(Command, frozen=True, kw_only=True):
    kind: str
    name: str = ""
    params: tuple[Change, ...] = ()


class Insert(Load, frozen=True, kw_only=True):
    """A new module at the end of the chain of `on`; on `out`, between all that comes and `out`."""

    on: str


class Unload(Command, frozen=True, kw_only=True):
    name: str


class Patch(Command, frozen=True, kw_only=True):
    """A > B > C: cables from each to the next; `amount` is of the last one: how far it moves a parameter, or the gain of a sound."""

    chain: tuple[Port, ...]
    amount: Quantity | None = None


class Unpatch(Command, frozen=True, kw_only=True):
    """A > B takes that cable away; a chain of one takes all that leave A."""

    chain: tuple[Port, ...]


class Set(Command, frozen=True, kw_only=True):
    changes: tuple[Change, ...]

    may_move = may_last = True


class Sequence(Command, frozen=True, kw_only=True):
    """`text` is the pattern as typed, `pattern` what it means."""

    name: str
    text: str
    pattern: Pattern
    options: LaneOptions = LaneOptions()

    may_last = at_next_bar = True


class OfALine(Command, frozen=True, kw_only=True):
    """Makes another line of a lane: performed, it is a Sequence, and that is what is kept of it."""

    name: str

    may_last = at_next_bar = True
    in_a_script = "refused"


class Vary(OfALine, frozen=True, kw_only=True):
    """`amount` 0 is the line itself; each seed gives another variation."""

    amount: Annotated[float, Meta(ge=0, le=1)] = 0.5
    seed: Annotated[int, Meta(ge=0, le=999_999_999)] = 0


class Answer(OfALine, frozen=True, kw_only=True):
    """The line, and as much again that answers where it rests."""

    seed: Annotated[int, Meta(ge=0, le=999_999_999)] = 0


class Shift(OfALine, frozen=True, kw_only=True):
    """The whole line so many steps later in its loop, or earlier."""

    steps: Annotated[int, Meta(ge=-MOST_STEPS, le=MOST_STEPS)] = 1


class Rotate(OfALine, frozen=True, kw_only=True):
    """The same, written out: what falls out at one end of the line comes in at the other."""

    steps: Annotated[int, Meta(ge=-MOST_STEPS, le=MOST_STEPS)] = 1


class Reverse(OfALine, frozen=True, kw_only=True):
    """The last step first."""


class Clear(Command, frozen=True, kw_only=True):
    """Takes a lane away, or a scene, or the song: `what` says which."""

    name: str = ""
    what: Literal["", "scene", "song"] = ""

    may_last = at_next_bar = True

    @property
    def tells_lanes(self) -> bool:
        return not self.what


class Mute(OfLanes, frozen=True, kw_only=True):
    names: tuple[str, ...]

    makes = ("muted", True)


class Unmute(OfLanes, frozen=True, kw_only=True):
    """No names: all of them."""

    makes = ("muted", False)


class Solo(OfLanes, frozen=True, kw_only=True):
    names: tuple[str, ...]

    makes = ("solo", True)


class Unsolo(OfLanes, frozen=True, kw_only=True):
    """No names: all of them."""

    makes = ("solo", False)


class ScenePart(Struct, frozen=True):
    """A value that a scene sets; `over`: it moves there for so long."""

    change: Change
    over: Length | None = None


class Scene(Command, frozen=True, kw_only=True):
    """Lets a scene be heard; or, where it `defines` one, says what it is: which lanes are heard, and what is set.

    `everything`: the lanes that are heard now.
    """

    name: str
    defines: bool = False
    lanes: Annotated[tuple[str, ...], Meta(max_length=MOST_INSIDE)] = ()
    parts: Annotated[tuple[ScenePart, ...], Meta(max_length=MOST_INSIDE)] = ()
    everything: bool = False

    may_last = True

    @property
    def waits_for_bar(self) -> bool:
        return not self.defines


class Halftime(OfPace, frozen=True, kw_only=True):
    pace = "half"


class Doubletime(OfPace, frozen=True, kw_only=True):
    pace = "double"


class Song(Command, frozen=True, kw_only=True):
    """Scenes in order, each with its bars, played from the next bar on; without any, the song that there is begins again.

    `turn` does something else with the song that there is: it stops it, or says whether it begins again at its end.
    """

    sections: Annotated[tuple[tuple[str, Counted], ...], Meta(max_length=MOST_INSIDE)] = ()
    loop: bool = False
    turn: Literal["", "stop", "loop on", "loop off"] = ""

    @property
    def waits_for_bar(self) -> bool:
        return not self.turn


class Goto(Command, frozen=True, kw_only=True):
    """Lets the song go on at one of its bars, counted from 1, or where a scene begins."""

    bar: Annotated[int, Meta(ge=0, le=FURTHEST)] = 0
    scene: str = ""

    @property
    def waits_for_bar(self) -> bool:
        return True


class Fill(Command, frozen=True, kw_only=True):
    on: bool

    may_last = True

    @property
    def waits_for_bar(self) -> bool:
        return True


class Every(Command, frozen=True, kw_only=True):
    """The last bar of every so many is a fill; 0: none is."""

    bars: Annotated[int, Meta(ge=0, le=MOST_COUNTED)]


class Gate(ByHand, frozen=True, kw_only=True):
    on: bool


class Note(ByHand, frozen=True, kw_only=True):
    """`length` is a share of a whole note, or seconds where `length_unit` says "s"."""

    pitch: Annotated[float, Meta(ge=0, le=127)]
    velocity: Annotated[float, Meta(ge=0, le=1)] = 0.8
    length: Annotated[float, Meta(gt=0, le=LONGEST_NOTE)] = 0.125
    length_unit: Literal["whole", "s"] = "whole"


class Arp(Command, frozen=True, kw_only=True):
    """The arpeggiator of a module; `order` "off" takes it away. `rate` is a share of a whole note."""

    name: str
    order: Literal["up", "down", "updown", "order", "played", "random", "chord", "off"]
    oct: Annotated[int, Meta(ge=1, le=4)] = 1
    rate: Share = (1, 16)
    latch: bool = False

    at_next_bar = True


class Play(Transport, frozen=True, kw_only=True):
    act = "play"


class Stop(Transport, frozen=True, kw_only=True):
    act = "stop"


class Panic(Transport, frozen=True, kw_only=True):
    act = "panic"
    withdraws = True


class Save(Command, frozen=True, kw_only=True):
    name: str

    elsewhere = alone = True
    in_a_script = "refused"


class Export(Save, frozen=True, kw_only=True):
    """What the lanes play, so many bars of it, as a MIDI file."""

    bars: Annotated[int, Meta(ge=1, le=999)] = 8


class Record(Command, frozen=True, kw_only=True):
    """Writes what is heard into a file, from now or a later time on; or, where it says `stop`, ends that."""

    name: Annotated[str, Meta(max_length=64)] = ""
    stems: bool = False
    stop: bool = False

    elsewhere = alone = True
    in_a_script = "refused"


class Keep(Command, frozen=True, kw_only=True):
    """Writes what was just heard into a file: so many whole bars, or seconds."""

    length: Length
    name: Annotated[str, Meta(max_length=64)] = ""
    stems: bool = False

    elsewhere = alone = True
    in_a_script = "refused"


class Import(Command, frozen=True, kw_only=True):
    """Lanes of a MIDI file. `parts`: what plays what, as typed: (name, "36" or "ch2"); `bars` 0 is all of them.

    `lanes` are what that comes to, already read, `lines` the lines that make them, `told` what is to be said of them; `bpm` is the tempo
    that is asked for, or 0.
    """

    name: Annotated[str, Meta(max_length=LONGEST_LINE)]
    parts: Annotated[tuple[tuple[str, str], ...], Meta(max_length=256)] = ()
    bars: Annotated[int, Meta(ge=0, le=999)] = 0
    tempo: bool = False
    lanes: Annotated[tuple[Sequence, ...], Meta(max_length=256)] = ()
    lines: Annotated[tuple[str, ...], Meta(max_length=256)] = ()
    told: Annotated[tuple[str, ...], Meta(max_length=512)] = ()
    bpm: Annotated[float, Meta(ge=0, le=1e9)] = 0.0

    at_next_bar = of_all = True
    in_a_script = "refused"


class Open(Command, frozen=True, kw_only=True):
    """`commands` is what the file says, already parsed; `places` the line and column where each of them begins in it."""

    name: str
    commands: Annotated[tuple[Plain | Say, ...], Meta(max_length=MOST_INSIDE)] = ()
    places: Annotated[tuple[tuple[int, int], ...], Meta(max_length=MOST_INSIDE)] = ()

    of_all = withdraws = True
    in_a_script = "refused"

    def told(self, k: int, message: str) -> str:
        """What is said of the command in place `k`, with where it is found: `song, 3:1: ...`."""
        return f"{self.name}, {self.places[k][0]}:{self.places[k][1]}: {message}" if k < len(self.places) else message


class New(Command, frozen=True, kw_only=True):
    of_all = withdraws = True


class Undo(Command, frozen=True, kw_only=True):
    """Takes `steps` back; or brings the rack back as it was after the step `to`, or as it was heard so long `ago`.

    Such a return is a step itself.
    """

    steps: Counted = 1
    to: Annotated[int, Meta(ge=0, le=FURTHEST)] | None = None
    ago: Length | None = None

    is_step = False
    of_the_present = of_all = True
    in_a_script = "refused"

    @property
    def jumps(self) -> bool:
        return self.to is not None or self.ago is not None


class Redo(Command, frozen=True, kw_only=True):
    steps: Counted = 1

    is_step = False
    of_the_present = of_all = True
    in_a_script = "refused"


class Diff(Question, frozen=True, kw_only=True):
    """What turns the rack after one step into that after another, or into the present one; without an id, what the last step changed."""

    first: Annotated[int, Meta(ge=0, le=FURTHEST)] | None = None
    second: Annotated[int, Meta(ge=0, le=FURTHEST)] | None = None


class Claim(Command, frozen=True, kw_only=True):
    """Holds a module for its author, so that nobody else changes it: for so many bars, or 0 until it is released or its holder goes.

    Without a name it asks which are held.
    """

    name: str = ""
    bars: Annotated[int, Meta(ge=0, le=MOST_COUNTED)] = 0

    is_step = False
    of_the_present = True
    in_a_script = "refused"

    @property
    def asks(self) -> bool:  # type: ignore[override]
        return not self.name


class Release(Command, frozen=True, kw_only=True):
    """Lets go of what its author holds; without a name of all."""

    name: str = ""

    is_step = False
    of_the_present = True
    in_a_script = "refused"


class History(Question, frozen=True, kw_only=True):
    """The last `most` steps, of everybody or of one author."""

    most: Counted = 20
    author: Annotated[str, Meta(max_length=32)] = ""


class List(Question, frozen=True, kw_only=True):
    """`genre` is of the patterns that come with Chronus: one genre, or one pattern."""

    what: Literal["modules", "lanes", "patches", "patterns", "scenes", "devices", ""] = ""
    genre: Annotated[str, Meta(max_length=64)] = ""


class Drawn(Question, frozen=True, kw_only=True):
    """A question that is answered by a picture. `width`: the columns there are for it, 0 where nobody knows; `glyphs`: of what it is
    drawn. The shell says both."""

    width: Annotated[int, Meta(ge=0, le=MOST_COUNTED)] = 0
    glyphs: canvas.Glyphs = "ascii"


class Show(Drawn, frozen=True, kw_only=True):
    """`name` "" is the whole patch. `loop`: the one to draw, None where none is asked for.

    `what`: all lanes over a bar, a scene, the song, the script that `save` would write, or the graph of what is patched;
    this may go into a `file` (of the form `form`).
    `glance`: of the lanes only where they are and what their loops look like, as somebody asks who looks on all the time.
    """

    name: str = ""
    loop: Annotated[int, Meta(ge=0, le=FURTHEST)] | None = None
    what: Literal["", "lanes", "scene", "song", "script", "patch"] = ""
    form: Literal["", "svg", "dot"] = ""
    file: str = ""
    glance: bool = False


class Meters(Drawn, frozen=True, kw_only=True):
    """How loud modules are, and what is heard. No names: all of them."""

    names: tuple[str, ...] = ()

    measures = True


class Scope(Drawn, frozen=True, kw_only=True):
    """The last `length` of what a module puts out; without one, a few waves of it."""

    name: str = "out"
    length: Length | None = None

    measures = True


class Spectrum(Drawn, frozen=True, kw_only=True):
    """Which frequencies a module has put out just now; as a picture into `file`, if one is named."""

    name: str = "out"
    file: str = ""

    measures = True


class Why(Question, frozen=True, kw_only=True):
    """What keeps a module from being heard; without a name the first thing that keeps each that is not."""

    name: str = ""

    measures = True


class Hear(Question, frozen=True, kw_only=True):
    """The figures of what a module, or the mix, has just put out. `versus`: a module, or a reference, that it is held against.

    Without a length it is about the last two bars, or as much of them as there is. `keep`: the figures become a reference of that
    name; those of a recording, if a `file` is named.
    """

    name: str = "out"
    length: Length | None = None
    versus: str = ""
    keep: Annotated[str, Meta(max_length=64)] = ""
    file: Annotated[str, Meta(max_length=LONGEST_LINE)] = ""

    elsewhere = alone = True


class Describe(Question, frozen=True, kw_only=True):
    kind: str


class Help(Question, frozen=True, kw_only=True):
    word: str = ""

    elsewhere = local = True


class Keys(Question, frozen=True, kw_only=True):
    """Which keys the prompt has; none of them asks."""

    mode: Literal["", "vi", "emacs"] = ""

    elsewhere = local = True


class Glyphs(Question, frozen=True, kw_only=True):
    """Of what this shell draws pictures from now on; "" asks of what it does."""

    kind: Literal["", canvas.Glyphs] = ""

    elsewhere = local = True


class Tutorial(Question, frozen=True, kw_only=True):
    """The step that is due; `off`: the prompt shows none any more."""

    off: bool = False


class Status(Question, frozen=True, kw_only=True):
    """`glance`: asked by what looks on all the time, a bottom line say; what has changed is told since somebody asked without it."""

    glance: bool = False

    elsewhere = True


class Wait(Question, frozen=True, kw_only=True):
    """A length, or `until_bar` (bars count from 1)."""

    length: Length | None = None
    until_bar: Annotated[int, Meta(ge=0, le=FURTHEST)] = 0

    elsewhere = alone = True
    in_a_script = "refused"


class Sync(Question, frozen=True, kw_only=True):
    elsewhere = alone = True


class Assert(Question, frozen=True, kw_only=True):
    target: Port
    test: Literal["==", "!=", "<", "<=", ">", ">="]
    value: Quantity | Word

    in_a_script = "refused"


class Crash(Command, frozen=True, kw_only=True):
    what: Literal["active", "standby", "both", "host", "control"]

    elsewhere = alone = True
    in_a_script = "refused"


class Device(Command, frozen=True, kw_only=True):
    """Another device takes the place of the one that plays. `name` as for `--device`; "" only lists what there is."""

    name: Annotated[str, Meta(max_length=512)] = ""

    elsewhere = alone = of_the_present = True
    is_step = False
    in_a_script = "refused"


class Quit(Question, frozen=True, kw_only=True):
    elsewhere = local = alone = True


class Say(Command, frozen=True, kw_only=True):
    """Musical words, and the commands they came to, each with its line: one undo step.

    Modules and lanes that are there are kept, and so is a tempo, unless one was named (`asked`) or, before any was set,
    the song's genre tells it (`song`).
    """

    words: str
    commands: Annotated[tuple[Plain, ...], Meta(max_length=MOST_INSIDE)] = ()
    lines: Annotated[tuple[str, ...], Meta(max_length=MOST_INSIDE)] = ()
    tempo: Literal["asked", "song", ""] = ""

    def each(self) -> list[tuple[Plain, str]]:
        """The commands with their lines, however many of those came over the wire."""
        return list(zip(self.commands, (*self.lines, *[""] * len(self.commands)), strict=False))

    of_all = True


Plain = (
    Load | Insert | Unload | Patch | Unpatch | Set | Sequence | Clear | Mute | Unmute | Solo | Unsolo
    | Scene | Song | Goto | Fill | Every | Halftime | Doubletime
    | Vary | Answer | Shift | Rotate | Reverse
    | Gate | Note | Arp
    | Play | Stop | Panic | Save | Export | Record | Keep | New | Undo | Redo
    | History | Diff | Claim | Release
    | Device
    | List | Show | Meters | Scope | Spectrum | Why | Hear | Describe | Help | Glyphs | Status | Wait | Sync | Assert | Crash | Quit
    | Keys | Tutorial
)  # fmt: skip
"""Commands that carry no others: so nesting ends."""
AnyCommand = Plain | Say | Open | Import
Carrying = Say | Open | Import
"""Of these the line alone does not say all that they do: a journal keeps them whole."""

OF_LANES = tuple(kind for kind in get_args(AnyCommand) if issubclass(kind, OfLanes))
FLAGS = {kind.makes[0]: kind.__name__.lower() for kind in OF_LANES if kind.makes[1]}
"""What a lane may be besides what it plays, and the word that makes it so."""

# ---------------------------------------------------------------- the two directions


class Submission(Struct, frozen=True, tag="submission"):
    """Lines that share one musical moment. `ids` are the client's numbers of the commands, `texts` their lines, made canonical.

    `more`: the next frame goes on with it, so nothing of it is performed yet. `strict`: after the first error nothing is.
    """

    ids: tuple[int, ...]
    texts: tuple[str, ...]
    commands: tuple[AnyCommand, ...]
    more: bool = False
    strict: bool = False


class Hello(Struct, frozen=True, tag="hello"):
    """The first frame of a client: who is typing. `watch` asks for a Notice of kind "rack" whenever what is loaded changes.
    `again`: it was attached before, and lost control. `folder`: the one in which it types, where the files are that it names.
    `looks`: it only looks on. It is lent the shared memory, read-only, with the Welcome; and an engine does not go on for its sake."""

    version: int = 1
    author: Annotated[str, Meta(max_length=32, pattern=r"^[^\x00-\x1f\x7f]*\Z")] = ""
    watch: bool = False
    again: bool = False
    folder: Annotated[str, Meta(max_length=LONGEST_LINE)] = ""
    looks: bool = False


class Shutdown(Struct, frozen=True, tag="shutdown"):
    """Ends the engine, fading out. `alone`: only if no other client is attached. Answered with a Reply of id 0."""

    alone: bool = False


class Welcome(Struct, frozen=True, tag="welcome"):
    """The first frame of the engine. `engine` is as in `status`, `catalogue` is kind -> SPEC as plain data, `name` is that of the client:
    no other one that is attached has it.
    `rack` is as in a Notice of kind "rack": {"modules": {name: kind}, "bpm": 120.0}."""

    version: int
    engine: dict[str, Any]
    catalogue: dict[str, Any]
    rack: dict[str, Any]
    name: str = ""


class Reply(Struct, frozen=True, tag="reply", omit_defaults=True):
    """One a command. `lines` come before the `ok` line; `result` is their JSON form."""

    id: int
    ok: bool
    text: str = ""
    frame: int | None = None
    lines: tuple[str, ...] = ()
    result: dict[str, Any] = {}
    code: str = ""
    part: str = ""
    suggestions: tuple[str, ...] = ()


REFUSED = "refused"
"""The kind of the Notice that comes in place of the Welcome, before the engine closes the connection."""


SAID = "said"
"""The kind of the Notice of what somebody else has said."""


class Notice(Struct, frozen=True, tag="notice"):
    kind: str
    text: str
    result: dict[str, Any] = {}


FromClient = Hello | Submission | Shutdown
FromEngine = Welcome | Reply | Notice
