"""The state of a conductor between two steps: one immutable value. Each step makes a new one of it.

So a step that fails needs no undoing; and to keep the state, to go back to it, or to go on from the state of another conductor is
to assign one value.

A command with a moment is performed some time before it. Until that moment `heard` is the rack without it, and every other command
means that rack: either it is `independent` and may go first, or it comes after what is `promised`. So commands are performed in the
order in which they take effect.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from chronus.commands import Goto, Song, Wait
from chronus.conductor import arrangement, history
from chronus.conductor.claims import Claims
from chronus.conductor.transaction import UNKNOWN, Committed, Due, History, Later, Section, Trail, Transaction, Undoable
from chronus.conductor.waiting import for_the_music, frame_of, moved_on, without
from chronus.errors import ChronusError
from chronus.plan.seats import Places
from chronus.rack import songs
from chronus.rack.document import Rack, changed, replace
from chronus.rack.sweeps import Present
from chronus.score.owed import Owed
from chronus.score.score import Score
from chronus.score.timeline import Timeline, beat_frames, frames_of
from chronus.score.turning import share_of


class Ahead(NamedTuple):
    """A rack that is heard until the moment for which something was performed.

    `hidden`: it was put off to then; otherwise whoever said it has been told that it is done.
    """

    moment: int
    rack: Rack
    hidden: bool


class State(Struct, frozen=True):
    """`past` and `future` are the steps that undo and redo take, `dropped` those that were taken back before something else was said.
    `step` is the id that was given last, `trail` says which rack was heard when; `due_ids`: ids of steps under way, by their number.

    `now` is the furthest frame at which anything is known to have been done.

    `number` is the last submission's, `put_off` the last one given to what was put off. That is `waiting`, or, once its time has come and
    until it is performed, `under_way`. `ahead` are the racks that are heard before this one, `owed` the notes that the replicas are still
    to get. `taken_out`: modules that they render no more, and why.
    """

    rack: Rack
    score: Score
    places: Places = Places()
    owed: Owed = Owed()
    past: History = ()
    future: History = ()
    dropped: History = ()
    step: int = 0
    trail: Trail = ()
    claims: Claims = ()
    due_ids: Mapping[int, int] = {}
    number: int = 0
    now: int = 0
    put_off: int = 0
    waiting: tuple[Due, ...] = ()
    under_way: tuple[Due, ...] = ()
    ahead: tuple[Ahead, ...] = ()
    taken_out: Mapping[str, str] = {}

    # ------------------------------------------------------------ steps

    def numbered(self, due: Collection[int]) -> State:
        """Begins a submission, of what was put off under these numbers."""
        if not due:
            return replace(self, number=self.number + 1)
        own = {step.thing.number: step.id for step in self.past if isinstance(step.thing, Later)}
        ids = {**self.due_ids, **{number: own[number] for number in due if number in own}}
        return replace(self.no_more(due), number=self.number + 1, past=without(self.past, due), due_ids=ids)

    def no_more(self, numbers: Collection[int]) -> State:
        """Removes what was put off under these numbers: it happens now, or never."""
        if not numbers:
            return self
        waiting, under_way = (
            tuple(due for due in dues if due.number not in numbers) for dues in (self.waiting, self.under_way)
        )
        return replace(self, waiting=waiting, under_way=under_way)

    def come_due(self, frame: int) -> tuple[State, tuple[tuple[int, Due], ...]]:
        """Takes up what was put off to a time before a frame, in the order of those frames."""
        found = [(frame_of(due, self.score.timeline), due) for due in self.waiting]
        # a section of the song begins before what was said for its bar: that is heard in its place
        ready = sorted((pair for pair in found if pair[0] < frame), key=_in_turn)
        if not ready:
            return self, ()
        waiting = tuple(due for at, due in found if at >= frame)
        return replace(self, waiting=waiting, under_way=(*self.under_way, *(due for _, due in ready))), tuple(ready)

    def accepted(self, done: Committed) -> State:
        """Takes in a commit: the replicas have it, or will for certain."""
        t, kept = done.transaction, self.no_more(done.transaction.withdrawn)
        past, future, dropped = (_dated(steps, done) for steps in (done.past, t.future, t.dropped))
        return replace(
            kept,
            rack=t.after,
            score=done.score,
            places=self.places.adopted(t.plan) if t.plan is not None else self.places,
            owed=(self.owed.given(done.near) if done.begins else self.owed).changed(done.near, done.since, done.score),
            past=past,
            future=future,
            dropped=dropped,
            step=t.step,
            claims=t.claims,
            trail=self._trail(past, future, done.moment),
            due_ids={number: id for number, id in self.due_ids.items() if id not in t.ids.values()},
            now=max(self.now, done.moment),
            put_off=max(self.put_off, t.put_off),
            waiting=(*moved_on(kept.waiting, self.score, done.score), *for_the_music(done.dues, done.score)),
            ahead=self._ahead_of(done),
        )

    def _trail(self, past: History, future: History, moment: int) -> Trail:
        """Returns what was heard when, with what is heard from a moment on."""
        id = history.present(past, future)
        if id == (self.trail[-1][1] if self.trail else history.first(self.past, self.future)):
            return self.trail
        return (*self.trail[-history.TRAIL + 1 :], (moment, id))

    def _ahead_of(self, done: Committed) -> tuple[Ahead, ...]:
        """What is heard until the moments that are promised, now that this has been performed."""
        t, since = done.transaction, done.moment if done.exact else -1
        sooner = [one for one in self.ahead if self.now <= one.moment <= since]
        later = [one for one in self.ahead if one.moment > max(since, self.now - 1)]
        if done.exact and not (sooner and sooner[-1].moment == since):
            sooner.append(Ahead(since, later[0].rack if later else self.rack, t.due))
        if t.plan is not None and not done.exact:
            later = []  # nothing was to wait for anything: all that was performed is heard at once
        return (*sooner, *(one._replace(rack=_with_changes(one.rack, t)) for one in later))

    def sealed(self, t: Transaction, frame: int) -> State:
        """Takes the frame at which the replicas applied a commit."""
        places = self.places if t.plan is None else self.places.confirmed(t.plan.number, frame)
        return replace(self, now=max(self.now, frame), places=places)

    # ------------------------------------------------------------ what waits

    @property
    def kept(self) -> tuple[Due, ...]:
        """Commands that were put off and are not performed yet."""
        return (*self.under_way, *self.waiting)

    @property
    def next_due(self) -> int | None:
        """The nearest frame to which anything is put off."""
        return min((frame_of(due, self.score.timeline) for due in self.waiting), default=None)

    # ------------------------------------------------------------ what is heard

    @property
    def promised(self) -> int:
        """The last moment for which anything was performed; -1 if there was none of late. It may have passed."""
        return max((one.moment for one in self.ahead), default=-1)

    def heard(self, frame: int) -> Rack:
        """Returns the rack as it is heard in the block that begins at a frame: without what was performed for a later moment."""
        return next((one.rack for one in self.ahead if one.moment >= frame), self.rack)

    def known(self, frame: int) -> Rack:
        """Returns the rack that an author may know of at that time: the one that is heard, with what has been answered as done."""
        return next((one.rack for one in self.ahead if one.moment >= frame and one.hidden), self.rack)

    def independent(self, t: Transaction, frame: int) -> bool:
        """Whether a command may be heard at a frame, before what is promised, because it does the same there as after it.

        `panic` and `stop` always may: they are about all there is, now and later.
        """
        heard = self.heard(frame)
        if heard is self.rack or any(step.act == "panic" for step in t.steps):
            return True
        if t.plan is not None or t.sweeps or t.absolute or replace(t.after, modules=t.before.modules) != t.before:
            return False
        return all(heard.modules.get(name) is t.before.modules[name] for name in changed(t.before, t.after))

    def present(self, frame: int) -> Present:
        """Returns how far each sweep has got at a frame."""
        return Present(self.score.courses, frame, waves=lambda wave, at: share_of(wave, self.score, self.rack, at))

    # ------------------------------------------------------------ bars

    @property
    def playing(self) -> bool:
        """Whether there is a transport zero: bars are counted."""
        return self.score.timeline is not None

    @property
    def timeline(self) -> Timeline:
        """The timeline of the music, or one that begins with the first frame."""
        return self.score.timeline or Timeline.begin(self.score.rate, 0, 0, self.rack.bpm, self.score.bar)

    def where(self, frame: int) -> tuple[int, float]:
        """(bar, beat) at a frame, counted from 1; (0, 0.0) while there is no music."""
        timeline = self.score.timeline
        if timeline is None or frame < timeline.tempos[0].frame:
            return 0, 0.0
        bar, beat = timeline.bar_and_beat(timeline.position(frame))
        return bar + 1, float(beat) + 1

    def song(self, frame: int) -> dict[str, Any]:
        """Says where the song is at a frame; nothing where none plays."""
        timeline = self.score.timeline
        return arrangement.told(self.rack.song, arrangement.here(timeline, frame) if timeline is not None else None)

    def song_ends(self) -> int:
        """Returns the frame at which the song ends, once through if it begins again then; 0 where none plays.

        While it waits for its bar, that is not known: then it is the next frame.
        """
        begins = (due for due in self.waiting if isinstance(due.command, Song | Goto) and due.command.waits_for_bar)
        waits = max((frame_of(due, self.score.timeline) + 1 for due in begins), default=0)
        song, timeline = self.rack.song, self.score.timeline
        if waits or song is None or timeline is None or song.stopped or song.zero != timeline.number:
            return waits
        return timeline.frame(timeline.place(song.first - 1 + songs.length(song)))

    def wait_frame(self, wait: Wait, moment: int) -> int:
        """Returns the frame at which a wait that begins at `moment` is over. Without music a bar is as long as the tempo says."""
        timeline, rate = self.score.timeline, self.score.rate
        if wait.until_bar and timeline is None:
            return moment + round((wait.until_bar - 1) * self.score.bar * beat_frames(self.rack.bpm, rate))
        if wait.until_bar and timeline is not None:
            return max(moment, timeline.frame(timeline.place(wait.until_bar - 1)))
        if wait.length is None:
            raise ChronusError("E_VALUE", "a wait has a length, or a bar until which it lasts")
        return moment + frames_of(wait.length, self.rack.bpm, rate, timeline, moment, self.score.bar)


def _dated(steps: History, done: Committed) -> History:
    """Returns steps of undo, each new one with its frame and its bar."""
    t, timeline = done.transaction, done.score.timeline

    def dated(step: Undoable) -> Undoable:
        if step.frame != UNKNOWN or step.id not in t.remembered:
            return step
        frame = t.outcomes[t.remembered[step.id]].frame
        frame = done.moment if frame is None or isinstance(step.thing, Later) else max(done.moment, frame)
        return step._replace(frame=frame, timeline=timeline)

    fresh = len(steps)
    if not fresh or steps[-1].frame != UNKNOWN:
        return steps
    while fresh and steps[fresh - 1].frame == UNKNOWN:
        fresh -= 1
    return (*steps[:fresh], *map(dated, steps[fresh:]))


def _in_turn(pair: tuple[int, Due]) -> tuple[int, bool]:
    frame, due = pair
    return frame, not isinstance(due.command, Section)


def _with_changes(rack: Rack, t: Transaction) -> Rack:
    modules = {name: t.after.modules[name] for name in changed(t.before, t.after) if name in rack.modules}
    return replace(rack, modules={**rack.modules, **modules}) if modules else rack
