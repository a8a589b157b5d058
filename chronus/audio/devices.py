"""Which device a name means. A device is named by any part of "host API: device" that fits exactly one output; never by its number."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

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
    exact = [o for o in outputs if word in (o.title.lower(), o.name.lower())]
    for found in (exact, of_api, fitting):
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
