"""What holds for the house as a whole: directions of import, types, style, and that nothing needs a list of modules."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command", [["lint-imports"], ["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]], ids=" ".join
)
def test_the_house_is_in_order(command):
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_no_file_names_a_registry_or_a_path_of_somebodys_machine():
    # put together here, so that this file does not hold what it looks for
    forbidden = re.compile(
        "|".join(
            ["pypi" + r"\.org", "python" + "hosted", "deb" + r"\.debian", "npm" + "js", r"[\s\"'(=]/(?:root|home/\w+)/"]
        )
    )
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert len(files) > 100
    wrong = [name for name in files if forbidden.search((ROOT / name).read_text(errors="replace"))]
    assert wrong == []


def test_every_kind_is_named_only_in_its_own_file():
    """Adding a module touches one new file: nothing in the engine or the conversation knows a kind by name, but `out`."""
    kinds = {file.stem for file in (ROOT / "chronus/modules").glob("[a-z]*.py")} - {"out"}
    rooms = [
        "control", "journal", "conductor", "plan", "score", "rack", "catalogue",
        "graph", "dsp", "memory", "worker", "audio", "engine",
    ]  # fmt: skip
    for file in (file for room in rooms for file in (ROOT / "chronus" / room).rglob("*.py")):
        code = re.sub(r'"""[\s\S]*?"""|#.*', "", file.read_text())
        named = set(re.findall(r'["\'](\w+)["\']', code)) & (kinds - {"filter", "noise", "delay", "sine", "saw"})
        assert not named, f"{file}: {named}"
