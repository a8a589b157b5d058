"""The shell with a prompt: prompt_toolkit at one end, the conversation at the other, notices printed above the line."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys as Key
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style

from chronus import commands, connection, places
from chronus.commands import AnyCommand, FromEngine, Keys, Notice, Reply, Status, Submission, Tutorial, Welcome
from chronus.errors import ChronusError
from chronus.language import completer, scripts
from chronus.language.source import Source
from chronus.settings import Settings
from chronus.shell import answers, bottom, glyphs, greeting, keys, nearby
from chronus.shell.attached import Attached, attach, reach_again
from chronus.shell.conversation import LOST, OK, Conversation, Unanswered
from chronus.shell.folding import cells, columns, folded
from chronus.shell.highlighting import pieces
from chronus.wire import encode

PROMPT = "chronus> "
LOOK_SECONDS = 0.25
"""The bottom line is drawn again so often at most."""
OFFERED = 16
"""Steps of the history, the last ones, whose ids are offered."""
ANSWER_SECONDS = 0.08
"""After Ctrl-C an answer is waited for so long, unless it is that of a `wait`."""
LOOKS = 1 << 30
"""Ids from here on are the toolbar's own questions, and are never shown."""

OK_INDENT = 5

COLOURS = {
    "command": "bold", "name": "ansicyan", "param": "ansicyan", "number": "ansigreen", "text": "ansiyellow", "word": "ansiyellow",
    "keyword": "ansimagenta", "time": "ansiblue", "comment": "ansibrightblack", "rest": "ansibrightblack", "wrong": "ansired underline",
    "bottom-toolbar.alarm": "ansired reverse bold",
}  # fmt: skip
"""The sixteen colours that every terminal with colours has, by what a piece of a line is."""

GREEN, RED, YELLOW, DIM, PLAIN = "32", "31", "33", "2", "0"


def run(settings: Settings, first: str = "") -> int:
    """The prompt, until the user leaves; `first` is a line that it begins with."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the terminal is gone: so are we, and the music goes on
    attached, welcome = attach(settings, watch=True)
    shell = Shell(settings, attached, welcome)
    with patch_stdout(raw=True):
        lost = asyncio.run(shell.run(first))
        shell.leave()
    return LOST if lost else OK


class Shell:
    def __init__(self, settings: Settings, attached: Attached, welcome: Welcome) -> None:
        self.settings = settings
        self.attached = attached
        self.conversation = Conversation()
        self.conversation.hello(welcome)
        self.conversation.glyphs, self.conversation.keeps_glyphs = glyphs.of_terminal(), True
        self.engine = dict(welcome.engine)
        self._colours = not os.environ.get("NO_COLOR")
        self._arrived = asyncio.Event()  # something from the engine, or its end
        self._looking = False  # the toolbar has asked, and has no answer yet
        self._returning: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()
        self._interrupted = False  # Ctrl-C, since Enter was pressed
        self._step = 0  # of the tutorial, the last one shown; 0 where nobody takes it
        self._drawn: list[bottom.Part] = []  # the bottom line as it stands there

    # ------------------------------------------------------------ the dialogue

    async def run(self, first: str = "") -> bool:
        """Lines until the user leaves; True if the engine was lost for good."""
        self._welcome()
        self._listen()
        self._session: PromptSession[str] = PromptSession(
            message=ANSI(self._painted("36", PROMPT)),
            history=_history(),
            completer=_Completer(self.conversation),
            complete_while_typing=False,
            # without colours nobody could tell a suggestion from what was typed
            auto_suggest=AutoSuggestFromHistory() if self._colours else None,
            lexer=_Lexer() if self._colours else None,
            style=Style.from_dict(COLOURS),
            bottom_toolbar=self._toolbar,
            key_bindings=keys.bindings(),
            enable_suspend=True,
            enable_open_in_editor=True,
            tempfile_suffix=scripts.SUFFIX,
        )
        self._take_keys(keys.kept())
        threading.Thread(target=pieces, args=("new",), daemon=True).start()  # reads the grammar while nobody types yet
        looks = asyncio.create_task(self._look())
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._interrupt)
        try:
            if first:
                await self._run_lines(first)
            while not self.conversation.ended:
                self._interrupted = False
                try:
                    line = await self._session.prompt_async(handle_sigint=False)
                except KeyboardInterrupt:
                    continue
                except EOFError:
                    break
                with self._listening_to_keys():
                    await self._run_lines(line)
        finally:
            looks.cancel()
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        return not self._here

    @property
    def _here(self) -> bool:
        return self.conversation.welcome is not None

    def leave(self) -> None:
        """Ends an engine that this shell started, unless others are attached."""
        self._notice("engine", greeting.goodbye(self.settings, self.attached if self._here else None))
        self.attached.close()

    async def _run_lines(self, text: str) -> None:
        """One typed line, or several pasted ones: one submission. Ctrl-C ends the waiting, not the shell."""
        source = Source()
        self.conversation.width = columns() - answers.INDENT
        self.conversation.say(source.feed(text.encode("utf-8", "surrogateescape")) + source.close())
        if not self._here:
            self._return(start=True)
        loop = asyncio.get_running_loop()
        patience: float | None = None
        while True:
            await self._send()
            self._print()
            if self.conversation.ended or not self.conversation.waiting:
                return
            if self._interrupted:
                # what was entered is as good as done: it is given the time for its answer, and not called cancelled
                patience = patience or loop.time() + ANSWER_SECONDS
                if self.conversation.rests or loop.time() >= patience:
                    await self._cancel()
                    return
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(patience):
                    await self._arrived.wait()

    @contextlib.contextmanager
    def _listening_to_keys(self) -> Iterator[None]:
        """While a line runs the terminal stays as the prompt has it: Ctrl-C is a key, whether it was pressed just after
        Enter, when the prompt still read, or later. As on any terminal it takes along what was typed ahead before it;
        other keys are for the next prompt."""
        source = self._session.input

        def pressed(keys: list[KeyPress]) -> None:
            waiting = [*get_typeahead(source), *keys]
            last = max((k for k, key in enumerate(waiting) if key.key == Key.ControlC), default=-1)
            store_typeahead(source, waiting[last + 1 :])
            if last >= 0:
                self._interrupt()

        pressed([])
        with source.raw_mode(), source.attach(lambda: pressed(source.read_keys())):
            yield

    def _interrupt(self) -> None:
        """Handles Ctrl-C, or a SIGINT from elsewhere: ends the line that is typed, or the waiting for the one that runs."""
        app = self._session.app
        if app.is_running and not app.is_done:
            app.exit(exception=KeyboardInterrupt())
            return
        self._interrupted = True
        self._arrived.set()

    async def _send(self) -> None:
        while self._here and (frame := self.conversation.outgoing()):
            await self._transmit(frame)

    async def _transmit(self, frame: bytes) -> None:
        async with self._sending:
            with contextlib.suppress(OSError):  # a lost engine is seen where its answers are read
                await asyncio.get_running_loop().sock_sendall(self.attached.socket, frame)

    async def _cancel(self) -> None:
        """The engine drops what it has not begun when its client goes; so go, and come back."""
        dropped = self.conversation.drop()
        print()  # after the terminal's own ^C
        self._notice("cancelled", "; ".join(one.text for one in dropped))
        if self._here:
            self._deaf()
            self._return(start=False)
            if self._returning is not None:
                await self._returning

    # ------------------------------------------------------------ the engine

    def _listen(self) -> None:
        self.attached.socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self.attached.socket, self._hear)
        self._take(self.attached.early)

    def _deaf(self) -> None:
        asyncio.get_running_loop().remove_reader(self.attached.socket)
        self.attached.close()
        self.conversation.lost()
        self._looking = False

    def _hear(self) -> None:
        try:
            more = self.attached.socket.recv(1 << 16)
            messages = self.attached.frames.feed(more)
        except BlockingIOError:
            return
        except (OSError, ChronusError):
            more, messages = b"", []
        self._take(messages)
        if not more:
            self._deaf()
            self._print()
            self._notice("engine", "the connection was lost; trying again")
            self._return(start=False)
        self._arrived.set()

    def _take(self, messages: list[FromEngine]) -> None:
        for message in messages:
            if isinstance(message, Reply) and message.id >= LOOKS:
                self._looking = False
                self._seen(message)
                continue
            notice = self.conversation.receive(message)
            if notice is not None:
                self._print()
                self._notice(notice.kind, notice.text)
        messages.clear()

    def _return(self, *, start: bool) -> None:
        if self._returning is None or self._returning.done():
            self._returning = asyncio.create_task(self._come_back(start))

    async def _come_back(self, start: bool) -> None:
        """Attaches again; what could not be sent meanwhile goes out then, or is refused."""
        before, name = self.attached.started, self.conversation.name
        try:
            self.attached, welcome = await _in_thread(lambda: reach_again(self.settings, start=start, author=name))
        except connection.NoEngine:
            self._notice("engine", "it has ended; the next line starts it again")
            self.conversation.abandon()
        except ChronusError as error:
            self._notice("engine", f"{error.message}; the next line tries again")
            self.conversation.abandon()
        else:
            if self.attached.started is None and before is not None and before.poll() is None:
                self.attached.started = before
            self.engine = dict(welcome.engine)
            self.conversation.hello(welcome)
            self._notes()
            self._listen()
        self._print()
        self._returning = None
        self._arrived.set()

    async def _look(self) -> None:
        """Asks how the engine is, for the toolbar, while nothing else is asked."""
        number = LOOKS
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._looking or self.conversation.waiting or not self._here:
                continue
            asked: list[AnyCommand] = [Status(glance=True), *([Tutorial()] if self._step else [])]
            if self._goes_back():
                asked.append(commands.History(most=OFFERED))
            number += len(asked)
            words = tuple(type(one).__name__.lower() for one in asked)
            frame = encode(Submission(tuple(range(number - len(asked), number)), words, tuple(asked)))
            self._looking = True
            await self._transmit(frame)

    def _goes_back(self) -> bool:
        """Whether a line is being typed in which ids of the history may stand."""
        typed = self._session.default_buffer.document.current_line_before_cursor.rpartition(";")[2].split()
        return bool(typed) and typed[0].lower() in ("undo", "back", "diff")

    def _seen(self, reply: Reply) -> None:
        if "step" in reply.result:
            self._step_done(reply)
            return
        if "history" in reply.result:
            self.conversation.steps = [(one["id"], one["text"]) for one in reply.result["history"]]
            return
        engine = reply.result.get("engine")
        if isinstance(engine, dict):
            self.engine.update(engine)
        slots, load, song = (reply.result.get(key) or {} for key in ("slots", "load", "song"))
        self.engine |= {"mode": slots.get("mode"), "load": load.get("mean"), "recording": reply.result.get("recording")}
        if song:
            self.engine["scene"] = song.get("section", {}).get("scene")
        if bottom.parts(self.engine, self.conversation.rack, columns()) != self._drawn:
            get_app().invalidate()

    def _step_done(self, reply: Reply) -> None:
        """Shows the next step of the tutorial once the one before it is done."""
        if self._step and reply.result["step"] > self._step:
            for line in reply.lines:
                for piece in folded(answers.clean(line), columns(), 2):
                    print(self._painted("36", piece))
        self._step = 0 if reply.result["done"] or not self._step else reply.result["step"]

    # ------------------------------------------------------------ what is shown

    def _welcome(self) -> None:
        width = columns()
        for line in greeting.found(self.settings, self.attached, self.engine, width):
            print(line)
        self._notes()
        for line in greeting.hint(width, "Tab completes"):
            print(self._painted(DIM, line))

    def _notes(self) -> None:
        """What the engine had to say when it was reached."""
        for note in self.attached.notes:
            self._warn(f"! {note}")

    def _toolbar(self) -> StyleAndTextTuples:
        self._drawn = bottom.parts(self.engine, self.conversation.rack, columns())
        found: StyleAndTextTuples = []
        for part in self._drawn:
            found += [("", bottom.BETWEEN)] if found else []
            found.append(("class:bottom-toolbar.alarm" if part.alarm and self._colours else "", part.text))
        return found

    def _print(self) -> None:
        for asked, answer in self.conversation.answers():
            for line in self._shown(asked, answer):
                print(line)
            if isinstance(asked.command, Keys) and answer.error is None:
                self._take_keys(answer.result["keys"])
            if isinstance(asked.command, Tutorial) and answer.error is None:
                self._step = 0 if answer.result["done"] else answer.result["step"]

    def _take_keys(self, mode: str) -> None:
        self._session.editing_mode = EditingMode.VI if mode == "vi" else EditingMode.EMACS

    def _shown(self, asked: Unanswered, answer: answers.Answer) -> Iterator[str]:
        *lines, last = answers.plain(answer)
        for line in lines:
            yield from folded(line, columns())
        first, *rest = folded(last, columns(), OK_INDENT)
        yield self._painted(GREEN if answer.error is None else RED, *first.split(" ", 1))
        yield from rest
        if answer.error is not None:
            yield from caret(asked.statement.text, answer.error.column - asked.statement.column, columns())

    def _notice(self, kind: str, text: str) -> None:
        self._warn(answers.notice_plain(Notice(kind, text)))

    def _warn(self, text: str) -> None:
        for line in folded(answers.clean(text), columns(), 2):
            print(self._painted(YELLOW, line))

    def _painted(self, colour: str, text: str, rest: str = "") -> str:
        space = " " if rest else ""
        return f"\x1b[{colour}m{text}\x1b[{PLAIN}m{space}{rest}" if self._colours else f"{text}{space}{rest}"


Found = TypeVar("Found")


async def _in_thread(look: Callable[[], Found]) -> Found:
    """The result of what may block for long, in a thread that does not keep a shell which is left from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Found] = loop.create_future()

    def tell(settle: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lambda: None if future.done() else settle())

    def work() -> None:
        try:
            found = look()
        except BaseException as problem:
            failure = problem
            tell(lambda: future.set_exception(failure))
        else:
            tell(lambda: future.set_result(found))

    threading.Thread(target=work, daemon=True).start()
    return await future


def caret(line: str, place: int, width: int) -> list[str]:
    """Returns the line, and a caret under the character at `place` (0-based); of a long line the part around it."""
    first = line.split("\n", 1)[0]
    place = min(max(place, 0), len(first))
    room = max(width - 4, 4)
    begin = max(0, place - room * 2 // 3) if len(first) > room else 0
    shown = answers.clean(first[begin : begin + room])
    before = answers.clean(first[begin:place])
    return [f"  {shown}", f"  {' ' * cells(before)}^"]


class _Completer(Completer):
    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def get_completions(self, document: Document, complete_event: object) -> Iterable[Completion]:
        welcome = self._conversation.welcome
        line, cursor = document.current_line, document.cursor_position_col
        catalogue = welcome.catalogue if welcome is not None else {}
        rack = {**self._conversation.rack, "steps": self._conversation.steps}
        for found in completer.complete(line, cursor, catalogue, rack, nearby.files):
            yield Completion(found.text, found.start - cursor, display_meta=found.meta)


class _Lexer(Lexer):
    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        lines = document.lines
        return lambda number: [(f"class:{kind}", text) for kind, text in pieces(lines[number])]


def _history() -> History:
    """Returns what was typed before, kept where the user's files are; in a folder that cannot be written it is only kept in memory."""
    try:
        places.home().mkdir(parents=True, exist_ok=True)
        path = places.home() / "history"
        with path.open("a"):
            pass
        path.chmod(0o600)
        return FileHistory(str(path))
    except OSError:
        return InMemoryHistory()
