"""Lists the devices, and finds the one that a name means: any part of "host API: device" that fits exactly one output, never its number.

The list is made in a process of its own (`outputs.py`): PortAudio may hang, writes to stderr, and shows a process only the devices
that were present when it was loaded.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from chronus import places
from chronus.errors import ChronusError, nearest

NULL = "null"


class Output(Struct, frozen=True):
    """One output that PortAudio lists. `index` holds only within the process that listed it."""

    api: str
    name: str
    index: int
    default: bool
    """It is the default output of its host API."""
    rate: int
    """The rate it prefers, in Hz; a JACK server does no other."""
    channels: int = 2
    """As many as it has at most."""

    @property
    def title(self) -> str:
        return f"{self.api}: {self.name}"

    def behind_a_server(self) -> bool:
        """An ALSA plug-in and no card: PulseAudio, PipeWire, or a mixer in software."""
        return self.api == "ALSA" and "(hw:" not in self.name


def choose(name: str, outputs: Sequence[Output]) -> Output:
    """The one output that `name` fits. E_DEVICE lists what there is."""
    word = name.lower()
    of_api = [o for o in outputs if o.default and _names_api(word, o.api)]
    fitting = [o for o in outputs if word in o.title.lower()]
    exact = [o for o in outputs if word == o.title.lower()]
    named = [o for o in outputs if word == o.name.lower()]
    for found in (exact, of_api, named, fitting):
        if len(found) == 1:
            return found[0]
    there = ", ".join(f'"{o.title}"' for o in outputs) or "none"
    problem = f'"{name}" fits more than one' if fitting else f'no output device fits "{name}"'
    titles = [o.title for o in outputs]
    raise ChronusError(
        "E_DEVICE", f'{problem}; there are: {there}, and "{NULL}"', suggestions=nearest(name, titles), part="device"
    )


def _names_api(word: str, api: str) -> bool:
    """`jack` names "JACK Audio Connection Kit"."""
    return word == api.lower() or word in api.lower().split()


# ---------------------------------------------------------------- asked from outside

ASK_SECONDS = 10
"""So long PortAudio may think; then the process that asks it ends."""


def asking() -> subprocess.Popen[bytes]:
    """A process that lists the outputs; `heard` makes sense of what it said."""
    words = [sys.executable, "-P", "-m", "chronus.audio.outputs"]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(words, stdin=nothing, stdout=pipe, stderr=nothing, env=places.environment())


def heard(said: bytes, code: int) -> tuple[Output, ...] | str:
    """The outputs, or why they are not known."""
    if code == -signal.SIGALRM:
        return f"PortAudio did not answer in {ASK_SECONDS} s"
    try:
        return msgspec.json.decode(said.splitlines()[-1], type=tuple[Output, ...])
    except (msgspec.MsgspecError, IndexError):
        return f"PortAudio failed ({'exit' if code >= 0 else 'signal'} {abs(code)})"


def ask() -> tuple[Output, ...] | str:
    """The same, waiting for it."""
    process = asking()
    said, _ = process.communicate()
    return heard(said, process.returncode)
