"""Draws a spectrum as a PNG: bars on a dark ground, lines of equal level, numbers at both axes. It needs zlib alone."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from chronus.charts.spectrum import LABELLED, SPAN, STEP, hertz, nearest, top_of

PALETTE = bytes.fromhex("101018 30303c 38c8a0 f0b040 c8c8d0")
GROUND, LINE, BAR, TOP, TEXT = range(5)
LEFT, UPPER, LOWER, RIGHT = 48, 16, 32, 16
"""Pixels beside the bars, above and below them."""
BAND, GAP, HEIGHT, SCALE = 24, 4, 360, 3
FONT = {
    "0": "755557", "1": "262227", "2": "717447", "3": "717117", "4": "557111", "5": "747117", "6": "747557", "7": "711111",
    "8": "757557", "9": "757117", "-": "000700", ".": "000002", "k": "445655",
}  # fmt: skip
"""Three columns by six rows: a digit of eight a row."""


class _Image:
    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._rows = [bytearray(width) for _ in range(height)]

    def box(self, x: int, y: int, width: int, height: int, colour: int) -> None:
        for row in self._rows[max(y, 0) : max(y + height, 0)]:
            row[x : x + width] = bytes([colour]) * len(row[x : x + width])

    def text(self, x: int, y: int, text: str) -> None:
        for character in text:
            for row, bits in enumerate(FONT[character]):
                for column in range(3):
                    if int(bits) >> (2 - column) & 1:
                        self.box(x + column * SCALE, y + row * SCALE, SCALE, SCALE, TEXT)
            x += 4 * SCALE

    def png(self) -> bytes:
        def chunk(kind: bytes, content: bytes) -> bytes:
            check = zlib.crc32(kind + content)
            return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 3, 0, 0, 0)
        pixels = zlib.compress(b"".join(b"\0" + row for row in self._rows))
        parts = [chunk(b"IHDR", head), chunk(b"PLTE", PALETTE), chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def spectrum_png(centers: Sequence[float], bands: Sequence[float | None]) -> bytes:
    """Draws bands, in dB, over the frequencies in their middle; None is silence."""
    wide = BAND * len(bands)
    image = _Image(LEFT + wide + RIGHT, UPPER + HEIGHT + LOWER)
    top = top_of(bands)
    for k in range(int(SPAN / STEP) + 1):
        y = UPPER + round(k * STEP / SPAN * HEIGHT)
        image.box(LEFT, y, wide, 1, LINE)
        label = f"{top - k * STEP:.0f}"
        image.text(LEFT - 6 - 4 * SCALE * len(label), y - 3 * SCALE, label)
    loudest = max((k for k, band in enumerate(bands) if band is not None), key=lambda k: bands[k] or -0.0, default=-1)
    for k, band in enumerate(bands):
        share = 0.0 if band is None else min(max(1 + (band - top) / SPAN, 0.0), 1.0)
        high = round(share * HEIGHT)
        image.box(LEFT + k * BAND + GAP // 2, UPPER + HEIGHT - high, BAND - GAP, high, TOP if k == loudest else BAR)
    for frequency in LABELLED:
        label = hertz(frequency)
        middle = LEFT + nearest(centers, frequency) * BAND + BAND // 2
        image.text(middle - 2 * SCALE * len(label), UPPER + HEIGHT + 8, label)
    return image.png()
