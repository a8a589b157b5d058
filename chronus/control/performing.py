"""Submissions on the rack: each command in order, whole or nothing, into a transaction. Nothing of it is heard or kept yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

from chronus import commands as say
from chronus.commands import AnyCommand, When
from chronus.control import look, spoken
from chronus.control.authors import JOURNAL, PERFORMERS
from chronus.control.catalogue import Catalogue
from chronus.control.courses import Present, gone_back, onward
from chronus.control.edit import Edit, edit, empty
from chronus.control.lanes import too_many
from chronus.control.rack import Module, Moving, Rack, find, named, replace
from chronus.control.transaction import Due, Later, Outcome, Step, Transaction
from chronus.control.wiring import played_by
from chronus.errors import ChronusError

HISTORY = 1000
"""Steps that can be undone."""
LANE_COMMANDS = (say.Sequence, say.Clear, say.Mute, say.Unmute, say.Solo, say.Unsolo)
"""They are told their time beforehand; without one it is the next bar."""
NO_STEP = (say.Gate, say.Note, say.Play, say.Stop, say.Panic, say.Undo, say.Redo)
ELSEWHERE = (say.Wait, say.Sync, say.Save, say.Help, say.Crash, say.Quit, say.Status)
"""Commands whose work is done elsewhere; here they are only let through."""
ACTS = {say.Play: "play", say.Stop: "stop", say.Panic: "panic"}
BEHIND = When("now")
"""The time of what follows an `open` that waits for its bar: it waits with it."""


Afford = Callable[[Rack, Rack, Rack], None]
"""(the rack that is rendered, a command's before, its after): raises E_BUDGET where the machine could not render it."""


class Performance:
    """One submission being performed. `waiting` are commands whose time is to come, `running` whether there are bars at all.

    `open` cross-fades at the bar line, or at once where there is nothing to fade from. While it waits, what is said sees the
    rack that it brings, and takes hold with it: only `now`, the transport and hands are about what is heard at present.
    """

    def __init__(
        self,
        t: Transaction,
        catalogue: Catalogue,
        waiting: Sequence[Due],
        running: bool,
        author: str,
        afford: Afford,
        taken_out: Mapping[str, str],
        present: Present,
    ) -> None:
        self.t, self.catalogue, self.author, self.running, self.present = t, catalogue, author, running, present
        self.afford, self.taken_out = afford, taken_out
        self.ahead = [(due.number, due.command) for due in waiting]
        self._then: tuple[Rack, Rack] | None = None  # the present rack, and what it will be

    def perform(self, id: int, text: str, command: AnyCommand, refused: ChronusError | None = None) -> None:
        """`refused`: it is known already that this one cannot be."""
        try:
            if refused is not None:
                raise refused
            outcome = self._outcome(command, text)
        except ChronusError as error:
            outcome = Outcome(id, error=error)
        outcome.id, outcome.stem = id, outcome.text
        outcome.text = outcome.text.replace("{from}", "")
        self.t.outcomes.append(outcome)

    def _outcome(self, command: AnyCommand, text: str) -> Outcome:
        t = self.t
        if isinstance(command, say.Save):
            t.saves[len(t.outcomes)] = onward(self.seen, self.catalogue, self.present)
        if isinstance(command, ELSEWHERE):
            return Outcome(0, text)
        if isinstance(command, say.QUERIES):
            return Outcome(0, *look.answer(self.seen, command, self.catalogue, text, self.taken_out, self.present))
        later = self._later(command)
        if later is not None:
            command = replace(command, when=When("now"))
            then = self._rack_then()
            done = self._change(then, command)
            self.afford(t.before, then, done.rack)
            self._put_off(command, later, text, done.rack)
            if isinstance(command, say.Undo | say.Redo):
                done = done._replace(text=text)  # which steps those are is known then
            elif self.author not in PERFORMERS and not isinstance(command, NO_STEP):
                t.past, t.future = (*t.past, (text or done.text, t.later[-1]))[-HISTORY:], ()
        else:
            done, waited = self._change(t.after, command), len(self.ahead)
            self.afford(t.before, t.after, done.rack)
            self._take(done, command, text)
            if isinstance(command, say.Note):
                done = done._replace(text=done.text + self._too_many(command.name))
            if isinstance(command, say.Panic) and waited:
                done = done._replace(text=f"panic ({waited} that waited withdrawn)")
        lines = (*done.result["commands"], *done.result.get("kept", ())) if isinstance(command, say.Say) else ()
        return Outcome(0, done.text, lines, done.result)

    def _too_many(self, word: str) -> str:
        """What is said of the notes that hands play on a module at this moment, if it has not the voices."""
        rack = self.t.after
        name = played_by(named(rack, word, self.catalogue), rack, self.catalogue)
        names = [find(rack, hand.name, self.catalogue) for hand in self.t.hands if isinstance(hand, say.Note)]
        notes = sum(played_by(other, rack, self.catalogue) == name for other in names if other)
        return too_many(rack, name, notes, False, self.catalogue)

    # ------------------------------------------------------------ later

    def _later(self, command: AnyCommand) -> When | None:
        """When a command is to be performed, if it is kept until then."""
        if not self.running or (command.when is not None and command.when.kind == "now"):
            return None
        waits = not isinstance(command, (*ACTS, say.Undo, say.Redo)) and self.author not in PERFORMERS
        if self._opening and waits:
            return command.when or BEHIND
        if isinstance(command, LANE_COMMANDS):
            return None
        if isinstance(command, say.Open) and command.when is None:
            return When("next") if is_filled(self.t.after) else None
        return command.when

    @property
    def _opening(self) -> bool:
        return any(isinstance(command, say.Open) for _, command in self.ahead)

    @property
    def seen(self) -> Rack:
        """The rack that questions are about."""
        return self._rack_then() if self._opening else self.t.after

    def _rack_then(self) -> Rack:
        """The rack as it will be when what is kept has been done: what a later command is checked against."""
        if self._then is None or self._then[0] is not self.t.after:
            rack = self.t.after
            for _, command in self.ahead:
                with suppress(ChronusError):
                    rack = self._change(rack, command).rack
            self._then = self.t.after, rack
        return self._then[1]

    def _put_off(self, command: AnyCommand, when: When, text: str, then: Rack) -> None:
        """Keeps it for its time. `then` is the rack that it is expected to leave."""
        t = self.t
        t.put_off += 1
        t.later.append(Later(len(t.outcomes), when, command, text, self.author, t.put_off))
        t.racks_later.append(then)
        self.ahead.append((t.put_off, command))
        self._then = t.after, then

    def _withdraw(self, numbers: Collection[int]) -> None:
        """What was put off under these numbers never happens."""
        t = self.t
        kept = [pair for pair in zip(t.later, t.racks_later, strict=True) if pair[0].number not in numbers]
        t.later, t.racks_later = [later for later, _ in kept], [rack for _, rack in kept]
        t.withdrawn |= set(numbers)
        self.ahead = [(number, command) for number, command in self.ahead if number not in numbers]
        self._then = None

    def _put_off_again(self, later: Later) -> Later:
        """What an undo withdrew waits again, for the next such time."""
        if not self.running:
            raise ChronusError(
                "E_VALUE", f'nothing plays that "{later.text}" could wait for; say it again', part="steps"
            )
        then = self._rack_then()
        done = self._change(then, later.command)
        self.afford(self.t.before, then, done.rack)
        self._put_off(later.command, later.when, later.text, done.rack)
        return self.t.later[-1]

    # ------------------------------------------------------------ changes

    def _change(self, rack: Rack, command: AnyCommand) -> Edit:
        """What a command makes of a rack, whatever kind it is."""
        if isinstance(command, say.Undo | say.Redo):
            return self._undo(rack, command)
        if isinstance(command, say.Play):
            back = [name for name, module in rack.modules.items() if module.hushed]
            told = f" ({', '.join(back)} sound{'s' * (len(back) == 1)} again)" if back else ""
            return Edit(awake(rack), f"play{told}", {})
        if isinstance(command, say.Stop):
            return Edit(rack, "stop", {})
        if isinstance(command, say.Panic):
            return Edit(hushed(rack, self.catalogue), "panic", {})
        if isinstance(command, say.Open):
            built, sweeps = self._all(empty(rack), command.commands)
            return Edit(built, f"open {command.name}", {"name": command.name}, sweeps)
        if isinstance(command, say.Say):
            kept = spoken.kept(rack, command, self.catalogue)
            spoken.refuse_if_idle(command, kept)
            done = [k for k in range(len(command.commands)) if k not in kept]
            built, sweeps = self._all(rack, [command.commands[k] for k in done])
            result: dict[str, object] = {"commands": [line for k, (_, line) in enumerate(command.each()) if k in done]}
            if notes := [one.note for one in kept.values() if one.note]:
                result["kept"] = notes
            return Edit(built, f"say {command.words}", result, sweeps)
        return edit(rack, command, self.catalogue, self.present)

    def _all(self, rack: Rack, commands: Sequence[AnyCommand]) -> tuple[Rack, tuple[Moving, ...]]:
        """Several commands as one."""
        sweeps: tuple[Moving, ...] = ()
        for command in commands:
            if isinstance(command, (*say.QUERIES, *ELSEWHERE, say.Play, say.Stop, say.Panic, say.Undo, say.Redo)):
                continue
            done = self._change(rack, command)
            rack, sweeps = done.rack, sweeps + done.sweeps
        return rack, sweeps

    def _undo(self, rack: Rack, command: say.Undo | say.Redo) -> Edit:
        back = isinstance(command, say.Undo)
        word, source = ("undo", self.t.past) if back else ("redo", self.t.future)
        count = min(command.steps, len(source))
        if not count:
            raise ChronusError("E_VALUE", f"there is nothing to {word}", part="steps")
        taken = source[len(source) - count :]
        text = f"{word}: " + "; ".join(label for label, _ in reversed(taken))
        then = next((thing for _, thing in taken if isinstance(thing, Rack)), rack)
        text += gone_back(rack, then, self.catalogue, self.present)
        return Edit(with_hands(then, rack), text, {"steps": count})

    # ------------------------------------------------------------ into the transaction

    def _take(self, done: Edit, command: AnyCommand, text: str) -> None:
        if isinstance(command, say.Panic):
            self._withdraw({number for number, _ in self.ahead})
            self.t.past = tuple(pair for pair in self.t.past if isinstance(pair[1], Rack))
        t, before, when = self.t, self.t.after, command.when
        if when is None and not isinstance(command, (*LANE_COMMANDS, say.Say)):
            when = When("now")
        t.after = done.rack
        t.steps.append(Step(before, done.rack, when, len(t.outcomes), ACTS.get(type(command), "")))
        t.hands += [hand for hand in (command, *inside(command)) if isinstance(hand, say.Gate | say.Note)]
        t.sweeps += done.sweeps
        if isinstance(command, say.Undo | say.Redo):
            self._shift_history(isinstance(command, say.Undo), before, done.result["steps"])
        elif not isinstance(command, NO_STEP) and self.author not in (*PERFORMERS, JOURNAL):
            t.past, t.future = (*t.past, (text or done.text, before))[-HISTORY:], ()

    def _shift_history(self, back: bool, before: Rack, count: int) -> None:
        """Moves steps from one pile to the other, each with the rack that is on its other side."""
        t = self.t
        source, goal = (list(t.past), list(t.future)) if back else (list(t.future), list(t.past))
        rack = before
        for _ in range(count):
            label, other = source.pop()
            if isinstance(other, Rack):
                goal.append((label, rack))
                rack = other
            elif back:
                self._withdraw({other.number})
                goal.append((label, other))
            else:
                goal.append((label, self._put_off_again(other)))
        t.past, t.future = (tuple(source), tuple(goal)) if back else (tuple(goal), tuple(source))


def inside(command: AnyCommand) -> Sequence[AnyCommand]:
    """The commands that one brings along."""
    return command.commands if isinstance(command, say.Open | say.Say) else ()


def is_filled(rack: Rack) -> bool:
    """Whether there is anything besides `out`."""
    return len(rack.modules) > 1 or bool(rack.lanes)


def hushed(rack: Rack, catalogue: Catalogue) -> Rack:
    """No gate is held, and no drone sounds by itself until the next `play`."""

    def hush(module: Module) -> Module:
        drones = catalogue[module.kind].drone and module.name not in rack.lanes
        if drones and (module.held or not module.addressed):
            return replace(module, held=False, sequenced=False, played=False, hushed=True)
        return replace(module, held=False)

    return replace(rack, modules={name: hush(module) for name, module in rack.modules.items()})


def awake(rack: Rack) -> Rack:
    """The drones that a panic has silenced sound again."""
    back = {name: replace(module, hushed=False) for name, module in rack.modules.items() if module.hushed}
    return replace(rack, modules={**rack.modules, **back}) if back else rack


def with_hands(rack: Rack, present: Rack) -> Rack:
    """A rack out of the past with the gates as they are held now: what hands do is no step of undo."""

    def kept(module: Module) -> Module:
        now = present.modules.get(module.name)
        if now is None or (now.held, now.played) == (module.held, module.played):
            return module
        return replace(module, held=now.held, played=now.played)

    modules = {name: kept(module) for name, module in rack.modules.items()}
    return rack if all(modules[n] is rack.modules[n] for n in modules) else replace(rack, modules=modules)
