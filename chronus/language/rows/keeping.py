"""Rows of the commands for files, and for steps back."""

from __future__ import annotations

from chronus import commands as c
from chronus.language.rows.row import ALONE, FILE, STEPS, Row

ROWS = (
    Row(c.Save, "save NAME", "writes all of this as a script", FILE, meant="write store export"),
    Row(
        c.Open,
        "open NAME",
        "a saved script takes the place of all of this, at the next bar line",
        FILE,
        meant="source import restore",
    ),
    Row(c.New, "new", "begins with nothing", ALONE),
    Row(c.Undo, "undo [N]", "takes the last change back, or the last N", STEPS, meant="revert back rollback"),
    Row(c.Redo, "redo [N]", "takes an undo back", STEPS),
)
