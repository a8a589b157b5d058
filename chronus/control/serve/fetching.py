"""Holds a job back until the files that it names are read, and has the shelf keep the tables that the racks of now and of later need."""

from __future__ import annotations

from msgspec.structs import replace

from chronus.commands import File, Word
from chronus.conductor.transaction import Back, Section
from chronus.control.jobs.job import Asked, Job
from chronus.control.serve.server import Server
from chronus.errors import ChronusError
from chronus.memory import layout
from chronus.memory.layout import BLOCK, SLOTS
from chronus.memory.shelf import Key
from chronus.shelf import naming
from chronus.shelf.keeper import Found, Keeper
from chronus.shelf.recipe import Recipe, of_file


class Reading:
    """Stands between the server and its performer: a client's job waits here while the files that it names are read."""

    def __init__(self, server: Server, keeper: Keeper) -> None:
        self.server, self.keeper = server, keeper
        self.conductor, self.publisher, self.performer = server.conductor, server.publisher, server.performer
        server.reads_first = self.reads_first
        server.watch(keeper.woken, lambda mask: keeper.turn())
        server.every_tick.append(self.tick)

    def reads_first(self, job: Job, folder: str) -> bool:
        """Whether the files that a job names are to be read before it can be performed; it comes back when they are."""
        kinds = self._kinds()
        names = naming.names(job.submission.commands, kinds, self.conductor.catalogue)
        if names:
            self.server.reading.append(job)
            self.keeper.look(names, folder, lambda found: self._go_on(job, found))
        return bool(names)

    def _kinds(self) -> dict[str, str]:
        """Returns the kinds of what is heard, and of what an `open` that waits will bring."""
        racks = (self.conductor.rack, self.conductor.document(self.publisher.head()))
        return {module.name: module.kind for rack in racks for module in rack.modules.values()}

    def _go_on(self, job: Job, found: Found) -> None:
        def look(name: str, _: Word | File) -> File:
            file = found.get(name) or ChronusError("E_FILE", f"{name} was not read; say it once more")
            if isinstance(file, ChronusError):
                raise ChronusError(file.code, file.message, suggestions=file.suggestions)
            return file

        commands, refused = list(job.submission.commands), dict[int, ChronusError]()
        for k, done in enumerate(naming.looked_up(commands, self._kinds(), self.conductor.catalogue, look)):
            if isinstance(done, ChronusError):
                refused[k] = done
            else:
                commands[k] = done
        self.server.reading.remove(job)
        submission = replace(job.submission, commands=tuple(commands))
        self.server.jobs.append(Asked(job, submission, job.due, refused))

    # ------------------------------------------------------------ the shelf

    def tick(self) -> None:
        wanted = {key: recipe for plan in self.performer.drawn() for key, recipe in plan.tables().items()}
        wanted |= self.conductor.state.places.tables() | self._later()
        self.keeper.has(wanted)
        self.keeper.tend(wanted.keys(), self.publisher.front(), self._is_past)

    def _later(self) -> dict[Key, Recipe]:
        """Returns the racks that what was put off will need, or go back to."""
        files: list[File] = []
        for due in self.conductor.state.kept:
            if isinstance(due.command, Back):
                settings = [one for module in due.command.was.modules.values() for one in module.params.values()]
                files += [one for one in settings if isinstance(one, File)]
            elif not isinstance(due.command, Section):
                files += naming.files(due.command)
        recipes = [of_file(file, self.publisher.rate) for file in files]
        return {recipe.key: recipe for recipe in recipes}

    def _is_past(self, frame: int) -> bool:
        """Whether every slot that plays is past a frame, and every checkpoint is too."""
        word = self.publisher.memory.word
        slots = self.publisher.playing()
        checkpoints = [word(layout.CHECKPOINT0, place) * BLOCK > frame for place in range(SLOTS)]
        return bool(slots) and all(self.publisher.passed(frame, slot) for slot in slots) and all(checkpoints)
