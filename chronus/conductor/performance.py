"""Performs a submission on the rack: each command in order, all or none, into a transaction. Nothing of it is heard or kept yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Any, NamedTuple

from chronus import commands as say
from chronus.catalogue.kinds import Catalogue
from chronus.commands import AnyCommand, Length, When
from chronus.conductor import arrangement, claims, history, lasting, questions, spoken
from chronus.conductor.arrangement import Here
from chronus.conductor.authors import ENGINE, JOURNAL, PERFORMERS, UNBOUND
from chronus.conductor.claims import Claimed, Claims
from chronus.conductor.standstill import STANDS, only_when_it_goes
from chronus.conductor.transaction import (
    Back,
    Deed,
    Due,
    Item,
    Kept,
    Later,
    Outcome,
    Section,
    Step,
    Thing,
    Transaction,
    Undoable,
    rack_of,
    with_rack,
)
from chronus.conductor.waiting import bar_of, frame_of, without
from chronus.errors import ChronusError, did_you_mean
from chronus.pattern.lane import LaneOptions
from chronus.rack import scenes, songs
from chronus.rack.arping import addressed, by_hand, held
from chronus.rack.document import Module, Moving, Rack, Song, find, named, replace, with_module
from chronus.rack.edit import Edit, edit, empty
from chronus.rack.imported import bring
from chronus.rack.lanes import too_many, with_lane
from chronus.rack.sweeps import Present, format_length
from chronus.rack.values import is_short
from chronus.rack.wiring import played_by
from chronus.score.courses import gone_back, onward
from chronus.score.score import Score
from chronus.score.timeline import beat_frames, frames_of, near
from chronus.units import exact, note_name

LONGEST_LABEL = 80
"""Characters of a step of several notes, after which no more of them are named."""
MOST_NAMED, MOST_TOLD = 3, 20
"""Of the steps that an undo takes back: in words, and as JSON."""
BEHIND = When("now")
"""The time of what follows an `open` that waits for its bar: it waits with it."""


Make = Callable[[say.OfALine, str, str, LaneOptions], tuple[say.Sequence, str]]
"""(command, name, text, options of the lane): the lane that the command makes of it, and its line. Who can read lines knows how."""
Afford = Callable[[Rack, Rack, Rack], None]
"""(the rack that is rendered, a command's before, its after): raises E_BUDGET where the machine could not render it."""


def no_lines(command: say.OfALine, name: str, text: str, options: LaneOptions) -> tuple[say.Sequence, str]:
    raise ChronusError("E_ENGINE", "nobody here can read lines")


class Chord(NamedTuple):
    """What a note by hand makes of an arpeggiator: a chord, held for so many beats. `goes_on`: it had notes before."""

    name: str
    held: float
    goes_on: bool


class Performance:
    """Performs one submission. `waiting` are commands whose time is to come; the score says whether there are bars at all.

    `open` cross-fades at the bar line, or at once where there is nothing to fade from. While it waits, what is said sees the
    rack that it brings, and takes hold with it: only `now`, the transport and hands are about what is heard at present.
    """

    def __init__(
        self,
        t: Transaction,
        catalogue: Catalogue,
        waiting: Sequence[Due],
        score: Score,
        author: str,
        afford: Afford,
        taken_out: Mapping[str, str],
        present: Present,
        due: Collection[int] = (),
        make: Make = no_lines,
    ) -> None:
        self.t, self.catalogue, self.author, self.present = t, catalogue, author, present
        self.make = make
        self.afford, self.taken_out = afford, taken_out
        self.score = score
        self.timeline, self.running, self.stopped = score.timeline, score.timeline is not None, score.stopped
        self.zeros = score.zeros
        self.ahead: list[tuple[int, Kept]] = [(due.number, due.command) for due in waiting]
        self.waiting = {due.number: due for due in waiting}
        self.own = min(due, default=None)
        """The number under which what is performed now was put off."""
        self.known: list[str] = []  # what is to be said of the present command besides its own words
        self.chords: dict[int, Fraction] = {}
        """Where the chords by hand of this submission begin, by their takes."""
        self.chord: Chord | None = None  # of the present command
        self._then: tuple[Rack, Rack] | None = None  # the present rack, and what it will be

    def perform(
        self,
        id: int,
        text: str,
        command: AnyCommand,
        refused: ChronusError | None = None,
        rest: Sequence[AnyCommand] = (),
    ) -> None:
        """Performs one command. `refused`: it is known already that it cannot be performed. `rest`: what was put off to the same
        moment, and said after it."""
        self.known = []
        try:
            if refused is not None:
                raise refused
            if isinstance(command, say.Scene | Section) and self._is_overtaken(command, rest):
                outcome = self._passed_over(command, text)
            else:
                outcome = self._outcome(command, text)
        except ChronusError as error:
            outcome = Outcome(id, error=error)
        outcome.id, outcome.stem, outcome.known = id, outcome.text, tuple(self.known)
        outcome.word()
        self.t.outcomes.append(outcome)

    def _outcome(self, command: AnyCommand, text: str) -> Outcome:
        t = self.t
        if isinstance(command, say.OfALine):
            command, text = t.made[len(t.outcomes)] = self._made(command)
        if isinstance(command, say.Save):
            t.saves[len(t.outcomes)] = onward(self.lasting, self.catalogue, self.present)
        if isinstance(command, say.Claim | say.Release) and not command.asks:
            return self._claim(command, text)
        if command.elsewhere:  # here it is only let through
            return Outcome(0, text)
        if command.asks:
            return self._answer(command, text)
        if isinstance(command, say.Goto):
            command = arrangement.resolved(command, self.t.after, self._here)
        if isinstance(command, say.Clear):
            command = scenes.of_a_lane(command, self.t.after)
        self._check_song(command)
        later = self._later(command)
        told = ""
        self.chord = None
        if isinstance(command, say.Note) and later is None:
            command, told = self._through_arp(command)
        if isinstance(command, say.Song) and (command.sections or not command.turn):
            song = songs.song(self._rack_then() if later else t.after, command, self.catalogue)[0].song
            self.known += arrangement.remarks(song) if song else []
        if later is not None:
            command = replace(command, when=When("now"))
            then = self._rack_then()
            done = self._change(then, command)
            self._check_claims(command, then, done.rack, later)
            self.afford(t.before, then, done.rack)
            self._put_off(command, later, text, done.rack)
            if isinstance(command, say.Undo | say.Redo):
                done = done._replace(text=text)  # which steps those are is known then
            if command.is_step or _jumps(command):
                self._remember(label(command, text or done.text), t.later[-1])
        else:
            base = self._without_chord(command) if isinstance(command, say.Arp) else t.after
            done = self._change(base, command)
            if self.chord is not None:
                done = done._replace(rack=addressed(done.rack, self.chord.name, self.chord.held), text=told)
            self._check_claims(command, t.after, done.rack, None)
            self.afford(t.before, t.after, done.rack)
            self._take(done, command, label(command, text or done.text), self.chord)
            if isinstance(command, say.Note):
                done = done._replace(text=done.text + self._too_many(command.name))
        lines = (*done.result["commands"], *done.result.get("kept", ())) if isinstance(command, say.Say) else ()
        if isinstance(command, say.Import):
            lines = (*done.result["commands"], *(f"# {told}" for told in command.told))
        return Outcome(0, done.text, lines, done.result)

    # ------------------------------------------------------------ claims

    @property
    def _claims(self) -> Claims:
        return claims.holding(self.t.claims, self._here)

    def _claim(self, command: say.Claim | say.Release, text: str) -> Outcome:
        """Holds a module for the author, or lets go of it."""
        t, held = self.t, self._claims
        if command.when is not None and command.when.kind != "now":
            raise ChronusError("E_VALUE", f"`{type(command).__name__.lower()}` is for now: say it then", part="when")
        if isinstance(command, say.Release):
            name = find(t.after, command.name, self.catalogue) or command.name
            t.claims, free = claims.released(held, name, self.author)
            return Outcome(0, text or "release", result={"released": free})
        name, here = named(t.after, command.name, self.catalogue), self._here
        bar = here.bar + command.bars + self.running if command.bars else 0
        claim = Claimed(name, self.author, bar, here.timeline)
        t.claims = claims.with_claim(held, claim)
        waits = [later.text for later in self.waiting.values() if self._touches(later, name)]
        known = f"; {len(waits)} that waited before still come" if waits else ""
        return Outcome(0, f"claim {name} ({claim.until}{known})", result={"name": name, "until_bar": bar or None})

    def _touches(self, due: Due, name: str) -> bool:
        """Whether what was put off by somebody else changes a module, as far as one can tell."""
        if due.author in (self.author, *UNBOUND) or isinstance(due.command, Back | Section):
            return False
        with suppress(ChronusError):
            return name in claims.differing(self.t.after, self._change(self.t.after, due.command).rack)
        return False

    def _check_claims(self, command: AnyCommand, before: Rack, after: Rack, then: When | None) -> None:
        """Raises E_EXISTS if a command touches what somebody else holds. What was put off was accepted before."""
        if self.t.claims and self.own is None and not command.act and self.author not in UNBOUND:
            claims.check(self._claims, command, before, after, self.author, then, self.catalogue)

    def _passed_over(self, command: Kept, text: str) -> Outcome:
        """Lets the song go on to a section of which nothing is heard."""
        if isinstance(command, Section):
            self._settle_song()
        return Outcome(0, text)

    def _is_overtaken(self, command: say.Scene | Section, rest: Sequence[AnyCommand]) -> bool:
        """Whether another scene was said after this one for the same moment: it is heard in its place. A section also gives way to
        what leads the song elsewhere then, or ends it.
        """
        now = [due.command for due in self.waiting.values() if frame_of(due, self.timeline) == self.present.frame]
        others = (*rest, *(now if self.own else ()))
        if isinstance(command, Section) and any(songs.leads(one) for one in others):
            return True
        return any(isinstance(one, say.Scene) and not one.defines for one in others)

    def _made(self, command: say.Vary | say.Answer | say.Shift | say.Rotate | say.Reverse) -> tuple[say.Sequence, str]:
        """Returns the lane that a command makes of the one that will be there when it takes hold."""
        rack = self.t.after if self._later(command) is None else self._rack_then()
        name = with_lane(rack, command.name, self.catalogue, "name")
        return self.make(command, name, rack.lanes[name].text, rack.lanes[name].options)

    def _answer(self, question: AnyCommand, text: str) -> Outcome:
        seen = questions.Seen(
            self.seen,
            self.catalogue,
            self.taken_out,
            self.present,
            None if self.stopped else self.score,
            self._to_come(),
            self._piles,
            self._claims if isinstance(question, say.Claim) else (),
            self.score.rate,
            self._what_waits() if isinstance(question, say.Show) else (),
        )
        lines, result, own = questions.answer(question, seen)
        if self.stopped and (result.get("lane") or result.get("lanes")):
            lines, result = (*lines, STANDS), {**result, "transport": "stopped"}
        return Outcome(0, own or text, tuple(lines), result)

    def _too_many(self, word: str) -> str:
        """Returns the note for an answer if hands play more notes on a module now than it has voices."""
        rack = self.t.after
        name = played_by(named(rack, word, self.catalogue), rack, self.catalogue)
        names = [find(rack, hand.name, self.catalogue) for hand in self.t.hands if isinstance(hand, say.Note)]
        notes = sum(played_by(other, rack, self.catalogue) == name for other in names if other)
        return too_many(rack, name, notes, False, self.catalogue)

    # ------------------------------------------------------------ through an arpeggiator

    def _through_arp(self, command: say.Note) -> tuple[AnyCommand, str]:
        """Returns what a note by hand is on a module with an arpeggiator, and its answer.

        It joins the notes that hands hold there, whoever typed them, and all of them are held as long as the longest of them says. Their
        chord takes the place of the module's lane, from the next beat on; with latch it goes on until a note comes when none is held.
        """
        rack = self.t.after
        name = played_by(named(rack, command.name, self.catalogue), rack, self.catalogue)
        arp = rack.modules[name].arp
        if arp is None:
            return command, ""
        if self.stopped:
            self.known.append(f"not through its arp; {STANDS}")
            return command, ""
        when = command.when or When("next", unit="beat")
        begin = self.timeline.at(when, self.present.frame) if self.timeline is not None else Fraction(0)
        with_them, end = self._held(name, begin)
        own = Fraction(exact(command.length * 4 if command.length_unit == "whole" else command.length * rack.bpm / 60))
        pitches = (*with_them, round(command.pitch))
        chord = by_hand(name, arp, pitches, command.velocity)
        known = " ".join(note_name(pitch) for pitch in dict.fromkeys(pitches))
        told = f"note {name} {note_name(pitches[-1])} (arp {arp.order}: {known}{{from}})"
        length = Length(float(end - begin), "beats")
        if begin + own >= end:
            is_whole = command.length_unit == "whole"
            length = Length(command.length * 4, "beats") if is_whole else Length(command.length, "s")
        self.chords[self.t.after.takes] = begin
        self.chord = Chord(name, float(max(own, end - begin)), bool(with_them))
        return replace(chord, when=when, lasts=None if arp.latch else length), told

    def _held(self, name: str, begin: Fraction) -> tuple[tuple[int, ...], Fraction]:
        """Returns the notes that hands hold on an arpeggiator at a position, and until where."""
        rack = self.t.after
        lane = rack.lanes.get(name)
        if lane is None or not lane.held:
            return (), begin
        zero, began = self.score.starts.get(lane.take, (0, Fraction(0)))
        if lane.take in self.chords:
            began = self.chords[lane.take]
        elif self.timeline is None or zero != self.timeline.number:
            return (), begin
        end = began + Fraction(exact(lane.held))
        return (held(lane, rack.modules[name].arp), end) if end > begin else ((), begin)

    def _without_chord(self, command: say.Arp) -> Rack:
        """Returns the rack as it will be once a chord is over that hands hold on the arpeggiator for a length."""
        rack = self.t.after
        name = find(rack, command.name, self.catalogue)
        if name is not None and held(rack.lanes.get(name), rack.modules[name].arp):
            for _, way in self._ways_back():
                if (name, lasting.NOTES) in way.items:
                    rack = lasting.put_back(rack, way)
        return rack

    # ------------------------------------------------------------ later

    def _later(self, command: AnyCommand) -> When | None:
        """Returns when a command is to be performed, or None if it is performed now."""
        if command.when is not None and command.when.kind == "now":
            return None
        if not self.running:
            return self._once_it_plays(command)
        self._check_bar(command.when)
        waits = not command.of_the_present and self.author not in PERFORMERS
        if self._opening and waits:
            return command.when or BEHIND
        if command.tells_lanes:
            return None
        if command.waits_for_bar and command.when is None:
            return When("next")
        if isinstance(command, say.Open) and command.when is None:
            return When("next") if is_filled(self.t.after) else None
        return command.when

    def _once_it_plays(self, command: AnyCommand) -> When | None:
        """While nothing plays a time counts from where the music will begin; what would come right there is done now."""
        when = command.when
        begins = command.tells_lanes and not (
            self.stopped or isinstance(command, say.OfPace)
        )  # with its lane music begins
        if when is None or begins or when.kind in ("next", "every") or (when.kind == "bar" and when.count == 1):
            return None
        if isinstance(command, say.Play) and self.stopped:
            raise ChronusError("E_VALUE", "the transport is stopped, so no bar comes; play goes on", part="when")
        return when

    def _check_bar(self, when: When | None) -> None:
        """Raises E_VALUE if a bar has gone by."""
        if when is None or when.kind != "bar" or self.timeline is None:
            return
        frame = self.present.frame
        if self.timeline.frame(self.timeline.place(when.count - 1)) < frame:
            bar = self.timeline.bar_and_beat(self.timeline.position(frame))[0] + 1
            message = f"bar {when.count} has gone by; it is bar {bar} now"
            raise ChronusError("E_VALUE", message, suggestions=(str(bar + 1),), part="when.count")

    @property
    def _opening(self) -> bool:
        return any(isinstance(command, say.Open) for _, command in self.ahead)

    @property
    def seen(self) -> Rack:
        """The rack that questions are about."""
        return self._rack_then() if self._opening else self.t.after

    @property
    def lasting(self) -> Rack:
        """Returns the rack without what holds for a length only: what is worth saving."""
        return self._put_back(self.seen)

    def _put_back(self, rack: Rack) -> Rack:
        for _, way in self._ways_back():
            rack = lasting.put_back(rack, way)
        return rack

    def _ways_back(self) -> list[tuple[int, Back]]:
        return [(number, command) for number, command in self.ahead if isinstance(command, Back)]

    def _rack_then(self) -> Rack:
        """Returns the rack as it will be after all that waits: a later command is checked against that."""
        if self._then is None or self._then[0] is not self.t.after:
            rack = self.t.after
            for _, command in self.ahead:
                with suppress(ChronusError):
                    rack = self._change(rack, command).rack
            self._then = self.t.after, rack
        return self._then[1]

    def _put_off(self, command: Kept, when: When, text: str, then: Rack) -> None:
        """Keeps a command for its time. `then` is the rack that it is expected to leave."""
        t = self.t
        t.put_off += 1
        self._keep(Later(0, when, command, text, self.author, t.put_off, begins=not self.running), then)
        self._then = t.after, then

    def _keep(self, later: Later, then: Rack) -> Later:
        t = self.t
        later = replace(later, outcome=len(t.outcomes))
        t.later.append(later)
        t.racks_later.append(then)
        self.ahead.append((later.number, later.command))
        self._then = None
        return later

    def _withdraw(self, numbers: Collection[int]) -> None:
        """Withdraws what was put off under these numbers: it never happens."""
        t = self.t
        numbers = set(numbers)
        kept = [pair for pair in zip(t.later, t.racks_later, strict=True) if pair[0].number not in numbers]
        t.later, t.racks_later = [later for later, _ in kept], [rack for _, rack in kept]
        t.withdrawn |= numbers
        self.ahead = [(number, command) for number, command in self.ahead if number not in numbers]
        self._then = None

    def _put_off_again(self, later: Later) -> Later:
        """Puts off again, for the next such time, what an undo withdrew."""
        if not self.running:
            raise ChronusError(
                "E_VALUE", f'nothing plays that "{later.text}" could wait for; say it again', part="steps"
            )
        then = self._rack_then()
        done = self._change(then, later.command)
        self.afford(self.t.before, then, done.rack)
        self._put_off(later.command, later.when, later.text, done.rack)
        return self.t.later[-1]

    def _what_waits(self) -> tuple[questions.Waits, ...]:
        """Returns the commands that were put off, those that come first before the others."""
        timeline = self.timeline
        dues = sorted(self.waiting.values(), key=lambda due: frame_of(due, timeline))
        return tuple(
            questions.Waits(due.text, bar_of(timeline, due.position) if timeline else "play", due.author)
            for due in dues
            if due.text and not isinstance(due.command, Back | Section)
        )

    def _waits_as(self, number: int) -> Due | Later | None:
        """Returns what waits under a number, with the frame at which it would come if its bars were over now."""
        later = next((later for later in self.t.later if later.number == number), None)
        due = self.waiting.get(number)
        if later is not None or due is None:
            return later
        timeline = self.timeline
        known = timeline is not None and timeline.number == due.timeline
        return replace(due, frame=timeline.frame(due.position)) if timeline and known else due

    def _wait_again(self, waited: Due | Later) -> Later:
        """Lets what was withdrawn wait as it did before, under the same number. Once its bars are over, only its frame counts."""
        self._withdraw({waited.number})
        if isinstance(waited, Due):
            command, text, author = waited.command, waited.text, waited.author
            waited = Later(0, When("now"), command, text, author, waited.number, again=waited)
        return self._keep(waited, self.t.after)

    # ------------------------------------------------------------ the song

    @property
    def _here(self) -> Here:
        """The present bar; the first one where the music is to begin."""
        if self.timeline is not None:
            return arrangement.here(self.timeline, self.present.frame)
        return Here(self.zeros + (not self.running), 1)

    def _settle_song(self) -> None:
        """Lets exactly what comes next in the song wait; nothing while the transport stands."""
        idle = self.stopped or self.t.after.song is None
        wanted = None if idle else arrangement.coming(self.t.after.song, self._here)
        waits = [(number, command) for number, command in self.ahead if isinstance(command, Section)]
        if [command for _, command in waits] == ([wanted] if wanted else []):
            return
        self._withdraw({number for number, _ in waits})
        if wanted is not None:
            author, self.author = self.author, ENGINE
            self._put_off(wanted, When("bar", wanted.bar), f"song, bar {wanted.bar}", self.t.after)
            self.author = author

    def _to_come(self) -> tuple[Song, str] | None:
        """Returns a song that waits for its bar, the one said last, and where it begins."""
        found = [(number, one) for number, one in self.ahead if isinstance(one, say.Song) and one.sections]
        if not found:
            return None
        number, command = found[-1]
        waits = self._waits_as(number)
        known = isinstance(waits, Due) and self.timeline is not None
        where = bar_of(self.timeline, waits.position) if known else "its bar"  # type: ignore[arg-type, union-attr]
        return Song(command.sections, command.loop), where

    def _check_song(self, command: AnyCommand) -> None:
        """Raises E_VALUE for what is about the song that there is, while the only one has still to begin."""
        is_turned = isinstance(command, say.Song) and command.turn != ""
        about = is_turned or (isinstance(command, say.Clear) and command.what == "song")
        to_come = self._to_come() if about and self.t.after.song is None and self._later(command) is None else None
        if to_come is not None:
            part = "turn" if isinstance(command, say.Song) else "what"
            raise ChronusError(
                "E_VALUE", f"the song begins at {to_come[1]}; say it then, or take it back with `undo`", part=part
            )

    def _begun(self, done: Edit) -> Edit:
        """Lets the scene be heard with which a song begins. One that comes back after an unclean end is as it was."""
        if self.author == JOURNAL:
            return done
        rack, sweeps = arrangement.begun(done.rack, self.catalogue, self.present)
        return done._replace(rack=rack, sweeps=done.sweeps + sweeps)

    # ------------------------------------------------------------ changes

    def _change(self, rack: Rack, command: Kept) -> Edit:
        """Returns what a command makes of a rack, whatever kind it is, with what is heard of a song that it begins."""
        done = self._edit(rack, command)
        if isinstance(command, say.Song) and command.turn == "loop off":
            return done._replace(rack=arrangement.in_its_last_round(done.rack, rack.song, self._here))
        begins = isinstance(command, say.Song | say.Goto | say.Open | say.Play) and not getattr(command, "turn", "")
        return self._begun(done) if begins and done.rack.song is not rack.song else done

    def _edit(self, rack: Rack, command: Kept) -> Edit:
        if isinstance(command, Back):
            return Edit(lasting.put_back(rack, command), "back to how it was", {})
        if isinstance(command, Section):
            return Edit(*_section(arrangement.next_heard(rack, command, self.catalogue, self.present)))
        if isinstance(command, say.Undo | say.Redo):
            return self._undo(rack, command)
        if isinstance(command, say.Play):
            back = [name for name, module in rack.modules.items() if module.hushed]
            told = f" ({', '.join(back)} sound{'s' * (len(back) == 1)} again)" if back else ""
            return Edit(arrangement.anew(awake(rack)) if self.stopped else awake(rack), f"play{told}", {})
        if isinstance(command, say.Stop):
            return Edit(rack, "stop", {})
        if isinstance(command, say.Panic):
            return Edit(hushed(self._put_back(rack), self.catalogue), "panic", {})
        if isinstance(command, say.Open):
            built, sweeps = self._all(empty(rack), command)
            return Edit(built, f"open {command.name}", {"name": command.name}, sweeps)
        if isinstance(command, say.Import):
            return bring(rack, command, self.catalogue)
        if isinstance(command, say.Say):
            kept = spoken.kept(rack, command, self.catalogue)
            spoken.refuse_if_idle(command, kept)
            done = [k for k in range(len(command.commands)) if k not in kept]
            built, sweeps = self._all(rack, replace(command, commands=tuple(command.commands[k] for k in done)))
            result: dict[str, object] = {"commands": [line for k, (_, line) in enumerate(command.each()) if k in done]}
            if notes := [one.note for one in kept.values() if one.note]:
                result["kept"] = notes
            return Edit(built, f"say {command.words}", result, sweeps)
        return edit(rack, command, self.catalogue, self.present)

    def _all(self, rack: Rack, whole: say.Open | say.Say) -> tuple[Rack, tuple[Moving, ...]]:
        """Performs several commands as one."""
        sweeps: tuple[Moving, ...] = ()
        for k, command in enumerate(whole.commands):
            if command.in_a_script != "done":
                continue
            try:
                done = self._edit(rack, command)
            except ChronusError as error:
                if isinstance(whole, say.Say):
                    raise
                message = whole.told(k, error.message + did_you_mean(error.suggestions))
                raise ChronusError(error.code, message, part="name") from None
            rack, sweeps = done.rack, sweeps + done.sweeps
        return rack, sweeps

    def _undo(self, rack: Rack, command: say.Undo | say.Redo) -> Edit:
        if isinstance(command, say.Undo) and command.jumps:
            return self._jump(rack, command)
        back = isinstance(command, say.Undo)
        word, source = ("undo", self.t.past) if back else ("redo", self.t.future)
        count = min(command.steps, len(source))
        if not count:
            raise ChronusError("E_VALUE", f"there is nothing to {word}", part="steps")
        taken = source[len(source) - count :]
        labels = [history.by_whom(step, self.author) for step in reversed(taken)]
        many, more = f" {count} steps", [f"... and {count - MOST_NAMED} more"]
        named = labels if count <= MOST_NAMED else [*labels[:MOST_NAMED], *more]
        text = f"{word}{many if count > MOST_NAMED else ''}: {'; '.join(named)}"
        then = next((then for step in taken if (then := rack_of(step.thing))), rack)
        text += gone_back(rack, then, self.catalogue, self.present)
        panics = [step.thing for step in taken if isinstance(step.thing, Deed) and step.thing.act == "panic"]
        for deed in panics if back else ():
            rack = with_gates(rack, deed.rack)
        then = with_hands(then, rack)
        told = list(reversed(taken))[:MOST_TOLD]
        result: dict[str, Any] = {"steps": count, "undone" if back else "redone": [step.label for step in told]}
        if others := sorted({step.author for step in taken if step.author and step.author != self.author}):
            result["of"] = others
        return Edit(hushed(then, self.catalogue) if panics and not back else then, text, result)

    def _jump(self, rack: Rack, command: say.Undo) -> Edit:
        """Returns a rack of the past: as it was after a step, or as it was heard some time ago."""
        was = self._was(command)
        if was.id == history.present(self.t.past, self.t.future) and was.rack == rack:
            what = f"{was.id} is the present rack" if command.to is not None else "nothing has changed since then"
            raise ChronusError("E_VALUE", what, part="to" if command.to is not None else "ago")
        waiting = {number for number, _ in self.ahead}
        then = with_hands(history.with_ways_gone(was, waiting), rack)
        step = was.step
        bar = step.where[0] if step is not None else 0
        when = f", bar {bar}" if bar else ""
        what = f"as it was after {was.id}{when}: {history.by_whom(step, self.author)}" if step else "as it was at first"
        result: dict[str, Any] = {"to": was.id, "label": step.label if step else ""}
        said = f"undo {format_length(command.ago)}" if command.ago is not None else f"undo to {command.to}"
        return Edit(then, f"{said}: {what}{gone_back(rack, then, self.catalogue, self.present)}", result)

    @property
    def _piles(self) -> history.Piles:
        return history.Piles(self.t.past, self.t.future, self.t.dropped, self.t.trail)

    def _was(self, command: say.Undo) -> history.Was:
        """Returns the rack that a command brings back, with the step that made it."""
        now, piles = self.t.after, self._piles
        if command.ago is not None:
            return history.heard_at(self._frame_before(command.ago), now, piles)
        assert command.to is not None
        return history.named(command.to, now, piles, "to")

    def _frame_before(self, length: Length) -> int:
        """Returns the frame that lies so long ago. Before the music began, time is counted at the present tempo."""
        frame, bpm, rate = self.present.frame, self.t.after.bpm, self.score.rate
        timeline, bar = self.timeline, self.score.bar
        if length.unit not in ("bars", "beats") or timeline is None or frame < timeline.frame(Fraction(0)):
            return frame - frames_of(length, bpm, rate, None, 0, bar)
        position, count = timeline.position(frame), near(Fraction(length.number))
        goal = timeline.bars(position) - count if length.unit == "bars" else position - count
        if goal >= 0:
            return timeline.frame(timeline.place(goal) if length.unit == "bars" else goal)
        return timeline.frame(Fraction(0)) + round(
            goal * (bar if length.unit == "bars" else 1) * beat_frames(bpm, rate)
        )

    # ------------------------------------------------------------ into the transaction

    def _take(self, done: Edit, command: Kept, text: str, chord: Chord | None = None) -> None:
        t, before, when, now = self.t, self.t.after, command.when, When("now")
        if when is None and not (command.tells_lanes or isinstance(command, say.Say)):
            when = now
        hands = [hand for hand in (command, *inside(command)) if isinstance(hand, say.ByHand)]
        t.hands += hands
        t.sweeps += done.sweeps
        if isinstance(command, say.Undo) and command.jumps:
            ended = self._end(self._said_since(command))
            self._step(done.rack, now, "")
            self._remember(text, Deed(before, withdrawn=ended) if ended else before)
            return
        if isinstance(command, say.Undo | say.Redo):
            self._shift_history(isinstance(command, say.Undo), done)
            return
        stood, withdrawn = self.stopped, self._no_more(command)
        self._step(done.rack, when, command.act, by_hand=bool(hands))
        if isinstance(command, Back):
            self._is_over(command)
        elif isinstance(command, Section):
            items = lasting.items(before, command, self.catalogue)
            piles = (t.past, t.future, t.dropped)
            t.past, t.future, t.dropped = (arrangement.carried(steps, items, t.after) for steps in piles)
        elif not command.act:
            back = self._way_back(command, before, text, withdrawn)
            deed = Deed(before, withdrawn=withdrawn, back=back, chord=chord.name if chord else "")
            if command.is_step:
                thing = deed if withdrawn or back or chord else before
                self._remember(text, thing, self._chord_before(chord) if chord else None)
        elif withdrawn or stood != self.stopped or before.modules != t.after.modules:
            self._remember(text, Deed(before, command.act, stood, withdrawn))

    def _step(self, after: Rack, when: When | None, act: str, by_hand: bool = False) -> None:
        """Replaces the rack, and starts or stops the transport."""
        t, before = self.t, self.t.after
        if act == "play" and self.stopped:
            self.running, self.stopped, self.timeline = True, False, None
            self.zeros += 1
        elif act in ("stop", "panic"):
            self.running, self.stopped, self.timeline = False, True, None
        idle = self.stopped or after.song is None
        t.after = after = after if idle else arrangement.placed(after, before, self._here)
        self._settle_song()
        step = Step(before, after, when, len(t.outcomes), act)
        stands = self.stopped and not by_hand and (act != "" or only_when_it_goes(step, self.catalogue))
        t.steps.append(replace(step, stands=stands))

    def _chord_before(self, chord: Chord) -> Undoable | None:
        """Returns the last step, if it is of the chord that goes on: however many lines its notes come in, it is one step."""
        last = self.t.past[-1] if self.t.past and not self.t.future and chord.goes_on else None
        is_same = last is not None and isinstance(last.thing, Deed) and last.thing.chord == chord.name
        return last if is_same and last is not None and last.author == self.author else None

    def _remember(self, label: str, thing: Thing, goes_on: Undoable | None = None) -> None:
        """Records a step for undo. What was put off keeps the id that it was given then. `goes_on`: the step that it is more of."""
        t, place = self.t, len(self.t.outcomes)
        if self.author in (*PERFORMERS, JOURNAL):
            return
        if goes_on is not None and isinstance(goes_on.thing, Deed) and isinstance(thing, Deed):
            first = goes_on.label
            label = f"{first}; {label}" if len(first) < LONGEST_LABEL else first
            t.past = (*t.past[:-1], goes_on._replace(label=label, thing=replace(goes_on.thing, back=thing.back)))
            return
        id = t.ids.get(place, 0)
        if not id:
            t.step += 1
            id = t.step
        t.remembered[id] = place
        step = Undoable(label, thing, id, history.present(t.past, t.future), self.author)
        if self.ahead:
            waited = tuple(number for number, kept in self.ahead if not isinstance(kept, Section))
            step = step._replace(waited=waited, ways=tuple(way for _, way in self._ways_back()))
        t.past, t.future, t.dropped, _ = history.remembered(self._piles, step)

    # ------------------------------------------------------------ what waits, and what a command does to it

    def _no_more(self, command: Kept) -> tuple[tuple[Due | Later, Later | None], ...]:
        """Withdraws what a command puts an end to: `panic` and another rack all that waits, another word the way back of what it takes
        hold of. What was said after an `open` that waited is about what that brings, and waits on.

        Each as it waited, and what waits in its place.
        """
        ended: list[tuple[Due | Later, Later | None]] = []
        if command.withdraws:
            ahead = [(number, kept) for number, kept in self.ahead if not isinstance(kept, Section)]
            numbers = [number for number, _ in ahead if self.own is None or number < self.own]
            return self._end(numbers)
        for number, way in self._ways_back():
            about = () if isinstance(command, Back) else lasting.touched(way, self.t.after, command, self.catalogue)
            waited = self._waits_as(number) if about else None
            if waited is None:
                continue
            rest = tuple(item for item in way.items if item not in about)
            self._withdraw({number})
            kept = replace(waited, command=replace(way, items=rest))
            ended.append((waited, self._wait_again(kept) if rest else None))
        return tuple(ended)

    def _end(self, numbers: Collection[int]) -> tuple[tuple[Due | Later, Later | None], ...]:
        """Withdraws what waits under these numbers; returns it as it waited. What was said in this submission was nothing."""
        unheard = {later.number for later in self.t.later if later.after is None} & set(numbers)
        self.t.past = without(self.t.past, unheard)
        ended = [(waited, None) for number in numbers if number not in unheard and (waited := self._waits_as(number))]
        words = sum(not isinstance(kept, Back) for number, kept in self.ahead if number in numbers)
        self.known += [f"{words} that waited withdrawn"] if words else []
        self._withdraw(numbers)
        return tuple(ended)

    def _said_since(self, command: say.Undo) -> list[int]:
        """Returns the numbers of what waits now and did not wait then."""
        was = self._was(command)
        kept = was.step.waited if was.step is not None else ()
        ahead = [number for number, waits in self.ahead if not isinstance(waits, Section) and number not in kept]
        return [number for number in ahead if self.own is None or number < self.own]

    def _way_back(
        self, command: Kept, before: Rack, text: str, ended: Sequence[tuple[Due | Later, Later | None]]
    ) -> Later | None:
        """Puts off the way back of a command that is said for a length."""
        about: tuple[Item, ...] = ()
        if command.lasts is not None and not isinstance(command, Back):
            about = lasting.items(before, command, self.catalogue)
        if not about:
            return None
        t = self.t
        t.put_off += 1
        pending = [waited.command for waited, _ in ended if isinstance(waited.command, Back)]
        way = lasting.back(before, t.after, about, pending, t.put_off)
        later = Later(0, When("now"), way, text, self.author, t.put_off, begins=not self.running, after=command.lasts)
        return self._keep(later, lasting.put_back(t.after, way))

    def _is_over(self, way: Back) -> None:
        """What held for a length has gone back. So it has in what an undo or a redo would bring, and of the step itself nothing is left."""
        t = self.t
        place = next((k for k, step in enumerate(t.past) if _way_of(step) == way.number), None)
        if place is None:
            return
        later = tuple(step._replace(thing=_put_back(step.thing, way)) for step in t.past[place + 1 :])
        found = (rack for step in later if (rack := rack_of(step.thing)) is not None)
        step = t.past[place : place + 1] if not lasting.is_back(next(found, t.after), way) else ()
        t.past = (*t.past[:place], *step, *later)
        t.future = tuple(step._replace(thing=_put_back(step.thing, way)) for step in t.future)

    # ------------------------------------------------------------ undo and redo

    def _shift_history(self, back: bool, done: Edit) -> None:
        """Moves steps from one pile to the other, each with what is on its other side, and takes the last step there is to take."""
        t, stood = self.t, self.stopped
        source, goal = (list(t.past), list(t.future)) if back else (list(t.future), list(t.past))
        rack, stands, panics = t.after, stood, False
        for _ in range(done.result["steps"]):
            step = source.pop()
            other = step.thing
            if isinstance(other, Later):
                if back:
                    self._withdraw({other.number})
                waits = other if back else self._put_off_again(other)
                goal.append(step._replace(thing=waits, waited=(*step.waited, waits.number)))
                continue
            here, rack = rack, rack_of(other) or rack
            if isinstance(other, Deed):
                goal.append(step._replace(thing=self._cross(back, other, here, stands)))
                stands = other.stopped if other.act else stands
                panics |= not back and other.act == "panic"
            else:
                goal.append(step._replace(thing=here))
        t.past, t.future = (tuple(source), tuple(goal)) if back else (tuple(goal), tuple(source))
        now = When("now")
        if panics:
            self._step(done.rack, now, "panic")
        moved = stands != self.stopped
        rack = done.rack
        if moved and not stands:  # the music begins anew, and so does the song
            begun = self._begun(Edit(arrangement.anew(rack), "", {}))
            rack, t.sweeps = begun.rack, [*t.sweeps, *begun.sweeps]
        if moved or not panics:
            self._step(rack, now, ("stop" if stands else "play") if moved else "")

    def _cross(self, back: bool, deed: Deed, here: Rack, stands: bool) -> Deed:
        """Moves a step to the other pile. What it had put an end to waits again, or no more; so does what was to put an end to it."""
        if back:
            for waited, _ in deed.withdrawn:
                self._wait_again(waited)
            if deed.back is not None:
                self._withdraw({deed.back.number})
            return replace(deed, rack=here, stopped=stands)
        ended = [(waited, instead) for waited, instead in deed.withdrawn if self._waits_as(waited.number)]
        self._withdraw({waited.number for waited, _ in ended})
        for _, instead in ended:
            if instead is not None:
                self._wait_again(instead)
        again = self._keep(deed.back, self.t.after) if deed.back else None
        return replace(deed, rack=here, stopped=stands, withdrawn=tuple(ended), back=again)


def _section(heard: tuple[Rack, tuple[Moving, ...]]) -> tuple[Rack, str, dict[str, Any], tuple[Moving, ...]]:
    rack, sweeps = heard
    return rack, "song", {}, sweeps


def _jumps(command: Kept) -> bool:
    return isinstance(command, say.Undo) and command.jumps


def _way_of(step: Undoable) -> int | None:
    """Returns the number of the way back of a step that was said for a length."""
    return step.thing.back.number if isinstance(step.thing, Deed) and step.thing.back is not None else None


def _put_back(thing: Thing, way: Back) -> Thing:
    rack = rack_of(thing)
    return thing if rack is None else with_rack(thing, lasting.put_back(rack, way))  # type: ignore[arg-type]


def label(command: Kept, text: str) -> str:
    """Returns the name of a step: without `set` where the parameter's own word is a command."""
    return text.removeprefix("set ") if isinstance(command, say.Set) and is_short(command) else text


def inside(command: Kept) -> Sequence[AnyCommand]:
    """Returns the commands that a command brings along."""
    return command.commands if isinstance(command, say.Open | say.Say) else ()


def is_filled(rack: Rack) -> bool:
    """Whether there is any module besides `out`."""
    return len(rack.modules) > 1 or bool(rack.lanes)


def hushed(rack: Rack, catalogue: Catalogue) -> Rack:
    """Returns the rack silenced: no gate is held, and no drone sounds by itself until the next `play`."""

    def hush(module: Module) -> Module:
        drones = catalogue[module.kind].drone and module.name not in rack.lanes
        if drones and (module.held or not module.addressed):
            return replace(module, held=False, sequenced=False, played=False, hushed=True)
        return replace(module, held=False)

    return replace(rack, modules={name: hush(module) for name, module in rack.modules.items()})


def awake(rack: Rack) -> Rack:
    """Returns the rack in which the drones that a panic silenced sound again."""
    back = {name: replace(module, hushed=False) for name, module in rack.modules.items() if module.hushed}
    return replace(rack, modules={**rack.modules, **back}) if back else rack


def with_gates(rack: Rack, before: Rack) -> Rack:
    """Returns a rack with the gates open that a panic has closed."""
    for name, module in before.modules.items():
        if module.held and name in rack.modules:
            rack = with_module(rack, replace(rack.modules[name], held=True, played=module.played))
    return rack


def with_hands(rack: Rack, present: Rack) -> Rack:
    """Returns a past rack with the gates as hands hold them now: what hands do is no step of undo."""

    def kept(module: Module) -> Module:
        now = present.modules.get(module.name)
        if now is None or (now.held, now.played) == (module.held, module.played):
            return module
        return replace(module, held=now.held, played=now.played)

    modules = {name: kept(module) for name, module in rack.modules.items()}
    return rack if all(modules[n] is rack.modules[n] for n in modules) else replace(rack, modules=modules)
