"""The table of sounds itself."""

import pytest

from tests.sound.table import Row, merged, page, read

ROWS = [
    Row("filter", "Q off by", "0.2 %", "<= 0.5 %", "Csound 0.4"),
    Row("saw", "alias at 440 Hz", "-101 dB", "<= -90 dB"),
]


def test_a_page_is_read_back_as_it_was_written():
    assert read(page(ROWS)) == ROWS


def test_what_a_run_measures_takes_the_place_of_what_stood_there():
    newer = Row("saw", "alias at 440 Hz", "-90 dB", "<= -90 dB")
    assert merged(ROWS, [newer]) == [ROWS[0], newer]


def test_the_worst_of_a_run_is_told_and_a_missed_bar_fails(pytester: pytest.Pytester):
    pytester.makeconftest(
        "from tests.sound.table import *\n"
        "from tests.sound.table import _Seen\n"
        "import tests.sound.table as table, pathlib\n"
        "table.TABLE = pathlib.Path('written.md')\n"
    )
    pytester.makepyfile(
        "import pytest\n"
        "@pytest.mark.parametrize('value', [-99, -95, -97])\n"
        "def test_alias(value, quality):\n"
        "    quality('saw', 'alias', value, '<=', -90, 'dB', peer='Csound -86')\n"
        "def test_missed(quality):\n"
        "    quality('saw', 'flat', 0.6, '<=', 0.5, 'dB')\n"
        "def test_short(quality):\n"
        "    quality('sine', 'distortion', -140, '<=', -150, 'dB', short='float32 tables')\n"
        "def test_no_longer_short(quality):\n"
        "    quality('sine', 'level', 0.1, '<=', 1, 'dB', short='old reason')\n"
    )
    ran = pytester.runpytest("-p", "no:cacheprovider", "--sound-table")
    ran.assert_outcomes(passed=4, failed=2)
    rows = read((pytester.path / "written.md").read_text())
    assert Row("saw", "alias", "-95 dB", "<= -90 dB", "Csound -86") in rows
    assert Row("sine", "distortion", "-140 dB", "<= -150 dB", "", "float32 tables") in rows
