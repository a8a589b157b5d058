"""What is installed is whole, with its manual page and completion, and Chronus plays from any folder without its checkout."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import soundfile

from chronus.command_line import completion, forms, manual

ROOT = Path(__file__).parent.parent
BUILT_FROM = (
    *("chronus", "docs", "grammar", "patches", "tools", "pyproject.toml", "setup.py", "MANIFEST.in"),
    *("README.md", "AGENTS.md", "CONTRIBUTING.md", "LICENSE", "Makefile"),
)
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


def run(*command: str | Path, at: Path, **environment: str) -> str:
    done = subprocess.run(command, cwd=at, env=environment or None, capture_output=True, text=True, timeout=540)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with an sdist, made of a copy of what lies here, and a wheel that was made of the sdist."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    source.mkdir()
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source)
    make = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    run(sys.executable, "-c", make, folder, at=source)
    (sdist,) = folder.glob("*.tar.gz")
    run(*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, sdist, at=folder)
    return folder


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory) -> Path:
    """A fresh environment with the wheel in it. What Chronus needs is lent to it: that needs no network."""
    environment = tmp_path_factory.mktemp("installed") / "env"
    run(sys.executable, "-m", "venv", "--without-pip", environment, at=built)
    python = environment / "bin" / "python"
    (wheel,) = built.glob("*.whl")
    run(*PIP, "--python", python, "install", "--no-deps", "--no-index", wheel, at=built)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", at=built).strip())
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    lent = {str(importlib.metadata.distribution(re.split(r"[<>=]", name)[0]).locate_file("")) for name in needed}
    (site / "lent.pth").write_text("\n".join(sorted(lent)) + "\n")
    return environment


def shipped() -> set[str]:
    """All there is to ship, by where it is to lie: looked up, so that a new file needs no line here."""
    beside = {
        f"chronus/{file.relative_to(ROOT)}" for name in ("grammar", "patches") for file in (ROOT / name).rglob("*.*")
    }
    return beside | {str(file.relative_to(ROOT)) for file in (ROOT / "chronus").rglob("*.py")}


MADE = {manual.FILE, *completion.FILES.values()}
"""What is made of the command line when it is built, by where it is to lie in the environment."""


def test_a_wheel_holds_the_code_the_grammar_the_patches_what_is_made_and_nothing_else(built):
    (wheel,) = built.glob("*.whl")
    beside = "chronus-0.1.0.data/data/"
    with zipfile.ZipFile(wheel) as held:
        names = {name for name in held.namelist() if ".dist-info/" not in name}
        told = held.read("chronus-0.1.0.dist-info/METADATA").decode()
        licence = held.read("chronus-0.1.0.dist-info/licenses/LICENSE").decode()
    assert names == shipped() | {beside + name for name in MADE}
    assert "License-Expression: MIT" in told and licence == (ROOT / "LICENSE").read_text()
    assert {"chronus/grammar/chronus.lark", "chronus/patches/first-beat.chronus"} <= names


def test_an_sdist_holds_all_that_a_wheel_is_made_of(built):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as held:
        names = {name.partition("/")[2] for name in held.getnames()}
    beside = {str(file.relative_to(ROOT)) for name in ("grammar", "patches") for file in (ROOT / name).rglob("*.*")}
    assert beside <= names
    assert {"setup.py", "pyproject.toml", "README.md", "AGENTS.md", "CONTRIBUTING.md", "LICENSE", "Makefile"} <= names


def test_what_is_installed_for_man_and_for_shells_is_what_chronus_prints(installed, tmp_path):
    def printed(*words: str) -> str:
        return run(installed / "bin/chronus", *words, at=tmp_path, HOME=str(tmp_path))

    assert (installed / manual.FILE).read_text() == printed("man", "--roff") == manual.roff(forms.parser())
    for shell, file in completion.FILES.items():
        assert (installed / file).read_text() == printed("completion", shell), shell
    assert "NAME\n    chronus - " in printed("man")


def test_an_installed_chronus_reads_all_its_language_in_any_folder(installed, tmp_path):
    """Notes and chords, musical words, and what a patch brings: each has a file of its own."""
    read = (
        "import sys; from chronus import places; from chronus.language import opening, parser, phrases\n"
        "assert str(places.PACKAGE).startswith(sys.prefix), places.PACKAGE\n"
        "said = [opening.parse(line).command for line in parser.statements('seq bass: a1:m7@4 . a2\\nopen first-beat')]\n"
        "assert len(said) == 2 and len(said[1].commands) > 4 and phrases.read('kick and snare').lines\n"
    )
    run(installed / "bin/python", "-c", read, at=tmp_path, CHRONUS_HOME=str(tmp_path), HOME=str(tmp_path))


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_an_installed_chronus_compiles_its_kernels_and_renders_a_patch_of_its_own(installed, tmp_path):
    (tmp_path / "song.chronus").write_text("open first-beat\n")
    command = (installed / "bin/chronus", "render", "song.chronus", "-o", "x.wav", "--bars", "1")
    run(*command, at=tmp_path, CHRONUS_HOME=str(tmp_path), HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"))
    sound, rate = soundfile.read(tmp_path / "x.wav")
    assert abs(len(sound) / rate - 240 / 174) < 0.1 and abs(sound).max() > 0.1
