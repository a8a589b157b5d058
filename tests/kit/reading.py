"""Modules that read files and texts, for tests: a sampler and a morse key in a folder for CHRONUS_MODULES, compiled once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from chronus import places
from chronus.dsp.discovery import discover
from chronus.worker import ledger

MODULES = Path(__file__).parent / "modules"
RATE = 44100


def compiled(monkeypatch) -> str:
    """Has this process know them; the folder."""
    monkeypatch.setenv("CHRONUS_MODULES", str(MODULES))
    if not places.catalogue_file().exists():
        ledger.specs()
    ledger.keep_tables(discover(places.modules_folders()).values())
    return str(MODULES)


def write(path: Path, seconds: float = 0.5, frequency: float = 500.0, rate: int = RATE, sides: int = 2) -> Path:
    """A sine that falls, as a WAV of floats."""
    t = np.arange(round(seconds * rate)) / rate
    samples = 0.5 * np.sin(2 * np.pi * frequency * t) * np.linspace(1, 0, len(t))
    soundfile.write(path, np.stack([samples] * sides, 1), rate, subtype="FLOAT")
    return path
