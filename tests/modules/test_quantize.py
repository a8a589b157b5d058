"""Quantize: exactly the notes of its scale, always the nearest, and no flutter between two."""

import numpy as np
import pytest

from chronus.modules.quantize import ROOTS, SCALES, render
from tests.kit.listening import cents_off
from tests.kit.rig import Rig
from tests.kit.typed import RATE, heard

C4 = -9 / 12
"""In octaves above a4."""


def tuned(octaves, **params):
    return Rig(render).render(len(octaves), params, {"in": octaves})["pitch"][:, 0].astype(float)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("root", ["c", "f#", "a"])
def test_it_gives_the_nearest_note_of_the_scale(scale, root, quality):
    asked = np.random.default_rng(1).uniform(-3, 3, 3000)
    notes = C4 + (ROOTS.index(root) + np.array([n + 12 * o for o in range(-5, 6) for n in SCALES[scale]])) / 12
    gaps = np.abs(asked[:, None] - notes)
    found = tuned(asked, scale=scale, root=root)
    off = np.abs(found[:, None] - notes).min(axis=1).max() * 1200
    quality("quantize", "off a note of the scale by", off, "<=", 0.001, "ct")
    # the one it stands on is kept until another is nearer by a tenth of a semitone
    quality(
        "quantize",
        "further than the nearest note by",
        (np.abs(found - asked) - gaps.min(axis=1)).max() * 1200,
        "<=",
        10.01,
        "ct",
    )


def test_a_note_of_the_scale_passes_unmoved_and_a4_is_0():
    notes = C4 + np.repeat(np.array(SCALES["dorian"]) + 2, 64) / 12
    assert tuned(notes, scale="dorian", root="d") == pytest.approx(notes, abs=1e-6)
    assert not tuned(np.zeros(64), scale="minor", root="a").any()


def test_a_pitch_that_trembles_between_two_notes_does_not_flutter():
    trembling = 0.5 / 12 + np.random.default_rng(2).uniform(-0.04, 0.04, 4000) / 12
    assert len(np.unique(tuned(trembling, scale="chromatic"))) == 1
    leaving = np.linspace(0, 1, 4000) / 12
    assert np.count_nonzero(np.diff(tuned(leaving, scale="chromatic"))) == 1


def test_a_new_scale_or_root_takes_hold_at_once():
    rig = Rig(render)
    third = np.full(128, 4 / 12 + C4)
    assert rig.render(64, {"scale": "major", "root": "c"}, {"in": third[:64]})["pitch"][-1, 0] == pytest.approx(
        4 / 12 + C4
    )
    low = rig.render(64, {"scale": "minor", "root": "c"}, {"in": third[:64]})["pitch"]
    assert low[0, 0] in (pytest.approx(3 / 12 + C4), pytest.approx(5 / 12 + C4)) and len(np.unique(low)) == 1


def test_its_pitch_is_what_a_frequency_plays_an_octave_for_an_octave():
    lines = ["load random depth=0", "load quantize scale=octaves root=c", "patch random > quantize", "load saw"]
    sound = heard({0: [*lines, "patch quantize > saw.freq"]}, 2 * RATE)
    # nothing at its input is a4; the nearest c is the one above
    assert abs(cents_off(sound[RATE:, 0], 440 * 2 ** (3 / 12))) < 0.1
