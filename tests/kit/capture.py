"""An ear on a JACK server: a client that records what plays, from whoever plays. `python -m tests.kit.capture FILE SECONDS`.

While somebody it hears stands still, an asynchronous server goes on and leaves the ear out, too: of such cycles nothing is recorded.
FILE.skips says where they are: lines of (frames recorded by then, frames that the server's clock went on without the ear). It goes
back a period now and then. FILE.cycles holds, as float64, (frames recorded by then, when they were heard) of each cycle, by the monotonic
clock.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from pathlib import Path

import jack
import numpy as np

from chronus.system.urgency import hurry

LISTENING = 12
"""Its priority: that of the server, which stands for a sound card (tests/kit/live.py)."""


def main() -> None:
    path, seconds = sys.argv[1], float(sys.argv[2])
    client = jack.Client("chronus_ear")
    ports = [client.inports.register(f"in_{k}") for k in (1, 2)]
    heard = np.zeros((int(seconds * client.samplerate), 2), np.float32)
    heard.fill(0)  # every page is there before the first callback
    at, clock = 0, -1
    cycles: list[tuple[int, float]] = []
    skips: list[tuple[int, int]] = []
    new, done = threading.Event(), threading.Event()
    hurry(LISTENING)  # only now: what Python loads at its start takes too long to be in everybody's way

    @client.set_process_callback
    def process(frames: int) -> None:
        nonlocal at, clock
        cycles.append((at, time.monotonic()))
        now = client.last_frame_time
        if clock >= 0 and now != clock:
            skips.append((at, (now - clock + (1 << 31)) % (1 << 32) - (1 << 31)))  # a clock of 32 bits
        clock = (now + frames) % (1 << 32)
        if at + frames <= len(heard):
            for k, port in enumerate(ports):
                heard[at : at + frames, k] = port.get_array()
            at += frames

    @client.set_port_registration_callback
    def registered(_port: jack.Port, _there: bool) -> None:
        new.set()

    signal.signal(signal.SIGTERM, lambda *_: done.set())
    with client:
        print("listening", flush=True)
        while not done.is_set():
            # a port may go between being listed and being asked for; its going wakes us again
            with contextlib.suppress(jack.JackError):
                for source in client.get_ports(is_audio=True, is_output=True, is_physical=False):
                    if source.name.startswith("chronus_ear") or "monitor" in source.name:
                        continue
                    port = ports[int(source.name.rsplit("_", 1)[1]) % 2]  # PortAudio's are out_0 and out_1
                    if not port.is_connected_to(source):
                        client.connect(source, port)
            new.wait(0.02)
            new.clear()
    heard[:at].tofile(path)
    np.array(cycles).tofile(path + ".cycles")
    Path(path + ".skips").write_text("".join(f"{where} {frames}\n" for where, frames in skips))


if __name__ == "__main__":
    main()
