"""Orders to the processes of an engine from within: see tests/faults/saboteur."""

from __future__ import annotations

import os
from pathlib import Path

SABOTEUR = Path(__file__).parent.parent / "faults" / "saboteur"


def sabotage(folder: Path) -> dict[str, str]:
    """The environment of an engine whose forks obey orders."""
    (folder / "orders").mkdir()
    path = os.pathsep.join([str(SABOTEUR), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return {"PYTHONPATH": path, "CHRONUS_SABOTAGE": str(folder / "orders")}


def order(folder: Path, pid: int, word: str) -> None:
    draft = folder / "orders" / "draft"
    draft.write_text(word)
    draft.rename(folder / "orders" / str(pid))
