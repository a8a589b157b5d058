"""Performs `set` on a rack, for its modules and for the whole. A value is checked here, against its declaration, and nowhere else."""

from __future__ import annotations

import re
from typing import Any

from chronus import othernames
from chronus.catalogue.kinds import Catalogue, find_param
from chronus.catalogue.spec import PAN, Param, Spec, Table
from chronus.catalogue.whole import OF_OUT, WHOLE, Text
from chronus.commands import Change, File, Length, Quantity, Relative, Set, Sweep, Value, Wave, Word
from chronus.errors import ChronusError
from chronus.othernames import meant
from chronus.rack import waves
from chronus.rack.document import (
    RESERVED,
    VOICES,
    Module,
    Moving,
    Rack,
    Steady,
    Waving,
    in_words,
    named,
    of_the_whole,
    replace,
    value,
    wave_words,
    with_module,
    words_of,
)
from chronus.rack.lanes import short_of_voices
from chronus.rack.sweeps import STILL, Present
from chronus.rack.wiring import kept_apart
from chronus.units import Range, format_param, is_clamped, is_musical, is_step, range_of, to_param

VOICE_COUNT = Range("voices", 1, VOICES)
AT_ONCE = Length(0, "ms")
PLAIN_WORD = re.compile(r"(?![a-g][#b]?[0-9]$)[a-z][a-z0-9_]*|[1-9][0-9]{0,8}")
LONGEST_TEXT = 1024
"""Characters of a setting that is a text."""


def assign(
    rack: Rack, command: Set, catalogue: Catalogue, present: Present = STILL
) -> tuple[Rack, str, dict[str, Any], tuple[Moving, ...]]:
    """Performs `set`: one change after the other, all or none."""
    texts, results = [], []
    sweeps: tuple[Moving, ...] = ()
    for k, change in enumerate(command.changes):
        part = f"changes.{k}"
        name = named(rack, change.module, catalogue, f"{part}.module") if change.module else ""
        rack, done, more = change_one(rack, name, change, catalogue, part, command.over, present)
        texts.append(done["text"])
        results.append({key: done[key] for key in ("module", "param", "value", "was")})
        sweeps += more
    text = texts[0] if is_short(command) else "set " + ", ".join(texts)
    return rack, text, results[0] if len(results) == 1 else {"changes": results}, sweeps


def is_short(command: Set) -> bool:
    """Whether the change is typed with the parameter's own word: `bpm 174`."""
    named = [change.param for change in command.changes if not change.module]
    return len(command.changes) == 1 and any(param in WHOLE and WHOLE[param].is_verb for param in named)


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
    """Changes one parameter. Relative values, and sweeps from where it stands, start from its `present` value."""
    if not name and change.param in OF_OUT:
        name = "out"
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
    if isinstance(change.value, Wave):
        return _wave(rack, module, param, change.value, catalogue, part, over, was)
    given: Value = _no_file(change, part)
    start: Steady = was
    if isinstance(module.params.get(param.name), Waving) and _steps(given, param):
        here = f"{name}.{param.name}"
        message = f"{here} is a wave, which has no value to step from; `set {here} {format_param(was, param)}` ends it"
        raise ChronusError("E_VALUE", message, part=f"{part}.value")
    if param.words:
        _refuse_sweep(change, over, part)
    elif isinstance(given, Sweep):
        start, given = _setting(given.start, param, was, rack, part), given.stop
    assert not isinstance(given, Sweep | Wave | File)
    now = _number(given, param, was, rack, part)
    stop = _setting(given, param, was, rack, part)
    moves = isinstance(change.value, Sweep) or over is not None
    setting = Moving(present.number(), start, stop, over or AT_ONCE) if moves else stop
    before = _was(module, param, was)
    module = replace(module, params={**module.params, param.name: setting})
    rack = with_module(rack, module)
    known, *more = in_words(rack, module, param)
    if moves:
        known = f"{format_param(value(rack, module, param, lambda moving: 0.0), param)}..{known}"
    text = f"{name}.{param.name} {known}"
    about = more if moves else [*more, before]
    text += f" ({', '.join(about)})" if about else ""
    text += _covered(rack, name, param, catalogue)
    done = {"text": text, "module": name, "param": param.name, "value": plain(now, param), "was": plain(was, param)}
    return rack, done, (setting,) if isinstance(setting, Moving) else ()


def _was(module: Module, param: Param, was: float) -> str:
    setting = module.params.get(param.name)
    return f"was {wave_words(setting, param) if isinstance(setting, Waving) else format_param(was, param)}"


def _covered(rack: Rack, name: str, param: Param, catalogue: Catalogue) -> str:
    """Returns the notes for an answer about what else there is to a parameter."""
    lane = rack.lanes.get(f"{name}.{param.name}")
    moved = "; its lane moves it, and this is what it goes back to" if lane and not lane.muted else ""
    return (kept_apart(name, rack, catalogue) if param == PAN else "") + moved


def _wave(
    rack: Rack,
    module: Module,
    param: Param,
    wave: Wave,
    catalogue: Catalogue,
    part: str,
    over: Length | None,
    was: float,
) -> Changed:
    """Lets a parameter go to and fro."""
    where = f"{module.name}.{param.name}"
    if param.words:
        raise ChronusError("E_VALUE", f"{param.name} is a word and cannot go in a wave", part=f"{part}.value")
    if over is not None:
        message = "a wave goes on until something else is set, and takes no `over`; `for 4 bars` lets it last so long"
        raise ChronusError("E_VALUE", message, part="over")
    shape = waves.checked_shape(wave.shape, f"{part}.value.shape")
    rate = waves.checked_rate(wave.rate, f"{part}.value.rate")
    start = _setting(wave.start, param, was, rack, part, ".start")
    stop = _setting(wave.stop, param, was, rack, part, ".stop")
    before = _was(module, param, was)
    made = Waving(shape, rate, start, stop, where)
    rack = with_module(rack, replace(module, params={**module.params, param.name: made}))
    known = wave_words(made, param)
    text = f"{where} {known} ({before}){_covered(rack, module.name, param, catalogue)}"
    done = {"text": text, "module": module.name, "param": param.name, "value": known, "was": plain(was, param)}
    return rack, done, ()


def _steps(given: Value, param: Param) -> bool:
    """Whether a value is counted from the present one."""
    negative = isinstance(given, Quantity) and given.number < 0
    return isinstance(given, Relative) or (negative and isinstance(given, Quantity) and is_step(given, range_of(param)))


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


def plain_word(word: str) -> str:
    """Writes a word of an enum: `at` or `a1` is no word by itself."""
    return word if PLAIN_WORD.fullmatch(word) and word not in RESERVED else f'"{word}"'


def in_quotes(text: str) -> str:
    return f'"{text}"' if text else "none"


def in_length(file: File) -> str:
    """Writes `0.32 s, stereo`; or, of a file that could not be found again, that it is silent."""
    if not file.digest:
        return "not found: silent"
    sides = {1: "mono", 2: "stereo"}.get(file.channels, f"{file.channels} channels")
    return f"{file.frames / max(1, file.rate):.3g} s, {sides}"


def _no_file(change: Change, part: str) -> Quantity | Word | Relative | Sweep | Wave:
    if isinstance(change.value, File):
        raise ChronusError("E_VALUE", f"{change.param} is no file", part=f"{part}.value")
    return change.value


def _setting(
    given: Quantity | Word | Relative, param: Param, was: float, rack: Rack, part: str, end: str = ""
) -> Steady:
    """Returns the number that a value comes to, or the musical time itself."""
    number = _number(given, param, was, rack, part, end)
    return given if isinstance(given, Quantity) and is_musical(given, param) else number


def _refuse_sweep(change: Change, over: Length | None, part: str) -> None:
    """Refuses a sweep of a parameter that cannot move from one value to another by degrees."""
    if isinstance(change.value, Sweep) or over is not None:
        raise ChronusError("E_VALUE", f"{change.param} cannot be swept", part=f"{part}.value")
    if isinstance(change.value, Wave):
        raise ChronusError("E_VALUE", f"{change.param} cannot go in a wave", part=f"{part}.value")


def _number(
    given: Quantity | Word | Relative, param: Param | Range, was: float, rack: Rack, part: str, end: str = ""
) -> float:
    try:
        return to_param(given, param, was, rack.bpm)
    except ChronusError as error:
        error.part = error.part or f"{part}.value{end}"
        raise


def plain(number: float, param: Param) -> float | str:
    """Returns the value for JSON: of an enum its word."""
    return param.words[round(number)] if param.words else number


def _change_voices(rack: Rack, module: Module, spec: Spec, change: Change, part: str, over: Length | None) -> Changed:
    if spec.width != "poly":
        raise ChronusError("E_PARAM", f"{spec.kind} is {spec.width}: it has no voices to choose", part=f"{part}.param")
    if isinstance(change.value, Quantity) and change.value.number > VOICES:
        raise ChronusError("E_LIMIT", f"a module has {VOICES} voices at most", part=f"{part}.value")
    _refuse_sweep(change, over, part)
    assert not isinstance(change.value, Sweep | Wave | File)
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
    """Returns the error for a word that is no parameter of the whole; the name of a module is half of what was meant."""
    near = meant(word, [*WHOLE, *OF_OUT, *rack.modules], othernames.WHOLE)
    having = [name for name, module in rack.modules.items() if catalogue[module.kind].param(word)]
    words = [f"{name}.{word}" for name in having[:3]] or [
        f"{name}.{_first(catalogue[rack.modules[name].kind])}" if name in rack.modules else name for name in near
    ]
    what = (
        f'"{word}" is a module; name a parameter of it' if word in rack.modules else f'there is no parameter "{word}"'
    )
    return ChronusError("E_PARAM", what, suggestions=words, part=part)


def _first(spec: Spec) -> str:
    return next((param.name for param in spec.params if param.pitch), spec.params[0].name if spec.params else "")


def _change_whole(
    rack: Rack, change: Change, catalogue: Catalogue, part: str, over: Length | None, present: Present
) -> Changed:
    """Changes a parameter of the whole at once, or evenly in time where it may move. Names musical lengths that the tempo takes out
    of range.
    """
    row = WHOLE.get(change.param)
    if row is None:
        raise no_such(rack, change.param, catalogue, f"{part}.param")
    if isinstance(row, Text):
        return _change_text(rack, row, change, part, over)
    if not row.moving or isinstance(change.value, Wave):
        _refuse_sweep(change, None if row.moving else over, part)
    name, plain, given = row.name, replace(row, unit=""), _no_file(change, part)
    begin = was = row.rounded(of_the_whole(rack, row, present))
    assert not isinstance(given, Wave)
    if isinstance(given, Sweep):
        begin, given = row.rounded(_number(given.start, row, was, rack, part)), given.stop
    now = _number(given, row, was, rack, part)
    if row.counts:
        _whole(now, name, part)
    now = row.rounded(now)
    moving = Moving(present.number(), begin, now, over) if over is not None and over.number > 0 else None
    after = replace(rack, **{name: now}, **({row.moving: moving} if row.moving else {}))
    beyond = _newly_clamped(rack, after, catalogue)
    about = ([] if moving else [f"was {format_param(was, plain)}"]) + (
        [f"clamped: {', '.join(beyond)}"] if beyond else []
    )
    known = f"{format_param(begin, plain)}..{format_param(now, plain)}" if moving else format_param(now, plain)
    text = f"{name} {known}" + (f" ({'; '.join(about)})" if about else "")
    done = {"text": text, "module": "", "param": name, "value": now, "was": was}
    return after, done, (moving,) if moving else ()


def _change_text(rack: Rack, row: Text, change: Change, part: str, over: Length | None) -> Changed:
    _refuse_sweep(change, over, part)
    words = change.value.text.lower() if isinstance(change.value, Word) else ""
    if not row.fits(words):
        raise ChronusError("E_VALUE", f"a {row.name} is {row.help}: {row.example}", part=f"{part}.value")
    was = getattr(rack, row.name) or "none"
    done = {"text": f"{row.name} {words} (was {was})", "module": "", "param": row.name, "value": words, "was": was}
    return replace(rack, **{row.name: words}), done, ()


def _newly_clamped(before: Rack, after: Rack, catalogue: Catalogue) -> list[str]:
    if before.bpm == after.bpm:
        return []
    held = _clamped(before, catalogue)
    return [name for name in _clamped(after, catalogue) if name not in held]


def _clamped(rack: Rack, catalogue: Catalogue) -> list[str]:
    """Returns the parameters that stand at an edge of their range because their musical length lies beyond it at this tempo."""
    return [
        f"{name}.{param.name} {format_param(value(rack, module, param), param)}"
        for name, module in rack.modules.items()
        for param in catalogue[module.kind].params
        if isinstance(setting := module.params.get(param.name), Quantity) and is_clamped(setting, param, rack.bpm)
    ]
