"""The authors that control itself speaks as: each has rights of its own, so no client may bear one of these names."""

from __future__ import annotations

JOURNAL = "journal"
"""What is brought back after an unclean end: it was affordable once, and nothing acknowledged is refused afterwards."""
ENGINE = "engine"
OSC = "osc"
MIDI = "midi"
OVERLOAD = "overload"
POISON = "poison"
PERFORMERS = (OSC, MIDI)
"""Their commands are no steps of undo."""
UNBOUND = frozenset({JOURNAL, ENGINE, OVERLOAD, POISON})
"""To their commands no claim matters."""
_OWN = frozenset({JOURNAL, ENGINE, OVERLOAD, POISON, *PERFORMERS})


def of_client(name: str) -> str:
    """Returns the name under which a client that calls itself so is known."""
    return f"client {name}" if name in _OWN else name
