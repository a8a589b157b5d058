"""What a replica makes of a parameter, worked out from its arena by another hand; and what control believes it to be."""

from __future__ import annotations

import numpy as np

from chronus.conductor.conductor import Conductor
from chronus.memory.layout import (
    H_INCARNATION,
    H_PARAMS,
    HANDLE_TABLE,
    HANDLE_WORDS,
    JOINING,
    L_FRAMES,
    L_FROM,
    L_JOIN,
    L_OWNER,
    L_START,
    L_TO,
    L_UNTIL,
    L_WAS,
    LAYER_WORDS,
    P_AUTOMATED,
    P_BEND,
    P_BENT,
    P_CURVE,
    P_FRAMES,
    P_FROM,
    P_KEY,
    P_LOCKED,
    P_SHAPE,
    P_START,
    P_TO,
    P_TURNS,
    P_WAS,
    PARAM_WORDS,
    RAMP,
    SMOOTH,
    WAVING,
)
from chronus.rack import waves
from chronus.rack.document import value


def believed(conductor: Conductor, name: str, param: str, frame: int) -> float:
    module = conductor.rack.modules[name]
    spec = conductor.catalogue[module.kind]
    return value(conductor.rack, module, spec.param(param), conductor.state.present(frame))


def heard(arena: np.ndarray, conductor: Conductor, name: str, param: str, frame: int) -> float:
    """From the record that the replica has now, so `frame` must be about where it is."""
    at = place_of(arena, conductor, name, param)
    record = arena.view(np.float64)[at : at + PARAM_WORDS]
    x, exponential = _moved(record, frame), record[P_CURVE] > 0
    for layer in (P_AUTOMATED, P_LOCKED):
        x = _covered(record[layer : layer + LAYER_WORDS], x, frame, exponential)
    return x


def place_of(arena: np.ndarray, conductor: Conductor, name: str, param: str) -> int:
    """The word of the arena at which the record of a parameter begins."""
    seat = conductor.plan.seats[name]
    names = [one.name for one in conductor.catalogue[seat.kind].params]
    place = HANDLE_TABLE // 8 + seat.handle * HANDLE_WORDS
    assert arena[place + H_INCARNATION] == seat.incarnation, "it is not born yet"
    return int(arena[place + H_PARAMS]) // 8 + names.index(param) * PARAM_WORDS


def _covered(layer: np.ndarray, under: float, frame: int, exponential: bool) -> float:
    if not layer[L_OWNER]:
        return under
    gone, back = min(frame, layer[L_UNTIL]) - layer[L_START], frame - layer[L_UNTIL]
    x = _between(layer[L_FROM], layer[L_TO], gone / layer[L_FRAMES] if layer[L_FRAMES] else 1.0, exponential)
    if gone < layer[L_JOIN]:
        x = _between(layer[L_WAS], x, _eased(gone / layer[L_JOIN]), exponential)
    share = back / layer[L_JOIN] if layer[L_JOIN] else float(back >= 0)
    return float(x if share <= 0 else _between(x, under, _eased(share), exponential))


def _moved(record: np.ndarray, frame: int) -> float:
    since, exponential = frame - record[P_START], record[P_CURVE] > 0
    if record[P_SHAPE] >= WAVING:
        bent = min(since, record[P_BENT])
        turns = record[P_TURNS] + since / record[P_FRAMES] + record[P_BEND] * (since**2 - (since - bent) ** 2)
        width = min(RAMP / record[P_FRAMES], waves.WIDEST)
        share = waves.share_at(int(record[P_SHAPE]) - WAVING, turns, width, int(record[P_KEY]))
        x = _between(record[P_FROM], record[P_TO], share, exponential)
        if since < RAMP and not np.isnan(record[P_WAS]):
            x = _between(record[P_WAS], x, _eased(since / RAMP), exponential)
        return float(x)
    t = since / record[P_FRAMES] if record[P_FRAMES] > 0 else 1.0
    x = _between(record[P_FROM], record[P_TO], _eased(t) if record[P_SHAPE] == SMOOTH else t, exponential)
    if record[P_SHAPE] == JOINING and since < RAMP:
        x = _between(record[P_WAS], x, _eased(since / RAMP), exponential)
    return float(x)


def _eased(t: float) -> float:
    t = min(max(t, 0.0), 1.0)
    return t**3 * (t * (t * 6 - 15) + 10)


def _between(start: float, stop: float, t: float, exponential: bool) -> float:
    if t >= 1:
        return stop
    if exponential and start > 0 and stop > 0:
        return start * (stop / start) ** max(t, 0.0)
    return start + (stop - start) * max(t, 0.0)
