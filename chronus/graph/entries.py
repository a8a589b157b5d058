"""Applies the entries of the log to an arena, each at its frame. The table of kinds is in memory/log.py.

Rule: what happens at a frame depends on the entries of that frame and their ORDER, not on when they arrived.
"""

from __future__ import annotations

import math

import numpy as np

from chronus.dsp.kernel import compiled, inline, local, plane_i64
from chronus.graph.bound import (
    B_AT_CABLES,
    B_AT_INSTANCES,
    B_AT_PARAMS,
    B_CABLES,
    B_FULL_INPUTS,
    B_FULL_PARAMS,
    B_INPUTS,
    B_INSTANCES,
    B_NUMBER,
    B_PARAMS,
    B_TOUCHED,
    B_USED,
    CAB_FEEDBACK,
    CAB_GAIN,
    CAB_HANDLE,
    CAB_INCARNATION,
    CAB_LANES,
    CAB_LEAVING,
    CAB_SOURCE_ROW,
    CABLE_WIDTH,
    I_FIRST_PARAM,
    I_HANDLE,
    I_INCARNATION,
    I_MIX,
    I_PARAMS,
    I_PARAMS_AT,
    I_REGION,
    I_SIZE,
    I_STATE_AT,
    I_VOICES,
    INSTANCE_WIDTH,
    PAR_CURVE,
    PAR_INITIAL,
    PAR_RECORD,
    PARAM_WIDTH,
)
from chronus.graph.moving import automated_at, gain_at, param_at, set_at, settle, wave_at
from chronus.graph.pending import is_overruled, let_go, pop, push, waiting
from chronus.memory import log
from chronus.memory.atomics import store
from chronus.memory.layout import (
    A_PANIC,
    A_PENDING,
    A_PROGRAM,
    A_USED,
    BLOCK,
    C_BIRTH,
    C_FRAMES,
    C_FROM,
    C_INCARNATION,
    C_START,
    C_TO,
    CABLE_TABLE,
    CABLE_WORDS,
    ENDLESS,
    H_BIRTH,
    H_GUARDED,
    H_HELD,
    H_INCARNATION,
    H_PARAM_COUNT,
    H_PARAMS,
    H_REGION,
    H_UNWELL,
    H_VOICES,
    HANDLE_TABLE,
    HANDLE_WORDS,
    HANDLES,
    JOINING,
    L_FRAMES,
    L_FROM,
    L_JOIN,
    L_NOTE,
    L_OWNER,
    L_START,
    L_TO,
    L_UNTIL,
    L_WAS,
    LANE_TABLE,
    LANE_WORDS,
    LANES,
    LINE,
    N_ACCENT,
    N_EDGE,
    N_GATE,
    N_GLIDE,
    N_ID,
    N_PITCH,
    N_SINCE,
    N_VELOCITY,
    NOTE_WORDS,
    P_AUTOMATED,
    P_BEND,
    P_BENT,
    P_CURVE,
    P_FRAMES,
    P_FROM,
    P_KEY,
    P_LOCKED,
    P_REST,
    P_SHAPE,
    P_START,
    P_TO,
    P_TURNS,
    P_WAS,
    PARAM_WORDS,
    PASSED_OVER,
    PROGRAMS,
    RAMP,
    SMOOTH,
    STRAIGHT,
    WAVING,
)
from chronus.memory.log import FRAME, NUMBER, ORDER, WHAT, WHO, A, B, C
from chronus.memory.words import clear_words, copy_words, floats_of

FADE = 220
"""Frames in which a cable comes or goes, and in which a panic falls silent: 5 ms at 44.1 kHz."""
SAME = 1e-9
"""Two values so near to one another, as a share of them, are one: a line that is said again where it has got to goes on."""
NEAR = 1e-4
"""So near to one another, as a share of all that it goes through, a wave that is given again is the same one."""
_SET, _NOTE_ON, _NOTE_OFF, _GATE, _GENERATION, _SWAP, _PANIC, _CLEAR, _HOLD, _LOCK, _UNLOCK, _WAVE, _TURNS = (
    log.SET, log.NOTE_ON, log.NOTE_OFF, log.GATE, log.GENERATION, log.SWAP, log.PANIC, log.CLEAR, log.HOLD, log.LOCK, log.UNLOCK,
    log.WAVE, log.TURNS,
)  # fmt: skip
_F_STRAIGHT, _F_ACCENT, _F_GLIDE, _F_RELEASE, _F_UNLOCK, _F_AT_ONCE, _F_AUTOMATES = (
    log.F_STRAIGHT, log.F_ACCENT, log.F_GLIDE, log.F_RELEASE, log.F_UNLOCK, log.F_AT_ONCE, log.F_AUTOMATES,
)  # fmt: skip
_NO_LANE, _PARAM, _MINOR, _ENDLESS = log.NO_LANE, log.PARAM, log.MINOR, ENDLESS
_MANY = 64
"""Notes dropped one by one before all others are."""
_ENDING = log.ENDING << 60
_RANKLESS = (1 << 60) - 1


@inline
def _place(arena, entry):
    """Word index of the handle the entry is for, or -1 where that instance is gone."""
    handle = entry[WHAT] >> 8 & 0xFFFF
    at = HANDLE_TABLE // 8 + (handle % HANDLES) * HANDLE_WORDS
    if arena[at + H_INCARNATION] != entry[WHO] & 0xFFFFFFFF:
        return -1
    return at


@inline
def _record(arena, place, param):
    """Word index of the record of a parameter of the instance at `place`, or -1 where either is gone."""
    if place < 0 or param >= arena[place + H_PARAM_COUNT]:
        return -1
    return arena[place + H_PARAMS] // 8 + param * PARAM_WORDS


@inline
def _voice(floats, notes, voices, glide):
    """The voice a new note takes: for a glide the newest that sounds; else who is silent longest, else the oldest."""
    best = 0
    for v in range(1, voices):
        at, old = notes + v * NOTE_WORDS, notes + best * NOTE_WORDS
        sounds, sounded = floats[at + N_GATE] > 0.0, floats[old + N_GATE] > 0.0
        if glide:
            better = sounds and (not sounded or floats[at + N_SINCE] > floats[old + N_SINCE])
        elif sounds != sounded:
            better = sounded
        else:
            better = floats[at + N_SINCE] < floats[old + N_SINCE]
        if better:
            best = v
    return notes + best * NOTE_WORDS


@compiled
def _end_later(arena, entry, frame, number):
    """Lays down the end of a note by hand, whose beginning, or whose going on, `entry` is."""
    end = local(np.int64, 8)
    copy_words(end, 0, entry, 0, 8)
    end[FRAME] = frame
    end[ORDER] = _ENDING | (entry[ORDER] & _RANKLESS)
    end[WHAT] = _NOTE_OFF | (entry[WHAT] & 0xFFFFFFFF00)
    end[WHO] = entry[WHO] & 0xFFFFFFFF
    floats_of(end)[C] = number
    push(arena, end)


@compiled
def _note_on(arena, entry, frame):
    floats = floats_of(arena)
    place = _place(arena, entry)
    lane, flags = entry[WHAT] >> 24 & 0xFFFF, entry[WHAT] >> 40 & 0xFFFF
    generation = entry[WHO] >> 32
    if place < 0:
        return
    if lane != _NO_LANE and arena[LANE_TABLE // 8 + lane % LANES * LANE_WORDS] != generation:
        return
    glide = flags & _F_GLIDE != 0
    numbers = floats_of(entry)
    at = _voice(floats, arena[place + H_REGION] // 8, arena[place + H_VOICES], glide)
    sounds = floats[at + N_GATE] > 0.0
    glide = glide and sounds
    floats[at + N_EDGE] = 1.0 if sounds and not glide else 0.0
    floats[at + N_GATE] = 1.0
    floats[at + N_PITCH] = numbers[A]
    floats[at + N_VELOCITY] = numbers[B]
    floats[at + N_ACCENT] = 1.0 if flags & _F_ACCENT else 0.0
    floats[at + N_GLIDE] = 1.0 if glide else 0.0
    floats[at + N_ID] = numbers[C]
    floats[at + N_SINCE] = frame
    if lane == _NO_LANE and generation > 0:
        _end_later(arena, entry, frame + generation, numbers[C])


@compiled
def _hold(arena, entry, frame):
    """A note by hand goes on under another id: the end that it brought along passes it by."""
    floats, numbers, place = floats_of(arena), floats_of(entry), _place(arena, entry)
    if place < 0:
        return
    for v in range(arena[place + H_VOICES]):
        at = arena[place + H_REGION] // 8 + v * NOTE_WORDS
        if floats[at + N_GATE] > 0.0 and floats[at + N_ID] == numbers[C]:
            floats[at + N_ID] = numbers[A]
            _end_later(arena, entry, frame + int(numbers[B]), numbers[A])


@inline
def _let_go(arena, floats, place, voice, frame):
    """The end of what plays a voice. The first one goes back to the hand that holds the gate, if one does."""
    at = arena[place + H_REGION] // 8 + voice * NOTE_WORDS
    if voice == 0 and arena[place + H_HELD]:
        floats[at + N_ID] = -1.0
    else:
        floats[at + N_GATE] = 0.0
        floats[at + N_SINCE] = frame


@compiled
def _note_off(arena, entry, frame):
    floats = floats_of(arena)
    place = _place(arena, entry)
    lane = entry[WHAT] >> 24 & 0xFFFF
    if place < 0:
        return
    if lane != _NO_LANE and arena[LANE_TABLE // 8 + lane % LANES * LANE_WORDS] != entry[WHO] >> 32:
        return
    for v in range(arena[place + H_VOICES]):
        at = arena[place + H_REGION] // 8 + v * NOTE_WORDS
        if floats[at + N_GATE] > 0.0 and floats[at + N_ID] == floats_of(entry)[C]:
            _let_go(arena, floats, place, v, frame)


@inline
def _release(arena, floats, place, frame):
    for v in range(arena[place + H_VOICES]):
        if floats[arena[place + H_REGION] // 8 + v * NOTE_WORDS + N_GATE] > 0.0:
            _let_go(arena, floats, place, v, frame)


@compiled
def _set(arena, entry, frame):
    floats, numbers = floats_of(arena), floats_of(entry)
    place = _place(arena, entry)
    at = _record(arena, place, entry[WHAT] >> 24 & 0xFFFF)
    if at < 0:
        return
    now = set_at(floats, at, frame)
    # a module that is born at this frame has no value yet that one could move from
    born, given = arena[place + H_BIRTH] == frame, not math.isnan(numbers[C])
    apart = given and abs(now - numbers[C]) > SAME * abs(numbers[C])
    floats[at + P_FROM] = numbers[C] if apart else now
    floats[at + P_WAS] = now
    floats[at + P_TO] = numbers[A]
    floats[at + P_START] = frame
    floats[at + P_FRAMES] = 0.0 if born and not given else numbers[B]
    if (entry[WHAT] >> 40) & _F_STRAIGHT:
        floats[at + P_SHAPE] = JOINING if apart and not born else STRAIGHT
    else:
        floats[at + P_SHAPE] = SMOOTH
    settle(floats, at)


@compiled
def _wave(arena, entry, frame):
    """Lets a parameter go to and fro, as soon as its `turns` are known."""
    floats, numbers = floats_of(arena), floats_of(entry)
    place = _place(arena, entry)
    at = _record(arena, place, entry[WHAT] >> 24 & 0xFFFF)
    if at < 0:
        return
    floats[at + P_WAS] = math.nan if arena[place + H_BIRTH] == frame else set_at(floats, at, frame)
    floats[at + P_FROM] = numbers[A]
    floats[at + P_TO] = numbers[B]
    floats[at + P_FRAMES] = numbers[C]
    floats[at + P_START] = frame
    floats[at + P_SHAPE] = WAVING + (entry[WHAT] >> 40)


@compiled
def _turns(arena, entry, frame):
    """What goes on as it went is not joined, lest it stood still for that long."""
    floats, numbers = floats_of(arena), floats_of(entry)
    at = _record(arena, _place(arena, entry), entry[WHAT] >> 24 & 0xFFFF)
    if at < 0 or floats[at + P_SHAPE] < WAVING:
        return
    floats[at + P_TURNS] = numbers[A]
    floats[at + P_BEND] = numbers[B]
    floats[at + P_BENT] = numbers[C]
    floats[at + P_KEY] = entry[WHO] >> 32 & 0xFFFFFFFF
    apart = abs(wave_at(floats, at, frame) - floats[at + P_WAS])
    if apart <= NEAR * abs(floats[at + P_TO] - floats[at + P_FROM]):
        floats[at + P_WAS] = math.nan
    settle(floats, at)


@inline
def _is_current(arena, entry):
    """Whether an entry of a lane is of the generation that counts."""
    lane = entry[WHAT] >> 24 & 0xFFFF
    return arena[LANE_TABLE // 8 + lane % LANES * LANE_WORDS] == entry[WHO] >> 32


@compiled
def _lock(arena, entry, frame):
    """Covers what a parameter is set to, from where it stands. Of two locks on one parameter the later one counts."""
    floats, numbers = floats_of(arena), floats_of(entry)
    place, flags = _place(arena, entry), entry[WHAT] >> 40
    at = _record(arena, place, flags >> _PARAM)
    if at < 0 or not _is_current(arena, entry):
        return
    automates = flags & _F_AUTOMATES != 0
    now = automated_at(floats, at, frame) if automates else param_at(floats, at, frame)
    given = not math.isnan(numbers[C])
    if arena[place + H_BIRTH] == frame:  # it has no value yet that one could move from
        now = numbers[C] if given else numbers[A]
    over = at + P_AUTOMATED if automates else at + P_LOCKED
    floats[over + L_FROM] = numbers[C] if given else now
    floats[over + L_TO] = numbers[A]
    floats[over + L_START] = frame
    floats[over + L_FRAMES] = numbers[B]
    floats[over + L_WAS] = now
    floats[over + L_JOIN] = 0.0 if flags & _F_AT_ONCE else RAMP
    floats[over + L_UNTIL] = _ENDLESS
    floats[over + L_OWNER] = 1 + (entry[WHAT] >> 24 & 0xFFFF)
    floats[over + L_NOTE] = entry[ORDER] & _MINOR
    settle(floats, at)


@compiled
def _unlock(arena, place, lane, note, frame):
    """Ends the locks of one note of a lane; of all of them, and what the lane itself says of a parameter, where the note is -1."""
    floats = floats_of(arena)
    for param in range(arena[place + H_PARAM_COUNT]):
        at = arena[place + H_PARAMS] // 8 + param * PARAM_WORDS
        ended = False
        for layer in (P_AUTOMATED, P_LOCKED):
            over = at + layer
            mine = floats[over + L_OWNER] == 1 + lane and (note < 0 or floats[over + L_NOTE] == note)
            if mine and floats[over + L_UNTIL] == _ENDLESS:
                floats[over + L_UNTIL] = frame
                ended = True
        if ended:
            settle(floats, at)


@compiled
def _swap(arena, bound, frame):
    """Makes a program the one that is rendered: new modules are cleared, new cables fade in, leaving ones out, others to their new gain."""
    floats = floats_of(arena)
    instances = plane_i64(bound[B_AT_INSTANCES], bound[B_INSTANCES], INSTANCE_WIDTH)
    params = plane_i64(bound[B_AT_PARAMS], bound[B_PARAMS], PARAM_WIDTH)
    cables = plane_i64(bound[B_AT_CABLES], bound[B_CABLES], CABLE_WIDTH)
    gains = floats_of(cables)
    arena[A_PROGRAM] = bound[B_NUMBER]
    arena[A_USED] = max(arena[A_USED], bound[B_USED])
    for i in range(bound[B_INSTANCES]):
        place = HANDLE_TABLE // 8 + instances[i, I_HANDLE] * HANDLE_WORDS
        if arena[place + H_INCARNATION] == instances[i, I_INCARNATION]:
            continue
        region = instances[i, I_REGION] // 8
        clear_words(arena, region, instances[i, I_SIZE] // 8)
        for v in range(instances[i, I_VOICES]):
            floats[region + v * NOTE_WORDS + N_VELOCITY] = 1.0  # for a gate that a cable opens before any note does
        arena[place + H_INCARNATION] = instances[i, I_INCARNATION]
        arena[place + H_BIRTH] = frame
        arena[place + H_UNWELL] = arena[place + H_GUARDED] = arena[place + H_HELD] = 0
        arena[place + H_REGION] = instances[i, I_REGION]
        arena[place + H_PARAMS] = instances[i, I_PARAMS_AT]
        arena[place + H_VOICES] = instances[i, I_VOICES]
        count = instances[i, I_PARAMS] + instances[i, I_MIX]
        arena[place + H_PARAM_COUNT] = count
        for k in range(instances[i, I_FIRST_PARAM], instances[i, I_FIRST_PARAM] + count):
            at = params[k, PAR_RECORD] // 8
            arena[at + P_FROM] = arena[at + P_TO] = arena[at + P_REST] = params[k, PAR_INITIAL]
            floats[at + P_CURVE] = params[k, PAR_CURVE]
    for c in range(bound[B_CABLES]):
        at = CABLE_TABLE // 8 + cables[c, CAB_HANDLE] * CABLE_WORDS
        if arena[at + C_INCARNATION] != cables[c, CAB_INCARNATION]:
            source = HANDLE_TABLE // 8 + instances[cables[c, CAB_SOURCE_ROW], I_HANDLE] * HANDLE_WORDS
            sounding = arena[source + H_BIRTH] < frame
            arena[at + C_INCARNATION] = cables[c, CAB_INCARNATION]
            arena[at + C_BIRTH] = arena[at + C_START] = frame
            arena[at + C_FRAMES] = FADE if sounding else 0
            floats[at + C_FROM] = 0.0
            floats[at + C_TO] = gains[c, CAB_GAIN]
            if cables[c, CAB_FEEDBACK] > 0:
                first = cables[c, CAB_FEEDBACK] // 8
                clear_words(arena, first, BLOCK * cables[c, CAB_LANES])
        elif not cables[c, CAB_LEAVING] and floats[at + C_TO] != gains[c, CAB_GAIN]:
            floats[at + C_FROM] = gain_at(arena, floats, at, frame)
            floats[at + C_TO] = gains[c, CAB_GAIN]
            arena[at + C_START] = frame
            arena[at + C_FRAMES] = RAMP
        if cables[c, CAB_LEAVING] and floats[at + C_TO] != 0.0:
            gain = gain_at(arena, floats, at, frame)
            young = arena[at + C_BIRTH] == frame
            floats[at + C_FROM] = gain
            floats[at + C_TO] = 0.0
            arena[at + C_START] = frame
            arena[at + C_FRAMES] = 0 if young else FADE
    for k in range(bound[B_INPUTS]):
        plane_i64(bound[B_FULL_INPUTS], bound[B_INPUTS], 1)[k, 0] = 0
    for k in range(bound[B_PARAMS]):
        plane_i64(bound[B_FULL_PARAMS], bound[B_PARAMS], 1)[k, 0] = 0


@compiled
def _clear(arena, bound, frame):
    """The end of a panic: no gate, no state, no echo is left; parameters stay as they are."""
    floats = floats_of(arena)
    instances = plane_i64(bound[B_AT_INSTANCES], bound[B_INSTANCES], INSTANCE_WIDTH)
    cables = plane_i64(bound[B_AT_CABLES], bound[B_CABLES], CABLE_WIDTH)
    for i in range(bound[B_INSTANCES]):
        place = HANDLE_TABLE // 8 + instances[i, I_HANDLE] * HANDLE_WORDS
        arena[place + H_HELD] = 0
        _release(arena, floats, place, frame)
        forget(arena, instances, i)
    for c in range(bound[B_CABLES]):
        if cables[c, CAB_FEEDBACK] > 0:
            first = cables[c, CAB_FEEDBACK] // 8
            clear_words(arena, first, BLOCK * cables[c, CAB_LANES])
    arena[A_PANIC] = 0


@inline
def forget(arena, instances, i):
    """Zeroes a module's state and memory."""
    first = instances[i, I_STATE_AT] // 8
    clear_words(arena, first, (instances[i, I_REGION] + instances[i, I_SIZE]) // 8 - first)


@inline
def _is_passed_over(board, number):
    found = False
    for k in range(LINE):
        found = found or board[PASSED_OVER + k] == number
    return found


@compiled
def next_frame(arena):
    """The frame of the first waiting entry that can still do anything, or -1. Notes of a lane that has been edited since are dropped.

    How many of those there are depends on how far ahead the lane had been scheduled. If they cut blocks, a live take and its
    journal would be cut at different frames, and where a kernel rounds, they would not be the same to the bit.
    """
    heap = waiting(arena)
    entry = local(np.int64, 8)
    dropped = 0
    while arena[A_PENDING] > 0:
        if not is_overruled(arena, heap, 0):
            return heap[0, FRAME]
        dropped += 1
        if dropped == _MANY:
            let_go(arena)
            continue
        pop(arena, entry)
    return -1


@compiled
def apply_due(arena, bounds, board, taking, frame):
    """Applies every waiting entry up to `frame`. Returns the number of a program that is not bound here yet, or 0.

    `board[taking]` names the entry, so that one that brings workers down is known, and passed over when they come back.
    """
    floats = floats_of(arena)
    heap = waiting(arena)
    entry = local(np.int64, 8)
    numbers = floats_of(entry)
    while arena[A_PENDING] > 0 and heap[0, FRAME] <= frame:
        kind = heap[0, WHAT] & 0xFF
        if kind == _SWAP:
            number = int(floats_of(heap)[0, A])
            if number <= arena[A_PROGRAM]:  # put off, and overtaken by a program that was drawn on the rack it leaves
                pop(arena, entry)
                continue
            if bounds[number % PROGRAMS, B_NUMBER] != number:
                return number
        pop(arena, entry)
        if _is_passed_over(board, entry[NUMBER]):
            continue
        store(board, taking, entry[NUMBER])
        if kind == _NOTE_ON:
            _note_on(arena, entry, frame)
        elif kind == _NOTE_OFF:
            _note_off(arena, entry, frame)
        elif kind == _HOLD:
            _hold(arena, entry, frame)
        elif kind == _SET:
            _set(arena, entry, frame)
        elif kind == _WAVE:
            _wave(arena, entry, frame)
        elif kind == _TURNS:
            _turns(arena, entry, frame)
        elif kind == _LOCK:
            _lock(arena, entry, frame)
        elif kind == _UNLOCK:
            place = _place(arena, entry)
            if place >= 0 and _is_current(arena, entry):
                _unlock(arena, place, entry[WHAT] >> 24 & 0xFFFF, entry[ORDER] & _MINOR, frame)
        elif kind == _GENERATION:
            at = LANE_TABLE // 8 + (entry[WHAT] >> 8 & 0xFFFF) % LANES * LANE_WORDS
            if entry[WHO] >> 32 > arena[at]:
                arena[at] = entry[WHO] >> 32
                place = HANDLE_TABLE // 8 + int(numbers[A]) % HANDLES * HANDLE_WORDS
                if arena[place + H_INCARNATION] == int(numbers[B]):
                    if (entry[WHAT] >> 40) & _F_RELEASE:
                        _release(arena, floats, place, frame)
                    if (entry[WHAT] >> 40) & (_F_RELEASE | _F_UNLOCK):
                        _unlock(arena, place, (entry[WHAT] >> 8 & 0xFFFF) % LANES, -1, frame)
        elif kind == _GATE:
            place = _place(arena, entry)
            if place >= 0 and numbers[A] > 0.0:
                at = arena[place + H_REGION] // 8
                arena[place + H_HELD] = 1
                floats[at + N_GATE] = 1.0
                floats[at + N_PITCH] = 0.0
                floats[at + N_VELOCITY] = 1.0
                floats[at + N_ACCENT] = floats[at + N_GLIDE] = 0.0
                floats[at + N_ID] = -1.0
                floats[at + N_SINCE] = frame
            elif place >= 0:
                arena[place + H_HELD] = 0
                _release(arena, floats, place, frame)
        elif kind == _SWAP:
            _swap(arena, bounds[int(numbers[A]) % PROGRAMS], frame)
        elif kind == _PANIC:
            arena[A_PANIC] = frame + 1
            entry[FRAME] = frame + FADE
            entry[WHAT] = _CLEAR
            push(arena, entry)
        elif kind == _CLEAR and arena[A_PROGRAM] > 0:
            _clear(arena, bounds[arena[A_PROGRAM] % PROGRAMS], frame)
        bounds[arena[A_PROGRAM] % PROGRAMS, B_TOUCHED] = 1
    return 0
