"""Explains what can be typed: the rows of the commands, topics, the codes of errors, the modules of the engine's catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from chronus import othernames, units
from chronus.catalogue import telling
from chronus.catalogue.whole import WHOLE, Text
from chronus.commands import Help
from chronus.errors import CODES, ChronusError
from chronus.language.rows import BY_GROUP, ROWS, SHORT
from chronus.language.rows.known import Catalogue
from chronus.othernames import meant
from chronus.pattern.harmony import SCALES, chords
from chronus.pattern.lane import ARPS, OPTIONS

BEGIN = "load kick; seq kick: x...x...x...x..."

GROUPS: dict[str, tuple[str, ...]] = {name: tuple(row.word for row in rows) for name, rows in BY_GROUP.items()}

TOPICS: dict[str, tuple[str, ...]] = {
    "patterns": (
        "a grid, one character a step; spaces and | are for the eye:",
        "    x hit   X accent   o ghost   1-9 velocity   . - ~ rest   _ hold",
        "    seq kick: X.........x..... | X..o......x..x..",
        "    seq hat: 9353 7353",
        "or words with spaces between: notes a1 c#2 eb3, chords a2:m7, degrees 0 2 4",
        "    seq tb303: a1 a1^ . a2~ a1 . c2^ a1@2 gate=60%",
        "or drums of a kit: bd sn cp hh oh rs tm cr rd cb pc",
        "    seq kit: [bd,hh] . hh . sn . oh .",
        "or a line that comes with Chronus (`list patterns`); or 7 hits spread over 16:",
        "    seq kick: @dnb.two_step",
        "    seq rim: euclid(7,16)",
        "directly after a step:",
        "    ^ accent   '7 velocity   ~ glide into the next   @3 length in steps",
        "    *3 three hits in the step   !4 four such steps   (3,8) three hits in 8 steps",
        "    ?30 chance, ?1:4 the first of four loops (`help chance`)",
        "    {cutoff=800} a parameter for that step, {cutoff=400..2k} a sweep in it",
        "groups and stacked lanes: `help groups`; notes, scales, arpeggios: `help melody`",
        "at the end options: every=1/8 swing=58 gate=60% (`help options`)",
        "a lane loops at its own length, from the next bar on",
    ),
    "automation": (
        "a lane of values moves a parameter, beside the lane of notes of its module:",
        "    seq filter.cutoff: 400 . 800 _ 1200 . . . every=1/4",
        "values with their units, as set takes them: 400 1.2k -6db 30% a1, or the words",
        "    of the parameter: seq filter.mode: low . high .",
        ".          leaves it where it is",
        "_          glides on to the value that is played next; 400@8 _ 2k@7 glides in one",
        "400..2k    moves within its step: 400..2k@16 within 16 of them",
        "    seq bass.cutoff: 200..3k@16 3k..200@16",
        "@4 !4 *2 ?30 ?1:4 (3,8) [ ] [ | ] < > { }%4 are as of notes",
        "    seq bass.resonance: <0.2 0.6 0.9> . 0.4? .",
        "options: every= swing= shift= len= prob= seed= fill=",
        "clear filter.cutoff: the parameter is again what is set; so it is while the lane",
        "    is muted: mute filter.cutoff, unmute filter.cutoff",
        "what `set filter.cutoff 600` says meanwhile is what it goes back to",
        "a lock of a note, {cutoff=800}, covers it for its step; a cable adds to either",
        "solo is for lanes of notes. Scenes let it go on; but where one names it, it is",
        "    heard in those that do: scene drop = kick bass filter.cutoff",
    ),
    "groups": (
        "[x x x]        one after another inside of one step",
        "    seq hat: x . [xx] . x . [xxx] .",
        "[a1,e2]        at once",
        "[a1|c2]        one of them by chance",
        "<a1 c2>        in turns, another one in each loop; turns may stand in turns",
        "    seq bass: a1 . a1 <c2 <d2 e2>>",
        "{a1 c2 e2}%4   takes 4 steps of its list, and goes on through it in the next loop",
        "    seq lead: {a2 c3 e3}%4",
        "x... , x..     lanes at once, each going round by itself",
        "    seq kit: bd . . . , hh hh , . . sn .",
        "x(5,16,2)      spreads 5 hits over 16 steps, rotated by 2 to the left",
        "    seq rim: x(5,16,2)",
        "what stands after a step may stand after a group: [a1 c2]*2 <x o>?30 [bd sn]!4",
        "the answer says after how many loops a lane begins anew: goes round in 4 loops",
    ),
    "chance": (
        "x?         in half of all loops   x?30   in 30 of a hundred",
        "x?1:4      in the first of every four loops   x?4:4   in the fourth",
        "x?fill     only while fill is on   x?nofill   only while it is off",
        "    seq snare: ....X..o....X..o?30",
        "    seq clap: ....X.......X..x?4:4",
        "[a1|c2]    one of them in each loop",
        "    seq bass: a1 . [a1|c2|e2] .",
        "prob=80%   the chance of each note of a lane",
        "fill=4     every fourth loop counts as a fill",
        "    seq kick: x...x...x...x..x?fill fill=4",
        "the same seed gives the same performance: set seed 7, or seed=7 of one lane",
        "show hat loop 3: what that loop plays",
    ),
    "melody": (
        "a note names its octave: a1 is 55 Hz, c4 is middle c; c#2, eb3",
        "a chord: a2:m7, its first inversion a2:m7/1 (`help chords`)",
        "    seq pad: <a2:m7 f2:maj7 d2:m9 e2:7>@16 voicing=lead",
        "a degree of the scale, from 0 on: 7 is an octave up, -1 below, 3# raised",
        "    key a minor: where a lane names no root= and no scale= itself",
        "    seq lead: 0 . 3 . <7 5> . [2|4] . scale=phrygian root=a3",
        "@3 and _ hold a note, ~ leads into the next one without a new gate",
        "    seq tb303: a1 a1^ . a2~ a1 . c2@2",
        "arp= breaks chords into notes: " + " ".join(ARPS),
        "    seq lead: [a2,c3,e3]@16 arp=updown oct=2",
        "note=a1 is what the x of a grid plays",
        "scales: " + " ".join(SCALES),
    ),
    "options": (
        *(f"{f'{option.name}={option.example}':<15}{option.help}" for option in OPTIONS.values()),
        "    seq hat: 9.5.7.5. every=1/32 swing=58 vel=0.8",
    ),
    "chords": (
        "a note, a colon and one of these: a2:m7. The numbers are semitones above it.",
        "*",
        "a slash says which note is the lowest: a2:m7/1 its first inversion, a2:m7/e the one with e below",
        "as many notes sound at once as the module has voices: load saw voices=4, load pad",
    ),
    "values": (
        "a number: 55   55hz   1.2k   80%   -6db   120ms   0.5s",
        "a note: a1, as its frequency   a note length: 3/16, as its time",
        "a word: on   off   or one of the parameter's own (`describe filter`)",
        'a file or a text, in quotes, where a module takes one: "kick.wav"; "" is none',
        "from where it stands: +10%   *0.5   +2st   -3db",
        "a sweep: 400..2400 over 8 bars",
        "a wave: lfo(sine, 1/2, 300..1200), to and fro until something else is set: the",
        "    shape (sine triangle saw ramp square hold random), how long a turn takes (a",
        "    note length, 4 beats; or 2 Hz), its two ends. Note lengths count from bar 1",
        "several at once: set bass.cutoff 800, bass.distortion 0.7",
    ),
    "times": (
        "at the end of any command:",
        "    now   at next bar   at next beat   at bar 17",
        "    in 4 bars: after the next bar line",
        "    at next 4 bars, or at 4 bars: the next bar line that 4 divides,",
        "    which begins bar 5, 9, 13 ...; bars count from 1",
        "and where it makes sense a length:",
        "    over 4 bars, over 500 ms: so long does a value move",
        "    for 4 bars: so long, and then it is as it was",
        "sequence, clear, mute, unmute, solo, unsolo, scene, song, goto, fill, halftime,",
        "doubletime and meter take effect at the next bar; everything else now",
        "open: at the next bar, or at once where nothing is loaded;",
        "what is said after it is about what it brings",
    ),
    "scenes": (
        "a scene says which lanes are heard, all others being muted; and what is set with that",
        "    scene drop = kick snare reese, reese.cutoff 800, bypass chorus on",
        "    scene build = hat, filter.cutoff 400..4k over 8 bars",
        "    scene all = *        what is heard now",
        "    scene gap = .        no lane at all",
        "scene drop: heard so from the next bar on; scene drop at next 4 bars, scene drop now",
        "scene drop for 4 bars: and then as it was",
        "list scenes, show scene drop; said again with = it is another one; clear scene drop",
        "a lane that is cleared or unloaded is taken out of all scenes",
        "song: intro*8 build*8 drop*16: so many bars of each, then its lanes stop; with",
        "    loop at the end it begins again. show song, goto bar 17, goto drop, song stop,",
        "    clear song",
        "    song begins it again; so does play after stop; chronus render ends with it",
        "fill on for 1 bar, every 8 bars fill: steps with ?fill are heard, ?nofill not",
    ),
    "cables": (
        "patch A > B leads from A's main output to B's main input; A.port and B.port",
        "    name others, B.param a parameter: patch lfo > filter.cutoff 2 oct",
        "a sound that leads nowhere goes to out",
        "a cable into an audio input moves it off out; `patch A > out` adds it again",
        "unpatch A > B takes that cable away, unpatch A all that leave A",
        "whatever plays notes tells them, too: A.gate, A.pitch",
        "a modulator for each voice has voices of its own: load adsr as e voices=8",
        "    patch pad.gate > e.gate; patch e.env > pad.cutoff 2 oct",
        "cables may form a circle: one of them is read one block (64 frames) late",
        "show patch draws what is patched into what; --svg NAME, --dot NAME write a file",
    ),
    "mixing": (
        "every module that puts out sound has level, pan and bypass, and they sweep",
        "and are patched like any parameter:",
        "    set snare.level -6db, hat.pan left",
        "    set pad.level off over 4 bars",
        "    patch lfo > pad.pan 0.5",
        "a cable of sound has a gain: patch snare > delay -12db (or off); said again",
        "it moves",
        "load bus as drums; patch kick > drums: a named sum",
        "insert delay on snare: behind all that the snare alone goes through",
        "insert filter on out: between all that comes, now or later, and out",
        "bypass delay on: what comes in goes past it, and it goes on unheard",
        "unload delay: what went through it alone goes on to where it led",
        "in the middle a pan changes nothing, at one side that side is 3 dB louder;",
        "of what is stereo it is a balance; what follows it is stereo, too",
        "a key (duck.key) and a parameter take a sound as it was before its level",
    ),
    "listening": (
        "meters             every module, behind its level, and out: RMS and peak of the last",
        "                   second, the peak of five; limiter, LUFS; why it is silent",
        "scope bass         a few waves of what it has just put out, near the loudest moment",
        "scope out 2 bars   the last two bars (5.9 s at most at 44.1 kHz)",
        "spectrum bass      thirds of an octave, the loudest frequencies as notes",
        "spectrum bass --png NAME   as a picture",
        "they look back: let a change be heard first (wait 1 s); out is the mix",
        "why bass           what keeps it from being heard, and the line that mends it; why: all",
        "hear 2 bars        its figures: LUFS, true peak, crest, bands, width, onsets, notes, key",
        "hear bass vs kick  of a module, beside another; vs 41: as it was behind step 41 of",
        "                   history; vs dnb, vs techno: beside a reference;",
        "                   hear save-ref mine [FILE] makes one, of what was heard or a recording",
        "glyphs braille     finer pictures; block and ascii where the terminal has no more",
        "show patch, show lanes, show kick   what is patched, what plays, what is set",
    ),
    "prompt": (
        "Tab        completes commands, modules, parameters, their words, and files",
        "Right      takes the rest of a line typed before, which is shown in grey",
        "Up, Down   go through what was typed before; Ctrl-R searches in it, and Enter",
        "           runs what it found",
        "Ctrl-X Ctrl-E opens the line in your editor (with keys vi: Esc v)",
        "Ctrl-C     takes the line back, or ends a wait; never the engine",
        "Ctrl-Z     goes back to the shell; `fg` comes back",
        "Ctrl-D     leaves; an engine that this shell started ends, unless others",
        "           are attached",
        "keys vi    gives the prompt the keys of vi, here and from now on; keys emacs",
        "several pasted lines are several commands, which share one moment",
        "chronus mcp --config, at the system's shell: how an AI agent's program plays along",
        "the bottom line: bar.beat, tempo, scene, load, and whether two workers play",
    ),
    "errors": tuple(f"{code:<11} {meaning}" for code, meaning in CODES.items()),
}


class Page(NamedTuple):
    """`result` is the JSON form of `lines`."""

    lines: list[str]
    result: dict[str, Any]


def is_known(word: str) -> bool:
    """Whether there is a page on a word whatever the catalogue has: a command, a group, a topic, an error's code, or no word."""
    word = word.lower()
    return (
        not word or SHORT.get(word, word) in ROWS or word in GROUPS or bool(_topic_named(word)) or word.upper() in CODES
    )


def page(command: Help, catalogue: Catalogue) -> Page:
    """Returns the page that is asked for; raises ChronusError with the part of the command that names nothing."""
    word = command.word.lower()
    return _word(word, catalogue) if word else _overview(catalogue)


def commands() -> list[tuple[str, str]]:
    """Returns every command and what it means in a few words."""
    return [(name, entry.meaning) for name, entry in ROWS.items()]


# ---------------------------------------------------------------- help


def _overview(catalogue: Catalogue) -> Page:
    rows = [["begin", BEGIN], *([name, " ".join(names)] for name, names in GROUPS.items())]
    rows += [["topics", " ".join(TOPICS)]]
    rows += [[name, " ".join(kinds)] for name, kinds in categories(catalogue).items()]
    rows += [["help WORD", "a command, a module, a topic, a code; or a word of the left column"]]
    listed = {name: {"usage": entry.usage, "help": entry.meaning} for name, entry in ROWS.items()}
    groups = {name: list(names) for name, names in GROUPS.items()}
    result = {"commands": listed, "groups": groups, "topics": list(TOPICS), "kinds": sorted(catalogue)}
    return Page(telling.table(rows), result)


def _topic(name: str) -> Page:
    if name == "errors":
        return Page(list(TOPICS[name]), {"codes": dict(CODES)})
    lines, more = list(TOPICS[name]), {}
    if name == "chords":
        at = lines.index("*")
        lines[at : at + 1], more = _chords(), {"chords": {kind: list(above) for kind, above in chords().items()}}
    return Page(lines, {"topic": name, "lines": lines, **more})


ACROSS = 3
"""Chords on a line."""


def _chords() -> list[str]:
    """Lists each chord with its other names, ordered down the columns."""
    names: dict[tuple[int, ...], list[str]] = {}
    for kind, above in chords().items():
        names.setdefault(above, []).append(kind)
    cells = [f"{' '.join(kinds)}: {' '.join(map(str, above))}" for above, kinds in names.items()]
    down = -(-len(cells) // ACROSS)
    return telling.table([cells[k::down] + [""] * (ACROSS - len(cells[k::down])) for k in range(down)])


def _of_the_whole() -> Page:
    """The parameters that belong to no module."""
    rows = [
        [name, row.example, "", row.help]
        if isinstance(row, Text)
        else [name, units.format_range(row), f"({units.format_param(row.default, row)})", row.help]
        for name, row in WHOLE.items()
    ]
    return Page(telling.table(rows), {"whole": {name: msgspec.to_builtins(row) for name, row in WHOLE.items()}})


def _group(name: str, catalogue: Catalogue) -> Page | None:
    """Lists the commands of a group, or the kinds of a category."""
    if name in GROUPS:
        about = {command: ROWS[command] for command in GROUPS[name]}
        result = {command: {"usage": entry.usage, "help": entry.meaning} for command, entry in about.items()}
        return Page(telling.table([command, entry.meaning] for command, entry in about.items()), {"commands": result})
    found = categories(catalogue)
    kinds = {
        kind: str(catalogue[kind].get("help", ""))
        for kind in found.get(name) or found.get(name.removesuffix("s")) or ()
    }
    return Page(telling.table(map(list, kinds.items())), {"kinds": kinds}) if kinds else None


def _topic_named(word: str) -> str:
    return next((name for name in (word, word + "s") if name in TOPICS), "")


def _word(word: str, catalogue: Catalogue) -> Page:
    topic = _topic_named(word)
    if topic:
        return _topic(topic)
    if word.upper() in CODES:
        return Page([CODES[word.upper()]], {"codes": {word.upper(): CODES[word.upper()]}})
    name = SHORT.get(word, word)
    if name in ROWS:
        entry = ROWS[name]
        result: dict[str, Any] = {"usage": entry.usage, "help": entry.meaning, "examples": list(entry.examples)}
        lines = [f"{entry.usage}", f"    {entry.meaning}", *(f"    e.g. {example}" for example in entry.examples)]
        kind = _kind(word, catalogue)  # crash and gate are a command and a module
        more = describe(kind, catalogue) if kind else _of_the_whole() if name == "set" else Page([], {})
        return Page([*lines, *more.lines], {"command": {name: result}, **more.result})
    kind = _kind(word, catalogue)
    found = describe(kind, catalogue) if kind else _group(word, catalogue)
    if found is None:
        known = [*ROWS, *TOPICS, *GROUPS, *categories(catalogue), *_names(catalogue)]
        message = f'there is no help on "{word}"'
        raise ChronusError("E_COMMAND", message, suggestions=meant(word, known, othernames.KINDS), part="word")
    return found


# ---------------------------------------------------------------- modules


def find_kind(word: str, catalogue: Catalogue) -> str:
    """Finds the kind meant by a word: its name, an alias, either with `_module`; raises E_MODULE where there is none."""
    kind = _kind(word, catalogue)
    if kind is None:
        near = meant(word.lower().removesuffix("_module"), _names(catalogue), othernames.KINDS)
        raise ChronusError("E_MODULE", f'there is no kind of module "{word}"', suggestions=near, part="kind")
    return kind


def _kind(word: str, catalogue: Catalogue) -> str | None:
    lower = word.lower()
    for name in (lower, lower.removesuffix("_module")):
        if name in catalogue:
            return name
        for kind, spec in catalogue.items():
            if name in spec.get("aliases", ()):
                return kind
    return None


def _names(catalogue: Catalogue) -> Iterable[str]:
    for kind, spec in catalogue.items():
        yield kind
        yield from spec.get("aliases", ())


def categories(catalogue: Catalogue) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind in sorted(catalogue):
        found.setdefault(catalogue[kind].get("category", "module"), []).append(kind)
    return dict(sorted(found.items()))


def describe(kind: str, catalogue: Catalogue) -> Page:
    """Writes everything that the module declares."""
    spec = catalogue[kind]
    return Page(telling.lines_of(kind, spec), {"module": telling.plain(kind, spec)})


def modules(catalogue: Catalogue) -> list[str]:
    """Writes one line for each kind, by category."""
    lines: list[str] = []
    width = max(map(len, catalogue), default=0)
    for category, kinds in categories(catalogue).items():
        lines.append(category)
        lines += [f"  {kind:<{width}}  {catalogue[kind].get('help', '')}".rstrip() for kind in kinds]
    return lines
