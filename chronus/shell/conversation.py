"""The core of every shell: takes statements and sends frames, takes replies and gives answers, in the order of the commands."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec

from chronus import wire
from chronus.charts import canvas
from chronus.commands import (
    AnyCommand,
    Crash,
    Describe,
    Drawn,
    FromEngine,
    Glyphs,
    Help,
    Keys,
    Notice,
    Quit,
    Reply,
    Save,
    Submission,
    Wait,
    Welcome,
)
from chronus.errors import ChronusError
from chronus.language import help
from chronus.language.complaint import put_right, stands
from chronus.language.opening import parse
from chronus.language.parser import Parsed
from chronus.language.statements import Statement
from chronus.shell import choices, keys
from chronus.shell.answers import Answer, Spans, of_reply

OK, FAILED, USAGE, LOST, NO_DEVICE, TIMED_OUT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
"""What a call of the program ends with."""

OPENS = re.compile(r"\s*(?:open|import)\b", re.IGNORECASE)

MOST_AT_ONCE = 4096
"""A submission of so many commands is understood before any of it is sent: or it would take longer to come than the engine waits."""

LOST_WORDS = "the engine was lost before it answered"
UNSENT_WORDS = "the engine was lost; this was not sent"


class Unanswered:
    """A command that waits for its answer. A local one is answered when its turn comes.

    `help`: the command as it was typed, where the engine is asked to describe the word, since it may be a kind.
    """

    __slots__ = ("answer", "command", "help", "id", "note", "spans", "statement", "text")

    def __init__(self, id: int, statement: Statement) -> None:
        self.id = id
        self.statement = statement
        self.text = statement.text
        self.note = statement.note  # what was left out before it, to be told with its answer
        self.command: AnyCommand | None = None
        self.help: Help | None = None
        self.spans: Spans = {}
        self.answer: Answer | None = None

    @property
    def start(self) -> tuple[int, int]:
        return self.statement.line, self.statement.column

    @property
    def local(self) -> bool:
        return self.command is not None and self.command.local

    def refuse(self, error: ChronusError) -> None:
        self.answer = Answer(self.id, self.text, error=error)

    def refuse_here(self, code: str, message: str) -> None:
        self.refuse(ChronusError(code, message, line=self.start[0], column=self.start[1]))


class Conversation:
    """Turns statements into frames and replies into answers; opens nothing but the scripts that `open` names, and what `keys` keeps.

    `say` takes what is available together; `outgoing` is what may be sent now, `receive` takes what came; both add to
    what `answers` gives. A submission ends after each `wait`, and goes in several frames where it is larger than one.
    In strict mode the engine performs nothing after the first error, and nothing is sent that comes after one found here.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self.welcome: Welcome | None = None
        self.name = ""
        self.rack: dict[str, Any] = {}
        self.steps: list[tuple[int, str]] = []
        """Of the history: the last ids and their lines, as far as they were asked for."""
        self.ended = False  # `quit` was answered, or strict has stopped
        self.failed: set[str] = set()  # the codes of the errors so far
        self._said: deque[tuple[Statement, bool]] = deque()  # not sent yet; True at the last of a submission
        self._understood: dict[Statement, Parsed | ChronusError] = {}  # those of them that were parsed already
        self._asked: deque[Unanswered] = deque()  # not answered yet, in order
        self._sent: dict[int, Unanswered] = {}  # with the engine
        self.width = 0
        """Columns for pictures; 0: as many as a terminal of 80 columns has."""
        self.glyphs: canvas.Glyphs = "ascii"
        self.keeps_glyphs = False
        """Whether what is chosen here is chosen for the terminals to come as well."""
        self._last_id = 0
        self._last_word = False  # `quit` was read: what follows it is not
        self._unfinished = False  # the last frame said that there is more of its submission to come
        self._ready: list[tuple[Unanswered, Answer]] = []

    @property
    def waiting(self) -> bool:
        """Whether something has no answer yet."""
        return bool(self._said or self._asked)

    @property
    def rests(self) -> bool:
        """Whether a `wait` is under way and all before it is answered."""
        return bool(self._asked) and isinstance(self._asked[0].command, Wait)

    @property
    def full(self) -> bool:
        """Whether there is more to send than may be sent: reading on would only pile it up."""
        return bool(self._said)

    @property
    def needs_engine(self) -> bool:
        return self.welcome is None and any(one.answer is None for one in self._asked)

    @property
    def exit_code(self) -> int:
        if "E_ENGINE" in self.failed:
            return LOST
        if "E_TIMEOUT" in self.failed:
            return TIMED_OUT
        return FAILED if self.failed else OK

    def say(self, submission: Iterable[Statement]) -> None:
        together = [] if self._last_word or self.ended else list(submission)
        for place, statement in enumerate(together, 1):
            self._said.append((statement, place == len(together)))
            if wire.WINDOW < len(together) <= MOST_AT_ONCE and not OPENS.match(statement.text):
                self._understood[statement] = understood(statement)

    def refuse(self, code: str, message: str) -> None:
        """Answers all that would have been said at once with one error."""
        asked = self._ask(Statement(""))
        asked.refuse_here(code, message)

    def hello(self, welcome: Welcome) -> None:
        self.welcome, self.name = welcome, welcome.name
        self.rack = welcome.rack

    def outgoing(self) -> bytes:
        """Returns the next frame that may be sent now; empty where there is none."""
        # With less room than a whole frame's it waits: or each reply would be followed by a frame of one command.
        while self._said and len(self._sent) <= wire.WINDOW - wire.MOST_COMMANDS:
            if any(map(self._holds_up, self._asked)):
                break
            unread = len(self._said)
            frame = self._submit()
            self._settle()
            if frame:
                return frame
            if len(self._said) == unread:
                break  # an `open` that waits for a `save`
        return b""

    def receive(self, message: FromEngine) -> Notice | None:
        """Takes a message; returns a notice that people should see."""
        if isinstance(message, Reply):
            asked = self._sent.pop(message.id, None)
            if asked is not None and asked.help is not None and message.code == "E_MODULE":
                asked.command = asked.help  # no kind of that name: the shell knows more words than kinds
                self._settle()
            elif asked is not None:
                asked.answer = of_reply(asked.id, asked.text, message, asked.start, asked.spans)
                self._settle()
        elif isinstance(message, Notice):
            if message.kind != "rack":
                return message
            self.rack = message.result
        else:
            self.hello(message)
        return None

    def answers(self) -> list[tuple[Unanswered, Answer]]:
        """Returns the answers whose turn it is."""
        self._settle()
        ready, self._ready = self._ready, []
        return ready

    def lost(self) -> None:
        """Takes in that the connection is gone: what was sent gets no reply any more. What was not sent may still go elsewhere."""
        self.welcome = None
        for asked in self._sent.values():
            asked.refuse_here("E_ENGINE", LOST_WORDS)
        self._sent.clear()
        self._unfinished = False
        self._settle()

    def abandon(self) -> None:
        """Refuses everything said so far: there is no engine, and there will be none."""
        self.lost()
        while self._said:
            self._next(self._said.popleft()[0])
        for asked in self._asked:
            if asked.answer is None and not isinstance(asked.command, Quit):
                asked.refuse_here("E_ENGINE", UNSENT_WORDS)
        self._settle()

    def drop(self) -> list[Unanswered]:
        """Forgets what has no answer (an interrupted wait, and what was to come after it)."""
        dropped = [one for one in self._asked if one.answer is None]
        self._said.clear()
        self._asked.clear()
        self._sent.clear()
        self._last_word = self._unfinished = False
        return dropped

    # ------------------------------------------------------------

    def _submit(self) -> bytes:
        """Makes one frame: up to the end of the submission, a `wait`, or as many as a frame holds; empty where there is nothing to say."""
        batch: list[Unanswered] = []
        last = False
        while self._said and len(batch) < wire.MOST_COMMANDS and not last and not self._must_wait():
            statement, last = self._said.popleft()
            asked = self._next(statement)
            if asked.answer is None and not asked.local:
                batch.append(asked)
            last = last or isinstance(asked.command, Wait) or self._holds_up(asked)
        more = bool(self._said) and not last and not self._must_wait()
        if not batch and (more or not self._unfinished):
            return b""
        self._unfinished = more
        return self._frame(batch, more)

    def _holds_up(self, asked: Unanswered) -> bool:
        """In strict mode: what may be refused without the engine's knowledge is answered before anything after it is sent."""
        return self.strict and (asked.answer is not None or asked.local or isinstance(asked.command, Crash))

    def _must_wait(self) -> bool:
        """What is opened may be what is being saved: then the file is read after the answer."""
        return bool(OPENS.match(self._said[0][0].text)) and any(isinstance(one.command, Save) for one in self._asked)

    def _frame(self, batch: list[Unanswered], more: bool) -> bytes:
        commands = tuple(one.command for one in batch if one.command is not None)
        ids, texts = tuple(one.id for one in batch), tuple(one.text for one in batch)
        submission = Submission(ids, texts, commands, more, self.strict)
        try:
            frame = wire.encode(submission)
        except ChronusError as error:
            if len(batch) > 1:
                middle = len(batch) // 2
                return self._frame(batch[:middle], True) + self._frame(batch[middle:], more)
            batch[0].refuse_here(error.code, error.message)
            return self._frame([], more)
        self._sent |= {one.id: one for one in batch}
        return frame

    def _ask(self, statement: Statement) -> Unanswered:
        self._last_id += 1
        asked = Unanswered(self._last_id, statement)
        self._asked.append(asked)
        return asked

    def _next(self, statement: Statement) -> Unanswered:
        asked = self._ask(statement)
        if not statement.text:  # nothing of it was a command
            asked.answer = Answer(asked.id, "", f"({asked.note})")
            asked.note = ""
            return asked
        parsed = self._understood.pop(statement, None) or understood(statement)
        if isinstance(parsed, ChronusError):
            asked.refuse(parsed)
            return asked
        asked.text, asked.command, asked.spans = parsed.text, parsed.command, parsed.spans
        if isinstance(asked.command, Help) and not help.is_known(asked.command.word):
            asked.help, asked.command = asked.command, Describe(kind=asked.command.word)
        if isinstance(asked.command, Drawn):
            asked.command = msgspec.structs.replace(asked.command, width=self.width, glyphs=self.glyphs)
        if isinstance(asked.command, Glyphs):
            self.glyphs = asked.command.kind or self.glyphs  # for what is drawn after it, whenever this is answered
        if isinstance(parsed.command, Quit):
            self._last_word = True
            self._said.clear()
        return asked

    def _settle(self) -> None:
        while self._asked and not self.ended:
            asked = self._asked[0]
            if asked.answer is None and not (asked.local and self._answer_here(asked)):
                return
            assert asked.answer is not None
            self._asked.popleft()
            error = asked.answer.error
            if error is not None and error.length is None:
                error.length = replaced(asked.statement, error)
            self._ready.append((asked, noted(asked.answer, asked.note)))
            if error is not None:
                self.failed.add(error.code)
            if isinstance(asked.command, Quit) or (self.strict and error is not None):
                self.ended = True
                self._said.clear()
                self._asked.clear()

    def _answer_here(self, asked: Unanswered) -> bool:
        """Answers what needs no engine; False if its catalogue is needed and not here yet."""
        if isinstance(asked.command, Quit):
            asked.answer = Answer(asked.id, asked.text)
            return True
        if isinstance(asked.command, Keys):
            self._answer_keys(asked, asked.command)
            return True
        if isinstance(asked.command, Glyphs):
            self._answer_glyphs(asked, asked.command.kind)
            return True
        if self.welcome is None:
            return False
        assert isinstance(asked.command, Help)
        try:
            page = help.page(asked.command, self.welcome.catalogue)
        except ChronusError as error:
            reply = Reply(
                asked.id, False, error.message, code=error.code, part=error.part, suggestions=error.suggestions
            )
            asked.answer = of_reply(asked.id, asked.text, reply, asked.start, asked.spans)
        else:
            asked.answer = Answer(asked.id, asked.text, asked.text, None, tuple(page.lines), page.result)
        return True

    def _answer_keys(self, asked: Unanswered, command: Keys) -> None:
        try:
            if command.mode:
                choices.keep("keys", command.mode)
        except ChronusError as error:
            asked.refuse_here(error.code, error.message)
            return
        mode = command.mode or keys.kept()
        asked.answer = Answer(asked.id, asked.text, f"keys {mode}", result={"keys": mode})

    def _answer_glyphs(self, asked: Unanswered, kind: str) -> None:
        chosen = kind or self.glyphs
        try:
            if kind and self.keeps_glyphs:
                choices.keep("glyphs", self.glyphs)
        except ChronusError as error:
            asked.refuse_here(error.code, error.message)
        else:
            asked.answer = Answer(asked.id, asked.text, f"glyphs {chosen}", None, (), {"glyphs": chosen})


def replaced(statement: Statement, error: ChronusError) -> int:
    """Returns how many characters of the typed line the error's suggestions replace; one without any gets those of a habit."""
    lines = statement.text.splitlines() or [""]
    row = error.line - statement.line
    if len(lines) == 1 and (length := put_right(statement.text, error)) is not None:
        error.line, error.column = statement.line, statement.column
        return length
    if not 0 <= row < len(lines):
        return 0
    return stands(lines[row], error.column - (statement.column if row == 0 else 1))


def noted(answer: Answer, note: str) -> Answer:
    """Adds to an answer what was left out of the text before its command."""
    if not note:
        return answer
    if answer.error is None:
        return msgspec.structs.replace(answer, text=f"{answer.text or answer.command} ({note})")
    answer.error.message += f" ({note})"
    return answer


def understood(statement: Statement) -> Parsed | ChronusError:
    try:
        return parse(statement)
    except ChronusError as error:
        return error
