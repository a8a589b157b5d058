"""Rows 28 and 31 of the table of faults: the JACK server goes, and comes back."""

import os
import signal
import time

from chronus.memory import layout
from tests.faults.takes import memory_of
from tests.live import Jack, engine, until


def test_row_28_a_killed_jack_server_is_noticed_bridged_and_taken_up_again(tmp_path):
    name = f"chronus_gone_{os.getpid()}"
    first = Jack(tmp_path, name)
    second = None
    try:
        with engine(tmp_path, "--device", "jack", **first.environment) as running:
            running.home.chronus("-c", "load kick; seq kick: x...x...")
            memory = memory_of(running)

            def device():
                return running.status()["engine"]["device"]

            assert "JACK" in device()
            first.server.send_signal(signal.SIGKILL)
            first.server.wait()
            stood = memory.word(layout.HEARD)
            began = time.monotonic()
            until(lambda: memory.word(layout.HEARD) > stood + 44100 // 4, 8, "musical time does not go on")
            bridged = time.monotonic() - began
            assert device() == "null"
            second = Jack(tmp_path, name)
            began = time.monotonic()
            until(lambda: "JACK" in device(), 8, "the device was not taken up again")
            back = time.monotonic() - began
            at = memory.word(layout.HEARD)
            until(lambda: memory.word(layout.HEARD) > at + 44100 // 4, 3, "the clock stands after the return")
            print(
                f"bridged after {bridged:.2f} s (a quarter of a second of music included), back {back:.2f} s after its return"
            )
            assert bridged <= 2.5 and back <= 4.0
            assert running.status()["counters"]["repeated"] == 0
    finally:
        first.close()
        if second:
            second.close()
