"""A rack as the commands that rebuild it: what `save` writes and `open` reads. The same language as is typed."""

from __future__ import annotations

from collections.abc import Iterator

from chronus.commands import Quantity
from chronus.control.catalogue import Catalogue
from chronus.control.courses import format_length
from chronus.control.patching import cable_words, silent
from chronus.control.rack import EMPTY, Module, Moving, Rack, Steady
from chronus.dsp.spec import Param, Spec
from chronus.units import format_number, format_param, format_quantity


def script(rack: Rack, catalogue: Catalogue) -> tuple[str, ...]:
    """Canonical lines, in an order in which each finds what it needs."""
    return (
        *_whole(rack),
        *_modules(rack, catalogue),
        *_cables(rack, catalogue),
        *_lanes(rack),
        *_gates(rack, catalogue),
    )


def _whole(rack: Rack) -> Iterator[str]:
    if rack.bpm != EMPTY.bpm:
        yield f"bpm {format_number(rack.bpm)}"
    if rack.swing != EMPTY.swing:
        yield f"swing {format_number(rack.swing)}"
    if rack.key:
        yield f"set key {rack.key}"
    if rack.seed != EMPTY.seed:
        yield f"set seed {rack.seed}"


def _modules(rack: Rack, catalogue: Catalogue) -> Iterator[str]:
    for module in rack.modules.values():
        if module.kind != "out":
            yield f"load {module.kind}" + (f" as {module.name}" if module.name != module.kind else "")
        given = _settings(module, catalogue[module.kind])
        if given:
            yield "set " + ", ".join(f"{module.name}.{param} {value}" for param, value in given)
        for param, moving in _sweeps(module, catalogue[module.kind]):
            way = f"{_setting(moving.start, param)}..{_setting(moving.stop, param)}"
            yield f"set {module.name}.{param.name} {way} over {format_length(moving.over)}"


def _settings(module: Module, spec: Spec) -> list[tuple[str, str]]:
    """In the order of the SPEC, whatever the order in which they were typed."""
    found = [("voices", str(module.voices))] if module.voices != 1 else []
    for param in spec.params:
        setting = module.params.get(param.name)
        if setting is not None and not isinstance(setting, Moving):
            found.append((param.name, _setting(setting, param)))
    return found


def _setting(setting: Steady, param: Param) -> str:
    return format_quantity(setting) if isinstance(setting, Quantity) else format_param(setting, param, exact=True)


def _sweeps(module: Module, spec: Spec) -> Iterator[tuple[Param, Moving]]:
    """What was still moving, with what is left of it."""
    for param in spec.params:
        setting = module.params.get(param.name)
        if isinstance(setting, Moving):
            yield param, setting


def _cables(rack: Rack, catalogue: Catalogue) -> Iterator[str]:
    for key, cable in sorted(rack.cables.items()):
        if not cable.auto:
            amount = f" {format_quantity(cable.amount)}" if cable.amount else ""
            yield f"patch {cable_words(key, rack, catalogue)}{amount}"
    for name in sorted(silent(rack, catalogue)):
        yield f"unpatch {name} > out"


def _lanes(rack: Rack) -> Iterator[str]:
    for name in sorted(rack.lanes):
        lane = rack.lanes[name]
        yield f"sequence {name}: {lane.text}{lane.options.words()}"
    for verb, field in (("mute", "muted"), ("solo", "solo")):
        chosen = [name for name in sorted(rack.lanes) if getattr(rack.lanes[name], field)]
        if chosen:
            yield " ".join([verb, *chosen])


def _gates(rack: Rack, catalogue: Catalogue) -> Iterator[str]:
    """Gates held by hand; and drones that something has silenced, which would sound if nobody said so."""
    for module in rack.modules.values():
        drone = catalogue[module.kind].drone and module.name not in rack.lanes
        if module.held or (drone and (module.addressed or module.hushed)):
            yield f"gate {module.name} {'on' if module.held else 'off'}"
