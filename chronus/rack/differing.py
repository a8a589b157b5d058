"""Writes what turns one rack into another, as lines that can be typed: first what goes, then what comes, then what is set.

Law: said to the one rack they make the other, but for the order of modules, and but for what hands do. A parameter that was never set
stands at its default, so that is how it is written.
"""

from __future__ import annotations

from collections.abc import Iterator

from chronus.catalogue.kinds import Catalogue
from chronus.catalogue.spec import Param
from chronus.catalogue.whole import WHOLE
from chronus.commands import FLAGS, File, Word
from chronus.rack import scenes, songs
from chronus.rack.document import Module, Moving, Rack, Setting, module_of, replace, words_of
from chronus.rack.lanes import in_words
from chronus.rack.patching import cable_words, silent
from chronus.rack.script import NAMES_A_LINE, loads, setting_words, sweep_words, whole_words
from chronus.units import format_quantity


def lines(before: Rack, after: Rack, catalogue: Catalogue) -> list[str]:
    gone = _gone(before, after)
    stay = before.modules.keys() - gone
    return [
        *_whole(before, after),
        *(f"unload {name}" for name in before.modules if name in gone),
        *loads(replace(after, modules={n: m for n, m in after.modules.items() if n not in stay}), catalogue),
        *(line for name in after.modules if name in stay for line in _module(before, after, name, catalogue)),
        *_cables(before, after, stay, catalogue),
        *_arps(before, after, stay),
        *_lanes(before, after, stay),
        *_scenes(before, after, gone),
    ]


def _gone(before: Rack, after: Rack) -> set[str]:
    """Returns the modules that have to go: those that are not there any more, or are another one of the same name, or at another place
    before `out`.
    """
    gone = {
        name
        for name, module in before.modules.items()
        if name not in after.modules
        or after.modules[name].kind != module.kind
        or (name in before.before_out) != (name in after.before_out)
    }
    kept = [name for name in before.before_out if name not in gone]
    if kept != list(after.before_out[: len(kept)]):
        gone |= set(before.before_out)
    return gone


def _whole(before: Rack, after: Rack) -> Iterator[str]:
    for row in WHOLE.values():
        if any(getattr(before, field) != getattr(after, field) for field in row.fields):
            if getattr(after, row.name) == "":
                yield f"# the {row.name} is taken away, which no line says"
            else:
                yield whole_words(after, row)


# ---------------------------------------------------------------- modules


def _module(before: Rack, after: Rack, name: str, catalogue: Catalogue) -> Iterator[str]:
    was, now = before.modules[name], after.modules[name]
    if was is now:
        return
    spec = catalogue[now.kind]
    found = [f"{name}.voices {now.voices}"] if was.voices != now.voices else []
    found += [
        f"{name}.{param.name} {setting_words(setting, param)}"
        for param in spec.all_params
        if not isinstance(setting := _setting(now, param), Moving | Word | File) and setting != _setting(was, param)
    ]
    if found:
        yield "set " + ", ".join(found)
    for table in spec.settings:
        if words_of(was, table) != words_of(now, table):
            yield f'set {name}.{table.name} "{words_of(now, table)}"'
    for param in spec.all_params:
        moving = now.params.get(param.name)
        if isinstance(moving, Moving) and moving != was.params.get(param.name):
            yield sweep_words(now, param, moving)


def _setting(module: Module, param: Param) -> Setting:
    return module.params.get(param.name, param.default)


def _arps(before: Rack, after: Rack, stay: set[str]) -> Iterator[str]:
    for name, module in after.modules.items():
        was = before.modules[name].arp if name in stay else None
        if module.arp != was:
            yield f"arp {name} {module.arp.words() if module.arp is not None else 'off'}"


# ---------------------------------------------------------------- cables


def _cables(before: Rack, after: Rack, stay: set[str], catalogue: Catalogue) -> Iterator[str]:
    old = {key: cable for key, cable in before.cables.items() if key.source in stay and key.target in stay}
    for key, cable in sorted(old.items()):
        now = after.cables.get(key)
        if not cable.auto and (now is None or (cable.amount is not None and now.amount is None)):
            yield f"unpatch {cable_words(key, before, catalogue)}"
    quiet = silent(before, catalogue)
    # who was led to `out` by a cable that goes is silent then, as after any `unpatch NAME > out`
    hushed = quiet | {key.source for key, cable in old.items() if key.target == "out" and not cable.auto}
    for key, cable in sorted(after.cables.items()):
        was = old.get(key)
        amount = f" {format_quantity(cable.amount)}" if cable.amount is not None else ""
        if cable.auto:
            if was is None and key.source in hushed and key.source in stay:
                yield f"patch {cable_words(key, after, catalogue)}"
        elif was is None or was.auto or was.amount != cable.amount:
            yield f"patch {cable_words(key, after, catalogue)}{amount}"
    for name in sorted(silent(after, catalogue) - (quiet & stay)):
        yield f"unpatch {name} > out"


# ---------------------------------------------------------------- lanes, scenes and the song


def _lanes(before: Rack, after: Rack, stay: set[str]) -> Iterator[str]:
    old = {name: lane for name, lane in before.lanes.items() if module_of(name) in stay}
    for name in old:
        if name not in after.lanes:
            yield f"clear {name}"
    for name, lane in after.lanes.items():
        was = old.get(name)
        if was is None or (was.text, was.options, was.locks) != (lane.text, lane.options, lane.locks):
            yield in_words(name, lane.text, lane.options)
    for field, verb in FLAGS.items():
        for on, word in ((True, verb), (False, f"un{verb}")):
            chosen = [
                n for n, lane in after.lanes.items() if getattr(lane, field) is on and _flag(old, n, field) is not on
            ]
            for k in range(0, len(chosen), NAMES_A_LINE):
                yield " ".join([word, *chosen[k : k + NAMES_A_LINE]])


def _flag(old: dict, name: str, field: str) -> bool:  # type: ignore[type-arg]
    return name in old and bool(getattr(old[name], field))


def _scenes(before: Rack, after: Rack, gone: set[str]) -> Iterator[str]:
    song, was = after.song, before.song
    told = songs.in_words(song) if song is not None else ""
    if was is not None and song is None:
        yield "clear song"
    for name, scene in after.scenes.items():
        named = {*map(module_of, scene.lanes), *(part.change.module for part in scene.parts)}
        if before.scenes.get(name) != scene or named & gone:
            yield scenes.in_words(name, scene)
    if before.fill != after.fill:
        yield f"fill {'on' if after.fill else 'off'}"
    if before.fill_every != after.fill_every:
        every = after.fill_every
        yield f"every {every} {'bars' if every > 1 else 'bar'} fill" if every else "every off"
    if song is not None and (was is None or songs.in_words(was) != told or (was.stopped and not song.stopped)):
        yield told
    if song is not None and song.stopped and not (was is not None and was.stopped and songs.in_words(was) == told):
        yield "song stop"
    for name in before.scenes:
        if name not in after.scenes:
            yield f"clear scene {name}"
