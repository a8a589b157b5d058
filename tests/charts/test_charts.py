"""The charts, against pictures that were looked at and kept."""

import math

import pytest

from chronus.charts.canvas import GLYPHS, Canvas, bar, tower
from chronus.charts.levels import Level, levels
from chronus.charts.spectrum import hertz, spectrum
from chronus.charts.wave import wave

LEVELS = [
    Level("kick", -14.2, -6.1, -5.9),
    Level("a_name_that_is_long", None, None, -20.0, "muted"),
    Level("out", -9.3, -1.0, -0.9, "limiter -2.3 dB"),
]
CENTERS = [1000 * 2 ** (k / 3) for k in range(-17, 14)]
SINE = [math.sin(2 * math.pi * k / 60) * 0.25 for k in range(120)]
MARKS = [(0.0, "0 ms"), (0.5, "25 ms"), (1.0, "50 ms")]


def drawn(glyphs, width, style=lambda kind, text: text):
    bands = [-12.0 - 2.5 * abs(k - 5) if k != 9 else None for k in range(31)]
    return [
        *levels(LEVELS, width, glyphs, style),
        *wave(SINE, SINE, MARKS, width, 5, glyphs, style),
        *spectrum(CENTERS, bands, width, 6, glyphs, style),
    ]


KEPT = {
    "ascii": """
              -48     -24       0     rms    peak    hold
kick         ###############  |     -14.2    -6.1    -5.9
a_name_tha.. silent: muted                          -20.0
out          ################  |     -9.3    -1.0    -0.9
             limiter -2.3 dB
+0.250 +   .:''':.                  .:''':.
       | .:       '.              .:       '.
     0 +''          '.          .:'          '.          .
       |              :.      .:'              :.      .:'
-0.250 +               '':...''                 '':...''
        +------------------------+-----------------------+
       0 ms                    25 ms                 50 ms
-12 +   .###.
-24 +######### #.
-36 +######### #####..
-48 +######### #########.
-60 +######### ############...
-72 +######### #################.
     +---+-----+---+--+--+---+-----+
     20  50   200 500 1k 2k  5k  20k
""",
    "block": """
              -48     -24       0     rms    peak    hold
kick         ██████████████▋  |     -14.2    -6.1    -5.9
a_name_tha.. silent: muted                          -20.0
out          ████████████████▏ |     -9.3    -1.0    -0.9
             limiter -2.3 dB
+0.250 +   ▄▟▀▀▀▚▄                  ▄▟▀▀▀▚▄
       | ▗▛       ▀▄              ▗▛       ▀▄
     0 +▀▘          ▀▄          ▗▞▘          ▀▄          ▗
       |              ▜▖      ▗▞▘              ▜▖      ▗▞▘
-0.250 +               ▝▀▙▄▄▄▀▘                 ▝▀▙▄▄▄▀▘
        +------------------------+-----------------------+
       0 ms                    25 ms                 50 ms
-12 +  ▂▄▆█▆▄▂
-24 +▆████████ ▆▄▂
-36 +█████████ ████▆▄▂
-48 +█████████ ████████▆▄▂
-60 +█████████ ████████████▆▄▂
-72 +█████████ ████████████████▆▄▂
     +---+-----+---+--+--+---+-----+
     20  50   200 500 1k 2k  5k  20k
""",
    "braille": """
              -48     -24       0     rms    peak    hold
kick         ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⡇  |     -14.2    -6.1    -5.9
a_name_tha.. silent: muted                          -20.0
out          ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿  |     -9.3    -1.0    -0.9
             limiter -2.3 dB
+0.250 +   ⡠⠔⠉⠉⠉⠒⢤                  ⡠⠔⠉⠉⠉⠒⢤
       | ⢀⠎       ⠑⢄              ⢀⠎       ⠑⢄
     0 +⠔⠁          ⠓⢄          ⢠⠔⠁          ⠓⢄          ⢠
       |              ⠱⡀      ⢀⠔⠁              ⠱⡀      ⢀⠔⠁
-0.250 +               ⠈⠒⢄⣀⣀⡠⠔⠃                 ⠈⠒⢄⣀⣀⡠⠔⠃
        +------------------------+-----------------------+
       0 ms                    25 ms                 50 ms
-12 +  ⣀⣤⣶⣿⣶⣤⣀
-24 +⣶⣿⣿⣿⣿⣿⣿⣿⣿ ⣶⣤⣀
-36 +⣿⣿⣿⣿⣿⣿⣿⣿⣿ ⣿⣿⣿⣿⣶⣤⣀
-48 +⣿⣿⣿⣿⣿⣿⣿⣿⣿ ⣿⣿⣿⣿⣿⣿⣿⣿⣶⣤⣀
-60 +⣿⣿⣿⣿⣿⣿⣿⣿⣿ ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣶⣤⣀
-72 +⣿⣿⣿⣿⣿⣿⣿⣿⣿ ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣶⣤⣀
     +---+-----+---+--+--+---+-----+
     20  50   200 500 1k 2k  5k  20k
""",
}


@pytest.mark.parametrize("glyphs", GLYPHS)
def test_the_pictures_are_those_that_were_kept(glyphs):
    assert [line.rstrip() for line in drawn(glyphs, 58)] == KEPT[glyphs].strip("\n").split("\n")


@pytest.mark.parametrize("glyphs", GLYPHS)
@pytest.mark.parametrize("width", [10, 20, 39, 58, 78, 120, 248])
def test_no_line_is_wider_than_it_was_asked_for(glyphs, width):
    assert max(map(len, drawn(glyphs, width))) <= max(width, 38)


def test_ascii_is_ascii_and_nothing_is_coloured_but_by_the_style():
    plain, told = drawn("ascii", 78), []
    assert all(line.isascii() and line.isprintable() for line in plain)

    def style(kind, text):
        told.append(kind)
        return f"<{kind}>{text}</>"

    coloured = "\n".join(drawn("ascii", 78, style))
    for kind in {"dim", "warm", "hot"}:
        assert kind in told
        coloured = coloured.replace(f"<{kind}>", "")
    assert coloured.replace("</>", "") == "\n".join(plain)


@pytest.mark.parametrize("glyphs", GLYPHS)
def test_a_run_of_dots_sets_those_and_no_others(glyphs):
    lit = 0
    for top in range(-1, 9):
        for bottom in range(top - 1, 10):
            canvas = Canvas(2, 2, glyphs)
            canvas.run(1, top, bottom)
            canvas.run(99, 0, 9)
            rows = max(0, min(bottom, canvas.down - 1) - max(top, 0) + 1)
            lit = sum(bin(cell).count("1") for row in canvas._cells for cell in row)
            assert lit == rows


@pytest.mark.parametrize("glyphs", GLYPHS)
def test_bars_grow_with_their_share_and_keep_their_size(glyphs):
    assert bar(-1, 8, glyphs) == bar(0, 8, glyphs) == " " * 8
    assert len(set(bar(1, 8, glyphs))) == 1 == len(set(bar(7, 8, glyphs)))
    assert all(len(bar(k / 100, 8, glyphs)) == 8 == len(tower(k / 100, 8, glyphs)) for k in range(101))
    heights = [tower(k / 100, 8, glyphs).count(" ") for k in range(101)]
    assert heights == sorted(heights, reverse=True) and heights[0] == 8 and heights[-1] == 0


def test_frequencies_are_written_short():
    assert [hertz(f) for f in (20, 55.0, 999, 1000, 1250, 16000)] == ["20", "55", "999", "1k", "1.2k", "16k"]
