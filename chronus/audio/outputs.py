"""Lists the outputs: every device that takes at least one channel of sound. `python -m chronus.audio.outputs` prints them as JSON."""

from __future__ import annotations

import signal

import msgspec

from chronus.audio.devices import ASK_SECONDS, Output


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
            rate=round(d["default_samplerate"]),
            channels=d["max_output_channels"],
        )
        for d in sounddevice.query_devices()
        if d["max_output_channels"] >= 1
    )


if __name__ == "__main__":
    signal.alarm(ASK_SECONDS)
    print(msgspec.json.encode(outputs()).decode())
