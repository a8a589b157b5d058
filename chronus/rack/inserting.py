"""Inserts a module at the end of another one's chain: behind all that only it goes through, in front of all that this goes to.

A chain is read from the cables, and nothing else keeps it: it goes on from a module as long as its sound goes to one other alone, which
hears nothing else. What gathers ends it, such as a bus, and so does `out`. What is inserted on `out` stands in `Rack.before_out`, as later
sounds go there, too.
"""

from __future__ import annotations

from chronus.catalogue.kinds import Catalogue, carries_audio, main_input, main_output
from chronus.catalogue.spec import Spec
from chronus.errors import ChronusError
from chronus.rack import patching
from chronus.rack.document import CABLES, Cable, Key, Rack, named, replace
from chronus.rack.wiring import audio_sources, input_of

Inserted = tuple[Rack, str, list[str]]
"""The rack, what it was inserted on, and the chain as it is now, with what this goes to."""


def insert(rack: Rack, word: str, name: str, spec: Spec, catalogue: Catalogue) -> Inserted:
    """Adds the module `name` at the end of a chain."""
    on = named(rack, word, catalogue, "on")
    port, about = main_input(spec), catalogue[rack.modules[on].kind]
    if port is None or not patching.makes_sound(spec):
        lacks = "no audio input" if port is None else "no audio output"
        raise ChronusError("E_VALUE", f"{spec.kind} has {lacks}: nothing can go through it", part="kind")
    if on != "out" and not patching.makes_sound(about):
        raise ChronusError("E_VALUE", f"{on} puts out no sound that could go through {spec.kind}", part="on")
    if on == "out" or on in rack.before_out:
        return _before_out(rack, on, name, spec, catalogue)
    chain, quiet = chain_of(rack, on, catalogue), patching.silent(rack, catalogue)
    end = chain[-1]
    rack = patching.add(rack, name, spec, catalogue)
    leaving = [key for key in rack.cables if key.source == end and _is_heard(rack, key, catalogue)]
    kept = {key: cable for key, cable in rack.cables.items() if key not in leaving}
    output, here = main_output(spec), main_output(catalogue[rack.modules[end].kind])
    assert output is not None and here is not None
    moved = {
        Key(name, output.name, key.target, key.into): rack.cables[key] for key in leaving if not rack.cables[key].auto
    }
    kept |= {Key(end, here.name, name, port.name): Cable(), **moved}
    if len(kept) > CABLES:
        raise ChronusError("E_LIMIT", f"there can be {CABLES} cables at most")
    rack = patching.settled(replace(rack, cables=kept), quiet | ({name} if end in quiet else set()), catalogue)
    return rack, on, [*chain, name, ", ".join(sorted({key.target for key in rack.cables if key.source == name}))]


def _before_out(rack: Rack, on: str, name: str, spec: Spec, catalogue: Catalogue) -> Inserted:
    """Puts a module behind all that is inserted on `out`. What was patched to `out` itself goes to the first of these."""
    quiet, port, end = patching.silent(rack, catalogue), main_input(spec), main_input(catalogue["out"])
    assert port is not None and end is not None
    rack = patching.add(rack, name, spec, catalogue)
    into_out = [
        key for key, cable in rack.cables.items() if (key.target, key.into) == ("out", end.name) and not cable.auto
    ]
    moved = {Key(key.source, key.output, name, port.name): rack.cables[key] for key in into_out}
    cables = {key: cable for key, cable in rack.cables.items() if key not in into_out} | moved
    rack = replace(rack, cables=cables, before_out=(*rack.before_out, name))
    rack = patching.settled(rack, quiet, catalogue)
    return rack, on, [*rack.before_out, "out"]


def chain_of(rack: Rack, name: str, catalogue: Catalogue) -> list[str]:
    """Returns a module and what follows it alone, in order."""
    specs = {other: catalogue[module.kind] for other, module in rack.modules.items()}
    heard, chain = audio_sources(rack, specs), [name]
    while True:
        leaving = [key for key in rack.cables if key.source == chain[-1] and _is_heard(rack, key, catalogue)]
        goals = {key.target for key in leaving}
        if len(goals) != 1 or (goal := goals.pop()) in ("out", *rack.before_out, *chain):
            return chain
        port = main_input(specs[goal])
        goes_on = port is not None and {key.into for key in leaving} == {port.name} and heard[goal] == [chain[-1]]
        if not goes_on or specs[goal].gathers or not patching.makes_sound(specs[goal]):
            return chain
        chain.append(goal)


def _is_heard(rack: Rack, key: Key, catalogue: Catalogue) -> bool:
    """Whether a cable takes the sound of a main output to where it is heard."""
    port = input_of(catalogue[rack.modules[key.target].kind], key.into)
    return port is not None and carries_audio(port) and patching.is_main(rack, key, catalogue)
