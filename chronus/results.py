"""Declares what the `result` of each answer has in its JSON form: a struct an answer. `chronus schema` is made of them.

Fields are added, never changed; one that is not in every answer is UNSET by default. A command that is in no row of RESULTS has no more
than what every answer may have.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from chronus import commands as c

Number = float | str
"""A value: a number in the parameter's unit; of an enum, a file or a text its words."""


class Place(Struct):
    """Counted from 1; a beat is a quarter."""

    bar: int
    beat: float


class Result(Struct, kw_only=True):
    """What every result may have. `bar` and `beat`: where it takes hold, if that is later; `until`: where it ends."""

    bar: int | UnsetType = UNSET
    beat: float | UnsetType = UNSET
    until: Place | UnsetType = UNSET
    transport: Literal["stopped"] | UnsetType = UNSET
    """The transport stands, and it is heard only once `play` is said."""
    text: str | UnsetType = UNSET
    """All of the answer's text, where that is longer than a line."""


# ---------------------------------------------------------------- what is built


class Loaded(Result, kw_only=True):
    name: str
    kind: str
    on: str | UnsetType = UNSET
    chain: list[str] | UnsetType = UNSET


class Cable(Struct, kw_only=True, rename={"leaves": "from", "enters": "to"}):
    """From an output to an input. `amount` as it is written; `auto`: Chronus laid it. In `show patch` also its ends as they are typed,
    what it carries, and whether it leads back, one block late.
    """

    source: str
    output: str
    target: str
    into: str
    amount: str | UnsetType = UNSET
    auto: bool | UnsetType = UNSET
    leaves: str | UnsetType = UNSET
    enters: str | UnsetType = UNSET
    carries: Literal["sound", "modulation", "gate", "key"] | UnsetType = UNSET
    late: bool | UnsetType = UNSET


class Unloaded(Result, kw_only=True):
    name: str
    cables: list[Cable]


class Patched(Result, kw_only=True):
    cables: list[Cable]
    loaded: list[str]


class Unpatched(Result, kw_only=True):
    """`to_out`: what is led to `out` now, since nothing else hears it."""

    removed: int
    cables: list[Cable]
    to_out: list[str]


class Changed(Struct, kw_only=True):
    """`module` is "" for what belongs to the whole."""

    module: str
    param: str
    value: Number
    was: Number


class WasSet(Result, kw_only=True):
    """One change, or several in `changes`."""

    module: str | UnsetType = UNSET
    param: str | UnsetType = UNSET
    value: Number | UnsetType = UNSET
    was: Number | UnsetType = UNSET
    changes: list[Changed] | UnsetType = UNSET


# ---------------------------------------------------------------- what is played


class Sequenced(Result, kw_only=True):
    """`loops`: after so many the lane begins anew."""

    name: str
    steps: int
    loops: int | UnsetType = UNSET


class Named(Result, kw_only=True):
    name: str


class Lanes(Result, kw_only=True):
    names: list[str]


class Paced(Result, kw_only=True):
    pace: str


class SceneMade(Result, kw_only=True):
    """`sets` is missing where the scene is played and not made."""

    name: str
    lanes: list[str]
    sets: list[str] | UnsetType = UNSET


class SongPart(Struct, kw_only=True, rename={"begin": "from"}):
    scene: str
    bars: int
    begin: int
    """The bar of the song, from 1."""


class SongMade(Result, kw_only=True):
    sections: list[SongPart]
    bars: int
    loop: bool
    stopped: bool


class Jumped(Result, kw_only=True):
    bar: int
    scene: str


class Switched(Result, kw_only=True):
    on: bool


class Filled(Result, kw_only=True):
    bars: int


class Gated(Result, kw_only=True):
    name: str
    on: bool


class Noted(Result, kw_only=True):
    name: str
    pitch: float


class Arpeggiator(Struct, kw_only=True):
    order: str
    rate: str
    oct: int
    latch: bool


class Arped(Result, kw_only=True):
    name: str
    arp: Arpeggiator | None


# ---------------------------------------------------------------- what is kept, and taken back


class Saved(Result, kw_only=True):
    file: str


class Taken(Struct, kw_only=True):
    """A file of what is or was heard. `start`: the frame of the music with which it begins. `bars` is null where none played.

    `missing` frames are silence in it, because nobody had them any more. `script` gives its frames again.
    """

    file: str
    state: Literal["waits", "records", "encodes", "written", "failed"]
    start: int
    frames: int
    seconds: float
    bars: float | None
    peak_dbfs: float
    missing: int
    script: str | UnsetType = UNSET
    problem: str | UnsetType = UNSET


class Recorded(Result, kw_only=True):
    """Of `record` the file, and where it begins; of `record stop` all that Taken has, once the file is there."""

    file: str
    state: str | UnsetType = UNSET
    start: int | UnsetType = UNSET
    frames: int | UnsetType = UNSET
    seconds: float | UnsetType = UNSET
    bars: float | UnsetType | None = UNSET
    peak_dbfs: float | UnsetType = UNSET
    missing: int | UnsetType = UNSET
    script: str | UnsetType = UNSET
    problem: str | UnsetType = UNSET


class Kept(Result, kw_only=True):
    """`state`: "renders" where the file is still to come; then there is no more than its name. `first_bar` is counted from 1."""

    file: str
    state: Literal["renders", "written"]
    script: str | UnsetType = UNSET
    start: int | UnsetType = UNSET
    frames: int | UnsetType = UNSET
    seconds: float | UnsetType = UNSET
    bars: int | UnsetType | None = UNSET
    first_bar: int | UnsetType = UNSET
    peak_dbfs: float | UnsetType = UNSET
    lufs: float | UnsetType = UNSET
    stems: list[str] | UnsetType = UNSET
    """Their files."""


class ExportedTo(Result, kw_only=True):
    """`notes`: how many each lane has."""

    file: str
    notes: dict[str, int]


class Imported(Result, kw_only=True):
    commands: list[str]
    told: list[str]


class Undone(Result, kw_only=True):
    """`undone` or `redone`: the lines of the first twenty; `of`: whose they are besides one's own. `to`: the step after which the rack was
    as it is again, 0 for the first one, with its line as `label`.
    """

    steps: int | UnsetType = UNSET
    undone: list[str] | UnsetType = UNSET
    redone: list[str] | UnsetType = UNSET
    of: list[str] | UnsetType = UNSET
    to: int | UnsetType = UNSET
    label: str | UnsetType = UNSET


class Differing(Result, kw_only=True, rename={"begins": "from"}):
    """`lines` turn the rack after step `from` into that after step `to`."""

    begins: int
    to: int
    lines: list[str]


class Held(Struct, kw_only=True):
    """`until_bar` null: until it is released, or its holder goes."""

    name: str
    holder: str
    until_bar: int | None


class ClaimMade(Result, kw_only=True):
    """Of `claim NAME` what is held now; of `claim` alone all that is."""

    name: str | UnsetType = UNSET
    until_bar: int | UnsetType | None = UNSET
    claims: list[Held] | UnsetType = UNSET


class Released(Result, kw_only=True):
    released: list[str]


class StepOfHistory(Struct, kw_only=True):
    """`state`: whether it holds, was taken back, or is still to come. Bars and beats count from 1; without music they are 0."""

    id: int
    author: str
    bar: int
    beat: float
    frame: int
    text: str
    state: Literal["done", "undone", "waits"]


class Remembered(Result, kw_only=True):
    """`steps`: how many there are of those asked for; `now`: the step that made the present rack, `redo`: the one that `redo` brings."""

    history: list[StepOfHistory]
    steps: int
    now: int
    redo: int | None


class WasSaid(Result, kw_only=True):
    commands: list[str]
    kept: list[str] | UnsetType = UNSET


# ---------------------------------------------------------------- what is asked


class Event(Struct, kw_only=True):
    """`at`, `len` in steps; `pitch` is a MIDI number, null where the module's own frequency is played."""

    at: float
    len: float
    pitch: float | None
    vel: float
    accent: bool
    glide: bool
    locks: dict[str, str]


class Said(Struct, kw_only=True):
    """`at`, `len` in steps; `value` is null where the parameter glides to the value that is played next."""

    at: float
    len: float
    value: str | None


class Playhead(Struct, kw_only=True):
    loop: int
    step: int
    of: int


class Lane(Struct, kw_only=True):
    """`events`: what `loop` plays with the present seed; or `values`: what it says of the parameter that it `moves`."""

    name: str
    pattern: str
    steps: int
    step: str
    muted: bool
    loop: int
    events: list[Event]
    moves: str | UnsetType = UNSET
    values: list[Said] | UnsetType = UNSET
    now: Playhead | UnsetType = UNSET


class Wave(Struct, kw_only=True, rename={"begin": "from"}):
    """A parameter that goes to and fro."""

    shape: str
    rate: str
    begin: Number
    to: Number
    now: Number


class Sweep(Struct, kw_only=True, rename={"begin": "from"}):
    begin: Number
    to: Number
    over: str
    done: float
    left: str


class Module(Struct, kw_only=True):
    """`level`, `pan` and `bypass` where they stand elsewhere than at their default; `taken_out`: why it is rendered no more."""

    name: str
    kind: str
    level: float | UnsetType = UNSET
    pan: float | UnsetType = UNSET
    bypass: str | UnsetType = UNSET
    gate: Literal["on", "off"] | UnsetType = UNSET
    taken_out: str | UnsetType = UNSET


class Scene(Struct, kw_only=True):
    name: str
    lanes: list[str]
    sets: list[str]


class Ready(Struct, kw_only=True):
    """A line of the library: `lines` is what plays -> pattern."""

    name: str
    about: str
    lines: dict[str, str]


class Output(Struct, kw_only=True):
    device: str
    channels: int | None
    default: bool
    in_use: bool


class Listed(Result, kw_only=True):
    modules: list[Module] | UnsetType = UNSET
    lanes: list[Lane] | UnsetType = UNSET
    scenes: list[Scene] | UnsetType = UNSET
    patches: list[str] | UnsetType = UNSET
    shipped: list[str] | UnsetType = UNSET
    about: dict[str, str] | UnsetType = UNSET
    patterns: list[Ready] | UnsetType = UNSET
    devices: list[str] | UnsetType = UNSET
    in_use: str | UnsetType = UNSET
    outputs: list[Output] | UnsetType = UNSET
    recording: Taken | UnsetType = UNSET


class SongPlace(Struct, kw_only=True):
    scene: str
    number: int
    bar: int
    bars: int


class SongNow(Struct, kw_only=True):
    """Empty where no song plays."""

    bar: int | UnsetType = UNSET
    bars: int | UnsetType = UNSET
    loop: bool | UnsetType = UNSET
    section: SongPlace | UnsetType = UNSET


class Node(Struct, kw_only=True):
    """A module of the graph. `marks`: muted, off, bypassed, taken out, leads nowhere."""

    name: str
    kind: str
    marks: list[str]


class Waiting(Struct, kw_only=True):
    """A command that was put off; `at` is "bar 17", or "play" while the transport stands."""

    text: str
    at: str
    author: str


class Shown(Result, kw_only=True):
    """A module (`kind`, `params` ...), a scene, the song, all lanes, the graph (`nodes`, `cables`), or everything (`bpm`, `modules` ...).

    `lines`: the script. `to_come`: a song that waits, and where it begins. `file`: where the graph was written to. `moved`: where
    lanes of values have its parameters now.
    """

    name: str | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    voices: int | UnsetType = UNSET
    params: dict[str, Number] | UnsetType = UNSET
    cables: list[Cable] | UnsetType = UNSET
    arp: Arpeggiator | UnsetType = UNSET
    sweeps: dict[str, Sweep] | UnsetType = UNSET
    gate: Literal["on", "off"] | UnsetType = UNSET
    taken_out: str | UnsetType = UNSET
    lane: Lane | UnsetType = UNSET
    moved: dict[str, Number] | UnsetType = UNSET
    waves: dict[str, Wave] | UnsetType = UNSET
    nodes: list[Node] | UnsetType = UNSET
    file: str | UnsetType = UNSET
    bpm: float | UnsetType = UNSET
    meter: str | UnsetType = UNSET
    swing: float | UnsetType = UNSET
    pace: str | UnsetType = UNSET
    key: str | UnsetType = UNSET
    seed: float | UnsetType = UNSET
    modules: list[Module] | UnsetType = UNSET
    lanes: list[Lane | str] | UnsetType = UNSET
    waits: list[Waiting] | UnsetType = UNSET
    sets: list[str] | UnsetType = UNSET
    sections: list[SongPart] | UnsetType = UNSET
    bars: int | UnsetType = UNSET
    loop: bool | UnsetType = UNSET
    stopped: bool | UnsetType = UNSET
    now: SongNow | UnsetType = UNSET
    to_come: str | UnsetType = UNSET
    lines: list[str] | UnsetType = UNSET


class Moved(Result, kw_only=True):
    """`stood_ms`: so long did no device play. Without a name, as `list devices`."""

    device: str | UnsetType = UNSET
    was: str | UnsetType = UNSET
    stood_ms: float | UnsetType = UNSET
    devices: list[str] | UnsetType = UNSET
    in_use: str | UnsetType = UNSET
    outputs: list[Output] | UnsetType = UNSET


class Metered(Struct, kw_only=True):
    """`rms`, `peak` and `hold` in dB, behind the module's level; null where it is silent, and `why` that is, if it is known.

    `reduction`: the most that its limiter holds it down, in dB. `short_term` in LUFS, of `out` alone.
    """

    name: str
    rms: float | None
    peak: float | None
    hold: float | None
    reduction: float | UnsetType = UNSET
    short_term: float | UnsetType | None = UNSET
    silent: bool | UnsetType = UNSET
    why: str | UnsetType = UNSET


class Meters(Result, kw_only=True):
    """`seconds`: how far rms and peak look back; hold looks back five."""

    seconds: float
    modules: list[Metered]


class Cause(Struct, kw_only=True):
    """`line` mends it; "" where only time does."""

    module: str
    what: str
    line: str


class Why(Result, kw_only=True):
    """`causes` in the order in which the sound comes to them, of a module or, with `name` "", of all; `peak` and `rms` in dB of it, or of
    the mix, in the last second; null where that was silent.
    """

    name: str
    causes: list[Cause]
    peak: float | None
    rms: float | None


class HeardBand(Struct, kw_only=True):
    """From `low` to `high` Hz: its level in dB below that of the whole, and its width: side over mid in dB. -150 is silence."""

    low: int
    high: int
    level: float
    width: float


class HeardGrid(Struct, kw_only=True):
    """How onsets lie beside the sixteenths: in ms, early below zero."""

    bpm: float
    mean: float
    spread: float
    early: int
    late: int
    on: int


class HeardNote(Struct, kw_only=True):
    at: float
    name: str
    hertz: float
    cents: float


class HeardKey(Struct, kw_only=True):
    name: str
    fit: float


class Differs(Struct, kw_only=True):
    """By how much the one is above the other; null where one of them is silent. `bands` as those of the figures."""

    integrated: float | None
    true_peak: float | None
    crest: float | None
    plr: float | None
    centroid: float | None
    density: float | None
    correlation: float | None
    mono_loss: float | None
    bands: list[float | None]


class Figures(Struct, kw_only=True):
    """Levels in dBFS, dBTP, LUFS or LU, -150 where there is none. `onsets` in seconds, `density` of them a second; `plr`: true peak over
    integrated loudness; `mono_loss`: dB that the bass loses in mono; `keys`: a guess, the likelier first.
    """

    seconds: float
    rate: int
    integrated: float
    momentary: float
    short_term: float | None
    range: float | None
    peak: float
    true_peak: float
    rms: float
    crest: float
    plr: float
    density: float
    tempo: float
    bands: list[HeardBand]
    centroid: float
    correlation: float
    mono_loss: float
    onsets: list[float]
    grid: HeardGrid | None
    notes: list[HeardNote]
    keys: list[HeardKey]
    keys_from: Literal["sound", "notes"] | UnsetType = UNSET


class Beside(Figures, kw_only=True):
    differs: Differs


class Heard(Result, kw_only=True, rename={"begins": "from"}):
    """`state`: "measures" where the figures are still to come, in a notice. The stretch begins at frame `start`; `from` and `to` are
    bar.beat. `reference` is the file of one that was kept. `versus` is what it was held against, `beside` the figures of that.
    """

    name: str
    versus: str
    state: Literal["measures", "measured"]
    start: int | UnsetType = UNSET
    frames: int | UnsetType = UNSET
    reference: str | UnsetType = UNSET
    begins: str | UnsetType = UNSET
    to: str | UnsetType = UNSET
    seconds: float | UnsetType = UNSET
    rate: int | UnsetType = UNSET
    integrated: float | UnsetType = UNSET
    momentary: float | UnsetType = UNSET
    short_term: float | UnsetType | None = UNSET
    range: float | UnsetType | None = UNSET
    peak: float | UnsetType = UNSET
    true_peak: float | UnsetType = UNSET
    rms: float | UnsetType = UNSET
    crest: float | UnsetType = UNSET
    plr: float | UnsetType = UNSET
    density: float | UnsetType = UNSET
    tempo: float | UnsetType = UNSET
    bands: list[HeardBand] | UnsetType = UNSET
    centroid: float | UnsetType = UNSET
    correlation: float | UnsetType = UNSET
    mono_loss: float | UnsetType = UNSET
    onsets: list[float] | UnsetType = UNSET
    grid: HeardGrid | UnsetType | None = UNSET
    notes: list[HeardNote] | UnsetType = UNSET
    keys: list[HeardKey] | UnsetType = UNSET
    keys_from: Literal["sound", "notes"] | UnsetType = UNSET
    """What the keys are found in: the sound, or the notes of the lanes."""
    reduction: float | UnsetType = UNSET
    """By how many dB the limiter took the mix down at its most."""
    beside: Beside | UnsetType = UNSET


class Looked(Result, kw_only=True):
    """`seconds` of what was heard, behind the module's level. `peak` in dB; null where it is silent, and `why` that is, if it is known."""

    name: str
    seconds: float
    peak: float | None
    silent: bool | UnsetType = UNSET
    why: str | UnsetType = UNSET


class Scope(Looked, kw_only=True):
    """The extent of the wave in each of at most 120 columns, up to `ago_s` ago."""

    ago_s: float
    low: list[float] | UnsetType = UNSET
    high: list[float] | UnsetType = UNSET


class Band(Struct, kw_only=True):
    """A third of an octave, by its middle; a full-scale sine is 0 dB, null is silence."""

    hz: float
    db: float | None


class Partial(Struct, kw_only=True):
    hz: float
    db: float
    note: str


class Spectrum(Looked, kw_only=True):
    """`peaks`: the loudest first. `file`: the picture that was asked for."""

    bands: list[Band] | UnsetType = UNSET
    peaks: list[Partial] | UnsetType = UNSET
    file: str | UnsetType = UNSET


class Drawing(Result, kw_only=True):
    glyphs: Literal["ascii", "block", "braille"]


class Asserted(Result, kw_only=True):
    value: Number


class Described(Result, kw_only=True):
    """`module` is the kind's SPEC, and in each of its params what is loaded is set to."""

    module: dict[str, Any]


class Usage(Struct, kw_only=True):
    usage: str
    help: str
    examples: list[str] | UnsetType = UNSET


class Helped(Result, kw_only=True):
    commands: dict[str, Usage] | UnsetType = UNSET
    groups: dict[str, list[str]] | UnsetType = UNSET
    topics: list[str] | UnsetType = UNSET
    kinds: list[str] | dict[str, str] | UnsetType = UNSET
    topic: str | UnsetType = UNSET
    lines: list[str] | UnsetType = UNSET
    chords: dict[str, list[int]] | UnsetType = UNSET
    codes: dict[str, str] | UnsetType = UNSET
    command: dict[str, Usage] | UnsetType = UNSET
    whole: dict[str, dict[str, Any]] | UnsetType = UNSET
    module: dict[str, Any] | UnsetType = UNSET


class Chosen(Result, kw_only=True):
    keys: str


class Taught(Result, kw_only=True):
    """`step` is the one that is due, from 1; `of` and one more where all are done, 0 where the tutorial is left."""

    step: int
    of: int
    done: bool
    title: str | UnsetType = UNSET
    line: str | UnsetType = UNSET


# ---------------------------------------------------------------- status


class Engine(Struct, kw_only=True):
    """`device_asked` is "" where none was asked for; `position` is bar.beat.step, "" while there is no music."""

    name: str
    pid: int
    version: str
    rate: int
    period: int
    lookahead: int
    device: str
    device_asked: str
    device_rate: int
    frame: int
    playing: bool
    meter: str
    bpm: float
    bar: int
    beat: float
    step: int
    scene: str
    position: str
    osc_port: int
    uptime_s: float
    supervisor_worst_ms: float


class Process(Struct, kw_only=True):
    """`died`: how the last one in that place ended."""

    role: str
    slot: int | None
    pid: int | None
    state: Literal["running", "starting", "dying", "down"]
    restarts: int
    cpu: float | None
    pss_mb: float | None
    died: str | UnsetType = UNSET
    died_ago_s: float | UnsetType = UNSET


class Happened(Struct, kw_only=True):
    kind: str
    text: str
    ago_s: float
    frame: int
    bar: int
    beat: float
    position: str


class Slots(Struct, kw_only=True):
    active: Literal[0, 1]
    mode: Literal["duplex", "simplex", "down"]


class Counters(Struct, kw_only=True):
    missing: int
    repeated: int
    silent: int
    switches: int
    stalls: int
    divergences: int
    borrowed: int
    late: int
    notes_late: int
    osc_dropped: int
    refused: int
    commands: int
    recommitted: int
    stale: int
    guarded: int


class Since(Struct, kw_only=True):
    """`counters`: by how much each has grown since its author asked last; `away`: who was not there then."""

    ago_s: float
    first: bool
    counters: Counters
    away: list[str]


class Compiling(Struct, kw_only=True):
    """`now`: at this moment; `parts`, without which nothing is heard, and `kernels`: how many are still to come."""

    now: list[str]
    parts: int
    kernels: int


class SlotLoad(Struct, kw_only=True):
    mean: float
    worst: float
    late: int


class Load(Struct, kw_only=True):
    mean: float
    worst: float
    slots: list[SlotLoad]


class Status(Result, kw_only=True):
    well: bool
    verdict: str
    engine: Engine
    processes: list[Process]
    happened: list[Happened]
    slots: Slots
    counters: Counters
    since: Since
    compiling: Compiling
    load: Load
    modules: int
    lanes: int
    cables: int
    taken_out: dict[str, str]
    journal: str
    recording: Taken | None
    song: SongNow


# ---------------------------------------------------------------- lines


class Ok(Struct, kw_only=True):
    """A line that answers a command. `frame`: from which on it acts; null where it acts on nothing."""

    v: int
    id: int
    ok: bool
    command: str
    frame: int | None
    result: Result
    text: str


class Error(Struct, kw_only=True):
    """`suggestions` mend the line: the first one at `column`, in place of the `length` characters there."""

    code: str
    line: int
    column: int
    message: str
    suggestions: list[str]
    length: int | UnsetType = UNSET


class Err(Struct, kw_only=True):
    v: int
    id: int
    ok: bool
    error: Error
    command: str


class Told(Struct, kw_only=True):
    """More fields, as its kind has them."""

    kind: str
    text: str


class Notice(Struct, kw_only=True):
    """A line between answers: what nobody asked for."""

    v: int
    notice: Told


# ---------------------------------------------------------------- forms that print one object


class Journal(Struct, kw_only=True):
    journal: str


class Stopped(Struct, kw_only=True):
    engine: str
    stopped: bool


class Finding(Struct, kw_only=True):
    """`remedy` is "" where none is needed."""

    ok: bool
    what: str
    found: str
    remedy: str


class Doctor(Struct, kw_only=True):
    v: int
    ok: bool
    findings: list[Finding]


class Stem(Struct, kw_only=True):
    name: str
    file: str
    peak_dbfs: float
    sha256: str


class Rendered(Struct, kw_only=True):
    frames: int
    seconds: float
    bars: float
    rate: int
    peak_dbfs: float
    lufs: float
    render_s: float
    whole_s: float
    x_realtime: float
    sha256: str
    file: str
    lost: list[str] | UnsetType = UNSET
    stems: list[Stem] | UnsetType = UNSET


class Guide(Struct, kw_only=True):
    guide: str


FORMS: dict[str, type[Struct]] = {
    "status": Status, "journal": Journal, "stop": Stopped, "doctor": Doctor, "render": Rendered, "guide": Guide,
}  # fmt: skip
"""The one object that `chronus FORM --json` prints."""

RESULTS: dict[type[c.Command], type[Result]] = {
    c.Load: Loaded,
    c.Insert: Loaded,
    c.Unload: Unloaded,
    c.Patch: Patched,
    c.Unpatch: Unpatched,
    c.Set: WasSet,
    c.Sequence: Sequenced,
    c.Vary: Sequenced,
    c.Answer: Sequenced,
    c.Shift: Sequenced,
    c.Rotate: Sequenced,
    c.Reverse: Sequenced,
    c.Clear: Named,
    c.Mute: Lanes,
    c.Unmute: Lanes,
    c.Solo: Lanes,
    c.Unsolo: Lanes,
    c.Halftime: Paced,
    c.Doubletime: Paced,
    c.Scene: SceneMade,
    c.Song: SongMade,
    c.Goto: Jumped,
    c.Fill: Switched,
    c.Every: Filled,
    c.Gate: Gated,
    c.Note: Noted,
    c.Arp: Arped,
    c.Save: Saved,
    c.Open: Named,
    c.Export: ExportedTo,
    c.Record: Recorded,
    c.Keep: Kept,
    c.Import: Imported,
    c.Undo: Undone,
    c.Redo: Undone,
    c.History: Remembered,
    c.Diff: Differing,
    c.Claim: ClaimMade,
    c.Release: Released,
    c.Say: WasSaid,
    c.List: Listed,
    c.Show: Shown,
    c.Meters: Meters,
    c.Scope: Scope,
    c.Spectrum: Spectrum,
    c.Why: Why,
    c.Hear: Heard,
    c.Glyphs: Drawing,
    c.Describe: Described,
    c.Assert: Asserted,
    c.Device: Moved,
    c.Help: Helped,
    c.Keys: Chosen,
    c.Tutorial: Taught,
    c.Status: Status,
}
