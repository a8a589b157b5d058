"""Values: what `set` makes of a rack, of its modules and of the whole. A value is checked against its declaration and nowhere else."""

from __future__ import annotations

import re
from typing import Any

from chronus import othernames
from chronus.catalogue.kinds import Catalogue, find_param
from chronus.catalogue.spec import Param, Spec, Table
from chronus.commands import Change, File, Length, Quantity, Relative, Set, Sweep, Value, Word
from chronus.errors import ChronusError
from chronus.othernames import meant
from chronus.rack.document import (
    VOICES,
    Module,
    Moving,
    Rack,
    Steady,
    in_words,
    named,
    replace,
    tempo,
    value,
    with_module,
    words_of,
)
from chronus.rack.lanes import short_of_voices
from chronus.rack.sweeps import STILL, Present
from chronus.units import BPM, SWING, Range, format_param, is_clamped, is_musical, to_param

NUMBERS = {"bpm": BPM, "swing": SWING, "seed": Range("seed", 0, 999_999_999)}
"""What can be set of the whole, besides its volume and key."""
KEY = re.compile(r"[a-g][#b]? [a-z]+")
VOICE_COUNT = Range("voices", 1, VOICES)
AT_ONCE = Length(0, "ms")
LONGEST_TEXT = 1024
"""Characters of a setting that is a text."""


def assign(
    rack: Rack, command: Set, catalogue: Catalogue, present: Present = STILL
) -> tuple[Rack, str, dict[str, Any], tuple[Moving, ...]]:
    """`set`: one change after the other, all or none."""
    texts, results = [], []
    sweeps: tuple[Moving, ...] = ()
    for k, change in enumerate(command.changes):
        part = f"changes.{k}"
        name = named(rack, change.module, catalogue, f"{part}.module") if change.module else ""
        rack, done, more = change_one(rack, name, change, catalogue, part, command.over, present)
        texts.append(done["text"])
        results.append({key: done[key] for key in ("module", "param", "value", "was")})
        sweeps += more
    whole = len(command.changes) == 1 and command.changes[0].param in ("bpm", "swing") and not command.changes[0].module
    text = texts[0] if whole else "set " + ", ".join(texts)
    return rack, text, results[0] if len(results) == 1 else {"changes": results}, sweeps


Changed = tuple[Rack, dict[str, Any], tuple[Moving, ...]]


def change_one(
    rack: Rack,
    name: str,
    change: Change,
    catalogue: Catalogue,
    part: str,
    over: Length | None,
    present: Present = STILL,
) -> Changed:
    """What is relative, and what begins where the parameter stands, does so at its `present` value."""
    if not name and change.param == "volume":
        name, change = "out", replace(change, param="volume")
    if not name:
        return _change_whole(rack, change, catalogue, part, over, present)
    module = rack.modules[name]
    spec = catalogue[module.kind]
    if change.param == "voices" and spec.param("voices") is None:
        rack, done, _ = _change_voices(rack, module, spec, change, part, over)
        short = short_of_voices(rack, name, catalogue) if name in rack.lanes else ""
        return rack, {**done, "text": done["text"] + short}, ()
    setting_of = spec.setting(change.param)
    if setting_of is not None:
        return _change_words(rack, module, setting_of, change, part, over)
    param = find_param(spec, change.param, f"{part}.param")
    was = value(rack, module, param, present)
    given: Value = _no_file(change, part)
    start: Steady = was
    if param.words:
        _refuse_sweep(change, over, part)
    elif isinstance(given, Sweep):
        start, given = _setting(given.start, param, was, rack, part), given.stop
    assert not isinstance(given, Sweep | File)
    now = _number(given, param, was, rack, part)
    stop = _setting(given, param, was, rack, part)
    moves = isinstance(change.value, Sweep) or over is not None
    setting = Moving(present.number(), start, stop, over or AT_ONCE) if moves else stop
    module = replace(module, params={**module.params, param.name: setting})
    rack = with_module(rack, module)
    known, *more = in_words(rack, module, param)
    if moves:
        known = f"{format_param(value(rack, module, param, lambda moving: 0.0), param)}..{known}"
    text = f"{name}.{param.name} {known}"
    about = more if moves else [*more, f"was {format_param(was, param)}"]
    text += f" ({', '.join(about)})" if about else ""
    done = {"text": text, "module": name, "param": param.name, "value": plain(now, param), "was": plain(was, param)}
    return rack, done, (setting,) if isinstance(setting, Moving) else ()


def _change_words(rack: Rack, module: Module, table: Table, change: Change, part: str, over: Length | None) -> Changed:
    """A file or a text. Who reads the file has put what was found there in the place of its name (shelf/naming.py); nothing is none."""
    _refuse_sweep(change, over, part)
    where, value = f"{module.name}.{table.name}", change.value
    if table.source == "text" and isinstance(value, File):
        value = Word(value.path)
    named = Word if table.source == "text" else File
    empty = isinstance(value, Word) and not value.text
    if not isinstance(value, named) and not empty:
        if isinstance(value, Word):
            raise ChronusError(
                "E_VALUE", f"what {where} names has not been read; say it once more", part=f"{part}.value"
            )
        example = '"some words"' if table.source == "text" else '"kick.wav"'
        raise ChronusError("E_VALUE", f"{where} is a {table.source}, in quotes: {example}", part=f"{part}.value")
    if isinstance(value, Word) and len(value.text) > LONGEST_TEXT:
        raise ChronusError("E_LIMIT", f"a text has {LONGEST_TEXT} characters at most", part=f"{part}.value")
    if isinstance(value, Word) and ('"' in value.text or not value.text.isprintable()):
        raise ChronusError("E_VALUE", "a text has neither quotes nor control characters in it", part=f"{part}.value")
    was = words_of(module, table)
    params = {name: setting for name, setting in module.params.items() if name != table.name}
    if not empty:
        assert isinstance(value, Word | File)
        params[table.name] = value
    module = replace(module, params=params)
    now = words_of(module, table)
    about = [*([in_length(value)] if isinstance(value, File) else []), f"was {in_quotes(was)}"]
    done = {"text": f"{where} {in_quotes(now)} ({', '.join(about)})", "module": module.name, "param": table.name}
    return with_module(rack, module), {**done, "value": now, "was": was}, ()


def in_quotes(text: str) -> str:
    return f'"{text}"' if text else "none"


def in_length(file: File) -> str:
    """`0.32 s, stereo`; of one that could not be found again that it is silent."""
    if not file.digest:
        return "not found: silent"
    sides = {1: "mono", 2: "stereo"}.get(file.channels, f"{file.channels} channels")
    return f"{file.frames / max(1, file.rate):.3g} s, {sides}"


def _no_file(change: Change, part: str) -> Quantity | Word | Relative | Sweep:
    if isinstance(change.value, File):
        raise ChronusError("E_VALUE", f"{change.param} is no file", part=f"{part}.value")
    return change.value


def _setting(given: Quantity | Word | Relative, param: Param, was: float, rack: Rack, part: str) -> Steady:
    """The number that a value comes to, or the musical time itself."""
    number = _number(given, param, was, rack, part)
    return given if isinstance(given, Quantity) and is_musical(given, param) else number


def _refuse_sweep(change: Change, over: Length | None, part: str) -> None:
    """Of what cannot move from one value to another by degrees."""
    if isinstance(change.value, Sweep) or over is not None:
        raise ChronusError("E_VALUE", f"{change.param} cannot be swept", part=f"{part}.value")


def _number(given: Quantity | Word | Relative, param: Param | Range, was: float, rack: Rack, part: str) -> float:
    try:
        return to_param(given, param, was, rack.bpm)
    except ChronusError as error:
        error.part = error.part or f"{part}.value"
        raise


def plain(number: float, param: Param) -> float | str:
    """For JSON: a word of an enum as its word."""
    return param.words[round(number)] if param.words else number


def _change_voices(rack: Rack, module: Module, spec: Spec, change: Change, part: str, over: Length | None) -> Changed:
    if spec.width != "poly":
        raise ChronusError("E_PARAM", f"{spec.kind} is {spec.width}: it has no voices to choose", part=f"{part}.param")
    if isinstance(change.value, Quantity) and change.value.number > VOICES:
        raise ChronusError("E_LIMIT", f"a module has {VOICES} voices at most", part=f"{part}.value")
    _refuse_sweep(change, over, part)
    assert not isinstance(change.value, Sweep | File)
    now = _number(change.value, VOICE_COUNT, module.voices, rack, part)
    voices = _whole(now, "voices", part)
    done = {"text": f"{module.name}.voices {voices} (was {module.voices})", "module": module.name}
    rack = with_module(rack, replace(module, voices=voices))
    return rack, {**done, "param": "voices", "value": voices, "was": module.voices}, ()


def _whole(number: float, name: str, part: str) -> int:
    if number != int(number):
        raise ChronusError("E_VALUE", f"{name} is a whole number", part=f"{part}.value")
    return int(number)


def no_such(rack: Rack, word: str, catalogue: Catalogue, part: str) -> ChronusError:
    """A word that is no parameter of the whole; the name of a module is half of what was meant."""
    near = meant(word, [*NUMBERS, "volume", "key", *rack.modules], othernames.WHOLE)
    having = [name for name, module in rack.modules.items() if catalogue[module.kind].param(word)]
    told = [f"{name}.{word}" for name in having[:3]] or [
        f"{name}.{_first(catalogue[rack.modules[name].kind])}" if name in rack.modules else name for name in near
    ]
    what = (
        f'"{word}" is a module; name a parameter of it' if word in rack.modules else f'there is no parameter "{word}"'
    )
    return ChronusError("E_PARAM", what, suggestions=told, part=part)


def _first(spec: Spec) -> str:
    return next((param.name for param in spec.params if param.pitch), spec.params[0].name if spec.params else "")


def _change_whole(
    rack: Rack, change: Change, catalogue: Catalogue, part: str, over: Length | None, present: Present
) -> Changed:
    """bpm, swing, key, seed."""
    if change.param == "key":
        _refuse_sweep(change, over, part)
        key = change.value.text.lower() if isinstance(change.value, Word) else ""
        if not KEY.fullmatch(key):
            raise ChronusError("E_VALUE", "a key is a note and a scale: a minor", part=f"{part}.value")
        was = rack.key or "none"
        done = {"text": f"key {key} (was {was})", "module": "", "param": "key"}
        return replace(rack, key=key), {**done, "value": key, "was": was}, ()
    if change.param not in NUMBERS:
        raise no_such(rack, change.param, catalogue, f"{part}.param")
    if change.param == "bpm":
        return _change_tempo(rack, change, catalogue, part, over, present)
    _refuse_sweep(change, over, part)
    assert not isinstance(change.value, Sweep | File)
    param, before = NUMBERS[change.param], getattr(rack, change.param)
    now = _number(change.value, param, float(before), rack, part)
    now = _whole(now, "seed", part) if change.param == "seed" else round(now, 6)
    unitless = replace(param, unit="")
    rack = replace(rack, **{change.param: now})
    text = f"{change.param} {format_param(now, unitless)} (was {format_param(before, unitless)})"
    return rack, {"text": text, "module": "", "param": change.param, "value": now, "was": before}, ()


def _fine(bpm: float) -> float:
    """To six places: what can be typed, and counted exactly."""
    return float(round(bpm, 6))


def _change_tempo(
    rack: Rack, change: Change, catalogue: Catalogue, part: str, over: Length | None, present: Present
) -> Changed:
    """At once, or evenly in time. Musical lengths that come to more than can be are named."""
    was, given, held = _fine(tempo(rack, present)), _no_file(change, part), _clamped(rack, catalogue)
    begin = was
    if isinstance(given, Sweep):
        begin, given = _fine(_number(given.start, BPM, was, rack, part)), given.stop
    now = _fine(_number(given, BPM, was, rack, part))
    moves = over is not None and over.number > 0
    moving = Moving(present.number(), begin, now, over) if moves and over is not None else None
    rack = replace(rack, bpm=now, tempo=moving)
    beyond = [name for name in _clamped(rack, catalogue) if name not in held]
    about = ([] if moves else [f"was {format_param(was, BPM)}"]) + ([f"clamped: {', '.join(beyond)}"] if beyond else [])
    text = f"bpm {format_param(begin, BPM)}..{format_param(now, BPM)}" if moves else f"bpm {format_param(now, BPM)}"
    text += f" ({'; '.join(about)})" if about else ""
    done = {"text": text, "module": "", "param": "bpm", "value": now, "was": was}
    return rack, done, (moving,) if moving is not None else ()


def _clamped(rack: Rack, catalogue: Catalogue) -> list[str]:
    """The parameters that stand at an edge of their range because their musical length lies beyond it at this tempo."""
    return [
        f"{name}.{param.name} {format_param(value(rack, module, param), param)}"
        for name, module in rack.modules.items()
        for param in catalogue[module.kind].params
        if isinstance(setting := module.params.get(param.name), Quantity) and is_clamped(setting, param, rack.bpm)
    ]
