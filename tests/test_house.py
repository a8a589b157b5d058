"""What holds for the house as a whole: directions of import, types, style, and that nothing needs a list of modules."""

import ast
import re
import subprocess
import sys
from collections import Counter
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
    # these words mean other things as well
    kinds -= {"filter", "noise", "delay", "sine", "saw", "triangle", "square", "random", "gate", "width", "pan", "fm"}
    for file in (file for room in rooms for file in (ROOT / "chronus" / room).rglob("*.py")):
        code = re.sub(r'"""[\s\S]*?"""|#.*', "", file.read_text())
        named = set(re.findall(r'["\'](\w+)["\']', code)) & kinds
        assert not named, f"{file}: {named}"


def sources() -> dict[str, ast.Module]:
    """Every file of the package by its dotted name."""
    files = sorted((ROOT / "chronus").rglob("*.py"))
    return {".".join(file.relative_to(ROOT).with_suffix("").parts): ast.parse(file.read_text()) for file in files}


def test_nothing_imports_a_private_name_of_another_file():
    named = [
        f"{file}: {node.module}.{alias.name}"
        for file, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("chronus")
        for alias in node.names
        if re.match(r"_[^_]", alias.name)
    ]
    assert named == []


def test_no_room_is_above_fifteen_percent_of_the_lines_and_no_folder_has_more_than_twenty_files():
    lines, folders = Counter(), Counter()
    for file in (ROOT / "chronus").rglob("*.py"):
        room = file.relative_to(ROOT / "chronus").parts[0]
        lines[room] += len(file.read_text().splitlines())
        folders[file.parent.relative_to(ROOT)] += 1
    assert [room for room, count in lines.items() if count > 0.15 * lines.total()] == []
    # modules/ is no room to find one's way in: its files do not know one another, and each kind is one of them
    assert [str(folder) for folder, count in folders.items() if count > 20 and folder.name != "modules"] == []
