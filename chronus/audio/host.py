"""The audio host: a process of its own for PortAudio, because PortAudio cannot be trusted to let go.

With its server killed, PortAudio's `abort`, `close` and even the interpreter's exit have each blocked for 25 s. So no process asks
the host how it is: the supervisor watches the clock that the callback moves, kills a stuck host with SIGKILL and starts a new one.
Only a new process sees a changed list of devices; a running one never does.
"""

from __future__ import annotations

import os
import socket
import time
from typing import Any

import numpy as np

from chronus import engine_line
from chronus.audio import resample
from chronus.audio.callback import D_ASKED, D_CHANNELS, D_MOST, enter, make_desk, portaudio_callback
from chronus.audio.devices import NULL, Output, choose
from chronus.audio.null import NullDevice
from chronus.audio.outputs import outputs
from chronus.engine_line import FromHost, Opened, Unopened
from chronus.errors import ChronusError
from chronus.memory.layout import CHANNELS, RATE, Memory
from chronus.system.urgency import REPAIRING, hurry

_INVALID_CHANNELS, _INVALID_RATE = -9998, -9997
"""PortAudio's paInvalidChannelCount and paInvalidSampleRate."""
_SERVER_SECONDS = 0.04
"""Latency asked of ALSA's plug-ins, behind which a sound server stands: it takes that much in one go. With 9 ms PulseAudio took a fifth
less than it should. Of all others: as little as the device does; what is rendered ahead is ours."""
_SETTLING_SECONDS = 0.05


class PortAudioDevice:
    """A PortAudio stream whose callback is machine code: it goes on while this process's interpreter is held up.

    Where the device refuses the engine's rate, it is opened at its own, and the resampler stands in between. One that has more channels
    than two is asked for two, and taken whole where it gives no fewer.
    """

    def __init__(self, desk: np.ndarray, output: Output, period: int, rate: int) -> None:
        import sounddevice

        self.name, self.rate, self._desk = output.title, rate, desk
        self._latency = _SERVER_SECONDS if output.behind_a_server() else "low"
        self._period = 0 if output.api.startswith("JACK") else period  # JACK's own: it asks for no other
        try:
            self._stream = self._fitting(desk, output)
            self._stream.start()
            self._settle(steady=output.behind_a_server())
        except sounddevice.PortAudioError as error:
            raise ChronusError("E_DEVICE", f'"{output.title}" cannot be opened at {self.rate} Hz: {error}') from None
        at_once = round(_SERVER_SECONDS * self.rate) if output.behind_a_server() else int(desk[D_MOST])
        self.at_once = -(-at_once * rate // self.rate)
        """Engine frames that it may ask for in one go."""

    def _fitting(self, desk: np.ndarray, output: Output) -> Any:
        """The stream with the rate and the channels that the device can do."""
        import sounddevice

        desk[D_CHANNELS] = min(output.channels, CHANNELS)
        callback, words, rate = portaudio_callback(), desk, self.rate
        while True:
            try:
                return self._open(callback, words, output)
            except sounddevice.PortAudioError as error:
                code = error.args[1] if len(error.args) > 1 else 0
                if code == _INVALID_RATE and output.rate != self.rate:
                    self.rate, self._bench = output.rate, resample.Bench(desk, rate, output.rate)
                    callback, words = resample.portaudio_callback(), self._bench.words
                elif code == _INVALID_CHANNELS and int(desk[D_CHANNELS]) != output.channels:
                    desk[D_CHANNELS] = output.channels
                else:
                    raise

    def _open(self, callback: int, words: np.ndarray, output: Output) -> Any:
        """A stream that calls `callback` with the address of `words`."""
        import sounddevice

        ffi = sounddevice._ffi
        return sounddevice._StreamBase(
            kind="output",
            samplerate=self.rate,
            blocksize=self._period,
            device=output.index,
            channels=int(self._desk[D_CHANNELS]),
            dtype="float32",
            latency=self._latency,
            clip_off=True,
            dither_off=True,
            callback=ffi.cast("PaStreamCallback *", callback),
            userdata=ffi.cast("void *", words.ctypes.data),
            wrap_callback=None,
        )

    def _settle(self, steady: bool) -> None:
        """Until the device asks for frames; with `steady`, goes on to ask: a server may take one period, then none for two seconds."""
        good, asked = 0, 0
        while good < 2 and (steady or asked == 0):
            time.sleep(_SETTLING_SECONDS if steady else _SETTLING_SECONDS / 20)
            before, asked = asked, int(self._desk[D_ASKED])
            good = good + 1 if asked - before > _SETTLING_SECONDS * self.rate / 2 else 0

    def play(self) -> None:
        """Nothing: it asks for frames since it was opened, and gets them from when its turn has come."""

    def stop(self) -> None:
        """Takes leave of the server. It may hang: whoever asks for it waits only so long."""
        import sounddevice

        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)
        sounddevice._terminate()


def open_device(desk: np.ndarray, asked: str | None, period: int, rate: int) -> NullDevice | PortAudioDevice:
    """What `asked` names, or without a name the default output. E_DEVICE where it is not there, or cannot be opened."""
    if asked and asked.lower() == NULL:
        return NullDevice(desk, period, rate, os.environ.get("CHRONUS_NULL_CAPTURE"))
    there = outputs()
    if asked:
        return PortAudioDevice(desk, choose(asked, there), period, rate)
    reason = ChronusError("E_DEVICE", "no output device was found")
    for refusals, output in enumerate(sorted(there, key=lambda o: not o.default)):
        try:
            return PortAudioDevice(desk, output, period, rate)
        except ChronusError as error:
            reason = reason if refusals else error
    raise reason


def main(
    memory: Memory, channel: socket.socket, alarm: int, asked: str | None, period: int, fall_back: bool, log: str
) -> None:
    """The life of a host: open, say what was opened, play when told to, until told to end.

    `channel` is the line to the supervisor, see engine_line. With `fall_back` the null device is opened where nothing else can be. `alarm`
    is what the callback rings where silence begins. What PortAudio's libraries print goes to the file `log`.
    """
    hurry(REPAIRING)  # nothing is heard until it has opened something
    printed = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    for stream in (1, 2):
        os.dup2(printed, stream)
    rate, reason = memory.word(RATE), ""
    desk = make_desk(memory.board, (memory.ring(0), memory.ring(1)), alarm)

    def say(message: FromHost) -> None:
        channel.sendall(engine_line.encode(message))

    lines = engine_line.to_host()
    try:
        try:
            device = open_device(desk, asked, period, rate)
        except ChronusError as error:
            if not fall_back:
                raise
            device, reason = NullDevice(desk, period, rate), error.message
        say(Opened(device.name, device.rate, device.at_once, reason))
        while more := channel.recv(64):
            for _play in lines.feed(more):
                enter(desk, memory.board)
                device.play()
    except Exception as error:  # whatever PortAudio raises: the supervisor decides what comes of it
        say(Unopened(error.message if isinstance(error, ChronusError) else f"{type(error).__name__}: {error}"))
        os._exit(4)
    device.stop()
    os._exit(0)
