"""What a mixing engineer reads of a track: loudness, true peak, bands against a genre's profile, width, clicks (clicks.py).

`python -m tests.kit.mix PATCH [BARS]` renders a patch and prints all of it, for whoever writes one.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from msgspec import Struct

from chronus.__main__ import main
from chronus.ears.loudness import lufs
from chronus.places import shipped
from tests.kit.clicks import Click, clicks
from tests.kit.peaks import meter_peak

BARS = 32

# ---------------------------------------------------------------- profiles

EDGES = (20, 60, 120, 250, 2000, 6000, 20000)
"""Hz: between each two of them lies a band of a profile."""
PROFILES = {"drum and bass": (-2, -5, -6, -7, -7, -11), "techno": (0, -2, -8, -10, -9, -12)}
"""dB of each band, up to one common gain: from ableton-auto-mix-mcp 0.1.4 (MIT), whose author wrote them by ear. No measured ones are
published, so all other genres take the nearer of these two."""
NAMED = {"drum and bass": r"drum.and.bass|d.?n.?b\b|jungle|roller|neuro", "techno": r"techno|acid|rave"}
"""Words in the first line of a patch that name its genre."""


def profile_of(text: str) -> str:
    """The profile that a patch names in its first line, which is a comment; "" where it names none."""
    first = text.partition("\n")[0].lower()
    return next((name for name, words in NAMED.items() if re.search(words, first)), "")


# ---------------------------------------------------------------- spectra

OCTAVES = 31.25 * 2.0 ** np.arange(10)
"""Hz: the middles of ten octaves, up to 16 kHz."""
_WINDOW = 1 << 14


def spectrum(sound: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hz, and the mean power of middle and side there: of Hann windows that overlap by half."""
    sound = np.concatenate([sound, np.zeros((max(0, _WINDOW - len(sound)), 2), sound.dtype)])
    window = np.hanning(_WINDOW)[:, None]
    pair = np.stack([sound[:, 0] + sound[:, 1], sound[:, 0] - sound[:, 1]], 1) / 2
    power, count = np.zeros((_WINDOW // 2 + 1, 2)), 0
    for at in range(0, len(pair) - _WINDOW + 1, _WINDOW // 2):
        power += np.abs(np.fft.rfft(pair[at : at + _WINDOW] * window, axis=0)) ** 2
        count += 1
    return np.fft.rfftfreq(_WINDOW, 1 / rate), power[:, 0] / count, power[:, 1] / count


def _decibels(power: float) -> float:
    return float(10 * np.log10(max(power, 1e-20)))


def bands(sound: np.ndarray, rate: int, edges: Sequence[float] = EDGES) -> np.ndarray:
    """dB of the power between each two edges, relative to the whole."""
    hertz, middle, side = spectrum(sound, rate)
    power = middle + side
    total = power.sum()
    return np.array(
        [_decibels(power[(hertz >= a) & (hertz < b)].sum() / max(total, 1e-20)) for a, b in pairwise(edges)]
    )


def octaves(sound: np.ndarray, rate: int) -> np.ndarray:
    """dB of each of OCTAVES, relative to the whole."""
    return bands(sound, rate, [*(OCTAVES / 2**0.5), OCTAVES[-1] * 2**0.5])


def off_profile(sound: np.ndarray, rate: int, name: str) -> float:
    """By how many dB the band that is furthest off differs from a profile, at the common gain that suits it best."""
    gaps = bands(sound, rate) - np.array(PROFILES[name])
    return float(gaps.max() - gaps.min()) / 2


def holes(levels: np.ndarray) -> list[tuple[float, float]]:
    """(Hz, dB) of the octaves from 62 Hz to 8 kHz, and how far each lies under the louder of its neighbours."""
    return [(float(OCTAVES[k]), float(max(levels[k - 1], levels[k + 1]) - levels[k])) for k in range(1, 9)]


def side_to_mid(sound: np.ndarray, rate: int, low: float, high: float) -> float:
    """dB of the side's power over the middle's between two frequencies."""
    hertz, middle, side = spectrum(sound, rate)
    inside = (hertz >= low) & (hertz < high)
    return _decibels(side[inside].sum() / max(middle[inside].sum(), 1e-20))


# ---------------------------------------------------------------- all of it

LOUDNESS, TRUE_PEAK, OFF_PROFILE, HOLE = (-14.0, -8.0), -1.0, 4.0, 12.0
SIDE, SIDE_OF_BASS = (-20.0, -6.0), -30.0


class Mix(Struct, frozen=True):
    """The figures of a track. `profile` is the one it is held against."""

    loudness: float
    true_peak: float
    profile: str
    off_profile: float
    octaves: list[float]
    side: float
    side_of_bass: float
    clicks: list[Click]

    def misses(self) -> list[str]:
        """What a record would not do: empty where all bars hold."""
        found = []
        if not LOUDNESS[0] <= self.loudness <= LOUDNESS[1]:
            found.append(f"{self.loudness:.1f} LUFS, and {LOUDNESS[0]:g} to {LOUDNESS[1]:g} is asked")
        if self.true_peak > TRUE_PEAK:
            found.append(f"a true peak of {self.true_peak:.2f} dBTP, and {TRUE_PEAK:g} is the most")
        if self.off_profile > OFF_PROFILE:
            found.append(f"a band {self.off_profile:.1f} dB off {self.profile}, and {OFF_PROFILE:g} is the most")
        for hertz, gap in holes(np.array(self.octaves)):
            if gap > HOLE:
                found.append(f"the octave at {hertz:.0f} Hz {gap:.1f} dB under its neighbour, and {HOLE:g} is the most")
        if not SIDE[0] <= self.side <= SIDE[1]:
            found.append(f"side to mid {self.side:.1f} dB above 200 Hz, and {SIDE[0]:g} to {SIDE[1]:g} is asked")
        if self.side_of_bass > SIDE_OF_BASS:
            found.append(f"side to mid {self.side_of_bass:.1f} dB under 100 Hz, and {SIDE_OF_BASS:g} is the most")
        if self.clicks:
            loudest = max(self.clicks, key=lambda click: click.level)
            found.append(f"{len(self.clicks)} clicks, one of {loudest.level:.1f} dBFS at frame {loudest.frame}")
        return found


def measure(sound: np.ndarray, rate: int, profile: str = "") -> Mix:
    """Measures (frames, 2) float samples. Without a profile it is held against the nearer one."""
    name = profile or min(PROFILES, key=lambda name: off_profile(sound, rate, name))
    peak = max(meter_peak(sound[:, 0]), meter_peak(sound[:, 1]), 1e-9)
    return Mix(
        lufs(sound, rate), float(20 * np.log10(peak)), name, off_profile(sound, rate, name),
        [float(level) for level in octaves(sound, rate)], side_to_mid(sound, rate, 200, rate / 2),
        side_to_mid(sound, rate, 20, 100), clicks(sound, rate),
    )  # fmt: skip


def rendered(patch: Path, bars: int = BARS) -> tuple[np.ndarray, int]:
    """So many bars of a patch, by `chronus render`, and their rate."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out.wav"
        code = main(["render", str(patch), "--bars", str(bars), "-o", str(output), "--json"])
        assert code == 0, f"chronus render {patch.name} ended with {code}"
        return soundfile.read(output, dtype="float32", always_2d=True)


def picture(mix: Mix) -> list[str]:
    """A bar for each octave from 31 Hz to 16 kHz: two dB a character, the loudest has 20."""
    top = max(mix.octaves)
    return [
        f"{hertz:6.0f} Hz  {'#' * max(0, round((level - top) / 2 + 20))}"
        for hertz, level in zip(OCTAVES, mix.octaves, strict=True)
    ]


def _print(patch: Path, bars: int) -> None:
    sound, rate = rendered(patch, bars)
    mix = measure(sound, rate, profile_of(patch.read_text()))
    print(f"{mix.loudness:.1f} LUFS, {mix.true_peak:.2f} dBTP, {mix.off_profile:.1f} dB off {mix.profile}")
    print(f"side to mid {mix.side:.1f} dB above 200 Hz, {mix.side_of_bass:.1f} under 100 Hz; {len(mix.clicks)} clicks")
    for a, b, level, asked in zip(EDGES[:-1], EDGES[1:], bands(sound, rate), PROFILES[mix.profile], strict=True):
        print(f"  {a:5}..{b:<5} Hz {level:6.1f} dB   profile {asked:4}")
    for hertz, level, line in zip(OCTAVES, mix.octaves, picture(mix), strict=True):
        wide = side_to_mid(sound, rate, hertz / 2**0.5, hertz * 2**0.5)
        print(f"{line:<32} {level:6.1f} dB   side {max(-99.0, wide):6.1f}")
    print("\n".join(f"misses: {miss}" for miss in mix.misses()) or "all bars hold")


if __name__ == "__main__":
    named = Path(sys.argv[1])
    here = named if named.exists() else shipped("patches") / f"{named.name}.chronus"
    _print(here, int(sys.argv[2]) if len(sys.argv) > 2 else BARS)
