"""Turns a transaction and its moment into entries of the log: pure, so it may be repeated for a later moment."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import groupby

import numpy as np

from chronus.catalogue.kinds import Catalogue
from chronus.commands import When
from chronus.conductor.putting_off import put_off
from chronus.conductor.standstill import STANDS
from chronus.conductor.state import State
from chronus.conductor.transaction import Committed, Outcome, Step, Transaction
from chronus.conductor.waiting import bar_and_beat, bar_of, without
from chronus.errors import ChronusError
from chronus.memory.log import AT_ONCE, COMMANDED, NOW, PANIC, SWAP, Entry, Rows, encode, order
from chronus.plan import difference
from chronus.plan.seats import Plan
from chronus.rack.document import Rack, Waving, module_of, replace, retunes
from chronus.rack.sweeps import Present
from chronus.score import changes
from chronus.score.courses import begun, going, remembered, standing
from chronus.score.score import Score, density, events, generations, pruned
from chronus.score.spans import Player
from chronus.score.turning import share_of

MOST_BY_HAND = 16_384
"""Notes by hand of which it is known when they end: as many as there can be voices."""
AT_ONCE_SECONDS, AT_ONCE_ENTRIES = (0.15, 2.0), 512
"""A command's own batch has the notes of the first seconds behind its moment; the others are owed, and lost until control is there again
if it is killed right behind the command. So it has as many seconds of these two as come to so many entries.
"""
DENSEST = 32_000
"""Entries a second that the lanes may come to: more would fill the replicas' memory in less time than it takes to start control again."""


def commit(state: State, catalogue: Catalogue, t: Transaction, moment: int, exact: bool) -> Committed:
    """Makes the entries for a moment, and the notes near it. With `exact` every entry names its frame; otherwise those for now name NOW.

    The outcomes are told what only the moment tells. Lanes that are over by then are dropped first: a new lane takes the place of one that
    is gone, and so whether it is gone must depend on the words alone, or a replay would give it another place.
    """
    before, rate = state.score, state.score.rate
    score = pruned(before, max(moment, state.now), state.rack)
    score = base = replace(score, generation=score.generation + 1)
    for outcome in t.outcomes:
        outcome.place, outcome.notes = "", ()
    score = _timed(score, t, moment)
    score, places = _acted(score, t, moment)
    places = {**places, **_metered(score, t, moment)}
    score = _with_sweeps(score, t, moment)
    plan = t.plan or state.places.plan
    seats = {
        name: Player(0, seat.handle, seat.incarnation)
        for name in score.lanes
        if (seat := plan.seats.get(module_of(name)))
    }
    score = changes.reseat(score, seats, moment)
    present = Present(score.courses, moment, waves=lambda wave, at: share_of(wave, before, t.before, at))
    at = difference.Moment(
        plan, catalogue, rate, score.timeline, moment, t.number, t.plan is not None, present,
        turns=score.stopped != before.stopped,
        began=(score.timeline and score.timeline.number) != (before.timeline and before.timeline.number),
    )  # fmt: skip
    differing = difference.entries(t.before, t.after, t.hands, at) if t.steps else []
    score, held = _with_hands(before, score, t, differing, at)
    panic = [Entry(PANIC)] if any(step.act == "panic" for step in t.steps) else []
    swap = [swap_to(t.plan)] if t.plan else []
    found = [*panic, *swap, *generations(base, score, moment), *differing, *held]
    dues, gone_by = put_off(state, t, score, moment, places)
    for outcome in t.outcomes:
        outcome.word()
    _admit(before, score)
    near = moment + round(_at_once(score) * rate)
    begins = not base.lanes  # then nothing else is owed of the time up to there
    if not begins:
        near = max(moment, min(state.owed.horizon, near))
    notes = events(score, moment, near, base.generation)
    entries = np.concatenate((placed(found, t.number, moment if exact else NOW), notes))
    past = without(t.past, gone_by) if gone_by else t.past
    return Committed(t, moment, exact, score, past, dues, near, base.generation, entries, begins)


def _at_once(score: Score) -> float:
    """Returns the seconds of notes that a command's own batch has."""
    least, most = AT_ONCE_SECONDS
    return min(max(least, AT_ONCE_ENTRIES / max(1.0, density(score))), most)


def placed(entries: list[Entry], number: int, now: int) -> Rows:
    """Gives each entry its frame and its place among the entries of that frame. `number` is the submission's."""
    found = []
    for k, entry in enumerate(entries):
        frame = now if entry.frame == NOW else entry.frame
        rank = AT_ONCE if frame == NOW else COMMANDED
        found.append(replace(entry, frame=frame, order=order(rank, number, k)))
    return encode(found)


def swap_to(plan: Plan) -> Entry:
    return Entry(SWAP, a=float(plan.number))


def _admit(before: Score, after: Score) -> None:
    """Raises E_LIMIT if the lanes come to more notes than can be played, and to more than before."""
    if after.lanes is before.lanes and after.timeline is before.timeline:
        return
    dense = density(after)
    if dense > DENSEST and dense > density(before):
        raise ChronusError(
            "E_LIMIT", f"the lanes would come to {dense:,.0f} notes and ends a second; {DENSEST:,} is the most"
        )


def _timed(score: Score, t: Transaction, moment: int) -> Score:
    """Gives the score the meter, the tempo, the swing, the seed and the key that all steps come to: none of those between them lasts."""
    if t.before.meter != t.after.meter:
        score = changes.remeter(score, t.after, moment)
    if retunes(t.before, t.after):
        score = changes.retune(score, t.after, moment)
    if changes.follows(t.before) != changes.follows(t.after):
        score = changes.rewhole(score, t.after, moment)
    return score


def _acted(score: Score, t: Transaction, moment: int) -> tuple[Score, Mapping[int, Fraction]]:
    """Applies the steps to the score; also returns where they take hold, by the place of the answer."""
    places: dict[int, Fraction] = {}
    for (act, when), group in groupby(t.steps, key=lambda step: (step.act, step.when)):
        steps = list(group)
        whole = {row: getattr(t.after, row) for row in ("bpm", "tempo", *changes.FOLLOWED)}
        after = replace(steps[-1].after, **whole)
        score, position = _act(score, act, when, steps[0].before, after, moment)
        for step in steps:
            moved = len(steps) == 1 or changes.takes_time(step.before, step.after)
            if position is not None and moved:
                places[step.outcome] = position
            _tell(t.outcomes[step.outcome], step, places.get(step.outcome), score)
    return score, places


def _metered(score: Score, t: Transaction, moment: int) -> Mapping[int, Fraction]:
    """Tells the bar line from which on there is another meter; also returns it, by the place of the answer."""
    timeline, found = score.timeline, {}
    for step in t.steps if timeline is not None else ():
        if step.before.meter != step.after.meter and not step.act:
            assert timeline is not None
            position = found[step.outcome] = timeline.line(moment)
            if timeline.frame(position) > moment:
                outcome = t.outcomes[step.outcome]
                outcome.frame, outcome.place = timeline.frame(position), f"from {bar_of(timeline, position)}"
                outcome.result = {**outcome.result, **bar_and_beat(timeline, position)}
    return found


def _act(
    score: Score, act: str, when: When | None, before: Rack, after: Rack, moment: int
) -> tuple[Score, Fraction | None]:
    """Applies steps that follow one another and take hold at one time; also returns where that is."""
    if act in ("stop", "panic"):
        return changes.stop(score), None
    if act == "play":
        return (changes.play(score, after, moment) if score.stopped else score), None
    return changes.edit_lanes(score, before, after, when, moment)


def _tell(outcome: Outcome, step: Step, position: Fraction | None, score: Score) -> None:
    """Adds to the answers what only the moment tells: from which bar on; and whether it is heard at all before the music plays."""
    if position is not None and score.timeline is not None and (step.when is None or step.when.kind != "now"):
        outcome.frame = score.timeline.frame(position)
        outcome.place = f"from {bar_of(score.timeline, position)}"
        outcome.result = {**outcome.result, **bar_and_beat(score.timeline, position)}
    if step.stands and STANDS not in outcome.notes:
        outcome.note(STANDS, transport="stopped")


def _with_sweeps(score: Score, t: Transaction, moment: int) -> Score:
    if not score.courses and not t.sweeps:
        return score
    courses = remembered(score.courses, moment, score.rate)
    fresh = {
        one.number: begun(one, t.after.bpm, score.rate, score.timeline, moment, score.bar)
        for one in t.sweeps
        if one.number not in courses
    }
    courses = {**courses, **fresh}
    if score.stopped:
        return replace(score, courses=standing(courses, moment))
    return replace(score, courses=going(courses, t.after.bpm, score.rate, score.timeline, moment))


def _with_hands(
    before: Score, score: Score, t: Transaction, differing: list[Entry], at: difference.Moment
) -> tuple[Score, list[Entry]]:
    """Adds to the score the notes played by hand; also returns the entries that hold them on at another tempo."""
    if not t.hands and not score.by_hand:
        return score, []
    held, by_hand = difference.held_on(before.by_hand, score.by_hand, at)
    by_hand |= difference.begun_by_hand(differing, t.hands, at)
    return replace(score, by_hand=dict(list(by_hand.items())[-MOST_BY_HAND:])), held


# ---------------------------------------------------------------- before the moment is known


def names_frames(state: State, t: Transaction) -> bool:
    """Whether the entries will name frames, so that the moment must lie ahead."""
    if t.sweeps or t.later or _redirects(state, t) or _waves(t):
        return True
    for step in t.steps:
        moved = retunes(step.before, step.after) or changes.follows(step.before) != changes.follows(step.after)
        moved = moved or step.before.meter != step.after.meter
        if step.act == "play" or changes.takes_time(step.before, step.after) or (moved and state.playing):
            return True
    return t.plan is not None and any(_moves(state.score, t.plan, name) for name in state.score.lanes)


def _waves(t: Transaction) -> bool:
    """Whether a wave begins, or must be given again: at another tempo, in another instance, or because the transport stops or begins."""
    everywhere = t.plan is not None or retunes(t.before, t.after) or any(step.act for step in t.steps)
    return any(
        isinstance(setting, Waving)
        for name, module in t.after.modules.items()
        if everywhere or module is not t.before.modules.get(name)
        for setting in module.params.values()
    )


def _redirects(state: State, t: Transaction) -> bool:
    """Whether a sweep that goes on must be given again, because it begins again, at another tempo, or in another instance; or a
    note played by hand must.
    """
    score = state.score
    notes = any(note.course.end > state.now for note in score.by_hand.values())
    if notes and retunes(t.before, t.after):
        return True
    alive = {number for number, course in score.courses.items() if course.end > state.now}
    if not alive:
        return False
    everywhere = t.plan is not None or retunes(t.before, t.after)
    for name, module in t.after.modules.items():
        was = t.before.modules.get(name)
        for param, setting in module.params.items() if everywhere or module is not was else ():
            moving = difference.mover(setting, t.after)
            if moving is not None and moving.number in alive:
                if everywhere or was is None or was.params.get(param) != setting:
                    return True
    return False


def _moves(score: Score, plan: Plan, name: str) -> bool:
    """Whether a lane that plays will have another instance to play."""
    seat, player = plan.seats.get(module_of(name)), score.lanes[name].player
    return seat is None or (seat.handle, seat.incarnation) != (player.handle, player.incarnation)
