"""Starts a control process: with nothing, with the rack of an engine that died, or in place of a control that died in this engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from chronus.catalogue.kinds import Catalogue
from chronus.commands import File, Goto, Open, Submission, Word
from chronus.commands import Song as SaidSong
from chronus.conductor import authors
from chronus.conductor.conductor import Conductor
from chronus.conductor.transaction import Committed
from chronus.control.jobs.job import OURS, Asked, Flying, Job, Named, Ready
from chronus.control.jobs.performer import Performer, Resumed
from chronus.control.jobs.publisher import Batch, Publisher
from chronus.control.serve.saving import save
from chronus.errors import ChronusError
from chronus.journal import reading, standing, writing
from chronus.journal.records import Journal, Poisoned, Remembered, Void
from chronus.journal.replay import AFTER_RESTART, Parse, Replay, Unsealed, rebuild, recall
from chronus.journal.writing import Pen
from chronus.memory import layout
from chronus.memory.layout import SEALS, Memory
from chronus.memory.log import NOW, Rows, least_frame
from chronus.memory.program import Program
from chronus.rack import songs
from chronus.rack.document import Song
from chronus.score.owed import Owed
from chronus.score.spans import NONE
from chronus.shelf import naming, recording

MOST_NAMED = 8
"""Parts that did not come back, one by one."""


class Beginning(Struct):
    """How control begins: with this conductor and this pen; `first` is performed before all else, then it has the history that is
    `remembered`. `notes` are for people.
    """

    conductor: Conductor
    pen: Pen
    first: Submission | None = None
    remembered: Remembered | None = None
    notes: list[str] = []
    resumed: Replay | None = None
    number: int = 0
    poisoned: Sequence[Poisoned] = ()

    def recall(self) -> None:
        """Gives the conductor its history, now that the rack is there with which it ends."""
        if self.remembered is not None:
            recall(self.conductor, self.remembered)


def begin(
    memory: Memory, catalogue: Catalogue, engine: str, header: dict[str, Any], parse: Parse, fresh: bool
) -> Beginning:
    """Decides how to begin. `header` of a new journal: its "pid" and "started" say which engine it belongs to."""
    path, found = reading.newest(engine)
    rate, seed = int(header["rate"]), int(header.get("seed", 0))
    same = {key: found.header.get(key) for key in ("pid", "started")} == {
        key: header[key] for key in ("pid", "started")
    }
    if path is not None and same:
        return _resume(memory, catalogue, engine, path, found, parse)
    if path is None or found.clean or fresh:
        return Beginning(Conductor(catalogue, rate, seed), writing.create(engine, header))
    if found.header.get("recovered") and not found.settled:
        start = Beginning(Conductor(catalogue, rate, seed), writing.create(engine, header))
        name = _put_aside(found, f"{engine}-{path.stem}", catalogue, parse)
        remedy = f"`open {name}` brings its rack back" if name else f"{path} is kept"
        start.notes.append(f"the engine ended badly twice in a row; it starts empty, and {remedy}")
        return start
    start = Beginning(Conductor(catalogue, rate, seed), writing.create(engine, {**header, "recovered": path.name}))
    _rebuild(start, found, path, catalogue, parse, "the last engine ended badly; its rack is recovered from")
    return start


def _put_aside(found: Journal, name: str, catalogue: Catalogue, parse: Parse) -> str:
    """Saves the rack of a journal, so that the user can try it again; returns its name, or "" where there is no rack or it cannot
    be saved.
    """
    try:
        whole = rebuild(found, catalogue, parse).first
        if whole is None:
            return ""
        rack = Conductor(catalogue, int(found.header["rate"])).perform(whole, authors.JOURNAL).after
        return save(name, rack, catalogue).stem
    except Exception:
        return ""


def _rebuild(
    start: Beginning, found: Journal, path: Path, catalogue: Catalogue, parse: Parse, why: str, same: bool = False
) -> None:
    """Recovers an old journal; nothing in it may keep an engine from starting. `same`: it is this engine's own.

    It is recovered if there is something that comes back; what does not is named, and so is what was to come later and is done now.
    """
    try:
        start.first, lost, at_once, state = rebuild(found, catalogue, parse)
        known = standing.keep(state) if state.past or state.future or state.dropped else b""
    except Exception as error:
        start.notes.append(f"the journal {path} could not be recovered ({error}); it is kept")
        return
    if known:
        # -1 is the frame of a step still to come, so the last of the others lies before it
        start.remembered = Remembered(known, 0 if same else state.now + 2)
        start.pen.owe(start.remembered)
    if start.first is not None:
        start.first, gone = _with_what_is_there(start.first, catalogue)
        start.notes += [f"{what}; in its place is silence" for what in gone]
    else:
        start.recall()
    poisoned = [record for record in found.poisoned if record.module]
    if start.first is not None:
        start.notes.append(f"{why} {path}")
        start.notes += _where_the_song_is(start.first)
    elif lost or poisoned:
        start.notes.append(f"nothing of the rack comes back from {path}, which is kept")
    for record in poisoned:
        start.notes.append(f'"{record.text}" had brought the renderer down in {record.module}; that is left out')
    start.notes += [f"not recovered: {part.told(path.name)}" for part in lost[:MOST_NAMED]]
    if len(lost) > MOST_NAMED:
        start.notes.append(f"and {len(lost) - MOST_NAMED} more that could not be recovered from {path}")
    start.notes += [f'"{text}" waited for its time; now it is done' for text in at_once[:MOST_NAMED]]
    if len(at_once) > MOST_NAMED:
        start.notes.append(f"and {len(at_once) - MOST_NAMED} more that waited for their time are done")


def _where_the_song_is(whole: Submission) -> list[str]:
    """Returns the notice about where the song goes on; none where there is none, or it was stopped."""
    opened = (one for command in whole.commands if isinstance(command, Open) for one in command.commands)
    song = next((Song(one.sections, one.loop) for one in opened if isinstance(one, SaidSong) and one.sections), None)
    bar = next((command.bar for command in whole.commands if isinstance(command, Goto)), 0)
    found = songs.place(song, bar - 1) if song is not None and bar else None
    return [f"the song goes on at bar {bar}, in {song.sections[found.section][0]}"] if song and found else []


def _with_what_is_there(whole: Submission, catalogue: Catalogue) -> tuple[Submission, list[str]]:
    """Leaves out recordings that are gone or have changed; also returns the notices about those."""
    gone: dict[str, None] = {}

    def look(_: str, file: Word | File) -> File:
        assert isinstance(file, File)
        try:
            recording.check(file)
        except ChronusError as error:
            gone[error.message] = None
            return File(file.path)
        return file

    commands = tuple(naming.looked_up(whole.commands, {}, catalogue, look))
    return replace(whole, commands=commands), list(gone)


# ---------------------------------------------------------------- in the place of a control that died


def _resume(memory: Memory, catalogue: Catalogue, engine: str, path: Path, found: Journal, parse: Parse) -> Beginning:
    """Returns the conductor as it was. What was said but never published is marked as void: nobody was told that it is done."""
    rate, seed = int(found.header["rate"]), int(found.header.get("seed", 0))
    pen = writing.resume(path, found)
    void = [said.n for said in found.unsealed() if said.tail > memory.word(layout.TAIL)]
    pen.owe(*(Void(n) for n in void))
    conductor = Conductor(catalogue, rate, seed)
    start = Beginning(conductor, pen, number=found.number, poisoned=found.poisoned)
    try:
        replay = Replay(conductor, parse, void)
        replay.play(found.records)
        agrees = not replay.lost and _agrees(memory, conductor, replay)
    except Exception:  # a control that dies of its own journal would die of it again, and for ever
        agrees = False
    if agrees:
        start.resumed = replay
    else:
        pen.give_up()
        start.pen = writing.create(engine, {**found.header, "recovered": path.name})
        start.conductor = conductor = Conductor(catalogue, rate, seed, incarnation=AFTER_RESTART)
        score = replace(conductor.score, generation=AFTER_RESTART)  # the replicas take only greater ones
        conductor.state = replace(conductor.state, score=score)
        _rebuild(
            start,
            found,
            path,
            catalogue,
            parse,
            "control could not go on where it was; the rack begins anew from",
            True,
        )
    state = conductor.state
    # A number that was laid is never given to another program: the workers have bound it.
    places = replace(state.places, number=max(state.places.number, memory.word(layout.PROGRAM)))
    conductor.state = replace(state, number=state.number + AFTER_RESTART, places=places)
    return start


def _agrees(memory: Memory, conductor: Conductor, replay: Replay) -> bool:
    """Whether the plan is, to the last word, the program that lies in shared memory."""
    last = replay.last()
    programs = [plan.program for plan in (conductor.plan,) if plan.number and plan.program]
    programs += [last.done.program] if last is not None and last.done.program is not None else []
    return all(_same(program, Program.read(memory.program(program.number))) for program in programs)


def _same(one: Program, other: Program) -> bool:
    tables = ("instances", "inputs", "params", "cables", "reads")
    return (one.number, one.names) == (other.number, other.names) and all(
        np.array_equal(getattr(one, table), getattr(other, table)) for table in tables
    )


def take_over(performer: Performer, replay: Replay) -> None:
    """Takes over what was on its way, and gives the replicas the notes that they lack."""
    publisher, conductor = performer.publisher, performer.conductor
    publisher.look_back(SEALS // 2)
    # so it owes what the one that died would have owed
    owed = replace(conductor.state.owed, horizon=publisher.memory.word(layout.SCHEDULED))
    conductor.state = replace(conductor.state, owed=owed)
    named = _named(conductor, replay.last())
    if named is None:
        replay.accept()
        replay.recall()
    flying = tuple(map(_flying, replay.flying.values()))
    performer.resume(Resumed(replay.touches, replay.weight, named, flying))
    _fill(performer, publisher, conductor)


def _named(conductor: Conductor, last: Unsealed | None) -> Named | None:
    """Returns what was said last, if its entries name frames: it is not known yet whether the replicas took them."""
    if last is None or not isinstance(last.done, Committed):
        return None
    said, t = last.said, last.done.transaction
    done = conductor.commit(t, said.moment, said.exact)
    batch = _batch(said.tail, done.entries)
    ready = Ready(_asked(last), t, None, said.seen, 0.0, laid=True, number=said.n)
    return None if batch.least == NOW else Named(ready, done, batch)


def _flying(unsealed: Unsealed) -> Flying:
    said, done = unsealed.said, unsealed.done
    asked = _asked(unsealed) if isinstance(done, Committed) else OURS
    return Flying(asked, said.n, done, _batch(said.tail, NONE), said.moment if said.exact else -1)


def _asked(unsealed: Unsealed) -> Asked:
    said = unsealed.said
    return Asked(Job(unsealed.submission, said.who, due=said.due), unsealed.submission, said.due)


def _batch(tail: int, entries: Rows) -> Batch:
    return Batch(tail, len(entries), least_frame(entries))


def _fill(performer: Performer, publisher: Publisher, conductor: Conductor) -> None:
    """Lets lanes go on from the frame up to which they were scheduled, and gives the notes that are missing before it.

    Notes lie in the log before it is said that they do: who died between the two had gone as far as the last one.
    """
    heard = publisher.heard()
    until = max(publisher.memory.word(layout.SCHEDULED), heard, publisher.last_note() + 1)
    conductor.state = replace(conductor.state, owed=Owed(horizon=heard))
    performer.notes.take_over(until)
