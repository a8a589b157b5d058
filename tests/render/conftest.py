"""`chronus render`, run in this very process: what it printed, and what it wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chronus.__main__ import main


class Rendered:
    """`code` is what it ended with, `told` the JSON object that it printed ({} if none), `said` all it said on standard error."""

    def __init__(self, code: int, out: str, said: str, output: Path) -> None:
        lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        self.code, self.lines, self.said, self.output = code, lines, said, output
        self.told = lines[-1] if lines and "sha256" in lines[-1] else {}

    @property
    def sound(self) -> np.ndarray:
        return soundfile.read(self.output, dtype="float32", always_2d=True)[0]


Render = Callable[..., Rendered]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Where one works; the user's home is beside it."""
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path / "home"))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def render(folder, capsys) -> Render:
    def run(script: str | None, *words: str, output: str = "out.wav", song: str = "song.chronus") -> Rendered:
        """Renders a text (None: `song` is there already) to a file."""
        if script is not None:
            (folder / song).write_text(script)
        capsys.readouterr()
        try:
            code = main(["render", song, "-o", output, "--json", *words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        told = capsys.readouterr()
        return Rendered(code, told.out, told.err, folder / output)

    return run
