"""A copy of the tree that a test may change, as a contributor would; what was touched is counted, and the copy is run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PARTS = ("chronus", "grammar", "patches", "tests")


class Copied:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "tree"
        for part in PARTS:
            shutil.copytree(ROOT / part, self.path / part, ignore=shutil.ignore_patterns("__pycache__"))
        # its kernels lie at another place than ours, so they are compiled anew: into a cache that goes with it
        own = {"XDG_CACHE_HOME": str(folder / "cache"), "CHRONUS_HOME": str(folder / "home"), "PYTHONPATH": ""}
        self.environment = {**os.environ, **own}

    def add(self, file: str, text: str) -> None:
        """A new file."""
        assert not (self.path / file).exists(), f"{file} is there already"
        (self.path / file).write_text(text)

    def put(self, file: str, after: str, text: str) -> None:
        """Puts a text behind another one, which the file has just once."""
        self.replace(file, after, after + text)

    def replace(self, file: str, old: str, new: str) -> None:
        before = (self.path / file).read_text()
        assert before.count(old) == 1, f"{file} has {before.count(old)} times: {old}"
        (self.path / file).write_text(before.replace(old, new))

    def touched(self) -> set[str]:
        """The files that differ from ours."""
        found = {
            path.relative_to(self.path) for part in PARTS for path in (self.path / part).rglob("*") if path.is_file()
        }
        return {
            str(name) for name in found
            if "__pycache__" not in name.parts
            and (not (ROOT / name).exists() or (ROOT / name).read_bytes() != (self.path / name).read_bytes())
        }  # fmt: skip

    def run(self, *words: str, seconds: float = 300) -> str:
        """What Python prints, run in the copy; it must end well."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.path,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def python(self, code: str) -> str:
        return self.run("-c", code)
