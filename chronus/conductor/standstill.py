"""Finds what is not heard while the transport stands: every answer to a change that only `play` makes audible says so."""

from __future__ import annotations

from chronus.catalogue.kinds import Catalogue
from chronus.conductor.touches import touched
from chronus.conductor.transaction import Step
from chronus.rack.document import Moving, Rack
from chronus.score.timeline import MUSICAL

STANDS = "transport stopped; play goes on"
OF_MUSIC = ("bpm", "meter", "swing", "pace")
"""Of the whole: what is heard of lanes alone."""


def only_when_it_goes(step: Step, catalogue: Catalogue) -> bool:
    """Whether a step changed a lane, the tempo, or a module that only a lane, or the next `play`, lets sound."""
    before, after = step.before, step.after
    if before.lanes != after.lanes or any(getattr(before, name) != getattr(after, name) for name in OF_MUSIC):
        return True
    if any(_takes_beats(before, after, name) for name in touched(step)):
        return True
    reached = _upstream(after, touched(step))
    waits = reached & (after.lanes.keys() | {name for name, module in after.modules.items() if module.hushed})
    return bool(waits) and not any(_sounds(after, name, catalogue) for name in reached)


def _takes_beats(before: Rack, after: Rack, name: str) -> bool:
    """Whether a sweep over beats begins in the module."""
    was = before.modules.get(name)
    return any(
        isinstance(setting, Moving) and setting.over.unit in MUSICAL and (was is None or was.params.get(key) != setting)
        for key, setting in after.modules[name].params.items()
    )


def _upstream(rack: Rack, names: set[str]) -> set[str]:
    """Returns these modules, and all that lead to them."""
    reached, new = set(names), set(names)
    while new:
        new = {key.source for key in rack.cables if key.target in new} - reached
        reached |= new
    return reached


def _sounds(rack: Rack, name: str, catalogue: Catalogue) -> bool:
    """Whether a module sounds by itself, or is held open by hand."""
    module = rack.modules[name]
    return module.held or (catalogue[module.kind].drone and not (module.addressed or module.hushed))
