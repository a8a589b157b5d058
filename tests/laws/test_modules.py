"""Laws asked of every module, found by looking: a new file is tested without editing a test."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from chronus.catalogue.kinds import main_input, main_output
from chronus.catalogue.spec import Param
from chronus.dsp.discovery import discover
from chronus.dsp.kernel import Kernel
from chronus.places import modules_folders
from tests.kit.rig import Rig

RATE = 44100
KERNELS = discover(modules_folders())
LOUDEST = 10 ** (12 / 20)
SILENCE = 10 ** (-90 / 20)
RESERVED = {"at", "now", "over", "fade"}
POLY = [
    kind for kind, kernel in KERNELS.items() if kernel.spec.width == "poly" and not kernel.spec.kit
]  # whose voices meet within it
every = pytest.mark.parametrize("kind", KERNELS)


def chance_for(kind: str, law: str) -> np.random.Generator:
    """The same numbers in every run, others for every module and law."""
    return np.random.default_rng(zlib.crc32(f"{kind} {law}".encode()))


def draw(rng: np.random.Generator, param: Param, size: int | None = None) -> Any:
    """Values across the range, as a knob would reach them."""
    if param.words:
        return rng.integers(0, len(param.words), size).astype(float) if size else float(rng.integers(len(param.words)))
    x = rng.random(size)
    return (
        param.low * (param.high / param.low) ** x if param.curve == "exp" else param.low + (param.high - param.low) * x
    )


def gates(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Notes and rests of all lengths, some struck while the one before is held (a 2 for one frame)."""
    gate, at, on = np.zeros(frames), 0, False
    while at < frames:
        length = int(rng.integers(3, 6000))
        if on and rng.random() < 0.4:
            gate[at], gate[at + 1 : at + length] = 2, 1
        else:
            on = not on
            gate[at : at + length] = on
        at += length
    return gate


def inputs(
    kernel: Kernel, rng: np.random.Generator, frames: int, lanes: int = 1, cables: bool = True
) -> dict[str, np.ndarray]:
    """Something lively for every port, each lane with its own; without cables only for the main input and the notes."""

    def one(role: str) -> np.ndarray:
        t = np.arange(frames) / RATE
        if role == "gate":
            return gates(rng, frames)
        if role in ("velocity", "accent", "glide"):
            steps = rng.random(frames // 1000 + 1) if role == "velocity" else rng.integers(0, 2, frames // 1000 + 1)
            return np.repeat(steps, 1000)[:frames]
        loud = rng.uniform(0.5, 1)
        if rng.random() < 0.5:
            return loud * rng.uniform(-1, 1, frames)
        return loud * np.sin(2 * np.pi * rng.uniform(20, 4000) * t + rng.uniform(0, 6))

    spec = kernel.spec
    fed = [p for p in spec.ins if cables or p == spec.main_input() or p.role not in ("audio", "control")]
    return {p.name: np.stack([one(p.role) for _ in range(lanes)], 1).astype(np.float32) for p in fed}


def settings(kernel: Kernel, rng: np.random.Generator, size: int | None = None) -> dict[str, Any]:
    return {p.name: draw(rng, p, size) for p in kernel.spec.params}


def loudest(outs: dict[str, np.ndarray]) -> float:
    """The highest magnitude of any output; NaN and infinity count as infinity."""
    return max(float(np.abs(y).max()) if np.isfinite(y).all() else np.inf for y in outs.values())


def assert_close(one: dict[str, np.ndarray], other: dict[str, np.ndarray], what: str = "") -> None:
    for name in one:
        gap = float(np.abs(one[name].astype(float) - other[name]).max())
        assert gap <= 2e-5 * max(1.0, float(np.abs(one[name]).max())), f"{name} differs by {gap:.2g} {what}"


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    for name in one:
        assert one[name].tobytes() == other[name].tobytes(), f"{name} differs"


def corners(kernel: Kernel, rng: np.random.Generator, most: int = 24) -> Iterator[dict[str, float]]:
    """All ends of all ranges while they are few, else all low, all high, and a fair draw of the others."""
    params = kernel.spec.params
    ends = [[float(n) for n in range(len(p.words))] if p.words else [p.low, p.high] for p in params]
    total = int(np.prod([len(e) for e in ends]))
    picks = range(total) if total <= most else [0, total - 1, *map(int, rng.integers(0, total, most - 2))]
    for pick in picks:
        corner = {}
        for param, values in zip(params, ends, strict=True):
            pick, at = divmod(pick, len(values))
            corner[param.name] = values[at]
        yield corner


def walk(rng: np.random.Generator, param: Param, blocks: int) -> np.ndarray:
    """A random walk, a step each block, that bounces off the ends; now and then it leaps."""
    if param.words:
        return np.repeat(draw(rng, param, blocks // 8 + 1), 8)[:blocks].repeat(64)
    at = np.cumsum(rng.normal(0, 0.15, blocks) + np.where(rng.random(blocks) < 0.05, rng.uniform(-1, 1, blocks), 0))
    x = np.abs((at + rng.random()) % 2 - 1)
    value = (
        param.low * (param.high / param.low) ** x if param.curve == "exp" else param.low + (param.high - param.low) * x
    )
    return np.clip(value, param.low, param.high).repeat(64)


@every
def test_what_sound_goes_through_has_room_for_both_sides(kind):
    """Behind a stereo module all is stereo: a kernel that can only be mono would fold it."""
    spec = KERNELS[kind].spec
    main = main_output(spec)
    if main_input(spec) is not None and main is not None and main.role == "audio":
        assert spec.width in ("poly", "stereo")


@every
def test_its_words_are_in_order(kind: str) -> None:
    spec = KERNELS[kind].spec
    named = [spec, *spec.params, *spec.ins, *spec.outs]
    assert all(re.fullmatch("[a-z0-9_]+", alias) for alias in spec.aliases)
    for name in [spec.kind, *(thing.name for thing in named[1:])]:
        assert re.fullmatch("[a-z][a-z0-9_]*", name) and name not in RESERVED, name
    # `set bass.freq` and `patch lfo > bass.freq` must mean one thing each
    for group in (spec.params, spec.ins, spec.outs):
        assert len({thing.name for thing in group}) == len(group)
    assert not {p.name for p in spec.params} & {p.name for p in spec.ins}
    assert spec.outs and spec.help.strip()
    for param in spec.params:
        assert param.help.strip(), f"{param.name} has no help"
    # the main ports are what the module's own help is about
    for port in [*spec.ins, *spec.outs[1:]]:
        assert port.help.strip() or port == spec.main_input(), f"{port.name} has no help"
    for port in spec.ins:
        assert port.normal in {"", *(other.name for other in spec.ins if not other.normal)}, port.name


@every
def test_defaults_lie_in_their_ranges(kind: str) -> None:
    for param in KERNELS[kind].spec.params:
        assert param.low <= param.default <= param.high
        assert param.low < param.high
        assert not param.words or param.default == int(param.default)


@every
def test_any_cut_gives_the_same_sound(kind: str) -> None:
    kernel, frames = KERNELS[kind], 8192
    rng = chance_for(kind, "cut")
    for chosen, cables in (({}, False), (settings(kernel, rng), True)):
        fed = inputs(kernel, rng, frames, kernel.spec.lanes[0], cables)
        whole = Rig(kernel).render(frames, chosen, fed)
        for pieces in (40, 2000):
            cut = Rig(kernel).render(frames, chosen, fed, cuts=sorted(map(int, rng.integers(1, frames, pieces))))
            assert_close(whole, cut, f"when cut, at {chosen}")


@every
def test_a_param_that_moves_nowhere_sounds_as_if_held(kind: str) -> None:
    kernel, frames = KERNELS[kind], 8192
    rng = chance_for(kind, "held")
    for chosen, cables in (({}, False), (settings(kernel, rng), False), (settings(kernel, rng), True)):
        fed = inputs(kernel, rng, frames, kernel.spec.lanes[0], cables)
        held = Rig(kernel).render(frames, chosen, fed, moving=False)
        assert_close(held, Rig(kernel).render(frames, chosen, fed, moving=True), f"when moving, at {chosen}")


@every
def test_one_param_that_moves_alone_sounds_as_if_all_did(kind: str) -> None:
    kernel, blocks = KERNELS[kind], 64
    rng = chance_for(kind, "alone")
    for param in kernel.spec.params:
        chosen = settings(kernel, rng)
        # rolled, so that its steps fall inside the blocks
        chosen[param.name] = np.roll(walk(rng, param, blocks), 17)
        for cables in (True, False):
            fed = inputs(kernel, rng, blocks * 64, kernel.spec.lanes[0], cables)
            alone = Rig(kernel).render(blocks * 64, chosen, fed)
            assert_close(alone, Rig(kernel).render(blocks * 64, chosen, fed, moving=True), f"when {param.name} moves")


@every
def test_what_stays_as_it_is_sounds_alike_whether_told_or_not(kind: str) -> None:
    kernel, frames = KERNELS[kind], 8192
    rng = chance_for(kind, "still")
    for chosen, ports in (({}, ()), (settings(kernel, rng), ()), (settings(kernel, rng), kernel.spec.ins[:1])):
        fed = inputs(kernel, rng, frames, kernel.spec.lanes[0])
        # some inputs are held: at nothing, or at what they begin with
        for port in (*ports, *(p for p in kernel.spec.ins if rng.random() < 0.5)):
            fed[port.name][:] = 0 if rng.random() < 0.5 else fed[port.name][0]
        fed = {name: y * (np.arange(frames) % 4096 < 3000)[:, None] for name, y in fed.items()}
        cuts = sorted(map(int, rng.integers(1, frames, 200)))
        told, plain = Rig(kernel), Rig(kernel)
        assert_same(told.render(frames, chosen, fed, cuts), plain.render(frames, chosen, fed, cuts, told=False))
        assert told.state.tobytes() == plain.state.tobytes() and told.memory.tobytes() == plain.memory.tobytes()


@every
def test_fresh_and_reset_and_twin_agree_to_the_bit(kind: str) -> None:
    kernel, frames = KERNELS[kind], 4096
    rng = chance_for(kind, "twin")
    fed, moves = inputs(kernel, rng, frames, kernel.spec.lanes[0]), settings(kernel, rng, frames)
    rig, twin = Rig(kernel), Rig(kernel)
    first = rig.render(frames, moves, fed)
    assert_same(first, twin.render(frames, moves, fed))
    assert rig.state.tobytes() == twin.state.tobytes() and rig.memory.tobytes() == twin.memory.tobytes()
    rig.state[:] = 0
    rig.memory[:] = 0
    assert_same(first, rig.render(frames, moves, fed))


@every
def test_a_restored_snapshot_goes_on_to_the_bit(kind: str) -> None:
    kernel, frames = KERNELS[kind], 4096
    rng = chance_for(kind, "snapshot")
    lanes = kernel.spec.lanes[0]
    rig = Rig(kernel)
    rig.render(frames, settings(kernel, rng, frames), inputs(kernel, rng, frames, lanes))
    restored = Rig(kernel)
    restored.state[:], restored.memory[:] = rig.state, rig.memory
    fed, moves = inputs(kernel, rng, frames, lanes), settings(kernel, rng, frames)
    assert_same(rig.render(frames, moves, fed), restored.render(frames, moves, fed))


@every
def test_no_corner_is_too_loud(kind: str) -> None:
    kernel, frames = KERNELS[kind], 6400
    rng = chance_for(kind, "corner")
    for corner in corners(kernel, rng):
        found = loudest(Rig(kernel).render(frames, corner, inputs(kernel, rng, frames, kernel.spec.lanes[0])))
        assert found < LOUDEST, f"{found:.3g} at {corner}"


@every
def test_no_walk_through_the_ranges_is_too_loud(kind: str) -> None:
    """A minute of it."""
    kernel, blocks = KERNELS[kind], 60 * RATE // 64 // 6
    rng = chance_for(kind, "walk")
    rig = Rig(kernel)
    for _ in range(6):
        moves = {p.name: walk(rng, p, blocks) for p in kernel.spec.params}
        found = loudest(rig.render(blocks * 64, moves, inputs(kernel, rng, blocks * 64, kernel.spec.lanes[0])))
        assert found < LOUDEST, f"{found:.3g}"


@every
def test_noise_on_every_param_stays_finite(kind: str) -> None:
    """Audio-rate modulation of everything at once; how loud it may be is asked elsewhere."""
    kernel, frames = KERNELS[kind], 22050
    rng = chance_for(kind, "noise")
    moves = settings(kernel, rng, frames)
    assert loudest(Rig(kernel).render(frames, moves, inputs(kernel, rng, frames, kernel.spec.lanes[0]))) < np.inf


@every
def test_silence_in_decays_to_silence(kind: str) -> None:
    """With its gate off and nothing at its inputs it is still after 10 s. A modulator without a gate is never still."""
    kernel = KERNELS[kind]
    rng = chance_for(kind, "silence")
    rig = Rig(kernel)
    lively = inputs(kernel, rng, RATE, kernel.spec.lanes[0])
    rig.render(RATE, {}, lively)
    for _ in range(10):
        outs = rig.render(RATE, {}, {})
    if kernel.spec.modulator and all(port.role == "control" for port in kernel.spec.outs):
        assert loudest(outs) <= 1
    else:
        assert loudest(outs) < SILENCE


@pytest.mark.parametrize("kind", POLY)
def test_lanes_do_not_touch_one_another(kind: str) -> None:
    kernel, frames, lanes = KERNELS[kind], 4096, 8
    rng = chance_for(kind, "lanes")
    fed = inputs(kernel, rng, frames, lanes)
    chosen = {p.name: np.stack([np.full(frames, draw(rng, p)) for _ in range(lanes)], 1) for p in kernel.spec.params}
    together = Rig(kernel, lanes=lanes).render(frames, chosen, fed)

    # whatever the others do, a lane sounds the same
    mine = int(rng.integers(lanes))
    others = np.arange(lanes) != mine
    changed, moved = inputs(kernel, rng, frames, lanes), {}
    for name in changed:
        changed[name][:, mine] = fed[name][:, mine]
    for param in kernel.spec.params:
        moved[param.name] = np.where(others, draw(rng, param), chosen[param.name])
    apart = Rig(kernel, lanes=lanes).render(frames, moved, changed)
    assert_close(
        {k: y[:, mine] for k, y in together.items()}, {k: y[:, mine] for k, y in apart.items()}, "beside others"
    )

    # and as it does alone: the first lane of all, and every one where no chance is at work (the seed changes nothing)
    reseeded = Rig(kernel, lanes=lanes, seed=2).render(frames, chosen, fed)
    by_chance = any(together[k].tobytes() != reseeded[k].tobytes() for k in together)
    for lane in range(1 if by_chance else lanes):
        alone = Rig(kernel, lanes=1).render(
            frames, {k: v[:, lane] for k, v in chosen.items()}, {k: v[:, lane] for k, v in fed.items()}
        )
        assert_close({k: y[:, [lane]] for k, y in together.items()}, alone, f"in lane {lane}")


@every
def test_any_table_may_be_empty_or_very_short(kind: str) -> None:
    """A file that nobody has named, that is gone, or of one frame; the same of a text. Most modules read none."""
    kernel, frames = KERNELS[kind], 22050
    rng = chance_for(kind, "empty")
    settings_ = {table.name for table in kernel.spec.settings}
    for rows in (0, 1, 2) if settings_ else ():
        tables = {name: np.full((rows, 1), 0.5, np.float32) for name in settings_}
        moves = settings(kernel, rng, frames)
        found = loudest(
            Rig(kernel, tables=tables).render(frames, moves, inputs(kernel, rng, frames, kernel.spec.lanes[0]))
        )
        assert found < LOUDEST, f"{found:.3g} of {rows} rows"
