"""Performs `chronus hear`: measures a recording, or what a script renders, and tells it as a table or as JSON."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from pathlib import Path

import numpy as np
import soundfile

from chronus.ears import beside
from chronus.ears.hearing import Heard, hear
from chronus.errors import ChronusError
from chronus.render.command import begin_compiling, read_score
from chronus.render.take import ProgressBar
from chronus.shell import answers

RECORDINGS = frozenset((".wav", ".flac", ".ogg", ".aiff", ".aif", ".mp3", ".w64", ".caf", ".au"))
LONGEST_SECONDS = 3600


def main(arguments: argparse.Namespace) -> int:
    """Hears, with the exit code of the program."""
    with contextlib.ExitStack() as cleared:
        heard = _heard(arguments.file, arguments, cleared)
        other = _heard(arguments.vs, arguments, cleared) if arguments.vs else None
    if heard is None or (arguments.vs and other is None):
        return 1
    if arguments.json:
        told = {"file": arguments.file, **heard.plain()}
        if other:
            told["versus"] = {"file": arguments.vs, **beside.differences(heard.plain(), other.plain())}
        print(json.dumps(told, allow_nan=False))
        return 0
    print("\n".join([answers.clean(arguments.file), *(f"  {line}" for line in heard.lines())]))
    if other:
        print(
            "\n".join(
                [
                    f"beside {answers.clean(arguments.vs)}",
                    *(f"  {line}" for line in beside.lines(heard.plain(), other.plain(), ("this", "that"))),
                ]
            )
        )
    return 0


def _heard(name: str, arguments: argparse.Namespace, cleared: contextlib.ExitStack) -> Heard | None:
    path = Path(name)
    if path.suffix.lower() in RECORDINGS:
        sound, rate = recording(path)
        return hear(sound, rate, arguments.bpm or 0.0)
    return _rendered(name, arguments, cleared)


def recording(path: Path) -> tuple[np.ndarray, int]:
    """Reads the first two channels of a file; mono is on both sides."""
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames > LONGEST_SECONDS * file.samplerate:
                raise ChronusError("E_LIMIT", f"{path} is longer than an hour")
            sound, rate = file.read(dtype="float32", always_2d=True), int(file.samplerate)
    except (OSError, soundfile.LibsndfileError) as problem:
        reason = "there is no such file" if not path.exists() else str(problem).rpartition(": ")[2] or str(problem)
        raise ChronusError("E_FILE", f"{path} cannot be read: {reason}") from None
    return np.nan_to_num(
        np.ascontiguousarray(sound[:, :2] if sound.shape[1] > 1 else np.repeat(sound, 2, axis=1))
    ), rate


def _rendered(name: str, arguments: argparse.Namespace, cleared: contextlib.ExitStack) -> Heard | None:
    """What a script or a journal renders; None where it has errors, which are told."""
    score = read_score(argparse.Namespace(**{**vars(arguments), "script": name}))
    begin_compiling(cleared)
    bar = ProgressBar("rendering") if sys.stderr.isatty() and not arguments.json else None
    pieces: list[np.ndarray] = []
    take, reel, wrong, frames = score.onto(lambda piece: pieces.append(piece.copy()), bar)
    if bar:
        bar.clear()
    for answer in wrong:
        print(answers.as_json(answer) if arguments.json else "\n".join(answers.plain(answer)))
    if wrong:
        return None
    if frames > LONGEST_SECONDS * score.rate:
        raise ChronusError("E_LIMIT", f"{name} is longer than an hour; --bars makes it shorter")
    reel.end = frames
    take.render(frames + take.latency, bar)
    if bar:
        bar.clear()
    sound = np.concatenate([np.zeros((0, 2), np.float32), *pieces])
    return hear(sound, score.rate, arguments.bpm or take.conductor.rack.bpm)
