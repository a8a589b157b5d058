"""The tutorial: ten steps, each done when the rack says so, however it was typed.

Pure. It keeps nothing: the step that is due is the first one that is not done, so it can be left and gone on with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from chronus.catalogue.kinds import Catalogue
from chronus.rack.document import Moving, Rack


class Step(NamedTuple):
    """`line` does it; `about` says what it is. `done` looks at the rack."""

    title: str
    about: str
    line: str
    done: Callable[[Rack, Catalogue], bool]


def _sounds(rack: Rack) -> list[str]:
    return [name for name, lane in rack.lanes.items() if lane.pattern.hits]


def _plays_notes(rack: Rack, catalogue: Catalogue) -> bool:
    lanes = (lane.pattern for lane in rack.lanes.values() if not lane.pattern.drums)
    return any(len({(*hit.pitches, *hit.degrees) for hit in pattern.hits}) > 1 for pattern in lanes)


def _set_by_hand(rack: Rack, catalogue: Catalogue) -> bool:
    return any(module.params for module in rack.modules.values())


def _goes_through(rack: Rack, catalogue: Catalogue) -> bool:
    """Whether a sound goes through another module on its way out."""
    return any(
        key.target != "out" and any(one.name == key.into for one in catalogue[rack.modules[key.target].kind].ins)
        for key in rack.cables
    )


def _moves(rack: Rack, catalogue: Catalogue) -> bool:
    """Whether a parameter sweeps or has swept, or a cable moves one."""
    sweeps = any(isinstance(setting, Moving) for module in rack.modules.values() for setting in module.params.values())
    return sweeps or any(
        any(param.name == key.into for param in catalogue[rack.modules[key.target].kind].all_params)
        for key in rack.cables
    )


STEPS = (
    Step("a sound", "A module makes sound. This one is a bass drum.", "load kick",
         lambda rack, catalogue: len(rack.modules) > 1),
    Step("a beat", "A lane plays it: x is a hit, . a rest, sixteen of them a bar. It starts at once, and goes round.",
         "seq kick: x...x...x...x...", lambda rack, catalogue: bool(_sounds(rack))),
    Step("a second one", "Two commands stand on a line with ; between them. o is soft, X loud; *2 is two hits in a step.",
         "load hat; seq hat: ..x...x*2.", lambda rack, catalogue: len(_sounds(rack)) > 1),
    Step("the tempo", "House has 124 beats a minute, techno 135, drum and bass 174.",
         "bpm 174", lambda rack, catalogue: rack.bpm != 120 or rack.tempo is not None),
    Step("a tune", "Notes are written a1, c#2, eb3. ~ glides into the next one, ^ is an accent. `help patterns` has all signs.",
         "load tb303; seq tb303: a1 . a1^ a2~ . c2 . a1", _plays_notes),
    Step("a parameter", "Every module has parameters; `show tb303` lists them. Tab completes them, `undo` takes the change back.",
         "set tb303.cutoff 800", _set_by_hand),
    Step("a cable", "What one module puts out goes through others on its way. `show patch` draws it.",
         "patch tb303 > delay", _goes_through),
    Step("a sweep", "Any number may take its time; `show` tells how far it has got. An lfo moves one for ever: `help cables`.",
         "set tb303.cutoff 400..2400 over 8 bars", _moves),
    Step("scenes", "A scene says which lanes are heard; `scene intro` plays it from the next bar on. `mute kick` silences one lane.",
         "scene intro = kick; scene drop = kick hat tb303", lambda rack, catalogue: len(rack.scenes) > 1),
    Step("a song", "A song plays scenes in order, each for so many bars. `song loop on` lets it go round.",
         "song: intro*4 drop*8", lambda rack, catalogue: rack.song is not None),
)  # fmt: skip
DONE = (
    "all ten steps are done: this is a song of your own",
    "`save NAME` keeps it, `open NAME` brings it back, `record` writes what is heard, `undo` takes back",
    "`help` lists the rest; `new` begins with nothing, and the tutorial with it",
)


def due(rack: Rack, catalogue: Catalogue, song_waits: bool = False) -> int:
    """Returns the number of the first step that is not done, from 1; one more than there are where all are. A song that waits for its
    bar is done, too."""
    left = (k for k, step in enumerate(STEPS, 1) if not step.done(rack, catalogue))
    number = next(left, len(STEPS) + 1)
    return number + (song_waits and number == len(STEPS))


def told(rack: Rack, catalogue: Catalogue, song_waits: bool = False) -> tuple[list[str], dict[str, Any]]:
    """Returns the step that is due in lines and as data."""
    number = due(rack, catalogue, song_waits)
    result: dict[str, Any] = {"step": number, "of": len(STEPS), "done": number > len(STEPS)}
    if number > len(STEPS):
        return list(DONE), result
    step = STEPS[number - 1]
    lines = [f"step {number} of {len(STEPS)}, {step.title}: {step.about}", f"    {step.line}"]
    if number == 1:
        lines.append("type it, or something like it; `tutorial` shows the step that is due, `tutorial off` leaves")
    return lines, {**result, "title": step.title, "line": step.line}
