"""Answers `list devices`: the outputs of this moment. A process of its own asks for them, so only the client that asked waits."""

from __future__ import annotations

from collections.abc import Callable
from subprocess import Popen
from typing import Any

from chronus.audio import devices
from chronus.audio.devices import NULL, Output
from chronus.commands import Reply
from chronus.engine_line import Moved
from chronus.errors import ChronusError

Found = tuple[Output, ...] | str
"""The outputs, or why they are not known."""


class Outputs:
    """Lists the outputs. Clients that ask while another one waits get the same answer."""

    def __init__(self) -> None:
        self._asking: Popen[bytes] | None = None
        self._curious: list[Callable[[Found], None]] = []

    def ask(self, answered: Callable[[Found], None]) -> None:
        self._curious.append(answered)
        if self._asking is None:
            try:
                self._asking = devices.asking()
            except OSError as problem:
                self._tell(f"nobody could be asked: {problem.strerror}")

    def tick(self) -> None:
        process = self._asking
        if process is None or process.poll() is None:
            return
        assert process.stdout is not None
        with process.stdout as said:
            found = devices.heard(said.read(), process.returncode)
        self._asking = None
        self._tell(found)

    def _tell(self, found: Found) -> None:
        curious, self._curious = self._curious, []
        for answered in curious:
            answered(found)


def listed(id: int, text: str, found: Found, device: Any) -> Reply:
    """Writes one line for each output, the one in use marked; the null device plays while that one is away."""
    used = str(device or NULL)
    there = [] if isinstance(found, str) else [(output.title, output.channels, output.default) for output in found]
    if used != NULL and all(title != used for title, _, _ in there):
        there.insert(0, (used, 0, False))  # whoever has it open may have it alone
    outputs = [
        {"device": title, "channels": channels or None, "default": default, "in_use": title == used}
        for title, channels, default in [*there, (NULL, 2, False)]
    ]
    lines = [_line(one) for one in outputs] + ([found] if isinstance(found, str) else [])
    result = {"devices": [one["device"] for one in outputs], "in_use": used, "outputs": outputs}
    return Reply(id, True, text, lines=tuple(lines), result=result)


def meant(name: str, found: Found) -> str:
    """Returns the title of the device that is meant. E_DEVICE, with what there is, where it is none or more than one."""
    if name.lower() == NULL:
        return NULL
    if isinstance(found, str):
        raise ChronusError("E_DEVICE", found, part="name")
    try:
        return devices.choose(name, found).title
    except ChronusError as error:
        error.part = "name"
        raise


def has_moved(id: int, was: str, moved: Moved) -> Reply:
    """Says which device plays now, and how long none did; or why it is still the one that was."""
    if moved.why:
        return Reply(id, False, f"{moved.why}; {was} plays on", code="E_DEVICE", part="name")
    gap = (
        f"was {was}; musical time stood for {moved.stood * 1000:.0f} ms" if was != moved.device else "it plays already"
    )
    result = {"device": moved.device, "was": was, "stood_ms": round(moved.stood * 1000, 1)}
    return Reply(id, True, f"device {moved.device} ({gap})", result=result)


def _line(one: dict[str, Any]) -> str:
    notes = ["in use"] if one["in_use"] else []
    notes += ["mono"] if one["channels"] == 1 else []
    notes += ["default of its kind"] if one["default"] else []
    return f"{one['device']}" + (f"   ({', '.join(notes)})" if notes else "")
