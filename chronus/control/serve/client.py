"""One client as the server sees it: its bytes in and out, what it asked for, and the order of its answers.

Rule 1: answers leave in the order of the questions, in whatever order they become known.
Rule 2: everything is bounded. A client that sends too far ahead is not read from; one that does not read its answers is disconnected.
Rule 3: a submission in several frames begins when all of it has arrived, so that its lines share their moment; or, when the client may
send no more, with what has arrived.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct

from chronus import wire
from chronus.commands import (
    AnyCommand,
    Crash,
    FromClient,
    FromEngine,
    Hello,
    List,
    Question,
    Quit,
    Reply,
    Save,
    Shutdown,
    Submission,
    Sync,
)
from chronus.conductor import authors
from chronus.control.jobs.job import Job
from chronus.errors import ChronusError

UNREAD_BYTES = 1 << 20
"""What may wait for a client that does not read."""
RECEIVE_BYTES = 1 << 14
TOGETHER = 256
"""Commands that are performed in one go."""

QUESTIONS = 8
"""Questions that are answered in one go: no moment holds them together, and a `status` is long."""


def stands_alone(command: AnyCommand) -> bool:
    """Whether a command shares its part with no other. `list devices` is one, too: another process answers it, which takes time."""
    return command.alone or (isinstance(command, List) and command.what == "devices")


class Part(Struct, eq=False):
    """A stretch of a submission that is answered together: commands for the rack, or one command that stands alone.

    `strict` as its submission is, and `whole` tells it from others. `long`: its submission begins before all of it is here.
    `shutdown` is set where the client asked for the engine's end. A wait has `begun` at one frame and is over at `until`.
    """

    ids: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()
    commands: tuple[AnyCommand, ...] = ()
    strict: bool = False
    whole: int = 0
    long: bool = False
    shutdown: Shutdown | None = None
    begun: int = 0
    until: int = 0
    replies: Sequence[Reply] | None = None

    @property
    def alone(self) -> AnyCommand | None:
        return self.commands[0] if self.commands and stands_alone(self.commands[0]) else None

    @property
    def for_the_rack(self) -> bool:
        return self.shutdown is None and self.alone is None

    @property
    def asks(self) -> bool:
        """Whether nothing in the part changes anything."""
        return self.for_the_rack and all(command.asks for command in self.commands)

    @property
    def silences(self) -> bool:
        """Whether the part asks for silence, and so waits for nothing."""
        return bool(self.commands) and all(
            command.act in ("stop", "panic") and (command.when is None or command.when.kind == "now")
            for command in self.commands
        )

    @property
    def joins(self) -> bool:
        """Whether those of its submission before and after it are performed together, as if it were not between them: those about a
        `sync` or a `save`; but in a strict submission nothing is before a `save` that may fail is over."""
        return isinstance(self.alone, Sync) or (isinstance(self.alone, Save) and not self.strict)


def parts(submission: Submission) -> list[Part]:
    """Cuts a submission where a command stands alone, and now and then where it only asks."""
    found: list[Part] = []
    start = 0
    for k, command in enumerate(submission.commands):
        if stands_alone(command):
            found += [_cut(submission, start, k), _cut(submission, k, k + 1)]
            start = k + 1
    stop = len(submission.commands)
    step = QUESTIONS if all(command.asks for command in submission.commands) else max(1, stop - start)
    step = 1 if any(map(_measures, submission.commands)) and step == QUESTIONS else step
    found += [_cut(submission, k, min(k + step, stop)) for k in range(start, stop, step)]
    return [part for part in found if part.ids]


def _measures(command: AnyCommand) -> bool:
    return isinstance(command, Question) and command.measures


def _cut(submission: Submission, start: int, stop: int) -> Part:
    texts = submission.texts[start:stop]
    return Part(submission.ids[start:stop], texts, submission.commands[start:stop], submission.strict)


class Client:
    """`waiting` holds the parts nobody has begun, `unanswered` all parts in order. `exact` is the logical time of a client
    that waited: the frame at which its next commands are to act; `moment` is the frame at which its last ones did. `halted`:
    one of its strict commands was refused, and none that come after it are performed. `job` is the last that came of it."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.hello: Hello | None = None
        self.name = ""
        self.waiting: deque[Part] = deque()
        self.unanswered: deque[Part] = deque()
        self.exact: int | None = None
        self.moment: int | None = None
        self.applied: int | None = None
        self.job: Job | None = None
        self.halted = False
        self.gone = False
        self.listed = False
        self.interest = 0
        self._frames: wire.Frames[FromClient] = wire.from_client()
        self._out = bytearray()
        self._outstanding = 0
        self._held: list[Part] = []  # of a submission of which there is more to come
        self._whole = 0  # the number of the submission that is being received
        self._long = False  # it begins before all of it is here
        self.begun = -1
        """The last long submission that was begun: what else comes of it acts at the same moment."""

    @property
    def awaits_a_death(self) -> bool:
        """Whether the client asked for a crash that is not answered yet: what it says next must find that process dead."""
        first = self.unanswered[0] if self.unanswered else None
        begun = first is not None and not (self.waiting and self.waiting[0] is first)
        return first is not None and begun and isinstance(first.alone, Crash) and first.replies is None

    @property
    def author(self) -> str:
        """The name that it was given; before, the one it asks for."""
        return self.name or authors.of_client(self.hello.author if self.hello else "")

    # ------------------------------------------------------------ in

    def receive(self) -> bool:
        """Takes in bytes that have come; True if a Hello was among the messages."""
        try:
            more = self.socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            more = b""
        if not more:
            self.gone = True
            return False
        greeted = self.hello is not None
        try:
            for message in self._frames.feed(more):
                self._accept(message)
        except ChronusError:
            self.gone = True
        return self.hello is not None and not greeted

    def _accept(self, message: FromClient) -> None:
        if isinstance(message, Hello):
            self.hello = self.hello or message
            return
        if self.hello is None:
            raise ChronusError("E_ENGINE", "the first frame of a client is a Hello")
        if isinstance(message, Shutdown):
            part = Part(shutdown=message)
            self.waiting.append(part)
            self.unanswered.append(part)
            return
        if not len(message.ids) == len(message.texts) == len(message.commands) <= wire.MOST_COMMANDS:
            raise ChronusError(
                "E_ENGINE", f"a submission has {wire.MOST_COMMANDS} commands at most, each with an id and a text"
            )
        for part in parts(message):
            part.whole = self._whole
            self._hold(part)
        if not message.more or self._outstanding > wire.WINDOW - wire.MOST_COMMANDS:
            self._long = self._long or message.more
            for part in self._held:
                part.long = self._long
            self.waiting += self._held
            self._held = []
        if not message.more:
            self._whole, self._long = self._whole + 1, False

    def _hold(self, part: Part) -> None:
        """Joins stretches of one submission that meet where its frames do."""
        if part.for_the_rack and self._held and self._held[-1].for_the_rack:
            held = self._held[-1]
            held.ids, held.texts, held.commands = (
                held.ids + part.ids, held.texts + part.texts, held.commands + part.commands,
            )  # fmt: skip
        else:
            self._held.append(part)
            self.unanswered.append(part)
        self._outstanding += len(part.ids)

    @property
    def listens(self) -> bool:
        """Whether more may be read: not while as many commands are outstanding as a client may send ahead."""
        return self._outstanding < wire.WINDOW

    def together(self) -> list[Part]:
        """Returns the next parts for the rack, as many as are performed in one go, and what joins those of one submission."""
        taken = [self.waiting.popleft()]
        size = len(taken[0].ids)
        most = QUESTIONS if taken[0].asks else TOGETHER
        while self.waiting and self._goes_with(taken[-1], self.waiting[0], size, most):
            taken.append(self.waiting.popleft())
            size += len(taken[-1].ids)
        return taken

    @staticmethod
    def _goes_with(last: Part, part: Part, size: int, most: int) -> bool:
        if part.whole == last.whole and (part.joins or last.joins):
            return part.joins or part.for_the_rack  # of any size: it is one submission, cut for its answers
        # a question does not wait for what is said after it
        if any(map(_measures, (*last.commands, *part.commands))) and part.asks and last.asks:
            return False
        return part.for_the_rack and last.for_the_rack and part.asks == last.asks and size + len(part.ids) <= most

    # ------------------------------------------------------------ out

    def answer(self) -> None:
        """Sends the answers that are known and whose turn it is."""
        while self.unanswered and (replies := self._known(self.unanswered[0])) is not None:
            self._outstanding -= len(self.unanswered.popleft().ids)
            self._out += b"".join(_frame(reply) for reply in replies)
        self.flush()

    def _known(self, part: Part) -> Sequence[Reply] | None:
        """Answers a `sync` when its turn comes, with the frame at which all before it was applied."""
        if isinstance(part.alone, Sync | Quit) and part.replies is None and part not in (*self.waiting, *self._held):
            frame = self.applied if isinstance(part.alone, Sync) else None
            return (Reply(part.ids[0], ok=True, text=part.texts[0], frame=frame),)
        return part.replies

    def tell(self, message: FromEngine) -> None:
        self._out += _frame(message)
        self.flush()

    def lend(self, message: FromEngine, descriptor: int) -> None:
        """Sends a descriptor with the first byte of a message, and leaves the rest for `flush`; before anything else was sent."""
        self._out += _frame(message)
        with suppress(OSError):  # it has gone already, which is seen where it is flushed
            socket.send_fds(self.socket, [self._out[:1]], [descriptor], socket.MSG_NOSIGNAL)
            del self._out[:1]
        self.flush()

    def flush(self) -> None:
        if self._out and not self.gone:
            try:
                sent = self.socket.send(self._out, socket.MSG_NOSIGNAL)
                del self._out[:sent]
            except BlockingIOError:
                pass
            except OSError:
                self.gone = True
        if len(self._out) > UNREAD_BYTES:
            self.gone = True

    @property
    def unsent(self) -> bool:
        return bool(self._out)


def _frame(message: FromEngine) -> bytes:
    try:
        return wire.encode(message)
    except ChronusError as error:
        if isinstance(message, Reply):
            return wire.encode(Reply(message.id, ok=False, text=error.message, code=error.code))
        return b""
