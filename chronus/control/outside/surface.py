"""Serves the OSC port: takes datagrams, makes at most one command a block for each address, and answers the sender.

Rule 1: a packet costs a bounded time, a turn takes a bounded number of packets, a bounded number waits; the rest is dropped and counted.
Rule 2: of the messages that arrive while earlier ones are still on their way, only the last of each key is kept: 10,000 messages a
second become a few hundred submissions, and the last value always arrives.
"""

from __future__ import annotations

import errno
import heapq
import socket
import struct
import time
from collections.abc import Callable, Iterator

from chronus.commands import Port
from chronus.control.outside import osc
from chronus.errors import ChronusError

PACKETS_A_TURN = 128
QUEUE_BYTES = 1 << 20
"""What may wait in the kernel while the loop is elsewhere (it may grant less): the last value must not be the one that is lost."""
KEYS = 1024
HELD = 1024
HELD_SECONDS = 10.0
PORTS = 64
"""Ports tried from the asked-for one on."""
NTP_EPOCH = 2_208_988_800
"""1970 in seconds since 1900."""
_SO_RXQ_OVFL = 40


class Surface:
    """`said` holds what waits to be performed, one message a key. Answers to questions come from `answer(target)`, the frame
    that will be heard so many seconds from now from `frame_in(seconds)`."""

    def __init__(
        self,
        there: socket.socket,
        answer: Callable[[Port | None], osc.Argument | None],
        frame_in: Callable[[float], int],
    ) -> None:
        self.socket, self.answer, self.frame_in = there, answer, frame_in
        self.said: dict[tuple[str, ...], osc.OscCommand] = {}
        self.dropped = 0
        self.tone = False
        self._lost_before = 0
        self._held: list[tuple[int, int, osc.OscCommand]] = []
        self._count = 0

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def receive(self, mask: int = 0) -> None:
        """Takes in the packets that have come, at most a turn's worth."""
        for _ in range(PACKETS_A_TURN):
            try:
                packet, about, _flags, sender = self.socket.recvmsg(osc.PACKET_BYTES + 1, 64)
            except OSError:
                return
            for level, kind, value in about:
                if (level, kind) == (socket.SOL_SOCKET, _SO_RXQ_OVFL):
                    self._lost(struct.unpack("I", value)[0])
            self._packet(packet, sender)

    def _lost(self, lost: int) -> None:
        self.dropped += (lost - self._lost_before) & 0xFFFFFFFF
        self._lost_before = lost

    def _packet(self, packet: bytes, sender: tuple[str, int]) -> None:
        try:
            messages = osc.decode(packet)
        except ValueError:
            self.dropped += 1
            return
        for message in messages:
            try:
                self._message(message, sender)
            except ValueError:
                self.dropped += 1

    def _message(self, message: osc.Message, sender: tuple[str, int]) -> None:
        meant = osc.translate(message)
        if isinstance(meant, osc.Tone):
            self.tone = True
        elif isinstance(meant, osc.OscQuestion):
            self._answer(meant, sender)
        elif meant is not None:
            ahead = _seconds_ahead(message.tag)
            if ahead > 0:
                self._hold(ahead, meant)
            else:
                self._keep(meant)

    def _keep(self, said: osc.OscCommand) -> None:
        if len(self.said) >= KEYS and said.key not in self.said:
            self.dropped += 1
            return
        self.said.pop(said.key, None)
        self.said[said.key] = said

    def _hold(self, ahead: float, said: osc.OscCommand) -> None:
        if len(self._held) >= HELD:
            self.dropped += 1
            return
        self._count += 1
        heapq.heappush(self._held, (self.frame_in(ahead), self._count, said))

    def take(self) -> list[osc.OscCommand]:
        """Returns what is to be performed now."""
        said, self.said = list(self.said.values()), {}
        return said

    def due(self, frame: int) -> Iterator[tuple[int, osc.OscCommand]]:
        """Returns what a time tag put off to a frame before this one, with its frame."""
        while self._held and self._held[0][0] < frame:
            at, _, said = heapq.heappop(self._held)
            yield at, said

    def _answer(self, asked: osc.OscQuestion, sender: tuple[str, int]) -> None:
        value = self.answer(asked.target)
        if value is None:
            self.dropped += 1
            return
        try:
            self.socket.sendto(osc.encode(asked.address, value), sender)
        except OSError:
            self.dropped += 1


def _seconds_ahead(tag: int) -> float:
    """Returns how far ahead a time tag lies; 0 where it means now, has passed, or lies further off than is honoured."""
    if tag == osc.IMMEDIATELY:
        return 0.0
    ahead = tag / (1 << 32) - NTP_EPOCH - time.time()
    return ahead if 0 < ahead <= HELD_SECONDS else 0.0


def listen(address: str, port: int) -> socket.socket:
    """Opens a socket on that port, or on the next one that is free. Never shared: a second engine would take all the traffic."""
    for candidate in range(port, min(port + PORTS, 65536)):
        there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            there.bind((address, candidate))
        except OSError as error:
            there.close()
            if error.errno == errno.EADDRINUSE:
                continue
            raise ChronusError("E_DEVICE", f"OSC cannot listen on {address}:{candidate}: {error.strerror}") from None
        there.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, QUEUE_BYTES)
        return there
    raise ChronusError("E_DEVICE", f"no OSC port is free from {port} on")
