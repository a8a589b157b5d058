"""Loudspeakers that are not two: a real server with one channel, and with eight, and what is heard there."""

import os
import shutil

import numpy as np
import pytest

from tests.kit.live import engine, jack, lost_frames, place_of, until
from tests.kit.machine import undisturbed

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(not shutil.which("jackd"), reason="JACK is not installed"),
]

TITLE = "JACK Audio Connection Kit: system"
SIDES = "load saw; load noise gain=0.2; patch saw > out.left; patch noise > out.right"
SECONDS = 2


def _take(folder, channels):
    """(status, what `list devices` said, the server's cables, frames heard (frames, 2), the journal rendered again)."""
    folder.mkdir()
    with jack(folder, f"chronus_of_{channels}_{os.getpid()}_{folder.name[-1]}", channels=channels) as server:
        server.listen()
        with engine(folder, "--device", TITLE, **server.environment) as running:
            running.say(SIDES)
            begun = running.status()["engine"]["frame"]
            until(lambda: running.status()["engine"]["frame"] > begun + SECONDS * 44100, 30)
            listed = running.home.chronus("-c", "list devices", **server.environment).stdout
            doctor = running.home.chronus("doctor", **server.environment).stdout
            cables, status, journal = server.cables(), running.status(), running.journal()
            assert running.stop() == 0
        heard = server.heard()
    _, reference = running.home.render(journal, "--seconds", str(status["engine"]["frame"] / 44100))
    assert f"{TITLE}" in doctor
    return status, listed, cables, heard, reference


def _lost(reference, heard):
    start = place_of(reference, heard)
    enough = min(len(reference), len(heard) - start) - 4 * 441
    assert enough > SECONDS * 44100, "too little was captured"
    return lost_frames(reference[:enough], heard, start)


def _mixed(reference):
    """As the ear hears a mono device: on one of its two inputs."""
    mono = (reference.astype(np.float64).sum(axis=1) / 2).astype(np.float32)
    return np.stack([mono, np.zeros_like(mono)], axis=1)


def test_a_device_of_one_channel_plays_both_sides_mixed(tmp_path):
    def play(attempt):
        status, listed, _, heard, reference = _take(tmp_path / f"take{attempt}", 1)
        assert status["engine"]["device"] == TITLE
        assert f"{TITLE}   (in use, mono" in listed
        return _lost(_mixed(reference), heard)

    assert undisturbed(play, lambda lost: lost) == 0


def test_a_device_of_eight_channels_plays_on_the_first_two_and_is_silent_on_the_others(tmp_path):
    def play(attempt):
        _, listed, cables, heard, reference = _take(tmp_path / f"take{attempt}", 8)
        assert f"{TITLE}   (in use" in listed and "mono" not in listed
        loudspeakers = [port for port in cables if port.startswith("system:playback_")]
        assert [bool(cables[port]) for port in sorted(loudspeakers)] == [True, True] + [False] * 6
        return _lost(reference, heard)

    assert undisturbed(play, lambda lost: lost) == 0
