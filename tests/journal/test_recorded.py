"""Journals and patches of an earlier Chronus sound as they did then: to the bit, or on another processor to a tenth of a decibel."""

import hashlib
import json
import tomllib
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from chronus.__main__ import main

FOLDER = Path(__file__).parent / "recorded"
RENDERED = tomllib.loads((FOLDER / "rendered.toml").read_text())
BARS = 4
"""Of a patch; a journal ends by itself."""


def processor():
    features = hashlib.sha256(llvm.get_host_cpu_features().flatten().encode()).hexdigest()
    return f"{llvm.get_host_cpu_name()} {features[:12]}"


@pytest.mark.parametrize("name", [name for name, what in RENDERED.items() if isinstance(what, dict)])
def test_what_was_recorded_sounds_as_it_did(name, tmp_path, monkeypatch, capsys, figure):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    source = [str(FOLDER / name)] if name.endswith(".journal") else [name, "--bars", str(BARS)]
    assert main(["render", *source, "-o", str(tmp_path / "out.wav"), "--json"]) == 0
    told, then = json.loads(capsys.readouterr().out.splitlines()[-1]), RENDERED[name]
    assert told["frames"] == then["frames"]
    if processor() == RENDERED["processor"]:
        assert told["sha256"] == then["sha256"]
    else:
        figure(f"{name}: held to 0.1 dB, since its bytes were recorded on another processor ({RENDERED['processor']})")
        assert told["peak_dbfs"] == pytest.approx(then["peak_dbfs"], abs=0.1)
        assert told["lufs"] == pytest.approx(then["lufs"], abs=0.1)
