"""Performs what a client calls for: tools and the reading of resources. Blocks until it is done; one at a time."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chronus import places
from chronus.catalogue.kinds import Catalogue
from chronus.command_line import guide
from chronus.commands import Notice
from chronus.errors import ChronusError, did_you_mean
from chronus.journal import records
from chronus.language import help, scripts
from chronus.mcp import fitting
from chronus.mcp.engine import Alarm, Engine
from chronus.mcp.jobs import Job, Jobs, no_such
from chronus.mcp.protocol import Outcome
from chronus.mcp.resources import ABOUT_KIND, RESOURCES
from chronus.mcp.tools import DEFAULT_SECONDS, MOST_SECONDS, NAME, TOOLS
from chronus.settings import Settings
from chronus.shell import answers
from chronus.shell.answers import Answer

HEAR_SECONDS = 25.0
"""So long a measuring is waited for; then it goes on as a job."""
MOST_KEPT = 8
"""Answers that were cut, whose rest can be asked for."""
TAIL_BYTES = 1 << 16
MOST_OF_JOURNAL = 60
STATES = {"show": "show", "lanes": "show lanes", "patterns": "list patterns", "claims": "claim"}
LOOKS = {"lanes": "show lanes", "patch": "show patch", "song": "show song"}
READ = tuple(row.name for row in RESOURCES)
ALONE = (*READ, "lanes", "patch", "song", "list", "status", "history", "patterns", "claims")
"""What no name belongs to."""


class Performer:
    """`stop` may be called by another thread; all else belongs to one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._alarm = Alarm()
        self._stopped = threading.Event()
        self._engine = Engine(settings, self._alarm, self._stopped.is_set)
        self._jobs = Jobs(self._alarm.ring)
        self._cut: dict[str, list[str]] = {}
        self._numbers: dict[str, itertools.count[int]] = {}
        self._folder = ""
        self._tools: dict[str, Callable[[dict[str, Any]], Outcome]] = {
            "run": self._run,
            "state": self._state,
            "hear": self._hear,
            "why": lambda given: self._ask("why", f"why {given.get('name', '')}"),
            "describe": self._describe,
            "look": self._look,
            "render": self._render,
            "job": self._job,
        }

    def begin(self) -> None:
        """Forgets that the call before was cancelled."""
        self._stopped.clear()

    def stop(self) -> None:
        """Ends the waiting of the present call."""
        self._stopped.set()
        self._alarm.ring()

    def call(self, name: str, given: dict[str, Any]) -> Outcome:
        try:
            return self._tools[name](TOOLS[name].read(given))
        except ChronusError as error:
            return Outcome(_refusal(error), True)
        except OSError as problem:
            return Outcome(_refusal(ChronusError("E_FILE", f"{problem.strerror or problem}: {problem.filename}")), True)

    def leave(self) -> None:
        self._jobs.close()
        self._engine.leave()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    # ------------------------------------------------------------ the engine

    def _run(self, given: dict[str, Any]) -> Outcome:
        seconds = given.get("seconds", DEFAULT_SECONDS)
        ran = self._engine.run(given["lines"], seconds, given.get("strict", False))
        json = given.get("json", False)
        lines = [line for one in ran.told for line in _lines(one, json)]
        if ran.dropped:
            some = "; ".join(ran.dropped[:4]) + (f" and {len(ran.dropped) - 4} more" if len(ran.dropped) > 4 else "")
            more = "" if seconds >= MOST_SECONDS else "; `seconds` lets it wait longer"
            lines.append(
                f"! not waited for to the end, and what had not begun was dropped: {answers.clean(some)}{more}"
            )
        return Outcome(self._fitted("run", lines or ["there is no command in these lines"]), ran.failed)

    def _one(self, line: str) -> Answer:
        """Returns the answer to a question, or raises what it was refused with."""
        ran = self._engine.run(line, DEFAULT_SECONDS)
        self._engine.tell_later(one for one in ran.told if isinstance(one, Notice))
        answer = next(iter(ran.answers), None)
        if answer is None:
            raise ChronusError("E_TIMEOUT", f"`{line}` was not answered in time")
        if answer.error is not None:
            raise answer.error
        return answer

    def _ask(self, tool: str, line: str) -> Outcome:
        answer = self._one(line.strip())
        lines = [answers.clean(line) for line in answer.lines]
        if not lines or answer.text not in ("", answer.command):
            lines.append(answers.clean(answer.text or answer.command))
        return Outcome(self._fitted(tool, lines))

    def _describe(self, given: dict[str, Any]) -> Outcome:
        """A kind, or that of a module."""
        name = given["name"]
        try:
            return self._ask("describe", f"describe {name}")
        except ChronusError as error:
            if error.code != "E_MODULE":
                raise
            try:
                kind = self._one(f"show {name}").result.get("kind")
            except ChronusError:
                kind = None
            if kind is None:
                raise error from None
        return self._ask("describe", f"describe {kind}")

    def _state(self, given: dict[str, Any]) -> Outcome:
        what = given.get("what", "show" if "name" in given else "status")
        result = dict(self._one(_with_name(STATES.get(what, what), what, given)).result)
        text = answers.one_object(result)
        if not fitting.fits(text):
            name = self._keep("state", text.replace('},{"', '},\n{"'))
            text = answers.one_object(fitting.shortened(result, f"job name={name} has all of it, in parts"))
        return Outcome(text)

    def _look(self, given: dict[str, Any]) -> Outcome:
        what = given["what"]
        if what in READ:
            _with_name(what, what, given)
            return Outcome(self._fitted(what, self._text_of(what).splitlines()))
        if "length" in given and what != "scope":
            raise ChronusError("E_VALUE", "`length` is of a scope")
        line = _with_name(LOOKS.get(what, what), what, given)
        return self._ask("look", f"{line} {given.get('length', '')}")

    # ------------------------------------------------------------ jobs

    def _hear(self, given: dict[str, Any]) -> Outcome:
        if "file" not in given:
            return self._hear_now(given)
        words = ["hear", "--rate", str(self._settings.rate)]
        words += [f"--bars={given['bars']}"] if "bars" in given else []
        words += [f"--vs={_found(given['vs'])}"] if "vs" in given else []
        job = self._begin("hear", [*words, "--", _found(given["file"])], f"measures {given['file']}")
        self._wait(job, HEAR_SECONDS)
        if job.runs:
            return Outcome(f"{job.state()}; `job` with name={job.name} tells the figures when it is done")
        return Outcome(self._fitted("hear", list(map(answers.clean, job.told())) or [job.state()]), job.code != 0)

    def _hear_now(self, given: dict[str, Any]) -> Outcome:
        if not NAME.fullmatch(given.get("vs", "out")):
            raise ChronusError("E_VALUE", "without `file`, `vs` is another module")
        bars = f"{given['bars']:g} bars" if "bars" in given else ""
        versus = f"vs {given['vs']}" if "vs" in given else ""
        return self._ask("hear", " ".join(filter(None, ("hear", given.get("name", ""), bars, versus))))

    def _render(self, given: dict[str, Any]) -> Outcome:
        if "script" in given and "lines" in given:
            raise ChronusError("E_VALUE", "`script` or `lines`, not both; with neither the session is rendered")
        if "script" in given:
            scripts.find(given["script"])
        name = self._next("render")
        about = given.get("script") or ("lines" if "lines" in given else "the session")
        script = given["script"] if "script" in given else str(self._script(name, given.get("lines")))
        out = _recordings() / given["out"] if given.get("out") else _free(name)
        words = ["render", f"--output={out}", "--json", "--rate", str(self._settings.rate)]
        words += [f"--bars={given['bars']}"] if "bars" in given else []
        words += [f"--seed={int(given['seed'])}"] if "seed" in given else []
        words += ["--stems"] if given.get("stems") else []
        job = self._jobs.begin(name, [*words, "--", script], f"renders {about} to {out}")
        return Outcome(f"{answers.clean(job.state())}; `job` with name={name} tells when it is done, with its figures")

    def _script(self, name: str, lines: str | None) -> Path:
        """Writes what is to be rendered into a file of its own; without lines the session."""
        if lines is None:
            lines = "\n".join(self._one("show script").lines)
        self._folder = self._folder or tempfile.mkdtemp(prefix="chronus-mcp-")
        path = Path(self._folder) / f"{name}.chronus"
        path.write_bytes(f"{lines}\n".encode("utf-8", "surrogateescape"))
        return path

    def _job(self, given: dict[str, Any]) -> Outcome:
        known = [*(job.name for job in self._jobs.all()), *self._cut]
        if "name" not in given:
            told = [answers.clean(job.state()) for job in self._jobs.all()]
            return Outcome(self._fitted("job", told or ["there are no jobs"]))
        if (parts := self._cut.get(given["name"])) is not None:
            return _part(parts, given)
        job = self._jobs.find(given["name"])
        if job is None:
            raise no_such(given["name"], known)
        if given.get("stop"):
            job.stop()
        if job.runs and ("seconds" in given or "stop" in given):
            self._wait(job, given.get("seconds", HEAR_SECONDS))
        lines = [job.state(), *([] if job.runs else job.told())]
        return Outcome(self._fitted("job", list(map(answers.clean, lines))), bool(job.code))

    def _begin(self, tool: str, words: Sequence[str], about: str) -> Job:
        return self._jobs.begin(self._next(tool), words, about)

    def _wait(self, job: Job, seconds: float) -> None:
        until = time.monotonic() + seconds
        while job.runs and not self._stopped.is_set() and time.monotonic() < until:
            self._alarm.wait(until - time.monotonic())

    # ------------------------------------------------------------ resources

    def read(self, uri: str) -> tuple[str, str]:
        """Returns (its type, the text); raises where there is no such resource."""
        if uri.startswith(ABOUT_KIND):
            return "text/plain", self._fitted("catalogue", help.describe(*_kind(uri.removeprefix(ABOUT_KIND))).lines)
        row = next((row for row in RESOURCES if row.uri == uri), None)
        if row is None:
            known = ", ".join(row.uri for row in RESOURCES)
            raise ChronusError("E_NAME", f"there is no resource {uri}; there are {known} and {ABOUT_KIND}KIND")
        return row.kind, self._fitted(row.name, self._text_of(row.name).splitlines())

    def _text_of(self, name: str) -> str:
        if name == "guide":
            return guide.text(list(help.TOPICS))
        if name == "catalogue":
            return "\n".join(map(answers.clean, help.modules(_catalogue())))
        if name == "session":
            return "\n".join(map(answers.clean, self._one("show script").lines)) or "# nothing is loaded"
        path = self._one("status").result.get("journal")
        return "\n".join(_tail(Path(str(path)))) if path else "the engine keeps no journal"

    # ------------------------------------------------------------ what does not fit

    def _fitted(self, tool: str, lines: list[str]) -> str:
        text = "\n".join(lines)
        if fitting.fits(text):
            return text
        name = self._keep(tool, text)
        return fitting.cut(lines, f"job name={name} has all of it, in {len(self._cut[name])} parts")

    def _keep(self, tool: str, text: str) -> str:
        name = self._next(tool)
        self._cut[name] = fitting.parts(text)
        for old in list(self._cut)[:-MOST_KEPT]:
            del self._cut[old]
        return name

    def _next(self, tool: str) -> str:
        return f"{tool}-{next(self._numbers.setdefault(tool, itertools.count(1)))}"


def _refusal(error: ChronusError) -> str:
    return answers.clean(f"{error.code} {error.message}{did_you_mean(error.suggestions)}")[:2000]


def _lines(one: Answer | Notice, json: bool) -> list[str]:
    if isinstance(one, Answer):
        return [answers.as_json(one)] if json else answers.plain(one)
    return [answers.notice_json(one)] if json else answers.notice_plain(one).splitlines()


def _with_name(line: str, what: str, given: dict[str, Any]) -> str:
    if "name" in given and what in ALONE:
        raise ChronusError("E_VALUE", f"no `name` belongs to {what}")
    return f"{line} {given.get('name', '')}".rstrip()


def _part(parts: list[str], given: dict[str, Any]) -> Outcome:
    number = int(given.get("part", 1))
    if number > len(parts):
        raise ChronusError("E_VALUE", f"{given['name']} has {len(parts)} parts")
    more = f"\n... part {number} of {len(parts)}: job name={given['name']} part={number + 1} goes on"
    return Outcome(parts[number - 1] + (more if number < len(parts) else ""))


def _recordings() -> Path:
    folder = places.home() / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _free(name: str) -> Path:
    """Returns a file among the recordings that is not there yet."""
    tries = (_recordings() / f"{name}{f'-{count}' if count else ''}.wav" for count in itertools.count())
    return next(path for path in tries if not os.path.lexists(path))


def _found(file: str) -> str:
    """Returns the path of a recording that is named alone; of all else what was given."""
    kept = _recordings() / file
    return str(kept) if not os.path.lexists(file) and kept.is_file() else file


def _catalogue() -> dict[str, Any]:
    if not places.catalogue_file().exists():
        raise ChronusError("E_ENGINE", "the catalogue is not made yet; any `run` starts an engine, which makes it")
    return Catalogue.load().plain()


def _kind(word: str) -> tuple[str, dict[str, Any]]:
    known = _catalogue()
    return help.find_kind(word, known), known


def _tail(path: Path) -> list[str]:
    """Reads the last lines that were said, with the frame at which each took hold."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            data = file.read()
    except OSError as problem:
        raise ChronusError("E_FILE", f"{path.name} cannot be read: {problem.strerror}") from None
    found, _ = records.records_in(data, data.find(b"\n") + 1)
    frames = {record.n: record.frame for record in found if isinstance(record, records.Sealed)}
    said = [record for record in found if isinstance(record, records.Said) and record.texts]
    lines = [
        answers.clean(f"{record.who or 'nobody'}: {text}{f' @{frames[record.n]}' if record.n in frames else ''}")
        for record in said[-MOST_OF_JOURNAL:]
        for text in record.texts
    ]
    return [f"# the end of {path}; `history` has who did what, with ids", *lines[-MOST_OF_JOURNAL:]]
