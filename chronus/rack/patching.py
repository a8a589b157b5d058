"""Performs `patch` and `unpatch` on a rack, and decides which cables to `out` come and go by themselves.

A sound that goes nowhere goes to `out`. Three cables take it elsewhere: one from its main output into a main audio input, one from a
drone into a parameter (unless it only closes a circle), and one to `out` that was asked for. A sound whose cable to `out` was taken
away stays silent until it goes somewhere. All this follows from what is patched, not from the order in which it was patched.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any

from chronus import othernames
from chronus.catalogue.kinds import Catalogue, carries_audio, main_input, main_output
from chronus.catalogue.spec import Spec
from chronus.commands import Patch, Port, Quantity, Unpatch
from chronus.errors import ChronusError
from chronus.othernames import meant
from chronus.rack.amounts import both, gain, scaled
from chronus.rack.document import CABLES, MODULES, Cable, Key, Module, Rack, find, replace
from chronus.rack.wiring import input_of, sort, sounds, strengths
from chronus.units import format_quantity

Result = tuple[Rack, str, dict[str, Any]]


def add(rack: Rack, name: str, spec: Spec, catalogue: Catalogue) -> Rack:
    """Adds a module; one that makes sound goes to `out`."""
    if len(rack.modules) >= MODULES:
        raise ChronusError("E_LIMIT", f"there can be {MODULES} modules at most, out among them")
    rack = replace(rack, modules={**rack.modules, name: Module(name, spec.kind, spec.voices)})
    if not makes_sound(spec):
        return rack
    return replace(rack, cables={**rack.cables, to_out(rack, name, catalogue): Cable(auto=True)})


def makes_sound(spec: Spec) -> bool:
    """Whether a module goes to `out` by itself."""
    main = main_output(spec)
    return spec.kind != "out" and not spec.modulator and main is not None and main.role == "audio"


def out_of(rack: Rack, name: str) -> str:
    """Returns where a module's sound goes that goes to `out`: to the first that is inserted there; from one of these to the next."""
    after = rack.before_out[rack.before_out.index(name) + 1 :] if name in rack.before_out else rack.before_out
    return after[0] if after else "out"


def to_out(rack: Rack, name: str, catalogue: Catalogue) -> Key:
    goal = out_of(rack, name)
    output, port = main_output(_spec(rack, name, catalogue)), main_input(_spec(rack, goal, catalogue))
    assert output is not None and port is not None
    return Key(name, output.name, goal, port.name)


def _spec(rack: Rack, name: str, catalogue: Catalogue) -> Spec:
    return catalogue[rack.modules[name].kind]


def remove(rack: Rack, name: str, catalogue: Catalogue) -> tuple[Rack, list[Key]]:
    """Takes out a module with its cables, and returns the cables that close the gap: what went through it alone goes to where it led.

    Modules that led only there, and have nowhere else to go, go to `out` again.
    """
    quiet = silent(rack, catalogue)
    without = replace(
        rack,
        modules={n: module for n, module in rack.modules.items() if n != name},
        cables={key: cable for key, cable in rack.cables.items() if name not in (key.source, key.target)},
        before_out=tuple(other for other in rack.before_out if other != name),
    )
    closing = _closing(rack, without, name, catalogue)
    if len(without.cables) + len(closing) > CABLES:
        closing = {}
    return settled(replace(without, cables={**without.cables, **closing}), quiet, catalogue), sorted(closing)


def _closing(before: Rack, after: Rack, name: str, catalogue: Catalogue) -> dict[Key, Cable]:
    """Returns the cables that lead past the place of a module that is gone. Of two gains both count."""
    port = main_input(_spec(before, name, catalogue))
    if port is None:
        return {}
    led = _led(after, catalogue)
    specs = {other: catalogue[module.kind] for other, module in before.modules.items()}
    coming = [key for key in before.cables if (key.target, key.into) == (name, port.name) and key.source not in led]
    leaving = [
        key
        for key, cable in before.cables.items()
        if key.source == name and not cable.auto and is_main(before, key, catalogue) and _takes_along(key, specs)
    ]
    return {
        Key(into.source, into.output, on.target, on.into): Cable(
            both(before.cables[into].amount, before.cables[on].amount)
        )
        for into in coming
        for on in leaving
        if is_main(before, into, catalogue)
        and input_of(specs[on.target], on.into) is not None
        and on.target != into.source
        and not _leads_to(after, on.target, {into.source})
    }


def silent(rack: Rack, catalogue: Catalogue) -> set[str]:
    """Returns the sounds that go nowhere because somebody wished so."""
    led = _led(rack, catalogue) | {key.source for key, cable in rack.cables.items() if cable.auto}
    return {name for name in _sources(rack, catalogue) if name not in led}


def settled(rack: Rack, quiet: Collection[str], catalogue: Catalogue) -> Rack:
    """Sends to `out` each sound that goes nowhere and is not to be `quiet`, and takes from `out` those that go elsewhere and were
    not sent there.
    """
    led = _led(rack, catalogue)
    wanted = {
        to_out(rack, name, catalogue) for name in _sources(rack, catalogue) if name not in led and name not in quiet
    }
    kept = {key: cable for key, cable in rack.cables.items() if not cable.auto or key in wanted}
    more = {key: Cable(auto=True) for key in sorted(wanted - kept.keys())}
    return replace(rack, cables=kept | more) if more or len(kept) < len(rack.cables) else rack


def _sources(rack: Rack, catalogue: Catalogue) -> list[str]:
    return [name for name, module in rack.modules.items() if makes_sound(catalogue[module.kind])]


def _led(rack: Rack, catalogue: Catalogue) -> set[str]:
    """Returns the modules whose sound was patched somewhere: to `out`, or elsewhere and not only round a circle."""
    asked = [key for key, cable in rack.cables.items() if not cable.auto and is_main(rack, key, catalogue)]
    specs = {name: catalogue[module.kind] for name, module in rack.modules.items()}
    out = {key.source for key in asked if key.target == "out" and _takes_along(key, specs)}
    away = [key for key in asked if key.target != "out" and _takes_along(key, specs)]
    _, back = sort(sorted(rack.modules), strengths(away, specs))
    return out | {key.source for key in away if (key.source, key.target) not in back}


def is_main(rack: Rack, key: Key, catalogue: Catalogue) -> bool:
    """Whether a cable comes from its module's main output."""
    main = main_output(catalogue[rack.modules[key.source].kind])
    return main is not None and key.output == main.name


def _takes_along(key: Key, specs: Mapping[str, Spec]) -> bool:
    """Whether a cable from a main output takes the sound with it."""
    port = input_of(specs[key.target], key.into)
    return carries_audio(port) if port else specs[key.source].drone and key.target != "out"


def _led_away(rack: Rack, keys: Collection[Key], catalogue: Catalogue) -> Rack:
    """Does the same as `settled` where these cables are new and no circle is near: only their sources are led elsewhere."""
    specs = {name: catalogue[rack.modules[name].kind] for key in keys for name in (key.source, key.target)}
    led = {key.source for key in keys if is_main(rack, key, catalogue) and _takes_along(key, specs)}
    gone = {to_out(rack, name, catalogue) for name in led}
    kept = {key: cable for key, cable in rack.cables.items() if not (cable.auto and key in gone)}
    return replace(rack, cables=kept) if len(kept) < len(rack.cables) else rack


def _at_circles(rack: Rack, keys: Collection[Key]) -> bool:
    """Whether any of these cables is in a circle or leads into one."""
    return any(_leads_to(rack, key.target, {key.source, key.target}) for key in keys)


def _leads_to(rack: Rack, name: str, goals: Collection[str]) -> bool:
    """Whether the outputs of a module reach one of these, however far."""
    leads: dict[str, list[str]] = {}
    for key in rack.cables:
        leads.setdefault(key.source, []).append(key.target)
    seen: set[str] = set()
    todo = list(leads.get(name, ()))
    while todo:
        other = todo.pop()
        if other in goals:
            return True
        if other not in seen:
            seen.add(other)
            todo += leads.get(other, ())
    return False


# ---------------------------------------------------------------- patch


def patch(rack: Rack, command: Patch, catalogue: Catalogue) -> Result:
    words = [port.name for port in command.chain]
    names, loaded = [], []
    for k, word in enumerate(words):
        name = find(rack, word, catalogue)
        if name is None:
            spec = _kind(rack, word, catalogue, f"chain.{k}.name")
            name = spec.kind
            rack = add(rack, name, spec, catalogue)
            loaded.append(name)
        names.append(name)
    before = rack
    chain = [Port(name, port.port) for name, port in zip(names, command.chain, strict=True)]
    chain, notes = _through_inserts(rack, chain, catalogue)
    keys = []
    for k in range(len(chain) - 1):
        amount = command.amount if k == len(chain) - 2 else None
        rack, key = _connect(rack, chain[k], chain[k + 1], amount, k, catalogue)
        keys.append(key)
    if len(rack.cables) > CABLES:
        raise ChronusError("E_LIMIT", f"there can be {CABLES} cables at most")
    text = "patch " + " > ".join(port.name + (f".{port.port}" if port.port else "") for port in chain)
    text += _told(command.amount)
    notes += [f"loaded {', '.join(loaded)}"] if loaded else []
    if _at_circles(rack, keys):
        rack = settled(rack, silent(before, catalogue), catalogue)
    else:
        rack = _led_away(rack, keys, catalogue)
    if any(key not in before.cables and _leads_to(rack, key.target, {key.source}) for key in keys):
        notes.append("feedback: one block late")
    notes += _unused(rack, keys, catalogue)
    text += f" ({'; '.join(notes)})" if notes else ""
    cables = [dict(zip(("source", "output", "target", "into"), key, strict=True)) for key in keys]
    return rack, text, {"cables": cables, "loaded": loaded}


def _unused(rack: Rack, keys: Collection[Key], catalogue: Catalogue) -> list[str]:
    """Says of each module that listens to one of these cables, as a duck does to its key, that no sound goes through it yet."""
    found = {}
    for key in keys:
        spec = _spec(rack, key.target, catalogue)
        main, port = main_input(spec), input_of(spec, key.into)
        if main is None or port is None or port.role != "audio" or carries_audio(port):
            continue
        if not any((other.target, other.into) == (key.target, main.name) for other in rack.cables):
            through = _passing(rack, key, catalogue)
            found[key.target] = f"nothing goes through {key.target} yet: `patch {through} > {key.target}`"
    return list(found.values())


def _passing(rack: Rack, key: Key, catalogue: Catalogue) -> str:
    """Returns a module whose sound could go there: one that goes to `out` and is no drum."""
    heard = {other.source for other in rack.cables if other.target == out_of(rack, other.source)}
    others = [name for name in rack.modules if name in heard - {key.source, key.target}]
    return next((name for name in others if _spec(rack, name, catalogue).category != "drum"), "NAME")


def _told(amount: Quantity | None) -> str:
    return f" {format_quantity(amount)}" if amount else ""


def _kind(rack: Rack, word: str, catalogue: Catalogue, part: str) -> Spec:
    spec = catalogue.find(word)
    if spec is None:
        near = meant(word, [*rack.modules, *catalogue.kinds], othernames.KINDS)
        raise ChronusError(
            "E_NAME", f'no module "{word}" is loaded, and no kind is called so', suggestions=near, part=part
        )
    return spec


def _connect(
    rack: Rack, source: Port, target: Port, amount: Quantity | None, k: int, catalogue: Catalogue
) -> tuple[Rack, Key]:
    output = output_of(rack, source, catalogue, f"chain.{k}.port", inside=k > 0)
    into = into_of(rack, target, catalogue, f"chain.{k + 1}.port")
    key = Key(source.name, output, target.name, into)
    spec = catalogue[rack.modules[target.name].kind]
    _stay_inserted(rack, key, catalogue, f"chain.{k + 1}.name")
    if amount is not None:
        _check_amount(amount, spec, into)
    return replace(rack, cables={**rack.cables, key: Cable(amount)}), key


def _stay_inserted(rack: Rack, key: Key, catalogue: Catalogue, part: str) -> None:
    """Raises E_VALUE where the sound of what is inserted on `out` would come to `out` by another way, and so to itself again."""
    goal = out_of(rack, key.source)
    if key.source in rack.before_out and key.target != goal:
        port = input_of(_spec(rack, key.target, catalogue), key.into)
        if port is not None and carries_audio(port) and sounds(_spec(rack, key.source, catalogue), key.output):
            why = f"{key.source} is inserted on out and goes to {goal}; `insert KIND on out` puts another behind it"
            raise ChronusError("E_VALUE", why, part=part)


def _through_inserts(rack: Rack, chain: list[Port], catalogue: Catalogue) -> tuple[list[Port], list[str]]:
    """Returns the chain with `out` made the first of what is inserted there, and the note that says so."""
    if len(chain) < 2:
        return chain, []
    end, port = chain[-1], main_input(catalogue["out"])
    if end.name != "out" or port is None or end.port not in ("", port.name):
        return chain, []
    goal = out_of(rack, chain[-2].name)
    return [*chain[:-1], Port(goal)], [f"{goal} is inserted on out"] if goal != "out" else []


def _check_amount(amount: Quantity, spec: Spec, into: str) -> None:
    port, param = input_of(spec, into), spec.param(into)
    if port is not None and port.role not in ("audio", "control"):
        message = f"an amount goes with a sound or with a parameter; {into} is no such input"
        raise ChronusError("E_VALUE", message, part="amount")
    try:
        if port is not None:
            gain(amount)
        elif param is not None:
            scaled(amount, param)
    except ChronusError as error:
        error.part = "amount"
        raise


def output_of(rack: Rack, port: Port, catalogue: Catalogue, part: str, inside: bool = False) -> str:
    """Returns the output a chain goes on from. Inside a chain a port that is no output was the input of the cable before."""
    spec = catalogue[rack.modules[port.name].kind]
    outs = [out.name for out in spec.outs]
    notes = [out.name for out in spec.note_outs()]
    if port.port in outs or (port.port in notes and not (inside and is_into(spec, port.port))):
        return port.port
    if outs and (not port.port or (inside and is_into(spec, port.port))):
        return outs[0]
    raise _no_port(spec, port.port, [*outs, *notes], "output", part)


def into_of(rack: Rack, port: Port, catalogue: Catalogue, part: str) -> str:
    """Returns the input or parameter a cable leads to."""
    spec = catalogue[rack.modules[port.name].kind]
    main = main_input(spec)
    if is_into(spec, port.port):
        return port.port
    if main is not None and (not port.port or any(out.name == port.port for out in spec.offers())):
        return main.name
    known = [*(i.name for i in spec.ins), *(p.name for p in spec.all_params)]
    raise _no_port(spec, port.port, known, "audio input" if not port.port else "input or parameter", part)


def is_into(spec: Spec, name: str) -> bool:
    return input_of(spec, name) is not None or spec.param(name) is not None


def _no_port(spec: Spec, name: str, known: list[str], what: str, part: str) -> ChronusError:
    if name:
        return ChronusError("E_PORT", f'{spec.kind} has no {what} "{name}"', suggestions=_ports(name, known), part=part)
    has = f"; it has {', '.join(known)}" if known else ""
    return ChronusError("E_PORT", f"{spec.kind} has no {what}{has}", part=part.replace(".port", ".name"))


# ---------------------------------------------------------------- unpatch


def unpatch(rack: Rack, command: Unpatch, catalogue: Catalogue) -> Result:
    names = []
    for k, port in enumerate(command.chain):
        name = find(rack, port.name, catalogue)
        if name is None:
            near = meant(port.name, rack.modules, othernames.KINDS)
            raise ChronusError("E_NAME", f'no module "{port.name}" is loaded', suggestions=near, part=f"chain.{k}.name")
        names.append(name)
    chain = [Port(name, port.port) for name, port in zip(names, command.chain, strict=True)]
    alone = len(chain) == 1
    if len(chain) > 1 and not any((key.source, key.target) == (chain[-2].name, "out") for key in rack.cables):
        chain, _ = _through_inserts(rack, chain, catalogue)
    text = "unpatch " + " > ".join(port.name + (f".{port.port}" if port.port else "") for port in chain)
    gone = _leaving(rack, chain[0], catalogue) if alone else _between(rack, chain)
    # Whose cable to `out` is taken away is to be silent. What else goes nowhere now is heard.
    quiet = {key.source for key in gone if key.target in ("out", out_of(rack, key.source))} | silent(rack, catalogue)
    taken = [cable_words(key, rack, catalogue) for key in gone]
    cut = replace(rack, cables={key: cable for key, cable in rack.cables.items() if key not in gone})
    after = settled(cut, quiet, catalogue)
    heard = sorted(key.source for key in after.cables.keys() - rack.cables.keys())
    notes = [f"took away {listed(taken)}"] if alone or len(taken) >= len(chain) else []
    notes += [f"{listed(heard)} to out again"] if heard else []
    text += f" ({'; '.join(notes)})" if notes else ""
    return after, text, {"removed": len(gone), "cables": [key._asdict() for key in gone], "to_out": heard}


MOST_TOLD = 3


def listed(words: list[str]) -> str:
    more = len(words) - MOST_TOLD
    return ", ".join(words[:MOST_TOLD]) + (f" and {more} more" if more > 0 else "")


def cable_words(key: Key, rack: Rack, catalogue: Catalogue) -> str:
    """Writes a cable as it is typed: ports are named where they are not the main ones."""
    main = main_output(catalogue[rack.modules[key.source].kind])
    spec = catalogue[rack.modules[key.target].kind]
    audio = main_input(spec)
    source = key.source if main and main.name == key.output else f"{key.source}.{key.output}"
    plain = audio and audio.name == key.into and input_of(spec, key.into)
    return f"{source} > {key.target if plain else f'{key.target}.{key.into}'}"


def _leaving(rack: Rack, port: Port, catalogue: Catalogue) -> list[Key]:
    """Returns the cables from a module, or from one output of it. If there are none, E_PORT names those that come in."""
    gone = [key for key in rack.cables if key.source == port.name and port.port in ("", key.output)]
    if gone:
        return gone
    spec = catalogue[rack.modules[port.name].kind]
    named = port.name + (f".{port.port}" if port.port else "")
    if port.port and not is_into(spec, port.port) and all(out.name != port.port for out in spec.offers()):
        known = [out.name for out in spec.offers()]
        raise _no_port(spec, port.port, known, "output", "chain.0.port")
    coming = [key for key in rack.cables if key.target == port.name and port.port in ("", key.into)]
    remedy = f"; `unpatch {cable_words(coming[0], rack, catalogue)}` takes away what comes in" if coming else ""
    raise ChronusError("E_PORT", f"no cable leaves {named}{remedy}", part="chain.0.name")


def _between(rack: Rack, chain: list[Port]) -> list[Key]:
    gone: list[Key] = []
    for k, (source, target) in enumerate(pairwise(chain)):
        found = [
            key
            for key in rack.cables
            if (key.source, key.target) == (source.name, target.name)
            and (source.port in ("", key.output) or (k > 0 and source.port != key.output))
            and target.port in ("", key.into)
        ]
        if not found:
            message = f"there is no cable from {source.name} to {target.name}"
            raise ChronusError("E_PORT", message, part=f"chain.{k + 1}.name")
        gone += found
    return gone


def _ports(name: str, known: list[str]) -> tuple[str, ...]:
    """Returns what a wrong port may have been: ports and parameters are named alike in other programs."""
    both = (*meant(name, known, othernames.PORTS), *meant(name, known, othernames.PARAMS))
    return tuple(dict.fromkeys(both))[:3]
