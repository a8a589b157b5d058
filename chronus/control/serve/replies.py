"""From what became of a job to the replies its author gets."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from chronus.catalogue.kinds import Catalogue
from chronus.commands import AnyCommand, List, Reply, Save, Status, Sync
from chronus.conductor.conductor import Outcome
from chronus.control.jobs.job import Job
from chronus.control.serve import saving, status
from chronus.control.serve.client import Part
from chronus.errors import ChronusError
from chronus.rack.document import Rack


def replies(job: Job, known: status.Status) -> list[Reply]:
    """One a command, in order."""
    if job.fault:
        return [Reply(id, ok=False, text=job.fault, code=job.fault_code) for id in job.submission.ids]
    assert job.transaction is not None
    told = []
    look = cache(known.told)  # all of a job is answered at one moment
    for k, (command, outcome) in enumerate(zip(job.submission.commands, job.outcomes, strict=True)):
        if isinstance(command, Save) and outcome.error is None:
            told.append(saved(outcome.id, outcome.text, command, job.transaction.saves[k], known.conductor.catalogue))
        else:
            told.append(_reply(job, command, outcome, known, look))
    return told


def _reply(
    job: Job,
    command: AnyCommand,
    outcome: Outcome,
    known: status.Status,
    look: Callable[[], tuple[tuple[str, ...], dict[str, Any]]],
) -> Reply:
    if outcome.error is not None:
        return refusal(outcome.id, outcome.error)
    if isinstance(command, Sync):
        return Reply(outcome.id, True, outcome.text, job.frame)
    if isinstance(command, Status):
        lines, whole = look()
        return Reply(outcome.id, True, outcome.text, lines=lines, result=whole)
    if isinstance(command, List) and command.what == "patches":
        return _patches(outcome)
    if command.asks:
        return Reply(outcome.id, True, outcome.text, None, outcome.lines, outcome.result)
    frame = job.frame if outcome.frame is None else outcome.frame
    return Reply(outcome.id, True, outcome.text, frame, outcome.lines, outcome.result)


def _patches(outcome: Outcome) -> Reply:
    found = saving.names()
    lines = tuple(f"{name} (comes with Chronus)" if shipped else name for name, shipped in found.items())
    result = {"patches": list(found), "shipped": [name for name, shipped in found.items() if shipped]}
    return Reply(outcome.id, True, outcome.text, lines=lines, result=result)


def refusal(id: int, error: ChronusError) -> Reply:
    told = error.suggestions
    return Reply(id, ok=False, text=error.message, code=error.code, part=error.part, suggestions=told)


def single(part: Part, frame: int | None = None) -> Reply:
    """The answer to a command that stands alone: its own words."""
    return Reply(part.ids[0], ok=True, text=part.texts[0], frame=frame)


def saved(id: int, text: str, command: Save, rack: Rack, catalogue: Catalogue) -> Reply:
    """Writes the rack into a file."""
    try:
        path = saving.save(command.name, rack, catalogue)
    except ChronusError as error:
        return refusal(id, error)
    return Reply(id, ok=True, text=text, result={"file": str(path)})
