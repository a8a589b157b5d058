"""Knows whole lines that other programs take, or that people say, and says how each is typed here: pure text.

A row is (what the line looks like, what to tell of it). `{}` in a line to type is what stood at that place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from chronus import othernames
from chronus.pattern.drums import DRUMS
from chronus.units import note_name


class Line(NamedTuple):
    """A line of another program: what it is called here."""

    message: str
    instead: str = ""


TYPED_HERE = "a pattern is typed as it is: seq NAME: bd . sn ."
OF_FOXDOT = {"x": "bd", "X": "bd", "o": "sn", "O": "sn", "-": "hh", "=": "oh", "*": "cp", " ": ".", ".": "."}
PROGRAMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Line]], ...] = (
    (re.compile(r"\w+\s*>>\s*play\(\s*[\"']([xXoO\-=* .]+)[\"'].*"),
     lambda found: Line(TYPED_HERE, "seq kit: " + " ".join(OF_FOXDOT[mark] for mark in found[1]))),
    (re.compile(r"\w+\s*>>\s*\w+\(\s*\[([-\d, ]+)\].*"),
     lambda found: Line(TYPED_HERE, "seq bass: " + " ".join(re.split(r"[\s,]+", found[1].strip())))),
    (re.compile(r"(?:(?:d\d+|\$|_?\w+)\s*:?\s*\$\s*)?\$?:?\s*(?:fast\s+\d+\s*\$\s*)?(?:s|n|sound|note|play|drum)\s*\(?\s*[\"'`](.+?)[\"'`].*"),
     lambda found: Line(TYPED_HERE, f"seq {_player(found[1])}: {found[1]}")),
    (re.compile(r"\w+\s*>>\s*\w+\(.*|d\d+\s*\$.*|\$:.*|live_loop\b.*|(?:with|use)_fx\b.*|samples?\s*\(.*"), lambda found: Line(TYPED_HERE)),
    (re.compile(r"(?:use_bpm|Clock\.bpm\s*=|setbpm)\s*\(?\s*(\d+(?:\.\d+)?)\s*\)?"),
     lambda found: Line("the tempo is bpm 174", f"bpm {found[1]}")),
    (re.compile(r"(setcps|setcpm|cps)\s*\(?\s*(\d*\.?\d+)\s*\)?"),
     lambda found: Line("the tempo is in beats a minute, four of them a cycle",
                        f"bpm {float(found[2]) * 4 * (1 if found[1] == 'setcpm' else 60):g}")),
    (re.compile(r"hush|Clock\.clear\(\)|stop_all"), lambda found: Line("stop ends all lanes, panic all sound", "stop")),
    (re.compile(r"sleep\s+(\d*\.?\d+)"), lambda found: Line("wait lets time pass", f"wait {found[1]} beats")),
    (re.compile(r"use_synth\s*\(?\s*:?(\w+)\s*\)?"),
     lambda found: Line("a module is loaded, and plays its own lane", f"load {found[1]}")),
    (re.compile(r"play\s+:?([a-gA-G][#b]?\d)"),
     lambda found: Line("a note is played by its module: note bass c2", f"note bass {found[1]}")),
    (re.compile(r"play\s+(\d\d+)"),
     lambda found: Line("a note is played by its module: note bass c2", f"note bass {note_name(int(found[1]) % 128)}")),
    (re.compile(r"load\s+(?:song|patch|script|project|file|set)\s+([\w.-]+)", re.IGNORECASE),
     lambda found: Line("a saved script is opened", f"open {found[1]}")),
)  # fmt: skip

Found = re.Match[str]
ALL = r"(?:all|everything|it all|the music|music|it|the sound|\*)"
THE = r"(?:(?:the|a|an|my|some|that)\s+)?"
N = rf"{THE}(?!(?:on|off|over|in|for|up|down|it|all)\b)([a-z]\w*)"
"""A name, with or without an article."""
TO = r"\s+(?:to|into|in|on|onto|through|with|by|>|->)\s+"
DRUM = re.compile("kick|snare|clap|drum|bd|sn|beat|kit")
EFFECTS = "reverb|delay|chorus|flanger|phaser|distortion|compressor|tape|eq|filter|width|limiter"
PARAMS = (
    f"(?:{'|'.join(sorted({name for names in othernames.PARAMS.values() for name in names} | set(othernames.PARAMS)))})"
)
OF_EFFECTS = sorted(word for word, kinds in othernames.KINDS.items() if set(kinds) & set(EFFECTS.split("|")))
EFFECT = rf"({EFFECTS}|{'|'.join(OF_EFFECTS)}|distort)"
OF_SUPERCOLLIDER = {
    "SinOsc": "sine",
    "Saw": "saw",
    "LFSaw": "saw",
    "Pulse": "square",
    "LFPulse": "square",
    "LFTri": "triangle",
    "WhiteNoise": "noise",
}
OF_SONIC_PI = (
    ("bd", "kick"),
    ("kick", "kick"),
    ("sn", "snare"),
    ("snare", "snare"),
    ("cymbal", "hat"),
    ("hat", "hat"),
    ("tom", "tom"),
    ("clap", "clap"),
)
BEATS = {"every beat": "x...", "the beat": "x...", "the floor": "x...", "four": "x...", "1": "x...............", "offbeat": "..x.",
         "the offbeat": "..x.", "off beat": "..x.", "2 and 4": "....x.......x...", "the backbeat": "....x.......x..."}  # fmt: skip
LOUDER = "(?:louder|more|higher|raise|boost|increase|turn up)"
QUIETER = "(?:quieter|softer|less|down|lower|reduce|decrease|cut|turn down)"


def _kind(word: str) -> str:
    return (
        "distortion"
        if word == "distort"
        else othernames.KINDS.get(word, (word,))[0]
        if word not in EFFECTS.split("|")
        else word
    )


def _amount(found: Found) -> str:
    """The number behind an effect: of a filter its cutoff, of another how much of it is heard."""
    param = {"filter": "cutoff", "reverb": "mix", "delay": "mix"}.get(_kind(found[1])) if found[3] else None
    return f" {param}={found[3]}" if param else ""


def _ducked(found: Found) -> Line:
    first, second = found[1], found[2]
    key, other = (second, first) if DRUM.search(second) and not DRUM.search(first) else (first, second)
    return Line("a duck turns one sound down while another plays", f"insert duck on {other}; patch {key} > duck.key")


def _sampled(found: Found) -> Line:
    kind = next((kind for part, kind in OF_SONIC_PI if part in found[1]), "")
    if "amen" in found[1]:
        return AMEN
    return Line("a module is loaded, and plays its own lane", f"load {kind}; seq {kind}: x..." if kind else "")


AMEN = Line("the amen break is a pattern of the library (`list patterns jungle`)", "load kit; seq kit: @jungle.amen")
ASKS_WHY = "why tells what keeps it from being heard, why NAME that of one module"
NO_NAMES = ("it", "this", "there", "that", "nothing", "everything", "no", "not", "all", "anything", "sound", "so")
FADES = Line("what fades is a level that takes its time", "set volume -60db over 4 bars")


def _faded(found: Found) -> Line:
    way, name, length = found[1], found[2], found[3] or "4 bars"
    target = f"{name}.level" if name else "volume"
    value = "-60db" if way == "out" else "-60db..-6db" if not name else "-60db..0db"
    return Line(FADES.message, f"set {target} {value} over {length}")


def _keyed(found: Found) -> Line:
    note, scale = (
        found[1].lower(),
        {"m": "minor", "min": "minor", "": "major", "maj": "major"}.get(found[2].lower(), found[2].lower()),
    )
    return Line("a key is a note and a scale", f"key {note} {scale}")


def _panned(found: Found) -> Line:
    side, number = (found[2] or "").strip(), float(found[3] or 100)
    share = min(abs(number) / (100 if abs(number) > 1 else 1), 1.0) * (-1 if side in ("left", "l") or number < 0 else 1)
    return Line("pan goes from -1 (left) to 1 (right)", f"set {found[1]}.pan {share:g}")


LEVELS = "a level is set in decibels"
FILTERED = "a filter is opened by its cutoff"
PEOPLE: tuple[tuple[str, Callable[[Found], Line]], ...] = (
    # all of it
    (rf"stop\s+{ALL}", lambda found: Line("stop ends all lanes, panic all sound", "stop")),
    (rf"(?:play|start|begin)\s+{ALL}", lambda found: Line("play lets the lanes go on", "play")),
    (
        rf"(?:clear|reset|delete|remove|unload|erase|kill|wipe)\s+{ALL}|reset|start over",
        lambda found: Line("new begins with nothing; undo takes that back", "new"),
    ),
    (rf"unmute\s+{ALL}", lambda found: Line("unmute alone is for all", "unmute")),
    (r"(?:solo\s+off|no\s+solo)", lambda found: Line("unsolo ends solo", "unsolo")),
    (
        r"undo\s+(?:last|that|the last|it)(?:\s+\w+)?",
        lambda found: Line("undo takes the last change back, undo 3 the last three", "undo"),
    ),
    (
        rf"(?:show|list)\s+{ALL}|what(?:'s| is)?\s+(?:playing|loaded|there|going on|on)\??",
        lambda found: Line("show alone tells of all there is", "show"),
    ),
    (
        r"what\s+(?:modules|instruments|is loaded)\??",
        lambda found: Line("list tells what is loaded, help what there is", "list modules"),
    ),
    (
        r"list\s+(?:sounds|kinds|synths|effects|presets|samples|available|kits?|kicks|drums)",
        lambda found: Line("`help` lists what can be loaded", "help"),
    ),
    (
        r"(?:help\s+me|how(?:\s+\w+)*|what(?:\s+\w+)*|manual|docs|instructions)\??",
        lambda found: Line("`help` tells how to begin", "help"),
    ),
    (r"(status|list|show|history|meters|scope|help)\s*\?+", lambda found: Line("a question needs no mark", found[1])),
    # loud and soft, fast and slow
    (r"(?:louder|volume up|turn (?:it )?up|too quiet)", lambda found: Line(LEVELS, "set volume +3db")),
    (r"(?:quieter|softer|volume down|turn (?:it )?down|too loud)", lambda found: Line(LEVELS, "set volume -3db")),
    (
        rf"(?:make\s+)?(?:{LOUDER}|turn up)\s+{N}|(?:turn|make)\s+{N}\s+(?:up|louder)|{N}\s+(?:louder|up)",
        lambda found: Line(LEVELS, f"set {found[1] or found[2] or found[3]}.level +3db"),
    ),
    (
        rf"(?:make\s+)?(?:{QUIETER}|turn down)\s+{N}|(?:turn|make)\s+{N}\s+(?:down|quieter|softer)|{N}\s+(?:quieter|softer|down)",
        lambda found: Line(LEVELS, f"set {found[1] or found[2] or found[3]}.level -3db"),
    ),
    (r"(?:faster|speed up|tempo up|bpm up)", lambda found: Line("the tempo is bpm", "bpm +10%")),
    (r"(?:slower|slow down|tempo down|bpm down)", lambda found: Line("the tempo is bpm", "bpm -10%")),
    (r"(half|double)[ _-]?(?:speed|tempo|time)", lambda found: Line(f"that is {found[1]}time", f"{found[1]}time")),
    (rf"fade[ _-]?(in|out)(?:\s+{N})?(?:\s+(?:over|in|for))?(?:\s+(\d+\s*(?:bars?|beats?|s|ms)))?", _faded),
    (r"(?:swing|shuffle|groove)\s+on", lambda found: Line("swing is 50 (straight) to 75", "swing 58")),
    (
        r"(?:time[ _]?signature|time|signature|meter)\s*:?\s+(\d+)\s*[/ ]\s*(\d+)",
        lambda found: Line("the meter is meter 7/8", f"meter {found[1]}/{found[2]}"),
    ),
    (r"(?:set\s+)?(?:key|scale)\s+(?:to\s+|of\s+|in\s+|is\s+)?([A-Ga-g][#b]?)\s*(m|min|maj|minor|major|)", _keyed),
    (
        r"why\b.*\b(?:hear|is|are|isn'?t|does|doesn'?t)\s+(?:the\s+|my\s+)?([a-z]\w*)(?:\s.*)?",
        lambda found: Line(ASKS_WHY, "why" if found[1] in NO_NAMES else f"why {found[1]}"),
    ),
    (r"why\s+\S+\s+.+", lambda found: Line(ASKS_WHY, "why")),
    (r"undo\s+(?:all|everything)", lambda found: Line("undo takes back as many changes as it is told", "undo 9999")),
    (r"scale\s+([a-z]+)", lambda found: Line("a key is a note and a scale", f"key a {found[1]}")),
    (
        r"set\s+(?:the\s+)?(?:tempo|bpm|speed)\s*(?:to|=|at|is)\s*(\d+(?:\.\d+)?)(?:\s*bpm)?",
        lambda found: Line("the tempo is bpm 174", f"bpm {found[1]}"),
    ),
    (
        r"(lfo|random|follower)\s+(?:>\s*|to\s+|on\s+)?([a-z]\w*\.[a-z]\w*)(?:\s+[-+\d.]+\S*)?",
        lambda found: Line(
            "a cable moves a parameter",
            f"{'' if '>' in found[0] else f'load {found[1]}; '}patch {found[1]} > {found[2]}",
        ),
    ),
    (
        r"(?:modulate|mod)\s+([a-z]\w*\.[a-z]\w*)\s+(?:with\s+|by\s+)?(?:an?\s+)?([a-z]\w*)",
        lambda found: Line("a cable moves a parameter", f"patch {found[2]} > {found[1]}"),
    ),
    # one of them
    (
        rf"(?:stop|pause|silence|kill the|drop the)\s+{N}",
        lambda found: Line("mute silences a lane, unmute lets it be heard", f"mute {found[1]}"),
    ),
    (
        rf"(?:play|start|resume|unpause)\s+{N}",
        lambda found: Line("unmute lets a lane be heard; a lane is written seq NAME: x...", f"unmute {found[1]}"),
    ),
    (
        r"(mute|unmute|solo|clear|unload|show)\s+(?:the|a|an|my)\s+([a-z]\w*)",
        lambda found: Line("a name stands alone", f"{found[1]} {found[2]}"),
    ),
    (
        rf"{N}\s+(?:on|at|to)\s+({'|'.join(BEATS)})",
        lambda found: Line("a lane has one character a step, sixteen to a bar", f"seq {found[1]}: {BEATS[found[2]]}"),
    ),
    (
        r"(?:pattern|loop|track|play|beat|seq|sequence|program)\s+([a-z]\w*)\s+([xXo.~_ |-]*[xX][xXo.~_ |-]*)",
        lambda found: Line("a lane is written seq NAME: x...", f"seq {found[1]}: {found[2]}"),
    ),
    (rf"pan\s+{N}\s+(?:(left|right|l|r)\s*)?(-?\d+(?:\.\d+)?)?%?", _panned),
    (
        r"(?:tune|pitch|detune|transpose)\s+([a-z]\w*)\s+([-+]?\d+)\s*(?:st|semitones?)?",
        lambda found: Line(
            "x plays a module's own freq, which semitones move; notes are moved where they are typed",
            f"set {found[1]}.freq {int(found[2]):+d}st",
        ),
    ),
    (
        r"transpose\b.*",
        lambda found: Line(
            "x plays a module's own freq, which semitones move: set bass.freq +12st; notes are moved where they are typed"
        ),
    ),
    # cables
    (rf"(?:side[ _-]?chain|duck|pump)\s+{N}{TO}{N}", _ducked),
    (
        rf"(?:side[ _-]?chain|duck|pump)\s+{N}",
        lambda found: Line(
            "a duck turns one sound down while another plays", f"insert duck on {found[1]}; patch kick > duck.key"
        ),
    ),
    (
        rf"(?:add|put|use|insert|apply|give)\s+{THE}{EFFECT}{TO}{N}",
        lambda found: Line("an effect is inserted on what it is for", f"insert {_kind(found[1])} on {found[2]}"),
    ),
    (
        rf"{EFFECT}\s+(?:on\s+)?(?!{PARAMS}\b){N}(?:\s+([\d.]+\w*))?",
        lambda found: Line(
            "an effect is inserted on what it is for", f"insert {_kind(found[1])} on {found[2]}{_amount(found)}"
        ),
    ),
    (
        r"(?:connect|route|send|wire|plug|link|patch|cable)\s+([a-z][\w.]*)\s+(?:to|into|through)\s+([a-z][\w.]*)",
        lambda found: Line("a cable is patch A > B", f"patch {found[1]} > {found[2]}"),
    ),
    (
        r"lfo\s+(?:to|on|>)\s+(\w+)",
        lambda found: Line("a cable leads to a parameter by its name", f"patch lfo > filter.{found[1]}"),
    ),
    (
        r"(open|close)(?:\s+up|\s+down)?\s+(?:the\s+)?(?:filter|cutoff)",
        lambda found: Line(FILTERED, f"set filter.cutoff *{2 if found[1] == 'open' else 0.5}"),
    ),
    (r"limiter\s+(on|off)", lambda found: Line("the limiter is a part of out", f"set out.limiter {found[1]}")),
    # modules
    (
        r"(?:add|load|new|create|make|get|drop in|give me)\s+(?:a|an|the|some|another|new)\s+([a-z]\w*)",
        lambda found: Line(
            "a module is loaded by its kind alone", f"load {othernames.KINDS.get(found[1], (found[1],))[0]}"
        ),
    ),
    (
        r"(?:new|add|create)\s+(?:(?:midi|audio|instrument|drum)\s+)?(?:track|channel|instrument|synth|clip)",
        lambda found: Line("what is a track elsewhere is a module with its lane here", "load kick; seq kick: x..."),
    ),
    (
        r"(?:load|play|sample|use)\s+(?:the\s+)?:?\"?(?:loop_)?amen\w*\"?(?:\s+break)?|amen(?:\s+break)?",
        lambda found: AMEN,
    ),
    (r"(?:sample|play)\s*\(?\s*[:\"'](\w+)[\"']?\s*\)?.*", _sampled),
    (r"open[ _-]?hat", lambda found: Line("an open hat is a hat with a long decay", "load hat as ohat decay=300ms")),
    (r"closed?[ _-]?hat", lambda found: Line("a hat is closed as it is loaded", "load hat")),
    (
        r"synth\s+:(\w+),\s*note:\s*(\d+).*",
        lambda found: Line(
            "a module is loaded, and plays its own lane",
            f"load {found[1]}; note {found[1]} {note_name(int(found[2]) % 128)}",
        ),
    ),
    (r"synth\s+:(\w+).*", lambda found: Line("a module is loaded, and plays its own lane", f"load {found[1]}")),
    # arrangement, files
    (
        r"(?:the\s+)?(drop|build|break|intro|outro|verse|chorus|breakdown)(?:\s*up|\s*down)?",
        lambda found: Line("a part of a song is a scene", f"scene {found[1]}"),
    ),
    (
        r"loop\s+(on|off)",
        lambda found: Line("lanes go round by themselves; a song does with loop", f"song loop {found[1]}"),
    ),
    (r"save\s+(?:as|it as|this as|to)\s+([\w.-]+)", lambda found: Line("a name stands alone", f"save {found[1]}")),
    (
        r"save\s+(?!as\b)([\w.-]+)\s+([\w.-]+)",
        lambda found: Line("a file name has no blanks", f"save {found[1]}_{found[2]}"),
    ),
    (
        r"(?:render|export|bounce)(?:\s+(?:it|wav|audio|all|song))?",
        lambda found: Line(
            "`chronus render SCRIPT` at the system's shell renders a script; record writes what is heard", "record"
        ),
    ),
    # other programs
    (r"quantize\b.*", lambda found: Line("a lane is on its grid always; swing and humanize= move it")),
    (
        r"(?:arm|warp|metronome|click)\b.*",
        lambda found: Line("there is nothing of that kind: what is heard is recorded by record"),
    ),
    (r"d\d+\s+silence|silence\s+\$?\s*d\d+", lambda found: Line("stop ends all lanes, clear NAME one of them", "stop")),
    (
        r"\{?\s*(SinOsc|Saw|LFSaw|Pulse|LFPulse|LFTri|WhiteNoise)\.[ak]r\(?\s*(\d+(?:\.\d+)?)?.*",
        lambda found: Line(
            "a module is loaded, and drones until it has a lane",
            f"load {OF_SUPERCOLLIDER[found[1]]}"
            + (f" freq={found[2]}" if found[2] and found[1] != "WhiteNoise" else ""),
        ),
    ),
    (
        r"Pbind\(.*Pseq\(\[([-\d, ]+)\].*",
        lambda found: Line(
            "degrees stand between spaces in a lane",
            f"seq lead: {' '.join(found[1].replace(',', ' ').split())} scale=minor",
        ),
    ),
    (r"Pbind\(.*", lambda found: Line("degrees stand between spaces in a lane: seq lead: 0 2 4 scale=minor")),
    (r"SynthDef\b.*|Synth\(.*", lambda found: Line("a sound is made of modules: load saw; patch saw > filter > adsr")),
    (
        r"s\.(?:boot|quit|reboot|options).*",
        lambda found: Line("the engine runs already: load a module and give it a lane"),
    ),
    (
        r"(?!bpm|tempo|swing|key|scale|volume|meter|seed)[a-z]\w*\s*=\s*\S.*",
        lambda found: Line("there are no variables: a module is loaded under a name, a parameter is set by its own"),
    ),
)
LINES = (*PROGRAMS, *((re.compile(form, re.IGNORECASE), line) for form, line in PEOPLE))


def elsewhere(typed: str, *, programs: bool = False) -> Line | None:
    """Returns what a whole line is here that people say or another program would take, with `programs` only the latter; None where it
    is none of those."""
    for form, line in PROGRAMS if programs else LINES:
        if found := form.fullmatch(typed.strip()):
            return line(found)
    return None


def _player(pattern: str) -> str:
    """The module that may play it: a kit the names of drums, else a bass."""
    return "kit" if set(re.findall(r"[a-z]+", pattern)) & set(DRUMS) else "bass"
