"""Makes the replies that the author of a job gets, from how the job ended."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from msgspec.structs import replace

from chronus.catalogue.kinds import Catalogue
from chronus.commands import Export, List, Reply, Save, Show, Status, Sync, Why
from chronus.conductor.transaction import Outcome
from chronus.control.jobs.job import Answered, Applied, End, Failed
from chronus.control.serve import looks, saving, status, verdict
from chronus.control.serve.client import Part
from chronus.diagram.dot import dot
from chronus.diagram.svg import svg
from chronus.errors import ChronusError
from chronus.rack.document import Rack


class Question(NamedTuple):
    """A command that control answers itself."""

    command: Any
    outcome: Outcome
    k: int
    """Its place in the job."""
    end: Answered
    known: status.Status
    look: Callable[[bool], tuple[tuple[str, ...], dict[str, Any]]]
    """All of a job is answered at one moment, so how the engine is is looked at once."""

    @property
    def acts(self) -> int | None:
        """The frame from which on the job acts; None where the replicas need not know of it."""
        return self.end.frame if isinstance(self.end, Applied) else None


def replies(end: End, known: status.Status, author: str = "") -> list[Reply]:
    """Makes one reply for each command, in order; `author` is who asked."""
    if isinstance(end, Failed):
        return [Reply(id, ok=False, text=end.why, code=end.code) for id in end.submission.ids]
    look, found = cache(lambda glance: known.told(author, glance)), []
    for k, (command, outcome) in enumerate(zip(end.submission.commands, end.outcomes, strict=True)):
        if outcome.error is not None:
            found.append(refusal(outcome.id, outcome.error))
        else:
            found.append(TABLE.get(type(command), _done)(Question(command, outcome, k, end, known, look)))
    return found


def _done(asked: Question) -> Reply:
    outcome, frame = asked.outcome, None
    if not asked.command.asks:
        frame = asked.acts if outcome.frame is None else outcome.frame
    return Reply(outcome.id, True, outcome.text, frame, outcome.lines, outcome.result)


def _sync(asked: Question) -> Reply:
    return Reply(asked.outcome.id, True, asked.outcome.text, asked.acts)


def _status(asked: Question) -> Reply:
    lines, whole = asked.look(asked.command.glance)
    return Reply(asked.outcome.id, True, asked.outcome.text, lines=lines, result=whole)


def _list(asked: Question) -> Reply:
    """Answers `list` of the saved patches, and adds to `list` what is recorded; the conductor lists everything else."""
    if asked.command.what != "patches":
        done, recordings = _done(asked), asked.known.recordings
        told, facts = recordings.now() if recordings and not asked.command.what else ("", None)
        if facts is None:
            return done
        return replace(done, lines=(*done.lines, f"recording {told}"), result={**done.result, "recording": facts})
    found = saving.names()
    about = {name: saving.about(name, shipped) for name, shipped in found.items()}
    wide = max(map(len, found), default=0)
    lines = tuple(
        f"{name:<{wide}}  {about[name] or ('comes with Chronus' if shipped else 'your own')}"
        for name, shipped in found.items()
    )
    result = {"patches": list(found), "shipped": [name for name, shipped in found.items() if shipped], "about": about}
    return Reply(asked.outcome.id, True, asked.outcome.text, lines=lines, result=result)


def _show(asked: Question) -> Reply:
    """Writes the graph of the rack into a file, if one is named; tells who looks on where to find what modules put out."""
    command, outcome = asked.command, asked.outcome
    if command.what == "lanes" and command.glance:
        seats = asked.known.conductor.state.places.plan.seats
        handles = {name: seat.handle for name, seat in seats.items()}
        return Reply(outcome.id, True, outcome.text, result={**outcome.result, "handles": handles})
    if command.what != "patch" or not command.form:
        return _done(asked)
    try:
        path = saving.picture(command.file, f".{command.form}", PICTURES[command.form](outcome.result).encode())
    except ChronusError as error:
        return refusal(outcome.id, error)
    return Reply(outcome.id, True, outcome.text, lines=(str(path),), result={**outcome.result, "file": str(path)})


PICTURES: dict[str, Callable[[dict[str, Any]], str]] = {"svg": svg, "dot": dot}


def _look(asked: Question) -> Reply:
    """Measures what was heard just now."""
    command, outcome, known = asked.command, asked.outcome, asked.known
    told = outcome.result
    if isinstance(command, Why) and verdict.nobody_hears(known.engine()):
        last = {"module": "out", "what": f"{verdict.UNHEARD}; `device` lists the others", "line": "device"}
        told = {**told, "causes": [*told["causes"], last]}
    try:
        lines, result = looks.TABLE[type(command)](command, told, looks.Ear.on(known.memory, known.conductor.state))
    except ChronusError as error:
        return refusal(outcome.id, error)
    return Reply(outcome.id, True, outcome.text, lines=tuple(lines), result=result)


def _save(asked: Question) -> Reply:
    rack, catalogue = asked.end.transaction.saves[asked.k], asked.known.conductor.catalogue
    return saved(asked.outcome.id, asked.outcome.text, asked.command, rack, catalogue)


TABLE: dict[type, Callable[[Question], Reply]] = {
    Sync: _sync, Status: _status, List: _list, Show: _show, Save: _save, Export: _save,
    **dict.fromkeys(looks.TABLE, _look),
}  # fmt: skip
"""What control answers by itself."""


def refusal(id: int, error: ChronusError) -> Reply:
    words = error.suggestions
    return Reply(id, ok=False, text=error.message, code=error.code, part=error.part, suggestions=words)


def single(part: Part, frame: int | None = None) -> Reply:
    """Returns the reply to a command that stands alone."""
    return Reply(part.ids[0], ok=True, text=part.texts[0], frame=frame)


def saved(id: int, text: str, command: Save, rack: Rack, catalogue: Catalogue) -> Reply:
    """Writes the rack into a file."""
    try:
        if isinstance(command, Export):
            file, notes = saving.export(command.name, command.bars, rack, catalogue)
            text += f": {', '.join(f'{name} {count}' for name, count in notes.items())} notes"
            return Reply(id, ok=True, text=text, result={"file": str(file), "notes": notes})
        path = saving.save(command.name, rack, catalogue)
    except ChronusError as error:
        return refusal(id, error)
    return Reply(id, ok=True, text=text, result={"file": str(path)})
