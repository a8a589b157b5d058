"""Decides on which device to play: the one that is meant, or the null device while that one is away. It starts nothing, reads no clock.

Rule 1: a device is meant by its name: the name that was asked for, or else that of the device that was opened first. No other device is
        ever taken in its place.
Rule 2: musical time goes on: when a device goes, the null device plays at once.
Rule 3: a host opens a device as a candidate, beside the null device. No process waits for a candidate: it may hang for as long as its
        sound server does. Only when it has the device open does the null device end, and the candidate plays.
Rule 4: a device that is asked for while another one plays is opened as a candidate beside that one, which plays until the other is open.
        If it cannot be had, nothing has changed.
Rule 5: there is at most one notice a second, and only of what is still true by then.
"""

from __future__ import annotations

from msgspec import Struct

from chronus.audio.devices import NULL
from chronus.engine_line import Opened

SOON = 0.25
"""Seconds between two candidates for a device that was there and is away: one that finds none is through in 0.1 s."""
LATER = 5.0
"""The same for one that never was there."""
CANDIDATE_SECONDS = 6.0
"""So long may a candidate take. One that waits for a stopped server is through when that goes on; one that a server died under never is."""
FIRST_SECONDS = 4.0
"""So long may the first device take, if none was asked for."""
NAMED_SECONDS = 10.0
"""The same where it was asked for by name."""
NOTICE_SECONDS = 1.0


class Try(Struct, frozen=True):
    """Start a candidate for this device."""

    name: str | None


class GiveUp(Struct, frozen=True):
    """End the candidate, or the host that never opened anything."""

    role: str


class Tell(Struct, frozen=True):
    text: str


class Refuse(Struct, frozen=True):
    """The engine does not start: the device that was asked for cannot be had."""

    text: str


class Fail(Struct, frozen=True):
    """The device that was to take over cannot be had; what played plays on."""

    name: str
    why: str


Action = Try | GiveUp | Tell | Refuse | Fail


class Device(Struct):
    """Decides on the device. `asked` is the name that was asked for, or None. Times are seconds of the monotonic clock."""

    asked: str | None
    on: str = ""
    """What the host has open; empty while it has nothing."""
    rate: int = 0
    at_once: int = 0
    meant: str | None = None
    """What candidates are to open; None: whatever there is."""
    away: bool = False
    opening_since: float = 0.0
    trying_since: float | None = None
    due: float = 0.0
    ready: Opened | None = None
    """What the candidate has open: it waits for the null device to end."""
    away_since: float = 0.0
    reason: str = ""
    started: bool = False
    """Something has been opened."""
    was_there: bool = False
    told_away: bool = False
    quiet_until: float = 0.0
    moving: str | None = None
    """The device that is to take the place of the one that plays."""
    trying: str | None = None
    """The one that the candidate is for, if it is such a one."""

    def __post_init__(self) -> None:
        self.meant = self.asked

    def begin(self, now: float) -> tuple[str | None, bool]:
        """Returns (the device that a new host opens, whether it may take the null device instead)."""
        self.opening_since = now
        return (NULL if self.away else self.asked), self.asked is None

    def opened(self, now: float, found: Opened) -> str:
        """Takes in that the host has opened a device. Returns a note if it is not the one wanted; only for the first device."""
        first, self.started = not self.started, True
        self.on, self.rate, self.at_once = found.device, found.rate, found.at_once
        if found.device != NULL:
            self.was_there, self.away = True, False
            self.meant = self.asked or found.device
        elif not self._null_is_meant() and first:
            self.away, self.told_away, self.away_since, self.due = True, True, now, now + LATER
            return f"{found.reason or self.reason or 'no output device could be opened'}; playing on the null device, which nobody hears"
        return ""

    def host_died(self, now: float) -> list[Action]:
        """Takes in that the host is gone: the next one plays on the null device, and a candidate is due at once."""
        self.on = ""
        self.quiet_until = max(self.quiet_until, now + NOTICE_SECONDS)
        if not self.started and self.asked is not None:
            return [Refuse(f'"{self.asked}" could not be opened')]
        if not self.away and not self._null_is_meant():
            self.away, self.away_since, self.due = True, now, now
            self.reason = "" if self.started else self.reason
        return []

    def move(self, now: float, name: str) -> list[Action]:
        """Takes in that another device is to take over. A candidate for anything else is given up."""
        self.moving, self.due, self.ready = name, now, None
        return [GiveUp("candidate")] if self.trying_since is not None else []

    def candidate_opened(self, found: Opened) -> None:
        if (
            self.trying_since is not None and self.trying == self.moving
        ):  # else it has gone since, or nobody wants it any more
            self.ready = found

    def candidate_gone(self, now: float, reason: str = "") -> list[Action]:
        """Takes in that the candidate failed, and perhaps why."""
        found: list[Action] = []
        if self.trying_since is not None:
            self.trying_since, self.ready = None, None
            self.due = now + (SOON if self.was_there else LATER)
            if self.moving is not None and self.trying == self.moving:
                found.append(Fail(self.moving, reason or f'"{self.moving}" did not open'))
                self.moving = None
            elif self.moving is not None:
                self.due = now
        if self.away:
            self.reason = reason or self.reason
        return found

    def take(self, now: float) -> None:
        """Makes the candidate the host: the null device has ended."""
        assert self.ready
        found, self.ready, self.trying_since = self.ready, None, None
        if self.trying is not None:
            self.asked, self.moving, self.trying = found.device, None, None
            self.meant, self.away, self.told_away, self.was_there = self.asked, False, False, False
        self.opened(now, found)

    def look(self, now: float) -> list[Action]:
        """Decides what is due by now."""
        if not self.on and now - self.opening_since > self._opening_seconds():
            if not self.started and self.asked is not None:
                return [Refuse(f'"{self.asked}" did not open within {NAMED_SECONDS:g} s')]
            self.reason, self.opening_since = "the output device did not open", now
            return [GiveUp("host")]
        found: list[Action] = []
        if (self.away or self.moving) and self.trying_since is None and now >= self.due:
            self.trying_since, self.trying = now, self.moving
            found.append(Try(self.moving or self.meant))
        elif self.ready:
            found.append(GiveUp("host"))
        elif self.trying_since is not None and now - self.trying_since > CANDIDATE_SECONDS:
            found.append(GiveUp("candidate"))
        return found + self._notices(now)

    def _opening_seconds(self) -> float:
        return NAMED_SECONDS if self.asked is not None and not self.started else FIRST_SECONDS

    def _notices(self, now: float) -> list[Action]:
        if now < self.quiet_until:
            return []
        if self.away and not self.told_away and (self.reason or now - self.away_since > NOTICE_SECONDS):
            text = f"{self.reason or f'{self.meant} does not answer'}; the null device fills in until it is there again"
        elif self.told_away and not self.away and self.on:
            text = f"{self.on} plays" + (" again" if self.was_there else "")
        else:
            return []
        self.told_away, self.quiet_until = self.away, now + NOTICE_SECONDS
        return [Tell(text)]

    def _null_is_meant(self) -> bool:
        return self.asked is not None and self.asked.lower() == NULL
