"""Keeps which keys the prompt has, those of emacs or of vi, and binds the few that are our own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chronus import places
from chronus.errors import ChronusError

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent

MODES = ("emacs", "vi")


def kept() -> str:
    """Returns what was chosen last; emacs where nothing was."""
    try:
        found = _file().read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return MODES[0]
    return found if found in MODES else MODES[0]


def keep(mode: str) -> None:
    """Keeps it for all prompts to come. Raises E_FILE where nothing can be kept."""
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text(f"{mode}\n", encoding="utf-8")
    except OSError as problem:
        raise ChronusError("E_FILE", f"it cannot be kept: {places.home_trouble(problem)}") from None


def _file() -> Path:
    return places.home() / "keys"


def bindings() -> KeyBindings:
    from prompt_toolkit.filters import is_searching
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.search import accept_search

    own = KeyBindings()

    @own.add("enter", filter=is_searching, eager=True)
    def _(event: KeyPressEvent) -> None:
        """Runs the line that a search has found, as a shell does: Enter is never swallowed."""
        accept_search()
        event.app.current_buffer.validate_and_handle()

    return own
