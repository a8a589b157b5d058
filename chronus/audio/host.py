"""The audio host: a process of its own for PortAudio, because PortAudio cannot be trusted to let go.

With its server killed, PortAudio's `abort`, `close` and even the interpreter's exit have each blocked for 25 s. So nobody asks it how
it is: the supervisor watches the clock that the callback moves, and cures a stuck host by SIGKILL and a new one. A new process also
sees a new list of devices; an old one never does.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

import numpy as np

from chronus.audio.callback import make_desk, portaudio_callback
from chronus.audio.devices import NULL, Output, choose
from chronus.audio.null import NullDevice
from chronus.dsp.atomics import call_numbers, libc_syscall
from chronus.errors import ChronusError
from chronus.memory.layout import CHANNELS, RATE, Memory

_PATIENCE = "low"
"""Latency asked of PortAudio: as little as the device does; the lookahead is ours."""


def outputs() -> tuple[Output, ...]:
    """What PortAudio lists at this moment, in this process. Empty without PortAudio."""
    try:
        import sounddevice
    except OSError:
        return ()
    apis = sounddevice.query_hostapis()
    return tuple(
        Output(
            api=apis[d["hostapi"]]["name"],
            name=d["name"],
            index=d["index"],
            default=apis[d["hostapi"]]["default_output_device"] == d["index"],
        )
        for d in sounddevice.query_devices()
        if d["max_output_channels"] >= CHANNELS
    )


class PortAudioDevice:
    """A PortAudio stream whose callback is machine code: it goes on while this process's interpreter is held up."""

    def __init__(self, desk: np.ndarray, output: Output, period: int, rate: int) -> None:
        import sounddevice

        ffi = sounddevice._ffi
        self.name, self.rate = output.title, rate
        try:
            self._stream = sounddevice._StreamBase(
                kind="output",
                samplerate=rate,
                blocksize=period,
                device=output.index,
                channels=CHANNELS,
                dtype="float32",
                latency=_PATIENCE,
                clip_off=True,
                dither_off=True,
                callback=ffi.cast("PaStreamCallback *", portaudio_callback()),
                userdata=ffi.cast("void *", desk.ctypes.data),
                wrap_callback=None,
            )
        except sounddevice.PortAudioError as error:
            raise ChronusError("E_DEVICE", f'"{output.title}" cannot be opened at {rate} Hz: {error}') from None
        self.latency = self._stream.latency

    def start(self) -> None:
        self._stream.start()

    def stop(self) -> None:
        """Nothing: the process ends, and PortAudio with it."""


def open_device(desk: np.ndarray, asked: str | None, period: int, rate: int) -> tuple[Any, str]:
    """(device, note). Without a name: the default output, or the null device and a note that says why.

    Raises ChronusError E_DEVICE where a device was asked for by name and is not there.
    """
    if asked and asked.lower() == NULL:
        return NullDevice(desk, period, rate, os.environ.get("CHRONUS_NULL_CAPTURE")), ""
    there = outputs()
    if asked:
        return PortAudioDevice(desk, choose(asked, there), period, rate), ""
    reason = "no output device was found" if there == () else ""
    for output in sorted(there, key=lambda o: not o.default):
        try:
            return PortAudioDevice(desk, output, period, rate), ""
        except ChronusError as error:
            reason = reason or error.message
    return NullDevice(desk, period, rate), f"{reason}; playing on the null device, which nobody hears"


def probe(channel: socket.socket, asked: str | None) -> None:
    """Looks, in a process that will be thrown away, whether the device that was asked for is there by now."""
    there = outputs()
    try:
        found = bool(choose(asked, there) if asked else there)
    except ChronusError:
        found = False
    _let_go()
    channel.sendall(json.dumps({"found": found}).encode() + b"\n")


def _let_go() -> None:
    """Ends PortAudio in order: a JACK server waits 5 s for a client that vanished while it looked around."""
    import sys

    if "sounddevice" in sys.modules:
        sys.modules["sounddevice"]._terminate()


def main(memory: Memory, channel: socket.socket, asked: str | None, period: int) -> None:
    """The life of a host: open, say what was opened, keep the stream until told to end. `channel` carries JSON lines to the supervisor."""
    rate = memory.word(RATE)
    futex, *_ = call_numbers()
    desk = make_desk(memory.board, (memory.ring(0), memory.ring(1)), libc_syscall(), futex)
    try:
        device, note = open_device(desk, asked, period, rate)
        device.start()
    except Exception as error:  # whatever PortAudio raises: the supervisor decides what comes of it
        message = error.message if isinstance(error, ChronusError) else f"{type(error).__name__}: {error}"
        channel.sendall(json.dumps({"error": message}).encode() + b"\n")
        os._exit(4)
    channel.sendall(json.dumps({"device": device.name, "rate": device.rate, "note": note}).encode() + b"\n")
    while channel.recv(64):
        pass
    device.stop()
    os._exit(0)
