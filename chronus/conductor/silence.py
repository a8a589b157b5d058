"""Says why a module may be silent: what mutes it, holds it back or never reaches it; each with the line that mends it.

It follows the sound: what plays the module, the module itself, the way from it to `out`, and `out`. So the first cause that is found is
the first that keeps it from being heard. Only what is set is looked at; how loud it was in fact is measured by who asks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from chronus.catalogue.kinds import Catalogue, carries_audio
from chronus.catalogue.spec import BYPASS, LEVEL, Param, Spec
from chronus.conductor import looking
from chronus.pattern.lane import LaneOptions
from chronus.rack.document import Key, Lane, Rack, audible, in_words, replace, value
from chronus.rack.sweeps import Present
from chronus.rack.wiring import audio_sources, gated_off, input_of, notes_of, sounds
from chronus.score.score import Score
from chronus.units import OFF

FAINT = -36.0
"""dB: what is turned down so far is hardly heard beside anything else."""
LOWEST, HIGHEST = 60.0, 12000.0
"""Hz: a filter that lets through only what lies below, or above, leaves next to nothing."""
_KEEPING = ("volume", "level", "gain", "bypass", "cutoff")
"""Parameters that can keep all of a sound from going on."""
_FEWEST = 0.02
"""Of a velocity: what is struck less is not heard."""


class Cause(NamedTuple):
    """What keeps it from being heard, and the line that mends that; "" where only time does."""

    what: str
    line: str = ""


class Known(NamedTuple):
    """What is known of the moment. `score`: where the music is, None while the transport stands. `heard`: by module, whose sound goes
    through it; `leads`: by module, its cables; `into`: inputs and parameters that a cable leads into.
    """

    rack: Rack
    catalogue: Catalogue
    taken_out: Mapping[str, str]
    present: Present
    score: Score | None
    heard: Mapping[str, list[str]]
    leads: Mapping[str, list[Key]]
    into: frozenset[tuple[str, str]]

    @classmethod
    def of(
        cls, rack: Rack, catalogue: Catalogue, taken_out: Mapping[str, str], present: Present, score: Score | None
    ) -> Known:
        specs = {name: catalogue[module.kind] for name, module in rack.modules.items()}
        leads: dict[str, list[Key]] = {name: [] for name in rack.modules}
        for key in sorted(rack.cables):
            leads[key.source].append(key)
        into = frozenset((key.target, key.into) for key in rack.cables)
        return cls(rack, catalogue, taken_out, present, score, audio_sources(rack, specs), leads, into)

    def spec(self, name: str) -> Spec:
        return self.catalogue[self.rack.modules[name].kind]

    def value(self, name: str, param: Param) -> float:
        return value(self.rack, self.rack.modules[name], param, self.present)


def why(name: str, known: Known) -> str:
    """Returns the first cause in a few words; "" where nothing keeps it from being heard."""
    return next((cause.what for cause in _causes(name, known)), "")


def causes(name: str, known: Known) -> list[Cause]:
    """Returns all that keeps a module from being heard, in the order in which its sound comes to it; each once."""
    return list(dict.fromkeys(_causes(name, known)))


def _causes(name: str, known: Known) -> Iterator[Cause]:
    yield from _comes_in(name, known)
    yield from _itself(name, known, "")
    if known.spec(name).kind != "out":
        yield from _on_its_way(name, known)
        yield from _itself("out", known, "out")


def of_all(known: Known) -> dict[str, list[Cause]]:
    """Returns the first cause of each module that makes a sound by itself and is not heard."""
    names = [name for name in known.rack.modules if _makes_sound(known.spec(name))]
    if not names:
        return {"out": [Cause("nothing is loaded that makes a sound", "load kick; seq kick: x...x...")]}
    found = {name: [*islice(_causes(name, known), 1)] for name in names}
    return {name: first for name, first in found.items() if first}


def _makes_sound(spec: Spec) -> bool:
    return spec.main_input() is None and any(out.role == "audio" for out in spec.outs)


# ---------------------------------------------------------------- what plays it


def _comes_in(name: str, known: Known) -> Iterator[Cause]:
    spec = known.spec(name)
    if spec.main_input() is not None and not known.heard[name]:
        source = next((other for other in known.rack.modules if _makes_sound(known.spec(other))), "")
        what = "nothing is patched into it" if spec.kind == "out" else "nothing comes in"
        yield Cause(what, f"patch {source} > {name}" if source else f"load saw; patch saw > {name}")
    elif spec.kind != "out":
        yield from _played(name, known)


def _played(name: str, known: Known) -> Iterator[Cause]:
    """Says what keeps the notes from coming that open its gate."""
    rack = known.rack
    player = name if known.spec(name).main_input() is None else notes_of(name, rack, known.heard)
    of = "" if player == name else f"{player} is "
    if player in rack.lanes:
        yield from _lane(player, of, known)
    elif off := gated_off(player, rack, known.catalogue):
        if rack.modules[player].hushed:
            yield Cause("hushed by a panic; `play` lets it sound", "play")
        else:
            yield Cause(off, f"gate {player} on")
    elif _waits_for_notes(player, known):
        steps = "x...x..." if known.spec(player).category == "drum" else "a1 . . a1 . . c2 ."
        yield Cause(f"no lane plays {player if of else 'it'}", f"seq {player}: {steps}")


def _lane(name: str, of: str, known: Known) -> Iterator[Cause]:
    rack, lane = known.rack, known.rack.lanes[name]
    options = lane.options
    if lane.muted:
        yield Cause(f"{of}muted", f"unmute {name}")
    elif not audible(rack, name):
        yield Cause(f"{of}muted by a solo", "unsolo")
    its = f"the lane of {name}" if of else "its lane"
    if not lane.pattern.hits:
        yield Cause(f"{its} has no hits", f"seq {name}: x...x...")
    elif all(hit.fill for hit in lane.pattern.hits) and not rack.fill and not rack.fill_every:
        yield Cause(f"{its} plays in fills alone", "fill on now")
    if options.prob == 0:
        yield Cause("none of its hits comes: prob=0", _again(name, lane, prob=1.0))
    if lane.pattern.hits and max(hit.velocity for hit in lane.pattern.hits) * options.velocity < _FEWEST:
        line = _again(name, lane, velocity=1.0) if options.velocity < _FEWEST else f"seq {name}: x...x..."
        yield Cause("its hits are struck with no force", line)
    if known.score is None:
        yield Cause("transport stopped; `play` goes on", "play")
    else:
        begins = [place for place in looking.where(rack, name, known.score, known.present.frame) if "from bar" in place]
        if begins and audible(rack, name):
            yield Cause(f"{its} plays {begins[0]}")


def _again(name: str, lane: Lane, **options: float) -> str:
    """Returns the line of a lane with other options."""
    other: LaneOptions = replace(lane.options, **options)
    return f"seq {name}: {lane.text}{other.words()}"


def _waits_for_notes(name: str, known: Known) -> bool:
    """Whether a module sounds only while its gate is on, and nothing plays it."""
    spec = known.spec(name)
    waits = spec.has_gate() and spec.main_input() is None and not spec.drone
    return waits and not known.rack.modules[name].held and not _gated_by_cable(name, known)


# ---------------------------------------------------------------- the module itself


def _itself(name: str, known: Known, called: str) -> Iterator[Cause]:
    """Says what a module does to sound that is there. `called`: how it is named, if it is not the one that was asked about."""
    module, spec = known.rack.modules[name], known.spec(name)
    its = f"{called}: " if called else ""
    if name in known.taken_out:
        line = f"unload {name}; load {module.kind} as {name}"
        yield Cause(f"{its}taken out: {known.taken_out[name]}", line)
    for param in spec.all_params:
        if param.name not in _KEEPING or _is_moved(name, param, known):
            continue
        now = known.value(name, param)
        at = f"{its}{param.name} {in_words(known.rack, module, param, known.present)[0]}"
        whole = "set volume" if (spec.kind, param.name) == ("out", "volume") else f"set {name}.{param.name}"
        if param == BYPASS:
            if now >= 0.5 and (spec.main_input() is None or not known.heard[name]):
                yield Cause(f"{its}bypassed", f"bypass {name} off")
        elif param.unit == "dB":
            if now <= (OFF if param == LEVEL else param.low):
                yield Cause(f"{its}{param.name} off", f"{whole} {param.default:g}db")
            elif now < FAINT:
                yield Cause(f"{at}, which is hardly heard", f"{whole} {param.default:g}db")
        elif param.name == "gain" and now <= 1e-4:
            yield Cause(f"{its}gain 0", f"{whole} {param.default:g}")
        elif param.name == "cutoff" and spec.main_input() is not None:
            yield from _filtered(name, now, at, known)


def _filtered(name: str, cutoff: float, at: str, known: Known) -> Iterator[Cause]:
    mode = known.spec(name).param("mode")
    word = in_words(known.rack, known.rack.modules[name], mode, known.present)[0] if mode else "low"
    if word.startswith("low") and cutoff < LOWEST:
        yield Cause(f"{at} lets next to nothing through", f"set {name}.cutoff 1200")
    elif word.startswith("high") and cutoff > HIGHEST:
        yield Cause(f"{at} lets next to nothing through", f"set {name}.cutoff 200")


def _is_moved(name: str, param: Param, known: Known) -> bool:
    """Whether a lane or a cable moves it: then where it is set says little."""
    return (name, param.name) in known.into or f"{name}.{param.name}" in known.rack.lanes


# ---------------------------------------------------------------- the way to `out`


def _on_its_way(name: str, known: Known) -> Iterator[Cause]:
    """Says what stands between a module and `out`: nothing, if one way is open."""
    if _way(name, known, open_only=True) is not None:
        for inserted in known.rack.before_out:
            yield from _itself(inserted, known, inserted)
        return
    way = _way(name, known, open_only=False)
    if way is None:
        last = _furthest(name, known)
        what = "it leads nowhere" if last == name else f"it leads into {last}, and that leads nowhere"
        yield Cause(what, f"patch {last} > out")
        return
    for key in way:
        if _is_shut(key, known):
            yield Cause(
                f"the cable {key.source} > {key.target} is turned off", f"patch {key.source} > {key.target} 0db"
            )
        if key.target != "out":
            yield from _kept_by(key.target, known)


def _kept_by(name: str, known: Known) -> Iterator[Cause]:
    """Says what a module on the way does: by itself, or because its own gate stays shut."""
    yield from _itself(name, known, name)
    if known.spec(name).has_gate() and not _gated_by_cable(name, known):
        yield from (Cause(f"{name}: {one.what}", one.line) for one in _played(name, known))


def _cables(name: str, known: Known) -> list[Key]:
    """Returns the cables by which its sound goes on into sound."""
    spec = known.spec(name)
    leads = (key for key in known.leads[name] if sounds(spec, key.output))
    return [k for k in leads if (port := input_of(known.spec(k.target), k.into)) is not None and carries_audio(port)]


def _is_shut(key: Key, known: Known) -> bool:
    amount = known.rack.cables[key].amount
    return amount is not None and (amount.number <= OFF if amount.unit == "dB" else amount.number == 0)


def _way(name: str, known: Known, open_only: bool) -> list[Key] | None:
    """Returns the shortest way to `out`; with `open_only` one on which nothing keeps it."""
    todo, seen = deque[tuple[str, list[Key]]]([(name, [])]), {name}
    while todo:
        here, way = todo.popleft()
        if here == "out":
            return way
        for key in _cables(here, known):
            kept = open_only and (_is_shut(key, known) or (key.target != "out" and any(_kept_by(key.target, known))))
            if key.target not in seen and not kept:
                seen.add(key.target)
                todo.append((key.target, [*way, key]))
    return None


def _furthest(name: str, known: Known) -> str:
    """Returns the last module that its sound comes to."""
    seen = [name]
    for here in seen:
        seen += [key.target for key in _cables(here, known) if key.target not in seen]
    return seen[-1]


def _gated_by_cable(name: str, known: Known) -> bool:
    return any((name, port.name) in known.into for port in known.spec(name).ins if port.role == "gate")
