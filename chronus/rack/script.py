"""Writes a rack as the commands that rebuild it: `save` writes them and `open` reads them, in the language that is typed.

Law: performed on an empty rack, at any tempo, they make the same rack, whatever commands made it first: modules and lanes in their
order, values as they were typed, cables, gates. So each line must be one that can be typed.
"""

from __future__ import annotations

from collections.abc import Iterator

from chronus.catalogue.kinds import Catalogue
from chronus.catalogue.spec import Param, Spec
from chronus.catalogue.whole import WHOLE, Text, Whole
from chronus.commands import FLAGS, File, Quantity, Word
from chronus.rack import scenes, songs
from chronus.rack.document import (
    EMPTY,
    Module,
    Moving,
    Rack,
    Steady,
    Waving,
    end_words,
    of_the_whole,
    wave_words,
    words_of,
)
from chronus.rack.lanes import in_words
from chronus.rack.patching import cable_words, silent
from chronus.rack.sweeps import format_length
from chronus.rack.values import plain_word
from chronus.units import format_number, format_param, format_quantity

NAMES_A_LINE = 64
"""Of lanes that are muted: no line may be too long to be read."""


def script(rack: Rack, catalogue: Catalogue) -> tuple[str, ...]:
    """Writes canonical lines, in an order in which each finds what it needs."""
    return (
        *_whole(rack),
        *loads(rack, catalogue),
        *_cables(rack, catalogue),
        *_arps(rack),
        *_lanes(rack),
        *(scenes.in_words(name, scene) for name, scene in rack.scenes.items()),
        *_song(rack),
        *_gates(rack, catalogue),
    )


def _whole(rack: Rack) -> Iterator[str]:
    for row in WHOLE.values():
        if getattr(rack, row.name) != getattr(EMPTY, row.name) or (
            row.moving and getattr(rack, row.moving) is not None
        ):
            yield whole_words(rack, row)


def whole_words(rack: Rack, row: Whole | Text) -> str:
    """Writes a parameter of the whole as the line that sets it."""
    now, verb = getattr(rack, row.name), row.name if row.is_verb else f"set {row.name}"
    moving = getattr(rack, row.moving) if isinstance(row, Whole) and row.moving else None
    if moving is not None and isinstance(row, Whole):
        begin = format_number(of_the_whole(rack, row, lambda moving: 0.0))
        return f"{verb} {begin}..{format_number(now)} over {format_length(moving.over)}"
    return f"{verb} {now if isinstance(row, Text) else format_number(now)}"


def loads(rack: Rack, catalogue: Catalogue) -> Iterator[str]:
    """Writes the modules, each with its settings."""
    for module in rack.modules.values():
        if module.kind != "out":
            how = f"insert {module.kind} on out" if module.name in rack.before_out else f"load {module.kind}"
            yield how + (f" as {module.name}" if module.name != module.kind else "")
        numbers = _settings(module, catalogue[module.kind])
        if numbers:
            yield "set " + ", ".join(f"{module.name}.{param} {value}" for param, value in numbers)
        for table in catalogue[module.kind].settings:  # a line each: a path may be long
            if words := words_of(module, table):
                yield f'set {module.name}.{table.name} "{words}"'
        for param, moving in _sweeps(module, catalogue[module.kind]):
            yield sweep_words(module, param, moving)


def sweep_words(module: Module, param: Param, moving: Moving) -> str:
    """Writes a sweep as the line that begins it."""
    way = f"{end_words(moving.start, param)}..{end_words(moving.stop, param)}"
    return f"set {module.name}.{param.name} {way} over {format_length(moving.over)}"


def _settings(module: Module, spec: Spec) -> list[tuple[str, str]]:
    """Returns the settings in the order of the SPEC, in whatever order they were typed."""
    found = [("voices", str(module.voices))] if module.voices != spec.voices else []
    for param in spec.all_params:
        setting = module.params.get(param.name)
        if setting is not None and not isinstance(setting, Moving | Word | File):
            found.append((param.name, setting_words(setting, param)))
    return found


def setting_words(setting: Steady | Waving, param: Param) -> str:
    if isinstance(setting, Waving):
        return wave_words(setting, param)
    if isinstance(setting, Quantity):
        return format_quantity(setting)
    text = format_param(setting, param, exact=True)
    return plain_word(text) if param.words else text


def _sweeps(module: Module, spec: Spec) -> Iterator[tuple[Param, Moving]]:
    """Writes the sweeps that still move, with what is left of them."""
    for param in spec.all_params:
        setting = module.params.get(param.name)
        if isinstance(setting, Moving):
            yield param, setting


def _cables(rack: Rack, catalogue: Catalogue) -> Iterator[str]:
    for key, cable in sorted(rack.cables.items()):
        if not cable.auto:
            amount = f" {format_quantity(cable.amount)}" if cable.amount else ""
            yield f"patch {cable_words(key, rack, catalogue)}{amount}"
    for name in sorted(silent(rack, catalogue)):
        yield f"unpatch {name} > out"  # wherever what goes to out is led


def _arps(rack: Rack) -> Iterator[str]:
    """Each lane tells what it makes of it, too, so that they may come later."""
    for module in rack.modules.values():
        if module.arp is not None:
            yield f"arp {module.name} {module.arp.words()}"


def _lanes(rack: Rack) -> Iterator[str]:
    for name, lane in rack.lanes.items():
        yield in_words(name, lane.text, lane.options)
    for field, verb in FLAGS.items():
        chosen = [name for name, lane in rack.lanes.items() if getattr(lane, field)]
        for k in range(0, len(chosen), NAMES_A_LINE):
            yield " ".join([verb, *chosen[k : k + NAMES_A_LINE]])


def _song(rack: Rack) -> Iterator[str]:
    if rack.fill:
        yield "fill on"
    if rack.fill_every:
        yield f"every {rack.fill_every} {'bars' if rack.fill_every > 1 else 'bar'} fill"
    if rack.song is not None:
        yield songs.in_words(rack.song)
        if rack.song.stopped:
            yield "song stop"


def _gates(rack: Rack, catalogue: Catalogue) -> Iterator[str]:
    """Writes gates held by hand; and drones that were silenced, which would sound if no line said so."""
    for module in rack.modules.values():
        drone = catalogue[module.kind].drone and module.name not in rack.lanes
        if module.held or (drone and (module.addressed or module.hushed)):
            yield f"gate {module.name} {'on' if module.held else 'off'}"
