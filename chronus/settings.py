"""Reads the settings: options first, then CHRONUS_* in the environment, then the defaults. Checked once, here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from chronus.errors import ChronusError

ENGINE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
AUTHOR = re.compile(r"[^\x00-\x1f\x7f]{0,32}")


class Settings(NamedTuple):
    """`engine` is its name, `rate` in Hz, `period` in frames, `lookahead` in blocks of 64 frames, `osc_port` 0 is none.

    `plain`, `json`, `strict`, `keep` and `author` belong to this client; the rest to the engine it may start.
    """

    engine: str = "default"
    device: str | None = None
    rate: int = 44100
    period: int = 128
    lookahead: int = 6
    osc_port: int = 5005
    osc_bind: str = "127.0.0.1"
    fresh: bool = False
    json: bool = False
    plain: bool = False
    strict: bool = False
    keep: bool = False
    author: str = ""
    verbose: bool = False

    def engine_arguments(self) -> list[str]:
        """What `chronus engine` is given so that it reads these same settings."""
        words = ["--engine", self.engine, "--rate", str(self.rate), "--period", str(self.period)]
        words += ["--lookahead", str(self.lookahead), "--osc-port", str(self.osc_port), "--osc-bind", self.osc_bind]
        if self.device is not None:
            words.append(f"--device={self.device}")
        return [*words, *(f"--{word}" for word in ("fresh", "keep") if getattr(self, word))]


WHOLE = {
    "rate": ("CHRONUS_SAMPLE_RATE", 8000, 192000, "Hz"),
    "period": ("CHRONUS_PERIOD", 16, 8192, "frames"),
    "lookahead": ("CHRONUS_LOOKAHEAD", 2, 32, "blocks of 64 frames"),
    "osc_port": ("CHRONUS_OSC_PORT", 0, 65535, ""),
}
"""Whole numbers: the environment's name, the least, the most, the unit."""

TEXT = {"engine": "CHRONUS_ENGINE", "device": "CHRONUS_DEVICE"}
SWITCHES = {"plain": "CHRONUS_PLAIN", "verbose": "CHRONUS_VERBOSE"}


def read(options: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """`options` is what argparse found (None or missing: not given). E_VALUE names the option and its range."""
    found: dict[str, Any] = {key: options[key] for key in Settings._fields if options.get(key) is not None}
    for key, variable in TEXT.items():
        if key not in found and environ.get(variable):
            found[key] = environ[variable]
    for key, variable in SWITCHES.items():
        found[key] = bool(found.get(key)) or environ.get(variable, "") not in ("", "0")
    for key, (variable, low, high, unit) in WHOLE.items():
        if key in found:
            found[key] = whole(found[key], option(key), low, high, unit)
        elif environ.get(variable):
            found[key] = whole(environ[variable], variable, low, high, unit)
    settings = Settings(**found)
    _check_words(settings)
    return settings


def option(key: str) -> str:
    return "--" + key.replace("_", "-")


def whole(typed: str | int, name: str, low: int, high: int, unit: str = "") -> int:
    """A whole number in its range, or E_VALUE naming the range."""
    try:
        number = int(typed)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise ChronusError(
            "E_VALUE", f"{name} must be a whole number from {low} to {high}{unit and ' ' + unit}, not {typed}"
        )
    return number


def _check_words(settings: Settings) -> None:
    if not ENGINE_NAME.fullmatch(settings.engine):
        raise ChronusError(
            "E_VALUE", f"an engine's name is a small letter and up to 31 of a-z 0-9 _ -, not {settings.engine!r}"
        )
    if not AUTHOR.fullmatch(settings.author):
        raise ChronusError("E_VALUE", "--as takes at most 32 characters, none of them a control character")
    if settings.device is not None and not settings.device.strip():
        raise ChronusError("E_VALUE", "--device needs a part of a device's name, or null")
