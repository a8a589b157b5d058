"""Performs `song` and `goto` on a rack, and tells which section of a song falls on which of its bars.

Bars of a song count from 0 here; people count them from 1.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any, NamedTuple

from chronus.catalogue.kinds import Catalogue
from chronus.commands import LONGEST_LINE, Clear, Goto
from chronus.commands import Scene as SaidScene
from chronus.commands import Song as Said
from chronus.errors import ChronusError, nearest
from chronus.rack.document import Rack, Song, replace
from chronus.rack.lanes import Result
from chronus.rack.scenes import NO_SONG, find_scene


class Place(NamedTuple):
    """A bar of a song, the section that it belongs to, and the bars of that: from `begin` to below `end`."""

    bar: int
    section: int
    begin: int
    end: int


def song(rack: Rack, command: Said, catalogue: Catalogue) -> Result:
    """Makes another song, and begins it; or begins, stops or turns the one there is."""
    if not command.sections:
        return _turn(rack, command)
    for k, (scene, _) in enumerate(command.sections):
        find_scene(rack, scene, f"sections.{k}")
    made = Song(command.sections, command.loop)
    words = in_words(made)
    if len(words) > LONGEST_LINE:
        raise ChronusError(
            "E_LIMIT", f"written out, the line has more than {LONGEST_LINE:,} characters", part="sections"
        )
    return replace(rack, song=made), words, plain(made)


def _turn(rack: Rack, command: Said) -> Result:
    made = _there_is(rack, "turn")
    if not command.turn:
        made = replace(made, stopped=False, zero=0, first=1)
    elif command.turn == "stop":
        made = replace(made, stopped=True)
    else:
        made = replace(made, loop=command.turn == "loop on")
    return replace(rack, song=made), f"song {command.turn}".rstrip(), plain(made)


def _there_is(rack: Rack, part: str) -> Song:
    if rack.song is None:
        raise ChronusError("E_VALUE", f"there is no song; {NO_SONG}", part=part)
    return rack.song


def goto(rack: Rack, command: Goto, catalogue: Catalogue) -> Result:
    """Lets the song go on at one of its bars from now on."""
    made = _there_is(rack, "bar" if command.bar else "scene")
    bar = target(made, command) + 1
    text = f"goto bar {bar}" + (f" ({command.scene})" if command.scene else "")
    made = replace(made, stopped=False, zero=0, first=2 - bar)
    return replace(rack, song=made), text, {"bar": bar, "scene": made.sections[place(made, bar - 1).section][0]}  # type: ignore[union-attr]


def target(song: Song, command: Goto, here: int = -1) -> int:
    """Returns the bar that is meant; of a scene that comes more than once the first time after the bar `here`, or the first of all."""
    if command.bar or not command.scene:
        if not 1 <= command.bar <= length(song):
            raise ChronusError("E_VALUE", f"the song has {length(song)} bars", part="bar")
        return command.bar - 1
    begins = [begin for begin, (scene, _) in zip(starts(song), song.sections, strict=True) if scene == command.scene]
    if not begins:
        names = [scene for scene, _ in song.sections]
        raise ChronusError(
            "E_NAME", f'"{command.scene}" is not in the song', suggestions=nearest(command.scene, names), part="scene"
        )
    return next((begin for begin in begins if begin > here), begins[0])


def leads(command: object) -> bool:
    """Whether a command says what becomes of a song from now on, and not only what comes at its end."""
    match command:
        case Goto():
            return True
        case Said(turn=turn):
            return turn in ("", "stop")
        case Clear(what=what):
            return what == "song"
    return False


def heard_with(rack: Rack, command: Said | Goto | SaidScene) -> str | None:
    """Returns the scene that is heard when a command is performed; None where it changes none."""
    match command:
        case SaidScene(defines=False):
            return command.name
        case Said(turn=""):
            sections = command.sections or (rack.song.sections if rack.song else ())
            return sections[0][0] if sections else None
        case Goto() if rack.song is not None:
            found = place(rack.song, target(rack.song, command))
            return rack.song.sections[found.section][0] if found else None
    return None


# ---------------------------------------------------------------- which bar is which


def length(song: Song) -> int:
    return sum(bars for _, bars in song.sections)


def starts(song: Song) -> list[int]:
    return list(accumulate((bars for _, bars in song.sections[:-1]), initial=0))


def place(song: Song, bar: int) -> Place | None:
    """Returns the place of a bar, counted on through all rounds if the song begins again at its end; None before and behind it."""
    whole = length(song)
    round_, inside = divmod(bar, whole)
    if bar < 0 or (round_ and not song.loop):
        return None
    section = next(k for k in reversed(range(len(song.sections))) if starts(song)[k] <= inside)
    begin = starts(song)[section]
    return Place(inside, section, bar - inside + begin, bar - inside + begin + song.sections[section][1])


# ---------------------------------------------------------------- in words


def in_words(song: Song) -> str:
    """Writes a song as the line that makes it."""
    return f"song: {' '.join(f'{scene}*{bars}' for scene, bars in song.sections)}" + (" loop" if song.loop else "")


def plain(song: Song) -> dict[str, Any]:
    """Returns a song for JSON; bars count from 1."""
    sections = [
        {"scene": scene, "bars": bars, "from": begin + 1}
        for begin, (scene, bars) in zip(starts(song), song.sections, strict=True)
    ]
    return {"sections": sections, "bars": length(song), "loop": song.loop, "stopped": song.stopped}
