"""Scales: those that degrees are counted in, and those that `quantize` knows."""

from __future__ import annotations

import pytest

from chronus.modules import quantize
from chronus.pattern.harmony import SCALES

SAME = {"dominant": "phrygian_dominant"}
"""What `quantize` calls otherwise."""
OWN = ("fifths", "octaves")
"""Of `quantize` alone: no melody is counted in them."""


@pytest.mark.parametrize("name", sorted(quantize.SCALES.keys() - set(OWN)))
def test_a_scale_has_the_same_notes_for_degrees_as_for_quantize(name):
    """They are written twice: a kernel may not hang on a file that its cache does not know of."""
    assert SCALES[SAME.get(name, name)] == quantize.SCALES[name]
