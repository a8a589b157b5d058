"""What each kind may cost, found by looking: a new file is held to its bar without editing a test.

Bars are in microseconds of a machine on which the yardstick takes YARDSTICK_US; what is compared is the ratio to the yardstick, timed in
the same rounds. Microseconds are those of 256 frames: of a voice at 32 lanes, of all that a mono or a stereo kind makes.
"""

from __future__ import annotations

import pytest

from chronus.catalogue.spec import Spec
from chronus.drills.bench_modules import YARDSTICK_US, Row, rows_of
from chronus.dsp.discovery import discover
from chronus.places import modules_folders

KERNELS = discover(modules_folders())

VOICE, DEAR_VOICE, DRUM, DEAD_DRUM, MONO, STEREO, REVERB = 0.5, 1.0, 3.0, 0.05, 6.0, 12.0, 30.0
KIT = 10 * DRUM / 32
"""Ten drums, struck by any of 32 voices."""
OVERSAMPLED = {"distortion", "ladder", "diode", "fm", "supersaw", "pad", "lead", "stab", "reese", "hoover", "pluck"}
"""Run at a higher rate, or are several oscillators in one."""
REVERBS = {"reverb"}

OVER = {
    "bass": (78.6, 4.9),
    "hoover": (102, 1.5),
    "lead": (17.7, 1.5),
    "pad": (17.3, 1.5),
    "pluck": (108.0, 1.9),
    "reese": (20.7, 1.5),
    "stab": (17.7, 1.5),
    "sub": (12.1, 1.5),
    "tb303": (85, 3.0),
}
"""What costs more than its bar today: the ratio while it sounds, and in silence. They may only fall; what holds its bar is taken out."""
NOISE = 1.25
"""How far a ratio may be off by what the machine does meanwhile."""


def bars(spec: Spec) -> tuple[float, float]:
    """Microseconds while it sounds, and in silence: only of a drum that has died away less is asked."""
    if spec.category == "drum" and spec.width == "mono":
        return DRUM, DEAD_DRUM
    if spec.kit:
        return KIT, KIT
    if spec.width == "poly":
        bar = DEAR_VOICE if spec.kind in OVERSAMPLED else VOICE
    else:
        bar = MONO if spec.width == "mono" else REVERB if spec.kind in REVERBS else STEREO
    return bar, bar


def widest(kind: str) -> Row:
    return rows_of(KERNELS[kind])[-1]


@pytest.mark.parametrize("kind", KERNELS)
def test_it_costs_no_more_than_its_bar(kind, figure):
    spec, row = KERNELS[kind].spec, widest(kind)
    lanes = row.lanes if spec.width == "stereo" else 1
    sounding, silent = row.ratio * lanes, row.ratio_in_silence * lanes
    bar, bar_in_silence = (one / YARDSTICK_US for one in bars(spec))
    figure(
        f"  {kind:<12} {sounding:8.2f} of the yardstick (bar {bar:.2f}), silent {silent:8.2f} (bar {bar_in_silence:.2f})"
    )
    known, known_in_silence = OVER.get(kind, (0.0, 0.0))
    assert sounding <= max(bar, known * NOISE), "while it sounds"
    assert silent <= max(bar_in_silence, known_in_silence * NOISE), "in silence"


def test_what_stands_as_over_its_bar_is_a_kind_and_is_over_it():
    for kind, (sounding, silent) in OVER.items():
        bar, bar_in_silence = bars(KERNELS[kind].spec)
        assert sounding > bar / YARDSTICK_US or silent > bar_in_silence / YARDSTICK_US, kind
