"""Answers questions about the rack: TABLE has a function for each kind of question, which gives its lines and their JSON form.

Control itself answers what only control knows (`status`, `sync`, files, devices): `control/serve/replies.py`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple

from chronus import commands as say
from chronus.catalogue import telling
from chronus.catalogue.kinds import Catalogue, find_param
from chronus.catalogue.spec import LEVEL, Param, Spec
from chronus.catalogue.whole import NUMBERS, OF_OUT, WHOLE
from chronus.conductor import arrangement, claims, history, looking, silence, tutorial
from chronus.conductor.transaction import rack_of
from chronus.diagram import characters
from chronus.diagram.graph import graph_of
from chronus.diagram.graph import plain as plain_graph
from chronus.errors import ChronusError, nearest
from chronus.pattern import library
from chronus.rack import arping, differing, scenes, songs
from chronus.rack.document import (
    Cable,
    Key,
    Module,
    Moving,
    Rack,
    Song,
    Waving,
    bar_of,
    in_words,
    module_of,
    named,
    of_the_whole,
    replace,
    steady,
    value,
    words_of,
)
from chronus.rack.script import script
from chronus.rack.sweeps import STILL, Present, about, format_length
from chronus.rack.values import in_length, in_quotes, no_such, plain
from chronus.rack.wiring import gated_off
from chronus.score.courses import onward, tempo_left
from chronus.score.score import Score
from chronus.score.timeline import frames_of
from chronus.units import (
    File,
    Length,
    Range,
    Word,
    format_number,
    format_param,
    format_quantity,
    format_range,
    is_musical,
    to_param,
)

TESTS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


WIDE = 78
"""Columns of a picture for someone whose terminal is not known: 80, without those that an answer is indented by."""
NOBODY: Mapping[str, str] = MappingProxyType({})
Taken = Mapping[str, str]


class Waits(NamedTuple):
    """A command that was put off: its text, when it comes, and who said it."""

    text: str
    at: str
    author: str


class Seen(NamedTuple):
    """The state that a question is about. `taken_out`: modules that are rendered no more, and why; `present`: where each sweep stands.
    `score`: where the music is in each lane, if that is asked. `to_come`: a song that waits, and the words for where it begins.
    `piles`: the steps that undo knows of; `claims`: who holds what, if that is asked; `waits`: what was put off."""

    rack: Rack
    catalogue: Catalogue
    taken_out: Taken = NOBODY
    present: Present = STILL
    score: Score | None = None
    to_come: tuple[Song, str] | None = None
    piles: history.Piles = history.Piles()
    claims: claims.Claims = ()
    rate: int = 44100
    waits: tuple[Waits, ...] = ()


class Answer(NamedTuple):
    """`text` stands on the `ok` line, where that is not the question itself."""

    lines: Sequence[str]
    result: dict[str, Any]
    text: str = ""


def answer(command: say.AnyCommand, seen: Seen) -> Answer:
    return TABLE[type(command)](command, seen)


# ---------------------------------------------------------------- list and show


def _list(command: say.List, seen: Seen) -> Answer:
    rack, catalogue, taken_out, present, score, *_ = seen
    what, lines = command.what, list[str]()
    if what == "patterns":
        return _patterns(command.genre)
    result: dict[str, Any] = {}
    if what in ("modules", ""):
        for name, module in rack.modules.items():
            leads = sorted({_lead(key, cable) for key, cable in rack.cables.items() if key.source == name})
            line = f" > {', '.join(leads)}" if leads else ""
            mix = mixed_as(rack, module, catalogue[module.kind], present)
            line += f" ({', '.join(mix.values())})" if mix else ""
            out = f" (taken out: {taken_out[name]})" if name in taken_out else ""
            gate = _gate(rack, name, catalogue)
            line += f" ({gate})" if gate else ""
            lines.append(name + (f" ({module.kind})" if module.kind != name else "") + line + out)
        result["modules"] = [
            {
                "name": name,
                "kind": module.kind,
                **_mix_plain(rack, module, catalogue[module.kind], present),
                **_gate_plain(rack, name, catalogue),
                **_out(name, taken_out),
            }
            for name, module in rack.modules.items()
        ]
    if what in ("lanes", ""):
        lines += [looking.lane_line(rack, name, score, present.frame) for name in rack.lanes]
        result["lanes"] = [looking.lane_of(rack, name, 0, score, present.frame) for name in rack.lanes]
    if what == "scenes":
        lines += [scenes.in_words(name, scene).removeprefix("scene ") for name, scene in rack.scenes.items()]
        result["scenes"] = [{"name": name, **scenes.plain(scene)} for name, scene in rack.scenes.items()]
    return Answer(lines, result)


def _patterns(genre: str) -> Answer:
    """Lists the library: of a genre or one pattern with all lines, of everything with no more than what is in it."""
    found = library.of_genre(genre)
    plain = [{"name": ready.name, "about": ready.about, "lines": dict(ready.lines)} for ready in found]
    lines: list[str] = []
    for ready in found:
        lines.append(f"{ready.name}  {ready.about}" if genre else f"{ready.name:<20}{', '.join(ready.lines)}")
        lines += [f"  {line:<8}{text}" for line, text in ready.lines.items() if genre]
    if not genre:
        lines.append(f"`list patterns {library.genres()[1]}` shows the lines; `seq kick: @{found[1].name}` plays one")
    return Answer(lines, {"patterns": plain})


def _lead(key: Key, cable: Cable) -> str:
    """Returns where a cable leads, with its gain or amount."""
    return f"{key.target} {format_quantity(cable.amount)}" if cable.amount is not None else key.target


def mixed_as(rack: Rack, module: Module, spec: Spec, present: Present) -> dict[str, str]:
    """Returns in words which of level, pan and bypass stand elsewhere than at their default."""
    found = {}
    for param in spec.mix:
        now = value(rack, module, param, present)
        if now != param.default:
            found[param.name] = "bypassed" if param.words else f"{param.name} {format_param(now, param)}"
    return found


def _mix_plain(rack: Rack, module: Module, spec: Spec, present: Present) -> dict[str, Any]:
    """The same as values."""
    found = ((param, value(rack, module, param, present)) for param in spec.mix)
    return {param.name: plain(now, param) for param, now in found if now != param.default}


def _gate(rack: Rack, name: str, catalogue: Catalogue) -> str:
    """Returns why the module sounds, or why it does not, where its gate is the reason; otherwise ""."""
    return "gate held on" if rack.modules[name].held else gated_off(name, rack, catalogue)


def _gate_plain(rack: Rack, name: str, catalogue: Catalogue) -> dict[str, str]:
    gate = _gate(rack, name, catalogue)
    return {"gate": "on" if rack.modules[name].held else "off"} if gate else {}


def _out(name: str, taken_out: Taken) -> dict[str, str]:
    """Returns why a module is taken out; of one that plays nothing."""
    return {"taken_out": taken_out[name]} if name in taken_out else {}


def _show(command: say.Show, seen: Seen) -> Answer:
    rack, present = seen.rack, seen.present
    if command.what == "lanes":
        return _show_lanes(command, seen)
    if command.what == "scene":
        return _show_scene(command.name, rack)
    if command.what == "patch":
        return _show_patch(command, seen)
    if command.what == "song":
        return _show_song(seen)
    if command.what == "script":
        lines = script(rack, seen.catalogue)
        return Answer(lines, {"lines": list(lines)})
    if command.name:
        return _show_module(named(rack, command.name, seen.catalogue), command.loop, seen)
    sweeps: dict[str, Any] = {}
    words: list[str] = []
    more: dict[str, Any] = {row.name: getattr(rack, row.name) for row in WHOLE.values()}
    for row in NUMBERS.values():
        now = more[row.name] = of_the_whole(rack, row, present)
        words.append(f"{row.name} {format_number(now)}" if not row.moving else f"{row.name} {format_param(now, row)}")
        moving = getattr(rack, row.moving) if row.moving else None
        if moving is not None and present(moving) < 1.0:
            ends = of_the_whole(rack, row, lambda moving: 0.0), getattr(rack, row.name)
            way, sweeps[row.name] = _way(moving, ends, tempo_left(moving, present), row, present)
            words[-1] += f" ({way})"
    modules, result, _ = _list(say.List(what="modules"), seen)
    lanes, own, _ = _list(say.List(what="lanes"), seen)
    moving = _sweeps(seen)
    sweeps |= {name: data for name, (_, data) in moving.items()}
    more |= {"sweeps": sweeps} if sweeps else {}
    more["cables"] = [_cable(rack, key) for key in sorted(rack.cables)]
    more |= {"waits": [one._asdict() for one in seen.waits]} if seen.waits else {}
    parts = (
        (modules, "modules: `list modules` tells of them"),
        (lanes, "lanes: `list lanes` tells of them"),
        ([f"{name} {text}" for name, (text, _) in moving.items()], "sweeps"),
        ([f"waits for {one.at}: {one.text}{one.author and f' ({one.author})'}" for one in seen.waits], "commands wait"),
    )
    return Answer([", ".join(words), *folded(parts)], {**more, **result, **own})


SCREEN = 19
"""Lines of `show` that leave room on a screen of 24 for what stands around them."""


def folded(parts: Sequence[tuple[Sequence[str], str]]) -> list[str]:
    """Returns the lines of some parts, those of the longest ones counted where all of them would not fit a screen."""
    rooms = [len(lines) for lines, _ in parts]
    while sum(rooms) > SCREEN:
        rooms[rooms.index(max(rooms))] -= 1
    found: list[str] = []
    for (lines, what), room in zip(parts, rooms, strict=True):
        found += lines if room == len(lines) else [*lines[: room - 1], f"... and {len(lines) - room + 1} more {what}"]
    return found


def _sweeps(seen: Seen) -> dict[str, tuple[str, dict[str, Any]]]:
    """Returns the parameters of modules that are on their way: in words, and as data."""
    return {
        f"{name}.{param.name}": _sweep(seen.rack, param, setting, seen.present)
        for name, module in seen.rack.modules.items()
        for param in seen.catalogue[module.kind].all_params
        if isinstance(setting := module.params.get(param.name), Moving) and seen.present(setting) < 1.0
    }


def _show_lanes(command: say.Show, seen: Seen) -> Answer:
    rack, frame = seen.rack, seen.present.frame
    if command.glance:
        lanes = looking.glance(rack, seen.score, frame)
        return Answer(
            (), {"lanes": [{**lane, "level": _level(lane["name"].partition(".")[0], seen)} for lane in lanes]}
        )
    if not rack.lanes:
        return Answer(("there are no lanes",), {"lanes": []})
    kits = [name for name in rack.lanes if seen.catalogue[rack.modules[module_of(name)].kind].kit]
    lines = looking.overview(rack, kits, seen.score, frame)
    return Answer(lines, {"lanes": [looking.lane_of(rack, name, 0, seen.score, frame) for name in rack.lanes]})


def _show_patch(command: say.Show, seen: Seen) -> Answer:
    """Draws the graph; what goes into a file is made of the JSON form (`control/serve/replies.py`)."""
    graph = graph_of(seen.rack, seen.catalogue, seen.taken_out, seen.present)
    lines = () if command.form else characters.drawn(graph, command.width or WIDE)
    return Answer(lines, plain_graph(graph))


def _show_song(seen: Seen) -> Answer:
    """Shows the song, and in one line the one that waits to take its place; or, where none plays yet, the one that waits."""
    song, to_come = seen.rack.song, seen.to_come
    begins = f"begins at {to_come[1]}" if to_come else ""
    then = [f"at {to_come[1]}: {songs.in_words(to_come[0])}"] if to_come and song else []
    if song is None and to_come is None:
        raise ChronusError("E_VALUE", f"there is no song; {scenes.NO_SONG}", part="what")
    if song is None:
        song, at, state = to_come[0], None, begins  # type: ignore[index]
    else:
        timeline = seen.score.timeline if seen.score is not None else None
        at = arrangement.here(timeline, seen.present.frame) if timeline is not None else None
        state = "stopped" if song.stopped else "" if arrangement.place(song, at) else "not playing"
    head = f"{songs.in_words(song)} ({', '.join(filter(None, (*arrangement.remarks(song), state)))})"
    result = {**songs.plain(song), "now": arrangement.told(song, at)}
    if to_come is not None:
        result["to_come"] = f"{songs.in_words(to_come[0])} at {to_come[1]}"
    return Answer((head, *arrangement.drawn(song, at), *then), result)


def _show_scene(name: str, rack: Rack) -> Answer:
    scene = scenes.find_scene(rack, name, "name")
    lines = [scenes.in_words(name, scene)]
    for lane, heard in rack.lanes.items():
        state = "heard" if lane in scene.lanes or (heard.moves and not scenes.names(rack, lane)) else "muted"
        lines.append(f"{state}  {lane}: {heard.text}{heard.options.words()}")
    return Answer(lines, {"name": name, **scenes.plain(scene)})


def _show_module(name: str, loop: int | None, seen: Seen) -> Answer:
    rack, catalogue, taken_out, present, score, *_ = seen
    module = rack.modules[name]
    spec = catalogue[module.kind]
    lines = [f"{name}: {spec.help}"]
    if name in taken_out:
        lines.append(f"taken out: {taken_out[name]}; unload it and load it again for a fresh one")
    gate = _gate(rack, name, catalogue)
    lines += [gate] if gate else []
    values = _values(name, seen)
    sweeps, moved, going = {}, dict[str, Any](), dict[str, Any]()
    for param in spec.all_params:
        setting = module.params.get(param.name)
        known, *more = in_words(rack, module, param, present)
        line = f"{param.name} {known} ({', '.join([*more, format_range(param)])})"
        if isinstance(setting, Moving) and present(setting) < 1.0:
            words, sweeps[param.name] = _sweep(rack, param, setting, present)
            line += f", {words}"
        elif isinstance(setting, Waving):
            here = value(rack, module, param, present)
            line += f", {format_param(here, param)} now"
            going[param.name] = {"shape": setting.shape, "rate": format_quantity(setting.rate), "now": here}
            going[param.name] |= {
                "from": steady(setting.start, param, rack.bpm),
                "to": steady(setting.stop, param, rack.bpm),
            }
        stands = looking.moved(rack, name, param, score, present.frame)
        if stands is not None:
            line += f", {format_param(stands, param)} now by its lane"
            moved[param.name] = plain(stands, param)
        lines.append(line)
    for table in spec.settings:
        now, setting = words_of(module, table), module.params.get(table.name)
        length = f" ({in_length(setting)})" if isinstance(setting, File) else ""
        lines.append(f"{table.name} {in_quotes(now)}{length or f' ({table.source})'}")
        values[table.name] = now
    lines += [f"arp {module.arp.words()}"] if module.arp else []
    cables = [_cable(rack, key) for key in sorted(rack.cables) if name in (key.source, key.target)]
    lines += [
        f"{c['source']}.{c['output']} > {c['target']}.{c['into']}{c['amount'] and ' ' + c['amount']}" for c in cables
    ]
    result = {"name": name, "kind": module.kind, "voices": module.voices, "params": values, "cables": cables}
    result |= {"arp": arping.plain(module.arp)} if module.arp else {}
    result |= {"sweeps": sweeps} if sweeps else {}
    result |= _gate_plain(rack, name, catalogue) | _out(name, taken_out)
    if name in rack.lanes:
        lines.append(looking.lane_line(rack, name))
        lines += looking.drawn(rack, name, loop, bool(spec.kit), score, present.frame)
        result["lane"] = looking.lane_of(rack, name, loop or 0, score, present.frame)
    of_values = [lane for lane in rack.lanes if lane.startswith(f"{name}.")]
    for lane in of_values:
        lines.append(looking.lane_line(rack, lane))
        lines += looking.drawn(rack, lane, loop, False, score, present.frame)
    result |= {"moved": moved} if moved else {}
    result |= {"waves": going} if going else {}
    result |= (
        {"lanes": [looking.lane_of(rack, lane, loop or 0, score, present.frame) for lane in of_values]}
        if of_values
        else {}
    )
    return Answer(lines, result)


# ---------------------------------------------------------------- what is measured


def _meters(command: say.Meters, seen: Seen) -> Answer:
    """Says which modules are meant; control measures them."""
    rack, catalogue = seen.rack, seen.catalogue
    chosen = [named(rack, name, catalogue, f"names.{k}") for k, name in enumerate(command.names)]
    found = dict.fromkeys(chosen) or [
        name
        for name in sorted(rack.modules, key=lambda name: name == "out")
        if any(out.role == "audio" for out in catalogue[rack.modules[name].kind].outs)
    ]
    known = _known(seen)
    return Answer((), {"modules": [_measured(name, seen, known) for name in found]})


def _scope(command: say.Scope, seen: Seen) -> Answer:
    """Says how many frames are asked for; 0 where nobody said."""
    name = _with_output(command.name, seen)
    frames = 0
    if command.length is not None:
        timeline = seen.score.timeline if seen.score is not None else None
        frames = frames_of(command.length, seen.rack.bpm, seen.rate, timeline, seen.present.frame, bar_of(seen.rack))
        if frames <= 0:
            raise ChronusError("E_VALUE", "a scope looks back longer than nothing", part="length")
    return Answer((), {**_measured(name, seen, _known(seen)), "frames": frames})


def _spectrum(command: say.Spectrum, seen: Seen) -> Answer:
    return Answer((), _measured(_with_output(command.name, seen), seen, _known(seen)))


def _why(command: say.Why, seen: Seen) -> Answer:
    """Says what keeps modules from being heard; control adds how loud they are."""
    known = _known(seen)
    if command.name:
        name = named(seen.rack, command.name, seen.catalogue)
        found = {name: silence.causes(name, known)}
    else:
        name, found = "", silence.of_all(known)
    causes = [{"module": one, "what": cause.what, "line": cause.line} for one, some in found.items() for cause in some]
    return Answer((), {"name": name, "causes": causes, "measured": [_measured(name or "out", seen, known)]})


def _known(seen: Seen) -> silence.Known:
    return silence.Known.of(seen.rack, seen.catalogue, seen.taken_out, seen.present, seen.score)


def _measured(name: str, seen: Seen, known: silence.Known) -> dict[str, Any]:
    """Says by how many dB a module leaves louder than its kernel is, and why it may be silent."""
    return {"name": name, "level": _level(name, seen), "why": silence.why(name, known)}


def _level(name: str, seen: Seen) -> float:
    """Returns by how many dB a module leaves louder than its kernel is."""
    module = seen.rack.modules[name]
    levels = [
        value(seen.rack, module, param, seen.present) for param in seen.catalogue[module.kind].mix if param == LEVEL
    ]
    return levels[0] if levels else 0.0


def _with_output(word: str, seen: Seen) -> str:
    name = named(seen.rack, word, seen.catalogue)
    if not seen.catalogue[seen.rack.modules[name].kind].outs:
        raise ChronusError("E_VALUE", f"{name} puts nothing out", part="name")
    return name


def _sweep(rack: Rack, param: Param, moving: Moving, present: Present) -> tuple[str, dict[str, Any]]:
    """Returns a sweep in words: from where to where, and how far it has got."""
    start, stop = (steady(setting, param, rack.bpm) for setting in (moving.start, moving.stop))
    return _way(moving, (start, stop), present.left(moving), param, present)


def _way(
    moving: Moving, ends: tuple[float, float], left: Length, param: Param | Range, present: Present
) -> tuple[str, dict[str, Any]]:
    share, over, more = present(moving), format_length(moving.over), about(left)
    start, stop = (format_param(end, param) for end in ends)
    text = f"{start}..{stop} over {over}: {share * 100:.0f}% done, {more} to go"
    return text, {"from": ends[0], "to": ends[1], "over": over, "done": share, "left": more}


def _cable(rack: Rack, key: Any) -> dict[str, Any]:
    cable = rack.cables[key]
    amount = format_quantity(cable.amount) if cable.amount else ""
    return {**key._asdict(), "amount": amount, "auto": cable.auto}


# ---------------------------------------------------------------- describe and assert


def _describe(command: say.Describe, seen: Seen) -> Answer:
    spec = seen.catalogue.resolve(command.kind)
    plain = Catalogue([spec]).plain()[spec.kind]
    loaded = [name for name, module in seen.rack.modules.items() if module.kind == spec.kind]
    present = {name: _values(name, seen) for name in loaded}
    told = telling.plain(spec.kind, plain, present)
    return Answer(telling.lines_of(spec.kind, plain, present), {"module": told})


def _values(name: str, seen: Seen) -> dict[str, float | str]:
    """Returns the present value of each parameter; of an enum its word."""
    module = seen.rack.modules[name]
    return {
        param.name: plain(value(seen.rack, module, param, seen.present), param)
        for param in seen.catalogue[module.kind].all_params
    }


def _assert(command: say.Assert, seen: Seen) -> Answer:
    rack, catalogue, present = seen.rack, seen.catalogue, seen.present
    words = _assert_words(rack, command, catalogue)
    if words is not None:
        return words
    found, wanted, param = _sides(rack, command, catalogue, present)
    target = command.target.name + (f".{command.target.port}" if command.target.port else "")
    now, goal = format_param(found, param), format_param(wanted, param)
    if command.test == "==" or command.test == "!=":
        near = abs(found - wanted) <= 1e-9 * max(1.0, abs(wanted))
        holds = near == (command.test == "==")
    else:
        holds = TESTS[command.test](found, wanted)
    if not holds:
        raise ChronusError("E_ASSERT", f"{target} is {now}, not {command.test} {goal}", part="value")
    return Answer((), {"value": found}, f"assert {target} {command.test} {goal}")


def _assert_words(rack: Rack, command: say.Assert, catalogue: Catalogue) -> Answer | None:
    """Checks an assertion about a file or a text; None if it is about something else."""
    name, port = command.target.name, command.target.port
    module = rack.modules[named(rack, name, catalogue, "target.name")] if port else None
    table = catalogue[module.kind].setting(port) if module is not None else None
    if module is None or table is None:
        return None
    now, wanted = words_of(module, table), command.value.text if isinstance(command.value, Word) else None
    if wanted is None or command.test not in ("==", "!="):
        raise ChronusError("E_VALUE", f"{name}.{port} is a {table.source}: == or != some words in quotes", part="value")
    if (now == wanted) != (command.test == "=="):
        raise ChronusError(
            "E_ASSERT", f"{name}.{port} is {in_quotes(now)}, not {command.test} {in_quotes(wanted)}", part="value"
        )
    return Answer((), {"value": now}, f'assert {name}.{port} {command.test} "{wanted}"')


def _sides(
    rack: Rack, command: say.Assert, catalogue: Catalogue, present: Present
) -> tuple[float, float, Param | Range]:
    name, port = command.target.name, command.target.port
    if not port:
        if name in NUMBERS:
            whole = replace(NUMBERS[name], unit="")
            return float(of_the_whole(rack, whole, present)), _wanted(command, whole, rack), whole
        if name not in OF_OUT:
            raise no_such(rack, name, catalogue, "target.name")
        name, port = "out", name
    module = rack.modules[named(rack, name, catalogue, "target.name")]
    param = find_param(catalogue[module.kind], port, "target.port")
    return value(rack, module, param, present), _wanted(command, param, rack), param


def _wanted(command: say.Assert, param: Param | Range, rack: Rack) -> float:
    """Returns the number to compare with, which may lie outside the parameter's range."""
    wide = param if param.words or is_musical(command.value, param) else Range(param.name, -1e12, 1e12, param.unit)
    try:
        with suppress(ChronusError):
            return to_param(command.value, wide, bpm=rack.bpm)
        return to_param(command.value, param, bpm=rack.bpm)
    except ChronusError as error:
        error.part = "value"
        raise


# ---------------------------------------------------------------- the history


def _history(command: say.History, seen: Seen) -> Answer:
    piles = seen.piles
    found = history.steps(piles, command.author)
    authors = sorted({one.step.author for one in history.steps(piles)} - {""})
    if command.author and not found:
        who = f"nobody of the name {command.author} has changed anything"
        raise ChronusError("E_VALUE", who, suggestions=nearest(command.author, authors), part="author")
    last = found[-command.most :]
    lines = history.lines(last) or ["nothing was changed yet"]
    if len(found) > len(last):
        lines.insert(
            0, f"... {len(found) - len(last):,} before; `history {min(len(found), say.MOST_COUNTED)}` shows them"
        )
    redo = piles.future[-1].id if piles.future else None
    now = history.present(piles.past, piles.future)
    return Answer(
        lines, {"history": [history.plain(one) for one in last], "steps": len(found), "now": now, "redo": redo}
    )


def _diff(command: say.Diff, seen: Seen) -> Answer:
    piles, rack = seen.piles, seen.rack
    last = next((step for step in reversed(piles.past) if rack_of(step.thing) is not None), None)
    if command.first is None and last is None:
        raise ChronusError("E_VALUE", "nothing was changed yet")
    first = command.first if command.first is not None else last.before if last is not None else 0
    second = command.second if command.second is not None else history.present(piles.past, piles.future)
    before = history.named(first, rack, piles, "first").rack
    if command.first is None and last is not None:
        before = rack_of(last.thing) or before
    after = rack if command.second is None else history.named(second, rack, piles, "second").rack
    before, after = (onward(one, seen.catalogue, seen.present) for one in (before, after))
    found = differing.lines(before, after, seen.catalogue)
    return Answer(found or ["no difference"], {"from": first, "to": second, "lines": found})


def _claims(command: say.Claim, seen: Seen) -> Answer:
    plain = [{"name": one.name, "holder": one.holder, "until_bar": one.bar or None} for one in seen.claims]
    return Answer(claims.lines(seen.claims), {"claims": plain})


def _tutorial(command: say.Tutorial, seen: Seen) -> Answer:
    if command.off:
        return Answer((), {"step": 0, "of": len(tutorial.STEPS), "done": False})
    return Answer(*tutorial.told(seen.rack, seen.catalogue, seen.to_come is not None))


TABLE: dict[type, Callable[[Any, Seen], Answer]] = {
    say.Claim: _claims,
    say.Diff: _diff,
    say.History: _history,
    say.List: _list,
    say.Show: _show,
    say.Meters: _meters,
    say.Scope: _scope,
    say.Spectrum: _spectrum,
    say.Describe: _describe,
    say.Assert: _assert,
    say.Tutorial: _tutorial,
    say.Why: _why,
}
