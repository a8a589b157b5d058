"""Folders of compiled kernels: what is used is kept, what nobody needs goes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from chronus import places
from chronus.worker import hoard

NOW = time.time()
HOUR = 3600.0


@pytest.fixture
def own(tmp_path):
    return folder(tmp_path, "own", places.PACKAGE.resolve(), 0)


def folder(root: Path, name: str, package: Path | None, age: float) -> Path:
    made = root / f"kernels-{name}"
    (made / "dsp").mkdir(parents=True)
    (made / "dsp" / "loop.nbc").write_bytes(b"code")
    if package:
        hoard.label(made).write_text(str(package))
        os.utime(hoard.label(made), (NOW - age, NOW - age))
    os.utime(made, (NOW - age, NOW - age))
    return made


def test_the_kernels_of_a_checkout_that_is_gone_go(own, tmp_path):
    gone = folder(tmp_path, "gone", tmp_path / "nowhere", 0)
    hoard.prune(own)
    assert own.exists() and not gone.exists()


def test_an_older_version_is_kept_while_it_is_used_and_a_week(own, tmp_path):
    used = folder(tmp_path, "used", places.PACKAGE.resolve(), hoard.KEPT_SECONDS - HOUR)
    left = folder(tmp_path, "left", places.PACKAGE.resolve(), hoard.KEPT_SECONDS + HOUR)
    hoard.prune(own)
    assert used.exists() and not left.exists()


def test_another_checkout_clears_its_own_away(own, tmp_path):
    (tmp_path / "checkout").mkdir()
    other = folder(tmp_path, "other", tmp_path / "checkout", 10 * hoard.KEPT_SECONDS)
    hoard.prune(own)
    assert other.exists()


def test_what_has_no_label_goes_after_a_week(own, tmp_path):
    young, old = folder(tmp_path, "young", None, HOUR), folder(tmp_path, "old", None, hoard.KEPT_SECONDS + HOUR)
    hoard.prune(own)
    assert young.exists() and not old.exists()


def test_its_own_kernels_stay_however_old_and_nothing_else_is_touched(tmp_path):
    own = folder(tmp_path, "own", places.PACKAGE.resolve(), 0)
    os.utime(own, (NOW - 10 * hoard.KEPT_SECONDS, NOW - 10 * hoard.KEPT_SECONDS))
    (tmp_path / "chronus.grammar").write_text("start: x")
    hoard.prune(own)
    assert (own / "dsp" / "loop.nbc").exists() and (tmp_path / "chronus.grammar").exists()


def test_who_loads_kernels_touches_their_label(own):
    old = folder(own.parent, "here", places.PACKAGE.resolve(), 2 * hoard.KEPT_SECONDS)
    hoard.claim(old)
    hoard.prune(own)
    assert old.exists() and hoard.label(old).read_text() == str(places.PACKAGE.resolve())
