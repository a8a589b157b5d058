"""Writes the notice when workers or control die: which died, which plays on, and how much was lost. It kills nothing and reads no clock.

Rule 1: nothing is said before it is known: two processes that are killed together die a few milliseconds apart.
Rule 2: the frames lost are those that the callback sent as silence, counted from the last look before the death.
Rule 3: when no slot plays, that is said at once, and how long it lasted when it is over.
Rule 4: control passes notices on to people. Nothing is said of its own death before it is back; then how long it was away.
"""

from __future__ import annotations

from msgspec import Struct, field

from chronus.engine_line import Notice

SURE_SECONDS = 0.05
"""After a death: whoever was killed at the same moment is known to be dead, too."""


class Obituary(Struct):
    """Keeps the deaths that no notice has named yet."""

    fallen: dict[int, str] = field(default_factory=dict)
    """Slot -> how it died."""
    since: float = 0.0
    active: int = 0
    silent: int = 0
    told_down: bool = False
    control: tuple[str, float, int] | None = None
    """How control died, when, and the frames of silence by then; the first time, if it died again before it was back."""

    def control_died(self, how: str, now: float, silent: int) -> None:
        self.control = self.control or (how, now, silent)

    def control_ready(self, now: float, silent: int) -> list[Notice]:
        if self.control is None:
            return []
        (how, since, before), self.control = self.control, None
        text = f"control died ({how}) and came back; {(now - since) * 1000:,.0f} ms, {silent - before:,} frames lost"
        return [Notice("control", text)]

    def died(self, slot: int, how: str, now: float) -> None:
        if not self.fallen:
            self.since = now
        self.fallen[slot] = how

    def look(self, now: float, active: int, playing: tuple[bool, ...], silent: int) -> list[Notice]:
        """Looks at the board once: the active slot, the slots that play, frames of silence so far."""
        if not self.fallen:
            self.active, self.silent = active, silent
            return []
        if now - self.since < SURE_SECONDS:
            return []
        lost = f"{silent - self.silent:,} frames lost"
        survivor = next((slot for slot, plays in enumerate(playing) if plays and slot not in self.fallen), None)
        if survivor is not None and not self.told_down:
            slot, how = next(iter(self.fallen.items()))
            heard = slot == self.active
            was = "" if heard else ", it was not heard"
            said = f"slot {slot} died ({how}){was}, slot {survivor} plays on, {lost}"
            self._calm()
            return [Notice("failover" if heard else "standby", said)]
        again = next((slot for slot, plays in enumerate(playing) if plays), None)
        notices = [] if self.told_down else [Notice("down", self._nobody())]
        self.told_down = True
        if again is not None:
            notices.append(Notice("back", f"slot {again} plays again, {lost}"))
            self._calm()
        return notices

    def _nobody(self) -> str:
        if len(self.fallen) == 2:
            return f"both slots died ({', '.join(dict.fromkeys(self.fallen.values()))}), the sound comes back where it would have been"
        ((slot, how),) = self.fallen.items()
        return f"slot {slot} died ({how}) while slot {1 - slot} was down"

    def _calm(self) -> None:
        self.fallen, self.told_down = {}, False
