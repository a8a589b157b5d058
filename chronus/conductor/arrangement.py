"""Leads a song through time: where it is, which section comes next and when, and what is heard with each.

A song keeps in the rack on which bar it began, so where it is follows from the rack and the bar alone, and an undo or a jump needs
nothing else. Exactly one thing waits for a song that plays: the bar line at which its next section begins (`Section`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from chronus.catalogue.kinds import Catalogue
from chronus.commands import Goto
from chronus.conductor import lasting
from chronus.conductor.transaction import History, Item, Section, rack_of, with_rack
from chronus.rack import songs
from chronus.rack.document import Moving, Rack, Scene, Song, replace
from chronus.rack.scenes import heard_as
from chronus.rack.songs import Place
from chronus.rack.sweeps import Present
from chronus.score.timeline import Timeline


class Here(NamedTuple):
    """A bar of the music, counted from 1, and the number of the timeline that it is of."""

    timeline: int
    bar: int


def here(timeline: Timeline, frame: int) -> Here:
    return Here(timeline.number, timeline.bar_and_beat(timeline.position(frame))[0] + 1)


def place(song: Song | None, at: Here | None) -> Place | None:
    """Returns where a song is; None where it does not play."""
    if song is None or at is None or song.stopped or song.zero != at.timeline:
        return None
    return songs.place(song, at.bar - song.first)


def coming(song: Song | None, at: Here) -> Section | None:
    """Returns the next section to begin, or the end of the song; None where it does not play."""
    found = place(song, at)
    if song is None or found is None:
        return None
    then = songs.place(song, found.end)
    return Section(bar=song.first + found.end, scene=song.sections[then.section][0] if then else "")


def resolved(command: Goto, rack: Rack, at: Here) -> Goto:
    """Returns a jump to a scene as one to the bar where it begins next."""
    if not command.scene or command.bar or rack.song is None:
        return command
    found = place(rack.song, at)
    return replace(command, bar=songs.target(rack.song, command, found.bar if found else -1) + 1)


# ---------------------------------------------------------------- what is heard


Heard = tuple[Rack, tuple[Moving, ...]]


def begun(rack: Rack, catalogue: Catalogue, present: Present) -> Heard:
    """Returns the rack with the scene heard that a song begins with now; the same where none begins."""
    song = rack.song
    found = songs.place(song, 1 - song.first) if song is not None and not (song.zero or song.stopped) else None
    if song is None or found is None:
        return rack, ()
    return heard_as(rack, rack.scenes[song.sections[found.section][0]], catalogue, present)


def anew(rack: Rack) -> Rack:
    """Returns the rack whose song begins at its first bar."""
    song = rack.song
    return rack if song is None or song.stopped else replace(rack, song=replace(song, zero=0, first=1))


def in_its_last_round(rack: Rack, before: Song | None, at: Here) -> Rack:
    """Returns the rack whose song, which is not to begin again any more, ends with the round that it is in."""
    found, song = place(before, at), rack.song
    if song is None or found is None or song.loop:
        return rack
    return replace(rack, song=replace(song, first=at.bar - found.bar))


def next_heard(rack: Rack, section: Section, catalogue: Catalogue, present: Present) -> Heard:
    """Returns the rack with the section heard that begins; at the end no lane is."""
    return heard_as(rack, rack.scenes.get(section.scene, Scene()), catalogue, present)


# ---------------------------------------------------------------- where it is


def placed(rack: Rack, before: Rack, at: Here) -> Rack:
    """Returns the rack whose song has its place in the present timeline: one that begins now, and one that an undo brings back from
    before the music began anew, which is then where the one before was, if it is the same."""
    song, other = rack.song, before.song
    if song is None or song.stopped or song.zero == at.timeline:
        return rack
    if song.zero and other is not None and other.sections == song.sections and other.zero == at.timeline:
        return replace(rack, song=replace(song, zero=other.zero, first=other.first))
    first = song.first if song.zero == 0 else 1
    return replace(rack, song=replace(song, zero=at.timeline, first=first + at.bar - 1))


def carried(history: History, items: tuple[Item, ...], rack: Rack) -> History:
    """Returns a history whose racks have gone on to a section with the song: an undo of what was typed does not take it back."""
    known: dict[Any, Any] = {}

    def on(thing: Any) -> Any:
        past = rack_of(thing)
        if past is None or not _same_run(past.song, rack.song):
            return thing
        return with_rack(thing, lasting.bring(past, items, rack, known))

    return tuple(step._replace(thing=on(step.thing)) for step in history)


def _same_run(one: Song | None, other: Song | None) -> bool:
    """Whether two songs are the same one, in whatever round."""
    if one is None or other is None or (one.first - other.first) % songs.length(other):
        return False
    return (one.sections, one.zero, one.stopped) == (other.sections, other.zero, other.stopped)


# ---------------------------------------------------------------- told


def remarks(song: Song) -> list[str]:
    """Says in an answer how long a song is, and what comes then."""
    bars = songs.length(song)
    return [f"{bars} bar{'s' * (bars > 1)}, then {'it begins again' if song.loop else 'its lanes stop'}"]


def told(song: Song | None, at: Here | None) -> dict[str, Any]:
    """Says where a song is, for JSON; nothing where it does not play. Bars count from 1."""
    found = place(song, at)
    if song is None or found is None:
        return {}
    scene, bars = song.sections[found.section]
    inside = found.bar - songs.starts(song)[found.section]
    section = {"scene": scene, "number": found.section + 1, "bar": inside + 1, "bars": bars}
    return {"bar": found.bar + 1, "bars": songs.length(song), "loop": song.loop, "section": section}


WIDEST = 48
"""Characters in which a section is drawn."""


def drawn(song: Song, at: Here | None) -> list[str]:
    """Draws a song, one row a section: its bars, a character each or as many as there is room for, and where the music is."""
    found = place(song, at)
    bars_a_character = max(1, -(-max(bars for _, bars in song.sections) // WIDEST))
    name = max(len(scene) for scene, _ in song.sections)
    rows = []
    for k, (begin, (scene, bars)) in enumerate(zip(songs.starts(song), song.sections, strict=True)):
        cells = ["="] * -(-bars // bars_a_character)
        is_here = found is not None and found.section == k
        if found is not None and is_here:
            cells[(found.bar - begin) // bars_a_character] = "#"
        span = f"{begin + 1}-{begin + bars}"
        rows.append((f"{'>' if is_here else ' '} {scene:<{name}}", span, "".join(cells)))
    width = max(len(span) for _, span, _ in rows)
    return [f"{head}  {span:<{width}}  {cells}" for head, span, cells in rows]
